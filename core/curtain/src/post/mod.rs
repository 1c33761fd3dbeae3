//! A case on its way to a circle: draft, scanned, reviewed, consented, sealed, sent. Each step consumes the one before, so that
//! none can be left out, and a step that is refused gives the last one back.
//!
//! ```compile_fail
//! # use curtain::{consent::Level, hash::Id, post::Draft, time::UnixTime, vault::Vault};
//! # fn no_short_cut(draft: Draft, vault: &Vault, consent: Id, now: UnixTime) {
//! // A draft that nobody looked at cannot be consented to.
//! draft.consent(vault, consent, Level::Teaching, now);
//! # }
//! ```
//! ```compile_fail
//! # use curtain::{circle::Live, post::Reviewed, time::UnixTime, vault::Vault};
//! # use ring::rand::SystemRandom;
//! # fn no_short_cut(reviewed: Reviewed, vault: &Vault, circle: &Live<'_>, now: UnixTime, random: &SystemRandom) {
//! // A case that nobody consented to cannot be sealed.
//! reviewed.seal(vault, circle, now, random);
//! # }
//! ```

mod comment;
mod event;
mod kept;
mod manifest;
mod objects;
mod open;
mod seal;
mod send;
mod text;

use thiserror::Error;

pub use comment::{Comment, MAX_COMMENT, ScannedComment, SettledComment};
pub(crate) use event::seal_said;
pub use event::{Say, check_say, may_withdraw, seal_event, withdraw};
pub use kept::{
    Step, add_photos, begin, look_again, look_again_watched, resume, resume_watched, sealed_named, sealed_of,
};
pub use objects::{Object, THUMBNAIL_SIDE, downscale};
pub use open::{OpenError, OpenedBody, OpenedEvent, OpenedPost, Reading, Received, Said};
pub use seal::{SealError, Sealed, SealedObject, SealedPost};
pub use send::{Addressed, SendError};
pub use text::known;

/// What a case is filed under.
pub use curtain_wire::events::{About, AboutError, Site, Specialty, Tag};

/// The text of a case: [`review`](crate::review) says what it consists of.
pub use crate::review::{CaseText, TextPart};

use crate::clean::{self, CleanError, Options, Seen};
use crate::consent::{Level, ObjectKind, Shortfall, ShownObject};
use crate::detect::{Detectors, Finding, Unwatched, Watch};
use crate::hash::{Id, Sha256};
use crate::review::{Decided, ReviewError, fingerprint, settle, text_fingerprint};
use crate::story::{self, Findings, Known, Locale, StoryError, Warning};
use crate::time::UnixTime;
use crate::vault::{Vault, VaultError};
use manifest::Deidentified;
use text::{Names, SettledText};

/// More photos than this are another case.
pub const MAX_PHOTOS: usize = 20;
/// More text than this, in bytes, is an article.
pub const MAX_TEXT: usize = 64 << 10;

/// Why a case does not go on.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
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
    /// A part of the text is not settled. If it is [`StoryError::NotClean`] although everything was decided, what
    /// [`story::settle`] makes of the decisions is the text to scan as a new draft.
    #[error("{}: {}", .part.code(), and_now(*.error))]
    Text {
        /// Which.
        part: TextPart,
        /// What is open.
        error: StoryError,
    },
    /// The text names somebody whom the consent names.
    #[error("the text names somebody whom the consent names, in {count} places: take the names out")]
    NamedInText {
        /// In how many places.
        count: usize,
    },
    /// A tag says who somebody is, or where.
    #[error("the tag in place {place} could say who the patient is: take it out")]
    Tag {
        /// Which, from 1.
        place: usize,
    },
    /// A comment is too long.
    #[error("a comment has at most {} KiB: make it shorter", MAX_COMMENT >> 10)]
    CommentTooLong,
    /// A comment is not settled.
    #[error("comment: {}", and_now(*.0))]
    Comment(StoryError),
    /// The consent does not cover the case.
    #[error("the consent does not cover this case: {}", in_words(.0))]
    Consent(Vec<Shortfall>),
    /// This is not part of what the patient saw.
    #[error("this is not among what the patient saw and agreed to: it cannot be posted")]
    NotShown,
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(SealError),
    /// What was kept could not be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

fn in_words(shortfalls: &[Shortfall]) -> String {
    shortfalls.iter().map(|shortfall| shortfall.text()).collect::<Vec<_>>().join("; ")
}

fn and_now(error: StoryError) -> String {
    match error {
        StoryError::NotClean => {
            "with what was decided, something else is found: scan the text as it is now, and decide again"
                .into()
        }
        other => other.to_string(),
    }
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
            Self::Text { error, .. } | Self::Comment(error) => error.code(),
            Self::NamedInText { .. } => "named_in_text",
            Self::Tag { .. } => "tag_identifies",
            Self::CommentTooLong => "comment_too_long",
            Self::Consent(_) => "consent_falls_short",
            Self::NotShown => "not_shown",
            Self::Seal(error) => error.code(),
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
    about: Option<About>,
    text: CaseText,
    locale: Locale,
    known: Known,
}

