//! The membership log as others see it: stale, forked, rolled back, shorter, longer, another's.

use curtain::circle::{Doing, History, NotLive, Role};
use curtain::consent::Level;
use curtain::hash::Sha256;
use curtain::post::{OpenError, Received, SendError};
use curtain::wire::head::{HeadError, LogHead, LogKind};
use curtain::wire::header::MembershipSeen;
use curtain::wire::membership::ForkError;
use curtain::wire::note::{Algorithm, Note, VerifierKey};
use curtain::wire::tree::Hash;
use ring::rand::SystemRandom;

use crate::circles::{Scene, Sealer, World, fresh, live, pen, person, reading, sign};
use crate::people::{later, now};

#[test]
fn a_head_that_is_not_this_log_a_day_old_at_most_does_not_count() {
    let admin = person(4);
    let mut world = World::new(&admin, Level::Teaching, History::Archive);
    world.add(&admin, &person(2), Role::Member, now());
    let witnesses = world.witnesses();
    let log = world.admin.circle().log_head();
    let cosigned = |head: &LogHead, at| world.witness.cosign_head(head, crate::circles::seconds(at));
    let refused = |head: &Note, at| {
        live(&world.admin, &admin, at).fresh(head, &witnesses, at).err().map(|error| (error.code(), error))
    };
    assert_eq!(refused(&cosigned(&log, now()), later(24)), None, "the last second");

    let stale = refused(&cosigned(&log, now()), later(25)).unwrap();
    let age = HeadError::Stale { age_s: 25 * 3600, max_age_s: 24 * 3600 };
    assert_eq!(stale, ("head_stale", NotLive::Head(age)));
    let ahead = refused(&cosigned(&log, later(1)), now()).unwrap();
    assert_eq!(ahead, ("head_ahead", NotLive::Head(HeadError::Ahead)));

    let other = LogHead { circle: Sha256([1; 32]), ..log };
    let other = refused(&cosigned(&other, now()), now()).unwrap();
    assert_eq!(other, ("head_other_circle", NotLive::Head(HeadError::OtherCircle)));
    let feed = LogHead { kind: LogKind::Feed, ..log };
    let feed = refused(&cosigned(&feed, now()), now()).unwrap();
    assert_eq!(feed, ("head_other_kind", NotLive::Head(HeadError::OtherKind)));

    let forked = LogHead { root: Hash([1; 32]), ..log };
    let forked = refused(&cosigned(&forked, now()), now()).unwrap();
    assert_eq!(forked, ("forked", NotLive::Fork(ForkError::Forked { size: log.size })));
    let longer = LogHead { size: log.size + 1, ..log };
    let longer = refused(&cosigned(&longer, now()), now()).unwrap();
    let rolled_back = ForkError::RolledBack { seen: log.size + 1, size: log.size };
    assert_eq!(longer, ("rolled_back", NotLive::Fork(rolled_back)));
    let then = world.admin.circle().head_at(log.size - 1).unwrap();
    let shorter = LogHead { size: then.size, root: Hash(then.root.0), ..log };
    let shorter_forked = LogHead { size: then.size, ..log };
    let shorter = refused(&cosigned(&shorter, now()), now()).unwrap();
    let not_yet = NotLive::NotCosignedYet { seen: then.size, size: log.size };
    assert_eq!(shorter, ("not_cosigned_yet", not_yet));
    let shorter_forked = refused(&cosigned(&shorter_forked, now()), now()).unwrap();
    assert_eq!(shorter_forked.0, "forked");

    // Nobody's word, and that of somebody else.
    let stranger = VerifierKey::new("witness.test/w2", Algorithm::CosignatureV1, [3; 32]).unwrap();
    let head = cosigned(&log, now());
    let unknown = live(&world.admin, &admin, now()).fresh(&head, &[stranger], now()).unwrap_err();
    assert_eq!(unknown, NotLive::Head(HeadError::NotCosigned));
    let nobody = live(&world.admin, &admin, now()).fresh(&head, &[], now()).unwrap_err();
    assert_eq!(nobody, NotLive::Head(HeadError::NotCosigned));
}

