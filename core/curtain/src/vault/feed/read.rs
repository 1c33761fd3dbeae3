//! Pages of posts, and searching in them.

use curtain_wire::events::{Site, Specialty, Status, Tag};
use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use super::super::Vault;
use super::super::error::VaultError;
use super::super::log::{moment, unsigned};
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;

/// So many of the newest matches of a search are put in order by how well they fit.
const RANKED: usize = 400;

/// Words that stand in more cases than this, taken together, are too common to weigh: BM25 would look at each of the cases.
/// Measured: 4 microseconds a case.
const WEIGHED: i64 = 5_000;

/// A last word that stands in more cases than this is meant as it is, and as no beginning: FTS5 would gather all cases with all
/// words that begin so before it gives the first. Measured: 5 microseconds a case.
const WHOLE: i64 = 1_000;

/// Which posts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this circle.
    pub circle: Option<Sha256>,
    /// Filed under this specialty.
    pub specialty: Option<Specialty>,
    /// Filed under this body site.
    pub site: Option<Site>,
    /// With this tag.
    pub tag: Option<Tag>,
    /// That stand so.
    pub status: Option<Status>,
    /// That were not read yet.
    pub unread: bool,
    /// That are in a collection.
    pub saved: bool,
    /// In the collection of this name.
    pub collection: Option<String>,
    /// For which this specialty was paged.
    pub paged: Option<Specialty>,
}

/// Where a page ended: the next one begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) at: i64,
    pub(super) ord: i64,
}

/// A post in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// Its circle.
    pub circle: Sha256,
    /// The hash of its header.
    pub header: Sha256,
    /// Its random name.
    pub post: Id,
    /// Who posted it.
    pub user: Id,
    /// When, by its author's clock.
    pub at: UnixTime,
    /// What it is about, in a line. Empty where a moderator hid it.
    pub title: String,
    /// The field of medicine.
    pub specialty: Option<Specialty>,
    /// The part of the body.
    pub site: Option<Site>,
    /// How it stands.
    pub status: Status,
    /// Whether it was read here.
    pub read: bool,
    /// Whether it is in a collection.
    pub saved: bool,
    /// Who hid it, if a moderator did.
    pub hidden_by: Option<Id>,
    /// Comments below it.
    pub comments: u64,
    /// The file to show it with, if it is here.
    pub thumbnail: Option<u32>,
    pub(super) cursor: Cursor,
}

impl Listed {
    /// Behind it.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }
}

/// A post that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hit {
    /// The post.
    pub post: Listed,
    /// Some words around what was found, which stands between « and ».
    pub snippet: String,
}

