//! The entries of the audit log.

pub(in crate::database) mod attribution;
pub(in crate::database) mod entries;
pub(in crate::database) mod filter;
pub(in crate::database) mod last_changes;
pub(in crate::database) mod receipts;
pub(in crate::database) mod recorded_changes;
pub(in crate::database) mod run_entries;
pub(in crate::database) mod totals;

pub use attribution::{FalseRun, OutsideEntry};
pub use entries::{AuditEntry, EntryOrder};
pub(in crate::database) use filter::is_of_rows;
pub use filter::{Choice, EntryField, EntryFilter};
pub use totals::{EntryTotal, Tally};
