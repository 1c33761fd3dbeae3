//! The log as comma-separated values. [RFC 4180]

use std::borrow::Cow;
use std::io::Write;

use super::fact::{COLUMNS, Fact, fact};
use super::plain::plain;
use super::{ExportError, Row};

/// Writes `rows` as CSV: UTF-8 without a mark, lines that end with CR LF, a header of [`COLUMNS`].
///
/// Moments are RFC 3339, lists of places are separated by spaces. A cell that a spreadsheet would run as a formula
/// starts with an apostrophe; control characters are replaced.
///
/// # Errors
/// [`ExportError::Read`] and [`ExportError::Write`].
pub fn csv<E, W: Write>(
    rows: impl IntoIterator<Item = Result<Row, E>>,
    out: W,
) -> Result<(), ExportError<E>> {
    let mut out = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    out.write_record(COLUMNS).map_err(written)?;
    for row in rows {
        let row = row.map_err(ExportError::Read)?;
        for column in COLUMNS {
            let cell = fact(&row, column).map_or(Cow::Borrowed(""), cell);
            out.write_field(cell.as_bytes()).map_err(written)?;
        }
        out.write_record(None::<&[u8]>).map_err(written)?;
    }
    Ok(out.flush()?)
}

/// All records have the same number of fields and nothing is deserialised, so that only writing can fail.
fn written<E>(error: ::csv::Error) -> ExportError<E> {
    std::io::Error::from(error).into()
}

fn cell(fact: Fact<'_>) -> Cow<'_, str> {
    match fact {
        Fact::Code(code) => Cow::Borrowed(code),
        Fact::Hash(hash) => Cow::Owned(hash.to_string()),
        Fact::Moment(at) => Cow::Owned(at.to_string()),
        Fact::Name(id) => Cow::Owned(id.to_string()),
        Fact::Number(number) => Cow::Owned(number.to_string()),
        Fact::Place(place) => Cow::Owned(place.to_string()),
        Fact::Places(places) => {
            Cow::Owned(places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        }
        Fact::Words(words) => inert(words),
    }
}

/// `words` as a cell that no spreadsheet runs.
fn inert(words: &str) -> Cow<'_, str> {
    if starts_formula(words) { Cow::Owned(format!("'{}", plain(words))) } else { plain(words) }
}

/// Whether some spreadsheet may take `words` for a formula, as they are or after it trims them. Excel in some
/// languages reads the full-width signs as the plain ones.
fn starts_formula(words: &str) -> bool {
    if words.starts_with(['\t', '\r', '\n', '\0']) {
        return true;
    }
    let unseen = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    let signs = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '\u{2212}'];
    words.trim_start_matches(unseen).starts_with(signs)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io;

    use super::*;
    use crate::export::samples;

    fn written_as(rows: Vec<Row>) -> String {
        let mut out = Vec::new();
        csv(rows.into_iter().map(Ok::<_, Infallible>), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_line_has_every_column_and_ends_with_cr_lf() {
        let text = written_as(samples::rows());
        assert!(text.starts_with("n,at,kind,consent,"));
        assert!(text.ends_with("\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let lines = reader.records().collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(lines.len(), samples::rows().len());
        assert!(lines.iter().all(|line| line.len() == COLUMNS.len()));
    }

    #[test]
    fn formulas_are_text() {
        for words in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(1)",
            "\t=1",
            "\r=1",
            "\0=1",
            "\ta",
            "\0a",
            "  =1",
            "\u{a0}@x",
            "＝1",
            "  ＋1",
            "－1",
            "＠x",
            "\u{feff}=1",
            "\u{200b}-1",
            " \n =1",
            "\u{1b}=1",
        ] {
            let mut row = samples::rows().remove(0);
            row.details = Some(samples::details(words));
            let text = written_as(vec![row]);
            let mut reader = ::csv::Reader::from_reader(text.as_bytes());
            let line = reader.records().next().unwrap().unwrap();
            let at = COLUMNS.iter().position(|column| *column == "patient_name").unwrap();
            assert!(line[at].starts_with('\''), "{words:?} became {:?}", &line[at]);
            assert!(!line[at].chars().any(char::is_control), "{words:?}");
        }
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for words in ["Test Patient One", "O'Test", "a=b", "a, \"b\"", "", "1-2", "مريض تجريبي"] {
            assert_eq!(inert(words), words);
        }
    }

    #[test]
    fn a_million_rows_are_never_held() {
        let (written, most_ahead) =
            samples::stream(1_000_000, samples::common, |rows, out| csv(rows, out).unwrap());
        assert!(written > 100_000_000, "{written}");
        assert!(most_ahead < 1 << 17, "{most_ahead} bytes were held back");
    }

    #[test]
    fn failures_are_told_apart() {
        let rows = [Ok(samples::rows().remove(0)), Err("gone")];
        assert!(matches!(csv(rows, io::sink()), Err(ExportError::Read("gone"))));
        let rows = samples::rows().into_iter().map(Ok::<_, Infallible>);
        assert!(matches!(csv(rows, samples::Full), Err(ExportError::Write(_))));
    }
}
