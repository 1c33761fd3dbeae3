//! What an officer asks a relay for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::super::client::{Ask, By, Relay};
use super::super::road::from_json;
use super::Listed;
use crate::hash::{Id, Sha256};
use crate::ledger::leaf::Leaf;
use crate::transport::RelayError;

/// The most bytes of the list of logs.
const MAX_LIST_BYTES: usize = 64 << 20;

/// The records that are asked for at a time.
const PAGE_LINES: u64 = 256;

/// The most bytes of a page of records: what a relay gives, and one record more.
const PAGE_BYTES: usize = (4 << 20) + Leaf::MAX_BYTES;

/// The details that are asked for at a time. A recording may be among them.
const DETAILS_LINES: u64 = 16;

/// The largest sealed details, in bytes.
const MAX_SEALED_BYTES: usize = 24 << 20;

/// The most bytes of a page of details: what a relay gives, and one of the largest, in base64.
const DETAILS_BYTES: usize = (4 << 20) + 2 * MAX_SEALED_BYTES;

#[derive(Deserialize)]
struct Logs {
    logs: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    circle: Sha256,
    device: Sha256,
    key: String,
    log: Id,
    user: Id,
}

#[derive(Deserialize)]
struct Sealed {
    n: u64,
    sealed: String,
}

/// Details, as they came.
pub(super) struct SealedDetails {
    pub(super) n: u64,
    pub(super) bytes: Vec<u8>,
}

impl Relay<'_> {
    /// The logs that the relay names to this device.
    pub(super) fn ledgers(&self) -> Result<Vec<Listed>, RelayError> {
        let ask = Ask::new("GET", "/v1/ledgers".to_owned(), By::Device).limit(MAX_LIST_BYTES);
        let lines = from_json::<Logs>(&self.ask(&ask)?)?.logs;
        let listed = lines.into_iter().map(|Line { circle, device, key, log, user }| {
            let key = key.parse().map_err(|_| RelayError::Answer)?;
            Ok(Listed { circle, device, key, log, user })
        });
        listed.collect()
    }

    /// Records of a log from `from` to `until`, or as many as there are.
    pub(super) fn records(&self, log: Id, from: u64, until: u64) -> Result<Vec<Vec<u8>>, RelayError> {
        let mut records: Vec<Vec<u8>> = Vec::new();
        loop {
            let next = from + records.len() as u64;
            if next >= until {
                return Ok(records);
            }
            let limit = PAGE_LINES.min(until - next);
            let target = format!("/v1/ledgers/{log}/leaves?from={next}&limit={limit}");
            let answer = match self.ask(&Ask::new("GET", target, By::Device).limit(PAGE_BYTES)) {
                Err(RelayError::Refused { status: 404, .. }) => return Ok(records),
                answer => answer?,
            };
            let before = records.len();
            for line in answer.body.split_inclusive(|byte| *byte == b'\n') {
                let line = line.strip_suffix(b"\n").ok_or(RelayError::Answer)?;
                if line.is_empty() || line.len() > Leaf::MAX_BYTES || from + records.len() as u64 == until {
                    return Err(RelayError::Answer);
                }
                records.push(line.to_vec());
            }
            if records.len() == before {
                return Ok(records);
            }
        }
    }

    /// A page of sealed details from record `from` on, in order; an empty one is the end.
    pub(super) fn sealed_from(&self, log: Id, from: u64) -> Result<Vec<SealedDetails>, RelayError> {
        let target = format!("/v1/ledgers/{log}/sealed?from={from}&limit={DETAILS_LINES}");
        let answer = match self.ask(&Ask::new("GET", target, By::Device).limit(DETAILS_BYTES)) {
            Err(RelayError::Refused { status: 404, .. }) => return Ok(Vec::new()),
            answer => answer?,
        };
        let mut page: Vec<SealedDetails> = Vec::new();
        for line in answer.body.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").ok_or(RelayError::Answer)?;
            let Sealed { n, sealed } = serde_json::from_slice(line).map_err(|_| RelayError::Answer)?;
            let bytes = STANDARD.decode(sealed).map_err(|_| RelayError::Answer)?;
            let after = page.last().map_or(from, |last| last.n + 1);
            if n < after || n == u64::MAX || bytes.len() > MAX_SEALED_BYTES {
                return Err(RelayError::Answer);
            }
            page.push(SealedDetails { n, bytes });
        }
        Ok(page)
    }
}
