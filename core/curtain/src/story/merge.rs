//! From many hits that overlap to findings that do not, and until a second reading finds nothing more.

use std::ops::Range;

use super::class::Locale;
use super::finding::{Finding, Hit};
use super::{known, placeholder};

/// Readings of one text; each can only add.
const ROUNDS: usize = 6;

/// Unites hits that overlap: all of what any of them says is covered, under the surest one's class.
pub(super) fn apart(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.retain(|hit| !hit.span.is_empty());
    hits.sort_by_key(|hit| (hit.span.start, hit.span.end));
    let mut apart: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match apart.last_mut().filter(|last| hit.span.start < last.span.end) {
            Some(last) => unite(last, hit),
            None => apart.push(hit),
        }
    }
    apart
}

fn unite(into: &mut Hit, other: Hit) {
    let span = into.span.start.min(other.span.start)..into.span.end.max(other.span.end);
    // What is known of this case beats any rule; of equally sure ones, the longer knows more.
    let rank = |hit: &Hit| (hit.rule == known::RULE, hit.confidence, hit.span.len());
    let better = rank(&other) > rank(into);
    if better {
        *into = other;
    }
    if into.span != span {
        // What a date says was read from less than this.
        into.date = None;
    }
    into.span = span;
}

/// Which of `ranges`, in order and apart, overlap `span`.
pub(super) fn overlapping<'r>(ranges: &'r [Range<usize>], span: &Range<usize>) -> &'r [Range<usize>] {
    let first = ranges.partition_point(|range| range.end <= span.start);
    let last = ranges.partition_point(|range| range.start < span.end);
    &ranges[first..last.max(first)]
}

/// Hits less the placeholders that stand in the text already.
pub(super) fn outside(hits: &[Hit], placeholders: &[Range<usize>]) -> Vec<Hit> {
    let mut left = Vec::with_capacity(hits.len());
    for hit in hits {
        let mut start = hit.span.start;
        for range in overlapping(placeholders, &hit.span) {
            if start < range.start {
                left.push(Hit { span: start..range.start, date: None, ..hit.clone() });
            }
            start = range.end;
        }
        if start == hit.span.start {
            left.push(hit.clone());
        } else if start < hit.span.end {
            left.push(Hit { span: start..hit.span.end, date: None, ..hit.clone() });
        }
    }
    left
}

/// Reads `text` with `read`, replaces, reads again, until nothing more is found; taking words away changes what is
/// beside the words that stay.
pub(super) fn until_clean(text: &str, locale: Locale, read: impl Fn(&str) -> Vec<Hit>) -> Vec<Finding> {
    let mut hits = telling(text, read(text));
    for _ in 0..ROUNDS {
        let found = placeholder::propose(text, locale, hits.clone());
        let (clean, pieces) = placeholder::write(text, &found);
        let more = telling(&clean, read(&clean));
        if more.is_empty() {
            return found;
        }
        for hit in more {
            let span = origin(&pieces, &hit.span);
            // A replacement that reads as something else again gives way to what it reads as.
            let first = hits.partition_point(|old| old.span.start < span.start);
            let last = hits.partition_point(|old| old.span.end <= span.end);
            let again = Hit { span, cue: None, date: None, ..hit };
            hits.splice(first..last.max(first), [again]);
        }
        hits = apart(hits);
    }
    placeholder::propose(text, locale, hits)
}

/// Without hits that hold no letter and no digit.
fn telling(text: &str, mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.retain(|hit| text[hit.span.clone()].contains(char::is_alphanumeric));
    hits
}

/// Where in the original a span of the replaced text comes from.
fn origin(pieces: &[placeholder::Piece], span: &Range<usize>) -> Range<usize> {
    let first = pieces.partition_point(|piece| piece.to.end <= span.start);
    let mut from: Option<Range<usize>> = None;
    for piece in pieces[first..].iter().take_while(|piece| piece.to.start < span.end) {
        let part = if piece.replaced {
            piece.from.clone()
        } else {
            let start = span.start.max(piece.to.start) - piece.to.start;
            let end = span.end.min(piece.to.end) - piece.to.start;
            piece.from.start + start..piece.from.start + end
        };
        from = Some(from.map_or(part.clone(), |known| known.start.min(part.start)..known.end.max(part.end)));
    }
    from.unwrap_or(0..0)
}
