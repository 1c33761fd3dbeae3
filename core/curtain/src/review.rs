//! What people decided about what was found. Without a decision on every finding there is no picture and no text to
//! share.

mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use curtain_wire::events::{Answer, Check, PictureKeep as KeepReason};
pub use text::{CaseText, CommentVerdict, TextPart, TextVerdict, comment_fingerprint, text_fingerprint};

use crate::detect::{Finding, Kind};
use crate::geometry::{PixelRect, Size};
use crate::hash::Sha256;

/// What a person decided about one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Decision {
    /// Cover the region that was offered.
    Cover,
    /// Cover this region instead.
    Resize {
        /// The region, in pixels of the upright picture.
        region: PixelRect,
    },
    /// Leave it to be seen.
    Keep {
        /// Why that harms nobody.
        reason: KeepReason,
    },
}

/// What a person decided about one picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// [`fingerprint`] of the photo and findings that were looked at: others need another look.
    pub of: Sha256,
    /// One for each finding, in order.
    pub decisions: Vec<Decision>,
    /// Regions added by hand.
    pub added: Vec<PixelRect>,
    /// The checklist.
    pub checks: BTreeMap<Check, Answer>,
}

/// What was decided about a whole case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// One verdict for each photo, in order.
    pub photos: Vec<Verdict>,
    /// And one for the text.
    pub text: TextVerdict,
}

/// Why a review is not finished.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ReviewError {
    /// The decisions are about other findings than these.
    #[error("the findings are not those that were decided on: look at the picture again")]
    OtherFindings,
    /// A finding has no decision.
    #[error("finding {index} is not decided: cover it, resize it, or keep it with a reason")]
    Undecided {
        /// Which, from 1.
        index: usize,
    },
    /// A face is kept for a reason that is none.
    #[error("finding {index} is a face: it stays covered, unless there is no face at all")]
    FaceKept {
        /// Which, from 1.
        index: usize,
    },
    /// The new region lies elsewhere.
    #[error(
        "the new region of finding {index} does not touch what was found: keep the finding, with a reason, instead"
    )]
    NotHeld {
        /// Which, from 1.
        index: usize,
    },
    /// A region lies off the picture.
    #[error("region {index} of those added by hand does not lie on the picture")]
    OffPicture {
        /// Which, from 1.
        index: usize,
    },
    /// A question of the checklist is open.
    #[error("the checklist is not finished: say whether there is a {}", .check.code())]
    NotChecked {
        /// Which.
        check: Check,
    },
    /// The checklist says that something is covered, and nothing was added that could cover it.
    #[error("the checklist says that a {} is covered, and no region was added by hand: add it", .check.code())]
    NothingCoversIt {
        /// Which.
        check: Check,
    },
}

impl ReviewError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OtherFindings => "other_findings",
            Self::Undecided { .. } => "undecided",
            Self::FaceKept { .. } => "face_kept",
            Self::NotHeld { .. } => "not_held",
            Self::OffPicture { .. } => "off_picture",
            Self::NotChecked { .. } => "not_checked",
            Self::NothingCoversIt { .. } => "nothing_covers_it",
        }
    }
}

/// Names a photo, by the hash of its file, and what was found on it, so that decisions are not taken for decisions
/// about others.
#[must_use]
pub fn fingerprint(photo: Sha256, findings: &[Finding]) -> Sha256 {
    let line = |finding: &Finding| {
        let PixelRect { x, y, width, height } = finding.region;
        format!("{} {x} {y} {width} {height}\n", finding.kind.as_str())
    };
    let text: String =
        std::iter::once(format!("curtain/v1/findings\n{photo}\n")).chain(findings.iter().map(line)).collect();
    Sha256::of(text.as_bytes())
}

