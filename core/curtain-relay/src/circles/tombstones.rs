//! Posts that must go: withdrawn by a header or by the patient's code, or over.
//!
//! First their files go, for ever, then the tombstone says so. A relay that stops in between leaves a post without
//! tombstone, which the next one to read the circle finds.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State as Of};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use curtain_wire::canonical;
use curtain_wire::feed::{Posted, Reason, Tombstone};
use curtain_wire::hash::Sha256;
use curtain_wire::header::{Post, Withdrawal, WithdrawalCode};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::load::Log;
use super::{Access, Kept, Page, State, hex, lines, members, no_such_circle, numbered, split, to_the_end};
use crate::Relay;
use crate::auth::{self, Signer};
use crate::problem::Problem;
use crate::store::{Created, Store, StoreError};

/// How long a header may be on its way after its consent was noted, in seconds.
const ON_ITS_WAY_S: i64 = 3_600;

/// A code in 32 digits and what is around it.
const MAX_CODE_BYTES: usize = 256;

/// Requests about tombstones.
pub(super) fn routes() -> Router<Arc<Relay>> {
    Router::new()
        .route("/v1/circles/{circle}/tombstones", get(list))
        .route("/v1/withdrawals", post(withdraw).layer(DefaultBodyLimit::max(MAX_CODE_BYTES)))
}

async fn list(
    Of(relay): Of<Arc<Relay>>,
    Path(circle): Path<String>,
    RawQuery(query): RawQuery,
    signer: Signer,
) -> Result<Response, Problem> {
    let (circle, page) = (hex(&circle)?, Page::of(query.as_deref())?);
    let state = relay.circles.access(&relay, circle, &signer, Access::Reader).await?;
    members::answer(&relay, circle, Log::Tombstones, page, state.stones.size).await
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Presented {
    code: WithdrawalCode,
}

async fn withdraw(
    Of(relay): Of<Arc<Relay>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(auth::unread)?;
    let read = canonical::from_bytes::<Presented>(&body, MAX_CODE_BYTES);
    let bad = |error| Problem::new(StatusCode::BAD_REQUEST, "no_code", error);
    let Presented { code } = read.map_err(bad)?;
    let posts = to_the_end(async move { present(&relay, code).await }).await?;
    Ok(lines::json(StatusCode::OK, &json!({ "posts": posts })))
}

/// The code of a consent, if somebody presented it.
pub(super) async fn presented(
    store: &Store,
    withdrawal: Sha256,
) -> Result<Option<WithdrawalCode>, StoreError> {
    let bytes = store.get(&format!("codes/{withdrawal}"), 32).await?;
    Ok(bytes.and_then(|bytes| str::from_utf8(&bytes).ok()?.parse().ok()))
}

/// Withdraws every post under a code's consent, in all circles, and says how many there are: now, and by the code that
/// stays, later.
async fn present(relay: &Relay, code: WithdrawalCode) -> Result<u64, Problem> {
    let withdrawal = Sha256::of(&code.0);
    let _ = relay.store.create(&format!("codes/{withdrawal}"), code.to_string()).await?;
    let mut posts = 0;
    for (id, n) in noted(&relay.store, withdrawal).await? {
        let kept = relay.circles.kept(id);
        let Some(state) = kept.state(&relay.store).await? else { continue };
        // One that is on its way here sees the code itself.
        let Some(post) = state.feed.post(n).filter(|post| post.withdrawal == withdrawal) else { continue };
        bury(relay, &kept, n, post, Reason::Code(code)).await?;
        posts += 1;
    }
    Ok(posts)
}

/// Where headers under this consent are, or were about to be.
async fn noted(store: &Store, withdrawal: Sha256) -> Result<Vec<(Sha256, u64)>, StoreError> {
    let names = store.names(&format!("consents/{withdrawal}")).await?;
    Ok(names.iter().filter_map(|name| split(name)).collect())
}

/// A code may have been presented while the post was on its way.
pub(super) async fn after_post(relay: &Relay, id: Sha256, n: u64, said: &Post) -> Result<(), Problem> {
    let Some(code) = presented(&relay.store, said.withdrawal).await? else { return Ok(()) };
    let kept = relay.circles.kept(id);
    let state = kept.state(&relay.store).await?.ok_or_else(no_such_circle)?;
    let Some(post) = state.feed.post(n) else { return Ok(()) };
    bury(relay, &kept, n, post, Reason::Code(code)).await
}

/// A code in a withdrawal was presented, too.
pub(super) async fn after_withdrawal(relay: &Relay, id: Sha256, said: &Withdrawal) -> Result<(), Problem> {
    let kept = relay.circles.kept(id);
    let state = kept.state(&relay.store).await?.ok_or_else(no_such_circle)?;
    if let Some(n) = state.feed.place(&said.about)
        && let Some(post) = state.feed.post(n)
        && let Some(header) = post.withdrawn
    {
        bury(relay, &kept, n, post, Reason::Header(header)).await?;
    }
    if let Some(code) = said.code {
        present(relay, code).await?;
    }
    Ok(())
}

/// Finishes what a relay left half done, as far as the circle itself shows it.
pub(super) async fn finish(relay: &Relay, kept: &Kept, state: &State) -> Result<(), Problem> {
    let now = relay.now();
    for (n, post) in state.feed.posts().filter(|(_, post)| !state.has_tombstone(post)) {
        if let Some(header) = post.withdrawn {
            bury(relay, kept, n, post, Reason::Header(header)).await?;
        } else if post.is_over(now) {
            bury(relay, kept, n, post, Reason::Over).await?;
        }
    }
    Ok(())
}

/// [`finish`] for all circles, and for all codes that were presented.
pub(super) async fn sweep(relay: &Relay) -> Result<(), Problem> {
    let names = relay.store.names("codes").await?;
    let codes: BTreeSet<Sha256> = names.iter().filter_map(|name| name.parse().ok()).collect();
    for name in relay.store.names("circles").await? {
        let Ok(id) = name.parse() else { continue };
        let kept = relay.circles.kept(id);
        let Some(state) = kept.state(&relay.store).await? else { continue };
        finish(relay, &kept, &state).await?;
        let unmarked = state.feed.posts().filter(|(_, post)| !state.has_tombstone(post));
        for (n, post) in unmarked.filter(|(_, post)| codes.contains(&post.withdrawal)) {
            if let Some(code) = presented(&relay.store, post.withdrawal).await? {
                bury(relay, &kept, n, post, Reason::Code(code)).await?;
            }
        }
    }
    Ok(())
}

/// Deletes the files of a post that must go, unless another one needs them, and puts up its tombstone. Done twice, it does
/// nothing.
async fn bury(relay: &Relay, kept: &Kept, n: u64, post: &Posted, reason: Reason) -> Result<(), Problem> {
    for object in &post.objects {
        match needed(relay, kept.id, n, post, object.sha256, reason).await? {
            Needed::No => delete(&relay.store, object.sha256).await?,
            Needed::Yes => {}
            // It is seen next time: until then the post has no tombstone, but is not handed out either.
            Needed::Maybe => return Ok(()),
        }
    }
    let tombstone = Tombstone { about: post.hash, at: relay.now(), reason }.to_bytes();
    let mut slot = kept.slot.lock().await;
    loop {
        kept.look(&relay.store, &mut slot).await?;
        let state = slot.state.as_mut().ok_or_else(no_such_circle)?;
        if state.has_tombstone(post) {
            return Ok(());
        }
        let size = state.stones.size;
        let name = numbered(&Log::Tombstones.folder(kept.id), size);
        if relay.store.create(&name, tombstone.clone()).await? == Created::New {
            let stones = Arc::make_mut(&mut state.stones);
            stones.about.insert(post.hash, size);
            stones.size += 1;
            kept.tell(&slot);
            return Ok(());
        }
    }
}

async fn delete(store: &Store, blob: Sha256) -> Result<(), StoreError> {
    let _ = store.create(&format!("gone/{blob}"), "").await?;
    store.delete(&format!("blobs/{blob}")).await
}

/// Whether a file is needed for another post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needed {
    No,
    Yes,
    /// A header that may name it is on its way.
    Maybe,
}

