//! What is posted in a circle: headers in order, sealed files beside them, and the cosigned heads that make posting possible.

use std::collections::{BTreeMap, BTreeSet};

use curtain_wire::chain::{Chain, ChainError};
use curtain_wire::head::{self, CosignedHead, LogHead, LogKind};
use curtain_wire::header::{Content, WithdrawalReason};
use curtain_wire::note::{Note, VerifierKey};

use super::{ExchangeError, Headers, Road};
use crate::circle::MyCircle;
use crate::hash::{Id, Sha256};
use crate::post::{Addressed, OpenError, Reading, Received, SealedPost};
use crate::time::UnixTime;
use crate::vault::{KeptHead, Vault};

/// A header of the feed.
#[derive(Debug)]
pub struct Item {
    /// Its place in the feed, from 0.
    pub n: u64,
    /// The hash of its bytes.
    pub hash: Sha256,
    /// The largest size of the membership log that anything before it names.
    pub cited: u64,
    /// What it says; or why it is refused.
    pub received: Result<Received, ExchangeError>,
    /// Headers of its device in between are missing: somebody holds them back.
    pub gap: Option<ChainError>,
}

/// The feed of a circle, verified.
#[derive(Debug)]
pub struct Feed {
    /// The headers, in order.
    pub items: Vec<Item>,
    /// The number of a header that is not there although later ones are: what those say is not known, withdrawals among it.
    pub hole: Option<u64>,
}

impl Feed {
    /// The posts that were verified.
    pub fn posts(&self) -> impl Iterator<Item = (&Item, &Received)> {
        let received = self.items.iter().filter_map(|item| Some((item, item.received.as_ref().ok()?)));
        received.filter(|(_, received)| matches!(received.header.content, Content::Post(_)))
    }

    /// The post with this random name.
    #[must_use]
    pub fn post(&self, post: Id) -> Option<(&Item, &Received)> {
        self.posts().find(|(_, received)| is_post(received, post))
    }

    /// Who withdrew a post, if somebody did who may.
    #[must_use]
    pub fn withdrawn(&self, post: &Received) -> Option<WithdrawalReason> {
        let mut received = self.items.iter().filter_map(|item| item.received.as_ref().ok());
        received.find_map(|header| header.withdraws(post).ok())
    }

    /// What was said of a post, in order: each opened, or refused.
    pub fn events<'a>(
        &'a self,
        post: &'a Received,
        reading: &'a Reading<'a>,
    ) -> impl Iterator<Item = Result<crate::post::OpenedEvent, OpenError>> + 'a {
        let received = self.items.iter().filter_map(|item| item.received.as_ref().ok());
        let about = received.filter(
            |header| matches!(&header.header.content, Content::Event(event) if event.about == post.hash),
        );
        about.map(|event| event.clone().event(post, reading))
    }
}

fn is_post(received: &Received, name: Id) -> bool {
    matches!(&received.header.content, Content::Post(post) if post.post == name)
}

/// Reads the feed of a circle, and verifies every header: as far as it goes without the files.
///
/// A header that is refused counts for nothing: what it names neither makes others old nor follows anything.
/// # Errors
/// [`ExchangeError::Read`].
pub fn feed(
    road: &dyn Road,
    circle: &MyCircle,
    witnesses: &[VerifierKey],
    now: UnixTime,
) -> Result<Feed, ExchangeError> {
    let mut items = Vec::new();
    let mut chains: BTreeMap<Sha256, Chain> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut cited = 0;
    let Headers { headers, hole } = road.headers(circle, 0)?;
    for (n, header) in (0..).zip(headers) {
        let bytes = match header {
            Ok(bytes) => bytes,
            Err(error) => {
                items.push(Item { n, hash: Sha256([0; 32]), cited, received: Err(error), gap: None });
                continue;
            }
        };
        let hash = Sha256::of(&bytes);
        let reading = Reading { circle, witnesses, cited, now };
        let before = cited;
        let mut gap = None;
        let verified = match Received::verify(&bytes, &reading) {
            Err(OpenError::NoSecret) => {
                Received::for_officer(&bytes, &reading).map_err(|_| OpenError::NoSecret)
            }
            verified => verified,
        };
        let received = verified.map_err(ExchangeError::from).and_then(|received| {
            let header = &received.header;
            // Behind a gap a chain cannot tell.
            if !seen.insert(hash) {
                return Err(ChainError::Replay.into());
            }
            let chain = chains.entry(header.author.device).or_default();
            match chain.accept(hash, header.seq, header.prev) {
                Ok(()) => {}
                Err(error @ ChainError::Gap { .. }) => gap = Some(error),
                Err(error) => return Err(error.into()),
            }
            cited = cited.max(header.membership.size);
            Ok(received)
        });
        items.push(Item { n, hash, cited: before, received, gap });
    }
    Ok(Feed { items, hole })
}

