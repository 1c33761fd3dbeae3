//! Words that nothing announces: known names and places, and words that no list knows.

use super::super::class::Class;
use super::super::lexicon::{Flags, look_up};
use super::super::spelling::{MAYBE_A_NAME, namelike};
use super::super::token::{Case, Shape, Token};
use super::{Mark, Reading, lists, spread};

/// How sure a mark is, and its rule.
type Verdict = Option<(f32, &'static str)>;

/// Sets aside what is no identifier however it is written: a state, a score, a rare disease of several words.
pub(super) fn set_aside(reading: &mut Reading<'_, '_>) {
    let kept = Flags::REGION | Flags::EPONYM | Flags::CLINICAL | Flags::RARE;
    let mut at = 0;
    while at < reading.tokens.len() {
        let end = end_of_phrase(reading, at, kept);
        reading.free[at..end].fill(false);
        at = end.max(at + 1);
    }
}

/// Marks what the lexicon knows as a name or place and as nothing else, and what it does not know at all.
pub(super) fn by_lexicon(reading: &mut Reading<'_, '_>) {
    let mut at = 0;
    while at < reading.tokens.len() {
        let phrase = end_of_phrase(reading, at, Flags::FACILITY);
        if phrase > at {
            at = phrase;
            continue;
        }
        let open = reading.free[at] && reading.marks[at].is_none() && !reading.is_eponym(at);
        if open && let Some(mark) = judge(reading, at) {
            reading.mark(at..at + 1, mark);
            spread::beside(reading, at, mark);
        }
        at += 1;
    }
}

/// The end of the longest phrase of one of these `kinds` that begins at `at`; `at` itself if there is none.
fn end_of_phrase(reading: &Reading<'_, '_>, at: usize, kinds: u32) -> usize {
    let token = &reading.tokens[at];
    if !token.is_any(Flags::STARTS) {
        return at;
    }
    let mut phrase = token.folded.clone();
    let mut end = at;
    for (next, token) in reading.tokens.iter().enumerate().skip(at + 1).take(4) {
        if !matches!(token.gap_after_possessive(), " " | "-") || reading.marks[next].is_some() {
            break;
        }
        phrase.push(' ');
        phrase.push_str(&token.folded);
        let flags = look_up(&phrase);
        // A town that a score is called by is a town.
        if flags.any(kinds) && (flags.place() == 0 || flags.any(Flags::REGION)) {
            end = next + 1;
        }
    }
    end
}

/// What a word is by itself, if it is a name or a place.
fn judge(reading: &Reading<'_, '_>, at: usize) -> Option<Mark> {
    let token = &reading.tokens[at];
    let somewhere = is_somewhere(reading, at);
    let (confidence, rule) = match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => titled(reading, at, somewhere),
        (Shape::Upper, Case::Told | Case::Lower) => in_capitals(token, somewhere),
        // Of other scripts nothing is known: a warning says so.
        _ if token.is_level() && !token.is_unread() => level(reading, at, somewhere),
        _ => None,
    }?;
    let place = token.place() > token.namelike() || somewhere && (token.place() > 0 || is_unknown(token));
    let class = if place { Class::Place } else { Class::Name };
    Some(Mark::new(class, rule, confidence))
}

/// Whether a preposition stands before the word: "in Sonepur".
fn is_somewhere(reading: &Reading<'_, '_>, at: usize) -> bool {
    let is_cue = |last: &Token<'_>| lists::is_whereabouts(&last.folded) || lists::is_direction(&last.folded);
    reading.joined(at) && reading.before(at).is_some_and(is_cue)
}

/// Whether it is nothing that the lexicon has: no word, no name, no place.
fn is_unknown(token: &Token<'_>) -> bool {
    token.plain() == 0 && token.namelike() == 0 && token.place() == 0
}

