//! What an entry says, column by column: the one table behind CSV and JSON Lines.

use crate::hash::{Id, Sha256};
use crate::ledger::leaf::{ContinueReason, DetailsTaken, EraseReason, Event, ExportFormat, Place, Retention};
use crate::time::UnixTime;

use super::Row;

/// The columns of the CSV, in order; in JSON Lines the names of members. New ones are only added at the end.
///
/// `grant`, `copy`, `of`, `awaits` and `copies` are places of other entries, and so are `first` and `until`;
/// `size` and `witnessed` are numbers of entries.
pub const COLUMNS: [&str; 37] = [
    "n",
    "at",
    "kind",
    "consent",
    "level",
    "regime",
    "expires",
    "grant",
    "by",
    "audience",
    "post",
    "copy",
    "of",
    "awaits",
    "copies",
    "retention",
    "retention_reason",
    "format",
    "details",
    "exported",
    "first",
    "until",
    "before",
    "reason",
    "root",
    "size",
    "witnessed",
    "patient_name",
    "giver",
    "discloser",
    "recipients",
    "purpose",
    "language",
    "method",
    "commitment",
    "leaf_hash",
    "log",
];

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact<'a> {
    Code(&'static str),
    Hash(Sha256),
    Moment(UnixTime),
    Name(Id),
    Number(u64),
    Place(Place),
    Places(&'a [Place]),
    Words(&'a str),
}

/// What `row` says in each of [`COLUMNS`], by name and in their order; columns without a value are left out.
pub(super) fn facts(row: &Row) -> impl Iterator<Item = (&'static str, Fact<'_>)> {
    COLUMNS.iter().filter_map(|&column| Some((column, fact(row, column)?)))
}

/// What `row` says in `column`.
pub(super) fn fact<'a>(row: &'a Row, column: &str) -> Option<Fact<'a>> {
    match column {
        "n" => Some(Fact::Number(row.leaf.n)),
        "at" => Some(Fact::Moment(row.leaf.at)),
        "kind" => Some(Fact::Code(row.leaf.event.kind())),
        "consent" => row.leaf.event.consent().map(Fact::Name),
        "leaf_hash" => Some(Fact::Hash(row.leaf_hash)),
        "log" => Some(Fact::Name(row.leaf.log)),
        _ => of_event(&row.leaf.event, column).or_else(|| of_details(row, column)),
    }
}

fn of_event<'a>(event: &'a Event, column: &str) -> Option<Fact<'a>> {
    Some(match (column, event) {
        ("commitment", Event::Grant { commitment, .. } | Event::Export { commitment, .. }) => {
            Fact::Hash(*commitment)
        }
        ("level", Event::Grant { level, .. }) => Fact::Code(level.code()),
        ("regime", Event::Grant { regime, .. }) => Fact::Code(regime.code()),
        ("expires", Event::Grant { expires, .. }) => Fact::Moment(*expires),
        (
            "grant",
            Event::Withdraw { grant, .. }
            | Event::Expire { grant, .. }
            | Event::Disclose { grant, .. }
            | Event::Erase { grant, .. },
        ) => Fact::Place(*grant),
        ("by", Event::Withdraw { by, .. }) => Fact::Code(by.code()),
        ("awaits", Event::Withdraw { awaits, .. }) => Fact::Places(awaits),
        ("audience", Event::Disclose { audience, .. }) => Fact::Code(audience.code()),
        ("post", Event::Disclose { post, .. }) => Fact::Name(*post),
        ("copy", Event::Acknowledge { copy, .. }) => Fact::Place(*copy),
        ("of", Event::Acknowledge { of, .. }) => Fact::Place(*of),
        ("copies", Event::Erase { copies, .. }) => Fact::Places(copies),
        ("retention", Event::Erase { retention: Retention::Over, .. }) => Fact::Code("over"),
        ("retention", Event::Erase { retention: Retention::Broken { .. }, .. }) => Fact::Code("broken"),
        ("retention_reason", Event::Erase { retention: Retention::Broken { reason }, .. }) => {
            Fact::Code(erase_code(*reason))
        }
        ("format", Event::Export { format, .. }) => Fact::Code(format_code(*format)),
        ("details", Event::Export { details: DetailsTaken::No, .. }) => Fact::Code("no"),
        ("details", Event::Export { details: DetailsTaken::Yes, .. }) => Fact::Code("yes"),
        ("exported", Event::Export { exported, .. }) => Fact::Name(*exported),
        ("first", Event::Export { first, .. }) => Fact::Number(*first),
        ("until", Event::Export { until, .. }) => Fact::Number(*until),
        ("before", Event::Continue { before, .. }) => Fact::Name(*before),
        ("reason", Event::Continue { reason: ContinueReason::Behind, .. }) => Fact::Code("behind"),
        ("reason", Event::Continue { reason: ContinueReason::Forked, .. }) => Fact::Code("forked"),
        ("reason", Event::Continue { reason: ContinueReason::Reinstalled, .. }) => Fact::Code("reinstalled"),
        ("root", Event::Continue { root, .. }) => Fact::Hash(*root),
        ("size", Event::Continue { size, .. }) => Fact::Number(*size),
        ("witnessed", Event::Continue { witnessed, .. }) => Fact::Number(*witnessed),
        _ => return None,
    })
}

