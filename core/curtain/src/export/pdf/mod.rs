//! The log on paper: A4 pages with a table of entries, tagged for screen readers. [ISO 14289-1, PDF/UA-1]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

use crate::hash::{Id, Sha256};

use super::{About, ExportError, LogPart, Row};

mod fonts;
mod lines;
mod pages;
mod plan;
mod table;

use fonts::Fonts;

/// The most entries of one PDF file: it bounds the memory that a file takes.
pub const VOLUME_ROWS: u64 = 10_000;

/// One of the files that an export is split into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its number, from 1.
    pub number: u64,
    /// How many there are.
    pub of: u64,
    /// Its first entry: the place in its log; of many logs, how many entries of all of them come before it.
    pub first: u64,
    /// The first entry that is not in it any more.
    pub until: u64,
}

/// Writes `rows` as PDF files of at most [`VOLUME_ROWS`] entries each. `volumes` gives the writer of each file, in
/// order; a log without entries is one file.
///
/// `rows` must be all the entries that `about` names, in order. One file is in memory at a time. The same arguments
/// give the same bytes. A character for which no font is built in is drawn as a box, and is there as text.
///
/// # Errors
/// [`ExportError::OutOfOrder`], [`ExportError::CutShort`] and [`ExportError::OtherLog`] if `rows` are other entries;
/// [`ExportError::Read`], [`ExportError::Write`], [`ExportError::Pages`].
pub fn pdf<E, W: Write>(
    about: &About,
    rows: impl IntoIterator<Item = Result<Row, E>>,
    mut volumes: impl FnMut(&Volume) -> io::Result<W>,
) -> Result<(), ExportError<E>> {
    let fonts = Fonts::load().ok_or(ExportError::Pages)?;
    let mut due = Due::new(about);
    let Range { mut start, end } = due.entries(about);
    let of = (end - start).div_ceil(VOLUME_ROWS).max(1);
    let mut rows = rows.into_iter();
    let mut number = 1;
    loop {
        let volume = Volume { number, of, first: start, until: end.min(start.saturating_add(VOLUME_ROWS)) };
        let rows = due.take(&mut rows, &volume)?;
        let bytes = pages::draw(about, &volume, &rows, &fonts).ok_or(ExportError::Pages)?;
        let mut out = volumes(&volume)?;
        out.write_all(&bytes)?;
        out.flush()?;
        if number == of {
            break;
        }
        (number, start) = (number + 1, volume.until);
    }
    match rows.next() {
        None => Ok(()),
        Some(row) => {
            let found = row.map_err(ExportError::Read)?.leaf.n;
            Err(ExportError::OutOfOrder { expected: end, found })
        }
    }
}

/// The entries of each log that did not come yet.
struct Due(BTreeMap<Id, Range<u64>>);

impl Due {
    fn new(about: &About) -> Self {
        let range = |part: &LogPart| part.first..part.until.max(part.first);
        Self(about.logs.iter().map(|part| (part.log, range(part))).collect())
    }

    /// All of them: places in the one log, or numbers through all logs.
    fn entries(&self, about: &About) -> Range<u64> {
        match about.logs.as_slice() {
            [part] => part.first..part.until.max(part.first),
            _ => 0..self.0.values().map(|due| due.end - due.start).sum(),
        }
    }

    /// The entries of `volume`, each in its place in its log.
    fn take<E>(
        &mut self,
        rows: &mut impl Iterator<Item = Result<Row, E>>,
        volume: &Volume,
    ) -> Result<Vec<Row>, ExportError<E>> {
        let mut taken = Vec::new();
        for _ in volume.first..volume.until {
            let row = rows.next().ok_or_else(|| self.cut_short())?.map_err(ExportError::Read)?;
            let found = row.leaf.n;
            let due = self.0.get_mut(&row.leaf.log).ok_or(ExportError::OtherLog { n: found })?;
            if found != due.start || due.is_empty() {
                return Err(ExportError::OutOfOrder { expected: due.start, found });
            }
            due.start += 1;
            taken.push(row);
        }
        Ok(taken)
    }

    fn cut_short<E>(&self) -> ExportError<E> {
        let expected = self.0.values().find(|due| !due.is_empty()).map_or(0, |due| due.start);
        ExportError::CutShort { expected }
    }
}

