//! Circles of a few people: every act, and everything for which it is refused.

use curtain_wire::boxes::{BoxError, BoxSet};
use curtain_wire::canonical::Suite;
use curtain_wire::credential::{Credential, CredentialError, Kind, Role};
use curtain_wire::head::HeadError;
use curtain_wire::level::Level;
use curtain_wire::membership::{Access, ForkError, MembershipError};
use curtain_wire::note::{Algorithm, Note, VerifierKey, cosign};
use ring::rand::SystemRandom;

use super::*;
use crate::hash::{Id, Sha256};
use crate::keys::{DeviceKeys, LogKey, SigningKey, UserKey};
use crate::time::UnixTime;

const HOUR: i64 = 3600;

/// So many hours after the circles of the tests began.
fn hour(hours: i64) -> UnixTime {
    UnixTime::new(1_800_000_000 + hours * HOUR).unwrap()
}

fn issuer() -> SigningKey {
    SigningKey::from_seed([0x15; 32])
}

fn credential(me: &Identity, kind: Kind, expires: UnixTime) -> Credential {
    Credential {
        device: me.device.id(),
        expires,
        issued: hour(0),
        issuer: issuer().public(),
        kind,
        serial: Id([3; 16]),
        suite: Suite,
        user: me.user,
    }
}

fn person(n: u8) -> Identity {
    let (user, random) = (Id([n; 16]), SystemRandom::new());
    let log = LogKey::from_seed(Id([n; 16]), &[n; 32]);
    let device = DeviceKeys::make(user, &log, &random).unwrap();
    let mut me = Identity::make(user, &format!("Test Clinician {n}"), device, &random).unwrap();
    me.credential = Some(issuer().state(credential(&me, Kind::Clinician, hour(1000))));
    me
}

fn pen(me: &Identity, at: UnixTime) -> Pen<'_> {
    static RANDOM: std::sync::LazyLock<SystemRandom> = std::sync::LazyLock::new(SystemRandom::new);
    Pen::new(me, at, &RANDOM)
}

/// A circle as its only admin sees it, with all that was handed out.
struct World {
    admin: Identity,
    sees: MyCircle,
    entries: Vec<Vec<u8>>,
    boxes: Vec<BoxSet>,
}

impl World {
    fn new(audience: Level, history: History) -> Self {
        let admin = person(1);
        let issuers = vec![issuer().public(); 2];
        let created = pen(&admin, hour(0)).create(Id([9; 16]), audience, history, issuers).unwrap();
        let Created { entries, boxes, circle: sees, .. } = created;
        Self { admin, sees, entries, boxes: vec![boxes] }
    }

    fn add(&mut self, who: &Identity, role: Role) {
        let (join, _) = pen(who, hour(0)).join(Some(self.sees.circle().id())).unwrap();
        let pen = pen(&self.admin, hour(0));
        let entry = pen.add(&mut self.sees, join, &who.profile().unwrap(), role).unwrap();
        self.entries.push(entry);
    }

    fn rotate(&mut self) {
        let Rotation { entry, boxes } = pen(&self.admin, hour(0)).rotate(&mut self.sees).unwrap();
        self.entries.push(entry);
        self.boxes.push(boxes);
    }

    /// Of the admin and user 2, with everybody's box in place.
    fn of_two(audience: Level) -> (Self, Identity) {
        let (mut world, other) = (Self::new(audience, History::Archive), person(2));
        world.add(&other, Role::Member);
        world.rotate();
        (world, other)
    }

    fn seen_by(&self, who: &Identity) -> MyCircle {
        let mut sees = MyCircle::open(&self.entries, who.user, []).unwrap();
        if let Some((epoch, recipient)) = sees.missing_box() {
            let sealed = self.boxes[usize::try_from(epoch).unwrap()].one(&recipient).unwrap();
            sees.take_box(who.key().unwrap(), &sealed).unwrap();
        }
        sees
    }

