//! What a JPEG file would give away.

use std::borrow::Cow;

use super::finding::{Findings, Seen, Speaks};
use super::jpeg_parts::{Content, Part, Segment, marker, parts};
use super::leak::LeakClass;
use super::photoshop::{self, InnerExif};
use super::read::{at_most, len, rest, wide};
use super::xmp::{self, Claims};
use super::{Ending, InspectError, Notice, exif, tail};

/// Walks the file from its start-of-image marker to its last byte.
pub(super) fn inspect(bytes: &[u8], findings: &mut Findings) -> Result<Seen, InspectError> {
    let image = report(bytes, 0, findings);
    if let Some((what, at)) = image.damage {
        return Err(InspectError::Malformed { what, at: wide(at) });
    }
    let malformed = |what| InspectError::Malformed { what, at: wide(image.end) };
    let (width, height) = image.size.ok_or(malformed("no frame header gives the size"))?;
    if width == 0 || height == 0 {
        return Err(malformed("width or height is zero"));
    }
    if image.ending == Ending::Complete {
        if !image.has_scan {
            return Err(malformed("no scan holds the picture"));
        }
        tail::look(bytes, image.end, findings);
    }
    Ok(Seen { width: width.into(), height: height.into(), ending: image.ending })
}

/// Where the JPEG that starts at `at` inside another file ends; `None` if none starts there after all.
pub(super) fn end_of_embedded(bytes: &[u8], at: usize) -> Option<usize> {
    let mut framed = false;
    let mut segments = 0;
    for part in parts(bytes, at) {
        match part {
            Part::Segment(segment) => {
                framed |= matches!(segment.content(), Content::Frame { .. });
                segments += 1;
                if segments == 1 && !may_come_first(segment.marker) {
                    return None;
                }
            }
            Part::CutShort if segments > 0 => return Some(bytes.len()),
            Part::End { after } if framed => return Some(after),
            Part::Garbage { at, .. } | Part::BadLength { at } if framed => return Some(at),
            _ => return None,
        }
    }
    None
}

/// Markers that follow a start of image in practice.
fn may_come_first(marker: u8) -> bool {
    matches!(marker, marker::APP0..=marker::APP15 | marker::COM | marker::DQT | marker::DHT | marker::DRI | 0xC0..=0xC2)
}

/// Adds what the JPEG that starts at `at` inside another file carries, itself not included.
pub(super) fn look_into_embedded(bytes: &[u8], at: usize, end: usize, findings: &mut Findings) {
    report(at_most(bytes, 0, end), at, findings);
}

/// What one image of the file turned out to be.
struct Image {
    size: Option<(u16, u16)>,
    has_scan: bool,
    end: usize,
    ending: Ending,
    damage: Option<(&'static str, usize)>,
}

/// Adds the leaks of the image that starts at `start`; all but the first image start behind 0.
fn report(bytes: &[u8], start: usize, findings: &mut Findings) -> Image {
    let mut image =
        Image { size: None, has_scan: false, end: bytes.len(), ending: Ending::CutShort, damage: None };
    let mut reporter = Reporter { start, findings, exif: ExifRuns::default(), extended: None };
    for part in parts(bytes, start) {
        match part {
            Part::Segment(segment) => {
                image.has_scan |= segment.marker == marker::SOS;
                reporter.segment(&segment);
                image.note(&segment);
            }
            Part::Garbage { at, bytes } => {
                let place = reporter.place("between segments,", at);
                reporter.findings.add(LeakClass::UnreferencedBytes, place, wide(bytes));
            }
            Part::End { after } => {
                image.end = after;
                image.ending = Ending::Complete;
            }
            Part::CutShort => {}
            Part::BadLength { at } => image.damage = Some(("segment length below two", at)),
        }
    }
    reporter.finish();
    image
}

impl Image {
    /// Keeps the size: the first frame counts, and its number of lines may follow the first scan.
    fn note(&mut self, segment: &Segment<'_>) {
        match (segment.content(), self.size) {
            (Content::Frame { width, height }, None) => self.size = Some((width, height)),
            // [T.81, B.2.5]
            (Content::Lines(lines), Some((width, 0))) => self.size = Some((width, lines)),
            (Content::BadFrame, None) => self.damage = Some(("frame header too short", segment.at)),
            _ => {}
        }
    }
}

/// Turns the segments of one image into leaks.
struct Reporter<'a, 'f> {
    /// Offset of the image in the file; 0 for the picture itself.
    start: usize,
    findings: &'f mut Findings,
    exif: ExifRuns<'a>,
    extended: Option<Extended>,
}

/// Extended XMP, whose parts are read one after the other.
struct Extended {
    place: String,
    bytes: u64,
    claims: Claims,
    /// The end of the last part, so that a name is found that lies across two parts.
    last: Vec<u8>,
}

impl<'a> Reporter<'a, '_> {
    /// `what` at an offset, with the image if it is not the picture itself.
    fn place(&self, what: &str, at: usize) -> String {
        match self.start {
            0 => format!("{what} at byte {at}"),
            start => format!("{what} at byte {at} (second image at byte {start})"),
        }
    }

