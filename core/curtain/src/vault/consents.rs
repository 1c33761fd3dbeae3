//! Consents as they are kept: what was said and by whom, under the commitment that stands in the log.

use std::ops::Range;

use curtain_wire::tree::leaf_hash;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params};
use thiserror::Error;
use zeroize::Zeroizing;

use super::Vault;
use super::error::VaultError;
use super::log::{Appended, append, moment, place, signed, unsigned, writable_log};
use super::pages::Pages;
use crate::consent::signature::{self, SignatureError, SignatureForm};
use crate::consent::{
    ConsentDraft, ConsentRecord, Incomplete, Level, Method, Regime, Shortfall, Standing, WithdrawalCode,
};
use crate::hash::{Id, Sha256};
use crate::ledger::commitment;
use crate::ledger::leaf::{DetailsTaken, Event, ExportFormat, Leaf, Place, WithdrawnBy};
use crate::time::UnixTime;

/// The longest that may be said of who takes an export, in bytes.
const MAX_TAKEN_BY: usize = 500;

/// A consent that was just recorded.
#[derive(Debug)]
pub struct Granted {
    /// Its random name.
    pub id: Id,
    /// The log that it stands in.
    pub log: Id,
    /// Its place there.
    pub n: u64,
    /// For the patient's receipt: whoever presents it may withdraw.
    pub code: WithdrawalCode,
}

/// A consent as it stands in this vault.
#[derive(Clone, Debug)]
pub struct Held {
    id: Id,
    log: Id,
    ord: i64,
    leaf: Leaf,
    regime: Regime,
    level: Level,
    expires: UnixTime,
    /// The record's canonical bytes, which open the leaf's commitment.
    details: Option<Zeroizing<Vec<u8>>>,
    commitment_key: Option<Zeroizing<[u8; 32]>>,
    withdrawn: Option<(Mark, WithdrawnBy)>,
    expired: Option<Mark>,
    erased: Option<Mark>,
    log_is_whole: Whole,
}

/// Whether all that the log ever held is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whole {
    AsFarAsKnown,
    /// A witness saw other records.
    No,
}

/// When something was recorded, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: UnixTime,
    /// In which log: the one that was open then.
    pub log: Id,
    /// At which place.
    pub n: u64,
}

impl Held {
    /// Its random name.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }

    /// The log that its grant stands in.
    #[must_use]
    pub fn log(&self) -> Id {
        self.log
    }

    /// The leaf of its grant.
    #[must_use]
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// The law or guidance that it was given under.
    #[must_use]
    pub fn regime(&self) -> Regime {
        self.regime
    }

    /// How far it goes.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Its last second.
    #[must_use]
    pub fn expires(&self) -> UnixTime {
        self.expires
    }

    /// What was agreed, with every check run on it again; `None` once it was erased.
    ///
    /// # Errors
    /// [`VaultError::Inconsistent`] if such a consent cannot have been completed.
    pub fn record(&self) -> Result<Option<ConsentRecord>, VaultError> {
        let reopen = |details: &Zeroizing<Vec<u8>>| {
            let record = ConsentRecord::reopen(details).map_err(|_| VaultError::Inconsistent)?;
            (record.id() == self.id).then_some(record).ok_or(VaultError::Inconsistent)
        };
        self.details.as_ref().map(reopen).transpose()
    }

    /// The record's canonical bytes, as they were committed to.
    #[must_use]
    pub fn details(&self) -> Option<&[u8]> {
        self.details.as_deref().map(Vec::as_slice)
    }

    /// The key of its commitment: with the record's bytes it proves what was agreed.
    #[must_use]
    pub fn commitment_key(&self) -> Option<&[u8; 32]> {
        self.commitment_key.as_deref()
    }

    /// When it was withdrawn, and by whom.
    #[must_use]
    pub fn withdrawn(&self) -> Option<(Mark, WithdrawnBy)> {
        self.withdrawn
    }

