//! What is said below a case: sealed like the case, and kept as a header of its own.

use curtain_wire::canonical::{Base64, Suite};
use curtain_wire::events::{EventBody, EventType, ReportReason, Specialty, Status, What};
use curtain_wire::header::{Author, Content, Event, FeedSeen, Withdrawal, WithdrawalCode, WithdrawalReason};
use curtain_wire::membership::Use;
use curtain_wire::text::Words;
use ring::rand::SystemRandom;
use serde::Serialize;

use super::seal::SealError;
use super::send::{Addressed, SendError, Writer, wrap};
use super::{Received, SettledComment};
use crate::circle::{Doing, Fresh, Identity, MyCircle, NotLive, Role, may};
use crate::hash::{Id, Sha256};
use crate::seal::derive::{self, Context, Line, derive_object_key};
use crate::seal::padding;
use crate::seal::stream::{self, Key};
use crate::time::UnixTime;
use crate::vault::Vault;

/// What somebody says of a case. Words go through the story first.
#[derive(Debug)]
pub enum Say {
    /// A comment.
    Comment(SettledComment),
    /// A vote for a diagnosis: one line of at most 200 characters.
    Vote(SettledComment),
    /// What came of the case, by its author or a moderator.
    Outcome(SettledComment),
    /// How the case stands, by its author or a moderator.
    Status(Status),
    /// The comment with this header helped.
    Helpful(Sha256),
    /// Somebody should look at the case, or at what has this header.
    Report {
        /// The header; `None` for the case itself.
        of: Option<Sha256>,
        /// Why.
        reason: ReportReason,
    },
    /// It is not to be shown unless asked for, by a moderator or an admin: what has this header; `None` for the case itself.
    Hide(Option<Sha256>),
    /// People of a specialty should look at the case.
    Page(Specialty),
    /// The case was withdrawn, and what this device had of it is gone.
    Gone,
}

#[derive(Serialize)]
struct Place {
    about: Sha256,
    author: Author,
    circle: Sha256,
    event: Id,
    suite: Suite,
}

/// The context of an event's body.
pub(super) fn event_context(about: Sha256, author: Author, circle: Sha256, event: Id) -> Context {
    derive::context(Line::EVENT_BODY, &Place { about, author, circle, event, suite: Suite })
}

/// The key of an event's body.
pub(super) fn event_key(key: &Key) -> Key {
    derive_object_key(key, 0)
}

