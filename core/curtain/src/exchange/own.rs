//! The user's own devices and key, across all circles: what one device decided, the logs carry to the others.

use std::collections::{BTreeMap, BTreeSet};

use curtain_wire::membership::{Change, ClaimedDevice, Entry};
use curtain_wire::statement::Signed;
use ring::rand::SystemRandom;

use super::pull::{Changed, Rotate, Written, fetch, keep, kept, publish, rotated, take_box, user_key, waits};
use super::{ExchangeError, Here, Road, pull};
use crate::circle::{CircleError, Identity, MyCircle, Pen};
use crate::hash::{Id, Sha256};
use crate::keys::{DeviceKeys, ListedDevice, RecoveryCode, UserKey};
use crate::time::UnixTime;
use crate::vault::{KeyStore, Vault, VaultError};

/// What became of the user's devices and key in one circle.
#[derive(Debug)]
pub struct Announced {
    /// The circle.
    pub circle: Sha256,
    /// What was changed there; or why not: it can be done again.
    pub changed: Result<Changed, ExchangeError>,
}

/// Who came back with a recovery code.
#[derive(Debug)]
pub struct Restored {
    /// The user on this new device: kept.
    pub me: Identity,
    /// Their circles: each was taken in.
    pub circles: Vec<Announced>,
}

/// What membership logs say of the devices of one user.
#[derive(Default)]
struct Census {
    claims: BTreeMap<Sha256, ClaimedDevice>,
    /// Keys that the user had, by hash.
    keys: BTreeSet<Sha256>,
    /// Devices that the user revoked anywhere. What an admin revokes is revoked in that circle alone.
    revoked: BTreeSet<Sha256>,
}

impl Census {
    /// Of entries that were verified.
    fn read(&mut self, entries: &[Vec<u8>], user: Id) {
        for entry in entries.iter().filter_map(|bytes| Signed::<Entry>::parse(bytes).ok()) {
            match &entry.body().change {
                Change::Create(create) => self.claim(user, create.join.body()),
                Change::Add(add) => self.claim(user, add.join.body()),
                Change::Device { device, user: of, .. } if *of == user => {
                    self.claims.insert(device.id(), device.clone());
                }
                Change::Revoke { device, new: Some(new), user: of } if *of == user => {
                    self.revoked.insert(*device);
                    self.keys.insert(new.key.recipient());
                }
                Change::Rekey { key, user: of, .. } if *of == user => {
                    self.keys.insert(key.recipient());
                }
                _ => {}
            }
        }
    }

    fn claim(&mut self, user: Id, join: &curtain_wire::membership::Join) {
        if join.member.user == user {
            let claims = join.member.devices.iter().map(|claimed| (claimed.id(), claimed.clone()));
            self.claims.extend(claims);
            self.keys.insert(join.member.key.recipient());
        }
    }

    /// A device that a log lists, with its X-Wing key.
    fn listed(&self, road: &dyn Road, device: &Sha256) -> Result<ListedDevice, ExchangeError> {
        let claimed = self.claims.get(device).ok_or(ExchangeError::Missing)?.clone();
        let seal = road.seal_key(claimed.device.seal)?;
        Ok(ListedDevice { claimed, seal })
    }
}

/// Of all circles that are kept.
fn census(here: &Here<'_>) -> Result<Census, ExchangeError> {
    let mut census = Census::default();
    for circle in here.vault.circles()? {
        census.read(&here.vault.entries(circle.id)?, here.me.user);
    }
    census.revoked.extend(here.vault.gone()?);
    Ok(census)
}

/// Takes the user's key as another device of theirs renewed it: the circle knew the key of this device, and has another now.
pub(super) fn take_key(
    here: &mut Here<'_>,
    road: &dyn Road,
    mine: &MyCircle,
    entries: &[&[Vec<u8>]],
) -> Result<(), ExchangeError> {
    let (Some(member), Some(key)) = (mine.circle().member(&here.me.user), &here.me.key) else {
        return Ok(());
    };
    let own = key.public();
    if own == member.key || !member.devices.contains(&here.me.device.id()) {
        return Ok(());
    }
    let mut census = Census::default();
    for entries in entries {
        census.read(entries, here.me.user);
    }
    if !census.keys.contains(&own.recipient()) {
        return Ok(());
    }
    // Where the copy is not there, the circle's box does not open, and that is said.
    if let Ok(key) = user_key(road, mine.circle(), member, here.me.user, &here.me.device) {
        here.me.key = Some(key);
        here.vault.update_identity(here.keys, here.me)?;
    }
    Ok(())
}

