//! Terms of this very case: who signed its consent, who writes, where they work. The best name detector there is.

use std::fmt;
use std::ops::Range;

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::class::{Class, NumberKind};
use super::finding::Hit;
use super::token::{self, Case, Shape, Token};
use super::{pattern, words};

/// The rule of these findings.
pub(super) const RULE: &str = "known";

/// What a known number is found as: nobody said of which kind it is.
const NUMBER: Class = Class::Number(NumberKind::Other);

/// Terms that must not stand in the text. Never shown, and wiped when dropped.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct Known {
    words: Vec<Word>,
    /// Terms whole, word by word.
    terms: Vec<Term>,
    numbers: Vec<Word>,
}

/// Why a term cannot be looked for.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a term has two letters or four digits at least: write more of it")]
pub struct UnusableTerm;

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

/// A term of one word or more, as the lexicon spells them.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct Term {
    folded: Vec<String>,
    #[zeroize(skip)]
    class: Class,
}

impl Known {
    /// Takes a term in: each word of it, the whole, and every digit of a number.
    ///
    /// # Errors
    /// [`UnusableTerm`]; nothing was taken in.
    pub fn add(&mut self, kind: KnownTerm, term: &str) -> Result<(), UnusableTerm> {
        let class = match kind {
            KnownTerm::Name => Class::Name,
            KnownTerm::Facility => Class::Facility,
            KnownTerm::Place => Class::Place,
            KnownTerm::Number => return self.add_number(term),
        };
        // Cut as texts are, so that no accent or vowel sign makes two words of one here.
        let tokens = token::tokens(term);
        let folded: Vec<String> = tokens
            .iter()
            .map(|token| token.folded.clone())
            .filter(|word| word.chars().count() >= 2)
            .collect();
        if folded.is_empty() {
            return Err(UnusableTerm);
        }
        for token in tokens.iter().filter(|token| token.is_word() && token.folded.chars().count() >= 2) {
            // "Community Hospital" is in the name of many; "the" and "bin" in that of more.
            if kind == KnownTerm::Name || token.plain() < 4 {
                let (folded, sound) = (token.folded.clone(), sound(&token.folded));
                self.words.push(Word { folded, sound, class });
            }
        }
        self.terms.push(Term { folded, class });
        Ok(())
    }

    fn add_number(&mut self, term: &str) -> Result<(), UnusableTerm> {
        let mut signs: String = plain_signs(term).map(|(_, sign)| sign).collect();
        let length = signs.chars().count();
        if length < 4 {
            return Err(UnusableTerm);
        }
        // A telephone number is written with and without the code of its country.
        if (11..=13).contains(&length) && signs.bytes().all(|byte| byte.is_ascii_digit()) {
            signs = signs.split_off(length - 9);
        }
        self.numbers.push(Word { folded: signs, sound: String::new(), class: NUMBER });
        Ok(())
    }

