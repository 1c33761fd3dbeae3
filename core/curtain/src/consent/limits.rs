//! What each field of the form can hold, whatever the regime.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{ConsentDraft, ObjectKind};
use super::missing::Element;
use crate::hash::Sha256;
use crate::time::UnixTime;

/// Objects under one consent. Nobody has looked at more before agreeing.
pub const MAX_OBJECTS: usize = 200;

/// Days from giving to the end, at most: ten years with their leap days. A withdrawal can only be kept while
/// someone keeps the record, and children grow up and may decide anew. [GDPR 5(1)(e); GMC 35]
const MAX_DAYS: u32 = 3_653;

/// Characters of a name or role.
pub(super) const NAME: usize = 200;
/// Characters of recipients, contact, authority, basis or reason.
pub(super) const PHRASE: usize = 500;
/// Characters of the purpose.
const PURPOSE: usize = 1_000;
/// Characters of the description.
const DESCRIPTION: usize = 2_000;

impl ConsentDraft {
    /// Who, to whom, what and why.
    pub(super) fn texts(&self, found: &mut BTreeSet<Element>) {
        for (text, limit, absent, wrong) in [
            (&self.patient, Limit::Line(NAME), Element::Patient, Element::PatientText),
            (&self.discloser, Limit::Line(NAME), Element::Discloser, Element::DiscloserText),
            (&self.contact, Limit::Lines(PHRASE), Element::Contact, Element::ContactText),
            (&self.recipients, Limit::Lines(PHRASE), Element::Recipients, Element::RecipientsText),
            (&self.purpose, Limit::Lines(PURPOSE), Element::Purpose, Element::PurposeText),
            (&self.description, Limit::Lines(DESCRIPTION), Element::Description, Element::DescriptionText),
        ] {
            check(text.as_deref().unwrap_or_default(), limit, absent, wrong, found);
        }
    }

    /// From when to when.
    pub(super) fn times(&self, now: UnixTime, found: &mut BTreeSet<Element>) {
        let given = self.given_at.unwrap_or(now);
        found.extend(self.given_at.is_none().then_some(Element::GivenAt));
        found.extend((given > now).then_some(Element::GivenInFuture));
        match self.expires {
            None => _ = found.insert(Element::Expires),
            Some(end) if end < now.max(given) => _ = found.insert(Element::ExpiresPast),
            Some(end) if end > given.plus_days(MAX_DAYS) => _ = found.insert(Element::ExpiresTooFar),
            Some(_) => {}
        }
    }

    /// What the patient has seen.
    pub(super) fn shown(&self, now: UnixTime, found: &mut BTreeSet<Element>) {
        let shown_by = self.given_at.unwrap_or(now).min(now);
        match self.shown_to_patient {
            None => _ = found.insert(Element::ShownToPatient),
            Some(at) if at > shown_by => _ = found.insert(Element::ShownLate),
            Some(_) => {}
        }
        found.extend(self.objects.is_empty().then_some(Element::Objects));
        if self.objects.len() > MAX_OBJECTS {
            found.insert(Element::ObjectsTooMany);
            return;
        }
        let by_hash: BTreeMap<Sha256, _> =
            self.objects.iter().map(|object| (object.sha256, object)).collect();
        found.extend((by_hash.len() < self.objects.len()).then_some(Element::ObjectsTwice));
        let sound = self.objects.iter().all(|object| match object.derived_from {
            None => object.kind != ObjectKind::Thumbnail,
            Some(origin) => by_hash.get(&origin).is_some_and(|from| {
                from.derived_from.is_none()
                    && (from.kind == ObjectKind::Text) == (object.kind == ObjectKind::Text)
            }),
        });
        found.extend((!sound).then_some(Element::ObjectOrigin));
    }
}

/// How many characters a text may have.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// On one line.
    Line(usize),
    /// Line breaks allowed.
    Lines(usize),
}

