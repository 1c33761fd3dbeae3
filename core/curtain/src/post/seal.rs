//! Sealing a case: once, on the device, without a network. For whom it opens is said when it is sent.

use std::ops::Deref;

use curtain_wire::canonical::{NotCanonical, Suite};
use curtain_wire::events::{Body, BodyError, BodyType, PicturePlace, Text};
use curtain_wire::header::{Author, MAX_BODY_BYTES, ObjectKind, ObjectRef};
use curtain_wire::text::Words;
use ring::rand::SystemRandom;
use serde::Serialize;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Consented, Object, PostError, Refused, refused};
use crate::circle::{Identity, Live, NotLive};
use crate::consent::{self, Level};
use crate::hash::{Id, Sha256};
use crate::seal::derive::{self, Context, Line, derive_object_key};
use crate::seal::stream::{self, Key};
use crate::seal::{NoRandomness, kem, padding};
use crate::time::UnixTime;
use crate::vault::{KeptPost, Vault, VaultError};

/// Why a case was not sealed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: try again later")]
    NoRandomness,
    /// The circle is for others than the patient agreed to.
    #[error(
        "the circle is for a wider audience than this case was made ready for: ask the patient for that audience"
    )]
    Audience,
    /// The author's role does not allow cases.
    #[error(transparent)]
    Circle(#[from] NotLive),
    /// The body of the post is not one that readers would take.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The device's user key does not seal.
    #[error("this device is not linked yet: link it from another device of yours, or use the recovery code")]
    NotLinked,
    /// The post's key does not open with the user's key.
    #[error("this post's key does not open with your present key: seal the case again")]
    NotMine,
}

impl From<NoRandomness> for SealError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl SealError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoRandomness => "no_randomness",
            Self::Audience => "audience",
            Self::Circle(error) => error.code(),
            Self::Body(error) => error.code(),
            Self::NotLinked => "not_linked",
            Self::NotMine => "not_mine",
        }
    }
}

/// A sealed file.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedObject {
    /// What it is, its hash and its size.
    pub about: ObjectRef,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A case that nobody can read: ciphertext, with the key sealed to its author alone. Made by [`Consented::seal`], taken up again
/// from the vault, and changed by nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedPost(Sealed);

/// What a sealed post consists of.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its random name.
    pub post: Id,
    /// Who sealed it.
    pub author: Author,
    /// The consent that it is sealed under.
    pub consent: Id,
    /// The hash of the consent's grant in the log.
    pub leaf: Sha256,
    /// When.
    pub at: UnixTime,
    /// The files, the body first.
    pub objects: Vec<SealedObject>,
    /// The widest audience that it was made ready for.
    pub audience: Level,
    /// What the consent must name for it to be sent.
    pub shown: Vec<Sha256>,
    /// The post's key, sealed to its author.
    pub author_wrap: Vec<u8>,
}

/// What the context of an object says: where it belongs.
#[derive(Serialize)]
struct Place {
    author: Author,
    index: u32,
    kind: ObjectKind,
    leaf: Sha256,
    post: Id,
    suite: Suite,
}

/// What is bound to a post's key that is sealed to its author.
#[derive(Serialize)]
struct AuthorWrap {
    author: Author,
    leaf: Sha256,
    post: Id,
    suite: Suite,
}

/// The context of object `index`.
pub(super) fn object_context(
    author: Author,
    post: Id,
    leaf: Sha256,
    index: u32,
    kind: ObjectKind,
) -> Context {
    derive::context(Line::OBJECT, &Place { author, index, kind, leaf, post, suite: Suite })
}

impl Consented {
    /// Seals the case with fresh keys, for posting in `circle` or in others of no wider audience. The consent is asked
    /// once more, as it stands in the vault now.
    ///
    /// # Errors
    /// [`PostError`]; nothing was sealed, and the case is given back.
    pub fn seal(
        self,
        vault: &Vault,
        circle: &Live<'_>,
        now: UnixTime,
        random: &SystemRandom,
    ) -> Result<SealedPost, Box<Refused<Self>>> {
        match self.sealed(vault, circle, now, random) {
            Ok(sealed) => Ok(sealed),
            Err(error) => refused(self, error),
        }
    }

