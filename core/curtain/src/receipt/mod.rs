//! What the patient takes home: a page to keep and a file to verify, both made from one [`Receipt`].
//!
//! - [`page`] is the paper: what was agreed, how to take it back, the exact words, and a square code with
//!   the entry of the log and its proof.
//! - [`json`] is the file: the same in the terms of ISO/IEC TS 27560:2023, with entry, proof and key, so
//!   that it is verified without a network. [`from_json`] takes these three out again.
//! - [`code_text`] is what the square code holds; [`parse_qr`] reads it.
//!
//! A receipt is only made, and its file only read, if leaf, code, wording, proof and key belong together: the leaf
//! stands in a log that the key signed, and it would accept the withdrawal code that is on the paper. Whose key it is
//! must be known from elsewhere, and a square code alone is verified up to the signature, which needs the key.
//!
//! A verified leaf vouches for the consent's name, level, law, last day and withdrawal code. Names, purpose
//! and wording are behind its commitment, whose key stays with the record.

mod code;
mod document;
mod html;
mod page;
mod proof;
#[cfg(test)]
mod samples;
mod words;

use thiserror::Error;

pub use code::{QrReceipt, code_text, parse_qr};
pub use document::{Evidence, from_json, json};
pub use page::page;

use crate::consent::{Level, Regime, WithdrawalCode};
use crate::hash::{Id, Sha256};
use crate::ledger::leaf::Event;
use crate::time::UnixTime;

/// All that a receipt says. It holds names and a secret, so it has no `Debug`.
#[derive(Clone, Copy)]
pub struct Receipt<'a> {
    /// The consent's random name, as in the leaf.
    pub consent: Id,
    /// The patient's name.
    pub patient: &'a str,
    /// Who agreed: the patient's name, or who spoke for the patient.
    pub giver: &'a str,
    /// The person or organisation that shares the case.
    pub discloser: &'a str,
    /// Whom to ask, and where to withdraw.
    pub contact: &'a str,
    /// To whom it may be shown, as a class of persons.
    pub recipients: &'a str,
    /// What for.
    pub purpose: &'a str,
    /// How far it may go.
    pub level: Level,
    /// Under which law or guidance.
    pub regime: Regime,
    /// When it was given.
    pub given_at: UnixTime,
    /// The last second of the consent.
    pub expires: UnixTime,
    /// How it was given: `signature`, `thumbprint`, `witnessed_oral` or `audio`.
    pub method: &'a str,
    /// Who witnessed it, if someone did.
    pub witness: Option<&'a str>,
    /// The language of the wording. [BCP 47]
    pub language: &'a str,
    /// The exact text that was shown.
    pub wording: &'a str,
    /// SHA-256 of the wording's UTF-8 bytes.
    pub wording_sha256: Sha256,
    /// What was shown: the hash of each object and its kind, `picture`, `thumbnail` or `text`.
    pub objects: &'a [(Sha256, &'a str)],
    /// The patient's secret, as [`WithdrawalCode::printed`] writes it.
    pub withdrawal_code: &'a str,
    /// The grant's leaf, as canonical JSON.
    pub leaf: &'a str,
    /// The proof that the log holds the leaf, with its signed checkpoint. [c2sp.org/tlog-proof]
    pub proof: &'a str,
    /// The key of the log, `name+hash+key`. [c2sp.org/signed-note]
    pub log_key: &'a str,
}

