//! Two states of one log: does one go on from the other?

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::circle::Circle;
use crate::hash::Sha256;
use crate::head::{LogHead, LogKind};
use crate::tree::{Hash, TreeError, consistency_proof, verify_consistency};

/// How far a circle's membership log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The circle's id.
    pub circle: Sha256,
    /// The hash of the last entry.
    pub last: Sha256,
    /// The root over the entries. [RFC 6962]
    pub root: Sha256,
    /// Entries.
    pub size: u64,
}

/// Two states are not of one log that only grew.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForkError {
    /// They are of different circles.
    #[error("the states are of different circles")]
    OtherCircle,
    /// The state at hand is the older one: someone withholds entries.
    #[error("a state with {seen} entries was seen before, and this one has {size}: fetch the rest")]
    RolledBack {
        /// Entries in the state that was seen.
        seen: u64,
        /// Entries in the state at hand.
        size: u64,
    },
    /// The first entries differ: someone shows different members different logs. Or the proof is of another log.
    #[error("the first {size} entries are others than those that were seen: do not use this circle's log")]
    Forked {
        /// Entries in the older state.
        size: u64,
    },
    /// The proof does not fit the sizes.
    #[error("the proof that the log only grew is none: {0}")]
    Proof(TreeError),
}

impl ForkError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OtherCircle => "fork_other_circle",
            Self::RolledBack { .. } => "rolled_back",
            Self::Forked { .. } => "forked",
            Self::Proof(_) => "fork_proof",
        }
    }
}

impl Head {
    /// Whether this state goes on from `seen`, by a proof of consistency: for who does not have the entries.
    ///
    /// # Errors
    /// [`ForkError`].
    pub fn follows(&self, seen: &Self, proof: &[Sha256]) -> Result<(), ForkError> {
        if self.circle != seen.circle {
            return Err(ForkError::OtherCircle);
        }
        if seen.size > self.size {
            return Err(ForkError::RolledBack { seen: seen.size, size: self.size });
        }
        let proof: Vec<Hash> = proof.iter().map(|hash| Hash(hash.0)).collect();
        let forked = ForkError::Forked { size: seen.size };
        match verify_consistency(seen.size, Hash(seen.root.0), self.size, Hash(self.root.0), &proof) {
            Ok(()) if seen.size == self.size && seen.last != self.last => Err(forked),
            Ok(()) => Ok(()),
            Err(TreeError::OtherRoot) => Err(forked),
            Err(error) => Err(ForkError::Proof(error)),
        }
    }
}

impl Circle {
    /// Whether this log holds everything that led to `seen`: for who has the entries. Costs nothing.
    ///
    /// # Errors
    /// [`ForkError`].
    pub fn compare(&self, seen: &Head) -> Result<(), ForkError> {
        let then = self.compare_root(&seen.circle, seen.size, seen.root)?;
        if then.last == seen.last { Ok(()) } else { Err(ForkError::Forked { size: seen.size }) }
    }

    /// [`Circle::compare`] with a head that witnesses cosigned.
    ///
    /// # Errors
    /// [`ForkError`]; [`ForkError::OtherCircle`] also for the head of a feed.
    pub fn compare_cosigned(&self, seen: &LogHead) -> Result<(), ForkError> {
        if seen.kind != LogKind::Circle {
            return Err(ForkError::OtherCircle);
        }
        self.compare_root(&seen.circle, seen.size, Sha256(seen.root.0)).map(|_| ())
    }

    fn compare_root(&self, circle: &Sha256, size: u64, root: Sha256) -> Result<Head, ForkError> {
        if *circle != self.id() {
            return Err(ForkError::OtherCircle);
        }
        if size > self.size() {
            return Err(ForkError::RolledBack { seen: size, size: self.size() });
        }
        self.head_at(size).filter(|then| then.root == root).ok_or(ForkError::Forked { size })
    }

    /// Shows that the log only grew since it had `old` entries: what a witness asks for. Costs one hash an entry.
    ///
    /// # Errors
    /// [`TreeError::Shrunk`].
    pub fn consistency_proof(&self, old: u64) -> Result<Vec<Hash>, TreeError> {
        consistency_proof(old, self.size(), self.leaves())
    }

    /// [`Circle::consistency_proof`] up to when the log had `new` entries.
    ///
    /// # Errors
    /// [`TreeError::Shrunk`], [`TreeError::TooFewHashes`] beyond the log's end.
    pub fn consistency_proof_to(&self, old: u64, new: u64) -> Result<Vec<Hash>, TreeError> {
        consistency_proof(old, new, self.leaves())
    }

    /// The head of the whole log as witnesses cosign it.
    #[must_use]
    pub fn log_head(&self) -> LogHead {
        let Head { circle, root, size, .. } = self.head();
        LogHead { kind: LogKind::Circle, circle, size, root: Hash(root.0) }
    }
}
