//! The feed goes on behind whatever stands in it, and says how far it came.

use curtain::feed::{self as room, FeedError, Filter, Hidden, Page, Taken, Why};
use curtain::hash::Sha256;
use curtain::post::{OpenError, PostError, Site, Specialty};
use curtain::vault::Wanted;
use curtain::wire::chain::ChainError;
use curtain::wire::header::{Content, Header};
use curtain::wire::tree::{leaf_hash, root};

use super::{Device, read, take};
use crate::circles::{PLANTED, Scene, detectors, filed};
use crate::people::{anywhere, later, now, story};

#[test]
fn what_is_refused_does_not_stop_the_feed() {
    let mut scene = Scene::new();
    let circle = scene.reader_sees.clone();
    let id = circle.circle().id();
    let mut device = Device::new(7, &circle);
    let fork = scene.forge(|header: &mut Header| header.at = later(1));
    let second = scene.second(now());
    let other_past = {
        let mut header = crate::circles::said(&second);
        header.seq += 1;
        crate::circles::sign(&scene.author.who.me, header)
    };
    let mut flipped = scene.header.clone();
    let at = flipped.len() - 20;
    flipped[at] ^= 1;
    let headers =
        [b"{}".to_vec(), flipped, scene.header.clone(), scene.header.clone(), fork, second, other_past];
    let codes: Vec<&str> = headers
        .iter()
        .map(|header| match device.take(&circle, header, later(1)) {
            Taken::Refused(why) => why.code(),
            Taken::Post { .. } => "post",
            _ => "other",
        })
        .collect();
    let signature = ["header_form", "header_signature"];
    assert!(signature.contains(&codes[1]), "{codes:?}");
    assert_eq!(codes[0], "header_form");
    assert_eq!(codes[2..], ["post", "chain_replay", "chain_fork", "post", "chain_other_past"]);

    // The root is over every byte that stands there, refused or not.
    let leaves: Vec<_> = headers.iter().map(|header| leaf_hash(header)).collect();
    let head = room::head(&device.who.vault, id).unwrap();
    assert_eq!((head.size, head.root.0), (7, root(&leaves).0));
    assert_eq!(room::size(&device.who.vault, id), Ok(7));
    device.fetch(&scene, &circle, later(1));
    assert_eq!(device.titles(later(1)), ["A rash", "A rash"]);

    // Numbers follow.
    for n in [0, 6, 8, u64::MAX] {
        let witnesses = scene.world.witnesses();
        let taken = room::take(&mut device.who.vault, &circle, &witnesses, n, &headers[2], later(1));
        assert_eq!(taken, Err(FeedError::NotNext { n, next: 7 }));
    }
    assert_eq!(room::head(&device.who.vault, id), Ok(head));
}

#[test]
fn what_was_ahead_of_the_membership_log_is_taken_later() {
    let mut scene = Scene::new();
    let mut circle = scene.reader_sees.clone();
    let mut device = Device::new(7, &circle);
    let newcomer = crate::circles::person(3);
    scene.world.add(&scene.author.who.me, &newcomer, curtain::circle::Role::Member, now());
    let second = scene.second(now());
    let taken = device.take(&circle, &second, now());
    assert!(matches!(taken, Taken::Refused(Why::Open(OpenError::Behind { .. }))), "{taken:?}");
    let witnesses = scene.world.witnesses();
    assert_eq!(room::again(&mut device.who.vault, &circle, &witnesses, now()), Ok(vec![]));
    scene.world.catch_up(&mut circle, &scene.reader, now());
    let again = room::again(&mut device.who.vault, &circle, &witnesses, now()).unwrap();
    assert!(matches!(again.as_slice(), [Taken::Post { .. }]), "{again:?}");
    assert_eq!(room::again(&mut device.who.vault, &circle, &witnesses, now()), Ok(vec![]));
    device.fetch(&scene, &circle, now());
    assert_eq!(device.titles(now()), ["A rash"]);
    assert_eq!(room::size(&device.who.vault, circle.circle().id()), Ok(1));
}

