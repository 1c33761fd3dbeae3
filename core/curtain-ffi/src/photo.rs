//! Photos: looked at, covered, and written anew.

use std::path::Path;
use std::sync::Arc;

use curtain::clean::{self, Cleaned, Options, Seen};
use curtain::geometry::{PixelRect, Size};
use curtain::metadata::Orientation;
use curtain::picture::{self, Encoding, Limits, Picture, Raw};
use curtain::{cover, detect, files};
use ring::rand::SystemRandom;

use crate::error::PhotoError;
use crate::watch::{Cancel, ProgressListener, Watcher};

/// The detectors, loaded and verified. Loading takes about 0.1 s: load once, and share it between threads.
#[derive(uniffi::Object)]
pub struct Detectors {
    pub(crate) inner: detect::Detectors,
}

#[uniffi::export]
impl Detectors {
    /// Loads the detectors that are built into this library.
    ///
    /// # Errors
    /// [`PhotoError::WrongModel`] if the weights are damaged.
    #[uniffi::constructor]
    pub fn load() -> Result<Arc<Self>, PhotoError> {
        let inner =
            detect::Detectors::load().map_err(|error| PhotoError::of_detect(error, &Watcher::default()))?;
        Ok(Arc::new(Self { inner }))
    }
}

/// A rectangle, in pixels of the upright picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Rect {
    /// The first column.
    pub x: u32,
    /// The first row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl From<PixelRect> for Rect {
    fn from(PixelRect { x, y, width, height }: PixelRect) -> Self {
        Self { x, y, width, height }
    }
}

impl From<Rect> for PixelRect {
    fn from(Rect { x, y, width, height }: Rect) -> Self {
        Self { x, y, width, height }
    }
}

/// What a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum FindingKind {
    /// A human face.
    Face,
    /// A line of text.
    Text,
    /// A machine-readable code.
    Code,
}

/// Something that may show who the patient is.
#[derive(Clone, Copy, Debug, PartialEq, uniffi::Record)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// Where the detector saw it.
    pub found: Rect,
    /// What would be covered.
    pub region: Rect,
    /// How sure the detector is, in 0..=1. Scores of different kinds cannot be compared.
    pub score: f32,
}

impl From<&detect::Finding> for Finding {
    fn from(finding: &detect::Finding) -> Self {
        let kind = match finding.kind {
            detect::Kind::Face => FindingKind::Face,
            detect::Kind::Text => FindingKind::Text,
            detect::Kind::Code => FindingKind::Code,
        };
        let (found, region) = (finding.found.into(), finding.region.into());
        Self { kind, found, region, score: finding.score.value() }
    }
}

/// How regions are covered. Neither reads a pixel of what it hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Cover {
    /// A hatched veil in the colours around the region.
    Veil,
    /// One colour.
    Solid,
}

impl From<Cover> for cover::Cover {
    fn from(cover: Cover) -> Self {
        match cover {
            Cover::Veil => Self::Veil,
            Cover::Solid => Self::Solid,
        }
    }
}

/// How decoded pixels are turned to be upright. [Exif 2.32, 4.6.4 A]
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Turned {
    /// They are upright already: what most platform decoders give.
    Upright,
    /// As an EXIF orientation says, 1 to 8.
    Exif {
        /// The number.
        value: u8,
    },
}

/// What is known of pixels that the platform decoded.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Pixels {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The ICC profile; none for sRGB.
    pub profile: Option<Vec<u8>>,
    /// How they are turned.
    pub turned: Turned,
}

/// A cleaned photo, in a file of its own.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct CleanedPhoto {
    /// Where it is.
    pub path: String,
    /// Columns of the picture.
    pub width: u32,
    /// Rows of the picture.
    pub height: u32,
    /// What was found and covered.
    pub findings: Vec<Finding>,
    /// What the file that came in would have given away: stable names of classes, each once.
    pub leaks: Vec<String>,
    /// Share of the picture that is covered, in 0..=1.
    pub covered: f64,
    /// SHA-256 of the new file, in hexadecimal.
    pub sha256: String,
}

/// What a photo is cleaned with.
struct Cleaning<'a> {
    detectors: &'a Detectors,
    added: Vec<Rect>,
    options: Options,
    folder: &'a str,
    watcher: Watcher,
}

