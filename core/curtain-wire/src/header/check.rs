//! What can be said of a header from its bytes alone, and from the keys of a log and its witnesses.

use std::collections::BTreeSet;

use thiserror::Error;

use super::{
    Consent, Content, Header, MAX_EVENT_BYTES, MAX_OBJECTS, ObjectKind, Post, WRAP_BYTES, WithdrawalCode,
};
use crate::canonical::{Base64, Suite};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::Sha256;
use crate::note::{Note, NoteError, Verified, VerifierKey};
use crate::padme;
use crate::time::UnixTime;
use crate::tree::{Hash, TreeError, verify_inclusion};

/// No tree of 2^64 leaves is deeper.
const MAX_PROOF: usize = 64;

/// A header that cannot be right.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The wrapped key has another length.
    #[error("the wrapped key is not {WRAP_BYTES} bytes long")]
    WrapSize,
    /// The wrapped key is of another suite.
    #[error("the wrapped key is of a suite that this version does not know: update Curtain")]
    WrapSuite,
    /// `prev` is there in the first header, or not there in a later one.
    #[error("only a device's first header in a circle has none before it")]
    Start,
    /// No membership log of this size has this epoch.
    #[error("the membership log of that size cannot have reached that epoch")]
    Epoch,
    /// An empty feed has only one root, and only it has that root.
    #[error("the feed's size and root do not fit")]
    Feed,
    /// No file, or more than [`MAX_OBJECTS`].
    #[error("a post has 1 to {MAX_OBJECTS} files")]
    ObjectCount,
    /// The first file is not the body.
    #[error("the first file of a post must be its body")]
    NoBody,
    /// There is another body.
    #[error("a post has one body, and file {index} is another")]
    SecondBody {
        /// Its place, from 0.
        index: usize,
    },
    /// No padded and sealed file is this long.
    #[error("file {index} has a size that no padded and sealed file has")]
    ObjectSize {
        /// Its place, from 0.
        index: usize,
    },
    /// Beyond [`ObjectKind::max_bytes`].
    #[error("file {index} is larger than a file of its kind may be")]
    ObjectTooLarge {
        /// Its place, from 0.
        index: usize,
    },
    /// Two files have one hash.
    #[error("file {index} is in the post twice")]
    ObjectTwice {
        /// The place of the second, from 0.
        index: usize,
    },
    /// `delete_after` is no date.
    #[error("the last day is no date between 1970 and 9999: it must be written 2027-01-31")]
    DeleteAfter,
    /// The checkpoint is no signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note's text is no checkpoint, or the log did not sign it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is of another log than the header says.
    #[error("the checkpoint is not one of the log that the consent is said to be in")]
    OtherLog,
    /// The log ended before the leaf.
    #[error("the checkpoint is older than the consent: get a newer one")]
    OldCheckpoint,
    /// More hashes than any proof has.
    #[error("the proof has more than {MAX_PROOF} hashes")]
    ProofTooLong,
    /// The proof does not show that the leaf is in the log.
    #[error(transparent)]
    Proof(#[from] TreeError),
    /// None of the witnesses cosigned the checkpoint.
    #[error("no known witness cosigned the checkpoint")]
    NotWitnessed,
    /// Beyond [`MAX_EVENT_BYTES`].
    #[error("the body of an event is larger than {MAX_EVENT_BYTES} bytes")]
    EventTooLarge,
    /// The sealed body is of another suite.
    #[error("the body of the event is of a suite that this version does not know: update Curtain")]
    EventSuite,
    /// No padded and sealed body is this long.
    #[error("the body of the event has a size that no padded and sealed body has")]
    EventSize,
    /// The code is not the one that belongs to the post.
    #[error("the withdrawal code is not that of the post")]
    OtherCode,
}

impl HeaderError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::WrapSize => "wrap_size",
            Self::WrapSuite => "wrap_suite",
            Self::Start => "header_start",
            Self::Epoch => "header_epoch",
            Self::Feed => "header_feed",
            Self::ObjectCount => "object_count",
            Self::NoBody => "no_body",
            Self::SecondBody { .. } => "second_body",
            Self::ObjectSize { .. } => "object_size",
            Self::ObjectTooLarge { .. } => "object_too_large",
            Self::ObjectTwice { .. } => "object_twice",
            Self::DeleteAfter => "delete_after",
            Self::Note(_) => "consent_note",
            Self::Checkpoint(_) => "consent_checkpoint",
            Self::OtherLog => "consent_other_log",
            Self::OldCheckpoint => "consent_old_checkpoint",
            Self::ProofTooLong => "consent_proof_too_long",
            Self::Proof(_) => "consent_proof",
            Self::NotWitnessed => "consent_not_witnessed",
            Self::EventTooLarge => "event_too_large",
            Self::EventSuite => "event_suite",
            Self::EventSize => "event_size",
            Self::OtherCode => "other_code",
        }
    }
}

/// The state of a log that the log signed and a witness saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The state.
    pub checkpoint: Checkpoint,
    /// When the first of the given witnesses saw it: seconds since 1970, by that witness's clock.
    pub at_unix_s: u64,
}

