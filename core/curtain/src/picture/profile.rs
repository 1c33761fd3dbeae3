//! Colour profiles: from what the camera meant to sRGB.

use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout, RenderingIntent, TransformExecutor, TransformOptions};

use super::CHANNELS;

/// A conversion of 8-bit rows to sRGB.
pub(super) struct ToSrgb {
    transform: Arc<dyn TransformExecutor<u8> + Send + Sync>,
    source: Source,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Rgb,
    Gray,
}

/// A profile that is there but cannot be used for the pixels that are there.
#[derive(Debug)]
pub(super) struct Unusable;

impl ToSrgb {
    /// The conversion from `profile` (ICC bytes) to sRGB, relative colorimetric: in-gamut colours,
    /// skin among them, are kept exactly. [ICC.1:2022, 6.2.2]
    pub(super) fn from_icc(profile: &[u8]) -> Result<Self, Unusable> {
        let profile = ColorProfile::new_from_slice(profile).map_err(|_| Unusable)?;
        let (source, layout) = match profile.color_space {
            DataColorSpace::Rgb => (Source::Rgb, Layout::Rgb),
            DataColorSpace::Gray => (Source::Gray, Layout::Gray),
            _ => return Err(Unusable),
        };
        let options = TransformOptions {
            rendering_intent: RenderingIntent::RelativeColorimetric,
            ..TransformOptions::default()
        };
        let transform = profile
            .create_transform_8bit(layout, &ColorProfile::new_srgb(), Layout::Rgb, options)
            .map_err(|_| Unusable)?;
        Ok(Self { transform, source })
    }

    /// Whether the profile describes grey pixels.
    pub(super) fn is_gray(&self) -> bool {
        self.source == Source::Gray
    }

    /// Converts RGB pixels in place. Grey profiles take the red of each pixel as the grey.
    pub(super) fn convert(&self, rgb: &mut [u8]) -> Result<(), Unusable> {
        let source = match self.source {
            Source::Rgb => rgb.to_vec(),
            Source::Gray => rgb.iter().step_by(CHANNELS).copied().collect(),
        };
        self.transform.transform(&source, rgb).map_err(|_| Unusable)
    }
}
