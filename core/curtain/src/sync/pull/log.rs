//! One log, from what was here to what the relay has.

use std::path::{Path, PathBuf};

use curtain_wire::checkpoint::Checkpoint;
use curtain_wire::note::{Note, Verified, VerifierKey};
use curtain_wire::tree::{Frontier, leaf_hash};

use super::super::client::Relay;
use super::{CONFLICT, EVIDENCE, Listed, LogState, Officer, PullError, PulledLog, Reason, devices};
use crate::files;
use crate::hash::{Id, Sha256};
use crate::ledger::evidence::File;
use crate::ledger::evidence::pulled::{self, Whole};
use crate::ledger::leaf::{Event, Leaf};
use crate::ledger::verify::{self, Expectations, Integrity, NotProven, Problem};
use crate::time::UnixTime;

/// The most bytes of the records of one log.
const MAX_LEAVES_BYTES: u64 = 2 << 30;

/// The most bytes of a checkpoint.
const MAX_CHECKPOINT_BYTES: u64 = 64 << 10;

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// A log that the relay named.
pub(super) struct OneLog<'a, 'r> {
    pub(super) relay: &'a Relay<'r>,
    pub(super) officer: &'a Officer<'a>,
    pub(super) folder: PathBuf,
    /// One line a circle that lists it: never none.
    pub(super) listed: &'a [Listed],
    pub(super) now: UnixTime,
}

/// The records of a log that hold.
pub(super) struct Read {
    pub(super) id: Id,
    pub(super) leaves: Vec<Leaf>,
}

impl Read {
    /// The log that it continues, and how many records of that one are missing.
    pub(super) fn continues(&self) -> Option<(Id, u64)> {
        match self.leaves.first()?.event {
            Event::Continue { before, size, witnessed, .. } => Some((before, witnessed.saturating_sub(size))),
            _ => None,
        }
    }
}

/// A log as it is kept: verified.
struct Kept {
    seen: Seen,
    leaves: Vec<Vec<u8>>,
}

/// A checkpoint that the log signed and the witness cosigned.
struct Seen {
    note: Note,
    checkpoint: Checkpoint,
    at: UnixTime,
}

impl Seen {
    /// Reads a note; signatures of others are left out.
    fn read(bytes: &[u8], key: &VerifierKey, witness: &VerifierKey) -> Option<Self> {
        let note = Note::parse(bytes).ok()?;
        let checkpoint = Checkpoint::signed(&note, key).ok()?;
        let Ok(Verified::Cosigned { at_unix_s }) = note.verify(witness) else { return None };
        let at = UnixTime::new(i64::try_from(at_unix_s).ok()?).ok()?;
        let lines = note.signatures();
        let ours = lines.iter().filter(|line| line.names(key));
        let lines = ours.chain(lines.iter().filter(|line| line.names(witness))).cloned().collect();
        let note = Note::new(note.text().to_owned(), lines).ok()?;
        Some(Self { note, checkpoint, at })
    }
}

/// Why a log is not what it should be.
struct Wrong(LogState, Reason);

impl OneLog<'_, '_> {
    fn id(&self) -> Id {
        self.listed[0].log
    }

    fn evidence(&self) -> PathBuf {
        self.folder.join(EVIDENCE)
    }

    /// Takes what is new, and says how the log stands.
    pub(super) fn pull(&self) -> Result<(PulledLog, Option<Read>), PullError> {
        let mut report = PulledLog::new(self.id(), LogState::Whole);
        let first = &self.listed[0];
        (report.device, report.user) = (Some(first.device), Some(first.user));
        report.circles = self.listed.iter().map(|listed| listed.circle).collect();
        let listed = match self.known() {
            Ok(listed) => listed,
            Err(reason) => {
                report.is(LogState::Unverified, reason);
                return Ok((report, None));
            }
        };
        (report.device, report.user) = (Some(listed.device), Some(listed.user));
        let kept = match kept(self.officer, self.id(), &self.folder, Some(&listed.key))? {
            Ok(kept) => kept,
            Err(Wrong(state, reason)) => {
                report.is(state, reason);
                return Ok((report, None));
            }
        };
        let (kept, wrong) = self.advance(kept, &listed.key)?;
        Ok(told(self.officer, self.now, report, kept.as_ref(), wrong.as_ref()))
    }

