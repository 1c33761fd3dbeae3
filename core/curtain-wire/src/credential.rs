//! Credentials: what an issuer says of a member, until when, and what takes it back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::canonical::{self, NotCanonical, Suite};
use crate::hash::{Id, Sha256};
use crate::level::Level;
use crate::statement::{PublicKey, Signed, Statement};
use crate::time::UnixTime;

/// What a member may do in a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads and posts.
    Member,
    /// Reads and discusses, as one who learns.
    Student,
    /// Also hides what breaks the rules.
    Moderator,
    /// Also decides who is in the circle.
    Admin,
    /// Sees the log and no case: gets no box.
    Officer,
}

/// What an issuer verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A licensed clinician.
    Clinician,
    /// A student of a health profession.
    Student,
    /// A compliance officer.
    Officer,
}

/// What an issuer says of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// The device that the user showed to the issuer, by its id.
    pub device: Sha256,
    /// The last second in which it counts.
    pub expires: UnixTime,
    /// The first second in which it counts.
    pub issued: UnixTime,
    /// Whose key signs it.
    pub issuer: PublicKey,
    /// What was verified.
    pub kind: Kind,
    /// The issuer's number for it: random, says nothing.
    pub serial: Id,
    /// The set of algorithms.
    pub suite: Suite,
    /// Of whom it speaks.
    pub user: Id,
}

impl Statement for Credential {
    const TYPE: &'static str = "curtain/v1/credential";
    const MAX_BYTES: usize = 2 << 10;
}

/// An issuer takes a credential back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// When.
    pub at: UnixTime,
    /// The hash of the signed credential.
    pub credential: Sha256,
    /// Whose key signs it: the credential's issuer.
    pub issuer: PublicKey,
    /// The set of algorithms.
    pub suite: Suite,
}

impl Statement for Revocation {
    const TYPE: &'static str = "curtain/v1/revocation";
    const MAX_BYTES: usize = 1 << 10;
}

/// What the members of a circle, and nobody else, read about one of them. Sealed where it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Who says that they are what they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Signed<Credential>>,
    /// The name that others see, 1 to 200 characters.
    pub name: String,
    /// The set of algorithms.
    pub suite: Suite,
}

/// Something is no profile.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileError {
    /// Not the one way to write it.
    #[error(transparent)]
    Form(#[from] NotCanonical),
    /// The name is empty, too long, or not one line of text.
    #[error("a name has 1 to 200 characters, none of them invisible, and no space at either end")]
    Name,
}

impl ProfileError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Form(_) => "profile_form",
            Self::Name => "profile_name",
        }
    }
}

impl Profile {
    /// The most bytes of one as canonical JSON.
    pub const MAX_BYTES: usize = 3 << 10;

    /// A profile.
    ///
    /// # Errors
    /// [`ProfileError::Name`].
    pub fn new(name: String, credential: Option<Signed<Credential>>) -> Result<Self, ProfileError> {
        if is_name(&name) { Ok(Self { credential, name, suite: Suite }) } else { Err(ProfileError::Name) }
    }

    /// Reads a profile. Says nothing about its credential: see [`check`].
    ///
    /// # Errors
    /// [`ProfileError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ProfileError> {
        let profile: Self = canonical::from_bytes(bytes, Self::MAX_BYTES)?;
        if is_name(&profile.name) { Ok(profile) } else { Err(ProfileError::Name) }
    }
}

/// Characters that nobody sees could make one member look like another. Joiners stay: names in many scripts need them.
fn is_name(name: &str) -> bool {
    let invisible = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    name.len() <= 800
        && (1..=200).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(invisible)
}

/// Credentials that were taken back: by issuer and hash, with the size of the membership log that first said so.
pub type Revoked = BTreeMap<(PublicKey, Sha256), u64>;

/// The circle in which a credential should count.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Whom the circle serves.
    pub audience: Level,
    /// The issuers that it believes.
    pub issuers: &'a [PublicKey],
    /// What issuers took back.
    pub revoked: &'a Revoked,
    /// The size of the log that is asked about: what was taken back later does not count.
    pub size: u64,
}

/// The member for whom a credential should count.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// The user.
    pub user: Id,
    /// The ids of every device that is or was the user's in this circle.
    pub devices: &'a [Sha256],
    /// The user's role.
    pub role: Role,
}

/// Why a credential does not count.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// The role needs one, and the profile has none.
    #[error("this role needs a credential: ask the issuer for one")]
    Missing,
    /// No credential gives this role in this circle.
    #[error("this role is not possible in a circle of this audience")]
    Role,
    /// The issuer is not one of the circle's.
    #[error("the credential is by an issuer that this circle does not know")]
    Issuer,
    /// The issuer did not sign it so.
    #[error("the credential's signature does not fit: it was changed, or the issuer did not sign it")]
    Signature,
    /// It speaks of someone else.
    #[error("the credential is another user's")]
    User,
    /// It was given to a device that never was this user's here.
    #[error("the credential was given to a device that is not this user's")]
    Device,
    /// It counts later.
    #[error("the credential does not count yet: check this device's clock")]
    NotYet,
    /// It no longer counts.
    #[error("the credential has expired: ask the issuer for a new one")]
    Expired,
    /// The issuer took it back.
    #[error("the issuer took the credential back")]
    Revoked,
    /// It says something else than the role needs.
    #[error("the role needs a credential of another kind")]
    Kind,
}

