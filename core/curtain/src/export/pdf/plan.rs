//! Which rows stand on which page.

/// Part of a row on a page: `lines` from `first`, with its upper edge at `top` points from the page's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slice {
    pub(super) row: usize,
    pub(super) first: usize,
    pub(super) lines: usize,
    pub(super) top: f32,
}

/// Measures of the table, in points from the upper edge of the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Space {
    /// Where the rows begin on the first page.
    pub(super) first_top: f32,
    /// Where they begin on the others.
    pub(super) top: f32,
    /// Where they must end.
    pub(super) bottom: f32,
    /// From one line to the next.
    pub(super) pitch: f32,
    /// Room above and below the lines of a row, together.
    pub(super) padding: f32,
}

impl Space {
    pub(super) fn height(&self, lines: usize) -> f32 {
        self.padding + self.pitch * f32::from(u16::try_from(lines).unwrap_or(u16::MAX))
    }

    /// How many lines fit between `top` and the bottom.
    fn fit(&self, top: f32, most: usize) -> usize {
        (0..=most).rev().find(|lines| top + self.height(*lines) <= self.bottom).unwrap_or(0)
    }
}

/// Places rows of so many lines. A row goes to the next page whole, unless it is longer than a page.
pub(super) fn plan(rows: impl IntoIterator<Item = usize>, space: &Space) -> Vec<Vec<Slice>> {
    let mut pages = vec![Vec::new()];
    let mut top = space.first_top;
    let full = space.fit(space.top, 10_000).max(1);
    for (row, lines) in rows.into_iter().enumerate() {
        let mut first = 0;
        while first < lines {
            let left = lines - first;
            let fit = space.fit(top, left.min(full));
            let is_fresh = pages.len() > 1 && pages.last().is_some_and(Vec::is_empty);
            if fit < left && (left <= full || fit == 0) && !is_fresh {
                pages.push(Vec::new());
                top = space.top;
                continue;
            }
            let lines = fit.max(1);
            if let Some(page) = pages.last_mut() {
                page.push(Slice { row, first, lines, top });
            }
            top += space.height(lines);
            first += lines;
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: Space = Space { first_top: 60.0, top: 20.0, bottom: 100.0, pitch: 10.0, padding: 2.0 };

    fn shape(rows: &[usize]) -> Vec<Vec<(usize, usize, usize)>> {
        let pages = plan(rows.iter().copied(), &SPACE);
        pages
            .iter()
            .map(|page| page.iter().map(|slice| (slice.row, slice.first, slice.lines)).collect())
            .collect()
    }

    #[test]
    fn rows_stay_whole_where_they_can() {
        assert_eq!(shape(&[]), [[]]);
        assert_eq!(shape(&[1, 2, 3]), [vec![(0, 0, 1), (1, 0, 2)], vec![(2, 0, 3)]]);
        assert_eq!(shape(&[7]), [vec![], vec![(0, 0, 7)]]);
    }

    #[test]
    fn a_row_longer_than_a_page_goes_on() {
        assert_eq!(
            shape(&[1, 18, 1]),
            [vec![(0, 0, 1), (1, 0, 2)], vec![(1, 2, 7)], vec![(1, 9, 7)], vec![(1, 16, 2), (2, 0, 1)]]
        );
    }

    #[test]
    fn nothing_is_lost_and_nothing_hangs_out() {
        for seed in 0..200_usize {
            let rows = (0..50).map(|n| 1 + (n * 7 + seed * 13) % 23).collect::<Vec<_>>();
            let pages = plan(rows.iter().copied(), &SPACE);
            let mut drawn = vec![0; rows.len()];
            for slice in pages.iter().flatten() {
                assert_eq!(drawn[slice.row], slice.first);
                drawn[slice.row] += slice.lines;
                assert!(slice.top + SPACE.height(slice.lines) <= SPACE.bottom);
            }
            assert_eq!(drawn, rows);
        }
    }
}
