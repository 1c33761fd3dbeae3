//! Relays that circles travel through, with the keys that each showed first.

use curtain_wire::note::VerifierKey;
use rusqlite::OptionalExtension;

use super::Vault;
use super::error::VaultError;
use super::log::{signed, unsigned};
use crate::hash::Sha256;
use crate::time::UnixTime;

/// A relay, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRelay {
    /// Its address.
    pub url: String,
    /// Signs the heads of its logs.
    pub feed_key: VerifierKey,
    /// Cosigns what it saw.
    pub witness_key: VerifierKey,
}

impl Vault {
    /// Keeps a relay that is not known yet.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn keep_relay(&mut self, relay: &KeptRelay) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        tx.execute(
            "INSERT OR IGNORE INTO relay (url, feed_key, witness_key) VALUES (?1, ?2, ?3)",
            (&relay.url, relay.feed_key.to_string(), relay.witness_key.to_string()),
        )?;
        Ok(tx.commit()?)
    }

    /// All relays, by address.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn relays(&self) -> Result<Vec<KeptRelay>, VaultError> {
        let mut query =
            self.opened.connection.prepare("SELECT url, feed_key, witness_key FROM relay ORDER BY url")?;
        let rows = query.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        rows.map(|row| {
            let (url, feed_key, witness_key) = row?;
            let key = |text: String| text.parse().map_err(|_| VaultError::Inconsistent);
            Ok(KeptRelay { url, feed_key: key(feed_key)?, witness_key: key(witness_key)? })
        })
        .collect()
    }

    /// Which circles travel through a relay.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn circles_of_relay(&self, url: &str) -> Result<Vec<Sha256>, VaultError> {
        let mut query =
            self.opened.connection.prepare("SELECT id FROM circle WHERE relay = ?1 ORDER BY id")?;
        let rows = query.query_map([url], |row| row.get(0).map(Sha256))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The relay that a circle travels through, if it is one.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn relay_of(&self, circle: Sha256) -> Result<Option<String>, VaultError> {
        let query = "SELECT relay FROM circle WHERE id = ?1";
        let found = self.opened.connection.query_row(query, [circle.0], |row| row.get(0)).optional()?;
        Ok(found.flatten())
    }

    /// Notes that a circle travels through a relay that is kept.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn travels_through(&mut self, circle: Sha256, url: &str) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        tx.execute("UPDATE circle SET relay = ?1 WHERE id = ?2", (url, circle.0))?;
        Ok(tx.commit()?)
    }

    /// Begins to read a circle's tombstones from the first one again, if `again_s` seconds have passed since that was done.
    pub(crate) fn reread_tombstones(
        &mut self,
        circle: Sha256,
        again_s: i64,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        tx.execute(
            "UPDATE circle SET tombstones = 0, tombstones_at = ?1
             WHERE id = ?2 AND abs(?1 - tombstones_at) >= ?3",
            (now.seconds(), circle.0, again_s),
        )?;
        Ok(tx.commit()?)
    }

    /// How many tombstones of a circle were read.
    pub(crate) fn tombstones_read(&self, circle: Sha256) -> Result<u64, VaultError> {
        let query = "SELECT tombstones FROM circle WHERE id = ?1";
        unsigned(self.opened.connection.query_row(query, [circle.0], |row| row.get(0))?)
    }

    /// Notes how many tombstones of a circle were read.
    pub(crate) fn keep_tombstones_read(&mut self, circle: Sha256, read: u64) -> Result<(), VaultError> {
        let read = signed(read)?;
        let tx = self.transaction()?;
        tx.execute("UPDATE circle SET tombstones = ?1 WHERE id = ?2", (read, circle.0))?;
        Ok(tx.commit()?)
    }

    /// The newest head of a circle's feed that its relay signed.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn feed_head(&self, circle: Sha256) -> Result<Option<String>, VaultError> {
        let query = "SELECT feed_head FROM circle WHERE id = ?1";
        let found = self.opened.connection.query_row(query, [circle.0], |row| row.get(0)).optional()?;
        Ok(found.flatten())
    }

    /// Keeps a head of a circle's feed that agrees with what was taken: it shows later what the relay said.
    pub(crate) fn keep_feed_head(&mut self, circle: Sha256, note: &str) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        tx.execute("UPDATE circle SET feed_head = ?1 WHERE id = ?2", (note, circle.0))?;
        Ok(tx.commit()?)
    }
}