    fn segment(&mut self, segment: &Segment<'a>) {
        let place = self.place(&segment.name(), segment.at);
        let bytes = segment.bytes;
        let findings = &mut *self.findings;
        match segment.content() {
            Content::Coding
            | Content::Frame { .. }
            | Content::BadFrame
            | Content::Lines(_)
            | Content::AdobeColour { beyond: 0 } => {}
            Content::Jfif { thumbnail, beyond } => {
                if thumbnail > 0 {
                    findings.add(LeakClass::Thumbnail, &*place, thumbnail);
                }
                if beyond > 0 {
                    findings.add(LeakClass::ApplicationData, place, beyond);
                }
            }
            Content::JfifExtension => findings.add(LeakClass::Thumbnail, place, bytes),
            Content::Exif(block) => {
                findings.add(LeakClass::Exif, &*place, bytes);
                self.exif.push(place, block);
            }
            Content::Xmp(packet) => {
                findings.add(LeakClass::Xmp, &*place, bytes);
                xmp::look(packet, &place, findings);
            }
            Content::ExtendedXmp(part) => {
                findings.add_piece(LeakClass::ExtendedXmp, self.start, &place, bytes);
                self.extend_xmp(place, part);
            }
            Content::Icc { .. } => findings.add_piece(LeakClass::Icc, self.start, &place, bytes),
            Content::Mpf => findings.add(LeakClass::Mpf, place, bytes),
            Content::GainMap => findings.add(LeakClass::GainMap, place, bytes),
            Content::C2pa => findings.add_piece(LeakClass::C2pa, self.start, &place, bytes),
            Content::Photoshop(block) => {
                findings.add(LeakClass::Photoshop, &*place, bytes);
                photoshop::look(block, &place, InnerExif::LookedInto, findings);
            }
            Content::AdobeColour { beyond } => findings.add(LeakClass::ApplicationData, place, beyond),
            Content::Comment(_) => findings.add(LeakClass::Comment, place, bytes),
            Content::Application => findings.add(LeakClass::ApplicationData, place, bytes),
        }
    }

    fn extend_xmp(&mut self, place: String, part: &[u8]) {
        let extended = self.extended.get_or_insert_with(|| Extended {
            place,
            bytes: 0,
            claims: Claims::default(),
            last: Vec::new(),
        });
        let mut seam = std::mem::take(&mut extended.last);
        seam.extend_from_slice(at_most(part, 0, xmp::REACH));
        extended.claims.read(&seam);
        extended.claims.read(part);
        extended.bytes += len(part);
        // A part may be shorter than the reach of a name.
        let ahead = if part.len() < xmp::REACH { seam.as_slice() } else { part };
        extended.last = rest(ahead, ahead.len().saturating_sub(xmp::REACH)).to_vec();
    }

    /// Looks into what had to be put together first.
    fn finish(self) {
        let speaks = if self.start == 0 { Speaks::OfThePicture } else { Speaks::OfAnother };
        if self.exif.too_many {
            self.findings.notice(Notice::MoreLeaksThanListed);
        }
        for (place, block) in self.exif.runs {
            exif::look(&block, &place, speaks, self.findings);
        }
        if let Some(Extended { place, bytes, claims, .. }) = self.extended {
            claims.report(&place, bytes, self.findings);
        }
    }
}

