//! Lists, a line for each entry, and the numbers that requests hold.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::problem::Problem;

/// The most lines of one answer.
const MAX_LINES: u64 = 1_000;

/// As many bytes as an answer may have, but for its first line.
const MAX_BYTES: usize = 4 << 20;

/// The longest that an answer waits for an entry, in seconds.
const MAX_WAIT_S: u64 = 30;

/// Larger numbers have no place in a name of 12 digits.
const MAX_NUMBER: u64 = 999_999_999_999;

/// Which entries somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// The first.
    pub(crate) from: u64,
    /// The most of them.
    pub(crate) limit: u64,
    /// How long to wait for the first.
    pub(crate) wait: Duration,
}

impl Page {
    /// Reads `from` and `limit`.
    pub(crate) fn of(query: Option<&str>) -> Result<Self, Problem> {
        Self::from_numbers(&numbers(query, ["from", "limit"])?, 0)
    }

    /// Reads `from`, `limit` and `wait`.
    pub(crate) fn with_wait(query: Option<&str>) -> Result<Self, Problem> {
        let found = numbers(query, ["from", "limit", "wait"])?;
        Self::from_numbers(&found, found[2].unwrap_or(0))
    }

    fn from_numbers(found: &[Option<u64>], wait: u64) -> Result<Self, Problem> {
        let (from, limit) = (found[0].unwrap_or(0), found[1].unwrap_or(MAX_LINES));
        if limit == 0 || limit > MAX_LINES || wait > MAX_WAIT_S {
            return Err(bad_query());
        }
        Ok(Self { from, limit, wait: Duration::from_secs(wait) })
    }

    /// The numbers of the entries to be read, of `size`.
    pub(crate) fn range(self, size: u64) -> Range<u64> {
        self.from.min(size)..self.from.saturating_add(self.limit).min(size)
    }
}

/// Reads `from` and `to`, which must both be there.
pub(super) fn from_to(query: Option<&str>) -> Result<(u64, u64), Problem> {
    let [from, to] = numbers(query, ["from", "to"])?;
    from.zip(to).ok_or_else(bad_query)
}

/// The numbers with these names; other names, double ones and numbers in another form are refused.
fn numbers<const N: usize>(query: Option<&str>, names: [&str; N]) -> Result<[Option<u64>; N], Problem> {
    let mut found = [None; N];
    for pair in query.filter(|query| !query.is_empty()).into_iter().flat_map(|query| query.split('&')) {
        let (name, value) = pair.split_once('=').ok_or_else(bad_query)?;
        let at = names.iter().position(|known| *known == name).ok_or_else(bad_query)?;
        if found[at].replace(number(value).map_err(|_| bad_query())?).is_some() {
            return Err(bad_query());
        }
    }
    Ok(found)
}

/// A number in its shortest form, of at most 12 digits.
pub(crate) fn number(text: &str) -> Result<u64, Problem> {
    let shortest = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = (shortest && digits).then(|| text.parse().ok()).flatten();
    let bad = || Problem::new(StatusCode::BAD_REQUEST, "number", "this is no number of at most 12 digits");
    number.filter(|number| *number <= MAX_NUMBER).ok_or_else(bad)
}

/// A hash, id or key in a path.
pub(crate) fn hex<T: FromStr<Err: Display>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "not_hex", error))
}

fn bad_query() -> Problem {
    let detail = "the query has another name, a name twice, or a number out of range";
    Problem::new(StatusCode::BAD_REQUEST, "query", detail)
}

/// Lines of an answer, as many as it may have.
#[derive(Debug, Default)]
pub(crate) struct Lines(Vec<u8>);

impl Lines {
    /// Adds a line. False if there is no room for it.
    pub(crate) fn push(&mut self, line: &[u8]) -> bool {
        if !self.0.is_empty() && self.0.len() + line.len() >= MAX_BYTES {
            return false;
        }
        self.0.extend_from_slice(line);
        self.0.push(b'\n');
        true
    }

    /// Adds lines while there is room. False if there was not enough.
    pub(crate) fn push_all(&mut self, lines: impl IntoIterator<Item: AsRef<[u8]>>) -> bool {
        lines.into_iter().all(|line| self.push(line.as_ref()))
    }

    /// The answer, of a list of `size` entries in all.
    pub(crate) fn answer(self, size: u64) -> Response {
        let size = (HeaderName::from_static("curtain-size"), size.to_string());
        ([(header::CONTENT_TYPE, "application/x-ndjson".to_owned()), size], self.0).into_response()
    }
}

/// Plain text.
pub(crate) fn text(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// JSON with its members in order.
pub(crate) fn json(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_strictly() {
        let page = Page::with_wait(Some("limit=3&from=10&wait=30")).unwrap();
        assert_eq!(page, Page { from: 10, limit: 3, wait: Duration::from_secs(30) });
        assert_eq!(page.range(12), 10..12);
        assert_eq!(page.range(5), 5..5);
        assert_eq!(Page::of(None).unwrap().range(5), 0..5);
        for query in [
            "from",
            "from=",
            "from=01",
            "from=-1",
            "from=+1",
            "from=1&from=2",
            "size=1",
            "limit=0",
            "limit=1001",
            "wait=31",
            "from=1000000000000",
            "from=1&",
            "&",
            "from=%31",
        ] {
            assert!(Page::with_wait(Some(query)).is_err(), "{query}");
        }
        assert!(Page::of(Some("wait=1")).is_err());
        assert_eq!(from_to(Some("from=1&to=2")).unwrap(), (1, 2));
        assert!(from_to(Some("from=1")).is_err());
    }

    #[test]
    fn an_answer_has_a_line_at_least_and_not_too_many_bytes() {
        let mut lines = Lines::default();
        assert!(lines.push(&vec![b'a'; MAX_BYTES + 1]));
        assert!(!lines.push(b"b"));
        let mut lines = Lines::default();
        assert!(lines.push(b"a") && !lines.push(&vec![b'b'; MAX_BYTES]) && lines.push(b"c"));
    }
}
