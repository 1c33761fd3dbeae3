//! What `curtain consent` may be told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use curtain::consent::{self, Affirmation, Statement};
use curtain::hash::Id;
use curtain::ledger::leaf::{EraseReason, Place};
use curtain::time::UnixTime;

use crate::vault::{VaultArgs, last_moment};

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    /// Record a patient's consent to what is shown here. Asks for what no flag says, on a terminal.
    New(Box<NewArgs>),
    /// Show one consent, with the names in it.
    Show(OneArgs),
    /// List all consents and how they stand.
    List(ListArgs),
    /// Say whether a consent covers these files, for this audience, now.
    Check(CheckArgs),
    /// Withdraw a consent, with the code on the patient's receipt or by its name.
    Withdraw(WithdrawArgs),
    /// Record that the holder of a copy followed a withdrawal or an erasure.
    Acknowledge(AcknowledgeArgs),
    /// Forget whom a consent is about. The log keeps that there was one.
    Erase(EraseArgs),
    /// Write the patient's receipt: a page to print, and a file.
    Receipt(ReceiptArgs),
    /// Verify a receipt offline: the file, or the text of its QR code.
    VerifyReceipt(VerifyReceiptArgs),
    /// Print the text that a patient would be shown. Records nothing.
    Wording(Box<NewArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    #[command(flatten)]
    pub(crate) what: WhatArgs,
    #[command(flatten)]
    pub(crate) who: WhoArgs,
    #[command(flatten)]
    pub(crate) how: HowArgs,
    /// Also write the receipt into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) receipt: Option<PathBuf>,
}

/// What is agreed to.
#[derive(Debug, Args)]
pub(crate) struct WhatArgs {
    /// Under which law or guidance.
    #[arg(long, value_enum)]
    pub(crate) regime: Option<Regime>,
    /// How far the case may go.
    #[arg(long, value_enum)]
    pub(crate) level: Option<Level>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<String>,
    /// Who may see it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) recipients: Option<String>,
    /// Who shares it: a person or an organisation.
    #[arg(long, value_name = "TEXT")]
    pub(crate) discloser: Option<String>,
    /// Whom the patient can ask, and where to withdraw.
    #[arg(long, value_name = "TEXT")]
    pub(crate) contact: Option<String>,
    /// What is shown, in words.
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// The last day of the consent, `2027-12-31`, to its last second in UTC.
    #[arg(long, value_name = "DATE", value_parser = last_moment)]
    pub(crate) expires: Option<UnixTime>,
    /// A covered picture, as it will be sent. May be given many times.
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Vec<PathBuf>,
    /// The text, as it will be sent.
    #[arg(long, value_name = "FILE")]
    pub(crate) text: Vec<PathBuf>,
    /// Language of our wording: en, es, hi or sw. Have it reviewed by a lawyer of the place first.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) language: Option<String>,
    /// Your own wording, instead of ours; `--language` says in which language it is.
    #[arg(long, value_name = "FILE")]
    pub(crate) wording: Option<PathBuf>,
    /// What your own wording states.
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = coded::<Statement>)]
    pub(crate) states: Vec<Statement>,
}

/// Who agrees.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhoArgs {
    /// The patient's name. Other users of this machine may see flags: leave it out to be asked.
    #[arg(long, value_name = "NAME")]
    pub(crate) patient: Option<String>,
    /// Who agrees.
    #[arg(long, value_enum)]
    pub(crate) giver: Option<Giver>,
    /// The name of who agrees for the patient.
    #[arg(long, value_name = "NAME")]
    pub(crate) giver_name: Option<String>,
    /// Where that person's authority comes from: mother, court order...
    #[arg(long, value_name = "TEXT")]
    pub(crate) authority: Option<String>,
    /// Why the patient cannot decide; or why a minor can.
    #[arg(long, value_name = "TEXT")]
    pub(crate) basis: Option<String>,
    /// What a minor says to it.
    #[arg(long, value_enum)]
    pub(crate) assent: Option<Assent>,
    /// Why a minor was not asked, with `--assent too-young`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) assent_reason: Option<String>,
}

/// How it is given.
#[derive(Debug, Args)]
pub(crate) struct HowArgs {
    /// A signature: a small PNG, or strokes as JSON `[[[x,y],...],...]`.
    #[arg(long, value_name = "FILE", group = "method")]
    pub(crate) signature: Option<PathBuf>,
    /// A thumbprint as a small PNG; needs a witness.
    #[arg(long, value_name = "FILE", group = "method")]
    pub(crate) thumbprint: Option<PathBuf>,
    /// A recording: Ogg, WAV or M4A.
    #[arg(long, value_name = "FILE", group = "method")]
    pub(crate) audio: Option<PathBuf>,
    /// Said aloud before a witness.
    #[arg(long, group = "method")]
    pub(crate) oral: bool,
    /// The name of the witness.
    #[arg(long, value_name = "NAME")]
    pub(crate) witness: Option<String>,
    /// What the witness is: nurse, interpreter, neighbour...
    #[arg(long, value_name = "TEXT")]
    pub(crate) witness_role: Option<String>,
    /// What you confirm: `understood`, `explicit`, `discussion_recorded`.
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = coded::<Affirmation>)]
    pub(crate) affirm: Vec<Affirmation>,
    /// Confirm that the patient was shown every file named here, as it will be sent.
    #[arg(long)]
    pub(crate) shown: bool,
    /// When it was given, if not now.
    #[arg(long, value_name = "TIME")]
    pub(crate) given_at: Option<UnixTime>,
}

