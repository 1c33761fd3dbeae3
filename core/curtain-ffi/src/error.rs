//! What can go wrong, once for each operation. Nothing in an error comes from a photo, a text or a consent.

use curtain::clean::CleanError;
use curtain::desk::DeskError;
use curtain::detect::DetectError;
use curtain::files::{ReadError, WriteError};
use curtain::ledger::verify;
use curtain::metadata::InspectError;
use curtain::picture::{DecodeError, EncodeError};
use curtain::post::{self, PostError};
use curtain::review::ReviewError;
use curtain::story::StoryError;
use curtain::vault as core;

use crate::case::CaseStep;
use crate::consent::Missing;
use crate::keys::KeyStoreError;
use crate::watch::{ListenerError, Watcher};

/// Why a photo was refused. Nothing of it was released.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PhotoError {
    /// The file could not be read.
    #[error("the photo could not be read: {code}")]
    NotRead {
        /// Why: a stable name.
        code: String,
    },
    /// The cleaned photo could not be written.
    #[error("the cleaned photo could not be written: {code}")]
    NotWritten {
        /// Why: a stable name.
        code: String,
    },
    /// The path of the folder is no text.
    #[error("the folder's path is no text: choose another folder")]
    PathNotText,
    /// The file is not one of the pictures that can be decoded.
    #[error("this kind of file cannot be used: {kind}")]
    OtherKind {
        /// Which: a stable name.
        kind: String,
    },
    /// The file is damaged.
    #[error("the file is damaged at byte {at}: export the picture again from its source")]
    Damaged {
        /// Where, in bytes from the start; 0 where that is not known.
        at: u64,
    },
    /// The colour profile is broken, or larger than any real one.
    #[error("the colour profile cannot be used: export the picture again with an sRGB profile")]
    Profile,
    /// More pixels than the limit.
    #[error("the picture claims {width} x {height} pixels, more than the limit of {limit}: make it smaller")]
    TooManyPixels {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// The most pixels.
        limit: u64,
    },
    /// A side is longer than any camera's.
    #[error("a side of the picture is longer than {longest} pixels: cut it into parts")]
    SideTooLong {
        /// The most pixels.
        longest: u32,
    },
    /// Decoding would need too much memory.
    #[error("decoding would take {needed} bytes of memory, more than the limit of {limit}")]
    TooMuchMemory {
        /// Bytes.
        needed: u64,
        /// The most bytes.
        limit: u64,
    },
    /// The file ends before the picture does, or has no pixels.
    #[error("the file is cut short, or has no pixels: copy it again")]
    CutShort,
    /// The size and the pixels do not fit.
    #[error("the picture's size and its pixels do not fit")]
    Contradiction,
    /// An EXIF orientation is 1 to 8.
    #[error("there is no orientation {value}: give 1 to 8")]
    NoSuchOrientation {
        /// What was given.
        value: u8,
    },
    /// A region lies off the picture.
    #[error("region {index} does not lie on the picture of {width} x {height} pixels")]
    RegionOffPicture {
        /// Which of the regions, those that were found first, from 1.
        index: u32,
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A detector failed: it is not known what the picture shows.
    #[error("a detector could not run, so it is not known what the picture shows: nothing was released")]
    DetectorCouldNotRun,
    /// The weights are not the ones on the card.
    #[error("the detector's weights are not the ones that were measured: reinstall the app")]
    WrongModel,
    /// It was cancelled.
    #[error("it was cancelled: nothing was released")]
    Cancelled,
    /// The listener failed.
    #[error("the listener failed: nothing was released")]
    ListenerFailed,
    /// The picture could not be encoded.
    #[error("the picture could not be encoded")]
    NotEncoded,
    /// The finished file holds something that it must not.
    #[error("the finished file did not pass the audit: nothing was released")]
    AuditFailed,
}

impl PhotoError {
    /// `watcher` knows why a search ended early.
    pub(crate) fn of(error: CleanError, watcher: &Watcher) -> Self {
        match error {
            CleanError::Inspect(error) => error.into(),
            CleanError::Decode(error) => error.into(),
            CleanError::Detect(error) => Self::of_detect(error, watcher),
            CleanError::RegionOffPicture { index, width, height } => {
                Self::RegionOffPicture { index: number(index), width, height }
            }
            CleanError::Encode(EncodeError::TooLongForJpeg | EncodeError::Failed) => Self::NotEncoded,
            CleanError::Audit(_) => Self::AuditFailed,
        }
    }

