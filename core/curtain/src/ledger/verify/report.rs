//! What verifying can say.

use thiserror::Error;

use super::super::evidence::File;
use super::super::leaf::ContinueReason;
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;

/// What could be proven, each apart. What is not proven is said as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether everything in the folder fits together and, where expectations were given, what they name.
    pub integrity: Integrity,
    /// Whether the log is the one whose key was expected.
    pub signer: Signer,
    /// Whether records could have been left out.
    pub completeness: Completeness,
    /// Which part of which log this is; only if intact.
    pub scope: Option<Scope>,
    /// What is missing before this log, if its leaf 0 is in the part and says that it continues another.
    pub gap: Option<Gap>,
}

impl Report {
    /// Whether every record up to a known one is here: something other than the folder vouches for at least one record,
    /// the folder holds all of the log, and no record of a log before it is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let vouched = match &self.completeness {
            Completeness::Since { size } | Completeness::Cosigned { size, .. } => *size > 0,
            Completeness::SinceAndCosigned { since, size, .. } => *since.max(size) > 0,
            Completeness::NotProven { .. } => false,
        };
        let whole = self.scope.as_ref().is_some_and(|scope| !scope.is_part());
        self.integrity == Integrity::Intact && vouched && whole && self.gap.is_none_or(|gap| gap.missing == 0)
    }
}

/// Whether anything was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// Every record, hash and signature fits.
    Intact,
    /// Something does not fit.
    Broken {
        /// The first record that is wrong or missing, if one can be named.
        record: Option<u64>,
        /// What is wrong.
        what: Problem,
    },
}

/// Whose log it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The expected key is the log's, and signed checkpoint and manifest.
    Authenticated,
    /// No key was expected, or the folder is broken: anyone can make a folder with a key of their own.
    NotAuthenticated,
}

/// Whether records could have been left out or taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// The log still begins with the first `size` records of the earlier checkpoint. Nothing is said of later ones.
    Since {
        /// Records in the earlier checkpoint.
        size: u64,
    },
    /// The log begins with the first `size` records that the expected witness saw then, and the witness knew of no
    /// longer log. Only the signer vouches for the records after those: look at the time.
    Cosigned {
        /// The witness's name.
        by: String,
        /// When, by the witness's clock.
        at: UnixTime,
        /// Records that the witness saw, counted from the log's beginning; at most [`Scope::size`].
        size: u64,
    },
    /// Both of the above.
    SinceAndCosigned {
        /// Records in the earlier checkpoint.
        since: u64,
        /// The witness's name.
        by: String,
        /// When, by the witness's clock.
        at: UnixTime,
        /// Records that the witness saw, counted from the log's beginning; at most [`Scope::size`].
        size: u64,
    },
    /// Not proven, although the folder may be intact.
    NotProven {
        /// Why.
        why: NotProven,
    },
}

/// Why completeness is not proven.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotProven {
    /// There is nothing to compare with.
    #[error(
        "neither an earlier checkpoint nor a witness's key was given: the newest records could be missing"
    )]
    NothingGiven,
    /// The expected witness cosigned no checkpoint in the folder.
    #[error("the witness signed no checkpoint in here: ask the witness for the newest one that it saw")]
    NotCosigned,
    /// The folder is broken.
    #[error("the evidence is broken")]
    Broken,
}

/// What the folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The log's random name.
    pub log: Id,
    /// The first record in the folder.
    pub first: u64,
    /// The first record that is not in it any more.
    pub until: u64,
    /// Records in the log.
    pub size: u64,
    /// The root of all of them, which the log signed.
    pub root: Sha256,
    /// Commitments that were opened with their details.
    pub details: u64,
    /// Attachments of those details.
    pub attachments: u64,
}

impl Scope {
    /// Whether there are records of the log that are not in the folder, only their hashes.
    #[must_use]
    pub fn is_part(&self) -> bool {
        self.first > 0 || self.until < self.size
    }
}

/// What this log says of the one that it continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The log before.
    pub before: Id,
    /// Why it could not go on.
    pub reason: ContinueReason,
    /// Records of it that the device still held.
    pub held: u64,
    /// Records of it that a witness had seen.
    pub witnessed: u64,
    /// Records that the witness had seen and the device did not hold.
    pub missing: u64,
}

