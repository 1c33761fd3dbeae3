//! Who is in a circle: a log of signed entries in which nobody is added, removed or given a key unseen.
//!
//! Phone and relay read the same log by the same rules. [`Circle::open`] takes the first entry, [`Circle::append`] each
//! next one, checks every rule and changes nothing if one is broken. What stands in `entry` is the format, in `rules`
//! what may follow what, in `apply` what it does, in `circle` what is so now and was so before, in `fork` how two
//! states of one log compare.
//!
//! Not checked here: clocks (who takes an entry from others refuses one whose `at` lies in the future, since later ones
//! can then not be earlier), credentials (see [`crate::credential`]), and that boxes open.

mod apply;
mod circle;
mod entry;
mod error;
mod fork;
mod rules;

pub use circle::{Access, Circle, CircleMember, DeviceRecord, Epoch, MAX_MEMBERS, SealedProfile, Standing};
pub use entry::{
    Add, BackLink, Change, ClaimedDevice, Create, Device, Entry, History, Join, MAX_DEVICES, MAX_ISSUERS,
    MAX_PROFILE_BYTES, Member, NewEpoch, NewKey, Use, claim_message, claim_note,
};
pub use error::MembershipError;
pub use fork::{ForkError, Head};

#[cfg(test)]
pub(crate) mod tests;
