//! Logs for tests: plainly synthetic, signed by keys made from one byte.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use curtain_wire::checkpoint::{Checkpoint, origin};
use curtain_wire::note::{Algorithm, Note, Signature, VerifierKey, cosign, sign_ed25519};
use curtain_wire::tree::{Hash, leaf_hash, root};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::commitment;
use super::evidence::{self, Content, Detail, Entry, EvidenceError, File, Manifest, Part};
use super::leaf::{
    DetailsTaken, EraseReason, Event, ExportFormat, Leaf, Place::Here, Retention, WithdrawnBy,
};
use crate::consent::{Level, Regime};
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;

pub(crate) const START: i64 = 1_800_000_000;
pub(crate) const SIGNATURE: &[u8] = b"a picture of a signature";

/// A signing key and its public half.
pub(crate) struct Signer {
    pair: Ed25519KeyPair,
    pub(crate) key: VerifierKey,
}

impl Signer {
    pub(crate) fn log(log: Id, seed: u8) -> Self {
        Self::new(&origin(log.0), Algorithm::Ed25519, seed)
    }

    pub(crate) fn witness(seed: u8) -> Self {
        Self::new("witness.example/w1", Algorithm::CosignatureV1, seed)
    }

    /// The note with this witness's cosignature, made at `at`.
    pub(crate) fn cosigned(&self, note: Note, at: i64) -> Note {
        let cosignature = self.cosign(&note, at);
        note.with(cosignature).unwrap()
    }

    fn new(name: &str, algorithm: Algorithm, seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let key = VerifierKey::new(name, algorithm, pair.public_key().as_ref().try_into().unwrap()).unwrap();
        Self { pair, key }
    }

    fn raw(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign(message).as_ref().try_into().unwrap()
    }

    pub(crate) fn note(&self, text: &str) -> Note {
        let signature = sign_ed25519(text, &self.key, |message| self.raw(message)).unwrap();
        Note::new(text.to_owned(), vec![signature]).unwrap()
    }

    pub(crate) fn cosign(&self, note: &Note, at: i64) -> Signature {
        cosign(note.text(), &self.key, at.try_into().unwrap(), |message| self.raw(message)).unwrap()
    }
}

/// A log, with everything behind its commitments.
pub(crate) struct Log {
    pub(crate) id: Id,
    pub(crate) signer: Signer,
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) details: Vec<(u64, [u8; 32], String)>,
}

impl Log {
    pub(crate) fn empty(id: Id) -> Self {
        Self { id, signer: Signer::log(id, 1), leaves: Vec::new(), details: Vec::new() }
    }

