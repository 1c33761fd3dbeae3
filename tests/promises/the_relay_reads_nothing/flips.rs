//! One bit is changed, anywhere: an error that says so, and no byte of what is inside.

use curtain::circle::{At, CircleError, EpochSecret, MyCircle, Role};
use curtain::keys::{KeyError, UserKey};
use curtain::post::{OpenError, Received};
use curtain::seal::stream::{self, CHUNK, HEADER, OpenError as StreamError, TAG};
use curtain::wire::boxes::{BoxError, BoxSet, OneBox, Record};
use curtain::wire::header::{Content, HeaderError};
use curtain::wire::membership::Circle;

use super::object_key;
use crate::circles::{Scene, open_body, person};
use crate::people::{later, now};

/// `bytes` with one bit changed.
fn flipped(bytes: &[u8], at: usize, bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1 << bit;
    bytes
}

#[test]
fn no_bit_of_a_header_can_be_changed() {
    let scene = Scene::new();
    let reading = scene.reading();
    for at in 0..scene.header.len() {
        for bit in 0..8 {
            let error = Received::verify(&flipped(&scene.header, at, bit), &reading).unwrap_err();
            let told = ["header_form", "header_signature", "other_circle", "unknown_device"];
            assert!(told.contains(&error.code()), "{error:?}, bit {bit} of byte {at}");
        }
    }
    for end in 0..scene.header.len() {
        let error = Received::verify(&scene.header[..end], &reading).unwrap_err();
        assert_eq!(error.code(), "header_form", "cut at {end}");
    }
}

#[test]
fn no_bit_of_a_wrap_can_be_changed_not_even_by_its_author() {
    let scene = Scene::new();
    let reading = scene.reading();
    for at in 0..105 {
        for bit in 0..8 {
            let header = scene.forge(|header| {
                let Content::Post(post) = &mut header.content else { unreachable!() };
                post.wrap.0[at] ^= 1 << bit;
            });
            let error = Received::verify(&header, &reading).and_then(|header| header.post(&reading)).err();
            let expected = match at {
                0 => OpenError::Header(HeaderError::WrapSuite),
                1..HEADER => OpenError::Wrap(StreamError::WrongKeyOrContext),
                _ => OpenError::Wrap(StreamError::Chunk { index: 0 }),
            };
            assert_eq!(error, Some(expected), "bit {bit} of byte {at}");
        }
    }
}

/// What a change at this place of sealed bytes is told as.
fn told(at: usize) -> &'static str {
    match at {
        0 => "unknown_suite",
        1..HEADER => "wrong_key_or_context",
        _ => "chunk",
    }
}

/// All places of small files; of large ones every border between chunks, and what lies between with a stride.
fn places(len: usize) -> Vec<usize> {
    if len <= 20_000 {
        return (0..len).collect();
    }
    let borders = (HEADER..len).step_by(CHUNK + TAG);
    let near = |border: usize| border.saturating_sub(TAG + 2)..(border + 3).min(len);
    let mut places: Vec<usize> = borders.flat_map(near).chain((0..len).step_by(251)).collect();
    places.extend((0..HEADER).chain(len - 40..len));
    places.sort_unstable();
    places.dedup();
    places
}

#[test]
fn no_byte_of_a_file_can_be_changed() {
    let scene = Scene::new();
    let reading = scene.reading();
    for (index, file) in (0..).zip(scene.files(0)) {
        let (key, context) = object_key(&scene.author, 0, index);
        assert!(stream::open(&key, &context, &file).is_ok());
        for at in places(file.len()) {
            let bits = if index == 0 { 0..8 } else { at % 8..at % 8 + 1 };
            for bit in bits {
                let error = stream::open(&key, &context, &flipped(&file, at, bit)).unwrap_err();
                assert_eq!(error.code(), told(at), "bit {bit} of byte {at} of file {index}");
                if let StreamError::Chunk { index } = error {
                    assert_eq!(index, ((at - HEADER) / (CHUNK + TAG)) as u64);
                }
            }
        }
    }
    // As a reader gets them: told by their hashes.
    let files = scene.files(0);
    for at in places(files[0].len()) {
        let error = open_body(&scene.header, &flipped(&files[0], at, at % 8), &reading).err();
        assert_eq!(error, Some(OpenError::OtherObject));
    }
    let body = open_body(&scene.header, &files[0], &reading).unwrap();
    for index in [1, 2] {
        let file = &files[index as usize];
        assert!(body.picture(index, file).is_ok());
        for at in places(file.len()).into_iter().step_by(20) {
            let error = body.picture(index, &flipped(file, at, at % 8)).err();
            assert_eq!(error, Some(OpenError::OtherObject));
        }
    }
    assert_eq!(body.picture(0, &files[0]).err(), Some(OpenError::NoSuchObject));
    assert_eq!(body.picture(3, &files[1]).err(), Some(OpenError::NoSuchObject));
    assert_eq!(body.picture(u32::MAX, &files[1]).err(), Some(OpenError::NoSuchObject));
}

