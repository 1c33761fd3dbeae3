//! Whether a consent is live, and whether it covers what someone wants to send.

use std::collections::BTreeSet;

use super::record::ConsentRecord;
use super::terms::Level;
use crate::hash::Sha256;
use crate::time::UnixTime;

/// Where a consent stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Live,
    /// It counts from this moment on.
    NotYet {
        /// When it was given.
        from: UnixTime,
    },
    /// Its time ran out.
    Expired {
        /// Its last second.
        at: UnixTime,
    },
    /// It was withdrawn.
    Withdrawn {
        /// When.
        at: UnixTime,
    },
}

/// Why a consent does not cover what someone wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shortfall {
    /// It counts only later.
    NotYet {
        /// From when.
        from: UnixTime,
    },
    /// Its time ran out.
    Expired {
        /// Its last second.
        at: UnixTime,
    },
    /// It was withdrawn.
    Withdrawn {
        /// When.
        at: UnixTime,
    },
    /// It does not reach the audience.
    LevelTooLow {
        /// What was agreed.
        has: Level,
        /// What the audience needs.
        needs: Level,
    },
    /// The patient has not seen this, or not these exact bytes.
    NotShown {
        /// The object.
        sha256: Sha256,
    },
    /// Nothing was named that could be covered.
    NothingToSend,
    /// Its details were erased.
    Erased,
    /// What is kept of it does not pass its checks.
    Unreadable,
    /// A witness saw records of its log that this device does not have: a withdrawal may be among them.
    LogIncomplete,
}

impl ConsentRecord {
    /// Where it stands at `now`, given when it was withdrawn, if it was.
    ///
    /// The last second, [`ConsentRecord::expires`], still counts. A withdrawal counts whatever the clocks say.
    #[must_use]
    pub fn standing(&self, now: UnixTime, withdrawn: Option<UnixTime>) -> Standing {
        if let Some(at) = withdrawn {
            return Standing::Withdrawn { at };
        }
        if now > self.expires() {
            return Standing::Expired { at: self.expires() };
        }
        if now < self.given_at() {
            return Standing::NotYet { from: self.given_at() };
        }
        Standing::Live
    }

    /// Whether `objects`, by the SHA-256 of their exact bytes, may be sent to `audience` at `now`.
    ///
    /// # Errors
    /// Every [`Shortfall`]; each object that was not shown has its own.
    pub fn covers(
        &self,
        audience: Level,
        objects: &[Sha256],
        now: UnixTime,
        withdrawn: Option<UnixTime>,
    ) -> Result<(), Vec<Shortfall>> {
        let mut short = Vec::new();
        match self.standing(now, withdrawn) {
            Standing::Live => {}
            Standing::NotYet { from } => short.push(Shortfall::NotYet { from }),
            Standing::Expired { at } => short.push(Shortfall::Expired { at }),
            Standing::Withdrawn { at } => short.push(Shortfall::Withdrawn { at }),
        }
        if !self.level().reaches(audience) {
            short.push(Shortfall::LevelTooLow { has: self.level(), needs: audience });
        }
        if objects.is_empty() {
            short.push(Shortfall::NothingToSend);
        }
        let shown: BTreeSet<Sha256> = self.objects().iter().map(|object| object.sha256).collect();
        let unseen: BTreeSet<Sha256> =
            objects.iter().copied().filter(|sha256| !shown.contains(sha256)).collect();
        short.extend(unseen.into_iter().map(|sha256| Shortfall::NotShown { sha256 }));
        if short.is_empty() { Ok(()) } else { Err(short) }
    }
}

impl Standing {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::NotYet { .. } => "not_yet",
            Self::Expired { .. } => "expired",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}

