//! `curtain ledger`

mod logs;
mod officer;
mod travel;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use curtain::desk::{self, Request};
use curtain::hash::Id;
use curtain::ledger::leaf::{DetailsTaken, ExportFormat};
use curtain::ledger::verify::{
    self, Completeness, Expectations, ExpectationsOfMany, Integrity, Report, Signer,
};
use curtain::time::UnixTime;
use curtain::vault::{KeptLog, Met, Vault};
use curtain::wire::note::VerifierKey;
use curtain::{files, picture::Limits};
use ring::rand::SystemRandom;
use serde_json::json;

use crate::Outcome;
use crate::output::{self, Failure};
use crate::vault::{VaultArgs, last_moment, now};
use travel::{OfficerArgs, PullArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Print the keys that check this vault's logs, oldest first. Give the last one to your officer.
    Key(VaultArgs),
    /// Print the newest checkpoint: keep it elsewhere, or have a witness cosign it.
    Checkpoint(LogArgs),
    /// Hand out a part of the log, which records who took what, when; or a view of the logs that `pull` made.
    Export(ExportArgs),
    /// Read what was sealed to an officer (`export --officer`, `pull`), with the officer's private key.
    Open(OpenArgs),
    /// Say whose key details of consents are sealed to before they travel: your organisation's officer.
    Officer(OfficerArgs),
    /// Officer: pull the logs of all devices of your circles from a relay, and name those that are silent or do not hold.
    Pull(PullArgs),
    /// Verify evidence, offline: integrity, signer and completeness, each apart.
    Verify(VerifyArgs),
    /// Write the proof that the log holds one record.
    Prove(ProveArgs),
    /// Compare this vault with a checkpoint that a witness cosigned. A vault that is behind begins a new log.
    Meet(MeetArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// The log, if the vault has more than one [default: the newest].
    #[arg(long, value_name = "LOG")]
    log: Option<Id>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    log: LogArgs,
    /// `evidence` is what `verify` reads; the others are views of it.
    #[arg(long, value_enum, default_value_t = Format::Evidence)]
    format: Format,
    /// From this day, or moment, on (UTC).
    #[arg(long, value_name = "DATE")]
    from: Option<UnixTime>,
    /// Until this day, or moment, included (UTC).
    #[arg(long, value_name = "DATE", value_parser = last_moment)]
    to: Option<UnixTime>,
    /// Include what identifies people: names, purposes, signatures.
    #[arg(long)]
    details: bool,
    /// Not this vault's log but those of many devices: the folder that `pull` made, or of single logs in it; may be repeated. Each is
    /// verified first, and one that does not hold, or that the pull found forked, behind or set back, refuses all. A view of all:
    /// records by time, then log, then place. No log records it.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["vault", "log", "officer", "taken_by"])]
    logs: Vec<PathBuf>,
    /// The officer's private key, which opens the details of `--logs`.
    #[arg(long, value_name = "FILE", requires = "logs")]
    key: Option<PathBuf>,
    /// Seal what identifies people to this officer's public key, as `curtain identity officer` wrote it; evidence only.
    #[arg(long, value_name = "FILE", conflicts_with = "details")]
    officer: Option<PathBuf>,
    /// Who takes it, and what for. Kept in the vault.
    #[arg(long, value_name = "TEXT", required_unless_present = "logs")]
    taken_by: Option<String>,
    /// The folder (evidence) or file (others) to make; nothing is overwritten.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct OpenArgs {
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    /// The officer's private key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Write a view of all of it to `--out`, in order of time.
    #[arg(long, value_enum, requires = "out")]
    format: Option<View>,
    /// The file to make; nothing is overwritten.
    #[arg(long, value_name = "PATH", requires = "format")]
    out: Option<PathBuf>,
    /// Folders that `ledger export --officer` made, or that of `ledger pull`.
    #[arg(required = true)]
    folders: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// An earlier checkpoint, from a place that the log's owner cannot change, or a folder of evidence or of an earlier pull with
    /// many. Counts for the log that it names; may be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    since: Vec<PathBuf>,
    /// The log's key, from who keeps it, or a file with one a line. Counts for the log that it names; may be repeated.
    #[arg(long, value_name = "KEY|FILE")]
    key: Vec<String>,
    /// The key of a witness.
    #[arg(long, value_name = "KEY|FILE")]
    witness: Option<String>,
    /// Fail unless these are proven too.
    #[arg(long, value_enum, value_delimiter = ',')]
    require: Vec<Require>,
    /// Folders of evidence, of `export --officer`, or that of `ledger pull`.
    #[arg(required = true)]
    exports: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    log: LogArgs,
    /// Folder for the record and its proof; made if it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The record's place in the log.
    record: u64,
}

#[derive(Debug, Args)]
pub(crate) struct MeetArgs {
    #[command(flatten)]
    vault: VaultArgs,
    /// The key of the witness.
    #[arg(long, value_name = "KEY|FILE")]
    witness: String,
    /// The cosigned checkpoint.
    checkpoint: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Evidence,
    Csv,
    Jsonl,
    Fhir,
    Pdf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum View {
    Csv,
    Jsonl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Require {
    Signer,
    Complete,
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Evidence => Self::Evidence,
            Format::Csv => Self::Csv,
            Format::Jsonl => Self::Jsonl,
            Format::Fhir => Self::Fhir,
            Format::Pdf => Self::Pdf,
        }
    }
}

pub(crate) fn run(command: &LedgerCommand) -> Outcome {
    let (done, json) = match command {
        LedgerCommand::Key(args) => (keys(args), args.json),
        LedgerCommand::Checkpoint(args) => (checkpoint(args), args.vault.json),
        LedgerCommand::Export(args) => (export(args), args.log.vault.json),
        LedgerCommand::Open(args) => (officer::open(args), args.json),
        LedgerCommand::Officer(args) => (travel::keep_officer(args), args.json()),
        LedgerCommand::Pull(args) => (travel::pull(args), args.vault.json),
        LedgerCommand::Verify(args) => (verify(args), args.json),
        LedgerCommand::Prove(args) => (prove(args), args.log.vault.json),
        LedgerCommand::Meet(args) => (meet(args), args.vault.json),
    };
    output::finish(done, json)
}

/// Reads a key as it is printed, or from a file that holds it.
pub(crate) fn key(given: &str) -> Result<VerifierKey, Failure> {
    let lines = key_lines(given)?;
    lines.lines().next().unwrap_or_default().trim().parse().map_err(|_| not_a_key())
}

/// Reads one key, or a file with one a line.
fn keys_in(given: &str) -> Result<Vec<VerifierKey>, Failure> {
    let lines = key_lines(given)?;
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Vec<_> = lines.map(|line| line.parse().map_err(|_| not_a_key())).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(not_a_key()) } else { Ok(keys) }
}

