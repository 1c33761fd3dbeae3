//! Vectors that Curtain did not make: `fixtures/sealed/make.py` writes them, with Python's `cryptography`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use curtain_wire::hash::Sha256;
use curtain_wire::padme::padme;
use serde::Deserialize;

use super::derive::{Context, LABELS, LINES, context, derive_key, derive_object_key, derive_recovery, info};
use super::kem::{self, SecretKey};
use super::padding::{pad, total_len, unpad};
use super::stream::{Key, open, open_stream, seal_salted, sealed_len};

#[derive(Deserialize)]
struct Vectors {
    streams: Vec<Stream>,
    padme: Vec<(u64, u64)>,
    padded_lengths: Vec<(u64, u64)>,
    paddings: Vec<Padding>,
    hpke: Vec<Message>,
    derived: Derived,
    contexts: Vec<Contexts>,
}

#[derive(Deserialize)]
struct Stream {
    key: String,
    context: String,
    length: u64,
    sha256: Sha256,
    sealed: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Message {
    seed: String,
    public_sha256: Sha256,
    info: String,
    aad: String,
    plaintext: String,
    sealed: String,
    cases: Vec<Case>,
}

/// What opening must say of the group's bytes after the edits, with what else the case has of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    comment: String,
    result: String,
    index: Option<u64>,
    #[serde(default)]
    edits: Vec<Edit>,
    sealed: Option<String>,
    key: Option<String>,
    context: Option<String>,
    seed: Option<String>,
    info: Option<String>,
    aad: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Edit {
    /// Only the first bytes.
    Keep(usize),
    /// More bytes.
    Append(String),
    /// Other bytes.
    Xor { at: usize, with: String },
    /// The header with these chunks.
    Chunks(Vec<usize>),
}

#[derive(Deserialize)]
struct Padding {
    comment: String,
    result: String,
    padded: String,
    /// This many zeros follow.
    zeros: usize,
    content: Option<String>,
}

#[derive(Deserialize)]
struct Derived {
    key: String,
    labels: BTreeMap<String, String>,
    objects: BTreeMap<u32, String>,
    recovery: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Contexts {
    line: String,
    value: serde_json::Value,
    info: String,
    context: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../../fixtures/sealed/vectors.json")).unwrap()
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

impl Case {
    fn edited(&self, group: &[u8]) -> Vec<u8> {
        let mut sealed = self.sealed.as_deref().map_or_else(|| group.to_vec(), base64);
        for edit in &self.edits {
            match edit {
                Edit::Keep(len) => sealed.truncate(*len),
                Edit::Append(more) => sealed.extend(bytes(more)),
                Edit::Xor { at, with } => {
                    let with = bytes(with);
                    sealed[*at..][..with.len()].iter_mut().zip(with).for_each(|(byte, with)| *byte ^= with);
                }
                Edit::Chunks(order) => {
                    let (header, rest) = sealed.split_at(57);
                    let chunks: Vec<&[u8]> = rest.chunks(16_400).collect();
                    let chunks: Vec<&[u8]> = order.iter().map(|&index| chunks[index]).collect();
                    sealed = [header, &chunks.concat()].concat();
                }
            }
        }
        sealed
    }
}

#[test]
fn streams_open_or_say_why_not() {
    let mut seen = 0;
    for group in vectors().streams {
        let sealed = base64(&group.sealed);
        assert_eq!(Some(sealed.len() as u64), sealed_len(group.length));
        let (key, context) = (Key::new(array(&group.key)), Context(array(&group.context)));
        let plaintext = open(&key, &context, &sealed).unwrap();
        assert_eq!((plaintext.len() as u64, Sha256::of(&plaintext)), (group.length, group.sha256));
        let salt = sealed[1..25].try_into().unwrap();
        assert_eq!(seal_salted(&key, &context, &plaintext, &salt).unwrap(), sealed);
        for case in &group.cases {
            let sealed = case.edited(&sealed);
            let key = Key::new(array(case.key.as_ref().unwrap_or(&group.key)));
            let context = Context(array(case.context.as_ref().unwrap_or(&group.context)));
            let opened = open(&key, &context, &sealed);
            let mut streamed = Vec::new();
            let stream = open_stream(&key, &context, &sealed[..], &mut streamed);
            if case.result == "valid" {
                assert_eq!(*opened.unwrap(), *plaintext, "{}", case.comment);
                assert_eq!(streamed, *plaintext);
                continue;
            }
            let error = opened.unwrap_err();
            assert_eq!(error.code(), case.result, "{}", case.comment);
            assert_eq!(stream.unwrap_err().code(), case.result, "{}", case.comment);
            let index = match error {
                super::stream::OpenError::Chunk { index } => Some(index),
                _ => None,
            };
            assert_eq!(index, case.index, "{}", case.comment);
            assert!(plaintext.starts_with(&streamed), "{}", case.comment);
            seen += 1;
        }
    }
    assert!(seen > 90, "{seen} cases");
}

#[test]
fn messages_open_or_say_why_not() {
    for group in vectors().hpke {
        let (sealed, plaintext) = (base64(&group.sealed), bytes(&group.plaintext));
        let key = SecretKey::from_seed(array(&group.seed));
        assert_eq!(key.public().recipient(), group.public_sha256);
        let opened = kem::open(&key, &bytes(&group.info), &bytes(&group.aad), &sealed);
        assert_eq!(*opened.unwrap(), plaintext);
        for case in &group.cases {
            let key = SecretKey::from_seed(array(case.seed.as_ref().unwrap_or(&group.seed)));
            let info = bytes(case.info.as_ref().unwrap_or(&group.info));
            let aad = bytes(case.aad.as_ref().unwrap_or(&group.aad));
            let error = kem::open(&key, &info, &aad, &case.edited(&sealed)).unwrap_err();
            assert_eq!(error.code(), case.result, "{}", case.comment);
        }
    }
}

#[test]
fn paddings_are_taken_off_or_say_why_not() {
    for (len, padded) in vectors().padme {
        assert_eq!(padme(len), padded, "{len}");
    }
    for (len, padded) in vectors().padded_lengths {
        assert_eq!(total_len(len), padded, "{len}");
    }
    for case in vectors().paddings {
        let mut padded = bytes(&case.padded);
        padded.resize(padded.len() + case.zeros, 0);
        match unpad(&padded) {
            Ok(content) => {
                assert_eq!(content, bytes(&case.content.unwrap()), "{}", case.comment);
                assert_eq!(*pad(content), padded);
                assert_eq!(case.result, "valid");
            }
            Err(error) => assert_eq!(error.code(), case.result, "{}", case.comment),
        }
    }
}

#[test]
fn every_derived_key_is_the_same_elsewhere() {
    let derived = vectors().derived;
    let key = Key::new(array(&derived.key));
    for label in LABELS {
        assert_eq!(hex::encode(derive_key(&key, *label).bytes()), derived.labels[label.text()]);
    }
    for (index, expected) in derived.objects {
        assert_eq!(hex::encode(derive_object_key(&key, index).bytes()), expected);
    }
    assert_eq!(derived.recovery.len(), 2);
    for (paper, expected) in derived.recovery {
        assert_eq!(hex::encode(derive_recovery(&array(&paper)).bytes()), expected);
    }
}

#[test]
fn every_context_is_the_same_elsewhere() {
    let contexts = vectors().contexts;
    for &line in LINES {
        let expected = contexts.iter().find(|expected| expected.line == line.text()).unwrap();
        assert_eq!(info(line, &expected.value), expected.info.as_bytes());
        assert_eq!(hex::encode(context(line, &expected.value).0), expected.context);
    }
}
