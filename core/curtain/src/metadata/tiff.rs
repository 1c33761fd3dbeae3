//! A walk through the IFDs of an Exif block, in search of what they give away.
//!
//! [TIFF 6.0, section 2] and [Exif 2.32, 4.5 and 4.6]. The offsets are hostile: each IFD is entered
//! once, and the number of IFDs and entries is bounded, so the walk cannot loop or grow.

use super::leak::LeakClass;
use super::read::{at_most, be16, be32, index, le16, le32, len, piece, wide};

/// Cameras write five IFDs or so.
const MAX_IFDS: usize = 32;
/// Cameras write a few hundred entries.
const MAX_ENTRIES: usize = 8192;
/// Strips of a thumbnail whose sizes are added up.
const MAX_STRIPS: usize = 256;
/// A longer value is not searched for something beside padding.
const MAX_BLANK_BYTES: usize = 256;
/// An IFD entry: tag, type, count, value or offset. [TIFF 6.0, section 2]
const ENTRY_BYTES: usize = 12;

/// What the walk brings back.
#[derive(Default)]
pub(super) struct Walk<'a> {
    /// One per class and kind of IFD, in the order of discovery.
    pub(super) finds: Vec<Find<'a>>,
    /// The value of `Orientation` in the first IFD.
    pub(super) orientation: Option<u32>,
    /// Something pointed outside, was cut, or was met twice.
    pub(super) damaged: bool,
    /// A bound was reached, or the block is made to confuse: parts of it were not visited.
    pub(super) gave_up: bool,
}

/// Something worth reporting inside an Exif block.
pub(super) struct Find<'a> {
    pub(super) class: LeakClass,
    pub(super) ifd: Ifd,
    pub(super) bytes: u64,
    /// The value of the first entry of this class.
    pub(super) data: &'a [u8],
}

/// The role of an IFD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ifd {
    /// The first one, about the picture.
    Zeroth,
    /// One chained behind the first, about the thumbnail.
    First,
    Exif,
    Gps,
    Interoperability,
    /// One reached through `SubIFDs`.
    Sub,
}

impl Ifd {
    /// The name that the standards use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Zeroth => "IFD0",
            Self::First => "IFD1",
            Self::Exif => "Exif IFD",
            Self::Gps => "GPS IFD",
            Self::Interoperability => "Interoperability IFD",
            Self::Sub => "SubIFD",
        }
    }
}

/// Tags that matter here. [Exif 2.32, 4.6.3 to 4.6.6], [TIFF 6.0], [DNG 1.7] and the XMP, IPTC and
/// Photoshop registrations.
mod tag {
    pub(super) const STRIP_OFFSETS: u16 = 0x0111;
    pub(super) const ORIENTATION: u16 = 0x0112;
    pub(super) const STRIP_BYTE_COUNTS: u16 = 0x0117;
    pub(super) const SUB_IFDS: u16 = 0x014A;
    pub(super) const JPEG_INTERCHANGE_FORMAT: u16 = 0x0201;
    pub(super) const JPEG_INTERCHANGE_FORMAT_LENGTH: u16 = 0x0202;
    pub(super) const XMP: u16 = 0x02BC;
    pub(super) const IPTC: u16 = 0x83BB;
    pub(super) const PHOTOSHOP: u16 = 0x8649;
    pub(super) const EXIF_IFD: u16 = 0x8769;
    pub(super) const ICC_PROFILE: u16 = 0x8773;
    pub(super) const GPS_IFD: u16 = 0x8825;
    pub(super) const MAKER_NOTE: u16 = 0x927C;
    pub(super) const INTEROPERABILITY_IFD: u16 = 0xA005;
    pub(super) const DNG_PRIVATE_DATA: u16 = 0xC634;
}

