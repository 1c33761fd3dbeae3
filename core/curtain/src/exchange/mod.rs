//! Circles that travel through a folder: a shared drive, a stick. The relay has the same layout.
//!
//! ```text
//! circles/<circle>/members/<n>.json     entries of the membership log
//! circles/<circle>/boxes/<epoch>.boxes  an epoch's secret, for each who is in
//! circles/<circle>/keyrings/<root>.boxes  a user's key, for each of their devices
//! circles/<circle>/posts/<n>.json       headers, as they came
//! blobs/<sha256>                        sealed files, and the X-Wing keys that the log names by hash
//! ```
//!
//! Every file is written once. Whoever has the folder is not believed: what is read has a limit, is no link, and is verified
//! before any of it is kept. What they can do is to hold back, and to be in the way.

mod feed;
mod folder;
mod own;
mod parcel;
mod pull;
mod road;

use curtain_wire::boxes::BoxError;
use curtain_wire::chain::ChainError;
use curtain_wire::head::HeadError;
use curtain_wire::header::WithdrawalReason;
use curtain_wire::membership::{ForkError, MembershipError};
use curtain_wire::note::NoteError;
use ring::rand::SystemRandom;
use thiserror::Error;

use crate::circle::{CircleError, Identity, NotLive, PaperError};
use crate::feed::FeedError;
use crate::files::{ReadError, WriteError};
use crate::keys::KeyError;
use crate::post::{OpenError, SendError};
use crate::time::UnixTime;
use crate::transport::RelayError;
use crate::vault::{KeyStore, Vault, VaultError};

pub use feed::{Feed, Item, Met, feed, head_text, kept_head, meet, push_post};
pub use folder::Folder;
pub(crate) use own::lists;
pub use own::{Announced, Restored, announce, check_gone, devices_by_code, pull_own, rekey, restore, revoke};
pub use parcel::{MAX_PARCEL_BYTES, Parcel, ParcelError};
pub use pull::{Changed, Pulled, Rotate, Written, change, create, kept, pull};
pub use road::{Headers, Put, Road};

/// Why something did not travel.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// A file could not be read.
    #[error("the folder: {0}")]
    Read(ReadError),
    /// A link, folder, device or pipe lies where a file should be.
    #[error("something in this folder is no file, where one should be: it is refused")]
    NotAFile,
    /// A file is larger than anything of its kind.
    #[error("a file in this folder is larger than any of its kind: it is refused")]
    TooLarge,
    /// A relay did not do it.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// A relay shows other keys than it showed first.
    #[error(
        "THE RELAY SHOWS OTHER KEYS THAN BEFORE: somebody else may answer in its place; nothing was sent; ask whoever runs it"
    )]
    RelayKeys,
    /// The feed could not be kept.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// A file could not be written.
    #[error("the folder: {0}")]
    Write(WriteError),
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The circle does not allow it, or an entry breaks a rule.
    #[error(transparent)]
    Circle(#[from] CircleError),
    /// An entry in the folder breaks a rule.
    #[error("entry {n} of the circle in this folder is refused, and nothing was taken: {error}")]
    Entry {
        /// Its number, from 0.
        n: u64,
        /// Which rule.
        error: MembershipError,
    },
    /// The folder's log is not the one that the vault keeps.
    #[error(transparent)]
    Fork(#[from] ForkError),
    /// There is no such circle in the folder.
    #[error(
        "this circle is not in this folder: say the right one with --through, or ask whoever invited you"
    )]
    NoCircle,
    /// Somebody else wrote there first.
    #[error(
        "somebody was faster, and {done} of what you did is there: pull the circle and do the rest again"
    )]
    Faster {
        /// Entries of this device that are there.
        done: u64,
    },
    /// An entry is there, and its boxes are not.
    #[error("the new epoch is there, and its boxes could not be put there: rotate the circle once more")]
    BoxesNotThere,
    /// A box set is not the one that the log names.
    #[error("the boxes in this folder: {0}")]
    Boxes(#[from] BoxError),
    /// A file that the log or a header names is not there.
    #[error("a file that belongs to it is not in this folder (yet): wait until the folder is complete")]
    Missing,
    /// A file is another than its name says.
    #[error("a file in this folder is not the one that its name says: fetch it again")]
    OtherBytes,
    /// The key that the circle has of this user is not the one on this device.
    #[error("your key in this circle is not the one on this device: run `curtain identity announce`")]
    OtherKey,
    /// This device is none of the user's in the circle.
    #[error(
        "this device was revoked in this circle, or is not linked to it (yet): use another device of yours"
    )]
    NotListed,
    /// A key could not be made or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A file that was handed over is not right.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// No circle in the folder knows the recovery code.
    #[error("no circle in this folder lists this recovery code as a device of this user")]
    CodeUnknown,
    /// A name is needed.
    #[error("your name does not open in any of the circles: give it with --name")]
    NameNeeded,
    /// A head is not cosigned, or not of this circle.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A head is no note.
    #[error("this is no cosigned head: {0}")]
    Note(#[from] NoteError),
    /// A later head is kept already.
    #[error("a head that the witness saw later is kept already: it stays")]
    OlderHead,
    /// The circle is not live.
    #[error(transparent)]
    NotLive(#[from] NotLive),
    /// A post or event was not made ready.
    #[error(transparent)]
    Send(#[from] SendError),
    /// What somebody posted was refused.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It was withdrawn.
    #[error("this was withdrawn: it is not opened")]
    Withdrawn(WithdrawalReason),
    /// It does not follow what its device posted before.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A device that the user revoked is still one in this circle.
    #[error(
        "a device that you revoked is still listed in this circle: run `curtain identity announce --through DIR` first"
    )]
    StillListed,
    /// A header in between is not there.
    #[error(
        "number {n} of this circle's feed is not in this folder, and later ones are: wait until the folder is complete"
    )]
    Hole {
        /// Its number.
        n: u64,
    },
    /// What this device posted before is not there.
    #[error(
        "what this device posted in this circle before is not in this folder: wait until the folder is complete"
    )]
    OwnPastMissing,
    /// There is no such post in the feed.
    #[error("there is no such post in this folder's feed of the circle")]
    NoSuchPost,
}

