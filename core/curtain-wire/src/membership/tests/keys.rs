//! Whose keys are whose: none serves twice, nobody lists another's, and who comes back brings their own.

use super::MembershipError as E;
use super::rules::open;
use super::*;

#[test]
fn no_key_serves_twice() {
    let mut world = World::of_three();
    world.says("one/1", remove("three")).unwrap();
    // Also not the keys of who is out, read keys, issuers' keys and user keys.
    let taken = [
        device("one/1").object.0,
        device("three/r").object.0,
        device("two/1").request.0,
        *device("one/r").log.public_key(),
        device("two/1").seal.0,
        key("read 0").0,
        public(1).0,
        kem("one key").recipient().0,
    ];
    for key in taken {
        let places: [fn(&mut Device, [u8; 32]); 2] =
            [|d, key| d.request = PublicKey(key), |d, key| d.seal = Sha256(key)];
        for place in places {
            let device = changed("two/2", "two", |device| place(device, key));
            let change = Change::Device { device, keyring: boxes(3), user: id("two") };
            assert_eq!(world.refuses("two/1", change), E::KeyUsed);
        }
    }
    // Keys that sign the claim.
    for used in ["one/1 object", "three/r object", "two/1 request", "one/r log", "read 0"] {
        let (mut object, mut log) = (device("two/2"), device("two/2"));
        object.object = key(used);
        log.log = VerifierKey::new(log.log.name(), Algorithm::Ed25519, key(used).0).unwrap();
        let object = claim(object, "two", sign(used), sign("two/2 log"));
        let log = claim(log, "two", sign_as("two/2"), sign(used));
        for device in [object, log] {
            let change = Change::Device { device, keyring: boxes(3), user: id("two") };
            assert_eq!(world.refuses("two/1", change), E::KeyUsed);
        }
    }
    for used in ["two key", "one key", "three key"] {
        assert_eq!(world.refuses("two/1", rekey("two", used, 2)), E::KeyUsed);
        let new = Some(new_key(used, 1));
        assert_eq!(world.refuses("two/1", revoke("two", "two/r", new)), E::KeyUsed);
    }
    for used in [key("read 0"), device("two/1").request, public(2)] {
        let epoch = NewEpoch { read: used, ..world.epoch_change() };
        assert_eq!(world.refuses("one/1", Change::Epoch(epoch)), E::KeyUsed);
    }
}

#[test]
fn the_keys_of_a_device_differ_and_its_log_key_is_one() {
    let mut world = World::new();
    let mut with = |change: fn(&mut Device)| {
        let device = changed("one/2", "one", change);
        world.refuses("one/1", Change::Device { device, keyring: boxes(3), user: id("one") })
    };
    assert_eq!(with(|d| d.request = d.object), E::KeysEqual);
    assert_eq!(with(|d| d.request = PublicKey(*d.log.public_key())), E::KeysEqual);
    assert_eq!(with(|d| d.seal = Sha256(d.object.0)), E::KeysEqual);
    let mut device = device("one/2");
    device.object = PublicKey(*device.log.public_key());
    let device = claim(device, "one", sign("one/2 log"), sign("one/2 log"));
    let change = Change::Device { device, keyring: boxes(3), user: id("one") };
    assert_eq!(world.refuses("one/1", change), E::KeysEqual);
    let log = |name: &str, algorithm| VerifierKey::new(name, algorithm, key("one/2 log").0).unwrap();
    let mut with_log = |log: VerifierKey| {
        let device = changed("one/2", "one", |device| device.log = log);
        world.refuses("one/1", Change::Device { device, keyring: boxes(3), user: id("one") })
    };
    assert_eq!(with_log(log("one", Algorithm::Ed25519)), E::LogKey);
    assert_eq!(with_log(log(&origin([1; 16]), Algorithm::CosignatureV1)), E::LogKey);
    // Two devices of one join share a key.
    let mut two = member("two", &["two/1"]);
    two.devices.push(changed("two/2", "two", |other| other.request = key("two/1 request")));
    two.devices.sort_by_key(ClaimedDevice::id);
    two.keyring = boxes(2);
    assert_eq!(world.admits(0, two, "two/1"), Err(E::KeyUsed));
    // A device's key is the user key's hash.
    let mut two = member("two", &["two/1"]);
    two.devices.push(changed("two/2", "two", |other| other.seal = kem("two key").recipient()));
    two.devices.sort_by_key(ClaimedDevice::id);
    two.keyring = boxes(2);
    assert_eq!(world.admits(0, two, "two/1"), Err(E::KeyUsed));
}

