//! A witness (`c2sp.org/tlog-witness`): cosigns the state of a log if it goes on from the last one that it cosigned, and
//! never an older one. It does so for consent logs of devices, for the logs that the operator named, and for the relay's own
//! logs of circles.
//!
//! What was cosigned lies in the store, a note each, in order. The next one is there before its cosignature is made and given
//! out; of two relays that race, only one creates it.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State as Of};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use curtain_wire::checkpoint::log_of;
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::head::LogHead;
use curtain_wire::note::{self, Note, Signature, Verified, VerifierKey};
use curtain_wire::tree::{Hash, verify_consistency};

use crate::Relay;
use crate::auth;
use crate::circles::{broken_store, computed, listings, numbered, text};
use crate::problem::Problem;
use crate::store::{Created, Store, StoreError};

/// As many hashes as a consistency proof may have. [tlog-witness, add-checkpoint]
const MAX_PROOF: usize = 63;

/// The line with the old size, the proof, and a note.
const MAX_BODY_BYTES: usize = 64 << 10;

/// The most circles that are looked into for a log's device.
const MAX_LISTINGS: usize = 64;

/// Requests to the witness.
pub(crate) fn routes() -> Router<Arc<Relay>> {
    let limit = DefaultBodyLimit::max(MAX_BODY_BYTES);
    Router::new().route("/v1/witness/add-checkpoint", post(add_checkpoint).layer(limit))
}

/// What a checkpoint says, of any log. [tlog-checkpoint]
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    origin: String,
    size: u64,
    root: Hash,
}

impl Seen {
    /// Reads the first three lines; what extends them is cosigned with them.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let size = decimal(size)?;
        let root = Hash::from_base64(root)?;
        let empty = (size == 0) == (root == Hash::empty_root());
        (!origin.is_empty() && empty).then(|| Self { origin: origin.to_owned(), size, root })
    }

    /// Where the states of this log lie.
    fn folder(&self) -> String {
        format!("witness/{}", Sha256::of(self.origin.as_bytes()))
    }
}

fn decimal(text: &str) -> Option<u64> {
    let shortest = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    (shortest && digits).then(|| text.parse().ok()).flatten()
}

/// What somebody asks to be cosigned.
#[derive(Debug)]
struct Asked {
    old: u64,
    proof: Vec<Hash>,
    note: Note,
    seen: Seen,
}

impl Asked {
    /// Reads the body of a request. [tlog-witness, add-checkpoint]
    fn parse(body: &[u8]) -> Option<Self> {
        let text = str::from_utf8(body).ok()?;
        let (before, note) = text.split_once("\n\n")?;
        let mut lines = before.split('\n');
        let old = decimal(lines.next()?.strip_prefix("old ")?)?;
        let proof: Option<Vec<Hash>> = lines.map(Hash::from_base64).collect();
        let proof = proof.filter(|proof| proof.len() <= MAX_PROOF)?;
        let note = Note::parse(note.as_bytes()).ok()?;
        let seen = Seen::parse(note.text())?;
        Some(Self { old, proof, note, seen })
    }
}

async fn add_checkpoint(
    Of(relay): Of<Arc<Relay>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(auth::unread)?;
    let bad = |detail| Problem::new(StatusCode::BAD_REQUEST, "add_checkpoint", detail);
    let asked = Asked::parse(&body)
        .ok_or_else(|| bad("this is not the old size, a proof, an empty line and a signed checkpoint"))?;
    let keys = keys_of(&relay, &asked.seen.origin).await?;
    if keys.is_empty() {
        let detail = "this log is not witnessed here";
        return Err(Problem::new(StatusCode::NOT_FOUND, "unknown_log", detail));
    }
    if !keys.iter().any(|key| asked.note.verify(key) == Ok(Verified::Signed)) {
        let detail = "the log did not sign this checkpoint";
        return Err(Problem::new(StatusCode::FORBIDDEN, "not_signed", detail));
    }
    if asked.old > asked.seen.size {
        return Err(bad("the old size is larger than the checkpoint's"));
    }
    cosign(&relay, &asked).await
}

/// The keys of a log, if it is witnessed here.
async fn keys_of(relay: &Relay, origin: &str) -> Result<Vec<VerifierKey>, Problem> {
    let named = relay.config.witness_logs.iter().filter(|key| key.name() == origin);
    let mut keys: Vec<VerifierKey> = named.cloned().collect();
    if let Some(log) = log_of(origin).map(Id) {
        keys.extend(listed(relay, log).await?);
    }
    Ok(keys)
}

/// The key of a device's log: the first one that was listed under this name.
pub(crate) async fn key_of(store: &Store, log: Id) -> Result<Option<VerifierKey>, StoreError> {
    let text = store.get(&format!("ledgers/{log}/key"), 256).await?;
    Ok(text.and_then(|text| str::from_utf8(&text).ok()?.parse().ok()))
}

