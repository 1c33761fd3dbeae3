//! Small files made by hand, for the tests of this room. None holds pixels that decode.

use super::leak::LeakClass as C;
use super::{LeakClass, inspect};

/// The classes of a whole file, in their own order.
pub(super) fn classes(file: &[u8]) -> Vec<LeakClass> {
    let mut classes: Vec<_> =
        inspect(file).expect("a whole file").leaks.iter().map(|leak| leak.class).collect();
    classes.sort_unstable();
    classes
}

fn be16(value: usize) -> [u8; 2] {
    u16::try_from(value).expect("samples are small").to_be_bytes()
}

fn be32(value: usize) -> [u8; 4] {
    u32::try_from(value).expect("samples are small").to_be_bytes()
}

fn le32(value: usize) -> [u8; 4] {
    u32::try_from(value).expect("samples are small").to_le_bytes()
}

/// A baseline frame header of 3 by 2 grey pixels.
pub(super) const FRAME: &[u8] = b"\xFF\xC0\0\x0B\x08\0\x02\0\x03\x01\x01\x11\0";
/// The scan header for it.
pub(super) const SCAN: &[u8] = b"\xFF\xDA\0\x08\x01\x01\0\0\x3F\0";

pub(super) fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    [&[0xFF, marker], be16(payload.len() + 2).as_slice(), payload].concat()
}

/// The Adobe segment that decoders need.
pub(super) fn adobe() -> Vec<u8> {
    segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01")
}

/// A JPEG with `segments` behind its start of image.
pub(super) fn jpeg(segments: &[u8]) -> Vec<u8> {
    [b"\xFF\xD8", segments, b"\xFF\xDB\0\x02", FRAME, SCAN, b"\x12\x34", b"\xFF\xD9"].concat()
}

pub(super) fn small_jpeg() -> Vec<u8> {
    jpeg(&[])
}

/// A JPEG with most of what a JPEG can carry in front of its end.
pub(super) fn full_jpeg() -> Vec<u8> {
    let parts = [
        segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01rgb"),
        segment(0xE1, &[b"Exif\0\0".to_vec(), full_tiff()].concat()),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x exif:GPSLatitude=''/>"),
        segment(
            0xE1,
            &[b"http://ns.adobe.com/xmp/extension/\0".as_slice(), &[b'0'; 40], b"GDepth:Data"].concat(),
        ),
        segment(0xE2, b"ICC_PROFILE\0\x01\x01icc"),
        segment(0xE2, b"MPF\0II*\0"),
        segment(0xED, &[b"Photoshop 3.0\0".to_vec(), resource(0x0422, &full_tiff())].concat()),
        segment(0xFE, b"comment"),
        b"junk".to_vec(),
        adobe(),
    ];
    jpeg(&parts.concat())
}

/// A Photoshop image resource.
pub(super) fn resource(id: u16, data: &[u8]) -> Vec<u8> {
    let padding = if data.len() % 2 == 1 { &[0][..] } else { &[] };
    [b"8BIM", id.to_be_bytes().as_slice(), &[0, 0], &be32(data.len()), data, padding].concat()
}

/// A PNG chunk with a checksum of zeros.
pub(super) fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    [be32(data.len()).as_slice(), &name, data, &[0; 4]].concat()
}

/// A PNG with `chunks` behind its header.
pub(super) fn png(chunks: &[u8]) -> Vec<u8> {
    let header = chunk(*b"IHDR", &[0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0]);
    [b"\x89PNG\r\n\x1a\n", header.as_slice(), chunks, &chunk(*b"IDAT", b"\x12\x34"), &chunk(*b"IEND", b"")]
        .concat()
}

pub(super) fn small_png() -> Vec<u8> {
    png(&[])
}