/// Who has only seen a device's public keys cannot have it: not the posts that it signed, not its consent log.
#[test]
fn nobody_lists_the_device_of_another() {
    let mut world = World::new();
    let asks = |world: &mut World, devices: Vec<ClaimedDevice>| {
        let mut asks = Member { devices, ..member("mallory", &["mallory/1"]) };
        asks.devices.sort_by_key(ClaimedDevice::id);
        asks.keyring = boxes(asks.devices.len() as u64);
        world.admits(0, asks, "mallory/1")
    };
    let own = || claimed_for("mallory/1", "mallory");
    // Alice's device, as she listed it herself: it says that it is hers.
    let copied = claimed_for("alice/1", "alice");
    assert_eq!(copied.verify(&id("alice")), Ok(()));
    assert!(copied.verify(&id("mallory")).is_err());
    assert_eq!(asks(&mut world, vec![own(), copied.clone()]), Err(E::Claim));
    // Signed with keys of Mallory's.
    let forged = claim(device("alice/1"), "mallory", sign_as("mallory/1"), sign("mallory/1 log"));
    assert_eq!(asks(&mut world, vec![own(), forged]), Err(E::Claim));
    // Mallory's device with Alice's log key, or with her object key.
    let log = changed("mallory/2", "mallory", |device| device.log = self::device("alice/1").log);
    assert_eq!(asks(&mut world, vec![own(), log]), Err(E::Claim));
    let object = changed("mallory/2", "mallory", |device| device.object = self::device("alice/1").object);
    assert_eq!(asks(&mut world, vec![own(), object]), Err(E::Claim));
    // One of the two signatures is not enough, and neither stands for the other.
    let good = claimed_for("mallory/2", "mallory");
    let swapped = ClaimedDevice { log: good.object, object: good.log, ..good.clone() };
    let no_log = ClaimedDevice { log: copied.log, ..good.clone() };
    let no_object = ClaimedDevice { object: copied.object, ..good.clone() };
    for device in [swapped, no_log, no_object] {
        assert_eq!(asks(&mut world, vec![own(), device]), Err(E::Claim));
    }
    asks(&mut world, vec![own(), good]).unwrap();
    // Neither by adding a device later, nor in the first entry.
    for device in [copied, claimed_for("mallory/3", "one")] {
        let change = Change::Device { device, keyring: boxes(3), user: id("mallory") };
        assert_eq!(world.refuses("mallory/1", change), E::Claim);
    }
    let forged = Member { devices: vec![claimed_for("one/1", "alice")], ..member("one", &["one/1"]) };
    assert_eq!(open(|create| create.join = join_with(forged, "one/1", None)), Err(E::Claim));
}

#[test]
fn a_claim_is_signed_as_told() {
    let (device, user) = (Sha256([0xd0; 32]), Id([0xe1; 16]));
    let (device_hex, user_hex) = ("d0".repeat(32), "e1".repeat(16));
    assert_eq!(claim_note(&device, &user), format!("curtain/v1/device-claim\n{device_hex}\n{user_hex}\n"));
    let message = format!(
        "curtain/v1/device-claim\n{{\"device\":\"{device_hex}\",\"suite\":1,\"user\":\"{user_hex}\"}}"
    );
    assert_eq!(claim_message(&device, &user), message.as_bytes());
}

