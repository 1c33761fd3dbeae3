//! The membrane: a smooth surface stretched over a region from the ring of pixels around it.
//!
//! Solves Laplace's equation with the ring as boundary (Dirichlet) and the picture's own border free
//! (Neumann), on a coarse grid, since the solution is smooth; then draws it with bilinear
//! interpolation. Source of the idea: Pérez, Gangnet and Blake, "Poisson Image Editing" (2003), with
//! a zero guidance field; the coarse-to-fine order is cascadic multigrid (Bornemann and Deuflhard,
//! 1996).

use rayon::prelude::*;

use super::region::Region;
use crate::geometry::{PixelRect, Size};
use crate::picture::{CHANNELS, Picture};

/// Cells along the longer side of a region's grid. A cell of a head of 800 pixels is then 8 pixels
/// wide: finer than anything that the fill can show.
const LONG_SIDE_CELLS: u32 = 96;

/// The smallest side of a cell in pixels: a boundary value is then a mean of several pixels, so
/// that noise does not draw streaks into the fill.
const SMALLEST_CELL: u32 = 4;

/// Relaxations on each grid, coarse to fine. The start from the coarser grid leaves only short
/// waves to smooth.
const SWEEPS: u32 = 40;

/// Over-relaxation; between 1 (Gauss-Seidel) and 2 (the limit of stability).
const OMEGA: f32 = 1.7;

/// The colour where nothing outside is left to take a colour from.
const NOTHING_OUTSIDE: [f32; CHANNELS] = [128.0; CHANNELS];

/// A grid of colours over a region's bounds and one cell more on each side.
pub(super) struct Fill {
    cells: Vec<[f32; CHANNELS]>,
    columns: usize,
    rows: usize,
    /// Side of a cell, in pixels.
    cell: u32,
    /// The picture's pixel at the top left of the grid; may lie off the picture.
    left: i64,
    top: i64,
}

/// What a cell holds before the membrane is stretched.
#[derive(Clone, Copy)]
enum Cell {
    /// The mean of its pixels that lie outside every region.
    Known([f32; CHANNELS]),
    /// All of its pixels lie in regions: to be filled.
    Inside,
    /// Off the picture: the membrane ends freely.
    Off,
}

/// The membrane over `region`; reads no pixel of any of `all` regions.
pub(super) fn fill(picture: &Picture, region: &Region, all: &[Region]) -> Fill {
    let bounds = region.bounds();
    let cell = bounds.width.max(bounds.height).div_ceil(LONG_SIDE_CELLS).max(SMALLEST_CELL);
    let columns = bounds.width.div_ceil(cell) as usize + 2;
    let rows = bounds.height.div_ceil(cell) as usize + 2;
    let (left, top) = (i64::from(bounds.x) - i64::from(cell), i64::from(bounds.y) - i64::from(cell));
    let mut fill = Fill { cells: Vec::new(), columns, rows, cell, left, top };
    let cells = fill.known_cells(picture, all);
    fill.cells = stretch(&cells, columns, rows);
    fill
}

impl Fill {
    fn known_cells(&self, picture: &Picture, all: &[Region]) -> Vec<Cell> {
        let mut sums = vec![([0u32; CHANNELS], 0u32); self.columns * self.rows];
        let mut on_picture = vec![false; self.columns * self.rows];
        let near: Vec<&Region> = all.iter().filter(|r| self.reaches(r.bounds())).collect();
        let size = picture.size();
        for y in self.pixel_rows(size) {
            let row = (i64::from(y) - self.top) / i64::from(self.cell);
            let row = usize::try_from(row).unwrap_or(0) * self.columns;
            let hidden: Vec<_> = near.iter().flat_map(|r| r.row(y)).collect();
            for column in 0..self.columns {
                let Some((start, end)) = self.pixel_columns(column, size) else { continue };
                on_picture[row + column] = true;
                let hidden: Vec<_> = hidden.iter().filter(|s| s.start < end && start < s.end).collect();
                if hidden.iter().any(|s| s.start <= start && end <= s.end) {
                    continue;
                }
                let (sum, count) = &mut sums[row + column];
                for x in (start..end).filter(|x| !hidden.iter().any(|s| (s.start..s.end).contains(x))) {
                    let at = y as usize * picture.stride() + x as usize * CHANNELS;
                    for (sum, value) in sum.iter_mut().zip(&picture.rgb()[at..at + CHANNELS]) {
                        *sum += u32::from(*value);
                    }
                    *count += 1;
                }
            }
        }
        let cells = sums.into_iter().zip(on_picture);
        cells.map(|((sum, count), on_picture)| cell(sum, count, on_picture)).collect()
    }

