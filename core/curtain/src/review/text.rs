//! The text of a case, and what a person decided about it.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use crate::hash::Sha256;
use crate::story::{self, Findings};

/// What a case says in words. Each part may be empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CaseText {
    /// What it is about, in a line.
    pub title: String,
    /// The story.
    pub body: String,
    /// What the others are asked.
    pub question: String,
}

/// A part of a case's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextPart {
    /// [`CaseText::title`]
    Title,
    /// [`CaseText::body`]
    Body,
    /// [`CaseText::question`]
    Question,
}

/// What a person says of the case's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TextVerdict {
    /// Somebody read all of it, and decided on each finding.
    Read {
        /// [`text_fingerprint`] of the text and findings that were read: others need another reading. It never leaves
        /// the device: a short text can be guessed from it.
        of: Sha256,
        /// One for each finding, in order, of title, body and question.
        decisions: [Vec<story::Decision>; 3],
    },
    /// Nobody read it yet.
    NotRead,
}

/// What a person says of a comment, who read all of it and decided on each finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommentVerdict {
    /// [`comment_fingerprint`] of the comment and findings that were read. It never leaves the device: a short comment
    /// can be guessed from it.
    pub of: Sha256,
    /// One for each finding, in order.
    pub decisions: Vec<story::Decision>,
}

impl CaseText {
    /// Title, body and question.
    #[must_use]
    pub fn parts(&self) -> [&str; 3] {
        [&self.title, &self.body, &self.question]
    }

    /// How long all parts are together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    /// The text as it shows, and the title in one line: what pasting brings along and nobody sees is left out.
    #[must_use]
    pub fn cleaned(&self) -> Self {
        let [title, body, question] = self.parts().map(curtain_wire::text::cleaned);
        Self { title: title.trim_end().replace('\n', " "), body, question }
    }

    /// Whether there is nothing to read in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.parts().iter().all(|part| part.trim().is_empty())
    }
}

impl From<[String; 3]> for CaseText {
    fn from([title, body, question]: [String; 3]) -> Self {
        Self { title, body, question }
    }
}

/// Shows nothing of the patient.
impl fmt::Debug for CaseText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaseText(..)")
    }
}

impl TextPart {
    /// All of them, in the order of [`CaseText::parts`].
    pub const ALL: [Self; 3] = [Self::Title, Self::Body, Self::Question];

    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::Question => "question",
        }
    }
}

/// Names a text, by the hash of each part, and what was found in it, so that decisions are not taken for decisions
/// about others.
#[must_use]
pub fn text_fingerprint(text: &CaseText, findings: &[Findings; 3]) -> Sha256 {
    fingerprint("curtain/v1/text-findings", text.parts().into_iter().zip(findings))
}

/// Names a comment and what was found in it, as [`text_fingerprint`] does a text.
#[must_use]
pub fn comment_fingerprint(text: &str, findings: &Findings) -> Sha256 {
    fingerprint("curtain/v1/comment-findings", std::iter::once((text, findings)))
}

fn fingerprint<'t>(label: &str, parts: impl Iterator<Item = (&'t str, &'t Findings)>) -> Sha256 {
    let mut lines = format!("{label}\n");
    for (part, findings) in parts {
        let _ = writeln!(lines, "{}", Sha256::of(part.as_bytes()));
        for finding in &findings.found {
            let (start, end) = (finding.span.start, finding.span.end);
            let (class, paragraph) = (finding.class.code(), finding.class.paragraph());
            let _ = writeln!(lines, "{class} {paragraph} {start} {end}");
        }
    }
    Sha256::of(lines.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::{Decision, Finding, KeepReason, Known, Locale};

    fn text() -> CaseText {
        ["A rash", "Seen by jane@example.org twice", "Which cream?"].map(str::to_owned).into()
    }

    fn findings(text: &CaseText) -> [Findings; 3] {
        let mut known = Known::default();
        known.add(story::KnownTerm::Name, "Cream").unwrap();
        text.parts().map(|part| story::scan(part, Locale::new(None, 2027), &known))
    }

    #[test]
    fn a_fingerprint_is_of_these_words_and_these_findings() {
        let (one, found) = (text(), findings(&text()));
        let of = text_fingerprint(&one, &found);
        assert_eq!(of, text_fingerprint(&one, &found));
        let mut others = vec![
            text_fingerprint(&CaseText { title: "A rasH".into(), ..text() }, &found),
            text_fingerprint(&CaseText { title: String::new(), ..text() }, &found),
            // The same words in other parts.
            text_fingerprint(
                &CaseText { title: one.question.clone(), question: one.title.clone(), ..text() },
                &found,
            ),
        ];
        let finding = Finding {
            span: 0..1,
            utf16: 0..1,
            class: story::Class::Name,
            confidence: 1.0,
            why: story::Why { rule: "test", cue: None },
            replacement: "[patient]".into(),
            interval: None,
        };
        for (part, class, span) in [
            (0, story::Class::Name, 0..1),
            (1, story::Class::Name, 0..1),
            (0, story::Class::Place, 0..1),
            (0, story::Class::Name, 0..2),
        ] {
            let mut found: [Findings; 3] = Default::default();
            found[part].found.push(Finding { span, class, ..finding.clone() });
            others.push(text_fingerprint(&one, &found));
        }
        others.push(of);
        let all = others.len();
        others.sort_by_key(|sha256| sha256.0);
        others.dedup();
        assert_eq!(others.len(), all, "no two are the same");
    }

    #[test]
    fn a_verdict_holds_no_word_of_the_text() {
        let keep = Decision::Keep { reason: KeepReason::ClinicalTerm };
        let of = text_fingerprint(&text(), &findings(&text()));
        let verdict = TextVerdict::Read { of, decisions: [vec![], vec![Decision::Replace], vec![keep]] };
        let json = serde_json::to_string(&verdict).unwrap();
        for word in text().parts().iter().flat_map(|part| part.split(' ')).filter(|word| word.len() > 2) {
            assert!(!json.contains(word), "{word}: {json}");
        }
        assert_eq!(serde_json::from_str::<TextVerdict>(&json).unwrap(), verdict);
        assert_eq!(serde_json::to_string(&TextVerdict::NotRead).unwrap(), "\"not_read\"");
        assert_eq!(format!("{:?}", text()), "CaseText(..)");
    }

    #[test]
    fn a_comment_is_told_from_others_and_from_a_text() {
        let text = text();
        let [_, found, _] = findings(&text);
        let of = comment_fingerprint(&text.body, &found);
        assert_ne!(of, comment_fingerprint(&text.title, &found));
        assert_ne!(of, comment_fingerprint(&text.body, &Findings::default()));
        let alone = CaseText { title: text.body.clone(), ..CaseText::default() };
        assert_ne!(of, text_fingerprint(&alone, &[found, Findings::default(), Findings::default()]));
        let verdict = CommentVerdict { of, decisions: vec![Decision::Replace] };
        let json = serde_json::to_string(&verdict).unwrap();
        assert!(!json.contains("jane"), "{json}");
        assert_eq!(serde_json::from_str::<CommentVerdict>(&json).unwrap(), verdict);
    }
}
