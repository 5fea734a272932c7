//! `accession import`.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::run_context;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::format_options::ReviewOptions;
use crate::cli::options::{ArchiveOptions, DirectoryOptions};
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::database::{DatabaseUrl, PRIVATE};
use crate::operations::import::{
    BackupPolicy, ImportMode, ImportOptions, ImportOutcome, ImportStatus, InvalidPolicy,
    UnchangedPolicy, import,
};
use crate::plan::{ConflictPolicy, RemovalPolicy};
use crate::report::{ImportView, import_text};

/// Import a directory of JSON files into a database
///
/// Files that did not change since the last import are skipped. Rows are inserted or updated in one transaction, each
/// change with an audit entry. If any record is invalid, nothing is written. A SQLite file is created if it does not
/// exist; an existing one is copied into the archive before it is changed.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Import {
    #[command(flatten)]
    read: DirectoryOptions,
    #[command(flatten)]
    form: ReviewOptions,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    archive: ArchiveOptions,
    /// Show what would be written, without writing
    #[arg(long)]
    dry_run: bool,
    /// Read unchanged files again, for example after a change of `--set` or of rows that their records refer to
    #[arg(long)]
    reread: bool,
    /// Import the valid records and list the others as rejects, instead of aborting
    #[arg(long)]
    skip_invalid: bool,
    /// Delete rows whose records are no longer in the files
    #[arg(long)]
    prune: bool,
    /// File or directory of the source that was deleted on purpose, although it looks unmounted, moved or replaced by
    /// a symbolic link; repeatable
    #[arg(long, value_name = "PATH")]
    deleted: Vec<String>,
    /// Whose values win if file and database both changed since the last import [default: write nothing]
    #[arg(long, value_enum, value_name = "POLICY")]
    on_conflict: Option<Winner>,
    /// Name of the responsible person, for the audit log [default: the operating system's user]
    #[arg(long, env = "ACCESSION_ACTOR", value_name = "NAME")]
    actor: Option<String>,
    /// Reason for the import, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Name of the directory in the ledger, for directories that move [default: its absolute path]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Do not back up an existing database before changing it
    #[arg(long)]
    no_backup: bool,
    /// Permissions of a new SQLite database and of the files that SQLite creates next to it; an existing database
    /// keeps its permissions [default: 600]
    #[arg(long, value_name = "OCTAL", value_parser = octal)]
    mode: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Winner {
    /// Keep the row as it is.
    KeepDatabase,
    /// Write the values of the file.
    TakeFile,
}

impl Import {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let run = run_context(self.actor.clone(), self.reason.clone())?;
        let layout = self.read.layout()?;
        let detail = self.read.findings.detail();
        let options = self.options(output)?;
        let work = Work::begin(output);
        let outcome = import(&options, &layout, &run, work.context())?;
        output.print_review(
            &outcome.findings,
            detail,
            || import_text(&outcome),
            || ImportView::from(&outcome),
        );
        Ok(exit(&outcome))
    }

    fn options(self, output: &Output) -> Result<ImportOptions, CommandError> {
        let database = self.database.url(output)?;
        if let Some(mode) = self.mode {
            report_unused(mode, &database, output);
        }
        Ok(ImportOptions {
            archive: self.archive.directory(&database)?,
            wait: self.database.wait(),
            database,
            source: self.source,
            parameters: self.read.parameters(),
            mode: if self.dry_run {
                ImportMode::DryRun
            } else {
                ImportMode::Apply
            },
            unchanged: if self.reread {
                UnchangedPolicy::Reread
            } else {
                UnchangedPolicy::Skip
            },
            invalid: if self.skip_invalid {
                InvalidPolicy::Skip
            } else {
                InvalidPolicy::Abort
            },
            removed: if self.prune {
                RemovalPolicy::Prune
            } else {
                RemovalPolicy::Keep
            },
            deleted: self.deleted.iter().map(|path| relative(path)).collect(),
            conflict: match self.on_conflict {
                None => ConflictPolicy::Report,
                Some(Winner::KeepDatabase) => ConflictPolicy::KeepDatabase,
                Some(Winner::TakeFile) => ConflictPolicy::TakeFile,
            },
            show: self.read.findings.show(),
            keep: self.read.findings.keep(),
            directory: self.read.directory,
            limits: self.read.size.limits(),
            backup: if self.no_backup {
                BackupPolicy::Never
            } else {
                BackupPolicy::Always
            },
            file_mode: self.mode.unwrap_or(PRIVATE),
        })
    }
}

/// Parses permissions; the owner must be able to read and write.
fn octal(text: &str) -> Result<u32, &'static str> {
    let mode = u32::from_str_radix(text.strip_prefix("0o").unwrap_or(text), 8);
    match mode {
        Ok(mode) if mode <= 0o777 && mode & 0o600 == 0o600 => Ok(mode),
        Ok(_) | Err(_) => {
            Err("expected three octal digits that allow the owner to read and write, such as 640")
        }
    }
}

/// Reports permissions that were given and have no effect.
fn report_unused(mode: u32, database: &DatabaseUrl, output: &Output) {
    let notice = match database {
        DatabaseUrl::Server(_) => "`--mode` has no effect: the database is not a file".to_owned(),
        DatabaseUrl::File(path) => match permissions(path) {
            Some(kept) if kept != mode => format!(
                "`--mode` has no effect: `{}` exists and keeps its permissions, {kept:o}",
                path.display()
            ),
            Some(_) | None => return,
        },
    };
    output.notice(&format!("{notice}\n"));
}

/// The permissions of a file that exists.
fn permissions(path: &Path) -> Option<u32> {
    let found = path.metadata().ok()?;
    Some(std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777)
}

/// Normalizes a path to the form in the ledger: without a leading `./` or trailing `/`.
fn relative(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    path.to_owned()
}

fn exit(outcome: &ImportOutcome) -> Exit {
    match outcome.status {
        ImportStatus::Invalid => Exit::Invalid,
        ImportStatus::Conflict => Exit::Difference,
        ImportStatus::NothingToDo | ImportStatus::Planned | ImportStatus::Imported => {
            if outcome.rejected + outcome.still_rejected > 0 {
                Exit::Rejected
            } else {
                Exit::Done
            }
        }
    }
}
