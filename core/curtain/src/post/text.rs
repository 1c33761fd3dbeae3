//! The text of a case, from what was typed to what the patient is shown.

use std::ops::Range;

use crate::consent::{ConsentDraft, Giver};
use crate::hash::Sha256;
use crate::review::{CaseText, TextPart, TextVerdict};
use crate::story::{
    self, Decision, Finding, Findings, KeepReason, Known, KnownTerm, Locale, StoryError, Warning,
};

use super::PostError;

/// Words by which an organisation is told from a person. Where none stands, a name is taken for a person's.
const ORGANISATIONS: [&str; 32] = [
    "ambulatorio",
    "association",
    "camp",
    "care",
    "center",
    "centre",
    "centro",
    "clinic",
    "clinica",
    "college",
    "department",
    "dispensary",
    "facility",
    "foundation",
    "health",
    "hospital",
    "hospice",
    "infirmary",
    "institute",
    "klinik",
    "medical",
    "mission",
    "ngo",
    "phc",
    "practice",
    "program",
    "rumah",
    "school",
    "society",
    "surgery",
    "trust",
    "university",
];

/// What is between the parts where they are read as one.
const BETWEEN: &str = "\n\n";

/// The names in a consent, to be looked for in the text: of the patient, of who speaks for the patient, of the
/// witness, and of who shares. Not what it is for, nor who receives it.
#[must_use]
pub fn known(consent: &ConsentDraft) -> Known {
    let mut known = Known::default();
    add_names(&mut known, consent);
    known
}

/// Adds to `known` what [`known`](known()) tells of `consent`.
pub(super) fn add_names(known: &mut Known, consent: &ConsentDraft) {
    add_patients_side(known, consent);
    add_poster(known, consent);
}

/// The names in a consent, by whether anybody may want them in the text.
pub(super) struct Names {
    /// Of the patient, of who speaks for the patient and of the witness: nobody may.
    patients_side: Known,
    /// Of who shares, who may.
    poster: Known,
}

impl Names {
    pub(super) fn of(consent: &ConsentDraft) -> Self {
        let mut names = Self { patients_side: Known::default(), poster: Known::default() };
        add_patients_side(&mut names.patients_side, consent);
        add_poster(&mut names.poster, consent);
        names
    }
}

fn add_patients_side(known: &mut Known, consent: &ConsentDraft) {
    let patient = consent.patient.as_deref();
    let giver = consent.giver.as_ref().and_then(Giver::speaks_for_patient);
    let witness = consent.witness.as_ref().map(|witness| witness.name.as_str());
    for name in [patient, giver, witness].into_iter().flatten() {
        // A name of one letter cannot be told from the words of a text; the consent is not refused for it.
        let _ = known.add(KnownTerm::Name, name);
    }
}

fn add_poster(known: &mut Known, consent: &ConsentDraft) {
    if let Some(discloser) = &consent.discloser {
        // As above.
        let _ = known.add(kind_of(discloser), discloser);
    }
}

/// Whether who shares is an organisation or a person.
fn kind_of(discloser: &str) -> KnownTerm {
    let folded = discloser.to_lowercase();
    let mut words = folded.split(|letter: char| !letter.is_alphanumeric());
    if words.any(|word| ORGANISATIONS.contains(&word)) { KnownTerm::Facility } else { KnownTerm::Name }
}

/// A text in which a person decided on everything, written as decided and read once more.
pub(super) struct Settled {
    pub(super) text: String,
    /// What was kept, and why, as bytes of `text`, in order and apart.
    kept: Vec<(Range<usize>, KeepReason)>,
    locale: Locale,
}

impl Settled {
    /// Writes what was decided on `findings` of `text`, and scans it again: what is found now must stand where
    /// somebody decided to keep it. The same words elsewhere are another finding.
    pub(super) fn new(
        text: &str,
        findings: &Findings,
        decisions: &[Decision],
        locale: Locale,
        known: &Known,
    ) -> Result<Self, StoryError> {
        let story::Settled { text, kept } = story::settle(text, findings, decisions)?;
        let settled = Self { text, kept, locale };
        let left = settled.scan(known);
        let decided = left.found.iter().all(|finding| settled.is_kept(&finding.span, |_| true));
        if decided { Ok(settled) } else { Err(StoryError::NotClean) }
    }

