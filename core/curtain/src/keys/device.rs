//! The keys of one device.

use curtain_wire::boxes::KemKey;
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::membership::{ClaimedDevice, Device, Use, claim_message};
use curtain_wire::statement::Signature;
use ring::rand::SystemRandom;
use zeroize::Zeroizing;

use super::{KeyError, LogKey, SigningKey};
use crate::seal::kem::SecretKey;

/// A device of the user as circles list it, with the whole of its X-Wing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDevice {
    /// As circles list it.
    pub claimed: ClaimedDevice,
    /// Its X-Wing key; the device names its hash.
    pub seal: KemKey,
}

/// The private keys of this device.
#[derive(Debug)]
pub struct DeviceKeys {
    object: SigningKey,
    request: SigningKey,
    seal: SecretKey,
    claimed: ClaimedDevice,
}

impl ListedDevice {
    /// The device's id.
    #[must_use]
    pub fn id(&self) -> Sha256 {
        self.claimed.id()
    }
}

impl DeviceKeys {
    /// Fresh keys of a device of `user`, beside the key of the consent log that it writes.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn make(user: Id, log: &LogKey, random: &SystemRandom) -> Result<Self, KeyError> {
        let (object, request) = (SigningKey::make(random)?, SigningKey::make(random)?);
        Ok(Self::new(user, object, request, SecretKey::make(random)?, log, Use::Posting))
    }

    pub(super) fn new(
        user: Id,
        object: SigningKey,
        request: SigningKey,
        seal: SecretKey,
        log: &LogKey,
        r#use: Use,
    ) -> Self {
        let device = Device {
            log: log.verifier().clone(),
            object: object.public(),
            request: request.public(),
            seal: seal.public().recipient(),
            r#use,
        };
        let id = device.id();
        let said = Signature(object.sign(&claim_message(&id, &user)));
        let claimed = ClaimedDevice { log: log.claim(&id, &user), object: said, device };
        Self { object, request, seal, claimed }
    }

    /// As it is kept: the seeds of `object`, `request` and `seal`, 96 bytes.
    #[must_use]
    pub fn to_secret(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([self.object.seed().as_slice(), self.request.seed(), self.seal.seed()].concat())
    }

    /// Takes up what [`Self::to_secret`] gave.
    ///
    /// # Errors
    /// [`KeyError::Damaged`].
    pub fn from_secret(user: Id, secret: &[u8], log: &LogKey) -> Result<Self, KeyError> {
        let seed = |place: usize| -> Result<[u8; 32], KeyError> {
            let part = secret.get(32 * place..32 * (place + 1)).ok_or(KeyError::Damaged)?;
            part.try_into().map_err(|_| KeyError::Damaged)
        };
        if secret.len() != 96 {
            return Err(KeyError::Damaged);
        }
        let seal = SecretKey::from_seed(seed(2)?);
        let (object, request) = (SigningKey::from_seed(seed(0)?), SigningKey::from_seed(seed(1)?));
        Ok(Self::new(user, object, request, seal, log, Use::Posting))
    }

    /// As circles list it.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.claimed.device
    }

    /// As the user's other devices know it.
    #[must_use]
    pub fn listed(&self) -> ListedDevice {
        ListedDevice { claimed: self.claimed.clone(), seal: self.seal.public() }
    }

    /// Its name: a hash of its public keys.
    #[must_use]
    pub fn id(&self) -> Sha256 {
        self.claimed.id()
    }

    /// Signs statements.
    #[must_use]
    pub fn object(&self) -> &SigningKey {
        &self.object
    }

    /// Signs HTTP requests.
    #[must_use]
    pub fn request(&self) -> &SigningKey {
        &self.request
    }

    /// Opens the user's keyring.
    pub(super) fn seal(&self) -> &SecretKey {
        &self.seal
    }
}