/// The key of a log, if a circle lists a device with it now.
async fn listed(relay: &Relay, log: Id) -> Result<Option<VerifierKey>, Problem> {
    let Some(key) = key_of(&relay.store, log).await? else { return Ok(None) };
    let listings = listings(&relay.store, log, &key).await?;
    for (circle, request) in listings.into_iter().take(MAX_LISTINGS) {
        let Ok(state) = relay.circles.state(relay, circle).await else { continue };
        if state.members.device(&request).is_some_and(|(_, standing)| standing.device.log == key) {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// Cosigns a checkpoint that its log signed, if it goes on from the last one.
async fn cosign(relay: &Relay, asked: &Asked) -> Result<Response, Problem> {
    let (seen, folder) = (&asked.seen, asked.seen.folder());
    loop {
        let (n, last) = last(&relay.store, &folder).await?;
        let (size, root) = last.map_or((0, Hash::empty_root()), |last| (last.size, last.root));
        // The same size with another root is a fork, and an old one with another size is of another time.
        if asked.old != size || (seen.size == size && seen.root != root) {
            return Ok(conflict(size));
        }
        if let Err(error) = verify_consistency(size, root, seen.size, seen.root, &asked.proof) {
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "proof", error));
        }
        let mut next = n;
        if seen.size > size || n == 0 {
            if keep(relay, &folder, n, asked.note.text()).await? == Created::There {
                continue;
            }
            next += 1;
        }
        if let Some(signature) = stamp(relay, &folder, next, asked.note.text()).await? {
            return Ok(text(format!("{signature}\n")));
        }
    }
}

/// Keeps a state as number `n` of its log, unless another one has that number.
async fn keep(relay: &Relay, folder: &str, n: u64, text: &str) -> Result<Created, Problem> {
    let signature = relay.keys.cosign(text, relay.now());
    let note = Note::new(text.to_owned(), vec![signature]).map_err(|_| broken_store())?;
    Ok(relay.store.create(&numbered(folder, n), note.to_string()).await?)
}

/// Cosigns a state that is kept, if it is still the last one: `next` is the number that none has yet. The time is taken
/// before that is asked, and that of a state that comes later after it is kept: so none gets a time after that of a larger
/// one.
pub(crate) async fn stamp(
    relay: &Relay,
    folder: &str,
    next: u64,
    text: &str,
) -> Result<Option<Signature>, Problem> {
    let signature = relay.keys.cosign(text, relay.now());
    let is_last = relay.store.size(&numbered(folder, next)).await?.is_none();
    Ok(is_last.then_some(signature))
}

/// The size that the witness knows. [tlog-witness, add-checkpoint]
fn conflict(size: u64) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/x.tlog.size")];
    (StatusCode::CONFLICT, kind, format!("{size}\n")).into_response()
}

/// The number of the next state in a folder of them, and the last state.
async fn last(store: &Store, folder: &str) -> Result<(u64, Option<Seen>), Problem> {
    let next = count(store, folder).await?;
    let Some(n) = next.checked_sub(1) else { return Ok((0, None)) };
    let bytes = store.get(&numbered(folder, n), note::MAX_BYTES).await?.ok_or_else(broken_store)?;
    let note = Note::parse(&bytes).map_err(|_| broken_store())?;
    Ok((next, Some(Seen::parse(note.text()).ok_or_else(broken_store)?)))
}

/// How many objects there are in a folder whose objects are numbered without gaps: few questions for many objects.
pub(crate) async fn count(store: &Store, folder: &str) -> Result<u64, StoreError> {
    let mut ahead = 1;
    let mut known = 0;
    while store.size(&numbered(folder, known + ahead - 1)).await?.is_some() {
        known += ahead;
        ahead *= 2;
    }
    while ahead > 1 {
        ahead /= 2;
        if store.size(&numbered(folder, known + ahead - 1)).await?.is_some() {
            known += ahead;
        }
    }
    Ok(known)
}

/// The head of a circle's log as a note: signed by the relay, and cosigned now. `root_at` gives the roots that the log had
/// before.
pub(crate) async fn cosigned_head(
    relay: &Relay,
    head: LogHead,
    root_at: impl Fn(u64) -> Option<Hash> + Send + Sync + 'static,
) -> Result<String, Problem> {
    let text = head.to_string();
    let seen = Seen::parse(&text).ok_or_else(broken_store)?;
    let (folder, root_at) = (seen.folder(), Arc::new(root_at));
    loop {
        let (n, last) = last(&relay.store, &folder).await?;
        let grows = last.as_ref().is_none_or(|last| last.size < seen.size);
        if let Some(last) = last {
            if last.size > seen.size {
                // Another relay has cosigned a state that this one has not read yet, or entries are gone.
                let detail = "the log has grown while its head was made: ask again";
                return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "head_behind", detail));
            }
            let root_at = Arc::clone(&root_at);
            if computed(move || root_at(last.size)).await? != Some(last.root) {
                return Err(broken_store());
            }
        }
        let mut next = n;
        if grows {
            if keep(relay, &folder, n, &text).await? == Created::There {
                continue;
            }
            next += 1;
        }
        let Some(cosignature) = stamp(relay, &folder, next, &text).await? else { continue };
        let signatures = vec![relay.keys.sign_note(&text), cosignature];
        return Ok(Note::new(text, signatures).map_err(|_| broken_store())?.to_string());
    }
}
