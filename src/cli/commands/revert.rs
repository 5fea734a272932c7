//! `accession revert`.

use clap::{Args, ValueEnum};

use crate::audit::revert::RevertPolicy;
use crate::cli::command_error::CommandError;
use crate::cli::database_options::DatabaseOptions;
use crate::cli::environment::run_context;
use crate::cli::exit::{EXIT_CODES, Exit};
use crate::cli::numbers::how_many;
use crate::cli::options::ArchiveOptions;
use crate::cli::output::Output;
use crate::cli::work::Work;
use crate::operations::import::BackupPolicy;
use crate::operations::revert::{RevertMode, RevertOptions, RevertStatus, revert};
use crate::report::{FindingDetail, RevertView, revert_text};

/// Revert a committed run, as a new run
///
/// Rows that the run inserted are deleted, rows that it deleted are inserted again, and values that it changed are
/// restored. Rows that were changed after the run are conflicts: they are listed, and nothing is written until you
/// choose with `--on-conflict`; `skip` also keeps the rows that they refer to. The audit log keeps all entries, and a
/// revert can be reverted. A second revert of the same run changes only rows that the first one kept. For the next
/// import, the files that the run read count as changed or new.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(in crate::cli) struct Revert {
    /// The run's id or a unique prefix of it
    run: String,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    archive: ArchiveOptions,
    /// Show what would be written, without writing
    #[arg(long)]
    dry_run: bool,
    /// What to do with rows that were changed after the run [default: write nothing]
    #[arg(long, value_enum, value_name = "POLICY")]
    on_conflict: Option<OnConflict>,
    /// Name of the responsible person, for the audit log [default: the operating system's user]
    #[arg(long, env = "ACCESSION_ACTOR", value_name = "NAME")]
    actor: Option<String>,
    /// Reason for the revert, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Do not back up the database before changing it
    #[arg(long)]
    no_backup: bool,
    /// Maximum number of conflicts to list; all are counted
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = how_many)]
    limit: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    /// Keep them as they are.
    Skip,
    /// Restore their values from before the run.
    Force,
}

impl Revert {
    pub(in crate::cli) fn run(self, output: &Output) -> Result<Exit, CommandError> {
        let run = run_context(self.actor.clone(), self.reason.clone())?;
        let options = self.options(output)?;
        let work = Work::begin(output);
        let outcome = revert(&options, &run, work.context())?;
        output.findings(&outcome.findings, FindingDetail::All);
        output.result(|| revert_text(&outcome), || RevertView::from(&outcome));
        Ok(match outcome.status {
            RevertStatus::NothingToDo | RevertStatus::Planned | RevertStatus::Reverted => {
                Exit::Done
            }
            RevertStatus::Conflict | RevertStatus::Rejected => Exit::Difference,
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
