//! Lists, pages, searches.

use curtain_wire::events::{ReportReason, Site, Specialty, Status};

use super::*;

fn about(specialty: Specialty, site: Site, tags: &[&str]) -> About {
    let tags = tags.iter().map(|tag| tag.parse().unwrap()).collect();
    About::new(Some(specialty), Some(site), tags).unwrap()
}

/// Three cases: of skin, bone and skin again.
fn three() -> (Desk, [Sha256; 3]) {
    let mut desk = Desk::new();
    let rash = ["A rash", "It itches at night.", "What is it?"];
    let burn = ["A burn", "Hot oil on the wrist.", "Graft?"];
    let first = desk.opened(day(0), rash, &about(Specialty::Dermatology, Site::Hand, &["itch", "night"]));
    let break_ = ["A fracture", "Fell on the wrist.", "Operate?"];
    let second = desk.opened(day(1), break_, &about(Specialty::Orthopaedics, Site::Wrist, &[]));
    let third = desk.opened(day(2), burn, &about(Specialty::Dermatology, Site::Wrist, &["itch"]));
    (desk, [first, second, third])
}

#[test]
fn each_filter_shows_its_own() {
    let (mut desk, [rash, fracture, burn]) = three();
    let now = day(3);
    let all = Filter::default();
    assert_eq!(desk.titles(&all, now), ["A burn", "A fracture", "A rash"]);
    let skin = Filter { specialty: Some(Specialty::Dermatology), ..Filter::default() };
    assert_eq!(desk.titles(&skin, now), ["A burn", "A rash"]);
    let wrist = Filter { site: Some(Site::Wrist), ..Filter::default() };
    assert_eq!(desk.titles(&wrist, now), ["A burn", "A fracture"]);
    assert_eq!(desk.titles(&Filter { site: Some(Site::Wrist), ..skin.clone() }, now), ["A burn"]);
    let itch = Filter { tag: Some("itch".parse().unwrap()), ..Filter::default() };
    assert_eq!(desk.titles(&itch, now), ["A burn", "A rash"]);
    let elsewhere = Filter { circle: Some(Sha256([9; 32])), ..Filter::default() };
    assert!(desk.titles(&elsewhere, now).is_empty());
    assert_eq!(desk.titles(&Filter { circle: Some(CIRCLE), ..Filter::default() }, now).len(), 3);

    mark_read(&mut desk.vault, rash, now).unwrap();
    let unread = Filter { unread: true, ..Filter::default() };
    assert_eq!(desk.titles(&unread, now), ["A burn", "A fracture"]);

    desk.said(user(2), fracture, What::Status { status: Status::Closed });
    desk.said(user(2), burn, What::Status { status: Status::Answered });
    desk.said(user(2), burn, What::Status { status: Status::Open });
    let closed = Filter { status: Some(Status::Closed), ..Filter::default() };
    assert_eq!(desk.titles(&closed, now), ["A fracture"]);
    let open = Filter { status: Some(Status::Open), ..Filter::default() };
    assert_eq!(desk.titles(&open, now), ["A burn", "A rash"]);

    desk.said(user(3), rash, What::Page { specialty: Specialty::Paediatrics });
    let paged = Filter { paged: Some(Specialty::Paediatrics), ..Filter::default() };
    assert_eq!(desk.titles(&paged, now), ["A rash"]);
    assert_eq!(desk.titles(&Filter { tag: itch.tag, ..paged }, now), ["A rash"]);

    collect(&mut desk.vault, burn, "hands").unwrap();
    collect(&mut desk.vault, rash, "hands").unwrap();
    collect(&mut desk.vault, rash, "nights").unwrap();
    let saved = Filter { saved: true, ..Filter::default() };
    assert_eq!(desk.titles(&saved, now), ["A burn", "A rash"]);
    let nights = Filter { collection: Some("nights".into()), ..Filter::default() };
    assert_eq!(desk.titles(&nights, now), ["A rash"]);
    uncollect(&mut desk.vault, rash, "nights").unwrap();
    assert_eq!(desk.titles(&saved, now).len(), 2, "it is in the other one, still");
    let left = collections(&desk.vault).unwrap();
    assert_eq!(left, [Collection { name: "hands".into(), posts: 2 }]);
    for name in ["", "a\nb", &"x".repeat(101)] {
        assert_eq!(collect(&mut desk.vault, rash, name), Err(FeedError::CollectionName));
    }
}