/// A PNG with most of what a PNG can carry.
pub(super) fn full_png(tiff: &[u8]) -> Vec<u8> {
    let chunks = [
        chunk(*b"iCCP", b"name\0\0zlib"),
        chunk(*b"tEXt", b"Comment\0hello"),
        chunk(*b"zTXt", b"Raw profile type exif\0\0zlib"),
        chunk(*b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"),
        chunk(*b"tEXt", b"Raw profile type exif\0\nexif\n  4\n49492a00\n"),
        chunk(*b"eXIf", tiff),
        chunk(*b"tIME", &[0; 7]),
        chunk(*b"acTL", &[0, 0, 0, 3, 0, 0, 0, 0]),
        chunk(*b"zzZz", b"mine"),
    ];
    png(&chunks.concat())
}

/// A RIFF chunk with its padding.
pub(super) fn riff_chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let padding = if data.len() % 2 == 1 { &[0][..] } else { &[] };
    [name.as_slice(), &le32(data.len()), data, padding].concat()
}

/// A WebP made of `chunks`.
pub(super) fn webp(chunks: &[u8]) -> Vec<u8> {
    [b"RIFF", le32(chunks.len() + 4).as_slice(), b"WEBP", chunks].concat()
}

/// The header of a lossless image of 3 by 2 pixels.
pub(super) fn vp8l() -> Vec<u8> {
    riff_chunk(*b"VP8L", b"\x2F\x02\x40\0\0\x12")
}

/// An extended header for a canvas of 3 by 2 pixels.
pub(super) fn vp8x() -> Vec<u8> {
    riff_chunk(*b"VP8X", &[0, 0, 0, 0, 2, 0, 0, 1, 0, 0])
}

pub(super) fn small_webp() -> Vec<u8> {
    webp(&vp8l())
}

/// A WebP with most of what a WebP can carry.
pub(super) fn full_webp(tiff: &[u8]) -> Vec<u8> {
    let chunks = [
        vp8x(),
        riff_chunk(*b"ICCP", b"icc"),
        riff_chunk(*b"ANIM", &[0; 6]),
        riff_chunk(*b"ANMF", &[0; 24]),
        riff_chunk(*b"EXIF", tiff),
        riff_chunk(*b"XMP ", b"<x exif:GPSLatitude=''/>"),
        riff_chunk(*b"mine", b"mine"),
    ];
    webp(&chunks.concat())
}

/// A GIF extension of these sub-blocks.
pub(super) fn extension(label: u8, blocks: &[&[u8]]) -> Vec<u8> {
    let mut extension = vec![b'!', label];
    for block in blocks {
        extension.push(u8::try_from(block.len()).expect("a sub-block holds 255 bytes"));
        extension.extend_from_slice(block);
    }
    extension.push(0);
    extension
}

/// One image of a GIF, with a local colour table of two.
pub(super) fn gif_frame() -> Vec<u8> {
    b",\0\0\0\0\x03\0\x02\0\x80rgbrgb\x02\x02\x12\x34\0".to_vec()
}

/// A GIF with `blocks` behind its only frame.
pub(super) fn gif(blocks: &[u8]) -> Vec<u8> {
    [b"GIF89a\x03\0\x02\0\x80\0\0rgbrgb", gif_frame().as_slice(), blocks, b";"].concat()
}

pub(super) fn small_gif() -> Vec<u8> {
    gif(&[])
}

/// A GIF with most of what a GIF can carry.
pub(super) fn full_gif() -> Vec<u8> {
    let blocks = [
        extension(0xFE, &[b"hello", b"again"]),
        extension(0xFF, &[b"NETSCAPE2.0", b"\x01\0\0"]),
        extension(0xFF, &[b"XMP DataXMP", b"<x exif:GPSLatitude=''/>"]),
        extension(0xFF, &[b"MGK8BIM0000", &resource(0x0404, b"\x1C\x02\x50\0\x03Ada")]),
        extension(0x01, &[&[0; 12], b"plain"]),
        b"\0\0".to_vec(),
        gif_frame(),
    ];
    gif(&blocks.concat())
}

/// Tag, type, count and value of a big-endian IFD entry.
pub(super) type Entry<'a> = (u16, u16, usize, &'a [u8]);

