use super::*;
use crate::canonical::{NotCanonical, Suite};
use crate::chain::ChainError;
use crate::header::tests::{event_header, post_header};
use crate::header::{Consent, Event, MembershipSeen, WithdrawalCode};
use crate::membership::ForkError;
use crate::membership::tests::{World, device, device_id, id, remove, role, sign, sign_as, time};
use crate::note::sign_ed25519;
use crate::tree::verify_consistency;

const NOW: i64 = 1_000;

/// A circle of an admin `one` and members `two` and `three`, and its feed.
struct Place {
    world: World,
    feed: Feed,
}

impl Place {
    fn new() -> Self {
        Self { world: World::of_three(), feed: Feed::new() }
    }

    /// The next header of this user's posting device.
    fn header(&self, user: &str, content: Content) -> Header {
        let device = device_id(&format!("{user}/1"));
        let (seq, prev) = self.feed.next_of(&device);
        let head = self.world.circle.head();
        Header {
            at: time(NOW),
            author: Author { device, user: id(user) },
            circle: head.circle,
            content,
            epoch: self.world.circle.epoch().unwrap().number,
            feed: None,
            membership: MembershipSeen { last: head.last, root: head.root, size: head.size },
            prev,
            seq,
            suite: Suite,
        }
    }

    fn check(&self, user: &str, header: Header) -> Result<Checked, FeedError> {
        self.feed.check(&self.world.circle, &signed(user, header), time(NOW))
    }

    fn refuses(&self, user: &str, header: Header) -> FeedError {
        self.check(user, header).unwrap_err()
    }

    /// Takes what this user says, and gives the hash of its header.
    fn says(&mut self, user: &str, content: Content) -> Result<Sha256, FeedError> {
        let checked = self.check(user, self.header(user, content))?;
        let hash = checked.hash();
        let n = self.feed.take(checked);
        assert_eq!(self.feed.place(&hash), Some(n));
        Ok(hash)
    }
}

fn signed(user: &str, header: Header) -> Vec<u8> {
    Signed::new(header, sign_as(&format!("{user}/1"))).to_bytes()
}

fn post_by(user: &str) -> Post {
    let Content::Post(post) = post_header().content else { panic!("a post") };
    let key = device(&format!("{user}/1")).log;
    let log = id(&format!("{user}/1"));
    let leaf = leaf_hash(b"grant");
    let text = Checkpoint { log: log.0, size: 1, root: leaf }.to_string();
    let signature = sign_ed25519(&text, &key, sign(&format!("{user}/1 log"))).unwrap();
    let checkpoint = Note::new(text, vec![signature]).unwrap().to_string();
    let consent = Consent { checkpoint, leaf: Sha256(leaf.0), log, n: 0, proof: Vec::new() };
    Post { consent, delete_after: time(0).plus_days(5).date(), withdrawal: Sha256::of(&[5; 16]), ..post }
}

fn case(user: &str) -> Content {
    Content::Post(post_by(user))
}

fn comment(about: Sha256) -> Content {
    let Content::Event(event) = event_header().content else { panic!("an event") };
    Content::Event(Event { about, ..event })
}

fn withdrawal(about: Sha256, reason: WithdrawalReason, code: Option<u8>) -> Content {
    Content::Withdrawal(Withdrawal { about, code: code.map(|code| WithdrawalCode([code; 16])), reason })
}

