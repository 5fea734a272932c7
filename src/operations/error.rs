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
    Source(#[from] SourceError),
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
    Archive(#[from] ArchiveError),
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
    /// Somebody pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}
