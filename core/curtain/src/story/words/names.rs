//! Names that a word beside them announces: a title, a relation, a label.

use super::super::class::Class;
use super::super::lexicon::Flags;
use super::super::token::{Case, Shape};
use super::{Mark, Reading, Trust, ages, lists, talk};

/// Marks names by their cues.
pub(super) fn by_cue(reading: &mut Reading<'_, '_>) {
    for at in 0..reading.tokens.len() {
        if !reading.free[at] {
            continue;
        }
        title(reading, at);
        short(reading, at);
        role(reading, at);
        parentage(reading, at);
        label(reading, at);
        talk::by_cue(reading, at);
        ages::by_cue(reading, at);
    }
}

/// A name that token `cue` announces.
pub(super) fn name(rule: &'static str, confidence: f32, cue: usize) -> Mark {
    Mark { class: Class::Name, confidence, rule, cue: Some(cue) }
}

/// "Mrs D.", "dr prerna", "Seu Raimundo".
fn title(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    if !token.flags.any(Flags::HONORIFIC) || !reading.joined(at + 1) {
        return;
    }
    let Some(next) = reading.token(at + 1) else { return };
    // Titles that are words as well want more of a name.
    let plain_title = matches!(token.folded.as_str(), "mr" | "mrs" | "dr" | "smt" | "mx" | "mister");
    let also_word = !plain_title
        && (token.flags.common() >= 4
            || token.flags.any(Flags::FOREIGN | Flags::MEDICAL) && token.letters() <= 3
            || matches!(token.folded.as_str(), "km" | "ms" | "ny" | "sr" | "fr" | "tn"));
    let cased = next.case == Case::Told && matches!(next.shape, Shape::Title | Shape::Initial | Shape::Upper);
    if also_word {
        let unlike = next.plain() > 3 && !(cased && token.shape != Shape::Lower && next.namelike() > 0);
        let small = token.case == Case::Told && token.shape == Shape::Lower && !cased;
        let unit = at.checked_sub(1).is_some_and(|last| reading.tokens[last].shape == Shape::Number);
        if unlike || small || unit || next.shape == Shape::Initial && token.shape == Shape::Lower {
            return;
        }
    }
    if next.flags.any(Flags::HONORIFIC) && !cased {
        return;
    }
    // "ka", "si", "ko" are titles in one language and particles in others.
    let particle = token.letters() <= 2 && token.flags.any(Flags::FOREIGN) && !plain_title;
    if particle && next.case != Case::Told && next.namelike() == 0 {
        return;
    }
    let run = reading.person(at + 1, Trust::Title);
    reading.mark(run, name("title", 0.95, at));
}

/// "Md. Sadek", "Ma. Lourdes": names that are mostly written short.
fn short(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    let Some(next) = reading.token(at + 1) else { return };
    let written = matches!(
        token.folded.as_str(),
        "md" | "mohd" | "mohd." | "ma" | "sk" | "abd" | "muhd" | "mst" | "st"
    );
    let announced =
        token.shape == Shape::Title && matches!(next.gap, ". " | "." | " ") && next.shape == Shape::Title;
    if written
        && announced
        && (next.namelike() > 0 || next.plain() == 0)
        && !next.flags.any(Flags::FACILITY)
        && token.folded != "st"
    {
        let run = reading.person(at + 1, Trust::Title);
        reading.mark(at..run.end, name("short_name", 0.85, at));
    }
}

/// "her son Ravi", "Pt: H.K.", "daughter, Bethan".
fn role(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    if !token.flags.any(Flags::ROLE) {
        return;
    }
    let Some(next) = reading.token(at + 1) else { return };
    let gap = next.gap.trim();
    if !matches!(gap, "" | "." | ":" | "-" | "–" | "," | "(" | ".:") {
        return;
    }
    let apart = !matches!(gap, "" | "." | ".:" | ":");
    if apart && (next.case != Case::Told || next.shape != Shape::Title || next.plain() > 3) {
        return;
    }
    if next.flags.any(Flags::HONORIFIC) && next.plain() >= 4 && next.namelike() == 0 {
        return;
    }
    // One letter alone is a name only where the patient is announced.
    let patient =
        matches!(token.folded.as_str(), "pt" | "patient" | "child" | "paciente" | "pasien" | "px" | "baby");
    if next.shape == Shape::Initial && !(patient && reading.folded(at + 2).len() == 1) {
        return;
    }
    let of = matches!(next.folded.as_str(), "of" | "de" | "da" | "do" | "ng" | "ni")
        && gap.is_empty()
        && next.shape == Shape::Lower;
    let named = matches!(next.folded.as_str(), "is" | "called" | "named" | "hai" | "es")
        && gap.is_empty()
        && reading
            .token(at + 2)
            .is_some_and(|third| third.namelike() >= 2 && third.flags.common() <= 5 && third.could_be_name());
    let first = if (of || named) && reading.joined(at + 2) { at + 2 } else { at + 1 };
    let run = reading.person(first, Trust::Role);
    let mut end = run.end;
    reading.mark(run, name("role", 0.85, at));
    // "two sisters, Naledi and Lesedi"
    while end > at + 1 && matches!(reading.folded(end), "and" | "n" | "aur" | "y" | "e" | "dan" | "at") {
        let run = reading.person(end + 1, Trust::Role);
        if run.is_empty() {
            break;
        }
        end = run.end;
        reading.mark(run, name("role", 0.8, at));
    }
}

/// "S/O NITAI MONDAL", "w/o Krishnappa", "d/o".
fn parentage(reading: &mut Reading<'_, '_>, at: usize) {
    let of = reading.folded(at + 1) == "o" && reading.tokens[at + 1].gap == "/";
    if !of || !matches!(reading.folded(at), "s" | "d" | "w" | "f" | "m" | "b" | "h" | "c") {
        return;
    }
    let first = at + 2;
    // "w/o fever" is "without", "c/o" "complains of", "h/o" "history of".
    let likely = reading
        .token(first)
        .is_some_and(|next| next.plain() <= 2 || next.namelike() >= 2 && next.flags.common() < 4);
    if likely {
        let run = reading.person(first, Trust::Title);
        reading.mark(run, name("parentage", 0.95, at));
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
    if (at + 1..=first).any(|between| reading.token(between).is_some_and(|token| token.gap.contains(']'))) {
        return;
    }
    let announced = token.gap.contains([':', ',', '-', '=']) || first > at + 1 || token.plain() <= 1;
    let told =
        token.case == Case::Told && matches!(token.shape, Shape::Title | Shape::Upper | Shape::Initial);
    if announced && (told || token.plain() <= 1 || token.namelike() >= 2 && token.flags.common() <= 4) {
        let run = reading.person(first, Trust::Title);
        reading.mark(run, name("name_label", 0.9, at));
    }
}
