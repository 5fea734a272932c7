//! Errors that stop an operation. Invalid input is reported by findings instead.

use std::collections::BTreeSet;

use crate::archive::ArchiveError;
use crate::audit::ReplayError;
use crate::audit::seal::ReceiptFault;
use crate::database::{DatabaseError, Mismatch};
use crate::map::MapError;
use crate::model::{EntryId, FindingList, Place, RecordId, RunId};
use crate::source::SourceError;
use crate::validate::ValidateError;

/// An error of an operation. Nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// An error of the directory.
    #[error(transparent)]
    Source(SourceError),
    /// An error of the layout's schemas.
    #[error(transparent)]
    Validate(#[from] ValidateError),
    /// An error of the layout's mapping.
    #[error(transparent)]
    Map(#[from] MapError),
    /// An error of the database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The database rejected the row of a record.
    #[error("{place}: the database rejected the record")]
    RejectedRecord {
        /// The record.
        place: Box<Place>,
        /// Why.
        #[source]
        source: Box<DatabaseError>,
    },
    /// An error of the archive.
    #[error(transparent)]
    Archive(ArchiveError),
    /// Rows read back before commit differ from the plan.
    #[error("{} from the plan", tables_differ(.0))]
    NotAsPlanned(Vec<Mismatch>),
    /// A temporary file cannot be read or written.
    #[error("cannot write or read a temporary file")]
    Scratch(#[source] std::io::Error),
    /// A `--set` names a parameter that the layout does not have.
    #[error("the layout `{layout}` has no parameter `{name}`")]
    UnknownParameter {
        /// Name of the layout.
        layout: String,
        /// The name given.
        name: String,
    },
    /// An entry of the audit log is malformed.
    #[error("entry {entry} of the audit log cannot be read")]
    UnreadableEntry {
        /// Its id.
        entry: EntryId,
        /// The malformed part.
        #[source]
        source: ReplayError,
    },
    /// The run was written before seals were introduced.
    #[error("run `{0}` has no seal")]
    NoSeal(RunId),
    /// The run did not change the row.
    #[error("run `{run}` has no entry for `{table}` `{record}`")]
    NoEntry {
        /// The run.
        run: RunId,
        /// The table.
        table: String,
        /// Primary key as text.
        record: RecordId,
    },
    /// The run's entries or files differ from its seal.
    #[error("run `{run}` differs from its seal")]
    NotAsSealed {
        /// The run.
        run: RunId,
        /// The difference.
        #[source]
        fault: ReceiptFault,
    },
    /// A table cannot be enabled or disabled.
    #[error("`{table}`: {why}")]
    UnsuitableTable {
        /// The table.
        table: String,
        /// Why.
        why: String,
    },
    /// A table that is to be created or recorded has the former name of a renamed table, whose triggers still use it.
    #[error(
        "`{table}` was renamed from `{before}`, and its changes are still recorded as those of `{before}`"
    )]
    RenamedTable {
        /// The table.
        table: String,
        /// Its former name.
        before: String,
    },
    /// A table into which earlier runs imported does not exist.
    #[error("the table `{0}` was dropped or renamed after earlier imports")]
    DroppedTable(String),
    /// A table into which earlier runs imported has no rows and no triggers.
    #[error("the table `{0}` was created again after earlier imports, without its rows")]
    EmptiedTable(String),
    /// The rows that runs imported into a table are in another one, which another program gave its name.
    #[error(
        "the rows that were imported into `{table}` are in `{now}`, because tables were renamed"
    )]
    RowsMoved {
        /// The table.
        table: String,
        /// The other one.
        now: String,
    },
    /// A table has rows that no run imported, and may be another one that no longer exists.
    #[error(
        "`{table}` has rows that no run imported, and `{missing}`, into which earlier runs imported, does not exist"
    )]
    UnknownRows {
        /// The table.
        table: String,
        /// The other one.
        missing: String,
    },
    /// Existing rows of a table cannot be recorded in the audit log.
    #[error("the rows of `{table}` cannot be recorded in the audit log")]
    Unrecorded {
        /// The table.
        table: String,
        /// Why.
        #[source]
        source: Box<OperationError>,
    },
    /// A run that enables or disables tables was begun and could not be completed.
    #[error(
        "run `{run}` was begun but is not complete: some rows may have no entry in the audit log yet"
    )]
    Unfinished {
        /// The run.
        run: RunId,
        /// Its tables.
        tables: Vec<String>,
        /// Why.
        #[source]
        source: Box<OperationError>,
    },
    /// Runs of this kind have no changes that can be reverted.
    #[error("run `{run}` is of kind `{kind}`, which cannot be reverted")]
    NotRevertible {
        /// The run.
        run: RunId,
        /// Its kind.
        kind: String,
    },
    /// The run changed a table that has another name now.
    #[error("the table `{table}`, which the run changed, is called `{now}` now{}", match .is_taken {
        true => ", and another table has its name",
        false => "",
    })]
    TableRenamed {
        /// Its name in the run.
        table: String,
        /// Its current name.
        now: String,
        /// Whether another table has the name from the run.
        is_taken: bool,
    },
    /// The run changed a table that no longer exists.
    #[error("the table `{0}`, which the run changed, no longer exists")]
    TableRemoved(String),
    /// The plan contains records that it had to reject later; the operation plans again without them.
    #[error("records have to be rejected that were planned already")]
    RejectedLate,
    /// The writer thread stopped; its own error is reported instead.
    #[error("writing stopped")]
    WriterStopped,
    /// There are no documents to infer a layout from.
    #[error("no JSON file in `{directory}` can be read")]
    NothingToPropose {
        /// The directory.
        directory: String,
        /// Problems of the files in the directory.
        findings: FindingList,
    },
    /// There is no run with this id.
    #[error("there is no run `{0}`")]
    UnknownRun(String),
    /// Several runs have ids with this prefix.
    #[error("`{prefix}` matches {} runs", .runs.len())]
    AmbiguousRun {
        /// The prefix.
        prefix: String,
        /// The runs that match it.
        runs: Vec<RunId>,
    },
    /// The audit log has no entry with this number.
    #[error("there is no entry {0} in the audit log")]
    UnknownEntry(EntryId),
    /// The audit log has no entry for this row.
    #[error("the audit log has no row `{record}` of table `{table}`{why}")]
    UnknownRow {
        /// The table.
        table: String,
        /// The row.
        record: RecordId,
        /// Why, if it is known; it begins with `: `.
        why: String,
    },
    /// The audit log has no entry for this column of a row.
    #[error("the row has no column `{column}`, according to the audit log of `{table}`{why}")]
    UnknownColumn {
        /// The table.
        table: String,
        /// The row.
        record: RecordId,
        /// Why, if the column was renamed or added; it begins with `: `.
        why: String,
        /// The column.
        column: String,
    },
    /// The database computes the column from others, and its triggers cannot record it.
    #[error(
        "column `{column}` of `{table}` is a generated column: on this database it is not recorded, because it is computed from the other columns"
    )]
    ComputedColumn {
        /// The table.
        table: String,
        /// The row.
        record: RecordId,
        /// The column.
        column: String,
    },
    /// The ledger has no such file.
    #[error("no file `{0}` was imported")]
    UnknownFile(String),
    /// The audit log has no entry for this table.
    #[error("the audit log has no entry for table `{table}`{}", match (.before, .near) {
        (Some(before), _) => format!(": it was renamed, and is recorded as `{before}`"),
        (None, Some(near)) => format!("; did you mean `{near}`?"),
        (None, None) => String::new(),
    })]
    UnknownTable {
        /// The table.
        table: String,
        /// The former name, under which its changes are recorded.
        before: Option<String>,
        /// A table with entries and a similar name.
        near: Option<String>,
    },
    /// The database or the archive would be written into the source directory.
    #[error("the {what} `{}` is inside the source directory, which is never written to", path.display())]
    InsideSource {
        /// `database` or `archive`.
        what: &'static str,
        /// Its path.
        path: std::path::PathBuf,
    },
    /// There is no reject with this number.
    #[error("there is no reject with the number {0}")]
    UnknownReject(i64),
    /// The user pressed Ctrl-C.
    #[error("interrupted; nothing was committed")]
    Interrupted,
}

