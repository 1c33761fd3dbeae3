//! The header fields of tus 1.0.

use std::time::{Duration, UNIX_EPOCH};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use curtain_wire::hash::Sha256;
use ring::digest;

use crate::problem::Problem;

/// The version that we speak.
pub(super) const VERSION: &str = "1.0.0";

/// What we can beyond the core.
const EXTENSIONS: &str = "creation,creation-with-upload,expiration,checksum,termination";

const OFFSET: &str = "upload-offset";
const LENGTH: &str = "upload-length";
const METADATA: &str = "upload-metadata";

/// A request that says it speaks our version.
pub(super) struct Tus;

impl<S: Sync> FromRequestParts<S> for Tus {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if text(&parts.headers, "tus-resumable") == Some(VERSION) {
            return Ok(Self);
        }
        let detail = "Tus-Resumable must be 1.0.0";
        Err(Problem::new(StatusCode::PRECONDITION_FAILED, "tus_version", detail)
            .with_header(header::HeaderName::from_static("tus-version"), HeaderValue::from_static(VERSION)))
    }
}

/// What a body must have, by a client that wants it checked at once.
#[derive(Clone, Debug)]
pub(super) struct Checksum {
    pub(super) algorithm: &'static digest::Algorithm,
    pub(super) value: Vec<u8>,
}

/// The answer to OPTIONS.
pub(super) fn capabilities(max_size: u64) -> Response {
    let fields = [
        ("tus-resumable", VERSION.to_owned()),
        ("tus-version", VERSION.to_owned()),
        ("tus-extension", EXTENSIONS.to_owned()),
        ("tus-max-size", max_size.to_string()),
        ("tus-checksum-algorithm", "sha1,sha256".to_owned()),
    ];
    (StatusCode::NO_CONTENT, fields).into_response()
}

/// An answer that says how far the upload is.
pub(super) fn answer(status: StatusCode, offset: u64, expires_unix_s: Option<i64>) -> Response {
    let fields = [
        ("tus-resumable", VERSION.to_owned()),
        (OFFSET, offset.to_string()),
        ("cache-control", "no-store".to_owned()),
    ];
    let mut response = (status, fields).into_response();
    if let Some(seconds) = expires_unix_s {
        let at = UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs());
        let date = HeaderValue::from_str(&httpdate::fmt_http_date(at)).expect("a date is plain text");
        response.headers_mut().insert("upload-expires", date);
    }
    response
}

/// Adds what the upload was created with.
pub(super) fn describe(headers: &mut HeaderMap, length: u64, sha256: Sha256) {
    headers.insert(LENGTH, length.into());
    let metadata = format!("sha256 {}", STANDARD.encode(sha256.to_string()));
    headers.insert(METADATA, metadata.parse().expect("base64 is plain text"));
}

/// How many bytes there will be.
pub(super) fn length(headers: &HeaderMap) -> Result<u64, Problem> {
    number(headers, LENGTH).filter(|length| *length > 0).ok_or_else(|| {
        bad(
            "upload_length",
            "Upload-Length must be a whole number of bytes, larger than zero; it cannot be deferred",
        )
    })
}

/// Where the body goes on.
pub(super) fn offset(headers: &HeaderMap) -> Result<u64, Problem> {
    number(headers, OFFSET)
        .ok_or_else(|| bad("upload_offset", "Upload-Offset must be a whole number of bytes"))
}

/// The hash that all of it will have.
pub(super) fn sha256(headers: &HeaderMap) -> Result<Sha256, Problem> {
    let named = text(headers, METADATA).into_iter().flat_map(|field| field.split(','));
    let mut named = named.filter_map(|pair| pair.trim().strip_prefix("sha256 "));
    let value = named.next().and_then(|value| STANDARD.decode(value.trim()).ok());
    let hash = value.and_then(|digits| str::from_utf8(&digits).ok()?.parse().ok());
    hash.ok_or_else(|| {
        bad("upload_metadata", "Upload-Metadata must have sha256: the base64 of 64 hexadecimal digits")
    })
}

/// What `Upload-Checksum` says.
pub(super) fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    if !headers.contains_key("upload-checksum") {
        return Ok(None);
    }
    let field = text(headers, "upload-checksum").and_then(|field| field.split_once(' '));
    let parsed = field.and_then(|(name, value)| {
        let algorithm = match name {
            "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            "sha256" => &digest::SHA256,
            _ => return None,
        };
        let value = STANDARD.decode(value).ok()?;
        (value.len() == algorithm.output_len()).then_some(Checksum { algorithm, value })
    });
    let detail = "Upload-Checksum must be sha1 or sha256, a space and the base64 of the hash";
    parsed.map(Some).ok_or_else(|| bad("upload_checksum", detail))
}

/// Refuses bodies of another type.
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let expected = "application/offset+octet-stream";
    if text(headers, "content-type") == Some(expected) {
        return Ok(());
    }
    let detail = format!("Content-Type must be {expected}");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", detail))
}

/// How long the body says it is.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    number(headers, "content-length")
}

/// The body goes on elsewhere, or another request goes on here.
pub(super) fn other_offset() -> Problem {
    Problem::new(StatusCode::CONFLICT, "offset", "the upload is at another offset: ask for it with HEAD")
}

/// The body is not what its checksum says.
pub(super) fn other_checksum() -> Problem {
    // [tus 1.0, checksum]
    let status = StatusCode::from_u16(460).expect("460 has three digits");
    Problem::new(status, "checksum", "the body has another checksum and was discarded")
}

fn bad(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, detail)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    let text = text(headers, name)?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
