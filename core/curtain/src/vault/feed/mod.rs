//! What was taken of feeds: headers as they came, what was opened of posts, and what the owner does with them.

mod keep;
mod objects;
mod read;
mod shown;
mod take;

use rusqlite::{OptionalExtension, Transaction};

pub use keep::{Collection, Pack};
pub(crate) use objects::OpenedWords;
pub use objects::Wanted;
pub use read::{Cursor, Filter, Hit, Listed};
pub use shown::{PictureHere, Pictured, PostState, SaidEvent, ShownPost};
pub(crate) use take::{Becomes, Counts, KeptHeader, NewPost, Refusal, Taking};

use super::error::VaultError;
use crate::hash::Sha256;

/// The number of a post by its header, if one was taken.
fn post_ord(connection: &rusqlite::Connection, hash: Sha256) -> Result<Option<i64>, VaultError> {
    let query = "SELECT ord FROM feed_post WHERE hash = ?1";
    Ok(connection.prepare_cached(query)?.query_row([hash.0], |row| row.get(0)).optional()?)
}

/// Deletes all that was opened of a post. Its header stays, and why the post went.
fn drop_post(tx: &Transaction<'_>, post: i64, state: &str, why: Option<&str>) -> Result<(), VaultError> {
    for table in ["feed_tag", "feed_paged", "feed_event", "feed_file", "feed_object", "collected"] {
        tx.prepare_cached(&format!("DELETE FROM {table} WHERE post = ?1"))?.execute([post])?;
    }
    tx.prepare_cached("DELETE FROM feed_words WHERE rowid = ?1")?.execute([post])?;
    tx.prepare_cached(
        "UPDATE feed_post SET state = ?2, why = ?3, specialty = NULL, site = NULL, status = 'open', read_at = NULL,
         saved = 0, hidden_by = NULL WHERE ord = ?1",
    )?
    .execute((post, state, why))?;
    Ok(())
}

#[cfg(test)]
impl super::Vault {
    /// The contents of all tables, also of those that an index keeps for itself.
    pub(crate) fn everything(&self) -> Result<Vec<u8>, VaultError> {
        use rusqlite::types::ValueRef;
        let connection = &self.opened.connection;
        let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
        let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut everything = Vec::new();
        for name in names {
            let mut query = connection.prepare(&format!("SELECT * FROM \"{name}\""))?;
            let columns = query.column_count();
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                for column in 0..columns {
                    match row.get_ref(column)? {
                        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => everything.extend_from_slice(bytes),
                        _ => {}
                    }
                    everything.push(0);
                }
            }
        }
        Ok(everything)
    }
}
