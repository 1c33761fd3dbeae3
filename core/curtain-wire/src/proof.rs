//! Proofs in a file (`c2sp.org/tlog-proof`): that a leaf is in a log, checked offline with the log's key alone.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError, decimal};
use crate::note::{self, Note, NoteError, VerifierKey};
use crate::tree::{Hash, TreeError, leaf_hash, verify_inclusion};

/// The first line. [tlog-proof, format]
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// No tree of 2^64 leaves is deeper.
const MAX_HASHES: usize = 64;

/// Shows that leaf `index` is in the log of `checkpoint`. Proves nothing before [`Proof::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Bytes of the application, which nothing protects: they can be changed and the proof still holds.
    pub extra: Option<Vec<u8>>,
    /// The leaf's place, from 0.
    pub index: u64,
    /// The inclusion proof, the leaf's sibling first.
    pub hashes: Vec<Hash>,
    /// The log's signed checkpoint.
    pub checkpoint: Note,
}

/// Something is no proof, or does not prove what it should.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// Larger than a note and 64 hashes need.
    #[error("the proof is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// It does not start as a proof of this version.
    #[error("this is no log proof of version 1")]
    Header,
    /// The extra line is not canonical base64.
    #[error("the proof's extra line is not base64")]
    Extra,
    /// There is no index line, or it has no number in its shortest form.
    #[error("the proof's index is not a whole number without leading zeros")]
    Index,
    /// A line that is no hash, more than 64 of them, or no empty line after them.
    #[error("the proof's hashes are not at most {MAX_HASHES} lines of base64 before an empty line")]
    Hashes,
    /// The checkpoint is no note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The checkpoint is none, or the log did not sign it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The leaf is not at this place of the log.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// The largest proof that is read, in bytes.
pub const MAX_BYTES: usize = 2 * note::MAX_BYTES;

