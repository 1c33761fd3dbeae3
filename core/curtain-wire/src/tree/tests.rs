use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

use super::*;

fn at(n: u64) -> usize {
    n.try_into().unwrap()
}

fn data(n: u64) -> Vec<u8> {
    format!("leaf {n}").into_bytes()
}

fn hashes(size: u64) -> Vec<Hash> {
    (0..size).map(|n| leaf_hash(&data(n))).collect()
}

fn other(size: u64) -> MemoryBackedTree<Sha256, Vec<u8>> {
    let mut tree = MemoryBackedTree::new();
    (0..size).for_each(|n| tree.push(data(n)));
    tree
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

fn root_of(tree: &MemoryBackedTree<Sha256, Vec<u8>>) -> Hash {
    Hash(tree.root().as_bytes().as_slice().try_into().unwrap())
}

/// Every change of a right proof that must make it wrong: one more hash, one fewer, one bit.
fn damaged(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = vec![[proof, &[Hash([7; 32])]].concat(), [&[Hash([7; 32])], proof].concat()];
    for (n, hash) in proof.iter().enumerate() {
        all.push([&proof[..n], &proof[n + 1..]].concat());
        all.push([&proof[..n], &[*hash], &proof[n..]].concat());
        for bit in 0..256 {
            let mut flipped = proof.to_vec();
            flipped[n].0[bit / 8] ^= 1 << (bit % 8);
            all.push(flipped);
        }
    }
    all
}

#[test]
fn the_empty_tree_has_the_hash_of_nothing() {
    let of_nothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert_eq!(Frontier::new().root().to_base64(), of_nothing);
    assert_eq!(Hash::from_base64(of_nothing), Some(Hash::empty_root()));
    // The last character before the padding has two bits that must be 0.
    for wrong in
        ["", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"]
    {
        assert_eq!(Hash::from_base64(wrong), None);
    }
}

#[test]
fn roots_are_those_of_ct_merkle() {
    let mut frontier = Frontier::new();
    let mut tree = other(0);
    for n in 0..200 {
        assert_eq!(frontier.root(), root_of(&tree), "{n}");
        let (size, parts) = frontier.parts();
        frontier = Frontier::from_parts(size, parts.to_vec()).unwrap();
        frontier.append(leaf_hash(&data(n)));
        tree.push(data(n));
    }
    assert_eq!(frontier.size(), 200);
}

#[test]
fn a_frontier_needs_as_many_hashes_as_its_size_says() {
    for given in [0, 1, 3] {
        let error = Frontier::from_parts(5, vec![Hash([0; 32]); given]).unwrap_err();
        assert_eq!(error, TreeError::Subtrees { size: 5, expected: 2, given });
    }
}

#[test]
fn every_inclusion_proof_up_to_64_is_that_of_ct_merkle() {
    let leaves = hashes(64);
    for size in 0..=64 {
        let tree = other(size);
        for index in 0..size {
            let proof = inclusion_proof(index, size, &leaves).unwrap();
            assert_eq!(bytes(&proof), tree.prove_inclusion(at(index)).as_bytes(), "{index} of {size}");
            let leaf = leaves[at(index)];
            verify_inclusion(leaf, index, size, &proof, root_of(&tree)).unwrap();
        }
        assert_eq!(inclusion_proof(size, size, &leaves), Err(TreeError::NoSuchLeaf { index: size, size }));
    }
}

#[test]
fn every_consistency_proof_up_to_64_is_that_of_ct_merkle() {
    let leaves = hashes(64);
    for new in 0..=64 {
        let tree = other(new);
        for old in 0..=new {
            let proof = consistency_proof(old, new, &leaves).unwrap();
            let old_root = root(&leaves[..at(old)]);
            verify_consistency(old, old_root, new, root_of(&tree), &proof).unwrap();
            if old > 0 {
                let theirs = tree.prove_consistency(at(new - old));
                assert_eq!(bytes(&proof), theirs.as_bytes(), "{old} to {new}");
            } else {
                assert!(proof.is_empty());
            }
        }
        assert_eq!(consistency_proof(new + 1, new, &leaves), Err(TreeError::Shrunk { old: new + 1, new }));
    }
}

#[test]
fn no_changed_proof_passes() {
    let leaves = hashes(13);
    for size in 1..=13 {
        let tree = root(&leaves[..at(size)]);
        for index in 0..size {
            let leaf = leaves[at(index)];
            let proof = inclusion_proof(index, size, &leaves).unwrap();
            for wrong in damaged(&proof) {
                assert!(verify_inclusion(leaf, index, size, &wrong, tree).is_err(), "{index} of {size}");
            }
            for elsewhere in (0..size + 2).filter(|other| *other != index) {
                assert!(verify_inclusion(leaf, elsewhere, size, &proof, tree).is_err());
            }
        }
        for old in 0..=size {
            let old_root = root(&leaves[..at(old)]);
            let proof = consistency_proof(old, size, &leaves).unwrap();
            for wrong in damaged(&proof) {
                assert!(verify_consistency(old, old_root, size, tree, &wrong).is_err(), "{old} to {size}");
            }
            assert!(verify_consistency(old, Hash([7; 32]), size, tree, &proof).is_err());
            if old > 0 {
                assert!(verify_consistency(old, old_root, size, Hash([7; 32]), &proof).is_err());
            }
            for other in (0..size + 2).filter(|other| *other != old) {
                assert!(verify_consistency(other, old_root, size, tree, &proof).is_err(), "{old} as {other}");
            }
        }
    }
}

#[test]
fn sizes_at_the_edge_are_answered() {
    let (old, new) = (Hash([1; 32]), Hash([2; 32]));
    for size in [1, 2, 1 << 63, u64::MAX] {
        for count in [0, 1, 62, 63, 64, 65] {
            let proof = vec![Hash([3; 32]); count];
            assert!(verify_inclusion(old, size - 1, size, &proof, new).is_err());
            assert!(verify_inclusion(old, 0, size, &proof, new).is_err());
            assert!(verify_inclusion(old, size, size, &proof, new).is_err());
            assert!(verify_consistency(size - 1, old, size, new, &proof).is_err());
            assert!(verify_consistency(1, old, size, new, &proof).is_err());
        }
    }
    assert!(matches!(inclusion_proof(0, u64::MAX, &[]), Err(TreeError::TooFewHashes { .. })));
}

#[test]
fn a_hundred_thousand_leaves_take_well_under_a_second() {
    let leaves = hashes(100_000);
    let start = std::time::Instant::now();
    inclusion_proof(99_999, 100_000, &leaves).unwrap();
    consistency_proof(65_537, 100_000, &leaves).unwrap();
    assert!(start.elapsed().as_millis() < 1_000, "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn larger_trees_agree_with_ct_merkle(new in 65u64..3_000, old in 1u64..3_000, index in 0u64..3_000) {
        let (old, index) = (old.min(new), index % new);
        let (leaves, tree) = (hashes(new), other(new));
        let proof = inclusion_proof(index, new, &leaves).unwrap();
        let theirs = tree.prove_inclusion(at(index));
        prop_assert_eq!(bytes(&proof), theirs.as_bytes());
        verify_inclusion(leaves[at(index)], index, new, &proof, root_of(&tree)).unwrap();
        let proof = consistency_proof(old, new, &leaves).unwrap();
        let theirs = tree.prove_consistency(at(new - old));
        prop_assert_eq!(bytes(&proof), theirs.as_bytes());
        verify_consistency(old, root(&leaves[..at(old)]), new, root_of(&tree), &proof).unwrap();
    }
}
