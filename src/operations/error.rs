//! Why an operation stopped. What is wrong with the input is a finding, not an error.

use crate::archive::ArchiveError;
use crate::audit::ReplayError;
use crate::audit::seal::ReceiptFault;
use crate::database::{DatabaseError, Mismatch};
use crate::map::MapError;
use crate::model::FindingList;
use crate::source::SourceError;
use crate::validate::ValidateError;

/// A failure of an operation. Nothing was committed when one is returned.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The directory.
    #[error(transparent)]
    Source(SourceError),
    /// The layout's schemas.
    #[error(transparent)]
    Validate(#[from] ValidateError),
    /// The layout's mapping.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The archive.
    #[error(transparent)]
    Archive(ArchiveError),
    /// Rows read back before commit are not what was planned.
    #[error("{} of the tables do not hold what was planned", .0.len())]
    NotAsPlanned(Vec<Mismatch>),
    /// A file for what does not fit in memory.
    #[error("cannot write or read a temporary file")]
    Scratch(#[source] std::io::Error),
    /// A `--set` names no parameter of the layout.
    #[error("the layout `{layout}` has no parameter `{name}`")]
    UnknownParameter {
        /// Name of the layout.
        layout: String,
        /// The name given.
        name: String,
    },
    /// An entry of the trail is not what a trigger writes, so nobody knows what it did.
    #[error("entry {entry} of the trail cannot be read")]
    UnreadableEntry {
        /// Its id.
        entry: i64,
        /// What is wrong.
        #[source]
        source: ReplayError,
    },
    /// The run was written before there were seals.
    #[error("run `{0}` has no seal")]
    NoSeal(String),
    /// The run did not change the row.
    #[error("run `{run}` has no entry of `{table}` `{record}`")]
    NoEntry {
        /// The run.
        run: String,
        /// The table.
        table: String,
        /// Primary key as text.
        record: String,
    },
    /// What is there is not what was sealed.
    #[error("run `{run}` is not what was sealed")]
    NotAsSealed {
        /// The run.
        run: String,
        /// What differs.
        #[source]
        fault: ReceiptFault,
    },
    /// A table cannot be put under the trail, or taken out of it.
    #[error("`{table}`: {why}")]
    TableRefused {
        /// The table.
        table: String,
        /// Why.
        why: &'static str,
    },
    /// Runs of this kind changed nothing that could be undone.
    #[error("run `{run}` is of the kind `{kind}`, which is not undone")]
    NotRevertible {
        /// The run.
        run: String,
        /// Its kind.
        kind: String,
    },
    /// The run changed a table that is no longer there.
    #[error("the table `{0}`, which the run changed, is gone")]
    TableGone(String),
    /// The thread that writes stopped; its own error is told instead.
    #[error("writing stopped")]
    WriterStopped,
    /// There is nothing to learn from.
    #[error("no JSON file in `{directory}` can be read")]
    NothingToPropose {
        /// The directory.
        directory: String,
        /// What is wrong with the files that are there.
        findings: FindingList,
    },
    /// Nothing is called so.
    #[error("there is no run `{0}`")]
    UnknownRun(String),
    /// Several runs begin so.
    #[error("`{prefix}` is the beginning of {} runs", .runs.len())]
    AmbiguousRun {
        /// What was given.
        prefix: String,
        /// The runs that begin with it.
        runs: Vec<String>,
    },
    /// The trail has no entry of this number.
    #[error("there is no entry {0} in the audit trail")]
    UnknownEntry(i64),
    /// The trail has nothing of this row.
    #[error("the audit trail has no row `{record}` of a table `{table}`")]
    UnknownRow {
        /// The table.
        table: String,
        /// The row.
        record: String,
    },
    /// The trail has nothing of this column of a row.
    #[error("the row has no column `{column}`, as far as the audit trail of `{table}` tells")]
    UnknownColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The ledger has no such file.
    #[error("no file `{0}` was imported")]
    UnknownFile(String),
    /// The trail has nothing of this table.
    #[error("the audit trail has no entry of a table `{0}`")]
    UnknownTable(String),
    /// The database or the archive would be written into the source directory.
    #[error("the {what} `{}` stands in the directory that is imported, which is never written to", path.display())]
    InsideSource {
        /// `database` or `archive`.
        what: &'static str,
        /// Where it was to be.
        path: std::path::PathBuf,
    },
    /// Nothing has this number.
    #[error("there is no reject with the number {0}")]
    UnknownReject(i64),
    /// Somebody pressed Ctrl-C.
    #[error("interrupted; nothing was committed")]
    Interrupted,
}

/// An interrupt is the same to the user wherever it was noticed.
impl From<SourceError> for OperationError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Interrupted => Self::Interrupted,
            other => Self::Source(other),
        }
    }
}

/// An interrupt is the same to the user wherever it was noticed.
impl From<ArchiveError> for OperationError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Interrupted => Self::Interrupted,
            other => Self::Archive(other),
        }
    }
}
