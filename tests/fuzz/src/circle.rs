//! A small circle, whose keys follow from names: its membership log, what may come next in it, headers and bodies.
//!
//! User `one` is admin, `two` and `three` are members, `gone` has left, `four` is not in yet. `one/1` is a posting device
//! of `one`, `one/r` a recovery device.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use curtain_wire::boxes::{BoxSet, BoxesHead, KemKey, Record};
use curtain_wire::canonical::{Base64, Suite};
use curtain_wire::checkpoint::origin;
use curtain_wire::credential::{Revocation, Role};
use curtain_wire::events::{
    Answer, Body, BodyType, Check, Cover, EventBody, EventType, Manifest, Model, PictureClass,
    PictureDecision, PictureFinding, PictureKeep, PicturePlace, PictureReview, Rect, ReportReason, Status,
    Text, TextClass, TextDecision, TextFinding, TextKeep, TextPart, TextReview, What,
};
use curtain_wire::hash::{Id, Sha256};
use curtain_wire::header::{
    Author, Consent, Content, Event, FeedSeen, Header, MembershipSeen, ObjectKind, ObjectRef, Post,
    WRAP_BYTES, Withdrawal, WithdrawalCode, WithdrawalReason,
};
use curtain_wire::level::Level;
use curtain_wire::membership::{
    Add, BackLink, Change, Circle, ClaimedDevice, Create, Device, Entry, History, Join, Member, NewEpoch,
    NewKey, Use, claim_message, claim_note,
};
use curtain_wire::note::{Algorithm, VerifierKey};
use curtain_wire::padme::sealed_len;
use curtain_wire::statement::{PublicKey, Signature, Signed};
use curtain_wire::time::UnixTime;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::samples::{self, moment};

/// All devices that can sign.
const DEVICES: [&str; 12] = [
    "one/1", "one/2", "one/r", "two/1", "two/2", "two/r", "three/1", "three/r", "four/1", "four/r", "gone/1",
    "gone/r",
];

/// Private keys by public ones: all that can sign here.
static KEYS: LazyLock<BTreeMap<PublicKey, Ed25519KeyPair>> = LazyLock::new(|| {
    let of_device = |device: &&str| ["object", "log", "request"].map(|key| format!("{device} {key}"));
    let names = DEVICES.iter().flat_map(of_device).chain(["issuer".to_owned()]);
    names.map(|name| (key(&name), pair(&name))).collect()
});

/// The circle and its log.
pub struct Log {
    /// What the log says.
    pub circle: Circle,
    /// Its entries.
    pub entries: Vec<Vec<u8>>,
    /// Entries of every kind that may each come next, signed.
    pub next: Vec<Signed<Entry>>,
}

/// The circle that all samples are of.
pub static LOG: LazyLock<Log> = LazyLock::new(|| {
    let first = Entry::create(moment(0), id_of("one/1"), create(), signer("one/1 object"));
    let mut circle = Circle::open(&first.to_bytes()).expect("a first entry");
    let mut entries = vec![first.to_bytes()];
    let mut take = |circle: &mut Circle, by: &str, change: Change| {
        let bytes = entry(circle, by, change).to_bytes();
        circle.append(&bytes).expect("an entry that may come next");
        entries.push(bytes);
    };
    let epoch = epoch(&circle);
    take(&mut circle, "one/1", epoch);
    for user in ["two", "three", "gone"] {
        let add = add(&circle, user, Role::Member);
        take(&mut circle, "one/1", add);
    }
    let epoch = self::epoch(&circle);
    take(&mut circle, "one/1", epoch);
    take(&mut circle, "gone/1", Change::Remove { user: user("gone") });
    let next = changes(&circle).into_iter().map(|(by, change)| entry(&circle, by, change)).collect();
    Log { circle, entries, next }
});

fn pair(name: &str) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&Sha256::of(name.as_bytes()).0).expect("any 32 bytes are a seed")
}

/// The public key of this name.
#[must_use]
pub fn key(name: &str) -> PublicKey {
    PublicKey(pair(name).public_key().as_ref().try_into().expect("32 bytes"))
}

/// What signs with the key of this name.
pub fn signer(name: &str) -> impl Fn(&[u8]) -> [u8; 64] + use<> {
    let pair = pair(name);
    move |message| pair.sign(message).as_ref().try_into().expect("64 bytes")
}

