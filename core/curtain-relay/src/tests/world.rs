//! Circles and headers as clients make them. User and device have one number: it is the seed of the device's `request` key.

use curtain_wire::boxes::{BoxSet, KemKey, Record};
use curtain_wire::canonical::{Base64, Suite};
use curtain_wire::checkpoint::{Checkpoint, origin};
use curtain_wire::credential::Role;
use curtain_wire::feed::Feed;
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::header::{
    Author, Consent, Content, Event, Header, MembershipSeen, ObjectKind, ObjectRef, Post, Withdrawal,
    WithdrawalCode, WithdrawalReason,
};
use curtain_wire::level::Level;
use curtain_wire::membership::{
    Add, BackLink, Change, Circle, ClaimedDevice, Create, Device, Entry, History, Join, Member, NewEpoch,
    Use, claim_message, claim_note,
};
use curtain_wire::note::{Algorithm, Note, VerifierKey, sign_ed25519};
use curtain_wire::padme;
use curtain_wire::statement::{PublicKey, Signature, Signed};
use curtain_wire::tree::leaf_hash;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::Bench;
use super::client::{Answer, Call, now, public};

pub(super) const ADMIN: u8 = 1;

/// The seed of the read key of epoch 0; the next epochs' follow.
pub(super) const READ: u8 = 200;

fn named(name: &str) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&Sha256::of(name.as_bytes()).0).unwrap()
}

fn key(name: &str) -> PublicKey {
    PublicKey(named(name).public_key().as_ref().try_into().unwrap())
}

fn sign(name: &str) -> impl Fn(&[u8]) -> [u8; 64] + use<> {
    let pair = named(name);
    move |message| pair.sign(message).as_ref().try_into().unwrap()
}

fn object_key(user: u8) -> String {
    format!("object {user}")
}

pub(super) fn log(user: u8) -> Id {
    Id([user; 16])
}

pub(super) fn log_key(user: u8) -> VerifierKey {
    VerifierKey::new(&origin(log(user).0), Algorithm::Ed25519, key(&format!("log {user}")).0).unwrap()
}

/// Signs the text of a note with the key of a user's log.
pub(super) fn log_signature(user: u8, text: &str) -> curtain_wire::note::Signature {
    sign_ed25519(text, &log_key(user), sign(&format!("log {user}"))).unwrap()
}

pub(super) fn device(user: u8) -> Device {
    Device {
        log: log_key(user),
        object: key(&object_key(user)),
        request: public(user),
        seal: Sha256::of(&[user]),
        r#use: Use::Posting,
    }
}

fn claimed(user: u8) -> ClaimedDevice {
    let (device, id) = (device(user), Id([user; 16]));
    let object = Signature(sign(&object_key(user))(&claim_message(&device.id(), &id)));
    let log = Signature(sign(&format!("log {user}"))(claim_note(&device.id(), &id).as_bytes()));
    ClaimedDevice { device, log, object }
}

pub(super) fn kem(user: u8) -> KemKey {
    let mut bytes = [0; KemKey::BYTES];
    bytes[KemKey::BYTES - 32..].copy_from_slice(&Sha256::of(&[user]).0);
    KemKey::from_bytes(&bytes).unwrap()
}

/// Boxes for these recipients, in which nothing opens.
pub(super) fn boxes(recipients: impl IntoIterator<Item = Sha256>) -> BoxSet {
    let sealed = [[1].as_slice(), &[7; 1168]].concat();
    let records = recipients.into_iter().map(|recipient| Record::new(recipient, &sealed).unwrap());
    BoxSet::new(records.collect()).unwrap()
}

pub(super) fn keyring(user: u8) -> BoxSet {
    boxes([device(user).seal])
}

fn join(user: u8, circle: Option<Sha256>) -> Signed<Join> {
    let member = Member {
        devices: vec![claimed(user)],
        key: kem(user),
        keyring: keyring(user).head(),
        user: Id([user; 16]),
    };
    Signed::new(
        Join { at: now(), by: device(user).id(), circle, member, suite: Suite },
        sign(&object_key(user)),
    )
}

