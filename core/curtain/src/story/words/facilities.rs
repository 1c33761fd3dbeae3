//! Hospitals, clinics and schools by name: a run of words with capitals around a noun that says what it is.

use super::super::class::Class;
use super::super::lexicon::{Flags, look_up};
use super::super::token::{Case, Shape, Token};
use super::{Mark, Reading, lists};

/// Marks facilities by their nouns.
pub(super) fn by_noun(reading: &mut Reading<'_, '_>) {
    let mut at = 0;
    while at < reading.tokens.len() {
        let noun = noun(reading, at);
        if noun > at {
            around(reading, at, noun);
            at = noun;
        } else {
            at += 1;
        }
    }
}

/// The end of the noun of a facility that begins at `at`; `at` itself if none does.
fn noun(reading: &Reading<'_, '_>, at: usize) -> usize {
    let token = &reading.tokens[at];
    if token.flags.any(Flags::STARTS) && reading.joined(at + 1) {
        let two = format!("{} {}", token.folded, reading.folded(at + 1));
        if reading.joined(at + 2)
            && look_up(&format!("{two} {}", reading.folded(at + 2))).any(Flags::FACILITY)
        {
            return at + 3;
        }
        if look_up(&two).any(Flags::FACILITY) {
            return at + 2;
        }
    }
    // Nouns that are ordinary words unless they close a name with a capital: "Padmapar Cancer Home".
    let house = matches!(
        token.folded.as_str(),
        "rehab"
            | "centre"
            | "center"
            | "complex"
            | "home"
            | "suite"
            | "lab"
            | "labs"
            | "laboratory"
            | "pharmacy"
            | "chemist"
            | "chemists"
            | "diagnostics"
            | "imaging"
            | "regional"
            | "maternity"
            | "hospice"
            | "foundation"
            | "institute"
            | "gh"
            | "post"
            | "service"
            | "services"
            | "practice"
            | "outpost"
            | "ashram"
            | "mill"
            | "mills"
            | "factory"
            | "mine"
            | "mines"
            | "plantation"
            | "hotel"
            | "lodge"
            | "prison"
            | "barracks"
            | "nursery"
            | "kindergarten"
            | "shelter"
            | "hostel"
    );
    let closes = house
        && matches!(token.shape, Shape::Title | Shape::Upper)
        && reading.joined(at)
        && at > 0
        && matches!(reading.tokens[at - 1].shape, Shape::Title | Shape::Upper)
        && !(reading.tokens[at - 1].opens && reading.tokens[at - 1].plain() >= 4);
    if token.flags.any(Flags::FACILITY) || closes { at + 1 } else { at }
}

/// Marks the name around the noun `first..end`, if there is one.
fn around(reading: &mut Reading<'_, '_>, first: usize, end: usize) {
    let head = &reading.tokens[first];
    let proper = head.case == Case::Told && head.shape != Shape::Lower;
    let mut from = first;
    while from > 0 && first - from < 5 && reading.joined(from) && reading.free[from - 1] {
        let token = &reading.tokens[from - 1];
        let particle =
            from < first && joins(token) && from >= 2 && reading.tokens[from - 2].shape == Shape::Title;
        if !(named(token, proper) || particle) || token.possessive && from < first && token.plain() > 4 {
            break;
        }
        from -= 1;
    }
    if head.case == Case::Upper && from == first {
        from = bounded(reading, first);
    }
    let mut to = end;
    while to < end + 5 && reading.joined(to) && reading.free[to] {
        let token = &reading.tokens[to];
        let particle = joins(token)
            && reading.token(to + 1).is_some_and(|next| next.shape == Shape::Title && next.gap == " ");
        if !(particle || after(token, proper)) {
            break;
        }
        to += 1;
    }
    // Words such as "District Hospital" alone name none.
    let tells = |at: usize| {
        let token = &reading.tokens[at];
        !(first..end).contains(&at)
            && !lists::is_generic(&token.folded)
            && !joins(token)
            && !token.flags.any(Flags::REGION | Flags::FACILITY)
            && (token.case == Case::Told
                || token.case == Case::Upper && at < first
                || token.plain() <= 2
                || token.flags.place() >= 2)
            && !(token.opens && token.plain() >= 5)
    };
    let Some(start) = (from..to).find(|at| tells(*at)) else { return };
    // Leading generic words belong to the name only if they have capitals and no sentence begins with them.
    let begin = if reading.tokens[from].opens && from < start && from != first { start } else { from };
    let last = (begin..to).rev().find(|at| tells(*at)).unwrap_or(to - 1);
    // A noun in lower case is told apart from the name.
    let (begin, stop) = match (proper || head.case != Case::Told, last >= end) {
        (true, true) => (begin.min(first), last + 1),
        (true, false) => (begin, end),
        (false, true) => (begin.max(end), last + 1),
        (false, false) => (begin, first.min(last + 1)),
    };
    let mark = Mark { class: Class::Facility, confidence: 0.9, rule: "facility_noun", cue: Some(first) };
    reading.mark(begin..stop, mark);
}

