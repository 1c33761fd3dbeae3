//! Faces: `YuNet`, at four turns and several scales.
//!
//! Source: Wu, Peng and Yu, "`YuNet`: A Tiny Millisecond-level Face Detector" (2023). Weights, input
//! layout and the measurements behind every constant: `models/yunet_2023mar.md`.

use super::canvas::{self, Canvas};
use super::engine::{Model, Output};
use super::watch::Looks;
use super::{DetectError, Finding, Kind};
use crate::geometry::{Extent, PixelRect, Score, Size, Turn};
use crate::picture::Picture;

pub(super) const WEIGHTS: &[u8] = include_bytes!("../../../../models/yunet_2023mar.onnx");

/// SHA-256 of [`WEIGHTS`], as on the card.
pub(super) const SHA256: [u8; 32] = [
    0x8f, 0x23, 0x83, 0xe4, 0xdd, 0x3c, 0xfb, 0xb4, 0x55, 0x3e, 0xa8, 0x71, 0x81, 0x07, 0xfc, 0x04, 0x23,
    0x21, 0x0d, 0xc9, 0x64, 0xf9, 0xf4, 0x28, 0x06, 0x04, 0x80, 0x4e, 0xd2, 0x55, 0x2f, 0xa4,
];

/// Longer sides of the network's input, coarse to fine. The network finds faces of 16 to 450
/// pixels, so these two reach from a face that fills the picture to one of 1/70 of its longer side.
const LONG_SIDES: [u32; 2] = [416, 1280];

/// Faces larger than this on the finest input are left to the coarser one, which sees them well: far
/// beyond the sizes that it was trained on, the network takes bare skin for a face.
const LARGEST_ON_FINEST: f32 = 200.0;

/// Longer sides are cut into tiles of at most about this many pixels for the finest input.
const TILE: u32 = 4200;

/// A picture is enlarged at most this much: beyond it there is nothing more to see.
const MOST_ENLARGED: u32 = 2;

/// A cell may be a face from here on. Low on purpose: a missed face harms more than a covered shadow.
const THRESHOLD: f32 = 0.3;

/// A face that one pass alone saw must score this much; one that two passes saw, only
/// [`THRESHOLD`]. Against the low threshold alone this halved the false boxes, which cover
/// what the photo was taken for, and lost none of 66 faces.
const SURE_ALONE: f32 = 0.6;

/// Two boxes that overlap more are one face. The pass that was surest wins.
const SAME_FACE_IOU: f32 = 0.3;

/// Strides of the three heads, in the order of the outputs.
const STRIDES: [u32; 3] = [8, 16, 32];

/// The network gives classes, objectness, boxes and landmarks for each stride.
const OUTPUTS: usize = 12;

/// A face as the network sees it: its box and five landmarks, on the picture.
#[derive(Clone, Copy, Debug)]
struct Face {
    extent: Extent,
    /// Right eye, left eye, nose, right and left corner of the mouth.
    landmarks: [(f32, f32); 5],
    score: Score,
    pass: Pass,
    /// Around this box and every sure one that was taken for the same face.
    near: Extent,
}

/// One run of the network: at which scale, and how the picture was turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pass {
    long_side: u32,
    turn: Turn,
}

/// Finds faces in `picture`, best first, each with the region of its whole head.
///
/// # Errors
/// [`DetectError::CouldNotRun`] if any pass did not give usable output.
pub(super) fn find(model: &Model, picture: &Picture, runs: &Looks<'_>) -> Result<Vec<Finding>, DetectError> {
    let size = picture.size();
    let mut faces = Vec::new();
    for (window, long_side) in looks(size) {
        let canvas = Canvas::new(picture, window, long_side).ok_or(DetectError::CouldNotRun)?;
        for turn in Turn::ALL {
            runs.begin()?;
            // BGR, 0..=255, not normalised.
            let outputs = model.run(&canvas.input(turn, [0.0; 3], [1.0; 3]))?;
            read(&outputs, &canvas, Pass { long_side, turn }, &mut faces)?;
        }
    }
    Ok(distinct(faces).into_iter().filter_map(|face| finding(&face, size)).collect())
}

