//! A circle as it must be for something to be sealed for it.

use curtain_wire::credential::{CredentialError, Role};
use curtain_wire::head::{self, CosignedHead, HeadError, LogKind};
use curtain_wire::header::Author;
use curtain_wire::level::Level;
use curtain_wire::membership::{Access, Circle, Use};
use curtain_wire::note::{Note, VerifierKey};

use super::{EpochSecret, Identity, MyCircle, NotLive};
use crate::time::UnixTime;

/// The longest that a witness's word on the membership log holds, in seconds: a removal is respected after this time at the
/// latest, whatever a relay withholds.
pub const HEAD_MAX_AGE_S: u64 = 24 * 60 * 60;

/// What somebody is about to seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// A case.
    Posting,
    /// A comment, a vote, a mark, a report.
    Discussing,
}

/// A circle for which this device may seal something now.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    mine: &'a MyCircle,
    me: &'a Identity,
    role: Role,
    author: Author,
    epoch: u64,
    secret: &'a EpochSecret,
}

/// A live circle of which a witness says that nobody was removed since.
#[derive(Clone, Copy, Debug)]
pub struct Fresh<'a> {
    live: Live<'a>,
    head: CosignedHead,
}

impl MyCircle {
    /// The circle, if the owner of this device may seal something for it at `now`.
    ///
    /// Their device is listed, their role allows it, their credential covers the role, no rotation is due, and everybody
    /// who would read it has a credential that covers theirs. Where a case may be shown for teaching, a reader's
    /// credential may have run out; where it is shown for advice on the patient's care alone, it may not.
    /// # Errors
    /// [`NotLive`].
    pub fn live<'a>(&'a self, me: &'a Identity, doing: Doing, now: UnixTime) -> Result<Live<'a>, NotLive> {
        let circle = self.circle();
        let standing = circle.standing(&me.device.id(), circle.size()).ok_or(NotLive::NotIn)?;
        if standing.user != me.user || standing.device.r#use != Use::Posting {
            return Err(NotLive::NotIn);
        }
        if !may(standing.role, doing) {
            return Err(NotLive::Role);
        }
        if circle.blocked() {
            return Err(NotLive::RotationDue);
        }
        let epoch = circle.epoch().ok_or(NotLive::RotationDue)?.number;
        let secret = self.secret(epoch).map_err(|_| NotLive::NoSecret)?;
        self.check_readers(me, now)?;
        let author = Author { device: me.device.id(), user: me.user };
        Ok(Live { mine: self, me, role: standing.role, author, epoch, secret })
    }

    fn check_readers(&self, me: &Identity, now: UnixTime) -> Result<(), NotLive> {
        let circle = self.circle();
        let own = self.member(me.user, now).map_err(|_| NotLive::Credential(CredentialError::Missing))?;
        own.credential.map_err(NotLive::Credential)?;
        if circle.audience() == Level::Publication {
            return Ok(());
        }
        let readers = circle
            .members()
            .filter(|(user, member)| {
                *user != me.user && member.role != Role::Officer && member.access == Access::Current
            })
            .map(|(user, _)| user);
        for user in readers {
            let reader = self.member(user, now).map_err(|_| NotLive::UnknownReader { user })?;
            match reader.credential {
                Err(CredentialError::Expired) if circle.audience() == Level::Teaching => {}
                Err(error) => return Err(NotLive::Reader { user, error }),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

/// Whether a role allows what somebody is about to do.
pub(crate) fn may(role: Role, doing: Doing) -> bool {
    match role {
        Role::Member | Role::Moderator | Role::Admin => true,
        Role::Student => doing == Doing::Discussing,
        Role::Officer => false,
    }
}

impl<'a> Live<'a> {
    /// What the log says.
    #[must_use]
    pub fn circle(&self) -> &'a Circle {
        self.mine.circle()
    }

    /// Who seals.
    #[must_use]
    pub fn author(&self) -> Author {
        self.author
    }

    /// The present epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether the author's role allows cases, too.
    pub(crate) fn check_may_post(&self) -> Result<(), NotLive> {
        if may(self.role, Doing::Posting) { Ok(()) } else { Err(NotLive::Role) }
    }

    pub(crate) fn secret(&self) -> &'a EpochSecret {
        self.secret
    }

    pub(crate) fn me(&self) -> &'a Identity {
        self.me
    }

    /// The circle with a head that one of `witnesses` cosigned at most [`HEAD_MAX_AGE_S`] ago: exactly the log that is here.
    ///
    /// # Errors
    /// [`NotLive::Head`], [`NotLive::Fork`]; [`NotLive::NotCosignedYet`] if the witness saw less of it.
    pub fn fresh(self, head: &Note, witnesses: &[VerifierKey], now: UnixTime) -> Result<Fresh<'a>, NotLive> {
        let circle = self.circle();
        let cosigned = head::cosigned(head, LogKind::Circle, &circle.id(), witnesses, now, HEAD_MAX_AGE_S)?;
        circle.compare_cosigned(&cosigned.head)?;
        let (seen, size) = (cosigned.head.size, circle.size());
        if seen < size {
            Err(NotLive::NotCosignedYet { seen, size })
        } else {
            Ok(Fresh { live: self, head: cosigned })
        }
    }
}

impl<'a> Fresh<'a> {
    /// The circle.
    #[must_use]
    pub fn live(&self) -> Live<'a> {
        self.live
    }

    /// Whether the head is still fresh at `now`, which may be later than when it was looked at.
    pub(crate) fn check(&self, now: UnixTime) -> Result<(), NotLive> {
        let age_s = now.seconds().saturating_sub(self.head.at.seconds()).try_into().unwrap_or(0);
        let max_age_s = HEAD_MAX_AGE_S;
        if age_s > max_age_s { Err(HeadError::Stale { age_s, max_age_s }.into()) } else { Ok(()) }
    }

    /// The head, and when a witness saw it.
    #[must_use]
    pub fn head(&self) -> CosignedHead {
        self.head
    }
}