    fn admin_live(&self) -> Result<Live<'_>, NotLive> {
        self.sees.live(&self.admin, Doing::Posting, hour(0))
    }
}

#[test]
fn a_circle_begins_with_one_admin_and_one_epoch() {
    let world = World::new(Level::Teaching, History::Archive);
    let circle = world.sees.circle();
    assert_eq!((circle.size(), circle.epochs().len(), circle.issuers().len()), (3, 1, 1));
    let me = world.sees.member(world.admin.user, hour(0)).unwrap();
    assert_eq!((me.role, me.profile.name.as_str(), me.credential), (Role::Admin, "Test Clinician 1", Ok(())));
    assert_eq!(world.sees.missing_box(), None, "who began the epoch has its secret");
    assert_eq!(world.sees.missing_older_boxes().next(), None);
    let live = world.admin_live().unwrap();
    assert_eq!((live.epoch(), live.author().user), (0, world.admin.user));
    let none = pen(&world.admin, hour(0)).create(Id([9; 16]), Level::Teaching, History::None, Vec::new());
    assert_eq!(none.unwrap_err(), CircleError::Membership(MembershipError::Issuers));
}

#[test]
fn who_is_added_reads_from_the_next_epoch_on() {
    let mut world = World::new(Level::Teaching, History::Archive);
    let other = person(2);
    world.add(&other, Role::Member);
    let waits = world.seen_by(&other);
    assert_eq!(waits.circle().member(&other.user).unwrap().access, Access::NextEpoch);
    assert_eq!(waits.missing_box(), None);
    assert_eq!(waits.live(&other, Doing::Posting, hour(0)).err(), Some(NotLive::NoSecret));
    assert_eq!(waits.profile(other.user).err(), Some(CircleError::NoSecret));
    world.admin_live().unwrap();
    world.rotate();
    let sees = world.seen_by(&other);
    assert_eq!(sees.epochs().count(), 2);
    assert!(sees.members(hour(0)).all(|(_, member)| member.is_ok_and(|member| member.credential.is_ok())));
    sees.live(&other, Doing::Posting, hour(0)).unwrap();
    let (join, _) = pen(&other, hour(0)).join(Some(world.sees.circle().id())).unwrap();
    let again =
        pen(&world.admin, hour(0)).add(&mut world.sees, join, &other.profile().unwrap(), Role::Member);
    assert_eq!(again, Err(CircleError::Membership(MembershipError::UserAlreadyIn)));
}

#[test]
fn each_act_is_refused_with_its_own_error() {
    let (mut world, mut other) = World::of_two(Level::Teaching);
    let mut sees = world.seen_by(&other);
    let stranger = person(9);
    let not_admin = CircleError::Membership(MembershipError::NotAdmin);
    assert_eq!(pen(&other, hour(0)).remove(&mut sees, world.admin.user), Err(not_admin));
    let admin = pen(&world.admin, hour(0));
    let last = admin.remove(&mut world.sees, world.admin.user).unwrap_err();
    assert_eq!(last, CircleError::Membership(MembershipError::LastAdmin));
    let not_in = admin.remove(&mut world.sees, stranger.user).unwrap_err();
    assert_eq!(not_in, CircleError::Membership(MembershipError::UserNotIn));
    let kind = admin.role(&mut world.sees, other.user, Role::Officer).unwrap_err();
    assert_eq!(kind, CircleError::Credential(CredentialError::Kind));
    let unlisted = pen(&other, hour(0)).device(&mut sees, stranger.device.id()).unwrap_err();
    assert_eq!(unlisted, CircleError::NoSuchDevice);
    let not_due = pen(&other, hour(0)).rotate(&mut sees).unwrap_err();
    assert_eq!(not_due, CircleError::Membership(MembershipError::NotDue));
    let unknown = pen(&stranger, hour(0)).rotate(&mut sees).unwrap_err();
    assert_eq!(unknown, CircleError::Membership(MembershipError::UnknownSigner));
    assert_eq!(sees.member(stranger.user, hour(0)).unwrap_err(), CircleError::NotIn);
    assert_eq!(sees.append(&world.entries[0], hour(0)).unwrap_err().code(), "entry_number");
    let early = MyCircle::open(&world.entries[..1], other.user, []).unwrap();
    assert_eq!(early.secret(0).err(), Some(CircleError::NoSecret));
    assert_eq!(early.profile(world.admin.user).err(), Some(CircleError::Profile));
    assert_eq!(MyCircle::open(&[], other.user, []).unwrap_err().code(), "entry_form");

    // A device that waits to be linked, and a name that is none.
    let key = other.key.take();
    assert_eq!(pen(&other, hour(0)).join(None).unwrap_err(), CircleError::NotLinked);
    assert_eq!(other.key().unwrap_err(), CircleError::NotLinked);
    other.key = key;
    other.name = String::new();
    assert_eq!(other.profile().unwrap_err(), CircleError::Name);
    let device = person(3).device;
    let named = Identity::make(Id([3; 16]), "two\nlines", device, &SystemRandom::new());
    assert_eq!(named.unwrap_err(), CircleError::Name);
}

