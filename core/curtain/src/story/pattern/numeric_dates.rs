//! Dates in digits: 14/02/24, 2024-03-18T10:40Z, 22/6, 03/2023, 20240318.

use super::dates::{Dated, birth_word, date_cue};
use super::months;
use super::tokens::{Gap, Tokens};
use super::words::Flags;
use crate::story::{DateParts, Locale};

/// The date in digits that begins at token `i`.
pub(super) fn at(t: &Tokens, i: usize, locale: Locale) -> Option<Dated> {
    if !t.is_number(i) || !t.opens_number(i) {
        return None;
    }
    three_parts(t, i, locale)
        .or_else(|| month_and_year(t, i, locale))
        .or_else(|| day_and_month(t, i, locale))
        .or_else(|| one_run(t, i, locale))
}

/// Day and month of two numbers, in the order of the locale where both orders are possible.
fn ordered(first: u32, second: u32, locale: Locale) -> Option<(u8, u8)> {
    let month_first = locale.country.is_some_and(|country| country.is(*b"US") || country.is(*b"PH"));
    let (day, month) = match (first <= 12, second <= 12) {
        (true, true) if month_first => (second, first),
        (true, false) => (second, first),
        _ => (first, second),
    };
    real_day(day, month)
}

/// Whether `month` has `day`.
fn real_day(day: u32, month: u32) -> Option<(u8, u8)> {
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    Some((u8::try_from(day).ok()?, u8::try_from(month).ok()?))
}

/// Whether the mark at token `j` has no space on either side.
fn tight(t: &Tokens, j: usize) -> bool {
    t.touches(j) && t.touches(j + 1)
}

/// 14/02/24, 2024-03-18, 11.1.2024, 12 / 08 / 2024, 2024-03-18T10:40Z.
fn three_parts(t: &Tokens, i: usize, locale: Locale) -> Option<Dated> {
    let (mark, middle, mark_2, end) = (i + 1, i + 2, i + 3, i + 4);
    if !t.is_mark(mark, "/-.") || t.norm(mark) != t.norm(mark_2) || !t.is_number(middle) || !t.is_number(end)
    {
        return None;
    }
    if (mark..=end).any(|j| t.gap(j) == Gap::Line) || goes_on(t, end) {
        return None;
    }
    let values = (t.small(i)?, t.small(middle)?, t.small(end)?);
    let lengths = (t.norm(i).len(), t.norm(middle).len(), t.norm(end).len());
    let tight = tight(t, mark) && tight(t, mark_2);
    let cue = date_cue(t, i);
    let (year, (day, month)) = match lengths {
        (4, 1..=2, 1..=2) => (
            months::year(t, i, locale.year).or_else(|| nepali_year(t, i))?,
            real_day(values.2, values.1).or_else(|| real_day(values.1, values.2))?,
        ),
        (1..=2, 1..=2, 4) => (four_digits(t, end, locale)?, ordered(values.0, values.1, locale)?),
        (1..=2, 1..=2, 2) if tight => {
            (months::short_year(t, end, locale.year)?, ordered(values.0, values.1, locale)?)
        }
        _ => return None,
    };
    if lengths.0 != 4 && lengths.2 == 2 && !short_year_is_plain(t, i, year, cue, locale) {
        return None;
    }
    let last = if lengths.0 == 4 { time_after(t, end) } else { end };
    let parts = DateParts { year: Some(year), month: Some(month), day: Some(day), birth: false };
    Some(Dated { first: i, last, parts, confidence: 0.97, rule: "date_numeric", cue })
}

/// A year of the Bikram Sambat calendar, which is 56 or 57 ahead.
fn nepali_year(t: &Tokens, i: usize) -> Option<i16> {
    t.norm(i).parse().ok().filter(|year| (2040..=2110).contains(year))
}

/// A year of four digits in a full date: people of all ages, and appointments.
fn four_digits(t: &Tokens, i: usize, locale: Locale) -> Option<i16> {
    t.norm(i).parse().ok().filter(|year| (1880..=locale.year.saturating_add(20)).contains(year))
}

