//! A circle's feed and tombstones, as a relay shows them: nothing is taken that does not stand under a head that it signed.

use curtain_wire::head::{self, LogHead, LogKind};
use curtain_wire::header::{Header, WithdrawalCode};
use curtain_wire::note::Note;
use curtain_wire::statement::Signed;
use curtain_wire::tree::{Frontier, leaf_hash, verify_consistency};
use serde::Deserialize;

use super::client::{Ask, Relay, read_key};
use super::road::reader;
use super::run::{HEAD_AGE_S, InCircle, MAX_NOTE_BYTES};
use super::suspicion::{FEED, MEMBERS, Suspicion};
use crate::circle::MyCircle;
use crate::exchange::{self, ExchangeError, Here};
use crate::feed::{self, Taken};
use crate::hash::Sha256;
use crate::post::OpenError;
use crate::transport::RelayError;
use crate::vault::{KeptRelay, PostState};

/// The most tombstones of one page, and their bytes.
const TOMBSTONES: (usize, usize) = (256, 256 << 10);

/// After how many seconds all tombstones are read again: no log holds them, so a relay that lied once would hide one for ever.
const TOMBSTONES_AGAIN_S: i64 = 7 * 86_400;

/// A tombstone, as far as it concerns a client: the other reasons are in the feed, and in the header's own last day.
#[derive(Deserialize)]
struct Tombstone {
    about: Sha256,
    code: Option<WithdrawalCode>,
}

/// Takes the headers that are new, some at a time: each lot stands under the head that the relay signs, together with what was
/// here, before any of it is verified and kept. A connection that is cut costs no more than one lot. Whether the relay can be
/// trusted with this circle now.
pub(super) fn take_feed(
    here: &mut Here<'_>,
    relay: &Relay<'_>,
    circle: &mut MyCircle,
    keys: &KeptRelay,
    told: &mut InCircle,
) -> Result<bool, ExchangeError> {
    let id = told.circle;
    let Some((note, seen)) = feed_head(relay, circle, keys, told)? else { return Ok(false) };
    let mut frontier = here.vault.feed_frontier(id)?;
    // What this device sent and the relay took stands in it, too.
    let own = here.vault.last_place(id)?.map_or(0, |place| place + 1);
    let size = own.max(frontier.size());
    if seen.size < size {
        told.suspicions.push(Suspicion::RolledBack { log: FEED, there: seen.size, here: size });
        return Ok(false);
    }
    if seen.size == frontier.size() && frontier.root() != seen.root {
        told.suspicions.push(Suspicion::Forked { log: FEED });
        return Ok(false);
    }
    feed::again(here.vault, circle, std::slice::from_ref(&keys.witness_key), here.now)?;
    let mut taking = Lot { relay, keys, pulled: false };
    while frontier.size() < seen.size {
        if !taking.take(here, circle, &mut frontier, &seen, told)? {
            return Ok(false);
        }
    }
    if !is_what_others_saw(here, &seen, told)? {
        return Ok(false);
    }
    here.vault.keep_feed_head(id, &note.to_string())?;
    Ok(true)
}

/// Compares the feed, as far as it was taken, with what members say that they saw, and with the places of this device's own
/// headers as the relay gave them.
fn is_what_others_saw(
    here: &mut Here<'_>,
    seen: &LogHead,
    told: &mut InCircle,
) -> Result<bool, ExchangeError> {
    let id = told.circle;
    let is_same = here.vault.compare_cited(id)? && !here.vault.is_misplaced(id)?;
    if !is_same {
        told.suspicions.push(Suspicion::Forked { log: FEED });
    }
    if let Some(cited) = here.vault.cited_size(id)?.filter(|cited| *cited > seen.size) {
        told.suspicions.push(Suspicion::Withheld { log: FEED, cited, there: seen.size });
    }
    Ok(is_same)
}

/// Takes headers, some at a time.
struct Lot<'a> {
    relay: &'a Relay<'a>,
    keys: &'a KeptRelay,
    /// Whether the membership log was fetched once more, since a header names more of it.
    pulled: bool,
}

