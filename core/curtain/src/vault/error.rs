//! What can go wrong with the vault. None of it loses what was acknowledged.

use rusqlite::ErrorCode;
use thiserror::Error;

use super::key::KeyStoreError;
use crate::time::UnixTime;

/// Why the vault did not do what was asked. No message holds a path, a key or anything that is kept.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum VaultError {
    /// The key store gave no key.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// There is a vault, and its key is gone.
    #[error(
        "this vault's key is gone, and nothing else opens it: put the key back from its copy; the vault was left as it is"
    )]
    KeyLost,
    /// The key is not the one that this vault was made with.
    #[error("this is not the key of this vault: use the key it was made with; the vault was left as it is")]
    WrongKey,
    /// The file is a plain database: it was never a vault.
    #[error(
        "this file is not encrypted, so it is not a vault of ours and was left as it is: choose another folder"
    )]
    NotEncrypted,
    /// The database that was built in does not encrypt.
    #[error("this build has no encryption for the vault: nothing was stored; build it with SQLCipher")]
    NoCipher,
    /// A page does not read as it was written.
    #[error(
        "a part of the vault is damaged and was not used: copy the vault's folder as it is, then restore a backup"
    )]
    Damaged,
    /// No space is left.
    #[error("there is no space left: nothing of this change was kept; free some space and try again")]
    Full,
    /// Another process has the vault open.
    #[error("the vault is in use by another process: close it there and try again")]
    InUse,
    /// The vault was written by a newer Curtain.
    #[error(
        "this vault was written by a newer Curtain (version {found} of its form; this one knows {known}): update Curtain"
    )]
    Newer {
        /// The form of the vault.
        found: i64,
        /// The newest form that this build knows.
        known: i64,
    },
    /// The system does not let this user read or write the vault.
    #[error(
        "the vault's folder may not be read and written by this user: choose another or change its permissions"
    )]
    NotAllowed,
    /// Reading or writing failed.
    #[error("the vault could not be read or written: check the disk or card and try again")]
    Failed {
        /// `SQLite`'s extended result code, 0 where another part failed.
        code: i32,
    },
    /// The clock is earlier than the newest record.
    #[error("the clock says a time before the newest record of {newest}: set the clock and try again")]
    ClockBehind {
        /// When the newest record was made.
        newest: UnixTime,
    },
    /// Something kept does not pass the checks that it passed when it was kept.
    #[error("a kept record does not pass its checks and was not used: the vault is damaged or was changed")]
    Inconsistent,
    /// The database is gone or empty, and what lies beside it shows that there was one.
    #[error(
        "this vault's database is gone or empty, although there was one: restore it from a backup; nothing was made in its place"
    )]
    Gone,
    /// It is not said who takes an export.
    #[error("say in at most 500 characters on one line who takes the export and what for")]
    TakenBy,
    /// The consent ended.
    #[error("the consent ended meanwhile, by withdrawal, expiry or erasure: nothing was kept")]
    Ended,
    /// There is one already.
    #[error("there is one already, and it was left as it is")]
    Exists,
    /// There is nothing of that name.
    #[error("there is no such record in this vault: list what there is")]
    NotFound,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: try again later")]
    NoRandomness,
}

impl VaultError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::KeyStore(error) => error.code(),
            Self::KeyLost => "key_lost",
            Self::WrongKey => "wrong_key",
            Self::NotEncrypted => "not_encrypted",
            Self::NoCipher => "no_cipher",
            Self::Damaged => "vault_damaged",
            Self::Full => "no_space",
            Self::InUse => "vault_in_use",
            Self::Newer { .. } => "vault_newer",
            Self::NotAllowed => "vault_not_allowed",
            Self::Failed { .. } => "vault_failed",
            Self::ClockBehind { .. } => "clock_behind",
            Self::Inconsistent => "vault_inconsistent",
            Self::Gone => "vault_gone",
            Self::TakenBy => "taken_by",
            Self::Ended => "consent_ended",
            Self::Exists => "exists",
            Self::NotFound => "not_found",
            Self::NoRandomness => "no_randomness",
        }
    }
}

/// The database's own messages can hold paths and values, so only its codes pass.
impl From<rusqlite::Error> for VaultError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => Self::Full,
                // SQLCipher's pager says "out of memory" or a generic error of a page whose HMAC is wrong: no statement of
                // ours is wrong SQL.
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::OutOfMemory => {
                    Self::Damaged
                }
                _ if failure.extended_code == rusqlite::ffi::SQLITE_ERROR => Self::Damaged,
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed => Self::InUse,
                ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen => Self::NotAllowed,
                _ => Self::Failed { code: failure.extended_code },
            },
            rusqlite::Error::QueryReturnedNoRows => Self::NotFound,
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => Self::Inconsistent,
            _ => Self::Failed { code: 0 },
        }
    }
}

impl From<std::io::Error> for VaultError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::Full,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotADirectory => {
                Self::NotAllowed
            }
            _ => Self::Failed { code: 0 },
        }
    }
}
