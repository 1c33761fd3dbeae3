//! Sealed posts, written once, and the headers that this device signed.

use curtain_wire::header::{Author, ObjectKind, ObjectRef};
use ring::rand::SystemRandom;
use rusqlite::{OptionalExtension, Transaction};

use super::Vault;
use super::consents::{Copy, DiscloseError, disclose_in};
use super::error::VaultError;
use super::held::held;
use super::log::{known_ord, moment, signed, unsigned, writable_log};
use super::outbox::signed_for;
use crate::consent::Level;
use crate::hash::{Id, Sha256};
use crate::ledger::leaf::Place;
use crate::time::UnixTime;

/// A sealed post, as it is kept.
#[derive(Clone)]
#[non_exhaustive]
pub struct KeptPost {
    /// Its random name.
    pub post: Id,
    /// The case that it was made of, if that is still kept.
    pub case: Option<Id>,
    /// Who sealed it.
    pub author: Author,
    /// The consent that it is sealed under.
    pub consent: Id,
    /// The hash of the consent's grant.
    pub leaf: Sha256,
    /// When it was sealed.
    pub at: UnixTime,
    /// The widest audience that it was made ready for.
    pub audience: Level,
    /// What the consent must name for it to be sent.
    pub shown: Vec<Sha256>,
    /// The post's key, sealed to its author.
    pub author_wrap: Vec<u8>,
    /// The sealed files, the body first.
    pub objects: Vec<(ObjectRef, Vec<u8>)>,
}

/// A sealed post, without its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostSummary {
    /// Its random name.
    pub post: Id,
    /// The case that it was made of, if that is still kept.
    pub case: Option<Id>,
    /// The consent.
    pub consent: Id,
    /// When it was sealed.
    pub at: UnixTime,
    /// Bytes of its files.
    pub size: u64,
    /// For how many circles it has a header.
    pub circles: u64,
}

/// A header that was signed, to be kept before it is sent.
#[derive(Clone, Copy)]
pub struct NewHeader<'a> {
    /// In which circle.
    pub circle: Sha256,
    /// This device.
    pub device: Sha256,
    /// Its number in the chain of this device.
    pub seq: u64,
    /// Its hash.
    pub hash: Sha256,
    /// The random name of what it is of.
    pub object: Id,
    /// The hash of the header that it is about; `None` for a post.
    pub about: Option<Sha256>,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// What is recorded in the log with a header.
#[derive(Clone, Copy, Debug)]
pub struct Disclosure<'a> {
    /// The consent.
    pub consent: Id,
    /// The post.
    pub post: Id,
    /// Whom the circle serves.
    pub audience: Level,
    /// What the consent must cover.
    pub shown: &'a [Sha256],
}

/// Shows nothing of what is inside.
impl std::fmt::Debug for KeptPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptPost").field("post", &self.post).finish_non_exhaustive()
    }
}

