//! A complete consent: what it says, and its bytes.

use std::collections::BTreeSet;
use std::fmt;

use curtain_wire::canonical;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::draft::{Affirmation, ConsentDraft, Giver, Method, ShownObject, Statement, Witness};
use super::missing::Missing;
use super::terms::{Level, Regime};
use super::wording::Wording;
use crate::hash::Id;
use crate::time::UnixTime;

/// A consent that is complete under its regime and at its level. It never changes: what the patient decides
/// later is a withdrawal in the log, or a new consent.
///
/// It is made by [`ConsentDraft::complete`] and read back by [`ConsentRecord::reopen`], which check the same.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsentRecord {
    id: Id,
    affirmed: BTreeSet<Affirmation>,
    contact: String,
    description: String,
    discloser: String,
    expires: UnixTime,
    explained: BTreeSet<Statement>,
    given_at: UnixTime,
    giver: Giver,
    level: Level,
    method: Method,
    objects: Vec<ShownObject>,
    patient: String,
    purpose: String,
    recipients: String,
    regime: Regime,
    shown_to_patient: UnixTime,
    witness: Option<Witness>,
    wording: Wording,
}

/// The consent lacks something. The message lists codes and holds nothing of the patient.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the consent is not complete, see to: {}", codes(.missing))]
pub struct Incomplete {
    /// What it lacks, in the order of the form; never empty.
    pub missing: Vec<Missing>,
}

/// Bytes that are not the details of a consent exactly as this version writes them.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReopenError {
    /// Not canonical JSON of this version, or longer than [`ConsentRecord::MAX_BYTES`].
    #[error("these are not the details of a consent in version 1, byte for byte: restore them from a backup")]
    NotDetails,
    /// Well-formed, yet such a consent cannot have been completed.
    #[error("these details were never complete: {0}")]
    Incomplete(#[from] Incomplete),
}

impl ConsentDraft {
    /// Makes the record named `id`, a random one, if nothing is missing at `now`.
    ///
    /// # Errors
    /// [`Incomplete`], with everything that is missing.
    pub fn complete(self, id: Id, now: UnixTime) -> Result<ConsentRecord, Incomplete> {
        let missing = self.missing_as_drafted(now);
        let (
            Some(contact),
            Some(description),
            Some(discloser),
            Some(expires),
            Some(given_at),
            Some(giver),
            Some(level),
            Some(method),
            Some(patient),
            Some(purpose),
            Some(recipients),
            Some(regime),
            Some(shown_to_patient),
            Some(wording),
            true,
        ) = (
            self.contact,
            self.description,
            self.discloser,
            self.expires,
            self.given_at,
            self.giver,
            self.level,
            self.method,
            self.patient,
            self.purpose,
            self.recipients,
            self.regime,
            self.shown_to_patient,
            self.wording,
            missing.is_empty(),
        )
        else {
            return Err(Incomplete { missing });
        };
        Ok(ConsentRecord {
            id,
            affirmed: self.affirmed,
            contact,
            description,
            discloser,
            expires,
            explained: self.explained,
            given_at,
            giver,
            level,
            method,
            objects: self.objects,
            patient,
            purpose,
            recipients,
            regime,
            shown_to_patient,
            witness: self.witness,
            wording,
        })
    }
}

/// What [`ConsentRecord::details`] writes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Details {
    consent: ConsentDraft,
    id: Id,
    v: u8,
}

impl ConsentRecord {
    /// The largest details that are read, in bytes.
    pub const MAX_BYTES: usize = 1 << 20;

    /// The record's bytes, which the log commits to: JSON with sorted keys and no spaces, of everything in it.
    /// They identify people. [RFC 8785]
    #[must_use]
    pub fn details(&self) -> Vec<u8> {
        canonical::to_bytes(&Details { consent: self.to_draft(), id: self.id, v: 1 })
    }

    /// Reads a record, strictly: writing it again must give the same bytes, and it must have been complete
    /// when it was given. Whether it is live is another question, see [`ConsentRecord::standing`].
    ///
    /// # Errors
    /// [`ReopenError`].
    pub fn reopen(details: &[u8]) -> Result<Self, ReopenError> {
        let read: Details =
            canonical::from_bytes(details, Self::MAX_BYTES).map_err(|_| ReopenError::NotDetails)?;
        if read.v != 1 {
            return Err(ReopenError::NotDetails);
        }
        let given_at = read.consent.given_at.ok_or(ReopenError::NotDetails)?;
        Ok(read.consent.complete(read.id, given_at)?)
    }

