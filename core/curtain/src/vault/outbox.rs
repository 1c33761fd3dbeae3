//! What is to be sent, and how far it came. Everything is written before it is tried and after it was acknowledged, so that a
//! kill at any moment costs no more than doing the last request again.

use curtain_wire::events::What;
use curtain_wire::header::{WithdrawalCode, WithdrawalReason};
use rusqlite::{OptionalExtension, Row, Transaction};
use serde::{Deserialize, Serialize};

use super::Vault;
use super::error::VaultError;
use super::log::{moment, signed, unsigned};
use crate::hash::{Id, Sha256};
use crate::ledger::leaf::WithdrawnBy;
use crate::time::UnixTime;

/// Something that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its number: later ones have larger ones.
    pub id: u64,
    /// What it is.
    pub item: Item,
    /// The number of the header that was signed for it, if one was.
    pub seq: Option<u64>,
    /// When it was queued.
    pub queued_at: UnixTime,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: UnixTime,
    /// What became of it.
    pub state: State,
    /// Why it waits, was cancelled or failed: a stable `snake_case` name.
    pub reason: Option<String>,
    /// Bytes that are still to be sent.
    pub bytes: u64,
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A sealed post, to a circle.
    Post {
        /// The circle.
        circle: Sha256,
        /// The post.
        post: Id,
    },
    /// Something about a case. It is sealed when it is sent, under the key of then.
    Say {
        /// The circle.
        circle: Sha256,
        /// The hash of the post's header.
        about: Sha256,
        /// What is said: it was read by a person and settled.
        what: What,
    },
    /// A case must go.
    Withdraw {
        /// The circle.
        circle: Sha256,
        /// The hash of the post's header.
        about: Sha256,
        /// In whose name.
        withdrawal: ToWithdraw,
    },
    /// The patient's code was presented: every circle must hear of it.
    Code(WithdrawalCode),
}

/// In whose name a case goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToWithdraw {
    /// Who wants it.
    pub reason: WithdrawalReason,
    /// The patient's code, if it was presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<WithdrawalCode>,
}

/// What became of something in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is sent as soon as it can be.
    Waiting,
    /// It is there.
    Sent,
    /// It must not be sent any more.
    Cancelled,
    /// It cannot be sent as it is.
    Failed,
}

impl State {
    /// A stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Waiting, Self::Sent, Self::Cancelled, Self::Failed]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

impl Item {
    /// A stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Post { .. } => "post",
            Self::Say { .. } => "say",
            Self::Withdraw { .. } => "withdraw",
            Self::Code(_) => "code",
        }
    }

    /// The circle that it goes to; none for a code.
    #[must_use]
    pub fn circle(&self) -> Option<Sha256> {
        match self {
            Self::Post { circle, .. } | Self::Say { circle, .. } | Self::Withdraw { circle, .. } => {
                Some(*circle)
            }
            Self::Code(_) => None,
        }
    }
}

/// How much may be sent, and over what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Cases wait for a network that costs nothing. What must go, and what is said, never waits.
    pub unmetered_only: bool,
    /// Bytes a day over networks that cost; `None` for any number.
    pub budget: Option<u64>,
    /// The day, in UTC, of `spent`.
    pub day: String,
    /// Bytes that were sent on that day over networks that cost.
    pub spent: u64,
}

const QUEUED: &str = "SELECT id, kind, circle, post, about, what, seq, queued_at, attempts, next_at, state, reason,
    (SELECT coalesce(sum(length(bytes)), 0) FROM sealed_object WHERE sealed_object.post = outbox.post
     AND NOT EXISTS (SELECT 1 FROM upload WHERE upload.circle = outbox.circle AND upload.sha256 = sealed_object.sha256
                     AND done = 1)) + length(what)
    FROM outbox";

