//! What is whole, but somewhere else: other posts, other places, other circles, other epochs, other authors.

use curtain::circle::{History, Role};
use curtain::consent::Level;
use curtain::post::{OpenError, Received};
use curtain::seal::stream::{self, CHUNK, HEADER, OpenError as StreamError, TAG};
use curtain::wire::header::{Author, Content, Header, Post};

use super::object_key;
use crate::circles::{Scene, World, open_body, person, reading, said, sign};
use crate::people::{later, now};

const SEALED_CHUNK: usize = CHUNK + TAG;

fn post_of(header: &mut Header) -> &mut Post {
    let Content::Post(post) = &mut header.content else { unreachable!() };
    post
}

#[test]
fn a_file_opens_in_its_own_post_at_its_own_place() {
    let mut scene = Scene::new();
    let other_header = scene.second(now());
    let (files, others, reading) = (scene.files(0), scene.files(1), scene.reading());
    let body = || open_body(&scene.header, &files[0], &reading).unwrap();

    // As anybody could swap them.
    assert_eq!(open_body(&scene.header, &others[0], &reading).err(), Some(OpenError::OtherObject));
    assert_eq!(open_body(&scene.header, &files[1], &reading).err(), Some(OpenError::OtherObject));
    for (index, file) in [(1, &files[2]), (2, &files[1]), (1, &others[1]), (2, &others[2])] {
        assert_eq!(body().picture(index, file).err(), Some(OpenError::OtherObject));
    }

    // As their own author could, who signs another header: each file is under its own key, for its own place.
    let wrong = StreamError::WrongKeyOrContext;
    let theirs = match said(&other_header).content {
        Content::Post(post) => post.objects,
        _ => unreachable!(),
    };
    let header = scene.forge(|header| post_of(header).objects[0] = theirs[0]);
    assert_eq!(open_body(&header, &others[0], &reading).err(), Some(OpenError::Object(wrong)));
    for index in [1, 2] {
        let header = scene.forge(|header| post_of(header).objects[index] = theirs[index]);
        let body = open_body(&header, &files[0], &reading).unwrap();
        let error = body.picture(index.try_into().unwrap(), &others[index]).err();
        assert_eq!(error, Some(OpenError::Object(wrong)));
    }
    let header = scene.forge(|header| {
        let objects = &mut post_of(header).objects;
        objects.swap(1, 2);
        (objects[1].kind, objects[2].kind) = (objects[2].kind, objects[1].kind);
    });
    let error = open_body(&header, &files[0], &reading).unwrap().picture(1, &files[2]).err();
    assert_eq!(error, Some(OpenError::Object(wrong)));
    // In another order, or with one left out: the body says which are which.
    for change in [|post: &mut Post| post.objects.swap(1, 2), |post: &mut Post| post.objects.truncate(2)] {
        let header = scene.forge(|header| change(post_of(header)));
        assert_eq!(open_body(&header, &files[0], &reading).unwrap_err().code(), "body_files");
    }
}

#[test]
fn a_header_opens_in_its_own_circle() {
    let mut scene = Scene::new();
    let me = &scene.author.who.me;
    let mut other = World::new(me, Level::Teaching, History::Archive);
    other.add(me, &scene.reader, Role::Member, now());
    let sees = other.seen_by(&scene.reader);
    let reading = reading(&sees, now());
    assert_eq!(Received::verify(&scene.header, &reading).err(), Some(OpenError::OtherCircle));
    // Its own author carries it over, with all of it but the key.
    let carried = |header: &mut Header| header.circle = other.id();
    let error = Received::verify(&scene.forge(carried), &reading).unwrap_err();
    assert_eq!(error.code(), "forked", "the state of the log is another circle's");
    let head = other.admin.circle().head();
    let header = scene.forge(|header| {
        carried(header);
        (header.membership.last, header.membership.root) = (head.last, head.root);
    });
    let error = Received::verify(&header, &reading).unwrap().post(&reading).err();
    assert_eq!(error, Some(OpenError::Wrap(StreamError::WrongKeyOrContext)));
    // The same files, in the other circle by its own header: they were not sealed twice.
    let there = scene.author.address(0, &other.admin, now());
    assert_ne!(there, scene.header);
    assert!(open_body(&there, &scene.files(0)[0], &reading).is_ok());
}

