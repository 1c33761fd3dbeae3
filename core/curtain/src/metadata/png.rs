//! What a PNG file would give away.
//!
//! [Portable Network Graphics (PNG) Specification, third edition]. Lengths are followed; checksums are
//! not checked, because a leak with a wrong checksum is still a leak.

use std::borrow::Cow;

use super::finding::{Findings, Seen, Speaks};
use super::inflate::{Allowance, NotInflated};
use super::leak::LeakClass;
use super::photoshop::{self, InnerExif};
use super::read::{at_most, be32, index, len, name, rest, split, wide};
use super::sniff::PNG_SIGNATURE;
use super::{Ending, InspectError, Notice, exif, tail, xmp};

/// A profile written as text may grow to this many bytes.
const MAX_RAW_PROFILE_BYTES: usize = 4 << 20;

/// Walks the file from its signature to its last byte.
pub(super) fn inspect(bytes: &[u8], findings: &mut Findings) -> Result<Seen, InspectError> {
    let mut chunks = chunks(bytes);
    let (width, height) = header(chunks.next())?;
    let mut reporter = Reporter { findings, allowance: Allowance::default(), frames: 0 };
    let mut ending = Ending::CutShort;
    for chunk in chunks.by_ref() {
        reporter.chunk(&chunk);
        if chunk.name == *b"IEND" && !chunk.cut {
            ending = Ending::Complete;
        }
    }
    if reporter.frames > 1 {
        reporter.findings.notice(Notice::FirstFrameOnly { frames_at_least: reporter.frames });
    }
    if ending == Ending::Complete {
        tail::look(bytes, chunks.at, findings);
    }
    Ok(Seen { width, height, ending })
}

/// Width and height of the `IHDR` chunk, which must come first. [PNG 11.2.1]
fn header(first: Option<Chunk<'_>>) -> Result<(u32, u32), InspectError> {
    let malformed = |what| InspectError::Malformed { what, at: len(PNG_SIGNATURE) };
    let first = first.ok_or(malformed("no chunk behind the signature"))?;
    if first.name != *b"IHDR" {
        return Err(malformed("the first chunk is not IHDR"));
    }
    match (be32(first.data, 0), be32(first.data, 4)) {
        (Some(0), _) | (_, Some(0)) => Err(malformed("width or height is zero")),
        (Some(width), Some(height)) => Ok((width, height)),
        _ => Err(malformed("IHDR chunk cut short")),
    }
}

/// One chunk. [PNG 5.3]
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'a> {
    /// Offset of its length field.
    pub(super) at: usize,
    pub(super) name: [u8; 4],
    /// Its data, as far as it is there.
    pub(super) data: &'a [u8],
    /// Size with length, name and checksum, as far as it is there.
    pub(super) bytes: u64,
    /// Whether the file ends within it.
    pub(super) cut: bool,
}

/// The chunks behind the signature, up to `IEND` or the end of the file.
pub(super) fn chunks(bytes: &[u8]) -> Chunks<'_> {
    Chunks { bytes, at: PNG_SIGNATURE.len(), over: false }
}

pub(super) struct Chunks<'a> {
    bytes: &'a [u8],
    at: usize,
    over: bool,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let at = self.at;
        let name = name(self.bytes, at + 4).filter(|_| !self.over)?;
        let size = index(be32(self.bytes, at)?);
        let data = at_most(self.bytes, at + 8, size);
        let checksum = at_most(self.bytes, at + 8 + data.len(), 4);
        self.at = at + 8 + data.len() + checksum.len();
        self.over = name == *b"IEND";
        let cut = data.len() < size || checksum.len() < 4;
        Some(Chunk { at, name, data, bytes: wide(self.at - at), cut })
    }
}

impl<'a> Chunk<'a> {
    /// Where it sits. Its name is told only if it is made of letters, as chunk names must be.
    pub(super) fn place(&self) -> String {
        let Self { at, name, .. } = self;
        match std::str::from_utf8(name) {
            Ok(name) if name.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                format!("{name} chunk at byte {at}")
            }
            _ => format!("chunk at byte {at}"),
        }
    }

    /// The text that it holds, if it is a text chunk. [PNG 11.3.3]
    pub(super) fn text(&self) -> Option<Text<'a>> {
        let (keyword, behind) = split(self.data, 0).unwrap_or((self.data, &[]));
        let body = match &self.name {
            b"tEXt" => Body::Plain(behind),
            // Behind the keyword: the compression method.
            b"zTXt" => Body::Zlib(rest(behind, 1)),
            // Behind the keyword: compression flag and method, language, translated keyword.
            b"iTXt" => {
                let text = split(rest(behind, 2), 0).and_then(|(_, behind)| split(behind, 0));
                let text = text.map_or(&[][..], |(_, text)| text);
                if behind.first() == Some(&1) { Body::Zlib(text) } else { Body::Plain(text) }
            }
            _ => return None,
        };
        Some(Text { keyword, body })
    }
}

