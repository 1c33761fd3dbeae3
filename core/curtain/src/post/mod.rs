//! A case on its way to a circle: draft, scanned, reviewed, consented. Each step consumes the one before, so that
//! none can be left out, and a step that is refused gives the last one back.
//!
//! ```compile_fail
//! # use curtain::{consent::Level, hash::Id, post::Draft, time::UnixTime, vault::Vault};
//! # fn no_short_cut(draft: Draft, vault: &Vault, consent: Id, now: UnixTime) {
//! // A draft that nobody looked at cannot be consented to.
//! draft.consent(vault, consent, Level::Teaching, now);
//! # }
//! ```

mod kept;
mod objects;

use thiserror::Error;

pub use kept::{Step, resume};
pub use objects::{Object, THUMBNAIL_SIDE, downscale};

use crate::clean::{self, CleanError, Options, Seen};
use crate::consent::{Level, ObjectKind, Shortfall, ShownObject};
use crate::detect::{Detectors, Finding};
use crate::hash::{Id, Sha256};
use crate::review::{Decided, ReviewError, TextVerdict, fingerprint, settle};
use crate::time::UnixTime;
use crate::vault::{Vault, VaultError};

/// More photos than this are another case.
pub const MAX_PHOTOS: usize = 20;
/// More text than this, in bytes, is an article.
pub const MAX_TEXT: usize = 64 << 10;

/// Why a case does not go on.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PostError {
    /// There is nothing in the case.
    #[error("the case has no photo: add at least one")]
    NoPhoto,
    /// There is too much in the case.
    #[error("a case has at most {MAX_PHOTOS} photos and {} KiB of text: make two of it", MAX_TEXT >> 10)]
    TooMuch,
    /// A photo was refused.
    #[error("photo {index}: {error}")]
    Photo {
        /// Which, from 1.
        index: usize,
        /// Why.
        error: CleanError,
    },
    /// The review of a photo is not finished.
    #[error("photo {index}: {error}")]
    Review {
        /// Which, from 1.
        index: usize,
        /// What is open.
        error: ReviewError,
    },
    /// There are fewer or more reviews than photos.
    #[error("there are {verdicts} reviews for {photos} photos: review each photo once")]
    OtherPhotos {
        /// Reviews given.
        verdicts: usize,
        /// Photos in the case.
        photos: usize,
    },
    /// Nobody has read the text for names, places and dates.
    #[error("the text was not read for names, places, dates and numbers: read it, take them out, and say so")]
    TextNotRead,
    /// The consent does not cover the case.
    #[error("the consent does not cover this case: {}", in_words(.0))]
    Consent(Vec<Shortfall>),
    /// The case is not what was reviewed.
    #[error("what was made is not what was reviewed: review the case again")]
    OutputChanged,
    /// This is not part of what the patient saw.
    #[error("this is not among what the patient saw and agreed to: it cannot be posted")]
    NotShown,
    /// What was kept could not be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

fn in_words(shortfalls: &[Shortfall]) -> String {
    shortfalls.iter().map(|shortfall| shortfall.text()).collect::<Vec<_>>().join("; ")
}

impl PostError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPhoto => "no_photo",
            Self::TooMuch => "too_much",
            Self::Photo { error, .. } => error.code(),
            Self::Review { error, .. } => error.code(),
            Self::OtherPhotos { .. } => "other_photos",
            Self::TextNotRead => "text_not_read",
            Self::Consent(_) => "consent_falls_short",
            Self::OutputChanged => "output_changed",
            Self::NotShown => "not_shown",
            Self::Vault(error) => error.code(),
        }
    }
}

/// A refused step: the state is as it was before.
#[derive(Debug)]
pub struct Refused<S> {
    /// Where the case still stands.
    pub state: S,
    /// Why it does not go on.
    pub error: PostError,
}

fn refused<T, S>(state: S, error: PostError) -> Result<T, Box<Refused<S>>> {
    Err(Box::new(Refused { state, error }))
}

/// Photos as they came in, and the story.
pub struct Draft {
    photos: Vec<Vec<u8>>,
    text: String,
}

