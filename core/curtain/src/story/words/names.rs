//! Names that a word beside them announces: a title, a relation, a label.

use super::super::class::Class;
use super::super::lexicon::Flags;
use super::super::token::{Case, Shape, Token};
use super::{Mark, Reading, Trust, ages, lists, talk};

/// Marks names by their cues.
pub(super) fn by_cue(reading: &mut Reading<'_, '_>) {
    for at in 0..reading.tokens.len() {
        if !reading.free[at] {
            continue;
        }
        title(reading, at);
        spelled_out(reading, at);
        short(reading, at);
        role(reading, at);
        parentage(reading, at);
        label(reading, at);
        talk::by_cue(reading, at);
        ages::by_cue(reading, at);
    }
}

/// "Mrs D.", "dr prerna", "Seu Raimundo".
fn title(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    if !token.is_any(Flags::HONORIFIC) || !reading.joined(at + 1) {
        return;
    }
    let next = &reading.tokens[at + 1];
    if next.is_any(Flags::HONORIFIC) && !next.has_capital() {
        return;
    }
    let doubtful = is_also_word(token) && !reads_as_title(reading, at) || is_particle(token, next);
    if doubtful && !lists::is_plain_title(&token.folded) {
        return;
    }
    let run = reading.person(at + 1, Trust::Title);
    reading.mark(run, Mark::name("title", 0.95, at));
}

/// Whether a title is a word as well, which wants more of a name after it.
fn is_also_word(title: &Token<'_>) -> bool {
    title.common() >= 4
        || title.is_any(Flags::FOREIGN | Flags::MEDICAL) && title.letters() <= 3
        || lists::is_doubtful_title(&title.folded)
}

/// Whether a title that is a word as well reads as a title here: "Sister Ann", but not "5 ms a day".
fn reads_as_title(reading: &Reading<'_, '_>, at: usize) -> bool {
    let (title, next) = (&reading.tokens[at], &reading.tokens[at + 1]);
    let (small, capital) = (title.shape == Shape::Lower, next.has_capital());
    let like = next.plain() <= 3 || capital && !small && next.namelike() > 0;
    let typed_small = title.case == Case::Told && small && !capital;
    let after_number = reading.before(at).is_some_and(|last| last.shape == Shape::Number);
    let unit = typed_small || after_number || small && next.shape == Shape::Initial;
    like && !unit
}

/// "ka", "si", "ko" are titles in one language and particles in others.
fn is_particle(title: &Token<'_>, next: &Token<'_>) -> bool {
    title.letters() <= 2 && title.is_any(Flags::FOREIGN) && next.case != Case::Told && next.namelike() == 0
}

/// "Md. Sadek", "Ma. Lourdes": names that are mostly written short.
fn short(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    let Some(next) = reading.token(at + 1) else { return };
    let titled = token.shape == Shape::Title && next.shape == Shape::Title;
    let named = (next.namelike() > 0 || next.plain() == 0) && !next.is_any(Flags::FACILITY);
    if lists::is_short_name(&token.folded) && titled && matches!(next.gap, ". " | "." | " ") && named {
        let run = reading.person(at + 1, Trust::Title);
        reading.mark(at..run.end, Mark::name("short_name", 0.85, at));
    }
}

/// "R a m e s h", "R.a.m.e.s.h": letters one by one are a name that somebody spells, or hides.
fn spelled_out(reading: &mut Reading<'_, '_>, at: usize) {
    let is_letter =
        |at: usize| reading.token(at).is_some_and(|token| token.is_word() && token.text.chars().count() == 1);
    let follows =
        |at: usize| is_letter(at) && matches!(reading.tokens[at].gap, " " | "." | ". " | "-" | "  ");
    if at > 0 && is_letter(at - 1) && follows(at) || !is_letter(at) {
        return;
    }
    let mut end = at + 1;
    while follows(end) {
        end += 1;
    }
    if end - at >= 4 {
        reading.mark(at..end, Mark::new(Class::Name, "spelled_out", 0.6));
    }
}

