use std::slice;

use super::*;
use crate::canonical;
use crate::checkpoint::{Checkpoint, CheckpointError, origin};
use crate::hash::Sha256;
use crate::note::{Algorithm, Note, NoteError, VerifierKey};
use crate::padme;
use crate::statement::{PublicKey, Signed};
use crate::test_keys::{TestKey, pair};
use crate::tree::{Hash, TreeError, inclusion_proof, leaf_hash, root};
use ring::signature::KeyPair as _;

/// Breaks one rule.
type Change<'c> = &'c dyn Fn(&mut Consent);
type WrapChange = fn(&mut Vec<u8>);

const SEEN_AT: u64 = 1_800_000_000;
const LEAVES: u64 = 11;
const N: u64 = 6;

pub(crate) fn leaf(n: u64) -> String {
    format!("{{\"n\":{n}}}")
}

fn sha256(byte: u8) -> Sha256 {
    Sha256([byte; 32])
}

fn log() -> TestKey {
    TestKey::new(&origin([7; 16]), Algorithm::Ed25519, 1)
}

fn witness(seed: u8) -> TestKey {
    TestKey::new("witness.example", Algorithm::CosignatureV1, seed)
}

fn text() -> String {
    let leaves: Vec<Hash> = (0..LEAVES).map(|n| leaf_hash(leaf(n).as_bytes())).collect();
    Checkpoint { log: [7; 16], size: LEAVES, root: root(&leaves) }.to_string()
}

fn consent() -> Consent {
    let leaves: Vec<Hash> = (0..LEAVES).map(|n| leaf_hash(leaf(n).as_bytes())).collect();
    let signatures = vec![log().sign(&text()), witness(2).cosign(&text(), SEEN_AT)];
    Consent {
        checkpoint: Note::new(text(), signatures).unwrap().to_string(),
        leaf: Sha256(leaves[6].0),
        log: Id([7; 16]),
        n: N,
        proof: inclusion_proof(N, LEAVES, &leaves).unwrap().into_iter().map(|hash| Sha256(hash.0)).collect(),
    }
}

fn object(kind: ObjectKind, byte: u8, bytes: u64) -> ObjectRef {
    ObjectRef { kind, sha256: sha256(byte), size: padme::sealed_len(bytes).unwrap() }
}

fn post() -> Post {
    Post {
        consent: consent(),
        delete_after: "2027-01-31".into(),
        objects: vec![
            object(ObjectKind::Body, 0, 5_000),
            object(ObjectKind::Picture, 1, 400_000),
            object(ObjectKind::Thumbnail, 2, 20_000),
            object(ObjectKind::Picture, 3, 9_000),
        ],
        post: Id([9; 16]),
        withdrawal: Sha256::of(&[5; 16]),
        wrap: wrap(),
    }
}

fn wrap() -> Base64 {
    Base64([[1].as_slice(), &[0; 104]].concat())
}

fn event() -> Event {
    let mut body = vec![0; usize::try_from(padme::sealed_len(300).unwrap()).unwrap()];
    body[0] = 1;
    Event { about: sha256(9), body: Base64(body), event: Id([10; 16]), wrap: wrap() }
}

fn withdrawal() -> Withdrawal {
    Withdrawal { about: sha256(9), code: Some(WithdrawalCode([5; 16])), reason: WithdrawalReason::Patient }
}

fn of(content: Content) -> Header {
    Header {
        at: UnixTime::new(1_800_000_000).unwrap(),
        author: Author { device: sha256(11), user: Id([12; 16]) },
        circle: sha256(13),
        content,
        epoch: 3,
        feed: Some(FeedSeen { root: sha256(14), size: 4 }),
        membership: MembershipSeen { last: sha256(15), root: sha256(16), size: 9 },
        prev: Some(sha256(17)),
        seq: 2,
        suite: Suite,
    }
}

pub(crate) fn post_header() -> Header {
    of(Content::Post(post()))
}

pub(crate) fn event_header() -> Header {
    of(Content::Event(event()))
}

