//! An evidence folder of which a stranger wrote one file, without the log's key or with it.
#![no_main]

use std::sync::LazyLock;

use curtain_fuzz::folder::{FILES, Folder, SEEN};
use curtain_fuzz::hash::Sha256;
use curtain_fuzz::ledger::leaf::Leaf;
use curtain_fuzz::ledger::verify::{Completeness, Expectations, Integrity, Report, Signer};
use curtain_fuzz::{hush, mutated, samples, watch, with_sign};
use curtain_wire::note::Note;
use curtain_wire::tree::{Hash, root};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

/// Records that the log had when someone else saw it.
const EARLIER: usize = 5;

static FOLDER: LazyLock<Folder> = LazyLock::new(Folder::make);
static SINCE: LazyLock<Note> =
    LazyLock::new(|| samples::checkpoint(&samples::hashes(&samples::leaves()[..EARLIER])));

/// What the second byte of a case says: the log's key signs anew, these are expected.
const ANEW: u8 = 1;
const KEY: u8 = 2;
const WITNESS: u8 = 4;
const SINCE_EARLIER: u8 = 8;

// The first byte chooses the file, the second is flags, and the file's bytes follow.
fuzz_target!(init: hush(), |case: &[u8]| watch(|| {
    let Some((&[place, flags], bytes)) = case.split_first_chunk() else { return };
    let (path, was) = FOLDER.file(usize::from(place) % FILES);
    let since = SINCE.to_string();
    let expected = Expectations {
        since: (flags & SINCE_EARLIER != 0).then_some(since.as_bytes()),
        key: (flags & KEY != 0).then(|| samples::key().verifier().clone()),
        witness: (flags & WITNESS != 0).then(samples::witness_key),
    };
    let anew = flags & ANEW != 0;
    let changes = if anew { FOLDER.signed_anew(path, bytes) } else { vec![(path, bytes.to_vec())] };
    let Ok(report) = FOLDER.verify_with(&changes, &expected) else { return };
    assert_consistent(&report, &expected);
    if !anew {
        assert_eq!(report.integrity == Integrity::Intact, bytes == was, "{path}: {report:?}");
    }
    if report.integrity == Integrity::Intact {
        let changed = |path| changes.iter().find(|(name, _)| *name == path).map(|(_, bytes)| bytes.as_slice());
        let file = |path| changed(path).unwrap_or_else(|| FOLDER.bytes(path));
        assert_sound(&report, file("leaves.jsonl"), file("hashes.txt"), &expected);
    }
}));

/// A report says nothing of a broken folder but that it is, and proves only what was expected.
fn assert_consistent(report: &Report, expected: &Expectations<'_>) {
    let authenticated = report.signer == Signer::Authenticated;
    if let Integrity::Broken { what, .. } = report.integrity {
        assert!(!what.to_string().contains(char::is_control));
        assert!(!authenticated && report.scope.is_none() && report.gap.is_none());
    } else {
        assert_eq!(authenticated, expected.key.is_some());
        assert!(report.scope.is_some());
    }
    match &report.completeness {
        Completeness::Since { .. } => assert!(expected.since.is_some()),
        Completeness::Cosigned { .. } => assert!(expected.witness.is_some()),
        Completeness::SinceAndCosigned { .. } => {
            assert!(expected.since.is_some() && expected.witness.is_some());
        }
        Completeness::NotProven { why } => assert!(!why.to_string().is_empty()),
    }
}

/// What an intact folder says is so, looked at again in the simplest way.
fn assert_sound(report: &Report, leaves: &[u8], hashes: &[u8], expected: &Expectations<'_>) {
    let scope = report.scope.expect("it is intact");
    let lines = str::from_utf8(hashes).expect("hexadecimal digits").lines();
    let hashes: Vec<Hash> =
        lines.map(|line| Hash(line.parse::<Sha256>().expect("hashes alone are intact").0)).collect();
    assert_eq!(hashes.len() as u64, scope.size);
    let leaves = str::from_utf8(leaves).expect("records are JSON").lines();
    let read: Vec<Leaf> = leaves.map(|line| Leaf::parse(line.as_bytes()).expect("records")).collect();
    assert!(read.iter().map(|leaf| leaf.n).eq(scope.first..scope.until));
    assert!(read.iter().all(|leaf| leaf.log == samples::LOG));
    assert!(read.is_sorted_by_key(|leaf| leaf.at));
    // What others have seen or signed does not change, whoever holds the log's key.
    let then = |size: usize| root(&samples::hashes(&samples::leaves()[..size]));
    assert_eq!(root(&hashes[..SEEN]), then(SEEN));
    if expected.since.is_some() {
        assert_eq!(root(&hashes[..EARLIER]), then(EARLIER));
    }
    if let Completeness::Cosigned { size, .. } | Completeness::SinceAndCosigned { size, .. } =
        report.completeness
    {
        assert_eq!(size, SEEN as u64);
    }
}

fuzz_mutator!(|file: &mut [u8], size: usize, max_size: usize, seed: u32| {
    watch(|| mutate(file, size, max_size, seed))
});

fn mutate(file: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let choice = seed >> 4;
    let made = match seed % 16 {
        0 => Some(fresh(choice)),
        1 => Some(with_sign(&fresh(choice >> 16), choice)),
        2..=4 => Some(with_sign(&file[..size], choice)),
        _ => None,
    };
    mutated(file, size, max_size, made)
}

/// A file as it is, or as the text that is signed.
fn fresh(choice: u32) -> Vec<u8> {
    let [place, flags, ..] = choice.to_le_bytes();
    let (path, bytes) = FOLDER.file(usize::from(place) % FILES);
    if path == "MANIFEST" && flags & ANEW != 0 {
        let note = Note::parse(bytes).expect("a signed manifest");
        return [&[place, flags], note.text().as_bytes()].concat();
    }
    [&[place, flags], bytes].concat()
}
