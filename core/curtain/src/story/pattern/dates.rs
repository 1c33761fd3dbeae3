//! Dates finer than a year that are written with the name of a month, and years of birth.

use super::months::{self, Day, Form, Sure};
use super::numeric_dates;
use super::tokens::{Case, Gap, Tokens};
use super::words::Flags;
use crate::story::{Class, DateParts, Hit, Locale};

/// A date between two tokens, both inclusive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dated {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) parts: DateParts,
    pub(super) confidence: f32,
    pub(super) rule: &'static str,
    pub(super) cue: Option<usize>,
}

/// Finds dates, and years of birth of people older than 89.
pub(super) fn find(t: &Tokens, locale: Locale, out: &mut Vec<Hit>) {
    let mut i = 0;
    while i < t.len() {
        let dated = numeric_dates::at(t, i, locale)
            .or_else(|| day_first(t, i, locale))
            .or_else(|| month_first(t, i, locale))
            .or_else(|| year_first(t, i, locale))
            .or_else(|| day_alone(t, i));
        let Some(mut dated) = dated else {
            out.extend(birth_year(t, i, locale));
            i += 1;
            continue;
        };
        let birth = birth_word(t, dated.first);
        dated.parts.birth = birth.is_some();
        let mut hit = t.hit(dated.first, dated.last, Class::Date, dated.confidence, dated.rule);
        hit.date = Some(dated.parts);
        out.push(hit.with_cue(t, birth.or(dated.cue)));
        i = dated.last + 1;
    }
}

/// Whether token `i` is on the same line as the token before it.
fn same_line(t: &Tokens, i: usize) -> bool {
    t.get(i).is_some() && t.gap(i) != Gap::Line
}

/// Skips what joins the parts of a date from token `i` on; says whether it was a word or a mark of dates.
fn connector(t: &Tokens, i: usize) -> (usize, bool) {
    if !same_line(t, i) {
        return (i, false);
    }
    if t.is_mark(i, ".") && t.touches(i) && same_line(t, i + 1) {
        return (i + 1, t.touches(i + 1));
    }
    if t.is_mark(i, "-/") && same_line(t, i + 1) {
        return (i + 1, t.touches(i) && t.touches(i + 1));
    }
    if matches!(t.norm(i), "of" | "de" | "del" | "di" | "ng" | "d") && same_line(t, i + 1) {
        return (i + 1, true);
    }
    (i, false)
}

/// A year after the day or the month, from token `i` on, with its last token.
fn year_after(t: &Tokens, i: usize, locale: Locale) -> Option<(i16, usize)> {
    let mut at = i;
    let mut tight = false;
    if t.is_mark(at, ",-/.") && t.touches(at) && same_line(t, at + 1) {
        tight = t.is_mark(at, "-/.");
        at += 1;
    }
    if matches!(t.norm(at), "of" | "de" | "del" | "in" | "ng") && same_line(t, at) {
        at += 1;
    }
    if !same_line(t, at) {
        return None;
    }
    if t.is_mark(at, "'") && t.touches(at + 1) {
        return months::short_year(t, at + 1, locale.year).map(|year| (year, at + 1));
    }
    if let Some(year) = months::year(t, at, locale.year)
        && !t.runs_on(at)
    {
        return Some((year, at));
    }
    if tight || t.touches(at) {
        let year = months::short_year(t, at, locale.year).filter(|_| !t.runs_on(at));
        return year.map(|year| (year, at));
    }
    if let Some(found) = months::spoken_year(t, at, locale.year) {
        return Some(found);
    }
    // "12 Aug 23": two digits that no counted noun follows.
    let short = months::short_year(t, at, locale.year).filter(|_| !t.runs_on(at) && !t.is_mark(i, ","))?;
    let plain = !measured(t, at) && (at + 1 == t.len() || !t.is_word(at + 1) || t.has(at + 1, Flags::STOP));
    plain.then_some((short, at))
}

