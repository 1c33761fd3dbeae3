//! The clinical course: days between the dates of a text, which may be told where the dates may not.

use jiff::civil::Date;

use super::class::{Class, Locale};
use super::finding::{DateParts, Hit};

/// More days than this are told in years.
const LONGEST: i64 = 366;

/// For each hit, the interval from the first date of the text, if it is a later one of the same course.
pub(super) fn intervals(hits: &[Hit], locale: Locale) -> Vec<Option<String>> {
    let mut first: Option<Date> = None;
    let interval = |hit: &Hit| {
        let parts = hit.date.filter(|parts| hit.class == Class::Date && !parts.birth)?;
        let Some(start) = first else {
            first = day(parts, parts.year.unwrap_or(locale.year));
            return None;
        };
        let date = nearest(parts, start)?;
        let days = date.since(start).ok()?.get_days();
        (i64::from(days).abs() <= LONGEST).then(|| format!("day {days}"))
    };
    hits.iter().map(interval).collect()
}

fn day(parts: DateParts, year: i16) -> Option<Date> {
    Date::new(year, i8::try_from(parts.month?).ok()?, i8::try_from(parts.day?).ok()?).ok()
}

/// A date without a year is that nearest to the first one.
fn nearest(parts: DateParts, start: Date) -> Option<Date> {
    if let Some(year) = parts.year {
        return day(parts, year);
    }
    let of_years = [start.year() - 1, start.year(), start.year().saturating_add(1)];
    let dates = of_years.into_iter().filter_map(|year| day(parts, year));
    dates.min_by_key(|date| date.since(start).map_or(i32::MAX, |span| span.get_days().abs()))
}
