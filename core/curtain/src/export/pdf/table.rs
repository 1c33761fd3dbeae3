//! What the table of entries says in each column.

use crate::consent::{Level, Regime};
use crate::export::plain::plain;
use crate::export::{Details, Row};
use crate::ledger::leaf::{
    ContinueReason, DetailsTaken, EraseReason, Event, ExportFormat, Place, Retention, WithdrawnBy,
};

use super::lines::Look;

/// How many places an entry lists; the others are counted.
const PLACES: usize = 60;

/// How many characters of each detail are printed.
const DETAIL: usize = 2_000;

const LEAF_HASH: &str = "Leaf hash";

/// A column of the table; widths in points.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) width: f32,
    pub(super) size: f32,
    pub(super) look: Look,
}

pub(super) const COLUMNS: [Column; 6] = [
    Column { title: "Entry", width: 40.0, size: 8.0, look: Look::Words },
    Column { title: "Time (UTC)", width: 92.0, size: 8.0, look: Look::Words },
    Column { title: "Event", width: 76.0, size: 8.0, look: Look::Words },
    Column { title: "What it says", width: 304.0, size: 8.0, look: Look::Words },
    Column { title: "Consent, commitment", width: 128.0, size: 6.2, look: Look::Mono },
    Column { title: LEAF_HASH, width: 128.0, size: 6.2, look: Look::Mono },
];

/// What is the title of `column`, in a table of one log or of many.
pub(super) fn heading(column: &Column, logs: Logs) -> &'static str {
    match logs {
        Logs::Many if column.title == LEAF_HASH => "Leaf hash, log",
        _ => column.title,
    }
}

/// Whether a table has entries of one log, which is named above it, or of many, each of which is named with its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logs {
    One,
    Many,
}

/// The paragraphs of each cell of `row`.
pub(super) fn cells(row: &Row, logs: Logs) -> [Vec<String>; 6] {
    let consent = row.leaf.event.consent();
    let mut names = vec![consent.map_or_else(|| "-".to_owned(), |consent| consent.to_string())];
    if let Event::Grant { commitment, .. } | Event::Export { commitment, .. } = &row.leaf.event {
        names.push(commitment.to_string());
    }
    let mut said = vec![sentence(&row.leaf.event)];
    said.extend(row.details.as_ref().map(people).into_iter().flatten());
    [
        vec![row.leaf.n.to_string()],
        vec![row.leaf.at.to_string()],
        vec![title(&row.leaf.event).to_owned()],
        said,
        names,
        match logs {
            Logs::One => vec![row.leaf_hash.to_string()],
            Logs::Many => vec![row.leaf_hash.to_string(), row.leaf.log.to_string()],
        },
    ]
}

fn title(event: &Event) -> &'static str {
    match event {
        Event::Grant { .. } => "Grant",
        Event::Withdraw { .. } => "Withdrawal",
        Event::Expire { .. } => "Expiry",
        Event::Disclose { .. } => "Disclosure",
        Event::Acknowledge { .. } => "Acknowledgement",
        Event::Erase { .. } => "Erasure",
        Event::Export { .. } => "Export",
        Event::Continue { .. } => "Continuation",
    }
}

