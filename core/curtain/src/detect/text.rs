//! Text: PP-OCRv5 mobile detection, a segmentation network with "DB" post-processing.
//!
//! Source: Liao et al., "Real-time Scene Text Detection with Differentiable Binarization" (2020);
//! Cui et al., "`PaddleOCR` 3.0" (2025). Weights, input layout and the measurements behind every
//! constant: `models/ppocrv5_mobile_det.md`.

use super::canvas::{self, Canvas};
use super::engine::Model;
use super::watch::Looks;
use super::{DetectError, Finding, Kind};
use crate::geometry::{Extent, PixelRect, Score, Size, Turn};
use crate::picture::Picture;

pub(super) const WEIGHTS: &[u8] = include_bytes!("../../../../models/ppocrv5_mobile_det.onnx");

/// SHA-256 of [`WEIGHTS`], as on the card.
pub(super) const SHA256: [u8; 32] = [
    0x4d, 0x97, 0xc4, 0x4a, 0x20, 0xd3, 0x0a, 0x81, 0xaa, 0xd0, 0x87, 0xd6, 0xa3, 0x96, 0xb0, 0x8f, 0x78,
    0x6c, 0x46, 0x35, 0x74, 0x2a, 0xfc, 0x39, 0x1f, 0x66, 0x21, 0xf5, 0xc6, 0xae, 0x78, 0xae,
];

/// Mean and standard deviation of each channel over 255, as the network was trained; it was trained
/// with these on blue, green, red in this order.
const MEAN: [f32; 3] = [0.485 * 255.0, 0.456 * 255.0, 0.406 * 255.0];
const GAIN: [f32; 3] = [1.0 / (0.229 * 255.0), 1.0 / (0.224 * 255.0), 1.0 / (0.225 * 255.0)];

/// Longer side of the network's input, and the smaller ones that small pictures are put on.
const LONG_SIDE: u32 = 960;
const LONG_SIDES: [u32; 3] = [320, 640, LONG_SIDE];

/// A picture is enlarged at most this much.
const MOST_ENLARGED: u32 = 2;

/// Sides longer than the first are also looked at in tiles of at most about the second, so that small
/// print is seen, however large or long the picture is.
const TILE_FROM: u32 = 960;
const TILE: u32 = 2100;

/// The network reads upside-down lines as well as upright ones, and most sideways ones; one more turn
/// of the whole picture finds the rest of those.
const TURNS_OF_WHOLE: &[Turn] = &[Turn::None, Turn::Quarter];
const TURNS_OF_TILE: &[Turn] = &[Turn::None];

/// A pixel of the probability map is text from here on.
const BINARISE: f32 = 0.2;

/// A patch is text if its pixels' mean probability is at least this.
const THRESHOLD: f32 = 0.3;

/// The network marks the core of a line; its edge lies outward by this much of area over perimeter.
const UNCLIP: f32 = 2.2;

/// Patches with a side under this many pixels of the map are noise.
const SMALLEST: f32 = 2.0;

/// Around the line, as a share of its height, so that ascenders, commas and the ring of pixels that
/// the cover reads lie clear of ink.
const MARGIN: f32 = 0.3;

/// Two lines that overlap more are one; both regions are kept inside the one box.
const SAME_LINE_IOU: f32 = 0.5;

/// Finds lines of text in `picture`, best first, each with the region to cover.
///
/// # Errors
/// [`DetectError::CouldNotRun`] if any pass did not give usable output.
pub(super) fn find(model: &Model, picture: &Picture, runs: &Looks<'_>) -> Result<Vec<Finding>, DetectError> {
    let size = picture.size();
    let mut lines = Vec::new();
    for (index, window) in windows(size).into_iter().enumerate() {
        let canvas = Canvas::new(picture, window, long_side(window)).ok_or(DetectError::CouldNotRun)?;
        for turn in turns(index) {
            runs.begin()?;
            let outputs = model.run(&canvas.input(*turn, MEAN, GAIN))?;
            let input = turn.size(canvas.input_size());
            let [map] = outputs.as_slice() else { return Err(DetectError::CouldNotRun) };
            if map.shape != [1, 1, input.height as usize, input.width as usize] {
                return Err(DetectError::CouldNotRun);
            }
            let map =
                Map { values: &map.values, width: input.width as usize, shown: turn.size(canvas.shown()) };
            lines.extend(map.patches().iter().map(|patch| Line::new(patch, &canvas, *turn)));
        }
    }
    Ok(distinct(lines).into_iter().filter_map(|line| line.finding(size)).collect())
}

/// Runs of the network for a picture of `size`.
pub(super) fn looks_at(size: Size) -> u32 {
    let runs = (0..windows(size).len()).map(|index| turns(index).len()).sum::<usize>();
    u32::try_from(runs).unwrap_or(u32::MAX)
}

/// Makes the plans that [`find`] will want for a picture of `size`, to save time later. A failure
/// shows when they are used.
pub(super) fn prepare(model: &Model, size: Size) {
    for (index, window) in windows(size).into_iter().enumerate() {
        let input = canvas::input_size(window, long_side(window));
        for turn in turns(index) {
            model.prepare(turn.size(input));
        }
    }
}

fn long_side(window: PixelRect) -> u32 {
    canvas::step(window.width.max(window.height).saturating_mul(MOST_ENLARGED), &LONG_SIDES)
}

