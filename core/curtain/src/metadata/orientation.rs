//! Which way is up.

/// How the stored pixels must be turned or mirrored to stand upright, named after what must be done.
/// [Exif 2.32, 4.6.4 A, tag 274 `Orientation`]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Orientation {
    /// 1: nothing to do.
    #[default]
    Upright,
    /// 2: mirror left and right.
    FlipHorizontal,
    /// 3: half a turn.
    Rotate180,
    /// 4: mirror top and bottom.
    FlipVertical,
    /// 5: swap rows and columns.
    Transpose,
    /// 6: a quarter turn clockwise.
    Rotate90,
    /// 7: swap rows and columns along the other diagonal.
    Transverse,
    /// 8: a quarter turn counter-clockwise.
    Rotate270,
}

impl Orientation {
    /// The orientation that Exif writes as `value`; `None` outside 1..=8.
    #[must_use]
    pub fn from_exif(value: u32) -> Option<Self> {
        match value {
            1 => Some(Self::Upright),
            2 => Some(Self::FlipHorizontal),
            3 => Some(Self::Rotate180),
            4 => Some(Self::FlipVertical),
            5 => Some(Self::Transpose),
            6 => Some(Self::Rotate90),
            7 => Some(Self::Transverse),
            8 => Some(Self::Rotate270),
            _ => None,
        }
    }

    /// Whether width and height change places.
    #[must_use]
    pub fn swaps_sides(self) -> bool {
        matches!(self, Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270)
    }
}

#[cfg(test)]
mod tests {
    use super::Orientation;

    #[test]
    fn only_one_to_eight_exist_and_the_last_four_swap_sides() {
        assert_eq!(Orientation::from_exif(0), None);
        assert_eq!(Orientation::from_exif(9), None);
        for value in 1..=8 {
            let orientation = Orientation::from_exif(value).expect("1..=8 are defined");
            assert_eq!(orientation.swaps_sides(), value > 4);
        }
    }
}
