//! Headers: what a device says in the open of a post, a comment or a withdrawal that it seals for a circle.

mod check;

use serde::{Deserialize, Serialize};

pub use check::{Cosigned, HeaderError};

use crate::canonical::{Base64, Suite};
use crate::hash::{Id, Sha256, hex_bytes};
use crate::statement::Statement;
use crate::time::UnixTime;

/// The most files that a post may have, its body included.
pub const MAX_OBJECTS: usize = 61;

/// The largest body of a post, in bytes before padding.
pub const MAX_BODY_BYTES: usize = 4 << 20;

/// The largest sealed body of an event, in bytes.
pub const MAX_EVENT_BYTES: usize = 64 << 10;

/// A sealed key: suite byte, salt, commitment, 32 bytes and a tag.
pub const WRAP_BYTES: usize = 105;

hex_bytes!(
    /// The code on a patient's receipt, in 32 hexadecimal digits. Whoever presents it withdraws; in a header it is
    /// no secret any more.
    WithdrawalCode,
    16
);

/// Shows nothing of the code: until it is sent it is the patient's alone.
impl std::fmt::Debug for WithdrawalCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WithdrawalCode").finish_non_exhaustive()
    }
}

/// Who wrote something, and on which device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// The device's id in the membership log.
    pub device: Sha256,
    /// The member.
    pub user: Id,
}

/// What a device says of something that it sealed. Signed with the device's `object` key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// When, by the device's clock.
    pub at: UnixTime,
    /// By whom.
    pub author: Author,
    /// For which circle: the hash of entry 0 of its membership log.
    pub circle: Sha256,
    /// What was sealed.
    pub content: Content,
    /// The present epoch. Its secret opens the wrap of what is sealed.
    pub epoch: u64,
    /// The circle's feed as the device saw it last, if it saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<FeedSeen>,
    /// The membership log as the device saw it when sealing.
    pub membership: MembershipSeen,
    /// The hash of this device's header before, in this circle. None in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<Sha256>,
    /// Headers of this device before, in this circle.
    pub seq: u64,
    /// The algorithms.
    pub suite: Suite,
}

impl Statement for Header {
    const TYPE: &'static str = "curtain/v1/header";
    const MAX_BYTES: usize = 256 << 10;
}

/// A state of a circle's feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSeen {
    /// Its root. [RFC 6962, 2.1]
    pub root: Sha256,
    /// Headers in it.
    pub size: u64,
}

/// A state of a circle's membership log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipSeen {
    /// The hash of its last entry.
    pub last: Sha256,
    /// Its root. [RFC 6962, 2.1]
    pub root: Sha256,
    /// Entries in it.
    pub size: u64,
}

/// What was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// A case.
    Post(Post),
    /// Something about a case; what it is stands inside.
    Event(Event),
    /// A case must go. The relay sees it, so that it deletes the files.
    Withdrawal(Withdrawal),
}

/// A case, and the consent under which it was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Where the patient's consent is recorded.
    pub consent: Consent,
    /// The last day, in UTC, on which it may be kept: `2027-01-31`.
    pub delete_after: String,
    /// Its files, the body first. Their places are their indexes.
    pub objects: Vec<ObjectRef>,
    /// Its random name.
    pub post: Id,
    /// SHA-256 of the [`WithdrawalCode`]'s bytes.
    pub withdrawal: Sha256,
    /// The post's key, sealed under the epoch's secret.
    pub wrap: Base64,
}

/// Shows that a consent is in the author's log, without saying anything of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// A signed note: the log's checkpoint, cosigned by a witness.
    pub checkpoint: String,
    /// The hash of the grant leaf. [RFC 6962, 2.1]
    pub leaf: Sha256,
    /// The log's random name.
    pub log: Id,
    /// The leaf's place in it, from 0.
    pub n: u64,
    /// The inclusion proof, the leaf's sibling first.
    pub proof: Vec<Sha256>,
}

/// A sealed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectRef {
    /// What it is.
    pub kind: ObjectKind,
    /// The hash of its sealed bytes.
    pub sha256: Sha256,
    /// How many there are.
    pub size: u64,
}

/// What a sealed file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// The text, the manifest, and which file is which.
    Body,
    /// A picture.
    Picture,
    /// A smaller copy of a picture.
    Thumbnail,
}

impl ObjectKind {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Picture => "picture",
            Self::Thumbnail => "thumbnail",
        }
    }

    /// The largest one, in bytes before padding. Pictures: what is decoded at most.
    #[must_use]
    pub fn max_bytes(self) -> u64 {
        match self {
            Self::Body => MAX_BODY_BYTES as u64,
            Self::Picture => 128 << 20,
            Self::Thumbnail => 1 << 20,
        }
    }
}

/// Something about a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The hash of the post's header in this circle.
    pub about: Sha256,
    /// What it is, sealed.
    pub body: Base64,
    /// Its random name.
    pub event: Id,
    /// The event's key, sealed under the epoch's secret.
    pub wrap: Base64,
}

/// A case must go. Nothing of it is sealed: a relay acts on it, and an officer, who has no epoch's secret, may say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// The hash of the post's header in this circle.
    pub about: Sha256,
    /// The patient's code, if it was presented: it makes the withdrawal good, whoever sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<WithdrawalCode>,
    /// Who wants it.
    pub reason: WithdrawalReason,
}

/// Who wants a case to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawalReason {
    /// The patient, or who speaks for the patient.
    Patient,
    /// Who posted it.
    Author,
    /// An officer.
    Officer,
    /// An admin or moderator of the circle.
    Admin,
}

impl Content {
    /// The hash of the header that it is about; `None` for a post.
    #[must_use]
    pub fn about(&self) -> Option<Sha256> {
        match self {
            Self::Post(_) => None,
            Self::Event(event) => Some(event.about),
            Self::Withdrawal(withdrawal) => Some(withdrawal.about),
        }
    }

    /// The sealed key of what is sealed, and its random name: `object` in the wrap's context.
    #[must_use]
    pub fn wrap(&self) -> Option<(&Base64, Id)> {
        match self {
            Self::Post(post) => Some((&post.wrap, post.post)),
            Self::Event(event) => Some((&event.wrap, event.event)),
            Self::Withdrawal(_) => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
