//! Covering regions so that nothing of what they held is left.
//!
//! Whatever the style, the pixels under a cover are a function of the pixels *outside* every region
//! and of the regions' shape. True blur and mosaic are not offered: both keep a function of what
//! they hide, and both have been reversed or re-identified (Hill et al., "On the (In)effectiveness
//! of Mosaicing and Blurring as Tools for Document Redaction", 2016; `McPherson` et al., "Defeating
//! Image Obfuscation with Deep Learning", 2016).

mod membrane;
mod region;

use self::region::{Region, Span};
use crate::geometry::PixelRect;
use crate::picture::{CHANNELS, Picture};

/// How a region is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Cover {
    /// Filled smoothly from the ring of pixels around it, then marked with a hatch and an outline
    /// so that it never passes for healthy skin.
    #[default]
    Veil,
    /// One constant colour, which is neither skin nor the black of a radiograph.
    Solid,
}

/// The colour of [`Cover::Solid`].
pub const SOLID: [u8; CHANNELS] = [58, 96, 140];

/// Covers every rectangle of `rects` on `picture`. Rectangles that overlap or touch are one region;
/// parts that lie off the picture are cut off.
pub fn cover(picture: &mut Picture, rects: &[PixelRect], style: Cover) {
    let regions = Region::united(rects, picture.size());
    match style {
        Cover::Solid => regions.iter().for_each(|region| fill_solid(picture, region)),
        Cover::Veil => {
            // Every fill is worked out before any is drawn, and no fill reads another region.
            let fills: Vec<_> =
                regions.iter().map(|region| membrane::fill(picture, region, &regions)).collect();
            for (region, fill) in regions.iter().zip(&fills) {
                fill.draw(picture, region);
                mark(picture, region);
            }
        }
    }
}

/// How many pixels of `picture` lie under `rects`, each counted once.
#[must_use]
pub fn covered_pixels(picture: &Picture, rects: &[PixelRect]) -> u64 {
    let regions = Region::united(rects, picture.size());
    regions.iter().map(Region::pixels).sum()
}

fn fill_solid(picture: &mut Picture, region: &Region) {
    for (y, span) in region.spans() {
        for pixel in span_of(picture, y, span).chunks_exact_mut(CHANNELS) {
            pixel.copy_from_slice(&SOLID);
        }
    }
}

fn span_of(picture: &mut Picture, y: u32, span: Span) -> &mut [u8] {
    let start = y as usize * picture.stride() + span.start as usize * CHANNELS;
    let bytes = (span.end - span.start) as usize * CHANNELS;
    &mut picture.rgb_mut()[start..start + bytes]
}

/// Hatch and outline: a function of the region's shape alone. Each line has a dark and a light
/// half, so that it shows on any fill.
fn mark(picture: &mut Picture, region: &Region) {
    let line = Line::of(region);
    for (y, spans, core) in region.rows_with_core(line.outline) {
        for span in spans {
            let row = span_of(picture, y, *span);
            for (x, pixel) in (span.start..span.end).zip(row.chunks_exact_mut(CHANNELS)) {
                let inside = core.iter().any(|c| (c.start..c.end).contains(&x));
                match line.shade(x - region.bounds().x + y - region.bounds().y, inside) {
                    Shade::None => {}
                    Shade::Dark => pixel.iter_mut().for_each(|v| *v -= *v / 3),
                    Shade::Light => pixel.iter_mut().for_each(|v| *v += (255 - *v) / 3),
                    Shade::Edge => pixel.copy_from_slice(&EDGE),
                }
            }
        }
    }
}

/// The colour of a veil's outline.
const EDGE: [u8; CHANNELS] = [40, 70, 110];

enum Shade {
    None,
    Dark,
    Light,
    Edge,
}

/// Widths of the marks, in pixels, from the region's size.
struct Line {
    outline: u32,
    half: u32,
    period: u32,
}

impl Line {
    fn of(region: &Region) -> Self {
        let side = region.bounds().width.min(region.bounds().height);
        let half = (side / 96).clamp(1, 8);
        Self { outline: (side / 64).clamp(1, 8), half, period: (half * 14).max(8) }
    }

    /// The shade at `diagonal` (x + y from the region's corner).
    fn shade(&self, diagonal: u32, inside: bool) -> Shade {
        if !inside {
            return Shade::Edge;
        }
        match diagonal % self.period / self.half {
            0 => Shade::Dark,
            1 => Shade::Light,
            _ => Shade::None,
        }
    }
}
