//! Errors of a command, with the exit code and the hint that are added at the edge.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::archive::ArchiveError;
use crate::database::DatabaseError;
use crate::layout::{Ambiguity, LayoutError};
use crate::model::Timestamp;
use crate::operations::{MigrationLoss, OperationError};
use crate::report::{at_stake_details, at_stake_text};
use crate::source::SourceError;

use super::exit::Exit;
use super::table_hint;

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
            | Self::Operation(OperationError::AmbiguousRun { .. })
            | Self::Layout(LayoutError::Unknown { .. } | LayoutError::Occupied { .. })
            | Self::NotConfirmed(_)
            | Self::Usage(_) => Exit::Usage,
            Self::Layout(LayoutError::Invalid { .. }) => Exit::Invalid,
            Self::Operation(
                OperationError::NotAsPlanned(_)
                | OperationError::NotAsSealed { .. }
                | OperationError::Database(DatabaseError::DamagedLedger { .. }),
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
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Operation(error) => operation_hint(error),
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
            Self::Layout(
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

fn operation_hint(error: &OperationError) -> Option<&'static str> {
    match error {
        OperationError::Database(error) => error.hint(),
        OperationError::Archive(error) => archive_hint(error),
        OperationError::UnknownRun(_) => {
            Some("`accession runs list` and `accession archive list` show the runs")
        }
        OperationError::AmbiguousRun { .. } => Some("give more characters of the id"),
        OperationError::NotRevertible { .. } => Some("only imports and reverts can be reverted"),
        OperationError::RenamedTable { .. } => Some(table_hint::RENAMED),
        OperationError::RowsMoved { .. } => Some(table_hint::MOVED),
        OperationError::UnknownRows { .. } => Some(table_hint::UNKNOWN_ROWS),
        OperationError::EmptiedTable(_) => Some(table_hint::EMPTIED),
        OperationError::DroppedTable(_) => Some(table_hint::DROPPED),
        OperationError::NoSeal(_) => {
            Some("this run was written by an older version of accession, which did not seal runs")
        }
        OperationError::NotAsSealed { .. } => {
            Some("`accession audit verify` lists all differences")
        }
        OperationError::Unfinished { .. } => Some(
            "the run is in the ledger: the next command that writes, such as `accession audit enable`, completes it; until then `accession audit status` reports it; if it cannot be completed, `accession audit disable TABLE` abandons the table",
        ),
        OperationError::Unrecorded { source, .. } => operation_hint(source),
        OperationError::UnreadableEntry { .. } => {
            Some("`accession audit verify` checks whether the audit log was tampered with")
        }
        OperationError::InsideSource { .. } => {
            Some("choose another location with `--database` or `--archive`")
        }
        OperationError::UnknownReject(_) => {
            Some("`accession rejects list --all` shows all of them")
        }
        OperationError::NotAsPlanned(_) => Some(
            "nothing was committed; a trigger of the application, or ON DELETE CASCADE, may have changed further rows, or a trigger or rule on the audit log swallowed entries, which `accession doctor` names",
        ),
        OperationError::UnknownParameter { .. } => {
            Some("`accession layout show NAME` lists the parameters")
        }
        OperationError::Source(SourceError::NoSuchDirectory { .. }) => {
            Some("check the path for typos")
        }
        OperationError::UnknownEntry(_) => {
            Some("`accession audit log --entries` shows entries with their ids")
        }
        OperationError::UnknownFile(_) => Some(
            "give the path relative to the source directory, as listed by `accession runs show RUN`",
        ),
        OperationError::UnknownColumn { .. } => Some("`accession audit blame` shows the columns"),
        OperationError::UnknownRow { .. } | OperationError::UnknownTable(_) => Some(
            "`accession audit report` lists the tables; write a key of several columns as a JSON array of strings",
        ),
        OperationError::Scratch(_) => Some(
            "free some space in the directory for temporary files, or set `TMPDIR` to another directory",
        ),
        OperationError::NothingToPropose { .. } => Some(
            "`layout init` reads files with the extensions `.json`, `.jsonl` and `.ndjson`, also compressed (`.json.gz`, `.jsonl.gz`, `.ndjson.gz`)",
        ),
        OperationError::Source(_)
        | OperationError::Validate(_)
        | OperationError::Map(_)
        | OperationError::TableRemoved(_)
        | OperationError::NoEntry { .. }
        | OperationError::TableRefused { .. }
        | OperationError::WriterStopped
        | OperationError::Interrupted => None,
    }
}

fn archive_hint(error: &ArchiveError) -> Option<&'static str> {
    match error {
        ArchiveError::Busy(_) => {
            Some("nothing was written; run again later, or wait longer with `--wait SECONDS`")
        }
        ArchiveError::NotAnArchive(_) => Some("specify the archive with `--archive DIR`"),
        ArchiveError::TargetNotEmpty(_) => Some("choose a directory that does not exist yet"),
        ArchiveError::NotARunId(_) | ArchiveError::UnknownRun(_) => {
            Some("`accession archive list` lists the runs in the archive")
        }
        ArchiveError::BadManifest { .. }
        | ArchiveError::BadIndex(_)
        | ArchiveError::BadObject { .. } => {
            Some("`accession archive verify` lists all damaged files")
        }
        ArchiveError::ChangedWhileArchived { .. } => {
            Some("run again when no other program is writing to the directory")
        }
        ArchiveError::Io { source, .. } if source.kind() == ErrorKind::PermissionDenied => Some(
            "check the permissions: by default only the user who created the archive can read it",
        ),
        ArchiveError::Io { .. }
        | ArchiveError::RunExists(_)
        | ArchiveError::UnsafePath(_)
        | ArchiveError::DuplicatePath(_)
        | ArchiveError::ProofFailed(_)
        | ArchiveError::Interrupted => None,
    }
}
