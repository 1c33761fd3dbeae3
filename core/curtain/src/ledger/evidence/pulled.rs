//! What an officer keeps of a device's log: evidence of all of it, which its device did not make. It has no `MANIFEST`: a
//! cosigned checkpoint says what every other file must be.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use curtain_wire::note::{Note, VerifierKey};
use curtain_wire::tree::leaf_hash;

use super::File;
use super::folder::Folder;
use crate::hash::Sha256;

/// What `README.txt` says: the same in every folder.
pub(in crate::ledger) const README: &str = include_str!("PULLED.txt");

/// A log as it is to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a> {
    /// A checkpoint that the log signed and the witness cosigned, and nobody else.
    pub checkpoint: &'a Note,
    /// The log's key.
    pub key: &'a VerifierKey,
    /// The witness's.
    pub witness: &'a VerifierKey,
    /// The canonical bytes of every record that the checkpoint covers.
    pub leaves: &'a [Vec<u8>],
}

/// Writes a log beside the place `target` and gives where: [`verify`](crate::ledger::verify::verify) says whether it holds,
/// [`put_in_place`] makes it count. What an earlier try left there goes.
///
/// # Errors
/// [`io::Error`].
pub fn write_beside(target: &Path, log: &Whole<'_>) -> io::Result<PathBuf> {
    let beside = named(target, ".new");
    remove(&beside)?;
    remove(&named(&beside, ".part"))?;
    let folder = Folder::create(&beside)?;
    folder.write(File::Readme, README.as_bytes())?;
    folder.write(File::Checkpoint, log.checkpoint.to_string().as_bytes())?;
    folder.write(File::Keys, format!("{}\n{}\n", log.key, log.witness).as_bytes())?;
    let (mut leaves, mut hashes) = (folder.start(File::Leaves)?, folder.start(File::Hashes)?);
    for leaf in log.leaves {
        leaves.put(leaf)?;
        leaves.put(b"\n")?;
        hashes.put(format!("{}\n", Sha256(leaf_hash(leaf).0)).as_bytes())?;
    }
    leaves.finish()?;
    hashes.finish()?;
    folder.finish()?;
    Ok(beside)
}

/// Gives what lies beside `target` its place. There is one or the other at every moment, if [`recover`] is asked first.
///
/// # Errors
/// [`io::Error`].
pub fn put_in_place(target: &Path) -> io::Result<()> {
    let old = named(target, ".old");
    if target.exists() {
        fs::rename(target, &old)?;
    }
    fs::rename(named(target, ".new"), target)?;
    remove(&old)
}

/// Moves what lies beside `target` elsewhere, as evidence of its own: what is there already is as good.
///
/// # Errors
/// [`io::Error`].
pub fn put_aside(target: &Path, elsewhere: &Path) -> io::Result<()> {
    let beside = named(target, ".new");
    if elsewhere.exists() { remove(&beside) } else { fs::rename(beside, elsewhere) }
}

/// Removes what lies beside `target`.
///
/// # Errors
/// [`io::Error`].
pub fn discard(target: &Path) -> io::Result<()> {
    remove(&named(target, ".new"))
}

/// Ends what was interrupted.
///
/// # Errors
/// [`io::Error`].
pub fn recover(target: &Path) -> io::Result<()> {
    let old = named(target, ".old");
    if old.exists() && !target.exists() {
        return fs::rename(old, target);
    }
    remove(&old)
}

fn named(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
