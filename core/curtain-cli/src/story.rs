//! `curtain story`

use std::fmt::Write;
use std::io::Read;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use curtain::files::{self, ReadError};
use curtain::metadata::{self, InspectError, Refused};
use curtain::picture::Limits;
use curtain::story::{self, Decision, Finding, Findings, Known, KnownTerm, Locale, UnusableTerm, Warning};
use serde::Serialize;

use crate::Outcome;
use crate::args::StoryArgs;
use crate::output::{self, Failure};
use crate::vault::now;

/// A longer text, in bytes, is no case.
const MAX_BYTES: u64 = 1 << 20;

/// Counts in it are of Unicode scalar values, not of bytes.
#[derive(Serialize)]
struct Line<'a> {
    file: String,
    spans: Vec<SpanFields<'a>>,
    warnings: Vec<WarningFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct SpanFields<'a> {
    start: usize,
    end: usize,
    class: &'static str,
    confidence: f64,
    replacement: &'a str,
    rule: &'static str,
    paragraph: char,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<&'a str>,
    utf16: [usize; 2],
}

#[derive(Serialize)]
struct WarningFields {
    kind: &'static str,
    text: &'static str,
    start: usize,
    end: usize,
}

/// How every text is read and shown.
struct Job<'a> {
    args: &'a StoryArgs,
    locale: Locale,
    known: Known,
}

/// How much a person still has to do.
#[derive(Default)]
struct Count {
    texts: usize,
    findings: usize,
    warnings: usize,
}

pub(crate) fn run(args: &StoryArgs) -> Outcome {
    output::finish(try_run(args), args.json)
}

fn try_run(args: &StoryArgs) -> Result<Outcome, Failure> {
    let locale = Locale::new(args.locale, now()?.year());
    let known = args.known.as_deref().map_or(Ok(Known::default()), read_known)?;
    let job = Job { args, locale, known };
    let (mut outcome, mut count) = (Outcome::AllDone, Count::default());
    for path in &args.files {
        if let Err(failure) = job.tell(path, &mut count) {
            output::report_failure(path, &failure, args.json);
            outcome = Outcome::SomethingFailed;
        }
    }
    if !args.json && count.texts > 0 {
        job.say(&count.in_words(args));
    }
    Ok(outcome)
}

impl Job<'_> {
    /// Reads one text and shows what is in it; a panic is that text's failure, and the others are still read.
    fn tell(&self, path: &Path, count: &mut Count) -> Result<(), Failure> {
        let text = read_text(path)?;
        let scanned = catch_unwind(AssertUnwindSafe(|| {
            let findings = story::scan(&text, self.locale, &self.known);
            let decisions = vec![self.decision(); findings.found.len()];
            let written = self.args.apply.then(|| story::settle(&text, &findings, &decisions)).transpose();
            written.map(|written| (findings, written.map(|settled| settled.text)))
        }));
        let Ok(Ok((findings, written))) = scanned else {
            return Err(Failure {
                code: "internal",
                message: "curtain failed on this text by an error of its own: nothing was said of it"
                    .to_owned(),
            });
        };
        count.texts += 1;
        count.findings += findings.found.len();
        count.warnings += findings.warnings.len();
        if self.args.json {
            output::json_line(&self.line(path, &text, &findings, written.as_deref()));
        } else if let Some(written) = &written {
            output::exactly(written);
            self.print_warnings(&text, &findings);
        } else {
            output::line(&output::shown(path));
            self.print_findings(&text, &findings);
            self.print_warnings(&text, &findings);
        }
        Ok(())
    }

    /// What is done with everything that is found.
    fn decision(&self) -> Decision {
        if self.args.intervals { Decision::Interval } else { Decision::Replace }
    }

    fn written<'f>(&self, finding: &'f Finding) -> &'f str {
        match &finding.interval {
            Some(interval) if self.args.intervals => interval,
            _ => &finding.replacement,
        }
    }

    fn line<'f>(
        &self,
        path: &Path,
        text: &str,
        findings: &'f Findings,
        written: Option<&'f str>,
    ) -> Line<'f> {
        let places = Places::of(text);
        let span = |finding: &'f Finding| SpanFields {
            start: places.scalar(finding.span.start),
            end: places.scalar(finding.span.end),
            class: finding.class.code(),
            confidence: (f64::from(finding.confidence) * 100.0).round() / 100.0,
            replacement: self.written(finding),
            rule: finding.why.rule,
            paragraph: finding.class.paragraph(),
            interval: finding.interval.as_deref(),
            utf16: [finding.utf16.start, finding.utf16.end],
        };
        let warning = |Warning { kind, span }: &Warning| WarningFields {
            kind: kind.code(),
            text: kind.text(),
            start: places.scalar(span.start),
            end: places.scalar(span.end),
        };
        Line {
            file: output::shown(path),
            spans: findings.found.iter().map(span).collect(),
            warnings: findings.warnings.iter().map(warning).collect(),
            text: written,
        }
    }

    fn print_findings(&self, text: &str, findings: &Findings) {
        let places = Places::of(text);
        for finding in &findings.found {
            output::line(&format!(
                "  {:<8} {:<11} {:.2}  {:<18} {:<20} for  {}",
                places.line_and_column(finding.span.start),
                finding.class.code(),
                finding.confidence,
                finding.why.rule,
                self.written(finding),
                words(text, &finding.span),
            ));
        }
    }

    fn print_warnings(&self, text: &str, findings: &Findings) {
        let places = Places::of(text);
        for Warning { kind, span } in &findings.warnings {
            let place = places.line_and_column(span.start);
            let kind = kind.text();
            if self.args.apply {
                // Standard output is the text; what goes beside it into a log holds none of its words.
                output::warn(&format!("  {place:<8} warning     {kind}"));
            } else {
                output::line(&format!("  {place:<8} warning     {}: {kind}", words(text, span)));
            }
        }
    }

    /// A line for a person: beside the report, or on standard error where the text itself is the report.
    fn say(&self, text: &str) {
        if self.args.apply { output::warn(text) } else { output::line(text) }
    }
}