/// Takes devices of the user that another device of theirs linked.
pub(super) fn take_devices(here: &mut Here<'_>, road: &dyn Road) -> Result<(), ExchangeError> {
    let census = census(here)?;
    let mut changed = false;
    for circle in here.vault.circles()? {
        let mine = kept(here.vault, here.keys, here.me.user, circle.id)?;
        let Some(member) = mine.circle().member(&here.me.user) else { continue };
        for device in member.devices.iter().filter(|device| !census.revoked.contains(device)) {
            let known = here.me.devices.iter().any(|listed| listed.id() == *device);
            // Where its key is not there yet, it is taken next time.
            if !known && let Ok(listed) = census.listed(road, device) {
                here.me.list(listed)?;
                changed = true;
            }
        }
    }
    if changed {
        here.vault.update_identity(here.keys, here.me)?;
    }
    Ok(())
}

/// Takes in every circle that is kept, and those in the folder that list this device: they are called by the first digits of
/// their ids. Gives their ids.
///
/// # Errors
/// [`ExchangeError`], of a circle that is kept; what else is in the folder may be anything.
pub fn pull_own(here: &mut Here<'_>, road: &dyn Road) -> Result<Vec<Sha256>, ExchangeError> {
    let mut circles: Vec<Sha256> = here.vault.circles()?.iter().map(|circle| circle.id).collect();
    for circle in road.circles()? {
        if circles.contains(&circle) {
            continue;
        }
        if lists(here, road, circle) {
            circles.push(circle);
        }
    }
    for circle in &circles {
        pull(here, road, *circle, &circle.to_string()[..8])?;
    }
    Ok(circles)
}

/// Whether a circle in the road, which is not kept, lists this device; what does not hold lists nobody.
pub(crate) fn lists(here: &Here<'_>, road: &dyn Road, circle: Sha256) -> bool {
    let fetched = fetch(road, circle, here.me.user, &[], Vec::new(), here.now);
    fetched.is_ok_and(|(mine, _)| {
        let member = mine.circle().member(&here.me.user);
        member.is_some_and(|member| member.devices.contains(&here.me.device.id()))
    })
}

/// Tells every circle of the user's present devices and key, and that `struck` is none any more: each in its own log, with a
/// new epoch where one is due and this device may begin it. What a circle knows already is not said again.
///
/// # Errors
/// [`ExchangeError::Vault`]; what went wrong with one circle is in its [`Announced`], and the others are told.
pub fn announce(
    here: &mut Here<'_>,
    road: &dyn Road,
    struck: Option<Sha256>,
) -> Result<Vec<Announced>, ExchangeError> {
    let circles = here.vault.circles()?;
    let mut announced = Vec::new();
    for circle in circles {
        let changed = announce_in(here, road, circle.id, struck);
        announced.push(Announced { circle: circle.id, changed });
    }
    Ok(announced)
}

fn announce_in(
    here: &mut Here<'_>,
    road: &dyn Road,
    circle: Sha256,
    struck: Option<Sha256>,
) -> Result<Changed, ExchangeError> {
    let mut revoked = census(here)?.revoked;
    revoked.extend(struck);
    let entries = here.vault.entries(circle)?;
    let epochs = here.vault.epochs(here.keys, circle)?;
    let (mut mine, new) = fetch(road, circle, here.me.user, &entries, epochs, here.now)?;
    // The box may be for the key before; then the secret of an epoch before is enough.
    let _ = take_box(here.me, road, &mut mine);
    keep(here, &mine, entries.len() as u64, &new)?;
    let mut written = bring_up(here.me, &mut mine, &revoked, here.now, here.random)?;
    let pen = Pen::new(here.me, here.now, here.random);
    let epoch = rotated(&pen, &mut mine, Rotate::IfDue, &mut written)?;
    publish(here, road, &mine, &written)?;
    Ok(Changed { entries: written.len() as u64, epoch, due: mine.circle().rotation_due() })
}

/// Writes what the circle does not know yet of the devices and the key of `me`. Leaves `me` as it was.
fn bring_up(
    me: &mut Identity,
    mine: &mut MyCircle,
    revoked: &BTreeSet<Sha256>,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<Vec<Written>, ExchangeError> {
    let Some(member) = mine.circle().member(&me.user) else { return Ok(Vec::new()) };
    let (listed, key, waits) = (member.devices.clone(), member.key.clone(), waits(member));
    let own: BTreeSet<Sha256> = me.devices.iter().map(ListedDevice::id).collect();
    let gone: Vec<Sha256> = listed.intersection(revoked).copied().collect();
    if listed.iter().any(|device| !own.contains(device) && !revoked.contains(device)) {
        return Err(ExchangeError::Missing);
    }
    let is_new = |device: &Sha256| mine.circle().device(device).is_none();
    let new: Vec<Sha256> = own.iter().copied().filter(is_new).collect();
    let same_key = me.key()?.public() == key;
    if waits && same_key {
        return Err(ExchangeError::OtherKey);
    }
    if gone.is_empty() && new.is_empty() && same_key {
        return Ok(Vec::new());
    }
    if !listed.contains(&me.device.id()) {
        return Err(CircleError::NotIn.into());
    }
    let devices = std::mem::take(&mut me.devices);
    let last = me.key.take().ok_or(CircleError::NotLinked)?;
    let told = Telling { devices: &devices, listed: &listed, key: &last };
    let written = told.all(me, mine, &gone, &new, same_key, now, random);
    me.devices = devices;
    me.key = Some(last);
    written
}

/// What a circle is told: in which each entry names copies of a key for the devices that are left then.
struct Telling<'a> {
    devices: &'a [ListedDevice],
    listed: &'a BTreeSet<Sha256>,
    key: &'a UserKey,
}