    fn reaches(&self, other: PixelRect) -> bool {
        let (width, height) =
            (self.columns as u64 * u64::from(self.cell), self.rows as u64 * u64::from(self.cell));
        i64::from(other.x) < self.left.saturating_add_unsigned(width)
            && self.left < i64::from(other.right())
            && i64::from(other.y) < self.top.saturating_add_unsigned(height)
            && self.top < i64::from(other.bottom())
    }

    /// The rows of the picture under the grid.
    fn pixel_rows(&self, size: Size) -> std::ops::Range<u32> {
        on_side(self.top, self.rows, self.cell, size.height)
    }

    /// The columns of the picture under column `column` of the grid, if any.
    fn pixel_columns(&self, column: usize, size: Size) -> Option<(u32, u32)> {
        let start = self.left.saturating_add_unsigned(column as u64 * u64::from(self.cell));
        let range = on_side(start, 1, self.cell, size.width);
        (!range.is_empty()).then_some((range.start, range.end))
    }

    /// Draws the membrane over `region`.
    pub(super) fn draw(&self, picture: &mut Picture, region: &Region) {
        let stride = picture.stride();
        let bounds = region.bounds();
        let rows = &mut picture.rgb_mut()[bounds.y as usize * stride..bounds.bottom() as usize * stride];
        rows.par_chunks_exact_mut(stride).zip(bounds.y..bounds.bottom()).for_each(|(row, y)| {
            let (upper, share) = self.between(i64::from(y) - self.top, self.rows);
            let line: Vec<_> = (0..self.columns)
                .map(|column| {
                    let at = upper * self.columns + column;
                    mix(self.cells[at], self.cells[at + self.columns], share)
                })
                .collect();
            for span in region.row(y) {
                let pixels = &mut row[span.start as usize * CHANNELS..span.end as usize * CHANNELS];
                for (pixel, x) in pixels.chunks_exact_mut(CHANNELS).zip(span.start..) {
                    let (left, share) = self.between(i64::from(x) - self.left, self.columns);
                    let colour = mix(line[left], line[left + 1], share);
                    for (to, value) in pixel.iter_mut().zip(colour) {
                        *to = to_u8(value);
                    }
                }
            }
        });
    }

    /// Between which two cells the pixel at `offset` from the grid's start lies, and how far.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "offsets are far below 2^24 and clamped"
    )]
    fn between(&self, offset: i64, cells: usize) -> (usize, f32) {
        let position = (offset as f32 + 0.5) / self.cell as f32 - 0.5;
        let first = position.floor().clamp(0.0, (cells - 2) as f32);
        (first as usize, (position - first).clamp(0.0, 1.0))
    }
}

/// The part of a side of `length` pixels under `cells` cells from `start` on.
fn on_side(start: i64, cells: usize, cell: u32, length: u32) -> std::ops::Range<u32> {
    let clamp = |v: i64| u32::try_from(v.clamp(0, i64::from(length))).unwrap_or(0);
    clamp(start)..clamp(start.saturating_add_unsigned(cells as u64 * u64::from(cell)))
}

#[expect(clippy::cast_precision_loss, reason = "a sum over one cell is rounded far below one grey level")]
fn cell(sum: [u32; CHANNELS], count: u32, on_picture: bool) -> Cell {
    match (count, on_picture) {
        (0, false) => Cell::Off,
        (0, true) => Cell::Inside,
        _ => Cell::Known(sum.map(|s| s as f32 / count as f32)),
    }
}

