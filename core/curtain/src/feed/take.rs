//! Headers, in the order of the feed.

use curtain_wire::chain::ChainError;
use curtain_wire::header::{Content, FeedSeen, Post, WithdrawalReason};
use curtain_wire::note::VerifierKey;
use thiserror::Error;

use super::{FeedError, follow};
use crate::circle::MyCircle;
use crate::consent::WithdrawalCode;
use crate::hash::{Id, Sha256};
use crate::post::{OpenError, Reading, Received};
use crate::time::UnixTime;
use crate::vault::{Becomes, Counts, KeptHeader, NewPost, Refusal, Taking, Vault};

/// What became of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Taken {
    /// A post: its body is wanted now.
    Post {
        /// The hash of its header.
        header: Sha256,
        /// Its random name.
        post: Id,
    },
    /// Something that was said of a post.
    Event {
        /// The hash of its header.
        header: Sha256,
        /// The hash of the post's.
        about: Sha256,
    },
    /// A post was withdrawn: all that was opened of it is gone.
    Withdrawn {
        /// The hash of the post's header.
        about: Sha256,
        /// Who wanted it.
        reason: WithdrawalReason,
    },
    /// It says nothing. The feed goes on behind it.
    Refused(Why),
}

/// Why a header says nothing.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It does not hold, or does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It does not follow what its device said before.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl Why {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Open(error) => error.code(),
            Self::Chain(error) => error.code(),
        }
    }

    /// More of the membership log, a box of an epoch, or time may change it.
    fn may_change(self) -> bool {
        matches!(self, Self::Open(OpenError::Behind { .. } | OpenError::Ahead | OpenError::NoSecret))
    }

    fn refusal(self) -> Refusal {
        Refusal { code: self.code(), again: self.may_change() }
    }
}

/// Takes header number `n` of the circle's feed: verifies it against all that was taken before, keeps its bytes and what became
/// of it, opens it if it is about a post that is known, and deletes what it withdraws: together, or not at all.
///
/// The membership log is to be fetched first: what names more of it than is here is refused until [`again`].
/// # Errors
/// [`FeedError::NotNext`]; [`FeedError::NotIn`], then all that was kept of the circle's cases is gone.
pub fn take(
    vault: &mut Vault,
    mine: &MyCircle,
    witnesses: &[VerifierKey],
    n: u64,
    bytes: &[u8],
    now: UnixTime,
) -> Result<Taken, FeedError> {
    let circle = mine.circle().id();
    must_be_in(vault, mine)?;
    let end = vault.feed_end(circle)?;
    if n != end.size {
        return Err(FeedError::NotNext { n, next: end.size });
    }
    let header = KeptHeader { n, cited: end.cited, verified: false, bytes: bytes.to_vec() };
    Taker { vault, mine, witnesses, now }.take(&header)
}

/// Takes what was refused once more, where more of the membership log, a box or time may have changed that. What became
/// something, in order.
///
/// # Errors
/// [`FeedError`].
pub fn again(
    vault: &mut Vault,
    mine: &MyCircle,
    witnesses: &[VerifierKey],
    now: UnixTime,
) -> Result<Vec<Taken>, FeedError> {
    must_be_in(vault, mine)?;
    let headers = vault.headers_again(mine.circle().id())?;
    let mut taker = Taker { vault, mine, witnesses, now };
    let mut changed = Vec::new();
    for header in headers {
        match taker.take(&header)? {
            Taken::Refused(_) => {}
            became => changed.push(became),
        }
    }
    Ok(changed)
}

/// Headers that were taken of a circle's feed.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn size(vault: &Vault, circle: Sha256) -> Result<u64, FeedError> {
    Ok(vault.feed_end(circle)?.size)
}

/// How far a circle's feed was taken: what this device's next header says that it has seen.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn head(vault: &Vault, circle: Sha256) -> Result<FeedSeen, FeedError> {
    let end = vault.feed_end(circle)?;
    Ok(FeedSeen { root: Sha256(end.root.0), size: end.size })
}

fn must_be_in(vault: &mut Vault, mine: &MyCircle) -> Result<(), FeedError> {
    if mine.circle().member(&mine.user()).is_some() {
        return Ok(());
    }
    follow::leave(vault, mine.circle().id())?;
    Err(FeedError::NotIn)
}

struct Taker<'a> {
    vault: &'a mut Vault,
    mine: &'a MyCircle,
    witnesses: &'a [VerifierKey],
    now: UnixTime,
}

