//! Feeds, withdrawals and tombstones.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use curtain_wire::credential::Role;
use curtain_wire::feed::{Reason, Tombstone};
use curtain_wire::hash::Sha256;
use curtain_wire::head::{LogKind, cosigned};
use curtain_wire::header::{Content, Post, WithdrawalCode, WithdrawalReason};
use curtain_wire::note::Note;
use serde_json::json;

use super::client::{Answer, Call, now, public};
use super::world::{ADMIN, World, blob, blob_name, case, comment, gone_name, upload, withdrawal};
use super::{Bench, config};
use crate::auth::Signer;
use crate::circles::Access;
use crate::server::Server;

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

async fn founded(bench: &Bench, name: &str) -> World {
    let mut world = World::of_four(name);
    world.push(bench).await;
    world
}

async fn tombstones(bench: &Bench, world: &World) -> Vec<Tombstone> {
    let answer = bench.send(&Call::get(&world.path("tombstones")).signed(world.read())).await;
    assert_eq!(answer.status, 200);
    let lines: Vec<&[u8]> =
        answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    assert_eq!(answer.field("curtain-size"), Some(lines.len().to_string().as_str()));
    lines.into_iter().map(|line| Tombstone::parse(line).unwrap()).collect()
}

async fn is_handed_out(bench: &Bench, world: &World, name: &str) -> bool {
    let relay = bench.relay();
    relay.circles.names_blob(relay, world.id(), Sha256::of(&blob(name))).await.unwrap().is_some()
}

#[tokio::test]
async fn headers_are_taken_in_order_and_once() {
    let bench = Bench::new().await;
    let mut world = founded(&bench, "one").await;
    let (first, missing) = world.try_post(&bench, 2, case(2, &["body", "photo"], 5)).await;
    assert_eq!(refused(&missing), (409, "blobs_missing".to_owned()));
    upload(&bench, &["body", "photo"]).await;
    assert_eq!(bench.send(&world.header_call(2, &first)).await.status, 201);
    let again = bench.send(&world.header_call(2, &first)).await;
    assert_eq!((again.status, again.json()), (200, json!({ "n": 0 })));
    world.take(&first);
    let post = Sha256::of(&first);
    assert!(is_handed_out(&bench, &world, "photo").await);

    for (by, content, expected) in [
        (3, comment(Sha256([7; 32])), (422, "no_such_post")),
        (4, comment(post), (422, "author_role")),
        (3, withdrawal(post, WithdrawalReason::Author, None), (422, "author_role")),
        (3, withdrawal(post, WithdrawalReason::Patient, Some(6)), (422, "other_code")),
        (3, case(2, &["body", "photo"], 5), (422, "consent_other_log")),
        (3, case(3, &["body", "photo"], 6), (422, "other_consent")),
        (2, case(2, &["body", "photo"], 6), (422, "other_consent")),
    ] {
        let (_, answer) = world.try_post(&bench, by, content).await;
        assert_eq!(refused(&answer), (expected.0, expected.1.to_owned()));
    }
    let said = World::signed(3, world.header(3, comment(post)));
    assert_eq!(refused(&bench.send(&world.header_call(2, &said)).await), (403, "not_allowed".to_owned()));
    assert_eq!(refused(&bench.send(&world.header_call(77, &said)).await), (403, "not_allowed".to_owned()));
    let mut gap = world.header(2, comment(post));
    gap.seq = 2;
    let answer = bench.send(&world.header_call(2, &World::signed(2, gap))).await;
    assert_eq!(refused(&answer), (409, "chain_gap".to_owned()));
    let mut fork = world.header(2, comment(post));
    (fork.seq, fork.prev) = (0, None);
    let answer = bench.send(&world.header_call(2, &World::signed(2, fork))).await;
    assert_eq!(refused(&answer), (409, "chain_fork".to_owned()));

    assert_eq!(bench.send(&world.header_call(3, &said)).await.json(), json!({ "n": 1 }));
    world.take(&said);
    let bench = bench.restart().await;
    for key in [world.read(), 4] {
        let list = bench.send(&Call::get(&world.path("feed")).signed(key)).await;
        assert_eq!(list.body, [&first[..], b"\n", &said, b"\n"].concat());
        let head = bench.send(&Call::get(&world.path("feed/head")).signed(key)).await;
        let note = Note::parse(&head.body).unwrap();
        let witness = bench.relay().keys.witness().clone();
        let seen = cosigned(&note, LogKind::Feed, &world.id(), &[witness], now(), 60).unwrap();
        assert_eq!(seen.head, world.feed.head(world.id()));
    }
    for key in [2, world.read() - 1] {
        let list = bench.send(&Call::get(&world.path("feed")).signed(key)).await;
        assert_eq!(refused(&list), (403, "not_allowed".to_owned()));
    }
}

