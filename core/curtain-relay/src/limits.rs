//! How much of the relay one client, and all together, may take.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{StatusCode, header};
use curtain_wire::statement::PublicKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Config;
use crate::problem::Problem;

/// Rates are kept for at most so many keys and addresses; then those that are at rest are forgotten.
const MAX_KEPT: usize = 100_000;

const DAY: Duration = Duration::from_hours(24);

/// What stands between requests and the rooms that answer.
#[derive(Debug)]
pub(crate) struct Limits {
    all: Arc<Semaphore>,
    connections: Arc<Counts>,
    requests: Arc<Counts>,
    keys: Rates<PublicKey>,
    addresses: Rates<IpAddr>,
    /// Bytes that are kept for a key, but for those of uploads, which are counted there.
    bytes: Rates<PublicKey>,
    bytes_a_day: u64,
}

/// A request that is being answered. Gives back what it took when dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    _one_of_all: OwnedSemaphorePermit,
    _one_of_address: Counted,
}

impl Limits {
    pub(crate) fn new(config: &Config) -> Self {
        let counts = || Arc::new(Counts { max: config.max_requests_per_address, now: Mutex::default() });
        Self {
            all: Arc::new(Semaphore::new(config.max_requests.min(Semaphore::MAX_PERMITS))),
            connections: counts(),
            requests: counts(),
            keys: Rates::new(config.requests_per_minute),
            addresses: Rates::new(config.requests_per_minute),
            bytes: Rates { window: DAY, one: Duration::ZERO, full_at: Mutex::default() },
            bytes_a_day: config.device_quota_bytes,
        }
    }

    /// Counts a connection. None if this address has too many.
    pub(crate) fn connection(&self, peer: IpAddr) -> Option<Counted> {
        self.connections.one(network(peer))
    }

    /// Lets a request in, or says why not: 429 for one address, 503 for all.
    pub(crate) fn admit(&self, peer: IpAddr) -> Result<Admitted, Problem> {
        let peer = network(peer);
        self.addresses.take(peer).map_err(|wait| too_many("rate_address", wait))?;
        let one_of_address =
            self.requests.one(peer).ok_or_else(|| too_many("busy_address", Duration::from_secs(1)))?;
        let one_of_all = self.all.clone().try_acquire_owned().map_err(|_| {
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "the relay has too much to do; try again soon",
            )
            .with_header(header::RETRY_AFTER, 1)
        })?;
        Ok(Admitted { _one_of_all: one_of_all, _one_of_address: one_of_address })
    }

    /// Counts what is about to be kept for a key, outside of uploads: as much in a day as its uploads may be.
    pub(crate) fn keep(&self, key: &PublicKey, bytes: usize) -> Result<(), Problem> {
        // A share of the day; precise enough in a float of 53 bits.
        #[expect(clippy::cast_precision_loss, reason = "quotas are round numbers")]
        let share = bytes as f64 / self.bytes_a_day as f64;
        let cost = Duration::try_from_secs_f64(DAY.as_secs_f64() * share).unwrap_or(Duration::MAX);
        self.bytes.take_for(*key, cost).map_err(|_| Problem::quota("device"))
    }

    /// Counts a request of a key whose signature holds.
    pub(crate) fn by_key(&self, key: &PublicKey) -> Result<(), Problem> {
        self.keys.take(*key).map_err(|wait| too_many("rate_key", wait))
    }
}

fn too_many(code: &'static str, wait: Duration) -> Problem {
    let seconds = wait.as_secs() + 1;
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, "too many requests; wait a little")
        .with_header(header::RETRY_AFTER, seconds)
}

/// Whom a client can be told apart from: an IPv6 client has a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// How many there are now, by address.
#[derive(Debug)]
struct Counts {
    max: usize,
    now: Mutex<HashMap<IpAddr, usize>>,
}

/// One of [`Counts`], until dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    counts: Arc<Counts>,
    of: IpAddr,
}

impl Counts {
    fn one(self: &Arc<Self>, of: IpAddr) -> Option<Counted> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let n = now.entry(of).or_default();
        if *n >= self.max {
            return None;
        }
        *n += 1;
        Some(Counted { counts: self.clone(), of })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut now = self.counts.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = now.get_mut(&self.of) {
            *n -= 1;
            if *n == 0 {
                now.remove(&self.of);
            }
        }
    }
}

/// Token buckets: a window's worth at once, refilled evenly.
#[derive(Debug)]
struct Rates<K> {
    window: Duration,
    /// What one costs.
    one: Duration,
    /// When the bucket of each will be full again.
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Rates<K> {
    fn new(per_minute: u32) -> Self {
        let minute = Duration::from_mins(1);
        Self { window: minute, one: minute / per_minute, full_at: Mutex::default() }
    }

    /// Takes one, or says how long to wait for it.
    fn take(&self, of: K) -> Result<(), Duration> {
        self.take_for(of, self.one)
    }

    /// Takes what costs so much of the window, or says how long to wait for it.
    fn take_for(&self, of: K, cost: Duration) -> Result<(), Duration> {
        let now = Instant::now();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= MAX_KEPT {
            full_at.retain(|_, full| *full > now);
        }
        let full = full_at.get(&of).copied().unwrap_or(now).max(now);
        let used = full.duration_since(now).saturating_add(cost);
        match used.checked_sub(self.window) {
            Some(wait) if !wait.is_zero() => return Err(wait),
            _ => {}
        }
        if full_at.len() < MAX_KEPT || full_at.contains_key(&of) {
            full_at.insert(of, now + used);
            return Ok(());
        }
        // Everybody at once: who is new waits.
        Err(cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_worth_passes_at_once_and_no_more() {
        let rates = Rates::new(3);
        for _ in 0..3 {
            assert_eq!(rates.take(1), Ok(()));
        }
        let wait = rates.take(1).unwrap_err();
        assert!(wait > Duration::from_secs(15) && wait <= Duration::from_secs(20), "{wait:?}");
        assert_eq!(rates.take(2), Ok(()));
    }

    #[test]
    fn what_is_counted_is_given_back() {
        let counts = Arc::new(Counts { max: 1, now: Mutex::default() });
        let address = IpAddr::from([127, 0, 0, 1]);
        let one = counts.one(address).unwrap();
        assert!(counts.one(address).is_none());
        drop(one);
        assert!(counts.now.lock().unwrap().is_empty());
        assert!(counts.one(address).is_some());
    }

    #[test]
    fn a_network_of_v6_is_one_client() {
        let [a, b, c] =
            ["2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"].map(|text| text.parse().unwrap());
        assert_eq!(network(a), network(b));
        assert_ne!(network(a), network(c));
        assert_eq!(network("::ffff:10.0.0.1".parse().unwrap()), "10.0.0.1".parse::<IpAddr>().unwrap());
    }
}