impl Telling<'_> {
    #[expect(clippy::too_many_arguments, reason = "what there is to tell, and with what")]
    fn all(
        &self,
        me: &mut Identity,
        mine: &mut MyCircle,
        gone: &[Sha256],
        new: &[Sha256],
        same_key: bool,
        now: UnixTime,
        random: &SystemRandom,
    ) -> Result<Vec<Written>, ExchangeError> {
        let mut written = Vec::new();
        let stays =
            |listed: &&ListedDevice| self.listed.contains(&listed.id()) && !gone.contains(&listed.id());
        let staying: Vec<ListedDevice> = self.devices.iter().filter(stays).cloned().collect();
        for (at, device) in gone.iter().enumerate() {
            let left = gone.len() - 1 - at;
            me.devices.clone_from(&staying);
            for _ in 0..left {
                // In place of a device that goes next: a copy that nobody opens.
                let seal = UserKey::make(me.user, random)?.public();
                me.devices.push(ListedDevice { claimed: me.device.listed().claimed, seal });
            }
            // Each revocation brings a key that the circle never saw.
            me.key = Some(if left == 0 { self.copy() } else { UserKey::make(me.user, random)? });
            let entry = Pen::new(me, now, random).revoke_own(mine, *device)?;
            written.push(Written::with_keyring(entry, me));
        }
        me.devices = staying;
        me.key = Some(self.copy());
        if gone.is_empty() && !same_key {
            let entry = Pen::new(me, now, random).rekey(mine)?;
            written.push(Written::with_keyring(entry, me));
        }
        for device in new {
            me.devices.extend(self.devices.iter().find(|listed| listed.id() == *device).cloned());
            let entry = Pen::new(me, now, random).device(mine, *device)?;
            written.push(Written::with_keyring(entry, me));
        }
        Ok(written)
    }

    fn copy(&self) -> UserKey {
        UserKey::from_seed(self.key.user, *self.key.seed())
    }
}

/// Takes a device off the user's own, makes a new key that it will not have, and tells every circle. Where the device is off
/// already, circles that were not told are.
///
/// # Errors
/// [`ExchangeError`]; [`CircleError::NoSuchDevice`] for this device itself, and one that neither this device nor a circle
/// knows.
pub fn revoke(here: &mut Here<'_>, road: &dyn Road, device: Sha256) -> Result<Vec<Announced>, ExchangeError> {
    if here.me.devices.iter().any(|listed| listed.id() == device) {
        here.me.strike(device, here.random)?;
        // First: whatever goes wrong from here on, it does not come back.
        here.vault.keep_gone(device)?;
        here.vault.update_identity(here.keys, here.me)?;
    } else if !census(here)?.claims.contains_key(&device) {
        return Err(CircleError::NoSuchDevice.into());
    }
    announce(here, road, Some(device))
}

/// Makes a new user key after an admin revoked a device in `circle`, and tells every circle.
///
/// # Errors
/// [`ExchangeError`].
pub fn rekey(
    here: &mut Here<'_>,
    road: &dyn Road,
    circle: &MyCircle,
) -> Result<Vec<Announced>, ExchangeError> {
    let member = circle.circle().member(&here.me.user).ok_or(CircleError::NotIn)?;
    // A key that the circle never saw is there already, if telling it failed the last time.
    if here.me.key()?.public() == member.key {
        here.me.key = Some(UserKey::make(here.me.user, here.random)?);
        here.vault.update_identity(here.keys, here.me)?;
    }
    announce(here, road, None)
}

