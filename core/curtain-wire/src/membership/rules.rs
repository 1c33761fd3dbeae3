//! What may follow what in a membership log.

use std::collections::{BTreeMap, BTreeSet};

use super::circle::{Access, Circle, CircleMember, MAX_MEMBERS, Owner, Signer};
use super::entry::{
    Add, BackLink, Change, ClaimedDevice, Create, Entry, Join, MAX_DEVICES, MAX_ISSUERS, MAX_PROFILE_BYTES,
    Member, NewEpoch, Use,
};
use super::error::MembershipError as Error;
use crate::boxes::{BoxesHead, KemKey};
use crate::canonical::{self, Base64, Suite};
use crate::checkpoint::log_of;
use crate::credential::{Revocation, Role};
use crate::hash::{Id, Sha256};
use crate::level::Level;
use crate::note::Algorithm;
use crate::statement::{PublicKey, Signed};
use crate::time::UnixTime;

/// Suite byte, salt, commitment, 32 bytes and their tag.
const WRAPPED_KEY_BYTES: usize = 105;

/// Suite byte, salt, commitment and tag: of what is sealed, no byte is left in fewer.
const SEALED_OVERHEAD: usize = 1 + 24 + 32 + 16;

/// Keys that may serve from now on, with who may bring each along when coming back; None for nobody.
pub(super) type Keys = BTreeMap<[u8; 32], Option<Owner>>;

/// How far after now an entry may say that it was made, in seconds: clocks differ.
const MAX_AHEAD_S: i64 = 300;

/// Whether keys that served may serve again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeysMay {
    /// They must be new.
    BeNew,
    /// Their owner left with them, and comes back.
    ComeBack,
}

