//! Numbers that a label announces: "MRN 00482913", "Insurance Bluepeak ID BPX4471902".

use super::checks;
use super::labels::{self, Label, Strength};
use super::numeric_dates;
use super::tokens::{Case, Gap, Kind, Tokens};
use super::words::Flags;
use crate::story::{Class, Hit, Locale, NumberKind};

/// The most tokens that one number is read over.
const REACH: usize = 40;
/// The most groups that one number is written in.
const GROUPS: usize = 8;

/// Finds numbers that stand behind a label.
pub(super) fn find(t: &Tokens, out: &mut Vec<Hit>) {
    for i in 0..t.len() {
        if let Some(label) = labels::label(t, i) {
            out.extend(labelled(t, i, label));
        }
        out.extend(numbered_noun(t, i));
        out.extend(vehicle(t, i));
    }
}

/// What stands between a label and its number.
struct Marked {
    next: usize,
    said: bool,
}

/// Skips "no.", "number", "#", ":", "is" and the like from token `i` on.
fn marks(t: &Tokens, i: usize) -> Marked {
    let mut made = Marked { next: i, said: false };
    for _ in 0..7 {
        let at = made.next;
        let word = matches!(
            t.norm(at),
            "no" | "nos" | "number" | "num" | "nr" | "nbr" | "id" | "code" | "numero" | "nomor"
        );
        let filler = matches!(
            t.norm(at),
            "is" | "was"
                | "card"
                | "the"
                | "as"
                | "reads"
                | "of"
                | "hai"
                | "es"
                | "e"
                | "shows"
                | "says"
                | "reading"
                | "ka"
                | "ending"
                | "his"
                | "her"
        );
        // "KA 01 AB 1234" is a plate, "ka" a word of Hindi.
        let filler = filler && (t.norm(at) != "ka" || t.case(at) != Case::Upper);
        let abbreviated = t.norm(at) == "n" && t.is_mark(at + 1, "°.");
        let mark = abbreviated || t.is_mark(at, ":#=") || t.is_mark(at, ".-–(\"'°");
        if !(word || filler || mark) || t.gap(at) == Gap::Line {
            break;
        }
        // A hyphen or bracket that touches a number belongs to it, a colon ends the label.
        made.said |= word || t.is_mark(at, ":#=");
        made.next += 1;
    }
    made
}

/// The number behind the label at token `i`.
fn labelled(t: &Tokens, i: usize, label: Label) -> Option<Hit> {
    let said_in_label = matches!(t.norm(label.last), "no" | "number" | "id" | "num");
    let marked = marks(t, label.last + 1);
    let said = marked.said || said_in_label;
    let hit = |value: &Value, confidence: f32| {
        let class = Class::Number(label.kind);
        Some(t.hit(value.first, value.last, class, confidence, "number_label").with_cue(t, Some(i)))
    };
    // Spoken: "the hospital number is four four eight two nine one three".
    if t.has(marked.next, Flags::DIGIT) && label.strength >= Strength::Soft {
        let (last, digits) = super::contact::spoken_digits(t, marked.next);
        if digits >= 4 {
            let value = Value { first: marked.next, last, digits, letters: 0 };
            return hit(&value, 0.97);
        }
    }
    // On the next line only after a colon.
    let near = t.gap(marked.next) != Gap::Line || t.is_mark(marked.next.wrapping_sub(1), ":");
    if near && let Some(value) = value(t, marked.next, label.kind) {
        if enough(t, &value, label.strength, said) {
            let confidence = if label.strength == Strength::Sure { 0.985 } else { 0.96 };
            return hit(&value, confidence);
        }
        return None;
    }
    if label.strength < Strength::Soft || matches!(label.kind, NumberKind::Other | NumberKind::Vehicle) {
        return None;
    }
    // "Insurance Bluepeak ID BPX4471902": up to three words between.
    let mut at = marked.next;
    for _ in 0..3 {
        if !t.is_word(at)
            || t.gap(at) == Gap::Line
            || t.has(at, Flags::PHONE.or(Flags::RESULT)) && t.norm(at) != "k"
        {
            return None;
        }
        let again = marks(t, at + 1);
        if let Some(value) = value(t, again.next, label.kind).filter(|_| t.gap(again.next) != Gap::Line) {
            let long = value.digits >= 6 || (value.letters > 0 && value.digits >= 4);
            return if long && enough(t, &value, label.strength, false) { hit(&value, 0.97) } else { None };
        }
        at = again.next;
    }
    None
}

