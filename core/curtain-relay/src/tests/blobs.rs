use std::time::Duration;

use curtain_wire::hash::Sha256;

use super::Bench;
use super::client::Call;
use super::world::{ADMIN, World, blob, blob_name, case, upload};

#[tokio::test]
async fn a_blob_is_read_whole_and_in_ranges_by_readers_alone() {
    let bench = Bench::new().await;
    let mut world = World::of_four("blobs");
    world.push(&bench).await;
    upload(&bench, &["named", "other"]).await;
    world.post(&bench, ADMIN, case(ADMIN, &["named"], 1)).await;
    let bytes = blob("named");
    let hash = Sha256::of(&bytes);
    let path = world.path(&format!("blobs/{hash}"));
    let (etag, all) = (format!("\"{hash}\""), bytes.len());

    // The read key, and an officer's device.
    for key in [world.read(), 4] {
        let answer = bench.send(&Call::get(&path).signed(key)).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, bytes.as_slice()));
        assert_eq!(answer.field("etag"), Some(etag.as_str()));
        assert_eq!(answer.field("cache-control"), Some("private, immutable"));
        assert_eq!(answer.field("content-length"), Some(all.to_string().as_str()));
    }
    let head = bench.send(&Call::new("HEAD", &path).signed(world.read())).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.field("content-length"), Some(all.to_string().as_str()));

    let get = |name, value: String| Call::get(&path).field(name, value).signed(world.read());
    for (range, from, to) in [("bytes=0-0", 0, 1), ("bytes=100-", 100, all), ("bytes=-7", all - 7, all)] {
        let answer = bench.send(&get("range", range.to_owned())).await;
        assert_eq!((answer.status, answer.body.as_slice()), (206, &bytes[from..to]));
        let said = format!("bytes {from}-{}/{all}", to - 1);
        assert_eq!(answer.field("content-range"), Some(said.as_str()));
    }
    let answer = bench.send(&get("range", format!("bytes={all}-"))).await;
    assert_eq!((answer.status, answer.code().as_str()), (416, "range"));
    assert_eq!(answer.field("content-range"), Some(format!("bytes */{all}").as_str()));
    let answer = bench.send(&get("range", "bytes=0-0".to_owned()).field("if-range", "\"other\"")).await;
    assert_eq!((answer.status, answer.body.len()), (200, all));
    let answer = bench.send(&get("if-none-match", etag.clone())).await;
    assert_eq!((answer.status, answer.body.len(), answer.field("etag")), (304, 0, Some(etag.as_str())));

    // A device that is no officer's, a stranger, and a blob that no header names.
    for key in [2, 99] {
        assert_eq!(bench.send(&Call::get(&path).signed(key)).await.status, 403);
    }
    let unnamed = world.path(&blob_name("other"));
    assert_eq!(bench.send(&Call::get(&unnamed).signed(world.read())).await.status, 404);
}

#[tokio::test]
async fn what_waits_ends_when_the_relay_stops() {
    let bench = Bench::new().await;
    let mut world = World::new("waits");
    world.push(&bench).await;
    let address = bench.server.address();
    let call = Call::get(&world.path(&format!("members?from={}&wait=20", world.entries.len()))).signed(ADMIN);
    let waiting = tokio::spawn(async move { super::client::send(address, &call).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let began = std::time::Instant::now();
    bench.server.stop().await;
    assert_eq!(waiting.await.unwrap().status, 200);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}
