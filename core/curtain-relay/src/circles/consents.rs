//! What rests on a consent: files and headers. Notes of it are there before a header is, and are hints: whoever follows one
//! looks into the circle.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use curtain_wire::hash::Sha256;
use curtain_wire::membership::Circle;
use curtain_wire::statement::PublicKey;
use curtain_wire::time::UnixTime;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) circle: Sha256,
    pub(super) n: u64,
}

fn parse(name: &str) -> Option<(Place, i64)> {
    let (circle, (n, at)) =
        name.split_once('-').and_then(|(circle, rest)| Some((circle, rest.split_once('-')?)))?;
    Some((Place { circle: circle.parse().ok()?, n: n.parse().ok()? }, at.parse().ok()?))
}

/// Whether a header that is not at its place may still come, if its consent was noted then.
pub(super) fn may_come(noted: i64, now: UnixTime) -> bool {
    now.seconds() - noted < ON_ITS_WAY_S
}

impl ConsentName {
    /// The consent of a post by this device, which the circle lists or listed.
    pub(super) fn of(circle: &Circle, device: &Sha256, withdrawal: Sha256) -> Option<Self> {
        let log = PublicKey(*circle.device(device)?.device.log.public_key());
        Some(Self { withdrawal, log })
    }

    /// The consent to which a file belongs, if a header ever named it.
    pub(super) async fn of_file(store: &Store, blob: Sha256) -> Result<Option<Self>, StoreError> {
        let named = store.get(&format!("named/{blob}"), 256).await?;
        Ok(named.and_then(|named| {
            let (withdrawal, log) = str::from_utf8(&named).ok()?.split_once(' ')?;
            Some(Self { withdrawal: withdrawal.parse().ok()?, log: log.parse().ok()? })
        }))
    }

    fn folder(&self) -> String {
        format!("consents/{}/{}", self.withdrawal, self.log)
    }

    /// Notes that a header under this consent is on its way to a place. Who tries again notes it again: the latest counts.
    pub(super) async fn note(&self, store: &Store, place: Place, now: UnixTime) -> Result<(), StoreError> {
        let Place { circle, n } = place;
        let name = format!("{}/{circle}-{n:012}-{}", self.folder(), now.seconds());
        let _ = store.create(&name, "").await?;
        Ok(())
    }

    /// Where headers under this consent are, or were about to be, and when that was noted last.
    pub(super) async fn noted(&self, store: &Store) -> Result<BTreeMap<Place, i64>, StoreError> {
        let mut latest = BTreeMap::new();
        for name in store.names(&self.folder()).await? {
            let Some((place, at)) = parse(&name) else { continue };
            let known = latest.entry(place).or_insert(at);
            *known = at.max(*known);
        }
        Ok(latest)
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
        places.extend(ConsentName { withdrawal, log }.noted(store).await?.into_keys());
    }
    Ok(places)
}