/// Tags that name a person, or number one device or picture.
pub(super) const OWNER_OR_SERIAL: [u16; 10] = [
    0x013B, // Artist
    0x013C, // HostComputer
    0x8298, // Copyright
    0x9C9D, // XPAuthor
    0xA420, // ImageUniqueID
    0xA430, // CameraOwnerName
    0xA431, // BodySerialNumber
    0xA435, // LensSerialNumber
    0xC62F, // CameraSerialNumber
    0xC65D, // RawDataUniqueID
];

/// Walks every IFD that can be reached from the header of `tiff`.
pub(super) fn walk(tiff: &[u8]) -> Walk<'_> {
    let mut walker =
        Walker { tiff, order: Order::Big, walk: Walk::default(), ahead: Vec::new(), met: Vec::new() };
    let Some((order, first)) = header(tiff) else {
        walker.walk.damaged = true;
        return walker.walk;
    };
    walker.order = order;
    walker.meet(Ifd::Zeroth, first);
    let mut entries = 0;
    while let Some((ifd, at)) = walker.ahead.pop() {
        entries += walker.enter(ifd, at, MAX_ENTRIES - entries);
    }
    walker.walk.damaged |= walker.walk.gave_up;
    walker.walk
}

/// Byte order and the offset of the first IFD. [TIFF 6.0, section 2]
fn header(tiff: &[u8]) -> Option<(Order, u32)> {
    let order = match tiff.get(..2)? {
        b"II" => Order::Little,
        b"MM" => Order::Big,
        _ => return None,
    };
    (order.u16(tiff, 2)? == 42).then_some(())?;
    Some((order, order.u32(tiff, 4)?))
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        match self {
            Self::Little => le16(bytes, at),
            Self::Big => be16(bytes, at),
        }
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        match self {
            Self::Little => le32(bytes, at),
            Self::Big => be32(bytes, at),
        }
    }
}

struct Walker<'a> {
    tiff: &'a [u8],
    order: Order,
    walk: Walk<'a>,
    /// IFDs still to enter.
    ahead: Vec<(Ifd, usize)>,
    /// Offsets of every IFD that was met.
    met: Vec<usize>,
}

/// Where an IFD says that its picture lies.
#[derive(Default)]
struct Stored {
    jpeg_at: u64,
    jpeg_bytes: u64,
    has_strips: bool,
    strip_bytes: u64,
}

impl<'a> Walker<'a> {
    /// Notes an IFD for later.
    fn meet(&mut self, ifd: Ifd, offset: u32) {
        let at = index(offset);
        if self.met.contains(&at) {
            self.walk.damaged = true;
        } else if self.met.len() == MAX_IFDS {
            self.walk.gave_up = true;
        } else {
            self.met.push(at);
            self.ahead.push((ifd, at));
        }
    }

    /// Reads one IFD of at most `allowed` entries and answers how many it had.
    fn enter(&mut self, ifd: Ifd, at: usize, allowed: usize) -> usize {
        // An IFD within the 8 bytes of the header is nobody's mistake.
        self.walk.gave_up |= at < 8;
        let Some(count) = self.order.u16(self.tiff, at).filter(|_| at >= 8) else {
            self.walk.damaged = true;
            return 0;
        };
        let count = usize::from(count);
        self.walk.gave_up |= count > allowed;
        let mut stored = Stored::default();
        let mut size = 2;
        for number in 0..count.min(allowed) {
            let Some(entry) = Entry::read(self.tiff, self.order, at + 2 + number * ENTRY_BYTES) else {
                self.walk.damaged = true;
                break;
            };
            self.walk.damaged |= entry.cut;
            size += entry.bytes();
            self.visit(ifd, &entry, &mut stored);
        }
        if ifd == Ifd::Gps {
            self.find(LeakClass::Gps, ifd, size, &[]);
        }
        self.report_stored(ifd, &stored);
        // Only IFD0 and those chained to it have a successor. [Exif 2.32, 4.5.2]
        if matches!(ifd, Ifd::Zeroth | Ifd::First) {
            let next = self.order.u32(self.tiff, at + 2 + count * ENTRY_BYTES).unwrap_or(0);
            if next != 0 {
                self.meet(Ifd::First, next);
            }
        }
        count.min(allowed)
    }

