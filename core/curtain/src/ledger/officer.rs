//! What is for an organisation's officer alone: the details behind a record's commitment, with the signature or voice that was
//! kept, sealed to the officer's key. That key opens no case.

use curtain_wire::boxes::KemKey;
use curtain_wire::canonical::Suite;
use ring::rand::SystemRandom;
use serde::Serialize;
use thiserror::Error;

use super::evidence::{Detail, Opening};
use super::leaf::Leaf;
use crate::hash::{Id, Sha256};
use crate::seal::derive::{self, Line};
use crate::seal::kem::{self, SecretKey};
use crate::seal::padding;

/// A record's details, and the bytes of the file that they name.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// What the leaf commits to, and the key of the commitment.
    pub detail: Detail,
    /// A signature, thumbprint or voice, if one was kept.
    pub media: Option<Vec<u8>>,
}

/// Why nothing was sealed for the officer, or a sealed record is not one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfficerError {
    /// The system gave no random bytes, or the key cannot be sealed to.
    #[error(
        "the record could not be sealed to the officer's key: check that it is the right file, and try again"
    )]
    NotSealed,
    /// Another key than the one it was sealed to, another record, or changed.
    #[error(
        "the sealed record does not open: it is for another officer's key, of another record, or was changed"
    )]
    DoesNotOpen,
    /// There is no sealed record where there must be one, or it cannot be read.
    #[error(
        "the details of this record are not in the folder: whoever handed it out left them out, or they got lost"
    )]
    NotThere,
    /// It is what the log committed to, and no consent record of this version.
    #[error(
        "the details are what the log committed to, and do not read as a consent: they were written by another version"
    )]
    Record,
    /// It opens, and is not what the log committed to.
    #[error(
        "the details are not what the log committed to: whoever sealed them says something else than the log"
    )]
    Commitment,
}

impl OfficerError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotSealed => "not_sealed",
            Self::DoesNotOpen => "does_not_open",
            Self::NotThere => "details_missing",
            Self::Record => "record",
            Self::Commitment => "commitment",
        }
    }
}

#[derive(Serialize)]
struct Place {
    log: Id,
    n: u64,
    suite: Suite,
}

fn info(log: Id, n: u64) -> Vec<u8> {
    derive::info(Line::OFFICER, &Place { log, n, suite: Suite })
}

/// Seals a record of `log` to the officer's key: the line of `details.jsonl`, a line feed, and the file's bytes, padded.
///
/// # Errors
/// [`OfficerError::NotSealed`].
pub fn seal(log: Id, record: &Record, to: &KemKey, random: &SystemRandom) -> Result<Vec<u8>, OfficerError> {
    let mut plain = record.detail.line();
    plain.push(b'\n');
    plain.extend(record.media.iter().flatten());
    let padded = padding::pad(&plain);
    kem::seal_to(to, &info(log, record.detail.n), &[], &padded, random).map_err(|_| OfficerError::NotSealed)
}

/// Opens what was sealed of `leaf`, and holds it against the leaf's commitment.
///
/// # Errors
/// [`OfficerError`].
pub fn open(leaf: &Leaf, sealed: &[u8], key: &SecretKey) -> Result<Record, OfficerError> {
    let padded =
        kem::open(key, &info(leaf.log, leaf.n), &[], sealed).map_err(|_| OfficerError::DoesNotOpen)?;
    let plain = padding::unpad(&padded).map_err(|_| OfficerError::DoesNotOpen)?;
    // The line is canonical JSON: it holds no line feed.
    let end = plain.iter().position(|byte| *byte == b'\n').ok_or(OfficerError::DoesNotOpen)?;
    let (line, media) = (&plain[..end], &plain[end + 1..]);
    let opening = Opening::parse(line).ok_or(OfficerError::DoesNotOpen)?;
    if opening.n != leaf.n || opening.opens(&leaf.event) != Some(true) {
        return Err(OfficerError::Commitment);
    }
    let mut named = media.is_empty();
    opening.hashes(|hash| named |= hash == Sha256::of(media));
    if !named {
        return Err(OfficerError::Commitment);
    }
    let media = (!media.is_empty()).then(|| media.to_vec());
    Ok(Record { detail: opening.into_detail(), media })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{Level, Regime};
    use crate::ledger::commitment;
    use crate::ledger::leaf::Event;
    use crate::time::UnixTime;

    const LOG: Id = Id([1; 16]);

    fn record(media: Option<&[u8]>) -> Record {
        let hash = Sha256::of(media.unwrap_or_default());
        let details = format!(r#"{{"patient":"Test Patient One","signature":"{hash}"}}"#).into_bytes();
        Record { detail: Detail { n: 4, key: [9; 32], details }, media: media.map(<[u8]>::to_vec) }
    }

    fn leaf(record: &Record, log: Id, n: u64) -> Leaf {
        let event = Event::Grant {
            commitment: commitment(&record.detail.key, &record.detail.details),
            consent: Id([2; 16]),
            expires: UnixTime::new(2_000_000_000).unwrap(),
            level: Level::Teaching,
            regime: Regime::Gdpr,
            withdrawal: Sha256([3; 32]),
        };
        Leaf { at: UnixTime::new(1_800_000_000).unwrap(), event, log, n, v: 1 }
    }

    #[test]
    fn the_officer_alone_opens_a_record_and_in_its_place_alone() {
        let random = SystemRandom::new();
        let officer = SecretKey::make(&random).unwrap();
        for media in [None, Some(b"strokes".as_slice())] {
            let record = record(media);
            let sealed = seal(LOG, &record, &officer.public(), &random).unwrap();
            assert!(open(&leaf(&record, LOG, 4), &sealed, &officer).unwrap() == record);
            let other = SecretKey::make(&random).unwrap();
            for refused in [
                open(&leaf(&record, LOG, 4), &sealed, &other),
                open(&leaf(&record, LOG, 5), &sealed, &officer),
                open(&leaf(&record, Id([7; 16]), 4), &sealed, &officer),
            ] {
                assert_eq!(refused.err(), Some(OfficerError::DoesNotOpen));
            }
            for at in (0..sealed.len()).step_by(7) {
                let mut flipped = sealed.clone();
                flipped[at] ^= 1;
                let refused = open(&leaf(&record, LOG, 4), &flipped, &officer);
                assert_eq!(refused.err(), Some(OfficerError::DoesNotOpen));
            }
        }
    }

    #[test]
    fn what_the_log_did_not_commit_to_is_refused() {
        let random = SystemRandom::new();
        let officer = SecretKey::make(&random).unwrap();
        let (said, media) = (record(None), record(Some(b"strokes")));
        let other_key = Record { detail: Detail { key: [8; 32], ..said.detail.clone() }, media: None };
        let other_media = Record { media: Some(b"others".to_vec()), ..media.clone() };
        for (committed, sealed) in [(&said, &other_key), (&said, &media), (&media, &other_media)] {
            let sealed = seal(LOG, sealed, &officer.public(), &random).unwrap();
            let refused = open(&leaf(committed, LOG, 4), &sealed, &officer);
            assert_eq!(refused.err(), Some(OfficerError::Commitment));
        }
    }
}
