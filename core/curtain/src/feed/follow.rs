//! What follows: syncs, withdrawals by code, the end of consents, what the owner keeps.

use curtain_wire::header::WithdrawalCode;
use curtain_wire::text::is_line;

use super::FeedError;
use crate::consent;
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;
use crate::vault::{Collection, Pack, Vault};

/// The longest name of a collection, in characters.
pub(super) const MAX_COLLECTION: usize = 100;

/// The longest time without a sync that may be set, in days.
pub(super) const MAX_STALE_DAYS: u32 = 365;

const DAY_S: i64 = 86_400;

/// Deletes all that was opened of the post with this header, if `code` is the one on its patient's receipt: whoever presents
/// it withdraws. Whether it is; not where the post is not known (yet): ask again once its header was taken.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn withdrawn_by_code(
    vault: &mut Vault,
    circle: Sha256,
    about: Sha256,
    code: &WithdrawalCode,
    now: UnixTime,
) -> Result<bool, FeedError> {
    match vault.post_state(about)? {
        Some((_, of, _)) if of == circle => {
            Ok(vault.drop_by_code(about, &consent::WithdrawalCode::new(code.0), now)?)
        }
        _ => Ok(false),
    }
}

/// Notes that all of a circle's feed was fetched and taken, and its tombstones.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn synced(vault: &mut Vault, circle: Sha256, now: UnixTime) -> Result<(), FeedError> {
    Ok(vault.note_synced(circle, now)?)
}

/// Deletes what is over at `now`, and records what readers said is gone. How many posts were deleted. To be called at each
/// start and sync. What is over, or of a circle that was not synced for long, is not shown before that either.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn tidy(vault: &mut Vault, now: UnixTime) -> Result<usize, FeedError> {
    vault.acknowledge_all_gone(now)?;
    Ok(vault.drop_over(now)?)
}

/// The circles of which nothing is shown until they are synced.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn stale(vault: &Vault, now: UnixTime) -> Result<Vec<Sha256>, FeedError> {
    Ok(vault.feeds_before(since(vault, now)?)?)
}

/// What was not synced since then is hidden.
pub(super) fn since(vault: &Vault, now: UnixTime) -> Result<i64, FeedError> {
    Ok(now.seconds() - i64::from(vault.pack()?.stale_days) * DAY_S)
}

/// Deletes all that was opened in a circle: its owner is not a member any more. How many posts there were.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn leave(vault: &mut Vault, circle: Sha256) -> Result<usize, FeedError> {
    Ok(vault.drop_circle(circle)?)
}

/// The withdrawn posts of others, by their headers, of which something was here and is gone: for each, `gone` is to be said
/// once: [`say_gone`]. `me` is the owner.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn gone(vault: &Vault, circle: Sha256, me: Id) -> Result<Vec<Sha256>, FeedError> {
    Ok(vault.gone_posts(circle, me)?)
}

/// Queues it for the post's author that nothing of a withdrawn post is here any more, once.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn say_gone(vault: &mut Vault, circle: Sha256, header: Sha256, now: UnixTime) -> Result<(), FeedError> {
    Ok(vault.say_gone(circle, header, now)?)
}

/// Notes that the owner read a post.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn mark_read(vault: &mut Vault, header: Sha256, now: UnixTime) -> Result<(), FeedError> {
    Ok(vault.note_read(header, now)?)
}

/// Asks for the pictures of a post that are not here, to be fetched first. How many there are.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn ask_for_pictures(vault: &mut Vault, header: Sha256) -> Result<usize, FeedError> {
    Ok(vault.ask_for_pictures(header)?)
}

/// Saves a post in a collection, which begins with its first one.
///
/// # Errors
/// [`FeedError::CollectionName`], [`FeedError::Vault`].
pub fn collect(vault: &mut Vault, header: Sha256, collection: &str) -> Result<(), FeedError> {
    if !is_line(collection, MAX_COLLECTION) {
        return Err(FeedError::CollectionName);
    }
    Ok(vault.collect(header, collection)?)
}

/// Takes a post out of a collection, which ends with its last one.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn uncollect(vault: &mut Vault, header: Sha256, collection: &str) -> Result<(), FeedError> {
    Ok(vault.uncollect(header, collection)?)
}

/// All collections, by name.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn collections(vault: &Vault) -> Result<Vec<Collection>, FeedError> {
    Ok(vault.all_collections()?)
}

/// What is kept for reading offline.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn pack(vault: &Vault) -> Result<Pack, FeedError> {
    Ok(vault.pack()?)
}

/// Sets how many bytes of pictures and thumbnails may be here, and makes room: of what was read longest ago first, of saved
/// cases last.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn set_pack_limit(vault: &mut Vault, bytes: u64) -> Result<(), FeedError> {
    Ok(vault.set_pack_limit(bytes)?)
}

/// Sets after how many days without a whole sync the cases of a circle are hidden.
///
/// # Errors
/// [`FeedError::StaleDays`], [`FeedError::Vault`].
pub fn set_stale_days(vault: &mut Vault, days: u32) -> Result<(), FeedError> {
    if !(1..=MAX_STALE_DAYS).contains(&days) {
        return Err(FeedError::StaleDays);
    }
    Ok(vault.set_stale_days(days)?)
}
