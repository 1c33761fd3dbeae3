//! The vault: everything that is kept on the device, encrypted.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use curtain::time::UnixTime;
use curtain::vault as core;
use ring::rand::SystemRandom;

use crate::error::VaultError;
use crate::keys::{KeyStore, Platform};

/// An open vault. One call at a time works on it, the others wait. Closed by `shutdown`, or with its last reference.
#[derive(uniffi::Object)]
pub struct Vault {
    inner: Mutex<Option<core::Vault>>,
}

#[uniffi::export]
impl Vault {
    /// Opens the vault in `folder`, or makes one where there is none; its key is asked of `keys`.
    ///
    /// # Errors
    /// [`VaultError`]; nothing was changed.
    #[uniffi::constructor]
    pub fn open(folder: String, keys: Arc<dyn KeyStore>) -> Result<Arc<Self>, VaultError> {
        let folder = Path::new(&folder);
        core::Vault::make_folder(folder)?;
        let vault = core::Vault::open(folder, &Platform(keys), SystemRandom::new())?;
        Ok(Arc::new(Self { inner: Mutex::new(Some(vault)) }))
    }

    /// Closes it for everything that uses it: what is called afterwards throws [`VaultError::Closed`]. Waits for calls that
    /// work on it.
    pub fn shutdown(&self) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The names of the cases that are kept, the newest first.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn cases(&self) -> Result<Vec<String>, VaultError> {
        self.with(|vault| Ok(vault.cases()?.iter().map(|case| case.id.to_string()).collect()))
    }

    /// Deletes a case, with its photos and text.
    ///
    /// # Errors
    /// [`VaultError::NotFound`]; [`VaultError`].
    pub fn discard_case(&self, id: String) -> Result<(), VaultError> {
        let id = id.parse().map_err(|_| VaultError::NotFound)?;
        self.with(|vault| Ok(vault.discard_case(id)?))
    }
}

impl Vault {
    /// Works on the vault, if it is open.
    pub(crate) fn with<T, E: From<VaultError>>(
        &self,
        work: impl FnOnce(&mut core::Vault) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut vault = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        work(vault.as_mut().ok_or(VaultError::Closed)?)
    }
}

/// Now, by the device's clock.
pub(crate) fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    UnixTime::new(i64::try_from(since).unwrap_or(i64::MAX))
        .unwrap_or_else(|_| UnixTime::new(0).expect("1970 is a time"))
}
