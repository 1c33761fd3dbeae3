//! What rests on a consent: files and headers. Notes of it are there before a header is, and are hints: whoever follows one
//! looks into the circle.

use axum::http::StatusCode;
use curtain_wire::hash::Sha256;
use curtain_wire::membership::Circle;
use curtain_wire::statement::PublicKey;
use curtain_wire::time::UnixTime;

use super::index::split;
use crate::problem::Problem;
use crate::store::{Created, Store, StoreError};

/// How long a header may be on its way after its consent was noted, in seconds.
const ON_ITS_WAY_S: i64 = 3_600;

/// A consent, as a relay tells it from others: by the hash of its code, and by the key of the log that it stands in.
///
/// The hash alone would not do. Whoever has an old header knows it, and can write it into headers of a circle of their own;
/// nobody but the author signs checkpoints with the key of the author's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConsentName {
    withdrawal: Sha256,
    log: PublicKey,
}

/// The place of a header that is there, or was about to be.
pub(super) type Place = (Sha256, u64);

impl ConsentName {
    /// The consent of a post by this device, which the circle lists or listed.
    pub(super) fn of(circle: &Circle, device: &Sha256, withdrawal: Sha256) -> Option<Self> {
        let log = PublicKey(*circle.device(device)?.device.log.public_key());
        Some(Self { withdrawal, log })
    }

    fn folder(&self) -> String {
        format!("consents/{}/{}", self.withdrawal, self.log)
    }

    /// Notes that a header under this consent is on its way to a place.
    pub(super) async fn note(&self, store: &Store, (id, n): Place, now: UnixTime) -> Result<(), StoreError> {
        let name = format!("{}/{id}-{n:012}", self.folder());
        let _ = store.create(&name, now.seconds().to_string()).await?;
        Ok(())
    }

    /// Where headers under this consent are, or were about to be.
    pub(super) async fn noted(&self, store: &Store) -> Result<Vec<Place>, StoreError> {
        let names = store.names(&self.folder()).await?;
        Ok(names.iter().filter_map(|name| split(name)).collect())
    }

    /// Whether a header that is not there was noted a short time ago.
    pub(super) async fn is_on_its_way(
        &self,
        store: &Store,
        (id, n): Place,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let noted = store.get(&format!("{}/{id}-{n:012}", self.folder()), 20).await?;
        let at: Option<i64> = noted.and_then(|at| str::from_utf8(&at).ok()?.parse().ok());
        Ok(at.is_some_and(|at| now.seconds() - at < ON_ITS_WAY_S))
    }

    /// Notes that a file belongs to this consent, unless it belongs to another.
    pub(super) async fn claim(&self, store: &Store, blob: Sha256) -> Result<(), Problem> {
        let (name, consent) = (format!("named/{blob}"), format!("{} {}", self.withdrawal, self.log));
        if store.create(&name, consent.clone()).await? == Created::New
            || store.get(&name, consent.len()).await?.as_deref() == Some(consent.as_bytes())
        {
            return Ok(());
        }
        let detail = "a file of this was posted under another consent";
        Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "other_consent", detail))
    }
}

/// Where headers are, or were about to be, under consents whose code has this hash, in whatever log.
pub(super) async fn noted_anywhere(store: &Store, withdrawal: Sha256) -> Result<Vec<Place>, StoreError> {
    let mut places = Vec::new();
    for log in store.names(&format!("consents/{withdrawal}")).await? {
        let Ok(log) = log.parse() else { continue };
        places.extend(ConsentName { withdrawal, log }.noted(store).await?);
    }
    Ok(places)
}
