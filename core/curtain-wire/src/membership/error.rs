//! What can be wrong with an entry.

use thiserror::Error;

use super::circle::MAX_MEMBERS;
use super::entry::{MAX_DEVICES, MAX_ISSUERS, MAX_PROFILE_BYTES};
use crate::canonical::NotCanonical;

/// The rule that an entry breaks.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MembershipError {
    /// Not the one way to write an entry.
    #[error("this is no membership entry: {0}")]
    Form(#[from] NotCanonical),
    /// It belongs to another place in the log.
    #[error("the entry is number {given}, but number {expected} comes next: fetch the entries again")]
    Number {
        /// The number that comes next.
        expected: u64,
        /// The entry's.
        given: u64,
    },
    /// It follows another entry.
    #[error("the entry does not follow the one before: the log has forked, or the entry came too late")]
    Previous,
    /// It is another circle's.
    #[error("the entry is of another circle")]
    OtherCircle,
    /// It is older than the entry before.
    #[error("the entry is older than the one before: check this device's clock")]
    TimeGoesBack,
    /// It is made after now.
    #[error("the entry is made in the future: check this device's clock")]
    Ahead,
    /// The first entry creates nothing.
    #[error("a membership log starts with the creation of its circle")]
    CreateFirst,
    /// A later entry creates the circle again.
    #[error("a circle is created once")]
    CreateAgain,
    /// The second entry is no epoch.
    #[error("the creation of a circle is followed by its first epoch")]
    EpochFirst,
    /// The signer is no device of this circle.
    #[error("the device that signed is not of this circle")]
    UnknownSigner,
    /// The signer was revoked, or its user is out.
    #[error("the device that signed was revoked, or its user is no longer in the circle")]
    SignerOut,
    /// The signature does not hold.
    #[error("the entry's signature does not fit: it was changed, or another key signed it")]
    BadSignature,
    /// A recovery device signed what it may not.
    #[error("a recovery device may not do this: use a posting device")]
    RecoveryDevice,
    /// The signer's user waits for a new key and did something else.
    #[error("an admin revoked a device of this user: make a new user key first")]
    Waiting,
    /// It needs an admin.
    #[error("only an admin may do this")]
    NotAdmin,
    /// It needs the user themselves.
    #[error("only the user themselves may do this")]
    NotTheUser,
    /// No admin who can act would be left.
    #[error("this is the last admin who can act: make another member admin, or add a posting device, first")]
    LastAdmin,
    /// The user is in already.
    #[error("the user is in the circle already")]
    UserAlreadyIn,
    /// The user is not in.
    #[error("the user is not in the circle")]
    UserNotIn,
    /// Cases for advice on care are not for students.
    #[error("a circle for advice on care has no students")]
    StudentInCareAdvice,
    /// The user has that role.
    #[error("the user has this role already")]
    RoleUnchanged,
    /// Beyond [`MAX_MEMBERS`].
    #[error("the circle is full: it has {MAX_MEMBERS} members")]
    CircleFull,
    /// The join is not by a posting device in it.
    #[error("the request to join is not by one of the posting devices in it")]
    JoinSigner,
    /// The join's signature does not hold.
    #[error("the signature of the request to join does not fit")]
    JoinSignature,
    /// The join is for another circle.
    #[error("the request to join is for another circle")]
    JoinCircle,
    /// The join served before.
    #[error("the request to join has been used before: the user must sign a new one")]
    JoinUsed,
    /// Someone else was this user here.
    #[error("this user was here before: they must sign with a posting device of then, or take a new user id")]
    NotThatUser,
    /// None, or beyond [`MAX_DEVICES`].
    #[error("a user has 1 to {MAX_DEVICES} devices")]
    DeviceCount,
    /// Devices do not ascend.
    #[error("a user's devices ascend by their ids")]
    DeviceOrder,
    /// The log key is no key of a log.
    #[error("a device's log key is an Ed25519 key with the name of its log")]
    LogKey,
    /// A device uses one key for two things.
    #[error("the keys of a device must differ")]
    KeysEqual,
    /// A device does not say itself that it is this user's.
    #[error("a device has not signed that it belongs to this user, with its object key and its log key")]
    Claim,
    /// A key served before.
    #[error("a key has been used in this circle before: make a new one")]
    KeyUsed,
    /// There is no such device of the user.
    #[error("the user has no such device")]
    UnknownDevice,
    /// A device revokes itself.
    #[error("a device cannot revoke itself: use another device of the user")]
    RevokesItself,
    /// A user revokes a device and keeps their key.
    #[error("who revokes a device of their own makes a new user key with it")]
    NewKeyMissing,
    /// An admin gives a user a key.
    #[error("only the user themselves may make their new key")]
    NewKeyNotTheirs,
    /// The keyring is not one box for each device.
    #[error("the keyring has {given} boxes for {expected} devices")]
    KeyringCount {
        /// The user's devices.
        expected: u64,
        /// Boxes in the keyring.
        given: u64,
    },
    /// It is another epoch's turn.
    #[error("the epoch is number {given}, but number {expected} comes next")]
    EpochNumber {
        /// The number that comes next.
        expected: u64,
        /// The entry's.
        given: u64,
    },
    /// Someone would get no box, or someone else one.
    #[error("the epoch has {given} boxes for {expected} users")]
    BoxCount {
        /// Users who get a box.
        expected: u64,
        /// Boxes in the set.
        given: u64,
    },
    /// The link to an epoch before is missing, or there is none to link to, or it is no sealed key.
    #[error("every epoch but the first holds an earlier one, sealed in 105 bytes")]
    BackLink,
    /// No new epoch is due.
    #[error("no new epoch is due: only an admin may start one")]
    NotDue,
    /// A new epoch is due for others than the signer.
    #[error("the new epoch is due for another user: an admin must start it")]
    DueForOthers,
    /// The signer has no box of the current epoch.
    #[error("who has no box of the current epoch cannot start the next: an admin must")]
    HasNoBox,
    /// Beyond [`MAX_ISSUERS`], not ascending, or none where credentials are asked for.
    #[error("a circle has up to {MAX_ISSUERS} issuers, ascending; one at least unless it is for the public")]
    Issuers,
    /// The issuer is not one of the circle's.
    #[error("the revocation is by an issuer that this circle does not know")]
    UnknownIssuer,
    /// The revocation's signature does not hold.
    #[error("the signature of the revocation does not fit")]
    RevocationSignature,
    /// The credential was taken back before.
    #[error("the credential was taken back already")]
    AlreadyDiscredited,
    /// The profile is not sealed, or too large.
    #[error("this is no sealed profile of at most {MAX_PROFILE_BYTES} bytes")]
    Profile,
}

