//! The text that a patient reads or hears before agreeing: templates in several languages, or an
//! organisation's own.
//!
//! A template is a file `wording/<language>-<version>.txt`. A published version never changes, since a record
//! that names it is checked against it when it is reopened: a correction is a new version. The form of the file:
//! lines `version`, `language`, `name`, then blocks. A block begins with a line `@` and conditions
//! (`level=..`, `regime=..`, `speaker=..`, values parted by commas) and what it `states=..`; its lines are
//! joined to one paragraph, in which `{..}` are the fields of [`Fill`].

use std::fmt;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::draft::{ConsentDraft, Statement};
use super::limits::is_clean;
use super::missing::Element;
use super::terms::{Level, Regime};
use crate::hash::Sha256;
use crate::time::UnixTime;

/// Stands at the top of every template in English, and so at the top of what is made from it.
pub const REVIEW_MARK: &str = "TEMPLATE - needs review by a lawyer of the place where it is used";

/// Bytes of a wording, at most.
pub const MAX_BYTES: usize = 20_000;

/// The name of the templates' subject; a [`TemplateRef`] holds it.
const ID: &str = "peer_sharing";

/// Every template that was ever published, the newest of a language last.
static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
    [
        include_str!("wording/en-1.txt"),
        include_str!("wording/hi-1.txt"),
        include_str!("wording/sw-1.txt"),
        include_str!("wording/es-1.txt"),
    ]
    .into_iter()
    .map(|file| parse(file).expect("a test reads every template"))
    .collect()
});

/// The exact text that was shown or read out. It names people, so its `Debug` shows no text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wording {
    /// The language of the text, as a BCP 47 tag: `en`, `pt-BR`.
    pub language: String,
    /// SHA-256 of the text's UTF-8 bytes.
    pub sha256: Sha256,
    /// The template that it was made from; none for an organisation's own wording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateRef>,
    /// The text.
    pub text: String,
}

/// Names a template, together with the language of the wording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateRef {
    /// What it is about: always `peer_sharing` so far.
    pub id: String,
    /// Its version, from 1.
    pub version: u32,
}

/// A text with places to fill in, of which some parts are for one regime, level or speaker.
#[derive(Debug)]
pub struct Template {
    language: &'static str,
    name: &'static str,
    version: u32,
    parts: Vec<Part>,
}

/// A paragraph of a template, and when it is part of the text. An empty list of conditions is "always".
#[derive(Debug, Default)]
struct Part {
    regimes: Vec<Regime>,
    levels: Vec<Level>,
    speakers: Vec<Speaker>,
    states: Vec<Statement>,
    text: String,
}

/// Whom the text speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The patient.
    Patient,
    /// Someone who decides for the patient.
    Other,
}

/// What a template is filled with.
#[derive(Clone, Copy)]
pub struct Fill<'a> {
    /// Whom the patient can ask, and where to withdraw.
    pub contact: &'a str,
    /// What is shown, in words.
    pub description: &'a str,
    /// Who shares.
    pub discloser: &'a str,
    /// The last second of the consent; its date in UTC is shown.
    pub expires: UnixTime,
    /// How far the case may go.
    pub level: Level,
    /// The patient's name.
    pub patient: &'a str,
    /// What it is shared for.
    pub purpose: &'a str,
    /// Who may see it.
    pub recipients: &'a str,
    /// The law or guidance.
    pub regime: Regime,
    /// Whom the text speaks to.
    pub speaker: Speaker,
}

impl<'a> Fill<'a> {
    /// What the draft says, once it says everything that the text needs.
    #[must_use]
    pub fn of(draft: &'a ConsentDraft) -> Option<Self> {
        let speaker = match draft.giver.as_ref()?.speaks_for_patient() {
            Some(_) => Speaker::Other,
            None => Speaker::Patient,
        };
        Some(Self {
            contact: filled(draft.contact.as_deref())?,
            description: filled(draft.description.as_deref())?,
            discloser: filled(draft.discloser.as_deref())?,
            expires: draft.expires?,
            level: draft.level?,
            patient: filled(draft.patient.as_deref())?,
            purpose: filled(draft.purpose.as_deref())?,
            recipients: filled(draft.recipients.as_deref())?,
            regime: draft.regime?,
            speaker,
        })
    }