/// Why there is no receipt, or why what was given is none.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The leaf cannot be read, or records something else than a grant.
    #[error("the leaf is not a canonical grant of version 1: take it from the log as it is")]
    NotAGrant,
    /// Consent, level, regime or last day differ from the leaf's.
    #[error(
        "the leaf grants something else than the receipt says: make the receipt from the record of this leaf"
    )]
    OtherConsent,
    /// The withdrawal code would not withdraw this consent, or is not written as it is printed.
    #[error(
        "the withdrawal code is not the one whose hash the leaf holds: use the code that was made with the consent"
    )]
    OtherCode,
    /// The wording is not the text that was hashed.
    #[error("the wording does not have the hash that was recorded: use the exact text that was shown")]
    OtherWording,
    /// No language tag.
    #[error("the language of the wording is not a language tag such as en or pt-BR")]
    NotALanguage,
    /// The consent would be over before it was given.
    #[error("the consent ends before it was given: check both dates")]
    EndsBeforeGiven,
    /// The proof is not complete, is another leaf's, or was not signed by the key.
    #[error("the proof does not show this leaf in a log that this key signed")]
    NotItsProof,
    /// The key is none, or another log's.
    #[error("the key is not a key of the leaf's log")]
    NotItsKey,
    /// More than [`MAX_BYTES`].
    #[error("the receipt is larger than {MAX_BYTES} bytes: shorten the wording or the names")]
    TooLarge,
    /// More than a square code of this kind can hold.
    #[error(
        "leaf and proof need {bytes} bytes and a square code holds 2953: use a proof with fewer cosignatures"
    )]
    TooLongForCode {
        /// Bytes of leaf and proof.
        bytes: usize,
    },
    /// Not a receipt's file.
    #[error(
        "this is not a receipt as this version writes it: it was changed, cut short or made by something else"
    )]
    NotAReceipt,
    /// Not the text of a receipt's square code.
    #[error("this is not the text of a receipt's square code: scan the whole code again")]
    NotACode,
}

impl ReceiptError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAGrant => "not_a_grant",
            Self::OtherConsent => "other_consent",
            Self::OtherCode => "other_code",
            Self::OtherWording => "other_wording",
            Self::NotALanguage => "not_a_language",
            Self::EndsBeforeGiven => "ends_before_given",
            Self::NotItsProof => "not_its_proof",
            Self::NotItsKey => "not_its_key",
            Self::TooLarge => "receipt_too_large",
            Self::TooLongForCode { .. } => "too_long_for_code",
            Self::NotAReceipt => "not_a_receipt",
            Self::NotACode => "not_a_code",
        }
    }
}

/// The largest receipt that is written or read, in bytes of JSON.
pub const MAX_BYTES: usize = 1 << 20;

impl Receipt<'_> {
    /// Whether the parts belong together. [`json`], [`page`] and [`code_text`] ask this first.
    ///
    /// # Errors
    /// All of [`ReceiptError`] but those about reading a receipt or a code.
    pub fn check(&self) -> Result<(), ReceiptError> {
        let leaf = proof::grant(self.leaf)?;
        let Event::Grant { consent, expires, level, regime, withdrawal, .. } = leaf.event else {
            return Err(ReceiptError::NotAGrant);
        };
        if (consent, expires, level, regime) != (self.consent, self.expires, self.level, self.regime) {
            return Err(ReceiptError::OtherConsent);
        }
        let code = WithdrawalCode::parse(self.withdrawal_code).map_err(|_| ReceiptError::OtherCode)?;
        if code.sha256() != withdrawal || *code.printed() != self.withdrawal_code {
            return Err(ReceiptError::OtherCode);
        }
        if Sha256::of(self.wording.as_bytes()) != self.wording_sha256 {
            return Err(ReceiptError::OtherWording);
        }
        if !is_language(self.language) {
            return Err(ReceiptError::NotALanguage);
        }
        if self.expires < self.given_at {
            return Err(ReceiptError::EndsBeforeGiven);
        }
        let free_text = [
            self.patient,
            self.giver,
            self.discloser,
            self.contact,
            self.recipients,
            self.purpose,
            self.method,
            self.witness.unwrap_or_default(),
            self.wording,
        ];
        let kinds = self.objects.iter().map(|(_, kind)| kind.len() + 64).sum::<usize>();
        let size = free_text.iter().map(|text| text.len()).sum::<usize>() + kinds;
        if size > MAX_BYTES {
            return Err(ReceiptError::TooLarge);
        }
        proof::verify(&leaf, self.proof, self.log_key)
    }
}

