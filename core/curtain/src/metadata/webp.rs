//! What a WebP file would give away. [RFC 9649, section 2]

use super::finding::{Findings, Seen, Speaks};
use super::leak::LeakClass;
use super::read::{at_most, index, le16, le24, le32, len, name, rest, wide};
use super::{Ending, InspectError, Notice, exif, tail, xmp};

/// "RIFF", the size of what follows, "WEBP".
const HEADER_BYTES: usize = 12;

/// Walks the file from its RIFF header to its last byte.
pub(super) fn inspect(bytes: &[u8], findings: &mut Findings) -> Result<Seen, InspectError> {
    let mut picture = Picture::default();
    let mut chunks = chunks(bytes);
    let mut ending = if chunks.cut { Ending::CutShort } else { Ending::Complete };
    for chunk in chunks.by_ref() {
        if chunk.cut {
            ending = Ending::CutShort;
        }
        report(&chunk, &mut picture, findings);
    }
    let left = chunks.left();
    if left > 0 && ending == Ending::Complete {
        let place = format!("behind the last chunk, at byte {}", chunks.at);
        findings.add(LeakClass::UnreferencedBytes, place, wide(left));
    }
    if picture.frames > 1 {
        findings.notice(Notice::FirstFrameOnly { frames_at_least: picture.frames });
    }
    let malformed = |what| InspectError::Malformed { what, at: wide(HEADER_BYTES) };
    let (width, height) = picture.size.ok_or(malformed("no chunk gives the size"))?;
    if width == 0 || height == 0 {
        return Err(malformed("width or height is zero"));
    }
    if picture.images == 0 && ending == Ending::Complete {
        return Err(malformed("no chunk holds the picture"));
    }
    tail::look(bytes, chunks.end, findings);
    Ok(Seen { width, height, ending })
}

/// What the chunks said about the picture.
#[derive(Default)]
struct Picture {
    size: Option<(u32, u32)>,
    /// Still images and frames.
    images: u32,
    frames: u32,
}

fn report(chunk: &Chunk<'_>, picture: &mut Picture, findings: &mut Findings) {
    let place = chunk.place();
    match &chunk.name {
        b"VP8X" => {
            picture.size = picture.size.or(canvas(chunk.data));
        }
        b"VP8 " | b"VP8L" => {
            // Decoders show the first one.
            if picture.images > 0 {
                return findings.add(LeakClass::SecondImage, place, chunk.bytes);
            }
            picture.images += 1;
            let lossy = chunk.name == *b"VP8 ";
            let size = if lossy { lossy_size(chunk.data) } else { lossless_size(chunk.data) };
            picture.size = picture.size.or(size);
        }
        b"ALPH" => {}
        b"ANIM" => findings.add_piece(LeakClass::Animation, 0, &place, chunk.bytes),
        b"ANMF" => {
            picture.images = picture.images.saturating_add(1);
            picture.frames = picture.frames.saturating_add(1);
            findings.add_piece(LeakClass::Animation, 0, &place, chunk.bytes);
        }
        b"ICCP" => findings.add(LeakClass::Icc, place, chunk.bytes),
        b"EXIF" => {
            findings.add(LeakClass::Exif, &*place, chunk.bytes);
            exif::look(chunk.data, &place, Speaks::OfThePicture, findings);
        }
        b"XMP " => {
            findings.add(LeakClass::Xmp, &*place, chunk.bytes);
            xmp::look(chunk.data, &place, findings);
        }
        // [C2PA Specification, embedding in RIFF]
        b"C2PA" => findings.add(LeakClass::C2pa, place, chunk.bytes),
        _ => findings.add(LeakClass::PrivateChunk, place, chunk.bytes),
    }
}

/// Canvas of the extended header: each side less one, in 24 bits. [RFC 9649, 2.7]
fn canvas(data: &[u8]) -> Option<(u32, u32)> {
    Some((le24(data, 4)? + 1, le24(data, 7)? + 1))
}

/// Size in a VP8 key frame: behind the frame tag and start code, in 14 bits each. [RFC 6386, 9.1]
fn lossy_size(data: &[u8]) -> Option<(u32, u32)> {
    (data.get(3..6)? == b"\x9D\x01\x2A").then_some(())?;
    let side = |at| le16(data, at).map(|side| u32::from(side & 0x3FFF));
    Some((side(6)?, side(8)?))
}

/// Size in a lossless header: behind the signature, each side less one in 14 bits. [RFC 9649, 3.4]
fn lossless_size(data: &[u8]) -> Option<(u32, u32)> {
    (data.first()? == &0x2F).then_some(())?;
    let bits = le32(data, 1)?;
    Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
}

/// One chunk. [RFC 9649, 2.3]
pub(super) struct Chunk<'a> {
    pub(super) at: usize,
    pub(super) name: [u8; 4],
    /// Its data, as far as it is there.
    pub(super) data: &'a [u8],
    /// Size with name, length and padding, as far as it is there.
    bytes: u64,
    /// Whether the file ends within it.
    pub(super) cut: bool,
}

