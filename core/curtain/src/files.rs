//! Where finished pictures leave, and where photos come in: the only door to the file system.

use std::fs::{File, FileTimes};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;

use crate::metadata::{Audited, Format, Leak, LeakClass};
use crate::picture::Limits;

/// Why a file could not be read. No message holds its path.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// A directory, device or pipe.
    #[error("this is not a file: give the pictures one by one")]
    NotAFile,
    /// The system does not let this user read it.
    #[error("the file may not be read by this user")]
    NotAllowed,
    /// Larger than the limit.
    #[error("the file is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit that was set.
        limit: u64,
    },
    /// A private key that is not private.
    #[error("others than its owner may read this key: make it the owner's alone (chmod 600)")]
    Exposed,
    /// Reading failed half-way.
    #[error("the file could not be read: check the disk or card")]
    Failed,
}

impl ReadError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotAFile => "not_a_file",
            Self::NotAllowed => "not_allowed",
            Self::TooLarge { .. } => "file_too_large",
            Self::Exposed => "key_exposed",
            Self::Failed => "read_failed",
        }
    }
}

/// Why a file could not be written. Nothing is left behind. No message holds its path.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// A file of that name exists; it was not touched.
    #[error("a file of that name exists and was not overwritten: choose another name")]
    Exists,
    /// The folder does not exist and cannot be made, or is not a folder.
    #[error("the output folder cannot be used: choose another")]
    NoFolder,
    /// The system does not let this user write there.
    #[error("the output folder may not be written by this user")]
    NotAllowed,
    /// The disk is full.
    #[error("there is no space left: free some and try again")]
    NoSpace,
    /// Writing failed.
    #[error("the file could not be written: check the disk or card")]
    Failed,
}

impl WriteError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::NoFolder => "no_folder",
            Self::NotAllowed => "write_not_allowed",
            Self::NoSpace => "no_space",
            Self::Failed => "write_failed",
        }
    }

    fn of(error: &std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::AlreadyExists => Self::Exists,
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::NoFolder,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Self::NotAllowed,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::NoSpace,
            _ => Self::Failed,
        }
    }
}

/// Reads a file of at most [`Limits::file_bytes`].
///
/// # Errors
/// [`ReadError`].
pub fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, ReadError> {
    let read_error = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => ReadError::NotFound,
        ErrorKind::PermissionDenied => ReadError::NotAllowed,
        ErrorKind::IsADirectory => ReadError::NotAFile,
        _ => ReadError::Failed,
    };
    // Asked before opening: opening a pipe waits for its writer.
    let about = std::fs::metadata(path).map_err(read_error)?;
    if !about.is_file() {
        return Err(ReadError::NotAFile);
    }
    if about.len() > limits.file_bytes {
        return Err(ReadError::TooLarge { limit: limits.file_bytes });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
    let file = File::open(path).map_err(read_error)?;
    // The file may grow while it is read.
    file.take(limits.file_bytes + 1).read_to_end(&mut bytes).map_err(read_error)?;
    if bytes.len() as u64 > limits.file_bytes {
        return Err(ReadError::TooLarge { limit: limits.file_bytes });
    }
    Ok(bytes)
}

/// Reads a file of at most `limit` bytes from a folder that others write to: a link is not followed.
///
/// It does not protect against who changes the file into a link in that very moment: what is read is verified.
/// # Errors
/// [`ReadError`]; [`ReadError::NotAFile`] for a link, folder, device or pipe.
pub fn read_shared(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let about = std::fs::symlink_metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::NotFound,
        ErrorKind::PermissionDenied => ReadError::NotAllowed,
        _ => ReadError::Failed,
    })?;
    if !about.is_file() {
        return Err(ReadError::NotAFile);
    }
    read(path, &Limits { file_bytes: limit, ..Limits::default() })
}

