//! Circles of the owner: their membership logs, what is known of their epochs, the newest cosigned heads.

use curtain_wire::note::VerifierKey;
use rusqlite::{OptionalExtension, Transaction};
use zeroize::Zeroizing;

use super::Vault;
use super::error::VaultError;
use super::key::KeyStore;
use super::log::{signed, unsigned};
use crate::circle::{DirectoryKey, EpochSecret, Known};
use crate::hash::Sha256;

/// A circle, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircleSummary {
    /// The hash of its first entry.
    pub id: Sha256,
    /// What the owner calls it.
    pub name: String,
    /// Entries that are kept of its membership log.
    pub entries: u64,
}

/// A head of a circle's membership log that a witness cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptHead {
    /// The note.
    pub note: String,
    /// The witness's key.
    pub witness: VerifierKey,
}

impl Vault {
    /// Begins to keep a circle.
    ///
    /// # Errors
    /// [`VaultError::Exists`]; [`VaultError`].
    pub fn keep_circle(&mut self, circle: Sha256, name: &str) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let kept = tx.execute("INSERT OR IGNORE INTO circle (id, name) VALUES (?1, ?2)", (circle.0, name))?;
        if kept == 0 {
            return Err(VaultError::Exists);
        }
        Ok(tx.commit()?)
    }

    /// Calls a circle something else.
    ///
    /// # Errors
    /// [`VaultError::NotFound`]; [`VaultError`].
    pub fn rename_circle(&mut self, circle: Sha256, name: &str) -> Result<(), VaultError> {
        let query = "UPDATE circle SET name = ?1 WHERE id = ?2";
        let changed = self.opened.connection.execute(query, (name, circle.0))?;
        if changed == 1 { Ok(()) } else { Err(VaultError::NotFound) }
    }

    /// All circles, by name.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn circles(&self) -> Result<Vec<CircleSummary>, VaultError> {
        let mut query = self.opened.connection.prepare(
            "SELECT id, name, (SELECT count(*) FROM entry WHERE entry.circle = circle.id) FROM circle ORDER BY name, id",
        )?;
        let rows = query.query_map([], |row| Ok((Sha256(row.get(0)?), row.get(1)?, row.get(2)?)))?;
        rows.map(|row| {
            let (id, name, entries) = row?;
            Ok(CircleSummary { id, name, entries: unsigned(entries)? })
        })
        .collect()
    }

    /// The kept entries of a circle's membership log, as bytes, in order.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] if the circle is not kept.
    pub fn entries(&self, circle: Sha256) -> Result<Vec<Vec<u8>>, VaultError> {
        self.must_keep(circle)?;
        let mut query =
            self.opened.connection.prepare("SELECT bytes FROM entry WHERE circle = ?1 ORDER BY n")?;
        let rows = query.query_map([circle.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether the circle is kept.
    pub(super) fn must_keep(&self, circle: Sha256) -> Result<(), VaultError> {
        let query = "SELECT 1 FROM circle WHERE id = ?1";
        let known: Option<i64> =
            self.opened.connection.query_row(query, [circle.0], |row| row.get(0)).optional()?;
        known.map(drop).ok_or(VaultError::NotFound)
    }

    /// Keeps more entries of a circle's membership log, that were verified, and what they tell of epochs. The first of
    /// them has number `from`, the count of those kept so far.
    ///
    /// # Errors
    /// [`VaultError::Inconsistent`] if others were kept meanwhile; nothing was kept.
    pub fn keep_entries(
        &mut self,
        keys: &dyn KeyStore,
        circle: Sha256,
        from: u64,
        entries: &[Vec<u8>],
        epochs: &[(u64, Known)],
    ) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let kept: i64 =
            tx.query_row("SELECT count(*) FROM entry WHERE circle = ?1", [circle.0], |row| row.get(0))?;
        if unsigned(kept)? != from {
            return Err(VaultError::Inconsistent);
        }
        for (n, bytes) in (kept..).zip(entries) {
            tx.prepare_cached("INSERT INTO entry (circle, n, bytes) VALUES (?1, ?2, ?3)")?.execute((
                circle.0,
                n,
                bytes.as_slice(),
            ))?;
        }
        keep_epochs(&tx, keys, circle, epochs)?;
        Ok(tx.commit()?)
    }

    /// What is known of a circle's epochs, by number.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn epochs(&self, keys: &dyn KeyStore, circle: Sha256) -> Result<Vec<(u64, Known)>, VaultError> {
        let mut query = self
            .opened
            .connection
            .prepare("SELECT number, known, secret FROM epoch WHERE circle = ?1 ORDER BY number")?;
        let rows = query.query_map([circle.0], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Vec<u8>>(2)?))
        })?;
        rows.map(|row| {
            let (number, known, wrapped) = row?;
            let secret = keys.unwrap(&wrapped)?;
            let bytes: Zeroizing<[u8; 32]> =
                Zeroizing::new(secret.as_slice().try_into().map_err(|_| VaultError::Inconsistent)?);
            let known = match known.as_str() {
                "whole" => Known::Whole(EpochSecret::new(*bytes)),
                _ => Known::Directory(DirectoryKey::new(*bytes)),
            };
            Ok((unsigned(number)?, known))
        })
        .collect()
    }

    /// Keeps the newest head that a witness cosigned.
    ///
    /// # Errors
    /// [`VaultError::NotFound`]; [`VaultError`].
    pub fn keep_head(&mut self, circle: Sha256, head: &KeptHead) -> Result<(), VaultError> {
        let changed = self.opened.connection.execute(
            "UPDATE circle SET head = ?1, witness = ?2 WHERE id = ?3",
            (&head.note, head.witness.to_string(), circle.0),
        )?;
        if changed == 1 { Ok(()) } else { Err(VaultError::NotFound) }
    }

    /// The newest head that a witness cosigned.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn head(&self, circle: Sha256) -> Result<Option<KeptHead>, VaultError> {
        let row: Option<(Option<String>, Option<String>)> = self
            .opened
            .connection
            .query_row("SELECT head, witness FROM circle WHERE id = ?1", [circle.0], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((Some(note), Some(witness))) = row else { return Ok(None) };
        Ok(Some(KeptHead { note, witness: witness.parse().map_err(|_| VaultError::Inconsistent)? }))
    }
}

/// A secret that is known wholly stays: its directory's key alone never takes its place.
fn keep_epochs(
    tx: &Transaction<'_>,
    keys: &dyn KeyStore,
    circle: Sha256,
    epochs: &[(u64, Known)],
) -> Result<(), VaultError> {
    for (number, known) in epochs {
        let (name, secret) = match known {
            Known::Whole(secret) => ("whole", keys.wrap(secret.bytes())?),
            Known::Directory(key) => ("directory", keys.wrap(key.bytes())?),
        };
        tx.execute(
            "INSERT INTO epoch (circle, number, known, secret) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET known = excluded.known, secret = excluded.secret
             WHERE epoch.known = 'directory' AND excluded.known = 'whole'",
            (circle.0, signed(*number)?, name, secret),
        )?;
    }
    Ok(())
}
