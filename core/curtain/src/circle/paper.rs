//! What people hand each other before they are in a circle, or before a device is linked: small files, by any way.
//!
//! Nothing in them is secret; who could change one on its way could take somebody's place, so each has a fingerprint that both
//! sides read to each other.

use curtain_wire::boxes::{BoxSet, BoxesHead, KemKey};
use curtain_wire::canonical::{self, Base64, NotCanonical, Suite};
use curtain_wire::credential::{Credential, CredentialError, Profile, Revocation, Role};
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::membership::{Circle, ClaimedDevice, Join, MAX_DEVICES};
use curtain_wire::statement::Signed;
use ring::rand::SystemRandom;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{CircleError, CredentialKind, Identity, MyCircle};
use crate::keys::{DeviceKeys, KeyError, ListedDevice, SigningKey, UserKey};
use crate::seal::derive::{self, Line};
use crate::seal::kem;
use crate::time::UnixTime;

/// Why a file is not what it should be, or not for whom it was given.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PaperError {
    /// It is something else.
    #[error("this is not the file that is needed here, or it was changed: {0}")]
    Form(#[from] NotCanonical),
    /// What it says contradicts itself.
    #[error("this file contradicts itself: it was changed, ask for it again")]
    Inconsistent,
    /// It is for another circle.
    #[error("this request is for another circle")]
    OtherCircle,
    /// It is another user's.
    #[error("this file is another user's")]
    OtherUser,
    /// It is about another device.
    #[error("this file is about another device")]
    OtherDevice,
    /// A device says of itself that it is another user's.
    #[error("a device in this file has not signed that it is this user's: ask for the file again")]
    Claim,
    /// There is no room.
    #[error("you have {MAX_DEVICES} devices, which is the most: revoke one first")]
    TooManyDevices,
    /// The profile is sealed to another key.
    #[error("the name in this request does not open with your key: give them a new invitation")]
    Profile,
    /// The credential does not count.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// A key could not be made or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The identity or circle does not allow it.
    #[error(transparent)]
    Circle(#[from] CircleError),
    /// The credential is another issuer's.
    #[error("this credential was signed with another issuer's key")]
    OtherIssuer,
}

impl PaperError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Form(_) => "paper_form",
            Self::Inconsistent => "paper_inconsistent",
            Self::OtherCircle => "join_circle",
            Self::OtherUser => "other_user",
            Self::OtherDevice => "other_device",
            Self::Claim => "device_claim",
            Self::TooManyDevices => "device_count",
            Self::Profile => "join_profile",
            Self::Credential(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Circle(error) => error.code(),
            Self::OtherIssuer => "other_issuer",
        }
    }
}

/// Something that is handed over as a file.
pub trait Paper: Serialize + DeserializeOwned {
    /// The most bytes of one.
    const MAX_BYTES: usize;

    /// Its bytes.
    #[must_use]
    fn to_bytes(&self) -> Vec<u8> {
        canonical::to_bytes(self)
    }

    /// Reads one. A line feed at the end does no harm.
    ///
    /// # Errors
    /// [`PaperError::Form`].
    fn parse(bytes: &[u8]) -> Result<Self, PaperError> {
        Ok(canonical::from_bytes(bytes.strip_suffix(b"\n").unwrap_or(bytes), Self::MAX_BYTES)?)
    }
}

/// What both sides read to each other: the first 20 hexadecimal digits of a file's SHA-256, in groups of four.
#[must_use]
pub fn read_aloud(bytes: &[u8]) -> String {
    let digits = Sha256::of(bytes.strip_suffix(b"\n").unwrap_or(bytes)).to_string();
    let groups: Vec<&str> = (0..5).map(|group| &digits[4 * group..4 * (group + 1)]).collect();
    groups.join(" ")
}

macro_rules! paper_type {
    ($name:ident, $text:literal) => {
        /// Says what the file is.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        enum $name {
            #[default]
            #[serde(rename = $text)]
            This,
        }
    };
}

paper_type!(InviteType, "curtain/v1/invite");
paper_type!(JoinType, "curtain/v1/join-request");
paper_type!(LinkType, "curtain/v1/link-request");
paper_type!(GrantType, "curtain/v1/link-grant");

