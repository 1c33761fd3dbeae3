//! Hospitals, clinics and schools by name: a run of words with capitals around a noun that says what it is.

use std::ops::Range;

use super::super::class::Class;
use super::super::lexicon::{Flags, look_up};
use super::super::token::{Case, Shape, Token};
use super::{Mark, Reading, lists};

/// Marks facilities by their nouns.
pub(super) fn by_noun(reading: &mut Reading<'_, '_>) {
    let mut at = 0;
    while at < reading.tokens.len() {
        let end = end_of_noun(reading, at);
        if end > at {
            around(reading, at..end);
            at = end;
        } else {
            at += 1;
        }
    }
}

/// The end of the noun of a facility that begins at `at`; `at` itself if none does.
fn end_of_noun(reading: &Reading<'_, '_>, at: usize) -> usize {
    let token = &reading.tokens[at];
    if token.is_any(Flags::STARTS) && reading.joined(at + 1) {
        let is_facility = |phrase: &str| look_up(phrase).any(Flags::FACILITY);
        let two = format!("{} {}", token.folded, reading.folded(at + 1));
        if reading.joined(at + 2) && is_facility(&format!("{two} {}", reading.folded(at + 2))) {
            return at + 3;
        }
        if is_facility(&two) {
            return at + 2;
        }
    }
    if token.is_any(Flags::FACILITY) || closes_name(reading, at) { at + 1 } else { at }
}

/// An ordinary word that is the noun of a facility because it closes a name with a capital: "Padmapar Cancer Home".
fn closes_name(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    let capital = |token: &Token<'_>| matches!(token.shape, Shape::Title | Shape::Upper);
    let begins_sentence = |last: &Token<'_>| last.opens && last.plain() >= 4;
    lists::is_house(&token.folded)
        && capital(token)
        && reading.joined(at)
        && reading.before(at).is_some_and(|last| capital(last) && !begins_sentence(last))
}

/// Marks the name around a noun, if there is one.
fn around(reading: &mut Reading<'_, '_>, noun: Range<usize>) {
    let head = &reading.tokens[noun.start];
    let proper = head.case == Case::Told && head.shape != Shape::Lower;
    let from = first_of_name(reading, noun.start, proper);
    let to = end_of_name(reading, noun.end, proper);
    // Words such as "District Hospital" alone name none.
    let tells = |at: &usize| !noun.contains(at) && tells(&reading.tokens[*at], *at < noun.start);
    let Some(first) = (from..to).find(tells) else { return };
    // Leading generic words belong to the name only if they have capitals and no sentence begins with them.
    let leads = from != noun.start && reading.tokens[from].opens;
    let begin = if leads { first } else { from };
    let end = (begin..to).rev().find(tells).unwrap_or(to - 1) + 1;
    // A noun in lower case is told apart from the name.
    let with_noun = proper || head.case != Case::Told;
    let name = match (with_noun, end > noun.end) {
        (true, true) => begin.min(noun.start)..end,
        (true, false) => begin..noun.end,
        (false, true) => begin.max(noun.end)..end,
        (false, false) => begin..noun.start.min(end),
    };
    let mark = Mark { cue: Some(noun.start), ..Mark::new(Class::Facility, "facility_noun", 0.9) };
    reading.mark(name, mark);
}

/// The first word of the name whose noun begins at `noun`, which is `proper` if its capital says something.
fn first_of_name(reading: &Reading<'_, '_>, noun: usize, proper: bool) -> usize {
    let mut from = noun;
    while noun - from < 5 && reading.goes_back(from) {
        let token = &reading.tokens[from - 1];
        let inner = from < noun;
        let titled_before = reading.before(from - 1).is_some_and(|token| token.shape == Shape::Title);
        let fits = is_before_noun(token, proper) || inner && is_particle(token) && titled_before;
        let ends_before = inner && token.possessive && token.plain() > 4;
        if !fits || ends_before {
            break;
        }
        from -= 1;
    }
    if from == noun && reading.tokens[noun].case == Case::Upper { bounded(reading, noun) } else { from }
}

