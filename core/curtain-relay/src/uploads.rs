//! Sealed files on their way here: tus 1.0 (`tus.io/protocols/resumable-upload`). What arrived of a request is kept in
//! parts that are created once, so that any relay over the store knows how far an upload is.

mod finish;
mod parts;
mod tus;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::request::RequestError;
use curtain_wire::statement::PublicKey;
use curtain_wire::time::UnixTime;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::Relay;
use crate::auth::{SignedHead, Signer, too_large};
use crate::circles::Access;
use crate::config::Config;
use crate::going::Going;
use crate::problem::Problem;
use crate::store::Created;
use parts::Arrival;
use tus::Tus;

/// How long an upload may take, in seconds.
const LIFE_S: i64 = 24 * 3600;

/// The largest `info`.
const MAX_INFO_BYTES: usize = 1 << 10;

/// What an upload counts at least against a device's quota, so that many small ones count too.
const MIN_COUNTED: u64 = 64 << 10;

/// What an upload is for; `uploads/<id>/info`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Info {
    /// When it was created.
    at: UnixTime,
    circle: Sha256,
    /// Who created it.
    key: PublicKey,
    length: u64,
    /// The hash that all of it must have.
    sha256: Sha256,
}

impl Info {
    fn expires(&self) -> i64 {
        self.at.seconds() + LIFE_S
    }
}

/// One upload.
#[derive(Clone, Debug)]
struct Upload {
    id: Id,
    info: Info,
}

impl Upload {
    fn folder(&self) -> String {
        folder(self.id)
    }
}

fn folder(id: Id) -> String {
    format!("uploads/{id}")
}

/// Uploads that this relay knows of: those of the store since the last sweep, and its own. Counts for quotas.
#[derive(Debug)]
pub(crate) struct Uploads {
    known: Mutex<HashMap<Id, Info>>,
    /// How many bodies are being kept.
    arriving: watch::Sender<usize>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { known: Mutex::default(), arriving: watch::Sender::new(0) }
    }
}

impl Uploads {
    /// Counts an upload, if there is room for it besides `named` bytes in its circle and what else came in the last day. Of
    /// two that ask at once, the second one finds the first.
    fn reserve(&self, upload: &Upload, named: u64, config: &Config) -> Result<(), Problem> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = |which: &dyn Fn(&Info) -> bool| {
            let others = known.iter().filter(|(id, info)| **id != upload.id && which(info));
            let counted = others.map(|(_, info)| info).chain([&upload.info]);
            counted.map(|info| info.length.max(MIN_COUNTED)).fold(0, u64::saturating_add)
        };
        let of_device = sum(&|info| info.key == upload.info.key);
        // What is named already counts twice until its upload expires.
        let of_circle = sum(&|info| info.circle == upload.info.circle).saturating_add(named);
        if of_device > config.device_quota_bytes {
            return Err(Problem::quota("device"));
        }
        if of_circle > config.circle_quota_bytes {
            return Err(Problem::quota("circle"));
        }
        known.insert(upload.id, upload.info.clone());
        Ok(())
    }

    fn learn(&self, upload: &Upload) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(upload.id, upload.info.clone());
    }

    fn forget(&self, id: Id) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Waits until what has arrived is kept, but not longer than `time`.
    pub(crate) async fn settled(&self, time: Duration) {
        let mut arriving = self.arriving.subscribe();
        // Whatever is left is given up.
        let _ = tokio::time::timeout(time, arriving.wait_for(|n| *n == 0)).await;
    }

    /// Whether an upload that has not expired brings this blob.
    fn brings(&self, blob: Sha256, now: UnixTime) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().any(|info| info.sha256 == blob && info.expires() > now.seconds())
    }

    /// Removes what has expired, and finishes what a crash left unfinished.
    pub(crate) async fn sweep(&self, relay: &Arc<Relay>) -> Result<(), Problem> {
        let (mut known, mut expired) = (HashMap::new(), Vec::new());
        let began = relay.now();
        let mut open = 0;
        for name in relay.store.names("uploads").await? {
            let Ok(id) = name.parse() else { continue };
            let Some(info) = read(relay, id).await? else {
                // What another request is creating has its `info` before anything else.
                remove(relay, id).await?;
                continue;
            };
            let upload = Upload { id, info };
            if upload.info.expires() <= relay.now().seconds() {
                expired.push(upload);
                continue;
            }
            let progress = parts::progress(relay, &upload).await?;
            open += i64::from(!progress.is_done);
            if progress.is_whole(&upload) && finish::finish(relay, &upload, progress).await.is_err() {
                // Its client hears of it; the others go on.
                continue;
            }
            known.insert(id, upload.info);
        }
        relay.metrics.uploads_open.store(open, std::sync::atomic::Ordering::Relaxed);
        {
            let mut kept = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            // What came meanwhile counts as well.
            let late = kept.drain().filter(|(_, info)| info.at >= began);
            known.extend(late);
            *kept = known;
        }
        let mut result = Ok(());
        for upload in expired {
            // One that a header may be about to name is asked about again, and one that fails holds up no other.
            result = result.and(leave(relay, &upload).await.map(|_| ()));
        }
        result
    }
}

