//! Clinicians who do not exist, their circles, and cases that they seal.

use std::sync::LazyLock;

use curtain::circle::{
    Credential, CredentialKind, Doing, Fresh, History, Identity, Live, MyCircle, Pen, Role,
};
use curtain::clean::Options;
use curtain::consent::{ConsentDraft, Level};
use curtain::detect::Detectors;
use curtain::geometry::PixelRect;
use curtain::hash::{Id, Sha256};
use curtain::keys::{DeviceKeys, LogKey, SigningKey};
use curtain::post::{
    About, CaseText, Comment, Consented, Draft, OpenError, OpenedBody, Reading, Received, Say, SealedPost,
    SettledComment, Site, Specialty, known, seal_event,
};
use curtain::review::{Answer, Check, CommentVerdict};
use curtain::spoken::{self, Kind};
use curtain::story::{Decision, Known};
use curtain::time::UnixTime;
use curtain::vault::{FileKeyStore, Granted, ToGrant, Vault};
use curtain::wire::boxes::BoxSet;
use curtain::wire::canonical::Suite;
use curtain::wire::header::{Author, Header, MembershipSeen, WithdrawalCode};
use curtain::wire::note::{Note, VerifierKey};
use curtain::wire::statement::Signed;
use curtain_tests::fixture;
use ring::rand::SystemRandom;
use tempfile::TempDir;

use crate::no_consent_no_post::cover_all;
use crate::people::{SIGNATURE, anywhere, draft, log, now, open};
use crate::witness::Witness;

/// Whoever says that the test clinicians are clinicians.
pub(crate) fn issuer() -> SigningKey {
    SigningKey::from_seed([0x15; 32])
}

/// What the issuer would say of a user's device, until `expires`: to be changed, and signed.
pub(crate) fn says(kind: CredentialKind, user: Id, device: Sha256, expires: UnixTime) -> Credential {
    let (issuer, serial) = (issuer().public(), Id([3; 16]));
    Credential { device, expires, issued: now(), issuer, kind, serial, suite: Suite, user }
}

/// In a year.
pub(crate) fn in_a_year() -> UnixTime {
    now().plus_days(365)
}

/// User number `n` with one device that keeps no vault, and a credential of a kind.
pub(crate) fn person_with(n: u8, kind: CredentialKind, expires: UnixTime) -> Identity {
    identity(n, &LogKey::from_seed(Id([n; 16]), &[n; 32]), kind, expires)
}

/// A clinician of whom no vault is needed.
pub(crate) fn person(n: u8) -> Identity {
    person_with(n, CredentialKind::Clinician, in_a_year())
}

fn identity(n: u8, log: &LogKey, kind: CredentialKind, expires: UnixTime) -> Identity {
    let (user, random) = (Id([n; 16]), SystemRandom::new());
    let device = DeviceKeys::make(user, log, &random).unwrap();
    let mut me = Identity::make(user, &format!("Test Clinician {n}"), device, &random).unwrap();
    me.credential = Some(issuer().state(says(kind, user, me.device.id(), expires)));
    me
}

/// A person with one device and its vault.
pub(crate) struct Clinician {
    pub(crate) me: Identity,
    pub(crate) vault: Vault,
    pub(crate) random: SystemRandom,
    folder: TempDir,
}

/// A folder of the build's: what the last test of a run leaves goes with the next `cargo clean`.
fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

impl Clinician {
    /// Number `n`, with a credential.
    pub(crate) fn new(n: u8) -> Self {
        let folder = folder();
        let mut vault = open(folder.path()).unwrap();
        let log = vault.log_key(now()).unwrap();
        let me = identity(n, &log, CredentialKind::Clinician, in_a_year());
        Self { me, vault, random: SystemRandom::new(), folder }
    }

    /// Closes the vault, and opens it again.
    pub(crate) fn reopen(&mut self) {
        // The place is taken meanwhile: one process at a time has a vault open.
        let elsewhere = folder();
        self.vault = open(elsewhere.path()).unwrap();
        self.vault = open(self.folder.path()).unwrap();
    }

    pub(crate) fn keys(&self) -> FileKeyStore {
        FileKeyStore::new(self.folder.path().join("vault.key"))
    }
}

/// The hand of a device.
pub(crate) fn pen(me: &Identity, at: UnixTime) -> Pen<'_> {
    static RANDOM: LazyLock<SystemRandom> = LazyLock::new(SystemRandom::new);
    Pen::new(me, at, &RANDOM)
}

/// What a relay would hold of a circle, and the circle as its admin sees it.
pub(crate) struct World {
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) boxes: Vec<BoxSet>,
    pub(crate) keyrings: Vec<BoxSet>,
    pub(crate) admin: MyCircle,
    pub(crate) witness: Witness,
}

