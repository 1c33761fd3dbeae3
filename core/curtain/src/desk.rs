//! What leaves the vault on purpose: evidence and views of the log for an officer, a receipt for the patient; and views of what
//! officers pulled.
//!
//! Every export from the vault is recorded in the log before its first byte is written.

mod logs;
mod sealed;

use std::ops::Range;
use std::path::{Path, PathBuf};

use curtain_wire::note::{Note, NoteError};
use curtain_wire::proof::Proof;
use curtain_wire::tree::{Hash, inclusion_proof};
use thiserror::Error;

use crate::consent::{ConsentRecord, Standing};
use crate::export::{self, About, Details, ExportError, Grant, LogPart, Row, Volume};
use crate::files::{self, WriteError};
use crate::hash::{Id, Sha256};
use crate::ledger::evidence::{self, Content, Detail, EvidenceError, Part};
use crate::ledger::leaf::{DetailsTaken, Event, ExportFormat};
use crate::ledger::officer::OfficerError;
use crate::receipt::{self, Receipt, ReceiptError};
use crate::time::UnixTime;
use crate::vault::{ExportRecord, Held, KeptLog, StoredLeaf, Vault, VaultError};

pub use logs::{RecordError, RefusedLog, Shown, Silent, VerifiedLogs, View, ViewError, WhyRefused};
pub use sealed::{Opened, checkpoints_in, evidence_in, hand_out_sealed, open_sealed, sealed_in, view_opened};

/// The most signatures, thumbprints and recordings of one folder of evidence: its manifest lists each, and a note has at
/// most a mebibyte.
pub const MAX_MEDIA: u64 = 6_000;

/// What is to be handed out.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Of which log.
    pub log: Id,
    /// From when on; `None` for the beginning.
    pub from: Option<UnixTime>,
    /// Until when, itself included; `None` for the end, with the record of this export.
    pub to: Option<UnixTime>,
    /// In which form.
    pub format: ExportFormat,
    /// Whether with what identifies people.
    pub details: DetailsTaken,
    /// Who takes it, and what for. Kept in the vault; the log commits to it.
    pub taken_by: &'a str,
}

/// What was handed out.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The folder or the files.
    pub paths: Vec<PathBuf>,
    /// The records that are in it.
    pub records: Range<u64>,
}

/// Why nothing, or not all, was handed out. The attempt may stand in the log.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeskError {
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The evidence could not be written.
    #[error(transparent)]
    Evidence(#[from] EvidenceError<VaultError>),
    /// The view could not be written.
    #[error(transparent)]
    Export(#[from] ExportError<VaultError>),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] files::ReadError),
    /// Details could not be sealed to the officer.
    #[error(transparent)]
    Officer(#[from] OfficerError),
    /// There is no such thing in the folder.
    #[error(
        "this folder holds no evidence with sealed details: give the one that `ledger export --officer` made"
    )]
    NotSealedEvidence,
    /// There is no view of many logs in this form.
    #[error("many logs are viewed as csv or jsonl only")]
    NoView,
    /// There is no such receipt.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The consent was erased.
    #[error("the details of this consent were erased: there is nothing to make a receipt from")]
    Erased,
    /// No record lies in the time that was asked for.
    #[error("the log has no record in that time: choose other dates")]
    Nothing,
    /// There are more signatures in it than one folder of evidence takes.
    #[error(
        "{media} signatures are more than the {MAX_MEDIA} of one folder: hand it out in parts, with --from and --to"
    )]
    TooManyMedia {
        /// How many.
        media: u64,
    },
}

