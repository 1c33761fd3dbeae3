//! Logs that were changed, cut, mixed, or shown to different members differently.

use super::*;
use crate::head::{LogHead, LogKind};
use crate::tree::{Hash, TreeError};

/// The circle after the first `size` entries.
fn prefix(world: &World, size: usize) -> Circle {
    let mut circle = Circle::open(&world.log[0]).unwrap();
    for entry in &world.log[1..size] {
        circle.append(entry).unwrap();
    }
    circle
}

#[test]
fn no_flipped_byte_and_no_cut_of_any_entry_passes() {
    let world = World::of_every_kind();
    for (n, entry) in world.log.iter().enumerate() {
        let mut circle = (n > 0).then(|| prefix(&world, n));
        let before = circle.clone();
        let mut passes = |bytes: &[u8]| match &mut circle {
            Some(circle) => circle.append(bytes).is_ok(),
            None => Circle::open(bytes).is_ok(),
        };
        for at in 0..entry.len() {
            assert!(at % 7 != 0 || !passes(&entry[..at]), "cut of entry {n} at {at}");
            let mut flipped = entry.clone();
            flipped[at] ^= 1 << (at % 8);
            assert!(!passes(&flipped), "byte {at} of entry {n}");
        }
        assert!(circle == before, "entry {n}");
    }
}

#[test]
fn no_unknown_member_and_no_space_passes() {
    let world = World::of_every_kind();
    for (n, entry) in world.log.iter().enumerate() {
        let text = str::from_utf8(entry).unwrap();
        for (at, _) in text.match_indices('{') {
            let (before, after) = text.split_at(at + 1);
            for added in ["\"!\":1,", " "] {
                let changed = format!("{before}{added}{after}");
                let error = MembershipError::Form(crate::canonical::NotCanonical::Form);
                assert_eq!(Circle::open(changed.as_bytes()), Err(error), "entry {n} at {at}");
            }
        }
    }
}

#[test]
fn nobody_signs_for_another() {
    let world = World::of_every_kind();
    for (n, entry) in world.log.iter().enumerate() {
        let body = Signed::<Entry>::parse(entry).unwrap().body().clone();
        for other in ["one/1 object", "two/2 object", "two/1 request", "nine"] {
            let forged = Signed::new(body.clone(), sign(other)).to_bytes();
            let found = if n == 0 {
                Circle::open(&forged).map(|_| ())
            } else {
                prefix(&world, n).append(&forged).map(|_| ())
            };
            let expected = if forged == *entry { Ok(()) } else { Err(MembershipError::BadSignature) };
            assert_eq!(found, expected, "entry {n} by {other}");
        }
    }
}

#[test]
fn nothing_is_dropped_replayed_or_moved() {
    let world = World::of_every_kind();
    for n in 1..world.log.len() {
        let circle = prefix(&world, n);
        for (m, entry) in world.log.iter().enumerate() {
            assert_eq!(circle.clone().append(entry).is_ok(), m == n, "entry {m} after {n}");
        }
    }
    // Renumbered and linked anew, an old entry still has the old signature.
    let mut circle = world.circle.clone();
    for entry in &world.log[1..] {
        let old = Signed::<Entry>::parse(entry).unwrap();
        let text = String::from_utf8(entry.clone()).unwrap();
        let (last, size) = (circle.head().last, circle.size());
        let moved = text
            .replace(&old.body().prev.unwrap().to_string(), &last.to_string())
            .replace(&format!("\"n\":{},", old.body().n), &format!("\"n\":{size},"))
            .replace(&format!("\"at\":{}", old.body().at.seconds()), &format!("\"at\":{}", START + 99));
        assert!(circle.append(moved.as_bytes()).is_err());
    }
}

