//! Sending what the outbox holds: files first, several posts at a time; then headers, one circle after the other, in the order of
//! the device's chain. A header is signed only when all that it names is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;

use curtain_wire::header::{Content, FeedSeen, Header};
use curtain_wire::note::{Note, VerifierKey};
use curtain_wire::statement::Signed;
use ring::rand::SecureRandom;

use super::client::Relay;
use super::run::may_read;
use crate::circle::{Doing, Live, MyCircle, NotLive};
use crate::exchange::{ExchangeError, Here, Road, check_gone};
use crate::hash::{Id, Sha256};
use crate::outbox::{self, Network};
use crate::post::{self, Addressed, SealedPost, SendError};
use crate::time::UnixTime;
use crate::transport::RelayError;
use crate::vault::{Item, Queued, State};

/// Posts whose files are sent at the same time.
const AT_ONCE: usize = 3;

/// Bytes of files that are held in memory for sending, unless one post alone has more.
const HELD_BYTES: u64 = 64 << 20;

/// A circle that was asked for.
pub(super) struct Reached {
    pub(super) circle: MyCircle,
    /// Its feed, as it was verified now; `None` where the relay cannot be trusted with the circle: what must go is said there all
    /// the same, and nothing else.
    pub(super) feed: Option<FeedSeen>,
}

/// What became of something that was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its number in the outbox.
    pub id: u64,
    /// What it is.
    pub item: Item,
    /// What became of it.
    pub became: Became,
}

/// What became of something that was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// The relay has it.
    Sent,
    /// It is tried again.
    Waits {
        /// Why: a stable `snake_case` name.
        reason: String,
        /// What that means.
        message: String,
        /// When.
        until: UnixTime,
    },
    /// It cannot be sent as it is, or must not be.
    Failed {
        /// Why: a stable `snake_case` name.
        reason: String,
        /// What that means.
        message: String,
    },
}

/// What an error means for what was being sent.
enum Means {
    /// It may pass by itself: later, each time a little later.
    Later(Option<u64>),
    /// Somebody has to do something, or more has to be read: with the next sync.
    NextTime,
    /// The header that was signed has come too late: another one is signed.
    Anew,
    /// Files that the relay said it had are not there: all of them are offered again.
    FilesAnew,
    /// It never will.
    Never,
}

fn means(error: &ExchangeError) -> Means {
    match error {
        ExchangeError::Relay(RelayError::Busy { retry_after_s }) => Means::Later(*retry_after_s),
        ExchangeError::Relay(RelayError::Refused { status, code }) => refusal(*status, code),
        ExchangeError::Relay(_) => Means::Later(None),
        ExchangeError::Send(SendError::StaleHeader) => Means::Anew,
        ExchangeError::Send(
            SendError::Consent(_)
            | SendError::OtherAuthor
            | SendError::OtherLog
            | SendError::TooLarge(_)
            | SendError::Header(_)
            | SendError::Event(_),
        ) => Means::Never,
        _ => Means::NextTime,
    }
}

fn refusal(status: u16, code: &str) -> Means {
    match (status, code) {
        (409, "stale_membership") => Means::Anew,
        (409, "blobs_missing") => Means::FilesAnew,
        (409, _) => Means::NextTime,
        // Not listed (yet), too much for now, or a failure over there.
        (401 | 403 | 404 | 408 | 413 | 429 | 500.., _) => Means::Later(None),
        _ => Means::Never,
    }
}

/// Whether it is known of every header that was signed for a circle that it is in its feed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chain {
    Settled,
    Open,
}

/// What sends: the device at hand, a relay, and the circles that were reached.
pub(super) struct Sender<'a, 'h> {
    pub(super) here: &'a mut Here<'h>,
    pub(super) relay: &'a Relay<'a>,
    pub(super) circles: &'a BTreeMap<Sha256, Reached>,
    pub(super) witnesses: &'a [VerifierKey],
    pub(super) network: Network,
    pub(super) told: Vec<Told>,
}

