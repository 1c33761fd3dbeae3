//! Writing a membership log: every entry is taken by the circle that it is for before anybody else sees it.

use curtain_wire::boxes::{BoxSet, KemKey};
use curtain_wire::canonical::{Base64, Suite};
use curtain_wire::credential::{self, Holder, Profile, Revocation, Role, Setting};
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::level::Level;
use curtain_wire::membership::{
    Access, Add, BackLink, Change, ClaimedDevice, Create, Entry, History, Join, Member, NewEpoch, NewKey,
};
use curtain_wire::statement::{PublicKey, Signed};
use ring::rand::SystemRandom;

use super::{At, CircleError, EpochSecret, Identity, MyCircle};
use crate::keys::Keyring;
use crate::time::UnixTime;

/// The hand of one device: writes entries in its owner's name.
#[derive(Clone, Copy, Debug)]
pub struct Pen<'a> {
    me: &'a Identity,
    now: UnixTime,
    random: &'a SystemRandom,
}

/// A circle that was just created, to be handed out.
#[derive(Debug)]
pub struct Created {
    /// The first entries, as bytes.
    pub entries: Vec<Vec<u8>>,
    /// The boxes of the first epoch.
    pub boxes: BoxSet,
    /// The copies of the user's key that the first entry names.
    pub keyring: Keyring,
    /// The circle, as its creator sees it.
    pub circle: MyCircle,
}

/// A new epoch, to be handed out.
#[derive(Debug)]
pub struct Rotation {
    /// The entry, as bytes.
    pub entry: Vec<u8>,
    /// Its boxes.
    pub boxes: BoxSet,
}

impl<'a> Pen<'a> {
    /// The hand of `me`'s device.
    #[must_use]
    pub fn new(me: &'a Identity, now: UnixTime, random: &'a SystemRandom) -> Self {
        Self { me, now, random }
    }

    /// The device whose hand it is.
    #[must_use]
    pub fn hand(&self) -> Sha256 {
        self.me.device.id()
    }

    /// Creates a circle; `me` is its first admin. Audience, history and issuers stay as they are for good.
    ///
    /// # Errors
    /// [`CircleError`].
    pub fn create(
        &self,
        salt: Id,
        audience: Level,
        history: History,
        mut issuers: Vec<PublicKey>,
    ) -> Result<Created, CircleError> {
        issuers.sort_unstable();
        issuers.dedup();
        let (join, keyring) = self.join(None)?;
        let create = Create { audience, history, issuers, join, salt };
        let me = &self.me.device;
        let first = Entry::create(self.now, me.id(), create, |message| me.object().sign(message)).to_bytes();
        let mut circle = MyCircle::open(std::slice::from_ref(&first), self.me.user, [])?;
        let Rotation { entry, boxes } = self.rotate(&mut circle)?;
        let profile = self.profile(&mut circle)?;
        Ok(Created { entries: vec![first, entry, profile], boxes, keyring, circle })
    }

    /// Asks to join a circle; `None` for one that is being created. With it goes the keyring that it names.
    ///
    /// # Errors
    /// [`CircleError`].
    pub fn join(&self, circle: Option<Sha256>) -> Result<(Signed<Join>, Keyring), CircleError> {
        let keyring = self.me.keyring(self.random)?;
        let mut devices: Vec<ClaimedDevice> =
            self.me.devices.iter().map(|listed| listed.claimed.clone()).collect();
        devices.sort_unstable_by_key(ClaimedDevice::id);
        let (key, user) = (self.me.key()?.public(), self.me.user);
        let member = Member { devices, key, keyring: keyring.head(), user };
        let join = Join { at: self.now, by: self.me.device.id(), circle, member, suite: Suite };
        Ok((self.me.device.object().state(join), keyring))
    }

