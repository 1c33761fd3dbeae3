//! Taking consent back, and having it forgotten. Both append; the log is never rewritten.

use ring::rand::SystemRandom;
use rusqlite::{Connection, OptionalExtension, Transaction};
use thiserror::Error;

use super::Vault;
use super::backup::drop_sealed_record;
use super::error::VaultError;
use super::held::{Held, Mark, held};
use super::log::{Appended, append, known_ord, newest, place, signed, writable_log};
use super::outbox::withdrawn_in;
use crate::consent::{WithdrawalCode, keep_until};
use crate::hash::Id;
use crate::ledger::leaf::{EraseReason, Event, Place, Retention, WithdrawnBy};
use crate::time::UnixTime;

/// Who withdraws, and what they show for it.
#[derive(Debug)]
pub enum WithdrawBy {
    /// Whoever presents the code of the patient's receipt.
    Code(WithdrawalCode),
    /// The clinician's device, told by the patient.
    Author(Id),
    /// The compliance officer.
    Officer(Id),
}

/// A withdrawal that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// The consent.
    pub consent: Id,
    /// Its place in the log.
    pub n: u64,
    /// The disclosures and exports whose holders have to follow.
    pub awaits: Vec<Place>,
}

/// Why no withdrawal was recorded.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum WithdrawError {
    /// No consent has this code.
    #[error("no consent in this vault has this withdrawal code: check it against the receipt")]
    NoSuchCode,
    /// It was withdrawn before, and stays so.
    #[error("this consent was withdrawn on {at} already, and stays withdrawn")]
    AlreadyWithdrawn {
        /// When.
        at: UnixTime,
    },
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl WithdrawError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchCode => "no_such_code",
            Self::AlreadyWithdrawn { .. } => "already_withdrawn",
            Self::Vault(error) => error.code(),
        }
    }
}

impl From<rusqlite::Error> for WithdrawError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Vault(error.into())
    }
}

/// An erasure that was recorded and done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    /// The consent.
    pub consent: Id,
    /// Its place in the log.
    pub n: u64,
    /// The exports whose holders have copies that must follow.
    pub copies: Vec<Place>,
}

/// Why nothing was erased, or not all of it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EraseError {
    /// The record must be kept until a later day.
    #[error("this record must be kept until {}: erasing it earlier needs a reason that overrides that duty", .until.date())]
    MustBeKept {
        /// Until when, if it were withdrawn now.
        until: UnixTime,
    },
    /// Its details are gone already.
    #[error("the details of this consent were erased on {at} already")]
    AlreadyErased {
        /// When.
        at: UnixTime,
    },
    /// The record is erased; the write-ahead log could not be emptied.
    #[error("the record was erased, but old pages could not be cleared from the disk: erase it once more")]
    NotCleared,
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl EraseError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MustBeKept { .. } => "must_be_kept",
            Self::AlreadyErased { .. } => "already_erased",
            Self::NotCleared => "not_cleared",
            Self::Vault(error) => error.code(),
        }
    }
}

impl From<rusqlite::Error> for EraseError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Vault(error.into())
    }
}

/// Why an acknowledgement was not recorded.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcknowledgeError {
    /// Nothing waits for it.
    #[error("no withdrawal or erasure waits for this copy: list what is awaited")]
    NotAwaited,
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl AcknowledgeError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAwaited => "not_awaited",
            Self::Vault(error) => error.code(),
        }
    }
}

impl From<rusqlite::Error> for AcknowledgeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Vault(error.into())
    }
}

