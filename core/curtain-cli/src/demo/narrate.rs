//! Says what happens, in the voice of whoever does it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::check::Wrong;
use crate::output;

/// Characters of a line.
const WIDTH: usize = 96;

/// Room for the name of who speaks.
const MARGIN: usize = 11;

/// Who speaks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Voice {
    Clinician,
    Patient,
    Student,
    Officer,
}

impl Voice {
    fn name(self) -> &'static str {
        match self {
            Self::Clinician => "clinician",
            Self::Patient => "patient",
            Self::Student => "student",
            Self::Officer => "officer",
        }
    }
}

/// What a step did: words, and the code of what was refused, if that was its point.
pub(super) struct Told {
    what: String,
    code: Option<String>,
}

impl Told {
    pub(super) fn done(what: impl Into<String>) -> Self {
        Self { what: what.into(), code: None }
    }

    /// Something was refused, as it should be.
    pub(super) fn refused(code: &str, what: impl Into<String>) -> Self {
        Self { what: what.into(), code: Some(code.to_owned()) }
    }
}

/// Tells the steps, one after the other.
pub(super) struct Narrator {
    json: bool,
}

impl Narrator {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Does a step and tells it, or says which one went wrong.
    pub(super) fn step(
        &mut self,
        step: &'static str,
        voice: Voice,
        act: impl FnOnce() -> Result<Told, Wrong>,
    ) -> Result<(), Wrong> {
        let began = Instant::now();
        let done = act();
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match done {
            Ok(Told { what, code }) if self.json => output::json_line(&json!({
                "step": step, "ok": true, "who": voice.name(), "what": what, "code": code, "ms": ms,
            })),
            Ok(Told { what, .. }) => say(voice, &what),
            Err(wrong) => {
                if self.json {
                    output::json_line(&json!({
                        "step": step, "ok": false, "who": voice.name(), "what": wrong.to_string(), "code": null, "ms": ms,
                    }));
                }
                return Err(wrong.in_step(step));
            }
        }
        Ok(())
    }

    /// What lies where, and how to look at it.
    pub(super) fn end(&self, out: &str, took: Duration, kept: bool) {
        if self.json {
            return;
        }
        let seconds = took.as_secs();
        output::line("");
        output::line(&format!("All of it did what it should, in {seconds} seconds. In {out}:"));
        output::line("");
        for (name, what) in LEFT {
            output::line(&format!("  {name:<30} {what}"));
        }
        if kept {
            output::line(&format!(
                "  {:<30} {}",
                "private/", "vaults and keys, as --keep-vaults wanted: all of it in plain"
            ));
        }
        output::line("");
        output::line("Look for the patient where strangers keep the case; nothing comes:");
        output::line(&format!("  grep -rai -e zebedee -e quillfeather -e quagmarsh {out}/relay"));
        output::line("Ask what the student's picture gives away:");
        output::line(&format!("  curtain inspect {out}/pictures/as-the-student-opened-it.jpg"));
    }
}

/// What is left, and what each is.
const LEFT: [(&str, &str); 9] = [
    ("pictures/before-after.jpg", "the photo before and after: it shows the face, so keep it private"),
    ("pictures/as-the-student-...jpg", "the covered picture, as it came out of the student's feed"),
    ("receipt.html, receipt.json", "the patient's paper: it names them and has their code"),
    ("evidence/", "the officer's: the log, and what was sealed to them. curtain ledger verify"),
    ("consent.csv, consent.jsonl", "the log as a table, and a line a record; no names"),
    ("consent.fhir.json", "the log for a hospital's system (FHIR R4); no names"),
    ("consent.pdf", "the log to print; no names"),
    ("relay/store/", "all that the relay has now"),
    ("relay/log", "all that the relay wrote down about its work"),
];

fn say(voice: Voice, what: &str) {
    let mut name = voice.name();
    let mut said = String::new();
    let mut flush = |said: &mut String| {
        output::line(&format!("{name:<MARGIN$}{said}"));
        name = "";
        said.clear();
    };
    for word in what.split_whitespace() {
        if !said.is_empty() && said.len() + 1 + word.len() > WIDTH - MARGIN {
            flush(&mut said);
        }
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str(word);
    }
    flush(&mut said);
}