fn of_details<'a>(row: &'a Row, column: &str) -> Option<Fact<'a>> {
    let parts = row.details.as_ref()?.parts();
    parts.into_iter().find(|(name, ..)| *name == column).map(|(_, _, words)| Fact::Words(words))
}

fn erase_code(reason: EraseReason) -> &'static str {
    match reason {
        EraseReason::PatientRequest => "patient_request",
        EraseReason::Order => "order",
        EraseReason::RecordedInError => "recorded_in_error",
        EraseReason::Danger => "danger",
    }
}

fn format_code(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Evidence => "evidence",
        ExportFormat::Csv => "csv",
        ExportFormat::Jsonl => "jsonl",
        ExportFormat::Fhir => "fhir",
        ExportFormat::Pdf => "pdf",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::export::samples;

    /// Every member of a leaf must be found in some column, under the name and code that the leaf has.
    #[test]
    fn nothing_of_a_leaf_is_left_out() {
        for row in samples::rows() {
            let leaf = serde_json::to_value(&row.leaf.event).unwrap();
            for (name, value) in leaf.as_object().unwrap() {
                // The hash of the withdrawal code is of no use to a reader.
                if name == "withdrawal" {
                    continue;
                }
                let got = fact(&row, name).unwrap_or_else(|| panic!("{name}"));
                let expected = match got {
                    Fact::Code(code) => Value::from(code),
                    Fact::Hash(hash) => Value::from(hash.to_string()),
                    Fact::Moment(at) => Value::from(at.seconds()),
                    Fact::Name(id) => Value::from(id.to_string()),
                    Fact::Number(number) => Value::from(number),
                    Fact::Place(place) => serde_json::to_value(place).unwrap(),
                    Fact::Places(places) => serde_json::to_value(places).unwrap(),
                    Fact::Words(words) => Value::from(words),
                };
                match name.as_str() {
                    "retention" => {
                        assert_eq!(value["duty"], expected);
                        let reason = fact(&row, "retention_reason").map(|reason| match reason {
                            Fact::Code(code) => Value::from(code),
                            other => panic!("{other:?}"),
                        });
                        assert_eq!(value.get("reason"), reason.as_ref());
                    }
                    _ => assert_eq!(*value, expected, "{name}"),
                }
            }
        }
    }

    #[test]
    fn every_column_is_used() {
        for column in COLUMNS {
            assert!(samples::rows().iter().any(|row| fact(row, column).is_some()), "{column}");
        }
    }
}