impl CredentialError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "credential_missing",
            Self::Role => "credential_role",
            Self::Issuer => "credential_issuer",
            Self::Signature => "credential_signature",
            Self::User => "credential_user",
            Self::Device => "credential_device",
            Self::NotYet => "credential_not_yet",
            Self::Expired => "credential_expired",
            Self::Revoked => "credential_revoked",
            Self::Kind => "credential_kind",
        }
    }
}

/// Whether the holder's role is covered at `now`: by this credential, or because the circle asks for none.
///
/// In a circle for the public every role is: then nothing is looked at, and [`verify`] says what a credential is worth.
///
/// # Errors
/// [`CredentialError`].
pub fn check(
    credential: Option<&Signed<Credential>>,
    setting: &Setting<'_>,
    holder: &Holder<'_>,
    now: UnixTime,
) -> Result<(), CredentialError> {
    let Some(needed) = needed(setting.audience, holder.role) else { return Ok(()) };
    if needed.is_empty() {
        return Err(CredentialError::Role);
    }
    let kind = verify(credential.ok_or(CredentialError::Missing)?, setting, holder, now)?;
    if needed.contains(&kind) { Ok(()) } else { Err(CredentialError::Kind) }
}

/// What this credential shows about the holder at `now`, whatever the role.
///
/// # Errors
/// [`CredentialError`], but not those about the role.
pub fn verify(
    credential: &Signed<Credential>,
    setting: &Setting<'_>,
    holder: &Holder<'_>,
    now: UnixTime,
) -> Result<Kind, CredentialError> {
    let issuer = credential.body().issuer;
    if !setting.issuers.contains(&issuer) {
        return Err(CredentialError::Issuer);
    }
    let said = credential.verify(&issuer).map_err(|_| CredentialError::Signature)?;
    if said.user != holder.user {
        return Err(CredentialError::User);
    }
    if !holder.devices.contains(&said.device) {
        return Err(CredentialError::Device);
    }
    if now < said.issued {
        return Err(CredentialError::NotYet);
    }
    if said.expires < now {
        return Err(CredentialError::Expired);
    }
    let revoked = setting.revoked.get(&(issuer, credential.hash()));
    if revoked.is_some_and(|from| *from <= setting.size) {
        return Err(CredentialError::Revoked);
    }
    Ok(said.kind)
}

