//! `curtain consent`

mod args;
mod form;
mod receipt;

use std::path::PathBuf;

pub(crate) use args::{ConsentCommand, Level, NewArgs};

use curtain::consent::{Incomplete, Kind, ShownObject, Standing, WithdrawalCode};
use curtain::hash::{Id, Sha256};
use curtain::ledger::leaf::WithdrawnBy;
use curtain::time::UnixTime;
use curtain::vault::{BackedUp, GrantError, Granted, Held, ToGrant, Vault, WithdrawBy};
use serde_json::json;

use crate::Outcome;
use crate::output::{self, Failure};
use crate::vault::now;

use args::{AcknowledgeArgs, CheckArgs, EraseArgs, ListArgs, OneArgs, WithdrawArgs};

pub(crate) fn run(command: &ConsentCommand) -> Outcome {
    let (done, json) = match command {
        ConsentCommand::New(args) => (new(args), args.vault.json),
        ConsentCommand::Wording(args) => (wording(args), args.vault.json),
        ConsentCommand::Show(args) => (show(args), args.vault.json),
        ConsentCommand::List(args) => (list(args), args.vault.json),
        ConsentCommand::Check(args) => (check(args), args.vault.json),
        ConsentCommand::Withdraw(args) => (withdraw(args), args.vault.json),
        ConsentCommand::Acknowledge(args) => (acknowledge(args), args.vault.json),
        ConsentCommand::Erase(args) => (erase(args), args.vault.json),
        ConsentCommand::Receipt(args) => (receipt::write(args), args.vault.json),
        ConsentCommand::VerifyReceipt(args) => (receipt::verify(args), args.json),
    };
    output::finish(done, json)
}

fn new(args: &NewArgs) -> Result<Outcome, Failure> {
    // Before anything is asked: what cannot be kept need not be typed.
    grant(args, args.vault.open_or_make()?, None)
}

/// Records a consent; for a kept case, to what came out of its review.
pub(crate) fn grant(
    args: &NewArgs,
    mut vault: Vault,
    case: Option<(Id, Vec<ShownObject>)>,
) -> Result<Outcome, Failure> {
    let (case, shown) = case.map_or((None, Vec::new()), |(case, shown)| (Some(case), shown));
    let form = form::fill(args, shown, now()?)?;
    let now = now()?;
    let granted = match vault.grant(ToGrant { draft: form.draft, media: form.media.as_deref(), case }, now) {
        Ok(granted) => granted,
        Err(GrantError::Incomplete(incomplete)) => return Ok(not_complete(&incomplete, args.vault.json)),
        Err(error) => return Err(error.into()),
    };
    let receipt = args.receipt.as_deref().map(|folder| receipt::write_to(&vault, granted.id, folder));
    Ok(recorded(&granted, receipt.as_ref(), args.vault.json))
}

/// Says what was recorded, whatever became of the receipt: nobody must take it for not recorded.
fn recorded(granted: &Granted, receipt: Option<&Result<[PathBuf; 2], Failure>>, json: bool) -> Outcome {
    let code = granted.code.printed();
    let paths: Vec<_> = receipt.into_iter().flatten().flatten().map(|path| output::shown(path)).collect();
    let failure = receipt.and_then(|receipt| receipt.as_ref().err());
    if json {
        let error = failure.map(|failure| json!({ "code": failure.code, "message": failure.message }));
        output::json_line(&json!({
            "consent": granted.id, "log": granted.log, "n": granted.n, "withdrawal_code": code.as_str(),
            "receipt": paths, "receipt_error": error,
        }));
    } else {
        output::line(&format!("Recorded consent {} as record {} of its log.", granted.id, granted.n));
        output::line(&format!("Withdrawal code, for the patient's receipt: {}", code.as_str()));
        for path in &paths {
            output::line(&format!("Receipt: {path}"));
        }
        if paths.is_empty() {
            output::line(&format!("Print the receipt: curtain consent receipt --out DIR {}", granted.id));
        }
    }
    let Some(failure) = failure else { return Outcome::AllDone };
    output::warn(&format!("The consent was recorded, the receipt was not written: {}", failure.message));
    Outcome::SomethingFailed
}

