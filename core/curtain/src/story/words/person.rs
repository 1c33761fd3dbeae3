//! How far the name of a person goes that a cue announces.

use std::ops::Range;

use super::super::lexicon::Flags;
use super::super::token::{Case, Shape, Token};
use super::lists;
use super::reading::Reading;

/// Words of one name.
const LONGEST: usize = 5;

/// Words for who somebody is, or where or when something is: no names.
const OFFICE: u32 = Flags::ROLE | Flags::FACILITY | Flags::PLACE_NOUN | Flags::REGION | Flags::WHEN;

/// How surely a name follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// A role or relation: more often than not followed by something else.
    Role,
    /// A title, or "name is".
    Title,
}

impl Reading<'_, '_> {
    /// Which tokens from `first` on read as one person's name, given that a cue announces one.
    pub(super) fn person(&self, first: usize, trust: Trust) -> Range<usize> {
        // "Dad has Raynaud's": a role before an eponym.
        let owned = self.token(first).is_some_and(|token| token.possessive);
        if trust == Trust::Role && owned && self.is_eponym(first) {
            return first..first;
        }
        let mut end = first;
        while end < self.tokens.len() {
            if end > first && self.tokens[end - 1].possessive {
                break;
            }
            if end > first && self.free[end] && self.is_nickname(end) {
                end += 2;
            } else if self.is_of_name(end, first, trust) {
                end += 1;
            } else {
                break;
            }
        }
        // A particle at the end belongs to no name.
        while end > first + 1 && is_small_particle(&self.tokens[end - 1]) {
            end -= 1;
        }
        first..end
    }

    /// A nickname inside a name, in quotes: `ROGELIO "BOY" CATACUTAN`.
    fn is_nickname(&self, at: usize) -> bool {
        let opens = self.token(at).is_some_and(|token| matches!(token.gap, " \"" | " “" | " '" | " ‘"));
        let closes = |next: &Token<'_>| matches!(next.gap, "\" " | "” " | "' " | "’ ");
        opens && self.token(at + 1).is_some_and(|next| closes(next) && next.could_be_name())
    }

    /// Whether token `at` is of the name that begins at `first`.
    fn is_of_name(&self, at: usize, first: usize, trust: Trust) -> bool {
        let token = &self.tokens[at];
        let starts = at == first;
        self.free[at]
            && at - first < LONGEST
            && (starts || self.joined(at))
            && !self.is_parentage(at)
            && (self.is_inner_particle(at, starts, trust) || accepts(token, starts, trust))
            && (starts || token.shape != Shape::Title || !self.is_eponym(at))
    }

    /// The S of S/O.
    fn is_parentage(&self, at: usize) -> bool {
        self.tokens[at].shape == Shape::Initial && self.token(at + 1).is_some_and(|next| next.gap == "/")
    }

    /// A small word before a capital: the `de` of "Maria de Souza", the `Van` of "Dr Van Wyk".
    fn is_inner_particle(&self, at: usize, starts: bool, trust: Trust) -> bool {
        let token = &self.tokens[at];
        let may_start = token.case == Case::Told && (trust == Trust::Title || token.shape == Shape::Title);
        lists::is_particle(&token.folded)
            && (!starts || may_start)
            && self.token(at + 1).is_some_and(|next| next.stands_out() && next.gap == " ")
    }
}

fn is_small_particle(token: &Token<'_>) -> bool {
    token.shape == Shape::Lower && lists::is_particle(&token.folded)
}

/// Whether a token reads as part of a name that a cue announces.
fn accepts(token: &Token<'_>, first: bool, trust: Trust) -> bool {
    let (plain, name) = (token.plain(), token.namelike());
    match (token.shape, token.case) {
        (Shape::Number | Shape::Mixed, _) => false,
        (Shape::Initial, _) => true,
        (Shape::Uncased, _) => !token.is_any(OFFICE),
        (Shape::Title, Case::Told | Case::Lower) => match trust {
            Trust::Title => first || name > 0 || !token.is_any(Flags::CLINICAL | OFFICE),
            Trust::Role => is_titled_name(token, first),
        },
        // Abbreviations are in capitals too.
        (Shape::Upper, Case::Told | Case::Lower) => {
            token.letters() >= 3 && (name > 0 && !token.is_clinical() || plain == 0 && token.letters() >= 5)
        }
        (Shape::Lower, Case::Told) => plain == 0 && (name > 0 || first && trust == Trust::Title),
        (_, Case::Lower | Case::Upper) => is_level_name(token, first, trust),
    }
}

/// After a role, a word with a capital: "her son Ravi", but not "her son Monday".
fn is_titled_name(token: &Token<'_>, first: bool) -> bool {
    let name = token.namelike();
    let usual = token.common() < 7 || !first || token.given() == 3;
    name > 0 && usual && !(token.is_clinical() && name < 2) || token.plain() <= 1 && !token.is_any(OFFICE)
}

/// Where capitals say nothing: "son ravi", but not "son came".
fn is_level_name(token: &Token<'_>, first: bool, trust: Trust) -> bool {
    let name = token.namelike();
    let unknown = token.plain() == 0 && token.letters() >= 3;
    let plainly_other = token.is_any(Flags::CLINICAL | OFFICE) && name < 2 || token.common() == 7 && name < 3;
    (is_rare_enough(token, first, trust) || unknown) && !plainly_other
}

/// Whether a word is rarer as a word than it is usual as a name.
fn is_rare_enough(token: &Token<'_>, first: bool, trust: Trust) -> bool {
    let (name, common) = (token.namelike(), token.common());
    let most = match (first, trust) {
        (true, Trust::Title) => return name > 0 || token.plain() <= 3,
        (true, Trust::Role) if is_usual_given_name(token) => return true,
        (true, Trust::Role) => [0, 3, 5, 5],
        (false, _) => [0, 2, 4, 6],
    };
    name > 0 && common <= most[name as usize]
}

/// "grace": a word as well, but not of another language.
fn is_usual_given_name(token: &Token<'_>) -> bool {
    token.given() == 3 && token.common() <= 6 && !token.is_any(Flags::WHEN | Flags::REGION | Flags::FOREIGN)
}
