//! Names in talk: somebody greets, is spoken to or of, signs, or does something.

use super::super::class::Class;
use super::super::lexicon::Flags;
use super::super::token::{Case, Shape};
use super::names::name;
use super::{Mark, Reading, Trust, lists};

/// Marks names around the word of talk at `at`.
pub(super) fn by_cue(reading: &mut Reading<'_, '_>, at: usize) {
    signature(reading, at);
    speaker(reading, at);
    address(reading, at);
    vocative(reading, at);
    introduced(reading, at);
    suffix(reading, at);
    deed(reading, at);
}

/// "-- Miles", "- R. Bolante, RN": the name that closes a text or a line of its own.
fn signature(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    let dash = matches!(
        token.gap.trim_start_matches(['.', '!', '?', ',', ')', '"', ' ', '\n', '>']),
        "- " | "-- " | "-" | "--" | "~" | "~ " | "— " | "– " | "—" | "–"
    );
    let begins = token.gap.contains(['\n', '.', '!', '?', '~', '—', '–']) || token.gap.contains(" -");
    let named = token.shape == Shape::Initial
        || token.shape == Shape::Title && (token.namelike() > 0 || token.plain() == 0);
    if !(dash && begins && named) {
        return;
    }
    let run = reading.person(at, Trust::Title);
    let closes = reading.token(run.end).is_none_or(|next| {
        next.gap.starts_with(['\n', ',', '(']) || next.gap.starts_with(". ") || next.shape == Shape::Upper
    });
    let last = reading.tokens.len().saturating_sub(run.end) <= 14
        || reading.token(run.end).is_some_and(|next| next.gap.starts_with('\n'));
    if closes && last {
        reading.mark(run, Mark { class: Class::Name, confidence: 0.7, rule: "signature", cue: None });
    }
}

/// "[14:02] Ingeborg Aas: slide 9": who says a line.
fn speaker(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    let line = at == 0 || token.gap.contains('\n') || token.gap.ends_with("] ");
    let clinical = token
        .flags
        .any(Flags::MEDICAL | Flags::DRUG | Flags::ROLE | Flags::FACILITY | Flags::WHEN | Flags::HONORIFIC);
    if !line
        || token.shape != Shape::Title
        || clinical
        || !(token.namelike() >= 2 && token.flags.common() <= 5 || token.plain() == 0)
    {
        return;
    }
    let mut end = at + 1;
    while end < at + 3
        && reading.joined(end)
        && reading.tokens[end].shape == Shape::Title
        && reading.free[end]
    {
        end += 1;
    }
    let says = reading.token(end).is_some_and(|next| matches!(next.gap, ": " | ":" | " (" | ": \""));
    if says && (end > at + 1 || token.gap.ends_with("] ") || token.namelike() >= 2) {
        reading.mark(at..end, Mark { class: Class::Name, confidence: 0.65, rule: "speaker", cue: None });
    }
}

/// "Dear Grace", "spoke to Will", "- Asha" at the end.
fn address(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    if !lists::is_address(&token.folded) {
        return;
    }
    let linked = matches!(
        reading.folded(at + 1),
        "to" | "you" | "by" | "with" | "for" | "him" | "her" | "them" | "me"
    );
    let first = if linked { at + 2 } else { at + 1 };
    let Some(next) = reading.token(first) else { return };
    let near = matches!(next.gap, " " | ", " | ": " | ":" | "\n" | ",\n" | ". ");
    let titled =
        next.shape == Shape::Title && next.namelike() >= 1 && !next.flags.any(Flags::MEDICAL | Flags::DRUG);
    let lower = next.case == Case::Lower && next.namelike() >= 2 && next.flags.common() <= 2;
    if near && (titled && !(next.gap.contains('.') && next.plain() > 1) || lower) {
        let run = reading.person(first, Trust::Role);
        reading.mark(run, name("address", 0.75, at));
    }
}

