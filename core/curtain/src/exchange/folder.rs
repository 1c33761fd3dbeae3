//! A folder as a road: a shared drive, a stick.

use std::path::{Path, PathBuf};

use curtain_wire::boxes::{BoxError, BoxSet, BoxesHead, KemKey, OneBox, RECORD_BYTES};
use curtain_wire::header::{Header, ObjectRef};
use curtain_wire::membership::Entry;
use curtain_wire::statement::{Signed, Statement};

use super::{ExchangeError, Headers, Put, Road};
use crate::circle::MyCircle;
use crate::files::{self, ReadError, WriteError};
use crate::hash::Sha256;

/// The most circles in a folder.
const MAX_CIRCLES: usize = 10_000;

/// The most files in the folder of a feed: headers, and what programs that copy folders leave there.
const MAX_NAMES: usize = 200_000;

/// The most headers that are read of one feed.
const MAX_HEADERS: u64 = 100_000;

/// A folder through which circles travel.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at `root`; it need not be there yet.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    fn circle(&self, circle: Sha256) -> PathBuf {
        self.root.join("circles").join(circle.to_string())
    }

    fn entry_path(&self, circle: Sha256, n: u64) -> PathBuf {
        self.circle(circle).join("members").join(format!("{n}.json"))
    }

    fn header_path(&self, circle: Sha256, n: u64) -> PathBuf {
        self.circle(circle).join("posts").join(format!("{n}.json"))
    }

    fn boxes_path(&self, circle: Sha256, epoch: u64) -> PathBuf {
        self.circle(circle).join("boxes").join(format!("{epoch}.boxes"))
    }

    fn keyring_path(&self, circle: Sha256, root: Sha256) -> PathBuf {
        self.circle(circle).join("keyrings").join(format!("{root}.boxes"))
    }

    fn blob_path(&self, sha256: Sha256) -> PathBuf {
        self.root.join("blobs").join(sha256.to_string())
    }

    /// Header `n` of a circle's feed; `None` where the feed ends.
    fn header(&self, circle: Sha256, n: u64) -> Result<Option<Vec<u8>>, ReadError> {
        there(files::read_shared(&self.header_path(circle, n), Header::MAX_BYTES as u64))
    }

    /// The number after the last header of a circle's feed, whether or not all before it are there.
    fn headers_end(&self, circle: Sha256) -> Result<u64, ReadError> {
        let names = files::names(&self.circle(circle).join("posts"), MAX_NAMES)?;
        let numbers = names.iter().filter_map(|name| name.strip_suffix(".json")?.parse::<u64>().ok());
        Ok(numbers.max().map_or(0, |last| last.saturating_add(1)))
    }

    fn blob(&self, sha256: Sha256, size: u64) -> Result<Vec<u8>, ExchangeError> {
        let read = there(files::read_shared(&self.blob_path(sha256), size)).map_err(|error| match error {
            // Longer than it should be.
            ReadError::TooLarge { .. } => ExchangeError::OtherBytes,
            other => other.into(),
        });
        let bytes = read?.ok_or(ExchangeError::Missing)?;
        if Sha256::of(&bytes) == sha256 { Ok(bytes) } else { Err(ExchangeError::OtherBytes) }
    }
}

