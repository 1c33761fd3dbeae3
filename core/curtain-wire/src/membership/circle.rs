//! The state that a membership log leads to, and what was in force before.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{BackLink, Change, Device, Entry, History, Use};
use super::fork::Head;
use super::rules::Keys;
use crate::boxes::{BoxesHead, KemKey};
use crate::canonical::{Base64, Suite};
use crate::credential::{self, Credential, CredentialError, Holder, Revoked, Role, Setting};
use crate::hash::{Id, Sha256};
use crate::level::Level;
use crate::statement::{PublicKey, Signed};
use crate::time::UnixTime;
use crate::tree::{Frontier, Hash, leaf_hash};

/// The most members at one time: as many as a box set has room for.
pub const MAX_MEMBERS: usize = 10_000;

/// Whether a member has the secret of the current epoch. Officers have none, whatever this says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// There is a box for them.
    Current,
    /// The next epoch has a box for them.
    NextEpoch,
    /// An admin revoked a device of theirs: no box until they make a new user key.
    Waiting,
}

/// A profile as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedProfile {
    /// The epoch under which it is sealed.
    pub epoch: u64,
    /// The size of the log from which it is theirs.
    pub from: u64,
    /// The sealed bytes.
    pub sealed: Base64,
}

/// A current member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircleMember {
    /// Whether they have the secret of the current epoch.
    pub access: Access,
    /// The ids of their current devices, ascending; see [`Circle::device`].
    pub devices: BTreeSet<Sha256>,
    /// The user key.
    pub key: KemKey,
    /// The boxes in which each device has the user key's secret half.
    pub keyring: BoxesHead,
    /// Name and credential; None until the first one.
    pub profile: Option<SealedProfile>,
    /// What they may do.
    pub role: Role,
}

impl CircleMember {
    pub(super) fn gets_box(&self) -> bool {
        self.role != Role::Officer && self.access != Access::Waiting
    }
}

/// A device that is or was of the circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Its keys.
    pub device: Device,
    /// The sizes of the log between which it counts: from, and until if it no longer does. More than one where its user left
    /// and came back.
    pub spans: Vec<(u64, Option<u64>)>,
    /// The size of the log from which it has signed here: a join or an entry. That it was listed proves nothing of who lists
    /// it, since what it signed to be listed can be shown again anywhere.
    pub signed: Option<u64>,
    /// Whose it is.
    pub user: Id,
}

impl DeviceRecord {
    pub(super) fn end(&mut self, after: u64) {
        if let Some((_, until)) = self.spans.last_mut() {
            until.get_or_insert(after);
        }
    }

    /// Whether it counted when the log had `size` entries.
    #[must_use]
    pub fn counts_at(&self, size: u64) -> bool {
        self.spans.iter().any(|(from, until)| *from <= size && until.is_none_or(|until| size < until))
    }
}

/// An epoch, as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// When it started, by the clock of who started it.
    pub at: UnixTime,
    /// A secret before, sealed under this one; None for the first.
    pub back: Option<BackLink>,
    /// The size of the log from which nothing more may be sealed under it, if one came before the next epoch did.
    pub blocked: Option<u64>,
    /// Its boxes.
    pub boxes: BoxesHead,
    /// Who started it, by device.
    pub by: Sha256,
    /// The size of the log from which it is the current one.
    pub from: u64,
    /// Its number, from 0.
    pub number: u64,
    /// The key with which those who hold the secret ask a relay to read.
    pub read: PublicKey,
}

/// A device that counts, and what its user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The device's keys.
    pub device: &'a Device,
    /// The user's role.
    pub role: Role,
    /// Whose it is.
    pub user: Id,
}

/// Whose key it is, and as what: who comes back brings it along as the same again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: Id,
    /// The device whose key it is; None for the user key.
    pub(super) device: Option<Sha256>,
}

/// All that was ever so of one user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) devices: Vec<Sha256>,
    /// From which size of the log which role; None once out.
    pub(super) roles: Vec<(u64, Option<Role>)>,
    /// The profiles that are no longer theirs, in order: what was posted under one is held against that one.
    pub(super) profiles: Vec<SealedProfile>,
}

