//! A code on paper that stands for a device: with it, the user's key comes to a new phone when the old one is lost.

use curtain_wire::hash::Id;
use curtain_wire::membership::Use;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{DeviceKeys, KeyError, LogKey, SigningKey};
use crate::seal::derive::{self, Label};
use crate::seal::kem::SecretKey;
use crate::spoken::{self, CodeError, Kind};

/// 128 random bits. Whoever has them can take the user's place: kept on paper, in a safe place, and nowhere else.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; 16]);

impl RecoveryCode {
    /// A fresh code.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn make(random: &SystemRandom) -> Result<Self, KeyError> {
        let mut code = Self([0; 16]);
        random.fill(&mut code.0).map_err(|_| KeyError::NoRandomness)?;
        Ok(code)
    }

    /// Seven groups of four letters and digits, to write down or to read aloud.
    #[must_use]
    pub fn printed(&self) -> Zeroizing<String> {
        spoken::printed(&self.0, Kind::Recovery)
    }

    /// Reads a code as people type it: see [`spoken::parse`].
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        Ok(Self(*spoken::parse(text, Kind::Recovery)?))
    }

    /// The device of `user` that it stands for: always the same. It links and revokes devices, and posts nothing.
    #[must_use]
    pub fn device(&self, user: Id) -> DeviceKeys {
        let secret = derive::derive_recovery(&self.0);
        let seed = |label: Label| *derive::derive_key(&secret, label).bytes();
        // No log is ever written with it; its name follows from the code.
        let log = seed(Label::RECOVERY_LOG);
        let mut name = Id([0; 16]);
        name.0.copy_from_slice(&SigningKey::from_seed(log).public().0[..16]);
        let log = LogKey::from_seed(name, &log);
        DeviceKeys::new(
            user,
            SigningKey::from_seed(seed(Label::RECOVERY_OBJECT)),
            SigningKey::from_seed(seed(Label::RECOVERY_REQUEST)),
            SecretKey::from_seed(seed(Label::RECOVERY_SEAL)),
            &log,
            Use::Recovery,
        )
    }
}

/// Shows nothing of the code.
impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_for_one_device() {
        let code = RecoveryCode([9; 16]);
        let read = RecoveryCode::parse(&code.printed().to_lowercase()).unwrap();
        let user = Id([1; 16]);
        assert_eq!(read.device(user).id(), code.device(user).id());
        assert_ne!(RecoveryCode([8; 16]).device(user).id(), code.device(user).id());
        assert_eq!(code.device(user).device().r#use, Use::Recovery);
        assert_eq!(code.device(user).listed().claimed.verify(&user), Ok(()));
    }
}
