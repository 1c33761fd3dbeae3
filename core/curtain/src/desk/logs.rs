//! Views of the logs of many devices at once, from the folders in which an officer pulled them.
//!
//! Nothing is shown of any log before all of them were verified, and nothing at all if one is not as it should be.

mod given;
mod order;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use curtain_wire::tree::Hash;
use thiserror::Error;

use self::order::InOrder;
use super::write_view;
use crate::consent::ConsentRecord;
use crate::export::{About, Details, ExportError, Grant, LogPart, Row, Standing};
use crate::files::{self, WriteError};
use crate::hash::{Id, Sha256};
use crate::ledger::evidence::{LeavesError, VerifiedLog};
use crate::ledger::leaf::{Event, ExportFormat, Leaf, Place, WithdrawnBy};
use crate::ledger::officer::{self, OfficerError};
use crate::seal::kem::SecretKey;
use crate::time::UnixTime;

pub use given::{RefusedLog, Silent, WhyRefused};

/// The largest sealed details, in bytes: as an officer pulls them.
const MAX_SEALED_BYTES: u64 = 24 << 20;

/// Logs of many devices, each whole and verified. Made by [`VerifiedLogs::read`] alone.
#[derive(Debug)]
pub struct VerifiedLogs {
    logs: BTreeMap<Id, OneLog>,
    silent: Vec<Silent>,
}

#[derive(Debug)]
struct OneLog {
    log: VerifiedLog,
    /// Where its details lie, sealed.
    sealed: PathBuf,
    /// Whose it is, as the pull said.
    user: Option<Id>,
}

/// What is to be shown.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// From when on; `None` for the beginning.
    pub from: Option<UnixTime>,
    /// Until when, itself included; `None` for the end.
    pub to: Option<UnixTime>,
    /// In which form.
    pub format: ExportFormat,
    /// Opens what identifies people, which is in the view then.
    pub names: Option<&'a SecretKey>,
}

/// What was shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The files.
    pub paths: Vec<PathBuf>,
    /// The records of each log that are in it.
    pub records: BTreeMap<Id, Range<u64>>,
}

/// Why there is no view. Nothing is left behind.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The evidence is no view.
    #[error("these folders are the evidence already: hand out copies of them, or choose a format for a view")]
    Evidence,
    /// No record lies in the time that was asked for.
    #[error("the logs have no record in that time: choose other dates")]
    Nothing,
    /// A record could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The view could not be made.
    #[error(transparent)]
    Export(ExportError<RecordError>),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Why a record of many logs cannot be shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Its log could not be read on.
    #[error("log {log}: {why}")]
    Log {
        /// Which log.
        log: Id,
        /// Why.
        why: LeavesError,
    },
    /// Its details are not what they must be.
    #[error("record {n} of log {log}: {why}")]
    Details {
        /// Which log.
        log: Id,
        /// Which record.
        n: u64,
        /// Why.
        why: OfficerError,
    },
}

impl ViewError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Evidence => "evidence_already",
            Self::Nothing => "no_such_records",
            Self::Record(RecordError::Log { why, .. }) => why.code(),
            Self::Record(RecordError::Details { why, .. }) => why.code(),
            Self::Export(_) => "export_failed",
            Self::Write(error) => error.code(),
        }
    }
}

impl From<ExportError<RecordError>> for ViewError {
    fn from(error: ExportError<RecordError>) -> Self {
        match error {
            ExportError::Read(error) => Self::Record(error),
            error => Self::Export(error),
        }
    }
}

/// What a record says of a grant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Expired,
    Withdrawn(WithdrawnBy),
    Erased,
}

impl End {
    /// Of several ends the one of the highest rank is told, as of a consent in a vault.
    fn rank(self) -> u8 {
        match self {
            Self::Expired => 0,
            Self::Withdrawn(_) => 1,
            Self::Erased => 2,
        }
    }
}

/// The end of a grant, and the record that says so.
#[derive(Clone, Copy)]
struct Ended {
    end: End,
    at: UnixTime,
    log: Id,
    n: u64,
}

/// What is known of all logs before any record is shown.
struct Known {
    /// The records of each log in the time that was asked for.
    records: BTreeMap<Id, Range<u64>>,
    /// Grants that ended, by their place.
    ended: HashMap<(Id, u64), Ended>,
}

