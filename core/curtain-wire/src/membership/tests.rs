//! A small world: users, devices and keys follow from names. `one/1` is a posting device of user `one`, `one/r` a
//! recovery device.

use std::collections::{BTreeMap, BTreeSet};

use ring::signature::KeyPair as _;

use super::*;
use crate::boxes::{BoxesHead, KemKey};
use crate::canonical::{Base64, Suite};
use crate::checkpoint::origin;
use crate::credential::{Revocation, Role};
use crate::hash::{Id, Sha256};
use crate::level::Level;
use crate::note::{Algorithm, VerifierKey};
use crate::statement::{PublicKey, Signature, Signed, Statement};
use crate::test_keys::{named, public, signer};
use crate::time::UnixTime;

mod forks;
mod keys;
mod model;
mod rules;
mod state;

const START: i64 = 1_800_000_000;

pub(crate) fn time(seconds: i64) -> UnixTime {
    UnixTime::new(START + seconds).unwrap()
}

pub(crate) fn id(name: &str) -> Id {
    let mut id = Id([0; 16]);
    id.0.copy_from_slice(&Sha256::of(name.as_bytes()).0[..16]);
    id
}

fn key(name: &str) -> PublicKey {
    PublicKey(named(name).public_key().as_ref().try_into().unwrap())
}

pub(crate) fn sign(name: &str) -> impl Fn(&[u8]) -> [u8; 64] + use<> {
    let pair = named(name);
    move |message| pair.sign(message).as_ref().try_into().unwrap()
}

/// Signs statements as this device.
pub(crate) fn sign_as(device: &str) -> impl Fn(&[u8]) -> [u8; 64] + use<> {
    sign(&format!("{device} object"))
}

pub(crate) fn device(name: &str) -> Device {
    let log = key(&format!("{name} log"));
    Device {
        log: VerifierKey::new(&origin(id(name).0), Algorithm::Ed25519, log.0).unwrap(),
        object: key(&format!("{name} object")),
        request: key(&format!("{name} request")),
        seal: Sha256::of(name.as_bytes()),
        r#use: if name.ends_with('r') { Use::Recovery } else { Use::Posting },
    }
}

pub(crate) fn device_id(name: &str) -> Sha256 {
    device(name).id()
}

/// `device`, which says that it is `user`'s, with what signs as its object key and its log key.
fn claim(
    device: Device,
    user: &str,
    object: impl Fn(&[u8]) -> [u8; 64],
    log: impl Fn(&[u8]) -> [u8; 64],
) -> ClaimedDevice {
    let (name, user) = (device.id(), id(user));
    let object = Signature(object(&claim_message(&name, &user)));
    let log = Signature(log(claim_note(&name, &user).as_bytes()));
    ClaimedDevice { device, log, object }
}

/// The device of this name, which says that it is `user`'s.
fn claimed_for(name: &str, user: &str) -> ClaimedDevice {
    claim(device(name), user, sign_as(name), sign(&format!("{name} log")))
}

/// A device like the one of this name but for what `change` does, claimed with the keys of that name.
fn changed(name: &str, user: &str, change: impl FnOnce(&mut Device)) -> ClaimedDevice {
    let mut device = device(name);
    change(&mut device);
    claim(device, user, sign_as(name), sign(&format!("{name} log")))
}

fn kem(name: &str) -> KemKey {
    let mut bytes = [0; KemKey::BYTES];
    bytes[KemKey::BYTES - 32..].copy_from_slice(&Sha256::of(name.as_bytes()).0);
    KemKey::from_bytes(&bytes).unwrap()
}

fn boxes(count: u64) -> BoxesHead {
    BoxesHead { count, root: Sha256([4; 32]) }
}

pub(crate) fn sealed(length: usize) -> Base64 {
    Base64([vec![1], vec![9; length - 1]].concat())
}

fn member(user: &str, devices: &[&str]) -> Member {
    let mut devices: Vec<_> = devices.iter().map(|name| claimed_for(name, user)).collect();
    devices.sort_by_key(ClaimedDevice::id);
    Member { keyring: boxes(devices.len() as u64), devices, key: kem(&format!("{user} key")), user: id(user) }
}