    /// The value of a placeholder.
    fn value(&self, placeholder: &str) -> Option<String> {
        let value = match placeholder {
            "contact" => self.contact,
            "description" => self.description,
            "discloser" => self.discloser,
            "expires" => return Some(self.expires.date()),
            "patient" => self.patient,
            "purpose" => self.purpose,
            "recipients" => self.recipients,
            _ => return None,
        };
        // On one line and without its own full stop, since each stands within a sentence.
        let plain = value.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(plain.trim_end_matches(['.', '।']).to_owned())
    }
}

/// A text that says something.
fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// Every template, of all languages and versions.
#[must_use]
pub fn templates() -> &'static [Template] {
    &TEMPLATES
}

/// The template in a language, by its version, if it exists.
#[must_use]
pub fn template(language: &str, version: u32) -> Option<&'static Template> {
    templates().iter().find(|template| template.language == language && template.version == version)
}

/// The newest template in a language, if there is one.
#[must_use]
pub fn newest(language: &str) -> Option<&'static Template> {
    templates().iter().rfind(|template| template.language == language)
}

/// The template that a wording names.
pub(super) fn of_ref(named: &TemplateRef, language: &str) -> Option<&'static Template> {
    if named.id == ID { template(language, named.version) } else { None }
}

/// Makes the text for one consent: the parts for its regime, level and speaker, filled in.
#[must_use]
pub fn render(template: &Template, fill: &Fill<'_>) -> Wording {
    let parts = template.parts.iter().filter(|part| {
        part.is_for(fill.regime, fill.level)
            && (part.speakers.is_empty() || part.speakers.contains(&fill.speaker))
    });
    let text = parts.map(|part| fill_in(&part.text, fill)).collect::<Vec<_>>().join("\n\n");
    Wording {
        language: template.language.to_owned(),
        sha256: Sha256::of(text.as_bytes()),
        template: Some(template.named()),
        text,
    }
}

/// One paragraph with its places filled in. What is put in is not searched again.
fn fill_in(text: &str, fill: &Fill<'_>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (placeholder, after) = after.split_once('}').expect("parse() let no other brace through");
        out += before;
        out += &fill.value(placeholder).expect("parse() let no other placeholder through");
        rest = after;
    }
    out + rest
}

impl Template {
    /// A BCP 47 tag.
    #[must_use]
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// The language's own name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// From 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What must be done before it is used: [`REVIEW_MARK`]. The rendered text begins with it, too.
    #[must_use]
    pub fn review(&self) -> &'static str {
        REVIEW_MARK
    }

    /// What the text says to the patient under a regime and at a level.
    #[must_use]
    pub fn states(&self, regime: Regime, level: Level) -> Vec<Statement> {
        let parts = self.parts.iter().filter(|part| part.is_for(regime, level));
        parts.flat_map(|part| part.states.iter().copied()).collect()
    }

    /// How a [`Wording`] names it.
    fn named(&self) -> TemplateRef {
        TemplateRef { id: ID.to_owned(), version: self.version }
    }
}

impl Part {
    fn is_for(&self, regime: Regime, level: Level) -> bool {
        (self.regimes.is_empty() || self.regimes.contains(&regime))
            && (self.levels.is_empty() || self.levels.contains(&level))
    }
}

impl Wording {
    /// An organisation's own wording. What it states must be put down in [`ConsentDraft::explained`].
    #[must_use]
    pub fn own(language: &str, text: &str) -> Self {
        Self {
            language: language.to_owned(),
            sha256: Sha256::of(text.as_bytes()),
            template: None,
            text: text.to_owned(),
        }
    }

    /// What is wrong with it by itself.
    pub(super) fn faults(&self) -> impl Iterator<Item = Element> {
        let readable = !self.text.trim().is_empty() && self.text.len() <= MAX_BYTES && is_clean(&self.text);
        [
            (!readable).then_some(Element::WordingText),
            (!is_language(&self.language)).then_some(Element::WordingLanguage),
            (Sha256::of(self.text.as_bytes()) != self.sha256).then_some(Element::WordingHash),
        ]
        .into_iter()
        .flatten()
    }
}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wording")
            .field("language", &self.language)
            .field("template", &self.template)
            .field("sha256", &self.sha256)
            .finish_non_exhaustive()
    }
}

