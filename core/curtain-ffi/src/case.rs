//! A case on its way: photos and text, what was found, what a person decided, what the patient agreed to.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use curtain::clean::Options;
use curtain::files;
use curtain::hash::{Id, Sha256};
use curtain::post::{self, CaseText, Consented, Object, Reviewed, Scanned, Step};
use curtain::review::{Answer, Check, Decided, Decision, KeepReason, TextVerdict, Verdict};
use curtain::story::{self, Country, Known};
use curtain::{clean, consent};
use ring::rand::SystemRandom;

use crate::consent::Audience;
use crate::error::CaseError;
use crate::photo::{Detectors, Finding, Rect};
use crate::vault::{Vault, now};
use crate::watch::{Cancel, ProgressListener, Watcher};

/// Title, body and question of a case.
#[derive(Clone, Debug, Default, uniffi::Record)]
pub struct Story {
    /// What it is about, in a line.
    pub title: String,
    /// The story.
    pub body: String,
    /// What is asked.
    pub question: String,
}

/// How far a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum CaseStep {
    /// Nobody looked at it in this process: [`CasePost::scan`], or [`CasePost::resume`].
    Kept,
    /// It was looked at, and waits for its review.
    Scanned,
    /// It was reviewed, and waits for a consent that covers it.
    Reviewed,
    /// The patient agreed.
    Consented,
}

/// What was found on one photo.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct PhotoFindings {
    /// Names photo and findings: decisions say what they are about by it.
    pub fingerprint: String,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// What was found in one part of the text. Places are in UTF-16 code units, which Kotlin and Swift count.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct WordsFound {
    /// Where it begins.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// What it is: a stable name.
    pub class: String,
    /// What is proposed instead.
    pub replacement: String,
}

/// What was found in a case.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct CaseFindings {
    /// On each photo, in order.
    pub photos: Vec<PhotoFindings>,
    /// Names text and findings.
    pub text_fingerprint: String,
    /// In the title.
    pub title: Vec<WordsFound>,
    /// In the body.
    pub body: Vec<WordsFound>,
    /// In the question.
    pub question: Vec<WordsFound>,
}

/// What a person decided about one finding on a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PhotoDecision {
    /// Cover the region that was offered.
    Cover,
    /// Cover this region instead.
    Resize {
        /// The region.
        region: Rect,
    },
    /// Leave it to be seen.
    Keep {
        /// Why that harms nobody.
        reason: PhotoKeep,
    },
}

/// Why a finding on a photo may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PhotoKeep {
    /// There is no face, text or code.
    NothingThere,
    /// A side marker of a radiograph.
    SideMarker,
    /// A ruler, a scale or a colour card.
    Scale,
    /// The label of a lead, a slice or a measurement.
    ClinicalLabel,
}

/// What no detector looks for: each is answered for each photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum PhotoCheck {
    /// A bar code or QR code.
    Code,
    /// A tattoo.
    Tattoo,
    /// Jewellery, glasses, distinctive clothes.
    Jewellery,
    /// A name badge, a wristband, handwriting.
    Badge,
    /// A screen, a document or a mirror in the background.
    Background,
    /// A wound, scar or deformity that people would recognise.
    DistinctiveMark,
}

/// What a person saw of a [`PhotoCheck`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PhotoAnswer {
    /// It is not there.
    Absent,
    /// It is there, and a region covers it.
    Covered,
    /// It is there, it is what the case is about, and the patient is shown it before agreeing.
    NeededForTheCase,
}

/// What a person decided about one photo.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PhotoVerdict {
    /// The fingerprint of what was looked at.
    pub of: String,
    /// One for each finding, in order.
    pub decisions: Vec<PhotoDecision>,
    /// Regions that were added by hand.
    pub added: Vec<Rect>,
    /// The checklist.
    pub checks: HashMap<PhotoCheck, PhotoAnswer>,
}

