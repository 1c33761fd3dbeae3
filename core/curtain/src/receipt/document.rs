//! The receipt as a file: a consent receipt in the terms of ISO/IEC TS 27560:2023.
//!
//! The specification names fields and sections, and leaves their encoding open. The names here were taken from
//! two public sources: the guide "Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV" of the W3C
//! Data Privacy Vocabularies and Controls Community Group (its tables of terms), and the mapping to the fields
//! and clauses of TS 27560 in annex A of Kantara's ANCR notice record extension. The specification itself was not
//! at hand, so no conformance is claimed. What differs from those tables:
//!
//! - `party_address` and `party_type` are left out: a consent record does not hold them;
//! - `method`, `text`, `sha256` and `code` inside a field, and `evidence`, are ours.
//!
//! The file is for the patient: it holds the withdrawal code, and names.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{MAX_BYTES, Receipt, ReceiptError};
use crate::consent::{Level, Regime};
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;

/// Names this form of the file. [TS 27560, `schema_version`]
const SCHEMA: &str = "curtain/v1/receipt";

/// What verifies a receipt without a network. As [`from_json`] gives it, the proof shows the leaf in a log that the
/// key signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The grant's leaf, as canonical JSON.
    pub leaf: String,
    /// The proof that the log holds it. [c2sp.org/tlog-proof]
    pub proof: String,
    /// The key of the log, `name+hash+key`. It proves only as much as is known about where it came from.
    pub log_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema_version: String,
    receipt_id: Id,
    record_id: Id,
    pii_principal_id: String,
    pii_processing: Processing,
    party_identification: Vec<Party>,
    event: Vec<Given>,
    evidence: Evidence,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Processing {
    privacy_notice: Notice,
    language: String,
    purposes: Vec<Purpose>,
}

/// The wording in full, since a reference to it would say nothing to the patient.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    text: String,
    sha256: Sha256,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "these are the specification's names")]
