//! What circles travel through: a folder, or a relay.

use curtain_wire::boxes::{BoxSet, BoxesHead, KemKey, OneBox};
use curtain_wire::header::ObjectRef;

use super::ExchangeError;
use crate::circle::MyCircle;
use crate::hash::Sha256;

/// What became of something that was to be put where nothing stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is there now, or was there before.
    There,
    /// Something else is there.
    Faster,
}

/// Headers of a feed.
#[derive(Debug, Default)]
pub struct Headers {
    /// In order; what could not be read is an error.
    pub headers: Vec<Result<Vec<u8>, ExchangeError>>,
    /// The number of one that is not there, although later ones are.
    pub hole: Option<u64>,
}

/// A road that circles travel. Nobody believes it: what comes along it is verified before any of it is kept, and what it
/// can do is to hold back.
pub trait Road {
    /// The circles in it that may concern this device.
    ///
    /// # Errors
    /// [`ExchangeError`].
    fn circles(&self) -> Result<Vec<Sha256>, ExchangeError>;

    /// The entries of a circle's log from number `from` to its end.
    ///
    /// # Errors
    /// [`ExchangeError`]; [`ExchangeError::NoCircle`] if there is none of it.
    fn entries(&self, circle: Sha256, from: u64) -> Result<Vec<Vec<u8>>, ExchangeError>;

    /// From which entry on a log of which `kept` entries are known is read again. Each entry names the one before, so that the
    /// last one is enough; where reading costs nothing, what was changed before it is found, too.
    fn rereads_from(&self, kept: u64) -> u64 {
        kept.saturating_sub(1)
    }

    /// Puts entry `n` there, unless there is another.
    ///
    /// # Errors
    /// [`ExchangeError`]; it can be done again.
    fn put_entry(&self, circle: Sha256, n: u64, entry: &[u8]) -> Result<Put, ExchangeError>;

    /// The box of an epoch for `recipient`; `None` where there is none for them.
    ///
    /// # Errors
    /// [`ExchangeError`]; [`ExchangeError::Missing`] where the boxes are not there (yet).
    fn one_box(
        &self,
        circle: Sha256,
        epoch: u64,
        head: &BoxesHead,
        recipient: &Sha256,
    ) -> Result<Option<OneBox>, ExchangeError>;

    /// Puts the boxes of an epoch there.
    ///
    /// # Errors
    /// [`ExchangeError`]; it can be done again.
    fn put_boxes(&self, circle: Sha256, epoch: u64, boxes: &BoxSet) -> Result<(), ExchangeError>;

    /// The copies of a user's key that the log names so.
    ///
    /// # Errors
    /// [`ExchangeError`].
    fn keyring(&self, circle: Sha256, head: &BoxesHead) -> Result<BoxSet, ExchangeError>;

    /// Puts copies of a user's key there.
    ///
    /// # Errors
    /// [`ExchangeError`]; it can be done again.
    fn put_keyring(&self, circle: Sha256, keyring: &BoxSet) -> Result<(), ExchangeError>;

    /// The X-Wing key that a device names by its hash.
    ///
    /// # Errors
    /// [`ExchangeError`].
    fn seal_key(&self, sha256: Sha256) -> Result<KemKey, ExchangeError>;

    /// Puts the X-Wing key of a device there.
    ///
    /// # Errors
    /// [`ExchangeError`]; it can be done again.
    fn put_seal_key(&self, key: &KemKey) -> Result<(), ExchangeError>;

    /// The headers of a circle's feed from number `from` to its end.
    ///
    /// # Errors
    /// [`ExchangeError`].
    fn headers(&self, circle: &MyCircle, from: u64) -> Result<Headers, ExchangeError>;

    /// Puts a header at the end of a circle's feed, unless it is there. Gives its place.
    ///
    /// # Errors
    /// [`ExchangeError`]; it can be done again.
    fn put_header(&self, circle: Sha256, header: &[u8]) -> Result<u64, ExchangeError>;

    /// A sealed file, as a header names it.
    ///
    /// # Errors
    /// [`ExchangeError::Missing`], [`ExchangeError::OtherBytes`], [`ExchangeError`].
    fn object(&self, circle: &MyCircle, about: &ObjectRef) -> Result<Vec<u8>, ExchangeError>;

    /// Puts a sealed file there.
    ///
    /// # Errors
    /// [`ExchangeError`]; it can be done again.
    fn put_object(&self, circle: Sha256, about: &ObjectRef, bytes: &[u8]) -> Result<(), ExchangeError>;
}
