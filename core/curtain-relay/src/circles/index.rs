//! Objects that lead from a key or a log to circles. They are hints: whoever follows one looks into the circle.

use std::collections::BTreeSet;
use std::future::ready;
use std::str::FromStr;

use curtain_wire::checkpoint::log_of;
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::membership::{Change, ClaimedDevice, Device};
use curtain_wire::note::VerifierKey;
use curtain_wire::statement::PublicKey;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::{State, not_allowed};
use crate::Relay;
use crate::problem::Problem;
use crate::store::{Created, Store, StoreError};

/// The most circles that are looked into for one request.
const MAX_CIRCLES: usize = 1_000;

/// The devices that come in with a change.
pub(super) fn new_devices(change: &Change) -> &[ClaimedDevice] {
    match change {
        Change::Create(create) => &create.join.body().member.devices,
        Change::Add(add) => &add.join.body().member.devices,
        Change::Device { device, .. } => std::slice::from_ref(device),
        _ => &[],
    }
}

/// Says where the devices that come in with an entry are listed, once the entry is there.
pub(super) async fn list_devices(store: &Store, circle: Sha256, change: &Change) -> Result<(), StoreError> {
    for claimed in new_devices(change) {
        list_device(store, circle, &claimed.device).await?;
    }
    Ok(())
}

async fn list_device(store: &Store, circle: Sha256, device: &Device) -> Result<(), StoreError> {
    let Device { log, request, .. } = device;
    let _ = store.create(&format!("devices/{request}/{circle}"), "").await?;
    if let Some(id) = log_of(log.name()).map(Id) {
        let _ = store.create(&format!("{}/{circle}-{request}", listings_of(id, log)), "").await?;
        // The first key of this name is the log's, and no other: a witness must not see two logs of one name.
        let _ = store.create(&format!("ledgers/{id}/key"), log.to_string()).await?;
    }
    Ok(())
}

/// Where it is said who lists a device with this log under this key. Whoever lists the name with a key of their own is not
/// in the way.
fn listings_of(log: Id, key: &VerifierKey) -> String {
    format!("logs/{log}/{}", PublicKey(*key.public_key()))
}

/// Says that a device did something in a circle that only who is in there has to do, with a request that its key signed.
/// Anybody can list somebody else's keys in circles of their own; nobody else can bring this about.
pub(super) async fn came(store: &Store, circle: Sha256, device: &Device) -> Result<(), StoreError> {
    let name = format!("came/{}/{circle}", device.request);
    // To ask is cheaper than to write, and nearly always it is there.
    if store.size(&name).await?.is_none() && store.create(&name, "").await? == Created::New {
        // A relay may have been killed between the entry that lists it and what leads there.
        list_device(store, circle, device).await?;
    }
    Ok(())
}

/// The circles in which the device with this `request` key did something itself.
async fn came_to(store: &Store, key: &PublicKey) -> Result<BTreeSet<Sha256>, StoreError> {
    let names = store.names(&format!("came/{key}")).await?;
    Ok(names.into_iter().filter_map(|name| name.parse().ok()).collect())
}

/// The circles that list, or listed, a device with this log and key, and its `request` key: first those in which it did
/// something itself.
pub(crate) async fn listings(
    store: &Store,
    log: Id,
    key: &VerifierKey,
) -> Result<Vec<(Sha256, PublicKey)>, StoreError> {
    let names = store.names(&listings_of(log, key)).await?;
    let mut found: Vec<(Sha256, PublicKey)> = names.iter().filter_map(|name| split(name)).collect();
    // One device has the log, and so there is one key: listing it with another takes a signature of the log's.
    let Some((_, request)) = found.first() else { return Ok(found) };
    let came = came_to(store, request).await?;
    found.sort_by_key(|(circle, _)| !came.contains(circle));
    Ok(found)
}

/// The circles that list, or listed, a device with this `request` key, and that device: first those in which it did something
/// itself.
pub(crate) async fn listing(relay: &Relay, key: &PublicKey) -> Result<Vec<(Sha256, State, Sha256)>, Problem> {
    let came = came_to(&relay.store, key).await?;
    let listed = relay.store.names(&format!("devices/{key}")).await?;
    let listed = listed.into_iter().filter_map(|name| name.parse().ok()).filter(|id| !came.contains(id));
    let ids: Vec<Sha256> = came.iter().copied().chain(listed).take(MAX_CIRCLES).collect();
    let states = stream::iter(ids).map(|id: Sha256| async move {
        let state = relay.circles.plain(&relay.store, id).await?;
        let device = state.as_ref().and_then(|state| state.members.was_device(key));
        Ok::<_, Problem>(state.zip(device).map(|(state, device)| (id, state, device)))
    });
    states.buffered(8).try_filter_map(|found| ready(Ok(found))).try_collect().await
}

/// [`listing`], for a key that some circle lists now.
pub(crate) async fn any_device(
    relay: &Relay,
    key: &PublicKey,
) -> Result<Vec<(Sha256, State, Sha256)>, Problem> {
    let found = listing(relay, key).await?;
    let counts = found.iter().any(|(_, state, _)| state.members.device(key).is_some());
    if counts { Ok(found) } else { Err(not_allowed()) }
}

/// Reads `<circle>-<rest>`, as hints are named.
fn split<T: FromStr>(name: &str) -> Option<(Sha256, T)> {
    let (circle, rest) = name.split_once('-')?;
    Some((circle.parse().ok()?, rest.parse().ok()?))
}
