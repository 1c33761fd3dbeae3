//! Making a sealed case ready for one circle: the key is wrapped for the present epoch, and a header says where it belongs.
//! This happens when it is about to be sent, not when it is sealed: in between a member may leave, and a consent end.

use curtain_wire::canonical::{Base64, NotCanonical, Suite};
use curtain_wire::checkpoint::{self, Checkpoint};
use curtain_wire::header::{Author, Consent, Content, FeedSeen, Header, HeaderError, MembershipSeen, Post};
use curtain_wire::membership::Circle;
use curtain_wire::note::{Note, VerifierKey};
use curtain_wire::statement::Signed;
use curtain_wire::tree::{Hash, inclusion_proof};
use ring::rand::SystemRandom;
use serde::Serialize;
use thiserror::Error;

use super::seal::{SealError, SealedPost};
use crate::circle::{EpochSecret, Fresh, Live, NotLive};
use crate::consent::Shortfall;
use crate::hash::{Id, Sha256};
use crate::keys::DeviceKeys;
use crate::ledger::leaf::Event;
use crate::seal::derive::{self, Context, Line};
use crate::seal::stream::{self, Key};
use crate::time::UnixTime;
use crate::vault::{DiscloseError, Disclosure, Held, NewHeader, Vault, VaultError};

/// Why something was not made ready for a circle.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The post's key is not at hand.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The circle does not allow it now.
    #[error(transparent)]
    Circle(#[from] NotLive),
    /// The consent does not cover it (any more).
    #[error("the consent does not cover this case: {}", super::in_words(.0))]
    Consent(Vec<Shortfall>),
    /// No witness saw the grant yet.
    #[error(
        "no witness has seen this consent in the log yet: have the log's newest checkpoint cosigned first"
    )]
    NotWitnessed,
    /// The consent is in a log that the circle does not know as this user's.
    #[error(
        "the consent is in a log that the circle does not know as yours: link this device to the circle again"
    )]
    OtherLog,
    /// It was made ready in an epoch that is over.
    #[error("this was made ready for sending before the circle's key changed: seal the case again")]
    StaleHeader,
    /// It was sealed on another device, or by another user.
    #[error("this was sealed on another device: send it from there, or seal it again here")]
    OtherAuthor,
    /// The header is longer than readers take.
    #[error("the header is not one that readers take: {0}")]
    TooLarge(NotCanonical),
    /// Readers would refuse the header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A text that others would refuse.
    #[error(transparent)]
    Event(#[from] curtain_wire::events::EventError),
}

impl From<DiscloseError> for SendError {
    fn from(error: DiscloseError) -> Self {
        match error {
            DiscloseError::Shortfall(shortfalls) => Self::Consent(shortfalls),
            DiscloseError::Vault(error) => Self::Vault(error),
        }
    }
}

impl SendError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Vault(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Circle(error) => error.code(),
            Self::Consent(_) => "consent_falls_short",
            Self::NotWitnessed => "consent_not_witnessed",
            Self::OtherLog => "consent_other_log",
            Self::StaleHeader => "stale_header",
            Self::OtherAuthor => "other_author",
            Self::TooLarge(_) => "header_too_large",
            Self::Header(error) => error.code(),
            Self::Event(error) => error.code(),
        }
    }
}

/// A header that is kept and may be sent: the same however often it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressed {
    /// Its bytes.
    pub header: Vec<u8>,
    /// Its hash, by which others name what it is of.
    pub hash: Sha256,
}

impl SealedPost {
    /// Whether its consent allows to send it to `circle` now, and a witness saw it: the half of [`Self::address`] that no
    /// head of the circle is needed for.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn check_consent(&self, vault: &Vault, circle: &Circle, now: UnixTime) -> Result<(), SendError> {
        let held = vault.consent(self.consent)?;
        held.covers(circle.audience(), &self.shown, now).map_err(SendError::Consent)?;
        consent(vault, &held, circle, &self.author.device).map(drop)
    }

    /// Whether it was sealed on this device, and for a circle like this one.
    ///
    /// # Errors
    /// [`SealError::Audience`], [`SendError::OtherAuthor`].
    pub fn check_author(&self, live: &Live<'_>) -> Result<(), SendError> {
        if !self.audience.reaches(live.circle().audience()) {
            return Err(SealError::Audience.into());
        }
        if live.author() == self.author { Ok(()) } else { Err(SendError::OtherAuthor) }
    }

    /// Makes the post ready for the circle `to`: asks the consent again, records the disclosure in the log, and keeps the
    /// header. A post that is ready for the circle already stays as it is. `feed` is the circle's feed as it was verified
    /// last.
    ///
    /// # Errors
    /// [`SendError`]; nothing was recorded.
    pub fn address(
        &self,
        vault: &mut Vault,
        to: &Fresh<'_>,
        feed: Option<FeedSeen>,
        now: UnixTime,
        random: &SystemRandom,
    ) -> Result<Addressed, SendError> {
        let live = to.live();
        let circle = live.circle();
        vault.check_clock(now)?;
        to.check(now)?;
        live.check_may_post()?;
        let held = vault.consent(self.consent)?;
        held.covers(circle.audience(), &self.shown, now).map_err(SendError::Consent)?;
        if let Some(header) = vault.header_of(circle.id(), self.post)? {
            let kept = Signed::<Header>::parse(&header).map_err(|_| VaultError::Inconsistent)?;
            // Somebody who is out by now may have the key of that epoch.
            if kept.body().epoch != live.epoch() {
                return Err(SendError::StaleHeader);
            }
            return Ok(Addressed { hash: Sha256::of(&header), header });
        }
        self.check_author(&live)?;
        let key = self.key(live.me())?;
        let consent = consent(vault, &held, circle, &self.author.device)?;
        let Event::Grant { withdrawal, expires, .. } = held.leaf().event else {
            return Err(VaultError::Inconsistent.into());
        };
        let post = Post {
            consent,
            delete_after: expires.date(),
            objects: self.objects.iter().map(|object| object.about).collect(),
            post: self.post,
            withdrawal,
            wrap: wrap(live.secret(), self.author, circle.id(), live.epoch(), self.post, &key, random)?,
        };
        let disclosure = Disclosure {
            consent: self.consent,
            post: self.post,
            audience: circle.audience(),
            shown: &self.shown,
        };
        let writer =
            Writer { device: &live.me().device, author: self.author, circle, epoch: live.epoch(), feed };
        writer.keep(vault, self.post, Content::Post(post), Some(disclosure), now)
    }
}

