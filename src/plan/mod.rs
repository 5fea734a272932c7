//! Planning: computes the changes that make the database match the files. Pure.
//!
//! The planner takes the rows of the files, their ledger entries and the rows in the database, and returns changes and
//! problems. It never opens a connection: the caller fetches the data that the planner requests and applies the changes
//! that it returns. A dry run is a plan that is not applied.

mod agenda;
mod change;
mod dangling;
mod decide;
mod foreign_keys;
mod layout_keys;
mod limits;
mod planner;
mod removal;
mod scratch;
mod seen;

pub use agenda::{Agenda, KnownFile, RereadPolicy, agenda};
pub use change::{
    Change, ConflictPolicy, KnownRow, LedgerKey, PlannedRow, RowProblem, TableColumns, TableCounts,
};
pub use foreign_keys::ParentKey;
pub use limits::{ColumnLimit, RowLimit, RowSize, TableLimits};
pub use planner::{
    Comparison, ConflictingRow, Discrepancy, DiscrepancyKind, LateRejects, Lookup, Planner, Round,
    RowBatch, TableComparison, TableState, record_fingerprint,
};
pub use removal::{Removal, RemovalPolicy, decide_removal};
pub use scratch::{Scratch, ScratchFile};