    /// What a circle that was verified here says of the log: the relay's word is none.
    fn known(&self) -> Result<&Listed, Reason> {
        let mut reason = Reason::CircleUnknown;
        for listed in self.listed {
            let circle = self.officer.circles.iter().find(|circle| circle.id() == listed.circle);
            let Some(circle) = circle else { continue };
            let record = circle.device(&listed.device);
            if record.is_some_and(|record| record.device.log == listed.key && record.user == listed.user) {
                return Ok(listed);
            }
            reason = Reason::KeyNotListed;
        }
        Err(reason)
    }

    /// Takes the records up to the relay's newest checkpoint, if they go on from what is kept.
    fn advance(
        &self,
        kept: Option<Kept>,
        key: &VerifierKey,
    ) -> Result<(Option<Kept>, Option<Wrong>), PullError> {
        let Some(note) = self.relay.largest_checkpoint(self.id())? else {
            let wrong = match kept {
                Some(_) => Wrong(LogState::RolledBack, Reason::CheckpointGone),
                None => Wrong(LogState::Silent, Reason::NothingCosigned),
            };
            return Ok((kept, Some(wrong)));
        };
        let Some(seen) = Seen::read(&note, key, self.officer.witness) else {
            return Ok((kept, Some(Wrong(LogState::Unverified, Reason::Checkpoint))));
        };
        let size = seen.checkpoint.size;
        let had = kept.as_ref().map_or(0, |kept| kept.seen.checkpoint.size);
        if kept.as_ref().is_some_and(|kept| kept.seen.checkpoint == seen.checkpoint) {
            return Ok((kept, None));
        }
        let from = if had < size { had } else { 0 };
        let mut leaves = self.relay.records(self.id(), from, size)?;
        let has = from + leaves.len() as u64;
        if from > 0 && has == size {
            let before = kept.iter().flat_map(|kept| kept.leaves.iter().cloned());
            let joined: Vec<Vec<u8>> = before.chain(leaves).collect();
            // Other records than here lead to it, or none do.
            leaves =
                if leads_to(&joined, &seen) { joined } else { self.relay.records(self.id(), 0, size)? };
        }
        if has < size || (leaves.len() as u64) < size {
            if kept.is_some() && had >= size {
                self.keep_note(&seen)?;
                return Ok((kept, Some(conflict(had, size))));
            }
            let reason = Reason::RecordsMissing { has, of: size };
            return Ok((kept, Some(Wrong(LogState::Behind, reason))));
        }
        self.take(kept, seen, leaves, key)
    }

    /// Puts the new state in place of the kept one, if it goes on from it.
    fn take(
        &self,
        kept: Option<Kept>,
        seen: Seen,
        leaves: Vec<Vec<u8>>,
        key: &VerifierKey,
    ) -> Result<(Option<Kept>, Option<Wrong>), PullError> {
        let (target, witness) = (self.evidence(), self.officer.witness);
        files::make_folder(&self.folder)?;
        let whole = Whole { checkpoint: &seen.note, key, witness, leaves: &leaves };
        let beside = pulled::write_beside(&target, &whole)?;
        let since = kept.as_ref().map(|kept| kept.seen.note.to_string().into_bytes());
        let problem = match check(&beside, since.as_deref(), key, witness)? {
            None => since_elsewhere(self.officer, self.id(), &beside, key)?,
            problem => problem,
        };
        let Some((record, problem)) = problem else {
            pulled::put_in_place(&target)?;
            return Ok((Some(Kept { seen, leaves }), None));
        };
        if let Some(wrong) = conflict_of(problem, seen.checkpoint.size) {
            self.keep_note(&seen)?;
            pulled::put_aside(&target, &self.folder.join(CONFLICT).join(conflict_name(&seen)))?;
            return Ok((kept, Some(wrong)));
        }
        pulled::discard(&target)?;
        Ok((kept, Some(Wrong(LogState::Unverified, Reason::Evidence { record, problem }))))
    }