#[test]
fn files_are_verified_before_anything_is_kept() {
    let scene = Scene::new();
    let circle = scene.reader_sees.clone();
    let id = circle.circle().id();
    let mut device = Device::new(7, &circle);
    // A body of the right hash that is not one.
    let junk = vec![1; usize::try_from(said_size(&scene)).unwrap()];
    let forged = scene.forge(|header| {
        let Content::Post(post) = &mut header.content else { panic!() };
        post.objects[0].sha256 = Sha256::of(&junk);
    });
    let about = Sha256::of(&forged);
    assert!(matches!(device.take(&circle, &forged, now()), Taken::Post { .. }));
    let wanted: Vec<Wanted> = room::wanted(&device.who.vault, id, u64::MAX, now()).unwrap();
    assert_eq!((wanted.len(), wanted[0].index), (1, 0));
    let witnesses = scene.world.witnesses();
    let vault = &mut device.who.vault;
    for other in [&junk[1..], &scene.files(0)[0], b""] {
        let refused = room::give(vault, &circle, &witnesses, &wanted[0], other, now());
        assert_eq!(refused, Err(FeedError::OtherBytes));
    }
    assert_eq!(room::wanted(vault, id, u64::MAX, now()).unwrap(), wanted, "another may have the right one");
    room::give(vault, &circle, &witnesses, &wanted[0], &junk, now()).unwrap();
    assert!(room::wanted(vault, id, u64::MAX, now()).unwrap().is_empty());
    let shown = room::show(vault, about, scene.reader.user, Hidden::Shown, now());
    assert!(matches!(shown, Err(FeedError::Refused { .. })), "{shown:?}");
    // What nobody wants is left alone.
    room::give(vault, &circle, &witnesses, &wanted[0], &junk, now()).unwrap();
}

fn said_size(scene: &Scene) -> u64 {
    let Content::Post(post) = crate::circles::said(&scene.header).content else { panic!() };
    post.objects[0].size
}

#[test]
fn a_device_goes_on_where_it_stopped() {
    let (mut scene, circle, device, _) = read();
    let id = circle.circle().id();
    let before = room::head(&device.who.vault, id).unwrap();
    let mut who = device.who;
    who.reopen();
    assert_eq!(room::head(&who.vault, id), Ok(before));
    let mut device = Device { who, next: 1 };
    assert_eq!(device.finds("itches", now()), 1);
    let replayed = scene.header.clone();
    let taken = device.take(&circle, &replayed, now());
    assert_eq!(taken, Taken::Refused(Why::Chain(ChainError::Replay)));
    let second = scene.second(now());
    assert!(matches!(device.take(&circle, &second, now()), Taken::Post { .. }));
    device.fetch(&scene, &circle, now());
    assert_eq!(device.titles(now()).len(), 2);
}

#[test]
fn a_case_is_found_under_what_it_is_filed_under() {
    let mut scene = Scene::new();
    let circle = scene.reader_sees.clone();
    let mut device = Device::new(7, &circle);
    let second = scene.second(now());
    take(&mut device.who.vault, &circle, 0, &second, now());
    device.fetch(&scene, &circle, now());
    let filter = Filter {
        specialty: Some(Specialty::PlasticSurgery),
        site: Some(Site::Hand),
        tag: Some("hot-oil".parse().unwrap()),
        ..Filter::default()
    };
    let page = Page { after: None, count: 5 };
    let posts = room::list(&device.who.vault, &filter, page, now()).unwrap();
    assert_eq!(posts.len(), 1);
    let me = scene.reader.user;
    let shown = room::show(&device.who.vault, posts[0].header, me, Hidden::LeftOut, now()).unwrap();
    assert_eq!(shown.post.tags, filed().tags);
    assert_eq!(device.finds("plastic hot oil", now()), 1);
    let elsewhere = Filter { site: Some(Site::Foot), ..filter };
    assert!(room::list(&device.who.vault, &elsewhere, page, now()).unwrap().is_empty());
}

#[test]
fn a_tag_that_names_the_patient_is_refused() {
    use curtain::clean::Options;
    use curtain::post::{About, Draft, known};
    let tag = PLANTED.to_lowercase();
    let about = About::new(None, None, vec!["burn".parse().unwrap(), tag.parse().unwrap()]).unwrap();
    let case =
        Draft::new(vec![curtain_tests::fixture("orient/o6.jpg")], &story("A burn."), anywhere()).unwrap();
    let case = case.filed(Some(about)).knowing(known(&crate::circles::consent_of(Vec::new())));
    let refused = case.scan(detectors(), &Options::default()).unwrap_err();
    assert_eq!(refused.error, PostError::Tag { place: 2 });
}