/// A circle, as its membership log says.
///
/// Memory: about 100 bytes for each entry, 2 KiB for each member, 500 bytes for each device and each profile there ever
/// was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    pub(super) id: Sha256,
    pub(super) audience: Level,
    pub(super) history: History,
    pub(super) issuers: Vec<PublicKey>,
    pub(super) members: BTreeMap<Id, CircleMember>,
    /// Members for whom [`Circle::is_acting_admin`].
    pub(super) admins: usize,
    /// Who gets a box, by recipient.
    pub(super) boxed: BTreeMap<Sha256, Id>,
    pub(super) devices: BTreeMap<Sha256, DeviceRecord>,
    /// Every key there ever was, X-Wing keys by their hash, and every join, by its hash too.
    pub(super) used: Keys,
    pub(super) past: BTreeMap<Id, Past>,
    pub(super) epochs: Vec<Epoch>,
    /// The users for whom a new epoch is due.
    pub(super) due: BTreeSet<Id>,
    pub(super) revoked: Revoked,
    pub(super) newest: UnixTime,
    tree: Frontier,
    leaves: Vec<Hash>,
    /// Root, last entry's hash, and when that was made, at each size from 1.
    heads: Vec<(Sha256, Sha256, UnixTime)>,
}

impl Circle {
    /// A circle of nobody, with `first` as the bytes of its first entry.
    pub(super) fn started(
        first: &[u8],
        at: UnixTime,
        audience: Level,
        history: History,
        issuers: Vec<PublicKey>,
    ) -> Self {
        let used: Keys = issuers.iter().map(|issuer| (issuer.0, None)).collect();
        let mut circle = Self {
            id: Sha256::of(first),
            audience,
            history,
            issuers,
            members: BTreeMap::new(),
            admins: 0,
            boxed: BTreeMap::new(),
            devices: BTreeMap::new(),
            used,
            past: BTreeMap::new(),
            epochs: Vec::new(),
            due: BTreeSet::new(),
            revoked: Revoked::new(),
            newest: at,
            tree: Frontier::new(),
            leaves: Vec::new(),
            heads: Vec::new(),
        };
        circle.grow(first, at);
        circle
    }

    /// Takes an entry that was checked into the tree.
    pub(super) fn grow(&mut self, entry: &[u8], at: UnixTime) {
        let leaf = leaf_hash(entry);
        self.tree.append(leaf);
        self.leaves.push(leaf);
        self.heads.push((Sha256(self.tree.root().0), Sha256::of(entry), at));
        self.newest = at;
    }

    /// The circle's id: the hash of its first entry.
    #[must_use]
    pub fn id(&self) -> Sha256 {
        self.id
    }

    /// Whom it serves.
    #[must_use]
    pub fn audience(&self) -> Level {
        self.audience
    }

    /// What newcomers may read.
    #[must_use]
    pub fn history(&self) -> History {
        self.history
    }

    /// Whose credentials count, ascending.
    #[must_use]
    pub fn issuers(&self) -> &[PublicKey] {
        &self.issuers
    }

    /// When the last entry was made, by its signer's clock.
    #[must_use]
    pub fn newest(&self) -> UnixTime {
        self.newest
    }

