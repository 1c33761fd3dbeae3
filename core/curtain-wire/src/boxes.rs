//! A secret of 32 bytes, sealed to many: one box for each recipient, in a file whose tree names every box.
//!
//! Byte 0x01, then records of 1200 bytes, ascending by recipient: the recipient (SHA-256 of their X-Wing public key), the
//! encapsulated key (1120), the ciphertext with its tag (48). Epoch secrets and user keys travel so.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::canonical::{Base64, Suite};
use crate::hash::Sha256;
use crate::tree::{self, Hash, TreeError, leaf_hash, verify_inclusion};

/// The most boxes in a set.
pub const MAX_BOXES: u64 = 10_000;

/// Bytes of a record: recipient, encapsulated key, ciphertext with its tag.
pub const RECORD_BYTES: usize = 32 + BOX_BYTES;

/// Bytes of a box without its suite byte: encapsulated key, ciphertext of 32 bytes with its tag.
const BOX_BYTES: usize = 1120 + 32 + 16;

/// No set of [`MAX_BOXES`] has a deeper tree.
const MAX_PROOF: usize = 14;

/// An X-Wing public key: ML-KEM-768 encapsulation key (1184 bytes), X25519 public key (32). In JSON, base64.
///
/// The ML-KEM half is one that HPKE accepts: a member with a broken key cannot stop the sealing to all others.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Base64", into = "Base64")]
pub struct KemKey(Box<[u8; Self::BYTES]>);

/// The bytes are no X-Wing public key.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is no X-Wing public key: make a new key")]
pub struct NotAKemKey;

impl KemKey {
    /// Its length.
    pub const BYTES: usize = 1216;

    /// Reads a key.
    ///
    /// # Errors
    /// [`NotAKemKey`] for another length, and if a coefficient is not below 3329. [FIPS 203, 7.2, modulus check]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAKemKey> {
        let key: &[u8; Self::BYTES] = bytes.try_into().map_err(|_| NotAKemKey)?;
        // Three rows of 256 coefficients, two of 12 bits in three bytes.
        let (pairs, _) = key[..3 * 384].as_chunks::<3>();
        let reduced = |[a, b, c]: &[u8; 3]| {
            let first = u16::from(*a) | u16::from(b & 0x0f) << 8;
            let second = u16::from(b >> 4) | u16::from(*c) << 4;
            first < 3329 && second < 3329
        };
        pairs.iter().all(reduced).then(|| Self(Box::new(*key))).ok_or(NotAKemKey)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The key's name in box sets: SHA-256 of its bytes.
    #[must_use]
    pub fn recipient(&self) -> Sha256 {
        Sha256::of(self.0.as_slice())
    }
}

impl TryFrom<Base64> for KemKey {
    type Error = NotAKemKey;

    fn try_from(bytes: Base64) -> Result<Self, NotAKemKey> {
        Self::from_bytes(&bytes.0)
    }
}

impl From<KemKey> for Base64 {
    fn from(key: KemKey) -> Self {
        Self(key.0.to_vec())
    }
}

impl fmt::Debug for KemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KemKey({})", self.recipient())
    }
}

/// Something is no box set, or not the one that was named.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoxError {
    /// Beyond [`MAX_BOXES`].
    #[error("there are more than {MAX_BOXES} boxes in the set")]
    TooMany,
    /// The length is not that of so many boxes.
    #[error("the box set is not as long as its number of boxes says: fetch it again")]
    Length,
    /// The first byte names another suite.
    #[error("the box set is of a suite that this version does not know: update Curtain")]
    Suite,
    /// Recipients do not ascend, or one has two boxes.
    #[error("the boxes do not ascend by recipient, each with one box")]
    Order,
    /// The boxes are others than those that were named.
    #[error("these are other boxes than those that were named: fetch them again")]
    OtherRoot,
    /// A box is not 1169 bytes that start with the suite's.
    #[error("this is no sealed box of 32 bytes")]
    Box,
    /// The box is for someone else.
    #[error("the box is for another recipient")]
    OtherRecipient,
    /// The box is not shown to be in the set.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl BoxError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooMany => "too_many_boxes",
            Self::Length => "box_set_length",
            Self::Suite => "unknown_suite",
            Self::Order => "box_order",
            Self::OtherRoot => "other_boxes",
            Self::Box => "no_box",
            Self::OtherRecipient => "other_recipient",
            Self::Tree(_) => "box_proof",
        }
    }
}

