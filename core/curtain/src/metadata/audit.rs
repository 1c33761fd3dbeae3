//! The second look at what is about to be released.
//!
//! An allow-list: a file passes only if every byte of it belongs to a part that is needed to show
//! the pixels. Shares no code with the encoders, nor with the walkers that look for leaks.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use thiserror::Error;

use super::Format;

/// A finished picture that passed the audit. There is no other way to make one, and nothing else
/// can be written to a file or sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Audited {
    bytes: Vec<u8>,
    format: Format,
}

impl std::fmt::Debug for Audited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Audited({}, {} bytes)", self.format.as_str(), self.bytes.len())
    }
}

impl Audited {
    /// The file's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// JPEG or PNG.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }
}

/// What an output file holds that it must not, or lacks.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the finished picture failed its audit at byte {at} ({what}): it was not released")]
pub struct AuditError {
    /// What is wrong.
    pub what: &'static str,
    /// Where, in bytes from the start of the output.
    pub at: usize,
}

/// Passes `bytes` only if they are a JPEG or PNG of `width` by `height` pixels and nothing else.
///
/// JPEG: `SOI`, a bare JFIF header without density or thumbnail, `DQT`, one baseline frame, `DHT`,
/// one scan, `EOI`. PNG: `IHDR` for 8-bit RGB, `IDAT` that inflate to exactly the pixels, `IEND`,
/// each with its checksum.
/// # Errors
/// [`AuditError`], which says what is off the list; the bytes are dropped.
pub fn audit(bytes: Vec<u8>, width: u32, height: u32) -> Result<Audited, AuditError> {
    if width == 0 || height == 0 {
        return Err(AuditError { what: "a picture without pixels", at: 0 });
    }
    let format = if bytes.starts_with(&PNG_SIGNATURE) {
        png(&bytes, width, height)?;
        Format::Png
    } else {
        jpeg(&bytes, width, height)?;
        Format::Jpeg
    };
    Ok(Audited { bytes, format })
}

/// Reads on through `bytes`; every step fails closed.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn fail<T>(&self, what: &'static str) -> Result<T, AuditError> {
        Err(AuditError { what, at: self.at })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], AuditError> {
        let Some(taken) = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end)) else {
            return self.fail("ends early");
        };
        self.at += count;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<usize, AuditError> {
        Ok(self.take(2)?.iter().fold(0, |value, byte| value << 8 | usize::from(*byte)))
    }

    fn u32(&mut self) -> Result<u32, AuditError> {
        Ok(self.take(4)?.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
    }

    fn expect(&mut self, expected: &[u8], what: &'static str) -> Result<(), AuditError> {
        let at = self.at;
        if self.take(expected.len())? == expected { Ok(()) } else { Err(AuditError { what, at }) }
    }

    fn at_end(&self) -> bool {
        self.at == self.bytes.len()
    }
}

/// JFIF 1.01, no unit, aspect 1:1, no thumbnail: the one APP0 that gives nothing away. [JFIF 1.02, 10]
const BARE_JFIF: [u8; 14] = *b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0";

// Markers. [ITU-T T.81, table B.1]
const SOI: u8 = 0xD8;
const APP0: u8 = 0xE0;
const DQT: u8 = 0xDB;
const SOF0: u8 = 0xC0;
const SOF1: u8 = 0xC1;
const DHT: u8 = 0xC4;
const SOS: u8 = 0xDA;
const EOI: u8 = 0xD9;

fn jpeg(bytes: &[u8], width: u32, height: u32) -> Result<(), AuditError> {
    let mut walk = Walk { bytes, at: 0 };
    walk.expect(&[0xFF, SOI], "no SOI")?;
    walk.expect(&[0xFF, APP0, 0, 16], "no JFIF header")?;
    walk.expect(&BARE_JFIF, "a JFIF header that says more than it must")?;
    let mut frame_seen = false;
    loop {
        walk.expect(&[0xFF], "bytes between segments")?;
        let marker = walk.take(1)?[0];
        let Some(length) = walk.u16()?.checked_sub(2) else { return walk.fail("a segment without length") };
        let body = walk.take(length)?;
        match marker {
            DQT if quantisation_tables_only(body) => {}
            DHT if huffman_tables_only(body) => {}
            SOF0 | SOF1 if !frame_seen && frame_is(body, width, height) => frame_seen = true,
            SOS if frame_seen && scan_header_is_plain(body) => break,
            _ => return walk.fail("a segment that is not needed to show the picture"),
        }
    }
    scan_data(&mut walk)?;
    walk.expect(&[0xFF, EOI], "no EOI after the scan")?;
    if walk.at_end() { Ok(()) } else { walk.fail("bytes after the end of the image") }
}

