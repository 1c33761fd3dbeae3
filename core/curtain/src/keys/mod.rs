//! Who somebody is: the keys of a device, of a user across devices, of an issuer and of an officer.
//!
//! No key serves two formats. A device has three Ed25519 keys: `object` signs statements (`curtain/v1/...`), `log` signs
//! C2SP notes, `request` signs HTTP requests [RFC 9421]; and an X-Wing key, to which the user's own X-Wing key is sealed.
//! Secrets are wiped when they are dropped, as far as the libraries below allow: `ring` keeps expanded Ed25519 keys for the
//! length of one signature, without wiping them.

mod device;
mod log;
mod paper;
mod recovery;
mod user;

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use thiserror::Error;
use zeroize::Zeroizing;

use curtain_wire::statement::{PublicKey, Signed, Statement};

use crate::seal::{BoxesError, NoRandomness};

pub use device::{DeviceKeys, ListedDevice};
pub use log::LogKey;
pub use paper::KeyFile;
pub use recovery::RecoveryCode;
pub use user::{Keyring, UserKey};

/// Why a key could not be made or used.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: try again later")]
    NoRandomness,
    /// A device or user cannot be sealed to.
    #[error("the key could not be sealed to one of the devices: {0}")]
    Boxes(BoxesError),
    /// What was kept of a key is no key.
    #[error(
        "a kept key does not read as it was written: restore the vault from a backup, or use the recovery code"
    )]
    Damaged,
    /// A file holds no key of the kind that is needed.
    #[error("this is not the private key that is needed here: give the file that made it")]
    NotAKey,
    /// The keyring holds no copy of the user's key for this device.
    #[error("the keyring holds no key for this device: link the device again from another one of yours")]
    NotForThisDevice,
    /// The copy for this device does not open, or is another key than the one announced.
    #[error("the keyring's copy for this device does not hold: it was changed, or made for something else")]
    Keyring,
}

impl From<NoRandomness> for KeyError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl From<BoxesError> for KeyError {
    fn from(error: BoxesError) -> Self {
        match error {
            BoxesError::NoRandomness => Self::NoRandomness,
            other => Self::Boxes(other),
        }
    }
}

impl KeyError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoRandomness => "no_randomness",
            Self::Boxes(error) => error.code(),
            Self::Damaged => "key_damaged",
            Self::NotAKey => "not_a_key",
            Self::NotForThisDevice => "not_for_this_device",
            Self::Keyring => "keyring",
        }
    }
}

/// An Ed25519 private key. [RFC 8032]
pub struct SigningKey {
    seed: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

impl SigningKey {
    /// The key that `seed`, 32 random bytes, stands for.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        let mut public = PublicKey([0; 32]);
        public.0.copy_from_slice(pair(&seed).public_key().as_ref());
        Self { seed, public }
    }

    /// A fresh key.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn make(random: &SystemRandom) -> Result<Self, KeyError> {
        Ok(Self::from_seed(*make_seed(random)?))
    }

    /// What checks its signatures.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// The 32 bytes that it was made from, to be kept.
    #[must_use]
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Signs `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(pair(&self.seed).sign(message).as_ref());
        signature
    }

    /// Says `body` under its signature.
    #[must_use]
    pub fn state<T: Statement + Clone>(&self, body: T) -> Signed<T> {
        Signed::new(body, |message| self.sign(message))
    }
}

/// Shows the public half.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.public)
    }
}

fn pair(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are a seed")
}

/// 32 random bytes.
fn make_seed(random: &SystemRandom) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let mut seed = Zeroizing::new([0; 32]);
    random.fill(seed.as_mut()).map_err(|_| KeyError::NoRandomness)?;
    Ok(seed)
}