impl Road for Folder {
    fn circles(&self) -> Result<Vec<Sha256>, ExchangeError> {
        let names = files::names(&self.root.join("circles"), MAX_CIRCLES)?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    fn entries(&self, circle: Sha256, from: u64) -> Result<Vec<Vec<u8>>, ExchangeError> {
        let mut entries = Vec::new();
        for n in from.. {
            match there(files::read_shared(&self.entry_path(circle, n), Entry::MAX_BYTES as u64))? {
                Some(entry) => entries.push(entry),
                None => break,
            }
        }
        Ok(entries)
    }

    fn rereads_from(&self, _: u64) -> u64 {
        0
    }

    fn put_entry(&self, circle: Sha256, n: u64, entry: &[u8]) -> Result<Put, ExchangeError> {
        match files::share(&self.entry_path(circle, n), entry) {
            Ok(()) => Ok(Put::There),
            Err(WriteError::Exists) => Ok(Put::Faster),
            Err(error) => Err(error.into()),
        }
    }

    fn one_box(
        &self,
        circle: Sha256,
        epoch: u64,
        head: &BoxesHead,
        recipient: &Sha256,
    ) -> Result<Option<OneBox>, ExchangeError> {
        Ok(box_set(&self.boxes_path(circle, epoch), head)?.one(recipient))
    }

    fn put_boxes(&self, circle: Sha256, epoch: u64, boxes: &BoxSet) -> Result<(), ExchangeError> {
        Ok(files::share(&self.boxes_path(circle, epoch), boxes.as_bytes())?)
    }

    fn keyring(&self, circle: Sha256, head: &BoxesHead) -> Result<BoxSet, ExchangeError> {
        box_set(&self.keyring_path(circle, head.root), head)
    }

    fn put_keyring(&self, circle: Sha256, keyring: &BoxSet) -> Result<(), ExchangeError> {
        Ok(files::share(&self.keyring_path(circle, keyring.head().root), keyring.as_bytes())?)
    }

    fn seal_key(&self, sha256: Sha256) -> Result<KemKey, ExchangeError> {
        let bytes = self.blob(sha256, KemKey::BYTES as u64)?;
        KemKey::from_bytes(&bytes).map_err(|_| ExchangeError::OtherBytes)
    }

    fn put_seal_key(&self, key: &KemKey) -> Result<(), ExchangeError> {
        Ok(files::share(&self.blob_path(key.recipient()), key.as_bytes())?)
    }

    fn headers(&self, circle: &MyCircle, from: u64) -> Result<Headers, ExchangeError> {
        let id = circle.circle().id();
        let end = self.headers_end(id)?;
        let mut read = Headers::default();
        for n in from..MAX_HEADERS {
            match self.header(id, n) {
                Ok(Some(header)) => read.headers.push(Ok(header)),
                Ok(None) => {
                    read.hole = (n < end).then_some(n);
                    break;
                }
                // One that is no file takes nothing away from the others.
                Err(error) => read.headers.push(Err(error.into())),
            }
        }
        Ok(read)
    }

    fn put_header(&self, circle: Sha256, header: &[u8]) -> Result<u64, ExchangeError> {
        let before = Signed::<Header>::parse(header).ok().and_then(|header| header.body().prev);
        let mut past_is_there = before.is_none();
        for n in 0..MAX_HEADERS {
            match self.header(circle, n) {
                Ok(Some(there)) if there == header => return Ok(n),
                Ok(Some(there)) => {
                    past_is_there |= before == Some(Sha256::of(&there));
                    continue;
                }
                // What is no file is somebody's place, too.
                Err(_) => continue,
                Ok(None) => {}
            }
            // In a hole it would stand before what others posted already.
            if n < self.headers_end(circle)? {
                return Err(ExchangeError::Hole { n });
            }
            if !past_is_there {
                return Err(ExchangeError::OwnPastMissing);
            }
            match files::share(&self.header_path(circle, n), header) {
                Ok(()) => return Ok(n),
                // Somebody was faster: the next place, then.
                Err(WriteError::Exists) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ExchangeError::Faster { done: 0 })
    }

    fn object(&self, _: &MyCircle, about: &ObjectRef) -> Result<Vec<u8>, ExchangeError> {
        self.blob(about.sha256, about.size)
    }

    fn put_object(&self, _: Sha256, about: &ObjectRef, bytes: &[u8]) -> Result<(), ExchangeError> {
        Ok(files::share(&self.blob_path(about.sha256), bytes)?)
    }
}

fn there(read: Result<Vec<u8>, ReadError>) -> Result<Option<Vec<u8>>, ReadError> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ReadError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn box_set(path: &Path, head: &BoxesHead) -> Result<BoxSet, ExchangeError> {
    let limit = head.count.saturating_mul(RECORD_BYTES as u64).saturating_add(1);
    let bytes = match there(files::read_shared(path, limit)) {
        Err(ReadError::TooLarge { .. }) => return Err(BoxError::Length.into()),
        read => read?.ok_or(ExchangeError::Missing)?,
    };
    Ok(BoxSet::parse(bytes, head)?)
}