/// Names a box set: how many boxes, and the root of the tree over their records. [RFC 6962]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxesHead {
    /// How many boxes.
    pub count: u64,
    /// The root over the records.
    pub root: Sha256,
}

/// A box and whom it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct Record(Box<[u8; RECORD_BYTES]>);

impl Record {
    /// The record of a box as HPKE sealed it: 0x01, encapsulated key, ciphertext; 1169 bytes.
    ///
    /// # Errors
    /// [`BoxError::Box`].
    pub fn new(recipient: Sha256, sealed: &[u8]) -> Result<Self, BoxError> {
        let Some((&Suite::BYTE, sealed)) = sealed.split_first() else { return Err(BoxError::Box) };
        let sealed: &[u8; BOX_BYTES] = sealed.try_into().map_err(|_| BoxError::Box)?;
        let mut record = Box::new([0; RECORD_BYTES]);
        record[..32].copy_from_slice(&recipient.0);
        record[32..].copy_from_slice(sealed);
        Ok(Self(record))
    }

    /// Whom it is for.
    #[must_use]
    pub fn recipient(&self) -> Sha256 {
        recipient_of(&self.0)
    }

    /// The box as HPKE opens it: 0x01, encapsulated key, ciphertext; 1169 bytes.
    #[must_use]
    pub fn sealed(&self) -> Vec<u8> {
        [&[Suite::BYTE], &self.0[32..]].concat()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({})", self.recipient())
    }
}

/// A whole box set.
#[derive(Clone, PartialEq, Eq)]
pub struct BoxSet {
    bytes: Vec<u8>,
    leaves: Vec<Hash>,
}

impl BoxSet {
    /// The set of these records, in any order.
    ///
    /// # Errors
    /// [`BoxError::TooMany`]; [`BoxError::Order`] if two are for one recipient.
    pub fn new(mut records: Vec<Record>) -> Result<Self, BoxError> {
        if records.len() as u64 > MAX_BOXES {
            return Err(BoxError::TooMany);
        }
        records.sort_unstable_by_key(Record::recipient);
        let mut bytes = Vec::with_capacity(1 + records.len() * RECORD_BYTES);
        bytes.push(Suite::BYTE);
        for record in records {
            bytes.extend(record.0.as_slice());
        }
        Self::read(bytes)
    }

    /// Reads the set that `head` names, and no other.
    ///
    /// # Errors
    /// [`BoxError`].
    pub fn parse(bytes: Vec<u8>, head: &BoxesHead) -> Result<Self, BoxError> {
        if head.count > MAX_BOXES {
            return Err(BoxError::TooMany);
        }
        if bytes.len() as u64 != 1 + head.count * RECORD_BYTES as u64 {
            return Err(BoxError::Length);
        }
        let set = Self::read(bytes)?;
        if set.head() == *head { Ok(set) } else { Err(BoxError::OtherRoot) }
    }

    fn read(bytes: Vec<u8>) -> Result<Self, BoxError> {
        let Some((&Suite::BYTE, records)) = bytes.split_first() else { return Err(BoxError::Suite) };
        let (records, _) = records.as_chunks::<RECORD_BYTES>();
        if !records.is_sorted_by(|one, next| recipient_of(one) < recipient_of(next)) {
            return Err(BoxError::Order);
        }
        let leaves = records.iter().map(|record| leaf_hash(record)).collect();
        Ok(Self { bytes, leaves })
    }

    /// The file.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its name.
    #[must_use]
    pub fn head(&self) -> BoxesHead {
        BoxesHead { count: self.leaves.len() as u64, root: Sha256(tree::root(&self.leaves).0) }
    }

    /// The box for `recipient` alone, with what shows that it is of this set. None if there is none.
    #[must_use]
    pub fn one(&self, recipient: &Sha256) -> Option<OneBox> {
        let (records, _) = self.bytes[1..].as_chunks::<RECORD_BYTES>();
        let at = records.binary_search_by_key(recipient, recipient_of).ok()?;
        let proof = tree::inclusion_proof(at as u64, records.len() as u64, &self.leaves).ok()?;
        let proof = proof.into_iter().map(|hash| Sha256(hash.0)).collect();
        Some(OneBox { index: at as u64, proof, record: Base64(records[at].to_vec()) })
    }
}