impl From<ReadError> for ExchangeError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotAFile => Self::NotAFile,
            ReadError::TooLarge { .. } => Self::TooLarge,
            other => Self::Read(other),
        }
    }
}

impl From<WriteError> for ExchangeError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Exists => Self::OtherBytes,
            other => Self::Write(other),
        }
    }
}

impl ExchangeError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(error) => error.code(),
            Self::Relay(error) => error.code(),
            Self::RelayKeys => "relay_keys",
            Self::Feed(error) => error.code(),
            Self::NotAFile => "not_a_file",
            Self::TooLarge => "file_too_large",
            Self::Write(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::Circle(error) => error.code(),
            Self::Entry { error, .. } => error.code(),
            Self::Fork(error) => error.code(),
            Self::NoCircle => "no_such_circle",
            Self::Faster { .. } => "somebody_was_faster",
            Self::BoxesNotThere => "boxes_not_there",
            Self::Boxes(error) => error.code(),
            Self::Missing => "file_missing",
            Self::OtherBytes => "other_bytes",
            Self::OtherKey => "other_user_key",
            Self::NotListed => "device_not_listed",
            Self::Key(error) => error.code(),
            Self::Paper(error) => error.code(),
            Self::CodeUnknown => "code_unknown",
            Self::NameNeeded => "name_needed",
            Self::Head(error) => error.code(),
            Self::Note(_) => "head_note",
            Self::OlderHead => "older_head",
            Self::NotLive(error) => error.code(),
            Self::Send(error) => error.code(),
            Self::Open(error) => error.code(),
            Self::Withdrawn(_) => "withdrawn",
            Self::Chain(error) => error.code(),
            Self::StillListed => "revoked_device_listed",
            Self::Hole { .. } => "feed_hole",
            Self::OwnPastMissing => "own_past_missing",
            Self::NoSuchPost => "no_such_post",
        }
    }
}

/// The device at hand, and who holds it.
pub struct Here<'a> {
    /// Its vault.
    pub vault: &'a mut Vault,
    /// Wraps private keys.
    pub keys: &'a dyn KeyStore,
    /// Its owner.
    pub me: &'a mut Identity,
    /// Randomness.
    pub random: &'a SystemRandom,
    /// Now.
    pub now: UnixTime,
}
