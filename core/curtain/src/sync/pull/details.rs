//! Details behind the records: they stay sealed on the officer's desk, each opened once to see that it is what the log
//! committed to.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::client::Relay;
use super::log::Read;
use super::{LogState, PullError, PulledLog, Reason, SEALED};
use crate::files;
use crate::ledger::leaf::{Event, Leaf};
use crate::ledger::officer::{self, OfficerError};
use crate::seal::kem::SecretKey;

/// The most files in the folder of details.
const MAX_DETAILS: usize = 5_000_000;

/// Takes the details that are not here yet, and drops those of grants in `erased`. Of a log that the relay names no more only
/// the latter.
pub(super) fn pull(
    relay: Option<&Relay<'_>>,
    key: &SecretKey,
    folder: &Path,
    log: &Read,
    erased: &BTreeSet<u64>,
    report: &mut PulledLog,
) -> Result<(), PullError> {
    let folder = folder.join(SEALED);
    let mut here: BTreeSet<u64> =
        files::names(&folder, MAX_DETAILS)?.iter().filter_map(|name| name.parse().ok()).collect();
    for n in erased {
        if here.remove(n) {
            files::remove(&folder.join(n.to_string()))?;
        }
    }
    let has_details = |leaf: &&Leaf| match leaf.event {
        Event::Grant { .. } => !erased.contains(&leaf.n),
        Event::Export { .. } => true,
        _ => false,
    };
    let mut missing: BTreeSet<u64> = log.leaves.iter().filter(has_details).map(|leaf| leaf.n).collect();
    missing.retain(|n| !here.contains(n));
    let mut refused: Option<(u64, OfficerError)> = None;
    if let (Some(relay), Some(first)) = (relay, missing.first()) {
        files::make_folder(&folder)?;
        let mut from = *first;
        loop {
            let page = relay.sealed_from(log.id, from)?;
            let Some(last) = page.last() else { break };
            from = last.n + 1;
            for sealed in page {
                let leaf = usize::try_from(sealed.n).ok().and_then(|n| log.leaves.get(n));
                let Some(leaf) = leaf.filter(|_| missing.contains(&sealed.n)) else { continue };
                match officer::open(leaf, &sealed.bytes, key) {
                    Ok(_) => {
                        files::replace(&folder.join(sealed.n.to_string()), &sealed.bytes)?;
                        here.insert(sealed.n);
                    }
                    Err(why) => refused = refused.or(Some((sealed.n, why))),
                }
                missing.remove(&sealed.n);
            }
        }
    }
    report.details = here.len() as u64;
    if !report.state.holds() {
        return Ok(());
    }
    if let Some((first, why)) = refused {
        report.is(LogState::Unverified, Reason::DetailsRefused { first, why });
    } else if let Some(first) = missing.first() {
        report.is(LogState::Behind, Reason::DetailsMissing { count: missing.len() as u64, first: *first });
    }
    Ok(())
}
