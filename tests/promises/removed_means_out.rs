//! A removed member or revoked device cannot open what is posted afterwards.

mod credentials;
mod devices;
mod epochs;
mod heads;
mod history;
mod roles;

use curtain::circle::CircleError;
use curtain::post::{OpenError, Received};

use crate::circles::{Scene, open_body, reading};
use crate::people::later;

#[test]
fn who_is_removed_opens_nothing_that_is_posted_afterwards() {
    let mut scene = Scene::new();
    let files = scene.files(0);

    // A member opens it.
    let opened = open_body(&scene.header, &files[0], &scene.reading()).unwrap();
    assert_eq!(opened.text().unwrap().title.0, "A rash");
    let picture = opened.pictures()[0];
    let jpeg = opened.picture(picture.index, &files[picture.index as usize]).unwrap();
    assert!(jpeg.starts_with(&[0xff, 0xd8]));

    // Removed, and the key is new.
    scene.world.remove(&scene.author.who.me, scene.reader.user, later(1));
    scene.world.rotate(&scene.author.who.me, later(1));
    let header = scene.second(later(2));
    let mut removed = scene.reader_sees.clone();
    let refused = Received::verify(&header, &reading(&removed, later(2))).unwrap_err();
    assert!(matches!(refused, OpenError::Behind { .. }), "{refused:?}");

    // With the whole log, too: there is no box for them, and none that they could take for theirs.
    scene.world.catch_up(&mut removed, &scene.reader, later(2));
    assert_eq!(removed.missing_box(), None);
    assert_eq!(removed.secret(2).err(), Some(CircleError::NoSecret));
    let own = scene.reader.key().unwrap();
    assert!(scene.world.boxes[2].one(&own.public().recipient()).is_none());
    let admin = scene.author.who.me.key().unwrap().public().recipient();
    let others = scene.world.boxes[2].one(&admin).unwrap();
    assert_eq!(removed.take_box(own, &others).unwrap_err().code(), "other_recipient");
    let received = Received::verify(&header, &reading(&removed, later(2))).unwrap();
    assert_eq!(received.post(&reading(&removed, later(2))).err(), Some(OpenError::NoSecret));
    // What they could read before, they can still read: nobody can take that back.
    assert!(open_body(&scene.header, &files[0], &reading(&removed, later(2))).is_ok());
}
