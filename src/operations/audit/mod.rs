//! Queries of the audit log: runs, tables and rows. Writes nothing.
//!
//! Each file answers one question. Each query reads one consistent state of the database.

mod as_of;
mod blame;
mod entry;
mod history;
mod log;
mod names;
mod query;
mod replayer;
mod report;
mod row_history;
mod rows_from_file;
mod when;
pub mod why;

pub use as_of::{AsOf, AsOfOptions, AsOfRow, Moment, as_of};
pub use blame::{Blame, BlamedColumn, blame};
pub use entry::{Attribution, EntryDetails, show_entry};
pub use history::{History, Version, history};
pub use log::{Log, LogEntries, LogLine, each_entry, log, log_entries};
pub(super) use names::row_named;
pub use names::{Unmatched, excluded_in_vain, unmatched};
pub use query::{AuditQuery, Criterion};
pub use report::{AuditReport, audit_report};
pub use rows_from_file::{RowFromFile, RowsFromFile, rows_from_file};
pub use when::{Span, WhenError, when};
