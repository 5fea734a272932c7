//! The changes and problems that make up a plan.

use serde::Serialize;

use crate::model::{
    Conversion, Fingerprint, Origin, RecordId, Rule, SharedKey, TableIndex, Value, same_json,
};

/// The key of a row's entry in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerKey {
    /// The version of the source file.
    pub source_file_id: i64,
    /// The record's number in the file.
    pub position: i64,
}

/// The ledger entry of a record that was imported before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRow {
    /// Key of the entry.
    pub key: LedgerKey,
    /// Relative path of the file the record came from.
    pub path: String,
    /// Primary key as text.
    pub record_id: RecordId,
    /// Digest of the values as last imported.
    pub digest: Fingerprint,
    /// Whether an earlier run found that the record was removed from its file.
    pub removed: bool,
}

impl KnownRow {
    /// The change that marks the record as removed from its file; `None` if the ledger has the mark already.
    pub(crate) fn mark_removed(&self) -> Option<Change> {
        (!self.removed).then_some(Change::MarkRemoved { known: self.key })
    }
}

/// A row that the plan decided on.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRow {
    /// Index of the table in the layout.
    pub table: TableIndex,
    /// The record's location.
    pub origin: Origin,
    /// The record's identity.
    pub identity: Fingerprint,
    /// Digest of the values that come from the file.
    pub digest: Fingerprint,
    /// One value per column, final where the row is written.
    pub values: Vec<Value>,
    /// Values that were converted and are written.
    pub conversions: Vec<Conversion>,
    /// Primary key as text, as the database has it before the change.
    pub record_id: RecordId,
    /// The ledger entry to replace, if there is one.
    pub known: Option<LedgerKey>,
}

/// One change to a row or to the ledger.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new row.
    Insert(PlannedRow),
    /// Changes some columns of a row.
    Update {
        /// The row with all its values.
        row: PlannedRow,
        /// The columns that change.
        columns: Vec<usize>,
    },
    /// Sets a unique column to NULL so that another row can take its value; an update of the column follows.
    ClearColumn {
        /// Table index.
        table: TableIndex,
        /// Primary key as text.
        record_id: RecordId,
        /// The column to set to NULL.
        column: usize,
    },
    /// Changes only the ledger: the row was in the database already, its record moved to another file or is back in its
    /// file, or the row was kept after a conflict.
    Record(PlannedRow),
    /// Deletes a row whose record is no longer in the files.
    Delete {
        /// Table index.
        table: TableIndex,
        /// Primary key as text.
        record_id: RecordId,
        /// The ledger entry to remove.
        known: LedgerKey,
    },
    /// Marks a record as removed from its file; the row stays.
    MarkRemoved {
        /// The ledger entry to mark.
        known: LedgerKey,
    },
    /// Removes a ledger entry: both the record and its row were removed.
    Forget {
        /// The ledger entry to remove.
        known: LedgerKey,
    },
}

/// How to resolve a conflict: a record and its row both changed since the last import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictPolicy {
    /// Report it and write nothing.
    Report,
    /// Keep the database's values.
    KeepDatabase,
    /// Write the file's values.
    TakeFile,
}

/// Columns of one of the layout's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumns {
    /// Index of the table.
    pub table: TableIndex,
    /// Indexes of the columns.
    pub columns: Vec<usize>,
}

/// A reason why a row cannot be planned.
#[derive(Debug, Clone, PartialEq)]
pub struct RowProblem {
    /// The record's location.
    pub origin: Origin,
    /// The columns with invalid values; `None` if the problem concerns the record as a whole.
    pub columns: Option<Box<TableColumns>>,
    /// What it has in common with an earlier record of the run, if that is the problem.
    pub shared: Option<Box<SharedKey>>,
    /// The rejected record that is the cause, if there is one.
    pub cause: Option<Box<Origin>>,
    /// The kind of problem; [`Rule::Conflict`] is not an error of the input.
    pub rule: Rule,
    /// Description of the problem.
    pub message: String,
    /// Suggested fix.
    pub hint: String,
}

/// Number of rows of a table, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TableCounts {
    /// New rows.
    pub inserted: u64,
    /// Rows with some columns changed.
    pub updated: u64,
    /// Deleted rows.
    pub deleted: u64,
    /// Rows that do not change.
    pub unchanged: u64,
    /// Rows that were in the database already and are recorded in the ledger from now on.
    pub adopted: u64,
    /// Records merged into an equal record.
    pub merged: u64,
    /// Rows that are no longer in the files and stay in the database.
    #[serde(rename = "gone")]
    pub removed: u64,
    /// Conflicts resolved by the policy.
    pub conflicts: u64,
    /// Values stored differently from how they are written in the file.
    pub converted: u64,
}

impl TableCounts {
    /// Every count with its stable name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 9] {
        [
            ("inserted", self.inserted),
            ("updated", self.updated),
            ("deleted", self.deleted),
            ("unchanged", self.unchanged),
            ("adopted", self.adopted),
            ("merged", self.merged),
            ("gone", self.removed),
            ("conflicts", self.conflicts),
            ("converted", self.converted),
        ]
    }
}

/// Whether a database row already has the value from the file. A value that the file leaves to the default always
/// matches.
pub(super) fn same(wanted: &Value, current: &Value) -> bool {
    match (wanted, current) {
        (Value::Default, _) => true,
        (Value::Json(wanted), Value::Json(current)) => same_json(wanted, current),
        (wanted, current) => wanted == current,
    }
}
