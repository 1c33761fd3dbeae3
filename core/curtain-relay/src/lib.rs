//! The relay: holds sealed bytes for circles that do not trust it. `docs/relay.md` says what it keeps and answers.

mod auth;
mod blobs;
mod circles;
mod config;
mod going;
mod keys;
mod ledgers;
mod limits;
mod log;
mod metrics;
mod problem;
mod routes;
mod server;
mod store;
mod timed;
mod tls;
mod uploads;
mod witness;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use curtain_wire::time::UnixTime;
use tokio::sync::watch;

pub use config::{Config, ConfigError};
pub use keys::{KeysError, RelayKeys};
pub use server::{Server, StartError, when_told};
pub use store::OpenError;

/// A running relay: what every request works on.
pub struct Relay {
    pub(crate) store: store::Store,
    pub(crate) config: Config,
    pub(crate) keys: RelayKeys,
    pub(crate) circles: circles::Circles,
    pub(crate) uploads: uploads::Uploads,
    pub(crate) limits: limits::Limits,
    pub(crate) metrics: metrics::Metrics,
    draining: watch::Sender<bool>,
    /// Seconds that its clock is ahead of the machine's: for tests.
    ahead_s: AtomicI64,
}

impl Relay {
    /// What signatures must name.
    pub(crate) fn authorities(&self) -> &[String] {
        &self.config.authorities
    }

    /// The time by the relay's clock.
    pub(crate) fn now(&self) -> UnixTime {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let seconds = i64::try_from(since).unwrap_or(i64::MAX);
        UnixTime::new(seconds.saturating_add(self.ahead_s.load(Ordering::Relaxed)))
            .expect("the machine's clock is between 1970 and 9999")
    }

    /// Sets how far the relay's clock is ahead of the machine's.
    #[cfg(test)]
    pub(crate) fn set_ahead(&self, seconds: i64) {
        self.ahead_s.store(seconds, Ordering::Relaxed);
    }

    /// Whether the relay is about to stop.
    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Returns when the relay is about to stop: what waits for an entry ends then.
    pub(crate) async fn drained(&self) {
        // The sender lives as long as the relay: this cannot fail before.
        let _ = self.draining.subscribe().wait_for(|draining| *draining).await;
    }
}

/// Runs a relay until it is told to stop. `args` starts with the program's name.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    server::run(args)
}
