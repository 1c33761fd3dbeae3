//! Names of people, places and facilities: by cue words, by the lexicon, and by what is no word at all.
//!
//! Each pass marks tokens; the surest mark of a token stays. Marked neighbours become one hit.

mod ages;
mod calendar;
mod eponym;
mod facilities;
mod indic;
mod lists;
mod loose;
mod names;
mod person;
mod place_nouns;
mod places;
mod reading;
mod spread;
mod talk;

use std::ops::Range;

use super::finding::Hit;
use super::token::Token;
use person::Trust;
use reading::{Mark, Reading};

/// Finds names, places and facilities. Tokens inside `taken` are left alone: something else was found there.
pub(super) fn find(tokens: &[Token<'_>], taken: &[Range<usize>]) -> Vec<Hit> {
    let mut reading = Reading::new(tokens, taken);
    loose::set_aside(&mut reading);
    calendar::by_month(&mut reading);
    indic::by_cue(&mut reading);
    names::by_cue(&mut reading);
    facilities::by_noun(&mut reading);
    places::by_cue(&mut reading);
    loose::by_lexicon(&mut reading);
    spread::again(&mut reading);
    spread::bridge(&mut reading);
    reading.hits()
}

/// Whether a word that names somebody elsewhere is a part of a medical term here: "Baker's cyst".
pub(super) fn names_a_thing(tokens: &[Token<'_>], at: usize) -> bool {
    let reading = Reading { tokens, free: Vec::new(), marks: Vec::new() };
    reading.names_a_thing(at)
}
