//! Circles: what the store has of them, brought up to date and held to the rules before anything is added.
//!
//! The store decides. An append brings what is known up to date, checks, and creates the object with the next number; if
//! another relay was first, it starts over. So what is kept here in memory may be dropped at any time.

mod boxes;
mod consents;
mod feed;
mod index;
mod lines;
mod load;
mod members;
mod tombstones;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::http::StatusCode;
use curtain_wire::credential::Role;
use curtain_wire::feed::{Feed, Posted};
use curtain_wire::hash::Sha256;
use curtain_wire::membership::{Circle, Entry, Standing};
use curtain_wire::statement::PublicKey;
use curtain_wire::time::UnixTime;
use tokio::sync::watch;

pub(crate) use index::{any_device, listing, listings};
pub(crate) use lines::{Lines, Page, hex, json, number, text};

use crate::Relay;
use crate::auth::Signer;
use crate::problem::Problem;
use crate::store::{Store, StoreError};

/// The most circles of which everything is held in memory.
const MAX_KEPT: usize = 256;

/// As what somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// A device that the circle lists now.
    Device,
    /// Who may read: the read key of the present epoch, or a device of an officer.
    Reader,
}

/// The circles that are held in memory.
#[derive(Debug, Default)]
pub(crate) struct Circles {
    known: Mutex<Known>,
    swept: tokio::sync::Mutex<tombstones::Swept>,
    /// Where something was left undone since the last sweep.
    again: Mutex<BTreeSet<Sha256>>,
}

#[derive(Debug, Default)]
struct Known {
    turn: u64,
    /// With the turn in which each was last used.
    circles: HashMap<Sha256, (u64, Arc<Kept>)>,
}

/// One circle, which one request at a time brings up to date.
#[derive(Debug)]
pub(crate) struct Kept {
    id: Sha256,
    slot: tokio::sync::Mutex<Slot>,
    /// How many entries, headers and tombstones there are.
    grown: watch::Sender<Sizes>,
    /// What a relay may have left half done was not looked for yet.
    unswept: AtomicBool,
}

#[derive(Debug, Default)]
struct Slot {
    /// None if the circle is not there, or was not read.
    state: Option<State>,
    /// When the last look into the store began.
    looked: Option<Instant>,
}

/// How many entries, headers and tombstones there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sizes {
    members: u64,
    feed: u64,
    stones: u64,
}

/// A circle at one moment.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) members: Arc<Members>,
    pub(crate) feed: Arc<Feed>,
    stones: Arc<Stones>,
}

/// The membership log.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    pub(crate) circle: Circle,
    /// The devices that it lists or listed, by their `request` keys.
    requests: HashMap<PublicKey, Sha256>,
}

/// The tombstones.
#[derive(Clone, Debug, Default)]
struct Stones {
    size: u64,
    /// Their numbers, by the header that they are about.
    about: BTreeMap<Sha256, u64>,
}

impl Members {
    fn new(circle: Circle, first: &Entry) -> Self {
        let mut members = Self { circle, requests: HashMap::new() };
        members.learn(first);
        members
    }

    fn learn(&mut self, entry: &Entry) {
        for claimed in index::new_devices(&entry.change) {
            self.requests.insert(claimed.device.request, claimed.id());
        }
    }

    /// The device that has this `request` key, and counts now.
    pub(crate) fn device(&self, key: &PublicKey) -> Option<(Sha256, Standing<'_>)> {
        let id = self.requests.get(key)?;
        Some((*id, self.circle.requester(id)?))
    }

    /// The device that has or had this `request` key.
    pub(crate) fn was_device(&self, key: &PublicKey) -> Option<Sha256> {
        self.requests.get(key).copied()
    }

    /// Says that the device that signed with `key`, if it is one, did something in the circle.
    async fn came(&self, store: &Store, key: &PublicKey) -> Result<(), StoreError> {
        let Some((_, standing)) = self.device(key) else { return Ok(()) };
        index::came(store, self.circle.id(), standing.device).await
    }

    fn may(&self, key: &PublicKey, needs: Access) -> bool {
        let device = self.device(key);
        match needs {
            Access::Device => device.is_some(),
            Access::Reader => {
                device.is_some_and(|(_, standing)| standing.role == Role::Officer)
                    || self.circle.epoch().is_some_and(|epoch| epoch.read == *key)
            }
        }
    }
}