/// Whether `tag` has the outer shape of a language tag, which makes it safe as an attribute. [BCP 47, 2.1]
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && tag.len() <= 35
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::samples::Sample;
    use super::*;
    use crate::ledger::leaf::Leaf;

    #[test]
    fn a_receipt_that_says_something_else_than_its_leaf_is_refused() {
        let sample = Sample::new(5, 9, 1);
        let good = sample.receipt();
        assert_eq!(good.check(), Ok(()));
        let later = good.expires.plus_days(1);
        for (wrong, why) in [
            (Receipt { level: Level::Publication, ..good }, ReceiptError::OtherConsent),
            (Receipt { regime: Regime::Hipaa, ..good }, ReceiptError::OtherConsent),
            (Receipt { consent: Id([8; 16]), ..good }, ReceiptError::OtherConsent),
            (Receipt { expires: later, ..good }, ReceiptError::OtherConsent),
            (Receipt { wording: "Other words.", ..good }, ReceiptError::OtherWording),
            (Receipt { given_at: later, ..good }, ReceiptError::EndsBeforeGiven),
            (Receipt { language: "en\" onload=\"x", ..good }, ReceiptError::NotALanguage),
            (Receipt { language: "", ..good }, ReceiptError::NotALanguage),
            (Receipt { leaf: "{}", ..good }, ReceiptError::NotAGrant),
            (Receipt { log_key: "", ..good }, ReceiptError::NotItsKey),
            (
                Receipt { withdrawal_code: "0000-0000-0000-0000-0000-0000-0000", ..good },
                ReceiptError::OtherCode,
            ),
            (
                Receipt { withdrawal_code: &good.withdrawal_code.to_lowercase(), ..good },
                ReceiptError::OtherCode,
            ),
            (Receipt { withdrawal_code: "", ..good }, ReceiptError::OtherCode),
        ] {
            assert_eq!(wrong.check(), Err(why));
            assert_eq!(json(&wrong).err(), Some(why));
            assert_eq!(page(&wrong).err(), Some(why));
            assert_eq!(code_text(&wrong).err(), Some(why));
        }
    }

    #[test]
    fn the_proof_of_another_leaf_is_refused() {
        let sample = Sample::new(5, 9, 1);
        let neighbour = Sample::new(6, 9, 1);
        let wrong = Receipt { proof: &neighbour.proof, ..sample.receipt() };
        assert_eq!(wrong.check(), Err(ReceiptError::NotItsProof));
    }

    #[test]
    fn a_leaf_that_is_no_grant_is_refused() {
        let sample = Sample::new(5, 9, 1);
        let (before, _) = sample.leaf.split_once("\"event\":").unwrap();
        let (_, after) = sample.leaf.split_once(",\"log\":").unwrap();
        let event = r#"{"consent":"c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1","grant":1,"kind":"expire"}"#;
        let leaf = format!("{before}\"event\":{event},\"log\":{after}");
        assert!(Leaf::parse(leaf.as_bytes()).is_ok());
        let wrong = Receipt { leaf: &leaf, ..sample.receipt() };
        assert_eq!(wrong.check(), Err(ReceiptError::NotAGrant));
    }

    #[test]
    fn no_error_repeats_what_it_was_given() {
        let sample = Sample::new(5, 9, 1);
        let wrong = Receipt { language: "Test Patient One", ..sample.receipt() };
        assert!(!wrong.check().unwrap_err().to_string().contains("Patient"));
    }

    #[test]
    fn more_text_than_a_receipt_holds_is_refused() {
        let sample = Sample::new(5, 9, 1);
        let name = "x".repeat(MAX_BYTES);
        let wrong = Receipt { patient: &name, ..sample.receipt() };
        assert_eq!(page(&wrong).err(), Some(ReceiptError::TooLarge));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn any_text_makes_a_page_and_a_file_that_is_read(name in any::<String>(), wording in any::<String>()) {
            let sample = Sample::new(5, 9, 1);
            let wording_sha256 = Sha256::of(wording.as_bytes());
            let plain = sample.receipt();
            let receipt = Receipt { patient: &name, method: &name, wording: &wording, wording_sha256, ..plain };
            let evidence = from_json(&json(&receipt).unwrap()).unwrap();
            prop_assert_eq!(evidence.leaf, sample.leaf.clone());
            // Whatever the text: the page has as many elements as with any other.
            let elements = |html: &str| html.matches('<').count();
            let other = Receipt { method: "other", ..plain };
            prop_assert_eq!(elements(&page(&receipt).unwrap()), elements(&page(&other).unwrap()));
        }

        #[test]
        fn any_bytes_are_refused_calmly(bytes in any::<Vec<u8>>(), text in any::<String>()) {
            prop_assert!(from_json(&bytes).is_err());
            prop_assert!(parse_qr(&text).is_err());
            let headed = format!("curtain/v1/receipt\n{text}\n");
            prop_assert!(parse_qr(&headed).is_err());
        }
    }
}
