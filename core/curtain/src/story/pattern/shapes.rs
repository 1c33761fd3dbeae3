//! Numbers without a label that their form or their check digit gives away.

use super::checks;
use super::digit_groups::Groups;
use super::numbers::{count, run_end};
use super::tokens::{Case, Gap, Tokens};
use super::words::Flags;
use crate::story::{Class, Hit, Locale, NumberKind};

/// The states and union territories on the plates of India. [Central Motor Vehicles Rules 1989, rule 50]
const INDIAN_PLATES: &str = "an ap ar as br ch cg dd dl dn ga gj hp hr jh jk ka kl la ld mh ml mn mp mz nl od or pb py rj sk tg tn tr ts \
                             ua uk up wb";

/// Finds numbers by their form.
pub(super) fn find(t: &Tokens, locale: Locale, out: &mut Vec<Hit>) {
    let mut i = 0;
    while i < t.len() {
        out.extend(grouped(t, i, locale));
        out.extend(iban(t, i));
        out.extend(indian_plate(t, i));
        out.extend(hyphenated_code(t, i));
        out.extend(registration_card(t, i));
        out.extend(one_by_one(t, i));
        out.extend(insurance_number_of_britain(t, i));
        i = match run(t, i) {
            (Some(hit), next) => {
                out.push(hit);
                next
            }
            (None, next) => next,
        };
    }
}

/// Digit groups of a known scheme: 4-4-4, 3-3-4, 3-2-4, 4-5-1 and others.
fn grouped(t: &Tokens, i: usize, locale: Locale) -> Option<Hit> {
    if !t.is_number(i) || !t.opens_number(i) {
        return None;
    }
    let groups = Groups::read(t, i)?;
    let british = locale.country.is_some_and(|here| here.is(*b"GB"));
    let is = |country: &[u8; 2]| locale.country.is_none_or(|here| here.is(*country));
    for n in (1..=groups.len()).rev() {
        let last = groups.last(n);
        let lengths = groups.lengths(t, n);
        if t.runs_on(last) || lengths.iter().sum::<usize>() > 19 {
            continue;
        }
        let digits = groups.digits(t, n);
        let marks = groups.marks(n);
        let zeros = (0..n).all(|k| groups.group(t, k).ends_with("00"));
        // "99 55 01 82": how telephone numbers of eight or ten digits are written in much of the world.
        let pairs = matches!(n, 4 | 5) && lengths.iter().all(|length| *length == 2);
        let same = marks.chars().all(|mark| mark == ' ') || marks.chars().all(|mark| mark == '.');
        if pairs
            && same
            && n == groups.len()
            && !t.has(last + 1, Flags::UNIT)
            && !t.has(i.wrapping_sub(1), Flags::RESULT)
        {
            return Some(t.hit(i, last, Class::Phone, 0.65, "phone_pairs"));
        }
        let (kind, confidence) = match &lengths[..] {
            // Numbers that begin with a date of birth, of northern Europe.
            [6, 4 | 5] if begins_with_date(&digits) && marks != "." => (NumberKind::National, 0.75),
            // Of Chile; the last digit may be a K, which is no digit.
            [1 | 2, 3, 3, 1] if marks == "..-" => (NumberKind::National, 0.9),
            [12] | [4, 4, 4] if checks::aadhaar(&digits) => (NumberKind::National, 0.93),
            [4, 4, 4] if !zeros && !digits.starts_with('0') && !years(t, &groups, n) => {
                (NumberKind::Other, 0.8)
            }
            [10] | [6, 4] if checks::chi(&digits) && british => (NumberKind::National, 0.91),
            [10] | [3, 3, 4] if checks::nhs(&digits) && british => (NumberKind::National, 0.9),
            [3, 3, 4] if checks::nhs(&digits) && marks == "  " => (NumberKind::National, 0.86),
            [3, 3, 3, 2] if marks == "..-" => {
                (NumberKind::National, if checks::cpf(&digits) { 0.98 } else { 0.85 })
            }
            [11] if checks::cpf(&digits) && !digits.starts_with('0') => {
                (NumberKind::National, if is(b"BR") { 0.9 } else { 0.7 })
            }
            [13] | [6, 4, 3] | [6, 4, 2, 1] if checks::south_african(&digits) => (NumberKind::National, 0.95),
            [3, 2, 4] if checks::ssn(&digits) && (marks == "--" || is(b"US")) => (NumberKind::National, 0.93),
            [3, 2, 4] if marks == "--" => (NumberKind::Other, 0.8),
            [16] if checks::nik(&digits) && !checks::payment_card(&digits) => (NumberKind::National, 0.93),
            [15] | [3, 4, 4, 4] if checks::cns(&digits) => (NumberKind::HealthPlan, 0.94),
            [4, 5, 1] | [10] | [4, 5, 1, 1] if checks::medicare_au(&digits) && (n > 1 || is(b"AU")) => {
                (NumberKind::HealthPlan, if n > 1 { 0.94 } else { 0.7 })
            }
            [4, 5, 1] if marks == "  " => (NumberKind::Other, 0.7),
            [2, 4, 4, 4] if marks == "---" => (NumberKind::HealthPlan, 0.93),
            [2, 4, 4, 4] => (NumberKind::Other, 0.75),
            [15] | [2, 6, 6, 1]
                if checks::imei(&digits) && !digits.starts_with("34") && !digits.starts_with("37") =>
            {
                (NumberKind::Device, 0.85)
            }
            [13..=19] | [4, 4, 4, 4] | [4, 6, 5] | [4, 4, 4, 4, 3] if checks::payment_card(&digits) => {
                (NumberKind::Account, 0.92)
            }
            [4 | 3, 4, 4, 4] if !zeros && !years(t, &groups, n) => (NumberKind::Other, 0.8),
            _ => continue,
        };
        return Some(t.hit(i, last, Class::Number(kind), confidence, "number_scheme"));
    }
    None
}

