//! Words of people: shown as they are stored, and never in a log.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a person wrote. Its `Debug` says how long it is, and nothing more.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(pub String);

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({} bytes)", self.0.len())
    }
}

/// Whether a text shows as it is stored: no control character but the line feed, no mark that makes text run against
/// its own direction, nothing invisible. The joiners of Indic and Persian writing and the plain direction marks are
/// allowed. [Unicode TR36, 2.5]
#[must_use]
pub fn is_clean(text: &str) -> bool {
    let hides = |c: char| matches!(c, '\u{200B}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}');
    !text.chars().any(|c| (c.is_control() && c != '\n') || hides(c))
}

/// The text as it shows: line ends of other systems as line feeds, tabs as spaces, and without what [`is_clean`] refuses.
#[must_use]
pub fn cleaned(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    if is_clean(&text) {
        text
    } else {
        text.chars().filter(|c| is_clean(c.encode_utf8(&mut [0; 4]))).collect()
    }
}

/// Whether it is [clean](is_clean), in one line, not blank, and at most `most` characters long.
#[must_use]
pub fn is_line(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && is_clean(text) && !text.contains('\n') && text.chars().nth(most).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_is_refused() {
        for hidden in [
            "\0",
            "\t",
            "\r",
            "\u{7f}",
            "\u{85}",
            "\u{200B}",
            "\u{202E}",
            "\u{2066}",
            "\u{FEFF}",
            "\u{E0041}",
        ] {
            assert!(!is_clean(&format!("a{hidden}b")), "{hidden:?}");
            assert!(!is_line(&format!("a{hidden}b"), 3), "{hidden:?}");
        }
        assert_eq!(cleaned("a\r\nb\tc\u{200B}d\u{2028}e\u{FEFF}"), "a\nb cd\ne");
        assert!(is_clean("a\nb") && is_clean("\u{200F}a\u{200D}b") && is_clean(""));
    }

    #[test]
    fn a_line_is_one_line_of_some_characters() {
        assert!(is_line("é", 1) && is_line(&"é".repeat(200), 200));
        for text in ["", " ", "\n", "a\nb", &"é".repeat(201)] {
            assert!(!is_line(text, 200), "{text:?}");
        }
    }

    #[test]
    fn words_stay_out_of_logs() {
        assert_eq!(format!("{:?}", Words::from("a rash")), "Words(6 bytes)");
    }
}
