//! Keys, signed notes, checkpoints and proofs. What is read writes back as it was, and no key's word is forged.
#![no_main]

use std::sync::LazyLock;

use curtain_fuzz::{hush, mutated, samples, watch, with_sign};
use curtain_wire::checkpoint::{Checkpoint, log_of, origin};
use curtain_wire::note::{MAX_SIGNATURES, Note, Signature, VerifierKey};
use curtain_wire::proof::Proof;
use curtain_wire::tree::verify_consistency;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

/// What the samples' keys signed.
struct Signed {
    key: VerifierKey,
    witness: VerifierKey,
    leaves: Vec<Vec<u8>>,
    checkpoint: Note,
    manifest: Note,
}

static SIGNED: LazyLock<Signed> = LazyLock::new(|| {
    let leaves = samples::leaves();
    Signed {
        key: samples::key().verifier().clone(),
        witness: samples::witness_key(),
        checkpoint: samples::checkpoint(&samples::hashes(&leaves)),
        manifest: samples::signed(samples::MANIFEST_TEXT),
        leaves,
    }
});

fuzz_target!(init: hush(), |bytes: &[u8]| watch(|| {
    note(bytes);
    proof(bytes);
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
        assert_eq!(VerifierKey::new(key.name(), key.algorithm(), *key.public_key()), Ok(key));
    }
    if let Ok(signature) = text.parse::<Signature>() {
        assert_eq!(signature.to_string(), text);
    }
    checkpoint(text);
}));

fn note(bytes: &[u8]) {
    let Ok(note) = Note::parse(bytes) else { return };
    assert_eq!(note.to_string().as_bytes(), bytes);
    assert!((1..=MAX_SIGNATURES).contains(&note.signatures().len()));
    assert_eq!(Note::new(note.text().to_owned(), note.signatures().to_vec()).as_ref(), Ok(&note));
    for signature in note.signatures() {
        assert_eq!(signature.to_string().parse().as_ref(), Ok(signature));
    }
    let known = |signed: &Note| note.text() == signed.text();
    if note.verify(&SIGNED.key).is_ok() {
        assert!(known(&SIGNED.checkpoint) || known(&SIGNED.manifest), "the log signed nothing else");
    }
    if note.verify(&SIGNED.witness).is_ok() {
        assert!(known(&SIGNED.checkpoint), "the witness signed nothing else");
    }
    assert!(Checkpoint::signed(&note, &SIGNED.witness).is_err(), "a witness is no log");
    checkpoint(note.text());
}

fn checkpoint(text: &str) {
    let Ok(checkpoint) = text.parse::<Checkpoint>() else { return };
    assert_eq!(checkpoint.to_string(), text);
    assert_eq!(log_of(&origin(checkpoint.log)), Some(checkpoint.log));
}

fn proof(bytes: &[u8]) {
    let Ok(proof) = Proof::parse(bytes) else { return };
    assert_eq!(proof.to_string().as_bytes(), bytes);
    for (n, leaf) in SIGNED.leaves.iter().enumerate() {
        if let Ok(checkpoint) = proof.verify(leaf, &SIGNED.key) {
            let right = samples::proof(n as u64);
            assert_eq!((proof.index, &proof.hashes), (right.index, &right.hashes));
            assert_eq!(checkpoint.to_string(), SIGNED.checkpoint.text());
        }
    }
    // Any hashes and sizes: nothing but a refusal may come of them.
    if let Ok(Checkpoint { size, root, .. }) = proof.checkpoint.text().parse() {
        let old = proof.hashes.first().copied().unwrap_or(root);
        if verify_consistency(proof.index, old, size, root, &proof.hashes).is_ok() {
            assert!(proof.index <= size);
        }
    }
}

fuzz_mutator!(|file: &mut [u8], size: usize, max_size: usize, seed: u32| {
    watch(|| mutate(file, size, max_size, seed))
});

fn mutate(file: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let choice = seed >> 4;
    let made = match seed % 16 {
        0 => Some(samples::note(choice)),
        1 => Some(with_sign(&samples::note(choice >> 16), choice)),
        2..=4 => Some(with_sign(&file[..size], choice)),
        _ => None,
    };
    mutated(file, size, max_size, made)
}