/// "token no. 4512", "tank number 3321": any noun that numbers a thing, and "No. 88213", "#88213".
fn numbered_noun(t: &Tokens, i: usize) -> Option<Hit> {
    let hash = t.is_mark(i, "#") && t.is_number(i + 1);
    let word = matches!(t.norm(i), "no" | "number" | "num" | "nomor" | "numero") && t.is_word(i);
    if !(hash || word) {
        return None;
    }
    let before = i.wrapping_sub(1);
    let noun = t.is_word(before)
        && t.gap(i) != Gap::Line
        && !t.has(before, Flags::COUNTED.or(Flags::STOP).or(Flags::RESULT).or(Flags::UNIT));
    if t.has(before, Flags::COUNTED.or(Flags::PHONE).or(Flags::RESULT)) {
        return None;
    }
    let after = marks(t, i + 1);
    let marked = t.norm(i) == "number" || hash || t.is_mark(i + 1, ".:#") || after.said;
    let least = if noun { 3 } else { 4 };
    if t.gap(after.next) == Gap::Line {
        return None;
    }
    let value = value(t, after.next, NumberKind::Other)?;
    let plain = marked || noun && value.digits >= 5;
    let fits = plain && value.digits >= least && enough(t, &value, Strength::Soft, true);
    fits.then(|| {
        t.hit(value.first, value.last, Class::Number(NumberKind::Other), 0.78, "number_noun")
            .with_cue(t, Some(i))
    })
}

/// A number as it is written, with its groups.
struct Value {
    first: usize,
    last: usize,
    digits: usize,
    letters: usize,
}

/// The end of the run of touching letters, digits and `-/._` that begins at token `i`.
pub(super) fn run_end(t: &Tokens, i: usize) -> Option<usize> {
    if t.get(i).is_none_or(|token| token.kind == Kind::Mark) {
        return None;
    }
    let mut last = i;
    while last - i < REACH && t.touches(last + 1) {
        let next = last + 1;
        if t.get(next).is_some_and(|token| token.kind != Kind::Mark) {
            last = next;
            continue;
        }
        let goes_on = t.touches(next + 1) && t.get(next + 1).is_some_and(|token| token.kind != Kind::Mark);
        let joins = t.is_mark(next, "-/_") || (t.is_mark(next, ".") && t.is_number(next + 1));
        if !(goes_on && joins) {
            break;
        }
        last = next + 1;
    }
    Some(last)
}

/// Digits and letters from token `first` to `last`.
pub(super) fn count(t: &Tokens, first: usize, last: usize) -> (usize, usize) {
    let mut counts = (0, 0);
    for at in first..=last {
        if t.is_number(at) {
            counts.0 += t.norm(at).len();
        } else if t.is_word(at) {
            counts.1 += t.norm(at).chars().count();
        }
    }
    counts
}

/// Ways in which numbers are grouped with spaces.
const SHAPES: &[&[usize]] = &[
    &[4, 4, 4, 4],
    &[3, 4, 4, 4],
    &[2, 4, 4, 4],
    &[4, 6, 5],
    &[4, 4, 4],
    &[3, 3, 4],
    &[4, 3, 3],
    &[4, 5, 1, 1],
    &[4, 5, 1],
    &[3, 2, 4],
    &[6, 4, 3],
    &[6, 4, 2, 1],
    &[3, 3, 3],
    &[4, 3, 4],
    &[2, 6, 6, 1],
    &[5, 5],
    &[6, 4],
    &[4, 4],
    &[3, 3, 2],
    &[2, 3, 3],
    &[3, 4],
    &[5, 4],
    &[6, 3],
    &[8, 2],
];