#[tokio::test]
async fn what_was_sealed_before_a_rotation_is_refused_after_it() {
    let bench = Bench::new().await;
    let mut world = founded(&bench, "one").await;
    upload(&bench, &["body"]).await;
    let post = world.post(&bench, 2, case(2, &["body"], 5)).await;
    let old = world.clone();
    world.remove(3);
    world.push(&bench).await;
    // Who is out still has the present key.
    let (_, answer) = old.try_post(&bench, 2, comment(post)).await;
    assert_eq!(refused(&answer), (409, "epoch_blocked".to_owned()));
    let (_, answer) = old.try_post(&bench, 3, comment(post)).await;
    assert_eq!(refused(&answer), (403, "not_allowed".to_owned()));
    world.epoch();
    let mut ahead = world.clone();
    let (_, answer) = world.try_post(&bench, 2, comment(post)).await;
    assert_eq!(refused(&answer), (409, "membership_behind".to_owned()));
    ahead.push(&bench).await;
    let (_, answer) = old.try_post(&bench, 2, comment(post)).await;
    assert_eq!(refused(&answer), (409, "stale_membership".to_owned()));
    // But nothing stands in a withdrawal's way.
    let (bytes, answer) = old.try_post(&bench, 2, withdrawal(post, WithdrawalReason::Author, None)).await;
    assert_eq!(answer.status, 201);
    world.take(&bytes);
    assert_eq!(tombstones(&bench, &world).await.len(), 1);
}

#[tokio::test]
async fn a_withdrawn_post_leaves_a_tombstone_and_no_file() {
    let bench = Bench::new().await;
    let mut world = founded(&bench, "one").await;
    upload(&bench, &["body", "photo"]).await;
    let post = world.post(&bench, 2, case(2, &["body", "photo"], 5)).await;
    world.post(&bench, 4, withdrawal(post, WithdrawalReason::Officer, None)).await;
    let [stone] = tombstones(&bench, &world).await[..] else { panic!("one tombstone") };
    assert_eq!((stone.about, stone.reason), (post, Reason::Header(1)));
    for name in ["body", "photo"] {
        assert!(!bench.is_there(&blob_name(name)) && bench.is_there(&gone_name(name)));
        assert!(!is_handed_out(&bench, &world, name).await);
    }
    // Not even if somebody had the file still.
    upload(&bench, &["body"]).await;
    let (_, answer) = world.try_post(&bench, 2, case(2, &["body"], 5)).await;
    assert_eq!(refused(&answer), (410, "blob_gone".to_owned()));
    // Said twice, done once.
    world.post(&bench, 2, withdrawal(post, WithdrawalReason::Author, None)).await;
    assert_eq!(tombstones(&bench, &world).await, [stone]);
}

