//! What is written instead of an identifier.

use std::collections::HashMap;
use std::ops::Range;

use super::class::{Class, Locale, NumberKind};
use super::course;
use super::finding::{Finding, Hit, Why};
use super::lexicon::fold;

/// Who was named, word by word, and what is written for them.
#[derive(Default)]
struct People(HashMap<String, &'static str>);

/// Everything that is ever written in brackets; a scan passes over these.
const ALL: [&str; 38] = [
    "[patient]",
    "[relative]",
    "[clinician]",
    "[person]",
    "[place]",
    "[village]",
    "[town]",
    "[district]",
    "[street]",
    "[island]",
    "[settlement]",
    "[area]",
    "[facility]",
    "[hospital]",
    "[clinic]",
    "[school]",
    "[date]",
    "[date of birth]",
    "[phone]",
    "[fax]",
    "[email]",
    "[url]",
    "[handle]",
    "[ip address]",
    "[national id]",
    "[health plan number]",
    "[record number]",
    "[account number]",
    "[licence number]",
    "[vehicle number]",
    "[device number]",
    "[id number]",
    "[postcode]",
    "[address]",
    "[river]",
    "[county]",
    "[year of birth]",
    "[community]",
];

/// Before the name of somebody who treats, or who is written to.
const CLINICIANS: &str = "\
    dr doctor nurse sister prof professor officer midwife anm asha consultant registrar surgeon gp cho \
    chw cc regards thanks hi hello dear paramedic intern matron pharmacist bidan enfermeira enfermera \
    dra md physio warden worker";

/// Before the name of somebody of the patient's. One letter is that of S/O, D/O, W/O.
const RELATIVES: &str = "\
    husband wife son daughter mother father brother sisters brothers uncle aunt auntie grandmother \
    grandfather granddaughter grandson mom mum dad nan mae pai filho filha hijo hija esposo esposa madre \
    padre ibu bapak anak suami istri beta beti pati patni bhai maa mother-in-law father-in-law \
    sister-in-law brother-in-law son-in-law daughter-in-law cousin nephew niece carer partner neighbour \
    neighbor guardian s d w relative attendant twin stepfather stepmother grandma grandpa granny kin";

/// Any age above 89. [45 CFR 164.514(b)(2)(i)(C)]
const OLD: &str = "90+";

/// A part of a text, before and after replacing.
pub(super) struct Piece {
    pub(super) from: Range<usize>,
    pub(super) to: Range<usize>,
    pub(super) replaced: bool,
}

/// Where placeholders stand.
pub(super) fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<_> = brackets(text).filter(|range| !touches_digits(text, range)).collect();
    let alone = |at: usize| {
        !text[..at].ends_with(char::is_alphanumeric) && number_after(&text[at + OLD.len()..]).is_none()
    };
    let ages = text.match_indices(OLD).filter(|(at, _)| alone(*at));
    found.extend(ages.map(|(start, _)| start..start + OLD.len()));
    found.sort_by_key(|range| range.start);
    found
}

/// Placeholders that were put into a number, which hides it from its pattern: all of the number.
pub(super) fn split_numbers(text: &str) -> Vec<Hit> {
    let whole = |span| Hit {
        span,
        class: Class::Number(NumberKind::Other),
        confidence: 0.6,
        rule: "placeholder_in_number",
        cue: None,
        date: None,
    };
    let inside = brackets(text).filter(|range| touches_digits(text, range)).map(|range| {
        let before = text[..range.start].trim_end_matches(char::is_alphanumeric).len();
        let after = text[range.end..].trim_start_matches(char::is_alphanumeric).len();
        whole(before..text.len() - after)
    });
    let plus = text.match_indices(OLD).filter_map(|(start, _)| {
        let end = start + OLD.len();
        number_after(&text[end..]).map(|length| whole(start..end + length))
    });
    inside.chain(plus).collect()
}

/// How many bytes of a telephone number follow a 90+: "90+98765 43210", but not "90+ 120/80".
fn number_after(text: &str) -> Option<usize> {
    let end =
        text.find(|sign: char| !(sign.is_numeric() || matches!(sign, ' ' | '-' | '('))).unwrap_or(text.len());
    let number = text[..end].trim_end_matches([' ', '-', '(']);
    (number.chars().filter(|sign| sign.is_numeric()).count() >= 6).then_some(number.len())
}

fn brackets(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('[').filter_map(|(start, _)| {
        let rest = &text.as_bytes()[start..];
        let own = ALL.iter().find(|own| rest.starts_with(own.as_bytes()))?;
        Some(start..start + own.len())
    })
}

fn touches_digits(text: &str, range: &Range<usize>) -> bool {
    let after = &text[range.end..];
    text[..range.start].ends_with(char::is_numeric)
        || after.starts_with(char::is_numeric) && !after.starts_with(OLD)
}

/// Turns hits into findings, with what is proposed for each.
pub(super) fn propose(text: &str, locale: Locale, hits: Vec<Hit>) -> Vec<Finding> {
    let intervals = course::intervals(&hits, locale);
    let mut found = Vec::with_capacity(hits.len());
    let mut people = People::default();
    let mut units = Units::of(text);
    for (hit, interval) in hits.into_iter().zip(intervals) {
        let replacement = match hit.class {
            Class::Name => person(text, &hit, &mut people).to_owned(),
            Class::Date => date(&hit),
            _ => fixed(text, &hit).to_owned(),
        };
        let utf16 = units.at(hit.span.start)..units.at(hit.span.end);
        let why = Why { rule: hit.rule, cue: hit.cue };
        let (class, confidence) = (hit.class, hit.confidence);
        found.push(Finding { span: hit.span, utf16, class, confidence, why, replacement, interval });
    }
    found
}

