//! Views of the logs of many devices, from the folders in which they were pulled.

use curtain::desk::{RefusedLog, Shown, VerifiedLogs, View};
use serde_json::json;

use super::{ExportArgs, officer};
use crate::Outcome;
use crate::output::{self, Failure};
use crate::vault::now;

pub(super) fn export(args: &ExportArgs) -> Result<Outcome, Failure> {
    let names = match (args.details, &args.key) {
        (true, Some(key)) => Some(officer::private_key(key)?),
        (false, None) => None,
        _ => {
            return Err(Failure {
                code: "details_want_a_key",
                message: "what identifies people is sealed to the officer: give both --details and the officer's private key \
                          with --key, or neither"
                    .to_owned(),
            });
        }
    };
    let json = args.log.vault.json;
    let logs = match VerifiedLogs::read(&args.logs) {
        Ok(logs) => logs,
        Err(refused) => {
            for refused in &refused {
                refuse(refused, json);
            }
            output::warn("Nothing was exported.");
            return Ok(Outcome::SomethingFailed);
        }
    };
    let view = View { from: args.from, to: args.to, format: args.format.into(), names: names.as_ref() };
    let shown = logs.show(&view, &args.out, now()?)?;
    tell(&logs, &shown, json);
    Ok(Outcome::AllDone)
}

/// Names a log because of which nothing is exported.
fn refuse(refused: &RefusedLog, json: bool) {
    let RefusedLog { log, folder, why } = refused;
    let message = match log {
        Some(log) => format!("log {log}: {}", output::printable(&why.to_string())),
        None => output::printable(&why.to_string()),
    };
    output::warn(&format!("{}: {message}", output::shown(folder)));
    if json {
        let error = json!({ "code": why.code(), "message": message });
        output::json_line(&json!({ "log": log, "folder": output::shown(folder), "error": error }));
    }
}

fn tell(logs: &VerifiedLogs, shown: &Shown, json: bool) {
    let records: u64 = shown.records.values().map(|records| records.end - records.start).sum();
    let paths: Vec<_> = shown.paths.iter().map(|path| output::shown(path)).collect();
    if json {
        let parts = shown.records.iter();
        let parts = parts.map(|(log, part)| json!({ "log": log, "first": part.start, "until": part.end }));
        let silent = logs.silent().iter();
        let silent =
            silent.map(|silent| json!({ "log": silent.log, "user": silent.user, "reason": silent.reason }));
        let gaps = logs.gaps();
        let gaps =
            gaps.map(|(log, before, missing)| json!({ "log": log, "before": before, "missing": missing }));
        output::json_line(&json!({
            "records": records, "logs": parts.collect::<Vec<_>>(), "paths": paths,
            "silent": silent.collect::<Vec<_>>(), "gaps": gaps.collect::<Vec<_>>(),
        }));
    } else {
        output::line(&format!("{records} records of {} logs: {}", shown.records.len(), paths.join(" ")));
    }
    for silent in logs.silent() {
        output::warn(&format!("log {} is silent: {}", silent.log, output::printable(&silent.reason)));
    }
    for (log, before, missing) in logs.gaps() {
        output::warn(&format!("log {log} continues log {before}, of which {missing} records are missing"));
    }
}
