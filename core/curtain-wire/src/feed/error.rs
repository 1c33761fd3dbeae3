//! What can be wrong with a header that should come next.

use thiserror::Error;

use crate::canonical::NotCanonical;
use crate::chain::ChainError;
use crate::header::HeaderError;
use crate::membership::ForkError;

/// The rule that a header breaks.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeedError {
    /// Not the one way to write a header.
    #[error("this is no header of a post or event: {0}")]
    Form(#[from] NotCanonical),
    /// It was taken before: nothing is lost.
    #[error("this header is in the feed already, as number {n}")]
    There {
        /// Its place.
        n: u64,
    },
    /// It is another circle's.
    #[error("this was sealed for another circle")]
    OtherCircle,
    /// Its author's device never was of this circle.
    #[error("the device that signed this is not of this circle")]
    UnknownDevice,
    /// The signature does not hold.
    #[error("the header's signature does not fit: it was changed, or another device signed it")]
    Signature,
    /// It cannot be right.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// It is made after now.
    #[error("this says that it was made in the future: check this device's clock")]
    Ahead,
    /// It is made before what it names.
    #[error("this says that it was made before an entry of the membership log that it names")]
    Early,
    /// It names a membership log with more entries than are here.
    #[error(
        "this names {size} entries of the membership log, and {here} are here: bring the missing ones first"
    )]
    Behind {
        /// Entries that it names.
        size: u64,
        /// Entries that are here.
        here: u64,
    },
    /// It names another membership log.
    #[error(transparent)]
    Fork(#[from] ForkError),
    /// Its author was no member, or its device none that posts.
    #[error("the device that signed this was no longer one of a member, or not yet")]
    NotAMember,
    /// Its author's role does not allow it.
    #[error("the author's role in the circle does not allow this")]
    Role,
    /// The membership log that it names was in another epoch.
    #[error("this was sealed under another epoch than the present one of that time")]
    WrongEpoch,
    /// There is a newer epoch.
    #[error("this was sealed under an epoch that is over: fetch the membership log, and seal it again")]
    StaleMembership,
    /// Somebody who is out still has the present epoch's secret.
    #[error("somebody who is out still has the present key: a new epoch must start first")]
    Blocked,
    /// Its author saw another feed than this one, or more of it.
    #[error("the author of this saw another feed of this circle, or more of it than there is")]
    OtherFeed,
    /// It does not follow its device's header before.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// It is about no post of this feed.
    #[error("this is about a post that is not in this feed")]
    NoSuchPost,
    /// The consent is in a log that is not its author's device's.
    #[error("the consent is in a log that is not one of the author's device: it proves nothing")]
    OtherLog,
    /// Its last day is over.
    #[error("the consent for this case is over: it must be deleted")]
    Over,
}

impl FeedError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Form(_) => "header_form",
            Self::There { .. } => "header_there",
            Self::OtherCircle => "other_circle",
            Self::UnknownDevice => "unknown_device",
            Self::Signature => "header_signature",
            Self::Header(error) => error.code(),
            Self::Ahead => "header_ahead",
            Self::Early => "header_early",
            Self::Behind { .. } => "membership_behind",
            Self::Fork(error) => error.code(),
            Self::NotAMember => "author_not_a_member",
            Self::Role => "author_role",
            Self::WrongEpoch => "wrong_epoch",
            Self::StaleMembership => "stale_membership",
            Self::Blocked => "epoch_blocked",
            Self::OtherFeed => "other_feed",
            Self::Chain(error) => error.code(),
            Self::NoSuchPost => "no_such_post",
            Self::OtherLog => "consent_other_log",
            Self::Over => "consent_over",
        }
    }
}
