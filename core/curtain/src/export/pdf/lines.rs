//! Text to lines: bidirectional order, line breaks, and a box for what no font shows. [UAX 9]

use std::ops::Range;

use unicode_bidi::{BidiInfo, Level};

use super::fonts::{Fonts, Glyph, Which};

/// Advance of the box that stands for a missing glyph, in ems.
pub(super) const BOX: f32 = 0.65;

/// Which of the two Latin fonts a text is set in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Words,
    Mono,
}

/// One line, its parts from left to right.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) parts: Vec<Part>,
    /// What it says, in the order of reading, where its glyphs alone do not tell.
    pub(super) actual: Option<String>,
    /// The text that the ranges of the glyphs are places in.
    pub(super) text: String,
}

/// Glyphs of one font, or a box for a character that none has.
#[derive(Debug)]
pub(super) enum Part {
    Glyphs { which: Which, glyphs: Vec<Glyph>, width: f32 },
    Missing { range: Range<usize> },
}

/// Sets `text`, which must be free of control characters, in lines of at most `width` ems. It is broken after spaces,
/// and inside a word only if the word is longer than a line. There is at least one line.
pub(super) fn lines(fonts: &Fonts, text: &str, look: Look, width: f32) -> Vec<Line> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return ascii_lines(fonts, text, look, width);
    }
    let bidi = BidiInfo::new(text, Some(Level::ltr()));
    let Some(paragraph) = bidi.paragraphs.first() else { return ascii_lines(fonts, "", look, width) };
    let clusters = clusters(fonts, text, &bidi.levels, look);
    broken(text, &clusters, width)
        .into_iter()
        .map(|range| {
            let (levels, runs) = bidi.visual_runs(paragraph, range.clone());
            let runs = runs.into_iter().map(|run| (levels[run.start], run));
            line(fonts, text, range, runs, look)
        })
        .collect()
}

fn ascii_lines(fonts: &Fonts, text: &str, look: Look, width: f32) -> Vec<Line> {
    let which = match look {
        Look::Words => Which::Sans,
        Look::Mono => Which::Mono,
    };
    let clusters = fonts
        .ascii(text, which)
        .iter()
        .map(|glyph| Cluster { start: glyph.text_range.start, advance: glyph.x_advance })
        .collect::<Vec<_>>();
    broken(text, &clusters, width)
        .into_iter()
        .map(|range| {
            let text = text[range].trim_end_matches(' ');
            let glyphs = fonts.ascii(text, which);
            let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
            Line { parts: vec![Part::Glyphs { which, glyphs, width }], actual: None, text: text.to_owned() }
        })
        .collect()
}

/// The least piece of text that has a width of its own.
struct Cluster {
    start: usize,
    advance: f32,
}

/// The clusters of `text` in the order of the text.
fn clusters(fonts: &Fonts, text: &str, levels: &[Level], look: Look) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut start = 0;
    for run in levels.chunk_by(|a, b| a == b) {
        let range = start..start + run.len();
        start = range.end;
        for segment in fonts.segments(text, range, look) {
            let mut glyphs = fonts.shape(text, &segment, run[0]);
            glyphs.sort_by_key(|glyph| glyph.text_range.start);
            for glyph in glyphs {
                let advance = if glyph.glyph_id.to_u32() == 0 { BOX } else { glyph.x_advance };
                match clusters.last_mut() {
                    Some(last) if last.start == glyph.text_range.start => last.advance += advance,
                    _ => clusters.push(Cluster { start: glyph.text_range.start, advance }),
                }
            }
        }
    }
    clusters
}

/// Where lines of at most `width` ems begin and end. Spaces at the end of a line take no room.
fn broken(text: &str, clusters: &[Cluster], width: f32) -> Vec<Range<usize>> {
    let is_space = |cluster: &Cluster| text[cluster.start..].starts_with(' ');
    let mut lines = Vec::new();
    let (mut first, mut used) = (0, 0.0);
    let mut after_space = None;
    let mut at = 0;
    while let Some(cluster) = clusters.get(at) {
        if is_space(cluster) {
            used += cluster.advance;
            after_space = Some(at + 1);
        } else if used + cluster.advance > width && at > first {
            let next = after_space.take().unwrap_or(at);
            lines.push(clusters[first].start..clusters[next].start);
            (first, used, at) = (next, 0.0, next);
            continue;
        } else {
            used += cluster.advance;
        }
        at += 1;
    }
    let start = clusters.get(first).map_or(text.len(), |cluster| cluster.start);
    // The first line takes what precedes the first cluster, such as an isolate.
    lines.push(start..text.len());
    if let Some(first) = lines.first_mut() {
        first.start = 0;
    }
    lines
}

