//! Databases: connections, the ledger, the layout's tables, and applying a plan to them.
//!
//! Ledger queries are typed Diesel; the layout's tables are known only at run time and go through query fragments
//! that quote every name and bind every value. What differs between databases is in `engine`.
//! This stage makes no decisions: it reads the rows that the plan needs and writes the changes that the plan contains.

#![expect(
    clippy::disallowed_methods,
    reason = "this stage reads and writes the files of databases"
)]

pub mod audit_log;
mod audited_tables;
mod connect;
mod created_tables;
mod engine;
mod error;
mod guards;
mod health;
mod hint;
pub mod ledger;
mod ledger_tables;
mod migrations;
mod pages;
mod rejected_connection;
mod rejection;
mod schema_changes;
mod scratch;
pub mod seals;
mod select;
mod session;
mod side_by_side;
mod statement;
mod statement_span;
mod statement_text;
mod stored_row;
mod stored_text;
mod tables;
mod taken_names;
#[cfg(all(test, feature = "postgres", feature = "mysql"))]
mod tests;
mod transaction;
mod url;
mod writer;
mod writing;

pub use audit_log::{LaterEntry, RecordedChange};
pub use audited_tables::{
    ACCOUNTED, Baseline, Effect, FoundEntry, LayoutTriggers, NotRecorded, NotRecordedReason, Phase,
    RENAMED_TO, Renewal, TableTriggers, TriggerState,
};
pub use connect::repeat;
pub use connect::{RetryObserver, RetryPolicy, Secret, ServerAddress, Tls, TlsMode};
pub use engine::embedded::{Backup, NewDatabase, Opened, PRIVATE};
pub use engine::{
    AnyConnection, Server, Variables, Violation, ViolationKind, find_server, products_with_schemas,
    server_names,
};
pub use error::DatabaseError;
pub(crate) use error::with_causes;
pub use health::{Facts, SilentCascade, TriggerFault};
pub use ledger::{DISABLED_AFTER, Gap, LOST_TRIGGERS};
pub use ledger_tables::loss_of;
pub use migrations::{MigrationState, MigrationStatus};
pub use pages::{PageRow, Pages, Room};
pub use rejected_connection::RejectionReason;
pub use rejection::Rejection;
pub use scratch::TemporaryFiles;
pub use session::{Access, Database, ReadTransaction, WriteTransaction};
pub use tables::{
    CurrentRows, ForeignKeyChecks, KeyedRows, LiveRow, Mismatch, Obstacle, ReferringKey,
    RejectedRow, RestoredRows, RestoredTable, RowFault, RowRange, RowUndo, SameKey, TableProblem,
    TargetTable, TargetTables,
};
pub use url::{DatabaseUrl, is_usual_name};
pub use writer::{FileRecord, Reject, RunEnd, Verified, Writer};
pub use writing::Writing;
