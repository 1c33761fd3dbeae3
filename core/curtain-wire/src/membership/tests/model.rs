//! Whatever is tried in whatever order: what a circle says of itself stays true, and the log replays to it.

use proptest::prelude::*;

use super::*;

const USERS: [&str; 4] = ["one", "two", "three", "four"];

/// A change of one of all kinds that may or may not be allowed.
fn change(world: &World, kind: u8, user: &str, step: usize, devices: u64) -> Change {
    let roles = [Role::Member, Role::Student, Role::Moderator, Role::Admin, Role::Officer];
    let new = format!("{user} key {step}");
    match kind {
        0 | 1 => Change::Epoch(world.epoch_change()),
        2 => {
            let (name, recovery) = (format!("{user}/{step}"), format!("{user}/{step}r"));
            let asks = Member { key: kem(&new), ..member(user, &[&name, &recovery]) };
            let join = join_with(asks, &name, Some(world.circle.id()));
            Change::Add(Add { join, profile: sealed(300), role: roles[step % 5] })
        }
        3 => profile(user),
        4 | 5 => role(user, roles[step % 5]),
        6 => remove(user),
        7 => add_device(user, &format!("{user}/{step}"), devices + 1),
        8 => rekey(user, &new, devices),
        9 => discredit(1, step.to_le_bytes()[0]),
        12 => {
            // Comes back, perhaps with the same user key, or just tries to.
            let (name, other) = (format!("{user}/1"), format!("{user}/{}", ["r", "2"][step % 2]));
            let key = [format!("{user} key"), new][step / 2 % 2].clone();
            let asks = Member { key: kem(&key), ..member(user, &[&name, &other]) };
            let join = join_at(step.try_into().unwrap(), asks, &name, Some(world.circle.id()));
            Change::Add(Add { join, profile: sealed(300), role: roles[step / 4 % 5] })
        }
        _ => {
            let of_user = |(_, found): &(Id, &CircleMember)| found.devices.last().copied();
            let device =
                world.circle.members().find(|(found, _)| *found == id(user)).as_ref().and_then(of_user);
            let new = (kind == 10).then(|| new_key(&new, devices.saturating_sub(1)));
            Change::Revoke { device: device.unwrap_or(Sha256([0; 32])), new, user: id(user) }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn invariants_hold(steps in prop::collection::vec((0..13_u8, 0..4_usize, 0..4_usize, any::<prop::sample::Index>()), 1..60)) {
        let mut world = World::of_three();
        let mut names: BTreeMap<Sha256, String> = BTreeMap::new();
        for user in USERS {
            for device in ["1", "2", "r"] {
                names.insert(device_id(&format!("{user}/{device}")), format!("{user}/{device}"));
            }
        }
        for (step, (kind, by, user, pick)) in steps.into_iter().enumerate() {
            let step = step + 100;
            for end in ["", "r"] {
                let name = format!("{}/{step}{end}", USERS[user]);
                names.insert(device_id(&name), name);
            }
            let Some(signer) = world.circle.member(&id(USERS[by])) else { continue };
            if signer.devices.is_empty() {
                continue;
            }
            let signer = names[signer.devices.iter().nth(pick.index(signer.devices.len())).unwrap()].clone();
            let devices = world.circle.member(&id(USERS[user])).map_or(0, |found| found.devices.len() as u64);
            let change = change(&world, kind, USERS[user], step, devices);
            let _ = world.says(&signer, change);
            check_invariants(&world.circle);
        }
        prop_assert!(world.replayed() == world.circle);
    }
}
