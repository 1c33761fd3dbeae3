//! Cases through the real relay: sent, read, said something of; and a network or relay that does what it should not.

mod cuts;
mod denied;
mod evil;
mod withdrawn;

use std::path::Path;
use std::process::Command;

use curtain::transport::Call;
use serde_json::{Value, json};

use crate::command::lines;
use crate::desks::{Person, World, code, done, text};
use crate::relay::{Between, Fate, Process, copy_folder, files_below, sync_through};

/// Ada and Ben in one circle at a relay.
pub(crate) struct Scene<'w> {
    pub(crate) ada: Person<'w>,
    pub(crate) ben: Person<'w>,
    pub(crate) circle: String,
}

impl<'w> Scene<'w> {
    pub(crate) fn new(world: &'w World) -> Self {
        let (ada, ben) = (world.person("Ada", "clinician"), world.person("Ben", "clinician"));
        let circle = ada.new_circle("Test Dermatology", "teaching", "archive");
        ada.add(&circle, &ben, "member");
        Self { ada, ben, circle }
    }

    /// A case of Ada's that is sealed and waits.
    pub(crate) fn queued(&self) -> String {
        self.queued_of("orient/o6.jpg")
    }

    /// The same, of a certain photo.
    pub(crate) fn queued_of(&self, photo: &str) -> String {
        let case = self.ada.case_of(photo, "Quillibrand came with a rash that itches.");
        let sealed = done(&self.ada.run(&["post", "seal", &case, "--circle", &self.circle]));
        assert_eq!((&sealed["queued"], &sealed["sent"]), (&json!(true), &json!(false)), "{sealed}");
        text(&sealed["post"])
    }
}

/// A sync of somebody's through the command: what was printed.
fn sync(person: &Person<'_>) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_curtain-under-test"));
    command.args(["sync", "--json", "--hurry", "--vault"]).arg(&person.vault).output().unwrap()
}

/// A sync in which all goes well.
pub(crate) fn synced(person: &Person<'_>) -> Vec<Value> {
    let output = sync(person);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    lines(&output)
}

/// What happened in the one circle.
fn in_circle(lines: &[Value]) -> &Value {
    lines.iter().find(|line| line.get("headers").is_some()).unwrap()
}

/// The states of all that is in somebody's outbox.
fn outbox(person: &Person<'_>) -> Vec<(String, String)> {
    let output = person.run(&["outbox", "list"]);
    let items = lines(&output).into_iter().filter(|line| line.get("kind").is_some());
    items.map(|line| (text(&line["kind"]), text(&line["state"]))).collect()
}