#[test]
fn a_head_grows_stale_also_after_it_was_looked_at() {
    let mut scene = Scene::new();
    let Sealer { who, posts, .. } = &mut scene.author;
    let to = fresh(&scene.world.admin, &who.me, Doing::Posting, now());
    let refused = posts[1].address(&mut who.vault, &to, None, later(25), &SystemRandom::new()).unwrap_err();
    let SendError::Circle(NotLive::Head(HeadError::Stale { .. })) = refused else { panic!("{refused:?}") };
}

#[test]
fn two_entries_of_one_number_are_seen() {
    let mut scene = Scene::new();
    let before = scene.world.admin.clone();
    // The admin shows the reader one next entry, and everybody else another.
    let author = &scene.author.who.me;
    let mut left = before.clone();
    let mut right = before;
    let left_entry = pen(author, now()).profile(&mut left).unwrap();
    let right_entry = pen(author, now()).profile(&mut right).unwrap();
    assert_ne!(left_entry, right_entry);
    let mut shown = scene.reader_sees.clone();
    shown.append(&left_entry, now()).unwrap();
    let again = shown.append(&right_entry, now()).unwrap_err();
    assert_eq!(again.code(), "entry_number");
    let next = pen(author, now()).profile(&mut right).unwrap();
    assert_eq!(shown.append(&next, now()).unwrap_err().code(), "entry_previous");

    // What is posted on the other branch is not opened, and the heads do not agree.
    scene.world.admin = right;
    let header = sign(author, scene.forge_as(author, now()));
    let mut three = shown.clone();
    let third = pen(author, now()).profile(&mut left).unwrap();
    three.append(&third, now()).unwrap();
    let refused = Received::verify(&header, &reading(&three, now())).unwrap_err();
    assert_eq!(refused, OpenError::Membership(ForkError::Forked { size: header_size(&header) }));
    let head = scene.world.admin.circle().head();
    assert_eq!(three.circle().compare(&head), Err(ForkError::Forked { size: head.size }));
    let author_live = three.live(&scene.reader, Doing::Posting, now()).unwrap();
    let note = scene.world.head(&scene.world.admin, now());
    let fork = author_live.fresh(&note, &scene.world.witnesses(), now()).unwrap_err();
    assert_eq!(fork, NotLive::Fork(ForkError::Forked { size: head.size }));
}

fn header_size(header: &[u8]) -> u64 {
    crate::circles::said(header).membership.size
}

#[test]
fn a_log_that_is_rolled_back_is_seen() {
    let mut scene = Scene::new();
    let seen = scene.world.admin.circle().head();
    let rolled = scene.world.seen_before(&scene.reader, scene.world.entries.len() - 1);
    let size = seen.size - 1;
    assert_eq!(rolled.circle().compare(&seen), Err(ForkError::RolledBack { seen: seen.size, size }));
    assert_eq!(scene.world.admin.circle().compare(&rolled.circle().head()), Ok(()));
    let refused = Received::verify(&scene.header, &reading(&rolled, now())).unwrap_err();
    assert_eq!(refused, OpenError::Behind { size: seen.size, here: size });

    // A header that names a state which never was, smaller or as large.
    for (size, last, root) in [
        (seen.size, Sha256([1; 32]), seen.root),
        (seen.size, seen.last, Sha256([1; 32])),
        (seen.size - 1, seen.last, seen.root),
    ] {
        let header = scene.forge(|header| header.membership = MembershipSeen { last, root, size });
        let refused = Received::verify(&header, &scene.reading()).unwrap_err();
        assert_eq!(refused, OpenError::Membership(ForkError::Forked { size }));
    }
    // And one that has no epoch yet, or no entry.
    for size in [0, 1, 2] {
        let header = scene.forge(|header| header.membership.size = size);
        assert_eq!(Received::verify(&header, &scene.reading()).unwrap_err().code(), "header_epoch");
    }
    scene.world.rotate(&scene.author.who.me, now());
}
