//! A feed of 100,000 posts in a vault: pages and searches, each to be answered in under 50 ms.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use curtain::feed::{Cursor, Filter, Page, list, search};
use curtain::hash::Sha256;
use curtain::post::{Site, Specialty};
use curtain::time::UnixTime;
use curtain::vault::{FileKeyStore, Vault};
use ring::rand::SystemRandom;
use rusqlite::{Connection, params};

const POSTS: i64 = 100_000;
const CIRCLES: u8 = 4;
/// Words of a story. The n-th word of the vocabulary stands in about every n-th place.
const STORY: usize = 60;
const VOCABULARY: u64 = 20_000;
const LIMIT: Duration = Duration::from_millis(50);

/// The same numbers each time. [Knuth, MMIX]
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    /// A word; the first ones far more often than the last ones.
    fn word(&mut self) -> String {
        let below = self.next(VOCABULARY) + 1;
        word(self.next(below))
    }

    fn words(&mut self, count: usize) -> String {
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }
}

fn word(n: u64) -> String {
    let syllables = ["ba", "der", "ki", "lo", "mun", "ne", "pru", "ri", "sol", "tha"];
    let digits = format!("{n:05}");
    digits.bytes().map(|digit| syllables[usize::from(digit - b'0')]).collect()
}

fn now() -> UnixTime {
    UnixTime::new(1_900_000_000).expect("it is a moment")
}

/// Writes what 100,000 bodies that were given would leave, straight into the tables: sealing them would take hours.
fn fill(folder: &Path) -> rusqlite::Result<()> {
    let key = std::fs::read_to_string(folder.join("vault.key")).expect("the vault has a key");
    let mut connection = Connection::open(folder.join("vault.db"))?;
    connection.execute_batch(&format!("PRAGMA key = \"x'{}'\"; PRAGMA foreign_keys = ON;", key.trim()))?;
    let tx = connection.transaction()?;
    for circle in 1..=CIRCLES {
        let id = [circle; 32];
        tx.execute("INSERT INTO circle (id, name) VALUES (?1, ?2)", params![id, format!("Circle {circle}")])?;
        tx.execute(
            "INSERT INTO feed (circle, size, frontier, cited, synced_at) VALUES (?1, 0, x'', 0, ?2)",
            params![id, now().seconds()],
        )?;
    }
    let mut numbers = Numbers(7);
    for n in 0..POSTS {
        let random = |numbers: &mut Numbers, of: usize| usize::try_from(numbers.next(of as u64)).unwrap_or(0);
        let specialty = Specialty::ALL[random(&mut numbers, Specialty::ALL.len())].code();
        let site = Site::ALL[random(&mut numbers, Site::ALL.len())].code();
        let at = 1_800_000_000 + n * 600;
        let status = ["open", "open", "answered", "closed"][random(&mut numbers, 4)];
        let read = (numbers.next(100) > 0).then_some(at + 60);
        let feed = i64::try_from(numbers.next(CIRCLES.into())).unwrap_or(0) + 1;
        tx.prepare_cached(
            "INSERT INTO feed_post (feed, hash, post, user, at, ends, withdrawal, state, specialty, site, status, read_at,
             saved, held) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'open', ?8, ?9, ?10, ?11, ?12, 1)",
        )?
        .execute(params![
            feed,
            Sha256::of(&n.to_be_bytes()).0,
            [&n.to_be_bytes()[..], &[0; 8]].concat(),
            [9_u8; 16],
            at,
            now().seconds() + 86_400,
            [0_u8; 32],
            specialty,
            site,
            status,
            read,
            i64::from(numbers.next(1_000) == 0),
        ])?;
        let post = tx.last_insert_rowid();
        let tag = format!("t{}", numbers.next(500));
        tx.prepare_cached("INSERT INTO feed_tag (tag, at, post) VALUES (?1, ?2, ?3)")?
            .execute((&tag, at, post))?;
        tx.prepare_cached(
            "INSERT INTO feed_words (rowid, title, body, question, labels) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            post,
            numbers.words(5),
            format!("patient {}", numbers.words(STORY)),
            numbers.words(6),
            format!("{specialty} {site} {tag}"),
        ])?;
        for place in 0..3_i64 {
            tx.prepare_cached(
                "INSERT INTO feed_object (feed, post, place, at, kind, sha256, size, first, stored)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1000, ?7, 0)",
            )?
            .execute(params![
                feed,
                post,
                place,
                at,
                ["body", "picture", "thumbnail"][usize::try_from(place).unwrap_or(0)],
                Sha256::of(&[&n.to_be_bytes()[..], &place.to_be_bytes()].concat()).0,
                i64::from(place == 2),
            ])?;
        }
    }
    tx.commit()
}

