//! Sending a sealed file so that a cut connection costs what was on its way, and no more: tus 1.0 (`tus.io/protocols`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::client::{Ask, By, Relay};
use crate::hash::Sha256;
use crate::transport::{Answer, RelayError, TransportError};

/// The bytes of one request. The relay keeps what arrived of a request that was cut.
const PATCH_BYTES: usize = 1 << 20;

/// How often one call goes on after the connection was cut, before it gives up until later.
const RETRIES: u32 = 3;

/// The longest path of an upload.
const MAX_PATH_BYTES: usize = 256;

/// The version of the protocol.
const TUS: &str = "1.0.0";

impl Relay<'_> {
    /// Sends a sealed file, from where an upload before stopped: `at` is where the relay keeps it. `began` is told that place as
    /// soon as it is known, so that it is remembered before anything is sent there.
    ///
    /// # Errors
    /// [`RelayError`]; calling it again goes on.
    pub fn upload(
        &self,
        circle: Sha256,
        sha256: Sha256,
        bytes: &[u8],
        began: &mut dyn FnMut(&str),
        at: &mut Option<String>,
    ) -> Result<(), RelayError> {
        let mut retries = RETRIES;
        let mut last = None;
        loop {
            match self.upload_once(circle, sha256, bytes, began, at, &mut last) {
                Err(RelayError::Transport(TransportError::Cut)) if retries > 0 => retries -= 1,
                // It expired, or the relay lost patience with it: from the start.
                Err(RelayError::Refused { status: 404 | 410, code }) if at.is_some() && code != "gone" => {
                    if retries == 0 {
                        return Err(RelayError::Refused { status: 404, code });
                    }
                    (*at, last) = (None, None);
                    retries -= 1;
                }
                done => return done,
            }
        }
    }

    fn upload_once(
        &self,
        circle: Sha256,
        sha256: Sha256,
        bytes: &[u8],
        began: &mut dyn FnMut(&str),
        at: &mut Option<String>,
        last: &mut Option<u64>,
    ) -> Result<(), RelayError> {
        let size = bytes.len() as u64;
        let (path, mut offset) = if let Some(path) = at {
            (path.clone(), self.offset(path)?)
        } else {
            let (path, offset) = self.begin(circle, sha256, size)?;
            began(&path);
            *at = Some(path.clone());
            (path, offset)
        };
        while offset < size {
            // A relay that never comes further would be sent the same for ever.
            if last.is_some_and(|before| offset < before) {
                return Err(RelayError::Answer);
            }
            *last = Some(offset);
            let from = usize::try_from(offset).map_err(|_| RelayError::Answer)?;
            let part = &bytes[from..bytes.len().min(from + PATCH_BYTES)];
            let sum = STANDARD.encode(Sha256::of(part).0);
            let ask = tus("PATCH", path.clone())
                .field("upload-offset", offset.to_string())
                .field("upload-checksum", format!("sha256 {sum}"))
                .field("content-type", "application/offset+octet-stream".to_owned())
                .body(part);
            let next = match self.ask(&ask) {
                // What was taken was taken whole: a relay that moves a byte at a time would be sent the same for ever.
                Ok(answer) => {
                    let next = said(&answer, "upload-offset")?;
                    if next != offset + part.len() as u64 {
                        return Err(RelayError::Answer);
                    }
                    next
                }
                // Something of it arrived before.
                Err(RelayError::Refused { status: 409, .. }) => self.offset(&path)?,
                Err(error) => return Err(error),
            };
            if next <= offset || next > size {
                return Err(RelayError::Answer);
            }
            offset = next;
        }
        if offset == size { Ok(()) } else { Err(RelayError::Answer) }
    }

    /// Begins an upload: where it is, and how much the relay has already.
    fn begin(&self, circle: Sha256, sha256: Sha256, size: u64) -> Result<(String, u64), RelayError> {
        let named = format!("sha256 {}", STANDARD.encode(sha256.to_string()));
        let ask = tus("POST", format!("/v1/circles/{circle}/uploads"))
            .field("upload-length", size.to_string())
            .field("upload-metadata", named);
        let answer = self.ask(&ask)?;
        let place = answer.field("location").ok_or(RelayError::Answer)?;
        let path = place.strip_prefix(self.url()).unwrap_or(place);
        let plain =
            |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !path.strip_prefix("/v1/uploads/").is_some_and(plain) || path.len() > MAX_PATH_BYTES {
            return Err(RelayError::Answer);
        }
        let has = if answer.field("upload-offset").is_some() { said(&answer, "upload-offset")? } else { 0 };
        Ok((path.to_owned(), has))
    }

    fn offset(&self, path: &str) -> Result<u64, RelayError> {
        said(&self.ask(&tus("HEAD", path.to_owned()))?, "upload-offset")
    }
}

fn tus<'a>(method: &'static str, target: String) -> Ask<'a> {
    Ask::new(method, target, By::Device).field("tus-resumable", TUS.to_owned())
}

fn said(answer: &Answer, field: &str) -> Result<u64, RelayError> {
    answer.field(field).and_then(|value| value.parse().ok()).ok_or(RelayError::Answer)
}