impl Circle {
    /// Starts with the bytes of a log's first entry.
    ///
    /// # Errors
    /// [`Error`], for the first rule that is broken.
    pub fn open(first: &[u8]) -> Result<Self, Error> {
        let statement = Signed::<Entry>::parse(first)?;
        let entry = statement.body();
        let Change::Create(create) = &entry.change else { return Err(Error::CreateFirst) };
        if entry.n != 0 {
            return Err(Error::Number { expected: 0, given: entry.n });
        }
        if entry.prev.is_some() {
            return Err(Error::Previous);
        }
        if entry.circle.is_some() {
            return Err(Error::OtherCircle);
        }
        check_issuers(&create.issuers, create.audience)?;
        let Create { audience, history, issuers, join, .. } = create.clone();
        let mut circle = Self::started(first, entry.at, audience, history, issuers);
        let keys = circle.check_join(&join, None)?;
        let member = &join.body().member;
        let signer = member.devices.iter().find(|claimed| claimed.id() == entry.by);
        let signer = &signer.ok_or(Error::UnknownSigner)?.device;
        statement.verify(&signer.object).map_err(|_| Error::BadSignature)?;
        if signer.r#use != Use::Posting {
            return Err(Error::RecoveryDevice);
        }
        circle.admit(join.body(), Role::Admin, None, keys, circle.size());
        circle.has_signed(&entry.by, circle.size());
        Ok(circle)
    }

    /// [`Self::append`] for an entry that others give, which must not be made after `now`, give or take five minutes: no
    /// later entry could be earlier.
    ///
    /// # Errors
    /// [`Error`], for the first rule that is broken.
    pub fn append_by(&mut self, bytes: &[u8], now: UnixTime) -> Result<Signed<Entry>, Error> {
        let signed = Signed::<Entry>::parse(bytes)?;
        if signed.body().at.seconds() > now.seconds().saturating_add(MAX_AHEAD_S) {
            return Err(Error::Ahead);
        }
        self.take_statement(signed, bytes)
    }

    /// Takes the bytes of the next entry, and gives what they say. On an error nothing has changed.
    ///
    /// Costs two signature checks, and two more for each device that comes in, and a time that hardly grows with the log,
    /// but for an epoch, which looks at every member.
    ///
    /// # Errors
    /// [`Error`], for the first rule that is broken.
    pub fn append(&mut self, bytes: &[u8]) -> Result<Signed<Entry>, Error> {
        self.take_statement(Signed::parse(bytes)?, bytes)
    }

    fn take_statement(&mut self, statement: Signed<Entry>, bytes: &[u8]) -> Result<Signed<Entry>, Error> {
        let entry = statement.body();
        self.check_place(entry)?;
        let Some(signer) = self.signer(&entry.by) else {
            let was_in = self.devices.contains_key(&entry.by);
            return Err(if was_in { Error::SignerOut } else { Error::UnknownSigner });
        };
        statement.verify(&signer.device.object).map_err(|_| Error::BadSignature)?;
        let keys = self.check_change(&signer, &entry.change)?;
        self.apply(entry, keys);
        self.has_signed(&entry.by, self.size() + 1);
        self.grow(bytes, entry.at);
        Ok(statement)
    }

    fn check_place(&self, entry: &Entry) -> Result<(), Error> {
        let head = self.head();
        if entry.n != head.size {
            return Err(Error::Number { expected: head.size, given: entry.n });
        }
        if entry.circle != Some(head.circle) {
            return Err(Error::OtherCircle);
        }
        if entry.prev != Some(head.last) {
            return Err(Error::Previous);
        }
        if entry.at < self.newest { Err(Error::TimeGoesBack) } else { Ok(()) }
    }

    /// Gives the keys that serve from now on.
    fn check_change(&self, signer: &Signer<'_>, change: &Change) -> Result<Keys, Error> {
        if matches!(change, Change::Create(_)) {
            return Err(Error::CreateAgain);
        }
        if self.epochs.is_empty() && !matches!(change, Change::Epoch(_)) {
            return Err(Error::EpochFirst);
        }
        check_recovery(signer, change)?;
        check_waiting(signer, change)?;
        match change {
            Change::Create(_) => Err(Error::CreateAgain),
            Change::Epoch(epoch) => self.check_epoch(signer, epoch),
            Change::Add(add) => self.check_add(signer, add),
            Change::Profile { profile, user } => {
                if *user != signer.user {
                    must_be_admin(signer)?;
                }
                self.current(user)?;
                check_profile(profile).map(|()| Keys::new())
            }
            Change::Role { role, user } => self.check_role(signer, *role, user),
            Change::Remove { user } => {
                if *user != signer.user {
                    must_be_admin(signer)?;
                }
                self.check_admin_stays(self.current(user)?)?;
                Ok(Keys::new())
            }
            Change::Device { device, keyring, user } => {
                let member = self.own(signer, user)?;
                if member.devices.len() >= MAX_DEVICES {
                    return Err(Error::DeviceCount);
                }
                check_keyring(keyring, member.devices.len() + 1)?;
                self.new_keys(std::slice::from_ref(device), None, user, KeysMay::BeNew)
            }
            Change::Revoke { device, new, user } => {
                let member = self.current(user)?;
                if *user != signer.user {
                    must_be_admin(signer)?;
                    if new.is_some() {
                        return Err(Error::NewKeyNotTheirs);
                    }
                }
                if !member.devices.contains(device) {
                    return Err(Error::UnknownDevice);
                }
                if *user != signer.user {
                    return Ok(Keys::new());
                }
                if *device == signer.id {
                    return Err(Error::RevokesItself);
                }
                let new = new.as_ref().ok_or(Error::NewKeyMissing)?;
                if !self.acts_without(member, device) {
                    self.check_admin_stays(member)?;
                }
                check_keyring(&new.keyring, member.devices.len() - 1)?;
                self.new_keys(&[], Some(&new.key), user, KeysMay::BeNew)
            }
            Change::Rekey { key, keyring, user } => {
                check_keyring(keyring, self.own(signer, user)?.devices.len())?;
                self.new_keys(&[], Some(key), user, KeysMay::BeNew)
            }
            Change::Discredit { revocation } => self.check_discredit(signer, revocation),
        }
    }

    fn check_epoch(&self, signer: &Signer<'_>, epoch: &NewEpoch) -> Result<Keys, Error> {
        self.may_rotate(signer)?;
        let expected = self.epochs.len() as u64;
        if epoch.number != expected {
            return Err(Error::EpochNumber { expected, given: epoch.number });
        }
        let sealed = |BackLink { sealed: Base64(sealed), to }: &BackLink| {
            sealed.len() == WRAPPED_KEY_BYTES && sealed[0] == Suite::BYTE && *to < expected
        };
        if epoch.back.is_some() != (expected > 0) || !epoch.back.iter().all(sealed) {
            return Err(Error::BackLink);
        }
        let users = self.boxed.len() as u64;
        if epoch.boxes.count != users {
            return Err(Error::BoxCount { expected: users, given: epoch.boxes.count });
        }
        if self.used.contains_key(&epoch.read.0) {
            Err(Error::KeyUsed)
        } else {
            Ok(Keys::from([(epoch.read.0, None)]))
        }
    }

    /// Whether the device with this id may start the next epoch now.
    ///
    /// # Errors
    /// [`Error::UnknownSigner`], [`Error::Waiting`], [`Error::NotDue`], [`Error::DueForOthers`], [`Error::HasNoBox`].
    pub fn check_may_rotate(&self, device: &Sha256) -> Result<(), Error> {
        let signer = self.signer(device).ok_or(Error::UnknownSigner)?;
        if signer.access == Access::Waiting {
            return Err(Error::Waiting);
        }
        self.may_rotate(&signer)
    }

    fn may_rotate(&self, signer: &Signer<'_>) -> Result<(), Error> {
        if signer.role == Role::Admin && signer.is_posting() {
            return Ok(());
        }
        if self.due.is_empty() {
            return Err(Error::NotDue);
        }
        if self.due.iter().any(|user| *user != signer.user) {
            return Err(Error::DueForOthers);
        }
        // Who lacks the secret cannot make the link back to it; an officer must never have one.
        if signer.role == Role::Officer || signer.access != Access::Current {
            return Err(Error::HasNoBox);
        }
        Ok(())
    }

    fn check_add(&self, signer: &Signer<'_>, add: &Add) -> Result<Keys, Error> {
        must_be_admin(signer)?;
        self.check_audience(add.role)?;
        check_profile(&add.profile)?;
        if self.members.contains_key(&add.join.body().member.user) {
            return Err(Error::UserAlreadyIn);
        }
        if self.members.len() >= MAX_MEMBERS {
            return Err(Error::CircleFull);
        }
        self.check_join(&add.join, Some(self.id))
    }

    fn check_role(&self, signer: &Signer<'_>, role: Role, user: &Id) -> Result<Keys, Error> {
        must_be_admin(signer)?;
        let member = self.current(user)?;
        if member.role == role {
            return Err(Error::RoleUnchanged);
        }
        self.check_audience(role)?;
        self.check_admin_stays(member)?;
        Ok(Keys::new())
    }

    fn check_discredit(&self, signer: &Signer<'_>, revocation: &Signed<Revocation>) -> Result<Keys, Error> {
        if !signer.is_posting() {
            return Err(Error::RecoveryDevice);
        }
        let issuer = revocation.body().issuer;
        if !self.issuers.contains(&issuer) {
            return Err(Error::UnknownIssuer);
        }
        let said = revocation.verify(&issuer).map_err(|_| Error::RevocationSignature)?;
        if self.revoked.contains_key(&(issuer, said.credential)) {
            return Err(Error::AlreadyDiscredited);
        }
        Ok(Keys::new())
    }

    fn current(&self, user: &Id) -> Result<&CircleMember, Error> {
        self.members.get(user).ok_or(Error::UserNotIn)
    }

    fn own(&self, signer: &Signer<'_>, user: &Id) -> Result<&CircleMember, Error> {
        if *user == signer.user { self.current(user) } else { Err(Error::NotTheUser) }
    }

    fn check_audience(&self, role: Role) -> Result<(), Error> {
        let students = self.audience == Level::CareAdvice && role == Role::Student;
        if students { Err(Error::StudentInCareAdvice) } else { Ok(()) }
    }

    /// Whether an admin would be left without `member`. One who waits cannot act, and may never come back.
    fn check_admin_stays(&self, member: &CircleMember) -> Result<(), Error> {
        if self.is_acting_admin(member) && self.admins == 1 { Err(Error::LastAdmin) } else { Ok(()) }
    }

    fn check_join(&self, join: &Signed<Join>, circle: Option<Sha256>) -> Result<Keys, Error> {
        let said = join.body();
        if said.circle != circle {
            return Err(Error::JoinCircle);
        }
        let Member { devices, key, keyring, user } = &said.member;
        if devices.is_empty() || devices.len() > MAX_DEVICES {
            return Err(Error::DeviceCount);
        }
        let ids: Vec<Sha256> = devices.iter().map(ClaimedDevice::id).collect();
        if !ids.is_sorted_by(|one, next| one < next) {
            return Err(Error::DeviceOrder);
        }
        let by = ids.iter().position(|id| *id == said.by).map(|at| &devices[at].device);
        let by = by.filter(|device| device.r#use == Use::Posting).ok_or(Error::JoinSigner)?;
        join.verify(&by.object).map_err(|_| Error::JoinSignature)?;
        // Names and credentials of before are still here: nobody else comes back as this user. What the device signed when
        // it was here is public, so it must sign this join itself.
        let comes_back = || self.devices.get(&said.by).is_some_and(|record| record.user == *user);
        if self.past.contains_key(user) && !comes_back() {
            return Err(Error::NotThatUser);
        }
        check_keyring(keyring, devices.len())?;
        let mut keys = self.new_keys(devices, Some(key), user, KeysMay::ComeBack)?;
        // Who left is not brought back by what they signed before.
        let once = Sha256::of(&canonical::to_bytes(said)).0;
        if self.used.contains_key(&once) {
            return Err(Error::JoinUsed);
        }
        keys.insert(once, None);
        Ok(keys)
    }

    /// The keys of these devices and this user key, if none of them ever served. A user who comes back may also bring
    /// devices that are not revoked, whole, and the user key of when they left.
    fn new_keys(
        &self,
        devices: &[ClaimedDevice],
        user_key: Option<&KemKey>,
        user: &Id,
        may: KeysMay,
    ) -> Result<Keys, Error> {
        let mut keys = Keys::new();
        for claimed in devices {
            claimed.verify(user).map_err(|_| Error::Claim)?;
            let device = &claimed.device;
            let named = log_of(device.log.name()).is_some();
            if device.log.algorithm() != Algorithm::Ed25519 || !named {
                return Err(Error::LogKey);
            }
            let own = device.keys();
            if BTreeSet::from(own).len() != own.len() {
                return Err(Error::KeysEqual);
            }
            let owner = Owner { user: *user, device: Some(device.id()) };
            for key in own {
                self.take_unused(&mut keys, key, owner, may)?;
            }
        }
        if let Some(key) = user_key {
            self.take_unused(&mut keys, key.recipient().0, Owner { user: *user, device: None }, may)?;
        }
        Ok(keys)
    }

    fn take_unused(&self, keys: &mut Keys, key: [u8; 32], owner: Owner, may: KeysMay) -> Result<(), Error> {
        let comes_back = |was: &Option<Owner>| may == KeysMay::ComeBack && *was == Some(owner);
        let unused = self.used.get(&key).is_none_or(comes_back);
        if unused && keys.insert(key, Some(owner)).is_none() { Ok(()) } else { Err(Error::KeyUsed) }
    }
}

