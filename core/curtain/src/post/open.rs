//! Opening what others sealed. The order is fixed: signature, membership, key, chunks; nothing of a file is given out before
//! all of it was verified.

use std::ops::Deref;

use curtain_wire::credential::{CredentialError, Role};
use curtain_wire::events::{Body, BodyError, EventBody, EventError, PicturePlace, Text};
use curtain_wire::header::{
    Content, Event, Header, HeaderError, ObjectKind, ObjectRef, Post, Withdrawal, WithdrawalReason,
};
use curtain_wire::level::Level;
use curtain_wire::membership::{Circle, ForkError, Head, Standing, Use};
use curtain_wire::note::VerifierKey;
use curtain_wire::statement::{PublicKey, Signed};
use thiserror::Error;
use zeroize::Zeroizing;

use super::event::{allows, event_context, event_key, may_say};
use super::seal::object_context;
use super::send::{log_of, wrap_context};
use crate::circle::{CircleError, Doing, MyCircle, may};
use crate::hash::Sha256;
use crate::ledger::leaf::{self, Leaf};
use crate::metadata;
use crate::seal::derive::{Context, derive_object_key};
use crate::seal::stream::{self, Key};
use crate::seal::{padding, stream::OpenError as StreamError};
use crate::time::UnixTime;

/// How far after now a header may say that it was made, in seconds: clocks differ.
const MAX_AHEAD_S: i64 = 300;

/// Why nothing was opened.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// It is no header.
    #[error("this is no header of a post or event: {0}")]
    Form(#[from] curtain_wire::canonical::NotCanonical),
    /// The signature does not fit.
    #[error("the header's signature does not fit: it was changed, or another device signed it")]
    Signature,
    /// It is for another circle.
    #[error("this was sealed for another circle")]
    OtherCircle,
    /// The device is none that the circle ever listed.
    #[error("the device that signed this is not of this circle")]
    UnknownDevice,
    /// The device was not a member's when it signed.
    #[error("the device that signed this was no longer one of a member, or not yet")]
    NotAMember,
    /// The author's role did not allow it.
    #[error("the author's role in the circle does not allow this")]
    Role,
    /// The author's credential did not cover the role.
    #[error("the author's credential: {0}")]
    Credential(CredentialError),
    /// The author's name and credential do not open.
    #[error("the author's name and credential do not open: what they posted cannot be trusted")]
    Profile,
    /// The header names a state of the membership log that is not the one that is here.
    #[error(transparent)]
    Membership(#[from] ForkError),
    /// The header names more of the membership log than is here.
    #[error(
        "this was sealed when the membership log had {size} entries, and {here} are here: fetch the rest first"
    )]
    Behind {
        /// Entries that the author saw.
        size: u64,
        /// Entries that are here.
        here: u64,
    },
    /// Somebody was out already who still had the key.
    #[error("this was sealed under a key that somebody who was out already still had: it is refused")]
    Blocked,
    /// The epoch is not the one of the membership log that the header names.
    #[error("this was sealed under another epoch than the present one of that time: it is refused")]
    WrongEpoch,
    /// Others had seen a newer epoch before.
    #[error("this was sealed under an epoch that was over already when it appeared: it is refused")]
    OldEpoch,
    /// It says that it was made in the future.
    #[error("this says that it was made in the future: check this device's clock")]
    Ahead,
    /// It says that it was made before what it says that its author had seen.
    #[error("this says that it was made before an entry of the membership log that it names: it is refused")]
    Early,
    /// What the header says cannot be right.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The consent is in a log that is none of the author's.
    #[error("the consent is in a log that is not one of the author's devices': it proves nothing")]
    OtherLog,
    /// The day on which it was to be deleted is over.
    #[error("the consent for this case is over: it must be deleted, and is not opened")]
    Over,
    /// The secret of the epoch is not here.
    #[error(
        "this device has no key of the epoch in which this was sealed: it was sealed before you came, or after you left"
    )]
    NoSecret,
    /// The wrapped key does not open.
    #[error("the key of this does not open under its epoch: it was changed, or moved from somewhere else")]
    Wrap(StreamError),
    /// A file is not the one that the header names.
    #[error("this file is not the one that the header names: fetch it again")]
    OtherObject,
    /// A file does not open.
    #[error("a file does not open: {0}")]
    Object(StreamError),
    /// A file's padding is not right.
    #[error("a file is not padded as it must be: it was made by something else than Curtain")]
    Padding,
    /// The body is not right.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The event's body is not right.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The grant in the body is none, or does not say what the header says.
    #[error("the consent in this post is not the one that its header names")]
    Grant,
    /// The consent does not reach the circle's audience.
    #[error("the patient did not agree to this audience: the post is refused")]
    Audience,
    /// The picture is not the one that the manifest is about.
    #[error("a picture is not the one that the review was about: it is refused")]
    OtherPicture,
    /// The file is no finished picture as Curtain writes it.
    #[error("a picture holds something else than pixels: it is refused")]
    NotClean,
    /// There is no such file.
    #[error("the post has no such file")]
    NoSuchObject,
    /// It is no post, event or withdrawal, as asked.
    #[error("this is something else than what was asked for")]
    OtherKind,
    /// It is about another post.
    #[error("this is about another post")]
    OtherPost,
}

