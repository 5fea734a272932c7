//! The tables of the ledger, as typed Diesel queries.

mod attribution;
mod audit_entries;
mod claims;
mod entries;
mod entry_filter;
mod files;
mod last_changes;
mod mounts;
mod origins;
mod receipts;
mod rejects;
mod replaced;
mod reverted;
mod rows;
mod run_details;
mod run_id;
mod run_record;
mod runs;
mod sealed;
mod seals;
mod sums;
pub mod tables;
mod totals;

pub use attribution::{FalseRun, OutsideEntry};
pub use audit_entries::{AuditEntry, EntryOrder};
pub use claims::{Claim, ClaimedFile};
pub(super) use entries::{
    InsertConversions, InsertEntries, InsertFiles, NewConversion, NewEntry, NewFile,
};
pub(in crate::database) use entry_filter::is_of_rows;
pub use entry_filter::{Choice, EntryField, EntryFilter};
pub use files::LedgerVersion;
pub use mounts::MOUNTS;
pub use origins::{FileVersion, RowOrigin, StoredConversion};
pub use rejects::{RejectRecord, VersionRead};
pub use reverted::RestoredEntries;
pub use rows::LedgerRow;
pub use run_details::{ConvertedColumn, Holding, RunFile};
pub use run_record::RunRecord;
pub use runs::RunHeader;
pub use sealed::{Entries, EntrySubject};
pub use seals::{NewSeal, RunFacts, SealRecord};
pub use totals::{EntryTotal, Tally};
