//! The texts themselves, for a person who asked to see them. Never for logs.

use std::fmt;

use super::inflate::Allowance;
use super::jpeg::ExifRuns;
use super::jpeg_parts::{Content, Part, parts};
use super::leak::LeakClass;
use super::photoshop::{IPTC_ID, resources};
use super::png::Announced;
use super::read::{at_most, be16, piece};
use super::{Format, InspectError, exif, gif, known, png, webp};

/// No more values than this are read from one file.
pub const MAX_VALUES: usize = 500;
/// Each text is cut after this many characters.
pub const MAX_TEXT_CHARS: usize = 200;

/// One text that a file carries.
///
/// It identifies people. `Debug` shows its class only, so that it does not slip into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// What kind of data it belongs to.
    pub class: LeakClass,
    /// The name of the field, as the format or the file gives it.
    pub name: String,
    /// The text, of at most [`MAX_TEXT_CHARS`] characters. Control characters, and those that change
    /// the direction of writing, are escaped.
    pub text: String,
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").field("class", &self.class).finish_non_exhaustive()
    }
}

/// Reads the texts of a file: Exif fields, comments, PNG texts, IPTC datasets and the heads of XMP
/// packets, [`MAX_VALUES`] at the most.
///
/// Reads the picture's own metadata, not that of further images in the same file, and is no substitute
/// for [`inspect`](super::inspect): what cannot be read as text is left out.
/// # Errors
/// [`InspectError::Refused`] if the file is not one that can be inspected.
pub fn values(bytes: &[u8]) -> Result<Vec<Value>, InspectError> {
    let mut texts = Texts::default();
    match known(bytes)? {
        Format::Jpeg => read_jpeg(bytes, &mut texts),
        Format::Png => read_png(bytes, &mut texts),
        Format::WebP => read_webp(bytes, &mut texts),
        Format::Gif => read_gif(bytes, &mut texts),
    }
    Ok(texts.values)
}

fn read_jpeg(bytes: &[u8], texts: &mut Texts) {
    let mut runs = ExifRuns::default();
    for part in parts(bytes, 0) {
        let Part::Segment(segment) = part else { continue };
        match segment.content() {
            Content::Exif(block) => runs.push(String::new(), block),
            Content::Comment(text) => texts.add_bytes(LeakClass::Comment, "comment", text),
            Content::Xmp(packet) => texts.add_bytes(LeakClass::Xmp, "XMP", packet),
            Content::ExtendedXmp(part) => texts.add_bytes(LeakClass::ExtendedXmp, "extended XMP", part),
            Content::Photoshop(block) => read_photoshop(block, texts),
            _ => {}
        }
        if texts.is_full() {
            return;
        }
    }
    for (_, block) in runs.runs {
        exif::read_texts(&block, texts);
    }
}

fn read_png(bytes: &[u8], texts: &mut Texts) {
    let mut allowance = Allowance::default();
    for chunk in png::chunks(bytes) {
        if texts.is_full() {
            return;
        }
        if chunk.name == *b"eXIf" {
            exif::read_texts(chunk.data, texts);
        }
        let Some(text) = chunk.text() else { continue };
        match text.announced() {
            Announced::RawProfile(class) => {
                let Some(block) = text.open_raw_profile(&mut allowance) else { continue };
                match class {
                    LeakClass::Exif => exif::read_texts(&block, texts),
                    LeakClass::Iptc => read_photoshop(&block, texts),
                    LeakClass::Xmp => texts.add_bytes(class, "XMP", &block),
                    _ => {}
                }
            }
            Announced::Xmp => {
                let Ok(packet) = text.open(&mut allowance) else { continue };
                texts.add_bytes(LeakClass::Xmp, "XMP", &packet);
            }
            Announced::Gps | Announced::Words => {
                let Ok(words) = text.open(&mut allowance) else { continue };
                texts.add_bytes(LeakClass::PngText, &readable(text.keyword), &words);
            }
        }
    }
}

fn read_webp(bytes: &[u8], texts: &mut Texts) {
    for chunk in webp::chunks(bytes) {
        match &chunk.name {
            b"EXIF" => exif::read_texts(chunk.data, texts),
            b"XMP " => texts.add_bytes(LeakClass::Xmp, "XMP", chunk.data),
            _ => {}
        }
        if texts.is_full() {
            return;
        }
    }
}

fn read_gif(bytes: &[u8], texts: &mut Texts) {
    for block in gif::blocks(bytes) {
        let gif::Block::Extension(extension) = block else { continue };
        let text = || extension.joined(MAX_TEXT_BYTES);
        match extension.content() {
            gif::Content::Comment => texts.add_bytes(LeakClass::Comment, "comment", &text()),
            gif::Content::PlainText => {
                // The first twelve bytes say where the text stands. [GIF 89a, 25]
                texts.add_bytes(LeakClass::Comment, "plain text", text().get(12..).unwrap_or_default());
            }
            gif::Content::Xmp(packet) => texts.add_bytes(LeakClass::Xmp, "XMP", packet),
            _ => {}
        }
        if texts.is_full() {
            return;
        }
    }
}

fn read_photoshop(block: &[u8], texts: &mut Texts) {
    for resource in resources(block).filter(|resource| resource.id == IPTC_ID) {
        read_iptc(resource.data, texts);
    }
}

