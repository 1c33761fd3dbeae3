//! Telephone, fax and pager numbers.

use super::checks;
use super::digit_groups::Groups;
use super::tokens::{Gap, Tokens};
use super::words::Flags;
use crate::story::{Class, Hit, Locale};

/// Finds telephone numbers.
pub(super) fn find(t: &Tokens, locale: Locale, out: &mut Vec<Hit>) {
    let mut i = 0;
    let mut earlier: Option<(usize, Cue)> = None;
    while i < t.len() {
        let found =
            extension(t, i, earlier).or_else(|| digits(t, i, locale, earlier)).or_else(|| spoken(t, i));
        let Some((last, cue, confidence, rule)) = found else {
            i += 1;
            continue;
        };
        let class = if cue.is_some_and(|c| c.fax) { Class::Fax } else { Class::Phone };
        out.push(t.hit(i, last, class, confidence, rule).with_cue(t, cue.map(|c| c.token)));
        earlier = Some((last, cue.unwrap_or(Cue { token: i, strong: false, fax: false })));
        i = last + 1;
    }
}

/// A number found: its last token, its label, how sure, the rule.
type Called = (usize, Option<Cue>, f32, &'static str);

/// The word that labels a number.
#[derive(Clone, Copy)]
struct Cue {
    token: usize,
    strong: bool,
    fax: bool,
}

/// The label before token `first`, over a few words of politeness and at most a name.
fn label(t: &Tokens, first: usize, earlier: Option<(usize, Cue)>) -> Option<Cue> {
    let mut weak = None;
    let mut at = first;
    let mut names = 0;
    for step in 0..7 {
        let here = at;
        at = at.wrapping_sub(1);
        // A second number of a list has the label of the first.
        if let Some((last, cue)) = earlier
            && at == last
            && step > 0
            && names == 0
        {
            return Some(cue);
        }
        let fax = matches!(t.norm(at), "fax" | "facsimile" | "faks");
        if t.has(at, Flags::PHONE) {
            let fax = fax || (t.norm(at.wrapping_sub(1)) == "fax");
            return Some(Cue { token: at, strong: true, fax });
        }
        // A line break is crossed only by a label with a colon.
        if t.gap(here) == Gap::Line && !t.is_mark(at, ":") {
            return weak;
        }
        if t.has(at, Flags::PHONE_WEAK) {
            weak = weak.or(Some(Cue { token: at, strong: false, fax: false }));
            continue;
        }
        let skipped = t.is_mark(at, ":.-#(,/=+*&")
            || matches!(
                t.norm(at),
                "is" | "at"
                    | "on"
                    | "me"
                    | "him"
                    | "her"
                    | "us"
                    | "them"
                    | "my"
                    | "his"
                    | "their"
                    | "our"
                    | "or"
                    | "and"
                    | "the"
                    | "via"
                    | "through"
                    | "to"
                    | "for"
                    | "hai"
                    | "ka"
                    | "ki"
                    | "o"
                    | "e"
                    | "y"
                    | "atau"
                    | "id"
                    | "s"
                    | "no"
            );
        // A full stop ends the sentence, unless it abbreviates the label: "Tel. 555-0137".
        let abbreviates = t.has(at.wrapping_sub(1), Flags::PHONE.or(Flags::PHONE_WEAK)) && names == 0;
        if t.is_mark(at, ".") && !t.touches(here) && !abbreviates {
            return weak;
        }
        if skipped {
            continue;
        }
        names += 1;
        if !(t.is_capital(at) && names <= 2 && !t.has(at, Flags::RESULT)) {
            return weak;
        }
    }
    weak
}

/// A number in digits that begins at token `i`.
fn digits(t: &Tokens, i: usize, locale: Locale, earlier: Option<(usize, Cue)>) -> Option<Called> {
    let starts = t.is_number(i) || t.is_mark(i, "+(");
    if !starts
        || (t.is_number(i) && !t.opens_number(i) && !second_of_two(t, i))
        || (t.is_mark(i, "+") && t.touches(i) && !opens(t, i))
    {
        return None;
    }
    let groups = Groups::read(t, i)?;
    let cue = label(t, i, earlier);
    let whole = |n: usize| {
        let last = groups.last(n);
        (!t.runs_on(last) || second_of_two(t, last + 2)) && groups.lengths(t, n).iter().sum::<usize>() <= 16
    };
    for n in (1..=groups.len()).rev().filter(|n| whole(*n)) {
        if let Some(confidence) = shape(t, &groups, n, locale) {
            let measured = t.gap(groups.last(n) + 1) != Gap::Line && t.has(groups.last(n) + 1, Flags::UNIT);
            if cue.is_none() && measured && !groups.plus {
                continue;
            }
            let confidence = if cue.is_some_and(|c| c.strong) { 0.97 } else { confidence };
            return Some((with_extension(t, groups.last(n)), cue, confidence, "phone_shape"));
        }
    }
    let cue = cue?;
    let pager = matches!(t.norm(cue.token), "pager" | "bleep" | "beeper" | "ext" | "extn" | "extension");
    // The shortest number that has enough digits and does not end with a stray short group.
    let fits = |n: &usize| {
        let lengths = groups.lengths(t, *n);
        let total: usize = lengths.iter().sum();
        let last_group = lengths.last().copied().unwrap_or(0);
        let short_line = cue.strong && total == 6;
        let listed = total >= 7 || short_line || (pager && (2..=7).contains(&total) && *n == 1);
        listed
            && total <= 15
            && lengths.len() <= 7
            && (last_group >= 3
                || *n == 1
                || groups.marks(*n).ends_with('-')
                || total <= 10 && last_group == 2)
            && !round(t, &groups, *n)
    };
    let measured = |n: &usize| {
        let next = groups.last(*n) + 1;
        t.gap(next) != Gap::Line && (t.has(next, Flags::UNIT) || t.is_mark(next, "%/"))
    };
    let n = (1..=groups.len())
        .rev()
        .filter(|n| whole(*n) && !measured(n))
        .filter(fits)
        .find(|n| *n == 1 || groups.lengths(t, *n).iter().sum::<usize>() <= 13)?;
    Some((with_extension(t, groups.last(n)), Some(cue), 0.95, "phone_label"))
}

/// Whether token `i` is the second of two long numbers with a slash between them: "0712345678/0722345678".
fn second_of_two(t: &Tokens, i: usize) -> bool {
    let long = |at: usize| t.is_number(at) && (6..=13).contains(&t.norm(at).len());
    t.is_mark(i.wrapping_sub(1), "/")
        && long(i)
        && t.is_number(i.wrapping_sub(2))
        && t.norm(i.wrapping_sub(2)).len() >= 3
}

/// Whether a plus sign at token `i` may begin a number: it is no charge, no result and no sum.
fn opens(t: &Tokens, i: usize) -> bool {
    t.is_mark(i.wrapping_sub(1), "(:,;/-.\"'=") || t.gap(i) != Gap::None
}

/// Whether a number is round, as counts are: all groups after the first are 000, or it ends with five zeros.
fn round(t: &Tokens, groups: &Groups, n: usize) -> bool {
    (n > 1 && (1..n).all(|k| groups.group(t, k) == "000")) || groups.digits(t, n).ends_with("00000")
}

/// How sure the form of the first `n` groups is to be a telephone number without any label.
fn shape(t: &Tokens, groups: &Groups, n: usize, locale: Locale) -> Option<f32> {
    let digits = groups.digits(t, n);
    let lengths = groups.lengths(t, n);
    let marks = groups.marks(n);
    let total = digits.len();
    if total < 8 || round(t, groups, n) {
        return None;
    }
    if groups.plus {
        return (total <= 15 && !digits.starts_with('0') && n <= 6).then_some(0.97);
    }
    let first = groups.group(t, 0);
    let each_has = |least: usize| lengths.iter().all(|len| *len >= least);
    if groups.bracket {
        let area = (2..=5).contains(&lengths[0])
            && !(lengths[0] == 4 && (first.starts_with("19") || first.starts_with("20")));
        return (area && n >= 2 && (8..=13).contains(&total) && lengths[1..].iter().all(|len| *len >= 3))
            .then_some(0.95);
    }
    if digits.starts_with("00") {
        return ((11..=16).contains(&total) && (n > 1 || total >= 12) && n <= 5).then_some(0.85);
    }
    if digits.starts_with('0') {
        // "01 02 2023" is a date with spaces.
        let dated = matches!(lengths[..], [2, 2, 4, ..]) && marks.starts_with("  ");
        let plain = (9..=12).contains(&total) && n <= 5 && each_has(2) && !dated && lengths[0] <= 12;
        let thousands = n > 2 && lengths[1..].iter().all(|len| *len == 3) && lengths[0] < 3;
        return (plain && !thousands).then_some(0.9);
    }
    let d = digits.as_bytes();
    let north_american =
        |area: u8, exchange: u8| matches!(area, b'2'..=b'9') && matches!(exchange, b'2'..=b'9');
    match (total, &lengths[..]) {
        (10, [3, 3, 4]) if north_american(d[0], d[3]) => {
            let nhs = marks == "  " && checks::nhs(&digits) && !in_any(locale, &[b"US", b"CA"]);
            return (!nhs).then_some(if marks == "--" || marks == ".." { 0.92 } else { 0.85 });
        }
        (11, [1, 3, 3, 4]) if d[0] == b'1' && north_american(d[1], d[4]) => return Some(0.92),
        (11, [2, 5, 4]) if d[2] == b'9' => return Some(0.9),
        (10, [3, 7]) if marks == "-" && north_american(d[0], d[3]) => return Some(0.75),
        (10, [2, 4, 4]) => return Some(0.75),
        (9, [3, 2, 2, 2] | [3, 3, 3]) if matches!(d[0], b'6'..=b'9') && (n == 4 || marks == "--") => {
            return Some(0.7);
        }
        (11, [11]) if d[0] == b'1' && north_american(d[1], d[4]) && !checks::cpf(&digits) => {
            return Some(0.75);
        }
        (12 | 13, [_] | [2 | 3, _] | [2 | 3, 5, 5] | [2 | 3, 3, 3, 3..=4] | [2 | 3, 4, 3, 3])
            if country_code(&digits) && !checks::aadhaar(&digits) =>
        {
            return Some(0.75);
        }
        _ => {}
    }
    let indian = total == 10 && matches!(d[0], b'6'..=b'9') && n <= 4 && each_has(2);
    let nhs = checks::nhs(&digits) && in_any(locale, &[b"GB"]);
    if indian && !nhs && !digits.ends_with("0000") {
        return Some(if in_any(locale, &[b"IN", b"NP"]) { 0.9 } else { 0.8 });
    }
    let hyphens = n >= 3 && (10..=12).contains(&total) && marks.chars().all(|m| m == '-');
    (hyphens
        && lengths.iter().all(|len| (2..=5).contains(len))
        && !matches!(lengths[..], [3, 3, 4] | [4, 4, 4] | [4, 3, 3]))
    .then_some(0.65)
}

/// Whether the locale is one of `countries`.
fn in_any(locale: Locale, countries: &[&[u8; 2]]) -> bool {
    locale.country.is_some_and(|country| countries.iter().any(|code| country.is(**code)))
}

/// Whether digits without a plus sign begin with the code of a country of our readers and the number of a mobile
/// telephone. [ITU-T E.164 assigned country codes]
fn country_code(digits: &str) -> bool {
    let rest = |code: &str| digits.strip_prefix(code).map(str::len);
    let indian = rest("91") == Some(10) && matches!(digits.as_bytes().get(2), Some(b'6'..=b'9'));
    indian
        || ["254", "255", "256", "233", "260", "263", "265", "251", "977"]
            .iter()
            .any(|c| matches!(rest(c), Some(9 | 10)))
        || rest("234") == Some(10)
        || matches!(rest("880"), Some(10))
        || ["44", "62", "63", "92", "61", "27", "55"].iter().any(|c| matches!(rest(c), Some(10 | 11)))
}

/// The last token of an extension that follows a number, or `last`.
fn with_extension(t: &Tokens, last: usize) -> usize {
    let mut at = last + 1;
    if t.is_mark(at, ",") && matches!(t.norm(at + 1), "ext" | "extn" | "extension" | "x") {
        at += 1;
    }
    if !matches!(t.norm(at), "x" | "ext" | "extn" | "extension") || t.gap(at) == Gap::Line {
        return last;
    }
    at += 1;
    if t.is_mark(at, ".:") {
        at += 1;
    }
    let fits = t.is_number(at) && t.gap(at) != Gap::Line && t.norm(at).len() <= 6 && !t.runs_on(at);
    if fits { at } else { last }
}

/// "extension x4587": the digits of an extension on their own.
fn extension(t: &Tokens, i: usize, earlier: Option<(usize, Cue)>) -> Option<Called> {
    if t.norm(i) != "x" || !t.touches(i + 1) || !(3..=6).contains(&t.norm(i + 1).len()) || !t.is_number(i + 1)
    {
        return None;
    }
    let near = label(t, i, earlier).filter(|c| c.strong);
    let desk = matches!(
        t.norm(i.wrapping_sub(1)),
        "desk" | "office" | "reception" | "switchboard" | "nurses" | "station"
    );
    if t.runs_on(i + 1) || !(near.is_some() || desk) {
        return None;
    }
    Some((i + 1, near, 0.85, "phone_extension"))
}

/// "nine eight four double five ...": seven spoken digits or more.
fn spoken(t: &Tokens, i: usize) -> Option<Called> {
    if !t.has(i, Flags::DIGIT) || t.touches(i) && t.is_mark(i.wrapping_sub(1), "-") {
        return None;
    }
    let (last, count) = spoken_digits(t, i);
    let cue = label(t, i, None);
    let enough = if cue.is_some() { 7 } else { 8 };
    (count >= enough).then(|| (last, cue, if cue.is_some() { 0.9 } else { 0.7 }, "phone_spoken"))
}

/// The last token of the spoken digits that begin at token `i`, and how many digits they are; at most about twenty.
pub(super) fn spoken_digits(t: &Tokens, i: usize) -> (usize, usize) {
    let mut at = i;
    let mut count = 0;
    while count < 20 && t.has(at, Flags::DIGIT) && (at == i || t.gap(at) != Gap::Line) {
        // "double five" is two digits and two words; "triple five" is three.
        count += if t.norm(at) == "triple" { 2 } else { 1 };
        at += 1;
        if t.is_mark(at, ",-") && t.has(at + 1, Flags::DIGIT) {
            at += 1;
        }
    }
    (at.saturating_sub(1).max(i), count)
}