/// Whether digits begin with a day and a month, or with a year, a month and a day.
fn begins_with_date(digits: &str) -> bool {
    let pair = |at: usize| digits.get(at..at + 2).and_then(|pair| pair.parse::<u8>().ok()).unwrap_or(0);
    let day_first = (1..=31).contains(&pair(0)) && (1..=12).contains(&pair(2));
    let year_first = (1..=12).contains(&pair(2)) && (1..=31).contains(&pair(4));
    day_first || year_first
}

/// "MV-8813", "SAV-77-2031": capitals, a hyphen, and four digits or more.
fn hyphenated_code(t: &Tokens, i: usize) -> Option<Hit> {
    let capitals =
        t.is_word(i) && t.case(i) == Case::Upper && t.raw(i).is_ascii() && (1..=5).contains(&t.raw(i).len());
    if !capitals
        || t.touches(i) && !t.is_mark(i.wrapping_sub(1), "(:\"")
        || matches!(t.norm(i), "covid" | "sars" | "icd" | "iso" | "dsm" | "mers")
    {
        return None;
    }
    let (mut last, mut digits, mut longest) = (i, 0, 0);
    while last - i < 8
        && t.is_mark(last + 1, "-/")
        && t.touches(last + 1)
        && t.touches(last + 2)
        && t.is_number(last + 2)
    {
        last += 2;
        digits += t.norm(last).len();
        longest = longest.max(t.norm(last).len());
    }
    let hyphen = t.is_mark(i + 1, "-");
    // Of several groups, one may look like a date.
    let confidence = if last > i + 2 && hyphen { 0.96 } else { 0.66 };
    let year = last == i + 2
        && t.small(last).is_some_and(|year| (1900..=2099).contains(&year))
        && t.norm(last).len() == 4;
    let many = digits >= 4 && longest >= 3 && (hyphen || digits >= 5) && digits < 20 && !year;
    (many && !t.runs_on(last))
        .then(|| t.hit(i, last, Class::Number(NumberKind::Other), confidence, "number_hyphenated"))
}

/// "9 8 3 5 1 2 4 4 6 7": digits one by one, seven or more.
fn one_by_one(t: &Tokens, i: usize) -> Option<Hit> {
    let digit = |at: usize| t.is_number(at) && t.norm(at).len() == 1;
    let follows = |at: usize| digit(at) && t.gap(at) == Gap::Space;
    if !digit(i) || follows(i) && i > 0 && digit(i - 1) {
        return None;
    }
    let mut last = i;
    while follows(last + 1) {
        last += 1;
    }
    (last - i >= 6).then(|| t.hit(i, last, Class::Number(NumberKind::Other), 0.7, "number_one_by_one"))
}