/// The number that begins at token `i`.
fn value(t: &Tokens, i: usize, kind: NumberKind) -> Option<Value> {
    let end = run_end(t, i)?;
    let (digits, letters) = count(t, i, end);
    let made = |last: usize| {
        let (digits, letters) = count(t, i, last);
        (digits > 0).then_some(Value { first: i, last, digits, letters })
    };
    if digits > 0 && letters == 0 && end == i {
        return made(spaced_digits(t, i));
    }
    // "TN 58 BX 4071", "GB82 WEST 1234 5698 7654 32", "AB 123456".
    let plain = Flags::STOP.or(Flags::UNIT).or(Flags::RESULT);
    let capitals = |first: usize, last: usize| {
        (first..=last).all(|at| {
            !t.is_word(at) || t.case(at) != Case::Lower && (t.raw(at).len() == 1 || !t.has(at, plain))
        })
    };
    let wide = matches!(
        kind,
        NumberKind::Vehicle | NumberKind::Licence | NumberKind::Account | NumberKind::National
    );
    if letters > 0 && t.raw(i).len() <= 4 && capitals(i, end) && end - i < 4 && (digits == 0 || wide) {
        let mut last = end;
        for _ in 0..GROUPS {
            let next = last + 1;
            let Some(next_end) = run_end(t, next).filter(|_| t.gap(next) == Gap::Space) else { break };
            let (d, l) = count(t, next, next_end);
            let short = l <= 4 && capitals(next, next_end) && d + l <= 12;
            let age =
                l == 1 && (1..=3).contains(&d) || d > 0 && d <= 3 && l == 0 && person_follows(t, next_end);
            if !short || (d == 0 && !wide) || measured(t, next_end) || age && last != end {
                break;
            }
            last = next_end;
            if !wide {
                break;
            }
        }
        // Letters on their own at the end belong to the sentence.
        while last > i && !(i..=last).any(|at| t.is_number(at)) {
            last -= 1;
        }
        if last > end {
            return made(last);
        }
    }
    if digits == 0 { None } else { made(end) }
}

/// Whether a sex or a word for years follows token `last`.
fn person_follows(t: &Tokens, last: usize) -> bool {
    matches!(t.norm(last + 1), "m" | "f" | "male" | "female" | "y" | "yo" | "yr" | "yrs" | "years" | "year")
}

/// Whether a unit, a percent sign or a fraction follows token `last`.
fn measured(t: &Tokens, last: usize) -> bool {
    (t.gap(last + 1) != Gap::Line && t.has(last + 1, Flags::UNIT))
        || t.is_mark(last + 1, "%/:") && t.touches(last + 1)
}

/// The last token of digit groups with spaces that begin at token `i` and make one number.
fn spaced_digits(t: &Tokens, i: usize) -> usize {
    let mut lengths = vec![t.norm(i).len()];
    let mut at = i;
    while lengths.len() < GROUPS && t.is_number(at + 1) && t.gap(at + 1) == Gap::Space && !t.runs_on(at + 1) {
        at += 1;
        lengths.push(t.norm(at).len());
    }
    let whole =
        |n: usize| !(n > 1 && (measured(t, i + n - 1) || person_follows(t, i + n - 1) && lengths[n - 1] < 4));
    let known = SHAPES.iter().find(|shape| lengths.starts_with(shape) && whole(shape.len()));
    if let Some(shape) = known {
        return i + shape.len() - 1;
    }
    let mut total = lengths[0];
    let mut n = 1;
    while n < lengths.len() && lengths[n] >= 3 && total + lengths[n] <= 16 && total < 9 && whole(n + 1) {
        total += lengths[n];
        n += 1;
    }
    i + n - 1
}

/// Whether a value is enough of an identifier for its label.
fn enough(t: &Tokens, value: &Value, strength: Strength, said: bool) -> bool {
    let next = value.last + 1;
    if t.touches(next) && (t.is_mark(next, "%°") || t.is_mark(next, ":") && t.is_number(next + 1)) {
        return false;
    }
    let unit = t.gap(next) != Gap::Line && t.has(next, Flags::UNIT) && !person_follows(t, value.last);
    if unit && value.digits <= 5 || age_or_measure(t, value) || clinical_number(t, value) {
        return false;
    }
    let sure = strength == Strength::Sure;
    let mixed = value.letters > 0 && value.digits >= 3 && value.digits + value.letters >= 5;
    if !sure && (is_date(t, value) || !said && is_year(t, value)) {
        return false;
    }
    match (strength, said) {
        (Strength::Sure, true) => value.digits >= 2,
        (Strength::Sure, false) | (Strength::Marked, true) => value.digits >= 4 || mixed,
        (Strength::Soft, true) => value.digits >= 3 || (value.digits >= 2 && value.last == value.first),
        (Strength::Soft, false) => value.digits >= 5 || mixed,
        (Strength::Marked, false) => value.digits >= 7 || (mixed && value.digits >= 4),
        (Strength::Counted, true) => value.digits >= 3,
        (Strength::Counted, false) => value.digits >= 6 || (mixed && value.digits + value.letters >= 6),
    }
}

/// "45M", "45yo", "500mg", "3x": a short number with a unit or a sex that touches it.
fn age_or_measure(t: &Tokens, value: &Value) -> bool {
    let two = value.last == value.first + 1 && t.is_number(value.first) && t.is_word(value.last);
    two && value.digits <= 5
        && (t.has(value.last, Flags::UNIT.or(Flags::YEARS))
            || matches!(t.norm(value.last), "m" | "f" | "x" | "st" | "nd" | "rd" | "th"))
}

