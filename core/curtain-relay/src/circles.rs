//! Circles.

use std::sync::Arc;

use axum::Router;
use curtain_wire::hash::Sha256;

use crate::Relay;
use crate::auth::Signer;
use crate::problem::Problem;

/// What is known of circles.
#[derive(Debug, Default)]
pub(crate) struct Circles;

/// As what somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// A device that the circle lists now.
    Device,
    /// Who may read.
    Reader,
}

impl Circles {
    /// Refuses who may not.
    pub(crate) async fn access(&self, _: &Relay, _: Sha256, _: &Signer, _: Access) -> Result<(), Problem> {
        Ok(())
    }

    /// The size of a blob that a live header names.
    pub(crate) async fn names_blob(&self, relay: &Relay, _: Sha256, blob: Sha256) -> Result<Option<u64>, Problem> {
        Ok(relay.store.size(&format!("blobs/{blob}")).await?)
    }

    /// What is to be done from time to time.
    pub(crate) async fn sweep(&self, _: &Relay) -> Result<(), Problem> {
        Ok(())
    }
}

/// Requests about circles.
pub(crate) fn routes() -> Router<Arc<Relay>> {
    Router::new()
}
