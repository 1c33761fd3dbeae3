//! What can go wrong with a circle.

use curtain_wire::boxes::BoxError;
use curtain_wire::credential::CredentialError;
use curtain_wire::head::HeadError;
use curtain_wire::membership::{ForkError, MembershipError};
use thiserror::Error;

use crate::hash::Id;
use crate::keys::KeyError;
use crate::seal::{BoxesError, NoRandomness};

/// Why something did not happen in a circle.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CircleError {
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: try again later")]
    NoRandomness,
    /// An entry breaks a rule.
    #[error(transparent)]
    Membership(#[from] MembershipError),
    /// The log is not the one that was seen before.
    #[error(transparent)]
    Fork(#[from] ForkError),
    /// A credential does not cover a role.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// A key could not be made or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Boxes could not be made.
    #[error(transparent)]
    Boxes(#[from] BoxesError),
    /// The box is not among those that the log names.
    #[error(transparent)]
    Proof(#[from] BoxError),
    /// The box does not open, or what is in it is not the secret of the epoch that the log announced.
    #[error(
        "the box for this user does not hold: whoever began the epoch made it for something else; ask an admin for a new epoch"
    )]
    Box,
    /// A back-link does not open.
    #[error("the epoch before cannot be reached from this one: whoever began the epoch broke the link")]
    BackLink,
    /// The secret of the epoch is not at hand.
    #[error(
        "this device has no key of the circle's present epoch: fetch its box, or wait for the next epoch"
    )]
    NoSecret,
    /// A profile does not open.
    #[error("a member's name and credential do not open: ask them to send their profile again")]
    Profile,
    /// The name or credential is not one.
    #[error("a name has 1 to 200 characters on one line")]
    Name,
    /// The user of this device is not in the circle.
    #[error("you are not a member of this circle")]
    NotIn,
    /// This device waits to be linked, and has no user key.
    #[error("this device is not linked yet: link it from another device of yours, or use the recovery code")]
    NotLinked,
    /// The user has no such device.
    #[error("you have no such device")]
    NoSuchDevice,
}

impl From<NoRandomness> for CircleError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl CircleError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoRandomness => "no_randomness",
            Self::Membership(error) => error.code(),
            Self::Fork(error) => error.code(),
            Self::Credential(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Boxes(error) => error.code(),
            Self::Proof(error) => error.code(),
            Self::Box => "box",
            Self::BackLink => "back_link",
            Self::NoSecret => "no_epoch_secret",
            Self::Profile => "profile",
            Self::Name => "name",
            Self::NotIn => "not_a_member",
            Self::NotLinked => "not_linked",
            Self::NoSuchDevice => "no_such_device",
        }
    }
}

/// Why nothing may be sealed for a circle now.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotLive {
    /// The user is no member, or this device is not listed or was revoked.
    #[error("this device is not one of a member of this circle: link it, or ask an admin")]
    NotIn,
    /// The role does not allow it.
    #[error("your role in this circle does not allow this")]
    Role,
    /// The author's own credential does not cover the role.
    #[error("your credential: {0}")]
    Credential(CredentialError),
    /// Another member, who would read the case, has no credential that covers their role.
    #[error(
        "a member who would read this has no valid credential ({error}): an admin must remove them, or they must renew it"
    )]
    Reader {
        /// Who.
        user: Id,
        /// What is wrong with it.
        error: CredentialError,
    },
    /// Another member's profile does not open.
    #[error(
        "a member who would read this cannot be identified: an admin must remove them, or they must send their profile again"
    )]
    UnknownReader {
        /// Who.
        user: Id,
    },
    /// Somebody was removed, or a device revoked, and everybody still has the old key.
    #[error(
        "somebody left or lost a device, and the circle has no new key yet: an admin must rotate it first"
    )]
    RotationDue,
    /// The secret of the present epoch is not here.
    #[error(
        "this device has no key of the circle's present epoch: fetch its box, or wait for the next epoch"
    )]
    NoSecret,
    /// The head is not a fresh one that a witness cosigned.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The witness saw less of the log.
    #[error(
        "the witness saw {seen} entries of this circle and there are {size}: have the newest head cosigned"
    )]
    NotCosignedYet {
        /// Entries that it saw.
        seen: u64,
        /// Entries there are.
        size: u64,
    },
    /// The witness saw another log, or more of it.
    #[error(transparent)]
    Fork(#[from] ForkError),
}

impl NotLive {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotIn => "not_a_member",
            Self::Role => "role",
            Self::Credential(error) => error.code(),
            Self::Reader { .. } => "reader_credential",
            Self::UnknownReader { .. } => "reader_unknown",
            Self::RotationDue => "rotation_due",
            Self::NoSecret => "no_epoch_secret",
            Self::Head(error) => error.code(),
            Self::NotCosignedYet { .. } => "not_cosigned_yet",
            Self::Fork(error) => error.code(),
        }
    }
}
