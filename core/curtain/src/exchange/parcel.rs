//! A sealed post as one file, for mail, a stick or Bluetooth: the header, and the files that it names. Whoever carries it is
//! believed no more than a relay.

use curtain_wire::header::{Content, Header, ObjectRef, WithdrawalReason};
use curtain_wire::note::VerifierKey;
use curtain_wire::statement::{Signed, Statement};
use thiserror::Error;

use super::{ExchangeError, Item};
use crate::circle::MyCircle;
use crate::hash::Sha256;
use crate::post::{Reading, Received, SealedPost};
use crate::time::UnixTime;
use crate::vault::{PostState, Vault};

/// The first line.
const FIRST: &[u8] = b"curtain/v1/sealed-post\n";

/// The largest parcel: what a post may be at most is more than anybody mails.
pub const MAX_PARCEL_BYTES: u64 = 1 << 30;

/// A file is no sealed post.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParcelError {
    /// The first line is another one.
    #[error("this file is no sealed post")]
    Kind,
    /// The second line is no header of a post.
    #[error("this file's header is none of a post: it was cut or changed")]
    Header,
    /// There are more or fewer bytes than the header says.
    #[error("this file is not as long as its header says: it was cut, or something was added")]
    Length,
    /// A file in it is not the one that the header names.
    #[error("number {index} in this file is not what its header names: it was changed on the way")]
    Object {
        /// Its place, from 0.
        index: usize,
    },
}

impl ParcelError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Kind => "parcel_kind",
            Self::Header => "parcel_header",
            Self::Length => "parcel_length",
            Self::Object { .. } => "parcel_object",
        }
    }
}

/// A sealed post as it was carried. Nothing of it is verified but that its files are those that the header names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The header's bytes.
    pub header: Vec<u8>,
    /// The circle that it says it is for.
    pub circle: Sha256,
    objects: Vec<(ObjectRef, Vec<u8>)>,
}

impl Parcel {
    /// The file of a post whose header was made ready.
    #[must_use]
    pub fn pack(header: &[u8], post: &SealedPost) -> Vec<u8> {
        let objects = post.objects.iter().map(|object| object.bytes.as_slice());
        [FIRST, header, b"\n"].into_iter().chain(objects).collect::<Vec<_>>().concat()
    }

    /// Takes a file apart.
    ///
    /// # Errors
    /// [`ParcelError`].
    pub fn unpack(file: &[u8]) -> Result<Self, ParcelError> {
        let rest = file.strip_prefix(FIRST).ok_or(ParcelError::Kind)?;
        let longest = rest.len().min(Header::MAX_BYTES + 1);
        let end = rest[..longest].iter().position(|byte| *byte == b'\n').ok_or(ParcelError::Header)?;
        let (header, mut rest) = (&rest[..end], &rest[end + 1..]);
        let signed = Signed::<Header>::parse(header).map_err(|_| ParcelError::Header)?;
        let Content::Post(post) = &signed.body().content else { return Err(ParcelError::Header) };
        let mut objects = Vec::new();
        for (index, about) in post.objects.iter().enumerate() {
            let size = usize::try_from(about.size).ok().filter(|size| *size <= rest.len());
            let (bytes, after) = rest.split_at(size.ok_or(ParcelError::Length)?);
            if Sha256::of(bytes) != about.sha256 {
                return Err(ParcelError::Object { index });
            }
            objects.push((*about, bytes.to_vec()));
            rest = after;
        }
        if !rest.is_empty() {
            return Err(ParcelError::Length);
        }
        Ok(Self { header: header.to_vec(), circle: signed.body().circle, objects })
    }

    /// A file in it.
    #[must_use]
    pub fn object(&self, about: &ObjectRef) -> Option<&[u8]> {
        self.objects.iter().find(|(named, _)| named == about).map(|(_, bytes)| bytes.as_slice())
    }

    /// The post, verified as one from a feed is. What it is held against as the largest membership head that was cited before
    /// it: its place in the feed, where the feed here has it; otherwise all that is known, since nobody says when it came.
    /// Then a post of an epoch that is over is refused.
    ///
    /// # Errors
    /// [`ExchangeError`]; [`ExchangeError::Withdrawn`] if the feed here says so.
    pub fn verify(
        &self,
        vault: &Vault,
        circle: &MyCircle,
        witnesses: &[VerifierKey],
        now: UnixTime,
    ) -> Result<Item, ExchangeError> {
        let (id, hash) = (circle.circle().id(), Sha256::of(&self.header));
        let cited = vault.cited_before(id, hash)?.unwrap_or_else(|| circle.circle().size());
        if let Some((PostState::Withdrawn(why), _, _)) = vault.post_state(hash)? {
            let reason = serde_json::from_value(why.into()).unwrap_or(WithdrawalReason::Author);
            return Err(ExchangeError::Withdrawn(reason));
        }
        let received = Received::verify(&self.header, &Reading { circle, witnesses, cited, now })?;
        Ok(Item { n: 0, hash, cited, received: Ok(received), gap: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_parcel_is_told_apart() {
        for (file, error) in [
            (&b""[..], ParcelError::Kind),
            (b"curtain/v1/receipt\n", ParcelError::Kind),
            (b"curtain/v1/sealed-post\n", ParcelError::Header),
            (b"curtain/v1/sealed-post\n{}\n", ParcelError::Header),
            (b"curtain/v1/sealed-post\n{}", ParcelError::Header),
        ] {
            assert_eq!(Parcel::unpack(file), Err(error));
        }
    }
}