/// The titles that somebody's feed shows.
fn titles(person: &Person<'_>) -> Vec<String> {
    let output = person.run(&["feed", "list"]);
    lines(&output).iter().filter_map(|line| line["title"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_case_is_sent_read_and_spoken_of() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    let post = scene.queued();
    assert_eq!(outbox(&scene.ada), [("post".to_owned(), "waiting".to_owned())]);
    let sent = synced(&scene.ada);
    assert!(sent.iter().any(|line| line["kind"] == "post" && line["state"] == "sent"), "{sent:?}");
    assert_eq!(outbox(&scene.ada), [("post".to_owned(), "sent".to_owned())]);

    let seen = synced(&scene.ben);
    assert_eq!(in_circle(&seen)["headers"], 1, "{seen:?}");
    assert_eq!(titles(&scene.ben), ["A rash"]);
    assert_eq!(lines(&scene.ben.run(&["feed", "search", "itches"])).len(), 1);
    assert_eq!(code(&scene.ben.run(&["feed", "comment", &post, "--text", "-"])), "text_not_read");
    let words = world.at("comment");
    std::fs::write(&words, "I saw the same last week.").unwrap();
    done(&scene.ben.run(&["feed", "comment", &post, "--text", &words, "--read"]));
    done(&scene.ben.run(&["feed", "vote", &post, "scabies", "--read"]));
    synced(&scene.ben);
    // A second sync sends nothing twice.
    assert_eq!(in_circle(&synced(&scene.ben))["headers"], 2, "his own come back once");
    assert_eq!(in_circle(&synced(&scene.ben))["headers"], 0);
    synced(&scene.ada);
    let shown = lines(&scene.ada.run(&["feed", "show", &post])).pop().unwrap().to_string();
    assert!(shown.contains("I saw the same last week.") && shown.contains("scabies"), "{shown}");
}

#[test]
fn a_relay_over_the_same_store_serves_as_well() {
    let first = Process::start();
    let world = World::at_relay(&first.url());
    let scene = Scene::new(&world);
    scene.queued();
    synced(&scene.ada);
    let second = first.beside();
    let open = Between::new(|_: &Call<'_>| Fate::Passes);
    let seen = sync_through(&scene.ben.vault, &second.url(), &open).unwrap();
    // Ben's circle travels through the first one; the second lists it as well, and changes nothing of that.
    assert!(seen.circles.is_empty());
    drop(first);
    assert_eq!(sync(&scene.ben).status.code(), Some(1), "the first is gone");
}

#[test]
fn nothing_that_names_the_patient_reaches_the_relay() {
    let (relay, wire) = Process::start_behind_a_wire();
    let world = World::at_relay(&wire.url);
    let scene = Scene::new(&world);
    let post = scene.queued();
    synced(&scene.ada);
    synced(&scene.ben);
    let comment = world.at("comment");
    std::fs::write(&comment, "It looks like scabies to me.").unwrap();
    done(&scene.ben.run(&["feed", "comment", &post, "--text", &comment, "--read"]));
    synced(&scene.ben);
    synced(&scene.ada);
    let traffic = wire.seen();
    assert!(traffic.len() > 100_000, "{} bytes went through here", traffic.len());
    let words = [
        "Quillibrand",
        "Testmann",
        "A rash",
        "itches",
        "scabies",
        "Test Ada",
        "Test Ben",
        "Test Dermatology",
        "Test Clinic",
        "room 1",
    ];
    let holds = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    let stored = files_below(&relay.store());
    assert!(stored.len() > 10);
    for word in words {
        assert!(!holds(&traffic, word), "{word} crossed the network");
        assert!(!holds(relay.log().as_bytes(), word), "{word} stands in the relay's log");
        for file in &stored {
            assert!(!holds(&std::fs::read(file).unwrap(), word), "{word} stands in {}", file.display());
        }
    }
    // Nor is a picture there: what was covered is sealed, too.
    assert!(!holds(&traffic, "JFIF") && !holds(&traffic, "\u{0}IHDR"));
    // The search finds what is there: the circle's own hash is.
    assert!(holds(&traffic, &scene.circle));
    assert!(!relay.log().contains(&scene.circle), "the log names no circle");
}

#[test]
fn a_clock_that_is_wrong_is_corrected_once() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    synced(&scene.ben);
    for ahead_s in [-240, 900] {
        let mut refused = 0;
        let mut between = Between::new(|_: &Call<'_>| {
            refused += 1;
            Fate::Passes
        });
        between.ahead_s = ahead_s;
        let told = sync_through(&scene.ben.vault, &relay.url(), &between).unwrap();
        assert!(told.circles[0].error.is_none() && told.circles[0].suspicions.is_empty(), "{told:?}");
    }
}

#[test]
fn what_cases_cost_is_said_and_kept_to() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    let listed = lines(&scene.ada.run(&["outbox", "list"]));
    let bytes = listed.last().unwrap()["bytes"].as_u64().unwrap();
    assert!(bytes > 10_000, "{listed:?}");
    let metered = |budget: &str| {
        done(&scene.ada.run(&["outbox", "set", "--budget", budget]));
        let mut command = Command::new(env!("CARGO_BIN_EXE_curtain-under-test"));
        let output =
            command.args(["sync", "--json", "--metered", "--vault"]).arg(&scene.ada.vault).output().unwrap();
        let told = lines(&output);
        let post = told.iter().find(|line| line["kind"] == "post").unwrap();
        (text(&post["state"]), post["reason"].clone())
    };
    assert_eq!(metered(&(bytes - 1).to_string()), ("waiting".to_owned(), json!("over_budget")));
    done(&scene.ada.run(&["outbox", "set", "--unmetered-only"]));
    assert_eq!(outbox(&scene.ada), [("post".to_owned(), "waiting".to_owned())]);
    assert_eq!(metered(&bytes.to_string()), ("sent".to_owned(), json!(null)));
}

#[test]
fn a_parcel_is_opened_like_a_post_and_only_by_members() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    let post = scene.queued();
    let parcel = world.at("parcel");
    let args = ["post", "export", &post, "--circle", &scene.circle, "--out", &parcel];
    assert_eq!(code(&scene.ada.run(&args)), "no_cosigned_head");
    synced(&scene.ada);
    done(&scene.ada.run(&args));
    let witness = witness_of(&relay);
    let open = |out: &str, file: &str| {
        scene.ben.run(&["post", "import", file, "--witness", &witness, "--out", &world.at(out)])
    };
    let opened = done(&open("opened", &parcel));
    assert_eq!((&opened["post"], &opened["author"]["name"]), (&json!(post), &json!("Test Ada")));
    let whole = std::fs::read(&parcel).unwrap();
    let changed = world.at("changed");
    for at in [0, 30, 400, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&changed, bytes).unwrap();
        assert_eq!(open("never", &changed).status.code(), Some(1), "byte {at}");
        std::fs::write(&changed, &whole[..at]).unwrap();
        assert_eq!(open("never", &changed).status.code(), Some(1), "cut at {at}");
    }
    std::fs::write(&changed, [whole, vec![0]].concat()).unwrap();
    assert_eq!(code(&open("never", &changed)), "parcel_length");
    assert!(!Path::new(&world.at("never")).exists(), "nothing was written");
    let cara = world.person("Cara", "clinician");
    let foreign =
        cara.run(&["post", "import", &parcel, "--witness", &witness, "--out", &world.at("foreign")]);
    assert_eq!(code(&foreign), "no_such_circle");
}

/// The key of a relay's witness, as it says it.
fn witness_of(relay: &Process) -> String {
    use curtain::transport::Transport;
    let call = Call {
        method: "GET",
        url: format!("{}/v1/relay", relay.url()),
        fields: Vec::new(),
        body: &[],
        limit: 10_000,
        patience_s: 10,
    };
    let said: Value =
        serde_json::from_slice(&curtain_cli::network::host().call(&call).unwrap().body).unwrap();
    text(&said["witness_key"])
}
