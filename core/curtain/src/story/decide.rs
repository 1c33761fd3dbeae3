//! What people decide about findings, and the text that comes of it.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::finding::Findings;
use super::placeholder;

/// What a person decided about one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Decision {
    /// Write what is proposed.
    Replace,
    /// Write the interval from the first date, such as `day 7`; what is proposed where there is none.
    Interval,
    /// Leave it as it is.
    Keep {
        /// Why that harms nobody.
        reason: KeepReason,
    },
}

/// Why a finding may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepReason {
    /// An ordinary word or number: nobody and nothing of the patient's is meant.
    NotAnIdentifier,
    /// A disease, sign, score, drug, device or dose.
    ClinicalTerm,
    /// A state, a country, or larger.
    StateOrLarger,
    /// A name that everybody knows and that says nothing of the patient: an author, a guideline, a maker.
    PublicName,
    /// The name or address of whoever posts or comments, who wants it there.
    MyOwn,
}

/// Why a text is not settled.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum StoryError {
    /// There are fewer or more decisions than findings.
    #[error("there are {decisions} decisions for {findings} findings in the text: decide on each once")]
    Undecided {
        /// Decisions given.
        decisions: usize,
        /// Findings in the text.
        findings: usize,
    },
    /// The findings are of another text.
    #[error("the findings are not of this text: scan it again")]
    OtherText,
    /// What was decided leaves something to be found.
    #[error("the text still has something to decide on: read it once more")]
    NotClean,
}

impl StoryError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Undecided { .. } => "text_undecided",
            Self::OtherText => "other_text",
            Self::NotClean => "text_not_clean",
        }
    }
}

/// Writes every proposal. Everything else stays byte for byte; scanned again, the text has no findings.
///
/// # Panics
/// If `findings` are not those of this very `text`.
#[must_use]
pub fn apply(text: &str, findings: &Findings) -> String {
    placeholder::write(text, &findings.found).0
}

/// A text in which every finding was decided on.
#[derive(Clone, PartialEq, Eq)]
pub struct Settled {
    /// The text as it is now.
    pub text: String,
    /// What was kept, and why, as bytes of `text`, in order.
    pub kept: Vec<(Range<usize>, KeepReason)>,
}

/// Shows nothing of the patient.
impl fmt::Debug for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settled({} kept)", self.kept.len())
    }
}

/// Writes what was decided, one decision for each finding, in order.
///
/// # Errors
/// [`StoryError::Undecided`], or [`StoryError::OtherText`] if the findings cannot be of this text.
pub fn settle(text: &str, findings: &Findings, decisions: &[Decision]) -> Result<Settled, StoryError> {
    let (made, found) = (decisions.len(), findings.found.len());
    if made != found {
        return Err(StoryError::Undecided { decisions: made, findings: found });
    }
    let mut settled = Settled { text: String::with_capacity(text.len()), kept: Vec::new() };
    let mut from = 0;
    for (finding, decision) in findings.found.iter().zip(decisions) {
        let span = finding.span.clone();
        let before = text.get(from..span.start).ok_or(StoryError::OtherText)?;
        let words = text.get(span.clone()).ok_or(StoryError::OtherText)?;
        settled.text.push_str(before);
        match decision {
            Decision::Replace => settled.text.push_str(&finding.replacement),
            Decision::Interval => {
                settled.text.push_str(finding.interval.as_ref().unwrap_or(&finding.replacement));
            }
            Decision::Keep { reason } => {
                let start = settled.text.len();
                settled.text.push_str(words);
                settled.kept.push((start..settled.text.len(), *reason));
            }
        }
        from = span.end;
    }
    settled.text.push_str(&text[from..]);
    Ok(settled)
}
