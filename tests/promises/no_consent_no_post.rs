//! A case goes nowhere without a live consent whose level reaches the audience, bound to the hashes of everything that
//! the patient saw.

use curtain::clean::Options;
use curtain::consent::{
    Assent, ConsentDraft, Giver, Level, Method, NobodyWhy, ObjectKind, Regime, Shortfall,
};
use curtain::detect::Detectors;
use curtain::hash::Sha256;
use curtain::ledger::leaf::{EraseReason, Event, Place, WithdrawnBy};
use curtain::post::{Draft, PostError, Reviewed, Scanned, Step, resume};
use curtain::review::{Answer, Check, Decided, Decision, TextVerdict, Verdict};
use curtain::story::{self, Known};
use curtain::vault::{GrantError, ToGrant, Vault, VaultError, WithdrawBy};
use curtain_tests::fixture;
use tempfile::tempdir;

use crate::people::{SIGNATURE, anywhere, draft, later, now, open, picture, reworded, story, witness};

/// What recording this draft is refused for; nothing may be in the log then.
fn refused_for(change: impl FnOnce(&mut ConsentDraft)) -> Vec<&'static str> {
    let folder = tempdir().unwrap();
    let mut vault = open(folder.path()).unwrap();
    let mut draft = draft("Test Patient One", vec![picture(Sha256([1; 32]))]);
    change(&mut draft);
    let media = draft.method.and_then(Method::media).map(|_| SIGNATURE);
    let Err(error) = vault.grant(ToGrant { draft, media, case: None }, now()) else { return Vec::new() };
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
    for (why, code) in [
        (NobodyWhy::Unconscious, "nobody_unconscious"),
        (NobodyWhy::Emergency, "nobody_emergency"),
        (NobodyWhy::NoRepresentative, "nobody_no_representative"),
    ] {
        let codes = refused_for(|draft| draft.giver = Some(Giver::Nobody { why }));
        assert!(codes.contains(&code), "{why:?}: {codes:?}");
    }
    let guardian = |assent| {
        refused_for(|draft| {
            let (name, authority) = ("Test Guardian One".to_owned(), "mother".to_owned());
            draft.giver = Some(Giver::Guardian { name, authority, assent });
            *draft = reworded(std::mem::take(draft));
        })
    };
    assert!(guardian(Assent::Given).is_empty(), "a guardian and a minor who agree");
    assert_eq!(guardian(Assent::Refused), ["assent_refused"], "no guardian overrides a minor who refuses");
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
        assert!(codes.contains(&"spoken_for_publication"), "{regime:?}: {codes:?}");
    }
}

/// Decides to cover and to replace all that was found.
pub(crate) fn cover_all(scanned: &Scanned) -> Decided {
    let verdict = |(of, findings): (Sha256, &[curtain::detect::Finding])| Verdict {
        of,
        decisions: vec![Decision::Cover; findings.len()],
        added: Vec::new(),
        checks: Check::ALL.map(|check| (check, Answer::Absent)).into(),
    };
    Decided {
        photos: scanned.fingerprints().zip(scanned.findings()).map(verdict).collect(),
        text: TextVerdict::Read {
            of: scanned.text_fingerprint(),
            decisions: scanned
                .text_findings()
                .each_ref()
                .map(|findings| vec![story::Decision::Replace; findings.found.len()]),
        },
    }
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
        let case =
            Draft::new(vec![fixture("orient/o6.jpg")], &story("A rash for two weeks."), anywhere()).unwrap();
        case.scan(&self.detectors, &self.options).unwrap()
    }

    fn reviewed(&self) -> Reviewed {
        let scanned = self.scanned();
        let verdicts = cover_all(&scanned);
        scanned.review(&verdicts, &self.options).unwrap()
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
    let (vault, id) = (&mut case.vault, held.id());
    let refused = reviewed.consent(vault, id, Level::Publication, now()).unwrap_err();
    let too_low = Shortfall::LevelTooLow { has: Level::Teaching, needs: Level::Publication };
    assert_eq!(shortfalls(&refused.error), [too_low]);
    let refused =
        refused.state.consent(vault, id, Level::Teaching, held.expires().plus_second()).unwrap_err();
    assert_eq!(shortfalls(&refused.error), [Shortfall::Expired { at: held.expires() }]);

    // In time; then withdrawn before it is sealed.
    let consented = refused.state.consent(vault, id, Level::Teaching, now()).unwrap();
    vault.withdraw(&WithdrawBy::Author(id), later(1)).unwrap();
    let refused = consented.ask_again(vault, later(2)).unwrap_err();
    assert_eq!(shortfalls(&refused), [Shortfall::Withdrawn { at: later(1) }]);
    let behind = VaultError::ClockBehind { newest: later(1) };
    let refused = consented.ask_again(vault, now()).unwrap_err();
    assert_eq!(refused, PostError::Vault(behind), "an earlier clock does not help");

    // Erased: still no.
    vault.erase(id, WithdrawnBy::Author, Some(EraseReason::PatientRequest), later(3)).unwrap();
    assert_eq!(shortfalls(&consented.ask_again(vault, later(4)).unwrap_err()), [Shortfall::Erased]);
}

#[test]
fn what_the_log_says_has_ended_does_not_come_back() {
    let folder = tempdir().unwrap();
    let mut vault = open(folder.path()).unwrap();
    let shown = Sha256([1; 32]);
    let id = crate::people::grant(&mut vault, 1, now()).id;
    let held = vault.consent(id).unwrap();
    assert_eq!(held.covers(Level::Teaching, &[shown], held.expires()), Ok(()), "the last second counts");
    assert_eq!(vault.expire_due(held.expires().plus_second()).unwrap(), 1);
    let held = vault.consent(id).unwrap();
    let expired = vec![Shortfall::Expired { at: held.expires() }];
    assert_eq!(held.covers(Level::Teaching, &[shown], later(1)), Err(expired));
    assert_eq!(vault.expire_due(held.expires().plus_second()).unwrap(), 0, "once");
}

