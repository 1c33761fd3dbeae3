//! What an XMP packet claims, without parsing its XML.
//!
//! Every property and namespace has a colon in its name, and the large Base64 bodies that phones put
//! into XMP have none: so one pass over the colons finds each claim. Prefixes are matched as they are
//! written in practice; a packet that renames them is still reported as a packet.

use std::collections::BTreeSet;

use super::finding::Findings;
use super::leak::LeakClass;
use super::read::{next, rest};

/// Classes that a packet claims, beside being one.
#[derive(Default)]
pub(super) struct Claims(BTreeSet<LeakClass>);

/// How far around a colon a claim can reach; pieces of one packet are read with this overlap.
pub(super) const REACH: usize = 64;

/// Adds a leak for each claim in `packet`.
pub(super) fn look(packet: &[u8], place: &str, findings: &mut Findings) {
    let mut claims = Claims::default();
    claims.read(packet);
    claims.report(place, super::read::len(packet), findings);
}

impl Claims {
    /// Adds what `packet` claims to what was claimed before.
    pub(super) fn read(&mut self, packet: &[u8]) {
        let mut from = 0;
        while let Some(colon) = next(packet, from, b':') {
            let before = packet.get(..colon).unwrap_or_default();
            self.read_name(before, rest(packet, colon + 1));
            from = colon + 1;
        }
    }

    /// Reads one qualified name or namespace around its colon.
    fn read_name(&mut self, before: &[u8], after: &[u8]) {
        let starts = |words: &[&str]| words.iter().any(|word| after.starts_with(word.as_bytes()));
        let ends = |words: &[&str]| words.iter().any(|word| before.ends_with(word.as_bytes()));
        let mut claim = |class, claimed| {
            if claimed {
                self.0.insert(class);
            }
        };
        // exif:GPS* [XMP part 2, Exif namespace], and what drones write.
        claim(LeakClass::Gps, starts(&["GPS", "Gps"]));
        // aux:, exifEX: and dc: properties. [XMP part 2, Dublin Core and Exif namespaces], [CIPA DC-010]
        claim(LeakClass::OwnerOrSerial, starts(PERSON_OR_DEVICE) || (ends(&["dc"]) && starts(&["creator"])));
        // xmp:Thumbnails [XMP part 2, Thumbnail type]
        claim(LeakClass::Thumbnail, ends(&["GImg"]) && starts(&["image"]));
        // Google camera metadata 1.0.
        claim(LeakClass::SecondImage, ends(&["GImage"]) && starts(&["Data"]));
        claim(LeakClass::DepthMap, ends(&["GDepth"]) || starts(DEPTH_NAMESPACES));
        claim(LeakClass::GainMap, starts(GAIN_MAP_NAMESPACES));
        // Container items say what they are. [Google GContainer 1.0]
        let semantic = after.strip_prefix(b"Semantic").map(attribute_or_element).unwrap_or_default();
        claim(LeakClass::GainMap, semantic.starts_with(b"GainMap"));
        claim(LeakClass::DepthMap, semantic.starts_with(b"Depth"));
    }

    /// Adds a leak for each claim of a packet of `bytes` bytes.
    pub(super) fn report(self, place: &str, bytes: u64, findings: &mut Findings) {
        for class in self.0 {
            findings.add(class, format!("XMP in {place}"), bytes);
        }
    }
}

/// Properties that name a person, or number one device or picture.
const PERSON_OR_DEVICE: &[&str] = &[
    "SerialNumber",
    "BodySerialNumber",
    "LensSerialNumber",
    "OwnerName",
    "CameraOwnerName",
    "ImageUniqueID",
];

/// What follows the scheme of a namespace that stands for depth maps.
const DEPTH_NAMESPACES: &[&str] = &["//ns.google.com/photos/1.0/depthmap/", "//ns.apple.com/depthData/1.0/"];

/// What follows the scheme of a namespace that stands for gain maps. [Ultra HDR image format 1.1, "XMP
/// attributes"]; the second and third are Apple's.
const GAIN_MAP_NAMESPACES: &[&str] = &[
    "//ns.adobe.com/hdr-gain-map/1.0/",
    "//ns.apple.com/HDRGainMap/1.0/",
    "com:apple:photo:2020:aux:hdrgainmap",
];

/// The start of a value, written as `="value"` or as `>value`.
fn attribute_or_element(after: &[u8]) -> &[u8] {
    let value = after.trim_ascii_start();
    let value = value.strip_prefix(b"=").unwrap_or(value).trim_ascii_start();
    rest(value, 1)
}

#[cfg(test)]
mod tests {
    use super::{Claims, LeakClass};

    fn claims(packet: &str) -> Vec<LeakClass> {
        let mut claims = Claims::default();
        claims.read(packet.as_bytes());
        claims.0.into_iter().collect()
    }

    #[test]
    fn each_claim_is_found() {
        assert_eq!(claims("<x:xmpmeta xmlns:dc='http://purl.org/dc/elements/1.1/'>"), []);
        assert_eq!(claims("exif:GPSLatitude='1,2N'"), [LeakClass::Gps]);
        assert_eq!(claims("aux:SerialNumber='1'"), [LeakClass::OwnerOrSerial]);
        assert_eq!(claims("<dc:creator>"), [LeakClass::OwnerOrSerial]);
        assert_eq!(claims("<xmpGImg:image>"), [LeakClass::Thumbnail]);
        assert_eq!(claims("GImage:Data='"), [LeakClass::SecondImage]);
        assert_eq!(claims("GDepth:Data='"), [LeakClass::DepthMap]);
        assert_eq!(claims("Item:Semantic=\"Depth\""), [LeakClass::DepthMap]);
        assert_eq!(claims("Item:Semantic=\"GainMap\""), [LeakClass::GainMap]);
        assert_eq!(claims("<Item:Semantic>GainMap</"), [LeakClass::GainMap]);
        assert_eq!(claims("Item:Semantic=\"Primary\""), []);
        assert_eq!(claims("xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/'"), [LeakClass::GainMap]);
    }
}