impl<'a> Sender<'a, '_> {
    /// Sends what is due. One thing that does not go holds up no other.
    pub(super) fn send_due(&mut self) -> Result<(), ExchangeError> {
        let mut settled = BTreeSet::new();
        for (id, reached) in self.circles {
            if reached.feed.is_some() && self.settle(&reached.circle)? == Chain::Settled {
                settled.insert(*id);
            }
        }
        let mut due = self.here.vault.outbox_due(self.here.now)?;
        // What goes to circles of other relays is theirs to send; where a chain is not settled, nothing is added to it.
        due.retain(|queued| match &queued.item {
            Item::Code(_) => true,
            Item::Withdraw { circle, .. } if self.is_doubtful(circle) => true,
            Item::Post { circle, .. } | Item::Say { circle, .. } | Item::Withdraw { circle, .. } => {
                settled.contains(circle)
            }
        });
        let mut told = BTreeSet::new();
        for queued in due.iter().filter(|queued| matches!(queued.item, Item::Code(_))) {
            if self.here.vault.is_code_told(queued.id, self.relay.url())? {
                told.insert(queued.id);
            }
        }
        due.retain(|queued| !told.contains(&queued.id));
        outbox::in_order(&mut due);
        let (posts, small): (Vec<Queued>, Vec<Queued>) =
            due.into_iter().partition(|queued| matches!(queued.item, Item::Post { .. }));
        for queued in small {
            // What follows a header of which it is not known whether it arrived waits for the next sync.
            if self.is_open(&queued)? {
                continue;
            }
            let sent = self.send_small(&queued);
            if sent.is_ok() && matches!(queued.item, Item::Code(_)) {
                // The others hear of it when they are asked.
                let all_heard = self.here.vault.code_was_told(queued.id, self.relay.url())?;
                if !all_heard {
                    continue;
                }
            }
            self.note(&queued, sent)?;
        }
        self.send_posts(posts)
    }

    fn is_doubtful(&self, circle: &Sha256) -> bool {
        self.circles.get(circle).is_some_and(|reached| reached.feed.is_none())
    }

    /// Headers that were signed and of which it is not known whether they are there: those that may still be said are sent
    /// again, which does nothing where they are; the others are taken back, with all that follows them, so that the chain goes
    /// on.
    fn settle(&mut self, circle: &MyCircle) -> Result<Chain, ExchangeError> {
        let id = circle.circle().id();
        let device = self.here.me.device.id();
        // One that was taken back is there all the same: what it was signed for is not sent again.
        for queued in self.here.vault.find_taken_back(id, self.here.now)? {
            self.tell(&queued, Became::Sent);
        }
        for queued in self.here.vault.outbox_arrived(id)? {
            self.note(&queued, Ok(()))?;
        }
        // Whether an unwanted one arrived is seen in the feed alone.
        let sees_feed = may_read(circle, self.here);
        for (seq, hash, bytes) in self.here.vault.unsent_headers(id)? {
            let of = self.here.vault.outbox_signed(id, seq)?;
            if let Some(n) = self.here.vault.place_in_feed(id, hash)? {
                self.here.vault.keep_place(id, hash, n)?;
                if let Some(queued) = of.filter(|queued| queued.state == State::Waiting) {
                    self.note(&queued, Ok(()))?;
                }
                continue;
            }
            // Another one has its number: it will never be taken.
            let is_late = seq < self.here.vault.chain_end(id, device, seq)?.0.next;
            let is_wanted = of.as_ref().is_none_or(|queued| queued.state == State::Waiting);
            if !is_late && is_wanted && self.may_go(circle, &bytes) {
                match self.relay.put_header(id, &bytes) {
                    Ok(n) => {
                        self.here.vault.keep_place(id, hash, n)?;
                        if let Some(queued) = of {
                            self.note(&queued, Ok(()))?;
                        }
                        continue;
                    }
                    // Its files may be gone, its epoch over: what is to be said is signed anew.
                    Err(ExchangeError::Relay(RelayError::Refused { status: 409 | 410 | 422, .. })) => {}
                    // The rest of this circle waits until it is known.
                    Err(_) => return Ok(Chain::Open),
                }
            } else if !sees_feed {
                return Ok(Chain::Open);
            }
            self.here.vault.take_back_headers(id, seq)?;
            break;
        }
        Ok(Chain::Settled)
    }

    /// Whether a header that was signed before may still be sent: the same is asked as when it was signed.
    fn may_go(&self, circle: &MyCircle, bytes: &[u8]) -> bool {
        let Ok(signed) = Signed::<Header>::parse(bytes) else { return false };
        let header = signed.body();
        let doing = match &header.content {
            Content::Withdrawal(_) => return true,
            Content::Event(_) => Doing::Discussing,
            Content::Post(_) => Doing::Posting,
        };
        let is_fresh = self.live(circle, doing).is_ok_and(|live| live.epoch() == header.epoch);
        let is_covered = match &header.content {
            Content::Post(post) => self.covered(circle, post.post).is_ok(),
            _ => true,
        };
        is_fresh && is_covered
    }

    /// The circle, if this device may do something in it now.
    fn live<'c>(&'c self, circle: &'c MyCircle, doing: Doing) -> Result<Live<'c>, ExchangeError> {
        let here = &*self.here;
        check_gone(here.vault, circle, here.me.user)?;
        let live = circle.live(here.me, doing, here.now)?;
        live.fresh(&head(here, circle)?, self.witnesses, here.now)?;
        Ok(live)
    }

    /// A post whose consent allows to send it to the circle now.
    fn covered(&self, circle: &MyCircle, post: Id) -> Result<SealedPost, ExchangeError> {
        let here = &*self.here;
        let sealed = SealedPost::kept(here.vault.post(post)?);
        sealed.check_consent(here.vault, circle.circle(), here.now)?;
        Ok(sealed)
    }

    /// Whether a header before this one was signed and is not known to have arrived.
    fn is_open(&self, queued: &Queued) -> Result<bool, ExchangeError> {
        let Some(circle) = queued.item.circle() else { return Ok(false) };
        Ok(!self.here.vault.unsent_headers(circle)?.is_empty())
    }

    fn send_small(&mut self, queued: &Queued) -> Result<(), ExchangeError> {
        match &queued.item {
            Item::Code(code) => {
                self.relay.withdraw_by_code(*code)?;
                Ok(())
            }
            Item::Say { circle, about, what } => {
                let reached = self.reached(*circle)?;
                let here = &mut *self.here;
                let head = head(here, &reached.circle)?;
                check_gone(here.vault, &reached.circle, here.me.user)?;
                let live = reached.circle.live(here.me, Doing::Discussing, here.now)?;
                let fresh = live.fresh(&head, self.witnesses, here.now)?;
                let (feed, now, random) = (reached.feed, here.now, here.random);
                here.vault.signs_for(Some(queued.id));
                let ready = post::seal_said(here.vault, &fresh, *about, what.clone(), feed, now, random);
                here.vault.signs_for(None);
                self.send_header(*circle, &ready?)
            }
            Item::Withdraw { circle, about, withdrawal } => {
                let reached = self.reached(*circle)?;
                let here = &mut *self.here;
                let (reason, code, now) = (withdrawal.reason, withdrawal.code, here.now);
                here.vault.signs_for(Some(queued.id));
                let ready = post::withdraw(here.vault, here.me, &reached.circle, *about, reason, code, now);
                here.vault.signs_for(None);
                self.send_header(*circle, &ready?)
            }
            Item::Post { .. } => Err(ExchangeError::NoSuchPost),
        }
    }

    fn reached(&self, circle: Sha256) -> Result<&'a Reached, ExchangeError> {
        self.circles.get(&circle).ok_or(ExchangeError::NoCircle)
    }

    fn send_header(&mut self, circle: Sha256, ready: &Addressed) -> Result<(), ExchangeError> {
        let n = self.relay.put_header(circle, &ready.header)?;
        Ok(self.here.vault.keep_place(circle, ready.hash, n)?)
    }

    /// Posts, several at a time: what must be so before anything leaves, then files, then headers.
    fn send_posts(&mut self, posts: Vec<Queued>) -> Result<(), ExchangeError> {
        let mut ready: Vec<(Queued, SealedPost)> = Vec::new();
        let mut held = 0;
        for queued in posts {
            if let Some(hold) =
                outbox::hold(&queued, &self.here.vault.sending()?, self.network, self.here.now)
            {
                self.waits(&queued, hold.code(), hold.text(), self.here.now, queued.attempts)?;
                continue;
            }
            match self.checked(&queued) {
                Ok(sealed) => {
                    if !ready.is_empty() && (ready.len() >= AT_ONCE || held + queued.bytes > HELD_BYTES) {
                        self.send_together(&ready)?;
                        ready.clear();
                        held = 0;
                    }
                    held += queued.bytes;
                    ready.push((queued, sealed));
                }
                Err(error) => self.note(&queued, Err(error))?,
            }
        }
        self.send_together(&ready)
    }

    /// A post that may be sent as far as this device knows: nothing of it leaves before.
    fn checked(&mut self, queued: &Queued) -> Result<SealedPost, ExchangeError> {
        let Item::Post { circle, post } = queued.item else { return Err(ExchangeError::NoSuchPost) };
        let circle = &self.reached(circle)?.circle;
        let sealed = self.covered(circle, post)?;
        sealed.check_author(&self.live(circle, Doing::Posting)?)?;
        Ok(sealed)
    }

    fn send_together(&mut self, posts: &[(Queued, SealedPost)]) -> Result<(), ExchangeError> {
        if posts.is_empty() {
            return Ok(());
        }
        let sent = self.send_files(posts)?;
        for ((queued, sealed), files) in posts.iter().zip(sent) {
            if files.is_ok() && self.is_open(queued)? {
                continue;
            }
            let done = files.map_err(ExchangeError::from).and_then(|()| self.send_post(queued, sealed));
            self.note(queued, done)?;
        }
        Ok(())
    }

    /// Sends the files of posts at the same time, each post's one after the other. What the relay said is noted as it comes.
    fn send_files(
        &mut self,
        posts: &[(Queued, SealedPost)],
    ) -> Result<Vec<Result<(), RelayError>>, ExchangeError> {
        let mut jobs = Vec::new();
        for (queued, sealed) in posts {
            let circle = queued.item.circle().ok_or(ExchangeError::NoCircle)?;
            let mut files = Vec::new();
            for object in &sealed.objects {
                let sha256 = object.about.sha256;
                match self.here.vault.upload(circle, sha256)? {
                    Some((_, true)) => {}
                    Some((path, false)) => files.push((sha256, &object.bytes, Some(path))),
                    None => files.push((sha256, &object.bytes, None)),
                }
            }
            jobs.push((circle, files));
        }
        let (relay, vault) = (self.relay, &mut *self.here.vault);
        let (tell, hear) = mpsc::channel();
        let mut spent = 0;
        let results = std::thread::scope(|scope| {
            let running: Vec<_> = jobs
                .into_iter()
                .map(|(circle, files)| {
                    let tell = tell.clone();
                    scope.spawn(move || {
                        for (sha256, bytes, mut at) in files {
                            let before = at.clone();
                            let done = relay.upload(
                                circle,
                                sha256,
                                bytes,
                                &mut |path: &str| {
                                    let _ = tell.send((circle, sha256, path.to_owned(), false, 0));
                                },
                                &mut at,
                            );
                            let path = at.or(before).unwrap_or_default();
                            let size = bytes.len() as u64;
                            let _ = tell.send((circle, sha256, path, done.is_ok(), size));
                            done?;
                        }
                        Ok(())
                    })
                })
                .collect();
            drop(tell);
            let mut kept = Ok(());
            for (circle, sha256, path, done, size) in hear {
                spent += size;
                if kept.is_ok() && (done || !path.is_empty()) {
                    kept = vault.keep_upload(circle, sha256, &path, done);
                }
            }
            let joined = running.into_iter().map(|thread| {
                // A panic in one is that of the transport, which is the caller's.
                thread.join().unwrap_or(Err(RelayError::Answer))
            });
            let joined: Vec<_> = joined.collect();
            kept.map(|()| joined)
        })?;
        if self.network == Network::Metered {
            self.here.vault.spend(spent, self.here.now)?;
        }
        Ok(results)
    }

    /// The header of a post whose files are there: consent and circle are asked once more.
    fn send_post(&mut self, queued: &Queued, sealed: &SealedPost) -> Result<(), ExchangeError> {
        let circle = queued.item.circle().ok_or(ExchangeError::NoCircle)?;
        let reached = self.reached(circle)?;
        let here = &mut *self.here;
        let head = head(here, &reached.circle)?;
        let live = reached.circle.live(here.me, Doing::Posting, here.now)?;
        let fresh = live.fresh(&head, self.witnesses, here.now)?;
        here.vault.signs_for(Some(queued.id));
        let ready = sealed.address(here.vault, &fresh, reached.feed, here.now, here.random);
        here.vault.signs_for(None);
        self.send_header(circle, &ready?)
    }

    /// Writes down what became of something.
    fn note(&mut self, queued: &Queued, sent: Result<(), ExchangeError>) -> Result<(), ExchangeError> {
        let error = match sent {
            Ok(()) => {
                self.here.vault.outbox_ends(queued.id, State::Sent, None)?;
                self.tell(queued, Became::Sent);
                return Ok(());
            }
            Err(error @ ExchangeError::Vault(_)) => return Err(error),
            Err(error) => error,
        };
        let reason = reason(&error);
        let (now, message) = (self.here.now, error.to_string());
        let means = match means(&error) {
            // Whatever somebody answers: what a patient took back is said until it is heard.
            Means::Never if matches!(queued.item, Item::Withdraw { .. } | Item::Code(_)) => {
                Means::Later(None)
            }
            means => means,
        };
        match means {
            Means::Later(asked) => {
                if is_refused(&error) {
                    self.take_back(queued)?;
                }
                let attempts = queued.attempts.saturating_add(1);
                let until = outbox::next_try(attempts, asked, self.chance()?, now);
                self.waits(queued, &reason, &message, until, attempts)
            }
            Means::NextTime => self.waits(queued, &reason, &message, now, queued.attempts),
            Means::Anew => {
                self.take_back(queued)?;
                self.waits(queued, &reason, &message, now, queued.attempts)
            }
            Means::FilesAnew => {
                self.take_back(queued)?;
                if let Item::Post { circle, post } = queued.item {
                    self.here.vault.forget_uploads(circle, post)?;
                }
                let attempts = queued.attempts.saturating_add(1);
                let until = outbox::next_try(attempts, None, self.chance()?, now);
                self.waits(queued, &reason, &message, until, attempts)
            }
            Means::Never => {
                self.take_back(queued)?;
                self.here.vault.outbox_ends(queued.id, State::Failed, Some(&reason))?;
                self.tell(queued, Became::Failed { reason, message });
                Ok(())
            }
        }
    }

    /// The relay refused the header that was signed for it: its number is free again.
    fn take_back(&mut self, queued: &Queued) -> Result<(), ExchangeError> {
        let Some(circle) = queued.item.circle() else { return Ok(()) };
        match self.here.vault.signed_number(queued.id)? {
            Some(seq) => Ok(self.here.vault.take_back_headers(circle, seq)?),
            None => Ok(()),
        }
    }

    fn waits(
        &mut self,
        queued: &Queued,
        reason: &str,
        message: &str,
        until: UnixTime,
        attempts: u32,
    ) -> Result<(), ExchangeError> {
        self.here.vault.outbox_waits(queued.id, reason, until, attempts)?;
        let (reason, message) = (reason.to_owned(), message.to_owned());
        self.tell(queued, Became::Waits { reason, message, until });
        Ok(())
    }

    fn tell(&mut self, queued: &Queued, became: Became) {
        self.told.push(Told { id: queued.id, item: queued.item.clone(), became });
    }

    fn chance(&self) -> Result<u32, ExchangeError> {
        let mut bytes = [0; 4];
        let filled = self.here.random.fill(&mut bytes);
        filled.map_err(|_| ExchangeError::Vault(crate::vault::VaultError::NoRandomness))?;
        Ok(u32::from_le_bytes(bytes))
    }
}

/// Whether the relay refused a header for what it says, so that it is in no feed.
fn is_refused(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::Relay(RelayError::Refused { status: 410 | 422, .. }))
}

/// The relay's own name for a refusal says more than ours.
fn reason(error: &ExchangeError) -> String {
    match error {
        ExchangeError::Relay(RelayError::Refused { code, .. }) => code.clone(),
        other => other.code().to_owned(),
    }
}

/// The newest cosigned head of a circle.
fn head(here: &Here<'_>, circle: &MyCircle) -> Result<Note, ExchangeError> {
    let kept = here.vault.head(circle.circle().id())?;
    let kept = kept.ok_or(NotLive::Head(curtain_wire::head::HeadError::NotCosigned))?;
    Ok(Note::parse(kept.note.as_bytes())?)
}
