//! The user's own key, which every device of the user has: epoch keys and the user's own posts are sealed to it.

use curtain_wire::boxes::{BoxSet, KemKey};
use curtain_wire::canonical::Suite;
use curtain_wire::hash::{Id, Sha256};
use ring::rand::SystemRandom;
use serde::Serialize;

use super::{DeviceKeys, KeyError};
use crate::seal::kem::SecretKey;
use crate::seal::{self, derive, derive::Line};

/// The user's X-Wing key. It is replaced when a device is revoked.
#[derive(Debug)]
pub struct UserKey {
    /// Who.
    pub user: Id,
    secret: SecretKey,
}

/// The user's key, sealed to each of the user's devices.
pub type Keyring = BoxSet;

#[derive(Serialize)]
struct Info {
    /// The key, by the hash of its public half.
    key: Sha256,
    suite: Suite,
    user: Id,
}

impl UserKey {
    /// A fresh key of a user.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn make(user: Id, random: &SystemRandom) -> Result<Self, KeyError> {
        Ok(Self { user, secret: SecretKey::make(random)? })
    }

    /// Takes up a key that was kept as its 32-byte seed.
    #[must_use]
    pub fn from_seed(user: Id, seed: [u8; 32]) -> Self {
        Self { user, secret: SecretKey::from_seed(seed) }
    }

    /// Its 32-byte seed, to be kept.
    #[must_use]
    pub fn seed(&self) -> &[u8; 32] {
        self.secret.seed()
    }

    /// What others seal to.
    #[must_use]
    pub fn public(&self) -> KemKey {
        self.secret.public()
    }

    /// Opens what was sealed to the user.
    pub(crate) fn secret(&self) -> &SecretKey {
        &self.secret
    }

    /// Seals the key to each of `devices`.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn keyring(&self, devices: &[KemKey], random: &SystemRandom) -> Result<Keyring, KeyError> {
        Ok(seal::seal_boxes(devices, &self.info(), self.seed(), random)?)
    }

    /// Takes the copy that is for `device`, and checks that it is the key announced as `public`.
    ///
    /// # Errors
    /// [`KeyError::NotForThisDevice`], [`KeyError::Keyring`].
    pub fn from_keyring(
        user: Id,
        public: &KemKey,
        keyring: &Keyring,
        device: &DeviceKeys,
    ) -> Result<Self, KeyError> {
        let copy = keyring.one(&device.device().seal).ok_or(KeyError::NotForThisDevice)?;
        let copy = copy.verify(&keyring.head(), &device.device().seal).map_err(|_| KeyError::Keyring)?;
        let seed =
            seal::open_box(device.seal(), &info(user, public), &copy).map_err(|_| KeyError::Keyring)?;
        let key = Self::from_seed(user, *seed);
        if key.public() == *public { Ok(key) } else { Err(KeyError::Keyring) }
    }

    fn info(&self) -> Vec<u8> {
        info(self.user, &self.public())
    }
}

fn info(user: Id, key: &KemKey) -> Vec<u8> {
    derive::info(Line::KEYRING, &Info { key: key.recipient(), suite: Suite, user })
}