#[test]
fn a_box_is_taken_if_it_is_the_users_of_this_epoch() {
    let (world, other) = World::of_two(Level::Teaching);
    let mut sees = MyCircle::open(&world.entries, other.user, []).unwrap();
    let (epoch, recipient) = sees.missing_box().unwrap();
    assert_eq!((epoch, recipient), (1, other.key().unwrap().public().recipient()));
    let sealed = world.boxes[1].one(&recipient).unwrap();
    let stranger = UserKey::make(other.user, &SystemRandom::new()).unwrap();
    let of_another = sees.take_box(&stranger, &sealed).unwrap_err();
    assert_eq!(of_another, CircleError::Proof(BoxError::OtherRecipient));
    let old = world.boxes[0].one(&world.admin.key().unwrap().public().recipient()).unwrap();
    let old = sees.take_box(world.admin.key().unwrap(), &old).unwrap_err();
    assert_eq!(old.code(), "box_proof");
    let secret = EpochSecret::make(&SystemRandom::new()).unwrap();
    assert_eq!(sees.take_secret(1, secret.clone()), Err(CircleError::Box), "not the announced one");
    assert_eq!(sees.take_secret(7, secret), Err(CircleError::NotIn), "of no epoch there is");
    assert_eq!(sees.epochs().count(), 0, "nothing changed");
    sees.take_box(other.key().unwrap(), &sealed).unwrap();
    assert_eq!(sees.epochs().count(), 2);
    assert_eq!(sees.missing_box(), None);
}

#[test]
fn a_profile_that_is_sent_anew_takes_the_place_of_the_old_one() {
    let (mut world, mut other) = World::of_two(Level::Teaching);
    let before = world.sees.circle().size();
    other.name = "Test Clinician Two".to_owned();
    let mut sees = world.seen_by(&other);
    let entry = pen(&other, hour(1)).profile(&mut sees).unwrap();
    world.sees.append(&entry, hour(1)).unwrap();
    for sees in [&sees, &world.sees] {
        assert_eq!(sees.profile(other.user).unwrap().name, "Test Clinician Two");
        assert_eq!(sees.profile_at(other.user, before).unwrap().name, "Test Clinician 2");
        assert_eq!(sees.profile_at(other.user, before + 1).unwrap().name, "Test Clinician Two");
        assert_eq!(sees.profile_at(other.user, 0).err(), Some(CircleError::Profile));
    }
    // Gone, and still named where they posted.
    pen(&world.admin, hour(1)).remove(&mut world.sees, other.user).unwrap();
    assert_eq!(world.sees.profile(other.user).unwrap().name, "Test Clinician Two");
    assert_eq!(world.sees.profile_at(other.user, before).unwrap().name, "Test Clinician 2");
}