#[test]
fn no_bit_of_a_box_can_be_changed() {
    let scene = Scene::new();
    let epoch = scene.world.admin.circle().epoch().unwrap().clone();
    let (boxes, key) = (&scene.world.boxes[1], scene.reader.key().unwrap());
    let recipient = key.public().recipient();
    let one = boxes.one(&recipient).unwrap();
    let mut circle: MyCircle = scene.world.seen_by(&person(7));
    circle.append(&[], now()).unwrap_err();
    for at in 0..one.record.0.len() {
        for bit in 0..8 {
            let mut changed = one.clone();
            changed.record.0[at] ^= 1 << bit;
            let error = changed.verify(&epoch.boxes, &recipient).unwrap_err();
            let code = if at < 32 { "other_recipient" } else { "box_proof" };
            assert_eq!(error.code(), code, "bit {bit} of byte {at}");
            assert_eq!(circle.take_box(key, &changed), Err(CircleError::Proof(error)));
        }
        // And the box alone, without what shows that it is of the set.
        if at >= 32 {
            let sealed = [&[1], &flipped(&one.record.0, at, at % 8)[32..]].concat();
            let record = Record::new(recipient, &sealed).unwrap();
            let opened = EpochSecret::from_box(At::new(scene.world.id(), 1), key, &record);
            assert_eq!(opened.err(), Some(CircleError::Box), "byte {at}");
        }
    }
    for (circle, epoch) in [(scene.world.id(), 0), (scene.world.id(), 2), (scene.reader.device.id(), 1)] {
        let record = one.verify(&scene.world.admin.circle().epoch().unwrap().boxes, &recipient).unwrap();
        let opened = EpochSecret::from_box(At::new(circle, epoch), key, &record);
        assert_eq!(opened.err(), Some(CircleError::Box), "of another circle or epoch");
    }
    let beyond = OneBox { index: 2, ..one.clone() };
    let other = OneBox { index: 1 - one.index, ..one };
    for moved in [beyond, other] {
        assert_eq!(moved.verify(&epoch.boxes, &recipient).unwrap_err().code(), "box_proof");
    }
}

#[test]
fn no_bit_of_a_set_of_boxes_or_a_keyring_can_be_changed() {
    let scene = Scene::new();
    let keyring = scene.world.keyrings.last().unwrap();
    for set in scene.world.boxes.iter().chain([keyring]) {
        let (head, bytes) = (set.head(), set.as_bytes());
        assert!(BoxSet::parse(bytes.to_vec(), &head).is_ok());
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let error = BoxSet::parse(flipped(bytes, at, bit), &head).unwrap_err();
                let expected: &[BoxError] = match at {
                    0 => &[BoxError::Suite],
                    _ if (at - 1) % 1200 < 32 => &[BoxError::Order, BoxError::OtherRoot],
                    _ => &[BoxError::OtherRoot],
                };
                assert!(expected.contains(&error), "{error:?}, bit {bit} of byte {at}");
            }
            assert_eq!(BoxSet::parse(bytes[..at].to_vec(), &head), Err(BoxError::Length));
        }
    }
    // A keyring that somebody else named: the copy in it is held against the user's key.
    let (reader, public) = (&scene.reader, scene.reader.key().unwrap().public());
    for at in 1..keyring.as_bytes().len() {
        let changed = flipped(keyring.as_bytes(), at, at % 8);
        let recipient = curtain::hash::Sha256(changed[1..33].try_into().unwrap());
        let record = Record::new(recipient, &[&[1], &changed[33..]].concat()).unwrap();
        let changed = BoxSet::new(vec![record]).unwrap();
        let error = UserKey::from_keyring(reader.user, &public, &changed, &reader.device).unwrap_err();
        let expected = if at < 33 { KeyError::NotForThisDevice } else { KeyError::Keyring };
        assert_eq!(error, expected, "byte {at}");
    }
    assert!(UserKey::from_keyring(reader.user, &public, keyring, &reader.device).is_ok());
    let other = person(8).key.unwrap().public();
    let error = UserKey::from_keyring(reader.user, &other, keyring, &reader.device).unwrap_err();
    assert_eq!(error, KeyError::Keyring, "announced as another key");
}

#[test]
fn no_byte_of_a_membership_log_can_be_changed() {
    let mut scene = Scene::new();
    let student = person(3);
    scene.world.add_without_key(&scene.author.who.me, &student, Role::Student, now());
    scene.world.remove(&scene.author.who.me, student.user, later(1));
    scene.world.rotate(&scene.author.who.me, later(1));
    let entries = &scene.world.entries;
    let mut codes = std::collections::BTreeSet::new();
    for at in 0..entries[0].len() {
        let error = Circle::open(&flipped(&entries[0], at, at % 8)).unwrap_err();
        codes.insert(error.code());
    }
    let mut circle = Circle::open(&entries[0]).unwrap();
    for (n, entry) in entries.iter().enumerate().skip(1) {
        let head = circle.head();
        for at in 0..entry.len() {
            let bits = if entry.len() < 1_000 { 0..8 } else { at % 8..at % 8 + 1 };
            for bit in bits {
                let error = circle.append_by(&flipped(entry, at, bit), later(1)).unwrap_err();
                codes.insert(error.code());
                assert_eq!(circle.head(), head, "bit {bit} of byte {at} of entry {n}");
            }
        }
        for end in (0..entry.len()).step_by(7) {
            let error = circle.append_by(&entry[..end], later(1)).unwrap_err();
            assert_eq!(error.code(), "entry_form", "entry {n} cut at {end}");
        }
        // Left out, or twice.
        if let Some(next) = entries.get(n + 1) {
            assert_eq!(circle.append_by(next, later(1)).unwrap_err().code(), "entry_number");
        }
        circle.append_by(entry, later(1)).unwrap();
        assert_eq!(circle.append_by(entry, later(1)).unwrap_err().code(), "entry_number");
    }
    let told = [
        "bad_signature",
        "create_first",
        "entry_ahead",
        "entry_form",
        "entry_number",
        "entry_other_circle",
        "entry_previous",
        "join_signature",
        "join_signer",
        "time_goes_back",
        "unknown_signer",
    ];
    let others: Vec<_> = codes.iter().filter(|code| !told.contains(code)).collect();
    assert!(others.is_empty(), "{others:?}");
}
