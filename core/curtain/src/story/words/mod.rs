//! Names of people, places and facilities: by cue words, by the lexicon, and by what is no word at all.
//!
//! Each pass marks tokens; the surest mark of a token stays. Marked neighbours become one hit.

mod ages;
mod calendar;
mod facilities;
mod indic;
mod lists;
mod loose;
mod names;
mod places;
mod talk;

use std::ops::Range;

use super::class::Class;
use super::finding::Hit;
use super::lexicon::{Flags, look_up};
use super::token::{Case, Shape, Token};

/// Finds names, places and facilities. Tokens inside `taken` are left alone: something else was found there.
pub(super) fn find(tokens: &[Token<'_>], taken: &[Range<usize>]) -> Vec<Hit> {
    let is_taken = |token: &Token<'_>| {
        let at = taken.partition_point(|range| range.end <= token.span.start);
        taken.get(at).is_some_and(|range| range.start < token.span.end)
    };
    let free = tokens.iter().map(|token| !is_taken(token)).collect();
    let mut reading = Reading { tokens, free, marks: vec![None; tokens.len()] };
    loose::set_aside(&mut reading);
    calendar::by_month(&mut reading);
    indic::by_cue(&mut reading);
    names::by_cue(&mut reading);
    facilities::by_noun(&mut reading);
    places::by_cue(&mut reading);
    loose::by_lexicon(&mut reading);
    loose::again(&mut reading);
    loose::bridge(&mut reading);
    reading.hits()
}

/// Whether a word that names somebody elsewhere is a part of a medical term here: "Baker's cyst".
pub(super) fn names_a_thing(tokens: &[Token<'_>], at: usize) -> bool {
    let reading = Reading { tokens, free: Vec::new(), marks: Vec::new() };
    reading.is_eponym(at) && reading.token(at + 1).is_some_and(|next| lists::is_eponymous(&next.folded))
}

/// What a token was found to be.
#[derive(Clone, Copy, Debug)]
struct Mark {
    class: Class,
    confidence: f32,
    rule: &'static str,
    /// The token that says so.
    cue: Option<usize>,
}

struct Reading<'r, 't> {
    tokens: &'r [Token<'t>],
    free: Vec<bool>,
    marks: Vec<Option<Mark>>,
}

impl<'t> Reading<'_, 't> {
    /// Marks `range` unless it is marked more surely.
    fn mark(&mut self, range: Range<usize>, mark: Mark) {
        for at in range {
            let surer = self.marks[at].is_none_or(|known| known.confidence < mark.confidence);
            if self.free[at] && surer {
                self.marks[at] = Some(mark);
            }
        }
    }

    fn token(&self, at: usize) -> Option<&Token<'t>> {
        self.tokens.get(at)
    }

    fn folded(&self, at: usize) -> &str {
        self.token(at).map_or("", |token| token.folded.as_str())
    }

    /// Whether token `at` follows the one before it as the words of one name do.
    fn joined(&self, at: usize) -> bool {
        let (Some(token), Some(last)) = (self.token(at), at.checked_sub(1).and_then(|last| self.token(last)))
        else {
            return false;
        };
        let gap =
            if last.possessive { token.gap.trim_start_matches(['\'', '’', 's', 'S']) } else { token.gap };
        let after_point = last.shape == Shape::Initial
            || last.flags.any(Flags::HONORIFIC)
                && last.letters() <= 5
                && !lists::is_suffix_honorific(&last.folded)
            || lists::is_written_short(&last.folded);
        match gap {
            " " | "\u{a0}" | "  " | "-" | "'" | "’" => true,
            "." | ". " => after_point,
            _ => false,
        }
    }

    /// Whether a disease, a score or a device is named here, not a person.
    fn is_eponym(&self, at: usize) -> bool {
        let Some(token) = self.token(at) else { return false };
        let next = self.token(at + 1).filter(|next| {
            let gap = next.gap.trim_start_matches(['\'', '’', 's', 'S']);
            matches!(gap, " " | "-" | " - " | "–" | "")
        });
        let follows_name =
            self.joined(at) && at.checked_sub(1).is_some_and(|last| self.tokens[last].flags.given() >= 2);
        if token.folded.contains('-')
            && !follows_name
            && token.folded.split('-').any(|part| look_up(part).any(Flags::EPONYM))
        {
            return true;
        }
        let thing = next.is_some_and(|next| lists::is_eponymous(&next.folded));
        if token.flags.any(Flags::EPONYM) {
            let medical = next.is_some_and(|next| {
                next.flags.any(Flags::MEDICAL | Flags::DRUG | Flags::EPONYM)
                    && next.flags.common() < 7
                    && !next.flags.any(Flags::ROLE)
                    || next.shape == Shape::Number
                    || next.shape == Shape::Upper && next.letters() <= 3
            });
            return thing || medical || token.possessive && token.flags.given() < 2;
        }
        // "Hinchey II", "Bosniak IIF": classes have Roman numerals.
        let roman = |word: &str| {
            !word.is_empty()
                && word.trim_end_matches(['A', 'B', 'C', 'F']).chars().all(|letter| "IVX".contains(letter))
        };
        let firmly = next.is_some_and(|next| {
            lists::is_disorder(&next.folded)
                || next.shape != Shape::Initial && roman(next.text)
                || next.text == "I" && !token.opens
        });
        firmly
            && token.flags.given() < 2
            && !next.is_some_and(|next| next.flags.any(Flags::FACILITY | Flags::PLACE_NOUN))
    }

    /// Which tokens from `first` on read as one person's name, given that a cue announces one.
    fn person(&self, first: usize, trust: Trust) -> Range<usize> {
        // "Dad has Raynaud's": a role before an eponym.
        if trust == Trust::Role
            && self.token(first).is_some_and(|token| token.possessive)
            && self.is_eponym(first)
        {
            return first..first;
        }
        let mut end = first;
        while let Some(token) = self.token(end) {
            let starts = end == first;
            if !starts && self.tokens[end - 1].possessive {
                break;
            }
            if !starts && self.free[end] && self.nickname(end) {
                end += 2;
                continue;
            }
            if !self.free[end] || end - first >= 5 || !starts && !self.joined(end) {
                break;
            }
            // The S of S/O.
            if token.shape == Shape::Initial && self.token(end + 1).is_some_and(|next| next.gap == "/") {
                break;
            }
            let particle = lists::is_particle(&token.folded)
                && (!starts
                    || token.case == Case::Told && (trust == Trust::Title || token.shape == Shape::Title))
                && self.token(end + 1).is_some_and(|next| next.stands_out() && next.gap == " ");
            if !particle && !accepts(token, starts, trust) {
                break;
            }
            if token.shape == Shape::Title && self.is_eponym(end) && !starts {
                break;
            }
            end += 1;
            if token.possessive {
                break;
            }
        }
        // A particle at the end belongs to no name.
        while end > first + 1
            && lists::is_particle(&self.tokens[end - 1].folded)
            && self.tokens[end - 1].shape == Shape::Lower
        {
            end -= 1;
        }
        first..end
    }

    /// A nickname inside a name, in quotes: `ROGELIO "BOY" CATACUTAN`.
    fn nickname(&self, at: usize) -> bool {
        let quoted = |gap: &str, ends: &[&str]| ends.contains(&gap);
        self.token(at).is_some_and(|token| quoted(token.gap, &[" \"", " “", " '", " ‘"]))
            && self
                .token(at + 1)
                .is_some_and(|next| quoted(next.gap, &["\" ", "” ", "' ", "’ "]) && next.could_be_name())
    }

    /// Marked neighbours of one class, as one hit.
    fn hits(&self) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        let mut last: Option<usize> = None;
        for (at, mark) in self.marks.iter().enumerate() {
            let Some(mark) = mark else { continue };
            let token = &self.tokens[at];
            let cue = mark.cue.map(|cue| self.tokens[cue].span.clone());
            let goes_on = last.is_some_and(|last| last + 1 == at) && self.joined(at);
            match hits.last_mut().filter(|hit| goes_on && hit.class == mark.class) {
                Some(hit) if !self.tokens[at - 1].possessive || mark.class != Class::Name => {
                    hit.span.end = token.span.end;
                    hit.confidence = hit.confidence.max(mark.confidence);
                    hit.cue = hit.cue.take().or(cue);
                }
                _ => hits.push(Hit {
                    span: token.span.clone(),
                    class: mark.class,
                    confidence: mark.confidence,
                    rule: mark.rule,
                    cue,
                    date: None,
                }),
            }
            last = Some(at);
        }
        hits
    }
}

