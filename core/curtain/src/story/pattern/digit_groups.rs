//! Digits written in groups: the raw form of telephone numbers and of many identity numbers.

use super::tokens::{Gap, Tokens};

/// The most groups that one number is read in.
const MOST: usize = 8;

/// Digit groups that follow one another on a line.
pub(super) struct Groups {
    /// The first token, which may be a plus sign or a bracket.
    pub(super) first: usize,
    /// Whether a plus sign stands before the first group.
    pub(super) plus: bool,
    /// Whether the first group is in brackets.
    pub(super) bracket: bool,
    /// The token of each group, the last token that belongs to it, and the mark before it.
    parts: Vec<Group>,
}

/// One group.
#[derive(Clone, Copy)]
struct Group {
    token: usize,
    last: usize,
    mark: char,
}

impl Groups {
    /// Reads the groups that begin at token `i`; `None` if none does.
    pub(super) fn read(t: &Tokens, i: usize) -> Option<Self> {
        let mut made = Self { first: i, plus: false, bracket: false, parts: Vec::new() };
        let mut at = i;
        if t.is_mark(at, "+") && t.touches(at + 1) {
            made.plus = true;
            at += 1;
        }
        if t.is_mark(at, "(") && t.is_number(at + 1) && t.is_mark(at + 2, ")") {
            made.bracket = true;
        } else if t.is_mark(at, "(")
            && t.is_mark(at + 1, "+")
            && t.is_number(at + 2)
            && t.is_mark(at + 3, ")")
        {
            made.plus = true;
            made.parts.push(Group { token: at + 2, last: at + 3, mark: ' ' });
            at += 4;
        }
        let mut mark = ' ';
        while made.parts.len() < MOST {
            let bracketed = t.is_mark(at, "(") && t.is_number(at + 1) && t.is_mark(at + 2, ")");
            let group = match bracketed {
                true => Group { token: at + 1, last: at + 2, mark },
                false if t.is_number(at) => Group { token: at, last: at, mark },
                false => break,
            };
            if !made.parts.is_empty() && t.gap(at) == Gap::Line {
                break;
            }
            made.parts.push(group);
            at = group.last + 1;
            mark = ' ';
            if t.is_mark(at, "-.") && t.gap(at) != Gap::Line && t.gap(at + 1) != Gap::Line {
                mark = if t.norm(at) == "-" { '-' } else { '.' };
                // A full stop that ends a sentence joins nothing.
                if mark == '.' && !(t.touches(at) && t.touches(at + 1)) {
                    break;
                }
                at += 1;
            }
        }
        (!made.parts.is_empty()).then_some(made)
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// The last token of the first `n` groups.
    pub(super) fn last(&self, n: usize) -> usize {
        self.parts.get(n.wrapping_sub(1)).map_or(self.first, |g| g.last)
    }

    /// The digits of the first `n` groups.
    pub(super) fn digits(&self, t: &Tokens, n: usize) -> String {
        self.parts.iter().take(n).map(|g| t.norm(g.token)).collect()
    }

    /// The lengths of the first `n` groups; a group of more than 99 digits counts as 99.
    pub(super) fn lengths(&self, t: &Tokens, n: usize) -> Vec<usize> {
        self.parts.iter().take(n).map(|g| t.norm(g.token).len().min(99)).collect()
    }

    /// The marks between the first `n` groups.
    pub(super) fn marks(&self, n: usize) -> String {
        self.parts.iter().take(n).skip(1).map(|g| g.mark).collect()
    }

    /// The digits of group `k`.
    pub(super) fn group<'t>(&self, t: &'t Tokens, k: usize) -> &'t str {
        self.parts.get(k).map_or("", |g| t.norm(g.token))
    }
}