/// In a text of capitals: the first of the words between a stop or a preposition and the noun at `first`.
fn bounded(reading: &Reading<'_, '_>, first: usize) -> usize {
    let mut from = first;
    while from > 0 && first - from < 4 && reading.joined(from) && reading.free[from - 1] {
        let word = &reading.tokens[from - 1];
        if lists::is_whereabouts(&word.folded) || lists::is_direction(&word.folded) {
            return from;
        }
        if lists::is_determiner(&word.folded)
            || !word.is_word()
            || word.flags.any(Flags::ROLE | Flags::HONORIFIC)
        {
            return first;
        }
        from -= 1;
    }
    if reading.joined(from) { first } else { from }
}

fn joins(token: &Token<'_>) -> bool {
    token.shape == Shape::Lower
        && matches!(
            token.folded.as_str(),
            "of" | "de" | "da" | "do" | "dos" | "del" | "la" | "and" | "el" | "los" | "e" | "y" | "das"
        )
}

/// A word before the noun that belongs to the facility's name.
fn named(token: &Token<'_>, proper: bool) -> bool {
    match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            let brand =
                token.flags.any(Flags::DRUG) && !token.flags.any(Flags::REGION) && token.flags.place() == 0;
            !brand
                && !token.flags.any(Flags::WHEN)
                && !(token.opens && token.plain() >= 5 && !lists::is_generic(&token.folded))
                || token.flags.any(Flags::HONORIFIC)
        }
        (Shape::Upper, Case::Told) => {
            proper && token.letters() <= 5 || token.plain() == 0 && token.letters() >= 4
        }
        (Shape::Initial, Case::Told) => proper,
        (Shape::Lower, Case::Lower) | (Shape::Upper, Case::Upper) => {
            let landmark =
                token.flags.any(Flags::PLACE_NOUN) && !token.flags.any(Flags::ROLE) && token.letters() >= 4;
            token.plain() <= 1 && token.letters() >= 3
                || landmark
                || token.namelike() == 3 && token.flags.common() <= 3
                || matches!(token.folded.as_str(), "st" | "sta" | "san" | "santa" | "saint")
                || lists::is_generic(&token.folded) && token.flags.common() < 6
                || token.flags.place() >= 2 && token.flags.common() <= 3
        }
        _ => false,
    }
}

/// A word after the noun that belongs to the facility's name: "Puskesmas Oelbubuk", "sadar hospital gaya".
fn after(token: &Token<'_>, proper: bool) -> bool {
    match (token.shape, token.case) {
        (Shape::Title, Case::Told) => {
            proper
                && !token.flags.any(Flags::WHEN | Flags::DRUG | Flags::REGION | Flags::ROLE)
                && !(token.flags.any(Flags::MEDICAL) && token.namelike() == 0)
                && !lists::is_label(&token.folded)
        }
        (Shape::Title | Shape::Lower, Case::Lower) | (Shape::Upper, Case::Upper) => {
            token.letters() >= 3
                && !token.flags.any(Flags::MEDICAL | Flags::DRUG | Flags::ROLE)
                && (token.plain() == 0
                    || token.flags.place() >= 2 && token.flags.common() <= 2
                    || token.flags.place() >= 1
                        && token.flags.common() <= 2
                        && !token.flags.any(Flags::FOREIGN))
        }
        _ => false,
    }
}
