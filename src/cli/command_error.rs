//! What a user is told when a command fails: the exit code and the hint are added here, at the edge.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::archive::ArchiveError;
use crate::database::DatabaseError;
use crate::layout::{Ambiguity, LayoutError};
use crate::operations::{AtStake, OperationError};
use crate::report::{stake_details, stake_text};
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
    /// A file that the command reads or writes besides.
    #[error("{}: cannot be {action}", path.display())]
    File {
        /// `read` or `written`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What would be lost is not to be had again, and nobody said that it may.
    #[error("{}", stake_text(.0))]
    NotConfirmed(AtStake),
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
    /// For `map_err`: that a file cannot be read.
    pub(super) fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        Self::file("read", path)
    }

    /// For `map_err`: that a file cannot be written.
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
            Self::Operation(OperationError::Interrupted) => Exit::Interrupted,
            Self::Operation(OperationError::Database(
                DatabaseError::UnknownScheme(_)
                | DatabaseError::BadUrl(_)
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
                OperationError::NotAsPlanned(_) | OperationError::NotAsSealed { .. },
            ) => Exit::Difference,
            Self::Operation(_)
            | Self::Layout(LayoutError::Unreadable { .. } | LayoutError::Unwritable { .. })
            | Self::Unwritten(_)
            | Self::File { .. } => Exit::Failed,
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
            Self::Operation(OperationError::NothingToPropose { findings, .. }) => {
                let places = findings.iter().map(|finding| match &finding.place {
                    Some(place) => format!("{place}: {}", finding.message),
                    None => finding.message.clone(),
                });
                places.collect()
            }
            Self::NotConfirmed(stake) => stake_details(stake),
            Self::Operation(_)
            | Self::Layout(_)
            | Self::Ambiguous { .. }
            | Self::Unwritten(_)
            | Self::File { .. }
            | Self::Usage(_) => Vec::new(),
        }
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Operation(error) => operation_hint(error),
            Self::Layout(LayoutError::Unknown { .. }) => Some(
                "`accession layout list` shows the built-in layouts; one of your own is named by the path of its directory",
            ),
            Self::Ambiguous {
                ambiguity: Ambiguity::None { .. },
                ..
            } => {
                Some("name a layout with `--layout PATH`; `accession layout init DIR` proposes one")
            }
            Self::Ambiguous {
                ambiguity: Ambiguity::Several { .. },
                ..
            } => Some("name the layout with `--layout NAME` or `--layout PATH`"),
            Self::NotConfirmed(_) => Some(
                "to do so all the same add `--confirm`; a file is copied first, of a database on a server make a dump before",
            ),
            Self::Layout(LayoutError::Occupied { .. }) => Some(
                "nothing was written; name another directory with `--output PATH`, or move this one away",
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
        OperationError::AmbiguousRun { .. } => Some("give more of the id"),
        OperationError::NotRevertible { .. } => Some("only imports and reverts can be reverted"),
        OperationError::NoSeal(_) => Some("only runs of newer versions are sealed"),
        OperationError::NotAsSealed { .. } => {
            Some("`accession audit verify` names everything that differs")
        }
        OperationError::UnreadableEntry { .. } => {
            Some("`accession audit verify` tells whether the trail was tampered with")
        }
        OperationError::InsideSource { .. } => {
            Some("name another place with `--database` or `--archive`")
        }
        OperationError::UnknownReject(_) => {
            Some("`accession rejects list --all` shows all of them")
        }
        OperationError::NotAsPlanned(_) => Some(
            "nothing was committed; a trigger of the application, or ON DELETE CASCADE, may have changed further rows",
        ),
        OperationError::UnknownParameter { .. } => {
            Some("`accession layout show NAME` lists the parameters")
        }
        OperationError::Source(SourceError::NoSuchDirectory { .. }) => {
            Some("check the path for typing errors")
        }
        OperationError::UnknownEntry(_) => {
            Some("`accession audit log --entries` shows the entries with their numbers")
        }
        OperationError::UnknownFile(_) => {
            Some("give the path as `accession runs show RUN` lists it, relative to the directory")
        }
        OperationError::UnknownColumn { .. } => Some("`accession audit blame` shows the columns"),
        OperationError::UnknownRow { .. } | OperationError::UnknownTable(_) => Some(
            "`accession audit report` shows the tables; a key of several columns is a JSON array of texts",
        ),
        OperationError::Scratch(_) => Some(
            "see that there is room in the directory for temporary files, or set `TMPDIR` to another",
        ),
        OperationError::NothingToPropose { .. } => Some(
            "a layout is proposed for files whose names end with `.json`, `.jsonl` or `.ndjson`, and for such that are packed (`.json.gz`, `.jsonl.gz`, `.ndjson.gz`)",
        ),
        OperationError::Source(_)
        | OperationError::Validate(_)
        | OperationError::Map(_)
        | OperationError::TableGone(_)
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
        ArchiveError::NotAnArchive(_) => Some("say where it is with `--archive DIR`"),
        ArchiveError::TargetNotEmpty(_) => Some("name a directory that does not exist yet"),
        ArchiveError::NotARunId(_) | ArchiveError::UnknownRun(_) => {
            Some("`accession archive list` shows the runs it holds")
        }
        ArchiveError::BadManifest { .. }
        | ArchiveError::BadIndex(_)
        | ArchiveError::BadObject { .. } => {
            Some("`accession archive verify` lists everything that is damaged")
        }
        ArchiveError::ChangedWhileArchived { .. } => {
            Some("run again when no other program is writing into the directory")
        }
        ArchiveError::Io { source, .. } if source.kind() == ErrorKind::PermissionDenied => Some(
            "check the permissions: an archive is for the user who imports alone, unless that user says otherwise",
        ),
        ArchiveError::Io { .. }
        | ArchiveError::RunExists(_)
        | ArchiveError::UnsafePath(_)
        | ArchiveError::DuplicatePath(_)
        | ArchiveError::ProofFailed(_)
        | ArchiveError::Interrupted => None,
    }
}
