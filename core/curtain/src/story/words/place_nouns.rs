//! Places by a noun that says what they are: "Sonepur village", "Barangay Malinao", "Sector 7".

use super::super::class::Class;
use super::super::lexicon::Flags;
use super::super::token::{Case, Shape, Token};
use super::places::{back, is_only_medical, placelike};
use super::{Mark, Reading, lists};

/// A noun after a place, and what it says of the word before it.
#[derive(Clone, Copy)]
struct Noun {
    /// The lexicon has it as a noun of places: "village".
    generic: bool,
    /// It makes a place of any word: "creek".
    geographic: bool,
    /// It makes a place of a rare word: "flat".
    landform: bool,
}

impl Noun {
    fn of(token: &Token<'_>) -> Option<Self> {
        let word = token.folded.as_str();
        let generic = token.is_any(Flags::PLACE_NOUN);
        let (geographic, landform) = (lists::is_geographic(word), lists::is_landform(word));
        (generic || geographic || landform || lists::is_beside(word)).then_some(Self {
            generic,
            geographic,
            landform,
        })
    }
}

/// "Sonepur village", "Elk Basin trailhead", "CANNING BLOCK", "Lamu side".
pub(super) fn after(reading: &mut Reading<'_, '_>, at: usize) {
    if !reading.goes_on(at + 1) {
        return;
    }
    let (token, next) = (&reading.tokens[at], &reading.tokens[at + 1]);
    let Some(noun) = Noun::of(next) else { return };
    let whole_region = token.is_any(Flags::REGION)
        && !matches!(next.folded.as_str(), "county" | "district" | "city" | "town" | "village");
    if token.possessive || whole_region || !is_named(reading, at, noun) || reading.is_eponym(at) {
        return;
    }
    let first = first_of_name(reading, at);
    let proper = next.stands_out() || next.case == Case::Upper && noun.generic;
    let landmark = next.case != Case::Told && (noun.geographic || noun.landform);
    let end = if lists::is_swallowed(&next.folded) || proper || landmark { at + 2 } else { at + 1 };
    reading.mark(first..end, Mark::place("place_noun", 0.85, at + 1));
}

/// Whether the word at `at` is the name that `noun`, the word after it, wants.
fn is_named(reading: &Reading<'_, '_>, at: usize, noun: Noun) -> bool {
    let (token, next) = (&reading.tokens[at], &reading.tokens[at + 1]);
    if !token.is_titled() {
        return is_named_in_one_case(reading, at, noun);
    }
    if lists::is_label(&token.folded) {
        return false;
    }
    // Both with capitals: a proper name, of whatever words.
    if next.shape == Shape::Title {
        return (noun.generic || noun.geographic)
            && !token.is_any(Flags::PERSONAL | Flags::DRUG)
            && (token.stands_out() || token.plain() <= 4)
            && !(token.opens && token.plain() >= 4)
            && !is_only_medical(token);
    }
    let clinical = is_fixed(token) || token.is_any(Flags::MEDICAL | Flags::EPONYM) && token.place() < 2;
    let small_noun =
        lists::is_swallowed(&next.folded) || matches!(next.folded.as_str(), "side" | "trailhead");
    !clinical && (token.plain() == 0 || token.stands_out() && (token.place() > 0 || small_noun))
}

/// The same, where the word has no capital, or everything has.
fn is_named_in_one_case(reading: &Reading<'_, '_>, at: usize, noun: Noun) -> bool {
    let token = &reading.tokens[at];
    let place = placelike(token) && (token.plain() <= 1 || lists::is_swallowed(reading.folded(at + 1)));
    let town = token.place() >= 2 && noun.generic && token.common() <= 5;
    place || !is_fixed(token) && (town || is_landmark(reading, at, noun))
}

/// "gidgee flat", "otter creek": a feature of the land, after whatever word.
fn is_landmark(reading: &Reading<'_, '_>, at: usize, noun: Noun) -> bool {
    let token = &reading.tokens[at];
    if !token.is_word() || lists::is_determiner(&token.folded) {
        return false;
    }
    let rare = token.common() <= 2 && !token.is_any(Flags::FOREIGN);
    let somewhere = token.case == Case::Upper
        && token.common() <= 6
        && reading.before(at).is_some_and(|last| lists::is_whereabouts(&last.folded));
    let feature = noun.geographic && token.case != Case::Told && token.letters() >= 3;
    let form = noun.landform && token.letters() >= 4 && !token.is_any(Flags::MEDICAL) && (rare || somewhere);
    feature || form
}

/// Whether a word stays what it is before a noun of places: "hospital road", "Monday market".
fn is_fixed(token: &Token<'_>) -> bool {
    token.is_any(Flags::DRUG | Flags::PERSONAL | Flags::WHEN | Flags::FACILITY)
}

