//! What `curtain identity` may be told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use curtain::circle::CredentialKind;
use curtain::hash::{Id, Sha256};

use crate::network::Through;
use crate::vault::VaultArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum IdentityCommand {
    /// Make your keys on this device. Once, on your first device.
    New(NewArgs),
    /// Show who you are, your devices and your credential: nothing secret.
    Show(VaultArgs),
    /// Take in the credential that an issuer signed for you.
    Credential(CredentialArgs),
    /// Make a recovery code: shown once, kept on paper. With it you come back when every device is lost.
    RecoveryCode(RecoveryArgs),
    /// On a new device: ask to be linked to your other devices.
    Link(LinkArgs),
    /// On a linked device: link a new one, after you compared its fingerprint.
    Approve(ApproveArgs),
    /// On the new device: take in what the linked one gave.
    Accept(AcceptArgs),
    /// With the recovery code, on a new device: come back.
    Restore(RestoreArgs),
    /// Revoke a lost device of yours: a new key for you, and a new epoch in every circle of yours.
    Revoke(RevokeArgs),
    /// Tell every circle of your present devices and key. What a circle knows is not said again.
    Announce(AnnounceArgs),
    /// Issuer: make a key that signs credentials, and print its public half.
    Issuer(IssuerArgs),
    /// Issuer: sign a credential.
    Issue(IssueArgs),
    /// Issuer: take a credential back.
    Discredit(DiscreditArgs),
    /// Officer: make a key to which consent details are sealed.
    Officer(OfficerArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// Your name, as the members of your circles see it.
    #[arg(long)]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct CredentialArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// Also send it to your circles, through this folder or relay.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Option<Through>,
    /// The credential.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RecoveryArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The folder or relay of your circles: each must know the code before it is of use.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Option<Through>,
}

#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// Your user id, as `curtain identity show` prints it on a linked device.
    pub(crate) user: Id,
    /// Your name.
    #[arg(long)]
    pub(crate) name: String,
    /// Where to write the request.
    #[arg(long, value_name = "REQUEST")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The request of the new device.
    pub(crate) request: PathBuf,
    /// Where to write what the new device takes in.
    #[arg(long, value_name = "GRANT")]
    pub(crate) out: PathBuf,
    /// The folder or relay of your circles.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Option<Through>,
    /// The fingerprint is the one that the new device shows.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// What the linked device gave.
    pub(crate) grant: PathBuf,
    /// The folder or relay of your circles: those that know this device are taken in.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Option<Through>,
    /// The fingerprint is the one that the linked device shows.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// Your user id: it stands beside the recovery code.
    #[arg(long)]
    pub(crate) user: Id,
    /// The folder or relay of your circles.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Through,
    /// Your name, where no circle tells it.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Also revoke this device: the one that was lost.
    #[arg(long, value_name = "DEVICE")]
    pub(crate) revoke: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The device: its id, or the first eight digits or more.
    pub(crate) device: String,
    /// The folder or relay of your circles.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Through,
}

#[derive(Debug, Args)]
pub(crate) struct AnnounceArgs {
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    /// The folder or relay of your circles.
    #[arg(long, value_name = "DIR|URL")]
    pub(crate) through: Through,
}

#[derive(Debug, Args)]
pub(crate) struct IssuerArgs {
    /// Where to write the private key. Never overwritten; for its owner alone.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct IssueArgs {
    /// The issuer's private key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Whom you verified.
    #[arg(long)]
    pub(crate) user: Id,
    /// The device that they showed you.
    #[arg(long)]
    pub(crate) device: Sha256,
    /// What you verified.
    #[arg(long, value_enum)]
    pub(crate) kind: Kind,
    /// For how many days it counts.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub(crate) days: u32,
    /// Where to write the credential.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DiscreditArgs {
    /// The issuer's private key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The credential.
    pub(crate) credential: PathBuf,
    /// Where to write that it does not count any more.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OfficerArgs {
    /// Where to write the private key. Never overwritten; for its owner alone.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Where to write the public key, to be handed out.
    #[arg(long, value_name = "PUBLIC")]
    pub(crate) out: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    Clinician,
    Student,
    Officer,
}

impl From<Kind> for CredentialKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Clinician => Self::Clinician,
            Kind::Student => Self::Student,
            Kind::Officer => Self::Officer,
        }
    }
}
