//! Places by the words beside them: a generic noun, a preposition, a region after a comma.

use super::super::class::Class;
use super::super::lexicon::{Flags, look_up};
use super::super::spelling::namelike;
use super::super::token::{Case, Shape, Token};
use super::{Mark, Reading, lists};

/// Marks places by their cues.
pub(super) fn by_cue(reading: &mut Reading<'_, '_>) {
    for at in 0..reading.tokens.len() {
        if !reading.free[at] {
            continue;
        }
        phrase(reading, at);
        noun_after(reading, at);
        noun_before(reading, at);
        whereabouts(reading, at);
        region_after(reading, at);
    }
    for at in 0..reading.tokens.len() {
        if reading.free[at] {
            numbered(reading, at);
        }
    }
}

fn place(rule: &'static str, confidence: f32, cue: usize) -> Mark {
    Mark { class: Class::Place, confidence, rule, cue: Some(cue) }
}

/// "Dar es Salaam", "san jacinto": a place of several words that the lexicon has.
fn phrase(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    if !token.flags.any(Flags::STARTS) || !token.could_be_name() {
        return;
    }
    let mut words = token.folded.clone();
    let (mut end, mut size) = (at, 0);
    for next in at + 1..at + 4 {
        let Some(word) =
            reading.token(next).filter(|word| matches!(word.gap, " " | "-" | ". ") && reading.free[next])
        else {
            break;
        };
        words.push(' ');
        words.push_str(&word.folded);
        let flags = look_up(&words);
        if flags.place() > 0 && !flags.any(Flags::REGION) && (word.stands_out() || word.case != Case::Told) {
            (end, size) = (next + 1, flags.place());
        }
    }
    // In a text without capitals a small place may be any two words.
    let somewhere = at > 0 && lists::is_whereabouts(reading.folded(at - 1)) && reading.joined(at);
    if end > at && (token.case == Case::Told && !(token.opens && token.plain() > 5) || size == 3 || somewhere)
    {
        reading.mark(at..end, Mark { class: Class::Place, confidence: 0.8, rule: "place_list", cue: None });
    }
}

/// A word that names a place if anything beside it says so.
fn placelike(token: &Token<'_>) -> bool {
    let other = Flags::DRUG | Flags::REGION | Flags::WHEN | Flags::HONORIFIC | Flags::ROLE;
    match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            !token.flags.any(other)
                || token.flags.place() >= 1 && !token.flags.any(Flags::REGION | Flags::WHEN)
        }
        (Shape::Upper, Case::Told) => {
            token.plain() == 0 && (token.letters() >= 6 || token.letters() >= 4 && token.flags.place() > 0)
        }
        (Shape::Lower, Case::Lower) | (Shape::Upper, Case::Upper) => {
            let small =
                token.flags.common() <= 2 && !token.flags.any(other | Flags::MEDICAL | Flags::FOREIGN);
            token.letters() >= 3
                && (token.plain() == 0
                    || small && token.flags.place() >= 1
                    || token.flags.place() >= 2 && token.flags.common() <= 3)
        }
        (Shape::Uncased, _) => token.flags == Flags::default(),
        _ => false,
    }
}

/// Goes back from `last` over the words of one place's name; the first of them.
fn back(reading: &Reading<'_, '_>, last: usize) -> usize {
    let mut first = last;
    while first > 0 && last - first < 3 && reading.joined(first) && reading.free[first - 1] {
        let token = &reading.tokens[first - 1];
        let particle = lists::is_particle(&token.folded)
            && first >= 2
            && token.shape == Shape::Lower
            && token.case == Case::Told
            && reading.tokens[first - 2].shape == Shape::Title
            && !lists::is_whereabouts(&token.folded)
            && token.folded != "of";
        let upper = token.case == Case::Upper && token.shape == Shape::Upper;
        let titled = token.shape == Shape::Title
            && (token.stands_out() || !lists::is_label(&token.folded) && token.plain() < 6);
        let fits = if upper || token.case == Case::Lower && token.shape == Shape::Lower {
            placelike(token)
                || token.namelike() >= 2
                    && token.flags.common() <= 2
                    && !token.flags.any(Flags::ROLE | Flags::HONORIFIC)
        } else {
            titled
                && !token.flags.any(Flags::HONORIFIC | Flags::ROLE | Flags::WHEN | Flags::REGION)
                && !lists::is_generic(&token.folded)
                || token.stands_out() && (token.flags.place() > 0 || lists::is_place_prefix(&token.folded))
        };
        if !(particle || fits) {
            break;
        }
        first -= 1;
    }
    first
}

