//! Check digits and built-in rules of published number schemes.
//!
//! All functions take ASCII digits (or letters where a scheme has them) without spaces, and answer `false` for
//! anything else.

/// The values of `text` if it is `length` ASCII digits.
fn digits(text: &str, length: usize) -> Option<Vec<u32>> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    (digits.len() == length).then_some(digits)
}

/// The Luhn check over all digits. [ISO/IEC 7812-1, annex B]
pub(super) fn luhn(text: &str) -> bool {
    let mut sum = 0;
    for (at, c) in text.chars().rev().enumerate() {
        let Some(d) = c.to_digit(10) else { return false };
        sum += match (at % 2, d) {
            (0, d) => d,
            (_, d) if d > 4 => d * 2 - 9,
            (_, d) => d * 2,
        };
    }
    text.len() > 1 && sum % 10 == 0
}

/// A payment card: 13 to 19 digits, issuer 2 to 6, Luhn. [ISO/IEC 7812-1]
pub(super) fn payment_card(text: &str) -> bool {
    (13..=19).contains(&text.len()) && text.starts_with(['2', '3', '4', '5', '6']) && luhn(text)
}

/// The multiplication of the dihedral group of ten elements. [Verhoeff 1969]
const DIHEDRAL: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
/// The permutation by position. [Verhoeff 1969]
const PERMUTED: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/// The Verhoeff check over all digits. [J. Verhoeff, Error Detecting Decimal Codes, 1969]
pub(super) fn verhoeff(text: &str) -> bool {
    let mut state = 0_u8;
    for (at, c) in text.chars().rev().enumerate() {
        let Some(d) = c.to_digit(10) else { return false };
        state = DIHEDRAL[usize::from(state)][usize::from(PERMUTED[at % 8][d as usize])];
    }
    !text.is_empty() && state == 0
}

/// An Aadhaar number: 12 digits, not beginning with 0 or 1, Verhoeff. [UIDAI, Aadhaar numbering scheme]
pub(super) fn aadhaar(text: &str) -> bool {
    text.len() == 12 && !text.starts_with(['0', '1']) && verhoeff(text)
}

/// An NHS number: ten digits, weights 10 to 2, modulo 11. [NHS Data Dictionary, NHS NUMBER]
pub(super) fn nhs(text: &str) -> bool {
    let Some(d) = digits(text, 10) else { return false };
    let sum: u32 = d[..9].iter().zip((2..=10).rev()).map(|(d, weight)| d * weight).sum();
    match 11 - sum % 11 {
        11 => d[9] == 0,
        10 => false,
        check => d[9] == check,
    }
}

/// A Scottish CHI number: a date of birth DDMMYY first, and the check of the NHS number.
/// [NHS Data Dictionary, COMMUNITY HEALTH INDEX NUMBER]
pub(super) fn chi(text: &str) -> bool {
    nhs(text) && day_month(text.get(0..2), text.get(2..4))
}

/// Whether two texts of two digits are a day and a month.
fn day_month(day: Option<&str>, month: Option<&str>) -> bool {
    let number = |text: Option<&str>| text.and_then(|t| t.parse::<u8>().ok()).unwrap_or(0);
    (1..=31).contains(&number(day)) && (1..=12).contains(&number(month))
}

/// A Brazilian CPF: eleven digits, two check digits modulo 11, not all the same. [Receita Federal, CPF]
pub(super) fn cpf(text: &str) -> bool {
    let Some(d) = digits(text, 11) else { return false };
    if d.iter().all(|x| *x == d[0]) {
        return false;
    }
    let check = |upto: usize| {
        let first = u32::try_from(upto + 1).unwrap_or(0);
        let sum: u32 = d[..upto].iter().zip((2..=first).rev()).map(|(d, weight)| d * weight).sum();
        match sum * 10 % 11 {
            10 => 0,
            check => check,
        }
    };
    d[9] == check(9) && d[10] == check(10)
}

/// A Brazilian health card (CNS): fifteen digits beginning with 1, 2, 7, 8 or 9, weights 15 to 1, modulo 11.
/// [DATASUS, rotina de validação do Cartão Nacional de Saúde]
pub(super) fn cns(text: &str) -> bool {
    let Some(d) = digits(text, 15) else { return false };
    let sum: u32 = d.iter().zip((1..=15).rev()).map(|(d, weight)| d * weight).sum();
    matches!(d[0], 1 | 2 | 7 | 8 | 9) && sum.is_multiple_of(11)
}

/// A South African identity number: YYMMDD, four digits, citizenship 0 to 2, one digit, Luhn.
/// [Department of Home Affairs, identity number]
pub(super) fn south_african(text: &str) -> bool {
    text.len() == 13
        && day_month(text.get(4..6), text.get(2..4))
        && text.get(10..11).is_some_and(|c| matches!(c, "0" | "1" | "2"))
        && luhn(text)
}

/// A US social security number by its number areas: not 000, 666 or 9xx, no group or serial of zeros.
/// [SSA, POMS RM 10201.035]
pub(super) fn ssn(text: &str) -> bool {
    digits(text, 9).is_some_and(|d| {
        let area = d[0] * 100 + d[1] * 10 + d[2];
        area != 0 && area != 666 && area < 900 && d[3..5] != [0, 0] && d[5..] != [0, 0, 0, 0]
    })
}

