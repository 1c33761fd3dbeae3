//! The platform's key store, as the vault wants it.

use std::sync::Arc;

use curtain::vault as core;

/// Keeps the vault's key, and wraps private keys: Android's Keystore, the iOS keychain. Give the same one each time.
#[uniffi::export(with_foreign)]
pub trait KeyStore: Send + Sync {
    /// The vault's 32 bytes, or none where none were ever kept.
    ///
    /// # Errors
    /// [`KeyStoreError`] where there may be a key and it cannot be had now: never none, since a new key would then be made
    /// beside a vault that the old one opens.
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError>;

    /// Keeps 32 fresh bytes, durably, before this returns. Never replaces others.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    fn keep(&self, key: Vec<u8>) -> Result<(), KeyStoreError>;

    /// Encrypts a private key so that only this key store opens it again.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    fn wrap(&self, secret: Vec<u8>) -> Result<Vec<u8>, KeyStoreError>;

    /// Opens what `wrap` gave.
    ///
    /// # Errors
    /// [`KeyStoreError`]; `NotWrappedHere` if another key store wrapped it, or it was changed.
    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyStoreError>;
}

/// Why the key store gave no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum KeyStoreError {
    /// The device is locked, or the person did not unlock the key.
    #[error("the key store is locked: unlock the device and try again")]
    Locked,
    /// What is kept is not a key.
    #[error("the key store holds something that is no key of this vault")]
    Unusable,
    /// The store could not be read or written, or threw something else.
    #[error("the key store could not be used")]
    Failed,
    /// There is no space for the key.
    #[error("there is no space left for the key: free some and try again")]
    NoSpace,
    /// A private key does not open.
    #[error("a private key of this device was not wrapped by this key store")]
    NotWrappedHere,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for KeyStoreError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

impl From<KeyStoreError> for core::KeyStoreError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::Locked => Self::Locked,
            KeyStoreError::Unusable => Self::Unusable,
            KeyStoreError::Failed => Self::Failed,
            KeyStoreError::NoSpace => Self::NoSpace,
            KeyStoreError::NotWrappedHere => Self::NotWrappedHere,
        }
    }
}

/// A key store of the platform's, for the core.
pub(crate) struct Platform(pub(crate) Arc<dyn KeyStore>);

impl core::KeyStore for Platform {
    fn load(&self) -> Result<Option<core::VaultKey>, core::KeyStoreError> {
        let Some(bytes) = self.0.load()? else { return Ok(None) };
        let bytes = zeroize::Zeroizing::new(bytes);
        let key = bytes.as_slice().try_into().map_err(|_| core::KeyStoreError::Unusable)?;
        Ok(Some(core::VaultKey::new(key)))
    }

    fn keep(&self, key: &core::VaultKey) -> Result<(), core::KeyStoreError> {
        Ok(self.0.keep(key.bytes().to_vec())?)
    }

    fn wrap(&self, secret: &[u8]) -> Result<Vec<u8>, core::KeyStoreError> {
        Ok(self.0.wrap(secret.to_vec())?)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<core::Secret, core::KeyStoreError> {
        Ok(self.0.unwrap(wrapped.to_vec())?.into())
    }
}