/// Runs of the network for a picture of `size`.
pub(super) fn looks_at(size: Size) -> u32 {
    u32::try_from(looks(size).len() * Turn::ALL.len()).unwrap_or(u32::MAX)
}

/// What is looked at, and how large on the network's input: the whole picture coarsely, then the
/// whole or its tiles finely.
fn looks(size: Size) -> Vec<(PixelRect, u32)> {
    let [coarse, fine] = LONG_SIDES;
    let mut looks = vec![(PixelRect::whole(size), coarse)];
    let fine = canvas::step(size.long_side().saturating_mul(MOST_ENLARGED), &[coarse, 832, fine]);
    if fine > coarse {
        looks.extend(canvas::tiles(size, TILE).into_iter().map(|tile| (tile, fine)));
    }
    looks
}

fn read(outputs: &[Output], canvas: &Canvas, pass: Pass, faces: &mut Vec<Face>) -> Result<(), DetectError> {
    if outputs.len() != OUTPUTS {
        return Err(DetectError::CouldNotRun);
    }
    let input = pass.turn.size(canvas.input_size());
    for (index, stride) in STRIDES.into_iter().enumerate() {
        let cells = (input.width / stride * (input.height / stride)) as usize;
        let head = Head {
            classes: column(&outputs[index], cells, 1)?,
            objectness: column(&outputs[index + 3], cells, 1)?,
            boxes: column(&outputs[index + 6], cells, 4)?,
            landmarks: column(&outputs[index + 9], cells, 10)?,
            columns: input.width / stride,
            stride,
        };
        head.read(canvas, pass, faces);
    }
    Ok(())
}

/// The values of one output, which must have `width` numbers for each of `cells`.
fn column(output: &Output, cells: usize, width: usize) -> Result<&[f32], DetectError> {
    let whole = output.shape.last() == Some(&width) && output.values.len() == cells * width;
    whole.then_some(output.values.as_slice()).ok_or(DetectError::CouldNotRun)
}

/// What the network says at one stride: a cell every `stride` pixels, row after row.
struct Head<'a> {
    classes: &'a [f32],
    objectness: &'a [f32],
    boxes: &'a [f32],
    landmarks: &'a [f32],
    columns: u32,
    stride: u32,
}

impl Head<'_> {
    #[expect(clippy::cast_precision_loss, reason = "cell numbers are far below 2^24")]
    fn read(&self, canvas: &Canvas, pass: Pass, faces: &mut Vec<Face>) {
        let stride = self.stride as f32;
        let cells = self.classes.iter().zip(self.objectness);
        let geometry = self.boxes.chunks_exact(4).zip(self.landmarks.chunks_exact(10));
        for (cell, ((class, objectness), (side, points))) in cells.zip(geometry).enumerate() {
            let score = (class.clamp(0.0, 1.0) * objectness.clamp(0.0, 1.0)).sqrt();
            let Some(score) = Score::new(score).filter(|s| s.value() >= THRESHOLD) else { continue };
            let column = (cell % self.columns as usize) as f32;
            let row = (cell / self.columns as usize) as f32;
            let (x, y) = ((column + side[0]) * stride, (row + side[1]) * stride);
            if pass.long_side > LONG_SIDES[0] && side[2].max(side[3]).exp() * stride > LARGEST_ON_FINEST {
                continue;
            }
            let (half_width, half_height) = (side[2].exp() * stride / 2.0, side[3].exp() * stride / 2.0);
            let extent = Extent {
                left: x - half_width,
                top: y - half_height,
                right: x + half_width,
                bottom: y + half_height,
            };
            let mut landmarks = [(0.0, 0.0); 5];
            for (landmark, point) in landmarks.iter_mut().zip(points.chunks_exact(2)) {
                let on_input = ((column + point[0]) * stride, (row + point[1]) * stride);
                *landmark = canvas.point_on_picture(on_input, pass.turn);
            }
            let extent = canvas.extent_on_picture(extent, pass.turn);
            faces.push(Face { extent, landmarks, score, pass, near: least_around(extent) });
        }
    }
}

