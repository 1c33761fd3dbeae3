//! The text cut into words, digit runs and single marks: what all finders of this room read.
//!
//! Every finder looks at a bounded number of tokens from each start, so the work is linear in the text.

use std::ops::Range;

use super::words::{self, Flags};

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters with their marks.
    Word,
    /// Decimal digits of one run, of any script.
    Number,
    /// One other character.
    Mark,
}

/// What stands before a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// Nothing: it touches the token before.
    None,
    /// Spaces on the same line.
    Space,
    /// A line break, or the start or end of the text.
    Line,
}

/// How a word is capitalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// No capital at the start.
    Lower,
    /// A capital first, and a small letter somewhere or no other letter.
    Title,
    /// Two letters or more, all capitals.
    Upper,
}

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    pub(super) gap: Gap,
    pub(super) case: Case,
    pub(super) flags: Flags,
    norm: Range<usize>,
}

/// A text and its tokens.
pub(super) struct Tokens<'a> {
    pub(super) text: &'a str,
    list: Vec<Token>,
    /// Words in lower case without diacritics, digits as ASCII, marks as their plain form; one after another.
    norm: String,
}

impl<'a> Tokens<'a> {
    /// Cuts `text` into tokens.
    pub(super) fn new(text: &'a str) -> Self {
        let mut made = Self { text, list: Vec::new(), norm: String::with_capacity(text.len()) };
        let mut gap = Gap::Line;
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            if c == '\n' || c == '\r' {
                gap = Gap::Line;
                continue;
            }
            if c.is_whitespace() {
                gap = gap.max(Gap::Space);
                continue;
            }
            // Invisible direction and joining marks that phones paste around numbers.
            if is_format(c) {
                continue;
            }
            let from = made.norm.len();
            let mut end = start + c.len_utf8();
            let mut case = Case::Lower;
            let kind = if let Some(d) = digit(c) {
                made.norm.push(d);
                while let Some(&(at, next)) = chars.peek() {
                    let Some(d) = digit(next) else { break };
                    made.norm.push(d);
                    end = at + next.len_utf8();
                    chars.next();
                }
                Kind::Number
            } else if is_letter(c) {
                let (mut lower, mut upper) = (0_u32, 0_u32);
                let first_upper = c.is_uppercase();
                fold(c, &mut made.norm);
                let count = |c: char, lower: &mut u32, upper: &mut u32| {
                    *lower += u32::from(c.is_lowercase());
                    *upper += u32::from(c.is_uppercase());
                };
                count(c, &mut lower, &mut upper);
                while let Some(&(at, next)) = chars.peek() {
                    if !is_letter(next) {
                        break;
                    }
                    fold(next, &mut made.norm);
                    count(next, &mut lower, &mut upper);
                    end = at + next.len_utf8();
                    chars.next();
                }
                if first_upper {
                    case = if lower == 0 && upper > 1 { Case::Upper } else { Case::Title };
                }
                Kind::Word
            } else {
                made.norm.push(plain_mark(c));
                Kind::Mark
            };
            // The sign for "number" reads as the word.
            let kind = if c == '№' {
                made.norm.truncate(from);
                made.norm.push_str("no");
                Kind::Word
            } else {
                kind
            };
            let norm = from..made.norm.len();
            let flags = if kind == Kind::Word { words::flags(&made.norm[norm.clone()]) } else { Flags::NONE };
            made.list.push(Token { start, end, kind, gap, case, flags, norm });
            gap = Gap::None;
        }
        made
    }

    /// How many tokens there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The token at `i`; `None` on either side of the text, so `i.wrapping_sub(1)` may be asked for.
    pub(super) fn get(&self, i: usize) -> Option<&Token> {
        self.list.get(i)
    }

    /// The plain form of token `i`, empty outside the text.
    pub(super) fn norm(&self, i: usize) -> &str {
        self.list.get(i).map_or("", |t| &self.norm[t.norm.clone()])
    }

    /// The token as it is written.
    pub(super) fn raw(&self, i: usize) -> &'a str {
        self.list.get(i).map_or("", |t| &self.text[t.start..t.end])
    }

    /// Whether token `i` is a digit run.
    pub(super) fn is_number(&self, i: usize) -> bool {
        self.list.get(i).is_some_and(|t| t.kind == Kind::Number)
    }

    /// Whether token `i` is a word.
    pub(super) fn is_word(&self, i: usize) -> bool {
        self.list.get(i).is_some_and(|t| t.kind == Kind::Word)
    }

    /// Whether token `i` is one of these marks.
    pub(super) fn is_mark(&self, i: usize, any_of: &str) -> bool {
        self.list.get(i).is_some_and(|t| t.kind == Kind::Mark) && any_of.contains(self.norm(i))
    }

    /// Whether the word at `i` has any of `flags`.
    pub(super) fn has(&self, i: usize, flags: Flags) -> bool {
        self.list.get(i).is_some_and(|t| t.flags.any(flags))
    }

    /// What stands before token `i`; a line break at either end of the text.
    pub(super) fn gap(&self, i: usize) -> Gap {
        self.list.get(i).map_or(Gap::Line, |t| t.gap)
    }

    /// Whether token `i` touches the one before it.
    pub(super) fn touches(&self, i: usize) -> bool {
        self.gap(i) == Gap::None
    }

    /// The capitals of token `i`.
    pub(super) fn case(&self, i: usize) -> Case {
        self.list.get(i).map_or(Case::Lower, |t| t.case)
    }

    /// Whether the word at `i` begins with a capital.
    pub(super) fn is_capital(&self, i: usize) -> bool {
        self.is_word(i) && self.case(i) != Case::Lower
    }

    /// The number at `i` if it is of one to four digits.
    pub(super) fn small(&self, i: usize) -> Option<u32> {
        if !self.is_number(i) || self.norm(i).len() > 4 {
            return None;
        }
        self.norm(i).parse().ok()
    }

    /// The bytes from token `first` to token `last`, both inclusive.
    pub(super) fn span(&self, first: usize, last: usize) -> Range<usize> {
        match (self.list.get(first), self.list.get(last)) {
            (Some(a), Some(b)) => a.start..b.end.max(a.start),
            _ => 0..0,
        }
    }

    /// The first token that begins at byte `at` or after.
    pub(super) fn at_byte(&self, at: usize) -> usize {
        self.list.partition_point(|t| t.start < at)
    }

    /// Whether the number at `i` is the whole of a number: no letter, decimal or fraction on its left.
    pub(super) fn opens_number(&self, i: usize) -> bool {
        if !self.touches(i) {
            return true;
        }
        let before = i.wrapping_sub(1);
        !(self.is_word(before)
            || self.is_number(before)
            || self.is_mark(before, "_+*^=<>~$£€₹#@")
            || (self.is_mark(before, ".,/-:") && self.touches(before) && self.is_number(i.wrapping_sub(2))))
    }

    /// Whether a number that ends with token `last` goes on: a decimal, a fraction, a percent sign, letters.
    pub(super) fn runs_on(&self, last: usize) -> bool {
        let next = last + 1;
        if !self.touches(next) {
            return false;
        }
        self.is_word(next)
            || self.is_number(next)
            || self.is_mark(next, "%_°+*^=@")
            || (self.is_mark(next, ".,/-:") && self.touches(next + 1) && self.is_number(next + 1))
    }
}

