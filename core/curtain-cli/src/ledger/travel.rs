//! Logs that travel: whose key their details are sealed to, and what an officer pulls of all devices.

use std::path::PathBuf;

use clap::Args;
use curtain::circle::Circle;
use curtain::hash::Id;
use curtain::sync::{Officer, PulledLog, pull_ledgers};
use curtain::wire::note::VerifierKey;
use serde_json::json;

use super::officer;
use crate::Outcome;
use crate::network::{Through, relay};
use crate::output::{self, Failure};
use crate::vault::{Owner, VaultArgs};

#[derive(Debug, Args)]
pub(crate) struct OfficerArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// The officer's public key, as `curtain identity officer` wrote it; left out: show which one is kept.
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(super) vault: VaultArgs,
    /// The relay, `https://HOST`.
    #[arg(long, value_name = "URL")]
    through: Through,
    /// The officer's private key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The key of the witness, from who runs it [default: the one that this device took up with the relay].
    #[arg(long, value_name = "KEY|FILE")]
    witness: Option<String>,
    /// Where the logs are kept, a folder each; the same at every pull.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The folder of an earlier pull, from a place that nobody here can change.
    #[arg(long, value_name = "DIR")]
    since: Option<PathBuf>,
    /// After how many days without a new cosigned record a device counts as silent.
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    silent_after: u32,
}

impl OfficerArgs {
    pub(super) fn json(&self) -> bool {
        self.vault.json
    }
}

/// Keeps whose key details are sealed to.
pub(super) fn keep_officer(args: &OfficerArgs) -> Result<Outcome, Failure> {
    let mut vault = args.vault.open_or_make()?;
    if let Some(file) = &args.file {
        vault.keep_officer(&officer::key(file)?)?;
    }
    let recipient = vault.officer()?.map(|key| key.recipient());
    if args.vault.json {
        output::json_line(&json!({ "officer": recipient }));
        return Ok(Outcome::AllDone);
    }
    output::line(&match recipient {
        Some(recipient) => format!("Details of consents are sealed to the officer's key {recipient}."),
        None => {
            "This vault has no officer's key: details of consents stay here, and no consent is backed up."
                .to_owned()
        }
    });
    Ok(Outcome::AllDone)
}

/// Pulls the logs of all devices.
pub(super) fn pull(args: &PullArgs) -> Result<Outcome, Failure> {
    let Through::Relay(url) = &args.through else {
        return Err(Failure {
            code: "no_relay",
            message: "logs travel through a relay: give its address, https://HOST".to_owned(),
        });
    };
    let key = officer::private_key(&args.key)?;
    let owner = args.vault.owner()?;
    let relay = relay(url, &owner.me.device)?;
    let witness = match &args.witness {
        Some(given) => super::key(given)?,
        None => pinned(&owner, relay.url())?,
    };
    let circles = owner.vault.circles()?;
    let circles = circles.iter().map(|circle| owner.kept(circle)).collect::<Result<Vec<_>, _>>()?;
    let circles: Vec<&Circle> = circles.iter().map(curtain::circle::MyCircle::circle).collect();
    let since = args.since.as_deref();
    let officer = Officer {
        key: &key,
        witness: &witness,
        circles: &circles,
        silent_after_days: args.silent_after,
        since,
    };
    let logs = pull_ledgers(&relay, &officer, &args.out, owner.now)?;
    for log in &logs {
        if args.vault.json {
            output::json_line(&log.json());
        } else {
            print(log);
        }
    }
    if logs.is_empty() && !args.vault.json {
        output::line("The relay names no log: this device is an officer's of no circle there.");
    }
    let holds = logs.iter().all(|log| log.state.holds());
    Ok(if holds { Outcome::AllDone } else { Outcome::SomethingFailed })
}

/// The witness of a relay, as it was when this device first heard of it.
fn pinned(owner: &Owner, url: &str) -> Result<VerifierKey, Failure> {
    let relays = owner.vault.relays()?;
    let kept = relays.into_iter().find(|kept| kept.url == url);
    kept.map(|kept| kept.witness_key).ok_or_else(|| Failure {
        code: "no_witness",
        message:
            "this device does not know the witness of that relay: give its key with --witness, or sync first"
                .to_owned(),
    })
}

fn print(found: &PulledLog) {
    let user = found.user.map_or_else(|| "of nobody known".to_owned(), |user: Id| format!("of user {user}"));
    output::line(&format!(
        "{:<11} log {} {user}: {} records, {} with details{}",
        found.state.code(),
        found.log,
        found.entries,
        found.details,
        found.cosigned_at.map(|at| format!(", cosigned at {at}")).unwrap_or_default(),
    ));
    if let Some((before, missing)) = found.continues {
        output::line(&format!("            continues log {before}, of which {missing} records are missing"));
    }
    if let Some(after) = found.continued_by {
        output::line(&format!("            is continued by log {after}"));
    }
    if let Some(reason) = found.reason {
        output::warn(&format!("log {}: {reason}", found.log));
    }
}
