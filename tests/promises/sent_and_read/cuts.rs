//! The network is cut at every request, and processes are killed: nothing is lost, and nothing is there twice.
//!
//! `CURTAIN_KILLS` sets how often (20), `CURTAIN_SEED` repeats a run.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime};

use super::{
    Between, Call, Command, Fate, Process, Scene, World, copy_folder, done, in_circle, lines, outbox,
    sync_through, synced, titles,
};

#[test]
fn a_cut_at_any_request_loses_nothing() {
    let mut relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    relay.kill();
    let (store, vault) = (world.folder.path().join("store-before"), world.folder.path().join("ada-before"));
    copy_folder(&relay.store(), &store);
    copy_folder(&scene.ada.vault, &vault);
    let mut requests = usize::MAX;
    let mut at = 0;
    while at < requests {
        // Requests that were never sent are like those whose answer was lost and that did nothing: every third is enough.
        for lost in [true, false] {
            if lost && at % 3 != 0 {
                continue;
            }
            relay.set_store(&store);
            relay.restart();
            std::fs::remove_dir_all(&scene.ada.vault).unwrap();
            copy_folder(&vault, &scene.ada.vault);
            let mut count = 0;
            let cutting = Between::new(|_: &Call<'_>| {
                count += 1;
                match count - 1 {
                    n if n == at && lost => Fate::Lost,
                    n if n == at => Fate::AnswerLost,
                    _ => Fate::Passes,
                }
            });
            // Whatever it says.
            let _ = sync_through(&scene.ada.vault, &relay.url(), &cutting);
            let mut whole = 0;
            let open = Between::new(|_: &Call<'_>| {
                whole += 1;
                Fate::Passes
            });
            let again = sync_through(&scene.ada.vault, &relay.url(), &open).unwrap();
            let told = &again.circles[0];
            assert!(told.error.is_none() && told.suspicions.is_empty(), "request {at}: {told:?}");
            let post = [("post".to_owned(), "sent".to_owned())];
            assert_eq!(outbox(&scene.ada), post, "request {at}: {:?}", again.told);
            let feed = relay.store().join("circles").join(&scene.circle).join("feed");
            assert_eq!(std::fs::read_dir(feed).unwrap().count(), 1, "request {at}: one header, once");
            requests = if at == 0 && lost { whole + 1 } else { requests };
            relay.kill();
        }
        at += 1;
    }
    assert!(at > 10, "{at} requests were cut");
    relay.restart();
    assert_eq!(in_circle(&synced(&scene.ben))["headers"], 1);
    assert_eq!(titles(&scene.ben), ["A rash"]);
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn phone_and_relay_are_killed_and_every_comment_is_there_once() {
    let kills = number("CURTAIN_KILLS").unwrap_or(20);
    let clock =
        || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros().try_into().unwrap();
    let seed: u64 = number("CURTAIN_SEED").unwrap_or_else(clock) | 1;
    writeln!(std::io::stderr(), "CURTAIN_KILLS={kills} CURTAIN_SEED={seed}").unwrap();
    let mut state = seed;
    let mut below = move |n: u64| {
        // xorshift64. [Marsaglia, "Xorshift RNGs", 2003]
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % n
    };
    let mut relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    let post = scene.queued();
    let start = Instant::now();
    synced(&scene.ada);
    let usual = u64::try_from(start.elapsed().as_millis()).unwrap();
    synced(&scene.ben);
    for kill in 0..kills {
        let words = world.at("comment");
        std::fs::write(&words, format!("I saw the same, in visit {kill} of many.")).unwrap();
        done(&scene.ben.run(&["feed", "comment", &post, "--text", &words, "--read"]));
        let mut phone = Command::new(env!("CARGO_BIN_EXE_curtain-under-test"))
            .args(["sync", "--hurry", "--vault"])
            .arg(&scene.ben.vault)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(below(usual * 12 / 10)));
        if below(2) == 0 {
            relay.kill();
            let _ = phone.wait();
            relay.restart();
        } else {
            let _ = phone.kill();
            let _ = phone.wait();
        }
    }
    synced(&scene.ben);
    assert!(
        outbox(&scene.ben).iter().all(|(_, state)| state == "sent"),
        "seed {seed}: {:?}",
        outbox(&scene.ben)
    );
    synced(&scene.ada);
    let shown = lines(&scene.ada.run(&["feed", "show", &post])).pop().unwrap().to_string();
    for kill in 0..kills {
        let said = format!("in visit {kill} of many.");
        assert_eq!(shown.matches(&said).count(), 1, "seed {seed}: comment {kill}");
    }
}
