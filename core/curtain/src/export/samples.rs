//! Entries for tests: one of each kind, plainly synthetic.

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{self, Write};
use std::rc::Rc;

use super::{About, Details, Grant, LogPart, Row, Standing};
use crate::consent::{Level, Regime};
use crate::hash::{Id, Sha256};
use crate::ledger::leaf::{
    ContinueReason, DetailsTaken, EraseReason, Event, ExportFormat, Leaf, Place, Retention, WithdrawnBy,
};
use crate::time::UnixTime;

pub(super) const LOG: Id = Id([0x11; 16]);

pub(super) fn at(seconds: i64) -> UnixTime {
    UnixTime::new(1_800_000_000 + seconds).unwrap()
}

pub(super) fn details(patient_name: &str) -> Details {
    Details {
        patient_name: patient_name.to_owned(),
        giver: "the patient".to_owned(),
        discloser: "Test Clinic".to_owned(),
        recipients: "circle Test Dermatology".to_owned(),
        purpose: "advice on a rash".to_owned(),
        language: "Hindi".to_owned(),
        method: "thumbprint, witnessed".to_owned(),
    }
}

pub(super) fn row(n: u64, event: Event) -> Row {
    let leaf = Leaf { at: at(i64::try_from(n).unwrap()), event, log: LOG, n, v: 1 };
    let leaf_hash = Sha256::of(&leaf.canonical());
    Row { leaf, leaf_hash, details: None }
}

pub(super) fn grant_event(consent: Id, level: Level, regime: Regime) -> Event {
    Event::Grant {
        commitment: Sha256([0xc0; 32]),
        consent,
        expires: at(86_400 * 365),
        level,
        regime,
        withdrawal: Sha256([0xdd; 32]),
    }
}

/// One entry of each kind, with places 0 to 8; the grant has details.
pub(super) fn rows() -> Vec<Row> {
    let consent = Id([7; 16]);
    let events = [
        Event::Continue {
            before: Id([0x10; 16]),
            reason: ContinueReason::Behind,
            root: Sha256([0xaa; 32]),
            size: 40,
            witnessed: 42,
        },
        grant_event(consent, Level::Teaching, Regime::Hipaa),
        Event::Disclose { audience: Level::CareAdvice, consent, grant: Place::Here(1), post: Id([9; 16]) },
        Event::Export {
            commitment: Sha256([0xe0; 32]),
            details: DetailsTaken::Yes,
            exported: LOG,
            first: 0,
            format: ExportFormat::Pdf,
            until: 3,
        },
        Event::Withdraw {
            awaits: vec![Place::Here(2), Place::Here(3)],
            by: WithdrawnBy::Code,
            consent,
            grant: Place::Here(1),
        },
        Event::Acknowledge { copy: Place::Here(2), of: Place::Here(4) },
        Event::Expire { consent: Id([8; 16]), grant: Place::Here(1) },
        Event::Erase {
            copies: vec![Place::Here(3)],
            consent,
            grant: Place::Here(1),
            retention: Retention::Over,
        },
        Event::Erase {
            copies: vec![],
            consent: Id([8; 16]),
            grant: Place::Here(1),
            retention: Retention::Broken { reason: EraseReason::PatientRequest },
        },
    ];
    let mut rows = (0..).zip(events).map(|(n, event)| row(n, event)).collect::<Vec<_>>();
    rows[1].details = Some(details("Test Patient One"));
    rows
}

pub(super) fn about(first: u64, until: u64) -> About {
    let part = LogPart {
        log: LOG,
        size: until + 5,
        first,
        until,
        checkpoint: "curtain.example/log/1111\n14\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n\n\u{2014} curtain.example/log/1111 dGVzdCBzaWduYXR1cmU=\n".to_owned(),
    };
    About { logs: vec![part], exported_at: at(100_000) }
}

/// All entries of so many logs, two of each, and in one order.
pub(super) fn many(logs: u8) -> (About, Vec<Row>) {
    let part =
        |log| LogPart { log: Id([log; 16]), size: 2, first: 0, until: 2, ..about(0, 2).logs.remove(0) };
    let about = About { logs: (0..logs).map(part).collect(), exported_at: at(100_000) };
    let rows = (0..2).flat_map(|n| (0..logs).map(move |log| (n, log)));
    let rows = rows.map(|(n, log)| {
        let Row { mut leaf, details, .. } = common(n);
        leaf.log = Id([log; 16]);
        Row { leaf_hash: Sha256::of(&leaf.canonical()), leaf, details }
    });
    (about, rows.collect())
}

/// A grant at place `n` of its own consent.
pub(super) fn grant(n: u64, standing: Standing) -> Grant {
    let mut consent = [0x40; 16];
    consent[..8].copy_from_slice(&n.to_be_bytes());
    let row = row(n, grant_event(Id(consent), Level::Teaching, Regime::Gdpr));
    Grant { leaf: row.leaf, leaf_hash: row.leaf_hash, standing, details: None }
}

/// An entry like many others.
pub(super) fn common(n: u64) -> Row {
    row(
        n,
        Event::Disclose { audience: Level::Teaching, consent: Id([7; 16]), grant: Place::Here(1), post: LOG },
    )
}

/// Runs `export` over `count` things into a counting writer. Gives the bytes written, and the most bytes that were
/// held back: those of the things already taken (each is written as more than 200 bytes) that were not written yet.
pub(super) fn stream<T>(
    count: u64,
    make: impl Fn(u64) -> T,
    export: impl FnOnce(&mut dyn Iterator<Item = Result<T, Infallible>>, Counter),
) -> (u64, u64) {
    const LEAST: u64 = 200;
    let written = Rc::new(Cell::new(0));
    let most_ahead = Rc::new(Cell::new(0));
    let (seen, most) = (Rc::clone(&written), Rc::clone(&most_ahead));
    let mut rows = (0..count).map(|n| {
        most.set(most.get().max((n * LEAST).saturating_sub(seen.get())));
        Ok(make(n))
    });
    export(&mut rows, Counter(Rc::clone(&written)));
    (written.get(), most_ahead.get())
}

/// Counts, and keeps nothing.
pub(super) struct Counter(Rc<Cell<u64>>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A full disk.
pub(super) struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}
