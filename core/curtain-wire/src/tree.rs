//! The hash tree of RFC 6962 over SHA-256: roots, proofs that a leaf is in it, proofs that it only grew.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use thiserror::Error;

/// A SHA-256 hash in the tree: of a leaf, of two nodes, or a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

/// A proof that does not prove, or a question that the tree cannot answer.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeError {
    /// The leaf lies beyond the tree.
    #[error("the tree of {size} leaves has no leaf {index}")]
    NoSuchLeaf {
        /// The leaf's place, from 0.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The older tree is the larger one.
    #[error("a tree of {old} leaves cannot be an earlier state of one of {new}")]
    Shrunk {
        /// Leaves in the older tree.
        old: u64,
        /// Leaves in the newer tree.
        new: u64,
    },
    /// Fewer leaf hashes were given than the tree has.
    #[error("only {given} of {size} leaf hashes were given: give all of them")]
    TooFewHashes {
        /// How many were given.
        given: usize,
        /// Leaves in the tree.
        size: u64,
    },
    /// The proof is longer or shorter than one for these sizes.
    #[error("the proof has {given} hashes, which does not fit the tree's size")]
    ProofLength {
        /// How many hashes it has.
        given: usize,
    },
    /// The number of subtree hashes does not fit the size.
    #[error("a tree of {size} leaves has {expected} complete subtrees, not {given}")]
    Subtrees {
        /// Leaves in the tree.
        size: u64,
        /// How many there must be.
        expected: u32,
        /// How many there are.
        given: usize,
    },
    /// The proof leads to another root.
    #[error("the proof does not lead to the tree's root")]
    OtherRoot,
}

impl Hash {
    /// SHA-256 of nothing: the root of the tree without leaves. [RFC 6962, 2.1]
    #[must_use]
    pub fn empty_root() -> Self {
        sha256(&[])
    }

    /// The form in notes and proofs: 44 characters of standard base64.
    #[must_use]
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    /// Reads [`Hash::to_base64`]. None if it is not exactly that.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

/// The hash of a leaf's bytes. [RFC 6962, 2.1]
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256(&[&[0], leaf])
}

/// The hash of two neighbours. [RFC 6962, 2.1]
#[must_use]
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    sha256(&[&[1], &left.0, &right.0])
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Hash(hash)
}

/// The roots of the complete subtrees that cover the tree from left to right: all that appending needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Largest subtree first; one for each 1 bit of `size`.
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on from stored [`Frontier::parts`].
    ///
    /// # Errors
    /// [`TreeError::Subtrees`] unless there is one hash for each 1 bit of `size`.
    pub fn from_parts(size: u64, subtrees: Vec<Hash>) -> Result<Self, TreeError> {
        let expected = size.count_ones();
        if subtrees.len() != expected as usize {
            return Err(TreeError::Subtrees { size, expected, given: subtrees.len() });
        }
        Ok(Self { size, subtrees })
    }

    /// Leaves in the tree, and the roots of its complete subtrees, largest first.
    #[must_use]
    pub fn parts(&self) -> (u64, &[Hash]) {
        (self.size, &self.subtrees)
    }

    /// Adds a leaf by its [`leaf_hash`].
    #[expect(clippy::missing_panics_doc, reason = "the sizes always fit")]
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.subtrees.pop().expect("there is one subtree for each 1 bit of the size");
            node = node_hash(left, node);
        }
        self.subtrees.push(node);
        self.size += 1;
    }

    /// Leaves in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root: [`Hash::empty_root`] without leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.subtrees
            .iter()
            .copied()
            .rev()
            .reduce(|right, left| node_hash(left, right))
            .unwrap_or_else(Hash::empty_root)
    }
}

/// The root over these leaf hashes.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::new();
    for leaf in leaves {
        tree.append(*leaf);
    }
    tree.root()
}

