//! Requests about a circle's membership log, and about the circles of a device.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State as Of};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use bytes::Bytes;
use curtain_wire::hash::Sha256;
use curtain_wire::membership::{Change, Circle, Entry, MembershipError};
use curtain_wire::statement::{PublicKey, Signed, Statement as _};
use curtain_wire::tree::{Hash, TreeError};
use serde_json::json;

use super::load::Log;
use super::{
    Access, Lines, Members, Page, Slot, State, computed, hex, index, lines, listing, load, no_such_circle,
    not_allowed, not_next, number, numbered, text, to_the_end,
};
use crate::auth::{SignedBody, Signer};
use crate::problem::Problem;
use crate::{Relay, witness};

/// How far after now an entry may say that it was made, in seconds.
const MAX_AHEAD_S: i64 = 300;

/// How often the store is asked whether another relay put something there.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Requests about membership logs.
pub(super) fn routes() -> Router<Arc<Relay>> {
    Router::new()
        .route("/v1/circles", get(circles))
        .route("/v1/circles/{circle}/members", get(list))
        .route("/v1/circles/{circle}/members/head", get(head))
        .route("/v1/circles/{circle}/members/consistency", get(consistency))
        .route("/v1/circles/{circle}/members/{n}", put(append).layer(DefaultBodyLimit::max(Entry::MAX_BYTES)))
}

async fn circles(Of(relay): Of<Arc<Relay>>, signer: Signer) -> Result<Response, Problem> {
    let found = listing(&relay, &signer.key).await?;
    let ids: Vec<String> = found.iter().map(|(id, ..)| id.to_string()).collect();
    Ok(lines::json(StatusCode::OK, &json!({ "circles": ids })))
}

async fn append(
    Of(relay): Of<Arc<Relay>>,
    Path((circle, n)): Path<(String, String)>,
    SignedBody { signer, body }: SignedBody,
) -> Result<StatusCode, Problem> {
    let (circle, n) = (hex(&circle)?, number(&n)?);
    to_the_end(async move { append_entry(&relay, circle, n, signer.key, body).await }).await
}

/// Puts entry `n` into the log: 201, or 200 if it is there.
async fn append_entry(
    relay: &Relay,
    id: Sha256,
    n: u64,
    key: PublicKey,
    bytes: Bytes,
) -> Result<StatusCode, Problem> {
    // A circle that is not here takes nobody's place in memory.
    let kept = match relay.circles.found(&relay.store, id).await? {
        Some(kept) => kept,
        None if n > 0 => return Err(no_such_circle()),
        None => relay.circles.kept_aside(id),
    };
    let mut slot = kept.slot.lock().await;
    loop {
        kept.look(&relay.store, &mut slot).await?;
        let new = match &slot.state {
            None if n > 0 => return Err(no_such_circle()),
            None => created(relay, id, key, bytes.clone()).await?,
            Some(state) => {
                let size = state.members.circle.size();
                if n < size {
                    return there(relay, id, state, n, key, &bytes).await;
                }
                if n > size {
                    return Err(not_next(size));
                }
                let members = Arc::clone(&state.members);
                let (bytes, now) = (bytes.clone(), relay.now());
                let members = computed(move || next(&members, key, &bytes, now)).await??;
                State { members: Arc::new(members), ..state.clone() }
            }
        };
        // Nothing stands in the way of who lets somebody go.
        if !matches!(parsed(&bytes)?.change, Change::Remove { .. } | Change::Revoke { .. }) {
            relay.limits.keep(&key, bytes.len())?;
        }
        match relay.store.create(&numbered(&Log::Members.folder(id), n), bytes.clone()).await? {
            crate::store::Created::New => {
                let members = Arc::clone(&new.members);
                take(&kept, &mut slot, new);
                lead_to(relay, &members, key, &bytes).await?;
                return Ok(StatusCode::CREATED);
            }
            // Another relay was first: what it put there says what comes next.
            crate::store::Created::There => {}
        }
    }
}

/// Writes what leads to an entry that is there. Who does not hear the answer brings the entry again, and this is done again.
async fn lead_to(relay: &Relay, members: &Members, key: PublicKey, bytes: &[u8]) -> Result<(), Problem> {
    index::list_devices(&relay.store, members.circle.id(), &parsed(bytes)?.change).await?;
    Ok(members.came(&relay.store, &key).await?)
}

fn parsed(bytes: &[u8]) -> Result<Entry, Problem> {
    Ok(Signed::<Entry>::parse(bytes).map_err(|error| refused(error.into()))?.body().clone())
}

fn take(kept: &super::Kept, slot: &mut Slot, new: State) {
    slot.state = Some(new);
    kept.tell(slot);
}

/// A circle that begins with this entry.
async fn created(relay: &Relay, id: Sha256, key: PublicKey, first: Bytes) -> Result<State, Problem> {
    let entry = Signed::<Entry>::parse(&first).map_err(|error| refused(error.into()))?;
    let entry = entry.body();
    if entry.at.seconds() > relay.now().seconds().saturating_add(MAX_AHEAD_S) {
        return Err(refused(MembershipError::Ahead));
    }
    if Sha256::of(&first) != id {
        return Err(refused(MembershipError::OtherCircle));
    }
    let by = index::new_devices(&entry.change).iter().find(|claimed| claimed.id() == entry.by);
    if by.is_some_and(|by| by.device.request != key) {
        return Err(not_allowed());
    }
    let circle = computed(move || Circle::open(&first)).await?.map_err(refused)?;
    let members = Arc::new(Members::new(circle, entry));
    Ok(State { members, feed: Arc::default(), stones: Arc::default() })
}