/// Whether a unit follows token `last` on its line.
fn measured(t: &Tokens, last: usize) -> bool {
    same_line(t, last + 1) && t.has(last + 1, Flags::UNIT)
}

/// "3 July 2023", "the 3rd of May", "12th august", "twelfth august twenty twenty three", "3-5 May".
fn day_first(t: &Tokens, i: usize, locale: Locale) -> Option<Dated> {
    if t.is_number(i) && !t.opens_number(i) {
        return None;
    }
    let day = months::day(t, i)?;
    let mut last = day.last;
    // A range of days before the month.
    let joined =
        t.is_mark(last + 1, "-/&,") || matches!(t.norm(last + 1), "to" | "and" | "se" | "a" | "e" | "y");
    if joined
        && same_line(t, last + 1)
        && day.form != Form::Cardinal
        && let Some(second) =
            months::day(t, last + 2).filter(|d| d.form != Form::Cardinal && same_line(t, last + 2))
        && months::month(t, connector(t, second.last + 1).0).is_some()
    {
        last = second.last;
    }
    let (at, linked) = connector(t, last + 1);
    if !same_line(t, at) {
        return None;
    }
    let (month, sure) = months::month(t, at)?;
    let year = year_after(t, at + 1, locale);
    let cue = date_cue(t, i);
    let allowed = match sure {
        Sure::Month => true,
        Sure::Joined => linked || year.is_some_and(|(_, last)| t.is_number(last)),
        Sure::Verb => may_is_a_month(t, i, day, at, linked || year.is_some(), cue),
    };
    if !allowed {
        return None;
    }
    let parts =
        DateParts { year: year.map(|y| y.0), month: Some(month), day: Some(day.number), birth: false };
    let last = year.map_or(at, |y| y.1);
    Some(Dated { first: i, last, parts, confidence: 0.95, rule: "date_day_month", cue })
}

/// Whether "may" at token `at` after a day is the month and no verb.
fn may_is_a_month(t: &Tokens, i: usize, day: Day, at: usize, plain: bool, cue: Option<usize>) -> bool {
    if plain {
        return true;
    }
    let verb_follows = same_line(t, at + 1) && t.has(at + 1, Flags::AFTER_MAY);
    if day.form == Form::DigitsOrdinal && !verb_follows {
        return true;
    }
    if t.has(i.wrapping_sub(1), Flags::COUNTED) || t.has(i.wrapping_sub(1), Flags::RESULT) && t.is_word(i) {
        return false;
    }
    if cue.is_some() {
        return true;
    }
    if matches!(day.form, Form::Word | Form::Cardinal) || verb_follows {
        return false;
    }
    t.case(at) == Case::Title || !t.is_word(at + 1) || !same_line(t, at + 1)
}

