//! Sealed streams, padding and HPKE messages, from vectors that Python made. Every way to open a stream says the same,
//! and nothing opens but what was sealed.
#![no_main]

use std::io::{Cursor, Write as _};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use curtain_fuzz::seal::derive::Context;
use curtain_fuzz::seal::kem::{self, SecretKey};
use curtain_fuzz::seal::padding::{Pad, Unpad, pad, total_len, unpad};
use curtain_fuzz::seal::range::{RangeError, Sealed};
use curtain_fuzz::seal::stream::{self, CHUNK, HEADER, Key, TAG};
use curtain_fuzz::{hush, mutated, watch};
use curtain_wire::padme;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use serde_json::Value;

/// A stream, and what opens it.
struct Stream {
    key: Key,
    context: Context,
    sealed: Vec<u8>,
    plain: Vec<u8>,
}

/// A message, and what opens it.
struct Message {
    key: SecretKey,
    info: Vec<u8>,
    aad: Vec<u8>,
    sealed: Vec<u8>,
    plain: Vec<u8>,
}

static VECTORS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../fixtures/sealed/vectors.json")).expect("a file of ours")
});

static STREAMS: LazyLock<Vec<Stream>> = LazyLock::new(|| {
    let streams = VECTORS["streams"].as_array().expect("streams").iter();
    let read = |group: &Value| {
        let (key, context) = (Key::new(array(&group["key"])), Context(array(&group["context"])));
        let sealed = base64(&group["sealed"]);
        let plain = stream::open(&key, &context, &sealed).expect("a vector").to_vec();
        Stream { key, context, sealed, plain }
    };
    streams.map(read).collect()
});

static MESSAGES: LazyLock<Vec<Message>> = LazyLock::new(|| {
    let messages = VECTORS["hpke"].as_array().expect("messages").iter();
    let read = |group: &Value| Message {
        key: SecretKey::from_seed(array(&group["seed"])),
        info: hex(&group["info"]),
        aad: hex(&group["aad"]),
        sealed: base64(&group["sealed"]),
        plain: hex(&group["plaintext"]),
    };
    messages.map(read).collect()
});

// The first byte says as what the rest is read.
fuzz_target!(init: hush(), |case: &[u8]| watch(|| {
    let Some((&kind, bytes)) = case.split_first() else { return };
    match usize::from(kind) % 10 {
        0..=5 => opened(bytes, &STREAMS[usize::from(kind) % 10]),
        6 | 7 => message(bytes, &MESSAGES[usize::from(kind) % 10 - 6]),
        _ => padded(bytes),
    }
}));

fn opened(bytes: &[u8], right: &Stream) {
    let Stream { key, context, sealed, plain } = right;
    let mut streamed = Vec::new();
    let stream = stream::open_stream(key, context, bytes, &mut streamed);
    let range = Sealed::open(key, context, Cursor::new(bytes)).map_err(RangeError::from);
    let ranged = range.and_then(|mut sealed| {
        let len = sealed.len();
        // A part is what it is in the whole, if that can be had.
        let (start, end) = (len / 3, len - len / 7);
        let part = sealed.range(start..end);
        let whole = sealed.range(0..len)?;
        let place = |at: u64| usize::try_from(at).expect("in memory");
        assert!(part.is_ok_and(|part| part[..] == whole[place(start)..place(end)]));
        assert!(sealed.range(0..len + 1).is_err());
        Ok(whole)
    });
    match stream::open(key, context, bytes) {
        Ok(found) => {
            assert_eq!((bytes, &*found), (&**sealed, plain), "nothing else was sealed under this key");
            assert_eq!(stream.expect("it opens"), found.len() as u64);
            assert_eq!(streamed, *plain);
            assert_eq!(ranged.expect("it opens").as_slice(), plain);
            assert_eq!(padme::stream_len(plain.len() as u64), Some(bytes.len() as u64));
        }
        Err(error) => {
            assert!(!error.to_string().contains(char::is_control));
            assert_eq!(stream.expect_err("it does not open").code(), error.code());
            assert!(ranged.is_err());
            // What was let out until then is a verified beginning.
            assert!(plain.starts_with(&streamed) && streamed.len() % CHUNK == 0);
        }
    }
}

fn message(bytes: &[u8], right: &Message) {
    let Message { key, info, aad, sealed, plain } = right;
    match kem::open(key, info, aad, bytes) {
        Ok(found) => assert_eq!((bytes, &*found), (&**sealed, plain), "nothing else was sealed to this key"),
        Err(error) => assert!(bytes != sealed && !error.code().is_empty()),
    }
}

fn padded(bytes: &[u8]) {
    let mut streamed = Unpad::new(Vec::new());
    let written = bytes.chunks(100).try_for_each(|piece| streamed.write_all(piece));
    let streamed = written.ok().and_then(|()| streamed.finish().ok());
    match unpad(bytes) {
        Ok(content) => {
            assert_eq!(*pad(content), bytes);
            assert_eq!(streamed.expect("both ways"), (content.to_vec(), content.len() as u64));
            assert!(padme::is_sealed_len(padme::stream_len(bytes.len() as u64).expect("a short stream")));
        }
        Err(error) => assert!(streamed.is_none() && !error.code().is_empty()),
    }
    // As a content: padded alike in one go and in pieces.
    let (mut pieces, whole) = (Vec::new(), pad(bytes));
    let len = std::io::copy(&mut Pad::new(bytes, bytes.len() as u64), &mut pieces).expect("in memory");
    assert_eq!((len, total_len(bytes.len() as u64)), (whole.len() as u64, whole.len() as u64));
    assert_eq!(pieces, *whole);
    assert_eq!(unpad(&whole), Ok(bytes));
}

fuzz_mutator!(|file: &mut [u8], size: usize, max_size: usize, seed: u32| {
    watch(|| mutate(file, size, max_size, seed))
});

fn mutate(file: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let choice = seed >> 4;
    let made = match seed % 16 {
        0..=1 => Some(fresh(choice)),
        2..=4 => moved(&file[..size], choice),
        5 => Some(file[..choice as usize % (size + 1)].to_vec()),
        _ => None,
    };
    mutated(file, size, max_size, made)
}

fn fresh(choice: u32) -> Vec<u8> {
    let kind = choice.to_le_bytes()[0] % 10;
    let bytes = match usize::from(kind) {
        group @ 0..=5 => STREAMS[group].sealed.clone(),
        group @ 6..=7 => MESSAGES[group - 6].sealed.clone(),
        _ => pad(&STREAMS[2].plain[..(choice >> 8) as usize % 33]).to_vec(),
    };
    [&[kind], &*bytes].concat()
}

/// A chunk left out, twice, or in place of another.
fn moved(case: &[u8], choice: u32) -> Option<Vec<u8>> {
    let (header, chunks) = case.split_at_checked(1 + HEADER)?;
    let mut chunks: Vec<&[u8]> = chunks.chunks(CHUNK + TAG).collect();
    let (from, to) = (choice as usize >> 2, choice as usize >> 12);
    let chunk = *chunks.get(from % chunks.len().max(1))?;
    let to = to % chunks.len();
    match choice % 3 {
        0 => drop(chunks.remove(to)),
        1 => chunks.insert(to, chunk),
        _ => chunks[to] = chunk,
    }
    Some([header, &chunks.concat()].concat())
}

fn hex(text: &Value) -> Vec<u8> {
    hex::decode(text.as_str().expect("a text")).expect("hexadecimal digits")
}

fn array(text: &Value) -> [u8; 32] {
    hex(text).try_into().expect("32 bytes")
}

fn base64(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().expect("a text")).expect("base64")
}