fn sentence(event: &Event) -> String {
    match event {
        Event::Grant { expires, level, regime, .. } => {
            let (level, regime) = (level_words(*level), regime_words(*regime));
            format!("For {level}, under {regime}, until {expires}.")
        }
        Event::Withdraw { awaits, by, grant, .. } => {
            let by = match by {
                WithdrawnBy::Code => "with the code of the patient's receipt",
                WithdrawnBy::Author => "by the clinician, told by the patient",
                WithdrawnBy::Officer => "by the compliance officer",
            };
            format!("Withdrawn {by}. Grant: entry {grant}. Awaits {} to be acknowledged.", places(awaits))
        }
        Event::Expire { grant, .. } => format!("The time of the consent ran out. Grant: entry {grant}."),
        Event::Disclose { audience, grant, post, .. } => {
            format!("Sent to a circle for {}. Post {post}. Grant: entry {grant}.", level_words(*audience))
        }
        Event::Acknowledge { copy, of } => {
            format!("The copies made by entry {copy} are gone, as entry {of} asked.")
        }
        Event::Erase { copies, grant, retention, .. } => {
            let duty = match retention {
                Retention::Over => "No duty to keep them was broken.",
                Retention::Broken { reason: EraseReason::PatientRequest } => {
                    "A duty to keep them was broken: the patient asked for it."
                }
                Retention::Broken { reason: EraseReason::Order } => {
                    "A duty to keep them was broken: by order of a court or authority."
                }
                Retention::Broken { reason: EraseReason::RecordedInError } => {
                    "A duty to keep them was broken: they were recorded in error."
                }
                Retention::Broken { reason: EraseReason::Danger } => {
                    "A duty to keep them was broken: keeping them put the patient in danger."
                }
            };
            format!(
                "Details and keys deleted. Grant: entry {grant}. {duty} Exported before: {}.",
                places(copies)
            )
        }
        Event::Export { details, exported, first, format, until, .. } => {
            let format = match format {
                ExportFormat::Evidence => "evidence",
                ExportFormat::Csv => "CSV",
                ExportFormat::Jsonl => "JSON Lines",
                ExportFormat::Fhir => "FHIR",
                ExportFormat::Pdf => "PDF",
            };
            let details = match details {
                DetailsTaken::No => "without details of people",
                DetailsTaken::Yes => "with details of people",
            };
            let range = range(*first, *until);
            format!("{range} of log {exported} handed out as {format}, {details}.")
        }
        Event::Continue { before, reason, root, size, witnessed } => {
            let reason = match reason {
                ContinueReason::Behind => "a witness had seen more",
                ContinueReason::Forked => "a witness had seen others",
                ContinueReason::Reinstalled => "the vault before is gone",
            };
            format!(
                "Goes on from log {before}, of which {size} entries are held and {witnessed} were witnessed: {reason}. \
                 Root {root}."
            )
        }
    }
}

/// Details of people, a paragraph each. A value is isolated, so that a name from right to left moves nothing else.
fn people(details: &Details) -> Vec<String> {
    let parts = details.parts().into_iter();
    parts
        .map(|(_, label, value)| {
            let value = plain(value);
            let rest = value.char_indices().nth(DETAIL).map(|(at, _)| at);
            match rest {
                None if value.is_ascii() => format!("{label}: {value}"),
                None => format!("{label}: \u{2068}{value}\u{2069}"),
                Some(at) => {
                    format!(
                        "{label}: \u{2068}{}\u{2069} (cut; all of it is in the JSON Lines export)",
                        &value[..at]
                    )
                }
            }
        })
        .collect()
}

/// `Entries 3 to 9`, both included.
pub(super) fn range(first: u64, until: u64) -> String {
    match until.checked_sub(first) {
        None | Some(0) => "No entries".to_owned(),
        Some(1) => format!("Entry {first}"),
        Some(_) => format!("Entries {first} to {}", until - 1),
    }
}

fn places(places: &[Place]) -> String {
    let (listed, rest) = places.split_at(places.len().min(PLACES));
    let list = listed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (listed, rest.len()) {
        ([], _) => "none".to_owned(),
        ([_], _) => format!("entry {list}"),
        (_, 0) => format!("entries {list}"),
        (_, more) => format!("entries {list} and {more} more, listed in the CSV export"),
    }
}

fn level_words(level: Level) -> &'static str {
    match level {
        Level::CareAdvice => "advice on care",
        Level::Teaching => "teaching",
        Level::Publication => "publication",
    }
}

fn regime_words(regime: Regime) -> &'static str {
    match regime {
        Regime::Hipaa => "HIPAA (45 CFR 164.508)",
        Regime::Gdpr => "GDPR (Regulation (EU) 2016/679)",
        Regime::Gmc => "GMC guidance",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_counted() {
        assert_eq!(places(&[]), "none");
        assert_eq!(places(&[Place::Here(4)]), "entry 4");
        assert_eq!(places(&[Place::Here(4), Place::Here(5)]), "entries 4, 5");
        let all = (0..1_000_000).map(Place::Here).collect::<Vec<_>>();
        assert!(places(&all).ends_with(", 59 and 999940 more, listed in the CSV export"));
    }

    #[test]
    fn ranges_are_said_with_their_last_entry() {
        assert_eq!([range(0, 0), range(3, 4), range(3, 10)], ["No entries", "Entry 3", "Entries 3 to 9"]);
        assert_eq!(range(9, 3), "No entries");
    }

    #[test]
    fn details_are_cut_at_a_character() {
        let mut details = crate::export::samples::details(&"क".repeat(3_000));
        let said = people(&details);
        assert!(said[0].ends_with("(cut; all of it is in the JSON Lines export)"));
        assert_eq!(said[0].matches('क').count(), DETAIL);
        details.patient_name = "\u{202e}x".to_owned();
        assert_eq!(people(&details)[0], "Patient: \u{2068}\u{fffd}x\u{2069}");
    }
}