/// A case whose photos were looked at by the detectors.
pub struct Scanned {
    draft: Draft,
    seen: Vec<Seen>,
}

/// A case in which a person decided on every finding. What can be sent is made, and fixed.
pub struct Reviewed {
    objects: Vec<Object>,
}

/// A case that the patient agreed to, as it is, for one audience.
pub struct Consented {
    objects: Vec<Object>,
    consent: Id,
    audience: Level,
}

/// What may be sealed, now: the consent was asked again. Sealing takes it from here.
pub struct ToSeal {
    objects: Vec<Object>,
    consent: Id,
    audience: Level,
}

impl Draft {
    /// A case of 1 to [`MAX_PHOTOS`] photos, as files' bytes, and its text.
    ///
    /// # Errors
    /// [`PostError::NoPhoto`], [`PostError::TooMuch`].
    pub fn new(photos: Vec<Vec<u8>>, text: String) -> Result<Self, PostError> {
        if photos.is_empty() {
            return Err(PostError::NoPhoto);
        }
        if photos.len() > MAX_PHOTOS || text.len() > MAX_TEXT {
            return Err(PostError::TooMuch);
        }
        Ok(Self { photos, text })
    }

    /// Looks at every photo.
    ///
    /// # Errors
    /// [`PostError::Photo`]; a detector that could not run stops the case.
    pub fn scan(self, detectors: &Detectors, options: &Options) -> Result<Scanned, Box<Refused<Self>>> {
        let mut seen = Vec::new();
        for (place, photo) in self.photos.iter().enumerate() {
            match clean::look(photo, detectors, &options.limits) {
                Ok((found, _)) => seen.push(found),
                Err(error) => return refused(self, PostError::Photo { index: place + 1, error }),
            }
        }
        Ok(Scanned { draft: self, seen })
    }
}

impl Scanned {
    /// What was found on each photo, to be decided.
    pub fn findings(&self) -> impl Iterator<Item = &[Finding]> {
        self.seen.iter().map(|seen| seen.findings.as_slice())
    }

    /// What the verdict on each photo must name as [`Verdict::of`](crate::review::Verdict::of).
    pub fn fingerprints(&self) -> impl Iterator<Item = Sha256> {
        let photos = self.draft.photos.iter().zip(&self.seen);
        photos.map(|(photo, seen)| fingerprint(Sha256::of(photo), &seen.findings))
    }

    /// What a person says who has read the text.
    #[must_use]
    pub fn text_is_clear(&self) -> TextVerdict {
        TextVerdict::ReadAndClear { sha256: Sha256::of(self.draft.text.as_bytes()) }
    }

    /// Takes the decisions, and makes everything that can be sent.
    ///
    /// # Errors
    /// [`PostError`]; nothing was made.
    pub fn review(self, decided: &Decided, options: &Options) -> Result<Reviewed, Box<Refused<Self>>> {
        match self.make(decided, options) {
            Ok(objects) => Ok(Reviewed { objects }),
            Err(error) => refused(self, error),
        }
    }

    fn make(&self, decided: &Decided, options: &Options) -> Result<Vec<Object>, PostError> {
        let photos = self.draft.photos.len();
        let verdicts = &decided.photos;
        if verdicts.len() != photos {
            return Err(PostError::OtherPhotos { verdicts: verdicts.len(), photos });
        }
        if decided.text != self.text_is_clear() && !self.draft.text.is_empty() {
            return Err(PostError::TextNotRead);
        }
        let mut objects = Vec::new();
        for (place, (seen, verdict)) in self.seen.iter().zip(verdicts).enumerate() {
            let index = place + 1;
            let of_photo = |error| PostError::Photo { index, error };
            let photo = &self.draft.photos[place];
            let regions = settle(Sha256::of(photo), &seen.findings, verdict, seen.opened.size)
                .map_err(|error| PostError::Review { index, error })?;
            let (_, picture) = clean::open(photo, &options.limits).map_err(of_photo)?;
            let cleaned = clean::finish(picture, &regions, options).map_err(of_photo)?;
            let full = Object::picture(cleaned.file);
            let thumbnail = full.downscaled(THUMBNAIL_SIDE, options).map_err(of_photo)?;
            // A small picture is its own thumbnail, and a photo may be there twice.
            for object in [full, thumbnail] {
                if !objects.iter().any(|made: &Object| made.sha256() == object.sha256()) {
                    objects.push(object);
                }
            }
        }
        if !self.draft.text.is_empty() {
            objects.push(Object::text(&self.draft.text));
        }
        Ok(objects)
    }
}