impl OpenError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Form(_) => "header_form",
            Self::Signature => "header_signature",
            Self::OtherCircle => "other_circle",
            Self::UnknownDevice => "unknown_device",
            Self::NotAMember => "author_not_a_member",
            Self::Role => "author_role",
            Self::Credential(error) => error.code(),
            Self::Profile => "author_profile",
            Self::Membership(error) => error.code(),
            Self::Behind { .. } => "membership_behind",
            Self::Blocked => "epoch_blocked",
            Self::WrongEpoch => "wrong_epoch",
            Self::OldEpoch => "old_epoch",
            Self::Ahead => "header_ahead",
            Self::Early => "header_early",
            Self::Header(error) => error.code(),
            Self::OtherLog => "consent_other_log",
            Self::Over => "consent_over",
            Self::NoSecret => "no_epoch_secret",
            Self::Wrap(_) => "wrap",
            Self::OtherObject => "other_object",
            Self::Object(error) => error.code(),
            Self::Padding => "padding",
            Self::Body(error) => error.code(),
            Self::Event(error) => error.code(),
            Self::Grant => "grant",
            Self::Audience => "audience",
            Self::OtherPicture => "other_picture",
            Self::NotClean => "picture_not_clean",
            Self::NoSuchObject => "no_such_object",
            Self::OtherKind => "other_kind",
            Self::OtherPost => "other_post",
        }
    }
}

/// What is needed to read in a circle.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The circle.
    pub circle: &'a MyCircle,
    /// Witnesses whose word on a consent log counts.
    pub witnesses: &'a [VerifierKey],
    /// The largest size of the membership log that anything before in the circle's feed names; 0 where nothing came before.
    /// What is under an older epoch than the one of that size is refused: its author should have seen the newer one.
    pub cited: u64,
    /// Now.
    pub now: UnixTime,
}

/// Whether the author's credential can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Member,
    Officer,
}

/// A header whose signature, author and place were verified: read, and changed by nobody.
#[derive(Clone, Debug)]
pub struct Received {
    said: Said,
    key: PublicKey,
}

/// What a header says that was verified.
#[derive(Clone, Debug)]
pub struct Said {
    /// What it says.
    pub header: Header,
    /// Its hash.
    pub hash: Sha256,
    /// The author's role when it was made.
    pub role: Role,
}

impl Deref for Received {
    type Target = Said;

    fn deref(&self) -> &Said {
        &self.said
    }
}

impl Received {
    /// Verifies the bytes of a header.
    ///
    /// # Errors
    /// [`OpenError`], for the first thing that is wrong.
    pub fn verify(bytes: &[u8], reading: &Reading<'_>) -> Result<Self, OpenError> {
        Self::verified(bytes, reading, Reader::Member)
    }

