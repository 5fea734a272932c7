//! Errors of a command, with the exit code and the hint that are added at the edge.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::archive::ArchiveError;
use crate::database::DatabaseError;
use crate::layout::{Ambiguity, LayoutError};
use crate::model::{Timestamp, sanitize_for_terminal};
use crate::operations::{MigrationLoss, OperationError};
use crate::report::{at_stake_details, at_stake_text};
use crate::source::SourceError;

use super::exit::Exit;
use super::hint::operation_hint;

/// The reason why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// An operation failed.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// The layout cannot be used.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// No layout matches the directory, or several match.
    #[error("`{}`: {ambiguity}", directory.display())]
    Ambiguous {
        /// The directory.
        directory: PathBuf,
        /// The layouts that match.
        ambiguity: Ambiguity,
    },
    /// An argument is invalid.
    #[error("{0}")]
    Usage(String),
    /// The system clock is outside the supported range.
    #[error("the system clock is out of range: {0}")]
    Clock(Timestamp),
    /// Standard output could not be written; the command itself succeeded.
    #[error("the command succeeded, but its result cannot be written to standard output")]
    Unwritten(#[source] std::io::Error),
    /// An auxiliary file cannot be read or written.
    #[error("{}: cannot be {action}", path.display())]
    File {
        /// `read` or `written`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Data would be lost for good, and `--confirm` was not given.
    #[error("{}", at_stake_text(.0))]
    NotConfirmed(MigrationLoss),
}

impl From<DatabaseError> for CommandError {
    fn from(error: DatabaseError) -> Self {
        Self::Operation(error.into())
    }
}

impl From<ArchiveError> for CommandError {
    fn from(error: ArchiveError) -> Self {
        Self::Operation(error.into())
    }
}

impl From<SourceError> for CommandError {
    fn from(error: SourceError) -> Self {
        Self::Operation(error.into())
    }
}

impl CommandError {
    /// Returns a closure for `map_err` that reports an unreadable file.
    pub(super) fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        Self::file("read", path)
    }

    /// Returns a closure for `map_err` that reports an unwritable file.
    pub(super) fn unwritable(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        Self::file("written", path)
    }

    fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Operation(error) if error.is_interrupt() => Exit::Interrupted,
            Self::Operation(OperationError::Database(
                DatabaseError::UnknownScheme(_)
                | DatabaseError::BadUrl(_)
                | DatabaseError::ConnectionString
                | DatabaseError::NoSlashes
                | DatabaseError::BadServerUrl { .. }
                | DatabaseError::NotBuiltIn(_),
            ))
            | Self::Operation(
                OperationError::UnknownParameter { .. } | OperationError::InsideSource { .. },
            )
            | Self::Ambiguous { .. }
            | Self::Layout(LayoutError::Unknown { .. } | LayoutError::Occupied { .. })
            | Self::NotConfirmed(_)
            | Self::Usage(_) => Exit::Usage,
            Self::Layout(LayoutError::Invalid { .. }) => Exit::Invalid,
            Self::Operation(
                OperationError::NotAsPlanned(_)
                | OperationError::NotAsSealed { .. }
                | OperationError::Database(
                    DatabaseError::DamagedLedger { .. }
                    | DatabaseError::NoLedgerTable(_)
                    | DatabaseError::NoLedgerColumn { .. }
                    | DatabaseError::NoMigrationRow(_),
                ),
            ) => Exit::Difference,
            Self::Operation(_)
            | Self::Layout(LayoutError::Unreadable { .. } | LayoutError::Unwritable { .. })
            | Self::Unwritten(_)
            | Self::Clock(_)
            | Self::File { .. } => Exit::Failed,
        }
    }

    /// Additional lines, printed under the error.
    pub(super) fn details(&self) -> Vec<String> {
        match self {
            Self::Operation(OperationError::Database(DatabaseError::Tables(problems))) => problems
                .iter()
                .map(|problem| format!("`{}`: {}", problem.table, problem.message))
                .collect(),
            Self::Operation(OperationError::NotAsPlanned(mismatches)) => mismatches
                .iter()
                .map(|mismatch| format!("`{}`: {}", mismatch.table, mismatch.message))
                .collect(),
            Self::Operation(OperationError::AmbiguousRun { runs, .. }) => {
                runs.iter().map(|run| format!("`{run}`")).collect()
            }
            Self::Layout(LayoutError::Invalid { problems }) => {
                problems.iter().map(ToString::to_string).collect()
            }
            Self::Operation(OperationError::NothingToPropose { findings, .. }) => {
                let places = findings.iter().map(|finding| match &finding.place {
                    Some(place) => format!("{place}: {}", finding.message),
                    None => finding.message.clone(),
                });
                places.collect()
            }
            Self::Operation(OperationError::RejectedRecord { place, .. }) => match &place.pointer {
                Some(pointer) if pointer.is_empty() => vec!["at: the whole document".to_owned()],
                Some(pointer) => vec![format!("at: {}", sanitize_for_terminal(pointer))],
                None => Vec::new(),
            },
            Self::NotConfirmed(stake) => at_stake_details(stake),
            Self::Operation(_)
            | Self::Layout(_)
            | Self::Ambiguous { .. }
            | Self::Unwritten(_)
            | Self::Clock(_)
            | Self::File { .. }
            | Self::Usage(_) => Vec::new(),
        }
    }

    /// Suggested fix.
    pub(super) fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Operation(error) => operation_hint(error),
            _ => self.fixed_hint().map(Cow::from),
        }
    }

    /// The hint for this kind of error.
    fn fixed_hint(&self) -> Option<&'static str> {
        match self {
            Self::Clock(_) => Some("nothing was written; set the clock: run ids contain the time"),
            Self::Layout(LayoutError::Unknown { .. }) => Some(
                "`accession layout list` shows the built-in layouts; select a custom layout by the path of its directory",
            ),
            Self::Ambiguous {
                ambiguity: Ambiguity::None { .. },
                ..
            } => Some(
                "select a layout with `--layout PATH`; `accession layout init DIR` generates one",
            ),
            Self::Ambiguous {
                ambiguity: Ambiguity::Several { .. },
                ..
            } => Some("select a layout with `--layout NAME` or `--layout PATH`"),
            Self::NotConfirmed(_) => Some(
                "to proceed anyway, add `--confirm`; a database file is backed up first, a database on a server is not: make a dump before",
            ),
            Self::Layout(LayoutError::Occupied { .. }) => Some(
                "nothing was written; choose another directory with `--output PATH`, or move this one",
            ),
            Self::Operation(_)
            | Self::Layout(
                LayoutError::Invalid { .. }
                | LayoutError::Unreadable { .. }
                | LayoutError::Unwritable { .. },
            )
            | Self::Unwritten(_)
            | Self::File { .. }
            | Self::Usage(_) => None,
        }
    }
}
