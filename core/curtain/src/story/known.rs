//! Terms of this very case: who signed its consent, who writes, where they work. The best name detector there is.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::class::Class;
use super::finding::Hit;
use super::lexicon::fold;
use super::token::{Case, Shape, Token};
use super::words;

/// The rule of these findings.
pub(super) const RULE: &str = "known";

/// Terms that must not stand in the text. Never shown, and wiped when dropped.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct Known {
    words: Vec<Word>,
    numbers: Vec<Word>,
}

/// What a term is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownTerm {
    /// Somebody's name.
    Name,
    /// A hospital, clinic or employer.
    Facility,
    /// Where somebody lives or works.
    Place,
    /// A record number, a phone number.
    Number,
}

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct Word {
    folded: String,
    /// As it sounds, so that two ways to write a name in Latin letters are one.
    sound: String,
    #[zeroize(skip)]
    class: Class,
}

impl Known {
    /// Takes a term in: every word of a name or place, every digit of a number.
    pub fn add(&mut self, kind: KnownTerm, term: &str) {
        let class = match kind {
            KnownTerm::Name => Class::Name,
            KnownTerm::Facility => Class::Facility,
            KnownTerm::Place => Class::Place,
            KnownTerm::Number => {
                let mut digits: String =
                    term.chars().filter(char::is_ascii_alphanumeric).flat_map(char::to_lowercase).collect();
                // A telephone number is written with and without the code of its country.
                if digits.len() > 10 && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= 13
                {
                    digits = digits.split_off(digits.len() - 9);
                }
                if digits.len() >= 4 {
                    self.numbers.push(Word {
                        folded: digits,
                        sound: String::new(),
                        class: Class::Number(super::NumberKind::Other),
                    });
                }
                return;
            }
        };
        for part in term.split(|letter: char| !letter.is_alphanumeric() && letter != '\'' && letter != '’')
        {
            let folded = fold(part.trim_matches(['\'', '’']));
            let token = super::token::tokens(part);
            // "Community Hospital" is in the name of many; "the" and "bin" in that of more.
            let generic = token.first().is_some_and(|token| kind != KnownTerm::Name && token.plain() >= 4);
            if folded.chars().count() >= 2 && !generic {
                let sound = sound(&folded);
                self.words.push(Word { folded, sound, class });
            }
        }
    }

    /// Terms found among the tokens, exactly or spelled a little otherwise.
    pub(super) fn find(&self, text: &str, tokens: &[Token<'_>]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.is_word()) {
            let Some((word, confidence)) = self.match_of(token) else { continue };
            if words::names_a_thing(tokens, at) {
                continue;
            }
            let follows = hits.last().is_some_and(|last| {
                last.class == word.class
                    && text[last.span.end..token.span.start].trim_matches([' ', '.']).is_empty()
                    && token.span.start - last.span.end <= 2
            });
            match hits.last_mut().filter(|_| follows) {
                Some(last) => last.span.end = token.span.end,
                None => hits.push(hit(token.span.clone(), word.class, confidence)),
            }
        }
        for number in &self.numbers {
            digits(text, &number.folded, &mut hits);
        }
        hits
    }

    fn match_of(&self, token: &Token<'_>) -> Option<(&Word, f32)> {
        // A known name that is a common word too must look like a name here.
        let capital = matches!(token.shape, Shape::Title | Shape::Upper);
        let plain = token.plain();
        let may =
            plain <= 2 || capital && (plain <= 5 || !token.opens) || token.case != Case::Told && plain <= 4;
        let sound = sound(&token.folded);
        let letters = token.letters();
        self.words.iter().find_map(|word| {
            if word.folded == token.folded {
                return may.then_some((word, 0.97));
            }
            // Words that the lexicon knows as something else are not misspelled names.
            if plain >= 3 || !token.could_be_name() && plain > 0 {
                return None;
            }
            let alike = letters >= 4 && word.sound == sound && !sound.is_empty();
            let typo = match letters {
                0..=4 => false,
                5..=7 => strsim::osa_distance(&word.folded, &token.folded) <= 1,
                _ => strsim::osa_distance(&word.folded, &token.folded) <= 2,
            };
            (word.folded.len() >= 4 && (alike || typo)).then_some((word, 0.85))
        })
    }
}

fn hit(span: std::ops::Range<usize>, class: Class, confidence: f32) -> Hit {
    Hit { span, class, confidence, rule: RULE, cue: None, date: None }
}

/// Adds where the letters and digits of a number stand, whatever stands between them.
fn digits(text: &str, number: &str, hits: &mut Vec<Hit>) {
    let parts: Vec<(usize, u8)> = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_alphanumeric())
        .map(|(at, byte)| (at, byte.to_ascii_lowercase()))
        .collect();
    for window in parts.windows(number.len()) {
        let (Some((first, _)), Some((last, _))) = (window.first(), window.last()) else { continue };
        // Digits of one number stand close together.
        if last - first < number.len() * 2 && window.iter().map(|(_, byte)| *byte).eq(number.bytes()) {
            hits.push(hit(*first..last + 1, Class::Number(super::NumberKind::Other), 0.97));
        }
    }
}

/// A name without what differs between ways to write it in Latin letters: doubled letters, long vowels, h after a
/// consonant, v for w, y for i, z for j.
fn sound(folded: &str) -> String {
    let mut sound = String::with_capacity(folded.len());
    let mut last = '\0';
    // What is written x sounds as two.
    for letter in folded.replace('x', "ks").chars() {
        let letter = match letter {
            'w' => 'v',
            'y' | 'e' => 'i',
            'o' => 'u',
            'z' => 'j',
            'q' | 'c' => 'k',
            other => other,
        };
        let breath = letter == 'h' && !sound.is_empty() && !"aiu".contains(last);
        if letter != last && !breath && letter.is_alphanumeric() {
            sound.push(letter);
        }
        if !breath {
            last = letter;
        }
    }
    sound
}

/// Shows none of the terms.
impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Known({} words, {} numbers)", self.words.len(), self.numbers.len())
    }
}