    /// The same for an officer, who has no key of the circle and reads no credential: enough to say that a case must go, and
    /// nothing of it opens.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::Role`] if the reader is no officer.
    pub fn for_officer(bytes: &[u8], reading: &Reading<'_>) -> Result<Self, OpenError> {
        let member = reading.circle.circle().member(&reading.circle.user());
        match member.map(|member| member.role) {
            Some(Role::Officer) => Self::verified(bytes, reading, Reader::Officer),
            _ => Err(OpenError::Role),
        }
    }

    fn verified(bytes: &[u8], reading: &Reading<'_>, reader: Reader) -> Result<Self, OpenError> {
        let signed = Signed::<Header>::parse(bytes)?;
        let circle = reading.circle.circle();
        let claimed = signed.body();
        if claimed.circle != circle.id() {
            return Err(OpenError::OtherCircle);
        }
        let device = circle.device(&claimed.author.device).ok_or(OpenError::UnknownDevice)?;
        let key = device.device.object;
        let header = signed.verify(&key).map_err(|_| OpenError::Signature)?;
        header.check()?;
        if header.at.seconds() > reading.now.seconds().saturating_add(MAX_AHEAD_S) {
            return Err(OpenError::Ahead);
        }
        let size = header.membership.size;
        let seen_at = circle.made_at(size).map_or(0, UnixTime::seconds);
        if header.at.seconds().saturating_add(MAX_AHEAD_S) < seen_at {
            return Err(OpenError::Early);
        }
        if size > circle.size() {
            return Err(OpenError::Behind { size, here: circle.size() });
        }
        let seen =
            Head { circle: circle.id(), last: header.membership.last, root: header.membership.root, size };
        circle.compare(&seen)?;
        let standing = standing(circle, header, size)?;
        // What others had named before, this author should have seen; a patient's code counts whoever brings it.
        let by_code = matches!(&header.content, Content::Withdrawal(withdrawal) if withdrawal.code.is_some());
        let latest = if by_code { size } else { size.max(reading.cited.min(circle.size())) };
        let role = self::standing(circle, header, latest)?.role;
        let said = Said { header: header.clone(), hash: Sha256::of(bytes), role };
        let received = Self { said, key };
        received.check_epoch(reading)?;
        for role in [standing.role, role] {
            match received.check_author(role, latest, reading) {
                Err(OpenError::NoSecret) if reader == Reader::Officer => {}
                checked => checked?,
            }
        }
        Ok(received)
    }

    /// A withdrawal counts while a rotation is due, and after it: nobody can read more by it.
    fn check_epoch(&self, reading: &Reading<'_>) -> Result<(), OpenError> {
        let circle = reading.circle.circle();
        let size = self.header.membership.size;
        if circle.epoch_at(size).is_none_or(|epoch| epoch.number != self.header.epoch) {
            return Err(OpenError::WrongEpoch);
        }
        if matches!(self.header.content, Content::Withdrawal(_)) {
            return Ok(());
        }
        if circle.blocked_at(size) {
            return Err(OpenError::Blocked);
        }
        let newest = circle.epoch_at(reading.cited.min(circle.size())).map_or(0, |epoch| epoch.number);
        if self.header.epoch < newest { Err(OpenError::OldEpoch) } else { Ok(()) }
    }

    fn check_author(&self, role: Role, latest: u64, reading: &Reading<'_>) -> Result<(), OpenError> {
        let doing = match self.header.content {
            Content::Post(_) => Doing::Posting,
            Content::Event(_) => Doing::Discussing,
            Content::Withdrawal(_) => return Ok(()),
        };
        if !may(role, doing) {
            return Err(OpenError::Role);
        }
        let circle = reading.circle.circle();
        if circle.audience() == Level::Publication {
            return Ok(());
        }
        let (user, size) = (self.header.author.user, self.header.membership.size);
        let profile = reading.circle.profile_at(user, size).map_err(|error| match error {
            CircleError::NoSecret => OpenError::NoSecret,
            _ => OpenError::Profile,
        })?;
        circle
            .check_credential(user, role, profile.credential.as_ref(), latest, self.header.at)
            .map_err(OpenError::Credential)
    }

