//! The signed notes of a folder: `MANIFEST`, `checkpoint`, and `cosigned` if there is one. Each is signed by the
//! log and has no signature that was not checked; each key in `keys.txt` signed one of them.

use curtain_wire::checkpoint::{Checkpoint, CheckpointError, log_of, origin};
use curtain_wire::note::{self, Algorithm, Note, NoteError, Verified, VerifierKey};

use super::Failure;
use super::files::{Folder, matches};
use super::report::Problem;
use crate::hash::Id;
use crate::ledger::evidence::{File, Manifest};
use crate::time::UnixTime;

/// The log's key and those of [`MAX_WITNESSES`], with long names.
pub(super) const MAX_KEYS_BYTES: usize = 64 << 10;

/// Three lines and 16 signatures, with long names.
pub(super) const MAX_CHECKPOINT_BYTES: usize = 64 << 10;

/// Two checkpoints have as many signatures, beside the log's.
const MAX_WITNESSES: usize = 2 * (note::MAX_SIGNATURES - 1);

/// `keys.txt`: the log's key, then those of the witnesses that cosigned either checkpoint, each once.
pub(super) struct Keys {
    text: String,
    pub(super) log: VerifierKey,
    witnesses: Vec<VerifierKey>,
}

impl Keys {
    pub(super) fn read(folder: &Folder<'_>) -> Result<Self, Failure> {
        let wrong = Problem::Form { file: File::Keys };
        let text = String::from_utf8(folder.read(File::Keys, MAX_KEYS_BYTES)?).map_err(|_| wrong)?;
        let mut lines = text.strip_suffix('\n').ok_or(wrong)?.split('\n');
        let mut next = |algorithm| {
            let key = lines.next().map(|line| line.parse::<VerifierKey>().map_err(|_| wrong))?;
            Some(key.and_then(|key| if key.algorithm() == algorithm { Ok(key) } else { Err(wrong) }))
        };
        let log = next(Algorithm::Ed25519).ok_or(wrong)??;
        let mut witnesses = Vec::new();
        while let Some(key) = next(Algorithm::CosignatureV1).transpose()? {
            if witnesses.len() == MAX_WITNESSES || witnesses.contains(&key) {
                return Err(wrong.into());
            }
            witnesses.push(key);
        }
        Ok(Self { text, log, witnesses })
    }
}

/// The manifest, which the log's key alone signed.
pub(super) fn manifest(folder: &Folder<'_>, keys: &Keys) -> Result<Manifest, Failure> {
    let file = File::Manifest;
    let note = Note::parse(&folder.read(file, note::MAX_BYTES)?).map_err(|_| Problem::Form { file })?;
    if note.signatures().len() != 1 {
        return Err(Problem::Signatures { file }.into());
    }
    note.verify(&keys.log).map_err(|error| signature(error, file))?;
    let manifest = Manifest::parse(note.text()).ok_or(Problem::Form { file })?;
    if keys.log.name() != origin(manifest.log.0) {
        return Err(Problem::Disagree.into());
    }
    Ok(manifest)
}

/// What a manifest would say of a folder that an officer pulled: all of the log, and the files that each one has. They are
/// held against the checkpoint, whose signatures are checked like all.
pub(super) fn implied(folder: &Folder<'_>, keys: &Keys) -> Result<Manifest, Failure> {
    let log = log_of(keys.log.name()).map(Id).ok_or(Problem::Form { file: File::Keys })?;
    let file = File::Checkpoint;
    let note = Note::parse(&folder.read(file, MAX_CHECKPOINT_BYTES)?).map_err(|_| Problem::Form { file })?;
    let checkpoint: Checkpoint = note.text().parse().map_err(|_| Problem::Form { file })?;
    let files = File::ALWAYS.into_iter().map(|file| folder.entry(file));
    let files = files.collect::<Result<Vec<_>, Failure>>()?;
    Ok(Manifest { log, first: 0, until: checkpoint.size, size: checkpoint.size, files })
}

/// The checkpoints, whose signatures hold. Whether their roots are right is for the hashes to tell.
pub(super) struct Signed<'a> {
    /// The newest.
    pub(super) checkpoint: Checkpoint,
    /// The one in `cosigned`, no larger than the newest.
    pub(super) cosigned: Option<Checkpoint>,
    /// Those of both.
    pub(super) cosignatures: Vec<Cosignature<'a>>,
}

