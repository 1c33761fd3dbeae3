//! The vault's forms, oldest first. One that was ever released is never edited.

use rusqlite::Connection;
use rusqlite_migration::{Error, M, MigrationDefinitionError, Migrations};

use super::error::VaultError;

const STEPS: &[M<'_>] = &[
    M::up(include_str!("schema/1.sql")),
    M::up(include_str!("schema/2.sql")),
    M::up(include_str!("schema/3.sql")),
    M::up(include_str!("schema/4.sql")),
    M::up(include_str!("schema/5.sql")),
    M::up(include_str!("schema/6.sql")),
];

/// Brings the vault to the newest form, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), VaultError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        return Err(VaultError::Newer { found, known });
    }
    Migrations::from_slice(STEPS).to_latest(connection).map_err(|error| match error {
        Error::RusqliteError { err, .. } => err.into(),
        Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
            VaultError::Newer { found, known }
        }
        _ => VaultError::Inconsistent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_valid() {
        Migrations::from_slice(STEPS).validate().unwrap();
    }
}
