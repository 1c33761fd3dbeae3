//! Consent logs of devices: their leaves, which say nothing of patients, details that only an officer can open, and
//! checkpoints. For officers, and for who lost a device.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State as Of};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use curtain_wire::canonical;
use curtain_wire::checkpoint::{Checkpoint, log_of};
use curtain_wire::credential::Role;
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::membership::{Circle, DeviceRecord};
use curtain_wire::note::{self, Note, Verified};
use curtain_wire::statement::PublicKey;
use serde_json::{Value, json};

use crate::Relay;
use crate::auth::{Signer, Unread};
use crate::circles::{
    self, Lines, Page, State, any_device, hex, listing, not_allowed, not_next, number, numbered, to_the_end,
};
use crate::problem::Problem;
use crate::store::Created;
use crate::witness::{count, key_of};

/// As large as a leaf may be: one that lists many copies is long.
const MAX_LEAF_BYTES: usize = 1 << 20;

/// As large as sealed details may be: a recording, padded.
const MAX_SEALED_BYTES: usize = 24 << 20;

/// Byte 0x01, what HPKE encapsulates, and its tag: no sealed details are shorter.
const MIN_SEALED_BYTES: usize = 1 + 1120 + 16;

/// As large as a checkpoint with its cosignatures may be here.
const MAX_CHECKPOINT_BYTES: usize = 64 << 10;
const _: () = assert!(MAX_CHECKPOINT_BYTES <= note::MAX_BYTES);

/// Requests about consent logs.
pub(crate) fn routes() -> Router<Arc<Relay>> {
    let limited = |most| DefaultBodyLimit::max(most);
    Router::new()
        .route("/v1/ledgers", get(ledgers))
        .route("/v1/ledgers/{log}/leaves", get(leaves))
        .route("/v1/ledgers/{log}/leaves/{n}", put(put_leaf).layer(limited(MAX_LEAF_BYTES)))
        .route("/v1/ledgers/{log}/sealed", get(sealed))
        .route(
            "/v1/ledgers/{log}/sealed/{n}",
            put(put_sealed).delete(delete_sealed).layer(limited(MAX_SEALED_BYTES)),
        )
        .route("/v1/ledgers/{log}/checkpoints", get(checkpoint))
        .route(
            "/v1/ledgers/{log}/checkpoints/{size}",
            put(put_checkpoint).layer(limited(MAX_CHECKPOINT_BYTES)),
        )
}

fn folder(log: Id, part: &str) -> String {
    format!("ledgers/{log}/{part}")
}

/// Refuses all but a listed device whose log this is.
async fn owner(relay: &Relay, log: Id, signer: &Signer) -> Result<(), Problem> {
    let key = key_of(&relay.store, log).await?.ok_or_else(Problem::not_found)?;
    let found = listing(relay, &signer.key).await?;
    let owns = |(_, state, _): &(Sha256, State, Sha256)| {
        state.members.device(&signer.key).is_some_and(|(_, standing)| standing.device.log == key)
    };
    if found.iter().any(owns) { Ok(()) } else { Err(not_allowed()) }
}

/// Refuses all but the device whose log this is, and officers of circles that list or listed it.
async fn reader(relay: &Relay, log: Id, signer: &Signer) -> Result<(), Problem> {
    if owner(relay, log, signer).await.is_ok() {
        return Ok(());
    }
    let key = key_of(&relay.store, log).await?.ok_or_else(Problem::not_found)?;
    for (_, state, _) in listing(relay, &signer.key).await? {
        let lists = |device, record: &DeviceRecord| record.device.log == key && was_here(&state, &device);
        if is_officer(&state, &signer.key)
            && state.members.circle.devices().any(|(id, record)| lists(id, record))
        {
            return Ok(());
        }
    }
    Err(not_allowed())
}

/// Whether a device signed something in a circle: an entry, a join, a header. That it is listed proves nothing, since what it
/// signed to be listed can be shown again by anybody, in a circle of their own with an officer of their own.
fn was_here(state: &State, device: &Sha256) -> bool {
    let signed = state.members.circle.device(device).is_some_and(|record| record.signed.is_some());
    signed || state.feed.next_of(device).0 > 0
}

fn is_officer(state: &State, key: &PublicKey) -> bool {
    state.members.device(key).is_some_and(|(_, standing)| standing.role == Role::Officer)
}

fn refused(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
}

