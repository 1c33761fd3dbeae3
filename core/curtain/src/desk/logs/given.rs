//! Which logs lie in the folders that were given, what the pull said of each, and whether each holds.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::ffi::OsStr;
use std::path::{Path, PathBuf, absolute};

use serde::Deserialize;
use thiserror::Error;

use super::super::sealed::{EVIDENCE, MAX_FOLDERS, SEALED, evidence_in};
use super::{OneLog, VerifiedLogs};
use crate::files::{self, ReadError};
use crate::hash::Id;
use crate::ledger::evidence::{NotWhole, VerifiedLog};
use crate::ledger::verify;

/// What the pull found out, a line a log.
const DEVICES: &str = "devices.jsonl";

/// The most bytes of those lines.
const MAX_DEVICES_BYTES: u64 = 256 << 20;

/// A device of which nothing is heard, as the pull said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    /// Its log.
    pub log: Id,
    /// Whose it is.
    pub user: Option<Id>,
    /// Why it counts as silent, in words.
    pub reason: String,
}

/// A log, or a folder, because of which nothing is shown.
#[derive(Debug)]
pub struct RefusedLog {
    /// The log, if it is known.
    pub log: Option<Id>,
    /// Where it lies, or should.
    pub folder: PathBuf,
    /// Why.
    pub why: WhyRefused,
}

/// Why nothing is shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WhyRefused {
    /// The evidence does not hold, or is not all.
    #[error(transparent)]
    NotWhole(#[from] NotWhole),
    /// The pull found something wrong with it.
    #[error("the pull found this log {state}: {reason}")]
    State {
        /// What it said.
        state: String,
        /// Why, in words.
        reason: String,
    },
    /// The folder has logs, and not what a pull says of them.
    #[error(
        "what the pull said of these logs is not there: pull again, or give the folder of each log by itself"
    )]
    NotPulled,
    /// The pull did not name the log.
    #[error("the pull that made this folder named no such log: pull again")]
    NotNamed,
    /// The pull named the log, and it is not there.
    #[error("the pull left {entries} records of this log here, and they are gone: pull again")]
    Gone {
        /// How many records it had.
        entries: u64,
    },
    /// The log is not what the pull left.
    #[error("the pull left {had} records of this log here, and now there are {has}: pull again")]
    OtherSize {
        /// How many records there were.
        had: u64,
        /// How many there are.
        has: u64,
    },
    /// The log was given before.
    #[error("this log was given twice: give each folder once")]
    Twice,
    /// The folder could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl WhyRefused {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotWhole(why) => why.code(),
            Self::State { .. } => "not_whole",
            Self::NotPulled => "not_pulled",
            Self::NotNamed => "not_named",
            Self::Gone { .. } => "gone",
            Self::OtherSize { .. } => "other_size",
            Self::Twice => "twice",
            Self::Read(error) => error.code(),
        }
    }
}

/// What a pull said of a log: of a line in `devices.jsonl`, what matters here.
#[derive(Clone, Debug, Deserialize)]
struct Said {
    entries: u64,
    log: Id,
    reason: Option<Reason>,
    state: String,
    user: Option<Id>,
}

#[derive(Clone, Debug, Deserialize)]
struct Reason {
    message: String,
}

impl Said {
    fn reason(&self) -> String {
        self.reason.as_ref().map_or_else(String::new, |reason| reason.message.clone())
    }

    /// Fails unless nothing is wrong as far as the pull could see; a state that is not known here is wrong.
    fn holds(&self) -> Result<(), WhyRefused> {
        match self.state.as_str() {
            "whole" | "silent" => Ok(()),
            _ => Err(WhyRefused::State { state: self.state.clone(), reason: self.reason() }),
        }
    }

    fn silent(&self) -> Option<Silent> {
        let silent = || Silent { log: self.log, user: self.user, reason: self.reason() };
        (self.state == "silent").then(silent)
    }
}

impl VerifiedLogs {
    /// Verifies every log in the folders that were `given`: those of `ledger pull`, or of one log each. What the pull said of a
    /// log is looked for beside its folder.
    ///
    /// # Errors
    /// Every log that does not hold, or that the pull found anything but whole or silent.
    pub fn read(given: &[PathBuf]) -> Result<Self, Vec<RefusedLog>> {
        let mut reading = Reading { logs: BTreeMap::new(), silent: BTreeMap::new(), refused: Vec::new() };
        for folder in given {
            // What the pull said lies above a folder, which may be named from within.
            let folder = absolute(folder).unwrap_or_else(|_| folder.clone());
            if let Err(why) = reading.take(&folder) {
                reading.refused.push(RefusedLog { log: None, folder, why });
            }
        }
        let Reading { logs, silent, refused } = reading;
        if refused.is_empty() {
            Ok(Self { logs, silent: silent.into_values().collect() })
        } else {
            Err(refused)
        }
    }
}

