//! A name before an age, and an age above 89 after a person.

use super::super::class::Class;
use super::super::lexicon::Flags;
use super::super::token::{Case, Shape, Token};
use super::{Mark, Reading, lists};

/// Marks what stands around the age at `at`, or after the name at `at`.
pub(super) fn by_cue(reading: &mut Reading<'_, '_>, at: usize) {
    age_after(reading, at);
    old(reading, at);
}

/// "Rajamma, 48," and "Grace (34F)": whose age is told.
fn age_after(reading: &mut Reading<'_, '_>, at: usize) {
    let Some(age) = reading.token(at + 1) else { return };
    let near =
        matches!(age.gap, ", " | " (" | " " | "," | "(" | " - " | ": " | ", age " | " / " | "/" | " , ");
    if !near || !is_age(reading, at + 1) {
        return;
    }
    let apart = age.gap != " ";
    if !is_aged_name(&reading.tokens[at], apart) || reading.is_eponym(at) {
        return;
    }
    // The words before it may be of the same name.
    let mut first = at;
    while at - first < 3
        && reading.goes_back(first)
        && is_of_same_name(&reading.tokens[first - 1], &reading.tokens[at])
    {
        first -= 1;
    }
    reading.mark(first..at + 1, Mark::name("age_after", 0.85, at + 1));
}

/// Whether a token before an age is a name; `apart` if more than a space lies between them.
fn is_aged_name(token: &Token<'_>, apart: bool) -> bool {
    let (name, plain) = (token.namelike(), token.plain());
    let other = is_other(token);
    match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            let usual = name >= 2 && !other && (apart || plain <= 3);
            usual || plain == 0 && (token.letters() >= 3 || name > 0 && apart)
        }
        _ if token.is_level() => {
            !other && token.letters() >= 3 && (name >= 1 && token.common() <= 2 || plain == 0)
        }
        _ => false,
    }
}

/// Whether it is a word for something else than a person, and no usual given name besides: "Fever, 3 days".
fn is_other(token: &Token<'_>) -> bool {
    let usual = token.given() == 3
        && !token.is_any(Flags::WHEN | Flags::REGION)
        && (token.common() == 0 || token.common() <= 4 && !token.is_any(Flags::ROLE));
    token.is_any(Flags::IMPERSONAL | Flags::PLACE_NOUN) && !usual
}

/// Whether `word` is of the name that `last` closes.
fn is_of_same_name(word: &Token<'_>, last: &Token<'_>) -> bool {
    let named = word.namelike() >= 1
        && !word.is_any(Flags::PERSONAL)
        && (word.common() <= 3 || word.shape == Shape::Title);
    word.shape == Shape::Initial || word.shape == last.shape && (named || word.plain() == 0)
}

/// "Her saas, 95, also": an age above 89 after a person.
fn old(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    let great = token.text.parse::<u16>().is_ok_and(|age| (90..=120).contains(&age));
    let Some(last) = reading.before(at).filter(|_| token.shape == Shape::Number && great) else { return };
    let birthday = reading.folded(at + 1) == "next" && reading.folded(at + 2) == "birthday";
    let near = matches!(token.gap, ", " | " (" | " " | "," | " - " | " a " | " / " | "/");
    let told = follows_person(reading, at) && closes(reading.token(at + 1))
        || lists::is_age_label(&last.folded)
        || is_predicate(reading, at)
        || birthday;
    if near && told {
        let mark = Mark { cue: Some(at - 1), ..Mark::new(Class::AgeOver89, "age_after_person", 0.8) };
        reading.mark(at..at + 1, mark);
    }
}

/// Whether the number at `at` stands after somebody: "the grandmother, 94", "o pai dela, 96".
fn follows_person(reading: &Reading<'_, '_>, at: usize) -> bool {
    let last = &reading.tokens[at - 1];
    let theirs = matches!(last.folded.as_str(), "dela" | "dele" | "nya" | "niya" | "wangu")
        && reading.before(at - 1).is_some_and(|token| token.is_any(Flags::ROLE));
    last.is_any(Flags::ROLE) && !last.is_any(Flags::MEDICAL)
        || reading.class(at - 1) == Some(Class::Name)
        || theirs
}

/// Whether `next`, after a number, leaves it the age that it may be.
fn closes(next: Option<&Token<'_>>) -> bool {
    next.is_none_or(|next| {
        let stop = next.gap.trim_start().starts_with([',', '.', ')', ';', '-', '–', '/'])
            && !matches!(next.gap, "." | "/");
        stop || next.gap.contains('\n') || next.gap == " " && lists::is_after_old_age(&next.folded)
    })
}

/// "she is 93", "pt turned 90", but not "she is 93 kg".
fn is_predicate(reading: &Reading<'_, '_>, at: usize) -> bool {
    let Some(subject) = at.checked_sub(2) else { return false };
    let is = matches!(reading.folded(at - 1), "a" | "is" | "was" | "turned" | "almost" | "nearly" | "over");
    let person = matches!(reading.folded(subject), "she" | "he" | "who" | "patient" | "pt")
        || reading.class(subject) == Some(Class::Name);
    // "She is 93 on dialysis" is old, "he is 94 on room air" saturated.
    let breathed = reading.folded(at + 1) == "on" && lists::is_breathed(reading.folded(at + 2));
    is && person && !breathed && !reading.token(at + 1).is_some_and(is_unit)
}

/// Whether `next` makes a measurement of the number before it.
fn is_unit(next: &Token<'_>) -> bool {
    next.gap.starts_with(['%', '/', '.']) && !next.gap.starts_with(". ") || lists::is_measure(&next.folded)
}

/// Whether a token is an age: `52M`, `34F`, `6y`, or a number before a comma, a sex or years.
fn is_age(reading: &Reading<'_, '_>, at: usize) -> bool {
    let Some(token) = reading.token(at) else { return false };
    let digits = token.folded.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = token.folded.split_at(digits);
    if digits > 3 || !number.parse::<u16>().is_ok_and(|age| age <= 120) {
        return false;
    }
    if !rest.is_empty() {
        return lists::is_age_ending(rest);
    }
    let apart = token.gap.contains([',', '(', '-', '/']);
    let Some(next) = reading.token(at + 1) else { return apart };
    // The point of 5.8 closes nothing.
    let decimal = matches!(next.gap, "." | ",") && next.shape != Shape::Title;
    let closes = apart && next.gap.starts_with([',', '.', ')', ';', '\n']) && !decimal;
    closes || lists::is_aged(&next.folded) && matches!(next.gap, " " | "" | "-" | "/" | " / ")
}