/// An admin asks somebody into a circle.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// The first entry of the circle's log, whose hash is the circle's id.
    first: Base64,
    /// The admin's user key: name and credential are sealed to it.
    key: KemKey,
    /// What the admin calls the circle.
    name: String,
    suite: Suite,
    r#type: InviteType,
}

impl Paper for Invite {
    const MAX_BYTES: usize = 128 << 10;
}

impl Invite {
    /// An invitation to the circle whose first entry is `first`, which the admin `me` calls `name`.
    ///
    /// # Errors
    /// [`CircleError::NotLinked`].
    pub fn new(me: &Identity, first: &[u8], name: &str) -> Result<Self, CircleError> {
        Ok(Self {
            first: Base64(first.to_vec()),
            key: me.key()?.public(),
            name: name.to_owned(),
            suite: Suite,
            r#type: InviteType::This,
        })
    }

    /// The circle, as its first entry says.
    ///
    /// # Errors
    /// [`CircleError::Membership`].
    pub fn circle(&self) -> Result<Circle, CircleError> {
        Ok(Circle::open(&self.first.0)?)
    }

    /// What the admin calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Somebody asks to be let in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    join: Signed<Join>,
    /// The boxes that the request names.
    keyring: Base64,
    /// Name and credential, sealed to the admin.
    profile: Base64,
    /// The X-Wing keys of the devices, which the log names by their hashes.
    seals: Vec<KemKey>,
    suite: Suite,
    r#type: JoinType,
}

impl Paper for JoinRequest {
    const MAX_BYTES: usize = 128 << 10;
}

#[derive(Serialize)]
struct ProfileInfo {
    circle: Sha256,
    suite: Suite,
    user: Id,
}

fn profile_info(circle: Sha256, user: Id) -> Vec<u8> {
    derive::info(Line::JOIN_PROFILE, &ProfileInfo { circle, suite: Suite, user })
}

/// A request that was opened by the admin whom it is for.
#[derive(Debug)]
pub struct Asked {
    /// What is signed.
    pub join: Signed<Join>,
    /// Who asks.
    pub profile: Profile,
    /// The copies of their key for their devices.
    pub keyring: BoxSet,
    /// The X-Wing keys of their devices.
    pub seals: Vec<KemKey>,
}

impl JoinRequest {
    /// The request of `me` to join the circle of an invitation.
    ///
    /// # Errors
    /// [`CircleError`].
    pub fn new(
        me: &Identity,
        invite: &Invite,
        now: UnixTime,
        random: &SystemRandom,
    ) -> Result<Self, CircleError> {
        let circle = invite.circle()?.id();
        let (join, keyring) = super::Pen::new(me, now, random).join(Some(circle))?;
        let profile = canonical::to_bytes(&me.profile()?);
        let sealed = kem::seal_to(&invite.key, &profile_info(circle, me.user), &[], &profile, random);
        let profile = Base64(sealed.map_err(|_| CircleError::NoRandomness)?);
        let keyring = Base64(keyring.as_bytes().to_vec());
        let seals = me.devices.iter().map(|listed| listed.seal.clone()).collect();
        Ok(Self { join, keyring, profile, seals, suite: Suite, r#type: JoinType::This })
    }

    /// Opens the request as the admin `me` of `circle`. Whether they may come in, [`Pen::add`](super::Pen::add) says.
    ///
    /// # Errors
    /// [`PaperError`].
    pub fn open(self, me: &Identity, circle: &MyCircle) -> Result<Asked, PaperError> {
        let id = circle.circle().id();
        let said = self.join.body();
        if said.circle != Some(id) {
            return Err(PaperError::OtherCircle);
        }
        let keyring = BoxSet::parse(self.keyring.0, &said.member.keyring);
        let keyring = keyring.map_err(|_| PaperError::Inconsistent)?;
        let key = me.key()?.secret();
        let info = profile_info(id, said.member.user);
        let profile = kem::open(key, &info, &[], &self.profile.0).map_err(|_| PaperError::Profile)?;
        let profile = Profile::parse(&profile).map_err(|_| PaperError::Profile)?;
        let seals = self.seals;
        if seals.len() > MAX_DEVICES {
            return Err(PaperError::TooManyDevices);
        }
        Ok(Asked { join: self.join, profile, keyring, seals })
    }
}

/// A new device asks to be linked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkRequest {
    device: Listed,
    suite: Suite,
    r#type: LinkType,
    user: Id,
}

/// A device with its X-Wing key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    claimed: ClaimedDevice,
    seal: KemKey,
}