    pub(crate) fn of_detect(error: DetectError, watcher: &Watcher) -> Self {
        match error {
            DetectError::CouldNotRun => Self::DetectorCouldNotRun,
            DetectError::WrongModel => Self::WrongModel,
            DetectError::Cancelled => match watcher.failed() {
                Some(ListenerError::Failed) => Self::ListenerFailed,
                Some(ListenerError::Stop) | None => Self::Cancelled,
            },
        }
    }
}

impl From<InspectError> for PhotoError {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Refused(refused) => Self::OtherKind { kind: refused.code().to_owned() },
            InspectError::Malformed { what: _, at } => Self::Damaged { at },
            InspectError::ProfileTooLarge { limit: _ } => Self::Profile,
        }
    }
}

impl From<DecodeError> for PhotoError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooManyPixels { width, height, limit } => {
                Self::TooManyPixels { width, height, limit }
            }
            DecodeError::SideTooLong { longest } => Self::SideTooLong { longest },
            DecodeError::TooMuchMemory { needed, limit } => Self::TooMuchMemory { needed, limit },
            DecodeError::NoPixels | DecodeError::CutShort => Self::CutShort,
            DecodeError::Contradiction => Self::Contradiction,
            DecodeError::Damaged => Self::Damaged { at: 0 },
            DecodeError::Profile => Self::Profile,
        }
    }
}

impl From<ReadError> for PhotoError {
    fn from(error: ReadError) -> Self {
        Self::NotRead { code: error.code().to_owned() }
    }
}

impl From<WriteError> for PhotoError {
    fn from(error: WriteError) -> Self {
        Self::NotWritten { code: error.code().to_owned() }
    }
}

/// Why the vault did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum VaultError {
    /// The key store gave no key.
    #[error("{error}")]
    KeyStore {
        /// Why.
        error: KeyStoreError,
    },
    /// The vault was closed here before.
    #[error("the vault is closed: open it again")]
    Closed,
    /// There is a vault, and its key is gone.
    #[error("this vault's key is gone, and nothing else opens it: put the key back from its copy")]
    KeyLost,
    /// The key is another vault's.
    #[error("this is not the key of this vault")]
    WrongKey,
    /// What lies there is no vault of ours, or not whole.
    #[error("what lies in this folder is no vault that can be used: {code}; it was left as it is")]
    Unusable {
        /// Why: a stable name.
        code: String,
    },
    /// Another process has the vault open.
    #[error("the vault is in use by another process: close it there and try again")]
    InUse,
    /// A newer Curtain wrote it.
    #[error(
        "this vault was written by a newer Curtain (form {found}; this one knows {known}): update the app"
    )]
    Newer {
        /// The form of the vault.
        found: i64,
        /// The newest form that is known here.
        known: i64,
    },
    /// No space is left.
    #[error("there is no space left: nothing of this change was kept")]
    Full,
    /// Reading or writing failed.
    #[error("the vault could not be read or written: check the storage and try again")]
    Failed,
    /// The clock is earlier than the newest record.
    #[error("the clock says a time before the newest record: set the clock and try again")]
    ClockBehind {
        /// Seconds since 1970 of the newest record.
        newest: i64,
    },
    /// The consent ended meanwhile.
    #[error("the consent ended meanwhile: nothing was kept")]
    Ended,
    /// There is one already.
    #[error("there is one already, and it was left as it is")]
    Exists,
    /// There is nothing of that name.
    #[error("there is no such record in this vault")]
    NotFound,
    /// Who takes an export is not said, or at too great length.
    #[error("say in at most 500 characters on one line who takes the export and what for")]
    TakenBy,
}