impl Vault {
    /// Keeps a sealed post, once.
    ///
    /// # Errors
    /// [`VaultError::Exists`] if there is one of that name; [`VaultError::Ended`] if the consent ended meanwhile;
    /// [`VaultError`]; nothing was kept.
    pub(crate) fn keep_post(&mut self, kept: &KeptPost) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let consent = held(&tx, kept.consent)?;
        if consent.withdrawn().is_some() || consent.expired().is_some() || consent.erased().is_some() {
            return Err(VaultError::Ended);
        }
        let shown: Vec<u8> = kept.shown.iter().flat_map(|hash| hash.0).collect();
        let inserted = tx.execute(
            "INSERT OR IGNORE INTO sealed (post, draft, user, device, consent, leaf, sealed_at, audience, shown, author_wrap)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (
                kept.post.0,
                kept.case.map(|case| case.0),
                kept.author.user.0,
                kept.author.device.0,
                kept.consent.0,
                kept.leaf.0,
                kept.at.seconds(),
                kept.audience.code(),
                shown,
                &kept.author_wrap,
            ),
        )?;
        if inserted == 0 {
            return Err(VaultError::Exists);
        }
        for (place, (about, bytes)) in (0_i64..).zip(&kept.objects) {
            tx.execute(
                "INSERT INTO sealed_object (post, place, kind, sha256, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
                (kept.post.0, place, about.kind.code(), about.sha256.0, bytes),
            )?;
        }
        Ok(tx.commit()?)
    }

    /// All sealed posts, the newest first.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn posts(&self) -> Result<Vec<PostSummary>, VaultError> {
        let mut query = self.opened.connection.prepare(
            "SELECT post, consent, sealed_at,
             (SELECT coalesce(sum(length(bytes)), 0) FROM sealed_object WHERE sealed_object.post = sealed.post),
             (SELECT count(*) FROM header WHERE header.object = sealed.post), draft
             FROM sealed ORDER BY sealed_at DESC, post",
        )?;
        let rows = query.query_map([], |row| {
            let case = row.get::<_, Option<[u8; 16]>>(5)?.map(Id);
            Ok((Id(row.get(0)?), Id(row.get(1)?), row.get(2)?, row.get(3)?, row.get(4)?, case))
        })?;
        rows.map(|row| {
            let (post, consent, at, size, circles, case) = row?;
            Ok(PostSummary {
                post,
                case,
                consent,
                at: moment(at)?,
                size: unsigned(size)?,
                circles: unsigned(circles)?,
            })
        })
        .collect()
    }

    /// A sealed post with its files.
    ///
    /// # Errors
    /// [`VaultError::NotFound`]; [`VaultError::Inconsistent`] if a file is not the one that was sealed.
    pub fn post(&self, post: Id) -> Result<KeptPost, VaultError> {
        let row = self
            .opened
            .connection
            .query_row(
                "SELECT draft, user, device, consent, leaf, sealed_at, audience, shown, author_wrap FROM sealed WHERE post = ?1",
                [post.0],
                |row| {
                    let author = Author { user: Id(row.get(1)?), device: Sha256(row.get(2)?) };
                    let case = row.get::<_, Option<[u8; 16]>>(0)?.map(Id);
                    let (consent, leaf) = (Id(row.get(3)?), Sha256(row.get(4)?));
                    let audience = row.get::<_, String>(6)?;
                    Ok((case, author, consent, leaf, row.get(5)?, audience, row.get::<_, Vec<u8>>(7)?, row.get(8)?))
                },
            )
            .optional()?;
        let (case, author, consent, leaf, at, audience, shown, author_wrap) =
            row.ok_or(VaultError::NotFound)?;
        let levels = [Level::CareAdvice, Level::Teaching, Level::Publication];
        let audience =
            levels.into_iter().find(|level| level.code() == audience).ok_or(VaultError::Inconsistent)?;
        let (shown, rest) = shown.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(VaultError::Inconsistent);
        }
        let shown = shown.iter().copied().map(Sha256).collect();
        let objects = self.sealed_objects(post)?;
        let at = moment(at)?;
        Ok(KeptPost { post, case, author, consent, leaf, at, audience, shown, author_wrap, objects })
    }

    fn sealed_objects(&self, post: Id) -> Result<Vec<(ObjectRef, Vec<u8>)>, VaultError> {
        let mut query = self
            .opened
            .connection
            .prepare("SELECT kind, sha256, bytes FROM sealed_object WHERE post = ?1 ORDER BY place")?;
        let rows = query.query_map([post.0], |row| {
            Ok((row.get::<_, String>(0)?, Sha256(row.get(1)?), row.get::<_, Vec<u8>>(2)?))
        })?;
        rows.map(|row| {
            let (kind, sha256, bytes) = row?;
            let kinds = [ObjectKind::Body, ObjectKind::Picture, ObjectKind::Thumbnail];
            let kind =
                kinds.into_iter().find(|known| known.code() == kind).ok_or(VaultError::Inconsistent)?;
            let whole = Sha256::of(&bytes) == sha256;
            let about = ObjectRef { kind, sha256, size: bytes.len() as u64 };
            whole.then_some((about, bytes)).ok_or(VaultError::Inconsistent)
        })
        .collect()
    }

    /// Number and predecessor of the next header of this `device` in a circle: behind the last that is kept here, or that
    /// stands in the feed although it was taken back here.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn next_header(&self, circle: Sha256, device: Sha256) -> Result<(u64, Option<Sha256>), VaultError> {
        let last: Option<(i64, [u8; 32])> = self
            .opened
            .connection
            .query_row(
                "SELECT seq, hash FROM header WHERE circle = ?1 ORDER BY seq DESC LIMIT 1",
                [circle.0],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let here = match last {
            Some((seq, hash)) => (unsigned(seq)? + 1, Some(Sha256(hash))),
            None => (0, None),
        };
        let there = self.chain_end(circle, device, u64::MAX)?.0;
        Ok(if there.next > here.0 { (there.next, there.last) } else { here })
    }

    /// The header of a post or event in a circle, if there is one.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn header_of(&self, circle: Sha256, object: Id) -> Result<Option<Vec<u8>>, VaultError> {
        let query = "SELECT bytes FROM header WHERE circle = ?1 AND object = ?2 AND bytes <> x''";
        let found = self.opened.connection.query_row(query, (circle.0, object.0), |row| row.get(0));
        Ok(found.optional()?)
    }

    /// Keeps the next header of this device in a circle, and records the disclosure that it is: both, or neither.
    ///
    /// # Errors
    /// [`DiscloseError`]; nothing was kept or recorded.
    pub fn keep_header(
        &mut self,
        header: &NewHeader<'_>,
        disclosure: Option<Disclosure<'_>>,
        now: UnixTime,
    ) -> Result<(), DiscloseError> {
        if self.next_header(header.circle, header.device)?.0 != header.seq {
            return Err(VaultError::Inconsistent.into());
        }
        self.must_keep(header.circle)?;
        let (random, sending) = (self.random.clone(), self.sending);
        let tx = self.transaction()?;
        let copy = match disclosure {
            Some(disclosure) => Some(disclosed_once(&tx, header.circle, &disclosure, now, &random)?),
            None => None,
        };
        insert_header(&tx, header)?;
        signed_for(&tx, header, sending)?;
        if let Some((log, n)) = copy {
            tx.execute(
                "UPDATE header SET copy_log = ?1, copy_n = ?2 WHERE circle = ?3 AND seq = ?4",
                (log, n, header.circle.0, signed(header.seq)?),
            )
            .map_err(VaultError::from)?;
        }
        Ok(tx.commit().map_err(VaultError::from)?)
    }
}

