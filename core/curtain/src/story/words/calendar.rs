//! Days of calendars that the date patterns do not read: "Falgun 12", "1st Bohag", "ika-15 ng Mayo".

use super::super::class::Class;
use super::super::token::Shape;
use super::{Mark, Reading, lists};

/// Marks a day beside a month of another calendar or language.
pub(super) fn by_month(reading: &mut Reading<'_, '_>) {
    for at in 0..reading.tokens.len() {
        if !lists::is_month_elsewhere(reading.folded(at)) {
            continue;
        }
        let mark = Mark { class: Class::Date, confidence: 0.7, rule: "date_other_calendar", cue: Some(at) };
        let linked = at > 0 && matches!(reading.folded(at - 1), "ng" | "of" | "de" | "ko" | "er");
        let before = if linked { at.checked_sub(2) } else { at.checked_sub(1) };
        let first = before.filter(|day| is_day(reading, *day) && reading.tokens[at].gap == " ");
        let after = is_day(reading, at + 1) && matches!(reading.tokens[at + 1].gap, " " | "-" | " - ");
        // "Magh 3 days" is a duration that begins with a word like a month.
        let after = after
            && !reading.token(at + 2).is_some_and(|unit| unit.gap == " " && lists::is_duration(&unit.folded));
        match (first, after) {
            (Some(first), _) => {
                // "ika-15": the ordinal of Filipino.
                let ordinal =
                    first > 0 && reading.folded(first - 1) == "ika" && reading.tokens[first].gap == "-";
                reading.mark(if ordinal { first - 1 } else { first }..at + 1, mark);
            }
            (None, true) => reading.mark(at..at + 2, mark),
            (None, false) => {}
        }
    }
}

/// A day of a month: `12`, `1st`.
fn is_day(reading: &Reading<'_, '_>, at: usize) -> bool {
    reading.token(at).is_some_and(|token| {
        let digits = token.folded.trim_end_matches(char::is_alphabetic);
        let ending = &token.folded[digits.len()..];
        matches!(token.shape, Shape::Number | Shape::Mixed)
            && matches!(ending, "" | "st" | "nd" | "rd" | "th" | "gate")
            && digits.parse::<u8>().is_ok_and(|day| (1..=32).contains(&day))
    })
}
