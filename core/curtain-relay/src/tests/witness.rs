//! The witness, and ledgers.

use curtain_wire::checkpoint::Checkpoint;
use curtain_wire::note::{Algorithm, Note, Verified, VerifierKey, sign_ed25519};
use curtain_wire::tree::{Hash, consistency_proof, leaf_hash, root};
use ring::signature::KeyPair as _;
use serde_json::json;

use super::client::{Answer, Call, pair};
use super::world::{ADMIN, World, device, kem, log, log_key, log_signature};
use super::{Bench, config};
use crate::server::Server;
use crate::witness::{count, stamp};

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn leaf(user: u8, n: u64) -> String {
    json!({"at": 1_800_000_000 + n, "event": {"kind": "test"}, "log": log(user).to_string(), "n": n, "v": 1})
        .to_string()
}

fn hashes(user: u8, size: u64) -> Vec<Hash> {
    (0..size).map(|n| leaf_hash(leaf(user, n).as_bytes())).collect()
}

/// The checkpoint of a user's log.
fn text(user: u8, size: u64) -> String {
    Checkpoint { log: log(user).0, size, root: root(&hashes(user, size)) }.to_string()
}

fn note(user: u8, size: u64) -> String {
    Note::new(text(user, size), vec![log_signature(user, &text(user, size))]).unwrap().to_string()
}

fn body(old: u64, proof: &[Hash], note: &str) -> String {
    let proof: String = proof.iter().map(|hash| hash.to_base64() + "\n").collect();
    format!("old {old}\n{proof}\n{note}")
}

/// Asks for a cosignature on a user's log of `size` leaves.
fn asked(user: u8, old: u64, size: u64) -> Call {
    let proof = consistency_proof(old, size, &hashes(user, size)).unwrap();
    add(&body(old, &proof, &note(user, size)))
}

fn add(body: &str) -> Call {
    Call::new("POST", "/v1/witness/add-checkpoint").body(body.as_bytes())
}

fn cosigned(bench: &Bench, answer: &Answer, text: &str) -> Note {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let line = str::from_utf8(&answer.body).unwrap().strip_suffix('\n').unwrap();
    let note = Note::new(text.to_owned(), vec![line.parse().unwrap()]).unwrap();
    assert!(matches!(note.verify(bench.relay().keys.witness()), Ok(Verified::Cosigned { .. })));
    note
}

async fn founded(bench: &Bench) -> World {
    let mut world = World::of_four("one");
    world.push(bench).await;
    world
}

#[tokio::test]
async fn a_log_that_only_grows_is_cosigned() {
    let bench = Bench::new().await;
    let early = bench.send(&asked(2, 0, 3)).await;
    assert_eq!(refused(&early), (404, "unknown_log".to_owned()));
    founded(&bench).await;
    for (old, size) in [(0, 3), (3, 3), (3, 7), (7, 8)] {
        cosigned(&bench, &bench.send(&asked(2, old, size)).await, &text(2, size));
    }
    let bench = bench.restart().await;
    for (old, size) in [(0, 3), (3, 7), (7, 7), (0, 9)] {
        let behind = bench.send(&asked(2, old, size)).await;
        assert_eq!((behind.status, behind.body.as_slice()), (409, b"8\n".as_slice()));
        assert_eq!(behind.field("content-type"), Some("text/x.tlog.size"));
    }
    // The same size of another log.
    let other = Checkpoint { log: log(2).0, size: 8, root: leaf_hash(b"other") }.to_string();
    let other = Note::new(other.clone(), vec![log_signature(2, &other)]).unwrap().to_string();
    assert_eq!(bench.send(&add(&body(8, &[], &other))).await.status, 409);
    // A proof of something else.
    for proof in [vec![], vec![leaf_hash(b"x")], consistency_proof(8, 9, &hashes(3, 9)).unwrap()] {
        let answer = bench.send(&add(&body(8, &proof, &note(2, 9)))).await;
        assert_eq!(refused(&answer), (422, "proof".to_owned()));
    }
    // Somebody else's signature under the log's name.
    let forged = text(2, 9);
    let key = VerifierKey::new(
        log_key(2).name(),
        Algorithm::Ed25519,
        pair(9).public_key().as_ref().try_into().unwrap(),
    );
    let sign = |message: &[u8]| pair(9).sign(message).as_ref().try_into().unwrap();
    let signature = sign_ed25519(&forged, &key.unwrap(), sign).unwrap();
    let forged = Note::new(forged, vec![signature]).unwrap().to_string();
    let answer = bench.send(&add(&body(8, &[], &forged))).await;
    assert_eq!(refused(&answer), (403, "not_signed".to_owned()));
    for bad in ["", "old 8\n", "old 08\n\n", "old 9\n\n", &format!("old 8\nAAAA\n\n{}", note(2, 9))] {
        let bad = if bad == "old 9\n\n" { body(9, &[], &note(2, 8)) } else { bad.to_owned() };
        let answer = bench.send(&add(&bad)).await;
        assert_eq!(refused(&answer), (400, "add_checkpoint".to_owned()), "{bad}");
    }
    cosigned(&bench, &bench.send(&asked(2, 8, 9)).await, &text(2, 9));
}

