//! Reads what the store has of a circle and is not known yet.

use std::future::ready;
use std::sync::Arc;

use bytes::Bytes;
use curtain_wire::feed::{Feed, Tombstone};
use curtain_wire::hash::Sha256;
use curtain_wire::header::Header;
use curtain_wire::membership::{Circle, Entry};
use curtain_wire::statement::{Signed, Statement as _};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::{Members, Sizes, State, Stones, broken_store, computed, numbered};
use crate::problem::Problem;
use crate::store::{Store, StoreError};

/// Objects that are asked for at once.
const AT_ONCE: usize = 16;

/// Objects that are read before they are taken.
const MOST: u64 = 64;

/// Headers in a page.
pub(super) const PAGE: u64 = 256;

/// As large as a page may be.
const MAX_PAGE_BYTES: usize = 256 * (Header::MAX_BYTES + 1);

/// One of a circle's three logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    Members,
    Feed,
    Tombstones,
}

impl Log {
    /// Where its entries lie.
    pub(super) fn folder(self, circle: Sha256) -> String {
        let name = match self {
            Self::Members => "members",
            Self::Feed => "feed",
            Self::Tombstones => "tombstones",
        };
        format!("circles/{circle}/{name}")
    }

    /// As large as an entry may be.
    pub(super) fn max_bytes(self) -> usize {
        match self {
            Self::Members => Entry::MAX_BYTES,
            Self::Feed => Header::MAX_BYTES,
            Self::Tombstones => Tombstone::MAX_BYTES,
        }
    }

    /// Entries `from`, `from + 1` and so on, at most `most`, until one is not there.
    pub(super) async fn read(
        self,
        store: &Store,
        circle: Sha256,
        from: u64,
        most: u64,
    ) -> Result<Vec<Bytes>, StoreError> {
        let folder = self.folder(circle);
        let names = (from..from.saturating_add(most)).map(|n| numbered(&folder, n));
        stream::iter(names)
            .map(|name| async move { store.get(&name, self.max_bytes()).await })
            .buffered(AT_ONCE)
            .try_take_while(|entry| ready(Ok(entry.is_some())))
            .try_filter_map(|entry| ready(Ok(entry)))
            .try_collect()
            .await
    }

    /// How many there are.
    pub(super) fn size(self, sizes: Sizes) -> u64 {
        match self {
            Self::Members => sizes.members,
            Self::Feed => sizes.feed,
            Self::Tombstones => sizes.stones,
        }
    }

    fn take(self, state: &mut State, entries: &[Bytes]) -> Result<(), Problem> {
        match self {
            Self::Members => take_entries(state, entries),
            Self::Feed => take_headers(state, entries),
            Self::Tombstones => take_stones(state, entries),
        }
    }
}

/// Brings `state` up to date. If that fails half way it is None: to be read again from the start.
pub(super) async fn look(store: &Store, id: Sha256, state: &mut Option<State>) -> Result<(), Problem> {
    if state.is_none() {
        let Some(first) = Log::Members.read(store, id, 0, 1).await?.pop() else { return Ok(()) };
        *state = Some(computed(move || opened(id, &first)).await??);
    }
    let Some(sizes) = state.as_ref().map(State::sizes) else { return Ok(()) };
    // Nearly always there is nothing new: the three are asked at once.
    let next = |log: Log| log.read(store, id, log.size(sizes), 1);
    let (entries, headers, stones) =
        futures::try_join!(next(Log::Members), next(Log::Feed), next(Log::Tombstones))?;
    for (log, new) in [(Log::Members, entries), (Log::Feed, headers), (Log::Tombstones, stones)] {
        if !new.is_empty() {
            let known = state.take().ok_or_else(broken_store)?;
            *state = Some(rest(store, id, log, new, known).await?);
        }
    }
    Ok(())
}

/// Takes `new`, and everything after it.
async fn rest(
    store: &Store,
    id: Sha256,
    log: Log,
    mut new: Vec<Bytes>,
    mut state: State,
) -> Result<State, Problem> {
    while !new.is_empty() {
        state = computed(move || log.take(&mut state, &new).map(|()| state)).await??;
        let size = log.size(state.sizes());
        if log == Log::Feed
            && size.is_multiple_of(PAGE)
            && let Some(page) = page(store, id, size / PAGE).await?
        {
            new = page;
            continue;
        }
        // Not beyond what the next page holds.
        let most = if log == Log::Feed { MOST.min(PAGE - size % PAGE) } else { MOST };
        new = log.read(store, id, size, most).await?;
    }
    Ok(state)
}

/// The headers of page `k`, if it is there and whole.
pub(super) async fn page(store: &Store, id: Sha256, k: u64) -> Result<Option<Vec<Bytes>>, StoreError> {
    let name = numbered(&format!("circles/{id}/feed-pages"), k);
    let Some(bytes) = store.get(&name, MAX_PAGE_BYTES).await? else { return Ok(None) };
    let mut lines = Vec::new();
    let mut start = 0;
    for (end, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        lines.push(bytes.slice(start..end));
        start = end + 1;
    }
    Ok((lines.len() as u64 == PAGE && start == bytes.len()).then_some(lines))
}

/// Writes the page that a feed of `size` headers ends with, if it ends with a whole one.
pub(super) async fn write_page(store: &Store, id: Sha256, size: u64) -> Result<(), StoreError> {
    let Some(k) = (size / PAGE).checked_sub(1).filter(|_| size.is_multiple_of(PAGE)) else { return Ok(()) };
    let headers = Log::Feed.read(store, id, k * PAGE, PAGE).await?;
    if headers.len() as u64 == PAGE {
        let lines: Vec<u8> = headers.iter().flat_map(|header| [header, &b"\n"[..]].concat()).collect();
        let _ = store.create(&numbered(&format!("circles/{id}/feed-pages"), k), lines).await?;
    }
    Ok(())
}

fn opened(id: Sha256, first: &[u8]) -> Result<State, Problem> {
    let circle = Circle::open(first).map_err(|_| broken_store())?;
    let entry = Signed::<Entry>::parse(first).map_err(|_| broken_store())?;
    if circle.id() != id {
        return Err(broken_store());
    }
    let members = Arc::new(Members::new(circle, entry.body()));
    Ok(State { members, feed: Arc::new(Feed::new()), stones: Arc::new(Stones::default()) })
}

fn take_entries(state: &mut State, entries: &[Bytes]) -> Result<(), Problem> {
    let members = Arc::make_mut(&mut state.members);
    for bytes in entries {
        let entry = members.circle.append(bytes).map_err(|_| broken_store())?;
        members.learn(entry.body());
    }
    Ok(())
}

fn take_headers(state: &mut State, headers: &[Bytes]) -> Result<(), Problem> {
    let feed = Arc::make_mut(&mut state.feed);
    for bytes in headers {
        feed.take(Feed::reread(bytes).map_err(|_| broken_store())?);
    }
    Ok(())
}

fn take_stones(state: &mut State, stones: &[Bytes]) -> Result<(), Problem> {
    let known = Arc::make_mut(&mut state.stones);
    for bytes in stones {
        let stone = Tombstone::parse(bytes).map_err(|_| broken_store())?;
        known.about.entry(stone.about).or_insert(known.size);
        known.size += 1;
    }
    Ok(())
}
