//! A relay that flips, swaps, withholds, forks and sets back: it is told, and nothing wrong is taken.

use curtain::sync::Synced;
use curtain::transport::Answer;

use super::{
    Between, Call, Fate, Process, Scene, World, copy_folder, done, files_below, in_circle, outbox, sync,
    sync_through, synced, titles,
};

fn suspicions(synced: &Synced) -> Vec<&'static str> {
    synced.circles[0].suspicions.iter().map(curtain::sync::Suspicion::code).collect()
}

fn flipped(mut answer: Answer) -> Answer {
    let at = answer.body.len() / 2;
    if let Some(byte) = answer.body.get_mut(at) {
        *byte ^= 1;
    }
    answer
}

fn without_last_line(mut answer: Answer) -> Answer {
    let end = answer.body.len().saturating_sub(1);
    let cut = answer.body[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    answer.body.truncate(cut);
    for (name, value) in &mut answer.fields {
        if name.eq_ignore_ascii_case("curtain-size") {
            *value = value.parse::<u64>().unwrap().saturating_sub(1).to_string();
        }
    }
    answer
}

/// A world with one case in its feed, of which Ben knows nothing yet.
fn with_a_case(world: &World) -> Scene<'_> {
    let scene = Scene::new(world);
    scene.queued();
    synced(&scene.ada);
    scene
}

#[test]
fn what_is_changed_on_the_way_is_never_taken() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = with_a_case(&world);
    for path in ["/feed?", "/feed/head", "/blobs/", "/members?", "/members/head", "/tombstones"] {
        let flipping =
            Between::new(
                |call: &Call<'_>| {
                    if call.url.contains(path) { Fate::Changed(flipped) } else { Fate::Passes }
                },
            );
        // It may be an error, a suspicion, or a file that is fetched again: a case is not.
        let _ = sync_through(&scene.ben.vault, &relay.url(), &flipping);
        if path != "/tombstones" {
            assert!(titles(&scene.ben).is_empty(), "{path}");
        }
    }
    synced(&scene.ben);
    assert_eq!(titles(&scene.ben), ["A rash"], "and all of it heals with an honest one");
}

#[test]
fn a_header_that_is_held_back_is_missed() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = with_a_case(&world);
    let hiding = Between::new(|call: &Call<'_>| {
        if call.url.contains("/feed?") { Fate::Changed(without_last_line) } else { Fate::Passes }
    });
    let told = sync_through(&scene.ben.vault, &relay.url(), &hiding).unwrap();
    assert_eq!(suspicions(&told), ["relay_withholds"]);
    assert!(titles(&scene.ben).is_empty());
}

#[test]
fn a_relay_that_is_set_back_is_told() {
    let mut relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    let before = world.folder.path().join("before");
    copy_folder(&relay.store(), &before);
    scene.queued();
    synced(&scene.ada);
    synced(&scene.ben);
    relay.kill();
    relay.set_store(&before);
    relay.restart();
    for person in [&scene.ada, &scene.ben] {
        let output = sync(person);
        assert_eq!(output.status.code(), Some(1));
        let told = crate::command::lines(&output);
        assert_eq!(in_circle(&told)["suspicions"][0]["code"], "relay_rolled_back", "{told:?}");
    }
    assert_eq!(titles(&scene.ben), ["A rash"], "what is here stays");
}

#[test]
fn what_must_go_is_said_to_a_relay_that_is_not_trusted() {
    let mut relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    let post = scene.queued();
    synced(&scene.ada);
    synced(&scene.ben);
    let before = world.folder.path().join("before");
    relay.kill();
    copy_folder(&relay.store(), &before);
    relay.restart();
    done(&scene.ben.run(&["feed", "vote", &post, "scabies", "--read"]));
    synced(&scene.ben);
    synced(&scene.ada);
    relay.kill();
    relay.set_store(&before);
    relay.restart();
    let consent = crate::people::open(&scene.ada.vault).unwrap().posts().unwrap()[0].consent.to_string();
    done(&scene.ada.run(&["consent", "withdraw", &consent]));
    let output = sync(&scene.ada);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(in_circle(&crate::command::lines(&output))["suspicions"][0]["code"], "relay_rolled_back");
    assert_eq!(outbox(&scene.ada)[1], ("withdraw".to_owned(), "sent".to_owned()));
    assert_eq!(files_below(&relay.store().join("blobs")).len(), 0);
}

#[test]
fn a_relay_that_shows_another_feed_is_told() {
    let mut relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    let (store, vault) = (world.folder.path().join("store"), world.folder.path().join("vault"));
    scene.queued();
    relay.kill();
    copy_folder(&relay.store(), &store);
    copy_folder(&scene.ada.vault, &vault);
    relay.restart();
    synced(&scene.ada);
    synced(&scene.ben);
    // The same phone in another world, where it posts the same case under another header.
    relay.kill();
    relay.set_store(&store);
    std::fs::remove_dir_all(&scene.ada.vault).unwrap();
    copy_folder(&vault, &scene.ada.vault);
    relay.restart();
    synced(&scene.ada);
    let open = Between::new(|_: &Call<'_>| Fate::Passes);
    let told = sync_through(&scene.ben.vault, &relay.url(), &open).unwrap();
    assert_eq!(suspicions(&told), ["relay_forked"]);
    assert_eq!(titles(&scene.ben), ["A rash"], "what is here stays");
}

#[test]
fn a_relay_with_other_keys_is_not_spoken_to() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    let other = Process::start();
    let other_keys: Vec<u8> = {
        use curtain::transport::Transport;
        let (url, fields) = (format!("{}/v1/relay", other.url()), Vec::new());
        let call = Call { method: "GET", url, fields, body: &[], limit: 10_000, patience_s: 10 };
        curtain_cli::network::host().call(&call).unwrap().body
    };
    let mut asked = 0;
    let posing = Between::new(|call: &Call<'_>| {
        asked += 1;
        assert!(call.url.ends_with("/v1/relay"), "nothing else is asked");
        Fate::Instead(Answer { status: 200, fields: Vec::new(), body: other_keys.clone() })
    });
    let error = sync_through(&scene.ada.vault, &relay.url(), &posing).unwrap_err();
    assert_eq!(error.code(), "relay_keys");
    assert_eq!(asked, 1);
    assert_eq!(outbox(&scene.ada), [("post".to_owned(), "waiting".to_owned())]);
}

#[test]
fn one_bad_item_holds_up_no_other() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    scene.queued();
    // Of the first post that is tried, no file ever arrives.
    let mut first: Option<String> = None;
    let stubborn = Between::new(|call: &Call<'_>| {
        let Some((_, named)) = call.fields.iter().find(|(name, _)| *name == "upload-metadata") else {
            return Fate::Passes;
        };
        if first.get_or_insert_with(|| named.clone()) == named { Fate::Lost } else { Fate::Passes }
    });
    let told = sync_through(&scene.ada.vault, &relay.url(), &stubborn).unwrap();
    assert_eq!(told.told.len(), 2, "{:?}", told.told);
    let mut states: Vec<String> = outbox(&scene.ada).into_iter().map(|(_, state)| state).collect();
    states.sort();
    assert_eq!(states, ["sent", "waiting"]);
    synced(&scene.ada);
    synced(&scene.ben);
    assert_eq!(titles(&scene.ben).len(), 2);
}
