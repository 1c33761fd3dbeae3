//! Signed requests: a narrow profile of HTTP Message Signatures. What is written in another way is refused, even where
//! [RFC 9421] would let it pass.
//!
//! Covered are method, authority, path, query and, if there is a body, its digest. A signature says nothing about other
//! fields, and the same request passes again for [`MAX_SKEW_S`]: who acts on it must bear that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::checkpoint::decimal;
use crate::hash::Sha256;
use crate::statement::{PublicKey, Signature};
use crate::time::UnixTime;

/// How far a signature's time may be from the verifier's, in seconds.
pub const MAX_SKEW_S: i64 = 300;

/// The longest path with its query, in bytes.
pub const MAX_TARGET_BYTES: usize = 8 << 10;

/// The longest authority, in bytes: a host's name with a port. [RFC 1035, 2.3.4]
const MAX_AUTHORITY_BYTES: usize = 261;

/// The label of the one signature, in both fields.
const LABEL: &str = "curtain=";

/// What is covered without a body. [RFC 9421, 2.2]
const COVERED: &str = r#"("@method" "@authority" "@path" "@query")"#;

/// What is covered with a body. [RFC 9421, 2.2; RFC 9530]
const COVERED_WITH_BODY: &str = r#"("@method" "@authority" "@path" "@query" "content-digest")"#;

/// A request that is not in our profile, or a signature that does not hold.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// Not 1 to 16 capital letters.
    #[error("the method is not written in capital letters")]
    Method,
    /// Neither `https://` nor `http://` in front.
    #[error("the address does not start with https:// or http://")]
    Scheme,
    /// Not `host` or `host:port` in small letters.
    #[error("the authority is not a host in small letters, with a port if it is not the usual one")]
    Authority,
    /// Longer than [`MAX_TARGET_BYTES`].
    #[error("path and query are longer than {MAX_TARGET_BYTES} bytes")]
    TargetTooLong,
    /// Not an absolute path in the characters that a path may have, or with `.` and `..` in it.
    #[error("the path is not absolute, has a dot segment, or has characters that must be percent-encoded")]
    Path,
    /// Characters that a query may not have.
    #[error("the query has characters that must be percent-encoded")]
    Query,
    /// `Signature-Input`, `Signature` or `Content-Digest` stands twice.
    #[error("a field of the signature stands twice")]
    FieldTwice,
    /// There is no `Signature-Input`.
    #[error("the request is not signed: Signature-Input is missing")]
    NoInput,
    /// There is no `Signature`.
    #[error("the request is not signed: Signature is missing")]
    NoSignature,
    /// There is a body, but no `Content-Digest`.
    #[error("the request has a body, but no Content-Digest")]
    NoDigest,
    /// There is a `Content-Digest`, but no body.
    #[error("the request has a Content-Digest, but no body")]
    DigestWithoutBody,
    /// A field of the signature has bytes that are no ASCII text.
    #[error("a field of the signature is not plain text")]
    FieldText,
    /// `Signature-Input` has another label than `curtain`.
    #[error("Signature-Input does not start with the label curtain")]
    InputLabel,
    /// Not exactly the components of this profile, in their order.
    #[error(
        "the signature does not cover method, authority, path, query and the body's digest, in this order"
    )]
    Components,
    /// No `created` behind the components, or it is no whole number of seconds since 1970.
    #[error("the signature does not say when it was made: created is missing or no time")]
    Created,
    /// No `keyid` behind `created`, or it is no key.
    #[error("the signature does not say by which key it was made: keyid is missing or no key")]
    KeyId,
    /// No `alg` behind `keyid`, or it is not `ed25519`.
    #[error("the signature is not made with ed25519")]
    Algorithm,
    /// Something behind `alg`: another parameter, or another signature.
    #[error("Signature-Input has more than one signature with created, keyid and alg")]
    Trailing,
    /// `Signature` has another label than `curtain`.
    #[error("Signature does not start with the label curtain")]
    SignatureLabel,
    /// `Signature` is not 64 bytes in base64 between colons.
    #[error("Signature is not one signature of 64 bytes in base64")]
    SignatureForm,
    /// `Content-Digest` is not one SHA-256 hash in base64 between colons.
    #[error("Content-Digest is not one sha-256 hash in base64")]
    DigestForm,
    /// Another key was expected.
    #[error("the request is signed by another key")]
    OtherKey,
    /// Made more than [`MAX_SKEW_S`] ago.
    #[error("the signature is older than {MAX_SKEW_S} seconds: check the clock and sign again")]
    TooOld,
    /// Made more than [`MAX_SKEW_S`] in the future.
    #[error("the signature is from more than {MAX_SKEW_S} seconds ahead: check the clock and sign again")]
    TooNew,
    /// The body has another hash.
    #[error("the body is not the one that was signed")]
    OtherBody,
    /// The signature is not one by this key over this request.
    #[error("the signature does not fit: the request was changed, or another key signed it")]
    BadSignature,
}

