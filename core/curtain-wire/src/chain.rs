//! The headers of one device in one circle: numbered from 0, each naming the one before.

use thiserror::Error;

use crate::hash::Sha256;

/// All headers of one device in one circle that were accepted, by their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    hashes: Vec<Sha256>,
}

/// A header that does not follow the ones before it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainError {
    /// One or more headers in between are missing.
    #[error("the header has number {seq}, but the next one is {next}: fetch those in between first")]
    Gap {
        /// Its number.
        seq: u64,
        /// The number that would follow.
        next: u64,
    },
    /// This very header was accepted before: nothing is lost.
    #[error("this header was accepted before: nothing is to be done")]
    Replay,
    /// Another header was accepted under this number: the device, or who has its key, says two things.
    #[error("another header has this number: the device signed two, so stop trusting it and tell an admin")]
    Fork {
        /// The number that two headers have.
        seq: u64,
    },
    /// It follows another header than the one that was accepted: there are two under the number before.
    #[error(
        "the header follows another one than is known: the device signed two, so stop trusting it and tell an admin"
    )]
    OtherPast {
        /// Its number.
        seq: u64,
    },
    /// The first header names one before it, or a later one names none.
    #[error("only the first header has none before it")]
    Start,
}

impl ChainError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Gap { .. } => "chain_gap",
            Self::Replay => "chain_replay",
            Self::Fork { .. } => "chain_fork",
            Self::OtherPast { .. } => "chain_other_past",
            Self::Start => "chain_start",
        }
    }
}

/// Where a chain ends: all that is needed to go on, for whoever keeps the hashes elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// The number of the next header.
    pub next: u64,
    /// The hash of the last one. None before the first.
    pub last: Option<Sha256>,
}

impl End {
    /// Whether a header is the next one. `known` is the hash of the header that was accepted under its number, if one was.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn follows(
        self,
        known: Option<Sha256>,
        header_hash: Sha256,
        seq: u64,
        prev: Option<Sha256>,
    ) -> Result<(), ChainError> {
        if seq > self.next {
            return Err(ChainError::Gap { seq, next: self.next });
        }
        if let Some(known) = known {
            return Err(if known == header_hash { ChainError::Replay } else { ChainError::Fork { seq } });
        }
        if prev.is_some() != self.last.is_some() {
            return Err(ChainError::Start);
        }
        if prev != self.last {
            return Err(ChainError::OtherPast { seq });
        }
        Ok(())
    }
}

impl Chain {
    /// Without headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on from stored [`Chain::hashes`].
    #[must_use]
    pub fn from_hashes(hashes: Vec<Sha256>) -> Self {
        Self { hashes }
    }

    /// The hashes of the accepted headers, by their numbers.
    #[must_use]
    pub fn hashes(&self) -> &[Sha256] {
        &self.hashes
    }

    /// The number and `prev` of the next header.
    #[must_use]
    pub fn next(&self) -> (u64, Option<Sha256>) {
        (self.hashes.len() as u64, self.hashes.last().copied())
    }

    /// Whether a header is the next one. `header_hash` is the hash of the signed header, whose signature was checked: a
    /// forged one would look like a fork.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn check(&self, header_hash: Sha256, seq: u64, prev: Option<Sha256>) -> Result<(), ChainError> {
        let (next, last) = self.next();
        let known = usize::try_from(seq).ok().and_then(|seq| self.hashes.get(seq)).copied();
        End { next, last }.follows(known, header_hash, seq, prev)
    }

    /// Takes the next header, if [`Chain::check`] says that it is. Nothing changes on an error.
    ///
    /// # Errors
    /// [`ChainError`].
    pub fn accept(&mut self, header_hash: Sha256, seq: u64, prev: Option<Sha256>) -> Result<(), ChainError> {
        self.check(header_hash, seq, prev)?;
        self.hashes.push(header_hash);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u8) -> Sha256 {
        Sha256([n; 32])
    }

    fn chain() -> Chain {
        let mut chain = Chain::new();
        for n in 0..3u8 {
            let prev = n.checked_sub(1).map(hash);
            assert_eq!(chain.next(), (n.into(), prev));
            chain.accept(hash(n), n.into(), prev).unwrap();
        }
        chain
    }

    #[test]
    fn each_follows_the_one_before() {
        let chain = chain();
        assert_eq!(chain.hashes(), [hash(0), hash(1), hash(2)]);
        assert_eq!(Chain::from_hashes(chain.hashes().to_vec()), chain);
    }

    #[test]
    fn what_does_not_follow_is_told_apart_and_changes_nothing() {
        let fork = |seq| ChainError::Fork { seq };
        for (hash, seq, prev, error) in [
            (hash(9), 4, Some(hash(2)), ChainError::Gap { seq: 4, next: 3 }),
            (hash(9), u64::MAX, None, ChainError::Gap { seq: u64::MAX, next: 3 }),
            (hash(2), 2, Some(hash(1)), ChainError::Replay),
            (hash(0), 0, None, ChainError::Replay),
            (hash(9), 2, Some(hash(1)), fork(2)),
            (hash(9), 0, None, fork(0)),
            (hash(9), 3, Some(hash(1)), ChainError::OtherPast { seq: 3 }),
            (hash(9), 3, None, ChainError::Start),
        ] {
            let mut chain = chain();
            assert_eq!(chain.accept(hash, seq, prev), Err(error));
            assert_eq!(chain, self::chain());
        }
        assert_eq!(Chain::new().accept(hash(0), 0, Some(hash(1))), Err(ChainError::Start));
        assert_eq!(Chain::new().accept(hash(0), 1, None), Err(ChainError::Gap { seq: 1, next: 0 }));
    }
}
