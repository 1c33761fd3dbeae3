//! Days of calendars that the date patterns do not read: "Falgun 12", "1st Bohag", "ika-15 ng Mayo".

use super::super::class::Class;
use super::super::token::{Shape, Token};
use super::{Mark, Reading, lists};

/// Marks a day beside a month of another calendar or language.
pub(super) fn by_month(reading: &mut Reading<'_, '_>) {
    for at in 0..reading.tokens.len() {
        if !lists::is_month_elsewhere(reading.folded(at)) {
            continue;
        }
        let mark = Mark { cue: Some(at), ..Mark::new(Class::Date, "date_other_calendar", 0.7) };
        if let Some(first) = day_before(reading, at) {
            reading.mark(first..at + 1, mark);
        } else if day_after(reading, at) {
            reading.mark(at..at + 2, mark);
        }
    }
}

/// Where the day before the month at `month` begins: "15 Magh", "ika-15 ng Mayo".
fn day_before(reading: &Reading<'_, '_>, month: usize) -> Option<usize> {
    let last = month.checked_sub(1)?;
    let linked = matches!(reading.folded(last), "ng" | "of" | "de" | "ko" | "er");
    let day = if linked { last.checked_sub(1)? } else { last };
    if reading.tokens[month].gap != " " || !is_day(&reading.tokens[day]) {
        return None;
    }
    // The ordinal of Filipino.
    let ordinal =
        reading.tokens[day].gap == "-" && reading.before(day).is_some_and(|ika| ika.folded == "ika");
    Some(if ordinal { day - 1 } else { day })
}

/// "Falgun 12"; "Magh 3 days" is a duration that begins with a word like a month.
fn day_after(reading: &Reading<'_, '_>, month: usize) -> bool {
    let is_unit = |unit: &Token<'_>| unit.gap == " " && lists::is_duration(&unit.folded);
    reading.token(month + 1).is_some_and(|day| is_day(day) && matches!(day.gap, " " | "-" | " - "))
        && !reading.token(month + 2).is_some_and(is_unit)
}

/// A day of a month: `12`, `1st`.
fn is_day(token: &Token<'_>) -> bool {
    let digits = token.folded.trim_end_matches(char::is_alphabetic);
    let ending = &token.folded[digits.len()..];
    matches!(token.shape, Shape::Number | Shape::Mixed)
        && matches!(ending, "" | "st" | "nd" | "rd" | "th" | "gate")
        && digits.parse::<u8>().is_ok_and(|day| (1..=32).contains(&day))
}
