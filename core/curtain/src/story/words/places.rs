//! Places by the words beside them: a generic noun, a preposition, a region after a comma.

use super::super::class::Class;
use super::super::lexicon::{Flags, look_up};
use super::super::spelling::namelike;
use super::super::token::{Case, Shape, Token};
use super::{Mark, Reading, lists, place_nouns};

/// Marks places by their cues.
pub(super) fn by_cue(reading: &mut Reading<'_, '_>) {
    for at in 0..reading.tokens.len() {
        if !reading.free[at] {
            continue;
        }
        phrase(reading, at);
        place_nouns::after(reading, at);
        place_nouns::before(reading, at);
        whereabouts(reading, at);
        region_after(reading, at);
    }
    for at in 0..reading.tokens.len() {
        if reading.free[at] {
            place_nouns::numbered(reading, at);
        }
    }
}

/// A word that names a place if anything beside it says so.
pub(super) fn placelike(token: &Token<'_>) -> bool {
    const OTHER: u32 = Flags::DRUG | Flags::REGION | Flags::WHEN | Flags::PERSONAL;
    let (plain, place) = (token.plain(), token.place());
    match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            !token.is_any(OTHER) || place >= 1 && !token.is_any(Flags::REGION | Flags::WHEN)
        }
        (Shape::Upper, Case::Told) => {
            plain == 0 && (token.letters() >= 6 || token.letters() >= 4 && place > 0)
        }
        (Shape::Uncased, _) => token.is_unlisted(),
        _ if token.is_level() => {
            let small =
                place >= 1 && token.common() <= 2 && !token.is_any(OTHER | Flags::MEDICAL | Flags::FOREIGN);
            let known = place >= 2 && token.common() <= 3;
            token.letters() >= 3 && (plain == 0 || small || known)
        }
        _ => false,
    }
}

/// Whether a word is of medicine and rare otherwise, and no place is called so.
pub(super) fn is_only_medical(token: &Token<'_>) -> bool {
    token.is_any(Flags::MEDICAL) && token.place() == 0 && token.common() < 4
}

/// Goes back from `last` over the words of one place's name; the first of them.
pub(super) fn back(reading: &Reading<'_, '_>, last: usize) -> usize {
    let mut first = last;
    while last - first < 3
        && reading.goes_back(first)
        && (is_inner_particle(reading, first - 1) || leads(&reading.tokens[first - 1]))
    {
        first -= 1;
    }
    first
}

/// A small word after a capital: the `do` of "Mato do Rio".
fn is_inner_particle(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    token.shape == Shape::Lower
        && token.case == Case::Told
        && token.folded != "of"
        && lists::is_particle(&token.folded)
        && !lists::is_whereabouts(&token.folded)
        && reading.before(at).is_some_and(|last| last.shape == Shape::Title)
}

/// Whether a word before one of a place's name is of the same name: "Elk Basin", "fort portal".
fn leads(token: &Token<'_>) -> bool {
    if token.is_level() {
        let name = token.namelike() >= 2 && token.common() <= 2 && !token.is_any(Flags::PERSONAL);
        return placelike(token) || name;
    }
    let titled = token.shape == Shape::Title
        && (token.stands_out() || !lists::is_label(&token.folded) && token.plain() < 6);
    let other = token.is_any(Flags::PERSONAL | Flags::WHEN | Flags::REGION);
    titled && !other && !lists::is_generic(&token.folded)
        || token.stands_out() && (token.place() > 0 || lists::is_place_prefix(&token.folded))
}

/// "Dar es Salaam", "san jacinto": a place of several words that the lexicon has.
fn phrase(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    if !token.is_any(Flags::STARTS) || !token.could_be_name() {
        return;
    }
    let Some((end, size)) = longest_phrase(reading, at) else { return };
    // In a text without capitals a small place may be any two words.
    let somewhere = reading.joined(at) && lists::is_whereabouts(reading.folded(at - 1));
    let told = token.case == Case::Told && !(token.opens && token.plain() > 5);
    if told || size == 3 || somewhere {
        reading.mark(at..end, Mark::new(Class::Place, "place_list", 0.8));
    }
}

/// The end of the longest place of several words that begins at `at`, and how large it is.
fn longest_phrase(reading: &Reading<'_, '_>, at: usize) -> Option<(usize, u32)> {
    let mut words = reading.folded(at).to_owned();
    let mut longest = None;
    for next in at + 1..at + 4 {
        let Some(word) = reading.token(next) else { break };
        if !matches!(word.gap, " " | "-" | ". ") || !reading.free[next] {
            break;
        }
        words.push(' ');
        words.push_str(&word.folded);
        let flags = look_up(&words);
        let known = flags.place() > 0 && !flags.any(Flags::REGION);
        if known && (word.stands_out() || word.case != Case::Told) {
            longest = Some((next + 1, flags.place()));
        }
    }
    longest
}

