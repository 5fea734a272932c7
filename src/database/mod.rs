//! Databases: connections, the ledger, the layout's tables, and applying a plan to them.
//!
//! Ledger queries are typed Diesel; the layout's tables are known only at run time and go through query fragments
//! that quote every name and bind every value. What differs between databases stands behind [`Dialect`].
//! This stage decides nothing: it answers what the plan asks and writes what the plan says.

#![expect(
    clippy::disallowed_methods,
    reason = "this stage reads and writes the files of databases"
)]

mod check;
mod connection;
mod dialect;
mod error;
mod indexes;
mod layout_tables;
pub mod ledger;
mod migrations;
mod reader;
mod select;
mod session;
mod sqlite;
mod statement;
mod triggers;
mod url;
mod writer;

pub use check::{Mismatch, RowRange};
pub use connection::AnyConnection;
pub use dialect::Dialect;
pub use error::DatabaseError;
pub use layout_tables::{TableProblem, TargetTable, TargetTables};
pub use migrations::{MigrationState, MigrationStatus};
pub use reader::CurrentRows;
pub use session::{Access, Database};
pub use sqlite::{Backup, NewDatabase, Opened};
pub use url::DatabaseUrl;
pub use writer::{FileRecord, Reject, Writer};
