//! Which elements a draft lacks under a regime and at a level.

use std::collections::BTreeSet;

use super::draft::{Affirmation, Assent, ConsentDraft, Giver, NobodyWhy, Statement};
use super::limits::{Limit, NAME, PHRASE, check};
use super::missing::{Element, Missing};
use super::terms::{Level, Regime};
use super::wording::{self, Fill};
use crate::time::UnixTime;

/// What has to be said. [45 CFR 164.508(c)(2)(i)-(iii) and (c)(4)]
const HIPAA: &[Statement] = &[
    Statement::Revocation,
    Statement::EarlierUse,
    Statement::CannotTakeBack,
    Statement::Conditioning,
    Statement::Redisclosure,
    Statement::CopyGiven,
];

/// What has to be said. [GDPR 4(11), 5(1), 7(2)-(4), 13(1)-(2)]
const GDPR: &[Statement] = &[
    Statement::Revocation,
    Statement::WithdrawalAsEasy,
    Statement::EarlierUse,
    Statement::CannotTakeBack,
    Statement::Conditioning,
    Statement::FreelyGiven,
    Statement::Separate,
    Statement::Redisclosure,
    Statement::Keeping,
    Statement::FutureUses,
    Statement::DataRights,
    Statement::Transfer,
];

/// What has to be said. [GMC 14, 25]
const GMC: &[Statement] = &[
    Statement::Revocation,
    Statement::CannotTakeBack,
    Statement::Conditioning,
    Statement::Redisclosure,
    Statement::Keeping,
    Statement::FutureUses,
];

/// What has to be said to whoever agrees.
pub(super) fn statements(regime: Regime) -> &'static [Statement] {
    match regime {
        Regime::Hipaa => HIPAA,
        Regime::Gdpr => GDPR,
        Regime::Gmc => GMC,
    }
}

/// What has to be confirmed by the clinician.
fn affirmations(regime: Regime) -> &'static [(Affirmation, Element)] {
    match regime {
        Regime::Hipaa => &[(Affirmation::Understood, Element::Understood)],
        Regime::Gdpr => {
            &[(Affirmation::Understood, Element::Understood), (Affirmation::Explicit, Element::Explicit)]
        }
        Regime::Gmc => &[
            (Affirmation::Understood, Element::Understood),
            (Affirmation::DiscussionRecorded, Element::DiscussionRecorded),
        ],
    }
}

impl ConsentDraft {
    /// What is absent, wrong or refused under `regime` before the case may go as far as `level`, in the order
    /// of the form and each once. Empty: the consent is complete.
    ///
    /// A draft that says another regime, or a nearer level, lacks that too. `now` is the moment of asking.
    #[must_use]
    pub fn missing(&self, regime: Regime, level: Level, now: UnixTime) -> Vec<Missing> {
        // What was agreed further than asked must be right for that, since the record will say it.
        let reach = self.level.map_or(level, |own| own.max(level));
        let mut found = BTreeSet::new();
        found.extend((self.regime != Some(regime)).then_some(Element::Regime));
        found.extend((!self.level.is_some_and(|own| own.reaches(level))).then_some(Element::Level));
        self.texts(&mut found);
        self.times(now, &mut found);
        self.shown(now, &mut found);
        self.who(regime, &mut found);
        self.said(regime, reach, &mut found);
        self.how(regime, reach, &mut found);
        found.into_iter().map(|element| Missing { element }).collect()
    }

    /// What is missing under the regime and level that the draft itself says. While it says none, what every
    /// regime asks for, at the nearest level.
    #[must_use]
    pub fn missing_as_drafted(&self, now: UnixTime) -> Vec<Missing> {
        let level = self.level.unwrap_or(Level::CareAdvice);
        if let Some(regime) = self.regime {
            return self.missing(regime, level, now);
        }
        let mut found = self.missing(Regime::Gdpr, level, now);
        for regime in [Regime::Hipaa, Regime::Gmc] {
            let asked = self.missing(regime, level, now);
            found.retain(|missing| asked.contains(missing));
        }
        found
    }