/// [T.81, B.2.4.1]: each table is a byte and 64 elements of one byte, or two at precision 1.
fn quantisation_tables_only(mut body: &[u8]) -> bool {
    while let [head, rest @ ..] = body {
        let size = if head >> 4 == 0 { 64 } else { 128 };
        let Some(left) = rest.get(size..) else { return false };
        if head >> 4 > 1 || head & 15 > 3 {
            return false;
        }
        body = left;
    }
    true
}

/// [T.81, B.2.4.2]: each table is a byte, 16 counts and as many symbols as they add up to.
fn huffman_tables_only(mut body: &[u8]) -> bool {
    while let [head, rest @ ..] = body {
        let Some((counts, rest)) = rest.split_at_checked(16) else { return false };
        let symbols = counts.iter().map(|c| usize::from(*c)).sum();
        let Some(left) = rest.get(symbols..) else { return false };
        if head >> 4 > 1 || head & 15 > 3 || symbols > 256 {
            return false;
        }
        body = left;
    }
    true
}

/// [T.81, B.2.2]: 8 bits, the expected size, three components.
fn frame_is(body: &[u8], width: u32, height: u32) -> bool {
    let [precision, h1, h0, w1, w0, components, rest @ ..] = body else { return false };
    let side = |high: u8, low: u8| u32::from(high) << 8 | u32::from(low);
    *precision == 8
        && side(*h1, *h0) == height
        && side(*w1, *w0) == width
        && *components == 3
        && rest.len() == 9
}

/// [T.81, B.2.3]: three components, the full spectrum, no approximation: all that baseline allows.
fn scan_header_is_plain(body: &[u8]) -> bool {
    body.len() == 10 && body.first() == Some(&3) && body.ends_with(&[0, 63, 0])
}

/// Entropy-coded bytes up to the first marker that is no stuffed byte. [T.81, B.1.1.5]
fn scan_data(walk: &mut Walk<'_>) -> Result<(), AuditError> {
    let start = walk.at;
    loop {
        let Some(rest) = walk.bytes.get(walk.at..) else { return walk.fail("ends early") };
        let Some(ahead) = rest.iter().position(|byte| *byte == 0xFF) else { return walk.fail("no EOI") };
        match rest.get(ahead + 1) {
            Some(0) => walk.at += ahead + 2,
            Some(_) => {
                walk.at += ahead;
                return if walk.at > start { Ok(()) } else { walk.fail("an empty scan") };
            }
            None => return walk.fail("no EOI"),
        }
    }
}

/// [PNG, third edition, 5.2]
const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Bytes per pixel of 8-bit RGB.
const PNG_PIXEL: u64 = 3;

