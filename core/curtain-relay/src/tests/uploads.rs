use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use curtain_wire::hash::Sha256;
use ring::digest;

use super::client::{self, Answer, Call, Open};
use super::world::World;
use super::{Bench, config};
use crate::server::Server;
use crate::store::Created;

/// The circle of these tests: key 1 is its device.
pub(super) struct TestCircle;
pub(super) const CIRCLE: TestCircle = TestCircle;

impl TestCircle {
    /// Founds it, if it is not there.
    pub(super) async fn of(&self, bench: &Bench) -> Sha256 {
        // Its id follows from when it was made.
        if let Some(id) = bench.relay().store.names("circles").await.unwrap().first() {
            return id.parse().unwrap();
        }
        let mut world = World::new("uploads");
        world.push(bench).await;
        world.id()
    }
}

fn tus(method: &'static str, path: &str) -> Call {
    Call::new(method, path).field("tus-resumable", "1.0.0")
}

pub(super) fn creation(circle: Sha256, bytes: &[u8]) -> Call {
    creation_of(circle, Sha256::of(bytes), bytes.len())
}

fn creation_of(circle: Sha256, sha256: Sha256, length: usize) -> Call {
    tus("POST", &format!("/v1/circles/{circle}/uploads")).field("upload-length", length).field(
        "upload-metadata",
        format!("filename {}, sha256 {}", STANDARD.encode("a"), STANDARD.encode(sha256.to_string())),
    )
}

pub(super) fn patch(path: &str, offset: usize, body: &[u8]) -> Call {
    tus("PATCH", path)
        .field("upload-offset", offset)
        .field("content-type", "application/offset+octet-stream")
        .body(body)
}

/// Bytes that look like sealed ones.
fn sealed(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 32);
    let mut hash = Sha256::of(&length.to_be_bytes());
    while bytes.len() < length {
        bytes.extend_from_slice(&hash.0);
        hash = Sha256::of(&hash.0);
    }
    bytes.truncate(length);
    bytes
}

async fn begin(bench: &Bench, bytes: &[u8]) -> String {
    let circle = CIRCLE.of(bench).await;
    let answer = bench.send(&creation(circle, bytes).signed(1)).await;
    assert_eq!((answer.status, answer.offset()), (201, 0));
    answer.field("location").unwrap().to_owned()
}

async fn head(bench: &Bench, path: &str) -> Answer {
    bench.send(&tus("HEAD", path).signed(1)).await
}

fn blob(bytes: &[u8]) -> String {
    format!("blobs/{}", Sha256::of(bytes))
}

/// Whether the blob is there with these bytes, and nothing of the upload but what says that it is done.
fn is_whole(bench: &Bench, path: &str, bytes: &[u8]) -> bool {
    let store = bench.folder.path().join("store");
    let upload = store.join("uploads").join(path.rsplit('/').next().unwrap());
    std::fs::read(store.join(blob(bytes))).unwrap() == bytes
        && std::fs::read_dir(upload).unwrap().count() == 2
}

#[tokio::test]
async fn options_say_what_is_there() {
    let bench = Bench::new().await;
    let circle = CIRCLE.of(&bench).await;
    for path in [format!("/v1/circles/{circle}/uploads"), format!("/v1/uploads/{}", "0".repeat(32))] {
        let answer = bench.send(&Call::new("OPTIONS", &path)).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.field("tus-version"), Some("1.0.0"));
        assert_eq!(answer.field("tus-checksum-algorithm"), Some("sha1,sha256"));
        assert_eq!(answer.field("tus-max-size"), Some("1073741824"));
        let extensions = "creation,creation-with-upload,expiration,checksum,termination";
        assert_eq!(answer.field("tus-extension"), Some(extensions));
    }
    let old =
        Call::new("POST", &format!("/v1/circles/{circle}/uploads")).field("tus-resumable", "0.2.2").signed(1);
    let answer = bench.send(&old).await;
    assert_eq!((answer.status, answer.field("tus-version")), (412, Some("1.0.0")));
}

