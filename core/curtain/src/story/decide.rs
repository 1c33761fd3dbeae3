//! What people decide about findings, and the text that comes of it.

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
#[non_exhaustive]
pub enum StoryError {
    /// There are fewer or more decisions than findings.
    #[error("there are {decisions} decisions for {findings} findings in the text: decide on each once")]
    Undecided {
        /// Decisions given.
        decisions: usize,
        /// Findings in the text.
        findings: usize,
    },
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
            Self::NotClean => "text_not_clean",
        }
    }
}

/// Writes every proposal. Everything else stays byte for byte; scanned again, the text has no findings.
///
/// `findings` are those of this very `text`.
#[must_use]
pub fn apply(text: &str, findings: &Findings) -> String {
    placeholder::write(text, &findings.found).0
}

/// Writes what was decided, one decision for each finding, in order.
///
/// # Errors
/// [`StoryError::Undecided`].
pub fn settle(text: &str, findings: &Findings, decisions: &[Decision]) -> Result<String, StoryError> {
    let (made, found) = (decisions.len(), findings.found.len());
    if made != found {
        return Err(StoryError::Undecided { decisions: made, findings: found });
    }
    let mut settled = Vec::with_capacity(found);
    for (finding, decision) in findings.found.iter().zip(decisions) {
        let mut finding = finding.clone();
        match decision {
            Decision::Replace => {}
            Decision::Interval => {
                finding.replacement = finding.interval.clone().unwrap_or(finding.replacement);
            }
            Decision::Keep { .. } => text[finding.span.clone()].clone_into(&mut finding.replacement),
        }
        settled.push(finding);
    }
    Ok(placeholder::write(text, &settled).0)
}
