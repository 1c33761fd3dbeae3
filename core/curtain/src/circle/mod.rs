//! Who may read: circles, their epochs, and who their members are.
//!
//! The membership log is public to the relay and holds keys, roles and hashes ([`curtain_wire::membership`]). This room adds what
//! only members have: the secrets of epochs, and the names and credentials that are sealed under them.

mod epoch;
mod error;
mod identity;
mod live;
mod mine;
mod paper;
mod pen;
mod profile;

pub use epoch::{At, DirectoryKey, EpochSecret, Known};
pub use error::{CircleError, NotLive};
pub use identity::Identity;
pub(crate) use live::may;
pub use live::{Doing, Fresh, HEAD_MAX_AGE_S, Live};
pub use mine::{Member, MyCircle};
pub use paper::{
    Asked, Invite, JoinRequest, LinkGrant, LinkRequest, Paper, PaperError, discredit, issue, kind_code,
    read_aloud, role_code,
};
pub use pen::{Created, Pen, Rotation};

pub use curtain_wire::credential::{Credential, Kind as CredentialKind, Profile, Revocation, Role};
pub use curtain_wire::membership::{Circle, History};

#[cfg(test)]
mod tests;