/// What shows that the consent stands in a log of the author's that a witness saw.
fn consent(vault: &Vault, held: &Held, circle: &Circle, author: &Sha256) -> Result<Consent, SendError> {
    let n = held.leaf().n;
    let log = vault.logs()?.into_iter().find(|log| log.id == held.log()).ok_or(VaultError::Inconsistent)?;
    if log_of(circle, author, log.id).is_none_or(|verifier| *verifier != log.verifier) {
        return Err(SendError::OtherLog);
    }
    let cosigned = log.cosigned.ok_or(SendError::NotWitnessed)?;
    let note = Note::parse(cosigned.note.as_bytes()).map_err(|_| VaultError::Inconsistent)?;
    let checkpoint: Checkpoint = note.text().parse().map_err(|_| VaultError::Inconsistent)?;
    if checkpoint.size <= n {
        return Err(SendError::NotWitnessed);
    }
    let size = usize::try_from(checkpoint.size).map_err(|_| VaultError::Inconsistent)?;
    let leaves: Vec<Hash> = vault.leaf_hashes(log.id)?.take(size).collect::<Result<_, _>>()?;
    let proof = inclusion_proof(n, checkpoint.size, &leaves).map_err(|_| VaultError::Inconsistent)?;
    Ok(Consent {
        checkpoint: cosigned.note,
        leaf: Sha256(held.leaf_hash().0),
        log: log.id,
        n,
        proof: proof.into_iter().map(|hash| Sha256(hash.0)).collect(),
    })
}

/// The key of a log, if `device` writes it. Not any device of the user: that one is listed shows no more than that it once
/// signed whose it is, and anybody can show that again.
pub(super) fn log_of<'a>(circle: &'a Circle, device: &Sha256, log: Id) -> Option<&'a VerifierKey> {
    let key = &circle.device(device)?.device.log;
    (key.name() == checkpoint::origin(log.0)).then_some(key)
}

/// Writes headers of one device in one circle.
pub(super) struct Writer<'a> {
    pub(super) device: &'a DeviceKeys,
    pub(super) author: Author,
    pub(super) circle: &'a Circle,
    pub(super) epoch: u64,
    pub(super) feed: Option<FeedSeen>,
}

impl Writer<'_> {
    /// Signs and keeps the next header, for what has the random name `object`.
    pub(super) fn keep(
        &self,
        vault: &mut Vault,
        object: Id,
        content: Content,
        disclosure: Option<Disclosure<'_>>,
        now: UnixTime,
    ) -> Result<Addressed, SendError> {
        let head = self.circle.head();
        let (seq, prev) = vault.next_header(self.circle.id(), self.author.device)?;
        let header = Header {
            at: now,
            author: self.author,
            circle: self.circle.id(),
            content,
            epoch: self.epoch,
            feed: self.feed,
            membership: MembershipSeen { last: head.last, root: head.root, size: head.size },
            prev,
            seq,
            suite: Suite,
        };
        header.check()?;
        let about = header.content.about();
        let header = self.device.object().state(header).to_bytes();
        // A note with long foreign lines could make it longer than anybody reads.
        Signed::<Header>::parse(&header).map_err(SendError::TooLarge)?;
        let hash = Sha256::of(&header);
        let (circle, device) = (self.circle.id(), self.author.device);
        let new = NewHeader { circle, device, seq, hash, object, about, bytes: &header };
        vault.keep_header(&new, disclosure, now)?;
        Ok(Addressed { header, hash })
    }
}

/// Where a wrapped key belongs.
#[derive(Serialize)]
struct Wrap {
    author: Author,
    circle: Sha256,
    epoch: u64,
    object: Id,
    suite: Suite,
}

/// The context of a wrapped key.
pub(super) fn wrap_context(author: Author, circle: Sha256, epoch: u64, object: Id) -> Context {
    derive::context(Line::WRAP, &Wrap { author, circle, epoch, object, suite: Suite })
}

/// Wraps the key of a post or event for an epoch.
pub(super) fn wrap(
    secret: &EpochSecret,
    author: Author,
    circle: Sha256,
    epoch: u64,
    object: Id,
    key: &Key,
    random: &SystemRandom,
) -> Result<Base64, SendError> {
    let context = wrap_context(author, circle, epoch, object);
    let wrapped = stream::seal(&secret.wrap_key(), &context, key.bytes(), random);
    Ok(Base64(wrapped.map_err(|_| SealError::NoRandomness)?))
}
