//! Files of posts: what is to be fetched, what is here, and what makes room.

use curtain_wire::events::{About, Site, Specialty, Text};
use curtain_wire::header::{ObjectKind, ObjectRef};
use rusqlite::{OptionalExtension, Transaction};

use super::super::Vault;
use super::super::error::VaultError;
use super::super::log::{signed, unsigned};
use super::{drop_post, post_ord};
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;

/// Where the pack is full, so many of a hundred bytes stay: each file that comes would push another one out.
const ROOM_MADE: u64 = 95;

/// A file that is to be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// In which circle.
    pub circle: Sha256,
    /// The hash of the post's header.
    pub header: Sha256,
    /// The post.
    pub post: Id,
    /// The file's place in the header.
    pub index: u32,
    /// What it is.
    pub about: ObjectRef,
}

/// What the body of a post says that lists and searches need.
pub(crate) struct OpenedWords<'a> {
    pub(crate) text: Option<&'a Text>,
    pub(crate) about: Option<&'a About>,
    /// The last moment at which it may be here.
    pub(crate) expires: UnixTime,
    /// The places of files that lists show.
    pub(crate) first: &'a [u32],
    /// As it came: pictures are opened with it.
    pub(crate) sealed: &'a [u8],
}

impl Vault {
    /// The files of a circle that are to be fetched, of at most `budget` bytes together: those that somebody asked for, bodies,
    /// what lists show, pictures of saved cases; of each the newest first.
    pub(crate) fn feed_wanted(
        &self,
        circle: Sha256,
        budget: u64,
        most: usize,
        now: UnixTime,
    ) -> Result<Vec<Wanted>, VaultError> {
        let connection = &self.opened.connection;
        let (limit, mut held): (i64, i64) =
            connection.query_row("SELECT pack_limit, pack_bytes FROM feed_setting", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let oldest: Option<i64> = connection.query_row(
            "SELECT min(at) FROM feed_object WHERE stored > 0 AND kind <> 'body'",
            [],
            |row| row.get(0),
        )?;
        let mut query = connection.prepare_cached(
            "SELECT p.hash, p.post, o.place, o.kind, o.sha256, o.size, o.turn, o.at FROM feed_object o
             JOIN feed_post p ON p.ord = o.post
             WHERE o.feed = (SELECT ord FROM feed WHERE circle = ?1) AND o.turn IS NOT NULL AND p.ends > ?2
             ORDER BY o.turn, o.at DESC, o.post, o.place",
        )?;
        let mut rows = query.query((circle.0, now.seconds()))?;
        let (mut wanted, mut left) = (Vec::new(), budget);
        while let Some(row) = rows.next()? {
            let (size, turn, at): (i64, i64, i64) = (row.get(5)?, row.get(6)?, row.get(7)?);
            // Into a full pack goes what is newer than something in it.
            if turn >= 2 && held.saturating_add(size) > limit && oldest.is_none_or(|oldest| at <= oldest) {
                continue;
            }
            let bytes = unsigned(size)?;
            if bytes > left || wanted.len() == most {
                break;
            }
            left -= bytes;
            if turn != 1 {
                held = held.saturating_add(size);
            }
            let index = u32::try_from(row.get::<_, i64>(2)?).map_err(|_| VaultError::Inconsistent)?;
            let about = ObjectRef {
                kind: kind(&row.get::<_, String>(3)?)?,
                sha256: Sha256(row.get(4)?),
                size: bytes,
            };
            wanted.push(Wanted { circle, header: Sha256(row.get(0)?), post: Id(row.get(1)?), index, about });
        }
        Ok(wanted)
    }

    /// Whether a file is still to be fetched.
    pub(crate) fn is_wanted(&self, wanted: &Wanted) -> Result<bool, VaultError> {
        let query = "SELECT 1 FROM feed_object o JOIN feed_post p ON p.ord = o.post
                     WHERE p.hash = ?1 AND o.place = ?2 AND o.turn IS NOT NULL";
        let found: Option<i64> = self
            .opened
            .connection
            .query_row(query, (wanted.header.0, wanted.index), |row| row.get(0))
            .optional()?;
        Ok(found.is_some())
    }

    /// The beginning of a file that is to be fetched, as far as it came.
    pub(crate) fn fetched_part(&self, wanted: &Wanted) -> Result<Vec<u8>, VaultError> {
        let query = "SELECT bytes FROM feed_part WHERE post = (SELECT ord FROM feed_post WHERE hash = ?1) AND place = ?2";
        let connection = &self.opened.connection;
        let found =
            connection.query_row(query, (wanted.header.0, wanted.index), |row| row.get(0)).optional()?;
        Ok(found.unwrap_or_default())
    }

    /// Keeps the beginning of a file that is to be fetched; an empty one is forgotten.
    pub(crate) fn keep_part(&mut self, wanted: &Wanted, bytes: &[u8]) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let at = (wanted.header.0, wanted.index);
        let of_file = "post = (SELECT ord FROM feed_post WHERE hash = ?1) AND place = ?2";
        tx.execute(&format!("DELETE FROM feed_part WHERE {of_file}"), at)?;
        if !bytes.is_empty() {
            tx.execute(
                &format!("INSERT INTO feed_part SELECT post, place, ?3 FROM feed_object WHERE {of_file}"),
                (wanted.header.0, wanted.index, bytes),
            )?;
        }
        Ok(tx.commit()?)
    }