/// The names in a folder, in order; none where there is no folder. Names that are not Unicode are left out.
///
/// # Errors
/// [`ReadError`]; [`ReadError::TooLarge`] where there are more than `limit`.
pub fn names(folder: &Path, limit: usize) -> Result<Vec<String>, ReadError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(ReadError::NotAllowed),
        Err(_) => return Err(ReadError::Failed),
    };
    let mut names = Vec::new();
    for entry in entries {
        if names.len() == limit {
            return Err(ReadError::TooLarge { limit: limit as u64 });
        }
        names.extend(entry.map_err(|_| ReadError::Failed)?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// Writes `bytes` to `path`, which must not exist, as others of the folder may read it: as careful as [`release`]. The
/// folder is made if it is missing. The same bytes there already are as good.
///
/// # Errors
/// [`WriteError`]; [`WriteError::Exists`] if there is something else.
pub fn share(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    make_folder(folder_of(path))?;
    let same = || read_shared(path, bytes.len() as u64).is_ok_and(|there| there == bytes);
    if exists(path) {
        return if same() { Ok(()) } else { Err(WriteError::Exists) };
    }
    let mut file = NewFile::create_for(path, Readers::AsUsual)?;
    file.write_all(bytes).map_err(|error| WriteError::of(&error))?;
    match file.finish() {
        Err(WriteError::Exists) if same() => Ok(()),
        done => done,
    }
}

/// Writes a private key, or what goes with one, to `path`, which must not exist, for its owner alone.
///
/// # Errors
/// [`WriteError`]; no file is left behind.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_bytes(path, bytes)
}

/// Reads a private key of at most `limit` bytes.
///
/// # Errors
/// [`ReadError`]; [`ReadError::Exposed`] if others than its owner may read it.
pub fn read_private(path: &Path, limit: u64) -> Result<zeroize::Zeroizing<Vec<u8>>, ReadError> {
    let bytes = zeroize::Zeroizing::new(read_shared(path, limit)?);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(|_| ReadError::Failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(ReadError::Exposed);
        }
    }
    Ok(bytes)
}

/// What the file system itself would give away with the file at `path`.
#[must_use]
pub fn leaks(path: &Path) -> Vec<Leak> {
    /// Modified, accessed and created, as the file systems of phones and cameras keep them.
    const BYTES_OF_TIMES: u64 = 3 * 8;
    let name = path.file_name().map_or(0, |name| name.len() as u64);
    let in_directory = || "the folder's entry".to_owned();
    vec![
        Leak { class: LeakClass::FileName, place: in_directory(), bytes: name },
        Leak { class: LeakClass::FileTimes, place: in_directory(), bytes: BYTES_OF_TIMES },
    ]
}

/// Writes `picture` into `folder` under a random name that says nothing, and gives the path.
///
/// The folder is made if it is missing. The file appears whole or not at all (temporary file, sync,
/// rename), never replaces another, and says 1970 as the times of change and access. When the file was
/// made stays in the file system's own records, which are not copied along.
/// # Errors
/// [`WriteError`]; no file is left behind.
pub fn release(picture: &Audited, folder: &Path, random: &SystemRandom) -> Result<PathBuf, WriteError> {
    make_folder(folder)?;
    let extension = match picture.format() {
        Format::Png => "png",
        _ => "jpg",
    };
    let path = folder.join(format!("{}.{extension}", make_neutral_name(random)?));
    write_new(picture, &path)?;
    Ok(path)
}

/// Writes `picture` to `path`, which must not exist; as careful as [`release`].
///
/// # Errors
/// [`WriteError`]; no file is left behind.
pub fn write_new(picture: &Audited, path: &Path) -> Result<(), WriteError> {
    let mut file = NewFile::create(path)?;
    file.write_all(picture.bytes()).map_err(|error| WriteError::of(&error))?;
    file.file.as_file().set_times(no_times()).map_err(|error| WriteError::of(&error))?;
    file.finish()
}

