//! The consent logs of this device, on their way to a relay: cosigned by its witness, then records, details sealed to the
//! officer, and the cosigned checkpoint over them.
//!
//! Every step can be done twice, and what the relay acknowledged is kept: a cut costs what was on its way.

use std::collections::BTreeSet;

use curtain_wire::boxes::KemKey;
use curtain_wire::checkpoint::Checkpoint;
use curtain_wire::note::{self, Note, VerifierKey};
use curtain_wire::tree::{Hash, consistency_proof};
use ring::rand::SystemRandom;
use thiserror::Error;

use super::client::{Ask, By, Relay, good};
use crate::hash::Id;
use crate::ledger::leaf::{ContinueReason, Leaf};
use crate::ledger::officer::{self, OfficerError};
use crate::time::UnixTime;
use crate::transport::{Answer, RelayError};
use crate::vault::{KeptLog, MeetError, Met, Pushed, Vault, VaultError};

/// After so many records what was acknowledged is kept: sending them once more does no harm.
const KEPT_EVERY: u64 = 64;

/// How often the witness is asked with what it says that it has.
const TRIES: u32 = 3;

/// The most bytes of a size, of cosignatures, or of a note that others signed too.
pub(super) const MAX_NOTE_BYTES: usize = note::MAX_BYTES;

/// How far one log of this device is backed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackedUpLog {
    /// The log.
    pub log: Id,
    /// Records here.
    pub size: u64,
    /// Records under the newest checkpoint that this relay's witness cosigned.
    pub cosigned: u64,
    /// What the relay acknowledged.
    pub pushed: Pushed,
    /// Records whose details are not stored there yet.
    pub waiting: u64,
    /// What came out.
    pub state: BackUpState,
}

/// What came out of backing up a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackUpState {
    /// All of it is there.
    Whole,
    /// Details wait here: the vault has no officer key to seal them to.
    NoOfficerKey,
    /// No circle at this relay lists this log. It is tried again next time.
    NotListed,
    /// The relay refused a record, and all after it wait; or details, and everything else is there.
    Refused {
        /// The relay's stable name for the reason.
        code: String,
    },
    /// The log was closed before, since a witness saw what is not here: it is left as it is.
    Closed,
    /// The witness cosigned records that are not here: the log is closed, and a new one says what it continues.
    Continued {
        /// Why.
        reason: ContinueReason,
        /// The new log.
        log: Id,
    },
    /// The relay says that there are more, or other, records than here, and shows no checkpoint that proves it. Nothing was
    /// changed.
    Unproven,
}

impl BackUpState {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::NoOfficerKey => "no_officer_key",
            Self::NotListed => "not_listed",
            Self::Refused { .. } => "refused",
            Self::Closed => "closed",
            Self::Continued { .. } => "continued",
            Self::Unproven => "unproven",
        }
    }
}

/// Why backing up ended early. What was acknowledged is kept, and calling it again goes on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackUpError {
    /// The relay did not do what it was asked.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Details could not be sealed.
    #[error(transparent)]
    Officer(#[from] OfficerError),
}

impl BackUpError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Relay(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::Officer(error) => error.code(),
        }
    }
}

/// Backs up every log of `vault`: has the newest checkpoint cosigned by the relay's `witness`, then sends what it covers.
/// Gives one report a log, oldest first.
///
/// A witness that saw more, or other, records closes the log, as [`Vault::meet`] does.
///
/// # Errors
/// [`BackUpError`]; calling it again goes on.
pub fn back_up(
    vault: &mut Vault,
    relay: &Relay<'_>,
    witness: &VerifierKey,
    random: &SystemRandom,
    now: UnixTime,
) -> Result<Vec<BackedUpLog>, BackUpError> {
    let officer = vault.officer()?;
    let (mut done, mut reports) = (BTreeSet::new(), Vec::new());
    // A finding begins a new log, which is backed up too.
    while let Some(kept) = vault.logs()?.into_iter().find(|kept| !done.contains(&kept.id)) {
        done.insert(kept.id);
        let mut log =
            Log { vault: &mut *vault, relay, witness, officer: officer.as_ref(), random, now, id: kept.id };
        let state = log.back_up()?;
        reports.push(log.report(state)?);
    }
    Ok(reports)
}