/// Says everything that is missing, by code and in words.
fn not_complete(incomplete: &Incomplete, json: bool) -> Outcome {
    output::warn("This is not a consent yet, and nothing was recorded:");
    for missing in &incomplete.missing {
        let mark = match missing.kind() {
            Kind::Refused => "refused",
            Kind::Wrong => "wrong  ",
            Kind::Absent => "missing",
        };
        output::warn(&format!("  {mark}  {:<26} {}", missing.code(), missing.text()));
    }
    if json {
        let missing: Vec<_> = incomplete
            .missing
            .iter()
            .map(|missing| json!({ "code": missing.code(), "message": missing.text(), "source": missing.source() }))
            .collect();
        let error = json!({ "code": "consent_incomplete", "message": incomplete.to_string() });
        output::json_line(&json!({ "error": error, "missing": missing }));
    }
    Outcome::SomethingFailed
}

fn wording(args: &NewArgs) -> Result<Outcome, Failure> {
    let form = form::fill(args, Vec::new(), now()?)?;
    let Some(wording) = form.draft.wording else {
        return Err(Failure {
            code: "wording_needs_more",
            message:
                "the text cannot be filled in yet: give patient, giver, regime, level, purpose, recipients, \
                      discloser, contact, description and expires"
                    .to_owned(),
        });
    };
    if args.vault.json {
        output::json_line(&json!({
            "language": wording.language, "sha256": wording.sha256, "text": wording.text,
        }));
    } else {
        output::line(&wording.text);
    }
    Ok(Outcome::AllDone)
}

pub(crate) fn standing_code(held: &Held, now: UnixTime) -> &'static str {
    match held.standing(now) {
        _ if held.erased().is_some() => "erased",
        Standing::Live if held.is_in_doubt() => "in_doubt",
        standing => standing.code(),
    }
}

pub(crate) fn standing_words(held: &Held, now: UnixTime) -> String {
    if let Some(mark) = held.erased() {
        return format!("erased on {}", mark.at.date());
    }
    match held.standing(now) {
        Standing::Live if held.is_in_doubt() => {
            "in doubt: records of its log were lost, ask again".to_owned()
        }
        Standing::Live => format!("live until {}", held.expires().date()),
        Standing::NotYet { from } => format!("live from {}", from.date()),
        Standing::Expired { at } => format!("expired on {}", at.date()),
        Standing::Withdrawn { at } => format!("withdrawn on {}", at.date()),
    }
}

fn backed_up_words(backed_up: BackedUp) -> String {
    let words = |code: &&str| match *code {
        "not_cosigned" => "no witness cosigned it yet",
        "no_officer_key" => "there is no officer's key to seal its details to (curtain ledger officer)",
        _ => "no relay has its record and details yet",
    };
    let missing = backed_up.missing();
    if missing.is_empty() {
        return "yes".to_owned();
    }
    format!("NO: {}", missing.iter().map(words).collect::<Vec<_>>().join("; "))
}

