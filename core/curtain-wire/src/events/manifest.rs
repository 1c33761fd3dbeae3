//! How the patient was made unrecognisable: classes, boxes, scores, decisions and reasons. Never a reading, and never
//! a text that was replaced.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::canonical::Suite;
use crate::hash::{Id, Sha256};
use crate::header::{Author, MAX_OBJECTS};
use crate::statement::Statement;
use crate::text::is_line;
use crate::time::UnixTime;

/// The most models that looked.
const MAX_MODELS: usize = 16;

/// The longest name of a model, in characters.
const MAX_MODEL_NAME: usize = 100;

/// The most findings, and the most regions added, in one picture.
const MAX_PICTURE_FINDINGS: usize = 1_000;

/// The most findings in one part of a text.
const MAX_TEXT_FINDINGS: usize = 10_000;

/// The longest side of a picture, in pixels. [ITU-T T.81, B.2.2]
const MAX_SIDE: u32 = 65_535;

/// What a person decided about everything that was found in a post. Signed with the device's `object` key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// When, by the device's clock.
    pub at: UnixTime,
    /// By whom.
    pub author: Author,
    /// What looked.
    pub models: Vec<Model>,
    /// One for each picture, in order.
    pub pictures: Vec<PictureReview>,
    /// The post's random name.
    pub post: Id,
    /// The algorithms.
    pub suite: Suite,
    /// One for each part of the text that was read, in the order of [`TextPart`].
    pub text: Vec<TextReview>,
}

impl Statement for Manifest {
    const TYPE: &'static str = "curtain/v1/manifest";
    const MAX_BYTES: usize = 3 << 20;
}

/// A model that looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// The hash of its file.
    pub sha256: Sha256,
}

/// What was found in a picture, and decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureReview {
    /// Regions that a person added.
    pub added: Vec<Rect>,
    /// What a person saw of each [`Check`].
    pub checks: BTreeMap<Check, Answer>,
    /// With what regions were covered.
    pub cover: Cover,
    /// What was found, and decided.
    pub findings: Vec<PictureFinding>,
    /// The hash of the finished picture's bytes.
    pub sha256: Sha256,
}

/// A rectangle of whole pixels that is not empty, written `[x,y,width,height]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "[u32; 4]", into = "[u32; 4]")]
pub struct Rect {
    /// Leftmost column.
    pub x: u32,
    /// Topmost row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl From<[u32; 4]> for Rect {
    fn from([x, y, width, height]: [u32; 4]) -> Self {
        Self { x, y, width, height }
    }
}

impl From<Rect> for [u32; 4] {
    fn from(Rect { x, y, width, height }: Rect) -> Self {
        [x, y, width, height]
    }
}

impl Rect {
    fn is_sane(self) -> bool {
        let fits =
            |start: u32, len: u32| len > 0 && start.checked_add(len).is_some_and(|end| end <= MAX_SIDE);
        fits(self.x, self.width) && fits(self.y, self.height)
    }
}

/// What a person has to look for, since no model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
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

impl Check {
    /// All of them; each must be answered for each picture.
    pub const ALL: [Self; 6] =
        [Self::Code, Self::Tattoo, Self::Jewellery, Self::Badge, Self::Background, Self::DistinctiveMark];

    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Tattoo => "tattoo",
            Self::Jewellery => "jewellery",
            Self::Badge => "badge",
            Self::Background => "background",
            Self::DistinctiveMark => "distinctive_mark",
        }
    }
}

/// What a person saw of a [`Check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is not there.
    Absent,
    /// It is there, and a region covers it.
    Covered,
    /// It is there, it is what the case is about, and the patient was shown it before agreeing.
    NeededForTheCase,
}

/// With what a region is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cover {
    /// Filled from around it, and hatched.
    Veil,
    /// One colour.
    Solid,
}

/// Something that a model found in a picture, and what a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PictureFinding {
    /// Where.
    pub r#box: Rect,
    /// What.
    pub class: PictureClass,
    /// What was decided.
    #[serde(flatten)]
    pub decision: PictureDecision,
    /// How sure the model was, in thousandths.
    pub score: u16,
}

/// What is found in pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureClass {
    /// A human face.
    Face,
    /// A line of text.
    Text,
    /// A machine code: a bar code or QR code.
    Code,
}

/// What was decided about a finding in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum PictureDecision {
    /// It was covered.
    Cover,
    /// This region was covered instead.
    Resize {
        /// The region.
        region: Rect,
    },
    /// It is seen.
    Keep {
        /// Why that harms nobody.
        reason: PictureKeep,
    },
}

/// Why a finding in a picture may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureKeep {
    /// There is no face, text or code.
    NothingThere,
    /// A side marker of a radiograph.
    SideMarker,
    /// A ruler, a scale or a colour card.
    Scale,
    /// The label of a lead, a slice or a measurement.
    ClinicalLabel,
}

