//! Text from people, made safe for the page.

/// `text` as HTML: markup is escaped, and characters that cannot be seen or that would reorder what stands around
/// them are shown as U+FFFD. Line breaks and tabs stay.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (n, line) in text.replace("\r\n", "\n").split(['\n', '\r']).enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let isolates = if is_balanced(line) { Isolates::Kept } else { Isolates::Shown };
        line.chars().for_each(|c| push(&mut out, c, isolates));
    }
    out
}

/// A name or other short text, isolated from the direction of what stands around it.
pub(super) fn name(of: &str) -> String {
    format!("<bdi dir=\"auto\">{}</bdi>", text(of))
}

/// Whether a text in this language is written from right to left.
pub(super) fn direction(language: &str) -> &'static str {
    /// Languages that are usually written in Arabic, Hebrew, Syriac, Thaana or N'Ko. [IANA language subtags]
    const LANGUAGES: [&str; 15] =
        ["ar", "arc", "ckb", "dv", "fa", "he", "ks", "nqo", "ps", "prs", "sd", "syr", "ug", "ur", "yi"];
    /// Scripts that a tag can name. [ISO 15924]
    const SCRIPTS: [&str; 6] = ["arab", "hebr", "nkoo", "syrc", "thaa", "adlm"];
    let tag = language.to_ascii_lowercase();
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let script = parts.find(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let from_right = script.map_or(LANGUAGES.contains(&first), |script| SCRIPTS.contains(&script));
    if from_right { "rtl" } else { "ltr" }
}

/// What happens to the marks that begin and end an isolate.
#[derive(Clone, Copy, PartialEq)]
enum Isolates {
    Kept,
    Shown,
}

fn push(out: &mut String, c: char, isolates: Isolates) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        '\t' => out.push('\t'),
        // Embeddings and overrides, and what would end the isolate around a name: line and paragraph separators.
        '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' => out.push('\u{fffd}'),
        '\u{2066}'..='\u{2069}' if isolates == Isolates::Shown => out.push('\u{fffd}'),
        c if c.is_control() || is_noncharacter(c) => out.push('\u{fffd}'),
        c => out.push(c),
    }
}

/// Whether every isolate that begins in `line` ends in it, and none ends that did not begin. [Unicode UAX 9, BD9]
fn is_balanced(line: &str) -> bool {
    let mut open = 0_usize;
    for c in line.chars() {
        match c {
            '\u{2066}'..='\u{2068}' => open += 1,
            '\u{2069}' => match open.checked_sub(1) {
                Some(rest) => open = rest,
                None => return false,
            },
            _ => {}
        }
    }
    open == 0
}

/// HTML forbids these even as references. [HTML, 13.2.3.5]
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(text("<script>&\"'"), "&lt;script&gt;&amp;&quot;&#39;");
        assert_eq!(name("A"), "<bdi dir=\"auto\">A</bdi>");
    }

    #[test]
    fn what_reorders_or_hides_is_shown() {
        for c in [
            '\u{202e}', '\u{202a}', '\u{2029}', '\u{85}', '\u{0}', '\u{1b}', '\u{ffff}', '\u{2066}',
            '\u{2069}',
        ] {
            assert_eq!(text(&format!("a{c}b")), "a\u{fffd}b", "{c:?}");
        }
        assert_eq!(text("\u{2068}x\u{2069}"), "\u{2068}x\u{2069}");
        assert_eq!(text("\u{2069}\u{2068}"), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn scripts_of_real_names_stay() {
        for real in ["परीक्षण रोगी", "مريض اختبار", "Ñ\u{200d}é", "a\tb\nc"]
        {
            assert_eq!(text(real), real);
        }
        assert_eq!(text("a\r\nb\rc"), "a\nb\nc");
    }

    #[test]
    fn directions() {
        for (tag, expected) in [
            ("ar", "rtl"),
            ("ur-PK", "rtl"),
            ("pa-Arab", "rtl"),
            ("ar-Latn", "ltr"),
            ("hi", "ltr"),
            ("FA-ir", "rtl"),
        ] {
            assert_eq!(direction(tag), expected, "{tag}");
        }
    }
}
