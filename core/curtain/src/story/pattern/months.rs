//! Names of months, days of the month and years, as they are written and as they are spoken.

use super::tokens::{Gap, Tokens};

/// How sure a word is to be a month beside a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sure {
    /// It is a month wherever a day stands beside it.
    Month,
    /// "may": a verb too.
    Verb,
    /// It needs a connecting word, a slash or a year ("3 de ago de 2023").
    Joined,
}

/// The months, folded; the second column is the month's number.
/// English, Spanish, Portuguese, French, Indonesian, Tagalog, Swahili, Afrikaans and Hindi.
pub(super) const NAMES: &[(&str, u8)] = &[
    ("january jan enero ene janeiro janvier januari januarie janvari janwari jan enero जनवरी", 1),
    (
        "february feb febr febrero fevereiro fev fevrier februari februarie pebrero pebruari farvari farwari febuary फरवरी फ़रवरी",
        2,
    ),
    ("march mar marzo marco mars maret marso machi maart मार्च", 3),
    ("april apr abril abr avril aprili aprail apr अप्रैल", 4),
    ("may mayo maio mai mei मई", 5),
    ("june jun junio junho juin juni hunyo junie joon जून", 6),
    ("july jul julio julho juillet juli hulyo julai जुलाई", 7),
    ("august aug agosto ago aout agustus agu agt agosti augustus agast अगस्त", 8),
    (
        "september sept sep septiembre setiembre setembro set septembre setyembre septemba sitambar sitamber सितंबर सितम्बर",
        9,
    ),
    ("october oct octubre outubro out octobre oktober okt oktubre oktoba aktubar october अक्टूबर अक्तूबर", 10),
    ("november nov noviembre novembro novembre nobyembre novemba navambar nopember नवंबर नवम्बर", 11),
    (
        "december dec diciembre dic dezembro dez decembre desember des disyembre desemba disambar desember दिसंबर दिसम्बर",
        12,
    ),
];

/// The month that token `i` names.
pub(super) fn month(t: &Tokens, i: usize) -> Option<(u8, Sure)> {
    if !t.has(i, super::words::Flags::MONTH) {
        return None;
    }
    let word = t.norm(i);
    let number = NAMES.iter().find(|(names, _)| names.split(' ').any(|name| name == word))?.1;
    let sure = match word {
        "may" => Sure::Verb,
        "ago" | "set" | "out" | "des" | "dic" | "mai" | "mei" | "mayo" | "mars" | "marco" => Sure::Joined,
        _ => Sure::Month,
    };
    Some((number, sure))
}

/// A day of the month at token `i`: its number, its last token, and whether an ordinal says it plainly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) number: u8,
    pub(super) last: usize,
    pub(super) form: Form,
}

/// How a day is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// "3"
    Digits,
    /// "3rd"
    DigitsOrdinal,
    /// "third"
    Word,
    /// "three"
    Cardinal,
}

const ORDINALS: [&str; 19] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];
const CARDINALS: [&str; 19] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// 1..=19 for a spoken number below twenty.
fn below_twenty(word: &str) -> Option<u8> {
    CARDINALS.iter().zip(1..).find_map(|(name, n)| (*name == word).then_some(n))
}

/// A spoken number of 1..=99 at token `i`, with its last token.
pub(super) fn spoken(t: &Tokens, i: usize) -> Option<(u8, usize)> {
    if let Some(n) = below_twenty(t.norm(i)) {
        return Some((n, i));
    }
    let tens = TENS.iter().zip(2..).find_map(|(name, n)| (*name == t.norm(i)).then_some(n * 10_u8))?;
    let at = if t.is_mark(i + 1, "-") && t.touches(i + 1) && t.touches(i + 2) { i + 2 } else { i + 1 };
    match below_twenty(t.norm(at)) {
        Some(n) if n < 10 && t.gap(at) != Gap::Line => Some((tens + n, at)),
        _ => Some((tens, i)),
    }
}