    /// Who agreed.
    fn who(&self, regime: Regime, found: &mut BTreeSet<Element>) {
        let Some(giver) = &self.giver else {
            found.insert(Element::Giver);
            return;
        };
        let mut ask = |text: &str, limit, absent| check(text, limit, absent, Element::GiverText, found);
        if let Some(name) = giver.speaks_for_patient() {
            ask(name, Limit::Line(NAME), Element::GiverName);
        }
        match giver {
            Giver::AdultPatient => {}
            Giver::MatureMinor { basis } => {
                ask(basis, Limit::Lines(PHRASE), Element::Basis);
                found.extend((regime == Regime::Hipaa).then_some(Element::MatureMinorUnderHipaa));
            }
            Giver::Guardian { authority, assent, .. } => {
                ask(authority, Limit::Lines(PHRASE), Element::Authority);
                match assent {
                    Assent::Given => {}
                    Assent::TooYoung { reason } => ask(reason, Limit::Lines(PHRASE), Element::AssentReason),
                    Assent::Refused => _ = found.insert(Element::AssentRefused),
                }
            }
            Giver::Representative { authority, basis, .. } => {
                ask(authority, Limit::Lines(PHRASE), Element::Authority);
                ask(basis, Limit::Lines(PHRASE), Element::Basis);
            }
            Giver::ForTheDead { authority, .. } => ask(authority, Limit::Lines(PHRASE), Element::Authority),
            Giver::Nobody { why } => {
                found.insert(match why {
                    NobodyWhy::Unconscious => Element::NobodyUnconscious,
                    NobodyWhy::Emergency => Element::NobodyEmergency,
                    NobodyWhy::NoRepresentative => Element::NobodyRepresentative,
                });
            }
        }
    }

    /// What was said, and that it was understood.
    fn said(&self, regime: Regime, level: Level, found: &mut BTreeSet<Element>) {
        for (affirmation, element) in affirmations(regime) {
            found.extend((!self.affirmed.contains(affirmation)).then_some(*element));
        }
        let Some(wording) = &self.wording else {
            // Which statements are lacking cannot be said before there is a text.
            found.insert(Element::Wording);
            return;
        };
        let mut said = self.explained.clone();
        found.extend(wording.faults());
        if let Some(template) = &wording.template {
            match wording::of_ref(template, &wording.language) {
                None => _ = found.insert(Element::WordingUnknown),
                Some(template) => {
                    // The text was made for what the draft says, whatever is asked now.
                    said.extend(template.states(self.regime.unwrap_or(regime), self.level.unwrap_or(level)));
                    let again = Fill::of(self).map(|fill| wording::render(template, &fill));
                    if again.is_some_and(|again| again.text != wording.text) {
                        found.insert(Element::WordingDiffers);
                    }
                }
            }
        }
        let unsaid = statements(regime).iter().filter(|statement| !said.contains(statement));
        found.extend(unsaid.map(|statement| Element::stating(*statement)));
    }

    /// How it was given, and before whom.
    fn how(&self, regime: Regime, level: Level, found: &mut BTreeSet<Element>) {
        if let Some(witness) = &self.witness {
            check(&witness.name, Limit::Line(NAME), Element::Witness, Element::WitnessText, found);
            check(&witness.role, Limit::Line(NAME), Element::Witness, Element::WitnessText, found);
            let named = [self.patient.as_deref(), self.giver.as_ref().and_then(Giver::speaks_for_patient)];
            let same = named.into_iter().flatten().any(|name| is_same_name(name, &witness.name));
            found.extend(same.then_some(Element::WitnessNotApart));
        }
        let Some(method) = self.method else {
            found.insert(Element::Method);
            return;
        };
        found.extend((method.needs_witness() && self.witness.is_none()).then_some(Element::Witness));
        if method.is_spoken() {
            found.extend((regime == Regime::Hipaa).then_some(Element::SpokenUnderHipaa));
            found.extend((level == Level::Publication).then_some(Element::SpokenForPublication));
        }
    }
}

