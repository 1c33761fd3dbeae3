//! The main job: a photo's bytes in, a covered picture with nothing else in the file out.
//!
//! This is de-identification by machine alone. Nothing here asks a person or a patient; a case post
//! goes through review and consent, which this does not replace.

use std::time::{Duration, Instant};

use thiserror::Error;

use crate::cover::{Cover, cover, covered_pixels};
use crate::detect::{DetectError, Detectors, Finding, Unwatched, Watch};
use crate::geometry::{PixelRect, Size};
use crate::hash::Sha256;
use crate::metadata::{self, AuditError, Audited, InspectError, Inspected};
use crate::picture::{self, Colour, DecodeError, Decoded, EncodeError, Encoding, Limits, Picture};

/// How to clean.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What a picture may cost.
    pub limits: Limits,
    /// How regions are covered.
    pub cover: Cover,
    /// The output's format.
    pub encoding: Encoding,
}

impl Default for Options {
    fn default() -> Self {
        Self { limits: Limits::default(), cover: Cover::Veil, encoding: Encoding::DIAGNOSTIC }
    }
}

/// What a photo's file says. Nobody has looked at its pixels.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What rides along with the pixels.
    pub inspected: Inspected,
    /// Width and height of the upright picture.
    pub size: Size,
    /// How sure we are of its colours.
    pub colour: Colour,
    /// Time spent.
    pub decoding: Duration,
}

/// What a photo gives away, and what it shows.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What its file says.
    pub opened: Opened,
    /// Faces and text.
    pub findings: Vec<Finding>,
    /// Time spent.
    pub detecting: Duration,
}

impl Seen {
    /// What must be covered, in the order of the findings.
    #[must_use]
    pub fn regions(&self) -> Vec<PixelRect> {
        self.findings.iter().map(|finding| finding.region).collect()
    }
}

/// A cleaned photo.
#[derive(Clone, Debug)]
pub struct Cleaned {
    /// The finished file, audited.
    pub file: Audited,
    /// The covered picture, before encoding.
    pub picture: Picture,
    /// Share of the picture that is covered, in 0..=1.
    pub covered: f64,
    /// Time spent.
    pub covering: Duration,
    /// Time spent.
    pub encoding: Duration,
    /// Time spent.
    pub auditing: Duration,
}

impl Cleaned {
    /// The hash of the finished file.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(self.file.bytes())
    }
}

/// Why a photo was refused. Nothing of it was released.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CleanError {
    /// The file is not a picture that can be read.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The picture could not be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It is not known what the picture shows.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// A region that was asked for lies off the picture.
    #[error("region {index} does not lie on the picture of {width} x {height} pixels")]
    RegionOffPicture {
        /// Which of the regions, from 1.
        index: usize,
        /// Columns of the upright picture.
        width: u32,
        /// Rows of the upright picture.
        height: u32,
    },
    /// The picture could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The finished file holds something that it must not.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl CleanError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Inspect(error) => error.code(),
            Self::Decode(error) => error.code(),
            Self::Detect(error) => error.code(),
            Self::RegionOffPicture { .. } => "region_off_picture",
            Self::Encode(error) => error.code(),
            Self::Audit(_) => "audit_failed",
        }
    }
}

/// Looks at a photo: what its file gives away, and what its pixels show. Also gives the upright
/// picture, as it came in.
///
/// # Errors
/// [`CleanError`]; a detector that could not run is an error, never an empty list.
pub fn look(bytes: &[u8], detectors: &Detectors, limits: &Limits) -> Result<(Seen, Picture), CleanError> {
    look_watched(bytes, detectors, limits, &Unwatched)
}

/// The same, and tells `watch` how far it is; it may end the search.
///
/// # Errors
/// [`CleanError`]; [`DetectError::Cancelled`] among them.
pub fn look_watched(
    bytes: &[u8],
    detectors: &Detectors,
    limits: &Limits,
    watch: &dyn Watch,
) -> Result<(Seen, Picture), CleanError> {
    let (opened, picture) = open(bytes, limits)?;
    let start = Instant::now();
    let findings = detectors.find_watched(&picture, watch)?;
    Ok((Seen { opened, findings, detecting: start.elapsed() }, picture))
}

/// Inspects and decodes, but does not look at the pixels: for regions that a person gives by hand.
///
/// # Errors
/// [`CleanError`].
pub fn open(bytes: &[u8], limits: &Limits) -> Result<(Opened, Picture), CleanError> {
    let start = Instant::now();
    let inspected = metadata::inspect(bytes)?;
    let Decoded { picture, colour } = picture::decode(bytes, &inspected, limits)?;
    let decoding = start.elapsed();
    let size = picture.size();
    Ok((Opened { inspected, size, colour, decoding }, picture))
}

/// Covers `regions` on `picture`, encodes it and audits the result.
///
/// # Errors
/// [`CleanError`]; nothing unaudited is returned.
pub fn finish(mut picture: Picture, regions: &[PixelRect], options: &Options) -> Result<Cleaned, CleanError> {
    let size = picture.size();
    check_regions(regions, size)?;
    let start = Instant::now();
    cover(&mut picture, regions, options.cover);
    let covering = start.elapsed();

    let start = Instant::now();
    let bytes = picture::encode(&picture, options.encoding)?;
    let encoding = start.elapsed();

    let start = Instant::now();
    let file = metadata::audit(bytes, size.width, size.height)?;
    let auditing = start.elapsed();

    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    let covered = covered_pixels(&picture, regions) as f64 / size.pixels() as f64;
    Ok(Cleaned { file, picture, covered, covering, encoding, auditing })
}

/// Passes `bytes` only if they are a finished picture: one of ours, with nothing else in the file.
///
/// # Errors
/// [`CleanError`].
pub fn audit(bytes: &[u8]) -> Result<Audited, CleanError> {
    let Inspected { width, height, .. } = metadata::inspect(bytes)?;
    Ok(metadata::audit(bytes.to_vec(), width, height)?)
}

/// A region that a person asked for and that hides nothing must not pass in silence.
fn check_regions(regions: &[PixelRect], size: Size) -> Result<(), CleanError> {
    match regions.iter().position(|region| region.clamped(size).is_none()) {
        None => Ok(()),
        Some(index) => {
            Err(CleanError::RegionOffPicture { index: index + 1, width: size.width, height: size.height })
        }
    }
}

/// Cleans a photo: looks at it, covers all that was found, encodes and audits.
///
/// # Errors
/// [`CleanError`]; nothing is released.
pub fn clean(bytes: &[u8], detectors: &Detectors, options: &Options) -> Result<(Seen, Cleaned), CleanError> {
    let (seen, picture) = look(bytes, detectors, &options.limits)?;
    let cleaned = finish(picture, &seen.regions(), options)?;
    Ok((seen, cleaned))
}
