//! Names and places in Devanagari and Bengali script, by the words before them: the lexicon has none of these scripts.

use super::super::class::Class;
use super::super::token::Shape;
use super::{Mark, Reading, lists};

/// Marks what follows a title, "name" or "village".
pub(super) fn by_cue(reading: &mut Reading<'_, '_>) {
    for at in 0..reading.tokens.len() {
        let (class, rule) = match reading.folded(at) {
            word if lists::is_indic_title(word) => (Class::Name, "title"),
            word if lists::is_indic_name_label(word) => (Class::Name, "name_label"),
            word if lists::is_indic_place_noun(word) => (Class::Place, "place_noun"),
            _ => continue,
        };
        let first = at + 1;
        let mut end = first;
        while end < first + 3 && is_of_name(reading, end, end == first) {
            end += 1;
        }
        reading.mark(first..end, Mark { cue: Some(at), ..Mark::new(class, rule, 0.8) });
    }
}

/// Whether token `at` begins a name, as its `first` word, or goes on with it.
fn is_of_name(reading: &Reading<'_, '_>, at: usize, first: bool) -> bool {
    reading.token(at).is_some_and(|token| {
        let near = match token.gap {
            " " => true,
            ". " | "." | ": " | ":" | " : " | " - " => first,
            _ => false,
        };
        near && token.shape == Shape::Uncased && !lists::is_indic_function_word(token.text)
    })
}