async fn put_leaf(
    Of(relay): Of<Arc<Relay>>,
    Path((log, n)): Path<(String, String)>,
    request: Unread,
) -> Result<StatusCode, Problem> {
    let (log, n): (Id, u64) = (hex(&log)?, number(&n)?);
    let signer = request.signer;
    owner(&relay, log, &signer).await?;
    let body = request.body().await?;
    if !is_leaf(&body, log, n) {
        return Err(refused("leaf", "this is no leaf of this log with this number"));
    }
    relay.limits.keep(&signer.key, body.len())?;
    to_the_end(async move {
        has_leaf(&relay, log, n.checked_sub(1)).await?;
        let erased = erases(&body).filter(|erased| *erased < n);
        let status =
            put_once(&relay, log, &numbered(&folder(log, "leaves"), n), body, MAX_LEAF_BYTES).await?;
        if let Some(erased) = erased {
            // After the leaf: who does not hear the answer brings it again.
            let _ = relay.store.create(&numbered(&folder(log, "erased"), erased), n.to_string()).await?;
        }
        Ok(status)
    })
    .await
}

/// The record whose details a leaf says to be erased.
fn erases(leaf: &[u8]) -> Option<u64> {
    let leaf: Value = serde_json::from_slice(leaf).ok()?;
    if leaf["event"]["kind"] == "erase" { leaf["event"]["grant"].as_u64() } else { None }
}

/// Whether a leaf here says that the details of record `n` were erased.
async fn is_erased(relay: &Relay, log: Id, n: u64) -> Result<bool, Problem> {
    Ok(relay.store.size(&numbered(&folder(log, "erased"), n)).await?.is_some())
}

/// Refuses what needs a leaf that is not here yet.
async fn has_leaf(relay: &Relay, log: Id, n: Option<u64>) -> Result<(), Problem> {
    let Some(n) = n else { return Ok(()) };
    let leaves = folder(log, "leaves");
    match relay.store.size(&numbered(&leaves, n)).await? {
        Some(_) => Ok(()),
        None => Err(not_next(count(&relay.store, &leaves).await?)),
    }
}

/// Creates an object of a log, which may be there with the same bytes.
async fn put_once(
    relay: &Relay,
    log: Id,
    name: &str,
    bytes: Bytes,
    max: usize,
) -> Result<StatusCode, Problem> {
    if relay.store.create(name, bytes.clone()).await? == Created::New {
        return Ok(StatusCode::CREATED);
    }
    let there = relay.store.get(name, max).await?;
    if there == Some(bytes) {
        return Ok(StatusCode::OK);
    }
    Err(not_next(count(&relay.store, &folder(log, "leaves")).await?))
}

/// Whether this is canonical JSON of a leaf's form, with the names of this log and place. What it says is for those to
/// judge who know all of it.
fn is_leaf(bytes: &[u8], log: Id, n: u64) -> bool {
    let Ok(Value::Object(leaf)) = canonical::from_bytes::<Value>(bytes, MAX_LEAF_BYTES) else { return false };
    let members: Vec<&str> = leaf.keys().map(String::as_str).collect();
    let is = |name, value: Value| leaf.get(name) == Some(&value);
    let named = is("log", json!(log.to_string())) && is("n", json!(n)) && is("v", json!(1));
    members == ["at", "event", "log", "n", "v"] && named
}

async fn put_sealed(
    Of(relay): Of<Arc<Relay>>,
    Path((log, n)): Path<(String, String)>,
    request: Unread,
) -> Result<StatusCode, Problem> {
    let (log, n): (Id, u64) = (hex(&log)?, number(&n)?);
    let signer = request.signer;
    owner(&relay, log, &signer).await?;
    let body = request.body().await?;
    if body.len() < MIN_SEALED_BYTES || body[0] != canonical::Suite::BYTE {
        return Err(refused("sealed", "these are no sealed details"));
    }
    has_leaf(&relay, log, Some(n)).await?;
    let erased = || {
        let detail = "a record here says that these details were erased";
        Problem::new(StatusCode::CONFLICT, "erased", detail)
    };
    if is_erased(&relay, log, n).await? {
        return Err(erased());
    }
    relay.limits.keep(&signer.key, body.len())?;
    to_the_end(async move {
        let name = numbered(&folder(log, "sealed"), n);
        let status = put_once(&relay, log, &name, body, MAX_SEALED_BYTES).await?;
        // Who erased them meanwhile may have found nothing to delete.
        if is_erased(&relay, log, n).await? {
            relay.store.delete(&name).await?;
            return Err(erased());
        }
        Ok(status)
    })
    .await
}

/// Deletes details whose erasure stands in the log: nobody needs them any more, and nobody else may.
async fn delete_sealed(
    Of(relay): Of<Arc<Relay>>,
    Path((log, n)): Path<(String, String)>,
    signer: Signer,
) -> Result<StatusCode, Problem> {
    let (log, n): (Id, u64) = (hex(&log)?, number(&n)?);
    owner(&relay, log, &signer).await?;
    let name = numbered(&folder(log, "sealed"), n);
    if relay.store.size(&name).await?.is_none() {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "no_such_details",
            "there are no details of this record",
        ));
    }
    if is_erased(&relay, log, n).await? {
        relay.store.delete(&name).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "not_erased",
        "no record here says that these details were erased",
    ))
}