/// "12/ABC(N)123456": the registration card of Myanmar.
fn registration_card(t: &Tokens, i: usize) -> Option<Hit> {
    let marked = t.is_number(i)
        && t.norm(i).len() <= 2
        && t.is_mark(i + 1, "/")
        && t.is_word(i + 2)
        && t.is_mark(i + 3, "(");
    let kind = t.is_word(i + 4) && t.is_mark(i + 5, ")") && t.is_number(i + 6) && t.norm(i + 6).len() == 6;
    let tight = (i + 1..=i + 6).all(|at| t.touches(at));
    (marked && kind && tight)
        .then(|| t.hit(i, i + 6, Class::Number(NumberKind::National), 0.95, "number_registration_card"))
}

/// Whether all groups are years or all are times of day, as in "2019 2020 2021".
fn years(t: &Tokens, groups: &Groups, n: usize) -> bool {
    let all = |test: &dyn Fn(u32) -> bool| (0..n).all(|k| groups.group(t, k).parse().is_ok_and(test));
    all(&|n| (1900..=2100).contains(&n)) || all(&|n| n < 2400 && n % 100 < 60)
}

/// An IBAN in one run or in groups of four.
fn iban(t: &Tokens, i: usize) -> Option<Hit> {
    let two_letters = t.is_word(i) && t.raw(i).len() == 2 && t.case(i) == Case::Upper;
    if !two_letters
        || t.touches(i) && t.is_word(i.wrapping_sub(1))
        || !t.touches(i + 1)
        || t.norm(i + 1).len() < 2
    {
        return None;
    }
    let mut text = String::new();
    let mut best = None;
    let mut at = i;
    while text.len() <= 34 && at - i < 40 {
        let usable = t.get(at).is_some_and(|token| token.end - token.start <= 34);
        if !usable || t.gap(at) == Gap::Line && at > i || !(t.is_word(at) || t.is_number(at)) {
            break;
        }
        text.push_str(&t.raw(at).to_ascii_uppercase());
        let ends = !t.touches(at + 1) || !(t.is_word(at + 1) || t.is_number(at + 1));
        if ends && checks::iban(&text) {
            best = Some(at);
        }
        at += 1;
    }
    best.map(|last| t.hit(i, last, Class::Number(NumberKind::Account), 0.98, "number_iban"))
}

/// "TN 58 BX 4071", "KA-19-MC-0212", and plates of Kenya "KCA 123A".
fn indian_plate(t: &Tokens, i: usize) -> Option<Hit> {
    if !t.is_word(i) || t.touches(i) && !t.is_mark(i.wrapping_sub(1), "(:\"") {
        return None;
    }
    let next =
        |at: usize| if t.is_mark(at + 1, "-.") && t.gap(at + 1) != Gap::Line { at + 2 } else { at + 1 };
    let same = |at: usize| t.gap(at) != Gap::Line;
    let upper = |at: usize| t.is_word(at) && t.raw(at).bytes().all(|b| b.is_ascii_uppercase());
    if INDIAN_PLATES.split_ascii_whitespace().any(|state| state == t.norm(i)) {
        let district = next(i);
        let series = next(district);
        let number = next(series);
        let vehicle = (1..=4).any(|n| t.has(i.wrapping_sub(n), Flags::VEHICLE));
        let fits = t.is_number(district)
            && t.norm(district).len() <= 2
            && t.is_word(series)
            && t.raw(series).len() <= 3
            && t.is_number(number)
            && t.norm(number).len() == 4
            && [district, series, number].into_iter().all(same)
            && (upper(i) && upper(series) || vehicle)
            && !t.runs_on(number);
        return fits.then(|| t.hit(i, number, Class::Number(NumberKind::Vehicle), 0.97, "vehicle_plate"));
    }
    let kenyan = upper(i) && t.raw(i).len() == 3 && t.norm(i).starts_with('k') && t.norm(i + 1).len() == 3;
    let fits = kenyan
        && t.is_number(i + 1)
        && same(i + 1)
        && t.touches(i + 2)
        && upper(i + 2)
        && t.raw(i + 2).len() == 1
        && !t.runs_on(i + 2);
    fits.then(|| t.hit(i, i + 2, Class::Number(NumberKind::Vehicle), 0.8, "vehicle_plate"))
}