impl RequestError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Method => "request_method",
            Self::Scheme => "request_scheme",
            Self::Authority => "request_authority",
            Self::TargetTooLong => "request_target_too_long",
            Self::Path => "request_path",
            Self::Query => "request_query",
            Self::FieldTwice => "request_field_twice",
            Self::NoInput => "request_no_input",
            Self::NoSignature => "request_no_signature",
            Self::NoDigest => "request_no_digest",
            Self::DigestWithoutBody => "request_digest_without_body",
            Self::FieldText => "request_field_text",
            Self::InputLabel => "request_input_label",
            Self::Components => "request_components",
            Self::Created => "request_created",
            Self::KeyId => "request_key_id",
            Self::Algorithm => "request_algorithm",
            Self::Trailing => "request_trailing",
            Self::SignatureLabel => "request_signature_label",
            Self::SignatureForm => "request_signature_form",
            Self::DigestForm => "request_digest_form",
            Self::OtherKey => "request_other_key",
            Self::TooOld => "request_too_old",
            Self::TooNew => "request_too_new",
            Self::OtherBody => "request_other_body",
            Self::BadSignature => "request_bad_signature",
        }
    }
}

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// These bytes. None at all is no body.
    Body(&'a [u8]),
    /// A body with this hash, which is still on its way. Who verifies so must compare the hash when the body is there.
    Hash(Sha256),
}

/// A request, as far as it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    method: &'a str,
    authority: String,
    path: &'a str,
    query: &'a str,
    body: Option<Sha256>,
}

impl<'a> Request<'a> {
    /// A request to `authority` (`host`, or `host:port` if the port is not the scheme's own; in small letters) for
    /// `target`: path and query as they are sent, percent-encoding and all. Nothing is normalised.
    ///
    /// A server gives the authority that it serves, and does not take it from the request.
    ///
    /// # Errors
    /// [`RequestError::Method`], [`RequestError::Authority`], [`RequestError::TargetTooLong`], [`RequestError::Path`],
    /// [`RequestError::Query`].
    pub fn new(
        method: &'a str,
        authority: &str,
        target: &'a str,
        content: Content<'_>,
    ) -> Result<Self, RequestError> {
        if !(1..=16).contains(&method.len()) || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(RequestError::Method);
        }
        if !is_authority(authority) {
            return Err(RequestError::Authority);
        }
        if target.len() > MAX_TARGET_BYTES {
            return Err(RequestError::TargetTooLong);
        }
        // An empty query signs as none. [RFC 9421, 2.2.7]
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if !path.starts_with('/') || !is_encoded(path, b"/") || path.split('/').any(is_dots) {
            return Err(RequestError::Path);
        }
        if !is_encoded(query, b"/?") {
            return Err(RequestError::Query);
        }
        let body = match content {
            Content::Body([]) => None,
            Content::Body(bytes) => Some(Sha256::of(bytes)),
            Content::Hash(hash) => Some(hash),
        };
        Ok(Self { method, authority: authority.to_owned(), path, query, body })
    }

    /// A request to an `https://` or `http://` address without user and fragment. The scheme's own port is left out
    /// [RFC 9421, 2.2.3], and an empty path is `/` [2.2.6].
    ///
    /// # Errors
    /// [`RequestError::Scheme`], and those of [`Request::new`].
    pub fn to_url(method: &'a str, url: &'a str, content: Content<'_>) -> Result<Self, RequestError> {
        let (rest, port) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (rest, ":443"),
            (None, Some(rest)) => (rest, ":80"),
            (None, None) => return Err(RequestError::Scheme),
        };
        let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let authority = authority.to_ascii_lowercase();
        let authority = authority.strip_suffix(port).unwrap_or(&authority);
        if target.starts_with('/') {
            return Self::new(method, authority, target, content);
        }
        // No path: the query, if there is one, is that of the root.
        let rooted = Self::new(method, authority, "/", content)?;
        let query = match target.strip_prefix('?') {
            Some(query) => query,
            None if target.is_empty() => "",
            None => return Err(RequestError::Path),
        };
        if query.len() > MAX_TARGET_BYTES - 2 {
            return Err(RequestError::TargetTooLong);
        }
        if is_encoded(query, b"/?") { Ok(Self { query, ..rooted }) } else { Err(RequestError::Query) }
    }
}