fn key_lines(given: &str) -> Result<String, Failure> {
    if given.parse::<VerifierKey>().is_ok() {
        return Ok(given.to_owned());
    }
    let bytes = files::read(Path::new(given), &Limits::default()).map_err(|_| not_a_key())?;
    String::from_utf8(bytes).map_err(|_| not_a_key())
}

fn not_a_key() -> Failure {
    Failure {
        code: "not_a_key",
        message: "this is neither a key, as `curtain ledger key` prints it, nor a file that holds one"
            .to_owned(),
    }
}

fn chosen(vault: &Vault, args: &LogArgs) -> Result<KeptLog, Failure> {
    let logs = vault.logs()?;
    let none = || Failure {
        code: "no_log",
        message: "there is no such log in this vault: it begins with the first consent".to_owned(),
    };
    if let Some(id) = args.log {
        return logs.into_iter().find(|log| log.id == id).ok_or_else(none);
    }
    if let [earlier @ .., _] = logs.as_slice()
        && !earlier.is_empty()
    {
        output::warn(&format!(
            "This vault has {} earlier logs, which are not in this; choose one with --log: {}",
            earlier.len(),
            earlier.iter().map(|log| log.id.to_string()).collect::<Vec<_>>().join(" ")
        ));
    }
    logs.into_iter().last().ok_or_else(none)
}

fn keys(args: &VaultArgs) -> Result<Outcome, Failure> {
    let vault = args.open()?;
    for log in vault.logs()? {
        if args.json {
            let closed = log.closed.map(|reason| json!(reason));
            output::json_line(&json!({
                "log": log.id, "key": log.verifier.to_string(), "size": log.size, "closed": closed,
            }));
        } else {
            output::line(&log.verifier.to_string());
        }
    }
    Ok(Outcome::AllDone)
}

fn checkpoint(args: &LogArgs) -> Result<Outcome, Failure> {
    let vault = args.vault.open()?;
    let log = chosen(&vault, args)?;
    if args.vault.json {
        output::json_line(&json!({ "log": log.id, "size": log.size, "checkpoint": log.checkpoint }));
    } else {
        output::line(log.checkpoint.trim_end_matches('\n'));
    }
    Ok(Outcome::AllDone)
}

