//! Which key is the present one: between a removal and the next key nothing is sealed, and nothing is taken under an old one.

use curtain::circle::{Doing, NotLive, Role};
use curtain::post::{OpenError, Reading, Received};

use crate::circles::{Scene, fresh, open_body, person, reading, said, sign};
use crate::people::{later, now};

#[test]
fn between_a_removal_and_the_next_key_nothing_is_sealed_and_nothing_taken() {
    let mut scene = Scene::new();
    let out = person(3);
    scene.world.add(&scene.author.who.me, &out, Role::Member, now());
    scene.world.remove(&scene.author.who.me, out.user, later(1));
    for doing in [Doing::Posting, Doing::Discussing] {
        let refused = scene.world.admin.live(&scene.author.who.me, doing, later(1)).err();
        assert_eq!(refused, Some(NotLive::RotationDue));
    }
    // By somebody whose program does not ask.
    let header = sign(&scene.author.who.me, scene.forge_as(&scene.author.who.me, later(1)));
    let reader = scene.world.seen_by(&scene.reader);
    assert_eq!(Received::verify(&header, &reading(&reader, later(1))).err(), Some(OpenError::Blocked));
    // Also when the next key is there.
    scene.world.rotate(&scene.author.who.me, later(2));
    let reader = scene.world.seen_by(&scene.reader);
    assert_eq!(Received::verify(&header, &reading(&reader, later(2))).err(), Some(OpenError::Blocked));
    fresh(&scene.world.admin, &scene.author.who.me, Doing::Posting, later(2));
}

#[test]
fn an_epoch_that_was_over_is_refused() {
    let mut scene = Scene::new();
    // Removed, and still with the old key: they cite the log as it was.
    let out = person(3);
    scene.world.add(&scene.author.who.me, &out, Role::Member, now());
    let mut backdated = scene.forge_as(&out, now());
    scene.world.remove(&scene.author.who.me, out.user, later(1));
    scene.world.rotate(&scene.author.who.me, later(1));
    let sees = scene.world.seen_by(&scene.reader);
    let at = |cited| Reading { cited, ..reading(&sees, later(2)) };
    let header = sign(&out, backdated.clone());
    // Nothing that came before in the feed cites the removal: it may have been sent before. The threat model says so.
    assert!(Received::verify(&header, &at(0)).is_ok());
    let size = sees.circle().size();
    for cited in [size, u64::MAX] {
        // By then they were out, and had not seen it; one who stayed in had not seen the new epoch.
        assert_eq!(Received::verify(&header, &at(cited)).err(), Some(OpenError::NotAMember));
    }
    assert_eq!(Received::verify(&scene.header, &at(size)).err(), Some(OpenError::OldEpoch));
    assert!(Received::verify(&scene.header, &at(said(&scene.header).membership.size)).is_ok());

    // They cite the log as it is.
    let new = scene.forge_as(&out, later(2));
    let header = sign(&out, new.clone());
    assert_eq!(Received::verify(&header, &at(0)).err(), Some(OpenError::NotAMember));
    // A mix: the log as it was, the key of now, and the other way round.
    backdated.epoch = new.epoch;
    assert_eq!(Received::verify(&sign(&out, backdated), &at(0)).err(), Some(OpenError::WrongEpoch));
    let mut old_key = scene.forge_as(&scene.author.who.me, later(2));
    old_key.epoch -= 1;
    let header = sign(&scene.author.who.me, old_key);
    assert_eq!(Received::verify(&header, &at(0)).err(), Some(OpenError::WrongEpoch));
}

#[test]
fn what_was_posted_before_a_new_key_is_still_read() {
    let mut scene = Scene::new();
    scene.world.rotate(&scene.author.who.me, later(1));
    let sees = scene.world.seen_by(&scene.reader);
    assert!(open_body(&scene.header, &scene.files(0)[0], &reading(&sees, later(2))).is_ok());
}
