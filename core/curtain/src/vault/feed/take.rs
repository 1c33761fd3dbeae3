//! Headers, in the order of the feed: each is kept with what became of it, in one transaction.

use curtain_wire::chain::End;
use curtain_wire::events::{EventBody, What};
use curtain_wire::header::{FeedSeen, ObjectRef};
use curtain_wire::tree::{Frontier, Hash, leaf_hash};
use ring::rand::SystemRandom;
use rusqlite::{OptionalExtension, Transaction, named_params};

use super::super::Vault;
use super::super::error::VaultError;
use super::super::log::{frontier_bytes, frontier_of, moment, signed, unsigned};
use super::super::withdrawal::{AcknowledgeError, acknowledge_in, clear, withdraw_by_code_in};
use super::{drop_post, post_ord};
use crate::consent::WithdrawalCode;
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;

/// How far a feed was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FeedEnd {
    pub(crate) size: u64,
    pub(crate) cited: u64,
    pub(crate) root: Hash,
}

/// A header that was taken.
#[derive(Clone, Debug)]
pub(crate) struct KeptHeader {
    pub(crate) n: u64,
    pub(crate) cited: u64,
    pub(crate) verified: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Why a header says nothing, and whether that could change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) again: bool,
}

/// A header that is to be kept.
pub(crate) struct Taking<'a> {
    pub(crate) circle: Sha256,
    pub(crate) n: u64,
    pub(crate) hash: Sha256,
    pub(crate) bytes: &'a [u8],
    /// What was cited before it.
    pub(crate) cited: u64,
    pub(crate) counts: Result<Counts, Refusal>,
}

/// A header whose signature, author and chain hold.
pub(crate) struct Counts {
    /// The size of the membership log that it names.
    pub(crate) cites: u64,
    /// Its place in its device's chain. None behind a gap.
    pub(crate) chained: Option<(Sha256, u64)>,
    pub(crate) about: Option<Sha256>,
    pub(crate) becomes: Becomes,
}

/// What a header that counts is.
pub(crate) enum Becomes {
    Post(Box<NewPost>),
    /// Something that was said of a post.
    Event {
        user: Id,
        body: EventBody,
    },
    /// A withdrawal of a post that was taken.
    Withdrawal {
        reason: &'static str,
        code: Option<WithdrawalCode>,
    },
    /// What is inside is refused, or about nothing that is here.
    Nothing(Option<Refusal>),
}

/// A post that is to be kept.
pub(crate) struct NewPost {
    pub(crate) post: Id,
    pub(crate) user: Id,
    pub(crate) at: UnixTime,
    pub(crate) ends: UnixTime,
    pub(crate) withdrawal: Sha256,
    pub(crate) objects: Vec<ObjectRef>,
    /// Waiting for its body; or why not.
    pub(crate) state: Result<(), Refusal>,
    /// Somebody who may withdrew it before it came.
    pub(crate) withdrawn: Option<&'static str>,
}

impl Vault {
    /// How far the feed of a circle was taken.
    pub(crate) fn feed_end(&self, circle: Sha256) -> Result<FeedEnd, VaultError> {
        let feed = feed_row(&self.opened.connection, circle)?;
        Ok(match feed {
            Some(Feed { frontier, cited, .. }) => {
                FeedEnd { size: frontier.size(), cited, root: frontier.root() }
            }
            None => FeedEnd { size: 0, cited: 0, root: Hash::empty_root() },
        })
    }

    /// Whether this very header was verified before.
    pub(crate) fn was_verified(&self, circle: Sha256, hash: Sha256) -> Result<bool, VaultError> {
        Ok(self.kept_header(circle, hash)?.is_some_and(|header| header.verified))
    }

    /// The header with this hash; a verified one if there are more.
    pub(crate) fn kept_header(&self, circle: Sha256, hash: Sha256) -> Result<Option<KeptHeader>, VaultError> {
        let mut found = self.headers("h.hash = ?2 ORDER BY h.verified DESC, h.n LIMIT 1", circle, hash)?;
        Ok(found.pop())
    }

