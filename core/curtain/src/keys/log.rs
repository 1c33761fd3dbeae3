//! The key of a consent log.

use curtain_wire::checkpoint;
use curtain_wire::note::{self, Algorithm, Note, VerifierKey};

use curtain_wire::membership::claim_note;
use curtain_wire::statement::Signature;

use super::SigningKey;
use crate::hash::{Id, Sha256};

/// A log's Ed25519 key. It signs C2SP notes of this log and nothing else.
pub struct LogKey {
    key: SigningKey,
    verifier: VerifierKey,
}

impl LogKey {
    /// The key that `seed`, 32 random bytes, stands for.
    #[must_use]
    pub fn from_seed(log: Id, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_seed(*seed);
        let verifier = VerifierKey::new(&checkpoint::origin(log.0), Algorithm::Ed25519, key.public().0)
            .expect("an origin is a key name");
        Self { key, verifier }
    }

    /// What checks its signatures.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Says in the text of a note that the log's device is one of `user`.
    #[must_use]
    pub(super) fn claim(&self, device: &Sha256, user: &Id) -> Signature {
        Signature(self.key.sign(claim_note(device, user).as_bytes()))
    }

    /// A signed note of `text`, which ends in a newline. [C2SP signed-note]
    ///
    /// # Errors
    /// [`note::NoteError`] if `text` cannot be the text of a note.
    pub fn sign(&self, text: &str) -> Result<Note, note::NoteError> {
        let signature = note::sign_ed25519(text, &self.verifier, |message| self.key.sign(message))?;
        Note::new(text.to_owned(), vec![signature])
    }
}