/// One log on its way.
struct Log<'a, 'r> {
    vault: &'a mut Vault,
    relay: &'a Relay<'r>,
    witness: &'a VerifierKey,
    officer: Option<&'a KemKey>,
    random: &'a SystemRandom,
    now: UnixTime,
    id: Id,
}

/// Why a step was the last one for this log.
enum Stop {
    State(BackUpState),
    Error(BackUpError),
}

impl<E: Into<BackUpError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl Log<'_, '_> {
    fn back_up(&mut self) -> Result<BackUpState, BackUpError> {
        match self.steps() {
            Ok(state) | Err(Stop::State(state)) => Ok(state),
            Err(Stop::Error(error)) => Err(error),
        }
    }

    fn steps(&mut self) -> Result<BackUpState, Stop> {
        let kept = self.kept()?;
        if matches!(kept.closed, Some(ContinueReason::Behind | ContinueReason::Forked)) {
            return Ok(BackUpState::Closed);
        }
        if kept.size == 0 {
            return Ok(BackUpState::Whole);
        }
        self.cosign(&kept)?;
        let Some(note) = self.cosigned(&self.kept()?)? else { return Err(RelayError::Answer.into()) };
        let until = checkpoint(&note)?.size;
        self.push_leaves(until)?;
        let details = self.push_details(until)?;
        self.push_checkpoint(until, &note)?;
        self.delete_erased(until)?;
        Ok(details)
    }

    fn report(&self, state: BackUpState) -> Result<BackedUpLog, BackUpError> {
        let kept = self.kept()?;
        let cosigned = self.cosigned(&kept)?.map(|note| checkpoint(&note)).transpose()?;
        let waiting = self.vault.details_to_store(self.id, self.relay.url(), kept.size)?.len() as u64;
        let pushed = self.vault.pushed(self.id, self.relay.url())?;
        let (size, cosigned) = (kept.size, cosigned.map_or(0, |seen| seen.size));
        Ok(BackedUpLog { log: self.id, size, cosigned, pushed, waiting, state })
    }

    fn kept(&self) -> Result<KeptLog, VaultError> {
        self.vault.logs()?.into_iter().find(|kept| kept.id == self.id).ok_or(VaultError::NotFound)
    }

    /// The largest checkpoint that this witness cosigned, if any.
    fn cosigned(&self, kept: &KeptLog) -> Result<Option<Note>, VaultError> {
        let Some(cosigned) = kept.cosigned.as_ref().filter(|kept| kept.witness == *self.witness) else {
            return Ok(None);
        };
        Note::parse(cosigned.note.as_bytes()).map(Some).map_err(|_| VaultError::Inconsistent)
    }

    fn path(&self, what: &str) -> String {
        format!("/v1/ledgers/{}/{what}", self.id)
    }

    /// Has the newest checkpoint cosigned. Also one that is cosigned: the vault may come from a backup, and only the witness
    /// knows that it saw more since. [c2sp.org/tlog-witness, add-checkpoint]
    fn cosign(&mut self, kept: &KeptLog) -> Result<(), Stop> {
        let seen = self.cosigned(kept)?.map(|note| checkpoint(&note)).transpose()?;
        let mut old = seen.map_or(0, |seen| seen.size);
        let hashes: Vec<Hash> = self.vault.leaf_hashes(self.id)?.collect::<Result<_, _>>()?;
        for _ in 0..TRIES {
            let body = add_checkpoint(old, &hashes, kept)?;
            let ask = Ask::new("POST", "/v1/witness/add-checkpoint".to_owned(), By::Nobody).body(&body);
            let answer = self.relay.hear(&ask.limit(MAX_NOTE_BYTES))?;
            match answer.status {
                200 => return self.take_cosignature(kept, &answer),
                409 => match said_size(&answer) {
                    // It has this very size, with another root; or more than is here.
                    Some(has) if has == old || has > kept.size => return Err(self.finding()),
                    Some(has) => old = has,
                    None => return Err(RelayError::Answer.into()),
                },
                // The proof does not lead from its root.
                422 => return Err(self.finding()),
                403 | 404 => return Err(Stop::State(BackUpState::NotListed)),
                _ => {
                    good(answer)?;
                    return Err(RelayError::Answer.into());
                }
            }
        }
        Err(RelayError::Answer.into())
    }