impl Vault {
    /// Withdraws a consent: one call, as easy as giving. What it lists must follow.
    ///
    /// # Errors
    /// [`WithdrawError`]; nothing was written.
    pub fn withdraw(&mut self, by: &WithdrawBy, now: UnixTime) -> Result<Withdrawn, WithdrawError> {
        let random = self.random.clone();
        let tx = self.transaction()?;
        let (consent, by) = match by {
            WithdrawBy::Code(code) => {
                (by_code(&tx, code)?.ok_or(WithdrawError::NoSuchCode)?, WithdrawnBy::Code)
            }
            WithdrawBy::Author(consent) => (*consent, WithdrawnBy::Author),
            WithdrawBy::Officer(consent) => (*consent, WithdrawnBy::Officer),
        };
        let held = held(&tx, consent)?;
        if let Some(at) = held.withdrawn_at() {
            return Err(WithdrawError::AlreadyWithdrawn { at });
        }
        let withdrawn = withdraw_in(&tx, &held, by, now, &random)?;
        tx.commit()?;
        Ok(withdrawn)
    }

    /// The withdrawals and erasures that copies still have to follow: the place of each and the copy's.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn awaited(&self, consent: Id) -> Result<Vec<(Place, Place)>, VaultError> {
        let connection = &self.opened.connection;
        let open: Option<i64> = connection
            .query_row("SELECT ord FROM log WHERE closed IS NULL", [], |row| row.get(0))
            .optional()?;
        let Some(open) = open else { return Ok(Vec::new()) };
        let mut statement = connection.prepare_cached(
            "SELECT log, of_n, copy_log, copy_n FROM awaited WHERE acknowledged_n IS NULL AND consent = ?1",
        )?;
        let mut rows = statement.query([consent.0])?;
        let mut awaited = Vec::new();
        while let Some(row) = rows.next()? {
            awaited.push((
                place(connection, open, row.get(0)?, row.get(1)?)?,
                place(connection, open, row.get(2)?, row.get(3)?)?,
            ));
        }
        Ok(awaited)
    }

    /// Records that the holder of `copy` followed the withdrawal or erasure `of`.
    ///
    /// # Errors
    /// [`AcknowledgeError`]; nothing was written.
    pub fn acknowledge(&mut self, of: Place, copy: Place, now: UnixTime) -> Result<u64, AcknowledgeError> {
        let random = self.random.clone();
        let tx = self.transaction()?;
        let open = writable_log(&tx, now, &random)?;
        let (of, copy) = (place_in(&tx, open, of)?, place_in(&tx, open, copy)?);
        let n = acknowledge_in(&tx, of, copy, now, &random)?;
        tx.commit()?;
        Ok(n)
    }

    /// Forgets whom a consent is about: withdraws it in the name of `by`, deletes its details, keys, media and cases, and clears
    /// them from the disk's pages. The log keeps that there was a consent, and still verifies.
    ///
    /// # Errors
    /// [`EraseError::MustBeKept`] where a duty to keep the record would be broken and no `despite` is given.
    pub fn erase(
        &mut self,
        consent: Id,
        by: WithdrawnBy,
        despite: Option<EraseReason>,
        now: UnixTime,
    ) -> Result<Erased, EraseError> {
        let random = self.random.clone();
        let tx = self.transaction()?;
        let held = held(&tx, consent)?;
        if let Some(Mark { at, .. }) = held.erased() {
            // Old pages may still wait to be cleared.
            drop(tx);
            clear(&self.opened.connection)?;
            return Err(EraseError::AlreadyErased { at });
        }
        let last_in_effect = held.expires().min(held.withdrawn_at().unwrap_or(now));
        let retention = match (keep_until(held.regime(), last_in_effect), despite) {
            (Some(until), None) if now < until => return Err(EraseError::MustBeKept { until }),
            (Some(until), Some(reason)) if now < until => Retention::Broken { reason },
            _ => Retention::Over,
        };
        if held.withdrawn_at().is_none() {
            withdraw_in(&tx, &held, by, now, &random)?;
        }
        let open = writable_log(&tx, now, &random)?;
        let copies = copies_of(&tx, &held, CopiesWith::DetailsOnly)?;
        let event = Event::Erase {
            copies: places(&tx, open, &copies)?,
            consent,
            grant: held.place_from(&tx, open)?,
            retention,
        };
        let Appended { ord, log, n } = append(&tx, event, now, &random)?;
        let copies = await_copies(&tx, (ord, n), consent, &copies)?;
        drop_sealed_record(&tx, consent)?;
        tx.execute(
            "DELETE FROM attachment WHERE consent = (SELECT ord FROM consent WHERE id = ?1)",
            [consent.0],
        )?;
        tx.execute(
            "DELETE FROM draft WHERE consent = ?1 OR id IN (SELECT draft FROM case_of WHERE consent = ?1)",
            [consent.0],
        )?;
        drop_sealed(&tx, consent)?;
        forget_headers(&tx, consent)?;
        tx.execute(
            "UPDATE consent SET details = NULL, commitment_key = NULL, code = NULL, erased_at = ?1, erased_n = ?2,
             erased_log = ?3 WHERE id = ?4",
            (now.seconds(), signed(n)?, log.0, consent.0),
        )?;
        tx.commit()?;
        clear(&self.opened.connection)?;
        Ok(Erased { consent, n, copies })
    }
}

