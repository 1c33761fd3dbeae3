//! Consents, and the log that they stand in.

use std::path::Path;
use std::sync::Arc;

use curtain::consent::{
    self as core, Affirmation, Assent, ConsentDraft, Level, Method, NobodyWhy, Regime, Statement, Witness,
    signature, wording,
};
use curtain::desk::{self, Request};
use curtain::hash::Sha256;
use curtain::ledger::leaf::{DetailsTaken, ExportFormat};
use curtain::ledger::verify::{self, Completeness, Expectations, Integrity, Signer};
use curtain::time::UnixTime;
use curtain::vault::{GrantError, ToGrant, WithdrawBy};

use crate::case::CasePost;
use crate::error::{ConsentError, VerifyError};
use crate::vault::{Vault, now};

/// How far a case may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Audience {
    /// Clinicians who advise on this patient.
    CareAdvice,
    /// Also students, in closed circles.
    Teaching,
    /// Also the public.
    Publication,
}

impl From<Audience> for Level {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::CareAdvice => Self::CareAdvice,
            Audience::Teaching => Self::Teaching,
            Audience::Publication => Self::Publication,
        }
    }
}

/// The law or guidance that the organisation chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Law {
    /// 45 CFR 164.508(c), an authorization (United States).
    Hipaa,
    /// Regulation (EU) 2016/679, articles 7 and 9(2)(a).
    Gdpr,
    /// General Medical Council guidance (United Kingdom).
    Gmc,
}

/// Who agrees.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Giver {
    /// The patient, an adult who can decide.
    AdultPatient,
    /// The patient, a minor mature enough to decide.
    MatureMinor {
        /// Why the clinician judged the minor able to decide.
        basis: String,
    },
    /// Who has parental responsibility for a minor.
    Guardian {
        /// The guardian's name.
        name: String,
        /// Where the authority comes from.
        authority: String,
        /// What the minor says.
        minor: MinorSays,
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
    /// No one could agree: there is no consent.
    Nobody {
        /// Why not.
        why: WhyNobody,
    },
}

/// What a minor says to a guardian's consent.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum MinorSays {
    /// The minor agrees too.
    Agrees,
    /// The minor cannot be asked yet.
    TooYoung {
        /// Why not.
        reason: String,
    },
    /// The minor does not want it.
    Refuses,
}

/// Why no one could agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum WhyNobody {
    /// The patient is unconscious.
    Unconscious,
    /// There is no time to ask.
    Emergency,
    /// No one may decide for the patient.
    NoRepresentative,
}

/// How it was given.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Given {
    /// Signed on the screen: strokes as JSON, or a picture.
    Signature {
        /// The file's bytes.
        bytes: Vec<u8>,
    },
    /// Marked with a thumb, before a witness.
    Thumbprint {
        /// The file's bytes.
        bytes: Vec<u8>,
    },
    /// Said aloud, recorded.
    Audio {
        /// The file's bytes.
        bytes: Vec<u8>,
    },
    /// Said aloud, before a witness.
    WitnessedOral,
}

/// A fact that the clinician confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Fact {
    /// The wording was read by or to the giver in a language they follow, and questions were answered.
    Understood,
    /// Consent was a clear statement of its own.
    Explicit,
    /// The discussion was noted in the medical record.
    DiscussionRecorded,
}

/// Who saw it being given.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SeenBy {
    /// The witness's name.
    pub name: String,
    /// What the witness is to patient or clinic.
    pub role: String,
}

