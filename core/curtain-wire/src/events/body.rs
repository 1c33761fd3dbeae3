//! The body of a post: its text, its manifest, and which file is which picture.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::about::{About, AboutError};
use super::manifest::{Manifest, ManifestError, TextPart};
use super::type_line;
use crate::canonical::{self, NotCanonical, Suite};
use crate::hash::{Id, Sha256};
use crate::header::{Author, Content, Header, MAX_BODY_BYTES, MAX_OBJECTS, ObjectKind};
use crate::statement::{BadSignature, PublicKey, Signed};
use crate::text::{Words, is_clean};
use crate::tree::leaf_hash;

/// The most text, in bytes of all parts together.
pub const MAX_TEXT_BYTES: usize = 64 << 10;

/// The largest grant leaf, in bytes. Its members are of fixed length.
pub const MAX_LEAF_BYTES: usize = 4 << 10;

type_line!(
    /// `curtain/v1/body`
    BodyType,
    "curtain/v1/body"
);

/// The plaintext of a post's first file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// What it is filed under, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// By whom.
    pub author: Author,
    /// The bytes of the grant leaf.
    pub leaf: String,
    /// How the patient was made unrecognisable.
    pub manifest: Signed<Manifest>,
    /// The pictures, in their order.
    pub pictures: Vec<PicturePlace>,
    /// The post's random name.
    pub post: Id,
    /// The algorithms.
    pub suite: Suite,
    /// The text, if there is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Its type.
    pub r#type: BodyType,
}

/// Which file is a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PicturePlace {
    /// The file's place in the header.
    pub index: u32,
    /// The hash of the picture's bytes before sealing.
    pub sha256: Sha256,
    /// The place of its smaller copy. None if it is small itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<u32>,
}

/// What a post says in words. Each part may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The story.
    pub body: Words,
    /// What the others are asked.
    pub question: Words,
    /// What it is about, in a line.
    pub title: Words,
}

/// The body of a post that cannot be right.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyError {
    /// Not canonical JSON of this version, or too large.
    #[error(transparent)]
    Form(#[from] NotCanonical),
    /// What it is filed under breaks a rule.
    #[error(transparent)]
    About(#[from] AboutError),
    /// Beyond [`MAX_LEAF_BYTES`].
    #[error("the consent's leaf is larger than {MAX_LEAF_BYTES} bytes")]
    LeafTooLarge,
    /// Beyond [`MAX_TEXT_BYTES`].
    #[error("the text is longer than {MAX_TEXT_BYTES} bytes: shorten it")]
    TextTooLong,
    /// The title has more than one line.
    #[error("the title must be one line")]
    Title,
    /// A text with signs that do not show as they are stored.
    #[error("the text has control characters or invisible signs: take them out")]
    NotClean,
    /// More than there can be files.
    #[error("the post has more pictures than it can have files")]
    TooManyPictures,
    /// The device did not sign the manifest.
    #[error("the manifest's signature does not fit: it was changed, or another key signed it")]
    Signature,
    /// The manifest breaks a rule.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The manifest is of another post, by another author.
    #[error("the manifest is of another post")]
    OtherManifest,
    /// The manifest is not of these pictures, in this order.
    #[error("the manifest is not of the pictures of this post")]
    OtherPictures,
    /// The manifest says nothing of a part of the text that is not empty, or there is no text.
    #[error("the manifest is not of the text of this post")]
    OtherText,
    /// The header is no post's, or another's.
    #[error("the body is not that of the header's post")]
    OtherPost,
    /// The header has another author.
    #[error("the body has another author than its header")]
    OtherAuthor,
    /// The leaf is not the one that the header shows to be in the log.
    #[error("the body has another consent than its header")]
    OtherLeaf,
    /// A file is named that is not there or of another kind, or twice, or not at all.
    #[error("the pictures do not fit the files of the header")]
    Files,
}

impl BodyError {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Form(_) => "body_form",
            Self::About(error) => error.code(),
            Self::LeafTooLarge => "body_leaf_too_large",
            Self::TextTooLong => "body_text_too_long",
            Self::Title => "body_title",
            Self::NotClean => "body_not_clean",
            Self::TooManyPictures => "body_too_many_pictures",
            Self::Signature => "manifest_signature",
            Self::Manifest(error) => error.code(),
            Self::OtherManifest => "other_manifest",
            Self::OtherPictures => "manifest_other_pictures",
            Self::OtherText => "manifest_other_text",
            Self::OtherPost => "body_other_post",
            Self::OtherAuthor => "body_other_author",
            Self::OtherLeaf => "body_other_leaf",
            Self::Files => "body_files",
        }
    }
}

