//! What a step did, and whether that is what it should do.

use std::fmt;
use std::io;

use serde_json::Value;

/// A step did not do what it should.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong(String);

impl Wrong {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// In which step.
    pub(super) fn in_step(self, step: &str) -> Self {
        Self(format!("step \"{step}\": {}", self.0))
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for Wrong {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// Fails with `otherwise` unless it is so.
pub(super) fn check(is_so: bool, otherwise: impl Into<String>) -> Result<(), Wrong> {
    if is_so { Ok(()) } else { Err(Wrong::new(otherwise)) }
}

/// What a command of ours printed, and how it ended.
#[derive(Debug)]
pub(super) struct Ran {
    /// The words of the command.
    pub(super) command: String,
    /// How it ended; none if something killed it.
    pub(super) status: Option<i32>,
    /// The objects that it printed.
    pub(super) lines: Vec<Value>,
    /// What it said on standard error.
    pub(super) errors: String,
}

impl Ran {
    /// The objects of a command that did all it was asked for.
    pub(super) fn all_done(self) -> Result<Vec<Value>, Wrong> {
        if self.status == Some(0) { Ok(self.lines) } else { Err(self.unexpected("to be done")) }
    }

    /// The last object of a command that did all it was asked for.
    pub(super) fn done(self) -> Result<Value, Wrong> {
        let command = self.command.clone();
        let last = self.all_done()?.pop();
        last.ok_or_else(|| Wrong::new(format!("`curtain {command}` printed nothing")))
    }

    /// All that was printed by a command that was refused for the reason `code`, and for no other.
    pub(super) fn refused(self, code: &str) -> Result<Vec<Value>, Wrong> {
        let said = self.lines.last().and_then(|line| line["error"]["code"].as_str());
        if self.status == Some(1) && said == Some(code) {
            Ok(self.lines)
        } else {
            Err(self.unexpected(&format!("to be refused with \"{code}\"")))
        }
    }

    fn unexpected(&self, wanted: &str) -> Wrong {
        let status = self.status.map_or_else(|| "killed".to_owned(), |status| format!("exit {status}"));
        let code = self.lines.last().and_then(|line| line["error"]["code"].as_str()).unwrap_or_default();
        let errors = self.errors.trim();
        Wrong::new(format!(
            "`curtain {}` was {wanted}, and ended with {status} {code} {errors}",
            self.command
        ))
    }
}

/// Text in an answer.
pub(super) fn text(value: &Value) -> Result<String, Wrong> {
    let missing = || Wrong::new("an answer lacks what it should have");
    value.as_str().map(str::to_owned).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ran(status: Option<i32>, lines: &[Value]) -> Ran {
        Ran { command: "post seal".to_owned(), status, lines: lines.to_vec(), errors: "no\n".to_owned() }
    }

    #[test]
    fn a_step_passes_only_if_it_did_what_it_should() {
        let post = json!({ "post": "1" });
        assert_eq!(ran(Some(0), std::slice::from_ref(&post)).done(), Ok(post.clone()));
        assert!(ran(Some(0), &[]).done().is_err());
        for status in [Some(1), Some(2), None] {
            let wrong = ran(status, std::slice::from_ref(&post)).done().unwrap_err().in_step("seal");
            assert!(
                wrong.to_string().starts_with("step \"seal\": `curtain post seal` was to be done"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_refusal_passes_only_for_its_own_reason() {
        let refusal = json!({ "error": { "code": "consent_falls_short" } });
        let lines = std::slice::from_ref(&refusal);
        assert!(ran(Some(1), lines).refused("consent_falls_short").is_ok());
        assert!(ran(Some(1), lines).refused("no_consent").is_err(), "refused, for another reason");
        assert!(ran(Some(0), lines).refused("consent_falls_short").is_err(), "it went through");
        assert!(ran(None, lines).refused("consent_falls_short").is_err(), "it was killed");
        assert!(ran(Some(1), &[]).refused("consent_falls_short").is_err(), "it said no reason");
    }

    #[test]
    fn what_is_not_so_is_wrong() {
        assert_eq!(check(true, "x"), Ok(()));
        assert_eq!(check(false, "x"), Err(Wrong::new("x")));
        assert!(text(&json!(1)).is_err());
    }
}
