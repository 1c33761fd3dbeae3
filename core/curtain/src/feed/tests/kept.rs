//! What is let go: withdrawn, over, hidden for want of a sync, or to make room.

use crate::vault::Item;
use curtain_wire::header::WithdrawalCode;

use super::*;

const WORDS: [&str; 3] = ["Zyzzogeton", "Quagwort on the hand", "Is it flarnish?"];

/// A case with everything that can be kept of one.
fn full(desk: &mut Desk) -> Sha256 {
    let about = About::new(None, None, vec!["blorptag".parse().unwrap()]).unwrap();
    let post = desk.opened(day(0), WORDS, &about);
    desk.vault.keep_file(post, 2, b"thumbnail of Zyzzogeton").unwrap();
    desk.vault.keep_file(post, 1, b"picture of Zyzzogeton").unwrap();
    desk.said(user(3), post, What::Comment { text: "Grimbleflux, surely.".into() });
    desk.said(user(3), post, What::Vote { diagnosis: "Snorfosis".into() });
    collect(&mut desk.vault, post, "kept").unwrap();
    post
}

const SECRETS: [&str; 6] = ["zyzzogeton", "quagwort", "flarnish", "blorptag", "grimbleflux", "snorfosis"];

/// The words that stand anywhere in the tables, also in the index's own.
fn left(desk: &Desk) -> Vec<&'static str> {
    let everything = desk.vault.everything().unwrap();
    let everything = String::from_utf8_lossy(&everything).to_lowercase();
    SECRETS.into_iter().filter(|word| everything.contains(word)).collect()
}

#[test]
fn nothing_is_left_of_a_withdrawn_post() {
    let mut desk = Desk::new();
    let post = full(&mut desk);
    desk.opened(day(0), ["Other", "Stays.", ""], &About::default());
    assert_eq!(left(&desk), SECRETS, "this test can see what is there");
    assert_eq!(desk.found("quagwort", day(1)).len(), 1);
    desk.take(Some(post), Becomes::Withdrawal { reason: "author", code: None }, day(1));
    assert!(left(&desk).is_empty(), "{:?}", left(&desk));
    assert!(desk.found("quagwort", day(1)).is_empty());
    assert_eq!(desk.titles(&Filter::default(), day(1)), ["Other"]);
    assert_eq!(show(&desk.vault, post, ME, Hidden::Shown, day(1)).err(), Some(FeedError::Withdrawn));
    assert_eq!(file(&desk.vault, post, 2, day(1)), Err(FeedError::Withdrawn));
    assert_eq!(pack(&desk.vault).unwrap().bytes, 0);
    assert_eq!(desk.wanted(u64::MAX).len(), 1, "the other one's thumbnail");
    // What somebody says of it afterwards is not kept.
    desk.said(user(3), post, What::Comment { text: "Grimbleflux!".into() });
    assert!(left(&desk).is_empty());
    // It is said once that it is gone, by others than its author.
    assert_eq!(gone(&desk.vault, CIRCLE, ME), Ok(vec![post]));
    assert_eq!(gone(&desk.vault, CIRCLE, user(2)), Ok(vec![]));
    say_gone(&mut desk.vault, CIRCLE, post, day(1)).unwrap();
    assert!(matches!(desk.vault.outbox().unwrap()[0].item, Item::Say { what: What::Gone {}, .. }));
    assert_eq!(say_gone(&mut desk.vault, CIRCLE, post, day(1)), Err(FeedError::Vault(VaultError::NotFound)));
    assert_eq!(gone(&desk.vault, CIRCLE, ME), Ok(vec![]));
}

#[test]
fn the_patients_code_takes_it_away_and_no_other() {
    let mut desk = Desk::new();
    let post = full(&mut desk);
    let by = |desk: &mut Desk, circle, byte| {
        withdrawn_by_code(&mut desk.vault, circle, post, &WithdrawalCode([byte; 16]), day(1))
    };
    assert_eq!(by(&mut desk, CIRCLE, 8), Ok(false));
    assert_eq!(by(&mut desk, Sha256([0; 32]), 7), Ok(false));
    assert_eq!(left(&desk).len(), SECRETS.len());
    assert_eq!(by(&mut desk, CIRCLE, 7), Ok(true));
    assert!(left(&desk).is_empty());
    assert_eq!(gone(&desk.vault, CIRCLE, ME), Ok(vec![post]));
    let unknown = withdrawn_by_code(&mut desk.vault, CIRCLE, hash(99), &WithdrawalCode([7; 16]), day(1));
    assert_eq!(unknown, Ok(false));
}