/// What a person decided about one finding in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum WordsDecision {
    /// Write what is proposed.
    Replace,
    /// Write the interval from the first date; what is proposed where there is none.
    Interval,
    /// Leave it as it is.
    Keep {
        /// Why that harms nobody.
        reason: WordsKeep,
    },
}

/// Why a finding in the text may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum WordsKeep {
    /// An ordinary word or number.
    NotAnIdentifier,
    /// A disease, sign, score, drug, device or dose.
    ClinicalTerm,
    /// A state, a country, or larger.
    StateOrLarger,
    /// A name that everybody knows and that says nothing of the patient.
    PublicName,
    /// The name or address of whoever posts.
    MyOwn,
}

/// What was decided about the text. That somebody read it is part of it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct TextRead {
    /// The fingerprint of what was read.
    pub of: String,
    /// About the findings in the title, in order.
    pub title: Vec<WordsDecision>,
    /// About those in the body.
    pub body: Vec<WordsDecision>,
    /// About those in the question.
    pub question: Vec<WordsDecision>,
}

/// What was decided about a whole case.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Decisions {
    /// One for each photo, in order.
    pub photos: Vec<PhotoVerdict>,
    /// About the text; none if nobody read it.
    pub text: Option<TextRead>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ShownKind {
    /// A covered picture.
    Picture,
    /// A small copy of one.
    Thumbnail,
    /// The settled text.
    Text,
}

/// Something that can be sent, and that the patient must be shown.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ShownFile {
    /// What it is.
    pub kind: ShownKind,
    /// SHA-256 of its bytes, in hexadecimal: the consent names it.
    pub sha256: String,
    /// Where it was written; none for thumbnails.
    pub path: Option<String>,
}

enum Held {
    Kept,
    Scanned(Scanned),
    Reviewed(Reviewed),
    Consented(Consented),
}

/// A case, kept in the vault from its first moment: a process that is killed loses no more than what it was looking at.
#[derive(uniffi::Object)]
pub struct CasePost {
    vault: Arc<Vault>,
    detectors: Arc<Detectors>,
    id: Id,
    step: Mutex<Held>,
}

#[uniffi::export]
impl CasePost {
    /// Begins a case of photos in files, which are copied into the vault, and its text, written in `country` (two letters).
    ///
    /// # Errors
    /// [`CaseError`]; nothing was kept.
    #[uniffi::constructor]
    pub fn begin(
        vault: Arc<Vault>,
        detectors: Arc<Detectors>,
        photos: Vec<String>,
        text: Story,
        country: Option<String>,
    ) -> Result<Arc<Self>, CaseError> {
        let limits = Options::default().limits;
        let mut bytes = Vec::new();
        for (index, photo) in (1..).zip(&photos) {
            let read = files::read(Path::new(photo), &limits);
            bytes.push(read.map_err(|error| CaseError::Photo { index, error: error.into() })?);
        }
        let country = country.map(|code| Country::new(&code).ok_or(CaseError::Country)).transpose()?;
        let text = CaseText { title: text.title, body: text.body, question: text.question };
        let id = vault
            .with(|vault| Ok::<_, CaseError>(post::begin(vault, bytes, &text, country, None, now())?))?;
        Ok(Self::held(vault, detectors, id))
    }

    /// A case that is kept, by its name.
    ///
    /// # Errors
    /// [`CaseError`].
    #[uniffi::constructor]
    pub fn open(vault: Arc<Vault>, detectors: Arc<Detectors>, id: String) -> Result<Arc<Self>, CaseError> {
        let id = id.parse().map_err(|_| crate::VaultError::NotFound)?;
        vault.with(|vault| Ok::<_, CaseError>(vault.case(id).map_err(crate::VaultError::from)?))?;
        Ok(Self::held(vault, detectors, id))
    }

    /// Its name in the vault.
    #[must_use]
    pub fn id(&self) -> String {
        self.id.to_string()
    }