#[test]
fn an_entry_of_another_circle_does_not_pass() {
    let mut world = World::of_three();
    let mut other = create(Level::Teaching);
    other.salt = id("other salt");
    let first = Entry::create(time(0), device_id("one/1"), other, sign_as("one/1")).to_bytes();
    let mut other = World { circle: Circle::open(&first).unwrap(), log: vec![first] };
    assert_ne!(other.circle.id(), world.circle.id());
    for _ in 1..world.log.len() {
        other.epoch("one/1");
    }
    assert_eq!(other.size(), world.size());
    let entry = other.bytes("one/1", profile("one"));
    assert_eq!(world.append(entry), Err(MembershipError::OtherCircle));
    assert_eq!(world.circle.compare(&other.circle.head()), Err(ForkError::OtherCircle));
    assert_eq!(world.circle.head().follows(&other.circle.head(), &[]), Err(ForkError::OtherCircle));
}

#[test]
fn a_log_follows_each_of_its_states() {
    let world = World::of_every_kind();
    let circle = &world.circle;
    for size in 1..=world.log.len() {
        let then = prefix(&world, size);
        let seen = then.head();
        assert_eq!((seen.size, circle.head_at(seen.size)), (size as u64, Some(seen)));
        assert_eq!(circle.compare(&seen), Ok(()));
        assert_eq!(circle.compare_cosigned(&then.log_head()), Ok(()));
        let proof: Vec<Sha256> =
            circle.consistency_proof(seen.size).unwrap().into_iter().map(|hash| Sha256(hash.0)).collect();
        assert_eq!(circle.head().follows(&seen, &proof), Ok(()));
        let longer = [proof.as_slice(), &[Sha256([0; 32])]].concat();
        assert!(matches!(circle.head().follows(&seen, &longer), Err(ForkError::Proof(_))));
        if size < world.log.len() {
            let back = ForkError::RolledBack { seen: circle.size(), size: seen.size };
            assert_eq!(then.compare(&circle.head()), Err(back));
            assert_eq!(then.compare_cosigned(&circle.log_head()), Err(back));
            assert_eq!(seen.follows(&circle.head(), &[]), Err(back));
        }
    }
    assert_eq!((circle.head_at(0), circle.head_at(circle.size() + 1)), (None, None));
    let (old, new) = (circle.size() + 1, circle.size());
    assert_eq!(circle.consistency_proof(old), Err(TreeError::Shrunk { old, new }));
}

#[test]
fn a_fork_is_seen() {
    let world = World::of_three();
    let (mut left, mut right) = (world.circle.clone(), world.circle.clone());
    left.append(&world.bytes("one/1", profile("one"))).unwrap();
    right.append(&world.bytes("one/1", profile("two"))).unwrap();
    let forked = Err(ForkError::Forked { size: 6 });
    assert_eq!(left.compare(&right.head()), forked);
    assert_eq!(left.compare_cosigned(&right.log_head()), forked);
    assert_eq!(left.head().follows(&right.head(), &[]), forked);
    // One goes on: the other's state is still not its own.
    let next = left.entry(time(9), device_id("one/1"), profile("one"), sign_as("one/1"));
    left.append(&next.to_bytes()).unwrap();
    assert_eq!(left.compare(&right.head()), forked);
    let proof: Vec<Sha256> =
        left.consistency_proof(6).unwrap().into_iter().map(|hash| Sha256(hash.0)).collect();
    assert_eq!(left.head().follows(&right.head(), &proof), forked);
    // The same root, and another last entry: nobody has seen that.
    let lie = Head { last: Sha256([0; 32]), ..left.head() };
    assert_eq!(left.compare(&lie), Err(ForkError::Forked { size: 7 }));
    assert_eq!(left.head().follows(&lie, &[]), Err(ForkError::Forked { size: 7 }));
    let lie = LogHead { root: Hash([0; 32]), ..left.log_head() };
    assert_eq!(left.compare_cosigned(&lie), Err(ForkError::Forked { size: 7 }));
    let feed = LogHead { kind: LogKind::Feed, ..left.log_head() };
    assert_eq!(left.compare_cosigned(&feed), Err(ForkError::OtherCircle));
}
