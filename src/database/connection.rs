//! The one connection type: a variant per kind of database.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::sqlite::SqliteDialect;
use super::{DatabaseError, Dialect};

/// An open connection.
///
/// Use the enum where speed does not matter; match once and work on the concrete connection where it does, because
/// slice inserts do not exist on the enum.
///
/// How to add a database: 1. a variant here, and in [`DatabaseUrl`](super::DatabaseUrl); 2. `migrations/NAME/` with
/// the folder names of SQLite's; 3. a [`Dialect`]; 4. `Bind` for its Diesel backend, and reading rows back; 5. triggers
/// in [`audit`](crate::audit); 6. run the conformance suite on it.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// The embedded database.
    Sqlite(diesel::SqliteConnection),
}

impl AnyConnection {
    /// The recipe of this kind of database.
    #[must_use]
    pub fn dialect(&self) -> &'static dyn Dialect {
        match self {
            Self::Sqlite(_) => &SqliteDialect,
        }
    }

    /// Whether there is a table of this name.
    pub(super) fn has_table(&mut self, name: &str) -> Result<bool, DatabaseError> {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let Self::Sqlite(connection) = self;
        let query = "SELECT count(*) AS count FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE";
        let found: Count = diesel::sql_query(query)
            .bind::<Text, _>(name)
            .get_result(connection)?;
        Ok(found.count > 0)
    }
}
