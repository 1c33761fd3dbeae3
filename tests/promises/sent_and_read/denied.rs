//! A relay that takes a header and says that it did not; headers that were signed and are not wanted any more; a feed that comes
//! in small parts.

use curtain::consent::WithdrawalCode;
use curtain::transport::Answer;

use super::withdrawn::{blobs, consent};
use super::{
    Between, Call, Fate, Process, Scene, World, done, files_below, in_circle, json, outbox, sync,
    sync_through, synced, titles,
};
use crate::people::open;

/// A refusal for which another header is signed.
fn denied(mut answer: Answer) -> Answer {
    assert_eq!(answer.status, 201, "it was taken");
    answer.status = 409;
    answer.body = json!({ "code": "stale_membership" }).to_string().into_bytes();
    answer
}

fn is_header(call: &Call<'_>) -> bool {
    call.method == "POST" && call.url.ends_with("/feed")
}

/// Ada's post is taken, and she is told that it was not.
fn deny(scene: &Scene<'_>, relay: &Process) {
    let lying =
        Between::new(|call: &Call<'_>| if is_header(call) { Fate::Changed(denied) } else { Fate::Passes });
    sync_through(&scene.ada.vault, &relay.url(), &lying).unwrap();
    assert_eq!(outbox(&scene.ada), [("post".to_owned(), "waiting".to_owned())]);
}

fn headers(scene: &Scene<'_>, relay: &Process) -> usize {
    files_below(&relay.store().join("circles").join(&scene.circle).join("feed")).len()
}

#[test]
fn what_was_denied_and_is_there_is_not_sent_twice() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    deny(&scene, &relay);
    synced(&scene.ada);
    assert_eq!(outbox(&scene.ada), [("post".to_owned(), "sent".to_owned())]);
    assert_eq!(headers(&scene, &relay), 1);
    // The chain goes on behind it.
    scene.queued();
    synced(&scene.ada);
    assert_eq!(headers(&scene, &relay), 2);
    synced(&scene.ben);
    assert_eq!(titles(&scene.ben).len(), 2);
    // And it can be withdrawn like any other.
    let vault = open(&scene.ada.vault).unwrap();
    let consents: Vec<String> = vault.posts().unwrap().iter().map(|post| post.consent.to_string()).collect();
    drop(vault);
    for consent in consents {
        done(&scene.ada.run(&["consent", "withdraw", &consent]));
    }
    synced(&scene.ada);
    assert_eq!(blobs(&relay), 0);
    synced(&scene.ben);
    assert!(titles(&scene.ben).is_empty());
}

#[test]
fn what_was_denied_is_withdrawn_as_soon_as_it_is_seen() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    deny(&scene, &relay);
    let (_, code) = consent(&scene);
    done(&scene.ada.run(&["consent", "withdraw", "--code", &code]));
    assert_eq!(outbox(&scene.ada), [("post".to_owned(), "cancelled".to_owned())], "as far as she knows");
    synced(&scene.ada);
    let told = outbox(&scene.ada);
    assert!(told.contains(&("withdraw".to_owned(), "sent".to_owned())), "{told:?}");
    assert!(told.contains(&("code".to_owned(), "sent".to_owned())), "{told:?}");
    assert_eq!(blobs(&relay), 0);
    synced(&scene.ben);
    assert!(titles(&scene.ben).is_empty());
}

#[test]
fn a_header_of_an_epoch_that_is_over_is_not_sent_again() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    let mut first = Vec::new();
    let losing = Between::new(|call: &Call<'_>| {
        if !is_header(call) {
            return Fate::Passes;
        }
        first = call.body.to_vec();
        Fate::Lost
    });
    let _ = sync_through(&scene.ada.vault, &relay.url(), &losing).unwrap();
    assert!(!first.is_empty());
    // Who is out now has the key that it was sealed under.
    done(&scene.ada.through(&["circle", "remove", &scene.circle, &scene.ben.user]));
    let mut sent: Vec<Vec<u8>> = Vec::new();
    let watching = Between::new(|call: &Call<'_>| {
        if is_header(call) {
            sent.push(call.body.to_vec());
        }
        Fate::Passes
    });
    sync_through(&scene.ada.vault, &relay.url(), &watching).unwrap();
    assert_eq!(outbox(&scene.ada), [("post".to_owned(), "sent".to_owned())]);
    assert_eq!(sent.len(), 1);
    assert_ne!(sent[0], first, "it was sealed again");
}