impl From<core::KeyStoreError> for VaultError {
    fn from(error: core::KeyStoreError) -> Self {
        let error = match error {
            core::KeyStoreError::Locked => KeyStoreError::Locked,
            core::KeyStoreError::Unusable | core::KeyStoreError::Exposed => KeyStoreError::Unusable,
            core::KeyStoreError::Failed | core::KeyStoreError::NoRandomness => KeyStoreError::Failed,
            core::KeyStoreError::NoSpace => KeyStoreError::NoSpace,
            core::KeyStoreError::NotWrappedHere => KeyStoreError::NotWrappedHere,
        };
        Self::KeyStore { error }
    }
}

impl From<core::VaultError> for VaultError {
    fn from(error: core::VaultError) -> Self {
        match error {
            core::VaultError::KeyStore(error) => error.into(),
            core::VaultError::KeyLost => Self::KeyLost,
            core::VaultError::WrongKey => Self::WrongKey,
            core::VaultError::NotEncrypted
            | core::VaultError::NoCipher
            | core::VaultError::Damaged
            | core::VaultError::NotAllowed
            | core::VaultError::Inconsistent
            | core::VaultError::Gone => Self::Unusable { code: error.code().to_owned() },
            core::VaultError::Full => Self::Full,
            core::VaultError::InUse => Self::InUse,
            core::VaultError::Newer { found, known } => Self::Newer { found, known },
            core::VaultError::Failed { code: _ } | core::VaultError::NoRandomness => Self::Failed,
            core::VaultError::ClockBehind { newest } => Self::ClockBehind { newest: newest.seconds() },
            core::VaultError::TakenBy => Self::TakenBy,
            core::VaultError::Ended => Self::Ended,
            core::VaultError::Exists => Self::Exists,
            core::VaultError::NotFound => Self::NotFound,
        }
    }
}

/// Why a case does not go on. It stands where it stood.
#[derive(Clone, Debug, PartialEq, thiserror::Error, uniffi::Error)]
pub enum CaseError {
    /// The vault did not do it.
    #[error("{error}")]
    Vault {
        /// Why.
        error: VaultError,
    },
    /// A step before this one was not done in this process.
    #[error("the case is not that far: it must be {wants:?}")]
    NotYet {
        /// How far it must be.
        wants: CaseStep,
    },
    /// It was cancelled.
    #[error("it was cancelled")]
    Cancelled,
    /// A country is two letters.
    #[error("a country is two letters, such as IN")]
    Country,
    /// A fingerprint is 64 hexadecimal digits: that of the findings that were decided on.
    #[error("this is no fingerprint: give the one that the findings came with")]
    NoFingerprint,
    /// There is nothing in the case.
    #[error("the case has no photo: add at least one")]
    NoPhoto,
    /// There is too much in the case.
    #[error("a case has at most {photos} photos and {text_bytes} bytes of text: make two of it")]
    TooMuch {
        /// The most photos.
        photos: u32,
        /// The most bytes of text.
        text_bytes: u32,
    },
    /// A photo was refused.
    #[error("photo {index}: {error}")]
    Photo {
        /// Which, from 1.
        index: u32,
        /// Why.
        error: PhotoError,
    },
    /// The decisions are about other findings than these.
    #[error("photo {photo}: the findings are not those that were decided on: look again")]
    OtherFindings {
        /// Which photo, from 1.
        photo: u32,
    },
    /// A finding has no decision.
    #[error("photo {photo}: finding {finding} is not decided")]
    Undecided {
        /// Which photo, from 1.
        photo: u32,
        /// Which finding, from 1.
        finding: u32,
    },
    /// A face is kept for a reason that is none.
    #[error("photo {photo}: finding {finding} is a face: it stays covered, unless there is no face at all")]
    FaceKept {
        /// Which photo, from 1.
        photo: u32,
        /// Which finding, from 1.
        finding: u32,
    },
    /// The new region lies elsewhere.
    #[error("photo {photo}: the new region of finding {finding} does not hold what was found")]
    NotHeld {
        /// Which photo, from 1.
        photo: u32,
        /// Which finding, from 1.
        finding: u32,
    },
    /// A region that was added lies off the picture.
    #[error("photo {photo}: region {region} of those added does not lie on the picture")]
    OffPicture {
        /// Which photo, from 1.
        photo: u32,
        /// Which region, from 1.
        region: u32,
    },
    /// A question of the checklist is open.
    #[error("photo {photo}: say whether there is a {check}")]
    NotChecked {
        /// Which photo, from 1.
        photo: u32,
        /// Which question: a stable name.
        check: String,
    },
    /// The checklist says that something is covered, and no region was added.
    #[error("photo {photo}: the checklist says that a {check} is covered: add the region")]
    NothingCoversIt {
        /// Which photo, from 1.
        photo: u32,
        /// Which question: a stable name.
        check: String,
    },
    /// There are fewer or more reviews than photos.
    #[error("there are {verdicts} reviews for {photos} photos: review each photo once")]
    OtherPhotos {
        /// Reviews given.
        verdicts: u32,
        /// Photos in the case.
        photos: u32,
    },
    /// Nobody has read the text.
    #[error("the text was not read for names, places, dates and numbers: read it, and say so")]
    TextNotRead,
    /// A part of the text is not settled.
    #[error("{part}: {decisions} decisions for {findings} findings: decide on each once")]
    TextUndecided {
        /// Which part: a stable name.
        part: String,
        /// Decisions given.
        decisions: u32,
        /// Findings.
        findings: u32,
    },
    /// The findings are of another text, or something else is found with what was decided.
    #[error("{part}: scan the text as it is now, and decide again")]
    TextChanged {
        /// Which part: a stable name.
        part: String,
    },
    /// The text names somebody whom the consent names.
    #[error("the text names somebody whom the consent names, in {count} places: take the names out")]
    NamedInText {
        /// In how many places.
        count: u32,
    },
    /// The consent does not cover the case: stable names of everything that falls short.
    #[error("the consent does not cover this case: {}", .shortfalls.join(", "))]
    Consent {
        /// What falls short.
        shortfalls: Vec<String>,
    },
    /// Something cannot be posted: what is not a step of this library's, by a stable name.
    #[error("it cannot be posted: {code}")]
    NotPosted {
        /// Why: a stable name.
        code: String,
    },
    /// A finished picture did not pass the audit.
    #[error("a finished picture did not pass the audit: nothing was written")]
    AuditFailed,
    /// A file could not be written.
    #[error("it could not be written: {code}")]
    NotWritten {
        /// Why: a stable name.
        code: String,
    },
}

