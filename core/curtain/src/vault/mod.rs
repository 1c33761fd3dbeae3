//! All that is kept on the device, encrypted: consents, the log, cases on their way to a post.
//!
//! The database is SQLCipher under a raw 32-byte key from a [`KeyStore`]. A change is acknowledged after it is
//! on the disk (write-ahead log, `synchronous=FULL`) and is whole or not there. One process at a time has
//! the vault open.

mod backup;
mod cases;
mod circles;
mod consents;
mod error;
mod feed;
mod held;
mod identity;
mod key;
mod log;
mod migrations;
mod open;
mod outbox;
mod pages;
mod relays;
mod sealed;
mod withdrawal;

use std::path::Path;

use ring::rand::{SecureRandom, SystemRandom};
use rusqlite::{Transaction, TransactionBehavior};

pub use backup::{BackedUp, Pushed};
pub use cases::{CaseSummary, KeptCase};
pub use circles::{CircleSummary, KeptHead};
pub use consents::{Copy, DiscloseError, ExportRecord, GrantError, Granted, ToGrant};
pub use error::VaultError;
pub(crate) use feed::{Becomes, Counts, KeptHeader, NewPost, OpenedWords, Refusal, Taking};
pub use feed::{
    Collection, Cursor, Filter, Hit, Listed, Pack, PictureHere, Pictured, PostState, SaidEvent, ShownPost,
    Wanted,
};
pub use held::{Held, Mark};
pub use key::{FileKeyStore, KeyStore, KeyStoreError, Secret, VaultKey};
pub use log::{Cosigned, KeptLog, MeetError, Met, StoredLeaf};
pub use outbox::{Item, Queued, Sending, State, ToWithdraw};
pub use relays::KeptRelay;
pub use sealed::{Disclosure, KeptPost, NewHeader, PostSummary};
pub use withdrawal::{AcknowledgeError, EraseError, Erased, WithdrawBy, WithdrawError, Withdrawn};

use crate::hash::Id;

/// An open vault. Dropping it closes it.
pub struct Vault {
    opened: open::Opened,
    random: SystemRandom,
    /// What in the outbox the next header is signed for.
    sending: Option<u64>,
}

impl Vault {
    /// Opens the vault in `folder`; makes one, with a fresh key, where there is neither vault nor key.
    ///
    /// # Errors
    /// [`VaultError`]; an existing vault is left as it was.
    pub fn open(folder: &Path, keys: &dyn KeyStore, random: SystemRandom) -> Result<Self, VaultError> {
        let opened = open::open(folder, keys, &random)?;
        Ok(Self { opened, random, sending: None })
    }

    /// Makes the folder of a vault, for its owner alone, where there is none: a key file may go there first.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn make_folder(folder: &Path) -> Result<(), VaultError> {
        open::make_folder(folder)
    }

    /// Whether there is a vault in `folder`, or what is left of one.
    #[must_use]
    pub fn is_there(folder: &Path) -> bool {
        open::is_there(folder)
    }

    /// A random name for something new.
    ///
    /// # Errors
    /// [`VaultError::NoRandomness`].
    pub fn make_id(&self) -> Result<Id, VaultError> {
        Ok(Id(self.make_random()?))
    }

    fn make_random<const N: usize>(&self) -> Result<[u8; N], VaultError> {
        make_random(&self.random)
    }

    /// All that is read and written in it happens together or not at all.
    fn transaction(&mut self) -> Result<Transaction<'_>, VaultError> {
        Ok(self.opened.connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

fn make_random<const N: usize>(random: &SystemRandom) -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    random.fill(&mut bytes).map_err(|_| VaultError::NoRandomness)?;
    Ok(bytes)
}
