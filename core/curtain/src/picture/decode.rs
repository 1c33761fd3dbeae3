//! Untrusted bytes to upright sRGB pixels.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{ColorType, ImageDecoder, ImageError};
use rayon::prelude::*;
use thiserror::Error;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::orient::upright;
use super::profile::ToSrgb;
use super::{CHANNELS, Picture};
use crate::geometry::Size;
use crate::metadata::{self, Ending, Format, Inspected, Orientation};

/// What a picture may cost before it is refused. Checked from the header, before decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most pixels, width times height.
    pub pixels: u64,
    /// Most bytes of decoded samples, as the file stores them. What else is held for a moment is
    /// bounded by the pixels: a decoder's own tables (up to 6 bytes a pixel for a progressive JPEG)
    /// and a second picture of 3 bytes a pixel while it is turned or converted.
    pub decode_bytes: u64,
    /// Most bytes in a file.
    pub file_bytes: u64,
}

impl Limits {
    /// Longest side of a picture, in pixels: what JPEG can store.
    pub const LONGEST_SIDE: u32 = 65_535;
}

impl Default for Limits {
    /// 64 megapixels (the largest phone pictures are 48 to 50), 256 MiB of pixels, 128 MiB of file.
    fn default() -> Self {
        Self { pixels: 64_000_000, decode_bytes: 256 << 20, file_bytes: 128 << 20 }
    }
}

/// A decoded picture and what a person should know of the way.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The upright picture.
    pub picture: Picture,
    /// Whether a colour profile was there that could not be used; colours are then taken as sRGB.
    pub colour: Colour,
}

/// How sure we are of the colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Converted from the picture's ICC profile, or taken as sRGB because there was none. Other hints
    /// at colour (PNG `gAMA` and `cICP`, the EXIF colour space) are not followed.
    Faithful,
    /// There is a profile that does not fit the pixels (often CMYK): colours may be off.
    ProfileIgnored,
}

/// Why a picture could not be decoded. No message holds anything read from the file but sizes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// More pixels than the limit.
    #[error(
        "the picture claims {width} x {height} pixels, more than the limit of {limit}: make it smaller, or raise the limit"
    )]
    TooManyPixels {
        /// Columns that the header claims.
        width: u32,
        /// Rows that the header claims.
        height: u32,
        /// The limit that was set.
        limit: u64,
    },
    /// A side is longer than any camera's.
    #[error("a side of the picture is longer than {longest} pixels: cut it into parts")]
    SideTooLong {
        /// The most that is taken.
        longest: u32,
    },
    /// Decoding would need more memory than the limit.
    #[error(
        "decoding would take {needed} bytes of memory, more than the limit of {limit}: save it as a JPEG or an 8-bit PNG, or raise the limit"
    )]
    TooMuchMemory {
        /// Bytes that the pixels would take.
        needed: u64,
        /// The limit that was set.
        limit: u64,
    },
    /// The header says that there are no pixels.
    #[error("the picture has no pixels: a side is zero")]
    NoPixels,
    /// The file ends before the picture does.
    #[error("the file is cut short: copy or download it again")]
    CutShort,
    /// The decoder and our own reading of the header see different pictures.
    #[error(
        "the file contradicts itself about the size of the picture: export it again from the app that made it"
    )]
    Contradiction,
    /// The picture's data is damaged, or uses a feature that is not supported.
    #[error("the picture data is damaged or of a kind that is not supported: export it again as JPEG or PNG")]
    Damaged,
    /// A colour profile that is broken or absurdly large.
    #[error(
        "the colour profile of the picture is broken or larger than any real one: export it again without it, or as sRGB"
    )]
    Profile,
}

impl DecodeError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::SideTooLong { .. } => "side_too_long",
            Self::TooMuchMemory { .. } => "too_much_memory",
            Self::NoPixels => "no_pixels",
            Self::CutShort => "cut_short",
            Self::Contradiction => "contradiction",
            Self::Damaged => "damaged",
            Self::Profile => "profile",
        }
    }
}

