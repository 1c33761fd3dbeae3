//! The evidence export: a folder from which anyone can check a part of the log offline, with
//! [`verify`](super::verify::verify) or by hand. Its `README.txt` says in plain words what is in it.

mod detail;
mod folder;
mod manifest;
mod notes;
pub mod pulled;
mod verified;

use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::path::Path;

use curtain_wire::checkpoint::CheckpointError;
use curtain_wire::note::{Note, NoteError, VerifierKey};
use curtain_wire::tree::{Frontier, Hash, leaf_hash};
use thiserror::Error;

pub use detail::Detail;
pub(super) use detail::{MAX_LINE as MAX_DETAIL_LINE, Opening};
pub use manifest::File;
pub(super) use manifest::{ATTACHMENTS, Entry, Manifest};
pub use verified::{Leaves, LeavesError, NotWhole, VerifiedLog};

use self::folder::Folder;
use self::notes::Notes;
use super::leaf::Leaf;
use crate::hash::{Id, Sha256};

/// What `README.txt` says: the same in every folder.
const README: &str = include_str!("README.txt");

/// Which part of which log, and who vouches for it.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The records that are handed out; the hashes of all others go along.
    pub records: Range<u64>,
    /// The log's checkpoint: signed by the log, cosigned by any of `witnesses`, signed by nobody else.
    pub checkpoint: &'a Note,
    /// A checkpoint of the same log, earlier or equal, that witnesses cosigned: making this evidence adds a record,
    /// so that the newest checkpoint is one that no witness saw. It goes along with the cosignatures of `witnesses`
    /// only, and not at all if none of them cosigned it. It must be the log's own even then.
    pub cosigned: Option<&'a Note>,
    /// The log's Ed25519 key, named like the checkpoint's origin.
    pub key: &'a VerifierKey,
    /// Keys of witnesses, of the kind that cosigns. Those that cosigned neither checkpoint are left out.
    pub witnesses: &'a [VerifierKey],
}

/// What goes into the folder, read once and in order. Details and attachments may be empty.
#[derive(Clone, Debug)]
pub struct Content<H, L, D, A> {
    /// The leaf hashes of the whole log, up to the checkpoint's size.
    pub hashes: H,
    /// The canonical bytes of the part's leaves.
    pub leaves: L,
    /// What commitments in the part stand for, by ascending place.
    pub details: D,
    /// The bytes of files whose SHA-256 the details hold.
    pub attachments: A,
}

