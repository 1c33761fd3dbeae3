//! What a post is made of.

use curtain_wire::canonical;
use serde::Serialize;

use crate::clean::{CleanError, Options};
use crate::consent::{ObjectKind, ShownObject};
use crate::geometry::{PixelRect, Size};
use crate::hash::Sha256;
use crate::metadata::{self, Audited};
use crate::picture::{self, Decoded};
use crate::review::CaseText;

/// Long side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 320;

/// One file of a post, as it will be sent.
pub struct Object {
    kind: ObjectKind,
    bytes: Vec<u8>,
    sha256: Sha256,
    derived_from: Option<Sha256>,
    listed: Listed,
}

/// A text as it is sent: JSON with sorted keys and no spaces. [RFC 8785]
#[derive(Serialize)]
struct TextFile<'a> {
    body: &'a str,
    question: &'a str,
    title: &'a str,
    r#type: &'static str,
}

/// Whether the patient's list names the object itself, or the picture that it was scaled down from.
enum Listed {
    Itself,
    Source(Sha256),
}

impl Object {
    pub(super) fn picture(file: Audited) -> Self {
        Self::new(ObjectKind::Picture, file.into_bytes(), None)
    }

    pub(super) fn text(text: &CaseText) -> Self {
        let CaseText { title, body, question } = text;
        let file = TextFile { body, question, title, r#type: "curtain/v1/text" };
        Self::new(ObjectKind::Text, canonical::to_bytes(&file), None)
    }

    fn new(kind: ObjectKind, bytes: Vec<u8>, derived_from: Option<Sha256>) -> Self {
        Self { kind, sha256: Sha256::of(&bytes), bytes, derived_from, listed: Listed::Itself }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ObjectKind {
        self.kind
    }

    /// Its exact bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash of its bytes.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// How the consent lists it.
    #[must_use]
    pub fn shown(&self) -> ShownObject {
        ShownObject { derived_from: self.derived_from, kind: self.kind, sha256: self.sha256 }
    }

    /// What the patient's list must name for it to be sent.
    pub(super) fn answers_for(&self) -> Sha256 {
        match self.listed {
            Listed::Itself => self.sha256,
            Listed::Source(source) => source,
        }
    }

    /// The picture that it was scaled down from.
    pub(super) fn derived_from(&self) -> Option<Sha256> {
        self.derived_from
    }

    /// A smaller copy, made from these very bytes.
    pub(super) fn downscaled(&self, long_side: u32, options: &Options) -> Result<Self, CleanError> {
        let bytes = downscale(&self.bytes, long_side, options)?;
        Ok(Self::new(ObjectKind::Thumbnail, bytes, Some(self.sha256)))
    }

    /// A smaller copy that the patient's list does not name: it goes with the picture that it was made from.
    pub(super) fn going_with_its_source(mut self) -> Self {
        if let Some(source) = self.derived_from {
            self.listed = Listed::Source(source);
        }
        self
    }
}

/// A smaller copy of a finished picture, at most `long_side` pixels long. The same build on the same kind of machine
/// gives the same bytes, so that a copy can be made again and compared.
///
/// # Errors
/// [`CleanError`].
pub fn downscale(finished: &[u8], long_side: u32, options: &Options) -> Result<Vec<u8>, CleanError> {
    let inspected = metadata::inspect(finished)?;
    let Decoded { picture, .. } = picture::decode(finished, &inspected, &options.limits)?;
    let size = smaller(picture.size(), long_side);
    let window = PixelRect::whole(picture.size());
    let picture = picture.resampled(window, size).ok_or(picture::EncodeError::Failed)?;
    let bytes = picture::encode(&picture, options.encoding)?;
    Ok(metadata::audit(bytes, size.width, size.height)?.into_bytes())
}

fn smaller(size: Size, long_side: u32) -> Size {
    let long = size.long_side();
    if long <= long_side || long_side == 0 {
        return size;
    }
    let scaled = |side: u32| {
        let shorter = u64::from(side) * u64::from(long_side) / u64::from(long);
        u32::try_from(shorter.max(1)).expect("no longer than the side that it was scaled from")
    };
    Size::new(scaled(size.width), scaled(size.height))
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Object").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_in_one_way() {
        let text = CaseText::from(["A \"rash\"", "Two\nweeks, 38 °C, é", ""].map(str::to_owned));
        let object = Object::text(&text);
        let bytes =
            r#"{"body":"Two\nweeks, 38 °C, é","question":"","title":"A \"rash\"","type":"curtain/v1/text"}"#;
        assert_eq!(std::str::from_utf8(object.bytes()).unwrap(), bytes);
        assert_eq!(object.sha256(), Sha256::of(bytes.as_bytes()));
        assert_eq!(object.kind(), ObjectKind::Text);
    }
}
