//! What `curtain circle` may be told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use curtain::circle::{self, History as Past};
use curtain::wire::statement::PublicKey;

use crate::consent::Level;
use crate::network::Through;
use crate::vault::VaultArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum CircleCommand {
    /// Create a circle; you are its first admin. Audience, history and issuers stay as they are.
    New(NewArgs),
    /// List your circles.
    List(VaultArgs),
    /// Show a circle: its members by name, their roles and credentials, its epochs.
    Show(OneArgs),
    /// Call a circle something else. Nobody else sees it.
    Name(NameArgs),
    /// Admin: write an invitation, to be handed to somebody.
    Invite(InviteArgs),
    /// Ask to join the circle of an invitation: your name and credential are sealed to its admin.
    Join(JoinArgs),
    /// Admin: let somebody in who asked.
    Add(AddArgs),
    /// Admin: remove a member. Also: leave.
    Remove(MemberArgs),
    /// Admin: give a member another role.
    Role(RoleArgs),
    /// Begin a new epoch: a new key for everybody who is in.
    Rotate(TravelArgs),
    /// Admin: revoke a lost device of a member, who then makes a new key with `rekey`.
    Revoke(RevokeArgs),
    /// Make a new key, after an admin revoked a device of yours.
    Rekey(TravelArgs),
    /// Bring what an issuer says: a credential does not count any more.
    Discredit(FileArgs),
    /// Take in what is new in a circle.
    Pull(PullArgs),
    /// Print the head of a circle's log, for a witness to cosign.
    Head(OneArgs),
    /// Keep a head that a witness cosigned.
    Meet(MeetArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// What you call it.
    #[arg(long)]
    pub(crate) name: String,
    /// Whom it serves.
    #[arg(long, value_enum)]
    pub(crate) audience: Level,
    /// What newcomers may read: also what was posted before, or only what comes.
    #[arg(long, value_enum)]
    pub(crate) history: History,
    /// The public key of an issuer whose credentials count. May be given many times.
    #[arg(long, value_name = "PUB")]
    pub(crate) issuer: Vec<PublicKey>,
    /// What the circle travels through: a folder, or a relay, `https://HOST`; made if it is missing.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Through,
}

#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The circle: its id, the first eight digits or more, or what you call it.
    pub(crate) circle: String,
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    #[command(flatten)]
    pub(crate) one: OneArgs,
    /// Its new name.
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct InviteArgs {
    #[command(flatten)]
    pub(crate) one: OneArgs,
    /// Where to write the invitation.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The invitation.
    pub(crate) invite: PathBuf,
    /// Where to write the request.
    #[arg(long, value_name = "REQUEST")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct TravelArgs {
    #[command(flatten)]
    pub(crate) one: OneArgs,
    /// What the circle travels through: a folder, or a relay, `https://HOST`.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Through,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    pub(crate) travel: TravelArgs,
    /// The request.
    pub(crate) request: PathBuf,
    /// What they may do.
    #[arg(long, value_enum)]
    pub(crate) role: Role,
    /// Do not begin a new epoch yet: more are to be added. They read nothing until then.
    #[arg(long)]
    pub(crate) later: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MemberArgs {
    #[command(flatten)]
    pub(crate) travel: TravelArgs,
    /// The member: user id, or the first eight digits or more.
    pub(crate) user: String,
}

#[derive(Debug, Args)]
pub(crate) struct RoleArgs {
    #[command(flatten)]
    pub(crate) member: MemberArgs,
    /// What they may do.
    #[arg(value_enum)]
    pub(crate) role: Role,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    pub(crate) member: MemberArgs,
    /// The device: its id, or the first eight digits or more.
    pub(crate) device: String,
}

#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    #[command(flatten)]
    pub(crate) travel: TravelArgs,
    /// What the issuer wrote.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The circle, or the file of its invitation.
    #[arg(value_name = "CIRCLE|INVITE")]
    pub(crate) circle: String,
    /// What to call it, where it is new here.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What the circle travels through: a folder, or a relay, `https://HOST`.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Through,
}

#[derive(Debug, Args)]
pub(crate) struct MeetArgs {
    #[command(flatten)]
    pub(crate) one: OneArgs,
    /// The cosigned head.
    pub(crate) note: PathBuf,
    /// The key of the witness.
    #[arg(long, value_name = "KEY|FILE")]
    pub(crate) witness: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum History {
    Archive,
    None,
}

impl From<History> for Past {
    fn from(history: History) -> Self {
        match history {
            History::Archive => Self::Archive,
            History::None => Self::None,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    Member,
    Student,
    Moderator,
    Admin,
    Officer,
}

impl From<Role> for circle::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Student => Self::Student,
            Role::Moderator => Self::Moderator,
            Role::Admin => Self::Admin,
            Role::Officer => Self::Officer,
        }
    }
}