/// Decodes `bytes`, which were seen by [`metadata::inspect`] as `inspected`, to upright sRGB.
///
/// Alpha is flattened on white. Of an animation the first frame is taken. 16-bit samples are
/// rounded to 8.
///
/// # Errors
/// [`DecodeError`]; nothing is returned of a file that ends early or whose data the decoder finds
/// damaged. Damage that still decodes is not seen: a changed colour, or a JPEG whose end marker comes too
/// early, whose missing part is grey.
pub fn decode(bytes: &[u8], inspected: &Inspected, limits: &Limits) -> Result<Decoded, DecodeError> {
    check_header(inspected, limits)?;
    let profile = metadata::colour_profile(bytes).map_err(|_| DecodeError::Profile)?;
    let (colour_type, raw) = catch_unwind(AssertUnwindSafe(|| read_pixels(bytes, inspected, limits)))
        .unwrap_or(Err(DecodeError::Damaged))?;

    let size = Size::new(inspected.width, inspected.height);
    finished(raw, colour_type, profile.as_deref(), size, inspected.orientation)
}

/// Pixels as they are stored, in sRGB and upright.
fn finished(
    raw: Vec<u8>,
    colour_type: ColorType,
    profile: Option<&[u8]>,
    size: Size,
    orientation: Orientation,
) -> Result<Decoded, DecodeError> {
    let grey_pixels =
        matches!(colour_type, ColorType::L8 | ColorType::L16 | ColorType::La8 | ColorType::La16);
    let (to_srgb, colour) = match profile.map(|icc| catch_unwind(|| ToSrgb::from_icc(icc))) {
        None => (None, Colour::Faithful),
        Some(Ok(Ok(to_srgb))) if !to_srgb.is_gray() || grey_pixels => (Some(to_srgb), Colour::Faithful),
        Some(_) => (None, Colour::ProfileIgnored),
    };
    let rgb = catch_unwind(AssertUnwindSafe(|| to_rgb(raw, colour_type, to_srgb.as_ref())))
        .unwrap_or(Err(DecodeError::Damaged))?;
    let stored = Picture::from_rgb(size, rgb).ok_or(DecodeError::Contradiction)?;
    Ok(Decoded { picture: upright(stored, orientation), colour })
}

/// Pixels that the platform decoded: HEIC and what else it knows.
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    /// Columns and rows as they are stored.
    pub size: Size,
    /// Red, green, blue, alpha: 8 bits each, not premultiplied, row after row without gaps.
    pub rgba: &'a [u8],
    /// The ICC profile of the pixels; `None` for sRGB.
    pub profile: Option<&'a [u8]>,
    /// How they are turned to be upright. [Exif 2.32, 4.6.4 A]
    pub orientation: Orientation,
}

/// Takes pixels that were decoded elsewhere, as [`decode`] takes a file: upright, in sRGB, flattened on white.
///
/// # Errors
/// [`DecodeError`]; [`DecodeError::Contradiction`] if there are more or fewer bytes than the size says.
pub fn from_raw(raw: &Raw<'_>, limits: &Limits) -> Result<Decoded, DecodeError> {
    let Raw { size, rgba, profile, orientation } = *raw;
    check_size(size, limits)?;
    if rgba.len() as u64 != size.pixels() * 4 {
        return Err(DecodeError::Contradiction);
    }
    finished(rgba.to_vec(), ColorType::Rgba8, profile, size, orientation)
}

fn check_header(inspected: &Inspected, limits: &Limits) -> Result<(), DecodeError> {
    check_size(Size::new(inspected.width, inspected.height), limits)?;
    if inspected.ending == Ending::CutShort { Err(DecodeError::CutShort) } else { Ok(()) }
}