#[test]
fn a_code_is_said_to_every_relay_that_is_known() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    synced(&scene.ada);
    let mut other = Process::start();
    let passing = Between::new(|_: &Call<'_>| Fate::Passes);
    sync_through(&scene.ada.vault, &other.url(), &passing).unwrap();
    other.kill();
    let (_, code) = consent(&scene);
    done(&scene.ada.run(&["consent", "withdraw", "--code", &code]));
    assert_eq!(sync(&scene.ada).status.code(), Some(1), "one of two relays is not there");
    let state = |kind: &str| outbox(&scene.ada).into_iter().find(|(found, _)| found == kind).unwrap().1;
    assert_eq!((state("withdraw"), state("code")), ("sent".to_owned(), "waiting".to_owned()));
    other.restart();
    synced(&scene.ada);
    assert_eq!(state("code"), "sent");
}

fn first_line_alone(mut answer: Answer) -> Answer {
    let end = answer.body.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    answer.body.truncate(end);
    answer
}

#[test]
fn a_feed_that_comes_in_parts_is_taken_in_parts() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    for _ in 0..3 {
        scene.queued();
    }
    synced(&scene.ada);
    let mut pages = 0;
    let cut = Between::new(|call: &Call<'_>| {
        if !call.url.contains("/feed?") {
            return Fate::Passes;
        }
        pages += 1;
        if pages <= 2 { Fate::Changed(first_line_alone) } else { Fate::Lost }
    });
    let told = sync_through(&scene.ben.vault, &relay.url(), &cut).unwrap();
    assert_eq!((pages, told.circles[0].headers, &told.circles[0].suspicions[..]), (3, 2, &[][..]));
    assert_eq!(in_circle(&synced(&scene.ben))["headers"], 1, "it goes on where it was cut");
    assert_eq!(titles(&scene.ben).len(), 3);
}

#[test]
fn a_part_that_is_no_part_of_the_feed_is_not_taken() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    for _ in 0..3 {
        scene.queued();
    }
    synced(&scene.ada);
    let swapped = |mut answer: Answer| {
        let lines: Vec<&[u8]> = answer.body.split_inclusive(|byte| *byte == b'\n').collect();
        answer.body = lines[1].to_vec();
        answer
    };
    let lying = Between::new(
        |call: &Call<'_>| {
            if call.url.contains("/feed?") { Fate::Changed(swapped) } else { Fate::Passes }
        },
    );
    let told = sync_through(&scene.ben.vault, &relay.url(), &lying).unwrap();
    let codes: Vec<&str> = told.circles[0].suspicions.iter().map(curtain::sync::Suspicion::code).collect();
    assert_eq!(codes, ["relay_forked"]);
    assert_eq!(told.circles[0].headers, 0);
    synced(&scene.ben);
    assert_eq!(titles(&scene.ben).len(), 3);
}

#[test]
fn a_file_that_is_cut_is_fetched_on_from_there() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    let post = scene.queued_of("xray.png");
    synced(&scene.ada);
    synced(&scene.ben);
    let shown = world.at("pictures");
    done(&scene.ben.run(&["feed", "show", &post, "--pictures", &shown]));
    let ranges = std::sync::Mutex::new(Vec::new());
    let sync_cut_after = |most: usize| {
        let mut asked = 0;
        let watching = Between::new(|call: &Call<'_>| {
            let Some((_, range)) = call.fields.iter().find(|(name, _)| *name == "range") else {
                return Fate::Passes;
            };
            asked += 1;
            if asked > most {
                return Fate::Lost;
            }
            ranges.lock().unwrap().push(range.clone());
            Fate::Passes
        });
        let _ = sync_through(&scene.ben.vault, &relay.url(), &watching).unwrap();
    };
    sync_cut_after(1);
    sync_cut_after(usize::MAX);
    let ranges = ranges.into_inner().unwrap();
    assert!(ranges.len() >= 2, "the file has more than one range: {ranges:?}");
    let mut once = ranges.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), ranges.len(), "nothing was fetched twice: {ranges:?}");
}

/// A tombstone that nobody wrote, in place of those that there are.
fn invented(mut answer: Answer) -> Answer {
    answer.body = answer.body.iter().map(|byte| if *byte == b'a' { b'b' } else { *byte }).collect();
    answer
}

#[test]
fn a_tombstone_that_says_nothing_true_is_not_counted_as_read() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    synced(&scene.ada);
    synced(&scene.ben);
    let (_, code) = consent(&scene);
    let transport = Between::new(|_: &Call<'_>| Fate::Passes);
    let code = WithdrawalCode::parse(&code).unwrap();
    curtain::sync::withdraw_by_code(&transport, &relay.url(), &code).unwrap();
    let lying =
        Between::new(
            |call: &Call<'_>| {
                if call.url.contains("/tombstones") { Fate::Changed(invented) } else { Fate::Passes }
            },
        );
    let _ = sync_through(&scene.ben.vault, &relay.url(), &lying);
    assert_eq!(titles(&scene.ben), ["A rash"], "the lie hides it for now");
    synced(&scene.ben);
    assert!(titles(&scene.ben).is_empty(), "and not for ever");
}
