//! `accession import`.

use clap::{Args, ValueEnum};

use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::run_context;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::{ArchiveOptions, DirectoryOptions};
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::operations::import::{
    BackupPolicy, ImportMode, ImportOptions, ImportOutcome, ImportStatus, InvalidPolicy,
    UnchangedPolicy, import,
};
use crate::parse::Limits;
use crate::plan::{ConflictPolicy, GonePolicy};
use crate::report::{import_json, import_text};

/// Import a directory of JSON files into a database
///
/// Files that did not change since the last import are skipped; rows are inserted or updated in one transaction, each
/// change with an audit entry; nothing is written if any record is invalid. The database file is created if it does
/// not exist, and copied into the archive before it is changed if it does.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Import {
    #[command(flatten)]
    read: DirectoryOptions,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    archive: ArchiveOptions,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Read files again that did not change: after a change of `--set`, or of rows that their records refer to
    #[arg(long)]
    reread: bool,
    /// Import the valid records and remember the others, instead of refusing all
    #[arg(long)]
    skip_invalid: bool,
    /// Delete rows whose records are no longer in the files
    #[arg(long)]
    prune: bool,
    /// Where file and database both changed since the last import: whose values win [default: write nothing]
    #[arg(long, value_enum, value_name = "WINNER")]
    on_conflict: Option<Winner>,
    /// Who is responsible, for the audit trail [default: the operating system's user]
    #[arg(long, env = "ACCESSION_ACTOR", value_name = "NAME")]
    actor: Option<String>,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The directory's name in the ledger, for directories that move [default: its absolute path]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Do not copy an existing database before changing it
    #[arg(long)]
    no_backup: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Winner {
    /// The row stays as it is.
    KeepDatabase,
    /// The file's values are written.
    TakeFile,
}

impl Import {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let run = run_context(self.actor.clone(), self.reason.clone())?;
        let layout = self.read.layout()?;
        let tell = self.read.findings.tell();
        let options = self.options(output)?;
        let work = Work::begin(output);
        let outcome = import(&options, &layout, &run, work.surroundings())?;
        output.reviewed(
            (&outcome.findings, tell),
            || import_text(&outcome),
            || import_json(&outcome),
        );
        Ok(exit(&outcome))
    }

    fn options(self, output: &Output) -> Result<ImportOptions, CommandError> {
        let database = self.database.url(output)?;
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
                InvalidPolicy::Refuse
            },
            gone: if self.prune {
                GonePolicy::Prune
            } else {
                GonePolicy::Keep
            },
            conflict: match self.on_conflict {
                None => ConflictPolicy::Report,
                Some(Winner::KeepDatabase) => ConflictPolicy::KeepDatabase,
                Some(Winner::TakeFile) => ConflictPolicy::TakeFile,
            },
            show: self.read.findings.show(),
            keep: self.read.findings.keep(),
            directory: self.read.directory,
            limits: Limits::default(),
            backup: if self.no_backup {
                BackupPolicy::Never
            } else {
                BackupPolicy::Always
            },
        })
    }
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
