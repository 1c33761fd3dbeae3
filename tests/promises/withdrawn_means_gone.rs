//! What was withdrawn goes from every device that syncs, and the log shows who acknowledged it.

mod feed;

use curtain::circle::{History, MyCircle, Role};
use curtain::consent::Level;
use curtain::feed::{self as room, Filter, Hidden, Page, Taken, Why};
use curtain::hash::Sha256;
use curtain::post::{self, OpenError, Say};
use curtain::time::UnixTime;
use curtain::vault::{Vault, WithdrawBy};
use curtain::wire::header::WithdrawalReason;

use crate::circles::{Clinician, Scene, said, say, settled};
use crate::people::{later, log, now};
use crate::witness::Witness;

/// The feed on one device.
pub(crate) struct Device {
    pub(crate) who: Clinician,
    pub(crate) next: u64,
}

impl Device {
    /// Of nobody in particular: the circle says who reads.
    pub(crate) fn new(n: u8, circle: &MyCircle) -> Self {
        let mut who = Clinician::new(n);
        who.vault.keep_circle(circle.circle().id(), "Test Dermatology").unwrap();
        Self { who, next: 0 }
    }

    pub(crate) fn take(&mut self, circle: &MyCircle, header: &[u8], at: UnixTime) -> Taken {
        let taken = take(&mut self.who.vault, circle, self.next, header, at);
        self.next += 1;
        taken
    }

    /// Gives everything that is wanted, until nothing is.
    pub(crate) fn fetch(&mut self, scene: &Scene, circle: &MyCircle, at: UnixTime) {
        let files: Vec<Vec<u8>> = [scene.files(0), scene.files(1)].concat();
        loop {
            let wanted = room::wanted(&self.who.vault, circle.circle().id(), u64::MAX, at).unwrap();
            if wanted.is_empty() {
                return;
            }
            for one in wanted {
                let file = files.iter().find(|file| Sha256::of(file) == one.about.sha256).unwrap();
                let witnesses = scene.world.witnesses();
                room::give(&mut self.who.vault, circle, &witnesses, &one, file, at).unwrap();
            }
        }
    }

    pub(crate) fn titles(&self, at: UnixTime) -> Vec<String> {
        let page = Page { after: None, count: 50 };
        let posts = room::list(&self.who.vault, &Filter::default(), page, at).unwrap();
        posts.into_iter().map(|post| post.title).collect()
    }

    pub(crate) fn finds(&self, words: &str, at: UnixTime) -> usize {
        room::search(&self.who.vault, words, &Filter::default(), 50, at).unwrap().len()
    }
}

fn take(vault: &mut Vault, circle: &MyCircle, n: u64, header: &[u8], at: UnixTime) -> Taken {
    let witness = Witness::new();
    room::take(vault, circle, std::slice::from_ref(witness.key()), n, header, at).unwrap()
}

/// The reader's device with the author's first post, opened.
fn read() -> (Scene, MyCircle, Device, Sha256) {
    let scene = Scene::new();
    let circle = scene.reader_sees.clone();
    let mut device = Device::new(7, &circle);
    let about = Sha256::of(&scene.header);
    let header = scene.header.clone();
    assert!(matches!(device.take(&circle, &header, now()), Taken::Post { header, .. } if header == about));
    device.fetch(&scene, &circle, now());
    (scene, circle, device, about)
}

/// What the author says when a case must go.
fn withdrawal(scene: &mut Scene, about: Sha256, at: UnixTime) -> Vec<u8> {
    let who = &mut scene.author.who;
    let circle = &scene.world.admin;
    post::withdraw(&mut who.vault, &who.me, circle, about, WithdrawalReason::Author, None, at).unwrap().header
}

fn acknowledgements(vault: &Vault) -> usize {
    let leaves = vault.leaves(log(vault), 0..1_000).unwrap();
    leaves.filter(|leaf| leaf.as_ref().unwrap().leaf().unwrap().event.kind() == "acknowledge").count()
}

