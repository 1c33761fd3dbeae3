use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use tempfile::TempDir;

use super::super::leaf::{ContinueReason, DetailsTaken, Event};
use super::super::samples::{Log, START, Signer, disclose, files, list_anew, sign_anew};
use super::{Signer as Whose, *};

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
        let note = sample.log.checkpoint(sample.log.size());
        let note = note.clone().with(witness.cosign(&note, at)).unwrap();
        let (all, keys) = (0..sample.log.size(), [witness.key.clone()]);
        sample.log.write(&sample.folder(), all, &note, &keys, DetailsTaken::Yes).unwrap();
        sample
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

#[test]
fn what_is_intact_is_told_apart_from_what_is_proven() {
    let sample = Sample::new();
    let report = sample.verify(&Expectations::default());
    assert_eq!(report.integrity, Integrity::Intact);
    assert_eq!(report.signer, Whose::NotAuthenticated);
    assert_eq!(report.completeness, Completeness::NotProven { why: NotProven::NothingGiven });
    let scope = Scope { log: ID, first: 0, until: 10, size: 10, details: 3, attachments: 1 };
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
    assert_eq!(report.completeness, Completeness::Cosigned { by: by.clone(), at });

    let earlier = since(&sample.log.checkpoint(4));
    let report = sample.verify(&Expectations { since: Some(&earlier), ..expected });
    assert_eq!(report.completeness, Completeness::SinceAndCosigned { size: 4, by, at });

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
fn no_flipped_bit_passes_anywhere() {
    let sample = Sample::cosigned(Log::sample(ID), &Signer::witness(5), START);
    assert_eq!(sample.broken(), None);
    for (name, path) in files(&sample.folder()) {
        let before = fs::read(&path).unwrap();
        // One byte in place: this is done some hundred thousand times.
        let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let mut put = |at: usize, byte: u8| {
            file.seek(SeekFrom::Start(at as u64)).unwrap();
            file.write_all(&[byte]).unwrap();
        };
        for (at, byte) in before.into_iter().enumerate() {
            for bit in 0..8 {
                put(at, byte ^ 1 << bit);
                assert!(sample.broken().is_some(), "bit {bit} of byte {at} of {name}");
            }
            put(at, byte);
        }
    }
    assert_eq!(sample.broken(), None);
}

#[test]
fn no_dropped_byte_line_or_file_passes() {
    let sample = Sample::cosigned(Log::sample(ID), &Signer::witness(5), START);
    for (name, path) in files(&sample.folder()) {
        let before = fs::read(&path).unwrap();
        let refused = |other: &[u8], what: &str| {
            if other != before {
                fs::write(&path, other).unwrap();
                assert!(sample.broken().is_some(), "{what} of {name}");
            }
        };
        for at in 0..before.len() {
            refused(&[&before[..at], &before[at + 1..]].concat(), "a byte");
        }
        refused(&[before.as_slice(), b"\n"].concat(), "a line feed at the end");
        refused(b"", "all");
        let lines = lines(&String::from_utf8(before.clone()).unwrap());
        for at in 0..lines.len() {
            let mut other = lines.clone();
            other.remove(at);
            refused(other.concat().as_bytes(), "a line");
            other.insert(at, lines[at].clone());
            other.insert(at, lines[at].clone());
            refused(other.concat().as_bytes(), "a line twice");
            for with in 0..at {
                let mut other = lines.clone();
                other.swap(at, with);
                refused(other.concat().as_bytes(), "two lines swapped");
            }
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(sample.broken(), Some((None, Problem::MissingFile { .. }))), "{name}");
        fs::write(&path, before).unwrap();
    }
    assert_eq!(sample.broken(), None);
}

#[test]
fn the_first_bad_record_is_named() {
    let sample = Sample::new();
    let leaves = |change: fn(&mut Vec<String>)| {
        sample.with("leaves.jsonl", |text| {
            let mut lines = lines(text);
            change(&mut lines);
            lines.concat()
        })
    };
    let place = |record, found| Some((Some(record), Problem::OtherPlace { found }));
    assert_eq!(leaves(|lines| drop(lines.remove(0))), place(0, 1));
    assert_eq!(leaves(|lines| drop(lines.remove(4))), place(4, 5));
    assert_eq!(leaves(|lines| drop(lines.remove(9))), Some((Some(9), Problem::MissingRecord)));
    assert_eq!(leaves(|lines| lines.truncate(6)), Some((Some(6), Problem::MissingRecord)));
    assert_eq!(leaves(|lines| lines.swap(2, 6)), place(2, 6));
    assert_eq!(leaves(|lines| lines.insert(3, lines[3].clone())), place(4, 3));
    assert_eq!(leaves(|lines| lines.push(lines[9].clone())), Some((None, Problem::SurplusRecords)));
    let other = leaves(|lines| lines[5] = lines[5].replace("\"copy\":2", "\"copy\":3"));
    assert_eq!(other, Some((Some(5), Problem::OtherRecord)));
    let spaced = leaves(|lines| lines[7] = lines[7].replacen(':', ": ", 1));
    assert_eq!(spaced, Some((Some(7), Problem::NotALeaf)));
    let foreign = String::from_utf8(Log::sample(Id([0x2d; 16])).leaves[3].clone()).unwrap() + "\n";
    let replayed = sample.with("leaves.jsonl", |text| {
        let mut lines = lines(text);
        lines[3] = foreign;
        lines.concat()
    });
    assert_eq!(replayed, Some((Some(3), Problem::OtherLogsRecord)));

    let hash = |n: usize| sample.with("hashes.txt", |text| lines(text)[..n].concat());
    assert_eq!(hash(7), Some((Some(7), Problem::NoHash)));
    let more = sample.with("hashes.txt", |text| text.to_owned() + &lines(text)[0]);
    assert_eq!(more, Some((None, Problem::SurplusHashes)));
    let details = |change: fn(&str) -> String| sample.with("details.jsonl", change);
    let renamed = details(|text| text.replace("Patient Two", "Patient Six"));
    assert_eq!(renamed, Some((Some(1), Problem::OtherDetails)));
    assert_eq!(
        details(|text| text.replace("\"n\":1", "\"n\":2")),
        Some((Some(2), Problem::DetailsOfNothing))
    );
    assert_eq!(
        details(|text| text.replace("\"n\":3", "\"n\":12")),
        Some((Some(12), Problem::DetailsOfNothing))
    );
    assert_eq!(
        details(|text| text.replace("\"n\":3", "\"n\":1")),
        Some((None, Problem::DetailsLine { line: 3 }))
    );
    assert_eq!(sample.broken(), None);
}

#[test]
fn whoever_signs_a_wrong_record_is_found_out_all_the_same() {
    let change = |line: &'static str, with: &'static str| {
        Sample::signed_anew(move |lines| {
            let n = lines.iter().position(|found| found.contains(line)).unwrap();
            lines[n] = lines[n].replacen(line, with, 1);
        })
    };
    assert_eq!(Sample::signed_anew(|_| ()), None);
    let removed = Sample::signed_anew(|lines| drop(lines.remove(4)));
    assert_eq!(removed, Some((Some(4), Problem::OtherPlace { found: 5 })));
    let earlier = change("\"at\":1800000240", "\"at\":1800000000");
    assert_eq!(earlier, Some((Some(4), Problem::TimeWentBack)));
    assert_eq!(change("\"of\":4", "\"of\":9"), Some((Some(5), Problem::RefersAhead)));
    assert_eq!(change("\"copy\":2", "\"copy\":1"), Some((Some(5), Problem::RefersToOtherKind)));
    let consent = change("\"kind\":\"expire\"},\"log\":\"1d", "\"kind\":\"expire\"},\"log\":\"2d");
    assert_eq!(consent, Some((Some(7), Problem::OtherLogsRecord)));
    assert_eq!(change("\"v\":1", "\"v\":2"), Some((Some(0), Problem::NotALeaf)));
    assert_eq!(change("\"n\":0", "\"n\":9007199254740995"), Some((Some(0), Problem::NotALeaf)));
    assert_eq!(change("\"n\":0", "\"n\":18446744073709551615"), Some((Some(0), Problem::NotALeaf)));
}

#[test]
fn a_record_that_the_checkpoint_does_not_cover_is_refused() {
    let sample = Sample::new();
    let change = |file: &str, change: &dyn Fn(&str) -> String| {
        let path = sample.folder().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_ne!(change(&text), text);
        fs::write(&path, change(&text)).unwrap();
    };
    change("leaves.jsonl", &|text| text.replacen("care_advice", "publication", 1));
    let record = fs::read_to_string(sample.folder().join("leaves.jsonl")).unwrap();
    let hash = Sha256(leaf_hash(record.lines().nth(2).unwrap().as_bytes()).0).to_string();
    change("hashes.txt", &|text| text.replace(lines(text)[2].trim_end(), &hash));
    list_anew(&sample.folder(), ID, 10, &sample.log.signer);
    assert_eq!(sample.broken(), Some((None, Problem::Root)));
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
    assert_eq!(old.verify(&expected).completeness, Completeness::Cosigned { by, at });
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
fn every_file_is_the_one_that_the_manifest_lists() {
    let sample = Sample::new();
    let path = sample.folder().join("MANIFEST");
    let note = Note::parse(&fs::read(&path).unwrap()).unwrap();
    let manifest = Manifest::parse(note.text()).unwrap();
    for at in 0..manifest.files.len() {
        let lists = |change: fn(&mut Entry)| {
            let mut other = manifest.clone();
            change(&mut other.files[at]);
            fs::write(&path, sample.log.signer.note(&other.to_string()).to_string()).unwrap();
            sample.broken()
        };
        let file = manifest.files[at].file;
        let attachment = matches!(file, File::Attachment(_));
        let problem =
            if attachment { Problem::Form { file: File::Manifest } } else { Problem::FileChanged { file } };
        assert_eq!(lists(|entry| entry.hash.0[0] ^= 1), Some((None, problem)));
        assert_eq!(lists(|entry| entry.bytes += 1), Some((None, Problem::FileChanged { file })));
    }
}

#[test]
fn nothing_else_may_lie_in_the_folder() {
    let sample = Sample::new();
    for extra in ["x", ".hidden", "attachments/x", "attachments/MANIFEST", "checkpoint~"] {
        let path = sample.folder().join(extra);
        fs::write(&path, b"").unwrap();
        assert_eq!(sample.broken(), Some((None, Problem::UnexpectedFile)), "{extra}");
        fs::remove_file(&path).unwrap();
    }
    fs::create_dir(sample.folder().join("empty")).unwrap();
    assert_eq!(sample.broken(), Some((None, Problem::UnexpectedFile)));
    fs::remove_dir(sample.folder().join("empty")).unwrap();
    assert_eq!(sample.broken(), None);
    assert!(matches!(
        verify(&sample.dir.path().join("absent"), &Expectations::default()),
        Err(VerifyError::Read(_))
    ));
    let file = sample.folder().join("README.txt");
    assert!(matches!(verify(&file, &Expectations::default()), Err(VerifyError::Read(_))));
}

#[test]
#[cfg(unix)]
fn links_are_not_followed() {
    let sample = Sample::new();
    for (name, path) in files(&sample.folder()) {
        let aside = sample.dir.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        std::os::unix::fs::symlink(&aside, &path).unwrap();
        assert!(matches!(sample.broken(), Some((None, Problem::NotAFile { .. }))), "{name}");
        fs::remove_file(&path).unwrap();
        fs::rename(&aside, &path).unwrap();
    }
    let (attachments, aside) = (sample.folder().join("attachments"), sample.dir.path().join("aside"));
    fs::rename(&attachments, &aside).unwrap();
    std::os::unix::fs::symlink(&aside, &attachments).unwrap();
    assert_eq!(sample.broken(), Some((None, Problem::UnexpectedFile)));
}

#[test]
fn large_files_are_not_read() {
    let sample = Sample::new();
    for (file, limit) in
        [("MANIFEST", note::MAX_BYTES), ("keys.txt", MAX_KEYS_BYTES), ("checkpoint", MAX_CHECKPOINT_BYTES)]
    {
        let grown = sample.with(file, |text| text.to_owned() + &"a".repeat(limit));
        assert_eq!(grown, Some((None, Problem::TooLarge { file: File::parse(file).unwrap() })));
    }
    let grown = sample.with("leaves.jsonl", |text| "a".repeat(2 * Leaf::MAX_BYTES) + text);
    assert_eq!(grown, Some((Some(0), Problem::NotALeaf)));
    let grown = sample.with("README.txt", |text| text.to_owned() + "\n");
    assert_eq!(grown, Some((None, Problem::FileChanged { file: File::Readme })));
}

#[test]
fn an_attachment_that_no_details_name_is_refused() {
    let sample = Sample::new();
    let hash = Sha256::of(b"other");
    fs::write(sample.folder().join(format!("attachments/{hash}")), b"other").unwrap();
    assert_eq!(sample.broken(), Some((None, Problem::UnexpectedFile)));
    list_anew(&sample.folder(), ID, 10, &sample.log.signer);
    assert_eq!(sample.broken(), Some((None, Problem::Attachment)));
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
