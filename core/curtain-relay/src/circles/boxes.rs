//! Requests about box sets: epoch secrets and user keys, sealed to many; and about the keys that they are sealed to.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State as Of};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use bytes::Bytes;
use curtain_wire::boxes::{BoxSet, BoxesHead, KemKey, MAX_BOXES, RECORD_BYTES};
use curtain_wire::canonical;
use curtain_wire::hash::Sha256;

use super::{Access, State, any_device, computed, hex, number};
use crate::Relay;
use crate::auth::{SignedBody, Signer, Unread};
use crate::problem::Problem;
use crate::store::Created;

/// As large as a box set may be: byte 0x01 and its records.
const MAX_SET_BYTES: usize = 1 + 10_000 * RECORD_BYTES;
const _: () = assert!(MAX_BOXES == 10_000);

/// The most boxes in a keyring: one for each device of a user.
const MAX_KEYRING: usize = curtain_wire::membership::MAX_DEVICES;

/// As large as a keyring may be.
const MAX_KEYRING_BYTES: usize = 1 + MAX_KEYRING * RECORD_BYTES;

/// Requests about boxes and keys.
pub(super) fn routes() -> Router<Arc<Relay>> {
    let limited = |most| DefaultBodyLimit::max(most);
    Router::new()
        .route(
            "/v1/circles/{circle}/boxes/{epoch}",
            put(put_boxes).layer(limited(MAX_SET_BYTES)).get(get_boxes),
        )
        .route("/v1/circles/{circle}/boxes/{epoch}/{recipient}", get(get_box))
        .route(
            "/v1/circles/{circle}/keyrings/{root}",
            put(put_keyring).layer(limited(MAX_KEYRING_BYTES)).get(get_keyring),
        )
        .route("/v1/keys/{sha256}", put(put_key).layer(limited(KemKey::BYTES)).get(get_key))
}

fn boxes_name(circle: Sha256, epoch: u64) -> String {
    format!("circles/{circle}/boxes/{epoch:012}")
}

fn keyring_name(circle: Sha256, root: Sha256) -> String {
    format!("circles/{circle}/keyrings/{root}")
}

/// What the log says of an epoch's boxes.
fn boxes_of(state: &State, epoch: u64) -> Result<BoxesHead, Problem> {
    let place = usize::try_from(epoch).unwrap_or(usize::MAX);
    let epoch = state.members.circle.epochs().get(place);
    epoch.map(|epoch| epoch.boxes).ok_or_else(Problem::not_found)
}

/// Creates an object that follows from its name.
async fn create(relay: &Relay, signer: &Signer, name: &str, bytes: Bytes) -> Result<StatusCode, Problem> {
    relay.limits.keep(&signer.key, bytes.len())?;
    Ok(match relay.store.create(name, bytes).await? {
        Created::New => StatusCode::CREATED,
        Created::There => StatusCode::OK,
    })
}

/// An object that never changes.
async fn bytes(relay: &Relay, name: &str, max: usize) -> Result<Response, Problem> {
    let bytes = relay.store.get(name, max).await?.ok_or_else(Problem::not_found)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

async fn put_boxes(
    Of(relay): Of<Arc<Relay>>,
    Path((circle, epoch)): Path<(String, String)>,
    request: Unread,
) -> Result<StatusCode, Problem> {
    let (circle, epoch, signer) = (hex(&circle)?, number(&epoch)?, request.signer);
    let state = relay.circles.access(&relay, circle, &signer, Access::Device).await?;
    let head = boxes_of(&state, epoch)?;
    let body = request.body().await?;
    let bytes = body.clone();
    set(move || BoxSet::parse(bytes.to_vec(), &head)).await?;
    create(&relay, &signer, &boxes_name(circle, epoch), body).await
}

/// A box set, read where it holds up nobody.
async fn set(
    read: impl FnOnce() -> Result<BoxSet, curtain_wire::boxes::BoxError> + Send + 'static,
) -> Result<BoxSet, Problem> {
    let refused = |error: curtain_wire::boxes::BoxError| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.code(), error)
    };
    computed(read).await?.map_err(refused)
}