/// A case whose photos were looked at by the detectors, and whose text was scanned.
pub struct Scanned {
    draft: Draft,
    seen: Vec<Seen>,
    found: [Findings; 3],
}

/// A case in which a person decided on every finding. What can be sent is made, and fixed.
pub struct Reviewed {
    about: Option<About>,
    objects: Vec<Object>,
    text: SettledText,
    known: Known,
    deidentified: Deidentified,
}

/// A case that the patient agreed to, as it is, for one audience.
pub struct Consented {
    about: Option<About>,
    objects: Vec<Object>,
    text: SettledText,
    deidentified: Deidentified,
    consent: Id,
    audience: Level,
}

impl Draft {
    /// A case of 1 to [`MAX_PHOTOS`] photos, as files' bytes, and its text, which was written in `locale`. Signs that
    /// nobody sees are left out of the text ([`CaseText::cleaned`]).
    ///
    /// # Errors
    /// [`PostError::NoPhoto`], [`PostError::TooMuch`].
    pub fn new(photos: Vec<Vec<u8>>, text: &CaseText, locale: Locale) -> Result<Self, PostError> {
        if photos.is_empty() {
            return Err(PostError::NoPhoto);
        }
        if photos.len() > MAX_PHOTOS || text.bytes() > MAX_TEXT {
            return Err(PostError::TooMuch);
        }
        Ok(Self { photos, about: None, text: text.cleaned(), locale, known: Known::default() })
    }

    /// Terms that must not stand in the text: those of its consent, as [`known`] tells them, the clinician's own.
    #[must_use]
    pub fn knowing(self, known: Known) -> Self {
        Self { known, ..self }
    }

    /// The case, filed under `about`. It says nothing of the patient that the consent would have to name: words of a fixed
    /// vocabulary, and tags in which nothing is found.
    #[must_use]
    pub fn filed(self, about: Option<About>) -> Self {
        Self { about: about.filter(|about| !about.is_empty()), ..self }
    }

    /// Looks at every photo, and reads the text and the tags.
    ///
    /// # Errors
    /// [`PostError::Photo`]; a detector that could not run stops the case. [`PostError::Tag`].
    pub fn scan(self, detectors: &Detectors, options: &Options) -> Result<Scanned, Box<Refused<Self>>> {
        self.scan_watched(detectors, options, &Unwatched)
    }

    /// The same, and tells `watch` how far it is, photo after photo; it may end the search.
    ///
    /// # Errors
    /// As [`Self::scan`]; [`DetectError::Cancelled`](crate::detect::DetectError::Cancelled) among them.
    pub fn scan_watched(
        self,
        detectors: &Detectors,
        options: &Options,
        watch: &dyn Watch,
    ) -> Result<Scanned, Box<Refused<Self>>> {
        if let Err(error) = self.check_tags() {
            return refused(self, error);
        }
        let mut seen = Vec::new();
        for (place, photo) in self.photos.iter().enumerate() {
            match clean::look_watched(photo, detectors, &options.limits, watch) {
                Ok((found, _)) => seen.push(found),
                Err(error) => return refused(self, PostError::Photo { index: place + 1, error }),
            }
        }
        let found = self.text.parts().map(|part| story::scan(part, self.locale, &self.known));
        Ok(Scanned { draft: self, seen, found })
    }

