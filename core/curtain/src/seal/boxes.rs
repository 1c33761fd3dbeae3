//! One secret of 32 bytes, sealed to many: see [`curtain_wire::boxes`].

use curtain_wire::boxes::{BoxError, BoxSet, KemKey, Record};
use ring::rand::SystemRandom;
use thiserror::Error;
use zeroize::Zeroizing;

use super::kem::{self, OpenError, SealError, SecretKey};

/// Why no boxes were made.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoxesError {
    /// The platform gave no randomness.
    #[error("the platform gave no randomness: try again")]
    NoRandomness,
    /// A recipient's key cannot be sealed to.
    #[error("a recipient's key cannot be sealed to: they have to make a new one")]
    UnusableKey,
    /// Too many recipients, or one of them twice.
    #[error(transparent)]
    Set(#[from] BoxError),
}

impl BoxesError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoRandomness => "no_randomness",
            Self::UnusableKey => "unusable_key",
            Self::Set(error) => error.code(),
        }
    }
}

/// Seals `secret` to each of `recipients`; each box opens with `info` alone, and for its recipient alone.
///
/// # Errors
/// [`BoxesError`].
pub fn seal_boxes(
    recipients: &[KemKey],
    info: &[u8],
    secret: &[u8; 32],
    random: &SystemRandom,
) -> Result<BoxSet, BoxesError> {
    let one = |to: &KemKey| {
        let recipient = to.recipient();
        let sealed = kem::seal_to(to, info, &recipient.0, secret, random).map_err(|error| match error {
            SealError::NoRandomness(_) => BoxesError::NoRandomness,
            _ => BoxesError::UnusableKey,
        })?;
        Ok(Record::new(recipient, &sealed)?)
    };
    let records = recipients.iter().map(one).collect::<Result<_, BoxesError>>()?;
    Ok(BoxSet::new(records)?)
}

/// Opens the box of the holder of `key`.
///
/// # Errors
/// [`OpenError`].
pub fn open_box(key: &SecretKey, info: &[u8], record: &Record) -> Result<Zeroizing<[u8; 32]>, OpenError> {
    let secret = kem::open(key, info, &record.recipient().0, &record.sealed())?;
    let secret: [u8; 32] = secret.as_slice().try_into().map_err(|_| OpenError::DoesNotOpen)?;
    Ok(Zeroizing::new(secret))
}

#[cfg(test)]
mod tests;
