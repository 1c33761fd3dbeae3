//! What an entry does, once it is known that it may. Nothing here can fail.

use super::circle::{Access, Circle, CircleMember, DeviceRecord, Epoch, SealedProfile};
use super::entry::{Change, Device, Entry, Join, Member, NewEpoch};
use super::rules::Keys;
use crate::boxes::{BoxesHead, KemKey};
use crate::canonical::Base64;
use crate::credential::Role;
use crate::hash::{Id, Sha256};

impl Circle {
    /// Does what was checked; `keys` serve from now on.
    pub(super) fn apply(&mut self, entry: &Entry, keys: Keys) {
        let after = self.size() + 1;
        match &entry.change {
            Change::Create(_) => {}
            Change::Epoch(epoch) => {
                self.used.extend(keys);
                self.start_epoch(entry, epoch, after);
            }
            Change::Add(add) => {
                let profile = self.sealed_now(&add.profile, after);
                self.admit(add.join.body(), add.role, Some(profile), keys, after);
                self.due.insert(add.join.body().member.user);
            }
            Change::Profile { profile, user } => {
                let profile = self.sealed_now(profile, after);
                let mut old = None;
                self.change_member(user, |member| old = member.profile.replace(profile));
                self.past.entry(*user).or_default().profiles.extend(old);
            }
            Change::Role { role, user } => self.change_role(user, *role, after),
            Change::Remove { user } => self.dismiss(user, after),
            Change::Device { device, keyring, user } => {
                self.used.extend(keys);
                let id = self.register(&device.device, *user, after);
                self.change_member(user, |member| {
                    member.devices.insert(id);
                    member.keyring = *keyring;
                });
            }
            Change::Revoke { device, new, user } => {
                self.used.extend(keys);
                if let Some(record) = self.devices.get_mut(device) {
                    record.end(after);
                    let never_again = record.device.keys().map(|key| (key, None));
                    self.used.extend(never_again);
                }
                self.retire_user_key(user);
                self.change_member(user, |member| {
                    member.devices.remove(device);
                    match new {
                        Some(new) => take_key(member, &new.key, &new.keyring),
                        None => member.access = Access::Waiting,
                    }
                });
                self.block(*user, after);
            }
            Change::Rekey { key, keyring, user } => {
                self.used.extend(keys);
                self.retire_user_key(user);
                self.change_member(user, |member| take_key(member, key, keyring));
                self.block(*user, after);
            }
            Change::Discredit { revocation } => {
                let said = revocation.body();
                self.revoked.insert((said.issuer, said.credential), after);
            }
        }
    }

    fn start_epoch(&mut self, entry: &Entry, epoch: &NewEpoch, after: u64) {
        let NewEpoch { back, boxes, number, read } = epoch.clone();
        self.epochs.push(Epoch {
            at: entry.at,
            back,
            blocked: None,
            boxes,
            by: entry.by,
            from: after,
            number,
            read,
        });
        self.due.clear();
        for member in self.members.values_mut().filter(|member| member.gets_box()) {
            member.access = Access::Current;
        }
    }

    pub(super) fn admit(
        &mut self,
        join: &Join,
        role: Role,
        profile: Option<SealedProfile>,
        keys: Keys,
        after: u64,
    ) {
        let member = &join.member;
        let user = member.user;
        self.used.extend(keys);
        let devices =
            member.devices.iter().map(|claimed| self.register(&claimed.device, user, after)).collect();
        let Member { key, keyring, .. } = member.clone();
        let member = CircleMember { access: Access::NextEpoch, devices, key, keyring, profile, role };
        self.past.entry(user).or_default().roles.push((after, Some(role)));
        self.put(user, member);
        self.has_signed(&join.by, after);
    }

    /// A device has shown that it is here: it signed.
    pub(super) fn has_signed(&mut self, device: &Sha256, after: u64) {
        if let Some(record) = self.devices.get_mut(device) {
            record.signed.get_or_insert(after);
        }
    }

    fn register(&mut self, device: &Device, user: Id, after: u64) -> Sha256 {
        let id = device.id();
        let devices = &mut self.past.entry(user).or_default().devices;
        if !devices.contains(&id) {
            devices.push(id);
        }
        let new = || DeviceRecord { device: device.clone(), signed: None, spans: Vec::new(), user };
        self.devices.entry(id).or_insert_with(new).spans.push((after, None));
        id
    }

    fn change_role(&mut self, user: &Id, role: Role, after: u64) {
        let mut was = role;
        self.change_member(user, |member| {
            was = member.role;
            member.role = role;
            // An officer's box is the next epoch's, once they are none.
            if (was == Role::Officer || role == Role::Officer) && member.access == Access::Current {
                member.access = Access::NextEpoch;
            }
        });
        self.past.entry(*user).or_default().roles.push((after, Some(role)));
        if role == Role::Officer {
            self.block(*user, after);
        } else if was == Role::Officer {
            self.due.insert(*user);
        }
    }

    fn dismiss(&mut self, user: &Id, after: u64) {
        let Some(member) = self.take(user) else { return };
        for device in &member.devices {
            if let Some(record) = self.devices.get_mut(device) {
                record.end(after);
            }
        }
        let past = self.past.entry(*user).or_default();
        past.roles.push((after, None));
        past.profiles.extend(member.profile);
        self.block(*user, after);
    }

    /// The user's present key is not to come back.
    fn retire_user_key(&mut self, user: &Id) {
        if let Some(member) = self.members.get(user) {
            self.used.insert(member.key.recipient().0, None);
        }
    }

    /// A new epoch is due for this user, and nothing may be sealed before it.
    fn block(&mut self, user: Id, after: u64) {
        self.due.insert(user);
        if let Some(epoch) = self.epochs.last_mut() {
            epoch.blocked.get_or_insert(after);
        }
    }

    fn sealed_now(&self, profile: &Base64, from: u64) -> SealedProfile {
        let epoch = self.epochs.last().map_or(0, |epoch| epoch.number);
        SealedProfile { epoch, from, sealed: profile.clone() }
    }

    fn change_member(&mut self, user: &Id, change: impl FnOnce(&mut CircleMember)) {
        let Some(mut member) = self.take(user) else { return };
        change(&mut member);
        self.put(*user, member);
    }

    fn take(&mut self, user: &Id) -> Option<CircleMember> {
        let member = self.members.remove(user)?;
        self.boxed.remove(&member.key.recipient());
        self.admins -= usize::from(self.is_acting_admin(&member));
        Some(member)
    }

    fn put(&mut self, user: Id, member: CircleMember) {
        self.admins += usize::from(self.is_acting_admin(&member));
        if member.gets_box() {
            self.boxed.insert(member.key.recipient(), user);
        }
        self.members.insert(user, member);
    }
}

fn take_key(member: &mut CircleMember, key: &KemKey, keyring: &BoxesHead) {
    member.key = key.clone();
    member.keyring = *keyring;
    if member.access == Access::Waiting {
        member.access = Access::NextEpoch;
    }
}
