//! Lines for people and lines for programs.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use curtain::circle::{CircleError, NotLive, PaperError};
use curtain::clean::{CleanError, Opened};
use curtain::consent::CodeError;
use curtain::consent::signature::SignatureError;
use curtain::desk::{DeskError, ViewError};
use curtain::detect::{Detectors, Finding};
use curtain::exchange::{ExchangeError, ParcelError};
use curtain::feed::FeedError;
use curtain::files::{self, ReadError, WriteError};
use curtain::keys::KeyError;
use curtain::ledger::verify::ExpectationsError;
use curtain::metadata::{self, Inspected, Leak};
use curtain::picture::{Colour, Limits};
use curtain::post::{AboutError, OpenError, PostError, SendError};
use curtain::receipt::ReceiptError;
use curtain::sync::{BackUpError, PullError};
use curtain::transport::RelayError;
use curtain::vault::{AcknowledgeError, EraseError, GrantError, MeetError, VaultError, WithdrawError};
use curtain::wire::credential::CredentialError;
use serde::Serialize;

use crate::Outcome;

/// Why one file was not done.
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// Makes a [`Failure`] of errors that have a code and a message.
macro_rules! failures {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { code: error.code(), message: error.to_string() }
            }
        }
    )*};
}

failures!(
    ReadError,
    WriteError,
    CleanError,
    SignatureError,
    CodeError,
    VaultError,
    GrantError,
    WithdrawError,
    EraseError,
    AcknowledgeError,
    MeetError,
    DeskError,
    ReceiptError,
    ExchangeError,
    FeedError,
    AboutError,
    CircleError,
    CredentialError,
    PaperError,
    KeyError,
    PostError,
    OpenError,
    SendError,
    NotLive,
    RelayError,
    ParcelError,
    BackUpError,
    PullError,
    ExpectationsError,
    ViewError,
);

impl Failure {
    /// Of an error that is kept elsewhere.
    pub(crate) fn of(error: &ExchangeError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }

    /// As JSON lines have it.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::json!({ "code": self.code, "message": self.message })
    }
}

/// Says why a command that is not about one file was not done.
pub(crate) fn finish(done: Result<Outcome, Failure>, json: bool) -> Outcome {
    let failure = match done {
        Ok(outcome) => return outcome,
        Err(failure) => failure,
    };
    warn(&failure.message);
    if json {
        let error = ErrorFields { code: failure.code, message: &failure.message };
        json_line(&serde_json::json!({ "error": error }));
    }
    Outcome::SomethingFailed
}

#[derive(Serialize)]
pub(crate) struct ErrorLine<'a> {
    file: String,
    error: ErrorFields<'a>,
}

#[derive(Serialize)]
struct ErrorFields<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
pub(crate) struct LeakFields {
    class: &'static str,
    place: String,
    bytes: u64,
}

#[derive(Serialize)]
pub(crate) struct FindingFields {
    kind: &'static str,
    r#box: [u32; 4],
    score: f32,
}

#[derive(Serialize)]
pub(crate) struct NoticeFields {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// What `inspect` and `clean` both say of a photo.
#[derive(Serialize)]
pub(crate) struct SeenFields {
    file: String,
    format: &'static str,
    width: u32,
    height: u32,
    pub(crate) leaks: Vec<LeakFields>,
    /// Left out where no detector ran: that is not "none found".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) findings: Option<Vec<FindingFields>>,
    pub(crate) notices: Vec<NoticeFields>,
}

impl SeenFields {
    pub(crate) fn new(path: &Path, opened: &Opened, looked: Looked<'_>) -> Self {
        let leaks = opened.inspected.leaks.iter().cloned().chain(curtain::files::leaks(path));
        Self {
            file: shown(path),
            format: opened.inspected.format.as_str(),
            width: opened.size.width,
            height: opened.size.height,
            leaks: leaks.map(leak_fields).collect(),
            findings: looked.findings().map(|findings| findings.iter().map(finding_fields).collect()),
            notices: notices(&opened.inspected, opened.colour, looked),
        }
    }
}

/// Whether detectors ran on the picture, and what they found.
#[derive(Clone, Copy)]
pub(crate) enum Looked<'a> {
    ByDetectors(&'a [Finding]),
    NotAtAll,
}

impl<'a> Looked<'a> {
    fn findings(self) -> Option<&'a [Finding]> {
        match self {
            Self::ByDetectors(findings) => Some(findings),
            Self::NotAtAll => None,
        }
    }
}

fn leak_fields(leak: Leak) -> LeakFields {
    LeakFields { class: leak.class.as_str(), place: leak.place, bytes: leak.bytes }
}

fn finding_fields(finding: &Finding) -> FindingFields {
    let region = finding.region;
    FindingFields {
        kind: finding.kind.as_str(),
        r#box: [region.x, region.y, region.width, region.height],
        score: finding.score.value(),
    }
}