#[tokio::test]
async fn logs_of_who_is_out_are_not_witnessed_and_named_ones_are() {
    let named =
        VerifierKey::new("operator.example/log", Algorithm::Ed25519, *log_key(50).public_key()).unwrap();
    let key = named.clone();
    let bench = Bench::with(move |config| config.witness_logs.push(key)).await;
    let mut world = founded(&bench).await;
    assert_eq!(bench.send(&asked(2, 0, 1)).await.status, 200);
    world.remove(2);
    world.push(&bench).await;
    assert_eq!(refused(&bench.send(&asked(2, 1, 2)).await), (404, "unknown_log".to_owned()));
    // With a line that extends it, as other logs may have.
    let text = format!("operator.example/log\n1\n{}\nextension\n", leaf_hash(b"x").to_base64());
    let signature = log_signature(50, &text);
    let line = signature.to_string();
    let sign = |_: &[u8]| signature.bytes().try_into().unwrap();
    assert!(!line.is_empty());
    let note = Note::new(text.clone(), vec![sign_ed25519(&text, &named, sign).unwrap()]).unwrap();
    cosigned(&bench, &bench.send(&add(&body(0, &[], &note.to_string()))).await, &text);
}

#[tokio::test]
async fn erased_details_go_and_do_not_come_back() {
    let bench = Bench::new().await;
    founded(&bench).await;
    let path = |rest: &str| format!("/v1/ledgers/{}/{rest}", log(2));
    let put = |rest: &str, bytes: &[u8]| Call::new("PUT", &path(rest)).body(bytes).signed(2);
    let delete = |n: u64| Call::new("DELETE", &path(&format!("sealed/{n}"))).signed(2);
    let erase = |n: u64, grant: u64| {
        leaf(2, n).replace(r#"{"kind":"test"}"#, &format!(r#"{{"grant":{grant},"kind":"erase"}}"#))
    };
    let sealed = [[1].as_slice(), &[5; 2_000]].concat();
    for n in 0..3 {
        assert_eq!(bench.send(&put(&format!("leaves/{n}"), leaf(2, n).as_bytes())).await.status, 201);
    }
    for n in [0, 1] {
        assert_eq!(bench.send(&put(&format!("sealed/{n}"), &sealed)).await.status, 201);
        assert_eq!(refused(&bench.send(&delete(n)).await), (409, "not_erased".to_owned()));
    }
    // Record 0, record 2, of which there are no details, and one that comes later.
    for (n, grant) in [(3, 0), (4, 2), (5, 9)] {
        assert_eq!(bench.send(&put(&format!("leaves/{n}"), erase(n, grant).as_bytes())).await.status, 201);
    }
    // No other leaf is asked for.
    for n in 0..6 {
        bench.relay().store.delete(&format!("ledgers/{}/leaves/{n:012}", log(2))).await.unwrap();
    }
    let _ = bench.relay().store.create(&format!("ledgers/{}/leaves/{:012}", log(2), 2), "{}").await.unwrap();
    assert_eq!(bench.send(&delete(0)).await.status, 204);
    assert_eq!(refused(&bench.send(&delete(0)).await), (404, "no_such_details".to_owned()));
    assert_eq!(refused(&bench.send(&delete(1)).await), (409, "not_erased".to_owned()));
    let again = bench.send(&put("sealed/2", &sealed)).await;
    assert_eq!(refused(&again), (409, "erased".to_owned()));
    assert!(!bench.is_there(&format!("ledgers/{}/erased/{:012}", log(2), 9)));
}

#[tokio::test]
async fn what_a_device_brings_in_a_day_has_a_limit() {
    let bench = Bench::with(|config| config.device_quota_bytes = 40_000).await;
    let mut world = founded(&bench).await;
    let put = |rest: &str, bytes: &[u8]| {
        Call::new("PUT", &format!("/v1/ledgers/{}/{rest}", log(2))).body(bytes).signed(2)
    };
    assert_eq!(bench.send(&put("leaves/0", leaf(2, 0).as_bytes())).await.status, 201);
    let sealed = [vec![1], vec![5; 41_000]].concat();
    let full = bench.send(&put("sealed/0", &sealed)).await;
    assert_eq!((refused(&full), full.json()["of"].clone()), ((507, "quota".to_owned()), json!("device")));
    assert_eq!(bench.send(&put("sealed/0", &sealed[..39_800])).await.status, 201);
    // Others are not concerned.
    world.profile(3);
    world.push(&bench).await;
    world.profile(2);
    let profile = bench.send(&world.entry_call(world.entries.len() - 1)).await;
    assert_eq!(refused(&profile), (507, "quota".to_owned()));
    // But who goes, goes.
    let mut world = world.until(world.entries.len() - 1);
    world.says(2, curtain_wire::membership::Change::Remove { user: curtain_wire::hash::Id([2; 16]) });
    assert_eq!(bench.send(&world.entry_call(world.entries.len() - 1)).await.status, 201);
}

/// Circles that strangers made, as the store has them: named so that they come first.
fn strangers(n: usize) -> impl Iterator<Item = String> {
    (0..n).map(|n| format!("{n:064}"))
}

#[tokio::test]
async fn circles_of_strangers_do_not_push_out_those_of_a_device() {
    let bench = Bench::new().await;
    let mut world = founded(&bench).await;
    let store = &bench.relay().store;
    let key = curtain_wire::statement::PublicKey(*log_key(2).public_key());
    for circle in strangers(1_001) {
        let _ = store.create(&format!("devices/{}/{circle}", device(2).request), "").await.unwrap();
    }
    for circle in strangers(65) {
        let name = format!("logs/{}/{key}/{circle}-{}", log(2), device(2).request);
        let _ = store.create(&name, "").await.unwrap();
    }
    let circles = || Call::get("/v1/circles").signed(2);
    world.profile(2);
    world.push(&bench).await;
    assert_eq!(bench.send(&circles()).await.json(), json!({ "circles": [world.id().to_string()] }));
    cosigned(&bench, &bench.send(&asked(2, 0, 1)).await, &text(2, 1));
    // To read its own box shows as well that a device is there.
    let boxes = world.boxes();
    let put = Call::new("PUT", &world.path("boxes/1")).body(boxes.as_bytes()).signed(ADMIN);
    assert_eq!(bench.send(&put).await.status, 201);
    let own = world.path(&format!("boxes/1/{}", kem(3).recipient()));
    assert_eq!(bench.send(&Call::get(&own).signed(3)).await.status, 200);
    assert!(bench.is_there(&format!("came/{}/{}", device(3).request, world.id())));
}

#[tokio::test]
async fn what_leads_to_an_entry_comes_with_the_entry() {
    let bench = Bench::new().await;
    let world = World::of_four("one");
    let (_, entry) = &world.entries[0];
    // One that is not taken leads nowhere.
    let foreign = Call::new("PUT", &world.path("members/0")).body(entry).signed(77);
    assert_eq!(refused(&bench.send(&foreign).await), (403, "not_allowed".to_owned()));
    let key = format!("ledgers/{}/key", log(ADMIN));
    assert!(!bench.is_there(&key) && !bench.is_there("devices"));
    assert_eq!(bench.send(&world.entry_call(0)).await.status, 201);
    assert!(bench.is_there(&key));
    // The relay was killed in between, and the entry is brought again.
    bench.relay().store.delete(&key).await.unwrap();
    std::fs::remove_dir_all(bench.folder.path().join("store/came")).unwrap();
    assert_eq!(bench.send(&world.entry_call(0)).await.status, 200);
    assert!(bench.is_there(&key));
}

#[tokio::test]
async fn a_state_gets_no_time_after_that_of_a_larger_one() {
    let bench = Bench::new().await;
    founded(&bench).await;
    let relay = bench.relay();
    let folder = format!("witness/{}", curtain_wire::hash::Sha256::of(log_key(2).name().as_bytes()));
    assert_eq!(bench.send(&asked(2, 0, 3)).await.status, 200);
    let stamped = async || stamp(relay, &folder, 1, &text(2, 3)).await.unwrap();
    assert!(stamped().await.is_some());
    // Between the question what is last and the cosignature, a larger one was kept.
    assert_eq!(bench.send(&asked(2, 3, 5)).await.status, 200);
    assert!(stamped().await.is_none());
}

/// Each step is asked of both relays at once, on one path by each: one state follows the other, in one order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_witnesses_with_one_key_see_one_log() {
    let bench = Bench::new().await;
    let two = Server::start(config(&bench.folder)).await.unwrap();
    founded(&bench).await;
    let folder = format!("witness/{}", curtain_wire::hash::Sha256::of(log_key(2).name().as_bytes()));
    let mut size = 0;
    for step in 0..20 {
        let (first, second) = (asked(2, size, size + 1), asked(2, size, size + 2));
        let (first, second) = tokio::join!(bench.send(&first), super::client::send(two.address(), &second));
        let won =
            [(&first, size + 1), (&second, size + 2)].into_iter().filter(|(answer, _)| answer.status == 200);
        let won: Vec<u64> = won.map(|(_, size)| size).collect();
        assert_eq!(won.len(), 1, "{step}: {} {}", first.status, second.status);
        let lost = if first.status == 200 { second } else { first };
        assert_eq!((lost.status, lost.body), (409, format!("{}\n", won[0]).into_bytes()));
        size = won[0];
        assert_eq!(count(&bench.relay().store, &folder).await.unwrap(), step + 1);
    }
    two.stop().await;
}