/// Shows that leaf `index` is in the tree of the first `size` of `leaves`; the leaf's sibling comes first.
/// Costs one hash for each leaf. [RFC 6962, 2.1.1]
///
/// # Errors
/// [`TreeError::NoSuchLeaf`], [`TreeError::TooFewHashes`].
pub fn inclusion_proof(index: u64, size: u64, leaves: &[Hash]) -> Result<Vec<Hash>, TreeError> {
    if index >= size {
        return Err(TreeError::NoSuchLeaf { index, size });
    }
    let (mut leaves, mut index) = (first(size, leaves)?, place(index));
    let mut proof = Vec::new();
    while leaves.len() > 1 {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if index < left.len() {
            proof.push(root(right));
            leaves = left;
        } else {
            proof.push(root(left));
            index -= left.len();
            leaves = right;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Shows that the tree of the first `old` leaves is the beginning of the tree of the first `new` of `leaves`.
/// Empty if `old` is 0 or `new`. Costs one hash for each leaf. [RFC 6962, 2.1.2]
///
/// # Errors
/// [`TreeError::Shrunk`], [`TreeError::TooFewHashes`].
pub fn consistency_proof(old: u64, new: u64, leaves: &[Hash]) -> Result<Vec<Hash>, TreeError> {
    if old > new {
        return Err(TreeError::Shrunk { old, new });
    }
    let mut leaves = first(new, leaves)?;
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    // How many of the remaining `leaves` the old tree has.
    let mut had = place(old);
    let mut proof = Vec::new();
    let mut old_is_left_edge = true;
    while had < leaves.len() {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if had <= left.len() {
            proof.push(root(right));
            leaves = left;
        } else {
            proof.push(root(left));
            had -= left.len();
            leaves = right;
            old_is_left_edge = false;
        }
    }
    // A subtree that starts at leaf 0 is the whole old tree, whose root the verifier has.
    if !old_is_left_edge {
        proof.push(root(leaves));
    }
    proof.reverse();
    Ok(proof)
}

/// Checks an [`inclusion_proof`]: `leaf` (its [`leaf_hash`]) stands at `index` of the tree with this size and root.
/// [RFC 9162, 2.1.3.2]
///
/// # Errors
/// [`TreeError::NoSuchLeaf`], [`TreeError::ProofLength`], [`TreeError::OtherRoot`].
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: Hash,
) -> Result<(), TreeError> {
    if index >= size {
        return Err(TreeError::NoSuchLeaf { index, size });
    }
    let wrong_length = TreeError::ProofLength { given: proof.len() };
    let (mut place, mut last) = (index, size - 1);
    let mut node = leaf;
    for sibling in proof {
        if last == 0 {
            return Err(wrong_length);
        }
        if place & 1 == 1 || place == last {
            node = node_hash(*sibling, node);
            // A node at the right edge moves up unpaired until it is a right child.
            let levels = place.trailing_zeros();
            (place, last) = (place >> levels, last >> levels);
        } else {
            node = node_hash(node, *sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if last != 0 {
        return Err(wrong_length);
    }
    (node == root).then_some(()).ok_or(TreeError::OtherRoot)
}

/// Checks a [`consistency_proof`]: the tree of `new` leaves begins with the tree of `old`. [RFC 9162, 2.1.4.2]
///
/// From 0 leaves, or between trees of one size, only the empty proof is right.
///
/// # Errors
/// [`TreeError::Shrunk`], [`TreeError::ProofLength`], [`TreeError::OtherRoot`].
pub fn verify_consistency(
    old: u64,
    old_root: Hash,
    new: u64,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), TreeError> {
    if old > new {
        return Err(TreeError::Shrunk { old, new });
    }
    let wrong_length = TreeError::ProofLength { given: proof.len() };
    if old == new || old == 0 {
        let expected = if old == new { new_root } else { Hash::empty_root() };
        return match proof {
            [] if old_root == expected => Ok(()),
            [] => Err(TreeError::OtherRoot),
            _ => Err(wrong_length),
        };
    }
    // The walk starts at the largest complete subtree that ends where the old tree ends. If that is the
    // whole old tree, the proof leaves it out.
    let (seed, path) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        let (seed, path) = proof.split_first().ok_or(wrong_length)?;
        (*seed, path)
    };
    let levels = (old - 1).trailing_ones();
    let (mut place, mut last) = ((old - 1) >> levels, (new - 1) >> levels);
    let (mut in_old, mut in_new) = (seed, seed);
    for sibling in path {
        if last == 0 {
            return Err(wrong_length);
        }
        if place & 1 == 1 || place == last {
            in_old = node_hash(*sibling, in_old);
            in_new = node_hash(*sibling, in_new);
            let levels = place.trailing_zeros();
            (place, last) = (place >> levels, last >> levels);
        } else {
            in_new = node_hash(in_new, *sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if last != 0 {
        return Err(wrong_length);
    }
    (in_old == old_root && in_new == new_root).then_some(()).ok_or(TreeError::OtherRoot)
}

/// The first `size` of `leaves`.
fn first(size: u64, leaves: &[Hash]) -> Result<&[Hash], TreeError> {
    let too_few = TreeError::TooFewHashes { given: leaves.len(), size };
    usize::try_from(size).ok().and_then(|size| leaves.get(..size)).ok_or(too_few)
}

/// `index` as a slice's index, for an index that lies within one.
fn place(index: u64) -> usize {
    usize::try_from(index).expect("smaller than the length of a slice")
}

/// Where a tree of `size` leaves (2 or more) parts: the largest power of two below `size`.
fn split(size: usize) -> usize {
    1 << (size - 1).ilog2()
}

#[cfg(test)]
mod tests;