impl Listed {
    fn of(listed: &ListedDevice) -> Self {
        Self { claimed: listed.claimed.clone(), seal: listed.seal.clone() }
    }

    fn checked(self, user: &Id) -> Result<ListedDevice, PaperError> {
        let Self { claimed, seal } = self;
        claimed.verify(user).map_err(|_| PaperError::Claim)?;
        if claimed.device.seal != seal.recipient() {
            return Err(PaperError::Inconsistent);
        }
        Ok(ListedDevice { claimed, seal })
    }
}

impl Paper for LinkRequest {
    const MAX_BYTES: usize = 16 << 10;
}

/// A linked device gives a new one the user's key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkGrant {
    devices: Vec<Listed>,
    /// The user's key.
    key: KemKey,
    /// Its secret half, sealed to each of the devices.
    keyring: Base64,
    suite: Suite,
    r#type: GrantType,
    user: Id,
}

impl Paper for LinkGrant {
    const MAX_BYTES: usize = 128 << 10;
}

impl LinkRequest {
    /// The request of a device that is to be linked to the devices of `user`.
    #[must_use]
    pub fn new(me: &Identity) -> Self {
        let device = Listed::of(&me.device.listed());
        Self { device, suite: Suite, r#type: LinkType::This, user: me.user }
    }

    /// Takes the device among those of `me`. Circles do not know it yet.
    ///
    /// # Errors
    /// [`PaperError`]; nothing changed.
    pub fn approve(
        self,
        me: &mut Identity,
        random: &SystemRandom,
    ) -> Result<(Sha256, LinkGrant), PaperError> {
        if self.user != me.user {
            return Err(PaperError::OtherUser);
        }
        let device = self.device.checked(&me.user)?;
        let id = device.id();
        me.key()?;
        me.list(device)?;
        let grant = LinkGrant {
            devices: me.devices.iter().map(Listed::of).collect(),
            key: me.key()?.public(),
            keyring: Base64(me.keyring(random)?.as_bytes().to_vec()),
            suite: Suite,
            r#type: GrantType::This,
            user: me.user,
        };
        Ok((id, grant))
    }
}

impl LinkGrant {
    /// Takes the user's key and devices, as the new device `me`.
    ///
    /// # Errors
    /// [`PaperError`]; nothing changed.
    pub fn accept(self, me: &mut Identity) -> Result<(), PaperError> {
        if self.user != me.user {
            return Err(PaperError::OtherUser);
        }
        if self.devices.len() > MAX_DEVICES {
            return Err(PaperError::TooManyDevices);
        }
        let devices = self.devices.into_iter().map(|listed| listed.checked(&me.user));
        let devices: Vec<ListedDevice> = devices.collect::<Result<_, _>>()?;
        let keyring = named(self.keyring.0)?;
        if !devices.iter().any(|listed| listed.id() == me.device.id()) {
            return Err(PaperError::OtherDevice);
        }
        me.key = Some(UserKey::from_keyring(me.user, &self.key, &keyring, &me.device)?);
        me.devices = devices;
        Ok(())
    }
}

/// A box set that nothing else names: the copy that is taken from it is held against the key.
fn named(bytes: Vec<u8>) -> Result<BoxSet, PaperError> {
    let (records, _) =
        bytes.get(1..).unwrap_or_default().as_chunks::<{ curtain_wire::boxes::RECORD_BYTES }>();
    let leaves: Vec<_> = records.iter().map(|record| curtain_wire::tree::leaf_hash(record)).collect();
    let root = Sha256(curtain_wire::tree::root(&leaves).0);
    let head = BoxesHead { count: leaves.len() as u64, root };
    BoxSet::parse(bytes, &head).map_err(|_| PaperError::Inconsistent)
}

impl Identity {
    /// A device that waits to be linked to those of `user`.
    ///
    /// # Errors
    /// [`CircleError::Name`].
    pub fn waiting(user: Id, name: &str, device: DeviceKeys) -> Result<Self, CircleError> {
        Profile::new(name.to_owned(), None).map_err(|_| CircleError::Name)?;
        let devices = vec![device.listed()];
        Ok(Self {
            user,
            name: name.to_owned(),
            device,
            key: None,
            old_keys: Vec::new(),
            credential: None,
            devices,
        })
    }