#[test]
fn posts_are_taken_and_withdrawn_and_read_back() {
    let mut place = Place::new();
    let post = place.says("two", case("two")).unwrap();
    let first = place.feed.head(place.world.circle.id());
    place.says("three", comment(post)).unwrap();
    assert_eq!(place.feed.post(0).unwrap().withdrawn, None);
    place.says("two", withdrawal(post, WithdrawalReason::Author, None)).unwrap();
    place.says("one", withdrawal(post, WithdrawalReason::Admin, None)).unwrap();
    let taken = place.feed.post(0).unwrap();
    assert_eq!((taken.hash, taken.author.user, taken.withdrawn), (post, id("two"), Some(2)));
    let file = taken.objects[1].sha256;
    assert_eq!(place.feed.naming(&file).map(|(n, _)| n).collect::<Vec<_>>(), [0]);
    assert!(!taken.is_over(time(0).plus_days(5)) && taken.is_over(time(0).plus_days(6)));
    assert_eq!((place.feed.size(), place.feed.cited()), (4, place.world.circle.size()));
    let head = place.feed.head(place.world.circle.id());
    let proof = place.feed.consistency_proof(1, 4).unwrap();
    verify_consistency(1, first.root, 4, head.root, &proof).unwrap();
    assert_eq!(place.feed.root_at(1), Some(first.root));
    assert_eq!(place.feed.root_at(5), None);
}

#[test]
fn the_same_header_is_taken_once() {
    let mut place = Place::new();
    let bytes = signed("two", place.header("two", case("two")));
    let check = |place: &Place| place.feed.check(&place.world.circle, &bytes, time(NOW));
    let checked = check(&place).unwrap();
    place.feed.take(checked);
    assert_eq!(check(&place).unwrap_err(), FeedError::There { n: 0 });
    let mut again = Feed::new();
    again.take(Feed::reread(&bytes).unwrap());
    assert_eq!(again.head(place.world.circle.id()), place.feed.head(place.world.circle.id()));
    assert_eq!(Feed::reread(b"{}").unwrap_err(), NotCanonical::Form);
}

#[test]
fn each_rule_has_its_error() {
    let mut place = Place::new();
    let post = place.says("two", case("two")).unwrap();
    let with = |change: &dyn Fn(&mut Header)| {
        let mut header = place.header("three", comment(post));
        change(&mut header);
        place.refuses("three", header)
    };
    assert_eq!(with(&|header| header.circle = Sha256([1; 32])), FeedError::OtherCircle);
    assert_eq!(with(&|header| header.author.device = Sha256([1; 32])), FeedError::UnknownDevice);
    assert_eq!(with(&|header| header.author.device = device_id("two/1")), FeedError::Signature);
    assert_eq!(with(&|header| header.author.user = id("two")), FeedError::NotAMember);
    assert_eq!(with(&|header| header.at = time(NOW + 301)), FeedError::Ahead);
    assert_eq!(with(&|header| header.at = time(-300)), FeedError::Early);
    assert_eq!(with(&|header| header.epoch = 0), FeedError::WrongEpoch);
    assert_eq!(with(&|header| header.prev = Some(post)), FeedError::Header(HeaderError::Start));
    let size = place.world.circle.size();
    let behind = FeedError::Behind { size: size + 1, here: size };
    assert_eq!(with(&|header| header.membership.size += 1), behind);
    let forked = FeedError::Fork(ForkError::Forked { size });
    assert_eq!(with(&|header| header.membership.root = Sha256([1; 32])), forked);
    assert_eq!(with(&|header| header.membership.last = Sha256([1; 32])), forked);
    let gap = FeedError::Chain(ChainError::Gap { seq: 1, next: 0 });
    assert_eq!(with(&|header| (header.seq, header.prev) = (1, Some(post))), gap);
    assert_eq!(with(&|header| header.content = comment(Sha256([1; 32]))), FeedError::NoSuchPost);
    assert_eq!(with(&|header| header.content = case("two")), FeedError::OtherLog);
    let over = Post { delete_after: time(0).plus_days(0).date(), ..post_by("three") };
    let late = signed("three", place.header("three", Content::Post(over)));
    let tomorrow = time(0).plus_days(1);
    assert_eq!(place.feed.check(&place.world.circle, &late, tomorrow).unwrap_err(), FeedError::Over);
    let mut other = post_by("three");
    let text = Checkpoint { log: other.consent.log.0, size: 1, root: leaf_hash(b"grant") }.to_string();
    let by_other = sign_ed25519(&text, &device("three/1").log, sign("two/1 log")).unwrap();
    other.consent.checkpoint = Note::new(text, vec![by_other]).unwrap().to_string();
    let error = place.refuses("three", place.header("three", Content::Post(other)));
    assert_eq!(error.code(), "consent_checkpoint");
    assert!(matches!(place.feed.check(&place.world.circle, b"{}", time(NOW)), Err(FeedError::Form(_))));
    let mut fork = place.header("two", comment(post));
    (fork.seq, fork.prev) = (0, None);
    assert_eq!(place.refuses("two", fork), FeedError::Chain(ChainError::Fork { seq: 0 }));
}