/// Whether it has the shape of a language tag: a language of 2 or 3 letters, then subtags. [RFC 5646, 2.1]
fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let language = subtags.next().unwrap_or_default();
    tag.len() <= 35
        && matches!(language.len(), 2..=3)
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && subtags.all(|subtag| {
            matches!(subtag.len(), 1..=8) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// Reads a template's file; none if anything in it is not as described above.
fn parse(file: &'static str) -> Option<Template> {
    let mut blocks = file.split("\n@");
    let mut head = blocks.next()?.lines();
    let version = head.next()?.strip_prefix("version ")?.parse().ok()?;
    let language = head.next()?.strip_prefix("language ")?;
    let name = head.next()?.strip_prefix("name ")?;
    let parts = blocks.map(part).collect::<Option<_>>()?;
    Some(Template { language, name, version, parts })
}

/// Reads one block, without its `@`.
fn part(block: &str) -> Option<Part> {
    let (conditions, text) = block.split_once('\n')?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() || !is_fillable(&text) {
        return None;
    }
    let mut part = Part { text, ..Part::default() };
    for condition in conditions.split_whitespace() {
        match condition.split_once('=')? {
            ("level", list) => part.levels = values(list)?,
            ("regime", list) => part.regimes = values(list)?,
            ("speaker", list) => part.speakers = values(list)?,
            ("states", list) => part.states = values(list)?,
            _ => return None,
        }
    }
    Some(part)
}

/// Reads names parted by commas, as serde spells them.
fn values<T: DeserializeOwned>(list: &str) -> Option<Vec<T>> {
    list.split(',').map(|name| serde_json::from_value(name.into()).ok()).collect()
}

/// Whether every brace belongs to a placeholder that [`Fill`] knows.
fn is_fillable(text: &str) -> bool {
    let known = Fill {
        contact: "",
        description: "",
        discloser: "",
        expires: UnixTime::new(0).expect("1970 is a moment"),
        level: Level::CareAdvice,
        patient: "",
        purpose: "",
        recipients: "",
        regime: Regime::Gdpr,
        speaker: Speaker::Patient,
    };
    let mut pieces = text.split('{');
    pieces.next().is_none_or(|first| !first.contains('}'))
        && pieces.all(|piece| {
            piece
                .split_once('}')
                .is_some_and(|(name, rest)| known.value(name).is_some() && !rest.contains('}'))
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::rules::statements;
    use super::super::samples::{LEVELS, REGIMES, draft, given};
    use super::*;

    const LANGUAGES: [&str; 4] = ["en", "hi", "sw", "es"];

    fn fill(regime: Regime, level: Level, speaker: Speaker) -> Fill<'static> {
        Fill {
            contact: "CONTACT.",
            description: "DESCRIPTION\n{purpose}",
            discloser: "DISCLOSER",
            expires: given(),
            level,
            patient: "PATIENT",
            purpose: "PURPOSE",
            recipients: "RECIPIENTS",
            regime,
            speaker,
        }
    }

    /// Every template with every choice of parts.
    fn rendered() -> Vec<(&'static Template, Fill<'static>, Wording)> {
        let mut all = Vec::new();
        for template in templates() {
            for regime in REGIMES {
                for level in LEVELS {
                    for speaker in [Speaker::Patient, Speaker::Other] {
                        let fill = fill(regime, level, speaker);
                        all.push((template, fill, render(template, &fill)));
                    }
                }
            }
        }
        all
    }

    #[test]
    fn every_text_is_whole_in_every_language() {
        for (template, fill, wording) in rendered() {
            let (text, language) = (&wording.text, template.language());
            assert!(text.starts_with(REVIEW_MARK) && template.review() == REVIEW_MARK, "{language}");
            for value in ["PATIENT", "DISCLOSER", "CONTACT", "RECIPIENTS", "PURPOSE", "2027-01-31"] {
                assert!(text.contains(value), "{language} has no {value}");
            }
            assert!(!text.contains("CONTACT.."), "{language}");
            // What is filled in is put down as it is, and not filled in again.
            assert_eq!(text.matches("DESCRIPTION {purpose}").count(), 1);
            assert_eq!((text.matches('{').count(), text.matches('}').count()), (1, 1));
            let said: BTreeSet<_> = template.states(fill.regime, fill.level).into_iter().collect();
            for statement in statements(fill.regime) {
                assert!(said.contains(statement), "{language} lacks {statement:?}");
            }
            let words = text.split_whitespace().count();
            assert!((200..=520).contains(&words), "{language}: {words} words");
            assert_eq!(wording.faults().next(), None);
            assert_eq!(wording.sha256, Sha256::of(text.as_bytes()));
        }
    }

    #[test]
    fn languages_say_the_same_in_the_same_order() {
        let shape = |language: &str| -> Vec<_> {
            let parts = &newest(language).unwrap().parts;
            let places = |text: &str| {
                text.split('{').skip(1).map(|t| t[..t.find('}').unwrap()].to_owned()).collect::<Vec<_>>()
            };
            parts
                .iter()
                .map(|p| {
                    (
                        p.regimes.clone(),
                        p.levels.clone(),
                        p.speakers.clone(),
                        p.states.clone(),
                        places(&p.text),
                    )
                })
                .collect()
        };
        for language in LANGUAGES {
            assert_eq!(shape(language), shape("en"), "{language}");
        }
        let languages: Vec<_> = templates().iter().map(Template::language).collect();
        assert_eq!(languages, LANGUAGES);
        let names: BTreeSet<_> = templates().iter().map(Template::name).collect();
        let texts: BTreeSet<_> = templates().iter().map(|template| &template.parts[3].text).collect();
        assert_eq!((names.len(), texts.len()), (4, 4));
    }

    #[test]
    fn regime_level_and_speaker_choose_the_parts() {
        let english = template("en", 1).unwrap();
        let text = |regime, level, speaker| render(english, &fill(regime, level, speaker)).text;
        let mine = text(Regime::Hipaa, Level::CareAdvice, Speaker::Patient);
        assert!(mine.contains("164.508") && !mine.contains("GDPR") && !mine.contains("medical record"));
        assert!(mine.contains("Students and the public do not") && !mine.contains("published"));
        assert!(!mine.contains("You decide for"));
        let other = text(Regime::Gdpr, Level::Publication, Speaker::Other);
        assert!(other.contains("GDPR") && other.contains("They may also be published"));
        assert!(other.contains("You decide for PATIENT"));
        assert!(text(Regime::Gmc, Level::Teaching, Speaker::Patient).contains("medical record"));
    }

    #[test]
    fn a_published_template_never_changes() {
        // A record is checked against its template when it is reopened. To correct one, add a version.
        for (language, version, sha256) in [
            ("en", 1, "f8eb36c62b1512fafb35131827fe260ac2cab91eca984e81279031709983a239"),
            ("hi", 1, "b8adcab7cdd05c4346848f339abd66c25c1e96409155ccf7c3c6cc7b15076ca0"),
            ("sw", 1, "58bdb8d6fc8863ca04de09d663cfb353752200794b502d30c1710ea1cd6d9294"),
            ("es", 1, "ea0f5ce68663ac27688048ec64e9e5ae48b8b27047b742c57bb7093f267ca27a"),
        ] {
            let mut bytes = Vec::new();
            for (template, _, wording) in rendered() {
                if (template.language, template.version) == (language, version) {
                    bytes.extend_from_slice(&wording.sha256.0);
                }
            }
            assert_eq!(Sha256::of(&bytes).to_string(), sha256, "{language} {version}");
        }
    }

    #[test]
    fn what_is_not_a_template_is_not_read() {
        const GOOD: &str = "version 1\nlanguage en\nname English\n\n@ level=teaching\nText {patient}.\n";
        assert!(parse(GOOD).is_some());
        for (from, to) in [
            ("{patient}", "{patients}"),
            ("{patient}", "{patient"),
            ("{patient}", "patient}"),
            ("{patient}", "{}"),
            ("{patient}", "{{patient}}"),
            ("teaching", "teachings"),
            ("level=", "levels="),
            ("level=teaching", "level"),
            ("Text {patient}.", ""),
            ("version 1", "version one"),
            ("language", "lang"),
        ] {
            let bad: &'static str = Box::leak(GOOD.replace(from, to).into_boxed_str());
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_draft_fills_its_text_once_it_says_enough() {
        let mut whole = draft(Regime::Gdpr);
        assert_eq!(Fill::of(&whole).unwrap().patient, "Test Patient One");
        whole.purpose = Some(" ".to_owned());
        assert!(Fill::of(&whole).is_none());
        assert!(Fill::of(&ConsentDraft::default()).is_none());
        assert!(!format!("{:?}", whole.wording).contains("Test"));
    }
}