/// A name for the file that depends on what is in it.
fn document_id(about: &About, volume: &Volume) -> String {
    let Volume { first, until, .. } = volume;
    let named = match about.logs.as_slice() {
        [part] => format!("curtain/pdf\n{}\n{first}\n{until}\n{}", part.log, part.checkpoint),
        parts => {
            let parts = parts.iter();
            let parts = parts
                .map(|part| format!("\n{} {} {}\n{}", part.log, part.first, part.until, part.checkpoint));
            format!("curtain/pdf\n{first}\n{until}{}", parts.collect::<String>())
        }
    };
    Sha256::of(named.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::export::samples;
    use crate::hash::Id;
    use crate::ledger::leaf::Event;

    fn made(rows: Vec<Row>) -> Result<Vec<u8>, ExportError<Infallible>> {
        let out = RefCell::new(Vec::new());
        let until = rows.len() as u64;
        pdf(&samples::about(0, until), rows.into_iter().map(Ok), |_| Ok(Sink(&out)))?;
        Ok(out.into_inner())
    }

    struct Sink<'a>(&'a RefCell<Vec<u8>>);

    impl Write for Sink<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn simple(count: u64) -> impl Iterator<Item = Result<Row, Infallible>> {
        (0..count).map(|n| {
            Ok(samples::row(
                n,
                Event::Expire { consent: Id([7; 16]), grant: crate::ledger::leaf::Place::Here(0) },
            ))
        })
    }

    #[test]
    fn the_same_entries_give_the_same_bytes() {
        let first = made(samples::rows()).unwrap();
        assert!(first.starts_with(b"%PDF-1.7"));
        assert_eq!(first, made(samples::rows()).unwrap());
    }

    #[test]
    fn a_log_without_entries_is_one_file() {
        assert!(made(Vec::new()).unwrap().starts_with(b"%PDF"));
    }

    #[test]
    fn a_long_checkpoint_leaves_room_for_the_table() {
        for checkpoint in [
            "",
            "x\n".repeat(10_000).as_str(),
            "x".repeat(1 << 20).as_str(),
            "\u{6a9}\0\n".repeat(99).as_str(),
        ] {
            let mut about = samples::about(0, 1);
            about.logs[0].checkpoint = checkpoint.to_owned();
            let out = RefCell::new(Vec::new());
            pdf(&about, simple(1), |_| Ok(Sink(&out))).unwrap();
            assert!(out.borrow().len() < 1 << 17, "{}", out.borrow().len());
        }
    }

    #[test]
    fn long_logs_are_split() {
        let seen = RefCell::new(Vec::new());
        let count = VOLUME_ROWS + 3;
        pdf(&samples::about(0, count), simple(count), |volume| {
            seen.borrow_mut().push(*volume);
            Ok(io::sink())
        })
        .unwrap();
        let expected = [
            Volume { number: 1, of: 2, first: 0, until: VOLUME_ROWS },
            Volume { number: 2, of: 2, first: VOLUME_ROWS, until: count },
        ];
        assert_eq!(*seen.borrow(), expected);
    }

    #[test]
    fn entries_that_are_missing_or_too_many_are_told() {
        let about = samples::about(0, 5);
        let run = |rows: Vec<Row>| {
            pdf(&about, rows.into_iter().map(Ok::<_, Infallible>), |_| Ok(io::sink())).unwrap_err()
        };
        let rows = |count| simple(count).map(Result::unwrap).collect::<Vec<_>>();
        assert!(matches!(run(rows(4)), ExportError::CutShort { expected: 4 }));
        assert!(matches!(run(rows(6)), ExportError::OutOfOrder { expected: 5, found: 5 }));
        let mut gap = rows(6);
        gap.remove(2);
        assert!(matches!(run(gap), ExportError::OutOfOrder { expected: 2, found: 3 }));
        let mut other = rows(5);
        other[1].leaf.log = Id([0x12; 16]);
        assert!(matches!(run(other), ExportError::OtherLog { n: 1 }));
        let full = pdf(&about, simple(5), |_| Ok(samples::Full));
        assert!(matches!(full, Err(ExportError::Write(_))));
    }

    #[test]
    fn entries_of_many_logs_are_each_in_their_place() {
        let run = |about: &About, rows: Vec<Row>| {
            let seen = RefCell::new(Vec::new());
            pdf(about, rows.into_iter().map(Ok::<_, Infallible>), |volume| {
                seen.borrow_mut().push(*volume);
                Ok(io::sink())
            })
            .map(|()| seen.into_inner())
        };
        // 200 logs are more than a page lists.
        for logs in [0, 2, 3, 200] {
            let (about, rows) = samples::many(logs);
            let all = Volume { number: 1, of: 1, first: 0, until: 2 * u64::from(logs) };
            assert_eq!(run(&about, rows.clone()).unwrap(), [all]);
        }
        let (about, rows) = samples::many(3);
        let without = |at: usize| rows.iter().take(at).chain(&rows[at + 1..]).cloned().collect::<Vec<_>>();
        assert!(matches!(run(&about, without(5)), Err(ExportError::CutShort { expected: 1 })));
        assert!(matches!(run(&about, without(0)), Err(ExportError::OutOfOrder { expected: 0, found: 1 })));
        let twice = rows.iter().chain(&rows[5..]).cloned().collect();
        assert!(matches!(run(&about, twice), Err(ExportError::OutOfOrder { expected: 6, found: 1 })));
        let (_, others) = samples::many(4);
        assert!(matches!(run(&about, others), Err(ExportError::OtherLog { n: 0 })));
    }

    /// PDF/UA wants each glyph mapped to text, and krilla refuses a file otherwise: no character may lead there.
    #[test]
    fn every_character_can_be_printed() {
        let all = (0..0x3_2000).filter_map(char::from_u32).collect::<Vec<_>>();
        let rows = (0..).zip(all.chunks(1_900)).map(|(n, name)| {
            let mut row = samples::rows().remove(1);
            (row.leaf.n, row.details) = (n, Some(samples::details(&name.iter().collect::<String>())));
            row
        });
        assert!(made(rows.collect()).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn no_name_stops_the_export(name in "(.|\\PC|[\u{0}-\u{20}\u{590}-\u{6ff}\u{900}-\u{97f}\u{2000}-\u{206f}\u{fe00}-\u{feff}]){0,400}") {
            let mut row = samples::rows().remove(1);
            row.leaf.n = 0;
            row.details = Some(samples::details(&name));
            prop_assert!(made(vec![row]).is_ok());
        }
    }
}
