//! The tool's own tables, as typed Diesel.

mod claims;
mod entries;
mod files;
mod last_changes;
mod origins;
mod receipts;
mod rejects;
mod replaced;
mod rows;
mod run_details;
mod runs;
mod sealed;
mod seals;
pub mod tables;
mod totals;
mod trail;

pub use claims::{Claim, ClaimedFile};
pub(super) use entries::{
    InsertConversions, InsertEntries, InsertFiles, NewConversion, NewEntry, NewFile,
};
pub use origins::{FileVersion, RowOrigin, StoredConversion};
pub use rejects::{RejectRecord, VersionRead};
pub use rows::LedgerRow;
pub use run_details::{ConvertedColumn, Holding, RunFile};
pub use runs::{Found, RunHeader, RunRecord};
pub use sealed::{Entries, TrailEntry};
pub use seals::{NewSeal, RunFacts, SealRecord};
pub use totals::{EntryTotal, Tally};
pub use trail::{AuditEntry, Choice, EntryField, EntryFilter, EntryOrder};
