//! A circle as one member sees it: the log, and the secrets that this member's boxes hold.

use std::collections::BTreeMap;

use curtain_wire::boxes::OneBox;
use curtain_wire::credential::{CredentialError, Profile, Role};
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::membership::{Access, Circle, Epoch, History, SealedProfile};

use super::{At, CircleError, EpochSecret, Known};
use crate::keys::UserKey;
use crate::time::UnixTime;

/// A circle, with what the user of this device knows of it.
#[derive(Clone, Debug)]
pub struct MyCircle {
    user: Id,
    circle: Circle,
    epochs: BTreeMap<u64, Known>,
}

/// Who a member is.
#[derive(Clone, Debug)]
pub struct Member {
    /// The user's random id.
    pub user: Id,
    /// What they may do.
    pub role: Role,
    /// Name and credential.
    pub profile: Profile,
    /// Whether the credential covers the role now.
    pub credential: Result<(), CredentialError>,
}

impl MyCircle {
    /// A circle whose log has `entries` as bytes, as `user` sees it who knows `epochs`.
    ///
    /// # Errors
    /// [`CircleError::Membership`] for the first entry that breaks a rule.
    pub fn open(
        entries: &[Vec<u8>],
        user: Id,
        epochs: impl IntoIterator<Item = (u64, Known)>,
    ) -> Result<Self, CircleError> {
        let (first, rest) = entries.split_first().map_or((&[][..], entries), |(first, rest)| (first, rest));
        let mut mine = Self { user, circle: Circle::open(first)?, epochs: epochs.into_iter().collect() };
        for entry in rest {
            mine.circle.append(entry)?;
        }
        Ok(mine)
    }

    /// Takes the next entry of the log, which must not be made after `now`, give or take five minutes.
    ///
    /// # Errors
    /// [`CircleError::Membership`]; nothing changed.
    pub fn append(&mut self, entry: &[u8], now: UnixTime) -> Result<(), CircleError> {
        self.circle.append_by(entry, now)?;
        Ok(())
    }

    /// What the log says.
    #[must_use]
    pub fn circle(&self) -> &Circle {
        &self.circle
    }

    /// Who sees it so.
    #[must_use]
    pub fn user(&self) -> Id {
        self.user
    }

    /// What is known of epochs, by number: to be kept.
    pub fn epochs(&self) -> impl Iterator<Item = (u64, &Known)> {
        self.epochs.iter().map(|(number, known)| (*number, known))
    }

    /// The box that is still to be fetched: the epoch's number, and for whom it is.
    #[must_use]
    pub fn missing_box(&self) -> Option<(u64, Sha256)> {
        let member = self.circle.member(&self.user)?;
        let epoch = self.circle.epoch()?;
        let has_box = member.role != Role::Officer && member.access == Access::Current;
        let known = matches!(self.epochs.get(&epoch.number), Some(Known::Whole(_)));
        (has_box && !known).then(|| (epoch.number, member.key.recipient()))
    }

    /// Older boxes that are still to be fetched, the newest first: of epochs that began while the user was in, and of which
    /// the secret is not known. In a circle without history no later epoch gives it. Recipients are of the user's present key;
    /// a box of before may be for the key of then.
    pub fn missing_older_boxes(&self) -> impl Iterator<Item = (u64, Sha256)> {
        let recipient = self.circle.member(&self.user).map(|member| member.key.recipient());
        let older = self.circle.epochs().split_last().map_or(&[][..], |(_, older)| older);
        let missing = older.iter().rev().filter(|epoch| {
            let role = self.circle.role_at(&self.user, epoch.from);
            role.is_some_and(|role| role != Role::Officer) && self.secret(epoch.number).is_err()
        });
        missing.filter_map(move |epoch| Some((epoch.number, recipient?)))
    }

