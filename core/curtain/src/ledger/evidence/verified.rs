//! A whole log that was verified, and its records read again without holding them: what is shown of it is what was verified.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use curtain_wire::checkpoint::Checkpoint;
use curtain_wire::note::Note;
use curtain_wire::tree::{Frontier, Hash, leaf_hash};
use thiserror::Error;

use super::File;
use crate::hash::{Id, Sha256};
use crate::ledger::leaf::Leaf;
use crate::ledger::verify::{self, Expectations, Gap, Integrity, Problem, Scope, VerifyError};

/// The bytes of records that are read at a time: so much is held of each log, and one record more.
const CHUNK: u64 = 16 << 10;

/// The most bytes of a checkpoint.
const MAX_CHECKPOINT_BYTES: u64 = 64 << 10;

/// Evidence of a whole log that holds.
#[derive(Clone, Debug)]
pub struct VerifiedLog {
    folder: PathBuf,
    scope: Scope,
    gap: Option<Gap>,
    checkpoint: String,
}

/// Why evidence is not that of a whole log that holds.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NotWhole {
    /// Nothing could be said about it.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Something does not fit.
    #[error("the evidence is broken: {what}")]
    Broken {
        /// What is wrong.
        what: Problem,
    },
    /// A record does not fit.
    #[error("the evidence is broken at record {record}: {what}")]
    BrokenRecord {
        /// The first record that is wrong or missing.
        record: u64,
        /// What is wrong.
        what: Problem,
    },
    /// It holds, and has not all records.
    #[error(
        "this is a part of a log, records {} to {} of {size}: what became of its consents is not in it",
        records.start,
        records.end
    )]
    Part {
        /// The records that it has.
        records: Range<u64>,
        /// Of so many.
        size: u64,
    },
    /// It was changed while it was read.
    #[error(transparent)]
    Changed(#[from] LeavesError),
}

impl NotWhole {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Verify(_) => "cannot_verify",
            Self::Broken { .. } | Self::BrokenRecord { .. } => "broken",
            Self::Part { .. } => "part_of_a_log",
            Self::Changed(error) => error.code(),
        }
    }
}

/// Why the records of a verified log could not be read to their end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LeavesError {
    /// Reading failed.
    #[error("the evidence could not be read: check the disk and its permissions")]
    Read(#[from] io::Error),
    /// The records, or the checkpoint, are not those that were verified.
    #[error("the evidence was changed after it was verified: verify it again")]
    Changed,
}

impl LeavesError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "read_failed",
            Self::Changed => "changed",
        }
    }
}

impl VerifiedLog {
    /// Verifies the evidence in `folder`.
    ///
    /// # Errors
    /// [`NotWhole`].
    pub fn verify(folder: &Path) -> Result<Self, NotWhole> {
        let report = verify::verify(folder, &Expectations::default())?;
        let scope = match (report.integrity, report.scope) {
            (Integrity::Broken { record: Some(record), what }, _) => {
                return Err(NotWhole::BrokenRecord { record, what });
            }
            (Integrity::Broken { record: None, what }, _) => return Err(NotWhole::Broken { what }),
            (Integrity::Intact, None) => return Err(LeavesError::Changed.into()),
            (Integrity::Intact, Some(scope)) => scope,
        };
        if scope.is_part() {
            return Err(NotWhole::Part { records: scope.first..scope.until, size: scope.size });
        }
        let checkpoint = checkpoint(folder, &scope)?;
        Ok(Self { folder: folder.to_owned(), scope, gap: report.gap, checkpoint })
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> Id {
        self.scope.log
    }

    /// Records in it.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.scope.size
    }

    /// What is missing before this log, if it continues another.
    #[must_use]
    pub fn gap(&self) -> Option<Gap> {
        self.gap
    }

    /// Its signed checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    /// Its records in order, each with its hash. After the last one they are held against the root that was verified: whoever
    /// uses them reads to the end first.
    #[must_use]
    pub fn leaves(&self) -> Leaves {
        Leaves {
            path: self.folder.join(File::Leaves.to_string()),
            scope: self.scope,
            read: 0,
            chunk: Vec::new(),
            at: 0,
            tree: Frontier::new(),
            ended: false,
        }
    }
}

/// The note in `checkpoint`, if it is still of what was verified.
fn checkpoint(folder: &Path, scope: &Scope) -> Result<String, LeavesError> {
    let mut bytes = Vec::new();
    let file = open(&folder.join(File::Checkpoint.to_string()))?;
    file.take(MAX_CHECKPOINT_BYTES).read_to_end(&mut bytes)?;
    let note = Note::parse(&bytes).map_err(|_| LeavesError::Changed)?;
    let read: Checkpoint = note.text().parse().map_err(|_| LeavesError::Changed)?;
    let same = (Id(read.log), read.size, Sha256(read.root.0)) == (scope.log, scope.size, scope.root);
    if same { Ok(note.to_string()) } else { Err(LeavesError::Changed) }
}

/// The records of a [`VerifiedLog`]. No file is open between two of them, so that there may be many logs.
#[derive(Debug)]
pub struct Leaves {
    path: PathBuf,
    scope: Scope,
    /// Bytes of the file that were read.
    read: u64,
    chunk: Vec<u8>,
    /// Where the next record begins in `chunk`.
    at: usize,
    tree: Frontier,
    ended: bool,
}

