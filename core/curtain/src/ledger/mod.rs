//! The consent log: an append-only Merkle tree [RFC 6962] of canonical leaves, with signed checkpoints
//! [C2SP tlog-checkpoint].
//!
//! A leaf holds no identity. What identifies anyone stays in the vault, encrypted; the leaf commits to it with
//! HMAC-SHA256 under a key that is kept with it, so that erasing both leaves a tree that still verifies.

pub mod evidence;
pub mod leaf;
pub mod officer;
pub mod verify;

mod log;
#[cfg(test)]
mod samples;

pub use log::{ClockBehind, Head, commitment};
