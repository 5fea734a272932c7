//! Databases: connections, the ledger, the layout's tables, and applying a plan to them.
//!
//! Ledger queries are typed Diesel; the layout's tables are known only at run time and go through query fragments
//! that quote every name and bind every value. What differs between databases stands behind [`Dialect`].
//! This stage decides nothing: it answers what the plan asks and writes what the plan says.

#![expect(
    clippy::disallowed_methods,
    reason = "this stage reads and writes the files of databases"
)]

mod application_tables;
mod audited_tables;
mod catalog;
mod check;
mod connect;
mod connection;
mod context;
mod decode;
mod deferred;
mod definitions;
mod dialect;
mod error;
mod guards;
mod health;
mod hint;
mod layout_tables;
pub mod ledger;
mod migrations;
#[cfg(feature = "mysql")]
mod mysql;
mod names;
#[cfg(feature = "postgres")]
mod postgres;
mod reader;
mod refusal;
mod scratch;
mod sealed_entry;
mod select;
mod session;
mod side_by_side;
mod sqlite;
mod statement;
mod statistics;
mod stored_row;
mod target_tables;
#[cfg(test)]
mod tests;
mod trail;
mod transaction;
mod triggers;
mod trouble;
mod undo;
mod url;
mod writer;

pub use audited_tables::{DISABLED_AFTER, TableTriggers, TriggerState};
pub use check::{Mismatch, RowRange};
pub use connect::repeat;
pub use connect::{Announce, Patience, Secret, ServerAddress, ServerKind, Tls, TlsMode};
pub use connection::AnyConnection;
pub use dialect::Dialect;
pub use error::DatabaseError;
pub(crate) use error::with_causes;
pub use health::{Facts, TriggerFault};
pub use migrations::{MigrationState, MigrationStatus};
#[cfg(feature = "mysql")]
pub use mysql::MysqlConnection;
#[cfg(feature = "postgres")]
pub use postgres::PostgresConnection;
pub use reader::{CurrentRows, SameKey};
pub use refusal::Refusal;
pub use scratch::TemporaryFiles;
pub use session::{Access, Database};
pub use sqlite::{Backup, NewDatabase, Opened};
pub use target_tables::{TableProblem, TargetTable, TargetTables};
pub use trail::{LiveRow, TrailStep};
pub use undo::{LaterEntry, RowUndo};
pub use url::DatabaseUrl;
pub use writer::{FileRecord, Finished, Reject, RunEnd, Writer};
