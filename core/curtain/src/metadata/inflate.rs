//! Opening zlib streams without letting them grow at will.

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};

/// No single stream may grow past this.
const MAX_STREAM_BYTES: usize = 4 << 20;
/// Nor may all streams of one file together.
const MAX_FILE_BYTES: usize = 32 << 20;

/// Why a zlib stream was not opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotInflated {
    /// It grows past the limit.
    TooLarge,
    /// It is not a whole zlib stream.
    Damaged,
}

/// Opens one zlib stream of at most `limit` bytes.
pub(super) fn inflate(stream: &[u8], limit: usize) -> Result<Vec<u8>, NotInflated> {
    grow(stream, limit).map_err(|(reason, _)| reason)
}

/// The opened stream, or why not and how far it had grown by then.
fn grow(stream: &[u8], limit: usize) -> Result<Vec<u8>, (NotInflated, usize)> {
    decompress_to_vec_zlib_with_limit(stream, limit).map_err(|error| {
        let reason = match error.status {
            TINFLStatus::HasMoreOutput => NotInflated::TooLarge,
            _ => NotInflated::Damaged,
        };
        (reason, error.output.len())
    })
}

/// What the streams of one file may still grow to.
pub(super) struct Allowance {
    left: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: MAX_FILE_BYTES }
    }
}

impl Allowance {
    /// Opens one of the file's streams. A stream that fails is charged for as well.
    pub(super) fn inflate(&mut self, stream: &[u8]) -> Result<Vec<u8>, NotInflated> {
        let grown = grow(stream, self.left.min(MAX_STREAM_BYTES));
        let spent = match &grown {
            Ok(bytes) => bytes.len(),
            Err((_, spent)) => *spent,
        };
        self.left = self.left.saturating_sub(spent);
        grown.map_err(|(reason, _)| reason)
    }
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec_zlib;

    use super::*;

    #[test]
    fn one_stream_and_all_streams_are_bounded() {
        let fits = compress_to_vec_zlib(&vec![0; MAX_STREAM_BYTES], 9);
        let bomb = compress_to_vec_zlib(&vec![0; MAX_STREAM_BYTES + 1], 9);
        let mut allowance = Allowance::default();
        assert_eq!(allowance.inflate(&bomb), Err(NotInflated::TooLarge));
        assert_eq!(allowance.inflate(b"not zlib"), Err(NotInflated::Damaged));
        for _ in 0..6 {
            assert!(allowance.inflate(&fits).is_ok());
        }
        assert_eq!(allowance.inflate(&fits), Err(NotInflated::TooLarge));
    }
}