#[tokio::test]
async fn a_code_withdraws_in_all_circles_now_and_later() {
    let bench = Bench::new().await;
    let mut one = founded(&bench, "one").await;
    let mut two = founded(&bench, "two").await;
    upload(&bench, &["body", "photo"]).await;
    let in_one = one.post(&bench, 2, case(2, &["body", "photo"], 5)).await;
    let in_two = two.post(&bench, 2, case(2, &["body", "photo"], 5)).await;
    let code = WithdrawalCode([5; 16]);
    let present = |body: String| Call::new("POST", "/v1/withdrawals").body(body.as_bytes());
    for bad in ["{}", r#"{"code":"05"}"#, r#"{"code":"","x":1}"#] {
        assert_eq!(refused(&bench.send(&present(bad.to_owned())).await), (400, "no_code".to_owned()));
    }
    let other = format!(r#"{{"code":"{}"}}"#, "09".repeat(16));
    assert_eq!(bench.send(&present(other)).await.json(), json!({ "posts": 0 }));
    for _ in 0..2 {
        let answer = bench.send(&present(format!(r#"{{"code":"{code}"}}"#))).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "posts": 2 })));
    }
    for (world, about) in [(&one, in_one), (&two, in_two)] {
        let [stone] = tombstones(&bench, world).await[..] else { panic!("one tombstone") };
        assert_eq!((stone.about, stone.reason), (about, Reason::Code(code)));
        assert!(!is_handed_out(&bench, world, "photo").await);
    }
    assert!(!bench.is_there(&blob_name("photo")) && bench.is_there(&gone_name("photo")));
    upload(&bench, &["new"]).await;
    let (_, answer) = one.try_post(&bench, 2, case(2, &["new"], 5)).await;
    assert_eq!(refused(&answer), (410, "withdrawn".to_owned()));
    // Who was refused for this has named nothing.
    one.post(&bench, 2, case(2, &["new"], 8)).await;
}

#[tokio::test]
async fn a_code_in_a_withdrawal_counts_in_all_circles() {
    let bench = Bench::new().await;
    let mut one = founded(&bench, "one").await;
    let mut two = founded(&bench, "two").await;
    upload(&bench, &["body"]).await;
    let in_one = one.post(&bench, 2, case(2, &["body"], 5)).await;
    two.post(&bench, 2, case(2, &["body"], 5)).await;
    one.post(&bench, 3, withdrawal(in_one, WithdrawalReason::Patient, Some(5))).await;
    assert_eq!(tombstones(&bench, &one).await[0].reason, Reason::Header(1));
    assert_eq!(tombstones(&bench, &two).await[0].reason, Reason::Code(WithdrawalCode([5; 16])));
    assert!(!bench.is_there(&blob_name("body")));
}

#[tokio::test]
async fn a_code_in_a_withdrawal_that_is_brought_again_counts_if_a_kill_came_first() {
    let bench = Bench::new().await;
    let mut one = founded(&bench, "one").await;
    let mut two = founded(&bench, "two").await;
    upload(&bench, &["body"]).await;
    let in_one = one.post(&bench, 2, case(2, &["body"], 5)).await;
    two.post(&bench, 2, case(2, &["body"], 5)).await;
    let said = World::signed(3, one.header(3, withdrawal(in_one, WithdrawalReason::Patient, Some(5))));
    let name = format!("circles/{}/feed/{:012}", one.id(), 1);
    let _ = bench.relay().store.create(&name, said.clone()).await.unwrap();
    assert!(is_handed_out(&bench, &two, "body").await);
    let again = bench.send(&one.header_call(3, &said)).await;
    assert_eq!((again.status, again.json()), (200, json!({ "n": 1 })));
    assert_eq!(tombstones(&bench, &one).await[0].reason, Reason::Header(1));
    assert_eq!(tombstones(&bench, &two).await[0].reason, Reason::Code(WithdrawalCode([5; 16])));
}

#[tokio::test]
async fn a_file_stays_while_a_live_post_names_it() {
    let bench = Bench::new().await;
    let mut one = founded(&bench, "one").await;
    let mut two = founded(&bench, "two").await;
    upload(&bench, &["body", "photo", "only"]).await;
    let in_one = one.post(&bench, 2, case(2, &["body", "photo", "only"], 5)).await;
    let in_two = two.post(&bench, 2, case(2, &["body", "photo"], 5)).await;
    let again = two.post(&bench, 2, case(2, &["photo"], 5)).await;
    one.post(&bench, 2, withdrawal(in_one, WithdrawalReason::Author, None)).await;
    assert!(!bench.is_there(&blob_name("only")) && bench.is_there(&blob_name("body")));
    assert!(!is_handed_out(&bench, &one, "body").await && is_handed_out(&bench, &two, "body").await);
    two.post(&bench, ADMIN, withdrawal(in_two, WithdrawalReason::Admin, None)).await;
    assert!(!bench.is_there(&blob_name("body")) && bench.is_there(&blob_name("photo")));
    assert!(is_handed_out(&bench, &two, "photo").await);
    two.post(&bench, 2, withdrawal(again, WithdrawalReason::Author, None)).await;
    assert!(!bench.is_there(&blob_name("photo")));
    assert_eq!(tombstones(&bench, &two).await.len(), 2);
}

/// A note of a header that is not there.
async fn note(bench: &Bench, folder: &str, (circle, n): (Sha256, u64), at: i64) {
    let note = format!("{folder}/{circle}-{n:012}-{at}");
    assert_eq!(bench.relay().store.create(&note, "").await.unwrap(), crate::store::Created::New);
}

#[tokio::test]
async fn of_naming_and_deleting_a_file_the_later_one_gives_way() {
    let bench = Bench::new().await;
    let (relay, store) = (bench.relay(), &bench.relay().store);
    let mut one = founded(&bench, "one").await;
    let mut two = founded(&bench, "two").await;
    upload(&bench, &["body"]).await;
    let post = one.post(&bench, 2, case(2, &["body"], 5)).await;
    // Somebody deletes it at this moment, and then somebody was killed while they did so.
    let mark = |at: i64| format!("going/{}-{at}-00", Sha256::of(&blob("body")));
    let (fresh, old) = (mark(now().seconds()), mark(now().seconds() - 3_700));
    let _ = store.create(&fresh, "").await.unwrap();
    let (_, answer) = two.try_post(&bench, 2, case(2, &["body"], 5)).await;
    assert_eq!(refused(&answer), (409, "blobs_missing".to_owned()));
    assert_eq!(answer.json()["missing"], json!([Sha256::of(&blob("body")).to_string()]));
    store.delete(&fresh).await.unwrap();
    let _ = store.create(&old, "").await.unwrap();

    // The header that was refused may come again, so the file stays for now.
    let left = |name: &str| bench.folder.path().join("store").join(name).read_dir().unwrap().count();
    one.post(&bench, 2, withdrawal(post, WithdrawalReason::Author, None)).await;
    assert!(bench.is_there(&blob_name("body")) && tombstones(&bench, &one).await.is_empty());
    assert_eq!(left("going"), 1);
    assert!(!is_handed_out(&bench, &one, "body").await);
    // It does come, although it was noted first a long time ago: who tries again notes it again.
    let consent = format!("consents/{}", Sha256::of(&[5; 16]));
    let log = store.names(&consent).await.unwrap().remove(0);
    let folder = format!("{consent}/{log}");
    for name in
        store.names(&folder).await.unwrap().iter().filter(|name| name.starts_with(&two.id().to_string()))
    {
        store.delete(&format!("{folder}/{name}")).await.unwrap();
    }
    note(&bench, &folder, (two.id(), 0), now().seconds() - 3_700).await;
    let _ = store.create(&fresh, "").await.unwrap();
    let (_, answer) = two.try_post(&bench, 2, case(2, &["body"], 5)).await;
    assert_eq!(refused(&answer), (409, "blobs_missing".to_owned()));
    store.delete(&fresh).await.unwrap();
    relay.circles.sweep(relay).await.unwrap();
    assert!(bench.is_there(&blob_name("body")));
    two.post(&bench, 2, case(2, &["body"], 5)).await;
    assert!(!bench.is_there(&old) && is_handed_out(&bench, &two, "body").await);
}

#[tokio::test]
async fn who_knows_a_header_keeps_nothing_of_it_in_a_circle_of_their_own() {
    let bench = Bench::new().await;
    let mut one = founded(&bench, "one").await;
    let mut two = founded(&bench, "two").await;
    upload(&bench, &["body", "photo", "other"]).await;
    let post = one.post(&bench, 2, case(2, &["body", "photo"], 5)).await;
    // The same files and the same hash of a code, under a consent of one's own.
    let (_, answer) = two.try_post(&bench, 3, case(3, &["body", "photo"], 5)).await;
    assert_eq!(refused(&answer), (422, "other_consent".to_owned()));
    assert!(!is_handed_out(&bench, &two, "photo").await);
    // Nor does a header that never comes hold up anything.
    let theirs = two.post(&bench, 3, case(3, &["other"], 5)).await;
    let consents = format!("consents/{}", Sha256::of(&[5; 16]));
    for log in bench.relay().store.names(&consents).await.unwrap() {
        let names = bench.relay().store.names(&format!("{consents}/{log}")).await.unwrap();
        if names.iter().all(|name| !name.starts_with(&one.id().to_string())) {
            note(&bench, &format!("{consents}/{log}"), (two.id(), 99), now().seconds()).await;
        }
    }
    one.post(&bench, 2, withdrawal(post, WithdrawalReason::Author, None)).await;
    assert_eq!(tombstones(&bench, &one).await.len(), 1);
    assert!(!bench.is_there(&blob_name("photo")) && is_handed_out(&bench, &two, "other").await);
    // The code reaches all that name its hash.
    let code = format!(r#"{{"code":"{}"}}"#, WithdrawalCode([5; 16]));
    let present = Call::new("POST", "/v1/withdrawals").body(code.as_bytes());
    assert_eq!(bench.send(&present).await.json(), json!({ "posts": 2 }));
    assert_eq!(tombstones(&bench, &two).await[0].about, theirs);
}

#[tokio::test]
async fn what_a_relay_left_half_done_the_next_one_finishes() {
    let bench = Bench::new().await;
    let mut world = founded(&bench, "one").await;
    upload(&bench, &["body", "coded"]).await;
    let post = world.post(&bench, 2, case(2, &["body"], 5)).await;
    let coded = world.post(&bench, 2, case(2, &["coded"], 6)).await;
    // The header was appended, the code was kept, and then the machine stopped.
    let gone = World::signed(2, world.header(2, withdrawal(post, WithdrawalReason::Author, None)));
    let store = bench.relay().store.clone();
    let name = format!("circles/{}/feed/{:012}", world.id(), 2);
    let _ = store.create(&name, gone.clone()).await.unwrap();
    let code = WithdrawalCode([6; 16]);
    let _ = store.create(&format!("codes/{}", Sha256::of(&code.0)), code.to_string()).await.unwrap();
    let bench = bench.restart().await;
    assert!(!is_handed_out(&bench, &world, "coded").await);
    // The sweep at the start may be faster, and in another order.
    let reason = |stones: &[Tombstone], about| {
        let found = stones.iter().find(|stone| stone.about == about);
        found.map(|stone| stone.reason)
    };
    let stones = tombstones(&bench, &world).await;
    assert_eq!(reason(&stones, post), Some(Reason::Header(2)));
    assert!(!bench.is_there(&blob_name("body")));
    bench.relay().circles.sweep(bench.relay()).await.unwrap();
    let stones = tombstones(&bench, &world).await;
    assert_eq!((stones.len(), reason(&stones, coded)), (2, Some(Reason::Code(code))));
    assert!(!bench.is_there(&blob_name("coded")));
    world.take(&gone);
    let head = bench.send(&Call::get(&world.path("feed")).signed(world.read())).await;
    assert_eq!(head.field("curtain-size"), Some("3"));
}

#[tokio::test]
async fn a_circle_that_fails_and_codes_of_nobody_hold_up_nothing() {
    let bench = Bench::new().await;
    let mut one = founded(&bench, "one").await;
    let mut two = founded(&bench, "two").await;
    upload(&bench, &["body", "later"]).await;
    one.post(&bench, 2, case(2, &["body"], 5)).await;
    two.post(&bench, 2, case(2, &["body"], 5)).await;
    let over = two.post(&bench, 2, case(2, &["later"], 6)).await;
    // Whichever comes first cannot be read.
    let (broken, whole) = if one.id() < two.id() { (one, two) } else { (two, one) };
    let entry = bench.folder.path().join("store").join(format!("circles/{}/members/{:012}", broken.id(), 1));
    let bytes = std::fs::read(&entry).unwrap();
    let bench = bench.restart().await;
    std::fs::write(&entry, "broken").unwrap();
    let relay = bench.relay();
    let _ = relay.circles.sweep(relay).await;
    let present = |code: WithdrawalCode| {
        Call::new("POST", "/v1/withdrawals").body(format!(r#"{{"code":"{code}"}}"#).as_bytes())
    };
    let answer = bench.send(&present(WithdrawalCode([5; 16]))).await;
    assert_eq!(refused(&answer), (500, "store_broken".to_owned()));
    assert_eq!(tombstones(&bench, &whole).await.len(), 1);
    // Nor does a code that cannot be read, and that no post waits for.
    let _ = relay.store.create(&format!("codes/{}", Sha256([0; 32])), vec![b'x'; 99]).await.unwrap();
    relay.ahead_s.store(3 * 86_400, Ordering::Relaxed);
    assert!(relay.circles.sweep(relay).await.is_err());
    relay.ahead_s.store(0, Ordering::Relaxed);
    // What could not be done is done when it can be.
    std::fs::write(&entry, bytes).unwrap();
    relay.circles.sweep(relay).await.unwrap();
    let both = [tombstones(&bench, &broken).await, tombstones(&bench, &whole).await].concat();
    assert!(both.iter().all(|stone| stone.about == over || stone.reason != Reason::Over));
    assert_eq!(both.len(), if whole.feed.size() == 2 { 3 } else { 2 });
}

#[tokio::test]
async fn what_is_over_goes() {
    let bench = Bench::new().await;
    let mut world = founded(&bench, "one").await;
    upload(&bench, &["body"]).await;
    let post = world.post(&bench, 2, case(2, &["body"], 5)).await;
    let relay = bench.relay();
    relay.circles.sweep(relay).await.unwrap();
    assert!(bench.is_there(&blob_name("body")));
    relay.ahead_s.store(3 * 86_400, Ordering::Relaxed);
    assert!(!is_handed_out(&bench, &world, "body").await);
    relay.circles.sweep(relay).await.unwrap();
    assert!(!bench.is_there(&blob_name("body")) && bench.is_there(&gone_name("body")));
    relay.ahead_s.store(0, Ordering::Relaxed);
    let [stone] = tombstones(&bench, &world).await[..] else { panic!("one tombstone") };
    assert_eq!((stone.about, stone.reason), (post, Reason::Over));
}

#[tokio::test]
async fn no_post_is_kept_for_longer_than_a_consent_lasts() {
    let bench = Bench::new().await;
    let mut world = founded(&bench, "one").await;
    upload(&bench, &["body"]).await;
    let until = |days| {
        let Content::Post(post) = case(2, &["body"], 5) else { panic!("a case is a post") };
        Content::Post(Post { delete_after: now().plus_days(days).date(), ..post })
    };
    for days in [3_656, 100_000] {
        let (_, answer) = world.try_post(&bench, 2, until(days)).await;
        assert_eq!(refused(&answer), (422, "delete_after_far".to_owned()));
    }
    world.post(&bench, 2, until(3_653)).await;
}

#[tokio::test]
async fn long_feeds_are_read_in_pages() {
    let bench = Bench::new().await;
    let mut world = founded(&bench, "one").await;
    upload(&bench, &["body"]).await;
    let post = world.post(&bench, 2, case(2, &["body"], 5)).await;
    let mut headers = Vec::new();
    let mut store_next = |world: &mut World| {
        let bytes = World::signed(3, world.header(3, comment(post)));
        world.take(&bytes);
        headers.push(bytes.clone());
        bytes
    };
    for n in 1..255 {
        let bytes = store_next(&mut world);
        let name = format!("circles/{}/feed/{n:012}", world.id());
        let _ = bench.relay().store.create(&name, bytes).await.unwrap();
    }
    for n in 255..258 {
        let bytes = store_next(&mut world);
        assert_eq!(bench.send(&world.header_call(3, &bytes)).await.json(), json!({ "n": n }));
    }
    assert!(bench.is_there(&format!("circles/{}/feed-pages/{:012}", world.id(), 0)));
    let bench = bench.restart().await;
    let list = |query: &str| Call::get(&world.path(&format!("feed{query}"))).signed(world.read());
    for (query, expected) in [("?from=1", &headers[..]), ("?from=250&limit=7", &headers[249..256])] {
        let lines: Vec<u8> = expected.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
        assert_eq!(bench.send(&list(query)).await.body, lines);
    }
    let (relay, signer) = (bench.relay(), Signer { key: public(2) });
    let state = relay.circles.access(relay, world.id(), &signer, Access::Device).await.unwrap();
    assert_eq!(state.feed.head(world.id()), world.feed.head(world.id()));
}

/// 20 users append 1,000 headers to two relays over one store, some to both at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_over_one_store_lose_nothing() {
    const USERS: u8 = 20;
    const EACH: usize = 50;
    let one = Bench::with(|config| config.requests_per_minute = 100_000).await;
    let mut settings = config(&one.folder);
    settings.requests_per_minute = 100_000;
    let two = Server::start(settings).await.unwrap();
    let mut world = World::new("one");
    let users: Vec<u8> = (10..10 + USERS).collect();
    for user in &users {
        world.add(*user, Role::Member);
    }
    world.epoch();
    world.push(&one).await;
    upload(&one, &["body"]).await;
    let post = world.post(&one, ADMIN, case(ADMIN, &["body"], 5)).await;
    let addresses = [one.server.address(), two.address()];
    let mut clients = tokio::task::JoinSet::new();
    for user in users {
        let mut own = world.clone();
        clients.spawn(async move {
            let mut said = Vec::new();
            for n in 0..EACH {
                let bytes = World::signed(user, own.header(user, comment(post)));
                own.take(&bytes);
                let call = own.header_call(user, &bytes);
                let at = addresses[usize::from(user) % 2];
                let answer = if n % 10 == 0 {
                    let both = tokio::join!(
                        super::client::send(addresses[0], &call),
                        super::client::send(addresses[1], &call)
                    );
                    assert_eq!(both.0.json(), both.1.json());
                    let statuses = BTreeSet::from([both.0.status, both.1.status]);
                    assert_eq!(statuses, BTreeSet::from([200, 201]));
                    both.0
                } else {
                    let answer = super::client::send(at, &call).await;
                    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
                    answer
                };
                said.push((answer.json()["n"].as_u64().unwrap(), bytes));
            }
            said
        });
    }
    let mut said: Vec<(u64, Vec<u8>)> = clients.join_all().await.into_iter().flatten().collect();
    said.sort();
    let numbers: Vec<u64> = said.iter().map(|(n, _)| *n).collect();
    assert_eq!(numbers, (1..=u64::from(USERS) * EACH as u64).collect::<Vec<_>>());
    for (n, bytes) in &said {
        let name = format!("circles/{}/feed/{n:012}", world.id());
        assert_eq!(one.relay().store.get(&name, 1 << 20).await.unwrap().unwrap(), *bytes);
        world.take(bytes);
    }
    let signer = Signer { key: public(ADMIN) };
    for relay in [one.relay(), two.relay()] {
        let state = relay.circles.access(relay, world.id(), &signer, Access::Device).await.unwrap();
        assert_eq!(state.feed.head(world.id()), world.feed.head(world.id()));
    }
    two.stop().await;
}

/// Two devices bring different entries with the same number to two relays, and somebody waits at the other one.
#[tokio::test]
async fn two_relays_over_one_store_take_one_entry_of_a_number() {
    let one = Bench::new().await;
    let two = Server::start(config(&one.folder)).await.unwrap();
    let mut world = founded(&one, "one").await;
    for _ in 0..10 {
        let size = world.entries.len();
        let (mut by_two, mut by_three) = (world.clone(), world.clone());
        by_two.profile(2);
        by_three.profile(3);
        let wait = Call::get(&world.path(&format!("members?from={size}&wait=10"))).signed(4);
        let waits = super::client::send(two.address(), &wait);
        let (first, second) = (by_two.entry_call(size), by_three.entry_call(size));
        let (first, second, waited) =
            tokio::join!(one.send(&first), super::client::send(two.address(), &second), waits);
        assert_eq!(BTreeSet::from([first.status, second.status]), BTreeSet::from([201, 409]));
        world = if first.status == 201 { by_two } else { by_three };
        assert_eq!(waited.body, [&world.entries[size].1[..], b"\n"].concat());
    }
    two.stop().await;
}