/// Puts down that `text` is absent, or cannot stand as it is.
pub(super) fn check(
    text: &str,
    limit: Limit,
    absent: Element,
    wrong: Element,
    found: &mut BTreeSet<Element>,
) {
    if text.trim().is_empty() {
        found.insert(absent);
        return;
    }
    let (most, fits) = match limit {
        Limit::Line(most) => (most, !text.contains('\n')),
        Limit::Lines(most) => (most, true),
    };
    if !fits || !is_clean(text) || text.chars().nth(most).is_some() {
        found.insert(wrong);
    }
}

/// Whether a text shows as it is stored: no control character but the line break, no mark that makes text run against
/// its own direction, nothing invisible. The joiners of Indic and Persian writing and the plain direction marks are
/// allowed. [Unicode TR36, 2.5]
pub(super) fn is_clean(text: &str) -> bool {
    let hides = |c: char| matches!(c, '\u{200B}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}');
    !text.chars().any(|c| (c.is_control() && c != '\n') || hides(c))
}

#[cfg(test)]
mod tests {
    use super::super::draft::{Giver, ShownObject};
    use super::super::samples::{codes, draft, in_own_words, object};
    use super::super::terms::Regime;
    use super::*;

    /// Puts a text where its limit and code apply.
    type Case = (fn(&mut ConsentDraft, String), usize, &'static str);

    #[test]
    fn texts_have_limits() {
        let cases: &[Case] = &[
            (|d, text| d.patient = Some(text), NAME, "patient_text"),
            (|d, text| d.discloser = Some(text), NAME, "discloser_text"),
            (|d, text| d.contact = Some(text), PHRASE, "contact_text"),
            (|d, text| d.recipients = Some(text), PHRASE, "recipients_text"),
            (|d, text| d.purpose = Some(text), PURPOSE, "purpose_text"),
            (|d, text| d.description = Some(text), DESCRIPTION, "description_text"),
            (|d, text| d.giver = Some(Giver::MatureMinor { basis: text }), PHRASE, "giver_text"),
        ];
        for (change, limit, code) in cases {
            for (text, wrong) in [
                ("é".repeat(*limit), false),
                ("é".repeat(limit + 1), true),
                ("Test\u{0}".to_owned(), true),
                ("Test\u{202E}".to_owned(), true),
                ("Test\u{2066}".to_owned(), true),
                ("Te\u{200B}st".to_owned(), true),
                ("Test\u{E0041}".to_owned(), true),
                ("\u{200F}Te\u{200D}st".to_owned(), false),
            ] {
                let mut changed = in_own_words(Regime::Gdpr);
                change(&mut changed, text);
                assert_eq!(codes(&changed), if wrong { vec![*code] } else { vec![] }, "{code}");
            }
        }
        let two_lines = ConsentDraft { patient: Some("Test\nPatient".into()), ..in_own_words(Regime::Gmc) };
        assert_eq!(codes(&two_lines), ["patient_text"]);
    }

    #[test]
    fn objects_are_whole_and_few() {
        let (picture, text) = (Sha256([1; 32]), Sha256([3; 32]));
        let cases: &[(Vec<ShownObject>, &[&str])] = &[
            (vec![object(1, ObjectKind::Picture, None); 2], &["objects_twice"]),
            (vec![object(2, ObjectKind::Thumbnail, None)], &["object_origin"]),
            (vec![object(2, ObjectKind::Thumbnail, Some(picture))], &["object_origin"]),
            (vec![object(1, ObjectKind::Picture, Some(picture))], &["object_origin"]),
            (
                vec![object(3, ObjectKind::Text, None), object(2, ObjectKind::Thumbnail, Some(text))],
                &["object_origin"],
            ),
        ];
        for (objects, expected) in cases {
            assert_eq!(codes(&ConsentDraft { objects: objects.clone(), ..draft(Regime::Gmc) }), *expected);
        }
        let many = |count: u8| ConsentDraft {
            objects: (0..count).map(|n| object(n, ObjectKind::Picture, None)).collect(),
            ..draft(Regime::Gmc)
        };
        assert_eq!(codes(&many(200)), Vec::<&str>::new());
        assert_eq!(codes(&many(201)), ["objects_too_many"]);
    }
}