    /// A draft that says the same, to start a new consent from.
    #[must_use]
    pub fn to_draft(&self) -> ConsentDraft {
        ConsentDraft {
            affirmed: self.affirmed.clone(),
            contact: Some(self.contact.clone()),
            description: Some(self.description.clone()),
            discloser: Some(self.discloser.clone()),
            expires: Some(self.expires),
            explained: self.explained.clone(),
            given_at: Some(self.given_at),
            giver: Some(self.giver.clone()),
            level: Some(self.level),
            method: Some(self.method),
            objects: self.objects.clone(),
            patient: Some(self.patient.clone()),
            purpose: Some(self.purpose.clone()),
            recipients: Some(self.recipients.clone()),
            regime: Some(self.regime),
            shown_to_patient: Some(self.shown_to_patient),
            witness: self.witness.clone(),
            wording: Some(self.wording.clone()),
        }
    }

    /// Its random name.
    #[must_use]
    pub fn id(&self) -> Id {
        self.id
    }

    /// What the clinician confirmed.
    #[must_use]
    pub fn affirmed(&self) -> &BTreeSet<Affirmation> {
        &self.affirmed
    }

    /// Whom the patient can ask, and where to withdraw.
    #[must_use]
    pub fn contact(&self) -> &str {
        &self.contact
    }

    /// What is shown, in words.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Who shares.
    #[must_use]
    pub fn discloser(&self) -> &str {
        &self.discloser
    }

    /// The last second that counts.
    #[must_use]
    pub fn expires(&self) -> UnixTime {
        self.expires
    }

    /// Statements that the clinician made, beyond those of a template.
    #[must_use]
    pub fn explained(&self) -> &BTreeSet<Statement> {
        &self.explained
    }

    /// When it was given.
    #[must_use]
    pub fn given_at(&self) -> UnixTime {
        self.given_at
    }

    /// Who agreed.
    #[must_use]
    pub fn giver(&self) -> &Giver {
        &self.giver
    }

    /// How far the case may go.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// How it was given.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// What the patient saw and may be sent.
    #[must_use]
    pub fn objects(&self) -> &[ShownObject] {
        &self.objects
    }

    /// The patient's name.
    #[must_use]
    pub fn patient(&self) -> &str {
        &self.patient
    }

    /// What it is shared for.
    #[must_use]
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// Who may see it.
    #[must_use]
    pub fn recipients(&self) -> &str {
        &self.recipients
    }

    /// The law or guidance.
    #[must_use]
    pub fn regime(&self) -> Regime {
        self.regime
    }

    /// When it was shown as it will be sent.
    #[must_use]
    pub fn shown_to_patient(&self) -> UnixTime {
        self.shown_to_patient
    }

    /// Who saw it being given.
    #[must_use]
    pub fn witness(&self) -> Option<&Witness> {
        self.witness.as_ref()
    }

    /// The exact text that was shown.
    #[must_use]
    pub fn wording(&self) -> &Wording {
        &self.wording
    }
}

/// Shows the random name alone.
impl fmt::Debug for ConsentRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentRecord").field("id", &self.id).finish_non_exhaustive()
    }
}