/// Gives the regions that must be covered, if every finding and every question is decided.
///
/// # Errors
/// The first [`ReviewError`].
pub fn settle(
    photo: Sha256,
    findings: &[Finding],
    verdict: &Verdict,
    size: Size,
) -> Result<Vec<PixelRect>, ReviewError> {
    if verdict.decisions.len() < findings.len() {
        return Err(ReviewError::Undecided { index: verdict.decisions.len() + 1 });
    }
    if verdict.of != fingerprint(photo, findings) || verdict.decisions.len() > findings.len() {
        return Err(ReviewError::OtherFindings);
    }
    let mut regions = Vec::new();
    for (place, (finding, decision)) in findings.iter().zip(&verdict.decisions).enumerate() {
        let index = place + 1;
        match *decision {
            Decision::Cover => regions.push(finding.region),
            Decision::Resize { region } => {
                let region = region.clamped(size).filter(|region| region.around(finding.found) == *region);
                regions.push(region.ok_or(ReviewError::NotHeld { index })?);
            }
            Decision::Keep { reason } if finding.kind == Kind::Face && reason != KeepReason::NothingThere => {
                return Err(ReviewError::FaceKept { index });
            }
            Decision::Keep { .. } => {}
        }
    }
    for (place, region) in verdict.added.iter().enumerate() {
        regions.push(region.clamped(size).ok_or(ReviewError::OffPicture { index: place + 1 })?);
    }
    for check in Check::ALL {
        match verdict.checks.get(&check) {
            None => return Err(ReviewError::NotChecked { check }),
            Some(Answer::Covered) if verdict.added.is_empty() => {
                return Err(ReviewError::NothingCoversIt { check });
            }
            Some(_) => {}
        }
    }
    Ok(regions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Score;

    const PHOTO: Sha256 = Sha256([5; 32]);
    const SIZE: Size = Size { width: 400, height: 300 };

    fn findings() -> Vec<Finding> {
        let found = PixelRect::new(50, 50, 40, 40);
        let score = Score::new(0.9).unwrap();
        [Kind::Face, Kind::Text]
            .map(|kind| Finding { kind, found, region: PixelRect::new(40, 40, 60, 60), score })
            .to_vec()
    }

    fn verdict() -> Verdict {
        Verdict {
            of: fingerprint(PHOTO, &findings()),
            decisions: vec![Decision::Cover, Decision::Keep { reason: KeepReason::SideMarker }],
            added: Vec::new(),
            checks: Check::ALL.map(|check| (check, Answer::Absent)).into(),
        }
    }

    fn error(change: impl FnOnce(&mut Verdict)) -> ReviewError {
        let mut verdict = verdict();
        change(&mut verdict);
        settle(PHOTO, &findings(), &verdict, SIZE).unwrap_err()
    }

    #[test]
    fn a_finished_review_gives_what_to_cover() {
        assert_eq!(settle(PHOTO, &findings(), &verdict(), SIZE), Ok(vec![PixelRect::new(40, 40, 60, 60)]));
    }

    #[test]
    fn every_finding_needs_its_own_decision() {
        let undecided = error(|verdict| verdict.decisions.truncate(1));
        assert_eq!(undecided, ReviewError::Undecided { index: 2 });
        assert_eq!(error(|verdict| verdict.of = Sha256([0; 32])), ReviewError::OtherFindings);
        assert_eq!(error(|verdict| verdict.decisions.push(Decision::Cover)), ReviewError::OtherFindings);
    }

    #[test]
    fn a_face_stays_covered_and_a_region_stays_where_it_was() {
        let keep = |reason| error(|verdict| verdict.decisions[0] = Decision::Keep { reason });
        assert_eq!(keep(KeepReason::Scale), ReviewError::FaceKept { index: 1 });
        for region in [PixelRect::new(200, 200, 10, 10), PixelRect::new(51, 50, 80, 80)] {
            let resize = Decision::Resize { region };
            assert_eq!(error(|verdict| verdict.decisions[0] = resize), ReviewError::NotHeld { index: 1 });
        }
        let off = PixelRect::new(400, 0, 10, 10);
        assert_eq!(error(|verdict| verdict.added.push(off)), ReviewError::OffPicture { index: 1 });
    }

    #[test]
    fn every_question_is_answered() {
        for check in Check::ALL {
            assert_eq!(error(|verdict| _ = verdict.checks.remove(&check)), ReviewError::NotChecked { check });
            let covered = error(|verdict| _ = verdict.checks.insert(check, Answer::Covered));
            assert_eq!(covered, ReviewError::NothingCoversIt { check });
        }
    }
}