    /// When it was withdrawn.
    #[must_use]
    pub fn withdrawn_at(&self) -> Option<UnixTime> {
        self.withdrawn.map(|(mark, _)| mark.at)
    }

    /// When its end was recorded.
    #[must_use]
    pub fn expired(&self) -> Option<Mark> {
        self.expired
    }

    /// When its details were erased.
    #[must_use]
    pub fn erased(&self) -> Option<Mark> {
        self.erased
    }

    /// Whether it holds at `now`.
    #[must_use]
    pub fn standing(&self, now: UnixTime) -> Standing {
        match self.withdrawn_at() {
            Some(at) => Standing::Withdrawn { at },
            None if self.details.is_none() => Standing::Withdrawn { at: self.ended_at(now) },
            // What the log says has ended does not come back with an earlier clock.
            None if now > self.expires || self.expired.is_some() => Standing::Expired { at: self.expires },
            None if now < self.leaf.at => Standing::NotYet { from: self.leaf.at },
            None => Standing::Live,
        }
    }

    /// Whether everything in `objects` may go to `audience` at `now`.
    ///
    /// # Errors
    /// Every [`Shortfall`].
    pub fn covers(&self, audience: Level, objects: &[Sha256], now: UnixTime) -> Result<(), Vec<Shortfall>> {
        if self.details.is_none() {
            return Err(vec![Shortfall::Erased]);
        }
        let Ok(Some(record)) = self.record() else { return Err(vec![Shortfall::Unreadable]) };
        let mut short = record.covers(audience, objects, now, self.withdrawn_at()).err().unwrap_or_default();
        match self.standing(now) {
            Standing::Expired { at } if !short.contains(&Shortfall::Expired { at }) => {
                short.push(Shortfall::Expired { at });
            }
            Standing::NotYet { from } if now >= record.given_at() => short.push(Shortfall::NotYet { from }),
            _ => {}
        }
        if self.log_is_whole == Whole::No {
            short.push(Shortfall::LogIncomplete);
        }
        if short.is_empty() { Ok(()) } else { Err(short) }
    }

    /// When a consent that was erased ended: erasing withdraws first.
    fn ended_at(&self, now: UnixTime) -> UnixTime {
        self.withdrawn_at().or(self.erased.map(|mark| mark.at)).unwrap_or(now)
    }
}

/// A copy that left: a post sent to a circle, or an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Where it was recorded, seen from the log that is written now.
    pub place: Place,
}

/// Why no consent was recorded. Nothing was written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum GrantError {
    /// Something is missing or wrong.
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    /// The signature, thumbprint or recording cannot be used.
    #[error(transparent)]
    Media(#[from] SignatureError),
    /// The medium is not the one that the draft names.
    #[error("the signature, thumbprint or recording is not the one that the consent names: take it again")]
    OtherMedia,
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl GrantError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Incomplete(_) => "consent_incomplete",
            Self::Media(error) => error.code(),
            Self::OtherMedia => "other_media",
            Self::Vault(error) => error.code(),
        }
    }
}

impl From<rusqlite::Error> for GrantError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Vault(error.into())
    }
}

/// A consent that is ready to be recorded.
pub struct ToGrant<'a> {
    /// What was agreed.
    pub draft: ConsentDraft,
    /// The bytes of the signature, thumbprint or recording, if the method has one.
    pub media: Option<&'a [u8]>,
    /// The case that it is for, if the vault keeps one.
    pub case: Option<Id>,
}

