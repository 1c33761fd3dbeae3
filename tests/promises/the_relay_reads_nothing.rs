//! What leaves a device opens only for members, as it was made and where it was meant: nobody who carries it can read,
//! change, swap, cut or move anything unseen. Of the format; the relay itself follows with it.

mod contents;
mod flips;
mod said;
mod sealing;
mod swaps;

use curtain::hash::{Id, Sha256};
use curtain::seal::derive::{self, Context, Line, derive_object_key};
use curtain::seal::kem::{self, SecretKey};
use curtain::seal::stream::Key;
use curtain::wire::canonical::Suite;
use curtain::wire::header::{Author, ObjectKind};
use serde::Serialize;

use crate::circles::Sealer;

/// What the context of a file says, as `docs/formats.md` has it.
#[derive(Serialize)]
struct ObjectPlace {
    author: Author,
    index: u32,
    kind: ObjectKind,
    leaf: Sha256,
    post: Id,
    suite: Suite,
}

/// What is bound to a post's key for its author.
#[derive(Serialize)]
struct AuthorWrap {
    author: Author,
    leaf: Sha256,
    post: Id,
    suite: Suite,
}

/// The post's key, as its author has it.
fn post_key(author: &Sealer, post: usize) -> Key {
    let sealed = &author.posts[post];
    let wrap = AuthorWrap { author: sealed.author, leaf: sealed.leaf, post: sealed.post, suite: Suite };
    let seed = *author.who.me.key().unwrap().seed();
    let info = derive::info(Line::AUTHOR_WRAP, &wrap);
    let key = kem::open(&SecretKey::from_seed(seed), &info, &[], &sealed.author_wrap).unwrap();
    Key::new(key.as_slice().try_into().unwrap())
}

/// Key and context of file `index` of a post.
fn object_key(author: &Sealer, post: usize, index: u32) -> (Key, Context) {
    let sealed = &author.posts[post];
    let kind = sealed.objects[index as usize].about.kind;
    let place = ObjectPlace {
        author: sealed.author,
        index,
        kind,
        leaf: sealed.leaf,
        post: sealed.post,
        suite: Suite,
    };
    (derive_object_key(&post_key(author, post), index), derive::context(Line::OBJECT, &place))
}

/// Whether a file below `folder` holds these bytes.
pub(crate) fn holds_in(folder: &std::path::Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds_in(&path, bytes);
        }
        std::fs::read(&path).unwrap().windows(bytes.len()).any(|run| run == bytes)
    })
}
