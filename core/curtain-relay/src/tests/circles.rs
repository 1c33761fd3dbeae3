//! Membership logs, box sets and keys.

use std::time::{Duration, Instant};

use curtain_wire::boxes::OneBox;
use curtain_wire::credential::Role;
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::head::{LogKind, cosigned};
use curtain_wire::membership::Change;
use curtain_wire::note::{Note, Verified};
use curtain_wire::tree::{Hash, verify_consistency};
use serde_json::json;

use super::Bench;
use super::client::{Answer, Call, now};
use super::world::{ADMIN, READ, World, device, kem, keyring};

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn lines(answer: &Answer) -> Vec<Vec<u8>> {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("content-type"), Some("application/x-ndjson"));
    let text = answer.body.strip_suffix(b"\n").unwrap_or_default();
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

#[tokio::test]
async fn entries_are_taken_in_order_and_once() {
    let bench = Bench::new().await;
    let mut world = World::of_four("one");
    let behind = bench.send(&world.entry_call(1)).await;
    assert_eq!(refused(&behind), (404, "no_such_circle".to_owned()));
    assert_eq!(bench.send(&world.entry_call(0)).await.status, 201);
    assert_eq!(bench.send(&world.entry_call(0)).await.status, 200);
    let ahead = bench.send(&world.entry_call(2)).await;
    assert_eq!(refused(&ahead), (409, "not_next".to_owned()));
    assert_eq!(ahead.json()["size"], 1);
    assert_eq!(bench.send(&world.entry_call(1)).await.status, 201);

    // Another entry of the same number.
    let mut other = world.until(2);
    other.add(9, Role::Member);
    assert_eq!(bench.send(&world.entry_call(2)).await.status, 201);
    let conflict = bench.send(&other.entry_call(2)).await;
    assert_eq!(refused(&conflict), (409, "not_next".to_owned()));
    assert_eq!(conflict.json()["size"], 3);

    // Rules, and who signs the request.
    let (by, entry) = world.entries[3].clone();
    let path = world.path("members/3");
    let mut flipped = entry.clone();
    let at = flipped.len() - 60;
    flipped[at] = if flipped[at] == b'0' { b'1' } else { b'0' };
    for (call, expected) in [
        (Call::new("PUT", &path).body(&flipped).signed(by), (422, "bad_signature")),
        (Call::new("PUT", &path).body(b"{}").signed(by), (422, "entry_form")),
        (Call::new("PUT", &path).body(&vec![b'x'; (64 << 10) + 1]).signed(by), (413, "too_large")),
        (Call::new("PUT", &path).body(&entry).signed(2), (403, "not_allowed")),
        (Call::new("PUT", &path).body(&entry).signed(77), (403, "not_allowed")),
        (Call::new("PUT", &path).body(&entry), (401, "request_no_signature")),
        (Call::new("PUT", &world.path("members/03")).body(&entry).signed(by), (400, "number")),
    ] {
        let answer = bench.send(&call).await;
        assert_eq!(refused(&answer), (expected.0, expected.1.to_owned()));
    }
    for n in 3..world.entries.len() {
        assert_eq!(bench.send(&world.entry_call(n)).await.status, 201);
    }
    let entry_of_another = Call::new("PUT", &format!("/v1/circles/{}/members/0", Sha256([1; 32])));
    let answer = bench.send(&entry_of_another.body(&world.entries[0].1).signed(ADMIN)).await;
    assert_eq!(refused(&answer), (422, "entry_other_circle".to_owned()));

    // Who is out may hear again that they are, and nothing else.
    let size = world.entries.len();
    let mut leaves = world.clone();
    leaves.says(2, Change::Remove { user: Id([2; 16]) });
    assert_eq!(bench.send(&leaves.entry_call(size)).await.status, 201);
    assert_eq!(bench.send(&leaves.entry_call(size)).await.status, 200);
    world = leaves;
    let list = bench.send(&Call::get(&world.path("members")).signed(2)).await;
    assert_eq!(refused(&list), (403, "not_allowed".to_owned()));
    let mut late = world.clone();
    late.epoch();
    let (_, entry) = &late.entries[size + 1];
    let by_two = Call::new("PUT", &world.path(&format!("members/{}", size + 1))).body(entry).signed(2);
    assert_eq!(refused(&bench.send(&by_two).await), (403, "not_allowed".to_owned()));
}

