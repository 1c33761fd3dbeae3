//! Case text: finds what identifies a patient, and proposes what to write instead. A person decides.
//!
//! ```
//! use curtain::story::{Known, Locale, apply, scan};
//!
//! let text = "Asha, 93, from Sonepur village, 3 July 2024, BP 120/80";
//! let findings = scan(text, Locale::new(None, 2026), &Known::default());
//! assert_eq!(apply(text, &findings), "[patient], 90+, from [village], 2024, BP 120/80");
//! ```
//!
//! Patterns find what has a shape (dates, numbers, addresses), with check digits where a scheme has them. Names and
//! places are found by the words around them, by a lexicon of names, places, ordinary and medical words in several
//! languages, and by what is in none of its lists. Nothing leaves the device, and nothing is learnt from the text.
//!
//! Not promised: that everything is found. A name that is a common word and that nothing announces, a description
//! that only neighbours understand ("the schoolmaster's son"), an image of text: people have to read what they post.

mod class;
mod course;
mod decide;
mod finding;
mod known;
mod lexicon;
mod merge;
mod pattern;
mod placeholder;
mod rare;
mod spelling;
mod token;
mod words;

pub use class::{Class, Country, Locale, NumberKind};
pub use decide::{Decision, KeepReason, Settled, StoryError, apply, settle};
pub use finding::{Finding, Findings, Warning, WarningKind, Why};
pub use known::{Known, KnownTerm, UnusableTerm};

use finding::{DateParts, Hit};

/// Reads the lexicon, which the first [`scan`] else does.
pub fn load() {
    lexicon::load();
    spelling::load();
}

/// The files that the room reads by: the lexicon and the spelling model.
#[must_use]
pub fn models() -> [(&'static str, &'static [u8]); 2] {
    [("story.fst", lexicon::DATA), ("story_spelling.bin", spelling::DATA)]
}

/// Finds the identifiers in `text`, in order, apart from each other.
///
/// `known` are terms of this very case: names from its consent, the clinician's own. Of any length and script; the
/// time is linear in the text's length. What [`apply`] makes of it has no findings.
#[must_use]
pub fn scan(text: &str, locale: Locale, known: &Known) -> Findings {
    let found = merge::until_clean(text, locale, |text| once(text, locale, known));
    let warnings = rare::warnings(text, &found, &[]);
    Findings { found, warnings }
}

/// What a person should think about, besides, if of `findings` everything is replaced that `decisions` do not keep.
///
/// `findings` are those of this very `text`; findings without a decision count as replaced.
#[must_use]
pub fn warnings(text: &str, findings: &Findings, decisions: &[Decision]) -> Vec<Warning> {
    rare::warnings(text, &findings.found, decisions)
}

/// One reading of a text.
fn once(text: &str, locale: Locale, known: &Known) -> Vec<Hit> {
    let own = placeholder::ranges(text);
    let mut tokens = token::tokens(text);
    tokens.retain(|token| merge::overlapping(&own, &token.span).is_empty());
    let mut hits = pattern::find(text, locale);
    hits.extend(placeholder::split_numbers(text));
    hits.extend(known.find(text, &tokens));
    hits = merge::apart(hits);
    // The words of an address may be of a facility's name too.
    let taken: Vec<_> =
        hits.iter().filter(|hit| hit.class != Class::Place).map(|hit| hit.span.clone()).collect();
    hits.extend(words::find(&tokens, &taken));
    merge::outside(&merge::apart(hits), &own)
}

#[cfg(test)]
mod tests;