fn line(
    fonts: &Fonts,
    text: &str,
    range: Range<usize>,
    runs: impl Iterator<Item = (Level, Range<usize>)>,
    look: Look,
) -> Line {
    let mut parts = Vec::new();
    let mut is_plain = true;
    for (level, run) in runs {
        let mut segments = fonts.segments(text, run, look);
        if level.is_rtl() {
            is_plain = false;
            segments.reverse();
        }
        for segment in segments {
            for glyph in fonts.shape(text, &segment, level) {
                if glyph.glyph_id.to_u32() == 0 {
                    is_plain = false;
                    parts.push(Part::Missing { range: glyph.text_range });
                    continue;
                }
                let advance = glyph.x_advance;
                match parts.last_mut() {
                    Some(Part::Glyphs { which, glyphs, width }) if *which == segment.which => {
                        glyphs.push(glyph);
                        *width += advance;
                    }
                    _ => {
                        let glyphs = vec![glyph];
                        parts.push(Part::Glyphs { which: segment.which, glyphs, width: advance });
                    }
                }
            }
        }
    }
    let actual = (!is_plain).then(|| text[range].replace(['\u{2068}', '\u{2069}'], "").trim_end().to_owned());
    Line { parts, actual, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn width(line: &Line) -> f32 {
        line.parts.iter().map(|part| if let Part::Glyphs { width, .. } = part { *width } else { BOX }).sum()
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        let fonts = Fonts::load().unwrap();
        let set = lines(&fonts, "Test Patient One", Look::Mono, 9.0);
        let set = set.iter().map(|line| line.text.as_str()).collect::<Vec<_>>();
        assert_eq!(set, ["Test Patient", "One"]);
        let set = lines(&fonts, "abcdefgh ij", Look::Mono, 0.6 * 3.5);
        let set = set.iter().map(|line| line.text.as_str()).collect::<Vec<_>>();
        assert_eq!(set, ["abc", "def", "gh", "ij"]);
        assert_eq!(lines(&fonts, "", Look::Words, 5.0).len(), 1);
        // A line narrower than a letter still takes one.
        assert_eq!(lines(&fonts, "abc", Look::Words, 0.1).len(), 3);
    }

    #[test]
    fn a_name_from_right_to_left_stays_in_its_place() {
        let fonts = Fonts::load().unwrap();
        let text = "Patient: \u{2068}مريض 12 تجريبي\u{2069}, 3 pages";
        let set = lines(&fonts, text, Look::Words, 100.0);
        assert_eq!(set.len(), 1);
        assert_eq!(set[0].actual.as_deref(), Some("Patient: مريض 12 تجريبي, 3 pages"));
        let starts = set[0]
            .parts
            .iter()
            .flat_map(|part| match part {
                Part::Glyphs { glyphs, .. } => glyphs.iter().map(|glyph| glyph.text_range.start).collect(),
                Part::Missing { .. } => Vec::new(),
            })
            .collect::<Vec<_>>();
        let place = |needle: &str| {
            let at = text.find(needle).unwrap();
            starts.iter().position(|start| *start == at).unwrap()
        };
        // Drawn from left to right: label, last word, number with its digits in order, first word, comma, rest.
        let drawn =
            [place("P"), place("ي\u{2069}"), place("12"), place("2 "), place("مر"), place(","), place("3")];
        assert!(drawn.is_sorted(), "{drawn:?}");
    }

    #[test]
    fn what_no_font_has_is_a_box() {
        let fonts = Fonts::load().unwrap();
        let set = lines(&fonts, "a漢b", Look::Words, 100.0);
        assert!(matches!(set[0].parts[..], [Part::Glyphs { .. }, Part::Missing { .. }, Part::Glyphs { .. }]));
        assert_eq!(set[0].actual.as_deref(), Some("a漢b"));
    }

    proptest! {
        #[test]
        fn any_text_is_set_within_its_width(text in "(\\PC|[ a-f\u{590}-\u{6ff}\u{900}-\u{97f}\u{2068}\u{2069}]){0,60}") {
            let fonts = Fonts::load().unwrap();
            for line in lines(&fonts, &text, Look::Words, 8.0) {
                let letters = line.parts.iter().map(|part| match part {
                    Part::Glyphs { glyphs, .. } => glyphs.len(),
                    Part::Missing { .. } => 1,
                }).sum::<usize>();
                let spaces = text.matches(' ').count();
                // Shaping a line by itself can widen it by a little; spaces at its end hang over.
                let room = 8.0 + 2.0 + 0.3 * f32::from(u16::try_from(spaces).unwrap());
                prop_assert!(width(&line) <= room || letters <= 4, "{}", width(&line));
            }
        }
    }
}
