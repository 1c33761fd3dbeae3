//! The consent log as it is kept: a leaf, the tree's edge and the signed checkpoint in one transaction.

use std::ops::Range;

use curtain_wire::checkpoint::Checkpoint;
use curtain_wire::note::{Note, Signature, Verified, VerifierKey};
use curtain_wire::tree::{Frontier, Hash};
use ring::rand::SystemRandom;
use rusqlite::{Connection, OptionalExtension, Transaction, named_params};
use thiserror::Error;
use zeroize::Zeroizing;

use super::error::VaultError;
use super::pages::Pages;
use super::{Vault, make_random};
use crate::hash::{Id, Sha256};
use crate::keys::LogKey;
use crate::ledger::Head;
use crate::ledger::leaf::{ContinueReason, Event, Leaf, Place};
use crate::time::UnixTime;

/// A log of this vault.
#[derive(Clone, Debug)]
pub struct KeptLog {
    /// Its random name.
    pub id: Id,
    /// Leaves in it.
    pub size: u64,
    /// Its newest checkpoint, a note signed by its key.
    pub checkpoint: String,
    /// Its largest checkpoint that a witness cosigned.
    pub cosigned: Option<Cosigned>,
    /// Why it is not appended to any more.
    pub closed: Option<ContinueReason>,
    /// What checks its signatures.
    pub verifier: VerifierKey,
}

/// A checkpoint that a witness cosigned.
#[derive(Clone, Debug)]
pub struct Cosigned {
    /// The note, with the signatures of log and witness.
    pub note: String,
    /// What checks the witness's signature.
    pub witness: VerifierKey,
}

/// A leaf as it is kept.
#[derive(Clone, Debug)]
pub struct StoredLeaf {
    /// Its place.
    pub n: u64,
    /// Its RFC 6962 hash.
    pub hash: Hash,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
}

impl StoredLeaf {
    /// # Errors
    /// [`VaultError::Inconsistent`] if the bytes are no leaf of that place.
    pub fn leaf(&self) -> Result<Leaf, VaultError> {
        let leaf = Leaf::parse(&self.bytes).map_err(|_| VaultError::Inconsistent)?;
        (leaf.n == self.n).then_some(leaf).ok_or(VaultError::Inconsistent)
    }
}

/// What a witness's checkpoint showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// It saw this log as it is here.
    Agrees {
        /// Leaves that it saw.
        size: u64,
    },
    /// The log was closed before, and another continues it.
    Closed,
    /// It saw more, or other, leaves: the log is closed, and a new one says what it continues.
    Continued {
        /// Why.
        reason: ContinueReason,
        /// The new log.
        log: Id,
    },
}

/// Why a witness's checkpoint was not taken. Nothing was changed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MeetError {
    /// It is no signed checkpoint.
    #[error("this is not a signed checkpoint of a log: ask the witness for its newest one")]
    NotACheckpoint,
    /// It is of a log that this vault neither has nor can continue.
    #[error("this checkpoint is of a log that this vault does not have")]
    UnknownLog,
    /// The log's own key did not sign it.
    #[error("this checkpoint is not signed by the log that it names")]
    NotSigned,
    /// The witness did not cosign it.
    #[error("this checkpoint is not cosigned by the witness whose key was given")]
    NotCosigned,
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl MeetError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotACheckpoint => "not_a_checkpoint",
            Self::UnknownLog => "unknown_log",
            Self::NotSigned => "not_signed",
            Self::NotCosigned => "not_cosigned",
            Self::Vault(error) => error.code(),
        }
    }
}

impl From<rusqlite::Error> for MeetError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Vault(error.into())
    }
}

/// A leaf that was just appended.
pub(super) struct Appended {
    pub(super) ord: i64,
    pub(super) log: Id,
    pub(super) n: u64,
}

struct Open {
    ord: i64,
    head: Head,
    key: LogKey,
}