/// What was found in a part of the text, and decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextReview {
    /// What was found, and decided.
    pub findings: Vec<TextFinding>,
    /// In which part.
    pub part: TextPart,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextPart {
    /// What it is about, in a line.
    Title,
    /// The story.
    Body,
    /// What the others are asked.
    Question,
}

/// Something that was found in a text, and what a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TextFinding {
    /// What.
    pub class: TextClass,
    /// What was decided.
    #[serde(flatten)]
    pub decision: TextDecision,
}

/// What is found in texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextClass {
    /// A person's name.
    Name,
    /// A place smaller than a state.
    Place,
    /// A hospital, school, employer.
    Facility,
    /// A date more exact than a year.
    Date,
    /// An age over 89.
    #[serde(rename = "age_over_89")]
    AgeOver89,
    /// A telephone number.
    Phone,
    /// A fax number.
    Fax,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// A name on a network.
    Handle,
    /// A computer's address.
    Ip,
    /// Any other number that names somebody.
    IdNumber,
}

/// What was decided about a finding in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum TextDecision {
    /// Another word stands there.
    Replace,
    /// The time since the first date stands there, if there is one; else another word.
    Interval,
    /// It can be read.
    Keep {
        /// Why that harms nobody.
        reason: TextKeep,
    },
}

/// Why a finding in a text may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextKeep {
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

/// A manifest that cannot be right.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestError {
    /// More than 16.
    #[error("the manifest names more than {MAX_MODELS} models")]
    Models,
    /// A name that is not one line of 1 to 100 characters.
    #[error("the name of a model is not one line of 1 to {MAX_MODEL_NAME} characters")]
    ModelName,
    /// More than a post can have.
    #[error("the manifest has more pictures than a post can have")]
    Pictures,
    /// More than 1,000 in a picture, or 10,000 in a part of the text.
    #[error("the manifest has more findings or regions than one picture or text may have")]
    Findings,
    /// A rectangle that is empty, or reaches beyond what a picture can be.
    #[error("a region is empty or lies outside of any picture")]
    Region,
    /// Above 1,000 thousandths.
    #[error("a score is above 1,000 thousandths")]
    Score,
    /// A [`Check`] without an answer.
    #[error("the checklist of a picture is not answered in full")]
    Checks,
    /// A face that may be seen for another reason than that it is none.
    #[error("a face is kept: only what is no face may be seen")]
    FaceKept,
    /// A part of the text twice, or not in order.
    #[error("the parts of the text are not title, body and question, each once at most")]
    Parts,
}

impl ManifestError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Models => "manifest_models",
            Self::ModelName => "manifest_model_name",
            Self::Pictures => "manifest_pictures",
            Self::Findings => "manifest_findings",
            Self::Region => "manifest_region",
            Self::Score => "manifest_score",
            Self::Checks => "manifest_checks",
            Self::FaceKept => "manifest_face_kept",
            Self::Parts => "manifest_parts",
        }
    }
}

impl Manifest {
    /// Checks its limits, and that a person decided all there is to decide.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn check(&self) -> Result<(), ManifestError> {
        if self.models.len() > MAX_MODELS {
            return Err(ManifestError::Models);
        }
        if !self.models.iter().all(|model| is_line(&model.name, MAX_MODEL_NAME)) {
            return Err(ManifestError::ModelName);
        }
        if self.pictures.len() >= MAX_OBJECTS {
            return Err(ManifestError::Pictures);
        }
        self.pictures.iter().try_for_each(PictureReview::check)?;
        if !self.text.is_sorted_by(|one, next| one.part < next.part) {
            return Err(ManifestError::Parts);
        }
        self.text.iter().try_for_each(TextReview::check)
    }
}

impl PictureReview {
    fn check(&self) -> Result<(), ManifestError> {
        if self.findings.len() > MAX_PICTURE_FINDINGS || self.added.len() > MAX_PICTURE_FINDINGS {
            return Err(ManifestError::Findings);
        }
        if !self.added.iter().all(|rect| rect.is_sane()) {
            return Err(ManifestError::Region);
        }
        if self.checks.len() != Check::ALL.len() {
            return Err(ManifestError::Checks);
        }
        self.findings.iter().try_for_each(PictureFinding::check)
    }
}

impl PictureFinding {
    fn check(&self) -> Result<(), ManifestError> {
        if !self.r#box.is_sane() {
            return Err(ManifestError::Region);
        }
        if self.score > 1_000 {
            return Err(ManifestError::Score);
        }
        match (self.decision, self.class) {
            (PictureDecision::Resize { region }, _) if !region.is_sane() => Err(ManifestError::Region),
            (PictureDecision::Keep { reason }, PictureClass::Face) if reason != PictureKeep::NothingThere => {
                Err(ManifestError::FaceKept)
            }
            _ => Ok(()),
        }
    }
}

impl TextReview {
    fn check(&self) -> Result<(), ManifestError> {
        if self.findings.len() > MAX_TEXT_FINDINGS {
            return Err(ManifestError::Findings);
        }
        Ok(())
    }
}