impl fmt::Debug for BoxSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoxSet({} boxes)", self.leaves.len())
    }
}

/// One box of a set. Proves nothing before [`OneBox::verify`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneBox {
    /// Its place in the set, from 0.
    pub index: u64,
    /// The inclusion proof, the record's sibling first.
    pub proof: Vec<Sha256>,
    /// The record, 1200 bytes.
    pub record: Base64,
}

impl OneBox {
    /// The most bytes of one as canonical JSON.
    pub const MAX_BYTES: usize = 4 << 10;

    /// Gives the record, if it is for `recipient` and of the set that `head` names.
    ///
    /// # Errors
    /// [`BoxError::Box`], [`BoxError::OtherRecipient`], [`BoxError::TooMany`], [`BoxError::Tree`].
    pub fn verify(&self, head: &BoxesHead, recipient: &Sha256) -> Result<Record, BoxError> {
        let record = Box::<[u8]>::from(self.record.0.as_slice()).try_into().map_err(|_| BoxError::Box)?;
        let record = Record(record);
        if record.recipient() != *recipient {
            return Err(BoxError::OtherRecipient);
        }
        if head.count > MAX_BOXES {
            return Err(BoxError::TooMany);
        }
        if self.proof.len() > MAX_PROOF {
            return Err(TreeError::ProofLength { given: self.proof.len() }.into());
        }
        let proof: Vec<Hash> = self.proof.iter().map(|hash| Hash(hash.0)).collect();
        let leaf = leaf_hash(record.0.as_slice());
        verify_inclusion(leaf, self.index, head.count, &proof, Hash(head.root.0))?;
        Ok(record)
    }
}

