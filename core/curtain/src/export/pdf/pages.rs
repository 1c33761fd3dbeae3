//! Draws one volume. With `fonts`, sole importer of the PDF writer.

use std::num::NonZeroU16;

use krilla::Document;
use krilla::SerializeSettings;
use krilla::color::luma;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Node, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
};

use crate::export::plain::plain;
use crate::export::{About, LogPart, Row};
use crate::time::UnixTime;

use super::fonts::Fonts;
use super::lines::{BOX, Line, Look, Part, lines};
use super::plan::{Slice, Space, plan};
use super::table::{COLUMNS, Logs, cells, heading, range};
use super::{Volume, document_id};

/// A4 on its side, in points. [ISO 216]
const PAGE: (f32, f32) = (841.89, 595.28);
const MARGIN: f32 = 36.0;
/// From the upper edge of a line to its baseline, as a share of the distance between lines.
const BASELINE: f32 = 0.75;
const PITCH: f32 = 10.5;
const PADDING: f32 = 4.0;
const HEADER: f32 = 15.0;
const GUTTER: f32 = 6.0;
/// How many lines of the signed note are printed. Longer ones have many cosignatures.
const NOTE_LINES: usize = 24;
/// So many characters fill that many lines.
const NOTE_CHARACTERS: usize = 5_000;

/// The file, or nothing if the writer refuses it.
pub(super) fn draw(about: &About, volume: &Volume, rows: &[Row], fonts: &Fonts) -> Option<Vec<u8>> {
    let configuration =
        ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish().ok()?;
    let mut document = Document::new_with(SerializeSettings { configuration, ..Default::default() });
    let logs = if about.logs.len() == 1 { Logs::One } else { Logs::Many };
    let title = format!("{}, volume {} of {}", name(about), volume.number, volume.of);
    document.set_metadata(metadata(about, volume, title));

    let (front, table_top) = paged(front(about, volume, rows, fonts));
    let space = Space {
        first_top: table_top + HEADER,
        top: MARGIN + HEADER,
        bottom: PAGE.1 - MARGIN - PITCH,
        pitch: PITCH,
        padding: PADDING,
    };
    // Rows are set twice, to count the pages first and to draw them: keeping the glyphs would take the memory.
    let heights = rows.iter().map(|row| set(row, logs, fonts).iter().map(Vec::len).max().unwrap_or(1));
    // The table begins on the last page of what stands above it.
    let table_page = front.len() - 1;
    let pages: Vec<_> = vec![Vec::new(); table_page].into_iter().chain(plan(heights, &space)).collect();

    let mut tree = TagTree::new().with_lang(Some("en".to_owned()));
    let mut table = OpenTable::new(logs);
    for (number, slices) in pages.iter().enumerate() {
        let mut page = document.start_page_with(PageSettings::from_wh(PAGE.0, PAGE.1)?);
        let mut surface = page.surface();
        let mut top = MARGIN;
        for block in front.get(number).into_iter().flatten() {
            tree.push(block.draw(&mut surface, fonts, top));
            top += block.height();
        }
        if !slices.is_empty() {
            table.header(&mut surface, fonts, top);
        }
        for slice in slices {
            table.slice(&mut surface, fonts, &rows[slice.row], slice);
        }
        footer(&mut surface, fonts, about, volume, (number + 1, pages.len()));
        surface.finish();
        page.finish();
    }
    if let Some(table) = table.finish() {
        tree.push(table);
    }
    document.set_tag_tree(tree);
    let mut outline = Outline::new();
    for (title, page, top) in [(subject(logs), 0, MARGIN), ("Entries", table_page, table_top)] {
        outline.push_child(OutlineNode::new(
            title.to_owned(),
            XyzDestination::new(page, Point::from_xy(MARGIN, top)),
        ));
    }
    document.set_outline(outline);
    document.finish().ok()
}

fn subject(logs: Logs) -> &'static str {
    match logs {
        Logs::One => "Consent log",
        Logs::Many => "Consent logs",
    }
}

/// What the file is called: `Consent log 11..`, `Consent logs (12)`.
fn name(about: &About) -> String {
    match about.logs.as_slice() {
        [part] => format!("Consent log {}", part.log),
        parts => format!("Consent logs ({})", parts.len()),
    }
}

fn metadata(about: &About, volume: &Volume, title: String) -> Metadata {
    Metadata::new()
        .title(title)
        .language("en".to_owned())
        .creator("Curtain".to_owned())
        .document_id(document_id(about, volume))
        .creation_date(date(about.exported_at))
}