/// An IFD that stands at `at`, with the values that do not fit behind it.
fn ifd(at: usize, entries: &[Entry<'_>], next: usize) -> Vec<u8> {
    let mut table = be16(entries.len()).to_vec();
    let mut values = Vec::new();
    let values_at = at + 2 + 12 * entries.len() + 4;
    for (tag, kind, count, value) in entries {
        table.extend(tag.to_be_bytes());
        table.extend(kind.to_be_bytes());
        table.extend(be32(*count));
        if value.len() <= 4 {
            table.extend(value.iter().chain(&[0; 4]).take(4));
        } else {
            table.extend(be32(values_at + values.len()));
            values.extend_from_slice(value);
        }
    }
    [table, be32(next).to_vec(), values].concat()
}

/// An Exif block of one IFD at offset 8, with the offset of the next.
pub(super) fn tiff_of(entries: &[Entry<'_>], next: usize) -> Vec<u8> {
    [b"MM\0*\0\0\0\x08", ifd(8, entries, next).as_slice()].concat()
}

/// An Exif block with nothing but an orientation.
pub(super) fn tiff_with_orientation(value: u8) -> Vec<u8> {
    tiff_of(&[(0x0112, 3, 1, &[0, value])], 0)
}

/// What [`full_tiff`] holds.
pub(super) const FULL_TIFF_CLASSES: [LeakClass; 10] = [
    C::Gps,
    C::Gps,
    C::MakerNote,
    C::OwnerOrSerial,
    C::OwnerOrSerial,
    C::Thumbnail,
    C::Xmp,
    C::Iptc,
    C::Photoshop,
    C::Icc,
];

/// An Exif block with one of everything, and orientation 6. Its last value ends the block.
pub(super) fn full_tiff() -> Vec<u8> {
    let mut tiff = b"MM\0*".to_vec();
    let thumbnail_at = 8;
    let thumbnail = b"\xFF\xD8thumb\xFF\xD9";
    let gps_at = thumbnail_at + thumbnail.len();
    let gps =
        ifd(gps_at, &[(0, 1, 4, &[2, 3, 0, 0]), (1, 2, 2, b"N\0"), (2, 5, 3, &[0, 0, 0, 1].repeat(6))], 0);
    let exif_at = gps_at + gps.len();
    let exif = ifd(exif_at, &[(0x927C, 7, 8, b"Maker\0\0\0"), (0xA431, 2, 6, b"12345\0")], 0);
    let first_at = exif_at + exif.len();
    let first =
        ifd(first_at, &[(0x0201, 4, 1, &be32(thumbnail_at)), (0x0202, 4, 1, &be32(thumbnail.len()))], 0);
    let zeroth_at = first_at + first.len();
    let entries: [Entry<'_>; 9] = [
        (0x0112, 3, 1, &[0, 6]),
        (0x013B, 2, 13, b"Ada Lovelace\0"),
        (0x02BC, 1, 17, b"<exif:GPSLatitude"),
        (0x8298, 2, 3, b"  \0"),
        (0x83BB, 7, 8, b"\x1C\x02\x50\0\x03Ada"),
        (0x8649, 7, 8, b"8BIM\0\0\0\0"),
        (0x8769, 4, 1, &be32(exif_at)),
        (0x8773, 7, 8, b"profile."),
        (0x8825, 4, 1, &be32(gps_at)),
    ];
    let zeroth = ifd(zeroth_at, &entries, first_at);
    tiff.extend(be32(zeroth_at));
    [tiff, thumbnail.to_vec(), gps, exif, first, zeroth].concat()
}

/// An Exif block whose first IFD points to a crowd of IFDs that lie across each other.
pub(super) fn overlapping_tiff() -> Vec<u8> {
    let count = 400;
    let crowd_at = 8 + 2 + 12 * count + 4;
    let pointers: Vec<_> = (0..count).map(|number| be32(crowd_at + 2 * number)).collect();
    let entries: Vec<Entry<'_>> = pointers.iter().map(|at| (0x8769, 4, 1, at.as_slice())).collect();
    [tiff_of(&entries, 0), [0x01, 0x00].repeat(4000)].concat()
}