/// A witness's word that it knew of no log of more than `size` records.
pub(super) struct Cosignature<'a> {
    pub(super) by: &'a VerifierKey,
    pub(super) at: UnixTime,
    pub(super) size: u64,
}

impl<'a> Signed<'a> {
    pub(super) fn read(folder: &Folder<'_>, manifest: &Manifest, keys: &'a Keys) -> Result<Self, Failure> {
        matches(manifest, File::Keys, keys.text.as_bytes())?;
        let (checkpoint, mut cosignatures) = checkpoint(folder, manifest, File::Checkpoint, keys)?;
        if checkpoint.size != manifest.size {
            return Err(Problem::Disagree.into());
        }
        let mut last = File::Checkpoint;
        let mut cosigned = None;
        if manifest.entry(File::Cosigned).is_some() {
            last = File::Cosigned;
            let (seen, by) = checkpoint_seen(folder, manifest, keys)?;
            cosigned = Some(seen);
            cosignatures.extend(by);
        }
        let signed = |key| cosignatures.iter().any(|cosignature| cosignature.by == key);
        if !keys.witnesses.iter().all(signed) {
            return Err(Problem::Signatures { file: last }.into());
        }
        Ok(Self { checkpoint, cosigned, cosignatures })
    }
}

/// The checkpoint in `cosigned`. It is there for its cosignatures: one at least.
fn checkpoint_seen<'a>(
    folder: &Folder<'_>,
    manifest: &Manifest,
    keys: &'a Keys,
) -> Result<(Checkpoint, Vec<Cosignature<'a>>), Failure> {
    let file = File::Cosigned;
    let (seen, cosignatures) = checkpoint(folder, manifest, file, keys)?;
    if cosignatures.is_empty() {
        return Err(Problem::Signatures { file }.into());
    }
    let (had, has) = (seen.size, manifest.size);
    if had > has {
        return Err(Failure::Broken { record: Some(has), what: Problem::RolledBack { had, has } });
    }
    Ok((seen, cosignatures))
}

/// The checkpoint in this file, and who cosigned it when.
fn checkpoint<'a>(
    folder: &Folder<'_>,
    manifest: &Manifest,
    file: File,
    keys: &'a Keys,
) -> Result<(Checkpoint, Vec<Cosignature<'a>>), Failure> {
    let bytes = folder.read(file, MAX_CHECKPOINT_BYTES)?;
    matches(manifest, file, &bytes)?;
    let note = Note::parse(&bytes).map_err(|_| Problem::Form { file })?;
    let checkpoint = Checkpoint::signed(&note, &keys.log).map_err(|error| match error {
        CheckpointError::Note(error) => signature(error, file),
        CheckpointError::OtherLog => Problem::Disagree,
        _ => Problem::Form { file },
    })?;
    if Id(checkpoint.log) != manifest.log {
        return Err(Problem::Disagree.into());
    }
    // What is by none of the keys would be there unchecked.
    let known = |line: &note::Signature| {
        line.names(&keys.log) || keys.witnesses.iter().any(|witness| line.names(witness))
    };
    if !note.signatures().iter().all(known) {
        return Err(Problem::Signatures { file }.into());
    }
    let mut cosignatures = Vec::new();
    for by in &keys.witnesses {
        match note.verify(by) {
            Ok(Verified::Cosigned { at_unix_s }) => {
                let at = i64::try_from(at_unix_s).ok().and_then(|at| UnixTime::new(at).ok());
                let at = at.ok_or(Problem::BadSignature { file })?;
                cosignatures.push(Cosignature { by, at, size: checkpoint.size });
            }
            // It may have cosigned the other checkpoint.
            Err(NoteError::NotSigned) => {}
            Ok(Verified::Signed) => return Err(Problem::Signatures { file }.into()),
            Err(error) => return Err(signature(error, file).into()),
        }
    }
    Ok((checkpoint, cosignatures))
}

fn signature(error: NoteError, file: File) -> Problem {
    match error {
        NoteError::NotSigned | NoteError::SignedTwice => Problem::Signatures { file },
        _ => Problem::BadSignature { file },
    }
}