fn png(bytes: &[u8], width: u32, height: u32) -> Result<(), AuditError> {
    let mut walk = Walk { bytes, at: 0 };
    walk.expect(&PNG_SIGNATURE, "no PNG signature")?;
    let (kind, body) = chunk(&mut walk)?;
    let [w, h] = [width.to_be_bytes(), height.to_be_bytes()];
    // 8 bits, colour type 2, no compression, filter or interlace but the standard's. [PNG, 11.2.1]
    if kind != *b"IHDR" || body != [&w[..], &h[..], &[8, 2, 0, 0, 0]].concat() {
        return walk.fail("an IHDR that is not the picture's");
    }
    let mut pixels = Inflate::new((u64::from(width) * PNG_PIXEL + 1).saturating_mul(u64::from(height)));
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

/// Inflates a zlib stream that must come to an exact length, keeping none of it.
struct Inflate {
    state: Box<DecompressorOxide>,
    window: Vec<u8>,
    at: usize,
    left: u64,
    done: bool,
}

/// The window of [RFC 1951], as the inflater wants it: a power of two.
const WINDOW: usize = 1 << 15;

impl Inflate {
    fn new(length: u64) -> Self {
        Self { state: Box::default(), window: vec![0; WINDOW], at: 0, left: length, done: false }
    }

    /// Takes the next bytes of the stream; false once anything is wrong.
    fn take(&mut self, mut bytes: &[u8]) -> bool {
        let flags = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
        while !bytes.is_empty() {
            if self.done {
                return false;
            }
            let (status, read, written) =
                decompress(&mut self.state, bytes, &mut self.window, self.at, flags);
            self.at = (self.at + written) % WINDOW;
            let Some(left) = self.left.checked_sub(written as u64) else { return false };
            self.left = left;
            bytes = bytes.get(read..).unwrap_or_default();
            match status {
                TINFLStatus::Done => self.done = true,
                TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput if read > 0 || written > 0 => {}
                _ => return false,
            }
        }
        // What still fits in the window comes out without further input.
        self.done || self.drain(flags)
    }

    fn drain(&mut self, flags: u32) -> bool {
        loop {
            let (status, _, written) = decompress(&mut self.state, &[], &mut self.window, self.at, flags);
            self.at = (self.at + written) % WINDOW;
            let Some(left) = self.left.checked_sub(written as u64) else { return false };
            self.left = left;
            match status {
                TINFLStatus::Done => {
                    self.done = true;
                    return true;
                }
                TINFLStatus::NeedsMoreInput => return true,
                TINFLStatus::HasMoreOutput if written > 0 => {}
                _ => return false,
            }
        }
    }

    fn complete(&self) -> bool {
        self.done && self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 1 x 1 PNG, from the chunks given and their checksums.
    fn png_of(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = PNG_SIGNATURE.to_vec();
        for (kind, body) in chunks {
            bytes.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
            let checked = [&kind[..], body].concat();
            bytes.extend(&checked);
            bytes.extend(crc32fast::hash(&checked).to_be_bytes());
        }
        bytes
    }

    const IHDR: &[u8] = &[0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0];

    fn pixels(raw: &[u8]) -> Vec<u8> {
        miniz_oxide::deflate::compress_to_vec_zlib(raw, 6)
    }

    #[test]
    fn a_bare_png_passes() {
        let data = pixels(&[0, 1, 2, 3]);
        let bytes = png_of(&[(b"IHDR", IHDR), (b"IDAT", &data), (b"IEND", &[])]);
        assert_eq!(audit(bytes, 1, 1).unwrap().format(), Format::Png);
        let split = png_of(&[(b"IHDR", IHDR), (b"IDAT", &data[..3]), (b"IDAT", &data[3..]), (b"IEND", &[])]);
        assert!(audit(split, 1, 1).is_ok());
    }

    #[test]
    fn anything_beside_the_pixels_of_a_png_fails() {
        let data = pixels(&[0, 1, 2, 3]);
        let more = [&data[..], b"more"].concat();
        let bare: [(&[u8; 4], &[u8]); 3] = [(b"IHDR", IHDR), (b"IDAT", &data), (b"IEND", &[])];
        let mut trailing = png_of(&bare);
        trailing.push(0);
        let mut bad_sum = png_of(&bare);
        let last = bad_sum.len() - 1;
        bad_sum[last] ^= 1;
        let cases = [
            png_of(&[(b"IHDR", IHDR), (b"tEXt", b"a\0b"), (b"IDAT", &data), (b"IEND", &[])]),
            png_of(&[(b"IHDR", IHDR), (b"IDAT", &more), (b"IEND", &[])]),
            png_of(&[(b"IHDR", IHDR), (b"IDAT", &pixels(&[0, 1, 2, 3, 4])), (b"IEND", &[])]),
            png_of(&[(b"IHDR", IHDR), (b"IDAT", &pixels(&[0, 1, 2])), (b"IEND", &[])]),
            png_of(&[(b"IHDR", IHDR), (b"IDAT", &data), (b"IEND", b"x")]),
            png_of(&[(b"IHDR", IHDR), (b"IDAT", &data)]),
            trailing,
            bad_sum,
        ];
        for (index, case) in cases.into_iter().enumerate() {
            assert!(audit(case, 1, 1).is_err(), "case {index}");
        }
    }

    #[test]
    fn another_size_than_the_picture_fails() {
        let bytes = png_of(&[(b"IHDR", IHDR), (b"IDAT", &pixels(&[0, 1, 2, 3])), (b"IEND", &[])]);
        assert!(audit(bytes, 2, 1).is_err());
    }

    #[test]
    fn a_picture_without_pixels_fails() {
        for (width, height) in [(0, 0), (0, 1), (1, 0), (u32::MAX, u32::MAX)] {
            let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &IHDR[8..]].concat();
            let rows = if width == 0 { vec![0; height as usize] } else { Vec::new() };
            let bytes = png_of(&[(b"IHDR", &header), (b"IDAT", &pixels(&rows)), (b"IEND", &[])]);
            assert!(audit(bytes, width, height).is_err(), "{width} x {height}");
        }
    }

    #[test]
    fn nothing_and_noise_fail() {
        assert!(audit(Vec::new(), 1, 1).is_err());
        assert!(audit(vec![0xFF; 100], 1, 1).is_err());
    }
}