/// A National Insurance number, "QQ 12 34 56 C". [HMRC, NIM39110]
fn insurance_number_of_britain(t: &Tokens, i: usize) -> Option<Hit> {
    if !t.is_word(i) || t.raw(i).len() != 2 || t.case(i) != Case::Upper || t.touches(i) {
        return None;
    }
    let mut digits = 0;
    let mut at = i + 1;
    while t.is_number(at) && t.gap(at) != Gap::Line && digits < 6 && matches!(t.norm(at).len(), 2 | 6) {
        digits += t.norm(at).len();
        at += 1;
    }
    let suffix = matches!(t.raw(at), "A" | "B" | "C" | "D") && t.gap(at) != Gap::Line;
    (digits == 6 && suffix && !t.touches(at + 1))
        .then(|| t.hit(i, at, Class::Number(NumberKind::National), 0.93, "number_scheme"))
        .or_else(|| {
            (digits == 6 && suffix && !t.is_word(at + 1) && !t.is_number(at + 1))
                .then(|| t.hit(i, at, Class::Number(NumberKind::National), 0.93, "number_scheme"))
        })
}

/// One run of touching letters and digits; gives the token after it.
fn run(t: &Tokens, i: usize) -> (Option<Hit>, usize) {
    let Some(last) = run_end(t, i) else { return (None, i + 1) };
    // The rest of a run longer than one look is a run of its own.
    let starts = !t.touches(i) || !t.is_mark(i.wrapping_sub(1), "@.+*^>");
    if !starts {
        return (None, last + 1);
    }
    let (digits, letters) = count(t, i, last);
    let kind = if digits < 4 || named_elsewhere(t, i) {
        None
    } else if letters == 0 {
        only_digits(t, i, last, digits)
    } else {
        mixed(t, i, last, digits, letters)
    };
    let hit =
        kind.map(|(kind, confidence)| t.hit(i, last, Class::Number(kind), confidence, "number_unlabelled"));
    (hit, last + 1)
}

/// Whether the word before says that the code is of a public register: an article, a trial, a disease, a procedure.
fn named_elsewhere(t: &Tokens, i: usize) -> bool {
    (1..=3).any(|n| {
        matches!(
            t.norm(i.wrapping_sub(n)),
            "pmid"
                | "pmcid"
                | "doi"
                | "isbn"
                | "issn"
                | "snomed"
                | "sct"
                | "sctid"
                | "loinc"
                | "omim"
                | "mim"
                | "orpha"
                | "orphanet"
                | "icd"
                | "cpt"
                | "hcpcs"
                | "atc"
                | "cas"
                | "ctri"
                | "isrctn"
                | "rxnorm"
                | "arxiv"
                | "iso"
        )
    })
}

/// Whether a unit, a percent sign or a decimal follows token `last`.
fn measured(t: &Tokens, last: usize) -> bool {
    let next = last + 1;
    (t.gap(next) != Gap::Line && t.has(next, Flags::UNIT))
        || (t.touches(next) && t.is_mark(next, "%.,:") && t.is_number(next + 1))
}

/// Eight digits or more that are no count, range, ratio or time.
fn only_digits(t: &Tokens, first: usize, last: usize, digits: usize) -> Option<(NumberKind, f32)> {
    let groups: Vec<&str> = (first..=last).filter(|at| t.is_number(*at)).map(|at| t.norm(at)).collect();
    let marked = |mark: &str| (first..=last).any(|at| t.is_mark(at, mark));
    let round = groups.iter().all(|group| group.ends_with("000") || group.ends_with("00") && group.len() < 6);
    if digits < 8
        || round
        || measured(t, last)
        || !t.opens_number(first)
        || t.has(first.wrapping_sub(1), Flags::RESULT)
    {
        return None;
    }
    if (marked("/") && (groups.len() < 3 || marked(".") || groups.iter().all(|group| group.len() < 4)))
        || (marked(".") && groups.len() < 4)
    {
        return None;
    }
    let number = |group: &str| group.parse::<u32>().unwrap_or(u32::MAX);
    if let [a, b] = groups[..] {
        let rising = a.len() <= 6 && b.len() <= 6 && !a.starts_with('0') && number(a) < number(b);
        let times = a.len() == 4 && b.len() == 4 && number(a) < 2400 && number(b) < 2400;
        if rising || times {
            return None;
        }
    }
    // "0-3-7-28" and other lists of short numbers are schedules.
    if groups.len() > 2 && groups.iter().all(|group| group.len() <= 2) {
        return None;
    }
    Some((NumberKind::Other, if digits >= 9 || groups.len() == 1 { 0.72 } else { 0.6 }))
}