#[test]
fn a_withdrawn_case_goes_and_the_log_shows_who_said_so() {
    let (mut scene, circle, mut device, about) = read();
    assert_eq!(device.titles(now()), ["A rash"]);
    assert_eq!(device.finds("itches night", now()), 1);
    let shown = room::show(&device.who.vault, about, scene.reader.user, Hidden::LeftOut, now()).unwrap();
    assert!(shown.post.text.body.ends_with("has a rash that itches at night, for two weeks now."));
    let thumbnail = shown.post.listed.thumbnail.unwrap();
    let jpeg = room::file(&device.who.vault, about, thumbnail, now()).unwrap().unwrap();
    assert!(jpeg.starts_with(&[0xff, 0xd8]));
    assert_eq!(room::gone(&device.who.vault, circle.circle().id(), scene.reader.user), Ok(vec![]));

    // The patient takes it back: the author's log awaits the circle's word.
    let consent = scene.author.posts[0].consent;
    let author = &mut scene.author.who.vault;
    assert_eq!(author.withdraw(&WithdrawBy::Author(consent), later(1)).unwrap().awaits.len(), 1);
    let withdrawn = withdrawal(&mut scene, about, later(1));
    let taken = device.take(&circle, &withdrawn, later(1));
    assert_eq!(taken, Taken::Withdrawn { about, reason: WithdrawalReason::Author });
    assert!(device.titles(later(1)).is_empty());
    assert_eq!(device.finds("itches", later(1)), 0);
    let id = circle.circle().id();
    assert_eq!(room::gone(&device.who.vault, id, scene.reader.user), Ok(vec![about]));

    // The reader says so, twice even.
    let header = scene.header.clone();
    let gone = say(&mut device.who.vault, &scene.reader, &circle, about, &Say::Gone, later(2));
    room::say_gone(&mut device.who.vault, id, about, later(2)).unwrap();
    assert_eq!(room::gone(&device.who.vault, id, scene.reader.user), Ok(vec![]));
    let again = say(&mut device.who.vault, &scene.reader, &circle, about, &Say::Gone, later(2));
    let author_sees = scene.world.admin.clone();
    let vault = &mut scene.author.who.vault;
    for (n, header) in (0..).zip([&header, &withdrawn, &gone]) {
        take(vault, &author_sees, n, header, later(3));
    }
    assert_eq!(acknowledgements(vault), 1);
    assert!(vault.awaited(consent).unwrap().is_empty());
    take(vault, &author_sees, 3, &again, later(3));
    room::tidy(vault, later(3)).unwrap();
    assert_eq!(acknowledgements(vault), 1, "once for each circle and withdrawal");
}

#[test]
fn a_word_that_comes_before_the_withdrawal_is_recorded_counts_after_it() {
    let (mut scene, circle, mut device, about) = read();
    let withdrawn = withdrawal(&mut scene, about, later(1));
    device.take(&circle, &withdrawn, later(1));
    let gone = say(&mut device.who.vault, &scene.reader, &circle, about, &Say::Gone, later(1));
    let consent = scene.author.posts[0].consent;
    let author_sees = scene.world.admin.clone();
    let header = scene.header.clone();
    let vault = &mut scene.author.who.vault;
    for (n, header) in (0..).zip([&header, &withdrawn, &gone]) {
        take(vault, &author_sees, n, header, later(2));
    }
    assert_eq!(acknowledgements(vault), 0, "the consent stands, still");
    vault.withdraw(&WithdrawBy::Author(consent), later(3)).unwrap();
    room::tidy(vault, later(3)).unwrap();
    assert_eq!(acknowledgements(vault), 1);
}

#[test]
fn the_patients_code_withdraws_the_consent_where_it_is_kept() {
    let (mut scene, circle, mut device, about) = read();
    let (code, consent) = (scene.author.code, scene.author.posts[0].consent);
    let (reader, reason) = (&scene.reader, WithdrawalReason::Patient);
    let withdrawn =
        post::withdraw(&mut device.who.vault, reader, &circle, about, reason, Some(code), later(1))
            .unwrap()
            .header;
    let author_sees = scene.world.admin.clone();
    let header = scene.header.clone();
    let vault = &mut scene.author.who.vault;
    take(vault, &author_sees, 0, &header, later(2));
    let taken = take(vault, &author_sees, 1, &withdrawn, later(2));
    assert_eq!(taken, Taken::Withdrawn { about, reason: WithdrawalReason::Patient });
    assert!(vault.consent(consent).unwrap().withdrawn().is_some());
    assert_eq!(vault.awaited(consent).unwrap().len(), 1);
}

#[test]
fn a_withdrawal_counts_wherever_it_stands() {
    let mut scene = Scene::new();
    let circle = scene.reader_sees.clone();
    let mut device = Device::new(7, &circle);
    let about = Sha256::of(&scene.header);
    let withdrawn = withdrawal(&mut scene, about, later(1));
    let taken = device.take(&circle, &withdrawn, later(1));
    assert_eq!(taken, Taken::Refused(Why::Open(OpenError::OtherPost)));
    let header = scene.header.clone();
    let taken = device.take(&circle, &header, later(1));
    assert_eq!(taken, Taken::Withdrawn { about, reason: WithdrawalReason::Author });
    assert!(room::wanted(&device.who.vault, circle.circle().id(), u64::MAX, later(1)).unwrap().is_empty());
}

