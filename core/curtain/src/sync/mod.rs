//! A relay as a road for circles: every request is signed, nothing that comes back is believed before it was verified, and
//! what the relay says of the state of a log is compared with what was seen before.
//!
//! The network is the caller's ([`Transport`](crate::transport::Transport)).

mod client;
mod feed;
mod ledgers;
mod pull;
mod road;
mod run;
mod send;
mod suspicion;
mod upload;

pub use client::Relay;
pub use ledgers::{BackUpError, BackUpState, BackedUpLog, back_up};
pub use pull::{LogState, Officer, PullError, PulledLog, Reason, pull_ledgers};
pub use road::withdraw_by_code;
pub use run::{InCircle, Options, Synced, meet_relay, sync};
pub use send::{Became, Told};
pub use suspicion::Suspicion;
