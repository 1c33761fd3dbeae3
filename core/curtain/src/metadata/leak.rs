//! The names of what can ride along with a picture.

/// A kind of data that would leave with the picture.
///
/// The names of [`LeakClass::as_str`] are API: `inspect --json` prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LeakClass {
    /// A block of Exif tags: camera, time, settings.
    Exif,
    /// A position: a GPS IFD, or GPS properties in XMP.
    Gps,
    /// The manufacturer's own block inside Exif, of unknown content.
    MakerNote,
    /// A named person, or a number that stands for one device.
    OwnerOrSerial,
    /// A small copy of the picture, perhaps from before it was covered.
    Thumbnail,
    /// An XMP packet.
    Xmp,
    /// XMP that did not fit in one JPEG segment.
    ExtendedXmp,
    /// IPTC captions, names and places.
    Iptc,
    /// Photoshop image resources.
    Photoshop,
    /// An ICC colour profile, which can name a device.
    Icc,
    /// A comment in free text.
    Comment,
    /// The index of a multi-picture file.
    Mpf,
    /// Another whole or partial image in the same file.
    SecondImage,
    /// A gain map for HDR screens: a second rendering of the same scene.
    GainMap,
    /// A depth map of the same scene.
    DepthMap,
    /// The video, often with sound, of a motion photo.
    MotionVideo,
    /// Bytes after the end of the image.
    TrailingBytes,
    /// A content credential (C2PA) or other JUMBF box.
    C2pa,
    /// A PNG text chunk.
    PngText,
    /// The time of last change in a PNG.
    PngTime,
    /// A chunk that showing the picture does not need.
    PrivateChunk,
    /// A JPEG or GIF application block that showing the picture does not need.
    ApplicationData,
    /// Further frames, and what steers them.
    Animation,
    /// Bytes between the parts of the file that no part claims.
    UnreferencedBytes,
    /// Tags of a TIFF file.
    TiffTags,
    /// The name of the file.
    FileName,
    /// The times that the file system keeps.
    FileTimes,
}

impl LeakClass {
    /// Every class, in the order of their declaration.
    pub const ALL: &'static [Self] = &[
        Self::Exif,
        Self::Gps,
        Self::MakerNote,
        Self::OwnerOrSerial,
        Self::Thumbnail,
        Self::Xmp,
        Self::ExtendedXmp,
        Self::Iptc,
        Self::Photoshop,
        Self::Icc,
        Self::Comment,
        Self::Mpf,
        Self::SecondImage,
        Self::GainMap,
        Self::DepthMap,
        Self::MotionVideo,
        Self::TrailingBytes,
        Self::C2pa,
        Self::PngText,
        Self::PngTime,
        Self::PrivateChunk,
        Self::ApplicationData,
        Self::Animation,
        Self::UnreferencedBytes,
        Self::TiffTags,
        Self::FileName,
        Self::FileTimes,
    ];

    /// Stable `snake_case` name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exif => "exif",
            Self::Gps => "gps",
            Self::MakerNote => "maker_note",
            Self::OwnerOrSerial => "owner_or_serial",
            Self::Thumbnail => "thumbnail",
            Self::Xmp => "xmp",
            Self::ExtendedXmp => "extended_xmp",
            Self::Iptc => "iptc",
            Self::Photoshop => "photoshop",
            Self::Icc => "icc",
            Self::Comment => "comment",
            Self::Mpf => "mpf",
            Self::SecondImage => "second_image",
            Self::GainMap => "gain_map",
            Self::DepthMap => "depth_map",
            Self::MotionVideo => "motion_video",
            Self::TrailingBytes => "trailing_bytes",
            Self::C2pa => "c2pa",
            Self::PngText => "png_text",
            Self::PngTime => "png_time",
            Self::PrivateChunk => "private_chunk",
            Self::ApplicationData => "application_data",
            Self::Animation => "animation",
            Self::UnreferencedBytes => "unreferenced_bytes",
            Self::TiffTags => "tiff_tags",
            Self::FileName => "file_name",
            Self::FileTimes => "file_times",
        }
    }
}

/// One thing that would leave with the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// What it is.
    pub class: LeakClass,
    /// Where it sits, in names of the format and byte offsets. Holds nothing else from the file,
    /// so that it may be logged.
    pub place: String,
    /// How many bytes of the file it takes, headers included; for a claim that stands in a text, the
    /// size of that text.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::LeakClass;

    #[test]
    fn names_are_snake_case_and_differ() {
        let names: BTreeSet<_> = LeakClass::ALL.iter().map(|class| class.as_str()).collect();
        assert_eq!(names.len(), LeakClass::ALL.len());
        assert_eq!(LeakClass::ALL.len(), LeakClass::FileTimes as usize + 1);
        for name in names {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(plain), "{name}");
        }
    }
}