    /// The verified headers about a post.
    pub(crate) fn headers_about(&self, circle: Sha256, post: Sha256) -> Result<Vec<KeptHeader>, VaultError> {
        self.headers("h.about = ?2 AND h.verified = 1 ORDER BY h.n", circle, post)
    }

    /// The headers that may say something by now, in order.
    pub(crate) fn headers_again(&self, circle: Sha256) -> Result<Vec<KeptHeader>, VaultError> {
        self.headers("h.again = 1 AND ?2 IS NOT NULL ORDER BY h.n", circle, circle)
    }

    fn headers(&self, which: &str, circle: Sha256, hash: Sha256) -> Result<Vec<KeptHeader>, VaultError> {
        let mut query = self.opened.connection.prepare_cached(&format!(
            "SELECT h.n, h.cited, h.verified, h.bytes FROM feed_header h JOIN feed ON feed.ord = h.feed
             WHERE feed.circle = ?1 AND {which}"
        ))?;
        let rows = query
            .query_map((circle.0, hash.0), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        rows.map(|row| {
            let (n, cited, verified, bytes) = row?;
            Ok(KeptHeader { n: unsigned(n)?, cited: unsigned(cited)?, verified, bytes })
        })
        .collect()
    }

    /// Where the chain of a device ends, and what has number `seq` in it.
    pub(crate) fn chain_end(
        &self,
        circle: Sha256,
        device: Sha256,
        seq: u64,
    ) -> Result<(End, Option<Sha256>), VaultError> {
        let connection = &self.opened.connection;
        let of_device =
            "FROM feed_header WHERE feed = (SELECT ord FROM feed WHERE circle = ?1) AND device = ?2";
        let last: Option<(i64, [u8; 32])> = connection
            .prepare_cached(&format!("SELECT seq, hash {of_device} ORDER BY seq DESC LIMIT 1"))?
            .query_row((circle.0, device.0), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((number, hash)) = last else { return Ok((End::default(), None)) };
        let end = End { next: unsigned(number)? + 1, last: Some(Sha256(hash)) };
        if seq >= end.next {
            return Ok((end, None));
        }
        let known: Option<[u8; 32]> = connection
            .prepare_cached(&format!("SELECT hash {of_device} AND seq = ?3"))?
            .query_row((circle.0, device.0, signed(seq)?), |row| row.get(0))
            .optional()?;
        Ok((end, known.map(Sha256)))
    }

    /// Keeps the next header, or one that was refused before and may say something now.
    ///
    /// # Errors
    /// [`VaultError::Inconsistent`] if others were taken meanwhile; nothing was kept.
    pub(crate) fn keep_taken(&mut self, taking: &Taking<'_>, now: UnixTime) -> Result<(), VaultError> {
        self.must_keep(taking.circle)?;
        let random = self.random.clone();
        let tx = self.transaction()?;
        let feed = match feed_row(&tx, taking.circle)? {
            Some(feed) => feed,
            None => begin(&tx, taking.circle, now)?,
        };
        insert(&tx, feed, taking)?;
        if let Ok(counts) = &taking.counts {
            apply(&tx, taking, counts, now, &random)?;
        }
        tx.commit()?;
        let gone =
            taking.counts.as_ref().is_ok_and(|counts| matches!(counts.becomes, Becomes::Withdrawal { .. }));
        if gone {
            self.clear_pages();
        }
        Ok(())
    }

    /// Takes a post away for which the patient's code was presented. Whether there was something to take away.
    pub(crate) fn drop_by_code(
        &mut self,
        post: Sha256,
        code: &WithdrawalCode,
        now: UnixTime,
    ) -> Result<bool, VaultError> {
        let random = self.random.clone();
        let tx = self.transaction()?;
        let Some(ord) = post_ord(&tx, post)? else { return Ok(false) };
        let withdrawal = "SELECT 1 FROM feed_post WHERE ord = ?1 AND withdrawal = ?2";
        let fits: Option<i64> =
            tx.query_row(withdrawal, (ord, code.sha256().0), |row| row.get(0)).optional()?;
        if fits.is_none() {
            return Ok(false);
        }
        drop_post(&tx, ord, "withdrawn", Some("patient"))?;
        withdraw_by_code_in(&tx, code, now, &random)?;
        acknowledge_gone(&tx, now, &random)?;
        tx.commit()?;
        self.clear_pages();
        Ok(true)
    }

    /// The tree over the headers that were taken, to see what it becomes with more.
    pub(crate) fn feed_frontier(&self, circle: Sha256) -> Result<Frontier, VaultError> {
        Ok(feed_row(&self.opened.connection, circle)?.map_or_else(Frontier::new, |feed| feed.frontier))
    }

    /// The root over the first `size` headers of a feed; `None` if fewer were taken.
    pub(crate) fn feed_root(&self, circle: Sha256, size: u64) -> Result<Option<Sha256>, VaultError> {
        let Some(feed) = feed_row(&self.opened.connection, circle)? else { return Ok(None) };
        match size.checked_sub(1) {
            None => Ok(Some(Sha256(Hash::empty_root().0))),
            Some(_) if size > feed.frontier.size() => Ok(None),
            Some(n) => Ok(Some(Sha256(root_after(&self.opened.connection, feed.ord, n)?))),
        }
    }

    /// Keeps what a member says to have seen of a feed, where it cannot be compared yet, or is not what is here.
    pub(crate) fn keep_cited(&mut self, circle: Sha256, seen: FeedSeen) -> Result<(), VaultError> {
        if self.feed_root(circle, seen.size)? == Some(seen.root) {
            return Ok(());
        }
        let query = "INSERT OR IGNORE INTO cited_feed (circle, size, root) VALUES (?1, ?2, ?3)";
        self.opened.connection.execute(query, (circle.0, signed(seen.size)?, seen.root.0))?;
        Ok(())
    }

    /// Compares what members said to have seen with what is here by now. What fits is forgotten; whether all of it fits.
    pub(crate) fn compare_cited(&mut self, circle: Sha256) -> Result<bool, VaultError> {
        let Some(feed) = feed_row(&self.opened.connection, circle)? else { return Ok(true) };
        let size = signed(feed.frontier.size())?;
        let tx = self.transaction()?;
        tx.execute(
            "DELETE FROM cited_feed WHERE circle = ?1 AND EXISTS (SELECT 1 FROM feed_header
             WHERE feed = ?2 AND n = cited_feed.size - 1 AND root = cited_feed.root)",
            (circle.0, feed.ord),
        )?;
        let query = "SELECT EXISTS (SELECT 1 FROM cited_feed WHERE circle = ?1 AND size <= ?2)";
        let other: bool = tx.query_row(query, (circle.0, size), |row| row.get(0))?;
        tx.commit()?;
        Ok(!other)
    }

    /// The largest size of a feed that a member said to have seen, where that could not be compared.
    pub(crate) fn cited_size(&self, circle: Sha256) -> Result<Option<u64>, VaultError> {
        let query = "SELECT max(size) FROM cited_feed WHERE circle = ?1";
        let size: Option<i64> = self.opened.connection.query_row(query, [circle.0], |row| row.get(0))?;
        size.map(unsigned).transpose()
    }

    /// Whether another header stands where a relay said that one of this device's does.
    pub(crate) fn is_misplaced(&self, circle: Sha256) -> Result<bool, VaultError> {
        let query = "SELECT EXISTS (SELECT 1 FROM header JOIN feed ON feed.circle = header.circle
                     JOIN feed_header ON feed_header.feed = feed.ord AND feed_header.n = header.place
                     WHERE header.circle = ?1 AND feed_header.hash <> header.hash)";
        Ok(self.opened.connection.query_row(query, [circle.0], |row| row.get(0))?)
    }