impl Reviewed {
    /// Everything that can be sent: what the patient must be shown.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The list that the consent commits to.
    #[must_use]
    pub fn shown(&self) -> Vec<ShownObject> {
        self.objects.iter().map(Object::shown).collect()
    }

    /// Goes on, if a consent in the vault's log covers everything for `audience` at `now`.
    ///
    /// # Errors
    /// [`PostError::Consent`], with everything that falls short.
    pub fn consent(
        self,
        vault: &Vault,
        consent: Id,
        audience: Level,
        now: UnixTime,
    ) -> Result<Consented, Box<Refused<Self>>> {
        match check(&self.objects, vault, consent, audience, now) {
            Ok(()) => Ok(Consented { objects: self.objects, consent, audience }),
            Err(error) => refused(self, error),
        }
    }
}

impl Consented {
    /// The consent.
    #[must_use]
    pub fn consent(&self) -> Id {
        self.consent
    }

    /// Whom it may be sent to.
    #[must_use]
    pub fn audience(&self) -> Level {
        self.audience
    }

    /// Everything that may be sent.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Takes another size of a picture that the patient saw: `bytes` must be exactly what scaling the listed
    /// picture named `of` to `long_side` pixels gives here.
    ///
    /// # Errors
    /// [`PostError::NotShown`]; nothing was added.
    pub fn admit_downscale(
        &mut self,
        of: Sha256,
        long_side: u32,
        bytes: &[u8],
        options: &Options,
    ) -> Result<(), PostError> {
        let listed =
            self.objects.iter().find(|object| object.sha256() == of && object.kind() == ObjectKind::Picture);
        let made = listed.ok_or(PostError::NotShown)?.downscaled(long_side, options);
        match made {
            Ok(made) if made.bytes() == bytes => {
                self.objects.push(made.going_with_its_source());
                Ok(())
            }
            _ => Err(PostError::NotShown),
        }
    }

    /// Asks the consent once more, as it stands in the vault now, and hands the case over to sealing.
    ///
    /// # Errors
    /// [`PostError::Consent`]: it was withdrawn or ran out since.
    pub fn ready(self, vault: &Vault, now: UnixTime) -> Result<ToSeal, Box<Refused<Self>>> {
        match check(&self.objects, vault, self.consent, self.audience, now) {
            Ok(()) => Ok(ToSeal { objects: self.objects, consent: self.consent, audience: self.audience }),
            Err(error) => refused(self, error),
        }
    }
}

impl ToSeal {
    /// Everything that may be sent, in order.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The consent that it is sent under.
    #[must_use]
    pub fn consent(&self) -> Id {
        self.consent
    }

    /// Whom it may be sent to.
    #[must_use]
    pub fn audience(&self) -> Level {
        self.audience
    }
}

fn check(
    objects: &[Object],
    vault: &Vault,
    consent: Id,
    audience: Level,
    now: UnixTime,
) -> Result<(), PostError> {
    vault.check_clock(now)?;
    // What was scaled down since stands for the picture that it was made from and compared with.
    let hashes: Vec<Sha256> = objects.iter().map(Object::answers_for).collect();
    vault.consent(consent)?.covers(audience, &hashes, now).map_err(PostError::Consent)
}

macro_rules! no_debug {
    ($($state:ident),*) => {$(
        /// Shows nothing of the patient.
        impl std::fmt::Debug for $state {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($state), "(..)"))
            }
        }
    )*};
}

no_debug!(Draft, Scanned, Reviewed, Consented, ToSeal);