/// Datasets: a tag marker, record and dataset number, and a size. [IPTC-NAA IIM 4.2, 1.5]
fn read_iptc(block: &[u8], texts: &mut Texts) {
    let mut at = 0;
    while let Some(&[0x1C, record, dataset]) = piece(block, at, 3) {
        let Some(size) = be16(block, at + 3).map(usize::from) else { return };
        // A size with the top bit set is the size of a size, and of no text that we would show.
        if size > 0x7FFF || texts.is_full() {
            return;
        }
        let text = at_most(block, at + 5, size);
        texts.add_bytes(LeakClass::Iptc, &format!("IPTC {record}:{dataset}"), text);
        at += 5 + size;
    }
}

/// Enough bytes for the longest text in any encoding.
const MAX_TEXT_BYTES: usize = 4 * MAX_TEXT_CHARS;

/// The head of `bytes` as text: UTF-8, or else Latin-1, which is what PNG and old comments use.
fn readable(bytes: &[u8]) -> String {
    let head = at_most(bytes, 0, MAX_TEXT_BYTES);
    match std::str::from_utf8(head) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(at_most(head, 0, error.valid_up_to())).into_owned()
        }
        Err(_) => head.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// The values of one file.
#[derive(Default)]
pub(super) struct Texts {
    values: Vec<Value>,
}

impl Texts {
    pub(super) fn is_full(&self) -> bool {
        self.values.len() >= MAX_VALUES
    }

    pub(super) fn add(&mut self, class: LeakClass, name: &str, text: Text) {
        if self.is_full() {
            return;
        }
        self.values.push(Value { class, name: Text::cut(name).escaped, text: text.escaped });
    }

    fn add_bytes(&mut self, class: LeakClass, name: &str, bytes: &[u8]) {
        self.add(class, name, Text::cut(&readable(bytes)));
    }
}

/// A text that is escaped as it is written, and refuses to grow past [`MAX_TEXT_CHARS`].
#[derive(Default)]
pub(super) struct Text {
    escaped: String,
    chars: usize,
}

impl Text {
    /// As much of `text` as fits.
    fn cut(text: &str) -> Self {
        let mut cut = Self::default();
        // The only way to fail is to be full.
        let _full = fmt::Write::write_str(&mut cut, text);
        cut
    }

    fn push(&mut self, c: char) -> fmt::Result {
        let escaped = if misleads(c) { c.escape_default().to_string() } else { c.to_string() };
        let chars = self.chars + escaped.chars().count();
        if chars > MAX_TEXT_CHARS {
            return Err(fmt::Error);
        }
        self.chars = chars;
        self.escaped.push_str(&escaped);
        Ok(())
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.push(c))
    }
}

/// Whether a character could steer a terminal, or hide or reorder what is read. [Unicode TR 36]
#[must_use]
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::super::samples::{chunk, extension, full_tiff, gif, jpeg, png, resource, segment};
    use super::*;

    fn told(bytes: &[u8]) -> Vec<(LeakClass, String, String)> {
        let values = values(bytes).expect("a known format");
        values.into_iter().map(|value| (value.class, value.name, value.text)).collect()
    }

    fn one(class: LeakClass, name: &str, text: &str) -> Vec<(LeakClass, String, String)> {
        vec![(class, name.to_owned(), text.to_owned())]
    }

    #[test]
    fn texts_of_each_container_are_read() {
        use LeakClass as C;
        let comment = jpeg(&segment(0xFE, b"caf\xE9\n"));
        assert_eq!(told(&comment), one(C::Comment, "comment", "caf\u{e9}\\n"));
        let xmp = jpeg(&segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"));
        assert_eq!(told(&xmp), one(C::Xmp, "XMP", "<x/>"));
        let iptc = resource(0x0404, b"\x1C\x02\x50\0\x03Ada");
        let iptc = jpeg(&segment(0xED, &[b"Photoshop 3.0\0".to_vec(), iptc].concat()));
        assert_eq!(told(&iptc), one(C::Iptc, "IPTC 2:80", "Ada"));
        let text = png(&chunk(*b"tEXt", b"Author\0Ada"));
        assert_eq!(told(&text), one(C::PngText, "Author", "Ada"));
        let note = gif(&extension(0xFE, &[b"A", b"da"]));
        assert_eq!(told(&note), one(C::Comment, "comment", "Ada"));
        let exif = jpeg(&segment(0xE1, &[b"Exif\0\0".to_vec(), full_tiff()].concat()));
        let told = told(&exif);
        assert!(told.contains(&(C::OwnerOrSerial, "Artist".to_owned(), "\"Ada Lovelace\"".to_owned())));
        assert!(told.iter().any(|(class, ..)| *class == C::Gps));
    }

    #[test]
    fn texts_and_their_number_are_bounded_and_cannot_steer_a_terminal() {
        let long = jpeg(&segment(0xFE, &[b'x'; 1000]));
        assert_eq!(told(&long), one(LeakClass::Comment, "comment", &"x".repeat(MAX_TEXT_CHARS)));
        let sly = png(&chunk(*b"tEXt", "\x1B[2J\0a\u{202E}b".as_bytes()));
        assert_eq!(told(&sly), one(LeakClass::PngText, "\\u{1b}[2J", "a\\u{202e}b"));
        let many = jpeg(&segment(0xFE, b"x").repeat(MAX_VALUES + 1));
        assert_eq!(told(&many).len(), MAX_VALUES);
    }

    #[test]
    fn debug_tells_nothing_but_the_class() {
        let value = Value { class: LeakClass::Comment, name: "secret".to_owned(), text: "secret".to_owned() };
        assert_eq!(format!("{value:?}"), "Value { class: Comment, .. }");
    }
}