/// A word with a capital.
fn titled(reading: &Reading<'_, '_>, at: usize, somewhere: bool) -> Verdict {
    let token = &reading.tokens[at];
    let (plain, name, place, given) = (token.plain(), token.namelike(), token.place(), token.given());
    let stands_out = token.stands_out();
    let two_names = is_of_pair(reading, at);
    let eponym = token.is_any(Flags::EPONYM) && given < 3 && !(place > 0 && somewhere);
    // "Hemi" is a prefix, and a name in mid-sentence.
    let known_as = given >= 2 && token.common() <= 2 && stands_out;
    let medical = token.is_any(Flags::MEDICAL) && plain >= 5 && !known_as;
    match () {
        () if eponym && !two_names || is_organism(reading, at) || has_inner_capital(token.text) => None,
        () if two_names => Some((0.7, "two_names")),
        () if given >= 2 && is_own_name(reading, at) => Some((0.5, "name_list")),
        () if is_owner(reading, at) => Some((0.5, "possessive")),
        () if token.letters() < 3 && (name <= 1 || plain > 0) => None,
        () if plain == 0 && name >= 1 => Some((0.85, "name_list")),
        () if plain == 0 && place >= 1 => Some((0.8, "place_list")),
        () if is_unknown(token) => unfamiliar(token, somewhere),
        // A foreign word with a capital in mid-sentence is a name as often as not.
        () if is_only_foreign(token) && stands_out => Some((0.5, "unknown_word")),
        () if token.is_any(Flags::FIXED) || medical => None,
        () if name >= 2 && (plain <= 2 || plain <= 3 && stands_out) => Some((0.6, "name_list")),
        () if place >= 2 && plain <= 3 && stands_out => Some((0.6, "place_list")),
        () if given >= 2 && plain <= 5 && stands_out => Some((0.45, "name_list")),
        () if name >= 1 && plain <= 2 && stands_out => Some((0.45, "name_list")),
        () => None,
    }
}

/// A word in capitals, where others are not: an abbreviation, unless it is long.
fn in_capitals(token: &Token<'_>, somewhere: bool) -> Verdict {
    match () {
        () if token.plain() > 0 => None,
        () if token.letters() >= 4 && token.namelike() >= 2 => Some((0.6, "name_list")),
        () if token.letters() >= 6 => unfamiliar(token, somewhere),
        () => None,
    }
}

/// A word in a text where capitals say nothing.
fn level(reading: &Reading<'_, '_>, at: usize, somewhere: bool) -> Verdict {
    let token = &reading.tokens[at];
    let (plain, name, place) = (token.plain(), token.namelike(), token.place());
    let short = token.letters() < 4;
    match () {
        () if token.is_any(Flags::FIXED | Flags::MEDICAL) || short && name + place < 2 => None,
        () if plain == 0 && name >= 1 => Some((0.7, "name_list")),
        () if plain == 0 && place >= 1 => Some((0.65, "place_list")),
        () if is_unknown(token) => unfamiliar(token, somewhere),
        () if name >= 2 && plain <= 1 => Some((0.5, "name_list")),
        () if name == 3 && !short && is_only_foreign(token) && !is_foreign_beside(reading, at) => {
            Some((0.45, "name_list"))
        }
        () if place >= 2 && plain <= 1 => Some((0.5, "place_list")),
        () => None,
    }
}

/// How surely a word that no list has is a name, if it is spelled like one or stands where places stand.
fn unfamiliar(token: &Token<'_>, somewhere: bool) -> Verdict {
    let spelled = namelike(&token.folded);
    (spelled >= MAYBE_A_NAME || somewhere).then_some((0.45 + 0.3 * spelled, "unknown_word"))
}

/// `MenB`, `TRAb`, `CKDu`: an abbreviation. `McNeil`, `DeLuca` and `O'Brien` are names.
pub(super) fn has_inner_capital(word: &str) -> bool {
    const PREFIXES: [&str; 15] =
        ["Mc", "Mac", "O'", "O’", "D'", "D’", "De", "Di", "La", "Le", "Fitz", "Van", "Al-", "El-", "Ap"];
    let mut last = '-';
    let inner = word.chars().any(|letter| {
        let inner = letter.is_uppercase() && !matches!(last, '-' | '\'' | '’');
        last = letter;
        inner
    });
    inner && !PREFIXES.iter().any(|start| word.starts_with(start))
}

/// "Causus maculatus": a genus and its species.
fn is_organism(reading: &Reading<'_, '_>, at: usize) -> bool {
    const GENUS: [&str; 15] =
        ["us", "is", "a", "um", "es", "as", "ix", "ys", "ax", "on", "os", "ops", "ens", "ex", "er"];
    const SPECIES: [&str; 12] =
        ["us", "um", "is", "ii", "ae", "ensis", "ans", "orum", "arum", "ei", "oides", "ens"];
    let ends = |token: &Token<'_>, endings: &[&str]| {
        token.letters() >= 5 && endings.iter().any(|end| token.folded.ends_with(end))
    };
    let is_species = |next: &Token<'_>| {
        next.gap == " "
            && next.shape == Shape::Lower
            && next.common() <= 2
            && next.namelike() < 2
            && ends(next, &SPECIES)
    };
    ends(&reading.tokens[at], &GENUS) && reading.token(at + 1).is_some_and(is_species)
}