    /// Whether a header that holds does not follow what its device said before: something in between is missing.
    pub(crate) fn is_behind_gap(&self, circle: Sha256, n: u64) -> Result<bool, VaultError> {
        let query =
            "SELECT verified = 1 AND device IS NULL FROM feed_header JOIN feed ON feed.ord = feed_header.feed
                     WHERE feed.circle = ?1 AND n = ?2";
        Ok(self
            .opened
            .connection
            .prepare_cached(query)?
            .query_row((circle.0, signed(n)?), |row| row.get(0))?)
    }

    /// The largest size of the membership log that anything before a header in the feed names, if the feed here has the header.
    pub(crate) fn cited_before(&self, circle: Sha256, hash: Sha256) -> Result<Option<u64>, VaultError> {
        let query = "SELECT feed_header.cited FROM feed_header JOIN feed ON feed.ord = feed_header.feed
                     WHERE hash = ?1 AND feed.circle = ?2 ORDER BY n LIMIT 1";
        let mut query = self.opened.connection.prepare_cached(query)?;
        let cited: Option<i64> = query.query_row((hash.0, circle.0), |row| row.get(0)).optional()?;
        cited.map(unsigned).transpose()
    }

    /// The place of a header in a circle's feed, as it was read here.
    pub(crate) fn place_in_feed(&self, circle: Sha256, hash: Sha256) -> Result<Option<u64>, VaultError> {
        let query = "SELECT min(n) FROM feed_header JOIN feed ON feed.ord = feed_header.feed
                     WHERE hash = ?1 AND feed.circle = ?2";
        let mut query = self.opened.connection.prepare_cached(query)?;
        let n: Option<i64> = query.query_row((hash.0, circle.0), |row| row.get(0))?;
        n.map(unsigned).transpose()
    }

