//! Hints for errors of operations.

use std::borrow::Cow;
use std::io::ErrorKind;

use crate::archive::ArchiveError;
use crate::model::shell_word;
use crate::operations::OperationError;
use crate::source::SourceError;

/// A suggested fix.
pub(super) fn operation_hint(error: &OperationError) -> Option<Cow<'static, str>> {
    match error {
        OperationError::Database(error) => error.hint(),
        OperationError::RejectedRecord { source, .. } => source.hint(),
        OperationError::Unrecorded { source, .. } => operation_hint(source),
        _ => {
            let fixed = fixed_hint(error).map(Cow::from);
            fixed.or_else(|| Some(named_hint(error)?.into()))
        }
    }
}

/// A hint with the names in the error.
fn named_hint(error: &OperationError) -> Option<String> {
    match error {
        OperationError::Unfinished { tables, .. } => {
            let words: Vec<_> = tables.iter().map(|table| shell_word(table)).collect();
            let tables = match words.is_empty() {
                true => "TABLE".to_owned(),
                false => words.join(" "),
            };
            Some(format!(
                "the run is in the ledger: the next command that writes, such as `accession doctor --fix`, completes it; until then `accession audit status` reports it; if it cannot be completed, `accession audit disable {}` abandons it",
                tables
            ))
        }
        OperationError::UnknownColumn { table, record, .. }
        | OperationError::ComputedColumn { table, record, .. } => Some(format!(
            "`accession audit blame {0} {1}` shows the columns, and `accession audit history {0} {1}` also earlier ones",
            shell_word(table),
            shell_word(record)
        )),
        OperationError::UnknownTable {
            table,
            before: Some(before),
            ..
        } => Some(format!(
            "use the name `{before}`; `accession audit enable {}` records its changes as `{table}` from then on",
            shell_word(table)
        )),
        _ => error.table_hint(),
    }
}

/// The hint for this kind of error.
fn fixed_hint(error: &OperationError) -> Option<&'static str> {
    match error {
        OperationError::Archive(error) => archive_hint(error),
        OperationError::UnknownRun(_) => {
            Some("`accession runs list` and `accession archive list` show the runs")
        }
        OperationError::AmbiguousRun { .. } => Some("give more characters of the id"),
        OperationError::NotRevertible { .. } => Some("only imports and reverts can be reverted"),
        OperationError::NoSeal(_) => {
            Some("this run was written by an older version of accession, which did not seal runs")
        }
        OperationError::NotAsSealed { .. } => {
            Some("`accession audit verify` lists all differences")
        }
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
        OperationError::UnknownRow { .. } | OperationError::UnknownTable { before: None, .. } => {
            Some(
                "`accession audit report` lists the tables; write a key of several columns as a JSON array of strings",
            )
        }
        OperationError::Scratch(_) => Some(
            "free some space in the directory for temporary files, or set `TMPDIR` to another directory",
        ),
        OperationError::NothingToPropose { .. } => Some(
            "`layout init` reads files with the extensions `.json`, `.jsonl` and `.ndjson`, also compressed (`.json.gz`, `.jsonl.gz`, `.ndjson.gz`)",
        ),
        OperationError::Database(_)
        | OperationError::RejectedRecord { .. }
        | OperationError::Unrecorded { .. }
        | OperationError::Unfinished { .. }
        | OperationError::UnknownColumn { .. }
        | OperationError::ComputedColumn { .. }
        | OperationError::UnknownTable { .. }
        | OperationError::RenamedTable { .. }
        | OperationError::RowsMoved { .. }
        | OperationError::UnknownRows { .. }
        | OperationError::EmptiedTable(_)
        | OperationError::DroppedTable(_)
        | OperationError::TableRenamed { .. }
        | OperationError::TableRemoved(_)
        | OperationError::Source(_)
        | OperationError::Validate(_)
        | OperationError::Map(_)
        | OperationError::NoEntry { .. }
        | OperationError::UnsuitableTable { .. }
        | OperationError::RejectedLate
        | OperationError::WriterStopped
        | OperationError::Interrupted => None,
    }
}

fn archive_hint(error: &ArchiveError) -> Option<&'static str> {
    match error {
        ArchiveError::Busy(_) => {
            Some("nothing was written; run again later, or wait longer with `--wait SECONDS`")
        }
        ArchiveError::NotAnArchive(_) => Some(
            "an import creates it; if the archive was moved or renamed, name its directory with `--archive DIR`",
        ),
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