/// The end of the name whose noun ends at `noun`.
fn end_of_name(reading: &Reading<'_, '_>, noun: usize, proper: bool) -> usize {
    let mut to = noun;
    while to < noun + 5 && reading.goes_on(to) {
        let token = &reading.tokens[to];
        let titled_after =
            reading.token(to + 1).is_some_and(|next| next.shape == Shape::Title && next.gap == " ");
        if !(is_particle(token) && titled_after || is_after_noun(token, proper)) {
            break;
        }
        to += 1;
    }
    to
}

/// Whether a word tells one facility from others, which "District" does not.
fn tells(token: &Token<'_>, before_noun: bool) -> bool {
    let meant = match token.case {
        Case::Told => true,
        Case::Upper => before_noun || is_rare(token),
        Case::Lower => is_rare(token),
    };
    let generic = lists::is_generic(&token.folded)
        || is_particle(token)
        || token.is_any(Flags::REGION | Flags::FACILITY)
        || token.opens && token.plain() >= 5;
    meant && !generic
}

fn is_rare(token: &Token<'_>) -> bool {
    token.plain() <= 2 || token.place() >= 2
}

/// In a text of capitals: the first of the words between a stop or a preposition and the noun at `first`.
fn bounded(reading: &Reading<'_, '_>, first: usize) -> usize {
    let mut from = first;
    while first - from < 4 && reading.goes_back(from) {
        let word = &reading.tokens[from - 1];
        if lists::is_whereabouts(&word.folded) || lists::is_direction(&word.folded) {
            return from;
        }
        if lists::is_determiner(&word.folded) || !word.is_word() || word.is_any(Flags::PERSONAL) {
            return first;
        }
        from -= 1;
    }
    if reading.joined(from) { first } else { from }
}

fn is_particle(token: &Token<'_>) -> bool {
    token.shape == Shape::Lower && lists::is_facility_particle(&token.folded)
}

/// A word before the noun that belongs to the facility's name: "Padmapar Hospital", "st anne clinic".
fn is_before_noun(token: &Token<'_>, proper: bool) -> bool {
    match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            token.is_any(Flags::HONORIFIC) || !begins_sentence(token) && !is_no_namesake(token)
        }
        (Shape::Upper, Case::Told) => {
            proper && token.letters() <= 5 || token.plain() == 0 && token.letters() >= 4
        }
        (Shape::Initial, Case::Told) => proper,
        _ if token.is_level() => {
            let (namelike, common) = (token.namelike(), token.common());
            let landmark =
                token.is_any(Flags::PLACE_NOUN) && !token.is_any(Flags::ROLE) && token.letters() >= 4;
            token.plain() <= 1 && token.letters() >= 3
                || landmark
                || namelike == 3 && common <= 3
                || matches!(token.folded.as_str(), "st" | "sta" | "san" | "santa" | "saint")
                || lists::is_generic(&token.folded) && common < 6
                || token.place() >= 2 && common <= 3
        }
        _ => false,
    }
}

/// Whether a capital is only that of a sentence: "Visited hospital".
fn begins_sentence(token: &Token<'_>) -> bool {
    token.opens && token.plain() >= 5 && !lists::is_generic(&token.folded)
}

/// Whether no facility is called so: a day, a drug.
fn is_no_namesake(token: &Token<'_>) -> bool {
    let drug = token.is_any(Flags::DRUG) && !token.is_any(Flags::REGION) && token.place() == 0;
    drug || token.is_any(Flags::WHEN)
}

/// A word after the noun that belongs to the facility's name: "Puskesmas Oelbubuk", "sadar hospital gaya".
fn is_after_noun(token: &Token<'_>, proper: bool) -> bool {
    match (token.shape, token.case) {
        (Shape::Title, Case::Told) => {
            let thing = token.is_any(Flags::MEDICAL) && token.namelike() == 0;
            proper
                && !thing
                && !token.is_any(Flags::WHEN | Flags::DRUG | Flags::REGION | Flags::ROLE)
                && !lists::is_label(&token.folded)
        }
        (Shape::Title | Shape::Lower, Case::Lower) | (Shape::Upper, Case::Upper) => {
            let least = if token.is_any(Flags::FOREIGN) { 2 } else { 1 };
            let place = token.place() >= least && token.common() <= 2;
            token.letters() >= 3
                && (token.plain() == 0 || place)
                && !token.is_any(Flags::CLINICAL | Flags::ROLE)
        }
        _ => false,
    }
}