/// Records a disclosure, unless the log has it: a header that takes the place of one that was never sent discloses nothing
/// more. Where it stands, if that is known.
fn disclosed_once(
    tx: &Transaction<'_>,
    circle: Sha256,
    disclosure: &Disclosure<'_>,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<(Option<i64>, Option<i64>), DiscloseError> {
    let Disclosure { consent, post, audience, shown } = *disclosure;
    let query = "SELECT copy_log, copy_n FROM disclosed WHERE circle = ?1 AND post = ?2";
    let before = tx.query_row(query, (circle.0, post.0), |row| Ok((row.get(0)?, row.get(1)?))).optional();
    if let Some(before) = before.map_err(VaultError::from)? {
        return Ok(before);
    }
    let Copy { place } = disclose_in(tx, consent, post, audience, shown, now, random)?;
    let (log, n) = match place {
        Place::Here(n) => (writable_log(tx, now, random)?, signed(n)?),
        Place::Before { log, n } => (known_ord(tx, log)?, signed(n)?),
    };
    tx.execute("INSERT INTO disclosed VALUES (?1, ?2, ?3, ?4)", (circle.0, post.0, log, n))
        .map_err(VaultError::from)?;
    Ok((Some(log), Some(n)))
}

fn insert_header(tx: &Transaction<'_>, header: &NewHeader<'_>) -> Result<(), VaultError> {
    tx.execute(
        "INSERT INTO header (circle, seq, hash, object, about, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            header.circle.0,
            signed(header.seq)?,
            header.hash.0,
            header.object.0,
            header.about.map(|about| about.0),
            header.bytes,
        ),
    )?;
    Ok(())
}
