//! Reading blobs.

use std::sync::Arc;

use axum::Router;

use crate::Relay;

/// Requests for blobs.
pub(crate) fn routes() -> Router<Arc<Relay>> {
    Router::new()
}
