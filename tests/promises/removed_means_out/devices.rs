//! A phone is lost: its owner, an admin or the code on paper revokes it, and it is of no more use.

use curtain::circle::{At, CircleError, Doing, EpochSecret, Identity, MyCircle, NotLive, Role};
use curtain::hash::{Id, Sha256};
use curtain::keys::{DeviceKeys, KeyError, LogKey, RecoveryCode, UserKey};
use curtain::post::{OpenError, Received, SendError, withdraw};
use curtain::wire::boxes::BoxSet;
use curtain::wire::header::WithdrawalReason;
use curtain::wire::membership::Change;
use ring::rand::SystemRandom;

use crate::circles::{Clinician, Scene, live, open_body, pen, person, reading, sign};
use crate::people::{later, now};

/// One more device of `user`, without its user's key.
fn device(user: Id, n: u8) -> DeviceKeys {
    DeviceKeys::make(user, &LogKey::from_seed(Id([n; 16]), &[n; 32]), &SystemRandom::new()).unwrap()
}

/// The same user on another device, who takes the key from `keyring`.
fn on(of: &Identity, device: DeviceKeys, keyring: &BoxSet) -> Identity {
    let key = UserKey::from_keyring(of.user, &of.key.as_ref().unwrap().public(), keyring, &device);
    Identity {
        user: of.user,
        name: of.name.clone(),
        device,
        key: Some(key.unwrap()),
        old_keys: Vec::new(),
        credential: of.credential.clone(),
        devices: of.devices.clone(),
    }
}

/// Gives the user a new key, and takes one device off their list.
fn without(me: &mut Identity, gone: Sha256) {
    me.key = Some(UserKey::make(me.user, &SystemRandom::new()).unwrap());
    me.devices.retain(|listed| listed.id() != gone);
}

/// A member with a phone and a tablet, and the circle as both see it.
fn with_two(scene: &mut Scene) -> (Identity, Identity, MyCircle) {
    let mut phone = person(3);
    let tablet = device(phone.user, 33);
    phone.devices.push(tablet.listed());
    scene.world.add(&scene.author.who.me, &phone, Role::Member, now());
    let tablet = on(&phone, tablet, scene.world.keyrings.last().unwrap());
    let sees = scene.world.seen_by(&phone);
    (phone, tablet, sees)
}

/// What a device that was revoked still has, with the circle as it saw it before, is of no use: it seals nothing, signs
/// nothing, and opens nothing new.
fn is_of_no_use(scene: &mut Scene, lost: &Identity, mut sees: MyCircle, keyring: Option<&BoxSet>) {
    scene.world.catch_up(&mut sees, lost, later(2));
    assert_eq!(sees.live(lost, Doing::Discussing, later(2)).err(), Some(NotLive::NotIn));
    let leave = Change::Remove { user: lost.user };
    let object = lost.device.object();
    let entry = sees.circle().entry(later(2), lost.device.id(), leave, |message| object.sign(message));
    assert_eq!(sees.append(&entry.to_bytes(), later(2)).unwrap_err().code(), "signer_out");
    let refused = pen(lost, later(2)).rotate(&mut sees).unwrap_err();
    assert_eq!(refused.code(), "unknown_signer");
    let header = sign(lost, scene.forge_as(lost, later(2)));
    let reader = scene.world.seen_by(&scene.reader);
    assert_eq!(Received::verify(&header, &reading(&reader, later(2))).err(), Some(OpenError::NotAMember));

    // Its user's old key is nobody's in the new boxes, and opens none of them.
    let old = lost.key.as_ref().unwrap();
    let boxes = scene.world.boxes.last().unwrap();
    assert!(boxes.one(&old.public().recipient()).is_none());
    let epoch = sees.circle().epoch().unwrap();
    let at = At::new(sees.circle().id(), epoch.number);
    for (recipient, ..) in sees.circle().recipients() {
        let one = boxes.one(&recipient).unwrap();
        let record = one.verify(&epoch.boxes, &recipient).unwrap();
        assert_eq!(EpochSecret::from_box(at, old, &record).err(), Some(CircleError::Box));
    }
    assert_eq!(sees.secret(epoch.number).err(), Some(CircleError::NoSecret));
    if let Some(keyring) = keyring {
        let key = sees.circle().member(&lost.user).unwrap().key.clone();
        let refused = UserKey::from_keyring(lost.user, &key, keyring, &lost.device).unwrap_err();
        assert_eq!(refused, KeyError::NotForThisDevice);
    }
    let header = scene.second(later(2));
    let received = Received::verify(&header, &reading(&sees, later(2))).unwrap();
    assert_eq!(received.post(&reading(&sees, later(2))).err(), Some(OpenError::NoSecret));
}

#[test]
fn a_lost_phone_is_revoked_from_another_device() {
    let mut scene = Scene::new();
    let (phone, mut tablet, before) = with_two(&mut scene);
    let lost = phone.device.id();
    without(&mut tablet, lost);
    let mut sees = before.clone();
    let (entry, keyring) = pen(&tablet, later(1)).revoke_own(&mut sees, lost).unwrap();
    scene.world.take(entry, later(1));
    let refused = scene.world.admin.live(&scene.author.who.me, Doing::Posting, later(1)).err();
    assert_eq!(refused, Some(NotLive::RotationDue));
    // The new key is for the user's own loss: no admin is needed.
    let rotation = pen(&tablet, later(1)).rotate(&mut sees).unwrap();
    scene.world.take(rotation.entry, later(1));
    scene.world.boxes.push(rotation.boxes);
    let author = scene.world.seen_by(&scene.author.who.me);
    scene.world.admin = author;
    is_of_no_use(&mut scene, &phone, before, Some(&keyring));
    // The tablet goes on.
    let sees = scene.world.seen_by(&tablet);
    live(&sees, &tablet, later(2));
    assert!(open_body(&scene.header, &scene.files(0)[0], &reading(&sees, later(2))).is_ok());
}