struct Purpose {
    purpose: String,
    purpose_type: Level,
    lawful_basis: Basis,
    pii_information: Vec<Information>,
    pii_controllers: Vec<String>,
    processing_method: String,
    storage_locations: Vec<String>,
    retention_period: String,
    jurisdiction: String,
    recipient_third_parties: Vec<String>,
    withdrawal_method: Withdrawal,
    privacy_rights: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basis {
    regime: Regime,
    text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Information {
    pii_type: String,
    pii_attribute_id: Sha256,
    special_pii_category: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    text: String,
    code: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "these are the specification's names")]
struct Party {
    party_id: String,
    party_name: String,
    party_role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    party_contact: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    event_time: String,
    validity_duration: String,
    entity_id: String,
    event_type: String,
    event_state: String,
    method: String,
}

/// The receipt's file: indented JSON in UTF-8, always in the same order, with a line break at the end.
///
/// # Errors
/// Those of [`Receipt::check`], and [`ReceiptError::TooLarge`] above [`MAX_BYTES`].
pub fn json(receipt: &Receipt<'_>) -> Result<Vec<u8>, ReceiptError> {
    receipt.check()?;
    let bytes = Document::of(receipt).bytes();
    (bytes.len() <= MAX_BYTES).then_some(bytes).ok_or(ReceiptError::TooLarge)
}

/// Reads a receipt's file, strictly: what it says must write the same bytes again, and agree with its leaf.
///
/// Names, purpose and other free text are read as they are: the leaf does not vouch for them.
///
/// # Errors
/// [`ReceiptError::NotAReceipt`], [`ReceiptError::TooLarge`] before anything is read, or those of [`Receipt::check`].
pub fn from_json(bytes: &[u8]) -> Result<Evidence, ReceiptError> {
    if bytes.len() > MAX_BYTES {
        return Err(ReceiptError::TooLarge);
    }
    let document: Document = serde_json::from_slice(bytes).map_err(|_| ReceiptError::NotAReceipt)?;
    let parts = Parts::of(&document).ok_or(ReceiptError::NotAReceipt)?;
    let again = json(&parts.receipt(&document))?;
    (again == bytes).then_some(document.evidence).ok_or(ReceiptError::NotAReceipt)
}

impl Document {
    fn of(receipt: &Receipt<'_>) -> Self {
        let party = |role: &str| format!("{}#{role}", receipt.consent);
        let named = |id: &str, role: &str, name: &str| Party {
            party_id: party(id),
            party_name: name.to_owned(),
            party_role: role.to_owned(),
            party_contact: None,
        };
        let mut parties = vec![
            named("patient", "pii_principal", receipt.patient),
            named("giver", "consent_giver", receipt.giver),
            named("discloser", "pii_controller", receipt.discloser),
            named("recipients", "third_party", receipt.recipients),
        ];
        parties[2].party_contact = Some(receipt.contact.to_owned());
        parties.extend(receipt.witness.map(|name| named("witness", "witness", name)));
        Self {
            schema_version: SCHEMA.to_owned(),
            receipt_id: receipt.consent,
            record_id: receipt.consent,
            pii_principal_id: party("patient"),
            pii_processing: Processing {
                privacy_notice: Notice { text: receipt.wording.to_owned(), sha256: receipt.wording_sha256 },
                language: receipt.language.to_owned(),
                purposes: vec![Purpose::of(receipt, vec![party("discloser")], vec![party("recipients")])],
            },
            party_identification: parties,
            event: vec![Given {
                event_time: receipt.given_at.to_string(),
                validity_duration: duration(receipt.given_at, receipt.expires),
                entity_id: party("giver"),
                event_type: "explicit_consent".to_owned(),
                event_state: "consent_given".to_owned(),
                method: receipt.method.to_owned(),
            }],
            evidence: Evidence {
                leaf: receipt.leaf.to_owned(),
                proof: receipt.proof.to_owned(),
                log_key: receipt.log_key.to_owned(),
            },
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("strings and lists always have a JSON form");
        bytes.push(b'\n');
        bytes
    }
}

impl Purpose {
    fn of(receipt: &Receipt<'_>, controllers: Vec<String>, recipients: Vec<String>) -> Self {
        let information = |(sha256, kind): &(Sha256, &str)| Information {
            pii_type: (*kind).to_owned(),
            pii_attribute_id: *sha256,
            special_pii_category: "health".to_owned(),
        };
        Self {
            purpose: receipt.purpose.to_owned(),
            purpose_type: receipt.level,
            lawful_basis: Basis { regime: receipt.regime, text: basis(receipt.regime).to_owned() },
            pii_information: receipt.objects.iter().map(information).collect(),
            pii_controllers: controllers,
            processing_method: "identity covered or removed, then sealed and disclosed to the recipients"
                .to_owned(),
            storage_locations: vec![
                "devices of the controller and of the recipients".to_owned(),
                "a relay that holds sealed bytes only".to_owned(),
            ],
            retention_period: format!("until withdrawn, at most until {}", receipt.expires),
            jurisdiction: jurisdiction(receipt.regime).to_owned(),
            recipient_third_parties: recipients,
            withdrawal_method: Withdrawal {
                text: "give this code, or tell the controller; at any time and without a reason".to_owned(),
                code: receipt.withdrawal_code.to_owned(),
            },
            privacy_rights: vec!["withdraw_consent".to_owned(), "copy_of_consent".to_owned()],
        }
    }
}

/// What a [`Receipt`] borrows and a [`Document`] holds in another form.
struct Parts<'a> {
    purpose: &'a Purpose,
    event: &'a Given,
    given_at: UnixTime,
    expires: UnixTime,
    objects: Vec<(Sha256, &'a str)>,
    patient: &'a str,
    giver: &'a str,
    discloser: &'a str,
    contact: &'a str,
    recipients: &'a str,
    witness: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(document: &'a Document) -> Option<Self> {
        let [purpose] = &document.pii_processing.purposes[..] else { return None };
        let [event] = &document.event[..] else { return None };
        let name =
            |place: usize| document.party_identification.get(place).map(|party| party.party_name.as_str());
        let given_at: UnixTime = event.event_time.parse().ok()?;
        let until = purpose.retention_period.rsplit(' ').next()?;
        let objects = purpose.pii_information.iter().map(|one| (one.pii_attribute_id, one.pii_type.as_str()));
        Some(Self {
            purpose,
            event,
            given_at,
            expires: until.parse().ok()?,
            objects: objects.collect(),
            patient: name(0)?,
            giver: name(1)?,
            discloser: name(2)?,
            contact: document.party_identification.get(2)?.party_contact.as_deref()?,
            recipients: name(3)?,
            witness: name(4),
        })
    }

    fn receipt(&'a self, document: &'a Document) -> Receipt<'a> {
        Receipt {
            consent: document.record_id,
            patient: self.patient,
            giver: self.giver,
            discloser: self.discloser,
            contact: self.contact,
            recipients: self.recipients,
            purpose: &self.purpose.purpose,
            level: self.purpose.purpose_type,
            regime: self.purpose.lawful_basis.regime,
            given_at: self.given_at,
            expires: self.expires,
            method: &self.event.method,
            witness: self.witness,
            language: &document.pii_processing.language,
            wording: &document.pii_processing.privacy_notice.text,
            wording_sha256: document.pii_processing.privacy_notice.sha256,
            objects: &self.objects,
            withdrawal_code: &self.purpose.withdrawal_method.code,
            leaf: &document.evidence.leaf,
            proof: &document.evidence.proof,
            log_key: &document.evidence.log_key,
        }
    }
}

/// The articles that make consent a ground for sharing.
pub(super) fn basis(regime: Regime) -> &'static str {
    match regime {
        Regime::Hipaa => "45 CFR 164.508 (HIPAA), authorization",
        Regime::Gdpr => "Regulation (EU) 2016/679 (GDPR), articles 6(1)(a) and 9(2)(a), explicit consent",
        Regime::Gmc => "General Medical Council: Making and using visual and audio recordings of patients",
    }
}