#[tokio::test]
async fn a_ledger_is_kept_for_its_device_and_officers() {
    let bench = Bench::new().await;
    founded(&bench).await;
    let path = |rest: &str| format!("/v1/ledgers/{}/{rest}", log(2));
    let put = |rest: &str, bytes: &[u8], by: u8| Call::new("PUT", &path(rest)).body(bytes).signed(by);
    let first = leaf(2, 0);
    assert_eq!(
        refused(&bench.send(&put("leaves/0", first.as_bytes(), 3)).await),
        (403, "not_allowed".to_owned())
    );
    let ahead = bench.send(&put("leaves/1", leaf(2, 1).as_bytes(), 2)).await;
    assert_eq!((refused(&ahead), ahead.json()["size"].clone()), ((409, "not_next".to_owned()), json!(0)));
    for status in [201, 200] {
        assert_eq!(bench.send(&put("leaves/0", first.as_bytes(), 2)).await.status, status);
    }
    let other = first.replace("test", "other");
    let answer = bench.send(&put("leaves/0", other.as_bytes(), 2)).await;
    assert_eq!((refused(&answer), answer.json()["size"].clone()), ((409, "not_next".to_owned()), json!(1)));
    for bad in
        [leaf(2, 2), leaf(3, 1), "{}".to_owned(), "x".to_owned(), leaf(2, 1).replace("\"v\":1", "\"v\":2")]
    {
        let answer = bench.send(&put("leaves/1", bad.as_bytes(), 2)).await;
        assert_eq!(refused(&answer), (422, "leaf".to_owned()), "{bad}");
    }
    assert_eq!(bench.send(&put("leaves/1", leaf(2, 1).as_bytes(), 2)).await.status, 201);

    let sealed = [[1].as_slice(), &[5; 2_000]].concat();
    assert_eq!(bench.send(&put("sealed/1", &sealed, 2)).await.status, 201);
    assert_eq!(bench.send(&put("sealed/1", &sealed, 2)).await.status, 200);
    assert_eq!(refused(&bench.send(&put("sealed/2", &sealed, 2)).await), (409, "not_next".to_owned()));
    assert_eq!(refused(&bench.send(&put("sealed/0", b"plain", 2)).await), (422, "sealed".to_owned()));

    let plain = put("checkpoints/2", note(2, 2).as_bytes(), 2);
    assert_eq!(refused(&bench.send(&plain).await), (422, "not_cosigned".to_owned()));
    let mut with_witness = Vec::new();
    for (old, size) in [(0, 1), (1, 2), (2, 3)] {
        let cosignature = cosigned(&bench, &bench.send(&asked(2, old, size)).await, &text(2, size));
        let both = Note::parse(note(2, size).as_bytes()).unwrap().with(cosignature.signatures()[0].clone());
        with_witness.push(both.unwrap().to_string());
    }
    for (size, status) in [(1, 201), (2, 201), (2, 200)] {
        let put = put(&format!("checkpoints/{size}"), with_witness[size - 1].as_bytes(), 2);
        assert_eq!(bench.send(&put).await.status, status);
    }
    let wrong = put("checkpoints/1", with_witness[1].as_bytes(), 2);
    assert_eq!(refused(&bench.send(&wrong).await), (422, "checkpoint".to_owned()));
    let early = put("checkpoints/3", with_witness[2].as_bytes(), 2);
    assert_eq!(refused(&bench.send(&early).await), (409, "not_next".to_owned()));

    for by in [2, 4] {
        let get = |rest: &str| Call::get(&path(rest)).signed(by);
        let leaves = bench.send(&get("leaves")).await;
        assert_eq!(leaves.body, format!("{first}\n{}\n", leaf(2, 1)).as_bytes());
        assert_eq!(
            bench.send(&get("leaves?from=1&limit=1")).await.body,
            format!("{}\n", leaf(2, 1)).as_bytes()
        );
        let lines = bench.send(&get("sealed")).await;
        assert_eq!(lines.json()["n"], 1);
        assert_eq!(bench.send(&get("sealed?from=2")).await.body, b"");
        assert_eq!(bench.send(&get("checkpoints")).await.body, with_witness[1].as_bytes());
    }
    for by in [ADMIN, 3, 77] {
        let answer = bench.send(&Call::get(&path("leaves")).signed(by)).await;
        assert_eq!(refused(&answer), (403, "not_allowed".to_owned()));
    }
    let own = bench.send(&Call::get("/v1/ledgers").signed(2)).await.json();
    assert_eq!(own["logs"].as_array().unwrap().len(), 1);
    assert_eq!(own["logs"][0]["key"], log_key(2).to_string());
    assert_eq!(own["logs"][0]["device"], device(2).id().to_string());
    let all = bench.send(&Call::get("/v1/ledgers").signed(4)).await.json();
    assert_eq!(all["logs"].as_array().unwrap().len(), 4);
    assert_eq!(
        refused(&bench.send(&Call::get("/v1/ledgers").signed(77)).await),
        (403, "not_allowed".to_owned())
    );
}
