//! `curtain clean` and `curtain cover`

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use curtain::clean::{Cleaned, Opened, Options, finish, look, open};
use curtain::detect::Detectors;
use curtain::detect::Finding;
use curtain::files;
use curtain::geometry::PixelRect;
use curtain::picture::Picture;
use indicatif::{ProgressBar, ProgressStyle};
use ring::rand::SystemRandom;
use serde::Serialize;

use crate::Outcome;
use crate::args::{CleanArgs, CoverArgs, OutputArgs};
use crate::output::{self, Failure, Looked, SeenFields};
use crate::sheet::Sheet;

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    seen: SeenFields,
    output: String,
    sha256: String,
    covered: f64,
    millis: Millis,
}

#[derive(Serialize)]
struct Millis {
    decode: u64,
    detect: u64,
    cover: u64,
    encode: u64,
    audit: u64,
}

/// What decides which regions are covered.
enum Regions<'a> {
    Found(&'a Detectors),
    ByHand(&'a [PixelRect]),
}

pub(crate) fn run(args: &CleanArgs) -> Outcome {
    match Detectors::load() {
        Ok(detectors) => {
            let files: Vec<&Path> = args.files.iter().map(AsRef::as_ref).collect();
            run_on(&files, &Regions::Found(&detectors), &args.output)
        }
        Err(error) => {
            output::warn(&error.to_string());
            Outcome::SomethingFailed
        }
    }
}

pub(crate) fn run_cover(args: &CoverArgs) -> Outcome {
    run_on(&[&args.file], &Regions::ByHand(&args.regions), &args.output)
}

fn run_on(paths: &[&Path], regions: &Regions<'_>, args: &OutputArgs) -> Outcome {
    let job = Job {
        regions,
        options: Options {
            limits: args.limits.limits(),
            cover: args.style.into(),
            encoding: args.format.into(),
        },
        args,
        random: SystemRandom::new(),
    };
    let mut outcome = Outcome::AllDone;
    let mut sheet = args.sheet.as_ref().map(|_| Sheet::default());
    let progress = progress(paths.len());
    for path in paths {
        match job.clean(path, sheet.as_mut()) {
            Ok(line) => progress.suspend(|| print(&line, args.json)),
            Err(failure) => {
                progress.suspend(|| output::report_failure(path, &failure, args.json));
                outcome = Outcome::SomethingFailed;
            }
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    if let (Some(path), Some(sheet)) = (&args.sheet, sheet) {
        if let Err(failure) = sheet.write(path) {
            output::report_failure(path, &failure, false);
            return Outcome::SomethingFailed;
        }
        output::warn("the contact sheet shows the uncovered photos: keep it private");
    }
    outcome
}

/// A bar on a terminal; nothing where output is piped.
fn progress(files: usize) -> ProgressBar {
    let bar = ProgressBar::new(files as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} photos, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

struct Job<'a> {
    regions: &'a Regions<'a>,
    options: Options,
    args: &'a OutputArgs,
    random: SystemRandom,
}

/// A photo that was opened, and what is to be covered on it.
struct Plan {
    opened: Opened,
    picture: Picture,
    /// What detectors found, where they ran, and how long it took them.
    found: Option<(Vec<Finding>, Duration)>,
    regions: Vec<PixelRect>,
}

impl Job<'_> {
    /// Cleans one photo; a panic in it is that photo's failure, and the others are still done.
    fn clean(&self, path: &Path, sheet: Option<&mut Sheet>) -> Result<Line, Failure> {
        catch_unwind(AssertUnwindSafe(|| self.try_clean(path, sheet))).unwrap_or_else(|_| {
            Err(Failure {
                code: "internal",
                message: "curtain failed on this photo by an error of its own: nothing was released"
                    .to_owned(),
            })
        })
    }

    fn try_clean(&self, path: &Path, sheet: Option<&mut Sheet>) -> Result<Line, Failure> {
        let bytes = files::read(path, &self.options.limits)?;
        let Plan { opened, picture, found, regions } = self.plan(&bytes)?;
        drop(bytes);
        let before = sheet.is_some().then(|| crate::sheet::small(&picture)).flatten();
        let cleaned = finish(picture, &regions, &self.options)?;
        let output = files::release(&cleaned.file, &self.args.out, &self.random)?;
        let findings = found.as_ref().map(|(findings, _)| findings.as_slice());
        if let (Some(sheet), Some(before)) = (sheet, before) {
            sheet.add(before, &cleaned.picture, findings.unwrap_or_default(), &regions);
        }
        let looked = findings.map_or(Looked::NotAtAll, Looked::ByDetectors);
        let detecting = found.as_ref().map_or(Duration::ZERO, |(_, time)| *time);
        Ok(Line {
            seen: SeenFields::new(path, &opened, looked),
            output: output::shown(&output),
            sha256: cleaned.sha256().to_string(),
            covered: cleaned.covered,
            millis: Millis::new(&opened, detecting, &cleaned),
        })
    }

    fn plan(&self, bytes: &[u8]) -> Result<Plan, Failure> {
        match self.regions {
            Regions::Found(detectors) => {
                let (seen, picture) = look(bytes, detectors, &self.options.limits)?;
                let regions = seen.regions();
                Ok(Plan {
                    opened: seen.opened,
                    picture,
                    found: Some((seen.findings, seen.detecting)),
                    regions,
                })
            }
            Regions::ByHand(regions) => {
                let (opened, picture) = open(bytes, &self.options.limits)?;
                Ok(Plan { opened, picture, found: None, regions: regions.to_vec() })
            }
        }
    }
}

impl Millis {
    fn new(opened: &Opened, detecting: Duration, cleaned: &Cleaned) -> Self {
        Self {
            decode: millis(opened.decoding),
            detect: millis(detecting),
            cover: millis(cleaned.covering),
            encode: millis(cleaned.encoding),
            audit: millis(cleaned.auditing),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn print(line: &Line, json: bool) {
    if json {
        return output::json_line(line);
    }
    output::print_seen(&line.seen);
    output::line(&format!("  covered  {:.1} % of the picture", line.covered * 100.0));
    output::line(&format!("  output   {}", line.output));
}
