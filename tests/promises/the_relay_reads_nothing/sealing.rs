//! Sealing and making ready: only with a consent that stands now and that a witness saw; every time with fresh keys.

use curtain::circle::{Doing, History, Role};
use curtain::consent::{Level, Shortfall};
use curtain::hash::Sha256;
use curtain::post::{Say, SealedPost, SendError};
use curtain::vault::{Vault, VaultError, WithdrawBy};
use curtain::wire::events::{ReportReason, Status};
use curtain::wire::header::Content;
use curtain::wire::padme;
use ring::rand::SystemRandom;

use crate::circles::{
    Clinician, Photo, Scene, Sealer, World, author, consented, fresh, live, person, said, say, settled,
    witness_log,
};
use crate::people::{later, now};
use crate::witness::Witness;

fn keep(vault: &mut Vault, post: &SealedPost) {
    post.keep(vault, None).unwrap();
    assert_eq!(post.keep(vault, None).err(), Some(VaultError::Exists), "written once");
}

#[test]
fn a_consent_that_was_withdrawn_after_sealing_stops_the_post() {
    let Sealer { mut who, posts, .. } = author();
    keep(&mut who.vault, &posts[0]);
    let world = World::new(&who.me, Level::Teaching, History::Archive);
    who.vault.keep_circle(world.id(), "Test Dermatology").unwrap();
    assert_eq!(who.vault.post(posts[0].post).unwrap().objects.len(), posts[0].objects.len());
    who.vault.withdraw(&WithdrawBy::Author(posts[0].consent), later(1)).unwrap();

    let to = fresh(&world.admin, &who.me, Doing::Posting, later(2));
    let refused = posts[0].address(&mut who.vault, &to, None, later(2), &who.random).unwrap_err();
    assert_eq!(refused.code(), "consent_falls_short");
    let SendError::Consent(shortfalls) = refused else { panic!("{refused:?}") };
    assert_eq!(shortfalls, [Shortfall::Withdrawn { at: later(1) }]);
    let kept = who.vault.post(posts[0].post).unwrap();
    assert!(kept.objects.is_empty() && kept.author_wrap.is_empty(), "the files and the key are gone");
    assert!(kept.shown.is_empty(), "a short text can be guessed from its hash");
    assert_eq!(who.vault.header_of(world.id(), posts[0].post).unwrap(), None);
    // A clock that is set back does not help, and the other patient's case goes its way.
    let early = fresh(&world.admin, &who.me, Doing::Posting, now());
    let refused = posts[0].address(&mut who.vault, &early, None, now(), &who.random).unwrap_err();
    assert!(matches!(refused, SendError::Vault(VaultError::ClockBehind { .. })), "{refused:?}");
    assert!(posts[1].address(&mut who.vault, &to, None, later(2), &who.random).is_ok());
}

#[test]
fn a_post_that_is_ready_is_not_handed_out_again_once_the_consent_ended() {
    let mut scene = Scene::new();
    let Sealer { who, posts, .. } = &mut scene.author;
    let to = fresh(&scene.world.admin, &who.me, Doing::Posting, later(1));
    let again = posts[0].address(&mut who.vault, &to, None, later(1), &who.random).unwrap();
    assert_eq!(again.header, scene.header, "ready once, and the same however often it is asked for");
    assert_eq!(who.vault.next_header(scene.world.id(), who.me.device.id()).unwrap().0, 1);
    who.vault.withdraw(&WithdrawBy::Author(posts[0].consent), later(1)).unwrap();
    let refused = posts[0].address(&mut who.vault, &to, None, later(1), &who.random).unwrap_err();
    assert_eq!(refused.code(), "consent_falls_short");
}

