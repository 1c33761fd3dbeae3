//! What stays of a post whose files are gone: which one it was, and why.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::canonical::{self, NotCanonical};
use crate::hash::Sha256;
use crate::header::WithdrawalCode;
use crate::time::UnixTime;

/// A post's files were deleted. Nobody signs it: who reads it checks the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Tombstone {
    /// The hash of the post's header.
    pub about: Sha256,
    /// When, by the clock of whoever deleted them.
    pub at: UnixTime,
    /// Why.
    pub reason: Reason,
}

/// Why a post's files were deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// This header of the feed withdrew it.
    Header(u64),
    /// Somebody presented the patient's code.
    Code(WithdrawalCode),
    /// Its last day is over.
    Over,
}

/// Something gives no reason, or more than one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a tombstone has one reason")]
pub struct NotOneReason;

impl Tombstone {
    /// The most bytes of one as canonical JSON.
    pub const MAX_BYTES: usize = 1 << 10;

    /// Reads one. Writing it again gives the same bytes.
    ///
    /// # Errors
    /// [`NotCanonical`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        canonical::from_bytes(bytes, Self::MAX_BYTES)
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_bytes(self)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    about: Sha256,
    at: UnixTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<WithdrawalCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    over: Option<bool>,
}

impl TryFrom<Written> for Tombstone {
    type Error = NotOneReason;

    fn try_from(Written { about, at, code, header, over }: Written) -> Result<Self, NotOneReason> {
        let reason = match (header, code, over) {
            (Some(n), None, None) => Reason::Header(n),
            (None, Some(code), None) => Reason::Code(code),
            (None, None, Some(true)) => Reason::Over,
            _ => return Err(NotOneReason),
        };
        Ok(Self { about, at, reason })
    }
}

impl From<Tombstone> for Written {
    fn from(Tombstone { about, at, reason }: Tombstone) -> Self {
        let none = Self { about, at, code: None, header: None, over: None };
        match reason {
            Reason::Header(n) => Self { header: Some(n), ..none },
            Reason::Code(code) => Self { code: Some(code), ..none },
            Reason::Over => Self { over: Some(true), ..none },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tombstone_has_one_reason() {
        let about = Sha256([0xab; 32]);
        let at = UnixTime::new(5).unwrap();
        let hex = "ab".repeat(32);
        for (reason, said) in [
            (Reason::Header(7), r#","header":7}"#.to_owned()),
            (Reason::Code(WithdrawalCode([1; 16])), format!(r#","code":"{}"}}"#, "01".repeat(16))),
            (Reason::Over, r#","over":true}"#.to_owned()),
        ] {
            let tombstone = Tombstone { about, at, reason };
            let bytes = tombstone.to_bytes();
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert_eq!(text, format!(r#"{{"about":"{hex}","at":5{said}"#));
            assert_eq!(Tombstone::parse(&bytes), Ok(tombstone));
            for end in 0..bytes.len() {
                assert!(Tombstone::parse(&bytes[..end]).is_err());
            }
        }
        for more in ["", r#","over":false"#, r#","header":1,"over":true"#, r#","over":true,"x":1"#] {
            let text = format!(r#"{{"about":"{hex}","at":5{more}}}"#);
            assert!(Tombstone::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
