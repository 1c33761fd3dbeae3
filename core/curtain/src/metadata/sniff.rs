//! Naming a file by its first bytes.

use super::read::{at_most, be32, find, le16, le32, name, next, piece, rest};

/// A picture format that can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG. [ITU-T T.81]
    Jpeg,
    /// PNG, animated or not. [PNG, third edition]
    Png,
    /// WebP, animated or not. [RFC 9649]
    WebP,
    /// GIF, animated or not. [GIF 89a]
    Gif,
}

impl Format {
    /// Stable lowercase name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
        }
    }
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sniffed {
    /// A format that can be decoded.
    Known(Format),
    /// Something that is refused by its name.
    Refused(Refused),
}

/// Something that is not taken, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refused {
    /// No bytes at all.
    Empty,
    /// HEIC or another HEIF picture.
    Heic,
    /// AVIF.
    Avif,
    /// TIFF, and camera raw files that cannot be told from it.
    Tiff,
    /// A DICOM object.
    Dicom,
    /// A camera raw file.
    Raw,
    /// A video.
    Video,
    /// PDF.
    Pdf,
    /// Windows bitmap.
    Bmp,
    /// JPEG XL.
    JpegXl,
    /// JPEG 2000.
    Jpeg2000,
    /// Text of any kind, SVG among it.
    Text,
    /// Nothing that we know.
    Unknown,
}

impl Refused {
    /// Stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Heic => "heic",
            Self::Avif => "avif",
            Self::Tiff => "tiff",
            Self::Dicom => "dicom",
            Self::Raw => "camera_raw",
            Self::Video => "video",
            Self::Pdf => "pdf",
            Self::Bmp => "bmp",
            Self::JpegXl => "jpeg_xl",
            Self::Jpeg2000 => "jpeg_2000",
            Self::Text => "text",
            Self::Unknown => "unknown",
        }
    }

    /// The name that people use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "an empty file",
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::Tiff => "TIFF",
            Self::Dicom => "DICOM",
            Self::Raw => "a camera raw file",
            Self::Video => "a video",
            Self::Pdf => "PDF",
            Self::Bmp => "BMP",
            Self::JpegXl => "JPEG XL",
            Self::Jpeg2000 => "JPEG 2000",
            Self::Text => "a text or SVG file",
            Self::Unknown => "an unknown kind of file",
        }
    }

    /// What to do instead.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Empty => "copy it again, its bytes did not arrive",
            Self::Heic => {
                "HEIC cannot be decoded on this host: export it as JPEG, or take it through the \
                 phone app, which decodes it"
            }
            Self::Avif => {
                "AVIF cannot be decoded on this host: export it as JPEG, or take it through the \
                 phone app, which decodes it"
            }
            Self::Tiff => "export the picture as PNG or JPEG",
            Self::Dicom => "export the picture as PNG from the viewer, with the patient overlay switched off",
            Self::Raw => "develop the picture and export it as JPEG",
            Self::Video => "choose one frame and export it as JPEG or PNG",
            Self::Pdf => "export the page, or the picture on it, as PNG or JPEG",
            Self::Bmp => "save the picture as PNG",
            Self::JpegXl | Self::Jpeg2000 => "export the picture as JPEG or PNG",
            Self::Text => "it is not a photo: put text into the story, export a drawing as PNG",
            Self::Unknown => "only JPEG, PNG, WebP and GIF pictures can be used",
        }
    }
}

/// Names a file by its first bytes. Never fails: what is not recognised is [`Refused::Unknown`].
#[must_use]
pub fn sniff(bytes: &[u8]) -> Sniffed {
    match format(bytes) {
        Some(format) => Sniffed::Known(format),
        None => Sniffed::Refused(refused(bytes)),
    }
}

/// [PNG 5.2]
pub(super) const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// SOI and the first byte of whichever marker follows it. [T.81, B.1.1.3]
pub(super) const JPEG_START: &[u8] = b"\xFF\xD8\xFF";

fn format(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(JPEG_START) {
        return Some(Format::Jpeg);
    }
    if bytes.starts_with(PNG_SIGNATURE) {
        return Some(Format::Png);
    }
    // [GIF 89a, 17]
    if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        return Some(Format::Gif);
    }
    // [RFC 9649, 2.4]
    (bytes.starts_with(b"RIFF") && name(bytes, 8)? == *b"WEBP").then_some(Format::WebP)
}

fn refused(bytes: &[u8]) -> Refused {
    if bytes.is_empty() {
        return Refused::Empty;
    }
    boxed(bytes)
        .or_else(|| tiff_like(bytes))
        .or_else(|| signed(bytes))
        .or_else(|| video(bytes))
        .unwrap_or(if is_text(bytes) { Refused::Text } else { Refused::Unknown })
}

