//! A text as words and numbers, with what the lexicon knows of each and what lies between them.

use std::ops::Range;

use super::lexicon::{Flags, fold, look_up};
use super::pattern::is_format;

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
        self.is_titled() && !self.opens
    }

    /// Whether it begins with a capital, other words being written otherwise.
    pub(super) fn is_titled(&self) -> bool {
        self.shape == Shape::Title && self.case != Case::Upper
    }

    /// Written like everything around it, in small letters or in capitals: capitals say nothing of it.
    pub(super) fn is_level(&self) -> bool {
        matches!((self.shape, self.case), (Shape::Lower, Case::Lower) | (Shape::Upper, Case::Upper))
    }

    /// Whether it has a capital that says something.
    pub(super) fn has_capital(&self) -> bool {
        self.case == Case::Told && matches!(self.shape, Shape::Title | Shape::Initial | Shape::Upper)
    }

    /// Whether a point after it may be that of an abbreviated title: "Dr."
    pub(super) fn is_short_title(&self) -> bool {
        self.is_any(Flags::HONORIFIC) && self.letters() <= 5
    }

    /// Whether the lexicon has it as any of `kinds`, which are [`Flags`].
    pub(super) fn is_any(&self, kinds: u32) -> bool {
        self.flags.any(kinds)
    }

    /// Whether it is a word of medicine.
    pub(super) fn is_clinical(&self) -> bool {
        self.is_any(Flags::CLINICAL)
    }

    /// Whether the lexicon does not have it.
    pub(super) fn is_unlisted(&self) -> bool {
        self.flags == Flags::default()
    }

    /// How common it is as an English word, 0 (not one) to 7.
    pub(super) fn common(&self) -> u32 {
        self.flags.common()
    }

    /// How usual it is as a given name, 0 to 3.
    pub(super) fn given(&self) -> u32 {
        self.flags.given()
    }

    /// How large a place smaller than a state has this name, 0 (none) to 3.
    pub(super) fn place(&self) -> u32 {
        self.flags.place()
    }

    /// What lies before it, less the `'s` of the word before.
    pub(super) fn gap_after_possessive(&self) -> &str {
        self.gap.trim_start_matches(['\'', '’', 's', 'S'])
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
    folded.split('-').filter(|part| !part.is_empty()).map(plain_of_part).min().unwrap_or(0)
}

/// How surely a part of a compound is plain: "Obodo-Uku" is two foreign words, and a name as often as not.
fn plain_of_part(part: &str) -> u32 {
    let flags = look_up(part);
    let foreign =
        flags.any(Flags::FOREIGN) && flags.common() == 0 && !flags.any(Flags::MEDICAL | Flags::ROLE);
    match () {
        () if part.len() < 3 => 7,
        () if foreign => 0,
        () => plain(flags, part),
    }
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
    match () {
        () if folded.len() >= 7 && MEDICAL.iter().any(|end| folded.ends_with(end)) => 4,
        () if is_inflected(folded) => 3,
        () => 0,
    }
}

/// Whether a common or medical word with an ending of English: "nebulised".
fn is_inflected(folded: &str) -> bool {
    const ENDINGS: [&str; 8] = ["'s", "s", "es", "ed", "ing", "ly", "er", "d"];
    let known = |stem: &str| {
        let flags = look_up(stem);
        flags.common() >= 3 || flags.any(Flags::CLINICAL)
    };
    ENDINGS
        .iter()
        .filter_map(|end| folded.strip_suffix(end))
        .filter(|stem| stem.len() >= 3)
        .any(|stem| known(stem) || known(&format!("{stem}e")))
}

/// Cuts a text into its tokens.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut end = 0;
    while let Some(start) =
        text[end..].find(|letter| part_of_word(letter) && !is_invisible(letter)).map(|start| end + start)
    {
        let stop = end_of_word(text, start);
        tokens.push(token(text, start..stop, end));
        end = stop;
    }
    set_case(text, &mut tokens);
    set_opens(&mut tokens);
    tokens
}

/// The end of the token that begins at `start`. A hyphen or apostrophe joins what follows unless a digit came before.
fn end_of_word(text: &str, start: usize) -> usize {
    let mut digits = false;
    for (at, letter) in text[start..].char_indices() {
        let joins = match letter {
            '\'' | '’' | '-' | '\u{2010}' | '\u{2011}' => {
                let next = text[start + at + letter.len_utf8()..].chars().next();
                !digits && next.is_some_and(char::is_alphabetic)
            }
            other => part_of_word(other),
        };
        if !joins {
            return start + at;
        }
        digits |= letter.is_numeric();
    }
    text.len()
}

/// Whether a token may begin with it, or go on with it.
fn part_of_word(letter: char) -> bool {
    // Vowel signs and joiners belong to the words of Indic and Arabic scripts.
    letter.is_alphanumeric()
        || matches!(letter, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}')
        || is_invisible(letter)
}

/// What is not seen inside a word: soft hyphens and zero-width signs come with text from documents and web pages.
fn is_invisible(letter: char) -> bool {
    is_format(letter) || matches!(letter, '\u{34f}' | '\u{fe00}'..='\u{fe0f}')
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
    let mut folded = fold(word);
    folded.retain(|letter| !is_invisible(letter));
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
    // A text without one name-like capital in twenty-five words was typed without them.
    let words = tokens.iter().filter(|token| token.is_word()).count();
    let titled = tokens.iter().filter(|token| token.shape == Shape::Title).count();
    let others = if titled * 25 < words { Case::Lower } else { Case::Told };
    let mut rest = tokens;
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        let (line, below) = rest.split_at_mut(rest.partition_point(|token| token.span.start < end));
        let case = if in_capitals(line) { Case::Upper } else { others };
        for token in line {
            token.case = case;
        }
        rest = below;
    }
}

/// Whether a line is written in capitals, but for a few words.
fn in_capitals(line: &[Token<'_>]) -> bool {
    let words = || line.iter().filter(|token| token.is_word() && token.letters() > 1);
    let (all, upper) = (words().count(), words().filter(|token| token.shape == Shape::Upper).count());
    all >= 3 && upper * 10 >= all * 7
}

/// Decides where a sentence, a line or an item of a list begins.
fn set_opens(tokens: &mut [Token<'_>]) {
    for at in 0..tokens.len() {
        let last = at.checked_sub(1).map(|last| &tokens[last]);
        tokens[at].opens = last.is_none_or(|last| opens_after(last, tokens[at].gap));
    }
}

/// Whether something new begins after `last` and `gap`.
fn opens_after(last: &Token<'_>, gap: &str) -> bool {
    let stop = gap.contains(['!', '?', ':', ';', '\n', '•', '·', '–', '—', '"', '“', '>', '*', '(', ')'])
        || gap.contains(" - ")
        || gap.starts_with("...")
        || gap.starts_with('…');
    // The full stop of "Dr." and of an initial ends no sentence.
    let full_stop = gap.starts_with('.') || gap.contains(". ");
    let abbreviated = last.is_short_title() || last.shape == Shape::Initial;
    stop || full_stop && !abbreviated
}