#[test]
fn a_profile_opens_in_its_place_alone() {
    let (circle, user, random) = (Sha256([1; 32]), Id([2; 16]), SystemRandom::new());
    let key = EpochSecret::make(&random).unwrap().directory();
    let profile = person(2).profile().unwrap();
    let sealed = key.seal_profile(circle, 3, user, &profile, &random).unwrap();
    assert_eq!(key.open_profile(circle, 3, user, &sealed).unwrap(), profile);
    let other = DirectoryKey::new([7; 32]);
    for (key, circle, epoch, user) in [
        (&other, circle, 3, user),
        (&key, Sha256([2; 32]), 3, user),
        (&key, circle, 4, user),
        (&key, circle, 3, Id([3; 16])),
    ] {
        let refused = key.open_profile(circle, epoch, user, &sealed).unwrap_err();
        assert_eq!(refused, CircleError::Profile);
    }
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1 << (at % 8);
        assert_eq!(
            key.open_profile(circle, 3, user, &changed).err(),
            Some(CircleError::Profile),
            "byte {at}"
        );
        assert_eq!(key.open_profile(circle, 3, user, &sealed[..at]).err(), Some(CircleError::Profile));
    }
}

#[test]
fn a_link_leads_from_its_own_epoch_to_the_one_before() {
    let random = SystemRandom::new();
    let (secret, before) = (EpochSecret::make(&random).unwrap(), EpochSecret::make(&random).unwrap());
    let (circle, at) = (Sha256([1; 32]), At::new(Sha256([1; 32]), 4));
    for history in [History::Archive, History::None] {
        let link = secret.back_link(at, &before, history, &random).unwrap();
        let found = Known::Whole(secret.clone()).before(at, &link, history).unwrap();
        assert_eq!(found.whole().is_some(), history == History::Archive);
        assert_eq!(found.directory().bytes(), before.directory().bytes());
        let by_directory = Known::Directory(secret.directory()).before(at, &link, history);
        assert_eq!(by_directory.is_ok(), history == History::None);
        let whole = Known::Whole(secret.clone());
        let other = if history == History::Archive { History::None } else { History::Archive };
        assert_eq!(whole.before(at, &link, other).err(), Some(CircleError::BackLink));
        for place in [At::new(circle, 3), At::new(Sha256([2; 32]), 4)] {
            assert_eq!(whole.before(place, &link, history).err(), Some(CircleError::BackLink));
        }
        for byte in 0..link.len() {
            let mut changed = link.clone();
            changed[byte] ^= 1;
            assert_eq!(whole.before(at, &changed, history).err(), Some(CircleError::BackLink));
            assert_eq!(whole.before(at, &link[..byte], history).err(), Some(CircleError::BackLink));
        }
    }
}

