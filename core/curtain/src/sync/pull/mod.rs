//! The officer's side of travelling logs: takes the consent logs of all devices from a relay that nobody believes, checks
//! them, and adds them to what was pulled before. What was once here never gets shorter, and never another.

mod details;
mod fetch;
mod log;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use curtain_wire::membership::{Circle, DeviceRecord, Use};
use curtain_wire::note::VerifierKey;
use thiserror::Error;

use self::log::{OneLog, Read};
use super::client::Relay;
use crate::files::{self, ReadError, WriteError};
use crate::hash::{Id, Sha256};
use crate::ledger::leaf::{Event, Place};
use crate::seal::kem::SecretKey;
use crate::time::UnixTime;
use crate::transport::RelayError;

pub use report::{LogState, PulledLog, Reason};

/// Where the log of a device lies, in a folder of its own.
pub(super) const EVIDENCE: &str = "evidence";

/// Where details lie, sealed as they came, one file a record.
pub(super) const SEALED: &str = "sealed";

/// What else was seen of a log that was replaced or cut.
pub(super) const CONFLICT: &str = "conflict";

/// What the pull found out, a line a log.
const DEVICES: &str = "devices.jsonl";

/// The most logs in one folder.
const MAX_LOGS: usize = 100_000;

/// What an officer knows from elsewhere than the relay.
#[derive(Clone, Copy)]
pub struct Officer<'a> {
    /// Opens details.
    pub key: &'a SecretKey,
    /// Whose cosignature counts.
    pub witness: &'a VerifierKey,
    /// Circles as this device verified them: they say which device has which log.
    pub circles: &'a [&'a Circle],
    /// After how many days without a new cosigned record a device counts as silent.
    pub silent_after_days: u32,
    /// A folder of an earlier pull, kept elsewhere: what it has must still be there.
    pub since: Option<&'a Path>,
}

/// Why pulling ended early. What was kept stays kept, and pulling again goes on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PullError {
    /// The relay did not do what it was asked.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// What was pulled before could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was pulled could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The folder could not be read or written.
    #[error("the folder of pulled logs could not be read or written: check the disk and its permissions")]
    Folder(#[from] io::Error),
    /// What was pulled before could not be checked.
    #[error("a log that was pulled before could not be read: check the disk and its permissions")]
    Verify(#[from] crate::ledger::verify::VerifyError),
}

impl PullError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Relay(error) => error.code(),
            Self::Read(error) => error.code(),
            Self::Write(error) => error.code(),
            Self::Folder(_) | Self::Verify(_) => "pull_folder",
        }
    }
}

/// A log, as the relay names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// A circle that lists the device.
    pub(super) circle: Sha256,
    /// The device.
    pub(super) device: Sha256,
    /// The log's key.
    pub(super) key: VerifierKey,
    /// The log.
    pub(super) log: Id,
    /// Whose device it is.
    pub(super) user: Id,
}

/// Pulls every log that the relay shows this device into `out`, a folder for each, and says in `devices.jsonl` what became
/// of it: also of logs that are only in the folder, and of devices that the relay names no log of.
///
/// # Errors
/// [`PullError`]. A log that is not as it should be is no error but its [`LogState`].
pub fn pull_ledgers(
    relay: &Relay<'_>,
    officer: &Officer<'_>,
    out: &Path,
    now: UnixTime,
) -> Result<Vec<PulledLog>, PullError> {
    files::make_folder(out)?;
    let mut logs: BTreeMap<Id, Vec<Listed>> = BTreeMap::new();
    for listed in relay.ledgers()? {
        if !is_recovery(officer, &listed) {
            logs.entry(listed.log).or_default().push(listed);
        }
    }
    let mut reports: BTreeMap<Id, PulledLog> = BTreeMap::new();
    let mut read: BTreeMap<Id, Read> = BTreeMap::new();
    for (id, listed) in &logs {
        let one = OneLog { relay, officer, folder: folder(out, *id), listed, now };
        let (report, log) = one.pull()?;
        reports.insert(*id, report);
        read.extend(log.map(|log| (*id, log)));
    }
    for id in kept_before(out)? {
        if logs.contains_key(&id) {
            continue;
        }
        let (report, log) = log::not_named(officer, id, &folder(out, id), now)?;
        reports.insert(id, report);
        read.extend(log.map(|log| (id, log)));
    }
    join(&mut reports, &read);
    let erased = erased(&reports, &read);
    for (id, log) in &read {
        let Some(report) = reports.get_mut(id) else { continue };
        let gone = erased.iter().filter(|(log, _)| log == id).map(|(_, n)| *n).collect();
        let named = logs.contains_key(id).then_some(relay);
        details::pull(named, officer.key, &folder(out, *id), log, &gone, report)?;
    }
    let silent = unnamed(officer, &reports);
    let reports: Vec<PulledLog> = reports.into_values().chain(silent).collect();
    let lines: String =
        reports.iter().flat_map(|report| [report.json().to_string(), "\n".to_owned()]).collect();
    files::replace(&out.join(DEVICES), lines.as_bytes())?;
    Ok(reports)
}

