use std::convert::Infallible;
use std::fs;

use curtain_wire::note::VerifierKey;
use tempfile::TempDir;

use super::super::leaf::DetailsTaken;
use super::super::samples::{Log, SIGNATURE, START, Signer, files};
use super::super::verify::{Expectations, Integrity, verify};
use super::*;

const ID: Id = Id([0x1d; 16]);

fn names(folder: &Path) -> Vec<String> {
    files(folder).into_keys().collect()
}

#[test]
fn the_folder_holds_what_it_should_and_nothing_else() {
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    let bare = dir.path().join("bare");
    log.write_all(&bare, DetailsTaken::No);
    let always = ["MANIFEST", "README.txt", "checkpoint", "hashes.txt", "keys.txt", "leaves.jsonl"];
    assert_eq!(names(&bare), always);

    let full = dir.path().join("full");
    log.write_all(&full, DetailsTaken::Yes);
    let attached = format!("attachments/{}", Sha256::of(SIGNATURE));
    let mut all: Vec<&str> = always.into_iter().chain(["details.jsonl", &attached]).collect();
    all.sort_unstable();
    assert_eq!(names(&full), all);
    assert_eq!(fs::read(full.join(attached)).unwrap(), SIGNATURE);
    assert_eq!(fs::read_to_string(full.join("README.txt")).unwrap(), README);

    let leaves = fs::read_to_string(full.join("leaves.jsonl")).unwrap();
    let expected: Vec<&[u8]> = log.leaves.iter().map(Vec::as_slice).collect();
    assert_eq!(leaves.lines().map(str::as_bytes).collect::<Vec<_>>(), expected);
    assert_eq!(fs::read_to_string(full.join("hashes.txt")).unwrap().lines().count(), 10);
    assert_eq!(fs::read_to_string(full.join("keys.txt")).unwrap(), format!("{}\n", log.signer.key));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
#[cfg(unix)]
fn only_the_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    let folder = dir.path().join("evidence");
    log.write_all(&folder, DetailsTaken::Yes);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("attachments"))), (0o700, 0o700));
    for path in files(&folder).values() {
        assert_eq!(mode(path), 0o600);
    }
}

#[test]
fn keys_are_those_that_cosigned() {
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    let (signed, absent) = (Signer::witness(2), Signer::witness(3));
    let note = log.checkpoint(10);
    let note = note.clone().with(signed.cosign(&note, START)).unwrap();
    let folder = dir.path().join("evidence");
    log.write(&folder, 0..10, &note, &[absent.key.clone(), signed.key.clone()], DetailsTaken::No).unwrap();
    let keys = fs::read_to_string(folder.join("keys.txt")).unwrap();
    assert_eq!(keys, format!("{}\n{}\n", log.signer.key, signed.key));

    let unknown = log.write(&dir.path().join("other"), 0..10, &note, &[absent.key], DetailsTaken::No);
    assert!(matches!(unknown, Err(EvidenceError::Cosignature)));
}

/// The evidence of a log whose witnesses saw `cosigned`: the files `cosigned` and `keys.txt`.
fn seen(
    cosigned: &Note,
    witnesses: &[VerifierKey],
) -> Result<(Option<String>, String), EvidenceError<Infallible>> {
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    let (folder, checkpoint) = (dir.path().join("evidence"), log.checkpoint(10));
    let (key, cosigned) = (&log.signer.key, Some(cosigned));
    let part = Part { records: 0..10, checkpoint: &checkpoint, cosigned, key, witnesses };
    log.write_part(&folder, &part, DetailsTaken::No)?;
    assert_eq!(verify(&folder, &Expectations::default()).unwrap().integrity, Integrity::Intact);
    let keys = fs::read_to_string(folder.join("keys.txt")).unwrap();
    Ok((fs::read_to_string(folder.join("cosigned")).ok(), keys))
}

#[test]
fn what_witnesses_saw_goes_along_for_those_that_are_given() {
    let log = Log::sample(ID);
    let (one, two, three) = (Signer::witness(2), Signer::witness(3), Signer::witness(4));
    let (bare, own) = (log.checkpoint(6), format!("{}\n", log.signer.key));
    let both = two.cosigned(one.cosigned(bare.clone(), START), START);
    let keys = |witnesses: &[&Signer]| witnesses.iter().map(|one| one.key.clone()).collect::<Vec<_>>();

    let text = |note: &Note| Some(note.to_string());
    let all = seen(&both, &keys(&[&three, &two, &one])).unwrap();
    assert_eq!(all, (text(&both), format!("{own}{}\n{}\n", one.key, two.key)));
    let second = seen(&both, &keys(&[&two])).unwrap();
    assert_eq!(second, (text(&two.cosigned(bare.clone(), START)), format!("{own}{}\n", two.key)));
    // Without a witness that both the officer and the log know, an export is as it is without any.
    for none in [keys(&[]), keys(&[&three]), vec![log.signer.key.clone()]] {
        assert_eq!(seen(&both, &none).unwrap(), (None, own.clone()));
    }
    assert_eq!(seen(&bare, &keys(&[&one])).unwrap(), (None, own.clone()));
    // However it was kept, the log's signature comes first.
    let turned = both.signatures().iter().rev().cloned().collect();
    let turned = Note::new(both.text().to_owned(), turned).unwrap();
    let first = seen(&turned, &keys(&[&one])).unwrap();
    assert_eq!(first.0, text(&one.cosigned(bare, START)));
}

