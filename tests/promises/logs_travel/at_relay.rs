//! The same by command, through the real relay.

use std::fs;

use serde_json::{Value, json};

use crate::command::{curtain, lines};
use crate::desks::{World, done, text};
use crate::relay::Process;
use crate::sent_and_read::{Scene, synced};

#[test]
fn an_officer_pulls_what_phones_send_and_takes_a_case_back() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    let carol = world.person("Carol", "officer");
    scene.ada.add(&scene.circle, &carol, "officer");
    let (key, public) = (world.at("officer"), world.at("officer.pub"));
    done(&curtain(&["identity", "officer", "--json", "--key", &key, "--out", &public]));

    // Not backed up: neither an officer nor a sync yet.
    let post = scene.queued();
    let consent = |about: &str| done(&scene.ada.run(&["consent", "list"]))[about].clone();
    assert_eq!(consent("not_backed_up"), json!(["not_cosigned", "not_stored", "no_officer_key"]));
    let kept = done(&scene.ada.run(&["ledger", "officer", &public]));
    assert!(kept["officer"].is_string(), "{kept}");
    synced(&scene.ada);
    assert_eq!((consent("backed_up"), consent("not_backed_up")), (json!(true), json!([])));

    let (url, out) = (relay.url(), world.at("logs"));
    carol.sync_with(&url);
    let pull = || carol.run(&["ledger", "pull", "--through", &url, "--key", &key, "--out", &out]);
    let pulled = pull();
    assert_eq!(pulled.status.code(), Some(0), "{}", String::from_utf8_lossy(&pulled.stderr));
    let of = |logs: &[Value], user: &str| {
        logs.iter().find(|log| log["user"] == json!(user)).unwrap_or_else(|| panic!("{logs:?}")).clone()
    };
    let ada = of(&lines(&pulled), &scene.ada.user);
    assert_eq!((&ada["state"], &ada["entries"], &ada["details"]), (&json!("whole"), &json!(2), &json!(1)));
    let ben = of(&lines(&pulled), &scene.ben.user);
    assert_eq!((&ben["state"], &ben["reason"]["code"]), (&json!("silent"), &json!("nothing_cosigned")));

    // The existing verifier and reader take the folder as it is.
    let verified = curtain(&["ledger", "verify", "--json", &out]);
    assert_eq!(done(&verified)["integrity"]["intact"], json!(true));
    let opened = lines(&curtain(&["ledger", "open", "--json", "--key", &key, &out]));
    assert_eq!(opened[0]["details"]["patient"], json!("Quillibrand Testmann"));
    assert_eq!(opened[1]["leaf"]["event"]["post"], json!(post), "an officer finds the post in the log");
    let table = world.at("all.csv");
    let args = ["ledger", "open", "--json", "--key", &key, "--format", "csv", "--out", &table, &out];
    assert_eq!(done(&curtain(&args))["records"], json!(2));
    let table = fs::read_to_string(table).unwrap();
    assert_eq!(table.lines().count(), 3);
    assert!(table.contains(ada["log"].as_str().unwrap()) && table.contains("Quillibrand"), "{table}");

    // Another device sends its log, too: one table of both, with names and without.
    done(&scene.ben.run(&["ledger", "officer", &public]));
    scene.ben.case("Quillibrand came again, with the same rash.");
    synced(&scene.ben);
    assert_eq!(pull().status.code(), Some(0));
    let export = |name: &str, format: &str, more: &[&str]| {
        let (to, args) = (world.at(name), ["ledger", "export", "--json", "--logs", &out, "--format", format]);
        (curtain(&[&args, more, &["--out", &to]].concat()), to)
    };
    let (exported, table) = export("both.csv", "csv", &["--details", "--key", &key]);
    let said = done(&exported);
    assert_eq!((&said["records"], said["logs"].as_array().unwrap().len()), (&json!(3), 2), "{said}");
    assert_eq!(said["silent"][0]["user"], json!(carol.user), "her own device records nothing: {said}");
    let table = fs::read_to_string(table).unwrap();
    let ben = of(&lines(&pull()), &scene.ben.user);
    let logs: Vec<_> = table.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(logs, [&ada["log"], &ada["log"], &ben["log"]]);
    assert_eq!(table.matches("Quillibrand Testmann").count(), 2);
    let (exported, bundle) = export("both.fhir", "fhir", &[]);
    done(&exported);
    let bundle = fs::read_to_string(bundle).unwrap();
    assert!(!bundle.contains("Quillibrand") && bundle.contains(ben["log"].as_str().unwrap()));

    // The officer says that it must go, and readers follow.
    let circle = text(&ada["circles"][0]);
    done(&carol.through(&["post", "withdraw", &circle, &post, "--reason", "officer"]));
    let store = relay.store();
    let tombstones = store.join("circles").join(&circle).join("tombstones");
    assert!(fs::read_dir(tombstones).unwrap().count() > 0);

    // A record that is changed at the relay is found out.
    scene.ada.run(&["consent", "list"]);
    let log = text(&ada["log"]);
    let leaf = store.join("ledgers").join(&log).join("leaves").join("000000000000");
    let whole = fs::read_to_string(&leaf).unwrap();
    fs::write(&leaf, whole.replacen("teaching", "publicat", 1)).unwrap();
    fs::remove_dir_all(&out).unwrap();
    let pulled = pull();
    assert_eq!(pulled.status.code(), Some(1));
    assert_eq!(of(&lines(&pulled), &scene.ada.user)["state"], json!("unverified"));
    let (refused, nothing) = export("changed.csv", "csv", &[]);
    assert_eq!((refused.status.code(), std::path::Path::new(&nothing).exists()), (Some(1), false));
    let error = lines(&refused).pop().unwrap();
    assert_eq!((&error["log"], &error["error"]["code"]), (&ada["log"], &json!("not_whole")), "{error}");
}

impl crate::desks::Person<'_> {
    fn sync_with(&self, url: &str) {
        done(&self.run(&["sync", "--hurry", "--relay", url]));
    }
}
