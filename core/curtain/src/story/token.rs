//! A text as words and numbers, with what the lexicon knows of each and what lies between them.

use std::ops::Range;

use super::lexicon::{Flags, fold, look_up};

/// A word, a number, or both in one (`T12`).
#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    /// Its bytes, without a possessive ending.
    pub(super) span: Range<usize>,
    /// The word itself.
    pub(super) text: &'t str,
    /// What lies between the token before it and this one.
    pub(super) gap: &'t str,
    /// How the lexicon spells it.
    pub(super) folded: String,
    pub(super) flags: Flags,
    pub(super) shape: Shape,
    /// How the words around it are written.
    pub(super) case: Case,
    /// Whether it ends in `'s`, or in `'` after an s.
    pub(super) possessive: bool,
    /// Whether a sentence, a line or an item of a list begins here.
    pub(super) opens: bool,
    plain: u32,
    namelike: u32,
}

/// How a token is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `asha`
    Lower,
    /// `Asha`, `O'Brien`, `McNeil`
    Title,
    /// `ASHA`
    Upper,
    /// One capital letter.
    Initial,
    /// In a script without capitals.
    Uncased,
    /// `120`
    Number,
    /// `T12`, `4AT`
    Mixed,
}

/// Whether capitals say anything about a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// They do.
    Told,
    /// Nobody used any: typed in haste or dictated.
    Lower,
    /// Everything is in capitals.
    Upper,
}

impl Token<'_> {
    /// Whether it is written in a script that the lexicon and the spelling model have no words of.
    pub(super) fn is_unread(&self) -> bool {
        self.is_word()
            && self.text.chars().any(|letter| {
                letter.is_alphabetic() && letter > '\u{24f}' && !('\u{1e00}'..='\u{1eff}').contains(&letter)
            })
    }

    /// Whether it is a word, and no number.
    pub(super) fn is_word(&self) -> bool {
        !matches!(self.shape, Shape::Number | Shape::Mixed)
    }

    /// Written as names are, where capitals say something; any word where they do not.
    pub(super) fn could_be_name(&self) -> bool {
        match self.shape {
            Shape::Title | Shape::Initial | Shape::Uncased | Shape::Upper => true,
            Shape::Lower => self.case == Case::Lower && !self.is_unread(),
            Shape::Number | Shape::Mixed => false,
        }
    }

    /// A capital in a place where ordinary words have none.
    pub(super) fn stands_out(&self) -> bool {
        self.shape == Shape::Title && !self.opens && self.case != Case::Upper
    }

    /// Letters of it.
    pub(super) fn letters(&self) -> usize {
        self.text.chars().filter(|letter| letter.is_alphabetic()).count()
    }

    /// How surely it is a word of medicine or of a language, 0 (never seen) to 7.
    pub(super) fn plain(&self) -> u32 {
        self.plain
    }

    /// How usual it is as a name of a person, 0 to 3.
    pub(super) fn namelike(&self) -> u32 {
        self.namelike
    }
}

/// How surely a word, or every part of a compound, is plain.
fn plain_of(flags: Flags, folded: &str) -> u32 {
    let whole = plain(flags, folded);
    if whole > 0 || !folded.contains('-') {
        return whole;
    }
    let parts = folded.split('-').filter(|part| !part.is_empty());
    // Two foreign words in one are a name as often as not: "Obodo-Uku".
    let foreign = |flags: Flags| {
        flags.any(Flags::FOREIGN) && flags.common() == 0 && !flags.any(Flags::MEDICAL | Flags::ROLE)
    };
    let part = |part: &str| {
        let flags = look_up(part);
        if foreign(flags) { 0 } else { plain(flags, part) }
    };
    parts.map(|word| if word.len() < 3 { 7 } else { part(word) }).min().unwrap_or(0)
}

/// How usual a word, or every part of a compound, is as a name.
fn namelike_of(flags: Flags, folded: &str) -> u32 {
    let of = |flags: Flags| flags.given().max(flags.surname());
    if flags == Flags::default() && folded.contains('-') {
        return folded.split('-').map(|part| of(look_up(part))).min().unwrap_or(0);
    }
    of(flags)
}

/// How surely a word that has `flags` is plain, 0 to 7.
fn plain(flags: Flags, folded: &str) -> u32 {
    let mut plain = flags.common();
    for (mask, least) in [
        (Flags::DRUG | Flags::ROLE | Flags::REGION | Flags::WHEN, 6),
        (Flags::MEDICAL | Flags::FACILITY | Flags::PLACE_NOUN, 5),
        (Flags::FOREIGN | Flags::HONORIFIC, 4),
        (Flags::EPONYM, 2),
    ] {
        if flags.any(mask) {
            plain = plain.max(least);
        }
    }
    if plain == 0 && flags == Flags::default() { ending(folded) } else { plain }
}

/// What an unknown word's ending says: inflected, or built as medicine builds words.
fn ending(folded: &str) -> u32 {
    const MEDICAL: [&str; 44] = [
        "itis", "osis", "oses", "aemia", "emia", "uria", "oma", "omas", "omata", "ectomy", "otomy", "ostomy",
        "plasty", "pathy", "algia", "plegia", "paresis", "scopy", "gram", "graphy", "penia", "cytosis",
        "rrhoea", "rrhea", "rrhage", "rrhagic", "megaly", "trophy", "phagia", "pnoea", "pnea", "lysis",
        "genic", "cillin", "mycin", "micin", "azole", "oxacin", "prazole", "sartan", "statin", "dipine",
        "olol", "mab",
    ];
    const INFLECTED: [&str; 8] = ["'s", "s", "es", "ed", "ing", "ly", "er", "d"];
    if folded.len() >= 7 && MEDICAL.iter().any(|end| folded.ends_with(end)) {
        return 4;
    }
    for end in INFLECTED {
        if let Some(stem) = folded.strip_suffix(end).filter(|stem| stem.len() >= 3) {
            for stem in [stem.to_owned(), format!("{stem}e")] {
                let flags = look_up(&stem);
                if flags.common() >= 3 || flags.any(Flags::MEDICAL | Flags::DRUG) {
                    return 3;
                }
            }
        }
    }
    0
}

