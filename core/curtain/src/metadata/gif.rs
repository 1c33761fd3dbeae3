//! What a GIF file would give away. [Graphics Interchange Format, version 89a]

use super::finding::{Findings, Seen};
use super::leak::LeakClass;
use super::photoshop::{self, InnerExif};
use super::read::{le16, piece, rest, wide};
use super::{Ending, InspectError, Notice, tail, xmp};

/// Signature and version, then the logical screen descriptor. [GIF 89a, 17 and 18]
const HEADER_BYTES: usize = 13;

/// Walks the file from its header to its last byte.
pub(super) fn inspect(bytes: &[u8], findings: &mut Findings) -> Result<Seen, InspectError> {
    let malformed = |what, at| Err(InspectError::Malformed { what, at: wide(at) });
    let (Some(width), Some(height)) = (le16(bytes, 6), le16(bytes, 8)) else {
        return malformed("logical screen descriptor cut short", bytes.len());
    };
    if width == 0 || height == 0 {
        return malformed("width or height is zero", 6);
    }
    let mut ending = Ending::CutShort;
    let mut frames = 0_u32;
    for block in blocks(bytes) {
        match block {
            Block::Frame { at, bytes } => {
                frames = frames.saturating_add(1);
                if frames > 1 {
                    findings.add_piece(LeakClass::Animation, 0, &format!("image at byte {at}"), wide(bytes));
                }
            }
            Block::Extension(extension) => report(&extension, findings),
            Block::Garbage { at, bytes } => {
                let place = format!("between blocks, at byte {at}");
                findings.add(LeakClass::UnreferencedBytes, place, wide(bytes));
            }
            Block::Trailer { after } => {
                ending = Ending::Complete;
                if frames == 0 {
                    return malformed("no image before the trailer", after);
                }
                tail::look(bytes, after, findings);
            }
        }
    }
    if frames > 1 {
        findings.notice(Notice::FirstFrameOnly { frames_at_least: frames });
    }
    Ok(Seen { width: width.into(), height: height.into(), ending })
}

/// Labels of extensions. [GIF 89a, Appendix A]
mod label {
    pub(super) const PLAIN_TEXT: u8 = 0x01;
    pub(super) const GRAPHIC_CONTROL: u8 = 0xF9;
    pub(super) const COMMENT: u8 = 0xFE;
    pub(super) const APPLICATION: u8 = 0xFF;
}

/// A graphic control extension: introducer, label, one sub-block of four bytes, terminator. [GIF 89a, 23]
const GRAPHIC_CONTROL_BYTES: usize = 8;

fn report(extension: &Extension<'_>, findings: &mut Findings) {
    let at = extension.at;
    let bytes = wide(extension.bytes);
    let place = format!("application extension at byte {at}");
    match extension.content() {
        Content::GraphicControl => {
            let beyond = extension.bytes.saturating_sub(GRAPHIC_CONTROL_BYTES);
            if beyond > 0 {
                let place = format!("graphic control extension at byte {at}");
                findings.add(LeakClass::ApplicationData, place, wide(beyond));
            }
        }
        Content::Comment => {
            findings.add(LeakClass::Comment, format!("comment extension at byte {at}"), bytes);
        }
        Content::PlainText => {
            findings.add(LeakClass::Comment, format!("plain text extension at byte {at}"), bytes);
        }
        Content::Loop => findings.add_piece(LeakClass::Animation, 0, &place, bytes),
        Content::Xmp(packet) => {
            findings.add(LeakClass::Xmp, &*place, bytes);
            xmp::look(packet, &place, findings);
        }
        Content::Photoshop => {
            findings.add(LeakClass::Photoshop, &*place, bytes);
            photoshop::look(&extension.joined(MAX_JOINED), &place, InnerExif::LookedInto, findings);
        }
        Content::Icc => findings.add(LeakClass::Icc, place, bytes),
        Content::Iptc => findings.add(LeakClass::Iptc, place, bytes),
        Content::C2pa => findings.add(LeakClass::C2pa, place, bytes),
        Content::Application => findings.add(LeakClass::ApplicationData, place, bytes),
        Content::Unknown => {
            findings.add(LeakClass::ApplicationData, format!("extension at byte {at}"), bytes);
        }
    }
}

