//! Marks on files that are about to be deleted.
//!
//! Who is about to name a file notes that first, and then looks for marks. Who is about to delete one marks it first, and
//! then looks for notes. So at least one of them sees the other, whatever relays they ask, and gives way.

use axum::http::StatusCode;
use curtain_wire::hash::Sha256;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::Relay;
use crate::problem::Problem;
use crate::store::{Store, StoreError};

/// How long a mark counts, in seconds: who left one longer ago was killed.
const COUNTS_S: i64 = 3_600;

const FOLDER: &str = "going";

/// A file that is marked. Each mark is one deleter's, so that nobody takes away another's.
#[derive(Debug)]
#[must_use]
pub(crate) struct Going {
    blob: Sha256,
    name: String,
    since: i64,
}

impl Going {
    /// Marks a file.
    pub(crate) async fn mark(relay: &Relay, blob: Sha256) -> Result<Self, StoreError> {
        let mut random = [0; 8];
        SystemRandom::new().fill(&mut random).expect("the operating system gives random bytes");
        let since = relay.now().seconds();
        let name = format!("{FOLDER}/{blob}-{since}-{}", hex::encode(random));
        let _ = relay.store.create(&name, "").await?;
        Ok(Self { blob, name, since })
    }

    /// The file.
    pub(crate) fn blob(&self) -> Sha256 {
        self.blob
    }

    /// The file stays.
    pub(crate) async fn stays(self, store: &Store) -> Result<(), StoreError> {
        store.delete(&self.name).await
    }

    /// Deletes the file, which is refused from then on.
    pub(crate) async fn goes_for_ever(self, relay: &Relay) -> Result<(), Problem> {
        let _ = relay.store.create(&format!("gone/{}", self.in_time(relay)?), "").await?;
        self.goes(relay).await
    }

    /// Deletes the file, which may be brought again.
    pub(crate) async fn goes(self, relay: &Relay) -> Result<(), Problem> {
        relay.store.delete(&format!("blobs/{}", self.in_time(relay)?)).await?;
        Ok(self.stays(&relay.store).await?)
    }

    /// The file, unless the mark may soon count for nothing.
    fn in_time(&self, relay: &Relay) -> Result<Sha256, Problem> {
        if relay.now().seconds() - self.since < COUNTS_S / 2 {
            return Ok(self.blob);
        }
        Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "time", "this took too long; try again later"))
    }
}

/// The files that are marked now.
pub(crate) async fn marked(relay: &Relay) -> Result<Vec<Sha256>, StoreError> {
    let mut marked = Vec::new();
    for name in relay.store.names(FOLDER).await? {
        let mut parts = name.split('-');
        let blob = parts.next().and_then(|blob| blob.parse().ok());
        let since = parts.next().and_then(|since| since.parse::<i64>().ok());
        match blob.zip(since) {
            Some((blob, since)) if relay.now().seconds() - since < COUNTS_S => marked.push(blob),
            _ => relay.store.delete(&format!("{FOLDER}/{name}")).await?,
        }
    }
    Ok(marked)
}