/// The conditions of a query, and what they are about.
struct Asked {
    /// What the posts are taken from; `p` is the post.
    from: &'static str,
    /// Columns by which they are ordered.
    order: &'static str,
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Asked {
    fn new(filter: &Filter, since: i64, now: UnixTime) -> Self {
        // The narrowest of what has a table of its own leads.
        let (from, order) = if filter.tag.is_some() {
            ("feed_tag t JOIN feed_post p ON p.ord = t.post", "t.at DESC, t.post DESC")
        } else if filter.paged.is_some() {
            ("feed_paged g JOIN feed_post p ON p.ord = g.post", "g.at DESC, g.post DESC")
        } else {
            ("feed_post p", "p.at DESC, p.ord DESC")
        };
        let mut asked =
            Self { from, order, conditions: vec!["p.state = 'open'".to_owned()], values: Vec::new() };
        asked.must("p.ends >", Value::Integer(now.seconds()));
        let fresh = "+p.feed IN (SELECT ord FROM feed WHERE synced_at >= ";
        asked.must_in(fresh, Value::Integer(since));
        if let Some(tag) = &filter.tag {
            asked.must("t.tag =", Value::Text(tag.as_str().to_owned()));
        }
        if let Some(paged) = filter.paged {
            let code = Value::Text(paged.code().to_owned());
            if filter.tag.is_some() {
                asked.must_in("p.ord IN (SELECT post FROM feed_paged WHERE specialty = ", code);
            } else {
                asked.must("g.specialty =", code);
            }
        }
        // The narrowest leads: the others are only looked at, which the plus sign says to SQLite.
        let mut has_lead = filter.tag.is_some() || filter.paged.is_some();
        let mut lead = || if std::mem::replace(&mut has_lead, true) { "+" } else { "" };
        if filter.saved {
            asked.conditions.push(format!("{}p.saved = 1", lead()));
        }
        if let Some(specialty) = filter.specialty {
            asked.must(&format!("{}p.specialty =", lead()), Value::Text(specialty.code().to_owned()));
        }
        if let Some(site) = filter.site {
            asked.must(&format!("{}p.site =", lead()), Value::Text(site.code().to_owned()));
        }
        if filter.unread {
            asked.conditions.push(format!("{}p.read_at IS NULL", lead()));
        }
        if let Some(circle) = filter.circle {
            let of = format!("{}p.feed = (SELECT ord FROM feed WHERE circle = ", lead());
            asked.must_in(&of, Value::Blob(circle.0.to_vec()));
        }
        if let Some(status) = filter.status {
            asked.must("+p.status =", Value::Text(status_code(status).to_owned()));
        }
        if let Some(collection) = &filter.collection {
            asked.must_in(
                "p.ord IN (SELECT post FROM collected JOIN collection c ON c.ord = collection WHERE c.name = ",
                Value::Text(collection.clone()),
            );
        }
        asked
    }

    fn value(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len()
    }

    fn must(&mut self, condition: &str, value: Value) {
        let place = self.value(value);
        self.conditions.push(format!("{condition} ?{place}"));
    }

    /// A condition that ends with an open bracket's contents.
    fn must_in(&mut self, condition: &str, value: Value) {
        let place = self.value(value);
        self.conditions.push(format!("{condition}?{place})"));
    }

    fn conditions(&self) -> String {
        self.conditions.join(" AND ")
    }
}

const LISTED: &str = "f.circle, p.hash, p.post, p.user, p.at, w.title, p.specialty, p.site, p.status,
    p.read_at IS NOT NULL, p.saved, p.hidden_by,
    (SELECT count(*) FROM feed_event e WHERE e.post = p.ord AND e.kind = 'comment'),
    (SELECT o.place FROM feed_object o WHERE o.post = p.ord AND o.first = 1 AND o.stored > 0 ORDER BY o.place LIMIT 1),
    p.ord";

pub(super) fn listed_columns() -> &'static str {
    LISTED
}

pub(super) fn listed(row: &Row<'_>) -> Result<Listed, VaultError> {
    let word = |column: usize| row.get::<_, Option<String>>(column);
    let hidden_by = row.get::<_, Option<[u8; 16]>>(11)?.map(Id);
    let at: i64 = row.get(4)?;
    let title: String = row.get::<_, Option<String>>(5)?.unwrap_or_default();
    let thumbnail: Option<u32> = row.get(13)?;
    Ok(Listed {
        circle: Sha256(row.get(0)?),
        header: Sha256(row.get(1)?),
        post: Id(row.get(2)?),
        user: Id(row.get(3)?),
        at: moment(at)?,
        title: if hidden_by.is_some() { String::new() } else { title },
        specialty: word(6)?.map(|code| code.parse().map_err(|_| VaultError::Inconsistent)).transpose()?,
        site: word(7)?.map(|code| code.parse().map_err(|_| VaultError::Inconsistent)).transpose()?,
        status: status_of(&row.get::<_, String>(8)?)?,
        read: row.get(9)?,
        saved: row.get(10)?,
        hidden_by,
        comments: unsigned(row.get(12)?)?,
        thumbnail: thumbnail.filter(|_| hidden_by.is_none()),
        cursor: Cursor { at, ord: row.get(14)? },
    })
}

pub(super) fn status_code(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Answered => "answered",
        Status::Closed => "closed",
    }
}

fn status_of(code: &str) -> Result<Status, VaultError> {
    let all = [Status::Open, Status::Answered, Status::Closed];
    all.into_iter().find(|status| status_code(*status) == code).ok_or(VaultError::Inconsistent)
}

