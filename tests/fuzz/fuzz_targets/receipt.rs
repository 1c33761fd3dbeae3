//! A receipt's file and the text of its square code. What is read is the one way to write it, and is proven.
#![no_main]

use std::sync::LazyLock;

use curtain_fuzz::ledger::leaf::{Event, Leaf};
use curtain_fuzz::receipt::{from_json, parse_qr};
use curtain_fuzz::{hush, mutated, samples, watch, with_sign, words};
use curtain_wire::note::VerifierKey;
use curtain_wire::proof::Proof;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

static KEY: LazyLock<VerifierKey> = LazyLock::new(|| samples::key().verifier().clone());

fuzz_target!(init: hush(), |bytes: &[u8]| watch(|| {
    match from_json(bytes) {
        Ok(evidence) => {
            assert!(is_only_writing(bytes));
            let key: VerifierKey = evidence.log_key.parse().expect("the key was used");
            assert_eq!(key.to_string(), evidence.log_key);
            let proof = linked(&evidence.leaf, &evidence.proof);
            assert!(proof.verify(evidence.leaf.as_bytes(), &key).is_ok());
            // The fuzzer has no key of its own.
            assert!(key == *KEY && samples::leaves().contains(&evidence.leaf.into_bytes()));
        }
        Err(error) => assert!(!error.to_string().contains(char::is_control)),
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(code) = parse_qr(text) {
        assert_eq!(format!("curtain/v1/receipt\n{}\n{}\n", code.leaf, code.proof), text);
        linked(&code.leaf, &code.proof);
    }
}));

/// The proof, which must be written as it is read, like the leaf, and be of a grant.
fn linked(leaf: &str, proof: &str) -> Proof {
    let read = Leaf::parse(leaf.as_bytes()).expect("a canonical leaf");
    assert!(matches!(read.event, Event::Grant { .. }));
    let parsed = Proof::parse(proof.as_bytes()).expect("a proof");
    assert_eq!(parsed.to_string(), proof);
    assert_eq!((parsed.index, &parsed.extra), (read.n, &None));
    parsed
}

/// Whether the same values, written afresh, take the same bytes: in another order, since that is lost in between.
fn is_only_writing(bytes: &[u8]) -> bool {
    let value: serde_json::Value = serde_json::from_slice(bytes).expect("it was read");
    let mut again = serde_json::to_vec_pretty(&value).expect("it was JSON");
    again.push(b'\n');
    let mut was = bytes.to_vec();
    was.sort_unstable();
    again.sort_unstable();
    was == again && from_json(&[bytes, b" "].concat()).is_err()
}

fuzz_mutator!(|file: &mut [u8], size: usize, max_size: usize, seed: u32| {
    watch(|| mutate(file, size, max_size, seed))
});

fn mutate(file: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let choice = seed >> 4;
    let made = match seed % 16 {
        0 => Some(samples::receipt(choice, &words(&file[..size]))),
        1 => Some(with_sign(&samples::receipt(choice >> 16, &words(&file[..size])), choice)),
        2..=4 => Some(with_sign(&file[..size], choice)),
        _ => None,
    };
    mutated(file, size, max_size, made)
}
