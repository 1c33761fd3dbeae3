//! Padding: sealed sizes that say little about what is inside.
//!
//! Padded is `length (u64, big-endian) || content || zeros`, up to a Padmé length: one of few, and at most 12 % longer, but
//! never less than [`padme::FLOOR`].
//! Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs" (2019),
//! section 4.3.

use std::io::{self, Read, Write};

use curtain_wire::padme;
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes of the length in front.
pub const PREFIX: usize = 8;

/// Why something is not padded, or cannot be.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PaddingError {
    /// There is not even a length.
    #[error("the padded content ends too early")]
    TooShort,
    /// The padded bytes are not as many as content of the length in front gets.
    #[error("the padded content does not have the size that its length asks for")]
    Length,
    /// Something other than zeros follows the content.
    #[error("the padding is not empty")]
    NotZero,
    /// The content to pad has not the length that was announced.
    #[error("the content changed its length while it was read: try again")]
    Changed,
}

impl PaddingError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "padding_too_short",
            Self::Length => "padding_length",
            Self::NotZero => "padding_not_zero",
            Self::Changed => "padding_changed",
        }
    }
}

impl From<PaddingError> for io::Error {
    fn from(error: PaddingError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// How many bytes content of `len` bytes has when padded.
#[must_use]
pub fn total_len(len: u64) -> u64 {
    padme::padded_len(len).unwrap_or(u64::MAX)
}

/// Pads `content`.
#[must_use]
pub fn pad(content: &[u8]) -> Zeroizing<Vec<u8>> {
    let total =
        usize::try_from(total_len(content.len() as u64)).expect("12 % more than what is in memory, or 1 KiB");
    let mut padded = Zeroizing::new(vec![0; total]);
    padded[..PREFIX].copy_from_slice(&(content.len() as u64).to_be_bytes());
    padded[PREFIX..PREFIX + content.len()].copy_from_slice(content);
    padded
}

/// The content of `padded`, if it is exactly what [`pad`] makes of it.
///
/// # Errors
/// [`PaddingError::TooShort`], [`PaddingError::Length`], [`PaddingError::NotZero`].
pub fn unpad(padded: &[u8]) -> Result<&[u8], PaddingError> {
    let (prefix, rest) = padded.split_first_chunk().ok_or(PaddingError::TooShort)?;
    let len = u64::from_be_bytes(*prefix);
    if total_len(len) != padded.len() as u64 {
        return Err(PaddingError::Length);
    }
    let len = usize::try_from(len).map_err(|_| PaddingError::Length)?;
    let (content, zeros) = rest.split_at_checked(len).ok_or(PaddingError::Length)?;
    if zeros.iter().all(|&byte| byte == 0) { Ok(content) } else { Err(PaddingError::NotZero) }
}

/// Reads as the padded form of what another reader gives.
///
/// The source must give exactly the announced number of bytes: else reading ends in an [`io::Error`] of kind `InvalidData`
/// that holds [`PaddingError::Changed`].
#[derive(Debug)]
pub struct Pad<R> {
    from: R,
    prefix: [u8; PREFIX],
    /// Place in the padded form.
    at: u64,
    /// Where the content ends in it.
    end: u64,
    /// Where it ends itself.
    total: u64,
    source: Source,
}

#[derive(Debug, PartialEq)]
enum Source {
    /// Not known to be at its end.
    Open,
    /// Seen to be at its end.
    Ended,
}

impl<R: Read> Pad<R> {
    /// Pads the `len` bytes that `from` gives.
    #[must_use]
    pub fn new(from: R, len: u64) -> Self {
        let end = len.saturating_add(PREFIX as u64);
        Self { from, prefix: len.to_be_bytes(), at: 0, end, total: total_len(len), source: Source::Open }
    }
}

impl<R: Read> Read for Pad<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let len = if self.at < PREFIX as u64 {
            let mut rest = &self.prefix[at_most(self.at, PREFIX)..];
            rest.read(buffer)?
        } else if self.at < self.end {
            let room = at_most(self.end - self.at, buffer.len());
            match self.from.read(&mut buffer[..room])? {
                0 => return Err(PaddingError::Changed.into()),
                len => len,
            }
        } else {
            if self.source == Source::Open {
                if self.from.read(&mut [0])? > 0 {
                    return Err(PaddingError::Changed.into());
                }
                self.source = Source::Ended;
            }
            let zeros = at_most(self.total - self.at, buffer.len());
            buffer[..zeros].fill(0);
            zeros
        };
        self.at += len as u64;
        Ok(len)
    }
}