/// What this public key's private half signs, if it is of the samples.
#[must_use]
pub fn signed_by(key: &PublicKey, message: &[u8]) -> Option<[u8; 64]> {
    KEYS.get(key)?.sign(message).as_ref().try_into().ok()
}

fn user(name: &str) -> Id {
    let mut id = Id([0; 16]);
    id.0.copy_from_slice(&Sha256::of(name.as_bytes()).0[..16]);
    id
}

fn device(name: &str) -> Device {
    let log = VerifierKey::new(&origin(user(name).0), Algorithm::Ed25519, key(&format!("{name} log")).0);
    Device {
        log: log.expect("a log's name"),
        object: key(&format!("{name} object")),
        request: key(&format!("{name} request")),
        seal: Sha256::of(name.as_bytes()),
        r#use: if name.ends_with('r') { Use::Recovery } else { Use::Posting },
    }
}

fn id_of(device: &str) -> Sha256 {
    self::device(device).id()
}

fn claimed(name: &str, user: &str) -> ClaimedDevice {
    let (device, user) = (device(name), self::user(user));
    let mut claimed = ClaimedDevice { device, log: Signature([0; 64]), object: Signature([0; 64]) };
    claim(&mut claimed, &user);
    claimed
}

/// Signs anew that the device is `user`'s, with those of its keys that are known.
fn claim(claimed: &mut ClaimedDevice, user: &Id) {
    let id = claimed.id();
    if let Some(signature) = signed_by(&claimed.device.object, &claim_message(&id, user)) {
        claimed.object = Signature(signature);
    }
    let log = PublicKey(*claimed.device.log.public_key());
    if let Some(signature) = signed_by(&log, claim_note(&id, user).as_bytes()) {
        claimed.log = Signature(signature);
    }
}

fn kem(name: &str) -> KemKey {
    let mut bytes = [0; KemKey::BYTES];
    bytes[KemKey::BYTES - 32..].copy_from_slice(&Sha256::of(name.as_bytes()).0);
    KemKey::from_bytes(&bytes).expect("its coefficients are zeros")
}

fn boxes(count: u64) -> BoxesHead {
    BoxesHead { count, root: Sha256([4; 32]) }
}

fn sealed(length: usize) -> Base64 {
    let mut sealed = vec![9; length];
    sealed[0] = Suite::BYTE;
    Base64(sealed)
}

fn join(name: &str, circle: Option<Sha256>, at: i64) -> Signed<Join> {
    let (posting, recovery) = (format!("{name}/1"), format!("{name}/r"));
    let mut devices = vec![claimed(&posting, name), claimed(&recovery, name)];
    devices.sort_by_key(ClaimedDevice::id);
    let member = Member { keyring: boxes(2), devices, key: kem(&format!("{name} key")), user: user(name) };
    let join = Join { at: moment(at), by: id_of(&posting), circle, member, suite: Suite };
    Signed::new(join, signer(&format!("{posting} object")))
}

fn create() -> Create {
    let (audience, history, issuers) = (Level::Teaching, History::Archive, vec![key("issuer")]);
    Create { audience, history, issuers, join: join("one", None, 0), salt: user("salt") }
}

fn add(circle: &Circle, name: &str, role: Role) -> Change {
    let at = i64::try_from(circle.size()).expect("few entries");
    Change::Add(Add { join: join(name, Some(circle.id()), at), profile: sealed(300), role })
}

fn epoch(circle: &Circle) -> Change {
    let number = circle.epochs().len() as u64;
    Change::Epoch(NewEpoch {
        back: number.checked_sub(1).map(|to| BackLink { sealed: sealed(WRAP_BYTES), to }),
        boxes: boxes(circle.recipients().count() as u64),
        number,
        read: key(&format!("read {number}")),
    })
}

fn entry(circle: &Circle, by: &str, change: Change) -> Signed<Entry> {
    let at = moment(i64::try_from(circle.size()).expect("few entries"));
    circle.entry(at, id_of(by), change, signer(&format!("{by} object")))
}

