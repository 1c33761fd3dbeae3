//! Plainly synthetic receipts for tests. Their logs are signed with fixed test keys.

use curtain_wire::checkpoint::{Checkpoint, origin};
use curtain_wire::note::{Algorithm, Note, Signature, VerifierKey, sign_ed25519};
use curtain_wire::proof::Proof;
use curtain_wire::tree::{Hash, leaf_hash, node_hash};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use zeroize::Zeroizing;

use super::Receipt;
use crate::consent::{Level, Regime, WithdrawalCode};
use crate::hash::{Id, Sha256};
use crate::ledger::leaf::{Event, Leaf};
use crate::time::UnixTime;

pub(super) const WORDING: &str = "I agree that the covered pictures are shown.\nI can take this back.";

pub(super) struct Sample {
    pub(super) leaf: String,
    pub(super) proof: String,
    pub(super) log_key: String,
    pub(super) code: Zeroizing<String>,
    objects: Vec<(Sha256, &'static str)>,
}

impl Sample {
    /// A grant at place `index` of a log of `size` leaves, with `signatures` under its checkpoint.
    pub(super) fn new(index: u64, size: u64, signatures: u8) -> Self {
        Self::signed_by(0, index, size, signatures)
    }

    /// The same, in a log whose key is made from `seed`.
    pub(super) fn signed_by(seed: u8, index: u64, size: u64, signatures: u8) -> Self {
        let code = WithdrawalCode::new([0x5e; 16]);
        let event = Event::Grant {
            commitment: Sha256([0xc0; 32]),
            consent: Id([0xc1; 16]),
            expires: UnixTime::new(1_830_297_599).unwrap(),
            level: Level::Teaching,
            regime: Regime::Gdpr,
            withdrawal: code.sha256(),
        };
        let leaf =
            Leaf { at: UnixTime::new(1_798_761_600).unwrap(), event, log: Id([0xab; 16]), n: index, v: 1 };
        let mut hashes = Vec::new();
        let root = root(leaf_hash(&leaf.canonical()), index, size, &mut hashes);
        let text = Checkpoint { log: leaf.log.0, size, root }.to_string();
        let (key, signature) = sign(&origin(leaf.log.0), seed, &text);
        let mut notes = vec![signature];
        notes.extend((1..signatures).map(|n| sign(&format!("witness{n}.example"), n, &text).1));
        let checkpoint = Note::new(text, notes).unwrap();
        Self {
            leaf: String::from_utf8(leaf.canonical()).unwrap(),
            proof: Proof { extra: None, index, hashes, checkpoint }.to_string(),
            log_key: key.to_string(),
            code: code.printed(),
            objects: vec![
                (Sha256([1; 32]), "picture"),
                (Sha256([2; 32]), "picture"),
                (Sha256([3; 32]), "text"),
            ],
        }
    }

    pub(super) fn receipt(&self) -> Receipt<'_> {
        Receipt {
            consent: Id([0xc1; 16]),
            patient: "Test Patient One",
            giver: "Test Patient One",
            discloser: "Test Clinic",
            contact: "Test Clinic, room 1",
            recipients: "Doctors and students of the circle Test Dermatology",
            purpose: "Teaching about rashes",
            level: Level::Teaching,
            regime: Regime::Gdpr,
            given_at: UnixTime::new(1_798_761_600).unwrap(),
            expires: UnixTime::new(1_830_297_599).unwrap(),
            method: "thumbprint",
            witness: Some("Test Witness"),
            language: "en",
            wording: WORDING,
            wording_sha256: Sha256::of(WORDING.as_bytes()),
            objects: &self.objects,
            withdrawal_code: &self.code,
            leaf: &self.leaf,
            proof: &self.proof,
            log_key: &self.log_key,
        }
    }
}

/// The root over `leaf` at `index`, with made-up siblings, which go to `path` from the leaf upwards. [RFC 6962, 2.1.1]
fn root(leaf: Hash, index: u64, size: u64, path: &mut Vec<Hash>) -> Hash {
    if size == 1 {
        return leaf;
    }
    let left = size.next_power_of_two() / 2;
    let sibling = leaf_hash(&size.to_be_bytes());
    let root = if index < left {
        node_hash(root(leaf, index, left, path), sibling)
    } else {
        node_hash(sibling, root(leaf, index - left, size - left, path))
    };
    path.push(sibling);
    root
}

fn sign(name: &str, seed: u8, text: &str) -> (VerifierKey, Signature) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let public = pair.public_key().as_ref().try_into().unwrap();
    let key = VerifierKey::new(name, Algorithm::Ed25519, public).unwrap();
    let signature =
        sign_ed25519(text, &key, |message| pair.sign(message).as_ref().try_into().unwrap()).unwrap();
    (key, signature)
}