fn folder(out: &Path, log: Id) -> PathBuf {
    out.join(log.to_string())
}

/// A recovery code counts as a device, and never has a log.
fn is_recovery(officer: &Officer<'_>, listed: &Listed) -> bool {
    let circle = officer.circles.iter().find(|circle| circle.id() == listed.circle);
    let record = circle.and_then(|circle| circle.device(&listed.device));
    record.is_some_and(|record| record.device.r#use == Use::Recovery)
}

/// Logs that earlier pulls left in the folder.
fn kept_before(out: &Path) -> Result<Vec<Id>, PullError> {
    let names = files::names(out, MAX_LOGS)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Says of each log which one continues it, where both are of one user: anybody could claim it of another's.
fn join(reports: &mut BTreeMap<Id, PulledLog>, read: &BTreeMap<Id, Read>) {
    for (id, log) in read {
        let Some((before, missing)) = log.continues() else { continue };
        let user = reports.get(id).and_then(|report| report.user);
        if let Some(report) = reports.get_mut(id) {
            report.continues = Some((before, missing));
        }
        if let Some(earlier) =
            reports.get_mut(&before).filter(|earlier| earlier.user == user && user.is_some())
        {
            earlier.continued_by = Some(*id);
        }
    }
}

/// Grants whose details were erased, by their place: as a record of their own log says, or of one that continues it.
fn erased(reports: &BTreeMap<Id, PulledLog>, read: &BTreeMap<Id, Read>) -> BTreeSet<(Id, u64)> {
    let user = |log: &Id| reports.get(log).and_then(|report| report.user);
    let mut erased = BTreeSet::new();
    for (id, log) in read {
        for leaf in &log.leaves {
            match leaf.event {
                Event::Erase { grant: Place::Here(n), .. } => {
                    erased.insert((*id, n));
                }
                Event::Erase { grant: Place::Before { log, n }, .. } if user(&log) == user(id) => {
                    erased.insert((log, n));
                }
                _ => {}
            }
        }
    }
    erased
}

/// Devices that the members of a circle have or had since they came in.
fn devices(circle: &Circle) -> Vec<(Sha256, &DeviceRecord)> {
    let mut devices = Vec::new();
    for (user, _) in circle.members() {
        devices.extend(circle.devices_of(&user, circle.size()));
    }
    devices
}

/// Posting devices in circles that are known here, of which the relay names no log.
fn unnamed(officer: &Officer<'_>, reports: &BTreeMap<Id, PulledLog>) -> Vec<PulledLog> {
    let mut found: BTreeMap<Id, PulledLog> = BTreeMap::new();
    for circle in officer.circles {
        for (device, record) in devices(circle) {
            let log = curtain_wire::checkpoint::log_of(record.device.log.name()).map(Id);
            let Some(log) = log.filter(|log| !reports.contains_key(log)) else { continue };
            if record.device.r#use == Use::Recovery {
                continue;
            }
            let mut report = PulledLog::new(log, LogState::Silent);
            report.reason = Some(Reason::NotNamed);
            (report.device, report.user) = (Some(device), Some(record.user));
            found.entry(log).or_insert(report).circles.insert(circle.id());
        }
    }
    found.into_values().collect()
}