    /// Opens the key of a post, after its consent was verified as far as a header shows it.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::OtherKind`] if it is no post.
    pub fn post(self, reading: &Reading<'_>) -> Result<OpenedPost, OpenError> {
        let Content::Post(post) = &self.header.content else { return Err(OpenError::OtherKind) };
        let circle = reading.circle.circle();
        let log = log_of(circle, &self.header.author.device, post.consent.log).ok_or(OpenError::OtherLog)?;
        post.consent.cosigned(log, reading.witnesses)?;
        let last_day = post.last_day().ok_or(HeaderError::DeleteAfter)?;
        if reading.now >= last_day.plus_days(1) {
            return Err(OpenError::Over);
        }
        let key = self.unwrap_key(reading)?;
        let post = post.clone();
        Ok(OpenedPost { audience: circle.audience(), received: self, post, key })
    }

    /// Opens an event about `about`.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::OtherKind`] if it is no event.
    pub fn event(self, about: &Received, reading: &Reading<'_>) -> Result<OpenedEvent, OpenError> {
        let Content::Event(Event { about: named, body, event, .. }) = &self.header.content else {
            return Err(OpenError::OtherKind);
        };
        if *named != about.hash || !matches!(about.header.content, Content::Post(_)) {
            return Err(OpenError::OtherPost);
        }
        let author = self.header.author;
        let context = event_context(*named, author, self.header.circle, *event);
        let key = event_key(&self.unwrap_key(reading)?);
        let bytes = open_padded(&key, &context, &body.0)?;
        let body = EventBody::parse(&bytes)?;
        let by_author = author.user == about.header.author.user;
        if may_say(&body.what, self.role, by_author) {
            Ok(OpenedEvent { received: self, body })
        } else {
            Err(OpenError::Role)
        }
    }

    /// Whether this withdraws `about`: by the patient's code, its author, an officer, or an admin or moderator.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::OtherKind`] if it is no withdrawal; [`OpenError::Role`] if its author may not.
    pub fn withdraws(&self, about: &Received) -> Result<WithdrawalReason, OpenError> {
        let Content::Withdrawal(Withdrawal { about: named, code, reason }) = &self.header.content else {
            return Err(OpenError::OtherKind);
        };
        let Content::Post(post) = &about.header.content else { return Err(OpenError::OtherKind) };
        if *named != about.hash {
            return Err(OpenError::OtherPost);
        }
        if let Some(code) = code {
            code.check(post.withdrawal)?;
            return Ok(*reason);
        }
        let by_author = self.header.author.user == about.header.author.user;
        let allowed = allows(*reason, self.role, by_author);
        if allowed { Ok(*reason) } else { Err(OpenError::Role) }
    }

    fn unwrap_key(&self, reading: &Reading<'_>) -> Result<Key, OpenError> {
        let Header { author, circle, epoch, .. } = self.header;
        let (wrap, object) = self.header.content.wrap().ok_or(OpenError::OtherKind)?;
        let secret = reading.circle.secret(epoch).map_err(|_| OpenError::NoSecret)?;
        let context = wrap_context(author, circle, epoch, object);
        let key = stream::open(&secret.wrap_key(), &context, &wrap.0).map_err(OpenError::Wrap)?;
        let key: [u8; 32] = key.as_slice().try_into().map_err(|_| OpenError::Padding)?;
        Ok(Key::new(key))
    }
}

/// The author's device, if it was a member's that may post when the log had `size` entries.
fn standing<'a>(circle: &'a Circle, header: &Header, size: u64) -> Result<Standing<'a>, OpenError> {
    let standing = circle.standing(&header.author.device, size).ok_or(OpenError::NotAMember)?;
    let posts = standing.user == header.author.user && standing.device.r#use == Use::Posting;
    if posts { Ok(standing) } else { Err(OpenError::NotAMember) }
}

/// A post whose key is open. Its files are opened one by one.
#[derive(Debug)]
pub struct OpenedPost {
    received: Received,
    post: Post,
    audience: Level,
    key: Key,
}

impl OpenedPost {
    /// The header.
    #[must_use]
    pub fn received(&self) -> &Received {
        &self.received
    }