impl CaseError {
    /// `watcher` knows why looking ended early.
    pub(crate) fn of(error: PostError, watcher: &Watcher) -> Self {
        match error {
            PostError::Photo { index, error } => match PhotoError::of(error, watcher) {
                PhotoError::Cancelled => Self::Cancelled,
                error => Self::Photo { index: number(index), error },
            },
            other => other.into(),
        }
    }

    fn of_review(index: usize, error: ReviewError) -> Self {
        let photo = number(index);
        match error {
            ReviewError::OtherFindings => Self::OtherFindings { photo },
            ReviewError::Undecided { index } => Self::Undecided { photo, finding: number(index) },
            ReviewError::FaceKept { index } => Self::FaceKept { photo, finding: number(index) },
            ReviewError::NotHeld { index } => Self::NotHeld { photo, finding: number(index) },
            ReviewError::OffPicture { index } => Self::OffPicture { photo, region: number(index) },
            ReviewError::NotChecked { check } => Self::NotChecked { photo, check: check.code().to_owned() },
            ReviewError::NothingCoversIt { check } => {
                Self::NothingCoversIt { photo, check: check.code().to_owned() }
            }
        }
    }

    fn of_text(part: &str, error: StoryError) -> Self {
        let part = part.to_owned();
        match error {
            StoryError::Undecided { decisions, findings } => {
                Self::TextUndecided { part, decisions: number(decisions), findings: number(findings) }
            }
            StoryError::OtherText | StoryError::NotClean => Self::TextChanged { part },
        }
    }
}