/// The turns at which window `index` is looked at; the first window is the whole picture.
fn turns(index: usize) -> &'static [Turn] {
    if index == 0 { TURNS_OF_WHOLE } else { TURNS_OF_TILE }
}

/// The whole picture, and overlapping tiles of it if it is large.
fn windows(size: Size) -> Vec<PixelRect> {
    let mut windows = vec![PixelRect::whole(size)];
    if size.long_side() > TILE_FROM {
        windows.extend(canvas::tiles(size, TILE.min(size.long_side() / 2)));
    }
    windows
}

/// The network's probability map, row-major; only the part `shown` has picture behind it.
struct Map<'a> {
    values: &'a [f32],
    width: usize,
    shown: Size,
}

/// Connected pixels of a [`Map`].
struct Patch {
    extent: Extent,
    /// Height of the line across its own direction, in pixels of the map.
    thickness: f32,
    /// Length along it.
    length: f32,
    score: Score,
}

impl Map<'_> {
    /// Patches of 8-connected pixels above [`BINARISE`] whose mean passes [`THRESHOLD`].
    fn patches(&self) -> Vec<Patch> {
        let (width, height) = (self.shown.width as usize, self.shown.height as usize);
        let mut seen = vec![false; width * height];
        let mut stack = Vec::new();
        let mut patches = Vec::new();
        for start in 0..width * height {
            if seen[start] || !self.is_text(start % width, start / width) {
                continue;
            }
            let mut moments = Moments::default();
            seen[start] = true;
            stack.push(start);
            while let Some(at) = stack.pop() {
                let (x, y) = (at % width, at / width);
                moments.add(x, y, self.values[y * self.width + x]);
                for ny in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                    for nx in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                        let next = ny * width + nx;
                        if !seen[next] && self.is_text(nx, ny) {
                            seen[next] = true;
                            stack.push(next);
                        }
                    }
                }
            }
            patches.extend(moments.patch());
        }
        patches
    }

    fn is_text(&self, x: usize, y: usize) -> bool {
        self.values[y * self.width + x] >= BINARISE
    }
}

/// Running sums over a patch's pixels: enough for its box, mean and second moments.
#[derive(Default)]
struct Moments {
    count: f64,
    probability: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
    extent: Option<Extent>,
}

impl Moments {
    #[expect(clippy::cast_precision_loss, reason = "sides are far below 2^24")]
    fn add(&mut self, x: usize, y: usize, probability: f32) {
        let (left, top) = (x as f32, y as f32);
        let pixel = Extent { left, top, right: left + 1.0, bottom: top + 1.0 };
        self.extent = Some(self.extent.map_or(pixel, |e| e.around(pixel)));
        let (x, y) = (x as f64, y as f64);
        self.count += 1.0;
        self.probability += f64::from(probability);
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.yy += y * y;
        self.xy += x * y;
    }

    /// The patch, if it is large and sure enough to be text.
    ///
    /// Length and thickness are those of the rectangle with the same second moments: a rectangle
    /// of side `a` has the variance `a * a / 12` along it.
    #[expect(clippy::cast_possible_truncation, reason = "pixel measures fit f32")]
    fn patch(&self) -> Option<Patch> {
        let extent = self.extent?;
        let score = Score::new((self.probability / self.count) as f32).filter(|s| s.value() >= THRESHOLD)?;
        let (mx, my) = (self.x / self.count, self.y / self.count);
        // 1/12 is the variance of a single pixel.
        let xx = self.xx / self.count - mx * mx + 1.0 / 12.0;
        let yy = self.yy / self.count - my * my + 1.0 / 12.0;
        let xy = self.xy / self.count - mx * my;
        let spread = ((xx - yy) / 2.0).hypot(xy);
        let middle = f64::midpoint(xx, yy);
        let length = (12.0 * (middle + spread)).sqrt() as f32;
        let thickness = (12.0 * (middle - spread).max(1.0 / 12.0)).sqrt() as f32;
        (thickness >= SMALLEST).then_some(Patch { extent, thickness, length, score })
    }
}

/// A line of text on the picture.
struct Line {
    found: Extent,
    region: Extent,
    score: Score,
}

impl Line {
    fn new(patch: &Patch, canvas: &Canvas, turn: Turn) -> Self {
        let out = patch.thickness * patch.length * UNCLIP / (2.0 * (patch.thickness + patch.length));
        let height = patch.thickness + 2.0 * out;
        let on_map = patch.extent.grown(out);
        Self {
            found: canvas.extent_on_picture(on_map, turn),
            region: canvas.extent_on_picture(on_map.grown(height * MARGIN), turn),
            score: patch.score,
        }
    }

    fn finding(self, size: Size) -> Option<Finding> {
        let found = self.found.pixels_on(size)?;
        let region = self.region.pixels_on(size)?;
        Some(Finding { kind: Kind::Text, found, region, score: self.score })
    }
}

/// Merges lines that several windows saw; what any of them saw stays inside.
fn distinct(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|a, b| b.score.value().total_cmp(&a.score.value()));
    let mut kept: Vec<Line> = Vec::new();
    for line in lines {
        match kept.iter_mut().find(|k| k.region.iou(line.region) > SAME_LINE_IOU) {
            Some(same) => {
                same.found = same.found.around(line.found);
                same.region = same.region.around(line.region);
            }
            None => kept.push(line),
        }
    }
    kept
}