#[test]
fn a_wrap_opens_in_its_own_post_epoch_and_for_its_own_author() {
    let mut scene = Scene::new();
    scene.world.rotate(&scene.author.who.me, later(1));
    let second = scene.second(later(1));
    let sees = scene.world.seen_by(&scene.reader);
    let reading = reading(&sees, later(1));
    let wrong = Some(OpenError::Wrap(StreamError::WrongKeyOrContext));
    let post =
        |header: &[u8]| Received::verify(header, &reading).and_then(|header| header.post(&reading)).err();
    assert_eq!((post(&scene.header), post(&second)), (None, None));
    let wrap = |header: &[u8]| match said(header).content {
        Content::Post(post) => post.wrap,
        _ => unreachable!(),
    };
    // Of another post, and of another epoch.
    let swapped = scene.forge(|header| post_of(header).wrap = wrap(&second));
    assert_eq!(post(&swapped), wrong);
    let mut replayed = scene.forge_as(&scene.author.who.me, later(1));
    assert_eq!(replayed.epoch, 2);
    assert_eq!(post(&sign(&scene.author.who.me, replayed.clone())), wrong, "the wrap of epoch 1");
    // Under another's name: a member takes the whole of another's post.
    replayed = said(&scene.header);
    replayed.author = Author { device: scene.reader.device.id(), user: scene.reader.user };
    let stolen = sign(&scene.reader, replayed.clone());
    let error = post(&stolen);
    assert_eq!(error, Some(OpenError::OtherLog), "the consent is not in a log of theirs");
    // Or gives another random name to it.
    let renamed = scene.forge(|header| post_of(header).post.0[0] ^= 1);
    assert_eq!(post(&renamed), wrong);
}

#[test]
fn nobody_speaks_for_another() {
    let mut scene = Scene::new();
    let removed = person(3);
    scene.world.add(&scene.author.who.me, &removed, Role::Member, now());
    scene.world.remove(&scene.author.who.me, removed.user, now());
    scene.world.rotate(&scene.author.who.me, now());
    let sees = scene.world.seen_by(&scene.reader);
    let verify = |header: &[u8]| Received::verify(header, &reading(&sees, now())).err();
    let author = said(&scene.header).author;
    let by = |who: &curtain::circle::Identity, author: Author| {
        let mut header = scene.forge_as(who, now());
        header.author = author;
        sign(who, header)
    };
    let own = |who: &curtain::circle::Identity| Author { device: who.device.id(), user: who.user };
    let stranger = person(9);
    // With the author's name, signed by somebody else.
    for who in [&scene.reader, &removed, &stranger] {
        assert_eq!(verify(&by(who, author)), Some(OpenError::Signature));
    }
    // With their own device under the author's name, or the other way round.
    let mixed = Author { device: scene.reader.device.id(), user: author.user };
    assert_eq!(verify(&by(&scene.reader, mixed)), Some(OpenError::NotAMember));
    let mixed = Author { device: author.device, user: scene.reader.user };
    assert_eq!(verify(&by(&scene.reader, mixed)), Some(OpenError::Signature));
    // With their own.
    assert_eq!(verify(&by(&removed, own(&removed))), Some(OpenError::NotAMember));
    assert_eq!(verify(&by(&stranger, own(&stranger))), Some(OpenError::UnknownDevice));
    assert_eq!(verify(&by(&scene.reader, own(&scene.reader))), None);
    // With another key of the author's device: no key serves two formats.
    let header = said(&scene.header);
    let by_request = scene.author.who.me.device.request().state(header).to_bytes();
    assert_eq!(verify(&by_request), Some(OpenError::Signature));
    // From the future.
    let ahead = scene.forge(|header| header.at = later(1));
    assert_eq!(verify(&ahead), Some(OpenError::Ahead));
}

