//! Bytes of any size under one key: the suite's byte, then Cobblestone-256.
//!
//! Source: `c2sp.org/chunked-encryption`, with HKDF-Expand-SHA-512 and AES-256-GCM. Sealed is
//! `0x01 || salt (24) || commitment (32) || chunks`; a chunk is 16 KiB of plaintext with a tag of 16 bytes, and the last one
//! is always shorter than 16 KiB, possibly empty: that is how an end is told from a cut.

use std::fmt;
use std::io::{self, Read, Write};

use curtain_wire::canonical::{Suite, UnknownSuite};
use curtain_wire::padme;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::NoRandomness;
use super::derive::{Context, expand};

/// Plaintext bytes of every chunk but the last.
pub const CHUNK: usize = 16 * 1024;
/// Bytes that each chunk grows by.
pub const TAG: usize = 16;
/// Bytes before the first chunk: suite, salt, commitment.
pub const HEADER: usize = 1 + SALT + COMMITMENT;
/// The most chunks of one stream; the spec's own limit, which keeps nonces and AES within their bounds.
pub const MAX_CHUNKS: u64 = 1 << 38;

const SALT: usize = 24;
const COMMITMENT: usize = 32;
/// Bytes of every sealed chunk but the last.
pub(super) const SEALED_CHUNK: usize = CHUNK + TAG;
const INFO: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/// 32 uniform bytes that seal and open, or that other keys are derived from. Wiped when dropped; shown by nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    /// A key that was kept or received. Its bytes must be uniform: a password is no key.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A fresh key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn make(random: &SystemRandom) -> Result<Self, NoRandomness> {
        let mut key = Self([0; 32]);
        random.fill(&mut key.0).map_err(|_| NoRandomness)?;
        Ok(key)
    }

    /// The bytes, to seal them for somebody or to keep them.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Why nothing, or not everything, was sealed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SealError {
    /// See [`NoRandomness`].
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// More than [`MAX_CHUNKS`].
    #[error("this is too much for one stream: seal it in parts")]
    TooLong,
    /// What is to be sealed could not be read.
    #[error("what is to be sealed could not be read: try again")]
    Read(#[source] io::Error),
    /// The sealed bytes could not be written.
    #[error("the sealed bytes could not be written: check that there is space and try again")]
    Write(#[source] io::Error),
}

impl SealError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRandomness(_) => "no_randomness",
            Self::TooLong => "too_long",
            Self::Read(_) => "read",
            Self::Write(_) => "write",
        }
    }
}

/// Why sealed bytes do not open.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// They are of another version.
    #[error(transparent)]
    UnknownSuite(#[from] UnknownSuite),
    /// They end within the header.
    #[error("the sealed bytes end too early: fetch them again")]
    TooShort,
    /// The commitment does not fit: they were sealed under another key or for another place, or the header was changed.
    #[error("these bytes were sealed under another key, or for another place")]
    WrongKeyOrContext,
    /// A chunk does not hold: it was changed, moved, cut or made longer.
    #[error("the sealed bytes were changed: fetch them again")]
    Chunk {
        /// Which one, from 0.
        index: u64,
    },
    /// They end where a chunk ends and the last chunk is missing.
    #[error("the end of the sealed bytes is missing: fetch them again")]
    Truncated,
    /// After a chunk there are fewer bytes than any chunk has.
    #[error("the sealed bytes end in a piece that is no chunk: fetch them again")]
    Fragment,
    /// There are more than [`MAX_CHUNKS`].
    #[error("there are more sealed bytes than one stream may have")]
    TooLong,
}

impl OpenError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownSuite(_) => "unknown_suite",
            Self::TooShort => "too_short",
            Self::WrongKeyOrContext => "wrong_key_or_context",
            Self::Chunk { .. } => "chunk",
            Self::Truncated => "truncated",
            Self::Fragment => "fragment",
            Self::TooLong => "too_long",
        }
    }
}

/// Why a stream was not opened to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenStreamError {
    /// The sealed bytes do not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The sealed bytes could not be read.
    #[error("the sealed bytes could not be read: try again")]
    Read(#[source] io::Error),
    /// What was opened could not be written.
    #[error("what was opened could not be written: check that there is space and try again")]
    Write(#[source] io::Error),
}

impl OpenStreamError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open(error) => error.code(),
            Self::Read(_) => "read",
            Self::Write(_) => "write",
        }
    }
}

/// How many bytes a plaintext of `len` bytes has when sealed; `None` if it is too long for one stream.
#[must_use]
pub fn sealed_len(len: u64) -> Option<u64> {
    padme::stream_len(len).filter(|_| len / (CHUNK as u64) < MAX_CHUNKS)
}

/// Seals `plaintext` under `key` for `context`. The result has [`sealed_len`] bytes.
///
/// # Errors
/// [`SealError::NoRandomness`], [`SealError::TooLong`].
pub fn seal(
    key: &Key,
    context: &Context,
    plaintext: &[u8],
    random: &SystemRandom,
) -> Result<Vec<u8>, SealError> {
    seal_salted(key, context, plaintext, &make_salt(random)?)
}