impl MembershipError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Form(_) => "entry_form",
            Self::Number { .. } => "entry_number",
            Self::Previous => "entry_previous",
            Self::OtherCircle => "entry_other_circle",
            Self::TimeGoesBack => "time_goes_back",
            Self::Ahead => "entry_ahead",
            Self::CreateFirst => "create_first",
            Self::CreateAgain => "create_again",
            Self::EpochFirst => "epoch_first",
            Self::UnknownSigner => "unknown_signer",
            Self::SignerOut => "signer_out",
            Self::BadSignature => "bad_signature",
            Self::RecoveryDevice => "recovery_device",
            Self::Waiting => "waiting",
            Self::NotAdmin => "not_admin",
            Self::NotTheUser => "not_the_user",
            Self::LastAdmin => "last_admin",
            Self::UserAlreadyIn => "user_already_in",
            Self::UserNotIn => "user_not_in",
            Self::StudentInCareAdvice => "student_in_care_advice",
            Self::RoleUnchanged => "role_unchanged",
            Self::CircleFull => "circle_full",
            Self::JoinSigner => "join_signer",
            Self::JoinSignature => "join_signature",
            Self::JoinCircle => "join_circle",
            Self::JoinUsed => "join_used",
            Self::NotThatUser => "not_that_user",
            Self::DeviceCount => "device_count",
            Self::DeviceOrder => "device_order",
            Self::LogKey => "log_key",
            Self::KeysEqual => "keys_equal",
            Self::Claim => "device_claim",
            Self::KeyUsed => "key_used",
            Self::UnknownDevice => "unknown_device",
            Self::RevokesItself => "revokes_itself",
            Self::NewKeyMissing => "new_key_missing",
            Self::NewKeyNotTheirs => "new_key_not_theirs",
            Self::KeyringCount { .. } => "keyring_count",
            Self::EpochNumber { .. } => "epoch_number",
            Self::BoxCount { .. } => "box_count",
            Self::BackLink => "back_link",
            Self::NotDue => "not_due",
            Self::DueForOthers => "due_for_others",
            Self::HasNoBox => "has_no_box",
            Self::Issuers => "issuers",
            Self::UnknownIssuer => "unknown_issuer",
            Self::RevocationSignature => "revocation_signature",
            Self::AlreadyDiscredited => "already_discredited",
            Self::Profile => "profile",
        }
    }
}
