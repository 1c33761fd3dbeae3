//! The parts of a JPEG file, in order: marker segments, bytes that belong to none, and the end.
//!
//! [ITU-T T.81, Annex B]. The walk follows what decoders do rather than what the standard demands:
//! bytes between segments are skipped up to the next marker, and told.

use super::photoshop;
use super::read::{at_most, be16, len, name, next, rest, split, wide};

/// One part of a JPEG file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'a> {
    Segment(Segment<'a>),
    /// Bytes where a marker was due.
    Garbage {
        at: usize,
        bytes: usize,
    },
    /// The end-of-image marker; `after` is the offset behind it.
    End {
        after: usize,
    },
    /// The file stops before its end-of-image marker.
    CutShort,
    /// A segment whose length does not even cover itself.
    BadLength {
        at: usize,
    },
}

/// A marker segment with a length. [T.81, B.1.1.4]
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    /// The second byte of the marker.
    pub(super) marker: u8,
    /// Offset of the marker in the file.
    pub(super) at: usize,
    /// Size with marker and length, as far as it is there.
    pub(super) bytes: u64,
    /// What follows the length, as far as it is there.
    pub(super) payload: &'a [u8],
}

/// Markers by their second byte. [T.81, table B.1]
pub(super) mod marker {
    pub(in super::super) const TEM: u8 = 0x01;
    pub(in super::super) const DHT: u8 = 0xC4;
    pub(in super::super) const JPG: u8 = 0xC8;
    pub(in super::super) const DAC: u8 = 0xCC;
    pub(in super::super) const RST0: u8 = 0xD0;
    pub(in super::super) const RST7: u8 = 0xD7;
    pub(in super::super) const SOI: u8 = 0xD8;
    pub(in super::super) const EOI: u8 = 0xD9;
    pub(in super::super) const SOS: u8 = 0xDA;
    pub(in super::super) const DQT: u8 = 0xDB;
    pub(in super::super) const DNL: u8 = 0xDC;
    pub(in super::super) const DRI: u8 = 0xDD;
    pub(in super::super) const EXP: u8 = 0xDF;
    pub(in super::super) const APP0: u8 = 0xE0;
    pub(in super::super) const APP15: u8 = 0xEF;
    pub(in super::super) const COM: u8 = 0xFE;
}

/// What a segment holds, by marker and the identifier that its payload starts with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    /// Needed to decode the picture.
    Coding,
    /// The size of the picture.
    Frame {
        width: u16,
        height: u16,
    },
    /// A frame header that is too short.
    BadFrame,
    /// The number of lines, where the frame header left it open.
    Lines(u16),
    /// JFIF header: bytes of its thumbnail, and bytes beyond it.
    Jfif {
        thumbnail: u64,
        beyond: u64,
    },
    JfifExtension,
    Exif(&'a [u8]),
    Xmp(&'a [u8]),
    ExtendedXmp(&'a [u8]),
    /// One chunk of a profile: its number and how many there are, both from 1 on.
    Icc {
        number: u8,
        of: u8,
        data: &'a [u8],
    },
    Mpf,
    GainMap,
    C2pa,
    Photoshop(&'a [u8]),
    /// The Adobe segment that says how colours are coded: bytes beyond the standard twelve.
    AdobeColour {
        beyond: u64,
    },
    Comment(&'a [u8]),
    /// Anything else.
    Application,
}

impl<'a> Segment<'a> {
    /// What the segment holds.
    pub(super) fn content(&self) -> Content<'a> {
        let payload = self.payload;
        match self.marker {
            marker::DNL => be16(payload, 0).map_or(Content::Coding, Content::Lines),
            marker::DHT | marker::DAC | marker::SOS..=marker::EXP => Content::Coding,
            0xC0..=0xCF if self.marker != marker::JPG => frame(payload).unwrap_or(Content::BadFrame),
            marker::APP0 => app0(payload),
            0xE1 => app1(payload),
            0xE2 => app2(payload),
            // JUMBF in APP11: "JP", instance, sequence number, box length, box type.
            // [ISO/IEC 19566-5, Annex D]; other boxes there belong to JPEG XT. [ISO/IEC 18477-3]
            0xEB if payload.starts_with(b"JP") && name(payload, 12) == Some(*b"jumb") => Content::C2pa,
            0xED => app13(payload),
            // [Adobe Technical Note 5116, "Application-specific marker"]
            0xEE if payload.starts_with(b"Adobe") && payload.len() >= ADOBE_BYTES => {
                Content::AdobeColour { beyond: len(rest(payload, ADOBE_BYTES)) }
            }
            marker::COM => Content::Comment(payload),
            _ => Content::Application,
        }
    }

    /// The name of the marker, as the standard has it.
    pub(super) fn name(&self) -> String {
        match self.marker {
            marker::APP0..=marker::APP15 => format!("APP{}", self.marker - marker::APP0),
            marker::COM => "COM".to_owned(),
            other => format!("marker 0xFF{other:02X}"),
        }
    }
}

/// Identifier, version, two flag words and the colour transform.
const ADOBE_BYTES: usize = 12;

/// [T.81, B.2.2]: precision, lines, samples per line.
fn frame<'a>(payload: &[u8]) -> Option<Content<'a>> {
    Some(Content::Frame { height: be16(payload, 1)?, width: be16(payload, 3)? })
}

/// [JFIF 1.02, "JFIF APP0 marker" and "JFIF extension"]
fn app0<'a>(payload: &[u8]) -> Content<'a> {
    if payload.starts_with(b"JFXX\0") {
        return Content::JfifExtension;
    }
    let (true, Some(&width), Some(&height)) =
        (payload.starts_with(b"JFIF\0"), payload.get(12), payload.get(13))
    else {
        return Content::Application;
    };
    let behind = len(rest(payload, 14));
    let thumbnail = (3 * u64::from(width) * u64::from(height)).min(behind);
    Content::Jfif { thumbnail, beyond: behind - thumbnail }
}

fn app1(payload: &[u8]) -> Content<'_> {
    // [Exif 2.32, 4.7.2]; the sixth byte is padding, and readers do not check it.
    if payload.starts_with(b"Exif\0") {
        return Content::Exif(rest(payload, 6));
    }
    // [XMP part 3, 1.1.3 and 1.1.3.1]
    if let Some(packet) = payload.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
        return Content::Xmp(packet);
    }
    match payload.strip_prefix(b"http://ns.adobe.com/xmp/extension/\0") {
        // Behind it: a 32-byte identifier, the full length, and the offset of this part.
        Some(part) => Content::ExtendedXmp(rest(part, 40)),
        None => Content::Application,
    }
}

fn app2(payload: &[u8]) -> Content<'_> {
    // [ICC.1:2022, B.4]
    if let Some([number, of, data @ ..]) = payload.strip_prefix(b"ICC_PROFILE\0") {
        return Content::Icc { number: *number, of: *of, data };
    }
    // [CIPA DC-007, MP extensions in APP2]
    if payload.starts_with(b"MPF\0") {
        return Content::Mpf;
    }
    // [ISO 21496-1, JPEG carriage]
    if payload.starts_with(b"urn:iso:std:iso:ts:21496:-1\0") {
        return Content::GainMap;
    }
    Content::Application
}