fn notices(inspected: &Inspected, colour: Colour, looked: Looked<'_>) -> Vec<NoticeFields> {
    let mut notices: Vec<_> =
        inspected.notices.iter().map(|n| NoticeFields { code: n.code(), message: n.message() }).collect();
    if colour == Colour::ProfileIgnored {
        notices.push(NoticeFields {
            code: "profile_ignored",
            message: "The colour profile does not fit the picture; colours may be off.".to_owned(),
        });
    }
    match looked {
        Looked::ByDetectors(_) => notices.extend(Detectors::NOT_LOOKED_FOR.iter().map(|kind| NoticeFields {
            code: "not_looked_for",
            message: format!("No detector looked for {}s: look yourself.", long_name(*kind)),
        })),
        Looked::NotAtAll => notices.push(NoticeFields {
            code: "no_detector_ran",
            message: "No detector ran: only the regions given by hand are covered.".to_owned(),
        }),
    }
    notices
}

fn long_name(kind: curtain::detect::Kind) -> &'static str {
    match kind {
        curtain::detect::Kind::Code => "bar code or QR code",
        other => other.as_str(),
    }
}

/// The argument as it was given; the one place where a path may be shown.
pub(crate) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// Text without characters that could steer a terminal or mislead its reader.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if metadata::misleads(c) { '\u{FFFD}' } else { c }).collect()
}

/// Says why `path` was not done: on standard error, and with `--json` as its line.
pub(crate) fn report_failure(path: &Path, failure: &Failure, json: bool) {
    warn(&format!("{}: {}", shown(path), failure.message));
    if json {
        json_line(&ErrorLine {
            file: shown(path),
            error: ErrorFields { code: failure.code, message: &failure.message },
        });
    }
}

/// Reads a file that somebody handed over.
pub(crate) fn read_handed(path: &Path) -> Result<Vec<u8>, Failure> {
    let limits = Limits { file_bytes: 1 << 20, ..Limits::default() };
    files::read(path, &limits).map_err(|error| {
        let failure = Failure::from(error);
        Failure { message: format!("{}: {}", shown(path), failure.message), ..failure }
    })
}

/// Asks on a terminal; `--yes` answers before.
pub(crate) fn confirm(yes: Sure, question: &str) -> Result<(), Failure> {
    let not_confirmed = || Failure {
        code: "not_confirmed",
        message: "nothing was done: compare what is shown here with the other side, and confirm with --yes"
            .to_owned(),
    };
    if yes == Sure::Yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(not_confirmed());
    }
    match dialoguer::Confirm::new().with_prompt(question).default(false).interact() {
        Ok(true) => Ok(()),
        _ => Err(not_confirmed()),
    }
}

/// Whether a question was answered by a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sure {
    Yes,
    Ask,
}

impl From<bool> for Sure {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::Ask }
    }
}

/// A line for a person, or an object for a program.
pub(crate) fn say(json: bool, value: &serde_json::Value, lines: impl FnOnce() -> Vec<String>) {
    if json {
        json_line(value);
    } else {
        for text in lines() {
            line(&text);
        }
    }
}

/// One JSON object on one line of standard output.
pub(crate) fn json_line(value: &impl Serialize) {
    // These types hold only strings, numbers and lists, which always serialise.
    if let Ok(text) = serde_json::to_string(value) {
        line(&text);
    }
}

/// Whether a line of the report could not be written.
static REPORT_LOST: AtomicBool = AtomicBool::new(false);

/// Whether every line of the report was written, or its reader closed the pipe.
pub(crate) fn report_is_whole() -> bool {
    !REPORT_LOST.load(Ordering::Relaxed)
}

/// One line on standard output. A closed pipe is the reader's choice; any other failure loses part of
/// the report, which the exit status then says.
pub(crate) fn line(text: &str) {
    keep_result(&writeln!(std::io::stdout().lock(), "{text}"));
}

/// These very bytes on standard output, without an end of line.
pub(crate) fn exactly(text: &str) {
    let mut output = std::io::stdout().lock();
    keep_result(&output.write_all(text.as_bytes()).and_then(|()| output.flush()));
}

fn keep_result(written: &std::io::Result<()>) {
    if written.as_ref().is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
        REPORT_LOST.store(true, Ordering::Relaxed);
    }
}

/// One line on standard error.
pub(crate) fn warn(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Leaks and findings for a person.
pub(crate) fn print_seen(fields: &SeenFields) {
    line(&format!("{}: {} {} x {}", fields.file, fields.format, fields.width, fields.height));
    for leak in &fields.leaks {
        line(&format!("  leak     {:<18} {:>9} bytes  {}", leak.class, leak.bytes, leak.place));
    }
    for finding in fields.findings.iter().flatten() {
        let [x, y, width, height] = finding.r#box;
        line(&format!(
            "  finding  {:<18} {width} x {height} at {x},{y}  score {:.2}",
            finding.kind, finding.score
        ));
    }
    for notice in &fields.notices {
        line(&format!("  notice   {}", notice.message));
    }
}
