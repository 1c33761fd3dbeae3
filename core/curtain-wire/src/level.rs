//! How far a case may go.

use serde::{Deserialize, Serialize};

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
