//! The second look at what is about to be released.
//!
//! An allow-list: a file passes only if every byte of it belongs to a part that is needed to show
//! the pixels. Shares no code with the encoders, nor with the walkers that look for leaks.

mod jpeg;
mod png;

use thiserror::Error;

use super::Format;

/// A picture file that passed the audit: pixels, and what is needed to show them. It is the only thing
/// that the room `files` writes. It says nothing of what the pixels show.
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

    /// The file's bytes, to keep.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
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
/// JPEG: `SOI`, a bare JFIF header without density or thumbnail, two quantisation tables, one baseline
/// frame, the standard Huffman tables, one scan that decodes to exactly the frame's blocks, `EOI`. PNG:
/// `IHDR` for 8-bit RGB, `IDAT` that inflate to exactly the rows, `IEND`, each with its checksum.
/// # Errors
/// [`AuditError`], which says what is off the list; the bytes are dropped.
pub fn audit(bytes: Vec<u8>, width: u32, height: u32) -> Result<Audited, AuditError> {
    if width == 0 || height == 0 {
        return Err(AuditError { what: "a picture without pixels", at: 0 });
    }
    let format = if bytes.starts_with(&png::SIGNATURE) {
        png::check(&bytes, width, height)?;
        Format::Png
    } else {
        jpeg::check(&bytes, width, height)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A 1 x 1 PNG, from the chunks given and their checksums.
    fn png_of(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = png::SIGNATURE.to_vec();
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
