//! SHA-256, and random identifiers that say nothing.

use ring::digest;
use thiserror::Error;

/// What was given is not the expected number of lowercase hexadecimal digits.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is not {digits} lowercase hexadecimal digits")]
pub struct NotHex {
    /// How many digits there should be.
    pub digits: usize,
}

/// Makes a byte string of fixed length that reads and writes as lowercase hexadecimal digits, and as nothing else. Whether
/// `Debug` shows it is said with its doc.
macro_rules! hex_bytes {
    ($(#[$about:meta])* $name:ident, $bytes:literal) => {
        $(#[$about])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $bytes]);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::hash::NotHex;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let wrong = $crate::hash::NotHex { digits: 2 * $bytes };
                if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return Err(wrong);
                }
                let mut bytes = [0; $bytes];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| wrong)?;
                Ok(Self(bytes))
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::hash::NotHex;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    };
}

pub(crate) use hex_bytes;

hex_bytes!(
    /// A SHA-256 hash; shown as 64 hexadecimal digits. [FIPS 180-4]
    #[derive(Debug)]
    Sha256,
    32
);

hex_bytes!(
    /// A random 128-bit identifier; shown as 32 hexadecimal digits. It names a record and says nothing about it.
    #[derive(Debug)]
    Id,
    16
);

impl Sha256 {
    /// The hash of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_canonical() {
        // "abc" [FIPS 180-4, example]
        let hash = Sha256::of(b"abc");
        assert_eq!(hash.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!(hash.to_string().to_uppercase().parse::<Sha256>().is_err());
        assert!("00".parse::<Id>().is_err());
    }
}
