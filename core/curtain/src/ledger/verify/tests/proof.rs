//! What a folder proves of signer and completeness, and to whom.

use std::fs;
use std::time::Instant;

use super::super::super::leaf::{ContinueReason, Event};
use super::super::super::samples::{disclose, list_anew};
use super::*;

#[test]
fn what_is_intact_is_told_apart_from_what_is_proven() {
    let sample = Sample::new();
    let report = sample.verify(&Expectations::default());
    assert_eq!(report.integrity, Integrity::Intact);
    assert_eq!(report.signer, Whose::NotAuthenticated);
    assert_eq!(report.completeness, Completeness::NotProven { why: NotProven::NothingGiven });
    let root = Sha256(sample.log.checkpoint(10).text().parse::<Checkpoint>().unwrap().root.0);
    let scope = Scope { log: ID, first: 0, until: 10, size: 10, root, details: 3, attachments: 1 };
    assert_eq!((report.scope, report.gap), (Some(scope), None));
    assert!(!scope.is_part());

    let key = Some(sample.log.signer.key.clone());
    let report = sample.verify(&Expectations { key, ..Expectations::default() });
    assert_eq!((report.integrity, report.signer), (Integrity::Intact, Whose::Authenticated));

    for size in 0..=10 {
        let earlier = since(&sample.log.checkpoint(size));
        let report = sample.verify(&Expectations { since: Some(&earlier), ..Expectations::default() });
        assert_eq!(report.completeness, Completeness::Since { size });
        assert_eq!((report.integrity, report.signer), (Integrity::Intact, Whose::NotAuthenticated));
    }
}

#[test]
fn a_witness_proves_completeness_at_its_time() {
    let (witness, at) = (Signer::witness(5), UnixTime::new(START + 9_000).unwrap());
    let sample = Sample::cosigned(Log::sample(ID), &witness, START + 9_000);
    let by = witness.key.name().to_owned();
    let expected = Expectations { witness: Some(witness.key.clone()), ..Expectations::default() };
    let report = sample.verify(&expected);
    assert_eq!(report.integrity, Integrity::Intact);
    assert_eq!(report.completeness, Completeness::Cosigned { by: by.clone(), at, size: 10 });

    let earlier = since(&sample.log.checkpoint(4));
    let report = sample.verify(&Expectations { since: Some(&earlier), ..expected });
    assert_eq!(report.completeness, Completeness::SinceAndCosigned { since: 4, by, at, size: 10 });

    let other = Expectations { witness: Some(Signer::witness(6).key), ..Expectations::default() };
    let report = sample.verify(&Expectations { since: Some(&earlier), ..other });
    assert_eq!(report.integrity, Integrity::Intact);
    assert_eq!(report.completeness, Completeness::NotProven { why: NotProven::NotCosigned });

    let log_key = Expectations { witness: Some(sample.log.signer.key.clone()), ..Expectations::default() };
    assert!(matches!(verify(&sample.folder(), &log_key), Err(VerifyError::Witness)));
}

#[test]
fn another_key_is_not_believed() {
    let sample = Sample::new();
    for key in [Signer::log(ID, 2).key, Signer::log(Id([3; 16]), 1).key, Signer::witness(1).key] {
        let report = sample.verify(&Expectations { key: Some(key), ..Expectations::default() });
        assert_eq!(broken(&report), Some((None, Problem::OtherKey)));
    }
    // A stranger who makes the same folder with a key of their own is told apart only by the key.
    let stranger = Signer::log(ID, 2);
    sign_anew(&sample.folder(), ID, &stranger);
    assert_eq!(sample.broken(), None);
    let key = Some(sample.log.signer.key.clone());
    let report = sample.verify(&Expectations { key, ..Expectations::default() });
    assert_eq!(broken(&report), Some((None, Problem::OtherKey)));
    let earlier = since(&sample.log.checkpoint(5));
    let report = sample.verify(&Expectations { since: Some(&earlier), ..Expectations::default() });
    assert_eq!(broken(&report), Some((None, Problem::EarlierSignature)));
}

#[test]
fn truncating_forking_and_rolling_back_show_against_an_earlier_checkpoint() {
    let whole = Log::sample(ID);
    let against = |sample: &Sample, size| {
        let earlier = since(&whole.checkpoint(size));
        broken(&sample.verify(&Expectations { since: Some(&earlier), ..Expectations::default() }))
    };
    let rolled_back = |had, has| Some((Some(has), Problem::RolledBack { had, has }));

    // The key's holder drops the last three records and signs the rest.
    let mut log = Log::sample(ID);
    log.leaves.truncate(7);
    log.details.retain(|(n, ..)| *n < 7);
    let short = Sample { dir: TempDir::new().unwrap(), log };
    short.log.write_all(&short.folder(), DetailsTaken::Yes);
    assert_eq!(short.broken(), None, "nothing but an earlier checkpoint can show it");
    assert_eq!(against(&short, 10), rolled_back(10, 7));
    assert_eq!(against(&short, 7), None);

    // ... or writes others in their place.
    let mut log = Log::sample(ID);
    log.leaves.truncate(7);
    (0..5).for_each(|_| log.push(disclose(0, Id([0xa; 16]))));
    let forked = Sample { dir: TempDir::new().unwrap(), log };
    forked.log.write_all(&forked.folder(), DetailsTaken::Yes);
    assert_eq!(forked.broken(), None);
    assert_eq!(against(&forked, 10), Some((None, Problem::Forked { until: 10 })));
    assert_eq!(against(&forked, 7), None);

    // A part shows it too, since it has the hashes of all records.
    let part = forked.dir.path().join("part");
    forked.log.write(&part, 1..3, &forked.log.checkpoint(12), &[], DetailsTaken::No).unwrap();
    let earlier = since(&whole.checkpoint(10));
    let report = verify(&part, &Expectations { since: Some(&earlier), ..Expectations::default() }).unwrap();
    assert_eq!(broken(&report), Some((None, Problem::Forked { until: 10 })));
}

