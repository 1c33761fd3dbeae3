//! Bytes to upright sRGB pixels, and pixels to clean bytes. Sole importer of codecs.
//!
//! What comes in is untrusted: it is decoded by memory-safe code only, after the header has been
//! held against [`Limits`]. What goes out is written from pixels alone, so there is nothing for
//! metadata to hide in; [`crate::metadata::audit`] checks that from outside.

mod decode;
mod encode;
mod orient;
mod profile;
mod scale;

pub use decode::{Colour, DecodeError, Decoded, Limits, Raw, decode, from_raw};
pub use encode::{Chroma, EncodeError, Encoding, JpegQuality, encode};

use crate::geometry::Size;

/// Bytes per pixel of a [`Picture`]: red, green, blue.
pub(crate) const CHANNELS: usize = 3;

/// An upright picture in 8-bit sRGB without alpha, rows from top to bottom.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    size: Size,
    rgb: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    /// The size only: pixels never reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({} x {})", self.size.width, self.size.height)
    }
}

impl Picture {
    /// A picture from `rgb`, which holds `width * height * 3` bytes; `None` if it does not, or if
    /// a side is zero.
    #[must_use]
    pub fn from_rgb(size: Size, rgb: Vec<u8>) -> Option<Self> {
        let bytes = usize::try_from(size.pixels()).ok()?.checked_mul(CHANNELS)?;
        (bytes > 0 && rgb.len() == bytes).then_some(Self { size, rgb })
    }

    /// Width and height.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// All pixels, red, green, blue, row after row.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// All pixels, to be changed in place.
    pub fn rgb_mut(&mut self) -> &mut [u8] {
        &mut self.rgb
    }

    /// Bytes in a row.
    pub(crate) fn stride(&self) -> usize {
        self.size.width as usize * CHANNELS
    }
}
