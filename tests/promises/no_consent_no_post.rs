//! A case goes nowhere without a live consent whose level reaches the audience, bound to the hashes of everything that
//! the patient saw.

use curtain::clean::Options;
use curtain::consent::{
    Assent, ConsentDraft, Giver, Level, Method, NobodyWhy, ObjectKind, Regime, Shortfall,
};
use curtain::detect::Detectors;
use curtain::hash::Sha256;
use curtain::ledger::leaf::EraseReason;
use curtain::post::{Draft, PostError, Reviewed, Scanned, Step, TextVerdict, resume};
use curtain::review::{Answer, Check, Decision, Verdict, fingerprint};
use curtain::vault::{GrantError, ToGrant, Vault, WithdrawBy};
use curtain_tests::fixture;
use tempfile::tempdir;

use crate::people::{SIGNATURE, draft, later, now, open, picture, reworded, witness};

/// What recording this draft is refused for; nothing may be in the log then.
fn refused_for(change: impl FnOnce(&mut ConsentDraft)) -> Vec<&'static str> {
    let folder = tempdir().unwrap();
    let mut vault = open(folder.path()).unwrap();
    let mut draft = draft("Test Patient One", vec![picture(Sha256([1; 32]))]);
    change(&mut draft);
    let media = draft.method.and_then(Method::media).map(|_| SIGNATURE);
    let error = vault.grant(ToGrant { draft, media, case: None }, now()).unwrap_err();
    assert!(vault.logs().unwrap().is_empty(), "nothing was recorded");
    match error {
        GrantError::Incomplete(incomplete) => {
            incomplete.missing.iter().map(|missing| missing.code()).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_missing_element_is_named_and_nothing_is_recorded() {
    type Change = fn(&mut ConsentDraft);
    let changes: [(&str, Change); 16] = [
        ("regime", |draft| draft.regime = None),
        ("level", |draft| draft.level = None),
        ("patient", |draft| draft.patient = None),
        ("discloser", |draft| draft.discloser = None),
        ("contact", |draft| draft.contact = None),
        ("recipients", |draft| draft.recipients = None),
        ("purpose", |draft| draft.purpose = None),
        ("description", |draft| draft.description = None),
        ("expires", |draft| draft.expires = None),
        ("objects", |draft| draft.objects.clear()),
        ("shown_to_patient", |draft| draft.shown_to_patient = None),
        ("giver", |draft| draft.giver = None),
        ("wording", |draft| draft.wording = None),
        ("understood", |draft| draft.affirmed.clear()),
        ("method", |draft| draft.method = None),
        ("given_at", |draft| draft.given_at = None),
    ];
    for (code, change) in changes {
        assert!(refused_for(change).contains(&code), "{code}");
    }
}

#[test]
fn nobody_agrees_for_a_patient_who_cannot_be_asked() {
    for why in [NobodyWhy::Unconscious, NobodyWhy::Emergency, NobodyWhy::NoRepresentative] {
        assert!(!refused_for(|draft| draft.giver = Some(Giver::Nobody { why })).is_empty());
    }
    let guardian = |assent| {
        refused_for(|draft| {
            let (name, authority) = ("Test Guardian One".to_owned(), "mother".to_owned());
            draft.giver = Some(Giver::Guardian { name, authority, assent });
            *draft = reworded(std::mem::take(draft));
        })
    };
    assert!(!guardian(Assent::Refused).is_empty(), "no guardian overrides a minor who refuses");
}

#[test]
fn what_was_only_said_is_never_published() {
    for regime in [Regime::Hipaa, Regime::Gdpr, Regime::Gmc] {
        let codes = refused_for(|draft| {
            draft.regime = Some(regime);
            draft.level = Some(Level::Publication);
            draft.method = Some(Method::WitnessedOral);
            draft.witness = Some(witness());
            *draft = reworded(std::mem::take(draft));
        });
        assert!(!codes.is_empty(), "{regime:?}");
    }
}

/// Decides to cover all that was found.
fn cover_all(scanned: &Scanned) -> Vec<Verdict> {
    let verdict = |findings: &[curtain::detect::Finding]| Verdict {
        of: fingerprint(findings),
        decisions: vec![Decision::Cover; findings.len()],
        added: Vec::new(),
        checks: Check::ALL.map(|check| (check, Answer::Absent)).into(),
    };
    scanned.findings().map(verdict).collect()
}

struct Case {
    vault: Vault,
    _folder: tempfile::TempDir,
    detectors: Detectors,
    options: Options,
}

impl Case {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let vault = open(folder.path()).unwrap();
        Self { vault, _folder: folder, detectors: Detectors::load().unwrap(), options: Options::default() }
    }

    fn scanned(&self) -> Scanned {
        let case = Draft::new(vec![fixture("orient/o6.jpg")], "A rash for two weeks.".to_owned()).unwrap();
        case.scan(&self.detectors, &self.options).unwrap()
    }

    fn reviewed(&self) -> Reviewed {
        let scanned = self.scanned();
        let verdicts = cover_all(&scanned);
        scanned.review(&verdicts, TextVerdict::ReadAndClear, &self.options).unwrap()
    }

    fn grant(&mut self, reviewed: &Reviewed, case: Option<curtain::hash::Id>) -> curtain::vault::Held {
        let draft = draft("Test Patient One", reviewed.shown());
        let granted = self.vault.grant(ToGrant { draft, media: Some(SIGNATURE), case }, now()).unwrap();
        self.vault.consent(granted.id).unwrap()
    }
}

fn shortfalls(error: &PostError) -> &[Shortfall] {
    match error {
        PostError::Consent(shortfalls) => shortfalls,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_case_walks_through_every_step_and_is_stopped_at_each_shortfall() {
    let mut case = Case::new();
    let reviewed = case.reviewed();
    let kinds: Vec<_> = reviewed.objects().iter().map(curtain::post::Object::kind).collect();
    assert_eq!(kinds, [ObjectKind::Picture, ObjectKind::Thumbnail, ObjectKind::Text]);
    let held = case.grant(&reviewed, None);

    // Too far, and too late.
    let refused = reviewed.consent(&held, Level::Publication, now()).unwrap_err();
    let too_low = Shortfall::LevelTooLow { has: Level::Teaching, needs: Level::Publication };
    assert_eq!(shortfalls(&refused.error), [too_low]);
    let refused = refused.state.consent(&held, Level::Teaching, held.expires().plus_second()).unwrap_err();
    assert_eq!(shortfalls(&refused.error), [Shortfall::Expired { at: held.expires() }]);

    // In time; then withdrawn before it is sealed.
    let consented = refused.state.consent(&held, Level::Teaching, now()).unwrap();
    case.vault.withdraw(&WithdrawBy::Author(held.id()), later(1)).unwrap();
    let held = case.vault.consent(held.id()).unwrap();
    let refused = consented.ready(&held, later(2)).unwrap_err();
    assert_eq!(shortfalls(&refused.error), [Shortfall::Withdrawn { at: later(1) }]);

    // Erased: still no.
    case.vault.erase(held.id(), Some(EraseReason::PatientRequest), later(3)).unwrap();
    let held = case.vault.consent(held.id()).unwrap();
    assert!(refused.state.ready(&held, later(4)).is_err());
}

#[test]
fn another_cleaning_of_the_same_photo_is_not_what_the_patient_saw() {
    let mut case = Case::new();
    let held = {
        let reviewed = case.reviewed();
        case.grant(&reviewed, None)
    };
    let scanned = case.scanned();
    let verdicts = cover_all(&scanned);
    let options = Options { cover: curtain::cover::Cover::Solid, ..case.options };
    let other = scanned.review(&verdicts, TextVerdict::ReadAndClear, &options).unwrap();
    let refused = other.consent(&held, Level::Teaching, now()).unwrap_err();
    let not_shown =
        shortfalls(&refused.error).iter().filter(|s| matches!(s, Shortfall::NotShown { .. })).count();
    assert_eq!(not_shown, 2, "picture and thumbnail; the text is the same");
}

#[test]
fn a_downscale_of_a_shown_picture_goes_along_and_nothing_else_does() {
    let mut case = Case::new();
    let reviewed = case.reviewed();
    let held = case.grant(&reviewed, None);
    let picture = reviewed.objects()[0].sha256();
    let mut consented = reviewed.consent(&held, Level::Teaching, now()).unwrap();
    let full = consented.objects()[0].bytes().to_vec();
    let small = curtain::post::downscale(&full, 200, &case.options).unwrap();
    consented.admit_downscale(picture, 200, &small, &case.options).unwrap();
    assert_eq!(consented.objects().len(), 4);
    let mut wrong = small.clone();
    let last = wrong.len() - 3;
    wrong[last] ^= 1;
    for (of, side, bytes) in [
        (picture, 200, &wrong),
        (picture, 201, &small),
        (Sha256([0; 32]), 200, &small),
        (picture, 200, &full),
    ] {
        assert_eq!(consented.admit_downscale(of, side, bytes, &case.options), Err(PostError::NotShown));
    }
    let sealing = consented.ready(&held, now()).unwrap();
    assert_eq!(sealing.objects.len(), 4);
}

#[test]
fn a_case_taken_up_again_is_checked_again() {
    let mut case = Case::new();
    let photos = vec![fixture("orient/o6.jpg")];
    let id = case.vault.keep_case(&photos, "A rash for two weeks.", now()).unwrap();
    let again = |case: &Case| {
        let kept = case.vault.case(id).unwrap();
        let held = kept.consent.map(|consent| case.vault.consent(consent).unwrap());
        resume(&kept, held.as_ref(), Level::Teaching, &case.detectors, &case.options, now())
    };
    let Ok(Step::Scanned(scanned)) = again(&case) else { panic!("it waits for its review") };
    let verdicts = cover_all(&scanned);
    let reviewed = scanned.review(&verdicts, TextVerdict::ReadAndClear, &case.options).unwrap();
    let hashes: Vec<_> = reviewed.objects().iter().map(curtain::post::Object::sha256).collect();
    case.vault.keep_review(id, &verdicts, &hashes).unwrap();
    let Ok(Step::Reviewed(reviewed)) = again(&case) else { panic!("it waits for its consent") };
    let held = case.grant(&reviewed, Some(id));
    assert!(matches!(again(&case), Ok(Step::Consented(_))));

    // A hash that was kept and is not what comes out now.
    let mut wrong = hashes.clone();
    wrong[0] = Sha256([0; 32]);
    case.vault.keep_review(id, &verdicts, &wrong).unwrap();
    assert_eq!(again(&case).err(), Some(PostError::OutputChanged));
    case.vault.keep_review(id, &verdicts, &hashes).unwrap();
    assert!(matches!(again(&case), Ok(Step::Reviewed(_))), "another output takes the consent off the case");
    assert!(
        case.vault.consent(held.id()).unwrap().record().unwrap().is_some(),
        "and the consent itself stays"
    );
}
