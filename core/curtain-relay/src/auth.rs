//! Who signed a request. Whether that key may do what it asks is for the room that answers.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request as HttpRequest};
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::request::Parts;
use curtain_wire::hash::Sha256;
use curtain_wire::request::{self, Content, Headers, Request, RequestError};
use curtain_wire::statement::PublicKey;

use crate::Relay;
use crate::problem::Problem;

/// The key that signed a request without a body, now and for this relay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signer {
    /// Not looked up yet.
    pub(crate) key: PublicKey,
}

/// The body of a signed request, and the key that signed it.
#[derive(Clone, Debug)]
pub(crate) struct SignedBody {
    /// Who signed.
    pub(crate) signer: Signer,
    /// As large as the route lets it be (`DefaultBodyLimit`). Its digest was checked.
    pub(crate) body: Bytes,
}

/// A signed request whose body was not read yet: who answers looks up the signer first, so that nobody else has it read.
#[derive(Debug)]
pub(crate) struct Unread {
    /// Who signed.
    pub(crate) signer: Signer,
    digest: Option<Sha256>,
    request: HttpRequest,
}

impl Unread {
    /// The body, as large as the route lets it be (`DefaultBodyLimit`), if it has the digest that was signed.
    pub(crate) async fn body(self) -> Result<Bytes, Problem> {
        let body = Bytes::from_request(self.request, &()).await.map_err(unread)?;
        match self.digest {
            None if body.is_empty() => Ok(body),
            None => Err(RequestError::NoDigest.into()),
            Some(digest) if digest == Sha256::of(&body) => Ok(body),
            Some(_) => Err(RequestError::OtherBody.into()),
        }
    }
}

impl FromRequest<Arc<Relay>> for Unread {
    type Rejection = Problem;

    async fn from_request(request: HttpRequest, relay: &Arc<Relay>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let SignedHead { signer, digest } = verified(&parts, relay)?;
        Ok(Self { signer, digest, request: HttpRequest::from_parts(parts, body) })
    }
}

/// A signed request whose body is still on its way: who takes it must compare the digest at the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedHead {
    /// Who signed.
    pub(crate) signer: Signer,
    /// What the body must have; none without a body.
    pub(crate) digest: Option<Sha256>,
}

/// Checks the signature against each authority that the relay serves.
fn verified(parts: &Parts, relay: &Relay) -> Result<SignedHead, Problem> {
    let fields = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let headers = Headers::pick(fields)?;
    let (key, digest) = (headers.key()?, headers.digest()?);
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let content = digest.map_or(Content::Body(&[]), Content::Hash);
    let mut result = Err(RequestError::Authority);
    for authority in relay.authorities() {
        let request = Request::new(parts.method.as_str(), authority, target, content)?;
        result = request::verify(&request, &headers, &key, relay.now());
        if result.is_ok() {
            break;
        }
    }
    result?;
    // All members of a circle read with one key: reads are counted by address alone.
    if parts.method != Method::GET && parts.method != Method::HEAD {
        relay.limits.by_key(&key)?;
    }
    Ok(SignedHead { signer: Signer { key }, digest })
}

impl FromRequestParts<Arc<Relay>> for SignedHead {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, relay: &Arc<Relay>) -> Result<Self, Problem> {
        verified(parts, relay)
    }
}

impl FromRequestParts<Arc<Relay>> for Signer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, relay: &Arc<Relay>) -> Result<Self, Problem> {
        let head = verified(parts, relay)?;
        if head.digest.is_some() { Err(RequestError::DigestWithoutBody.into()) } else { Ok(head.signer) }
    }
}

impl FromRequest<Arc<Relay>> for SignedBody {
    type Rejection = Problem;

    async fn from_request(request: HttpRequest, relay: &Arc<Relay>) -> Result<Self, Problem> {
        let unread = Unread::from_request(request, relay).await?;
        Ok(Self { signer: unread.signer, body: unread.body().await? })
    }
}

/// What a body that could not be read whole is answered.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn unread(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem::new(StatusCode::BAD_REQUEST, "body_cut", "the body did not arrive whole, or too slowly")
}

/// A body beyond the limit of its route.
pub(crate) fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is larger than this request may have")
}