#[tokio::test]
async fn an_upload_arrives_whole_or_in_parts_or_at_once() {
    let bench = Bench::new().await;
    for length in [1, 1 << 20, (1 << 20) + 1, (8 << 20) + 5, (17 << 20) + 7] {
        let bytes = sealed(length);
        let path = begin(&bench, &bytes).await;
        let told = head(&bench, &path).await;
        assert_eq!((told.status, told.offset()), (200, 0));
        assert_eq!(told.field("upload-length"), Some(length.to_string().as_str()));
        assert_eq!(told.field("cache-control"), Some("no-store"));
        assert!(told.field("upload-expires").is_some());
        assert_eq!(
            told.field("upload-metadata").unwrap(),
            format!("sha256 {}", STANDARD.encode(Sha256::of(&bytes).to_string()))
        );
        let middle = length / 3;
        let answer = bench.send(&patch(&path, 0, &bytes[..middle]).signed(1)).await;
        assert_eq!((answer.status, answer.offset()), (204, middle as u64));
        assert!(!bench.is_there(&blob(&bytes)));
        let answer = bench.send(&patch(&path, middle, &bytes[middle..]).signed(1)).await;
        assert_eq!((answer.status, answer.offset()), (204, length as u64));
        assert!(is_whole(&bench, &path, &bytes), "{length}");
        // The answer was lost: the client asks, or sends nothing more.
        assert_eq!(head(&bench, &path).await.offset(), length as u64);
        assert_eq!(bench.send(&patch(&path, length, b"").signed(1)).await.status, 204);
    }
    let bytes = sealed(5_000);
    let circle = CIRCLE.of(&bench).await;
    let at_once = creation(circle, &bytes)
        .field("content-type", "application/offset+octet-stream")
        .body(&bytes)
        .signed(1);
    let answer = bench.send(&at_once).await;
    assert_eq!((answer.status, answer.offset()), (201, 5_000));
    assert!(is_whole(&bench, answer.field("location").unwrap(), &bytes));
    assert_eq!(bench.send(&at_once).await.offset(), 5_000);
    // Somebody brought it already.
    let again = bench.send(&creation(circle, &bytes).field("x-other", "1").signed(1)).await;
    assert_eq!((again.status, again.offset()), (201, 5_000));
}

#[tokio::test]
async fn a_body_without_a_length_arrives_too() {
    let bench = Bench::new().await;
    let bytes = sealed(70_000);
    let path = begin(&bench, &bytes).await;
    let call = patch(&path, 0, &bytes).signed(1).field("transfer-encoding", "chunked");
    let mut open = Open::begin(bench.server.address(), &call).await;
    open.write(b"\r\n").await;
    for chunk in bytes.chunks(30_000) {
        open.write(format!("{:x}\r\n", chunk.len()).as_bytes()).await;
        open.write(chunk).await;
        open.write(b"\r\n").await;
    }
    open.write(b"0\r\n\r\n").await;
    assert_eq!(open.answer().await.offset(), 70_000);
}

/// Sends the first `sent` bytes of a body and hangs up.
async fn cut(bench: &Bench, path: &str, offset: usize, body: &[u8], sent: usize) {
    let mut open = Open::begin(bench.server.address(), &patch(path, offset, body).signed(1)).await;
    open.write(b"\r\n").await;
    open.write(&body[..sent]).await;
    drop(open);
}