/// Records that the holder of `copy` followed `of`, each as log and place, in a transaction of the caller's.
pub(super) fn acknowledge_in(
    tx: &Transaction<'_>,
    (of_ord, of_n): (i64, i64),
    (copy_ord, copy_n): (i64, i64),
    now: UnixTime,
    random: &SystemRandom,
) -> Result<u64, AcknowledgeError> {
    let open = writable_log(tx, now, random)?;
    // As the log writes them: this log's own places bear no name.
    let (of, copy) = (place(tx, open, of_ord, of_n)?, place(tx, open, copy_ord, copy_n)?);
    let Appended { n, .. } = append(tx, Event::Acknowledge { copy, of }, now, random)?;
    let changed = tx.execute(
        "UPDATE awaited SET acknowledged_n = ?1
         WHERE log = ?2 AND of_n = ?3 AND copy_log = ?4 AND copy_n = ?5 AND acknowledged_n IS NULL",
        (signed(n)?, of_ord, of_n, copy_ord, copy_n),
    )?;
    if changed == 1 { Ok(n) } else { Err(AcknowledgeError::NotAwaited) }
}

/// Withdraws the consent of this vault that has the code, if there is one and it was not withdrawn before, in a transaction
/// of the caller's.
pub(super) fn withdraw_by_code_in(
    tx: &Transaction<'_>,
    code: &WithdrawalCode,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<(), VaultError> {
    let Some(consent) = by_code(tx, code)? else { return Ok(()) };
    let held = held(tx, consent)?;
    if held.withdrawn_at().is_none() {
        withdraw_in(tx, &held, WithdrawnBy::Code, now, random)?;
    }
    Ok(())
}

/// Moves all pages to the database and empties the write-ahead log, where old pages still stand.
pub(super) fn clear(connection: &Connection) -> Result<(), EraseError> {
    let busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(|_| EraseError::NotCleared)?;
    (busy == 0).then_some(()).ok_or(EraseError::NotCleared)
}

fn by_code(tx: &Transaction<'_>, code: &WithdrawalCode) -> Result<Option<Id>, VaultError> {
    let consent = tx
        .query_row("SELECT id FROM consent WHERE withdrawal = ?1", [code.sha256().0], |row| {
            row.get(0).map(Id)
        })
        .optional()?;
    Ok(consent)
}

/// What was sealed under a consent that ended is not sent any more: files, keys and the list of what the patient saw go.
fn drop_sealed(tx: &Transaction<'_>, consent: Id) -> Result<(), VaultError> {
    let of_consent = "SELECT post FROM sealed WHERE consent = ?1";
    tx.execute(&format!("DELETE FROM sealed_object WHERE post IN ({of_consent})"), [consent.0])?;
    tx.execute("UPDATE sealed SET author_wrap = x'', shown = x'' WHERE consent = ?1", [consent.0])?;
    Ok(())
}

/// Empties the headers of an erased consent's posts, and of what was said about them here: number and hash stay.
fn forget_headers(tx: &Transaction<'_>, consent: Id) -> Result<(), VaultError> {
    let posts = "SELECT post FROM sealed WHERE consent = ?1";
    let headers = format!("SELECT hash FROM header WHERE object IN ({posts})");
    tx.execute(&format!("UPDATE header SET bytes = x'' WHERE about IN ({headers})"), [consent.0])?;
    tx.execute(&format!("UPDATE header SET bytes = x'' WHERE object IN ({posts})"), [consent.0])?;
    Ok(())
}

fn withdraw_in(
    tx: &Transaction<'_>,
    held: &Held,
    by: WithdrawnBy,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<Withdrawn, VaultError> {
    // A clock that is behind takes no patient's right away: the withdrawal is recorded with the newest record's time.
    let now = newest(tx)?.map_or(now, |newest| newest.max(now));
    let open = writable_log(tx, now, random)?;
    let copies = copies_of(tx, held, CopiesWith::AnyPartOfTheCase)?;
    let event = Event::Withdraw {
        awaits: places(tx, open, &copies)?,
        by,
        consent: held.id(),
        grant: held.place_from(tx, open)?,
    };
    let Appended { ord, log, n } = append(tx, event, now, random)?;
    let awaits = await_copies(tx, (ord, n), held.id(), &copies)?;
    tx.execute(
        "UPDATE consent SET withdrawn_at = ?1, withdrawn_n = ?2, withdrawn_by = ?3, withdrawn_log = ?4 WHERE id = ?5",
        (now.seconds(), signed(n)?, by.code(), log.0, held.id().0),
    )?;
    withdrawn_in(tx, held.id(), now)?;
    drop_sealed(tx, held.id())?;
    Ok(Withdrawn { consent: held.id(), n, awaits })
}

/// Which copies have to follow.
#[derive(Clone, Copy)]
enum CopiesWith {
    /// Posts that were sent, and exports with details.
    AnyPartOfTheCase,
    /// Exports with details: posts hold none.
    DetailsOnly,
}

/// The copies that left, as log and place.
fn copies_of(tx: &Transaction<'_>, held: &Held, which: CopiesWith) -> Result<Vec<(i64, i64)>, VaultError> {
    let posts = match which {
        CopiesWith::AnyPartOfTheCase => "consent = ?1 OR",
        CopiesWith::DetailsOnly => "?1 IS NULL OR",
    };
    let mut statement = tx.prepare_cached(&format!(
        "SELECT log, n FROM copy
         WHERE {posts} (with_details = 1 AND exported = ?2 AND first <= ?3 AND until > ?3) ORDER BY log, n"
    ))?;
    let rows = statement.query_map((held.id().0, held.log_ord(), signed(held.leaf().n)?), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn places(tx: &Transaction<'_>, open: i64, copies: &[(i64, i64)]) -> Result<Vec<Place>, VaultError> {
    copies.iter().map(|(ord, n)| place(tx, open, *ord, *n)).collect()
}

fn await_copies(
    tx: &Transaction<'_>,
    (ord, n): (i64, u64),
    consent: Id,
    copies: &[(i64, i64)],
) -> Result<Vec<Place>, VaultError> {
    for (copy_ord, copy_n) in copies {
        tx.prepare_cached(
            "INSERT INTO awaited (log, of_n, copy_log, copy_n, consent) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((ord, signed(n)?, copy_ord, copy_n, consent.0))?;
    }
    places(tx, ord, copies)
}

fn place_in(tx: &Transaction<'_>, open: i64, place: Place) -> Result<(i64, i64), VaultError> {
    match place {
        Place::Here(n) => Ok((open, signed(n).map_err(|_| VaultError::NotFound)?)),
        Place::Before { log, n } => Ok((known_ord(tx, log)?, signed(n).map_err(|_| VaultError::NotFound)?)),
    }
}
