//! Consent: what a patient, or who may speak for one, agreed to, and for how long.
//!
//! A [`ConsentDraft`] is filled in any order and says what it still lacks under the law or guidance that
//! the organisation chose. Only a complete one becomes a [`ConsentRecord`], which cannot be changed: it says
//! whether it is live, and whether it covers what someone wants to send. Neither reads a clock.
//!
//! Sources, cited as such in this room:
//! - HIPAA: 45 CFR 164.508(c), authorization;
//! - GDPR: Regulation (EU) 2016/679;
//! - GMC: General Medical Council, "Making and using visual and audio recordings of patients", by paragraph.

mod code;
mod draft;
mod limits;
mod missing;
mod record;
mod retention;
mod rules;
#[cfg(test)]
mod samples;
pub mod signature;
mod standing;
mod terms;
pub mod wording;

pub use code::{CodeError, WithdrawalCode};
pub use draft::{
    Affirmation, Assent, ConsentDraft, Giver, Method, NobodyWhy, ObjectKind, ShownObject, Statement, Witness,
};
pub use limits::MAX_OBJECTS;
pub use missing::{Element, Kind, Missing};
pub use record::{ConsentRecord, Incomplete, ReopenError};
pub use retention::keep_until;
pub use standing::{Shortfall, Standing};
pub use terms::{Level, Regime};
pub use wording::Wording;
