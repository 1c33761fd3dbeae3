//! Writes a folder so that it is there whole or not at all.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use ring::digest;

use super::manifest::{ATTACHMENTS, Entry, File};
use crate::hash::Sha256;

/// A folder that is being written under another name; deleted again if it is dropped before [`Folder::finish`].
pub(super) struct Folder {
    target: PathBuf,
    part: PathBuf,
    finished: bool,
}

/// A file that is being written and hashed.
pub(super) struct Written {
    file: File,
    out: BufWriter<fs::File>,
    context: digest::Context,
    bytes: u64,
}

impl Folder {
    /// Starts beside `target`, in a folder of that name with `.part` at its end.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if either is there already; [`io::ErrorKind::InvalidInput`] if `target`
    /// has no name.
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        let mut name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        name.push(".part");
        let part = target.with_file_name(name);
        if fs::symlink_metadata(target).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        private_folder(&part)?;
        Ok(Self { target: target.to_owned(), part, finished: false })
    }

    /// Starts a file. The folder of attachments is made with the first of them.
    pub(super) fn start(&self, file: File) -> io::Result<Written> {
        if let File::Attachment(_) = file
            && let Err(error) = private_folder(&self.part.join(ATTACHMENTS))
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(error);
        }
        let out = private_file(&self.part.join(file.path()))?;
        let context = digest::Context::new(&digest::SHA256);
        Ok(Written { file, out: BufWriter::new(out), context, bytes: 0 })
    }

    /// Writes a whole file.
    pub(super) fn write(&self, file: File, bytes: &[u8]) -> io::Result<Entry> {
        let mut written = self.start(file)?;
        written.put(bytes)?;
        written.finish()
    }

    /// Gives the folder its name, durably.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let attachments = self.part.join(ATTACHMENTS);
        if attachments.is_dir() {
            sync_folder(&attachments)?;
        }
        sync_folder(&self.part)?;
        fs::rename(&self.part, &self.target)?;
        self.finished = true;
        match self.target.parent() {
            Some(above) if above.as_os_str().is_empty() => sync_folder(Path::new(".")),
            Some(above) => sync_folder(above),
            None => Ok(()),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.finished {
            // Nobody could do anything about a failure here, and the name says that it is unfinished.
            let _ = fs::remove_dir_all(&self.part);
        }
    }
}

impl Written {
    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.context.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Ends the file, durably.
    pub(super) fn finish(self) -> io::Result<Entry> {
        self.out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        let mut hash = [0; 32];
        hash.copy_from_slice(self.context.finish().as_ref());
        Ok(Entry { hash: Sha256(hash), bytes: self.bytes, file: self.file })
    }
}

/// A folder that only its owner reads: details name people.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()
}

/// Elsewhere folders cannot be opened, and their names are durable with the files.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