/// "July 3rd, 2023", "Nov 7th", "july the fourth", "March 2023", "Mar '23".
fn month_first(t: &Tokens, i: usize, locale: Locale) -> Option<Dated> {
    let (month, sure) = months::month(t, i)?;
    // "FEV1" is a lung volume.
    if t.has(i, Flags::RESULT) || t.touches(i) && !t.is_mark(i.wrapping_sub(1), "(-/,.:;\"'[*") {
        return None;
    }
    let cue = date_cue(t, i);
    let mut at = i + 1;
    if t.is_mark(at, ".-/") && t.touches(at) {
        at += 1;
    }
    let article = t.norm(at) == "the";
    if article {
        at += 1;
    }
    let dotted = at > i + 1;
    if same_line(t, at)
        && let Some(day) = months::day(t, at)
        && day_may_follow(t, day)
    {
        let mut last = day.last;
        // "July 4-6": the range goes with its first day.
        if t.is_mark(last + 1, "-")
            && months::day_number(t, last + 2).is_some_and(|end| end > day.number)
            && !t.runs_on(last + 2)
        {
            last += 2;
        }
        let year = year_after(t, last + 1, locale);
        let ordinal = matches!(day.form, Form::DigitsOrdinal | Form::Word) || article;
        let allowed = match sure {
            Sure::Month => day.form != Form::Cardinal || year.is_some() || t.norm(i).len() > 3,
            Sure::Joined => cue.is_some() || dotted && !article || year.is_some() && t.norm(i) != "mayo",
            Sure::Verb => {
                cue.is_some()
                    || year.is_some()
                    || ordinal
                    || day.form == Form::Digits && (t.case(i) != Case::Lower || !same_line(t, last + 1))
            }
        };
        let word_after_march =
            matches!(t.norm(i), "march" | "mar") && day.form == Form::Cardinal && year.is_none();
        if allowed && !word_after_march && (ordinal || !measured(t, last) || year.is_some()) {
            let parts = DateParts {
                year: year.map(|y| y.0),
                month: Some(month),
                day: Some(day.number),
                birth: false,
            };
            let last = year.map_or(last, |y| y.1);
            return Some(Dated { first: i, last, parts, confidence: 0.95, rule: "date_month_day", cue });
        }
    }
    let (year, last) = year_after(t, i + 1, locale)?;
    let spoken_after_verb = sure != Sure::Month && !t.is_number(last);
    if spoken_after_verb || measured(t, last) || (sure == Sure::Joined && t.norm(last).len() != 4) {
        return None;
    }
    let parts = DateParts { year: Some(year), month: Some(month), day: None, birth: false };
    Some(Dated { first: i, last, parts, confidence: 0.85, rule: "date_month_year", cue })
}

/// Whether what follows a day after its month lets it be a day: "May 27.", not "may 2.5", "April, 25F", "June 120/80".
fn day_may_follow(t: &Tokens, day: Day) -> bool {
    if day.form != Form::Digits || !t.runs_on(day.last) {
        return true;
    }
    let next = day.last + 1;
    // A range or a year in the same style goes on with a number.
    let range = t.is_mark(next, "-/.,")
        && t.touches(next + 1)
        && (t.norm(next + 1).len() == 4 || t.norm(next + 1).len() == 2 || t.is_mark(next, "-"));
    range && !t.is_mark(next, ".") && !(t.is_mark(next, "/") && t.norm(next + 1).len() < 4)
}

/// "2023 March 18", "2023-Mar-18", "2023 March".
fn year_first(t: &Tokens, i: usize, locale: Locale) -> Option<Dated> {
    if !t.opens_number(i) {
        return None;
    }
    let year = months::year(t, i, locale.year)?;
    let at = if t.is_mark(i + 1, "-/.,") { i + 2 } else { i + 1 };
    let (month, sure) = months::month(t, at)?;
    if !same_line(t, at) || sure != Sure::Month && !t.is_mark(i + 1, "-/.") {
        return None;
    }
    let after = if t.is_mark(at + 1, "-/.") && t.touches(at + 1) { at + 2 } else { at + 1 };
    let day = months::day(t, after).filter(|d| {
        same_line(t, after) && d.form != Form::Cardinal && !t.runs_on(d.last) && !measured(t, d.last)
    });
    // "in 2023 March was wet" is rare enough; without a day the year goes with the month.
    let last = day.map_or(at, |d| d.last);
    let parts = DateParts { year: Some(year), month: Some(month), day: day.map(|d| d.number), birth: false };
    let confidence = if day.is_some() { 0.95 } else { 0.6 };
    Some(Dated { first: i, last, parts, confidence, rule: "date_year_month", cue: None })
}

