//! A consent while it is being filled in: every field may still be absent.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::signature::SignatureForm;
use super::terms::{Level, Regime};
use super::wording::Wording;
use crate::hash::Sha256;
use crate::time::UnixTime;

/// What is known so far of a consent. The vault keeps it between visits, the command line fills it.
///
/// Nothing in it has been checked: [`ConsentDraft::missing`] says what is absent or wrong, and
/// [`ConsentDraft::complete`] is the only way to a [`super::ConsentRecord`]. It names people, so its `Debug`
/// shows nothing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsentDraft {
    /// Facts that the clinician confirms.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub affirmed: BTreeSet<Affirmation>,
    /// Whom the patient can ask, and where to withdraw: a place, a telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What is shown, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The person or organisation that shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discloser: Option<String>,
    /// The last second of the consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<UnixTime>,
    /// Statements that the clinician made, beyond those that a template's wording makes.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub explained: BTreeSet<Statement>,
    /// When it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_at: Option<UnixTime>,
    /// Who agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub giver: Option<Giver>,
    /// How far the case may go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// How it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Everything that the patient saw and that may be sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ShownObject>,
    /// The patient's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// What it is shared for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The class of people who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipients: Option<String>,
    /// The law or guidance that the organisation chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regime: Option<Regime>,
    /// When whoever agreed was shown the covered pictures and the text, as they will be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown_to_patient: Option<UnixTime>,
    /// Who saw the consent being given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// The exact text that was shown or read out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wording: Option<Wording>,
}

/// Who agreed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Giver {
    /// The patient, an adult who can decide.
    AdultPatient,
    /// The patient, a minor mature enough to decide. [GMC 34; GDPR: by national law]
    MatureMinor {
        /// Why the clinician judged the minor able to decide.
        basis: String,
    },
    /// Who has parental responsibility for a minor, or is the minor's guardian.
    Guardian {
        /// The guardian's name.
        name: String,
        /// Where the authority comes from: "mother", "appointed by a court".
        authority: String,
        /// What the minor said.
        assent: Assent,
    },
    /// Who may decide for an adult who cannot.
    Representative {
        /// The representative's name.
        name: String,
        /// Where the authority comes from.
        authority: String,
        /// Why the adult cannot decide, and why this serves them.
        basis: String,
    },
    /// Who may decide for a patient who has died.
    ForTheDead {
        /// The name of who decides.
        name: String,
        /// Where the authority comes from.
        authority: String,
    },
    /// No one could agree: there is no consent, whatever the reason.
    Nobody {
        /// Why not.
        why: NobodyWhy,
    },
}

/// What a minor said to a guardian's consent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Assent {
    /// The minor agrees too.
    Given,
    /// The minor cannot be asked yet.
    TooYoung {
        /// Why not: "two years old".
        reason: String,
    },
    /// The minor does not want it. No guardian overrides that here. [GMC 34]
    Refused,
}

/// Why no one could agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NobodyWhy {
    /// The patient is unconscious.
    Unconscious,
    /// There is no time to ask.
    Emergency,
    /// The patient cannot decide, and no one may decide for them.
    NoRepresentative,
}

/// How consent was given. Hashes are of media that [`super::signature`] checked and the vault keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// Signed on the screen.
    Signature {
        /// SHA-256 of the signature's bytes.
        sha256: Sha256,
        /// What the bytes are.
        form: SignatureForm,
    },
    /// Marked with a thumb, before a witness.
    Thumbprint {
        /// SHA-256 of the mark's picture.
        sha256: Sha256,
    },
    /// Said aloud, before a witness.
    WitnessedOral,
    /// Said aloud, recorded.
    Audio {
        /// SHA-256 of the recording.
        sha256: Sha256,
    },
}

/// Who saw the consent being given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The witness's name.
    pub name: String,
    /// What the witness is to patient or clinic: "nurse", "neighbour", "interpreter".
    pub role: String,
}

/// Something that the patient saw and that may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownObject {
    /// What it was made from, if the patient saw it as that: another object of the same consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<Sha256>,
    /// What it is.
    pub kind: ObjectKind,
    /// SHA-256 of its exact bytes.
    pub sha256: Sha256,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A covered picture.
    Picture,
    /// A small copy of a covered picture.
    Thumbnail,
    /// The scrubbed text.
    Text,
}

/// Something that has to be said to whoever agrees. Which ones must be said depends on the [`Regime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statement {
    /// Consent can be withdrawn at any time, and how.
    Revocation,
    /// Withdrawing is as easy as agreeing was.
    WithdrawalAsEasy,
    /// What was done before a withdrawal stays lawful.
    EarlierUse,
    /// What cannot be taken back: screenshots, exported files, devices that stay offline.
    CannotTakeBack,
    /// Care does not depend on it.
    Conditioning,
    /// It is a free choice, without pressure.
    FreelyGiven,
    /// It stands apart from other matters, such as consent to treatment.
    Separate,
    /// Who receives it may pass it on, and then it may not be protected any more.
    Redisclosure,
    /// The patient gets a copy.
    CopyGiven,
    /// How and how long it is kept.
    Keeping,
    /// What it may be used for later, and that anything else needs a new consent.
    FutureUses,
    /// The rights to see, correct and erase, and to complain to the authority.
    DataRights,
    /// Who receives it may be in another country.
    Transfer,
}