    /// Places that name somebody of the patient's side, whatever was said of them, or the poster without the poster's
    /// wish.
    fn named(&self, names: &Names) -> usize {
        let patients = self.places_of(&names.patients_side);
        let posters = self.places_of(&names.poster).into_iter().filter(|span| {
            let counted = patients.iter().any(|other| other.start < span.end && span.start < other.end);
            !counted && !self.is_kept(span, |reason| reason == KeepReason::MyOwn)
        });
        posters.count() + patients.len()
    }

    /// Findings that hold a name of `known`, also where another rule was surer of what it is: an address, what follows
    /// a title. Each word of a finding is read alone, too.
    fn places_of(&self, known: &Known) -> Vec<Range<usize>> {
        let between =
            |letter: char| letter.is_whitespace() || letter.is_ascii_punctuation() && letter != '\'';
        let names = |finding: &Finding| {
            let mut words = self.text[finding.span.clone()].split(between);
            finding.is_known()
                || words.any(|word| story::scan(word, self.locale, known).found.iter().any(Finding::is_known))
        };
        let found = self.scan(known).found.into_iter();
        found.filter(names).map(|finding| finding.span).collect()
    }

    fn scan(&self, known: &Known) -> Findings {
        story::scan(&self.text, self.locale, known)
    }

    /// Whether every letter and digit of `span` was kept for a reason that `counts`.
    fn is_kept(&self, span: &Range<usize>, counts: impl Fn(KeepReason) -> bool) -> bool {
        let mut letters =
            self.text[span.clone()].char_indices().filter(|(_, letter)| letter.is_alphanumeric());
        letters.all(|(at, _)| {
            let at = span.start + at;
            let next = self.kept.partition_point(|(kept, _)| kept.end <= at);
            self.kept.get(next).is_some_and(|(kept, reason)| kept.start <= at && counts(*reason))
        })
    }
}

/// The settled text of a case.
pub(super) struct SettledText {
    parts: [Settled; 3],
    text: CaseText,
}

impl SettledText {
    /// Settles every part, if `verdict` is about this text and these findings, whose fingerprint is `of`.
    pub(super) fn new(
        text: &CaseText,
        findings: &[Findings; 3],
        verdict: &TextVerdict,
        of: Sha256,
        locale: Locale,
        known: &Known,
    ) -> Result<Self, PostError> {
        let nothing: [Vec<Decision>; 3] = Default::default();
        let decisions = match verdict {
            TextVerdict::Read { of: read, decisions } if *read == of => decisions,
            // There is nothing to read.
            _ if text.is_blank() => &nothing,
            _ => return Err(PostError::TextNotRead),
        };
        let settle = |place: usize| {
            Settled::new(text.parts()[place], &findings[place], &decisions[place], locale, known)
                .map_err(|error| PostError::Text { part: TextPart::ALL[place], error })
        };
        let parts = [settle(0)?, settle(1)?, settle(2)?];
        let text = CaseText::from(parts.each_ref().map(|part| part.text.clone()));
        Ok(Self { parts, text })
    }

    /// What it says, as the patient is shown it.
    pub(super) fn text(&self) -> &CaseText {
        &self.text
    }

    /// Refuses a text that names somebody of the consent.
    pub(super) fn check_names(&self, names: &Names) -> Result<(), PostError> {
        match self.parts.iter().map(|part| part.named(names)).sum() {
            0 => Ok(()),
            count => Err(PostError::NamedInText { count }),
        }
    }

    /// What a person should think about although everything is decided.
    pub(super) fn warnings(&self, known: &Known) -> [Vec<Warning>; 3] {
        let findings = self.parts.each_ref().map(|part| part.scan(known));
        let kept = findings.each_ref().map(|findings| {
            // Whatever is found in a settled text was kept; for which reason makes no difference here.
            vec![Decision::Keep { reason: KeepReason::NotAnIdentifier }; findings.found.len()]
        });
        warnings(&self.text, &findings, &kept)
    }
}

