//! What a user is told when a command fails: the exit code and the hint are added here, at the edge.

use std::path::PathBuf;

use crate::archive::ArchiveError;
use crate::database::DatabaseError;
use crate::database::ledger::LedgerSize;
use crate::layout::{Ambiguity, LayoutError};
use crate::operations::OperationError;
use crate::report::ledger_text;
use crate::source::SourceError;

use super::exit::Exit;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// An operation.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// The layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// No layout fits the directory, or several do.
    #[error("`{}`: {ambiguity}", directory.display())]
    Ambiguous {
        /// The directory.
        directory: PathBuf,
        /// What fits.
        ambiguity: Ambiguity,
    },
    /// An argument that is not usable.
    #[error("{0}")]
    Usage(String),
    /// The result is lost; everything else was done.
    #[error("the command was carried out, but its result cannot be written to standard output")]
    Unwritten(#[source] std::io::Error),
    /// What would be lost is not to be had again, and nobody said that it may.
    #[error("this would drop the ledger and the audit trail: {}", ledger_text(.0))]
    NotConfirmed(LedgerSize),
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
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Operation(OperationError::Interrupted) => Exit::Interrupted,
            Self::Operation(OperationError::Database(
                DatabaseError::UnknownScheme(_) | DatabaseError::BadUrl(_),
            ))
            | Self::Operation(OperationError::UnknownParameter { .. })
            | Self::Ambiguous { .. }
            | Self::Operation(OperationError::AmbiguousRun { .. })
            | Self::Layout(LayoutError::Unknown { .. })
            | Self::NotConfirmed(_)
            | Self::Usage(_) => Exit::Usage,
            Self::Layout(LayoutError::Invalid { .. }) => Exit::Invalid,
            Self::Operation(OperationError::NotAsPlanned(_)) => Exit::Difference,
            Self::Operation(_)
            | Self::Layout(LayoutError::Unreadable { .. })
            | Self::Unwritten(_) => Exit::Failed,
        }
    }

    /// Lines that belong to the error.
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
            Self::NotConfirmed(_) => [
                "nobody could tell any more where the rows came from, or who changed them",
                "the next import would insert rows a second time that have no key but their number",
            ]
            .map(str::to_owned)
            .to_vec(),
            Self::Operation(_)
            | Self::Layout(_)
            | Self::Ambiguous { .. }
            | Self::Unwritten(_)
            | Self::Usage(_) => Vec::new(),
        }
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Operation(error) => operation_hint(error),
            Self::Layout(LayoutError::Unknown { .. }) => {
                Some("`accession layout list` shows the built-in layouts")
            }
            Self::Ambiguous { .. } => {
                Some("name the layout with `--layout NAME` or `--layout PATH`")
            }
            Self::NotConfirmed(_) => {
                Some("to do so all the same add `--confirm`; the database is copied first")
            }
            Self::Layout(LayoutError::Invalid { .. } | LayoutError::Unreadable { .. })
            | Self::Unwritten(_)
            | Self::Usage(_) => None,
        }
    }
}

fn operation_hint(error: &OperationError) -> Option<&'static str> {
    match error {
        OperationError::Database(error) => database_hint(error),
        OperationError::Archive(error) => archive_hint(error),
        OperationError::UnknownRun(_) => {
            Some("`accession runs list` and `accession archive list` show the runs")
        }
        OperationError::AmbiguousRun { .. } => Some("give more of the id"),
        OperationError::NotAsPlanned(_) => Some(
            "nothing was committed; a trigger of the application, or ON DELETE CASCADE, may have changed further rows",
        ),
        OperationError::UnknownParameter { .. } => {
            Some("`accession layout show NAME` lists the parameters")
        }
        OperationError::Source(SourceError::NoSuchDirectory { .. }) => {
            Some("check the path for typing errors")
        }
        OperationError::Source(_)
        | OperationError::Validate(_)
        | OperationError::Map(_)
        | OperationError::WriterStopped
        | OperationError::Interrupted => None,
    }
}

fn archive_hint(error: &ArchiveError) -> Option<&'static str> {
    match error {
        ArchiveError::Busy(_) => {
            Some("nothing was written; run again later, or wait longer with `--wait SECONDS`")
        }
        ArchiveError::NotAnArchive(_) => Some("say where it is with `--archive DIR`"),
        ArchiveError::TargetNotEmpty(_) => Some("name a directory that does not exist yet"),
        ArchiveError::NotARunId(_) | ArchiveError::UnknownRun(_) => {
            Some("`accession archive list` shows the runs it holds")
        }
        ArchiveError::BadManifest { .. } | ArchiveError::BadObject { .. } => {
            Some("`accession archive verify` lists everything that is damaged")
        }
        ArchiveError::ChangedWhileArchived { .. } => {
            Some("run again when no other program is writing into the directory")
        }
        ArchiveError::Io { .. }
        | ArchiveError::RunExists(_)
        | ArchiveError::UnsafePath(_)
        | ArchiveError::DuplicatePath(_)
        | ArchiveError::ProofFailed(_)
        | ArchiveError::Interrupted => None,
    }
}

fn database_hint(error: &DatabaseError) -> Option<&'static str> {
    match error {
        DatabaseError::UnknownScheme(_) => Some("give a path, or `sqlite:PATH`"),
        DatabaseError::NotSqlite(_) => Some("check the path; the file was not touched"),
        DatabaseError::ReadOnly(_) => {
            Some("check the permissions of the file and of its directory")
        }
        DatabaseError::Busy { .. } => {
            Some("nothing was written; run again later, or wait longer with `--wait SECONDS`")
        }
        DatabaseError::ForeignKey(_) => Some(
            "nothing was committed; a row that new records need was deleted in the database, or `--prune` would delete one that others refer to",
        ),
        DatabaseError::DiskFull => Some(
            "nothing was committed; make room where the database, its archive and its backups are, and run again",
        ),
        DatabaseError::NewerLedger(_) => {
            Some("use the version of accession that wrote it, or a newer one")
        }
        DatabaseError::OlderLedger(_) => Some("run `accession migrate up`"),
        DatabaseError::Tables(_) => Some(
            "change the application's tables or the layout; nothing of theirs is altered by an import",
        ),
        DatabaseError::LeftOverContext => {
            Some("find the program that wrote it, then run `DELETE FROM audit_context`")
        }
        DatabaseError::Missing(_) => Some("check the path for typing errors"),
        DatabaseError::BadUrl(_)
        | DatabaseError::NotAFile(_)
        | DatabaseError::NoLedger
        | DatabaseError::Migration { .. }
        | DatabaseError::Connect(_)
        | DatabaseError::Statement(_)
        | DatabaseError::Sqlite(_)
        | DatabaseError::File { .. }
        | DatabaseError::DamagedBackup { .. } => None,
    }
}
