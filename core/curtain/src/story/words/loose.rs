//! Words that nothing announces: known names and places, words that no list knows, and what was found elsewhere in
//! the same text.

use std::collections::BTreeMap;

use super::super::class::Class;
use super::super::lexicon::{Flags, look_up};
use super::super::spelling::{MAYBE_A_NAME, namelike};
use super::super::token::{Case, Shape, Token};
use super::{Mark, Reading, lists};

/// Sets aside what is no identifier however it is written: a state, a score, a rare disease of several words.
pub(super) fn set_aside(reading: &mut Reading<'_, '_>) {
    let mut at = 0;
    while at < reading.tokens.len() {
        let end = kept_phrase(
            reading,
            at,
            Flags::REGION | Flags::EPONYM | Flags::MEDICAL | Flags::DRUG | Flags::RARE,
        );
        for kept in at..end {
            reading.free[kept] = false;
        }
        at = end.max(at + 1);
    }
}

/// Marks what the lexicon knows as a name or place and as nothing else, and what it does not know at all.
pub(super) fn by_lexicon(reading: &mut Reading<'_, '_>) {
    let mut at = 0;
    while at < reading.tokens.len() {
        let phrase = kept_phrase(reading, at, Flags::FACILITY);
        if phrase > at {
            at = phrase;
            continue;
        }
        if reading.free[at]
            && reading.marks[at].is_none()
            && !reading.is_eponym(at)
            && let Some(mark) = judge(reading, at)
        {
            reading.mark(at..at + 1, mark);
            beside(reading, at, mark);
        }
        at += 1;
    }
}

/// The end of the longest phrase of one of these kinds that begins at `at`; `at` itself if there is none.
fn kept_phrase(reading: &Reading<'_, '_>, at: usize, keep: u32) -> usize {
    let token = &reading.tokens[at];
    if !token.flags.any(Flags::STARTS) {
        return at;
    }
    let mut phrase = token.folded.clone();
    let mut end = at;
    for next in at + 1..(at + 5).min(reading.tokens.len()) {
        let gap = reading.tokens[next].gap.trim_start_matches(['\'', '’', 's', 'S']);
        if gap != " " && gap != "-" || reading.marks[next].is_some() {
            break;
        }
        phrase.push(' ');
        phrase.push_str(&reading.tokens[next].folded);
        let flags = look_up(&phrase);
        // A town that a score is called by is a town.
        if flags.any(keep) && (flags.place() == 0 || flags.any(Flags::REGION)) {
            end = next + 1;
        }
    }
    end
}

