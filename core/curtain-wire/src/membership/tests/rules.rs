//! Every rule, by its own error.

use super::MembershipError as E;
use super::*;
use crate::canonical::NotCanonical;

pub(super) fn open(change: impl FnOnce(&mut Create)) -> Result<Circle, E> {
    let mut body = create(Level::Teaching);
    change(&mut body);
    Circle::open(&Entry::create(time(0), device_id("one/1"), body, sign_as("one/1")).to_bytes())
}

#[test]
fn the_first_entry_creates() {
    assert!(open(|_| {}).is_ok());
    let mut world = World::new();
    let later = world.bytes("one/1", profile("one"));
    assert_eq!(Circle::open(&later), Err(E::CreateFirst));
    let good = Signed::<Entry>::parse(&world.log[0]).unwrap().body().clone();
    let signed = |entry: Entry, by: &str| Circle::open(&Signed::new(entry, sign_as(by)).to_bytes());
    let with = |change: fn(&mut Entry)| {
        let mut entry = good.clone();
        change(&mut entry);
        signed(entry, "one/1").unwrap_err()
    };
    assert_eq!(with(|e| e.n = 1), E::Number { expected: 0, given: 1 });
    assert_eq!(with(|e| e.prev = Some(Sha256([0; 32]))), E::Previous);
    assert_eq!(with(|e| e.circle = Some(Sha256([0; 32]))), E::OtherCircle);
    assert_eq!(with(|e| e.by = device_id("two/1")), E::UnknownSigner);
    assert_eq!(signed(good.clone(), "two/1"), Err(E::BadSignature));
    let recovery = Entry { by: device_id("one/r"), ..good };
    assert_eq!(signed(recovery, "one/r"), Err(E::RecoveryDevice));
    assert_eq!(world.refuses("one/1", Change::Create(create(Level::Teaching))), E::CreateAgain);
}

#[test]
fn issuers_ascend_and_are_there_where_credentials_are() {
    assert_eq!(open(|c| c.issuers.reverse()), Err(E::Issuers));
    assert_eq!(open(|c| c.issuers[1] = c.issuers[0]), Err(E::Issuers));
    assert_eq!(open(|c| c.issuers.clear()), Err(E::Issuers));
    assert!(open(|c| (c.issuers, c.audience) = (vec![], Level::Publication)).is_ok());
    let issuers = |count: u8| {
        open(|c| {
            c.issuers = (0..count).map(public).collect();
            c.issuers.sort();
        })
    };
    assert!(issuers(16).is_ok());
    assert_eq!(issuers(17), Err(E::Issuers));
}

