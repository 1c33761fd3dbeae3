//! Sealing: what leaves the device opens only for those it is meant for.
//!
//! [`mod@derive`] makes keys from keys and says what each is for, [`stream`] seals bytes of any size under a key, [`range`]
//! opens a part of them, [`padding`] hides how many there are, [`kem`] seals to somebody's public key. Everything sealed
//! begins with the suite's byte, [`Suite::BYTE`](curtain_wire::canonical::Suite::BYTE).

use thiserror::Error;

pub use boxes::{BoxesError, open_box, seal_boxes};

mod boxes;
pub mod derive;
pub mod kem;
pub mod padding;
pub mod range;
pub mod stream;

#[cfg(test)]
mod tests;

/// The platform gave no randomness. Nothing was made.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the platform gave no randomness: try again")]
pub struct NoRandomness;
