//! What an Exif block gives away, and which way up it holds the picture. The only importer of the
//! `exif` crate.

use std::fmt::Write as _;

use ::exif::{Context, Exif, In, Reader, Tag, Value as Field};

use super::finding::{Findings, Speaks};
use super::leak::LeakClass;
use super::photoshop::{self, InnerExif};
use super::tiff::{self, OWNER_OR_SERIAL, Walk};
use super::values::{Text, Texts};
use super::{Notice, Orientation, xmp};

/// Blocks larger than this are not read for their values: cameras stay below 64 KiB.
const MAX_VALUES_BLOCK: usize = 1 << 20;
/// The values of one block may take up this much once parsed.
const MAX_PARSED_BYTES: usize = 8 << 20;

/// Adds what lies inside the Exif block found at `place`. The block as a whole is the caller's to add.
pub(super) fn look(block: &[u8], place: &str, speaks: Speaks, findings: &mut Findings) {
    let tiff = without_prefix(block);
    let walk = tiff::walk(tiff);
    if walk.damaged {
        findings.notice(Notice::DamagedExif);
    }
    if let (Speaks::OfThePicture, Some(orientation)) = (speaks, orientation(tiff, &walk)) {
        findings.orient(orientation);
    }
    for find in &walk.finds {
        let place = format!("{} in {place}", find.ifd.name());
        findings.add(find.class, &*place, find.bytes);
        match find.class {
            LeakClass::Xmp => xmp::look(find.data, &place, findings),
            LeakClass::Photoshop => photoshop::look(find.data, &place, InnerExif::OnlyNamed, findings),
            _ => {}
        }
    }
}

/// The TIFF structure of a block. The prefix belongs to JPEG, but PNG and WebP writers keep it at times.
/// [Exif 2.32, 4.7.2]
pub(super) fn without_prefix(block: &[u8]) -> &[u8] {
    block.strip_prefix(b"Exif\0\0").unwrap_or(block)
}

/// Whether `block` begins a TIFF structure, rather than continuing one.
pub(super) fn starts_tiff(block: &[u8]) -> bool {
    matches!(block.get(..2), Some(b"II" | b"MM"))
}

/// The orientation that the first IFD gives, if it is one of the eight.
fn orientation(tiff: &[u8], walk: &Walk<'_>) -> Option<Orientation> {
    let read = || parse(tiff, walk)?.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0);
    read().and_then(Orientation::from_exif).or_else(|| Orientation::from_exif(walk.orientation?))
}

/// Parses the block, unless the walk gave up on it: in a block of overlapping IFDs the parser takes
/// memory that grows with the square of the block (kamadak-exif 0.6.2, `parse_child_ifd`).
fn parse(tiff: &[u8], walk: &Walk<'_>) -> Option<Exif> {
    if walk.gave_up {
        return None;
    }
    let read = Reader::new().continue_on_error(true).read_raw(tiff.to_vec());
    read.or_else(|error| error.distill_partial_result(drop)).ok()
}

/// Adds the fields of a block to `texts`, as far as they can be parsed.
pub(super) fn read_texts(block: &[u8], texts: &mut Texts) {
    let tiff = without_prefix(block);
    if tiff.len() > MAX_VALUES_BLOCK {
        return;
    }
    let Some(exif) = parse(tiff, &tiff::walk(tiff)) else { return };
    let mut parsed = 0;
    for field in exif.fields() {
        parsed += parsed_bytes(&field.value);
        if parsed > MAX_PARSED_BYTES || texts.is_full() {
            return;
        }
        let mut text = Text::default();
        // The text refuses to grow past its limit, and that is the only way in which it can fail.
        let _cut = write!(text, "{}", field.display_value().with_unit(&exif));
        texts.add(class(field.tag), &field.tag.to_string(), text);
    }
}

/// The class that one field belongs to.
fn class(tag: Tag) -> LeakClass {
    match tag {
        Tag(Context::Gps, _) => LeakClass::Gps,
        Tag::MakerNote => LeakClass::MakerNote,
        Tag(_, number) if OWNER_OR_SERIAL.contains(&number) => LeakClass::OwnerOrSerial,
        _ => LeakClass::Exif,
    }
}

/// Roughly what a parsed value takes up. Values are parsed one by one as they are asked for.
fn parsed_bytes(value: &Field) -> usize {
    match value {
        Field::Byte(values) | Field::Undefined(values, _) => values.len(),
        Field::SByte(values) => values.len(),
        Field::Ascii(values) => values.iter().map(|text| size_of_val(text) + text.len()).sum(),
        Field::Short(values) => size_of_val(values.as_slice()),
        Field::SShort(values) => size_of_val(values.as_slice()),
        Field::Long(values) => size_of_val(values.as_slice()),
        Field::SLong(values) => size_of_val(values.as_slice()),
        Field::Float(values) => size_of_val(values.as_slice()),
        Field::Rational(values) => size_of_val(values.as_slice()),
        Field::SRational(values) => size_of_val(values.as_slice()),
        Field::Double(values) => size_of_val(values.as_slice()),
        Field::Unknown(..) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Seen;
    use super::super::samples::{FULL_TIFF_CLASSES, full_tiff, overlapping_tiff, tiff_with_orientation};
    use super::super::{Ending, Format, Inspected};
    use super::*;

    fn looked(block: &[u8]) -> Inspected {
        let mut findings = Findings::default();
        look(block, "APP1 at byte 2", Speaks::OfThePicture, &mut findings);
        let seen = Seen { width: 1, height: 1, ending: Ending::Complete };
        findings.into_inspected(Format::Jpeg, &seen)
    }

    #[test]
    fn each_class_inside_an_exif_block_is_found() {
        let inspected = looked(&full_tiff());
        let mut classes: Vec<_> = inspected.leaks.iter().map(|leak| leak.class).collect();
        classes.sort_unstable();
        assert_eq!(classes, FULL_TIFF_CLASSES);
        assert_eq!(inspected.orientation, Orientation::Rotate90);
        assert_eq!(inspected.notices, []);
        let gps = inspected.leaks.iter().find(|leak| leak.place == "GPS IFD in APP1 at byte 2");
        assert_eq!(gps.map(|leak| leak.class), Some(LeakClass::Gps));
    }

    #[test]
    fn a_kept_prefix_does_not_hide_the_block() {
        let mut block = b"Exif\0\0".to_vec();
        block.extend(full_tiff());
        assert_eq!(looked(&block).leaks.len(), FULL_TIFF_CLASSES.len());
    }

    #[test]
    fn every_orientation_is_read() {
        for value in 1..=8 {
            let expected = Orientation::from_exif(u32::from(value)).expect("1..=8 are defined");
            assert_eq!(looked(&tiff_with_orientation(value)).orientation, expected);
        }
        assert_eq!(looked(&tiff_with_orientation(0)).orientation, Orientation::Upright);
    }

    #[test]
    fn damage_is_told_and_overlapping_ifds_are_given_up() {
        let full = full_tiff();
        for end in 0..full.len() {
            let cut = full.get(..end).expect("end is within");
            assert_eq!(looked(cut).notices, [Notice::DamagedExif], "cut at {end}");
        }
        let tangled = overlapping_tiff();
        assert!(tiff::walk(&tangled).gave_up);
        assert_eq!(looked(&tangled).notices, [Notice::DamagedExif]);
    }
}
