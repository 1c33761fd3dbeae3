//! What crosses the network, shared by phone and relay: canonical encodings, hashes, signatures to check, hash trees and
//! their proofs, signed notes, membership logs, headers of posts, signed requests.
//!
//! Nothing here holds a secret or does I/O. What signs is given as a function that takes the message.

pub mod canonical;
pub mod checkpoint;
pub mod hash;
pub mod level;
pub mod note;
pub mod proof;
pub mod statement;
pub mod time;
pub mod tree;

#[cfg(test)]
mod test_keys;
