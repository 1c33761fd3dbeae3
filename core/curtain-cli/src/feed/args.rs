//! What `curtain feed` may be told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use curtain::hash::{Id, Sha256};
use curtain::post::{Site, Specialty, Tag};
use curtain::wire::events::{ReportReason, Status};

use crate::vault::VaultArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum FeedCommand {
    /// List the cases that are on this device, the newest first.
    List(ListArgs),
    /// Show a case, and what was said of it.
    Show(ShowArgs),
    /// Find cases by their words. The last word may be a beginning.
    Search(SearchArgs),
    /// Comment on a case. The text is read for names first, as a case's is.
    Comment(TextArgs),
    /// Vote for a diagnosis. Your last vote counts.
    Vote(VoteArgs),
    /// Say that a comment helped.
    Helpful(OfArgs),
    /// Say what came of a case: by its author, moderators and admins.
    Outcome(TextArgs),
    /// Say how a case stands: by its author, moderators and admins.
    Status(StatusArgs),
    /// Tell the moderators that they should look at a case or a comment.
    Report(ReportArgs),
    /// Save a case in a collection on this device, or list the collections.
    Save(SaveArgs),
    /// Hide a case or a comment: by moderators and admins. Nobody sees it unless they ask for it.
    Hide(HideArgs),
    /// Call people of a specialty to a case.
    Page(PageArgs),
    /// Say or show how much is kept for reading offline, and for how long without a sync.
    Pack(PackArgs),
}

#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Only of this circle: its id, the first eight digits or more, or what you call it.
    #[arg(long)]
    pub(crate) circle: Option<String>,
    /// Only of this specialty.
    #[arg(long)]
    pub(crate) specialty: Option<Specialty>,
    /// Only of this body site.
    #[arg(long)]
    pub(crate) site: Option<Site>,
    /// Only with this tag.
    #[arg(long)]
    pub(crate) tag: Option<Tag>,
    /// Only those that stand so.
    #[arg(long, value_enum)]
    pub(crate) status: Option<Stand>,
    /// Only those that were not read yet.
    #[arg(long)]
    pub(crate) unread: bool,
    /// Only those that are saved.
    #[arg(long)]
    pub(crate) saved: bool,
    /// Only those of this collection.
    #[arg(long, value_name = "NAME")]
    pub(crate) collection: Option<String>,
    /// Only those to which this specialty was called.
    #[arg(long, value_name = "SPECIALTY")]
    pub(crate) paged: Option<Specialty>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) count: u32,
}

#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) count: u32,
    /// Words that all stand in the case.
    #[arg(required = true, value_name = "WORD")]
    pub(crate) words: Vec<String>,
}

/// A case on this device.
#[derive(Debug, Args)]
pub(crate) struct PostArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The circle, where the case stands in more than one.
    #[arg(long)]
    pub(crate) circle: Option<String>,
    /// The case.
    pub(crate) post: Id,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) post: PostArgs,
    /// Write the pictures that are here into this new folder; those that are not come with the next sync.
    #[arg(long, value_name = "DIR")]
    pub(crate) pictures: Option<PathBuf>,
    /// Also show what moderators hid.
    #[arg(long)]
    pub(crate) hidden: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TextArgs {
    #[command(flatten)]
    pub(crate) post: PostArgs,
    /// The text, in UTF-8; `-` is standard input.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) text: PathBuf,
    #[command(flatten)]
    pub(crate) settling: SettlingArgs,
}

/// How somebody's words are settled.
#[derive(Debug, Args)]
pub(crate) struct SettlingArgs {
    /// You read it, and everything that is found in it is to be replaced.
    #[arg(long)]
    pub(crate) read: bool,
    /// Terms to look for, as in a case.
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VoteArgs {
    #[command(flatten)]
    pub(crate) post: PostArgs,
    /// The diagnosis, in a line.
    pub(crate) diagnosis: String,
    #[command(flatten)]
    pub(crate) settling: SettlingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OfArgs {
    #[command(flatten)]
    pub(crate) post: PostArgs,
    /// The comment's header, as `curtain feed show --json` names it.
    #[arg(value_name = "COMMENT")]
    pub(crate) of: Sha256,
}

#[derive(Debug, Args)]
pub(crate) struct HideArgs {
    #[command(flatten)]
    pub(crate) post: PostArgs,
    /// A comment's header; the case itself, if left out.
    #[arg(long, value_name = "COMMENT")]
    pub(crate) of: Option<Sha256>,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) post: PostArgs,
    /// A comment's header; the case itself, if left out.
    #[arg(long, value_name = "COMMENT")]
    pub(crate) of: Option<Sha256>,
    /// Why.
    #[arg(long, value_enum)]
    pub(crate) reason: ReportedFor,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) post: PostArgs,
    /// How it stands now.
    #[arg(value_enum)]
    pub(crate) status: Stand,
}

#[derive(Debug, Args)]
pub(crate) struct PageArgs {
    #[command(flatten)]
    pub(crate) post: PostArgs,
    /// Which specialty.
    pub(crate) specialty: Specialty,
}

#[derive(Debug, Args)]
pub(crate) struct SaveArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The circle, where the case stands in more than one.
    #[arg(long)]
    pub(crate) circle: Option<String>,
    /// The case. Without: the collections are listed.
    #[arg(requires = "collection")]
    pub(crate) post: Option<Id>,
    /// The collection.
    #[arg(long, value_name = "NAME", requires = "post")]
    pub(crate) collection: Option<String>,
    /// Take it out of the collection.
    #[arg(long, requires = "post")]
    pub(crate) remove: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PackArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// Keep at most so many million bytes of pictures.
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) limit: Option<u32>,
    /// Hide the cases of a circle that was not synced for so many days.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=365))]
    pub(crate) days: Option<u32>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Stand {
    Open,
    Answered,
    Closed,
}

impl From<Stand> for Status {
    fn from(status: Stand) -> Self {
        match status {
            Stand::Open => Self::Open,
            Stand::Answered => Self::Answered,
            Stand::Closed => Self::Closed,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReportedFor {
    Identifiable,
    NoConsent,
    Harmful,
    Spam,
    Other,
}

impl From<ReportedFor> for ReportReason {
    fn from(reason: ReportedFor) -> Self {
        match reason {
            ReportedFor::Identifiable => Self::Identifiable,
            ReportedFor::NoConsent => Self::NoConsent,
            ReportedFor::Harmful => Self::Harmful,
            ReportedFor::Spam => Self::Spam,
            ReportedFor::Other => Self::Other,
        }
    }
}
