//! `curtain eval`: the detectors against photos whose faces and lines of text are known.
//!
//! A face or a line counts as covered if at least nine tenths of its area lie under some region,
//! whatever detector asked for it: the patient does not care which one did.

use std::path::Path;
use std::time::Instant;

use curtain::clean::look;
use curtain::detect::{Detectors, Kind};
use curtain::files;
use curtain::geometry::PixelRect;
use curtain::picture::Limits;
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::args::EvalArgs;
use crate::output::{self, Failure};

/// Share of a face's or line's area that must be covered.
const ENOUGH: f64 = 0.9;

/// Samples along each side of a box or polygon's bounds when its area is measured.
const SAMPLES: u32 = 40;

/// One line of `manifest.jsonl`.
#[derive(Deserialize)]
struct Entry {
    image: String,
    /// `[x, y, width, height]`
    #[serde(default)]
    faces: Vec<[f64; 4]>,
    /// Polygons of `[x, y]`.
    #[serde(default)]
    text: Vec<Vec<[f64; 2]>>,
}

#[derive(Default, Serialize)]
struct Row {
    image: String,
    faces: usize,
    faces_covered: usize,
    lines: usize,
    lines_covered: usize,
    face_findings: usize,
    text_findings: usize,
    covered_share: f64,
    seconds: f64,
}

pub(crate) fn run(args: &EvalArgs) -> Outcome {
    let (detectors, entries) = match prepare(&args.folder) {
        Ok(prepared) => prepared,
        Err(failure) => {
            output::report_failure(&args.folder, &failure, args.json);
            return Outcome::SomethingFailed;
        }
    };
    let mut outcome = Outcome::AllDone;
    let mut rows = Vec::new();
    for entry in &entries {
        match evaluate_photo(&args.folder, entry, &detectors, &Limits::default()) {
            Ok(row) => rows.push(row),
            Err(failure) => {
                output::report_failure(Path::new(&entry.image), &failure, args.json);
                outcome = Outcome::SomethingFailed;
            }
        }
    }
    rows.push(total(&rows));
    if args.json {
        rows.iter().for_each(output::json_line);
    } else {
        print(&rows);
    }
    outcome
}

fn print(rows: &[Row]) {
    output::line(&format!(
        "{:<28} {:>9} {:>9} {:>9} {:>9} {:>8} {:>8}",
        "photo", "faces", "lines", "f. found", "t. found", "covered", "seconds"
    ));
    for row in rows {
        output::line(&format!(
            "{:<28} {:>9} {:>9} {:>9} {:>9} {:>6.1} % {:>8.2}",
            output::printable(&row.image),
            format!("{}/{}", row.faces_covered, row.faces),
            format!("{}/{}", row.lines_covered, row.lines),
            row.face_findings,
            row.text_findings,
            row.covered_share * 100.0,
            row.seconds
        ));
    }
}

fn prepare(folder: &Path) -> Result<(Detectors, Vec<Entry>), Failure> {
    let manifest = files::read(&folder.join("manifest.jsonl"), &Limits::default())?;
    let unreadable = || Failure {
        code: "bad_manifest",
        message: "manifest.jsonl must hold one JSON object a line: {\"image\",\"faces\",\"text\"}".into(),
    };
    let manifest = String::from_utf8(manifest).map_err(|_| unreadable())?;
    let lines = manifest.lines().filter(|line| !line.trim().is_empty());
    let entries =
        lines.map(|line| serde_json::from_str(line).map_err(|_| unreadable())).collect::<Result<_, _>>()?;
    Ok((Detectors::load().map_err(curtain::clean::CleanError::from)?, entries))
}

fn evaluate_photo(
    folder: &Path,
    entry: &Entry,
    detectors: &Detectors,
    limits: &Limits,
) -> Result<Row, Failure> {
    let bytes = files::read(&folder.join(&entry.image), limits)?;
    let start = Instant::now();
    let (seen, picture) = look(&bytes, detectors, limits)?;
    let seconds = start.elapsed().as_secs_f64();
    let regions = seen.regions();
    let faces =
        entry.faces.iter().map(|[x, y, w, h]| vec![[*x, *y], [x + w, *y], [x + w, y + h], [*x, y + h]]);
    let count = |kind| seen.findings.iter().filter(|finding| finding.kind == kind).count();
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    let covered_share =
        curtain::cover::covered_pixels(&picture, &regions) as f64 / seen.opened.size.pixels() as f64;
    Ok(Row {
        image: entry.image.clone(),
        faces: entry.faces.len(),
        faces_covered: faces.filter(|face| covered(face, &regions) >= ENOUGH).count(),
        lines: entry.text.len(),
        lines_covered: entry.text.iter().filter(|line| covered(line, &regions) >= ENOUGH).count(),
        face_findings: count(Kind::Face),
        text_findings: count(Kind::Text),
        covered_share,
        seconds,
    })
}

fn total(rows: &[Row]) -> Row {
    let mut total = Row { image: "all".to_owned(), ..Row::default() };
    for row in rows {
        total.faces += row.faces;
        total.faces_covered += row.faces_covered;
        total.lines += row.lines;
        total.lines_covered += row.lines_covered;
        total.face_findings += row.face_findings;
        total.text_findings += row.text_findings;
        total.covered_share += row.covered_share;
        total.seconds += row.seconds;
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of photos")]
    let photos = rows.len().max(1) as f64;
    total.covered_share /= photos;
    total.seconds /= photos;
    total
}

/// Share of `polygon`'s area under any of `regions`, in 0..=1, on a grid of samples.
fn covered(polygon: &[[f64; 2]], regions: &[PixelRect]) -> f64 {
    let side = |axis: usize| {
        let values = polygon.iter().map(|point| point[axis]);
        (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max))
    };
    let ((left, right), (top, bottom)) = (side(0), side(1));
    let at = |low: f64, high: f64, i: u32| low + (high - low) * (f64::from(i) + 0.5) / f64::from(SAMPLES);
    let (mut inside, mut hidden) = (0u32, 0u32);
    for i in 0..SAMPLES {
        for j in 0..SAMPLES {
            let (x, y) = (at(left, right, i), at(top, bottom, j));
            if within(polygon, x, y) {
                inside += 1;
                hidden += u32::from(regions.iter().any(|region| {
                    (f64::from(region.x)..f64::from(region.right())).contains(&x)
                        && (f64::from(region.y)..f64::from(region.bottom())).contains(&y)
                }));
            }
        }
    }
    if inside == 0 { 0.0 } else { f64::from(hidden) / f64::from(inside) }
}

/// Whether a point lies in a polygon, by the even-odd rule.
fn within(polygon: &[[f64; 2]], x: f64, y: f64) -> bool {
    let next = polygon.iter().cycle().skip(1);
    polygon
        .iter()
        .zip(next)
        .filter(|([ax, ay], [bx, by])| (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax)
        .count()
        % 2
        == 1
}
