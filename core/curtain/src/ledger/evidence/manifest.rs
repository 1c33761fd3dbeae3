//! What is in an evidence folder: names, hashes and sizes of its files, and which part of which log it is.

use std::fmt;

use crate::hash::{Id, Sha256};

/// The first line: no other message that a device signs starts with it.
const HEADER: &str = "curtain/v1/evidence";

/// The folder of attachments, and what their paths start with.
pub(in crate::ledger) const ATTACHMENTS: &str = "attachments";

/// A file of an evidence folder. Shown by its name, which is the same in every folder; attachments show no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum File {
    /// `README.txt`
    Readme,
    /// `MANIFEST`
    Manifest,
    /// `attachments/` and the SHA-256 of its bytes.
    Attachment(Sha256),
    /// `checkpoint`
    Checkpoint,
    /// `cosigned`
    Cosigned,
    /// `details.jsonl`
    Details,
    /// `hashes.txt`
    Hashes,
    /// `keys.txt`
    Keys,
    /// `leaves.jsonl`
    Leaves,
}

impl File {
    /// What every folder has, beside the manifest.
    pub(in crate::ledger) const ALWAYS: [Self; 5] =
        [Self::Readme, Self::Checkpoint, Self::Hashes, Self::Keys, Self::Leaves];

    /// Where it lies in the folder, with `/`.
    pub(in crate::ledger) fn path(self) -> String {
        match self {
            Self::Attachment(hash) => format!("{ATTACHMENTS}/{hash}"),
            other => other.to_string(),
        }
    }

    /// Reads a path as it is written.
    pub(in crate::ledger) fn parse(path: &str) -> Option<Self> {
        let fixed = [Self::Manifest, Self::Cosigned, Self::Details].into_iter().chain(Self::ALWAYS);
        let attachment = || {
            let name = path.strip_prefix(ATTACHMENTS)?.strip_prefix('/')?;
            name.parse().ok().map(Self::Attachment)
        };
        fixed.into_iter().find(|file| file.path() == path).or_else(attachment)
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Readme => f.write_str("README.txt"),
            Self::Manifest => f.write_str("MANIFEST"),
            Self::Attachment(_) => f.write_str("an attachment"),
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Cosigned => f.write_str("cosigned"),
            Self::Details => f.write_str("details.jsonl"),
            Self::Hashes => f.write_str("hashes.txt"),
            Self::Keys => f.write_str("keys.txt"),
            Self::Leaves => f.write_str("leaves.jsonl"),
        }
    }
}

/// One file: what its bytes must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Entry {
    pub(in crate::ledger) hash: Sha256,
    pub(in crate::ledger) bytes: u64,
    pub(in crate::ledger) file: File,
}

/// The text of `MANIFEST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Manifest {
    pub(in crate::ledger) log: Id,
    /// The first record in the folder.
    pub(in crate::ledger) first: u64,
    /// The first record that is not in it any more.
    pub(in crate::ledger) until: u64,
    /// Records in the log.
    pub(in crate::ledger) size: u64,
    /// Every file but the manifest, sorted by path.
    pub(in crate::ledger) files: Vec<Entry>,
}

impl Manifest {
    /// Reads a manifest, strictly: writing it again gives the same text, and the files are those of a whole folder.
    pub(in crate::ledger) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        lines.next().filter(|line| *line == HEADER)?;
        let log = lines.next()?.strip_prefix("log ")?.parse().ok()?;
        let mut number = |name| lines.next()?.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        let (first, until, size) = (number("first")?, number("until")?, number("size")?);
        let files = lines.map(entry).collect::<Option<_>>()?;
        let manifest = Self { log, first, until, size, files };
        (first <= until && until <= size && manifest.is_whole() && manifest.to_string() == text)
            .then_some(manifest)
    }

    /// What this file must be.
    pub(in crate::ledger) fn entry(&self, file: File) -> Option<&Entry> {
        self.files.iter().find(|entry| entry.file == file)
    }

    /// What the attachments must be.
    pub(in crate::ledger) fn attachments(&self) -> impl Iterator<Item = (Sha256, &Entry)> {
        self.files.iter().filter_map(|entry| match entry.file {
            File::Attachment(hash) => Some((hash, entry)),
            _ => None,
        })
    }

    fn is_whole(&self) -> bool {
        let sorted = self.files.is_sorted_by(|a, b| a.file.path() < b.file.path());
        let has = |file| self.entry(file).is_some();
        let details = has(File::Details) || self.attachments().next().is_none();
        let named_by_hash = self.attachments().all(|(name, entry)| name == entry.hash);
        sorted && File::ALWAYS.into_iter().all(has) && !has(File::Manifest) && details && named_by_hash
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, first, until, size, files } = self;
        writeln!(f, "{HEADER}\nlog {log}\nfirst {first}\nuntil {until}\nsize {size}")?;
        files.iter().try_for_each(|Entry { hash, bytes, file }| writeln!(f, "{hash} {bytes} {}", file.path()))
    }
}

/// `<sha256> <bytes> <path>`
fn entry(line: &str) -> Option<Entry> {
    let (hash, rest) = line.split_once(' ')?;
    let (bytes, path) = rest.split_once(' ')?;
    Some(Entry { hash: hash.parse().ok()?, bytes: bytes.parse().ok()?, file: File::parse(path)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let attached = Sha256::of(b"attached");
        let files = [
            File::Readme,
            File::Attachment(attached),
            File::Checkpoint,
            File::Cosigned,
            File::Details,
            File::Hashes,
            File::Keys,
            File::Leaves,
        ];
        let files = files.map(|file| Entry { hash: attached, bytes: 8, file });
        Manifest { log: Id([3; 16]), first: 2, until: 5, size: 9, files: files.to_vec() }
    }

    #[test]
    fn reads_back_as_written() {
        assert_eq!(Manifest::parse(&manifest().to_string()), Some(manifest()));
    }

    #[test]
    fn what_is_not_whole_or_not_canonical_is_refused() {
        let text = manifest().to_string();
        for end in 0..text.len() {
            assert_eq!(Manifest::parse(&text[..end]), None, "{end}");
        }
        for (from, to) in [
            ("first 2", "first 02"),
            ("first 2", "first +2"),
            ("first 2", "first 6"),
            ("until 5", "until 10"),
            (" 8 keys.txt", " 8 key.txt"),
            (" 8 keys.txt", " 8 ../keys.txt"),
            (" 8 keys.txt", " 8  keys.txt"),
            (" 8 keys.txt", " 08 keys.txt"),
            (" 8 keys.txt", " 8 MANIFEST"),
            ("attachments/", "attachments//"),
            ("attachments/", "attachments/0"),
        ] {
            assert_eq!(Manifest::parse(&text.replacen(from, to, 1)), None, "{to}");
        }
        for missing in 0..manifest().files.len() {
            let mut other = manifest();
            let entry = other.files.remove(missing);
            let optional = matches!(entry.file, File::Attachment(_) | File::Cosigned);
            assert_eq!(Manifest::parse(&other.to_string()).is_some(), optional, "{}", entry.file);
        }
        let mut other = manifest();
        other.files.swap(2, 3);
        assert_eq!(Manifest::parse(&other.to_string()), None);
        let mut other = manifest();
        other.files[1].hash = Sha256::of(b"other");
        assert_eq!(Manifest::parse(&other.to_string()), None);
    }
}
