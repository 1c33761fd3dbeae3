//! Photoshop image resource blocks, which carry IPTC, thumbnails and further copies of metadata.
//!
//! [Adobe Photoshop File Formats Specification, "Image Resource Blocks" and "Image resource IDs"]

use super::exif;
use super::finding::{Findings, Speaks};
use super::leak::LeakClass;
use super::read::{at_most, be16, be32, index, len, name, rest};
use super::xmp;

/// One resource of a block.
pub(super) struct Resource<'a> {
    pub(super) id: u16,
    /// The data, as far as it is there.
    pub(super) data: &'a [u8],
}

pub(super) const IPTC_ID: u16 = 0x0404;

/// Whether an Exif block inside the resources is looked into. The resources of an Exif block do not look
/// into a further one, so that a file cannot nest them without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InnerExif {
    LookedInto,
    OnlyNamed,
}

/// Adds what the resources in `block`, found at `place`, carry. The block as a whole is the caller's.
pub(super) fn look(block: &[u8], place: &str, inner: InnerExif, findings: &mut Findings) {
    for Resource { id, data } in resources(block) {
        let Some(class) = class(id) else { continue };
        let place = format!("resource 0x{id:04X} in {place}");
        findings.add(class, &*place, len(data));
        match class {
            LeakClass::Xmp => xmp::look(data, &place, findings),
            LeakClass::Exif if inner == InnerExif::LookedInto => {
                exif::look(data, &place, Speaks::OfAnother, findings);
            }
            _ => {}
        }
    }
}

/// The class of a resource, if it is more than a Photoshop setting.
fn class(id: u16) -> Option<LeakClass> {
    match id {
        IPTC_ID => Some(LeakClass::Iptc),
        // Photoshop 4 and 5 wrote them in different byte orders.
        0x0409 | 0x040C => Some(LeakClass::Thumbnail),
        0x040F => Some(LeakClass::Icc),
        0x0422 | 0x0423 => Some(LeakClass::Exif),
        0x0424 => Some(LeakClass::Xmp),
        _ => None,
    }
}

/// The resources of a block, up to the first thing that is none.
pub(super) fn resources(block: &[u8]) -> impl Iterator<Item = Resource<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let signature = name(block, at)?;
        // The other signatures were left behind by programs of the same family.
        matches!(&signature, b"8BIM" | b"MeSa" | b"PHUT" | b"AgHg" | b"DCSR").then_some(())?;
        let id = be16(block, at + 4)?;
        // A Pascal string, padded to make its size even.
        let name_bytes = usize::from(*rest(block, at + 6).first()?) + 1;
        let size_at = at + 6 + name_bytes.next_multiple_of(2);
        let size = index(be32(block, size_at)?);
        let data = at_most(block, size_at + 4, size);
        at = size_at + 4 + data.len().next_multiple_of(2);
        Some(Resource { id, data })
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::resource;
    use super::*;

    #[test]
    fn resources_follow_each_other_on_even_offsets() {
        let mut block = resource(0x0404, b"odd");
        block.extend(resource(0x03ED, b"even"));
        block.extend(b"8BIM\x04\x0C\0\0\0\0\xFF\xFFcut");
        let found: Vec<_> = resources(&block).map(|found| (found.id, found.data)).collect();
        assert_eq!(found, [(0x0404, &b"odd"[..]), (0x03ED, b"even"), (0x040C, b"cut")]);
    }
}