impl Shortfall {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotYet { .. } => "not_yet",
            Self::Expired { .. } => "expired",
            Self::Withdrawn { .. } => "withdrawn",
            Self::LevelTooLow { .. } => "level_too_low",
            Self::NotShown { .. } => "not_shown",
            Self::NothingToSend => "nothing_to_send",
            Self::Erased => "erased",
            Self::Unreadable => "unreadable",
            Self::LogIncomplete => "log_incomplete",
        }
    }

    /// Tells the clinician what to do, in plain English. It holds nothing of the patient.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::NotYet { from } => format!(
                "The consent is dated {from}, which is still to come: check the clock of this device."
            ),
            Self::Expired { at } => format!("The consent ended on {}: ask the patient again.", at.date()),
            Self::Withdrawn { at } => format!(
                "The patient withdrew the consent on {}: this case cannot be shared any more.",
                at.date()
            ),
            Self::LevelTooLow { has, needs } => format!(
                "The patient agreed to {}, this circle is for {}: choose another circle, or ask the patient again.",
                spoken(has),
                spoken(needs)
            ),
            Self::NotShown { .. } => {
                "The patient has not seen this picture or text as it is now: show it, and ask again."
                    .to_owned()
            }
            Self::NothingToSend => "Nothing was chosen to be sent: choose a picture or a text.".to_owned(),
            Self::Erased => {
                "The details of this consent were erased: this case cannot be shared any more.".to_owned()
            }
            Self::Unreadable => {
                "What is kept of this consent is damaged: restore the vault, or ask the patient again."
                    .to_owned()
            }
            Self::LogIncomplete => {
                "A witness saw records that this device has lost, and a withdrawal may be among \
                them: ask the patient again."
                    .to_owned()
            }
        }
    }
}

/// A level as people say it.
fn spoken(level: Level) -> &'static str {
    match level {
        Level::CareAdvice => "care advice",
        Level::Teaching => "teaching",
        Level::Publication => "publication",
    }
}

#[cfg(test)]
mod tests {
    use super::super::Regime;
    use super::super::samples::{draft, given};
    use super::*;
    use crate::hash::Id;

    fn record(regime: Regime) -> ConsentRecord {
        draft(regime).complete(Id([7; 16]), given()).unwrap()
    }

    fn at(text: &str) -> UnixTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_second_still_counts() {
        let record = record(Regime::Hipaa);
        let (first, last) = (given(), at("2028-01-31T23:59:59Z"));
        for (now, standing) in [
            (at("2027-01-31T09:29:59Z"), Standing::NotYet { from: first }),
            (first, Standing::Live),
            (last, Standing::Live),
            (at("2028-02-01"), Standing::Expired { at: last }),
        ] {
            assert_eq!(record.standing(now, None), standing, "{now}");
            // A withdrawal counts before, during and after, whatever its own time says.
            for gone in [first, last, at("2030-01-01")] {
                assert_eq!(record.standing(now, Some(gone)), Standing::Withdrawn { at: gone });
            }
        }
    }

    #[test]
    fn it_covers_what_was_shown_and_no_further() {
        let record = record(Regime::Gdpr);
        let shown = [Sha256([1; 32]), Sha256([2; 32]), Sha256([3; 32])];
        let other = Sha256([4; 32]);
        assert_eq!(record.covers(Level::Teaching, &shown, given(), None), Ok(()));
        assert_eq!(record.covers(Level::CareAdvice, &shown[..1], given(), None), Ok(()));
        assert_eq!(
            record.covers(Level::Publication, &[shown[0], other, other], given(), None),
            Err(vec![
                Shortfall::LevelTooLow { has: Level::Teaching, needs: Level::Publication },
                Shortfall::NotShown { sha256: other },
            ])
        );
        assert_eq!(record.covers(Level::Teaching, &[], given(), None), Err(vec![Shortfall::NothingToSend]));
        let late = at("2028-02-01");
        let ended = Shortfall::Expired { at: record.expires() };
        assert_eq!(record.covers(Level::Teaching, &shown, late, None), Err(vec![ended]));
        let gone = Shortfall::Withdrawn { at: given() };
        assert_eq!(record.covers(Level::Teaching, &shown, given(), Some(given())), Err(vec![gone]));
    }

    #[test]
    fn a_shortfall_says_what_to_do() {
        let low = Shortfall::LevelTooLow { has: Level::CareAdvice, needs: Level::Teaching };
        assert!(low.text().starts_with("The patient agreed to care advice, this circle is for teaching:"));
        let from = given();
        let all = [
            Shortfall::NotYet { from },
            Shortfall::Expired { at: from },
            Shortfall::Withdrawn { at: from },
            low,
            Shortfall::NotShown { sha256: Sha256([1; 32]) },
            Shortfall::NothingToSend,
        ];
        let codes: BTreeSet<_> = all.iter().map(|shortfall| shortfall.code()).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|shortfall| shortfall.text().ends_with('.')));
    }
}