/// Zero-width and direction characters.
pub(in crate::story) fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Letters, and the marks that belong to them in Latin and in the scripts of South Asia.
fn is_letter(c: char) -> bool {
    match c {
        // Typographic apostrophes that Unicode counts as letters, and the full stops of Devanagari.
        '\u{2b9}'..='\u{2bf}' | '\u{964}' | '\u{965}' | '\u{970}' => false,
        '\u{300}'..='\u{36f}' => true,
        '\u{900}'..='\u{dff}' => digit(c).is_none(),
        _ => c.is_alphabetic(),
    }
}

/// A decimal digit as ASCII.
pub(in crate::story) fn digit(c: char) -> Option<char> {
    /// The zeros of the decimal digits people type in our languages. [Unicode, general category Nd]
    const ZEROS: [u32; 12] =
        [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xff10];
    if c.is_ascii_digit() {
        return Some(c);
    }
    let code = u32::from(c);
    if code < ZEROS[0] {
        return None;
    }
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// Dashes, quotes and full-width marks as their plain form.
fn plain_mark(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{2b9}'..='\u{2bf}' | '\u{2032}' | '`' | '´' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{2033}' => '"',
        'º' | '˚' => '°',
        '\u{2044}' | '\u{2215}' => '/',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Appends `c` in lower case without its diacritic.
fn fold(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    for c in c.to_lowercase() {
        let plain = match c {
            '\u{300}'..='\u{36f}' => continue,
            'à'..='å' | 'ā' | 'ă' | 'ą' | 'ª' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
            'ì'..='ï' | 'ī' | 'ı' | 'į' => 'i',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'º' => 'o',
            // With the micro sign and the Greek letter.
            'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'µ' | 'μ' => 'u',
            'ý' | 'ÿ' => 'y',
            'š' | 'ś' => 's',
            'ž' | 'ź' | 'ż' => 'z',
            other => other,
        };
        out.push(plain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_marks_are_apart() {
        let t = Tokens::new("Paciente: João, १२mg\n№ 5’");
        let norms: Vec<&str> = (0..t.len()).map(|i| t.norm(i)).collect();
        assert_eq!(norms, ["paciente", ":", "joao", ",", "12", "mg", "no", "5", "'"]);
        assert_eq!(t.gap(0), Gap::Line);
        assert_eq!(t.gap(2), Gap::Space);
        assert!(t.touches(5));
        assert_eq!(t.gap(6), Gap::Line);
        assert_eq!(t.raw(4), "१२");
        assert_eq!(t.norm(usize::MAX), "");
    }

    #[test]
    fn devanagari_words_hold_together() {
        let t = Tokens::new("3 दिसम्बर को।");
        assert_eq!((0..t.len()).map(|i| t.raw(i)).collect::<Vec<_>>(), ["3", "दिसम्बर", "को", "।"]);
    }

    #[test]
    fn numbers_know_their_neighbours() {
        let t = Tokens::new("T12 3.5 7/9 14% 22");
        let number = |text: &str| (0..t.len()).find(|&i| t.norm(i) == text).unwrap();
        assert!(!t.opens_number(number("12")));
        assert!(t.opens_number(number("3")) && t.runs_on(number("3")));
        assert!(!t.opens_number(number("5")) && !t.runs_on(number("5")));
        assert!(t.runs_on(number("14")));
        assert!(t.opens_number(number("22")) && !t.runs_on(number("22")));
    }
}