#[tokio::test]
async fn circles_that_are_not_here_take_no_place_in_memory() {
    let bench = Bench::new().await;
    let (world, mut there) = (World::of_four("one"), World::of_four("two"));
    there.push(&bench).await;
    bench.relay().circles.sweep(bench.relay()).await.unwrap();
    let held = bench.relay().circles.held();
    let (_, entry) = &there.entries[1];
    for n in 0..2 {
        let unknown = Sha256([n; 32]);
        for (method, path) in [
            ("PUT", "members/0"),
            ("PUT", "members/1"),
            ("POST", "feed"),
            ("GET", "members"),
            ("GET", "feed"),
        ] {
            let call = Call::new(method, &format!("/v1/circles/{unknown}/{path}"));
            let call = if method == "GET" { call } else { call.body(entry) };
            let status = bench.send(&call.signed(ADMIN)).await.status;
            assert!(matches!(status, 403 | 404 | 422), "{method} {path}: {status}");
        }
    }
    assert_eq!(bench.relay().circles.held(), held);
    assert_eq!(bench.send(&world.entry_call(0)).await.status, 201);
    assert_eq!(bench.send(&world.entry_call(1)).await.status, 201);
    assert_eq!(bench.relay().circles.held(), held + 1);
}

#[tokio::test]
async fn entries_are_listed_to_devices_and_waited_for() {
    let bench = Bench::new().await;
    let mut world = World::of_four("one");
    world.push(&bench).await;
    let size = world.entries.len();
    let bench = bench.restart().await;
    let answer = bench.send(&Call::get(&world.path("members")).signed(2)).await;
    assert_eq!(answer.field("curtain-size"), Some(size.to_string().as_str()));
    let all: Vec<_> = world.entries.iter().map(|(_, entry)| entry.clone()).collect();
    assert_eq!(lines(&answer), all);
    let some = bench.send(&Call::get(&world.path("members?from=1&limit=2")).signed(4)).await;
    assert_eq!(lines(&some), all[1..3]);
    let none = bench.send(&Call::get(&world.path(&format!("members?from={size}"))).signed(4)).await;
    assert_eq!(lines(&none), Vec::<Vec<u8>>::new());
    for (key, path) in [(READ + 1, "members"), (77, "members"), (77, "members/head")] {
        let answer = bench.send(&Call::get(&world.path(path)).signed(key)).await;
        assert_eq!(refused(&answer), (403, "not_allowed".to_owned()));
    }
    let bad = bench.send(&Call::get(&world.path("members?from=x")).signed(2)).await;
    assert_eq!(refused(&bad), (400, "query".to_owned()));

    world.profile(2);
    let began = Instant::now();
    let wait = Call::get(&world.path(&format!("members?from={size}&wait=20"))).signed(3);
    let (answer, ()) = tokio::join!(bench.send(&wait), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(bench.send(&world.entry_call(size)).await.status, 201);
    });
    assert_eq!(lines(&answer), [world.entries[size].1.clone()]);
    assert!(began.elapsed() < Duration::from_secs(2));

    let circles = bench.send(&Call::get("/v1/circles").signed(2)).await;
    assert_eq!(circles.json(), json!({ "circles": [world.id().to_string()] }));
    assert_eq!(bench.send(&Call::get("/v1/circles").signed(77)).await.json(), json!({ "circles": [] }));
}

