//! Databases: connections, the ledger, the layout's tables, and applying a plan to them.
//!
//! Ledger queries are typed Diesel; the layout's tables are known only at run time and go through query fragments
//! that quote every name and bind every value. What differs between databases is in `engine`.
//! This stage makes no decisions: it reads the rows that the plan needs and writes the changes that the plan contains.

#![expect(
    clippy::disallowed_methods,
    reason = "this stage reads and writes the files of databases"
)]

mod accounted;
mod altered_tables;
mod application_tables;
mod audited_tables;
mod baselines;
mod check;
mod connect;
mod created_tables;
mod deferred;
mod definitions;
mod detached_elsewhere;
mod engine;
mod error;
mod former_names;
mod guards;
mod health;
mod hint;
mod layout_tables;
mod layout_triggers;
pub mod ledger;
mod ledger_tables;
mod migrations;
mod moved_rows;
mod pages;
mod partitions;
mod reader;
mod recorded_changes;
mod recording;
mod referring_rows;
mod rejected_connection;
mod rejected_rows;
mod rejection;
mod renewals;
mod restored_table;
mod restored_values;
mod run_entries;
mod schema_changes;
mod scratch;
mod sealed_entry;
mod select;
mod session;
mod side_by_side;
mod staged_rows;
mod statement;
mod statement_span;
mod statement_text;
mod statistics;
mod stored_row;
mod stored_text;
mod table_structure;
mod tables_of_runs;
mod taken_names;
mod target_tables;
#[cfg(all(test, feature = "postgres", feature = "mysql"))]
mod tests;
mod transaction;
mod triggers;
mod undo;
mod url;
mod writer;

pub use accounted::ACCOUNTED;
pub use altered_tables::RENAMED_TO;
pub use audited_tables::{TableTriggers, TriggerState};
pub use baselines::FoundEntry;
pub use check::{Mismatch, RowRange};
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
pub use layout_triggers::LayoutTriggers;
pub use ledger_tables::loss_of;
pub use migrations::{MigrationState, MigrationStatus};
pub use pages::{PageRow, Pages, Room};
pub use reader::{CurrentRows, SameKey};
pub use recorded_changes::{LiveRow, RecordedChange};
pub use recording::{Baseline, NotRecorded, NotRecordedReason};
pub use referring_rows::{KeyedRows, ReferringKey};
pub use rejected_connection::RejectionReason;
pub use rejected_rows::{RejectedRow, RestoredRows, RowFault};
pub use rejection::Rejection;
pub use renewals::Renewal;
pub use restored_table::{Obstacle, RestoredTable};
pub use run_entries::LaterEntry;
pub use scratch::TemporaryFiles;
pub use session::{Access, Database};
pub use table_structure::TableProblem;
pub use tables_of_runs::{DISABLED_AFTER, Gap, LOST_TRIGGERS};
pub use target_tables::{TargetTable, TargetTables};
pub use undo::RowUndo;
pub use url::{DatabaseUrl, is_usual_name};
pub use writer::{FileRecord, Reject, RunEnd, Verified, Writer};