/// "outside Two Dot", "from Papa Stour surgery", "in hawes with".
fn whereabouts(reading: &mut Reading<'_, '_>, at: usize) {
    let cue = &reading.tokens[at];
    let strong = lists::is_whereabouts(&cue.folded);
    if !(strong || lists::is_direction(&cue.folded)) || cue.shape == Shape::Upper && cue.case == Case::Told {
        return;
    }
    let first = if is_before_place(reading, at + 1) { at + 2 } else { at + 1 };
    if !reading.goes_on(first) || reading.is_eponym(first) {
        return;
    }
    let token = &reading.tokens[first];
    let end = through(reading, first);
    let fits = match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            let (plain, place) = (token.plain(), token.place());
            let named = plain == 0 || place >= 1 && plain <= 3;
            // Two capitals in a row after "in" are a name of some kind.
            let likely = end > first + 1 || plain <= 4 || place >= 2 || token.common() > 0 && first == at + 1;
            placelike(token)
                && !lists::is_label(&token.folded)
                && !is_clinical_setting(token)
                && (named || strong && likely)
        }
        (_, Case::Lower | Case::Upper) => {
            let place = placelike(token) && token.plain() <= 2 && (strong || token.place() >= 1);
            place || strong && is_rare_and_spelled_like_a_name(token)
        }
        (Shape::Uncased, _) => false,
        _ => strong && placelike(token),
    };
    // Somebody, rather than somewhere.
    let person = token.namelike() >= 2 && token.place() == 0 || reading.marks[first].is_some();
    if fits && (strong || !person) {
        let confidence = if person { 0.55 } else { 0.75 };
        reading.mark(first..end, Mark::place("whereabouts", confidence, at));
    }
}

/// The small word of "in the Elk Basin", "from rural Lamu".
fn is_before_place(reading: &Reading<'_, '_>, at: usize) -> bool {
    reading.token(at).is_some_and(|token| {
        token.shape == Shape::Lower
            && lists::is_before_place(&token.folded)
            && reading.token(at + 1).is_some_and(|next| next.shape == Shape::Title)
    })
}

/// "in Theatre", "with Parkinson": no place, or a small one of that name at most.
fn is_clinical_setting(token: &Token<'_>) -> bool {
    token.is_any(Flags::MEDICAL | Flags::FACILITY) && token.place() < 2
        || token.is_any(Flags::EPONYM) && token.place() < 3
}

/// "the station at gidgee flat".
fn is_rare_and_spelled_like_a_name(token: &Token<'_>) -> bool {
    token.common() == 1 && token.plain() == 1 && token.letters() >= 4 && namelike(&token.folded) >= 0.5
}

/// The end of the words of one place's name from `first` on.
fn through(reading: &Reading<'_, '_>, first: usize) -> usize {
    let mut end = first + 1;
    while end < first + 4 && reading.goes_on(end) {
        if is_of_land(reading, end) {
            end += 2;
            continue;
        }
        let token = &reading.tokens[end];
        let particle = token.shape == Shape::Lower
            && lists::is_particle(&token.folded)
            && reading.token(end + 1).is_some_and(Token::stands_out);
        if !(particle || continues(token)) || reading.tokens[end - 1].possessive {
            break;
        }
        end += 1;
    }
    end
}

/// In a text without capitals, the `do rio` of "mato do rio".
fn is_of_land(reading: &Reading<'_, '_>, at: usize) -> bool {
    let token = &reading.tokens[at];
    let names = |next: &Token<'_>| {
        let other = next.is_any(Flags::CLINICAL | Flags::ROLE | Flags::REGION);
        next.gap == " " && next.letters() >= 3 && next.common() <= 4 && !other
    };
    token.case == Case::Lower
        && lists::is_place_particle(&token.folded)
        && reading.token(at + 1).is_some_and(names)
        && reading.free[at + 1]
}

/// Whether a word goes on with the name of a place.
fn continues(token: &Token<'_>) -> bool {
    match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            placelike(token) && !is_only_medical(token) && !token.is_any(Flags::FACILITY)
        }
        _ => token.is_level() && placelike(token) && token.place() >= 1 && token.plain() <= 1,
    }
}

/// "Two Dot, Montana": what stands before a state is smaller than a state.
fn region_after(reading: &mut Reading<'_, '_>, at: usize) {
    let Some(region) = reading.token(at + 1) else { return };
    if !matches!(region.gap, ", " | " (" | "," | " , ") || !region.could_be_name() {
        return;
    }
    let phrase = || format!("{} {}", region.folded, reading.folded(at + 2));
    let is_region =
        region.is_any(Flags::REGION) || region.is_any(Flags::STARTS) && look_up(&phrase()).any(Flags::REGION);
    let token = &reading.tokens[at];
    let fits = match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            !token.is_any(Flags::IMPERSONAL) && (token.stands_out() || token.plain() <= 2)
        }
        _ => token.is_level() && placelike(token),
    };
    if is_region && fits && !lists::is_label(&token.folded) {
        let first = back(reading, at);
        reading.mark(first..at + 1, Mark::place("region_after", 0.8, at + 1));
    }
}
