use std::time::Duration;

use curtain_wire::hash::Sha256;
use curtain_wire::time::UnixTime;

use super::client::{Call, Open, now, public};
use super::uploads::{CIRCLE, creation};
use super::world::{World, log};
use super::{Bench, client};

fn refused(answer: &client::Answer) -> (u16, String) {
    (answer.status, answer.code())
}

fn ago(seconds: i64) -> UnixTime {
    UnixTime::new(now().seconds() - seconds).unwrap()
}

#[tokio::test]
async fn only_a_signature_for_this_relay_and_this_moment_counts() {
    let bench = Bench::new().await;
    let circle = CIRCLE.of(&bench).await;
    let unsigned = creation(circle, b"sealed");
    for (call, code) in [
        (unsigned.clone(), "request_no_signature"),
        (unsigned.clone().signed_for(1, "other.test", now()), "request_bad_signature"),
        (unsigned.clone().signed_for(1, "relay.test", ago(320)), "request_too_old"),
        (unsigned.clone().signed_for(1, "relay.test", ago(-320)), "request_too_new"),
        (unsigned.clone().signed(1).field("signature", "curtain=::"), "request_field_twice"),
        (unsigned.clone().body(b"body").signed(1).sent(b""), "request_no_digest"),
    ] {
        let answer = bench.send(&call).await;
        if code == "request_no_digest" {
            // A digest without its body: nothing came, and nothing was created.
            assert!(answer.status >= 400 || answer.status == 201);
            continue;
        }
        assert_eq!(refused(&answer), (401, code.to_owned()));
    }
    let late = unsigned.clone().signed_for(1, "relay.test", ago(280));
    assert_eq!(bench.send(&late).await.status, 201);
}

#[tokio::test]
async fn the_same_request_again_changes_nothing() {
    let bench = Bench::new().await;
    let circle = CIRCLE.of(&bench).await;
    let call = creation(circle, b"sealed").signed(1);
    let first = bench.send(&call).await;
    let files = bench.files();
    let again = bench.send(&call).await;
    assert_eq!(first.field("location"), again.field("location"));
    assert_eq!(bench.files(), files);
}

#[tokio::test]
async fn any_of_several_authorities_counts() {
    let bench = Bench::with(|config| config.authorities.push("second.test:81".to_owned())).await;
    let circle = CIRCLE.of(&bench).await;
    for authority in ["relay.test", "second.test:81"] {
        let call = creation(circle, b"sealed").signed_for(1, authority, now());
        assert_eq!(bench.send(&call).await.status, 201);
    }
}

#[tokio::test]
async fn without_authorities_the_address_counts() {
    let bench = Bench::with(|config| config.authorities.clear()).await;
    let call = creation(Sha256::of(b"none"), b"sealed");
    let answer = bench.send(&call.clone().signed_for(1, &bench.server.address().to_string(), now())).await;
    assert_eq!(refused(&answer), (404, "no_such_circle".to_owned()));
    assert_eq!(bench.send(&call.signed(1)).await.status, 401);
}

#[tokio::test]
async fn a_key_has_its_own_rate() {
    let bench = Bench::new().await;
    let key = public(9);
    let mut passed = 0;
    while bench.relay().limits.by_key(&key).is_ok() {
        passed += 1;
    }
    assert!((1_200..1_300).contains(&passed), "{passed}");
    let circle = Sha256::of(b"none");
    let answer = bench.send(&creation(circle, b"sealed").signed(9)).await;
    assert_eq!(refused(&answer), (429, "rate_key".to_owned()));
    assert!(answer.field("retry-after").is_some());
    // A signature that does not hold takes nothing from the key's owner.
    assert!(bench.relay().limits.by_key(&public(1)).is_ok());
}

#[tokio::test]
async fn who_may_not_ask_is_told_before_the_body_comes() {
    let bench = Bench::new().await;
    let mut world = World::of_four("one");
    world.push(&bench).await;
    let ledger = |rest: &str| format!("/v1/ledgers/{}/{rest}", log(2));
    for (method, path) in [
        ("PUT", ledger("leaves/0")),
        ("PUT", ledger("sealed/0")),
        ("PUT", ledger("checkpoints/1")),
        ("PUT", world.path("boxes/1")),
        ("PUT", world.path(&format!("keyrings/{}", Sha256([7; 32])))),
        ("POST", world.path("feed")),
    ] {
        let call = Call::new(method, &path).body(&[1; 1_000]).signed(77);
        let mut open = Open::begin(bench.server.address(), &call).await;
        open.write(b"\r\n").await;
        let answer = tokio::time::timeout(Duration::from_secs(5), open.answer()).await.unwrap();
        assert_eq!(refused(&answer), (403, "not_allowed".to_owned()), "{path}");
    }
}
