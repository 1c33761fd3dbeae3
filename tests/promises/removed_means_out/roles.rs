//! What a role allows: to post, to discuss, to read, or none of it.

use curtain::circle::{CircleError, CredentialKind, Doing, History, NotLive, Role};
use curtain::consent::Level;
use curtain::post::{OpenError, Received, Say, SendError};
use curtain::wire::canonical::Base64;
use curtain::wire::credential::CredentialError;
use curtain::wire::membership::{Add, Change};
use ring::rand::SystemRandom;

use crate::circles::{
    Clinician, Photo, Scene, Sealer, World, author, consented, fresh, in_a_year, issuer, live, pen, person,
    person_with, reading, say, says, settled, sign,
};
use crate::people::now;

#[test]
fn a_student_discusses_and_does_not_post() {
    let mut student = Clinician::new(3);
    let mut scene = Scene::new();
    scene.world.add(&scene.author.who.me, &student.me, Role::Student, now());
    let sees = scene.world.seen_by(&student.me);
    assert_eq!(sees.live(&student.me, Doing::Posting, now()).err(), Some(NotLive::Role));
    let discussing = sees.live(&student.me, Doing::Discussing, now()).unwrap();

    // Not in the name of a discussion either.
    let (case, _) = consented(&mut student.vault, None, Photo::Small, "A burn.");
    let refused = case.seal(&student.vault, &discussing, now(), &student.random).unwrap_err();
    assert_eq!(refused.error.code(), "role");

    // Readers refuse what is posted all the same, and take what is said.
    let reader = scene.world.seen_by(&scene.reader);
    let forged = sign(&student.me, scene.forge_as(&student.me, now()));
    assert_eq!(Received::verify(&forged, &reading(&reader, now())).err(), Some(OpenError::Role));
    let post = Received::verify(&scene.header, &reading(&reader, now())).unwrap();
    let comment = Say::Comment(settled("Is it worse at night?"));
    let said = say(&mut student.vault, &student.me, &sees, post.hash, &comment, now());
    let comment = Received::verify(&said, &reading(&reader, now())).unwrap();
    assert!(comment.event(&post, &reading(&reader, now())).is_ok());
}

#[test]
fn who_became_a_student_does_not_send_what_was_sealed_before() {
    let (admin, mut author) = (person(4), author());
    let mut world = World::new(&admin, Level::Teaching, History::Archive);
    world.add(&admin, &author.who.me, Role::Student, now());
    let sees = world.seen_by(&author.who.me);
    author.who.vault.keep_circle(world.id(), "Test Dermatology").unwrap();
    let Sealer { who, posts, .. } = &mut author;
    let to = fresh(&sees, &who.me, Doing::Discussing, now());
    let refused = posts[0].address(&mut who.vault, &to, None, now(), &SystemRandom::new()).unwrap_err();
    assert!(matches!(refused, SendError::Circle(NotLive::Role)), "{refused:?}");
    assert_eq!(who.vault.header_of(world.id(), posts[0].post).unwrap(), None);
}

#[test]
fn an_officer_has_no_key() {
    let mut scene = Scene::new();
    let officer = person_with(3, CredentialKind::Officer, in_a_year());
    let admin = &scene.author.who.me;
    let (join, _) = pen(&person(5), now()).join(Some(scene.world.id())).unwrap();
    let clinician = person(5).profile().unwrap();
    let refused = pen(admin, now()).add(&mut scene.world.admin, join, &clinician, Role::Officer);
    assert!(matches!(refused, Err(CircleError::Credential(CredentialError::Device | CredentialError::Kind))));
    scene.world.add(admin, &officer, Role::Officer, now());
    let mut sees = scene.world.seen_by(&officer);
    let recipient = officer.key().unwrap().public().recipient();
    assert!(scene.world.boxes.iter().all(|boxes| boxes.one(&recipient).is_none()));
    assert_eq!(sees.missing_box(), None);
    for doing in [Doing::Posting, Doing::Discussing] {
        assert_eq!(sees.live(&officer, doing, now()).err(), Some(NotLive::Role));
    }
    let received = Received::verify(&scene.header, &reading(&sees, now()));
    assert_eq!(received.err(), Some(OpenError::NoSecret), "not even who the author is");

    // A member who becomes one has the old key: nothing is sealed before there is a new one.
    let mut clinician = person(6);
    scene.world.add(admin, &clinician, Role::Member, now());
    let now_officer = says(CredentialKind::Officer, clinician.user, clinician.device.id(), in_a_year());
    clinician.credential = Some(issuer().state(now_officer));
    let mut clinician_sees = scene.world.seen_by(&clinician);
    let entry = pen(&clinician, now()).profile(&mut clinician_sees).unwrap();
    scene.world.take(entry, now());
    let entry = pen(admin, now()).role(&mut scene.world.admin, clinician.user, Role::Officer).unwrap();
    assert!(scene.world.admin.circle().blocked());
    scene.world.entries.push(entry);
    let blocked = scene.world.admin.live(admin, Doing::Posting, now()).err();
    assert_eq!(blocked, Some(NotLive::RotationDue));
    scene.world.rotate(admin, now());
    sees = scene.world.seen_by(&clinician);
    assert_eq!((sees.missing_box(), sees.epochs().count()), (None, 0));
}

#[test]
fn advice_on_care_is_for_clinicians_whose_credential_counts_now() {
    let admin = person(4);
    let mut world = World::new(&admin, Level::CareAdvice, History::Archive);
    let student = person_with(3, CredentialKind::Student, in_a_year());
    let (join, _) = pen(&student, now()).join(Some(world.id())).unwrap();
    let profile = student.profile().unwrap();
    let refused = pen(&admin, now()).add(&mut world.admin, join.clone(), &profile, Role::Student);
    assert_eq!(refused, Err(CircleError::Credential(CredentialError::Role)));
    // The log itself refuses it from an admin who does not ask.
    let profile = Base64([&[1][..], &[0; 200]].concat());
    let change = Change::Add(Add { join, profile, role: Role::Student });
    let sign = |message: &[u8]| admin.device.object().sign(message);
    let entry = world.admin.circle().entry(now(), admin.device.id(), change, sign).to_bytes();
    let refused = world.admin.append(&entry, now()).unwrap_err();
    assert_eq!(refused.code(), "student_in_care_advice");

    // One reader's credential runs out: nothing is sealed; where cases are shown for teaching, it is.
    for (audience, refused) in [
        (Level::CareAdvice, Some(NotLive::Reader { user: person(2).user, error: CredentialError::Expired })),
        (Level::Teaching, None),
    ] {
        let mut world = World::new(&admin, audience, History::Archive);
        world.add(&admin, &person_with(2, CredentialKind::Clinician, now()), Role::Member, now());
        live(&world.admin, &admin, now());
        let later = crate::people::later(1);
        assert_eq!(world.admin.live(&admin, Doing::Posting, later).err(), refused);
    }
}