fn judge(reading: &Reading<'_, '_>, at: usize) -> Option<Mark> {
    let token = &reading.tokens[at];
    let (plain, name, place) = (token.plain(), token.namelike(), token.flags.place());
    let (unknown, long) = (plain == 0 && name == 0 && place == 0, token.letters() >= 3);
    let fixed = token
        .flags
        .any(Flags::REGION | Flags::WHEN | Flags::DRUG | Flags::HONORIFIC | Flags::ROLE | Flags::FACILITY);
    let medical = token.flags.any(Flags::MEDICAL);
    // "Hemi" is a prefix, and a name in mid-sentence.
    let known_as = token.flags.given() >= 2 && token.flags.common() <= 2;
    let somewhere = at.checked_sub(1).is_some_and(|last| {
        (lists::is_whereabouts(reading.folded(last)) || lists::is_direction(reading.folded(last)))
            && reading.joined(at)
    });
    let class = if place > name || somewhere && (place > 0 || unknown) { Class::Place } else { Class::Name };
    let of = |confidence, rule| Some(Mark { class, confidence, rule, cue: None });
    match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => match () {
            () if token.flags.any(Flags::EPONYM)
                && token.flags.given() < 3
                && (place == 0 || !somewhere)
                && !pair(reading, at) =>
            {
                None
            }
            () if organism(reading, at) || inner_capital(token.text) => None,
            () if pair(reading, at) => of(0.7, "two_names"),
            () if token.flags.given() >= 2 && own_name(reading, at) => of(0.5, "name_list"),
            () if whose(reading, at) => of(0.5, "possessive"),
            () if !long && (name <= 1 || plain > 0) => None,
            () if plain == 0 && name >= 1 => of(0.85, "name_list"),
            () if plain == 0 && place >= 1 => of(0.8, "place_list"),
            () if unknown => {
                unfamiliar(token, somewhere).and_then(|confidence| of(confidence, "unknown_word"))
            }
            // A foreign word with a capital in mid-sentence is a name as often as not.
            () if only_foreign(token) && token.stands_out() => of(0.5, "unknown_word"),
            () if fixed || medical && plain >= 5 && !(known_as && token.stands_out()) => None,
            () if name >= 2 && plain <= 3 && (token.stands_out() || plain <= 2) => of(0.6, "name_list"),
            () if place >= 2 && plain <= 3 && token.stands_out() => of(0.6, "place_list"),
            () if token.flags.given() >= 2 && plain <= 5 && token.stands_out() => of(0.45, "name_list"),
            () if name >= 1 && plain <= 2 && token.stands_out() => of(0.45, "name_list"),
            () => None,
        },
        (Shape::Upper, Case::Told | Case::Lower) => match () {
            () if token.letters() >= 4 && plain == 0 && name >= 2 => of(0.6, "name_list"),
            () if token.letters() >= 6 && plain == 0 => {
                unfamiliar(token, somewhere).and_then(|confidence| of(confidence, "unknown_word"))
            }
            () => None,
        },
        // Of other scripts nothing is known: a warning says so.
        (Shape::Lower | Shape::Upper, _) if token.is_unread() => None,
        (Shape::Lower, Case::Lower) | (Shape::Upper, Case::Upper) => match () {
            () if fixed || medical || token.letters() < 4 && name + place < 2 => None,
            () if plain == 0 && name >= 1 => of(0.7, "name_list"),
            () if plain == 0 && place >= 1 => of(0.65, "place_list"),
            () if unknown && token.letters() >= 4 => {
                unfamiliar(token, somewhere).and_then(|confidence| of(confidence, "unknown_word"))
            }
            () if name >= 2 && plain <= 1 => of(0.5, "name_list"),
            () if name == 3
                && only_foreign(token)
                && token.letters() >= 4
                && !foreign_beside(reading, at) =>
            {
                of(0.45, "name_list")
            }
            () if place >= 2 && plain <= 1 => of(0.5, "place_list"),
            () => None,
        },
        _ => None,
    }
}

/// `MenB`, `TRAb`, `CKDu`: an abbreviation. `McNeil`, `DeLuca` and `O'Brien` are names.
fn inner_capital(word: &str) -> bool {
    let prefixed =
        ["Mc", "Mac", "O'", "O’", "D'", "D’", "De", "Di", "La", "Le", "Fitz", "Van", "Al-", "El-", "Ap"]
            .iter()
            .any(|start| word.starts_with(start));
    let mut last = '-';
    let inner = word.chars().any(|letter| {
        let inner = letter.is_uppercase() && !matches!(last, '-' | '\'' | '’');
        last = letter;
        inner
    });
    inner && !prefixed
}

/// "Causus maculatus": a genus and its species.
fn organism(reading: &Reading<'_, '_>, at: usize) -> bool {
    const GENUS: [&str; 15] =
        ["us", "is", "a", "um", "es", "as", "ix", "ys", "ax", "on", "os", "ops", "ens", "ex", "er"];
    const SPECIES: [&str; 12] =
        ["us", "um", "is", "ii", "ae", "ensis", "ans", "orum", "arum", "ei", "oides", "ens"];
    let genus =
        GENUS.iter().any(|end| reading.folded(at).ends_with(end)) && reading.tokens[at].letters() >= 5;
    reading.token(at + 1).is_some_and(|next| {
        let latin = next.letters() >= 5
            && next.flags.common() <= 2
            && SPECIES.iter().any(|end| next.folded.ends_with(end));
        genus && latin && next.gap == " " && next.shape == Shape::Lower && next.namelike() < 2
    })
}