impl Count {
    fn in_words(&self, args: &StoryArgs) -> String {
        let mut text = format!("{} {}", self.findings, if args.apply { "replaced" } else { "to decide on" });
        match self.warnings {
            0 => {}
            1 => text.push_str(", 1 warning"),
            more => _ = write!(text, ", {more} warnings"),
        }
        text + ". This helps a reader; it does not replace one."
    }
}

/// The user's own words, on the user's own terminal.
fn words(text: &str, span: &Range<usize>) -> String {
    output::printable(&text[span.clone()])
}

/// Where bytes of a text are, in what people and other programs count.
struct Places {
    /// The first byte of every character.
    scalars: Vec<usize>,
    /// The first byte of every line.
    lines: Vec<usize>,
}

impl Places {
    fn of(text: &str) -> Self {
        let scalars = text.char_indices().map(|(byte, _)| byte).collect();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(byte, _)| byte + 1)).collect();
        Self { scalars, lines }
    }

    /// How many characters stand before `byte`.
    fn scalar(&self, byte: usize) -> usize {
        self.scalars.partition_point(|start| *start < byte)
    }

    /// As editors show it, `line:column`, from 1.
    fn line_and_column(&self, byte: usize) -> String {
        let line = self.lines.partition_point(|start| *start <= byte);
        let start = self.lines[line - 1];
        format!("{line}:{}", self.scalar(byte) - self.scalar(start) + 1)
    }
}

pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = if path.as_os_str() == "-" { read_standard_input()? } else { read_file(path)? };
    let too_large = bytes.len() as u64 > MAX_BYTES;
    let refused = match metadata::inspect(&bytes) {
        Err(InspectError::Refused(refused)) => Some(refused),
        _ => None,
    };
    let text = String::from_utf8(bytes).ok();
    let text = text.filter(|text| {
        // What other encodings leave of text is full of zero bytes, and nothing would be found in it.
        !text.contains('\0') && refused != Some(Refused::Pdf)
    });
    match (text, refused) {
        (Some(text), _) if !too_large => Ok(text),
        (Some(_), _) | (None, Some(Refused::Empty | Refused::Text | Refused::Unknown)) if too_large => {
            Err(ReadError::TooLarge { limit: MAX_BYTES }.into())
        }
        (None, Some(Refused::Empty | Refused::Text | Refused::Unknown)) => Err(Failure {
            code: "not_utf8",
            message: "this is no text in UTF-8: save it as plain text, in UTF-8".to_owned(),
        }),
        _ => Err(Failure {
            code: "not_a_text",
            message:
                "this is a photo or a document, not a text: `curtain inspect` and `curtain clean` take photos"
                    .to_owned(),
        }),
    }
}

/// A file that may be larger than a text, so that a photo given by mistake is told from a long text.
fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    files::read(path, &Limits::default()).map_err(|error| match error {
        ReadError::TooLarge { .. } => ReadError::TooLarge { limit: MAX_BYTES }.into(),
        ReadError::NotAFile => Failure {
            code: error.code(),
            message: "this is not a file: give the texts one by one, or - for standard input".to_owned(),
        },
        other => other.into(),
    })
}

fn read_standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    // One byte more than is taken, so that a text that is too long is not read in part.
    match std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err(ReadError::Failed.into()),
    }
}

/// Terms, one a line; empty lines and lines that begin with `#` say nothing.
pub(crate) fn read_known(path: &Path) -> Result<Known, Failure> {
    let named = |failure: Failure| Failure { message: format!("--known: {}", failure.message), ..failure };
    let text = read_text(path).map_err(named)?;
    let mut known = Known::default();
    for (place, line) in text.trim_start_matches('\u{FEFF}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (kind, term) =
            line.split_once(':').map_or(("", ""), |(kind, term)| (kind.trim_end(), term.trim()));
        let kind = match kind {
            "name" => KnownTerm::Name,
            "facility" => KnownTerm::Facility,
            "place" => KnownTerm::Place,
            "number" => KnownTerm::Number,
            _ => return Err(not_a_term(place + 1)),
        };
        if term.is_empty() {
            return Err(not_a_term(place + 1));
        }
        known.add(kind, term).map_err(|UnusableTerm| Failure {
            code: "known_line",
            message: format!(
                "--known: line {} cannot be used: a term has two letters or four digits at least",
                place + 1
            ),
        })?;
    }
    Ok(known)
}

fn not_a_term(line: usize) -> Failure {
    Failure {
        code: "known_line",
        message: format!(
            "--known: line {line} names no term: write `name: ...`, `facility: ...`, `place: ...` or `number: ...`"
        ),
    }
}
