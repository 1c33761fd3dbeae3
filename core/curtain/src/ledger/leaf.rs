//! One entry of the log: canonical JSON [RFC 8785] that says what happened and holds no identity.

use std::fmt;
use std::str::FromStr;

use curtain_wire::canonical;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::consent::{Level, Regime};
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;

/// A leaf of the log. Its bytes are [`Leaf::canonical`]; what identifies anyone is behind a commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// When it was recorded: never earlier than the leaf before.
    pub at: UnixTime,
    /// What happened.
    pub event: Event,
    /// The log that it belongs to, so that no other log can show it as its own.
    pub log: Id,
    /// Its place in the log, from 0, so that a moved leaf tells on itself.
    pub n: u64,
    /// The version of this format: 1.
    pub v: u8,
}

/// Where another leaf stands: a number in the same log, or log and number in one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    /// In the log of the leaf that says so.
    Here(u64),
    /// In a log that this one continues.
    Before {
        /// That log.
        log: Id,
        /// The place in it.
        n: u64,
    },
}

/// `12`, or `LOG/12` for a log before.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(n) => write!(f, "{n}"),
            Self::Before { log, n } => write!(f, "{log}/{n}"),
        }
    }
}

/// What was given names no place in a log.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is no place in a log: write a number, or LOG/NUMBER for an earlier log")]
pub struct NotAPlace;

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let number = |text: &str| text.parse().map_err(|_| NotAPlace);
        match text.split_once('/') {
            None => number(text).map(Self::Here),
            Some((log, n)) => Ok(Self::Before { log: log.parse().map_err(|_| NotAPlace)?, n: number(n)? }),
        }
    }
}

/// What a leaf records. Fields named `grant`, `of`, `copies` and `awaits` are places of other leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// A patient, or who may speak for one, agreed.
    Grant {
        /// HMAC-SHA256 of the consent record's canonical bytes, under a fresh key kept with it.
        commitment: Sha256,
        /// The consent's random name.
        consent: Id,
        /// The last second of the consent.
        expires: UnixTime,
        /// How far the case may go.
        level: Level,
        /// Under which law or guidance.
        regime: Regime,
        /// SHA-256 of the withdrawal code's 16 bytes: whoever presents the code may withdraw.
        withdrawal: Sha256,
    },
    /// The consent was withdrawn.
    Withdraw {
        /// Disclosures and exports that must still follow: acknowledgements to wait for.
        awaits: Vec<Place>,
        /// By whom.
        by: WithdrawnBy,
        /// The consent's random name.
        consent: Id,
        /// The grant's place.
        grant: Place,
    },
    /// The consent's time ran out.
    Expire {
        /// The consent's random name.
        consent: Id,
        /// The grant's place.
        grant: Place,
    },
    /// A post made under the consent was sent to a circle.
    Disclose {
        /// Whom the circle serves.
        audience: Level,
        /// The consent's random name.
        consent: Id,
        /// The grant's place.
        grant: Place,
        /// The post's random name.
        post: Id,
    },
    /// The holder of a copy says that it is gone.
    Acknowledge {
        /// The disclosure or export that made the copy.
        copy: Place,
        /// The withdrawal or erasure that it follows.
        of: Place,
    },
    /// Details and keys of the consent were deleted. The grant's commitment can no longer be opened.
    Erase {
        /// Exports whose holders have copies that must follow.
        copies: Vec<Place>,
        /// The consent's random name.
        consent: Id,
        /// The grant's place.
        grant: Place,
        /// Whether a duty to keep the record was broken.
        retention: Retention,
    },
    /// A part of the log was handed out.
    Export {
        /// HMAC-SHA256 of who took it and why, under a fresh key kept with it.
        commitment: Sha256,
        /// Whether the details of consents were in it.
        details: DetailsTaken,
        /// The log that it is of.
        exported: Id,
        /// The first leaf in it.
        first: u64,
        /// In which form.
        format: ExportFormat,
        /// The first leaf that is not in it any more.
        until: u64,
    },
    /// This log goes on where another stopped. Always leaf 0.
    Continue {
        /// The log before.
        before: Id,
        /// Why it could not go on.
        reason: ContinueReason,
        /// Root of the log before, at `size`.
        root: Sha256,
        /// Leaves of the log before that this vault holds.
        size: u64,
        /// Leaves of the log before that someone else has seen: above `size`, the difference is missing here.
        witnessed: u64,
    },
}

impl Event {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Grant { .. } => "grant",
            Self::Withdraw { .. } => "withdraw",
            Self::Expire { .. } => "expire",
            Self::Disclose { .. } => "disclose",
            Self::Acknowledge { .. } => "acknowledge",
            Self::Erase { .. } => "erase",
            Self::Export { .. } => "export",
            Self::Continue { .. } => "continue",
        }
    }

    /// The consent that it is about, if it is about one.
    #[must_use]
    pub fn consent(&self) -> Option<Id> {
        match self {
            Self::Grant { consent, .. }
            | Self::Withdraw { consent, .. }
            | Self::Expire { consent, .. }
            | Self::Disclose { consent, .. }
            | Self::Erase { consent, .. } => Some(*consent),
            Self::Acknowledge { .. } | Self::Export { .. } | Self::Continue { .. } => None,
        }
    }
}