/// Appends `event` to the open log, which is begun if there is none.
pub(super) fn append(
    tx: &Transaction<'_>,
    event: Event,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<Appended, VaultError> {
    append_to(tx, &mut open_or_begin(tx, now, random)?, event, now)
}

fn open_or_begin(tx: &Transaction<'_>, now: UnixTime, random: &SystemRandom) -> Result<Open, VaultError> {
    match open_log(tx)? {
        Some(open) => Ok(open),
        None => begin(tx, make_random(random).map(Id)?, now, random),
    }
}

fn append_to(
    tx: &Transaction<'_>,
    open: &mut Open,
    event: Event,
    now: UnixTime,
) -> Result<Appended, VaultError> {
    let n = open.head.frontier.size();
    let (bytes, hash) =
        open.head.append(event, now).map_err(|behind| VaultError::ClockBehind { newest: behind.newest })?;
    tx.prepare_cached("INSERT INTO leaf (log, n, hash, bytes) VALUES (?1, ?2, ?3, ?4)")?.execute((
        open.ord,
        signed(n)?,
        hash.0,
        bytes,
    ))?;
    tx.prepare_cached(
        "UPDATE log SET size = :size, frontier = :frontier, newest = :newest, checkpoint = :checkpoint
         WHERE ord = :ord",
    )?
    .execute(named_params! {
        ":size": signed(open.head.frontier.size())?,
        ":frontier": frontier_bytes(&open.head.frontier),
        ":newest": open.head.newest.seconds(),
        ":checkpoint": open.head.checkpoint(&open.key),
        ":ord": open.ord,
    })?;
    Ok(Appended { ord: open.ord, log: open.head.log, n })
}

fn begin(tx: &Transaction<'_>, id: Id, now: UnixTime, random: &SystemRandom) -> Result<Open, VaultError> {
    // A log before this one may hold times that the clock must not fall behind.
    if let Some(newest) = newest(tx)?.filter(|newest| now < *newest) {
        return Err(VaultError::ClockBehind { newest });
    }
    let seed = Zeroizing::new(make_random::<32>(random)?);
    let head = Head { log: id, frontier: Frontier::new(), newest: now };
    let key = LogKey::from_seed(id, &seed);
    tx.execute(
        "INSERT INTO log (id, seed, made_at, size, frontier, newest, checkpoint)
         VALUES (:id, :seed, :now, 0, x'', :now, :checkpoint)",
        named_params! {
            ":id": id.0, ":seed": *seed, ":now": now.seconds(), ":checkpoint": head.checkpoint(&key),
        },
    )?;
    Ok(Open { ord: tx.last_insert_rowid(), head, key })
}

/// When the newest record of all logs was made.
pub(super) fn newest(connection: &Connection) -> Result<Option<UnixTime>, VaultError> {
    let newest: Option<i64> = connection.query_row("SELECT max(newest) FROM log", [], |row| row.get(0))?;
    newest.map(moment).transpose()
}

fn open_log(connection: &Connection) -> Result<Option<Open>, VaultError> {
    let row = connection
        .prepare_cached("SELECT ord, id, seed, size, frontier, newest FROM log WHERE closed IS NULL")?
        .query_row([], |row| {
            let seed = Zeroizing::new(row.get::<_, [u8; 32]>(2)?);
            Ok((row.get(0)?, row.get(1)?, seed, row.get(3)?, row.get::<_, Vec<u8>>(4)?, row.get(5)?))
        })
        .optional()?;
    let Some((ord, id, seed, size, frontier, newest)) = row else { return Ok(None) };
    let frontier = frontier_of(unsigned(size)?, &frontier)?;
    let key = LogKey::from_seed(Id(id), &seed);
    Ok(Some(Open { ord, head: Head { log: Id(id), frontier, newest: moment(newest)? }, key }))
}

pub(super) fn frontier_bytes(frontier: &Frontier) -> Vec<u8> {
    frontier.parts().1.iter().flat_map(|hash| hash.0).collect()
}

pub(super) fn frontier_of(size: u64, bytes: &[u8]) -> Result<Frontier, VaultError> {
    let (parts, rest) = bytes.as_chunks::<32>();
    let parts = parts.iter().copied().map(Hash).collect();
    let frontier = Frontier::from_parts(size, parts).map_err(|_| VaultError::Inconsistent)?;
    rest.is_empty().then_some(frontier).ok_or(VaultError::Inconsistent)
}

/// `SQLite` has signed numbers only.
pub(super) fn signed(n: u64) -> Result<i64, VaultError> {
    i64::try_from(n).map_err(|_| VaultError::Inconsistent)
}

pub(super) fn unsigned(n: i64) -> Result<u64, VaultError> {
    u64::try_from(n).map_err(|_| VaultError::Inconsistent)
}

pub(super) fn moment(seconds: i64) -> Result<UnixTime, VaultError> {
    UnixTime::new(seconds).map_err(|_| VaultError::Inconsistent)
}

/// How a leaf of the log `ord` is named in a leaf of the log `from`.
pub(super) fn place(connection: &Connection, from: i64, ord: i64, n: i64) -> Result<Place, VaultError> {
    let n = unsigned(n)?;
    if from == ord {
        return Ok(Place::Here(n));
    }
    let log = connection.query_row("SELECT id FROM log WHERE ord = ?1", [ord], |row| row.get(0).map(Id))?;
    Ok(Place::Before { log, n })
}

/// The key of the log `ord`.
pub(super) fn log_key(connection: &Connection, ord: i64) -> Result<LogKey, VaultError> {
    let (id, seed) = connection.query_row("SELECT id, seed FROM log WHERE ord = ?1", [ord], |row| {
        Ok((Id(row.get(0)?), Zeroizing::new(row.get::<_, [u8; 32]>(1)?)))
    })?;
    Ok(LogKey::from_seed(id, &seed))
}

/// The log that the next leaf goes to, begun if there is none.
pub(super) fn writable_log(
    tx: &Transaction<'_>,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<i64, VaultError> {
    Ok(open_or_begin(tx, now, random)?.ord)
}

impl Vault {
    /// Asks whether the clock can be right.
    ///
    /// # Errors
    /// [`VaultError::ClockBehind`] if `now` is before the newest record.
    pub fn check_clock(&self, now: UnixTime) -> Result<(), VaultError> {
        match newest(&self.opened.connection)? {
            Some(newest) if now < newest => Err(VaultError::ClockBehind { newest }),
            _ => Ok(()),
        }
    }

    /// All logs of this vault, oldest first; the last one is appended to.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn logs(&self) -> Result<Vec<KeptLog>, VaultError> {
        let connection = &self.opened.connection;
        let mut statement = connection.prepare_cached(
            "SELECT log.id, log.seed, log.size, log.checkpoint, cosigned.note, log.closed, cosigned.witness
             FROM log LEFT JOIN cosigned ON cosigned.log = log.ord ORDER BY log.ord",
        )?;
        let mut rows = statement.query([])?;
        let mut logs = Vec::new();
        while let Some(row) = rows.next()? {
            let id = Id(row.get(0)?);
            let seed = Zeroizing::new(row.get::<_, [u8; 32]>(1)?);
            let closed = match row.get::<_, Option<String>>(5)?.as_deref() {
                None => None,
                Some("behind") => Some(ContinueReason::Behind),
                Some("forked") => Some(ContinueReason::Forked),
                Some("reinstalled") => Some(ContinueReason::Reinstalled),
                Some(_) => return Err(VaultError::Inconsistent),
            };
            logs.push(KeptLog {
                id,
                size: unsigned(row.get(2)?)?,
                checkpoint: row.get(3)?,
                cosigned: cosigned(row.get(4)?, row.get(6)?)?,
                closed,
                verifier: LogKey::from_seed(id, &seed).verifier().clone(),
            });
        }
        Ok(logs)
    }

    /// The leaves of a log in `range`, in order.
    ///
    /// # Errors
    /// [`VaultError`], here or while reading.
    pub fn leaves(
        &self,
        log: Id,
        range: Range<u64>,
    ) -> Result<impl Iterator<Item = Result<StoredLeaf, VaultError>> + '_, VaultError> {
        let connection = &self.opened.connection;
        let ord = known_ord(connection, log)?;
        let (first, until) = (signed(range.start)?, signed(range.end)?);
        let query = format!(
            "SELECT n, hash, bytes FROM leaf
             WHERE log = {ord} AND n >= max(?1, {first}) AND n < {until} ORDER BY n LIMIT ?2"
        );
        Ok(Pages::new(connection, query, |row| {
            Ok(StoredLeaf { n: unsigned(row.get(0)?)?, hash: Hash(row.get(1)?), bytes: row.get(2)? })
        }))
    }

    /// The hashes of all leaves of a log, in order.
    ///
    /// # Errors
    /// [`VaultError`], here or while reading.
    pub fn leaf_hashes(
        &self,
        log: Id,
    ) -> Result<impl Iterator<Item = Result<Hash, VaultError>> + '_, VaultError> {
        let connection = &self.opened.connection;
        let ord = known_ord(connection, log)?;
        let query = format!("SELECT n, hash FROM leaf WHERE log = {ord} AND n >= ?1 ORDER BY n LIMIT ?2");
        Ok(Pages::new(connection, query, |row| Ok(Hash(row.get(1)?))))
    }

    /// A note of `text`, signed by the key of one of this vault's logs.
    ///
    /// # Errors
    /// [`VaultError`].
    pub(crate) fn sign_manifest(&self, log: Id, text: &str) -> Result<String, VaultError> {
        let seed: [u8; 32] =
            self.opened
                .connection
                .query_row("SELECT seed FROM log WHERE id = ?1", [log.0], |row| row.get(0))?;
        let note = LogKey::from_seed(log, &Zeroizing::new(seed)).sign(text);
        Ok(note.map_err(|_| VaultError::Inconsistent)?.to_string())
    }

    /// Compares this vault with what a witness saw. A vault that finds itself behind, or with other leaves,
    /// never appends to that log again: it begins a new one that says what it continues.
    ///
    /// # Errors
    /// [`MeetError`]; nothing was changed.
    pub fn meet(&mut self, note: &[u8], witness: &VerifierKey, now: UnixTime) -> Result<Met, MeetError> {
        let note = Note::parse(note).map_err(|_| MeetError::NotACheckpoint)?;
        let seen: Checkpoint = note.text().parse().map_err(|_| MeetError::NotACheckpoint)?;
        let Ok(Verified::Cosigned { .. }) = note.verify(witness) else { return Err(MeetError::NotCosigned) };
        let random = self.random.clone();
        let tx = self.transaction()?;
        let log = Id(seen.log);
        let met = match ord_of(&tx, log)? {
            Some(ord) => meet_own(&tx, ord, &note, witness, now, &random)?,
            // Its key is gone, so the witness's word counts, and a witness cosigns only what the log signed.
            None if !note.signatures().iter().any(|line| line.name() == seen.origin()) => {
                return Err(MeetError::NotSigned);
            }
            None => {
                make_way(&tx)?;
                let stopped = Stopped { log, size: 0, root: Hash::empty_root(), seen: seen.size };
                go_on(&tx, &stopped, ContinueReason::Reinstalled, now, &random)?
            }
        };
        tx.commit()?;
        Ok(met)
    }
}