impl Vault {
    /// Records a consent: the record and its key, the log's leaf and checkpoint, in one transaction.
    ///
    /// # Errors
    /// [`GrantError`]; nothing was written.
    pub fn grant(&mut self, grant: ToGrant<'_>, now: UnixTime) -> Result<Granted, GrantError> {
        check_media(&grant)?;
        let id = self.make_id()?;
        let record = grant.draft.complete(id, now)?;
        let key = Zeroizing::new(self.make_random::<32>()?);
        let code = WithdrawalCode::new(self.make_random()?);
        let details = Zeroizing::new(record.details());
        let event = Event::Grant {
            commitment: commitment(&key, &details),
            consent: id,
            expires: record.expires(),
            level: record.level(),
            regime: record.regime(),
            withdrawal: code.sha256(),
        };
        let random = self.random.clone();
        let tx = self.transaction()?;
        let Appended { ord, n } = append(&tx, event, now, &random)?;
        tx.prepare_cached(
            "INSERT INTO consent
             (id, log, grant_n, granted_at, expires, withdrawal, details, commitment_key, code)
             VALUES (:id, :log, :n, :now, :expires, :withdrawal, :details, :key, :code)",
        )?
        .execute(named_params! {
            ":id": id.0, ":log": ord, ":n": signed(n)?, ":now": now.seconds(),
            ":expires": record.expires().seconds(), ":withdrawal": code.sha256().0,
            ":details": *details, ":key": *key, ":code": code.bytes(),
        })?;
        if let Some(media) = grant.media {
            tx.execute(
                "INSERT INTO attachment (consent, sha256, bytes) VALUES (?1, ?2, ?3)",
                (tx.last_insert_rowid(), Sha256::of(media).0, media),
            )?;
        }
        if let Some(case) = grant.case {
            let changed = tx.execute(
                "UPDATE draft SET consent = ?1, consent_draft = NULL WHERE id = ?2",
                (id.0, case.0),
            )?;
            if changed != 1 {
                return Err(VaultError::NotFound.into());
            }
            tx.execute("INSERT OR IGNORE INTO case_of (draft, consent) VALUES (?1, ?2)", (case.0, id.0))?;
        }
        let log = log_id(&tx, ord)?;
        tx.commit()?;
        Ok(Granted { id, log, n, code })
    }

    /// One consent, checked against its commitment in the log.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] if there is none of that name.
    pub fn consent(&self, id: Id) -> Result<Held, VaultError> {
        held(&self.opened.connection, id)
    }