    fn visit(&mut self, ifd: Ifd, entry: &Entry<'a>, stored: &mut Stored) {
        let class = match entry.tag {
            tag::EXIF_IFD => return self.follow(Ifd::Exif, entry, 1),
            tag::GPS_IFD => {
                // Told even if it dangles: its IFD may be there for another reader.
                self.find(LeakClass::Gps, Ifd::Gps, entry.bytes(), &[]);
                return self.follow(Ifd::Gps, entry, 1);
            }
            tag::INTEROPERABILITY_IFD => return self.follow(Ifd::Interoperability, entry, 1),
            tag::SUB_IFDS => return self.follow(Ifd::Sub, entry, MAX_IFDS),
            tag::ORIENTATION if ifd == Ifd::Zeroth => {
                self.walk.orientation = self.walk.orientation.or(entry.number(0));
                return;
            }
            tag::JPEG_INTERCHANGE_FORMAT if ifd != Ifd::Gps => {
                stored.jpeg_at = u64::from(entry.number(0).unwrap_or(0));
                return;
            }
            tag::JPEG_INTERCHANGE_FORMAT_LENGTH if ifd != Ifd::Gps => {
                stored.jpeg_bytes = u64::from(entry.number(0).unwrap_or(0));
                return;
            }
            tag::STRIP_OFFSETS => {
                stored.has_strips = true;
                return;
            }
            tag::STRIP_BYTE_COUNTS => {
                let strips = (0..MAX_STRIPS).map_while(|strip| entry.number(strip));
                stored.strip_bytes = strips.map(u64::from).sum();
                return;
            }
            tag::MAKER_NOTE | tag::DNG_PRIVATE_DATA => LeakClass::MakerNote,
            tag::XMP => LeakClass::Xmp,
            tag::IPTC => LeakClass::Iptc,
            tag::PHOTOSHOP => LeakClass::Photoshop,
            tag::ICC_PROFILE => LeakClass::Icc,
            // Many cameras write the tag and leave it blank.
            tag if OWNER_OR_SERIAL.contains(&tag) && !entry.is_blank() => LeakClass::OwnerOrSerial,
            _ => return,
        };
        self.find(class, ifd, entry.bytes(), entry.data);
    }

    /// Meets the IFDs that `entry` points to, `most` at the most.
    fn follow(&mut self, ifd: Ifd, entry: &Entry<'a>, most: usize) {
        let pointers: Vec<u32> = (0..most).map_while(|pointer| entry.number(pointer)).collect();
        self.walk.damaged |= pointers.is_empty();
        for pointer in pointers {
            self.meet(ifd, pointer);
        }
    }

    /// Reports the picture that an IFD other than the first keeps: a thumbnail or preview.
    fn report_stored(&mut self, ifd: Ifd, stored: &Stored) {
        let all = len(self.tiff);
        if stored.jpeg_bytes > 0 {
            let there = all.saturating_sub(stored.jpeg_at).min(stored.jpeg_bytes);
            self.walk.damaged |= there < stored.jpeg_bytes;
            self.find(LeakClass::Thumbnail, ifd, there, &[]);
        } else if stored.has_strips && matches!(ifd, Ifd::First | Ifd::Sub) {
            self.find(LeakClass::Thumbnail, ifd, stored.strip_bytes.min(all), &[]);
        }
    }

    /// Adds a find, or adds to the one of the same class in the same kind of IFD.
    fn find(&mut self, class: LeakClass, ifd: Ifd, bytes: u64, data: &'a [u8]) {
        let known = self.walk.finds.iter_mut().find(|find| find.class == class && find.ifd == ifd);
        match known {
            Some(find) => find.bytes = find.bytes.saturating_add(bytes),
            None => self.walk.finds.push(Find { class, ifd, bytes, data }),
        }
    }
}

/// One entry of an IFD.
struct Entry<'a> {
    order: Order,
    tag: u16,
    kind: u16,
    /// The value, as far as it is there.
    data: &'a [u8],
    /// Whether the value stands in the entry itself.
    inline: bool,
    /// Whether part of the value lies outside.
    cut: bool,
}

