//! A part of a sealed stream, without reading the rest.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use thiserror::Error;
use zeroize::Zeroizing;

use super::derive::Context;
use super::stream::{CHUNK, HEADER, Key, OpenStreamError, Opener, Place, SEALED_CHUNK, TAG, fill};

/// Why a part was not opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RangeError {
    /// The part is not all inside the plaintext.
    #[error("the part is outside of the {len} bytes that there are: ask for less")]
    OutOfRange {
        /// How many plaintext bytes there are.
        len: u64,
    },
    /// See [`OpenStreamError`].
    #[error(transparent)]
    Stream(#[from] OpenStreamError),
}

impl RangeError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfRange { .. } => "out_of_range",
            Self::Stream(error) => error.code(),
        }
    }
}

/// A sealed stream whose length is verified.
#[derive(Debug)]
pub struct Sealed<R> {
    from: R,
    opener: Opener,
    len: u64,
}

impl<R: Read + Seek> Sealed<R> {
    /// Checks the header of `from`, which begins at its offset 0, and its last chunk: so its length is known.
    ///
    /// # Errors
    /// [`OpenStreamError`].
    pub fn open(key: &Key, context: &Context, mut from: R) -> Result<Self, OpenStreamError> {
        let total = from.seek(SeekFrom::End(0)).map_err(OpenStreamError::Read)?;
        from.rewind().map_err(OpenStreamError::Read)?;
        let mut header = [0; HEADER];
        let len = fill(&mut from, &mut header).map_err(OpenStreamError::Read)?;
        let opener = Opener::new(key, context, &header[..len])?;
        let chunks = total.saturating_sub(HEADER as u64);
        let (last, rest) = split(chunks, SEALED_CHUNK);
        let mut buffer = Zeroizing::new(vec![0; SEALED_CHUNK]);
        let mut sealed = Self { from, opener, len: 0 };
        let len = sealed.chunk(last, &mut buffer[..rest], Place::Last)?.len();
        sealed.len = last * CHUNK as u64 + len as u64;
        Ok(sealed)
    }

    /// How many bytes the plaintext has.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks a stream whether it is empty")]
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Opens the plaintext bytes of `part`, and only the chunks that hold them. Memory is the part's and one chunk's.
    ///
    /// # Errors
    /// [`RangeError`].
    pub fn range(&mut self, part: Range<u64>) -> Result<Zeroizing<Vec<u8>>, RangeError> {
        let outside = RangeError::OutOfRange { len: self.len };
        if part.start > part.end || part.end > self.len {
            return Err(outside);
        }
        let Ok(size) = usize::try_from(part.end - part.start) else { return Err(outside) };
        let mut plaintext = Zeroizing::new(Vec::with_capacity(size));
        let mut buffer = Zeroizing::new(vec![0; SEALED_CHUNK]);
        let (last, last_len) = split(self.len, CHUNK);
        let (mut index, mut skip) = split(part.start, CHUNK);
        while plaintext.len() < size {
            let (sealed_len, place) =
                if index == last { (last_len + TAG, Place::Last) } else { (SEALED_CHUNK, Place::NotLast) };
            let chunk = self.chunk(index, &mut buffer[..sealed_len], place)?;
            let end = chunk.len().min(skip + size - plaintext.len());
            plaintext.extend_from_slice(&chunk[skip..end]);
            (index, skip) = (index + 1, 0);
        }
        Ok(plaintext)
    }

    /// Reads chunk `index` into `buffer`, which has its size, and opens it.
    fn chunk<'a>(
        &mut self,
        index: u64,
        buffer: &'a mut [u8],
        place: Place,
    ) -> Result<&'a [u8], OpenStreamError> {
        let offset = HEADER as u64 + index * SEALED_CHUNK as u64;
        self.from.seek(SeekFrom::Start(offset)).map_err(OpenStreamError::Read)?;
        let len = fill(&mut self.from, buffer).map_err(OpenStreamError::Read)?;
        Ok(self.opener.chunk(index, &mut buffer[..len], place)?)
    }
}

/// In which chunk of `size` bytes a place is, and where in it.
fn split(place: u64, size: usize) -> (u64, usize) {
    let within = usize::try_from(place % size as u64).expect("less than `size`");
    (place / size as u64, within)
}
