//! What the owner does with posts, and what time does.

use curtain_wire::events::What;
use rusqlite::OptionalExtension;

use super::super::Vault;
use super::super::error::VaultError;
use super::super::log::unsigned;
use super::super::outbox::{Item, queue_in};
use super::take::acknowledge_gone;
use super::{drop_post, post_ord};
use crate::hash::Sha256;
use crate::time::UnixTime;

/// A collection of saved cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// What the owner calls it.
    pub name: String,
    /// Cases in it.
    pub posts: u64,
}

/// What is kept for reading offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Bytes of pictures and thumbnails that may be here.
    pub limit: u64,
    /// Bytes of them that are.
    pub bytes: u64,
    /// Days without a whole sync after which cases are hidden.
    pub stale_days: u32,
}

impl Vault {
    /// Notes that all of a circle's feed was fetched.
    pub(crate) fn note_synced(&mut self, circle: Sha256, now: UnixTime) -> Result<(), VaultError> {
        self.must_keep(circle)?;
        self.opened.connection.execute(
            "INSERT INTO feed (circle, size, frontier, cited, synced_at) VALUES (?1, 0, x'', 0, ?2)
             ON CONFLICT (circle) DO UPDATE SET synced_at = excluded.synced_at",
            (circle.0, now.seconds()),
        )?;
        Ok(())
    }

