//! Names in talk: somebody greets, is spoken to or of, signs, or does something.

use super::super::class::Class;
use super::super::lexicon::Flags;
use super::super::token::{Case, Shape, Token};
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
    let named = token.shape == Shape::Initial
        || token.shape == Shape::Title && (token.namelike() > 0 || token.plain() == 0);
    if !named || !is_before_signature(token.gap) {
        return;
    }
    let run = reading.person(at, Trust::Title);
    let next = reading.token(run.end);
    let closes = next.is_none_or(|next| {
        next.gap.starts_with(['\n', ',', '(']) || next.gap.starts_with(". ") || next.shape == Shape::Upper
    });
    // A signature at the end may have a title, a place and a number after it.
    let last = reading.tokens.len().saturating_sub(run.end) <= 14
        || next.is_some_and(|next| next.gap.starts_with('\n'));
    if closes && last {
        reading.mark(run, Mark::new(Class::Name, "signature", 0.7));
    }
}

/// Whether a gap is a dash at the beginning of a line, or after the end of a sentence.
fn is_before_signature(gap: &str) -> bool {
    let dash = matches!(
        gap.trim_start_matches(['.', '!', '?', ',', ')', '"', ' ', '\n', '>']),
        "- " | "-- " | "-" | "--" | "~" | "~ " | "— " | "– " | "—" | "–"
    );
    dash && (gap.contains(['\n', '.', '!', '?', '~', '—', '–']) || gap.contains(" -"))
}

/// "[14:02] Ingeborg Aas: slide 9": who says a line.
fn speaker(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    let stamped = token.gap.ends_with("] ");
    let line = at == 0 || token.gap.contains('\n') || stamped;
    let named = token.namelike() >= 2 && token.common() <= 5 || token.plain() == 0;
    let other = Flags::CLINICAL | Flags::PERSONAL | Flags::FACILITY | Flags::WHEN;
    if !line || token.shape != Shape::Title || !named || token.is_any(other) {
        return;
    }
    let mut end = at + 1;
    while end < at + 3 && reading.goes_on(end) && reading.tokens[end].shape == Shape::Title {
        end += 1;
    }
    let says = reading.token(end).is_some_and(|next| matches!(next.gap, ": " | ":" | " (" | ": \""));
    if says && (end > at + 1 || stamped || token.namelike() >= 2) {
        reading.mark(at..end, Mark::new(Class::Name, "speaker", 0.65));
    }
}

/// "Dear Grace", "spoke to Will", "thanks, asha".
fn address(reading: &mut Reading<'_, '_>, at: usize) {
    if !lists::is_address(reading.folded(at)) {
        return;
    }
    let linked = matches!(
        reading.folded(at + 1),
        "to" | "you" | "by" | "with" | "for" | "him" | "her" | "them" | "me"
    );
    let first = if linked { at + 2 } else { at + 1 };
    if reading.token(first).is_some_and(is_addressed) {
        let run = reading.person(first, Trust::Role);
        reading.mark(run, Mark::name("address", 0.75, at));
    }
}

/// Whether a word after a greeting is a name: "Thanks Grace", but not "Thanks. Will do".
fn is_addressed(token: &Token<'_>) -> bool {
    let near = matches!(token.gap, " " | ", " | ": " | ":" | "\n" | ",\n" | ". ");
    let titled = token.shape == Shape::Title
        && token.namelike() >= 1
        && !token.is_clinical()
        && !(token.gap.contains('.') && token.plain() > 1);
    let lower = token.case == Case::Lower && token.namelike() >= 2 && token.common() <= 2;
    near && (titled || lower)
}

/// "Sunny, did you try thiamine?": somebody who is spoken to.
fn vocative(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    let Some(next) = reading.token(at + 1) else { return };
    let named = token.opens && token.is_titled() && token.given() >= 2 && !token.is_any(Flags::IMPERSONAL);
    let spoken_to =
        next.gap == ", " && next.shape != Shape::Title && lists::is_said_to_somebody(&next.folded);
    if named && spoken_to {
        reading.mark(at..at + 1, Mark::name("address", 0.65, at + 1));
    }
}

/// "hi its coral, the nurse at": who speaks, at the beginning of a text.
fn introduced(reading: &mut Reading<'_, '_>, at: usize) {
    let first = match (reading.folded(at), reading.folded(at + 1)) {
        _ if at > 3 => return,
        ("its" | "it's" | "im" | "i'm", _) => at + 1,
        ("this", "is") | ("i", "am") => at + 2,
        _ => return,
    };
    let Some(token) = reading.token(first) else { return };
    let other = token.is_any(Flags::CLINICAL | Flags::PERSONAL);
    if token.could_be_name() && token.given() >= 2 && token.common() <= 5 && !other {
        let run = reading.person(first, Trust::Title);
        reading.mark(run, Mark::name("introduced", 0.75, at));
    }
}

/// "Rekha ji", "Manoj bhai".
fn suffix(reading: &mut Reading<'_, '_>, at: usize) {
    if !lists::is_suffix_honorific(reading.folded(at)) || !reading.joined(at) {
        return;
    }
    let token = &reading.tokens[at - 1];
    let named = token.namelike() > 0 || token.plain() == 0;
    if token.could_be_name() && named && !token.is_any(Flags::PERSONAL | Flags::FOREIGN) {
        reading.mark(at - 1..at, Mark::name("honorific_after", 0.9, at));
    }
}

/// "May took all her tablets".
fn deed(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    if !token.is_titled() || !reading.joined(at + 1) {
        return;
    }
    let next = &reading.tokens[at + 1];
    let does = next.shape == Shape::Lower && (lists::is_deed(&next.folded) || is_past_deed(token, next));
    if does && is_doer(token) {
        reading.mark(at..at + 1, Mark::name("deed", 0.65, at + 1));
    }
}

/// Of a usual name that begins a sentence, any past form will do: "Grace improved".
fn is_past_deed(token: &Token<'_>, next: &Token<'_>) -> bool {
    let past = next.folded.ends_with("ed") && !next.folded.ends_with("eed") && next.common() >= 3;
    past && token.opens && token.given() == 3
}

/// Whether somebody who does something may be called so. Of common words only those that are usual names as well.
fn is_doer(token: &Token<'_>) -> bool {
    let least = if token.common() >= 5 { 2 } else { 1 };
    let letters = if token.given() == 3 { 2 } else { 3 };
    let fixed = token.is_any(Flags::DRUG | Flags::ROLE | Flags::REGION | Flags::WHEN);
    let thing = fixed && token.folded != "may"
        || token.is_any(Flags::MEDICAL) && token.given() < 3
        || token.is_any(Flags::EPONYM) && token.given() < 2;
    token.given() >= least && token.letters() >= letters && !thing
}