#[test]
fn a_witness_of_both_checkpoints_has_one_key() {
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    let (one, two) = (Signer::witness(2), Signer::witness(3));
    let checkpoint = one.cosigned(log.checkpoint(10), START);
    let cosigned = one.cosigned(two.cosigned(log.checkpoint(6), START), START);
    let (folder, witnesses) = (dir.path().join("evidence"), [one.key.clone(), two.key.clone()]);
    let (key, cosigned) = (&log.signer.key, Some(&cosigned));
    let part = Part { records: 0..10, checkpoint: &checkpoint, cosigned, key, witnesses: &witnesses };
    log.write_part(&folder, &part, DetailsTaken::No).unwrap();
    let keys = fs::read_to_string(folder.join("keys.txt")).unwrap();
    assert_eq!(keys, format!("{key}\n{}\n{}\n", one.key, two.key));
    assert_eq!(verify(&folder, &Expectations::default()).unwrap().integrity, Integrity::Intact);
}

#[test]
fn thirty_witnesses_fit() {
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    let witnesses: Vec<Signer> = (0..30).map(|seed| Signer::witness(100 + seed)).collect();
    let by = |note: Note, some: &[Signer]| some.iter().fold(note, |note, one| one.cosigned(note, START));
    let checkpoint = by(log.checkpoint(10), &witnesses[..15]);
    let cosigned = by(log.checkpoint(6), &witnesses[15..]);
    let keys: Vec<VerifierKey> = witnesses.iter().map(|one| one.key.clone()).collect();
    let (folder, key) = (dir.path().join("evidence"), &log.signer.key);
    let cosigned = Some(&cosigned);
    let part = Part { records: 0..10, checkpoint: &checkpoint, cosigned, key, witnesses: &keys };
    log.write_part(&folder, &part, DetailsTaken::No).unwrap();
    assert_eq!(verify(&folder, &Expectations::default()).unwrap().integrity, Integrity::Intact);
}

#[test]
fn what_no_witness_of_this_log_saw_is_refused() {
    let (log, witness) = (Log::sample(ID), Signer::witness(2));
    let given = [witness.key.clone()];
    let refused = |note: Note| seen(&note, &given).unwrap_err();
    let cosigned = |note: Note| refused(witness.cosigned(note, START));

    let other = Log::sample(Id([0x2d; 16])).checkpoint(6);
    assert!(matches!(cosigned(other.clone()), EvidenceError::Cosigned(CheckpointError::OtherLog)));
    let forged = Signer::log(ID, 9).note(log.checkpoint(6).text());
    assert!(matches!(cosigned(forged), EvidenceError::Cosigned(CheckpointError::Note(_))));
    // Also when it would be left out: it should not be in this vault.
    assert!(matches!(seen(&other, &[]), Err(EvidenceError::Cosigned(_))));

    let right = witness.cosigned(log.checkpoint(6), START);
    assert!(matches!(cosigned(right), EvidenceError::Cosignature));
    let moved = log.checkpoint(6).with(witness.cosign(&log.checkpoint(7), START)).unwrap();
    assert!(matches!(refused(moved.clone()), EvidenceError::Cosignature));
    assert!(seen(&moved, &[]).is_ok(), "it is not handed out");
}

#[test]
fn what_is_there_is_not_touched() {
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    for existing in ["evidence", "evidence.part"] {
        let path = dir.path().join(existing);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("kept"), b"kept").unwrap();
        let note = log.checkpoint(10);
        let result = log.write(&dir.path().join("evidence"), 0..10, &note, &[], DetailsTaken::No);
        assert!(matches!(result, Err(EvidenceError::Exists)), "{existing}");
        assert_eq!(names(&path), ["kept"]);
        fs::remove_dir_all(path).unwrap();
    }
}

/// What a caller can get wrong, one at a time.
struct Given {
    hashes: Vec<Hash>,
    leaves: Vec<Vec<u8>>,
    details: Vec<Detail>,
    attachments: Vec<Vec<u8>>,
    records: Range<u64>,
    signer: Signer,
}

fn given(change: impl FnOnce(&mut Given)) -> EvidenceError<Infallible> {
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    let details = log.details.iter();
    let details = details.map(|(n, key, text)| Detail { n: *n, key: *key, details: text.clone().into() });
    let mut given = Given {
        hashes: log.hashes(),
        leaves: log.leaves.clone(),
        details: details.collect(),
        attachments: vec![SIGNATURE.to_vec(), SIGNATURE.to_vec()],
        records: 0..10,
        signer: Signer::log(ID, 1),
    };
    change(&mut given);
    let Given { hashes, leaves, details, attachments, records, signer } = given;
    let content = Content {
        hashes: hashes.into_iter().map(Ok),
        leaves: leaves.into_iter().map(Ok),
        details: details.into_iter().map(Ok),
        attachments: attachments.into_iter().map(Ok),
    };
    let checkpoint = log.checkpoint(10);
    let part =
        Part { records, checkpoint: &checkpoint, cosigned: None, key: &log.signer.key, witnesses: &[] };
    let target = dir.path().join("evidence");
    let error = write(&target, &part, content, |text| Ok(signer.note(text))).unwrap_err();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "something was left behind");
    error
}

