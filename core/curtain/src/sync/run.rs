//! One sync with one relay: take in what is new, send what is due, and say what an honest relay would not have shown.

use std::collections::BTreeMap;

use curtain_wire::head::LogHead;
use curtain_wire::note::{Note, VerifierKey};
use serde::Deserialize;

use super::client::{Ask, By, Relay, read_key};
use super::feed::{take_feed, take_tombstones};
use super::ledgers::{BackUpError, BackedUpLog, back_up};
use super::send::{Became, Reached, Sender, Told};
use super::suspicion::{MEMBERS, Suspicion, of_fork};
use crate::circle::MyCircle;
use crate::exchange::{self, ExchangeError, Here, Pulled, Road};
use crate::feed;
use crate::hash::Sha256;
use crate::outbox::Network;
use crate::transport::RelayError;
use crate::vault::{Item, KeptRelay};

/// The most bytes of a head.
pub(super) const MAX_NOTE_BYTES: usize = 16 << 10;

/// How old a relay's cosignature may be when it is fetched, in seconds: it signs when it is asked.
pub(super) const HEAD_AGE_S: u64 = 900;

/// What a sync may cost, and over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// What the device is connected by.
    pub network: Network,
    /// Bytes of files that are fetched at most.
    pub fetch_bytes: u64,
}

/// What a relay says of itself.
#[derive(Deserialize)]
struct Info {
    feed_key: String,
    witness_key: String,
}