/// Letters and digits in one run that are no measure, dose, gene, variant or code of a disease.
fn mixed(t: &Tokens, first: usize, last: usize, digits: usize, letters: usize) -> Option<(NumberKind, f32)> {
    /// Products and public codes that look like numbers of persons.
    const KNOWN: &[&str] = &[
        "bnt", "mrna", "azd", "chadox", "covid", "sars", "nct", "rs", "iso", "nm", "np", "nc", "enst",
        "ensg", "lrg", "hla",
    ];
    if letters + digits < 7
        || measured(t, last)
        || t.touches(first) && !t.is_mark(first.wrapping_sub(1), "([{\"':,;/-#=")
    {
        return None;
    }
    let numbers = || (first..=last).filter(|at| t.is_number(*at));
    let words = || (first..=last).filter(|at| t.is_word(*at));
    if KNOWN.contains(&t.norm(first)) || !numbers().any(|at| t.norm(at).len() >= 3) {
        return None;
    }
    if words().any(|at| matches!(t.norm(at), "del" | "ins" | "dup" | "delins" | "fs" | "inv"))
        || matches!(t.norm(first), "c" | "p") && t.is_mark(first + 1, ".")
    {
        return None;
    }
    // "BP150/90", "SpO2-98", "1000mg/200mg", "12000units".
    let rest_measures = words().skip(1).all(|at| t.has(at, Flags::UNIT));
    if t.has(first, Flags::RESULT.or(Flags::MONTH)) && t.raw(first).len() > 1 && rest_measures {
        return None;
    }
    let unit_after =
        |at: usize| t.touches(at + 1) && at < last && t.has(at + 1, Flags::UNIT.or(Flags::YEARS));
    let lower = words().all(|at| t.case(at) == Case::Lower);
    if numbers().all(|at| unit_after(at) || t.norm(at).len() < 3)
        || (lower && numbers().any(unit_after) && digits < 8)
    {
        return None;
    }
    // One base or amino acid changed for another: "G20210A".
    if last == first + 2
        && t.raw(first).len() == 1
        && t.raw(last).len() == 1
        && "acgt".contains(t.norm(first))
        && "acgt".contains(t.norm(last))
    {
        return None;
    }
    let yearly = numbers().all(|at| {
        t.norm(at).len() < 3
            || t.small(at).is_some_and(|n| (1900..=2099).contains(&n) && t.norm(at).len() == 4)
    });
    if yearly {
        return None;
    }
    // "Ceftriaxone1000", "ward-1234": a word and a short number.
    let longest_word = words().map(|at| t.norm(at).chars().count()).max().unwrap_or(0);
    let longest_number = numbers().map(|at| t.norm(at).len()).max().unwrap_or(0);
    if (lower || longest_word > 5) && longest_number < 6 && digits < 6 {
        return None;
    }
    let text: String =
        (first..=last).filter(|at| t.is_word(*at) || t.is_number(*at)).map(|at| t.raw(at)).collect();
    if text.len() == 17 && super::numbers::is_vin(&text.to_ascii_uppercase()) {
        return Some((NumberKind::Vehicle, 0.93));
    }
    let upper = |at: usize, length: usize| t.raw(at).len() == length && t.case(at) == Case::Upper;
    // PAN of India: five letters, four digits, one letter. Voter's card: three letters, seven digits.
    let pan = last == first + 2 && upper(first, 5) && t.norm(first + 1).len() == 4 && t.raw(last).len() == 1;
    let epic = last == first + 1 && upper(first, 3) && t.norm(last).len() == 7;
    if pan || epic {
        return Some((NumberKind::National, 0.85));
    }
    Some((NumberKind::Other, 0.7))
}