/// The fields of a signed request, by their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// `Content-Digest`, with a body.
    pub content_digest: Option<String>,
    /// `Signature`
    pub signature: String,
    /// `Signature-Input`
    pub signature_input: String,
}

impl Headers {
    /// Picks the fields of the signature out of all fields of a request, which are names and values.
    ///
    /// # Errors
    /// [`RequestError::FieldTwice`], [`RequestError::FieldText`], [`RequestError::NoInput`],
    /// [`RequestError::NoSignature`].
    pub fn pick<'f>(fields: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Result<Self, RequestError> {
        let (mut digest, mut signature, mut input) = (None, None, None);
        for (name, value) in fields {
            let place = match name {
                name if name.eq_ignore_ascii_case("content-digest") => &mut digest,
                name if name.eq_ignore_ascii_case("signature") => &mut signature,
                name if name.eq_ignore_ascii_case("signature-input") => &mut input,
                _ => continue,
            };
            let value = str::from_utf8(value).map_err(|_| RequestError::FieldText)?;
            if place.replace(value.to_owned()).is_some() {
                return Err(RequestError::FieldTwice);
            }
        }
        Ok(Self {
            content_digest: digest,
            signature: signature.ok_or(RequestError::NoSignature)?,
            signature_input: input.ok_or(RequestError::NoInput)?,
        })
    }

    /// The key that the request says it is signed by: to look up whose it is, before [`verify`].
    ///
    /// # Errors
    /// Those of [`verify`] about `Signature-Input`.
    pub fn key(&self) -> Result<PublicKey, RequestError> {
        Ok(parse_input(&self.signature_input)?.key)
    }

    /// The hash that the body is said to have, for [`Content::Hash`]. None without a body.
    ///
    /// # Errors
    /// [`RequestError::DigestForm`].
    pub fn digest(&self) -> Result<Option<Sha256>, RequestError> {
        self.content_digest.as_deref().map(parse_digest).transpose()
    }
}

/// The value of `Content-Digest` for this body. [RFC 9530, 2]
#[must_use]
pub fn content_digest(body: &[u8]) -> String {
    digest_field(Sha256::of(body))
}

/// What is signed: a line for each component, and one for the parameters. [RFC 9421, 2.5]
#[must_use]
pub fn signature_base(request: &Request<'_>, created: UnixTime, key: &PublicKey) -> String {
    let Request { method, authority, path, query, body } = request;
    let digest = body.map(|hash| format!("\"content-digest\": {}\n", digest_field(hash))).unwrap_or_default();
    format!(
        "\"@method\": {method}\n\"@authority\": {authority}\n\"@path\": {path}\n\"@query\": ?{query}\n{digest}\
         \"@signature-params\": {}",
        parameters(covered(request), created, key)
    )
}

