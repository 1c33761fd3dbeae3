//! Posts that must go: withdrawn by a header or by the patient's code, or over.
//!
//! First their files go, for ever, then the tombstone says so. A relay that stops in between leaves a post without
//! tombstone, which the next one to read the circle finds.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

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
use curtain_wire::time::UnixTime;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::consents::{ConsentName, Place, may_come, noted_anywhere};
use super::load::Log;
use super::{
    Access, Kept, Page, State, broken_store, hex, lines, members, no_such_circle, numbered, to_the_end,
};
use crate::Relay;
use crate::auth::{self, Signer};
use crate::going::Going;
use crate::problem::Problem;
use crate::store::{Created, Store, StoreError};

/// A code in 32 digits and what is around it.
const MAX_CODE_BYTES: usize = 256;

/// Circles that are swept at once.
const CIRCLES_AT_ONCE: usize = 4;

/// Codes that are asked for at once, in one circle.
const CODES_AT_ONCE: usize = 8;

/// How long it may take to sweep a circle, which may have to be read from its start.
const CIRCLE_TIME: Duration = Duration::from_mins(10);

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
    let mut circles: BTreeMap<Sha256, Vec<u64>> = BTreeMap::new();
    for Place { circle, n } in noted_anywhere(&relay.store, withdrawal).await? {
        circles.entry(circle).or_default().push(n);
    }
    let (mut posts, mut result) = (0, Ok(()));
    for (circle, places) in circles {
        match present_in(relay, circle, &places, code).await {
            Ok(found) => posts += found,
            Err(problem) => {
                // The others go all the same, and the sweep does the rest.
                relay.circles.look_again(circle);
                result = result.and(Err(problem));
            }
        }
    }
    result.map(|()| posts)
}

/// [`present`], in one circle.
async fn present_in(relay: &Relay, id: Sha256, places: &[u64], code: WithdrawalCode) -> Result<u64, Problem> {
    let kept = relay.circles.kept_aside(id);
    let Some(state) = kept.state(&relay.store).await? else { return Ok(0) };
    let (mut found, mut result) = (0, Ok(()));
    // One that is on its way here sees the code itself.
    for (n, post) in places.iter().filter_map(|n| Some((*n, state.feed.post(*n)?))) {
        if code.check(post.withdrawal).is_ok() {
            result = result.and(bury(relay, &kept, &state, (n, post), Reason::Code(code)).await);
            found += 1;
        }
    }
    result.map(|()| found)
}

/// A code may have been presented while the post was on its way.
pub(super) async fn after_post(relay: &Relay, id: Sha256, n: u64, said: &Post) -> Result<(), Problem> {
    let Some(code) = presented(&relay.store, said.withdrawal).await? else { return Ok(()) };
    let kept = relay.circles.kept(id);
    let state = kept.state(&relay.store).await?.ok_or_else(no_such_circle)?;
    let Some(post) = state.feed.post(n) else { return Ok(()) };
    bury(relay, &kept, &state, (n, post), Reason::Code(code)).await
}

/// A code in a withdrawal was presented, too.
pub(super) async fn after_withdrawal(relay: &Relay, id: Sha256, said: &Withdrawal) -> Result<(), Problem> {
    let kept = relay.circles.kept(id);
    let state = kept.state(&relay.store).await?.ok_or_else(no_such_circle)?;
    let mut result = Ok(());
    if let Some(n) = state.feed.place(&said.about)
        && let Some(post) = state.feed.post(n)
        && let Some(header) = post.withdrawn
    {
        result = bury(relay, &kept, &state, (n, post), Reason::Header(header)).await;
    }
    if let Some(code) = said.code {
        result = result.and(present(relay, code).await.map(|_| ()));
    }
    result
}

/// Finishes what a relay left half done, as far as the circle itself shows it.
pub(super) async fn finish(relay: &Relay, kept: &Kept, state: &State) -> Result<(), Problem> {
    let (now, mut result) = (relay.now(), Ok(()));
    for (n, post) in state.feed.posts().filter(|(_, post)| !state.has_tombstone(post)) {
        let reason = match post.withdrawn {
            Some(header) => Reason::Header(header),
            None if post.is_over(now) => Reason::Over,
            None => continue,
        };
        // One that fails holds up no other.
        result = result.and(bury(relay, kept, state, (n, post), reason).await);
    }
    result
}

/// What this process swept: when each circle must be read again.
#[derive(Debug, Default)]
pub(super) struct Swept(BTreeMap<Sha256, UnixTime>);

/// Finishes what is due, circle by circle. What fails is tried again the next time; the first failure is told. Codes are asked
/// for where there are posts: what else lies among the codes costs nothing.
pub(super) async fn sweep(relay: &Relay, Swept(due): &mut Swept) -> Result<(), Problem> {
    let names = relay.store.names("circles").await?;
    let (again, now) = (relay.circles.to_look_at_again(), relay.now());
    let is_due = |id: &Sha256| again.contains(id) || due.get(id).is_none_or(|due| now >= *due);
    let ids: Vec<Sha256> = names.iter().filter_map(|name| name.parse().ok()).filter(is_due).collect();
    let mut circles = stream::iter(ids)
        .map(|id| async move { (id, in_time(sweep_circle(relay, id)).await) })
        .buffer_unordered(CIRCLES_AT_ONCE);
    let mut result = Ok(());
    while let Some((id, swept)) = circles.next().await {
        match swept {
            Ok(at) => drop(due.insert(id, at)),
            Err(problem) => {
                due.remove(&id);
                result = result.and(Err(problem));
            }
        }
    }
    result
}

