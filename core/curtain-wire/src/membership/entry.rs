//! What stands in a membership log.

use serde::{Deserialize, Serialize};

use crate::boxes::{BoxesHead, KemKey};
use crate::canonical::{self, Base64, Suite};
use crate::credential::{Revocation, Role};
use crate::hash::{Id, Sha256};
use crate::level::Level;
use crate::note::VerifierKey;
use crate::statement::{BadSignature, PublicKey, Signature, Signed, Statement};
use crate::time::UnixTime;

/// The most devices of one user.
pub const MAX_DEVICES: usize = 16;

/// The most issuers of one circle.
pub const MAX_ISSUERS: usize = 16;

/// The most bytes of a sealed profile.
pub const MAX_PROFILE_BYTES: usize = 4 << 10;

/// What a device may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Everything that its user may.
    Posting,
    /// What brings a lost user back: devices, keys, leaving. Kept on paper.
    Recovery,
}

/// The public keys of a device. None of them serves twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Signs the device's consent log: Ed25519, named as that log's origin.
    #[serde(with = "key_text")]
    pub log: VerifierKey,
    /// Signs statements.
    pub object: PublicKey,
    /// Signs requests to a relay.
    pub request: PublicKey,
    /// The hash of the X-Wing public key to which the user key is sealed.
    pub seal: Sha256,
    /// What it may sign.
    pub r#use: Use,
}

impl Device {
    /// Names the device: SHA-256 of the line `curtain/v1/device` and its canonical JSON.
    #[must_use]
    pub fn id(&self) -> Sha256 {
        let mut named = b"curtain/v1/device\n".to_vec();
        named.extend(canonical::to_bytes(self));
        Sha256::of(&named)
    }

    /// Its keys, the X-Wing key by its hash.
    pub(super) fn keys(&self) -> [[u8; 32]; 4] {
        [*self.log.public_key(), self.object.0, self.request.0, self.seal.0]
    }
}

/// A device that says itself whose it is, with two of its keys: nobody else's keys can be listed as one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimedDevice {
    /// The device.
    pub device: Device,
    /// By its `log` key, over [`claim_note`].
    pub log: Signature,
    /// By its `object` key, over [`claim_message`].
    pub object: Signature,
}

/// What a device's `log` key signs: the text of a C2SP note.
#[must_use]
pub fn claim_note(device: &Sha256, user: &Id) -> String {
    format!("curtain/v1/device-claim\n{device}\n{user}\n")
}

/// What a device's `object` key signs, as bytes.
#[must_use]
pub fn claim_message(device: &Sha256, user: &Id) -> Vec<u8> {
    #[derive(Serialize)]
    struct Claim<'a> {
        device: &'a Sha256,
        suite: Suite,
        user: &'a Id,
    }
    let mut message = b"curtain/v1/device-claim\n".to_vec();
    message.extend(canonical::to_bytes(&Claim { device, suite: Suite, user }));
    message
}

impl ClaimedDevice {
    /// The device's id.
    #[must_use]
    pub fn id(&self) -> Sha256 {
        self.device.id()
    }

    /// Checks that the device says itself that it is a device of `user`.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, user: &Id) -> Result<(), BadSignature> {
        let id = self.id();
        self.device.object.verify(&claim_message(&id, user), &self.object)?;
        PublicKey(*self.device.log.public_key()).verify(claim_note(&id, user).as_bytes(), &self.log)
    }
}

/// Verifier keys as their text.
mod key_text {
    use super::VerifierKey;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(key: &VerifierKey, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(key)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<VerifierKey, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// A user as they ask to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The user's devices, 1 to [`MAX_DEVICES`], ascending by id.
    pub devices: Vec<ClaimedDevice>,
    /// The user key, to which epoch secrets are sealed.
    pub key: KemKey,
    /// The boxes in which each device has the user key's secret half.
    pub keyring: BoxesHead,
    /// The user's random id.
    pub user: Id,
}

/// A user asks to join a circle: signed by one of their posting devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// When.
    pub at: UnixTime,
    /// The device that signs, by its id.
    pub by: Sha256,
    /// The circle; absent for who creates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circle: Option<Sha256>,
    /// Who asks.
    pub member: Member,
    /// The set of algorithms.
    pub suite: Suite,
}