fn date(at: UnixTime) -> DateTime {
    // RFC 3339 in UTC: the places of the numbers are fixed.
    let text = at.to_string();
    let number =
        |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let part = |from| u8::try_from(number(from, from + 2)).unwrap_or(0);
    DateTime::new(number(0, 4))
        .month(part(5))
        .day(part(8))
        .hour(part(11))
        .minute(part(14))
        .second(part(17))
        .utc_offset_hour(0)
}

/// A paragraph or heading above the table.
struct Block {
    tag: TagKind,
    lines: Vec<Line>,
    size: f32,
    pitch: f32,
    above: f32,
}

impl Block {
    #[expect(clippy::cast_precision_loss, reason = "a block has few lines")]
    fn height(&self) -> f32 {
        self.above + self.pitch * self.lines.len() as f32
    }

    fn draw(&self, surface: &mut Surface<'_>, fonts: &Fonts, top: f32) -> TagGroup {
        let mut group = TagGroup::new(self.tag.clone());
        let mut top = top + self.above;
        for line in &self.lines {
            write(surface, fonts, line, (MARGIN, top + self.pitch * BASELINE), self.size, &mut group);
            top += self.pitch;
        }
        group
    }
}

/// `blocks` on as many pages as they need, and where the last one ends. What follows has room for a row at least.
fn paged(blocks: Vec<Block>) -> (Vec<Vec<Block>>, f32) {
    let bottom = PAGE.1 - MARGIN - 2.0 * PITCH - HEADER - PADDING;
    let mut pages = vec![Vec::new()];
    let mut top = MARGIN;
    for block in blocks {
        if top + block.height() > bottom && top > MARGIN {
            pages.push(Vec::new());
            top = MARGIN;
        }
        top += block.height();
        if let Some(page) = pages.last_mut() {
            page.push(block);
        }
    }
    (pages, top)
}

/// What stands above the table, on the first page and as many as it takes.
fn front(about: &About, volume: &Volume, rows: &[Row], fonts: &Fonts) -> Vec<Block> {
    let width = PAGE.0 - 2.0 * MARGIN;
    let block = |tag: TagKind, text: &str, size: f32, above: f32| {
        let lines = lines(fonts, text, Look::Words, width / size);
        Block { tag, lines, size, pitch: size * 1.4, above }
    };
    let heading = |level: u16, text: &str, size, above| {
        let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
        let tag = Tag::Hn(level, Some(text.to_owned())).into();
        block(tag, text, size, above)
    };
    let paragraph = |text: String| block(Tag::P.into(), &text, 9.0, 2.0);
    let details = if rows.iter().any(|row| row.details.is_some()) {
        "with details that identify people. Keep this file as you keep the record."
    } else {
        "without details of people."
    };
    let volumes = format!("Volume {} of {}", volume.number, volume.of);
    if let [part] = about.logs.as_slice() {
        let entries = range(part.first, part.until);
        let in_volume = range(volume.first, volume.until);
        return vec![
            heading(1, subject(Logs::One), 18.0, 0.0),
            paragraph(format!("Log {} of {} entries under the checkpoint below.", part.log, part.size)),
            paragraph(format!("{entries}, exported {}, {details}", about.exported_at)),
            paragraph(format!("{volumes}: {in_volume}.")),
            paragraph("These pages are for reading. To prove that nothing was changed or dropped, verify the evidence export.".to_owned()),
            heading(2, "Signed checkpoint", 12.0, 8.0),
            note(&part.checkpoint, fonts, width),
            heading(2, "Entries", 12.0, 8.0),
        ];
    }
    let all: u64 = about.logs.iter().map(|part| part.until.saturating_sub(part.first)).sum();
    let logs = about.logs.iter().map(|part| signed(part, fonts, width));
    let times = match rows {
        [] => String::new(),
        [only] => format!(", {}", only.leaf.at),
        [first, .., last] => format!(", {} to {}", first.leaf.at, last.leaf.at),
    };
    let above = [
        heading(1, subject(Logs::Many), 18.0, 0.0),
        paragraph(format!("{all} entries of {} logs, exported {}, {details}", about.logs.len(), about.exported_at)),
        paragraph(format!("{volumes}: {} entries{times}.", rows.len())),
        paragraph("Entries are in order of time. Each names its log; its number, and those that it refers to, are places in that log.".to_owned()),
        paragraph("These pages are for reading. To prove that nothing was changed or dropped, verify the evidence of each log.".to_owned()),
        heading(2, "Logs, with the root that each signed", 12.0, 8.0),
    ];
    above.into_iter().chain(logs).chain([heading(2, "Entries", 12.0, 8.0)]).collect()
}

