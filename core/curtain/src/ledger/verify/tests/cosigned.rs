//! The earlier checkpoint that witnesses saw, beside the newest.

use std::fs;

use curtain_wire::tree::root;

use super::super::super::evidence::EvidenceError;
use super::super::super::samples::{disclose, list_anew};
use super::*;

const FILE: File = File::Cosigned;

/// A log of ten records, whose newest checkpoint no witness saw.
fn seen(seen: &Note, witnesses: &[VerifierKey]) -> Sample {
    let sample = Sample { dir: TempDir::new().unwrap(), log: Log::sample(ID) };
    sample.write_seen(&sample.log.checkpoint(10), seen, witnesses);
    sample
}

fn expect(witness: &Signer) -> Expectations<'static> {
    Expectations { witness: Some(witness.key.clone()), ..Expectations::default() }
}

fn time(at: i64) -> UnixTime {
    UnixTime::new(at).unwrap()
}

/// What is wrong when the log's own key lists this in place of `cosigned`.
fn listed(sample: &Sample, note: &Note) -> Option<(Option<u64>, Problem)> {
    fs::write(sample.folder().join("cosigned"), note.to_string()).unwrap();
    list_anew(&sample.folder(), ID, sample.log.size(), &sample.log.signer);
    sample.broken()
}

#[test]
fn a_cosignature_reaches_as_far_as_its_checkpoint() {
    let (witness, log) = (Signer::witness(5), Log::sample(ID));
    let by = witness.key.name().to_owned();
    let at = time(START + 500);
    for size in 0..=10 {
        let note = witness.cosigned(log.checkpoint(size), START + 500);
        let sample = seen(&note, std::slice::from_ref(&witness.key));
        let report = sample.verify(&expect(&witness));
        assert_eq!(report.integrity, Integrity::Intact);
        assert_eq!(report.completeness, Completeness::Cosigned { by: by.clone(), at, size });
        assert_eq!(report.scope.unwrap().size, 10);

        let earlier = since(&log.checkpoint(4));
        let report = sample.verify(&Expectations { since: Some(&earlier), ..expect(&witness) });
        let both = Completeness::SinceAndCosigned { since: 4, by: by.clone(), at, size };
        assert_eq!(report.completeness, both);

        let nothing = sample.verify(&Expectations::default()).completeness;
        assert_eq!(nothing, Completeness::NotProven { why: NotProven::NothingGiven });
        let other = sample.verify(&expect(&Signer::witness(6))).completeness;
        assert_eq!(other, Completeness::NotProven { why: NotProven::NotCosigned });
    }
}

#[test]
fn of_two_cosignatures_the_one_that_reaches_further_counts() {
    let (one, other, log) = (Signer::witness(5), Signer::witness(6), Log::sample(ID));
    let proven = |newest_at, size, seen_at| {
        let sample = Sample { dir: TempDir::new().unwrap(), log: Log::sample(ID) };
        let newest = one.cosigned(log.checkpoint(10), newest_at);
        let seen = other.cosigned(one.cosigned(log.checkpoint(size), seen_at), START + 3);
        sample.write_seen(&newest, &seen, &[one.key.clone(), other.key.clone()]);
        [&one, &other].map(|witness| match sample.verify(&expect(witness)).completeness {
            Completeness::Cosigned { at, size, .. } => (size, at),
            wrong => panic!("{wrong:?}"),
        })
    };
    assert_eq!(proven(START, 7, START + 9), [(10, time(START)), (7, time(START + 3))]);
    assert_eq!(proven(START + 9, 7, START), [(10, time(START + 9)), (7, time(START + 3))]);
    // Of the same state, the witness's later word.
    assert_eq!(proven(START, 10, START + 9), [(10, time(START + 9)), (10, time(START + 3))]);
    assert_eq!(proven(START + 9, 10, START), [(10, time(START + 9)), (10, time(START + 3))]);
}

#[test]
fn a_part_has_it_too() {
    let (witness, log, dir) = (Signer::witness(5), Log::sample(ID), TempDir::new().unwrap());
    let (checkpoint, note) = (log.checkpoint(10), witness.cosigned(log.checkpoint(7), START));
    for records in [0..0, 1..3, 6..8, 8..10] {
        let folder = dir.path().join(format!("{records:?}"));
        let witnesses = std::slice::from_ref(&witness.key);
        let (key, cosigned) = (&log.signer.key, Some(&note));
        let part = Part { records, checkpoint: &checkpoint, cosigned, key, witnesses };
        log.write_part(&folder, &part, DetailsTaken::No).unwrap();
        let report = verify(&folder, &expect(&witness)).unwrap();
        let by = witness.key.name().to_owned();
        assert_eq!(report.completeness, Completeness::Cosigned { by, at: time(START), size: 7 });
    }
}

