//! The one connection type: a variant per kind of database.

use super::Dialect;
#[cfg(feature = "mysql")]
use super::mysql::{MysqlConnection, MysqlDialect};
#[cfg(feature = "postgres")]
use super::postgres::{PostgresConnection, PostgresDialect};
use super::sqlite::SqliteDialect;

/// An open connection.
///
/// Use the enum where speed does not matter; match once and work on the concrete connection where it does, because
/// slice inserts do not exist on the enum.
///
/// How to add a database: 1. a variant here, and in [`DatabaseUrl`](super::DatabaseUrl); 2. `migrations/NAME/` with
/// the folder names of SQLite's; 3. a [`Dialect`]; 4. `Bind` for its Diesel backend, and reading rows back; 5. triggers
/// in [`audit`](crate::audit); 6. run the conformance suite on it.
#[cfg_attr(
    feature = "servers",
    expect(
        clippy::large_enum_variant,
        reason = "a program has one or two connections"
    )
)]
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// The embedded database.
    Sqlite(diesel::SqliteConnection),
    /// PostgreSQL, and what speaks its protocol.
    #[cfg(feature = "postgres")]
    Postgres(PostgresConnection),
    /// MySQL, MariaDB, and what speaks their protocol.
    #[cfg(feature = "mysql")]
    Mysql(MysqlConnection),
}

impl AnyConnection {
    /// The recipe of this kind of database.
    #[must_use]
    pub fn dialect(&self) -> Box<dyn Dialect> {
        match self {
            Self::Sqlite(_) => Box::new(SqliteDialect),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => Box::new(PostgresDialect {
                schema: connection.schema().to_owned(),
            }),
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => Box::new(MysqlDialect),
        }
    }
}
