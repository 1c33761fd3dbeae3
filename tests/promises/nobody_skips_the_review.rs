//! No path from photo to post avoids a person's decision on every finding and every question.

use curtain::clean::Options;
use curtain::detect::Detectors;
use curtain::hash::Sha256;
use curtain::post::{Draft, PostError};
use curtain::review::{Answer, Check, Decided, Decision, KeepReason, ReviewError, TextVerdict, Verdict};
use curtain_tests::fixture;

use crate::people::{anywhere, story};

/// Read, with nothing in it to decide on.
fn read(of: Sha256) -> TextVerdict {
    TextVerdict::Read { of, decisions: Default::default() }
}

#[test]
fn an_unfinished_review_makes_nothing_and_loses_nothing() {
    let (detectors, options) = (Detectors::load().unwrap(), Options::default());
    let case = Draft::new(vec![fixture("wristband.jpg")], &story("A rash."), anywhere()).unwrap();
    let mut scanned = case.scan(&detectors, &options).unwrap();
    let findings = scanned.findings().next().unwrap().to_vec();
    assert!(!findings.is_empty());
    let finished = Verdict {
        of: scanned.fingerprints().next().unwrap(),
        decisions: vec![Decision::Cover; findings.len()],
        added: Vec::new(),
        checks: Check::ALL.map(|check| (check, Answer::Absent)).into(),
    };

    let mut undecided = finished.clone();
    undecided.decisions.pop();
    let mut other = finished.clone();
    other.of = Sha256([0; 32]);
    let mut unchecked = finished.clone();
    unchecked.checks.remove(&Check::Tattoo);
    let clear = read(scanned.text_fingerprint());
    let decided = |photos: Vec<Verdict>, text| Decided { photos, text };
    for (verdict, error) in [
        (undecided, ReviewError::Undecided { index: findings.len() }),
        (other, ReviewError::OtherFindings),
        (unchecked, ReviewError::NotChecked { check: Check::Tattoo }),
    ] {
        let refused = scanned.review(&decided(vec![verdict], clear.clone()), &options).unwrap_err();
        assert_eq!(refused.error, PostError::Review { index: 1, error });
        scanned = refused.state;
    }
    let refused = scanned.review(&decided(Vec::new(), clear.clone()), &options).unwrap_err();
    assert_eq!(refused.error, PostError::OtherPhotos { verdicts: 0, photos: 1 });
    let other_text = read(Sha256([0; 32]));
    let mut scanned = refused.state;
    for text in [TextVerdict::NotRead, other_text] {
        let refused = scanned.review(&decided(vec![finished.clone()], text), &options).unwrap_err();
        assert_eq!(refused.error, PostError::TextNotRead);
        scanned = refused.state;
    }
    let covered = scanned.review(&decided(vec![finished.clone()], clear), &options).unwrap();
    assert_eq!(covered.objects().len(), 3, "picture, thumbnail, text");
    let kept = Verdict {
        decisions: vec![Decision::Keep { reason: KeepReason::NothingThere }; findings.len()],
        ..finished
    };
    let case = Draft::new(vec![fixture("wristband.jpg")], &story(" \n"), anywhere()).unwrap();
    let scanned = case.scan(&detectors, &options).unwrap();
    let kept = scanned.review(&decided(vec![kept], TextVerdict::NotRead), &options).unwrap();
    assert_eq!(kept.objects().len(), 2, "spaces are no text");
    assert_ne!(kept.objects()[0].sha256(), covered.objects()[0].sha256(), "the decision is in the picture");
}

#[test]
fn a_photo_that_could_not_be_looked_at_stops_the_case() {
    let (detectors, options) = (Detectors::load().unwrap(), Options::default());
    let photos = vec![fixture("orient/o1.jpg"), fixture("hostile/half.jpg")];
    let refused = Draft::new(photos, &story(""), anywhere()).unwrap().scan(&detectors, &options).unwrap_err();
    assert!(matches!(refused.error, PostError::Photo { index: 2, .. }), "{:?}", refused.error);
    assert_eq!(Draft::new(Vec::new(), &story(""), anywhere()).err(), Some(PostError::NoPhoto));
}