/// The place whose rules these are. [ISO 3166-1; "EU" is reserved there]
fn jurisdiction(regime: Regime) -> &'static str {
    match regime {
        Regime::Hipaa => "US",
        Regime::Gdpr => "EU",
        Regime::Gmc => "GB",
    }
}

/// A duration such as `P365DT23H59M59S`, exact to the second. [ISO 8601]
fn duration(from: UnixTime, until: UnixTime) -> String {
    let seconds = until.seconds() - from.seconds();
    let mut text = format!("P{}D", seconds / 86_400);
    let (hours, minutes, rest) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    if (hours, minutes, rest) != (0, 0, 0) {
        let _ = write!(text, "T{hours}H{minutes}M{rest}S");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::samples::Sample;
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let sample = Sample::new(5, 9, 2);
        for receipt in [sample.receipt(), Receipt { witness: None, objects: &[], ..sample.receipt() }] {
            let bytes = json(&receipt).unwrap();
            let evidence = from_json(&bytes).unwrap();
            assert_eq!(evidence.leaf, sample.leaf);
            assert_eq!(evidence.proof, sample.proof);
            assert_eq!(evidence.log_key, sample.log_key);
        }
    }

    #[test]
    fn it_holds_the_fields_of_the_specification() {
        let sample = Sample::new(5, 9, 1);
        let value: serde_json::Value = serde_json::from_slice(&json(&sample.receipt()).unwrap()).unwrap();
        let purpose = &value["pii_processing"]["purposes"][0];
        assert_eq!(value["schema_version"], "curtain/v1/receipt");
        assert_eq!(value["pii_principal_id"], value["party_identification"][0]["party_id"]);
        assert_eq!(value["event"][0]["entity_id"], value["party_identification"][1]["party_id"]);
        assert_eq!(value["event"][0]["event_time"], "2027-01-01T00:00:00Z");
        assert_eq!(value["event"][0]["validity_duration"], "P364DT23H59M59S");
        assert_eq!(value["event"][0]["event_state"], "consent_given");
        assert_eq!(purpose["pii_controllers"][0], value["party_identification"][2]["party_id"]);
        assert_eq!(purpose["recipient_third_parties"][0], value["party_identification"][3]["party_id"]);
        assert_eq!(purpose["purpose_type"], "teaching");
        assert_eq!(purpose["withdrawal_method"]["code"], sample.receipt().withdrawal_code);
        assert_eq!(purpose["pii_information"][2]["pii_type"], "text");
    }

    #[test]
    fn every_prefix_fails() {
        let bytes = json(&Sample::new(5, 9, 1).receipt()).unwrap();
        for end in 0..bytes.len() {
            assert!(from_json(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn any_other_writing_of_the_same_receipt_is_refused() {
        let text = String::from_utf8(json(&Sample::new(5, 9, 1).receipt()).unwrap()).unwrap();
        for (from, to) in [
            ("  \"receipt_id\"", "   \"receipt_id\""),
            ("\"language\": \"en\",", "\"language\": \"en\", \"language\": \"en\","),
            ("\"language\": \"en\",", "\"language\": \"en\", \"more\": 1,"),
            ("curtain/v1/receipt", "curtain/v2/receipt"),
            ("\"teaching\"", "\"publication\""),
            ("\"gdpr\"", "\"hipaa\""),
            ("\"EU\"", "\"US\""),
            ("I agree", "I disagree"),
            ("#giver\",\n      \"party_name\"", "#patient\",\n      \"party_name\""),
            ("consent_given", "consent_withdrawn"),
            ("P364DT23H59M59S", "P999D"),
            ("2027-12-31T23:59:59Z", "2037-12-31T23:59:59Z"),
            ("Test Clinic", "T\\u0065st Clinic"),
            ("sealed bytes only", "everything"),
        ] {
            let wrong = text.replacen(from, to, 1);
            assert_ne!(wrong, text, "{from}");
            assert!(from_json(wrong.as_bytes()).is_err(), "{from} -> {to}");
        }
    }

    #[test]
    fn a_flipped_bit_is_refused_or_lies_in_free_text_or_evidence() {
        let sample = Sample::new(5, 9, 1);
        let bytes = json(&sample.receipt()).unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        let evidence = text.find("\"evidence\"").unwrap();
        for bit in 0..evidence * 8 {
            let mut wrong = bytes.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            if from_json(&wrong).is_ok() {
                let line_start = text[..bit / 8].rfind('\n').unwrap_or(0) + 1;
                let line = text[line_start..].lines().next().unwrap_or_default().trim_start();
                let free = [
                    "\"party_name\"",
                    "\"party_contact\"",
                    "\"purpose\"",
                    "\"pii_type\"",
                    "\"pii_attribute_id\"",
                    "\"code\"",
                    "\"method\"",
                    "\"language\"",
                ];
                assert!(free.iter().any(|field| line.starts_with(field)), "{line}");
            }
        }
    }

    #[test]
    fn hostile_text_survives_unchanged() {
        let sample = Sample::new(5, 9, 1);
        let name = "\"\\\u{202e}<script>\u{0}\n\u{10ffff}";
        let receipt = Receipt { patient: name, ..sample.receipt() };
        let bytes = json(&receipt).unwrap();
        assert!(from_json(&bytes).is_ok());
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["party_identification"][0]["party_name"], name);
    }

    #[test]
    fn too_large_a_file_is_refused_unread() {
        assert_eq!(from_json(&vec![b' '; MAX_BYTES + 1]), Err(ReceiptError::TooLarge));
        assert_eq!(from_json(b"[[[[[[[[[[[["), Err(ReceiptError::NotAReceipt));
        let deep = "[".repeat(100_000);
        assert_eq!(from_json(deep.as_bytes()), Err(ReceiptError::NotAReceipt));
    }
}
