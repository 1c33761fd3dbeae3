//! Heads: how far a circle's membership log or feed has come, as the text of a note that witnesses cosign.
//!
//! Three lines as in a checkpoint (`c2sp.org/tlog-checkpoint`): `curtain/circle/<64 hexadecimal digits>` or
//! `curtain/feed/<64 hexadecimal digits>`, the size, the root in base64. No log key signs it: each entry is signed.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::checkpoint::decimal;
use crate::hash::Sha256;
use crate::note::{Algorithm, Note, NoteError, Verified, VerifierKey};
use crate::time::UnixTime;
use crate::tree::Hash;

/// How far a witness's clock may be ahead of ours, in seconds.
pub const MAX_AHEAD_S: u64 = 300;

/// Which log of a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogKind {
    /// Its membership log.
    Circle,
    /// Its feed of posts and events.
    Feed,
}

impl LogKind {
    /// How an origin of this kind starts.
    fn prefix(self) -> &'static str {
        match self {
            Self::Circle => "curtain/circle/",
            Self::Feed => "curtain/feed/",
        }
    }
}

/// The state of a log of a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// Which log.
    pub kind: LogKind,
    /// The circle's id.
    pub circle: Sha256,
    /// Entries in it.
    pub size: u64,
    /// The root over them. [RFC 6962]
    pub root: Hash,
}

/// A head that at least one witness cosigned, recently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CosignedHead {
    /// The head.
    pub head: LogHead,
    /// When the last of the accepted witnesses saw it, by that witness's clock.
    pub at: UnixTime,
    /// How many different witnesses were accepted; at least 1.
    pub witnesses: usize,
}

/// Something is no head, not the expected one, or not cosigned well enough.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadError {
    /// More or fewer than three lines, each ended by a line feed.
    #[error("a head is three lines: origin, size and root")]
    Lines,
    /// The origin is not one of a circle's logs.
    #[error("the head is not one of a circle's logs")]
    Origin,
    /// The size is no number in its shortest form.
    #[error("the head's size is not a whole number without leading zeros")]
    Size,
    /// The root is not canonical base64 of 32 bytes.
    #[error("the head's root is not a hash in base64")]
    Root,
    /// A log without entries has only one possible root.
    #[error("the head says that the log is empty, but its root is that of another log")]
    NotEmpty,
    /// It is the head of another kind of log.
    #[error("the head is of another kind of log than the expected one")]
    OtherKind,
    /// It is the head of another circle's log.
    #[error("the head is of another circle than the expected one")]
    OtherCircle,
    /// None of the witnesses cosigned it.
    #[error("no known witness cosigned the head: fetch it again")]
    NotCosigned,
    /// A witness's signature does not hold, and no other witness's does.
    #[error("the cosignature does not hold: {0}")]
    Cosignature(NoteError),
    /// The last cosignature is too old.
    #[error("the last cosignature is {age_s} seconds old, {max_age_s} are allowed: fetch the head again")]
    Stale {
        /// Seconds from the cosignature to now.
        age_s: u64,
        /// The most there may be.
        max_age_s: u64,
    },
    /// The cosignature was made more than [`MAX_AHEAD_S`] seconds from now.
    #[error("the cosignature was made in the future: check this device's clock")]
    Ahead,
}

impl HeadError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Lines => "head_lines",
            Self::Origin => "head_origin",
            Self::Size => "head_size",
            Self::Root => "head_root",
            Self::NotEmpty => "head_not_empty",
            Self::OtherKind => "head_other_kind",
            Self::OtherCircle => "head_other_circle",
            Self::NotCosigned => "head_not_cosigned",
            Self::Cosignature(_) => "head_cosignature",
            Self::Stale { .. } => "head_stale",
            Self::Ahead => "head_ahead",
        }
    }
}

impl fmt::Display for LogHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}{}\n{}\n{}", self.kind.prefix(), self.circle, self.size, self.root.to_base64())
    }
}

impl FromStr for LogHead {
    type Err = HeadError;

    /// Reads a note's text. Extension lines are refused: nothing audits them.
    fn from_str(text: &str) -> Result<Self, HeadError> {
        let lines: Vec<&str> = text.splitn(5, '\n').collect();
        let [origin, size, root, ""] = lines.as_slice() else {
            return Err(HeadError::Lines);
        };
        let of = |kind: LogKind| Some((kind, origin.strip_prefix(kind.prefix())?.parse().ok()?));
        let (kind, circle) = of(LogKind::Circle).or_else(|| of(LogKind::Feed)).ok_or(HeadError::Origin)?;
        let size = decimal(size).ok_or(HeadError::Size)?;
        let root = Hash::from_base64(root).ok_or(HeadError::Root)?;
        if size == 0 && root != Hash::empty_root() {
            return Err(HeadError::NotEmpty);
        }
        Ok(Self { kind, circle, size, root })
    }
}

