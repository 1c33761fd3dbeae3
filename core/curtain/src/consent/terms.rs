//! The words that consent, ledger and exports share.

use serde::{Deserialize, Serialize};

pub use curtain_wire::level::Level;

/// The law or guidance that the organisation chose, recorded with each consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// 45 CFR 164.508(c), an authorization (United States).
    Hipaa,
    /// Regulation (EU) 2016/679, articles 7 and 9(2)(a).
    Gdpr,
    /// General Medical Council, "Making and using visual and audio recordings of patients" (United Kingdom).
    Gmc,
}

impl Regime {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Hipaa => "hipaa",
            Self::Gdpr => "gdpr",
            Self::Gmc => "gmc",
        }
    }
}