/// Whether a live post names this file, besides post `n` of circle `id`. It could only be one under the same consent.
async fn needed(
    relay: &Relay,
    id: Sha256,
    n: u64,
    gone: &Posted,
    blob: Sha256,
    reason: Reason,
) -> Result<Needed, Problem> {
    if matches!(reason, Reason::Code(_)) || presented(&relay.store, gone.withdrawal).await?.is_some() {
        return Ok(Needed::No);
    }
    let now = relay.now();
    let others = noted(&relay.store, gone.withdrawal).await?.into_iter().filter(|other| *other != (id, n));
    let found: Vec<Needed> = stream::iter(others)
        .then(|(other, n)| async move {
            let state = relay.circles.plain(&relay.store, other).await?;
            let Some(state) = state.filter(|state| state.feed.size() > n) else {
                return is_on_its_way(relay, gone.withdrawal, other, n).await;
            };
            let names = |post: &&Posted| post.objects.iter().any(|object| object.sha256 == blob);
            let live = state.feed.post(n).filter(names).is_some_and(|post| state.is_live(post, now));
            Ok(if live { Needed::Yes } else { Needed::No })
        })
        .try_collect()
        .await?;
    let any = |needed| found.contains(&needed);
    Ok(if any(Needed::Yes) {
        Needed::Yes
    } else if any(Needed::Maybe) {
        Needed::Maybe
    } else {
        Needed::No
    })
}

/// Whether a header that is not there was announced a short time ago.
async fn is_on_its_way(relay: &Relay, withdrawal: Sha256, id: Sha256, n: u64) -> Result<Needed, Problem> {
    let noted = relay.store.get(&format!("consents/{withdrawal}/{id}-{n:012}"), 20).await?;
    let at: Option<i64> = noted.and_then(|at| str::from_utf8(&at).ok()?.parse().ok());
    let recent = at.is_some_and(|at| relay.now().seconds() - at < ON_ITS_WAY_S);
    Ok(if recent { Needed::Maybe } else { Needed::No })
}
