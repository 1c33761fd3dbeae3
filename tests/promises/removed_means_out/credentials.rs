//! Who says that somebody is what they are: looked at when they come in, when something is sealed, and when it is opened.

use curtain::circle::{
    CircleError, Credential, CredentialKind, Doing, Identity, MyCircle, NotLive, Revocation, Role,
};
use curtain::consent::Level;
use curtain::hash::{Id, Sha256};
use curtain::keys::SigningKey;
use curtain::post::{OpenError, Received};
use curtain::wire::canonical::Suite;
use curtain::wire::credential::CredentialError;
use curtain::wire::statement::Signed;

use crate::circles::{Scene, World, in_a_year, issuer, live, open_body, pen, person, reading, says, sign};
use crate::people::{later, now};

type Given = (CredentialError, Option<Signed<Credential>>);

/// Credentials that do not count for `who` in [`later`] 1, one for each reason.
fn bad(who: &Identity) -> Vec<Given> {
    let other = SigningKey::from_seed([0x51; 32]);
    let good = says(CredentialKind::Clinician, who.user, who.device.id(), in_a_year());
    let changed = |change: &dyn Fn(&mut Credential)| {
        let mut said = good.clone();
        change(&mut said);
        Some(issuer().state(said))
    };
    let foreign = Credential { issuer: other.public(), ..good.clone() };
    vec![
        (CredentialError::Missing, None),
        (CredentialError::Issuer, Some(other.state(foreign))),
        (CredentialError::Signature, Some(other.state(good.clone()))),
        (CredentialError::User, changed(&|said| said.user = Id([77; 16]))),
        (CredentialError::Device, changed(&|said| said.device = Sha256([7; 32]))),
        (CredentialError::NotYet, changed(&|said| said.issued = later(2))),
        (CredentialError::Expired, changed(&|said| said.expires = now())),
        (CredentialError::Kind, changed(&|said| said.kind = CredentialKind::Student)),
        (CredentialError::Kind, changed(&|said| said.kind = CredentialKind::Officer)),
    ]
}

/// The circle after `who` sent a profile with this credential.
fn with(scene: &mut Scene, who: &mut Identity, credential: Option<Signed<Credential>>) -> MyCircle {
    who.credential = credential;
    let mut sees = scene.world.seen_by(who);
    let entry = pen(who, now()).profile(&mut sees).unwrap();
    scene.world.take(entry, later(1));
    sees
}

#[test]
fn nobody_is_let_in_on_a_credential_that_does_not_count() {
    let admin = person(1);
    let world = World::new(&admin, Level::Teaching, curtain::circle::History::Archive);
    let mut who = person(3);
    let (join, _) = pen(&who, now()).join(Some(world.id())).unwrap();
    let mut circle = world.admin.clone();
    for (error, credential) in bad(&who) {
        who.credential = credential;
        let profile = who.profile().unwrap();
        let refused = pen(&admin, later(1)).add(&mut circle, join.clone(), &profile, Role::Member);
        assert_eq!(refused, Err(CircleError::Credential(error)));
        assert_eq!(circle.circle().size(), world.admin.circle().size(), "nothing changed");
    }
    // Taken back before its owner came.
    let credential = person_credential(&who);
    let revocation = revoke(&credential);
    pen(&admin, now()).discredit(&mut circle, revocation).unwrap();
    who.credential = Some(credential);
    let profile = who.profile().unwrap();
    let refused = pen(&admin, later(1)).add(&mut circle, join, &profile, Role::Member);
    assert_eq!(refused, Err(CircleError::Credential(CredentialError::Revoked)));
}

fn person_credential(who: &Identity) -> Signed<Credential> {
    issuer().state(says(CredentialKind::Clinician, who.user, who.device.id(), in_a_year()))
}

fn revoke(credential: &Signed<Credential>) -> Signed<Revocation> {
    let issuer = issuer();
    let revocation =
        Revocation { at: now(), credential: credential.hash(), issuer: issuer.public(), suite: Suite };
    issuer.state(revocation)
}