impl From<PostError> for CaseError {
    fn from(error: PostError) -> Self {
        match error {
            PostError::NoPhoto => Self::NoPhoto,
            PostError::TooMuch => {
                Self::TooMuch { photos: number(post::MAX_PHOTOS), text_bytes: number(post::MAX_TEXT) }
            }
            PostError::Photo { .. } => Self::of(error, &Watcher::default()),
            PostError::Review { index, error } => Self::of_review(index, error),
            PostError::OtherPhotos { verdicts, photos } => {
                Self::OtherPhotos { verdicts: number(verdicts), photos: number(photos) }
            }
            PostError::TextNotRead => Self::TextNotRead,
            PostError::Text { part, error } => Self::of_text(part.code(), error),
            PostError::Comment(error) => Self::of_text("comment", error),
            PostError::NamedInText { count } => Self::NamedInText { count: number(count) },
            PostError::Consent(shortfalls) => {
                Self::Consent { shortfalls: shortfalls.iter().map(|one| one.code().to_owned()).collect() }
            }
            PostError::Tag { .. } | PostError::CommentTooLong | PostError::NotShown | PostError::Seal(_) => {
                Self::NotPosted { code: error.code().to_owned() }
            }
            PostError::Vault(error) => Self::Vault { error: error.into() },
        }
    }
}

impl From<VaultError> for CaseError {
    fn from(error: VaultError) -> Self {
        Self::Vault { error }
    }
}

impl From<WriteError> for CaseError {
    fn from(error: WriteError) -> Self {
        Self::NotWritten { code: error.code().to_owned() }
    }
}

/// Why nothing was recorded in the log, or taken out of it.
#[derive(Clone, Debug, PartialEq, thiserror::Error, uniffi::Error)]
pub enum ConsentError {
    /// The vault did not do it.
    #[error("{error}")]
    Vault {
        /// Why.
        error: VaultError,
    },
    /// The case did not do it.
    #[error("{error}")]
    Case {
        /// Why.
        error: CaseError,
    },
    /// This is not a consent yet.
    #[error("this is not a consent yet: {} things are missing", .missing.len())]
    Incomplete {
        /// Everything that is missing.
        missing: Vec<Missing>,
    },
    /// A signature, thumbprint or recording cannot be used.
    #[error("the signature, thumbprint or recording cannot be used: {code}")]
    Media {
        /// Why: a stable name.
        code: String,
    },
    /// There is no wording in this language.
    #[error("there is no wording in this language")]
    NoWording,
    /// A time lies outside of what a clock says.
    #[error("{seconds} is no time: give seconds since 1970")]
    Time {
        /// What was given.
        seconds: i64,
    },
    /// What was typed is no code.
    #[error("this is no withdrawal code: type it as it stands on the receipt")]
    CodeForm,
    /// No consent here has this code.
    #[error("no consent in this vault has this code")]
    NoSuchCode,
    /// It was withdrawn before.
    #[error("this consent was withdrawn before")]
    AlreadyWithdrawn {
        /// When, in seconds since 1970.
        at: i64,
    },
    /// The export was not made.
    #[error("the export was not made: {code}")]
    NotExported {
        /// Why: a stable name.
        code: String,
    },
}

impl From<VaultError> for ConsentError {
    fn from(error: VaultError) -> Self {
        Self::Vault { error }
    }
}

impl From<core::WithdrawError> for ConsentError {
    fn from(error: core::WithdrawError) -> Self {
        match error {
            core::WithdrawError::NoSuchCode => Self::NoSuchCode,
            core::WithdrawError::AlreadyWithdrawn { at } => Self::AlreadyWithdrawn { at: at.seconds() },
            core::WithdrawError::Vault(error) => Self::Vault { error: error.into() },
        }
    }
}

impl From<DeskError> for ConsentError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Vault(error) => Self::Vault { error: error.into() },
            other => Self::NotExported { code: other.code().to_owned() },
        }
    }
}

/// Why evidence could not be verified at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum VerifyError {
    /// It could not be read.
    #[error("the evidence could not be read")]
    NotRead,
    /// The earlier checkpoint is none.
    #[error("the earlier checkpoint is not one: give the file checkpoint of an earlier export")]
    Since,
    /// The key is none.
    #[error("this is no verifier key of a log")]
    Key,
}

impl From<verify::VerifyError> for VerifyError {
    fn from(error: verify::VerifyError) -> Self {
        match error {
            verify::VerifyError::Read(_) => Self::NotRead,
            verify::VerifyError::Since(_) => Self::Since,
            verify::VerifyError::Witness => Self::Key,
        }
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
