//! What crosses the network, shared by phone and relay: canonical encodings, hashes, signatures to check, hash trees and
//! their proofs, signed notes, membership logs, headers of posts, signed requests.
//!
//! Nothing here holds a secret or does I/O. What signs is given as a function that takes the message.

pub mod boxes;
pub mod canonical;
pub mod chain;
pub mod checkpoint;
pub mod credential;
pub mod events;
pub mod feed;
pub mod hash;
pub mod head;
pub mod header;
pub mod level;
pub mod membership;
pub mod note;
pub mod padme;
pub mod proof;
pub mod request;
pub mod statement;
pub mod text;
pub mod time;
pub mod tree;

#[cfg(test)]
mod test_keys;