struct Reading {
    logs: BTreeMap<Id, OneLog>,
    silent: BTreeMap<Id, Silent>,
    refused: Vec<RefusedLog>,
}

impl Reading {
    fn take(&mut self, given: &Path) -> Result<(), WhyRefused> {
        if let Some(said) = said(given)? {
            return self.take_pulled(given, &said);
        }
        let folders = evidence_in(given);
        let [evidence] = folders.as_slice() else { return Err(WhyRefused::NotPulled) };
        let said = evidence.parent().and_then(Path::parent).map(said).transpose()?.flatten();
        self.take_one(evidence, said.as_ref());
        Ok(())
    }

    /// Everything that a pull left, and what it said of devices that left nothing.
    fn take_pulled(&mut self, given: &Path, said: &BTreeMap<Id, Said>) -> Result<(), WhyRefused> {
        let mut here = BTreeSet::new();
        for name in files::names(given, MAX_FOLDERS)? {
            let evidence = given.join(&name).join(EVIDENCE);
            if files::exists(&evidence) {
                here.extend(name.parse::<Id>().ok());
                self.take_one(&evidence, Some(said));
            }
        }
        for said in said.values().filter(|said| !here.contains(&said.log)) {
            let gone = WhyRefused::Gone { entries: said.entries };
            let held = said.holds().and(if said.entries == 0 { Ok(()) } else { Err(gone) });
            match held {
                Ok(()) => self.silent.extend(said.silent().map(|silent| (said.log, silent))),
                Err(why) => self.refuse(Some(said.log), &given.join(said.log.to_string()), why),
            }
        }
        Ok(())
    }

    fn take_one(&mut self, evidence: &Path, said: Option<&BTreeMap<Id, Said>>) {
        let sealed = evidence.with_file_name(SEALED);
        let log = match VerifiedLog::verify(evidence) {
            Ok(log) => log,
            Err(why) => return self.refuse(log_at(evidence), evidence, why.into()),
        };
        let id = log.log();
        let said = match said.map(|said| said.get(&id)) {
            Some(None) => return self.refuse(Some(id), evidence, WhyRefused::NotNamed),
            said => said.flatten(),
        };
        if let Some(said) = said {
            let (had, has) = (said.entries, log.size());
            let same = if had == has { Ok(()) } else { Err(WhyRefused::OtherSize { had, has }) };
            if let Err(why) = said.holds().and(same) {
                return self.refuse(Some(id), evidence, why);
            }
            self.silent.extend(said.silent().map(|silent| (id, silent)));
        }
        match self.logs.entry(id) {
            Entry::Vacant(none) => {
                none.insert(OneLog { log, sealed, user: said.and_then(|said| said.user) });
            }
            Entry::Occupied(_) => self.refuse(Some(id), evidence, WhyRefused::Twice),
        }
    }

    fn refuse(&mut self, log: Option<Id>, folder: &Path, why: WhyRefused) {
        self.refused.push(RefusedLog { log, folder: folder.to_owned(), why });
    }
}

/// The log of broken evidence: as the pull named its folder, or else as it says itself.
fn log_at(evidence: &Path) -> Option<Id> {
    let folder = evidence.parent().and_then(Path::file_name).and_then(OsStr::to_str);
    folder.and_then(|name| name.parse().ok()).or_else(|| verify::log_named_in(evidence))
}

/// What a pull said of the logs in `folder`. None if it is not one that a pull made.
fn said(folder: &Path) -> Result<Option<BTreeMap<Id, Said>>, WhyRefused> {
    let bytes = match files::read_shared(&folder.join(DEVICES), MAX_DEVICES_BYTES) {
        Ok(bytes) => bytes,
        Err(ReadError::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let said = lines.map(|line| serde_json::from_slice::<Said>(line).map(|said| (said.log, said)));
    said.collect::<Result<_, _>>().map(Some).map_err(|_| WhyRefused::NotPulled)
}
