//! Rows by the page, so that any number of them takes the memory of one page.

use std::collections::VecDeque;

use rusqlite::{Connection, Row};

use super::error::VaultError;

/// Rows read at once.
const PAGE: i64 = 1000;

/// A query of rows in the order of a whole number, its first column; `?1` is where to go on and `?2` how many.
pub(super) struct Pages<'v, T> {
    connection: &'v Connection,
    query: String,
    read: fn(&Row<'_>) -> Result<T, VaultError>,
    next: Option<i64>,
    page: VecDeque<T>,
}

impl<'v, T> Pages<'v, T> {
    pub(super) fn new(
        connection: &'v Connection,
        query: String,
        read: fn(&Row<'_>) -> Result<T, VaultError>,
    ) -> Self {
        Self { connection, query, read, next: Some(0), page: VecDeque::new() }
    }

    fn fill(&mut self, from: i64) -> Result<(), VaultError> {
        let mut statement = self.connection.prepare_cached(&self.query)?;
        let mut rows = statement.query([from, PAGE])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            last = Some(row.get::<_, i64>(0)?);
            self.page.push_back((self.read)(row)?);
        }
        self.next = last.and_then(|last| last.checked_add(1));
        Ok(())
    }
}

impl<T> Iterator for Pages<'_, T> {
    type Item = Result<T, VaultError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty()
            && let Some(from) = self.next.take()
            && let Err(error) = self.fill(from)
        {
            self.page.clear();
            return Some(Err(error));
        }
        self.page.pop_front().map(Ok)
    }
}