#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The consent's name, 32 hexadecimal digits.
    pub(crate) consent: Id,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// Also print patients' names: mind who reads along.
    #[arg(long)]
    pub(crate) names: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// Whom the files would go to.
    #[arg(long, value_enum)]
    pub(crate) audience: Level,
    /// The consent's name.
    pub(crate) consent: Id,
    /// Files that would be sent.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct WithdrawArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The code on the patient's receipt, with or without its dashes. Other users of this machine may see flags: leave
    /// it out to be asked.
    #[arg(long, conflicts_with_all = ["consent", "as_officer"], num_args = 1..=7)]
    pub(crate) code: Vec<String>,
    /// Record that the compliance officer withdrew it.
    #[arg(long, requires = "consent")]
    pub(crate) as_officer: bool,
    /// The consent's name, if there is no code.
    pub(crate) consent: Option<Id>,
}

#[derive(Debug, Args)]
pub(crate) struct AcknowledgeArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The withdrawal or erasure: its place in the log, or LOG/PLACE in an earlier one.
    #[arg(long, value_name = "PLACE")]
    pub(crate) of: Place,
    /// The copy that is gone: the place of the disclosure or export that made it.
    #[arg(long, value_name = "PLACE")]
    pub(crate) copy: Place,
}

#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// Record that the compliance officer erased it.
    #[arg(long)]
    pub(crate) as_officer: bool,
    /// Erase although a duty to keep the record is broken, for this reason.
    #[arg(long, value_enum, value_name = "REASON")]
    pub(crate) despite_retention: Option<Reason>,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
    /// The consent's name.
    pub(crate) consent: Id,
}

#[derive(Debug, Args)]
pub(crate) struct ReceiptArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// Folder for the receipt; made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The consent's name.
    pub(crate) consent: Id,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyReceiptArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// The key of the log, from who keeps it: without it the signer is not authenticated.
    #[arg(long, value_name = "KEY|FILE")]
    pub(crate) key: Option<String>,
    /// The receipt's file (`receipt-NAME.json`), or a file with the text of its QR code.
    pub(crate) file: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Regime {
    Hipaa,
    Gdpr,
    Gmc,
}

impl From<Regime> for consent::Regime {
    fn from(regime: Regime) -> Self {
        match regime {
            Regime::Hipaa => Self::Hipaa,
            Regime::Gdpr => Self::Gdpr,
            Regime::Gmc => Self::Gmc,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    #[value(alias = "care_advice")]
    CareAdvice,
    Teaching,
    Publication,
}

impl From<Level> for consent::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::CareAdvice => Self::CareAdvice,
            Level::Teaching => Self::Teaching,
            Level::Publication => Self::Publication,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Giver {
    /// The patient, an adult who can decide.
    Patient,
    /// The patient, a minor able to decide (with --basis).
    MatureMinor,
    /// A guardian of a minor (with --giver-name, --authority, --assent).
    Guardian,
    /// Who may decide for an adult who cannot (with --giver-name, --authority, --basis).
    Representative,
    /// Who may decide for a patient who has died (with --giver-name, --authority).
    ForTheDead,
    /// No one: the patient is unconscious.
    Unconscious,
    /// No one: there is no time to ask.
    Emergency,
    /// No one: the patient cannot decide and nobody may do so for them.
    NoRepresentative,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Assent {
    Given,
    TooYoung,
    Refused,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Reason {
    /// The patient asked, and the law that applies gives that right.
    PatientRequest,
    /// A court or an authority ordered it.
    Order,
    /// It was about another person, or should never have been made.
    RecordedInError,
    /// Keeping it puts the patient in danger.
    Danger,
}

impl From<Reason> for EraseReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::PatientRequest => Self::PatientRequest,
            Reason::Order => Self::Order,
            Reason::RecordedInError => Self::RecordedInError,
            Reason::Danger => Self::Danger,
        }
    }
}

/// Reads a value by its stable `snake_case` code.
fn coded<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(text.trim().replace('-', "_"))).map_err(|error| {
        // The parser lists what it would have taken.
        let known = error.to_string();
        let known = known.split_once("expected ").map_or("", |(_, known)| known);
        format!(
            "there is no such code; the codes are: {}",
            known.trim_start_matches("one of ").replace('`', "")
        )
    })
}
