//! The text of a case, from what was typed to what the patient is shown.

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
    let patient = consent.patient.as_deref();
    let giver = consent.giver.as_ref().and_then(Giver::speaks_for_patient);
    let witness = consent.witness.as_ref().map(|witness| witness.name.as_str());
    for name in [patient, giver, witness].into_iter().flatten() {
        known.add(KnownTerm::Name, name);
    }
    if let Some(discloser) = &consent.discloser {
        known.add(kind_of(discloser), discloser);
    }
    known
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
    kept: Vec<Kept>,
    locale: Locale,
}

/// Words that a person left in the text.
struct Kept {
    words: String,
    reason: KeepReason,
}

impl Settled {
    /// Writes what was decided on `findings` of `text`, and scans it again: what is found now must be words that
    /// somebody decided to keep.
    pub(super) fn new(
        text: &str,
        findings: &Findings,
        decisions: &[Decision],
        locale: Locale,
        known: &Known,
    ) -> Result<Self, StoryError> {
        let written = story::settle(text, findings, decisions)?;
        let kept = |(finding, decision): (&Finding, &Decision)| match *decision {
            Decision::Keep { reason } => Some(Kept { words: text[finding.span.clone()].to_owned(), reason }),
            Decision::Replace | Decision::Interval => None,
        };
        let kept = findings.found.iter().zip(decisions).filter_map(kept).collect();
        let settled = Self { text: written, kept, locale };
        let left = settled.scan(known);
        let decided = left.found.iter().all(|finding| settled.reasons(finding).next().is_some());
        if decided { Ok(settled) } else { Err(StoryError::NotClean) }
    }

    /// Places that name somebody of `known` and that nobody said to be their own.
    fn named(&self, known: &Known) -> usize {
        let others = |finding: &&Finding| {
            self.names(finding, known) && !self.reasons(finding).any(|reason| reason == KeepReason::MyOwn)
        };
        self.scan(known).found.iter().filter(others).count()
    }

    /// Whether `finding` holds a name of `known`, also where another rule was surer of what it is: an address, what
    /// follows a title. Each of its words is read alone, too.
    fn names(&self, finding: &Finding, known: &Known) -> bool {
        let is_known = |finding: &Finding| finding.why.rule == "known";
        let between =
            |letter: char| letter.is_whitespace() || letter.is_ascii_punctuation() && letter != '\'';
        let mut words = self.text[finding.span.clone()].split(between);
        is_known(finding)
            || words.any(|word| story::scan(word, self.locale, known).found.iter().any(is_known))
    }

    fn scan(&self, known: &Known) -> Findings {
        story::scan(&self.text, self.locale, known)
    }

    /// Why the words of `finding`, one of this text, were left in it.
    fn reasons(&self, finding: &Finding) -> impl Iterator<Item = KeepReason> {
        let words = &self.text[finding.span.clone()];
        self.kept.iter().filter(move |kept| kept.words == words).map(|kept| kept.reason)
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

    /// Refuses a text that names somebody of `known`.
    pub(super) fn check_names(&self, known: &Known) -> Result<(), PostError> {
        match self.parts.iter().map(|part| part.named(known)).sum() {
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
        known.add(kind, term);
        known
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
    fn only_ones_own_name_stays_beside_the_consent() {
        let known = names(KnownTerm::Name, "Quillibrand");
        let keep = |reason| settled("Ask Quillibrand.", Decision::Keep { reason }, &known).unwrap();
        assert_eq!(keep(KeepReason::MyOwn).named(&known), 0);
        for reason in [KeepReason::NotAnIdentifier, KeepReason::ClinicalTerm, KeepReason::PublicName] {
            assert_eq!(keep(reason).named(&known), 1, "{reason:?}");
        }
        assert_eq!(keep(KeepReason::MyOwn).named(&names(KnownTerm::Name, "Someone Else")), 0);

        // Whatever else they are found as.
        for text in [
            "Write to quillibrand@example.org now.",
            "Mr Quilibrand came.",
            "He met Mrs. Ozwald-Quillibrand.",
        ] {
            let public = settled(text, Decision::Keep { reason: KeepReason::PublicName }, &Known::default());
            assert_eq!(public.unwrap().named(&known), 1, "{text}");
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