fn codes(missing: &[Missing]) -> String {
    missing.iter().map(|missing| missing.code()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::samples::{REGIMES, draft, given, in_own_words};
    use super::*;

    const ID: Id = Id([7; 16]);

    fn record(regime: Regime) -> ConsentRecord {
        draft(regime).complete(ID, given()).unwrap()
    }

    #[test]
    fn a_record_reads_back_byte_for_byte() {
        for regime in REGIMES {
            for draft in [draft(regime), in_own_words(regime)] {
                let record = draft.clone().complete(ID, given()).unwrap();
                assert!(record.to_draft() == draft);
                let details = record.details();
                assert!(details.starts_with(br#"{"consent":{"#));
                assert!(ConsentRecord::reopen(&details).unwrap() == record);
                assert_eq!(ConsentRecord::reopen(&details).unwrap().details(), details);
            }
        }
    }

    #[test]
    fn any_other_writing_is_refused() {
        let details = record(Regime::Gdpr).details();
        for end in 0..details.len() {
            assert_eq!(
                ConsentRecord::reopen(&details[..end]),
                Err(ReopenError::NotDetails),
                "prefix of {end}"
            );
        }
        let text = String::from_utf8(details).unwrap();
        for other in [
            format!("{text}\n"),
            text.replace("\"v\":1", "\"v\":2"),
            text.replace("\"v\":1", "\"v\":1.0"),
            text.replace("\"v\":1", "\"v\":1,\"x\":0"),
            text.replace("\"patient\":", "\"patient\": "),
            text.replace("{\"consent\":{", "{\"consent\":{\"witness\":null,"),
            text.replace("\"level\":\"teaching\"", "\"level\":\"teaching\",\"level\":\"teaching\""),
            text.replace("Test Patient", "T\\u0065st Patient"),
        ] {
            assert_ne!(other, text);
            assert_eq!(ConsentRecord::reopen(other.as_bytes()), Err(ReopenError::NotDetails), "{other}");
        }
        assert_eq!(
            ConsentRecord::reopen(&vec![b' '; ConsentRecord::MAX_BYTES + 1]),
            Err(ReopenError::NotDetails)
        );
    }

    #[test]
    fn no_flipped_bit_brings_it_down() {
        let details = record(Regime::Gdpr).details();
        for bit in 0..details.len() * 8 {
            let mut flipped = details.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Another hash or name is another record, which the log's commitment tells apart.
            if let Ok(other) = ConsentRecord::reopen(&flipped) {
                assert_eq!(other.details(), flipped);
            }
        }
    }

    #[test]
    fn no_moment_brings_it_down() {
        let text = String::from_utf8(record(Regime::Gdpr).details()).unwrap();
        for seconds in
            ["-1", "0", "253402207201", "253402300799", "253402300800", "9007199254740993", "1e300"]
        {
            for field in
                ["\"expires\":1832975999", "\"given_at\":1801387800", "\"shown_to_patient\":1801387200"]
            {
                let (name, _) = field.split_once(':').unwrap();
                let changed = text.replace(field, &format!("{name}:{seconds}"));
                assert_ne!(changed, text);
                let earlier = name.contains("shown") && seconds == "0";
                assert_eq!(ConsentRecord::reopen(changed.as_bytes()).is_ok(), earlier, "{name} {seconds}");
            }
        }
    }

    #[test]
    fn no_state_is_read_without_its_checks() {
        let text = String::from_utf8(record(Regime::Gdpr).details()).unwrap();
        for (from, to, code) in [
            ("\"affirmed\":[\"understood\",\"explicit\"]", "\"affirmed\":[\"understood\"]", "explicit"),
            (
                "\"giver\":\"adult_patient\"",
                "\"giver\":{\"nobody\":{\"why\":\"emergency\"}}",
                "nobody_emergency",
            ),
            ("\"level\":\"teaching\"", "\"level\":\"publication\"", "wording_differs"),
            ("\"patient\":\"Test Patient One\"", "\"patient\":\"Test Patient Two\"", "wording_differs"),
            ("\"patient\":\"Test Patient One\",", "", "patient"),
            ("\"expires\":1832975999", "\"expires\":1801387799", "expires_past"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            let Err(ReopenError::Incomplete(incomplete)) = ConsentRecord::reopen(changed.as_bytes()) else {
                panic!("{code}");
            };
            assert!(incomplete.missing.iter().any(|missing| missing.code() == code), "{code}: {incomplete}");
        }
    }

    #[test]
    fn an_incomplete_draft_lists_codes_and_no_names() {
        let mut draft = draft(Regime::Gmc);
        draft.method = None;
        draft.objects.clear();
        let incomplete = draft.complete(ID, given()).unwrap_err();
        assert_eq!(incomplete.to_string(), "the consent is not complete, see to: objects, method");
        assert_eq!(format!("{:?}", record(Regime::Gmc)).matches("Test").count(), 0);
    }
}
