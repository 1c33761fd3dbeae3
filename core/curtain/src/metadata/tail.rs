//! Bytes after the end of an image: counted, and searched for further images and video.

use super::finding::Findings;
use super::jpeg;
use super::leak::LeakClass;
use super::read::{be32, find, len, rest, wide};
use super::sniff::{JPEG_START, PNG_SIGNATURE, Refused, boxed};

/// After this many starts of a JPEG that were none, no more are tried: each try may cost a walk over
/// the whole tail.
const MAX_FALSE_STARTS: usize = 16;

/// Samsung's mark in front of the video of a motion photo.
const SAMSUNG_VIDEO: &[u8] = b"MotionPhoto_Data";

/// Adds what stands in `bytes` from `at` on, where the image has ended.
pub(super) fn look(bytes: &[u8], at: usize, findings: &mut Findings) {
    let tail = rest(bytes, at);
    if tail.is_empty() {
        return;
    }
    findings.add(LeakClass::TrailingBytes, place(at), len(tail));
    look_for_jpegs(bytes, at, findings);
    look_for_png(bytes, at, findings);
    look_for_boxes(bytes, at, findings);
}

fn place(at: usize) -> String {
    format!("after the end of the image, at byte {at}")
}

fn look_for_jpegs(bytes: &[u8], from: usize, findings: &mut Findings) {
    let mut from = from;
    let mut false_starts = 0;
    while let Some(at) = find(bytes, from, JPEG_START) {
        let Some(end) = jpeg::end_of_embedded(bytes, at) else {
            false_starts += 1;
            if false_starts > MAX_FALSE_STARTS {
                return;
            }
            from = at + 1;
            continue;
        };
        findings.add(LeakClass::SecondImage, format!("second image at byte {at}"), wide(end - at));
        jpeg::look_into_embedded(bytes, at, end, findings);
        from = end;
    }
}

/// A whole PNG, or what is left of one: editors that wrote a smaller file over a larger one left the end
/// of the uncropped picture behind. [CVE-2023-21036 and CVE-2023-28303]
fn look_for_png(bytes: &[u8], from: usize, findings: &mut Findings) {
    let whole = find(bytes, from, PNG_SIGNATURE);
    let left_over = || find(bytes, from, b"IDAT").or_else(|| find(bytes, from, b"IEND\xAE\x42\x60\x82"));
    if let Some(at) = whole.or_else(left_over) {
        let place = format!("second image at byte {at}");
        findings.add(LeakClass::SecondImage, place, len(rest(bytes, at)));
    }
}

/// A video or a HEIF picture, by its file type box. [ISO/IEC 14496-12, 4.3]
fn look_for_boxes(bytes: &[u8], from: usize, findings: &mut Findings) {
    let mut video = false;
    let mut name_at = from;
    while let Some(found) = find(bytes, name_at, b"ftyp") {
        name_at = found + 4;
        let at = found.saturating_sub(4);
        let sized = be32(bytes, at).is_some_and(|size| (12..=1024).contains(&size));
        let class = match boxed(rest(bytes, at)).filter(|_| sized && at >= from) {
            Some(Refused::Video) if video => continue,
            Some(Refused::Video) => LeakClass::MotionVideo,
            Some(_) => LeakClass::SecondImage,
            None => continue,
        };
        video |= class == LeakClass::MotionVideo;
        findings.add(class, place(at), len(rest(bytes, at)));
    }
    if let (false, Some(at)) = (video, find(bytes, from, SAMSUNG_VIDEO)) {
        findings.add(LeakClass::MotionVideo, place(at), len(rest(bytes, at)));
    }
}
