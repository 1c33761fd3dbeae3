//! Sizes, rectangles, scores and quarter turns: the units that every room shares.
//!
//! Pixel coordinates have their origin at the top left of the *upright* picture, x to the right,
//! y downwards. A [`PixelRect`] covers the pixels `x..x + width` by `y..y + height`.

use serde::{Deserialize, Serialize};

/// Width and height of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Size {
    /// A size of `width` by `height` pixels.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// How many pixels there are.
    #[must_use]
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// The longer side.
    #[must_use]
    pub fn long_side(self) -> u32 {
        self.width.max(self.height)
    }

    /// The size after a turn by 90 degrees.
    #[must_use]
    pub fn swapped(self) -> Self {
        Self::new(self.height, self.width)
    }
}

/// A rectangle of whole pixels; it may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelRect {
    /// Leftmost column.
    pub x: u32,
    /// Topmost row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl PixelRect {
    /// The rectangle `x..x + width` by `y..y + height`.
    #[must_use]
    pub fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }

    /// All of a picture of `size`.
    #[must_use]
    pub fn whole(size: Size) -> Self {
        Self::new(0, 0, size.width, size.height)
    }

    /// One past the rightmost column.
    #[must_use]
    pub fn right(self) -> u32 {
        self.x.saturating_add(self.width)
    }

    /// One past the bottom row.
    #[must_use]
    pub fn bottom(self) -> u32 {
        self.y.saturating_add(self.height)
    }

    /// Whether it holds no pixel.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// The part that lies on a picture of `size`; `None` if nothing does.
    #[must_use]
    pub fn clamped(self, size: Size) -> Option<Self> {
        let right = self.right().min(size.width);
        let bottom = self.bottom().min(size.height);
        (self.x < right && self.y < bottom)
            .then(|| Self::new(self.x, self.y, right - self.x, bottom - self.y))
    }

    /// Whether the two share a pixel or an edge.
    #[must_use]
    pub fn touches(self, other: Self) -> bool {
        self.x <= other.right()
            && other.x <= self.right()
            && self.y <= other.bottom()
            && other.y <= self.bottom()
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn around(self, other: Self) -> Self {
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        Self::new(x, y, self.right().max(other.right()) - x, self.bottom().max(other.bottom()) - y)
    }
}

/// A rectangle with fractional sides, in pixels; where detectors put things before rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Left side.
    pub left: f32,
    /// Top side.
    pub top: f32,
    /// Right side.
    pub right: f32,
    /// Bottom side.
    pub bottom: f32,
}

impl Extent {
    /// Width, never negative.
    #[must_use]
    pub fn width(self) -> f32 {
        (self.right - self.left).max(0.0)
    }

    /// Height, never negative.
    #[must_use]
    pub fn height(self) -> f32 {
        (self.bottom - self.top).max(0.0)
    }

    /// Area in square pixels.
    #[must_use]
    pub fn area(self) -> f32 {
        self.width() * self.height()
    }

    /// The part that lies in both.
    #[must_use]
    pub fn overlap(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// The smallest extent around both.
    #[must_use]
    pub fn around(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Grown by `margin` pixels on every side.
    #[must_use]
    pub fn grown(self, margin: f32) -> Self {
        Self {
            left: self.left - margin,
            top: self.top - margin,
            right: self.right + margin,
            bottom: self.bottom + margin,
        }
    }

    /// Every side multiplied by `factor`.
    #[must_use]
    pub fn scaled(self, factor: f32) -> Self {
        Self {
            left: self.left * factor,
            top: self.top * factor,
            right: self.right * factor,
            bottom: self.bottom * factor,
        }
    }

    /// Moved by `(dx, dy)` pixels.
    #[must_use]
    pub fn moved(self, dx: f32, dy: f32) -> Self {
        Self { left: self.left + dx, top: self.top + dy, right: self.right + dx, bottom: self.bottom + dy }
    }

    /// Intersection over union, in 0..=1.
    #[must_use]
    pub fn iou(self, other: Self) -> f32 {
        let shared = self.overlap(other).area();
        let all = self.area() + other.area() - shared;
        if all > 0.0 { shared / all } else { 0.0 }
    }

    /// The whole pixels that it reaches into, on a picture of `size`; `None` if it lies outside
    /// or is not a number.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "values are clamped to 0..=side first, and sides are far below 2^24"
    )]
    pub fn pixels_on(self, size: Size) -> Option<PixelRect> {
        let low = |v: f32, side: u32| v.floor().clamp(0.0, side as f32) as u32;
        let high = |v: f32, side: u32| v.ceil().clamp(0.0, side as f32) as u32;
        let (x, right) = (low(self.left, size.width), high(self.right, size.width));
        let (y, bottom) = (low(self.top, size.height), high(self.bottom, size.height));
        (x < right && y < bottom).then(|| PixelRect::new(x, y, right - x, bottom - y))
    }
}