impl Vault {
    /// Queues something; what is queued or sent already is not queued twice.
    pub(crate) fn queue(&mut self, item: &Item, now: UnixTime) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        queue_in(&tx, item, now)?;
        Ok(tx.commit()?)
    }

    /// All that is in the outbox, in the order in which it was queued.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn outbox(&self) -> Result<Vec<Queued>, VaultError> {
        self.queued("ORDER BY id", [])
    }

    /// What may be tried at `now`.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn outbox_due(&self, now: UnixTime) -> Result<Vec<Queued>, VaultError> {
        self.queued("WHERE state = 'waiting' AND next_at <= ?1 ORDER BY id", [now.seconds()])
    }

    fn queued<P: rusqlite::Params>(&self, which: &str, params: P) -> Result<Vec<Queued>, VaultError> {
        let mut query = self.opened.connection.prepare_cached(&format!("{QUEUED} {which}"))?;
        let mut rows = query.query(params)?;
        let mut queued = Vec::new();
        while let Some(row) = rows.next()? {
            queued.push(read_queued(row)?);
        }
        Ok(queued)
    }

    /// Tries everything that waits at once, whatever went wrong before.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn hurry_outbox(&mut self, now: UnixTime) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        tx.execute(
            "UPDATE outbox SET next_at = ?1 WHERE state = 'waiting' AND next_at > ?1",
            [now.seconds()],
        )?;
        Ok(tx.commit()?)
    }

    /// Notes that something waits until `next_at`, and why.
    pub(crate) fn outbox_waits(
        &mut self,
        id: u64,
        reason: &str,
        next_at: UnixTime,
        attempts: u32,
    ) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        tx.execute(
            "UPDATE outbox SET reason = ?1, next_at = ?2, attempts = ?3 WHERE id = ?4 AND state = 'waiting'",
            (reason, next_at.seconds(), attempts, signed(id)?),
        )?;
        Ok(tx.commit()?)
    }

    /// Notes what became of something that waited. What it said is kept in the feed alone.
    pub(crate) fn outbox_ends(
        &mut self,
        id: u64,
        state: State,
        reason: Option<&str>,
    ) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        tx.execute(
            "UPDATE outbox SET state = ?1, reason = ?2, what = '' WHERE id = ?3 AND state = 'waiting'",
            (state.code(), reason, signed(id)?),
        )?;
        Ok(tx.commit()?)
    }

    /// What of the outbox a header was signed for, if that is still there.
    pub(crate) fn outbox_signed(&self, circle: Sha256, seq: u64) -> Result<Option<Queued>, VaultError> {
        Ok(self.queued("WHERE circle = ?1 AND seq = ?2", (circle.0, signed(seq)?))?.pop())
    }

    /// The number of the header that was signed for something in the outbox.
    pub(crate) fn signed_number(&self, id: u64) -> Result<Option<u64>, VaultError> {
        Ok(self.queued("WHERE id = ?1", [signed(id)?])?.pop().and_then(|queued| queued.seq))
    }

    /// Says what the next header is signed for: it is noted together with the header, or neither is.
    pub(crate) fn signs_for(&mut self, id: Option<u64>) {
        self.sending = id;
    }

    /// What still waits in a circle although its header is known to be in the feed: the process was killed before it was noted.
    pub(crate) fn outbox_arrived(&self, circle: Sha256) -> Result<Vec<Queued>, VaultError> {
        let placed = "SELECT 1 FROM header WHERE header.circle = outbox.circle AND header.seq = outbox.seq
                      AND place IS NOT NULL";
        self.queued(&format!("WHERE state = 'waiting' AND circle = ?1 AND EXISTS ({placed})"), [circle.0])
    }

    /// Takes what is not to be sent any more out of the outbox, if it still waits. What was signed already may be there.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] if nothing of that number waits.
    pub fn cancel_queued(&mut self, id: u64) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let changed = tx.execute(
            "UPDATE outbox SET state = 'cancelled', reason = 'by_owner', what = '' WHERE id = ?1 AND state = 'waiting'
             AND kind IN ('post', 'say')",
            [signed(id)?],
        )?;
        tx.commit()?;
        if changed == 1 { Ok(()) } else { Err(VaultError::NotFound) }
    }

    /// Where a relay keeps an upload that began, and whether it is whole.
    pub(crate) fn upload(
        &self,
        circle: Sha256,
        sha256: Sha256,
    ) -> Result<Option<(String, bool)>, VaultError> {
        let query = "SELECT path, done FROM upload WHERE circle = ?1 AND sha256 = ?2";
        let connection = &self.opened.connection;
        Ok(connection
            .query_row(query, (circle.0, sha256.0), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    /// Notes how far an upload came.
    pub(crate) fn keep_upload(
        &mut self,
        circle: Sha256,
        sha256: Sha256,
        path: &str,
        done: bool,
    ) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        tx.execute(
            "INSERT INTO upload (circle, sha256, path, done) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET path = excluded.path, done = excluded.done",
            (circle.0, sha256.0, path, done),
        )?;
        Ok(tx.commit()?)
    }

    /// Forgets uploads, so that all of a post is offered anew: the relay does not have what it said it had.
    pub(crate) fn forget_uploads(&mut self, circle: Sha256, post: Id) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        tx.execute(
            "DELETE FROM upload WHERE circle = ?1 AND sha256 IN (SELECT sha256 FROM sealed_object WHERE post = ?2)",
            (circle.0, post.0),
        )?;
        Ok(tx.commit()?)
    }

    /// How much may be sent, and over what.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn sending(&self) -> Result<Sending, VaultError> {
        let query = "SELECT unmetered_only, budget, day, spent FROM sending";
        let (unmetered_only, budget, day, spent): (_, Option<i64>, _, _) =
            self.opened
                .connection
                .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        Ok(Sending {
            unmetered_only,
            budget: budget.map(unsigned).transpose()?,
            day,
            spent: unsigned(spent)?,
        })
    }

    /// Chooses how much may be sent, and over what.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn set_sending(&mut self, unmetered_only: bool, budget: Option<u64>) -> Result<(), VaultError> {
        let budget = budget.map(signed).transpose()?;
        let tx = self.transaction()?;
        tx.execute("UPDATE sending SET unmetered_only = ?1, budget = ?2", (unmetered_only, budget))?;
        Ok(tx.commit()?)
    }

    /// Notes bytes that were sent over a network that costs.
    pub(crate) fn spend(&mut self, bytes: u64, now: UnixTime) -> Result<(), VaultError> {
        let (day, bytes) = (now.date(), signed(bytes)?);
        let tx = self.transaction()?;
        tx.execute(
            "UPDATE sending SET spent = CASE WHEN day = ?1 THEN spent ELSE 0 END + ?2, day = ?1",
            (&day, bytes),
        )?;
        Ok(tx.commit()?)
    }

    /// Headers of this device in a circle that are not known to be in its feed: number, hash, bytes.
    pub(crate) fn unsent_headers(&self, circle: Sha256) -> Result<Vec<(u64, Sha256, Vec<u8>)>, VaultError> {
        let mut query = self.opened.connection.prepare_cached(
            "SELECT seq, hash, bytes FROM header WHERE circle = ?1 AND place IS NULL ORDER BY seq",
        )?;
        let rows = query.query_map([circle.0], |row| Ok((row.get(0)?, Sha256(row.get(1)?), row.get(2)?)))?;
        rows.map(|row| {
            let (seq, hash, bytes) = row?;
            Ok((unsigned(seq)?, hash, bytes))
        })
        .collect()
    }

    /// The last place in a circle's feed at which a relay said that a header of this device stands.
    pub(crate) fn last_place(&self, circle: Sha256) -> Result<Option<u64>, VaultError> {
        let query = "SELECT max(place) FROM header WHERE circle = ?1";
        let place: Option<i64> = self.opened.connection.query_row(query, [circle.0], |row| row.get(0))?;
        place.map(unsigned).transpose()
    }

    /// Notes a header's place in the feed.
    pub(crate) fn keep_place(&mut self, circle: Sha256, hash: Sha256, n: u64) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let place = signed(n)?;
        tx.execute(
            "UPDATE header SET place = ?1 WHERE circle = ?2 AND hash = ?3",
            (place, circle.0, hash.0),
        )?;
        Ok(tx.commit()?)
    }

    /// Takes back the headers of this device in a circle from number `from` on, of which none is known to be in the feed: what
    /// they were signed for is signed anew. Which they were is remembered, since the relay may have them all the same. A
    /// withdrawal of one that nobody has is not said any more.
    pub(crate) fn take_back_headers(&mut self, circle: Sha256, from: u64) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let from = signed(from)?;
        let unsent = "circle = ?1 AND seq >= ?2 AND place IS NULL";
        tx.execute(
            &format!(
                "INSERT OR IGNORE INTO taken_back (circle, hash, object, item, copy_log, copy_n)
                 SELECT circle, hash, object, (SELECT id FROM outbox WHERE outbox.circle = header.circle
                 AND outbox.seq = header.seq), copy_log, copy_n FROM header WHERE {unsent}"
            ),
            (circle.0, from),
        )?;
        tx.execute(
            &format!(
                "UPDATE outbox SET state = 'cancelled', reason = 'never_sent', what = '' WHERE kind = 'withdraw'
                 AND state = 'waiting' AND circle = ?1 AND about IN (SELECT hash FROM header WHERE {unsent})"
            ),
            (circle.0, from),
        )?;
        tx.execute(
            &format!(
                "UPDATE outbox SET seq = NULL WHERE circle = ?1
                 AND seq IN (SELECT seq FROM header WHERE {unsent})"
            ),
            (circle.0, from),
        )?;
        tx.execute(&format!("DELETE FROM header WHERE {unsent}"), (circle.0, from))?;
        Ok(tx.commit()?)
    }

    /// Looks for headers in a circle's feed that were taken back here: what they were signed for is there, and what a patient
    /// took back meanwhile is withdrawn. What waited, and was there.
    pub(crate) fn find_taken_back(
        &mut self,
        circle: Sha256,
        now: UnixTime,
    ) -> Result<Vec<Queued>, VaultError> {
        let tx = self.transaction()?;
        let found: Vec<([u8; 16], Option<i64>)> = {
            let mut query = tx.prepare_cached(
                "UPDATE taken_back SET found = 1 WHERE circle = ?1 AND found = 0 AND hash IN (SELECT hash FROM feed_header
                 WHERE feed = (SELECT ord FROM feed WHERE circle = ?1)) RETURNING object, item",
            )?;
            let rows = query.query_map([circle.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        let mut there = Vec::new();
        for (object, item) in found {
            let is_sent = "UPDATE outbox SET state = 'sent', reason = NULL, what = '' WHERE id = ?1 AND state = 'waiting'";
            if let Some(item) = item
                && tx.execute(is_sent, [item])? == 1
            {
                there.push(item);
            }
            let consent = "SELECT consent FROM sealed WHERE post = ?1";
            let consent = tx.query_row(consent, [object], |row| row.get(0).map(Id)).optional()?;
            if let Some(consent) = consent {
                tell_circles_in(&tx, consent, now)?;
            }
        }
        tx.commit()?;
        let mut sent = Vec::new();
        for item in there {
            sent.extend(self.queued("WHERE id = ?1", [item])?);
        }
        Ok(sent)
    }

    /// Notes that a relay heard of a code. Whether every relay that is known has.
    pub(crate) fn code_was_told(&mut self, id: u64, relay: &str) -> Result<bool, VaultError> {
        let tx = self.transaction()?;
        let id = signed(id)?;
        tx.execute("INSERT OR IGNORE INTO code_told (item, relay) VALUES (?1, ?2)", (id, relay))?;
        let query = "SELECT NOT EXISTS (SELECT 1 FROM relay WHERE url NOT IN (SELECT relay FROM code_told WHERE item = ?1))";
        let all = tx.query_row(query, [id], |row| row.get(0))?;
        tx.commit()?;
        Ok(all)
    }

    /// Whether a relay heard of a code.
    pub(crate) fn is_code_told(&self, id: u64, relay: &str) -> Result<bool, VaultError> {
        let query = "SELECT EXISTS (SELECT 1 FROM code_told WHERE item = ?1 AND relay = ?2)";
        Ok(self.opened.connection.query_row(query, (signed(id)?, relay), |row| row.get(0))?)
    }
}

/// Notes what a header was signed for, in the transaction that keeps it.
pub(super) fn signed_for(
    tx: &Transaction<'_>,
    header: &super::NewHeader<'_>,
    id: Option<u64>,
) -> Result<(), VaultError> {
    let seq = signed(header.seq)?;
    tx.execute("UPDATE outbox SET seq = NULL WHERE circle = ?1 AND seq = ?2", (header.circle.0, seq))?;
    if let Some(id) = id {
        tx.execute("UPDATE outbox SET seq = ?1 WHERE id = ?2", (seq, signed(id)?))?;
    }
    Ok(())
}

/// Queues something in a transaction of the caller's.
pub(super) fn queue_in(tx: &Transaction<'_>, item: &Item, now: UnixTime) -> Result<(), VaultError> {
    let json = |value: serde_json::Result<String>| value.map_err(|_| VaultError::Inconsistent);
    let (circle, post, about, what) = match item {
        Item::Post { circle, post } => (Some(circle.0), Some(post.0), None, String::new()),
        Item::Say { circle, about, what } => {
            (Some(circle.0), None, Some(about.0), json(serde_json::to_string(what))?)
        }
        Item::Withdraw { circle, about, withdrawal } => {
            (Some(circle.0), None, Some(about.0), json(serde_json::to_string(withdrawal))?)
        }
        Item::Code(code) => (None, None, None, code.to_string()),
    };
    tx.execute(
        "INSERT OR IGNORE INTO outbox (kind, circle, post, about, what, queued_at, next_at, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 'waiting')",
        (item.code(), circle, post, about, what, now.seconds()),
    )?;
    Ok(())
}

/// A consent ended by a withdrawal: what waits under it is not sent any more, and every circle that may have it hears that it
/// must go. Together with the withdrawal, or not at all.
pub(super) fn withdrawn_in(tx: &Transaction<'_>, consent: Id, now: UnixTime) -> Result<(), VaultError> {
    let of_consent = "SELECT post FROM sealed WHERE consent = ?1";
    tx.execute(
        &format!(
            "UPDATE outbox SET state = 'cancelled', reason = 'consent_withdrawn' WHERE state = 'waiting'
             AND kind = 'post' AND post IN ({of_consent})"
        ),
        [consent.0],
    )?;
    tx.execute(
        &format!(
            "UPDATE outbox SET state = 'cancelled', reason = 'consent_withdrawn', what = '' WHERE state = 'waiting'
             AND kind = 'say' AND about IN (SELECT hash FROM own_header WHERE object IN ({of_consent}))"
        ),
        [consent.0],
    )?;
    tell_circles_in(tx, consent, now)
}

/// Queues that every circle that may have a case of this consent hears that it must go, if the consent was withdrawn.
fn tell_circles_in(tx: &Transaction<'_>, consent: Id, now: UnixTime) -> Result<(), VaultError> {
    let query = "SELECT withdrawn_by, code FROM consent WHERE id = ?1";
    let (by, code): (Option<String>, Option<[u8; 16]>) =
        tx.query_row(query, [consent.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some(by) = by else { return Ok(()) };
    let code = code.filter(|_| by == WithdrawnBy::Code.code());
    let of_consent = "SELECT post FROM sealed WHERE consent = ?1";
    let headers: Vec<([u8; 32], [u8; 32])> = {
        let mut query = tx
            .prepare_cached(&format!("SELECT circle, hash FROM own_header WHERE object IN ({of_consent})"))?;
        let rows = query.query_map([consent.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<Result<_, _>>()?
    };
    // Where nothing ever left there is nobody to hear of it, and the code is the patient's alone.
    let left = !headers.is_empty();
    for (circle, about) in headers {
        let reason = if code.is_some() { WithdrawalReason::Patient } else { WithdrawalReason::Author };
        let withdrawal = ToWithdraw { reason, code: code.map(WithdrawalCode) };
        queue_in(tx, &Item::Withdraw { circle: Sha256(circle), about: Sha256(about), withdrawal }, now)?;
    }
    if let Some(code) = code.filter(|_| left) {
        queue_in(tx, &Item::Code(WithdrawalCode(code)), now)?;
    }
    Ok(())
}

fn read_queued(row: &Row<'_>) -> Result<Queued, VaultError> {
    let kind: String = row.get(1)?;
    let circle = row.get::<_, Option<[u8; 32]>>(2)?.map(Sha256).ok_or(VaultError::Inconsistent);
    let post = row.get::<_, Option<[u8; 16]>>(3)?.map(Id).ok_or(VaultError::Inconsistent);
    let about = row.get::<_, Option<[u8; 32]>>(4)?.map(Sha256).ok_or(VaultError::Inconsistent);
    let what: String = row.get(5)?;
    let state = State::from_code(&row.get::<_, String>(10)?).ok_or(VaultError::Inconsistent)?;
    let item = match kind.as_str() {
        "post" => Item::Post { circle: circle?, post: post? },
        "say" => Item::Say { circle: circle?, about: about?, what: said(&what, state)? },
        "withdraw" => {
            let gone = ToWithdraw { reason: WithdrawalReason::Author, code: None };
            let withdrawal = serde_json::from_str(&what).or_else(|_| ended(gone, state))?;
            Item::Withdraw { circle: circle?, about: about?, withdrawal }
        }
        _ => Item::Code(what.parse().or_else(|_| ended(WithdrawalCode([0; 16]), state))?),
    };
    Ok(Queued {
        id: unsigned(row.get(0)?)?,
        item,
        seq: row.get::<_, Option<i64>>(6)?.map(unsigned).transpose()?,
        queued_at: moment(row.get(7)?)?,
        attempts: row.get(8)?,
        next_at: moment(row.get(9)?)?,
        state,
        reason: row.get(11)?,
        bytes: unsigned(row.get(12)?)?,
    })
}

fn said(what: &str, state: State) -> Result<What, VaultError> {
    let nothing = What::Status { status: curtain_wire::events::Status::Open };
    serde_json::from_str(what).or_else(|_| ended(nothing, state))
}

/// What is over does not say any more what it was.
fn ended<T>(placeholder: T, state: State) -> Result<T, VaultError> {
    if state == State::Waiting { Err(VaultError::Inconsistent) } else { Ok(placeholder) }
}
