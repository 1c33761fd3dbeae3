//! Requests out, answers in: what the core asks of a network that it does not own. Phones give `URLSession` or `OkHttp`, a desk
//! gives an HTTP library; the tests give one that fails at will.

use thiserror::Error;

use crate::time::UnixTime;

/// A request, signed and ready: to be sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// In capital letters.
    pub method: &'static str,
    /// The whole address. Nothing in it may be rewritten: it is signed.
    pub url: String,
    /// Names in small letters, and values.
    pub fields: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub body: &'a [u8],
    /// The most bytes of an answer that are read.
    pub limit: usize,
    /// How long the answer may take to begin, in seconds: a long poll waits.
    pub patience_s: u64,
}

/// An answer, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names, in any case, and values.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Why there was no answer, or none that is of use.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection could be made.
    #[error("the relay cannot be reached: check the network, or try again later")]
    NoConnection,
    /// The connection ended, or took too long, before the answer was whole. What was sent may have arrived.
    #[error("the connection was cut before the answer was whole: it goes on where it stopped next time")]
    Cut,
    /// The other side could not show that it is the relay.
    #[error("the relay's certificate does not hold: somebody may stand between, or the clock is wrong")]
    Certificate,
    /// The answer is larger than anything that was asked for.
    #[error("the relay's answer is larger than anything that was asked for: it is refused")]
    TooLarge,
}

impl TransportError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoConnection => "no_connection",
            Self::Cut => "connection_cut",
            Self::Certificate => "relay_certificate",
            Self::TooLarge => "answer_too_large",
        }
    }
}

/// A network. Follows no redirects, keeps no cookies, adds nothing to an address.
pub trait Transport: Sync {
    /// Sends a request and waits for the answer.
    ///
    /// # Errors
    /// [`TransportError`]. A status code is no error.
    fn call(&self, call: &Call<'_>) -> Result<Answer, TransportError>;

    /// Now, by the device's clock: long syncs outlast one signature.
    fn now(&self) -> UnixTime;
}

/// Why a relay did not do what it was asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelayError {
    /// No answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// It has too much to do.
    #[error("the relay is busy: it is tried again later")]
    Busy {
        /// After how many seconds, if it says so.
        retry_after_s: Option<u64>,
    },
    /// It does not want to.
    #[error("the relay refused it: {code}")]
    Refused {
        /// The status code.
        status: u16,
        /// The relay's stable name for the reason.
        code: String,
    },
    /// It says something that no relay should.
    #[error("the relay's answer is not one that a relay gives: it is passed over")]
    Answer,
    /// The address is none.
    #[error("the relay's address is not https://HOST or http://HOST, without a path")]
    Url,
}

impl RelayError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Transport(error) => error.code(),
            Self::Busy { .. } => "relay_busy",
            Self::Refused { .. } => "relay_refused",
            Self::Answer => "relay_answer",
            Self::Url => "relay_url",
        }
    }

    /// What the relay calls the reason, if it refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether it may go better later without anybody doing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Transport(error) => *error != TransportError::TooLarge,
            Self::Busy { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            Self::Answer | Self::Url => false,
        }
    }
}
