//! What a leaf's proof shows, with the log's key and without it.

use curtain_wire::checkpoint::{self, Checkpoint};
use curtain_wire::note::{Algorithm, VerifierKey};
use curtain_wire::proof::Proof;
use curtain_wire::tree::{leaf_hash, verify_inclusion};

use super::ReceiptError;
use crate::ledger::leaf::{Event, Leaf};

/// Reads `text` as a leaf that records a grant.
pub(super) fn grant(text: &str) -> Result<Leaf, ReceiptError> {
    let leaf = Leaf::parse(text.as_bytes()).map_err(|_| ReceiptError::NotAGrant)?;
    matches!(leaf.event, Event::Grant { .. }).then_some(leaf).ok_or(ReceiptError::NotAGrant)
}

/// Checks that `proof` shows `leaf` in a log that `key` signed. Whose key that is, is for others to say.
pub(super) fn verify(leaf: &Leaf, proof: &str, key: &str) -> Result<(), ReceiptError> {
    let key: VerifierKey = key.parse().map_err(|_| ReceiptError::NotItsKey)?;
    if key.name() != checkpoint::origin(leaf.log.0) || key.algorithm() != Algorithm::Ed25519 {
        return Err(ReceiptError::NotItsKey);
    }
    place(leaf, proof)
        .and_then(|proof| proof.verify(&leaf.canonical(), &key).ok())
        .map(|_| ())
        .ok_or(ReceiptError::NotItsProof)
}

/// Reads a proof that leads from `leaf`, at its own place, to the root of a checkpoint of its own log. Whether that
/// is signed is not looked at. A proof with an extra line is none, since nothing would vouch for that line.
pub(super) fn place(leaf: &Leaf, proof: &str) -> Option<Proof> {
    let proof = Proof::parse(proof.as_bytes()).ok()?;
    let checkpoint: Checkpoint = proof.checkpoint.text().parse().ok()?;
    if proof.extra.is_some() || proof.index != leaf.n || checkpoint.log != leaf.log.0 {
        return None;
    }
    let hash = leaf_hash(&leaf.canonical());
    verify_inclusion(hash, proof.index, checkpoint.size, &proof.hashes, checkpoint.root).ok()?;
    Some(proof)
}

#[cfg(test)]
mod tests {
    use super::super::samples::Sample;
    use super::*;

    #[test]
    fn only_the_exact_form_is_read() {
        let sample = Sample::new(5, 9, 2);
        let leaf = grant(&sample.leaf).unwrap();
        assert_eq!(verify(&leaf, &sample.proof, &sample.log_key), Ok(()));
        for (from, to) in [
            ("@v1", "@v2"),
            ("index 5", "index 05"),
            ("index 5", "index 6"),
            ("index 5", "extra AAAA\nindex 5"),
            ("\n9\n", "\n09\n"),
            ("\n9\n", "\n10\n"),
            ("\n\n", "\n\n\n"),
            ("\n\n", "\r\n\r\n"),
            ("=\n", "\n"),
            ("— ", "- "),
        ] {
            let wrong = sample.proof.replace(from, to);
            assert_ne!(wrong, sample.proof, "{from}");
            assert_eq!(
                verify(&leaf, &wrong, &sample.log_key),
                Err(ReceiptError::NotItsProof),
                "{from} -> {to}"
            );
        }
    }

    #[test]
    fn a_key_that_did_not_sign_is_refused() {
        let sample = Sample::new(5, 9, 1);
        let leaf = grant(&sample.leaf).unwrap();
        let stranger = Sample::signed_by(9, 5, 9, 1).log_key;
        assert_eq!(verify(&leaf, &sample.proof, &stranger), Err(ReceiptError::NotItsProof));
        let key: VerifierKey = sample.log_key.parse().unwrap();
        for (name, algorithm) in [
            (checkpoint::origin([9; 16]), Algorithm::Ed25519),
            (checkpoint::origin(leaf.log.0), Algorithm::CosignatureV1),
        ] {
            let other = VerifierKey::new(&name, algorithm, *key.public_key()).unwrap().to_string();
            assert_eq!(verify(&leaf, &sample.proof, &other), Err(ReceiptError::NotItsKey));
        }
        assert_eq!(verify(&leaf, &sample.proof, "no key"), Err(ReceiptError::NotItsKey));
    }
}
