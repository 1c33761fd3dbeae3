use std::io::Cursor;

use super::*;
use crate::seal::range::{RangeError, Sealed};

const CONTEXT: Context = Context([3; 32]);
/// Around every edge of a chunk.
const LENGTHS: [usize; 6] = [0, 1, 16_383, 16_384, 16_385, 40_000];

fn key() -> Key {
    Key::new([1; 32])
}

fn plaintext(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect()
}

fn sealed(len: usize) -> Vec<u8> {
    seal_salted(&key(), &CONTEXT, &plaintext(len), &[2; SALT]).unwrap()
}

/// What all three ways of opening say, which must be one: at once, as a stream, by parts.
fn opened(bytes: &[u8]) -> Result<Vec<u8>, OpenError> {
    let at_once = open(&key(), &CONTEXT, bytes);
    let mut to = Vec::new();
    match (&at_once, open_stream(&key(), &CONTEXT, bytes, &mut to)) {
        (Ok(plaintext), Ok(len)) => {
            assert_eq!(to.len() as u64, len);
            assert_eq!(**plaintext, to);
        }
        (Err(expected), Err(OpenStreamError::Open(found))) => assert_eq!(*expected, found),
        (_, found) => panic!("{found:?}"),
    }
    let parts =
        Sealed::open(&key(), &CONTEXT, Cursor::new(bytes)).map_err(RangeError::from).and_then(|mut parts| {
            let len = parts.len();
            parts.range(0..len)
        });
    assert_eq!(at_once.is_ok(), parts.is_ok(), "{parts:?}");
    at_once.map(|plaintext| plaintext.to_vec())
}

/// The sealed chunks of a stream.
fn chunks(sealed: &[u8]) -> Vec<&[u8]> {
    sealed[HEADER..].chunks(SEALED_CHUNK).collect()
}

fn joined(header: &[u8], chunks: &[&[u8]]) -> Vec<u8> {
    [&header[..HEADER], &chunks.concat()].concat()
}

#[test]
fn what_is_sealed_opens() {
    let random = SystemRandom::new();
    for len in LENGTHS {
        let plaintext = plaintext(len);
        let sealed = seal(&key(), &CONTEXT, &plaintext, &random).unwrap();
        assert_eq!(Some(sealed.len() as u64), sealed_len(len as u64));
        assert_eq!(opened(&sealed).unwrap(), plaintext);
        let mut streamed = Vec::new();
        let written = seal_stream(&key(), &CONTEXT, &plaintext[..], &mut streamed, &random).unwrap();
        assert_eq!(written, streamed.len() as u64);
        assert_eq!(opened(&streamed).unwrap(), plaintext);
        assert_ne!(sealed[1..=SALT], streamed[1..=SALT], "a salt never repeats");
    }
    let wrap = seal(&key(), &CONTEXT, key().bytes(), &random).unwrap();
    assert_eq!(wrap.len(), 105);
}

#[test]
fn a_source_that_gives_little_at_a_time_makes_the_same_stream() {
    struct Slow<'a>(&'a [u8]);
    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = buffer.len().min(7);
            self.0.read(&mut buffer[..len])
        }
    }
    let plaintext = plaintext(40_000);
    let mut slow = Vec::new();
    seal_stream(&key(), &CONTEXT, Slow(&plaintext), &mut slow, &SystemRandom::new()).unwrap();
    let salt = slow[1..=SALT].try_into().unwrap();
    assert_eq!(slow, seal_salted(&key(), &CONTEXT, &plaintext, &salt).unwrap());
    let mut back = Vec::new();
    open_stream(&key(), &CONTEXT, Slow(&slow), &mut back).unwrap();
    assert_eq!(back, plaintext);
}

#[test]
fn every_changed_byte_is_its_own_error() {
    for len in LENGTHS {
        let mut bytes = sealed(len);
        for at in 0..bytes.len() {
            let flip = 1 << (at % 8);
            bytes[at] ^= flip;
            let expected = match at {
                0 => OpenError::UnknownSuite(UnknownSuite(0)),
                1..HEADER => OpenError::WrongKeyOrContext,
                _ => OpenError::Chunk { index: ((at - HEADER) / SEALED_CHUNK) as u64 },
            };
            assert_eq!(open(&key(), &CONTEXT, &bytes).unwrap_err(), expected, "byte {at}");
            if at < 2 * HEADER || at % 997 == 0 {
                assert_eq!(opened(&bytes), Err(expected), "byte {at}");
            }
            bytes[at] ^= flip;
        }
        assert!(open(&key(), &CONTEXT, &bytes).is_ok());
    }
}

