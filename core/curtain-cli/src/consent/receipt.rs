//! `curtain consent receipt` and `curtain consent verify-receipt`

use std::path::{Path, PathBuf};

use curtain::desk;
use curtain::hash::Id;
use curtain::ledger::leaf::{Event, Leaf};
use curtain::receipt::{self, Evidence, QrReceipt};
use curtain::vault::Vault;
use curtain::wire::note::VerifierKey;
use curtain::wire::proof::Proof;
use serde_json::json;

use super::args::{ReceiptArgs, VerifyReceiptArgs};
use super::form::read;
use crate::Outcome;
use crate::ledger::key;
use crate::output::{self, Failure};

pub(super) fn write(args: &ReceiptArgs) -> Result<Outcome, Failure> {
    let vault = args.vault.open()?;
    if let Some(at) = vault.consent(args.consent)?.withdrawn_at() {
        output::warn(&format!(
            "This consent was withdrawn on {}: the receipt says how it was given.",
            at.date()
        ));
    }
    let paths = write_to(&vault, args.consent, &args.out)?;
    let paths = paths.map(|path| output::shown(&path));
    if args.vault.json {
        output::json_line(&json!({ "consent": args.consent, "receipt": paths }));
    } else {
        for path in paths {
            output::line(&format!("Receipt: {path}"));
        }
    }
    Ok(Outcome::AllDone)
}

pub(super) fn write_to(vault: &Vault, consent: Id, folder: &Path) -> Result<[PathBuf; 2], Failure> {
    let receipt = desk::receipt(vault, consent)?;
    Ok(desk::write_receipt(&receipt, folder)?)
}

/// What a receipt's file or the text of its code shows.
struct Shown {
    leaf: String,
    proof: String,
    /// The key that the receipt itself names; the code has no room for one.
    own_key: Option<String>,
}

pub(super) fn verify(args: &VerifyReceiptArgs) -> Result<Outcome, Failure> {
    let bytes = read(&args.file)?;
    let given = args.key.as_deref().map(key).transpose()?;
    let shown = match std::str::from_utf8(&bytes) {
        Ok(text) if text.starts_with("curtain/v1/receipt\n") => {
            let QrReceipt { leaf, proof, .. } = receipt::parse_qr(text)?;
            Shown { leaf, proof, own_key: None }
        }
        _ => {
            let Evidence { leaf, proof, log_key, .. } = receipt::from_json(&bytes)?;
            Shown { leaf, proof, own_key: Some(log_key) }
        }
    };
    let own =
        shown.own_key.as_deref().map(str::parse::<VerifierKey>).transpose().map_err(|_| not_proven())?;
    let Some(checked) = given.as_ref().or(own.as_ref()) else {
        return Err(Failure {
            code: "key_needed",
            message:
                "the code alone holds no key: give the log's key, as it is printed beside it, with --key"
                    .to_owned(),
        });
    };
    let proof = Proof::parse(shown.proof.as_bytes()).map_err(|_| not_proven())?;
    let checkpoint = proof.verify(shown.leaf.as_bytes(), checked).map_err(|_| not_proven())?;
    let leaf = Leaf::parse(shown.leaf.as_bytes()).map_err(|_| not_proven())?;
    let Event::Grant { consent, expires, level, regime, .. } = &leaf.event else { return Err(not_proven()) };
    let authenticated = given.is_some();
    if args.json {
        output::json_line(&json!({
            "consent": consent, "log": leaf.log, "n": leaf.n, "granted_at": leaf.at.to_string(),
            "expires": expires.to_string(), "level": level.code(), "regime": regime.code(),
            "in_log": true, "size": checkpoint.size, "signer_authenticated": authenticated,
        }));
        return Ok(Outcome::AllDone);
    }
    output::line(&format!("In the log: consent {consent} is record {} of log {}.", leaf.n, leaf.log));
    output::line(&format!(
        "Granted on {}, until {}, for {}, under {}.",
        leaf.at.date(),
        expires.date(),
        level.code(),
        regime.code()
    ));
    output::line(if authenticated {
        "Signer: authenticated by the key that you gave."
    } else {
        "Signer: NOT AUTHENTICATED. Give the log's key, from who keeps the log, with --key."
    });
    output::line("Whether it was withdrawn since, a receipt cannot say: ask for the log.");
    Ok(Outcome::AllDone)
}

fn not_proven() -> Failure {
    Failure {
        code: "not_its_proof",
        message:
            "this receipt does not show its record in a log signed by this key: it was changed, or the key \
                  is another log's"
                .to_owned(),
    }
}