/// What may come next, of every kind.
fn changes(circle: &Circle) -> Vec<(&'static str, Change)> {
    let new = |name: &str, count| NewKey { key: kem(name), keyring: boxes(count) };
    let revocation =
        Revocation { at: moment(0), credential: Sha256([7; 32]), issuer: key("issuer"), suite: Suite };
    vec![
        ("one/1", epoch(circle)),
        ("one/1", add(circle, "four", Role::Student)),
        ("one/1", add(circle, "gone", Role::Moderator)),
        ("one/1", Change::Profile { profile: sealed(400), user: user("one") }),
        ("one/1", Change::Role { role: Role::Admin, user: user("two") }),
        ("one/1", Change::Role { role: Role::Officer, user: user("three") }),
        ("one/1", Change::Remove { user: user("three") }),
        ("two/r", Change::Device { device: claimed("two/2", "two"), keyring: boxes(3), user: user("two") }),
        (
            "two/r",
            Change::Revoke { device: id_of("two/1"), new: Some(new("two key 2", 1)), user: user("two") },
        ),
        ("one/1", Change::Revoke { device: id_of("three/1"), new: None, user: user("three") }),
        ("two/1", Change::Rekey { key: kem("two key 3"), keyring: boxes(2), user: user("two") }),
        ("two/1", Change::Discredit { revocation: Signed::new(revocation, signer("issuer")) }),
    ]
}

/// Puts `entry` at the next place of `circle`, and signs it, its join and its claims anew where their keys are known.
#[must_use]
pub fn anew(circle: &Circle, mut entry: Entry) -> Signed<Entry> {
    match &mut entry.change {
        Change::Create(create) => create.join = join_anew(&create.join),
        Change::Add(add) => add.join = join_anew(&add.join),
        Change::Device { device, user, .. } => claim(device, user),
        _ => {}
    }
    if entry.n > 0 {
        let head = circle.head();
        (entry.circle, entry.prev, entry.n) = (Some(head.circle), Some(head.last), head.size);
    }
    let of_join = |create: &Create| object_key(create.join.body(), &entry.by);
    let key = match &entry.change {
        Change::Create(create) => of_join(create),
        _ => circle.device(&entry.by).map(|record| record.device.object),
    };
    Signed::new(entry, |message| key.and_then(|key| signed_by(&key, message)).unwrap_or([0; 64]))
}

fn join_anew(join: &Signed<Join>) -> Signed<Join> {
    let mut body = join.body().clone();
    let was = body.member.devices.iter().position(|claimed| claimed.id() == body.by);
    let user = body.member.user;
    body.member.devices.iter_mut().for_each(|claimed| claim(claimed, &user));
    // Who signed signs again, even if its name changed with its keys.
    if let Some(claimed) = was.or(Some(0)).and_then(|at| body.member.devices.get(at)) {
        body.by = claimed.id();
    }
    let key = object_key(&body, &body.by);
    Signed::new(body, |message| key.and_then(|key| signed_by(&key, message)).unwrap_or([0; 64]))
}

fn object_key(join: &Join, by: &Sha256) -> Option<PublicKey> {
    join.member.devices.iter().find(|claimed| claimed.id() == *by).map(|claimed| claimed.device.object)
}

/// A box set of five, whose secrets are none.
#[must_use]
pub fn box_set() -> BoxSet {
    let record = |n: u8| {
        let mut sealed = vec![n; 1 + 1120 + 32 + 16];
        sealed[0] = Suite::BYTE;
        Record::new(kem(&format!("user {n}")).recipient(), &sealed).expect("a box of that size")
    };
    BoxSet::new((0..5).map(record).collect()).expect("five recipients")
}

/// Who signs [`headers`].
pub const AUTHOR_KEY: &str = "two/1 object";

