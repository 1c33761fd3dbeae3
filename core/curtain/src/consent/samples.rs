//! Drafts for the tests of this room, of people who do not exist.

use super::Missing;
use super::draft::{Affirmation, ConsentDraft, Giver, Method, ObjectKind, ShownObject, Witness};
use super::rules;
use super::signature::SignatureForm;
use super::terms::{Level, Regime};
use super::wording::{self, Fill, Wording};
use crate::hash::Sha256;
use crate::time::UnixTime;

pub(super) const REGIMES: [Regime; 3] = [Regime::Hipaa, Regime::Gdpr, Regime::Gmc];
pub(super) const LEVELS: [Level; 3] = [Level::CareAdvice, Level::Teaching, Level::Publication];

/// When the samples are given.
pub(super) fn given() -> UnixTime {
    "2027-01-31T09:30:00Z".parse().unwrap()
}

/// A complete consent to teaching, signed by an adult, with a template's wording.
pub(super) fn draft(regime: Regime) -> ConsentDraft {
    let picture = Sha256([1; 32]);
    let mut draft = ConsentDraft {
        affirmed: match regime {
            Regime::Hipaa => [Affirmation::Understood].into(),
            Regime::Gdpr => [Affirmation::Understood, Affirmation::Explicit].into(),
            Regime::Gmc => [Affirmation::Understood, Affirmation::DiscussionRecorded].into(),
        },
        contact: Some("Test Clinic, room 1".into()),
        description: Some("a rash on the left forearm, and its history.".into()),
        discloser: Some("Test Clinic".into()),
        expires: Some("2028-01-31T23:59:59Z".parse().unwrap()),
        explained: [].into(),
        given_at: Some(given()),
        giver: Some(Giver::AdultPatient),
        level: Some(Level::Teaching),
        method: Some(Method::Signature { sha256: Sha256([9; 32]), form: SignatureForm::Strokes }),
        objects: vec![
            object(1, ObjectKind::Picture, None),
            object(2, ObjectKind::Thumbnail, Some(picture)),
            object(3, ObjectKind::Text, None),
        ],
        patient: Some("Test Patient One".into()),
        purpose: Some("learning to tell rashes apart".into()),
        recipients: Some("members of the circle Test Dermatology".into()),
        regime: Some(regime),
        shown_to_patient: Some("2027-01-31T09:20:00Z".parse().unwrap()),
        witness: None,
        wording: None,
    };
    reword(&mut draft);
    draft
}

/// Makes the text again, after a change to the form.
pub(super) fn reword(draft: &mut ConsentDraft) {
    let template = wording::newest("en").unwrap();
    draft.wording = Some(wording::render(template, &Fill::of(draft).unwrap()));
}

/// The same with an organisation's own text, and everything ticked that it must state.
pub(super) fn in_own_words(regime: Regime) -> ConsentDraft {
    ConsentDraft {
        wording: Some(Wording::own("en", "Test wording.")),
        explained: rules::statements(regime).iter().copied().collect(),
        ..draft(regime)
    }
}

pub(super) fn witness() -> Witness {
    Witness { name: "Test Witness One".to_owned(), role: "nurse".to_owned() }
}

pub(super) fn object(n: u8, kind: ObjectKind, derived_from: Option<Sha256>) -> ShownObject {
    ShownObject { derived_from, kind, sha256: Sha256([n; 32]) }
}

/// The codes of what a draft lacks by itself, when it is given.
pub(super) fn codes(draft: &ConsentDraft) -> Vec<&'static str> {
    draft.missing_as_drafted(given()).into_iter().map(Missing::code).collect()
}