/// "on the 12th." with nothing of the month after it.
fn day_alone(t: &Tokens, i: usize) -> Option<Dated> {
    let the = usize::from(t.norm(i.wrapping_sub(1)) == "the");
    let cue = i.wrapping_sub(1 + the);
    let weekday = matches!(
        t.norm(cue),
        "mon"
            | "tue"
            | "tues"
            | "wed"
            | "thu"
            | "thurs"
            | "fri"
            | "sat"
            | "sun"
            | "monday"
            | "tuesday"
            | "wednesday"
            | "thursday"
            | "friday"
            | "saturday"
            | "sunday"
    );
    let before_a_day = the == 1 && matches!(t.norm(cue), "on" | "since" | "by" | "from" | "until" | "till");
    if !(weekday || before_a_day) {
        return None;
    }
    let day = months::day(t, i).filter(|d| d.form == Form::DigitsOrdinal)?;
    let next = day.last + 1;
    let ends = next == t.len()
        || t.gap(next) == Gap::Line
        || (t.is_mark(next, ".,;)!?") && t.touches(next))
        || (t.norm(next) == "of"
            && matches!(t.norm(next + 1), "this" | "last")
            && t.norm(next + 2) == "month");
    let parts = DateParts { day: Some(day.number), ..DateParts::default() };
    ends.then_some(Dated {
        first: i,
        last: day.last,
        parts,
        confidence: 0.5,
        rule: "date_day_alone",
        cue: Some(cue),
    })
}

/// "born 1931": a year of birth of someone older than 89.
fn birth_year(t: &Tokens, i: usize, locale: Locale) -> Option<Hit> {
    if !t.opens_number(i) || t.runs_on(i) {
        return None;
    }
    let year: i16 = Some(t.norm(i)).filter(|n| n.len() == 4 && t.is_number(i))?.parse().ok()?;
    if !(1890..=locale.year).contains(&year) || locale.year - year <= 89 {
        return None;
    }
    let after = t.norm(i + 1) == "born" || t.is_mark(i + 1, "-") && t.norm(i + 2) == "born";
    let cue = birth_word(t, i).or(after.then_some(i + 1))?;
    Some(t.hit(i, i, Class::AgeOver89, 0.9, "birth_year").with_cue(t, Some(cue)))
}

/// The word that makes the number at token `first` a date, if one stands directly before it.
pub(super) fn date_cue(t: &Tokens, first: usize) -> Option<usize> {
    let mut at = first;
    for _ in 0..4 {
        at = at.wrapping_sub(1);
        if t.has(at, Flags::DATE) && !(t.norm(at) == "dia" && t.is_number(at.wrapping_sub(1))) {
            return Some(at);
        }
        if is_dotted_dob(t, at) {
            return Some(at);
        }
        let skipped = t.is_mark(at, ":-(.=,") || matches!(t.norm(at), "is" | "was" | "the" | "of" | "approx");
        if !skipped {
            return None;
        }
    }
    None
}

/// "d.o.b", "D O B", "d/o/b" that ends at token `at`.
fn is_dotted_dob(t: &Tokens, at: usize) -> bool {
    let mut letters = String::new();
    let mut from = at;
    for _ in 0..6 {
        if t.is_word(from) {
            letters.insert_str(0, t.norm(from));
        } else if !t.is_mark(from, "./") {
            break;
        }
        if letters.len() >= 3 {
            break;
        }
        from = from.wrapping_sub(1);
    }
    t.is_word(at) && letters == "dob"
}

/// The word for birth that the number at token `first` belongs to.
pub(super) fn birth_word(t: &Tokens, first: usize) -> Option<usize> {
    let mut at = first;
    for _ in 0..6 {
        at = at.wrapping_sub(1);
        if t.has(at, Flags::BIRTH) || is_dotted_dob(t, at) {
            return Some(at);
        }
        if t.norm(at) == "b" && t.is_mark(at + 1, ".") {
            return Some(at);
        }
        let other = t.has(at, Flags::DATE)
            && !matches!(
                t.norm(at),
                "on" | "date" | "dt" | "data" | "fecha" | "tgl" | "tanggal" | "tarikh" | "dia" | "petsa"
            );
        if t.is_number(at) || other || t.get(at).is_none() {
            return None;
        }
    }
    None
}