#[test]
fn whoever_holds_the_logs_key_cannot_take_back_what_a_witness_saw() {
    let witness = Signer::witness(5);
    let seen_of = |size| witness.cosigned(Log::sample(ID).checkpoint(size), START);
    let kept = |log: Log, size| {
        let sample = Sample::cosigned(log, &witness, START);
        listed(&sample, &seen_of(size))
    };
    let short = || {
        let mut log = Log::sample(ID);
        log.leaves.truncate(7);
        log.details.retain(|(n, ..)| *n < 7);
        log
    };
    // The last three records are dropped and the rest is signed anew, but the witness saw more.
    for had in 8..=10 {
        let what = Problem::RolledBack { had, has: 7 };
        assert_eq!(kept(short(), had), Some((Some(7), what)));
    }
    assert_eq!(kept(short(), 7), None);
    // Others are put in their place.
    let forked = || {
        let mut log = short();
        (0..5).for_each(|_| log.push(disclose(0, Id([0xa; 16]))));
        log
    };
    for had in 8..=10 {
        assert_eq!(kept(forked(), had), Some((None, Problem::CosignedRoot)));
    }
    assert_eq!(kept(forked(), 7), None);

    // Nor does the writer hand out such a log, whether or not the witness's word would go along.
    let refused = |log: &Log, had, witnesses: &[VerifierKey]| {
        let (dir, checkpoint, seen) = (TempDir::new().unwrap(), log.checkpoint(log.size()), seen_of(had));
        let (key, cosigned) = (&log.signer.key, Some(&seen));
        let part = Part { records: 0..log.size(), checkpoint: &checkpoint, cosigned, key, witnesses };
        let result = log.write_part(&dir.path().join("evidence"), &part, DetailsTaken::No);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), usize::from(result.is_ok()));
        result.err()
    };
    for witnesses in [&[] as &[_], std::slice::from_ref(&witness.key)] {
        assert!(matches!(refused(&short(), 8, witnesses), Some(EvidenceError::CosignedAhead)));
        assert!(matches!(refused(&forked(), 8, witnesses), Some(EvidenceError::CosignedRoot)));
        assert!(matches!(refused(&forked(), 10, witnesses), Some(EvidenceError::CosignedRoot)));
        assert!(refused(&forked(), 7, witnesses).is_none());
    }
}

#[test]
fn one_that_is_not_the_logs_own_is_refused() {
    let (witness, log) = (Signer::witness(5), Log::sample(ID));
    let right = witness.cosigned(log.checkpoint(7), START);
    let sample = seen(&right, std::slice::from_ref(&witness.key));
    let signed = |note: Note| listed(&sample, &witness.cosigned(note, START));

    assert_eq!(signed(Log::sample(Id([0x2d; 16])).checkpoint(7)), Some((None, Problem::Disagree)));
    let signatures = Some((None, Problem::Signatures { file: FILE }));
    assert_eq!(signed(Signer::log(ID, 2).note(log.checkpoint(7).text())), signatures);
    let unsigned = Note::new(right.text().to_owned(), vec![witness.cosign(&right, START)]).unwrap();
    assert_eq!(listed(&sample, &unsigned), signatures);
    let what = Problem::RolledBack { had: 11, has: 10 };
    let longer = Checkpoint { log: ID.0, size: 11, root: root(&log.hashes()) };
    assert_eq!(signed(log.signer.note(&longer.to_string())), Some((Some(10), what)));
    for size in 1..=10 {
        let mut hashes = log.hashes();
        hashes.truncate(size);
        hashes[size / 2].0[31] ^= 1;
        let other = Checkpoint { log: ID.0, size: size as u64, root: root(&hashes) };
        let other = log.signer.note(&other.to_string());
        assert_eq!(signed(other), Some((None, Problem::CosignedRoot)), "{size}");
    }
    assert_eq!(signed(log.signer.note("no checkpoint\n")), Some((None, Problem::Form { file: FILE })));
    assert_eq!(listed(&sample, &right), None);
}