    /// The consents whose grants stand in `log` at `first` or later, in order.
    ///
    /// # Errors
    /// [`VaultError`], here or while reading.
    pub fn consents(
        &self,
        log: Id,
        first: u64,
    ) -> Result<impl Iterator<Item = Result<Held, VaultError>> + '_, VaultError> {
        let connection = &self.opened.connection;
        let ord: i64 =
            connection.query_row("SELECT ord FROM log WHERE id = ?1", [log.0], |row| row.get(0))?;
        // The plus signs keep SQLite from another index, by which it would sort all rows for every page.
        let query = format!(
            "{HELD} WHERE +consent.log = {ord} AND +grant_n >= {first} AND consent.ord >= ?1
             ORDER BY consent.ord LIMIT ?2"
        );
        Ok(Pages::new(connection, query, read_held))
    }

    /// The withdrawal code of a consent, to print its receipt again; `None` once it was erased.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn withdrawal_code(&self, id: Id) -> Result<Option<WithdrawalCode>, VaultError> {
        let code: Option<[u8; 16]> =
            self.opened
                .connection
                .query_row("SELECT code FROM consent WHERE id = ?1", [id.0], |row| row.get(0))?;
        Ok(code.map(WithdrawalCode::new))
    }

    /// The signature, thumbprint or recording of a consent.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn media(&self, id: Id) -> Result<Option<Vec<u8>>, VaultError> {
        let media = self
            .opened
            .connection
            .query_row("SELECT sha256, bytes FROM attachment WHERE consent = (SELECT ord FROM consent WHERE id = ?1)", [id.0], |row| {
                Ok((Sha256(row.get(0)?), row.get::<_, Vec<u8>>(1)?))
            })
            .optional()?;
        match media {
            Some((sha256, bytes)) if Sha256::of(&bytes) != sha256 => Err(VaultError::Inconsistent),
            other => Ok(other.map(|(_, bytes)| bytes)),
        }
    }

    /// Key and bytes behind the commitment of an export: who took it.
    pub(crate) fn taken_by(&self, log: Id, n: u64) -> Result<([u8; 32], Vec<u8>), VaultError> {
        let found = self.opened.connection.query_row(
            "SELECT commitment_key, taken_by FROM copy JOIN log ON log.ord = copy.log WHERE log.id = ?1 AND n = ?2",
            (log.0, signed(n)?),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(found)
    }

    /// Consents with a signature, thumbprint or recording whose grants stand in a part of a log.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn count_media(&self, log: Id, part: Range<u64>) -> Result<u64, VaultError> {
        let count = self.opened.connection.query_row(
            "SELECT count(DISTINCT sha256) FROM attachment JOIN consent ON consent.ord = attachment.consent
             JOIN log ON log.ord = consent.log WHERE log.id = ?1 AND grant_n >= ?2 AND grant_n < ?3",
            (log.0, signed(part.start)?, signed(part.end)?),
            |row| row.get(0),
        )?;
        unsigned(count)
    }

    /// Records the end of every consent whose time ran out; gives how many there were.
    ///
    /// # Errors
    /// [`VaultError`]; none was recorded.
    pub fn expire_due(&mut self, now: UnixTime) -> Result<u64, VaultError> {
        let random = self.random.clone();
        let tx = self.transaction()?;
        let due: Vec<([u8; 16], i64, i64)> = {
            let mut statement = tx.prepare_cached(
                "SELECT id, log, grant_n FROM consent
                 WHERE expires < ?1 AND withdrawn_at IS NULL AND expired_at IS NULL AND erased_at IS NULL
                 ORDER BY expires, id",
            )?;
            let rows =
                statement.query_map([now.seconds()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        if due.is_empty() {
            return Ok(0);
        }
        let log = writable_log(&tx, now, &random)?;
        for (id, ord, n) in &due {
            let event = Event::Expire { consent: Id(*id), grant: place(&tx, log, *ord, *n)? };
            let Appended { ord, n } = append(&tx, event, now, &random)?;
            tx.execute(
                "UPDATE consent SET expired_at = ?1, expired_n = ?2, expired_log = ?3 WHERE id = ?4",
                (now.seconds(), signed(n)?, log_id(&tx, ord)?.0, id),
            )?;
        }
        tx.commit()?;
        Ok(due.len() as u64)
    }

    /// Records that a post made under a consent was sent to a circle that serves `audience`.
    ///
    /// # Errors
    /// [`DiscloseError::Shortfall`] if the consent does not cover it: nothing may be sent.
    pub fn disclose(
        &mut self,
        consent: Id,
        post: Id,
        audience: Level,
        objects: &[Sha256],
        now: UnixTime,
    ) -> Result<Copy, DiscloseError> {
        let random = self.random.clone();
        let tx = self.transaction()?;
        let held = held(&tx, consent)?;
        held.covers(audience, objects, now).map_err(DiscloseError::Shortfall)?;
        let log = writable_log(&tx, now, &random)?;
        let grant = held.place_from(&tx, log)?;
        let Appended { ord, n } =
            append(&tx, Event::Disclose { audience, consent, grant, post }, now, &random)?;
        tx.execute(
            "INSERT INTO copy (log, n, consent, with_details) VALUES (?1, ?2, ?3, 0)",
            (ord, signed(n)?, consent.0),
        )?;
        tx.commit()?;
        Ok(Copy { place: Place::Here(n) })
    }

    /// Records that a part of a log is handed out, before it is: who took it is behind a commitment.
    /// Gives the place of the record.
    ///
    /// # Errors
    /// [`VaultError`]; nothing was recorded, and nothing may be handed out.
    pub fn record_export(&mut self, export: &ExportRecord<'_>, now: UnixTime) -> Result<Place, VaultError> {
        if export.taken_by.trim().is_empty()
            || export.taken_by.len() > MAX_TAKEN_BY
            || export.taken_by.chars().any(char::is_control)
        {
            return Err(VaultError::TakenBy);
        }
        let random = self.random.clone();
        let key = Zeroizing::new(self.make_random::<32>()?);
        let taken_by = serde_json_canonicalizer::to_vec(&serde_json::json!({ "taken_by": export.taken_by }))
            .expect("a string under a string key");
        let tx = self.transaction()?;
        let exported_ord: i64 =
            tx.query_row("SELECT ord FROM log WHERE id = ?1", [export.log.0], |row| row.get(0))?;
        let open = writable_log(&tx, now, &random)?;
        let size: i64 =
            tx.query_row("SELECT size FROM log WHERE ord = ?1", [exported_ord], |row| row.get(0))?;
        // An export to the end of the open log holds its own record too.
        let end = unsigned(size)? + u64::from(open == exported_ord);
        let until = export.until.unwrap_or(end);
        if export.first > until || until > end {
            return Err(VaultError::NotFound);
        }
        let event = Event::Export {
            commitment: commitment(&key, &taken_by),
            details: export.details,
            exported: export.log,
            first: export.first,
            format: export.format,
            until,
        };
        let Appended { ord, n } = append(&tx, event, now, &random)?;
        tx.execute(
            "INSERT INTO copy (log, n, first, until, with_details, taken_by, commitment_key, exported)
             VALUES (:log, :n, :first, :until, :details, :taken_by, :key, :exported)",
            named_params! {
                ":log": ord, ":n": signed(n)?, ":first": signed(export.first)?, ":until": signed(until)?,
                ":details": matches!(export.details, DetailsTaken::Yes), ":taken_by": taken_by, ":key": *key,
                ":exported": exported_ord,
            },
        )?;
        tx.commit()?;
        Ok(Place::Here(n))
    }
}

/// What is handed out, to whom.
#[derive(Clone, Copy, Debug)]
pub struct ExportRecord<'a> {
    /// The log.
    pub log: Id,
    /// The first leaf in it.
    pub first: u64,
    /// The first leaf not in it any more; `None` for all that there is.
    pub until: Option<u64>,
    /// In which form.
    pub format: ExportFormat,
    /// Whether with details.
    pub details: DetailsTaken,
    /// Who takes it, and what for.
    pub taken_by: &'a str,
}

/// Why a disclosure was not recorded. Nothing may be sent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiscloseError {
    /// The consent does not cover it.
    #[error("the consent does not cover this: {}", .0.iter().map(|shortfall| shortfall.text()).collect::<Vec<_>>().join("; "))]
    Shortfall(Vec<Shortfall>),
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl DiscloseError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shortfall(_) => "consent_falls_short",
            Self::Vault(error) => error.code(),
        }
    }
}