/// Requests about uploads.
pub(crate) fn routes() -> Router<Arc<Relay>> {
    Router::new()
        .route("/v1/circles/{circle}/uploads", post(create).options(options))
        .route("/v1/uploads/{id}", axum::routing::head(tell).patch(append).delete(terminate).options(options))
}

async fn options(State(relay): State<Arc<Relay>>) -> Response {
    tus::capabilities(relay.config.max_blob_bytes)
}

/// Creation, with upload.
async fn create(
    State(relay): State<Arc<Relay>>,
    Path(circle): Path<String>,
    _: Tus,
    head: SignedHead,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let circle: Sha256 = circle.parse().map_err(|_| Problem::not_found())?;
    relay.circles.access(&relay, circle, &head.signer, Access::Device).await?;
    let length = tus::length(&headers)?;
    if length > relay.config.max_blob_bytes {
        return Err(too_large());
    }
    let sha256 = tus::sha256(&headers)?;
    let brings = headers.contains_key(header::CONTENT_TYPE);
    if brings {
        tus::check_type(&headers)?;
    }
    finish::refuse_gone(&relay, sha256).await?;

    let info = Info { at: relay.now(), circle, key: head.signer.key, length, sha256 };
    let upload = begin(&relay, info, &headers).await?;
    let mut progress = parts::progress(&relay, &upload).await?;
    if !progress.is_done && is_here(&relay, &upload).await? {
        finish::mark_done(&relay, &upload).await?;
        progress.is_done = true;
    }
    let mut offset = progress.offset(&upload);
    if brings && !progress.is_done && offset == 0 {
        offset = arrive(&relay, &upload, head, 0, &headers, body).await?;
    }
    let response = tus::answer(StatusCode::CREATED, offset, Some(upload.info.expires()));
    let location = format!("/v1/uploads/{}", upload.id);
    Ok(([(header::LOCATION, location)], response).into_response())
}

/// Makes the upload; the same request again finds the same one. Its fields are not signed, so they are looked at too.
async fn begin(relay: &Relay, info: Info, headers: &HeaderMap) -> Result<Upload, Problem> {
    let signature = headers.get("signature").map_or(&[][..], |value| value.as_bytes());
    let named = format!("upload\n{}\n{}\n", info.sha256, info.length);
    let hash = Sha256::of(&[named.as_bytes(), signature].concat());
    let id = Id(*hash.0.first_chunk().expect("a hash is longer than an id"));
    if let Some(info) = read(relay, id).await? {
        return Ok(Upload { id, info });
    }
    let named = relay.circles.named_bytes(relay, info.circle).await?;
    let upload = Upload { id, info };
    relay.uploads.reserve(&upload, named, &relay.config)?;
    let bytes = serde_json::to_vec(&upload.info).expect("an info has only plain members");
    match relay.store.create(&format!("{}/info", upload.folder()), bytes).await {
        Ok(Created::New) => {}
        Ok(Created::There) => {
            let info = read(relay, id).await?.ok_or_else(Problem::not_found)?;
            return Ok(Upload { id, info });
        }
        Err(error) => {
            relay.uploads.forget(id);
            return Err(error.into());
        }
    }
    relay.metrics.uploads_open.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Ok(upload)
}

/// Whether the blob came in another upload before.
async fn is_here(relay: &Relay, upload: &Upload) -> Result<bool, Problem> {
    match relay.store.size(&format!("blobs/{}", upload.info.sha256)).await? {
        None => Ok(false),
        Some(size) if size == upload.info.length => Ok(true),
        Some(_) => {
            remove(relay, upload.id).await?;
            Err(finish::other_bytes())
        }
    }
}

/// How far it is.
async fn tell(
    State(relay): State<Arc<Relay>>,
    Path(id): Path<String>,
    _: Tus,
    signer: Signer,
) -> Result<Response, Problem> {
    let upload = find(&relay, &id, &signer).await?;
    let offset = reach(&relay, &upload).await?;
    let mut response = tus::answer(StatusCode::OK, offset, Some(upload.info.expires()));
    tus::describe(response.headers_mut(), upload.info.length, upload.info.sha256);
    Ok(response)
}

/// The next bytes.
async fn append(
    State(relay): State<Arc<Relay>>,
    Path(id): Path<String>,
    _: Tus,
    head: SignedHead,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    tus::check_type(&headers)?;
    let from = tus::offset(&headers)?;
    let upload = find(&relay, &id, &head.signer).await?;
    let offset = reach(&relay, &upload).await?;
    if from != offset {
        return Err(tus::other_offset().with("offset", offset));
    }
    let offset = if offset == upload.info.length {
        offset
    } else {
        arrive(&relay, &upload, head, from, &headers, body).await?
    };
    Ok(tus::answer(StatusCode::NO_CONTENT, offset, Some(upload.info.expires())))
}