/// "her son Ravi", "Pt: H.K.", "daughter, Bethan", "two sisters, Naledi and Lesedi".
fn role(reading: &mut Reading<'_, '_>, at: usize) {
    // "Asha's ACE" is no ASHA's.
    let role = &reading.tokens[at];
    if !role.is_any(Flags::ROLE) || role.possessive && role.given() >= 2 || !may_name(reading, at) {
        return;
    }
    let first = if is_linked(reading, at) { at + 2 } else { at + 1 };
    let run = reading.person(first, Trust::Role);
    let mut end = run.end;
    reading.mark(run, Mark::name("role", 0.85, at));
    while end > at + 1 && lists::is_and(reading.folded(end)) {
        let run = reading.person(end + 1, Trust::Role);
        if run.is_empty() {
            break;
        }
        end = run.end;
        reading.mark(run, Mark::name("role", 0.8, at));
    }
}

/// Whether what follows the role at `at` may be a name.
fn may_name(reading: &Reading<'_, '_>, at: usize) -> bool {
    let Some(next) = reading.token(at + 1) else { return false };
    let near = match next.gap.trim() {
        "" | "." | ":" | ".:" => true,
        // "his partner, Grant, drives"
        "," if next.is_titled() && next.given() >= 2 && !next.is_any(Flags::CLINICAL | Flags::WHEN) => {
            reading.token(at + 2).is_some_and(|after| after.gap.starts_with(',')) || next.plain() <= 3
        }
        "-" | "–" | "," | "(" => next.case == Case::Told && next.shape == Shape::Title && next.plain() <= 3,
        _ => false,
    };
    let another_title = next.is_any(Flags::HONORIFIC) && next.plain() >= 4 && next.namelike() == 0;
    // One letter alone is a name only where the patient is announced.
    let letter = next.shape != Shape::Initial
        || lists::is_patient(reading.folded(at)) && reading.folded(at + 2).len() == 1;
    near && !another_title && letter
}

/// Whether a small word stands between the role at `at` and the name: "mother of Ravi", "pt is Grace".
fn is_linked(reading: &Reading<'_, '_>, at: usize) -> bool {
    let link = &reading.tokens[at + 1];
    let of =
        link.shape == Shape::Lower && matches!(link.folded.as_str(), "of" | "de" | "da" | "do" | "ng" | "ni");
    let is_named = |third: &Token<'_>| third.namelike() >= 2 && third.common() <= 5 && third.could_be_name();
    let named = matches!(link.folded.as_str(), "is" | "called" | "named" | "hai" | "es")
        && reading.token(at + 2).is_some_and(is_named);
    link.gap.trim().is_empty() && (of || named) && reading.joined(at + 2)
}

/// "S/O NITAI MONDAL", "w/o Krishnappa", "d/o".
fn parentage(reading: &mut Reading<'_, '_>, at: usize) {
    let of = reading.folded(at + 1) == "o" && reading.tokens[at + 1].gap == "/";
    if !of || !matches!(reading.folded(at), "s" | "d" | "w" | "f" | "m" | "b" | "h" | "c") {
        return;
    }
    let first = at + 2;
    // "w/o fever" is "without", "c/o" "complains of", "h/o" "history of".
    let likely = |next: &Token<'_>| next.plain() <= 2 || next.namelike() >= 2 && next.common() < 4;
    if reading.token(first).is_some_and(likely) {
        let run = reading.person(first, Trust::Title);
        reading.mark(run, Mark::name("parentage", 0.95, at));
    }
}

/// "my name is dr prerna", "his name, Clint Haverstock", "Pt ka naam Kamlesh".
fn label(reading: &mut Reading<'_, '_>, at: usize) {
    if !lists::is_name_label(reading.folded(at)) || reading.tokens[at].possessive {
        return;
    }
    let mut first = at + 1;
    while first < at + 5 && lists::is_filler(reading.folded(first)) {
        first += 1;
    }
    let Some(token) = reading.token(first) else { return };
    // What was announced has been replaced already.
    if reading.tokens[at + 1..=first].iter().any(|between| between.gap.contains(']')) {
        return;
    }
    let announced = token.gap.contains([':', ',', '-', '=']) || first > at + 1 || token.plain() <= 1;
    let named = token.has_capital() || token.plain() <= 1 || token.namelike() >= 2 && token.common() <= 4;
    if announced && named {
        let run = reading.person(first, Trust::Title);
        reading.mark(run, Mark::name("name_label", 0.9, at));
    }
}
