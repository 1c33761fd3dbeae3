//! The fonts of the pages, built in, and which of them shows which character. Sole importer of the shaper.

use std::ops::Range;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::Level;

use super::lines::Look;

/// Noto Sans also holds Devanagari, Greek and Cyrillic. Cards: `fonts/README.md`.
const SANS: &[u8] = include_bytes!("../../../fonts/NotoSans_400Regular.ttf");
const MONO: &[u8] = include_bytes!("../../../fonts/NotoSansMono_400Regular.ttf");
const ARABIC: &[u8] = include_bytes!("../../../fonts/NotoSansArabic_400Regular.ttf");
const HEBREW: &[u8] = include_bytes!("../../../fonts/NotoSansHebrew_400Regular.ttf");

/// A glyph in its place, in ems.
pub(super) type Glyph = KrillaGlyph;

/// One of [`Fonts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Sans,
    Mono,
    Arabic,
    Hebrew,
}

/// Characters that must be shaped apart, because their script has rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Arabic,
    Hebrew,
    Devanagari,
    /// Latin, Greek, Cyrillic, and what no font here has rules for.
    Other,
}

/// A part of a text that one font shows by one script's rules.
pub(super) struct Segment {
    pub(super) range: Range<usize>,
    pub(super) which: Which,
    script: Script,
}

struct Face {
    shaper: rustybuzz::Face<'static>,
    font: Font,
    /// Glyph and advance, in ems, of the printable ASCII characters: most of the text needs no more.
    ascii: Vec<(GlyphId, f32)>,
}

impl Face {
    fn load(data: &'static [u8]) -> Option<Self> {
        let shaper = rustybuzz::Face::from_slice(data, 0)?;
        let font = Font::new(data.into(), 0)?;
        let ascii = (' '..='~')
            .map(|c| {
                let glyph = shaper.glyph_index(c)?;
                let advance = f32::from(shaper.glyph_hor_advance(glyph)?);
                Some((GlyphId::new(glyph.0.into()), advance / font.units_per_em()))
            })
            .collect::<Option<_>>()?;
        Some(Self { shaper, font, ascii })
    }

    fn has(&self, c: char) -> bool {
        self.shaper.glyph_index(c).is_some()
    }
}

/// The four fonts, read once for each export.
pub(super) struct Fonts {
    sans: Face,
    mono: Face,
    arabic: Face,
    hebrew: Face,
}

impl Fonts {
    /// Nothing if a font that is built in cannot be read.
    pub(super) fn load() -> Option<Self> {
        Some(Self {
            sans: Face::load(SANS)?,
            mono: Face::load(MONO)?,
            arabic: Face::load(ARABIC)?,
            hebrew: Face::load(HEBREW)?,
        })
    }

    fn face(&self, which: Which) -> &Face {
        match which {
            Which::Sans => &self.sans,
            Which::Mono => &self.mono,
            Which::Arabic => &self.arabic,
            Which::Hebrew => &self.hebrew,
        }
    }

    /// The font as it is embedded.
    pub(super) fn font(&self, which: Which) -> Font {
        self.face(which).font.clone()
    }

    /// `text[range]` cut where font or script changes, in the order of the text. Isolates are left out: they have
    /// done their work once the order is known.
    pub(super) fn segments(&self, text: &str, range: Range<usize>, look: Look) -> Vec<Segment> {
        let mut segments: Vec<Segment> = Vec::new();
        for (at, c) in text[range.clone()].char_indices() {
            let at = range.start + at;
            if is_isolate(c) {
                continue;
            }
            let end = at + c.len_utf8();
            let before = segments.last_mut().filter(|before| before.range.end == at);
            match before {
                // Spaces, digits and punctuation go with what stands before them.
                Some(before) if follows(c) && self.face(before.which).has(c) => before.range.end = end,
                Some(before) if before.script == script(c) && before.which == self.which(c, look) => {
                    before.range.end = end;
                }
                _ => segments.push(Segment { range: at..end, which: self.which(c, look), script: script(c) }),
            }
        }
        segments
    }

    /// The font for `c`; if none has it, the one that it would be looked for in.
    fn which(&self, c: char, look: Look) -> Which {
        let first = match (script(c), look) {
            (Script::Arabic, _) => Which::Arabic,
            (Script::Hebrew, _) => Which::Hebrew,
            (Script::Devanagari, _) | (Script::Other, Look::Words) => Which::Sans,
            (Script::Other, Look::Mono) => Which::Mono,
        };
        [first, Which::Sans, Which::Mono, Which::Arabic, Which::Hebrew]
            .into_iter()
            .find(|which| self.face(*which).has(c))
            .unwrap_or(first)
    }

    /// The glyphs of a segment in the order in which they are drawn, from left to right; glyph 0 is "there is none".
    /// Their ranges are places in `text`.
    pub(super) fn shape(&self, text: &str, segment: &Segment, level: Level) -> Vec<Glyph> {
        let face = self.face(segment.which);
        let em = face.font.units_per_em();
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&text[segment.range.clone()]);
        buffer.guess_segment_properties();
        buffer.set_direction(if level.is_rtl() { Direction::RightToLeft } else { Direction::LeftToRight });
        let shaped = rustybuzz::shape(&face.shaper, &[], buffer);