fn export(args: &ExportArgs) -> Result<Outcome, Failure> {
    let Some(taken_by) = &args.taken_by else { return logs::export(args) };
    let mut vault = args.log.vault.open()?;
    let log = chosen(&vault, &args.log)?.id;
    let request = Request {
        log,
        from: args.from,
        to: args.to,
        format: args.format.into(),
        details: if args.details { DetailsTaken::Yes } else { DetailsTaken::No },
        taken_by,
    };
    let taken = match &args.officer {
        Some(officer) if request.format == ExportFormat::Evidence => {
            let officer = officer::key(officer)?;
            desk::hand_out_sealed(&mut vault, &request, &officer, &args.out, now()?, &SystemRandom::new())?
        }
        Some(_) => {
            return Err(Failure {
                code: "officer_takes_evidence",
                message: "only evidence is sealed to an officer: leave --format out".to_owned(),
            });
        }
        None => desk::hand_out(&mut vault, &request, &args.out, now()?)?,
    };
    let paths: Vec<_> = taken.paths.iter().map(|path| output::shown(path)).collect();
    if args.log.vault.json {
        output::json_line(&json!({
            "log": log, "first": taken.records.start, "until": taken.records.end, "paths": paths,
        }));
    } else {
        let count = taken.records.end - taken.records.start;
        output::line(&format!("{count} records of log {log}: {}", paths.join(" ")));
    }
    Ok(Outcome::AllDone)
}

fn verify(args: &VerifyArgs) -> Result<Outcome, Failure> {
    let mut expected = ExpectationsOfMany::new(args.witness.as_deref().map(key).transpose()?);
    for given in &args.key {
        keys_in(given)?.iter().try_for_each(|key| expected.add_key(key))?;
    }
    for given in &args.since {
        desk::checkpoints_in(given)?.iter().try_for_each(|note| expected.add_since(note))?;
    }
    let folders: Vec<PathBuf> = args.exports.iter().flat_map(|given| desk::evidence_in(given)).collect();
    if let [folder] = folders.as_slice()
        && expected.logs() <= 1
    {
        return verify_one(args, folder, &expected.of_the_only(verify::log_named_in(folder)), Folders::One);
    }
    let mut outcome = Outcome::AllDone;
    let mut found = BTreeSet::new();
    for folder in folders {
        let log = verify::log_named_in(&folder);
        found.extend(log);
        match verify_one(args, &folder, &expected.of(log), Folders::Many) {
            Ok(Outcome::AllDone) => {}
            Ok(_) => outcome = Outcome::SomethingFailed,
            Err(failure) => {
                output::report_failure(&folder, &failure, args.json);
                outcome = Outcome::SomethingFailed;
            }
        }
    }
    for missing in expected.missing(&found) {
        outcome = output::finish(Err(missing.into()), args.json);
    }
    Ok(outcome)
}

/// Whether one folder is verified, or one of many, which is then named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folders {
    One,
    Many,
}

fn verify_one(
    args: &VerifyArgs,
    folder: &Path,
    expected: &Expectations<'_>,
    folders: Folders,
) -> Result<Outcome, Failure> {
    let report = verify::verify(folder, expected).map_err(|error| Failure {
        code: "cannot_verify",
        message: format!("{error}: give the folder of an export made with --format evidence"),
    })?;
    if args.json {
        print_json(&report, (folders == Folders::Many).then_some(folder));
    } else {
        if folders == Folders::Many {
            output::line(&output::shown(folder));
        }
        print(&report);
    }
    let intact = report.integrity == Integrity::Intact;
    let signer = report.signer == Signer::Authenticated || !args.require.contains(&Require::Signer);
    let complete = report.is_complete() || !args.require.contains(&Require::Complete);
    if !signer {
        output::warn("the signer is required, and is not authenticated");
    }
    if !complete {
        output::warn(
            "completeness is required, and is not proven: it takes the whole log, no gap before it, and a checkpoint or \
             cosignature of at least one record from elsewhere",
        );
    }
    Ok(if intact && signer && complete { Outcome::AllDone } else { Outcome::SomethingFailed })
}

fn print(report: &Report) {
    match report.integrity {
        Integrity::Intact => output::line("integrity     intact"),
        Integrity::Broken { record: Some(record), what } => {
            output::line(&format!("integrity     BROKEN at record {record}: {what}"));
        }
        Integrity::Broken { record: None, what } => output::line(&format!("integrity     BROKEN: {what}")),
    }
    let broken = report.integrity != Integrity::Intact;
    output::line(match report.signer {
        Signer::NotAuthenticated if broken => "signer        NOT AUTHENTICATED: the evidence is broken",
        Signer::Authenticated => "signer        authenticated by the key that you gave",
        Signer::NotAuthenticated => {
            "signer        NOT AUTHENTICATED: give the log's key, from who keeps it, with --key"
        }
    });
    output::line(&format!("completeness  {}", completeness(&report.completeness)));
    if let Some(scope) = report.scope {
        let part = if scope.is_part() { "a part: " } else { "" };
        output::line(&format!(
            "records       {part}{} to {} of {} of log {}, {} with details",
            scope.first, scope.until, scope.size, scope.log, scope.details
        ));
    }
    if let Some(gap) = report.gap {
        output::line(&format!(
            "GAP           this log continues log {}, of which the device held {} records and a witness had seen {}: \
             {} are missing",
            gap.before, gap.held, gap.witnessed, gap.missing
        ));
    }
}

