//! Curtain: the privacy curtain for clinical photos.
//!
//! A photo walks through the rooms in this order: [`metadata`] says what the file gives away,
//! [`picture`] decodes it, [`detect`] finds faces and text, [`cover`] hides them, [`picture`]
//! encodes, [`metadata::audit`] looks again, [`files`] lets it out. [`clean`] joins them.
//!
//! ```
//! use curtain::{clean, detect::Detectors};
//!
//! # let photo = include_bytes!("../../../fixtures/orient/o6.jpg");
//! let detectors = Detectors::load()?;
//! let (seen, cleaned) = clean::clean(photo, &detectors, &clean::Options::default())?;
//! assert!(!seen.findings.is_empty());
//! assert!(cleaned.covered > 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

/// Hash trees, proofs and signed notes: what crosses the network.
pub use curtain_wire as wire;

pub mod circle;
pub mod clean;
pub mod consent;
pub mod cover;
pub mod desk;
pub mod detect;
pub mod exchange;
pub mod export;
pub mod feed;
pub mod files;
pub mod geometry;
pub mod hash;
pub mod keys;
pub mod ledger;
pub mod metadata;
pub mod outbox;
pub mod picture;
pub mod post;
pub mod receipt;
pub mod review;
pub mod seal;
pub mod spoken;
pub mod story;
pub mod sync;
pub mod time;
pub mod transport;
pub mod vault;
