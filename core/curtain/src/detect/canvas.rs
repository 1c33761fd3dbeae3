//! Fitting a part of a picture onto a network's fixed input, and mapping what is found back.

use super::engine::Input;
use crate::geometry::{Extent, PixelRect, Size, Turn};
use crate::picture::Picture;

/// Networks here want sides that are multiples of this: their coarsest stride.
const SIDE_MULTIPLE: u32 = 32;

/// A window of a picture, reduced once, ready to be put onto a network's input at any turn.
pub(super) struct Canvas {
    /// The reduced window, upright.
    small: Picture,
    /// The network's input size for an upright canvas.
    input: Size,
    window: PixelRect,
}

impl Canvas {
    /// Reduces `window` of `picture` so that its longer side takes about `long_side` pixels.
    ///
    /// Input shapes are few on purpose, since each costs a plan: 4:3 lying, 4:3 standing, or a
    /// square of about the same area.
    pub(super) fn new(picture: &Picture, window: PixelRect, long_side: u32) -> Option<Self> {
        let input = input_size(window, long_side);
        let scale = f64::min(
            f64::from(input.width) / f64::from(window.width),
            f64::from(input.height) / f64::from(window.height),
        );
        let small_size =
            Size::new(fitted(window.width, scale, input.width), fitted(window.height, scale, input.height));
        let small = picture.resampled(window, small_size)?;
        Some(Self { small, input, window })
    }

    /// The input planes at `turn`: `planes[c][y][x] = (pixel - mean[c]) * gain[c]`, channels in the
    /// order blue, green, red; zero pixels where the window does not reach.
    pub(super) fn input(&self, turn: Turn, mean: [f32; 3], gain: [f32; 3]) -> Input {
        let size = turn.size(self.input);
        let small = turn.size(self.small.size());
        let area = size.width as usize * size.height as usize;
        let mut planes = vec![0.0; 3 * area];
        for (channel, plane) in planes.chunks_exact_mut(area).enumerate() {
            let (mean, gain) = (mean[channel], gain[channel]);
            let value = |pixel: u8| (f32::from(pixel) - mean) * gain;
            plane.fill(value(0));
            let rows = plane.chunks_exact_mut(size.width as usize).take(small.height as usize);
            for (y, row) in rows.enumerate() {
                for (x, to) in row.iter_mut().take(small.width as usize).enumerate() {
                    *to = value(self.turned(turn, x, y)[2 - channel]);
                }
            }
        }
        Input { size, planes }
    }

    fn turned(&self, turn: Turn, x: usize, y: usize) -> [u8; 3] {
        let (right, bottom) = (self.small.size().width as usize - 1, self.small.size().height as usize - 1);
        let (sx, sy) = match turn {
            Turn::None => (x, y),
            Turn::Quarter => (y, bottom - x),
            Turn::Half => (right - x, bottom - y),
            Turn::ThreeQuarters => (right - y, x),
        };
        let at = sy * self.small.stride() + sx * 3;
        let rgb = self.small.rgb();
        [rgb[at], rgb[at + 1], rgb[at + 2]]
    }

    /// Where an extent on the turned input lies on the picture.
    #[expect(clippy::cast_precision_loss, reason = "sides are far below 2^24")]
    pub(super) fn extent_on_picture(&self, extent: Extent, turn: Turn) -> Extent {
        let upright = turn.undo_extent(extent, self.small.size());
        let (sx, sy) = self.pixels_per_pixel();
        Extent {
            left: upright.left * sx,
            top: upright.top * sy,
            right: upright.right * sx,
            bottom: upright.bottom * sy,
        }
        .moved(self.window.x as f32, self.window.y as f32)
    }

    /// Where a point on the turned input lies on the picture.
    #[expect(clippy::cast_precision_loss, reason = "sides are far below 2^24")]
    pub(super) fn point_on_picture(&self, point: (f32, f32), turn: Turn) -> (f32, f32) {
        let (x, y) = turn.undo(point, self.small.size());
        let (sx, sy) = self.pixels_per_pixel();
        (x * sx + self.window.x as f32, y * sy + self.window.y as f32)
    }

    /// Picture pixels for each pixel of the reduced window, across and down.
    #[expect(clippy::cast_precision_loss, reason = "sides are far below 2^24")]
    pub(super) fn pixels_per_pixel(&self) -> (f32, f32) {
        let small = self.small.size();
        (self.window.width as f32 / small.width as f32, self.window.height as f32 / small.height as f32)
    }

    /// The network's input size for an upright canvas.
    pub(super) fn input_size(&self) -> Size {
        self.input
    }

    /// The part of the upright input that shows the picture; the rest is padding.
    pub(super) fn shown(&self) -> Size {
        self.small.size()
    }
}

/// The network's input size for `window` when its longer side shall take about `long_side` pixels.
pub(super) fn input_size(window: PixelRect, long_side: u32) -> Size {
    let (long, short) = (window.width.max(window.height), window.width.min(window.height));
    let three_quarters = multiple(long_side * 3 / 4);
    if u64::from(short) * 4 > u64::from(long) * 3 {
        // The square has the area of the 4:3 shape: side = long * sqrt(3) / 2.
        let side = multiple(long_side * 866 / 1000);
        Size::new(side, side)
    } else if window.width >= window.height {
        Size::new(multiple(long_side), three_quarters)
    } else {
        Size::new(three_quarters, multiple(long_side))
    }
}

/// The first of `steps`, which rise, that holds `wanted`, or the last: few inputs need few plans.
pub(super) fn step(wanted: u32, steps: &[u32]) -> u32 {
    steps.iter().copied().find(|step| *step >= wanted).or(steps.last().copied()).unwrap_or(wanted)
}

/// How far tiles reach into their neighbours, as a share of their side: a line or head that one cuts,
/// another sees whole.
const TILE_OVERLAP: f64 = 0.15;

/// Overlapping tiles over a picture of `size`, as few as have sides of about `tile` pixels at most.
pub(super) fn tiles(size: Size, tile: u32) -> Vec<PixelRect> {
    let columns = cuts(size.width, tile);
    let row = |(y, height): (u32, u32)| {
        columns.iter().map(move |(x, width)| PixelRect::new(*x, y, *width, height)).collect::<Vec<_>>()
    };
    cuts(size.height, tile).into_iter().flat_map(row).collect()
}

/// Starts and lengths along a side.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1..=side")]
fn cuts(side: u32, tile: u32) -> Vec<(u32, u32)> {
    let count = side.div_ceil(tile.max(1)).max(1);
    let length = f64::from(side) / f64::from(count) * (1.0 + TILE_OVERLAP);
    let length = (length.ceil() as u32).clamp(1, side);
    (0..count)
        .map(|i| ((u64::from(side - length) * u64::from(i) / u64::from(count.max(2) - 1)) as u32, length))
        .collect()
}

fn multiple(side: u32) -> u32 {
    (side.div_ceil(SIDE_MULTIPLE) * SIDE_MULTIPLE).max(SIDE_MULTIPLE)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1..=most")]
fn fitted(side: u32, scale: f64, most: u32) -> u32 {
    (f64::from(side) * scale).round().clamp(1.0, f64::from(most)) as u32
}
