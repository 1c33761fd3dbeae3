//! How a case was de-identified: what was found and decided, without a word or a reading of it.

use curtain_wire::canonical::Suite;
use curtain_wire::events::{
    self, Manifest, Model, PictureClass, PictureDecision, PictureFinding, PictureReview, Rect, TextClass,
    TextDecision, TextFinding, TextKeep, TextReview,
};
use curtain_wire::header::Author;

use crate::cover::Cover;
use crate::detect::{self, Finding, Kind};
use crate::geometry::PixelRect;
use crate::hash::{Id, Sha256};
use crate::review::{CaseText, Decision, TextPart, TextVerdict, Verdict};
use crate::story::{self, Class, Findings};
use crate::time::UnixTime;

/// What the manifest will say.
#[derive(Clone, Debug, Default)]
pub(super) struct Deidentified {
    pictures: Vec<PictureReview>,
    text: Vec<TextReview>,
}

impl Deidentified {
    /// Of the settled `text`, by what was found in the typed one and decided.
    pub(super) fn of_text(text: &CaseText, found: &[Findings; 3], verdict: &TextVerdict) -> Self {
        let nothing: [Vec<story::Decision>; 3] = Default::default();
        let decisions = match verdict {
            TextVerdict::Read { decisions, .. } => decisions,
            TextVerdict::NotRead => &nothing,
        };
        let parts = TextPart::ALL.into_iter().zip(found.iter().zip(decisions));
        let reviews = parts.map(|(part, (found, decisions))| TextReview {
            findings: found.found.iter().zip(decisions).map(of_finding).collect(),
            part: of_part(part),
        });
        Self { pictures: Vec::new(), text: if text.is_blank() { Vec::new() } else { reviews.collect() } }
    }

    /// Of a finished picture. The same picture twice is one.
    pub(super) fn add_picture(
        &mut self,
        sha256: Sha256,
        findings: &[Finding],
        verdict: &Verdict,
        cover: Cover,
    ) {
        if self.pictures.iter().any(|picture| picture.sha256 == sha256) {
            return;
        }
        self.pictures.push(PictureReview {
            added: verdict.added.iter().map(rect).collect(),
            checks: verdict.checks.clone(),
            cover: match cover {
                Cover::Veil => events::Cover::Veil,
                Cover::Solid => events::Cover::Solid,
            },
            findings: findings.iter().zip(&verdict.decisions).map(of_picture_finding).collect(),
            sha256,
        });
    }

    /// The manifest of `post`, to be signed.
    pub(super) fn manifest(&self, post: Id, author: Author, at: UnixTime) -> Manifest {
        let networks = detect::models().into_iter().map(|(name, hash)| (name, Sha256(hash)));
        let lists = story::models().into_iter().map(|(name, bytes)| (name, Sha256::of(bytes)));
        let models = networks.chain(lists).map(|(name, sha256)| Model { name: name.to_owned(), sha256 });
        let Self { pictures, text } = self.clone();
        Manifest { at, author, models: models.collect(), pictures, post, suite: Suite, text }
    }
}

fn rect(region: &PixelRect) -> Rect {
    let PixelRect { x, y, width, height } = *region;
    Rect { x, y, width, height }
}

fn of_picture_finding((finding, decision): (&Finding, &Decision)) -> PictureFinding {
    let decision = match decision {
        Decision::Cover => PictureDecision::Cover,
        Decision::Resize { region } => PictureDecision::Resize { region: rect(region) },
        Decision::Keep { reason } => PictureDecision::Keep { reason: *reason },
    };
    let class = match finding.kind {
        Kind::Face => PictureClass::Face,
        Kind::Text => PictureClass::Text,
        Kind::Code => PictureClass::Code,
    };
    PictureFinding {
        r#box: rect(&finding.region),
        class,
        decision,
        score: thousandths(finding.score.value()),
    }
}

/// A score in 0..=1 as whole thousandths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000 before")]
fn thousandths(score: f32) -> u16 {
    (score * 1_000.0).round().clamp(0.0, 1_000.0) as u16
}

fn of_part(part: TextPart) -> events::TextPart {
    match part {
        TextPart::Title => events::TextPart::Title,
        TextPart::Body => events::TextPart::Body,
        TextPart::Question => events::TextPart::Question,
    }
}

fn of_finding((finding, decision): (&story::Finding, &story::Decision)) -> TextFinding {
    let class = match finding.class {
        Class::Name => TextClass::Name,
        Class::Place => TextClass::Place,
        Class::Facility => TextClass::Facility,
        Class::Date => TextClass::Date,
        Class::AgeOver89 => TextClass::AgeOver89,
        Class::Phone => TextClass::Phone,
        Class::Fax => TextClass::Fax,
        Class::Email => TextClass::Email,
        Class::Url => TextClass::Url,
        Class::Handle => TextClass::Handle,
        Class::Ip => TextClass::Ip,
        Class::Number(_) => TextClass::IdNumber,
    };
    let decision = match decision {
        story::Decision::Replace => TextDecision::Replace,
        story::Decision::Interval => TextDecision::Interval,
        story::Decision::Keep { reason } => TextDecision::Keep {
            reason: match reason {
                story::KeepReason::NotAnIdentifier => TextKeep::NotAnIdentifier,
                story::KeepReason::ClinicalTerm => TextKeep::ClinicalTerm,
                story::KeepReason::StateOrLarger => TextKeep::StateOrLarger,
                story::KeepReason::PublicName => TextKeep::PublicName,
                story::KeepReason::MyOwn => TextKeep::MyOwn,
            },
        },
    };
    TextFinding { class, decision }
}
