//! What an officer reads with their own key.

use std::path::Path;

use curtain::desk::{self, Opened};
use curtain::files;
use curtain::keys::KeyFile;
use curtain::ledger::leaf::{Event, ExportFormat};
use curtain::picture::Limits;
use curtain::seal::kem::SecretKey;
use curtain::wire::boxes::KemKey;
use curtain::wire::canonical;
use serde_json::json;

use super::{OpenArgs, View};
use crate::Outcome;
use crate::output::{self, Failure};

/// An officer's public key, as `curtain identity officer` writes it.
pub(super) fn key(path: &Path) -> Result<KemKey, Failure> {
    let wrong = || {
        Failure {
        code: "not_an_officers_key",
        message: "this is not the public key of an officer: give the file that `curtain identity officer --out` wrote"
            .to_owned(),
    }
    };
    let bytes = files::read(path, &Limits::default()).map_err(|_| wrong())?;
    canonical::from_bytes(bytes.trim_ascii_end(), 4 << 10).map_err(|_| wrong())
}

/// An officer's private key.
pub(super) fn private_key(path: &Path) -> Result<SecretKey, Failure> {
    let file = files::read_private(path, KeyFile::MAX_BYTES)?;
    Ok(SecretKey::from_seed(*KeyFile::Officer.read(&file)?))
}

pub(super) fn open(args: &OpenArgs) -> Result<Outcome, Failure> {
    let key = private_key(&args.key)?;
    let mut outcome = Outcome::AllDone;
    let mut all = Vec::new();
    for folder in args.folders.iter().map(|given| desk::sealed_in(given)) {
        for folder in folder? {
            for opened in desk::open_sealed(&folder, &key)? {
                if matches!(opened.details, Some(Err(_))) {
                    outcome = Outcome::SomethingFailed;
                }
                if args.format.is_none() {
                    print_opened(&opened, args.json);
                } else if let Some(Err(error)) = &opened.details {
                    output::warn(&format!("{} {}: {error}", opened.leaf.log, opened.leaf.n));
                }
                if args.format.is_some() {
                    all.push(opened);
                }
            }
        }
    }
    if let (Some(format), Some(out)) = (args.format, &args.out) {
        let format = match format {
            View::Csv => ExportFormat::Csv,
            View::Jsonl => ExportFormat::Jsonl,
        };
        let count = desk::view_opened(all, format, out)?;
        if args.json {
            output::json_line(&json!({ "records": count, "paths": [output::shown(out)] }));
        } else {
            output::line(&format!("{count} records: {}", output::shown(out)));
        }
    }
    output::warn(
        "This says what was sealed to you. Whether the log holds, `curtain ledger verify` says of `evidence`.",
    );
    Ok(outcome)
}

fn print_opened(opened: &Opened, as_json: bool) {
    let Opened { leaf, details, taken_by } = opened;
    let (details, error) = match details {
        Some(Ok(details)) => (Some(details), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    if as_json {
        let error = error.map(|error| json!({ "code": error.code(), "message": error.to_string() }));
        let details = details.map(|details| {
            json!({
                "patient": details.patient_name, "giver": details.giver, "discloser": details.discloser,
                "recipients": details.recipients, "purpose": details.purpose, "language": details.language,
                "method": details.method,
            })
        });
        output::json_line(&json!({
            "leaf": leaf, "details": details, "taken_by": taken_by, "error": error,
        }));
        return;
    }
    let kind = json!(leaf.event)["kind"].as_str().unwrap_or_default().to_owned();
    let who = match (details, taken_by, error) {
        (Some(details), ..) => output::printable(&format!("{}, {}", details.patient_name, details.purpose)),
        (_, Some(taken_by), _) => output::printable(taken_by),
        (.., Some(error)) => format!("refused: {error}"),
        _ => "nothing that identifies anybody".to_owned(),
    };
    // What an officer withdraws, and where: `curtain post withdraw CIRCLE POST --reason officer`.
    let names = match &leaf.event {
        Event::Disclose { consent, post, .. } => format!(" consent {consent}, post {post}"),
        event => event.consent().map(|consent| format!(" consent {consent}")).unwrap_or_default(),
    };
    let kind = format!("{kind}{names}");
    output::line(&format!("{} {} {kind}: {who}", leaf.log, leaf.n));
}
