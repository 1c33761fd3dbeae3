//! How far the logs of this vault lie elsewhere: cosigned, and stored at a relay with details that the officer can open.

use curtain_wire::boxes::KemKey;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::Vault;
use super::error::VaultError;
use super::log::{known_ord, signed, unsigned};
use crate::hash::Id;
use crate::ledger::evidence::Detail;
use crate::ledger::leaf::{Event, Leaf};
use crate::ledger::officer::Record;

/// Whether a consent outlives this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// Its grant lies under a checkpoint that a witness cosigned.
    pub cosigned: bool,
    /// A relay acknowledged the grant, a cosigned checkpoint over it, and its details, sealed to the officer. Of an erased
    /// consent there are no details to store.
    pub stored: bool,
    /// There is an officer to seal details to.
    pub officer: bool,
}

impl BackedUp {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.cosigned && self.stored
    }

    /// What is missing, as stable `snake_case` names.
    #[must_use]
    pub fn missing(self) -> Vec<&'static str> {
        let all = [
            (!self.cosigned, "not_cosigned"),
            (!self.stored, "not_stored"),
            (!self.stored && !self.officer, "no_officer_key"),
        ];
        all.into_iter().filter_map(|(missing, code)| missing.then_some(code)).collect()
    }
}

/// How much of a log a relay acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Records, from the first on.
    pub leaves: u64,
    /// Records under the newest cosigned checkpoint that it took; 0 for none.
    pub checkpoint: u64,
}

impl Vault {
    /// Whether a consent lies elsewhere, too.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] if there is none of that name.
    pub fn backed_up(&self, consent: Id) -> Result<BackedUp, VaultError> {
        // Another relay may have the one and not the other: they count where they lie together.
        let query = "SELECT
            EXISTS (SELECT 1 FROM cosigned WHERE cosigned.log = consent.log AND cosigned.size > grant_n),
            EXISTS (SELECT 1 FROM pushed WHERE pushed.log = consent.log AND leaves > grant_n AND checkpoint > grant_n
                AND (consent.details IS NULL OR EXISTS (SELECT 1 FROM sealed_record AS sealed
                    WHERE sealed.log = consent.log AND n = grant_n AND sealed.relay = pushed.relay AND state = 'stored'))),
            EXISTS (SELECT 1 FROM officer)
            FROM consent WHERE id = ?1";
        let found = self.opened.connection.prepare_cached(query)?.query_row([consent.0], |row| {
            Ok(BackedUp { cosigned: row.get(0)?, stored: row.get(1)?, officer: row.get(2)? })
        });
        found.optional()?.ok_or(VaultError::NotFound)
    }