    /// Keeps a signed checkpoint that does not go on from what is here: with the kept one it proves that there were two.
    fn keep_note(&self, seen: &Seen) -> Result<(), PullError> {
        let folder = self.folder.join(CONFLICT);
        files::make_folder(&folder)?;
        let path = folder.join(format!("{}.checkpoint", conflict_name(seen)));
        Ok(files::replace(&path, seen.note.to_string().as_bytes())?)
    }
}

fn conflict(kept: u64, found: u64) -> Wrong {
    let state = if found < kept { LogState::RolledBack } else { LogState::Forked };
    Wrong(state, Reason::Conflict { kept, found })
}

/// The same, where the verifier found it.
fn conflict_of(problem: Problem, found: u64) -> Option<Wrong> {
    let (state, kept) = match problem {
        Problem::Forked { until } => (LogState::Forked, until),
        Problem::RolledBack { had, .. } => (LogState::RolledBack, had),
        _ => return None,
    };
    Some(Wrong(state, Reason::Conflict { kept, found }))
}

fn conflict_name(seen: &Seen) -> String {
    format!("{}-{}", seen.checkpoint.size, Sha256(seen.checkpoint.root.0))
}

fn leads_to(leaves: &[Vec<u8>], seen: &Seen) -> bool {
    let mut tree = Frontier::new();
    for leaf in leaves {
        tree.append(leaf_hash(leaf));
    }
    (tree.size(), tree.root()) == (seen.checkpoint.size, seen.checkpoint.root)
}

/// A log that an earlier pull left, and that the relay names no more.
pub(super) fn not_named(
    officer: &Officer<'_>,
    id: Id,
    folder: &Path,
    now: UnixTime,
) -> Result<(PulledLog, Option<Read>), PullError> {
    let mut report = PulledLog::new(id, LogState::Unverified);
    for circle in officer.circles {
        let named = format!("curtain/log/{id}");
        let mut devices = devices(circle).into_iter();
        if let Some((device, record)) = devices.find(|(_, record)| record.device.log.name() == named) {
            (report.device, report.user) = (Some(device), Some(record.user));
            report.circles.insert(circle.id());
        }
    }
    Ok(match kept(officer, id, folder, None)? {
        Err(Wrong(state, reason)) => {
            report.is(state, reason);
            (report, None)
        }
        Ok(kept) => {
            let wrong = Wrong(LogState::Unverified, Reason::NamedNoMore);
            told(officer, now, report, kept.as_ref(), Some(&wrong))
        }
    })
}