fn join_with(member: Member, by: &str, circle: Option<Sha256>) -> Signed<Join> {
    join_at(0, member, by, circle)
}

fn join_at(at: i64, member: Member, by: &str, circle: Option<Sha256>) -> Signed<Join> {
    Signed::new(Join { at: time(at), by: device_id(by), circle, member, suite: Suite }, sign_as(by))
}

/// The user asks, with one posting and one recovery device.
fn join(user: &str, circle: Option<Sha256>) -> Signed<Join> {
    let (posting, recovery) = (format!("{user}/1"), format!("{user}/r"));
    join_with(member(user, &[&posting, &recovery]), &posting, circle)
}

fn create(audience: Level) -> Create {
    let mut issuers = vec![public(1), public(2)];
    issuers.sort();
    let (history, join) = (History::Archive, join("one", None));
    Create { audience, history, issuers, join, salt: id("salt") }
}

fn new_key(user: &str, devices: u64) -> NewKey {
    NewKey { key: kem(user), keyring: boxes(devices) }
}

fn rekey(user: &str, key: &str, devices: u64) -> Change {
    Change::Rekey { key: kem(key), keyring: boxes(devices), user: id(user) }
}

fn revoke(user: &str, device: &str, new: Option<NewKey>) -> Change {
    Change::Revoke { device: device_id(device), new, user: id(user) }
}

pub(crate) fn remove(user: &str) -> Change {
    Change::Remove { user: id(user) }
}

pub(crate) fn role(user: &str, role: Role) -> Change {
    Change::Role { role, user: id(user) }
}

fn add_device(user: &str, name: &str, devices: u64) -> Change {
    Change::Device { device: claimed_for(name, user), keyring: boxes(devices), user: id(user) }
}

fn profile(user: &str) -> Change {
    Change::Profile { profile: sealed(300), user: id(user) }
}

fn discredit(issuer: u8, credential: u8) -> Change {
    let credential = Sha256([credential; 32]);
    let said = Revocation { at: time(0), credential, issuer: public(issuer), suite: Suite };
    Change::Discredit { revocation: Signed::new(said, signer(issuer)) }
}

pub(crate) struct World {
    pub(crate) circle: Circle,
    log: Vec<Vec<u8>>,
}

impl World {
    /// User `one` has created a circle, and there is no epoch yet.
    fn created(audience: Level) -> Self {
        let first = Entry::create(time(0), device_id("one/1"), create(audience), sign_as("one/1")).to_bytes();
        Self { circle: Circle::open(&first).unwrap(), log: vec![first] }
    }

    /// With its first epoch.
    fn new() -> Self {
        let mut world = Self::created(Level::Teaching);
        world.epoch("one/1");
        world
    }

    /// With `one` as admin, `two` and `three` as members, all with a box.
    pub(crate) fn of_three() -> Self {
        let mut world = Self::new();
        world.add("two", Role::Member);
        world.add("three", Role::Member);
        world.epoch("one/1");
        world
    }

    fn size(&self) -> u64 {
        self.circle.size()
    }

    fn bytes(&self, by: &str, change: Change) -> Vec<u8> {
        let at = time(self.log.len().try_into().unwrap());
        self.circle.entry(at, device_id(by), change, sign_as(by)).to_bytes()
    }

    /// Appends; an error must change nothing.
    fn append(&mut self, bytes: Vec<u8>) -> Result<(), MembershipError> {
        let before = self.circle.clone();
        match self.circle.append(&bytes) {
            Ok(entry) => {
                assert_eq!(entry.to_bytes(), bytes);
                self.log.push(bytes);
                Ok(())
            }
            Err(error) => {
                assert!(self.circle == before, "{error} changed something");
                Err(error)
            }
        }
    }

    pub(crate) fn says(&mut self, by: &str, change: Change) -> Result<(), MembershipError> {
        self.append(self.bytes(by, change))
    }

