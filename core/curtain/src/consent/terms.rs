//! The words that consent, ledger and exports share.

use serde::{Deserialize, Serialize};

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

/// How far a case may go, and whom a circle serves. A level reaches its own audience and those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Clinicians who advise on this patient's care.
    CareAdvice,
    /// Also students and teachers in closed circles.
    Teaching,
    /// Also the public.
    Publication,
}

impl Level {
    /// Whether consent at this level covers sharing with `audience`.
    #[must_use]
    pub fn reaches(self, audience: Self) -> bool {
        self >= audience
    }

    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CareAdvice => "care_advice",
            Self::Teaching => "teaching",
            Self::Publication => "publication",
        }
    }
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