impl Header {
    /// Checks all that the bytes alone can show. It does not check who signed it
    /// ([`crate::statement::Signed::verify`]), nor who signed the checkpoint ([`Consent::cosigned`]), nor that what
    /// it names is so.
    ///
    /// # Errors
    /// [`HeaderError`], for the first rule that is broken.
    pub fn check(&self) -> Result<(), HeaderError> {
        if let Some((Base64(wrap), _)) = self.content.wrap() {
            if wrap.len() != WRAP_BYTES {
                return Err(HeaderError::WrapSize);
            }
            if wrap[0] != Suite::BYTE {
                return Err(HeaderError::WrapSuite);
            }
        }
        if (self.seq == 0) != self.prev.is_none() {
            return Err(HeaderError::Start);
        }
        // Entry 0 creates the circle, and each epoch is an entry of its own.
        if self.epoch.checked_add(2).is_none_or(|least| self.membership.size < least) {
            return Err(HeaderError::Epoch);
        }
        if self.feed.is_some_and(|feed| (feed.size == 0) != (feed.root.0 == Hash::empty_root().0)) {
            return Err(HeaderError::Feed);
        }
        match &self.content {
            Content::Post(post) => post.check(),
            Content::Event(event) => check_event(&event.body),
            Content::Withdrawal(_) => Ok(()),
        }
    }
}

impl Post {
    /// The first second of its last day, in UTC. None if [`Post::delete_after`] is no date.
    #[must_use]
    pub fn last_day(&self) -> Option<UnixTime> {
        let day: UnixTime = self.delete_after.parse().ok()?;
        (day.date() == self.delete_after).then_some(day)
    }

    fn check(&self) -> Result<(), HeaderError> {
        if !(1..=MAX_OBJECTS).contains(&self.objects.len()) {
            return Err(HeaderError::ObjectCount);
        }
        let mut seen = BTreeSet::new();
        for (index, object) in self.objects.iter().enumerate() {
            match (index, object.kind) {
                (0, ObjectKind::Body) | (1.., ObjectKind::Picture | ObjectKind::Thumbnail) => {}
                (0, _) => return Err(HeaderError::NoBody),
                (_, ObjectKind::Body) => return Err(HeaderError::SecondBody { index }),
            }
            if !padme::is_sealed_len(object.size) {
                return Err(HeaderError::ObjectSize { index });
            }
            if padme::sealed_len(object.kind.max_bytes()).is_none_or(|most| object.size > most) {
                return Err(HeaderError::ObjectTooLarge { index });
            }
            if !seen.insert(object.sha256) {
                return Err(HeaderError::ObjectTwice { index });
            }
        }
        self.last_day().ok_or(HeaderError::DeleteAfter)?;
        self.consent.included().map(drop)
    }
}

impl Consent {
    /// Checks that the log signed the checkpoint and that the leaf is under it, and that one of `witnesses` cosigned
    /// it: keys of witnesses only. Lines of keys that are not given are not looked at; neither are lines of `witnesses`
    /// that do not hold, if another's holds.
    ///
    /// Whether the time is recent enough is for the caller to say.
    ///
    /// # Errors
    /// Those of [`Header::check`] about the consent, [`HeaderError::Checkpoint`] if `log` did not sign it,
    /// [`HeaderError::NotWitnessed`].
    pub fn cosigned(&self, log: &VerifierKey, witnesses: &[VerifierKey]) -> Result<Cosigned, HeaderError> {
        let (note, _) = self.included()?;
        let checkpoint = Checkpoint::signed(&note, log)?;
        let times = witnesses.iter().filter_map(|witness| match note.verify(witness) {
            Ok(Verified::Cosigned { at_unix_s }) => Some(at_unix_s),
            _ => None,
        });
        let at_unix_s = times.min().ok_or(HeaderError::NotWitnessed)?;
        Ok(Cosigned { checkpoint, at_unix_s })
    }

    /// The checkpoint, whoever signed it, if the leaf is under it.
    fn included(&self) -> Result<(Note, Checkpoint), HeaderError> {
        let note = Note::parse(self.checkpoint.as_bytes())?;
        let checkpoint: Checkpoint = note.text().parse()?;
        if checkpoint.log != self.log.0 {
            return Err(HeaderError::OtherLog);
        }
        if checkpoint.size <= self.n {
            return Err(HeaderError::OldCheckpoint);
        }
        if self.proof.len() > MAX_PROOF {
            return Err(HeaderError::ProofTooLong);
        }
        let proof: Vec<Hash> = self.proof.iter().map(|hash| Hash(hash.0)).collect();
        verify_inclusion(Hash(self.leaf.0), self.n, checkpoint.size, &proof, checkpoint.root)?;
        Ok((note, checkpoint))
    }
}

impl WithdrawalCode {
    /// Checks that this is the code of a post that names its hash, [`Post::withdrawal`].
    ///
    /// # Errors
    /// [`HeaderError::OtherCode`].
    pub fn check(&self, withdrawal: Sha256) -> Result<(), HeaderError> {
        (Sha256::of(&self.0) == withdrawal).then_some(()).ok_or(HeaderError::OtherCode)
    }
}

fn check_event(Base64(body): &Base64) -> Result<(), HeaderError> {
    if body.len() > MAX_EVENT_BYTES {
        return Err(HeaderError::EventTooLarge);
    }
    if body.first().is_some_and(|suite| *suite != Suite::BYTE) {
        return Err(HeaderError::EventSuite);
    }
    if !padme::is_sealed_len(body.len() as u64) {
        return Err(HeaderError::EventSize);
    }
    Ok(())
}