impl From<BadSignature> for BodyError {
    fn from(_: BadSignature) -> Self {
        Self::Signature
    }
}

impl Body {
    /// Reads the body that belongs to `header`, whose signature by `key` was checked before, and checks all of it.
    ///
    /// # Errors
    /// [`BodyError`].
    pub fn parse(bytes: &[u8], header: &Header, key: &PublicKey) -> Result<Self, BodyError> {
        let body: Self = canonical::from_bytes(bytes, MAX_BODY_BYTES)?;
        body.check()?;
        body.manifest.verify(key)?;
        body.fits(header)?;
        Ok(body)
    }

    /// Its bytes, to be padded and sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        canonical::to_bytes(self)
    }

    /// Checks what it says, and that its manifest is of it; not who signed the manifest.
    ///
    /// # Errors
    /// [`BodyError`].
    pub fn check(&self) -> Result<(), BodyError> {
        if self.leaf.len() > MAX_LEAF_BYTES {
            return Err(BodyError::LeafTooLarge);
        }
        if let Some(about) = &self.about {
            about.check()?;
        }
        if let Some(text) = &self.text {
            text.check()?;
        }
        if self.pictures.len() >= MAX_OBJECTS {
            return Err(BodyError::TooManyPictures);
        }
        let manifest = self.manifest.body();
        manifest.check()?;
        if (manifest.author, manifest.post) != (self.author, self.post) {
            return Err(BodyError::OtherManifest);
        }
        let reviewed = manifest.pictures.iter().map(|picture| picture.sha256);
        if !reviewed.eq(self.pictures.iter().map(|picture| picture.sha256)) {
            return Err(BodyError::OtherPictures);
        }
        self.check_read(manifest)
    }

    /// Checks that it belongs to `header`: post, author, consent, and which files there are.
    ///
    /// # Errors
    /// [`BodyError::OtherPost`], [`BodyError::OtherAuthor`], [`BodyError::OtherLeaf`], [`BodyError::Files`].
    pub fn fits(&self, header: &Header) -> Result<(), BodyError> {
        let Content::Post(post) = &header.content else { return Err(BodyError::OtherPost) };
        if post.post != self.post {
            return Err(BodyError::OtherPost);
        }
        if header.author != self.author {
            return Err(BodyError::OtherAuthor);
        }
        if leaf_hash(self.leaf.as_bytes()).0 != post.consent.leaf.0 {
            return Err(BodyError::OtherLeaf);
        }
        // Each file but the body is named once, as what it is.
        let mut left: Vec<Option<ObjectKind>> = post.objects.iter().map(|object| Some(object.kind)).collect();
        let mut take = |index: u32, kind: ObjectKind| match left.get_mut(index as usize) {
            Some(here) if *here == Some(kind) => {
                *here = None;
                Ok(())
            }
            _ => Err(BodyError::Files),
        };
        take(0, ObjectKind::Body)?;
        for picture in &self.pictures {
            take(picture.index, ObjectKind::Picture)?;
            if let Some(thumbnail) = picture.thumbnail {
                take(thumbnail, ObjectKind::Thumbnail)?;
            }
        }
        left.iter().all(Option::is_none).then_some(()).ok_or(BodyError::Files)
    }

    /// Checks that every part of the text that is not empty was read.
    fn check_read(&self, manifest: &Manifest) -> Result<(), BodyError> {
        let Some(text) = &self.text else {
            return if manifest.text.is_empty() { Ok(()) } else { Err(BodyError::OtherText) };
        };
        let parts = [
            (TextPart::Title, &text.title),
            (TextPart::Body, &text.body),
            (TextPart::Question, &text.question),
        ];
        let read = |part| manifest.text.iter().any(|review| review.part == part);
        let all = parts.into_iter().all(|(part, words)| words.0.is_empty() || read(part));
        if all { Ok(()) } else { Err(BodyError::OtherText) }
    }
}

impl Text {
    fn check(&self) -> Result<(), BodyError> {
        let parts = [&self.body, &self.question, &self.title];
        if parts.iter().map(|part| part.0.len()).sum::<usize>() > MAX_TEXT_BYTES {
            return Err(BodyError::TextTooLong);
        }
        if self.title.0.contains('\n') {
            return Err(BodyError::Title);
        }
        parts.iter().all(|part| is_clean(&part.0)).then_some(()).ok_or(BodyError::NotClean)
    }
}