    fn refuses(&mut self, by: &str, change: Change) -> MembershipError {
        self.says(by, change).unwrap_err()
    }

    fn add_change(&self, user: &str, role: Role) -> Change {
        Change::Add(Add { join: join(user, Some(self.circle.id())), profile: sealed(300), role })
    }

    pub(crate) fn add(&mut self, user: &str, role: Role) {
        self.says("one/1", self.add_change(user, role)).unwrap();
    }

    /// `member` asks on device `by`, at this time, and the first admin lets them in.
    fn admits(&mut self, at: i64, member: Member, by: &str) -> Result<(), MembershipError> {
        let join = join_at(at, member, by, Some(self.circle.id()));
        self.says("one/1", Change::Add(Add { join, profile: sealed(300), role: Role::Member }))
    }

    fn epoch_change(&self) -> NewEpoch {
        let number = self.circle.epochs().len() as u64;
        NewEpoch {
            back: number.checked_sub(1).map(|to| BackLink { sealed: sealed(105), to }),
            boxes: boxes(self.circle.recipients().count() as u64),
            number,
            read: key(&format!("read {number}")),
        }
    }

    pub(crate) fn epoch(&mut self, by: &str) {
        self.says(by, Change::Epoch(self.epoch_change())).unwrap();
    }

    /// A log with an entry of every kind.
    fn of_every_kind() -> Self {
        let mut world = Self::of_three();
        world.says("one/1", profile("one")).unwrap();
        world.says("one/1", role("two", Role::Admin)).unwrap();
        world.says("two/1", add_device("two", "two/2", 3)).unwrap();
        world.says("two/2", revoke("two", "two/1", Some(new_key("two key 2", 2)))).unwrap();
        world.epoch("two/2");
        world.says("one/1", revoke("three", "three/1", None)).unwrap();
        world.says("three/r", rekey("three", "three key 2", 1)).unwrap();
        world.says("one/1", discredit(1, 7)).unwrap();
        world.says("three/r", remove("three")).unwrap();
        world.epoch("one/1");
        world.says("two/2", remove("two")).unwrap();
        let again = Member { key: kem("two key 2"), ..member("two", &["two/2", "two/3"]) };
        world.admits(20, again, "two/2").unwrap();
        world
    }

    fn replayed(&self) -> Circle {
        let mut circle = Circle::open(&self.log[0]).unwrap();
        for entry in &self.log[1..] {
            circle.append(entry).unwrap();
        }
        circle
    }
}

/// Counts what a circle says of itself, another way.
fn check_invariants(circle: &Circle) {
    let mut boxed = BTreeMap::new();
    let mut admins = 0;
    let mut keys = BTreeSet::new();
    for (user, member) in circle.members() {
        if member.role != Role::Officer && member.access != Access::Waiting {
            boxed.insert(member.key.recipient(), user);
        }
        let posts = |device: &Sha256| circle.device(device).unwrap().device.r#use == Use::Posting;
        let acts = member.role == Role::Admin && member.access != Access::Waiting;
        admins += usize::from(acts && member.devices.iter().any(posts));
        // Who does not wait can act, and each device can read.
        if member.access != Access::Waiting {
            assert!(!member.devices.is_empty());
            assert_eq!(member.keyring.count, member.devices.len() as u64);
        }
        assert_eq!(circle.role_at(&user, circle.size()), Some(member.role));
        for device in &member.devices {
            assert_eq!(circle.standing(device, circle.size()).unwrap().user, user);
            for key in circle.device(device).unwrap().device.keys() {
                assert!(keys.insert(key), "a key serves twice");
            }
        }
        assert!(keys.insert(member.key.recipient().0), "a key serves twice");
    }
    let listed: Vec<(Sha256, Id)> =
        circle.recipients().map(|(recipient, user, _)| (recipient, user)).collect();
    assert_eq!(listed, boxed.into_iter().collect::<Vec<_>>());
    assert!(circle.recipients().all(|(recipient, _, key)| key.recipient() == recipient));
    assert_eq!(circle.admins, admins);
    assert!(admins > 0, "no admin can act");
}
