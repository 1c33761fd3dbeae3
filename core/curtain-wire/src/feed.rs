//! A circle's feed: the headers of its posts and events, in the one order in which they were taken.
//!
//! Whoever appends and whoever reads hold a header to the same rules. [`Feed::check`] says whether a header may come next,
//! and changes nothing; [`Feed::take`] takes it. What was taken once is read back with [`Feed::reread`], which asks nothing
//! of clocks and of the present epoch again.
//!
//! Not checked here: credentials, which are sealed; that the files of a post are there; that nobody presented its code.

mod error;
mod tombstone;

use std::collections::BTreeMap;

pub use error::FeedError;
pub use tombstone::{NotOneReason, Reason, Tombstone};

use crate::canonical::NotCanonical;
use crate::chain::Chain;
use crate::checkpoint::{Checkpoint, origin};
use crate::credential::Role;
use crate::hash::Sha256;
use crate::head::{LogHead, LogKind};
use crate::header::{Author, Content, Header, HeaderError, ObjectRef, Post, Withdrawal, WithdrawalReason};
use crate::membership::{Circle, Head, Standing, Use};
use crate::note::Note;
use crate::statement::Signed;
use crate::time::UnixTime;
use crate::tree::{self, Frontier, Hash, TreeError, leaf_hash};

/// How far after now a header may say that it was made, and how far before what it names, in seconds.
const MAX_AHEAD_S: i64 = 300;

/// A post of the feed, as its header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The hash of its header.
    pub hash: Sha256,
    /// By whom.
    pub author: Author,
    /// Its files.
    pub objects: Vec<ObjectRef>,
    /// The first second of the last day on which it may be kept.
    pub last_day: UnixTime,
    /// SHA-256 of the patient's code.
    pub withdrawal: Sha256,
    /// The place of the first header that withdrew it.
    pub withdrawn: Option<u64>,
}

impl Posted {
    /// Whether its last day is over.
    #[must_use]
    pub fn is_over(&self, now: UnixTime) -> bool {
        now >= self.last_day.plus_days(1)
    }
}

/// A header that may come next.
#[derive(Clone, Debug)]
pub struct Checked {
    header: Header,
    hash: Sha256,
    leaf: Hash,
}

impl Checked {
    /// What it says.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Its hash.
    #[must_use]
    pub fn hash(&self) -> Sha256 {
        self.hash
    }

    /// The post that it is, if it is one.
    #[must_use]
    pub fn post(&self) -> Option<&Post> {
        if let Content::Post(post) = &self.header.content { Some(post) } else { None }
    }
}

/// A circle's feed, as far as it was taken.
///
/// Memory: about 200 bytes for each header, and 150 more for each file that a post names.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    chains: BTreeMap<Sha256, Chain>,
    cited: u64,
    places: BTreeMap<Sha256, u64>,
    posts: BTreeMap<u64, Posted>,
    /// The posts that name a file.
    naming: BTreeMap<Sha256, Vec<u64>>,
    tree: Frontier,
    leaves: Vec<Hash>,
}

impl Feed {
    /// Without headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Headers in it.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The largest size of the membership log that a header names.
    #[must_use]
    pub fn cited(&self) -> u64 {
        self.cited
    }

    /// The place of the header with this hash.
    #[must_use]
    pub fn place(&self, header: &Sha256) -> Option<u64> {
        self.places.get(header).copied()
    }

    /// The post at this place.
    #[must_use]
    pub fn post(&self, n: u64) -> Option<&Posted> {
        self.posts.get(&n)
    }

    /// All posts, with their places.
    pub fn posts(&self) -> impl Iterator<Item = (u64, &Posted)> {
        self.posts.iter().map(|(n, post)| (*n, post))
    }