async fn put_checkpoint(
    Of(relay): Of<Arc<Relay>>,
    Path((log, size)): Path<(String, String)>,
    request: Unread,
) -> Result<StatusCode, Problem> {
    let (log, size): (Id, u64) = (hex(&log)?, number(&size)?);
    let signer = request.signer;
    owner(&relay, log, &signer).await?;
    let body = request.body().await?;
    let key = key_of(&relay.store, log).await?.ok_or_else(Problem::not_found)?;
    let note = Note::parse(&body).map_err(|error| refused("checkpoint", &error.to_string()))?;
    let checkpoint =
        Checkpoint::signed(&note, &key).map_err(|error| refused("checkpoint", &error.to_string()))?;
    if checkpoint.log != log.0 || checkpoint.size != size {
        return Err(refused("checkpoint", "this is the checkpoint of another log or size"));
    }
    if !matches!(note.verify(relay.keys.witness()), Ok(Verified::Cosigned { .. })) {
        return Err(refused("not_cosigned", "the witness here did not cosign this checkpoint"));
    }
    has_leaf(&relay, log, size.checked_sub(1)).await?;
    relay.limits.keep(&signer.key, body.len())?;
    let name = numbered(&folder(log, "checkpoints"), size);
    put_once(&relay, log, &name, body, MAX_CHECKPOINT_BYTES).await
}

async fn leaves(
    Of(relay): Of<Arc<Relay>>,
    Path(log): Path<String>,
    RawQuery(query): RawQuery,
    signer: Signer,
) -> Result<Response, Problem> {
    let (log, page): (Id, Page) = (hex(&log)?, Page::of(query.as_deref())?);
    reader(&relay, log, &signer).await?;
    let folder = folder(log, "leaves");
    let size = count(&relay.store, &folder).await?;
    let mut lines = Lines::default();
    for n in page.range(size) {
        let leaf = relay.store.get(&numbered(&folder, n), MAX_LEAF_BYTES).await?;
        if !lines.push(&leaf.ok_or_else(circles::broken_store)?) {
            break;
        }
    }
    Ok(lines.answer(size))
}

async fn sealed(
    Of(relay): Of<Arc<Relay>>,
    Path(log): Path<String>,
    RawQuery(query): RawQuery,
    signer: Signer,
) -> Result<Response, Problem> {
    let (log, page): (Id, Page) = (hex(&log)?, Page::of(query.as_deref())?);
    reader(&relay, log, &signer).await?;
    let folder = folder(log, "sealed");
    let names = relay.store.names(&folder).await?;
    let numbers = names.iter().filter_map(|name| name.parse::<u64>().ok()).filter(|n| *n >= page.from);
    let mut lines = Lines::default();
    for n in numbers.take(usize::try_from(page.limit).unwrap_or(usize::MAX)) {
        let bytes = relay.store.get(&numbered(&folder, n), MAX_SEALED_BYTES).await?;
        let sealed = STANDARD.encode(bytes.ok_or_else(circles::broken_store)?);
        if !lines.push(json!({ "n": n, "sealed": sealed }).to_string().as_bytes()) {
            break;
        }
    }
    Ok(lines.answer(names.len() as u64))
}

async fn checkpoint(
    Of(relay): Of<Arc<Relay>>,
    Path(log): Path<String>,
    signer: Signer,
) -> Result<Response, Problem> {
    let log: Id = hex(&log)?;
    reader(&relay, log, &signer).await?;
    let folder = folder(log, "checkpoints");
    let names = relay.store.names(&folder).await?;
    let last = names.last().ok_or_else(Problem::not_found)?;
    let note = relay.store.get(&format!("{folder}/{last}"), MAX_CHECKPOINT_BYTES).await?;
    let note = note.ok_or_else(circles::broken_store)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response())
}

async fn ledgers(Of(relay): Of<Arc<Relay>>, signer: Signer) -> Result<Response, Problem> {
    let mut logs = BTreeMap::new();
    for (id, state, own) in any_device(&relay, &signer.key).await? {
        let circle = &state.members.circle;
        if is_officer(&state, &signer.key) {
            let devices =
                circle.devices().map(|(device, _)| device).filter(|device| was_here(&state, device));
            logs.extend(devices.filter_map(|device| Some(((id, device), log(circle, id, device)?))));
        } else if let Some(found) = log(circle, id, own) {
            logs.insert((id, own), found);
        }
    }
    let logs: Vec<Value> = logs.into_values().collect();
    Ok(circles::json(StatusCode::OK, &json!({ "logs": logs })))
}

/// A line on the log of a device.
fn log(circle: &Circle, id: Sha256, device: Sha256) -> Option<Value> {
    let record = circle.device(&device)?;
    let log = log_of(record.device.log.name()).map(Id)?;
    Some(json!({
        "circle": id.to_string(),
        "device": device.to_string(),
        "key": record.device.log.to_string(),
        "log": log.to_string(),
        "user": record.user.to_string(),
    }))
}