fn recipient_of(record: &[u8; RECORD_BYTES]) -> Sha256 {
    let mut recipient = Sha256([0; 32]);
    recipient.0.copy_from_slice(&record[..32]);
    recipient
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical;

    fn record(n: u32) -> Record {
        let mut sealed = vec![1; 1 + BOX_BYTES];
        sealed[5..9].copy_from_slice(&n.to_be_bytes());
        Record::new(Sha256::of(&n.to_be_bytes()), &sealed).unwrap()
    }

    fn set(count: u32) -> BoxSet {
        BoxSet::new((0..count).map(record).collect()).unwrap()
    }

    #[test]
    fn reads_back_as_written() {
        for count in [0, 1, 2, 7, 64] {
            let set = set(count);
            assert_eq!(set.head().count, u64::from(count));
            assert_eq!(BoxSet::parse(set.as_bytes().to_vec(), &set.head()), Ok(set));
        }
        assert_eq!(set(0).head().root, Sha256::of(b""));
    }

    #[test]
    fn every_box_is_found_and_shown_alone() {
        let set = set(21);
        for n in 0..21 {
            let recipient = record(n).recipient();
            let one = set.one(&recipient).unwrap();
            let bytes = canonical::to_bytes(&one);
            let read: OneBox = canonical::from_bytes(&bytes, OneBox::MAX_BYTES).unwrap();
            let shown = read.verify(&set.head(), &recipient).unwrap();
            assert_eq!((shown.sealed(), shown.sealed().len()), (record(n).sealed(), 1169));
            let other = record(n + 1).recipient();
            assert_eq!(one.verify(&set.head(), &other), Err(BoxError::OtherRecipient));
        }
        assert_eq!(set.one(&record(99).recipient()), None);
        let full = set_of_most();
        let recipient = record(0).recipient();
        let one = full.one(&recipient).unwrap();
        assert!(canonical::to_bytes(&one).len() <= OneBox::MAX_BYTES);
        assert!(one.verify(&full.head(), &recipient).is_ok());
    }

    fn set_of_most() -> BoxSet {
        set(u32::try_from(MAX_BOXES).unwrap())
    }

    #[test]
    fn no_flipped_bit_of_one_box_passes() {
        let set = set(5);
        let recipient = record(3).recipient();
        let good = set.one(&recipient).unwrap();
        let fails = |one: &OneBox| assert!(one.verify(&set.head(), &recipient).is_err());
        for at in 0..RECORD_BYTES {
            let mut one = good.clone();
            one.record.0[at] ^= 1;
            fails(&one);
        }
        for at in 0..good.proof.len() {
            let mut one = good.clone();
            one.proof[at].0[7] ^= 1;
            fails(&one);
            one.proof.remove(at);
            fails(&one);
        }
        for index in 0..7 {
            let one = OneBox { index, ..good.clone() };
            assert_eq!(one.verify(&set.head(), &recipient).is_ok(), index == good.index);
        }
        let one = OneBox { record: Base64(good.record.0[1..].to_vec()), ..good.clone() };
        assert_eq!(one.verify(&set.head(), &recipient), Err(BoxError::Box));
        let one = OneBox { proof: vec![Sha256([0; 32]); 1000], ..good.clone() };
        let error = BoxError::Tree(TreeError::ProofLength { given: 1000 });
        assert_eq!(one.verify(&set.head(), &recipient), Err(error));
        let beyond = BoxesHead { count: MAX_BOXES + 1, ..set.head() };
        assert_eq!(good.verify(&beyond, &recipient), Err(BoxError::TooMany));
    }

    #[test]
    fn no_flipped_byte_and_no_cut_of_a_set_passes() {
        let set = set(3);
        for at in 0..set.as_bytes().len() {
            assert_eq!(BoxSet::parse(set.as_bytes()[..at].to_vec(), &set.head()), Err(BoxError::Length));
            let mut bytes = set.as_bytes().to_vec();
            bytes[at] ^= 0x80;
            assert!(BoxSet::parse(bytes, &set.head()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn each_rule_has_its_error() {
        let set = set(3);
        let (bytes, head) = (set.as_bytes(), set.head());
        let parse = |bytes: &[u8], head| BoxSet::parse(bytes.to_vec(), &head).unwrap_err();
        let count = |count| BoxesHead { count, ..head };
        assert_eq!(parse(bytes, count(u64::MAX)), BoxError::TooMany);
        assert_eq!(parse(bytes, count(2)), BoxError::Length);
        assert_eq!(parse(&[bytes, &[0]].concat(), head), BoxError::Length);
        assert_eq!(parse(&[&[2], &bytes[1..]].concat(), head), BoxError::Suite);
        let (one, two) = (&bytes[1..1201], &bytes[1201..2401]);
        assert_eq!(parse(&[&[1], two, one].concat(), count(2)), BoxError::Order);
        assert_eq!(parse(&[&[1], one, one].concat(), count(2)), BoxError::Order);
        assert_eq!(parse(&[&[1], one, two].concat(), count(2)), BoxError::OtherRoot);
        assert_eq!(BoxSet::new(vec![record(1), record(1)]), Err(BoxError::Order));
        let most = usize::try_from(MAX_BOXES).unwrap();
        assert_eq!(BoxSet::new(vec![record(1); most + 1]), Err(BoxError::TooMany));
        let recipient = Sha256([0; 32]);
        for wrong in [vec![], vec![1; 1168], vec![1; 1170], vec![2; 1169]] {
            assert_eq!(Record::new(recipient, &wrong), Err(BoxError::Box));
        }
    }

    #[test]
    fn a_key_is_one_that_hpke_accepts() {
        let key = KemKey::from_bytes(&[7; KemKey::BYTES]).unwrap();
        let json = canonical::to_bytes(&key);
        assert_eq!(json.len(), 2 + 1624);
        assert_eq!(canonical::from_bytes::<KemKey>(&json, 2000), Ok(key.clone()));
        assert_eq!(key.recipient(), Sha256::of(&[7; KemKey::BYTES]));
        for length in [0, 1215, 1217] {
            assert_eq!(KemKey::from_bytes(&vec![7; length]), Err(NotAKemKey));
        }
        for row in 0..384 {
            // 3328 is the largest coefficient; 3329 is none.
            for (pair, fits) in
                [([0x00, 0x0d, 0xd0], true), ([0x01, 0x0d, 0x00], false), ([0x00, 0x10, 0xd0], false)]
            {
                let mut bytes = [0xff; KemKey::BYTES];
                bytes[..1152].fill(0);
                bytes[3 * row..][..3].copy_from_slice(&pair);
                assert_eq!(KemKey::from_bytes(&bytes).is_ok(), fits, "{row}");
            }
        }
    }
}