/// The evidence could not be written. There is no folder then.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EvidenceError<E> {
    /// The folder exists, or an unfinished one of the same name with `.part`.
    #[error(
        "there is something of this name already, or an unfinished export beside it: choose another name"
    )]
    Exists,
    /// Reading the log failed.
    #[error("the log could not be read")]
    Source(#[source] E),
    /// Writing failed.
    #[error("the evidence could not be written")]
    Write(#[source] io::Error),
    /// The log's key does not fit the checkpoint.
    #[error("the checkpoint is not one that the log signed")]
    Checkpoint(#[from] CheckpointError),
    /// The log did not sign the cosigned checkpoint.
    #[error("the cosigned checkpoint is not one that the log signed: have the witness cosign the newest one")]
    Cosigned(#[source] CheckpointError),
    /// A signature of a checkpoint does not hold, or one of the newest checkpoint is by none of the keys.
    #[error("a checkpoint has a signature that does not hold or whose key is not known")]
    Cosignature,
    /// The witness saw more records than the log has.
    #[error("a witness saw more records than the log has: the stored log is damaged")]
    CosignedAhead,
    /// The witness saw other records.
    #[error("the log's hashes do not lead to the root that was cosigned: the stored log is damaged")]
    CosignedRoot,
    /// The part lies beyond the log.
    #[error("the log does not have these records")]
    NoSuchRecords,
    /// This record is not the one that the log vouches for, or is missing.
    #[error("record {record} is not the one that the log vouches for: the stored log is damaged")]
    Damaged {
        /// Its place.
        record: u64,
    },
    /// The hashes do not lead to the checkpoint's root.
    #[error("the log's hashes do not lead to its signed root: the stored log is damaged")]
    Root,
    /// More hashes, leaves or details than the part has.
    #[error("more was given than the checkpoint covers")]
    Surplus,
    /// Details that no commitment of the part stands for, or that are out of order.
    #[error("the details of record {record} do not fit its commitment")]
    Details {
        /// The place they name.
        record: u64,
    },
    /// An attachment that no details name.
    #[error("an attachment is named by no details")]
    Attachment,
    /// The manifest would be larger than a note may be.
    #[error("the part has too many attachments for one export: choose fewer records")]
    TooMany,
    /// The signature that was given is not by the log's key.
    #[error("the manifest's signature is not by the log's key")]
    Signature,
}

/// Writes the evidence for `part` into the new folder `target`. Memory does not grow with the log, only by 32 bytes
/// for each hash in the details and one line for each attachment.
///
/// Hashes, leaves, details and signatures are checked while they are written: a damaged log is not handed out. Whether
/// the records make sense in their order is left to [`verify`](super::verify::verify). `sign` gets the manifest's text
/// and gives it as a note that the log's key alone signed.
///
/// # Errors
/// [`EvidenceError`]. Nothing is left behind unless the process is killed: then a folder whose name ends in `.part`.
pub fn write<E>(
    target: &Path,
    part: &Part<'_>,
    content: Content<
        impl Iterator<Item = Result<Hash, E>>,
        impl Iterator<Item = Result<Vec<u8>, E>>,
        impl Iterator<Item = Result<Detail, E>>,
        impl Iterator<Item = Result<Vec<u8>, E>>,
    >,
    sign: impl FnOnce(&str) -> Result<Note, NoteError>,
) -> Result<(), EvidenceError<E>> {
    let notes = Notes::read(part)?;
    let Range { start: first, end: until } = part.records;
    let size = notes.checkpoint.size;
    if first > until || until > size {
        return Err(EvidenceError::NoSuchRecords);
    }
    let folder = Folder::create(target).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => EvidenceError::Exists,
        _ => EvidenceError::Write(error),
    })?;
    let mut files = Vec::new();
    let checkpoint = part.checkpoint.to_string();
    let small = [(File::Readme, README), (File::Checkpoint, &checkpoint), (File::Keys, &notes.keys)];
    let cosigned = notes.cosigned.as_deref().map(|text| (File::Cosigned, text));
    for (file, text) in small.into_iter().chain(cosigned) {
        files.push(folder.write(file, text.as_bytes()).map_err(EvidenceError::Write)?);
    }
    let named =
        records(&folder, &notes, &part.records, &mut files, content.hashes, content.leaves, content.details)?;
    attachments(&folder, &named, &mut files, content.attachments)?;

    files.sort_by_key(|entry| entry.file.path());
    let manifest = Manifest { log: Id(notes.checkpoint.log), first, until, size, files };
    let note = manifest_note(&manifest, part.key, sign)?;
    folder.write(File::Manifest, note.to_string().as_bytes()).map_err(EvidenceError::Write)?;
    folder.finish().map_err(EvidenceError::Write)
}

/// Writes hashes, leaves and details side by side. Gives every hash that the details hold.
fn records<E>(
    folder: &Folder,
    notes: &Notes,
    records: &Range<u64>,
    files: &mut Vec<Entry>,
    mut hashes: impl Iterator<Item = Result<Hash, E>>,
    mut leaves: impl Iterator<Item = Result<Vec<u8>, E>>,
    details: impl Iterator<Item = Result<Detail, E>>,
) -> Result<HashSet<Sha256>, EvidenceError<E>> {
    let write = EvidenceError::Write;
    let mut hash_list = folder.start(File::Hashes).map_err(write)?;
    let mut leaf_list = folder.start(File::Leaves).map_err(write)?;
    let mut detail_list = None;
    let mut details = details.peekable();
    let mut named = HashSet::new();
    let mut tree = Frontier::new();
    let Notes { checkpoint, seen, .. } = notes;
    // Of a checkpoint of no records there is nothing to check: it can have one root only.
    let mut seen_is_ours = true;
    for n in 0..checkpoint.size {
        let damaged = || EvidenceError::Damaged { record: n };
        let hash = hashes.next().ok_or_else(damaged)?.map_err(EvidenceError::Source)?;
        tree.append(hash);
        if let Some(seen) = seen.as_ref().filter(|seen| seen.size == tree.size()) {
            seen_is_ours = tree.root() == seen.root;
        }
        hash_list.put(format!("{}\n", Sha256(hash.0)).as_bytes()).map_err(write)?;
        if !records.contains(&n) {
            continue;
        }
        let leaf = leaves.next().ok_or_else(damaged)?.map_err(EvidenceError::Source)?;
        let read = Leaf::parse(&leaf).map_err(|_| damaged())?;
        if leaf_hash(&leaf) != hash || read.n != n || read.log.0 != checkpoint.log {
            return Err(damaged());
        }
        leaf_list.put(&leaf).and_then(|()| leaf_list.put(b"\n")).map_err(write)?;

        // An error in `details` is taken here as well, and ends everything below.
        let Some(detail) =
            details.next_if(|detail| detail.as_ref().is_ok_and(|d| d.n == n) || detail.is_err())
        else {
            continue;
        };
        let line = detail.map_err(EvidenceError::Source)?.line();
        let opening = Opening::parse(&line).filter(|opening| opening.opens(&read.event) == Some(true));
        opening.ok_or(EvidenceError::Details { record: n })?.hashes(|hash| {
            named.insert(hash);
        });
        let list = match &mut detail_list {
            Some(list) => list,
            none => none.insert(folder.start(File::Details).map_err(write)?),
        };
        list.put(&line).and_then(|()| list.put(b"\n")).map_err(write)?;
    }
    match details.next() {
        Some(Ok(detail)) => return Err(EvidenceError::Details { record: detail.n }),
        Some(Err(error)) => return Err(EvidenceError::Source(error)),
        None => {}
    }
    if hashes.next().is_some() || leaves.next().is_some() {
        return Err(EvidenceError::Surplus);
    }
    if tree.root() != checkpoint.root {
        return Err(EvidenceError::Root);
    }
    if !seen_is_ours {
        return Err(EvidenceError::CosignedRoot);
    }
    for list in [Some(hash_list), Some(leaf_list), detail_list].into_iter().flatten() {
        files.push(list.finish().map_err(write)?);
    }
    Ok(named)
}

fn attachments<E>(
    folder: &Folder,
    named: &HashSet<Sha256>,
    files: &mut Vec<Entry>,
    attachments: impl Iterator<Item = Result<Vec<u8>, E>>,
) -> Result<(), EvidenceError<E>> {
    let mut written = HashSet::new();
    for attachment in attachments {
        let attachment = attachment.map_err(EvidenceError::Source)?;
        let hash = Sha256::of(&attachment);
        if !named.contains(&hash) {
            return Err(EvidenceError::Attachment);
        }
        // Two consents may name the same file.
        if written.insert(hash) {
            files.push(folder.write(File::Attachment(hash), &attachment).map_err(EvidenceError::Write)?);
        }
    }
    Ok(())
}

fn manifest_note<E>(
    manifest: &Manifest,
    key: &VerifierKey,
    sign: impl FnOnce(&str) -> Result<Note, NoteError>,
) -> Result<Note, EvidenceError<E>> {
    let text = manifest.to_string();
    let note = sign(&text).map_err(|error| match error {
        NoteError::TooLarge => EvidenceError::TooMany,
        _ => EvidenceError::Signature,
    })?;
    if note.text() != text || note.signatures().len() != 1 {
        return Err(EvidenceError::Signature);
    }
    note.verify(key).map_err(|_| EvidenceError::Signature)?;
    Ok(note)
}

#[cfg(test)]
mod tests;