    /// How far it is.
    #[must_use]
    pub fn step(&self) -> CaseStep {
        match &*self.step.lock().unwrap_or_else(PoisonError::into_inner) {
            Held::Kept => CaseStep::Kept,
            Held::Scanned(_) => CaseStep::Scanned,
            Held::Reviewed(_) => CaseStep::Reviewed,
            Held::Consented(_) => CaseStep::Consented,
        }
    }

    /// Looks at photos and text, whatever was decided before.
    ///
    /// # Errors
    /// [`CaseError`]; the case stands where it stood.
    pub fn scan(
        &self,
        listener: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<CaseFindings, CaseError> {
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let watcher = Watcher::new(listener, cancel);
        let scanned = self.vault.with(|vault| {
            let case = vault.case(self.id).map_err(crate::VaultError::from)?;
            let (detectors, options) = (&self.detectors.inner, &Options::default());
            post::look_again_watched(&case, vault, detectors, options, Known::default(), &watcher)
                .map_err(|error| CaseError::of(error, &watcher))
        })?;
        let found = findings(&scanned);
        *step = Held::Scanned(scanned);
        Ok(found)
    }

    /// Goes on where the case was left, after every check was run on it again.
    ///
    /// # Errors
    /// [`CaseError`]; the case stands where it stood.
    pub fn resume(
        &self,
        audience: Audience,
        listener: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<Cancel>>,
    ) -> Result<CaseStep, CaseError> {
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let watcher = Watcher::new(listener, cancel);
        let resumed = self.vault.with(|vault| {
            let case = vault.case(self.id).map_err(crate::VaultError::from)?;
            let (detectors, options) = (&self.detectors.inner, &Options::default());
            let (known, audience) = (Known::default(), audience.into());
            post::resume_watched(&case, vault, audience, detectors, options, known, now(), &watcher)
                .map_err(|error| CaseError::of(error, &watcher))
        })?;
        *step = match resumed {
            Step::Scanned(scanned) => Held::Scanned(scanned),
            Step::Reviewed(reviewed) => Held::Reviewed(reviewed),
            Step::Consented(consented) => Held::Consented(consented),
        };
        drop(step);
        Ok(self.step())
    }

    /// What was found, of a case that was looked at.
    ///
    /// # Errors
    /// [`CaseError::NotYet`].
    pub fn findings(&self) -> Result<CaseFindings, CaseError> {
        match &*self.step.lock().unwrap_or_else(PoisonError::into_inner) {
            Held::Scanned(scanned) => Ok(findings(scanned)),
            _ => Err(CaseError::NotYet { wants: CaseStep::Scanned }),
        }
    }

    /// Takes what a person decided, makes everything that can be sent, and keeps the decisions.
    ///
    /// # Errors
    /// [`CaseError`], for the first thing that is open; nothing was made, and the findings stay.
    pub fn review(&self, decisions: Decisions) -> Result<Vec<ShownFile>, CaseError> {
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let decided = decided(decisions)?;
        let scanned = match std::mem::replace(&mut *step, Held::Kept) {
            Held::Scanned(scanned) => scanned,
            other => {
                *step = other;
                return Err(CaseError::NotYet { wants: CaseStep::Scanned });
            }
        };
        let reviewed = match scanned.review(&decided, &Options::default()) {
            Ok(reviewed) => reviewed,
            Err(refused) => {
                *step = Held::Scanned(refused.state);
                return Err(refused.error.into());
            }
        };
        let hashes: Vec<Sha256> = reviewed.objects().iter().map(Object::sha256).collect();
        let shown = reviewed.objects().iter().map(|object| shown(object, None)).collect();
        *step = Held::Reviewed(reviewed);
        self.vault.with(|vault| {
            Ok::<_, CaseError>(
                vault.keep_review(self.id, &decided, &hashes).map_err(crate::VaultError::from)?,
            )
        })?;
        Ok(shown)
    }

    /// Writes what can be sent into `folder`, which is made: for the patient to see, before agreeing.
    ///
    /// # Errors
    /// [`CaseError::NotYet`]; [`CaseError`].
    pub fn write_shown(&self, folder: String) -> Result<Vec<ShownFile>, CaseError> {
        let step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let objects = match &*step {
            Held::Reviewed(reviewed) => reviewed.objects(),
            Held::Consented(consented) => consented.objects(),
            Held::Kept | Held::Scanned(_) => return Err(CaseError::NotYet { wants: CaseStep::Reviewed }),
        };
        let folder = Path::new(&folder);
        files::make_new_folder(folder)?;
        let random = SystemRandom::new();
        let mut written = Vec::new();
        for object in objects {
            let path = match object.kind() {
                consent::ObjectKind::Picture => {
                    let audited = clean::audit(object.bytes()).map_err(|_| CaseError::AuditFailed)?;
                    Some(files::release(&audited, folder, &random)?)
                }
                consent::ObjectKind::Text => {
                    let path = folder.join("text.json");
                    files::write_private(&path, object.bytes())?;
                    Some(path)
                }
                consent::ObjectKind::Thumbnail => None,
            };
            let path = path.map(|path| path.to_string_lossy().into_owned());
            written.push(shown(object, path));
        }
        Ok(written)
    }

    /// Goes on, if the consent of this name covers everything in the case for `audience` now.
    ///
    /// # Errors
    /// [`CaseError::Consent`], with everything that falls short; [`CaseError`].
    pub fn agree(&self, consent: String, audience: Audience) -> Result<(), CaseError> {
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let id = consent.parse().map_err(|_| crate::VaultError::NotFound)?;
        let reviewed = match std::mem::replace(&mut *step, Held::Kept) {
            Held::Reviewed(reviewed) => reviewed,
            other => {
                *step = other;
                return Err(CaseError::NotYet { wants: CaseStep::Reviewed });
            }
        };
        let mut waiting = Some(reviewed);
        let agreed: Result<Consented, CaseError> = self.vault.with(|vault| {
            let reviewed = waiting.take().ok_or(CaseError::NotYet { wants: CaseStep::Reviewed })?;
            reviewed.consent(vault, id, audience.into(), now()).map_err(|refused| {
                waiting = Some(refused.state);
                refused.error.into()
            })
        });
        if let Some(reviewed) = waiting {
            *step = Held::Reviewed(reviewed);
        }
        *step = Held::Consented(agreed?);
        Ok(())
    }
}

impl CasePost {
    fn held(vault: Arc<Vault>, detectors: Arc<Detectors>, id: Id) -> Arc<Self> {
        Arc::new(Self { vault, detectors, id, step: Mutex::new(Held::Kept) })
    }

