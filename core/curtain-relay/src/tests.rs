//! The real server on a port, with a store in a folder.

mod auth;
mod blobs;
mod circles;
mod client;
mod feed;
mod limits;
mod openapi;
mod uploads;
mod witness;
mod world;

use std::time::Duration;

use tempfile::TempDir;

use crate::server::Server;
use crate::{Config, Relay};
use client::{Answer, Call};

/// A relay, and the folder that it keeps all in.
struct Bench {
    folder: TempDir,
    server: Server,
}

fn config(folder: &TempDir) -> Config {
    let mut config = Config::usual().unwrap();
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.store = folder.path().join("store").to_str().unwrap().to_owned();
    config.authorities = vec!["relay.test".to_owned()];
    config
}

impl Bench {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(&folder);
        change(&mut config);
        let server = Server::start(config).await.unwrap();
        Self { folder, server }
    }

    /// Stops the relay and starts another over the same folder.
    async fn restart(self) -> Self {
        let Self { folder, server } = self;
        server.stop().await;
        let server = Server::start(config(&folder)).await.unwrap();
        Self { folder, server }
    }

    fn relay(&self) -> &Relay {
        self.server.relay()
    }

    async fn send(&self, call: &Call) -> Answer {
        client::send(self.server.address(), call).await
    }

    fn is_there(&self, name: &str) -> bool {
        self.folder.path().join("store").join(name).exists()
    }

    /// How many files there are in the store.
    fn files(&self) -> usize {
        let mut folders = vec![self.folder.path().join("store")];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() { folders.push(entry.path()) } else { files += 1 }
            }
        }
        files
    }
}

#[tokio::test]
async fn what_is_open_answers_anyone() {
    let bench = Bench::new().await;
    for path in ["/healthz", "/readyz"] {
        let answer = bench.send(&Call::get(path)).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"ok\n".as_slice()));
        assert!(httpdate::parse_http_date(answer.field("date").unwrap()).is_ok());
    }
    let about = bench.send(&Call::get("/v1/relay")).await.json();
    assert_eq!(about["feed_key"], bench.relay().keys.feed().to_string());
    assert_eq!(about["witness_key"], bench.relay().keys.witness().to_string());
    let other = bench.send(&Call::get("/v1/relay/")).await;
    assert_eq!((other.status, other.code().as_str()), (404, "no_such_path"));
    let other = bench.send(&Call::new("DELETE", "/v1/relay")).await;
    assert_eq!((other.status, other.code().as_str()), (405, "no_such_method"));

    let metrics = bench.send(&Call::get("/metrics")).await;
    let text = String::from_utf8(metrics.body).unwrap();
    assert!(
        text.contains(r#"curtain_relay_requests_total{method="GET",route="/v1/relay",status="200"} 1"#),
        "{text}"
    );
    assert!(text.contains(r#"curtain_relay_request_seconds_count{route="other"} 1"#), "{text}");
}

#[tokio::test]
async fn a_store_that_lets_objects_be_created_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = crate::store::Store::in_folder(folder.path()).unwrap();
    store.probe().await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let store = crate::store::Store::overwriting();
    assert!(matches!(store.probe().await, Err(crate::OpenError::Overwrites)));
}

#[tokio::test]
async fn a_store_that_does_not_answer_makes_the_relay_not_ready() {
    let bench = Bench::new().await;
    let store = bench.folder.path().join("store");
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::write(&store, "no folder").unwrap();
    let answer = bench.send(&Call::get("/readyz")).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "store"));
    assert_eq!(answer.field("retry-after"), Some("5"));
    assert!(!String::from_utf8(answer.body).unwrap().contains(store.to_str().unwrap()));
    assert_eq!(bench.send(&Call::get("/healthz")).await.status, 200);
}

#[tokio::test]
async fn what_was_begun_is_finished_when_the_relay_stops() {
    let bench = Bench::new().await;
    let address = bench.server.address();
    let circle = uploads::CIRCLE.of(&bench).await;
    let call = uploads::creation(circle, &[7; 1_000])
        .field("content-type", "application/offset+octet-stream")
        .body(&[7; 1_000])
        .signed(1);
    let mut open = client::Open::begin(address, &call).await;
    open.write(b"\r\n").await;
    open.write(&[7; 10]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let relay = bench.server.relay().clone();
    let stopping = tokio::spawn(bench.server.stop());
    relay.drained().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "a stopped relay takes no connection");
    open.write(&[7; 990]).await;
    let answer = open.answer().await;
    assert_eq!((answer.status, answer.offset()), (201, 1_000));
    stopping.await.unwrap();
}

#[tokio::test]
async fn what_does_not_end_in_time_keeps_what_arrived() {
    let bench = Bench::with(|config| config.drain = Duration::from_millis(200)).await;
    let circle = uploads::CIRCLE.of(&bench).await;
    let created = bench.send(&uploads::creation(circle, &[7; 1_000]).signed(1)).await;
    let path = created.field("location").unwrap().to_owned();
    let mut open =
        client::Open::begin(bench.server.address(), &uploads::patch(&path, 0, &[7; 1_000]).signed(1)).await;
    open.write(b"\r\n").await;
    open.write(&[7; 10]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let bench = bench.restart().await;
    assert!(open.try_answer().await.is_none());
    let answer = bench.send(&uploads::patch(&path, 10, &[7; 990]).signed(1)).await;
    assert_eq!((answer.status, answer.offset()), (204, 1_000));
}