fn show(args: &OneArgs) -> Result<Outcome, Failure> {
    let vault = args.vault.open()?;
    let held = vault.consent(args.consent)?;
    let now = now()?;
    let awaited = vault.awaited(args.consent)?;
    let backed_up = vault.backed_up(args.consent)?;
    let details: Option<serde_json::Value> =
        held.details().and_then(|bytes| serde_json::from_slice(bytes).ok());
    if args.vault.json {
        let awaited: Vec<_> = awaited
            .iter()
            .map(|(of, copy)| json!({ "of": of.to_string(), "copy": copy.to_string() }))
            .collect();
        output::json_line(&json!({
            "consent": held.id(), "log": held.log(), "n": held.leaf().n, "granted_at": held.leaf().at.to_string(),
            "expires": held.expires().to_string(), "level": held.level().code(), "regime": held.regime().code(),
            "standing": standing_code(&held, now), "details": details, "awaited": awaited,
            "backed_up": backed_up.is_whole(), "not_backed_up": backed_up.missing(),
        }));
        return Ok(Outcome::AllDone);
    }
    output::line(&format!("consent     {}", held.id()));
    output::line(&format!("record      {} of log {}", held.leaf().n, held.log()));
    output::line(&format!("standing    {}", standing_words(&held, now)));
    output::line(&format!("backed up   {}", backed_up_words(backed_up)));
    output::line(&format!("level       {} under {}", held.level().code(), held.regime().code()));
    if let Some(record) = held.record()? {
        for (name, value) in [
            ("patient", record.patient().to_owned()),
            ("agreed by", record.giver().in_words()),
            ("how", record.method().code().to_owned()),
            ("shared by", record.discloser().to_owned()),
            ("with", record.recipients().to_owned()),
            ("for", record.purpose().to_owned()),
            ("what", record.description().to_owned()),
            ("given", record.given_at().to_string()),
        ] {
            output::line(&format!("{name:<11} {}", output::printable(&value)));
        }
        for object in record.objects() {
            output::line(&format!("{:<11} {}", object.kind.code(), object.sha256));
        }
    }
    for (of, copy) in awaited {
        output::line(&format!("awaited     copy {copy} must follow record {of}"));
    }
    Ok(Outcome::AllDone)
}

fn list(args: &ListArgs) -> Result<Outcome, Failure> {
    let mut vault = args.vault.open()?;
    let now = now()?;
    vault.expire_due(now)?;
    let mut any = false;
    for log in vault.logs()? {
        for held in vault.consents(log.id, 0)? {
            let held = held?;
            any = true;
            let backed_up = vault.backed_up(held.id())?;
            let patient =
                if args.names { held.record()?.map(|record| record.patient().to_owned()) } else { None };
            if args.vault.json {
                output::json_line(&json!({
                    "consent": held.id(), "log": held.log(), "n": held.leaf().n, "patient": patient,
                    "granted_at": held.leaf().at.to_string(), "expires": held.expires().to_string(),
                    "level": held.level().code(), "regime": held.regime().code(),
                    "standing": standing_code(&held, now), "backed_up": backed_up.is_whole(),
                    "not_backed_up": backed_up.missing(),
                }));
            } else {
                let backed_up = if backed_up.is_whole() { "" } else { "  not backed up" };
                let name = patient.map(|name| format!("  {}", output::printable(&name))).unwrap_or_default();
                output::line(&format!(
                    "{}  {:<11} {:<6} {}{backed_up}{name}",
                    held.id(),
                    held.level().code(),
                    held.regime().code(),
                    standing_words(&held, now)
                ));
            }
        }
    }
    if !any && !args.vault.json {
        output::line("No consents in this vault yet.");
    }
    Ok(Outcome::AllDone)
}

fn check(args: &CheckArgs) -> Result<Outcome, Failure> {
    let vault = args.vault.open()?;
    let held = vault.consent(args.consent)?;
    let now = now()?;
    let mut outcome = Outcome::AllDone;
    for path in &args.files {
        let sha256 = match form::read(path) {
            Ok(bytes) => Sha256::of(&bytes),
            Err(failure) => {
                output::report_failure(path, &failure, args.vault.json);
                outcome = Outcome::SomethingFailed;
                continue;
            }
        };
        let shortfalls = held.covers(args.audience.into(), &[sha256], now).err().unwrap_or_default();
        if args.vault.json {
            let short: Vec<_> = shortfalls
                .iter()
                .map(|short| json!({ "code": short.code(), "message": short.text() }))
                .collect();
            output::json_line(&json!({
                "file": output::shown(path), "sha256": sha256, "covered": short.is_empty(), "shortfalls": short,
            }));
        } else if shortfalls.is_empty() {
            output::line(&format!("{}: covered", output::shown(path)));
        }
        for short in &shortfalls {
            output::warn(&format!("{}: not covered: {}", output::shown(path), short.text()));
            outcome = Outcome::SomethingFailed;
        }
    }
    Ok(outcome)
}