    /// Takes the box of the present epoch, and what can be reached from there.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn take_box(&mut self, key: &UserKey, sealed: &OneBox) -> Result<(), CircleError> {
        let number = self.circle.epoch().ok_or(CircleError::NotIn)?.number;
        self.take_box_of(number, key, sealed)
    }

    /// Takes the box of epoch `number`, and what can be reached from there.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn take_box_of(&mut self, number: u64, key: &UserKey, sealed: &OneBox) -> Result<(), CircleError> {
        let epoch = self.epoch(number).ok_or(CircleError::NotIn)?;
        let record = sealed.verify(&epoch.boxes, &key.public().recipient())?;
        let secret = EpochSecret::from_box(At::new(self.circle.id(), number), key, &record)?;
        self.take_secret(number, secret)
    }

    /// Takes the secret of an epoch, if it is the one that the log announced, and what can be reached from there.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn take_secret(&mut self, number: u64, secret: EpochSecret) -> Result<(), CircleError> {
        let known = Known::Whole(secret);
        let epoch = self.epoch(number).ok_or(CircleError::NotIn)?;
        if !is_of(&known, epoch) {
            return Err(CircleError::Box);
        }
        let mut found = vec![(number, known)];
        while let Some((number, known)) = found.last().and_then(|(number, known)| self.before(*number, known))
        {
            found.push((number, known));
        }
        self.epochs.extend(found);
        Ok(())
    }

    fn epoch(&self, number: u64) -> Option<&Epoch> {
        self.circle.epochs().get(usize::try_from(number).ok()?)
    }

    /// What an epoch that is known tells of one before it, unless that is known as well: a link never takes the place of
    /// what is known. A link that does not hold is the end of what can be read, and no more: whoever broke it must not take
    /// the present epoch away too.
    fn before(&self, number: u64, known: &Known) -> Option<(u64, Known)> {
        let (to, before) = self.linked(number, known)?;
        (!self.epochs.contains_key(&to)).then_some((to, before))
    }

    /// What the link of an epoch that is known opens to, if that can be what the log announced.
    fn linked(&self, number: u64, known: &Known) -> Option<(u64, Known)> {
        let back = self.epoch(number)?.back.as_ref()?;
        let at = At::new(self.circle.id(), number);
        let before = known.before(at, &back.sealed.0, self.circle.history()).ok()?;
        is_of(&before, self.epoch(back.to)?).then_some((back.to, before))
    }

    /// The epoch to which the next one should link: the newest of which this device has the secret, unless the link of that
    /// one leads nowhere, since newcomers would get no further. Somebody may have begun an epoch of which neither boxes nor
    /// link hold.
    pub(super) fn link_to(&self) -> Option<(u64, &EpochSecret)> {
        let whole = || self.epochs.iter().rev().filter_map(|(number, known)| Some((*number, known.whole()?)));
        whole().find(|(number, secret)| self.link_holds(*number, secret)).or_else(|| whole().next())
    }

    fn link_holds(&self, number: u64, secret: &EpochSecret) -> bool {
        let Some((to, before)) = self.linked(number, &Known::Whole(secret.clone())) else {
            return number == 0;
        };
        // The log announces no directory's key: it is held against the one that is known.
        self.circle.history() == History::Archive
            || self
                .epochs
                .get(&to)
                .is_none_or(|known| known.directory().bytes() == before.directory().bytes())
    }

    /// The secret of an epoch.
    ///
    /// # Errors
    /// [`CircleError::NoSecret`].
    pub fn secret(&self, epoch: u64) -> Result<&EpochSecret, CircleError> {
        match self.epochs.get(&epoch) {
            Some(Known::Whole(secret)) => Ok(secret),
            _ => Err(CircleError::NoSecret),
        }
    }

    /// Who a current member is, and whether their credential covers their role at `now`.
    ///
    /// # Errors
    /// [`CircleError::NotIn`], [`CircleError::Profile`], [`CircleError::NoSecret`].
    pub fn member(&self, user: Id, now: UnixTime) -> Result<Member, CircleError> {
        let member = self.circle.member(&user).ok_or(CircleError::NotIn)?;
        let profile = self.profile(user)?;
        let (role, size) = (member.role, self.circle.size());
        let credential = self.circle.check_credential(user, role, profile.credential.as_ref(), size, now);
        Ok(Member { user, role, profile, credential })
    }

    /// All current members that `user` can name, and those that do not open.
    pub fn members(&self, now: UnixTime) -> impl Iterator<Item = (Id, Result<Member, CircleError>)> {
        self.circle.members().map(move |(user, _)| (user, self.member(user, now)))
    }

    /// Name and credential of a member, or of somebody who was one.
    ///
    /// # Errors
    /// [`CircleError::Profile`], [`CircleError::NoSecret`].
    pub fn profile(&self, user: Id) -> Result<Profile, CircleError> {
        self.open_profile(user, self.circle.profile(&user))
    }

    /// Name and credential that somebody had when the log had `size` entries.
    ///
    /// # Errors
    /// [`CircleError::Profile`], [`CircleError::NoSecret`].
    pub fn profile_at(&self, user: Id, size: u64) -> Result<Profile, CircleError> {
        self.open_profile(user, self.circle.profile_at(&user, size))
    }

    fn open_profile(&self, user: Id, sealed: Option<&SealedProfile>) -> Result<Profile, CircleError> {
        let sealed = sealed.ok_or(CircleError::Profile)?;
        let known = self.epochs.get(&sealed.epoch).ok_or(CircleError::NoSecret)?;
        known.directory().open_profile(self.circle.id(), sealed.epoch, user, &sealed.sealed.0)
    }
}

/// Whether a secret is the one that the log announced. Of a directory's key alone that cannot be told: profiles that
/// are sealed under another do not open.
fn is_of(known: &Known, epoch: &Epoch) -> bool {
    match known {
        Known::Whole(secret) => secret.read_key().public() == epoch.read,
        Known::Directory(_) => true,
    }
}