/// An Indonesian NIK: sixteen digits, province 11 to 96, date of birth DDMMYY with 40 added for women.
/// [Permendagri 102/2019, nomor induk kependudukan]
pub(super) fn nik(text: &str) -> bool {
    let Some(d) = digits(text, 16) else { return false };
    let two = |at: usize| d[at] * 10 + d[at + 1];
    let day = if two(6) > 40 { two(6) - 40 } else { two(6) };
    (11..=96).contains(&two(0)) && (1..=31).contains(&day) && (1..=12).contains(&two(8))
}

/// An Australian Medicare number: ten or eleven digits, first 2 to 6, weights 1 3 7 9 over eight, modulo 10.
/// [Services Australia, Medicare card number format]
pub(super) fn medicare_au(text: &str) -> bool {
    let Some(d) = digits(text, 10).or_else(|| digits(text, 11)) else { return false };
    let sum: u32 = d[..8].iter().zip([1, 3, 7, 9, 1, 3, 7, 9]).map(|(d, weight)| d * weight).sum();
    (2..=6).contains(&d[0]) && sum % 10 == d[8]
}

/// An IBAN: country, two check digits, up to thirty more, modulo 97 is 1. [ISO 13616-1]
pub(super) fn iban(text: &str) -> bool {
    if !(15..=34).contains(&text.len()) || !text.is_ascii() {
        return false;
    }
    let (head, tail) = text.split_at(4);
    let head_is_right =
        head.chars().zip(0..).all(|(c, at)| if at < 2 { c.is_ascii_uppercase() } else { c.is_ascii_digit() });
    let mut rest = 0_u32;
    for c in tail.chars().chain(head.chars()) {
        let Some(value) = c.to_digit(36).filter(|_| !c.is_ascii_lowercase()) else { return false };
        rest = if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 };
    }
    head_is_right && rest == 1
}

/// A vehicle identification number of North America: 17 characters, the ninth a check modulo 11.
/// [49 CFR 565.15(c)]
pub(super) fn vin(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    if text.len() != 17 {
        return false;
    }
    let mut sum = 0;
    for (c, weight) in text.chars().zip(WEIGHTS) {
        let value = match c {
            '0'..='9' => c.to_digit(10).unwrap_or(0),
            'A'..='H' => u32::from(c) - u32::from('A') + 1,
            'J'..='N' => u32::from(c) - u32::from('J') + 1,
            'P' => 7,
            'R' => 9,
            'S'..='Z' => u32::from(c) - u32::from('S') + 2,
            _ => return false,
        };
        sum += value * weight;
    }
    let check = char::from_digit(sum % 11, 10).unwrap_or('X');
    text.chars().nth(8) == Some(check)
}

/// An IMEI: fifteen digits, Luhn. [3GPP TS 23.003, 6.2.1 and annex B]
pub(super) fn imei(text: &str) -> bool {
    text.len() == 15 && luhn(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text that differs from `valid` in one digit fails, for schemes that promise to catch that.
    fn every_changed_digit_fails(valid: &str, check: fn(&str) -> bool) {
        assert!(check(valid), "{valid}");
        for at in 0..valid.len() {
            if !valid.as_bytes()[at].is_ascii_digit() {
                continue;
            }
            for new in '0'..='9' {
                let mut changed = valid.to_owned();
                changed.replace_range(at..=at, &new.to_string());
                assert_eq!(check(&changed), changed == valid, "{changed}");
            }
        }
    }

    #[test]
    fn schemes_accept_their_examples_and_no_changed_digit() {
        // The examples of the schemes' own pages and test ranges, or numbers made for this test.
        every_changed_digit_fails("79927398713", luhn);
        every_changed_digit_fails("2363", verhoeff);
        every_changed_digit_fails("909156512270", verhoeff);
        every_changed_digit_fails("9434765919", nhs);
        every_changed_digit_fails("20190167459", cpf);
        every_changed_digit_fails("GB82WEST12345698765432", iban);
    }

    #[test]
    fn cards_and_equipment() {
        assert!(payment_card("4111111111111111") && payment_card("378282246310005"));
        assert!(!payment_card("4111111111111112") && !payment_card("411111111112"));
        assert!(imei("490154203237518") && !imei("490154203237519"));
        assert!(vin("1M8GDM9AXKP042788") && vin("11111111111111111"));
        assert!(!vin("1M8GDM9A1KP042788") && !vin("1M8GDM9AXKP04278O"));
    }

    #[test]
    fn national_numbers() {
        assert!(aadhaar("909156512270") && !aadhaar("909156512271"));
        assert!(chi("0101010120") == nhs("0101010120") && !chi("9434765919"));
        assert!(!cpf("11111111111"));
        assert!(cns("898004122376108") && !cns("898004122376109") && !cns("398004122376108"));
        assert!(south_african("8707142394081") && !south_african("8713142394081"));
        assert!(ssn("536228147") && !ssn("000228147") && !ssn("666228147") && !ssn("900228147"));
        assert!(!ssn("536008147") && !ssn("536220000"));
        assert!(nik("5304126508910003") && !nik("5304129908910003") && !nik("5304126513910003"));
        assert!(medicare_au("4007093871") && !medicare_au("4007093971") && !medicare_au("7007093871"));
    }

    #[test]
    fn nothing_panics_on_what_is_no_number() {
        for check in [
            luhn,
            verhoeff,
            aadhaar,
            nhs,
            chi,
            cpf,
            cns,
            south_african,
            ssn,
            nik,
            medicare_au,
            iban,
            vin,
            imei,
        ] {
            for text in ["", "a", "१२३", "é", "12 34", "ééééééééééééééééé", "éééééééé"]
            {
                assert!(!check(text), "{text}");
            }
        }
    }
}
