//! What the relay says of itself: a line of JSON each on standard error, without an id, key, path or address.

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use curtain_wire::time::UnixTime;
use serde_json::{Map, Value, json};

/// How much it matters.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Level {
    /// It is as it should be.
    Info,
    /// The relay could not do its work.
    Error,
}

/// Writes one line. `message` is fixed text; `fields` hold names of ours, numbers and codes.
pub(crate) fn line(
    level: Level,
    message: &'static str,
    fields: impl IntoIterator<Item = (&'static str, Value)>,
) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let at = i64::try_from(since).ok().and_then(|seconds| UnixTime::new(seconds).ok());
    let level = match level {
        Level::Info => "info",
        Level::Error => "error",
    };
    let mut line = Map::new();
    line.insert("at".to_owned(), json!(at.map(|at| at.to_string())));
    line.insert("level".to_owned(), json!(level));
    line.insert("message".to_owned(), json!(message));
    line.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    if cfg!(test) {
        return;
    }
    // Nobody is left to tell if standard error is closed.
    let _ = std::io::stderr().write_all(format!("{}\n", Value::Object(line)).as_bytes());
}