fn sealed(length: usize) -> Base64 {
    Base64([vec![1], vec![9; length - 1]].concat())
}

/// A file that could be a sealed one.
pub(super) fn blob(name: &str) -> Vec<u8> {
    let length = usize::try_from(padme::sealed_len(300).unwrap()).unwrap();
    name.bytes().cycle().take(length).collect()
}

/// A circle and its feed, as one who has them all.
#[derive(Clone)]
pub(super) struct World {
    pub(super) circle: Circle,
    pub(super) feed: Feed,
    /// The entries, with who signed each.
    pub(super) entries: Vec<(u8, Vec<u8>)>,
    sent: usize,
}

impl World {
    /// Created, with its first epoch.
    pub(super) fn new(name: &str) -> Self {
        let mut salt = Id([0; 16]);
        salt.0.copy_from_slice(&Sha256::of(name.as_bytes()).0[..16]);
        let create = Create {
            audience: Level::Teaching,
            history: History::Archive,
            issuers: vec![key("issuer")],
            join: join(ADMIN, None),
            salt,
        };
        let by = device(ADMIN).id();
        let first = Entry::create(now(), by, create, sign(&object_key(ADMIN))).to_bytes();
        let circle = Circle::open(&first).unwrap();
        let mut world = Self { circle, feed: Feed::new(), entries: vec![(ADMIN, first)], sent: 0 };
        world.epoch();
        world
    }

    /// As it was with so many entries.
    pub(super) fn until(&self, size: usize) -> Self {
        let entries = self.entries[..size].to_vec();
        let mut circle = Circle::open(&entries[0].1).unwrap();
        for (_, entry) in &entries[1..] {
            circle.append(entry).unwrap();
        }
        Self { circle, entries, sent: self.sent.min(size), feed: self.feed.clone() }
    }

    pub(super) fn id(&self) -> Sha256 {
        self.circle.id()
    }

    pub(super) fn says(&mut self, by: u8, change: Change) {
        let entry = self.circle.entry(now(), device(by).id(), change, sign(&object_key(by))).to_bytes();
        self.circle.append(&entry).unwrap();
        self.entries.push((by, entry));
    }

    pub(super) fn add(&mut self, user: u8, role: Role) {
        let join = join(user, Some(self.id()));
        self.says(ADMIN, Change::Add(Add { join, profile: sealed(300), role }));
    }

    pub(super) fn remove(&mut self, user: u8) {
        self.says(ADMIN, Change::Remove { user: Id([user; 16]) });
    }

    pub(super) fn profile(&mut self, by: u8) {
        self.says(by, Change::Profile { profile: sealed(300), user: Id([by; 16]) });
    }

    /// The boxes of the epoch that comes next, or came last.
    pub(super) fn boxes(&self) -> BoxSet {
        boxes(self.circle.recipients().map(|(recipient, ..)| recipient))
    }

    pub(super) fn epoch(&mut self) {
        let number = self.circle.epochs().len() as u64;
        let epoch = NewEpoch {
            back: number.checked_sub(1).map(|to| BackLink { sealed: sealed(105), to }),
            boxes: self.boxes().head(),
            number,
            read: public(READ + u8::try_from(number).unwrap()),
        };
        self.says(ADMIN, Change::Epoch(epoch));
    }

    /// With a member 2, a member 3 and an officer 4.
    pub(super) fn of_four(name: &str) -> Self {
        let mut world = Self::new(name);
        world.add(2, Role::Member);
        world.add(3, Role::Member);
        world.add(4, Role::Officer);
        world.epoch();
        world
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/v1/circles/{}/{rest}", self.id())
    }

    pub(super) fn entry_call(&self, n: usize) -> Call {
        let (by, entry) = &self.entries[n];
        Call::new("PUT", &self.path(&format!("members/{n}"))).body(entry).signed(*by)
    }

    /// Brings the relay the entries that it does not have.
    pub(super) async fn push(&mut self, bench: &Bench) {
        for n in self.sent..self.entries.len() {
            let answer = bench.send(&self.entry_call(n)).await;
            assert_eq!(answer.status, 201, "{n}: {}", String::from_utf8_lossy(&answer.body));
        }
        self.sent = self.entries.len();
    }

