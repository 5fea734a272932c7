//! The tables of the ledger, as typed Diesel queries.

use crate::database::ReadTransaction;

mod claims;
mod entry_id;
mod files;
mod mounts;
mod moved_rows;
mod new_rows;
mod origins;
mod rejects;
mod replaced;
mod reverted;
mod rows;
mod run_details;
mod run_record;
mod runs;
pub mod tables;
pub(in crate::database) mod tables_of_runs;
mod text_ids;

pub use claims::{Claim, ClaimedFile};
pub use files::LedgerVersion;
pub use mounts::MOUNTS;
pub(super) use new_rows::{
    InsertConversions, InsertEntries, InsertFiles, NewConversion, NewEntry, NewFile,
};
pub use origins::{FileVersion, RowOrigin, StoredConversion};
pub use rejects::{RejectRecord, VersionRead};
pub use reverted::RestoredEntries;
pub use rows::LedgerRow;
pub use run_details::{ConvertedColumn, Holding, RunFile};
pub use run_record::RunRecord;
pub use runs::RunHeader;
pub use tables_of_runs::{DISABLED_AFTER, Gap, LOST_TRIGGERS};

/// The ledger: runs, the files that they read, and the origins of rows.
pub struct Ledger<'d> {
    database: &'d mut ReadTransaction,
}

impl ReadTransaction {
    /// The ledger: runs, the files that they read, and the origins of rows.
    pub fn ledger(&mut self) -> Ledger<'_> {
        Ledger { database: self }
    }
}
