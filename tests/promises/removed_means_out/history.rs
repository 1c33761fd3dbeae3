//! What a newcomer reads of what was before, and what somebody who breaks the links can take from others.

use curtain::circle::{At, CircleError, EpochSecret, History, Identity, MyCircle, NotLive, Role};
use curtain::circle::{Doing, Known};
use curtain::consent::Level;
use curtain::post::{OpenError, Received};
use curtain::wire::boxes::{BoxSet, KemKey, Record};
use curtain::wire::canonical::Base64;
use curtain::wire::membership::{BackLink, Change, NewEpoch};
use ring::rand::SystemRandom;

use crate::circles::{Scene, World, live, open_body, person, reading};
use crate::people::{later, now};

/// All members have a name.
fn names_all(circle: &MyCircle, case: &str) {
    for (user, member) in circle.members(now()) {
        let name = format!("Test Clinician {}", user.0[0]);
        assert_eq!(member.map(|member| member.profile.name), Ok(name), "{case}");
    }
}

#[test]
fn a_newcomer_reads_what_was_before_where_the_circle_says_so() {
    for history in [History::Archive, History::None] {
        let mut scene = Scene::of(Level::Teaching, history);
        let newcomer = person(3);
        scene.world.add(&scene.author.who.me, &newcomer, Role::Member, later(1));
        let sees = scene.world.seen_by(&newcomer);
        names_all(&sees, "newcomer");
        let files = scene.files(0);
        let opened = open_body(&scene.header, &files[0], &reading(&sees, later(1))).err();
        assert_eq!(opened, (history == History::None).then_some(OpenError::NoSecret));
        let whole = sees.epochs().filter(|(_, known)| known.whole().is_some()).count();
        assert_eq!(whole, if history == History::None { 1 } else { 3 });
        // What is posted from then on, they read, whoever posts it.
        let header = scene.second(later(1));
        assert!(open_body(&header, &scene.files(1)[0], &reading(&sees, later(1))).is_ok());
        live(&sees, &newcomer, later(1));
        // Who was there before lost nothing.
        let mut reader = scene.reader_sees.clone();
        scene.world.catch_up(&mut reader, &scene.reader, later(1));
        assert!(open_body(&scene.header, &files[0], &reading(&reader, later(1))).is_ok());
        names_all(&reader, "reader");
    }
}

/// How an admin who means harm begins an epoch.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Harm {
    /// The boxes hold nothing.
    JunkBoxes,
    /// The boxes hold another secret than the announced one.
    OtherSecret,
    /// The link to the epoch before does not open.
    JunkLink,
    /// The link opens, and holds another key.
    OtherKeyInLink,
}

const HARMS: [Harm; 4] = [Harm::JunkBoxes, Harm::OtherSecret, Harm::JunkLink, Harm::OtherKeyInLink];

/// Begins an epoch that links to epoch `to`.
fn begin(world: &mut World, by: &Identity, harm: Harm, to: u64) {
    let random = SystemRandom::new();
    let circle = world.seen_by(by);
    let log = circle.circle();
    let (number, history) = (log.epochs().len() as u64, log.history());
    let at = At::new(log.id(), number);
    let make = || EpochSecret::make(&random).unwrap();
    let (secret, other) = (make(), make());
    let members: Vec<KemKey> = log.recipients().map(|(_, _, key)| key.clone()).collect();
    let boxes = match harm {
        Harm::JunkBoxes => {
            let junk = |key: &KemKey| Record::new(key.recipient(), &[1; 1169]).unwrap();
            BoxSet::new(members.iter().map(junk).collect()).unwrap()
        }
        Harm::OtherSecret => other.boxes(at, &members, &random).unwrap(),
        _ => secret.boxes(at, &members, &random).unwrap(),
    };
    let sealed = match harm {
        Harm::JunkLink => [&[1][..], &[7; 104]].concat(),
        Harm::OtherKeyInLink => secret.back_link(at, &other, history, &random).unwrap(),
        _ => secret.back_link(at, circle.secret(to).unwrap(), history, &random).unwrap(),
    };
    let back = Some(BackLink { sealed: Base64(sealed), to });
    let epoch = NewEpoch { back, boxes: boxes.head(), number, read: secret.read_key().public() };
    let sign = |message: &[u8]| by.device.object().sign(message);
    let entry = log.entry(later(1), by.device.id(), Change::Epoch(epoch), sign);
    world.take(entry.to_bytes(), later(1));
    world.boxes.push(boxes);
}