impl DeskError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Vault(error)
            | Self::Evidence(EvidenceError::Source(error))
            | Self::Export(ExportError::Read(error)) => error.code(),
            Self::Evidence(EvidenceError::Exists) => "exists",
            Self::Evidence(_) => "evidence_failed",
            Self::Export(_) => "export_failed",
            Self::Write(error) => error.code(),
            Self::Read(error) => error.code(),
            Self::Officer(error) => error.code(),
            Self::NotSealedEvidence => "not_sealed_evidence",
            Self::NoView => "no_view",
            Self::Receipt(error) => error.code(),
            Self::Erased => "erased",
            Self::Nothing => "no_such_records",
            Self::TooManyMedia { .. } => "too_many_media",
        }
    }
}

/// Hands out a part of a log at `target`: a new folder of evidence, or a new file (PDF: more files, numbered, for more than
/// [`export::VOLUME_ROWS`] records).
///
/// # Errors
/// [`DeskError`]; nothing at `target` is overwritten.
pub fn hand_out(
    vault: &mut Vault,
    request: &Request<'_>,
    target: &Path,
    now: UnixTime,
) -> Result<Taken, DeskError> {
    files::check_new(target)?;
    vault.expire_due(now)?;
    let range = range(vault, request)?;
    let media = vault.count_media(request.log, range.clone())?;
    if (request.format, request.details) == (ExportFormat::Evidence, DetailsTaken::Yes) && media > MAX_MEDIA {
        return Err(DeskError::TooManyMedia { media });
    }
    let record = ExportRecord {
        log: request.log,
        first: range.start,
        until: request.to.is_some().then_some(range.end),
        format: request.format,
        details: request.details,
        taken_by: request.taken_by,
    };
    vault.record_export(&record, now)?;
    let log = kept(vault, request.log)?;
    // The record of this export is the newest one of an open log.
    let records = range.start..if request.to.is_some() { range.end } else { log.size };
    let paths = match request.format {
        ExportFormat::Evidence => evidence(vault, request, &log, records.clone(), target)?,
        _ => view(vault, request, &log, records.clone(), target, now)?,
    };
    Ok(Taken { paths, records })
}

/// Records that were made in the time that was asked for: times never go back, so they are a range.
fn range(vault: &Vault, request: &Request<'_>) -> Result<Range<u64>, DeskError> {
    let size = kept(vault, request.log)?.size;
    let first = match request.from {
        Some(from) => first_since(vault, request.log, size, from)?,
        None => 0,
    };
    let until = match request.to {
        Some(to) => first_since(vault, request.log, size, to.plus_second())?,
        None => size,
    };
    if request.to.is_some() && first >= until {
        return Err(DeskError::Nothing);
    }
    Ok(first.min(until)..until)
}