impl Lot<'_> {
    fn take(
        &mut self,
        here: &mut Here<'_>,
        circle: &mut MyCircle,
        frontier: &mut Frontier,
        seen: &LogHead,
        told: &mut InCircle,
    ) -> Result<bool, ExchangeError> {
        let from = frontier.size();
        let mut headers = self.relay.some_headers(circle, from)?;
        // What came after the head was signed is read with the next sync.
        headers.truncate(usize::try_from(seen.size - from).map_err(|_| RelayError::Answer)?);
        if headers.is_empty() {
            told.suspicions.push(Suspicion::Withheld { log: FEED, cited: seen.size, there: from });
            return Ok(false);
        }
        for header in &headers {
            frontier.append(leaf_hash(header));
        }
        if !self.stands_under(circle, frontier, seen)? {
            told.suspicions.push(Suspicion::Forked { log: FEED });
            return Ok(false);
        }
        for (n, bytes) in (from..).zip(headers) {
            self.take_one(here, circle, n, &bytes, told)?;
        }
        Ok(true)
    }

    /// Whether a feed is the beginning of the one whose head the relay signed.
    fn stands_under(
        &self,
        circle: &MyCircle,
        frontier: &Frontier,
        seen: &LogHead,
    ) -> Result<bool, ExchangeError> {
        let (size, root) = (frontier.size(), frontier.root());
        if size == seen.size {
            return Ok(root == seen.root);
        }
        let proof = self.relay.feed_proof(circle, size, seen.size)?;
        Ok(verify_consistency(size, root, seen.size, seen.root, &proof).is_ok())
    }

    fn take_one(
        &mut self,
        here: &mut Here<'_>,
        circle: &mut MyCircle,
        n: u64,
        bytes: &[u8],
        told: &mut InCircle,
    ) -> Result<(), ExchangeError> {
        let id = told.circle;
        let header = Signed::<Header>::parse(bytes).ok().map(|header| header.body().clone());
        let names = header.as_ref().map_or(0, |header| header.membership.size);
        if names > circle.circle().size() && !self.pulled {
            // Somebody entered something while the feed was read; or the relay shows the log without it.
            let pulled = exchange::pull(here, self.relay, id, &id.to_string()[..8])?;
            told.entries += pulled.new;
            *circle = pulled.circle;
            self.pulled = names > circle.circle().size();
        }
        let witnesses = std::slice::from_ref(&self.keys.witness_key);
        match feed::take(here.vault, circle, witnesses, n, bytes, here.now)? {
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
                    here.vault.keep_cited(id, seen)?;
                }
                if here.vault.is_behind_gap(id, n)? {
                    told.suspicions.push(Suspicion::Gap { n });
                }
            }
        }
        Ok(())
    }
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

/// Takes codes that patients presented: each is checked against the header that it is about. What is read already is not asked
/// for again; what does not fit this feed, or not yet, is not counted as read.
pub(super) fn take_tombstones(
    here: &mut Here<'_>,
    relay: &Relay<'_>,
    circle: &MyCircle,
    told: &mut InCircle,
) -> Result<(), ExchangeError> {
    let id = told.circle;
    let key = read_key(circle);
    let (lines, bytes) = TOMBSTONES;
    here.vault.reread_tombstones(id, TOMBSTONES_AGAIN_S, here.now)?;
    let mut was_set_back = false;
    loop {
        let from = here.vault.tombstones_read(id)?;
        let target = format!("/v1/circles/{id}/tombstones?from={from}&limit={lines}");
        let answer = relay.ask(&Ask::new("GET", target, reader(key.as_ref())).limit(bytes))?;
        let size = answer.field("curtain-size").and_then(|size| size.parse::<u64>().ok());
        if size.is_some_and(|size| size < from) {
            // It was set back: from the start. Twice in one sync nothing is, and it would never end.
            if was_set_back {
                return Err(RelayError::Answer.into());
            }
            was_set_back = true;
            here.vault.keep_tombstones_read(id, 0)?;
            continue;
        }
        let page: Vec<&[u8]> =
            answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        if page.len() > lines {
            return Err(RelayError::Answer.into());
        }
        let mut read = from;
        for line in &page {
            if !take_tombstone(here, line, told)? {
                break;
            }
            read += 1;
        }
        here.vault.keep_tombstones_read(id, read)?;
        if page.is_empty() || read - from < page.len() as u64 {
            return Ok(());
        }
    }
}

/// Whether a tombstone says something that holds here.
fn take_tombstone(here: &mut Here<'_>, line: &[u8], told: &mut InCircle) -> Result<bool, ExchangeError> {
    let id = told.circle;
    let Tombstone { about, code } = serde_json::from_slice(line).map_err(|_| RelayError::Answer)?;
    // Of a post that comes with the next sync it counts then.
    if here.vault.place_in_feed(id, about)?.is_none() {
        return Ok(false);
    }
    let before = here.vault.post_state(about)?;
    let Some(code) = code else {
        // Said in the feed, or by the post's own last day: of what is still open here it cannot be true.
        let is_open = |state: &PostState| matches!(state, PostState::Waiting | PostState::Open);
        return Ok(before.is_none_or(|(state, _, ends)| !is_open(&state) || ends <= here.now));
    };
    let is_new = !matches!(before, Some((PostState::Withdrawn(_), ..)));
    let counts = feed::withdrawn_by_code(here.vault, id, about, &code, here.now)?;
    told.withdrawn += u64::from(is_new && counts);
    // What was refused here has no code to compare with.
    Ok(counts || before.is_none())
}
