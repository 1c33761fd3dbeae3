//! One relay, asked in signed requests.

use std::sync::atomic::{AtomicI64, Ordering};

use curtain_wire::request::{self, Content, Headers, Request};
use serde::Deserialize;

use crate::circle::{Identity, MyCircle};
use crate::keys::{DeviceKeys, SigningKey};
use crate::time::UnixTime;
use crate::transport::{Answer, Call, RelayError, Transport};

/// How long an answer may take to begin, in seconds.
const PATIENCE_S: u64 = 60;

/// The most bytes of an answer that says why not.
const MAX_PROBLEM_BYTES: usize = 16 << 10;

/// The longest name of a reason.
const MAX_CODE_BYTES: usize = 64;

/// By whom a request is signed.
#[derive(Clone, Copy)]
pub(super) enum By<'k> {
    /// Nobody.
    Nobody,
    /// This device.
    Device,
    /// A member, and the relay does not learn which.
    Reader(&'k SigningKey),
}

/// What is asked.
pub(super) struct Ask<'a> {
    pub(super) method: &'static str,
    /// Path and query.
    pub(super) target: String,
    pub(super) by: By<'a>,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) body: &'a [u8],
    pub(super) limit: usize,
    pub(super) patience_s: u64,
}

impl<'a> Ask<'a> {
    pub(super) fn new(method: &'static str, target: String, by: By<'a>) -> Self {
        let (fields, limit, patience_s) = (Vec::new(), MAX_PROBLEM_BYTES, PATIENCE_S);
        Self { method, target, by, fields, body: &[], limit, patience_s }
    }

    pub(super) fn body(self, body: &'a [u8]) -> Self {
        Self { body, ..self }
    }

    pub(super) fn field(mut self, name: &'static str, value: String) -> Self {
        self.fields.push((name, value));
        self
    }

    /// The most bytes that a good answer may have.
    pub(super) fn limit(self, limit: usize) -> Self {
        Self { limit: limit.max(MAX_PROBLEM_BYTES), ..self }
    }
}

/// A relay, as this device asks it.
pub struct Relay<'t> {
    transport: &'t dyn Transport,
    url: String,
    /// None for somebody without a vault.
    device: Option<SigningKey>,
    /// What the relay's clock is ahead of this device's, in seconds: learnt from its `Date` when it refuses a signature's time.
    ahead_s: AtomicI64,
}

/// The reason in an answer. [RFC 9457]
#[derive(Deserialize)]
struct Problem {
    code: String,
}

impl<'t> Relay<'t> {
    /// The relay at `url`, `https://HOST` or `http://HOST` with a port if need be, asked as the owner of this device.
    ///
    /// # Errors
    /// [`RelayError::Url`].
    pub fn new(transport: &'t dyn Transport, url: &str, me: &Identity) -> Result<Self, RelayError> {
        Self::as_device(transport, url, &me.device)
    }

    /// The same, asked as another device: the recovery code's.
    ///
    /// # Errors
    /// [`RelayError::Url`].
    pub fn as_device(
        transport: &'t dyn Transport,
        url: &str,
        device: &DeviceKeys,
    ) -> Result<Self, RelayError> {
        let device = SigningKey::from_seed(*device.request().seed());
        Ok(Self { device: Some(device), ..Self::anybody(transport, url)? })
    }

    /// The same, asked by somebody who has no keys.
    pub(super) fn anybody(transport: &'t dyn Transport, url: &str) -> Result<Self, RelayError> {
        let url = url.trim_end_matches('/').to_ascii_lowercase();
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if host.is_none_or(|host| host.contains('/')) {
            return Err(RelayError::Url);
        }
        Request::to_url("GET", &url, Content::Body(&[])).map_err(|_| RelayError::Url)?;
        Ok(Self { transport, url, device: None, ahead_s: AtomicI64::new(0) })
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Now, by this device's clock.
    pub(super) fn now(&self) -> UnixTime {
        self.transport.now()
    }

    /// Now, by the relay's clock, as far as it is known to differ.
    pub(super) fn their_now(&self) -> UnixTime {
        let seconds = self.now().seconds().saturating_add(self.ahead_s.load(Ordering::Relaxed));
        UnixTime::new(seconds).unwrap_or_else(|_| self.now())
    }

    /// Asks, and gives an answer of 2xx.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Answer, RelayError> {
        good(self.hear(ask)?)
    }

    /// Asks, and gives whatever is answered.
    pub(super) fn hear(&self, ask: &Ask<'_>) -> Result<Answer, RelayError> {
        let answer = self.send(ask)?;
        if let Some(ahead_s) = self.clock_is_off(&answer) {
            self.ahead_s.store(ahead_s, Ordering::Relaxed);
            return self.send(ask);
        }
        Ok(answer)
    }

    fn send(&self, ask: &Ask<'_>) -> Result<Answer, RelayError> {
        let url = format!("{}{}", self.url, ask.target);
        let mut fields = ask.fields.clone();
        let key = match ask.by {
            By::Nobody => None,
            By::Device => self.device.as_ref(),
            By::Reader(key) => Some(key),
        };
        if let Some(key) = key {
            fields.extend(self.signed(key, ask.method, &url, ask.body)?);
        }
        let (method, body, limit, patience_s) = (ask.method, ask.body, ask.limit, ask.patience_s);
        Ok(self.transport.call(&Call { method, url, fields, body, limit, patience_s })?)
    }

    fn signed(
        &self,
        key: &SigningKey,
        method: &str,
        url: &str,
        body: &[u8],
    ) -> Result<Vec<(&'static str, String)>, RelayError> {
        let request = Request::to_url(method, url, Content::Body(body)).map_err(|_| RelayError::Url)?;
        let signed = request::sign(&request, self.their_now(), &key.public(), |message| key.sign(message));
        let Headers { content_digest, signature, signature_input } = signed;
        let digest = content_digest.map(|digest| ("content-digest", digest));
        let rest = [("signature-input", signature_input), ("signature", signature)];
        Ok(digest.into_iter().chain(rest).collect())
    }

    /// By how much the clocks differ, if that is why the relay refused; asked once.
    fn clock_is_off(&self, answer: &Answer) -> Option<i64> {
        let about_time = matches!(problem(answer)?.as_str(), "request_too_old" | "request_too_new");
        let theirs = crate::time::http_date(answer.field("date")?)?;
        let ahead_s = theirs.seconds() - self.now().seconds();
        (about_time && answer.status == 401 && ahead_s != self.ahead_s.load(Ordering::Relaxed))
            .then_some(ahead_s)
    }
}

/// The key with which a member reads, without saying who: of the circle's present epoch.
pub(super) fn read_key(circle: &MyCircle) -> Option<SigningKey> {
    let epoch = circle.circle().epoch()?.number;
    Some(circle.secret(epoch).ok()?.read_key())
}

fn problem(answer: &Answer) -> Option<String> {
    let code = serde_json::from_slice::<Problem>(&answer.body).ok()?.code;
    let plain = code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (plain && code.len() <= MAX_CODE_BYTES).then_some(code)
}

/// An answer of 2xx, or why it is none.
pub(super) fn good(answer: Answer) -> Result<Answer, RelayError> {
    match answer.status {
        200..=299 => Ok(answer),
        429 | 503 => {
            let retry_after_s = answer.field("retry-after").and_then(|seconds| seconds.parse().ok());
            Err(RelayError::Busy { retry_after_s })
        }
        status @ 400..=599 => {
            let code = problem(&answer).unwrap_or_else(|| "no_reason".to_owned());
            Err(RelayError::Refused { status, code })
        }
        _ => Err(RelayError::Answer),
    }
}