/// "Sonepur village", "Elk Basin trailhead", "CANNING BLOCK", "Lamu side".
fn noun_after(reading: &mut Reading<'_, '_>, at: usize) {
    let Some(noun) = reading.token(at + 1) else { return };
    if !reading.joined(at + 1) || !reading.free[at + 1] {
        return;
    }
    let token = &reading.tokens[at];
    let generic = noun.flags.any(Flags::PLACE_NOUN);
    let beside = lists::is_beside(&noun.folded)
        || lists::is_geographic(&noun.folded)
        || lists::is_landform(&noun.folded);
    if !(generic || beside)
        || token.possessive
        || token.flags.any(Flags::REGION)
            && !matches!(noun.folded.as_str(), "county" | "district" | "city" | "town" | "village")
    {
        return;
    }
    let swallows = lists::is_swallowed(&noun.folded);
    let fits = match (token.shape, noun.shape) {
        // Both with capitals: a proper name, of whatever words.
        (Shape::Title, Shape::Title) if token.case != Case::Upper => {
            (generic || lists::is_geographic(&noun.folded))
                && !lists::is_label(&token.folded)
                && !token.flags.any(Flags::HONORIFIC | Flags::ROLE | Flags::DRUG)
                && (token.stands_out() || token.plain() <= 4)
                && !(token.plain() >= 4 && token.opens)
                && !(token.flags.any(Flags::MEDICAL) && token.flags.place() == 0 && token.flags.common() < 4)
        }
        (Shape::Title, _) if token.case != Case::Upper => {
            let clinical =
                token.flags.any(Flags::DRUG | Flags::ROLE | Flags::HONORIFIC | Flags::WHEN | Flags::FACILITY)
                    || token.flags.any(Flags::MEDICAL | Flags::EPONYM) && token.flags.place() < 2;
            !clinical
                && (token.plain() == 0
                    || token.flags.place() > 0 && token.stands_out()
                    || token.stands_out()
                        && (swallows || noun.folded == "side" || noun.folded == "trailhead"))
                && !lists::is_label(&token.folded)
        }
        _ => {
            let clinical =
                token.flags.any(Flags::DRUG | Flags::ROLE | Flags::HONORIFIC | Flags::WHEN | Flags::FACILITY);
            let landmark = lists::is_geographic(&noun.folded)
                && !clinical
                && !lists::is_determiner(&token.folded)
                && token.is_word()
                && token.letters() >= 3
                && token.case != Case::Told;
            let before = at.checked_sub(1).map_or("", |last| reading.folded(last));
            let landmark = landmark
                || lists::is_landform(&noun.folded)
                    && !clinical
                    && !lists::is_determiner(&token.folded)
                    && token.is_word()
                    && token.letters() >= 4
                    && !token.flags.any(Flags::MEDICAL)
                    && (token.flags.common() <= 2 && !token.flags.any(Flags::FOREIGN)
                        || token.case == Case::Upper
                            && token.flags.common() <= 6
                            && lists::is_whereabouts(before));
            let town = token.flags.place() >= 2 && generic && !clinical && token.flags.common() <= 5;
            placelike(token) && (generic || beside) && (swallows || token.plain() <= 1) || landmark || town
        }
    };
    if !fits || reading.is_eponym(at) {
        return;
    }
    let mut first = back(reading, at);
    // "fox lake landing": features in a row.
    while first > 0
        && reading.joined(first)
        && reading.free[first - 1]
        && reading.tokens[first].case != Case::Told
        && lists::is_geographic(reading.folded(first))
        && !lists::is_determiner(reading.folded(first - 1))
    {
        first -= 1;
    }
    let street = matches!(
        noun.folded.as_str(),
        "street" | "road" | "lane" | "avenue" | "close" | "drive" | "rd" | "st"
    );
    if street
        && first > 0
        && reading.joined(first)
        && reading.tokens[first - 1].shape == Shape::Number
        && reading.tokens[first - 1].letters() == 0
        && reading.tokens[first - 1].text.len() <= 4
    {
        first -= 1;
    }
    let proper = noun.shape == Shape::Title && noun.case != Case::Upper && !noun.opens
        || noun.case == Case::Upper && generic;
    let landmark =
        noun.case != Case::Told && (lists::is_geographic(&noun.folded) || lists::is_landform(&noun.folded));
    let end = if swallows || proper || landmark { at + 2 } else { at + 1 };
    reading.mark(first..end, place("place_noun", 0.85, at + 1));
}