/// What an earlier pull kept, if it still holds.
fn kept(
    officer: &Officer<'_>,
    id: Id,
    folder: &Path,
    key: Option<&VerifierKey>,
) -> Result<Result<Option<Kept>, Wrong>, PullError> {
    let evidence = folder.join(EVIDENCE);
    pulled::recover(&evidence)?;
    if !files::exists(&evidence) {
        return Ok(Ok(None));
    }
    let wrong = |problem| Ok(Err(Wrong(LogState::Unverified, Reason::Kept { problem })));
    let expected = Expectations { since: None, key: key.cloned(), witness: Some(officer.witness.clone()) };
    let report = verify::verify(&evidence, &expected)?;
    if let Integrity::Broken { what, .. } = report.integrity {
        return wrong(what);
    }
    if report.completeness == (verify::Completeness::NotProven { why: NotProven::NotCosigned }) {
        return Ok(Err(Wrong(LogState::Unverified, Reason::OtherWitness)));
    }
    if report.scope.is_none_or(|scope| scope.log != id || scope.is_part()) {
        return wrong(Problem::Disagree);
    }
    let keys = files::read_shared(&evidence.join(File::Keys.to_string()), MAX_CHECKPOINT_BYTES)?;
    let first = keys.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some(key) = str::from_utf8(first).ok().and_then(|line| line.parse().ok()) else {
        return wrong(Problem::Form { file: File::Keys });
    };
    let note = files::read_shared(&evidence.join(File::Checkpoint.to_string()), MAX_CHECKPOINT_BYTES)?;
    let Some(seen) = Seen::read(&note, &key, officer.witness) else {
        return wrong(Problem::Form { file: File::Checkpoint });
    };
    let leaves = files::read_shared(&evidence.join(File::Leaves.to_string()), MAX_LEAVES_BYTES)?;
    let leaves = leaves.split_inclusive(|byte| *byte == b'\n').map(|line| line[..line.len() - 1].to_vec());
    let kept = Kept { seen, leaves: leaves.collect() };
    // It changed since it was verified, a moment ago.
    if !leads_to(&kept.leaves, &kept.seen) {
        return wrong(Problem::Root);
    }
    Ok(match since_elsewhere(officer, id, &evidence, &key)? {
        Some((_, problem)) => {
            let found = kept.seen.checkpoint.size;
            Err(conflict_of(problem, found).unwrap_or(Wrong(LogState::Unverified, Reason::Kept { problem })))
        }
        None => Ok(Some(kept)),
    })
}

/// What is wrong with evidence that must go on from `since`.
fn check(
    folder: &Path,
    since: Option<&[u8]>,
    key: &VerifierKey,
    witness: &VerifierKey,
) -> Result<Option<(Option<u64>, Problem)>, PullError> {
    let expected = Expectations { since, key: Some(key.clone()), witness: Some(witness.clone()) };
    Ok(match verify::verify(folder, &expected)?.integrity {
        Integrity::Intact => None,
        Integrity::Broken { record, what } => Some((record, what)),
    })
}

/// What is wrong with evidence that must go on from a pull that is kept elsewhere.
fn since_elsewhere(
    officer: &Officer<'_>,
    id: Id,
    folder: &Path,
    key: &VerifierKey,
) -> Result<Option<(Option<u64>, Problem)>, PullError> {
    let Some(since) = officer.since else { return Ok(None) };
    let path = since.join(id.to_string()).join(EVIDENCE).join(File::Checkpoint.to_string());
    match files::read_shared(&path, MAX_CHECKPOINT_BYTES) {
        Ok(note) => check(folder, Some(&note), key, officer.witness),
        Err(files::ReadError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The report on what is kept now.
fn told(
    officer: &Officer<'_>,
    now: UnixTime,
    mut report: PulledLog,
    kept: Option<&Kept>,
    wrong: Option<&Wrong>,
) -> (PulledLog, Option<Read>) {
    let leaves = kept.map(|kept| {
        let leaves = kept.leaves.iter().filter_map(|leaf| Leaf::parse(leaf).ok()).collect();
        Read { id: report.log, leaves }
    });
    if let Some(Kept { seen, .. }) = kept {
        report.entries = seen.checkpoint.size;
        report.cosigned_at = Some(seen.at);
        let days = now.seconds().saturating_sub(seen.at.seconds()) / DAY_S;
        if days >= i64::from(officer.silent_after_days) {
            report.is(LogState::Silent, Reason::NothingNew { days });
        }
    }
    report.newest = leaves.as_ref().and_then(|read| read.leaves.last()).map(|leaf| leaf.at);
    if let Some(Wrong(state, reason)) = wrong {
        report.is(*state, *reason);
    }
    (report, leaves)
}
