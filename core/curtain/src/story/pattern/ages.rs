//! Ages of ninety and more.
//!
//! A bare 92 in a case post is a pulse, a pressure or a saturation far more often than an age, so a number
//! counts only with a word for years, a label, a sex, or a person directly before it.

use super::months;
use super::tokens::{Case, Gap, Tokens};
use super::words::Flags;
use crate::story::{Class, Hit};

/// Ages that are written in digits: from the first that Safe Harbor hides to the oldest that people reach.
const OLD: std::ops::RangeInclusive<u32> = 90..=122;

/// Finds ages of ninety and more.
pub(super) fn find(t: &Tokens, out: &mut Vec<Hit>) {
    let mut i = 0;
    while i < t.len() {
        let Some(hit) = word_for_age(t, i).or_else(|| decade(t, i)).or_else(|| number(t, i)) else {
            i += 1;
            continue;
        };
        i = t.at_byte(hit.span.end).max(i + 1);
        out.push(hit);
    }
}

/// "nonagenarian".
fn word_for_age(t: &Tokens, i: usize) -> Option<Hit> {
    let known = matches!(
        t.norm(i),
        "nonagenarian"
            | "nonagenarians"
            | "centenarian"
            | "centenarians"
            | "supercentenarian"
            | "nonagenario"
            | "nonagenaria"
    );
    known.then(|| t.hit(i, i, Class::AgeOver89, 0.9, "age_word"))
}

/// "in her nineties", "in his early 90s".
fn decade(t: &Tokens, i: usize) -> Option<Hit> {
    let last = if t.norm(i) == "nineties" {
        i
    } else if t.norm(i) == "90" && t.opens_number(i) {
        match (t.norm(i + 1), t.norm(i + 2)) {
            ("s", _) if t.touches(i + 1) => i + 1,
            ("'", "s") if t.touches(i + 1) && t.touches(i + 2) => i + 2,
            _ => return None,
        }
    } else {
        return None;
    };
    let cue = (1..=4).map(|n| i.wrapping_sub(n)).find(|at| {
        matches!(t.norm(*at), "his" | "her" | "their" | "my")
            || t.has(*at, Flags::PERSON) && t.norm(*at).len() > 2
    })?;
    let result = (1..=4).any(|n| t.has(i.wrapping_sub(n), Flags::RESULT));
    (!result).then(|| t.hit(i, last, Class::AgeOver89, 0.85, "age_decade").with_cue(t, Some(cue)))
}

/// A number of ninety or more, in digits or words, that its neighbours make an age.
fn number(t: &Tokens, i: usize) -> Option<Hit> {
    let last = in_digits(t, i).or_else(|| in_words(t, i))?;
    let (confidence, rule, cue) = with_years(t, i, last)
        .or_else(|| birthday(t, i, last))
        .or_else(|| with_label(t, i, last))
        .or_else(|| with_sex(t, i, last))
        .or_else(|| after_person(t, i, last))?;
    Some(t.hit(i, last, Class::AgeOver89, confidence, rule).with_cue(t, cue))
}

