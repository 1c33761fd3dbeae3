//! Keys for tests: made from one byte, so that every run signs the same bytes.

use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::hash::Sha256;
use crate::note::{Algorithm, Signature, VerifierKey, cosign, sign_ed25519};
use crate::statement::PublicKey;

/// The Ed25519 key of one byte.
pub(crate) fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

/// The Ed25519 key of this name.
pub(crate) fn named(name: &str) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&Sha256::of(name.as_bytes()).0).unwrap()
}

/// The public half of [`pair`].
pub(crate) fn public(seed: u8) -> PublicKey {
    PublicKey(pair(seed).public_key().as_ref().try_into().unwrap())
}

/// What signs with [`pair`].
pub(crate) fn signer(seed: u8) -> impl Fn(&[u8]) -> [u8; 64] {
    let pair = pair(seed);
    move |message| pair.sign(message).as_ref().try_into().unwrap()
}

pub(crate) struct TestKey {
    pair: Ed25519KeyPair,
    pub(crate) public: VerifierKey,
}

impl TestKey {
    pub(crate) fn new(name: &str, algorithm: Algorithm, seed: u8) -> Self {
        let pair = pair(seed);
        let public =
            VerifierKey::new(name, algorithm, pair.public_key().as_ref().try_into().unwrap()).unwrap();
        Self { pair, public }
    }

    fn raw(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign(message).as_ref().try_into().unwrap()
    }

    pub(crate) fn sign(&self, text: &str) -> Signature {
        sign_ed25519(text, &self.public, |message| self.raw(message)).unwrap()
    }

    pub(crate) fn cosign(&self, text: &str, at_unix_s: u64) -> Signature {
        cosign(text, &self.public, at_unix_s, |message| self.raw(message)).unwrap()
    }
}
