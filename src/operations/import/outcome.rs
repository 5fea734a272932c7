//! What an import has to tell.

use crate::audit::seal::{RowsHeader, SealedConversion};
use crate::database::ledger::{NewSeal, RunFacts};
use crate::layout::Layout;
use crate::model::{FindingList, TableDigest};
use crate::operations::directory::FileOutcome;
use crate::plan::{Change, TableCounts};

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportStatus {
    /// Files and ledger agree; nothing was written.
    NothingToDo,
    /// A dry run: this is what would be written.
    Planned,
    /// Written and committed.
    Imported,
    /// The input has errors; nothing was written.
    Invalid,
    /// File and database both changed; nothing was written.
    Conflict,
}

/// The result of an import.
#[derive(Debug, Clone)]
pub struct ImportOutcome {
    /// How it ended.
    pub status: ImportStatus,
    /// Name of the layout.
    pub layout: String,
    /// The directory's name in the ledger.
    pub source: String,
    /// The target.
    pub database: String,
    /// The run, if something was written.
    pub run: Option<RunOutcome>,
    /// Files of the directory that the layout knows.
    pub files_found: u64,
    /// Files that are as the last run left them.
    pub files_unchanged: u64,
    /// Files that were imported before and are no longer there.
    pub files_vanished: Vec<String>,
    /// Files that were read.
    pub files: Vec<FileOutcome>,
    /// Counts per table.
    pub tables: Vec<(String, TableCounts)>,
    /// Values stored otherwise than written.
    pub conversions: Vec<ConversionCount>,
    /// Records left out in this run.
    pub rejected: u64,
    /// Records left out in earlier runs, in files that did not change since.
    pub still_rejected: u64,
    /// Rows of records that earlier runs found gone, and that were kept.
    pub kept_gone: u64,
    /// The first changes of a dry run.
    pub changes: Vec<PlannedChange>,
    /// How many more changes there are.
    pub changes_not_kept: u64,
    /// What was noticed, sorted by level and place.
    pub findings: FindingList,
}

impl ImportOutcome {
    /// The counts that the ledger keeps with the run.
    #[must_use]
    pub fn counts(&self) -> serde_json::Value {
        let tables = self
            .tables
            .iter()
            .map(|(name, counts)| (name.clone(), counts.to_json()));
        serde_json::json!({
            "files": { "read": self.files.len(), "unchanged": self.files_unchanged, "vanished": self.files_vanished.len() },
            "tables": serde_json::Value::Object(tables.collect()),
            "rejected": self.rejected,
        })
    }
}

impl ImportOutcome {
    /// What the seal says of the run besides what is in the ledger.
    pub(super) fn facts(&self, planned: &[(TableCounts, TableDigest)]) -> RunFacts {
        let rows = self.tables.iter().zip(planned);
        let rows = rows.filter(|(_, (_, digest))| digest.rows > 0);
        let rows = rows.map(|((table, _), (_, digest))| {
            let rows = RowsHeader {
                count: digest.rows,
                digest: digest.to_string(),
            };
            (table.clone(), rows)
        });
        let conversions = self.conversions.iter().map(|one| SealedConversion {
            table: one.table.clone(),
            column: one.column.clone(),
            rule: one.rule.to_owned(),
            count: one.count,
        });
        RunFacts {
            rows: rows.collect(),
            conversions: conversions.collect(),
        }
    }
}

/// The run that wrote.
#[derive(Debug, Clone)]
pub struct RunOutcome {
    /// UUIDv7.
    pub id: String,
    /// Directory that holds the originals.
    pub archive: String,
    /// The copy of the database as it was before, if there was one.
    pub backup: Option<String>,
    /// The seal over the run's entries in the audit trail.
    pub seal: NewSeal,
    /// The seal of the run before it that noted rows which were there already, if there was one.
    pub baseline: Option<NewSeal>,
}

/// How often a column's values were changed in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversionCount {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// What was done.
    pub rule: &'static str,
    /// How often.
    pub count: u64,
}

/// One change of a dry run; names only, no values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedChange {
    /// `insert`, `update`, `delete`, `adopt`.
    pub action: &'static str,
    /// The table.
    pub table: String,
    /// Primary key as text.
    pub record_id: String,
    /// For an update: the columns that change.
    pub columns: Vec<String>,
    /// Relative path of the file.
    pub path: String,
    /// Where in it the record stands.
    pub pointer: String,
}

impl PlannedChange {
    /// A change of a row; `None` for what concerns the ledger only.
    pub(super) fn of(layout: &Layout, path: &str, change: &Change) -> Option<Self> {
        let name = |table: usize| layout.tables[table].table.name.clone();
        let (action, table, record_id, columns, pointer) = match change {
            Change::Insert { row, record_id, .. } => (
                "insert",
                row.table,
                record_id,
                Vec::new(),
                row.origin.to_string(),
            ),
            Change::Update {
                row,
                record_id,
                columns,
                ..
            } => {
                let table = &layout.tables[row.table].table;
                let columns = columns
                    .iter()
                    .map(|&column| table.columns[column].name.clone())
                    .collect();
                (
                    "update",
                    row.table,
                    record_id,
                    columns,
                    row.origin.to_string(),
                )
            }
            Change::Record {
                row,
                record_id,
                known: None,
            } => (
                "adopt",
                row.table,
                record_id,
                Vec::new(),
                row.origin.to_string(),
            ),
            Change::Delete {
                table, record_id, ..
            } => ("delete", *table, record_id, Vec::new(), String::new()),
            Change::Record { .. }
            | Change::Vacate { .. }
            | Change::MarkGone { .. }
            | Change::Forget { .. } => return None,
        };
        Some(Self {
            action,
            table: name(table),
            record_id: record_id.clone(),
            columns,
            path: path.to_owned(),
            pointer,
        })
    }
}