fn completeness(completeness: &Completeness) -> String {
    let cosigned = |by: &str, at: &UnixTime, size: &u64| {
        format!(
            "the first {size} records are cosigned by {} at {at}; only the device vouches for later ones",
            output::printable(by)
        )
    };
    match completeness {
        Completeness::Since { size } => format!(
            "the first {size} records are those of the earlier checkpoint; only the device vouches for later ones"
        ),
        Completeness::Cosigned { by, at, size } => cosigned(by, at, size),
        Completeness::SinceAndCosigned { since, by, at, size } => {
            format!(
                "the first {since} records are those of the earlier checkpoint; {}",
                cosigned(by, at, size)
            )
        }
        Completeness::NotProven { why } => format!("NOT PROVEN: {why}"),
    }
}

fn print_json(report: &Report, folder: Option<&Path>) {
    let integrity = match report.integrity {
        Integrity::Intact => json!({ "intact": true }),
        Integrity::Broken { record, what } => {
            json!({ "intact": false, "record": record, "message": what.to_string() })
        }
    };
    let signer = match report.signer {
        Signer::Authenticated => "authenticated",
        Signer::NotAuthenticated => "not_authenticated",
    };
    let completeness = match &report.completeness {
        Completeness::Since { size } => json!({ "proven": true, "since": size }),
        Completeness::Cosigned { by, at, size } => {
            json!({ "proven": true, "cosigned_by": by, "cosigned_at": at.to_string(), "cosigned_size": size })
        }
        Completeness::SinceAndCosigned { since, by, at, size } => json!({
            "proven": true, "since": since, "cosigned_by": by, "cosigned_at": at.to_string(),
            "cosigned_size": size,
        }),
        Completeness::NotProven { why } => json!({ "proven": false, "message": why.to_string() }),
    };
    let scope = report.scope.map(|scope| {
        json!({
            "log": scope.log, "first": scope.first, "until": scope.until, "size": scope.size,
            "details": scope.details, "attachments": scope.attachments,
        })
    });
    let gap = report.gap.map(|gap| {
        json!({
            "before": gap.before, "reason": gap.reason, "held": gap.held, "witnessed": gap.witnessed,
            "missing": gap.missing,
        })
    });
    let mut line = json!({
        "integrity": integrity, "signer": signer, "completeness": completeness, "scope": scope, "gap": gap,
    });
    if let Some(folder) = folder {
        line["folder"] = json!(output::shown(folder));
    }
    output::json_line(&line);
}

fn prove(args: &ProveArgs) -> Result<Outcome, Failure> {
    let vault = args.log.vault.open()?;
    let log = chosen(&vault, &args.log)?;
    let paths = desk::write_proof(&vault, log.id, args.record, &args.out)?;
    let paths = paths.map(|path| output::shown(&path));
    if args.log.vault.json {
        output::json_line(&json!({ "log": log.id, "n": args.record, "paths": paths }));
    } else {
        for path in paths {
            output::line(&path);
        }
    }
    Ok(Outcome::AllDone)
}

fn meet(args: &MeetArgs) -> Result<Outcome, Failure> {
    let witness = key(&args.witness)?;
    let note = files::read(&args.checkpoint, &Limits::default())?;
    let met = args.vault.open_or_make()?.meet(&note, &witness, now()?)?;
    if args.vault.json {
        output::json_line(&match met {
            Met::Agrees { size } => json!({ "agrees": true, "size": size }),
            Met::Closed => json!({ "agrees": false, "closed": true }),
            Met::Continued { reason, log } => json!({ "agrees": false, "reason": reason, "log": log }),
        });
        return Ok(Outcome::AllDone);
    }
    output::line(&match met {
        Met::Agrees { size } => format!("The witness saw {size} records, as they are here."),
        Met::Closed => "That log was closed before, and another continues it.".to_owned(),
        Met::Continued { log, .. } => format!(
            "The witness saw records that are not here. Log {log} begins and says so; consents of the log before cover \
             nothing until the patient is asked again."
        ),
    });
    Ok(Outcome::AllDone)
}
