//! Finding what shows who the patient is: faces and text, on the device.
//!
//! "Found none", "found some" and "could not run" are three different answers: the last is always
//! a [`DetectError`], never an empty list.

mod canvas;
mod engine;
mod faces;
mod text;
mod watch;

use thiserror::Error;

use self::engine::Model;
use self::watch::Looks;
use crate::geometry::{PixelRect, Score};
use crate::picture::Picture;

pub use self::watch::{Unwatched, Watch};

/// What a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A human face.
    Face,
    /// A line of text.
    Text,
    /// A machine-readable code. Not looked for yet: see [`Detectors::NOT_LOOKED_FOR`].
    Code,
}

impl Kind {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Text => "text",
            Self::Code => "code",
        }
    }
}

/// Something that may show who the patient is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Where the detector saw it, in pixels of the upright picture.
    pub found: PixelRect,
    /// What would be covered: the whole head of a face, a line of text with a margin.
    pub region: PixelRect,
    /// How sure the detector is. Scores of different kinds cannot be compared.
    pub score: Score,
}

/// Why a picture could not be looked at. Neither is ever "nothing found".
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DetectError {
    /// A detector failed, or gave output that means nothing.
    #[error("a detector could not run, so it is not known what the picture shows: nothing was released")]
    CouldNotRun,
    /// The weights are not the ones on the card.
    #[error("the detector's weights are not the ones that were measured: reinstall the app")]
    WrongModel,
    /// Whoever watches did not want to wait.
    #[error("looking at the picture was cancelled: nothing was released")]
    Cancelled,
}

/// The networks that look for faces and text, with the SHA-256 of their weights.
#[must_use]
pub fn models() -> [(&'static str, [u8; 32]); 2] {
    [("yunet_2023mar.onnx", faces::SHA256), ("ppocrv5_mobile_det.onnx", text::SHA256)]
}

impl DetectError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CouldNotRun => "detector_could_not_run",
            Self::WrongModel => "wrong_model",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The detectors, loaded and verified. Costly to make (about 0.1 s): make one and keep it.
pub struct Detectors {
    faces: Model,
    text: Model,
}

/// The weights of every detector, as ONNX bytes.
#[derive(Clone, Copy)]
pub struct Weights<'a> {
    /// `models/yunet_2023mar.onnx`.
    pub faces: &'a [u8],
    /// `models/ppocrv5_mobile_det.onnx`.
    pub text: &'a [u8],
}

impl Weights<'static> {
    /// The weights that are built into this library.
    pub const BUILT_IN: Self = Self { faces: faces::WEIGHTS, text: text::WEIGHTS };
}

impl Detectors {
    /// What a person must still look for: no detector here does.
    pub const NOT_LOOKED_FOR: [Kind; 1] = [Kind::Code];

    /// Loads the built-in detectors.
    ///
    /// # Errors
    /// [`DetectError::WrongModel`] if the weights are damaged.
    pub fn load() -> Result<Self, DetectError> {
        Self::from_weights(Weights::BUILT_IN)
    }

    /// Loads detectors from weights that the caller holds; they must be the ones on the cards.
    ///
    /// # Errors
    /// [`DetectError::WrongModel`] if they are not.
    pub fn from_weights(weights: Weights<'_>) -> Result<Self, DetectError> {
        Ok(Self {
            faces: Model::verified(weights.faces, &faces::SHA256)?,
            text: Model::verified(weights.text, &text::SHA256)?,
        })
    }

    /// Finds faces and lines of text in `picture`: faces first, each kind best first.
    ///
    /// # Errors
    /// [`DetectError::CouldNotRun`] if any detector did not give usable output.
    pub fn find(&self, picture: &Picture) -> Result<Vec<Finding>, DetectError> {
        self.find_watched(picture, &Unwatched)
    }

    /// The same, and tells `watch` before every run of a network and at the end; it may end the search.
    ///
    /// # Errors
    /// [`DetectError::CouldNotRun`]; [`DetectError::Cancelled`].
    pub fn find_watched(&self, picture: &Picture, watch: &dyn Watch) -> Result<Vec<Finding>, DetectError> {
        let looks = Looks::new(watch, faces::looks_at(picture.size()) + text::looks_at(picture.size()));
        // The networks run one after the other, since their buffers are the peak of memory; only the
        // text network's plans are made while faces are looked for.
        let mut findings = std::thread::scope(|scope| {
            scope.spawn(|| text::prepare(&self.text, picture.size()));
            faces::find(&self.faces, picture, &looks)
        })?;
        findings.extend(text::find(&self.text, picture, &looks)?);
        looks.end()?;
        Ok(findings)
    }

    /// Finds faces only, best first.
    ///
    /// # Errors
    /// [`DetectError::CouldNotRun`].
    pub fn find_faces(&self, picture: &Picture) -> Result<Vec<Finding>, DetectError> {
        faces::find(&self.faces, picture, &Looks::new(&Unwatched, 0))
    }

    /// Finds lines of text only, best first.
    ///
    /// # Errors
    /// [`DetectError::CouldNotRun`].
    pub fn find_text(&self, picture: &Picture) -> Result<Vec<Finding>, DetectError> {
        text::find(&self.text, picture, &Looks::new(&Unwatched, 0))
    }
}