impl World {
    /// A circle that `admin` created.
    pub(crate) fn new(admin: &Identity, audience: Level, history: History) -> Self {
        let issuers = vec![issuer().public()];
        let created = pen(admin, now()).create(Id([9; 16]), audience, history, issuers).unwrap();
        Self {
            entries: created.entries,
            boxes: vec![created.boxes],
            keyrings: vec![created.keyring],
            admin: created.circle,
            witness: Witness::new(),
        }
    }

    pub(crate) fn id(&self) -> Sha256 {
        self.admin.circle().id()
    }

    /// The admin lets `who` in.
    pub(crate) fn add_without_key(&mut self, admin: &Identity, who: &Identity, role: Role, at: UnixTime) {
        let (join, keyring) = pen(who, at).join(Some(self.id())).unwrap();
        let profile = who.profile().unwrap();
        let entry = pen(admin, at).add(&mut self.admin, join, &profile, role).unwrap();
        self.keyrings.push(keyring);
        self.entries.push(entry);
    }

    /// The admin lets `who` in, and begins a new epoch.
    pub(crate) fn add(&mut self, admin: &Identity, who: &Identity, role: Role, at: UnixTime) {
        self.add_without_key(admin, who, role, at);
        self.rotate(admin, at);
    }

    pub(crate) fn remove(&mut self, admin: &Identity, who: Id, at: UnixTime) {
        let entry = pen(admin, at).remove(&mut self.admin, who).unwrap();
        self.entries.push(entry);
    }

    pub(crate) fn rotate(&mut self, admin: &Identity, at: UnixTime) {
        let rotation = pen(admin, at).rotate(&mut self.admin).unwrap();
        self.entries.push(rotation.entry);
        self.boxes.push(rotation.boxes);
    }

    /// Takes an entry that somebody else than the admin made.
    pub(crate) fn take(&mut self, entry: Vec<u8>, at: UnixTime) {
        self.admin.append(&entry, at).unwrap();
        self.entries.push(entry);
    }

    /// The circle as `who` sees it who fetched everything: with the box of the present epoch, if there is one for them.
    pub(crate) fn seen_by(&self, who: &Identity) -> MyCircle {
        self.seen_before(who, self.entries.len())
    }

    /// The same after the first `count` entries.
    pub(crate) fn seen_before(&self, who: &Identity, count: usize) -> MyCircle {
        let mut circle = MyCircle::open(&self.entries[..count], who.user, []).unwrap();
        self.fetch_box(&mut circle, who);
        circle
    }

    /// What follows of the log and, if there is one, the box.
    pub(crate) fn catch_up(&self, circle: &mut MyCircle, who: &Identity, at: UnixTime) {
        let from = usize::try_from(circle.circle().size()).unwrap();
        for entry in &self.entries[from..] {
            circle.append(entry, at).unwrap();
        }
        self.fetch_box(circle, who);
    }

    fn fetch_box(&self, circle: &mut MyCircle, who: &Identity) {
        if let Some((epoch, recipient)) = circle.missing_box() {
            let sealed = self.boxes[usize::try_from(epoch).unwrap()].one(&recipient).unwrap();
            // A box that does not hold is no box.
            let _ = circle.take_box(who.key().unwrap(), &sealed);
        }
    }

    /// The head of the log, as a witness sees it at `at`.
    pub(crate) fn head(&self, circle: &MyCircle, at: UnixTime) -> Note {
        self.witness.cosign_head(&circle.circle().log_head(), at.seconds().unsigned_abs())
    }

    pub(crate) fn witnesses(&self) -> [VerifierKey; 1] {
        [self.witness.key().clone()]
    }
}

/// The circle, live, for `who` to post in at `at`.
pub(crate) fn live<'a>(circle: &'a MyCircle, who: &'a Identity, at: UnixTime) -> Live<'a> {
    circle.live(who, Doing::Posting, at).unwrap()
}

/// The circle, live, with a head that the witness of the tests cosigned at `at`.
pub(crate) fn fresh<'a>(circle: &'a MyCircle, who: &'a Identity, doing: Doing, at: UnixTime) -> Fresh<'a> {
    let witness = Witness::new();
    let head = witness.cosign_head(&circle.circle().log_head(), at.seconds().unsigned_abs());
    circle.live(who, doing, at).unwrap().fresh(&head, &[witness.key().clone()], at).unwrap()
}

/// The name that is planted in the story, the patient's.
pub(crate) const PLANTED: &str = "Quillibrand";

/// The consent of that patient.
pub(crate) fn consent_of(shown: Vec<curtain::consent::ShownObject>) -> ConsentDraft {
    draft("Quillibrand Testmann", shown)
}

