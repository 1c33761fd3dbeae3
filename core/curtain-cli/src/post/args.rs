//! What `curtain post` may be told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use curtain::hash::Id;
use curtain::post::{Site, Specialty, Tag};
use curtain::story::Country;
use curtain::wire::header::WithdrawalReason;

use crate::consent::NewArgs as ConsentArgs;
use crate::network::Through;
use crate::vault::VaultArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum PostCommand {
    /// Begin a case: keeps photos and text in the vault, and prints the case's id.
    New(NewArgs),
    /// Add photos to a case. It is to be reviewed, and consented to, anew.
    AddPhoto(AddPhotoArgs),
    /// Decide on everything that was found in a case. Without decisions: print what was found, and a template of the decisions.
    Review(ReviewArgs),
    /// Record the patient's consent to a reviewed case: `consent new`, for what came out of the review.
    Consent(Box<ConsentForCaseArgs>),
    /// Seal a case, once, and send it to a circle.
    Seal(SealArgs),
    /// Comment on a post. The text is read for names first, as a case's is.
    Comment(CommentArgs),
    /// Say that a post must go: every reader then refuses it.
    Withdraw(WithdrawArgs),
    /// List cases and sealed posts.
    List(VaultArgs),
    /// Show a sealed post: its circles, sizes, and how its consent stands.
    Show(ShowArgs),
    /// Open what was posted in a circle.
    Open(OpenArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// What it is about, in a line.
    #[arg(long, default_value = "")]
    pub(crate) title: String,
    /// What the others are asked.
    #[arg(long, default_value = "")]
    pub(crate) question: String,
    /// The story, in UTF-8; `-` is standard input.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) text: Option<PathBuf>,
    /// Where the text was written: a language with its country, en-IN, or the country, IN.
    #[arg(long, value_name = "LOCALE", value_parser = crate::args::country)]
    pub(crate) country: Option<Country>,
    /// The specialty under which it is found, such as `dermatology`.
    #[arg(long)]
    pub(crate) specialty: Option<Specialty>,
    /// The body site under which it is found, such as `forearm`.
    #[arg(long)]
    pub(crate) site: Option<Site>,
    /// A tag under which it is found. May be given up to eight times.
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<Tag>,
    /// Photos: JPEG, PNG, WebP or GIF.
    #[arg(required = true, value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AddPhotoArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The case.
    pub(crate) case: Id,
    /// Photos.
    #[arg(required = true, value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CaseArgs {
    /// The case.
    pub(crate) case: Id,
    /// Terms of this case to look for, one a line: `name: ...`, `facility: ...`, `place: ...`, `number: ...`. Give the same
    /// at each step.
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    #[command(flatten)]
    pub(crate) case: CaseArgs,
    /// The decisions, as JSON: the template, filled in by who looked.
    #[arg(long, value_name = "FILE")]
    pub(crate) decisions: Option<PathBuf>,
    /// Write the covered pictures and the settled text here, to be shown to the patient.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ConsentForCaseArgs {
    #[command(flatten)]
    pub(crate) case: CaseArgs,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    #[command(flatten)]
    pub(crate) case: CaseArgs,
    /// The circle: its id, the first eight digits or more, or what you call it.
    #[arg(long)]
    pub(crate) circle: String,
    /// Send it through this folder or relay. Without: it is sealed and kept.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Option<Through>,
    /// Seal it again, under fresh keys and another name, although it is sealed already.
    #[arg(long)]
    pub(crate) again: bool,
}

/// A post in a circle.
#[derive(Debug, Args)]
pub(crate) struct AboutArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The circle: its id, the first eight digits or more, or what you call it.
    pub(crate) circle: String,
    /// The post.
    pub(crate) post: Id,
    /// What the circle travels through: a folder, or a relay, `https://HOST`.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Through,
}

#[derive(Debug, Args)]
pub(crate) struct CommentArgs {
    #[command(flatten)]
    pub(crate) about: AboutArgs,
    /// The comment, in UTF-8; `-` is standard input.
    #[arg(value_name = "FILE|-")]
    pub(crate) text: PathBuf,
    /// You read it, and everything that is found in it is to be replaced.
    #[arg(long)]
    pub(crate) read: bool,
    /// Terms to look for, as in a case.
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct WithdrawArgs {
    #[command(flatten)]
    pub(crate) about: AboutArgs,
    /// Who wants it to go.
    #[arg(long, value_enum)]
    pub(crate) reason: Reason,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Reason {
    Patient,
    Author,
    Officer,
    Admin,
}

impl From<Reason> for WithdrawalReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Patient => Self::Patient,
            Reason::Author => Self::Author,
            Reason::Officer => Self::Officer,
            Reason::Admin => Self::Admin,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The post.
    pub(crate) post: Id,
}

#[derive(Debug, Args)]
pub(crate) struct OpenArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The circle: its id, the first eight digits or more, or what you call it.
    pub(crate) circle: String,
    /// The post; all, if left out.
    pub(crate) post: Option<Id>,
    /// What the circle travels through: a folder, or a relay, `https://HOST`.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Through,
    /// The key of a witness whose word on consent logs counts. May be given many times.
    #[arg(long, value_name = "KEY|FILE", required = true)]
    pub(crate) witness: Vec<String>,
    /// Folder for what is opened: one folder a post.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}
