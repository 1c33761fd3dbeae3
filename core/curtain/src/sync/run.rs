//! One sync with one relay: take in what is new, send what is due, and say what an honest relay would not have shown.

use std::collections::BTreeMap;

use curtain_wire::head::{self, LogHead, LogKind};
use curtain_wire::header::{Header, WithdrawalCode};
use curtain_wire::note::{Note, VerifierKey};
use curtain_wire::statement::Signed;
use curtain_wire::tree::leaf_hash;
use serde::Deserialize;

use super::client::{Ask, By, Relay, read_key};
use super::ledgers::{BackUpError, BackedUpLog, back_up};
use super::road::reader;
use super::send::{Became, Reached, Sender, Told};
use super::suspicion::{FEED, MEMBERS, Suspicion, of_fork};
use crate::circle::MyCircle;
use crate::exchange::{self, ExchangeError, Here, Pulled, Road};
use crate::feed::{self, Taken};
use crate::hash::Sha256;
use crate::outbox::{self, Network};
use crate::post::{OpenError, Say};
use crate::transport::RelayError;
use crate::vault::{Item, KeptRelay, PostState};

/// The most bytes of a head.
const MAX_NOTE_BYTES: usize = 16 << 10;

/// The most tombstones of one page, and their bytes.
const TOMBSTONES: (usize, usize) = (256, 256 << 10);

/// How old a relay's cosignature may be when it is fetched, in seconds: it signs when it is asked.
const HEAD_AGE_S: u64 = 900;

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

