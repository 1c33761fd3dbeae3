//! The words and phrases that the room knows: one finite-state map from a folded word to flags.
//!
//! What is in it and where it comes from: `models/story.md`.

use std::sync::LazyLock;

use fst::Map;
use unicode_normalization::UnicodeNormalization;

/// The lexicon's file.
pub(super) const DATA: &[u8] = include_bytes!("../../../../models/story.fst");

static WORDS: LazyLock<Map<&'static [u8]>> =
    LazyLock::new(|| Map::new(DATA).expect("the map is built into the library, and a test reads all of it"));

/// What is known of a word. Nothing set: it was never seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(u32);

impl Flags {
    pub(super) const MEDICAL: u32 = 1 << 3;
    pub(super) const DRUG: u32 = 1 << 4;
    pub(super) const FOREIGN: u32 = 1 << 5;
    pub(super) const REGION: u32 = 1 << 12;
    pub(super) const EPONYM: u32 = 1 << 13;
    pub(super) const STARTS: u32 = 1 << 15;
    pub(super) const RARE: u32 = 1 << 16;
    pub(super) const FACILITY: u32 = 1 << 17;
    pub(super) const PLACE_NOUN: u32 = 1 << 18;
    pub(super) const ROLE: u32 = 1 << 19;
    pub(super) const HONORIFIC: u32 = 1 << 20;
    pub(super) const WHEN: u32 = 1 << 21;

    /// A word of medicine.
    pub(super) const CLINICAL: u32 = Self::MEDICAL | Self::DRUG;
    /// What somebody is or is addressed as, rather than who.
    pub(super) const PERSONAL: u32 = Self::ROLE | Self::HONORIFIC;
    /// Words that stay what they are however they are written.
    pub(super) const FIXED: u32 = Self::REGION | Self::WHEN | Self::DRUG | Self::PERSONAL | Self::FACILITY;
    /// Words with a capital that are seldom anybody's name.
    pub(super) const IMPERSONAL: u32 =
        Self::CLINICAL | Self::ROLE | Self::WHEN | Self::REGION | Self::FACILITY;

    /// Whether any of `mask` is set.
    pub(super) fn any(self, mask: u32) -> bool {
        self.0 & mask != 0
    }

    /// How common it is as an English word: 0 not one, 1 rare, 7 among the most common.
    pub(super) fn common(self) -> u32 {
        self.0 & 7
    }

    /// How usual it is as a given name, 0 to 3.
    pub(super) fn given(self) -> u32 {
        (self.0 >> 6) & 3
    }

    /// How usual it is as a surname, 0 to 3.
    pub(super) fn surname(self) -> u32 {
        (self.0 >> 8) & 3
    }

    /// How large a place smaller than a state has this name, 0 none to 3.
    pub(super) fn place(self) -> u32 {
        (self.0 >> 10) & 3
    }
}

/// What is known of a word or phrase that was [folded](fold).
pub(super) fn look_up(folded: &str) -> Flags {
    WORDS.get(folded).map_or(Flags::default(), |bits| Flags(u32::try_from(bits).unwrap_or(0)))
}

/// Reads the map from its bytes, once.
pub(super) fn load() {
    LazyLock::force(&WORDS);
}

/// A word as the map has it: lower case, without accents, straight apostrophes.
pub(super) fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(word.len());
    for letter in word.nfkd().filter(|letter| !is_accent(*letter)).flat_map(char::to_lowercase) {
        match letter {
            'ł' => folded.push('l'),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ı' => folded.push('i'),
            '’' | '‘' | 'ʼ' | '`' => folded.push('\''),
            other => folded.push(other),
        }
    }
    folded
}

/// Combining accents of Latin, Greek and Cyrillic; the vowel signs of other scripts are letters to us.
fn is_accent(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}