/// Exif blocks, put together where one was spread over several segments: a segment that starts no TIFF
/// structure continues the one before.
#[derive(Default)]
pub(super) struct ExifRuns<'a> {
    /// Place of the first segment, and the block.
    pub(super) runs: Vec<(String, Cow<'a, [u8]>)>,
    /// Whether there were more than [`MOST_EXIF_BLOCKS`].
    pub(super) too_many: bool,
}

/// More Exif blocks than this in one image are not looked into; files in the wild have one or two.
const MOST_EXIF_BLOCKS: usize = 64;

impl<'a> ExifRuns<'a> {
    pub(super) fn push(&mut self, place: String, block: &'a [u8]) {
        let full = self.runs.len() >= MOST_EXIF_BLOCKS;
        match self.runs.last_mut() {
            Some((_, whole)) if !exif::starts_tiff(block) => whole.to_mut().extend_from_slice(block),
            _ if full => self.too_many = true,
            _ => self.runs.push((place, Cow::Borrowed(block))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{
        FRAME, SCAN, adobe, classes, full_jpeg, full_tiff, jpeg, resource, segment, small_jpeg,
        tiff_with_orientation,
    };
    use super::super::{LeakClass, Notice, Orientation, inspect};
    use super::*;

    fn app(number: u8, payload: &[u8]) -> Vec<u8> {
        segment(0xE0 + number, payload)
    }

    fn exif_segment(tiff: &[u8]) -> Vec<u8> {
        app(1, &[b"Exif\0\0", tiff].concat())
    }

    /// The classes of a small JPEG with these bytes behind its start of image.
    fn classes_with(segments: &[u8]) -> Vec<LeakClass> {
        classes(&jpeg(segments))
    }

    #[test]
    fn a_bare_picture_leaks_nothing() {
        let inspected = inspect(&small_jpeg()).expect("whole");
        assert_eq!((inspected.width, inspected.height), (3, 2));
        assert_eq!(inspected.ending, Ending::Complete);
        assert_eq!(inspected.leaks, []);
        assert_eq!(inspected.notices, []);
        let header = [app(0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"), adobe()].concat();
        assert_eq!(classes_with(&header), []);
    }

    #[test]
    fn each_segment_has_its_class() {
        use LeakClass as C;
        let iptc = [b"Photoshop 3.0\0".to_vec(), resource(0x0404, b"\x1C\x02\x05\0\x01x")].concat();
        let thumb = [b"Photoshop 3.0\0".to_vec(), resource(0x040C, b"thumb")].concat();
        let cases: &[(Vec<u8>, &[LeakClass])] = &[
            (app(0, b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01rgb"), &[C::Thumbnail]),
            (app(0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0more"), &[C::ApplicationData]),
            (app(0, b"JFXX\0\x10"), &[C::Thumbnail]),
            (app(0, b"AVI1"), &[C::ApplicationData]),
            (exif_segment(&tiff_with_orientation(1)), &[C::Exif]),
            (app(1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"), &[C::Xmp]),
            (app(1, b"http://ns.adobe.com/xap/1.0/\0 exif:GPSLatitude"), &[C::Gps, C::Xmp]),
            (app(1, b"PIC"), &[C::ApplicationData]),
            (app(2, b"ICC_PROFILE\0\x01\x01icc"), &[C::Icc]),
            (app(2, b"MPF\0II*\0"), &[C::Mpf]),
            (app(2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"), &[C::GainMap]),
            (app(2, b"FPXR\0"), &[C::ApplicationData]),
            (app(11, b"JP\0\x01\0\0\0\x01\0\0\0\x20jumb"), &[C::C2pa]),
            (app(11, b"JP\0\x01\0\0\0\x01\0\0\0\x20SPEC"), &[C::ApplicationData]),
            (app(12, b"Ducky"), &[C::ApplicationData]),
            (app(13, &iptc), &[C::Iptc, C::Photoshop]),
            (app(13, &thumb), &[C::Thumbnail, C::Photoshop]),
            (app(13, b"Adobe_CM\0"), &[C::ApplicationData]),
            (app(14, b"Adobe\0\x64\0\0\0\0\x01more"), &[C::ApplicationData]),
            (app(14, b"other"), &[C::ApplicationData]),
            (segment(0xFE, b"hello"), &[C::Comment]),
            ([adobe(), b"junk".to_vec()].concat(), &[C::UnreferencedBytes]),
            (vec![0xFF, 0xD0], &[C::UnreferencedBytes]),
        ];
        for (segments, expected) in cases {
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            assert_eq!(classes_with(segments), expected, "{}", segments.escape_ascii());
        }
    }

    #[test]
    fn extended_xmp_is_read_across_its_parts() {
        let part = |text: &[u8]| {
            app(1, &[b"http://ns.adobe.com/xmp/extension/\0", [b'0'; 40].as_slice(), text].concat())
        };
        let found = classes_with(&[part(b"<a GDe"), part(b"pth:Data='AAAA'/>")].concat());
        assert_eq!(found, [LeakClass::ExtendedXmp, LeakClass::DepthMap]);
    }

    #[test]
    fn bytes_behind_the_end_are_counted_and_searched() {
        use LeakClass as C;
        let second =
            jpeg(&app(1, b"http://ns.adobe.com/xap/1.0/\0 ns:x='http://ns.adobe.com/hdr-gain-map/1.0/'"));
        let cases: &[(&[u8], &[LeakClass])] = &[
            (b"\0\0\0", &[C::TrailingBytes]),
            (&second, &[C::Xmp, C::SecondImage, C::GainMap, C::TrailingBytes]),
            (b"\0\0\0\x14ftypmp42\0\0\0\0isommoov", &[C::MotionVideo, C::TrailingBytes]),
            (b"MotionPhoto_Data....", &[C::MotionVideo, C::TrailingBytes]),
            (b"\xFF\xD8\xFF\xD8\xFF\xD8\xFF", &[C::TrailingBytes]),
        ];
        for (behind, expected) in cases {
            let file = [small_jpeg(), behind.to_vec()].concat();
            assert_eq!(classes(&file), *expected, "{}", behind.escape_ascii());
            let leaks = inspect(&file).expect("whole").leaks;
            let trailing = leaks.iter().find(|leak| leak.class == C::TrailingBytes);
            assert_eq!(trailing.map(|leak| leak.bytes), Some(len(behind)));
        }
    }

    #[test]
    fn metadata_of_a_second_image_is_placed_there_and_turns_nothing() {
        let first = small_jpeg();
        let file = [first.clone(), jpeg(&exif_segment(&full_tiff()))].concat();
        let inspected = inspect(&file).expect("whole");
        assert_eq!(inspected.orientation, Orientation::Upright);
        let gps = inspected.leaks.iter().find(|leak| leak.class == LeakClass::Gps).expect("there");
        assert!(gps.place.ends_with(&format!("(second image at byte {})", first.len())), "{}", gps.place);
    }

    #[test]
    fn the_first_of_two_orientations_counts() {
        let two = [exif_segment(&tiff_with_orientation(6)), exif_segment(&tiff_with_orientation(3))].concat();
        let inspected = inspect(&jpeg(&two)).expect("whole");
        assert_eq!(inspected.orientation, Orientation::Rotate90);
        assert_eq!(inspected.notices, [Notice::OrientationDisagrees]);
    }

    #[test]
    fn exif_spread_over_two_segments_is_put_together() {
        let tiff = tiff_with_orientation(8);
        let (head, tail) = tiff.split_at(14);
        let inspected = inspect(&jpeg(&[exif_segment(head), exif_segment(tail)].concat())).expect("whole");
        assert_eq!(inspected.orientation, Orientation::Rotate270);
        assert_eq!(inspected.notices, []);
        assert_eq!(inspected.leaks.len(), 2);
    }

    #[test]
    fn stuffed_bytes_restarts_and_fill_do_not_end_a_scan() {
        let scans = [SCAN, b"\x11\xFF\x00\x22\xFF\xD3\x33\xFF\xFF", SCAN, b"\x44\xFF\x00"].concat();
        let file = [b"\xFF\xD8", FRAME, scans.as_slice(), b"\xFF\xD9"].concat();
        let inspected = inspect(&file).expect("whole");
        assert_eq!(inspected.leaks, []);
        assert_eq!(inspected.ending, Ending::Complete);
    }

    #[test]
    fn every_prefix_is_an_error_or_cut_short() {
        let file = full_jpeg();
        for end in 2..file.len() {
            let cut = file.get(..end).expect("end is within");
            match inspect(cut) {
                Ok(inspected) => assert_eq!(inspected.ending, Ending::CutShort, "cut at {end}"),
                Err(error) => assert!(!error.code().is_empty()),
            }
        }
    }
}