    /// Empties the log of writes, where old pages still stand. They are encrypted; where it fails, the next time does it.
    pub(super) fn clear_pages(&self) {
        let _ = clear(&self.opened.connection);
    }
}

struct Feed {
    ord: i64,
    frontier: Frontier,
    cited: u64,
}

fn feed_row(connection: &rusqlite::Connection, circle: Sha256) -> Result<Option<Feed>, VaultError> {
    let row: Option<(i64, i64, Vec<u8>, i64)> = connection
        .prepare_cached("SELECT ord, size, frontier, cited FROM feed WHERE circle = ?1")?
        .query_row([circle.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((ord, size, frontier, cited)) = row else { return Ok(None) };
    let frontier = frontier_of(unsigned(size)?, &frontier)?;
    Ok(Some(Feed { ord, frontier, cited: unsigned(cited)? }))
}

fn begin(tx: &Transaction<'_>, circle: Sha256, now: UnixTime) -> Result<Feed, VaultError> {
    tx.execute(
        "INSERT INTO feed (circle, size, frontier, cited, synced_at) VALUES (?1, 0, x'', 0, ?2)",
        (circle.0, now.seconds()),
    )?;
    Ok(Feed { ord: tx.last_insert_rowid(), frontier: Frontier::new(), cited: 0 })
}

/// The root over the headers up to and with number `n`.
fn root_after(connection: &rusqlite::Connection, feed: i64, n: u64) -> Result<[u8; 32], VaultError> {
    let query = "SELECT root FROM feed_header WHERE feed = ?1 AND n = ?2";
    Ok(connection.prepare_cached(query)?.query_row((feed, signed(n)?), |row| row.get(0))?)
}

fn insert(tx: &Transaction<'_>, mut feed: Feed, taking: &Taking<'_>) -> Result<(), VaultError> {
    let counts = taking.counts.as_ref();
    let refusal = match &taking.counts {
        Err(refusal) => Some(*refusal),
        Ok(counts) => match &counts.becomes {
            Becomes::Nothing(refusal) => *refusal,
            Becomes::Post(post) => post.state.err(),
            _ => None,
        },
    };
    let chained = counts.ok().and_then(|counts| counts.chained);
    let is_new = taking.n == feed.frontier.size();
    let statement = if is_new {
        "INSERT INTO feed_header (feed, n, hash, cited, bytes, root, verified, refused, again, about, device, seq)
         VALUES (:feed, :n, :hash, :cited, :bytes, :root, :verified, :refused, :again, :about, :device, :seq)"
    } else {
        "UPDATE feed_header SET verified = :verified, refused = :refused, again = :again, about = :about,
         device = coalesce(device, :device), seq = coalesce(seq, :seq)
         WHERE feed = :feed AND n = :n AND hash = :hash AND cited = :cited AND bytes = :bytes AND root = :root
         AND again = 1"
    };
    if is_new {
        feed.frontier.append(leaf_hash(taking.bytes));
    }
    let root = if is_new { feed.frontier.root().0 } else { root_after(tx, feed.ord, taking.n)? };
    let changed = tx.prepare_cached(statement)?.execute(named_params! {
        ":feed": feed.ord,
        ":n": signed(taking.n)?,
        ":hash": taking.hash.0,
        ":cited": signed(taking.cited)?,
        ":bytes": taking.bytes,
        ":root": root,
        ":verified": counts.is_ok(),
        ":refused": refusal.map(|refusal| refusal.code),
        ":again": refusal.is_some_and(|refusal| refusal.again),
        ":about": counts.ok().and_then(|counts| counts.about).map(|about| about.0),
        ":device": chained.map(|(device, _)| device.0),
        ":seq": chained.map(|(_, seq)| signed(seq)).transpose()?,
    })?;
    if changed != 1 {
        return Err(VaultError::Inconsistent);
    }
    let cited = counts.map_or(feed.cited, |counts| feed.cited.max(counts.cites));
    tx.prepare_cached("UPDATE feed SET size = ?2, frontier = ?3, cited = ?4 WHERE ord = ?1")?.execute((
        feed.ord,
        signed(feed.frontier.size())?,
        frontier_bytes(&feed.frontier),
        signed(cited)?,
    ))?;
    Ok(())
}

fn apply(
    tx: &Transaction<'_>,
    taking: &Taking<'_>,
    counts: &Counts,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<(), VaultError> {
    match &counts.becomes {
        Becomes::Nothing(_) => Ok(()),
        Becomes::Post(post) => insert_post(tx, taking, post),
        Becomes::Event { user, body } => {
            let Some(about) = counts.about else { return Ok(()) };
            if matches!(body.what, What::Gone {}) {
                return take_gone(tx, about, *user, now, random);
            }
            insert_event(tx, taking, about, *user, body)
        }
        Becomes::Withdrawal { reason, code } => {
            if let Some(post) = counts.about.map(|about| post_ord(tx, about)).transpose()?.flatten() {
                drop_post(tx, post, "withdrawn", Some(reason))?;
            }
            if let Some(code) = code {
                withdraw_by_code_in(tx, code, now, random)?;
            }
            Ok(())
        }
    }
}

fn insert_post(tx: &Transaction<'_>, taking: &Taking<'_>, new: &NewPost) -> Result<(), VaultError> {
    let (state, why) = match (new.withdrawn, new.state) {
        (Some(reason), _) => ("withdrawn", Some(reason)),
        (None, Ok(())) => ("waiting", None),
        (None, Err(refusal)) => ("refused", Some(refusal.code)),
    };
    let feed = "(SELECT ord FROM feed WHERE circle = ?1)";
    let changed = tx.execute(
        &format!(
            "INSERT INTO feed_post (feed, hash, post, user, at, ends, withdrawal, state, why)
             VALUES ({feed}, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (hash) DO UPDATE SET state = excluded.state, why = excluded.why
             WHERE feed_post.state = 'refused'"
        ),
        (
            taking.circle.0,
            taking.hash.0,
            new.post.0,
            new.user.0,
            new.at.seconds(),
            new.ends.seconds(),
            new.withdrawal.0,
            state,
            why,
        ),
    )?;
    if changed == 0 || state == "withdrawn" {
        return Ok(());
    }
    let post = post_ord(tx, taking.hash)?.ok_or(VaultError::Inconsistent)?;
    let mut insert = tx.prepare_cached(&format!(
        "INSERT INTO feed_object (feed, post, place, at, kind, sha256, size, turn)
         VALUES ({feed}, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET turn = excluded.turn"
    ))?;
    for (place, object) in (0_i64..).zip(&new.objects) {
        insert.execute((
            taking.circle.0,
            post,
            place,
            new.at.seconds(),
            object.kind.code(),
            object.sha256.0,
            signed(object.size)?,
            (place == 0 && state == "waiting").then_some(1),
        ))?;
    }
    Ok(())
}

fn insert_event(
    tx: &Transaction<'_>,
    taking: &Taking<'_>,
    about: Sha256,
    user: Id,
    body: &EventBody,
) -> Result<(), VaultError> {
    let query = "SELECT ord, at FROM feed_post WHERE hash = ?1 AND state IN ('waiting', 'open', 'refused')";
    let post: Option<(i64, i64)> =
        tx.prepare_cached(query)?.query_row([about.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((post, at)) = post else { return Ok(()) };
    let said = serde_json::to_string(&body.what).map_err(|_| VaultError::Inconsistent)?;
    tx.prepare_cached(
        "INSERT INTO feed_event (post, n, hash, user, at, kind, said) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO NOTHING",
    )?
    .execute((
        post,
        signed(taking.n)?,
        taking.hash.0,
        user.0,
        body.at.seconds(),
        kind(&body.what),
        said,
    ))?;
    match &body.what {
        // What was taken late says nothing against what came after it.
        What::Status { .. } => tx.execute(
            "UPDATE feed_post SET status = (SELECT json_extract(said, '$.status') FROM feed_event
             WHERE post = ?1 AND kind = 'status' ORDER BY n DESC LIMIT 1) WHERE ord = ?1",
            [post],
        )?,
        What::Hide { of: None } => {
            tx.execute("UPDATE feed_post SET hidden_by = ?2 WHERE ord = ?1", (post, user.0))?
        }
        What::Hide { of: Some(of) } => tx.execute(
            "UPDATE feed_event SET hidden_by = ?3 WHERE post = ?1 AND hash = ?2",
            (post, of.0, user.0),
        )?,
        What::Page { specialty } => tx.execute(
            "INSERT OR IGNORE INTO feed_paged (specialty, at, post) VALUES (?1, ?2, ?3)",
            (specialty.code(), at, post),
        )?,
        _ => 0,
    };
    Ok(())
}

fn kind(what: &What) -> &'static str {
    match what {
        What::Comment { .. } => "comment",
        What::Vote { .. } => "vote",
        What::Helpful { .. } => "helpful",
        What::Status { .. } => "status",
        What::Outcome { .. } => "outcome",
        What::Report { .. } => "report",
        What::Hide { .. } => "hide",
        What::Page { .. } => "page",
        What::Gone {} => "gone",
    }
}

/// A reader's word that a case of this device's owner is gone.
fn take_gone(
    tx: &Transaction<'_>,
    about: Sha256,
    user: Id,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<(), VaultError> {
    tx.execute(
        "INSERT OR IGNORE INTO feed_gone (hash, user, at) SELECT ?1, ?2, ?3
         WHERE EXISTS (SELECT 1 FROM own_header WHERE hash = ?1 AND copy_n IS NOT NULL)",
        (about.0, user.0, now.seconds()),
    )?;
    acknowledge_gone(tx, now, random)
}

/// Records what readers said is gone, once for each withdrawal and circle, as soon as the withdrawal is in the log.
pub(super) fn acknowledge_gone(
    tx: &Transaction<'_>,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<(), VaultError> {
    let due: Vec<((i64, i64), (i64, i64))> = {
        let mut query = tx.prepare_cached(
            "SELECT DISTINCT awaited.log, of_n, awaited.copy_log, awaited.copy_n FROM feed_gone
             JOIN own_header ON own_header.hash = feed_gone.hash
             JOIN awaited ON awaited.copy_log = own_header.copy_log AND awaited.copy_n = own_header.copy_n
             WHERE acknowledged_n IS NULL ORDER BY 1, 2, 3, 4",
        )?;
        let rows = query.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?))))?;
        rows.collect::<Result<_, _>>()?
    };
    if due.is_empty() {
        return Ok(());
    }
    // A clock that is behind must not stop the feed.
    let newest: Option<i64> = tx.query_row("SELECT max(newest) FROM log", [], |row| row.get(0))?;
    let now = newest.map(moment).transpose()?.map_or(now, |newest| newest.max(now));
    for (of, copy) in due {
        acknowledge_in(tx, of, copy, now, random).map_err(|error| match error {
            AcknowledgeError::NotAwaited => VaultError::Inconsistent,
            AcknowledgeError::Vault(error) => error,
        })?;
    }
    Ok(())
}