async fn get_boxes(
    Of(relay): Of<Arc<Relay>>,
    Path((circle, epoch)): Path<(String, String)>,
    signer: Signer,
) -> Result<Response, Problem> {
    let (circle, epoch) = (hex(&circle)?, number(&epoch)?);
    relay.circles.access(&relay, circle, &signer, Access::Device).await?;
    bytes(&relay, &boxes_name(circle, epoch), MAX_SET_BYTES).await
}

async fn get_box(
    Of(relay): Of<Arc<Relay>>,
    Path((circle, epoch, recipient)): Path<(String, String, String)>,
    signer: Signer,
) -> Result<Response, Problem> {
    let (circle, epoch, recipient) = (hex(&circle)?, number(&epoch)?, hex(&recipient)?);
    let state = relay.circles.access(&relay, circle, &signer, Access::Device).await?;
    let head = boxes_of(&state, epoch)?;
    let stored = relay.store.get(&boxes_name(circle, epoch), MAX_SET_BYTES).await?;
    let stored = stored.ok_or_else(Problem::not_found)?;
    let set = set(move || BoxSet::parse(stored.to_vec(), &head)).await?;
    let one = computed(move || set.one(&recipient)).await?.ok_or_else(Problem::not_found)?;
    state.members.came(&relay.store, &signer.key).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], canonical::to_bytes(&one)).into_response())
}

async fn put_keyring(
    Of(relay): Of<Arc<Relay>>,
    Path((circle, root)): Path<(String, String)>,
    request: Unread,
) -> Result<StatusCode, Problem> {
    let (circle, root, signer) = (hex(&circle)?, hex(&root)?, request.signer);
    // Who creates a circle brings their keyring before the entry that does.
    if relay.circles.plain(&relay.store, circle).await?.is_some() {
        relay.circles.access(&relay, circle, &signer, Access::Device).await?;
    }
    let body = request.body().await?;
    let count = (body.len().saturating_sub(1) / RECORD_BYTES) as u64;
    let bytes = body.clone();
    set(move || BoxSet::parse(bytes.to_vec(), &BoxesHead { count, root })).await?;
    create(&relay, &signer, &keyring_name(circle, root), body).await
}

async fn get_keyring(
    Of(relay): Of<Arc<Relay>>,
    Path((circle, root)): Path<(String, String)>,
    signer: Signer,
) -> Result<Response, Problem> {
    let (circle, root) = (hex(&circle)?, hex(&root)?);
    relay.circles.access(&relay, circle, &signer, Access::Device).await?;
    bytes(&relay, &keyring_name(circle, root), MAX_KEYRING_BYTES).await
}

/// Anybody's signature does: who creates a circle, which is open to all, is listed nowhere before.
async fn put_key(
    Of(relay): Of<Arc<Relay>>,
    Path(sha256): Path<String>,
    SignedBody { signer, body }: SignedBody,
) -> Result<StatusCode, Problem> {
    let sha256: Sha256 = hex(&sha256)?;
    let refused = |error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_key", error);
    let key = KemKey::from_bytes(&body).map_err(refused)?;
    if key.recipient() != sha256 {
        let detail = "these are the bytes of another key";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "other_key", detail));
    }
    create(&relay, &signer, &format!("keys/{sha256}"), body).await
}

async fn get_key(
    Of(relay): Of<Arc<Relay>>,
    Path(sha256): Path<String>,
    signer: Signer,
) -> Result<Response, Problem> {
    let sha256: Sha256 = hex(&sha256)?;
    any_device(&relay, &signer.key).await?;
    bytes(&relay, &format!("keys/{sha256}"), KemKey::BYTES).await
}
