//! What a plan consists of.

use crate::model::{Fingerprint, Origin, Row, Rule, Value};

/// A row's entry in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LedgerKey {
    /// The version of the source file.
    pub source_file_id: i64,
    /// The record's number in it.
    pub position: i64,
}

/// What the ledger knows of a record that was imported before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRow {
    /// The ledger entry.
    pub key: LedgerKey,
    /// Relative path of the file the record came from.
    pub path: String,
    /// Primary key as text.
    pub record_id: String,
    /// Digest of the values as they were imported last.
    pub digest: Fingerprint,
    /// Whether an earlier run no longer found the record in its file.
    pub gone: bool,
}

impl KnownRow {
    /// What the ledger has to note when the record is no longer in its file, unless it did before.
    pub(crate) fn mark_gone(&self) -> Option<Change> {
        (!self.gone).then_some(Change::MarkGone { known: self.key })
    }
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new row; all its values are final.
    Insert {
        /// The row.
        row: Row,
        /// Its primary key as text.
        record_id: String,
        /// The ledger entry to replace, if there is one: of a row that is gone from the database.
        known: Option<LedgerKey>,
    },
    /// Some columns of a row get other values.
    Update {
        /// The row as the file wants it.
        row: Row,
        /// Primary key as text.
        record_id: String,
        /// The columns that differ.
        columns: Vec<usize>,
        /// The ledger entry to replace, if there is one.
        known: Option<LedgerKey>,
    },
    /// A row gives a column up, for another row that is to have its value now; an update of it follows.
    Vacate {
        /// Table index.
        table: usize,
        /// Primary key as text.
        record_id: String,
        /// The column, which becomes NULL.
        column: usize,
    },
    /// Nothing changes in the table, but the ledger learns of the row: it was there already, moved to another file,
    /// is back in its file, or was left as it is after a conflict.
    Record {
        /// The row as the file wants it.
        row: Row,
        /// Primary key as text.
        record_id: String,
        /// The ledger entry to replace, if there is one.
        known: Option<LedgerKey>,
    },
    /// A row that is no longer in the files is deleted.
    Delete {
        /// Table index.
        table: usize,
        /// Primary key as text.
        record_id: String,
        /// The ledger entry to remove.
        known: LedgerKey,
    },
    /// A record is no longer in its file; the row stays.
    MarkGone {
        /// The ledger entry to mark.
        known: LedgerKey,
    },
    /// The ledger forgets a record: it is gone from its file, and its row from the database.
    Forget {
        /// The ledger entry to remove.
        known: LedgerKey,
    },
}

/// What to do where file and database both changed since the last import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictPolicy {
    /// List it and write nothing.
    Report,
    /// The database keeps what it has.
    KeepDatabase,
    /// The file's values are written.
    TakeFile,
}

/// Columns of one of the layout's tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumns {
    /// Index of the table.
    pub table: usize,
    /// Indexes of the columns.
    pub columns: Vec<usize>,
}

/// Something that keeps a row from being planned.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Where the record stands.
    pub origin: Origin,
    /// The columns whose values are at fault; none where it is the record as a whole.
    pub columns: Option<TableColumns>,
    /// What kind of problem; [`Rule::Conflict`] is not an error of the input.
    pub rule: Rule,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// Rows per table, by what becomes of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableCounts {
    /// New rows.
    pub inserted: u64,
    /// Rows of which some columns change.
    pub updated: u64,
    /// Rows that are deleted.
    pub deleted: u64,
    /// Rows that stay as they are.
    pub unchanged: u64,
    /// Rows that were in the database already and are known to the ledger from now on.
    pub adopted: u64,
    /// Records that repeat another record of equal values.
    pub merged: u64,
    /// Rows that are no longer in the files and stay.
    pub gone: u64,
    /// Conflicts settled by the policy.
    pub conflicts: u64,
    /// Values stored otherwise than written.
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
            ("gone", self.gone),
            ("conflicts", self.conflicts),
            ("converted", self.converted),
        ]
    }

    /// The counts as a JSON object.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.named()
            .into_iter()
            .map(|(name, count)| (name.to_owned(), serde_json::Value::from(count)))
            .collect()
    }
}

/// [`TableCounts`] per table of the layout.
pub type Counts = Vec<TableCounts>;

/// Whether a database row holds what the file wants, as far as the file says.
pub(super) fn same(wanted: &Value, current: &Value) -> bool {
    match (wanted, current) {
        (Value::Default, _) => true,
        (Value::Json(wanted), Value::Json(current)) => {
            wanted == current
                || crate::model::canonical_json(wanted) == crate::model::canonical_json(current)
        }
        (wanted, current) => wanted == current,
    }
}
