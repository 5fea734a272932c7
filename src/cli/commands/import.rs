//! `accession import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::command_error::CommandError;
use crate::cli::environment::{interrupt_flag, now, run_context};
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::{ArchiveOptions, DatabaseOptions, LayoutOptions, Setting, ValueOptions};
use crate::cli::output::Output;
use crate::cli::progress::Display;
use crate::operations::Surroundings;
use crate::operations::import::{
    BackupPolicy, ImportMode, ImportOptions, ImportOutcome, ImportStatus, InvalidPolicy, import,
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
    /// The legacy directory; it is only read
    directory: PathBuf,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    layout: LayoutOptions,
    #[command(flatten)]
    archive: ArchiveOptions,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
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
    /// A parameter of the layout; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Setting>,
    /// The directory's name in the ledger, for directories that move [default: its absolute path]
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    values: ValueOptions,
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
        if self
            .actor
            .as_ref()
            .is_some_and(|actor| actor.trim().is_empty())
        {
            return Err(CommandError::Usage(
                "the actor must not be empty".to_owned(),
            ));
        }
        let layout = self.layout.load(&self.directory)?;
        let run = run_context(self.actor.clone(), self.reason.clone());
        let options = self.options()?;
        let display = Display::new(output);
        let around = Surroundings {
            interrupted: &interrupt_flag(),
            progress: &display,
            clock: &now,
        };
        let outcome = import(&options, &layout, &run, around)?;
        output.findings(&outcome.findings, outcome.findings_not_kept);
        output.result(|| import_text(&outcome), || import_json(&outcome));
        Ok(exit(&outcome))
    }

    fn options(self) -> Result<ImportOptions, CommandError> {
        let database = self.database.url()?;
        Ok(ImportOptions {
            archive: self.archive.directory(&database)?,
            wait: self.database.wait(),
            database,
            directory: self.directory,
            source: self.source,
            parameters: self.set.into_iter().map(Setting::into_pair).collect(),
            mode: if self.dry_run {
                ImportMode::DryRun
            } else {
                ImportMode::Apply
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
            show: self.values.show(),
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