/// Sub-blocks are put together up to this size.
const MAX_JOINED: usize = 1 << 20;

/// One part of a GIF file behind its header.
pub(super) enum Block<'a> {
    Frame { at: usize, bytes: usize },
    Extension(Extension<'a>),
    Garbage { at: usize, bytes: usize },
    Trailer { after: usize },
}

/// An extension block. [GIF 89a, 23 to 26]
pub(super) struct Extension<'a> {
    pub(super) at: usize,
    /// Size in the file, as far as it is there.
    bytes: usize,
    label: u8,
    /// The sub-blocks with their sizes.
    data: &'a [u8],
}

/// What an extension holds, by its label and application identifier.
pub(super) enum Content<'a> {
    GraphicControl,
    Comment,
    PlainText,
    /// How often an animation repeats.
    Loop,
    Xmp(&'a [u8]),
    Icc,
    Iptc,
    Photoshop,
    C2pa,
    Application,
    Unknown,
}

impl<'a> Extension<'a> {
    pub(super) fn content(&self) -> Content<'a> {
        match self.label {
            label::GRAPHIC_CONTROL => Content::GraphicControl,
            label::COMMENT => Content::Comment,
            label::PLAIN_TEXT => Content::PlainText,
            label::APPLICATION => self.application(),
            _ => Content::Unknown,
        }
    }

    /// Identifier and authentication code fill the first sub-block. [GIF 89a, 26]
    fn application(&self) -> Content<'a> {
        let Some([11, name @ ..]) = self.data.get(..12) else { return Content::Application };
        match name {
            b"NETSCAPE2.0" | b"ANIMEXTS1.0" => Content::Loop,
            // The packet is not cut into sub-blocks. [XMP part 3, 1.1.2]
            b"XMP DataXMP" => Content::Xmp(rest(self.data, 12)),
            // [ICC.1:2022, B.5]
            b"ICCRGBG1012" => Content::Icc,
            // ImageMagick's own.
            b"MGKIPTC0000" => Content::Iptc,
            b"MGK8BIM0000" => Content::Photoshop,
            // [C2PA Specification, embedding in GIF]
            [b'C', b'2', b'P', b'A', b'_', b'G', b'I', b'F', ..] => Content::C2pa,
            _ => Content::Application,
        }
    }

    /// The content of the sub-blocks, without an application identifier, up to `most` bytes.
    pub(super) fn joined(&self, most: usize) -> Vec<u8> {
        let mut joined = Vec::new();
        let mut at = if self.label == label::APPLICATION { 12 } else { 0 };
        while let Some(&size @ 1..) = self.data.get(at) {
            let size = usize::from(size);
            let piece = super::read::at_most(self.data, at + 1, size.min(most - joined.len()));
            joined.extend_from_slice(piece);
            at += 1 + size;
        }
        joined
    }
}

/// The blocks behind the header, up to the trailer or the end of the file.
pub(super) fn blocks(bytes: &[u8]) -> Blocks<'_> {
    let flags = bytes.get(10).copied().unwrap_or(0);
    Blocks { bytes, at: HEADER_BYTES + colour_table_bytes(flags), over: false }
}

/// Size of a global or local colour table. [GIF 89a, 18 and 20]
fn colour_table_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

pub(super) struct Blocks<'a> {
    bytes: &'a [u8],
    at: usize,
    over: bool,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        if self.over {
            return None;
        }
        let at = self.at;
        Some(match self.bytes.get(at)? {
            b',' => {
                self.at = self.end_of_image(at);
                Block::Frame { at, bytes: self.at - at }
            }
            b'!' => {
                self.at = end_of_sub_blocks(self.bytes, at + 2);
                let label = self.bytes.get(at + 1).copied().unwrap_or(0);
                let data = piece(self.bytes, at + 2, self.at.saturating_sub(at + 2)).unwrap_or_default();
                Block::Extension(Extension { at, bytes: self.at - at, label, data })
            }
            b';' => {
                self.over = true;
                Block::Trailer { after: at + 1 }
            }
            _ => {
                let starts_block = |byte: &u8| matches!(byte, b',' | b'!' | b';');
                let garbage = rest(self.bytes, at);
                let bytes = garbage.iter().position(starts_block).unwrap_or(garbage.len());
                self.at = at + bytes;
                Block::Garbage { at, bytes }
            }
        })
    }
}