impl Taker<'_> {
    fn reading(&self, cited: u64) -> Reading<'_> {
        Reading { circle: self.mine, witnesses: self.witnesses, cited, now: self.now }
    }

    fn circle(&self) -> Sha256 {
        self.mine.circle().id()
    }

    fn take(&mut self, header: &KeptHeader) -> Result<Taken, FeedError> {
        let hash = Sha256::of(&header.bytes);
        let (counts, taken) = match self.verified(header, hash)? {
            Err(why) => (Err(why.refusal()), Taken::Refused(why)),
            Ok((received, chained)) => {
                let (becomes, taken) = self.becomes(&received, header.cited)?;
                let (cites, about) = (received.header.membership.size, received.header.content.about());
                (Ok(Counts { cites, chained, about, becomes }), taken)
            }
        };
        let taking = Taking {
            circle: self.circle(),
            n: header.n,
            hash,
            bytes: &header.bytes,
            cited: header.cited,
            counts,
        };
        self.vault.keep_taken(&taking, self.now)?;
        Ok(taken)
    }

    /// The header, if it holds, and its place in its device's chain. Behind a gap a chain cannot tell.
    #[expect(clippy::type_complexity, reason = "a failure of the vault is none of the header")]
    fn verified(
        &self,
        header: &KeptHeader,
        hash: Sha256,
    ) -> Result<Result<(Received, Option<(Sha256, u64)>), Why>, FeedError> {
        let received = match Received::verify(&header.bytes, &self.reading(header.cited)) {
            Ok(received) => received,
            Err(error) => return Ok(Err(error.into())),
        };
        if header.verified {
            return Ok(Ok((received, None)));
        }
        if self.vault.was_verified(self.circle(), hash)? {
            return Ok(Err(ChainError::Replay.into()));
        }
        let (device, seq, prev) = (received.header.author.device, received.header.seq, received.header.prev);
        let (end, known) = self.vault.chain_end(self.circle(), device, seq)?;
        Ok(match end.follows(known, hash, seq, prev) {
            Ok(()) => Ok((received, Some((device, seq)))),
            Err(ChainError::Gap { .. }) => Ok((received, None)),
            Err(error) => Err(error.into()),
        })
    }

    fn becomes(&self, received: &Received, cited: u64) -> Result<(Becomes, Taken), FeedError> {
        let refused = |error: OpenError| {
            let why = Why::from(error);
            (Becomes::Nothing(Some(why.refusal())), Taken::Refused(why))
        };
        if let Content::Post(post) = &received.header.content {
            return self.post(received, post, cited);
        }
        let about = match self.about(received)? {
            Ok(about) => about,
            Err(error) => return Ok(refused(error)),
        };
        if let Content::Withdrawal(withdrawal) = &received.header.content {
            return Ok(match received.withdraws(&about) {
                Ok(reason) => {
                    let code = withdrawal.code.map(|code| WithdrawalCode::new(code.0));
                    let becomes = Becomes::Withdrawal { reason: reason_code(reason), code };
                    (becomes, Taken::Withdrawn { about: about.hash, reason })
                }
                Err(error) => refused(error),
            });
        }
        Ok(match received.clone().event(&about, &self.reading(cited)) {
            Ok(event) => {
                let becomes = Becomes::Event { user: received.header.author.user, body: event.body };
                (becomes, Taken::Event { header: received.hash, about: about.hash })
            }
            Err(error) => refused(error),
        })
    }

    /// The post that something is about, if that was taken before, as it was verified then.
    fn about(&self, received: &Received) -> Result<Result<Received, OpenError>, FeedError> {
        let Some(about) = received.header.content.about() else { return Ok(Err(OpenError::OtherKind)) };
        let Some(kept) = self.vault.kept_header(self.circle(), about)? else {
            return Ok(Err(OpenError::OtherPost));
        };
        let about = Received::verify(&kept.bytes, &self.reading(kept.cited));
        Ok(about.and_then(|about| if kept.verified { Ok(about) } else { Err(OpenError::OtherPost) }))
    }

    fn post(&self, received: &Received, post: &Post, cited: u64) -> Result<(Becomes, Taken), FeedError> {
        let opens = received.clone().post(&self.reading(cited)).map(drop);
        let withdrawn = self.withdrawn_before(received)?;
        let ends = post.last_day().map_or(self.now, |day| day.plus_days(1));
        let new = NewPost {
            post: post.post,
            user: received.header.author.user,
            at: received.header.at,
            ends,
            withdrawal: post.withdrawal,
            objects: post.objects.clone(),
            state: opens.map_err(|error| Why::from(error).refusal()),
            withdrawn: withdrawn.map(reason_code),
        };
        let taken = match (withdrawn, opens) {
            (Some(reason), _) => Taken::Withdrawn { about: received.hash, reason },
            (None, Ok(())) => Taken::Post { header: received.hash, post: post.post },
            (None, Err(error)) => Taken::Refused(error.into()),
        };
        Ok((Becomes::Post(Box::new(new)), taken))
    }

    /// Who withdrew a post before it came: whoever orders the feed could have put it so.
    fn withdrawn_before(&self, post: &Received) -> Result<Option<WithdrawalReason>, FeedError> {
        let about = self.vault.headers_about(self.circle(), post.hash)?;
        let mut received =
            about.iter().filter_map(|kept| Received::verify(&kept.bytes, &self.reading(kept.cited)).ok());
        Ok(received.find_map(|header| header.withdraws(post).ok()))
    }
}

fn reason_code(reason: WithdrawalReason) -> &'static str {
    match reason {
        WithdrawalReason::Patient => "patient",
        WithdrawalReason::Author => "author",
        WithdrawalReason::Officer => "officer",
        WithdrawalReason::Admin => "admin",
    }
}