/// Passes on the content of the padded bytes that are written to it.
///
/// What it passed on is good only when [`Unpad::finish`] says so.
#[derive(Debug)]
pub struct Unpad<W> {
    to: W,
    prefix: [u8; PREFIX],
    at: u64,
}

impl<W: Write> Unpad<W> {
    /// Passes content on to `to`.
    #[must_use]
    pub fn new(to: W) -> Self {
        Self { to, prefix: [0; PREFIX], at: 0 }
    }

    /// Checks that all padded bytes came, and gives back where the content went and how long it is.
    ///
    /// # Errors
    /// [`PaddingError::TooShort`], [`PaddingError::Length`].
    pub fn finish(self) -> Result<(W, u64), PaddingError> {
        if self.at < PREFIX as u64 {
            return Err(PaddingError::TooShort);
        }
        let len = u64::from_be_bytes(self.prefix);
        if total_len(len) == self.at { Ok((self.to, len)) } else { Err(PaddingError::Length) }
    }
}

impl<W: Write> Write for Unpad<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        if self.at < PREFIX as u64 {
            let at = at_most(self.at, PREFIX);
            let taken = bytes.len().min(PREFIX - at);
            self.prefix[at..at + taken].copy_from_slice(&bytes[..taken]);
            self.at += taken as u64;
            return Ok(taken);
        }
        let end = u64::from_be_bytes(self.prefix).saturating_add(PREFIX as u64);
        let taken = if self.at < end {
            self.to.write(&bytes[..at_most(end - self.at, bytes.len())])?
        } else if bytes.iter().any(|&byte| byte != 0) {
            return Err(PaddingError::NotZero.into());
        } else {
            bytes.len()
        };
        self.at += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The smaller of the two.
