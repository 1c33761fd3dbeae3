//! Who the owner of this device is.

use curtain_wire::boxes::KemKey;
use curtain_wire::credential::{Credential, Profile};
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::statement::Signed;
use ring::rand::SystemRandom;

use super::CircleError;
use crate::keys::{DeviceKeys, Keyring, ListedDevice, UserKey};

/// The owner of this device, with the device's own keys.
#[derive(Debug)]
pub struct Identity {
    /// The user's random id.
    pub user: Id,
    /// As the members of the user's circles see it.
    pub name: String,
    /// This device.
    pub device: DeviceKeys,
    /// The user's key; `None` while this device waits to be linked.
    pub key: Option<UserKey>,
    /// Keys of the user that were replaced: circles that were not reached yet, and posts of before, are sealed to them.
    pub old_keys: Vec<UserKey>,
    /// What an issuer said of the user.
    pub credential: Option<Signed<Credential>>,
    /// All devices of the user, this one and the recovery code among them.
    pub devices: Vec<ListedDevice>,
}

impl Identity {
    /// A new user with this one device.
    ///
    /// # Errors
    /// [`CircleError::Name`], [`CircleError::NoRandomness`].
    pub fn make(
        user: Id,
        name: &str,
        device: DeviceKeys,
        random: &SystemRandom,
    ) -> Result<Self, CircleError> {
        Profile::new(name.to_owned(), None).map_err(|_| CircleError::Name)?;
        let key = Some(UserKey::make(user, random)?);
        let devices = vec![device.listed()];
        Ok(Self { user, name: name.to_owned(), device, key, old_keys: Vec::new(), credential: None, devices })
    }

    /// The user's key.
    ///
    /// # Errors
    /// [`CircleError::NotLinked`].
    pub fn key(&self) -> Result<&UserKey, CircleError> {
        self.key.as_ref().ok_or(CircleError::NotLinked)
    }

    /// The user's key, present or old, of which the public half has this hash.
    #[must_use]
    pub fn key_of(&self, recipient: &Sha256) -> Option<&UserKey> {
        self.keys().find(|key| key.public().recipient() == *recipient)
    }

    /// The user's keys, the present one first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &UserKey> {
        self.key.iter().chain(&self.old_keys)
    }

    /// What members see.
    ///
    /// # Errors
    /// [`CircleError::Name`].
    pub fn profile(&self) -> Result<Profile, CircleError> {
        Profile::new(self.name.clone(), self.credential.clone()).map_err(|_| CircleError::Name)
    }

    /// The user's key, sealed to each of the user's devices.
    ///
    /// # Errors
    /// [`CircleError`].
    pub fn keyring(&self, random: &SystemRandom) -> Result<Keyring, CircleError> {
        let devices: Vec<KemKey> = self.devices.iter().map(|listed| listed.seal.clone()).collect();
        Ok(self.key()?.keyring(&devices, random)?)
    }
}
