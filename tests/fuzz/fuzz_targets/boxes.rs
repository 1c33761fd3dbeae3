//! Box sets and single boxes. The set that a head names is that one alone, and no box is shown to be in it that is not.
#![no_main]

use std::sync::LazyLock;

use curtain_fuzz::{circle, hush, mutated, watch, with_sign};
use curtain_wire::boxes::{BoxError, BoxSet, BoxesHead, OneBox, RECORD_BYTES};
use curtain_wire::canonical;
use curtain_wire::hash::Sha256;
use curtain_wire::tree::{leaf_hash, root};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

static SET: LazyLock<BoxSet> = LazyLock::new(circle::box_set);

fuzz_target!(init: hush(), |bytes: &[u8]| watch(|| {
    set(bytes);
    one(bytes);
}));

fn set(bytes: &[u8]) {
    match BoxSet::parse(bytes.to_vec(), &SET.head()) {
        Ok(set) => assert!(set == *SET),
        Err(error) => plain(error),
    }
    // Under the head that the bytes themselves give.
    let records: Vec<&[u8]> = bytes.get(1..).unwrap_or_default().chunks(RECORD_BYTES).collect();
    let leaves: Vec<_> = records.iter().map(|record| leaf_hash(record)).collect();
    let head = BoxesHead { count: records.len() as u64, root: Sha256(root(&leaves).0) };
    let ascend = records.is_sorted_by(|one, next| one[..32.min(one.len())] < next[..32.min(next.len())]);
    let whole = records.iter().all(|record| record.len() == RECORD_BYTES);
    match BoxSet::parse(bytes.to_vec(), &head) {
        Ok(set) => {
            assert!(bytes[0] == 1 && whole && ascend);
            assert_eq!((set.as_bytes(), set.head()), (bytes, head));
            let mut found = Vec::new();
            for record in &records {
                let recipient = Sha256(*record.first_chunk().expect("a whole record"));
                let one = set.one(&recipient).expect("it has a box");
                let record = one.verify(&head, &recipient).expect("it is in the set");
                let read = canonical::from_bytes(&canonical::to_bytes(&one), OneBox::MAX_BYTES);
                assert_eq!(read.as_ref(), Ok(&one));
                found.push(record);
            }
            found.reverse();
            assert!(BoxSet::new(found) == Ok(set));
        }
        Err(error) => {
            plain(error);
            assert!(!whole || !ascend || bytes.first() != Some(&1));
        }
    }
}

fn one(bytes: &[u8]) {
    let Ok(one) = canonical::from_bytes::<OneBox>(bytes, OneBox::MAX_BYTES) else { return };
    assert_eq!(canonical::to_bytes(&one), bytes);
    let Some(recipient) = one.record.0.first_chunk().copied().map(Sha256) else {
        return assert!(one.verify(&SET.head(), &Sha256([0; 32])).is_err());
    };
    for count in [0, 1, 5, 10_000, 10_001, u64::MAX] {
        match one.verify(&BoxesHead { count, ..SET.head() }, &recipient) {
            Ok(record) => {
                let right = SET.one(&recipient).expect("nobody else has a box");
                assert_eq!((count, &one), (5, &right));
                assert_eq!(record.recipient(), recipient);
                assert!(one.verify(&SET.head(), &Sha256([0; 32])).is_err());
            }
            Err(error) => plain(error),
        }
    }
}

fn plain(error: BoxError) {
    assert!(!error.code().is_empty() && !error.to_string().contains(char::is_control));
}

fuzz_mutator!(|file: &mut [u8], size: usize, max_size: usize, seed: u32| {
    watch(|| mutate(file, size, max_size, seed))
});

fn mutate(file: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let choice = seed >> 4;
    let made = match seed % 16 {
        0 => Some(SET.as_bytes().to_vec()),
        1 => Some(single(choice)),
        2 => Some(with_sign(&single(choice >> 16), choice)),
        3..=4 => Some(with_sign(&file[..size], choice)),
        5..=7 => moved(&file[..size], choice),
        _ => None,
    };
    mutated(file, size, max_size, made)
}

fn single(choice: u32) -> Vec<u8> {
    let at = 1 + choice as usize % 5 * RECORD_BYTES;
    let recipient = SET.as_bytes()[at..].first_chunk().copied().map(Sha256).expect("five records");
    canonical::to_bytes(&SET.one(&recipient).expect("it has a box"))
}

/// One record left out, twice, or in place of another.
fn moved(set: &[u8], choice: u32) -> Option<Vec<u8>> {
    let (suite, records) = set.split_first()?;
    let mut records: Vec<&[u8]> = records.chunks(RECORD_BYTES).collect();
    let (from, to) = (choice as usize >> 2, choice as usize >> 12);
    let record = *records.get(from % records.len().max(1))?;
    let to = to % records.len();
    match choice % 3 {
        0 => drop(records.remove(to)),
        1 => records.insert(to, record),
        _ => records[to] = record,
    }
    Some([&[*suite], &*records.concat()].concat())
}