/// Cuts a text into its tokens.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut rest = text.char_indices().peekable();
    let mut end = 0;
    while let Some((start, first)) = rest.next() {
        if !part_of_word(first) {
            continue;
        }
        let mut stop = start + first.len_utf8();
        let mut digits = first.is_numeric();
        while let Some(&(at, letter)) = rest.peek() {
            let joins = match letter {
                '\'' | '’' | '-' | '\u{2010}' | '\u{2011}' => {
                    let next = text[at + letter.len_utf8()..].chars().next();
                    !digits && next.is_some_and(char::is_alphabetic)
                }
                other => part_of_word(other),
            };
            if !joins {
                break;
            }
            digits |= letter.is_numeric();
            stop = at + letter.len_utf8();
            rest.next();
        }
        tokens.push(token(text, start..stop, end));
        end = stop;
    }
    set_case(text, &mut tokens);
    set_opens(&mut tokens);
    tokens
}

fn part_of_word(letter: char) -> bool {
    // Vowel signs and joiners belong to the words of Indic and Arabic scripts.
    letter.is_alphanumeric()
        || matches!(letter, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}' | '\u{200c}' | '\u{200d}')
}

fn token(text: &str, mut span: Range<usize>, end_of_last: usize) -> Token<'_> {
    let gap = &text[end_of_last..span.start];
    let whole = &text[span.clone()];
    let mut possessive = false;
    for ending in ["'s", "’s", "'S", "’S"] {
        if let Some(word) = whole.strip_suffix(ending).filter(|word| !word.is_empty()) {
            span.end = span.start + word.len();
            possessive = true;
        }
    }
    possessive |= whole.ends_with(['s', 'S']) && text[span.end..].starts_with(['\'', '’']);
    let word = &text[span.clone()];
    let folded = fold(word);
    let flags = look_up(&folded);
    let shape = shape(word);
    let (plain, namelike) = (plain_of(flags, &folded), namelike_of(flags, &folded));
    Token {
        span,
        text: word,
        gap,
        folded,
        flags,
        shape,
        case: Case::Told,
        possessive,
        opens: false,
        plain,
        namelike,
    }
}

fn shape(word: &str) -> Shape {
    let count = |is: fn(char) -> bool| word.chars().filter(|letter| is(*letter)).count();
    let (digits, letters) = (count(char::is_numeric), count(char::is_alphabetic));
    let (upper, lower) = (count(char::is_uppercase), count(char::is_lowercase));
    match () {
        () if digits > 0 && letters == 0 => Shape::Number,
        () if digits > 0 => Shape::Mixed,
        () if upper == 0 && lower == 0 => Shape::Uncased,
        () if upper == 0 => Shape::Lower,
        () if letters == 1 => Shape::Initial,
        () if lower == 0 => Shape::Upper,
        () if word.chars().next().is_some_and(char::is_uppercase) => Shape::Title,
        () => Shape::Lower,
    }
}

/// Decides, line by line, whether capitals say something.
fn set_case(text: &str, tokens: &mut [Token<'_>]) {
    let mut from = 0;
    // A text without one name-like capital in twenty-five words was typed without them.
    let words = tokens.iter().filter(|token| token.is_word()).count();
    let titled = tokens.iter().filter(|token| token.shape == Shape::Title).count();
    let lower = titled * 25 < words;
    for line in text.split_inclusive('\n') {
        let line = from..from + line.len();
        from = line.end;
        let first = tokens.partition_point(|token| token.span.start < line.start);
        let last = tokens.partition_point(|token| token.span.start < line.end);
        let words = tokens[first..last].iter().filter(|token| token.is_word() && token.letters() > 1);
        let (mut all, mut upper) = (0, 0);
        for token in words {
            all += 1;
            upper += usize::from(token.shape == Shape::Upper);
        }
        let case = match () {
            () if all >= 3 && upper * 10 >= all * 7 => Case::Upper,
            () if lower => Case::Lower,
            () => Case::Told,
        };
        tokens[first..last].iter_mut().for_each(|token| token.case = case);
    }
}

fn set_opens(tokens: &mut [Token<'_>]) {
    for at in 0..tokens.len() {
        let gap = tokens[at].gap;
        let before = at.checked_sub(1).map(|last| &tokens[last]);
        let stop = gap.contains(['!', '?', ':', ';', '\n', '•', '·', '–', '—', '"', '“', '>', '*', '('])
            || gap.contains(" - ")
            || gap.starts_with("...")
            || gap.starts_with('…');
        // The full stop of "Dr." and of an initial ends no sentence.
        let full_stop = gap.starts_with('.') || gap.contains(". ");
        let abbreviated = before.is_some_and(|last| {
            last.flags.any(Flags::HONORIFIC) && last.letters() <= 5 || last.shape == Shape::Initial
        });
        tokens[at].opens = before.is_none() || stop || (full_stop && !abbreviated) || gap.contains(')');
    }
}