/// What a sync did in one circle.
#[derive(Debug)]
pub struct InCircle {
    /// The circle.
    pub circle: Sha256,
    /// New entries of its membership log.
    pub entries: u64,
    /// New headers of its feed.
    pub headers: u64,
    /// Cases that were withdrawn, and are gone from here.
    pub withdrawn: u64,
    /// Headers that were refused, by their places, and why.
    pub refused: Vec<(u64, &'static str)>,
    /// Files that were fetched, and their bytes.
    pub files: (u64, u64),
    /// Why there is no key of the present epoch.
    pub no_key: Option<ExchangeError>,
    /// What an honest relay would not have shown.
    pub suspicions: Vec<Suspicion>,
    /// Why it went no further.
    pub error: Option<ExchangeError>,
}

impl InCircle {
    fn new(circle: Sha256) -> Self {
        Self {
            circle,
            entries: 0,
            headers: 0,
            withdrawn: 0,
            refused: Vec::new(),
            files: (0, 0),
            no_key: None,
            suspicions: Vec::new(),
            error: None,
        }
    }
}

/// What a sync did.
#[derive(Debug)]
pub struct Synced {
    /// In each circle.
    pub circles: Vec<InCircle>,
    /// How far each consent log of this device is backed up; or why that ended early: nothing is lost, it goes on next time.
    pub logs: Result<Vec<BackedUpLog>, BackUpError>,
    /// What became of what was due in the outbox.
    pub told: Vec<Told>,
}

/// The relay behind an address, with its keys as they were taken up first.
///
/// # Errors
/// [`ExchangeError::RelayKeys`] if it shows others now; [`ExchangeError`].
pub fn meet_relay(here: &mut Here<'_>, relay: &Relay<'_>) -> Result<KeptRelay, ExchangeError> {
    let answer = relay.ask(&Ask::new("GET", "/v1/relay".to_owned(), By::Nobody))?;
    let info: Info = serde_json::from_slice(&answer.body).map_err(|_| RelayError::Answer)?;
    let key = |text: &str| text.parse::<VerifierKey>().map_err(|_| RelayError::Answer);
    let shown = KeptRelay {
        url: relay.url().to_owned(),
        feed_key: key(&info.feed_key)?,
        witness_key: key(&info.witness_key)?,
    };
    match here.vault.relays()?.into_iter().find(|kept| kept.url == shown.url) {
        Some(kept) if kept == shown => Ok(kept),
        Some(_) => Err(ExchangeError::RelayKeys),
        None => {
            here.vault.keep_relay(&shown)?;
            Ok(shown)
        }
    }
}

/// Takes in what a relay has for the circles that travel through it, and those that list this device and are not known yet;
/// sends what is due.
///
/// # Errors
/// [`ExchangeError`]; what went wrong in one circle is in its [`InCircle`], and the others go on.
pub fn sync(here: &mut Here<'_>, relay: &Relay<'_>, options: &Options) -> Result<Synced, ExchangeError> {
    let kept = meet_relay(here, relay)?;
    feed::tidy(here.vault, here.now)?;
    find_circles(here, relay)?;
    let witnesses = [kept.witness_key.clone()];
    let mut circles = Vec::new();
    let mut reached = BTreeMap::new();
    for circle in here.vault.circles_of_relay(relay.url())? {
        let mut told = InCircle::new(circle);
        match take_in(here, relay, &kept, options, &mut told) {
            Ok(Some(mine)) => {
                let feed = Some(feed::head(here.vault, circle)?);
                reached.insert(circle, Reached { circle: mine, feed });
            }
            Ok(None) => {
                let kept = exchange::kept(here.vault, here.keys, here.me.user, circle)?;
                reached.insert(circle, Reached { circle: kept, feed: None });
            }
            Err(error @ ExchangeError::Vault(_)) => return Err(error),
            Err(error) => told.error = Some(error),
        }
        circles.push(told);
    }
    // Nothing leaves before its grant lies under a cosigned checkpoint.
    let logs = backed_up(here, relay, &witnesses[0])?;
    let network = options.network;
    let (circles_reached, told) = (&reached, Vec::new());
    let mut sender = Sender { here, relay, circles: circles_reached, witnesses: &witnesses, network, told };
    sender.send_due()?;
    let told = sender.told;
    // What was sent stands in the log, too.
    let disclosed =
        told.iter().any(|told| matches!((&told.item, &told.became), (Item::Post { .. }, Became::Sent)));
    let logs = if disclosed { backed_up(here, relay, &witnesses[0])? } else { logs };
    Ok(Synced { circles, logs, told })
}

fn backed_up(
    here: &mut Here<'_>,
    relay: &Relay<'_>,
    witness: &VerifierKey,
) -> Result<Result<Vec<BackedUpLog>, BackUpError>, ExchangeError> {
    match back_up(here.vault, relay, witness, here.random, here.now) {
        Err(BackUpError::Vault(error)) => Err(error.into()),
        logs => Ok(logs),
    }
}

/// Circles at the relay that list this device and are not kept: they are called by the first digits of their ids.
fn find_circles(here: &mut Here<'_>, relay: &Relay<'_>) -> Result<(), ExchangeError> {
    let known: Vec<Sha256> = here.vault.circles()?.iter().map(|circle| circle.id).collect();
    for circle in relay.circles()? {
        if known.contains(&circle) {
            // One that was carried in a folder until now: it goes on where its log does.
            if here.vault.relay_of(circle)?.is_none() && exchange::pull(here, relay, circle, "").is_ok() {
                here.vault.travels_through(circle, relay.url())?;
            }
            continue;
        }
        // Whoever has the relay may show anything; what does not hold, or does not list this device, is not kept.
        if exchange::lists(here, relay, circle)
            && exchange::pull(here, relay, circle, &circle.to_string()[..8]).is_ok()
        {
            here.vault.travels_through(circle, relay.url())?;
        }
    }
    Ok(())
}

/// Takes in one circle: log, head, feed, tombstones, files. `None` if the relay cannot be trusted with it now.
fn take_in(
    here: &mut Here<'_>,
    relay: &Relay<'_>,
    keys: &KeptRelay,
    options: &Options,
    told: &mut InCircle,
) -> Result<Option<MyCircle>, ExchangeError> {
    let id = told.circle;
    let witnesses = std::slice::from_ref(&keys.witness_key);
    let name = id.to_string()[..8].to_owned();
    let Pulled { mut circle, new, no_key } = match exchange::pull(here, relay, id, &name) {
        Err(ExchangeError::Fork(error)) => {
            told.suspicions.push(of_fork(error));
            return Ok(None);
        }
        pulled => pulled?,
    };
    told.entries = new;
    told.no_key = no_key;
    if !take_head(here, relay, &mut circle, keys, told)? {
        return Ok(None);
    }
    if !may_read(&circle, here) {
        return Ok(Some(circle));
    }
    if !take_feed(here, relay, &mut circle, keys, told)? {
        return Ok(None);
    }
    take_tombstones(here, relay, &circle, told)?;
    feed::synced(here.vault, id, here.now)?;
    // A file that does not come holds up nothing that is to be sent.
    match fetch_files(here, relay, &circle, witnesses, options, told) {
        Err(error @ ExchangeError::Vault(_)) => return Err(error),
        fetched => told.error = fetched.err(),
    }
    say_gone(here, &circle)?;
    Ok(Some(circle))
}

/// Whether this device can read the circle's feed: then it was read before anything is sent.
pub(super) fn may_read(circle: &MyCircle, here: &Here<'_>) -> bool {
    circle.circle().member(&here.me.user).is_some() && read_key(circle).is_some()
}

/// The head of the membership log, cosigned now. Whoever was faster in between is taken in first.
fn take_head(
    here: &mut Here<'_>,
    relay: &Relay<'_>,
    circle: &mut MyCircle,
    keys: &KeptRelay,
    told: &mut InCircle,
) -> Result<bool, ExchangeError> {
    let id = told.circle;
    for _ in 0..3 {
        let target = format!("/v1/circles/{id}/members/head");
        let note = relay.ask(&Ask::new("GET", target, By::Device).limit(MAX_NOTE_BYTES))?.body;
        let is_signed = Note::parse(&note).is_ok_and(|note| note.verify(&keys.feed_key).is_ok());
        if !is_signed {
            told.suspicions.push(Suspicion::Head { log: MEMBERS, code: "head_not_signed" });
            return Ok(false);
        }
        match exchange::meet(here.vault, circle, &note, &keys.witness_key, here.now) {
            // Where it is older than the one that is kept, the newer one stays.
            Ok(_) | Err(ExchangeError::OlderHead) => return Ok(true),
            Err(ExchangeError::Fork(_)) if size_of(&note) > Some(circle.circle().size()) => {
                let name = id.to_string()[..8].to_owned();
                let pulled = exchange::pull(here, relay, id, &name)?;
                told.entries += pulled.new;
                *circle = pulled.circle;
            }
            Err(ExchangeError::Fork(_)) => {
                told.suspicions.push(Suspicion::Forked { log: MEMBERS });
                return Ok(false);
            }
            Err(error @ (ExchangeError::Head(_) | ExchangeError::Note(_))) => {
                told.suspicions.push(Suspicion::Head { log: MEMBERS, code: error.code() });
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
    }
    told.suspicions.push(Suspicion::Head { log: MEMBERS, code: "head_never_reached" });
    Ok(false)
}

fn size_of(note: &[u8]) -> Option<u64> {
    let head: LogHead = Note::parse(note).ok()?.text().parse().ok()?;
    Some(head.size)
}

/// Files that are wanted: bodies and what lists show first.
fn fetch_files(
    here: &mut Here<'_>,
    relay: &Relay<'_>,
    circle: &MyCircle,
    witnesses: &[VerifierKey],
    options: &Options,
    told: &mut InCircle,
) -> Result<(), ExchangeError> {
    let mut left = options.fetch_bytes;
    loop {
        let wanted = feed::wanted(here.vault, told.circle, left, here.now)?;
        let mut fetched = 0;
        for wanted in wanted {
            let mut sealed = here.vault.fetched_part(&wanted)?;
            match relay.rest_of_object(circle, &wanted.about, &mut sealed) {
                Ok(()) => {}
                // It may have been withdrawn in between: the next sync tells.
                Err(ExchangeError::Missing | ExchangeError::OtherBytes) => {
                    here.vault.keep_part(&wanted, &[])?;
                    continue;
                }
                // The next sync goes on from there.
                Err(error) => {
                    here.vault.keep_part(&wanted, &sealed)?;
                    return Err(error);
                }
            }
            feed::give(here.vault, circle, witnesses, &wanted, &sealed, here.now)?;
            fetched += 1;
            told.files.0 += 1;
            told.files.1 += wanted.about.size;
            left = left.saturating_sub(wanted.about.size);
        }
        if fetched == 0 {
            return Ok(());
        }
    }
}

/// Tells the authors of withdrawn cases that this device keeps nothing of them any more.
fn say_gone(here: &mut Here<'_>, circle: &MyCircle) -> Result<(), ExchangeError> {
    let id = circle.circle().id();
    for about in feed::gone(here.vault, id, here.me.user)? {
        feed::say_gone(here.vault, id, about, here.now)?;
    }
    Ok(())
}