#[test]
fn only_who_may_withdraws() {
    let (scene, circle, mut device, about) = read();
    let reader = &scene.reader;
    for reason in [WithdrawalReason::Author, WithdrawalReason::Admin, WithdrawalReason::Officer] {
        let vault = &mut device.who.vault;
        let header = post::withdraw(vault, reader, &circle, about, reason, None, later(1)).unwrap().header;
        let taken = device.take(&circle, &header, later(1));
        assert_eq!(taken, Taken::Refused(Why::Open(OpenError::Role)));
    }
    assert_eq!(device.titles(later(1)), ["A rash"]);
}

#[test]
fn who_is_removed_keeps_nothing() {
    let (mut scene, mut circle, mut device, about) = read();
    scene.world.remove(&scene.author.who.me, scene.reader.user, later(1));
    scene.world.rotate(&scene.author.who.me, later(1));
    scene.world.catch_up(&mut circle, &scene.reader, later(1));
    let header = scene.second(later(1));
    let witnesses = scene.world.witnesses();
    let refused = room::take(&mut device.who.vault, &circle, &witnesses, 1, &header, later(1));
    assert_eq!(refused.unwrap_err().code(), "not_in_circle");
    assert!(device.titles(later(1)).is_empty());
    let shown = room::show(&device.who.vault, about, scene.reader.user, Hidden::Shown, later(1));
    assert_eq!(shown.unwrap_err().code(), "post_refused");
}

#[test]
fn moderators_hide_and_students_call_nobody() {
    let mut scene = Scene::of(Level::Teaching, History::Archive);
    let student =
        crate::circles::person_with(3, curtain::circle::CredentialKind::Student, crate::circles::in_a_year());
    scene.world.add(&scene.author.who.me, &student, Role::Student, now());
    let mut circle = scene.reader_sees.clone();
    scene.world.catch_up(&mut circle, &scene.reader, now());
    let mut device = Device::new(7, &circle);
    let (header, about) = (scene.header.clone(), Sha256::of(&scene.header));
    device.take(&circle, &header, now());
    device.fetch(&scene, &circle, now());

    let mut other = Clinician::new(6);
    let comment = Say::Comment(settled("Have you looked between the fingers?"));
    let sees = scene.world.seen_by(&student);
    let comment = say(&mut other.vault, &student, &sees, about, &comment, later(1));
    assert!(matches!(device.take(&circle, &comment, later(1)), Taken::Event { .. }));
    let of = Some(Sha256::of(&comment));
    let role = Taken::Refused(Why::Open(OpenError::Role));
    let dermatology = curtain::post::Specialty::Dermatology;
    for forbidden in [Say::Hide(of), Say::Hide(None), Say::Page(dermatology)] {
        let header = say(&mut other.vault, &student, &sees, about, &forbidden, later(1));
        assert_eq!(device.take(&circle, &header, later(1)), role, "{forbidden:?}");
        let author = scene.author.who.me.user;
        assert_eq!(post::check_say(&student, &sees, author, &forbidden).unwrap_err().code(), "role");
    }
    let me = scene.reader.user;
    let page = say(&mut device.who.vault, &scene.reader, &circle, about, &Say::Page(dermatology), later(1));
    assert!(matches!(device.take(&circle, &page, later(1)), Taken::Event { .. }));
    let paged = Filter { paged: Some(dermatology), ..Filter::default() };
    let page = Page { after: None, count: 5 };
    assert_eq!(room::list(&device.who.vault, &paged, page, later(1)).unwrap().len(), 1);
    let shown = room::show(&device.who.vault, about, me, Hidden::LeftOut, later(1)).unwrap();
    assert_eq!(shown.comments[0].text.as_deref(), Some("Have you looked between the fingers?"));

    let admin = &mut scene.author.who;
    let hide = say(&mut admin.vault, &admin.me, &scene.world.admin, about, &Say::Hide(of), later(2));
    assert!(matches!(device.take(&circle, &hide, later(2)), Taken::Event { .. }));
    let shown = room::show(&device.who.vault, about, me, Hidden::LeftOut, later(2)).unwrap();
    assert_eq!(shown.comments[0].text, None);
    assert_eq!(said(&hide).author.user, shown.comments[0].hidden_by.unwrap());
}