/// What stands of a log in the list of many: its name, its entries, and the root in its checkpoint. [C2SP tlog-checkpoint]
fn signed(part: &LogPart, fonts: &Fonts, width: f32) -> Block {
    let size = 7.5;
    let root = part.checkpoint.lines().nth(2).unwrap_or_default();
    let text = format!("{}  {} of {}  {root}", part.log, range(part.first, part.until), part.size);
    let lines = lines(fonts, &plain(&text), Look::Mono, width / size);
    Block { tag: Tag::P.into(), lines, size, pitch: size * 1.4, above: 1.0 }
}

/// The signed note, or as much of it as there is room for.
fn note(checkpoint: &str, fonts: &Fonts, width: f32) -> Block {
    let size = 7.5;
    let set = |text: &str| lines(fonts, &plain(text), Look::Mono, width / size);
    let shown =
        checkpoint.char_indices().nth(NOTE_CHARACTERS).map_or(checkpoint, |(end, _)| &checkpoint[..end]);
    let mut note = shown.lines().flat_map(set).collect::<Vec<_>>();
    if note.len() > NOTE_LINES || shown.len() < checkpoint.len() {
        note.truncate(NOTE_LINES);
        note.extend(set("(cut; all of it is in the evidence export)"));
    }
    if note.is_empty() {
        note = set("none");
    }
    Block { tag: Tag::Code.into(), lines: note, size, pitch: size * 1.4, above: 2.0 }
}

/// The table, and its row that may go on over the next page.
struct OpenTable {
    logs: Logs,
    head: Option<TagGroup>,
    rows: Vec<TagGroup>,
    open: Option<(usize, Vec<TagGroup>)>,
}

impl OpenTable {
    fn new(logs: Logs) -> Self {
        Self { logs, head: None, rows: Vec::new(), open: None }
    }

    /// The titles of the columns. They are content on the first page and an artifact on the others.
    fn header(&mut self, surface: &mut Surface<'_>, fonts: &Fonts, top: f32) {
        shade(surface, top, HEADER - 2.0);
        let is_first = self.head.is_none();
        let mut row = TagGroup::new(Tag::TR);
        let mut left = MARGIN;
        for column in &COLUMNS {
            let mut cell = TagGroup::new(Tag::TH(TableHeaderScope::Column));
            let at = (left + GUTTER / 2.0, top + (HEADER - 2.0) * BASELINE);
            for line in lines(fonts, heading(column, self.logs), Look::Words, column.width) {
                if is_first {
                    write(surface, fonts, &line, at, 8.0, &mut cell);
                } else {
                    decorate(surface, fonts, &line, at, 8.0, ArtifactType::PaginationOther);
                }
            }
            row.push(cell);
            left += column.width;
        }
        if is_first {
            self.head = Some(row);
        }
    }

    fn slice(&mut self, surface: &mut Surface<'_>, fonts: &Fonts, row: &Row, slice: &Slice) {
        if self.open.as_ref().is_none_or(|(open, _)| *open != slice.row) {
            self.close();
            let cells = COLUMNS.iter().map(|_| TagGroup::new(Tag::TD)).collect();
            self.open = Some((slice.row, cells));
        }
        let Some((_, groups)) = &mut self.open else { return };
        let mut left = MARGIN;
        for ((column, cell), group) in COLUMNS.iter().zip(set(row, self.logs, fonts)).zip(groups) {
            let mut baseline = slice.top + PADDING / 2.0 + PITCH * BASELINE;
            for line in cell.iter().skip(slice.first).take(slice.lines) {
                write(surface, fonts, line, (left + GUTTER / 2.0, baseline), column.size, group);
                baseline += PITCH;
            }
            left += column.width;
        }
        #[expect(clippy::cast_precision_loss, reason = "a page has few lines")]
        rule(surface, slice.top + PADDING + PITCH * slice.lines as f32);
    }

    fn close(&mut self) {
        if let Some((_, cells)) = self.open.take() {
            let mut row = TagGroup::new(Tag::TR);
            for cell in cells {
                row.push(cell);
            }
            self.rows.push(row);
        }
    }

    fn finish(mut self) -> Option<TagGroup> {
        self.close();
        let mut head = TagGroup::new(Tag::THead);
        head.push(self.head?);
        let mut body = TagGroup::new(Tag::TBody);
        for row in self.rows {
            body.push(row);
        }
        let mut table = TagGroup::new(Tag::Table);
        table.push(head);
        table.push(body);
        Some(table)
    }
}

