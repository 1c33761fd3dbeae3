//! The signed notes of a folder: `checkpoint`, `cosigned`, and in `keys.txt` the keys that check them.

use curtain_wire::checkpoint::Checkpoint;
use curtain_wire::note::{Algorithm, Note, Signature, VerifierKey};

use super::{EvidenceError, Part};

/// What the notes of a part say, once their signatures are checked.
pub(super) struct Notes {
    pub(super) checkpoint: Checkpoint,
    /// What witnesses saw, whether or not it goes along.
    pub(super) seen: Option<Checkpoint>,
    /// The bytes of `cosigned`.
    pub(super) cosigned: Option<String>,
    /// The lines of `keys.txt`: the log's key, then those of the cosignatures in their order, each once.
    pub(super) keys: String,
}

impl Notes {
    /// Checks every signature that goes along. That the roots are right is left to whoever reads the hashes.
    pub(super) fn read<E>(part: &Part<'_>) -> Result<Self, EvidenceError<E>> {
        let checkpoint = Checkpoint::signed(part.checkpoint, part.key)?;
        let mut witnesses = cosigners(part.checkpoint, part)?;
        let seen = part.cosigned.map(|note| Checkpoint::signed(note, part.key)).transpose();
        let seen = seen.map_err(EvidenceError::Cosigned)?;
        if seen.is_some_and(|seen| seen.size > checkpoint.size) {
            return Err(EvidenceError::CosignedAhead);
        }
        let cosigned = part.cosigned.and_then(|note| narrowed(note, part));
        if let Some(note) = &cosigned {
            for witness in cosigners(note, part)? {
                if !witnesses.contains(&witness) {
                    witnesses.push(witness);
                }
            }
        }
        let keys = std::iter::once(part.key).chain(witnesses);
        let keys = keys.flat_map(|key| [key.to_string(), "\n".to_owned()]).collect();
        Ok(Self { checkpoint, seen, cosigned: cosigned.map(|note| note.to_string()), keys })
    }
}

/// The note with the log's signature first, and of the others only those by given witnesses; none if there are none.
fn narrowed(note: &Note, part: &Part<'_>) -> Option<Note> {
    let known = |line: &&Signature| line.names(part.key) || witness(line, part).is_some();
    let mut kept: Vec<Signature> = note.signatures().iter().filter(known).cloned().collect();
    if kept.len() == 1 {
        return None;
    }
    kept.sort_by_key(|line| !line.names(part.key));
    Some(Note::new(note.text().to_owned(), kept).expect("a part of a note's signatures makes a note"))
}

/// The keys of the signatures that follow the log's. Each must hold and be by a given witness.
fn cosigners<'a, E>(note: &Note, part: &Part<'a>) -> Result<Vec<&'a VerifierKey>, EvidenceError<E>> {
    let wrong = || EvidenceError::Cosignature;
    let (log, cosignatures) = note.signatures().split_first().ok_or_else(wrong)?;
    if !log.names(part.key) {
        return Err(wrong());
    }
    cosignatures
        .iter()
        .map(|line| {
            let witness = witness(line, part).ok_or_else(wrong)?;
            note.verify(witness).map_err(|_| wrong())?;
            Ok(witness)
        })
        .collect()
}

/// The given witness that a signature says it is by.
fn witness<'a>(line: &Signature, part: &Part<'a>) -> Option<&'a VerifierKey> {
    let mut witnesses = part.witnesses.iter().filter(|key| key.algorithm() == Algorithm::CosignatureV1);
    witnesses.find(|key| line.names(key))
}
