//! How long sealed things are: padded by Padmé, so that a length says little, and cut into chunks.
//!
//! [Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with PURBs, 2019; algorithm 1]
//! [c2sp.org/chunked-encryption]

/// The length that stands in front of what is padded, in bytes.
pub const LENGTH_BYTES: u64 = 8;

/// Suite byte, salt and commitment, in bytes.
const START_BYTES: u64 = 1 + 24 + 32;

/// Bytes of plaintext in every chunk but the last, which has fewer, perhaps none.
const CHUNK_BYTES: u64 = 16 << 10;

/// The AEAD's tag at the end of each chunk, in bytes.
const TAG_BYTES: u64 = 16;

/// The length to which `len` bytes are padded: at most 12 % more. A padded length stays as it is.
///
/// Above 2^64 - 2^57, where there is no such length in 64 bits, it is `u64::MAX`.
#[must_use]
pub fn padme(len: u64) -> u64 {
    if len < 2 {
        return len;
    }
    let exponent = len.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1 << (exponent - kept)) - 1;
    len.checked_add(mask).map_or(u64::MAX, |reached| reached & !mask)
}

/// Nothing is padded to less than this, in bytes: short events would tell by their length what they are.
pub const FLOOR: u64 = 1 << 10;

/// How long content of `len` bytes is when padded, with its length in front. None above 64 bits.
#[must_use]
pub fn padded_len(len: u64) -> Option<u64> {
    Some(padme(len.checked_add(LENGTH_BYTES)?.max(FLOOR)))
}

/// How long a stream over `plain` bytes is, suite byte included. None above 64 bits.
#[must_use]
pub fn stream_len(plain: u64) -> Option<u64> {
    (plain / CHUNK_BYTES + 1).checked_mul(TAG_BYTES)?.checked_add(START_BYTES)?.checked_add(plain)
}

/// How long `len` bytes are when padded and sealed. None above 64 bits.
#[must_use]
pub fn sealed_len(len: u64) -> Option<u64> {
    stream_len(padded_len(len)?)
}

/// Whether something padded and sealed can be this long.
#[must_use]
pub fn is_sealed_len(len: u64) -> bool {
    let Some(chunks) = len.checked_sub(START_BYTES) else { return false };
    let whole = chunks / (CHUNK_BYTES + TAG_BYTES);
    let Some(last) = (chunks % (CHUNK_BYTES + TAG_BYTES)).checked_sub(TAG_BYTES) else { return false };
    let plain = whole * CHUNK_BYTES + last;
    plain >= FLOOR && padme(plain) == plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_paper() {
        // Floor of log2 is 3 and 2 bits are kept, so steps of 2; and so on.
        for (len, padded) in [
            (0, 0),
            (1, 1),
            (2, 2),
            (7, 7),
            (8, 8),
            (9, 10),
            (10, 10),
            (17, 18),
            (100, 104),
            (1_000, 1_024),
            (1_000_000, 1_015_808),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(padme(len), padded, "{len}");
        }
    }

    #[test]
    fn a_padded_length_stays_and_costs_little() {
        let lens = (0..70_000).chain((17..57).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1]));
        let mut before = 0;
        for len in lens {
            let padded = padme(len);
            assert!(padded >= len && padded >= before, "{len}");
            assert_eq!(padme(padded), padded, "{len}");
            assert!((padded - len) * 100 <= len * 12, "{len}");
            before = padded;
        }
    }

    #[test]
    fn nothing_short_tells_its_length() {
        for len in 0..=1_016 {
            assert_eq!(padded_len(len), Some(FLOOR), "{len}");
        }
        // Above, it is as the paper says of content and length together.
        assert_eq!(padded_len(1_017), Some(1_088));
        for len in 1_017..5_000 {
            assert_eq!(padded_len(len), Some(padme(len + 8)), "{len}");
        }
        assert_eq!((padded_len(u64::MAX - 8), padded_len(u64::MAX - 7)), (Some(u64::MAX), None));
        // A sealed key is not padded: it is no padded length.
        for plain in 0..FLOOR {
            assert!(!is_sealed_len(stream_len(plain).unwrap()), "{plain}");
        }
        assert!(is_sealed_len(stream_len(FLOOR).unwrap()));
    }

    #[test]
    fn exactly_the_lengths_that_can_be_are_taken() {
        let mut possible = std::collections::BTreeSet::new();
        for len in 0..200_000 {
            possible.insert(sealed_len(len).unwrap());
        }
        for len in 0..=200_000 {
            assert_eq!(is_sealed_len(len), possible.contains(&len), "{len}");
        }
        assert_eq!(sealed_len(0), Some(1 + 56 + 1_024 + 16));
        // A last chunk may be empty.
        assert_eq!(sealed_len(16_384 - 8), Some(1 + 56 + 16_384 + 16 + 16));
        assert_eq!(stream_len(32), Some(105));
        assert_eq!((stream_len(u64::MAX), sealed_len(u64::MAX)), (None, None));
        assert!(!is_sealed_len(u64::MAX));
    }
}