#[test]
fn a_thousand_posts_are_paged_without_gap_or_repeat() {
    let mut desk = Desk::new();
    // Many of one second, and clocks that go back.
    for n in 0..1_000_i64 {
        desk.opened(day((n * 7 % 100) / 3), [&format!("Case {n}"), "A spot.", ""], &About::default());
    }
    synced(&mut desk.vault, CIRCLE, day(39)).unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = list(&desk.vault, &Filter::default(), Page { after, count: 33 }, day(40)).unwrap();
        assert!(page.len() <= 33);
        let Some(last) = page.last() else { break };
        after = Some(last.cursor());
        seen.extend(page.into_iter().map(|listed| (listed.at, listed.header)));
    }
    assert_eq!(seen.len(), 1_000);
    assert!(seen.windows(2).all(|pair| pair[0].0 >= pair[1].0), "the newest come first");
    let mut headers: Vec<Sha256> = seen.into_iter().map(|(_, header)| header).collect();
    headers.sort();
    headers.dedup();
    assert_eq!(headers.len(), 1_000);
    // What comes meanwhile is on no later page.
    let page = list(&desk.vault, &Filter::default(), Page { after: None, count: 10 }, day(40)).unwrap();
    desk.opened(day(39), ["New", "", ""], &About::default());
    let next = Page { after: Some(page[9].cursor()), count: 10 };
    let next = list(&desk.vault, &Filter::default(), next, day(40)).unwrap();
    assert!(next.iter().all(|listed| !page.contains(listed) && listed.title != "New"));
}

#[test]
fn words_are_found_as_people_write_them() {
    let (mut desk, _) = three();
    let now = day(3);
    let mut wrists = desk.found("wrist", now);
    wrists.sort();
    assert_eq!(wrists, ["A burn", "A fracture"]);
    assert_eq!(desk.found("WRIST fell", now), ["A fracture"]);
    assert_eq!(desk.found("wri", now).len(), 2, "the last word is a beginning");
    assert!(desk.found("wri fell", now).is_empty(), "only the last one");
    assert_eq!(desk.found("dermatology wrist", now), ["A burn"], "what it is filed under counts");
    assert_eq!(desk.found("night", now), ["A rash"]);
    desk.opened(day(2), ["Prurigo in Kéralam", "चकत्ते रात में", "¿Sarna?"], &About::default());
    for text in ["keralam", "KÉRALAM", "चकत्ते", "sarna", "prurigo keral"] {
        assert_eq!(desk.found(text, now).len(), 1, "{text}");
    }
    let hits = search(&desk.vault, "itches", &Filter::default(), 5, now).unwrap();
    assert_eq!(hits[0].snippet, "It «itches» at night.");
    let skin = Filter { specialty: Some(Specialty::Dermatology), ..Filter::default() };
    assert_eq!(search(&desk.vault, "wrist", &skin, 5, now).unwrap().len(), 1);
    let itch = Filter { tag: Some("itch".parse().unwrap()), ..Filter::default() };
    assert_eq!(search(&desk.vault, "wrist", &itch, 5, now).unwrap().len(), 1);
    assert_eq!(search(&desk.vault, "wrist", &Filter::default(), 1, now).unwrap().len(), 1);
}

#[test]
fn a_word_in_the_title_counts_more() {
    let mut desk = Desk::new();
    desk.opened(day(0), ["Scabies", "It itches.", ""], &About::default());
    desk.opened(day(1), ["A rash", "No scabies in the family.", ""], &About::default());
    assert_eq!(desk.found("scabies", day(2)), ["Scabies", "A rash"]);
}

#[test]
fn nothing_typed_is_anything_but_words() {
    let (mut desk, _) = three();
    desk.opened(day(2), ["Near AND or", "a \"quote\" and title: colon, x^2, c++", ""], &About::default());
    for (text, count) in [
        ("", 0),
        (" \n\t", 0),
        ("\"", 0),
        ("\"\"\" \" *", 0),
        ("*", 0),
        ("^", 0),
        ("()", 0),
        ("NEAR", 1),
        ("AND", 1),
        ("OR", 2),
        ("rash OR burn", 0),
        ("rash NOT night", 0),
        ("NEAR(rash night)", 0),
        ("title:rash", 0),
        ("title:", 1),
        ("{title body} : rash", 0),
        ("\"quote\"", 1),
        ("\"rash", 1),
        ("ra*sh", 0),
        ("rash*", 1),
        ("-rash", 1),
        ("c++", 1),
        ("rash\0night", 1),
        ("' OR 1=1 --", 0),
        ("'; DROP TABLE feed_post; --", 0),
        ("\u{202e}\u{200b}", 0),
        ("😀", 0),
    ] {
        let hits = search(&desk.vault, text, &Filter::default(), 50, day(3));
        assert_eq!(hits.map(|hits| hits.len()), Ok(count), "{text:?}");
    }
    let long = "rash ".repeat(5_000) + &"x".repeat(1 << 20);
    assert_eq!(search(&desk.vault, &long, &Filter::default(), 50, day(3)).map(|hits| hits.len()), Ok(1));
}