/// A consent as it is filled in: every field may be absent, and [`ConsentLog::missing`] says which must not be.
#[derive(Clone, Default, uniffi::Record)]
pub struct ConsentForm {
    /// The law or guidance.
    pub law: Option<Law>,
    /// How far the case may go.
    pub audience: Option<Audience>,
    /// What it is shared for.
    pub purpose: Option<String>,
    /// The class of people who may see it.
    pub recipients: Option<String>,
    /// Who shares.
    pub discloser: Option<String>,
    /// Whom the patient can ask, and where to withdraw.
    pub contact: Option<String>,
    /// What is shown, in words.
    pub description: Option<String>,
    /// The last second of the consent, since 1970.
    pub expires: Option<i64>,
    /// The patient's name.
    pub patient: Option<String>,
    /// Who agrees.
    pub giver: Option<Giver>,
    /// How it was given.
    pub given: Option<Given>,
    /// When, in seconds since 1970.
    pub given_at: Option<i64>,
    /// When the covered pictures and the text were shown.
    pub shown_at: Option<i64>,
    /// Who saw it.
    pub witness: Option<SeenBy>,
    /// What the clinician confirms.
    pub facts: Vec<Fact>,
    /// The language of the wording, as a tag; Curtain's own text in it is used.
    pub language: Option<String>,
}

/// What to do about something that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MissingKind {
    /// Fill it in.
    Absent,
    /// Correct it.
    Wrong,
    /// Consent cannot be had this way.
    Refused,
}

/// Something that a consent lacks. It holds nothing of the patient.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Missing {
    /// A stable name.
    pub code: String,
    /// What to do, in plain English.
    pub text: String,
    /// Where it is asked for.
    pub source: String,
    /// What kind it is.
    pub kind: MissingKind,
}

/// A consent that was recorded.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Recorded {
    /// Its name.
    pub consent: String,
    /// The log.
    pub log: String,
    /// The record's number in it.
    pub n: u64,
    /// The patient's withdrawal code, as it is printed. It is shown to nobody else.
    pub withdrawal_code: String,
}

/// In whose name a consent is withdrawn.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Withdrawer {
    /// The patient's, by the code on the receipt.
    Code {
        /// As it was typed.
        code: String,
    },
    /// The author's.
    Author {
        /// The consent's name.
        consent: String,
    },
}

/// A form of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Format {
    /// What proves: a folder.
    Evidence,
    /// A table.
    Csv,
    /// JSON objects, a line each.
    JsonLines,
    /// HL7 FHIR R4.
    Fhir,
    /// To print.
    Pdf,
}

/// What a verification of evidence found.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Verified {
    /// Whether every record is as it was signed.
    pub intact: bool,
    /// The first record that is not, where that is known.
    pub broken_at: Option<u64>,
    /// Whether the signer is who was expected.
    pub signer_known: bool,
    /// Whether it is proven that no newest record is missing.
    pub complete: bool,
    /// How many records the log had.
    pub records: u64,
}

/// The consent log of a vault.
#[derive(uniffi::Object)]
pub struct ConsentLog {
    vault: Arc<Vault>,
}

#[uniffi::export]
impl ConsentLog {
    /// The log of this vault.
    #[uniffi::constructor]
    #[must_use]
    pub fn new(vault: Arc<Vault>) -> Arc<Self> {
        Arc::new(Self { vault })
    }

    /// What a form lacks to be a consent to this case as it was reviewed.
    ///
    /// # Errors
    /// [`ConsentError`].
    pub fn missing(&self, form: ConsentForm, post: Arc<CasePost>) -> Result<Vec<Missing>, ConsentError> {
        let (draft, _) = draft(form, &post)?;
        Ok(draft.missing_as_drafted(now()).into_iter().map(Into::into).collect())
    }

    /// The text that is shown or read out, as far as the form can fill it.
    ///
    /// # Errors
    /// [`ConsentError`].
    pub fn wording(&self, form: ConsentForm, post: Arc<CasePost>) -> Result<Option<String>, ConsentError> {
        Ok(draft(form, &post)?.0.wording.map(|wording| wording.text))
    }