        // A glyph stands for the text from its cluster to the next one.
        let start = |cluster: u32| segment.range.start + cluster as usize;
        let mut starts = shaped.glyph_infos().iter().map(|info| start(info.cluster)).collect::<Vec<_>>();
        starts.sort_unstable();
        starts.dedup();
        let end = |from: usize| {
            let next = starts.partition_point(|start| *start <= from);
            starts.get(next).copied().unwrap_or(segment.range.end)
        };
        shaped
            .glyph_infos()
            .iter()
            .zip(shaped.glyph_positions())
            .map(|(info, place)| {
                let from = start(info.cluster);
                KrillaGlyph::new(
                    GlyphId::new(info.glyph_id),
                    ems(place.x_advance, em),
                    ems(place.x_offset, em),
                    ems(place.y_offset, em),
                    ems(place.y_advance, em),
                    from..end(from),
                    None,
                )
            })
            .collect()
    }

    /// The glyphs of printable ASCII text, without kerning.
    pub(super) fn ascii(&self, text: &str, which: Which) -> Vec<Glyph> {
        let table = &self.face(which).ascii;
        text.bytes()
            .enumerate()
            .filter_map(|(at, byte)| {
                let (glyph, advance) = *table.get(usize::from(byte).checked_sub(usize::from(b' '))?)?;
                Some(KrillaGlyph::new(glyph, advance, 0.0, 0.0, 0.0, at..at + 1, None))
            })
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "font units are small numbers")]
fn ems(units: i32, em: f32) -> f32 {
    units as f32 / em
}

fn is_isolate(c: char) -> bool {
    matches!(c, '\u{2066}'..='\u{2069}')
}

/// Whether `c` has no script of its own.
fn follows(c: char) -> bool {
    script(c) == Script::Other && (!c.is_alphabetic() || matches!(c, '\u{300}'..='\u{36f}'))
}

/// [Unicode, blocks]
fn script(c: char) -> Script {
    match c {
        '\u{590}'..='\u{5ff}' | '\u{fb1d}'..='\u{fb4f}' => Script::Hebrew,
        '\u{600}'..='\u{6ff}'
        | '\u{750}'..='\u{77f}'
        | '\u{870}'..='\u{8ff}'
        | '\u{fb50}'..='\u{fdff}'
        | '\u{fe70}'..='\u{feff}' => Script::Arabic,
        '\u{900}'..='\u{97f}' | '\u{a8e0}'..='\u{a8ff}' | '\u{1cd0}'..='\u{1cff}' => Script::Devanagari,
        _ => Script::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(text: &str, level: Level) -> Vec<Glyph> {
        let fonts = Fonts::load().unwrap();
        let segments = fonts.segments(text, 0..text.len(), Look::Words);
        assert_eq!(segments.len(), 1, "{text}");
        fonts.shape(text, &segments[0], level)
    }

    #[test]
    fn arabic_letters_are_joined() {
        let alone = shaped("ب", Level::rtl());
        let joined = shaped("ببب", Level::rtl());
        // The font draws dots by themselves, so that only the bodies of the letters differ.
        let alone = alone.iter().map(|glyph| glyph.glyph_id).collect::<Vec<_>>();
        let ids = joined.iter().map(|glyph| glyph.glyph_id).collect::<Vec<_>>();
        assert_ne!(ids, alone.repeat(3));
        assert!(joined[0].text_range.start > joined[joined.len() - 1].text_range.start);
    }

    #[test]
    fn devanagari_is_reordered_and_conjoined() {
        // The sign i is written after its consonant and drawn before it.
        let alone = shaped("क", Level::ltr());
        let with_sign = shaped("कि", Level::ltr());
        assert_eq!(with_sign[1].glyph_id, alone[0].glyph_id);
        // ka, virama, ssa is one glyph.
        assert_eq!(shaped("क्ष", Level::ltr()).len(), 1);
    }

    #[test]
    fn text_is_cut_where_the_script_changes() {
        let fonts = Fonts::load().unwrap();
        let text = "Test 1 \u{2068}مريض 2\u{2069} רות, परीक्षण";
        let segments = fonts.segments(text, 0..text.len(), Look::Words);
        let which = segments.iter().map(|segment| segment.which).collect::<Vec<_>>();
        assert_eq!(which, [Which::Sans, Which::Arabic, Which::Sans, Which::Hebrew, Which::Sans]);
    }

    #[test]
    fn ascii_is_as_wide_as_shaped_text() {
        let fonts = Fonts::load().unwrap();
        let (plain, shaped) = (fonts.ascii("0123abc", Which::Mono), shaped("0123abc", Level::ltr()));
        assert_eq!(plain.len(), 7);
        assert_eq!(shaped.len(), 7);
        assert!(plain.iter().all(|glyph| (glyph.x_advance - 0.6).abs() < 0.001));
    }
}
