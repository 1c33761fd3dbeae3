//! Signed statements: canonical JSON, signed with Ed25519 under a first line that says what it is.

use ring::signature;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::canonical::{self, NotCanonical};
use crate::hash::{Sha256, hex_bytes};

hex_bytes!(
    /// An Ed25519 public key [RFC 8032], in 64 hexadecimal digits.
    #[derive(Debug)]
    PublicKey,
    32
);

hex_bytes!(
    /// An Ed25519 signature [RFC 8032], in 128 hexadecimal digits.
    #[derive(Debug)]
    Signature,
    64
);

/// The signature does not fit: what was signed was changed, or another key signed it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the signature does not fit: it was changed, or another key signed it")]
pub struct BadSignature;

impl PublicKey {
    /// Checks an Ed25519 signature over `message`. [RFC 8032]
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        signature::UnparsedPublicKey::new(&signature::ED25519, &self.0)
            .verify(message, &signature.0)
            .map_err(|_| BadSignature)
    }
}

/// Something that is said under a signature. Its bytes never pass for those of another type.
pub trait Statement: Serialize + DeserializeOwned {
    /// The first line of the signed message, `curtain/v1/<type>`.
    const TYPE: &'static str;
    /// The most bytes that a signed one may have.
    const MAX_BYTES: usize;
}

/// A statement with its signature, as the bytes that are kept and hashed.
///
/// Canonical JSON, `{"body":{...},"signature":"<128 digits>","type":"curtain/v1/<type>"}`. Signed is the type, a line
/// feed, and the body's canonical JSON. Having one proves nothing: see [`Signed::verify`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Envelope<T>", into = "Envelope<T>", bound = "T: Statement + Clone")]
pub struct Signed<T> {
    body: T,
    signature: Signature,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "T: Statement")]
struct Envelope<T> {
    body: T,
    signature: Signature,
    r#type: String,
}

impl<T: Statement> TryFrom<Envelope<T>> for Signed<T> {
    type Error = NotCanonical;

    fn try_from(envelope: Envelope<T>) -> Result<Self, NotCanonical> {
        let Envelope { body, signature, r#type } = envelope;
        if r#type == T::TYPE { Ok(Self { body, signature }) } else { Err(NotCanonical::Form) }
    }
}

impl<T: Statement> From<Signed<T>> for Envelope<T> {
    fn from(signed: Signed<T>) -> Self {
        Self { body: signed.body, signature: signed.signature, r#type: T::TYPE.to_owned() }
    }
}

/// The message that is signed.
fn message<T: Statement>(body: &T) -> Vec<u8> {
    let mut message = format!("{}\n", T::TYPE).into_bytes();
    message.extend(canonical::to_bytes(body));
    message
}

impl<T: Statement + Clone> Signed<T> {
    /// Signs `body`: `sign` gets the message and gives the Ed25519 signature.
    #[must_use]
    pub fn new(body: T, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Self {
        let signature = Signature(sign(&message(&body)));
        Self { body, signature }
    }

    /// Reads a statement. Writing it again gives the same bytes.
    ///
    /// # Errors
    /// [`NotCanonical`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        canonical::from_bytes(bytes, T::MAX_BYTES)
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_bytes(self)
    }

    /// SHA-256 of its bytes, signature and all: names this statement.
    #[must_use]
    pub fn hash(&self) -> Sha256 {
        Sha256::of(&self.to_bytes())
    }

    /// What it says. Not to be believed before [`Signed::verify`].
    #[must_use]
    pub fn body(&self) -> &T {
        &self.body
    }

    /// Gives what it says, if `key` signed it.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, key: &PublicKey) -> Result<&T, BadSignature> {
        key.verify(&message(&self.body), &self.signature)?;
        Ok(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_keys::pair;
    use ring::signature::KeyPair as _;

    macro_rules! statement {
        ($name:ident, $type:literal) => {
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            struct $name {
                n: u64,
            }

            impl Statement for $name {
                const TYPE: &'static str = $type;
                const MAX_BYTES: usize = 1_000;
            }
        };
    }

    statement!(One, "curtain/v1/one");
    statement!(Other, "curtain/v1/other");

    fn key(seed: u8) -> PublicKey {
        PublicKey(pair(seed).public_key().as_ref().try_into().unwrap())
    }

    fn signed() -> Signed<One> {
        Signed::new(One { n: 5 }, |message| {
            assert_eq!(message, b"curtain/v1/one\n{\"n\":5}");
            pair(1).sign(message).as_ref().try_into().unwrap()
        })
    }

    #[test]
    fn a_statement_holds_under_its_key_alone() {
        let bytes = signed().to_bytes();
        let read = Signed::<One>::parse(&bytes).unwrap();
        assert_eq!(read, signed());
        assert_eq!(read.verify(&key(1)), Ok(&One { n: 5 }));
        assert_eq!(read.verify(&key(2)), Err(BadSignature));
        assert_eq!(Signed::<Other>::parse(&bytes), Err(NotCanonical::Form));
    }

    #[test]
    fn no_flipped_bit_and_no_cut_passes() {
        let bytes = signed().to_bytes();
        for at in 0..bytes.len() {
            assert!(Signed::<One>::parse(&bytes[..at]).is_err());
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let passes =
                    Signed::<One>::parse(&flipped).is_ok_and(|signed| signed.verify(&key(1)).is_ok());
                assert!(!passes, "bit {bit} of byte {at}");
            }
        }
    }
}
