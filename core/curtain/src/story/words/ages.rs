//! A name before an age, and an age above 89 after a person.

use super::super::class::Class;
use super::super::lexicon::Flags;
use super::super::token::{Case, Shape};
use super::names::name;
use super::{Mark, Reading};

/// Marks what stands around the age at `at`, or after the name at `at`.
pub(super) fn by_cue(reading: &mut Reading<'_, '_>, at: usize) {
    age_after(reading, at);
    old(reading, at);
}

/// "Rajamma, 48," and "Grace (34F)": whose age is told.
fn age_after(reading: &mut Reading<'_, '_>, at: usize) {
    let Some(age) = reading.token(at + 1) else { return };
    if !matches!(age.gap, ", " | " (" | " " | "," | "(" | " - " | ": " | ", age " | " / " | "/" | " , ")
        || !is_age(reading, at + 1)
    {
        return;
    }
    let token = &reading.tokens[at];
    let clinical = token.flags.any(
        Flags::MEDICAL
            | Flags::DRUG
            | Flags::ROLE
            | Flags::WHEN
            | Flags::REGION
            | Flags::FACILITY
            | Flags::PLACE_NOUN,
    );
    let clinical = clinical
        && !(token.flags.given() == 3
            && token.flags.common() == 0
            && !token.flags.any(Flags::WHEN | Flags::REGION));
    let apart = age.gap != " ";
    let fits = match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            let usual = token.namelike() >= 2 && !clinical && (apart || token.plain() <= 3);
            usual || token.plain() == 0 && (token.letters() >= 3 || token.namelike() > 0 && apart)
        }
        (Shape::Lower, Case::Lower) | (Shape::Upper, Case::Upper) => {
            !clinical
                && token.letters() >= 3
                && (token.namelike() >= 1 && token.flags.common() <= 2 || token.plain() == 0)
        }
        (Shape::Initial, _) => return,
        _ => false,
    };
    if fits && !reading.is_eponym(at) {
        // The words before it may be of the same name.
        let mut first = at;
        while first > 0 && reading.free[first - 1] && reading.joined(first) {
            let word = &reading.tokens[first - 1];
            let same = word.shape == Shape::Initial
                || word.shape == token.shape
                    && word.namelike() >= 1
                    && !word.flags.any(Flags::ROLE | Flags::HONORIFIC)
                    && (word.flags.common() <= 3 || word.shape == Shape::Title)
                || word.shape == token.shape && word.plain() == 0;
            if !same || at - first >= 3 {
                break;
            }
            first -= 1;
        }
        reading.mark(first..at + 1, name("age_after", 0.85, at + 1));
    }
}

/// "Her saas, 95, also": an age above 89 after a person.
fn old(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    if token.shape != Shape::Number
        || !token.text.parse::<u16>().is_ok_and(|age| (90..=120).contains(&age))
        || at == 0
    {
        return;
    }
    let last = &reading.tokens[at - 1];
    let person = last.flags.any(Flags::ROLE) && !last.flags.any(Flags::MEDICAL)
        || reading.marks[at - 1].is_some_and(|mark| mark.class == Class::Name);
    // "o pai dela, 96".
    let theirs = at > 1
        && matches!(last.folded.as_str(), "dela" | "dele" | "nya" | "niya" | "wangu")
        && reading.tokens[at - 2].flags.any(Flags::ROLE);
    let person = person || theirs;
    let birthday = reading.folded(at + 1) == "next" && reading.folded(at + 2) == "birthday";
    let next = reading.token(at + 1);
    let closes = next.is_none_or(|next| {
        next.gap.trim_start().starts_with([',', '.', ')', ';', '-', '–', '/'])
            && !matches!(next.gap, "." | "/")
            || next.gap.contains('\n')
    }) || next.is_some_and(|next| {
        next.gap == " "
            && matches!(
                next.folded.as_str(),
                "f" | "m" | "yrs" | "yo" | "y" | "years" | "and" | "who" | "lives" | "male" | "female"
            )
    });
    let near = matches!(token.gap, ", " | " (" | " " | "," | " - " | " a " | " / " | "/");
    let said = matches!(
        last.folded.as_str(),
        "vay"
            | "vayasu"
            | "umar"
            | "umur"
            | "edad"
            | "idade"
            | "age"
            | "aged"
            | "umri"
            | "boyosh"
            | "boyos"
            | "vayathu"
            | "umer"
    );
    let subject = at > 1
        && (matches!(reading.folded(at - 2), "she" | "he" | "who" | "patient" | "pt")
            || reading.marks[at - 2].is_some_and(|mark| mark.class == Class::Name));
    let measured = next.is_some_and(|next| {
        next.gap.starts_with(['%', '/', '.']) && !next.gap.starts_with(". ")
            || matches!(
                next.folded.as_str(),
                "kg" | "kgs" | "percent" | "cm" | "lb" | "lbs" | "on" | "bpm" | "over" | "min" | "km" | "mg"
            )
    });
    let is = matches!(last.folded.as_str(), "a" | "is" | "was" | "turned" | "almost" | "nearly" | "over");
    let of_her = is && subject && !measured;
    if near && (person && closes || said || of_her || birthday) {
        let mark =
            Mark { class: Class::AgeOver89, confidence: 0.8, rule: "age_after_person", cue: Some(at - 1) };
        reading.mark(at..at + 1, mark);
    }
}

/// Whether a token is an age: `52M`, `34F`, `6y`, or a number before a comma, a sex or years.
fn is_age(reading: &Reading<'_, '_>, at: usize) -> bool {
    let Some(token) = reading.token(at) else { return false };
    let digits: String = token.folded.chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() || digits.len() > 3 || digits.parse::<u16>().map_or(true, |age| age > 120) {
        return false;
    }
    let rest = &token.folded[digits.len()..];
    if matches!(rest, "m" | "f" | "y" | "yo" | "yr" | "yrs" | "yof" | "yom" | "mo" | "thn" | "th") {
        return true;
    }
    if !rest.is_empty() {
        return false;
    }
    let apart = token.gap.contains([',', '(', '-', '/']);
    let Some(next) = reading.token(at + 1) else { return apart };
    // The point of 5.8 closes nothing.
    let decimal = matches!(next.gap, "." | ",") && next.shape != Shape::Title;
    let closes = apart && next.gap.starts_with([',', '.', ')', ';', '\n']) && !decimal;
    let years = matches!(
        next.folded.as_str(),
        "y" | "yo"
            | "yr"
            | "yrs"
            | "year"
            | "years"
            | "m"
            | "f"
            | "male"
            | "female"
            | "anos"
            | "años"
            | "tahun"
            | "thn"
            | "saal"
            | "mo"
            | "months"
            | "who"
            | "lives"
            | "boy"
            | "girl"
            | "lady"
            | "man"
            | "woman"
            | "taong"
            | "ans"
            | "sal"
            | "old"
            | "varsh"
            | "barsa"
    );
    closes || years && matches!(next.gap, " " | "" | "-" | "/" | " / ")
}