/// Asks until the upload is there, since a cut is noticed a moment later.
async fn reaches(bench: &Bench, path: &str, offset: usize) {
    for _ in 0..100 {
        if head(bench, path).await.offset() == offset as u64 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panic!("the upload is at {} and not at {offset}", head(bench, path).await.offset());
}

#[tokio::test]
async fn what_arrived_before_a_cut_is_kept_over_restarts_and_by_other_relays() {
    let bench = Bench::new().await;
    let bytes = sealed(3 << 20);
    let path = begin(&bench, &bytes).await;
    cut(&bench, &path, 0, &bytes, 1_234_567).await;
    reaches(&bench, &path, 1_234_567).await;
    let bench = bench.restart().await;
    assert_eq!(head(&bench, &path).await.offset(), 1_234_567);
    cut(&bench, &path, 1_234_567, &bytes[1_234_567..], 99).await;
    reaches(&bench, &path, 1_234_666).await;

    // Another relay over the same folder, at the same time.
    let other = Server::start(config(&bench.folder)).await.unwrap();
    let rest = client::send(other.address(), &patch(&path, 1_234_666, &bytes[1_234_666..]).signed(1)).await;
    assert_eq!((rest.status, rest.offset()), (204, 3 << 20));
    other.stop().await;
    assert_eq!(head(&bench, &path).await.offset(), 3 << 20);
    assert!(is_whole(&bench, &path, &bytes));
}

#[tokio::test]
async fn a_crash_before_the_end_is_finished_by_whoever_looks() {
    let bench = Bench::new().await;
    let relay = bench.server.relay().clone();
    for by_sweep in [true, false] {
        let bytes = sealed(1_000 + usize::from(by_sweep));
        let path = begin(&bench, &bytes).await;
        let name = format!("uploads/{}/{:012}", path.rsplit('/').next().unwrap(), 0);
        assert_eq!(relay.store.create(&name, bytes.clone()).await.unwrap(), Created::New);
        if by_sweep {
            relay.uploads.sweep(&relay).await.unwrap();
        } else {
            assert_eq!(head(&bench, &path).await.offset(), bytes.len() as u64);
        }
        assert!(is_whole(&bench, &path, &bytes));
    }
}

#[tokio::test]
async fn another_checksum_discards_what_the_request_brought_and_no_more() {
    let bench = Bench::new().await;
    let bytes = sealed(3 << 20);
    let path = begin(&bench, &bytes).await;
    let at = 1 << 20;
    for (algorithm, name) in [(&digest::SHA1_FOR_LEGACY_USE_ONLY, "sha1"), (&digest::SHA256, "sha256")] {
        let sum = |bytes: &[u8]| format!("{name} {}", STANDARD.encode(digest::digest(algorithm, bytes)));
        let from = usize::try_from(head(&bench, &path).await.offset()).unwrap();
        let good = patch(&path, from, &bytes[from..from + at / 2])
            .field("upload-checksum", sum(&bytes[from..from + at / 2]));
        assert_eq!(bench.send(&good.signed(1)).await.status, 204);
        let from = from + at / 2;
        let bad = patch(&path, from, &bytes[from..]).field("upload-checksum", sum(b"other"));
        let answer = bench.send(&bad.signed(1)).await;
        assert_eq!((answer.status, answer.code().as_str()), (460, "checksum"));
        assert_eq!(head(&bench, &path).await.offset(), from as u64);
    }
    let unknown = patch(&path, at, b"x").field("upload-checksum", "md5 AAAA").signed(1);
    assert_eq!(bench.send(&unknown).await.code(), "upload_checksum");
    // Signed other than sent.
    let changed = sealed((2 << 20) + 1)[..2 << 20].to_vec();
    let answer = bench.send(&patch(&path, at, &bytes[at..]).signed(1).sent(&changed)).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "request_other_body"));
    assert_eq!(head(&bench, &path).await.offset(), at as u64);
    assert_eq!(bench.send(&patch(&path, at, &bytes[at..]).signed(1)).await.status, 204);
}

#[tokio::test]
async fn other_bytes_than_said_are_no_blob() {
    let bench = Bench::new().await;
    for length in [500, 9 << 20] {
        let bytes = sealed(length);
        let path = begin(&bench, &bytes).await;
        let mut other = bytes.clone();
        other[length / 2] ^= 1;
        let answer = bench.send(&patch(&path, 0, &other).signed(1)).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "other_bytes"));
        assert_eq!(head(&bench, &path).await.status, 404);
        assert!(!bench.is_there(&blob(&bytes)));
    }
}

#[tokio::test]
async fn a_deleted_blob_never_comes_back() {
    let bench = Bench::new().await;
    let relay = bench.server.relay().clone();
    let bytes = sealed(2_000);
    let path = begin(&bench, &bytes).await;
    assert_eq!(bench.send(&patch(&path, 0, &bytes[..1_999]).signed(1)).await.status, 204);
    let gone = format!("gone/{}", Sha256::of(&bytes));
    assert_eq!(relay.store.create(&gone, "1").await.unwrap(), Created::New);
    let answer = bench.send(&patch(&path, 1_999, &bytes[1_999..]).signed(1)).await;
    assert_eq!((answer.status, answer.code().as_str()), (410, "gone"));
    assert!(!bench.is_there(&blob(&bytes)));
    assert_eq!(head(&bench, &path).await.status, 404);
    let circle = CIRCLE.of(&bench).await;
    let answer = bench.send(&creation(circle, &bytes).field("x-other", "1").signed(1)).await;
    assert_eq!((answer.status, answer.code().as_str()), (410, "gone"));
}