    /// The officer to whom details are sealed before they travel.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn officer(&self) -> Result<Option<KemKey>, VaultError> {
        let query = "SELECT key FROM officer";
        let key: Option<Vec<u8>> =
            self.opened.connection.query_row(query, [], |row| row.get(0)).optional()?;
        key.map(|key| KemKey::from_bytes(&key).map_err(|_| VaultError::Inconsistent)).transpose()
    }

    /// Keeps whose key details are sealed to from now on. What was sealed to another before stays so.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn keep_officer(&mut self, key: &KemKey) -> Result<(), VaultError> {
        let keep = "INSERT INTO officer (ord, key) VALUES (1, ?1) ON CONFLICT (ord) DO UPDATE SET key = excluded.key";
        self.opened.connection.execute(keep, [key.as_bytes().as_slice()])?;
        Ok(())
    }

    /// How much of a log this relay acknowledged.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn pushed(&self, log: Id, relay: &str) -> Result<Pushed, VaultError> {
        let connection = &self.opened.connection;
        let query = "SELECT leaves, checkpoint FROM pushed WHERE log = ?1 AND relay = ?2";
        let row: Option<(i64, i64)> = connection
            .query_row(query, (known_ord(connection, log)?, relay), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((leaves, checkpoint)) = row else { return Ok(Pushed::default()) };
        Ok(Pushed { leaves: unsigned(leaves)?, checkpoint: unsigned(checkpoint)? })
    }

    /// Keeps what this relay acknowledged.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn keep_pushed(&mut self, log: Id, relay: &str, pushed: Pushed) -> Result<(), VaultError> {
        let connection = &self.opened.connection;
        connection.execute(
            "INSERT INTO pushed (log, relay, leaves, checkpoint) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (log, relay)
             DO UPDATE SET leaves = excluded.leaves, checkpoint = excluded.checkpoint",
            (known_ord(connection, log)?, relay, signed(pushed.leaves)?, signed(pushed.checkpoint)?),
        )?;
        Ok(())
    }

    /// Places of the records before `until` whose details this relay did not acknowledge yet, in order.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn details_to_store(&self, log: Id, relay: &str, until: u64) -> Result<Vec<u64>, VaultError> {
        self.places(
            "SELECT n FROM (
                SELECT grant_n AS n FROM consent WHERE log = ?1 AND details IS NOT NULL
                UNION ALL SELECT n FROM copy WHERE log = ?1 AND taken_by IS NOT NULL
             ) AS here WHERE n < ?3 AND NOT EXISTS (SELECT 1 FROM sealed_record AS sealed
                WHERE sealed.log = ?1 AND sealed.relay = ?2 AND sealed.n = here.n AND state <> 'sent')
             ORDER BY n",
            log,
            relay,
            until,
        )
    }

    /// Places of the grants that were erased, where the relay may still hold what was sealed before.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn details_to_delete(&self, log: Id, relay: &str, until: u64) -> Result<Vec<u64>, VaultError> {
        self.places(
            "SELECT n FROM sealed_record AS sealed JOIN consent ON consent.log = sealed.log AND grant_n = n
             WHERE sealed.log = ?1 AND relay = ?2 AND n < ?3 AND state <> 'deleted' AND erased_at IS NOT NULL
             ORDER BY n",
            log,
            relay,
            until,
        )
    }

    fn places(&self, query: &str, log: Id, relay: &str, until: u64) -> Result<Vec<u64>, VaultError> {
        let connection = &self.opened.connection;
        let mut query = connection.prepare_cached(query)?;
        let rows = query.query_map((known_ord(connection, log)?, relay, signed(until)?), |row| row.get(0))?;
        rows.map(|n| unsigned(n?)).collect()
    }

    /// What this relay is sent of record `n`: what was sent before and not acknowledged, or else what `seal` makes of the
    /// record, which is kept first, so that a second try sends the same bytes.
    ///
    /// # Errors
    /// That of `seal`; [`VaultError`].
    pub fn sealed_record<E: From<VaultError>>(
        &mut self,
        log: Id,
        n: u64,
        relay: &str,
        seal: impl FnOnce(&Record) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let sent = sent(&self.opened.connection, log, n, relay)?;
        if let Some(bytes) = sent {
            return Ok(bytes);
        }
        let bytes = seal(&self.record(log, n)?)?;
        keep_sent(&self.opened.connection, log, n, relay, &bytes)?;
        Ok(bytes)
    }

    /// Keeps that the relay acknowledged the details of record `n`.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn keep_stored(&mut self, log: Id, n: u64, relay: &str) -> Result<(), VaultError> {
        self.keep_state(log, n, relay, "stored")
    }

    /// Keeps that the relay deleted the details of record `n`.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn keep_deleted(&mut self, log: Id, n: u64, relay: &str) -> Result<(), VaultError> {
        self.keep_state(log, n, relay, "deleted")
    }

    fn keep_state(&mut self, log: Id, n: u64, relay: &str, state: &str) -> Result<(), VaultError> {
        let connection = &self.opened.connection;
        let keep =
            "UPDATE sealed_record SET state = ?1, bytes = NULL WHERE log = ?2 AND n = ?3 AND relay = ?4";
        connection.execute(keep, (state, known_ord(connection, log)?, signed(n)?, relay))?;
        Ok(())
    }

    /// What stands behind the commitment of record `n`, a grant or an export.
    fn record(&self, log: Id, n: u64) -> Result<Record, VaultError> {
        let leaf: Leaf =
            self.leaves(log, n..n.saturating_add(1))?.next().ok_or(VaultError::NotFound)??.leaf()?;
        match leaf.event {
            Event::Grant { consent, .. } => {
                let held = self.consent(consent)?;
                let (details, key) = held.details().zip(held.commitment_key()).ok_or(VaultError::NotFound)?;
                let detail = Detail { n, key: *key, details: details.to_vec() };
                Ok(Record { detail, media: self.media(consent)? })
            }
            Event::Export { .. } => {
                let (key, details) = self.taken_by(log, n)?;
                Ok(Record { detail: Detail { n, key, details }, media: None })
            }
            _ => Err(VaultError::NotFound),
        }
    }
}

fn sent(connection: &Connection, log: Id, n: u64, relay: &str) -> Result<Option<Vec<u8>>, VaultError> {
    let query = "SELECT bytes FROM sealed_record WHERE log = ?1 AND n = ?2 AND relay = ?3";
    let at = (known_ord(connection, log)?, signed(n)?, relay);
    let bytes: Option<Option<Vec<u8>>> = connection.query_row(query, at, |row| row.get(0)).optional()?;
    Ok(bytes.flatten())
}

fn keep_sent(connection: &Connection, log: Id, n: u64, relay: &str, bytes: &[u8]) -> Result<(), VaultError> {
    connection.execute(
        "INSERT INTO sealed_record (log, n, relay, state, bytes) VALUES (?1, ?2, ?3, 'sent', ?4)
         ON CONFLICT (log, n, relay) DO UPDATE SET state = 'sent', bytes = excluded.bytes",
        (known_ord(connection, log)?, signed(n)?, relay, bytes),
    )?;
    Ok(())
}

/// Deletes what was sealed of a consent that is erased and may not have been sent yet. That something was sent stays known.
pub(super) fn drop_sealed_record(tx: &Transaction<'_>, consent: Id) -> Result<(), VaultError> {
    tx.execute(
        "UPDATE sealed_record SET bytes = NULL
         WHERE (log, n) IN (SELECT log, grant_n FROM consent WHERE id = ?1)",
        [consent.0],
    )?;
    Ok(())
}
