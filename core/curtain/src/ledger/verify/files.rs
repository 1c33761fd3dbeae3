//! Reads an evidence folder: only what its manifest lists, only ordinary files, each hashed while it is read.

use std::collections::HashSet;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use ring::digest;

use super::report::Problem;
use super::{Failure, Form};
use crate::hash::Sha256;
use crate::ledger::evidence::{ATTACHMENTS, Entry, File, Manifest, pulled};

/// A little more than a README has.
const MAX_README_BYTES: usize = 16 << 10;

/// The folder as it lies there.
pub(super) struct Folder<'a>(pub(super) &'a Path);

/// A file that is read once, from its beginning to its end.
pub(super) struct Hashed {
    file: File,
    input: BufReader<fs::File>,
    context: digest::Context,
    bytes: u64,
    line: Vec<u8>,
}

impl Folder<'_> {
    /// Whether it is one.
    pub(super) fn is_folder(&self) -> io::Result<bool> {
        Ok(fs::metadata(self.0)?.is_dir())
    }

    /// What the folder is. Without a manifest it is one that an officer pulled, or broken.
    pub(super) fn form(&self) -> Result<Form, Failure> {
        match fs::symlink_metadata(self.path(File::Manifest)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => return Ok(Form::Exported),
        }
        let readme = self.path(File::Readme);
        if !fs::symlink_metadata(&readme).is_ok_and(|about| about.is_file()) {
            return Ok(Form::Exported);
        }
        let readme = self.read(File::Readme, MAX_README_BYTES)?;
        Ok(if readme == pulled::README.as_bytes() { Form::Pulled } else { Form::Exported })
    }

    /// What a manifest would list.
    pub(super) fn entry(&self, file: File) -> Result<Entry, Failure> {
        let mut hashed = self.open(file)?;
        hashed.skip_to(u64::MAX)?;
        let mut hash = [0; 32];
        hash.copy_from_slice(hashed.context.finish().as_ref());
        Ok(Entry { hash: Sha256(hash), bytes: hashed.bytes, file })
    }

    /// Fails unless the folder holds what the manifest lists, the manifest if it is one of the files, and nothing else.
    pub(super) fn holds_exactly(&self, manifest: &Manifest, form: Form) -> Result<(), Failure> {
        let mut listed: HashSet<File> = manifest.files.iter().map(|entry| entry.file).collect();
        if form == Form::Exported {
            listed.insert(File::Manifest);
        }
        let has_attachments = manifest.attachments().next().is_some();
        let mut found = 0;
        let mut folders = vec![(self.0.to_owned(), "")];
        while let Some((folder, prefix)) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let name = entry.file_name();
                let name = name.to_str().ok_or(Problem::UnexpectedFile)?;
                if prefix.is_empty() && name == ATTACHMENTS && has_attachments && entry.file_type()?.is_dir()
                {
                    folders.push((entry.path(), "attachments/"));
                    continue;
                }
                let file = File::parse(&format!("{prefix}{name}")).filter(|file| listed.contains(file));
                let file = file.ok_or(Problem::UnexpectedFile)?;
                if !entry.file_type()?.is_file() {
                    return Err(Problem::NotAFile { file }.into());
                }
                found += 1;
            }
        }
        if found == listed.len() {
            return Ok(());
        }
        let missing = manifest.files.iter().find(|entry| !self.path(entry.file).exists());
        Err(Problem::MissingFile { file: missing.map_or(File::Manifest, |entry| entry.file) }.into())
    }

    /// A small file, whole.
    pub(super) fn read(&self, file: File, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        // One byte more than allowed shows that there are more, however many there are.
        let most = limit as u64 + 1;
        self.open_file(file)?.take(most).read_to_end(&mut bytes)?;
        if bytes.len() > limit { Err(Problem::TooLarge { file }.into()) } else { Ok(bytes) }
    }

    /// A file to be read line by line.
    pub(super) fn open(&self, file: File) -> Result<Hashed, Failure> {
        let input = BufReader::with_capacity(64 << 10, self.open_file(file)?);
        let context = digest::Context::new(&digest::SHA256);
        Ok(Hashed { file, input, context, bytes: 0, line: Vec::new() })
    }

    /// Fails unless the file's bytes are those that the manifest lists.
    pub(super) fn check(&self, entry: &Entry) -> Result<(), Failure> {
        let file = self.open_file(entry.file)?;
        if file.metadata()?.len() != entry.bytes {
            return Err(Problem::FileChanged { file: entry.file }.into());
        }
        let mut hashed = self.open(entry.file)?;
        hashed.skip_to(entry.bytes)?;
        hashed.finish(entry)
    }

    fn open_file(&self, file: File) -> Result<fs::File, Failure> {
        let path = self.path(file);
        let missing = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Failure::from(Problem::MissingFile { file }),
            _ => error.into(),
        };
        // Looks at the link itself, and opens nothing that could block.
        if !fs::symlink_metadata(&path).map_err(missing)?.is_file() {
            return Err(Problem::NotAFile { file }.into());
        }
        Ok(fs::File::open(&path)?)
    }

    fn path(&self, file: File) -> PathBuf {
        self.0.join(file.path())
    }
}

impl Hashed {
    /// The next line, without its line feed; none at the end. A line that is longer than `limit` bytes with its
    /// line feed, or has none, is `problem`.
    pub(super) fn line(&mut self, limit: usize, problem: Problem) -> Result<Option<&[u8]>, Failure> {
        self.line.clear();
        self.input.by_ref().take(limit as u64).read_until(b'\n', &mut self.line)?;
        if self.line.is_empty() {
            return Ok(None);
        }
        self.context.update(&self.line);
        self.bytes += self.line.len() as u64;
        self.line.strip_suffix(b"\n").map(Some).ok_or_else(|| problem.into())
    }

    /// Fails unless everything was read and is what the manifest lists.
    pub(super) fn finish(mut self, entry: &Entry) -> Result<(), Failure> {
        let at_end = self.input.fill_buf()?.is_empty();
        let same = self.context.finish().as_ref() == entry.hash.0;
        if at_end && same && self.bytes == entry.bytes {
            return Ok(());
        }
        Err(Problem::FileChanged { file: self.file }.into())
    }

    /// Reads on to `end` bytes, or to the end of the file.
    fn skip_to(&mut self, end: u64) -> Result<(), Failure> {
        while self.bytes < end {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let length = chunk.len();
            self.context.update(chunk);
            self.input.consume(length);
            self.bytes += length as u64;
        }
        Ok(())
    }
}

/// Fails unless `bytes` are what the manifest lists for `file`.
pub(super) fn matches(manifest: &Manifest, file: File, bytes: &[u8]) -> Result<(), Failure> {
    let same = manifest
        .entry(file)
        .is_some_and(|entry| entry.bytes == bytes.len() as u64 && entry.hash == Sha256::of(bytes));
    if same { Ok(()) } else { Err(Problem::FileChanged { file }.into()) }
}
