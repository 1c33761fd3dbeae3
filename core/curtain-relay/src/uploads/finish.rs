//! Puts the parts of an upload together, if they have the hash that they should have.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use curtain_wire::hash::Sha256;
use ring::digest::{self, Context};

use super::parts::{self, PART_BYTES, Progress};
use super::{Upload, remove};
use crate::Relay;
use crate::problem::Problem;
use crate::store::Writing;

/// Blobs up to this size are written at once, larger ones in such pieces. Object stores want at least 5 MiB.
const PIECE_BYTES: usize = 8 << 20;

/// Makes the blob, marks the upload as done and removes its parts. Does no harm when done twice, or by two at once.
pub(super) async fn finish(relay: &Relay, upload: &Upload, progress: Progress) -> Result<(), Problem> {
    let blob = format!("blobs/{}", upload.info.sha256);
    if let Err(gone) = refuse_gone(relay, upload.info.sha256).await {
        if gone.status() == StatusCode::GONE {
            // A kill may have come between putting it together and this question.
            relay.store.delete(&blob).await?;
            remove(relay, upload.id).await?;
        }
        return Err(gone);
    }
    if relay.store.size(&blob).await?.is_none() {
        match assemble(relay, upload, &progress, &blob).await? {
            Assembled::Made => {
                relay.metrics.blobs.fetch_add(1, Ordering::Relaxed);
            }
            Assembled::OtherBytes => {
                remove(relay, upload.id).await?;
                return Err(other_bytes());
            }
            Assembled::ByAnother => return Ok(()),
        }
        // Who deletes a blob writes `gone` first: either they see the blob, or we see that.
        if let Err(gone) = refuse_gone(relay, upload.info.sha256).await {
            relay.store.delete(&blob).await?;
            if gone.status() == StatusCode::GONE {
                remove(relay, upload.id).await?;
            }
            return Err(gone);
        }
    }
    mark_done(relay, upload).await?;
    for (offset, _) in progress.parts {
        relay.store.delete(&parts::name(upload, offset)).await?;
    }
    Ok(())
}

/// From here on the upload is complete without its parts.
pub(super) async fn mark_done(relay: &Relay, upload: &Upload) -> Result<(), Problem> {
    let done = format!("{}/done", upload.folder());
    if relay.store.create(&done, "1").await? == crate::store::Created::New {
        relay.metrics.uploads_open.fetch_sub(1, Ordering::Relaxed);
    }
    Ok(())
}

/// 410 if this blob was deleted once.
pub(super) async fn refuse_gone(relay: &Relay, sha256: Sha256) -> Result<(), Problem> {
    match relay.store.size(&format!("gone/{sha256}")).await? {
        None => Ok(()),
        Some(_) => {
            Err(Problem::new(StatusCode::GONE, "gone", "this file was deleted, and is refused from then on"))
        }
    }
}

/// 422: all is there, and it is something else.
pub(super) fn other_bytes() -> Problem {
    let detail = "what was uploaded has another hash or length than was said; it was discarded";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "other_bytes", detail)
}

enum Assembled {
    Made,
    OtherBytes,
    /// Another relay, or another request, did it meanwhile.
    ByAnother,
}

async fn assemble(
    relay: &Relay,
    upload: &Upload,
    progress: &Progress,
    blob: &str,
) -> Result<Assembled, Problem> {
    let mut hash = Context::new(&digest::SHA256);
    let mut piece = BytesMut::new();
    let mut writing: Option<Writing> = None;
    for (offset, _) in &progress.parts {
        let Some(part) = relay.store.get(&parts::name(upload, *offset), PART_BYTES).await? else {
            abort(writing).await;
            return missing(relay, upload).await;
        };
        hash.update(&part);
        piece.extend_from_slice(&part);
        while piece.len() > PIECE_BYTES {
            let full = piece.split_to(PIECE_BYTES).freeze();
            let mut open = match writing.take() {
                Some(open) => open,
                None => relay.store.write(blob).await?,
            };
            open.push(full).await?;
            writing = Some(open);
        }
    }
    let is_it =
        hash.finish().as_ref() == upload.info.sha256.0 && progress.offset(upload) == upload.info.length;
    if !is_it {
        abort(writing).await;
        return Ok(Assembled::OtherBytes);
    }
    let last: Bytes = piece.freeze();
    match writing {
        // The same bytes if it is there.
        None => {
            let _ = relay.store.create(blob, last).await?;
        }
        Some(mut open) => {
            open.push(last).await?;
            open.finish().await?;
        }
    }
    Ok(Assembled::Made)
}

async fn abort(writing: Option<Writing>) {
    if let Some(writing) = writing {
        writing.abort().await;
    }
}

/// Parts go once the upload is done, or is gone.
async fn missing(relay: &Relay, upload: &Upload) -> Result<Assembled, Problem> {
    if parts::progress(relay, upload).await?.is_done {
        return Ok(Assembled::ByAnother);
    }
    Err(Problem::not_found())
}