impl Cleaning<'_> {
    fn finish(
        &self,
        findings: &[detect::Finding],
        leaks: Vec<String>,
        picture: Picture,
    ) -> Result<CleanedPhoto, PhotoError> {
        let regions: Vec<PixelRect> = findings
            .iter()
            .map(|finding| finding.region)
            .chain(self.added.iter().copied().map(Into::into))
            .collect();
        let cleaned = self.done(clean::finish(picture, &regions, &self.options))?;
        let sha256 = cleaned.sha256().to_string();
        let Cleaned { file, picture, covered, .. } = cleaned;
        let path = files::release(&file, Path::new(self.folder), &SystemRandom::new())?;
        let Size { width, height } = picture.size();
        Ok(CleanedPhoto {
            path: path.to_str().ok_or(PhotoError::PathNotText)?.to_owned(),
            width,
            height,
            findings: findings.iter().map(Into::into).collect(),
            leaks,
            covered,
            sha256,
        })
    }

    fn done<T>(&self, done: Result<T, clean::CleanError>) -> Result<T, PhotoError> {
        done.map_err(|error| PhotoError::of(error, &self.watcher))
    }

    fn clean(&self, photo: &[u8]) -> Result<CleanedPhoto, PhotoError> {
        let looked = clean::look_watched(photo, &self.detectors.inner, &self.options.limits, &self.watcher);
        let (Seen { opened, findings, .. }, picture) = self.done(looked)?;
        let mut leaks: Vec<String> =
            opened.inspected.leaks.iter().map(|leak| leak.class.as_str().to_owned()).collect();
        leaks.sort();
        leaks.dedup();
        self.finish(&findings, leaks, picture)
    }
}

fn options(cover: Cover) -> Options {
    Options { cover: cover.into(), encoding: Encoding::DIAGNOSTIC, limits: Limits::default() }
}

/// Cleans a photo that lies in memory: all that is found is covered, and `added` besides; what comes out is written into
/// `folder`, under a name that says nothing, and holds no metadata. Nobody looked at it: a case is reviewed in a [`crate::CasePost`].
///
/// # Errors
/// [`PhotoError`]; nothing was written.
#[uniffi::export]
pub fn clean_photo(
    detectors: Arc<Detectors>,
    photo: &[u8],
    added: Vec<Rect>,
    cover: Cover,
    folder: String,
    listener: Option<Arc<dyn ProgressListener>>,
    cancel: Option<Arc<Cancel>>,
) -> Result<CleanedPhoto, PhotoError> {
    let (options, watcher) = (options(cover), Watcher::new(listener, cancel));
    Cleaning { detectors: &detectors, added, options, folder: &folder, watcher }.clean(photo)
}

/// The same, of a photo in a file.
///
/// # Errors
/// [`PhotoError`]; nothing was written.
#[uniffi::export]
pub fn clean_file(
    detectors: Arc<Detectors>,
    path: String,
    added: Vec<Rect>,
    cover: Cover,
    folder: String,
    listener: Option<Arc<dyn ProgressListener>>,
    cancel: Option<Arc<Cancel>>,
) -> Result<CleanedPhoto, PhotoError> {
    let (options, watcher) = (options(cover), Watcher::new(listener, cancel));
    let photo = files::read(Path::new(&path), &options.limits)?;
    Cleaning { detectors: &detectors, added, options, folder: &folder, watcher }.clean(&photo)
}

/// The same, of pixels that the platform decoded: red, green, blue, alpha, 8 bits each, row after row. What its file gives away
/// is not known here, so `leaks` is empty.
///
/// # Errors
/// [`PhotoError`]; nothing was written.
#[uniffi::export]
#[expect(clippy::too_many_arguments, reason = "one call of a foreign language")]
pub fn clean_pixels(
    detectors: Arc<Detectors>,
    rgba: &[u8],
    about: Pixels,
    added: Vec<Rect>,
    cover: Cover,
    folder: String,
    listener: Option<Arc<dyn ProgressListener>>,
    cancel: Option<Arc<Cancel>>,
) -> Result<CleanedPhoto, PhotoError> {
    let (options, watcher) = (options(cover), Watcher::new(listener, cancel));
    let orientation = match about.turned {
        Turned::Upright => Orientation::Upright,
        Turned::Exif { value } => {
            Orientation::from_exif(value.into()).ok_or(PhotoError::NoSuchOrientation { value })?
        }
    };
    let size = Size::new(about.width, about.height);
    let raw = Raw { size, rgba, profile: about.profile.as_deref(), orientation };
    let cleaning = Cleaning { detectors: &detectors, added, options, folder: &folder, watcher };
    let decoded = cleaning.done(picture::from_raw(&raw, &options.limits).map_err(Into::into))?;
    let found = detectors.inner.find_watched(&decoded.picture, &cleaning.watcher);
    let findings = cleaning.done(found.map_err(Into::into))?;
    cleaning.finish(&findings, Vec::new(), decoded.picture)
}
