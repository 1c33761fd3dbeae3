//! What is said below a case, that a case must go, and in which order a device said it.

use curtain::circle::{CredentialKind, Identity, MyCircle, NotLive, Role};
use curtain::hash::Sha256;
use curtain::post::{Addressed, OpenError, Received, Say, SendError, withdraw};
use curtain::seal::stream::OpenError as StreamError;
use curtain::vault::Vault;
use curtain::wire::chain::{Chain, ChainError};
use curtain::wire::events::{Status, What};
use curtain::wire::header::{Content, Event, HeaderError, WithdrawalCode, WithdrawalReason as Reason};

use crate::circles::{Clinician, Scene, in_a_year, person, person_with, reading, said, say, settled, sign};
use crate::people::{later, now};

/// Somebody's word that a case must go, from a vault of theirs.
fn goes(
    vault: &mut Vault,
    who: &Identity,
    sees: &MyCircle,
    about: Sha256,
    reason: Reason,
    code: Option<WithdrawalCode>,
) -> Result<Addressed, SendError> {
    let _ = vault.keep_circle(sees.circle().id(), "Test Dermatology");
    withdraw(vault, who, sees, about, reason, code, now())
}

/// Who says so, why, with which code, and what is made of it.
type Case<'a> = (&'a Identity, Reason, Option<WithdrawalCode>, Result<Reason, OpenError>);

#[test]
fn a_case_goes_when_one_says_so_who_may() {
    let mut scene = Scene::new();
    let officer = person_with(3, CredentialKind::Officer, in_a_year());
    let moderator = person(4);
    scene.world.add(&scene.author.who.me, &officer, Role::Officer, now());
    scene.world.add(&scene.author.who.me, &moderator, Role::Moderator, now());
    let mut vault = Clinician::new(2).vault;
    let reader_sees = scene.world.seen_by(&scene.reader);
    let about = Received::verify(&scene.header, &reading(&reader_sees, now())).unwrap();
    let other_post = scene.second(now());
    let other_post = Received::verify(&other_post, &reading(&reader_sees, now())).unwrap();
    let (code, wrong) = (scene.author.code, WithdrawalCode([1; 16]));
    let admin = &scene.author.who.me;
    let role = Err(OpenError::Role);
    let cases: [Case<'_>; 14] = [
        // Whoever has the patient's code, whatever they are.
        (&scene.reader, Reason::Patient, Some(code), Ok(Reason::Patient)),
        (&officer, Reason::Patient, Some(code), Ok(Reason::Patient)),
        (&scene.reader, Reason::Patient, Some(wrong), Err(HeaderError::OtherCode.into())),
        (admin, Reason::Author, Some(wrong), Err(HeaderError::OtherCode.into())),
        (&scene.reader, Reason::Patient, None, role),
        // Its author, for the patient or not.
        (admin, Reason::Author, None, Ok(Reason::Author)),
        (admin, Reason::Patient, None, Ok(Reason::Patient)),
        (&scene.reader, Reason::Author, None, role),
        // An officer, an admin, a moderator; each as what they are.
        (&officer, Reason::Officer, None, Ok(Reason::Officer)),
        (&officer, Reason::Admin, None, role),
        (admin, Reason::Admin, None, Ok(Reason::Admin)),
        (&moderator, Reason::Admin, None, Ok(Reason::Admin)),
        (&moderator, Reason::Officer, None, role),
        (&scene.reader, Reason::Admin, None, role),
    ];
    for (who, reason, code, expected) in cases {
        let sees = scene.world.seen_by(who);
        let said = goes(&mut vault, who, &sees, about.hash, reason, code).unwrap();
        let received = Received::verify(&said.header, &reading(&reader_sees, now())).unwrap();
        assert_eq!(received.withdraws(&about), expected, "{reason:?} of {}", who.name);
        assert_eq!(received.withdraws(&other_post), Err(OpenError::OtherPost));
        assert_eq!(about.withdraws(&about), Err(OpenError::OtherKind));
        assert_eq!(received.clone().withdraws(&received), Err(OpenError::OtherKind));
    }
    // Somebody who is not in the circle, and somebody who no longer is: not even with the code, in a header.
    let stranger = person(9);
    let refused = goes(&mut vault, &stranger, &reader_sees, about.hash, Reason::Author, Some(code));
    assert!(matches!(refused, Err(SendError::Circle(NotLive::NotIn))));
    scene.world.remove(&scene.author.who.me, moderator.user, now());
    let sees = scene.world.seen_by(&scene.reader);
    let refused = goes(&mut vault, &moderator, &sees, about.hash, Reason::Admin, None);
    assert!(matches!(refused, Err(SendError::Circle(NotLive::NotIn))));
    // Nothing stands in its way: nobody has the next key yet, and no witness was asked.
    assert!(sees.circle().blocked());
    let said = goes(&mut vault, &scene.reader, &sees, about.hash, Reason::Patient, Some(code)).unwrap();
    let received = Received::verify(&said.header, &reading(&sees, now())).unwrap();
    assert_eq!(received.withdraws(&about), Ok(Reason::Patient));
    // A moderator's word from before they went still counts, and one that names a later log does not.
    let forged = sign(&moderator, {
        let mut header = scene.forge_as(&moderator, now());
        header.content = crate::circles::said(&said.header).content;
        header
    });
    assert_eq!(Received::verify(&forged, &reading(&sees, now())).err(), Some(OpenError::NotAMember));
}

/// A change to an event, by somebody who has another one at hand.
type Change = fn(&mut Event, &Event);

