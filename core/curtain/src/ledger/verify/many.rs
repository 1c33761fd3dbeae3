//! What is known from elsewhere of many logs: each key and each earlier checkpoint counts for the log that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use curtain_wire::checkpoint::{Checkpoint, CheckpointError, log_of};
use curtain_wire::note::{Note, VerifierKey};
use thiserror::Error;

use super::Expectations;
use super::files::Folder;
use super::signed::Keys;
use crate::hash::Id;

/// Keys and earlier checkpoints, at most one of each a log, and the key of a witness.
#[derive(Clone, Debug, Default)]
pub struct ExpectationsOfMany {
    keys: BTreeMap<Id, VerifierKey>,
    since: BTreeMap<Id, Vec<u8>>,
    witness: Option<VerifierKey>,
}

/// Why a key or a checkpoint says nothing of any log.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpectationsError {
    /// The key is no log's.
    #[error("this is not the key of a log: give it as `curtain ledger key` printed it on the log's device")]
    NotALogsKey,
    /// There are two keys of one log.
    #[error("two different keys of log {log} were given")]
    TwoKeys {
        /// Which log.
        log: Id,
    },
    /// The earlier checkpoint is no signed note of a checkpoint.
    #[error("the earlier checkpoint is not one: give the file checkpoint of an earlier export")]
    Since(#[source] CheckpointError),
    /// There are two earlier checkpoints of one log.
    #[error("two different earlier checkpoints of log {log} were given: give the newer one")]
    TwoCheckpoints {
        /// Which log.
        log: Id,
    },
    /// None of the folders is of the log.
    #[error(
        "log {log} is expected here, and none of the folders holds it: it was left out, or the key is another's"
    )]
    NoSuchLog {
        /// Which log.
        log: Id,
    },
}

impl ExpectationsError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotALogsKey => "not_a_logs_key",
            Self::TwoKeys { .. } => "two_keys",
            Self::Since(_) => "not_a_checkpoint",
            Self::TwoCheckpoints { .. } => "two_checkpoints",
            Self::NoSuchLog { .. } => "no_such_log",
        }
    }
}

impl ExpectationsOfMany {
    /// Of any log, that this witness saw it.
    #[must_use]
    pub fn new(witness: Option<VerifierKey>) -> Self {
        Self { witness, ..Self::default() }
    }

    /// Expects that the log that `key` names is signed by it.
    ///
    /// # Errors
    /// [`ExpectationsError`].
    pub fn add_key(&mut self, key: &VerifierKey) -> Result<(), ExpectationsError> {
        let log = log_of(key.name()).map(Id).ok_or(ExpectationsError::NotALogsKey)?;
        match self.keys.insert(log, key.clone()) {
            Some(before) if before != *key => Err(ExpectationsError::TwoKeys { log }),
            _ => Ok(()),
        }
    }

    /// Expects that the log that the checkpoint in `note` names goes on from it.
    ///
    /// # Errors
    /// [`ExpectationsError`].
    pub fn add_since(&mut self, note: &[u8]) -> Result<(), ExpectationsError> {
        let read = Note::parse(note).map_err(|error| ExpectationsError::Since(error.into()))?;
        let checkpoint: Checkpoint = read.text().parse().map_err(ExpectationsError::Since)?;
        let log = Id(checkpoint.log);
        match self.since.insert(log, note.to_vec()) {
            Some(before) if before != note => Err(ExpectationsError::TwoCheckpoints { log }),
            _ => Ok(()),
        }
    }

    /// Of how many logs a key or an earlier checkpoint was given.
    #[must_use]
    pub fn logs(&self) -> usize {
        self.named().len()
    }

    /// What is expected of one folder of many, which says that it holds `log`.
    #[must_use]
    pub fn of(&self, log: Option<Id>) -> Expectations<'_> {
        Expectations {
            since: log.and_then(|log| self.since.get(&log)).map(Vec::as_slice),
            key: log.and_then(|log| self.keys.get(&log)).cloned(),
            witness: self.witness.clone(),
        }
    }

    /// What is expected of the only folder, which says that it holds `log`: what is of another log is then wrong of it, and not
    /// of one that is missing.
    #[must_use]
    pub fn of_the_only(&self, log: Option<Id>) -> Expectations<'_> {
        let own = self.of(log);
        Expectations {
            since: own.since.or_else(|| self.since.values().next().map(Vec::as_slice)),
            key: own.key.or_else(|| self.keys.values().next().cloned()),
            witness: own.witness,
        }
    }

    /// The logs of which a key or an earlier checkpoint was given, and that are not among `found`.
    #[must_use]
    pub fn missing(&self, found: &BTreeSet<Id>) -> Vec<ExpectationsError> {
        self.named().difference(found).map(|log| ExpectationsError::NoSuchLog { log: *log }).collect()
    }

    fn named(&self) -> BTreeSet<Id> {
        self.keys.keys().chain(self.since.keys()).copied().collect()
    }
}

/// The log that the evidence in `folder` says it is of. Nothing of it is checked.
#[must_use]
pub fn log_named_in(folder: &Path) -> Option<Id> {
    log_of(Keys::read(&Folder(folder)).ok()?.log.name()).map(Id)
}
