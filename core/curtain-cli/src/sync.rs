//! `curtain sync` and `curtain outbox`

use clap::{Args, Subcommand};
use curtain::consent::WithdrawalCode;
use curtain::hash::Sha256;
use curtain::outbox::Network;
use curtain::sync::{self, BackUpError, BackUpState, BackedUpLog, Became, InCircle, Options, Synced, Told};
use curtain::vault::{Item, Queued, State};
use serde_json::{Value, json};

use crate::Outcome;
use crate::network::{host, relay};
use crate::output::{self, Failure, say};
use crate::vault::{Owner, VaultArgs};

#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// Also this relay, `https://HOST`: its keys are taken up, and circles there that list you are taken in.
    #[arg(long, value_name = "URL")]
    relay: Option<String>,
    /// The network costs: cases wait, or keep to the budget, as `curtain outbox set` says.
    #[arg(long)]
    metered: bool,
    /// The most bytes of files to fetch.
    #[arg(long, value_name = "BYTES", default_value_t = 50_000_000)]
    fetch: u64,
    /// Try at once what waits because something went wrong.
    #[arg(long)]
    hurry: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// What is to be sent, what it costs in bytes, and what became of it.
    List(VaultArgs),
    /// Take something out that was not sent yet: a case or a comment. Withdrawals stay.
    Cancel(CancelArgs),
    /// Choose what cases may cost.
    Set(SetArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// Its number in the list.
    id: u64,
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// Send cases only where bytes cost nothing.
    #[arg(long)]
    unmetered_only: bool,
    /// Bytes a day over networks that cost. Left out: any number.
    #[arg(long, value_name = "BYTES")]
    budget: Option<u64>,
}

/// What a patient, or whoever helps them, needs: no vault.
#[derive(Debug, Args)]
pub(crate) struct WithdrawCodeArgs {
    /// The relay that the case was sent through.
    #[arg(long, value_name = "URL")]
    relay: String,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    /// The code on the receipt.
    code: String,
}

pub(crate) fn run(args: &SyncArgs) -> Outcome {
    output::finish(sync(args), args.vault.json)
}