/// Reads the head of `circle`'s log of `kind`, which at least one of `witnesses` cosigned: not longer than `max_age_s`
/// seconds before `now` and not more than [`MAX_AHEAD_S`] after it.
///
/// A witness whose signature does not hold counts as one that did not sign. Keys that are not
/// [`Algorithm::CosignatureV1`] are passed over.
///
/// # Errors
/// [`HeadError`]; of several cosignatures that do not count, what is wrong with the best.
pub fn cosigned(
    note: &Note,
    kind: LogKind,
    circle: &Sha256,
    witnesses: &[VerifierKey],
    now: UnixTime,
    max_age_s: u64,
) -> Result<CosignedHead, HeadError> {
    let head: LogHead = note.text().parse()?;
    if head.kind != kind {
        return Err(HeadError::OtherKind);
    }
    if head.circle != *circle {
        return Err(HeadError::OtherCircle);
    }
    let mut accepted: BTreeMap<&[u8; 32], UnixTime> = BTreeMap::new();
    let mut best = HeadError::NotCosigned;
    for witness in witnesses.iter().filter(|key| key.algorithm() == Algorithm::CosignatureV1) {
        match cosigned_at(note, witness, now, max_age_s) {
            Ok(at) => {
                let seen = accepted.entry(witness.public_key()).or_insert(at);
                *seen = at.max(*seen);
            }
            Err(error) if rank(error) > rank(best) => best = error,
            Err(_) => {}
        }
    }
    let at = accepted.values().max().copied().ok_or(best)?;
    Ok(CosignedHead { head, at, witnesses: accepted.len() })
}

fn cosigned_at(
    note: &Note,
    witness: &VerifierKey,
    now: UnixTime,
    max_age_s: u64,
) -> Result<UnixTime, HeadError> {
    let at_unix_s = match note.verify(witness) {
        Ok(Verified::Cosigned { at_unix_s }) => at_unix_s,
        Ok(Verified::Signed) | Err(NoteError::NotSigned) => return Err(HeadError::NotCosigned),
        Err(error) => return Err(HeadError::Cosignature(error)),
    };
    let now_s = now.seconds().unsigned_abs();
    if at_unix_s > now_s.saturating_add(MAX_AHEAD_S) {
        return Err(HeadError::Ahead);
    }
    let age_s = now_s.saturating_sub(at_unix_s);
    if age_s > max_age_s {
        return Err(HeadError::Stale { age_s, max_age_s });
    }
    i64::try_from(at_unix_s).ok().and_then(|at| UnixTime::new(at).ok()).ok_or(HeadError::Ahead)
}

