//! Why an operation stopped. What is wrong with the input is a finding, not an error.

use crate::archive::ArchiveError;
use crate::database::{DatabaseError, Mismatch};
use crate::map::MapError;
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
    /// A `--set` names no parameter of the layout.
    #[error("the layout `{layout}` has no parameter `{name}`")]
    UnknownParameter {
        /// Name of the layout.
        layout: String,
        /// The name given.
        name: String,
    },
    /// The thread that writes stopped; its own error is told instead.
    #[error("writing stopped")]
    WriterStopped,
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
