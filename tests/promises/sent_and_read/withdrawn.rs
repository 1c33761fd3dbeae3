//! A withdrawal through the relay: by the code alone, by the author, and while a case still waits.

use curtain::consent::WithdrawalCode;
use curtain::hash::Id;

use super::{
    Command, Process, Scene, Value, World, code, done, files_below, json, lines, outbox, sync, synced, text,
    titles,
};
use crate::people::open;

/// The consent of Ada's one case, and its code as the receipt prints it.
pub(super) fn consent(scene: &Scene<'_>) -> (Id, String) {
    let vault = open(&scene.ada.vault).unwrap();
    let id = vault.posts().unwrap()[0].consent;
    let code: WithdrawalCode = vault.withdrawal_code(id).unwrap().unwrap();
    (id, code.printed().to_string())
}

pub(super) fn blobs(relay: &Process) -> usize {
    files_below(&relay.store().join("blobs")).len()
}

fn by_code(url: &str, printed: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_curtain-under-test"));
    done(&command.args(["withdraw", "--json", "--relay", url, printed]).output().unwrap())
}

#[test]
fn whoever_has_the_code_withdraws_without_a_vault() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    let post = scene.queued();
    synced(&scene.ada);
    synced(&scene.ben);
    assert_eq!((titles(&scene.ben).len(), blobs(&relay) > 1), (1, true));
    let (consent, printed) = consent(&scene);
    assert_eq!(by_code(&relay.url(), &printed), json!({ "posts": 1 }));
    assert_eq!(blobs(&relay), 0, "the relay keeps no file of it");
    assert_eq!(in_circle_withdrawn(&synced(&scene.ben)), 1);
    assert!(titles(&scene.ben).is_empty());
    assert!(
        lines(&scene.ben.run(&["feed", "search", "itches"])).iter().all(|line| line.get("title").is_none())
    );
    assert_eq!(scene.ben.run(&["feed", "show", &post]).status.code(), Some(1));
    // The clinician's log hears of it with the next sync, and of who let it go with those after.
    synced(&scene.ada);
    assert_eq!(done(&scene.ada.run(&["consent", "show", &consent.to_string()]))["standing"], "withdrawn");
    synced(&scene.ben);
    synced(&scene.ada);
    synced(&scene.ada);
    let vault = open(&scene.ada.vault).unwrap();
    assert_eq!(vault.awaited(consent).unwrap(), [], "Ben's device said that it is gone");
    drop(vault);
    // Nothing under this consent is taken any more.
    assert_eq!(by_code(&relay.url(), &printed), json!({ "posts": 1 }), "a second time changes nothing");
}

fn in_circle_withdrawn(lines: &[Value]) -> u64 {
    super::in_circle(lines)["withdrawn"].as_u64().unwrap()
}

#[test]
fn the_author_withdraws_and_every_circle_hears_of_it() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    synced(&scene.ada);
    synced(&scene.ben);
    let (consent, _) = consent(&scene);
    done(&scene.ada.run(&["consent", "withdraw", &consent.to_string()]));
    assert_eq!(
        outbox(&scene.ada)[1],
        ("withdraw".to_owned(), "waiting".to_owned()),
        "in the same transaction"
    );
    synced(&scene.ada);
    assert_eq!(outbox(&scene.ada)[1], ("withdraw".to_owned(), "sent".to_owned()));
    assert_eq!(blobs(&relay), 0);
    synced(&scene.ben);
    assert!(titles(&scene.ben).is_empty());
}

#[test]
fn what_still_waits_is_never_sent() {
    let relay = Process::start();
    let world = World::at_relay(&relay.url());
    let scene = Scene::new(&world);
    scene.queued();
    let (consent, printed) = consent(&scene);
    done(&scene.ada.run(&["consent", "withdraw", "--code", &printed]));
    let cancelled = [("post".to_owned(), "cancelled".to_owned())];
    assert_eq!(
        outbox(&scene.ada),
        cancelled,
        "nothing left, so nobody is told, and the code stays the patient's"
    );
    synced(&scene.ada);
    assert_eq!((blobs(&relay), outbox(&scene.ada)), (0, cancelled.to_vec()));
    synced(&scene.ben);
    assert!(titles(&scene.ben).is_empty());
    let _ = (consent, text, code, sync);
}
