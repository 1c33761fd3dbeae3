//! Where the vault's key comes from.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;

use curtain_wire::canonical::Suite;
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::seal::derive::{Context, Label, Line, context, derive_key};
use crate::seal::stream::{self, Key};

/// The 32 bytes that open the vault. Wiped when dropped; shown by nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct VaultKey([u8; 32]);

impl VaultKey {
    /// A key from the platform's key store.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A fresh key.
    ///
    /// # Errors
    /// [`KeyStoreError::NoRandomness`].
    pub fn make(random: &SystemRandom) -> Result<Self, KeyStoreError> {
        let mut key = Self([0; 32]);
        random.fill(&mut key.0).map_err(|_| KeyStoreError::NoRandomness)?;
        Ok(key)
    }

    /// The bytes, for the key store that keeps them.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(..)")
    }
}

/// A private key as bytes, wiped when dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// Keeps the vault's key: the platform's key store on phones, [`FileKeyStore`] on a desk.
pub trait KeyStore {
    /// The key, or `None` where none was ever kept.
    ///
    /// # Errors
    /// [`KeyStoreError`] where there may be a key and it cannot be had now: never `None`, since a new key
    /// would then be made beside a vault that the old one opens.
    fn load(&self) -> Result<Option<VaultKey>, KeyStoreError>;

    /// Keeps a fresh key, durably, before this returns. Never replaces another.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    fn keep(&self, key: &VaultKey) -> Result<(), KeyStoreError>;

    /// Encrypts a private key of this device so that only this key store opens it again.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    fn wrap(&self, secret: &[u8]) -> Result<Vec<u8>, KeyStoreError>;

    /// Opens what [`Self::wrap`] gave.
    ///
    /// # Errors
    /// [`KeyStoreError`]; [`KeyStoreError::NotWrappedHere`] if another key store wrapped it, or it was changed.
    fn unwrap(&self, wrapped: &[u8]) -> Result<Secret, KeyStoreError>;
}

/// Why the key store gave no key.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum KeyStoreError {
    /// The device is locked, or the person did not unlock the key.
    #[error("the key store is locked: unlock the device and try again")]
    Locked,
    /// What is kept is not a key.
    #[error(
        "the key store holds something that is no key of this vault: put the kept key back from its copy"
    )]
    Unusable,
    /// Other users of the machine could read the key.
    #[error("the key file may be read by others: allow it to its owner alone (chmod 600)")]
    Exposed,
    /// The store could not be read or written.
    #[error("the key store could not be used: check that its place exists and may be written")]
    Failed,
    /// There is no space for the key.
    #[error("there is no space left for the key: free some and try again")]
    NoSpace,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: try again later")]
    NoRandomness,
    /// A private key does not open.
    #[error(
        "a private key of this device was not wrapped by this key store: link this device again, or use the recovery code"
    )]
    NotWrappedHere,
}

impl KeyStoreError {
    fn of(error: &std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::NoSpace,
            _ => Self::Failed,
        }
    }
}

impl KeyStoreError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Locked => "key_store_locked",
            Self::Unusable => "key_unusable",
            Self::Exposed => "key_exposed",
            Self::Failed => "key_store_failed",
            Self::NoSpace => "no_space",
            Self::NoRandomness => "no_randomness",
            Self::NotWrappedHere => "not_wrapped_here",
        }
    }
}

/// A key in a file that only its owner may read: for a desk, where the disk itself should be encrypted.
///
/// It does not protect against whoever can read the owner's files: the key lies beside the vault.
#[derive(Clone, Debug)]
pub struct FileKeyStore {
    path: PathBuf,
}

impl FileKeyStore {
    /// Kept at `path`, in a folder that exists by then.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn wrapping_key(&self) -> Result<Key, KeyStoreError> {
        let key = self.load()?.ok_or(KeyStoreError::Failed)?;
        Ok(derive_key(&Key::new(key.0), Label::KEY_STORE))
    }
}