#[test]
fn every_cut_is_an_error() {
    for len in [0, 1, 100, 16_384, 40_000] {
        let bytes = sealed(len);
        for end in 0..bytes.len() {
            let into = end.saturating_sub(HEADER);
            let expected = match into % SEALED_CHUNK {
                _ if end < HEADER => OpenError::TooShort,
                0 => OpenError::Truncated,
                1..TAG => OpenError::Fragment,
                _ => OpenError::Chunk { index: (into / SEALED_CHUNK) as u64 },
            };
            assert_eq!(
                open(&key(), &CONTEXT, &bytes[..end]).unwrap_err(),
                expected,
                "{end} of {}",
                bytes.len()
            );
            if end < 300 || into % SEALED_CHUNK < 2 * TAG || end % 499 == 0 {
                assert_eq!(opened(&bytes[..end]), Err(expected));
            }
        }
    }
}

#[test]
fn what_is_appended_is_an_error() {
    for len in LENGTHS {
        for appended in [1, 15, 16, 17, SEALED_CHUNK] {
            let mut bytes = sealed(len);
            bytes.resize(bytes.len() + appended, 0);
            assert!(matches!(opened(&bytes), Err(OpenError::Chunk { .. })), "{len} {appended}");
        }
    }
    let full = sealed(2 * CHUNK);
    let mut bytes = full[..full.len() - TAG].to_vec();
    bytes.push(0);
    assert_eq!(opened(&bytes), Err(OpenError::Fragment));
}

#[test]
fn chunks_hold_at_their_place_of_their_stream_alone() {
    let one = sealed(40_000);
    let other = seal_salted(&key(), &CONTEXT, &plaintext(40_000), &[9; SALT]).unwrap();
    let (a, b) = (chunks(&one), chunks(&other));
    assert_eq!(opened(&joined(&one, &a)).unwrap(), plaintext(40_000));
    for (mixed, index) in [
        (vec![a[1], a[0], a[2]], 0),
        (vec![a[0], a[0], a[2]], 1),
        (vec![a[0], a[1], a[1], a[2]], 2),
        (vec![a[0], a[2]], 1),
        (vec![a[2]], 0),
        (vec![a[1], a[2]], 0),
        (vec![b[0], a[1], a[2]], 0),
        (vec![a[0], b[1], a[2]], 1),
        (vec![a[0], a[1], b[2]], 2),
    ] {
        assert_eq!(opened(&joined(&one, &mixed)), Err(OpenError::Chunk { index }));
    }
    assert_eq!(opened(&joined(&one, &a[..2])), Err(OpenError::Truncated));
    assert_eq!(opened(&joined(&other, &a)), Err(OpenError::Chunk { index: 0 }));
    let mut foreign = one.clone();
    foreign[1..=SALT].copy_from_slice(&other[1..=SALT]);
    assert_eq!(opened(&foreign), Err(OpenError::WrongKeyOrContext));
}

#[test]
fn another_key_or_context_does_not_open() {
    let bytes = sealed(100);
    let wrong = OpenError::WrongKeyOrContext;
    assert_eq!(open(&Key::new([8; 32]), &CONTEXT, &bytes).unwrap_err(), wrong);
    assert_eq!(open(&key(), &Context([8; 32]), &bytes).unwrap_err(), wrong);
}

#[test]
fn a_cut_stream_has_released_a_verified_beginning() {
    let bytes = sealed(40_000);
    let mut to = Vec::new();
    let result = open_stream(&key(), &CONTEXT, &bytes[..HEADER + 2 * SEALED_CHUNK], &mut to);
    assert!(matches!(result, Err(OpenStreamError::Open(OpenError::Truncated))));
    assert_eq!(to, plaintext(2 * CHUNK));
}

#[test]
fn single_chunks_open_in_any_order() {
    let mut bytes = sealed(40_000);
    let opener = Opener::new(&key(), &CONTEXT, &bytes).unwrap();
    let whole = plaintext(40_000);
    for index in [2, 0, 1] {
        let (start, place) =
            (HEADER + index * SEALED_CHUNK, if index == 2 { Place::Last } else { Place::NotLast });
        let end = bytes.len().min(start + SEALED_CHUNK);
        let wrong = opener.chunk(index as u64 + 1, &mut bytes.clone()[start..end], place).map(<[u8]>::len);
        assert_eq!(wrong, Err(OpenError::Chunk { index: index as u64 + 1 }));
        let other = if index == 2 { Place::NotLast } else { Place::Last };
        assert!(opener.chunk(index as u64, &mut bytes.clone()[start..end], other).is_err());
        let chunk = opener.chunk(index as u64, &mut bytes[start..end], place).unwrap();
        assert_eq!(chunk, &whole[index * CHUNK..whole.len().min((index + 1) * CHUNK)]);
    }
    let mut longer = vec![0; SEALED_CHUNK + 1];
    assert_eq!(opener.chunk(0, &mut longer, Place::Last), Err(OpenError::Chunk { index: 0 }));
    assert_eq!(opener.chunk(0, &mut [], Place::NotLast), Err(OpenError::Chunk { index: 0 }));
}