#[test]
fn who_withdraws_may() {
    let mut place = Place::new();
    let post = place.says("two", case("two")).unwrap();
    for (user, reason, may) in [
        ("two", WithdrawalReason::Author, true),
        ("two", WithdrawalReason::Patient, true),
        ("two", WithdrawalReason::Admin, false),
        ("two", WithdrawalReason::Officer, false),
        ("three", WithdrawalReason::Author, false),
        ("three", WithdrawalReason::Patient, false),
        ("one", WithdrawalReason::Admin, true),
        ("one", WithdrawalReason::Officer, false),
    ] {
        let result = place.check(user, place.header(user, withdrawal(post, reason, None)));
        assert_eq!(result.err(), (!may).then_some(FeedError::Role), "{user} {reason:?}");
    }
    let by_code = |code| place.header("three", withdrawal(post, WithdrawalReason::Patient, Some(code)));
    assert!(place.check("three", by_code(5)).is_ok());
    assert_eq!(place.refuses("three", by_code(6)), FeedError::Header(HeaderError::OtherCode));
    let comment_of = place.says("three", comment(post)).unwrap();
    let about = place.header("one", withdrawal(comment_of, WithdrawalReason::Admin, None));
    assert_eq!(place.refuses("one", about), FeedError::NoSuchPost);
}

#[test]
fn what_was_sealed_for_a_circle_of_before_is_refused() {
    let mut place = Place::new();
    let post = place.says("two", case("two")).unwrap();
    let old = place.header("two", comment(post));
    let gone = place.header("two", withdrawal(post, WithdrawalReason::Author, None));
    place.world.says("one/1", role("two", Role::Student)).unwrap();
    place.says("three", case("three")).unwrap();
    // The cited size counts: by then the author was no member who posts, but one who comments.
    let mut late = old.clone();
    late.content = case("two");
    assert_eq!(place.refuses("two", late), FeedError::Role);
    assert!(place.check("two", old.clone()).is_ok());
    place.world.says("one/1", remove("three")).unwrap();
    assert_eq!(place.refuses("two", old.clone()), FeedError::Blocked);
    assert_eq!(place.refuses("two", place.header("two", comment(post))), FeedError::Blocked);
    assert_eq!(place.refuses("three", place.header("three", comment(post))), FeedError::NotAMember);
    place.world.epoch("one/1");
    assert_eq!(place.refuses("two", old), FeedError::StaleMembership);
    assert!(place.check("two", gone).is_ok());
    assert!(place.check("two", place.header("two", comment(post))).is_ok());
}

#[test]
fn what_an_author_says_to_have_seen_is_this_feed() {
    let mut place = Place::new();
    let seen = |place: &Place, size, root: Hash| {
        let feed = Some(crate::header::FeedSeen { root: Sha256(root.0), size });
        place.check("two", Header { feed, ..place.header("two", case("two")) }).map(drop)
    };
    let empty = Hash::empty_root();
    assert_eq!(seen(&place, 0, empty), Ok(()));
    assert_eq!(seen(&place, 1, leaf_hash(b"more")), Err(FeedError::OtherFeed), "more than there is");
    place.says("one", case("one")).unwrap();
    let one = place.feed.root_at(1).unwrap();
    place.says("three", case("three")).unwrap();
    let two = place.feed.root_at(2).unwrap();
    for (size, root, is_this) in
        [(0, empty, true), (1, one, true), (2, two, true), (1, two, false), (2, one, false)]
    {
        let expected = if is_this { Ok(()) } else { Err(FeedError::OtherFeed) };
        assert_eq!(seen(&place, size, root), expected, "{size}");
    }
}