/// Says something of the case whose header in the circle has the hash `about`, and keeps it.
///
/// # Errors
/// [`SendError`]; nothing was kept.
pub fn seal_event(
    vault: &mut Vault,
    circle: &Fresh<'_>,
    about: Sha256,
    say: &Say,
    feed: Option<FeedSeen>,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<Addressed, SendError> {
    seal_said(vault, circle, about, what(say), feed, now, random)
}

/// The same, of what somebody said before and a person settled then: it waited in the vault.
///
/// # Errors
/// [`SendError`]; nothing was kept.
pub(crate) fn seal_said(
    vault: &mut Vault,
    circle: &Fresh<'_>,
    about: Sha256,
    what: What,
    feed: Option<FeedSeen>,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<Addressed, SendError> {
    let live = circle.live();
    vault.check_clock(now)?;
    circle.check(now)?;
    let body = EventBody { at: now, what, suite: Suite, r#type: EventType };
    body.check()?;
    let (event, author, id) = (vault.make_id()?, live.author(), live.circle().id());
    let key = Key::make(random).map_err(SealError::from)?;
    let context = event_context(about, author, id, event);
    let sealed = stream::seal(&event_key(&key), &context, &padding::pad(&body.to_bytes()), random);
    let body = Base64(sealed.map_err(|_| SealError::NoRandomness)?);
    let wrap = wrap(live.secret(), author, id, live.epoch(), event, &key, random)?;
    let writer =
        Writer { device: &live.me().device, author, circle: live.circle(), epoch: live.epoch(), feed };
    writer.keep(vault, event, Content::Event(Event { about, body, event, wrap }), None, now)
}

impl Say {
    /// To be sealed when it is sent.
    pub(crate) fn waiting(&self) -> What {
        what(self)
    }
}

fn what(say: &Say) -> What {
    let words = |comment: &SettledComment| Words(comment.text().to_owned());
    match say {
        Say::Comment(comment) => What::Comment { text: words(comment) },
        Say::Vote(comment) => What::Vote { diagnosis: words(comment) },
        Say::Outcome(comment) => What::Outcome { text: words(comment) },
        Say::Status(status) => What::Status { status: *status },
        Say::Helpful(of) => What::Helpful { of: *of },
        Say::Report { of, reason } => What::Report { of: *of, reason: *reason },
        Say::Hide(of) => What::Hide { of: *of },
        Say::Page(specialty) => What::Page { specialty: *specialty },
        Say::Gone => What::Gone {},
    }
}

/// Whether readers take it, if `me` says this of the case that `author` posted.
///
/// # Errors
/// [`NotLive::NotIn`], [`NotLive::Role`].
pub fn check_say(me: &Identity, circle: &MyCircle, author: Id, say: &Say) -> Result<(), NotLive> {
    let log = circle.circle();
    let standing = log.standing(&me.device.id(), log.size()).ok_or(NotLive::NotIn)?;
    if may_say(&what(say), standing.role, me.user == author) { Ok(()) } else { Err(NotLive::Role) }
}

/// Who may say what of a case, among those who may say anything.
pub(super) fn may_say(what: &What, role: Role, by_author: bool) -> bool {
    let moderates = matches!(role, Role::Moderator | Role::Admin);
    match what {
        What::Status { .. } | What::Outcome { .. } => by_author || moderates,
        What::Hide { .. } => moderates,
        // Students learn here, and call nobody.
        What::Page { .. } => by_author || may(role, Doing::Posting),
        _ => true,
    }
}

/// Whether readers will follow, if `me` says that the case `about` must go for this `reason`, without the patient's code.
///
/// # Errors
/// [`NotLive::NotIn`], [`NotLive::Role`].
pub fn may_withdraw(
    me: &Identity,
    circle: &MyCircle,
    about: &Received,
    reason: WithdrawalReason,
) -> Result<(), NotLive> {
    let log = circle.circle();
    let standing = log.standing(&me.device.id(), log.size()).ok_or(NotLive::NotIn)?;
    if allows(reason, standing.role, me.user == about.header.author.user) {
        Ok(())
    } else {
        Err(NotLive::Role)
    }
}

/// Who may say that a case must go, without the patient's code.
pub(super) fn allows(reason: WithdrawalReason, role: Role, is_author: bool) -> bool {
    match reason {
        WithdrawalReason::Patient | WithdrawalReason::Author => is_author,
        WithdrawalReason::Officer => role == Role::Officer,
        WithdrawalReason::Admin => matches!(role, Role::Moderator | Role::Admin),
    }
}

/// Says that the case whose header in the circle has the hash `about` must go, and keeps that. It needs no fresh head and no
/// key of the circle: nothing must stand in a withdrawal's way.
///
/// # Errors
/// [`SendError`]; nothing was kept. [`NotLive::NotIn`] if this device is none of a member's.
pub fn withdraw(
    vault: &mut Vault,
    me: &Identity,
    circle: &MyCircle,
    about: Sha256,
    reason: WithdrawalReason,
    code: Option<WithdrawalCode>,
    now: UnixTime,
) -> Result<Addressed, SendError> {
    let log = circle.circle();
    let standing = log.standing(&me.device.id(), log.size()).ok_or(NotLive::NotIn)?;
    // Readers take nothing from a recovery code: whoever has one links a device first.
    if standing.user != me.user || standing.device.r#use != Use::Posting {
        return Err(NotLive::NotIn.into());
    }
    let epoch = log.epoch().ok_or(NotLive::NotIn)?.number;
    let author = Author { device: me.device.id(), user: me.user };
    let writer = Writer { device: &me.device, author, circle: log, epoch, feed: None };
    let name = vault.make_id()?;
    writer.keep(vault, name, Content::Withdrawal(Withdrawal { about, code, reason }), None, now)
}