/// The first record of `time` or later.
fn first_since(vault: &Vault, log: Id, size: u64, time: UnixTime) -> Result<u64, DeskError> {
    let (mut low, mut high) = (0, size);
    while low < high {
        let middle = low.midpoint(high);
        let leaf = vault.leaves(log, middle..middle + 1)?.next().ok_or(VaultError::Inconsistent)??.leaf()?;
        if leaf.at < time { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}

fn kept(vault: &Vault, log: Id) -> Result<KeptLog, DeskError> {
    let found = vault.logs()?.into_iter().find(|kept| kept.id == log);
    found.ok_or(DeskError::Vault(VaultError::NotFound))
}

fn note(text: &str) -> Result<Note, VaultError> {
    Note::parse(text.as_bytes()).map_err(|_| VaultError::Inconsistent)
}

fn evidence(
    vault: &Vault,
    request: &Request<'_>,
    log: &KeptLog,
    records: Range<u64>,
    target: &Path,
) -> Result<Vec<PathBuf>, DeskError> {
    let checkpoint = note(&log.checkpoint)?;
    let cosigned = log.cosigned.as_ref().map(|cosigned| note(&cosigned.note)).transpose()?;
    let witness = log.cosigned.as_ref().map(|cosigned| cosigned.witness.clone());
    let part = Part {
        records: records.clone(),
        checkpoint: &checkpoint,
        cosigned: cosigned.as_ref(),
        key: &log.verifier,
        witnesses: witness.as_slice(),
    };
    // An empty part has neither.
    let identified = match request.details {
        DetailsTaken::No => 0..0,
        DetailsTaken::Yes => records.clone(),
    };
    let content = Content {
        hashes: vault.leaf_hashes(log.id)?,
        leaves: vault.leaves(log.id, records.clone())?.map(|leaf| leaf.map(|leaf| leaf.bytes)),
        details: openings(vault, log.id, identified.clone())?,
        attachments: vault
            .consents_with_media(log.id, identified)?
            .filter_map(|consent| consent.and_then(|consent| vault.media(consent)).transpose()),
    };
    // The vault's trouble is not the note's, but both mean that there is no signature.
    let sign = |text: &str| -> Result<Note, NoteError> {
        let signed = vault.sign_manifest(log.id, text).map_err(|_| NoteError::BadSignature)?;
        Note::parse(signed.as_bytes())
    };
    evidence::write(target, &part, content, sign)?;
    Ok(vec![target.to_owned()])
}

/// What the commitments of grants and exports in `records` stand for, in order; erased ones are left out.
fn openings(
    vault: &Vault,
    log: Id,
    records: Range<u64>,
) -> Result<impl Iterator<Item = Result<Detail, VaultError>> + '_, VaultError> {
    let mut consents = vault.consents(log, records.start)?;
    let leaves = vault.leaves(log, records)?;
    Ok(leaves.filter_map(move |stored| open(vault, stored, &mut consents).transpose()))
}

fn open(
    vault: &Vault,
    stored: Result<StoredLeaf, VaultError>,
    consents: &mut impl Iterator<Item = Result<Held, VaultError>>,
) -> Result<Option<Detail>, VaultError> {
    let leaf = stored?.leaf()?;
    match leaf.event {
        Event::Grant { consent, .. } => {
            let held = next_consent(consents, consent)?;
            let opened = held.details().zip(held.commitment_key());
            Ok(opened.map(|(details, key)| Detail { n: leaf.n, key: *key, details: details.to_vec() }))
        }
        Event::Export { .. } => {
            let (key, details) = vault.taken_by(leaf.log, leaf.n)?;
            Ok(Some(Detail { n: leaf.n, key, details }))
        }
        _ => Ok(None),
    }
}

/// The consent of the next grant: they are kept in the order of the log.
fn next_consent(
    consents: &mut impl Iterator<Item = Result<Held, VaultError>>,
    id: Id,
) -> Result<Held, VaultError> {
    let held = consents.next().ok_or(VaultError::Inconsistent)??;
    if held.id() == id { Ok(held) } else { Err(VaultError::Inconsistent) }
}

fn view(
    vault: &Vault,
    request: &Request<'_>,
    log: &KeptLog,
    records: Range<u64>,
    target: &Path,
    now: UnixTime,
) -> Result<Vec<PathBuf>, DeskError> {
    let part = LogPart {
        log: log.id,
        size: log.size,
        first: records.start,
        until: records.end,
        checkpoint: log.checkpoint.clone(),
    };
    let about = About { logs: vec![part], exported_at: now };
    let mut consents = vault.consents(log.id, records.start)?;
    let leaves = vault.leaves(log.id, records.clone())?;
    let rows = leaves.map(|stored| row(&stored?, request.details, &mut consents));
    let inside =
        |held: &Result<Held, VaultError>| held.as_ref().map_or(true, |held| held.leaf().n < records.end);
    let grants = vault.consents(log.id, records.start)?.take_while(inside);
    let grants = grants.map(|held| grant(&held?, request.details, now));
    write_view(&about, request.format, rows, grants, target)
}

/// Writes a view at `target`; nothing is left there unless it is whole. Reads `grants` for FHIR, else `rows`.
fn write_view<E, F: From<ExportError<E>> + From<WriteError>>(
    about: &About,
    format: ExportFormat,
    rows: impl Iterator<Item = Result<Row, E>>,
    grants: impl Iterator<Item = Result<Grant, E>>,
    target: &Path,
) -> Result<Vec<PathBuf>, F> {
    if format == ExportFormat::Pdf {
        return volumes(about, rows, target);
    }
    let mut out = files::NewFile::create(target)?;
    match format {
        ExportFormat::Csv => export::csv(rows, &mut out)?,
        ExportFormat::Jsonl => export::jsonl(rows, &mut out)?,
        ExportFormat::Fhir => export::fhir(about, grants, &mut out)?,
        ExportFormat::Pdf | ExportFormat::Evidence => {}
    }
    out.finish()?;
    Ok(vec![target.to_owned()])
}

fn volumes<E, F: From<ExportError<E>> + From<WriteError>>(
    about: &About,
    rows: impl Iterator<Item = Result<Row, E>>,
    target: &Path,
) -> Result<Vec<PathBuf>, F> {
    // None gets its name before all are whole.
    let mut files = Vec::new();
    let mut paths = Vec::new();
    export::pdf(about, rows, |volume| {
        let path = volume_path(target, volume);
        let file = files::NewFile::create(&path).map_err(std::io::Error::other)?;
        let out = file.handle()?;
        files.push(file);
        paths.push(path);
        Ok(out)
    })?;
    files.into_iter().try_for_each(files::NewFile::finish)?;
    Ok(paths)
}

/// `log.pdf`, `log-2.pdf`...
fn volume_path(target: &Path, volume: &Volume) -> PathBuf {
    if volume.number == 1 {
        return target.to_owned();
    }
    let stem = target.file_stem().unwrap_or_default().to_string_lossy();
    let end = target.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    target.with_file_name(format!("{stem}-{}{end}", volume.number))
}

fn row(
    stored: &StoredLeaf,
    details: DetailsTaken,
    consents: &mut impl Iterator<Item = Result<Held, VaultError>>,
) -> Result<Row, VaultError> {
    let leaf = stored.leaf()?;
    let details = match (details, &leaf.event) {
        (DetailsTaken::Yes, Event::Grant { consent, .. }) => {
            next_consent(consents, *consent)?.record()?.as_ref().map(in_words)
        }
        _ => None,
    };
    Ok(Row { leaf, leaf_hash: Sha256(stored.hash.0), details })
}

fn grant(held: &Held, details: DetailsTaken, now: UnixTime) -> Result<Grant, VaultError> {
    let standing = match (held.erased(), held.withdrawn(), held.standing(now)) {
        (Some(mark), _, _) => export::Standing::Erased { at: mark.at, log: mark.log, n: mark.n },
        (None, Some((mark, by)), _) => {
            export::Standing::Withdrawn { at: mark.at, log: mark.log, n: mark.n, by }
        }
        (None, None, Standing::Expired { at }) => {
            export::Standing::Expired { at, recorded: held.expired().map(|mark| (mark.log, mark.n)) }
        }
        _ => export::Standing::Live,
    };
    let details = match details {
        DetailsTaken::Yes => held.record()?.as_ref().map(in_words),
        DetailsTaken::No => None,
    };
    Ok(Grant { leaf: held.leaf().clone(), leaf_hash: Sha256(held.leaf_hash().0), standing, details })
}

fn in_words(record: &ConsentRecord) -> Details {
    Details {
        patient_name: record.patient().to_owned(),
        giver: record.giver().in_words(),
        discloser: record.discloser().to_owned(),
        recipients: record.recipients().to_owned(),
        purpose: record.purpose().to_owned(),
        language: record.wording().language.clone(),
        method: record.method().code().to_owned(),
    }
}

/// Proof that a log holds its record `n`, under its newest checkpoint. [C2SP tlog-proof]
///
/// # Errors
/// [`DeskError::Vault`] with [`VaultError::NotFound`] if there is no such record.
pub fn prove(vault: &Vault, log: Id, n: u64) -> Result<(StoredLeaf, Proof), DeskError> {
    let kept = kept(vault, log)?;
    let hashes: Vec<Hash> = vault.leaf_hashes(log)?.collect::<Result<_, _>>()?;
    let leaf = vault.leaves(log, n..n.saturating_add(1))?.next().ok_or(VaultError::NotFound)??;
    let path = inclusion_proof(n, kept.size, &hashes).map_err(|_| VaultError::Inconsistent)?;
    Ok((leaf, Proof { extra: None, index: n, hashes: path, checkpoint: note(&kept.checkpoint)? }))
}

/// Writes a record and its proof as `N.leaf` and `N.tlog-proof` into `folder`, which is made if it is missing.
///
/// # Errors
/// [`DeskError`]; nothing is overwritten.
pub fn write_proof(vault: &Vault, log: Id, n: u64, folder: &Path) -> Result<[PathBuf; 2], DeskError> {
    let (leaf, proof) = prove(vault, log, n)?;
    files::make_folder(folder)?;
    let paths = [folder.join(format!("{n}.leaf")), folder.join(format!("{n}.tlog-proof"))];
    files::write_bytes(&paths[0], &leaf.bytes)?;
    files::write_bytes(&paths[1], proof.to_string().as_bytes())?;
    Ok(paths)
}

/// The patient's receipt: a file to verify, and a page to print.
#[derive(Clone)]
pub struct PatientReceipt {
    /// The consent's random name.
    pub consent: Id,
    /// JSON in the terms of ISO/IEC TS 27560.
    pub json: Vec<u8>,
    /// HTML.
    pub page: String,
}

/// Makes the receipt of a consent.
///
/// # Errors
/// [`DeskError::Erased`] if its details are gone.
pub fn receipt(vault: &Vault, consent: Id) -> Result<PatientReceipt, DeskError> {
    let held = vault.consent(consent)?;
    let record = held.record()?.ok_or(DeskError::Erased)?;
    let code = vault.withdrawal_code(consent)?.ok_or(DeskError::Erased)?;
    let (leaf, proof) = prove(vault, held.log(), held.leaf().n)?;
    let leaf = String::from_utf8(leaf.bytes).map_err(|_| VaultError::Inconsistent)?;
    let objects: Vec<_> = record.objects().iter().map(|object| (object.sha256, object.kind.code())).collect();
    let giver = record.giver().in_words();
    let receipt = Receipt {
        consent,
        patient: record.patient(),
        giver: &giver,
        discloser: record.discloser(),
        contact: record.contact(),
        recipients: record.recipients(),
        purpose: record.purpose(),
        level: record.level(),
        regime: record.regime(),
        given_at: record.given_at(),
        expires: record.expires(),
        method: record.method().code(),
        witness: record.witness().map(|witness| witness.name.as_str()),
        language: &record.wording().language,
        wording: &record.wording().text,
        wording_sha256: record.wording().sha256,
        objects: &objects,
        withdrawal_code: &code.printed(),
        leaf: &leaf,
        proof: &proof.to_string(),
        log_key: &kept(vault, held.log())?.verifier.to_string(),
    };
    Ok(PatientReceipt { consent, json: receipt::json(&receipt)?, page: receipt::page(&receipt)? })
}

/// Writes a receipt as `receipt-NAME.json` and `receipt-NAME.html`, where `NAME` is the consent's, into `folder`, which is
/// made if it is missing.
///
/// # Errors
/// [`DeskError`]; nothing is overwritten.
pub fn write_receipt(receipt: &PatientReceipt, folder: &Path) -> Result<[PathBuf; 2], DeskError> {
    files::make_folder(folder)?;
    let paths = ["json", "html"].map(|end| folder.join(format!("receipt-{}.{end}", receipt.consent)));
    for (path, bytes) in paths.iter().zip([receipt.json.as_slice(), receipt.page.as_bytes()]) {
        files::write_bytes(path, bytes)?;
    }
    Ok(paths)
}
