//! What pulling a log found out.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use thiserror::Error;

use crate::hash::{Id, Sha256};
use crate::ledger::officer::OfficerError;
use crate::ledger::verify::Problem;
use crate::time::UnixTime;

/// How a log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogState {
    /// Everything up to a recent cosigned checkpoint is here and holds.
    Whole,
    /// Everything that was cosigned holds, and nothing new was cosigned for days. A device that recorded nothing is silent, too.
    Silent,
    /// The relay does not have all that a checkpoint covers: the device is still sending, or something is withheld.
    Behind,
    /// There are two states of the log, neither of which goes on from the other. What was here first is kept.
    Forked,
    /// The relay's newest state is an older one than was here before. The newer one is kept.
    RolledBack,
    /// Something does not hold, or cannot be checked.
    Unverified,
}

impl LogState {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Silent => "silent",
            Self::Behind => "behind",
            Self::Forked => "forked",
            Self::RolledBack => "rolled_back",
            Self::Unverified => "unverified",
        }
    }

    /// Whether nothing is wrong as far as one can see.
    #[must_use]
    pub fn holds(self) -> bool {
        matches!(self, Self::Whole | Self::Silent)
    }
}

/// Why a log stands so.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// No checkpoint of it was ever at the relay.
    #[error("no record of it was ever cosigned")]
    NothingCosigned,
    /// The newest checkpoint is old.
    #[error("nothing new was cosigned for {days} days: ask whether the device is still in use")]
    NothingNew {
        /// How many.
        days: i64,
    },
    /// A circle lists the device, and the relay names no log of it.
    #[error("a circle lists this device, and the relay names no log of it")]
    NotNamed,
    /// It was pulled before, and the relay does not name it any more.
    #[error(
        "it was pulled before, and the relay names it no more: its user left the circle, or it is withheld"
    )]
    NamedNoMore,
    /// This device does not know the circle.
    #[error("this device does not know the circle that lists it: curtain circle pull")]
    CircleUnknown,
    /// The circle lists another key, or no such device.
    #[error(
        "the relay names another device or key than the circle's own log: pull the circle, then ask who runs the relay"
    )]
    KeyNotListed,
    /// The relay's checkpoint is none, or not signed by the log, or not cosigned by the witness.
    #[error("its newest checkpoint is not signed by the log's key and cosigned by the witness")]
    Checkpoint,
    /// There was a checkpoint, and there is none any more.
    #[error("the relay has no checkpoint of it any more, and here is one")]
    CheckpointGone,
    /// The relay has fewer records than a checkpoint covers.
    #[error("the relay has {has} of the {of} records that its checkpoint covers")]
    RecordsMissing {
        /// So many.
        has: u64,
        /// Of so many.
        of: u64,
    },
    /// Details are not there.
    #[error("the details of {count} records are not there, the first of record {first}")]
    DetailsMissing {
        /// Of how many records.
        count: u64,
        /// The first of them.
        first: u64,
    },
    /// Details do not open, or are not what the log committed to.
    #[error("the details of record {first} were not taken: {why}")]
    DetailsRefused {
        /// The first such record.
        first: u64,
        /// Why.
        why: OfficerError,
    },
    /// What was pulled before was changed in this folder.
    #[error("what was pulled before does not hold any more, so somebody changed this folder: {problem}")]
    Kept {
        /// What is wrong.
        problem: Problem,
    },
    /// What was pulled before was cosigned by another witness.
    #[error("what was pulled before was cosigned by another witness: pull into a new folder")]
    OtherWitness,
    /// What the relay gave does not hold.
    #[error("what the relay gave does not hold: {problem}")]
    Evidence {
        /// The record, if one can be named.
        record: Option<u64>,
        /// What is wrong.
        problem: Problem,
    },
    /// The relay's newest state does not go on from what was here.
    #[error(
        "the relay's newest state has {found} records, does not go on from the {kept} that were here, and is signed, too: both are kept"
    )]
    Conflict {
        /// Records that were here.
        kept: u64,
        /// Records of the other state.
        found: u64,
    },
}

impl Reason {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NothingCosigned => "nothing_cosigned",
            Self::NothingNew { .. } => "nothing_new",
            Self::NotNamed => "not_named",
            Self::NamedNoMore => "named_no_more",
            Self::CircleUnknown => "circle_unknown",
            Self::KeyNotListed => "key_not_listed",
            Self::Checkpoint => "checkpoint",
            Self::CheckpointGone => "checkpoint_gone",
            Self::RecordsMissing { .. } => "records_missing",
            Self::DetailsMissing { .. } => "details_missing",
            Self::DetailsRefused { .. } => "details_refused",
            Self::Kept { .. } => "kept_changed",
            Self::OtherWitness => "other_witness",
            Self::Evidence { .. } => "evidence",
            Self::Conflict { .. } => "conflict",
        }
    }
}

/// What pulling found out about one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledLog {
    /// The log.
    pub log: Id,
    /// Circles that list its device.
    pub circles: BTreeSet<Sha256>,
    /// The device.
    pub device: Option<Sha256>,
    /// Whose it is.
    pub user: Option<Id>,
    /// Records that are here and hold.
    pub entries: u64,
    /// When the newest of them was made.
    pub newest: Option<UnixTime>,
    /// When the witness cosigned the checkpoint over them.
    pub cosigned_at: Option<UnixTime>,
    /// Records whose details are here.
    pub details: u64,
    /// How it stands.
    pub state: LogState,
    /// Why.
    pub reason: Option<Reason>,
    /// The log that it says it continues, and how many records of that one its device lost.
    pub continues: Option<(Id, u64)>,
    /// The log of the same user that continues it.
    pub continued_by: Option<Id>,
}

impl PulledLog {
    pub(super) fn new(log: Id, state: LogState) -> Self {
        Self {
            log,
            circles: BTreeSet::new(),
            device: None,
            user: None,
            entries: 0,
            newest: None,
            cosigned_at: None,
            details: 0,
            state,
            reason: None,
            continues: None,
            continued_by: None,
        }
    }

    pub(super) fn is(&mut self, state: LogState, reason: Reason) {
        (self.state, self.reason) = (state, Some(reason));
    }

    /// A line of `devices.jsonl`.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "circles": self.circles,
            "continued_by": self.continued_by,
            "continues": self.continues.map(|(log, missing)| json!({ "log": log, "missing": missing })),
            "details": self.details,
            "device": self.device,
            "entries": self.entries,
            "last_cosigned": self.cosigned_at.map(|at| at.to_string()),
            "log": self.log,
            "newest": self.newest.map(|at| at.to_string()),
            "reason": self.reason.map(|reason| json!({ "code": reason.code(), "message": reason.to_string() })),
            "state": self.state.code(),
            "user": self.user,
        })
    }
}