#[test]
fn nothing_is_sealed_for_a_circle_that_is_not_live() {
    let (mut world, mut other) = World::of_two(Level::CareAdvice);
    let sees = world.seen_by(&other);
    let live = |sees: &MyCircle, me: &Identity, at| sees.live(me, Doing::Posting, at).err();
    assert_eq!(live(&sees, &other, hour(0)), None);
    assert_eq!(live(&sees, &person(9), hour(0)), Some(NotLive::NotIn));
    // Somebody else's device under one's own name, or the other way round.
    other.user = Id([1; 16]);
    assert_eq!(live(&sees, &other, hour(0)), Some(NotLive::NotIn));
    other.user = Id([2; 16]);
    let boxless = MyCircle::open(&world.entries, other.user, []).unwrap();
    assert_eq!(live(&boxless, &other, hour(0)), Some(NotLive::NoSecret));
    let expired = Some(NotLive::Credential(CredentialError::Expired));
    assert_eq!(live(&sees, &other, hour(1001)), expired);
    assert_eq!(live(&sees, &other, hour(-1)), Some(NotLive::Credential(CredentialError::NotYet)));

    // A reader without a credential, and one whom nobody can name.
    other.credential = None;
    let mut theirs = sees.clone();
    let entry = pen(&other, hour(0)).profile(&mut theirs).unwrap();
    let mut unverified = world.sees.clone();
    unverified.append(&entry, hour(0)).unwrap();
    let missing = NotLive::Reader { user: other.user, error: CredentialError::Missing };
    assert_eq!(live(&unverified, &world.admin, hour(0)), Some(missing));
    let mut unnamed = world.sees.clone();
    let profile = curtain_wire::canonical::Base64([&[1][..], &[0; 200]].concat());
    let change = curtain_wire::membership::Change::Profile { profile, user: other.user };
    let device = &world.admin.device;
    let sign = |message: &[u8]| device.object().sign(message);
    let entry = unnamed.circle().entry(hour(0), device.id(), change, sign);
    unnamed.append(&entry.to_bytes(), hour(0)).unwrap();
    let unknown = NotLive::UnknownReader { user: other.user };
    assert_eq!(live(&unnamed, &world.admin, hour(0)), Some(unknown));

    // Between a removal and the next key.
    world.entries.push(pen(&world.admin, hour(0)).remove(&mut world.sees, other.user).unwrap());
    assert_eq!(live(&world.sees, &world.admin, hour(0)), Some(NotLive::RotationDue));
    assert_eq!(live(&world.seen_by(&other), &other, hour(0)), Some(NotLive::NotIn));
    world.rotate();
    assert_eq!(live(&world.sees, &world.admin, hour(0)), None);
}

#[test]
fn what_each_role_may() {
    for (role, posts, discusses) in [
        (Role::Member, true, true),
        (Role::Moderator, true, true),
        (Role::Admin, true, true),
        (Role::Student, false, true),
        (Role::Officer, false, false),
    ] {
        assert_eq!((may(role, Doing::Posting), may(role, Doing::Discussing)), (posts, discusses), "{role:?}");
    }
    let (mut world, student) = World::of_two(Level::Teaching);
    world
        .entries
        .push(pen(&world.admin, hour(0)).role(&mut world.sees, student.user, Role::Student).unwrap());
    let sees = world.seen_by(&student);
    assert_eq!(sees.live(&student, Doing::Posting, hour(0)).err(), Some(NotLive::Role));
    let discussing = sees.live(&student, Doing::Discussing, hour(0)).unwrap();
    assert_eq!(discussing.check_may_post(), Err(NotLive::Role));
    assert_eq!(world.admin_live().unwrap().check_may_post(), Ok(()));
}

fn cosigned(text: String, at: UnixTime) -> (Note, VerifierKey) {
    let witness = SigningKey::from_seed([0x17; 32]);
    let key = VerifierKey::new("witness.test/w1", Algorithm::CosignatureV1, witness.public().0).unwrap();
    let at = at.seconds().unsigned_abs();
    let signature = cosign(&text, &key, at, |message| witness.sign(message)).unwrap();
    (Note::new(text, vec![signature]).unwrap(), key)
}

