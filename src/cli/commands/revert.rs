//! `accession revert`.

use clap::{Args, ValueEnum};

use crate::audit::revert::RevertPolicy;
use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::run_context;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::options::ArchiveOptions;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::operations::import::BackupPolicy;
use crate::operations::revert::{RevertMode, RevertOptions, RevertStatus, revert};
use crate::report::{Tell, revert_json, revert_text};

/// Undo a committed run, as a run of its own
///
/// Rows that the run inserted go, rows that it deleted come back, values that it changed are what they were. Rows that
/// were changed afterwards are conflicts: they are listed, and nothing is written until you choose. The trail keeps
/// everything; a revert can be reverted. The next import sees the files as they were before the run: changed or new.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Revert {
    /// The run's id, or its beginning if no other run has the same
    run: String,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    archive: ArchiveOptions,
    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// What becomes of rows that were changed after the run [default: write nothing]
    #[arg(long, value_enum, value_name = "WHAT")]
    on_conflict: Option<OnConflict>,
    /// Who is responsible, for the audit trail [default: the operating system's user]
    #[arg(long, env = "ACCESSION_ACTOR", value_name = "NAME")]
    actor: Option<String>,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Do not copy the database before changing it
    #[arg(long)]
    no_backup: bool,
    /// How many conflicts are listed; all are counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    /// They stay as they are.
    Skip,
    /// They become what they were before the run.
    Force,
}

impl Revert {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let run = run_context(self.actor.clone(), self.reason.clone())?;
        let options = self.options(output)?;
        let work = Work::begin(output);
        let outcome = revert(&options, &run, work.surroundings())?;
        output.findings(&outcome.findings, Tell::All);
        output.result(|| revert_text(&outcome), || revert_json(&outcome));
        Ok(match outcome.status {
            RevertStatus::NothingToDo | RevertStatus::Planned | RevertStatus::Reverted => {
                Exit::Done
            }
            RevertStatus::Conflict => Exit::Difference,
        })
    }

    fn options(self, output: &Output) -> Result<RevertOptions, CommandError> {
        let database = self.database.url(output)?;
        Ok(RevertOptions {
            archive: self.archive.directory(&database)?,
            wait: self.database.wait(),
            database,
            run: self.run,
            mode: if self.dry_run {
                RevertMode::DryRun
            } else {
                RevertMode::Apply
            },
            policy: match self.on_conflict {
                None => RevertPolicy::Report,
                Some(OnConflict::Skip) => RevertPolicy::Skip,
                Some(OnConflict::Force) => RevertPolicy::Force,
            },
            backup: if self.no_backup {
                BackupPolicy::Never
            } else {
                BackupPolicy::Always
            },
            limit: self.limit,
        })
    }
}
