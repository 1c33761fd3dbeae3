//! Reading numbers and pieces out of hostile bytes: every answer is optional, none can panic.

/// `len` bytes from `at`, if all of them are there.
pub(super) fn piece(bytes: &[u8], at: usize, len: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(len)?)
}

/// What is left from `at` on; empty past the end.
pub(super) fn rest(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(at..).unwrap_or_default()
}

/// At most `len` bytes from `at` on; fewer if the bytes end before.
pub(super) fn at_most(bytes: &[u8], at: usize, len: usize) -> &[u8] {
    let rest = rest(bytes, at);
    rest.get(..len).unwrap_or(rest)
}

/// `N` bytes from `at`.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    piece(bytes, at, N)?.try_into().ok()
}

pub(super) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

pub(super) fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

pub(super) fn le24(bytes: &[u8], at: usize) -> Option<u32> {
    let [a, b, c] = array(bytes, at)?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}

pub(super) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// A four-letter name at `at`.
pub(super) fn name(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    array(bytes, at)
}

/// Where `byte` next stands, from `at` on.
pub(super) fn next(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    let offset = rest(bytes, at).iter().position(|&b| b == byte)?;
    Some(at + offset)
}

/// Where `needle` next stands, from `at` on. Meant for needles of a few bytes: each place where the
/// first one stands costs one comparison.
pub(super) fn find(bytes: &[u8], at: usize, needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = at;
    loop {
        let found = next(bytes, from, first)?;
        if rest(bytes, found).starts_with(needle) {
            return Some(found);
        }
        from = found + 1;
    }
}

/// Splits at the first `separator`, which belongs to neither half.
pub(super) fn split(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = next(bytes, 0, separator)?;
    Some((bytes.get(..at)?, rest(bytes, at + 1)))
}

/// A length as the `u64` that reports use.
pub(super) fn len(bytes: &[u8]) -> u64 {
    wide(bytes.len())
}

/// An offset or length as the `u64` that reports use.
pub(super) fn wide(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// A claimed 32-bit offset or length as an index.
pub(super) fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_past_the_end_is_read() {
        let bytes = [1, 2, 3];
        assert_eq!(be16(&bytes, 1), Some(0x0203));
        assert_eq!(be16(&bytes, 2), None);
        assert_eq!(le24(&bytes, 0), Some(0x0003_0201));
        assert_eq!(piece(&bytes, usize::MAX, 2), None);
        assert_eq!(at_most(&bytes, 2, 9), [3_u8]);
        assert!(at_most(&bytes, 4, 9).is_empty());
    }

    #[test]
    fn finds_needles_where_they_stand() {
        assert_eq!(find(b"xxftypx", 0, b"ftyp"), Some(2));
        assert_eq!(find(b"fftyp", 0, b"ftyp"), Some(1));
        assert_eq!(find(b"xxfty", 0, b"ftyp"), None);
        assert_eq!(find(b"ftyp", 1, b"ftyp"), None);
        assert_eq!(split(b"a\0b\0c", 0), Some((&b"a"[..], &b"b\0c"[..])));
    }
}
