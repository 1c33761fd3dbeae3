//! One post, with all that was said of it.

use curtain_wire::events::{Tag, What};
use rusqlite::{Connection, OptionalExtension};

use super::super::Vault;
use super::super::error::VaultError;
use super::super::log::{moment, unsigned};
use super::read::{Listed, listed, listed_columns};
use crate::hash::{Id, Sha256};
use crate::review::CaseText;
use crate::time::UnixTime;

/// How a post stands on this device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PostState {
    /// Its body is still to be fetched.
    Waiting,
    /// It can be read.
    Open,
    /// It does not open; the code of why.
    Refused(String),
    /// It was withdrawn; by whom.
    Withdrawn(String),
    /// Its consent is over.
    Over,
}

/// Whether a picture's file is here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PictureHere {
    /// It is.
    Here,
    /// It is still to be fetched.
    Wanted,
    /// It was not asked for, or made room for another.
    NotAsked,
    /// It does not open; the code of why.
    Refused(String),
}

/// A file of a post that shows something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pictured {
    /// Its place in the header.
    pub index: u32,
    /// Whether it is a thumbnail.
    pub thumbnail: bool,
    /// Bytes of the sealed file.
    pub size: u64,
    /// Whether it is here.
    pub here: PictureHere,
}

/// Something that was said of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SaidEvent {
    /// The hash of its header.
    pub header: Sha256,
    /// Who said it.
    pub user: Id,
    /// When, by its author's clock.
    pub at: UnixTime,
    /// What.
    pub what: What,
    /// Who hid it, if a moderator did.
    pub hidden_by: Option<Id>,
}

/// A post with its text, and all that was said of it in the order of the feed.
#[derive(Clone)]
#[non_exhaustive]
pub struct ShownPost {
    /// As lists have it.
    pub listed: Listed,
    /// What it says, also where a moderator hid it.
    pub text: CaseText,
    /// Under which it is filed.
    pub tags: Vec<Tag>,
    /// Its pictures and thumbnails, in their order.
    pub pictures: Vec<Pictured>,
    /// The first moment at which it must not be here.
    pub ends: UnixTime,
    /// What was said.
    pub events: Vec<SaidEvent>,
}

/// Shows nothing of what is inside.
impl std::fmt::Debug for ShownPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownPost").field("post", &self.listed.post).finish_non_exhaustive()
    }
}

impl Vault {
    /// How a post stands, its circle, and until when it may be here.
    pub(crate) fn post_state(
        &self,
        header: Sha256,
    ) -> Result<Option<(PostState, Sha256, UnixTime)>, VaultError> {
        let query = "SELECT p.state, p.why, f.circle, p.ends FROM feed_post p JOIN feed f ON f.ord = p.feed WHERE p.hash = ?1";
        let row: Option<(String, Option<String>, [u8; 32], i64)> = self
            .opened
            .connection
            .prepare_cached(query)?
            .query_row([header.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((state, why, circle, ends)) = row else { return Ok(None) };
        let why = why.unwrap_or_default();
        let state = match state.as_str() {
            "waiting" => PostState::Waiting,
            "open" => PostState::Open,
            "refused" => PostState::Refused(why),
            "withdrawn" => PostState::Withdrawn(why),
            _ => PostState::Over,
        };
        Ok(Some((state, Sha256(circle), moment(ends)?)))
    }

    /// The posts of this random name: one for each circle in which it stands.
    pub(crate) fn posts_named(&self, post: Id) -> Result<Vec<(Sha256, Sha256)>, VaultError> {
        let mut query = self.opened.connection.prepare_cached(
            "SELECT f.circle, p.hash FROM feed_post p JOIN feed f ON f.ord = p.feed WHERE p.post = ?1 ORDER BY p.ord",
        )?;
        let rows = query.query_map([post.0], |row| Ok((Sha256(row.get(0)?), Sha256(row.get(1)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// An open post.
    pub(crate) fn shown_post(&self, header: Sha256) -> Result<ShownPost, VaultError> {
        let connection = &self.opened.connection;
        let query = format!(
            "SELECT {}, w.body, w.question, p.ends, w.title FROM feed_post p JOIN feed f ON f.ord = p.feed
             JOIN feed_words w ON w.rowid = p.ord WHERE p.hash = ?1 AND p.state = 'open'",
            listed_columns()
        );
        let mut statement = connection.prepare_cached(&query)?;
        let mut rows = statement.query([header.0])?;
        let row = rows.next()?.ok_or(VaultError::NotFound)?;
        let (post, listed): (i64, Listed) = (row.get(14)?, listed(row)?);
        let text = CaseText::from([row.get(18)?, row.get(15)?, row.get(16)?]);
        let ends = moment(row.get(17)?)?;
        Ok(ShownPost {
            listed,
            text,
            tags: tags(connection, post)?,
            pictures: pictures(connection, post)?,
            ends,
            events: events(connection, post)?,
        })
    }
}

fn tags(connection: &Connection, post: i64) -> Result<Vec<Tag>, VaultError> {
    let mut query = connection.prepare_cached("SELECT tag FROM feed_tag WHERE post = ?1 ORDER BY tag")?;
    let rows = query.query_map([post], |row| row.get::<_, String>(0))?;
    rows.map(|tag| tag?.parse().map_err(|_| VaultError::Inconsistent)).collect()
}

fn pictures(connection: &Connection, post: i64) -> Result<Vec<Pictured>, VaultError> {
    let mut query = connection.prepare_cached(
        "SELECT place, kind = 'thumbnail', size, stored > 0, turn IS NOT NULL, why FROM feed_object
         WHERE post = ?1 AND kind <> 'body' ORDER BY place",
    )?;
    let mut rows = query.query([post])?;
    let mut pictures = Vec::new();
    while let Some(row) = rows.next()? {
        let here = match (row.get(3)?, row.get(4)?, row.get::<_, Option<String>>(5)?) {
            (true, ..) => PictureHere::Here,
            (false, true, _) => PictureHere::Wanted,
            (false, false, Some(why)) => PictureHere::Refused(why),
            (false, false, None) => PictureHere::NotAsked,
        };
        pictures.push(Pictured {
            index: row.get(0)?,
            thumbnail: row.get(1)?,
            size: unsigned(row.get(2)?)?,
            here,
        });
    }
    Ok(pictures)
}

fn events(connection: &Connection, post: i64) -> Result<Vec<SaidEvent>, VaultError> {
    let mut query = connection.prepare_cached(
        "SELECT hash, user, at, said, hidden_by FROM feed_event WHERE post = ?1 ORDER BY n",
    )?;
    let mut rows = query.query([post])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let what = serde_json::from_str(&row.get::<_, String>(3)?).map_err(|_| VaultError::Inconsistent)?;
        events.push(SaidEvent {
            header: Sha256(row.get(0)?),
            user: Id(row.get(1)?),
            at: moment(row.get(2)?)?,
            what,
            hidden_by: row.get::<_, Option<[u8; 16]>>(4)?.map(Id),
        });
    }
    Ok(events)
}