fn check_size(size: Size, limits: &Limits) -> Result<(), DecodeError> {
    let Size { width, height } = size;
    if width == 0 || height == 0 {
        return Err(DecodeError::NoPixels);
    }
    if width.max(height) > Limits::LONGEST_SIDE {
        return Err(DecodeError::SideTooLong { longest: Limits::LONGEST_SIDE });
    }
    if Size::new(width, height).pixels() > limits.pixels {
        return Err(DecodeError::TooManyPixels { width, height, limit: limits.pixels });
    }
    Ok(())
}

fn read_pixels(
    bytes: &[u8],
    inspected: &Inspected,
    limits: &Limits,
) -> Result<(ColorType, Vec<u8>), DecodeError> {
    let reader = Cursor::new(bytes);
    match inspected.format {
        Format::Jpeg => read_jpeg(bytes, inspected, limits),
        Format::Png => read_from(PngDecoder::with_limits(reader, codec_limits(limits)), inspected, limits),
        Format::WebP => read_from(WebPDecoder::new(reader), inspected, limits),
        Format::Gif => read_from(GifDecoder::new(reader), inspected, limits),
    }
}

/// In strict mode the decoder refuses data with codes that cannot be, where others paint grey.
fn read_jpeg(
    bytes: &[u8],
    inspected: &Inspected,
    limits: &Limits,
) -> Result<(ColorType, Vec<u8>), DecodeError> {
    let side = Limits::LONGEST_SIDE as usize;
    let options = DecoderOptions::default().set_strict_mode(true).set_max_width(side).set_max_height(side);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|_| DecodeError::Damaged)?;
    let sides =
        decoder.dimensions().and_then(|(w, h)| Some((u32::try_from(w).ok()?, u32::try_from(h).ok()?)));
    if sides != Some((inspected.width, inspected.height)) {
        return Err(DecodeError::Contradiction);
    }
    let (colour_type, out) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorType::L8, ColorSpace::Luma),
        _ => (ColorType::Rgb8, ColorSpace::RGB),
    };
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(out));
    let needed = decoder.output_buffer_size().ok_or(DecodeError::Damaged)?;
    let mut raw = allocate(needed as u64, limits)?;
    decoder.decode_into(&mut raw).map_err(|_| DecodeError::Damaged)?;
    Ok((colour_type, raw))
}

fn allocate(needed: u64, limits: &Limits) -> Result<Vec<u8>, DecodeError> {
    if needed > limits.decode_bytes {
        return Err(DecodeError::TooMuchMemory { needed, limit: limits.decode_bytes });
    }
    Ok(vec![0; usize::try_from(needed).map_err(|_| DecodeError::Damaged)?])
}

fn codec_limits(limits: &Limits) -> image::Limits {
    let mut codec = image::Limits::no_limits();
    codec.max_alloc = Some(limits.decode_bytes);
    codec
}

fn read_from(
    decoder: Result<impl ImageDecoder, ImageError>,
    inspected: &Inspected,
    limits: &Limits,
) -> Result<(ColorType, Vec<u8>), DecodeError> {
    let mut decoder = decoder.map_err(|e| decode_error(&e, limits))?;
    if decoder.dimensions() != (inspected.width, inspected.height) {
        return Err(DecodeError::Contradiction);
    }
    let mut raw = allocate(decoder.total_bytes(), limits)?;
    decoder.set_limits(codec_limits(limits)).map_err(|e| decode_error(&e, limits))?;
    let colour_type = decoder.color_type();
    decoder.read_image(&mut raw).map_err(|e| decode_error(&e, limits))?;
    Ok((colour_type, raw))
}

/// The codec's own words stay here: they may quote the file.
fn decode_error(error: &ImageError, limits: &Limits) -> DecodeError {
    match error {
        ImageError::Limits(_) => DecodeError::TooMuchMemory {
            needed: limits.decode_bytes.saturating_add(1),
            limit: limits.decode_bytes,
        },
        _ => DecodeError::Damaged,
    }
}