impl State {
    fn sizes(&self) -> Sizes {
        let (members, feed) = (self.members.circle.size(), self.feed.size());
        Sizes { members, feed, stones: self.stones.size }
    }

    fn has_tombstone(&self, post: &Posted) -> bool {
        self.stones.about.contains_key(&post.hash)
    }

    /// Whether nothing in the circle says that a post must go.
    fn is_live(&self, post: &Posted, now: UnixTime) -> bool {
        post.withdrawn.is_none() && !self.has_tombstone(post) && !post.is_over(now)
    }
}

impl Circles {
    /// A circle that is there, held from now on: it may take another one's place in memory.
    fn kept(&self, id: Sha256) -> Arc<Kept> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { turn, circles } = &mut *known;
        *turn += 1;
        if !circles.contains_key(&id) && circles.len() >= MAX_KEPT {
            // One that is in use must stay: its lock is what keeps two appends of this process apart.
            let unused = circles.iter().filter(|(_, (_, kept))| Arc::strong_count(kept) == 1);
            let oldest = unused.min_by_key(|(_, (used, _))| *used).map(|(id, _)| *id);
            oldest.and_then(|id| circles.remove(&id));
        }
        let (used, kept) = circles.entry(id).or_insert_with(|| (0, Arc::new(Kept::new(id))));
        *used = *turn;
        Arc::clone(kept)
    }

    /// [`Circles::kept`]; one that is not held already is held by the caller alone.
    fn kept_aside(&self, id: Sha256) -> Arc<Kept> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.circles.get(&id).map(|(_, kept)| Arc::clone(kept));
        kept.unwrap_or_else(|| Arc::new(Kept::new(id)))
    }

    /// Something was left undone in a circle: the next sweep does it.
    fn look_again(&self, id: Sha256) {
        self.again.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// The circles in which something was left undone. They are told once.
    fn to_look_at_again(&self) -> BTreeSet<Sha256> {
        std::mem::take(&mut self.again.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The circle as the store has it at this moment. What a relay left half done is finished first.
    pub(crate) async fn state(&self, relay: &Relay, id: Sha256) -> Result<State, Problem> {
        let kept = self.found(&relay.store, id).await?.ok_or_else(no_such_circle)?;
        let state = kept.state(&relay.store).await?.ok_or_else(no_such_circle)?;
        if !kept.unswept.swap(false, Ordering::AcqRel) {
            return Ok(state);
        }
        if tombstones::finish(relay, &kept, &state).await.is_err() {
            // The next request tries again: until then nothing is handed out of what must go.
            kept.unswept.store(true, Ordering::Release);
        }
        kept.state(&relay.store).await?.ok_or_else(no_such_circle)
    }

    /// How many are held in memory.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).circles.len()
    }

    /// The circle as the store has it at this moment, and nothing else. None if it is not there.
    async fn plain(&self, store: &Store, id: Sha256) -> Result<Option<State>, Problem> {
        match self.found(store, id).await? {
            Some(kept) => kept.state(store).await,
            None => Ok(None),
        }
    }

    /// [`Circles::kept`], if the circle is there: one that is not takes nobody's place.
    async fn found(&self, store: &Store, id: Sha256) -> Result<Option<Arc<Kept>>, Problem> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).circles.contains_key(&id);
        let first = numbered(&load::Log::Members.folder(id), 0);
        let there = known || store.size(&first).await?.is_some();
        Ok(there.then(|| self.kept(id)))
    }

    /// [`Circles::state`] for who may ask for it.
    pub(crate) async fn access(
        &self,
        relay: &Relay,
        id: Sha256,
        signer: &Signer,
        needs: Access,
    ) -> Result<State, Problem> {
        let state = self.state(relay, id).await?;
        if state.members.may(&signer.key, needs) { Ok(state) } else { Err(not_allowed()) }
    }

    /// [`Circles::access`] for what a device or a reader may ask.
    async fn either(&self, relay: &Relay, id: Sha256, signer: &Signer) -> Result<State, Problem> {
        let state = self.state(relay, id).await?;
        let may = |needs| state.members.may(&signer.key, needs);
        if may(Access::Device) || may(Access::Reader) { Ok(state) } else { Err(not_allowed()) }
    }

    /// The size of a blob that a post of the circle names which nobody withdrew and which is not over.
    pub(crate) async fn names_blob(
        &self,
        relay: &Relay,
        id: Sha256,
        blob: Sha256,
    ) -> Result<Option<u64>, Problem> {
        let (state, now) = (self.state(relay, id).await?, relay.now());
        for (_, post) in state.feed.naming(&blob).filter(|(_, post)| state.is_live(post, now)) {
            // A code that was presented this moment, to any relay, counts before its tombstones are there.
            if tombstones::presented(&relay.store, post.withdrawal).await?.is_none() {
                return Ok(post
                    .objects
                    .iter()
                    .find(|object| object.sha256 == blob)
                    .map(|object| object.size));
            }
        }
        Ok(None)
    }

    /// Whether a header of whatever circle ever named a blob. None if one that may is on its way.
    pub(crate) async fn is_named(&self, relay: &Relay, blob: Sha256) -> Result<Option<bool>, Problem> {
        tombstones::is_named(relay, blob).await
    }

    /// Bytes of the blobs that live posts of the circle name.
    pub(crate) async fn named_bytes(&self, relay: &Relay, id: Sha256) -> Result<u64, Problem> {
        let (state, now) = (self.state(relay, id).await?, relay.now());
        let live = state.feed.posts().filter(|(_, post)| state.is_live(post, now));
        let blobs: BTreeMap<Sha256, u64> =
            live.flat_map(|(_, post)| &post.objects).map(|object| (object.sha256, object.size)).collect();
        Ok(blobs.values().sum())
    }

    /// What is to be done from time to time: posts go whose last day is over or whose code was presented, and what a relay
    /// left half done is finished.
    pub(crate) async fn sweep(&self, relay: &Relay) -> Result<(), Problem> {
        let mut swept = self.swept.lock().await;
        tombstones::sweep(relay, &mut swept).await
    }
}

