//! What is kept, found, hidden and let go: with posts as they stand in the vault once they were opened.

mod found;
mod kept;

use curtain_wire::canonical::Suite;
use curtain_wire::events::{About, EventBody, EventType, Text, What};
use curtain_wire::header::{ObjectKind, ObjectRef};
use ring::rand::SystemRandom;
use tempfile::TempDir;

use super::*;
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;
use crate::vault::{Becomes, Counts, FileKeyStore, NewPost, OpenedWords, Taking, Vault};

const CIRCLE: Sha256 = Sha256([0xc1; 32]);
const ME: Id = Id([1; 16]);

fn day(days: i64) -> UnixTime {
    UnixTime::new(1_800_000_000 + days * 86_400).unwrap()
}

/// A vault with one circle.
struct Desk {
    vault: Vault,
    next: u64,
    _folder: TempDir,
}

fn user(n: u8) -> Id {
    Id([n; 16])
}

/// The hash that the header with number `n` of the tests' feed has.
fn hash(n: u64) -> Sha256 {
    Sha256::of(&n.to_be_bytes())
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = FileKeyStore::new(folder.path().join("vault.key"));
        let mut vault = Vault::open(folder.path(), &keys, SystemRandom::new()).unwrap();
        vault.keep_circle(CIRCLE, "Test Dermatology").unwrap();
        Self { vault, next: 0, _folder: folder }
    }

    fn take(&mut self, about: Option<Sha256>, becomes: Becomes, now: UnixTime) -> Sha256 {
        let n = self.next;
        self.next += 1;
        let counts = Ok(Counts { cites: 3, chained: None, about, becomes });
        let bytes = n.to_be_bytes();
        let taking = Taking { circle: CIRCLE, n, hash: hash(n), bytes: &bytes, cited: 3, counts };
        self.vault.keep_taken(&taking, now).unwrap();
        hash(n)
    }

    /// A post of user 2, of a body, a picture of 3,000 bytes and its thumbnail of 1,000, that may be here for a year.
    fn post(&mut self, at: UnixTime) -> Sha256 {
        let n = self.next;
        let object = |kind, place: u8, size| {
            let sha256 = Sha256::of(&[&n.to_be_bytes()[..], &[place]].concat());
            ObjectRef { kind, sha256, size }
        };
        let objects = vec![
            object(ObjectKind::Body, 0, 500),
            object(ObjectKind::Picture, 1, 3_000),
            object(ObjectKind::Thumbnail, 2, 1_000),
        ];
        let mut post = [0; 16];
        post[..8].copy_from_slice(&n.to_be_bytes());
        let new = NewPost {
            post: Id(post),
            user: user(2),
            at,
            ends: at.plus_days(365),
            withdrawal: Sha256::of(&[7; 16]),
            objects,
            state: Ok(()),
            withdrawn: None,
        };
        self.take(None, Becomes::Post(Box::new(new)), at)
    }

    fn open(&mut self, header: Sha256, text: [&str; 3], about: &About, expires: UnixTime) {
        let [title, body, question] = text.map(Into::into);
        let text = Text { body, question, title };
        let words =
            OpenedWords { text: Some(&text), about: Some(about), expires, first: &[2], sealed: &[0x5e; 500] };
        self.vault.keep_body(header, &words).unwrap();
    }

    /// An opened post of that day.
    fn opened(&mut self, at: UnixTime, text: [&str; 3], about: &About) -> Sha256 {
        let header = self.post(at);
        self.open(header, text, about, at.plus_days(364));
        header
    }

    fn said(&mut self, by: Id, about: Sha256, what: What) -> Sha256 {
        let body = EventBody { at: day(1), what, suite: Suite, r#type: EventType };
        self.take(Some(about), Becomes::Event { user: by, body }, day(1))
    }

    fn titles(&self, filter: &Filter, now: UnixTime) -> Vec<String> {
        let page = list(&self.vault, filter, Page { after: None, count: 200 }, now).unwrap();
        page.into_iter().map(|listed| listed.title).collect()
    }

    fn found(&self, text: &str, now: UnixTime) -> Vec<String> {
        let hits = search(&self.vault, text, &Filter::default(), 50, now).unwrap();
        hits.into_iter().map(|hit| hit.post.title).collect()
    }

    /// The sealed bytes of the file at `index` that would be fetched next.
    fn wanted(&self, budget: u64) -> Vec<(Sha256, u32)> {
        let wanted = wanted(&self.vault, CIRCLE, budget, day(2)).unwrap();
        wanted.into_iter().map(|wanted| (wanted.header, wanted.index)).collect()
    }
}
