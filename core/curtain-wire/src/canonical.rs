//! The one way in which a value is written: canonical JSON [RFC 8785]. What is read must be written so, byte for byte.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Bytes that this version would write otherwise, or not at all.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotCanonical {
    /// More bytes than this kind of value may have.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The most there may be.
        limit: usize,
    },
    /// Not JSON of the expected members, or not in canonical form.
    #[error("it is not canonical JSON of the expected form")]
    Form,
}

/// The bytes of `value`: JSON with sorted keys and no spaces. [RFC 8785]
///
/// Numbers must be whole and below 2^53, as all of ours are.
#[must_use]
pub fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).expect("string keys, and numbers below 2^53")
}

/// Reads a value of at most `limit` bytes, strictly: writing it again must give the same bytes.
///
/// # Errors
/// [`NotCanonical`].
pub fn from_bytes<T: Serialize + DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, NotCanonical> {
    if bytes.len() > limit {
        return Err(NotCanonical::TooLarge { limit });
    }
    let value: T = serde_json::from_slice(bytes).map_err(|_| NotCanonical::Form)?;
    let written = serde_json_canonicalizer::to_vec(&value).map_err(|_| NotCanonical::Form)?;
    if written == bytes { Ok(value) } else { Err(NotCanonical::Form) }
}

/// The set of algorithms that everything of this version uses: written as the number 1, and no other is read.
///
/// 1: Cobblestone-256 (`c2sp.org/chunked-encryption`, AES-256-GCM, HKDF-Expand-SHA-512); HPKE [RFC 9180] in base mode
/// with X-Wing (0x647A), HKDF-SHA256 and ChaCha20-Poly1305; Ed25519; SHA-256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Suite;

impl Suite {
    /// The first byte of everything binary.
    pub const BYTE: u8 = 1;
}

/// The number of a suite that this version does not know.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("suite {0} is not known to this version: update Curtain")]
pub struct UnknownSuite(pub u8);

impl TryFrom<u8> for Suite {
    type Error = UnknownSuite;

    fn try_from(byte: u8) -> Result<Self, UnknownSuite> {
        if byte == Self::BYTE { Ok(Self) } else { Err(UnknownSuite(byte)) }
    }
}

impl From<Suite> for u8 {
    fn from(_: Suite) -> u8 {
        Suite::BYTE
    }
}

/// Bytes that are written as base64 with padding.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Base64(pub Vec<u8>);

/// What was given is not base64.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is not base64")]
pub struct NotBase64;

impl TryFrom<String> for Base64 {
    type Error = NotBase64;

    fn try_from(text: String) -> Result<Self, NotBase64> {
        STANDARD.decode(text).map(Self).map_err(|_| NotBase64)
    }
}

impl From<Base64> for String {
    fn from(bytes: Base64) -> String {
        STANDARD.encode(bytes.0)
    }
}

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Value {
        b: u64,
        a: Base64,
        suite: Suite,
    }

    #[test]
    fn there_is_one_way_to_write_a_value() {
        let value = Value { b: 7, a: Base64(vec![0xff, 0]), suite: Suite };
        let text = r#"{"a":"/wA=","b":7,"suite":1}"#;
        assert_eq!(to_bytes(&value), text.as_bytes());
        assert_eq!(from_bytes(text.as_bytes(), 100), Ok(value));
        assert_eq!(from_bytes::<Value>(text.as_bytes(), 10), Err(NotCanonical::TooLarge { limit: 10 }));
        for other in [
            text.replace(':', ": "),
            text.replace("\"b\":7", "\"b\":7.0"),
            text.replace("/wA=", "/wA"),
            text.replace("/wA=", "/wB="),
            text.replace("\"suite\":1", "\"suite\":2"),
            text.replace('}', ",\"x\":1}"),
            format!("{text}\n"),
            r#"{"b":7,"a":"/wA=","suite":1}"#.into(),
        ] {
            assert_eq!(from_bytes::<Value>(other.as_bytes(), 100), Err(NotCanonical::Form), "{other}");
        }
    }
}
