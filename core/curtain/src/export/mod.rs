//! Views of the consent log for people and other systems: CSV, JSON Lines, a FHIR R4 Bundle, PDF.
//!
//! They are read, not verified: proof needs the raw leaves, the checkpoint and the proofs of the evidence export.
//! Each function takes the entries as an iterator and holds one of them at a time; [`pdf`] holds one volume.

use std::fmt;
use std::io;

use thiserror::Error;

use crate::hash::{Id, Sha256};
use crate::ledger::leaf::{Leaf, WithdrawnBy};
use crate::time::UnixTime;

mod csv;
mod fact;
mod fhir;
mod jsonl;
mod pdf;
mod plain;

#[cfg(test)]
mod samples;

pub use self::csv::csv;
pub use self::fact::COLUMNS;
pub use self::fhir::fhir;
pub use self::jsonl::jsonl;
pub use self::pdf::{VOLUME_ROWS, Volume, pdf};

/// One entry of a log. Entries of one log come in its order; those of many in that of [`About`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What was recorded.
    pub leaf: Leaf,
    /// The leaf's hash in the tree. [RFC 6962, 2.1]
    pub leaf_hash: Sha256,
    /// Who and why, if the officer asked for details and they were not erased.
    pub details: Option<Details>,
}

/// One consent with what has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The leaf that recorded the consent: always a grant.
    pub leaf: Leaf,
    /// The leaf's hash in the tree. [RFC 6962, 2.1]
    pub leaf_hash: Sha256,
    /// Whether it still holds.
    pub standing: Standing,
    /// Who and why, if the officer asked for details and they were not erased.
    pub details: Option<Details>,
}

/// What has become of a consent. `log` and `n` say where the leaf that says so stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds.
    Live,
    /// Its time ran out.
    Expired {
        /// The last second of the consent.
        at: UnixTime,
        /// Log and place of the leaf that recorded it, if one has been written yet.
        recorded: Option<(Id, u64)>,
    },
    /// It was withdrawn.
    Withdrawn {
        /// When that was recorded.
        at: UnixTime,
        /// The log of the withdrawal's leaf, which may continue the grant's.
        log: Id,
        /// The leaf's place.
        n: u64,
        /// By whom.
        by: WithdrawnBy,
    },
    /// Its details and keys were deleted, which ends it as a withdrawal does.
    Erased {
        /// When that was recorded.
        at: UnixTime,
        /// The log of the erasure's leaf, which may continue the grant's.
        log: Id,
        /// The leaf's place.
        n: u64,
    },
}

/// What the log itself does not hold, in plain words. It identifies people, so that `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Details {
    /// The patient.
    pub patient_name: String,
    /// Who agreed, and with which authority.
    pub giver: String,
    /// Who discloses.
    pub discloser: String,
    /// To whom.
    pub recipients: String,
    /// For what.
    pub purpose: String,
    /// In which language it was explained.
    pub language: String,
    /// How it was given.
    pub method: String,
}

impl Details {
    /// Name of the column, words for people, and value.
    fn parts(&self) -> [(&'static str, &'static str, &str); 7] {
        [
            ("patient_name", "Patient", &self.patient_name),
            ("giver", "Given by", &self.giver),
            ("discloser", "Discloser", &self.discloser),
            ("recipients", "Recipients", &self.recipients),
            ("purpose", "Purpose", &self.purpose),
            ("language", "Language", &self.language),
            ("method", "How", &self.method),
        ]
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Details").finish_non_exhaustive()
    }
}

/// Which parts of which logs an export shows, and when it was made.
///
/// Entries of many logs come in one order: by time, then by the log's name, then by place. Times never go back in a log, so that
/// each log's entries are in its own order, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The logs, each once, in order of their names.
    pub logs: Vec<LogPart>,
    /// When the export was made.
    pub exported_at: UnixTime,
}

/// Which part of a log an export shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPart {
    /// The log.
    pub log: Id,
    /// Leaves that the checkpoint covers.
    pub size: u64,
    /// The first leaf shown.
    pub first: u64,
    /// The first leaf that is not shown any more.
    pub until: u64,
    /// The signed note. [C2SP tlog-checkpoint]
    pub checkpoint: String,
}

/// Why an export stopped. What was written so far is not a whole export.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError<E> {
    /// The entries could not be read.
    #[error("the next entry of the log could not be read; export again")]
    Read(#[source] E),
    /// The output could not be written.
    #[error("the export could not be written; check the free space and export again")]
    Write(#[from] io::Error),
    /// An entry is missing, or came twice, or in another order.
    #[error("entry {found} came where entry {expected} was due; check the log")]
    OutOfOrder {
        /// The place that should have come; for [`fhir`], the lowest that could have.
        expected: u64,
        /// The place that came.
        found: u64,
    },
    /// The entries ended too early.
    #[error("the entries end before entry {expected}; check the log")]
    CutShort {
        /// The place that should have come.
        expected: u64,
    },
    /// An entry is of a log that [`About`] does not name.
    #[error("entry {n} belongs to another log; check the log")]
    OtherLog {
        /// Its place.
        n: u64,
    },
    /// A consent was given whose leaf is no grant.
    #[error("entry {n} is no grant; only grants become FHIR consents")]
    NotAGrant {
        /// Its place.
        n: u64,
    },
    /// The page could not be made.
    #[error("the pages could not be made; use the CSV or JSON Lines export")]
    Pages,
}