#[test]
fn what_was_never_opened_needs_no_word_that_it_is_gone() {
    let mut desk = Desk::new();
    let post = desk.post(day(0));
    desk.take(Some(post), Becomes::Withdrawal { reason: "patient", code: None }, day(1));
    assert_eq!(gone(&desk.vault, CIRCLE, ME), Ok(vec![]));
    assert!(desk.wanted(u64::MAX).is_empty());
}

#[test]
fn nothing_outlives_its_consent() {
    let mut desk = Desk::new();
    let post = full(&mut desk);
    synced(&mut desk.vault, CIRCLE, day(364)).unwrap();
    // The consent's last second, and the one after it.
    assert_eq!(desk.titles(&Filter::default(), day(364)).len(), 1);
    let after = day(364).plus_second();
    assert!(desk.titles(&Filter::default(), after).is_empty(), "also before anybody tidies");
    assert!(desk.found("quagwort", after).is_empty());
    assert_eq!(show(&desk.vault, post, ME, Hidden::Shown, after).err(), Some(FeedError::Over));
    assert_eq!(tidy(&mut desk.vault, day(364)), Ok(0));
    assert_eq!(tidy(&mut desk.vault, after), Ok(1));
    assert!(left(&desk).is_empty());
    assert_eq!(show(&desk.vault, post, ME, Hidden::Shown, after).err(), Some(FeedError::Over));
}

#[test]
fn nothing_stays_of_a_circle_that_was_left() {
    let mut desk = Desk::new();
    let post = full(&mut desk);
    assert_eq!(leave(&mut desk.vault, CIRCLE), Ok(1));
    assert!(left(&desk).is_empty());
    let refused = show(&desk.vault, post, ME, Hidden::Shown, day(1)).err();
    assert_eq!(refused, Some(FeedError::Refused { code: "not_in_circle".into() }));
    assert!(desk.wanted(u64::MAX).is_empty());
}

#[test]
fn a_circle_that_was_not_synced_for_long_is_hidden_until_it_is() {
    let mut desk = Desk::new();
    let post = full(&mut desk);
    synced(&mut desk.vault, CIRCLE, day(5)).unwrap();
    assert_eq!(desk.titles(&Filter::default(), day(35)).len(), 1);
    let late = day(35).plus_second();
    assert!(desk.titles(&Filter::default(), late).is_empty());
    assert!(desk.found("quagwort", late).is_empty());
    assert_eq!(show(&desk.vault, post, ME, Hidden::Shown, late).err(), Some(FeedError::Stale { days: 30 }));
    assert_eq!(file(&desk.vault, post, 2, late), Err(FeedError::Stale { days: 30 }));
    assert_eq!(stale(&desk.vault, late), Ok(vec![CIRCLE]));
    synced(&mut desk.vault, CIRCLE, late).unwrap();
    assert_eq!(desk.found("quagwort", late).len(), 1, "it is all there, still");
    set_stale_days(&mut desk.vault, 2).unwrap();
    assert!(desk.found("quagwort", day(38)).is_empty());
    for days in [0, 366] {
        assert_eq!(set_stale_days(&mut desk.vault, days), Err(FeedError::StaleDays));
    }
}

