//! What the order of records must be: whatever refers back refers to what was there.

use std::collections::HashMap;

use super::report::{Gap, Problem};
use crate::hash::Id;
use crate::ledger::leaf::{Event, Leaf, Place};
use crate::time::UnixTime;

/// What a record can be referred to as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Grant,
    /// Made a copy: a disclosure or an export.
    Copy,
    /// Ends copies: a withdrawal or an erasure.
    End,
    Other,
}

/// What happened to a grant since, within the part.
struct Grant {
    consent: Id,
    withdrawn: bool,
    expired: bool,
    erased: bool,
}

/// The records of a part so far. Holds a byte for each, and some 40 bytes for each grant.
pub(super) struct History {
    log: Id,
    first: u64,
    roles: Vec<Role>,
    grants: HashMap<Place, Grant>,
    last: Option<UnixTime>,
    gap: Option<Gap>,
}

impl History {
    /// Of the part that starts with record `first`. What came before is not known, and not doubted.
    pub(super) fn new(log: Id, first: u64) -> Self {
        Self { log, first, roles: Vec::new(), grants: HashMap::new(), last: None, gap: None }
    }

    /// What record 0 says about the log before.
    pub(super) fn gap(&self) -> Option<Gap> {
        self.gap
    }

    /// Takes the next record.
    pub(super) fn admit(&mut self, leaf: &Leaf) -> Result<(), Problem> {
        if self.last.is_some_and(|last| leaf.at < last) {
            return Err(Problem::TimeWentBack);
        }
        self.last = Some(leaf.at);
        let n = leaf.n;
        let role = match &leaf.event {
            Event::Grant { consent, .. } => {
                let grant = Grant { consent: *consent, withdrawn: false, expired: false, erased: false };
                self.grants.insert(Place::Here(n), grant);
                Role::Grant
            }
            Event::Withdraw { awaits, consent, grant, .. } => {
                self.all(n, awaits, Role::Copy)?;
                let grant = self.grant(n, *grant, *consent)?;
                if std::mem::replace(&mut grant.withdrawn, true) {
                    return Err(Problem::WithdrawnTwice);
                }
                Role::End
            }
            Event::Expire { consent, grant } => {
                let grant = self.grant(n, *grant, *consent)?;
                if std::mem::replace(&mut grant.expired, true) {
                    return Err(Problem::ExpiredTwice);
                }
                Role::Other
            }
            Event::Disclose { consent, grant, .. } => {
                self.grant(n, *grant, *consent)?;
                Role::Copy
            }
            Event::Acknowledge { copy, of } => {
                self.is(n, *copy, Role::Copy)?;
                self.is(n, *of, Role::End)?;
                Role::Other
            }
            Event::Erase { copies, consent, grant, .. } => {
                self.all(n, copies, Role::Copy)?;
                self.grant(n, *grant, *consent)?.erased = true;
                Role::End
            }
            Event::Export { exported, first, until, .. } => {
                // An export may hold the record of itself.
                let ahead = *exported == self.log && until.checked_sub(1).is_some_and(|last| last > n);
                if first > until || ahead {
                    return Err(Problem::ExportedAhead);
                }
                Role::Copy
            }
            Event::Continue { before, reason, size, witnessed, .. } => {
                if n != 0 || *before == self.log {
                    return Err(Problem::ContinuesLate);
                }
                let missing = witnessed.saturating_sub(*size);
                self.gap = Some(Gap {
                    before: *before,
                    reason: *reason,
                    held: *size,
                    witnessed: *witnessed,
                    missing,
                });
                Role::Other
            }
        };
        self.roles.push(role);
        Ok(())
    }