    /// Entries in the log; at least 1.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// How far the log has come.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head_at(self.size()).expect("the log has an entry from the start")
    }

    /// How far the log had come with `size` entries. None before the first, and beyond the last.
    #[must_use]
    pub fn head_at(&self, size: u64) -> Option<Head> {
        let at = usize::try_from(size.checked_sub(1)?).ok()?;
        let (root, last, _) = *self.heads.get(at)?;
        Some(Head { circle: self.id, last, root, size })
    }

    /// When the last of the first `size` entries was made, by its signer's clock. None before the first, and beyond the last.
    #[must_use]
    pub fn made_at(&self, size: u64) -> Option<UnixTime> {
        let at = usize::try_from(size.checked_sub(1)?).ok()?;
        self.heads.get(at).map(|(.., made)| *made)
    }

    pub(super) fn leaves(&self) -> &[Hash] {
        &self.leaves
    }

    /// The current members, by user.
    pub fn members(&self) -> impl Iterator<Item = (Id, &CircleMember)> {
        self.members.iter().map(|(user, member)| (*user, member))
    }

    /// This user, if a member now.
    #[must_use]
    pub fn member(&self, user: &Id) -> Option<&CircleMember> {
        self.members.get(user)
    }

    /// This device, if it is or ever was of the circle.
    #[must_use]
    pub fn device(&self, id: &Sha256) -> Option<&DeviceRecord> {
        self.devices.get(id)
    }

    /// Every device that is or ever was of the circle.
    pub fn devices(&self) -> impl Iterator<Item = (Sha256, &DeviceRecord)> {
        self.devices.iter().map(|(id, record)| (*id, record))
    }

    /// All devices that this user had when the log had `size` entries, or before, since they came in. Anybody can take the id
    /// of somebody who left: what devices it had before says nothing of who came with it later.
    pub fn devices_of(&self, user: &Id, size: u64) -> impl Iterator<Item = (Sha256, &DeviceRecord)> {
        let past = self.past.get(user);
        let roles = past.map_or(&[][..], |past| &past.roles);
        let until = roles.partition_point(|(from, _)| *from <= size);
        let stay = roles[..until].iter().rev().take_while(|(_, role)| role.is_some());
        let since = stay.last().map(|(from, _)| *from);
        let counted = move |record: &&DeviceRecord| {
            since.is_some_and(|since| record.spans.iter().any(|(from, _)| (since..=size).contains(from)))
        };
        let devices = past.map_or(&[][..], |past| &past.devices);
        devices.iter().filter_map(move |id| Some((*id, self.devices.get(id).filter(counted)?)))
    }

    /// The user's role when the log had `size` entries. None if they were not a member then, and beyond the log's end.
    #[must_use]
    pub fn role_at(&self, user: &Id, size: u64) -> Option<Role> {
        let roles = &self.past.get(user).filter(|_| size <= self.size())?.roles;
        let after = roles.partition_point(|(from, _)| *from <= size);
        roles.get(after.checked_sub(1)?)?.1
    }

    /// This device with its user's role, if it counted when the log had `size` entries. None beyond the log's end too.
    #[must_use]
    pub fn standing(&self, device: &Sha256, size: u64) -> Option<Standing<'_>> {
        let record = self.devices.get(device).filter(|record| record.counts_at(size))?;
        let role = self.role_at(&record.user, size)?;
        Some(Standing { device: &record.device, role, user: record.user })
    }

    /// Who asks a relay as this device, if it is a current device of a current member: its `request` key must have signed.
    #[must_use]
    pub fn requester(&self, device: &Sha256) -> Option<Standing<'_>> {
        self.standing(device, self.size())
    }

    /// Who gets a box of the next epoch, ascending by recipient, as box sets are: the user, and the key to seal to.
    pub fn recipients(&self) -> impl Iterator<Item = (Sha256, Id, &KemKey)> {
        let with_key =
            |(recipient, user): (&Sha256, &Id)| Some((*recipient, *user, &self.members.get(user)?.key));
        self.boxed.iter().filter_map(with_key)
    }

    /// The current epoch. None between the first entry and the second.
    #[must_use]
    pub fn epoch(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// Every epoch; its number is its place.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// The epoch that was current when the log had `size` entries. None beyond the log's end.
    #[must_use]
    pub fn epoch_at(&self, size: u64) -> Option<&Epoch> {
        let after = self.epochs.partition_point(|epoch| epoch.from <= size);
        self.epochs.get(after.checked_sub(1)?).filter(|_| size <= self.size())
    }

    /// Whether nothing might be sealed when the log had `size` entries: there was no epoch, or someone who has its
    /// secret was out already. So it is beyond the log's end.
    #[must_use]
    pub fn blocked_at(&self, size: u64) -> bool {
        self.epoch_at(size).is_none_or(|epoch| epoch.blocked.is_some_and(|from| from <= size))
    }

    /// Whether nothing may be sealed until the next epoch.
    #[must_use]
    pub fn blocked(&self) -> bool {
        self.blocked_at(self.size())
    }

    /// Whether a new epoch is due: someone waits for a box, or someone must be shut out.
    #[must_use]
    pub fn rotation_due(&self) -> bool {
        self.epochs.is_empty() || !self.due.is_empty()
    }

    /// Credentials that were taken back.
    #[must_use]
    pub fn revoked(&self) -> &Revoked {
        &self.revoked
    }

    /// The profile of a member, or the last one of somebody who was.
    #[must_use]
    pub fn profile(&self, user: &Id) -> Option<&SealedProfile> {
        match self.members.get(user) {
            Some(member) => member.profile.as_ref(),
            None => self.past.get(user)?.profiles.last(),
        }
    }

    /// The user's profile when the log had `size` entries: whoever renews a credential takes nothing back that was posted
    /// under the old one.
    #[must_use]
    pub fn profile_at(&self, user: &Id, size: u64) -> Option<&SealedProfile> {
        let before = self.past.get(user).map_or(&[][..], |past| &past.profiles);
        let now = self.members.get(user).and_then(|member| member.profile.as_ref());
        before.iter().chain(now).rfind(|profile| profile.from <= size)
    }

    /// Whether `credential` covered `role` for `user` at `now`, when the log had `size` entries: the circle asks for none, or
    /// it is an issuer's word, not taken back by then, on a device of that user that had signed here by then.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn check_credential(
        &self,
        user: Id,
        role: Role,
        credential: Option<&Signed<Credential>>,
        size: u64,
        now: UnixTime,
    ) -> Result<(), CredentialError> {
        let signed = |record: &DeviceRecord| record.signed.is_some_and(|from| from <= size);
        let devices = self.devices_of(&user, size).filter(|(_, record)| signed(record));
        let devices: Vec<Sha256> = devices.map(|(id, _)| id).collect();
        let setting =
            Setting { audience: self.audience, issuers: &self.issuers, revoked: &self.revoked, size };
        credential::check(credential, &setting, &Holder { user, devices: &devices, role }, now)
    }

    /// The next entry: `sign` signs with the object key of `by`. It says `at`, or the time of the entry before if that
    /// is later. [`Circle::append`] says whether it is one.
    #[must_use]
    pub fn entry(
        &self,
        at: UnixTime,
        by: Sha256,
        change: Change,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Signed<Entry> {
        let Head { circle, last, size, .. } = self.head();
        let (circle, prev, at) = (Some(circle), Some(last), at.max(self.newest));
        Signed::new(Entry { at, by, change, circle, n: size, prev, suite: Suite }, sign)
    }

    /// Whether this member may act as an admin now: with a posting device, and without waiting for a user key.
    pub(super) fn is_acting_admin(&self, member: &CircleMember) -> bool {
        let posts = member.devices.iter().any(|device| self.is_posting(device));
        member.role == Role::Admin && member.access != Access::Waiting && posts
    }

    /// Whether a posting device is left to the member without this one.
    pub(super) fn acts_without(&self, member: &CircleMember, device: &Sha256) -> bool {
        member.devices.iter().any(|other| other != device && self.is_posting(other))
    }

    fn is_posting(&self, device: &Sha256) -> bool {
        self.devices.get(device).is_some_and(|record| record.device.r#use == Use::Posting)
    }

    /// What `by` may sign with now: user, role and use.
    pub(super) fn signer(&self, by: &Sha256) -> Option<Signer<'_>> {
        let Standing { device, role, user } = self.standing(by, self.size())?;
        let access = self.members.get(&user)?.access;
        Some(Signer { id: *by, user, role, access, device })
    }
}

/// A device that signs an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signer<'a> {
    pub(super) id: Sha256,
    pub(super) user: Id,
    pub(super) role: Role,
    pub(super) access: Access,
    pub(super) device: &'a Device,
}

impl Signer<'_> {
    pub(super) fn is_posting(&self) -> bool {
        self.device.r#use == Use::Posting
    }
}