    /// Records a consent to this case as it was reviewed.
    ///
    /// # Errors
    /// [`ConsentError::Incomplete`], with everything that is missing; nothing was recorded. [`ConsentError`].
    pub fn record(&self, form: ConsentForm, post: Arc<CasePost>) -> Result<Recorded, ConsentError> {
        let (draft, media) = draft(form, &post)?;
        let granted = self.vault.with(|vault| {
            let grant = ToGrant { draft, media: media.as_deref(), case: Some(post.name()) };
            vault.grant(grant, now()).map_err(ConsentError::from)
        })?;
        Ok(Recorded {
            consent: granted.id.to_string(),
            log: granted.log.to_string(),
            n: granted.n,
            withdrawal_code: granted.code.printed().to_string(),
        })
    }

    /// Withdraws a consent: what waits to be sent under it is cancelled, and what was sent is to follow. Its name.
    ///
    /// # Errors
    /// [`ConsentError`]; nothing was changed.
    pub fn withdraw(&self, by: Withdrawer) -> Result<String, ConsentError> {
        let by = match by {
            Withdrawer::Code { code } => WithdrawBy::Code(
                core::WithdrawalCode::parse(code.trim()).map_err(|_| ConsentError::CodeForm)?,
            ),
            Withdrawer::Author { consent } => {
                WithdrawBy::Author(consent.parse().map_err(|_| crate::VaultError::NotFound)?)
            }
        };
        self.vault
            .with(|vault| Ok(vault.withdraw(&by, now()).map_err(ConsentError::from)?.consent.to_string()))
    }

    /// Writes the newest log to `target`, which must not exist; `taken_by` says who takes it and what for, and is recorded.
    /// Without names.
    ///
    /// # Errors
    /// [`ConsentError`].
    pub fn export(
        &self,
        target: String,
        format: Format,
        taken_by: String,
    ) -> Result<Vec<String>, ConsentError> {
        let format = match format {
            Format::Evidence => ExportFormat::Evidence,
            Format::Csv => ExportFormat::Csv,
            Format::JsonLines => ExportFormat::Jsonl,
            Format::Fhir => ExportFormat::Fhir,
            Format::Pdf => ExportFormat::Pdf,
        };
        self.vault.with(|vault| {
            let log =
                vault.logs().map_err(crate::VaultError::from)?.pop().ok_or(crate::VaultError::NotFound)?.id;
            let (details, taken_by) = (DetailsTaken::No, taken_by.as_str());
            let request = Request { log, from: None, to: None, format, details, taken_by };
            let taken =
                desk::hand_out(vault, &request, Path::new(&target), now()).map_err(ConsentError::from)?;
            Ok(taken.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect())
        })
    }
}

/// Verifies a folder of evidence. `key` is the verifier key of the log, `since` an earlier checkpoint, where there are any.
///
/// # Errors
/// [`VerifyError`]; that something does not hold is no error.
#[uniffi::export]
pub fn verify_evidence(
    folder: String,
    key: Option<String>,
    since: Option<Vec<u8>>,
) -> Result<Verified, VerifyError> {
    let key = key.map(|key| key.parse().map_err(|_| VerifyError::Key)).transpose()?;
    let expected = Expectations { since: since.as_deref(), key, witness: None };
    let report = verify::verify(Path::new(&folder), &expected)?;
    let (intact, broken_at) = match report.integrity {
        Integrity::Intact => (true, None),
        Integrity::Broken { record, .. } => (false, record),
    };
    Ok(Verified {
        intact,
        broken_at,
        signer_known: report.signer == Signer::Authenticated,
        complete: !matches!(report.completeness, Completeness::NotProven { .. }) && report.is_complete(),
        records: report.scope.map_or(0, |scope| scope.size),
    })
}