impl Statement for Join {
    const TYPE: &'static str = "curtain/v1/join";
    const MAX_BYTES: usize = 32 << 10;
}

/// What newcomers may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// Also what was posted before they came.
    Archive,
    /// Only what is posted from then on.
    None,
}

/// The beginning of a circle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Create {
    /// Whom it serves.
    pub audience: Level,
    /// What newcomers may read.
    pub history: History,
    /// Whose credentials count, ascending; at most [`MAX_ISSUERS`], and one at least where credentials are asked for.
    pub issuers: Vec<PublicKey>,
    /// Who creates it, and becomes its first admin.
    pub join: Signed<Join>,
    /// Makes the circle's id like no other.
    pub salt: Id,
}

/// The secret of an epoch before. It is the last one that whoever begins the new epoch has: an epoch whose boxes do not
/// hold is passed over so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackLink {
    /// The secret, sealed: 105 bytes.
    pub sealed: Base64,
    /// Whose it is: an epoch's number, below that of the new one.
    pub to: u64,
}

/// A new secret for all who get a box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewEpoch {
    /// A secret before, sealed under this one. Absent at number 0 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<BackLink>,
    /// The boxes: one for each user who gets one.
    pub boxes: BoxesHead,
    /// One more than the last; from 0.
    pub number: u64,
    /// The key with which those who hold the secret ask a relay to read.
    pub read: PublicKey,
}

/// An admin lets a user in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// What the user signed.
    pub join: Signed<Join>,
    /// The user's profile, sealed for the circle under the current epoch; at most [`MAX_PROFILE_BYTES`].
    pub profile: Base64,
    /// What the user may do.
    pub role: Role,
}

/// A new user key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// The key.
    pub key: KemKey,
    /// The boxes in which each device of the user has its secret half.
    pub keyring: BoxesHead,
}

/// What an entry changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// The first entry.
    Create(Create),
    /// A new epoch.
    Epoch(NewEpoch),
    /// A new member.
    Add(Add),
    /// A new profile: by that user or an admin.
    Profile {
        /// Sealed for the circle under the current epoch; at most [`MAX_PROFILE_BYTES`].
        profile: Base64,
        /// Whose.
        user: Id,
    },
    /// Another role: by an admin.
    Role {
        /// What the user may do from now on.
        role: Role,
        /// Who.
        user: Id,
    },
    /// A user leaves, or an admin removes them.
    Remove {
        /// Who.
        user: Id,
    },
    /// A user adds a device.
    Device {
        /// The device.
        device: ClaimedDevice,
        /// The boxes in which each device, also this one, has the user key's secret half.
        keyring: BoxesHead,
        /// The signer.
        user: Id,
    },
    /// A device no longer counts.
    Revoke {
        /// The device, by its id.
        device: Sha256,
        /// The new user key, if another device of the user signs. Without it, an admin does: then the user waits,
        /// without a box, until they [`Change::Rekey`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        new: Option<NewKey>,
        /// Whose device.
        user: Id,
    },
    /// A user takes a new user key.
    Rekey {
        /// The key.
        key: KemKey,
        /// The boxes in which each device of the user has its secret half.
        keyring: BoxesHead,
        /// The signer.
        user: Id,
    },
    /// An issuer took a credential back: brought by any member.
    Discredit {
        /// What the issuer signed.
        revocation: Signed<Revocation>,
    },
}

/// An entry of a membership log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When; never before the entry before.
    pub at: UnixTime,
    /// The device that signs, by its id.
    pub by: Sha256,
    /// What changes.
    pub change: Change,
    /// The circle; absent in the first entry, whose hash it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circle: Option<Sha256>,
    /// Its place in the log, from 0.
    pub n: u64,
    /// The hash of the entry before; absent in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<Sha256>,
    /// The set of algorithms.
    pub suite: Suite,
}

impl Statement for Entry {
    const TYPE: &'static str = "curtain/v1/membership";
    const MAX_BYTES: usize = 64 << 10;
}

impl Entry {
    /// The first entry of a new circle: `sign` signs with the object key of `by`, a posting device in `create.join`.
    #[must_use]
    pub fn create(
        at: UnixTime,
        by: Sha256,
        create: Create,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Signed<Self> {
        let change = Change::Create(create);
        Signed::new(Self { at, by, change, circle: None, n: 0, prev: None, suite: Suite }, sign)
    }
}