/// A fact that the clinician confirms, since no text can show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Affirmation {
    /// The wording was read by or to the giver in a language they follow, and questions were answered.
    Understood,
    /// Consent was a clear statement of its own, not silence or a nod in passing. [GDPR 9(2)(a)]
    Explicit,
    /// The discussion was noted in the medical record. [GMC 14, 24]
    DiscussionRecorded,
}

impl Giver {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AdultPatient => "adult_patient",
            Self::MatureMinor { .. } => "mature_minor",
            Self::Guardian { .. } => "guardian",
            Self::Representative { .. } => "representative",
            Self::ForTheDead { .. } => "for_the_dead",
            Self::Nobody { .. } => "nobody",
        }
    }

    /// The name of who speaks for the patient, where another does.
    #[must_use]
    pub fn speaks_for_patient(&self) -> Option<&str> {
        match self {
            Self::Guardian { name, .. }
            | Self::Representative { name, .. }
            | Self::ForTheDead { name, .. } => Some(name),
            Self::AdultPatient | Self::MatureMinor { .. } | Self::Nobody { .. } => None,
        }
    }

    /// Who agreed, in plain English, with names: for receipts and for exports that hold details.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::AdultPatient => "the patient".to_owned(),
            Self::MatureMinor { basis } => format!("the patient, a minor able to decide ({basis})"),
            Self::Guardian { name, authority, assent } => {
                let minor = match assent {
                    Assent::Given => "who agrees too".to_owned(),
                    Assent::TooYoung { reason } => format!("who could not be asked: {reason}"),
                    Assent::Refused => "who does not agree".to_owned(),
                };
                format!("{name} ({authority}), for the patient, a minor {minor}")
            }
            Self::Representative { name, authority, basis } => {
                format!("{name} ({authority}), for the patient, who cannot decide ({basis})")
            }
            Self::ForTheDead { name, authority } => {
                format!("{name} ({authority}), for the patient, who has died")
            }
            Self::Nobody { .. } => "nobody".to_owned(),
        }
    }
}

impl Method {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Signature { .. } => "signature",
            Self::Thumbprint { .. } => "thumbprint",
            Self::WitnessedOral => "witnessed_oral",
            Self::Audio { .. } => "audio",
        }
    }

    /// SHA-256 of the medium that the vault keeps with the record, if there is one.
    #[must_use]
    pub fn media(self) -> Option<Sha256> {
        match self {
            Self::Signature { sha256, .. } | Self::Thumbprint { sha256 } | Self::Audio { sha256 } => {
                Some(sha256)
            }
            Self::WitnessedOral => None,
        }
    }

    /// Whether it was only said: such consent never reaches publication.
    pub(super) fn is_spoken(self) -> bool {
        matches!(self, Self::WitnessedOral | Self::Audio { .. })
    }

    /// Whether it counts only with a witness.
    pub(super) fn needs_witness(self) -> bool {
        matches!(self, Self::Thumbprint { .. } | Self::WitnessedOral)
    }
}

impl ObjectKind {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Thumbnail => "thumbnail",
            Self::Text => "text",
        }
    }
}

/// Gives types that name people a `Debug` that shows none of it, so that no log can.
macro_rules! silent {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
silent!(ConsentDraft, Giver, Assent, Witness);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_reads_back_as_stored() {
        let draft = ConsentDraft {
            patient: Some("Test Patient One".to_owned()),
            giver: Some(Giver::Guardian {
                name: "Test Guardian One".to_owned(),
                authority: "mother".to_owned(),
                assent: Assent::TooYoung { reason: "two years old".to_owned() },
            }),
            explained: [Statement::Revocation].into(),
            ..ConsentDraft::default()
        };
        let stored = serde_json::to_string(&draft).unwrap();
        assert!(serde_json::from_str::<ConsentDraft>(&stored).unwrap() == draft);
        assert_eq!(serde_json::to_string(&ConsentDraft::default()).unwrap(), "{}");
    }

    #[test]
    fn unknown_fields_are_refused_everywhere() {
        for text in [
            r#"{"patients":"x"}"#,
            r#"{"giver":{"guardian":{"name":"x","authority":"y","assent":"given","age":3}}}"#,
            r#"{"giver":{"adult_patient":{"name":"x"}}}"#,
            r#"{"method":{"thumbprint":{}}}"#,
            r#"{"witness":{"name":"x","role":"y","z":1}}"#,
            r#"{"explained":["everything"]}"#,
        ] {
            assert!(serde_json::from_str::<ConsentDraft>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn debug_shows_no_name() {
        let draft = ConsentDraft { patient: Some("Test Patient One".to_owned()), ..ConsentDraft::default() };
        let giver = Giver::MatureMinor { basis: "Test Basis".to_owned() };
        assert!(!format!("{draft:?} {giver:?}").contains("Test"));
    }
}
