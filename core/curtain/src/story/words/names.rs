//! Names that a word beside them announces: a title, a relation, a label, an age, a greeting.

use super::super::class::Class;
use super::super::lexicon::Flags;
use super::super::token::{Case, Shape};
use super::{Mark, Reading, Trust, lists};

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
        address(reading, at);
        vocative(reading, at);
        introduced(reading, at);
        suffix(reading, at);
        deed(reading, at);
        age_after(reading, at);
        old(reading, at);
    }
}

fn name(rule: &'static str, confidence: f32, cue: usize) -> Mark {
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
    let first = if of && reading.joined(at + 2) { at + 2 } else { at + 1 };
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

/// "Dear Grace", "spoke to Will", "- Asha" at the end.
fn address(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    let signs = token.gap.contains('\n') && token.gap.trim_start().starts_with(['-', '~', '—', '–'])
        || token.gap.contains(['~', '—']) && at + 4 > reading.tokens.len();
    if signs && token.shape == Shape::Title && at + 4 > reading.tokens.len() && token.namelike() > 0 {
        let run = reading.person(at, Trust::Role);
        reading.mark(run, Mark { class: Class::Name, confidence: 0.7, rule: "signature", cue: None });
        return;
    }
    if !lists::is_address(&token.folded) {
        return;
    }
    let first =
        if matches!(reading.folded(at + 1), "to" | "you" | "by" | "with" | "for") { at + 2 } else { at + 1 };
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
    let does = lists::is_deed(reading.folded(at + 1)) && reading.tokens[at + 1].shape == Shape::Lower;
    // Of the most common words only those that are usual names as well.
    let named = token.flags.given() >= 1
        && token.letters() >= 3
        && (token.flags.common() < 7 || token.flags.given() >= 2);
    let thing = token.flags.any(Flags::DRUG | Flags::ROLE | Flags::REGION)
        || token.flags.any(Flags::MEDICAL) && token.flags.given() < 2;
    if does && named && !thing {
        reading.mark(at..at + 1, name("deed", 0.65, at + 1));
    }
}

/// "Rajamma, 48," and "Grace (34F)": whose age is told.
fn age_after(reading: &mut Reading<'_, '_>, at: usize) {
    let Some(age) = reading.token(at + 1) else { return };
    if !matches!(age.gap, ", " | " (" | " " | "," | "(" | " - " | ": " | ", age " | " / " | "/" | " , ")
        || !is_age(reading, at + 1)
    {
        return;
    }
    let token = &reading.tokens[at];
    let clinical = token.flags.any(
        Flags::MEDICAL
            | Flags::DRUG
            | Flags::ROLE
            | Flags::WHEN
            | Flags::REGION
            | Flags::FACILITY
            | Flags::PLACE_NOUN,
    );
    let clinical = clinical
        && !(token.flags.given() == 3
            && token.flags.common() == 0
            && !token.flags.any(Flags::WHEN | Flags::REGION));
    let apart = age.gap != " ";
    let fits = match (token.shape, token.case) {
        (Shape::Title, Case::Told | Case::Lower) => {
            let usual = token.namelike() >= 2 && !clinical && (apart || token.plain() <= 3);
            usual || token.plain() == 0 && (token.letters() >= 3 || token.namelike() > 0 && apart)
        }
        (Shape::Lower, Case::Lower) | (Shape::Upper, Case::Upper) => {
            !clinical
                && token.letters() >= 3
                && (token.namelike() >= 1 && token.flags.common() <= 2 || token.plain() == 0)
        }
        (Shape::Initial, _) => return,
        _ => false,
    };
    if fits && !reading.is_eponym(at) {
        // The words before it may be of the same name.
        let mut first = at;
        while first > 0 && reading.free[first - 1] && reading.joined(first) {
            let word = &reading.tokens[first - 1];
            let same = word.shape == Shape::Initial
                || word.shape == token.shape
                    && word.namelike() >= 1
                    && !word.flags.any(Flags::ROLE | Flags::HONORIFIC)
                    && (word.flags.common() <= 3 || word.shape == Shape::Title)
                || word.shape == token.shape && word.plain() == 0;
            if !same || at - first >= 3 {
                break;
            }
            first -= 1;
        }
        reading.mark(first..at + 1, name("age_after", 0.85, at + 1));
    }
}

/// "Her saas, 95, also": an age above 89 after a person.
fn old(reading: &mut Reading<'_, '_>, at: usize) {
    let token = &reading.tokens[at];
    if token.shape != Shape::Number
        || !token.text.parse::<u16>().is_ok_and(|age| (90..=120).contains(&age))
        || at == 0
    {
        return;
    }
    let last = &reading.tokens[at - 1];
    let person = last.flags.any(Flags::ROLE) && !last.flags.any(Flags::MEDICAL)
        || reading.marks[at - 1].is_some_and(|mark| mark.class == Class::Name);
    let next = reading.token(at + 1);
    let closes = next.is_none_or(|next| {
        next.gap.starts_with([',', '.', ')', ';', '\n', '-', '–', '/']) && !matches!(next.gap, "." | "/")
    }) || next.is_some_and(|next| {
        next.gap == " "
            && matches!(
                next.folded.as_str(),
                "f" | "m" | "yrs" | "yo" | "y" | "years" | "and" | "who" | "lives" | "male" | "female"
            )
    });
    let near = matches!(token.gap, ", " | " (" | " " | "," | " - " | " a ");
    let said = matches!(
        last.folded.as_str(),
        "vay"
            | "vayasu"
            | "umar"
            | "umur"
            | "edad"
            | "idade"
            | "age"
            | "aged"
            | "umri"
            | "boyosh"
            | "boyos"
            | "vayathu"
            | "umer"
    );
    let of_her = last.folded == "a" && at > 1 && matches!(reading.folded(at - 2), "she" | "he");
    if near && (person && closes || said || of_her) {
        let mark =
            Mark { class: Class::AgeOver89, confidence: 0.8, rule: "age_after_person", cue: Some(at - 1) };
        reading.mark(at..at + 1, mark);
    }
}

/// Whether a token is an age: `52M`, `34F`, `6y`, or a number before a comma, a sex or years.
fn is_age(reading: &Reading<'_, '_>, at: usize) -> bool {
    let Some(token) = reading.token(at) else { return false };
    let digits: String = token.folded.chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() || digits.len() > 3 || digits.parse::<u16>().map_or(true, |age| age > 120) {
        return false;
    }
    let rest = &token.folded[digits.len()..];
    if matches!(rest, "m" | "f" | "y" | "yo" | "yr" | "yrs" | "yof" | "yom" | "mo" | "thn" | "th") {
        return true;
    }
    if !rest.is_empty() {
        return false;
    }
    let Some(next) = reading.token(at + 1) else { return true };
    // The point of 5.8 closes nothing.
    let decimal = matches!(next.gap, "." | ",") && next.shape != Shape::Title;
    let closes = next.gap.starts_with([',', '.', ')', ';', '\n']) && !decimal;
    let years = matches!(
        next.folded.as_str(),
        "y" | "yo"
            | "yr"
            | "yrs"
            | "year"
            | "years"
            | "m"
            | "f"
            | "male"
            | "female"
            | "anos"
            | "años"
            | "tahun"
            | "thn"
            | "saal"
            | "mo"
            | "months"
            | "who"
            | "lives"
            | "boy"
            | "girl"
            | "lady"
            | "man"
            | "woman"
            | "taong"
            | "ans"
            | "sal"
            | "old"
            | "varsh"
            | "barsa"
    );
    closes || years && matches!(next.gap, " " | "" | "-" | "/" | " / ")
}
