//! What a picture file would give away, told from its bytes alone.
//!
//! [`sniff`] names the format, [`inspect`] lists every leak with its place and size, [`colour_profile`]
//! hands the ICC profile to whoever converts the pixels, and [`values`] reads the texts themselves for
//! a person who asked to see them. No pixel is decoded here, and no other room is imported.
//!
//! The bytes are hostile until shown otherwise. Each walk goes once over the file, allocates nothing
//! from a size that the file merely claims, and cannot panic. What this room does not see: data hidden
//! in the pixels themselves, or in the compressed picture data behind the last sample.

mod audit;
mod exif;
mod finding;
mod gif;
mod inflate;
mod jpeg;
mod jpeg_parts;
mod leak;
mod orientation;
mod photoshop;
mod png;
mod profile;
mod read;
mod sniff;
mod tail;
mod tiff;
mod values;
mod webp;
mod xmp;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod samples;

pub use audit::{AuditError, Audited, audit};
pub use leak::{Leak, LeakClass};
pub use orientation::Orientation;
pub use profile::{MAX_PROFILE_BYTES, colour_profile};
pub use sniff::{Format, Refused, Sniffed, sniff};
pub use values::{MAX_TEXT_CHARS, MAX_VALUES, Value, misleads, values};

use finding::Findings;

/// What [`inspect`] found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspected {
    /// The container format.
    pub format: Format,
    /// Width in pixels as stored, before `orientation` is applied; never 0.
    pub width: u32,
    /// Height in pixels as stored, before `orientation` is applied; never 0.
    pub height: u32,
    /// How to turn the stored pixels so that the picture stands upright.
    pub orientation: Orientation,
    /// Everything beside the pixels, about in the order in which it was met. Leaks can lie inside one
    /// another (a GPS IFD inside an Exif segment), so their sizes do not add up to the file's.
    pub leaks: Vec<Leak>,
    /// What a person should know about the file; each notice at most once.
    pub notices: Vec<Notice>,
    /// Whether the file ends where its format says it should.
    pub ending: Ending,
}

/// Whether a file ends where its format says it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The end marker is there, and every announced byte before it.
    Complete,
    /// The file stops early: part of the picture is missing, and so may be leaks that followed.
    CutShort,
}

/// Something a clinician or officer should know about a file that can still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notice {
    /// The file is an animation, of which only the first frame is used.
    FirstFrameOnly {
        /// Frames counted or announced, whichever is more; at least 2.
        frames_at_least: u32,
    },
    /// Two Exif blocks give different orientations; the first one is used.
    OrientationDisagrees,
    /// An Exif block is damaged, so parts of it could not be listed one by one.
    DamagedExif,
    /// A compressed block could not be opened, or is too large to open; it is listed as a whole.
    NotLookedInside,
    /// There are more leaks than are listed one by one.
    MoreLeaksThanListed,
}

impl Notice {
    /// Stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::FirstFrameOnly { .. } => "first_frame_only",
            Self::OrientationDisagrees => "orientation_disagrees",
            Self::DamagedExif => "damaged_exif",
            Self::NotLookedInside => "not_looked_inside",
            Self::MoreLeaksThanListed => "more_leaks_than_listed",
        }
    }

    /// One plain sentence without anything read from the file but a frame count.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::FirstFrameOnly { frames_at_least } => {
                format!("This is an animation of {frames_at_least} frames or more; only the first is used.")
            }
            Self::OrientationDisagrees => {
                "The file says twice, and differently, which way is up; the first is followed. \
                 Check that the picture stands upright."
                    .to_owned()
            }
            Self::DamagedExif => {
                "The Exif data is damaged, so not every part of it could be listed.".to_owned()
            }
            Self::NotLookedInside => {
                "A compressed text or profile could not be opened; it is listed, but not what is in it."
                    .to_owned()
            }
            Self::MoreLeaksThanListed => "There is more beside the picture than is listed here.".to_owned(),
        }
    }
}

/// Why a file could not be inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// The file is not one of the pictures that can be decoded.
    #[error("cannot use {}: {}", .0.name(), .0.advice())]
    Refused(Refused),
    /// The file is one of ours by its first bytes, but not in its structure.
    #[error("the file is damaged at byte {at} ({what}): export the picture again from its source")]
    Malformed {
        /// What is wrong, in words of the format's specification.
        what: &'static str,
        /// Offset of the damage from the start of the file.
        at: u64,
    },
    /// The colour profile is larger than [`MAX_PROFILE_BYTES`].
    #[error("the colour profile is larger than {limit} bytes: export the picture again with an sRGB profile")]
    ProfileTooLarge {
        /// The limit that it passed.
        limit: u64,
    },
}

impl InspectError {
    /// Stable `snake_case` name. A refusal answers with the code of what was refused.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::Malformed { .. } => "malformed",
            Self::ProfileTooLarge { .. } => "profile_too_large",
        }
    }
}

/// Lists everything in the file `bytes` that is not needed to show the picture.
///
/// Works on a whole JPEG, PNG, WebP or GIF file in one pass over the container. A file that is cut
/// short is still reported, as [`Ending::CutShort`], once its size in pixels is known.
/// # Errors
/// [`InspectError::Refused`] if the file is something else, [`InspectError::Malformed`] if its
/// structure does not hold up to the size in pixels. An error never means that nothing was found.
pub fn inspect(bytes: &[u8]) -> Result<Inspected, InspectError> {
    let mut findings = Findings::default();
    let format = known(bytes)?;
    let seen = match format {
        Format::Jpeg => jpeg::inspect(bytes, &mut findings),
        Format::Png => png::inspect(bytes, &mut findings),
        Format::WebP => webp::inspect(bytes, &mut findings),
        Format::Gif => gif::inspect(bytes, &mut findings),
    }?;
    Ok(findings.into_inspected(format, &seen))
}

/// The format of `bytes`, or the refusal.
fn known(bytes: &[u8]) -> Result<Format, InspectError> {
    match sniff(bytes) {
        Sniffed::Known(format) => Ok(format),
        Sniffed::Refused(refused) => Err(InspectError::Refused(refused)),
    }
}