/// The lines of each cell of `row`.
fn set(row: &Row, logs: Logs, fonts: &Fonts) -> Vec<Vec<Line>> {
    COLUMNS
        .iter()
        .zip(cells(row, logs))
        .map(|(column, paragraphs)| {
            let width = (column.width - GUTTER) / column.size;
            paragraphs.iter().flat_map(|text| lines(fonts, text, column.look, width)).collect()
        })
        .collect()
}

fn footer(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    about: &About,
    volume: &Volume,
    (page, pages): (usize, usize),
) {
    let text = format!("{}, volume {} of {}, page {page} of {pages}", name(about), volume.number, volume.of);
    for line in lines(fonts, &text, Look::Words, f32::MAX) {
        decorate(surface, fonts, &line, (MARGIN, PAGE.1 - MARGIN + 6.0), 7.5, ArtifactType::Footer);
    }
}

fn artifact(kind: ArtifactType) -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(kind))
}

/// Draws `line` with its baseline at `at`, as content of `group`.
///
/// Where glyphs do not tell what is read, the structure does. It is not said with the glyphs too, since the PDF writer
/// says it there by itself for single letters, and readers lose text if one such statement stands inside another.
fn write(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    line: &Line,
    at: (f32, f32),
    size: f32,
    group: &mut TagGroup,
) {
    let mut content = Vec::new();
    let mut x = at.0;
    for part in &line.parts {
        let said = match part {
            Part::Glyphs { .. } => None,
            Part::Missing { range } => line.text.get(range.clone()),
        };
        let tag = SpanTag::empty().with_actual_text(said);
        content.push(Node::from(surface.start_tagged(ContentTag::Span(tag))));
        x += glyphs(surface, fonts, line, part, (x, at.1), size);
        surface.end_tagged();
    }
    match &line.actual {
        Some(actual) => {
            let tag = Tag::Span.with_actual_text(Some(actual.clone()));
            group.push(TagGroup::with_children(tag, content));
        }
        None => {
            for part in content {
                group.push(part);
            }
        }
    }
}

/// Draws `line` as something that is not read.
fn decorate(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    line: &Line,
    at: (f32, f32),
    size: f32,
    kind: ArtifactType,
) {
    surface.start_tagged(artifact(kind));
    let mut x = at.0;
    for part in &line.parts {
        x += glyphs(surface, fonts, line, part, (x, at.1), size);
    }
    surface.end_tagged();
}

/// Draws `part` of `line` and gives its width.
fn glyphs(
    surface: &mut Surface<'_>,
    fonts: &Fonts,
    line: &Line,
    part: &Part,
    (x, y): (f32, f32),
    size: f32,
) -> f32 {
    match part {
        Part::Glyphs { which, glyphs, width } => {
            surface.set_stroke(None);
            surface.set_fill(Some(ink(0)));
            let font = fonts.font(*which);
            surface.draw_glyphs(Point::from_xy(x, y), glyphs, font, &line.text, size, false);
            width * size
        }
        Part::Missing { .. } => {
            missing(surface, (x, y), size);
            BOX * size
        }
    }
}

/// A box in place of a character for which there is no glyph.
fn missing(surface: &mut Surface<'_>, (x, y): (f32, f32), size: f32) {
    let Some(frame) = Rect::from_xywh(x + 0.06 * size, y - 0.7 * size, (BOX - 0.12) * size, 0.75 * size)
    else {
        return;
    };
    let mut path = PathBuilder::new();
    path.push_rect(frame);
    let Some(path) = path.finish() else { return };
    surface.set_fill(None);
    surface.set_stroke(Some(Stroke {
        paint: luma::Color::new(0).into(),
        width: 0.05 * size,
        ..Default::default()
    }));
    surface.draw_path(&path);
}

fn ink(lightness: u8) -> Fill {
    Fill { paint: luma::Color::new(lightness).into(), ..Default::default() }
}

fn shade(surface: &mut Surface<'_>, top: f32, height: f32) {
    bar(surface, top, height, 225);
}

fn rule(surface: &mut Surface<'_>, top: f32) {
    bar(surface, top, 0.4, 190);
}

fn bar(surface: &mut Surface<'_>, top: f32, height: f32, lightness: u8) {
    let Some(rect) = Rect::from_xywh(MARGIN, top, PAGE.0 - 2.0 * MARGIN, height) else { return };
    let mut path = PathBuilder::new();
    path.push_rect(rect);
    let Some(path) = path.finish() else { return };
    surface.start_tagged(artifact(ArtifactType::Layout));
    surface.set_stroke(None);
    surface.set_fill(Some(ink(lightness)));
    surface.draw_path(&path);
    surface.end_tagged();
}