    /// What the consent must name: of a reviewed case.
    pub(crate) fn to_be_shown(&self) -> Result<Vec<consent::ShownObject>, CaseError> {
        match &*self.step.lock().unwrap_or_else(PoisonError::into_inner) {
            Held::Reviewed(reviewed) => Ok(reviewed.shown()),
            Held::Consented(consented) => Ok(consented.objects().iter().map(Object::shown).collect()),
            Held::Kept | Held::Scanned(_) => Err(CaseError::NotYet { wants: CaseStep::Reviewed }),
        }
    }

    pub(crate) fn name(&self) -> Id {
        self.id
    }
}

fn shown(object: &Object, path: Option<String>) -> ShownFile {
    let kind = match object.kind() {
        consent::ObjectKind::Picture => ShownKind::Picture,
        consent::ObjectKind::Thumbnail => ShownKind::Thumbnail,
        consent::ObjectKind::Text => ShownKind::Text,
    };
    ShownFile { kind, sha256: object.sha256().to_string(), path }
}

fn findings(scanned: &Scanned) -> CaseFindings {
    let photos = scanned.findings().zip(scanned.fingerprints()).map(|(findings, of)| PhotoFindings {
        fingerprint: of.to_string(),
        findings: findings.iter().map(Into::into).collect(),
    });
    let [title, body, question] = scanned.text_findings().each_ref().map(|findings| {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let words = |finding: &story::Finding| WordsFound {
            start: place(finding.utf16.start),
            end: place(finding.utf16.end),
            class: finding.class.code().to_owned(),
            replacement: finding.replacement.clone(),
        };
        findings.found.iter().map(words).collect()
    });
    let text_fingerprint = scanned.text_fingerprint().to_string();
    CaseFindings { photos: photos.collect(), text_fingerprint, title, body, question }
}

fn decided(decisions: Decisions) -> Result<Decided, CaseError> {
    let fingerprint = |text: &str| text.parse::<Sha256>().map_err(|_| CaseError::NoFingerprint);
    let photos = decisions.photos.into_iter().map(|verdict| {
        Ok(Verdict {
            of: fingerprint(&verdict.of)?,
            decisions: verdict.decisions.into_iter().map(Into::into).collect(),
            added: verdict.added.into_iter().map(Into::into).collect(),
            checks: verdict.checks.into_iter().map(|(check, answer)| (check.into(), answer.into())).collect(),
        })
    });
    let photos = photos.collect::<Result<_, CaseError>>()?;
    let words = |decisions: Vec<WordsDecision>| decisions.into_iter().map(Into::into).collect();
    let text = match decisions.text {
        Some(TextRead { of, title, body, question }) => TextVerdict::Read {
            of: fingerprint(&of)?,
            decisions: [words(title), words(body), words(question)],
        },
        None => TextVerdict::NotRead,
    };
    Ok(Decided { photos, text })
}

impl From<PhotoDecision> for Decision {
    fn from(decision: PhotoDecision) -> Self {
        match decision {
            PhotoDecision::Cover => Self::Cover,
            PhotoDecision::Resize { region } => Self::Resize { region: region.into() },
            PhotoDecision::Keep { reason } => Self::Keep {
                reason: match reason {
                    PhotoKeep::NothingThere => KeepReason::NothingThere,
                    PhotoKeep::SideMarker => KeepReason::SideMarker,
                    PhotoKeep::Scale => KeepReason::Scale,
                    PhotoKeep::ClinicalLabel => KeepReason::ClinicalLabel,
                },
            },
        }
    }
}

impl From<WordsDecision> for story::Decision {
    fn from(decision: WordsDecision) -> Self {
        match decision {
            WordsDecision::Replace => Self::Replace,
            WordsDecision::Interval => Self::Interval,
            WordsDecision::Keep { reason } => Self::Keep {
                reason: match reason {
                    WordsKeep::NotAnIdentifier => story::KeepReason::NotAnIdentifier,
                    WordsKeep::ClinicalTerm => story::KeepReason::ClinicalTerm,
                    WordsKeep::StateOrLarger => story::KeepReason::StateOrLarger,
                    WordsKeep::PublicName => story::KeepReason::PublicName,
                    WordsKeep::MyOwn => story::KeepReason::MyOwn,
                },
            },
        }
    }
}

impl From<PhotoCheck> for Check {
    fn from(check: PhotoCheck) -> Self {
        match check {
            PhotoCheck::Code => Self::Code,
            PhotoCheck::Tattoo => Self::Tattoo,
            PhotoCheck::Jewellery => Self::Jewellery,
            PhotoCheck::Badge => Self::Badge,
            PhotoCheck::Background => Self::Background,
            PhotoCheck::DistinctiveMark => Self::DistinctiveMark,
        }
    }
}

impl From<PhotoAnswer> for Answer {
    fn from(answer: PhotoAnswer) -> Self {
        match answer {
            PhotoAnswer::Absent => Self::Absent,
            PhotoAnswer::Covered => Self::Covered,
            PhotoAnswer::NeededForTheCase => Self::NeededForTheCase,
        }
    }
}