    /// The files that there are, the body first.
    #[must_use]
    pub fn objects(&self) -> &[ObjectRef] {
        &self.post.objects
    }

    /// Opens the body, and holds it against header and consent.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn body(self, sealed: &[u8], now: UnixTime) -> Result<OpenedBody, OpenError> {
        let bytes = self.file(0, sealed)?;
        let body = Body::parse(&bytes, &self.received.header, &self.received.key)?;
        let leaf = Leaf::parse(body.leaf.as_bytes()).map_err(|_| OpenError::Grant)?;
        let leaf::Event::Grant { expires, level, withdrawal, .. } = leaf.event else {
            return Err(OpenError::Grant);
        };
        let consent = &self.post.consent;
        let same = (leaf.log, leaf.n, withdrawal) == (consent.log, consent.n, self.post.withdrawal);
        if !same || self.post.delete_after != expires.date() {
            return Err(OpenError::Grant);
        }
        if !level.reaches(self.audience) {
            return Err(OpenError::Audience);
        }
        if now > expires { Err(OpenError::Over) } else { Ok(OpenedBody { post: self, body, expires }) }
    }

    fn file(&self, index: u32, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let place = usize::try_from(index).map_err(|_| OpenError::NoSuchObject)?;
        let about = self.post.objects.get(place).ok_or(OpenError::NoSuchObject)?;
        if sealed.len() as u64 != about.size || Sha256::of(sealed) != about.sha256 {
            return Err(OpenError::OtherObject);
        }
        let (author, leaf) = (self.received.header.author, self.post.consent.leaf);
        let context = object_context(author, self.post.post, leaf, index, about.kind);
        open_padded(&derive_object_key(&self.key, index), &context, sealed)
    }
}

/// A post whose text and manifest are open.
#[derive(Debug)]
pub struct OpenedBody {
    post: OpenedPost,
    body: Body,
    expires: UnixTime,
}

impl OpenedBody {
    /// The header.
    #[must_use]
    pub fn received(&self) -> &Received {
        &self.post.received
    }

    /// What it says; `None` where nothing was written.
    #[must_use]
    pub fn text(&self) -> Option<&Text> {
        self.body.text.as_ref()
    }

    /// When the consent ends.
    #[must_use]
    pub fn expires(&self) -> UnixTime {
        self.expires
    }

    /// The pictures, by the places of their files.
    #[must_use]
    pub fn pictures(&self) -> &[PicturePlace] {
        &self.body.pictures
    }

    /// The whole of it, with the manifest.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Opens the file at place `index`: a picture or a thumbnail. It holds pixels and nothing else, as the audit of what is
    /// released sees it; the pixels come from somebody else.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn picture(&self, index: u32, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let bytes = self.post.file(index, sealed)?;
        let kind = self.post.post.objects[index as usize].kind;
        if kind == ObjectKind::Body {
            return Err(OpenError::NoSuchObject);
        }
        let listed = self.body.pictures.iter().find(|picture| picture.index == index);
        if kind == ObjectKind::Picture && listed.is_none_or(|picture| picture.sha256 != Sha256::of(&bytes)) {
            return Err(OpenError::OtherPicture);
        }
        let inspected = metadata::inspect(&bytes).map_err(|_| OpenError::NotClean)?;
        let audited = metadata::audit(bytes.to_vec(), inspected.width, inspected.height);
        Ok(audited.map_err(|_| OpenError::NotClean)?.into_bytes())
    }
}

/// Something that was said of a case.
#[derive(Clone, Debug)]
pub struct OpenedEvent {
    /// The header.
    pub received: Received,
    /// What was said.
    pub body: EventBody,
}

fn open_padded(key: &Key, context: &Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let mut padded = stream::open(key, context, sealed).map_err(OpenError::Object)?;
    let len = padding::unpad(&padded).map_err(|_| OpenError::Padding)?.len();
    // In place: pictures are large.
    let end = padding::PREFIX + len;
    padded.copy_within(padding::PREFIX..end, 0);
    padded.truncate(len);
    Ok(padded)
}
