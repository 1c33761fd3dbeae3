//! What arrived: parts that are created once, each at the offset where the one before ends.

use axum::body::Body;
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use curtain_wire::hash::Sha256;
use curtain_wire::request::RequestError;
use futures::StreamExt as _;
use ring::digest::{self, Context};

use super::Upload;
use super::tus::{self, Checksum};
use crate::Relay;
use crate::auth::too_large;
use crate::problem::Problem;
use crate::store::Created;

/// Kept as soon as so much has arrived.
pub(super) const PART_BYTES: usize = 1 << 20;

/// How far an upload is, by what is in the store.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    pub(super) is_done: bool,
    /// Offsets and sizes of the parts, without a gap.
    pub(super) parts: Vec<(u64, u64)>,
}

impl Progress {
    pub(super) fn offset(&self, upload: &Upload) -> u64 {
        if self.is_done {
            upload.info.length
        } else {
            self.parts.last().map_or(0, |(offset, size)| offset + size)
        }
    }

    /// Whether all is here, but nobody has put it together.
    pub(super) fn is_whole(&self, upload: &Upload) -> bool {
        !self.is_done && self.offset(upload) >= upload.info.length
    }
}

/// Name of the part at this offset.
pub(super) fn name(upload: &Upload, offset: u64) -> String {
    format!("{}/{offset:012}", upload.folder())
}

/// Reads from the store how far the upload is.
pub(super) async fn progress(relay: &Relay, upload: &Upload) -> Result<Progress, Problem> {
    let sizes = relay.store.sizes(&upload.folder()).await?;
    let is_done = sizes.iter().any(|(name, _)| name == "done");
    let mut parts = Vec::new();
    let mut next = 0;
    for (name, size) in sizes {
        // In their order, since all names have 12 digits. What is behind a gap does not count.
        if name.parse() == Ok(next) && size > 0 {
            parts.push((next, size));
            next += size;
        }
    }
    Ok(Progress { is_done, parts })
}

/// A body, and what is known of it before it comes.
pub(super) struct Arrival {
    pub(super) upload: Upload,
    pub(super) from: u64,
    /// The most bytes that it may have.
    pub(super) room: u64,
    /// What was signed.
    pub(super) digest: Option<Sha256>,
    pub(super) checksum: Option<Checksum>,
}

/// Keeps what comes, and gives the offset behind it. Of a body that is cut, what arrived stays; of one that has another
/// hash than it should, nothing.
pub(super) async fn keep(relay: &Relay, arrival: &Arrival, body: Body) -> Result<u64, Problem> {
    let mut brought = Vec::new();
    let kept = keep_parts(relay, arrival, body, &mut brought).await;
    if let Err(Refused { problem, discards: true }) = kept {
        // The last one first: what is left if this is cut is still without a gap.
        for offset in brought.into_iter().rev() {
            relay.store.delete(&name(&arrival.upload, offset)).await?;
        }
        return Err(problem);
    }
    kept.map_err(|refused| refused.problem)
}

struct Refused {
    problem: Problem,
    /// Whether what was kept goes too.
    discards: bool,
}

impl<P: Into<Problem>> From<P> for Refused {
    fn from(problem: P) -> Self {
        Self { problem: problem.into(), discards: false }
    }
}

fn discarded(problem: impl Into<Problem>) -> Refused {
    Refused { problem: problem.into(), discards: true }
}

async fn keep_parts(
    relay: &Relay,
    arrival: &Arrival,
    body: Body,
    brought: &mut Vec<u64>,
) -> Result<u64, Refused> {
    let mut at = arrival.from;
    let mut seen = 0;
    let mut rest = BytesMut::new();
    let mut hash = Context::new(&digest::SHA256);
    let mut checksum = arrival.checksum.as_ref().map(|checksum| Context::new(checksum.algorithm));
    let mut frames = body.into_data_stream();
    while let Some(frame) = frames.next().await {
        let Ok(frame) = frame else {
            keep_part(relay, arrival, &mut at, rest.freeze(), brought).await?;
            let detail = "the body did not arrive whole, or too slowly; what arrived is kept";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "body_cut", detail).with("offset", at).into());
        };
        seen += frame.len() as u64;
        if seen > arrival.room {
            return Err(discarded(too_large()));
        }
        hash.update(&frame);
        if let Some(checksum) = &mut checksum {
            checksum.update(&frame);
        }
        rest.extend_from_slice(&frame);
        while rest.len() >= PART_BYTES {
            let part = rest.split_to(PART_BYTES).freeze();
            keep_part(relay, arrival, &mut at, part, brought).await?;
        }
    }
    match arrival.digest {
        None if seen > 0 => return Err(discarded(RequestError::NoDigest)),
        Some(signed) if signed.0 != hash.finish().as_ref() => return Err(discarded(RequestError::OtherBody)),
        _ => {}
    }
    if let (Some(context), Some(checksum)) = (checksum, &arrival.checksum)
        && context.finish().as_ref() != checksum.value
    {
        return Err(discarded(tus::other_checksum()));
    }
    keep_part(relay, arrival, &mut at, rest.freeze(), brought).await?;
    Ok(at)
}

async fn keep_part(
    relay: &Relay,
    arrival: &Arrival,
    at: &mut u64,
    part: Bytes,
    brought: &mut Vec<u64>,
) -> Result<(), Refused> {
    if part.is_empty() {
        return Ok(());
    }
    let size = part.len() as u64;
    match relay.store.create(&name(&arrival.upload, *at), part).await? {
        Created::New => brought.push(*at),
        // Another request goes on here, and was first.
        Created::There => return Err(tus::other_offset().into()),
    }
    *at += size;
    Ok(())
}
