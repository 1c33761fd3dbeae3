//! Evidence as it is written, and as it was meddled with.

mod cosigned;
mod proof;
mod tampering;

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::super::evidence::Part;
use super::super::leaf::DetailsTaken;
use super::super::samples::{Log, START, Signer, sign_anew};
use super::{Signer as Whose, *};
use crate::time::UnixTime;

const ID: Id = Id([0x1d; 16]);

/// A folder with the evidence of [`Log::sample`], that can be changed and made good again.
struct Sample {
    dir: TempDir,
    log: Log,
}

impl Sample {
    fn new() -> Self {
        let sample = Self { dir: TempDir::new().unwrap(), log: Log::sample(ID) };
        sample.log.write_all(&sample.folder(), DetailsTaken::Yes);
        sample
    }

    /// With a witness's cosignature, made at `at`.
    fn cosigned(log: Log, witness: &Signer, at: i64) -> Self {
        let sample = Self { dir: TempDir::new().unwrap(), log };
        let note = witness.cosigned(sample.log.checkpoint(sample.log.size()), at);
        let (all, keys) = (0..sample.log.size(), [witness.key.clone()]);
        sample.log.write(&sample.folder(), all, &note, &keys, DetailsTaken::Yes).unwrap();
        sample
    }

    /// The newest checkpoint cosigned by one witness, that of seven records by the same and another.
    fn cosigned_twice() -> Self {
        let sample = Self { dir: TempDir::new().unwrap(), log: Log::sample(ID) };
        let (one, other) = (Signer::witness(5), Signer::witness(6));
        let newest = one.cosigned(sample.log.checkpoint(10), START);
        let seen = other.cosigned(one.cosigned(sample.log.checkpoint(7), START), START);
        sample.write_seen(&newest, &seen, &[one.key, other.key]);
        sample
    }

    /// Writes the evidence for the whole log, with what witnesses saw of it.
    fn write_seen(&self, checkpoint: &Note, seen: &Note, witnesses: &[VerifierKey]) {
        let (records, key) = (0..self.log.size(), &self.log.signer.key);
        let part = Part { records, checkpoint, cosigned: Some(seen), key, witnesses };
        self.log.write_part(&self.folder(), &part, DetailsTaken::Yes).unwrap();
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("evidence")
    }

    fn verify(&self, expected: &Expectations<'_>) -> Report {
        verify(&self.folder(), expected).unwrap()
    }

    /// What is wrong, when nothing is expected.
    fn broken(&self) -> Option<(Option<u64>, Problem)> {
        broken(&self.verify(&Expectations::default()))
    }

    /// What is wrong after this file was changed so. The file is as before afterwards.
    fn with(&self, file: &str, change: impl FnOnce(&str) -> String) -> Option<(Option<u64>, Problem)> {
        let path = self.folder().join(file);
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, change(&before)).unwrap();
        let broken = self.broken();
        fs::write(&path, before).unwrap();
        broken
    }

    /// What is wrong after the records were changed so, and everything was signed anew with the log's key.
    fn signed_anew(change: impl FnOnce(&mut Vec<String>)) -> Option<(Option<u64>, Problem)> {
        let sample = Self { dir: TempDir::new().unwrap(), log: Log::sample(ID) };
        sample.log.write_all(&sample.folder(), DetailsTaken::No);
        let path = sample.folder().join("leaves.jsonl");
        let mut lines = lines(&fs::read_to_string(&path).unwrap());
        change(&mut lines);
        fs::write(&path, lines.concat()).unwrap();
        sign_anew(&sample.folder(), ID, &sample.log.signer);
        sample.broken()
    }
}

fn broken(report: &Report) -> Option<(Option<u64>, Problem)> {
    match report.integrity {
        Integrity::Intact => None,
        Integrity::Broken { record, what } => {
            assert_eq!(report.signer, Whose::NotAuthenticated);
            assert_eq!(report.completeness, Completeness::NotProven { why: NotProven::Broken });
            Some((record, what))
        }
    }
}

fn lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n').map(str::to_owned).collect()
}

fn since(note: &Note) -> Vec<u8> {
    note.to_string().into_bytes()
}