fn must_be_admin(signer: &Signer<'_>) -> Result<(), Error> {
    if signer.role != Role::Admin {
        return Err(Error::NotAdmin);
    }
    if signer.is_posting() { Ok(()) } else { Err(Error::RecoveryDevice) }
}

/// A recovery device brings its user back, and does nothing else.
fn check_recovery(signer: &Signer<'_>, change: &Change) -> Result<(), Error> {
    let may = signer.is_posting()
        || matches!(
            change,
            Change::Device { .. }
                | Change::Revoke { .. }
                | Change::Rekey { .. }
                | Change::Remove { .. }
                | Change::Epoch(_)
        );
    if may { Ok(()) } else { Err(Error::RecoveryDevice) }
}

/// Who waits makes a new user key or leaves, and does nothing else.
fn check_waiting(signer: &Signer<'_>, change: &Change) -> Result<(), Error> {
    let may = signer.access != Access::Waiting
        || match change {
            Change::Rekey { .. } => true,
            Change::Revoke { user, .. } | Change::Remove { user } => *user == signer.user,
            _ => false,
        };
    if may { Ok(()) } else { Err(Error::Waiting) }
}

fn check_profile(profile: &Base64) -> Result<(), Error> {
    let long_enough = (SEALED_OVERHEAD..=MAX_PROFILE_BYTES).contains(&profile.0.len());
    if long_enough && profile.0[0] == Suite::BYTE { Ok(()) } else { Err(Error::Profile) }
}

fn check_keyring(keyring: &BoxesHead, devices: usize) -> Result<(), Error> {
    let (expected, given) = (devices as u64, keyring.count);
    if expected == given { Ok(()) } else { Err(Error::KeyringCount { expected, given }) }
}

fn check_issuers(issuers: &[PublicKey], audience: Level) -> Result<(), Error> {
    let enough = audience == Level::Publication || !issuers.is_empty();
    let ascend = issuers.is_sorted_by(|one, next| one < next);
    if enough && ascend && issuers.len() <= MAX_ISSUERS { Ok(()) } else { Err(Error::Issuers) }
}
