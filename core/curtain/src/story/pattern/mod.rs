//! Identifiers that have a form: dates, ages, contacts, numbers and postal addresses.
//!
//! The text is cut into tokens once; every finder then looks at a bounded number of tokens around each
//! place, so the work grows with the length of the text and with nothing else.

use std::ops::Range;

use super::{Class, Hit, Locale};
use tokens::Tokens;

mod ages;
mod checks;
mod contact;
mod dates;
mod digit_groups;
mod ip;
mod labels;
mod months;
mod numbers;
mod numeric_dates;
mod postal;
mod shapes;
mod street;
mod tokens;
mod web;
mod words;

#[cfg(test)]
mod tables;

pub(super) use tokens::{digit, is_format};

/// Finds the identifiers of this room in `text`.
///
/// The hits are sorted, lie apart, and begin and end on character boundaries. Where two rules claim the same
/// text the surer one wins, and among equals the longer.
#[must_use]
pub(in crate::story) fn find(text: &str, locale: Locale) -> Vec<Hit> {
    let tokens = Tokens::new(text);
    let mut hits = Vec::new();
    dates::find(&tokens, locale, &mut hits);
    ages::find(&tokens, &mut hits);
    contact::find(&tokens, locale, &mut hits);
    web::find(&tokens, &mut hits);
    numbers::find(&tokens, &mut hits);
    shapes::find(&tokens, locale, &mut hits);
    postal::find(&tokens, locale, &mut hits);
    street::find(&tokens, &mut hits);
    let mut hits = strongest_apart(hits);
    lengthen(&tokens, &mut hits);
    hits
}

/// "THIJ 5503 0719": a number in groups goes on where a group of four digits follows.
fn lengthen(t: &Tokens, hits: &mut [Hit]) {
    for at in 0..hits.len() {
        let next_start = hits.get(at + 1).map_or(usize::MAX, |next| next.span.start);
        let hit = &mut hits[at];
        if !matches!(hit.class, Class::Number(_)) {
            continue;
        }
        let mut next = t.at_byte(hit.span.end);
        while t.is_number(next)
            && t.norm(next).len() == 4
            && t.gap(next) == tokens::Gap::Space
            && t.span(next, next).end <= next_start
            && !t.runs_on(next)
        {
            hit.span.end = t.span(next, next).end;
            next += 1;
        }
    }
}

impl Tokens<'_> {
    /// A hit from token `first` to token `last`, both inclusive.
    fn hit(&self, first: usize, last: usize, class: Class, confidence: f32, rule: &'static str) -> Hit {
        Hit { span: self.span(first, last), class, confidence, rule, cue: None, date: None }
    }
}

impl Hit {
    /// The same hit with the token that decided.
    fn with_cue(mut self, tokens: &Tokens, cue: Option<usize>) -> Self {
        self.cue = cue.and_then(|i| tokens.get(i)).map(|t| t.start..t.end);
        self
    }
}

/// Keeps, of hits that overlap, the surest, then the longest, then the first.
fn strongest_apart(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.retain(|hit| !hit.span.is_empty());
    hits.sort_by(|a, b| {
        b.confidence
            .total_cmp(&a.confidence)
            .then(b.span.len().cmp(&a.span.len()))
            .then(a.span.start.cmp(&b.span.start))
            .then(a.rule.cmp(b.rule))
    });
    let mut taken = std::collections::BTreeMap::new();
    let mut kept = Vec::new();
    for hit in hits {
        if is_free(&taken, &hit.span) {
            taken.insert(hit.span.start, hit.span.end);
            kept.push(hit);
        }
    }
    kept.sort_by_key(|hit| hit.span.start);
    kept
}

/// Whether nothing that was taken overlaps `span`.
fn is_free(taken: &std::collections::BTreeMap<usize, usize>, span: &Range<usize>) -> bool {
    taken.range(..span.end).next_back().is_none_or(|(_, end)| *end <= span.start)
}
