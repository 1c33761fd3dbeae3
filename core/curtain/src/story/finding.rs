//! What was found, why, and what is proposed instead.

use std::ops::Range;

use super::class::Class;
use super::known;

/// One identifier in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its bytes in the text, as UTF-8; always between characters.
    pub span: Range<usize>,
    /// The same in UTF-16 code units, which Kotlin and Swift count.
    pub utf16: Range<usize>,
    /// What it is.
    pub class: Class,
    /// How sure that is, 0 to 1. Everything that is listed wants a decision.
    pub confidence: f32,
    /// Why it was found.
    pub why: Why,
    /// What is proposed instead.
    pub replacement: String,
    /// Of a later date of the same course: the interval from the first one, such as `day 7`.
    pub interval: Option<String>,
}

impl Finding {
    /// Whether it is a term of this very case, as [`Known`](super::Known) has them.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.why.rule == known::RULE
    }
}

/// Why something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// A stable `snake_case` name of the rule.
    pub rule: &'static str,
    /// The word beside it that says so, as bytes of the text.
    pub cue: Option<Range<usize>>,
}

/// Everything that was found in one text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// In order, apart from each other.
    pub found: Vec<Finding>,
    /// What a person should think about, besides.
    pub warnings: Vec<Warning>,
}

/// Something that identifies together with something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// Where, as bytes of the text.
    pub span: Range<usize>,
}

/// What may identify a patient although no identifier is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningKind {
    /// A rare condition, and an exact age.
    RareAndAge,
    /// A rare condition, and a place or facility smaller than a state.
    RareAndPlace,
    /// The text says how few there are.
    FewPeople,
    /// Words in a script whose names and places are not looked for.
    UnreadScript,
}

impl WarningKind {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::RareAndAge => "rare_and_age",
            Self::RareAndPlace => "rare_and_place",
            Self::FewPeople => "few_people",
            Self::UnreadScript => "unread_script",
        }
    }

    /// In words, for a person.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::RareAndAge => {
                "a rare condition and an exact age remain together: write the decade, or leave one out"
            }
            Self::RareAndPlace => "a rare condition and a small place remain together: leave the place out",
            Self::UnreadScript => {
                "names and places in this script are found only after a title or label: read these words yourself"
            }
            Self::FewPeople => "the text says how few people there are: people nearby will know who is meant",
        }
    }
}

/// One candidate, before candidates are merged and replacements chosen. Byte offsets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) span: Range<usize>,
    pub(super) class: Class,
    pub(super) confidence: f32,
    pub(super) rule: &'static str,
    pub(super) cue: Option<Range<usize>>,
    /// Of a date: what it says.
    pub(super) date: Option<DateParts>,
}

/// What a date in a text says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DateParts {
    pub(super) year: Option<i16>,
    pub(super) month: Option<u8>,
    pub(super) day: Option<u8>,
    /// Whether it is a date of birth.
    pub(super) birth: bool,
}