#[test]
fn a_credential_that_does_not_count_stops_its_owner_the_others_and_the_reader() {
    for audience in [Level::Teaching, Level::CareAdvice] {
        let mut scene = Scene::of(audience, curtain::circle::History::Archive);
        let mut who = person(3);
        scene.world.add(&scene.author.who.me, &who, Role::Member, now());
        let cases = bad(&who);
        for (error, credential) in cases {
            // Its owner: at sealing.
            let sees = with(&mut scene, &mut who, credential);
            let own = sees.live(&who, Doing::Posting, later(1)).unwrap_err();
            assert_eq!(own, NotLive::Credential(error));
            // The others, who would have them as a reader.
            let author = &scene.author.who.me;
            let others = scene.world.admin.live(author, Doing::Posting, later(1)).err();
            let passes = audience == Level::Teaching && error == CredentialError::Expired;
            let refused = (!passes).then_some(NotLive::Reader { user: who.user, error });
            assert_eq!(others, refused, "{audience:?} {error:?}");
            // Readers, if they seal all the same.
            let forged = sign(&who, scene.forge_as(&who, later(1)));
            let reader = scene.world.seen_by(&scene.reader);
            let opened = Received::verify(&forged, &reading(&reader, later(1))).err();
            assert_eq!(opened, Some(OpenError::Credential(error)));
        }
        // With a good one all is well again.
        let good = Some(person_credential(&who));
        let sees = with(&mut scene, &mut who, good);
        live(&sees, &who, later(1));
        live(&scene.world.admin, &scene.author.who.me, later(1));
    }
}

#[test]
fn what_an_issuer_takes_back_counts_no_more_from_then_on() {
    let mut scene = Scene::new();
    let who = person(3);
    scene.world.add(&scene.author.who.me, &who, Role::Member, now());
    let before = sign(&who, scene.forge_as(&who, now()));
    let revocation = revoke(who.credential.as_ref().unwrap());
    let entry = pen(&scene.author.who.me, now()).discredit(&mut scene.world.admin, revocation.clone());
    scene.world.entries.push(entry.unwrap());
    let again = pen(&scene.author.who.me, now()).discredit(&mut scene.world.admin, revocation);
    assert_eq!(again.unwrap_err().code(), "already_discredited");

    let sees = scene.world.seen_by(&who);
    let revoked = CredentialError::Revoked;
    assert_eq!(sees.live(&who, Doing::Discussing, now()).err(), Some(NotLive::Credential(revoked)));
    let others = scene.world.admin.live(&scene.author.who.me, Doing::Posting, now()).err();
    assert_eq!(others, Some(NotLive::Reader { user: who.user, error: revoked }));
    let reader = scene.world.seen_by(&scene.reader);
    let after = sign(&who, scene.forge_as(&who, now()));
    let refused = Received::verify(&after, &reading(&reader, now())).err();
    assert_eq!(refused, Some(OpenError::Credential(revoked)));
    assert!(Received::verify(&before, &reading(&reader, now())).is_ok(), "it counted then");
}

#[test]
fn what_was_posted_stays_when_its_author_renews_a_credential() {
    let mut scene = Scene::new();
    let Scene { world, author, reader, .. } = &mut scene;
    let old = author.who.me.credential.take();
    let mut renewed =
        says(CredentialKind::Clinician, author.who.me.user, author.who.me.device.id(), in_a_year());
    renewed.issued = later(1);
    author.who.me.credential = Some(issuer().state(renewed));
    let entry = pen(&author.who.me, later(1)).profile(&mut world.admin);
    author.who.me.credential = old;
    world.entries.push(entry.unwrap());
    let sees = world.seen_by(reader);
    let opened = open_body(&scene.header, &scene.files(0)[0], &reading(&sees, later(2)));
    assert_eq!(opened.err(), None);
}

#[test]
fn what_was_posted_stays_when_its_author_leaves_or_comes_back() {
    let mut scene = Scene::new();
    let (second, first) = (person(3), scene.author.who.me.user);
    scene.world.add(&scene.author.who.me, &second, Role::Admin, now());
    let mut sees = scene.world.seen_by(&second);
    for change in ["leaves", "comes back"] {
        let entry = if change == "leaves" {
            pen(&second, later(1)).remove(&mut sees, first).unwrap()
        } else {
            // Somebody else takes the same user id, which is public.
            let other = person(1);
            let (join, _) = pen(&other, later(2)).join(Some(scene.world.id())).unwrap();
            let profile = other.profile().unwrap();
            let refused = pen(&second, later(2)).add(&mut sees, join, &profile, Role::Member);
            assert_eq!(refused.unwrap_err().code(), "not_that_user");
            // The author, with a newer credential.
            let me = &mut scene.author.who.me;
            let mut renewed = me.credential.as_ref().unwrap().body().clone();
            renewed.issued = later(2);
            me.credential = Some(issuer().state(renewed));
            let (join, _) = pen(me, later(2)).join(Some(scene.world.id())).unwrap();
            let profile = me.profile().unwrap();
            pen(&second, later(2)).add(&mut sees, join, &profile, Role::Member).unwrap()
        };
        scene.world.entries.push(entry);
        let rotation = pen(&second, later(2)).rotate(&mut sees).unwrap();
        scene.world.entries.push(rotation.entry);
        scene.world.boxes.push(rotation.boxes);
        let reader = scene.world.seen_by(&scene.reader);
        let opened = open_body(&scene.header, &scene.files(0)[0], &reading(&reader, later(3)));
        assert_eq!(opened.err(), None, "{change}");
    }
}