/// A word of another language, and of no list of ours besides.
fn only_foreign(token: &Token<'_>) -> bool {
    let other = Flags::MEDICAL
        | Flags::DRUG
        | Flags::REGION
        | Flags::EPONYM
        | Flags::FACILITY
        | Flags::PLACE_NOUN
        | Flags::ROLE
        | Flags::HONORIFIC
        | Flags::WHEN;
    token.flags.any(Flags::FOREIGN) && token.flags.common() == 0 && !token.flags.any(other)
}

/// Whether a word beside it is of another language too, so that it is more likely a word than a name.
fn foreign_beside(reading: &Reading<'_, '_>, at: usize) -> bool {
    let foreign = |other: usize| {
        reading.token(other).is_some_and(|token| token.flags.any(Flags::FOREIGN) && token.flags.common() < 5)
    };
    at > 0 && foreign(at - 1) || foreign(at + 1)
}

/// Two names beside each other, of which each is a word as well: "April Joy", "Art Bill".
fn pair(reading: &Reading<'_, '_>, at: usize) -> bool {
    let name = |other: usize| {
        reading.token(other).is_some_and(|token| {
            token.shape == Shape::Title
                && token.case != Case::Upper
                && token.namelike() >= 2
                && reading.free[other]
                && !token.flags.any(Flags::HONORIFIC | Flags::REGION | Flags::DRUG | Flags::FACILITY)
                && !(token.flags.any(Flags::ROLE) && token.flags.common() > 0)
        })
    };
    let unknown = |other: usize| {
        reading
            .token(other)
            .is_some_and(|token| token.plain() == 0 && token.stands_out() && reading.free[other])
    };
    let leads = |first: usize| {
        name(first)
            && reading.tokens[first].flags.given() >= 2
            && unknown(first + 1)
            && reading.tokens[first + 1].gap == " "
            && !reading.tokens[first].possessive
            && reading.tokens[first].flags.common() <= 6
    };
    if leads(at) || at > 0 && leads(at - 1) {
        return true;
    }
    let beside = |first: usize| {
        name(first)
            && name(first + 1)
            && reading.tokens[first + 1].gap == " "
            && reading.tokens[first + 1].stands_out()
            && reading.tokens[first].flags.given() >= 2
            && !reading.tokens[first].possessive
            && !(reading.tokens[first].opens
                && reading.tokens[first].flags.common() == 7
                && reading.tokens[first + 1].flags.common() >= 6)
    };
    beside(at) || at > 0 && beside(at - 1)
}

/// A given name that something belongs to, or that a bracket follows, where a sentence or an item of a list begins:
/// "Paddy's follow up", "3. Mercy (no surname)".
fn whose(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    let fixed = Flags::REGION
        | Flags::WHEN
        | Flags::DRUG
        | Flags::FACILITY
        | Flags::EPONYM
        | Flags::ROLE
        | Flags::HONORIFIC
        | Flags::MEDICAL;
    let bracket = reading.token(at + 1).is_some_and(|next| next.gap == " (") && token.flags.given() == 3;
    let usual = token.flags.given() == 3 && token.possessive && !token.flags.any(fixed & !Flags::MEDICAL);
    let owns = token.possessive && token.flags.common() <= 5 || bracket && token.flags.common() <= 6;
    usual || owns && token.flags.given() >= 1 && !token.flags.any(fixed)
}