/// Who withdrew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawnBy {
    /// Whoever presented the code of the patient's receipt.
    Code,
    /// The clinician's device, told by the patient.
    Author,
    /// The compliance officer.
    Officer,
}

impl WithdrawnBy {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Author => "author",
            Self::Officer => "officer",
        }
    }

    /// The other way round.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Code, Self::Author, Self::Officer].into_iter().find(|by| by.code() == code)
    }
}

/// Whether erasing broke a duty to keep the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "duty", rename_all = "snake_case", deny_unknown_fields)]
pub enum Retention {
    /// There was none, or its time was over.
    Over,
    /// It was broken, for this reason.
    Broken {
        /// Why.
        reason: EraseReason,
    },
}

/// Why a record was erased although it should have been kept. Codes, since free text could name the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EraseReason {
    /// The patient asked for it, and the law that applies gives that right.
    PatientRequest,
    /// A court or supervisory authority ordered it.
    Order,
    /// The record was about another person, or should never have been made.
    RecordedInError,
    /// Keeping it puts the patient in danger.
    Danger,
}

/// Whether details of consents, which identify people, were part of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetailsTaken {
    /// Only leaves and commitments.
    No,
    /// Names and all.
    Yes,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// Leaves, checkpoint, keys and a signed manifest: what `verify` reads.
    Evidence,
    /// RFC 4180.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// A FHIR R4 Bundle.
    Fhir,
    /// Pages for people.
    Pdf,
}

/// Why a log could not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContinueReason {
    /// A witness has seen more leaves than this vault holds: it was restored from an older copy.
    Behind,
    /// A witness has seen other leaves than this vault holds.
    Forked,
    /// The vault of the log before is gone; this one is new.
    Reinstalled,
}

/// Bytes that are not a leaf exactly as this version writes it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is not a canonical leaf of version 1")]
pub struct NotALeaf;

impl Leaf {
    /// The largest leaf that is read, in bytes.
    pub const MAX_BYTES: usize = 1 << 20;

    /// The bytes that the tree hashes: JSON with sorted keys and no spaces. [RFC 8785]
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        canonical::to_bytes(self)
    }

    /// Reads a leaf, strictly: writing it again must give the same bytes.
    ///
    /// # Errors
    /// [`NotALeaf`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NotALeaf> {
        let leaf: Self = canonical::from_bytes(bytes, Self::MAX_BYTES).map_err(|_| NotALeaf)?;
        if leaf.v == 1 { Ok(leaf) } else { Err(NotALeaf) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf {
        let event = Event::Withdraw {
            awaits: vec![Place::Here(3)],
            by: WithdrawnBy::Code,
            consent: Id([7; 16]),
            grant: Place::Here(1),
        };
        Leaf { at: UnixTime::new(1_800_000_000).unwrap(), event, log: Id([1; 16]), n: 4, v: 1 }
    }

    #[test]
    fn the_bytes_are_canonical() {
        let expected = concat!(
            r#"{"at":1800000000,"event":{"awaits":[3],"by":"code","#,
            r#""consent":"07070707070707070707070707070707","grant":1,"kind":"withdraw"},"#,
            r#""log":"01010101010101010101010101010101","n":4,"v":1}"#
        );
        assert_eq!(String::from_utf8(leaf().canonical()).unwrap(), expected);
        assert_eq!(Leaf::parse(expected.as_bytes()), Ok(leaf()));
    }

    #[test]
    fn a_leaf_of_another_log_is_named_with_it() {
        let grant = Place::Before { log: Id([2; 16]), n: 9 };
        let leaf = Leaf { event: Event::Expire { consent: Id([7; 16]), grant }, ..leaf() };
        let text = String::from_utf8(leaf.canonical()).unwrap();
        assert!(text.contains(r#""grant":{"log":"02020202020202020202020202020202","n":9}"#), "{text}");
        assert_eq!(Leaf::parse(text.as_bytes()), Ok(leaf));
        assert_eq!(grant.to_string().parse(), Ok(grant));
        assert_eq!("12".parse(), Ok(Place::Here(12)));
        assert_eq!("12/x".parse::<Place>(), Err(NotAPlace));
    }

    #[test]
    fn any_other_writing_of_the_same_leaf_is_refused() {
        let text = String::from_utf8(leaf().canonical()).unwrap();
        for other in [
            format!("{text}\n"),
            text.replace("\"n\":4", "\"n\": 4"),
            text.replace("\"n\":4", "\"n\":4.0"),
            text.replace("\"v\":1", "\"v\":2"),
            text.replace("\"v\":1", "\"v\":1,\"x\":1"),
            text.replace("\"grant\":1", "\"grant\":1,\"x\":1"),
            text.replace("\"by\":\"code\"", "\"by\":\"Code\""),
            text.replace("07070707", "0707070A"),
        ] {
            assert_eq!(Leaf::parse(other.as_bytes()), Err(NotALeaf), "{other}");
        }
        for end in 0..text.len() {
            assert_eq!(Leaf::parse(&text.as_bytes()[..end]), Err(NotALeaf));
        }
    }
}
