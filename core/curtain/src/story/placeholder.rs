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
    let mut found = Vec::new();
    for (start, _) in text.match_indices('[') {
        let rest = &text.as_bytes()[start..];
        if let Some(own) = ALL.iter().find(|own| rest.starts_with(own.as_bytes())) {
            found.push(start..start + own.len());
        }
    }
    let ages =
        text.match_indices(OLD).filter(|(at, _)| !text[..*at].ends_with(|last: char| last.is_alphanumeric()));
    found.extend(ages.map(|(start, _)| start..start + OLD.len()));
    found.sort_by_key(|range| range.start);
    found
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
    let placeholder = match cue.as_str() {
        "dr" | "doctor" | "nurse" | "sister" | "prof" | "professor" | "officer" | "midwife" | "anm"
        | "asha" | "consultant" | "registrar" | "surgeon" | "gp" | "cho" | "chw" | "cc" | "regards"
        | "thanks" | "hi" | "hello" | "dear" | "paramedic" | "intern" | "matron" | "pharmacist" | "bidan"
        | "enfermeira" | "enfermera" | "dra" | "md" | "physio" | "warden" | "worker" => "[clinician]",
        "husband" | "wife" | "son" | "daughter" | "mother" | "father" | "brother" | "sisters"
        | "brothers" | "uncle" | "aunt" | "auntie" | "grandmother" | "grandfather" | "granddaughter"
        | "grandson" | "mom" | "mum" | "dad" | "nan" | "mae" | "pai" | "filho" | "filha" | "hijo"
        | "hija" | "esposo" | "esposa" | "madre" | "padre" | "ibu" | "bapak" | "anak" | "suami" | "istri"
        | "beta" | "beti" | "pati" | "patni" | "bhai" | "maa" | "mother-in-law" | "father-in-law"
        | "sister-in-law" | "brother-in-law" | "son-in-law" | "daughter-in-law" | "cousin" | "nephew"
        | "niece" | "carer" | "partner" | "neighbour" | "neighbor" | "guardian" | "s" | "d" | "w"
        | "relative" | "attendant" | "twin" | "stepfather" | "stepmother" | "grandma" | "grandpa"
        | "granny" | "kin" => "[relative]",
        _ if hit.rule == "role"
            || hit.rule == "age_after"
            || people.0.is_empty() && hit.rule != "signature" =>
        {
            "[patient]"
        }
        _ => "[person]",
    };
    for part in parts() {
        people.0.insert(part.to_owned(), placeholder);
    }
    placeholder
}

fn fixed(text: &str, hit: &Hit) -> &'static str {
    let words = fold(&text[hit.span.clone()]);
    let any = |of: &[&str]| of.iter().any(|noun| words.split([' ', '-', ',']).any(|word| word == *noun));
    match hit.class {
        Class::Place => match () {
            () if hit.rule.contains("postal")
                || hit.rule.contains("postcode")
                || hit.rule.contains("zip") =>
            {
                "[postcode]"
            }
            () if hit.rule.contains("street") || hit.rule.contains("address") => "[address]",
            () if any(&["village", "vill", "vilage", "gaon", "gram", "hamlet"]) => "[village]",
            () if any(&["town", "township"]) => "[town]",
            () if any(&["district", "taluk", "taluka", "tehsil", "mandal", "block", "county"]) => {
                "[district]"
            }
            () if any(&["road", "street", "lane", "avenue", "row", "close", "rua", "calle"]) => "[street]",
            () if any(&["settlement"]) => "[settlement]",
            () if any(&["community"]) => "[community]",
            () if any(&["island"]) => "[island]",
            () => "[place]",
        },
        Class::Facility => match () {
            () if any(&["hospital", "infirmary"]) => "[hospital]",
            () if any(&["clinic"]) => "[clinic]",
            () if any(&["school", "college", "university"]) => "[school]",
            () => "[facility]",
        },
        Class::AgeOver89
            if words.trim().len() == 4 && words.trim().bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            "[year of birth]"
        }
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