    /// Ten records of every kind but `continue`; three have details, one of which names [`SIGNATURE`].
    pub(crate) fn sample(id: Id) -> Self {
        let mut log = Self::empty(id);
        let (a, b) = (Id([0xa; 16]), Id([0xb; 16]));
        log.grant(a, &format!(r#"{{"signature":"{}","who":"Test Patient One"}}"#, Sha256::of(SIGNATURE)));
        log.grant(b, r#"{"who":"Test Patient Two"}"#);
        log.push(disclose(0, a));
        let commitment = log.commit(r#"{"taken_by":"Test Officer","why":"a test"}"#);
        let (details, format) = (DetailsTaken::Yes, ExportFormat::Evidence);
        log.push(Event::Export { commitment, details, exported: id, first: 0, format, until: 3 });
        log.push(Event::Withdraw {
            awaits: vec![Here(2), Here(3)],
            by: WithdrawnBy::Code,
            consent: a,
            grant: Here(0),
        });
        log.push(Event::Acknowledge { copy: Here(2), of: Here(4) });
        log.push(disclose(1, b));
        log.push(Event::Expire { consent: b, grant: Here(1) });
        let retention = Retention::Broken { reason: EraseReason::PatientRequest };
        log.push(Event::Erase { copies: vec![Here(3)], consent: b, grant: Here(1), retention });
        log.push(Event::Acknowledge { copy: Here(3), of: Here(8) });
        log
    }

    /// One grant and disclosures under it.
    pub(crate) fn long(size: u64) -> Self {
        let mut log = Self::empty(Id([7; 16]));
        log.grant(Id([0xa; 16]), "{}");
        (1..size).for_each(|_| log.push(disclose(0, Id([0xa; 16]))));
        log
    }

    pub(crate) fn size(&self) -> u64 {
        self.leaves.len() as u64
    }

    pub(crate) fn push(&mut self, event: Event) {
        let n = self.size();
        let at = UnixTime::new(START + 60 * i64::try_from(n).unwrap()).unwrap();
        self.leaves.push(Leaf { at, event, log: self.id, n, v: 1 }.canonical());
    }

    fn grant(&mut self, consent: Id, details: &str) {
        let commitment = self.commit(details);
        let (expires, withdrawal) = (UnixTime::new(START + 86_400).unwrap(), Sha256([4; 32]));
        let (level, regime) = (Level::Teaching, Regime::Gdpr);
        self.push(Event::Grant { commitment, consent, expires, level, regime, withdrawal });
    }

    /// The commitment of the next record.
    fn commit(&mut self, details: &str) -> Sha256 {
        let key = [u8::try_from(self.size()).unwrap() + 1; 32];
        self.details.push((self.size(), key, details.to_owned()));
        commitment(&key, details.as_bytes())
    }

    pub(crate) fn hashes(&self) -> Vec<Hash> {
        self.leaves.iter().map(|leaf| leaf_hash(leaf)).collect()
    }

    /// The signed checkpoint of the first `size` records.
    pub(crate) fn checkpoint(&self, size: u64) -> Note {
        let leaves = &self.hashes()[..usize::try_from(size).unwrap()];
        self.signer.note(&Checkpoint { log: self.id.0, size, root: root(leaves) }.to_string())
    }

    /// Writes the evidence for these records and this checkpoint.
    pub(crate) fn write(
        &self,
        folder: &Path,
        records: Range<u64>,
        checkpoint: &Note,
        witnesses: &[VerifierKey],
        taken: DetailsTaken,
    ) -> Result<(), EvidenceError<Infallible>> {
        let part = Part { records, checkpoint, cosigned: None, key: &self.signer.key, witnesses };
        self.write_part(folder, &part, taken)
    }

    /// Writes the evidence for this part.
    pub(crate) fn write_part(
        &self,
        folder: &Path,
        part: &Part<'_>,
        taken: DetailsTaken,
    ) -> Result<(), EvidenceError<Infallible>> {
        let records = &part.records;
        let size = part.checkpoint.text().parse::<Checkpoint>().unwrap().size;
        let (from, to) = (records.start.try_into().unwrap(), records.end.try_into().unwrap());
        let details = self.details.iter().filter(|(n, ..)| taken == DetailsTaken::Yes && records.contains(n));
        let details =
            details.map(|(n, key, details)| Detail { n: *n, key: *key, details: details.clone().into() });
        let signed = taken == DetailsTaken::Yes && records.contains(&0);
        let content = Content {
            hashes: self.hashes().into_iter().take(size.try_into().unwrap()).map(Ok),
            leaves: self.leaves[from..to].iter().cloned().map(Ok),
            details: details.map(Ok),
            attachments: signed.then(|| SIGNATURE.to_vec()).into_iter().map(Ok),
        };
        evidence::write(folder, part, content, |text| Ok(self.signer.note(text)))
    }

    /// Writes the evidence for the whole log.
    pub(crate) fn write_all(&self, folder: &Path, taken: DetailsTaken) {
        self.write(folder, 0..self.size(), &self.checkpoint(self.size()), &[], taken).unwrap();
    }
}

pub(crate) fn disclose(grant: u64, consent: Id) -> Event {
    Event::Disclose { audience: Level::CareAdvice, consent, grant: Here(grant), post: Id([0xc; 16]) }
}

/// Every file of a folder, by its path in it.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for prefix in ["", "attachments/"] {
        let Ok(entries) = fs::read_dir(folder.join(prefix)) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            found.insert(format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap()), path);
        }
    }
    found
}

/// What whoever holds the log's key can do: makes hashes, checkpoint and manifest anew for the records that lie
/// in the folder, which must be all of the log's.
pub(crate) fn sign_anew(folder: &Path, log: Id, signer: &Signer) {
    let leaves = fs::read_to_string(folder.join("leaves.jsonl")).unwrap();
    let hashes: Vec<Hash> = leaves.lines().map(|line| leaf_hash(line.as_bytes())).collect();
    let list: Vec<String> = hashes.iter().map(|hash| Sha256(hash.0).to_string()).collect();
    fs::write(folder.join("hashes.txt"), list.join("\n") + "\n").unwrap();
    let size = hashes.len() as u64;
    let checkpoint = signer.note(&Checkpoint { log: log.0, size, root: root(&hashes) }.to_string());
    fs::write(folder.join("checkpoint"), checkpoint.to_string()).unwrap();
    fs::write(folder.join("keys.txt"), format!("{}\n", signer.key)).unwrap();
    list_anew(folder, log, size, signer);
}

/// Signs a manifest of whatever lies in the folder, as all of a log of this size.
pub(crate) fn list_anew(folder: &Path, log: Id, size: u64, signer: &Signer) {
    fs::remove_file(folder.join("MANIFEST")).unwrap();
    let entry = |(name, path): (String, PathBuf)| {
        let bytes = fs::read(path).unwrap();
        let file = File::parse(&name).unwrap();
        Entry { hash: Sha256::of(&bytes), bytes: bytes.len() as u64, file }
    };
    let files = files(folder).into_iter().map(entry).collect();
    let note = signer.note(&Manifest { log, first: 0, until: size, size, files }.to_string());
    fs::write(folder.join("MANIFEST"), note.to_string()).unwrap();
}