/// Where the wristband's bar code is, with a margin: see `expected.json`.
pub(crate) const BAR_CODE: PixelRect = PixelRect { x: 500, y: 664, width: 619, height: 161 };

pub(crate) fn detectors() -> &'static Detectors {
    static DETECTORS: LazyLock<Detectors> = LazyLock::new(|| Detectors::load().unwrap());
    &DETECTORS
}

/// Photos of the tests' cases.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Photo {
    /// `wristband.jpg`.
    Wristband,
    /// A small one.
    Small,
}

/// What the case of the small photo is filed under.
pub(crate) fn filed() -> About {
    let tags = ["hot-oil", "burn"].map(|tag| tag.parse().unwrap());
    About::new(Some(Specialty::PlasticSurgery), Some(Site::Hand), tags.to_vec()).unwrap()
}

/// A case of a photo and a story, reviewed and consented to; the witness saw its consent if it was asked.
pub(crate) fn consented(
    vault: &mut Vault,
    witness: Option<&mut Witness>,
    photo: Photo,
    text: &str,
) -> (Consented, Granted) {
    let options = &Options::default();
    let text = CaseText { title: "A rash".into(), body: text.into(), question: "What would you do?".into() };
    let file = if photo == Photo::Wristband { "wristband.jpg" } else { "orient/o6.jpg" };
    let case = Draft::new(vec![fixture(file)], &text, anywhere()).unwrap();
    let scanned = case
        .filed((photo == Photo::Small).then(filed))
        .knowing(known(&consent_of(Vec::new())))
        .scan(detectors(), options)
        .unwrap();
    let mut verdicts = cover_all(&scanned);
    // What no detector looks for, a person sees: the bar code below the lines.
    if photo == Photo::Wristband {
        let seen = &mut verdicts.photos[0];
        seen.added = vec![BAR_CODE];
        seen.checks.insert(Check::Code, Answer::Covered);
    }
    let reviewed = scanned.review(&verdicts, options).unwrap();
    let draft = consent_of(reviewed.shown());
    let granted = vault.grant(ToGrant { draft, media: Some(SIGNATURE), case: None }, now()).unwrap();
    if let Some(witness) = witness {
        witness_log(vault, witness);
    }
    (reviewed.consent(vault, granted.id, Level::Teaching, now()).unwrap(), granted)
}

/// Has the newest checkpoint of the vault's log cosigned.
pub(crate) fn witness_log(vault: &mut Vault, witness: &mut Witness) {
    let log = log(vault);
    let kept = vault.logs().unwrap().into_iter().find(|kept| kept.id == log).unwrap();
    let leaves: Vec<_> = vault.leaf_hashes(log).unwrap().collect::<Result<_, _>>().unwrap();
    let at = now().seconds().unsigned_abs();
    let note = witness.cosign(&kept.checkpoint, &kept.verifier, &leaves, at).unwrap();
    vault.meet(note.to_string().as_bytes(), witness.key(), now()).unwrap();
}

/// An author and two cases of theirs: sealed once for all tests, in a vault of which each test has a copy.
pub(crate) struct Sealer {
    pub(crate) who: Clinician,
    pub(crate) posts: [SealedPost; 2],
    /// The withdrawal code of the first.
    pub(crate) code: WithdrawalCode,
}

/// What the author wrote of the first patient.
pub(crate) const STORY: &str = "Quillibrand has a rash that itches at night, for two weeks now.";

/// The author, who has number 1.
pub(crate) fn author() -> Sealer {
    static SEALED: LazyLock<(TempDir, [SealedPost; 2], WithdrawalCode)> = LazyLock::new(|| {
        let (mut who, mut witness) = (Clinician::new(1), Witness::new());
        let circle = World::new(&who.me, Level::Teaching, History::Archive).admin;
        let mut one = |photo, text| {
            let (case, granted) = consented(&mut who.vault, Some(&mut witness), photo, text);
            let live = live(&circle, &who.me, now());
            (case.seal(&who.vault, &live, now(), &who.random).unwrap(), granted)
        };
        let (first, granted) = one(Photo::Wristband, STORY);
        let (second, _) = one(Photo::Small, "A burn on the left hand, from hot oil.");
        let code = spoken::parse(&granted.code.printed(), Kind::Withdrawal).unwrap();
        who.vault.keep_identity(&who.keys(), &who.me, now()).unwrap();
        let Clinician { vault, folder, .. } = who;
        drop(vault);
        (folder, [first, second], WithdrawalCode(*code))
    });
    let (kept, posts, code) = &*SEALED;
    let folder = folder();
    for file in std::fs::read_dir(kept.path()).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let vault = open(folder.path()).unwrap();
    let me = vault.identity(&FileKeyStore::new(folder.path().join("vault.key"))).unwrap().unwrap();
    let who = Clinician { me, vault, random: SystemRandom::new(), folder };
    Sealer { who, posts: posts.clone(), code: *code }
}

