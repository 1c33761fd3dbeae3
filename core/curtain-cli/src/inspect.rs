//! `curtain inspect`

use std::path::Path;

use curtain::clean::{CleanError, look};
use curtain::detect::Detectors;
use curtain::files;
use curtain::metadata;
use curtain::picture::Limits;
use serde::Serialize;

use crate::Outcome;
use crate::args::InspectArgs;
use crate::output::{self, Failure, Looked, SeenFields};

#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    seen: SeenFields,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<ValueFields>>,
}

#[derive(Serialize)]
struct ValueFields {
    class: &'static str,
    name: String,
    text: String,
}

pub(crate) fn run(args: &InspectArgs) -> Outcome {
    let limits = args.limits.limits();
    let detectors = match Detectors::load() {
        Ok(detectors) => detectors,
        Err(error) => {
            output::warn(&error.to_string());
            return Outcome::SomethingFailed;
        }
    };
    let mut outcome = Outcome::AllDone;
    for path in &args.files {
        match inspect(path, &detectors, &limits, args.values) {
            Ok(line) if args.json => output::json_line(&line),
            Ok(line) => print(&line),
            Err(failure) => {
                output::report_failure(path, &failure, args.json);
                outcome = Outcome::SomethingFailed;
            }
        }
    }
    outcome
}

fn inspect(path: &Path, detectors: &Detectors, limits: &Limits, values: bool) -> Result<Line, Failure> {
    let bytes = files::read(path, limits)?;
    let (seen, _) = look(&bytes, detectors, limits)?;
    let values = if values { Some(read_values(&bytes)?) } else { None };
    Ok(Line { seen: SeenFields::new(path, &seen.opened, Looked::ByDetectors(&seen.findings)), values })
}

fn read_values(bytes: &[u8]) -> Result<Vec<ValueFields>, CleanError> {
    let values = metadata::values(bytes)?;
    Ok(values
        .into_iter()
        .map(|value| ValueFields { class: value.class.as_str(), name: value.name, text: value.text })
        .collect())
}

fn print(line: &Line) {
    output::print_seen(&line.seen);
    for value in line.values.iter().flatten() {
        output::line(&format!("  value    {:<18} {}: {}", value.class, value.name, value.text));
    }
}