#[tokio::test]
async fn a_head_is_signed_and_cosigned_and_never_goes_back() {
    let bench = Bench::new().await;
    let mut world = World::of_four("one");
    world.push(&bench).await;
    let old = world.circle.log_head();
    for key in [2, world.read()] {
        let answer = bench.send(&Call::get(&world.path("members/head")).signed(key)).await;
        let note = Note::parse(&answer.body).unwrap();
        assert_eq!(note.verify(bench.relay().keys.feed()), Ok(Verified::Signed));
        let witness = bench.relay().keys.witness().clone();
        let seen = cosigned(&note, LogKind::Circle, &world.id(), &[witness], now(), 60).unwrap();
        assert_eq!(seen.head, old);
    }
    world.profile(2);
    world.push(&bench).await;
    assert_eq!(bench.send(&Call::get(&world.path("members/head")).signed(2)).await.status, 200);
    let new = world.circle.log_head();
    let path = world.path(&format!("members/consistency?from={}&to={}", old.size, new.size));
    let answer = bench.send(&Call::get(&path).signed(2)).await;
    let proof: Vec<Hash> = String::from_utf8(answer.body)
        .unwrap()
        .lines()
        .map(|line| Hash::from_base64(line).unwrap())
        .collect();
    verify_consistency(old.size, old.root, new.size, new.root, &proof).unwrap();
    let beyond = bench.send(&Call::get(&world.path("members/consistency?from=1&to=99")).signed(2)).await;
    assert_eq!(refused(&beyond), (400, "no_such_size".to_owned()));

    // Someone took the last entry out of the store.
    let last = format!("circles/{}/members/{:012}", world.id(), new.size - 1);
    bench.relay().store.delete(&last).await.unwrap();
    let bench = bench.restart().await;
    let answer = bench.send(&Call::get(&world.path("members/head")).signed(2)).await;
    assert_eq!(refused(&answer), (503, "head_behind".to_owned()));
}

#[tokio::test]
async fn boxes_keyrings_and_keys_are_what_the_log_names() {
    let bench = Bench::new().await;
    let mut world = World::of_four("one");
    // Before the circle is there.
    let ring = keyring(ADMIN);
    let ring_path = world.path(&format!("keyrings/{}", ring.head().root));
    let put_ring = Call::new("PUT", &ring_path).body(ring.as_bytes()).signed(ADMIN);
    assert_eq!(bench.send(&put_ring).await.status, 201);
    world.push(&bench).await;
    assert_eq!(bench.send(&put_ring).await.status, 200);
    let foreign = Call::new("PUT", &ring_path).body(ring.as_bytes()).signed(77);
    assert_eq!(refused(&bench.send(&foreign).await), (403, "not_allowed".to_owned()));
    let other = Call::new("PUT", &ring_path).body(keyring(2).as_bytes()).signed(ADMIN);
    assert_eq!(refused(&bench.send(&other).await), (422, "other_boxes".to_owned()));
    assert_eq!(bench.send(&Call::get(&ring_path).signed(2)).await.body, ring.as_bytes());

    let set = world.boxes();
    let path = world.path("boxes/1");
    let put = |bytes: &[u8]| Call::new("PUT", &path).body(bytes).signed(ADMIN);
    assert_eq!(refused(&bench.send(&put(&set.as_bytes()[..1201])).await), (422, "box_set_length".to_owned()));
    assert_eq!(refused(&bench.send(&Call::get(&path).signed(2)).await), (404, "not_found".to_owned()));
    assert_eq!(bench.send(&put(set.as_bytes())).await.status, 201);
    assert_eq!(bench.send(&put(set.as_bytes())).await.status, 200);
    assert_eq!(bench.send(&Call::get(&path).signed(2)).await.body, set.as_bytes());
    let recipient = kem(2).recipient();
    let one = bench.send(&Call::get(&format!("{path}/{recipient}")).signed(2)).await;
    let one: OneBox = serde_json::from_slice(&one.body).unwrap();
    assert!(one.verify(&set.head(), &recipient).is_ok());
    let none = bench.send(&Call::get(&format!("{path}/{}", kem(4).recipient())).signed(2)).await;
    assert_eq!(refused(&none), (404, "not_found".to_owned()));
    let later = Call::new("PUT", &world.path("boxes/2")).body(set.as_bytes()).signed(ADMIN);
    assert_eq!(refused(&bench.send(&later).await), (404, "not_found".to_owned()));

    let key = format!("/v1/keys/{}", kem(3).recipient());
    assert_eq!(bench.send(&Call::new("PUT", &key).body(kem(3).as_bytes()).signed(3)).await.status, 201);
    let wrong = Call::new("PUT", &key).body(kem(2).as_bytes()).signed(3);
    assert_eq!(refused(&bench.send(&wrong).await), (422, "other_key".to_owned()));
    assert_eq!(bench.send(&Call::get(&key).signed(2)).await.body, kem(3).as_bytes());
    assert_eq!(refused(&bench.send(&Call::get(&key).signed(77)).await), (403, "not_allowed".to_owned()));
    assert_ne!(device(2).id(), device(3).id());
}