fn sync(args: &SyncArgs) -> Result<Outcome, Failure> {
    let mut owner = args.vault.owner()?;
    let mut urls: Vec<String> = owner.vault.relays()?.into_iter().map(|relay| relay.url).collect();
    if let Some(url) = &args.relay {
        let url = relay(url, &owner.me.device)?.url().to_owned();
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    if urls.is_empty() {
        return Err(Failure {
            code: "no_relay",
            message: "no relay is known yet: name one with --relay https://HOST".to_owned(),
        });
    }
    if args.hurry {
        owner.vault.hurry_outbox(owner.now)?;
    }
    let network = if args.metered { Network::Metered } else { Network::Unmetered };
    let options = Options { network, fetch_bytes: args.fetch };
    let mut outcome = Outcome::AllDone;
    for url in urls {
        let one = sync_one(&mut owner, &url, &options, args.vault.json);
        if output::finish(one, args.vault.json) == Outcome::SomethingFailed {
            outcome = Outcome::SomethingFailed;
        }
    }
    Ok(outcome)
}

fn sync_one(owner: &mut Owner, url: &str, options: &Options, json: bool) -> Result<Outcome, Failure> {
    let relay = relay(url, &owner.me.device)?;
    let Synced { circles, logs, told } = sync::sync(&mut owner.here(), &relay, options)?;
    let mut outcome = Outcome::AllDone;
    for circle in &circles {
        if tell_circle(owner, circle, json)? == Outcome::SomethingFailed {
            outcome = Outcome::SomethingFailed;
        }
    }
    if tell_logs(&logs, json) == Outcome::SomethingFailed {
        outcome = Outcome::SomethingFailed;
    }
    for told in &told {
        if tell_sent(told, json) == Outcome::SomethingFailed {
            outcome = Outcome::SomethingFailed;
        }
    }
    if circles.is_empty() && !json {
        output::line(&format!("{url} lists this device in no circle yet."));
    }
    Ok(outcome)
}

fn tell_circle(owner: &Owner, told: &InCircle, json: bool) -> Result<Outcome, Failure> {
    let circles = owner.vault.circles()?;
    let name = circles.iter().find(|circle| circle.id == told.circle).map_or("", |circle| &circle.name);
    let error = told.error.as_ref().map(Failure::of);
    let no_key = told.no_key.as_ref().map(Failure::of);
    let suspicions: Vec<Value> = told
        .suspicions
        .iter()
        .map(|suspicion| json!({ "code": suspicion.code(), "message": suspicion.to_string() }))
        .collect();
    let refused: Vec<Value> = told.refused.iter().map(|(n, code)| json!({ "n": n, "code": code })).collect();
    let value = json!({
        "circle": told.circle, "name": name, "entries": told.entries, "headers": told.headers,
        "withdrawn": told.withdrawn, "files": told.files.0, "bytes": told.files.1, "refused": refused,
        "suspicions": suspicions, "no_key": no_key.as_ref().map(Failure::json),
        "error": error.as_ref().map(Failure::json),
    });
    say(json, &value, || {
        let mut lines = vec![format!(
            "{} {}: {} entries, {} headers, {} files ({} bytes) are new.",
            &told.circle.to_string()[..8],
            output::printable(name),
            told.entries,
            told.headers,
            told.files.0,
            told.files.1
        )];
        if told.withdrawn > 0 {
            lines.push(format!("Withdrawn, and gone from here: {}.", told.withdrawn));
        }
        lines
    });
    for suspicion in &told.suspicions {
        output::warn(&suspicion.to_string());
    }
    for (n, code) in &told.refused {
        output::warn(&format!("number {n} of its feed is refused: {code}"));
    }
    for failure in error.iter().chain(&no_key) {
        output::warn(&failure.message);
    }
    let well = told.suspicions.is_empty() && error.is_none() && no_key.is_none();
    Ok(if well { Outcome::AllDone } else { Outcome::SomethingFailed })
}

fn tell_logs(logs: &Result<Vec<BackedUpLog>, BackUpError>, json: bool) -> Outcome {
    let logs = match logs {
        Ok(logs) => logs,
        Err(error) => {
            output::warn(&format!("the consent log is not backed up: {error}"));
            if json {
                output::json_line(
                    &json!({ "log": null, "error": { "code": error.code(), "message": error.to_string() } }),
                );
            }
            return Outcome::SomethingFailed;
        }
    };
    let mut outcome = Outcome::AllDone;
    for log in logs {
        let state = log.state.code();
        let value = json!({
            "log": log.log, "size": log.size, "cosigned": log.cosigned, "waiting": log.waiting, "state": state,
        });
        say(json, &value, || {
            vec![format!("Consent log {}: {} of {} records cosigned.", log.log, log.cosigned, log.size)]
        });
        let wrong = match &log.state {
            BackUpState::Whole | BackUpState::Closed => None,
            BackUpState::NotListed if log.size == 0 => None,
            BackUpState::NotListed => {
                output::warn(
                    "consents are on this device alone: no circle at this relay lists it, so the log is not backed up there",
                );
                None
            }
            BackUpState::NoOfficerKey => {
                output::warn(
                    "details of consents are on this device alone: no officer key is known (curtain ledger officer)",
                );
                None
            }
            BackUpState::Refused { code } => Some(format!("the relay does not take details: {code}")),
            BackUpState::Continued { log, .. } => Some(format!(
                "THE WITNESS SAW RECORDS THAT ARE NOT HERE: this device was set back; it goes on with log {log}"
            )),
            BackUpState::Unproven => {
                Some("the relay says that it has records that are not here, and does not prove it".to_owned())
            }
        };
        if let Some(wrong) = wrong {
            output::warn(&wrong);
            outcome = Outcome::SomethingFailed;
        }
    }
    outcome
}

fn tell_sent(told: &Told, json: bool) -> Outcome {
    let kind = told.item.code();
    let (became, reason, until) = match &told.became {
        Became::Sent => ("sent", None, None),
        Became::Waits { reason, until, .. } => ("waiting", Some(reason), Some(until)),
        Became::Failed { reason, .. } => ("failed", Some(reason), None),
    };
    let value = json!({
        "outbox": told.id, "kind": kind, "circle": told.item.circle(), "state": became, "reason": reason,
        "until": until.map(ToString::to_string),
    });
    say(json, &value, || match &told.became {
        Became::Sent => vec![format!("Sent: number {} of the outbox ({kind}).", told.id)],
        Became::Waits { until, .. } => vec![format!("Number {} ({kind}) waits until {until}.", told.id)],
        Became::Failed { .. } => Vec::new(),
    });
    match &told.became {
        Became::Sent => Outcome::AllDone,
        Became::Waits { message, .. } => {
            output::warn(&format!("number {} of the outbox: {message}", told.id));
            Outcome::SomethingFailed
        }
        Became::Failed { message, .. } => {
            output::warn(&format!("number {} of the outbox cannot be sent: {message}", told.id));
            Outcome::SomethingFailed
        }
    }
}

pub(crate) fn run_outbox(command: &OutboxCommand) -> Outcome {
    let (done, json) = match command {
        OutboxCommand::List(args) => (list(args), args.json),
        OutboxCommand::Cancel(args) => (cancel(args), args.vault.json),
        OutboxCommand::Set(args) => (set(args), args.vault.json),
    };
    output::finish(done, json)
}

fn list(args: &VaultArgs) -> Result<Outcome, Failure> {
    let vault = args.open()?;
    let queued = vault.outbox()?;
    for queued in &queued {
        tell_queued(queued, args.json);
    }
    let waiting = queued.iter().filter(|queued| queued.state == State::Waiting);
    let (count, bytes) = waiting.fold((0, 0), |(count, bytes), queued| (count + 1, bytes + queued.bytes));
    let sending = vault.sending()?;
    let value = json!({
        "waiting": count, "bytes": bytes, "unmetered_only": sending.unmetered_only, "budget": sending.budget,
    });
    say(args.json, &value, || {
        let mut lines = vec![format!("{count} to be sent, {bytes} bytes.")];
        if sending.unmetered_only {
            lines.push("Cases wait for a network that costs nothing.".to_owned());
        }
        lines.extend(sending.budget.map(|budget| format!("At most {budget} bytes a day where they cost.")));
        lines
    });
    Ok(Outcome::AllDone)
}

fn tell_queued(queued: &Queued, json: bool) {
    let about: Option<Sha256> = match queued.item {
        Item::Say { about, .. } | Item::Withdraw { about, .. } => Some(about),
        Item::Post { .. } | Item::Code(_) => None,
    };
    let post = match queued.item {
        Item::Post { post, .. } => Some(post),
        _ => None,
    };
    let state = queued.state.code();
    let value = json!({
        "id": queued.id, "kind": queued.item.code(), "circle": queued.item.circle(), "post": post, "about": about,
        "state": state, "reason": queued.reason, "bytes": queued.bytes, "attempts": queued.attempts,
        "next_at": queued.next_at.to_string(), "queued_at": queued.queued_at.to_string(),
    });
    say(json, &value, || {
        let reason = queued.reason.as_deref().unwrap_or_default();
        let bytes = if queued.state == State::Waiting { queued.bytes } else { 0 };
        let kind = queued.item.code();
        vec![format!("{:>5}  {kind:<8}  {state:<9}  {bytes:>10} bytes  {reason}", queued.id)]
    });
}

fn cancel(args: &CancelArgs) -> Result<Outcome, Failure> {
    let mut vault = args.vault.open()?;
    vault.cancel_queued(args.id).map_err(|error| match error {
        curtain::vault::VaultError::NotFound => Failure {
            code: "not_waiting",
            message: "nothing of this number waits, or it is a withdrawal: curtain outbox list".to_owned(),
        },
        error => error.into(),
    })?;
    say(args.vault.json, &json!({ "cancelled": args.id }), || {
        vec!["It is not sent. If it was on its way already, it may be there: withdraw it then.".to_owned()]
    });
    Ok(Outcome::AllDone)
}

fn set(args: &SetArgs) -> Result<Outcome, Failure> {
    let mut vault = args.vault.open()?;
    vault.set_sending(args.unmetered_only, args.budget)?;
    let value = json!({ "unmetered_only": args.unmetered_only, "budget": args.budget });
    say(args.vault.json, &value, || vec!["Kept.".to_owned()]);
    Ok(Outcome::AllDone)
}

pub(crate) fn run_withdraw(args: &WithdrawCodeArgs) -> Outcome {
    output::finish(withdraw(args), args.json)
}

fn withdraw(args: &WithdrawCodeArgs) -> Result<Outcome, Failure> {
    let code = WithdrawalCode::parse(args.code.trim())?;
    let posts = sync::withdraw_by_code(host(), &args.relay, &code)?;
    say(args.json, &json!({ "posts": posts }), || {
        vec![
            format!(
                "{posts} posts are withdrawn at this relay, and none under this consent is taken any more."
            ),
            "Whoever has one drops it with the next sync.".to_owned(),
        ]
    });
    Ok(Outcome::AllDone)
}
