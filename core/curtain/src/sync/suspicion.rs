//! What an honest relay would not have shown.

use curtain_wire::membership::ForkError;
use thiserror::Error;

/// How the logs are called in what is said of them.
pub(super) const MEMBERS: &str = "MEMBERSHIP";
pub(super) const FEED: &str = "FEED";

/// Something that an honest relay does not show.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Suspicion {
    /// A log is not the one that was here, or that a member cites.
    #[error(
        "THE RELAY SHOWS ANOTHER {log} LOG OF THIS CIRCLE THAN BEFORE, OR THAN TO OTHERS: nothing was taken; tell the other \
         members, and compare `curtain circle head`"
    )]
    Forked {
        /// Which.
        log: &'static str,
    },
    /// A log is shorter than it was.
    #[error(
        "THE RELAY SHOWS LESS OF THE {log} LOG OF THIS CIRCLE THAN BEFORE ({there} for {here}): it was set back, or it hides \
         something; tell the other members"
    )]
    RolledBack {
        /// Which.
        log: &'static str,
        /// Entries that it shows.
        there: u64,
        /// Entries that are here.
        here: u64,
    },
    /// A member cites more than the relay shows.
    #[error(
        "THE RELAY HOLDS SOMETHING BACK: a member saw {cited} entries of the {log} log of this circle, and it shows {there}"
    )]
    Withheld {
        /// Which.
        log: &'static str,
        /// Entries that a member saw.
        cited: u64,
        /// Entries that the relay shows.
        there: u64,
    },
    /// Headers of a device are missing in between.
    #[error(
        "number {n} of this circle's feed does not follow what its device said before: something was left out"
    )]
    Gap {
        /// Its place.
        n: u64,
    },
    /// The head that the relay signs does not hold.
    #[error("what the relay signs about the {log} log of this circle does not hold: {code}")]
    Head {
        /// Which.
        log: &'static str,
        /// What is wrong: a stable name.
        code: &'static str,
    },
}

impl Suspicion {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Forked { .. } => "relay_forked",
            Self::RolledBack { .. } => "relay_rolled_back",
            Self::Withheld { .. } => "relay_withholds",
            Self::Gap { .. } => "relay_gap",
            Self::Head { .. } => "relay_head",
        }
    }
}

/// Another membership log than the one that is here.
pub(super) fn of_fork(error: ForkError) -> Suspicion {
    match error {
        ForkError::RolledBack { seen, size } => {
            Suspicion::RolledBack { log: MEMBERS, there: size, here: seen }
        }
        _ => Suspicion::Forked { log: MEMBERS },
    }
}
