//! What a case is filed under: words of a fixed vocabulary, and short tags. They are sealed with the case.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most tags of a case.
pub const MAX_TAGS: usize = 8;

/// The longest tag, in characters.
pub const MAX_TAG: usize = 30;

/// Makes an enum of words that are written as they stand here.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident, $unknown:ident: $($word:ident = $code:literal),* $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $(
                #[doc = concat!("`", $code, "`")]
                #[serde(rename = $code)]
                $word,
            )*
        }

        impl $name {
            /// All of them, in the order of the alphabet.
            pub const ALL: &[Self] = &[$(Self::$word),*];

            /// A stable `snake_case` name.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$word => $code,)*
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = AboutError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|word| word.code() == text).ok_or(AboutError::$unknown)
            }
        }
    };
}

vocabulary!(
    /// A field of medicine.
    Specialty, Specialty:
    Allergology = "allergology", Anaesthesiology = "anaesthesiology", Cardiology = "cardiology",
    CardiothoracicSurgery = "cardiothoracic_surgery", Dentistry = "dentistry", Dermatology = "dermatology",
    EmergencyMedicine = "emergency_medicine", Endocrinology = "endocrinology", FamilyMedicine = "family_medicine",
    ForensicMedicine = "forensic_medicine", Gastroenterology = "gastroenterology", GeneralSurgery = "general_surgery",
    Genetics = "genetics", Geriatrics = "geriatrics", Gynaecology = "gynaecology", Haematology = "haematology",
    InfectiousDiseases = "infectious_diseases", IntensiveCare = "intensive_care",
    InternalMedicine = "internal_medicine", MaxillofacialSurgery = "maxillofacial_surgery",
    Neonatology = "neonatology", Nephrology = "nephrology", Neurology = "neurology", Neurosurgery = "neurosurgery",
    NuclearMedicine = "nuclear_medicine", Nursing = "nursing", Obstetrics = "obstetrics", Oncology = "oncology",
    Ophthalmology = "ophthalmology", Orthopaedics = "orthopaedics", Otolaryngology = "otolaryngology",
    Paediatrics = "paediatrics", PalliativeCare = "palliative_care", Pathology = "pathology",
    PlasticSurgery = "plastic_surgery", Psychiatry = "psychiatry", Pulmonology = "pulmonology",
    Radiology = "radiology", Rehabilitation = "rehabilitation", Rheumatology = "rheumatology",
    TropicalMedicine = "tropical_medicine", Urology = "urology", VascularSurgery = "vascular_surgery",
    WoundCare = "wound_care",
);

vocabulary!(
    /// A part of the body.
    Site, Site:
    Abdomen = "abdomen", Ankle = "ankle", Axilla = "axilla", Back = "back", Breast = "breast", Buttock = "buttock",
    Chest = "chest", Ear = "ear", Elbow = "elbow", Eye = "eye", Face = "face", Finger = "finger", Foot = "foot",
    Forearm = "forearm", Genitals = "genitals", Groin = "groin", Hand = "hand", Hip = "hip", Knee = "knee",
    LowerLeg = "lower_leg", Mouth = "mouth", Nail = "nail", Neck = "neck", Nose = "nose", Pelvis = "pelvis",
    Perineum = "perineum", Scalp = "scalp", Shoulder = "shoulder", Spine = "spine", Thigh = "thigh", Throat = "throat",
    Toe = "toe", UpperArm = "upper_arm", WholeBody = "whole_body", Wrist = "wrist",
);

/// A short word under which a case is found: 1 to [`MAX_TAG`] of `a` to `z`, `0` to `9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Tag {
    type Error = AboutError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let well_formed = (1..=MAX_TAG).contains(&text.len()) && text.bytes().all(allowed);
        well_formed.then_some(Self(text)).ok_or(AboutError::Tag)
    }
}

impl std::str::FromStr for Tag {
    type Err = AboutError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

/// What a case is filed under.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The part of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Site>,
    /// The field of medicine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specialty: Option<Specialty>,
    /// At most [`MAX_TAGS`], strictly ascending.
    pub tags: Vec<Tag>,
}

