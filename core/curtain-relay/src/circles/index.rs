//! Objects that lead from a key, a log or a consent to circles. They are written before what they lead to, and are hints:
//! whoever follows one looks into the circle.

use std::future::ready;
use std::str::FromStr;

use curtain_wire::checkpoint::log_of;
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::membership::{Change, ClaimedDevice};
use curtain_wire::statement::PublicKey;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::{State, not_allowed};
use crate::Relay;
use crate::problem::Problem;
use crate::store::{Store, StoreError};

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

/// Says where the devices that come in with an entry are listed, before the entry is there.
pub(super) async fn list_devices(store: &Store, circle: Sha256, change: &Change) -> Result<(), StoreError> {
    for claimed in new_devices(change) {
        let (id, device) = (claimed.id(), &claimed.device);
        let _ = store.create(&format!("devices/{}/{circle}", device.request), "").await?;
        if let Some(log) = log_of(device.log.name()).map(Id) {
            let _ = store.create(&format!("logs/{log}/{circle}-{id}"), "").await?;
            // The first key of this name is the log's, and no other: a witness must not see two logs of one name.
            let _ = store.create(&format!("ledgers/{log}/key"), device.log.to_string()).await?;
        }
    }
    Ok(())
}

/// The circles that list, or listed, a device with this `request` key, and that device.
pub(crate) async fn listing(relay: &Relay, key: &PublicKey) -> Result<Vec<(Sha256, State, Sha256)>, Problem> {
    let names = relay.store.names(&format!("devices/{key}")).await?;
    let ids = names.into_iter().filter_map(|name| name.parse().ok()).take(MAX_CIRCLES);
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
pub(crate) fn split<T: FromStr>(name: &str) -> Option<(Sha256, T)> {
    let (circle, rest) = name.split_once('-')?;
    Some((circle.parse().ok()?, rest.parse().ok()?))
}
