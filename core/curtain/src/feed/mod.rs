//! Posts as members read them: taken from a circle's feed in order, opened once, kept in the vault, found again.
//!
//! Nothing here talks to a network. [`take`] gets the headers, one after the other, and [`give`] the files that [`wanted`]
//! names. Headers stay; what was opened of a post goes with its withdrawal, with the end of its consent, and with the owner's
//! place in the circle. Where a circle was not synced for long, nothing of it is shown: a withdrawal could be missing.

mod follow;
mod give;
mod read;
mod take;

use thiserror::Error;

pub use crate::vault::{
    Collection, Cursor, Filter, Hit, Listed, Pack, PictureHere, Pictured, PostState, SaidEvent, ShownPost,
    Wanted,
};
pub use follow::{
    ask_for_pictures, collect, collections, gone, leave, mark_read, pack, say_gone, set_pack_limit,
    set_stale_days, stale, synced, tidy, uncollect, withdrawn_by_code,
};
pub use give::{give, wanted};
pub use read::{
    CommentShown, Hidden, OutcomeShown, Page, Report, Shown, Votes, file, list, post_named, search, show,
};
pub use take::{Taken, Why, again, head, size, take};

use crate::vault::VaultError;

/// Why the feed did not do what was asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeedError {
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Headers are taken one after the other.
    #[error("number {n} of the feed cannot be taken now: number {next} is next")]
    NotNext {
        /// The number that was given.
        n: u64,
        /// The number that is to be taken.
        next: u64,
    },
    /// The owner is not a member any more.
    #[error("you are not a member of this circle (any more): what was kept of its cases was deleted")]
    NotIn,
    /// A file is not the one that its header names.
    #[error("this file is not the one that the header names: fetch it again")]
    OtherBytes,
    /// There is no such post.
    #[error("there is no such case on this device: sync the circle first")]
    NoSuchPost,
    /// It is in more than one circle.
    #[error("this case stands in more than one circle: say in which")]
    MoreCircles,
    /// Its circle was not synced for long.
    #[error(
        "this circle was not synced for {days} days, and a case may have been withdrawn since: sync it first"
    )]
    Stale {
        /// After so many days cases are hidden.
        days: u32,
    },
    /// It is still to be fetched.
    #[error("this case is not here yet: sync the circle first")]
    Waiting,
    /// It does not open.
    #[error("this case does not open ({code})")]
    Refused {
        /// The code of why.
        code: String,
    },
    /// It was withdrawn.
    #[error("this case was withdrawn, and is gone")]
    Withdrawn,
    /// Its consent is over.
    #[error("the consent for this case is over, and it is gone")]
    Over,
    /// A moderator hid it.
    #[error("a moderator hid this: ask for hidden things to see it")]
    HiddenPost,
    /// No name of a collection.
    #[error("a collection's name is one line of 1 to {} characters", follow::MAX_COLLECTION)]
    CollectionName,
    /// Fewer days than a sync may take, or more than a consent lasts.
    #[error("cases are hidden after 1 to {} days without a sync", follow::MAX_STALE_DAYS)]
    StaleDays,
}

impl FeedError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Vault(error) => error.code(),
            Self::NotNext { .. } => "feed_not_next",
            Self::NotIn => "not_in_circle",
            Self::OtherBytes => "other_bytes",
            Self::NoSuchPost => "no_such_post",
            Self::MoreCircles => "more_circles",
            Self::Stale { .. } => "feed_stale",
            Self::Waiting => "post_waiting",
            Self::Refused { .. } => "post_refused",
            Self::Withdrawn => "withdrawn",
            Self::Over => "consent_over",
            Self::HiddenPost => "hidden",
            Self::CollectionName => "collection_name",
            Self::StaleDays => "stale_days",
        }
    }
}

#[cfg(test)]
mod tests;