/// How sure a detector is, in 0..=1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Score(f32);

impl Score {
    /// A score from a detector's output; `None` if it is not a number.
    #[must_use]
    pub fn new(value: f32) -> Option<Self> {
        (!value.is_nan()).then(|| Self(value.clamp(0.0, 1.0)))
    }

    /// The number, in 0..=1.
    #[must_use]
    pub fn value(self) -> f32 {
        self.0
    }
}

/// A turn of a picture by a multiple of 90 degrees, clockwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// As it is.
    None,
    /// 90 degrees clockwise.
    Quarter,
    /// 180 degrees.
    Half,
    /// 270 degrees clockwise.
    ThreeQuarters,
}

impl Turn {
    /// All four.
    pub const ALL: [Self; 4] = [Self::None, Self::Quarter, Self::Half, Self::ThreeQuarters];

    /// The size of a picture of `size` after this turn.
    #[must_use]
    pub fn size(self, size: Size) -> Size {
        match self {
            Self::None | Self::Half => size,
            Self::Quarter | Self::ThreeQuarters => size.swapped(),
        }
    }

    /// Where a point of the turned picture lies on the picture before the turn, whose size was
    /// `before`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "sides are far below 2^24")]
    pub fn undo(self, (x, y): (f32, f32), before: Size) -> (f32, f32) {
        let (width, height) = (before.width as f32, before.height as f32);
        match self {
            Self::None => (x, y),
            Self::Quarter => (y, height - x),
            Self::Half => (width - x, height - y),
            Self::ThreeQuarters => (width - y, x),
        }
    }

    /// Where an extent of the turned picture lies on the picture before the turn.
    #[must_use]
    pub fn undo_extent(self, extent: Extent, before: Size) -> Extent {
        let a = self.undo((extent.left, extent.top), before);
        let b = self.undo((extent.right, extent.bottom), before);
        Extent { left: a.0.min(b.0), top: a.1.min(b.1), right: a.0.max(b.0), bottom: a.1.max(b.1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_corner_comes_back_to_its_place() {
        let before = Size::new(40, 30);
        // The top-left pixel of the upright picture is at the top right after a clockwise quarter.
        assert_eq!(Turn::Quarter.undo((30.0, 0.0), before), (0.0, 0.0));
        assert_eq!(Turn::Half.undo((40.0, 30.0), before), (0.0, 0.0));
        assert_eq!(Turn::ThreeQuarters.undo((0.0, 40.0), before), (0.0, 0.0));
        assert_eq!(Turn::Quarter.size(before), Size::new(30, 40));
    }

    #[test]
    fn extents_round_outwards_and_stay_on_the_picture() {
        let extent = Extent { left: -3.2, top: 1.9, right: 4.1, bottom: 99.0 };
        assert_eq!(extent.pixels_on(Size::new(10, 10)), Some(PixelRect::new(0, 1, 5, 9)));
        let nowhere = Extent { left: f32::NAN, top: 0.0, right: f32::NAN, bottom: 5.0 };
        assert_eq!(nowhere.pixels_on(Size::new(10, 10)), None);
    }

    #[test]
    fn iou_of_halves_is_a_third() {
        let a = Extent { left: 0.0, top: 0.0, right: 2.0, bottom: 1.0 };
        assert!((a.iou(a.moved(1.0, 0.0)) - 1.0 / 3.0).abs() < 1e-6);
    }
}