/// "Barangay Malinao", "desa fatuneno", "gaon Chandpura", "hamlet of X".
fn noun_before(reading: &mut Reading<'_, '_>, at: usize) {
    let noun = &reading.tokens[at];
    let little = noun.letters() <= 3 && noun.flags.common() >= 6;
    if !noun.flags.any(Flags::PLACE_NOUN) || noun.flags.any(Flags::HONORIFIC) || little {
        return;
    }
    let of = matches!(reading.folded(at + 1), "of" | "de" | "do" | "da" | "called" | "named")
        && reading.joined(at + 1);
    let first = if of { at + 2 } else { at + 1 };
    let Some(next) = reading.token(first) else { return };
    if !reading.joined(first) && next.gap != ": " {
        return;
    }
    let noun_is_word = noun.flags.common() >= 5;
    let fits = match (next.shape, next.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            placelike(next)
                && (!noun_is_word || noun.shape == Shape::Title || of || next.plain() <= 1)
                && !lists::is_label(&next.folded)
                && !(next.flags.any(Flags::MEDICAL) && next.flags.place() == 0)
        }
        _ => placelike(next) && !noun_is_word || placelike(next) && of && next.plain() == 0,
    };
    if !fits {
        return;
    }
    let mut end = first + 1;
    while end < first + 4 && reading.joined(end) && reading.free[end] {
        let token = &reading.tokens[end];
        let goes_on = match (token.shape, token.case) {
            (Shape::Title, Case::Told | Case::Lower) => placelike(token),
            _ => placelike(token) && token.flags.place() >= 1,
        };
        if !goes_on {
            break;
        }
        end += 1;
    }
    let proper = noun.shape == Shape::Title && noun.case != Case::Upper && !of || noun.case == Case::Upper;
    let begin = if proper || lists::is_swallowed(&noun.folded) && !of { at } else { first };
    reading.mark(begin..end, place("place_noun", 0.85, at));
}

/// "Purok 3", "Sector 7", "Block D-4": a part of a place that has a number, beside a place or by its own noun.
fn numbered(reading: &mut Reading<'_, '_>, at: usize) {
    let noun = &reading.tokens[at];
    let own = matches!(
        noun.folded.as_str(),
        "purok"
            | "dusun"
            | "rang"
            | "sector"
            | "sitio"
            | "mohalla"
            | "rt"
            | "rw"
            | "gali"
            | "quadra"
            | "lote"
            | "manzana"
            | "sub-block"
    );
    let shared = matches!(
        noun.folded.as_str(),
        "block" | "camp" | "ward" | "zone" | "phase" | "lot" | "house" | "km" | "parganas" | "rd"
    );
    // "South 24 Parganas".
    if noun.folded == "parganas" && at > 0 && reading.tokens[at - 1].shape == Shape::Number {
        let first =
            if at > 1 && matches!(reading.folded(at - 2), "south" | "north") { at - 2 } else { at - 1 };
        reading.mark(first..at + 1, place("numbered_place", 0.9, at));
        return;
    }
    let Some(number) = reading.token(at + 1) else { return };
    let roman = !number.text.is_empty() && number.text.chars().all(|letter| "IVX".contains(letter));
    let counted = (roman || matches!(number.shape, Shape::Number | Shape::Mixed | Shape::Initial))
        && matches!(number.gap, " " | "-" | ". " | "." | " no " | " no. ");
    if !counted || noun.shape == Shape::Lower && noun.case == Case::Told {
        return;
    }
    let mut end = at + 2;
    while reading.token(end).is_some_and(|next| {
        matches!(next.shape, Shape::Number | Shape::Mixed) && matches!(next.gap, "-" | "/")
    }) {
        end += 1;
    }
    let is_place = |other: usize| {
        reading.marks.get(other).copied().flatten().is_some_and(|mark| mark.class == Class::Place)
    };
    let beside = reading.token(end).is_some_and(|next| matches!(next.gap, ", " | " ")) && is_place(end)
        || at > 0 && is_place(at - 1) && matches!(noun.gap, ", " | " ");
    if own || shared && beside {
        reading.mark(at..end, place("numbered_place", 0.75, at));
    }
}