    /// The circles of which nothing is shown, since they were not synced since `since`.
    pub(crate) fn feeds_before(&self, since: i64) -> Result<Vec<Sha256>, VaultError> {
        let mut query = self
            .opened
            .connection
            .prepare_cached("SELECT circle FROM feed WHERE synced_at < ?1 ORDER BY ord")?;
        let rows = query.query_map([since], |row| row.get(0).map(Sha256))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What is kept for reading offline.
    pub(crate) fn pack(&self) -> Result<Pack, VaultError> {
        let query = "SELECT pack_limit, pack_bytes, stale_days FROM feed_setting";
        let (limit, bytes, days): (i64, i64, u32) =
            self.opened.connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(Pack { limit: unsigned(limit)?, bytes: unsigned(bytes)?, stale_days: days })
    }

    /// Sets after how many days without a whole sync cases are hidden.
    pub(crate) fn set_stale_days(&mut self, days: u32) -> Result<(), VaultError> {
        self.opened.connection.execute("UPDATE feed_setting SET stale_days = ?1", [days])?;
        Ok(())
    }

    /// Records what readers said is gone, where the withdrawal was recorded later.
    pub(crate) fn acknowledge_all_gone(&mut self, now: UnixTime) -> Result<(), VaultError> {
        let random = self.random.clone();
        let tx = self.transaction()?;
        acknowledge_gone(&tx, now, &random)?;
        Ok(tx.commit()?)
    }

    /// Deletes all that was opened in a circle. Its headers stay.
    pub(crate) fn drop_circle(&mut self, circle: Sha256) -> Result<usize, VaultError> {
        let tx = self.transaction()?;
        let posts: Vec<i64> = {
            let mut query = tx.prepare(
                "SELECT ord FROM feed_post WHERE state IN ('waiting', 'open')
                 AND feed = (SELECT ord FROM feed WHERE circle = ?1)",
            )?;
            let rows = query.query_map([circle.0], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        for post in &posts {
            drop_post(&tx, *post, "refused", Some("not_in_circle"))?;
            // Whoever is let in again can have it again.
            let again =
                "UPDATE feed_header SET again = 1 WHERE hash = (SELECT hash FROM feed_post WHERE ord = ?1)";
            tx.execute(again, [post])?;
        }
        tx.commit()?;
        if !posts.is_empty() {
            self.clear_pages();
        }
        Ok(posts.len())
    }

    /// The withdrawn posts of a circle of which something was here, and of which it was not said yet that it is gone.
    pub(crate) fn gone_posts(
        &self,
        circle: Sha256,
        user: crate::hash::Id,
    ) -> Result<Vec<Sha256>, VaultError> {
        let mut query = self.opened.connection.prepare_cached(
            "SELECT hash FROM feed_post WHERE feed = (SELECT ord FROM feed WHERE circle = ?1)
             AND state = 'withdrawn' AND held = 1 AND told = 0 AND user <> ?2 ORDER BY ord",
        )?;
        let rows = query.query_map((circle.0, user.0), |row| row.get(0).map(Sha256))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Queues that nothing of a withdrawn post is here any more, and notes that: both, or neither.
    pub(crate) fn say_gone(
        &mut self,
        circle: Sha256,
        about: Sha256,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let query = "UPDATE feed_post SET told = 1 WHERE hash = ?1 AND state = 'withdrawn' AND told = 0";
        if tx.execute(query, [about.0])? != 1 {
            return Err(VaultError::NotFound);
        }
        queue_in(&tx, &Item::Say { circle, about, what: What::Gone {} }, now)?;
        Ok(tx.commit()?)
    }

    /// Notes that the owner read a post now.
    pub(crate) fn note_read(&mut self, header: Sha256, now: UnixTime) -> Result<(), VaultError> {
        let query = "UPDATE feed_post SET read_at = ?2 WHERE hash = ?1 AND state = 'open'";
        let changed = self.opened.connection.execute(query, (header.0, now.seconds()))?;
        if changed == 1 { Ok(()) } else { Err(VaultError::NotFound) }
    }

    /// Puts an open post into a collection, which is begun if there is none of that name. Its pictures are fetched.
    pub(crate) fn collect(&mut self, header: Sha256, collection: &str) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let post = "SELECT ord FROM feed_post WHERE hash = ?1 AND state = 'open'";
        let post: Option<i64> = tx.query_row(post, [header.0], |row| row.get(0)).optional()?;
        let post = post.ok_or(VaultError::NotFound)?;
        tx.execute("INSERT OR IGNORE INTO collection (name) VALUES (?1)", [collection])?;
        tx.execute(
            "INSERT OR IGNORE INTO collected (collection, post) SELECT ord, ?2 FROM collection WHERE name = ?1",
            (collection, post),
        )?;
        tx.execute("UPDATE feed_post SET saved = 1 WHERE ord = ?1", [post])?;
        tx.execute(
            "UPDATE feed_object SET turn = 3
             WHERE post = ?1 AND turn IS NULL AND stored = 0 AND why IS NULL AND kind <> 'body'",
            [post],
        )?;
        Ok(tx.commit()?)
    }

    /// Takes a post out of a collection, which goes with its last post.
    pub(crate) fn uncollect(&mut self, header: Sha256, collection: &str) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let post = post_ord(&tx, header)?.ok_or(VaultError::NotFound)?;
        let changed = tx.execute(
            "DELETE FROM collected WHERE post = ?1 AND collection = (SELECT ord FROM collection WHERE name = ?2)",
            (post, collection),
        )?;
        if changed == 0 {
            return Err(VaultError::NotFound);
        }
        tx.execute("DELETE FROM collection WHERE ord NOT IN (SELECT collection FROM collected)", [])?;
        let saved =
            "UPDATE feed_post SET saved = EXISTS (SELECT 1 FROM collected WHERE post = ord) WHERE ord = ?1";
        tx.execute(saved, [post])?;
        tx.execute(
            "UPDATE feed_object SET turn = NULL WHERE post = ?1 AND turn = 3
             AND NOT EXISTS (SELECT 1 FROM collected WHERE post = ?1)",
            [post],
        )?;
        Ok(tx.commit()?)
    }

    /// All collections, by name.
    pub(crate) fn all_collections(&self) -> Result<Vec<Collection>, VaultError> {
        let mut query = self.opened.connection.prepare(
            "SELECT name, (SELECT count(*) FROM collected WHERE collection = collection.ord) FROM collection ORDER BY name",
        )?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (name, posts) = row?;
            Ok(Collection { name, posts: unsigned(posts)? })
        })
        .collect()
    }
}
