//! Smaller and larger copies of a part of a picture, for detectors and contact sheets.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::Picture;
use crate::geometry::{PixelRect, Size};

impl Picture {
    /// The part of the picture in `window`, resampled to `size` with a triangle filter that widens
    /// with the reduction, so that small bright marks do not vanish between samples.
    ///
    /// `None` if the window is not wholly on the picture or either is empty.
    #[must_use]
    pub fn resampled(&self, window: PixelRect, size: Size) -> Option<Picture> {
        if window.clamped(self.size) != Some(window) || size.pixels() == 0 {
            return None;
        }
        let source = ImageRef::new(self.size.width, self.size.height, &self.rgb, PixelType::U8x3).ok()?;
        let mut target = Image::new(size.width, size.height, PixelType::U8x3);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(
            f64::from(window.x),
            f64::from(window.y),
            f64::from(window.width),
            f64::from(window.height),
        );
        Resizer::new().resize(&source, &mut target, &options).ok()?;
        Picture::from_rgb(size, target.into_vec())
    }
}