/// Closes the log that a new vault began before it heard of the lost one: only leaf 0 of another can say what it
/// continues. Nothing of it is missing, so its consents stay as they are.
fn make_way(tx: &Transaction<'_>) -> Result<(), MeetError> {
    let Some(open) = open_log(tx)? else { return Ok(()) };
    let first: Option<Vec<u8>> = tx
        .query_row("SELECT bytes FROM leaf WHERE log = ?1 AND n = 0", [open.ord], |row| row.get(0))
        .optional()?;
    let first = first.map(|bytes| Leaf::parse(&bytes)).transpose().map_err(|_| VaultError::Inconsistent)?;
    if first.is_some_and(|leaf| matches!(leaf.event, Event::Continue { .. })) {
        return Err(MeetError::UnknownLog);
    }
    tx.execute("UPDATE log SET closed = 'reinstalled' WHERE ord = ?1", [open.ord])?;
    Ok(())
}

/// Compares one of this vault's logs with a checkpoint of it.
fn meet_own(
    tx: &Transaction<'_>,
    ord: i64,
    note: &Note,
    witness: &VerifierKey,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<Met, MeetError> {
    let row = "SELECT id, seed, size, closed FROM log WHERE ord = ?1";
    let (id, key, size, closed): (_, [u8; 32], i64, Option<String>) =
        tx.query_row(row, [ord], |row| Ok((row.get(0).map(Id)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let key = LogKey::from_seed(id, &Zeroizing::new(key));
    let seen = Checkpoint::signed(note, key.verifier()).map_err(|_| MeetError::NotSigned)?;
    if closed.is_some() {
        return Ok(Met::Closed);
    }
    let size = unsigned(size)?;
    let (at_seen, root) = roots(tx, ord, seen.size.min(size))?;
    let (reason, word) = if seen.size > size {
        (ContinueReason::Behind, "behind")
    } else if at_seen != seen.root {
        (ContinueReason::Forked, "forked")
    } else {
        // Lines of others say nothing here, may be long, and would travel with every post.
        let known = |line: &&Signature| line.names(key.verifier()) || line.names(witness);
        let lines = note.signatures().iter().filter(known).cloned().collect();
        let note = Note::new(note.text().to_owned(), lines).map_err(|_| VaultError::Inconsistent)?;
        let cosigned = Cosigned { note: note.to_string(), witness: witness.clone() };
        keep_cosigned(tx, ord, seen.size, &cosigned)?;
        return Ok(Met::Agrees { size: seen.size });
    };
    tx.execute("UPDATE log SET closed = ?1 WHERE ord = ?2", (word, ord))?;
    Ok(go_on(tx, &Stopped { log: id, size, root, seen: seen.size }, reason, now, random)?)
}

fn cosigned(note: Option<String>, witness: Option<String>) -> Result<Option<Cosigned>, VaultError> {
    let Some((note, witness)) = note.zip(witness) else { return Ok(None) };
    let witness = witness.parse().map_err(|_| VaultError::Inconsistent)?;
    Ok(Some(Cosigned { note, witness }))
}

/// A log that cannot go on.
struct Stopped {
    log: Id,
    size: u64,
    root: Hash,
    seen: u64,
}

fn go_on(
    tx: &Transaction<'_>,
    stopped: &Stopped,
    reason: ContinueReason,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<Met, VaultError> {
    let id = Id(make_random(random)?);
    let mut open = begin(tx, id, now, random)?;
    let event = Event::Continue {
        before: stopped.log,
        reason,
        root: Sha256(stopped.root.0),
        size: stopped.size,
        witnessed: stopped.seen,
    };
    append_to(tx, &mut open, event, now)?;
    Ok(Met::Continued { reason, log: id })
}

fn keep_cosigned(tx: &Transaction<'_>, ord: i64, size: u64, cosigned: &Cosigned) -> Result<(), VaultError> {
    tx.execute(
        "INSERT INTO cosigned (log, size, note, witness) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (log) DO UPDATE SET size = excluded.size, note = excluded.note, witness = excluded.witness
         WHERE excluded.size >= cosigned.size",
        (ord, signed(size)?, &cosigned.note, cosigned.witness.to_string()),
    )?;
    Ok(())
}

/// The roots of the first `part` leaves, and of all.
fn roots(connection: &Connection, ord: i64, part: u64) -> Result<(Hash, Hash), VaultError> {
    let query = format!("SELECT n, hash FROM leaf WHERE log = {ord} AND n >= ?1 ORDER BY n LIMIT ?2");
    let hashes = Pages::new(connection, query, |row| Ok(Hash(row.get(1)?)));
    let mut frontier = Frontier::new();
    let mut at_part = frontier.root();
    for hash in hashes {
        frontier.append(hash?);
        if frontier.size() == part {
            at_part = frontier.root();
        }
    }
    Ok((at_part, frontier.root()))
}

/// Where a log of this vault stands among them.
pub(super) fn known_ord(connection: &Connection, log: Id) -> Result<i64, VaultError> {
    ord_of(connection, log)?.ok_or(VaultError::NotFound)
}

fn ord_of(connection: &Connection, log: Id) -> Result<Option<i64>, VaultError> {
    let ord = connection
        .prepare_cached("SELECT ord FROM log WHERE id = ?1")?
        .query_row([log.0], |row| row.get(0))
        .optional()?;
    Ok(ord)
}