/// Whether two names are the same but for case and spaces.
fn is_same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(one) == plain(other) && !plain(one).is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::draft::{Method, Witness};
    use super::super::samples::{LEVELS, REGIMES, codes, draft, given, in_own_words, reword, witness};
    use super::super::signature::SignatureForm;
    use super::super::wording::{TemplateRef, Wording};
    use super::*;
    use crate::hash::Sha256;

    type Change = (fn(&mut ConsentDraft), &'static [&'static str]);

    #[test]
    fn complete_drafts_lack_nothing() {
        for regime in REGIMES {
            for level in LEVELS {
                let mut signed = ConsentDraft { level: Some(level), ..draft(regime) };
                reword(&mut signed);
                assert_eq!(signed.missing(regime, level, given()), []);
            }
            assert_eq!(codes(&in_own_words(regime)), Vec::<&str>::new());
        }
    }

    #[test]
    fn an_empty_draft_lacks_each_thing_once() {
        let empty = ConsentDraft::default();
        let expected = [
            "regime",
            "level",
            "patient",
            "discloser",
            "contact",
            "recipients",
            "purpose",
            "description",
            "expires",
            "objects",
            "shown_to_patient",
            "giver",
            "wording",
            "understood",
            "method",
            "given_at",
        ];
        assert_eq!(codes(&empty), expected);
    }

    #[test]
    fn each_thing_taken_away_is_named_alone_under_every_regime() {
        let cases: &[Change] = &[
            (|d| d.patient = None, &["patient"]),
            (|d| d.patient = Some(" \n".into()), &["patient"]),
            (|d| d.discloser = None, &["discloser"]),
            (|d| d.contact = None, &["contact"]),
            (|d| d.recipients = None, &["recipients"]),
            (|d| d.purpose = None, &["purpose"]),
            (|d| d.description = None, &["description"]),
            (|d| d.level = None, &["level"]),
            (|d| d.regime = None, &["regime"]),
            (|d| d.expires = None, &["expires"]),
            (|d| d.wording = None, &["wording"]),
            (|d| d.method = None, &["method"]),
            (|d| d.given_at = None, &["given_at"]),
            (|d| d.giver = None, &["giver"]),
            (|d| d.objects.clear(), &["objects"]),
            (|d| d.shown_to_patient = None, &["shown_to_patient"]),
            (|d| _ = d.affirmed.remove(&Affirmation::Understood), &["understood"]),
        ];
        for regime in REGIMES {
            for (change, expected) in cases {
                let mut changed = draft(regime);
                change(&mut changed);
                let found = changed.missing(regime, Level::Teaching, given());
                assert_eq!(found.into_iter().map(Missing::code).collect::<Vec<_>>(), *expected, "{regime:?}");
            }
        }
    }

    #[test]
    fn each_statement_and_affirmation_of_a_regime_is_asked_for() {
        for regime in REGIMES {
            for statement in statements(regime) {
                let mut silent = in_own_words(regime);
                silent.explained.remove(statement);
                assert_eq!(codes(&silent), [Element::stating(*statement).code()], "{regime:?}");
            }
            for (affirmation, element) in affirmations(regime) {
                let mut silent = draft(regime);
                silent.affirmed.remove(affirmation);
                assert_eq!(codes(&silent), [element.code()], "{regime:?}");
            }
        }
        assert_eq!((HIPAA.len(), GDPR.len(), GMC.len()), (6, 12, 6));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases: &[Change] = &[
            (|d| d.expires = d.given_at, &["wording_differs"]),
            (
                |d| d.expires = Some("2027-01-31T09:29:59Z".parse().unwrap()),
                &["expires_past", "wording_differs"],
            ),
            (|d| d.expires = Some(given().plus_days(3_653)), &["wording_differs"]),
            (|d| d.expires = Some(given().plus_days(3_654)), &["expires_too_far", "wording_differs"]),
            (|d| d.given_at = Some(given().plus_days(1)), &["given_in_future"]),
            (|d| d.shown_to_patient = Some("2027-01-31T09:30:01Z".parse().unwrap()), &["shown_late"]),
            (|d| d.shown_to_patient = d.given_at, &[]),
            (|d| d.purpose = Some("another".into()), &["wording_differs"]),
            (|d| d.wording = Some(Wording::own("en", "")), NOTHING_SAID),
            (|d| d.wording.as_mut().unwrap().sha256 = Sha256([0; 32]), &["wording_hash"]),
            (|d| d.wording.as_mut().unwrap().text.push('x'), &["wording_hash", "wording_differs"]),
            (|d| d.wording.as_mut().unwrap().language = "hi".to_owned(), &["wording_differs"]),
            (
                |d| d.witness = Some(Witness { name: " test  patient ONE".to_owned(), ..witness() }),
                &["witness_not_apart"],
            ),
            (|d| d.witness = Some(Witness { role: String::new(), ..witness() }), &["witness"]),
            (|d| d.witness = Some(Witness { role: "x".repeat(201), ..witness() }), &["witness_text"]),
        ];
        for (change, expected) in cases {
            let mut changed = draft(Regime::Gdpr);
            change(&mut changed);
            assert_eq!(codes(&changed), *expected);
        }
    }

    const NOTHING_SAID: &[&str] = &[
        "wording_text",
        "states_revocation",
        "states_withdrawal_as_easy",
        "states_earlier_use",
        "states_cannot_take_back",
        "states_conditioning",
        "states_freely_given",
        "states_separate",
        "states_redisclosure",
        "states_keeping",
        "states_future_uses",
        "states_data_rights",
        "states_transfer",
    ];

    #[test]
    fn a_template_that_is_not_here_is_named_and_states_nothing() {
        let mut changed = draft(Regime::Hipaa);
        changed.wording.as_mut().unwrap().template =
            Some(TemplateRef { id: "peer_sharing".to_owned(), version: 99 });
        changed.explained = HIPAA.iter().copied().collect();
        assert_eq!(codes(&changed), ["wording_unknown"]);
        for tag in ["", "e", "EN", "english-", "en-", "en-abcdefghi", "en_GB", "éé"] {
            let own =
                ConsentDraft { wording: Some(Wording::own(tag, "Test.")), ..in_own_words(Regime::Hipaa) };
            assert_eq!(codes(&own), ["wording_language"], "{tag}");
        }
        for text in ["x".repeat(20_001), "\u{7}".to_owned(), " ".to_owned()] {
            let own =
                ConsentDraft { wording: Some(Wording::own("pt-BR", &text)), ..in_own_words(Regime::Hipaa) };
            assert_eq!(codes(&own), ["wording_text"]);
        }
    }

    fn given_by(giver: Giver, regime: Regime) -> Vec<&'static str> {
        let mut draft = ConsentDraft { giver: Some(giver), ..draft(regime) };
        reword(&mut draft);
        codes(&draft)
    }

    #[test]
    fn nobody_is_a_refusal_in_its_own_words() {
        for (why, code) in [
            (NobodyWhy::Unconscious, "nobody_unconscious"),
            (NobodyWhy::Emergency, "nobody_emergency"),
            (NobodyWhy::NoRepresentative, "nobody_no_representative"),
        ] {
            for regime in REGIMES {
                let mut refused = draft(regime);
                refused.giver = Some(Giver::Nobody { why });
                let found = refused.missing_as_drafted(given());
                assert_eq!(found.iter().map(|missing| missing.code()).collect::<Vec<_>>(), [code]);
                assert_eq!(found[0].kind(), super::super::Kind::Refused);
            }
        }
    }

    #[test]
    fn who_speaks_for_a_patient_says_by_what_right() {
        let text = |text: &str| text.to_owned();
        let guardian = |name: &str, authority: &str, assent| Giver::Guardian {
            name: text(name),
            authority: text(authority),
            assent,
        };
        let too_young = |reason: &str| Assent::TooYoung { reason: text(reason) };
        for regime in REGIMES {
            let cases: &[(Giver, &[&str])] = &[
                (guardian("Test Guardian", "mother", Assent::Given), &[]),
                (guardian("Test Guardian", "mother", too_young("an infant")), &[]),
                (guardian("Test Guardian", "mother", too_young("")), &["assent_reason"]),
                (guardian("Test Guardian", "mother", Assent::Refused), &["assent_refused"]),
                (guardian("", "mother", Assent::Given), &["giver_name"]),
                (guardian("Test Guardian", " ", Assent::Given), &["authority"]),
                (guardian(&"x".repeat(201), "mother", Assent::Given), &["giver_text"]),
                (
                    Giver::Representative {
                        name: text("Test R"),
                        authority: text("court"),
                        basis: text("dementia"),
                    },
                    &[],
                ),
                (
                    Giver::Representative { name: text(""), authority: text(""), basis: text("") },
                    &["giver_name", "authority", "basis"],
                ),
                (Giver::ForTheDead { name: text("Test R"), authority: text("executor") }, &[]),
                (Giver::ForTheDead { name: text("Test R"), authority: text("") }, &["authority"]),
            ];
            for (giver, expected) in cases {
                assert_eq!(given_by(giver.clone(), regime), *expected, "{}", giver.in_words());
            }
            let minor = given_by(Giver::MatureMinor { basis: text("understands it") }, regime);
            assert_eq!(minor.is_empty(), regime != Regime::Hipaa);
            assert!(minor.iter().all(|code| *code == "mature_minor_under_hipaa"));
        }
        assert_eq!(given_by(Giver::MatureMinor { basis: text("") }, Regime::Gmc), ["basis"]);
    }

    #[test]
    fn each_way_of_giving_has_its_reach() {
        let sha256 = Sha256([9; 32]);
        let signature = Method::Signature { sha256, form: SignatureForm::Png };
        let (thumb, audio) = (Method::Thumbprint { sha256 }, Method::Audio { sha256 });
        let oral = Method::WitnessedOral;
        let far = Level::Publication;
        for (method, witness, regime, level, expected) in [
            (signature, None, Regime::Hipaa, far, &[][..]),
            (thumb, Some(witness()), Regime::Hipaa, far, &[]),
            (thumb, None, Regime::Hipaa, far, &["witness"]),
            (thumb, None, Regime::Gdpr, Level::CareAdvice, &["witness"]),
            (oral, Some(witness()), Regime::Hipaa, Level::CareAdvice, &["spoken_under_hipaa"]),
            (audio, None, Regime::Hipaa, Level::CareAdvice, &["spoken_under_hipaa"]),
            (oral, Some(witness()), Regime::Gdpr, Level::Teaching, &[]),
            (oral, None, Regime::Gdpr, Level::Teaching, &["witness"]),
            (audio, None, Regime::Gmc, Level::Teaching, &[]),
            (oral, Some(witness()), Regime::Gdpr, far, &["spoken_for_publication"]),
            (audio, None, Regime::Gmc, far, &["spoken_for_publication"]),
            (audio, None, Regime::Hipaa, far, &["spoken_under_hipaa", "spoken_for_publication"]),
        ] {
            let mut draft =
                ConsentDraft { method: Some(method), witness, level: Some(level), ..draft(regime) };
            reword(&mut draft);
            assert_eq!(codes(&draft), expected, "{method:?} {regime:?} {level:?}");
        }
    }

    #[test]
    fn a_draft_is_checked_as_far_as_it_says_and_as_is_asked() {
        let signed = draft(Regime::Gdpr);
        let asked = |regime, level| -> Vec<_> {
            signed.missing(regime, level, given()).into_iter().map(Missing::code).collect()
        };
        assert_eq!(asked(Regime::Gdpr, Level::CareAdvice), Vec::<&str>::new());
        assert_eq!(asked(Regime::Gdpr, Level::Publication), ["level"]);
        assert_eq!(asked(Regime::Gmc, Level::Teaching), ["regime", "discussion_recorded"]);
        // A text made for one regime does not say what another asks for.
        let other = draft(Regime::Gmc).missing(Regime::Gdpr, Level::Teaching, given());
        assert_eq!(
            other.into_iter().map(Missing::code).collect::<Vec<_>>(),
            ["regime", "explicit", "states_earlier_use", "states_data_rights", "states_transfer"]
        );
        let mut spoken = ConsentDraft {
            level: Some(Level::Publication),
            method: Some(Method::WitnessedOral),
            witness: Some(witness()),
            ..draft(Regime::Gdpr)
        };
        reword(&mut spoken);
        assert_eq!(
            spoken.missing(Regime::Gdpr, Level::CareAdvice, given())[0].code(),
            "spoken_for_publication"
        );
    }
}
