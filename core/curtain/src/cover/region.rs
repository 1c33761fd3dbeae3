//! Regions: unions of rectangles, read row by row.

use crate::geometry::{PixelRect, Size};

/// Rectangles that overlap or touch, as one shape.
pub(super) struct Region {
    bounds: PixelRect,
    /// The columns of each row of the bounds: sorted, apart from each other.
    rows: Vec<Vec<Span>>,
}

/// The columns `start..end` of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// Rectangles that form one region, before its rows are worked out.
struct Group {
    rects: Vec<PixelRect>,
    bounds: PixelRect,
}

impl Group {
    fn touches(&self, rect: PixelRect) -> bool {
        self.bounds.touches(rect) && self.rects.iter().any(|own| own.touches(rect))
    }
}

impl Region {
    /// The regions that `rects` form on a picture of `size`, in a fixed order.
    pub(super) fn united(rects: &[PixelRect], size: Size) -> Vec<Self> {
        let mut groups: Vec<Group> = Vec::new();
        for rect in rects.iter().filter_map(|rect| rect.clamped(size)) {
            let mut joined = Group { rects: vec![rect], bounds: rect };
            let mut index = 0;
            while index < groups.len() {
                if groups[index].touches(rect) {
                    let other = groups.swap_remove(index);
                    joined.bounds = joined.bounds.around(other.bounds);
                    joined.rects.extend(other.rects);
                } else {
                    index += 1;
                }
            }
            groups.push(joined);
        }
        groups.sort_by_key(|g| (g.bounds.y, g.bounds.x, g.bounds.height, g.bounds.width));
        groups.into_iter().map(Self::from).collect()
    }

    /// The smallest rectangle around it.
    pub(super) fn bounds(&self) -> PixelRect {
        self.bounds
    }

    /// How many pixels it has.
    pub(super) fn pixels(&self) -> u64 {
        self.spans().map(|(_, span)| u64::from(span.end - span.start)).sum()
    }

    /// Its columns in row `y` of the picture: sorted, apart from each other.
    pub(super) fn row(&self, y: u32) -> &[Span] {
        let row = y.checked_sub(self.bounds.y).and_then(|row| self.rows.get(row as usize));
        row.map_or(&[], Vec::as_slice)
    }

    /// All rows with their spans, from top to bottom.
    pub(super) fn spans(&self) -> impl Iterator<Item = (u32, Span)> {
        (self.bounds.y..).zip(&self.rows).flat_map(|(y, row)| row.iter().map(move |span| (y, *span)))
    }

    /// All rows with their spans and the part of them that lies `inset` pixels or more inside.
    pub(super) fn rows_with_core(&self, inset: u32) -> impl Iterator<Item = (u32, &[Span], Vec<Span>)> {
        (self.bounds.y..).zip(&self.rows).map(move |(y, row)| (y, row.as_slice(), self.core(y, inset)))
    }

    fn core(&self, y: u32, inset: u32) -> Vec<Span> {
        if y < self.bounds.y + inset || y + inset >= self.bounds.bottom() {
            return Vec::new();
        }
        let mut core = self.row(y).to_vec();
        for other in y - inset..=y + inset {
            core = common(&core, self.row(other));
        }
        core.into_iter()
            .map(|s| Span { start: s.start + inset, end: s.end.saturating_sub(inset) })
            .filter(|s| s.start < s.end)
            .collect()
    }
}

impl From<Group> for Region {
    fn from(Group { rects, bounds }: Group) -> Self {
        let mut rows = vec![Vec::new(); bounds.height as usize];
        for rect in rects {
            let first = (rect.y - bounds.y) as usize;
            for row in &mut rows[first..first + rect.height as usize] {
                row.push(Span { start: rect.x, end: rect.right() });
            }
        }
        Self { bounds, rows: rows.into_iter().map(merged).collect() }
    }
}

/// The same columns, sorted and apart from each other.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.start);
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// The columns that lie in both lists.
fn common(a: &[Span], b: &[Span]) -> Vec<Span> {
    let overlap = |a: &Span, b: &Span| Span { start: a.start.max(b.start), end: a.end.min(b.end) };
    a.iter().flat_map(|a| b.iter().map(move |b| overlap(a, b))).filter(|s| s.start < s.end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_and_touching_rectangles_are_one_region() {
        let rects = [
            PixelRect::new(0, 0, 10, 10),
            PixelRect::new(30, 30, 5, 5),
            PixelRect::new(20, 0, 10, 10),
            PixelRect::new(8, 4, 12, 2),
        ];
        let regions = Region::united(&rects, Size::new(100, 100));
        assert_eq!(regions.len(), 2);
        assert_eq!(regions[0].bounds(), PixelRect::new(0, 0, 30, 10));
        assert_eq!(regions[0].pixels(), 100 + 100 + 20);
        assert_eq!(regions[0].row(4), [Span { start: 0, end: 30 }]);
        assert_eq!(regions[0].row(9), [Span { start: 0, end: 10 }, Span { start: 20, end: 30 }]);
    }

    #[test]
    fn what_lies_off_the_picture_is_cut_off() {
        let rects = [PixelRect::new(90, 90, u32::MAX, u32::MAX), PixelRect::new(200, 0, 5, 5)];
        let regions = Region::united(&rects, Size::new(100, 100));
        assert_eq!(regions.len(), 1);
        assert_eq!(regions[0].pixels(), 100);
    }
}
