//! From what is marked to what is of the same name: words beside it, between two of it, and the same word elsewhere.

use std::collections::BTreeMap;

use super::super::class::Class;
use super::super::lexicon::Flags;
use super::super::token::{Case, Shape, Token};
use super::loose::has_inner_capital;
use super::{Mark, Reading, lists};

/// Marks words beside one marked by itself that are of the same name: initials, and names that are words too.
pub(super) fn beside(reading: &mut Reading<'_, '_>, at: usize, mark: Mark) {
    let near = Mark { confidence: mark.confidence.min(0.6), ..mark };
    let mut left = at;
    while at - left < 3 && reading.goes_back(left) && is_of(reading, at, mark.class, left - 1) {
        left -= 1;
        reading.mark(left..left + 1, near);
    }
    let mut right = at + 1;
    if mark.confidence >= 0.5 && is_inner_particle(reading, right) {
        reading.mark(right..right + 2, near);
        right += 2;
    }
    while right - at < 4
        && reading.goes_on(right)
        && !reading.tokens[right - 1].possessive
        && is_of(reading, at, mark.class, right)
    {
        reading.mark(right..right + 1, near);
        right += 1;
    }
}

/// "Maria do Rosário": a small word before the next capital.
fn is_inner_particle(reading: &Reading<'_, '_>, at: usize) -> bool {
    let particle = |token: &Token<'_>| {
        token.shape == Shape::Lower
            && token.case == Case::Told
            && lists::is_particle(&token.folded)
            && !matches!(token.folded.as_str(), "of" | "the" | "e" | "y" | "na" | "an" | "la")
    };
    reading.joined(at)
        && reading.joined(at + 1)
        && particle(&reading.tokens[at])
        && reading.token(at + 1).is_some_and(|next| next.stands_out() && next.plain() <= 4)
}

/// Whether the word at `other` is of the name or place, as `class` says, that the word at `marked` is of.
fn is_of(reading: &Reading<'_, '_>, marked: usize, class: Class, other: usize) -> bool {
    let (token, marked_token) = (&reading.tokens[other], &reading.tokens[marked]);
    match token.shape {
        Shape::Initial => class == Class::Name && is_initial(reading, other),
        Shape::Title if token.is_titled() => {
            let before = other < marked;
            let prefix = before && lists::is_place_prefix(&token.folded) && !token.opens;
            let explains = class == Class::Place
                || before && marked_token.is_unlisted() && !token.is_any(Flags::MEDICAL);
            prefix || is_name_like(token) || explains && is_word_that_stands_out(token)
        }
        Shape::Upper | Shape::Lower => token.shape == marked_token.shape && is_usual_in_one_case(token),
        _ => false,
    }
}

/// One letter of a name, and no unit, pronoun or "s/o".
fn is_initial(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    let unit = reading.before(at).is_some_and(|last| !last.is_word()) && token.gap != "\n";
    let code = reading.token(at + 1).is_some_and(|next| next.gap == "/");
    token.folded != "i" && !unit && !code
}

/// Whether a word with a capital is in no list, or is a name or place by one.
fn is_name_like(token: &Token<'_>) -> bool {
    let (plain, name) = (token.plain(), token.namelike());
    let unlisted = plain <= 1
        && token.letters() >= 3
        && !token.is_any(Flags::MEDICAL | Flags::EPONYM)
        && !has_inner_capital(token.text);
    let listed = (name >= 1 || token.place() >= 1)
        && !(token.is_any(Flags::MEDICAL) && name < 2)
        && (token.stands_out() || plain <= 3 || name >= 2);
    !token.is_any(Flags::FIXED) && (unlisted || listed)
}

/// An ordinary word with a capital where it has none: the "Two" of "Two Dot".
fn is_word_that_stands_out(token: &Token<'_>) -> bool {
    token.stands_out() && token.plain() > 0 && !token.is_any(Flags::FIXED) && !lists::is_label(&token.folded)
}

/// Where capitals say nothing: a usual name that is no usual word.
fn is_usual_in_one_case(token: &Token<'_>) -> bool {
    let (name, common) = (token.namelike(), token.common());
    (name >= 2 || token.place() >= 2)
        && (common <= 3 || name == 3 && common <= 5)
        && !token.is_any(Flags::FIXED | Flags::MEDICAL)
        && (!token.is_any(Flags::FOREIGN) || name == 3)
}