#[tokio::test]
async fn an_upload_ends_by_its_key_or_its_time() {
    let bench = Bench::new().await;
    let relay = bench.server.relay().clone();
    let bytes = sealed(3_000);
    let path = begin(&bench, &bytes).await;
    let before = bench.files();
    assert_eq!(bench.send(&patch(&path, 0, &bytes[..10]).signed(1)).await.status, 204);
    for call in [tus("HEAD", &path), tus("DELETE", &path), patch(&path, 10, &bytes[10..])] {
        assert_eq!(bench.send(&call.signed(2)).await.status, 404);
    }
    assert_eq!(bench.send(&tus("DELETE", &path).signed(1)).await.status, 204);
    assert_eq!(head(&bench, &path).await.status, 404);
    assert_eq!(bench.files(), before - 1);
    assert!(!bench.is_there(&path["/v1/".len()..]));

    let path = begin(&bench, &sealed(3_001)).await;
    assert_eq!(bench.send(&patch(&path, 0, &bytes[..10]).signed(1)).await.status, 204);
    relay.uploads.sweep(&relay).await.unwrap();
    assert_eq!(head(&bench, &path).await.offset(), 10);
    relay.set_ahead(24 * 3600 + 1);
    let late = tus("DELETE", &path).signed_for(1, "relay.test", relay.now());
    let answer = bench.send(&late).await;
    assert_eq!((answer.status, answer.code().as_str()), (410, "expired"));
    relay.uploads.sweep(&relay).await.unwrap();
    assert_eq!(bench.send(&late).await.status, 404);
    assert_eq!(bench.files(), before - 1);
}

#[tokio::test]
async fn offsets_and_sizes_must_fit() {
    let bench = Bench::with(|config| (config.max_blob_bytes, config.max_patch_bytes) = (5_000, 3_000)).await;
    let circle = CIRCLE.of(&bench).await;
    let bytes = sealed(5_000);
    let path = begin(&bench, &bytes).await;
    assert_eq!(bench.send(&patch(&path, 0, &bytes[..1_000]).signed(1)).await.status, 204);
    let answer = bench.send(&patch(&path, 0, &bytes[..1_000]).signed(1)).await;
    assert_eq!(
        (answer.status, answer.code().as_str(), &answer.json()["offset"]),
        (409, "offset", &1_000.into())
    );
    for body in [&bytes[..3_001], &bytes[..4_001]] {
        let answer = bench.send(&patch(&path, 1_000, body).signed(1)).await;
        assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    }
    for (call, status, code) in [
        (creation(circle, &sealed(5_001)), 413, "too_large"),
        (creation_of(circle, Sha256::of(b""), 0), 400, "upload_length"),
        (
            tus("POST", &format!("/v1/circles/{circle}/uploads")).field("upload-length", 1),
            400,
            "upload_metadata",
        ),
        (tus("PATCH", &path).field("upload-offset", 1_000).body(b"x"), 415, "content_type"),
        (
            tus("PATCH", &path).field("content-type", "application/offset+octet-stream").body(b"x"),
            400,
            "upload_offset",
        ),
        (tus("DELETE", "/v1/uploads/other"), 404, "not_found"),
    ] {
        let answer = bench.send(&call.signed(1)).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
    assert_eq!(head(&bench, &path).await.offset(), 1_000);
}

#[tokio::test]
async fn of_two_who_go_on_at_once_one_does() {
    let bench = Bench::new().await;
    let bytes = sealed(5 << 20);
    let path = begin(&bench, &bytes).await;
    let call = patch(&path, 0, &bytes).signed(1);
    let all = futures::future::join_all((0..4).map(|_| bench.send(&call))).await;
    let done = all.iter().filter(|answer| answer.status == 204).count();
    assert!(done >= 1 && all.iter().all(|answer| matches!(answer.status, 204 | 409)), "{all:?}");
    assert!(is_whole(&bench, &path, &bytes));
}

#[tokio::test]
async fn what_no_header_names_goes_after_a_day() {
    let bench = Bench::new().await;
    let relay = bench.server.relay().clone();
    let mut world = World::new("uploads");
    world.push(&bench).await;
    let bring = async |bytes: &[u8], ahead| {
        relay.set_ahead(ahead);
        let call = creation(world.id(), bytes).field("content-type", "application/offset+octet-stream");
        let answer = bench.send(&call.body(bytes).signed_for(1, "relay.test", relay.now())).await;
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        answer.field("location").unwrap().to_owned()
    };
    let (named, unnamed, again) = (super::world::blob("named"), sealed(2_000), sealed(3_000));
    for bytes in [&named, &unnamed, &again] {
        bring(bytes, 0).await;
    }
    // What its owner takes back goes at once.
    let back = bring(&sealed(4_000), 0).await;
    assert_eq!(bench.send(&tus("DELETE", &back).signed(1)).await.status, 204);
    assert!(!bench.is_there(&blob(&sealed(4_000))));
    let mut posts = world.clone();
    posts.post(&bench, 1, super::world::case(1, &["named"], 5)).await;
    bring(&again, 23 * 3600).await;
    relay.uploads.sweep(&relay).await.unwrap();
    assert!(bench.is_there(&blob(&unnamed)));
    relay.set_ahead(24 * 3600 + 1);
    relay.uploads.sweep(&relay).await.unwrap();
    assert!(bench.is_there(&blob(&named)) && bench.is_there(&blob(&again)));
    assert!(!bench.is_there(&blob(&unnamed)));
    // It may come again.
    bring(&unnamed, 24 * 3600 + 1).await;
    assert!(bench.is_there(&blob(&unnamed)));
}

#[tokio::test]
async fn a_device_has_so_much_room() {
    let bench = Bench::with(|config| config.device_quota_bytes = 200_000).await;
    begin(&bench, &sealed(100_000)).await;
    let path = begin(&bench, &sealed(90_000)).await;
    let circle = CIRCLE.of(&bench).await;
    let answer = bench.send(&creation(circle, &sealed(70_000)).signed(1)).await;
    assert_eq!(
        (answer.status, answer.code().as_str(), &answer.json()["of"]),
        (507, "quota", &"device".into())
    );
    assert_eq!(bench.send(&tus("DELETE", &path).signed(1)).await.status, 204);
    begin(&bench, &sealed(70_000)).await;
}

/// However many ask at once, for a device or for a circle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn room_is_given_once() {
    for of in ["device", "circle"] {
        let bench = Bench::with(|config| match of {
            "device" => config.device_quota_bytes = 400_000,
            _ => config.circle_quota_bytes = 400_000,
        })
        .await;
        let circle = CIRCLE.of(&bench).await;
        let bytes: Vec<Vec<u8>> = (100_000..100_032).map(sealed).collect();
        let calls: Vec<Call> = bytes.iter().map(|bytes| creation(circle, bytes).signed(1)).collect();
        let answers = futures::future::join_all(calls.iter().map(|call| bench.send(call))).await;
        let taken = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(taken, 3, "{of}");
        let refused = answers.iter().find(|answer| answer.status != 201).unwrap();
        assert_eq!((refused.code().as_str(), &refused.json()["of"]), ("quota", &of.into()));
        // What was refused takes no room, and a sweep forgets nothing.
        bench.server.relay().uploads.sweep(bench.server.relay()).await.unwrap();
        assert_eq!(bench.send(&creation(circle, &sealed(99_000)).signed(1)).await.status, 201);
        assert_eq!(bench.send(&creation(circle, &sealed(98_000)).signed(1)).await.status, 507);
    }
}