fn mix(a: [f32; CHANNELS], b: [f32; CHANNELS], share: f32) -> [f32; CHANNELS] {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * share)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255 first")]
fn to_u8(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// Fills the cells inside from the known ones.
fn stretch(cells: &[Cell], columns: usize, rows: usize) -> Vec<[f32; CHANNELS]> {
    let mut values = start(cells, columns, rows);
    for _ in 0..SWEEPS {
        relax(cells, &mut values, columns, rows);
    }
    // Cells off the picture only serve interpolation at its border.
    for at in 0..cells.len() {
        if matches!(cells[at], Cell::Off) {
            let (x, y) = (at % columns, at / columns);
            let (x, y) = nearest_on(cells, columns, rows, x, y);
            values[at] = values[y * columns + x];
        }
    }
    values
}

/// The grid's outermost ring is the only part that can be off the picture.
fn nearest_on(cells: &[Cell], columns: usize, rows: usize, x: usize, y: usize) -> (usize, usize) {
    let inner = (x.clamp(1, columns - 2), y.clamp(1, rows - 2));
    [(inner.0, y), (x, inner.1), inner]
        .into_iter()
        .find(|(x, y)| !matches!(cells[y * columns + x], Cell::Off))
        .unwrap_or(inner)
}

/// A first guess: the solution on a grid of half the size, or one colour on the smallest.
fn start(cells: &[Cell], columns: usize, rows: usize) -> Vec<[f32; CHANNELS]> {
    if columns.min(rows) <= 4 && columns.max(rows) <= 8 {
        let mean = mean_known(cells);
        return cells.iter().map(|c| if let Cell::Known(value) = c { *value } else { mean }).collect();
    }
    let (half_columns, half_rows) = (columns.div_ceil(2), rows.div_ceil(2));
    let coarse: Vec<Cell> = (0..half_columns * half_rows)
        .map(|at| join(cells, columns, rows, at % half_columns * 2, at / half_columns * 2))
        .collect();
    let mut solved = start(&coarse, half_columns, half_rows);
    for _ in 0..SWEEPS {
        relax(&coarse, &mut solved, half_columns, half_rows);
    }
    (0..cells.len())
        .map(|at| match cells[at] {
            Cell::Known(value) => value,
            _ => solved[(at / columns / 2) * half_columns + at % columns / 2],
        })
        .collect()
}

fn mean_known(cells: &[Cell]) -> [f32; CHANNELS] {
    let (mut sum, mut count) = ([0.0; CHANNELS], 0.0);
    for cell in cells {
        if let Cell::Known(value) = cell {
            sum = std::array::from_fn(|i| sum[i] + value[i]);
            count += 1.0;
        }
    }
    if count == 0.0 { NOTHING_OUTSIDE } else { sum.map(|s| s / count) }
}

/// Two by two cells as one: known if any is, off if all are.
fn join(cells: &[Cell], columns: usize, rows: usize, x: usize, y: usize) -> Cell {
    let four = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
    let four: Vec<Cell> = four
        .into_iter()
        .filter(|(x, y)| *x < columns && *y < rows)
        .map(|(x, y)| cells[y * columns + x])
        .collect();
    if four.iter().any(|c| matches!(c, Cell::Known(_))) {
        Cell::Known(mean_known(&four))
    } else if four.iter().all(|c| matches!(c, Cell::Off)) {
        Cell::Off
    } else {
        Cell::Inside
    }
}

/// One sweep of successive over-relaxation.
fn relax(cells: &[Cell], values: &mut [[f32; CHANNELS]], columns: usize, rows: usize) {
    for y in 0..rows {
        for x in 0..columns {
            let at = y * columns + x;
            if !matches!(cells[at], Cell::Inside) {
                continue;
            }
            let around = [
                (x > 0).then(|| at - 1),
                (x + 1 < columns).then_some(at + 1),
                (y > 0).then(|| at - columns),
                (y + 1 < rows).then_some(at + columns),
            ];
            let (mut sum, mut count) = ([0.0; CHANNELS], 0.0);
            for other in around.into_iter().flatten().filter(|other| !matches!(cells[*other], Cell::Off)) {
                sum = std::array::from_fn(|i| sum[i] + values[other][i]);
                count += 1.0;
            }
            if count > 0.0 {
                let old = values[at];
                values[at] = std::array::from_fn(|i| old[i] + OMEGA * (sum[i] / count - old[i]));
            }
        }
    }
}