impl Chunk<'_> {
    /// Where it sits. A name that the standard does not know is told only if it is made of letters.
    pub(super) fn place(&self) -> String {
        let Self { at, name, .. } = self;
        let known = matches!(name, b"VP8 " | b"VP8L" | b"VP8X" | b"XMP " | b"C2PA");
        match std::str::from_utf8(name) {
            Ok(name) if known || name.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                format!("{} chunk at byte {at}", name.trim_end())
            }
            _ => format!("chunk at byte {at}"),
        }
    }
}

/// The chunks of the file, up to the end that the RIFF header announces.
pub(super) fn chunks(bytes: &[u8]) -> Chunks<'_> {
    let announced = index(le32(bytes, 4).unwrap_or(0)).saturating_add(8);
    let end = announced.min(bytes.len());
    Chunks { bytes: at_most(bytes, 0, end), at: HEADER_BYTES, end, cut: announced > bytes.len() }
}

pub(super) struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the RIFF chunk ends.
    end: usize,
    /// Whether the file ends before it.
    cut: bool,
}

impl Chunks<'_> {
    /// Bytes inside the RIFF chunk that no chunk has claimed.
    fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let at = self.at;
        let name = name(self.bytes, at)?;
        let size = index(le32(self.bytes, at + 4)?);
        let data = at_most(self.bytes, at + 8, size);
        // Writers forget the padding of the last chunk.
        let padding = rest(self.bytes, at + 8 + data.len()).len().min(data.len() % 2);
        self.at = at + 8 + data.len() + padding;
        Some(Chunk { at, name, data, bytes: 8 + len(data) + wide(padding), cut: data.len() < size })
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        classes, full_tiff, full_webp, riff_chunk, small_webp, tiff_with_orientation, vp8l, vp8x, webp,
    };
    use super::super::{Orientation, inspect};
    use super::*;

    #[test]
    fn a_bare_picture_leaks_nothing() {
        let inspected = inspect(&small_webp()).expect("whole");
        assert_eq!((inspected.width, inspected.height), (3, 2));
        assert_eq!(inspected.ending, Ending::Complete);
        assert_eq!(inspected.leaks, []);
        let lossy = webp(&riff_chunk(*b"VP8 ", b"\0\0\0\x9D\x01\x2A\x05\0\x04\0"));
        let inspected = inspect(&lossy).expect("whole");
        assert_eq!((inspected.width, inspected.height), (5, 4));
    }

    #[test]
    fn each_chunk_has_its_class() {
        use LeakClass as C;
        let cases: &[([u8; 4], &[u8], &[LeakClass])] = &[
            (*b"ALPH", b"alpha", &[]),
            (*b"ICCP", b"icc", &[C::Icc]),
            (*b"EXIF", &tiff_with_orientation(1), &[C::Exif]),
            (*b"XMP ", b"<x/>", &[C::Xmp]),
            (*b"XMP ", b"<x exif:GPSLatitude=''/>", &[C::Gps, C::Xmp]),
            (*b"ANIM", &[0; 6], &[C::Animation]),
            (*b"C2PA", b"jumb", &[C::C2pa]),
            (*b"PSAI", b"mine", &[C::PrivateChunk]),
            (*b"VP8L", b"\x2F", &[C::SecondImage]),
        ];
        for (name, data, expected) in cases {
            let file = webp(&[vp8x(), vp8l(), riff_chunk(*name, data)].concat());
            assert_eq!(classes(&file), *expected, "{}", name.escape_ascii());
        }
        let left = webp(&[vp8l(), b"left".to_vec()].concat());
        assert_eq!(classes(&left), [C::UnreferencedBytes]);
        let behind = [small_webp(), b"behind".to_vec()].concat();
        assert_eq!(classes(&behind), [C::TrailingBytes]);
    }

    #[test]
    fn exif_turns_the_picture_with_or_without_its_prefix() {
        let tiff = tiff_with_orientation(3);
        for block in [tiff.clone(), [b"Exif\0\0", tiff.as_slice()].concat()] {
            let file = webp(&[vp8x(), vp8l(), riff_chunk(*b"EXIF", &block)].concat());
            assert_eq!(inspect(&file).expect("whole").orientation, Orientation::Rotate180);
        }
    }

    #[test]
    fn an_animation_is_one_leak_and_one_notice() {
        let frame = riff_chunk(*b"ANMF", &[0; 24]);
        let anim = riff_chunk(*b"ANIM", &[0; 6]);
        let inspected = inspect(&webp(&[vp8x(), anim, frame.clone(), frame].concat())).expect("whole");
        assert_eq!(inspected.leaks.len(), 1);
        assert_eq!(inspected.notices, [Notice::FirstFrameOnly { frames_at_least: 2 }]);
    }

    #[test]
    fn every_prefix_is_an_error_or_cut_short() {
        let file = full_webp(&full_tiff());
        for end in 12..file.len() {
            let cut = file.get(..end).expect("end is within");
            match inspect(cut) {
                Ok(inspected) => assert_eq!(inspected.ending, Ending::CutShort, "cut at {end}"),
                Err(error) => assert_eq!(error.code(), "malformed"),
            }
        }
    }
}