/// A usual given name that is a title or a role as well ("Asha", "Maria"), standing alone.
fn own_name(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    let alone =
        !(reading.joined(at + 1) && reading.token(at + 1).is_some_and(|next| next.shape == Shape::Title));
    let fixed = Flags::REGION | Flags::WHEN | Flags::DRUG | Flags::FACILITY | Flags::EPONYM;
    token.flags.any(Flags::ROLE | Flags::HONORIFIC | Flags::MEDICAL | Flags::FOREIGN)
        && !token.flags.any(fixed)
        && token.flags.common() <= 1
        && token.letters() >= 4
        && (alone || !token.flags.any(Flags::HONORIFIC))
        && (token.flags.given() == 3 || token.stands_out())
}

/// How surely a word that no list has is a name, if it is spelled like one or stands where places stand.
fn unfamiliar(token: &Token<'_>, somewhere: bool) -> Option<f32> {
    let spelled = namelike(&token.folded);
    (spelled >= MAYBE_A_NAME || somewhere).then_some(0.45 + 0.3 * spelled)
}

/// Words beside a marked one that are of the same name: initials, and names that are words too.
fn beside(reading: &mut Reading<'_, '_>, at: usize, mark: Mark) {
    let near = Mark { confidence: mark.confidence.min(0.6), ..mark };
    let fits = |reading: &Reading<'_, '_>, other: usize| {
        let token = &reading.tokens[other];
        let fixed = token.flags.any(
            Flags::REGION | Flags::DRUG | Flags::HONORIFIC | Flags::ROLE | Flags::FACILITY | Flags::WHEN,
        );
        match token.shape {
            Shape::Initial => {
                let unit = other
                    .checked_sub(1)
                    .is_some_and(|last| !reading.tokens[last].is_word() && token.gap != "\n");
                let code = reading.token(other + 1).is_some_and(|next| next.gap == "/");
                mark.class == Class::Name && token.folded != "i" && !unit && !code
            }
            Shape::Title if token.case != Case::Upper => {
                token.plain() <= 1
                    && token.letters() >= 3
                    && !fixed
                    && !token.flags.any(Flags::MEDICAL | Flags::EPONYM)
                    && !inner_capital(token.text)
                    || (token.namelike() >= 1 || token.flags.place() >= 1)
                        && !fixed
                        && !(token.flags.any(Flags::MEDICAL) && token.namelike() < 2)
                        && (token.stands_out() || token.plain() <= 3 || token.namelike() >= 2)
                    || other < at
                        && mark.class != Class::Facility
                        && lists::is_place_prefix(&token.folded)
                        && !token.opens
                    || token.stands_out()
                        && !fixed
                        && token.plain() > 0
                        && other < at
                        && reading.tokens[at].flags == Flags::default()
                        && !token.flags.any(Flags::MEDICAL)
                        && !lists::is_label(&token.folded)
                    || mark.class == Class::Place
                        && token.stands_out()
                        && !fixed
                        && token.plain() > 0
                        && !lists::is_label(&token.folded)
            }
            Shape::Upper | Shape::Lower => {
                token.shape == reading.tokens[at].shape
                    && (token.namelike() >= 2 || token.flags.place() >= 2)
                    && (token.flags.common() <= 3 || token.namelike() == 3 && token.flags.common() <= 5)
                    && !fixed
                    && !token.flags.any(Flags::MEDICAL)
                    && (!token.flags.any(Flags::FOREIGN) || token.namelike() == 3)
            }
            _ => false,
        }
    };
    let mut left = at;
    while left > 0
        && reading.joined(left)
        && reading.free[left - 1]
        && fits(reading, left - 1)
        && at - left < 3
    {
        left -= 1;
        reading.mark(left..left + 1, near);
    }
    let mut right = at + 1;
    // "Maria do Rosário": over a small word to the next capital.
    let inner = reading.token(right).is_some_and(|token| {
        token.shape == Shape::Lower
            && token.case == Case::Told
            && lists::is_particle(&token.folded)
            && !matches!(token.folded.as_str(), "of" | "the" | "e" | "y" | "na" | "an" | "la")
    });
    if inner
        && mark.confidence >= 0.5
        && reading.joined(right)
        && reading.joined(right + 1)
        && reading.token(right + 1).is_some_and(|next| next.stands_out() && next.plain() <= 4)
    {
        reading.mark(right..right + 2, near);
        right += 2;
    }
    while reading.joined(right)
        && reading.free[right]
        && !reading.tokens[right - 1].possessive
        && fits(reading, right)
        && right - at < 4
    {
        reading.mark(right..right + 1, near);
        right += 1;
    }
}