    /// Takes one more device among the user's own. Circles do not know it yet.
    ///
    /// # Errors
    /// [`PaperError::TooManyDevices`], [`PaperError::Claim`]; nothing changed.
    pub fn list(&mut self, device: ListedDevice) -> Result<(), PaperError> {
        device.claimed.verify(&self.user).map_err(|_| PaperError::Claim)?;
        if self.devices.iter().any(|listed| listed.id() == device.id()) {
            return Ok(());
        }
        if self.devices.len() >= MAX_DEVICES {
            return Err(PaperError::TooManyDevices);
        }
        self.devices.push(device);
        Ok(())
    }

    /// Takes a device off the user's own, and makes a new user key, which that device will not have. Circles do not know it
    /// yet.
    ///
    /// # Errors
    /// [`CircleError::NoSuchDevice`], also for this device itself; [`CircleError::NotLinked`]; nothing changed.
    pub fn strike(&mut self, device: Sha256, random: &SystemRandom) -> Result<(), CircleError> {
        self.key()?;
        if device == self.device.id() || !self.devices.iter().any(|listed| listed.id() == device) {
            return Err(CircleError::NoSuchDevice);
        }
        self.key = Some(UserKey::make(self.user, random)?);
        self.devices.retain(|listed| listed.id() != device);
        Ok(())
    }

    /// Takes what an issuer said of this user, if it holds now.
    ///
    /// # Errors
    /// [`CredentialError`]; nothing changed.
    pub fn take_credential(
        &mut self,
        said: Signed<Credential>,
        now: UnixTime,
    ) -> Result<(), CredentialError> {
        let Credential { issuer, user, device, expires, .. } = *said.body();
        said.verify(&issuer).map_err(|_| CredentialError::Signature)?;
        if user != self.user {
            return Err(CredentialError::User);
        }
        if !self.devices.iter().any(|listed| listed.id() == device) {
            return Err(CredentialError::Device);
        }
        if expires < now {
            return Err(CredentialError::Expired);
        }
        self.credential = Some(said);
        Ok(())
    }
}

/// What an issuer says of a user: that they are a `kind`, from `now` on for so many days.
#[must_use]
pub fn issue(
    issuer: &SigningKey,
    (user, device): (Id, Sha256),
    kind: CredentialKind,
    (now, days): (UnixTime, u32),
    serial: Id,
) -> Signed<Credential> {
    issuer.state(Credential {
        device,
        expires: now.plus_days(days),
        issued: now,
        issuer: issuer.public(),
        kind,
        serial,
        suite: Suite,
        user,
    })
}

/// An issuer takes a credential back.
///
/// # Errors
/// [`PaperError::OtherIssuer`].
pub fn discredit(
    issuer: &SigningKey,
    said: &Signed<Credential>,
    at: UnixTime,
) -> Result<Signed<Revocation>, PaperError> {
    said.verify(&issuer.public()).map_err(|_| PaperError::OtherIssuer)?;
    Ok(issuer.state(Revocation { at, credential: said.hash(), issuer: issuer.public(), suite: Suite }))
}

/// A role by its stable name.
#[must_use]
pub fn role_code(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Student => "student",
        Role::Moderator => "moderator",
        Role::Admin => "admin",
        Role::Officer => "officer",
    }
}

/// A kind of credential by its stable name.
#[must_use]
pub fn kind_code(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::Clinician => "clinician",
        CredentialKind::Student => "student",
        CredentialKind::Officer => "officer",
    }
}