/// A text chunk: its keyword, and a text that may be compressed.
pub(super) struct Text<'a> {
    pub(super) keyword: &'a [u8],
    body: Body<'a>,
}

enum Body<'a> {
    Plain(&'a [u8]),
    Zlib(&'a [u8]),
}

/// What the keyword of a text announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announced {
    Xmp,
    /// A block of another format, written in hexadecimal digits by `ImageMagick` and its kin.
    RawProfile(LeakClass),
    /// A position, spelled out by the same programs.
    Gps,
    Words,
}

impl<'a> Text<'a> {
    /// What the text holds, by its keyword.
    pub(super) fn announced(&self) -> Announced {
        if self.keyword == b"XML:com.adobe.xmp" {
            return Announced::Xmp;
        }
        if self.keyword.starts_with(b"exif:GPS") {
            return Announced::Gps;
        }
        let Some(kind) = self.keyword.strip_prefix(b"Raw profile type ") else {
            return Announced::Words;
        };
        Announced::RawProfile(match kind.to_ascii_lowercase().as_slice() {
            b"exif" | b"app1" => LeakClass::Exif,
            b"iptc" | b"8bim" => LeakClass::Iptc,
            b"xmp" => LeakClass::Xmp,
            b"icc" | b"icm" => LeakClass::Icc,
            _ => return Announced::Words,
        })
    }

    /// The text itself.
    pub(super) fn open(&self, allowance: &mut Allowance) -> Result<Cow<'a, [u8]>, NotInflated> {
        match self.body {
            Body::Plain(text) => Ok(Cow::Borrowed(text)),
            Body::Zlib(stream) => allowance.inflate(stream).map(Cow::Owned),
        }
    }

    /// The block that a raw profile spells out.
    pub(super) fn open_raw_profile(&self, allowance: &mut Allowance) -> Option<Vec<u8>> {
        raw_profile(&self.open(allowance).ok()?)
    }
}

/// Reads a raw profile: an empty line, its name, its size in decimal, then pairs of hexadecimal digits
/// with line breaks anywhere. [`ImageMagick`, coders/png.c, `png_write_raw_profile`]
fn raw_profile(text: &[u8]) -> Option<Vec<u8>> {
    let (_name, behind) = split(text.strip_prefix(b"\n").unwrap_or(text), b'\n')?;
    let (size, digits) = split(behind.trim_ascii_start(), b'\n')?;
    let size: usize = std::str::from_utf8(size.trim_ascii()).ok()?.parse().ok()?;
    let mut values = digits.iter().filter_map(|&digit| char::from(digit).to_digit(16));
    let mut block = Vec::new();
    while let (Some(high), Some(low)) = (values.next(), values.next()) {
        if block.len() == size.min(MAX_RAW_PROFILE_BYTES) {
            break;
        }
        block.push(u8::try_from(high << 4 | low).ok()?);
    }
    Some(block)
}

/// Turns chunks into leaks.
struct Reporter<'f> {
    findings: &'f mut Findings,
    allowance: Allowance,
    /// Frames of the animation, counted or announced.
    frames: u32,
}

