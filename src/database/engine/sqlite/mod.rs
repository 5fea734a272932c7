//! SQLite: the engine of databases that are files.

/// SQL for whether a trigger of `sqlite_master` is one of ours: by its name, or by the statement that writes entries or
/// stages rows.
macro_rules! is_ours {
    () => {
        "(name LIKE 'accession\\_%' ESCAPE '\\' \
         OR sql LIKE '%INSERT INTO audit\\_log (table\\_name, record\\_id, action, old\\_value%' ESCAPE '\\' \
         OR sql LIKE '%INSERT INTO audit\\_replaced (table\\_name, record\\_id, row\\_number%' ESCAPE '\\')"
    };
}

mod affinity;
mod backup;
mod beside;
mod catalog;
mod connection;
mod engine;
mod errors;
mod immutable;
mod json_checks;
mod link;
mod new_database;
mod open;
mod quote;
mod recipe;
mod referring_columns;
mod staged_rows;
mod trigger_order;
pub(in crate::database) mod triggers;
mod unique_keys;
mod values;
mod wal_keeper;

pub use backup::Backup;
use catalog::CATALOG;
pub(in crate::database) use connection::is_read_only;
pub(super) use errors::{error_kind, violation};
pub(in crate::database) use immutable::ImmutableDatabase;
pub(in crate::database) use link::link_target;
pub use new_database::{NewDatabase, Opened, PRIVATE};
pub(in crate::database) use open::{open_beside, open_file};
pub(in crate::database) use quote::{identifier, literal};
#[cfg(test)]
pub(in crate::database) use recipe::SqliteDialect;
pub(in crate::database) use wal_keeper::WalKeeper;

pub(super) type Connection = diesel::SqliteConnection;
pub(super) type Backend = diesel::sqlite::Sqlite;

/// The scheme of its URLs.
pub(in crate::database) const SCHEME: &str = "sqlite";
/// The name of the product.
pub(in crate::database) const PRODUCT: &str = "SQLite";