fn headers() -> [Header; 3] {
    [post_header(), event_header(), of(Content::Withdrawal(withdrawal()))]
}

fn key(seed: u8) -> PublicKey {
    PublicKey(pair(seed).public_key().as_ref().try_into().unwrap())
}

fn signed(header: Header) -> Signed<Header> {
    Signed::new(header, |message| pair(3).sign(message).as_ref().try_into().unwrap())
}

fn with_post(change: impl FnOnce(&mut Post)) -> Header {
    let mut post = post();
    change(&mut post);
    of(Content::Post(post))
}

fn with(change: impl FnOnce(&mut Header)) -> Header {
    let mut header = post_header();
    change(&mut header);
    header
}

#[test]
fn headers_read_back_and_pass() {
    for header in headers() {
        assert_eq!(header.check(), Ok(()));
        let bytes = signed(header.clone()).to_bytes();
        let read = Signed::<Header>::parse(&bytes).unwrap();
        assert_eq!(read.verify(&key(3)), Ok(&header));
        assert_eq!(read.to_bytes(), bytes);
        assert!(read.verify(&key(4)).is_err());
    }
    let mut first = event_header();
    (first.seq, first.prev, first.feed) = (0, None, None);
    assert_eq!(first.check(), Ok(()));
    let text = String::from_utf8(canonical::to_bytes(&first)).unwrap();
    assert!(!text.contains("null") && !text.contains("feed") && !text.contains("prev"), "{text}");
    let about = format!(r#""content":{{"about":"{}","body":"AQ"#, "09".repeat(32));
    assert!(text.contains(&about), "{text}");
    assert!(text.contains(r#","kind":"event","wrap":"AQ"#), "{text}");
}

#[test]
fn a_withdrawal_has_nothing_sealed() {
    let told = |withdrawal| String::from_utf8(canonical::to_bytes(&Content::Withdrawal(withdrawal))).unwrap();
    let about = "09".repeat(32);
    let code = format!(r#""about":"{about}","code":"{}""#, "05".repeat(16));
    assert_eq!(told(withdrawal()), format!(r#"{{{code},"kind":"withdrawal","reason":"patient"}}"#));
    for (reason, name) in [
        (WithdrawalReason::Patient, "patient"),
        (WithdrawalReason::Author, "author"),
        (WithdrawalReason::Officer, "officer"),
        (WithdrawalReason::Admin, "admin"),
    ] {
        let text = told(Withdrawal { code: None, reason, ..withdrawal() });
        assert_eq!(text, format!(r#"{{"about":"{about}","kind":"withdrawal","reason":"{name}"}}"#));
    }
    let read = |text: &str| serde_json::from_str::<Content>(text);
    let good = told(withdrawal());
    assert_eq!(read(&good).unwrap(), Content::Withdrawal(withdrawal()));
    for (from, to) in [
        (",\"reason\":\"patient\"", ""),
        ("\"reason\":\"patient\"", "\"reason\":\"other\""),
        ("\"reason\"", "\"body\":\"AQ==\",\"reason\""),
        ("\"reason\"", "\"event\":\"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\",\"reason\""),
        ("\"reason\"", "\"wrap\":\"AQ==\",\"reason\""),
        (&"05".repeat(16), "05"),
    ] {
        let other = good.replacen(from, to, 1);
        assert_ne!(other, good);
        assert!(read(&other).is_err(), "{other}");
    }
}

#[test]
fn what_a_header_is_about_and_seals() {
    let of_post = post_header().content;
    assert_eq!((of_post.about(), of_post.wrap()), (None, Some((&wrap(), Id([9; 16])))));
    let of_event = event_header().content;
    assert_eq!((of_event.about(), of_event.wrap()), (Some(sha256(9)), Some((&wrap(), Id([10; 16])))));
    let gone = Content::Withdrawal(withdrawal());
    assert_eq!((gone.about(), gone.wrap()), (Some(sha256(9)), None));
}

#[test]
fn no_flipped_bit_and_no_cut_of_a_signed_header_passes() {
    for header in headers() {
        let bytes = signed(header).to_bytes();
        for at in 0..bytes.len() {
            assert!(Signed::<Header>::parse(&bytes[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let read = Signed::<Header>::parse(&flipped);
                assert!(!read.is_ok_and(|read| read.verify(&key(3)).is_ok()), "bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn any_other_writing_is_refused() {
    let text = String::from_utf8(signed(event_header()).to_bytes()).unwrap();
    for (from, to) in [
        ("\"seq\":2", "\"seq\":2,\"x\":1"),
        ("\"seq\":2", "\"seq\":-2"),
        ("\"seq\":2", "\"seq\":9007199254740993"),
        ("\"kind\":\"event\"", "\"kind\":\"event\",\"x\":1"),
        ("\"kind\":\"event\"", "\"kind\":\"vote\""),
        ("\"kind\":\"event\"", "\"kind\":\"withdrawal\",\"code\":null"),
        ("\"suite\":1", "\"suite\":2"),
        ("\"suite\":1", "\"suite\":1,\"wrap\":\"AQ==\""),
        ("\"about\":\"", "\"about\":\"09"),
        ("\"feed\":{", "\"feed\":null,\"x\":{"),
        ("curtain/v1/header", "curtain/v1/headers"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text);
        assert!(Signed::<Header>::parse(other.as_bytes()).is_err(), "{other}");
    }
    let long = format!("{text}{}", " ".repeat(Header::MAX_BYTES));
    assert!(Signed::<Header>::parse(long.as_bytes()).is_err());
}

#[test]
fn every_rule_has_its_error() {
    let wraps: [(WrapChange, HeaderError); 4] = [
        (|wrap| wrap.truncate(104), HeaderError::WrapSize),
        (|wrap| wrap.push(0), HeaderError::WrapSize),
        (Vec::clear, HeaderError::WrapSize),
        (|wrap| wrap[0] = 2, HeaderError::WrapSuite),
    ];
    for (change, error) in wraps {
        let mut event = event();
        change(&mut event.wrap.0);
        assert_eq!(of(Content::Event(event)).check(), Err(error));
        assert_eq!(with_post(|post| change(&mut post.wrap.0)).check(), Err(error));
    }
    for (header, error) in [
        (with(|h| h.prev = None), HeaderError::Start),
        (with(|h| h.seq = 0), HeaderError::Start),
        (with(|h| h.epoch = 8), HeaderError::Epoch),
        (with(|h| h.epoch = u64::MAX), HeaderError::Epoch),
        (with(|h| h.membership.size = 4), HeaderError::Epoch),
        (with(|h| h.feed = Some(FeedSeen { root: sha256(1), size: 0 })), HeaderError::Feed),
        (
            with(|h| h.feed = Some(FeedSeen { root: Sha256(Hash::empty_root().0), size: 1 })),
            HeaderError::Feed,
        ),
    ] {
        assert_eq!(header.check(), Err(error), "{error}");
    }
    assert_eq!(with(|h| h.epoch = 7).check(), Ok(()));
}

#[test]
fn every_rule_about_files_has_its_error() {
    let many = |count: u8| {
        with_post(|p| {
            p.objects.truncate(1);
            p.objects.extend((1..count).map(|n| object(ObjectKind::Picture, n, 10)));
        })
    };
    assert_eq!(many(61).check(), Ok(()));
    let most = 128 << 20;
    let large = |bytes| with_post(|p| p.objects[1].size = padme::sealed_len(bytes).unwrap());
    assert_eq!(large(most).check(), Ok(()));
    for (header, error) in [
        (many(62), HeaderError::ObjectCount),
        (with_post(|p| p.objects.clear()), HeaderError::ObjectCount),
        (with_post(|p| p.objects.remove(0).size = 0), HeaderError::NoBody),
        (with_post(|p| p.objects[0].kind = ObjectKind::Thumbnail), HeaderError::NoBody),
        (with_post(|p| p.objects[2].kind = ObjectKind::Body), HeaderError::SecondBody { index: 2 }),
        (with_post(|p| p.objects[3].size += 1), HeaderError::ObjectSize { index: 3 }),
        (with_post(|p| p.objects[0].size = 0), HeaderError::ObjectSize { index: 0 }),
        (with_post(|p| p.objects[0].size = u64::MAX), HeaderError::ObjectSize { index: 0 }),
        (large(2 * most), HeaderError::ObjectTooLarge { index: 1 }),
        (
            with_post(|p| p.objects[0].size = padme::sealed_len(5 << 20).unwrap()),
            HeaderError::ObjectTooLarge { index: 0 },
        ),
        (
            with_post(|p| p.objects[2].size = padme::sealed_len(2 << 20).unwrap()),
            HeaderError::ObjectTooLarge { index: 2 },
        ),
        (with_post(|p| p.objects[3].sha256 = sha256(1)), HeaderError::ObjectTwice { index: 3 }),
    ] {
        assert_eq!(header.check(), Err(error), "{error}");
    }
    let days =
        ["", "2027-02-30", "2027-1-31", "31.01.2027", "2027-01-31T00:00:00Z", "1969-12-31", "20270131  "];
    for day in days {
        assert_eq!(
            with_post(|p| p.delete_after = day.into()).check(),
            Err(HeaderError::DeleteAfter),
            "{day}"
        );
    }
    assert_eq!(post().last_day().unwrap().to_string(), "2027-01-31T00:00:00Z");
}

#[test]
fn every_rule_about_the_consent_has_its_error() {
    let found = |change: Change<'_>| with_post(|p| change(&mut p.consent)).check();
    let note = |text: &str, by: &TestKey| Note::new(text.into(), vec![by.sign(text)]).unwrap().to_string();
    let cases: [(Change<'_>, HeaderError); 11] = [
        (&|c| c.checkpoint.clear(), HeaderError::Note(NoteError::Shape)),
        (&|c| c.checkpoint = text(), HeaderError::Note(NoteError::Shape)),
        (&|c| c.checkpoint = note("curtain\n", &log()), HeaderError::Checkpoint(CheckpointError::Lines)),
        (&|c| c.log = Id([8; 16]), HeaderError::OtherLog),
        (&|c| c.n = LEAVES, HeaderError::OldCheckpoint),
        (&|c| c.n = u64::MAX, HeaderError::OldCheckpoint),
        (&|c| c.proof = vec![sha256(1); 65], HeaderError::ProofTooLong),
        (&|c| c.proof = vec![sha256(1); 64], HeaderError::Proof(TreeError::ProofLength { given: 64 })),
        (&|c| c.n = 5, HeaderError::Proof(TreeError::OtherRoot)),
        (&|c| c.leaf = sha256(1), HeaderError::Proof(TreeError::OtherRoot)),
        (&|c| c.proof.truncate(3), HeaderError::Proof(TreeError::ProofLength { given: 3 })),
    ];
    for (change, error) in cases {
        assert_eq!(found(change), Err(error), "{error}");
    }
}

#[test]
fn the_log_signed_and_a_witness_saw() {
    let (log, one, other) = (log().public, witness(2).public, witness(4).public);
    let cosigned = consent().cosigned(&log, &[other.clone(), one.clone()]).unwrap();
    assert_eq!((cosigned.checkpoint.to_string(), cosigned.at_unix_s), (text(), SEEN_AT));

    let useless: [&[VerifierKey]; 3] = [&[], slice::from_ref(&other), slice::from_ref(&log)];
    for witnesses in useless {
        assert_eq!(consent().cosigned(&log, witnesses), Err(HeaderError::NotWitnessed));
    }
    let stranger = TestKey::new(&origin([7; 16]), Algorithm::Ed25519, 5).public;
    let error = consent().cosigned(&stranger, slice::from_ref(&one));
    assert_eq!(error, Err(HeaderError::Checkpoint(CheckpointError::Note(NoteError::NotSigned))));
    let other_name = TestKey::new(&origin([8; 16]), Algorithm::Ed25519, 1).public;
    let error = consent().cosigned(&other_name, slice::from_ref(&one));
    assert_eq!(error, Err(HeaderError::Checkpoint(CheckpointError::OtherLog)));

    // Two witnesses: the first time counts.
    let note = Note::parse(consent().checkpoint.as_bytes()).unwrap();
    let note = note.with(witness(4).cosign(&text(), SEEN_AT - 9)).unwrap();
    let both = Consent { checkpoint: note.to_string(), ..consent() };
    assert_eq!(both.cosigned(&log, &[one.clone(), other]).unwrap().at_unix_s, SEEN_AT - 9);
    assert_eq!(Consent { n: 5, ..both }.cosigned(&log, &[one]), Err(TreeError::OtherRoot.into()));
}

#[test]
fn no_flipped_bit_of_a_checkpoint_keeps_log_and_witness() {
    let (log, witness) = (log().public, witness(2).public);
    let checkpoint = consent().checkpoint.into_bytes();
    for at in 0..checkpoint.len() {
        for bit in 0..8 {
            let mut flipped = checkpoint.clone();
            flipped[at] ^= 1 << bit;
            let Ok(checkpoint) = String::from_utf8(flipped) else { continue };
            let consent = Consent { checkpoint, ..consent() };
            let found = consent.cosigned(&log, slice::from_ref(&witness));
            assert!(found.is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn every_rule_about_events_has_its_error() {
    let sealed = |bytes: u64| {
        let mut body = vec![0; usize::try_from(padme::sealed_len(bytes).unwrap()).unwrap()];
        body[0] = 1;
        body
    };
    let largest = (0..66_000).rev().find(|len| padme::sealed_len(*len).unwrap() <= 65_536).unwrap();
    for (body, result) in [
        (sealed(0), Ok(())),
        (sealed(largest), Ok(())),
        (sealed(largest + 1), Err(HeaderError::EventTooLarge)),
        (Vec::new(), Err(HeaderError::EventSize)),
        (vec![1; 80], Err(HeaderError::EventSize)),
        // Not padded up to the floor: 1 + 56 + 8 + 16.
        (vec![1; 81], Err(HeaderError::EventSize)),
        (vec![1; sealed(0).len() - 1], Err(HeaderError::EventSize)),
        (vec![1; sealed(0).len() + 1], Err(HeaderError::EventSize)),
        (vec![2; sealed(0).len()], Err(HeaderError::EventSuite)),
    ] {
        assert_eq!(of(Content::Event(Event { body: Base64(body), ..event() })).check(), result);
    }
}

#[test]
fn a_code_is_that_of_one_post() {
    assert_eq!(withdrawal().code.unwrap().check(post().withdrawal), Ok(()));
    assert_eq!(WithdrawalCode([6; 16]).check(post().withdrawal), Err(HeaderError::OtherCode));
}

#[test]
fn a_code_is_in_no_debug_output() {
    let code = WithdrawalCode(std::array::from_fn(|n| 0xc0 | u8::try_from(n).unwrap()));
    assert_eq!(format!("{code:?}"), "WithdrawalCode { .. }");
    let said = format!("{:?}", Withdrawal { code: Some(code), ..withdrawal() });
    let digits = code.to_string();
    for part in [&digits[..4], "192", "193", "0xc0"] {
        assert!(!said.contains(part), "{said}");
    }
}

#[test]
fn the_largest_header_fits() {
    let largest = with_post(|p| {
        p.objects.truncate(1);
        p.objects.extend((1..61).map(|n| object(ObjectKind::Thumbnail, n, 1 << 20)));
        p.consent.proof = vec![sha256(1); 64];
    });
    assert!(signed(largest).to_bytes().len() < Header::MAX_BYTES / 4);
    let event = Event { body: Base64(vec![0; MAX_EVENT_BYTES]), ..event() };
    assert!(signed(of(Content::Event(event))).to_bytes().len() < Header::MAX_BYTES);
}