/// What a rule says: how sure, its name, the deciding token.
type Said = (f32, &'static str, Option<usize>);

/// The last token of a number in digits that may be an age.
fn in_digits(t: &Tokens, i: usize) -> Option<usize> {
    let value = t.small(i).filter(|n| OLD.contains(n) && !t.norm(i).starts_with('0'))?;
    let sex_before = matches!(t.norm(i.wrapping_sub(1)), "f" | "m") && !t.touches(i.wrapping_sub(1));
    if value > 122 || !(t.opens_number(i) || sex_before) {
        return None;
    }
    let word_touches = t.touches(i + 1) && t.is_word(i + 1);
    if t.runs_on(i) && !word_touches {
        return None;
    }
    let known = t.has(i + 1, Flags::YEARS)
        || matches!(
            t.norm(i + 1),
            "f" | "m" | "st" | "nd" | "rd" | "th" | "male" | "female" | "yf" | "ym" | "yr" | "mw"
        );
    (!word_touches || known).then_some(i)
}

/// The last token of a number in words from ninety on.
fn in_words(t: &Tokens, i: usize) -> Option<usize> {
    let one_of = |at: usize, words: &[&str]| words.contains(&t.norm(at)) && t.gap(at) != Gap::Line;
    match t.norm(i) {
        "ninety" => months::spoken(t, i).map(|(_, last)| last),
        "hundred" => {
            let and = usize::from(t.norm(i + 1) == "and");
            Some(match months::spoken(t, i + 1 + and) {
                Some((n, last)) if n <= 22 => last,
                _ => i,
            })
        }
        "noventa" => {
            const UNITS: &[&str] = &[
                "uno", "un", "una", "um", "uma", "dos", "dois", "duas", "tres", "cuatro", "quatro", "cinco",
                "seis", "siete", "sete", "ocho", "oito", "nueve", "nove",
            ];
            Some(if one_of(i + 1, &["y", "e"]) && one_of(i + 2, UNITS) { i + 2 } else { i })
        }
        "sembilan" if one_of(i + 1, &["puluh"]) => {
            const UNITS: &[&str] =
                &["satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"];
            Some(if one_of(i + 2, UNITS) { i + 2 } else { i + 1 })
        }
        "tisini" => {
            const UNITS: &[&str] = &["moja", "mbili", "tatu", "nne", "tano", "sita", "saba", "nane", "tisa"];
            Some(if one_of(i + 1, &["na"]) && one_of(i + 2, UNITS) { i + 2 } else { i })
        }
        "ninetieth" | "nabbe" | "nabbay" | "ikyanve" | "banve" | "bayanve" | "tiranve" | "chauranve"
        | "pachanve" | "chhiyanve" | "siyamnapu" => Some(i),
        _ => None,
    }
}

/// The token after the number, past a hyphen that touches both.
fn after(t: &Tokens, last: usize) -> usize {
    if t.is_mark(last + 1, "-") && t.touches(last + 1) && t.touches(last + 2) { last + 2 } else { last + 1 }
}

/// "91 years old", "90-year-old", "92 anos", "97 yrs".
fn with_years(t: &Tokens, i: usize, last: usize) -> Option<Said> {
    let unit = after(t, last);
    if t.gap(unit) == Gap::Line || !t.has(unit, Flags::YEARS) {
        return None;
    }
    let before = t.norm(i.wrapping_sub(1));
    let plain_old =
        (1..=3).any(|n| matches!(t.norm(unit + n), "old" | "gulang" | "idade" | "edad" | "age" | "young"));
    let lasting = matches!(
        before,
        "for"
            | "x"
            | "over"
            | "last"
            | "past"
            | "since"
            | "within"
            | "durante"
            | "por"
            | "ha"
            | "hace"
            | "selama"
            | "kwa"
            | "depuis"
            | "pour"
            | "every"
    );
    let elapsed = matches!(
        t.norm(unit + 1),
        "ago"
            | "later"
            | "history"
            | "back"
            | "se"
            | "pehle"
            | "atras"
            | "depois"
            | "duration"
            | "lalu"
            | "experience"
    );
    // A hundred years is a turn of phrase.
    let phrase = t.norm(i) == "hundred" && !plain_old;
    if (lasting && !plain_old) || elapsed || phrase {
        return None;
    }
    Some((0.95, "age_years", Some(unit)))
}

/// "her 95th birthday".
fn birthday(t: &Tokens, i: usize, last: usize) -> Option<Said> {
    let suffix = usize::from(matches!(t.norm(last + 1), "st" | "nd" | "rd" | "th"));
    if suffix == 0 && t.norm(i) != "ninetieth" && !t.is_word(i) {
        return None;
    }
    let at = (1..=2)
        .map(|n| last + suffix + n)
        .find(|at| matches!(t.norm(*at), "birthday" | "bday" | "cumpleanos"))?;
    Some((0.9, "age_birthday", Some(at)))
}

/// Whether a unit, a percent sign or another value follows, so that the number is a measure.
fn measure_follows(t: &Tokens, last: usize) -> bool {
    let next = last + 1;
    if t.gap(next) == Gap::Line {
        return false;
    }
    let air = matches!(t.norm(next), "on" | "in" | "at")
        && matches!(t.norm(next + 1), "room" | "ra" | "air" | "o" | "oxygen");
    (t.has(next, Flags::UNIT) && !t.has(next, Flags::YEARS) && !matches!(t.norm(next), "m" | "women" | "men"))
        || t.is_mark(next, "%/°<>=*")
        || matches!(t.norm(next), "over" | "percent" | "by" | "ra" | "systolic" | "diastolic" | "out" | "of")
        || air
        || (t.is_mark(next, "-") && t.is_number(next + 1))
}

/// "age 94", "umur 91", "Age/Sex: 93/F".
fn with_label(t: &Tokens, i: usize, last: usize) -> Option<Said> {
    let mut at = i;
    for _ in 0..5 {
        at = at.wrapping_sub(1);
        if t.has(at, Flags::AGE) {
            // "93/F" has a slash after it, which is no measure here.
            let unit =
                t.has(last + 1, Flags::UNIT) && !t.has(last + 1, Flags::YEARS) && t.norm(last + 1) != "m";
            let bad = unit || t.is_mark(last + 1, "%°") || t.is_number(last + 2) && t.is_mark(last + 1, "/");
            return (!bad).then_some((0.95, "age_label", Some(at)));
        }
        let skipped = t.is_mark(at, ":-=~./(")
            || matches!(
                t.norm(at),
                "is" | "was"
                    | "of"
                    | "about"
                    | "approx"
                    | "around"
                    | "sex"
                    | "gender"
                    | "wa"
                    | "now"
                    | "nearly"
                    | "almost"
                    | "hai"
            );
        if !skipped {
            return None;
        }
    }
    None
}

/// Whether one of the `n` tokens before `i` on its line is a vital sign or a laboratory value.
fn result_before(t: &Tokens, i: usize, n: usize) -> bool {
    let mut at = i;
    for _ in 0..n {
        if t.gap(at) == Gap::Line {
            return false;
        }
        at = at.wrapping_sub(1);
        if t.has(at, Flags::RESULT) && !matches!(t.norm(at), "o" | "b" | "k" | "x" | "fr" | "td" | "ms" | "t")
        {
            return true;
        }
    }
    false
}

/// Whether what stands before token `i` lets a person begin there: a line, a bracket, a comma, a name, a role.
fn person_may_stand_before(t: &Tokens, i: usize) -> bool {
    let before = i.wrapping_sub(1);
    t.gap(i) == Gap::Line
        || t.is_mark(before, ",(:;.-*") && !t.is_number(before.wrapping_sub(1))
        || t.has(before, Flags::PERSON)
        || (t.is_capital(before) && !t.has(before, Flags::RESULT.or(Flags::STOP)))
}

/// "93F", "95 M", "93/F", "F93", "92 female", "a 95 lady".
fn with_sex(t: &Tokens, i: usize, last: usize) -> Option<Said> {
    let before = i.wrapping_sub(1);
    let slash = if t.is_mark(before, "/") { before.wrapping_sub(1) } else { before };
    if matches!(t.norm(slash), "f" | "m")
        && t.is_capital(slash)
        && person_may_stand_before(t, slash)
        && !t.runs_on(last)
    {
        let unit = measure_follows(t, last) || result_before(t, slash, 3);
        return (!unit && t.is_number(i)).then_some((0.8, "age_sex", Some(slash)));
    }
    let at = if t.is_mark(last + 1, "/-,") && t.touches(last + 1) { last + 2 } else { last + 1 };
    if t.gap(at) == Gap::Line {
        return None;
    }
    let sex = t.norm(at);
    let touches = t.touches(last + 1);
    let hot = || {
        let words = (1..=6).any(|n| {
            let at = i.wrapping_sub(n);
            matches!(
                t.norm(at),
                "temp" | "temperature" | "fever" | "febrile" | "suhu" | "temperatura" | "bukhar" | "afebrile"
            ) || t.norm(at) == "t" && n <= 2
        });
        let warm = t.small(i).is_some_and(|n| (94..=108).contains(&n));
        words || warm && matches!(t.norm(at + 1), "fever" | "temp") || warm && !person_may_stand_before(t, i)
    };
    let said = match sex {
        "f" | "m" => {
            let letter = t.case(at) != Case::Lower || touches;
            let ends = !t.touches(at + 1) || !t.is_word(at + 1) && !t.is_number(at + 1);
            let metres = sex == "m" && matches!(t.norm(at + 1), "walk" | "away" | "from" | "distance");
            letter
                && ends
                && !metres
                && !result_before(t, i, 3)
                && !(sex == "f" && hot())
                && (touches || person_may_stand_before(t, i))
                && (sex != "m" || t.case(at) != Case::Lower || person_may_stand_before(t, i))
        }
        "yf" | "ym" | "mw" => true,
        "male" | "female" | "lady" | "woman" | "man" | "gentleman" | "widow" | "widower" | "grandmother"
        | "granny" => !result_before(t, i, 2),
        _ => false,
    };
    said.then_some((0.85, "age_sex", Some(at)))
}

/// Whether what follows the number ends it or goes on as a story about a person does.
fn person_goes_on(t: &Tokens, last: usize) -> bool {
    let next = last + 1;
    if measure_follows(t, last) {
        return false;
    }
    // "91, 92, 93" is a list of values.
    if t.is_mark(next, ",;&") && t.is_number(next + 1) {
        return false;
    }
    t.gap(next) == Gap::Line || t.is_mark(next, ",.;)!?-:]") || t.has(next, Flags::AFTER_AGE.or(Flags::STOP))
}

/// "his nan, ninety-one,", "Elder Josephine, 93, lives", "(94)", "mrs theodora pike 95 lives", "she is 93".
fn after_person(t: &Tokens, i: usize, last: usize) -> Option<Said> {
    if !person_goes_on(t, last) || t.norm(i) == "hundred" {
        return None;
    }
    let mut at = i.wrapping_sub(1);
    let punctuated = t.is_mark(at, ",(-");
    if punctuated {
        at = at.wrapping_sub(1);
    }
    let name = at;
    // A person and what links them to an age.
    for _ in 0..3 {
        if t.has(at, Flags::PERSON) && !matches!(t.norm(at), "patients" | "f" | "m" | "great" | "old") {
            let at_ward = t.has(at.wrapping_sub(1), Flags::RESULT);
            return (!at_ward).then_some((0.85, "age_person", Some(at)));
        }
        let links = matches!(
            t.norm(at),
            "is" | "was" | "now" | "s" | "just" | "about" | "almost" | "nearly" | "over" | "turns" | "'"
        );
        if !links || punctuated {
            break;
        }
        at = at.wrapping_sub(1);
    }
    if matches!(t.norm(i.wrapping_sub(1)), "at" | "now")
        && matches!(t.norm(last + 1), "she" | "he" | "her" | "his")
    {
        return Some((0.7, "age_person", Some(last + 1)));
    }
    if result_before(t, i, 4) {
        return None;
    }
    let plain =
        Flags::STOP.or(Flags::UNIT).or(Flags::COUNTED).or(Flags::MONTH).or(Flags::STREET).or(Flags::POSTCODE);
    // A title and a name, with or without a comma.
    for n in 0..4 {
        let at = name.wrapping_sub(n);
        if t.has(at, Flags::TITLE) && n > 0 {
            return Some((0.8, "age_name", Some(at)));
        }
        if !t.is_word(at) && !t.is_mark(at, ".") || t.has(at, plain) && t.norm(at).len() > 1 {
            break;
        }
    }
    if t.is_capital(name) && !t.has(name, plain) && t.norm(name).len() > 1 {
        if punctuated && !t.is_mark(i.wrapping_sub(1), "-") {
            return Some((0.7, "age_name", Some(name)));
        }
        let full = t.is_capital(name.wrapping_sub(1)) && t.gap(name) == Gap::Space;
        let lives =
            matches!(t.norm(last + 1), "lives" | "living" | "retired" | "widow" | "widower" | "lived");
        return (full && lives).then_some((0.7, "age_name", Some(name)));
    }
    None
}