/// What every join must be, of a creator and of who is added.
#[test]
fn a_join_is_whole_and_signed() {
    let mut world = World::new();
    let circle = world.circle.id();
    let mut add = |member: Member, by: &str, circle| {
        let join = join_with(member, by, circle);
        world.refuses("one/1", Change::Add(Add { join, profile: sealed(300), role: Role::Member }))
    };
    let good = || member("two", &["two/1", "two/r"]);
    let here = Some(circle);
    assert_eq!(add(good(), "two/1", None), E::JoinCircle);
    assert_eq!(add(good(), "two/1", Some(Sha256([0; 32]))), E::JoinCircle);
    assert_eq!(add(good(), "two/r", here), E::JoinSigner);
    assert_eq!(add(good(), "three/1", here), E::JoinSigner);
    assert_eq!(add(member("two", &[]), "two/1", here), E::DeviceCount);
    let many: Vec<String> = (0..17).map(|n| format!("two/{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(add(member("two", &many), "two/1", here), E::DeviceCount);
    let mut unsorted = good();
    unsorted.devices.reverse();
    assert_eq!(add(unsorted, "two/1", here), E::DeviceOrder);
    assert_eq!(add(member("two", &["two/1", "two/1"]), "two/1", here), E::DeviceOrder);
    let short = Member { keyring: boxes(1), ..good() };
    assert_eq!(add(short, "two/1", here), E::KeyringCount { expected: 2, given: 1 });
    assert_eq!(open(|c| c.join = join("one", Some(Sha256([0; 32])))), Err(E::JoinCircle));

    // Signed by another key than the device's.
    let body = join("two", here).body().clone();
    let join = Signed::new(body, sign_as("three/1"));
    let forged = Change::Add(Add { join, profile: sealed(300), role: Role::Member });
    assert_eq!(world.refuses("one/1", forged), E::JoinSignature);

    let join = join_with(member("two", &many[..16]), "two/1", here);
    let most = Change::Add(Add { join, profile: sealed(MAX_PROFILE_BYTES), role: Role::Member });
    assert!(world.bytes("one/1", most.clone()).len() <= Entry::MAX_BYTES / 2);
    world.says("one/1", most).unwrap();
    assert_eq!(world.refuses("two/1", add_device("two", "two/99", 17)), E::DeviceCount);
}

#[test]
fn entries_stand_at_their_place() {
    let mut world = World::of_three();
    let good = world.circle.entry(time(9), device_id("one/1"), profile("one"), sign_as("one/1"));
    let mut with = |change: fn(&mut Entry)| {
        let mut entry = good.body().clone();
        change(&mut entry);
        world.append(Signed::new(entry, sign_as("one/1")).to_bytes()).unwrap_err()
    };
    assert_eq!(with(|e| e.n = 4), E::Number { expected: 5, given: 4 });
    assert_eq!(with(|e| e.n = 6), E::Number { expected: 5, given: 6 });
    assert_eq!(with(|e| e.prev = None), E::Previous);
    assert_eq!(with(|e| e.prev = Some(Sha256([0; 32]))), E::Previous);
    assert_eq!(with(|e| e.circle = None), E::OtherCircle);
    assert_eq!(with(|e| e.circle = Some(Sha256([0; 32]))), E::OtherCircle);
    assert_eq!(with(|e| e.at = time(3)), E::TimeGoesBack);
    let large = vec![b' '; Entry::MAX_BYTES + 1];
    let error = E::Form(NotCanonical::TooLarge { limit: Entry::MAX_BYTES });
    assert_eq!(world.append(large), Err(error));
    // What is made here does not go back, whatever the clock says.
    let early = world.circle.entry(time(-100), device_id("one/1"), profile("one"), sign_as("one/1"));
    assert_eq!(early.body().at, world.circle.newest());
    world.append(early.to_bytes()).unwrap();
}

#[test]
fn the_second_entry_is_the_first_epoch() {
    let mut world = World::created(Level::Teaching);
    assert_eq!(world.refuses("one/1", profile("one")), E::EpochFirst);
    assert_eq!(world.refuses("one/1", world.add_change("two", Role::Member)), E::EpochFirst);
    assert_eq!(world.refuses("one/r", remove("one")), E::EpochFirst);
    assert_eq!(world.refuses("one/r", Change::Epoch(world.epoch_change())), E::NotDue);
    assert!(world.circle.blocked() && world.circle.rotation_due() && world.circle.epoch().is_none());
    world.epoch("one/1");
    assert!(!world.circle.blocked() && !world.circle.rotation_due());
}

#[test]
fn epochs_are_counted_linked_and_boxed() {
    let mut world = World::created(Level::Teaching);
    let first = world.epoch_change();
    let back = |sealed, to| Some(BackLink { sealed, to });
    for to in [0, 1, u64::MAX] {
        let linked = NewEpoch { back: back(sealed(105), to), ..first.clone() };
        // No number beyond 2^53 is written in JSON, and none is below 0.
        assert!(matches!(world.refuses("one/1", Change::Epoch(linked)), E::BackLink | E::Form(_)));
    }
    world.epoch("one/1");
    world.add("two", Role::Member);
    world.add("three", Role::Officer);
    let good = world.epoch_change();
    let mut with = |change: &dyn Fn(&mut NewEpoch)| {
        let mut epoch = good.clone();
        change(&mut epoch);
        world.refuses("one/1", Change::Epoch(epoch))
    };
    assert_eq!(with(&|e| e.number = 0), E::EpochNumber { expected: 1, given: 0 });
    assert_eq!(with(&|e| e.number = 2), E::EpochNumber { expected: 1, given: 2 });
    assert_eq!(with(&|e| e.back = None), E::BackLink);
    for other in [sealed(104), sealed(106), Base64(vec![2; 105]), Base64(vec![])] {
        assert_eq!(with(&|e| e.back = back(other.clone(), 0)), E::BackLink);
    }
    assert_eq!(with(&|e| e.back = back(sealed(105), 1)), E::BackLink);
    assert_eq!(with(&|e| e.back = back(sealed(105), 2)), E::BackLink);
    // The officer gets none.
    assert_eq!(with(&|e| e.boxes.count = 3), E::BoxCount { expected: 2, given: 3 });
    assert_eq!(with(&|e| e.boxes.count = 1), E::BoxCount { expected: 2, given: 1 });
    world.epoch("one/1");
    // To the one before that: the boxes of epoch 1 may not have held.
    let skips = NewEpoch { back: back(sealed(105), 0), ..world.epoch_change() };
    world.says("one/1", Change::Epoch(skips)).unwrap();
    assert_eq!(world.circle.epoch().unwrap().back.as_ref().unwrap().to, 0);
}

#[test]
fn only_who_is_in_signs() {
    let mut world = World::of_three();
    assert_eq!(world.refuses("nine/1", profile("nine")), E::UnknownSigner);
    let forged = world.circle.entry(time(9), device_id("one/1"), profile("one"), sign_as("two/1"));
    assert_eq!(world.append(forged.to_bytes()), Err(E::BadSignature));
    // Not with the device's other keys either.
    let other = world.circle.entry(time(9), device_id("one/1"), profile("one"), sign("one/1 request"));
    assert_eq!(world.append(other.to_bytes()), Err(E::BadSignature));
    world.says("one/1", remove("two")).unwrap();
    world.says("three/r", revoke("three", "three/1", Some(new_key("three key 2", 1)))).unwrap();
    for out in ["two/1", "two/r", "three/1"] {
        assert_eq!(world.refuses(out, profile("three")), E::SignerOut);
    }
}

#[test]
fn admins_decide_who_is_in() {
    let mut world = World::of_three();
    world.says("one/1", role("three", Role::Moderator)).unwrap();
    for by in ["two/1", "three/1"] {
        for change in [
            world.add_change("four", Role::Member),
            role("two", Role::Admin),
            remove("one"),
            profile("one"),
            revoke("one", "one/1", None),
        ] {
            assert_eq!(world.refuses(by, change), E::NotAdmin);
        }
        assert_eq!(world.refuses(by, Change::Epoch(world.epoch_change())), E::NotDue);
    }
    assert_eq!(world.refuses("one/1", world.add_change("two", Role::Member)), E::UserAlreadyIn);
    for change in [role("four", Role::Admin), remove("four"), profile("four"), revoke("four", "two/1", None)]
    {
        assert_eq!(world.refuses("one/1", change), E::UserNotIn);
    }
    assert_eq!(world.refuses("one/1", role("two", Role::Member)), E::RoleUnchanged);
    assert_eq!(world.refuses("one/1", rekey("two", "two key 2", 2)), E::NotTheUser);
    assert_eq!(world.refuses("one/1", add_device("two", "two/2", 3)), E::NotTheUser);
    world.says("two/1", profile("two")).unwrap();
    world.says("one/1", profile("two")).unwrap();
    world.says("two/1", remove("two")).unwrap();
}

#[test]
fn the_last_admin_stays() {
    let mut world = World::of_three();
    assert_eq!(world.refuses("one/1", remove("one")), E::LastAdmin);
    assert_eq!(world.refuses("one/r", remove("one")), E::LastAdmin);
    assert_eq!(world.refuses("one/1", role("one", Role::Member)), E::LastAdmin);
    world.says("one/1", role("two", Role::Admin)).unwrap();
    // An admin who waits does not count: they may never come back.
    world.says("one/1", revoke("two", "two/r", None)).unwrap();
    assert_eq!(world.refuses("one/1", remove("one")), E::LastAdmin);
    world.says("two/1", rekey("two", "two key 2", 1)).unwrap();
    world.says("one/1", role("one", Role::Officer)).unwrap();
    assert_eq!(world.refuses("two/1", remove("two")), E::LastAdmin);
}

#[test]
fn the_last_admin_keeps_a_device_that_acts() {
    let mut world = World::of_three();
    let new = |key: &str, devices| Some(new_key(key, devices));
    // Only the recovery device would be left, and it does nothing of an admin's.
    assert_eq!(world.refuses("one/r", revoke("one", "one/1", new("one key 2", 1))), E::LastAdmin);
    // With another admin it may, and then does not count as one.
    world.says("one/1", role("two", Role::Admin)).unwrap();
    world.says("one/r", revoke("one", "one/1", new("one key 2", 1))).unwrap();
    check_invariants(&world.circle);
    for change in [remove("two"), role("two", Role::Member)] {
        assert_eq!(world.refuses("two/1", change), E::LastAdmin);
    }
    assert_eq!(world.refuses("two/r", revoke("two", "two/1", new("two key 2", 1))), E::LastAdmin);
    // Until there is a posting device again.
    world.says("one/r", add_device("one", "one/2", 2)).unwrap();
    check_invariants(&world.circle);
    world.says("two/1", remove("two")).unwrap();
    // A recovery device may go; so may one of two posting devices.
    world.says("one/2", add_device("one", "one/3", 3)).unwrap();
    world.says("one/2", revoke("one", "one/r", new("one key 3", 2))).unwrap();
    world.says("one/3", revoke("one", "one/2", new("one key 4", 1))).unwrap();
    check_invariants(&world.circle);
    // Others lose what they like.
    world.says("three/r", revoke("three", "three/1", new("three key 2", 1))).unwrap();
    // Who has no posting device is made admin, and does not count.
    world.says("one/3", role("three", Role::Admin)).unwrap();
    assert_eq!(world.refuses("one/3", remove("one")), E::LastAdmin);
    check_invariants(&world.circle);
}

#[test]
fn an_entry_of_the_future_is_refused_where_it_comes_from_others() {
    let mut world = World::of_three();
    let entry =
        world.circle.entry(time(1_000), device_id("one/1"), profile("one"), sign_as("one/1")).to_bytes();
    let before = world.circle.clone();
    for now in [0, 699, -2_000_000] {
        assert_eq!(world.circle.append_by(&entry, time(now)), Err(E::Ahead));
        assert!(world.circle == before);
    }
    for now in [700, 1_000, 5_000] {
        assert_eq!(world.circle.clone().append_by(&entry, time(now)).unwrap().to_bytes(), entry);
    }
    // Only the time is let off by this: the other rules stand.
    assert_eq!(world.circle.append_by(&world.log[2], time(1_000)), Err(E::Number { expected: 5, given: 2 }));
    assert!(matches!(world.circle.append_by(b"{}", time(1_000)), Err(E::Form(_))));
    // One's own entry is taken whatever the clock says.
    world.circle.append(&entry).unwrap();
}

#[test]
fn students_are_not_where_care_is() {
    let mut world = World::created(Level::CareAdvice);
    world.epoch("one/1");
    let student = world.add_change("two", Role::Student);
    assert_eq!(world.refuses("one/1", student), E::StudentInCareAdvice);
    world.add("two", Role::Member);
    assert_eq!(world.refuses("one/1", role("two", Role::Student)), E::StudentInCareAdvice);
    World::new().add("two", Role::Student);
}

#[test]
fn a_recovery_device_brings_its_user_back_and_no_more() {
    let mut world = World::of_three();
    for change in [
        profile("one"),
        world.add_change("four", Role::Member),
        role("two", Role::Admin),
        discredit(1, 7),
        remove("two"),
        revoke("two", "two/1", None),
    ] {
        assert_eq!(world.refuses("one/r", change), E::RecoveryDevice);
    }
    assert_eq!(world.refuses("one/r", Change::Epoch(world.epoch_change())), E::NotDue);
    world.says("one/r", add_device("one", "one/2", 3)).unwrap();
    world.says("one/r", revoke("one", "one/1", Some(new_key("one key 2", 2)))).unwrap();
    world.epoch("one/r");
    world.says("one/r", rekey("one", "one key 3", 2)).unwrap();
    world.epoch("one/r");
    world.says("two/r", remove("two")).unwrap();
    assert_eq!(world.refuses("one/r", Change::Epoch(world.epoch_change())), E::DueForOthers);
}

#[test]
fn devices_are_revoked_by_their_users_with_a_key_or_by_admins_without() {
    let mut world = World::of_three();
    let new = || Some(new_key("two key 2", 1));
    assert_eq!(world.refuses("two/1", revoke("two", "two/1", new())), E::RevokesItself);
    assert_eq!(world.refuses("two/1", revoke("two", "one/1", new())), E::UnknownDevice);
    assert_eq!(world.refuses("two/1", revoke("two", "two/r", None)), E::NewKeyMissing);
    assert_eq!(world.refuses("one/1", revoke("two", "two/1", new())), E::NewKeyNotTheirs);
    assert_eq!(world.refuses("one/1", revoke("one", "one/r", None)), E::NewKeyMissing);
    let wrong = E::KeyringCount { expected: 1, given: 2 };
    let two = Some(new_key("two key 2", 2));
    assert_eq!(world.refuses("two/1", revoke("two", "two/r", two)), wrong);
    assert_eq!(
        world.refuses("two/1", add_device("two", "two/2", 2)),
        E::KeyringCount { expected: 3, given: 2 }
    );
    assert_eq!(
        world.refuses("two/1", rekey("two", "two key 2", 3)),
        E::KeyringCount { expected: 2, given: 3 }
    );
    world.says("two/r", revoke("two", "two/1", new())).unwrap();
    assert_eq!(world.refuses("one/1", revoke("two", "two/1", None)), E::UnknownDevice);
}

#[test]
fn who_waits_makes_a_key_first() {
    let mut world = World::of_three();
    world.says("one/1", role("two", Role::Admin)).unwrap();
    world.says("one/1", revoke("two", "two/r", None)).unwrap();
    for change in [
        profile("two"),
        add_device("two", "two/2", 2),
        remove("three"),
        revoke("three", "three/1", None),
        Change::Epoch(world.epoch_change()),
        world.add_change("four", Role::Member),
        role("three", Role::Admin),
        discredit(1, 7),
    ] {
        assert_eq!(world.refuses("two/1", change), E::Waiting);
    }
    assert_eq!(world.circle.check_may_rotate(&device_id("two/1")), Err(E::Waiting));
    world.says("two/1", rekey("two", "two key 2", 1)).unwrap();
    world.says("two/1", profile("two")).unwrap();
    // Or leaves.
    world.says("one/1", revoke("three", "three/r", None)).unwrap();
    world.says("three/1", remove("three")).unwrap();
}

#[test]
fn who_starts_an_epoch() {
    let mut world = World::of_three();
    let refused = |world: &mut World, by: &str| {
        let error = world.refuses(by, Change::Epoch(world.epoch_change()));
        assert_eq!(world.circle.check_may_rotate(&device_id(by)), Err(error));
        error
    };
    assert_eq!(refused(&mut world, "two/1"), E::NotDue);
    world.epoch("one/1");
    world.says("two/1", rekey("two", "two key 2", 2)).unwrap();
    assert_eq!(refused(&mut world, "three/1"), E::DueForOthers);
    assert_eq!(world.circle.check_may_rotate(&device_id("two/1")), Ok(()));
    world.epoch("two/1");
    // Two users at once: neither may for the other.
    world.says("two/1", rekey("two", "two key 3", 2)).unwrap();
    world.says("three/1", rekey("three", "three key 2", 2)).unwrap();
    assert_eq!(refused(&mut world, "two/1"), E::DueForOthers);
    world.epoch("one/1");
    // Who has no box yet cannot link back.
    world.add("four", Role::Member);
    assert_eq!(refused(&mut world, "four/1"), E::HasNoBox);
    world.epoch("one/1");
    world.says("one/1", revoke("four", "four/r", None)).unwrap();
    world.says("four/1", rekey("four", "four key 2", 1)).unwrap();
    assert_eq!(refused(&mut world, "four/1"), E::HasNoBox);
    world.epoch("one/1");
    // An officer never.
    world.says("one/1", role("four", Role::Officer)).unwrap();
    assert_eq!(refused(&mut world, "four/1"), E::HasNoBox);
    world.epoch("one/1");
    world.says("four/1", rekey("four", "four key 3", 1)).unwrap();
    assert_eq!(refused(&mut world, "four/1"), E::HasNoBox);
    assert_eq!(world.circle.check_may_rotate(&device_id("nine/1")), Err(E::UnknownSigner));
}

#[test]
fn revocations_are_by_issuers_of_the_circle() {
    let mut world = World::new();
    assert_eq!(world.refuses("one/1", discredit(3, 7)), E::UnknownIssuer);
    let said = Revocation { at: time(0), credential: Sha256([7; 32]), issuer: public(1), suite: Suite };
    let forged = Change::Discredit { revocation: Signed::new(said, signer(3)) };
    assert_eq!(world.refuses("one/1", forged), E::RevocationSignature);
    world.says("one/1", discredit(1, 7)).unwrap();
    assert_eq!(world.refuses("one/1", discredit(1, 7)), E::AlreadyDiscredited);
    // Another issuer's word does not stand in the way of the right one's.
    world.says("one/1", discredit(2, 7)).unwrap();
    assert!(world.circle.revoked().contains_key(&(public(1), Sha256([7; 32]))));
}

#[test]
fn a_profile_is_sealed_and_small() {
    let mut world = World::new();
    for profile in [Base64(vec![]), sealed(72), sealed(MAX_PROFILE_BYTES + 1), Base64(vec![2; 300])] {
        let change = Change::Profile { profile: profile.clone(), user: id("one") };
        assert_eq!(world.refuses("one/1", change), E::Profile);
        let join = join("two", Some(world.circle.id()));
        let add = Change::Add(Add { join, profile, role: Role::Member });
        assert_eq!(world.refuses("one/1", add), E::Profile);
    }
}

#[test]
fn any_member_brings_what_an_issuer_took_back() {
    let mut world = World::of_three();
    world.add("four", Role::Officer);
    for (by, credential) in [("one/1", 1), ("two/1", 2), ("four/1", 3)] {
        world.says(by, discredit(1, credential)).unwrap();
    }
    assert_eq!(world.refuses("two/1", discredit(1, 1)), E::AlreadyDiscredited);
    assert_eq!(world.refuses("two/1", discredit(3, 4)), E::UnknownIssuer);
    assert_eq!(world.refuses("two/r", discredit(1, 4)), E::RecoveryDevice);
    world.says("two/1", remove("two")).unwrap();
    assert_eq!(world.refuses("two/1", discredit(1, 4)), E::SignerOut);
    assert_eq!(world.refuses("nine/1", discredit(1, 4)), E::UnknownSigner);
}
