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
    let is_kept = |at: usize| matches!(decisions.get(at), Some(Decision::Keep { .. }));
    let (kept, replaced): (Vec<_>, Vec<_>) = found.iter().enumerate().partition(|(at, _)| is_kept(*at));
    let replaced: Vec<Range<usize>> = replaced.iter().map(|(_, finding)| finding.span.clone()).collect();
    let stays = |span: &Range<usize>| overlapping(&replaced, span).is_empty();

    let tokens = tokens(text);
    let is_age = |(at, token): (usize, &Token<'_>)| stays(&token.span) && is_exact_age(&tokens, at);
    let age = tokens.iter().enumerate().any(is_age);
    let place = kept.iter().any(|(_, finding)| matches!(finding.class, Class::Place | Class::Facility));
    let conditions = conditions(&tokens);

    let mut warnings = Vec::new();
    let mut warn = |kind, spans: &[Range<usize>]| {
        warnings.extend(spans.iter().map(|span| Warning { kind, span: span.clone() }));
    };
    warn(WarningKind::FewPeople, &few(&tokens));
    if age {
        warn(WarningKind::RareAndAge, &conditions);
    }
    if place {
        warn(WarningKind::RareAndPlace, &conditions);
    }
    let mut unread = unread(&tokens);
    unread.retain(stays);
    warn(WarningKind::UnreadScript, &unread);
    warnings.sort_by_key(|warning| (warning.span.start, warning.kind));
    warnings.dedup();
    warnings
}

/// Runs of words in a script that the lexicon does not have.
fn unread(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut last = None;
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.is_unread()) {
        match runs.last_mut().filter(|_| last.is_some_and(|last| last + 3 >= at)) {
            Some(run) => run.end = token.span.end,
            None => runs.push(token.span.clone()),
        }
        last = Some(at);
    }
    runs
}

/// Where rare conditions are named.
fn conditions(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if found.last().is_some_and(|last| token.span.start < last.end) {
            continue;
        }
        if let Some(end) = end_of_condition(&tokens[at..]) {
            found.push(token.span.start..end);
        }
    }
    found
}

/// Where the longest rare condition ends that the first of `tokens` begins, in bytes.
fn end_of_condition(tokens: &[Token<'_>]) -> Option<usize> {
    let (first, rest) = tokens.split_first()?;
    let mut end = first.is_any(Flags::RARE).then_some(first.span.end);
    if !first.is_any(Flags::STARTS) {
        return end;
    }
    let mut phrase = first.folded.clone();
    for next in rest.iter().take(5) {
        if !matches!(next.gap, " " | "-" | "' " | "’ " | "'s " | "’s ") {
            break;
        }
        phrase.push(' ');
        phrase.push_str(&next.folded);
        if look_up(&phrase).any(Flags::RARE) {
            end = Some(next.span.end);
        }
    }
    end
}

/// "the only known case in", "the first case in", "community is 140 people".
fn few(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let folded = |at: usize| tokens.get(at).map_or("", |token| token.folded.as_str());
    let span = |first: usize, last: usize| tokens[first].span.start..tokens[last].span.end;
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let last = at.checked_sub(1).map_or("", folded);
        match folded(at) {
            "only" if matches!(last, "the" | "our" | "their") && is_one(folded(at + 1)) => {
                found.push(span(at, at + 1));
            }
            "people" | "inhabitants" | "residents" | "souls" | "households"
                if at > 1 && last.parse::<u32>().is_ok_and(|count| count <= 20_000) =>
            {
                found.push(span(at - 1, at));
            }
            "first" if folded(at + 1) == "case" && folded(at + 2) == "in" => found.push(span(at, at + 2)),
            _ => {}
        }
    }
    found
}

/// What there is only one of.
fn is_one(word: &str) -> bool {
    matches!(word, "case" | "cases" | "known" | "family" | "patient" | "one" | "two" | "child")
        || matches!(word, "doctor" | "clinic" | "reported")
}

/// "7-year-old", "34F", "age 16", in years.
fn is_exact_age(tokens: &[Token<'_>], at: usize) -> bool {
    let token = &tokens[at];
    let digits = token.folded.bytes().take_while(u8::is_ascii_digit).count();
    let unit = &token.folded[digits..];
    if digits == 0 || digits > 2 {
        return false;
    }
    if !unit.is_empty() {
        return is_years(unit);
    }
    let (last, next) = (at.checked_sub(1).map(|last| &tokens[last]), tokens.get(at + 1));
    let after = next.is_some_and(|next| matches!(next.gap, " " | "-" | "/") && is_years(&next.folded));
    let before = last.is_some_and(|last| is_age_label(&last.folded));
    let listed = token.gap == ", "
        && last.is_some_and(Token::is_word)
        && next.is_none_or(|next| next.gap.starts_with([',', '.']));
    after || before || listed
}

/// What an age is counted in, or whose it is.
fn is_years(word: &str) -> bool {
    matches!(word, "y" | "yo" | "yr" | "yrs" | "year" | "years" | "year-old" | "years-old")
        || matches!(word, "anos" | "tahun" | "thn" | "saal")
        || matches!(word, "m" | "f" | "male" | "female" | "boy" | "girl")
}

fn is_age_label(word: &str) -> bool {
    matches!(word, "age" | "aged" | "umar" | "edad" | "idade" | "umur")
}