/// Marks small words between two parts of one name, and initials before a name.
pub(super) fn bridge(reading: &mut Reading<'_, '_>) {
    for at in 1..reading.tokens.len().saturating_sub(1) {
        if let Some(mark) = between(reading, at) {
            reading.mark(at..at + 1, mark);
        }
    }
    for at in (0..reading.tokens.len().saturating_sub(1)).rev() {
        if let Some(mark) = before_name(reading, at) {
            reading.mark(at..at + 1, mark);
        }
    }
}

/// The mark of a small word between two parts of one name: "Maria do Rosário", "AROHA TE WIATA".
fn between(reading: &Reading<'_, '_>, at: usize) -> Option<Mark> {
    let (Some(left), None, Some(right)) = (reading.marks[at - 1], reading.marks[at], reading.marks[at + 1])
    else {
        return None;
    };
    let word = reading.folded(at);
    let particle = lists::is_particle(word) && !matches!(word, "of" | "the" | "e" | "y" | "na");
    let one = left.class == right.class
        && reading.joined(at)
        && reading.joined(at + 1)
        && !reading.tokens[at - 1].possessive;
    (particle && one).then_some(right)
}

/// The mark of an initial before a name: "Principal H. M. Vasava".
fn before_name(reading: &Reading<'_, '_>, at: usize) -> Option<Mark> {
    let name = reading.marks[at + 1].filter(|mark| mark.class == Class::Name)?;
    let (token, next) = (&reading.tokens[at], &reading.tokens[at + 1]);
    let unit = token.gap == " " && reading.before(at).is_some_and(|last| !last.is_word());
    let initial = token.shape == Shape::Initial && reading.joined(at + 1) && next.gap.contains('.');
    (initial && !unit && reading.marks[at].is_none()).then_some(name)
}

/// Marks other occurrences of what was marked.
pub(super) fn again(reading: &mut Reading<'_, '_>) {
    let known = surest(reading);
    for (at, token) in reading.tokens.iter().enumerate() {
        if reading.marks[at].is_some() || !reading.free[at] {
            continue;
        }
        let Some(mark) = known.get(token.folded.as_str()) else { continue };
        if is_again(reading, at) {
            let again = Mark { rule: "seen_before", confidence: mark.confidence.min(0.8), ..*mark };
            reading.mark(at..at + 1, again);
        }
    }
}

/// The surest mark of each word that tells somebody or somewhere apart.
fn surest<'r>(reading: &Reading<'r, '_>) -> BTreeMap<&'r str, Mark> {
    let mut known: BTreeMap<&str, Mark> = BTreeMap::new();
    for (token, mark) in reading.tokens.iter().zip(&reading.marks) {
        let Some(mark) = mark.filter(|mark| tells(token, mark)) else { continue };
        let surest = known.entry(token.folded.as_str()).or_insert(mark);
        if surest.confidence < mark.confidence {
            *surest = mark;
        }
    }
    known
}

/// Whether a marked word means the same elsewhere.
fn tells(token: &Token<'_>, mark: &Mark) -> bool {
    let role = token.is_any(Flags::ROLE) && mark.confidence < 0.9;
    let common_place = mark.class == Class::Place && token.plain() >= 4;
    mark.confidence >= 0.45
        && mark.class != Class::Facility
        && token.letters() >= 3
        && !lists::is_particle(&token.folded)
        && !token.is_any(Flags::PLACE_NOUN | Flags::FACILITY | Flags::HONORIFIC)
        && !role
        && !common_place
}

/// Whether a word that was marked elsewhere means the same here.
fn is_again(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    let plain = token.plain();
    match (token.shape, token.case) {
        // Who was named is more likely meant than the eponym, unless its noun follows.
        (Shape::Title | Shape::Upper, Case::Told | Case::Lower) => {
            let likely = plain <= 3
                || token.possessive
                || token.stands_out()
                || lists::is_deed(reading.folded(at + 1));
            likely && !reading.names_a_thing(at)
        }
        (Shape::Lower | Shape::Upper, Case::Lower | Case::Upper) => plain <= 3 && !reading.names_a_thing(at),
        (Shape::Lower, Case::Told) => plain == 0,
        _ => false,
    }
}