impl Proof {
    /// Reads a proof. Writing it again gives the same bytes.
    ///
    /// # Errors
    /// [`ProofError`], for the first line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > MAX_BYTES {
            return Err(ProofError::TooLarge);
        }
        let text = str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        let (header, mut rest) = text.split_once('\n').ok_or(ProofError::Header)?;
        if header != HEADER {
            return Err(ProofError::Header);
        }
        let mut extra = None;
        if let Some(after) = rest.strip_prefix("extra ") {
            let (encoded, after) = after.split_once('\n').ok_or(ProofError::Extra)?;
            extra = Some(STANDARD.decode(encoded).map_err(|_| ProofError::Extra)?);
            rest = after;
        }
        let (index, mut rest) =
            rest.strip_prefix("index ").and_then(|rest| rest.split_once('\n')).ok_or(ProofError::Index)?;
        let index = decimal(index).ok_or(ProofError::Index)?;
        let mut hashes = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n').ok_or(ProofError::Hashes)?;
            rest = after;
            if line.is_empty() {
                break;
            }
            if hashes.len() == MAX_HASHES {
                return Err(ProofError::Hashes);
            }
            hashes.push(Hash::from_base64(line).ok_or(ProofError::Hashes)?);
        }
        Ok(Self { extra, index, hashes, checkpoint: Note::parse(rest.as_bytes())? })
    }

    /// Checks that `leaf` (its bytes) is at [`Proof::index`] of the log whose key is `key`, and gives the log's
    /// checkpoint. Cosignatures are checked with [`Note::verify`] on [`Proof::checkpoint`].
    ///
    /// # Errors
    /// [`ProofError::Checkpoint`], [`ProofError::Tree`].
    pub fn verify(&self, leaf: &[u8], key: &VerifierKey) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::signed(&self.checkpoint, key)?;
        verify_inclusion(leaf_hash(leaf), self.index, checkpoint.size, &self.hashes, checkpoint.root)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::origin;
    use crate::note::Algorithm;
    use crate::test_keys::TestKey;
    use crate::tree::{inclusion_proof, root};

    const SIZE: u64 = 11;

    fn key() -> TestKey {
        TestKey::new(&origin([5; 16]), Algorithm::Ed25519, 1)
    }

    fn leaf(n: u64) -> Vec<u8> {
        format!("leaf {n}").into_bytes()
    }

    fn proof(index: u64, extra: Option<Vec<u8>>) -> Proof {
        let leaves: Vec<Hash> = (0..SIZE).map(|n| leaf_hash(&leaf(n))).collect();
        let text = Checkpoint { log: [5; 16], size: SIZE, root: root(&leaves) }.to_string();
        let checkpoint = Note::new(text.clone(), vec![key().sign(&text)]).unwrap();
        Proof { extra, index, hashes: inclusion_proof(index, SIZE, &leaves).unwrap(), checkpoint }
    }

    fn holds(bytes: &[u8], leaf: &[u8]) -> bool {
        Proof::parse(bytes).is_ok_and(|proof| {
            assert_eq!(proof.to_string().as_bytes(), bytes);
            proof.verify(leaf, &key().public).is_ok()
        })
    }

    #[test]
    fn reads_back_as_written_and_holds() {
        for index in 0..SIZE {
            for extra in [None, Some(Vec::new()), Some(vec![0xff, 0, 7])] {
                let proof = proof(index, extra);
                assert_eq!(Proof::parse(proof.to_string().as_bytes()), Ok(proof.clone()));
                assert_eq!(proof.verify(&leaf(index), &key().public).unwrap().size, SIZE);
                let error = proof.verify(&leaf(index + 1), &key().public);
                assert_eq!(error, Err(ProofError::Tree(TreeError::OtherRoot)));
            }
        }
    }

    #[test]
    fn no_flipped_bit_no_cut_and_no_dropped_line_passes() {
        let text = proof(6, None).to_string();
        let bytes = text.as_bytes();
        assert!(holds(bytes, &leaf(6)));
        for at in 0..bytes.len() {
            assert!(!holds(&bytes[..at], &leaf(6)), "cut at {at}");
            for bit in 0..8 {
                let mut flipped = bytes.to_vec();
                flipped[at] ^= 1 << bit;
                assert!(!holds(&flipped, &leaf(6)), "bit {bit} of byte {at}");
            }
        }
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for at in 0..lines.len() {
            assert!(!holds([&lines[..at], &lines[at + 1..]].concat().concat().as_bytes(), &leaf(6)));
            assert!(!holds([&lines[..=at], &lines[at..]].concat().concat().as_bytes(), &leaf(6)));
        }
    }

    #[test]
    fn a_flipped_bit_of_the_extra_line_changes_nothing_else() {
        let text = proof(6, Some(vec![1, 2, 3])).to_string();
        for at in 0..text.find("index").unwrap() {
            for bit in 0..8 {
                let mut flipped = text.clone().into_bytes();
                flipped[at] ^= 1 << bit;
                if let Ok(other) = Proof::parse(&flipped) {
                    assert_eq!(Proof { extra: None, ..other }, proof(6, None));
                }
            }
        }
    }

    #[test]
    fn limits_and_shapes_are_held() {
        let good = proof(6, None).to_string();
        let hash = Hash([1; 32]).to_base64() + "\n";
        let with = |count: usize| good.replacen("index 6\n", &format!("index 6\n{}", hash.repeat(count)), 1);
        assert!(Proof::parse(with(60).as_bytes()).is_ok());
        assert!(Proof::parse(with(90).as_bytes()).is_err());
        for (other, error) in [
            (good.replace("@v1", "@v2"), ProofError::Header),
            (good.replace("index 6", "index 06"), ProofError::Index),
            (good.replace("index 6", "index -6"), ProofError::Index),
            (good.replace("index 6", "extra AB==\nindex 6"), ProofError::Extra),
            (good.replace("index 6", "extra AA==\nextra AA==\nindex 6"), ProofError::Index),
            ("a".repeat(MAX_BYTES + 1), ProofError::TooLarge),
        ] {
            assert_eq!(Proof::parse(other.as_bytes()), Err(error));
        }
    }
}