    /// The read key of the present epoch.
    pub(super) fn read(&self) -> u8 {
        READ + u8::try_from(self.circle.epochs().len() - 1).unwrap()
    }

    /// The next header of this user's device.
    pub(super) fn header(&self, by: u8, content: Content) -> Header {
        let device = device(by).id();
        let (seq, prev) = self.feed.next_of(&device);
        let head = self.circle.head();
        Header {
            at: now(),
            author: Author { device, user: Id([by; 16]) },
            circle: self.id(),
            content,
            epoch: self.circle.epoch().unwrap().number,
            feed: None,
            membership: MembershipSeen { last: head.last, root: head.root, size: head.size },
            prev,
            seq,
            suite: Suite,
        }
    }

    pub(super) fn signed(by: u8, header: Header) -> Vec<u8> {
        Signed::new(header, sign(&object_key(by))).to_bytes()
    }

    /// Takes a header that the relay took.
    pub(super) fn take(&mut self, bytes: &[u8]) -> u64 {
        self.feed.take(Feed::reread(bytes).unwrap())
    }

    pub(super) fn header_call(&self, by: u8, bytes: &[u8]) -> Call {
        Call::new("POST", &self.path("feed")).body(bytes).signed(by)
    }

    pub(super) async fn try_post(&self, bench: &Bench, by: u8, content: Content) -> (Vec<u8>, Answer) {
        let bytes = Self::signed(by, self.header(by, content));
        let answer = bench.send(&self.header_call(by, &bytes)).await;
        (bytes, answer)
    }

    /// Posts, and gives the header's hash.
    pub(super) async fn post(&mut self, bench: &Bench, by: u8, content: Content) -> Sha256 {
        let (bytes, answer) = self.try_post(bench, by, content).await;
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        let n = self.take(&bytes);
        assert_eq!(answer.json(), serde_json::json!({ "n": n }));
        Sha256::of(&bytes)
    }
}

/// The day after tomorrow.
pub(super) fn last_day() -> String {
    now().plus_days(2).date()
}

/// A post with these files, which are names for [`blob`], under the consent with this code.
pub(super) fn case(by: u8, blobs: &[&str], code: u8) -> Content {
    let leaf = leaf_hash(&[code]);
    let text = Checkpoint { log: log(by).0, size: 1, root: leaf }.to_string();
    let checkpoint = Note::new(text.clone(), vec![log_signature(by, &text)]).unwrap().to_string();
    let object = |(index, name): (usize, &&str)| {
        let bytes = blob(name);
        let kind = if index == 0 { ObjectKind::Body } else { ObjectKind::Picture };
        ObjectRef { kind, sha256: Sha256::of(&bytes), size: bytes.len() as u64 }
    };
    Content::Post(Post {
        consent: Consent { checkpoint, leaf: Sha256(leaf.0), log: log(by), n: 0, proof: Vec::new() },
        delete_after: last_day(),
        objects: blobs.iter().enumerate().map(object).collect(),
        post: Id([code; 16]),
        withdrawal: Sha256::of(&[code; 16]),
        wrap: sealed(105),
    })
}

pub(super) fn comment(about: Sha256) -> Content {
    let body = sealed(usize::try_from(padme::sealed_len(300).unwrap()).unwrap());
    Content::Event(Event { about, body, event: Id([3; 16]), wrap: sealed(105) })
}

pub(super) fn withdrawal(about: Sha256, reason: WithdrawalReason, code: Option<u8>) -> Content {
    Content::Withdrawal(Withdrawal { about, code: code.map(|code| WithdrawalCode([code; 16])), reason })
}

/// Puts files into the store as if they had been uploaded.
pub(super) async fn upload(bench: &Bench, names: &[&str]) {
    for name in names {
        let bytes = blob(name);
        let _ = bench.relay().store.create(&blob_name(name), bytes).await.unwrap();
    }
}

pub(super) fn blob_name(name: &str) -> String {
    format!("blobs/{}", Sha256::of(&blob(name)))
}

pub(super) fn gone_name(name: &str) -> String {
    format!("gone/{}", Sha256::of(&blob(name)))
}