impl KeyStore for FileKeyStore {
    fn load(&self) -> Result<Option<VaultKey>, KeyStoreError> {
        // Opening a pipe would wait for its other end.
        if std::fs::metadata(&self.path).is_ok_and(|about| !about.is_file()) {
            return Err(KeyStoreError::Unusable);
        }
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(KeyStoreError::Failed),
        };
        owner_only(&file)?;
        let mut text = Zeroizing::new(String::new());
        file.take(128).read_to_string(&mut text).map_err(|_| KeyStoreError::Unusable)?;
        let mut key = VaultKey([0; 32]);
        hex::decode_to_slice(text.trim_end(), &mut key.0).map_err(|_| KeyStoreError::Unusable)?;
        Ok(Some(key))
    }

    fn keep(&self, key: &VaultKey) -> Result<(), KeyStoreError> {
        let folder = self.path.parent().ok_or(KeyStoreError::Failed)?;
        let line = Zeroizing::new(format!("{}\n", Zeroizing::new(hex::encode(key.0)).as_str()));
        // Whole or not at all: a key cut short would lose the vault.
        let mut file = tempfile::Builder::new()
            .prefix(".curtain-")
            .suffix(".part")
            .tempfile_in(folder)
            .map_err(|error| KeyStoreError::of(&error))?;
        file.write_all(line.as_bytes()).map_err(|error| KeyStoreError::of(&error))?;
        file.as_file().sync_all().map_err(|error| KeyStoreError::of(&error))?;
        file.persist_noclobber(&self.path).map_err(|error| KeyStoreError::of(&error.error))?;
        let folder = OpenOptions::new().read(true).open(folder);
        folder.and_then(|folder| folder.sync_all()).map_err(|error| KeyStoreError::of(&error))
    }

    fn wrap(&self, secret: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        let wrapped = stream::seal(&self.wrapping_key()?, &wrapped_key(), secret, &SystemRandom::new());
        wrapped.map_err(|_| KeyStoreError::NoRandomness)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Secret, KeyStoreError> {
        stream::open(&self.wrapping_key()?, &wrapped_key(), wrapped)
            .map_err(|_| KeyStoreError::NotWrappedHere)
    }
}

/// The context of a wrapped key.
fn wrapped_key() -> Context {
    #[derive(serde::Serialize)]
    struct Place {
        suite: Suite,
    }
    context(Line::WRAPPED_KEY, &Place { suite: Suite })
}

#[cfg(unix)]
fn owner_only(file: &File) -> Result<(), KeyStoreError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(|_| KeyStoreError::Failed)?.permissions().mode();
    let others = mode & 0o077;
    if others == 0 { Ok(()) } else { Err(KeyStoreError::Exposed) }
}

/// Other systems have no such bits to ask.
#[cfg(not(unix))]
fn owner_only(_: &File) -> Result<(), KeyStoreError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_the_owners_alone_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileKeyStore::new(folder.path().join("key"));
        assert!(store.load().unwrap().is_none());
        let key = VaultKey::make(&SystemRandom::new()).unwrap();
        store.keep(&key).unwrap();
        assert_eq!(store.load().unwrap().unwrap().bytes(), key.bytes());
        assert_eq!(store.keep(&VaultKey::new([1; 32])), Err(KeyStoreError::Failed));
        assert_eq!(store.load().unwrap().unwrap().bytes(), key.bytes());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(folder.path().join("key"), open).unwrap();
            assert_eq!(store.load().unwrap_err(), KeyStoreError::Exposed);
        }
    }

    #[test]
    fn a_key_cut_short_is_not_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let store = FileKeyStore::new(path.clone());
        store.keep(&VaultKey::new([7; 32])).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for end in 0..64 {
            std::fs::write(&path, &text[..end]).unwrap();
            assert_eq!(store.load().unwrap_err(), KeyStoreError::Unusable, "{end}");
        }
    }
}
