//! Whatever was changed in a folder shows.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};

use curtain_wire::note::MAX_BYTES;

use super::super::super::samples::{files, list_anew};
use super::super::signed::{MAX_CHECKPOINT_BYTES, MAX_KEYS_BYTES};
use super::*;

#[test]
fn no_flipped_bit_passes_anywhere() {
    let sample = Sample::cosigned_twice();
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
    let sample = Sample::cosigned_twice();
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
fn every_file_is_the_one_that_the_manifest_lists() {
    let sample = Sample::cosigned_twice();
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
    for extra in ["x", "cosigned", ".hidden", "attachments/x", "attachments/MANIFEST", "checkpoint~"] {
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
    let sample = Sample::cosigned_twice();
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
    let sample = Sample::cosigned_twice();
    for (file, limit) in [
        ("MANIFEST", MAX_BYTES),
        ("keys.txt", MAX_KEYS_BYTES),
        ("checkpoint", MAX_CHECKPOINT_BYTES),
        ("cosigned", MAX_CHECKPOINT_BYTES),
    ] {
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