/// "3.5", "120/80", "3.5-5.0": a decimal, a fraction or a range of short numbers.
fn clinical_number(t: &Tokens, value: &Value) -> bool {
    if value.letters > 0 || value.last == value.first {
        return false;
    }
    let numbers: Vec<usize> =
        (value.first..=value.last).filter(|at| t.is_number(*at)).map(|at| t.norm(at).len()).collect();
    let has = |mark: &str| (value.first..=value.last).any(|at| t.is_mark(at, mark));
    let short = |most: usize| numbers.iter().all(|length| *length <= most);
    match numbers.len() {
        2 => (has(".") || has("/")) && short(3) || has("-") && short(2),
        4 => has(".") && has("-") && short(2) && value.digits <= 6,
        _ => false,
    }
}

/// Whether a value is a date with a year.
fn is_date(t: &Tokens, value: &Value) -> bool {
    let nowhere = Locale { country: None, year: 2030 };
    numeric_dates::at(t, value.first, nowhere)
        .is_some_and(|d| d.last == value.last && d.last >= d.first + 4 && d.parts.year.is_some())
}

/// Whether a value is a year alone.
fn is_year(t: &Tokens, value: &Value) -> bool {
    value.first == value.last
        && t.small(value.first).is_some_and(|n| (1900..=2099).contains(&n))
        && value.digits == 4
}

/// A plate behind a word for a vehicle: "bus TN 58 BX 4071", "reg KCA 123A".
fn vehicle(t: &Tokens, i: usize) -> Option<Hit> {
    if !t.has(i, Flags::VEHICLE) {
        return None;
    }
    let at = marks(t, i + 1).next;
    (at..at + 3).take_while(|at| t.gap(*at) != Gap::Line).find_map(|at| {
        let last = plate(t, at)?;
        Some(t.hit(at, last, Class::Number(NumberKind::Vehicle), 0.965, "vehicle_label").with_cue(t, Some(i)))
    })
}

/// The last token of something like a plate that begins at token `i`: short turns of capitals and digits.
fn plate(t: &Tokens, i: usize) -> Option<usize> {
    if t.get(i).is_none_or(|token| token.kind == Kind::Mark)
        || (t.touches(i) && !t.is_mark(i.wrapping_sub(1), "(:#\""))
    {
        return None;
    }
    let mut best = None;
    // Turns of letters and digits, as (is a digit turn, its length).
    let mut turns: Vec<(bool, usize)> = Vec::new();
    let mut at = i;
    for _ in 0..8 {
        let usable = t.get(at).is_some_and(|token| match token.kind {
            Kind::Number => token.end - token.start <= 4,
            Kind::Word => {
                token.end - token.start <= 3
                    && token.case != Case::Lower
                    && !token.flags.any(Flags::STOP.or(Flags::UNIT).or(Flags::RESULT))
            }
            Kind::Mark => false,
        });
        // Single capitals are letters of a plate even where they are units.
        let letter = t.is_capital(at)
            && t.raw(at).len() <= 2
            && (turns.len() > 1
                || at == i && t.raw(at).len() == 2 && t.norm(at + 1).len() >= 3 && t.is_number(at + 1));
        if !(usable || letter) || (at > i && t.gap(at) == Gap::Line) {
            break;
        }
        let digit = t.is_number(at);
        let length = t.raw(at).len();
        match turns.last_mut() {
            Some((kind, total)) if *kind == digit => *total += length,
            _ => turns.push((digit, length)),
        }
        let digits: usize = turns.iter().filter(|turn| turn.0).map(|turn| turn.1).sum();
        let letters: usize = turns.iter().filter(|turn| !turn.0).map(|turn| turn.1).sum();
        let fits = turns.len() >= 2
            && turns.len() <= 5
            && (digits >= 3 || turns.len() >= 3 && digits >= 2)
            && (1..=5).contains(&letters)
            && (5..=10).contains(&(digits + letters))
            && turns.iter().all(|turn| turn.1 <= if turn.0 { 6 } else { 3 });
        if fits && !t.runs_on(at) && !measured(t, at) {
            best = Some(at);
        }
        at += 1;
        if t.is_mark(at, "-") {
            at += 1;
        }
    }
    best
}

/// Whether a text of letters and digits passes the check of a vehicle number.
pub(super) fn is_vin(text: &str) -> bool {
    checks::vin(text)
}