    /// Lets somebody in, if their credential covers the role. They read from the next epoch on.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn add(
        &self,
        circle: &mut MyCircle,
        join: Signed<Join>,
        profile: &Profile,
        role: Role,
    ) -> Result<Vec<u8>, CircleError> {
        let member = &join.body().member;
        // The others in it are listed, and did not sign.
        let devices = [join.body().by];
        let user = member.user;
        let log = circle.circle();
        let (audience, issuers, revoked, size) = (log.audience(), log.issuers(), log.revoked(), log.size());
        let setting = Setting { audience, issuers, revoked, size };
        let holder = Holder { user, devices: &devices, role };
        credential::check(profile.credential.as_ref(), &setting, &holder, self.now)?;
        let profile = self.sealed_profile(circle, user, profile)?;
        self.write(circle, Change::Add(Add { join, profile, role }))
    }

    /// Sends the owner's own name and credential anew: after a renewal.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn profile(&self, circle: &mut MyCircle) -> Result<Vec<u8>, CircleError> {
        let user = self.me.user;
        let profile = self.sealed_profile(circle, user, &self.me.profile()?)?;
        self.write(circle, Change::Profile { profile, user })
    }

    /// Gives a member another role, if their credential covers it.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn role(&self, circle: &mut MyCircle, user: Id, role: Role) -> Result<Vec<u8>, CircleError> {
        // Where no credential is asked for, none needs to open.
        let profile = circle.member(user, self.now).map(|member| member.profile).ok();
        let credential = profile.as_ref().and_then(|profile| profile.credential.as_ref());
        let log = circle.circle();
        log.check_credential(user, role, credential, log.size(), self.now)?;
        self.write(circle, Change::Role { role, user })
    }

    /// Removes a member, or leaves. A rotation is due.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn remove(&self, circle: &mut MyCircle, user: Id) -> Result<Vec<u8>, CircleError> {
        self.write(circle, Change::Remove { user })
    }

    /// Brings what an issuer says: a credential does not count any more.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn discredit(
        &self,
        circle: &mut MyCircle,
        revocation: Signed<Revocation>,
    ) -> Result<Vec<u8>, CircleError> {
        self.write(circle, Change::Discredit { revocation })
    }

    /// Lists one more device of the owner; `me` has it among its devices already.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn device(&self, circle: &mut MyCircle, device: Sha256) -> Result<(Vec<u8>, Keyring), CircleError> {
        let listed = self.me.devices.iter().find(|listed| listed.id() == device);
        let device = listed.ok_or(CircleError::NoSuchDevice)?.claimed.clone();
        let keyring = self.me.keyring(self.random)?;
        let change = Change::Device { device, keyring: keyring.head(), user: self.me.user };
        Ok((self.write(circle, change)?, keyring))
    }

    /// Revokes a device of the owner's own: `me` has the new user key, and no longer that device. A rotation is due.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn revoke_own(
        &self,
        circle: &mut MyCircle,
        device: Sha256,
    ) -> Result<(Vec<u8>, Keyring), CircleError> {
        let keyring = self.me.keyring(self.random)?;
        let new = NewKey { key: self.me.key()?.public(), keyring: keyring.head() };
        let change = Change::Revoke { device, new: Some(new), user: self.me.user };
        Ok((self.write(circle, change)?, keyring))
    }

    /// Revokes a device of another member, as an admin. A rotation is due, and the member reads nothing new until they made
    /// a new key with [`Self::rekey`].
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn revoke(&self, circle: &mut MyCircle, user: Id, device: Sha256) -> Result<Vec<u8>, CircleError> {
        self.write(circle, Change::Revoke { device, new: None, user })
    }

    /// Announces the owner's new key: `me` has it. A rotation is due.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn rekey(&self, circle: &mut MyCircle) -> Result<(Vec<u8>, Keyring), CircleError> {
        let keyring = self.me.keyring(self.random)?;
        let key = self.me.key()?.public();
        let change = Change::Rekey { key, keyring: keyring.head(), user: self.me.user };
        Ok((self.write(circle, change)?, keyring))
    }

    /// Begins a new epoch: a fresh secret, sealed to everybody who is in now, and the last one sealed under it.
    ///
    /// # Errors
    /// [`CircleError`]; nothing changed.
    pub fn rotate(&self, circle: &mut MyCircle) -> Result<Rotation, CircleError> {
        let log = circle.circle();
        // Before boxes are made for thousands.
        log.check_may_rotate(&self.me.device.id())?;
        let number = log.epochs().len() as u64;
        let at = At::new(log.id(), number);
        let secret = EpochSecret::make(self.random)?;
        self.check_newcomers(circle)?;
        let back = match circle.link_to() {
            Some((to, before)) => {
                let sealed = Base64(secret.back_link(at, before, log.history(), self.random)?);
                Some(BackLink { sealed, to })
            }
            None if number > 0 => return Err(CircleError::NoSecret),
            None => None,
        };
        let members: Vec<KemKey> = log.recipients().map(|(_, _, key)| key.clone()).collect();
        let boxes = secret.boxes(at, &members, self.random)?;
        let epoch = NewEpoch { back, boxes: boxes.head(), number, read: secret.read_key().public() };
        let entry = self.write(circle, Change::Epoch(epoch))?;
        circle.take_secret(number, secret)?;
        Ok(Rotation { entry, boxes })
    }

    /// Whoever comes in with an epoch reads what was posted before, too: no box for somebody whose credential does not
    /// cover the role, however they were added.
    fn check_newcomers(&self, circle: &MyCircle) -> Result<(), CircleError> {
        let log = circle.circle();
        let newcomers = log.members().filter(|(user, member)| {
            *user != self.me.user && member.role != Role::Officer && member.access == Access::NextEpoch
        });
        for (user, _) in newcomers.filter(|_| log.audience() != Level::Publication) {
            circle.member(user, self.now)?.credential?;
        }
        Ok(())
    }

    fn sealed_profile(&self, circle: &MyCircle, user: Id, profile: &Profile) -> Result<Base64, CircleError> {
        let log = circle.circle();
        let epoch = log.epoch().ok_or(CircleError::NoSecret)?.number;
        let directory = circle.secret(epoch)?.directory();
        Ok(Base64(directory.seal_profile(log.id(), epoch, user, profile, self.random)?))
    }

    fn write(&self, circle: &mut MyCircle, change: Change) -> Result<Vec<u8>, CircleError> {
        let device = &self.me.device;
        let sign = |message: &[u8]| device.object().sign(message);
        let entry = circle.circle().entry(self.now, device.id(), change, sign).to_bytes();
        circle.append(&entry, self.now)?;
        Ok(entry)
    }
}
