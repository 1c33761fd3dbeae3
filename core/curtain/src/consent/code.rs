//! The code on the patient's receipt: whoever presents it may withdraw.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::hash::Sha256;
use crate::spoken::{self, Kind};

pub use crate::spoken::CodeError;

/// 128 random bits that withdraw a consent. A secret of the patient: it is on the receipt and nowhere else, the
/// log holds its hash. Overwritten when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct WithdrawalCode([u8; 16]);

impl WithdrawalCode {
    /// The code of 16 random bytes.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// The 16 bytes, for the vault that keeps them.
    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Seven groups of four symbols, `0000-0000-0000-0000-0000-0000-0000`, to print or to read aloud.
    #[must_use]
    pub fn printed(&self) -> Zeroizing<String> {
        spoken::printed(&self.0, Kind::Withdrawal)
    }

    /// Reads a code as people type it: see [`spoken::parse`].
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        Ok(Self(*spoken::parse(text, Kind::Withdrawal)?))
    }

    /// SHA-256 of the 16 bytes, as the grant in the log holds it.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        Sha256::of(&self.0)
    }
}

/// Shows nothing of the code.
impl fmt::Debug for WithdrawalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithdrawalCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_reads_back_as_people_type_it() {
        let code = WithdrawalCode::new(*b"0123456789abcdef");
        let printed = code.printed();
        assert_eq!(printed.len(), 34);
        assert!(printed.split('-').all(|group| group.len() == 4));
        for typed in [
            printed.to_string(),
            printed.to_lowercase(),
            printed.replace('-', ""),
            printed.replace('-', " \u{2013} "),
            printed.replace('0', "o").replace('1', "l"),
            printed.replace('0', "O").replace('1', "I"),
            format!("\t{}.\n", printed.as_str()),
        ] {
            assert_eq!(WithdrawalCode::parse(&typed).unwrap().sha256(), code.sha256(), "{typed}");
        }
        assert_eq!(code.sha256(), Sha256::of(b"0123456789abcdef"));
        assert_eq!(format!("{code:?}"), "WithdrawalCode(..)");
    }

    #[test]
    fn the_printed_form_stays() {
        assert_eq!(*WithdrawalCode::new([0; 16]).printed(), "0000-0000-0000-0000-0000-0000-0000");
        // 2^128 - 1 = 7ZZ..Z; its check was computed apart, in Python.
        assert_eq!(*WithdrawalCode::new([255; 16]).printed(), "7ZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZ3B");
    }

    #[test]
    fn what_is_no_code_says_why() {
        let printed = WithdrawalCode::new([7; 16]).printed();
        for end in 0..printed.len() {
            let symbols = printed[..end].replace('-', "").len();
            assert_eq!(WithdrawalCode::parse(&printed[..end]).unwrap_err(), CodeError::Length { symbols });
        }
        assert_eq!(
            WithdrawalCode::parse(&format!("{}0", *printed)).unwrap_err(),
            CodeError::Length { symbols: 29 }
        );
        assert_eq!(WithdrawalCode::parse("00U0").unwrap_err(), CodeError::Symbol { place: 3 });
        assert_eq!(WithdrawalCode::parse("é").unwrap_err(), CodeError::Symbol { place: 1 });
        assert!(WithdrawalCode::parse(&"0".repeat(1_000_000)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_wrong_symbol_and_every_swap_is_found(random: [u8; 16]) {
            let printed = WithdrawalCode::new(random).printed().replace('-', "").into_bytes();
            prop_assert!(WithdrawalCode::parse(std::str::from_utf8(&printed).unwrap()).is_ok());
            for place in 0..28 {
                for symbol in b"0123456789ABCDEFGHJKMNPQRSTVWXYZ" {
                    let mut wrong = printed.clone();
                    wrong[place] = *symbol;
                    let read = WithdrawalCode::parse(std::str::from_utf8(&wrong).unwrap());
                    prop_assert_eq!(read.is_ok(), wrong == printed);
                }
                // Not only neighbours: 32 has an order above 27 modulo 1,021.
                for other in 0..place {
                    let mut swapped = printed.clone();
                    swapped.swap(place, other);
                    let read = WithdrawalCode::parse(std::str::from_utf8(&swapped).unwrap());
                    prop_assert_eq!(read.is_ok(), swapped == printed);
                }
            }
        }
    }
}
