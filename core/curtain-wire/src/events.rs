//! What is inside: the plaintext of a post's body and of events. It comes from other members, so everything in it has a
//! limit.

mod about;
mod body;
mod manifest;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use about::{About, AboutError, MAX_TAG, MAX_TAGS, Site, Specialty, Tag};
pub use body::{Body, BodyError, BodyType, MAX_LEAF_BYTES, MAX_TEXT_BYTES, PicturePlace, Text};
pub use manifest::{
    Answer, Check, Cover, Manifest, ManifestError, Model, PictureClass, PictureDecision, PictureFinding,
    PictureKeep, PictureReview, Rect, TextClass, TextDecision, TextFinding, TextKeep, TextPart, TextReview,
};

use crate::canonical::{self, NotCanonical, Suite};
use crate::hash::Sha256;
use crate::header::MAX_EVENT_BYTES;
use crate::text::{Words, is_clean, is_line};
use crate::time::UnixTime;

/// The longest comment or outcome, in bytes.
pub const MAX_COMMENT_BYTES: usize = 8 << 10;

/// The longest diagnosis, in characters.
pub const MAX_DIAGNOSIS: usize = 200;

/// Makes a type that is written as one fixed text.
macro_rules! type_line {
    ($(#[$doc:meta])* $name:ident, $text:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub struct $name;

        impl TryFrom<String> for $name {
            type Error = $crate::canonical::NotCanonical;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                if text == $text { Ok(Self) } else { Err($crate::canonical::NotCanonical::Form) }
            }
        }

        impl From<$name> for &'static str {
            fn from(_: $name) -> &'static str {
                $text
            }
        }
    };
}

use type_line;

type_line!(
    /// `curtain/v1/event`
    EventType,
    "curtain/v1/event"
);

/// The plaintext of an event. Who says it, and of which post, stands in the header and in the context of its sealing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventBody {
    /// When, by the device's clock.
    pub at: UnixTime,
    /// What is said.
    #[serde(flatten)]
    pub what: What,
    /// The algorithms.
    pub suite: Suite,
    /// Its type.
    pub r#type: EventType,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// A comment on the post.
    Comment {
        /// 1 to [`MAX_COMMENT_BYTES`] bytes.
        text: Words,
    },
    /// A vote for a diagnosis.
    Vote {
        /// One line of 1 to [`MAX_DIAGNOSIS`] characters.
        diagnosis: Words,
    },
    /// A comment helped.
    Helpful {
        /// The hash of the comment's header.
        of: Sha256,
    },
    /// How the post stands, says its author.
    Status {
        /// Which it is now.
        status: Status,
    },
    /// What came of it, says the post's author.
    Outcome {
        /// 1 to [`MAX_COMMENT_BYTES`] bytes.
        text: Words,
    },
    /// Somebody should look at the post, or at an event.
    Report {
        /// The hash of the event's header; None for the post itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Sha256>,
        /// Why.
        reason: ReportReason,
    },
    /// The post, or an event, is not shown unless somebody asks for it, says a moderator or an admin.
    Hide {
        /// The hash of the event's header; None for the post itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Sha256>,
    },
    /// People of a specialty should look at the post.
    Page {
        /// Which.
        specialty: Specialty,
    },
    /// The post was withdrawn, and what this device had opened of it is gone.
    Gone {},
}

/// How a post stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Answers are awaited.
    Open,
    /// There is an answer.
    Answered,
    /// Nothing more is awaited.
    Closed,
}

/// Why somebody should look at something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportReason {
    /// The patient can be recognised.
    Identifiable,
    /// The patient did not agree.
    NoConsent,
    /// Following it would do harm.
    Harmful,
    /// It is no case and no answer.
    Spam,
    /// Something else.
    Other,
}

/// An event's body that cannot be right.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// Not canonical JSON of this version, or too large.
    #[error(transparent)]
    Form(#[from] NotCanonical),
    /// A comment or outcome that says nothing.
    #[error("the text is empty: write something")]
    Empty,
    /// Beyond [`MAX_COMMENT_BYTES`].
    #[error("the text is longer than {MAX_COMMENT_BYTES} bytes: shorten it")]
    TooLong,
    /// A text with signs that do not show as they are stored.
    #[error("the text has control characters or invisible signs: take them out")]
    NotClean,
    /// A diagnosis that is not one line of 1 to [`MAX_DIAGNOSIS`] characters.
    #[error("a diagnosis is one line of 1 to {MAX_DIAGNOSIS} characters")]
    Diagnosis,
}

impl EventError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Form(_) => "event_form",
            Self::Empty => "event_empty",
            Self::TooLong => "event_too_long",
            Self::NotClean => "event_not_clean",
            Self::Diagnosis => "event_diagnosis",
        }
    }
}

impl EventBody {
    /// Reads the body of an event, and checks it.
    ///
    /// # Errors
    /// [`EventError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, EventError> {
        let body: Self = canonical::from_bytes(bytes, MAX_EVENT_BYTES)?;
        body.check()?;
        Ok(body)
    }

    /// Its bytes, to be sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_bytes(self)
    }

    /// Checks its texts.
    ///
    /// # Errors
    /// [`EventError`].
    pub fn check(&self) -> Result<(), EventError> {
        match &self.what {
            What::Comment { text } | What::Outcome { text } => check_text(&text.0),
            What::Vote { diagnosis } if !is_line(&diagnosis.0, MAX_DIAGNOSIS) => Err(EventError::Diagnosis),
            _ => Ok(()),
        }
    }
}

fn check_text(text: &str) -> Result<(), EventError> {
    if text.trim().is_empty() {
        return Err(EventError::Empty);
    }
    if text.len() > MAX_COMMENT_BYTES {
        return Err(EventError::TooLong);
    }
    is_clean(text).then_some(()).ok_or(EventError::NotClean)
}

#[cfg(test)]
mod tests;