impl Iterator for Leaves {
    type Item = Result<(Leaf, Hash), LeavesError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.record().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl Leaves {
    fn record(&mut self) -> Result<Option<(Leaf, Hash)>, LeavesError> {
        let n = self.tree.size();
        let Some(line) = self.line()? else {
            let (Scope { size, root, .. }, tree) = (self.scope, &self.tree);
            let same = (n, Sha256(tree.root().0)) == (size, root);
            return if same { Ok(None) } else { Err(LeavesError::Changed) };
        };
        let line = &self.chunk[line];
        let hash = leaf_hash(line);
        let leaf = Leaf::parse(line).map_err(|_| LeavesError::Changed)?;
        if n == self.scope.size || (leaf.n, leaf.log) != (n, self.scope.log) {
            return Err(LeavesError::Changed);
        }
        self.tree.append(hash);
        Ok(Some((leaf, hash)))
    }

    /// Where the next line lies in the chunk, without its line feed.
    fn line(&mut self) -> Result<Option<Range<usize>>, LeavesError> {
        loop {
            let rest = &self.chunk[self.at..];
            if let Some(length) = rest.iter().position(|byte| *byte == b'\n') {
                let start = self.at;
                self.at += length + 1;
                return Ok(Some(start..start + length));
            }
            if rest.len() > Leaf::MAX_BYTES {
                return Err(LeavesError::Changed);
            }
            if !self.more()? {
                return if self.chunk.is_empty() { Ok(None) } else { Err(LeavesError::Changed) };
            }
        }
    }

    /// Reads on. False at the end of the file.
    fn more(&mut self) -> Result<bool, LeavesError> {
        self.chunk.drain(..self.at);
        self.at = 0;
        let mut file = open(&self.path)?;
        file.seek(SeekFrom::Start(self.read))?;
        let read = file.take(CHUNK).read_to_end(&mut self.chunk)? as u64;
        self.read += read;
        Ok(read > 0)
    }
}

/// Opens an ordinary file: never what could block.
fn open(path: &Path) -> Result<fs::File, LeavesError> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(LeavesError::Changed);
    }
    Ok(fs::File::open(path)?)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::ledger::leaf::DetailsTaken;
    use crate::ledger::samples::Log;

    fn sample() -> (TempDir, PathBuf, Log) {
        let (dir, log) = (TempDir::new().unwrap(), Log::sample(Id([0x1d; 16])));
        let folder = dir.path().join("evidence");
        log.write_all(&folder, DetailsTaken::No);
        (dir, folder, log)
    }

    #[test]
    fn what_was_verified_is_read_again() {
        let (_dir, folder, log) = sample();
        let verified = VerifiedLog::verify(&folder).unwrap();
        assert_eq!((verified.log(), verified.size()), (Id([0x1d; 16]), log.size()));
        let lines = fs::read(folder.join("leaves.jsonl")).unwrap();
        let read: Vec<_> = verified.leaves().map(Result::unwrap).collect();
        let again: Vec<u8> =
            read.iter().flat_map(|(leaf, _)| [leaf.canonical(), b"\n".to_vec()].concat()).collect();
        assert_eq!(again, lines);
        assert!(read.iter().all(|(leaf, hash)| leaf_hash(&leaf.canonical()) == *hash));
    }

    #[test]
    fn what_changed_since_it_was_verified_never_reads_to_its_end() {
        let (_dir, folder, _) = sample();
        let verified = VerifiedLog::verify(&folder).unwrap();
        let path = folder.join("leaves.jsonl");
        let whole = fs::read(&path).unwrap();
        let is_refused = || {
            let mut leaves = verified.leaves();
            let last = leaves.by_ref().last();
            assert!(leaves.next().is_none());
            matches!(last, Some(Err(LeavesError::Changed)))
        };
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            assert!(is_refused(), "cut at {end}");
        }
        for place in 0..whole.len() {
            let mut edited = whole.clone();
            edited[place] ^= 1;
            fs::write(&path, &edited).unwrap();
            assert!(is_refused(), "byte {place}");
        }
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for more in [&whole[..first], b"x", b"\n", &vec![b'x'; Leaf::MAX_BYTES + (64 << 10)]] {
            fs::write(&path, [&whole, more].concat()).unwrap();
            assert!(is_refused());
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(verified.leaves().next(), Some(Err(LeavesError::Read(_)))));
        fs::write(&path, &whole).unwrap();
        assert!(!is_refused());
    }

    #[test]
    fn a_part_and_what_is_broken_are_told() {
        let (dir, folder, log) = sample();
        let part = dir.path().join("part");
        let checkpoint = log.checkpoint(log.size());
        log.write(&part, 2..5, &checkpoint, &[], DetailsTaken::No).unwrap();
        let refused = VerifiedLog::verify(&part).unwrap_err();
        assert!(matches!(refused, NotWhole::Part { records: Range { start: 2, end: 5 }, size: 10 }));
        fs::write(folder.join("hashes.txt"), "").unwrap();
        assert!(matches!(VerifiedLog::verify(&folder), Err(NotWhole::BrokenRecord { record: 0, .. })));
        let nowhere = VerifiedLog::verify(&dir.path().join("nowhere")).unwrap_err();
        assert_eq!(nowhere.code(), "cannot_verify");
    }
}