    /// The body of an open post, as it came.
    pub(crate) fn sealed_body(&self, header: Sha256) -> Result<Option<Vec<u8>>, VaultError> {
        self.feed_file(header, 0)
    }

    /// A file that is here.
    pub(crate) fn feed_file(&self, header: Sha256, index: u32) -> Result<Option<Vec<u8>>, VaultError> {
        let query = "SELECT bytes FROM feed_file WHERE post = (SELECT ord FROM feed_post WHERE hash = ?1) AND place = ?2";
        let connection = &self.opened.connection;
        Ok(connection.query_row(query, (header.0, index), |row| row.get(0)).optional()?)
    }

    /// Keeps what the body of a waiting post says, and finds it from now on.
    pub(crate) fn keep_body(&mut self, header: Sha256, words: &OpenedWords<'_>) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let post = post_ord(&tx, header)?.ok_or(VaultError::NotFound)?;
        let (specialty, site) = words
            .about
            .map_or((None, None), |about| (about.specialty.map(Specialty::code), about.site.map(Site::code)));
        let changed = tx.execute(
            "UPDATE feed_post SET state = 'open', why = NULL, held = 1, specialty = ?2, site = ?3, ends = min(ends, ?4)
             WHERE ord = ?1 AND state = 'waiting'",
            (post, specialty, site, words.expires.plus_second().seconds()),
        )?;
        // It went meanwhile.
        if changed == 0 {
            return Ok(());
        }
        let tags = words.about.map_or(&[][..], |about| &about.tags);
        for tag in tags {
            tx.prepare_cached(
                "INSERT INTO feed_tag (tag, at, post) SELECT ?1, at, ord FROM feed_post WHERE ord = ?2",
            )?
            .execute((tag.as_str(), post))?;
        }
        let labels = specialty.into_iter().chain(site).map(|word| word.replace('_', " "));
        let labels: Vec<String> = labels.chain(tags.iter().map(|tag| tag.as_str().to_owned())).collect();
        let part = |part: fn(&Text) -> &str| words.text.map_or("", part);
        tx.prepare_cached(
            "INSERT INTO feed_words (rowid, title, body, question, labels) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((
            post,
            part(|text| &text.title.0),
            part(|text| &text.body.0),
            part(|text| &text.question.0),
            labels.join(" "),
        ))?;
        for place in words.first {
            tx.prepare_cached("UPDATE feed_object SET turn = 2, first = 1 WHERE post = ?1 AND place = ?2")?
                .execute((post, place))?;
        }
        store(&tx, post, 0, words.sealed)?;
        Ok(tx.commit()?)
    }

    /// Keeps an opened picture or thumbnail, and makes room for it.
    pub(crate) fn keep_file(&mut self, header: Sha256, index: u32, bytes: &[u8]) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let Some(post) = post_ord(&tx, header)? else { return Err(VaultError::NotFound) };
        store(&tx, post, index, bytes)?;
        make_room(&tx, Some((post, index)))?;
        Ok(tx.commit()?)
    }

    /// Notes that a file does not open: it is not fetched again. A post of which the body does not open is refused.
    pub(crate) fn refuse_file(&mut self, header: Sha256, index: u32, why: &str) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let post = post_ord(&tx, header)?.ok_or(VaultError::NotFound)?;
        tx.execute(
            "UPDATE feed_object SET turn = NULL, why = ?3 WHERE post = ?1 AND place = ?2",
            (post, index, why),
        )?;
        drop_part(&tx, post, index)?;
        if index == 0 {
            tx.execute(
                "UPDATE feed_post SET state = 'refused', why = ?2 WHERE ord = ?1 AND state = 'waiting'",
                (post, why),
            )?;
        }
        Ok(tx.commit()?)
    }

    /// Asks for all pictures of an open post that are not here. How many there are.
    pub(crate) fn ask_for_pictures(&mut self, header: Sha256) -> Result<usize, VaultError> {
        Ok(self.opened.connection.execute(
            "UPDATE feed_object SET turn = 0 WHERE stored = 0 AND why IS NULL AND kind <> 'body'
             AND post = (SELECT ord FROM feed_post WHERE hash = ?1 AND state = 'open')",
            [header.0],
        )?)
    }

    /// Sets how many bytes of pictures may be here, and makes room.
    pub(crate) fn set_pack_limit(&mut self, bytes: u64) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        tx.execute("UPDATE feed_setting SET pack_limit = ?1", [signed(bytes)?])?;
        make_room(&tx, None)?;
        tx.commit()?;
        self.clear_pages();
        Ok(())
    }

    /// Deletes what is over at `now`: how many posts.
    pub(crate) fn drop_over(&mut self, now: UnixTime) -> Result<usize, VaultError> {
        let tx = self.transaction()?;
        let over: Vec<i64> = {
            let mut query = tx.prepare_cached(
                "SELECT ord FROM feed_post WHERE state IN ('waiting', 'open') AND ends <= ?1",
            )?;
            let rows = query.query_map([now.seconds()], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        for post in &over {
            drop_post(&tx, *post, "over", None)?;
        }
        tx.commit()?;
        if !over.is_empty() {
            self.clear_pages();
        }
        Ok(over.len())
    }
}

fn drop_part(tx: &Transaction<'_>, post: i64, index: u32) -> Result<(), VaultError> {
    tx.prepare_cached("DELETE FROM feed_part WHERE post = ?1 AND place = ?2")?.execute((post, index))?;
    Ok(())
}

fn store(tx: &Transaction<'_>, post: i64, index: u32, bytes: &[u8]) -> Result<(), VaultError> {
    let stored = i64::try_from(bytes.len()).map_err(|_| VaultError::Inconsistent)?;
    let changed = tx
        .prepare_cached(
            "UPDATE feed_object SET turn = NULL, why = NULL, stored = ?3 WHERE post = ?1 AND place = ?2",
        )?
        .execute((post, index, stored))?;
    drop_part(tx, post, index)?;
    if changed == 1 {
        tx.prepare_cached("INSERT OR REPLACE INTO feed_file (post, place, bytes) VALUES (?1, ?2, ?3)")?
            .execute((post, index, bytes))?;
    }
    Ok(())
}

/// Lets files go until the pack is within its limit: those of cases that were read longest ago or never, pictures before
/// what lists show, saved cases last. `but` just came: it stays, unless it is larger than the pack.
fn make_room(tx: &Transaction<'_>, but: Option<(i64, u32)>) -> Result<(), VaultError> {
    let (limit, mut held): (i64, i64) = tx
        .prepare_cached("SELECT pack_limit, pack_bytes FROM feed_setting")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if held <= limit {
        return Ok(());
    }
    let most = signed(unsigned(limit)? / 100 * ROOM_MADE)?;
    let mut query = tx.prepare_cached(
        "SELECT o.post, o.place, o.stored FROM feed_object o JOIN feed_post p ON p.ord = o.post
         WHERE o.stored > 0 AND o.kind <> 'body'
         ORDER BY (o.post = ?1 AND o.place = ?2), p.saved, coalesce(p.read_at, 0), o.first, o.at, o.post, o.place",
    )?;
    let (post, place) = but.map_or((-1, 0), |(post, place)| (post, i64::from(place)));
    let mut rows = query.query((post, place))?;
    let mut gone: Vec<(i64, i64)> = Vec::new();
    while let Some(row) = rows.next()? {
        if held <= most {
            break;
        }
        held -= row.get::<_, i64>(2)?;
        gone.push((row.get(0)?, row.get(1)?));
    }
    drop(rows);
    for at in gone {
        tx.prepare_cached("UPDATE feed_object SET stored = 0, turn = NULL WHERE post = ?1 AND place = ?2")?
            .execute(at)?;
        tx.prepare_cached("DELETE FROM feed_file WHERE post = ?1 AND place = ?2")?.execute(at)?;
    }
    Ok(())
}

pub(super) fn kind(code: &str) -> Result<ObjectKind, VaultError> {
    let kinds = [ObjectKind::Body, ObjectKind::Picture, ObjectKind::Thumbnail];
    kinds.into_iter().find(|kind| kind.code() == code).ok_or(VaultError::Inconsistent)
}