#[test]
fn who_breaks_an_epoch_takes_neither_what_was_before_nor_what_comes_after() {
    for (harm, history) in
        HARMS.into_iter().flat_map(|harm| [(harm, History::Archive), (harm, History::None)])
    {
        let case = format!("{harm:?} {history:?}");
        let mut scene = Scene::of(Level::Teaching, history);
        let Scene { world, author, .. } = &mut scene;
        let harmful = person(3);
        world.add(&author.who.me, &harmful, Role::Admin, now());
        begin(world, &harmful, harm, 2);

        // Whom the epoch gives nothing seals nothing under it.
        let sealed_out = matches!(harm, Harm::JunkBoxes | Harm::OtherSecret);
        let mut sees = world.admin.clone();
        let (number, recipient) = sees.missing_box().unwrap();
        let sealed = world.boxes.last().unwrap().one(&recipient).unwrap();
        let taken = sees.take_box(author.who.me.key().unwrap(), &sealed);
        assert_eq!(taken, if sealed_out { Err(CircleError::Box) } else { Ok(()) }, "{case}");
        let refused = sees.live(&author.who.me, Doing::Posting, later(1)).err();
        assert_eq!(refused, sealed_out.then_some(NotLive::NoSecret), "{case}");
        names_all(&sees, &case);
        assert_eq!(number, 3);

        // The next admin begins another one, that passes over it.
        scene.world.admin = sees;
        scene.world.rotate(&scene.author.who.me, later(2));
        let newcomer = person(4);
        scene.world.add(&scene.author.who.me, &newcomer, Role::Member, later(2));
        scene.world.remove(&scene.author.who.me, harmful.user, later(2));
        scene.world.rotate(&scene.author.who.me, later(2));
        let mut reader = scene.reader_sees.clone();
        scene.world.catch_up(&mut reader, &scene.reader, later(2));
        let newcomer_sees = scene.world.seen_by(&newcomer);
        let header = scene.second(later(2));
        for (who, sees) in [("reader", &reader), ("newcomer", &newcomer_sees)] {
            names_all(sees, &format!("{case}, {who}"));
            let old = open_body(&scene.header, &scene.files(0)[0], &reading(sees, later(2))).err();
            let closed = history == History::None && who == "newcomer";
            assert_eq!(old, closed.then_some(OpenError::NoSecret), "{case}, {who}");
            let new = open_body(&header, &scene.files(1)[0], &reading(sees, later(2)));
            assert_eq!(new.err(), None, "{case}, {who}");
        }
        live(&reader, &scene.reader, later(2));
        live(&newcomer_sees, &newcomer, later(2));
    }
}

#[test]
fn a_link_does_not_take_the_place_of_what_is_known() {
    let mut scene = Scene::of(Level::Teaching, History::None);
    let harmful = person(3);
    scene.world.add(&scene.author.who.me, &harmful, Role::Admin, now());
    // The newcomer knows of epochs 0 to 2 only who was there; that is what an epoch is linked to past the present one.
    let newcomer = person(4);
    scene.world.add(&scene.author.who.me, &newcomer, Role::Member, now());
    let mut sees = scene.world.seen_by(&newcomer);
    let known = |circle: &MyCircle| -> Vec<[u8; 32]> {
        circle.epochs().take(3).map(|(_, known): (u64, &Known)| *known.directory().bytes()).collect()
    };
    let before = known(&sees);
    assert_eq!(before.len(), 3);
    begin(&mut scene.world, &harmful, Harm::OtherKeyInLink, 1);
    scene.world.catch_up(&mut sees, &newcomer, later(1));
    assert!(sees.secret(4).is_ok());
    assert_eq!(known(&sees), before);
    names_all(&sees, "newcomer");
    live(&sees, &newcomer, later(1));
}

#[test]
fn who_was_away_for_two_new_keys_reads_what_was_posted_meanwhile() {
    for history in [History::Archive, History::None] {
        let mut scene = Scene::of(Level::Teaching, history);
        scene.world.rotate(&scene.author.who.me, later(1));
        let header = scene.second(later(1));
        scene.world.rotate(&scene.author.who.me, later(2));
        let mut reader = scene.reader_sees.clone();
        scene.world.catch_up(&mut reader, &scene.reader, later(2));
        let missing: Vec<_> = reader.missing_older_boxes().collect();
        assert_eq!(missing.len(), usize::from(history == History::None));
        for (epoch, recipient) in missing {
            assert_eq!(epoch, 2);
            let sealed = scene.world.boxes[2].one(&recipient).unwrap();
            reader.take_box_of(epoch, scene.reader.key().unwrap(), &sealed).unwrap();
            assert_eq!(reader.missing_older_boxes().next(), None);
        }
        let opened = open_body(&header, &scene.files(1)[0], &reading(&reader, later(2)));
        assert_eq!(opened.err(), None, "{history:?}");
        let received = Received::verify(&header, &reading(&reader, later(2))).unwrap();
        assert_eq!(received.header.epoch, 2);
    }
}
