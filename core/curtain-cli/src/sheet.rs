//! A contact sheet: each photo before, with boxes, and after.

use std::path::Path;

use curtain::detect::{Finding, Kind};
use curtain::files;
use curtain::geometry::{PixelRect, Size};
use curtain::metadata;
use curtain::picture::{Encoding, Picture, encode};

use crate::output::{self, Failure};

/// Side of the square that each picture is fitted into, in pixels.
const CELL: u32 = 760;

/// Room between pictures, in pixels.
const GAP: u32 = 16;

/// Thickness of a drawn box, in pixels.
const PEN: u32 = 3;

/// More pairs than this would make the sheet longer than JPEG allows.
const MOST_PAIRS: usize = 80;

/// Behind the pictures.
const PAPER: [u8; 3] = [236, 236, 232];

/// Pairs of small pictures, before and after.
#[derive(Default)]
pub(crate) struct Sheet {
    pairs: Vec<(Picture, Picture)>,
    left_out: usize,
}

/// A copy that fits into a cell of the sheet.
pub(crate) fn small(picture: &Picture) -> Option<Picture> {
    let size = picture.size();
    let fit = |side: u32| {
        let scaled = u64::from(side) * u64::from(CELL) / u64::from(size.long_side());
        u32::try_from(scaled).unwrap_or(CELL).clamp(1, CELL)
    };
    picture.resampled(PixelRect::whole(size), Size::new(fit(size.width), fit(size.height)))
}

impl Sheet {
    /// Adds a photo: `before` as [`small`] made it, and the covered picture.
    pub(crate) fn add(
        &mut self,
        mut before: Picture,
        after: &Picture,
        findings: &[Finding],
        regions: &[PixelRect],
    ) {
        let (Some(after_small), true) = (small(after), self.pairs.len() < MOST_PAIRS) else {
            self.left_out += 1;
            return;
        };
        for (index, region) in regions.iter().enumerate() {
            let kind = findings.get(index).map(|finding| finding.kind);
            outline(&mut before, *region, after.size(), colour_of(kind));
        }
        self.pairs.push((before, after_small));
    }

    /// Writes the sheet as a JPEG to `path`, which must not exist.
    pub(crate) fn write(self, path: &Path) -> Result<(), Failure> {
        let nothing =
            || Failure { code: "empty_sheet", message: "no photo was cleaned, so there is no sheet".into() };
        let sheet = self.draw().ok_or_else(nothing)?;
        let size = sheet.size();
        let bytes = encode(&sheet, Encoding::DIAGNOSTIC).map_err(curtain::clean::CleanError::from)?;
        let audited =
            metadata::audit(bytes, size.width, size.height).map_err(curtain::clean::CleanError::from)?;
        files::write_new(&audited, path)?;
        if self.left_out > 0 {
            output::warn(&format!("{} photos did not fit on the contact sheet", self.left_out));
        }
        Ok(())
    }

    fn draw(&self) -> Option<Picture> {
        let height: u32 = self.pairs.iter().map(|(before, _)| before.size().height + GAP).sum();
        if height == 0 {
            return None;
        }
        let size = Size::new(2 * CELL + 3 * GAP, height + GAP);
        let pixels = usize::try_from(size.pixels()).ok()?;
        let mut sheet = Picture::from_rgb(size, PAPER.repeat(pixels))?;
        let mut top = GAP;
        for (before, after) in &self.pairs {
            paste(&mut sheet, before, GAP, top);
            paste(&mut sheet, after, CELL + 2 * GAP, top);
            top += before.size().height + GAP;
        }
        Some(sheet)
    }
}

fn colour_of(kind: Option<Kind>) -> [u8; 3] {
    match kind {
        Some(Kind::Face) => [214, 40, 40],
        Some(Kind::Text) => [20, 120, 220],
        _ => [230, 150, 0],
    }
}

/// Draws the outline of `region`, given on a picture of size `full`, onto its small copy.
fn outline(small: &mut Picture, region: PixelRect, full: Size, colour: [u8; 3]) {
    let size = small.size();
    let scale = |v: u32, small: u32, full: u32| {
        u32::try_from(u64::from(v) * u64::from(small) / u64::from(full)).unwrap_or(small).min(small)
    };
    let (left, right) =
        (scale(region.x, size.width, full.width), scale(region.right(), size.width, full.width));
    let (top, bottom) =
        (scale(region.y, size.height, full.height), scale(region.bottom(), size.height, full.height));
    for y in top..bottom {
        for x in left..right {
            let inside = x >= left + PEN && x + PEN < right && y >= top + PEN && y + PEN < bottom;
            if !inside {
                let at = (y as usize * size.width as usize + x as usize) * 3;
                small.rgb_mut()[at..at + 3].copy_from_slice(&colour);
            }
        }
    }
}

fn paste(sheet: &mut Picture, picture: &Picture, left: u32, top: u32) {
    let stride = sheet.size().width as usize * 3;
    let row_bytes = picture.size().width as usize * 3;
    for (y, row) in picture.rgb().chunks_exact(row_bytes).enumerate() {
        let at = (top as usize + y) * stride + left as usize * 3;
        sheet.rgb_mut()[at..at + row_bytes].copy_from_slice(row);
    }
}