fn withdraw(args: &WithdrawArgs) -> Result<Outcome, Failure> {
    let by = match args.consent {
        Some(consent) if args.as_officer => WithdrawBy::Officer(consent),
        Some(consent) => WithdrawBy::Author(consent),
        None => WithdrawBy::Code(code(args)?),
    };
    let withdrawn = args.vault.open()?.withdraw(&by, now()?)?;
    let awaits: Vec<_> = withdrawn.awaits.iter().map(ToString::to_string).collect();
    if args.vault.json {
        output::json_line(&json!({ "consent": withdrawn.consent, "n": withdrawn.n, "awaits": awaits }));
    } else {
        output::line(&format!("Withdrew consent {} as record {}.", withdrawn.consent, withdrawn.n));
        print_copies(&awaits, withdrawn.n);
    }
    Ok(Outcome::AllDone)
}

/// The code, as a flag gives it or as it is typed in.
fn code(args: &WithdrawArgs) -> Result<WithdrawalCode, Failure> {
    use std::io::IsTerminal;
    if !args.code.is_empty() {
        return Ok(WithdrawalCode::parse(&args.code.concat())?);
    }
    let ask = || {
        dialoguer::Input::<String>::new().with_prompt("The withdrawal code on the receipt").interact_text()
    };
    match std::io::stdin().is_terminal().then(ask) {
        Some(Ok(text)) => Ok(WithdrawalCode::parse(&text)?),
        _ => Err(Failure {
            code: "code_needed",
            message: "give the code on the receipt with --code, or the consent's name".to_owned(),
        }),
    }
}

fn print_copies(copies: &[String], of: u64) {
    if !copies.is_empty() {
        output::line(
            "Take what was posted back in each circle: curtain post withdraw CIRCLE POST (curtain post list)",
        );
    }
    for copy in copies {
        output::line(&format!(
            "The copy made by record {copy} must follow. When it is gone: \
             curtain consent acknowledge --of {of} --copy {copy}"
        ));
    }
    if copies.is_empty() {
        output::line("Neither a post nor an export with names was recorded, so nothing else has to follow.");
    }
}

fn acknowledge(args: &AcknowledgeArgs) -> Result<Outcome, Failure> {
    let n = args.vault.open()?.acknowledge(args.of, args.copy, now()?)?;
    if args.vault.json {
        output::json_line(&json!({ "n": n }));
    } else {
        output::line(&format!("Recorded as record {n} that the copy is gone."));
    }
    Ok(Outcome::AllDone)
}

fn erase(args: &EraseArgs) -> Result<Outcome, Failure> {
    let mut vault = args.vault.open()?;
    confirm_erase(&vault, args)?;
    let by = if args.as_officer { WithdrawnBy::Officer } else { WithdrawnBy::Author };
    let erased = vault.erase(args.consent, by, args.despite_retention.map(Into::into), now()?)?;
    let copies: Vec<_> = erased.copies.iter().map(ToString::to_string).collect();
    if args.vault.json {
        output::json_line(&json!({ "consent": erased.consent, "n": erased.n, "copies": copies }));
    } else {
        output::line(&format!("Erased the details of consent {} as record {}.", erased.consent, erased.n));
        print_copies(&copies, erased.n);
    }
    Ok(Outcome::AllDone)
}

/// Erasing cannot be undone, so it is asked for twice.
fn confirm_erase(vault: &Vault, args: &EraseArgs) -> Result<(), Failure> {
    use std::io::IsTerminal;
    let not_confirmed = || Failure {
        code: "not_confirmed",
        message: "nothing was erased: confirm with --yes, since it cannot be undone".to_owned(),
    };
    vault.consent(args.consent)?;
    if args.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(not_confirmed());
    }
    let question = "Erase the details of this consent? It will be withdrawn, and this cannot be undone.";
    match dialoguer::Confirm::new().with_prompt(question).default(false).interact() {
        Ok(true) => Ok(()),
        _ => Err(not_confirmed()),
    }
}