/// Whether a date whose year has two digits is no list of doses, version or fraction.
fn short_year_is_plain(t: &Tokens, i: usize, year: i16, cue: Option<usize>, locale: Locale) -> bool {
    if cue.is_some() {
        return true;
    }
    let (x, y) = (t.small(i).unwrap_or(0), t.small(i + 2).unwrap_or(0));
    let (short_x, short_y) = (t.norm(i).len() == 1, t.norm(i + 2).len() == 1);
    let unit = t.has(i + 5, Flags::UNIT) && t.gap(i + 5) != Gap::Line;
    if unit && x <= 12 && y <= 12 {
        return false;
    }
    let recent = (locale.year.saturating_sub(9)..=locale.year.saturating_add(1)).contains(&year);
    // "APGAR 8/9/10": three results.
    if t.has(i.wrapping_sub(1), Flags::RESULT) {
        return false;
    }
    match t.norm(i + 1) {
        "-" if short_x || short_y => recent,
        "." => {
            recent && !matches!(t.norm(i.wrapping_sub(1)), "v" | "version" | "ver" | "section" | "firmware")
        }
        _ => true,
    }
}

/// Whether the date that ends at token `last` is a part of a longer number.
fn goes_on(t: &Tokens, last: usize) -> bool {
    let next = last + 1;
    t.touches(next)
        && (t.is_mark(next, "%") || (t.is_mark(next, "/-.") && t.touches(next + 1) && t.is_number(next + 1)))
}

/// The last token of an ISO 8601 time that touches the date ending at token `date`, or `date`.
fn time_after(t: &Tokens, date: usize) -> usize {
    // "2024-03-18 10:40:22" is a machine's stamp too.
    let seconds = t.gap(date + 1) == Gap::Space
        && [date + 1, date + 3, date + 5].into_iter().all(|at| t.is_number(at) && t.norm(at).len() == 2)
        && [date + 2, date + 4].into_iter().all(|at| t.is_mark(at, ":") && tight(t, at));
    if seconds {
        return date + 5;
    }
    if !(t.norm(date + 1) == "t" && t.touches(date + 1) && t.is_number(date + 2) && t.touches(date + 2)) {
        return date;
    }
    let mut last = date + 2;
    for _ in 0..3 {
        if t.is_mark(last + 1, ":.") && tight(t, last + 1) && t.is_number(last + 2) {
            last += 2;
        }
    }
    if t.norm(last + 1) == "z" && t.touches(last + 1) {
        return last + 1;
    }
    if t.is_mark(last + 1, "+-") && tight(t, last + 1) && t.is_number(last + 2) {
        last += 2;
        if t.is_mark(last + 1, ":") && tight(t, last + 1) && t.is_number(last + 2) {
            last += 2;
        }
    }
    last
}

/// 03/2023, 3/2023, 03-2023, 2024-03.
fn month_and_year(t: &Tokens, i: usize, locale: Locale) -> Option<Dated> {
    let (mark, b) = (i + 1, i + 2);
    if !t.is_mark(mark, "/-") || !tight(t, mark) || t.runs_on(b) {
        return None;
    }
    let dash = t.norm(mark) == "-";
    let (month, year) = if t.norm(i).len() == 4 {
        let year = months::year(t, i, locale.year)?;
        let month = months::month_number(t, b).filter(|_| t.norm(b).len() == 2)?;
        // "2011-12" is two years, if the second follows the first.
        if dash && i16::from(month) == (year + 1) % 100 {
            return None;
        }
        (month, year)
    } else {
        let month = months::month_number(t, i).filter(|_| !dash || t.norm(i).len() == 2)?;
        (month, months::year(t, b, locale.year)?)
    };
    let parts = DateParts { year: Some(year), month: Some(month), day: None, birth: false };
    Some(Dated { first: i, last: b, parts, confidence: 0.8, rule: "date_month_year", cue: date_cue(t, i) })
}