impl Reporter<'_> {
    fn chunk(&mut self, chunk: &Chunk<'_>) {
        let place = chunk.place();
        let findings = &mut *self.findings;
        match &chunk.name {
            // What decoding and showing the picture needs. [PNG 11.2, 11.3.1, 11.3.2, 11.3.4]
            b"PLTE" | b"IDAT" | b"tRNS" | b"gAMA" | b"cHRM" | b"sRGB" | b"sBIT" | b"bKGD" | b"hIST"
            | b"pHYs" | b"cICP" | b"mDCV" | b"cLLI" => {}
            b"IEND" if chunk.data.is_empty() => {}
            b"IEND" => findings.add(LeakClass::UnreferencedBytes, place, len(chunk.data)),
            // Decoders follow the first header only.
            b"IHDR" => findings.add(LeakClass::SecondImage, place, chunk.bytes),
            b"iCCP" => findings.add(LeakClass::Icc, place, chunk.bytes),
            b"eXIf" => {
                findings.add(LeakClass::Exif, &*place, chunk.bytes);
                exif::look(chunk.data, &place, Speaks::OfThePicture, findings);
            }
            b"tIME" => findings.add(LeakClass::PngTime, place, chunk.bytes),
            // [C2PA Specification, embedding in PNG]
            b"caBX" => findings.add(LeakClass::C2pa, place, chunk.bytes),
            b"acTL" | b"fcTL" | b"fdAT" => self.animate(chunk, &place),
            b"tEXt" | b"zTXt" | b"iTXt" => {
                findings.add(LeakClass::PngText, &*place, chunk.bytes);
                if let Some(text) = chunk.text() {
                    self.text(&text, &place, chunk.bytes);
                }
            }
            _ => findings.add(LeakClass::PrivateChunk, place, chunk.bytes),
        }
    }

    /// [PNG 11.3.6]: `acTL` announces the frames, each `fcTL` begins one.
    fn animate(&mut self, chunk: &Chunk<'_>, place: &str) {
        self.findings.add_piece(LeakClass::Animation, 0, place, chunk.bytes);
        match &chunk.name {
            b"acTL" => self.frames = self.frames.max(be32(chunk.data, 0).unwrap_or(0)),
            // The first frame may be announced without being part of the animation.
            b"fdAT" => self.frames = self.frames.max(2),
            _ => {}
        }
    }

    fn text(&mut self, text: &Text<'_>, place: &str, bytes: u64) {
        let class = match text.announced() {
            Announced::Words => return,
            Announced::Gps => return self.findings.add(LeakClass::Gps, place, bytes),
            Announced::Xmp => LeakClass::Xmp,
            Announced::RawProfile(class) => class,
        };
        self.findings.add(class, place, bytes);
        let opened = match text.announced() {
            Announced::Xmp => text.open(&mut self.allowance).ok(),
            _ => text.open_raw_profile(&mut self.allowance).map(Cow::Owned),
        };
        let Some(opened) = opened else {
            return self.findings.notice(Notice::NotLookedInside);
        };
        match class {
            LeakClass::Xmp => xmp::look(&opened, place, self.findings),
            LeakClass::Iptc => photoshop::look(&opened, place, InnerExif::LookedInto, self.findings),
            LeakClass::Exif => self.exif_or_xmp(&opened, place),
            _ => {}
        }
    }

    /// A JPEG APP1 payload can be either.
    fn exif_or_xmp(&mut self, block: &[u8], place: &str) {
        if exif::starts_tiff(exif::without_prefix(block)) {
            return exif::look(block, place, Speaks::OfThePicture, self.findings);
        }
        if block.starts_with(b"http://ns.adobe.com/") {
            self.findings.add(LeakClass::Xmp, place, len(block));
            return xmp::look(block, place, self.findings);
        }
        self.findings.notice(Notice::DamagedExif);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use miniz_oxide::deflate::compress_to_vec_zlib;

    use super::super::samples::{chunk, classes, full_png, full_tiff, png, small_png, tiff_with_orientation};
    use super::super::{Orientation, inspect};
    use super::*;

    /// `ImageMagick`'s way to write a block as text.
    fn raw(kind: &str, block: &[u8]) -> Vec<u8> {
        let mut text = format!("Raw profile type {kind}\0\n{kind}\n    {:4}", block.len());
        for (at, byte) in block.iter().enumerate() {
            let line_break = if at % 36 == 0 { "\n" } else { "" };
            write!(text, "{line_break}{byte:02x}").expect("strings grow");
        }
        text.push('\n');
        text.into_bytes()
    }

    #[test]
    fn a_bare_picture_leaks_nothing() {
        let inspected = inspect(&small_png()).expect("whole");
        assert_eq!((inspected.width, inspected.height), (3, 2));
        assert_eq!(inspected.ending, Ending::Complete);
        assert_eq!(inspected.leaks, []);
        let harmless = [chunk(*b"gAMA", &[0; 4]), chunk(*b"sRGB", &[0]), chunk(*b"pHYs", &[0; 9])].concat();
        assert_eq!(classes(&png(&harmless)), []);
    }

    #[test]
    fn each_chunk_has_its_class() {
        use LeakClass as C;
        let gps_packet = b"XML:com.adobe.xmp\0\0\0\0\0<x exif:GPSLatitude='1'/>";
        let packed = [b"XML:com.adobe.xmp\0\x01\0\0\0".to_vec(), compress_to_vec_zlib(b"<x/>", 6)].concat();
        let cases: &[(Vec<u8>, &[LeakClass])] = &[
            (chunk(*b"iCCP", b"name\0\0zlib"), &[C::Icc]),
            (chunk(*b"tEXt", b"Comment\0hello"), &[C::PngText]),
            (chunk(*b"zTXt", b"Comment\0\0broken"), &[C::PngText]),
            (chunk(*b"iTXt", b"Comment\0\0\0\0\0hello"), &[C::PngText]),
            (chunk(*b"tEXt", b"exif:GPSLatitude\0hello"), &[C::Gps, C::PngText]),
            (chunk(*b"iTXt", gps_packet), &[C::Gps, C::Xmp, C::PngText]),
            (chunk(*b"iTXt", &packed), &[C::Xmp, C::PngText]),
            (chunk(*b"tEXt", &raw("exif", &tiff_with_orientation(1))), &[C::Exif, C::PngText]),
            (chunk(*b"tEXt", &raw("iptc", b"8BIM\x04\x04\0\0\0\0\0\x01x")), &[C::Iptc, C::Iptc, C::PngText]),
            (chunk(*b"tEXt", &raw("xmp", b"<x/>")), &[C::Xmp, C::PngText]),
            (chunk(*b"tEXt", &raw("icc", b"icc")), &[C::Icc, C::PngText]),
            (chunk(*b"eXIf", &tiff_with_orientation(1)), &[C::Exif]),
            (chunk(*b"tIME", &[0; 7]), &[C::PngTime]),
            (chunk(*b"caBX", b"jumb"), &[C::C2pa]),
            (chunk(*b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]), &[C::Animation]),
            (chunk(*b"oFFs", &[0; 9]), &[C::PrivateChunk]),
            (chunk(*b"zzZz", b"mine"), &[C::PrivateChunk]),
            (chunk(*b"IHDR", &[0; 13]), &[C::SecondImage]),
        ];
        for (chunks, expected) in cases {
            assert_eq!(classes(&png(chunks)), *expected, "{}", chunks.escape_ascii());
        }
        let odd = inspect(&png(&chunk(*b"a\0<b", b""))).expect("whole");
        assert_eq!(odd.leaks.first().map(|leak| leak.place.as_str()), Some("chunk at byte 33"));
    }

    #[test]
    fn bytes_behind_the_end_are_counted_and_searched() {
        use LeakClass as C;
        let cases: &[(&[u8], &[LeakClass])] = &[
            (b"\0", &[C::TrailingBytes]),
            (&small_png(), &[C::SecondImage, C::TrailingBytes]),
            (b"\x12\x34IDAT\x56", &[C::SecondImage, C::TrailingBytes]),
            (b"\x12\x34\0\0\0\0IEND\xAE\x42\x60\x82", &[C::SecondImage, C::TrailingBytes]),
        ];
        for (behind, expected) in cases {
            let file = [small_png(), behind.to_vec()].concat();
            assert_eq!(classes(&file), *expected, "{}", behind.escape_ascii());
        }
    }

    #[test]
    fn exif_turns_the_picture_wherever_it_is_kept() {
        let tiff = tiff_with_orientation(6);
        let prefixed = [b"Exif\0\0", tiff.as_slice()].concat();
        for file in [
            png(&chunk(*b"eXIf", &tiff)),
            png(&chunk(*b"eXIf", &prefixed)),
            png(&chunk(*b"tEXt", &raw("APP1", &prefixed))),
            png(&chunk(*b"zTXt", &{
                let text = raw("exif", &tiff);
                let (_, body) = split(&text, 0).expect("a keyword");
                [b"Raw profile type exif\0\0".to_vec(), compress_to_vec_zlib(body, 6)].concat()
            })),
        ] {
            assert_eq!(inspect(&file).expect("whole").orientation, Orientation::Rotate90);
        }
    }

    #[test]
    fn an_animation_is_one_leak_and_one_notice() {
        let chunks = [
            chunk(*b"acTL", &[0, 0, 0, 3, 0, 0, 0, 0]),
            chunk(*b"fcTL", &[0; 26]),
            chunk(*b"fdAT", &[0; 9]),
            chunk(*b"fdAT", &[0; 9]),
        ];
        let inspected = inspect(&png(&chunks.concat())).expect("whole");
        assert_eq!(inspected.leaks.len(), 1);
        assert_eq!(inspected.leaks.first().map(|leak| leak.bytes), Some(20 + 38 + 21 + 21));
        assert_eq!(inspected.notices, [Notice::FirstFrameOnly { frames_at_least: 3 }]);
    }

    #[test]
    fn a_bomb_in_a_text_is_listed_but_not_opened() {
        let bomb = compress_to_vec_zlib(&vec![b'0'; 5 << 20], 9);
        let data = [b"Raw profile type exif\0\0".to_vec(), bomb].concat();
        let inspected = inspect(&png(&chunk(*b"zTXt", &data))).expect("whole");
        assert_eq!(inspected.leaks.len(), 2);
        assert_eq!(inspected.notices, [Notice::NotLookedInside]);
    }

    #[test]
    fn every_prefix_is_an_error_or_cut_short() {
        let file = full_png(&full_tiff());
        for end in 8..file.len() {
            let cut = file.get(..end).expect("end is within");
            match inspect(cut) {
                Ok(inspected) => assert_eq!(inspected.ending, Ending::CutShort, "cut at {end}"),
                Err(error) => assert_eq!(error.code(), "malformed"),
            }
        }
    }
}