/// The kinds of which a role needs one; None where no credential is asked for, empty where none helps.
fn needed(audience: Level, role: Role) -> Option<&'static [Kind]> {
    match (audience, role) {
        (Level::Publication, _) => None,
        (_, Role::Member | Role::Moderator | Role::Admin) => Some(&[Kind::Clinician]),
        (_, Role::Officer) => Some(&[Kind::Officer]),
        (Level::Teaching, Role::Student) => Some(&[Kind::Student, Kind::Clinician]),
        (Level::CareAdvice, Role::Student) => Some(&[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_keys::{public, signer};

    const USER: Id = Id([7; 16]);
    const DEVICE: Sha256 = Sha256([8; 32]);

    fn time(seconds: i64) -> UnixTime {
        UnixTime::new(seconds).unwrap()
    }

    fn credential(kind: Kind) -> Credential {
        Credential {
            device: DEVICE,
            expires: time(2000),
            issued: time(1000),
            issuer: public(1),
            kind,
            serial: Id([1; 16]),
            suite: Suite,
            user: USER,
        }
    }

    fn signed(body: Credential) -> Signed<Credential> {
        Signed::new(body, signer(1))
    }

    const HOLDER: Holder<'static> =
        Holder { user: USER, devices: &[Sha256([9; 32]), DEVICE], role: Role::Member };

    fn checked(credential: &Signed<Credential>, now: i64) -> Result<(), CredentialError> {
        let (revoked, issuers) = (Revoked::new(), [public(1), public(2)]);
        let setting = Setting { audience: Level::CareAdvice, issuers: &issuers, revoked: &revoked, size: 9 };
        check(Some(credential), &setting, &HOLDER, time(now))
    }

    #[test]
    fn it_counts_from_its_first_second_to_its_last() {
        let credential = signed(credential(Kind::Clinician));
        for (now, expected) in [
            (999, Err(CredentialError::NotYet)),
            (1000, Ok(())),
            (2000, Ok(())),
            (2001, Err(CredentialError::Expired)),
        ] {
            assert_eq!(checked(&credential, now), expected);
        }
    }

    #[test]
    fn each_rule_has_its_error() {
        let good = credential(Kind::Clinician);
        let with = |change: fn(&mut Credential)| {
            let mut body = good.clone();
            change(&mut body);
            checked(&signed(body), 1500).unwrap_err()
        };
        assert_eq!(with(|c| c.issuer = public(3)), CredentialError::Issuer);
        assert_eq!(with(|c| c.issuer = public(2)), CredentialError::Signature);
        assert_eq!(with(|c| c.user = Id([6; 16])), CredentialError::User);
        assert_eq!(with(|c| c.device = Sha256([6; 32])), CredentialError::Device);
        assert_eq!(with(|c| c.kind = Kind::Student), CredentialError::Kind);
        // Issued after it expired: never in force.
        assert_eq!(with(|c| c.issued = time(2500)), CredentialError::NotYet);
        let forged = Signed::new(good, signer(9));
        assert_eq!(checked(&forged, 1500), Err(CredentialError::Signature));
    }

    #[test]
    fn only_its_own_issuer_takes_it_back() {
        let credential = signed(credential(Kind::Clinician));
        let issuers = [public(1), public(2)];
        for (by, expected) in [(1, Err(CredentialError::Revoked)), (2, Ok(()))] {
            let revoked = Revoked::from([((public(by), credential.hash()), 5)]);
            let setting =
                Setting { audience: Level::CareAdvice, issuers: &issuers, revoked: &revoked, size: 9 };
            assert_eq!(check(Some(&credential), &setting, &HOLDER, time(1500)), expected);
        }
    }

    #[test]
    fn each_audience_and_role_needs_its_kind() {
        use CredentialError::{Kind as Wrong, Missing, Role as Never};
        let ok = Ok(());
        let (wrong, never, missing) = (Err(Wrong), Err(Never), Err(Missing));
        // With none, a clinician's, a student's, an officer's.
        let table = [
            (Level::CareAdvice, Role::Member, [missing, ok, wrong, wrong]),
            (Level::CareAdvice, Role::Moderator, [missing, ok, wrong, wrong]),
            (Level::CareAdvice, Role::Admin, [missing, ok, wrong, wrong]),
            (Level::CareAdvice, Role::Officer, [missing, wrong, wrong, ok]),
            (Level::CareAdvice, Role::Student, [never, never, never, never]),
            (Level::Teaching, Role::Member, [missing, ok, wrong, wrong]),
            (Level::Teaching, Role::Moderator, [missing, ok, wrong, wrong]),
            (Level::Teaching, Role::Admin, [missing, ok, wrong, wrong]),
            (Level::Teaching, Role::Student, [missing, ok, ok, wrong]),
            (Level::Teaching, Role::Officer, [missing, wrong, wrong, ok]),
            (Level::Publication, Role::Member, [ok; 4]),
            (Level::Publication, Role::Student, [ok; 4]),
            (Level::Publication, Role::Officer, [ok; 4]),
        ];
        let kinds = [None, Some(Kind::Clinician), Some(Kind::Student), Some(Kind::Officer)];
        for (audience, role, expected) in table {
            let (issuers, revoked) = ([public(1)], Revoked::new());
            let setting = Setting { audience, issuers: &issuers, revoked: &revoked, size: 9 };
            for (kind, expected) in kinds.into_iter().zip(expected) {
                let credential = kind.map(|kind| signed(credential(kind)));
                let found = check(credential.as_ref(), &setting, &Holder { role, ..HOLDER }, time(1500));
                assert_eq!(found, expected, "{audience:?} {role:?} {kind:?}");
            }
        }
    }

    #[test]
    fn no_flipped_byte_and_no_cut_passes() {
        let bytes = signed(credential(Kind::Clinician)).to_bytes();
        assert!(bytes.len() < Credential::MAX_BYTES);
        let passes = |bytes: &[u8]| {
            Signed::parse(bytes)
                .is_ok_and(|credential: Signed<Credential>| checked(&credential, 1500).is_ok())
        };
        assert!(passes(&bytes));
        for at in 0..bytes.len() {
            assert!(!passes(&bytes[..at]));
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(!passes(&flipped), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn a_profile_reads_back_as_written() {
        for credential in [None, Some(signed(credential(Kind::Student)))] {
            let profile = Profile::new("Test Clinician One".into(), credential).unwrap();
            let bytes = canonical::to_bytes(&profile);
            assert_eq!(Profile::parse(&bytes), Ok(profile));
            for end in 0..bytes.len() {
                assert!(Profile::parse(&bytes[..end]).is_err());
            }
        }
        let joined = Profile::new("a\u{200c}b\u{200d}c".into(), None);
        assert!(joined.is_ok());
        let longest =
            Profile::new("\u{10348}".repeat(200), Some(signed(credential(Kind::Clinician)))).unwrap();
        assert!(canonical::to_bytes(&longest).len() < Profile::MAX_BYTES);
    }

    #[test]
    fn a_name_is_one_line_that_one_sees() {
        let long = "a".repeat(201);
        for name in ["", " ", " a", "a ", "a\n", "a\u{202e}b", "a\u{200b}", "\u{feff}a", "a\u{7f}", &long] {
            assert_eq!(Profile::new(name.into(), None), Err(ProfileError::Name), "{name:?}");
            let bytes = canonical::to_bytes(&Profile { credential: None, name: name.into(), suite: Suite });
            assert_eq!(Profile::parse(&bytes), Err(ProfileError::Name), "{name:?}");
        }
    }
}