#[test]
fn a_header_says_what_the_consent_says() {
    let scene = Scene::new();
    let (files, reading) = (scene.files(0), scene.reading());
    let opened = |change: &dyn Fn(&mut Post)| {
        let header = scene.forge(|header| change(post_of(header)));
        open_body(&header, &files[0], &reading).map_err(OpenError::code).err()
    };
    assert_eq!(opened(&|post| post.delete_after = "2029-01-31".into()), Some("grant"));
    assert_eq!(opened(&|post| post.withdrawal.0[0] ^= 1), Some("grant"));
    assert_eq!(opened(&|post| post.consent.leaf.0[0] ^= 1), Some("consent_proof"));
    assert_eq!(opened(&|post| post.consent.n ^= 1), Some("consent_proof"));
    assert_eq!(opened(&|post| post.consent.log.0[0] ^= 1), Some("consent_other_log"));
    let cut = |post: &mut Post| {
        // Without the witness.
        let at = post.consent.checkpoint.find("\u{2014} witness").unwrap();
        post.consent.checkpoint.truncate(at);
    };
    assert_eq!(opened(&cut), Some("consent_not_witnessed"));
    let over = crate::people::now().plus_days(367);
    let expired = Received::verify(&scene.header, &reading_at(&scene, over)).unwrap();
    assert_eq!(expired.post(&reading_at(&scene, over)).err(), Some(OpenError::Over));
    let nobody = curtain::post::Reading { witnesses: &[], ..reading };
    let unseen = Received::verify(&scene.header, &nobody).unwrap().post(&nobody).unwrap_err();
    assert_eq!(unseen.code(), "consent_not_witnessed");
}

fn reading_at(scene: &Scene, at: curtain::time::UnixTime) -> curtain::post::Reading<'_> {
    reading(&scene.reader_sees, at)
}

#[test]
fn a_file_is_not_cut_or_put_together_anew() {
    let scene = Scene::new();
    let (files, others) = (scene.files(0), scene.files(1));
    let (picture, other) = (&files[1], &others[1]);
    let (key, context) = object_key(&scene.author, 0, 1);
    let open = |sealed: &[u8]| stream::open(&key, &context, sealed).map(|_| ()).map_err(StreamError::code);
    let (head, body) = picture.split_at(HEADER);
    let chunks: Vec<&[u8]> = body.chunks(SEALED_CHUNK).collect();
    let count = chunks.len();
    assert!(count > 4);
    let joined = |chunks: &[&[u8]]| [head, &chunks.concat()].concat();
    assert_eq!(open(&joined(&chunks)), Ok(()));

    // Cut at every border, a byte before and a byte after.
    for kept in 0..count {
        let end = HEADER + kept * SEALED_CHUNK;
        assert_eq!(open(&picture[..end]), Err("truncated"), "after {kept} chunks");
        let fragment = open(&picture[..=end]).unwrap_err();
        assert_eq!(fragment, "fragment", "a byte more than {kept} chunks");
        assert_eq!(open(&picture[..end - 1]).unwrap_err(), if kept == 0 { "too_short" } else { "chunk" });
    }
    assert_eq!(open(&[&picture[..], &[0]].concat()), Err("chunk"));
    // Left out, twice, in another order, from elsewhere.
    for at in 0..count - 1 {
        let mut without = chunks.clone();
        without.remove(at);
        assert_eq!(open(&joined(&without)), Err("chunk"), "without {at}");
        let mut twice = chunks.clone();
        twice.insert(at, chunks[at]);
        assert_eq!(open(&joined(&twice)), Err("chunk"), "{at} twice");
        let mut swapped = chunks.clone();
        swapped.swap(at, at + 1);
        assert_eq!(open(&joined(&swapped)), Err("chunk"), "{at} and the next");
        let mut spliced = chunks.clone();
        let Some(theirs) = other[HEADER..].chunks_exact(SEALED_CHUNK).nth(at) else { continue };
        spliced[at] = theirs;
        assert_eq!(open(&joined(&spliced)), Err("chunk"), "{at} of another file");
    }
    assert_eq!(open(&[&other[..HEADER], body].concat()), Err("wrong_key_or_context"));
    // As a reader gets it.
    let body = open_body(&scene.header, &files[0], &scene.reading()).unwrap();
    for kept in 0..=count {
        let end = (HEADER + kept * SEALED_CHUNK).min(picture.len() - 1);
        assert_eq!(body.picture(1, &picture[..end]).err(), Some(OpenError::OtherObject));
    }
}
