//! Whether a word that the lexicon does not have is spelled like a name or place, or like a word of medicine or of a
//! language.
//!
//! A logistic regression on hashed runs of letters. What it learned from, how well it does and where the two thresholds come
//! from: `models/story_spelling.md`. The file is `CSPL`, the longest run (u8), the binary logarithm of the number of
//! weights (u8), two zero bytes, the scale of a weight (f32), the bias (f32), then the weights (i8); little endian.

use std::iter::once;
use std::sync::LazyLock;

/// At least this: it may be a name. It keeps 97 % of the names and places that the lexicon does not have.
pub(super) const MAYBE_A_NAME: f32 = 0.17;
/// At least this: hardly anything but a name or place is spelled like that (2 % of other words, 40 % of names).
#[cfg(test)]
const SURELY_A_NAME: f32 = 0.90;
/// What is said of a word that the model cannot judge.
const UNDECIDED: f32 = 0.5;
/// Shorter words say too little.
const SHORTEST: usize = 3;

/// FNV-1a, 32 bits. [draft-eastlake-fnv, 5]
const FNV_START: u32 = 0x811c_9dc5;
const FNV_PRIME: u32 = 0x0100_0193;

/// The model's file.
pub(super) const DATA: &[u8] = include_bytes!("../../../../models/story_spelling.bin");

static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::parse(DATA).expect("the model is built into the library, and a test reads it"));

struct Model {
    longest: usize,
    mask: u32,
    scale: f64,
    bias: f64,
    weights: &'static [u8],
}

/// How probably the word is a name or place, 0 to 1, if either were as likely beforehand.
///
/// `folded` is in lower case without accents. Of a compound with hyphens, the part most like a name counts. Half for what
/// has fewer than three letters, or anything but `a` to `z`, `'` and `-`.
pub(super) fn namelike(folded: &str) -> f32 {
    if !folded.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'\'' | b'-')) {
        return UNDECIDED;
    }
    let part = |part: &str| {
        let letters: Vec<u8> = part.bytes().filter(u8::is_ascii_lowercase).collect();
        (letters.len() >= SHORTEST).then(|| MODEL.probability(&letters))
    };
    folded.split('-').filter_map(part).reduce(f32::max).unwrap_or(UNDECIDED)
}

/// Reads the model from its bytes, once.
pub(super) fn load() {
    LazyLock::force(&MODEL);
}

impl Model {
    fn parse(bytes: &'static [u8]) -> Option<Self> {
        let (head, weights) = bytes.split_first_chunk::<16>()?;
        let [b'C', b'S', b'P', b'L', longest, power, 0, 0, s0, s1, s2, s3, b0, b1, b2, b3] = *head else {
            return None;
        };
        let size = 1_u32.checked_shl(power.into())?;
        let (scale, bias) = (f32::from_le_bytes([s0, s1, s2, s3]), f32::from_le_bytes([b0, b1, b2, b3]));
        let sound = weights.len() == usize::try_from(size).ok()?
            && longest > 0
            && scale.is_finite()
            && bias.is_finite();
        let longest = usize::from(longest);
        sound.then(|| Self { longest, mask: size - 1, scale: scale.into(), bias: bias.into(), weights })
    }

    fn probability(&self, letters: &[u8]) -> f32 {
        let marked: Vec<u8> = once(b'^').chain(letters.iter().copied()).chain(once(b'$')).collect();
        let mut sum = 0_i32;
        for start in 0..marked.len() {
            let mut hash = FNV_START;
            for &letter in marked[start..].iter().take(self.longest) {
                hash = (hash ^ u32::from(letter)).wrapping_mul(FNV_PRIME);
                let bucket = (hash ^ (hash >> 16)) & self.mask;
                sum = sum.saturating_add(self.weights[bucket as usize].cast_signed().into());
            }
        }
        let odds = (f64::from(sum) * self.scale + self.bias).exp();
        #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more digits")]
        let probability = (1.0 - 1.0 / (1.0 + odds)) as f32;
        probability
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_places() {
        for word in [
            "kakepetum",
            "rajeshwaramma",
            "bhimtola",
            "nwankwojike",
            "wanjirukamau",
            "phulbasiya",
            "chandrashekharpur",
            "makgabaneng",
            "warrumbidgee",
            "tlaxcotepec",
            "o'shaughnessy",
            "llanfachraeth",
            "oluwadunsin",
            "kristofferson",
        ] {
            assert!(namelike(word) >= MAYBE_A_NAME, "{word} {}", namelike(word));
        }
        for word in ["bhagwatipur", "oluwadunsin", "venkatapalem"] {
            assert!(namelike(word) >= SURELY_A_NAME, "{word} {}", namelike(word));
        }
    }

    #[test]
    fn words_of_medicine_and_of_languages() {
        for word in [
            "haemorrhagicc",
            "diarhoeal",
            "vomitting",
            "perioribtal",
            "antiobiotics",
            "cefixoxacin",
            "splenomegally",
            "unresponsivness",
            "menyembuhkan",
            "tachycardiac",
            "breathlesness",
            "desafortunadamente",
            "hipertensionado",
            "suspitious",
        ] {
            assert!(namelike(word) < MAYBE_A_NAME, "{word} {}", namelike(word));
        }
    }

    #[test]
    fn undecided() {
        for word in ["", "a", "ab", "o'", "-", "a-b-c", "t12", "Asha", "आशा", "joão", "two words", "a.b.c"]
        {
            assert!((namelike(word) - UNDECIDED).abs() < f32::EPSILON, "{word}");
        }
    }

    #[test]
    fn the_part_most_like_a_name_counts() {
        let (village, medicine) = (namelike("venkatapalem"), namelike("hypertensive"));
        assert!((namelike("hypertensive-venkatapalem") - village.max(medicine)).abs() < f32::EPSILON);
        assert!((namelike("o'brien") - namelike("obrien")).abs() < f32::EPSILON);
    }

    /// `train.py` wrote the second column.
    #[test]
    fn as_in_training() {
        let rows = include_str!("spelling.tsv").lines();
        let pairs = rows.map(|row| row.split_once('\t').unwrap());
        let mut count = 0;
        for (word, expected) in pairs {
            let expected: f32 = expected.parse().unwrap();
            assert!((namelike(word) - expected).abs() < 1e-5, "{word} {} {expected}", namelike(word));
            count += 1;
        }
        assert_eq!(count, 200);
    }

    #[test]
    fn a_damaged_model_is_refused() {
        assert!(Model::parse(DATA).is_some());
        for end in 0..DATA.len() {
            assert!(Model::parse(&DATA[..end]).is_none());
        }
        for at in (0..4).chain(5..8) {
            let mut bytes = DATA.to_vec();
            bytes[at] ^= 1;
            assert!(Model::parse(bytes.leak()).is_none(), "{at}");
        }
    }

    proptest! {
        #[test]
        fn any_string(word in "\\PC*") {
            prop_assert!((0.0..=1.0).contains(&namelike(&word)));
        }

        #[test]
        fn any_letters(word in "[a-z'-]{0,80}") {
            prop_assert!((0.0..=1.0).contains(&namelike(&word)));
        }
    }
}