fn app13(payload: &[u8]) -> Content<'_> {
    if let Some(block) = payload.strip_prefix(b"Photoshop 3.0\0") {
        return Content::Photoshop(block);
    }
    // Version 2.5 ended its identifier with a line of text in place of a zero.
    match split(payload, b':') {
        Some((b"Adobe_Photoshop2.5", block)) => Content::Photoshop(block),
        _ if photoshop::resources(payload).next().is_some() => Content::Photoshop(payload),
        _ => Content::Application,
    }
}

/// The parts of the JPEG file that starts at `at` with its start-of-image marker.
pub(super) fn parts(bytes: &[u8], at: usize) -> Parts<'_> {
    Parts { bytes, at: at + 2, state: State::Markers }
}

/// Iterator over the parts; the last one is an end of some kind.
pub(super) struct Parts<'a> {
    bytes: &'a [u8],
    at: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Markers,
    /// Behind a scan header: compressed data up to the next marker.
    Compressed,
    Over,
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        if self.state == State::Over {
            return None;
        }
        if self.state == State::Compressed {
            self.at = end_of_scan(self.bytes, self.at);
            self.state = State::Markers;
        }
        let part = self.part();
        if !matches!(part, Part::Segment(_) | Part::Garbage { .. }) {
            self.state = State::Over;
        }
        Some(part)
    }
}

impl<'a> Parts<'a> {
    fn part(&mut self) -> Part<'a> {
        let at = self.at;
        let Some(found) = next_marker(self.bytes, at) else {
            self.at = self.bytes.len();
            let left = rest(self.bytes, at);
            // A marker that is cut in two is not garbage.
            if left.iter().all(|&byte| byte == 0xFF) {
                return Part::CutShort;
            }
            return Part::Garbage { at, bytes: left.len() };
        };
        if found.at > at {
            self.at = found.at;
            return Part::Garbage { at, bytes: found.at - at };
        }
        self.at = found.behind;
        match found.marker {
            marker::EOI => return Part::End { after: found.behind },
            // These have no length, and no meaning here. [T.81, B.1.1.3]
            marker::TEM | marker::RST0..=marker::RST7 | marker::SOI => {
                return Part::Garbage { at, bytes: found.behind - at };
            }
            _ => {}
        }
        let Some(length) = be16(self.bytes, found.behind).map(usize::from) else {
            self.at = self.bytes.len();
            return Part::CutShort;
        };
        if length < 2 {
            return Part::BadLength { at };
        }
        let payload = at_most(self.bytes, found.behind + 2, length - 2);
        self.at = found.behind + 2 + payload.len();
        if found.marker == marker::SOS {
            self.state = State::Compressed;
        }
        Part::Segment(Segment { marker: found.marker, at, bytes: wide(self.at - at), payload })
    }
}

struct Found {
    /// Offset of the first `FF` of the marker, fill bytes included.
    at: usize,
    marker: u8,
    behind: usize,
}

/// The next marker from `from` on: any number of `FF` and then neither `FF` nor 0. [T.81, B.1.1.2]
fn next_marker(bytes: &[u8], from: usize) -> Option<Found> {
    let mut from = from;
    loop {
        let at = next(bytes, from, 0xFF)?;
        let fill = rest(bytes, at).iter().position(|&byte| byte != 0xFF)?;
        let marker = *bytes.get(at + fill)?;
        if marker != 0 {
            return Some(Found { at, marker, behind: at + fill + 1 });
        }
        from = at + fill + 1;
    }
}

/// Where the compressed data that starts at `from` stops: at the first marker that is not a restart.
/// A zero behind `FF` stands for the `FF` itself. [T.81, B.1.1.5 and F.1.2.3]
fn end_of_scan(bytes: &[u8], from: usize) -> usize {
    let mut from = from;
    while let Some(at) = next(bytes, from, 0xFF) {
        match bytes.get(at + 1) {
            Some(0 | marker::RST0..=marker::RST7) => from = at + 2,
            // Fill: the marker may follow.
            Some(0xFF) => from = at + 1,
            Some(_) => return at,
            None => break,
        }
    }
    bytes.len()
}