/// Replaces every finding by what is proposed, and says what became of each part.
pub(super) fn write(text: &str, found: &[Finding]) -> (String, Vec<Piece>) {
    let mut written = String::with_capacity(text.len());
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut push = |written: &mut String, range: Range<usize>, new: &str, replaced| {
        let start = written.len();
        written.push_str(new);
        pieces.push(Piece { from: range, to: start..written.len(), replaced });
    };
    for finding in found {
        push(&mut written, from..finding.span.start, &text[from..finding.span.start], false);
        push(&mut written, finding.span.clone(), &finding.replacement, true);
        from = finding.span.end;
    }
    push(&mut written, from..text.len(), &text[from..], false);
    (written, pieces)
}

/// The year of a date, which may stay.
fn date(hit: &Hit) -> String {
    match hit.date {
        Some(parts) if parts.birth => "[date of birth]".to_owned(),
        Some(parts) => parts.year.map_or_else(|| "[date]".to_owned(), |year| year.to_string()),
        None => "[date]".to_owned(),
    }
}

/// Whom a name belongs to, by the word that announced it; one person keeps one placeholder.
fn person(text: &str, hit: &Hit, people: &mut People) -> &'static str {
    let name = fold(&text[hit.span.clone()]);
    let parts = || name.split([' ', '.']).filter(|part| part.len() > 2).chain([name.as_str()]);
    if let Some(placeholder) = parts().find_map(|part| people.0.get(part)) {
        return placeholder;
    }
    let cue = hit.cue.clone().map(|cue| fold(&text[cue])).unwrap_or_default();
    let listed = |list: &str| list.split(' ').any(|word| !cue.is_empty() && word == cue);
    // The first name of a text is the patient's, unless it stands below.
    let first = people.0.is_empty() && hit.rule != "signature";
    let placeholder = match hit.rule {
        _ if listed(CLINICIANS) => "[clinician]",
        _ if listed(RELATIVES) => "[relative]",
        "role" | "age_after" => "[patient]",
        _ if first => "[patient]",
        _ => "[person]",
    };
    for part in parts() {
        people.0.insert(part.to_owned(), placeholder);
    }
    placeholder
}

/// What is written for anything but names and dates.
fn fixed(text: &str, hit: &Hit) -> &'static str {
    let words = fold(&text[hit.span.clone()]);
    match hit.class {
        Class::Place => place(&words, hit.rule),
        Class::Facility => facility(&words),
        Class::AgeOver89 if is_year(words.trim()) => "[year of birth]",
        Class::AgeOver89 => OLD,
        Class::Name => "[person]",
        Class::Date => "[date]",
        Class::Phone => "[phone]",
        Class::Fax => "[fax]",
        Class::Email => "[email]",
        Class::Url => "[url]",
        Class::Handle => "[handle]",
        Class::Ip => "[ip address]",
        Class::Number(kind) => match kind {
            NumberKind::National => "[national id]",
            NumberKind::HealthPlan => "[health plan number]",
            NumberKind::Record => "[record number]",
            NumberKind::Account => "[account number]",
            NumberKind::Licence => "[licence number]",
            NumberKind::Vehicle => "[vehicle number]",
            NumberKind::Device => "[device number]",
            NumberKind::Other => "[id number]",
        },
    }
}

/// Whether one of `nouns` is among the words.
fn has(words: &str, nouns: &[&str]) -> bool {
    words.split([' ', '-', ',']).any(|word| nouns.contains(&word))
}

/// What kind of place it is, by its own noun or by what found it.
fn place(words: &str, rule: &str) -> &'static str {
    let by = |parts: &[&str]| parts.iter().any(|part| rule.contains(part));
    match () {
        () if by(&["postal", "postcode", "zip"]) => "[postcode]",
        () if by(&["street", "address"]) => "[address]",
        () if has(words, &["village", "vill", "vilage", "gaon", "gram", "hamlet"]) => "[village]",
        () if has(words, &["town", "township"]) => "[town]",
        () if has(words, &["district", "taluk", "taluka", "tehsil", "mandal", "block", "county"]) => {
            "[district]"
        }
        () if has(words, &["road", "street", "lane", "avenue", "row", "close", "rua", "calle"]) => "[street]",
        () if has(words, &["settlement"]) => "[settlement]",
        () if has(words, &["community"]) => "[community]",
        () if has(words, &["island"]) => "[island]",
        () => "[place]",
    }
}

/// What kind of facility it is.
fn facility(words: &str) -> &'static str {
    match () {
        () if has(words, &["hospital", "infirmary"]) => "[hospital]",
        () if has(words, &["clinic"]) => "[clinic]",
        () if has(words, &["school", "college", "university"]) => "[school]",
        () => "[facility]",
    }
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// UTF-16 offsets of ascending byte offsets.
struct Units<'t> {
    text: &'t str,
    byte: usize,
    unit: usize,
}

impl<'t> Units<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, byte: 0, unit: 0 }
    }

    fn at(&mut self, byte: usize) -> usize {
        self.unit += self.text[self.byte..byte].chars().map(char::len_utf16).sum::<usize>();
        self.byte = byte;
        self.unit
    }
}