/// What no case can be filed under.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AboutError {
    /// Not of the vocabulary.
    #[error("this is no specialty that Curtain knows: docs/formats.md lists them")]
    Specialty,
    /// Not of the vocabulary.
    #[error("this is no body site that Curtain knows: docs/formats.md lists them")]
    Site,
    /// Too long, or with other signs.
    #[error("a tag has 1 to {MAX_TAG} of the signs a to z, 0 to 9 and -")]
    Tag,
    /// Too many, twice the same, or in another order.
    #[error("a case has at most {MAX_TAGS} tags, each once, in ascending order")]
    Tags,
    /// Nothing at all.
    #[error("what is filed under nothing says nothing of that")]
    Empty,
}

impl AboutError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Specialty => "unknown_specialty",
            Self::Site => "unknown_site",
            Self::Tag => "tag_form",
            Self::Tags => "tags",
            Self::Empty => "about_empty",
        }
    }
}

impl About {
    /// Of tags in any order, given once or more.
    ///
    /// # Errors
    /// [`AboutError::Tags`].
    pub fn new(
        specialty: Option<Specialty>,
        site: Option<Site>,
        mut tags: Vec<Tag>,
    ) -> Result<Self, AboutError> {
        tags.sort();
        tags.dedup();
        let about = Self { site, specialty, tags };
        if about.tags.len() > MAX_TAGS { Err(AboutError::Tags) } else { Ok(about) }
    }

    /// Whether it files the case under nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks that it says something, and the tags' number and order.
    ///
    /// # Errors
    /// [`AboutError::Empty`], [`AboutError::Tags`].
    pub fn check(&self) -> Result<(), AboutError> {
        if self.is_empty() {
            return Err(AboutError::Empty);
        }
        let ascending = self.tags.windows(2).all(|pair| pair[0] < pair[1]);
        if ascending && self.tags.len() <= MAX_TAGS { Ok(()) } else { Err(AboutError::Tags) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_as_they_are_written() {
        for pair in Specialty::ALL.windows(2) {
            assert!(pair[0].code() < pair[1].code(), "{pair:?}");
        }
        for pair in Site::ALL.windows(2) {
            assert!(pair[0].code() < pair[1].code(), "{pair:?}");
        }
        for word in Specialty::ALL {
            assert_eq!(word.code().parse(), Ok(*word));
            assert_eq!(serde_json::to_string(word).unwrap(), format!("\"{}\"", word.code()));
        }
        for word in Site::ALL {
            assert_eq!(word.code().parse(), Ok(*word));
            assert_eq!(serde_json::to_string(word).unwrap(), format!("\"{}\"", word.code()));
        }
        assert_eq!("Dermatology".parse::<Specialty>(), Err(AboutError::Specialty));
        assert_eq!("left_hand".parse::<Site>(), Err(AboutError::Site));
    }

    #[test]
    fn tags_are_short_and_plain() {
        for tag in ["a", "t-12", "0", &"x".repeat(MAX_TAG)] {
            assert_eq!(tag.parse::<Tag>().unwrap().as_str(), tag);
        }
        for tag in ["", "A", "a b", "a_b", "é", "a\n", &"x".repeat(MAX_TAG + 1)] {
            assert_eq!(tag.parse::<Tag>(), Err(AboutError::Tag), "{tag:?}");
            assert!(serde_json::from_value::<Tag>(tag.into()).is_err(), "{tag:?}");
        }
    }

    #[test]
    fn tags_stand_once_and_ascending() {
        let tags = |tags: &[&str]| tags.iter().map(|tag| tag.parse().unwrap()).collect::<Vec<Tag>>();
        let about = About::new(None, None, tags(&["b", "a", "b"])).unwrap();
        assert_eq!(about.tags, tags(&["a", "b"]));
        about.check().unwrap();
        assert_eq!(About::default().check(), Err(AboutError::Empty));
        let nine: Vec<String> = (0..9).map(|n| format!("t{n}")).collect();
        let nine: Vec<&str> = nine.iter().map(String::as_str).collect();
        assert_eq!(About::new(None, None, tags(&nine)), Err(AboutError::Tags));
        for wrong in [tags(&["b", "a"]), tags(&["a", "a"]), tags(&nine)] {
            assert_eq!(About { tags: wrong, ..About::default() }.check(), Err(AboutError::Tags));
        }
    }
}
