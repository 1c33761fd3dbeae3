//! The secret of an epoch, and what is derived from it.
//!
//! A removed member has the secrets of the epochs until then and of none that follows. A new epoch seals the one before under itself, so
//! that newcomers can read the archive; in a circle without history it seals only the key of the directory, by which
//! newcomers learn who the others are.

use curtain_wire::boxes::{BoxSet, KemKey, Record};
use curtain_wire::canonical::Suite;
use curtain_wire::hash::Sha256;
use curtain_wire::membership::History;
use ring::rand::SystemRandom;
use serde::Serialize;

use super::CircleError;
use crate::keys::{SigningKey, UserKey};
use crate::seal;
use crate::seal::derive::{self, Label, Line, derive_key};
use crate::seal::stream::{self, Key};

/// 32 random bytes that only the members of one epoch have.
#[derive(Clone, Debug)]
pub struct EpochSecret(Key);

/// What opens the names and credentials of members who came or changed in one epoch.
#[derive(Clone, Debug)]
pub struct DirectoryKey(Key);

/// What a member knows of an epoch.
#[derive(Clone, Debug)]
pub enum Known {
    /// Everything.
    Whole(EpochSecret),
    /// Only who was in it: it is older than the membership, in a circle without history.
    Directory(DirectoryKey),
}

/// Which epoch of which circle: part of everything that is sealed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct At {
    /// The circle.
    pub circle: Sha256,
    /// The epoch's number, from 0.
    pub epoch: u64,
    suite: Suite,
}

impl At {
    /// Epoch `epoch` of `circle`.
    #[must_use]
    pub fn new(circle: Sha256, epoch: u64) -> Self {
        Self { circle, epoch, suite: Suite }
    }
}

impl EpochSecret {
    /// A fresh secret.
    ///
    /// # Errors
    /// [`CircleError::NoRandomness`].
    pub fn make(random: &SystemRandom) -> Result<Self, CircleError> {
        Ok(Self(Key::make(random)?))
    }

    /// Takes up a secret that was kept.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Key::new(bytes))
    }

    /// Its 32 bytes, to be kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }

    /// Wraps and unwraps the keys of posts and events.
    pub(crate) fn wrap_key(&self) -> Key {
        derive_key(&self.0, Label::EPOCH_WRAP)
    }

    /// Signs reads of the circle's feed and blobs, so that the relay learns no more than "a member".
    #[must_use]
    pub fn read_key(&self) -> SigningKey {
        SigningKey::from_seed(*derive_key(&self.0, Label::EPOCH_READ).bytes())
    }

    /// The key of this epoch's directory.
    #[must_use]
    pub fn directory(&self) -> DirectoryKey {
        DirectoryKey(derive_key(&self.0, Label::EPOCH_DIRECTORY))
    }

    /// Seals the secret to each of `members`, for epoch `at`.
    ///
    /// # Errors
    /// [`CircleError::NoRandomness`].
    pub fn boxes(&self, at: At, members: &[KemKey], random: &SystemRandom) -> Result<BoxSet, CircleError> {
        Ok(seal::seal_boxes(members, &derive::info(Line::BOX, &at), self.bytes(), random)?)
    }

    /// Opens the box of `user`, for epoch `at`.
    ///
    /// # Errors
    /// [`CircleError::Box`].
    pub fn from_box(at: At, user: &UserKey, sealed: &Record) -> Result<Self, CircleError> {
        let info = derive::info(Line::BOX, &at);
        let secret = seal::open_box(user.secret(), &info, sealed).map_err(|_| CircleError::Box)?;
        Ok(Self::new(*secret))
    }

    /// What epoch `at`, whose secret this is, seals of the epoch before.
    ///
    /// # Errors
    /// [`CircleError::NoRandomness`].
    pub fn back_link(
        &self,
        at: At,
        before: &Self,
        history: History,
        random: &SystemRandom,
    ) -> Result<Vec<u8>, CircleError> {
        let context = derive::context(Line::BACK, &at);
        let (key, secret) = match history {
            History::Archive => (derive_key(&self.0, Label::EPOCH_BACK), before.0.clone()),
            History::None => (self.directory().back_key(), before.directory().0),
        };
        stream::seal(&key, &context, secret.bytes(), random).map_err(|_| CircleError::NoRandomness)
    }
}

impl DirectoryKey {
    /// Takes up a key that was kept.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Key::new(bytes))
    }

    /// Its 32 bytes, to be kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }

    fn back_key(&self) -> Key {
        derive_key(&self.0, Label::DIRECTORY_BACK)
    }

    /// Seals and opens profiles.
    pub(super) fn profile_key(&self) -> Key {
        derive_key(&self.0, Label::PROFILE)
    }
}

impl Known {
    /// The key of the epoch's directory.
    #[must_use]
    pub fn directory(&self) -> DirectoryKey {
        match self {
            Self::Whole(secret) => secret.directory(),
            Self::Directory(key) => key.clone(),
        }
    }

    /// The secret, where it is known.
    #[must_use]
    pub fn whole(&self) -> Option<&EpochSecret> {
        match self {
            Self::Whole(secret) => Some(secret),
            Self::Directory(_) => None,
        }
    }

    /// What epoch `at`, of which this is known, seals of the epoch before.
    ///
    /// # Errors
    /// [`CircleError::BackLink`].
    pub fn before(&self, at: At, back_link: &[u8], history: History) -> Result<Self, CircleError> {
        let context = derive::context(Line::BACK, &at);
        let key = match (history, self) {
            (History::Archive, Self::Whole(secret)) => derive_key(&secret.0, Label::EPOCH_BACK),
            (History::Archive, Self::Directory(_)) => return Err(CircleError::BackLink),
            (History::None, known) => known.directory().back_key(),
        };
        let opened = stream::open(&key, &context, back_link).map_err(|_| CircleError::BackLink)?;
        let bytes: [u8; 32] = opened.as_slice().try_into().map_err(|_| CircleError::BackLink)?;
        Ok(match history {
            History::Archive => Self::Whole(EpochSecret::new(bytes)),
            History::None => Self::Directory(DirectoryKey::new(bytes)),
        })
    }
}
