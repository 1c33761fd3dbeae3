//! Not here yet.

use std::sync::Arc;

use axum::Router;

use crate::Relay;

/// Requests.
pub(crate) fn routes() -> Router<Arc<Relay>> {
    Router::new()
}