/// Writes the bytes of anything but a picture to `path`, which must not exist; as careful as [`release`].
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut file = NewFile::create(path)?;
    file.write_all(bytes).map_err(|error| WriteError::of(&error))?;
    file.finish()
}

/// Writes `bytes` to `path`, for its owner alone, in place of what may be there: a reader finds the one or the other, whole.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(".curtain-").suffix(".part");
    let mut file = builder.tempfile_in(folder_of(path)).map_err(|error| WriteError::of(&error))?;
    file.write_all(bytes).map_err(|error| WriteError::of(&error))?;
    file.as_file().sync_all().map_err(|error| WriteError::of(&error))?;
    file.persist(path).map_err(|error| WriteError::of(&error.error))?;
    sync_folder(folder_of(path));
    Ok(())
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), WriteError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(WriteError::of(&error)),
        _ => Ok(()),
    }
}

/// Asks whether something new can be made at `path`, before any of it is written.
///
/// # Errors
/// [`WriteError`].
pub fn check_new(path: &Path) -> Result<(), WriteError> {
    if exists(path) {
        return Err(WriteError::Exists);
    }
    let folder = tempfile::Builder::new().prefix(".curtain-").tempdir_in(folder_of(path));
    folder.map(|_| ()).map_err(|error| WriteError::of(&error))
}

/// Whether there is something of that name, a link included.
pub(crate) fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Whether there is a folder of that name.
pub(crate) fn is_folder(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|about| about.is_dir())
}

/// Makes a folder that must not be there, for its owner alone, and those above it.
///
/// # Errors
/// [`WriteError`].
pub fn make_new_folder(folder: &Path) -> Result<(), WriteError> {
    make_folder(folder_of(folder))?;
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| WriteError::of(&error))
}

/// Makes a folder, and those above it.
pub(crate) fn make_folder(folder: &Path) -> Result<(), WriteError> {
    std::fs::create_dir_all(folder).map_err(|error| match WriteError::of(&error) {
        WriteError::Exists => WriteError::NoFolder,
        other => other,
    })
}

/// A file that is being written under another name, for its owner alone. It gets its name when it is finished, and is
/// gone if it is dropped before.
pub(crate) struct NewFile {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

/// Who may read a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Its owner.
    Owner,
    /// Whoever may read files that its owner makes.
    AsUsual,
}

impl NewFile {
    /// Starts a file that will be at `path`.
    pub(crate) fn create(path: &Path) -> Result<Self, WriteError> {
        Self::create_for(path, Readers::Owner)
    }

    fn create_for(path: &Path, readers: Readers) -> Result<Self, WriteError> {
        if exists(path) {
            return Err(WriteError::Exists);
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".curtain-").suffix(".part");
        #[cfg(unix)]
        if readers == Readers::AsUsual {
            // The user's mask takes off what it takes off.
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        }
        #[cfg(not(unix))]
        let _ = readers;
        let file = builder.tempfile_in(folder_of(path)).map_err(|error| WriteError::of(&error))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Another way to write to it.
    pub(crate) fn handle(&self) -> std::io::Result<File> {
        self.file.as_file().try_clone()
    }

    /// Gives it its name, durably.
    pub(crate) fn finish(self) -> Result<(), WriteError> {
        self.file.as_file().sync_all().map_err(|error| WriteError::of(&error))?;
        self.file.persist_noclobber(&self.path).map_err(|error| WriteError::of(&error.error))?;
        sync_folder(folder_of(&self.path));
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn no_times() -> FileTimes {
    FileTimes::new().set_accessed(SystemTime::UNIX_EPOCH).set_modified(SystemTime::UNIX_EPOCH)
}

/// Makes the new name survive a power cut where the system can; the file itself is synced already.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        // Some file systems refuse to sync a folder; the picture is whole either way.
        let _ = folder.sync_all();
    }
}

/// 128 random bits as hexadecimal.
fn make_neutral_name(random: &SystemRandom) -> Result<String, WriteError> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes).map_err(|_| WriteError::Failed)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
