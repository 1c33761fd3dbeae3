//! Turning stored pixels upright.

use rayon::prelude::*;

use super::{CHANNELS, Picture};
use crate::geometry::Size;
use crate::metadata::Orientation;

/// Target rows that are filled together: their source columns then share cache lines.
const BAND: usize = 32;

/// The picture that `stored` shows once `orientation` is applied. [Exif 2.32, 4.6.4 A]
///
/// A second picture is allocated unless the pixels are upright already.
pub(super) fn upright(stored: Picture, orientation: Orientation) -> Picture {
    if orientation == Orientation::Upright {
        return stored;
    }
    let from = stored.size;
    let to = if orientation.swaps_sides() { from.swapped() } else { from };
    let mut rgb = vec![0; stored.rgb.len()];
    let stride = to.width as usize * CHANNELS;
    rgb.par_chunks_mut(stride * BAND).enumerate().for_each(|(band, rows)| {
        fill_band(&stored, orientation, to, band * BAND, rows);
    });
    Picture { size: to, rgb }
}

fn fill_band(stored: &Picture, orientation: Orientation, to: Size, first_row: usize, rows: &mut [u8]) {
    let stride = to.width as usize * CHANNELS;
    let source = Source { right: stored.size.width as usize - 1, bottom: stored.size.height as usize - 1 };
    for x in 0..to.width as usize {
        for (dy, row) in rows.chunks_exact_mut(stride).enumerate() {
            let (sx, sy) = source.of(orientation, x, first_row + dy);
            let at = sy * stored.stride() + sx * CHANNELS;
            row[x * CHANNELS..][..CHANNELS].copy_from_slice(&stored.rgb[at..][..CHANNELS]);
        }
    }
}

/// The last column and row of the stored picture.
struct Source {
    right: usize,
    bottom: usize,
}

impl Source {
    /// Which stored pixel is shown at `(x, y)` of the upright picture.
    fn of(&self, orientation: Orientation, x: usize, y: usize) -> (usize, usize) {
        match orientation {
            Orientation::Upright => (x, y),
            Orientation::FlipHorizontal => (self.right - x, y),
            Orientation::Rotate180 => (self.right - x, self.bottom - y),
            Orientation::FlipVertical => (x, self.bottom - y),
            Orientation::Transpose => (y, x),
            Orientation::Rotate90 => (y, self.bottom - x),
            Orientation::Transverse => (self.right - y, self.bottom - x),
            Orientation::Rotate270 => (self.right - y, x),
        }
    }
}
