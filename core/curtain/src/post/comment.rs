//! What is written below a case goes the same way as the case's text.

use crate::story::{self, Decision, Findings, Known, Locale};

use super::text::Settled;
use super::{PostError, Refused, refused};

/// A longer comment, in bytes, is a case of its own.
pub const MAX_COMMENT: usize = 8 << 10;

/// A comment as it was typed.
pub struct Comment {
    text: String,
    locale: Locale,
}

/// A comment that was looked at.
pub struct ScannedComment {
    comment: Comment,
    known: Known,
    findings: Findings,
}

/// A comment in which a person decided on every finding: the only kind that can be sealed.
///
/// ```compile_fail
/// # use curtain::post::SettledComment;
/// // Words alone are not a comment that somebody read.
/// let comment: SettledComment = String::from("I saw the same in [place].").into();
/// ```
/// ```compile_fail
/// # use curtain::post::SettledComment;
/// let comment = SettledComment { text: String::from("I saw the same in [place].") };
/// ```
/// ```
/// # use curtain::{post::{Comment, SettledComment}, story::{Known, Locale}};
/// let comment = Comment::new("Try zinc paste.".to_owned(), Locale::new(None, 2027))?;
/// let comment: SettledComment = comment.scan(Known::default()).settle(&[]).map_err(|refused| refused.error)?;
/// assert_eq!(comment.text(), "Try zinc paste.");
/// # Ok::<(), curtain::post::PostError>(())
/// ```
pub struct SettledComment {
    text: String,
}

impl Comment {
    /// A comment of at most [`MAX_COMMENT`] bytes.
    ///
    /// # Errors
    /// [`PostError::CommentTooLong`].
    pub fn new(text: String, locale: Locale) -> Result<Self, PostError> {
        if text.len() > MAX_COMMENT { Err(PostError::CommentTooLong) } else { Ok(Self { text, locale }) }
    }

    /// Looks for what identifies somebody; `known` are terms of the case and the writer's own.
    #[must_use]
    pub fn scan(self, known: Known) -> ScannedComment {
        let findings = story::scan(&self.text, self.locale, &known);
        ScannedComment { comment: self, known, findings }
    }
}

impl ScannedComment {
    /// As it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.comment.text
    }

    /// What was found in it, to be decided.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Writes what was decided, one decision for each finding.
    ///
    /// # Errors
    /// [`PostError::Comment`].
    pub fn settle(self, decisions: &[Decision]) -> Result<SettledComment, Box<Refused<Self>>> {
        let Comment { text, locale } = &self.comment;
        match Settled::new(text, &self.findings, decisions, *locale, &self.known) {
            Ok(settled) => Ok(SettledComment { text: settled.text }),
            Err(error) => refused(self, PostError::Comment(error)),
        }
    }
}

impl SettledComment {
    /// What it says, as others will read it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}