/// [`seal`] with a salt of the caller's, for [`seal`] and for tests: two plaintexts under one key, salt and context give
/// both away.
pub(super) fn seal_salted(
    key: &Key,
    context: &Context,
    plaintext: &[u8],
    salt: &[u8; SALT],
) -> Result<Vec<u8>, SealError> {
    let (keys, header) = begin(key, context, salt);
    let chunks = plaintext.len() / CHUNK + 1;
    let mut sealed = Vec::with_capacity(HEADER + plaintext.len() + chunks * TAG);
    sealed.extend_from_slice(&header);
    for index in 0..chunks {
        let chunk = &plaintext[index * CHUNK..plaintext.len().min((index + 1) * CHUNK)];
        let start = sealed.len();
        sealed.extend_from_slice(chunk);
        let tag = keys.seal(index as u64, &mut sealed[start..])?;
        sealed.extend_from_slice(&tag);
    }
    Ok(sealed)
}

/// Seals all of `from` into `to` and flushes it; gives how many bytes were written. Memory is one chunk's.
///
/// # Errors
/// [`SealError`]. What was written until then is the beginning of a stream, which does not open.
pub fn seal_stream(
    key: &Key,
    context: &Context,
    mut from: impl Read,
    mut to: impl Write,
    random: &SystemRandom,
) -> Result<u64, SealError> {
    let (keys, header) = begin(key, context, &make_salt(random)?);
    to.write_all(&header).map_err(SealError::Write)?;
    let mut written = HEADER as u64;
    let mut buffer = Zeroizing::new(vec![0; SEALED_CHUNK]);
    for index in 0.. {
        let len = fill(&mut from, &mut buffer[..CHUNK]).map_err(SealError::Read)?;
        let tag = keys.seal(index, &mut buffer[..len])?;
        buffer[len..len + TAG].copy_from_slice(&tag);
        to.write_all(&buffer[..len + TAG]).map_err(SealError::Write)?;
        written += (len + TAG) as u64;
        if len < CHUNK {
            break;
        }
    }
    to.flush().map_err(SealError::Write)?;
    Ok(written)
}

/// Opens what [`seal`] or [`seal_stream`] made: all of it, or nothing.
///
/// # Errors
/// [`OpenError`].
pub fn open(key: &Key, context: &Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let opener = Opener::new(key, context, sealed)?;
    let mut rest = &sealed[HEADER..];
    // All of it fits, so that no copy of the plaintext stays behind when the vector grows.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(rest.len()));
    for index in 0.. {
        let (chunk, after) = rest.split_at(rest.len().min(SEALED_CHUNK));
        let place = Place::of(chunk.len());
        let start = plaintext.len();
        plaintext.extend_from_slice(chunk);
        let len = opener.chunk(index, &mut plaintext[start..], place)?.len();
        plaintext.truncate(start + len);
        if place == Place::Last {
            break;
        }
        rest = after;
    }
    Ok(plaintext)
}

/// Opens all of `from` into `to` and flushes it; gives how many bytes were written. Memory is one chunk's.
///
/// Every chunk is verified before it is written, but that the stream is whole is known only at its end. On an error `to`
/// has received a verified beginning, at most: write to a place that is thrown away then, and show nothing before `Ok`.
///
/// # Errors
/// [`OpenStreamError`].
pub fn open_stream(
    key: &Key,
    context: &Context,
    mut from: impl Read,
    mut to: impl Write,
) -> Result<u64, OpenStreamError> {
    let mut buffer = Zeroizing::new(vec![0; SEALED_CHUNK]);
    let len = fill(&mut from, &mut buffer[..HEADER]).map_err(OpenStreamError::Read)?;
    let opener = Opener::new(key, context, &buffer[..len])?;
    let mut written = 0;
    for index in 0.. {
        let len = fill(&mut from, &mut buffer).map_err(OpenStreamError::Read)?;
        let place = Place::of(len);
        let chunk = opener.chunk(index, &mut buffer[..len], place)?;
        to.write_all(chunk).map_err(OpenStreamError::Write)?;
        written += chunk.len() as u64;
        if place == Place::Last {
            break;
        }
    }
    to.flush().map_err(OpenStreamError::Write)?;
    Ok(written)
}

/// Where a chunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Others follow: it has [`CHUNK`] + [`TAG`] bytes.
    NotLast,
    /// It is the end: it has fewer, and [`TAG`] at least.
    Last,
}

impl Place {
    /// The place of the next `len` bytes, of which there are fewer than a sealed chunk's only at the end.
    fn of(len: usize) -> Self {
        if len == SEALED_CHUNK { Self::NotLast } else { Self::Last }
    }
}

/// Opens single chunks of one stream, in any order.
///
/// A chunk that opens stood at this place of this stream. How long the stream is, only a chunk that opens as
/// [`Place::Last`] tells; [`range::Sealed`](super::range::Sealed) asks for that one first.
pub struct Opener(Keys);