    /// The grant at this place, which must be one of this consent and not erased.
    fn grant(&mut self, n: u64, place: Place, consent: Id) -> Result<&mut Grant, Problem> {
        self.is(n, place, Role::Grant)?;
        // A grant before the part is known from the first record that names it.
        let unknown = Grant { consent, withdrawn: false, expired: false, erased: false };
        let grant = self.grants.entry(place).or_insert(unknown);
        if grant.consent != consent {
            return Err(Problem::OtherConsent);
        }
        if grant.erased { Err(Problem::AfterErasure) } else { Ok(grant) }
    }

    /// Whether `log` can be one that this one continues. Only record 0 could tell, and only of the last one.
    fn is_before(&self, log: Id) -> Result<(), Problem> {
        let continues = self.gap.is_some() || self.first > 0;
        if continues && log != self.log { Ok(()) } else { Err(Problem::RefersElsewhere) }
    }

    fn all(&self, n: u64, places: &[Place], role: Role) -> Result<(), Problem> {
        places.iter().try_for_each(|place| self.is(n, *place, role))
    }

    /// Whether the record at `place` precedes `n` and, if it is in the part, can be referred to as `role`.
    fn is(&self, n: u64, place: Place, role: Role) -> Result<(), Problem> {
        let place = match place {
            Place::Here(place) => place,
            Place::Before { log, .. } => return self.is_before(log),
        };
        if place >= n {
            return Err(Problem::RefersAhead);
        }
        let Some(within) = place.checked_sub(self.first) else { return Ok(()) };
        let found = usize::try_from(within).ok().and_then(|within| self.roles.get(within));
        if found == Some(&role) { Ok(()) } else { Err(Problem::RefersToOtherKind) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{Level, Regime};
    use crate::hash::Sha256;
    use crate::ledger::leaf::{DetailsTaken, ExportFormat, Place::Here, Retention, WithdrawnBy};

    const A: Id = Id([1; 16]);
    const B: Id = Id([2; 16]);
    const LOG: Id = Id([9; 16]);

    fn grant(consent: Id) -> Event {
        Event::Grant {
            commitment: Sha256([0; 32]),
            consent,
            expires: UnixTime::new(2_000_000_000).unwrap(),
            level: Level::Teaching,
            regime: Regime::Gdpr,
            withdrawal: Sha256([0; 32]),
        }
    }

    fn disclose(grant: u64, consent: Id) -> Event {
        Event::Disclose { audience: Level::CareAdvice, consent, grant: Here(grant), post: Id([7; 16]) }
    }

    fn here(places: &[u64]) -> Vec<Place> {
        places.iter().copied().map(Here).collect()
    }

    fn told(copy: u64, of: u64) -> Event {
        Event::Acknowledge { copy: Here(copy), of: Here(of) }
    }

    fn withdraw(grant: u64, consent: Id, awaits: &[u64]) -> Event {
        Event::Withdraw { awaits: here(awaits), by: WithdrawnBy::Code, consent, grant: Here(grant) }
    }

    fn erase(grant: u64, consent: Id, copies: &[u64]) -> Event {
        Event::Erase { copies: here(copies), consent, grant: Here(grant), retention: Retention::Over }
    }

    fn export(first: u64, until: u64) -> Event {
        let (commitment, details) = (Sha256([0; 32]), DetailsTaken::No);
        Event::Export { commitment, details, exported: LOG, first, format: ExportFormat::Evidence, until }
    }

    /// The place and problem of the first record that is refused, in a part that starts with record `first`.
    fn refused(first: u64, events: &[Event]) -> Option<(u64, Problem)> {
        let mut history = History::new(LOG, first);
        events.iter().zip(first..).find_map(|(event, n)| {
            let at = UnixTime::new(1_800_000_000).unwrap();
            let leaf = Leaf { at, event: event.clone(), log: LOG, n, v: 1 };
            history.admit(&leaf).err().map(|problem| (n, problem))
        })
    }

    #[test]
    fn a_whole_life_is_admitted() {
        let expire = Event::Expire { consent: B, grant: Here(1) };
        let events = [
            grant(A),
            grant(B),
            disclose(0, A),
            export(0, 4),
            withdraw(0, A, &[2, 3]),
            told(2, 4),
            expire,
            withdraw(1, B, &[]),
            erase(0, A, &[3]),
            told(3, 8),
        ];
        assert_eq!(refused(0, &events), None);
        // The same, with its beginning out of sight.
        assert_eq!(refused(4, &events[4..]), None);
    }

    #[test]
    fn what_refers_to_the_wrong_record_is_named() {
        use Problem::{RefersAhead, RefersToOtherKind};
        let cases: &[(&[Event], Problem)] = &[
            (&[grant(A), disclose(1, A)], RefersAhead),
            (&[grant(A), disclose(0, B)], Problem::OtherConsent),
            (&[grant(A), disclose(0, A), disclose(1, A)], RefersToOtherKind),
            (&[grant(A), withdraw(0, A, &[0])], RefersToOtherKind),
            (&[grant(A), withdraw(0, A, &[7])], RefersAhead),
            (&[grant(A), erase(0, A, &[0])], RefersToOtherKind),
            (&[grant(A), disclose(0, A), told(1, 0)], RefersToOtherKind),
            (&[grant(A), withdraw(0, A, &[]), told(0, 1)], RefersToOtherKind),
            (&[grant(A), withdraw(0, A, &[]), withdraw(0, A, &[])], Problem::WithdrawnTwice),
            (&[grant(A), erase(0, A, &[]), disclose(0, A)], Problem::AfterErasure),
            (&[grant(A), erase(0, A, &[]), withdraw(0, A, &[])], Problem::AfterErasure),
            (&[grant(A), erase(0, A, &[]), erase(0, A, &[])], Problem::AfterErasure),
            (&[grant(A), export(0, 3)], Problem::ExportedAhead),
            (&[grant(A), export(1, 0)], Problem::ExportedAhead),
        ];
        for (events, problem) in cases {
            assert_eq!(refused(0, events), Some((events.len() as u64 - 1, *problem)));
        }
        let twice = Event::Expire { consent: A, grant: Here(0) };
        assert_eq!(refused(0, &[grant(A), twice.clone(), twice]), Some((2, Problem::ExpiredTwice)));
    }

    #[test]
    fn a_grant_before_the_part_is_one_consent_and_ends_once() {
        assert_eq!(refused(5, &[disclose(2, A), disclose(2, B)]), Some((6, Problem::OtherConsent)));
        let twice = [withdraw(2, A, &[]), withdraw(2, A, &[])];
        assert_eq!(refused(5, &twice), Some((6, Problem::WithdrawnTwice)));
    }

    #[test]
    fn only_the_beginning_continues_another_log() {
        let reason = crate::ledger::leaf::ContinueReason::Behind;
        let go_on = |before| Event::Continue { before, reason, root: Sha256([0; 32]), size: 4, witnessed: 9 };
        assert_eq!(refused(0, &[go_on(A), grant(A)]), None);
        // What it refers to in the log before is not known, and not doubted.
        let before = |log| Event::Expire { consent: A, grant: Place::Before { log, n: 3 } };
        assert_eq!(refused(0, &[go_on(B), before(B), before(A)]), None);
        assert_eq!(refused(1, &[before(B)]), None);
        let twice = Problem::ExpiredTwice;
        assert_eq!(refused(0, &[go_on(B), before(B), before(B)]), Some((2, twice)));
        assert_eq!(refused(0, &[grant(A), before(B)]), Some((1, Problem::RefersElsewhere)));
        assert_eq!(refused(0, &[go_on(B), before(LOG)]), Some((1, Problem::RefersElsewhere)));
        assert_eq!(refused(0, &[go_on(LOG)]), Some((0, Problem::ContinuesLate)));
        assert_eq!(refused(0, &[grant(A), go_on(A)]), Some((1, Problem::ContinuesLate)));
    }
}
