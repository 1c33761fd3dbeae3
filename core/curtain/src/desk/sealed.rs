//! Evidence for an officer who is elsewhere: the log in the open, and what identifies people sealed to the officer's key.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use curtain_wire::boxes::KemKey;
use curtain_wire::tree::leaf_hash;
use ring::rand::SystemRandom;

use super::{DeskError, Request, Taken, evidence, kept, open, range};
use crate::consent::ConsentRecord;
use crate::export::{self, Details, Row};
use crate::files;
use crate::hash::{Id, Sha256};
use crate::ledger::evidence::File;
use crate::ledger::leaf::{DetailsTaken, Event, ExportFormat, Leaf};
use crate::ledger::officer::{self, OfficerError, Record};
use crate::picture::Limits;
use crate::seal::kem::SecretKey;
use crate::time::UnixTime;
use crate::vault::{ExportRecord, StoredLeaf, Vault, VaultError};

/// The folder in which the evidence lies.
pub(super) const EVIDENCE: &str = "evidence";
/// The folder in which sealed details lie, one file a record, named by its place.
pub(super) const SEALED: &str = "sealed";
/// The most bytes of a checkpoint.
const MAX_CHECKPOINT_BYTES: u64 = 64 << 10;
/// The most folders of logs in one folder.
pub(super) const MAX_FOLDERS: usize = 100_000;