    fn check_tags(&self) -> Result<(), PostError> {
        let tags = self.about.as_ref().map_or(&[][..], |about| &about.tags);
        let identifies = |tag: &Tag| {
            // As it is written, and as the words that it joins.
            [tag.as_str().to_owned(), tag.as_str().replace('-', " ")]
                .iter()
                .any(|text| !story::scan(text, self.locale, &self.known).found.is_empty())
        };
        match tags.iter().position(identifies) {
            Some(place) => Err(PostError::Tag { place: place + 1 }),
            None => Ok(()),
        }
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

    /// The text as it was typed.
    #[must_use]
    pub fn text(&self) -> &CaseText {
        &self.draft.text
    }

    /// What was found in title, body and question, to be decided.
    #[must_use]
    pub fn text_findings(&self) -> &[Findings; 3] {
        &self.found
    }

    /// What the verdict on the text must name as [`TextVerdict::Read`](crate::review::TextVerdict::Read). It never
    /// leaves the device.
    #[must_use]
    pub fn text_fingerprint(&self) -> Sha256 {
        text_fingerprint(&self.draft.text, &self.found)
    }

    /// What a person should think about in title, body and question, if everything is replaced that `decisions` do not
    /// keep. Findings without a decision count as replaced. Places are bytes of the text as it was typed.
    #[must_use]
    pub fn text_warnings(&self, decisions: &[Vec<story::Decision>; 3]) -> [Vec<Warning>; 3] {
        text::warnings(&self.draft.text, &self.found, decisions)
    }

    /// Takes the decisions, and makes everything that can be sent.
    ///
    /// # Errors
    /// [`PostError`]; nothing was made.
    pub fn review(self, decided: &Decided, options: &Options) -> Result<Reviewed, Box<Refused<Self>>> {
        match self.make(decided, options) {
            Ok(Made { objects, text, deidentified }) => {
                let Draft { about, known, .. } = self.draft;
                Ok(Reviewed { about, objects, text, known, deidentified })
            }
            Err(error) => refused(self, error),
        }
    }

    fn make(&self, decided: &Decided, options: &Options) -> Result<Made, PostError> {
        let photos = self.draft.photos.len();
        let verdicts = &decided.photos;
        if verdicts.len() != photos {
            return Err(PostError::OtherPhotos { verdicts: verdicts.len(), photos });
        }
        let Draft { text, locale, known, .. } = &self.draft;
        let text =
            SettledText::new(text, &self.found, &decided.text, self.text_fingerprint(), *locale, known)?;
        let mut deidentified = Deidentified::of_text(text.text(), &self.found, &decided.text);
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
            deidentified.add_picture(full.sha256(), &seen.findings, verdict, options.cover);
            // A small picture is its own thumbnail, and a photo may be there twice.
            for object in [full, thumbnail] {
                if !objects.iter().any(|made: &Object| made.sha256() == object.sha256()) {
                    objects.push(object);
                }
            }
        }
        if !text.text().is_blank() {
            objects.push(Object::text(text.text()));
        }
        Ok(Made { objects, text, deidentified })
    }
}

/// What a review makes.
struct Made {
    objects: Vec<Object>,
    text: SettledText,
    deidentified: Deidentified,
}

impl Reviewed {
    /// Everything that can be sent: what the patient must be shown.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The text as it was settled: the words that the patient is shown.
    #[must_use]
    pub fn text(&self) -> &CaseText {
        self.text.text()
    }

    /// What a person should think about in title, body and question although everything is decided. Places are bytes
    /// of the settled text.
    #[must_use]
    pub fn text_warnings(&self) -> [Vec<Warning>; 3] {
        self.text.warnings(&self.known)
    }

    /// The list that the consent commits to.
    #[must_use]
    pub fn shown(&self) -> Vec<ShownObject> {
        self.objects.iter().map(Object::shown).collect()
    }

    /// Goes on, if a consent in the vault's log covers everything for `audience` at `now`, and the text names nobody
    /// whom it names; whoever shares may stand in it where a person said so
    /// ([`KeepReason::MyOwn`](story::KeepReason::MyOwn)).
    ///
    /// # Errors
    /// [`PostError::Consent`], with everything that falls short; [`PostError::NamedInText`].
    pub fn consent(
        self,
        vault: &Vault,
        consent: Id,
        audience: Level,
        now: UnixTime,
    ) -> Result<Consented, Box<Refused<Self>>> {
        match check(&self.objects, &self.text, vault, consent, audience, now) {
            Ok(()) => {
                let Self { about, objects, text, deidentified, .. } = self;
                Ok(Consented { about, objects, text, deidentified, consent, audience })
            }
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

    /// Asks the consent once more, as it stands in the vault now. Sealing does so, too.
    ///
    /// # Errors
    /// [`PostError::Consent`]: it was withdrawn or ran out since. [`PostError::NamedInText`].
    pub fn ask_again(&self, vault: &Vault, now: UnixTime) -> Result<(), PostError> {
        self.ask_for(vault, self.audience, now)
    }

    fn ask_for(&self, vault: &Vault, audience: Level, now: UnixTime) -> Result<(), PostError> {
        check(&self.objects, &self.text, vault, self.consent, audience, now)
    }
}

fn check(
    objects: &[Object],
    text: &SettledText,
    vault: &Vault,
    consent: Id,
    audience: Level,
    now: UnixTime,
) -> Result<(), PostError> {
    vault.check_clock(now)?;
    // What was scaled down since stands for the picture that it was made from and compared with.
    let hashes: Vec<Sha256> = objects.iter().map(Object::answers_for).collect();
    let held = vault.consent(consent)?;
    held.covers(audience, &hashes, now).map_err(PostError::Consent)?;
    let record = held.record()?.ok_or_else(|| PostError::Consent(vec![Shortfall::Erased]))?;
    text.check_names(&Names::of(&record.to_draft()))
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

no_debug!(Draft, Scanned, Reviewed, Consented, Comment, ScannedComment, SettledComment);