    /// The posts that name this file, with their places.
    pub fn naming(&self, file: &Sha256) -> impl Iterator<Item = (u64, &Posted)> {
        let places = self.naming.get(file).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|n| Some((*n, self.posts.get(n)?)))
    }

    /// The number and `prev` of this device's next header.
    #[must_use]
    pub fn next_of(&self, device: &Sha256) -> (u64, Option<Sha256>) {
        self.chains.get(device).map_or((0, None), Chain::next)
    }

    /// How far it has come, as witnesses cosign it.
    #[must_use]
    pub fn head(&self, circle: Sha256) -> LogHead {
        LogHead { kind: LogKind::Feed, circle, size: self.size(), root: self.tree.root() }
    }

    /// The root when it had `size` headers. None beyond its end. Costs one hash a header, and nothing at the end.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        if size == self.size() {
            return Some(self.tree.root());
        }
        Some(tree::root(self.leaves.get(..usize::try_from(size).ok()?)?))
    }

    /// Shows that it only grew from `old` headers to `new`. Costs one hash a header.
    ///
    /// # Errors
    /// [`TreeError::Shrunk`], [`TreeError::TooFewHashes`] beyond its end.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, TreeError> {
        tree::consistency_proof(old, new, &self.leaves)
    }

    /// Whether a header may come next. `circle` is the whole membership log: what was sealed under an epoch that is over,
    /// or while somebody who is out still has its secret, is refused.
    ///
    /// # Errors
    /// [`FeedError`], for the first rule that is broken; [`FeedError::There`] if it was taken before.
    pub fn check(&self, circle: &Circle, bytes: &[u8], now: UnixTime) -> Result<Checked, FeedError> {
        let signed = Signed::<Header>::parse(bytes)?;
        let hash = Sha256::of(bytes);
        if let Some(n) = self.place(&hash) {
            return Err(FeedError::There { n });
        }
        let claimed = signed.body();
        if claimed.circle != circle.id() {
            return Err(FeedError::OtherCircle);
        }
        let device = &circle.device(&claimed.author.device).ok_or(FeedError::UnknownDevice)?.device;
        let header = signed.verify(&device.object).map_err(|_| FeedError::Signature)?;
        header.check()?;
        check_times(circle, header, now)?;
        let role = self.check_standing(circle, header)?;
        check_epoch(circle, header)?;
        if header.feed.is_some_and(|seen| self.root_at(seen.size).is_none_or(|root| root.0 != seen.root.0)) {
            return Err(FeedError::OtherFeed);
        }
        let chain = self.chains.get(&header.author.device);
        chain.unwrap_or(&Chain::new()).check(hash, header.seq, header.prev)?;
        match &header.content {
            Content::Post(post) => {
                let log = &device.log;
                if log.name() != origin(post.consent.log.0) {
                    return Err(FeedError::OtherLog);
                }
                let note = Note::parse(post.consent.checkpoint.as_bytes()).map_err(HeaderError::from)?;
                Checkpoint::signed(&note, log).map_err(HeaderError::from)?;
                let last_day = post.last_day().ok_or(HeaderError::DeleteAfter)?;
                if now >= last_day.plus_days(1) {
                    return Err(FeedError::Over);
                }
            }
            Content::Event(event) => drop(self.about(&event.about)?),
            Content::Withdrawal(withdrawal) => {
                let about = self.about(&withdrawal.about)?;
                check_withdraws(withdrawal, role, header.author.user == about.author.user, about)?;
            }
        }
        Ok(Checked { header: header.clone(), hash, leaf: leaf_hash(bytes) })
    }

    /// Reads a header that was taken before: by this device, or by whoever keeps the feed and is believed in this.
    ///
    /// # Errors
    /// [`NotCanonical`].
    pub fn reread(bytes: &[u8]) -> Result<Checked, NotCanonical> {
        let header = Signed::<Header>::parse(bytes)?.body().clone();
        Ok(Checked { header, hash: Sha256::of(bytes), leaf: leaf_hash(bytes) })
    }

    /// Takes the next header, and gives its place.
    pub fn take(&mut self, checked: Checked) -> u64 {
        let Checked { header, hash, leaf } = checked;
        let n = self.size();
        self.tree.append(leaf);
        self.leaves.push(leaf);
        self.places.entry(hash).or_insert(n);
        self.cited = self.cited.max(header.membership.size);
        let follows = self.chains.entry(header.author.device).or_default();
        // What does not follow was not checked here: it keeps its place in the feed, and none in the chain.
        let _ = follows.accept(hash, header.seq, header.prev);
        match header.content {
            Content::Post(post) => self.take_post(n, hash, header.author, post),
            Content::Event(_) => {}
            Content::Withdrawal(withdrawal) => {
                let about = self.places.get(&withdrawal.about);
                if let Some(post) = about.and_then(|n| self.posts.get_mut(n)) {
                    post.withdrawn.get_or_insert(n);
                }
            }
        }
        n
    }

    fn take_post(&mut self, n: u64, hash: Sha256, author: Author, post: Post) {
        let Some(last_day) = post.last_day() else { return };
        for object in &post.objects {
            self.naming.entry(object.sha256).or_default().push(n);
        }
        let Post { objects, withdrawal, .. } = post;
        self.posts.insert(n, Posted { hash, author, objects, last_day, withdrawal, withdrawn: None });
    }

    fn about(&self, header: &Sha256) -> Result<&Posted, FeedError> {
        self.place(header).and_then(|n| self.post(n)).ok_or(FeedError::NoSuchPost)
    }

    /// The author's role: at the size that the header names, and at the cited size.
    fn check_standing(&self, circle: &Circle, header: &Header) -> Result<Role, FeedError> {
        let size = header.membership.size;
        let then = standing(circle, header, size)?.role;
        // What others had named before, this author should have seen; a patient's code counts whoever brings it.
        let by_code = matches!(&header.content, Content::Withdrawal(withdrawal) if withdrawal.code.is_some());
        let latest = if by_code { size } else { size.max(self.cited.min(circle.size())) };
        let role = standing(circle, header, latest)?.role;
        let may = |role| match header.content {
            Content::Post(_) => matches!(role, Role::Member | Role::Moderator | Role::Admin),
            Content::Event(_) => role != Role::Officer,
            Content::Withdrawal(_) => true,
        };
        if may(then) && may(role) { Ok(role) } else { Err(FeedError::Role) }
    }
}

