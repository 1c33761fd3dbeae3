//! Consents as they are kept: what was said and by whom, under the commitment that stands in the log.

use std::ops::Range;

use curtain_wire::canonical;
use ring::rand::SystemRandom;
use rusqlite::{OptionalExtension, Transaction, named_params};
use thiserror::Error;
use zeroize::Zeroizing;

use super::Vault;
use super::error::VaultError;
use super::held::{HELD, Held, held, read_held};
use super::log::{Appended, append, known_ord, place, signed, unsigned, writable_log};
use super::pages::Pages;
use crate::consent::signature::{self, SignatureError, SignatureForm};
use crate::consent::{ConsentDraft, Incomplete, Level, Method, Shortfall, WithdrawalCode};
use crate::hash::{Id, Sha256};
use crate::ledger::commitment;
use crate::ledger::leaf::{DetailsTaken, Event, ExportFormat, Place};
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

/// A copy that left: a post sent to a circle, or an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Where it was recorded, seen from the log that is written now.
    pub place: Place,
}

/// Why no consent was recorded. Nothing was written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
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
        let Appended { ord, log, n } = append(&tx, event, now, &random)?;
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
        let ord = known_ord(connection, log)?;
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

    /// The consents with a signature, thumbprint or recording whose grants stand in a part of a log, in order.
    ///
    /// # Errors
    /// [`VaultError`], here or while reading.
    pub fn consents_with_media(
        &self,
        log: Id,
        part: Range<u64>,
    ) -> Result<impl Iterator<Item = Result<Id, VaultError>> + '_, VaultError> {
        let connection = &self.opened.connection;
        let ord = known_ord(connection, log)?;
        let (first, until) = (signed(part.start)?, signed(part.end)?);
        // By the page of names: a recording is too large to be read by the page.
        let query = format!(
            "SELECT consent.ord, consent.id FROM attachment JOIN consent ON consent.ord = attachment.consent
             WHERE +consent.log = {ord} AND +grant_n >= {first} AND +grant_n < {until} AND consent.ord >= ?1
             ORDER BY consent.ord LIMIT ?2"
        );
        Ok(Pages::new(connection, query, |row| Ok(Id(row.get(1)?))))
    }

    /// How many different signatures, thumbprints and recordings those consents have.
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
            let Appended { log, n, .. } = append(&tx, event, now, &random)?;
            tx.execute(
                "UPDATE consent SET expired_at = ?1, expired_n = ?2, expired_log = ?3 WHERE id = ?4",
                (now.seconds(), signed(n)?, log.0, id),
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
        let copy = disclose_in(&tx, consent, post, audience, objects, now, &random)?;
        tx.commit().map_err(VaultError::from)?;
        Ok(copy)
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
        let taken_by = canonical::to_bytes(&serde_json::json!({ "taken_by": export.taken_by }));
        let tx = self.transaction()?;
        let exported_ord = known_ord(&tx, export.log)?;
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
        let Appended { ord, n, .. } = append(&tx, event, now, &random)?;
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

/// Records a disclosure in a transaction of the caller's.
pub(super) fn disclose_in(
    tx: &Transaction<'_>,
    consent: Id,
    post: Id,
    audience: Level,
    objects: &[Sha256],
    now: UnixTime,
    random: &SystemRandom,
) -> Result<Copy, DiscloseError> {
    let held = held(tx, consent)?;
    held.covers(audience, objects, now).map_err(DiscloseError::Shortfall)?;
    let log = writable_log(tx, now, random)?;
    let grant = held.place_from(tx, log)?;
    let Appended { ord, n, .. } =
        append(tx, Event::Disclose { audience, consent, grant, post }, now, random)?;
    tx.execute(
        "INSERT INTO copy (log, n, consent, with_details) VALUES (?1, ?2, ?3, 0)",
        (ord, signed(n)?, consent.0),
    )
    .map_err(VaultError::from)?;
    Ok(Copy { place: Place::Here(n) })
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