/// The log with one more entry.
fn next(
    members: &Members,
    key: PublicKey,
    bytes: &[u8],
    now: curtain_wire::time::UnixTime,
) -> Result<Members, Problem> {
    let entry = Signed::<Entry>::parse(bytes).map_err(|error| refused(error.into()))?;
    if members.was_device(&key) != Some(entry.body().by) {
        return Err(not_allowed());
    }
    let mut members = members.clone();
    let entry = members.circle.append_by(bytes, now).map_err(refused)?;
    members.learn(entry.body());
    Ok(members)
}

/// What is answered for a number that an entry has already.
async fn there(
    relay: &Relay,
    id: Sha256,
    state: &State,
    n: u64,
    key: PublicKey,
    bytes: &Bytes,
) -> Result<StatusCode, Problem> {
    // Who left with an entry, and did not hear the answer, may ask again.
    if state.members.was_device(&key).is_none() {
        return Err(not_allowed());
    }
    let kept = Log::Members.read(&relay.store, id, n, 1).await?;
    if kept.first() != Some(bytes) {
        return Err(not_next(state.members.circle.size()));
    }
    lead_to(relay, &state.members, key, bytes).await?;
    Ok(StatusCode::OK)
}

fn refused(error: MembershipError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.code(), error)
}

async fn list(
    Of(relay): Of<Arc<Relay>>,
    Path(circle): Path<String>,
    RawQuery(query): RawQuery,
    signer: Signer,
) -> Result<Response, Problem> {
    let (circle, page) = (hex(&circle)?, Page::with_wait(query.as_deref())?);
    let state = waited(&relay, circle, &signer, Access::Device, page, Log::Members).await?;
    let size = state.members.circle.size();
    answer(&relay, circle, Log::Members, page, size).await
}

/// The circle, once it has an entry in `log` that `page` begins with; or when `page` does not wait any longer.
pub(super) async fn waited(
    relay: &Relay,
    id: Sha256,
    signer: &Signer,
    needs: Access,
    page: Page,
    log: Log,
) -> Result<State, Problem> {
    let until = Instant::now() + page.wait;
    let mut state = relay.circles.access(relay, id, signer, needs).await?;
    let kept = relay.circles.kept(id);
    let mut grown = kept.grown.subscribe();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if log.size(state.sizes()) > page.from || left.is_zero() || relay.is_draining() {
            return Ok(state);
        }
        drop(state);
        // What this process appends wakes; what another relay does is seen in the store.
        tokio::select! {
            _ = grown.changed() => {}
            () = relay.drained() => {}
            () = tokio::time::sleep(left.min(LOOK_AGAIN)) => {}
        }
        grown.mark_unchanged();
        state = relay.circles.access(relay, id, signer, needs).await?;
    }
}

/// The lines of one page of a log.
pub(super) async fn answer(
    relay: &Relay,
    id: Sha256,
    log: Log,
    page: Page,
    size: u64,
) -> Result<Response, Problem> {
    let mut range = page.range(size);
    let mut lines = Lines::default();
    while !range.is_empty() {
        let most = (range.end - range.start).min(16);
        let entries = match from_page(relay, id, log, &range).await? {
            Some(entries) => entries,
            None => log.read(&relay.store, id, range.start, most).await?,
        };
        if entries.is_empty() || !lines.push_all(&entries) {
            break;
        }
        range.start += entries.len() as u64;
    }
    Ok(lines.answer(size))
}

/// The headers at the start of `range`, if the store has them in one object and most of them are asked for.
async fn from_page(
    relay: &Relay,
    id: Sha256,
    log: Log,
    range: &std::ops::Range<u64>,
) -> Result<Option<Vec<Bytes>>, Problem> {
    let (k, first) = (range.start / load::PAGE, range.start % load::PAGE);
    let last = load::PAGE.min(first + (range.end - range.start));
    if log != Log::Feed || last - first < load::PAGE / 2 {
        return Ok(None);
    }
    let Some(page) = load::page(&relay.store, id, k).await? else { return Ok(None) };
    let place = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    Ok(page.get(place(first)..place(last)).map(<[Bytes]>::to_vec))
}

async fn head(
    Of(relay): Of<Arc<Relay>>,
    Path(circle): Path<String>,
    signer: Signer,
) -> Result<Response, Problem> {
    let state = relay.circles.either(&relay, hex(&circle)?, &signer).await?;
    let members = state.members;
    let head = members.circle.log_head();
    let root_at = move |size| members.circle.head_at(size).map(|head| Hash(head.root.0));
    Ok(text(witness::cosigned_head(&relay, head, root_at).await?))
}

async fn consistency(
    Of(relay): Of<Arc<Relay>>,
    Path(circle): Path<String>,
    RawQuery(query): RawQuery,
    signer: Signer,
) -> Result<Response, Problem> {
    let (from, to) = lines::from_to(query.as_deref())?;
    let state = relay.circles.either(&relay, hex(&circle)?, &signer).await?;
    proof(computed(move || state.members.circle.consistency_proof_to(from, to)).await?)
}

/// A line for each hash.
pub(super) fn proof(proof: Result<Vec<Hash>, TreeError>) -> Result<Response, Problem> {
    let proof = proof.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "no_such_size", error))?;
    Ok(text(proof.into_iter().map(|hash| hash.to_base64() + "\n").collect()).into_response())
}
