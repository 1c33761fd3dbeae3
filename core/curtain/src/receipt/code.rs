//! The square code on the paper: entry and proof, readable by any scanner and verified without a network.
//!
//! # Format
//! UTF-8 text, lines ended by U+000A, in byte mode of a QR code [ISO/IEC 18004]:
//!
//! ```text
//! curtain/v1/receipt
//! <the grant's leaf: canonical JSON, one line>
//! <the proof, as c2sp.org/tlog-proof writes it: several lines, the last is a signature>
//! <an empty line, which says that nothing is missing>
//! ```
//!
//! A leaf and its proof hold no identity, so neither does the code: no name, and no withdrawal code. The key
//! of the log is not in it either, since a key that travels with what it signs proves nothing by itself.
//!
//! In a log of 2^20 leaves with one cosignature this is about 1,800 bytes: version 35 at level M. Level M holds
//! 2,331 bytes and level L 2,953.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

use super::{Receipt, ReceiptError, proof};

/// The first line.
const HEADER: &str = "curtain/v1/receipt\n";

/// What the largest code holds at level L, in bytes. [ISO/IEC 18004, table 7: version 40-L]
const MAX_BYTES: usize = 2_953;

/// The white border that scanners need, in modules. [ISO/IEC 18004, 5.3.8]
const QUIET: usize = 4;

/// What a square code held: a leaf, and a proof that leads from it to a checkpoint. Its signatures are not
/// verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrReceipt {
    /// The grant's leaf, as canonical JSON.
    pub leaf: String,
    /// The proof that the log holds it. [c2sp.org/tlog-proof]
    pub proof: String,
}

/// The text of the receipt's square code.
///
/// # Errors
/// Those of [`Receipt::check`], and [`ReceiptError::TooLongForCode`].
pub fn code_text(receipt: &Receipt<'_>) -> Result<String, ReceiptError> {
    receipt.check()?;
    let text = format!("{HEADER}{}\n{}\n", receipt.leaf, receipt.proof);
    let bytes = text.len();
    (bytes <= MAX_BYTES).then_some(text).ok_or(ReceiptError::TooLongForCode { bytes })
}

/// Reads the text of a square code, strictly: one that was cut short, or whose proof is not the leaf's, is refused.
/// The signatures remain to be verified with the log's key: `curtain_wire::proof::Proof::verify`.
///
/// # Errors
/// [`ReceiptError::NotACode`].
pub fn parse_qr(text: &str) -> Result<QrReceipt, ReceiptError> {
    let parts = || {
        let (leaf, proof) = text.strip_prefix(HEADER)?.strip_suffix('\n')?.split_once('\n')?;
        proof::place(&proof::grant(leaf).ok()?, proof)?;
        Some(QrReceipt { leaf: leaf.to_owned(), proof: proof.to_owned() })
    };
    (text.len() <= MAX_BYTES).then(parts).flatten().ok_or(ReceiptError::NotACode)
}

/// A drawing of the code with its white border: level M if that holds `text`, else L, else nothing.
/// `label` is escaped HTML that says what it is to those who cannot see it.
pub(super) fn svg(text: &str, label: &str) -> Option<String> {
    let code = [EcLevel::M, EcLevel::L]
        .into_iter()
        .find_map(|level| QrCode::with_error_correction_level(text, level).ok())?;
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                let (left, top, length) = (x + QUIET, y + QUIET, run.len());
                let _ = write!(path, "M{left} {top}h{length}v1h-{length}z");
            }
            x += run.len();
        }
    }
    let side = width + 2 * QUIET;
    Some(format!(
        "<svg viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::samples::Sample;
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        for (index, size, signatures) in [(0, 1, 1), (5, 9, 2), (1_048_575, 1_048_576, 2)] {
            let sample = Sample::new(index, size, signatures);
            let read = parse_qr(&code_text(&sample.receipt()).unwrap()).unwrap();
            assert_eq!((read.leaf, read.proof), (sample.leaf, sample.proof));
        }
    }

    #[test]
    fn every_prefix_fails() {
        let text = code_text(&Sample::new(5, 9, 3).receipt()).unwrap();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert_eq!(parse_qr(&text[..end]), Err(ReceiptError::NotACode), "{end}");
        }
        assert_eq!(parse_qr(&format!("{text}\n")), Err(ReceiptError::NotACode));
        assert_eq!(parse_qr(&format!(" {text}")), Err(ReceiptError::NotACode));
    }

    #[test]
    fn a_flipped_bit_is_refused_or_lies_in_a_signature_line() {
        let text = code_text(&Sample::new(5, 9, 2).receipt()).unwrap();
        let signatures = text.find('—').unwrap();
        for bit in 0..text.len() * 8 {
            let mut bytes = text.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let read = String::from_utf8(bytes).ok().and_then(|wrong| parse_qr(&wrong).ok());
            assert!(read.is_none() || bit / 8 > signatures, "{bit}");
        }
    }

    #[test]
    fn no_name_and_no_withdrawal_code_is_in_it() {
        let sample = Sample::new(5, 9, 1);
        let text = code_text(&sample.receipt()).unwrap();
        for secret in ["Test", "Clinic", "Witness", sample.code.as_str(), &sample.code[..9]] {
            assert!(!text.contains(secret), "{secret}");
        }
    }

    #[test]
    fn a_log_of_a_million_leaves_fits_at_level_m() {
        let sample = Sample::new(1_048_575, 1_048_576, 2);
        let text = code_text(&sample.receipt()).unwrap();
        assert!(text.len() < 2_331, "{}", text.len());
        assert!(QrCode::with_error_correction_level(&text, EcLevel::M).is_ok());
    }

    #[test]
    fn what_is_too_long_is_said() {
        let sample = Sample::new(1_048_575, 1_048_576, 16);
        assert!(matches!(code_text(&sample.receipt()), Err(ReceiptError::TooLongForCode { bytes: 2_954.. })));
        assert_eq!(svg(&"é".repeat(2_000), ""), None);
    }
}
