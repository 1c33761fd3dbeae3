//! Lists, searches, and one post with what was said of it.

use std::collections::{BTreeMap, BTreeSet};

use curtain_wire::events::{ReportReason, Specialty, What};

use super::follow::since;
use super::{FeedError, PostState, ShownPost};
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;
use crate::vault::{Cursor, Filter, Hit, Listed, SaidEvent, Vault};

/// The most posts of a page.
const MAX_PAGE: usize = 200;

/// The most words of a search that count.
const MAX_WORDS: usize = 16;

/// The longest word of a search, in characters.
const MAX_WORD: usize = 64;

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Behind which post; `None` for the first page.
    pub after: Option<Cursor>,
    /// How many posts: at most 200.
    pub count: usize,
}

/// Whether what moderators hid is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// It is left out, and it is said that it is hidden.
    LeftOut,
    /// Somebody asked for it.
    Shown,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommentShown {
    /// The hash of its header.
    pub header: Sha256,
    /// Who wrote it.
    pub user: Id,
    /// When, by its author's clock.
    pub at: UnixTime,
    /// What it says; `None` where a moderator hid it.
    pub text: Option<String>,
    /// Who hid it, if a moderator did.
    pub hidden_by: Option<Id>,
    /// How many found it helpful.
    pub helpful: u64,
    /// Whether the owner did.
    pub helped_me: bool,
}

/// How many think so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Votes {
    /// The diagnosis, as whoever named it first wrote it.
    pub diagnosis: String,
    /// How many voted for it last.
    pub count: u64,
    /// Whether the owner did.
    pub mine: bool,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutcomeShown {
    /// Who wrote it.
    pub user: Id,
    /// When, by its author's clock.
    pub at: UnixTime,
    /// What it says.
    pub text: String,
}

/// Somebody thinks that a moderator should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Who.
    pub user: Id,
    /// At what: the hash of a comment's header; `None` for the case.
    pub of: Option<Sha256>,
    /// Why.
    pub reason: ReportReason,
}

/// A post, with what was said of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Shown {
    /// The post.
    pub post: ShownPost,
    /// Comments, in the order of the feed.
    pub comments: Vec<CommentShown>,
    /// Diagnoses, by how many voted for them.
    pub votes: Vec<Votes>,
    /// What came of it, in the order of the feed.
    pub outcomes: Vec<OutcomeShown>,
    /// Reports, in the order of the feed.
    pub reports: Vec<Report>,
    /// Specialties that were paged.
    pub paged: Vec<Specialty>,
}

/// A page of posts, the newest first. Nothing is shown of circles that were not synced for long.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn list(vault: &Vault, filter: &Filter, page: Page, now: UnixTime) -> Result<Vec<Listed>, FeedError> {
    let count = page.count.min(MAX_PAGE);
    Ok(vault.feed_page(filter, page.after, count, since(vault, now)?, now)?)
}

/// The posts in which all words of `text` stand, the last of them as a beginning: the best of the newest first. Nothing that
/// somebody types is anything but words.
///
/// # Errors
/// [`FeedError::Vault`].
pub fn search(
    vault: &Vault,
    text: &str,
    filter: &Filter,
    count: usize,
    now: UnixTime,
) -> Result<Vec<Hit>, FeedError> {
    let words = in_fts5(text);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vault.feed_search(&words, filter, count.min(MAX_PAGE), since(vault, now)?, now)?)
}

/// What was typed, in FTS5's language: each word is a string, the last one a prefix. [SQLite FTS5, 3.1]
fn in_fts5(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words = words.filter(|word| word.chars().any(char::is_alphanumeric)).take(MAX_WORDS);
    let quoted = |word: &str| {
        let word: String = word.chars().take(MAX_WORD).collect();
        format!("\"{}\"", word.replace('"', "\"\""))
    };
    let mut words: Vec<String> = words.map(quoted).collect();
    // Cases that begin with one letter are most cases. Two quotes stand around it.
    if let Some(last) = words.last_mut().filter(|word| word.chars().count() > 3) {
        last.push_str(" *");
    }
    words
}

/// The header of the post with this random name, in `circle` if it is said.
///
/// # Errors
/// [`FeedError::NoSuchPost`], [`FeedError::MoreCircles`].
pub fn post_named(vault: &Vault, post: Id, circle: Option<Sha256>) -> Result<(Sha256, Sha256), FeedError> {
    let mut named = vault.posts_named(post)?;
    named.retain(|(of, _)| circle.is_none_or(|circle| circle == *of));
    match named.as_slice() {
        [] => Err(FeedError::NoSuchPost),
        [first, rest @ ..] if rest.iter().any(|(of, _)| *of != first.0) => Err(FeedError::MoreCircles),
        // Whoever posts something twice in a circle says it again: the last counts.
        [.., last] => Ok(*last),
    }
}

