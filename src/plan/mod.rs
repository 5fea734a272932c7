//! Planning: what has to change so that the database holds what the files say. Pure.
//!
//! The planner is handed the wanted rows, what the ledger knows of them and the rows now in the database, and gives
//! back changes and findings. It never opens a connection: whoever drives it fetches what it asks for and applies
//! what it answers. A dry run is a plan that nobody applies.

mod agenda;
mod change;
mod dangling;
mod decide;
mod foreign_keys;
mod gone;
mod layout_keys;
mod limits;
mod planner;
mod scratch;
mod seen;

pub use agenda::{Again, Agenda, KnownFile, agenda};
pub use change::{
    Change, ConflictPolicy, Counts, KnownRow, LedgerKey, Problem, TableColumns, TableCounts,
};
pub use foreign_keys::ParentKey;
pub use gone::{Gone, GonePolicy, decide_gone};
pub use limits::ColumnLimit;
pub use planner::{
    Comparison, Contested, Discrepancy, DiscrepancyKind, Holder, Knowledge, Planner, Round,
    TableComparison, TableState, Wanted, record_fingerprint,
};
pub use scratch::{Scratch, ScratchFile};