fn at_most(number: u64, limit: usize) -> usize {
    usize::try_from(number).map_or(limit, |number| number.min(limit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_those_of_the_algorithm_and_not_below_the_floor() {
        // Worked out by hand from the paper's algorithm, for content and length together.
        for (len, padded) in [
            (0, 1024),
            (1, 1024),
            (1000, 1024),
            (1016, 1024),
            (1017, 1088),
            (1080, 1088),
            (1081, 1152),
            (1_000_000, 1_015_808),
            ((40 << 20) - 8, 40 << 20),
            ((40 << 20) - 7, 41 << 20),
            (u64::MAX - 8, u64::MAX),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(total_len(len), padded, "{len}");
        }
    }

    #[test]
    fn an_overhead_of_12_percent_is_never_passed_above_the_floor() {
        let mut last = 0;
        for len in 0..200_000 {
            let padded = total_len(len);
            assert!(padded >= len + 8 && padded >= last, "{len}");
            assert!(padded == padme::FLOOR || (padded - len - 8) * 25 <= (len + 8) * 3, "{len}");
            assert_eq!(total_len(padded - 8), padded);
            last = padded;
        }
    }

    #[test]
    fn short_contents_have_one_length() {
        for content in [&[][..], &[0], &[7; 121], &[7; 1016]] {
            let padded = pad(content);
            assert_eq!(padded.len(), 1024);
            assert_eq!(unpad(&padded), Ok(content));
            assert_eq!(stream_out(&padded, 100).unwrap(), content);
            // What is padded only as far as Padmé asks is not ours.
            let short = usize::try_from(padme::padme(content.len() as u64 + 8)).unwrap();
            if short < 1024 {
                assert_eq!(unpad(&padded[..short]), Err(PaddingError::Length));
                assert!(stream_out(&padded[..short], 100).is_err());
            }
        }
    }

    #[test]
    fn every_changed_byte_and_every_cut_of_what_is_not_content_is_seen() {
        let content = [0xa5; 1121];
        let padded = pad(&content);
        assert_eq!(padded.len(), 1152);
        for at in (0..PREFIX).chain(PREFIX + content.len()..padded.len()) {
            for bit in 0..8 {
                let mut changed = padded.to_vec();
                changed[at] ^= 1 << bit;
                let expected = if at < PREFIX {
                    // A shorter length that has the same Padmé length makes padding of the content's end.
                    [Err(PaddingError::Length), Err(PaddingError::NotZero)]
                } else {
                    [Err(PaddingError::NotZero); 2]
                };
                let found = unpad(&changed);
                // A length that is longer and still fits makes content of zeros: the seal, not the padding, is against it.
                let longer = at == PREFIX - 1 && found.is_ok_and(|found| found.len() > content.len());
                assert!(expected.contains(&found) || longer, "bit {bit} of byte {at}: {found:?}");
                let streamed = stream_out(&changed, 7);
                assert_eq!(streamed.is_ok(), found.is_ok());
            }
        }
        for end in 0..padded.len() {
            let expected = if end < PREFIX { PaddingError::TooShort } else { PaddingError::Length };
            assert_eq!(unpad(&padded[..end]), Err(expected));
            assert!(stream_out(&padded[..end], 5).is_err());
        }
        let mut longer = padded.to_vec();
        longer.push(0);
        assert_eq!(unpad(&longer), Err(PaddingError::Length));
        assert!(stream_out(&longer, 64).is_err());
    }

    #[test]
    fn a_length_that_nothing_has_is_refused() {
        for len in [u64::MAX, u64::MAX - 8, 1 << 63, (1 << 63) + 1] {
            let mut padded = len.to_be_bytes().to_vec();
            padded.resize(64, 0);
            assert_eq!(unpad(&padded), Err(PaddingError::Length));
            assert!(stream_out(&padded, 16).is_err());
        }
    }

    #[test]
    fn a_source_that_changes_its_length_is_an_error() {
        for (len, given) in [(10, 9), (10, 11), (0, 1), (8, 7), (8, 9)] {
            let mut out = Vec::new();
            let error = Pad::new(&vec![1; given][..], len).read_to_end(&mut out).unwrap_err();
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            assert_eq!(inner, Some(&PaddingError::Changed), "{len} {given}");
        }
    }

    fn stream_out(padded: &[u8], step: usize) -> Result<Vec<u8>, io::Error> {
        let mut to = Unpad::new(Vec::new());
        for piece in padded.chunks(step) {
            to.write_all(piece)?;
        }
        let (content, len) = to.finish()?;
        assert_eq!(content.len() as u64, len);
        Ok(content)
    }

    proptest! {
        #[test]
        fn both_ways_agree(content in proptest::collection::vec(any::<u8>(), 0..3000), step in 1_usize..500) {
            let padded = pad(&content);
            prop_assert_eq!(padded.len() as u64, total_len(content.len() as u64));
            prop_assert_eq!(unpad(&padded), Ok(&content[..]));
            let mut streamed = Vec::new();
            let mut reader = Pad::new(&content[..], content.len() as u64);
            let mut piece = vec![0; step];
            loop {
                let len = reader.read(&mut piece).unwrap();
                if len == 0 {
                    break;
                }
                streamed.extend_from_slice(&piece[..len]);
            }
            prop_assert_eq!(&streamed[..], &padded[..]);
            prop_assert_eq!(stream_out(&padded, step).unwrap(), content);
        }
    }
}