/// Signs a request: `sign` gets the message and gives the Ed25519 signature of `key`'s private half.
#[must_use]
pub fn sign(
    request: &Request<'_>,
    created: UnixTime,
    key: &PublicKey,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Headers {
    let covered = covered(request);
    let signature = sign(signature_base(request, created, key).as_bytes());
    Headers {
        content_digest: request.body.map(digest_field),
        signature: format!("{LABEL}:{}:", STANDARD.encode(signature)),
        signature_input: format!("{LABEL}{}", parameters(covered, created, key)),
    }
}

/// Checks that `key` signed this request, within [`MAX_SKEW_S`] of `now`.
///
/// # Errors
/// [`RequestError`], for the first thing that is wrong.
pub fn verify(
    request: &Request<'_>,
    headers: &Headers,
    key: &PublicKey,
    now: UnixTime,
) -> Result<(), RequestError> {
    let input = parse_input(&headers.signature_input)?;
    match (request.body, headers.digest()?) {
        (Some(_), None) => return Err(RequestError::NoDigest),
        (None, Some(_)) => return Err(RequestError::DigestWithoutBody),
        (body, digest) if body != digest => return Err(RequestError::OtherBody),
        _ => {}
    }
    if input.covered != covered(request) {
        return Err(RequestError::Components);
    }
    let signature = parse_signature(&headers.signature)?;
    if input.key != *key {
        return Err(RequestError::OtherKey);
    }
    let age = now.seconds() - input.created.seconds();
    if age > MAX_SKEW_S {
        return Err(RequestError::TooOld);
    }
    if age < -MAX_SKEW_S {
        return Err(RequestError::TooNew);
    }
    let base = signature_base(request, input.created, key);
    key.verify(base.as_bytes(), &signature).map_err(|_| RequestError::BadSignature)
}

/// What `Signature-Input` says.
struct Input {
    covered: &'static str,
    created: UnixTime,
    key: PublicKey,
}

fn parse_input(field: &str) -> Result<Input, RequestError> {
    let rest = field.strip_prefix(LABEL).ok_or(RequestError::InputLabel)?;
    let (covered, rest) = [COVERED_WITH_BODY, COVERED]
        .into_iter()
        .find_map(|covered| Some((covered, rest.strip_prefix(covered)?)))
        .ok_or(RequestError::Components)?;
    let rest = rest.strip_prefix(";created=").ok_or(RequestError::Created)?;
    let (created, rest) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
    let created = decimal(created).and_then(|seconds| i64::try_from(seconds).ok());
    let created = created.and_then(|seconds| UnixTime::new(seconds).ok()).ok_or(RequestError::Created)?;
    let rest = rest.strip_prefix(";keyid=\"").ok_or(RequestError::KeyId)?;
    let (key, rest) = rest.split_once('"').ok_or(RequestError::KeyId)?;
    let key = key.parse().map_err(|_| RequestError::KeyId)?;
    let rest = rest.strip_prefix(";alg=\"ed25519\"").ok_or(RequestError::Algorithm)?;
    if rest.is_empty() { Ok(Input { covered, created, key }) } else { Err(RequestError::Trailing) }
}

fn parse_signature(field: &str) -> Result<Signature, RequestError> {
    let value = field.strip_prefix(LABEL).ok_or(RequestError::SignatureLabel)?;
    byte_sequence(value).map(Signature).ok_or(RequestError::SignatureForm)
}

fn parse_digest(field: &str) -> Result<Sha256, RequestError> {
    field.strip_prefix("sha-256=").and_then(byte_sequence).map(Sha256).ok_or(RequestError::DigestForm)
}

/// Bytes in base64 between colons. [RFC 9651, 3.3.5]
fn byte_sequence<const LEN: usize>(text: &str) -> Option<[u8; LEN]> {
    STANDARD.decode(text.strip_prefix(':')?.strip_suffix(':')?).ok()?.try_into().ok()
}

fn digest_field(hash: Sha256) -> String {
    format!("sha-256=:{}:", STANDARD.encode(hash.0))
}

fn covered(request: &Request<'_>) -> &'static str {
    if request.body.is_some() { COVERED_WITH_BODY } else { COVERED }
}

/// [RFC 9421, 2.3]
fn parameters(covered: &str, created: UnixTime, key: &PublicKey) -> String {
    format!("{covered};created={};keyid=\"{key}\";alg=\"ed25519\"", created.seconds())
}

/// A name, an IPv4 address or an IPv6 address in brackets, then perhaps a port in its shortest form.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => {
            address.parse::<std::net::Ipv6Addr>().is_ok() && !address.contains(char::is_uppercase)
        }
        None => !host.is_empty() && host.bytes().all(is_name),
    };
    let is_port = |port: &str| decimal(port).is_some_and(|port| (1..=65_535).contains(&port));
    text.len() <= MAX_AUTHORITY_BYTES && is_host && port.is_none_or(is_port)
}

/// Whether a path or query has only the characters that it may have: those of a segment, `more`, and whole
/// percent-encodings. [RFC 3986, 3.3 and 3.4]
fn is_encoded(text: &str, more: &[u8]) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                bytes.next().is_some_and(|b| b.is_ascii_hexdigit())
                    && bytes.next().is_some_and(|b| b.is_ascii_hexdigit())
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => true,
            _ => b"-._~!$&'()*+,;=:@".contains(&byte) || more.contains(&byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// Whether clients and servers on the way may take this segment away. [RFC 3986, 5.2.4]
fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

#[cfg(test)]
mod tests;
