//! A consent as it stands in the vault: read back through the checks that made it.

use curtain_wire::tree::{Hash, leaf_hash};
use rusqlite::{Connection, Row, Transaction};
use zeroize::Zeroizing;

use super::error::VaultError;
use super::log::{moment, place, signed, unsigned};
use crate::consent::{ConsentRecord, Level, Regime, Shortfall, Standing};
use crate::hash::{Id, Sha256};
use crate::ledger::commitment;
use crate::ledger::leaf::{Event, Leaf, Place, WithdrawnBy};
use crate::time::UnixTime;

/// A consent as it stands in this vault.
#[derive(Clone, Debug)]
pub struct Held {
    id: Id,
    log: Id,
    ord: i64,
    leaf: Leaf,
    leaf_hash: Hash,
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

    /// That leaf's hash in the tree. [RFC 6962, 2.1]
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        self.leaf_hash
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

    /// Whether records of its log were lost, a withdrawal perhaps among them: then it covers nothing.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.log_is_whole == Whole::No
    }

    /// Whether it holds at `now`, as far as this device knows.
    #[must_use]
    pub fn standing(&self, now: UnixTime) -> Standing {
        match self.withdrawn_at() {
            Some(at) => Standing::Withdrawn { at },
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
        if self.is_in_doubt() {
            short.push(Shortfall::LogIncomplete);
        }
        if short.is_empty() { Ok(()) } else { Err(short) }
    }

    /// How its grant is named in a leaf of the log `from`.
    pub(super) fn place_from(&self, tx: &Transaction<'_>, from: i64) -> Result<Place, VaultError> {
        place(tx, from, self.ord, signed(self.leaf.n)?)
    }

    pub(super) fn log_ord(&self) -> i64 {
        self.ord
    }
}

pub(super) const HELD: &str =
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
pub(super) fn read_held(row: &Row<'_>) -> Result<Held, VaultError> {
    let bytes: Vec<u8> = row.get(4)?;
    let leaf_hash = leaf_hash(&bytes);
    if leaf_hash.0 != row.get::<_, [u8; 32]>(5)? {
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
        // Erasing withdraws first.
        (None, None) if details.is_some() => None,
        _ => return Err(VaultError::Inconsistent),
    };
    Ok(Held {
        id,
        log,
        ord: row.get(2)?,
        leaf,
        leaf_hash,
        regime,
        level,
        expires,
        details,
        commitment_key,
        withdrawn,
        expired: mark(11, 18)?,
        erased: mark(13, 19)?,
        log_is_whole: match row.get::<_, Option<String>>(16)?.as_deref() {
            None | Some("reinstalled") => Whole::AsFarAsKnown,
            Some(_) => Whole::No,
        },
    })
}