/// Pixels that are converted at a time: small enough for the caches, large enough to be worth a task.
const PIXELS_AT_A_TIME: usize = 1 << 15;

fn to_rgb(
    mut raw: Vec<u8>,
    colour_type: ColorType,
    to_srgb: Option<&ToSrgb>,
) -> Result<Vec<u8>, DecodeError> {
    if colour_type == ColorType::Rgb8 {
        let Some(to_srgb) = to_srgb else { return Ok(raw) };
        raw.par_chunks_mut(PIXELS_AT_A_TIME * CHANNELS)
            .try_for_each(|rgb| to_srgb.convert(rgb))
            .map_err(|_| DecodeError::Profile)?;
        return Ok(raw);
    }
    let samples = Samples::of(colour_type).ok_or(DecodeError::Damaged)?;
    let pixel = usize::from(colour_type.bytes_per_pixel());
    let mut rgb = vec![0; raw.len() / pixel * CHANNELS];
    rgb.par_chunks_mut(PIXELS_AT_A_TIME * CHANNELS)
        .zip(raw.par_chunks(PIXELS_AT_A_TIME * pixel))
        .try_for_each(|(rgb, raw)| samples.convert(raw, pixel, rgb, to_srgb))
        .map_err(|_| DecodeError::Profile)?;
    Ok(rgb)
}

/// How a decoder lays out the samples of a pixel.
#[derive(Clone, Copy)]
struct Samples {
    grey: bool,
    alpha: bool,
    sixteen_bit: bool,
}

impl Samples {
    fn of(colour_type: ColorType) -> Option<Self> {
        let (grey, alpha, sixteen_bit) = match colour_type {
            ColorType::L8 => (true, false, false),
            ColorType::La8 => (true, true, false),
            ColorType::Rgb8 => (false, false, false),
            ColorType::Rgba8 => (false, true, false),
            ColorType::L16 => (true, false, true),
            ColorType::La16 => (true, true, true),
            ColorType::Rgb16 => (false, false, true),
            ColorType::Rgba16 => (false, true, true),
            _ => return None,
        };
        Some(Self { grey, alpha, sixteen_bit })
    }

    /// Sample `index` of the pixel, as 8 bits.
    fn sample(self, pixel: &[u8], index: usize) -> u8 {
        if !self.sixteen_bit {
            return pixel[index];
        }
        // `image` gives 16-bit samples in native byte order.
        let wide = u16::from_ne_bytes([pixel[2 * index], pixel[2 * index + 1]]);
        u8::try_from((u32::from(wide) * 255 + 32_767) / 65_535).unwrap_or(u8::MAX)
    }

    fn convert(
        self,
        raw: &[u8],
        pixel: usize,
        rgb: &mut [u8],
        to_srgb: Option<&ToSrgb>,
    ) -> Result<(), super::profile::Unusable> {
        let indices = if self.grey { [0, 0, 0] } else { [0, 1, 2] };
        for (from, to) in raw.chunks_exact(pixel).zip(rgb.chunks_exact_mut(CHANNELS)) {
            for (to, index) in to.iter_mut().zip(indices) {
                *to = self.sample(from, index);
            }
        }
        if let Some(to_srgb) = to_srgb {
            to_srgb.convert(rgb)?;
        }
        if !self.alpha {
            return Ok(());
        }
        let alpha_index = if self.grey { 1 } else { 3 };
        for (from, to) in raw.chunks_exact(pixel).zip(rgb.chunks_exact_mut(CHANNELS)) {
            let alpha = u32::from(self.sample(from, alpha_index));
            for to in to {
                let on_white = (u32::from(*to) * alpha + 255 * (255 - alpha) + 127) / 255;
                *to = u8::try_from(on_white).unwrap_or(u8::MAX);
            }
        }
        Ok(())
    }
}