/// 22/6 and, after a word for dates, 03.04 and 22-6.
fn day_and_month(t: &Tokens, i: usize, locale: Locale) -> Option<Dated> {
    let (mark, end) = (i + 1, i + 2);
    if !t.is_mark(mark, "/.-") || !tight(t, mark) || !t.is_number(end) || t.runs_on(end) {
        return None;
    }
    if t.norm(i).len() > 2 || t.norm(end).len() > 2 {
        return None;
    }
    let (x, y) = (t.small(i)?, t.small(end)?);
    let (day, month) = ordered(x, y, locale)?;
    let cue = date_cue(t, i);
    let next_measures = t.gap(end + 1) != Gap::Line && t.has(end + 1, Flags::UNIT.or(Flags::AFTER_FRACTION));
    if next_measures || t.has(i.wrapping_sub(1), Flags::RESULT.or(Flags::COUNTED)) {
        return None;
    }
    let two_digits = t.norm(i).len() == 2 && t.norm(end).len() == 2;
    let zero = two_digits && (t.norm(i).starts_with('0') || t.norm(end).starts_with('0'));
    // Fractions of power, murmurs, pain, and of days, weeks and months: 3/5, 2/6, 8/10, 3/7, 4/12.
    let clinical = matches!(y, 7 | 12 | 52) || matches!(y, 5 | 6 | 10) && x <= y;
    let confidence = match (t.norm(mark), cue) {
        ("/", Some(cue)) => {
            let duration = matches!(t.norm(cue), "since" | "onset" | "started" | "desde" | "presented");
            (!(duration && matches!(y, 7 | 12))).then_some(0.85)?
        }
        (".", Some(_)) => (two_digits && !t.is_mark(end + 1, "%")).then_some(0.7)?,
        ("-", Some(_)) => (x > 12 && y <= 12).then_some(0.7)?,
        ("/", None) => {
            let weak = t.has(i.wrapping_sub(1), Flags::DATE_WEAK) && !clinical && (x > 12 || y > 12 || zero);
            let hindi = matches!(t.norm(end + 1), "ko" | "se") && t.gap(end + 1) == Gap::Space;
            let shape = x > 12 && y < 12 && y != 7 || zero && x != y || improper_at_a_date(t, i, x, y);
            (weak || hindi || shape).then_some(0.6)?
        }
        _ => return None,
    };
    let parts = DateParts { year: None, month: Some(month), day: Some(day), birth: false };
    Some(Dated { first: i, last: end, parts, confidence, rule: "date_day_month_numeric", cue })
}

/// "(12/2)", "11/3: fever", "12/8 evening": a fraction above one where a date stands.
fn improper_at_a_date(t: &Tokens, i: usize, x: u32, y: u32) -> bool {
    let next = i + 3;
    let bracket = t.is_mark(i.wrapping_sub(1), "([") && t.is_mark(next, ")]");
    let line = t.gap(i) == Gap::Line && t.is_mark(next, ":-");
    let told = matches!(
        t.norm(next),
        "evening" | "morning" | "night" | "afternoon" | "noon" | "showed" | "shows" | "showing" | "midnight"
    );
    (7..=12).contains(&x) && y < 12 && x > y && y != 7 && (bracket || line || told)
}

/// 20240318; after a word for dates 18032024; after a word for birth 041156.
fn one_run(t: &Tokens, i: usize, locale: Locale) -> Option<Dated> {
    let run = t.norm(i);
    if t.runs_on(i) || !matches!(run.len(), 6 | 8) {
        return None;
    }
    let number = |from: usize, to: usize| run.get(from..to).and_then(|part| part.parse::<i16>().ok());
    let pair = |from: usize| number(from, from + 2).and_then(|n| u32::try_from(n).ok());
    let cue = date_cue(t, i);
    let (year, (day, month)) = if run.len() == 8 {
        let year_first = number(0, 4).filter(|y| (1900..=locale.year.saturating_add(1)).contains(y));
        match year_first.and_then(|year| Some((year, real_day(pair(6)?, pair(4)?)?))) {
            Some(found) => found,
            None if cue.is_some() => {
                let year = number(4, 8).filter(|y| (1900..=locale.year.saturating_add(5)).contains(y))?;
                (year, ordered(pair(0)?, pair(2)?, locale)?)
            }
            None => return None,
        }
    } else {
        birth_word(t, i)?;
        let short = number(4, 6)?;
        let year = if short <= locale.year % 100 { 2000 + short } else { 1900 + short };
        (year, ordered(pair(0)?, pair(2)?, locale)?)
    };
    let parts = DateParts { year: Some(year), month: Some(month), day: Some(day), birth: false };
    Some(Dated {
        first: i,
        last: i,
        parts,
        confidence: if cue.is_some() { 0.9 } else { 0.76 },
        rule: "date_one_run",
        cue,
    })
}