/// How surely a name follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trust {
    /// A role or relation: more often than not followed by something else.
    Role,
    /// A title, or "name is".
    Title,
}

/// Whether a token reads as part of a name that a cue announces.
fn accepts(token: &Token<'_>, first: bool, trust: Trust) -> bool {
    let (plain, name, common) = (token.plain(), token.namelike(), token.flags.common());
    let clinical = token.flags.any(Flags::MEDICAL | Flags::DRUG);
    let office =
        token.flags.any(Flags::ROLE | Flags::FACILITY | Flags::PLACE_NOUN | Flags::REGION | Flags::WHEN);
    match (token.shape, token.case) {
        (Shape::Number | Shape::Mixed, _) => false,
        (Shape::Initial, _) => true,
        (Shape::Uncased, _) => !office,
        (Shape::Title, Case::Told | Case::Lower) => match trust {
            Trust::Title => first || name > 0 || !clinical && !office,
            Trust::Role => {
                name > 0 && (common < 7 || !first || token.flags.given() == 3) && !(clinical && name < 2)
                    || plain <= 1 && !office
            }
        },
        // Abbreviations are in capitals too.
        (Shape::Upper, Case::Told | Case::Lower) => {
            token.letters() >= 3 && (name > 0 && !clinical || plain == 0 && token.letters() >= 5)
        }
        (Shape::Lower, Case::Told) => name > 0 && plain == 0 || first && trust == Trust::Title && plain == 0,
        (_, Case::Lower | Case::Upper) => {
            let usual = token.flags.given() == 3
                && common <= 6
                && !token.flags.any(Flags::WHEN | Flags::REGION | Flags::FOREIGN);
            let rare_enough = match (trust, first) {
                (Trust::Role, true) if usual => true,
                (Trust::Title, true) => name > 0 || plain <= 3,
                (Trust::Role, true) => name >= 2 && common <= 5 || name == 1 && common <= 3,
                (_, false) => {
                    name == 3 && common <= 6 || name == 2 && common <= 4 || name == 1 && common <= 2
                }
            };
            let unknown = plain == 0 && token.letters() >= 3;
            let firmly_plain = (clinical || office) && name < 2;
            (rare_enough || unknown) && !firmly_plain && !(common == 7 && name < 3)
        }
    }
}