#[test]
fn a_head_makes_a_circle_fresh_for_a_day() {
    let (world, _) = World::of_two(Level::Teaching);
    let head = world.sees.circle().log_head();
    let (note, key) = cosigned(head.to_string(), hour(0));
    let keys = [key];
    let fresh = world.admin_live().unwrap().fresh(&note, &keys, hour(0)).unwrap();
    assert_eq!((fresh.head().head, fresh.head().witnesses), (head, 1));
    assert_eq!((fresh.check(hour(24)), fresh.check(hour(-24))), (Ok(()), Ok(())));
    let stale = NotLive::Head(HeadError::Stale { age_s: 25 * 3600, max_age_s: HEAD_MAX_AGE_S });
    assert_eq!(fresh.check(hour(25)), Err(stale));
    assert_eq!(world.admin_live().unwrap().fresh(&note, &keys, hour(25)).err(), Some(stale));
    let unknown = world.admin_live().unwrap().fresh(&note, &[], hour(0)).err();
    assert_eq!(unknown, Some(NotLive::Head(HeadError::NotCosigned)));
    for (size, expected) in [
        (head.size - 1, NotLive::Fork(ForkError::Forked { size: head.size - 1 })),
        (head.size + 1, ForkError::RolledBack { seen: head.size + 1, size: head.size }.into()),
    ] {
        let (note, _) = cosigned(curtain_wire::head::LogHead { size, ..head }.to_string(), hour(0));
        assert_eq!(world.admin_live().unwrap().fresh(&note, &keys, hour(0)).err(), Some(expected));
    }
    let then = world.sees.circle().head_at(head.size - 1).unwrap();
    let older =
        curtain_wire::head::LogHead { size: then.size, root: curtain_wire::tree::Hash(then.root.0), ..head };
    let (note, _) = cosigned(older.to_string(), hour(0));
    let not_yet = NotLive::NotCosignedYet { seen: then.size, size: head.size };
    assert_eq!(world.admin_live().unwrap().fresh(&note, &keys, hour(0)).err(), Some(not_yet));
}

#[test]
fn whoever_was_not_checked_gets_no_key() {
    // An admin whose program does not ask lets somebody in; the next honest rotation does not box the archive for them.
    let (mut world, _) = World::of_two(Level::Teaching);
    let mut newcomer = person(3);
    newcomer.credential = None;
    let id = world.sees.circle().id();
    let (join, _) = pen(&newcomer, hour(0)).join(Some(id)).unwrap();
    let (epoch, random) = (world.sees.circle().epoch().unwrap().number, SystemRandom::new());
    let directory = world.sees.secret(epoch).unwrap().directory();
    let profile = newcomer.profile().unwrap();
    let profile = directory.seal_profile(id, epoch, newcomer.user, &profile, &random).unwrap();
    let profile = curtain_wire::canonical::Base64(profile);
    let add = curtain_wire::membership::Add { join, profile, role: Role::Member };
    let device = &world.admin.device;
    let sign = |message: &[u8]| device.object().sign(message);
    let change = curtain_wire::membership::Change::Add(add);
    let entry = world.sees.circle().entry(hour(0), device.id(), change, sign);
    world.sees.append(&entry.to_bytes(), hour(0)).unwrap();
    let refused = pen(&world.admin, hour(0)).rotate(&mut world.sees).unwrap_err();
    assert_eq!(refused, CircleError::Credential(CredentialError::Missing));
    pen(&world.admin, hour(0)).remove(&mut world.sees, newcomer.user).unwrap();
    pen(&world.admin, hour(0)).rotate(&mut world.sees).unwrap();
}

#[test]
fn every_error_has_a_code_and_a_sentence() {
    let user = Id([1; 16]);
    let errors = [
        NotLive::NotIn.code(),
        NotLive::Role.code(),
        NotLive::Reader { user, error: CredentialError::Expired }.code(),
        NotLive::UnknownReader { user }.code(),
        NotLive::RotationDue.code(),
        NotLive::NoSecret.code(),
        NotLive::NotCosignedYet { seen: 1, size: 2 }.code(),
        CircleError::Box.code(),
        CircleError::BackLink.code(),
        CircleError::Profile.code(),
        CircleError::Name.code(),
        CircleError::NotLinked.code(),
        CircleError::NoSuchDevice.code(),
        CircleError::NoRandomness.code(),
    ];
    let mut different: Vec<_> = errors.into();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), errors.len());
    let said = NotLive::Reader { user, error: CredentialError::Expired }.to_string();
    assert!(!said.contains(&user.to_string()), "no name: {said}");
}
