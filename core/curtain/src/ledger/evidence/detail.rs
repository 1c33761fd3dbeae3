//! What a commitment in the log stands for, with the key that opens it: one line of `details.jsonl`.

use curtain_wire::canonical;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::hash::Sha256;
use crate::ledger::commitment;
use crate::ledger::leaf::Event;

/// The details behind the commitment of a grant or an export.
#[derive(Clone, PartialEq, Eq)]
pub struct Detail {
    /// The record's place in the log.
    pub n: u64,
    /// The 32-byte key of the commitment.
    pub key: [u8; 32],
    /// The bytes that were committed to: canonical JSON [RFC 8785] of one object.
    pub details: Vec<u8>,
}

/// The largest line, in bytes.
pub(in crate::ledger) const MAX_LINE: usize = 1 << 20;

/// A line as it is written, in the order of the canonical form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    details: Map<String, Value>,
    /// Not a hash, but as long as one and written like one.
    key: Sha256,
    n: u64,
}

/// A line that was read.
pub(in crate::ledger) struct Opening {
    pub(in crate::ledger) n: u64,
    key: Sha256,
    canonical: Vec<u8>,
    details: Map<String, Value>,
}

impl Detail {
    /// The line, without its line feed. Only [`Opening::parse`] says whether it is one.
    pub(in crate::ledger) fn line(&self) -> Vec<u8> {
        let tail = format!(r#","key":"{}","n":{}}}"#, Sha256(self.key), self.n);
        [br#"{"details":"#.as_slice(), &self.details, tail.as_bytes()].concat()
    }
}

impl Opening {
    /// Reads a line, strictly: writing it again gives the same bytes.
    pub(in crate::ledger) fn parse(line: &[u8]) -> Option<Self> {
        let read: Line = canonical::from_bytes(line, MAX_LINE).ok()?;
        let canonical = canonical::to_bytes(&read.details);
        Some(Self { n: read.n, key: read.key, canonical, details: read.details })
    }

    /// The details themselves.
    pub(in crate::ledger) fn into_detail(self) -> Detail {
        Detail { n: self.n, key: self.key.0, details: self.canonical }
    }

    /// Whether these are the details that `event` committed to. None if it committed to none.
    pub(in crate::ledger) fn opens(&self, event: &Event) -> Option<bool> {
        match event {
            Event::Grant { commitment: made, .. } | Event::Export { commitment: made, .. } => {
                Some(commitment(&self.key.0, &self.canonical) == *made)
            }
            _ => None,
        }
    }

    /// Gives every string value that is written like a SHA-256 to `found`: what may name an attachment.
    pub(in crate::ledger) fn hashes(&self, mut found: impl FnMut(Sha256)) {
        self.details.values().for_each(|value| walk(value, &mut found));
    }
}

fn walk(value: &Value, found: &mut impl FnMut(Sha256)) {
    match value {
        Value::String(text) => {
            if let Ok(hash) = text.parse() {
                found(hash);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| walk(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| walk(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail() -> Detail {
        let details = br#"{"given":["signature",{"file":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}],"who":"Test Patient One"}"#;
        Detail { n: 7, key: [9; 32], details: details.to_vec() }
    }

    #[test]
    fn finds_what_may_name_an_attachment() {
        let mut found = Vec::new();
        Opening::parse(&detail().line()).unwrap().hashes(|hash| found.push(hash));
        assert_eq!(found, [Sha256::of(b"abc")]);
    }

    #[test]
    fn any_other_writing_of_the_same_line_is_refused() {
        let line = String::from_utf8(detail().line()).unwrap();
        for other in [
            line.replace("\"n\":7", "\"n\": 7"),
            line.replace("\"n\":7", "\"n\":7,\"x\":1"),
            line.replace("\"n\":7", "\"n\":7.0"),
            line.replace("Test", "\\u0054est"),
            line.replace("\"who\"", "\"a\""),
            line.replace("\"who\":", "\"who\":1,\"who\":"),
            line.replace("0909", "090A"),
            format!("{line} "),
            line.replacen("{\"given\"", "[{\"given\"", 1).replacen("\"},\"key", "\"}],\"key", 1),
        ] {
            assert!(Opening::parse(other.as_bytes()).is_none(), "{other}");
        }
        for end in 0..line.len() {
            assert!(Opening::parse(&line.as_bytes()[..end]).is_none());
        }
        assert!(Opening::parse("[".repeat(1 << 19).as_bytes()).is_none());
        assert!(
            Opening::parse(line.replace("{\"given\":", &format!("{{\"a\":{}", "[".repeat(9_000))).as_bytes())
                .is_none()
        );
    }
}
