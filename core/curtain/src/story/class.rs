//! What kinds of identifier there are, and where the text was written.

use serde::{Deserialize, Serialize};

/// The kind of an identifier.
///
/// Source: the eighteen of 45 CFR 164.514(b)(2)(i). Two of them, biometric identifiers and full-face photographs,
/// are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Of anybody: patient, relative, clinician.
    Name,
    /// Smaller than a state: street, village, town, district, postal code, coordinates.
    Place,
    /// A hospital, clinic, school or employer by name.
    Facility,
    /// Finer than a year.
    Date,
    /// An age above 89, or the year of birth that gives it away.
    AgeOver89,
    /// A telephone number.
    Phone,
    /// A fax number.
    Fax,
    /// An electronic mail address, also one in words ("name at mail dot example").
    Email,
    /// An address on the web.
    Url,
    /// A name in a social network or messenger.
    Handle,
    /// An internet address.
    Ip,
    /// A number or code that one person, paper or thing has.
    Number(NumberKind),
}

/// Whose number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberKind {
    /// Given by a state: social security, Aadhaar, NIK, CPF.
    National,
    /// Of a health plan, an insurance or its card.
    HealthPlan,
    /// Of a medical record, an accession or a sample.
    Record,
    /// Of a bank account or card.
    Account,
    /// Of a licence, certificate, passport or police case.
    Licence,
    /// Of a vehicle, or its plate.
    Vehicle,
    /// Of a device: its serial number.
    Device,
    /// Any other.
    Other,
}

impl Class {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Place => "place",
            Self::Facility => "facility",
            Self::Date => "date",
            Self::AgeOver89 => "age_over_89",
            Self::Phone => "phone",
            Self::Fax => "fax",
            Self::Email => "email",
            Self::Url => "url",
            Self::Handle => "handle",
            Self::Ip => "ip",
            Self::Number(_) => "id_number",
        }
    }

    /// The letter of its paragraph in 45 CFR 164.514(b)(2)(i).
    #[must_use]
    pub fn paragraph(self) -> char {
        match self {
            Self::Name => 'A',
            // A facility says where; an employer's name is one of the identifiers of (b)(2)(i) as well.
            Self::Place | Self::Facility => 'B',
            Self::Date | Self::AgeOver89 => 'C',
            Self::Phone => 'D',
            Self::Fax => 'E',
            Self::Email => 'F',
            Self::Number(NumberKind::National) => 'G',
            Self::Number(NumberKind::Record) => 'H',
            Self::Number(NumberKind::HealthPlan) => 'I',
            Self::Number(NumberKind::Account) => 'J',
            Self::Number(NumberKind::Licence) => 'K',
            Self::Number(NumberKind::Vehicle) => 'L',
            Self::Number(NumberKind::Device) => 'M',
            Self::Url => 'N',
            Self::Ip => 'O',
            Self::Handle | Self::Number(NumberKind::Other) => 'R',
        }
    }
}

/// Where and when a text is read: the order of dates, the shape of numbers, the year ages count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locale {
    pub(super) country: Option<Country>,
    pub(super) year: i16,
}

/// A country, by its two letters. [ISO 3166-1 alpha-2]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// From two letters, in either case. `None` for anything else.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let letters: [u8; 2] = code.as_bytes().try_into().ok()?;
        letters
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Self(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    /// Whether it is this one: two capital letters.
    pub(in crate::story) fn is(self, code: [u8; 2]) -> bool {
        self.0 == code
    }
}

impl TryFrom<String> for Country {
    type Error = &'static str;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::new(&code).ok_or("a country is two letters, such as IN")
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.0.iter().map(|letter| char::from(*letter)).collect()
    }
}

impl Locale {
    /// Texts of `country`, or of anywhere, read in `year`: this room reads no clock.
    #[must_use]
    pub fn new(country: Option<Country>, year: i16) -> Self {
        Self { country, year }
    }
}
