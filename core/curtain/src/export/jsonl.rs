//! The log as one JSON object a line.

use std::io::{BufWriter, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fact::{Fact, facts};
use super::{ExportError, Row};

/// Writes `rows` as JSON Lines: one object a line, with the names of [`super::COLUMNS`] for what the entry says.
///
/// Each moment stands there twice: `at` is RFC 3339, `at_unix_s` is seconds since 1970. Lists of places are arrays.
/// The last member is `v`, the version of the leaf.
///
/// # Errors
/// [`ExportError::Read`] and [`ExportError::Write`].
pub fn jsonl<E, W: Write>(
    rows: impl IntoIterator<Item = Result<Row, E>>,
    out: W,
) -> Result<(), ExportError<E>> {
    let mut out = BufWriter::new(out);
    for row in rows {
        let row = row.map_err(ExportError::Read)?;
        serde_json::to_writer(&mut out, &Line(&row)).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

struct Line<'a>(&'a Row);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_map(None)?;
        for (name, fact) in facts(self.0) {
            match fact {
                Fact::Code(code) => object.serialize_entry(name, code)?,
                Fact::Hash(hash) => object.serialize_entry(name, &hash)?,
                Fact::Moment(at) => {
                    object.serialize_entry(name, &at.to_string())?;
                    object.serialize_entry(&format!("{name}_unix_s"), &at.seconds())?;
                }
                Fact::Name(id) => object.serialize_entry(name, &id)?,
                Fact::Number(number) => object.serialize_entry(name, &number)?,
                Fact::Place(place) => object.serialize_entry(name, &place)?,
                Fact::Places(places) => object.serialize_entry(name, places)?,
                Fact::Words(words) => object.serialize_entry(name, words)?,
            }
        }
        object.serialize_entry("v", &self.0.leaf.v)?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde_json::Value;

    use super::*;
    use crate::export::samples;

    #[test]
    fn each_line_says_what_its_leaf_says() {
        let mut out = Vec::new();
        jsonl(samples::rows().into_iter().map(Ok::<_, Infallible>), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("}\n"));
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
        assert_eq!(lines.len(), samples::rows().len());
        for (line, row) in lines.iter().zip(samples::rows()) {
            assert_eq!(line["n"], row.leaf.n);
            assert_eq!(line["kind"], row.leaf.event.kind());
            assert_eq!(line["at"], row.leaf.at.to_string());
            assert_eq!(line["at_unix_s"], row.leaf.at.seconds());
            assert_eq!(line["log"], row.leaf.log.to_string());
            assert_eq!(line["leaf_hash"], row.leaf_hash.to_string());
        }
        assert!(lines.iter().any(|line| line["awaits"].as_array().is_some_and(|list| list.len() == 2)));
        assert!(lines.iter().any(|line| line["expires_unix_s"].is_i64()));
    }

    #[test]
    fn words_come_back_as_they_were() {
        let words = "a\n\"b\"\u{0}\u{202e}مريض";
        let mut row = samples::rows().remove(0);
        row.details = Some(samples::details(words));
        let mut out = Vec::new();
        jsonl([Ok::<_, Infallible>(row)], &mut out).unwrap();
        assert_eq!(String::from_utf8(out.clone()).unwrap().matches('\n').count(), 1);
        assert_eq!(serde_json::from_slice::<Value>(&out).unwrap()["patient_name"], words);
    }

    #[test]
    fn a_million_rows_are_never_held() {
        let (written, most_ahead) =
            samples::stream(1_000_000, samples::common, |rows, out| jsonl(rows, out).unwrap());
        assert!(written > 100_000_000, "{written}");
        assert!(most_ahead < 1 << 17, "{most_ahead} bytes were held back");
    }
}
