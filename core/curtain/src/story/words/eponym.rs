//! Names of people that name a disease, a score or a device.

use super::super::lexicon::{Flags, look_up};
use super::super::token::{Shape, Token};
use super::lists;
use super::reading::Reading;

impl Reading<'_, '_> {
    /// Whether token `at` names a thing of medicine, not a person: "Baker's cyst", "Hinchey II".
    pub(super) fn is_eponym(&self, at: usize) -> bool {
        let Some(token) = self.token(at) else { return false };
        if self.is_double_eponym(at) || self.follows_disorder(at) {
            return true;
        }
        let next = self
            .token(at + 1)
            .filter(|next| matches!(next.gap_after_possessive(), " " | "-" | " - " | "–" | ""));
        if token.is_any(Flags::EPONYM) {
            return next.is_some_and(|next| lists::is_eponymous(&next.folded) || is_clinical_noun(next))
                || token.possessive && token.given() < 2;
        }
        token.given() < 2 && next.is_some_and(|next| makes_eponym(token, next))
    }

    /// Whether the noun that an eponym belongs to follows: "Baker's cyst".
    pub(super) fn names_a_thing(&self, at: usize) -> bool {
        self.is_eponym(at) && self.token(at + 1).is_some_and(|next| lists::is_eponymous(&next.folded))
    }

    /// "Doença de Kawasaki", "pouch of Douglas".
    fn follows_disorder(&self, at: usize) -> bool {
        let of = at > 1 && matches!(self.folded(at - 1), "de" | "do" | "da" | "del" | "of" | "di");
        of && self.joined(at) && self.joined(at - 1) && lists::is_disorder_before(self.folded(at - 2))
    }

    /// "Guillain-Barré", but not "Asha Bell-Jones".
    fn is_double_eponym(&self, at: usize) -> bool {
        let word = self.folded(at);
        let follows_name = self.joined(at) && self.tokens[at - 1].given() >= 2;
        word.contains('-') && !follows_name && word.split('-').any(|part| look_up(part).any(Flags::EPONYM))
    }
}

/// Whether `next`, after a known eponym, is what the eponym belongs to: a medical word, a number, "CT".
fn is_clinical_noun(next: &Token<'_>) -> bool {
    let medical = next.is_any(Flags::CLINICAL | Flags::EPONYM) && next.common() < 7;
    medical && !next.is_any(Flags::ROLE)
        || next.shape == Shape::Number
        || next.shape == Shape::Upper && next.letters() <= 3
}

/// Whether `next` makes an eponym of any word before it: a disorder, or the number of a class.
fn makes_eponym(token: &Token<'_>, next: &Token<'_>) -> bool {
    let one = next.text == "I" && !token.opens;
    let firm = lists::is_disorder(&next.folded) || next.shape != Shape::Initial && is_grade(next.text) || one;
    firm && !next.is_any(Flags::FACILITY | Flags::PLACE_NOUN)
}

/// "II", "IIF": classes have Roman numerals.
fn is_grade(word: &str) -> bool {
    !word.is_empty()
        && word.trim_end_matches(['A', 'B', 'C', 'F']).chars().all(|letter| "IVX".contains(letter))
}
