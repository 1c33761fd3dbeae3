//! Reading blobs: whole or a range, as the store gives them.

use std::ops::Range;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use curtain_wire::hash::Sha256;

use crate::Relay;
use crate::auth::Signer;
use crate::circles::Access;
use crate::problem::Problem;

/// Requests for blobs.
pub(crate) fn routes() -> Router<Arc<Relay>> {
    Router::new().route("/v1/circles/{circle}/blobs/{sha256}", get(read))
}

async fn read(
    State(relay): State<Arc<Relay>>,
    Path((circle, sha256)): Path<(String, String)>,
    signer: Signer,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let circle: Sha256 = circle.parse().map_err(|_| Problem::not_found())?;
    let sha256: Sha256 = sha256.parse().map_err(|_| Problem::not_found())?;
    relay.circles.access(&relay, circle, &signer, Access::Reader).await?;
    let size = relay.circles.names_blob(&relay, circle, sha256).await?.ok_or_else(Problem::not_found)?;

    let etag = format!("\"{sha256}\"");
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let fields = [
        (header::ETAG, etag.clone()),
        (header::CACHE_CONTROL, "private, immutable".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
    ];
    let is_known = text(header::IF_NONE_MATCH)
        .is_some_and(|tags| tags.split(',').any(|tag| matches!(tag.trim(), "*") || tag.trim() == etag));
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, fields).into_response());
    }
    // A range of what the client has another version of would be no use: there is only one. [RFC 9110, 13.1.5]
    let fits = text(header::IF_RANGE).is_none_or(|tag| tag == etag);
    let (status, range) =
        match text(header::RANGE).filter(|_| fits).map_or(Wanted::All, |range| wanted(range, size)) {
            Wanted::All => (StatusCode::OK, 0..size),
            Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
            Wanted::Nothing => {
                let all = HeaderValue::from_str(&format!("bytes */{size}")).expect("digits are plain text");
                let detail = "the range starts behind the end of the file";
                return Err(Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", detail)
                    .with_header(header::CONTENT_RANGE, all));
            }
        };
    let length = range.end - range.start;
    let content_range = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
    let name = format!("blobs/{sha256}");
    // The header may have come before the blob was deleted, or its deletion was cut.
    let body = if method == Method::HEAD {
        relay.store.size(&name).await?.map(|_| Body::empty())
    } else {
        relay.store.stream(&name, range).await?.map(Body::from_stream)
    };
    let body = body.ok_or_else(Problem::not_found)?;
    let mut response = (status, fields, body).into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    if status == StatusCode::PARTIAL_CONTENT {
        let value = HeaderValue::from_str(&content_range).expect("digits are plain text");
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    Ok(response)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<u64>),
    Nothing,
}

/// What a `Range` asks of `size` bytes. Several ranges, and what is none, count as the whole. [RFC 9110, 14.2]
fn wanted(field: &str, size: u64) -> Wanted {
    let Some((first, last)) = field.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Wanted::All;
    };
    let number = |text: &str| {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // So large a number is behind every end.
        is_plain.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let range = match (first, last) {
        ("", last) => number(last).map(|n| size.saturating_sub(n)..size),
        (first, "") => number(first).map(|first| first..size),
        (first, last) => number(first)
            .zip(number(last))
            .and_then(|(first, last)| (first <= last).then(|| first..last.saturating_add(1).min(size))),
    };
    match range {
        None => Wanted::All,
        Some(range) if range.is_empty() => Wanted::Nothing,
        Some(range) => Wanted::Part(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_http() {
        for (field, expected) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=3-", Wanted::Part(3..10)),
            ("bytes=-4", Wanted::Part(6..10)),
            ("bytes=-40", Wanted::Part(0..10)),
            ("bytes=5-99999999999999999999999", Wanted::Part(5..10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-4", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=-", Wanted::All),
            ("lines=1-2", Wanted::All),
        ] {
            assert_eq!(wanted(field, 10), expected, "{field}");
        }
    }
}