impl<'a> Entry<'a> {
    fn read(tiff: &'a [u8], order: Order, at: usize) -> Option<Self> {
        let entry = piece(tiff, at, ENTRY_BYTES)?;
        let kind = order.u16(entry, 2)?;
        let size = u64::from(order.u32(entry, 4)?) * unit(kind);
        let inline = size <= 4;
        let from = if inline { at + 8 } else { index(order.u32(entry, 8)?) };
        let data = at_most(tiff, from, usize::try_from(size).unwrap_or(usize::MAX));
        Some(Self { order, tag: order.u16(entry, 0)?, kind, data, inline, cut: len(data) < size })
    }

    /// The unsigned number at `place` in the value, if it is made of such.
    fn number(&self, place: usize) -> Option<u32> {
        match self.kind {
            1 => self.data.get(place).copied().map(u32::from),
            3 => self.order.u16(self.data, place.checked_mul(2)?).map(u32::from),
            4 | 13 => self.order.u32(self.data, place.checked_mul(4)?),
            _ => None,
        }
    }

    /// What the entry takes up, with a value that stands elsewhere.
    fn bytes(&self) -> u64 {
        wide(ENTRY_BYTES) + if self.inline { 0 } else { len(self.data) }
    }

    /// Whether the value is nothing but padding.
    fn is_blank(&self) -> bool {
        self.data.len() <= MAX_BLANK_BYTES && self.data.iter().all(|&byte| byte == 0 || byte == b' ')
    }
}

/// Bytes per value of a type; 0 if there is no such type. [TIFF 6.0, section 2], [Exif 2.32, 4.6.2]
fn unit(kind: u16) -> u64 {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Entry, tiff_of};
    use super::*;

    fn found(walk: &Walk<'_>) -> Vec<(LeakClass, &'static str, u64)> {
        walk.finds.iter().map(|find| (find.class, find.ifd.name(), find.bytes)).collect()
    }

    #[test]
    fn a_chain_that_bites_its_tail_is_walked_once() {
        let looped = tiff_of(&[(0x013B, 2, 4, b"Ada\0")], 8);
        let walk = walk(&looped);
        assert_eq!(found(&walk), [(LeakClass::OwnerOrSerial, "IFD0", 12)]);
        assert!(walk.damaged && !walk.gave_up);
    }

    #[test]
    fn a_dangling_gps_pointer_is_still_told() {
        let dangling = tiff_of(&[(0x8825, 4, 1, &[0, 0, 0xFF, 0xFF])], 0);
        let walk = walk(&dangling);
        assert_eq!(found(&walk), [(LeakClass::Gps, "GPS IFD", 12)]);
        assert!(walk.damaged);
    }

    #[test]
    fn blank_fields_name_nobody_and_cut_fields_do() {
        let blank = tiff_of(&[(0x8298, 2, 4, b"  \0\0")], 0);
        assert_eq!(found(&walk(&blank)), []);
        let mut cut = tiff_of(&[(0x013B, 2, 9, b"Ada Love\0")], 0);
        cut.truncate(cut.len() - 6);
        assert_eq!(found(&walk(&cut)), [(LeakClass::OwnerOrSerial, "IFD0", 15)]);
        assert!(walk(&cut).damaged);
    }

    #[test]
    fn a_thumbnail_in_strips_is_found_behind_the_first_ifd_only() {
        let strips: [Entry<'_>; 2] = [(0x0111, 4, 1, &[0, 0, 0, 8]), (0x0117, 4, 1, &[0, 0, 0, 9])];
        assert_eq!(found(&walk(&tiff_of(&strips, 0))), []);
        let mut two = tiff_of(&[], 14);
        two.extend(tiff_of(&strips, 0).split_off(8));
        assert_eq!(found(&walk(&two)), [(LeakClass::Thumbnail, "IFD1", 9)]);
    }
}
