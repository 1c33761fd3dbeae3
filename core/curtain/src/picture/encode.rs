//! Pixels to clean bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use mozjpeg::{ColorSpace, Compress};
use thiserror::Error;

use super::Picture;
use crate::geometry::Size;

/// The file format of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Baseline JPEG.
    Jpeg {
        /// Quantisation.
        quality: JpegQuality,
        /// Resolution of colour.
        chroma: Chroma,
    },
    /// 8-bit RGB PNG, lossless.
    Png,
}

impl Encoding {
    /// JPEG at the setting that keeps what diagnosis needs; measured in `docs/encoder.md`.
    pub const DIAGNOSTIC: Self = Self::Jpeg { quality: JpegQuality(92), chroma: Chroma::Full };

    /// The usual end of the file's name, without a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg { .. } => "jpg",
            Self::Png => "png",
        }
    }
}

/// Quality of the independent JPEG group's scale, 1..=100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JpegQuality(u8);

impl JpegQuality {
    /// `None` outside 1..=100.
    #[must_use]
    pub fn new(quality: u8) -> Option<Self> {
        (1..=100).contains(&quality).then_some(Self(quality))
    }

    /// The number.
    #[must_use]
    pub fn value(self) -> u8 {
        self.0
    }
}

/// How finely a JPEG keeps colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chroma {
    /// 4:4:4, a colour sample for every pixel.
    Full,
    /// 4:2:0, one for every two by two.
    Quarter,
}

/// Why a picture could not be encoded.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum EncodeError {
    /// JPEG has no more than 65,535 columns or rows.
    #[error("a side is longer than JPEG allows: ask for PNG")]
    TooLongForJpeg,
    /// The encoder failed; nothing was written.
    #[error("the picture could not be encoded")]
    Failed,
}

impl EncodeError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLongForJpeg => "too_long_for_jpeg",
            Self::Failed => "encode_failed",
        }
    }
}

/// Encodes `picture`. The output is a function of the pixels and `encoding` alone.
///
/// # Errors
/// [`EncodeError`].
pub fn encode(picture: &Picture, encoding: Encoding) -> Result<Vec<u8>, EncodeError> {
    match encoding {
        Encoding::Jpeg { quality, chroma } => jpeg(picture, quality, chroma),
        Encoding::Png => png(picture),
    }
}

/// [ITU-T T.81, B.2.2]: X and Y are 16 bits; libjpeg stops 35 short of their end.
const JPEG_LONGEST_SIDE: u32 = 65_500;

fn jpeg(picture: &Picture, quality: JpegQuality, chroma: Chroma) -> Result<Vec<u8>, EncodeError> {
    if picture.size().long_side() > JPEG_LONGEST_SIDE {
        return Err(EncodeError::TooLongForJpeg);
    }
    // libjpeg's errors unwind through this wrapper; they stop here.
    catch_unwind(AssertUnwindSafe(|| {
        let mut settings = Compress::new(ColorSpace::JCS_RGB);
        settings.set_fastest_defaults();
        settings.set_size(picture.size().width as usize, picture.size().height as usize);
        settings.set_quality(f32::from(quality.0));
        let pixels = match chroma {
            Chroma::Full => (1, 1),
            Chroma::Quarter => (2, 2),
        };
        settings.set_chroma_sampling_pixel_sizes(pixels, pixels);
        settings.set_optimize_coding(false);
        let mut writer = settings.start_compress(Vec::with_capacity(picture.rgb().len() / 8))?;
        writer.write_scanlines(picture.rgb())?;
        writer.finish()
    }))
    .map_err(|_| EncodeError::Failed)?
    .map_err(|_| EncodeError::Failed)
}

fn png(picture: &Picture) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::with_capacity(picture.rgb().len() / 2);
    let Size { width, height } = picture.size();
    catch_unwind(AssertUnwindSafe(|| {
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive).write_image(
            picture.rgb(),
            width,
            height,
            ExtendedColorType::Rgb8,
        )
    }))
    .map_err(|_| EncodeError::Failed)?
    .map_err(|_| EncodeError::Failed)?;
    Ok(bytes)
}