fn opened(folder: &Path) -> Vault {
    let keys = FileKeyStore::new(folder.join("vault.key"));
    Vault::open(folder, &keys, SystemRandom::new()).expect("the vault opens")
}

/// The end of the page before the last thousand posts.
fn deep(vault: &Vault, filter: &Filter) -> Option<Cursor> {
    let (mut after, mut left) = (None, POSTS - 1_000);
    while left > 0 {
        let page = list(vault, filter, Page { after, count: 200 }, now()).expect("the vault reads");
        left -= 200;
        after = Some(page.last()?.cursor());
    }
    after
}

#[expect(
    clippy::print_stdout,
    reason = "the first answer, with nothing read before, is no time that criterion measures"
)]
fn feed(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    drop(opened(folder.path()));
    fill(folder.path()).expect("the tables take it");
    let bytes = std::fs::metadata(folder.path().join("vault.db")).map_or(0, |about| about.len());
    println!("{POSTS} posts: {} MiB", bytes >> 20);

    let all = Filter::default;
    let lists = [
        ("newest", all()),
        ("specialty", Filter { specialty: Some(Specialty::Dermatology), ..all() }),
        (
            "specialty and site",
            Filter { specialty: Some(Specialty::Dermatology), site: Some(Site::Hand), ..all() },
        ),
        ("circle", Filter { circle: Some(Sha256([2; 32])), ..all() }),
        (
            "circle, site, answered, unread",
            Filter {
                circle: Some(Sha256([2; 32])),
                site: Some(Site::Wrist),
                status: Some(curtain::wire::events::Status::Answered),
                unread: true,
                ..all()
            },
        ),
        ("tag", Filter { tag: "t77".parse().ok(), ..all() }),
        ("unread", Filter { unread: true, ..all() }),
        ("saved", Filter { saved: true, ..all() }),
        ("no such circle", Filter { circle: Some(Sha256([99; 32])), ..all() }),
    ];
    let searches = [
        ("a word that every case has", "patient".to_owned()),
        ("its beginning", "patie".to_owned()),
        ("one letter", "p".to_owned()),
        ("that word and a rare one", format!("patient {}", word(19_990))),
        ("a common word", word(0)),
        ("two common words", format!("{} {}", word(0), word(1))),
        ("a rare word", word(19_990)),
        ("two letters", "de".to_owned()),
        ("nothing", "xylophone".to_owned()),
        ("a specialty and a word", format!("dermatology {}", word(3))),
    ];
    // Each with the vault just opened: nothing of it is in memory.
    for (name, filter) in &lists {
        let vault = opened(folder.path());
        let start = Instant::now();
        black_box(list(&vault, filter, Page { after: None, count: 50 }, now()).expect("the vault reads"));
        told(name, start.elapsed());
    }
    for (name, words) in &searches {
        let vault = opened(folder.path());
        let start = Instant::now();
        black_box(search(&vault, words, &all(), 50, now()).expect("the vault reads"));
        told(name, start.elapsed());
    }

    let vault = opened(folder.path());
    let mut group = criterion.benchmark_group("100,000 posts");
    group.sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    for (name, filter) in &lists {
        let page = Page { after: None, count: 50 };
        group.bench_function(format!("list: {name}"), |b| b.iter(|| list(&vault, filter, page, now())));
    }
    let page = Page { after: deep(&vault, &all()), count: 50 };
    group.bench_function("list: behind 99,000 others", |b| b.iter(|| list(&vault, &all(), page, now())));
    for (name, words) in &searches {
        group.bench_function(format!("search: {name}"), |b| {
            b.iter(|| search(&vault, words, &all(), 50, now()));
        });
    }
    group.finish();
}

#[expect(clippy::print_stdout, reason = "see above")]
fn told(name: &str, time: Duration) {
    let verdict = if time > LIMIT { "  OVER 50 ms" } else { "" };
    println!("first answer: {name}: {time:.1?}{verdict}");
}

criterion_group!(benches, feed);
criterion_main!(benches);