/// Non-maximum suppression across cells, turns and scales, best first. Faces cheek to cheek can look
/// like one: where a sure box is dropped for a better one, its place stays covered. What only one pass saw, and
/// was not sure of, is dropped.
fn distinct(mut faces: Vec<Face>) -> Vec<Face> {
    faces.sort_by(|a, b| b.score.value().total_cmp(&a.score.value()));
    let mut kept: Vec<(Face, Seen)> = Vec::new();
    for face in faces {
        match kept.iter_mut().find(|(best, _)| best.extent.iou(face.extent) > SAME_FACE_IOU) {
            Some((best, seen)) => {
                if best.pass != face.pass {
                    *seen = Seen::Twice;
                }
                if face.score.value() >= SURE_ALONE {
                    best.near = best.near.around(least_around(face.extent));
                }
            }
            None => kept.push((face, Seen::Once)),
        }
    }
    kept.into_iter()
        .filter(|(face, seen)| *seen == Seen::Twice || face.score.value() >= SURE_ALONE)
        .map(|(face, _)| face)
        .collect()
}

/// By how many passes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Once,
    Twice,
}

fn finding(face: &Face, size: Size) -> Option<Finding> {
    let region = head_around(face).pixels_on(size)?;
    let found = face.extent.pixels_on(size)?;
    Some(Finding { kind: Kind::Face, found, region, score: face.score })
}

/// How far the head reaches beyond the face's box, as shares of the box's longer side, along the
/// face's own axes. From the proportions of Farkas (1994), "Anthropometry of the Head and Face":
/// the vertex lies about a quarter of the face's height above the hairline and the ears stand about
/// a sixth of its width out on each side; the rest is hair, which has no fixed size, the neck line,
/// and the box's own error.
const ABOVE: f32 = 0.50;
const BESIDE: f32 = 0.30;
const BELOW: f32 = 0.30;

/// Every side of the box grows at least this much, wherever the landmarks point.
const AT_LEAST: f32 = 0.20;

fn least_around(extent: Extent) -> Extent {
    extent.grown(extent.width().max(extent.height()) * AT_LEAST)
}

/// The whole head: hair, ears and neck line.
fn head_around(face: &Face) -> Extent {
    let side = face.extent.width().max(face.extent.height());
    let [right_eye, left_eye, _, right_mouth, left_mouth] = face.landmarks;
    let eyes = midpoint(right_eye, left_eye);
    let mouth = midpoint(right_mouth, left_mouth);
    let (dx, dy) = (mouth.0 - eyes.0, mouth.1 - eyes.1);
    let length = dx.hypot(dy);
    if length <= side * 0.05 {
        // Eyes and mouth fall together: a face in profile or a poor fix. Which way is up is unknown.
        return face.near.around(face.extent.grown(side * ABOVE));
    }
    let (down_x, down_y) = (dx / length, dy / length);
    let centre = midpoint((face.extent.left, face.extent.top), (face.extent.right, face.extent.bottom));
    let mut head = face.near;
    for along in [-(0.5 + ABOVE), 0.5 + BELOW] {
        for across in [-(0.5 + BESIDE), 0.5 + BESIDE] {
            let x = centre.0 + side * (along * down_x - across * down_y);
            let y = centre.1 + side * (along * down_y + across * down_x);
            head = head.around(Extent { left: x, top: y, right: x, bottom: y });
        }
    }
    head
}

fn midpoint(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    (f32::midpoint(a.0, b.0), f32::midpoint(a.1, b.1))
}