/// One circle holds up the others for so long and no longer.
async fn in_time<T>(swept: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let late = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "time", "a circle took too long");
    tokio::time::timeout(CIRCLE_TIME, swept).await.unwrap_or_else(|_| Err(late()))
}

/// Finishes what is due in a circle, and says when to look again: when a post is over; and every day, since another relay
/// may have stopped in the middle of something.
async fn sweep_circle(relay: &Relay, id: Sha256) -> Result<UnixTime, Problem> {
    let kept = relay.circles.kept_aside(id);
    let tomorrow = relay.now().plus_days(1);
    let Some(state) = kept.state(&relay.store).await? else { return Ok(tomorrow) };
    let mut result = finish(relay, &kept, &state).await;
    let unmarked = || state.feed.posts().filter(|(_, post)| !state.has_tombstone(post));
    let consents: BTreeSet<Sha256> = unmarked().map(|(_, post)| post.withdrawal).collect();
    let codes: BTreeMap<Sha256, WithdrawalCode> = stream::iter(consents)
        .map(|withdrawal| async move {
            let code = presented(&relay.store, withdrawal).await?;
            Ok::<_, Problem>(code.map(|code| (withdrawal, code)))
        })
        .buffer_unordered(CODES_AT_ONCE)
        .try_filter_map(|found| ready(Ok(found)))
        .try_collect()
        .await?;
    for (n, post) in unmarked() {
        if let Some(code) = codes.get(&post.withdrawal) {
            result = result.and(bury(relay, &kept, &state, (n, post), Reason::Code(*code)).await);
        }
    }
    let live = state.feed.posts().filter(|(_, post)| state.is_live(post, relay.now()));
    let over = live.map(|(_, post)| post.last_day.plus_days(1)).min();
    result.map(|()| over.unwrap_or(tomorrow).min(tomorrow))
}

/// Deletes the files of a post that must go, unless another one needs them, and puts up its tombstone. Done twice, it does
/// nothing.
async fn bury(
    relay: &Relay,
    kept: &Kept,
    state: &State,
    (n, post): (u64, &Posted),
    reason: Reason,
) -> Result<(), Problem> {
    if state.has_tombstone(post) {
        return Ok(());
    }
    let consent = ConsentName::of(&state.members.circle, &post.author.device, post.withdrawal);
    let consent = consent.ok_or_else(broken_store)?;
    let by_code =
        matches!(reason, Reason::Code(_)) || presented(&relay.store, post.withdrawal).await?.is_some();
    let mut marks = Vec::new();
    for object in &post.objects {
        marks.push(Going::mark(relay, object.sha256).await?);
    }
    let place = Place { circle: kept.id, n };
    let resting = if by_code { Ok(Resting::default()) } else { resting(relay, &consent).await };
    let resting = match resting {
        Ok(resting) => resting,
        Err(problem) => {
            for going in marks {
                going.stays(&relay.store).await?;
            }
            return Err(problem);
        }
    };
    let others = resting.posts.iter().filter(|(other, _, live)| *live && *other != place);
    let needed: BTreeSet<Sha256> =
        others.flat_map(|(_, post, _)| &post.objects).map(|object| object.sha256).collect();
    // A header that is on its way is seen next time: until then the post has no tombstone, but is not handed out either.
    let waits = resting.may_come && marks.iter().any(|going| !needed.contains(&going.blob()));
    for going in marks {
        if waits || needed.contains(&going.blob()) {
            going.stays(&relay.store).await?;
        } else {
            going.goes_for_ever(relay).await?;
        }
    }
    if waits {
        relay.circles.look_again(kept.id);
        return Ok(());
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

/// What rests on a consent.
#[derive(Debug, Default)]
struct Resting {
    /// Posts that are there, and whether each is live.
    posts: Vec<(Place, Posted, bool)>,
    /// Another header is on its way.
    may_come: bool,
}

/// Looks for what rests on a consent. No other posts name its files.
async fn resting(relay: &Relay, consent: &ConsentName) -> Result<Resting, Problem> {
    let (mut resting, now) = (Resting::default(), relay.now());
    let mut places: BTreeMap<Sha256, Vec<(Place, i64)>> = BTreeMap::new();
    for (place, at) in consent.noted(&relay.store).await? {
        places.entry(place.circle).or_default().push((place, at));
    }
    for (circle, places) in places {
        let state = relay.circles.plain(&relay.store, circle).await?;
        for (place, at) in places {
            let Some(state) = state.as_ref().filter(|state| state.feed.size() > place.n) else {
                resting.may_come |= may_come(at, now);
                continue;
            };
            let post = state.feed.post(place.n);
            resting.posts.extend(post.map(|post| (place, post.clone(), state.is_live(post, now))));
        }
    }
    Ok(resting)
}

/// Whether a header ever named a file. None if one that may is on its way.
pub(super) async fn is_named(relay: &Relay, blob: Sha256) -> Result<Option<bool>, Problem> {
    let Some(consent) = ConsentName::of_file(&relay.store, blob).await? else { return Ok(Some(false)) };
    let resting = resting(relay, &consent).await?;
    let mut named = resting.posts.iter().flat_map(|(_, post, _)| &post.objects);
    let is_named = named.any(|object| object.sha256 == blob);
    Ok((is_named || !resting.may_come).then_some(is_named))
}