/// A withdrawal counts while a new epoch is due, and after it: nobody can read more by it.
fn check_epoch(circle: &Circle, header: &Header) -> Result<(), FeedError> {
    let size = header.membership.size;
    if circle.epoch_at(size).is_none_or(|epoch| epoch.number != header.epoch) {
        return Err(FeedError::WrongEpoch);
    }
    if matches!(header.content, Content::Withdrawal(_)) {
        return Ok(());
    }
    if circle.epoch().is_none_or(|present| present.number != header.epoch) {
        return Err(FeedError::StaleMembership);
    }
    if circle.blocked_at(size) || circle.blocked() { Err(FeedError::Blocked) } else { Ok(()) }
}

fn check_times(circle: &Circle, header: &Header, now: UnixTime) -> Result<(), FeedError> {
    if header.at.seconds() > now.seconds().saturating_add(MAX_AHEAD_S) {
        return Err(FeedError::Ahead);
    }
    let size = header.membership.size;
    if size > circle.size() {
        return Err(FeedError::Behind { size, here: circle.size() });
    }
    let seen_at = circle.made_at(size).map_or(0, UnixTime::seconds);
    if header.at.seconds().saturating_add(MAX_AHEAD_S) < seen_at {
        return Err(FeedError::Early);
    }
    let (last, root) = (header.membership.last, header.membership.root);
    Ok(circle.compare(&Head { circle: circle.id(), last, root, size })?)
}

/// The author's device, if it was a member's that may post when the log had `size` entries.
fn standing<'a>(circle: &'a Circle, header: &Header, size: u64) -> Result<Standing<'a>, FeedError> {
    let standing = circle.standing(&header.author.device, size).ok_or(FeedError::NotAMember)?;
    let posts = standing.user == header.author.user && standing.device.r#use == Use::Posting;
    if posts { Ok(standing) } else { Err(FeedError::NotAMember) }
}

fn check_withdraws(said: &Withdrawal, role: Role, is_author: bool, about: &Posted) -> Result<(), FeedError> {
    if let Some(code) = said.code {
        return Ok(code.check(about.withdrawal)?);
    }
    let may = match said.reason {
        WithdrawalReason::Patient | WithdrawalReason::Author => is_author,
        WithdrawalReason::Officer => role == Role::Officer,
        WithdrawalReason::Admin => matches!(role, Role::Moderator | Role::Admin),
    };
    if may { Ok(()) } else { Err(FeedError::Role) }
}

#[cfg(test)]
mod tests;