    fn take_cosignature(&mut self, kept: &KeptLog, answer: &Answer) -> Result<(), Stop> {
        let note = [kept.checkpoint.as_bytes(), &answer.body].concat();
        match self.vault.meet(&note, self.witness, self.now) {
            Ok(Met::Agrees { size }) if size == kept.size => Ok(()),
            Err(MeetError::Vault(error)) => Err(error.into()),
            _ => Err(RelayError::Answer.into()),
        }
    }

    /// The relay has something else than is here: what its largest checkpoint proves.
    fn finding(&mut self) -> Stop {
        self.compare().unwrap_or_else(|stop| stop)
    }

    fn compare(&mut self) -> Result<Stop, Stop> {
        let unproven = Stop::State(BackUpState::Unproven);
        let Some(note) = self.relay.largest_checkpoint(self.id)? else { return Ok(unproven) };
        Ok(match self.vault.meet(&note, self.witness, self.now) {
            Ok(Met::Continued { reason, log }) => Stop::State(BackUpState::Continued { reason, log }),
            Err(MeetError::Vault(error)) => error.into(),
            Ok(_) | Err(_) => unproven,
        })
    }

    fn push_leaves(&mut self, until: u64) -> Result<(), Stop> {
        let mut pushed = self.vault.pushed(self.id, self.relay.url())?;
        let mut went_back = false;
        while pushed.leaves < until {
            let from = pushed.leaves;
            let stopped = self.push_from(&mut pushed, until);
            self.vault.keep_pushed(self.id, self.relay.url(), pushed)?;
            let Err(stop) = stopped else { return Ok(()) };
            match stop {
                // The relay has fewer than it acknowledged: it was restored, or lies. Once more from there.
                Fewer::Has(has) if has < from && !went_back => {
                    went_back = true;
                    pushed = Pushed { leaves: has, checkpoint: 0 };
                }
                Fewer::Has(_) => return Err(RelayError::Answer.into()),
                Fewer::Stop(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    /// Sends records in pages, so that the vault is free to keep what was acknowledged.
    fn push_from(&mut self, pushed: &mut Pushed, until: u64) -> Result<(), Fewer> {
        while pushed.leaves < until {
            let page = pushed.leaves..until.min(pushed.leaves + KEPT_EVERY);
            let leaves: Vec<_> = self.vault.leaves(self.id, page)?.collect::<Result<_, _>>()?;
            if leaves.is_empty() {
                return Err(VaultError::Inconsistent.into());
            }
            for leaf in leaves {
                match self.relay.put(self.path(&format!("leaves/{}", leaf.n)), &leaf.bytes) {
                    Ok(()) => {}
                    Err(RelayError::Refused { status: 409, .. }) => self.compare_leaf(leaf.n, &leaf.bytes)?,
                    Err(error) => return Err(Fewer::Stop(refused(error))),
                }
                pushed.leaves = leaf.n + 1;
            }
            self.vault.keep_pushed(self.id, self.relay.url(), *pushed)?;
        }
        Ok(())
    }

    /// The relay has another record in this place, or fewer than it acknowledged.
    fn compare_leaf(&mut self, n: u64, bytes: &[u8]) -> Result<(), Fewer> {
        let target = self.path(&format!("leaves?from={n}&limit=1"));
        let ask = Ask::new("GET", target, By::Device).limit(Leaf::MAX_BYTES + 1);
        let answer = self.relay.ask(&ask)?;
        let size = answer.field("curtain-size").and_then(|size| size.parse::<u64>().ok());
        match size.ok_or(RelayError::Answer)? {
            size if size <= n => Err(Fewer::Has(size)),
            _ if answer.body.strip_suffix(b"\n") == Some(bytes) => Ok(()),
            _ => Err(Fewer::Stop(self.finding())),
        }
    }

    /// Sends details, sealed to the officer. One that is refused does not hold up the others.
    fn push_details(&mut self, until: u64) -> Result<BackUpState, Stop> {
        let url = self.relay.url().to_owned();
        let places = self.vault.details_to_store(self.id, &url, until)?;
        let Some(officer) = self.officer else {
            return Ok(if places.is_empty() { BackUpState::Whole } else { BackUpState::NoOfficerKey });
        };
        let mut state = BackUpState::Whole;
        for n in places {
            let (id, random) = (self.id, self.random);
            let seal = |record: &officer::Record| -> Result<_, BackUpError> {
                Ok(officer::seal(id, record, officer, random)?)
            };
            let sealed = self.vault.sealed_record(id, n, &url, seal)?;
            match self.relay.put(self.path(&format!("sealed/{n}")), &sealed) {
                Ok(()) => self.vault.keep_stored(id, n, &url)?,
                Err(RelayError::Refused { status: 409 | 413 | 422, code }) => {
                    state = BackUpState::Refused { code };
                }
                Err(error) => return Err(refused(error)),
            }
        }
        Ok(state)
    }

    fn push_checkpoint(&mut self, until: u64, note: &Note) -> Result<(), Stop> {
        let url = self.relay.url().to_owned();
        let pushed = self.vault.pushed(self.id, &url)?;
        if pushed.checkpoint >= until {
            return Ok(());
        }
        match self.relay.put(self.path(&format!("checkpoints/{until}")), note.to_string().as_bytes()) {
            Ok(()) => {}
            Err(RelayError::Refused { status: 409, .. }) => {
                // Cosigned at another time, perhaps: it counts if it says the same.
                let there = self.relay.largest_checkpoint(self.id)?.ok_or(RelayError::Answer)?;
                let same = Note::parse(&there)
                    .is_ok_and(|there| there.text() == note.text() && there.verify(self.witness).is_ok());
                if !same {
                    return Err(self.finding());
                }
            }
            Err(error) => return Err(refused(error)),
        }
        Ok(self.vault.keep_pushed(self.id, &url, Pushed { checkpoint: until, ..pushed })?)
    }

    /// Asks the relay to delete the details of consents that were erased. A relay that does not is asked again next time.
    fn delete_erased(&mut self, until: u64) -> Result<(), Stop> {
        let url = self.relay.url().to_owned();
        for n in self.vault.details_to_delete(self.id, &url, until)? {
            match self.relay.ask(&Ask::new("DELETE", self.path(&format!("sealed/{n}")), By::Device)) {
                Ok(_) => self.vault.keep_deleted(self.id, n, &url)?,
                Err(RelayError::Refused { status: 404, code }) if code == "no_such_details" => {
                    self.vault.keep_deleted(self.id, n, &url)?;
                }
                Err(RelayError::Refused { status: 400..500, .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Why sending records stopped.
enum Fewer {
    /// The relay has only so many.
    Has(u64),
    Stop(Stop),
}

impl<E: Into<BackUpError>> From<E> for Fewer {
    fn from(error: E) -> Self {
        Self::Stop(error.into().into())
    }
}

impl Relay<'_> {
    /// The largest checkpoint of a log that is there, as a note that nobody verified.
    pub(super) fn largest_checkpoint(&self, log: Id) -> Result<Option<Vec<u8>>, RelayError> {
        let ask = Ask::new("GET", format!("/v1/ledgers/{log}/checkpoints"), By::Device);
        match self.ask(&ask.limit(MAX_NOTE_BYTES)) {
            Ok(answer) => Ok(Some(answer.body).filter(|body| !body.is_empty())),
            Err(RelayError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A refusal that concerns this log alone: the others are backed up.
fn refused(error: RelayError) -> Stop {
    match error {
        RelayError::Refused { status: 403 | 404, .. } => Stop::State(BackUpState::NotListed),
        RelayError::Refused { status: 413 | 422, code } => Stop::State(BackUpState::Refused { code }),
        error => error.into(),
    }
}

/// What the log itself says in a note that is kept.
fn checkpoint(note: &Note) -> Result<Checkpoint, VaultError> {
    note.text().parse().map_err(|_| VaultError::Inconsistent)
}

fn add_checkpoint(old: u64, hashes: &[Hash], kept: &KeptLog) -> Result<Vec<u8>, VaultError> {
    let proof = if old == 0 { Ok(Vec::new()) } else { consistency_proof(old, kept.size, hashes) };
    let proof = proof.map_err(|_| VaultError::Inconsistent)?;
    let lines: String = proof.into_iter().flat_map(|hash| [hash.to_base64(), "\n".to_owned()]).collect();
    Ok(format!("old {old}\n{lines}\n{}", kept.checkpoint).into_bytes())
}

/// The size in an answer of 409. [c2sp.org/tlog-witness]
fn said_size(answer: &Answer) -> Option<u64> {
    str::from_utf8(&answer.body).ok()?.strip_suffix('\n')?.parse().ok()
}
