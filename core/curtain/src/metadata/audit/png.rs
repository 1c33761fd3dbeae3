//! PNG, chunk by chunk, checksum by checksum, row by row.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::{AuditError, Walk};

/// [PNG, third edition, 5.2]
pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Bytes per pixel of 8-bit RGB.
const PNG_PIXEL: u64 = 3;

pub(super) fn check(bytes: &[u8], width: u32, height: u32) -> Result<(), AuditError> {
    let mut walk = Walk { bytes, at: 0 };
    walk.expect(&SIGNATURE, "no PNG signature")?;
    let (kind, body) = chunk(&mut walk)?;
    let [w, h] = [width.to_be_bytes(), height.to_be_bytes()];
    // 8 bits, colour type 2, no compression, filter or interlace but the standard's. [PNG, 11.2.1]
    if kind != *b"IHDR" || body != [&w[..], &h[..], &[8, 2, 0, 0, 0]].concat() {
        return walk.fail("an IHDR that is not the picture's");
    }
    let mut pixels = Inflate::new(u64::from(width) * PNG_PIXEL + 1, u64::from(height));
    loop {
        let (kind, body) = chunk(&mut walk)?;
        match &kind {
            b"IDAT" if pixels.take(body) => {}
            b"IDAT" => return walk.fail("picture data that is more or less than the pixels"),
            b"IEND" if body.is_empty() => break,
            _ => return walk.fail("a chunk that is not needed to show the picture"),
        }
    }
    if !pixels.complete() {
        return walk.fail("picture data that is more or less than the pixels");
    }
    if walk.at_end() { Ok(()) } else { walk.fail("bytes after the end of the image") }
}

fn chunk<'a>(walk: &mut Walk<'a>) -> Result<([u8; 4], &'a [u8]), AuditError> {
    let length = walk.u32()? as usize;
    let checked_from = walk.at;
    let kind = walk.take(4)?;
    let body = walk.take(length)?;
    let sum = crc32fast::hash(&walk.bytes[checked_from..walk.at]);
    if walk.u32()? != sum {
        return walk.fail("a chunk with a wrong checksum");
    }
    let mut name = [0; 4];
    name.copy_from_slice(kind);
    Ok((name, body))
}

/// Inflates a zlib stream that must come to an exact number of rows, keeping none of it.
struct Inflate {
    state: Box<DecompressorOxide>,
    window: Vec<u8>,
    at: usize,
    /// Bytes in a row, its filter type first.
    row: u64,
    taken: u64,
    length: u64,
    done: bool,
}

/// The window of [RFC 1951], as the inflater wants it: a power of two.
const WINDOW: usize = 1 << 15;

/// [PNG, third edition, 9.2]: filter types are 0 to 4.
const LAST_FILTER: u8 = 4;

impl Inflate {
    fn new(row: u64, rows: u64) -> Self {
        let length = row.saturating_mul(rows);
        Self { state: Box::default(), window: vec![0; WINDOW], at: 0, row, taken: 0, length, done: false }
    }

    /// Takes the next bytes of the stream, of which there must be some; false once anything is wrong.
    fn take(&mut self, mut bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return false;
        }
        while !bytes.is_empty() {
            let Some((status, read, written)) = self.step(bytes) else { return false };
            bytes = bytes.get(read..).unwrap_or_default();
            match status {
                TINFLStatus::Done => break,
                TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput if read > 0 || written > 0 => {}
                _ => return false,
            }
        }
        // What still fits in the window comes out without further input.
        bytes.is_empty() && (self.done || self.drain())
    }

    fn drain(&mut self) -> bool {
        loop {
            match self.step(&[]) {
                Some((TINFLStatus::Done | TINFLStatus::NeedsMoreInput, ..)) => return true,
                Some((TINFLStatus::HasMoreOutput, _, 1..)) => {}
                _ => return false,
            }
        }
    }

    /// One call of the inflater: its status, bytes read and bytes written. `None` if the stream ended
    /// before, is longer than the rows, or starts a row with no filter type.
    fn step(&mut self, bytes: &[u8]) -> Option<(TINFLStatus, usize, usize)> {
        if self.done {
            return None;
        }
        let flags = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
        let (status, read, written) = decompress(&mut self.state, bytes, &mut self.window, self.at, flags);
        let filters_are_known = self.row_starts(written).all(|at| self.window[at % WINDOW] <= LAST_FILTER);
        self.at = (self.at + written) % WINDOW;
        self.taken += written as u64;
        self.done = status == TINFLStatus::Done;
        (filters_are_known && self.taken <= self.length).then_some((status, read, written))
    }

    /// Where in the window those rows start whose first byte is among the next `written`.
    fn row_starts(&self, written: usize) -> impl Iterator<Item = usize> + use<> {
        let first = usize::try_from((self.row - self.taken % self.row) % self.row).unwrap_or(usize::MAX);
        let row = usize::try_from(self.row).unwrap_or(usize::MAX);
        let at = self.at;
        (first..written).step_by(row).map(move |ahead| at + ahead)
    }

    fn complete(&self) -> bool {
        self.done && self.taken == self.length
    }
}