/// A circle of the author (admin) and one reader, where the author's first post stands and nothing else.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) author: Sealer,
    pub(crate) reader: Identity,
    pub(crate) reader_sees: MyCircle,
    pub(crate) header: Vec<u8>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of(Level::Teaching, History::Archive)
    }

    pub(crate) fn of(audience: Level, history: History) -> Self {
        let (mut author, reader) = (author(), person(2));
        let mut world = World::new(&author.who.me, audience, history);
        world.add(&author.who.me, &reader, Role::Member, now());
        let reader_sees = world.seen_by(&reader);
        let header = author.address(0, &world.admin, now());
        Self { world, author, reader, reader_sees, header }
    }

    /// The author's second post, made ready at `at`.
    pub(crate) fn second(&mut self, at: UnixTime) -> Vec<u8> {
        self.author.address(1, &self.world.admin, at)
    }

    /// As the reader reads, at [`now`].
    pub(crate) fn reading(&self) -> Reading<'_> {
        reading(&self.reader_sees, now())
    }

    /// The files of one of the posts.
    pub(crate) fn files(&self, post: usize) -> Vec<Vec<u8>> {
        self.author.posts[post].objects.iter().map(|object| object.bytes.clone()).collect()
    }

    /// A header that says `change`d of what the first one says, and that the author signed.
    pub(crate) fn forge(&self, change: impl FnOnce(&mut Header)) -> Vec<u8> {
        let mut header = said(&self.header);
        change(&mut header);
        sign(&self.author.who.me, header)
    }

    /// The header of a post that `who` never sealed, for what the admin sees now: all is right but what is in it.
    pub(crate) fn forge_as(&self, who: &Identity, at: UnixTime) -> Header {
        let (head, mut header) = (self.world.admin.circle().head(), said(&self.header));
        header.author = Author { device: who.device.id(), user: who.user };
        header.membership = MembershipSeen { last: head.last, root: head.root, size: head.size };
        header.epoch = self.world.admin.circle().epoch().unwrap().number;
        header.at = at;
        (header.seq, header.prev) = (0, None);
        header
    }
}

/// What a header says.
pub(crate) fn said(header: &[u8]) -> Header {
    Signed::<Header>::parse(header).unwrap().body().clone()
}

/// A header that a device signs, whatever it says.
pub(crate) fn sign(who: &Identity, header: Header) -> Vec<u8> {
    who.device.object().state(header).to_bytes()
}

/// Reading in a circle where nothing else was read before.
pub(crate) fn reading(circle: &MyCircle, now: UnixTime) -> Reading<'_> {
    static WITNESSES: LazyLock<[VerifierKey; 1]> = LazyLock::new(|| [Witness::new().key().clone()]);
    Reading { circle, witnesses: &*WITNESSES, cited: 0, now }
}

/// Opens the key and the body of a post, with `body` as its file.
pub(crate) fn open_body(header: &[u8], body: &[u8], reading: &Reading<'_>) -> Result<OpenedBody, OpenError> {
    Received::verify(header, reading)?.post(reading)?.body(body, reading.now)
}

impl Sealer {
    /// Makes post `n` ready for a circle that the author sees so.
    pub(crate) fn address(&mut self, n: usize, circle: &MyCircle, at: UnixTime) -> Vec<u8> {
        let Self { who, posts, .. } = self;
        let _ = who.vault.keep_circle(circle.circle().id(), "Test Dermatology");
        let to = fresh(circle, &who.me, Doing::Posting, at);
        posts[n].address(&mut who.vault, &to, None, at, &who.random).unwrap().header
    }
}

/// A comment, settled.
pub(crate) fn settled(text: &str) -> SettledComment {
    let scanned = Comment::new(text.to_owned(), anywhere()).unwrap().scan(Known::default());
    let decisions = vec![Decision::Replace; scanned.findings().found.len()];
    let of = scanned.fingerprint();
    scanned.settle(&CommentVerdict { of, decisions }).unwrap()
}

/// What `who` says of the post with the hash `about`, kept in a vault of theirs.
pub(crate) fn say(
    vault: &mut Vault,
    who: &Identity,
    circle: &MyCircle,
    about: Sha256,
    say: &Say,
    at: UnixTime,
) -> Vec<u8> {
    let _ = vault.keep_circle(circle.circle().id(), "Test Dermatology");
    let to = fresh(circle, who, Doing::Discussing, at);
    seal_event(vault, &to, about, say, None, at, &SystemRandom::new()).unwrap().header
}

/// A moment as witnesses write it.
pub(crate) fn seconds(at: UnixTime) -> u64 {
    at.seconds().unsigned_abs()
}