/// A post, an event, withdrawals: signed.
#[must_use]
pub fn headers() -> Vec<Signed<Header>> {
    let wrap = || sealed(WRAP_BYTES);
    let object = |kind, byte, bytes| ObjectRef {
        kind,
        sha256: Sha256([byte; 32]),
        size: sealed_len(bytes).expect("a small file"),
    };
    let proof = samples::proof(1);
    let consent = Consent {
        checkpoint: proof.checkpoint.to_string(),
        leaf: Sha256(samples::hashes(&samples::leaves())[1].0),
        log: samples::LOG,
        n: 1,
        proof: proof.hashes.iter().map(|hash| Sha256(hash.0)).collect(),
    };
    let post = Post {
        consent,
        delete_after: "2027-01-31".into(),
        objects: vec![
            object(ObjectKind::Body, 0, 5_000),
            object(ObjectKind::Picture, 1, 400_000),
            object(ObjectKind::Thumbnail, 2, 20_000),
        ],
        post: Id([9; 16]),
        withdrawal: Sha256::of(&[5; 16]),
        wrap: wrap(),
    };
    let about = Sha256([8; 32]);
    let body = sealed(usize::try_from(sealed_len(300).expect("a short text")).expect("1 KiB"));
    let code = Some(WithdrawalCode([5; 16]));
    [
        Content::Post(post),
        Content::Event(Event { about, body, event: Id([10; 16]), wrap: wrap() }),
        Content::Withdrawal(Withdrawal { about, code, reason: WithdrawalReason::Patient }),
        Content::Withdrawal(Withdrawal { about, code: None, reason: WithdrawalReason::Officer }),
    ]
    .into_iter()
    .map(|content| {
        let first = matches!(content, Content::Withdrawal(_));
        let header = Header {
            at: moment(100),
            author: author(),
            circle: LOG.circle.id(),
            content,
            epoch: 1,
            feed: (!first).then_some(FeedSeen { root: Sha256([14; 32]), size: 4 }),
            membership: MembershipSeen { last: Sha256([15; 32]), root: Sha256([16; 32]), size: 6 },
            prev: (!first).then_some(Sha256([17; 32])),
            seq: u64::from(!first),
            suite: Suite,
        };
        Signed::new(header, signer(AUTHOR_KEY))
    })
    .collect()
}

fn author() -> Author {
    Author { device: id_of("two/1"), user: user("two") }
}

/// The body of the post among [`headers`].
#[must_use]
pub fn body(text: &str) -> Body {
    let post = Id([9; 16]);
    let region = Rect { x: 5, y: 6, width: 7, height: 8 };
    let finding = |class, decision| PictureFinding { r#box: region, class, decision, score: 987 };
    let keep = PictureDecision::Keep { reason: PictureKeep::SideMarker };
    let picture = PictureReview {
        added: vec![region],
        checks: Check::ALL.into_iter().map(|check| (check, Answer::Absent)).collect(),
        cover: Cover::Veil,
        findings: vec![
            finding(PictureClass::Face, PictureDecision::Cover),
            finding(PictureClass::Text, keep),
            finding(PictureClass::Code, PictureDecision::Resize { region }),
        ],
        sha256: Sha256([21; 32]),
    };
    let review = |part, decision| TextReview {
        findings: vec![TextFinding { class: TextClass::AgeOver89, decision }],
        part,
    };
    let manifest = Manifest {
        at: moment(99),
        author: author(),
        models: vec![Model { name: "faces".into(), sha256: Sha256([1; 32]) }],
        pictures: vec![picture],
        post,
        suite: Suite,
        text: vec![
            review(TextPart::Title, TextDecision::Replace),
            review(TextPart::Body, TextDecision::Keep { reason: TextKeep::MyOwn }),
        ],
    };
    let leaf = samples::leaves().swap_remove(1);
    Body {
        about: None,
        author: author(),
        leaf: String::from_utf8(leaf).expect("a leaf is JSON"),
        manifest: Signed::new(manifest, signer(AUTHOR_KEY)),
        pictures: vec![PicturePlace { index: 1, sha256: Sha256([21; 32]), thumbnail: Some(2) }],
        post,
        suite: Suite,
        text: Some(Text { body: text.into(), question: "".into(), title: "A rash".into() }),
        r#type: BodyType,
    }
}

/// An event of every kind.
#[must_use]
pub fn event(choice: u32, text: &str) -> EventBody {
    let of = Sha256([1; 32]);
    let what = match choice % 9 {
        0 => What::Comment { text: text.into() },
        1 => What::Vote { diagnosis: text.into() },
        2 => What::Helpful { of },
        3 => What::Status { status: Status::Answered },
        4 => What::Outcome { text: text.into() },
        5 => What::Report { of: None, reason: ReportReason::NoConsent },
        6 => What::Hide { of: Some(of) },
        7 => What::Gone {},
        _ => What::Report { of: Some(of), reason: ReportReason::Spam },
    };
    EventBody { at: moment(3), what, suite: Suite, r#type: EventType }
}

/// The moment at which samples are looked at.
#[must_use]
pub fn now() -> UnixTime {
    moment(1_000)
}