/// The first word of the place whose last word before its noun is at `last`: "fox lake landing", "12 Mill Lane".
fn first_of_name(reading: &Reading<'_, '_>, last: usize) -> usize {
    let mut first = back(reading, last);
    // Features in a row.
    while reading.goes_back(first)
        && reading.tokens[first].case != Case::Told
        && lists::is_geographic(reading.folded(first))
        && !lists::is_determiner(reading.folded(first - 1))
    {
        first -= 1;
    }
    let is_house_number = |token: &Token<'_>| token.shape == Shape::Number && token.text.len() <= 4;
    let numbered = lists::is_way(reading.folded(last + 1))
        && reading.joined(first)
        && is_house_number(&reading.tokens[first - 1]);
    if numbered { first - 1 } else { first }
}

/// "Barangay Malinao", "desa fatuneno", "gaon Chandpura", "hamlet of X".
pub(super) fn before(reading: &mut Reading<'_, '_>, at: usize) {
    let noun = &reading.tokens[at];
    let little = noun.letters() <= 3 && noun.common() >= 6;
    if !noun.is_any(Flags::PLACE_NOUN) || noun.is_any(Flags::HONORIFIC) || little {
        return;
    }
    let of = matches!(reading.folded(at + 1), "of" | "de" | "do" | "da" | "called" | "named")
        && reading.joined(at + 1);
    let first = if of { at + 2 } else { at + 1 };
    let Some(next) = reading.token(first) else { return };
    if !reading.joined(first) && next.gap != ": " || !is_named_by(next, noun, of) {
        return;
    }
    let mut end = first + 1;
    while end < first + 4 && reading.goes_on(end) && continues(&reading.tokens[end]) {
        end += 1;
    }
    let proper = noun.is_titled() && !of || noun.case == Case::Upper;
    let with_noun = proper || lists::is_swallowed(&noun.folded) && !of;
    reading.mark(if with_noun { at } else { first }..end, Mark::place("place_noun", 0.85, at));
}

/// Whether a word after a noun of places, or after that and `of`, is a place's name.
fn is_named_by(token: &Token<'_>, noun: &Token<'_>, of: bool) -> bool {
    let noun_is_word = noun.common() >= 5;
    let likely = if token.is_titled() {
        let medical = token.is_any(Flags::MEDICAL) && token.place() == 0;
        let announced = !noun_is_word || noun.shape == Shape::Title || of || token.plain() <= 1;
        announced && !medical && !lists::is_label(&token.folded)
    } else {
        !noun_is_word || of && token.plain() == 0
    };
    likely && placelike(token)
}

/// Whether a word goes on with the name of a place after its noun.
fn continues(token: &Token<'_>) -> bool {
    placelike(token) && (token.is_titled() || token.place() >= 1)
}

/// "Purok 3", "Sector 7", "Block D-4": a part of a place that has a number, beside a place or by its own noun.
pub(super) fn numbered(reading: &mut Reading<'_, '_>, at: usize) {
    if let Some(first) = parganas(reading, at) {
        reading.mark(first..at + 1, Mark::place("numbered_place", 0.9, at));
        return;
    }
    let noun = &reading.tokens[at];
    let lower = noun.shape == Shape::Lower && noun.case == Case::Told;
    if lower || !reading.token(at + 1).is_some_and(is_part_number) {
        return;
    }
    let goes_on = |next: &Token<'_>| {
        matches!(next.shape, Shape::Number | Shape::Mixed) && matches!(next.gap, "-" | "/")
    };
    let mut end = at + 2;
    while end < at + 6 && reading.token(end).is_some_and(goes_on) {
        end += 1;
    }
    let own = lists::is_numbered_part(&noun.folded);
    if own || lists::is_shared_part(&noun.folded) && is_beside_place(reading, at, end) {
        reading.mark(at..end, Mark::place("numbered_place", 0.75, at));
    }
}

/// Where "South 24 Parganas" begins, whose last word is at `at`.
fn parganas(reading: &Reading<'_, '_>, at: usize) -> Option<usize> {
    let number = at.checked_sub(1)?;
    if reading.folded(at) != "parganas" || reading.tokens[number].shape != Shape::Number {
        return None;
    }
    let side = reading.before(number).is_some_and(|side| matches!(side.folded.as_str(), "south" | "north"));
    Some(if side { number - 1 } else { number })
}

/// The number of a part of a settlement: "3", "D", "IV", "no. 7".
fn is_part_number(token: &Token<'_>) -> bool {
    let roman = !token.text.is_empty() && token.text.chars().all(|letter| "IVX".contains(letter));
    (roman || matches!(token.shape, Shape::Number | Shape::Mixed | Shape::Initial))
        && matches!(token.gap, " " | "-" | ". " | "." | " no " | " no. ")
}

/// Whether a place was found right before `first` or right from `end` on.
fn is_beside_place(reading: &Reading<'_, '_>, first: usize, end: usize) -> bool {
    let is_place = |at: usize| reading.class(at) == Some(Class::Place);
    let near = |at: usize| reading.token(at).is_some_and(|token| matches!(token.gap, ", " | " "));
    near(end) && is_place(end) || first > 0 && near(first) && is_place(first - 1)
}
