//! All requests, and what each passes on its way in and out: limits, times, counts.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures::{FutureExt as _, StreamExt as _, stream};
use http_body::{Body as _, Frame, SizeHint};
use serde_json::{Value, json};

use crate::limits::Admitted;
use crate::log::{self, Level};
use crate::metrics::Finished;
use crate::problem::{Code, Problem};
use crate::{Relay, blobs, circles, ledgers, uploads, witness};

/// The largest body unless a route says otherwise.
const MAX_BODY_BYTES: usize = 1 << 20;

/// The longest that a request may wait for an entry.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// All requests in detail, for clients and people.
const OPENAPI: &str = include_str!("openapi.json");

/// The address at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Everything that the relay answers.
pub(crate) fn router(relay: Arc<Relay>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], OPENAPI)))
        .route("/v1/relay", get(about))
        .merge(circles::routes())
        .merge(witness::routes())
        .merge(ledgers::routes())
        .merge(uploads::routes())
        .merge(blobs::routes())
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "no_such_path", "there is no such path here"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no_such_method", "this path has no such method")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(relay.clone(), pass))
        .with_state(relay)
}

async fn ready(State(relay): State<Arc<Relay>>) -> Result<&'static str, Problem> {
    if relay.is_draining() {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "draining", "the relay is about to stop"));
    }
    relay.store.size("probe/ready").await?;
    Ok("ok\n")
}

async fn metrics(State(relay): State<Arc<Relay>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], relay.metrics.text())
}

async fn about(State(relay): State<Arc<Relay>>) -> Json<Value> {
    Json(json!({
        "feed_key": relay.keys.feed().to_string(),
        "max_blob_bytes": relay.config.max_blob_bytes,
        "max_patch_bytes": relay.config.max_patch_bytes,
        "name": relay.config.name,
        "witness_key": relay.keys.witness().to_string(),
    }))
}

/// What every request passes.
async fn pass(
    State(relay): State<Arc<Relay>>,
    Extension(peer): Extension<Peer>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let route = route.map_or_else(|| "other".to_owned(), |route| route.as_str().to_owned());
    let mut seen = Seen::new(relay.clone(), request.method(), route);
    let is_for_operators = matches!(seen.route.as_str(), "/healthz" | "/readyz" | "/metrics");
    if !is_for_operators {
        match relay.limits.admit(client(&relay, peer.0, &request)) {
            Ok(admitted) => seen.admitted = Some(admitted),
            Err(problem) => return seen.answer(problem.into_response()),
        }
    }
    let time = time(&relay, &seen.route, &request);
    let request = request.map(|body| paced(body, &relay, seen.bytes_in.clone()));
    // A bug in one answer is no reason to leave the client without one.
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    let answer = match time {
        None => Ok(answer.await),
        Some(time) => tokio::time::timeout(time, answer).await,
    };
    seen.answer(match answer {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "the relay made a mistake").into_response()
        }
        Err(_) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "time", "this took too long; try again later")
                .with_header(header::RETRY_AFTER, 5)
                .into_response()
        }
    })
}

/// Whose request it is: that of the other end, or whom a proxy of ours names.
fn client(relay: &Relay, peer: IpAddr, request: &Request) -> IpAddr {
    if !relay.config.proxies.contains(&peer) {
        return peer;
    }
    // The last one is what the proxy itself saw.
    let fields = request.headers().get_all("x-forwarded-for").iter().next_back();
    let last = fields.and_then(|field| field.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    last.unwrap_or(peer)
}

/// How long the answer may take. Uploads have a speed instead.
fn time(relay: &Relay, route: &str, request: &Request) -> Option<Duration> {
    if route.contains("/uploads") {
        return None;
    }
    let waits = request.uri().query().is_some_and(|query| query.contains("wait="));
    Some(if waits { relay.config.request_time + MAX_WAIT } else { relay.config.request_time })
}

/// The body of a request, which ends with an error when it comes too slowly.
fn paced(body: Body, relay: &Relay, bytes_in: Arc<AtomicU64>) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let (idle, speed) = (relay.config.idle, relay.config.min_bytes_per_second);
    let frames = body.into_data_stream().map(|frame| frame.map_err(std::io::Error::other));
    let paced = stream::unfold((frames, Duration::ZERO), move |(mut frames, mut waited)| {
        let bytes_in = bytes_in.clone();
        async move {
            let began = Instant::now();
            let frame = tokio::time::timeout(idle, frames.next()).await;
            waited += began.elapsed();
            let slow = || Err(std::io::ErrorKind::TimedOut.into());
            let frame = match frame {
                Err(_) => slow(),
                Ok(None) => return None,
                Ok(Some(Err(error))) => Err(error),
                Ok(Some(Ok(bytes))) => {
                    let so_far =
                        bytes_in.fetch_add(bytes.len() as u64, Ordering::Relaxed) + bytes.len() as u64;
                    let is_slow = waited > idle && so_far < speed.saturating_mul(waited.as_secs());
                    if is_slow { slow() } else { Ok(bytes) }
                }
            };
            Some((frame, (frames, waited)))
        }
    });
    Body::from_stream(paced)
}

/// A request from its head to the last byte of its answer. Is counted and logged when dropped.
struct Seen {
    relay: Arc<Relay>,
    method: &'static str,
    route: String,
    began: Instant,
    status: Option<StatusCode>,
    code: Option<&'static str>,
    bytes_in: Arc<AtomicU64>,
    bytes_out: u64,
    admitted: Option<Admitted>,
}

impl Seen {
    fn new(relay: Arc<Relay>, method: &Method, route: String) -> Self {
        relay.metrics.in_flight.fetch_add(1, Ordering::Relaxed);
        let known = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"];
        let method = known.into_iter().find(|known| method.as_str() == *known).unwrap_or("other");
        let began = Instant::now();
        let bytes_in = Arc::default();
        Self { relay, method, route, began, status: None, code: None, bytes_in, bytes_out: 0, admitted: None }
    }

    /// The answer, which keeps this until it is sent.
    fn answer(mut self, response: Response) -> Response {
        self.status = Some(response.status());
        self.code = response.extensions().get::<Code>().map(|code| code.0);
        response.map(|body| Body::new(Answer { body, seen: self }))
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        drop(self.admitted.take());
        let request = Finished {
            method: self.method,
            route: &self.route,
            status: self.status.map_or(499, |status| status.as_u16()),
            code: self.code,
            took: self.began.elapsed(),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out,
        };
        self.relay.metrics.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.relay.metrics.finished(request);
        let level = if request.status >= 500 { Level::Error } else { Level::Info };
        let fields = [
            ("method", json!(request.method)),
            ("route", json!(request.route)),
            ("status", json!(request.status)),
            ("code", json!(request.code)),
            ("ms", json!(u64::try_from(request.took.as_millis()).unwrap_or(u64::MAX))),
            ("in", json!(request.bytes_in)),
            ("out", json!(request.bytes_out)),
        ];
        log::line(level, "request", fields);
    }
}

struct Answer {
    body: Body,
    seen: Seen,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            self.seen.bytes_out += frame.data_ref().map_or(0, Bytes::len) as u64;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