#[tokio::test]
#[ignore = "needs a bucket: CURTAIN_TEST_BUCKET=s3://..., AWS_*"]
async fn a_bucket_keeps_what_a_folder_keeps() {
    let bucket = std::env::var("CURTAIN_TEST_BUCKET").unwrap();
    let bench = Bench::with(|config| {
        config.keys = config.keys_file();
        config.store = format!("{bucket}/{}", std::process::id());
    })
    .await;
    let store = &bench.relay().store;
    assert_eq!(store.create("a/1", "1").await.unwrap(), Created::New);
    assert_eq!(store.create("a/1", "2").await.unwrap(), Created::There);
    assert_eq!(store.get("a/1", 1).await.unwrap().unwrap(), "1");
    assert_eq!(store.names("a").await.unwrap(), ["1"]);
    assert_eq!(store.get("a/2", 1).await.unwrap(), None);
    store.delete("a/2").await.unwrap();

    let mut world = World::new("bucket");
    world.push(&bench).await;
    for length in [3_000, (17 << 20) + 7] {
        let bytes = sealed(length);
        let created = bench.send(&creation(world.id(), &bytes).signed(1)).await;
        let path = created.field("location").unwrap().to_owned();
        let middle = length / 2;
        cut(&bench, &path, 0, &bytes, middle).await;
        reaches(&bench, &path, middle).await;
        let answer = bench.send(&patch(&path, middle, &bytes[middle..]).signed(1)).await;
        assert_eq!((answer.status, answer.offset()), (204, length as u64));
        let blob = store.get(&blob(&bytes), length).await.unwrap().unwrap();
        assert_eq!(Sha256::of(&blob), Sha256::of(&bytes));
        assert_eq!(store.names(&path["/v1/".len()..]).await.unwrap(), ["done", "info"]);
    }
}