impl Vault {
    /// A page of posts, the newest first, of circles that were synced since `since`.
    pub(crate) fn feed_page(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        count: usize,
        since: i64,
        now: UnixTime,
    ) -> Result<Vec<Listed>, VaultError> {
        let mut asked = Asked::new(filter, since, now);
        if let Some(Cursor { at, ord }) = after {
            let (at, ord) = (asked.value(Value::Integer(at)), asked.value(Value::Integer(ord)));
            let columns = asked.order.replace(" DESC", "");
            asked.conditions.push(format!("({columns}) < (?{at}, ?{ord})"));
        }
        let count = asked.value(Value::Integer(i64::try_from(count).unwrap_or(i64::MAX)));
        // The page first: only its posts are looked up.
        let query = format!(
            "WITH page (ord) AS MATERIALIZED (SELECT p.ord FROM {} WHERE {} ORDER BY {} LIMIT ?{count})
             SELECT {LISTED} FROM page JOIN feed_post p ON p.ord = page.ord JOIN feed f ON f.ord = p.feed
             JOIN feed_words w ON w.rowid = p.ord ORDER BY p.at DESC, p.ord DESC",
            asked.from,
            asked.conditions(),
            asked.order,
        );
        let mut statement = self.opened.connection.prepare_cached(&query)?;
        let mut rows = statement.query(params_from_iter(&asked.values))?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            page.push(listed(row)?);
        }
        Ok(page)
    }

    /// The posts in which all of `terms` stand, each in FTS5's language: the best of the newest [`RANKED`] first. Where the words
    /// are too common to weigh, those in whose titles they stand come first.
    pub(crate) fn feed_search(
        &self,
        terms: &[String],
        filter: &Filter,
        count: usize,
        since: i64,
        now: UnixTime,
    ) -> Result<Vec<Hit>, VaultError> {
        let mut terms = terms.to_vec();
        if let Some(last) = terms.last_mut()
            && let Some(whole) = last.strip_suffix(" *")
            && self.count_up_to(whole, WHOLE + 1)? > WHOLE
        {
            *last = whole.to_owned();
        }
        let mut asked = Asked::new(filter, since, now);
        // What a moderator hid is not found.
        asked.conditions.push("p.hidden_by IS NULL".to_owned());
        let all = terms.join(" AND ");
        let titles = asked.value(Value::Text(format!("title : ({all})")));
        let words = asked.value(Value::Text(all));
        let count = asked.value(Value::Integer(i64::try_from(count).unwrap_or(i64::MAX)));
        let (score, best) = if self.are_common(&terms)? {
            let in_title = format!(
                "SELECT t.rowid FROM feed_words t WHERE t.feed_words MATCH ?{titles}
                 AND t.rowid >= (SELECT min(ord) FROM newest)"
            );
            ("0.0".to_owned(), format!("SELECT ord, -(ord IN ({in_title})) AS score FROM newest"))
        } else {
            // The place of the titles is bound, and matches nothing here.
            let weighed = format!("bm25(feed_words, 4.0, 1.0, 2.0, 3.0) + 0 * length(?{titles})");
            (weighed, "SELECT ord, score FROM newest".to_owned())
        };
        let query = format!(
            "WITH newest (ord, score) AS MATERIALIZED (
                 SELECT w.rowid, {score} FROM feed_words w
                 CROSS JOIN {} WHERE w.feed_words MATCH ?{words} AND p.ord = w.rowid AND {}
                 ORDER BY w.rowid DESC LIMIT {RANKED}),
             best (ord, score) AS MATERIALIZED ({best} ORDER BY score, ord DESC LIMIT ?{count})
             SELECT {LISTED}, snippet(feed_words, -1, '«', '»', '…', 12) FROM best
             CROSS JOIN feed_words w ON w.rowid = best.ord AND w.feed_words MATCH ?{words}
             JOIN feed_post p ON p.ord = best.ord JOIN feed f ON f.ord = p.feed
             ORDER BY best.score, best.ord DESC",
            asked.from,
            asked.conditions(),
        );
        let mut statement = self.opened.connection.prepare_cached(&query)?;
        let mut rows = statement.query(params_from_iter(&asked.values))?;
        let mut hits = Vec::new();
        while let Some(row) = rows.next()? {
            hits.push(Hit { post: listed(row)?, snippet: row.get(15)? });
        }
        Ok(hits)
    }

    /// Whether the words stand in more than [`WEIGHED`] cases, taken together.
    fn are_common(&self, terms: &[String]) -> Result<bool, VaultError> {
        let mut left = WEIGHED;
        for term in terms {
            left -= self.count_up_to(term, left + 1)?;
            if left < 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The cases that `term` matches, of which no more than `most` are looked for.
    fn count_up_to(&self, term: &str, most: i64) -> Result<i64, VaultError> {
        let mut query = self.opened.connection.prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM feed_words WHERE feed_words MATCH ?1 ORDER BY rowid DESC LIMIT ?2)",
        )?;
        Ok(query.query_row((term, most), |row| row.get(0))?)
    }
}