impl VerifiedLogs {
    /// Logs that continue others of which records are missing, with how many.
    pub fn gaps(&self) -> impl Iterator<Item = (Id, Id, u64)> + '_ {
        let gaps = self.logs.iter().filter_map(|(id, one)| Some((*id, one.log.gap()?)));
        gaps.filter(|(_, gap)| gap.missing > 0).map(|(id, gap)| (id, gap.before, gap.missing))
    }

    /// Devices that the pull called silent: nothing new of them was cosigned for days, or nothing ever was.
    #[must_use]
    pub fn silent(&self) -> &[Silent] {
        &self.silent
    }

    /// Writes a view of all logs to `target`, a new file (PDF: more files, numbered, as with one log). Records come in order of
    /// time, then of the log's name, then of place.
    ///
    /// Holds 16 KiB of each log, and some 80 bytes for each consent that ended; of a PDF one volume.
    ///
    /// # Errors
    /// [`ViewError`]; nothing at `target` is overwritten.
    pub fn show(&self, view: &View<'_>, target: &Path, now: UnixTime) -> Result<Shown, ViewError> {
        if view.format == ExportFormat::Evidence {
            return Err(ViewError::Evidence);
        }
        files::check_new(target)?;
        let known = self.know(view)?;
        if known.records.values().all(Range::is_empty) {
            return Err(ViewError::Nothing);
        }
        let parts = self.logs.iter().map(|(id, one)| LogPart {
            log: *id,
            size: one.log.size(),
            first: known.records[id].start,
            until: known.records[id].end,
            checkpoint: one.log.checkpoint().to_owned(),
        });
        let about = About { logs: parts.collect(), exported_at: now };
        let rows = self.entries(view).map(|entry| self.row(entry?, view, &known));
        let grants = self.entries(view).filter(is_grant).map(|entry| self.grant(entry?, view, &known));
        let paths = write_view::<_, ViewError>(&about, view.format, rows, grants, target)?;
        Ok(Shown { paths, records: known.records })
    }

    /// Records of the time that was asked for, in the order of the view.
    fn entries(&self, view: &View<'_>) -> impl Iterator<Item = Result<(Leaf, Hash), RecordError>> + use<> {
        let View { from, to, .. } = *view;
        InOrder::new(self.logs.iter().map(|(id, one)| (*id, one.log.leaves())))
            .filter(move |entry| entry.as_ref().map_or(true, |(leaf, _)| is_within(leaf.at, from, to)))
    }

    fn know(&self, view: &View<'_>) -> Result<Known, RecordError> {
        let mut known = Known { records: BTreeMap::new(), ended: HashMap::new() };
        for (id, one) in &self.logs {
            let mut records: Option<Range<u64>> = None;
            for entry in one.log.leaves() {
                let (leaf, _) = entry.map_err(|why| RecordError::Log { log: *id, why })?;
                if is_within(leaf.at, view.from, view.to) {
                    records = Some(records.map_or(leaf.n, |records| records.start)..leaf.n + 1);
                }
                self.note_end(&leaf, &mut known.ended);
            }
            known.records.insert(*id, records.unwrap_or(0..0));
        }
        Ok(known)
    }

    /// Keeps what `leaf` says of a grant. Of a grant in another log only a log of the same user says anything.
    fn note_end(&self, leaf: &Leaf, ended: &mut HashMap<(Id, u64), Ended>) {
        let (end, grant) = match leaf.event {
            Event::Expire { grant, .. } => (End::Expired, grant),
            Event::Withdraw { by, grant, .. } => (End::Withdrawn(by), grant),
            Event::Erase { grant, .. } => (End::Erased, grant),
            _ => return,
        };
        let place = match grant {
            Place::Here(n) => (leaf.log, n),
            Place::Before { log, n } if self.user(log) == self.user(leaf.log) => (log, n),
            Place::Before { .. } => return,
        };
        let said = Ended { end, at: leaf.at, log: leaf.log, n: leaf.n };
        let before = ended.get(&place);
        if before.is_none_or(|before| before.end.rank() < end.rank()) {
            ended.insert(place, said);
        }
    }

    fn user(&self, log: Id) -> Option<Id> {
        self.logs.get(&log).and_then(|one| one.user)
    }

    fn row(&self, entry: (Leaf, Hash), view: &View<'_>, known: &Known) -> Result<Row, RecordError> {
        let (leaf, hash) = entry;
        let details = self.details(&leaf, view, known)?;
        Ok(Row { leaf, leaf_hash: Sha256(hash.0), details })
    }

    fn grant(&self, entry: (Leaf, Hash), view: &View<'_>, known: &Known) -> Result<Grant, RecordError> {
        let (leaf, hash) = entry;
        let details = self.details(&leaf, view, known)?;
        let standing = match (known.ended.get(&(leaf.log, leaf.n)), &leaf.event) {
            (None, _) => Standing::Live,
            (Some(Ended { end: End::Erased, at, log, n }), _) => {
                Standing::Erased { at: *at, log: *log, n: *n }
            }
            (Some(Ended { end: End::Withdrawn(by), at, log, n }), _) => {
                Standing::Withdrawn { at: *at, log: *log, n: *n, by: *by }
            }
            (Some(Ended { end: End::Expired, at, log, n }), event) => {
                let expires = if let Event::Grant { expires, .. } = event { *expires } else { *at };
                Standing::Expired { at: expires, recorded: Some((*log, *n)) }
            }
        };
        Ok(Grant { leaf, leaf_hash: Sha256(hash.0), standing, details })
    }

    /// Who and why, of a grant that was not erased.
    fn details(&self, leaf: &Leaf, view: &View<'_>, known: &Known) -> Result<Option<Details>, RecordError> {
        let (Some(key), Event::Grant { .. }) = (view.names, &leaf.event) else { return Ok(None) };
        if known.ended.get(&(leaf.log, leaf.n)).is_some_and(|ended| ended.end == End::Erased) {
            return Ok(None);
        }
        let open = || {
            let one = self.logs.get(&leaf.log).ok_or(OfficerError::NotThere)?;
            let sealed = files::read_shared(&one.sealed.join(leaf.n.to_string()), MAX_SEALED_BYTES);
            let record = officer::open(leaf, &sealed.map_err(|_| OfficerError::NotThere)?, key)?;
            ConsentRecord::reopen(&record.detail.details).map_err(|_| OfficerError::Record)
        };
        let refused = |why| RecordError::Details { log: leaf.log, n: leaf.n, why };
        open().map(|record| Some(super::in_words(&record))).map_err(refused)
    }
}

fn is_within(at: UnixTime, from: Option<UnixTime>, to: Option<UnixTime>) -> bool {
    from.is_none_or(|from| from <= at) && to.is_none_or(|to| at <= to)
}

fn is_grant(entry: &Result<(Leaf, Hash), RecordError>) -> bool {
    entry.as_ref().map_or(true, |(leaf, _)| matches!(leaf.event, Event::Grant { .. }))
}
