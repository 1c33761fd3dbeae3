//! The network of a desk: how circles travel, a folder or a relay.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use curtain::exchange::{Folder, Road};
use curtain::hash::Sha256;
use curtain::keys::DeviceKeys;
use curtain::sync::{self, Relay};
use curtain::time::UnixTime;
use curtain::transport::{Answer, Call, RelayError, Transport, TransportError};
use ureq::{Agent, Error, http};

use crate::output::Failure;
use crate::vault::Owner;

/// How long a connection may take to stand, in seconds.
const CONNECT_S: u64 = 15;

/// How long a body may take, in seconds: a megabyte at two kilobytes a second.
const BODY_S: u64 = 600;

/// What circles travel through: `https://HOST` is a relay, anything else a folder.
#[derive(Clone, Debug)]
pub(crate) enum Through {
    Folder(PathBuf),
    Relay(String),
}

impl FromStr for Through {
    type Err = std::convert::Infallible;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let is_url = given.starts_with("https://") || given.starts_with("http://");
        Ok(if is_url { Self::Relay(given.to_owned()) } else { Self::Folder(PathBuf::from(given)) })
    }
}

impl Through {
    /// The road, travelled by this device.
    pub(crate) fn road(&self, device: &DeviceKeys) -> Result<Box<dyn Road>, Failure> {
        Ok(match self {
            Self::Folder(folder) => Box::new(Folder::new(folder)),
            Self::Relay(url) => Box::new(relay(url, device)?),
        })
    }

    /// Keeps in mind that a circle travels through this relay, so that `curtain sync` goes there.
    pub(crate) fn remember(&self, owner: &mut Owner, circle: Sha256) -> Result<(), Failure> {
        let Self::Relay(url) = self else { return Ok(()) };
        let relay = relay(url, &owner.me.device)?;
        let kept = sync::meet_relay(&mut owner.here(), &relay)?;
        Ok(owner.vault.travels_through(circle, &kept.url)?)
    }
}

/// A relay, asked by this device.
pub(crate) fn relay(url: &str, device: &DeviceKeys) -> Result<Relay<'static>, RelayError> {
    Relay::as_device(host(), url, device)
}

/// Plain HTTP and TLS, as a desk has them.
#[derive(Debug)]
pub struct Host(Agent);

/// The network of this machine.
#[must_use]
pub fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(Duration::from_secs(CONNECT_S)))
            .timeout_send_body(Some(Duration::from_secs(BODY_S)))
            .timeout_recv_body(Some(Duration::from_secs(BODY_S)))
            .proxy(None)
            .build();
        Host(Agent::new_with_config(config))
    })
}

impl Transport for Host {
    fn call(&self, call: &Call<'_>) -> Result<Answer, TransportError> {
        let mut request = http::Request::builder().method(call.method).uri(&call.url);
        for (name, value) in &call.fields {
            request = request.header(*name, value);
        }
        let wait = Some(Duration::from_secs(call.patience_s));
        let answered = if call.body.is_empty() {
            let request = request.body(()).map_err(|_| TransportError::NoConnection)?;
            let request = self.0.configure_request(request).timeout_recv_response(wait).build();
            self.0.run(request)
        } else {
            let request = request.body(call.body).map_err(|_| TransportError::NoConnection)?;
            let request = self.0.configure_request(request).timeout_recv_response(wait).build();
            self.0.run(request)
        };
        let mut answer = answered.map_err(|error| why(&error))?;
        let fields = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        let (status, fields) = (answer.status().as_u16(), fields.collect());
        let body = if call.method == "HEAD" {
            Vec::new()
        } else {
            let limit = u64::try_from(call.limit).unwrap_or(u64::MAX).saturating_add(1);
            answer.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| why(&error))?
        };
        if body.len() > call.limit {
            Err(TransportError::TooLarge)
        } else {
            Ok(Answer { status, fields, body })
        }
    }

    fn now(&self) -> UnixTime {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let seconds = i64::try_from(seconds).unwrap_or(0);
        UnixTime::new(seconds).unwrap_or_else(|_| UnixTime::new(0).expect("1970 is a moment"))
    }
}

fn why(error: &Error) -> TransportError {
    match error {
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::BadUri(_)
        | Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => TransportError::NoConnection,
        Error::Tls(_) | Error::Rustls(_) => TransportError::Certificate,
        Error::BodyExceedsLimit(_) => TransportError::TooLarge,
        Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            TransportError::NoConnection
        }
        _ => TransportError::Cut,
    }
}