impl From<rusqlite::Error> for DiscloseError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Vault(error.into())
    }
}

fn check_media(grant: &ToGrant<'_>) -> Result<(), GrantError> {
    let method = grant.draft.method;
    if method.and_then(Method::media) != grant.media.map(Sha256::of) {
        return Err(GrantError::OtherMedia);
    }
    let Some(media) = grant.media else { return Ok(()) };
    let expected = match method {
        Some(Method::Audio { .. }) => return Ok(signature::check_audio(media).map(|_| ())?),
        Some(Method::Signature { form, .. }) => form,
        // A thumbprint is a picture.
        _ => SignatureForm::Png,
    };
    if signature::check(media)? == expected { Ok(()) } else { Err(GrantError::OtherMedia) }
}

pub(super) fn log_id(connection: &Connection, ord: i64) -> Result<Id, VaultError> {
    Ok(Id(connection.query_row("SELECT id FROM log WHERE ord = ?1", [ord], |row| row.get(0))?))
}

const HELD: &str =
    "SELECT consent.ord, consent.id, consent.log, log.id, leaf.bytes, leaf.hash, details, commitment_key,
    withdrawn_at, withdrawn_n, withdrawn_by, expired_at, expired_n, erased_at, erased_n, grant_n, log.closed,
    withdrawn_log, expired_log, erased_log
    FROM consent JOIN log ON log.ord = consent.log JOIN leaf ON leaf.log = consent.log AND leaf.n = grant_n";