#[test]
fn a_roll_back_shows_against_a_witness() {
    let witness = Signer::witness(5);
    let expected = Expectations { witness: Some(witness.key.clone()), ..Expectations::default() };
    let mut log = Log::sample(ID);
    log.leaves.truncate(7);
    log.details.retain(|(n, ..)| *n < 7);

    // The witness signs no shorter log than it saw, so that the holder of the log's key has only an old
    // cosignature to show, with its old time,
    let old = Sample::cosigned(log, &witness, START + 7);
    let (by, at) = (witness.key.name().to_owned(), UnixTime::new(START + 7).unwrap());
    assert_eq!(old.verify(&expected).completeness, Completeness::Cosigned { by, at, size: 7 });
    // or none.
    sign_anew(&old.folder(), ID, &old.log.signer);
    let report = old.verify(&expected);
    assert_eq!(report.completeness, Completeness::NotProven { why: NotProven::NotCosigned });
    // Nor can the old cosignature be put under another checkpoint.
    let sample = Sample::cosigned(Log::sample(ID), &witness, START + 10);
    let stolen = old.log.checkpoint(7);
    let note = sample.log.checkpoint(10).with(witness.cosign(&stolen, START + 10)).unwrap();
    fs::write(sample.folder().join("checkpoint"), note.to_string()).unwrap();
    list_anew(&sample.folder(), ID, 10, &sample.log.signer);
    assert_eq!(sample.broken(), Some((None, Problem::BadSignature { file: File::Checkpoint })));
}

#[test]
fn an_earlier_checkpoint_of_another_log_or_key_is_refused() {
    let sample = Sample::new();
    let against = |note: &Note| {
        let bytes = since(note);
        broken(&sample.verify(&Expectations { since: Some(&bytes), ..Expectations::default() }))
    };
    let other = Log::sample(Id([0x2d; 16])).checkpoint(4);
    assert_eq!(against(&other), Some((None, Problem::OtherLog)));
    let forged = Signer::log(ID, 2).note(sample.log.checkpoint(4).text());
    assert_eq!(against(&forged), Some((None, Problem::EarlierSignature)));
    // Cosignatures of witnesses that the folder does not know are no matter.
    let note = sample.log.checkpoint(4);
    assert_eq!(against(&note.clone().with(Signer::witness(8).cosign(&note, START)).unwrap()), None);

    for bytes in
        [b"".as_slice(), b"no note\n", sample.log.signer.note("no checkpoint\n").to_string().as_bytes()]
    {
        let expected = Expectations { since: Some(bytes), ..Expectations::default() };
        assert!(matches!(verify(&sample.folder(), &expected), Err(VerifyError::Since(_))));
    }
}

#[test]
fn unknown_or_missing_signatures_are_refused() {
    let sample = Sample::cosigned(Log::sample(ID), &Signer::witness(5), START);
    let file = File::Checkpoint;
    let checkpoint = sample.log.checkpoint(10);
    let known = checkpoint.clone().with(Signer::witness(5).cosign(&checkpoint, START)).unwrap();
    let with = |note: &Note| {
        fs::write(sample.folder().join("checkpoint"), note.to_string()).unwrap();
        list_anew(&sample.folder(), ID, 10, &sample.log.signer);
        sample.broken()
    };
    assert_eq!(with(&known), None);
    assert_eq!(with(&checkpoint), Some((None, Problem::Signatures { file })));
    let unknown = known.clone().with(Signer::witness(6).cosign(&checkpoint, START)).unwrap();
    assert_eq!(with(&unknown), Some((None, Problem::Signatures { file })));
    let twice = known.clone().with(Signer::witness(5).cosign(&checkpoint, START + 1)).unwrap();
    assert_eq!(with(&twice), Some((None, Problem::Signatures { file })));
    let smaller = sample.log.checkpoint(9);
    let smaller = smaller.clone().with(Signer::witness(5).cosign(&smaller, START)).unwrap();
    assert_eq!(with(&smaller), Some((None, Problem::Disagree)));

    let path = sample.folder().join("MANIFEST");
    let manifest = Note::parse(&fs::read(&path).unwrap()).unwrap();
    let manifest = manifest.clone().with(Signer::witness(5).cosign(&manifest, START)).unwrap();
    fs::write(&path, manifest.to_string()).unwrap();
    assert_eq!(sample.broken(), Some((None, Problem::Signatures { file: File::Manifest })));
}

#[test]
fn a_continued_log_says_what_is_missing() {
    let mut log = Log::empty(ID);
    let (before, reason) = (Id([0x2d; 16]), ContinueReason::Behind);
    log.push(Event::Continue { before, reason, root: Sha256([1; 32]), size: 7, witnessed: 9 });
    let sample = Sample { dir: TempDir::new().unwrap(), log };
    sample.log.write_all(&sample.folder(), DetailsTaken::No);
    let report = sample.verify(&Expectations::default());
    assert_eq!(report.integrity, Integrity::Intact);
    assert_eq!(report.gap, Some(Gap { before, reason, held: 7, witnessed: 9, missing: 2 }));
}

#[test]
fn a_hundred_thousand_records_take_seconds_at_most() {
    let sample = Sample { dir: TempDir::new().unwrap(), log: Log::long(100_000) };
    sample.log.write_all(&sample.folder(), DetailsTaken::No);
    let start = Instant::now();
    assert_eq!(sample.broken(), None);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