/// The day of the month that begins at token `i`.
pub(super) fn day(t: &Tokens, i: usize) -> Option<Day> {
    if t.is_number(i) {
        let day = day_number(t, i)?;
        let ordinal = t.is_word(i + 1)
            && t.gap(i + 1) != Gap::Line
            && matches!(t.norm(i + 1), "st" | "nd" | "rd" | "th")
            || (t.touches(i + 1) && matches!(t.norm(i + 1), "er" | "o" | "a" | "ro"));
        return Some(if ordinal {
            Day { number: day, last: i + 1, form: Form::DigitsOrdinal }
        } else {
            Day { number: day, last: i, form: Form::Digits }
        });
    }
    let word = t.norm(i);
    if let Some(day) = ORDINALS.iter().zip(1..).find_map(|(name, n)| (*name == word).then_some(n)) {
        return Some(Day { number: day, last: i, form: Form::Word });
    }
    match word {
        "twentieth" => return Some(Day { number: 20, last: i, form: Form::Word }),
        "thirtieth" => return Some(Day { number: 30, last: i, form: Form::Word }),
        "twenty" | "thirty" => {
            let at = if t.is_mark(i + 1, "-") { i + 2 } else { i + 1 };
            let tens = if word == "twenty" { 20 } else { 30 };
            let unit = ORDINALS[..9].iter().zip(1..).find_map(|(name, n)| (*name == t.norm(at)).then_some(n));
            if let Some(unit) = unit
                && tens + unit <= 31
            {
                return Some(Day { number: tens + unit, last: at, form: Form::Word });
            }
        }
        _ => {}
    }
    let (day, last) = spoken(t, i)?;
    (day <= 31).then_some(Day { number: day, last, form: Form::Cardinal })
}

/// 1..=31 at token `i`, in one or two digits.
pub(super) fn day_number(t: &Tokens, i: usize) -> Option<u8> {
    let norm = t.norm(i);
    if !t.is_number(i) || norm.len() > 2 {
        return None;
    }
    norm.parse().ok().filter(|day| (1..=31).contains(day))
}

/// 1..=12 at token `i`, in one or two digits.
pub(super) fn month_number(t: &Tokens, i: usize) -> Option<u8> {
    day_number(t, i).filter(|month| *month <= 12)
}

/// A four-digit year at token `i` that a case post may speak of: 1900 to five years from `now`.
pub(super) fn year(t: &Tokens, i: usize, now: i16) -> Option<i16> {
    if !t.is_number(i) || t.norm(i).len() != 4 {
        return None;
    }
    t.norm(i).parse().ok().filter(|year| (1900..=now.saturating_add(5)).contains(year))
}

/// A two-digit year as four: up to the next year it is of this century, else of the last.
pub(super) fn short_year(t: &Tokens, i: usize, now: i16) -> Option<i16> {
    if !t.is_number(i) || t.norm(i).len() != 2 {
        return None;
    }
    let short: i16 = t.norm(i).parse().ok()?;
    Some(if short <= now % 100 + 1 { 2000 + short } else { 1900 + short })
}

/// A spoken year at token `i` with its last token: "twenty twenty three", "two thousand and nineteen".
pub(super) fn spoken_year(t: &Tokens, i: usize, now: i16) -> Option<(i16, usize)> {
    let known =
        |year: i16, last: usize| (1900..=now.saturating_add(5)).contains(&year).then_some((year, last));
    if t.norm(i) == "two" && t.norm(i + 1) == "thousand" {
        let at = if t.norm(i + 2) == "and" { i + 3 } else { i + 2 };
        return match spoken(t, at) {
            Some((n, last)) => known(2000 + i16::from(n), last),
            None => known(2000, i + 1),
        };
    }
    let century = match t.norm(i) {
        "nineteen" => 1900,
        "twenty" => 2000,
        _ => return None,
    };
    if matches!(t.norm(i + 1), "oh" | "o") {
        let (n, last) = spoken(t, i + 2)?;
        return (n < 10).then(|| known(century + i16::from(n), last)).flatten();
    }
    let (n, last) = spoken(t, i + 1)?;
    (n >= 10).then(|| known(century + i16::from(n), last)).flatten()
}
