//! Bytes for somebody: HPKE [RFC 9180] in base mode with X-Wing, which holds unless both ML-KEM-768 and X25519 fall.
//!
//! Suite: KEM 0x647A (X-Wing), KDF 0x0001 (HKDF-SHA256), AEAD 0x0003 (ChaCha20-Poly1305); one message each. Sealed is
//! `0x01 || enc (1120) || ciphertext and tag`. Who sealed it is not known from it: a signature elsewhere says so.
//! Source of the KEM: draft-ietf-hpke-pq and draft-connolly-cfrg-xwing-kem.

use std::convert::Infallible;
use std::fmt;

use curtain_wire::boxes::KemKey;
use curtain_wire::canonical::{Suite, UnknownSuite};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::NoRandomness;

/// Bytes of an encapsulated key. [draft-ietf-hpke-pq, table 2]
pub const ENCAPSULATED: usize = 1120;
/// Bytes that sealing adds: suite, encapsulated key, tag.
pub const OVERHEAD: usize = 1 + ENCAPSULATED + 16;

/// Why nothing was sealed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// See [`NoRandomness`].
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The recipient's key has the right size and is no key.
    #[error("the recipient's key is not usable: they must send another")]
    UnusableKey,
    /// The plaintext is longer than HPKE takes.
    #[error("this is too much to seal at once")]
    TooLong,
}

impl SealError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoRandomness(_) => "no_randomness",
            Self::UnusableKey => "unusable_key",
            Self::TooLong => "too_long",
        }
    }
}

/// Why sealed bytes do not open.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// They are of another version.
    #[error(transparent)]
    UnknownSuite(#[from] UnknownSuite),
    /// They are fewer than [`OVERHEAD`].
    #[error("the sealed bytes end too early: fetch them again")]
    TooShort,
    /// They were sealed to another key or for another purpose, or were changed.
    #[error("these bytes were sealed to another key or for another purpose, or were changed")]
    DoesNotOpen,
}

impl OpenError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownSuite(_) => "unknown_suite",
            Self::TooShort => "too_short",
            Self::DoesNotOpen => "does_not_open",
        }
    }
}

/// An X-Wing secret key: the 32-byte seed of both of its parts. Wiped when dropped; shown by nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// A key that was kept. Its bytes must be uniform.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(seed)
    }

    /// A fresh key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn make(random: &SystemRandom) -> Result<Self, NoRandomness> {
        let mut key = Self([0; 32]);
        random.fill(&mut key.0).map_err(|_| NoRandomness)?;
        Ok(key)
    }

    /// The seed, to keep it or to seal it for another device.
    #[must_use]
    pub fn seed(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key that others seal to.
    #[must_use]
    pub fn public(&self) -> KemKey {
        let mut public = Box::new([0; KemKey::BYTES]);
        XWing::sk_to_pk(&self.expand()).write_exact(&mut *public);
        KemKey::from_bytes(public.as_slice()).expect("what is made from a seed is a key")
    }

    fn expand(&self) -> <XWing as Kem>::PrivateKey {
        <XWing as Kem>::PrivateKey::from_bytes(&self.0).expect("a seed is any 32 bytes")
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// Seals `plaintext` to `to`. It opens with the same `info` and `aad` alone; see [`derive::info`](super::derive::info).
///
/// # Errors
/// [`SealError`].
pub fn seal_to(
    to: &KemKey,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    random: &SystemRandom,
) -> Result<Vec<u8>, SealError> {
    seal_drawing(to, info, aad, plaintext, |bytes| random.fill(bytes))
}

/// [`seal_to`] with randomness that `draw` gives: for it, and for tests.
fn seal_drawing(
    to: &KemKey,
    info: &[u8],
    aad: &[u8],
    plaintext: &[u8],
    draw: impl FnMut(&mut [u8]) -> Result<(), Unspecified>,
) -> Result<Vec<u8>, SealError> {
    let key = <XWing as Kem>::PublicKey::from_bytes(to.as_bytes()).map_err(|_| SealError::UnusableKey)?;
    let mut drawing = Drawing { draw, failed: None };
    let sealed = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeS::Base,
        &key,
        info,
        plaintext,
        aad,
        &mut drawing,
    );
    // Before anything else is made of it: after a failed draw the result is not secret.
    if let Some(failed) = drawing.failed {
        return Err(failed.into());
    }
    let (encapsulated, ciphertext) = sealed.map_err(|_| SealError::TooLong)?;
    let mut bytes = vec![Suite::BYTE; 1 + ENCAPSULATED];
    encapsulated.write_exact(&mut bytes[1..]);
    bytes.extend_from_slice(&ciphertext);
    Ok(bytes)
}

/// Opens what [`seal_to`] sealed.
///
/// # Errors
/// [`OpenError`].
pub fn open(
    key: &SecretKey,
    info: &[u8],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    Suite::try_from(*sealed.first().ok_or(OpenError::TooShort)?)?;
    if sealed.len() < OVERHEAD {
        return Err(OpenError::TooShort);
    }
    let (encapsulated, ciphertext) = sealed[1..].split_at(ENCAPSULATED);
    let encapsulated =
        <XWing as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| OpenError::DoesNotOpen)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &key.expand(),
        &encapsulated,
        info,
        ciphertext,
        aad,
    )
    .map(Zeroizing::new)
    .map_err(|_| OpenError::DoesNotOpen)
}

/// Randomness for `hpke`, whose generators cannot fail. A failure is remembered here, and whoever drew must look.
struct Drawing<F> {
    draw: F,
    failed: Option<NoRandomness>,
}

impl<F: FnMut(&mut [u8]) -> Result<(), Unspecified>> TryRng for Drawing<F> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        if (self.draw)(bytes).is_err() {
            self.failed = Some(NoRandomness);
        }
        Ok(())
    }
}

impl<F: FnMut(&mut [u8]) -> Result<(), Unspecified>> TryCryptoRng for Drawing<F> {}

#[cfg(test)]
mod tests;