/// A tombstone, as far as it concerns a client: the other reasons are in the feed, and in the header's own last day.
#[derive(Deserialize)]
struct Tombstone {
    about: Sha256,
    code: Option<WithdrawalCode>,
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
            Ok(None) => {}
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
            // One that was carried in a folder until now.
            if here.vault.relay_of(circle)?.is_none() {
                here.vault.travels_through(circle, relay.url())?;
            }
            continue;
        }
        // Whoever has the relay may show anything; what does not hold is not kept.
        if exchange::pull(here, relay, circle, &circle.to_string()[..8]).is_ok() {
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

fn may_read(circle: &MyCircle, here: &Here<'_>) -> bool {
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

/// Headers that are new: none is taken before all of them stand under the head that the relay signs, together with what was
/// here. Then each is verified.
fn take_feed(
    here: &mut Here<'_>,
    relay: &Relay<'_>,
    circle: &mut MyCircle,
    keys: &KeptRelay,
    told: &mut InCircle,
) -> Result<bool, ExchangeError> {
    let id = told.circle;
    let witnesses = std::slice::from_ref(&keys.witness_key);
    let Some((note, seen)) = feed_head(relay, circle, keys, told)? else { return Ok(false) };
    // What this device sent and the relay took stands in it, too.
    let own = here.vault.last_place(id)?.map_or(0, |place| place + 1);
    if seen.size < own {
        told.suspicions.push(Suspicion::RolledBack { log: FEED, there: seen.size, here: own });
        return Ok(false);
    }
    let mut frontier = here.vault.feed_frontier(id)?;
    let from = frontier.size();
    if seen.size < from {
        told.suspicions.push(Suspicion::RolledBack { log: FEED, there: seen.size, here: from });
        return Ok(false);
    }
    let new = usize::try_from(seen.size - from).map_err(|_| RelayError::Answer)?;
    let mut headers = relay.headers(circle, from)?.headers.into_iter().collect::<Result<Vec<_>, _>>()?;
    if headers.len() < new {
        let there = from + headers.len() as u64;
        told.suspicions.push(Suspicion::Withheld { log: FEED, cited: seen.size, there });
        return Ok(false);
    }
    // What came after the head was signed is read with the next sync.
    headers.truncate(new);
    for header in &headers {
        frontier.append(leaf_hash(header));
    }
    if frontier.root() != seen.root {
        told.suspicions.push(Suspicion::Forked { log: FEED });
        return Ok(false);
    }
    feed::again(here.vault, circle, witnesses, here.now)?;
    let mut cited = 0;
    for (n, bytes) in (from..).zip(headers) {
        let header = Signed::<Header>::parse(&bytes).ok().map(|header| header.body().clone());
        if let Some(header) = &header
            && header.membership.size > circle.circle().size()
        {
            // Somebody entered something while the feed was read; or the relay shows the log without it.
            let pulled = exchange::pull(here, relay, id, &id.to_string()[..8])?;
            told.entries += pulled.new;
            *circle = pulled.circle;
        }
        match feed::take(here.vault, circle, witnesses, n, &bytes, here.now)? {
            Taken::Refused(why) => {
                told.refused.push((n, why.code()));
                if let feed::Why::Open(OpenError::Behind { size, here }) = why {
                    told.suspicions.push(Suspicion::Withheld { log: MEMBERS, cited: size, there: here });
                }
            }
            taken => {
                told.headers += 1;
                told.withdrawn += u64::from(matches!(taken, Taken::Withdrawn { .. }));
                if let Some(seen) = header.and_then(|header| header.feed) {
                    cited = cited.max(seen.size);
                    if here.vault.feed_root(id, seen.size)?.is_some_and(|root| root != seen.root) {
                        told.suspicions.push(Suspicion::Forked { log: FEED });
                        return Ok(false);
                    }
                }
                if here.vault.is_behind_gap(id, n)? {
                    told.suspicions.push(Suspicion::Gap { n });
                }
            }
        }
    }
    if cited > seen.size {
        told.suspicions.push(Suspicion::Withheld { log: FEED, cited, there: seen.size });
    }
    here.vault.keep_feed_head(id, &note.to_string())?;
    Ok(true)
}

/// The head of the feed, as the relay signs it now.
fn feed_head(
    relay: &Relay<'_>,
    circle: &MyCircle,
    keys: &KeptRelay,
    told: &mut InCircle,
) -> Result<Option<(Note, LogHead)>, ExchangeError> {
    let id = told.circle;
    let key = read_key(circle);
    let ask =
        Ask::new("GET", format!("/v1/circles/{id}/feed/head"), reader(key.as_ref())).limit(MAX_NOTE_BYTES);
    let note = Note::parse(&relay.ask(&ask)?.body)?;
    let witnesses = std::slice::from_ref(&keys.witness_key);
    // The relay's own signature is what proves later that it said two things.
    if note.verify(&keys.feed_key).is_err() {
        told.suspicions.push(Suspicion::Head { log: FEED, code: "head_not_signed" });
        return Ok(None);
    }
    match head::cosigned(&note, LogKind::Feed, &id, witnesses, relay.their_now(), HEAD_AGE_S) {
        Ok(seen) => Ok(Some((note, seen.head))),
        Err(error) => {
            told.suspicions.push(Suspicion::Head { log: FEED, code: error.code() });
            Ok(None)
        }
    }
}

/// Codes that patients presented: each is checked against the header that it is about.
fn take_tombstones(
    here: &mut Here<'_>,
    relay: &Relay<'_>,
    circle: &MyCircle,
    told: &mut InCircle,
) -> Result<(), ExchangeError> {
    let id = told.circle;
    let key = read_key(circle);
    let (lines, bytes) = TOMBSTONES;
    loop {
        let from = here.vault.tombstones_read(id)?;
        let target = format!("/v1/circles/{id}/tombstones?from={from}&limit={lines}");
        let answer = relay.ask(&Ask::new("GET", target, reader(key.as_ref())).limit(bytes))?;
        let mut read = from;
        for line in answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if let Ok(Tombstone { about, code: Some(code) }) = serde_json::from_slice(line) {
                // Of a post that comes with the next sync it counts then.
                if here.vault.place_in_feed(id, about)?.is_none() {
                    here.vault.keep_tombstones_read(id, read)?;
                    return Ok(());
                }
                let before = here.vault.post_state(about)?;
                let is_new = !matches!(before, Some((PostState::Withdrawn(_), ..)));
                let counts = feed::withdrawn_by_code(here.vault, id, about, &code, here.now)?;
                told.withdrawn += u64::from(is_new && counts);
            }
            read += 1;
        }
        if read == from {
            return Ok(());
        }
        if read - from > lines as u64 {
            return Err(RelayError::Answer.into());
        }
        here.vault.keep_tombstones_read(id, read)?;
    }
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
            let sealed = match relay.object(circle, &wanted.about) {
                Ok(sealed) => sealed,
                // It may have been withdrawn in between: the next sync tells.
                Err(ExchangeError::Missing | ExchangeError::OtherBytes) => continue,
                Err(error) => return Err(error),
            };
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
        outbox::say(here.vault, id, about, &Say::Gone, here.now)?;
        feed::told_gone(here.vault, about)?;
    }
    Ok(())
}