    fn sealed(
        &self,
        vault: &Vault,
        circle: &Live<'_>,
        now: UnixTime,
        random: &SystemRandom,
    ) -> Result<SealedPost, PostError> {
        circle.check_may_post().map_err(SealError::from).map_err(PostError::Seal)?;
        let audience = circle.circle().audience();
        if !self.audience.reaches(audience) {
            return Err(PostError::Seal(SealError::Audience));
        }
        self.ask_for(vault, audience, now)?;
        let held = vault.consent(self.consent)?;
        let leaf = Sha256(held.leaf_hash().0);
        let post = vault.make_id()?;
        let (me, author) = (circle.me(), circle.author());
        let (files, pictures) = places(&self.objects);
        let manifest = self.deidentified.manifest(post, author, now);
        let body = Body {
            about: self.about.clone(),
            author,
            leaf: String::from_utf8_lossy(&held.leaf().canonical()).into_owned(),
            manifest: me.device.object().state(manifest),
            pictures,
            post,
            suite: Suite,
            text: text(self),
            r#type: BodyType,
        };
        body.check().map_err(SealError::from).map_err(PostError::Seal)?;
        let body = body.to_bytes();
        if body.len() > MAX_BODY_BYTES {
            return Err(PostError::Seal(
                BodyError::Form(NotCanonical::TooLarge { limit: MAX_BODY_BYTES }).into(),
            ));
        }
        let files = std::iter::once((ObjectKind::Body, body.as_slice())).chain(files);
        let maker = Maker { author, leaf, me, post, random };
        let (objects, author_wrap) = maker.make(files).map_err(PostError::Seal)?;
        let shown = self.objects.iter().map(Object::answers_for).collect();
        let (consent, audience) = (self.consent, self.audience);
        Ok(SealedPost(Sealed { post, author, consent, leaf, at: now, audience, objects, shown, author_wrap }))
    }
}

struct Maker<'a> {
    author: Author,
    leaf: Sha256,
    me: &'a Identity,
    post: Id,
    random: &'a SystemRandom,
}

impl Maker<'_> {
    fn make<'b>(
        &self,
        files: impl Iterator<Item = (ObjectKind, &'b [u8])>,
    ) -> Result<(Vec<SealedObject>, Vec<u8>), SealError> {
        let key = Key::make(self.random)?;
        let objects = (0..).zip(files).map(|(index, (kind, bytes))| self.object(&key, index, kind, bytes));
        let objects = objects.collect::<Result<_, _>>()?;
        let user = self.me.key().map_err(|_| SealError::NotLinked)?.public();
        let info = author_wrap_info(self.author, self.post, self.leaf);
        let wrap = kem::seal_to(&user, &info, &[], key.bytes(), self.random);
        let wrap = wrap.map_err(|error| match error {
            kem::SealError::NoRandomness(_) => SealError::NoRandomness,
            _ => SealError::NotMine,
        })?;
        Ok((objects, wrap))
    }

    fn object(
        &self,
        key: &Key,
        index: u32,
        kind: ObjectKind,
        bytes: &[u8],
    ) -> Result<SealedObject, SealError> {
        let context = object_context(self.author, self.post, self.leaf, index, kind);
        let key = derive_object_key(key, index);
        let sealed = stream::seal(&key, &context, &padding::pad(bytes), self.random);
        let bytes = sealed.map_err(|_| SealError::NoRandomness)?;
        let about = ObjectRef { kind, sha256: Sha256::of(&bytes), size: bytes.len() as u64 };
        Ok(SealedObject { about, bytes })
    }
}