/// "Sunny, did you try thiamine?": somebody who is spoken to.
fn vocative(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    let Some(next) = reading.token(at + 1) else { return };
    let spoken_to = matches!(
        next.folded.as_str(),
        "did"
            | "do"
            | "can"
            | "could"
            | "would"
            | "you"
            | "your"
            | "please"
            | "pls"
            | "thanks"
            | "thank"
            | "what"
            | "how"
            | "i"
            | "we"
            | "agree"
            | "agreed"
            | "good"
            | "great"
            | "have"
            | "are"
            | "any"
            | "why"
            | "when"
            | "where"
            | "yes"
            | "no"
            | "sorry"
            | "just"
            | "try"
            | "check"
            | "send"
            | "which"
            | "draw"
            | "give"
            | "go"
            | "use"
            | "start"
            | "stop"
            | "call"
            | "keep"
            | "put"
            | "get"
            | "let"
            | "is"
            | "was"
            | "the"
            | "it"
            | "my"
            | "that"
            | "this"
            | "if"
            | "and"
            | "thx"
            | "ok"
    );
    let clinical = token
        .flags
        .any(Flags::MEDICAL | Flags::DRUG | Flags::ROLE | Flags::WHEN | Flags::REGION | Flags::FACILITY);
    if token.opens
        && token.shape == Shape::Title
        && token.case != Case::Upper
        && next.gap == ", "
        && spoken_to
        && token.flags.given() >= 2
        && !clinical
        && next.shape != Shape::Title
    {
        reading.mark(at..at + 1, name("address", 0.65, at + 1));
    }
}

/// "hi its coral, the nurse at": who speaks, at the beginning of a text.
fn introduced(reading: &mut Reading<'_, '_>, at: usize) {
    let words = ["its", "it's", "im", "i'm"];
    let first = match () {
        () if at > 3 => return,
        () if words.contains(&reading.folded(at)) => at + 1,
        () if matches!((reading.folded(at), reading.folded(at + 1)), ("this", "is") | ("i", "am")) => at + 2,
        () => return,
    };
    let Some(token) = reading.token(first) else { return };
    let clinical = token.flags.any(Flags::MEDICAL | Flags::DRUG | Flags::ROLE | Flags::HONORIFIC);
    if token.could_be_name() && token.flags.given() >= 2 && token.flags.common() <= 5 && !clinical {
        let run = reading.person(first, Trust::Title);
        reading.mark(run, name("introduced", 0.75, at));
    }
}

/// "Rekha ji", "Manoj bhai".
fn suffix(reading: &mut Reading<'_, '_>, at: usize) {
    if !lists::is_suffix_honorific(reading.folded(at)) || !reading.joined(at) {
        return;
    }
    let Some(before) = at.checked_sub(1) else { return };
    let token = &reading.tokens[before];
    if token.could_be_name()
        && !token.flags.any(Flags::ROLE | Flags::HONORIFIC | Flags::FOREIGN)
        && (token.namelike() > 0 || token.plain() == 0)
    {
        reading.mark(before..before + 1, name("honorific_after", 0.9, at));
    }
}

/// "May took all her tablets".
fn deed(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    if token.shape != Shape::Title || token.case == Case::Upper || !reading.joined(at + 1) {
        return;
    }
    let next = &reading.tokens[at + 1];
    // Of a usual name, any past form will do.
    let past = next.folded.ends_with("ed")
        && !next.folded.ends_with("eed")
        && token.flags.given() == 3
        && next.flags.common() >= 3
        && token.opens;
    let does = (lists::is_deed(&next.folded) || past) && next.shape == Shape::Lower;
    // Of common words only those that are usual names as well.
    let least = if token.flags.common() >= 5 { 2 } else { 1 };
    let named = token.flags.given() >= least
        && token.letters() >= 2
        && (token.letters() >= 3 || token.flags.given() == 3);
    let other = Flags::DRUG | Flags::ROLE | Flags::REGION | Flags::WHEN;
    let thing = token.flags.any(other) && token.folded != "may"
        || token.flags.any(Flags::MEDICAL | Flags::EPONYM) && token.flags.given() < 3;
    if does && named && !thing {
        reading.mark(at..at + 1, name("deed", 0.65, at + 1));
    }
}
