//! Text that does not act on the program that shows it.

use std::borrow::Cow;

/// `text` on one line, with nothing in it that is invisible and acts: line breaks and tabs become spaces; control
/// characters, noncharacters and explicit bidirectional controls become U+FFFD.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(tame).collect())
}

fn tame(c: char) -> char {
    match c {
        '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_control() || acts(c) || is_noncharacter(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// Embeddings, overrides and isolates reorder what stands around them [UAX 9, 2]; byte order marks, interlinear and
/// tag characters are not text.
fn acts(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// [Unicode, 23.7]
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_acts_is_replaced() {
        assert_eq!(plain("Test Patient One"), "Test Patient One");
        assert_eq!(plain("a\r\nb\tc\u{2028}d"), "a  b c d");
        assert_eq!(plain("a\0b\u{1b}c\u{7f}d\u{9f}"), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}");
        assert_eq!(
            plain("\u{202e}x\u{2069}\u{feff}\u{fffe}\u{1ffff}"),
            "\u{fffd}x\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
        );
        for kept in ["क्षि", "مريض", "a\u{200d}b\u{200e}", "😀", "\u{e000}"] {
            assert_eq!(plain(kept), kept);
        }
    }
}