impl Opener {
    /// Checks the header in front of `sealed`. What follows it is not looked at.
    ///
    /// # Errors
    /// [`OpenError::UnknownSuite`], [`OpenError::TooShort`], [`OpenError::WrongKeyOrContext`].
    pub fn new(key: &Key, context: &Context, sealed: &[u8]) -> Result<Self, OpenError> {
        let suite = *sealed.first().ok_or(OpenError::TooShort)?;
        Suite::try_from(suite)?;
        let (salt, rest) = sealed[1..].split_first_chunk().ok_or(OpenError::TooShort)?;
        let commitment: &[u8; COMMITMENT] = rest.first_chunk().ok_or(OpenError::TooShort)?;
        let (keys, derived) = Keys::derive(key, context, salt);
        if bool::from(derived.ct_eq(commitment)) { Ok(Self(keys)) } else { Err(OpenError::WrongKeyOrContext) }
    }

    /// Opens chunk `index`, counted from 0, in place. On an error `bytes` are wiped.
    ///
    /// # Errors
    /// [`OpenError::Chunk`], [`OpenError::Truncated`], [`OpenError::Fragment`], [`OpenError::TooLong`].
    pub fn chunk<'a>(&self, index: u64, bytes: &'a mut [u8], place: Place) -> Result<&'a [u8], OpenError> {
        let nonce = self.0.nonce(index).ok_or(OpenError::TooLong)?;
        match (place, bytes.len()) {
            (Place::NotLast, SEALED_CHUNK) | (Place::Last, TAG..SEALED_CHUNK) => {}
            (Place::Last, 0 | SEALED_CHUNK) => return Err(OpenError::Truncated),
            (Place::Last, 1..TAG) => return Err(OpenError::Fragment),
            _ => return Err(OpenError::Chunk { index }),
        }
        let len = bytes.len() - TAG;
        if self.0.aead.open_in_place(nonce, Aad::empty(), bytes).is_err() {
            bytes.zeroize();
            return Err(OpenError::Chunk { index });
        }
        Ok(&bytes[..len])
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opener(..)")
    }
}

/// What seals and opens the chunks of one stream.
struct Keys {
    aead: LessSafeKey,
    base_nonce: [u8; NONCE_LEN],
}

impl Keys {
    /// The keys of one stream and its commitment.
    fn derive(key: &Key, context: &Context, salt: &[u8; SALT]) -> (Self, [u8; COMMITMENT]) {
        let mut okm = Zeroizing::new([0; 32 + NONCE_LEN + COMMITMENT]);
        expand(key, &[INFO, salt, &context.0], &mut *okm);
        let (aead, rest) = okm.split_at(32);
        let (nonce, committed) = rest.split_at(NONCE_LEN);
        let aead = UnboundKey::new(&AES_256_GCM, aead).expect("32 bytes are an AES-256 key");
        let (mut base_nonce, mut commitment) = ([0; NONCE_LEN], [0; COMMITMENT]);
        base_nonce.copy_from_slice(nonce);
        commitment.copy_from_slice(committed);
        (Self { aead: LessSafeKey::new(aead), base_nonce }, commitment)
    }

    /// The base nonce XOR `index` as a big-endian number of the same width; `None` past the last chunk.
    fn nonce(&self, index: u64) -> Option<Nonce> {
        if index >= MAX_CHUNKS {
            return None;
        }
        let mut nonce = self.base_nonce;
        for (byte, counter) in nonce.iter_mut().rev().zip(index.to_le_bytes()) {
            *byte ^= counter;
        }
        Some(Nonce::assume_unique_for_key(nonce))
    }

    /// Seals a chunk in place and gives its tag.
    fn seal(&self, index: u64, chunk: &mut [u8]) -> Result<[u8; TAG], SealError> {
        let nonce = self.nonce(index).ok_or(SealError::TooLong)?;
        let sealed = self
            .aead
            .seal_in_place_separate_tag(nonce, Aad::empty(), chunk)
            .expect("16 KiB are far below the limit of AES-GCM");
        let mut tag = [0; TAG];
        tag.copy_from_slice(sealed.as_ref());
        Ok(tag)
    }
}

/// The keys and the header of a stream.
fn begin(key: &Key, context: &Context, salt: &[u8; SALT]) -> (Keys, [u8; HEADER]) {
    let (keys, commitment) = Keys::derive(key, context, salt);
    let mut header = [Suite::BYTE; HEADER];
    header[1..=SALT].copy_from_slice(salt);
    header[1 + SALT..].copy_from_slice(&commitment);
    (keys, header)
}

fn make_salt(random: &SystemRandom) -> Result<[u8; SALT], NoRandomness> {
    let mut salt = [0; SALT];
    random.fill(&mut salt).map_err(|_| NoRandomness)?;
    Ok(salt)
}

/// Reads until `buffer` is full or the source is at its end; gives how many bytes it read.
pub(super) fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match from.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

#[cfg(test)]
mod tests;