fn draft(form: ConsentForm, case: &CasePost) -> Result<(ConsentDraft, Option<Vec<u8>>), ConsentError> {
    let time = |seconds: i64| UnixTime::new(seconds).map_err(|_| ConsentError::Time { seconds });
    let (method, media) = match form.given {
        Some(Given::Signature { bytes }) => {
            let form = signature::check(&bytes)
                .map_err(|error| ConsentError::Media { code: error.code().to_owned() })?;
            (Some(Method::Signature { sha256: Sha256::of(&bytes), form }), Some(bytes))
        }
        Some(Given::Thumbprint { bytes }) => {
            (Some(Method::Thumbprint { sha256: Sha256::of(&bytes) }), Some(bytes))
        }
        Some(Given::Audio { bytes }) => (Some(Method::Audio { sha256: Sha256::of(&bytes) }), Some(bytes)),
        Some(Given::WitnessedOral) => (Some(Method::WitnessedOral), None),
        None => (None, None),
    };
    let mut draft = ConsentDraft {
        affirmed: form.facts.into_iter().map(Into::into).collect(),
        contact: form.contact,
        description: form.description,
        discloser: form.discloser,
        expires: form.expires.map(time).transpose()?,
        explained: std::collections::BTreeSet::<Statement>::new(),
        given_at: form.given_at.map(time).transpose()?,
        giver: form.giver.map(Into::into),
        level: form.audience.map(Into::into),
        method,
        objects: case.to_be_shown().map_err(|error| ConsentError::Case { error })?,
        patient: form.patient,
        purpose: form.purpose,
        recipients: form.recipients,
        regime: form.law.map(|law| match law {
            Law::Hipaa => Regime::Hipaa,
            Law::Gdpr => Regime::Gdpr,
            Law::Gmc => Regime::Gmc,
        }),
        shown_to_patient: form.shown_at.map(time).transpose()?,
        witness: form.witness.map(|SeenBy { name, role }| Witness { name, role }),
        wording: None,
    };
    let language = form.language.as_deref().unwrap_or("en");
    let template = wording::newest(language).ok_or(ConsentError::NoWording)?;
    draft.wording = wording::Fill::of(&draft).map(|fill| wording::render(template, &fill));
    Ok((draft, media))
}

impl From<Fact> for Affirmation {
    fn from(fact: Fact) -> Self {
        match fact {
            Fact::Understood => Self::Understood,
            Fact::Explicit => Self::Explicit,
            Fact::DiscussionRecorded => Self::DiscussionRecorded,
        }
    }
}

impl From<Giver> for core::Giver {
    fn from(giver: Giver) -> Self {
        match giver {
            Giver::AdultPatient => Self::AdultPatient,
            Giver::MatureMinor { basis } => Self::MatureMinor { basis },
            Giver::Guardian { name, authority, minor } => {
                let assent = match minor {
                    MinorSays::Agrees => Assent::Given,
                    MinorSays::TooYoung { reason } => Assent::TooYoung { reason },
                    MinorSays::Refuses => Assent::Refused,
                };
                Self::Guardian { name, authority, assent }
            }
            Giver::Representative { name, authority, basis } => {
                Self::Representative { name, authority, basis }
            }
            Giver::ForTheDead { name, authority } => Self::ForTheDead { name, authority },
            Giver::Nobody { why } => Self::Nobody {
                why: match why {
                    WhyNobody::Unconscious => NobodyWhy::Unconscious,
                    WhyNobody::Emergency => NobodyWhy::Emergency,
                    WhyNobody::NoRepresentative => NobodyWhy::NoRepresentative,
                },
            },
        }
    }
}

impl From<core::Missing> for Missing {
    fn from(missing: core::Missing) -> Self {
        let kind = match missing.kind() {
            core::Kind::Absent => MissingKind::Absent,
            core::Kind::Wrong => MissingKind::Wrong,
            core::Kind::Refused => MissingKind::Refused,
        };
        let [code, text, source] = [missing.code(), missing.text(), missing.source()].map(str::to_owned);
        Self { code, text, source, kind }
    }
}

impl From<GrantError> for ConsentError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Incomplete(incomplete) => {
                Self::Incomplete { missing: incomplete.missing.into_iter().map(Into::into).collect() }
            }
            GrantError::Media(error) => Self::Media { code: error.code().to_owned() },
            GrantError::OtherMedia => Self::Media { code: "other_media".to_owned() },
            GrantError::Vault(error) => Self::Vault { error: error.into() },
        }
    }
}
