//! Uploads.

use std::sync::Arc;

use axum::Router;

use crate::Relay;

/// Uploads that are under way.
#[derive(Debug, Default)]
pub(crate) struct Uploads {}

impl Uploads {
    /// Waits until what has arrived is kept, but not longer than `time`.
    pub(crate) async fn settled(&self, _: std::time::Duration) {}

    /// Removes what has expired.
    pub(crate) async fn sweep(&self, _: &Relay) -> Result<(), crate::problem::Problem> {
        Ok(())
    }
}

/// Requests about uploads.
pub(crate) fn routes() -> Router<Arc<Relay>> {
    Router::new()
}