#[test]
fn a_chunk_that_does_not_hold_is_wiped() {
    let mut bytes = sealed(100);
    let opener = Opener::new(&key(), &CONTEXT, &bytes).unwrap();
    bytes[HEADER] ^= 1;
    assert!(opener.chunk(0, &mut bytes[HEADER..], Place::Last).is_err());
    assert!(bytes[HEADER..].iter().all(|&byte| byte == 0));
}

#[test]
fn no_stream_has_more_chunks_than_the_spec_allows() {
    let (keys, header) = begin(&key(), &CONTEXT, &[2; SALT]);
    let opener = Opener::new(&key(), &CONTEXT, &header).unwrap();
    let mut chunk = [7; 100 + TAG];
    let tag = keys.seal(MAX_CHUNKS - 1, &mut chunk[..100]).unwrap();
    chunk[100..].copy_from_slice(&tag);
    assert_eq!(opener.chunk(MAX_CHUNKS - 1, &mut chunk.clone(), Place::Last), Ok(&[7; 100][..]));
    assert_eq!(opener.chunk(MAX_CHUNKS, &mut chunk, Place::Last), Err(OpenError::TooLong));
    assert!(matches!(keys.seal(MAX_CHUNKS, &mut chunk), Err(SealError::TooLong)));
    let longest = MAX_CHUNKS * CHUNK as u64 - 1;
    assert_eq!(sealed_len(longest), Some(HEADER as u64 + longest + MAX_CHUNKS * TAG as u64));
    assert_eq!(sealed_len(longest + 1), None);
    assert_eq!(sealed_len(u64::MAX), None);
}

#[test]
fn a_part_is_the_part_of_the_whole() {
    for len in LENGTHS {
        let (bytes, whole) = (sealed(len), plaintext(len));
        let mut parts = Sealed::open(&key(), &CONTEXT, Cursor::new(&bytes)).unwrap();
        assert_eq!(parts.len(), len as u64);
        let edges = [0, 1, 16_383, 16_384, 16_385, 32_768, 39_999, len];
        for start in edges {
            for end in edges {
                let part = parts.range(start as u64..end as u64);
                if start <= end && end <= len {
                    assert_eq!(part.unwrap()[..], whole[start..end]);
                } else {
                    assert!(matches!(part, Err(RangeError::OutOfRange { len: all }) if all == len as u64));
                }
            }
        }
        assert!(parts.range(0..u64::MAX).is_err());
    }
}

#[test]
fn a_part_is_given_only_of_a_stream_whose_end_is_there() {
    let bytes = sealed(40_000);
    let end = |bytes: &[u8]| match Sealed::open(&key(), &CONTEXT, Cursor::new(bytes)) {
        Err(OpenStreamError::Open(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(end(&bytes[..HEADER + 2 * SEALED_CHUNK]), OpenError::Truncated);
    assert_eq!(end(&bytes[..bytes.len() - 1]), OpenError::Chunk { index: 2 });
    // A changed chunk spoils its own part alone.
    let mut changed = bytes.clone();
    changed[HEADER + SEALED_CHUNK] ^= 1;
    let mut parts = Sealed::open(&key(), &CONTEXT, Cursor::new(&changed)).unwrap();
    assert_eq!(parts.range(0..16_384).unwrap()[..], plaintext(40_000)[..16_384]);
    let error = parts.range(16_383..16_385).unwrap_err();
    assert_eq!(error.code(), "chunk");
}

#[test]
fn a_place_that_fails_is_an_error_of_its_own() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::Other.into())
        }
    }
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let random = SystemRandom::new();
    let sealing = |from: &mut dyn Read, to: &mut dyn Write| seal_stream(&key(), &CONTEXT, from, to, &random);
    assert!(matches!(sealing(&mut Broken, &mut Vec::new()), Err(SealError::Read(_))));
    assert!(matches!(sealing(&mut &[1][..], &mut Broken), Err(SealError::Write(_))));
    let bytes = sealed(5);
    let opening = |from: &mut dyn Read, to: &mut dyn Write| open_stream(&key(), &CONTEXT, from, to);
    assert!(matches!(opening(&mut Broken, &mut Vec::new()), Err(OpenStreamError::Read(_))));
    assert!(matches!(opening(&mut &bytes[..], &mut Broken), Err(OpenStreamError::Write(_))));
}

#[test]
fn nothing_shows_a_key() {
    assert_eq!(format!("{:?}", key()), "Key(..)");
    assert_eq!(format!("{:?}", Opener::new(&key(), &CONTEXT, &sealed(1)).unwrap()), "Opener(..)");
}