pub(super) fn held(connection: &Connection, id: Id) -> Result<Held, VaultError> {
    let mut statement = connection.prepare_cached(&format!("{HELD} WHERE consent.id = ?1"))?;
    let mut rows = statement.query([id.0])?;
    rows.next()?.map_or(Err(VaultError::NotFound), read_held)
}

/// Nothing is taken on trust: the leaf must hash to its place in the tree and name this consent, and the record's bytes
/// must open the leaf's commitment.
fn read_held(row: &Row<'_>) -> Result<Held, VaultError> {
    let bytes: Vec<u8> = row.get(4)?;
    if leaf_hash(&bytes).0 != row.get::<_, [u8; 32]>(5)? {
        return Err(VaultError::Inconsistent);
    }
    let leaf = Leaf::parse(&bytes).map_err(|_| VaultError::Inconsistent)?;
    let (id, log) = (Id(row.get(1)?), Id(row.get(3)?));
    let Event::Grant { commitment: committed, consent, expires, level, regime, .. } = leaf.event else {
        return Err(VaultError::Inconsistent);
    };
    if consent != id || leaf.log != log || leaf.n != unsigned(row.get(15)?)? {
        return Err(VaultError::Inconsistent);
    }
    let details = row.get::<_, Option<Vec<u8>>>(6)?.map(Zeroizing::new);
    let commitment_key = row.get::<_, Option<[u8; 32]>>(7)?.map(Zeroizing::new);
    let whole = match (&details, &commitment_key) {
        (Some(details), Some(key)) => commitment(key, details) == committed,
        (None, None) => true,
        _ => false,
    };
    if !whole {
        return Err(VaultError::Inconsistent);
    }
    let mark = |column: usize, place: usize| -> Result<Option<Mark>, VaultError> {
        match (row.get::<_, Option<i64>>(column)?, row.get::<_, Option<i64>>(column + 1)?) {
            (Some(at), Some(n)) => {
                let log = row.get::<_, Option<[u8; 16]>>(place)?.map(Id).ok_or(VaultError::Inconsistent)?;
                Ok(Some(Mark { at: moment(at)?, log, n: unsigned(n)? }))
            }
            (None, None) => Ok(None),
            _ => Err(VaultError::Inconsistent),
        }
    };
    let by = row.get::<_, Option<String>>(10)?.map(|code| WithdrawnBy::from_code(&code));
    let withdrawn = match (mark(8, 17)?, by) {
        (Some(mark), Some(Some(by))) => Some((mark, by)),
        (None, None) => None,
        _ => return Err(VaultError::Inconsistent),
    };
    Ok(Held {
        id,
        log,
        ord: row.get(2)?,
        leaf,
        regime,
        level,
        expires,
        details,
        commitment_key,
        withdrawn,
        expired: mark(11, 18)?,
        erased: mark(13, 19)?,
        log_is_whole: match row.get::<_, Option<String>>(16)? {
            None => Whole::AsFarAsKnown,
            Some(_) => Whole::No,
        },
    })
}

impl Held {
    /// How its grant is named in a leaf of the log `from`.
    pub(super) fn place_from(&self, tx: &Transaction<'_>, from: i64) -> Result<Place, VaultError> {
        place(tx, from, self.ord, signed(self.leaf.n)?)
    }

    pub(super) fn log_ord(&self) -> i64 {
        self.ord
    }
}