/// Hands out a part of a log at `target`, a new folder: `evidence` without details, for `ledger verify`, and the details
/// in `sealed`, each sealed to `officer`. The log records it as an export with details: the officer can read them.
///
/// # Errors
/// [`DeskError`]; nothing at `target` is overwritten.
pub fn hand_out_sealed(
    vault: &mut Vault,
    request: &Request<'_>,
    officer: &KemKey,
    target: &Path,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<Taken, DeskError> {
    files::check_new(target)?;
    vault.expire_due(now)?;
    let range = range(vault, request)?;
    let record = ExportRecord {
        log: request.log,
        first: range.start,
        until: request.to.is_some().then_some(range.end),
        format: ExportFormat::Evidence,
        details: DetailsTaken::Yes,
        taken_by: request.taken_by,
    };
    vault.record_export(&record, now)?;
    let log = kept(vault, request.log)?;
    let records = range.start..if request.to.is_some() { range.end } else { log.size };
    let (evidence_folder, sealed_folder) = (target.join(EVIDENCE), target.join(SEALED));
    files::make_folder(&sealed_folder)?;
    let open_part = Request { details: DetailsTaken::No, ..request.clone() };
    evidence(vault, &open_part, &log, records.clone(), &evidence_folder)?;
    let mut consents = vault.consents(log.id, records.start)?;
    for stored in vault.leaves(log.id, records.clone())? {
        let stored: StoredLeaf = stored?;
        let leaf = stored.leaf()?;
        let Some(detail) = open(vault, Ok(stored), &mut consents)? else { continue };
        let media = match leaf.event {
            Event::Grant { consent, .. } => vault.media(consent)?,
            _ => None,
        };
        let sealed = officer::seal(log.id, &Record { detail, media }, officer, random)?;
        files::write_bytes(&sealed_folder.join(leaf.n.to_string()), &sealed)?;
    }
    Ok(Taken { paths: vec![evidence_folder, sealed_folder], records })
}

/// The folders in `given` that hold evidence with sealed details: itself, or those in it, as an officer's pull leaves them.
///
/// # Errors
/// [`DeskError::NotSealedEvidence`] if there is none.
pub fn sealed_in(given: &Path) -> Result<Vec<PathBuf>, DeskError> {
    if files::exists(&given.join(EVIDENCE)) {
        return Ok(vec![given.to_owned()]);
    }
    let names = files::names(given, MAX_FOLDERS)?;
    let folders = names.iter().map(|name| given.join(name));
    let folders: Vec<PathBuf> = folders.filter(|folder| files::exists(&folder.join(EVIDENCE))).collect();
    if folders.is_empty() { Err(DeskError::NotSealedEvidence) } else { Ok(folders) }
}

/// The folders of evidence in `given`: itself, the one in it, or those in the folders in it.
#[must_use]
pub fn evidence_in(given: &Path) -> Vec<PathBuf> {
    if files::exists(&given.join(File::Leaves.to_string())) {
        return vec![given.to_owned()];
    }
    match sealed_in(given) {
        Ok(folders) => folders.into_iter().map(|folder| folder.join(EVIDENCE)).collect(),
        // The verifier says what is wrong with it.
        Err(_) => vec![given.to_owned()],
    }
}

/// The checkpoints of the evidence in `given`, or the one that `given` is.
///
/// # Errors
/// [`ReadError`](files::ReadError).
pub fn checkpoints_in(given: &Path) -> Result<Vec<Vec<u8>>, files::ReadError> {
    if files::is_folder(given) {
        let folders = evidence_in(given).into_iter();
        let paths = folders.map(|folder| folder.join(File::Checkpoint.to_string()));
        return paths.map(|path| files::read_shared(&path, MAX_CHECKPOINT_BYTES)).collect();
    }
    Ok(vec![files::read(given, &Limits::default())?])
}

/// Writes a view, CSV or JSON Lines, of opened records of any number of logs, in order of time. Gives how many there are.
///
/// # Errors
/// [`DeskError`]; nothing at `target` is overwritten.
pub fn view_opened(mut opened: Vec<Opened>, format: ExportFormat, target: &Path) -> Result<usize, DeskError> {
    opened.sort_by_key(|opened| (opened.leaf.at, opened.leaf.log, opened.leaf.n));
    let count = opened.len();
    let rows = opened.into_iter().map(|Opened { leaf, details, .. }| {
        let leaf_hash = Sha256(leaf_hash(&leaf.canonical()).0);
        Ok::<_, VaultError>(Row { leaf, leaf_hash, details: details.and_then(Result::ok) })
    });
    let mut out = files::NewFile::create(target)?;
    match format {
        ExportFormat::Csv => export::csv(rows, &mut out)?,
        ExportFormat::Jsonl => export::jsonl(rows, &mut out)?,
        ExportFormat::Evidence | ExportFormat::Fhir | ExportFormat::Pdf => return Err(DeskError::NoView),
    }
    out.finish()?;
    Ok(count)
}

/// A record that an officer opened.
#[derive(Clone)]
pub struct Opened {
    /// The record, as the log has it.
    pub leaf: Leaf,
    /// What identifies people in it; `None` where it was erased, or never there, or does not open.
    pub details: Option<Result<Details, OfficerError>>,
    /// Who took an export, and what for.
    pub taken_by: Option<String>,
}

/// Opens what [`hand_out_sealed`] wrote, record by record, with the officer's key. Whether the log itself holds is what
/// [`crate::ledger::verify`] says of the folder `evidence` in it.
///
/// # Errors
/// [`DeskError`] if the folder is none.
pub fn open_sealed(folder: &Path, key: &SecretKey) -> Result<Vec<Opened>, DeskError> {
    let limits = Limits::default();
    let leaves = files::read(&folder.join(EVIDENCE).join(File::Leaves.to_string()), &limits)?;
    let lines = leaves.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let leaves = lines.map(|line| Leaf::parse(line).map_err(|_| DeskError::NotSealedEvidence));
    let leaves: Vec<Leaf> = leaves.collect::<Result<_, _>>()?;
    let erased = |leaf: &Leaf| match leaf.event {
        Event::Erase { consent, .. } => Some(consent),
        _ => None,
    };
    let erased: BTreeSet<Id> = leaves.iter().filter_map(erased).collect();
    let open = |leaf: Leaf| {
        let path: PathBuf = folder.join(SEALED).join(leaf.n.to_string());
        let record = match files::read(&path, &limits) {
            Ok(sealed) => Some(officer::open(&leaf, &sealed, key)),
            Err(files::ReadError::NotFound) if !has_details(&leaf, &erased) => None,
            // Never "nothing there": whoever handed it out may have left it out.
            Err(_) => Some(Err(OfficerError::NotThere)),
        };
        read(leaf, record)
    };
    Ok(leaves.into_iter().map(open).collect())
}

/// Whether there must be details: of each export, and of each grant that was not erased by the end of this part.
fn has_details(leaf: &Leaf, erased: &BTreeSet<Id>) -> bool {
    match leaf.event {
        Event::Grant { consent, .. } => !erased.contains(&consent),
        Event::Export { .. } => true,
        _ => false,
    }
}

fn read(leaf: Leaf, record: Option<Result<Record, OfficerError>>) -> Opened {
    let (details, taken_by) = match (record, &leaf.event) {
        (None, _) => (None, None),
        (Some(Err(error)), _) => (Some(Err(error)), None),
        (Some(Ok(record)), Event::Grant { .. }) => {
            let record = ConsentRecord::reopen(&record.detail.details).map_err(|_| OfficerError::Record);
            (Some(record.map(|record| super::in_words(&record))), None)
        }
        (Some(Ok(record)), _) => (None, taken_by(&record.detail.details)),
    };
    Opened { leaf, details, taken_by }
}

/// Who took an export, from the details that the log committed to.
fn taken_by(details: &[u8]) -> Option<String> {
    let details: serde_json::Value = serde_json::from_slice(details).ok()?;
    details["taken_by"].as_str().map(str::to_owned)
}

/// Shows nothing of a patient.
impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("n", &self.leaf.n).finish_non_exhaustive()
    }
}
