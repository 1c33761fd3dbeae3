//! What a circle says of now and of before.

use super::*;
use crate::credential::{Credential, CredentialError, Kind};

#[test]
fn a_log_of_every_kind_replays_to_the_same_state() {
    let world = World::of_every_kind();
    assert!(world.replayed() == world.circle);
    check_invariants(&world.circle);
    let circle = &world.circle;
    assert_eq!(circle.id(), Sha256::of(&world.log[0]));
    assert_eq!((circle.audience(), circle.history()), (Level::Teaching, History::Archive));
    assert_eq!(circle.issuers().len(), 2);
    assert_eq!(circle.newest(), time(16));
    let users: Vec<Id> = circle.members().map(|(user, _)| user).collect();
    assert_eq!(users.len(), 2);
    let two = circle.member(&id("two")).unwrap();
    assert_eq!((two.role, &two.key, two.access), (Role::Member, &kem("two key 2"), Access::NextEpoch));
    assert_eq!(two.devices, [device_id("two/2"), device_id("two/3")].into());
    assert_eq!(circle.member(&id("three")), None);
}

#[test]
fn every_kind_is_written_as_told() {
    let world = World::of_every_kind();
    let kinds =
        ["create", "epoch", "add", "profile", "role", "remove", "device", "revoke", "rekey", "discredit"];
    let texts: Vec<String> =
        world.log.iter().map(|entry| String::from_utf8(entry.clone()).unwrap()).collect();
    for kind in kinds {
        assert!(texts.iter().any(|text| text.contains(&format!(r#""kind":"{kind}""#))), "{kind}");
    }
    let device = String::from_utf8(crate::canonical::to_bytes(&device("one/1"))).unwrap();
    assert!(device.starts_with(r#"{"log":"curtain/log/"#) && device.ends_with(r#","use":"posting"}"#));
    let head = r#"{"body":{"at":1800000000,"by":""#;
    assert!(texts[0].starts_with(head) && texts[0].ends_with(r#","type":"curtain/v1/membership"}"#));
    assert!(texts[0].contains(r#","n":0,"suite":1},"signature":""#));
}

#[test]
fn devices_and_roles_are_known_for_every_size() {
    let mut world = World::of_three();
    let added = 3;
    assert_eq!(world.circle.role_at(&id("two"), added - 1), None);
    assert_eq!(world.circle.role_at(&id("two"), added), Some(Role::Member));
    let before = world.size();
    world.says("one/1", role("two", Role::Student)).unwrap();
    world.says("two/1", add_device("two", "two/2", 3)).unwrap();
    world.says("two/2", revoke("two", "two/1", Some(new_key("two key 2", 2)))).unwrap();
    world.says("one/1", remove("two")).unwrap();
    let circle = &world.circle;
    let at = |device: &str, size| circle.standing(&device_id(device), size).map(|found| found.role);
    let (member, student) = (Some(Role::Member), Some(Role::Student));
    let seen: Vec<_> = (before..before + 6).map(|size| (at("two/1", size), at("two/2", size))).collect();
    let expected =
        [(member, None), (student, None), (student, student), (None, student), (None, None), (None, None)];
    assert_eq!(seen, expected);
    assert_eq!((at("two/1", 2), at("two/1", 3), at("two/1", 99)), (None, member, None));
    assert_eq!((at("nine/1", 3), at("one/1", 0), at("one/1", 1)), (None, None, Some(Role::Admin)));
    let record = circle.device(&device_id("two/1")).unwrap();
    assert_eq!((record.spans.as_slice(), record.user), (&[(3, Some(before + 3))][..], id("two")));
    assert_eq!(circle.role_at(&id("two"), circle.size()), None);
}

#[test]
fn who_comes_back_counts_before_and_after_and_not_between() {
    let mut world = World::of_three();
    world.says("one/1", role("two", Role::Moderator)).unwrap();
    let left = world.size() + 1;
    world.says("two/1", remove("two")).unwrap();
    world.says("one/1", profile("one")).unwrap();
    let back = world.size() + 1;
    world.admits(1, member("two", &["two/1", "two/2"]), "two/1").unwrap();
    world.says("one/1", profile("one")).unwrap();
    let gone = world.size() + 1;
    world.says("one/1", revoke("two", "two/1", None)).unwrap();
    world.says("two/2", remove("two")).unwrap();
    assert!(world.replayed() == world.circle);
    let circle = &world.circle;
    let spans = |device: &str| circle.device(&device_id(device)).unwrap().spans.clone();
    assert_eq!(spans("two/1"), [(3, Some(left)), (back, Some(gone))]);
    assert_eq!(spans("two/r"), [(3, Some(left))]);
    assert_eq!(spans("two/2"), [(back, Some(gone + 1))]);
    let at = |device: &str, size| circle.standing(&device_id(device), size).map(|found| found.role);
    for size in 0..=circle.size() + 1 {
        let role = match size {
            3..=5 => Some(Role::Member),
            _ if (6..left).contains(&size) => Some(Role::Moderator),
            _ if (back..=gone).contains(&size) => Some(Role::Member),
            _ => None,
        };
        assert_eq!(at("two/1", size), role.filter(|_| size < gone), "{size}");
        assert_eq!(at("two/r", size), role.filter(|_| size < left), "{size}");
        assert_eq!(at("two/2", size), role.filter(|_| size >= back), "{size}");
        if size <= circle.size() {
            assert_eq!(circle.role_at(&id("two"), size), role, "{size}");
        }
    }
}

#[test]
fn a_relay_knows_who_asks() {
    let world = World::of_every_kind();
    let asks = |name: &str| world.circle.requester(&device_id(name));
    for (name, user, role) in
        [("one/1", "one", Role::Admin), ("one/r", "one", Role::Admin), ("two/3", "two", Role::Member)]
    {
        let found = Standing { device: &device(name), role, user: id(user) };
        assert_eq!(asks(name), Some(found));
    }
    for out in ["two/1", "two/r", "three/1", "three/r", "nine/1"] {
        assert_eq!(asks(out), None);
    }
    assert_eq!(world.circle.epoch().unwrap().read, key("read 3"));
}

#[test]
fn sealing_is_blocked_until_the_next_epoch() {
    let mut world = World::of_three();
    world.add("four", Role::Member);
    assert!(world.circle.rotation_due() && !world.circle.blocked());
    world.says("one/1", role("four", Role::Moderator)).unwrap();
    assert!(!world.circle.blocked());
    world.epoch("one/1");
    let blocking = [
        ("one/1", role("four", Role::Officer)),
        ("two/1", rekey("two", "two key 2", 2)),
        ("two/1", revoke("two", "two/r", Some(new_key("two key 3", 1)))),
        ("one/1", revoke("three", "three/1", None)),
        ("three/r", rekey("three", "three key 2", 1)),
        ("one/1", remove("three")),
    ];
    for (by, change) in blocking {
        let before = world.size();
        world.says(by, change).unwrap();
        assert!(world.circle.blocked() && !world.circle.blocked_at(before));
        // Later causes do not move the first one.
        world.says("one/1", profile("one")).unwrap();
        assert_eq!(world.circle.epoch().unwrap().blocked, Some(before + 1));
        world.epoch("one/1");
        assert!(!world.circle.blocked() && !world.circle.rotation_due());
        assert!(world.circle.blocked_at(before + 1) && world.circle.blocked_at(world.size() - 1));
    }
    // Who is no officer any more has a box coming; nobody is shut out.
    world.says("one/1", role("four", Role::Member)).unwrap();
    assert!(world.circle.rotation_due() && !world.circle.blocked());
    assert_eq!(world.circle.member(&id("four")).unwrap().access, Access::NextEpoch);
}

#[test]
fn boxes_go_to_all_but_officers_and_who_waits() {
    let mut world = World::of_three();
    let boxed = |world: &World| {
        let mut users: Vec<Id> = world.circle.recipients().map(|(_, user, _)| user).collect();
        let recipients: Vec<Sha256> = world.circle.recipients().map(|(recipient, ..)| recipient).collect();
        assert!(recipients.is_sorted());
        users.sort();
        users
    };
    let all = |names: &[&str]| {
        let mut users: Vec<Id> = names.iter().map(|name| id(name)).collect();
        users.sort();
        users
    };
    assert_eq!(boxed(&world), all(&["one", "two", "three"]));
    world.says("one/1", role("two", Role::Officer)).unwrap();
    assert_eq!(boxed(&world), all(&["one", "three"]));
    world.says("one/1", revoke("three", "three/1", None)).unwrap();
    assert_eq!(boxed(&world), all(&["one"]));
    // An officer who waited is still an officer; who waits stays so in another role.
    world.says("one/1", revoke("two", "two/1", None)).unwrap();
    world.says("two/r", rekey("two", "two key 2", 1)).unwrap();
    assert_eq!(boxed(&world), all(&["one"]));
    world.says("one/1", role("three", Role::Moderator)).unwrap();
    assert_eq!(boxed(&world), all(&["one"]));
    world.epoch("one/1");
    world.says("three/r", rekey("three", "three key 2", 1)).unwrap();
    assert_eq!(boxed(&world), all(&["one", "three"]));
    assert_eq!(world.circle.member(&id("three")).unwrap().access, Access::NextEpoch);
    world.epoch("one/1");
    assert_eq!(world.circle.member(&id("three")).unwrap().access, Access::Current);
    check_invariants(&world.circle);
}

#[test]
fn epochs_and_profiles_know_when_they_began() {
    let world = World::of_every_kind();
    let circle = &world.circle;
    let from: Vec<u64> = circle.epochs().iter().map(|epoch| epoch.from).collect();
    assert_eq!(from, [2, 5, 10, 15]);
    let at = |size| circle.epoch_at(size).map(|epoch| epoch.number);
    assert_eq!((at(0), at(1), at(2), at(4), at(5)), (None, None, Some(0), Some(0), Some(1)));
    assert_eq!(
        (at(circle.size()), at(circle.size() + 1)),
        (Some(3), None),
        "beyond the log's end nothing is known"
    );
    assert_eq!(circle.epochs()[2].by, device_id("two/2"));
    let one = circle.member(&id("one")).unwrap();
    assert_eq!(one.profile.as_ref().unwrap().epoch, 1);
    let two = circle.member(&id("two")).unwrap();
    assert_eq!(two.profile.as_ref().unwrap().epoch, 3);
}

#[test]
fn the_profile_of_who_left_is_the_last_one() {
    let mut world = World::of_three();
    let started = world.size();
    let profile =
        |world: &World| world.circle.profile(&id("two")).map(|found| (found.epoch, found.sealed.0.len()));
    let says = |world: &mut World, len| {
        let change = Change::Profile { profile: sealed(len), user: id("two") };
        world.says("two/1", change).unwrap();
        assert_eq!(world.circle.profile(&id("two")).unwrap().from, world.size());
    };
    assert_eq!(profile(&world), Some((0, 300)));
    says(&mut world, 301);
    assert_eq!(profile(&world), Some((1, 301)));
    world.says("two/1", remove("two")).unwrap();
    assert_eq!(profile(&world), Some((1, 301)));
    world.admits(1, member("two", &["two/1"]), "two/1").unwrap();
    assert_eq!(profile(&world), Some((1, 300)));
    says(&mut world, 302);
    world.says("one/1", remove("two")).unwrap();
    assert_eq!(profile(&world), Some((1, 302)));
    // What was theirs at each size stays so.
    let lengths = (started..=world.size())
        .map(|size| world.circle.profile_at(&id("two"), size).map(|found| found.sealed.0.len()));
    assert_eq!(lengths.collect::<Vec<_>>(), [300, 301, 301, 300, 302, 302].map(Some));
    assert_eq!(world.circle.profile_at(&id("two"), 1), None);
    // The creator has none at first, and a stranger never.
    assert_eq!((world.circle.profile(&id("one")), world.circle.profile(&id("nine"))), (None, None));
}

#[test]
fn credentials_count_for_devices_that_were_the_users() {
    let mut world = World::of_three();
    let credential = |device: &str| {
        Signed::new(
            Credential {
                device: device_id(device),
                expires: time(1000),
                issued: time(0),
                issuer: public(1),
                kind: Kind::Clinician,
                serial: id("serial"),
                suite: Suite,
                user: id("two"),
            },
            signer(1),
        )
    };
    let at = |world: &World, device: &str, role, size| {
        world.circle.check_credential(id("two"), role, Some(&credential(device)), size, time(500))
    };
    let check = |world: &World, device: &str| at(world, device, Role::Member, world.size());
    assert_eq!(check(&world, "two/1"), Ok(()));
    assert_eq!(check(&world, "two/2"), Err(CredentialError::Device));
    world.says("two/r", revoke("two", "two/1", Some(new_key("two key 2", 1)))).unwrap();
    assert_eq!(check(&world, "two/1"), Ok(()));
    let credential_hash = credential("two/1").hash();
    let said = Revocation { at: time(0), credential: credential_hash, issuer: public(1), suite: Suite };
    world.says("one/1", Change::Discredit { revocation: Signed::new(said, signer(1)) }).unwrap();
    assert_eq!(check(&world, "two/1"), Err(CredentialError::Revoked));
    let revoked = world.size();
    assert_eq!(world.circle.revoked()[&(public(1), credential_hash)], revoked);
    let none = |role| world.circle.check_credential(id("two"), role, None, revoked, time(500));
    assert_eq!(none(Role::Member), Err(CredentialError::Missing));
    // What counted before it was taken back still did, also for who is out now.
    world.says("one/1", remove("two")).unwrap();
    for (size, expected) in [
        (revoked - 1, Ok(())),
        (revoked, Err(CredentialError::Revoked)),
        (revoked + 1, Err(CredentialError::Device)),
    ] {
        assert_eq!(at(&world, "two/1", Role::Member, size), expected);
    }
    // It is asked for a role, whichever the user has.
    let came = (1..revoked).find(|size| world.circle.role_at(&id("two"), *size).is_some()).unwrap();
    assert_eq!(at(&world, "two/1", Role::Admin, came), Ok(()));
    assert_eq!(at(&world, "two/1", Role::Student, came), Ok(()));
    assert_eq!(at(&world, "two/1", Role::Officer, came), Err(CredentialError::Kind));
    assert_eq!(at(&world, "two/1", Role::Member, came - 1), Err(CredentialError::Device));
    // Of who never was here there are no devices.
    let stranger =
        world.circle.check_credential(id("nine"), Role::Member, Some(&credential("two/1")), 1, time(500));
    assert_eq!(stranger, Err(CredentialError::User));
    let late =
        world.circle.check_credential(id("two"), Role::Member, Some(&credential("two/1")), came, time(1001));
    assert_eq!(late, Err(CredentialError::Expired));
}

#[test]
fn a_circle_grows_and_is_full_at_its_limit() {
    let mut world = World::new();
    for n in 0..300 {
        let bytes = world.bytes("one/1", world.add_change(&format!("user {n}"), Role::Member));
        world.circle.append(&bytes).unwrap();
    }
    world.epoch("one/1");
    check_invariants(&world.circle);
    assert_eq!(world.circle.epoch().unwrap().boxes.count, 301);
    let one = world.circle.member(&id("one")).unwrap().clone();
    for n in 301..MAX_MEMBERS {
        world.circle.members.insert(id(&n.to_string()), one.clone());
    }
    assert_eq!(world.refuses("one/1", world.add_change("two", Role::Member)), MembershipError::CircleFull);
    world.circle.members.remove(&id("301"));
    world.add("two", Role::Member);
}

/// Prints what 5,000 members cost. Most of it is canonical JSON and two signatures for each.
#[test]
#[ignore = "a measurement: run it in release, with --ignored --nocapture"]
#[expect(clippy::print_stdout, reason = "a measurement")]
fn five_thousand_members() {
    let mut world = World::new();
    let mut last = 0.0;
    let joins: Vec<Change> =
        (0..5000).map(|n| world.add_change(&format!("user {n}"), Role::Member)).collect();
    for (n, change) in joins.into_iter().enumerate() {
        let bytes = world.bytes("one/1", change);
        let start = std::time::Instant::now();
        world.circle.append(&bytes).unwrap();
        last += start.elapsed().as_secs_f64();
        if n % 1000 == 999 {
            println!("{} members: {last:.3} s", n + 1);
        }
    }
    let start = std::time::Instant::now();
    world.epoch("one/1");
    println!("epoch, with the test's own copy: {:.3} s", start.elapsed().as_secs_f64());
}