/// Takes it back.
async fn terminate(
    State(relay): State<Arc<Relay>>,
    Path(id): Path<String>,
    _: Tus,
    signer: Signer,
) -> Result<Response, Problem> {
    let upload = find(&relay, &id, &signer).await?;
    relay.uploads.forget(upload.id);
    if leave(&relay, &upload).await? == Left::Stays {
        relay.uploads.learn(&upload);
        let detail = "a header may be about to name what this brought; try again later";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail));
    }
    Ok((StatusCode::NO_CONTENT, [("tus-resumable", tus::VERSION)]).into_response())
}

/// Keeps what the body brings; finishes the upload if that was all. Goes on when the client is gone.
async fn arrive(
    relay: &Arc<Relay>,
    upload: &Upload,
    head: SignedHead,
    from: u64,
    headers: &HeaderMap,
    body: Body,
) -> Result<u64, Problem> {
    let checksum = tus::checksum(headers)?;
    let room = (upload.info.length - from).min(relay.config.max_patch_bytes);
    if tus::content_length(headers).is_some_and(|length| length > room) {
        return Err(too_large());
    }
    if head.digest.is_none()
        && tus::content_length(headers) != Some(0)
        && !http_body::Body::is_end_stream(&body)
    {
        return Err(RequestError::NoDigest.into());
    }
    let arrival = Arrival { upload: upload.clone(), from, room, digest: head.digest, checksum };
    let (relay, counted) = (relay.clone(), Arriving::new(relay));
    let keep = async move {
        let _counted = counted;
        let offset = parts::keep(&relay, &arrival, body).await?;
        if offset == arrival.upload.info.length {
            let progress = parts::progress(&relay, &arrival.upload).await?;
            finish::finish(&relay, &arrival.upload, progress).await?;
        }
        Ok(offset)
    };
    tokio::spawn(keep).await.unwrap_or_else(|_| Err(cannot_go_on()))
}

/// How far the upload is; finishes it if a crash kept that from being done.
async fn reach(relay: &Arc<Relay>, upload: &Upload) -> Result<u64, Problem> {
    let progress = parts::progress(relay, upload).await?;
    let offset = progress.offset(upload);
    if progress.is_whole(upload) {
        let (relay, upload, counted) = (relay.clone(), upload.clone(), Arriving::new(relay));
        let finish = async move {
            let _counted = counted;
            finish::finish(&relay, &upload, progress).await
        };
        tokio::spawn(finish).await.unwrap_or_else(|_| Err(cannot_go_on()))?;
    }
    Ok(offset)
}

fn cannot_go_on() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "draining", "the relay is about to stop")
}

/// The upload, for who created it and is still listed.
async fn find(relay: &Relay, id: &str, signer: &Signer) -> Result<Upload, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let info = read(relay, id).await?.filter(|info| info.key == signer.key).ok_or_else(Problem::not_found)?;
    relay.circles.access(relay, info.circle, signer, Access::Device).await?;
    if info.expires() <= relay.now().seconds() {
        return Err(Problem::new(StatusCode::GONE, "expired", "the upload took too long; begin again"));
    }
    Ok(Upload { id, info })
}

async fn read(relay: &Relay, id: Id) -> Result<Option<Info>, Problem> {
    let bytes = relay.store.get(&format!("{}/info", folder(id)), MAX_INFO_BYTES).await?;
    // What is not ours to read is as good as nothing, and is swept.
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// What became of an upload that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Gone,
    /// A header that may name what it brought is on its way.
    Stays,
}

/// Removes an upload, and what it brought, unless a header named that or another upload brings it too: nobody reads it, and
/// nobody would ever delete it.
async fn leave(relay: &Relay, upload: &Upload) -> Result<Left, Problem> {
    let blob = upload.info.sha256;
    let is_here = relay.store.size(&format!("blobs/{blob}")).await?.is_some();
    if is_here && !relay.uploads.brings(blob, relay.now()) {
        let going = Going::mark(relay, blob).await?;
        match relay.circles.is_named(relay, blob).await {
            Ok(Some(false)) => going.goes(relay).await?,
            Ok(Some(true)) => going.stays(&relay.store).await?,
            in_doubt => {
                going.stays(&relay.store).await?;
                return in_doubt.map(|_| Left::Stays);
            }
        }
    }
    remove(relay, upload.id).await?;
    Ok(Left::Gone)
}

/// Removes all of an upload: first what makes it one.
async fn remove(relay: &Relay, id: Id) -> Result<(), Problem> {
    let folder = folder(id);
    relay.store.delete(&format!("{folder}/info")).await?;
    for name in relay.store.names(&folder).await? {
        relay.store.delete(&format!("{folder}/{name}")).await?;
    }
    relay.store.remove_folder(&folder);
    relay.uploads.forget(id);
    Ok(())
}

/// A body that is being kept, until dropped.
struct Arriving(Arc<Relay>);

impl Arriving {
    fn new(relay: &Arc<Relay>) -> Self {
        relay.uploads.arriving.send_modify(|n| *n += 1);
        Self(relay.clone())
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.0.uploads.arriving.send_modify(|n| *n -= 1);
    }
}