#[test]
fn a_clock_that_is_behind_takes_no_right_away() {
    let folder = tempdir().unwrap();
    let mut vault = open(folder.path()).unwrap();
    let granted = crate::people::grant(&mut vault, 1, later(2_000));
    vault.withdraw(&WithdrawBy::Code(granted.code), later(1)).unwrap();
    let held = vault.consent(granted.id).unwrap();
    assert_eq!(held.withdrawn_at(), Some(later(2_000)), "dated as the newest record");
}

#[test]
fn erasing_a_consent_takes_every_case_with_it() {
    let mut case = Case::new();
    let id = case.vault.keep_case(&[fixture("orient/o6.jpg")], &story("A rash."), None, now()).unwrap();
    let reviewed = case.reviewed();
    let (decided, objects) = {
        let scanned = case.scanned();
        (
            cover_all(&scanned),
            reviewed.objects().iter().map(curtain::post::Object::sha256).collect::<Vec<_>>(),
        )
    };
    case.vault.keep_review(id, &decided, &objects).unwrap();
    let held = case.grant(&reviewed, Some(id));
    // Another output takes the consent off the case; the case is still the patient's.
    case.vault.keep_review(id, &decided, &[Sha256([0; 32])]).unwrap();
    assert_eq!(case.vault.case(id).unwrap().consent, None);
    case.vault.erase(held.id(), WithdrawnBy::Author, Some(EraseReason::PatientRequest), later(1)).unwrap();
    assert_eq!(case.vault.case(id).err(), Some(VaultError::NotFound));
}

#[test]
fn a_disclosure_is_awaited_when_the_consent_is_withdrawn() {
    let folder = tempdir().unwrap();
    let mut vault = open(folder.path()).unwrap();
    let id = crate::people::grant(&mut vault, 1, now()).id;
    let post = vault.make_id().unwrap();
    let shown = [Sha256([1; 32])];
    let refused = vault.disclose(id, post, Level::Publication, &shown, now()).unwrap_err();
    assert_eq!(refused.code(), "consent_falls_short");
    let copy = vault.disclose(id, post, Level::Teaching, &shown, now()).unwrap();
    let withdrawn = vault.withdraw(&WithdrawBy::Officer(id), later(1)).unwrap();
    assert_eq!(withdrawn.awaits, [copy.place]);
    assert_eq!(vault.awaited(id).unwrap(), [(Place::Here(withdrawn.n), copy.place)]);
    // However the place is written, the log holds it in one way.
    let log = crate::people::log(&vault);
    let Place::Here(n) = copy.place else { panic!("it is in the open log") };
    let (of, copy) = (Place::Before { log, n: withdrawn.n }, Place::Before { log, n });
    let acknowledged = vault.acknowledge(of, copy, later(2)).unwrap();
    let leaf = vault.leaves(log, acknowledged..acknowledged + 1).unwrap().next().unwrap().unwrap();
    assert_eq!(
        leaf.leaf().unwrap().event,
        Event::Acknowledge { copy: Place::Here(n), of: Place::Here(withdrawn.n) }
    );
    assert!(vault.awaited(id).unwrap().is_empty());
    assert!(vault.acknowledge(of, copy, later(3)).is_err(), "once");
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
    let other = scanned.review(&verdicts, &options).unwrap();
    let refused = other.consent(&case.vault, held.id(), Level::Teaching, now()).unwrap_err();
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
    let mut consented = reviewed.consent(&case.vault, held.id(), Level::Teaching, now()).unwrap();
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
    assert_eq!(consented.ask_again(&case.vault, now()), Ok(()));
    assert_eq!((consented.objects().len(), consented.consent()), (4, held.id()));
}

#[test]
fn a_case_taken_up_again_is_checked_again() {
    let mut case = Case::new();
    let photos = vec![fixture("orient/o6.jpg")];
    let id = case.vault.keep_case(&photos, &story("A rash for two weeks."), None, now()).unwrap();
    let again = |case: &Case| {
        let kept = case.vault.case(id).unwrap();
        resume(&kept, &case.vault, Level::Teaching, &case.detectors, &case.options, Known::default(), now())
    };
    let Ok(Step::Scanned(scanned)) = again(&case) else { panic!("it waits for its review") };
    let verdicts = cover_all(&scanned);
    let reviewed = scanned.review(&verdicts, &case.options).unwrap();
    let hashes: Vec<_> = reviewed.objects().iter().map(curtain::post::Object::sha256).collect();
    case.vault.keep_review(id, &verdicts, &hashes).unwrap();
    let Ok(Step::Reviewed(reviewed)) = again(&case) else { panic!("it waits for its consent") };
    let held = case.grant(&reviewed, Some(id));
    assert!(matches!(again(&case), Ok(Step::Consented(_))));

    // A hash that was kept and is not what comes out now.
    let mut wrong = hashes.clone();
    wrong[0] = Sha256([0; 32]);
    case.vault.keep_review(id, &verdicts, &wrong).unwrap();
    assert!(matches!(again(&case), Ok(Step::Scanned(_))), "it is to be reviewed again");
    case.vault.keep_review(id, &verdicts, &hashes).unwrap();
    assert!(matches!(again(&case), Ok(Step::Reviewed(_))), "another output takes the consent off the case");
    assert!(
        case.vault.consent(held.id()).unwrap().record().unwrap().is_some(),
        "and the consent itself stays"
    );
}