    /// Terms found among the tokens, exactly or spelled a little otherwise.
    pub(super) fn find(&self, text: &str, tokens: &[Token<'_>]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        // Most scans know nothing: their tokens need not be sounded out.
        if self.terms.is_empty() && self.numbers.is_empty() {
            return hits;
        }
        for (at, token) in tokens.iter().enumerate() {
            if let Some((span, class)) = self.whole(tokens, at) {
                hits.push(hit(span, class, 0.98));
            }
            if !token.is_word() || words::names_a_thing(tokens, at) {
                continue;
            }
            let Some((word, confidence)) = self.match_of(token) else { continue };
            let follows = hits.last().is_some_and(|last| {
                last.class == word.class
                    && last.span.end <= token.span.start
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

    /// A term that stands at `at` as a whole, in whatever case: its words in order, or as one word.
    fn whole(&self, tokens: &[Token<'_>], at: usize) -> Option<(Range<usize>, Class)> {
        let token = &tokens[at];
        let capital = matches!(token.shape, Shape::Title | Shape::Upper | Shape::Uncased);
        self.terms.iter().find_map(|term| {
            let (first, rest) = term.folded.split_first()?;
            if rest.is_empty() {
                // One word that is also an ordinary one must look like a name, or be told by its kind.
                let told = capital && (!token.opens || term.class != Class::Name);
                return (*first == token.folded && told && !words::names_a_thing(tokens, at))
                    .then(|| (token.span.clone(), term.class));
            }
            // "Green-Clinic", "#VillaRica".
            if token.folded.replace('-', "") == term.folded.concat() {
                return Some((token.span.clone(), term.class));
            }
            let mut last = at;
            for (word, next) in term.folded.iter().zip(at..) {
                let found = tokens.get(next)?;
                let near = next == at || found.gap.chars().count() <= 3;
                if found.folded != *word || !near {
                    return None;
                }
                last = next;
            }
            Some((token.span.start..tokens[last].span.end, term.class))
        })
    }

    /// The term that a token is, and how surely.
    fn match_of(&self, token: &Token<'_>) -> Option<(&Word, f32)> {
        let sound = sound(&token.folded);
        // Words that the lexicon knows as something else are not misspelled names.
        let misspelled = token.plain() == 0 || token.plain() < 3 && token.could_be_name();
        self.words.iter().find_map(|word| {
            if word.folded == token.folded {
                return looks_known(token).then_some((word, 0.97));
            }
            (misspelled && word.is_like(token, &sound)).then_some((word, 0.85))
        })
    }
}

impl Word {
    /// Whether a token, which sounds like `sound`, is this word spelled otherwise: "Lakshmi" and "Laxmi".
    fn is_like(&self, token: &Token<'_>, sound: &str) -> bool {
        let letters = token.letters();
        let typos = match letters {
            0..=4 => None,
            5..=7 => Some(1),
            _ => Some(2),
        };
        let alike = letters >= 4 && self.sound == sound && !sound.is_empty();
        let is_typo = |most| strsim::osa_distance(&self.folded, &token.folded) <= most;
        self.folded.len() >= 4 && (alike || typos.is_some_and(is_typo))
    }
}

/// Whether a token that is a known term and a common word looks like the term: "Will saw her", not "she will go".
fn looks_known(token: &Token<'_>) -> bool {
    let plain = token.plain();
    let capital = matches!(token.shape, Shape::Title | Shape::Upper);
    plain <= 2 || capital && (plain <= 5 || !token.opens) || token.case != Case::Told && plain <= 4
}

fn hit(span: Range<usize>, class: Class, confidence: f32) -> Hit {
    Hit { span, class, confidence, rule: RULE, cue: None, date: None }
}

/// Adds where the letters and digits of a number stand, whatever stands between them.
fn digits(text: &str, number: &str, hits: &mut Vec<Hit>) {
    let signs: Vec<(usize, char)> = plain_signs(text).collect();
    let wanted: Vec<char> = number.chars().collect();
    for window in signs.windows(wanted.len()) {
        let (Some((first, _)), Some((last, _))) = (window.first(), window.last()) else { continue };
        let fits = window.iter().map(|(_, sign)| sign).eq(&wanted);
        // Digits of one number stand close together.
        if fits && text[*first..*last].chars().count() < wanted.len() * 2 {
            let end = last + text[*last..].chars().next().map_or(1, char::len_utf8);
            hits.push(hit(*first..end, NUMBER, 0.97));
        }
    }
}

/// Latin letters in lower case and digits of any script as 0 to 9, with the byte where each begins.
fn plain_signs(text: &str) -> impl Iterator<Item = (usize, char)> {
    text.char_indices().filter_map(|(at, sign)| {
        let sign = pattern::digit(sign).unwrap_or_else(|| sign.to_ascii_lowercase());
        sign.is_ascii_alphanumeric().then_some((at, sign))
    })
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
        write!(f, "Known({} terms, {} numbers)", self.terms.len(), self.numbers.len())
    }
}