/// Marks the small word between two parts of one name: "Maria do Rosário", "AROHA TE WIATA".
pub(super) fn bridge(reading: &mut Reading<'_, '_>) {
    for at in 1..reading.tokens.len().saturating_sub(1) {
        let (Some(left), None, Some(right)) =
            (reading.marks[at - 1], reading.marks[at], reading.marks[at + 1])
        else {
            continue;
        };
        let particle = lists::is_particle(reading.folded(at))
            && !matches!(reading.folded(at), "of" | "the" | "e" | "y" | "na");
        let one = left.class == right.class
            && reading.joined(at)
            && reading.joined(at + 1)
            && !reading.tokens[at - 1].possessive;
        if particle && one {
            reading.mark(at..at + 1, right);
        }
    }
    // "Principal H. M. Vasava": initials before a name.
    for at in (0..reading.tokens.len().saturating_sub(1)).rev() {
        let Some(right) = reading.marks[at + 1].filter(|mark| mark.class == Class::Name) else { continue };
        let unit = at > 0 && !reading.tokens[at - 1].is_word() && reading.tokens[at].gap == " ";
        if reading.tokens[at].shape == Shape::Initial
            && reading.marks[at].is_none()
            && reading.joined(at + 1)
            && reading.tokens[at + 1].gap.contains('.')
            && !unit
        {
            reading.mark(at..at + 1, right);
        }
    }
}

/// Marks other occurrences of what was marked.
pub(super) fn again(reading: &mut Reading<'_, '_>) {
    let mut known: BTreeMap<String, Mark> = BTreeMap::new();
    for (token, mark) in reading.tokens.iter().zip(&reading.marks) {
        let Some(mark) = mark.filter(|mark| mark.confidence >= 0.45 && mark.class != Class::Facility) else {
            continue;
        };
        let tells = token.letters() >= 3
            && !lists::is_particle(&token.folded)
            && !token.flags.any(Flags::PLACE_NOUN | Flags::FACILITY | Flags::HONORIFIC)
            && (!token.flags.any(Flags::ROLE) || mark.confidence >= 0.9)
            && !(mark.class == Class::Place && token.plain() >= 4);
        if tells {
            known
                .entry(token.folded.clone())
                .and_modify(|old| {
                    if old.confidence < mark.confidence {
                        *old = mark;
                    }
                })
                .or_insert(mark);
        }
    }
    for at in 0..reading.tokens.len() {
        let token = &reading.tokens[at];
        if reading.marks[at].is_some() || !reading.free[at] {
            continue;
        }
        let Some(mark) = known.get(&token.folded) else { continue };
        let plain = token.plain();
        let fits = match (token.shape, token.case) {
            (Shape::Title | Shape::Upper, Case::Told | Case::Lower) => {
                !reading.is_eponym(at)
                    && (plain <= 3 || token.stands_out() || lists::is_deed(reading.folded(at + 1)))
            }
            (Shape::Lower | Shape::Upper, Case::Lower | Case::Upper) => plain <= 3 && !reading.is_eponym(at),
            (Shape::Lower, Case::Told) => plain == 0,
            _ => false,
        };
        if fits {
            let again = Mark { rule: "seen_before", confidence: mark.confidence.min(0.8), ..*mark };
            reading.mark(at..at + 1, again);
        }
    }
}