/// Puts a post that was made ready for `circle` into the folder: its files, then its header at the end of the feed. What is
/// there already is not put there twice. Gives the header's place.
///
/// # Errors
/// [`ExchangeError`]; it can be done again.
pub fn push_post(
    road: &dyn Road,
    circle: Sha256,
    post: &SealedPost,
    ready: &Addressed,
) -> Result<u64, ExchangeError> {
    for object in &post.objects {
        road.put_object(circle, &object.about, &object.bytes)?;
    }
    road.put_header(circle, &ready.header)
}

/// A cosigned head that was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    /// The head, and when the witness saw it.
    pub head: CosignedHead,
    /// How long ago that is, in seconds.
    pub age_s: u64,
    /// Entries of the log that are here.
    pub here: u64,
}

/// Keeps a head of a circle that `witness` cosigned, if it is of the log that is here, and seen no earlier than the one that
/// is kept.
///
/// # Errors
/// [`ExchangeError`]; nothing was kept. [`ExchangeError::Fork`] if the witness saw another log, or more of it than is here.
pub fn meet(
    vault: &mut Vault,
    circle: &MyCircle,
    note: &[u8],
    witness: &VerifierKey,
    now: UnixTime,
) -> Result<Met, ExchangeError> {
    let id = circle.circle().id();
    let note = Note::parse(note)?;
    let seen = cosigned(&note, &id, witness, now)?;
    circle.circle().compare_cosigned(&seen.head)?;
    if let Some(kept) = vault.head(id)?
        && kept.witness == *witness
        && let Ok(kept) = Note::parse(kept.note.as_bytes())
        && cosigned(&kept, &id, witness, now).is_ok_and(|kept| kept.at > seen.at)
    {
        return Err(ExchangeError::OlderHead);
    }
    vault.keep_head(id, &KeptHead { note: note.to_string(), witness: witness.clone() })?;
    Ok(Met::new(seen, circle, now))
}

/// The head of a circle that is kept, if one is: of whatever age.
///
/// # Errors
/// [`ExchangeError`].
pub fn kept_head(vault: &Vault, circle: &MyCircle, now: UnixTime) -> Result<Option<Met>, ExchangeError> {
    let id = circle.circle().id();
    let Some(kept) = vault.head(id)? else { return Ok(None) };
    let head = cosigned(&Note::parse(kept.note.as_bytes())?, &id, &kept.witness, now)?;
    Ok(Some(Met::new(head, circle, now)))
}

impl Met {
    fn new(head: CosignedHead, circle: &MyCircle, now: UnixTime) -> Self {
        let age_s = now.seconds().saturating_sub(head.at.seconds()).max(0).unsigned_abs();
        Self { head, age_s, here: circle.circle().size() }
    }
}

fn cosigned(
    note: &Note,
    circle: &Sha256,
    witness: &VerifierKey,
    now: UnixTime,
) -> Result<CosignedHead, ExchangeError> {
    let witnesses = std::slice::from_ref(witness);
    Ok(head::cosigned(note, LogKind::Circle, circle, witnesses, now, u64::MAX)?)
}

/// The text of a circle's head, for a witness to cosign.
#[must_use]
pub fn head_text(circle: &MyCircle) -> String {
    let head: LogHead = circle.circle().log_head();
    head.to_string()
}