#[test]
fn bodies_come_first_then_thumbnails_and_pictures_on_demand() {
    let mut desk = Desk::new();
    let (old, new) = (desk.post(day(0)), desk.post(day(1)));
    assert_eq!(desk.wanted(u64::MAX), [(new, 0), (old, 0)]);
    assert_eq!(desk.wanted(999), [(new, 0)], "no more than the budget");
    desk.open(old, WORDS, &About::default(), day(300));
    assert_eq!(desk.wanted(u64::MAX), [(new, 0), (old, 2)]);
    desk.open(new, WORDS, &About::default(), day(300));
    assert_eq!(desk.wanted(u64::MAX), [(new, 2), (old, 2)]);
    assert_eq!(ask_for_pictures(&mut desk.vault, old), Ok(2));
    assert_eq!(desk.wanted(u64::MAX), [(old, 1), (old, 2), (new, 2)], "somebody waits for these");
    desk.vault.keep_file(old, 2, b"thumbnail").unwrap();
    desk.vault.refuse_file(old, 1, "padding").unwrap();
    assert_eq!(desk.wanted(u64::MAX), [(new, 2)], "what does not open is not asked for again");
    let shown = show(&desk.vault, old, ME, Hidden::LeftOut, day(2)).unwrap();
    let here: Vec<_> = shown.post.pictures.into_iter().map(|picture| picture.here).collect();
    assert_eq!(here, [PictureHere::Refused("padding".into()), PictureHere::Here]);
    assert_eq!(shown.post.listed.thumbnail, Some(2));
    collect(&mut desk.vault, new, "kept").unwrap();
    assert_eq!(desk.wanted(u64::MAX), [(new, 2), (new, 1)], "pictures of saved cases come along");
    assert!(file(&desk.vault, new, 0, day(2)).unwrap().is_none(), "a body is no picture");
}

#[test]
fn a_full_pack_lets_go_of_what_was_read_longest_ago_and_saved_cases_last() {
    let mut desk = Desk::new();
    let posts: Vec<Sha256> = (0..5).map(|n| desk.opened(day(n), ["A", "", ""], &About::default())).collect();
    for post in &posts {
        desk.vault.keep_file(*post, 1, &[1; 3_000]).unwrap();
        desk.vault.keep_file(*post, 2, &[2; 1_000]).unwrap();
    }
    assert_eq!(pack(&desk.vault).unwrap().bytes, 20_000);
    // The first is saved, the fourth was read lately, the fifth before; the second and third never.
    collect(&mut desk.vault, posts[0], "kept").unwrap();
    mark_read(&mut desk.vault, posts[3], day(9)).unwrap();
    mark_read(&mut desk.vault, posts[4], day(8)).unwrap();
    let here = |desk: &Desk| -> Vec<(usize, u32)> {
        let each = posts.iter().enumerate().flat_map(|(n, post)| [(n, *post, 1), (n, *post, 2)]);
        each.filter(|(_, post, index)| file(&desk.vault, *post, *index, day(9)).unwrap().is_some())
            .map(|(n, _, index)| (n, index))
            .collect()
    };
    set_pack_limit(&mut desk.vault, 15_000).unwrap();
    assert_eq!(here(&desk), [(0, 1), (0, 2), (1, 2), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2)]);
    assert_eq!(pack(&desk.vault).unwrap().bytes, 14_000);
    set_pack_limit(&mut desk.vault, 9_000).unwrap();
    assert_eq!(here(&desk), [(0, 1), (0, 2), (3, 1), (3, 2)]);
    set_pack_limit(&mut desk.vault, 5_000).unwrap();
    assert_eq!(here(&desk), [(0, 1), (0, 2)], "the saved case is left");
    // What made room is not fetched again by itself, and what is asked for comes, and stays.
    assert!(desk.wanted(u64::MAX).is_empty());
    assert_eq!(ask_for_pictures(&mut desk.vault, posts[2]), Ok(2));
    assert_eq!(desk.wanted(u64::MAX), [(posts[2], 1), (posts[2], 2)]);
    desk.vault.keep_file(posts[2], 2, &[2; 1_500]).unwrap();
    assert_eq!(here(&desk), [(0, 2), (2, 2)]);
    // What is new finds its place; what is older than all that is here does not.
    let new = desk.opened(day(1), ["New", "", ""], &About::default());
    assert_eq!(desk.wanted(u64::MAX)[1..], [(new, 2)]);
}

#[test]
fn a_late_word_that_a_case_is_gone_changes_no_case_of_others() {
    let mut desk = Desk::new();
    let post = full(&mut desk);
    desk.said(user(3), post, What::Gone {});
    assert_eq!(desk.titles(&Filter::default(), day(1)), ["Zyzzogeton"]);
    let shown = show(&desk.vault, post, ME, Hidden::LeftOut, day(1)).unwrap();
    assert_eq!(shown.post.events.len(), 2, "it is no part of the discussion");
}