#[test]
fn sealed_twice_is_sealed_anew_and_a_wider_or_unseen_consent_is_none() {
    let (mut who, mut witness) = (Clinician::new(5), Witness::new());
    let world = World::new(&who.me, Level::Teaching, History::Archive);
    who.vault.keep_circle(world.id(), "Test Dermatology").unwrap();
    let case = |text: &str, vault: &mut Vault| consented(vault, None, Photo::Small, text).0;
    let short = case("A rash.", &mut who.vault);
    let long = case(&"A rash that itches at night. ".repeat(7)[..200], &mut who.vault);
    let live_circle = live(&world.admin, &who.me, now());

    // For a wider audience than the case was made ready for.
    let public = World::new(&who.me, Level::Publication, History::Archive);
    let wide = live(&public.admin, &who.me, now());
    let refused = short.seal(&who.vault, &wide, now(), &who.random).unwrap_err();
    assert_eq!(refused.error.code(), "audience");
    let short = refused.state;

    let one = short.seal(&who.vault, &live_circle, now(), &who.random).unwrap();
    let again = case("A rash.", &mut who.vault).seal(&who.vault, &live_circle, now(), &who.random).unwrap();
    assert_ne!(one.post, again.post);
    assert_ne!(one.author_wrap, again.author_wrap);
    for (one, again) in one.objects.iter().zip(&again.objects) {
        assert_eq!((one.about.kind, one.bytes.len()), (again.about.kind, again.bytes.len()));
        // All but the suite's byte: salt, commitment, and a ciphertext without one run in common.
        let runs: std::collections::HashSet<&[u8]> = one.bytes[1..].windows(8).collect();
        assert!(!again.bytes[1..].windows(8).any(|run| runs.contains(run)));
    }

    // Sizes are those of Padmé: the next one, or the one after it.
    let other = long.seal(&who.vault, &live_circle, now(), &who.random).unwrap();
    let (size, longer) = (one.objects[0].about.size, other.objects[0].about.size);
    assert!(longer - size <= 256, "{size}, {longer}");
    for object in one.objects.iter().chain(&other.objects) {
        assert!(padme::is_sealed_len(object.about.size));
        assert_eq!(object.about.size, object.bytes.len() as u64);
    }

    // No witness saw the grant.
    let to = fresh(&world.admin, &who.me, Doing::Posting, now());
    let refused = one.address(&mut who.vault, &to, None, now(), &who.random).unwrap_err();
    assert_eq!(refused.code(), "consent_not_witnessed");
    assert_eq!(who.vault.next_header(world.id(), who.me.device.id()).unwrap(), (0, None), "nothing was kept");
    witness_log(&mut who.vault, &mut witness);
    assert!(one.address(&mut who.vault, &to, None, now(), &who.random).is_ok());
    // Of an older state of the log it is no proof either.
    let newer = case("A burn.", &mut who.vault).seal(&who.vault, &live_circle, now(), &who.random).unwrap();
    let refused = newer.address(&mut who.vault, &to, None, now(), &who.random).unwrap_err();
    assert_eq!(refused.code(), "consent_not_witnessed");
}

#[test]
fn the_size_of_what_is_said_tells_neither_what_it_is_nor_how_long() {
    let mut scene = Scene::new();
    let about = Sha256::of(&scene.header);
    let Sealer { who, .. } = &mut scene.author;
    let letters = |count: usize| settled(&"It itches at night, and she sleeps badly. ".repeat(5)[..count]);
    let sizes = [
        Say::Comment(letters(10)),
        Say::Comment(letters(200)),
        Say::Vote(letters(9)),
        Say::Status(Status::Closed),
        Say::Helpful(about),
        Say::Report { of: None, reason: ReportReason::Spam },
    ]
    .map(|what| {
        let header = say(&mut who.vault, &who.me, &scene.world.admin, about, &what, now());
        let Content::Event(event) = said(&header).content else { unreachable!() };
        assert!(padme::is_sealed_len(event.body.0.len() as u64));
        event.body.0.len()
    });
    assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");
}

#[test]
fn a_post_is_sent_by_its_own_device_to_a_circle_that_knows_its_log() {
    let Sealer { mut who, posts, .. } = author();
    let admin = person(4);
    let mut world = World::new(&admin, Level::Teaching, History::Archive);
    world.add(&admin, &who.me, Role::Member, now());
    who.vault.keep_circle(world.id(), "Test Dermatology").unwrap();
    let other = fresh(&world.admin, &admin, Doing::Posting, now());
    let refused = posts[0].address(&mut who.vault, &other, None, now(), &SystemRandom::new()).unwrap_err();
    assert_eq!(refused.code(), "other_author");
    let unknown = World::new(&who.me, Level::Publication, History::Archive);
    let to = fresh(&unknown.admin, &who.me, Doing::Posting, now());
    let refused = posts[0].address(&mut who.vault, &to, None, now(), &who.random).unwrap_err();
    assert_eq!(refused.code(), "consent_falls_short", "teaching does not reach publication");
    let sees = world.seen_by(&who.me);
    let to = fresh(&sees, &who.me, Doing::Posting, now());
    assert!(posts[0].address(&mut who.vault, &to, None, now(), &who.random).is_ok());
}
