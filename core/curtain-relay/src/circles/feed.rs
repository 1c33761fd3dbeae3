//! Requests about a circle's feed.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State as Of};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use curtain_wire::feed::{Checked, FeedError};
use curtain_wire::hash::Sha256;
use curtain_wire::header::{Content, Header, Post};
use curtain_wire::statement::{PublicKey, Signed, Statement as _};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::json;

use super::consents::{ConsentName, Place};
use super::load::Log;
use super::{
    Access, Page, broken_store, computed, hex, lines, load, members, no_such_circle, not_allowed, numbered,
    text, to_the_end, tombstones,
};
use crate::auth::{Signer, Unread};
use crate::problem::Problem;
use crate::store::{Created, Store};
use crate::{Relay, going, witness};

/// Objects that are asked for at once.
const AT_ONCE: usize = 8;

/// Days from now to the last day of a post, at most: a consent lasts for 3,653 days (`consent/limits.rs` of curtain, after
/// GDPR art. 5(1)(e) and GMC 35), and the clocks may stand on two sides of midnight.
const MAX_DAYS: u32 = 3_653 + 1;

/// Requests about feeds.
pub(super) fn routes() -> Router<Arc<Relay>> {
    Router::new()
        .route(
            "/v1/circles/{circle}/feed",
            get(list).post(append).layer(DefaultBodyLimit::max(Header::MAX_BYTES)),
        )
        .route("/v1/circles/{circle}/feed/head", get(head))
        .route("/v1/circles/{circle}/feed/consistency", get(consistency))
}

async fn append(
    Of(relay): Of<Arc<Relay>>,
    Path(circle): Path<String>,
    request: Unread,
) -> Result<Response, Problem> {
    let (circle, signer) = (hex(&circle)?, request.signer);
    relay.circles.access(&relay, circle, &signer, Access::Device).await?;
    let body = request.body().await?;
    to_the_end(async move {
        let (status, n) = append_header(&relay, circle, signer.key, body).await?;
        Ok(lines::json(status, &json!({ "n": n })))
    })
    .await
}

/// Puts a header at the end of the feed, and does what it says: 201 with its place, or 200 if it is there.
async fn append_header(
    relay: &Relay,
    id: Sha256,
    key: PublicKey,
    bytes: Bytes,
) -> Result<(StatusCode, u64), Problem> {
    let (status, n, content) = match take_next(relay, id, key, bytes.clone()).await? {
        // Whoever took it may have been killed before it did what it says.
        Taken::There(n) => {
            let header = Signed::<Header>::parse(&bytes).map_err(|error| refused(error.into()))?;
            (StatusCode::OK, n, header.body().content.clone())
        }
        Taken::New(n, content) => (StatusCode::CREATED, n, *content),
    };
    let done = match content {
        Content::Post(post) => tombstones::after_post(relay, id, n, &post).await,
        Content::Event(_) => Ok(()),
        Content::Withdrawal(withdrawal) => tombstones::after_withdrawal(relay, id, &withdrawal).await,
    };
    if done.is_err() {
        // The header stands, and nothing is handed out of what must go: the next request or sweep deletes it.
        relay.circles.kept(id).unswept.store(true, Ordering::Release);
        relay.circles.look_again(id);
    }
    // A shortcut for readers: whoever reads does without it.
    let _ = load::write_page(&relay.store, id, n + 1).await;
    Ok((status, n))
}

enum Taken {
    There(u64),
    New(u64, Box<Content>),
}

async fn take_next(relay: &Relay, id: Sha256, key: PublicKey, bytes: Bytes) -> Result<Taken, Problem> {
    let store = &relay.store;
    let kept = relay.circles.found(store, id).await?.ok_or_else(no_such_circle)?;
    let mut slot = kept.slot.lock().await;
    loop {
        kept.look(store, &mut slot).await?;
        let state = slot.state.as_ref().ok_or_else(no_such_circle)?;
        let (device, _) = state.members.device(&key).ok_or_else(not_allowed)?;
        let checked = match state.feed.check(&state.members.circle, &bytes, relay.now()) {
            Ok(checked) => checked,
            Err(FeedError::There { n }) => return Ok(Taken::There(n)),
            Err(error) => return Err(refused(error)),
        };
        if checked.header().author.device != device {
            return Err(not_allowed());
        }
        // Nothing stands in a withdrawal's way.
        if !matches!(checked.header().content, Content::Withdrawal(_)) {
            relay.limits.keep(&key, bytes.len())?;
        }
        let n = state.feed.size();
        if let Some(post) = checked.post() {
            let consent = ConsentName::of(&state.members.circle, &device, post.withdrawal);
            check_post(relay, Place { circle: id, n }, &consent.ok_or_else(not_allowed)?, post).await?;
        }
        if store.create(&numbered(&Log::Feed.folder(id), n), bytes.clone()).await? == Created::New {
            let content = Box::new(checked.header().content.clone());
            let members = Arc::clone(&state.members);
            grow(&mut slot, checked)?;
            kept.tell(&slot);
            // A shortcut for this device: its next header writes it, too.
            let _ = members.came(store, &key).await;
            return Ok(Taken::New(n, content));
        }
        // Another relay was first: what it put there says what comes next.
    }
}

fn grow(slot: &mut super::Slot, checked: Checked) -> Result<(), Problem> {
    let state = slot.state.as_mut().ok_or_else(broken_store)?;
    Arc::make_mut(&mut state.feed).take(checked);
    Ok(())
}