impl Blocks<'_> {
    /// Separator and descriptor, local colour table, LZW code size, sub-blocks. [GIF 89a, 20 to 22]
    fn end_of_image(&self, at: usize) -> usize {
        let flags = self.bytes.get(at + 9).copied().unwrap_or(0);
        end_of_sub_blocks(self.bytes, at + 10 + colour_table_bytes(flags) + 1)
    }
}

/// Where a chain of sub-blocks ends: behind the first empty one. [GIF 89a, 15 and 16]
fn end_of_sub_blocks(bytes: &[u8], at: usize) -> usize {
    let mut at = at;
    while let Some(&size) = bytes.get(at) {
        at += 1 + usize::from(size);
        if size == 0 {
            return at;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::super::inspect;
    use super::super::samples::{classes, extension, full_gif, gif, gif_frame, resource, small_gif};
    use super::*;

    fn application(name: &[u8; 11], data: &[u8]) -> Vec<u8> {
        extension(0xFF, &[name, data])
    }

    #[test]
    fn a_bare_picture_leaks_nothing() {
        let inspected = inspect(&small_gif()).expect("whole");
        assert_eq!((inspected.width, inspected.height), (3, 2));
        assert_eq!(inspected.ending, Ending::Complete);
        assert_eq!(inspected.leaks, []);
        assert_eq!(classes(&gif(&extension(0xF9, &[&[0; 4]]))), []);
    }

    #[test]
    fn each_block_has_its_class() {
        use LeakClass as C;
        let mut xmp = b"\x21\xFF\x0BXMP DataXMP<x exif:GPSLatitude=''/>\x01".to_vec();
        xmp.extend((0..=255).rev());
        xmp.push(0);
        let cases: &[(Vec<u8>, &[LeakClass])] = &[
            (extension(0xFE, &[b"hello"]), &[C::Comment]),
            (extension(0x01, &[&[0; 12], b"hello"]), &[C::Comment]),
            (extension(0xF9, &[&[0; 4], b"more"]), &[C::ApplicationData]),
            (extension(0x77, &[b"what"]), &[C::ApplicationData]),
            (application(b"NETSCAPE2.0", b"\x01\0\0"), &[C::Animation]),
            (application(b"ANIMEXTS1.0", b"\x01\0\0"), &[C::Animation]),
            (application(b"ICCRGBG1012", b"icc"), &[C::Icc]),
            (application(b"MGKIPTC0000", b"iptc"), &[C::Iptc]),
            (application(b"MGK8BIM0000", &resource(0x0404, b"x")), &[C::Iptc, C::Photoshop]),
            (application(b"C2PA_GIF\x01\0\0", b"jumb"), &[C::C2pa]),
            (application(b"fractint001", b"what"), &[C::ApplicationData]),
            (xmp, &[C::Gps, C::Xmp]),
            (b"\0\0".to_vec(), &[C::UnreferencedBytes]),
            (gif_frame(), &[C::Animation]),
        ];
        for (blocks, expected) in cases {
            assert_eq!(classes(&gif(blocks)), *expected, "{}", blocks.escape_ascii());
        }
        let behind = [small_gif(), b"\0".to_vec()].concat();
        assert_eq!(classes(&behind), [C::TrailingBytes]);
    }

    #[test]
    fn further_frames_are_one_leak_and_one_notice() {
        let inspected = inspect(&gif(&[gif_frame(), gif_frame()].concat())).expect("whole");
        assert_eq!(inspected.leaks.len(), 1);
        assert_eq!(inspected.notices, [Notice::FirstFrameOnly { frames_at_least: 3 }]);
    }

    #[test]
    fn every_prefix_is_an_error_or_cut_short() {
        let file = full_gif();
        for end in 6..file.len() {
            let cut = file.get(..end).expect("end is within");
            match inspect(cut) {
                Ok(inspected) => assert_eq!(inspected.ending, Ending::CutShort, "cut at {end}"),
                Err(error) => assert_eq!(error.code(), "malformed"),
            }
        }
    }
}