fn author_wrap_info(author: Author, post: Id, leaf: Sha256) -> Vec<u8> {
    derive::info(Line::AUTHOR_WRAP, &AuthorWrap { author, leaf, post, suite: Suite })
}

impl SealedPost {
    /// The post's key, for its author.
    ///
    /// # Errors
    /// [`SealError::NotMine`], [`SealError::NotLinked`].
    pub(super) fn key(&self, me: &Identity) -> Result<Key, SealError> {
        let info = author_wrap_info(self.author, self.post, self.leaf);
        me.key().map_err(|_| SealError::NotLinked)?;
        let mut keys = me.keys();
        let opened = keys.find_map(|user| kem::open(user.secret(), &info, &[], &self.author_wrap).ok());
        let key = opened.and_then(|key| key.as_slice().try_into().ok().map(Zeroizing::new));
        key.map(|key: Zeroizing<[u8; 32]>| Key::new(*key)).ok_or(SealError::NotMine)
    }

    /// Keeps the post, once; `case` is what it was made of.
    ///
    /// # Errors
    /// [`VaultError::Exists`]; [`VaultError`].
    pub fn keep(&self, vault: &mut Vault, case: Option<Id>) -> Result<(), VaultError> {
        let objects = self.objects.iter().map(|object| (object.about, object.bytes.clone())).collect();
        vault.keep_post(&KeptPost {
            post: self.post,
            case,
            author: self.author,
            consent: self.consent,
            leaf: self.leaf,
            at: self.at,
            audience: self.audience,
            shown: self.shown.clone(),
            author_wrap: self.author_wrap.clone(),
            objects,
        })
    }

    /// How many bytes are to be sent.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.objects.iter().map(|object| object.about.size).sum()
    }
}

impl Deref for SealedPost {
    type Target = Sealed;

    fn deref(&self) -> &Sealed {
        &self.0
    }
}

impl SealedPost {
    /// A post as the vault gave it.
    pub(crate) fn kept(kept: KeptPost) -> Self {
        let objects = kept.objects.into_iter().map(|(about, bytes)| SealedObject { about, bytes });
        Self(Sealed {
            post: kept.post,
            author: kept.author,
            consent: kept.consent,
            leaf: kept.leaf,
            at: kept.at,
            audience: kept.audience,
            objects: objects.collect(),
            shown: kept.shown,
            author_wrap: kept.author_wrap,
        })
    }
}

/// The files behind the body, in order, and which of them is which picture and its thumbnail.
fn places(objects: &[Object]) -> (Vec<(ObjectKind, &[u8])>, Vec<PicturePlace>) {
    let mut files: Vec<(ObjectKind, &[u8])> = Vec::new();
    let mut put = |kind, bytes| {
        files.push((kind, bytes));
        u32::try_from(files.len()).expect("a case has no more than 61 files")
    };
    let of_kind = |kind| objects.iter().filter(move |object: &&Object| object.kind() == kind);
    let mut pictures = Vec::new();
    for picture in of_kind(consent::ObjectKind::Picture) {
        let sha256 = picture.sha256();
        let index = put(ObjectKind::Picture, picture.bytes());
        // Where another size was admitted, it is that one which goes along.
        let smaller = of_kind(consent::ObjectKind::Thumbnail)
            .rfind(|thumbnail| thumbnail.derived_from() == Some(sha256));
        let thumbnail = smaller.map(|thumbnail| put(ObjectKind::Thumbnail, thumbnail.bytes()));
        pictures.push(PicturePlace { index, sha256, thumbnail });
    }
    (files, pictures)
}

fn text(case: &Consented) -> Option<Text> {
    let text = case.text.text();
    let [title, body, question] = text.parts().map(|part| Words(part.to_owned()));
    (!text.is_blank()).then_some(Text { body, question, title })
}

/// Shows nothing of what is inside.
impl std::fmt::Debug for SealedPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedPost").field("post", &self.0.post).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SealedObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedObject").field("about", &self.about).finish_non_exhaustive()
    }
}