#[test]
fn a_damaged_log_is_not_handed_out() {
    use EvidenceError::{Attachment, Damaged, Details, NoSuchRecords, Root, Signature, Surplus};
    assert!(matches!(given(|g| g.leaves.swap(3, 4)), Damaged { record: 3 }));
    assert!(matches!(given(|g| g.leaves[5].push(b' ')), Damaged { record: 5 }));
    assert!(matches!(given(|g| drop(g.leaves.pop())), Damaged { record: 9 }));
    assert!(matches!(given(|g| g.hashes.truncate(9)), Damaged { record: 9 }));
    assert!(matches!(given(|g| g.leaves.push(Vec::new())), Surplus));
    assert!(matches!(given(|g| g.hashes.push(Hash([0; 32]))), Surplus));
    assert!(matches!(given(|g| g.records = 3..11), NoSuchRecords));
    let outside = given(|g| {
        g.records = 0..9;
        g.leaves.pop();
        g.hashes[9].0[0] ^= 1;
    });
    assert!(matches!(outside, Root));
    assert!(matches!(given(|g| g.details[1].key[0] ^= 1), Details { record: 1 }));
    assert!(matches!(given(|g| g.details[1].details = b"{ }".to_vec()), Details { record: 1 }));
    assert!(matches!(given(|g| g.details[1].n = 2), Details { record: 2 }));
    assert!(matches!(given(|g| g.details.swap(0, 1)), Details { record: 0 }));
    assert!(matches!(given(|g| g.details[2].n = 11), Details { record: 11 }));
    assert!(matches!(given(|g| g.attachments.push(b"other".to_vec())), Attachment));
    assert!(matches!(given(|g| g.signer = Signer::log(ID, 2)), Signature));
}

#[test]
fn a_failing_source_ends_it() {
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    let checkpoint = log.checkpoint(10);
    let part = Part {
        records: 0..10,
        checkpoint: &checkpoint,
        cosigned: None,
        key: &log.signer.key,
        witnesses: &[],
    };
    let content = || Content {
        hashes: log.hashes().into_iter().map(Ok),
        leaves: log.leaves.iter().cloned().map(Ok),
        details: std::iter::empty(),
        attachments: std::iter::empty::<Result<_, &str>>(),
    };
    let target = dir.path().join("evidence");
    let details = std::iter::once(Err("gone"));
    let Content { hashes, leaves, attachments, .. } = content();
    let failing = Content { hashes, leaves, details, attachments };
    let error = write(&target, &part, failing, |text| Ok(log.signer.note(text))).unwrap_err();
    assert!(matches!(error, EvidenceError::Source("gone")));
    let Content { hashes, details, attachments, .. } = content();
    let leaves = log.leaves.iter().cloned().map(Ok).take(4).chain([Err("gone")]);
    let details = details.map(|()| unreachable!());
    let failing = Content { hashes, leaves, details, attachments };
    let error = write(&target, &part, failing, |text| Ok(log.signer.note(text))).unwrap_err();
    assert!(matches!(error, EvidenceError::Source("gone")));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn another_logs_key_is_refused() {
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    let other: VerifierKey = Signer::log(ID, 9).key;
    let checkpoint = log.checkpoint(10);
    let part = Part { records: 0..0, checkpoint: &checkpoint, cosigned: None, key: &other, witnesses: &[] };
    let nothing = Content {
        hashes: std::iter::empty::<Result<_, Infallible>>(),
        leaves: std::iter::empty(),
        details: std::iter::empty(),
        attachments: std::iter::empty(),
    };
    let result = write(&dir.path().join("evidence"), &part, nothing, |text| Ok(log.signer.note(text)));
    assert!(matches!(result, Err(EvidenceError::Checkpoint(_))));
}

#[test]
fn parts_and_empty_logs_verify() {
    let (log, dir) = (Log::sample(ID), TempDir::new().unwrap());
    for first in 0..=10 {
        for until in first..=10 {
            let folder = dir.path().join(format!("{first}-{until}"));
            log.write(&folder, first..until, &log.checkpoint(10), &[], DetailsTaken::Yes).unwrap();
            let report = verify(&folder, &Expectations::default()).unwrap();
            assert_eq!(report.integrity, Integrity::Intact, "{first}..{until}");
            assert_eq!(report.scope.unwrap().is_part(), (first, until) != (0, 10));
        }
    }
    let folder = dir.path().join("empty");
    Log::empty(ID).write_all(&folder, DetailsTaken::No);
    assert_eq!(verify(&folder, &Expectations::default()).unwrap().integrity, Integrity::Intact);
}