/// A post, with what was said of it. `me` is the owner.
///
/// # Errors
/// [`FeedError`]: why it is not shown.
pub fn show(
    vault: &Vault,
    header: Sha256,
    me: Id,
    hidden: Hidden,
    now: UnixTime,
) -> Result<Shown, FeedError> {
    must_show(vault, header, now)?;
    let mut post = vault.shown_post(header)?;
    if post.listed.hidden_by.is_some() && hidden == Hidden::LeftOut {
        return Err(FeedError::HiddenPost);
    }
    post.listed.title = post.text.title.clone();
    let events = &post.events;
    let reports = events.iter().filter_map(|event| match event.what {
        What::Report { of, reason } => Some(Report { user: event.user, of, reason }),
        _ => None,
    });
    let paged = events.iter().filter_map(|event| match event.what {
        What::Page { specialty } => Some(specialty),
        _ => None,
    });
    let outcomes = events.iter().filter_map(|event| match &event.what {
        What::Outcome { text } if event.hidden_by.is_none() || hidden == Hidden::Shown => {
            Some(OutcomeShown { user: event.user, at: event.at, text: text.0.clone() })
        }
        _ => None,
    });
    Ok(Shown {
        comments: comments(events, me, hidden),
        votes: votes(events, me),
        outcomes: outcomes.collect(),
        reports: reports.collect(),
        paged: paged.collect::<BTreeSet<_>>().into_iter().collect(),
        post,
    })
}

/// A picture or thumbnail that is here.
///
/// # Errors
/// [`FeedError`]: why it is not shown.
pub fn file(vault: &Vault, header: Sha256, index: u32, now: UnixTime) -> Result<Option<Vec<u8>>, FeedError> {
    must_show(vault, header, now)?;
    // The body is kept as it came.
    if index == 0 {
        return Ok(None);
    }
    Ok(vault.feed_file(header, index)?)
}

fn must_show(vault: &Vault, header: Sha256, now: UnixTime) -> Result<(), FeedError> {
    let (state, circle, ends) = vault.post_state(header)?.ok_or(FeedError::NoSuchPost)?;
    match state {
        PostState::Open if now >= ends => Err(FeedError::Over),
        PostState::Open => {
            let unsynced = vault.feeds_before(since(vault, now)?)?.contains(&circle);
            if unsynced { Err(FeedError::Stale { days: vault.pack()?.stale_days }) } else { Ok(()) }
        }
        PostState::Waiting => Err(FeedError::Waiting),
        PostState::Refused(code) => Err(FeedError::Refused { code }),
        PostState::Withdrawn(_) => Err(FeedError::Withdrawn),
        PostState::Over => Err(FeedError::Over),
    }
}

fn comments(events: &[SaidEvent], me: Id, hidden: Hidden) -> Vec<CommentShown> {
    let mut helped: BTreeMap<Sha256, BTreeSet<Id>> = BTreeMap::new();
    for event in events {
        if let What::Helpful { of } = event.what {
            helped.entry(of).or_default().insert(event.user);
        }
    }
    let comment = |event: &SaidEvent| {
        let What::Comment { text } = &event.what else { return None };
        let shown = event.hidden_by.is_none() || hidden == Hidden::Shown;
        let helped = helped.get(&event.header);
        Some(CommentShown {
            header: event.header,
            user: event.user,
            at: event.at,
            text: shown.then(|| text.0.clone()),
            hidden_by: event.hidden_by,
            helpful: helped.map_or(0, |by| by.len() as u64),
            helped_me: helped.is_some_and(|by| by.contains(&me)),
        })
    };
    events.iter().filter_map(comment).collect()
}

/// Each member's last vote counts. Diagnoses that differ in capitals and spaces alone are one.
fn votes(events: &[SaidEvent], me: Id) -> Vec<Votes> {
    let mut last: BTreeMap<Id, String> = BTreeMap::new();
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    for event in events.iter().filter(|event| event.hidden_by.is_none()) {
        let What::Vote { diagnosis } = &event.what else { continue };
        let words: Vec<&str> = diagnosis.0.split_whitespace().collect();
        let key = words.join(" ").to_lowercase();
        written.entry(key.clone()).or_insert_with(|| words.join(" "));
        last.insert(event.user, key);
    }
    let mut votes: Vec<Votes> = written
        .into_iter()
        .filter_map(|(key, diagnosis)| {
            let count = last.values().filter(|vote| **vote == key).count() as u64;
            let mine = last.get(&me) == Some(&key);
            (count > 0).then_some(Votes { diagnosis, count, mine })
        })
        .collect();
    votes.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.diagnosis.cmp(&b.diagnosis)));
    votes
}
