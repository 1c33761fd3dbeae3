//! Who a member is: name and credential, sealed so that only the circle reads them.

use curtain_wire::canonical::{self, Suite};
use curtain_wire::credential::Profile;
use curtain_wire::hash::{Id, Sha256};
use ring::rand::SystemRandom;
use serde::Serialize;

use super::{CircleError, DirectoryKey};
use crate::seal::derive::{self, Context, Line};
use crate::seal::{padding, stream};

#[derive(Serialize)]
struct Place {
    circle: Sha256,
    epoch: u64,
    suite: Suite,
    user: Id,
}

fn context(circle: Sha256, epoch: u64, user: Id) -> Context {
    derive::context(Line::PROFILE, &Place { circle, epoch, suite: Suite, user })
}

impl DirectoryKey {
    /// Seals the profile of `user` for an epoch of a circle.
    ///
    /// # Errors
    /// [`CircleError::NoRandomness`].
    pub fn seal_profile(
        &self,
        circle: Sha256,
        epoch: u64,
        user: Id,
        profile: &Profile,
        random: &SystemRandom,
    ) -> Result<Vec<u8>, CircleError> {
        let padded = padding::pad(&canonical::to_bytes(profile));
        stream::seal(&self.profile_key(), &context(circle, epoch, user), &padded, random)
            .map_err(|_| CircleError::NoRandomness)
    }

    /// Opens what [`Self::seal_profile`] sealed.
    ///
    /// # Errors
    /// [`CircleError::Profile`].
    pub fn open_profile(
        &self,
        circle: Sha256,
        epoch: u64,
        user: Id,
        sealed: &[u8],
    ) -> Result<Profile, CircleError> {
        let padded = stream::open(&self.profile_key(), &context(circle, epoch, user), sealed)
            .map_err(|_| CircleError::Profile)?;
        let profile = padding::unpad(&padded).map_err(|_| CircleError::Profile)?;
        Profile::parse(profile).map_err(|_| CircleError::Profile)
    }
}
