//! Tables of what must be found and what must stay, one line a case: `[[tag:identifier]]` marks a hit.

use super::find;
use crate::story::{Class, Country, Hit, Locale, NumberKind};

mod ages;
mod contacts;
mod dates;
mod numbers;
mod places;
mod whole;

pub(super) fn locale(country: Option<[u8; 2]>) -> Locale {
    let country = country.and_then(|code| Country::new(str::from_utf8(&code).unwrap()));
    Locale { country, year: 2024 }
}

pub(super) fn tag(class: Class) -> &'static str {
    match class {
        Class::Name => "name",
        Class::Place => "place",
        Class::Facility => "facility",
        Class::Date => "date",
        Class::AgeOver89 => "age",
        Class::Phone => "phone",
        Class::Fax => "fax",
        Class::Email => "email",
        Class::Url => "url",
        Class::Handle => "handle",
        Class::Ip => "ip",
        Class::Number(NumberKind::National) => "nat",
        Class::Number(NumberKind::HealthPlan) => "plan",
        Class::Number(NumberKind::Record) => "rec",
        Class::Number(NumberKind::Account) => "acct",
        Class::Number(NumberKind::Licence) => "lic",
        Class::Number(NumberKind::Vehicle) => "veh",
        Class::Number(NumberKind::Device) => "dev",
        Class::Number(NumberKind::Other) => "other",
    }
}

/// The text with its hits marked.
pub(super) fn marked(text: &str, hits: &[Hit]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for hit in hits {
        out.push_str(&text[at..hit.span.start]);
        out.extend(["[[", tag(hit.class), ":", &text[hit.span.clone()], "]]"]);
        at = hit.span.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The text without its marks.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(open) = rest.find("[[") {
        out.push_str(&rest[..open]);
        let inside = &rest[open + 2..];
        let Some((marked, after)) = inside.split_once("]]") else { panic!("no end of the mark in {line}") };
        let Some((_, identifier)) = marked.split_once(':') else { panic!("no tag in {line}") };
        out.push_str(identifier);
        rest = after;
    }
    out + rest
}

/// Every line of `table` comes out as it is marked.
pub(super) fn check(country: Option<[u8; 2]>, table: &str) {
    let mut wrong = Vec::new();
    let mut lines = 0;
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        lines += 1;
        let text = plain(line);
        let found = marked(&text, &find(&text, locale(country)));
        if found != line {
            wrong.push(format!("wanted {line}\n found {found}"));
        }
    }
    assert!(lines > 0);
    assert!(wrong.is_empty(), "{} of {lines} lines:\n{}", wrong.len(), wrong.join("\n"));
}
