//! An evidence folder in which files are replaced, and made to fit again by whoever holds the log's key.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::hash::Sha256;
use crate::ledger::evidence::{self, Content, Detail, Part};
use crate::ledger::verify::{Expectations, Report, VerifyError, verify};
use crate::samples;

/// The files that [`Folder`] writes, sorted.
pub const FILES: usize = 9;

/// Records that the log had when the witness saw it. The newest ones only the log vouches for.
pub const SEEN: usize = 7;

/// A folder with everything that evidence can hold, and what was written into it.
pub struct Folder {
    /// Deletes the folder, should this be dropped.
    _keeper: TempDir,
    root: PathBuf,
    /// Path and bytes of each file, by path.
    files: Vec<(String, Vec<u8>)>,
    /// Records in the log.
    size: usize,
}

impl Folder {
    /// Writes the evidence of all [`samples::leaves`].
    ///
    /// # Panics
    /// If there is no room for it, or it would not be written.
    #[must_use]
    pub fn make() -> Self {
        let keeper = TempDir::new().expect("a folder for temporary files");
        let root = keeper.path().join("evidence");
        let (key, leaves) = (samples::key(), samples::leaves());
        let hashes = samples::hashes(&leaves);
        let size = leaves.len();
        let checkpoint = samples::signed(&samples::checkpoint_text(&hashes));
        let cosigned = samples::checkpoint(&hashes[..SEEN]);
        let witnesses = [samples::witness_key()];
        let part = Part {
            records: 0..size as u64,
            checkpoint: &checkpoint,
            cosigned: Some(&cosigned),
            key: key.verifier(),
            witnesses: &witnesses,
        };
        let details = samples::details().into_iter();
        let details = details.map(|(n, key, details)| Detail { n, key, details: details.into() });
        let content = Content {
            hashes: hashes.into_iter().map(Ok::<_, Infallible>),
            leaves: leaves.into_iter().map(Ok),
            details: details.map(Ok),
            attachments: std::iter::once(Ok(samples::SIGNATURE.to_vec())),
        };
        evidence::write(&root, &part, content, |text| Ok(samples::signed(text))).expect("a sound log");
        let attachment = format!("attachments/{}", Sha256::of(samples::SIGNATURE));
        let names: [&str; FILES] = [
            "MANIFEST",
            "README.txt",
            &attachment,
            "checkpoint",
            "cosigned",
            "details.jsonl",
            "hashes.txt",
            "keys.txt",
            "leaves.jsonl",
        ];
        let read = |name: &str| fs::read(root.join(name)).expect("it was written");
        let files = names.map(|name| (name.to_owned(), read(name))).to_vec();
        Self { _keeper: keeper, root, files, size }
    }

    /// Path and bytes of a file.
    #[must_use]
    pub fn file(&self, place: usize) -> (&str, &[u8]) {
        let (path, bytes) = &self.files[place];
        (path, bytes)
    }

    /// Checks the folder with these bytes in place of those of files, and puts its own back.
    ///
    /// # Errors
    /// Those of [`verify`].
    /// # Panics
    /// If files cannot be written.
    pub fn verify_with(
        &self,
        changes: &[(&str, Vec<u8>)],
        expected: &Expectations<'_>,
    ) -> Result<Report, VerifyError> {
        let write =
            |path: &str, bytes: &[u8]| fs::write(self.root.join(path), bytes).expect("room on the disk");
        for (path, bytes) in changes {
            write(path, bytes);
        }
        let result = verify(&self.root, expected);
        for (path, _) in changes {
            write(path, self.bytes(path));
        }
        result
    }

    /// The changes that put `bytes` in place of a file's and make all fit again as far as the log's key can, for
    /// [`Folder::verify_with`]: hashes and checkpoint where records are replaced, and the manifest, which itself is
    /// given as its text. What the witness signed stays.
    ///
    /// # Panics
    /// If the log's key does not sign.
    #[must_use]
    pub fn signed_anew(&self, path: &str, bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let mut changed = Vec::new();
        if path == "MANIFEST" {
            let signed = samples::key().sign(&String::from_utf8_lossy(bytes));
            let note = signed.map_or_else(|_| bytes.to_vec(), |note| note.to_string().into_bytes());
            return vec![("MANIFEST", note)];
        }
        if let Some(name) = Self::fixed_name(path) {
            changed.push((name, bytes.to_vec()));
        }
        let mut size = self.size;
        if path == "leaves.jsonl" {
            let lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(line).collect();
            let hashes = samples::hashes(&lines);
            size = hashes.len();
            let list =
                hashes.iter().fold(String::new(), |list, hash| list + &format!("{}\n", Sha256(hash.0)));
            changed.push(("hashes.txt", list.into_bytes()));
            let checkpoint = samples::signed(&samples::checkpoint_text(&hashes));
            changed.push(("checkpoint", checkpoint.to_string().into_bytes()));
        }
        let mut manifest =
            format!("curtain/v1/evidence\nlog {}\nfirst 0\nuntil {size}\nsize {size}\n", samples::LOG);
        for (path, bytes) in self.files.iter().filter(|(path, _)| path != "MANIFEST") {
            let now = changed.iter().find(|(name, _)| name == path).map_or(bytes, |(_, bytes)| bytes);
            writeln!(manifest, "{} {} {path}", Sha256::of(now), now.len()).expect("a String takes all");
        }
        changed.push(("MANIFEST", samples::signed(&manifest).to_string().into_bytes()));
        changed
    }

    /// The bytes that were written.
    ///
    /// # Panics
    /// If there is no such file.
    #[must_use]
    pub fn bytes(&self, path: &str) -> &[u8] {
        let file = self.files.iter().find(|(name, _)| name == path);
        &file.expect("only files of the folder are replaced").1
    }

    /// The attachment's name follows from its bytes: replacing it would take a new name.
    fn fixed_name(path: &str) -> Option<&'static str> {
        ["README.txt", "checkpoint", "cosigned", "details.jsonl", "hashes.txt", "keys.txt", "leaves.jsonl"]
            .into_iter()
            .find(|name| *name == path)
    }
}

/// A line without its line feed, which `verify` insists on.
fn line(with_feed: &[u8]) -> Vec<u8> {
    with_feed.strip_suffix(b"\n").unwrap_or(with_feed).to_vec()
}