/// Files made of ISO boxes, told apart by brand. [ISO/IEC 14496-12, 4.3]
pub(super) fn boxed(bytes: &[u8]) -> Option<Refused> {
    match &name(bytes, 4)? {
        b"ftyp" => {}
        // [ISO/IEC 15444-1, I.5.1] and [ISO/IEC 18181-2]
        b"jP  " => return Some(Refused::Jpeg2000),
        b"JXL " => return Some(Refused::JpegXl),
        // QuickTime files from before the file type box. [QTFF, Movie Atoms]
        b"moov" | b"mdat" | b"wide" | b"pnot" => return Some(Refused::Video),
        _ => return None,
    }
    let size = usize::try_from(be32(bytes, 0)?).unwrap_or(usize::MAX).min(MAX_BRANDS_BYTES);
    let major = name(bytes, 8).unwrap_or_default();
    let compatible = at_most(bytes, 0, size).get(16..).unwrap_or_default();
    let brands = || std::iter::once(major).chain(compatible.chunks_exact(4).filter_map(|b| name(b, 0)));
    if brands().any(|brand| brand == *b"crx ") {
        return Some(Refused::Raw);
    }
    if brands().any(|brand| matches!(&brand, b"avif" | b"avis")) {
        return Some(Refused::Avif);
    }
    Some(if brands().any(is_heif) { Refused::Heic } else { Refused::Video })
}

/// A file type box with more brands than fit here is read no further.
const MAX_BRANDS_BYTES: usize = 256;

/// [ISO/IEC 23008-12, Annex B and 10.2]
fn is_heif(brand: [u8; 4]) -> bool {
    let image = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"];
    image.contains(&&brand) || matches!(&brand, b"mif1" | b"mif2" | b"msf1" | b"miaf")
}

/// TIFF and the camera raw formats that grew out of it.
fn tiff_like(bytes: &[u8]) -> Option<Refused> {
    match bytes.get(..4)? {
        // Olympus and Panasonic write their own number in place of 42.
        b"IIRO" | b"IIRS" | b"MMOR" | b"IIU\0" => Some(Refused::Raw),
        // The second and fourth are BigTIFF.
        b"II*\0" | b"II+\0" | b"MM\0*" | b"MM\0+" => {
            let canon = name(bytes, 8).is_some_and(|name| name.starts_with(b"CR"));
            Some(if canon || is_dng(bytes) { Refused::Raw } else { Refused::Tiff })
        }
        _ => None,
    }
}

/// Whether the first IFD of a TIFF has `DNGVersion` (50706). [DNG 1.7, ch. 4]
fn is_dng(bytes: &[u8]) -> bool {
    let little = bytes.starts_with(b"II");
    let number = |at| if little { le16(bytes, at) } else { super::read::be16(bytes, at) };
    let offset = if little { le32(bytes, 4) } else { be32(bytes, 4) };
    let ifd = usize::try_from(offset.unwrap_or(0)).unwrap_or(0);
    let entries = usize::from(number(ifd).unwrap_or(0));
    (0..entries).map_while(|entry| number(ifd + 2 + 12 * entry)).any(|tag| tag == 0xC612)
}

/// Formats with a signature of their own.
fn signed(bytes: &[u8]) -> Option<Refused> {
    // [PS3.10, 7.1]: 128 bytes of preamble, then the prefix.
    if piece(bytes, 128, 4) == Some(b"DICM") {
        return Some(Refused::Dicom);
    }
    // [ISO 32000-2, 7.5.2]; readers search the first kilobyte for it.
    if find(at_most(bytes, 0, 1024), 0, b"%PDF-").is_some() {
        return Some(Refused::Pdf);
    }
    let starts = |signatures: &[&[u8]]| signatures.iter().any(|signature| bytes.starts_with(signature));
    // Fujifilm, Sigma, Minolta.
    if starts(&[b"FUJIFILMCCD-RAW", b"FOVb", b"\0MRM"]) {
        return Some(Refused::Raw);
    }
    if starts(&[b"\xFF\x4F\xFF\x51"]) {
        return Some(Refused::Jpeg2000);
    }
    if starts(&[b"\xFF\x0A"]) {
        return Some(Refused::JpegXl);
    }
    // The size of the header that follows the 14-byte file header tells a bitmap from words in BM.
    let bitmap = starts(&[b"BM"]) && matches!(le32(bytes, 14)?, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124);
    bitmap.then_some(Refused::Bmp)
}

