//! The outcome of an import.

use serde::Serialize;

use crate::audit::seal::{RowsHeader, SealedConversion};
use crate::database::seals::{NewSeal, RunFacts};
use crate::layout::Layout;
use crate::model::{FindingList, PerTable, RecordId, RunId, Sha256, TableDigest};
use crate::operations::directory::FileOutcome;
use crate::plan::{Change, TableCounts};

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// Files and ledger agree; nothing was written.
    NothingToDo,
    /// A dry run: the plan was not applied.
    Planned,
    /// Written and committed.
    Imported,
    /// The input has errors; nothing was written.
    Invalid,
    /// Records and their rows both changed; nothing was written.
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
    /// Whether runs before it recorded tables or recreated triggers, although nothing else was written.
    pub is_prepared: bool,
    /// Number of files that match the layout.
    pub files_found: u64,
    /// Number of files that have not changed since the last run.
    pub files_unchanged: u64,
    /// Files that were imported before and no longer exist.
    pub files_vanished: Vec<String>,
    /// Files that were read.
    pub files: Vec<FileOutcome>,
    /// Counts per table.
    pub tables: Vec<(String, TableCounts)>,
    /// Values stored differently from how they are written in the file.
    pub conversions: Vec<ConversionCount>,
    /// Records rejected in this run.
    pub rejected: u64,
    /// Records rejected in earlier runs, in files that have not changed since.
    pub still_rejected: u64,
    /// Rows that were kept although earlier runs found their records removed.
    pub kept_removed: u64,
    /// The first changes of a dry run.
    pub changes: Vec<PlannedChange>,
    /// Number of changes that are not listed.
    pub changes_not_kept: u64,
    /// Findings, sorted by level and location.
    pub findings: FindingList,
}

impl ImportOutcome {
    /// The counts that the ledger stores with the run.
    #[must_use]
    pub fn counts(&self) -> serde_json::Value {
        let tables = self
            .tables
            .iter()
            .map(|(name, counts)| (name.clone(), serde_json::json!(counts)));
        serde_json::json!({
            "files": { "read": self.files.len(), "unchanged": self.files_unchanged, "vanished": self.files_vanished.len() },
            "tables": serde_json::Value::Object(tables.collect()),
            "rejected": self.rejected,
        })
    }
}

impl ImportOutcome {
    /// The facts of the run that the seal contains besides the ledger's data.
    pub(super) fn facts(
        &self,
        planned: &PerTable<(TableCounts, TableDigest)>,
        manifest: Option<Sha256>,
    ) -> RunFacts {
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
            manifest,
            ledger: None,
        }
    }
}

/// The run that wrote.
#[derive(Debug, Clone)]
pub struct RunOutcome {
    /// UUIDv7.
    pub id: RunId,
    /// Directory that holds the originals.
    pub archive: String,
    /// The copy of the database made before the run, if there was one.
    pub backup: Option<String>,
    /// The seal over the run's entries in the audit log.
    pub seal: NewSeal,
    /// The seal of the preceding run that recorded existing rows, if there was one.
    pub baseline: Option<NewSeal>,
    /// The seals of runs before it that recorded that triggers were recreated.
    pub gaps: Vec<NewSeal>,
}

/// Values of a column that are stored differently from the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Conversion"))]
pub struct ConversionCount {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// `assumed_utc`, `to_utc`, `truncated_to_microseconds`, `from_unix_time`, `as_text`, `to_uuid_v5`,
    /// `to_canonical_uuid`, `rounded_to_binary64` or `empty_array_to_object`.
    pub rule: &'static str,
    /// Number of values.
    pub count: u64,
}

/// One change of a dry run; it has names only, no values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlannedChange {
    /// `insert`, `update`, `delete`, `adopt`.
    pub action: &'static str,
    /// The table.
    pub table: String,
    /// Primary key as text.
    pub record_id: RecordId,
    /// For an update: the columns that change.
    pub columns: Vec<String>,
    /// Relative path of the file.
    pub path: String,
    /// JSON Pointer to the record; of a split string with `#` and the number of the part after it.
    pub pointer: String,
}

impl PlannedChange {
    /// A change to a row; `None` for changes to the ledger only.
    pub(super) fn of(layout: &Layout, path: &str, change: &Change) -> Option<Self> {
        let (action, row, changed) = match change {
            Change::Insert(row) => ("insert", row, &[][..]),
            Change::Update { row, columns } => ("update", row, &columns[..]),
            Change::Record(row) if row.known.is_none() => ("adopt", row, &[][..]),
            Change::Delete {
                table, record_id, ..
            } => {
                return Some(Self {
                    action: "delete",
                    table: layout.tables[*table].table.name.clone(),
                    record_id: record_id.clone(),
                    columns: Vec::new(),
                    path: path.to_owned(),
                    pointer: String::new(),
                });
            }
            Change::Record(_)
            | Change::ClearColumn { .. }
            | Change::MarkRemoved { .. }
            | Change::Forget { .. } => return None,
        };
        let table = &layout.tables[row.table].table;
        let columns = changed.iter().map(|&column| &table.columns[column].name);
        Some(Self {
            action,
            table: table.name.clone(),
            record_id: row.record_id.clone(),
            columns: columns.cloned().collect(),
            path: path.to_owned(),
            pointer: row.origin.to_string(),
        })
    }
}