#[test]
fn every_signature_is_checked_and_every_key_signed() {
    let (witness, other, log) = (Signer::witness(5), Signer::witness(6), Log::sample(ID));
    let bare = log.checkpoint(7);
    let right = witness.cosigned(bare.clone(), START);
    let sample = seen(&right, std::slice::from_ref(&witness.key));
    let signatures = Some((None, Problem::Signatures { file: FILE }));

    assert_eq!(listed(&sample, &bare), signatures, "for what?");
    assert_eq!(listed(&sample, &other.cosigned(bare.clone(), START)), signatures);
    assert_eq!(listed(&sample, &other.cosigned(right.clone(), START)), signatures);
    assert_eq!(listed(&sample, &witness.cosigned(right.clone(), START + 1)), signatures);
    assert_eq!(listed(&sample, &witness.cosigned(right.clone(), START)), signatures);
    let twice = right.clone().with(bare.signatures()[0].clone()).unwrap();
    assert_eq!(listed(&sample, &twice), signatures);
    let moved = bare.clone().with(witness.cosign(&log.checkpoint(8), START)).unwrap();
    let bad = Some((None, Problem::BadSignature { file: FILE }));
    assert_eq!(listed(&sample, &moved), bad);
    assert_eq!(listed(&sample, &right), None);

    let keys = |keys: &[&VerifierKey]| {
        let lines = keys.iter().flat_map(|key| [key.to_string(), "\n".to_owned()]);
        fs::write(sample.folder().join("keys.txt"), lines.collect::<String>()).unwrap();
        listed(&sample, &right)
    };
    let (one, two) = (&witness.key, &other.key);
    let form = Some((None, Problem::Form { file: File::Keys }));
    assert_eq!(keys(&[&log.signer.key]), signatures);
    assert_eq!(keys(&[&log.signer.key, two]), signatures);
    assert_eq!(keys(&[&log.signer.key, one, two]), signatures);
    assert_eq!(keys(&[&log.signer.key, one, one]), form);
    assert_eq!(keys(&[&log.signer.key, one, &log.signer.key]), form);
    assert_eq!(keys(&[one, &log.signer.key]), form);
    assert_eq!(keys(&[one]), form);
    assert_eq!(keys(&[]), form);
    assert_eq!(keys(&[&log.signer.key, one]), None);

    // The cosignature of the newest checkpoint does not stand for that of the other.
    let sample = Sample::cosigned(Log::sample(ID), &witness, START);
    assert_eq!(listed(&sample, &bare), signatures);
    assert_eq!(listed(&sample, &right), None);
}

#[test]
fn signing_the_manifest_anew_does_not_mend_it() {
    let witness = Signer::witness(5);
    let right = witness.cosigned(Log::sample(ID).checkpoint(7), START);
    let sample = seen(&right, std::slice::from_ref(&witness.key));
    let bytes = right.to_string().into_bytes();
    let broken = |bytes: &[u8]| {
        fs::write(sample.folder().join("cosigned"), bytes).unwrap();
        list_anew(&sample.folder(), ID, 10, &sample.log.signer);
        sample.broken().is_some()
    };
    assert!(!broken(&bytes));
    for end in 0..bytes.len() {
        assert!(broken(&bytes[..end]), "the first {end} bytes");
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut other = bytes.clone();
            other[at] ^= 1 << bit;
            assert!(broken(&other), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn it_is_there_if_and_only_if_it_is_listed() {
    let witness = Signer::witness(5);
    let right = witness.cosigned(Log::sample(ID).checkpoint(7), START);
    let sample = seen(&right, std::slice::from_ref(&witness.key));
    let path = sample.folder().join("cosigned");
    fs::remove_file(&path).unwrap();
    assert_eq!(sample.broken(), Some((None, Problem::MissingFile { file: FILE })));
    // Without it, its witness signed nothing.
    list_anew(&sample.folder(), ID, 10, &sample.log.signer);
    let file = File::Checkpoint;
    assert_eq!(sample.broken(), Some((None, Problem::Signatures { file })));
    fs::write(sample.folder().join("keys.txt"), format!("{}\n", sample.log.signer.key)).unwrap();
    list_anew(&sample.folder(), ID, 10, &sample.log.signer);
    assert_eq!(sample.broken(), None);
    fs::write(&path, right.to_string()).unwrap();
    assert_eq!(sample.broken(), Some((None, Problem::UnexpectedFile)));
}