#[test]
fn what_is_said_stands_below_its_own_case_and_is_said_by_who_may() {
    let mut scene = Scene::new();
    let moderator = person(4);
    scene.world.add(&scene.author.who.me, &moderator, Role::Moderator, now());
    let sees = scene.world.seen_by(&scene.reader);
    let at = reading(&sees, now());
    let verify = |header: &[u8]| Received::verify(header, &at).unwrap();
    let (about, other) = (verify(&scene.header), verify(&scene.second(now())));
    let mut vault = Clinician::new(2).vault;
    let mut speak = |who: &Identity, what: &Say| {
        let sees = scene.world.seen_by(who);
        say(&mut vault, who, &sees, about.hash, what, now())
    };

    let text = "Is it worse at night?";
    let comment = speak(&scene.reader, &Say::Comment(settled(text)));
    let opened = verify(&comment).event(&about, &at).unwrap();
    let What::Comment { text: words } = &opened.body.what else { panic!("{opened:?}") };
    assert_eq!(words.0, text);
    assert!(!String::from_utf8_lossy(&comment).contains("night"));
    assert_eq!(verify(&comment).event(&other, &at).err(), Some(OpenError::OtherPost));
    assert_eq!(verify(&comment).post(&at).err(), Some(OpenError::OtherKind));
    assert_eq!(verify(&scene.header).event(&about, &at).err(), Some(OpenError::OtherKind));

    // How a case stands is said by its author, a moderator or an admin.
    for (who, expected) in
        [(&scene.reader, Some(OpenError::Role)), (&moderator, None), (&scene.author.who.me, None)]
    {
        for what in [Say::Status(Status::Closed), Say::Outcome(settled("It healed."))] {
            let header = speak(who, &what);
            assert_eq!(verify(&header).event(&about, &at).err(), expected, "{what:?} by {}", who.name);
        }
    }

    // One body under another event's name, below another case, or with a bit changed: by its own author, even.
    let helpful = speak(&scene.reader, &Say::Helpful(Sha256::of(&comment)));
    let wrong = OpenError::Object(StreamError::WrongKeyOrContext);
    let wrap = OpenError::Wrap(StreamError::WrongKeyOrContext);
    let chunk = OpenError::Object(StreamError::Chunk { index: 0 });
    let changes: [(Change, OpenError); 5] = [
        (|event, other| event.body = other.body.clone(), wrong),
        (|event, other| event.wrap = other.wrap.clone(), wrap),
        (|event, other| event.event = other.event, wrap),
        (|event, _| *event.body.0.last_mut().unwrap() ^= 1, chunk),
        (|event, _| event.body.0[0] ^= 1, OpenError::Header(HeaderError::EventSuite)),
    ];
    for (change, expected) in changes {
        let mut header = said(&comment);
        let Content::Event(theirs) = said(&helpful).content else { unreachable!() };
        let Content::Event(event) = &mut header.content else { unreachable!() };
        change(event, &theirs);
        let header = sign(&scene.reader, header);
        let error = Received::verify(&header, &at).and_then(|header| header.event(&about, &at)).err();
        assert_eq!(error, Some(expected));
    }
    let mut header = said(&comment);
    let Content::Event(event) = &mut header.content else { unreachable!() };
    event.about = other.hash;
    let moved = sign(&scene.reader, header);
    assert_eq!(verify(&moved).event(&other, &at).err(), Some(wrong), "moved below another case");
}

#[test]
fn a_gap_a_replay_and_a_fork_in_what_a_device_said_are_told_apart() {
    let mut scene = Scene::new();
    let second = scene.second(now());
    let about = Sha256::of(&scene.header);
    let sees = scene.world.admin.clone();
    let me = &mut scene.author.who;
    let third = say(&mut me.vault, &me.me, &sees, about, &Say::Comment(settled("It got better.")), later(1));
    let all = [&scene.header, &second, &third];
    let sees = scene.world.seen_by(&scene.reader);
    let accept = |chain: &mut Chain, header: &[u8]| {
        let received = Received::verify(header, &reading(&sees, later(1))).unwrap();
        let (header, hash) = (&received.header, received.hash);
        chain.accept(hash, header.seq, header.prev)
    };

    let mut chain = Chain::new();
    assert_eq!(accept(&mut chain, &second), Err(ChainError::Gap { seq: 1, next: 0 }));
    assert_eq!(accept(&mut chain, &scene.header), Ok(()));
    assert_eq!(accept(&mut chain, &third), Err(ChainError::Gap { seq: 2, next: 1 }));
    assert_eq!(accept(&mut chain, &scene.header), Err(ChainError::Replay));
    // The device, or who has its key, says something else under a number that was used.
    let other = scene.forge(|header| header.at = later(1));
    assert_eq!(accept(&mut chain, &other), Err(ChainError::Fork { seq: 0 }));
    let mut elsewhere = Chain::new();
    assert_eq!(accept(&mut elsewhere, &other), Ok(()));
    assert_eq!(accept(&mut elsewhere, &second), Err(ChainError::OtherPast { seq: 1 }));
    // No error changed anything.
    assert_eq!(accept(&mut chain, &second), Ok(()));
    assert_eq!(accept(&mut chain, &third), Ok(()));
    assert_eq!(chain.hashes(), all.map(|header| Sha256::of(header)));
    for header in all {
        assert_eq!(accept(&mut chain, header), Err(ChainError::Replay));
    }
    // A phone that was restored from a backup says its second thing again.
    let restored = scene.forge(|header| {
        (header.seq, header.prev) = (1, Some(about));
    });
    assert_eq!(accept(&mut chain, &restored), Err(ChainError::Fork { seq: 1 }));
}