impl OperationError {
    /// Whether the user pressed Ctrl-C.
    #[must_use]
    pub fn is_interrupt(&self) -> bool {
        match self {
            Self::Interrupted => true,
            Self::Unfinished { source, .. } => source.is_interrupt(),
            _ => false,
        }
    }

    /// Adds to an error of the database that a table's rows could not be recorded because of it.
    pub(super) fn of_table(table: &str, error: Self) -> Self {
        match error {
            Self::Database(_) if !error.is_retryable() => Self::Unrecorded {
                table: table.to_owned(),
                source: Box::new(error),
            },
            other => other,
        }
    }

    /// Whether the error was caused by another program, so that the operation can be retried.
    pub(super) fn is_retryable(&self) -> bool {
        matches!(self, Self::Database(DatabaseError::Retryable(_)))
    }
}

/// An interrupt is the same error wherever it is detected.
impl From<SourceError> for OperationError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Interrupted => Self::Interrupted,
            other => Self::Source(other),
        }
    }
}

/// An interrupt is the same error wherever it is detected.
impl From<ArchiveError> for OperationError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Interrupted => Self::Interrupted,
            other => Self::Archive(other),
        }
    }
}

/// `1 table differs`, `2 tables differ`. A table can have several mismatches.
fn tables_differ(mismatches: &[Mismatch]) -> String {
    let tables: BTreeSet<&str> = mismatches.iter().map(|one| one.table.as_str()).collect();
    match tables.len() {
        1 => "1 table differs".to_owned(),
        more => format!("{more} tables differ"),
    }
}