impl Kept {
    fn new(id: Sha256) -> Self {
        Self {
            id,
            slot: tokio::sync::Mutex::default(),
            grown: watch::Sender::default(),
            unswept: true.into(),
        }
    }

    /// The circle as it is now. Who waited while somebody else looked into the store sees what that look saw.
    async fn state(&self, store: &Store) -> Result<Option<State>, Problem> {
        let asked = Instant::now();
        let mut slot = self.slot.lock().await;
        if slot.looked.is_none_or(|looked| looked < asked) {
            self.look(store, &mut slot).await?;
        }
        Ok(slot.state.clone())
    }

    /// Brings the circle up to date.
    async fn look(&self, store: &Store, slot: &mut Slot) -> Result<(), Problem> {
        let began = Instant::now();
        load::look(store, self.id, &mut slot.state).await?;
        slot.looked = Some(began);
        self.tell(slot);
        Ok(())
    }

    /// Wakes those who wait, if there is more.
    fn tell(&self, slot: &Slot) {
        let Some(state) = &slot.state else { return };
        let sizes = state.sizes();
        self.grown.send_if_modified(|known| std::mem::replace(known, sizes) != sizes);
    }
}

/// The circle is not here.
fn no_such_circle() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no_such_circle", "there is no such circle here")
}

/// The key may not do this.
pub(crate) fn not_allowed() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "not_allowed", "the key that signed the request may not do this here")
}

/// Another entry has this number, or another number is next.
pub(crate) fn not_next(size: u64) -> Problem {
    let detail = "another entry has this number, or another number is next: fetch the entries again";
    Problem::new(StatusCode::CONFLICT, "not_next", detail).with("size", size)
}

/// The store holds what no relay put there.
pub(crate) fn broken_store() -> Problem {
    let detail = "the store holds something that breaks the rules";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "store_broken", detail)
}

fn internal() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the relay could not finish this")
}

/// Computes for long, without holding up other requests.
pub(crate) async fn computed<T: Send + 'static>(
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(compute).await.map_err(|_| internal())
}

/// Does what must be done to its end, even if whoever asked for it hangs up.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work).await.map_err(|_| internal())?
}

/// The name of the object with number `n`.
pub(crate) fn numbered(folder: &str, n: u64) -> String {
    format!("{folder}/{n:012}")
}

/// Requests about circles.
pub(crate) fn routes() -> Router<Arc<Relay>> {
    Router::new()
        .merge(members::routes())
        .merge(boxes::routes())
        .merge(feed::routes())
        .merge(tombstones::routes())
}
