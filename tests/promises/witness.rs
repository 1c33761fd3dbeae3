//! A witness in this process: it cosigns checkpoints of a log as long as each goes on from the last.

use curtain::wire::checkpoint::Checkpoint;
use curtain::wire::head::LogHead;
use curtain::wire::note::{self, Algorithm, Note, VerifierKey};
use curtain::wire::tree::{Hash, consistency_proof, verify_consistency};
use ring::signature::{Ed25519KeyPair, KeyPair};

pub(crate) struct Witness {
    pair: Ed25519KeyPair,
    key: VerifierKey,
    seen: Option<Checkpoint>,
}

impl Witness {
    pub(crate) fn new() -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[0x17; 32]).unwrap();
        let public = pair.public_key().as_ref().try_into().unwrap();
        let key = VerifierKey::new("witness.test/w1", Algorithm::CosignatureV1, public).unwrap();
        Self { pair, key, seen: None }
    }

    pub(crate) fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Cosigns `checkpoint`, a note signed by `log`, of which `leaves` are the hashes; or gives nothing, if it does not
    /// go on from what was cosigned before.
    pub(crate) fn cosign(
        &mut self,
        checkpoint: &str,
        log: &VerifierKey,
        leaves: &[Hash],
        at: u64,
    ) -> Option<Note> {
        let note = Note::parse(checkpoint.as_bytes()).unwrap();
        let new = Checkpoint::signed(&note, log).unwrap();
        if let Some(old) = self.seen {
            let proof = consistency_proof(old.size, new.size, leaves).ok()?;
            verify_consistency(old.size, old.root, new.size, new.root, &proof).ok()?;
        }
        self.seen = Some(new);
        let signature = self.sign(note.text(), at);
        Some(note.with(signature).unwrap())
    }

    /// Cosigns a head of a circle's log: a note that nobody signed before.
    pub(crate) fn cosign_head(&self, head: &LogHead, at: u64) -> Note {
        let text = head.to_string();
        let signature = self.sign(&text, at);
        Note::new(text, vec![signature]).unwrap()
    }

    pub(crate) fn sign(&self, text: &str, at: u64) -> note::Signature {
        let sign = |message: &[u8]| self.pair.sign(message).as_ref().try_into().unwrap();
        note::cosign(text, &self.key, at, sign).unwrap()
    }
}