/// How near a cosignature came to counting.
fn rank(error: HeadError) -> (u8, u64) {
    match error {
        HeadError::Stale { age_s, .. } => (3, u64::MAX - age_s),
        HeadError::Ahead => (2, 0),
        HeadError::Cosignature(_) => (1, 0),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;
    use crate::test_keys::TestKey;
    use crate::tree::leaf_hash;

    const NOW: u64 = 1_800_000_000;

    fn head() -> LogHead {
        LogHead { kind: LogKind::Circle, circle: Sha256([0xab; 32]), size: 109_482, root: leaf_hash(b"root") }
    }

    fn witness(seed: u8) -> TestKey {
        TestKey::new(&format!("witness.example/{seed}"), Algorithm::CosignatureV1, seed)
    }

    fn now() -> UnixTime {
        UnixTime::new(i64::try_from(NOW).unwrap()).unwrap()
    }

    fn note(cosigned: &[(u8, u64)]) -> Note {
        let text = head().to_string();
        let signatures = cosigned.iter().map(|(seed, at)| witness(*seed).cosign(&text, *at)).collect();
        Note::new(text, signatures).unwrap()
    }

    fn check(note: &Note, seeds: &[u8]) -> Result<CosignedHead, HeadError> {
        let witnesses: Vec<VerifierKey> = seeds.iter().map(|seed| witness(*seed).public).collect();
        cosigned(note, LogKind::Circle, &Sha256([0xab; 32]), &witnesses, now(), 3600)
    }

    #[test]
    fn reads_back_as_written() {
        let text = head().to_string();
        assert!(text.starts_with(&format!("curtain/circle/{}\n109482\n", "ab".repeat(32))));
        assert_eq!(text.parse(), Ok(head()));
        let empty =
            LogHead { kind: LogKind::Feed, circle: Sha256([0; 32]), size: 0, root: Hash::empty_root() };
        assert!(empty.to_string().starts_with("curtain/feed/00"));
        assert_eq!(empty.to_string().parse(), Ok(empty));
    }

    #[test]
    fn any_other_writing_is_refused() {
        let text = head().to_string();
        for (other, error) in [
            (text.replace("ab", "AB"), HeadError::Origin),
            (text.replace("/circle/", "/circles/"), HeadError::Origin),
            (text.replace("/circle/", "/log/"), HeadError::Origin),
            (text.replace("circle/ab", "circle/"), HeadError::Origin),
            (text.replace("\n1094", "\n01094"), HeadError::Size),
            (text.replace("\n109482", "\n-1"), HeadError::Size),
            (text.replace("\n109482", "\n0"), HeadError::NotEmpty),
            (text.replace('=', ""), HeadError::Root),
            (format!("{text}extension\n"), HeadError::Lines),
            (text.trim_end().to_owned(), HeadError::Lines),
        ] {
            assert_eq!(other.parse::<LogHead>(), Err(error), "{other}");
        }
        for end in 0..text.len() {
            assert!(text[..end].parse::<LogHead>().is_err());
        }
    }

    #[test]
    fn one_recent_cosignature_is_enough() {
        for at in [NOW, NOW - 3600, NOW + 300] {
            let found = check(&note(&[(1, at)]), &[2, 1]).unwrap();
            assert_eq!((found.head, found.at.seconds().unsigned_abs(), found.witnesses), (head(), at, 1));
        }
        let found = check(&note(&[(1, NOW - 4000), (2, NOW - 10), (3, NOW - 20)]), &[1, 2, 3, 3]).unwrap();
        assert_eq!((found.at.seconds().unsigned_abs(), found.witnesses), (NOW - 10, 2));
    }

    #[test]
    fn each_rule_has_its_error() {
        let stale = HeadError::Stale { age_s: 3601, max_age_s: 3600 };
        assert_eq!(check(&note(&[(1, NOW - 3601)]), &[1]), Err(stale));
        assert_eq!(check(&note(&[(1, NOW + 301)]), &[1]), Err(HeadError::Ahead));
        assert_eq!(check(&note(&[(1, i64::MAX as u64)]), &[1]), Err(HeadError::Ahead));
        assert_eq!(check(&note(&[(1, 0), (2, NOW - 3601), (3, NOW + 301)]), &[1, 2, 3]), Err(stale));
        assert_eq!(check(&note(&[(1, NOW)]), &[2]), Err(HeadError::NotCosigned));
        assert_eq!(check(&note(&[(1, NOW)]), &[]), Err(HeadError::NotCosigned));
        let twice = HeadError::Cosignature(NoteError::SignedTwice);
        assert_eq!(check(&note(&[(1, NOW), (1, NOW)]), &[1]), Err(twice));
        let changed = note(&[(1, NOW)]).to_string().replace("109482", "109483");
        let bad = HeadError::Cosignature(NoteError::BadSignature);
        assert_eq!(check(&Note::parse(changed.as_bytes()).unwrap(), &[1]), Err(bad));
        let plain = TestKey::new("witness.example/1", Algorithm::Ed25519, 1);
        let signed = Note::new(head().to_string(), vec![plain.sign(&head().to_string())]).unwrap();
        let circle = head().circle;
        let with =
            |kind, circle| cosigned(&signed, kind, &circle, slice::from_ref(&plain.public), now(), 3600);
        assert_eq!(with(LogKind::Circle, circle), Err(HeadError::NotCosigned));
        assert_eq!(with(LogKind::Feed, circle), Err(HeadError::OtherKind));
        assert_eq!(with(LogKind::Circle, Sha256([1; 32])), Err(HeadError::OtherCircle));
    }

    #[test]
    fn no_flipped_bit_passes() {
        let bytes = note(&[(1, NOW)]).to_string().into_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let passes = Note::parse(&flipped).is_ok_and(|note| check(&note, &[1]).is_ok());
                assert!(!passes, "bit {bit} of byte {at}");
            }
        }
    }
}