/// Videos that are not made of ISO boxes.
fn video(bytes: &[u8]) -> Option<Refused> {
    let riff = bytes.starts_with(b"RIFF") && name(bytes, 8) == Some(*b"AVI ");
    // EBML of Matroska and WebM [RFC 8794, 11.2.1], MPEG program and video streams [ISO/IEC 13818-1
    // and -2], Flash video, ASF.
    let signatures: [&[u8]; 5] = [
        b"\x1A\x45\xDF\xA3",
        b"\0\0\x01\xBA",
        b"\0\0\x01\xB3",
        b"FLV\x01",
        b"\x30\x26\xB2\x75\x8E\x66\xCF\x11",
    ];
    let signed = signatures.iter().any(|signature| bytes.starts_with(signature));
    // Transport stream: a sync byte at the start of each 188-byte packet. [ISO/IEC 13818-1, 2.4.3.2]
    let transport = [0, 188, 376].iter().all(|&at| bytes.get(at) == Some(&0x47));
    (riff || signed || transport).then_some(Refused::Video)
}

/// Whether the start reads as text: UTF-8 or UTF-16 with a mark, without control characters.
fn is_text(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return true;
    }
    let head = at_most(bytes, 0, 512);
    let readable = match std::str::from_utf8(head) {
        Ok(_) => true,
        // A character may be cut at the end of the head.
        Err(error) => error.error_len().is_none() && rest(head, error.valid_up_to()).len() < 4,
    };
    readable && next(head, 0, 0).is_none() && !head.iter().any(|&b| b < 0x20 && !b.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_as(bytes: &[u8]) -> Refused {
        match sniff(bytes) {
            Sniffed::Refused(refused) => refused,
            Sniffed::Known(format) => panic!("taken for {}", format.as_str()),
        }
    }

    #[test]
    fn the_four_formats_are_known() {
        assert_eq!(sniff(b"\xFF\xD8\xFF\xE0"), Sniffed::Known(Format::Jpeg));
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n"), Sniffed::Known(Format::Png));
        assert_eq!(sniff(b"RIFF\x04\0\0\0WEBP"), Sniffed::Known(Format::WebP));
        assert_eq!(sniff(b"GIF89a"), Sniffed::Known(Format::Gif));
    }

    #[test]
    fn others_are_refused_by_name() {
        let cases: &[(&[u8], Refused)] = &[
            (b"", Refused::Empty),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Refused::Heic),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", Refused::Avif),
            (b"\0\0\0\x14ftypmsf1\0\0\0\0msf1", Refused::Heic),
            (b"\0\0\0\x14ftypcrx \0\0\0\0isom", Refused::Raw),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Refused::Video),
            (b"\0\0\0\x14ftypisom\0\0\0\0mp42", Refused::Video),
            (b"\0\0\x01\0moov", Refused::Video),
            (b"II*\0\x08\0\0\0\0\0", Refused::Tiff),
            (b"MM\0*\0\0\0\x08\0\x01\x01\0", Refused::Tiff),
            (b"II*\0\x10\0\0\0CR\x02\0", Refused::Raw),
            (b"II*\0\x08\0\0\0\x01\0\x12\xC6\x01\0\x04\0\0\0\x01\x04\0\0", Refused::Raw),
            (b"IIRO\x08\0\0\0", Refused::Raw),
            (b"IIU\0\x08\0\0\0", Refused::Raw),
            (b"FUJIFILMCCD-RAW 0201", Refused::Raw),
            (b"%PDF-1.7\n", Refused::Pdf),
            (b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", Refused::Bmp),
            (b"\xFF\x0A\x00", Refused::JpegXl),
            (b"\0\0\0\x0CJXL \r\n\x87\n", Refused::JpegXl),
            (b"\0\0\0\x0CjP  \r\n\x87\n", Refused::Jpeg2000),
            (b"RIFF\0\0\0\0AVI LIST", Refused::Video),
            (b"\x1A\x45\xDF\xA3\x01", Refused::Video),
            (b"\0\0\x01\xBA\x44", Refused::Video),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Refused::Text),
            ("na\u{ef}ve".as_bytes(), Refused::Text),
            (b"\x01\x02\x03", Refused::Unknown),
            (b"\xFF\xD8", Refused::Unknown),
        ];
        for (bytes, expected) in cases {
            assert_eq!(refused_as(bytes), *expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn dicom_stands_behind_its_preamble() {
        let mut bytes = vec![0; 128];
        bytes.extend_from_slice(b"DICM\x02\0");
        assert_eq!(refused_as(&bytes), Refused::Dicom);
    }
}
