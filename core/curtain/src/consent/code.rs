//! The code on the patient's receipt: whoever presents it may withdraw.

use std::fmt;

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::hash::Sha256;

/// Digits and letters that are told apart when read aloud: no I, L, O, U. [Crockford, Base 32]
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 26 symbols of 5 bits hold the 128 bits; two more are the check.
const LENGTH: usize = 28;
/// Symbols in a group.
const GROUP: usize = 4;

/// The whole code, as a number in base 32, is a multiple of this prime, the largest below 32^2.
///
/// A wrong symbol changes it by d * 32^n, two neighbours swapped by d * 31 * 32^n, with 0 < |d| < 32: no
/// multiple of a prime above 31. Other damage passes once in 1,021 times. Crockford's own check symbol has
/// modulus 37 and needs signs that are hard to say.
const MODULUS: u32 = 1_021;

/// Longest input that is looked at, in bytes.
const MAX_INPUT: usize = 256;

/// 128 random bits that withdraw a consent. A secret of the patient: it is on the receipt and nowhere else, the
/// log holds its hash. Overwritten when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct WithdrawalCode([u8; 16]);

/// What was typed is no withdrawal code. The message does not repeat it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeError {
    /// Not 28 symbols.
    #[error("a withdrawal code has 28 letters and digits, this has {symbols}: compare it with the receipt")]
    Length {
        /// How many there are; no more than 256 are counted.
        symbols: usize,
    },
    /// A sign that no code holds.
    #[error("sign {place} is in no withdrawal code: compare it with the receipt")]
    Symbol {
        /// Its place among letters and digits, from 1.
        place: usize,
    },
    /// Right signs, yet not a code: something was misread.
    #[error("a letter or digit was misread: compare the code with the receipt, group by group")]
    Check,
}

impl CodeError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "code_length",
            Self::Symbol { .. } => "code_symbol",
            Self::Check => "code_check",
        }
    }
}

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
        let mut number = u128::from_be_bytes(self.0);
        let mut symbols = Zeroizing::new([0_u32; LENGTH]);
        for symbol in symbols[..LENGTH - 2].iter_mut().rev() {
            *symbol = (number & 31) as u32;
            number >>= 5;
        }
        let check = (MODULUS - remainder(symbols.as_slice())) % MODULUS;
        symbols[LENGTH - 2] = check >> 5;
        symbols[LENGTH - 1] = check & 31;
        // Reserved at once, so that no part of the code stays behind in a smaller buffer.
        let mut text = Zeroizing::new(String::with_capacity(LENGTH + LENGTH / GROUP));
        for (place, symbol) in symbols.iter().enumerate() {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(SYMBOLS[*symbol as usize]));
        }
        text
    }

    /// Reads a code as people type it: small letters, O for 0, I or L for 1, any spaces, dashes or dots.
    ///
    /// Every single misread symbol and every swap of two neighbours is found.
    /// # Errors
    /// [`CodeError`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let mut symbols = Zeroizing::new([0_u32; LENGTH]);
        let mut count = 0;
        let signs = text.chars().take(MAX_INPUT).filter(|sign| !is_separator(*sign));
        for sign in signs {
            let value = value(sign).ok_or(CodeError::Symbol { place: count + 1 })?;
            if let Some(symbol) = symbols.get_mut(count) {
                *symbol = value;
            }
            count += 1;
        }
        if count != LENGTH {
            return Err(CodeError::Length { symbols: count });
        }
        let check = symbols[LENGTH - 2] * 32 + symbols[LENGTH - 1];
        // The first symbol holds 3 bits; the check is written in one way only.
        if remainder(symbols.as_slice()) != 0 || symbols[0] > 7 || check >= MODULUS {
            return Err(CodeError::Check);
        }
        let number =
            symbols[..LENGTH - 2].iter().fold(0_u128, |number, symbol| number << 5 | u128::from(*symbol));
        Ok(Self(number.to_be_bytes()))
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

/// The remainder of a number in base 32.
fn remainder(symbols: &[u32]) -> u32 {
    symbols.iter().fold(0, |rest, symbol| (rest * 32 + symbol) % MODULUS)
}

fn value(sign: char) -> Option<u32> {
    let sign = match sign.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        sign => sign,
    };
    let place = SYMBOLS.iter().position(|symbol| char::from(*symbol) == sign)?;
    u32::try_from(place).ok()
}

/// Whether people put it between groups: spaces, dots, and the dashes that keyboards turn hyphens into.
fn is_separator(sign: char) -> bool {
    sign.is_whitespace() || matches!(sign, '-' | '.' | ',' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}')
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

    #[test]
    fn a_code_is_written_in_one_way_only() {
        // The check 0 written as 1,021, and a 129th bit under a right check.
        let zeros = "0".repeat(26);
        assert!(WithdrawalCode::parse(&format!("{zeros}00")).is_ok());
        assert_eq!(WithdrawalCode::parse(&format!("{zeros}ZX")).unwrap_err(), CodeError::Check);
        let mut symbols = [0; LENGTH];
        symbols[0] = 8;
        let check = (MODULUS - remainder(&symbols)) % MODULUS;
        let sign = |value: u32| char::from(SYMBOLS[value as usize]);
        let typed = format!("8{}{}{}", "0".repeat(25), sign(check >> 5), sign(check & 31));
        assert_eq!(WithdrawalCode::parse(&typed).unwrap_err(), CodeError::Check);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_wrong_symbol_and_every_swap_is_found(random: [u8; 16]) {
            let printed = WithdrawalCode::new(random).printed().replace('-', "").into_bytes();
            prop_assert!(WithdrawalCode::parse(std::str::from_utf8(&printed).unwrap()).is_ok());
            for place in 0..LENGTH {
                for symbol in SYMBOLS {
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
