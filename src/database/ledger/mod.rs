//! The tool's own tables, as typed Diesel.

mod claims;
mod entries;
mod files;
mod rows;
mod run_details;
mod runs;
pub mod tables;

pub use claims::{Claim, ClaimedFile};
pub(super) use entries::{InsertConversions, InsertEntries, NewConversion, NewEntry};
pub use rows::LedgerRow;
pub use run_details::{ConvertedColumn, LedgerSize, RunFile};
pub use runs::{RunHeader, RunRecord};
