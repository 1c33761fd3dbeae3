//! Curtain for Kotlin and Swift. Every rule lives in `curtain`: here states are held, values are carried over, and errors are
//! mapped, each once.
//!
//! Calls block and belong on a background thread; those that take long tell a [`ProgressListener`] and end soon after their
//! [`Cancel`] is used. No error holds anything of a patient.

uniffi::setup_scaffolding!();

mod case;
mod consent;
mod error;
mod keys;
mod photo;
mod vault;
mod watch;

pub use case::{
    CaseFindings, CasePost, CaseStep, Decisions, PhotoAnswer, PhotoCheck, PhotoDecision, PhotoFindings,
    PhotoKeep, PhotoVerdict, ShownFile, ShownKind, Story, TextRead, WordsDecision, WordsFound, WordsKeep,
};
pub use consent::{
    Audience, ConsentForm, ConsentLog, Fact, Format, Given, Giver, Law, MinorSays, Missing, MissingKind,
    Recorded, SeenBy, Verified, WhyNobody, Withdrawer, verify_evidence,
};
pub use error::{CaseError, ConsentError, PhotoError, VaultError, VerifyError};
pub use keys::{KeyStore, KeyStoreError};
pub use photo::{
    CleanedPhoto, Cover, Detectors, Finding, FindingKind, Pixels, Rect, Turned, clean_file, clean_photo,
    clean_pixels,
};
pub use vault::Vault;
pub use watch::{Cancel, ListenerError, ProgressListener};
