//! Opens the vault: key, lock, cipher, form.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use ring::hmac;
use ring::rand::SystemRandom;
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::error::VaultError;
use super::key::{KeyStore, VaultKey};
use super::migrations::migrate;

const DATABASE: &str = "vault.db";
const WRITE_AHEAD: &str = "vault.db-wal";
const LOCK: &str = "vault.lock";
/// Tells a wrong key from a damaged first page, which look the same to the cipher.
const CHECK: &str = "vault.check";
const CHECK_MESSAGE: &[u8] = b"curtain/v1/vault-key-check";

/// What every plain SQLite file starts with. [SQLite file format, 1.3]
const PLAIN_HEADER: &[u8] = b"SQLite format 3\0";

/// The open database, and the lock that keeps other processes out. The connection closes first.
pub(super) struct Opened {
    pub(super) connection: Connection,
    _lock: File,
}

/// Opens the vault in `folder`, or makes one where neither a vault nor a trace of one is.
pub(super) fn open(folder: &Path, keys: &dyn KeyStore, random: &SystemRandom) -> Result<Opened, VaultError> {
    make_folder(folder)?;
    for name in [DATABASE, WRITE_AHEAD, LOCK, CHECK] {
        only_a_file(&folder.join(name))?;
    }
    let lock = lock(&folder.join(LOCK))?;
    let database = folder.join(DATABASE);
    let start = start_of(&database)?;
    // The note is written once the vault is whole: with it, or with a log of writes, there was a vault.
    let was_whole = [CHECK, WRITE_AHEAD].iter().any(|name| folder.join(name).exists());
    if start.is_empty() && was_whole {
        return Err(VaultError::Gone);
    }
    let key = match (keys.load()?, start.is_empty()) {
        (Some(key), _) => key,
        (None, true) => {
            let key = VaultKey::make(random)?;
            keys.keep(&key)?;
            key
        }
        (None, false) => return Err(VaultError::KeyLost),
    };
    if start == PLAIN_HEADER {
        return Err(VaultError::NotEncrypted);
    }
    let noted = check_key(&folder.join(CHECK), &key)?;
    let connection = connect(&database, &key)?;
    if noted == Noted::Not {
        note_key(folder, &key)?;
    }
    Ok(Opened { connection, _lock: lock })
}

/// Whether there is a vault in `folder`, or what is left of one.
pub(super) fn is_there(folder: &Path) -> bool {
    [DATABASE, CHECK].iter().any(|name| folder.join(name).exists())
}

/// Opening a pipe would wait for its other end; a link would lead elsewhere.
fn only_a_file(path: &Path) -> Result<(), VaultError> {
    match std::fs::symlink_metadata(path) {
        Ok(about) if about.is_file() => Ok(()),
        Ok(_) => Err(VaultError::NotAllowed),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes the vault's folder, for its owner alone.
pub(super) fn make_folder(folder: &Path) -> Result<(), VaultError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    Ok(builder.create(folder)?)
}

fn lock(path: &Path) -> Result<File, VaultError> {
    let file = private(OpenOptions::new().create(true).truncate(false)).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(VaultError::InUse),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// For writing, and for its owner alone where it is made.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true)
}

/// The first bytes of the database, none where there is none yet.
fn start_of(path: &Path) -> Result<Vec<u8>, VaultError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut start = Vec::new();
    file.take(PLAIN_HEADER.len() as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// Whether a key was noted.
#[derive(PartialEq, Eq)]
enum Noted {
    AsThisKey,
    Not,
}

/// Compares the key with what was noted of it when the vault was made.
fn check_key(path: &Path, key: &VaultKey) -> Result<Noted, VaultError> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let noted = hex::decode(text.trim_end()).map_err(|_| VaultError::Damaged)?;
            let signer = hmac::Key::new(hmac::HMAC_SHA256, key.bytes());
            hmac::verify(&signer, CHECK_MESSAGE, &noted).map_err(|_| VaultError::WrongKey)?;
            Ok(Noted::AsThisKey)
        }
        // Without the note a wrong key reads as damage.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Noted::Not),
        Err(error) => Err(error.into()),
    }
}

/// Notes the key of a vault that has just opened with it. Whole or not at all.
fn note_key(folder: &Path, key: &VaultKey) -> Result<(), VaultError> {
    let signer = hmac::Key::new(hmac::HMAC_SHA256, key.bytes());
    let mut file = tempfile::Builder::new().prefix(".curtain-").suffix(".part").tempfile_in(folder)?;
    writeln!(file, "{}", hex::encode(hmac::sign(&signer, CHECK_MESSAGE)))?;
    file.as_file().sync_all()?;
    file.persist(folder.join(CHECK)).map_err(|error| error.error)?;
    Ok(File::open(folder)?.sync_all()?)
}

fn connect(database: &Path, key: &VaultKey) -> Result<Connection, VaultError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    // SQLite does not open links below the path either, so the folder's own links are resolved first.
    let folder = database.parent().map(Path::canonicalize).transpose()?;
    let database = folder.as_deref().and_then(|folder| Some(folder.join(database.file_name()?)));
    let database = database.ok_or(VaultError::NotAllowed)?;
    // SQLite would make it for others to read; its log takes the same mode.
    drop(private(OpenOptions::new().create(true).truncate(false)).open(&database)?);
    let mut connection = Connection::open_with_flags(database, flags)?;
    // Before the key: its errors must not reach standard error. A plain SQLite ignores this and the key.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    let digits = Zeroizing::new(hex::encode(key.bytes()));
    let pragma = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", digits.as_str()));
    connection.execute_batch(&pragma)?;
    let version: Option<String> = connection.query_row("PRAGMA cipher_version", [], |row| row.get(0)).ok();
    if version.is_none_or(|version| version.is_empty()) {
        return Err(VaultError::NoCipher);
    }
    // Before the first read: SQLite would make a file of shared memory, which needs space on a full disk.
    connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
    // The first read: a wrong key or a damaged first page shows here.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA foreign_keys = ON;
         PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -8192;",
    )?;
    migrate(&mut connection)?;
    Ok(connection)
}