/// "outside Two Dot", "from Papa Stour surgery", "in hawes with".
fn whereabouts(reading: &mut Reading<'_, '_>, at: usize) {
    let word = reading.folded(at);
    let strong = lists::is_whereabouts(word);
    if !(strong || lists::is_direction(word))
        || reading.tokens[at].shape == Shape::Upper && reading.tokens[at].case == Case::Told
    {
        return;
    }
    let mut first = at + 1;
    if matches!(
        reading.folded(first),
        "the" | "of" | "a" | "o" | "rural" | "remote" | "upper" | "lower" | "old" | "new" | "north" | "south"
    ) && reading.tokens[first].shape == Shape::Lower
        && reading.token(first + 1).is_some_and(|next| next.shape == Shape::Title)
    {
        first += 1;
    }
    let Some(token) = reading.token(first) else { return };
    if !reading.joined(first) || !reading.free[first] || reading.is_eponym(first) {
        return;
    }
    let end = through(reading, first);
    let clinical = token.flags.any(Flags::MEDICAL | Flags::FACILITY) && token.flags.place() < 2
        || token.flags.any(Flags::EPONYM) && token.flags.place() < 3;
    let fits = match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            let any = placelike(token) && !lists::is_label(&token.folded) && !clinical;
            let named = token.plain() == 0 || token.flags.place() >= 1 && token.plain() <= 3;
            // Two capitals in a row after "in" are a name of some kind.
            any && (named
                || strong
                    && (end > first + 1
                        || token.plain() <= 4
                        || token.flags.place() >= 2
                        || token.flags.common() > 0 && first == at + 1))
        }
        (_, Case::Lower | Case::Upper) => {
            // "the station at gidgee flat": a rare word where places stand, spelled like one.
            let rare = strong
                && token.flags.common() == 1
                && token.plain() == 1
                && token.letters() >= 4
                && namelike(&token.folded) >= 0.5;
            rare || placelike(token) && token.plain() <= 2 && (strong || token.flags.place() >= 1)
        }
        (Shape::Uncased, _) => false,
        _ => strong && placelike(token),
    };
    // Somebody, rather than somewhere.
    let person = token.namelike() >= 2 && token.flags.place() == 0 || reading.marks[first].is_some();
    if fits && (strong || !person) {
        reading.mark(first..end, place("whereabouts", if person { 0.55 } else { 0.75 }, at));
    }
}

/// The end of the words with capitals from `first` on.
fn through(reading: &Reading<'_, '_>, first: usize) -> usize {
    let mut end = first + 1;
    while end < first + 4 && reading.joined(end) && reading.free[end] {
        let token = &reading.tokens[end];
        let inner = matches!(
            token.folded.as_str(),
            "la" | "le" | "do" | "da" | "de" | "du" | "del" | "los" | "las" | "dos"
        );
        let of_land = inner
            && token.case == Case::Lower
            && reading.token(end + 1).is_some_and(|next| {
                let clinical = next.flags.any(Flags::MEDICAL | Flags::DRUG | Flags::ROLE | Flags::REGION);
                next.gap == " " && next.letters() >= 3 && next.flags.common() <= 4 && !clinical
            });
        if of_land && reading.free[end + 1] {
            end += 2;
            continue;
        }
        let particle = lists::is_particle(&token.folded)
            && token.shape == Shape::Lower
            && reading.token(end + 1).is_some_and(Token::stands_out);
        let fits = match (token.shape, token.case) {
            (Shape::Title, Case::Told | Case::Lower) => {
                placelike(token)
                    && !(token.flags.any(Flags::MEDICAL)
                        && token.flags.place() == 0
                        && token.flags.common() < 4)
                    && !token.flags.any(Flags::FACILITY)
            }
            (Shape::Lower, Case::Lower) | (Shape::Upper, Case::Upper) => {
                placelike(token) && token.flags.place() >= 1 && token.plain() <= 1
            }
            _ => false,
        };
        if !(fits || particle) || reading.tokens[end - 1].possessive {
            break;
        }
        end += 1;
    }
    end
}

/// "Two Dot, Montana": what stands before a state is smaller than a state.
fn region_after(reading: &mut Reading<'_, '_>, at: usize) {
    let Some(region) = reading.token(at + 1) else { return };
    if !matches!(region.gap, ", " | " (" | "," | " , ") || !region.could_be_name() {
        return;
    }
    let phrase = format!("{} {}", region.folded, reading.folded(at + 2));
    let is_region = region.flags.any(Flags::REGION)
        || region.flags.any(Flags::STARTS) && look_up(&phrase).any(Flags::REGION);
    let token = &reading.tokens[at];
    let clinical = token
        .flags
        .any(Flags::MEDICAL | Flags::DRUG | Flags::REGION | Flags::ROLE | Flags::WHEN | Flags::FACILITY);
    let fits = match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => !clinical && (token.stands_out() || token.plain() <= 2),
        (Shape::Lower, Case::Lower) | (Shape::Upper, Case::Upper) => placelike(token),
        _ => false,
    };
    if is_region && fits && !lists::is_label(&token.folded) {
        let first = back(reading, at);
        reading.mark(first..at + 1, place("region_after", 0.8, at + 1));
    }
}