#[test]
fn an_admin_revokes_and_the_user_waits_until_there_is_a_new_key() {
    let mut scene = Scene::new();
    let (phone, mut tablet, before) = with_two(&mut scene);
    let (user, lost) = (phone.user, phone.device.id());
    let entry = pen(&scene.author.who.me, later(1)).revoke(&mut scene.world.admin, user, lost).unwrap();
    scene.world.entries.push(entry);
    scene.world.rotate(&scene.author.who.me, later(1));
    is_of_no_use(&mut scene, &phone, before, None);

    // The user has no box either: an admin cannot tell who holds the other devices.
    let mut sees = scene.world.seen_by(&tablet);
    assert_eq!(sees.missing_box(), None);
    assert_eq!(sees.live(&tablet, Doing::Posting, later(2)).err(), Some(NotLive::NoSecret));
    assert_eq!(pen(&tablet, later(2)).profile(&mut sees).unwrap_err().code(), "no_epoch_secret");
    assert_eq!(pen(&tablet, later(2)).rotate(&mut sees).unwrap_err().code(), "waiting");
    // The old key does not come back.
    tablet.devices.retain(|listed| listed.id() != lost);
    assert_eq!(pen(&tablet, later(2)).rekey(&mut sees).unwrap_err().code(), "key_used");
    without(&mut tablet, lost);
    let (entry, _) = pen(&tablet, later(2)).rekey(&mut sees).unwrap();
    scene.world.take(entry, later(2));
    scene.world.rotate(&scene.author.who.me, later(2));
    let sees = scene.world.seen_by(&tablet);
    live(&sees, &tablet, later(2));
    assert!(open_body(&scene.header, &scene.files(0)[0], &reading(&sees, later(2))).is_ok());
}

#[test]
fn the_code_on_paper_brings_a_new_phone_and_nothing_else() {
    let mut scene = Scene::new();
    let mut phone = person(3);
    let code = RecoveryCode::make(&SystemRandom::new()).unwrap();
    phone.devices.push(code.device(phone.user).listed());
    scene.world.add(&scene.author.who.me, &phone, Role::Member, now());

    let before = scene.world.seen_by(&phone);

    // The phone is lost. Its user's random name, the keyring and the paper are left.
    let keyring = scene.world.keyrings.last().unwrap();
    let typed = RecoveryCode::parse(&code.printed()).unwrap();
    let mut paper = on(&phone, typed.device(phone.user), keyring);
    let other = RecoveryCode::make(&SystemRandom::new()).unwrap().device(phone.user);
    let user_key = phone.key.as_ref().unwrap().public();
    let refused = UserKey::from_keyring(phone.user, &user_key, keyring, &other).unwrap_err();
    assert_eq!(refused, KeyError::NotForThisDevice);
    let new = device(phone.user, 34);
    paper.devices.push(new.listed());
    let mut sees = scene.world.seen_by(&paper);
    let (linked, _) = pen(&paper, later(1)).device(&mut sees, new.id()).unwrap();
    without(&mut paper, phone.device.id());
    let (revoked, keyring) = pen(&paper, later(1)).revoke_own(&mut sees, phone.device.id()).unwrap();
    let rotation = pen(&paper, later(1)).rotate(&mut sees).unwrap();
    for entry in [linked, revoked, rotation.entry] {
        scene.world.take(entry, later(1));
    }
    scene.world.boxes.push(rotation.boxes);
    scene.world.admin = scene.world.seen_by(&scene.author.who.me);
    is_of_no_use(&mut scene, &phone, before, Some(&keyring));

    // The new phone goes on.
    let new = on(&paper, new, &keyring);
    let mut sees = scene.world.seen_by(&new);
    live(&sees, &new, later(2));
    assert!(open_body(&scene.header, &scene.files(0)[0], &reading(&sees, later(2))).is_ok());

    // The paper posts nothing, says nothing, and decides about nobody.
    for doing in [Doing::Posting, Doing::Discussing] {
        assert_eq!(sees.live(&paper, doing, later(2)).err(), Some(NotLive::NotIn));
    }
    let header = sign(&paper, scene.forge_as(&paper, later(2)));
    let reader = scene.world.seen_by(&scene.reader);
    assert_eq!(Received::verify(&header, &reading(&reader, later(2))).err(), Some(OpenError::NotAMember));
    assert_eq!(pen(&paper, later(2)).profile(&mut sees).unwrap_err().code(), "recovery_device");
    let refused = pen(&paper, later(2)).remove(&mut sees, scene.reader.user).unwrap_err();
    assert_eq!(refused.code(), "not_admin");
    let mut vault = Clinician::new(3).vault;
    vault.keep_circle(scene.world.id(), "Test Dermatology").unwrap();
    let about = Sha256::of(&scene.header);
    let refused = withdraw(&mut vault, &paper, &sees, about, WithdrawalReason::Author, None, later(2));
    assert!(matches!(refused, Err(SendError::Circle(NotLive::NotIn))), "readers would refuse it");
}
