//! Files of posts: which are to be fetched, and opening them.

use curtain_wire::note::VerifierKey;

use super::FeedError;
use crate::circle::MyCircle;
use crate::hash::Sha256;
use crate::post::{OpenError, OpenedBody, OpenedPost, Reading, Received};
use crate::time::UnixTime;
use crate::vault::{OpenedWords, Vault, Wanted};

/// The most files that are named at once.
const MOST_WANTED: usize = 1_000;

/// The files of a circle that are to be fetched, of at most `budget_bytes` together, in order: those that somebody asked for
/// ([`ask_for_pictures`](super::ask_for_pictures)), bodies, what lists show, pictures of saved cases; of each the newest first.
/// At most a thousand: give them, and ask again.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn wanted(
    vault: &Vault,
    circle: Sha256,
    budget_bytes: u64,
    now: UnixTime,
) -> Result<Vec<Wanted>, FeedError> {
    Ok(vault.feed_wanted(circle, budget_bytes, MOST_WANTED, now)?)
}

/// Takes the sealed bytes of a file that is wanted: verifies, opens and keeps it. A body makes the post readable and found. A
/// file that does not open is noted with the reason, and not wanted any more; what is not wanted is left alone.
///
/// # Errors
/// [`FeedError::OtherBytes`] if these are not the bytes that the header names: that says nothing of the file, and it stays
/// wanted.
pub fn give(
    vault: &mut Vault,
    mine: &MyCircle,
    witnesses: &[VerifierKey],
    wanted: &Wanted,
    sealed: &[u8],
    now: UnixTime,
) -> Result<(), FeedError> {
    if mine.circle().id() != wanted.circle || !vault.is_wanted(wanted)? {
        return Ok(());
    }
    if sealed.len() as u64 != wanted.about.size || Sha256::of(sealed) != wanted.about.sha256 {
        return Err(FeedError::OtherBytes);
    }
    let kept = vault.kept_header(wanted.circle, wanted.header)?.ok_or(FeedError::NoSuchPost)?;
    let reading = Reading { circle: mine, witnesses, cited: kept.cited, now };
    let opened = Received::verify(&kept.bytes, &reading).and_then(|received| received.post(&reading));
    let given = opened.map(|post| Given { vault, post, wanted, sealed, now });
    match given.map(Given::open) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(NotOpened::Feed(error))) => Err(error),
        Ok(Err(NotOpened::File(error))) | Err(error) => {
            Ok(vault.refuse_file(wanted.header, wanted.index, error.code())?)
        }
    }
}

/// A file that was given, of a post whose key is open.
struct Given<'a> {
    vault: &'a mut Vault,
    post: OpenedPost,
    wanted: &'a Wanted,
    sealed: &'a [u8],
    now: UnixTime,
}

enum NotOpened {
    Feed(FeedError),
    File(OpenError),
}

impl From<OpenError> for NotOpened {
    fn from(error: OpenError) -> Self {
        Self::File(error)
    }
}

impl<E: Into<FeedError>> From<E> for NotOpened {
    fn from(error: E) -> Self {
        Self::Feed(error.into())
    }
}

impl Given<'_> {
    fn open(self) -> Result<(), NotOpened> {
        let Self { vault, post, wanted, sealed, now } = self;
        if wanted.index == 0 {
            let body = post.body(sealed, now)?;
            let first = first(&body);
            let words = OpenedWords {
                text: body.text(),
                about: body.body().about.as_ref(),
                expires: body.expires(),
                first: &first,
                sealed,
            };
            return Ok(vault.keep_body(wanted.header, &words)?);
        }
        // It went meanwhile, and the post with it.
        let Some(body) = vault.sealed_body(wanted.header)? else { return Ok(()) };
        let picture = post.body(&body, now)?.picture(wanted.index, sealed)?;
        Ok(vault.keep_file(wanted.header, wanted.index, &picture)?)
    }
}

/// What lists show of each picture: its thumbnail, or the picture itself if it is small.
fn first(body: &OpenedBody) -> Vec<u32> {
    body.pictures().iter().map(|picture| picture.thumbnail.unwrap_or(picture.index)).collect()
}
