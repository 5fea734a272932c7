//! The entries of the audit log.

use crate::database::ReadTransaction;

mod attribution;
mod entries;
mod filter;
mod last_changes;
mod receipts;
mod recorded_changes;
mod run_entries;
mod totals;

pub use attribution::{FalseRun, OutsideEntry};
pub use entries::{AuditEntry, EntryOrder};
pub(in crate::database) use filter::is_of_rows;
pub use filter::{Choice, EntryField, EntryFilter};
pub use recorded_changes::RecordedChange;
pub use run_entries::LaterEntry;
pub use totals::{EntryTotal, Tally};

/// The entries of the audit log.
pub struct AuditLog<'d> {
    database: &'d mut ReadTransaction,
}

impl ReadTransaction {
    /// The entries of the audit log.
    pub fn audit_log(&mut self) -> AuditLog<'_> {
        AuditLog { database: self }
    }
}
