//! What crosses the network: hash trees, proofs and signed notes.
//!
//! Nothing here holds a secret or does I/O. What signs is given as a function that takes the message.

pub mod checkpoint;
pub mod note;
pub mod proof;
pub mod tree;

#[cfg(test)]
mod test_keys;