#[test]
fn what_was_said_is_counted_by_member() {
    let (mut desk, [rash, fracture, _]) = three();
    let comment = desk.said(user(3), rash, What::Comment { text: "Try permethrin.".into() });
    let other = desk.said(user(4), rash, What::Comment { text: "Look at the webs.".into() });
    for by in [user(4), user(4), ME] {
        desk.said(by, rash, What::Helpful { of: comment });
    }
    for (by, diagnosis) in [
        (user(3), "Eczema"),
        (user(3), "Scabies"),
        (user(4), " scabies  "),
        (ME, "Eczema"),
        (user(5), "SCABIES"),
    ] {
        desk.said(by, rash, What::Vote { diagnosis: diagnosis.into() });
    }
    desk.said(user(2), rash, What::Outcome { text: "It was scabies.".into() });
    desk.said(user(3), fracture, What::Comment { text: "Plate it.".into() });
    let shown = show(&desk.vault, rash, ME, Hidden::LeftOut, day(3)).unwrap();
    let comments: Vec<_> = shown.comments.iter().map(|c| (c.header, c.helpful, c.helped_me)).collect();
    assert_eq!(comments, [(comment, 2, true), (other, 0, false)]);
    let votes: Vec<_> = shown.votes.iter().map(|v| (v.diagnosis.as_str(), v.count, v.mine)).collect();
    assert_eq!(votes, [("Scabies", 3, false), ("Eczema", 1, true)]);
    assert_eq!(shown.outcomes[0].text, "It was scabies.");
    assert_eq!(shown.post.text.question, "What is it?");
    assert_eq!(shown.post.tags.len(), 2);
    assert_eq!(shown.post.listed.comments, 2);
}

#[test]
fn what_a_moderator_hid_is_shown_to_who_asks() {
    let (mut desk, [rash, ..]) = three();
    let comment = desk.said(user(3), rash, What::Comment { text: "I know this patient.".into() });
    desk.said(user(4), rash, What::Report { of: Some(comment), reason: ReportReason::Identifiable });
    desk.said(user(5), rash, What::Hide { of: Some(comment) });
    let shown = show(&desk.vault, rash, ME, Hidden::LeftOut, day(3)).unwrap();
    assert_eq!((shown.comments[0].text.as_deref(), shown.comments[0].hidden_by), (None, Some(user(5))));
    assert_eq!(
        shown.reports,
        [Report { user: user(4), of: Some(comment), reason: ReportReason::Identifiable }]
    );
    let shown = show(&desk.vault, rash, ME, Hidden::Shown, day(3)).unwrap();
    assert_eq!(shown.comments[0].text.as_deref(), Some("I know this patient."));

    desk.said(user(5), rash, What::Hide { of: None });
    assert_eq!(show(&desk.vault, rash, ME, Hidden::LeftOut, day(3)).err(), Some(FeedError::HiddenPost));
    assert_eq!(show(&desk.vault, rash, ME, Hidden::Shown, day(3)).unwrap().post.text.title, "A rash");
    assert_eq!(desk.titles(&Filter::default(), day(3)), ["A burn", "A fracture", ""]);
    assert!(desk.found("itches", day(3)).is_empty());
}

#[test]
fn words_too_common_to_weigh_are_found_in_titles_first() {
    let mut desk = Desk::new();
    desk.opened(day(0), ["Oldest spot", "One.", ""], &About::default());
    // Each word counts for itself: 16 that stand in each of 350 cases are more than are weighed.
    let every: Vec<String> = (0..16).map(|n| format!("every{n}")).collect();
    let (every, title) = (every.join(" "), format!("All of it: {}", every.join(" ")));
    for n in 0..350 {
        let named = format!("Case {n}");
        let title = if n == 7 { &title } else { &named };
        desk.opened(day(1), [title, &every, ""], &About::default());
    }
    let found = desk.found(&every, day(2));
    assert_eq!(found[..3], [&title, "Case 349", "Case 348"]);
    assert_eq!(found.len(), 50);
    let skin = Filter { specialty: Some(Specialty::Dermatology), ..Filter::default() };
    assert!(search(&desk.vault, &every, &skin, 50, day(2)).unwrap().is_empty());
}
