//! What a refused request is told: problem details with a stable code. [RFC 9457]

use std::fmt::Display;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use curtain_wire::request::RequestError;
use serde_json::{Map, Value, json};

use crate::store::StoreError;

/// An answer that is no success. Holds no id, key or address.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The code of an answer, for log and metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code(pub(crate) &'static str);

impl Problem {
    /// `code` is stable and `snake_case`; `detail` is for people.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Display) -> Self {
        Self { status, code, detail: detail.to_string(), more: Map::new(), headers: Vec::new() }
    }

    /// With one more member.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.more.insert(key.to_owned(), value.into());
        self
    }

    /// With one more header field.
    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// 404: it is not here, or is not for who asks.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here for this key")
    }

    /// 507: `of`, a circle or a device, has no more room.
    pub(crate) fn quota(of: &str) -> Self {
        let detail = format!("the {of} may keep no more here");
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "quota", detail).with("of", of)
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The code of the answer.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooLarge { .. } => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store", error),
            StoreError::Failed(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "store", error)
                .with_header(header::RETRY_AFTER, HeaderValue::from_static("5")),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error.code(), error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = self.more;
        body.insert("type".to_owned(), json!("about:blank"));
        body.insert("title".to_owned(), json!(self.status.canonical_reason().unwrap_or("error")));
        body.insert("status".to_owned(), json!(self.status.as_u16()));
        body.insert("code".to_owned(), json!(self.code));
        body.insert("detail".to_owned(), json!(self.detail));
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, content_type, Value::Object(body).to_string()).into_response();
        response.extensions_mut().insert(Code(self.code));
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
