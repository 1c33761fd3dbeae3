//! 128 secret bits as a person writes them down, reads them aloud and types them in again.

use thiserror::Error;
use zeroize::Zeroizing;

/// Digits and letters that are told apart when read aloud: no I, L, O, U. [Crockford, Base 32]
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 26 symbols of 5 bits hold the 128 bits; two more are the check.
const LENGTH: usize = 28;
/// Symbols in a group.
const GROUP: usize = 4;

/// The whole code, as a number in base 32, has its [`Kind`] as remainder by this prime, the largest below 32^2.
///
/// A wrong symbol changes it by d * 32^n, two neighbours swapped by d * 31 * 32^n, with 0 < |d| < 32: no
/// multiple of a prime above 31. Other damage passes once in 1,021 times. Crockford's own check symbol has
/// modulus 37 and needs signs that are hard to say.
const MODULUS: u32 = 1_021;

/// Longest input that is looked at, in bytes.
const MAX_INPUT: usize = 256;

/// What was typed is no code of the expected kind. The message does not repeat it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodeError {
    /// Not 28 symbols.
    #[error("a code has 28 letters and digits, this has {symbols}: compare it with what was written down")]
    Length {
        /// How many there are; no more than 256 are counted.
        symbols: usize,
    },
    /// A sign that no code holds.
    #[error("sign {place} is in no code: compare it with what was written down")]
    Symbol {
        /// Its place among letters and digits, from 1.
        place: usize,
    },
    /// Right signs, yet not a code: something was misread.
    #[error(
        "a letter or digit was misread, or this is a code for something else: compare it with what was written down, group by group"
    )]
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

/// What a code is for. One kind never reads as the other: their checks differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Withdraws a consent.
    Withdrawal = 0,
    /// Brings an identity to a new device.
    Recovery = 1,
}

/// Seven groups of four symbols, `0000-0000-0000-0000-0000-0000-0000`, to print or to read aloud.
#[must_use]
pub fn printed(secret: &[u8; 16], kind: Kind) -> Zeroizing<String> {
    let mut number = u128::from_be_bytes(*secret);
    let mut symbols = Zeroizing::new([0_u32; LENGTH]);
    for symbol in symbols[..LENGTH - 2].iter_mut().rev() {
        *symbol = (number & 31) as u32;
        number >>= 5;
    }
    let check = (MODULUS + kind as u32 - remainder(symbols.as_slice())) % MODULUS;
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
pub fn parse(text: &str, kind: Kind) -> Result<Zeroizing<[u8; 16]>, CodeError> {
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
    if remainder(symbols.as_slice()) != kind as u32 || symbols[0] > 7 || check >= MODULUS {
        return Err(CodeError::Check);
    }
    let number =
        symbols[..LENGTH - 2].iter().fold(0_u128, |number, symbol| number << 5 | u128::from(*symbol));
    Ok(Zeroizing::new(number.to_be_bytes()))
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
    use super::*;

    #[test]
    fn a_code_is_written_in_one_way_only() {
        // The check 0 written as 1,021, and a 129th bit under a right check.
        let zeros = "0".repeat(26);
        assert!(parse(&format!("{zeros}00"), Kind::Withdrawal).is_ok());
        assert_eq!(parse(&format!("{zeros}ZX"), Kind::Withdrawal).unwrap_err(), CodeError::Check);
        let mut symbols = [0; LENGTH];
        symbols[0] = 8;
        let check = (MODULUS - remainder(&symbols)) % MODULUS;
        let sign = |value: u32| char::from(SYMBOLS[value as usize]);
        let typed = format!("8{}{}{}", "0".repeat(25), sign(check >> 5), sign(check & 31));
        assert_eq!(parse(&typed, Kind::Withdrawal).unwrap_err(), CodeError::Check);
    }

    #[test]
    fn a_code_for_one_thing_is_none_for_another() {
        let recovery = printed(&[7; 16], Kind::Recovery);
        assert_eq!(*parse(&recovery, Kind::Recovery).unwrap(), [7; 16]);
        assert_eq!(parse(&recovery, Kind::Withdrawal).unwrap_err(), CodeError::Check);
        assert_eq!(
            parse(&printed(&[7; 16], Kind::Withdrawal), Kind::Recovery).unwrap_err(),
            CodeError::Check
        );
    }
}
