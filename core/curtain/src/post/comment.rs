//! What is written below a case goes the same way as the case's text.

use crate::hash::Sha256;
use crate::review::{CommentVerdict, comment_fingerprint};
use crate::story::{self, Findings, Known, Locale};

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

/// A comment that a person read, and decided on every finding in it: the only kind that can be sealed.
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
/// # use curtain::consent::ConsentDraft;
/// # use curtain::post::{Comment, SettledComment, known};
/// # use curtain::{review::CommentVerdict, story::{Decision, Locale}};
/// # let consent = ConsentDraft { patient: Some("Quillibrand Testmann".into()), ..ConsentDraft::default() };
/// let comment = Comment::new("Has Quillibrand tried zinc paste?".to_owned(), Locale::new(None, 2027))?;
/// let scanned = comment.scan(known(&consent));
/// // A person reads it, and decides.
/// let verdict = CommentVerdict { of: scanned.fingerprint(), decisions: vec![Decision::Replace] };
/// let comment: SettledComment = scanned.settle(&verdict).map_err(|refused| refused.error)?;
/// assert!(!comment.text().contains("Quillibrand") && comment.text().ends_with(" tried zinc paste?"));
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

    /// Looks for what identifies somebody; `known` are the terms of the case below which it stands.
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

    /// What the verdict must name as [`CommentVerdict::of`]. It never leaves the device.
    #[must_use]
    pub fn fingerprint(&self) -> Sha256 {
        comment_fingerprint(&self.comment.text, &self.findings)
    }

    /// Writes what was decided by somebody who read it.
    ///
    /// # Errors
    /// [`PostError::TextNotRead`] if the verdict is about another comment or other findings; [`PostError::Comment`].
    pub fn settle(self, verdict: &CommentVerdict) -> Result<SettledComment, Box<Refused<Self>>> {
        if verdict.of != self.fingerprint() {
            return refused(self, PostError::TextNotRead);
        }
        let Comment { text, locale } = &self.comment;
        match Settled::new(text, &self.findings, &verdict.decisions, *locale, &self.known) {
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
