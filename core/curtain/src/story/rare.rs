//! Rare conditions: together with a small place or an exact age they name the patient although no name is left.

use std::ops::Range;

use super::class::Class;
use super::decide::Decision;
use super::finding::{Finding, Warning, WarningKind};
use super::lexicon::{Flags, look_up};
use super::merge::overlapping;
use super::token::{Token, tokens};

/// What a person should think about, if of `found` everything is replaced that `decisions` do not keep.
pub(super) fn warnings(text: &str, found: &[Finding], decisions: &[Decision]) -> Vec<Warning> {
    let tokens = tokens(text);
    let keeps = |at: usize| matches!(decisions.get(at), Some(Decision::Keep { .. }));
    let replaced: Vec<Range<usize>> = found
        .iter()
        .enumerate()
        .filter(|(at, _)| !keeps(*at))
        .map(|(_, finding)| finding.span.clone())
        .collect();
    let hidden = |at: &Range<usize>| !overlapping(&replaced, at).is_empty();
    let mut warnings: Vec<Warning> =
        few(&tokens).into_iter().map(|span| Warning { kind: WarningKind::FewPeople, span }).collect();
    let small = |class| matches!(class, Class::Place | Class::Facility);
    let kept = found.iter().enumerate().any(|(at, finding)| small(finding.class) && keeps(at));
    let age = tokens.iter().enumerate().any(|(at, token)| !hidden(&token.span) && is_exact_age(&tokens, at));
    for condition in conditions(&tokens) {
        if age {
            warnings.push(Warning { kind: WarningKind::RareAndAge, span: condition.clone() });
        }
        if kept {
            warnings.push(Warning { kind: WarningKind::RareAndPlace, span: condition });
        }
    }
    warnings.extend(
        unread(&tokens)
            .filter(|span| !hidden(span))
            .map(|span| Warning { kind: WarningKind::UnreadScript, span }),
    );
    warnings.sort_by_key(|warning| (warning.span.start, warning.kind));
    warnings.dedup();
    warnings
}

/// Runs of words in a script that the lexicon does not have.
fn unread(tokens: &[Token<'_>]) -> impl Iterator<Item = Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut last = None;
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.is_unread()) {
        match runs.last_mut().filter(|_| last.is_some_and(|last| last + 3 >= at)) {
            Some(run) => run.end = token.span.end,
            None => runs.push(token.span.clone()),
        }
        last = Some(at);
    }
    runs.into_iter()
}

/// Where rare conditions are named.
fn conditions(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if found.last().is_some_and(|last| token.span.start < last.end) {
            continue;
        }
        let mut end = token.flags.any(Flags::RARE).then_some(token.span.end);
        if token.flags.any(Flags::STARTS) {
            let mut phrase = token.folded.clone();
            for next in tokens.iter().skip(at + 1).take(5) {
                if !matches!(next.gap, " " | "-" | "' " | "’ " | "'s " | "’s ") {
                    break;
                }
                phrase.push(' ');
                phrase.push_str(&next.folded);
                if look_up(&phrase).any(Flags::RARE) {
                    end = Some(next.span.end);
                }
            }
        }
        if let Some(end) = end {
            found.push(token.span.start..end);
        }
    }
    found
}

/// "the only known case in", "community is 140 people".
fn few(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = |by: usize| tokens.get(at + by).map_or("", |token| token.folded.as_str());
        let reach =
            |by: usize| token.span.start..tokens.get(at + by).map_or(token.span.end, |token| token.span.end);
        let case = |word: &str| {
            matches!(
                word,
                "case"
                    | "cases"
                    | "known"
                    | "family"
                    | "patient"
                    | "one"
                    | "two"
                    | "child"
                    | "doctor"
                    | "clinic"
                    | "reported"
            )
        };
        match token.folded.as_str() {
            "only"
                if case(next(1))
                    && tokens[..at]
                        .last()
                        .is_some_and(|last| matches!(last.folded.as_str(), "the" | "our" | "their")) =>
            {
                found.push(reach(1));
            }
            "people" | "inhabitants" | "residents" | "souls" | "households" if at > 0 => {
                let count = &tokens[at - 1];
                let small = count.folded.parse::<u32>().is_ok_and(|count| count <= 20_000);
                if small && at > 1 {
                    found.push(count.span.start..token.span.end);
                }
            }
            "first" if next(1) == "case" && next(2) == "in" => found.push(reach(2)),
            _ => {}
        }
    }
    found
}

/// "7-year-old", "34F", "age 16", in years.
fn is_exact_age(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let digits: String = token.folded.chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() || digits.len() > 2 {
        return false;
    }
    let unit = |word: &str| {
        matches!(
            word,
            "y" | "yo"
                | "yr"
                | "yrs"
                | "year"
                | "years"
                | "m"
                | "f"
                | "year-old"
                | "years-old"
                | "anos"
                | "tahun"
                | "thn"
                | "saal"
                | "male"
                | "female"
                | "boy"
                | "girl"
        )
    };
    let rest = &token.folded[digits.len()..];
    if !rest.is_empty() {
        return unit(rest);
    }
    let next = tokens.get(at + 1);
    let after = next.is_some_and(|next| matches!(next.gap, " " | "-" | "/") && unit(&next.folded));
    let before = at.checked_sub(1).is_some_and(|last| {
        matches!(tokens[last].folded.as_str(), "age" | "aged" | "umar" | "edad" | "idade" | "umur")
    });
    let list = token.gap == ", "
        && next.is_none_or(|next| next.gap.starts_with([',', '.']))
        && at.checked_sub(1).is_some_and(|last| tokens[last].is_word());
    after || before || list
}