#[test]
fn who_left_comes_back_with_their_keys_and_nobody_else_does() {
    let mut world = World::of_three();
    let first = world.add_change("two", Role::Member);
    world.says("two/1", remove("two")).unwrap();
    let same = || member("two", &["two/1", "two/r"]);
    // What they signed before they left does not bring them back.
    assert_eq!(world.refuses("one/1", first), E::JoinUsed);
    world.admits(1, same(), "two/1").unwrap();
    check_invariants(&world.circle);
    assert_eq!(world.circle.member(&id("two")).unwrap().access, Access::NextEpoch);
    // Again and again; with another device and another key too.
    world.says("two/1", remove("two")).unwrap();
    let changed = Member { key: kem("two key 2"), ..member("two", &["two/1", "two/2"]) };
    world.admits(2, changed, "two/1").unwrap();
    world.says("two/2", profile("two")).unwrap();
    // While one is in, nothing serves twice.
    assert_eq!(world.admits(3, same(), "two/1"), Err(E::UserAlreadyIn));
    assert_eq!(world.refuses("two/1", add_device("two", "two/r", 3)), E::KeyUsed);
    assert_eq!(world.refuses("two/1", rekey("two", "two key 2", 2)), E::KeyUsed);
    // Nobody else has them, not even with the consent of the device.
    world.says("two/1", remove("two")).unwrap();
    for device in ["two/1", "two/2", "two/r"] {
        let mut four = member("four", &["four/1"]);
        four.devices.push(claimed_for(device, "four"));
        four.devices.sort_by_key(ClaimedDevice::id);
        four.keyring = boxes(2);
        assert_eq!(world.admits(4, four, "four/1"), Err(E::KeyUsed), "{device}");
    }
    let four = Member { key: kem("two key 2"), ..member("four", &["four/1"]) };
    assert_eq!(world.admits(4, four, "four/1"), Err(E::KeyUsed));
    // And nobody else comes as them, though what their devices signed of themselves is public.
    let key = || kem("two key 3");
    for devices in [&["two/9"][..], &["two/1", "two/9"]] {
        let other = Member { key: key(), ..member("two", devices) };
        assert_eq!(world.admits(4, other, "two/9"), Err(E::NotThatUser));
    }
    let other = Member { key: key(), ..member("two", &["three/2"]) };
    assert_eq!(world.admits(4, other, "three/2"), Err(E::NotThatUser));
    world.admits(4, Member { key: key(), ..member("two", &["two/2"]) }, "two/2").unwrap();
}

#[test]
fn what_was_revoked_or_replaced_does_not_come_back() {
    let mut world = World::of_three();
    world.says("two/1", add_device("two", "two/2", 3)).unwrap();
    world.says("two/1", revoke("two", "two/2", Some(new_key("two key 2", 2)))).unwrap();
    world.says("two/1", rekey("two", "two key 3", 2)).unwrap();
    world.says("one/1", revoke("two", "two/r", None)).unwrap();
    world.says("two/1", remove("two")).unwrap();
    let with = |key: &str, devices: &[&str]| Member { key: kem(key), ..member("two", devices) };
    // The last one too: an admin revoked a device that has it.
    for key in ["two key", "two key 2", "two key 3"] {
        assert_eq!(world.admits(1, with(key, &["two/1"]), "two/1"), Err(E::KeyUsed), "{key}");
    }
    for device in ["two/2", "two/r"] {
        assert_eq!(world.admits(1, with("two key 4", &["two/1", device]), "two/1"), Err(E::KeyUsed));
    }
    assert_eq!(world.admits(1, with("two key 4", &["two/2"]), "two/2"), Err(E::KeyUsed));
    // A key comes back as what it was: no part of another device, no device key as user key.
    let parts: [fn(&mut Device); 3] = [
        |d| d.request = key("two/1 request"),
        |d| d.seal = device("two/1").seal,
        |d| d.request = key("two/1 object"),
    ];
    for part in parts {
        let mut two = with("two key 4", &["two/1"]);
        two.devices.push(changed("two/3", "two", part));
        two.devices.sort_by_key(ClaimedDevice::id);
        two.keyring = boxes(2);
        assert_eq!(world.admits(1, two, "two/1"), Err(E::KeyUsed));
    }
    let mut two = member("three", &["three/1"]);
    world.says("three/1", remove("three")).unwrap();
    two.devices.push(changed("three/2", "three", |d| d.seal = kem("three key").recipient()));
    two.devices.sort_by_key(ClaimedDevice::id);
    (two.keyring, two.key) = (boxes(2), kem("three key 2"));
    assert_eq!(world.admits(1, two, "three/1"), Err(E::KeyUsed));
    world.admits(1, with("two key 4", &["two/1", "two/4"]), "two/1").unwrap();
}
