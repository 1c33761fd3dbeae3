//! SHA-256, and random identifiers that say nothing: [`curtain_wire::hash`].

pub use curtain_wire::hash::*;