/// What a person should think about if all of `findings` is replaced that `decisions` do not keep. The parts are read
/// as one: the condition may stand in the title and the age in the story.
pub(super) fn warnings(
    text: &CaseText,
    findings: &[Findings; 3],
    decisions: &[Vec<Decision>; 3],
) -> [Vec<Warning>; 3] {
    let parts = text.parts();
    let mut starts = [0; 3];
    let mut all = Findings::default();
    let mut decided = Vec::new();
    for (place, findings) in findings.iter().enumerate() {
        if place > 0 {
            starts[place] = starts[place - 1] + parts[place - 1].len() + BETWEEN.len();
        }
        let start = starts[place];
        for (n, finding) in findings.found.iter().enumerate() {
            let span = finding.span.start + start..finding.span.end + start;
            all.found.push(Finding { span, ..finding.clone() });
            decided.push(decisions[place].get(n).copied().unwrap_or(Decision::Replace));
        }
    }
    let mut of_parts: [Vec<Warning>; 3] = Default::default();
    for Warning { kind, span } in story::warnings(&parts.join(BETWEEN), &all, &decided) {
        let place = starts.iter().rposition(|start| *start <= span.start).unwrap_or(0);
        let end = parts[place].len();
        let span = (span.start - starts[place]).min(end)..(span.end - starts[place]).min(end);
        of_parts[place].push(Warning { kind, span });
    }
    of_parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::Witness;
    use crate::story::WarningKind;

    fn locale() -> Locale {
        Locale::new(None, 2027)
    }

    fn names(kind: KnownTerm, term: &str) -> Known {
        let mut known = Known::default();
        known.add(kind, term).unwrap();
        known
    }

    fn patient(name: &str) -> Names {
        Names { patients_side: names(KnownTerm::Name, name), poster: Known::default() }
    }

    fn poster(name: &str) -> Names {
        Names { patients_side: Known::default(), poster: names(KnownTerm::Name, name) }
    }

    fn settled(text: &str, decision: Decision, known: &Known) -> Result<Settled, StoryError> {
        let findings = story::scan(text, locale(), known);
        let decisions = vec![decision; findings.found.len()];
        Settled::new(text, &findings, &decisions, locale(), known)
    }

    #[test]
    fn what_stands_in_a_settled_text_was_decided_on() {
        let known = names(KnownTerm::Name, "Quillibrand");
        let text = "Seen with Quillibrand today.";
        let replaced = settled(text, Decision::Replace, &known).unwrap();
        assert!(
            !replaced.text.contains("Quillibrand") && replaced.text.ends_with(" today."),
            "{}",
            replaced.text
        );
        let kept = settled(text, Decision::Keep { reason: KeepReason::MyOwn }, &known).unwrap();
        assert_eq!(kept.text, text);

        // A reading that finds what nobody decided on.
        let both = "Seen with Quillibrand, and then with Ozwaldina.";
        let mut findings = story::scan(both, locale(), &names(KnownTerm::Name, "Quillibrand Ozwaldina"));
        findings.found.truncate(1);
        let known = names(KnownTerm::Name, "Ozwaldina");
        for decision in [Decision::Replace, Decision::Keep { reason: KeepReason::MyOwn }] {
            let missed = Settled::new(both, &findings, &[decision], locale(), &known);
            assert_eq!(missed.err(), Some(StoryError::NotClean), "{decision:?}");
        }
    }

    #[test]
    fn what_was_kept_is_a_place_and_not_a_word() {
        let known = names(KnownTerm::Name, "Quillibrand Ozwaldina");
        let keep = Decision::Keep { reason: KeepReason::PublicName };
        let twice = "Ask Quillibrand, and then ask Quillibrand.";
        let mut findings = story::scan(twice, locale(), &known);
        assert_eq!(findings.found.len(), 2);
        findings.found.truncate(1);
        let settled = |text, findings: &Findings, decisions: &[Decision]| {
            Settled::new(text, findings, decisions, locale(), &known).map(|settled| settled.text)
        };
        assert_eq!(
            settled(twice, &findings, &[keep]),
            Err(StoryError::NotClean),
            "the second was not decided"
        );

        // What is found in a part of what was kept was decided with it; what reaches beyond it was not.
        let whole = "We saw Quillibrand Ozwaldina there.";
        let finding = story::scan(whole, locale(), &known).found[0].clone();
        let of = |span: Range<usize>| Findings {
            found: vec![Finding { span, ..finding.clone() }],
            ..Findings::default()
        };
        assert_eq!(finding.span, 7..28);
        assert_eq!(settled(whole, &of(3..34), &[keep]).as_deref(), Ok(whole));
        assert_eq!(settled(whole, &of(7..18), &[keep]), Err(StoryError::NotClean));
        // Two pieces with a space between them are all of it.
        let mut pieces = of(7..18);
        pieces.found.extend(of(19..28).found);
        assert_eq!(settled(whole, &pieces, &[keep, keep]).as_deref(), Ok(whole));
    }

    #[test]
    fn only_ones_own_name_stays_beside_the_consent() {
        let known = names(KnownTerm::Name, "Quillibrand");
        let keep = |reason| settled("Ask Quillibrand.", Decision::Keep { reason }, &known).unwrap();
        assert_eq!(keep(KeepReason::MyOwn).named(&poster("Quillibrand")), 0);
        for reason in [KeepReason::NotAnIdentifier, KeepReason::ClinicalTerm, KeepReason::PublicName] {
            assert_eq!(keep(reason).named(&poster("Quillibrand")), 1, "{reason:?}");
        }
        assert_eq!(keep(KeepReason::MyOwn).named(&poster("Someone Else")), 0);
        // The patient's stays for no reason, and is one place where the poster has the same name.
        assert_eq!(keep(KeepReason::MyOwn).named(&patient("Quillibrand")), 1);
        let both = Names { poster: known.clone(), ..patient("Quillibrand") };
        assert_eq!(keep(KeepReason::PublicName).named(&both), 1);

        // Whatever else they are found as.
        for text in [
            "Write to quillibrand@example.org now.",
            "Mr Quilibrand came.",
            "He met Mrs. Ozwald-Quillibrand.",
        ] {
            for (reason, posters) in [(KeepReason::PublicName, 1), (KeepReason::MyOwn, 0)] {
                let kept = settled(text, Decision::Keep { reason }, &Known::default()).unwrap();
                assert_eq!(kept.named(&poster("Quillibrand")), posters, "{text}");
                assert_eq!(kept.named(&patient("Quillibrand")), 1, "{text}");
            }
        }
    }

    #[test]
    fn a_consent_tells_its_names() {
        let draft = ConsentDraft {
            patient: Some("Quillibrand Testmann".into()),
            giver: Some(Giver::ForTheDead { name: "Ozwaldina".into(), authority: "her heir".into() }),
            witness: Some(Witness { name: "Perquillian".into(), role: "nurse".into() }),
            discloser: Some("Zanzobar Clinic".into()),
            purpose: Some("to ask Xylophia".into()),
            recipients: Some("members of Mumbletron".into()),
            ..ConsentDraft::default()
        };
        let known = known(&draft);
        let found = |text: &str| {
            let findings = story::scan(text, locale(), &known);
            findings.found.iter().any(|finding| finding.why.rule == "known")
        };
        for name in ["Quillibrand", "Testmann", "Ozwaldina", "Perquillian", "Zanzobar"] {
            assert!(found(&format!("we met {name} there")), "{name}");
        }
        for other in ["Xylophia", "Mumbletron", "heir", "clinic"] {
            assert!(!found(&format!("we met {other} there")), "{other}");
        }
        assert_eq!(kind_of("Dr Test Person"), KnownTerm::Name);
        assert_eq!(kind_of("Test Rural Hospital, Block 2"), KnownTerm::Facility);
    }

    #[test]
    fn a_condition_in_the_title_and_an_age_in_the_story_are_told_together() {
        let text = CaseText::from(["Fabry disease", "A 7-year-old boy.", ""].map(str::to_owned));
        let findings = text.parts().map(|part| story::scan(part, locale(), &Known::default()));
        let [title, body, question] = warnings(&text, &findings, &Default::default());
        let kinds: Vec<_> = title.iter().map(|warning| warning.kind).collect();
        assert_eq!(kinds, [WarningKind::RareAndAge]);
        assert_eq!(&text.title[title[0].span.clone()], "Fabry disease");
        assert!(body.is_empty() && question.is_empty());
    }
}
