//! The head of a log: what an append needs to know of all that came before.

use curtain_wire::checkpoint::Checkpoint;
use curtain_wire::tree::{Frontier, Hash, leaf_hash};
use ring::hmac;
use thiserror::Error;

use super::leaf::{Event, Leaf};
use crate::hash::{Id, Sha256};
use crate::keys::LogKey;
use crate::time::UnixTime;

/// HMAC-SHA256 of `details` under a key made for them alone: hides them, and binds to them. [RFC 2104]
#[must_use]
pub fn commitment(key: &[u8; 32], details: &[u8]) -> Sha256 {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), details);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    Sha256(bytes)
}

/// The clock says a time before the newest leaf.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the clock says a time before the newest record of {newest}: set the clock and try again")]
pub struct ClockBehind {
    /// When the newest leaf was recorded.
    pub newest: UnixTime,
}

/// The end of a log, where leaves are appended.
#[derive(Clone, Debug)]
pub struct Head {
    /// The log.
    pub log: Id,
    /// The tree so far.
    pub frontier: Frontier,
    /// When the newest leaf was recorded, or the log was begun.
    pub newest: UnixTime,
}

impl Head {
    /// Appends a leaf; gives its bytes and its hash.
    ///
    /// # Errors
    /// [`ClockBehind`]; nothing was appended.
    pub fn append(&mut self, event: Event, now: UnixTime) -> Result<(Vec<u8>, Hash), ClockBehind> {
        if now < self.newest {
            return Err(ClockBehind { newest: self.newest });
        }
        let leaf = Leaf { at: now, event, log: self.log, n: self.frontier.size(), v: 1 };
        let bytes = leaf.canonical();
        let hash = leaf_hash(&bytes);
        self.frontier.append(hash);
        self.newest = now;
        Ok((bytes, hash))
    }

    /// A signed checkpoint of the log as it is now. [C2SP tlog-checkpoint]
    #[must_use]
    pub fn checkpoint(&self, key: &LogKey) -> String {
        let checkpoint =
            Checkpoint { log: self.log.0, size: self.frontier.size(), root: self.frontier.root() };
        key.sign(&checkpoint.to_string()).expect("a checkpoint is the text of a note").to_string()
    }
}