/// What is wrong. Those that concern a record are told with its place.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A file, folder or link that does not belong there.
    #[error("there is something in the folder that does not belong there")]
    UnexpectedFile,
    /// A file is not there.
    #[error("{file} is missing")]
    MissingFile {
        /// Which one.
        file: File,
    },
    /// A link, a folder or a device in place of a file.
    #[error("{file} is not an ordinary file")]
    NotAFile {
        /// Which one.
        file: File,
    },
    /// A file that is larger than such a file can be.
    #[error("{file} is too large")]
    TooLarge {
        /// Which one.
        file: File,
    },
    /// The bytes are not those that the manifest lists.
    #[error("{file} is not the one that MANIFEST lists: it was changed")]
    FileChanged {
        /// Which one.
        file: File,
    },
    /// A file that is not in its form.
    #[error("{file} is not in the form that it should have")]
    Form {
        /// Which one.
        file: File,
    },
    /// A signature by none of the keys in `keys.txt`, or one of those keys did not sign.
    #[error("the signatures of {file} are not those of the keys in keys.txt")]
    Signatures {
        /// Which one.
        file: File,
    },
    /// A signature that does not hold.
    #[error("a signature of {file} does not fit its text: the text was changed or another key signed it")]
    BadSignature {
        /// Which one.
        file: File,
    },
    /// Manifest, keys and checkpoints are of different logs, or manifest and checkpoint of different sizes.
    #[error("MANIFEST, keys.txt and the checkpoints do not belong together: logs or sizes differ")]
    Disagree,
    /// The list of hashes has no line, or none that is a hash, for this record.
    #[error("hashes.txt has no hash for this record")]
    NoHash,
    /// The list of hashes goes on after the last record.
    #[error("hashes.txt has more lines than the log has records")]
    SurplusHashes,
    /// The hashes lead to another root than the signed one.
    #[error("the hashes do not lead to the signed root: a record or its hash was changed")]
    Root,
    /// The hashes lead to the signed root, but to another one than was cosigned.
    #[error("the hashes do not lead to the root in cosigned: this is not the log that was cosigned")]
    CosignedRoot,
    /// The list of records ends before this one.
    #[error("this record is missing")]
    MissingRecord,
    /// The list of records goes on after the last one.
    #[error("there are more records than MANIFEST says")]
    SurplusRecords,
    /// Not a record as this version writes it.
    #[error("this is not a record as the log writes it: it was changed")]
    NotALeaf,
    /// The record bears another number than its place.
    #[error("the record in this place bears the number {found}: one was dropped, added or moved")]
    OtherPlace {
        /// The number that it bears.
        found: u64,
    },
    /// The record names another log.
    #[error("this record belongs to another log")]
    OtherLogsRecord,
    /// The record is not the one that was hashed.
    #[error("this record is not the one in hashes.txt: it was changed")]
    OtherRecord,
    /// Earlier than the record before.
    #[error("this record is dated before the one that precedes it")]
    TimeWentBack,
    /// It refers to a record that comes later, or to itself.
    #[error("this record refers to one that does not precede it")]
    RefersAhead,
    /// It refers to a record of a log that this one does not continue.
    #[error("this record refers to one of a log that this log does not continue")]
    RefersElsewhere,
    /// It refers to a record of another kind than it must.
    #[error("this record refers to one of the wrong kind")]
    RefersToOtherKind,
    /// Its consent is not the one of the grant that it refers to.
    #[error("this record names another consent than the grant that it refers to")]
    OtherConsent,
    /// The grant was withdrawn before.
    #[error("this record withdraws a consent that was withdrawn already")]
    WithdrawnTwice,
    /// The grant expired before.
    #[error("this record ends a consent that had expired already")]
    ExpiredTwice,
    /// The grant was erased before.
    #[error("this record concerns a consent that was erased already")]
    AfterErasure,
    /// A log says that it continues another anywhere but at its beginning, or that it continues itself.
    #[error("this record says that the log continues another, which only record 0 can say")]
    ContinuesLate,
    /// An export of records that did not exist.
    #[error("this record says that records were handed out which did not exist")]
    ExportedAhead,
    /// A line of details that is none, or is not in order.
    #[error("line {line} of details.jsonl is malformed or out of order: it was changed")]
    DetailsLine {
        /// Which one, from 1.
        line: u64,
    },
    /// Details of a record that is not in the part, or has no details.
    #[error("there are details for this record, but it is not in this part or has none")]
    DetailsOfNothing,
    /// Details that the record did not commit to.
    #[error("the details of this record are not those that it committed to: they were changed")]
    OtherDetails,
    /// An attachment that no details name.
    #[error("an attachment is named by no details")]
    Attachment,
    /// The log's key is not the expected one.
    #[error("the log is not signed by the expected key")]
    OtherKey,
    /// The earlier checkpoint is of another log.
    #[error("the earlier checkpoint is of another log")]
    OtherLog,
    /// The earlier checkpoint is not signed by this log's key.
    #[error("the earlier checkpoint is not signed by the key of this log")]
    EarlierSignature,
    /// Records that the log had are gone, from this one on.
    #[error("the log had {had} records and now has {has}: from this one on they are missing")]
    RolledBack {
        /// Records in the earlier checkpoint, be it the verifier's or the one in `cosigned`.
        had: u64,
        /// Records in this log.
        has: u64,
    },
    /// The log's past was replaced.
    #[error("the first {until} records are not those of the earlier checkpoint: at least one was replaced")]
    Forked {
        /// Records in the earlier checkpoint: the change lies before this place.
        until: u64,
    },
}
