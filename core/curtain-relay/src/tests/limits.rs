use std::time::{Duration, Instant};

use super::client::{Call, Open, try_send};
use super::{Bench, client};

#[tokio::test]
async fn who_sends_too_slowly_is_cut_off() {
    let bench = Bench::with(|config| {
        config.idle = Duration::from_secs(1);
        config.min_bytes_per_second = 1_000;
    })
    .await;
    let began = Instant::now();
    // A head that does not end, and one that never begins.
    let head = Open::begin(bench.server.address(), &Call::get("/v1/relay")).await;
    assert!(head.try_answer().await.is_none_or(|answer| answer.status == 408));
    assert!(began.elapsed() < Duration::from_secs(5));
    // A body that stops, and one that drips.
    let circle = super::uploads::CIRCLE.of(&bench).await;
    for drips in [false, true] {
        let bytes = [u8::from(drips); 9_000];
        let call = super::uploads::creation(circle, &bytes)
            .field("content-type", "application/offset+octet-stream")
            .body(&bytes)
            .signed(1);
        let mut open = Open::begin(bench.server.address(), &call).await;
        open.write(b"\r\n").await;
        open.write(&[1; 20]).await;
        for _ in 0..if drips { 3 } else { 0 } {
            tokio::time::sleep(Duration::from_millis(450)).await;
            open.write(&[1; 20]).await;
        }
        let answer = open.answer().await;
        assert_eq!(answer.code(), "body_cut");
    }
    assert!(began.elapsed() < Duration::from_secs(12));
}

#[tokio::test]
async fn an_address_has_so_many_requests_a_minute() {
    let bench = Bench::with(|config| config.requests_per_minute = 5).await;
    for _ in 0..5 {
        assert_eq!(bench.send(&Call::get("/v1/relay")).await.status, 200);
    }
    let answer = bench.send(&Call::get("/v1/relay")).await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "rate_address"));
    assert!(answer.field("retry-after").is_some());
    // What asks whether the relay lives is not counted.
    assert_eq!(bench.send(&Call::get("/healthz")).await.status, 200);
}

#[tokio::test]
async fn an_address_has_so_many_connections() {
    let bench = Bench::with(|config| config.max_requests_per_address = 3).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(Open::begin(bench.server.address(), &Call::get("/v1/relay")).await);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(try_send(bench.server.address(), &Call::get("/v1/relay")).await.is_none());
    open.clear();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(bench.send(&Call::get("/v1/relay")).await.status, 200);
}

#[tokio::test]
async fn all_together_have_so_many_requests_at_once() {
    let bench = Bench::with(|config| config.max_requests = 1).await;
    let circle = super::uploads::CIRCLE.of(&bench).await;
    let call = super::uploads::creation(circle, &[1; 10])
        .field("content-type", "application/offset+octet-stream")
        .body(&[1; 10])
        .signed(1);
    let mut open = Open::begin(bench.server.address(), &call).await;
    open.write(b"\r\n1").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answer: client::Answer = bench.send(&Call::get("/v1/relay")).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
    assert_eq!(answer.field("retry-after"), Some("1"));
    drop(open);
}

#[tokio::test]
async fn a_proxy_says_whose_request_it_is() {
    let bench = Bench::with(|config| {
        config.requests_per_minute = 2;
        config.proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let from =
        |address: &str| Call::get("/v1/relay").field("x-forwarded-for", format!("10.9.9.9, {address}"));
    for (address, status) in [("10.0.0.1", 200), ("10.0.0.1", 200), ("10.0.0.1", 429), ("10.0.0.2", 200)] {
        assert_eq!(bench.send(&from(address)).await.status, status);
    }
}