/// A word of another language, and of no list of ours besides.
fn is_only_foreign(token: &Token<'_>) -> bool {
    let other = Flags::FIXED | Flags::MEDICAL | Flags::EPONYM | Flags::PLACE_NOUN;
    token.is_any(Flags::FOREIGN) && token.common() == 0 && !token.is_any(other)
}

/// Whether a word beside it is of another language too, so that it is more likely a word than a name.
fn is_foreign_beside(reading: &Reading<'_, '_>, at: usize) -> bool {
    let foreign = |token: &Token<'_>| token.is_any(Flags::FOREIGN) && token.common() < 5;
    reading.before(at).is_some_and(foreign) || reading.token(at + 1).is_some_and(foreign)
}

/// Whether the word is one of two names beside each other, of which each is a word as well: "April Joy", "Art Bill".
fn is_of_pair(reading: &Reading<'_, '_>, at: usize) -> bool {
    let leads = |first: usize| is_pair(reading, first) || is_before_surname(reading, first);
    leads(at) || at > 0 && leads(at - 1)
}

/// Whether the word at `first` and the next are two names.
fn is_pair(reading: &Reading<'_, '_>, first: usize) -> bool {
    let (token, Some(next)) = (&reading.tokens[first], reading.token(first + 1)) else { return false };
    let plain = token.opens && token.common() == 7 && next.common() >= 6;
    is_first_name(reading, first)
        && is_name_and_word(reading, first + 1)
        && next.gap == " "
        && next.stands_out()
        && !plain
}

/// Whether the word at `first` is a given name before a word that no list has: "Joy Umbwalo".
fn is_before_surname(reading: &Reading<'_, '_>, first: usize) -> bool {
    let is_surname = |next: &Token<'_>| next.gap == " " && next.plain() == 0 && next.stands_out();
    is_first_name(reading, first)
        && reading.tokens[first].common() <= 6
        && reading.token(first + 1).is_some_and(is_surname)
        && reading.free[first + 1]
}

fn is_first_name(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    token.given() >= 2 && !token.possessive && is_name_and_word(reading, at)
}

/// Whether a word with a capital is a usual name, whatever else it is.
fn is_name_and_word(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    let role = token.is_any(Flags::ROLE) && token.common() > 0;
    // "White" and "Black" are surnames after a given name.
    let follows = token.gap == " " && reading.before(at).is_some_and(|last| last.given() >= 2);
    let fixed = token.is_any(Flags::HONORIFIC | Flags::DRUG | Flags::FACILITY)
        || token.is_any(Flags::REGION) && !(follows && token.namelike() == 3);
    token.is_titled() && token.namelike() >= 2 && reading.free[at] && !fixed && !role
}

/// A given name that something belongs to, or that a bracket follows, where a sentence or an item of a list begins:
/// "Paddy's follow up", "3. Mercy (no surname)".
fn is_owner(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    let (given, common) = (token.given(), token.common());
    if given == 0 || token.is_any(Flags::FIXED | Flags::EPONYM) {
        return false;
    }
    let bracket = given == 3 && common <= 6 && reading.token(at + 1).is_some_and(|next| next.gap == " (");
    let owns = token.possessive && common <= 5;
    given == 3 && token.possessive || (owns || bracket) && !token.is_any(Flags::MEDICAL)
}

/// A usual given name that is a title or a role as well ("Asha", "Maria"), standing alone.
fn is_own_name(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    let before_name =
        reading.joined(at + 1) && reading.token(at + 1).is_some_and(|next| next.shape == Shape::Title);
    let other = Flags::REGION | Flags::WHEN | Flags::DRUG | Flags::FACILITY | Flags::EPONYM;
    token.is_any(Flags::PERSONAL | Flags::MEDICAL | Flags::FOREIGN)
        && !token.is_any(other)
        && token.common() <= 1
        && token.letters() >= 4
        && !(before_name && token.is_any(Flags::HONORIFIC))
        && (token.given() == 3 || token.stands_out())
}
