//! One text under reading: its tokens, and what each was found to be.

use std::ops::Range;

use super::super::class::Class;
use super::super::finding::Hit;
use super::super::token::{Shape, Token};
use super::lists;

/// What a token was found to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) class: Class,
    pub(super) confidence: f32,
    pub(super) rule: &'static str,
    /// The token that says so.
    pub(super) cue: Option<usize>,
}

impl Mark {
    /// A mark that the word itself is reason for.
    pub(super) fn new(class: Class, rule: &'static str, confidence: f32) -> Self {
        Self { class, confidence, rule, cue: None }
    }

    /// A name that token `cue` announces.
    pub(super) fn name(rule: &'static str, confidence: f32, cue: usize) -> Self {
        Self { cue: Some(cue), ..Self::new(Class::Name, rule, confidence) }
    }

    /// A place that token `cue` announces.
    pub(super) fn place(rule: &'static str, confidence: f32, cue: usize) -> Self {
        Self { cue: Some(cue), ..Self::new(Class::Place, rule, confidence) }
    }
}

/// The tokens of a text, and what was found so far.
pub(super) struct Reading<'r, 't> {
    pub(super) tokens: &'r [Token<'t>],
    /// Whether a token may be marked.
    pub(super) free: Vec<bool>,
    pub(super) marks: Vec<Option<Mark>>,
}

impl<'r, 't> Reading<'r, 't> {
    /// A reading with no marks yet. Tokens inside `taken`, which is in order, are not free.
    pub(super) fn new(tokens: &'r [Token<'t>], taken: &[Range<usize>]) -> Self {
        let is_free = |token: &Token<'_>| {
            let at = taken.partition_point(|range| range.end <= token.span.start);
            taken.get(at).is_none_or(|range| range.start >= token.span.end)
        };
        let free = tokens.iter().map(is_free).collect();
        Self { tokens, free, marks: vec![None; tokens.len()] }
    }

    /// Marks `range` unless it is marked as surely already.
    pub(super) fn mark(&mut self, range: Range<usize>, mark: Mark) {
        for at in range {
            let surer = self.marks[at].is_none_or(|known| known.confidence < mark.confidence);
            if self.free[at] && surer {
                self.marks[at] = Some(mark);
            }
        }
    }

    pub(super) fn token(&self, at: usize) -> Option<&'r Token<'t>> {
        self.tokens.get(at)
    }

    /// The token before `at`.
    pub(super) fn before(&self, at: usize) -> Option<&'r Token<'t>> {
        self.token(at.checked_sub(1)?)
    }

    /// How the lexicon spells token `at`; empty beyond the end.
    pub(super) fn folded(&self, at: usize) -> &'r str {
        self.token(at).map_or("", |token| token.folded.as_str())
    }

    /// What token `at` is marked as.
    pub(super) fn class(&self, at: usize) -> Option<Class> {
        self.marks.get(at).copied().flatten().map(|mark| mark.class)
    }

    /// Whether token `at` follows the one before it as the words of one name do.
    pub(super) fn joined(&self, at: usize) -> bool {
        let (Some(token), Some(last)) = (self.token(at), self.before(at)) else { return false };
        match if last.possessive { token.gap_after_possessive() } else { token.gap } {
            " " | "\u{a0}" | "  " | "-" | "'" | "’" => true,
            "." | ". " => is_abbreviation(last),
            _ => false,
        }
    }

    /// Whether a name may go on with token `at`.
    pub(super) fn goes_on(&self, at: usize) -> bool {
        self.joined(at) && self.free[at]
    }

    /// Whether a name that begins at `first` may begin one word before.
    pub(super) fn goes_back(&self, first: usize) -> bool {
        self.joined(first) && self.free[first - 1]
    }

    /// Marked neighbours of one class, as one hit.
    pub(super) fn hits(&self) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for (at, mark) in self.marks.iter().enumerate() {
            let Some(mark) = mark else { continue };
            let span = self.tokens[at].span.clone();
            let cue = mark.cue.map(|cue| self.tokens[cue].span.clone());
            match hits.last_mut().filter(|_| self.is_one_with_last(at, mark.class)) {
                Some(hit) => {
                    hit.span.end = span.end;
                    hit.confidence = hit.confidence.max(mark.confidence);
                    hit.cue = hit.cue.take().or(cue);
                }
                None => hits.push(Hit {
                    span,
                    class: mark.class,
                    confidence: mark.confidence,
                    rule: mark.rule,
                    cue,
                    date: None,
                }),
            }
        }
        hits
    }

    /// Whether the token before `at` is marked and of the same name; "Asha's Ravi" is two people.
    fn is_one_with_last(&self, at: usize, class: Class) -> bool {
        self.joined(at)
            && self.class(at - 1) == Some(class)
            && !(class == Class::Name && self.tokens[at - 1].possessive)
    }
}

/// Whether a point after `token` ends no name: "Mrs. D", "K. Rao", "St. Ann".
fn is_abbreviation(token: &Token<'_>) -> bool {
    token.shape == Shape::Initial
        || token.is_short_title() && !lists::is_suffix_honorific(&token.folded)
        || lists::is_written_short(&token.folded)
}