/// Brings a user back to a new device, in a vault without an identity, with the recovery code: takes the user's key from a
/// circle in the folder that lists the code as a device, and lists this device in every such circle.
///
/// The folder shows what it shows: a state from before is not told from the present one without a witness.
/// # Errors
/// [`ExchangeError`]; [`ExchangeError::CodeUnknown`].
pub fn restore(
    vault: &mut Vault,
    keys: &dyn KeyStore,
    (code, user): (&RecoveryCode, Id),
    name: Option<&str>,
    road: &dyn Road,
    now: UnixTime,
    random: &SystemRandom,
) -> Result<Restored, ExchangeError> {
    if vault.identity(keys)?.is_some() {
        return Err(VaultError::Exists.into());
    }
    let found = find(road, code, user, now)?;
    let mut census = Census::default();
    for found in &found {
        census.read(&found.entries, user);
    }
    let name = name.map(str::to_owned).or_else(|| found.iter().find_map(|found| found.name.clone()));
    let mut devices: BTreeMap<Sha256, ListedDevice> = BTreeMap::new();
    for device in found.iter().flat_map(|found| &found.devices) {
        if !census.revoked.contains(device) {
            devices.insert(*device, census.listed(road, device)?);
        }
    }
    // Where circles know different keys, the others have not heard of the newest yet.
    let key = found.iter().max_by_key(|found| found.newest).ok_or(ExchangeError::CodeUnknown)?.key.seed();
    let device = DeviceKeys::make(user, &vault.log_key(now)?, random)?;
    let made = device.listed();
    let by = |device: DeviceKeys| Identity {
        user,
        name: name.clone().unwrap_or_default(),
        device,
        key: Some(UserKey::from_seed(user, *key)),
        old_keys: Vec::new(),
        credential: None,
        devices: devices.values().cloned().collect(),
    };
    let (mut me, mut hand) = (by(device), by(code.device(user)));
    me.list(made.clone())?;
    hand.list(made)?;
    me.name = name.clone().ok_or(ExchangeError::NameNeeded)?;
    vault.keep_identity(keys, &me, now)?;
    for Found { circle, entries, .. } in &found {
        vault.keep_circle(*circle, &circle.to_string()[..8])?;
        vault.keep_entries(keys, *circle, 0, entries, &[])?;
    }
    // With the hand of the code, until the circles know this device.
    let circles = announce(&mut Here { vault, keys, me: &mut hand, random, now }, road, None)?;
    Ok(Restored { me, circles })
}

/// The devices of a user that circles in the folder list, which list the recovery code too.
///
/// # Errors
/// [`ExchangeError`]; [`ExchangeError::CodeUnknown`].
pub fn devices_by_code(
    road: &dyn Road,
    code: &RecoveryCode,
    user: Id,
    now: UnixTime,
) -> Result<BTreeSet<Sha256>, ExchangeError> {
    Ok(find(road, code, user, now)?.into_iter().flat_map(|found| found.devices).collect())
}

/// Whether a device that the user revoked is still listed in a circle: whoever has it reads what is posted there.
///
/// # Errors
/// [`ExchangeError::StillListed`], [`ExchangeError::Vault`].
pub fn check_gone(vault: &Vault, circle: &MyCircle, user: Id) -> Result<(), ExchangeError> {
    let gone = vault.gone()?;
    let listed = circle.circle().member(&user).is_some_and(|member| !member.devices.is_disjoint(&gone));
    if listed { Err(ExchangeError::StillListed) } else { Ok(()) }
}

/// A circle that lists a recovery code.
struct Found {
    circle: Sha256,
    entries: Vec<Vec<u8>>,
    devices: BTreeSet<Sha256>,
    key: UserKey,
    name: Option<String>,
    newest: UnixTime,
}

fn find(road: &dyn Road, code: &RecoveryCode, user: Id, now: UnixTime) -> Result<Vec<Found>, ExchangeError> {
    let recovery = code.device(user).id();
    let mut all = Vec::new();
    for circle in road.circles()? {
        // Whoever has the folder may put anything there.
        let Ok((mut mine, entries)) = fetch(road, circle, user, &[], Vec::new(), now) else { continue };
        let Some(member) = mine.circle().member(&user) else { continue };
        if !member.devices.contains(&recovery) {
            continue;
        }
        let (devices, newest) = (member.devices.clone(), mine.circle().newest());
        let key = user_key(road, mine.circle(), member, user, &code.device(user))?;
        let copy = UserKey::from_seed(user, *key.seed());
        let hand = Identity {
            user,
            name: String::new(),
            device: code.device(user),
            key: Some(copy),
            old_keys: Vec::new(),
            credential: None,
            devices: Vec::new(),
        };
        // A name that does not open can be given.
        let _ = take_box(&hand, road, &mut mine);
        let name = mine.profile(user).ok().map(|profile| profile.name);
        all.push(Found { circle, entries, devices, key, name, newest });
    }
    if all.is_empty() { Err(ExchangeError::CodeUnknown) } else { Ok(all) }
}
