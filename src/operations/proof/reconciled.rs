//! The result of comparing the audit log with the rows.

use serde::Serialize;

use crate::audit::reconcile::RowDifference;
use crate::model::RecordId;

/// The result of comparing the audit log with the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconcileOutcome {
    /// The database.
    pub database: String,
    /// Number of entries replayed.
    pub entries: u64,
    /// The tables of the audit log, sorted.
    pub tables: Vec<ReconciledTable>,
    /// The first differences, by table and record.
    pub differences: Vec<Unrecorded>,
    /// Number of differences that are not listed.
    pub differences_not_kept: u64,
    /// Descriptions of runs that were to record rows and are not complete.
    pub unfinished: Vec<String>,
}

/// A table that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReconciledTable {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// Number of rows in the table.
    pub rows: u64,
    /// Number of differences: rows with changes that are not in the audit log, and one for the `unknown_columns`.
    pub differences: u64,
    /// Columns with values that no entry has: they were added or renamed later.
    pub unknown_columns: Vec<String>,
}

/// A row with changes that are not in the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecorded {
    /// The table.
    pub table: String,
    /// Primary key as text; `None` if the whole table differs.
    pub record_id: Option<RecordId>,
    /// How it differs.
    pub difference: Difference,
    /// The name under which the entries of the table were written, if it was renamed since.
    pub before: Option<String>,
}

/// How a table, or one of its rows, differs from the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// One row differs.
    Row(RowDifference),
    /// Columns that were added or renamed later have values that no entry has.
    UnknownColumns {
        /// The columns.
        columns: Vec<String>,
        /// The number of rows with such values.
        rows: u64,
    },
    /// The table was removed, or a view has its name, but by the audit log it has rows.
    TableGone,
    /// The table was renamed, and its entries still have the old name.
    TableRenamed {
        /// The new name.
        now: String,
    },
    /// The table has no primary key any more, so its rows cannot be compared.
    NoKey,
}

impl ReconcileOutcome {
    /// Whether the audit log matches the rows exactly.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.differences_not_kept == 0 && self.unfinished.is_empty()
    }
}