fn refused(error: FeedError) -> Problem {
    let status = match error {
        FeedError::Behind { .. } | FeedError::StaleMembership | FeedError::Blocked | FeedError::Chain(_) => {
            StatusCode::CONFLICT
        }
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let problem = Problem::new(status, error.code(), error);
    if let FeedError::Behind { here, .. } = error { problem.with("size", here) } else { problem }
}

/// What a post needs: a last day that a consent may have, its files, its consent not withdrawn, and that consent and no other for each file.
///
/// Whoever deletes a file looks for other posts under the same consent. So a file belongs to the consent of the first
/// header that named it, whoever knows its hash; since it is sealed under that consent, no honest header says otherwise.
async fn check_post(relay: &Relay, place: Place, consent: &ConsentName, post: &Post) -> Result<(), Problem> {
    if post.last_day().is_none_or(|day| day > relay.now().plus_days(MAX_DAYS)) {
        let detail = "no consent lasts until the last day of this";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "delete_after_far", detail));
    }
    let store = &relay.store;
    // Who is refused here leaves no note.
    not_withdrawn(store, post).await?;
    let blobs: Vec<Sha256> = post.objects.iter().map(|object| object.sha256).collect();
    all_here(store, post).await?;
    let claims = stream::iter(blobs.clone()).map(|blob| consent.claim(store, blob));
    claims.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    // From here on, whoever withdraws this consent or deletes its files sees that this is on its way. If they were faster,
    // it shows now.
    consent.note(store, place, relay.now()).await?;
    not_withdrawn(store, post).await?;
    let going: BTreeSet<Sha256> = going::marked(relay).await?.into_iter().collect();
    let going: Vec<Sha256> = blobs.iter().copied().filter(|blob| going.contains(blob)).collect();
    if !going.is_empty() {
        return Err(blobs_missing(&going));
    }
    not_gone(store, &blobs).await?;
    all_here(store, post).await
}

/// Refuses a post whose code was presented.
async fn not_withdrawn(store: &Store, post: &Post) -> Result<(), Problem> {
    let detail = "the patient has withdrawn the consent for this";
    let withdrawn = Problem::new(StatusCode::GONE, "withdrawn", detail);
    if tombstones::presented(store, post.withdrawal).await?.is_some() { Err(withdrawn) } else { Ok(()) }
}

/// Refuses a post whose files are not all here.
async fn all_here(store: &Store, post: &Post) -> Result<(), Problem> {
    let missing = stream::iter(post.objects.clone()).map(|object| async move {
        let here = store.size(&format!("blobs/{}", object.sha256)).await? == Some(object.size);
        Ok::<_, Problem>((!here).then_some(object.sha256))
    });
    let missing: BTreeSet<Sha256> =
        missing.buffer_unordered(AT_ONCE).try_filter_map(|blob| ready(Ok(blob))).try_collect().await?;
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<Sha256> = missing.into_iter().collect();
    not_gone(store, &missing).await?;
    Err(blobs_missing(&missing))
}

fn blobs_missing(missing: &[Sha256]) -> Problem {
    let detail = "files of this are not here, or of another size: upload them first";
    let missing: Vec<String> = missing.iter().map(Sha256::to_string).collect();
    Problem::new(StatusCode::CONFLICT, "blobs_missing", detail).with("missing", missing)
}

/// Refuses files that were deleted.
async fn not_gone(store: &Store, blobs: &[Sha256]) -> Result<(), Problem> {
    let gone =
        stream::iter(blobs.to_vec()).map(|blob| async move { store.size(&format!("gone/{blob}")).await });
    let gone = gone.buffer_unordered(AT_ONCE).try_any(|gone| ready(gone.is_some())).await?;
    let detail = "a file of this was deleted, because a post was withdrawn or is over";
    if gone { Err(Problem::new(StatusCode::GONE, "blob_gone", detail)) } else { Ok(()) }
}

async fn list(
    Of(relay): Of<Arc<Relay>>,
    Path(circle): Path<String>,
    RawQuery(query): RawQuery,
    signer: Signer,
) -> Result<Response, Problem> {
    let (circle, page) = (hex(&circle)?, Page::with_wait(query.as_deref())?);
    let state = members::waited(&relay, circle, &signer, Access::Reader, page, Log::Feed).await?;
    members::answer(&relay, circle, Log::Feed, page, state.feed.size()).await
}

async fn head(
    Of(relay): Of<Arc<Relay>>,
    Path(circle): Path<String>,
    signer: Signer,
) -> Result<Response, Problem> {
    let circle = hex(&circle)?;
    let feed = relay.circles.access(&relay, circle, &signer, Access::Reader).await?.feed;
    let head = feed.head(circle);
    Ok(text(witness::cosigned_head(&relay, head, move |size| feed.root_at(size)).await?))
}

async fn consistency(
    Of(relay): Of<Arc<Relay>>,
    Path(circle): Path<String>,
    RawQuery(query): RawQuery,
    signer: Signer,
) -> Result<Response, Problem> {
    let (from, to) = lines::from_to(query.as_deref())?;
    let feed = relay.circles.access(&relay, hex(&circle)?, &signer, Access::Reader).await?.feed;
    members::proof(computed(move || feed.consistency_proof(from, to)).await?)
}
