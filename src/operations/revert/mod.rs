//! Undoing a committed run, as a run of its own: a plan first, then one transaction.

mod outcome;
mod plan;

use std::path::PathBuf;
use std::time::Duration;

use crate::archive::BACKUPS;
use crate::audit::revert::RevertPolicy;
use crate::database::ledger::{RunFacts, RunHeader, RunRecord};
use crate::database::{Access, Backup, Database, DatabaseUrl, Mismatch};
use crate::model::{RunContext, Sha256};

use super::import::BackupPolicy;
use super::proof::{log_seal, require_seals};
use super::{OperationError, Stage, Surroundings, run_named};

pub use outcome::{RevertConflictAt, RevertOutcome, RevertRun, RevertStatus, RevertedTable};
use plan::{Apply, Reverting};

/// What to undo, and how.
#[derive(Debug, Clone)]
pub struct RevertOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// Where backups go, and the seal is noted.
    pub archive: PathBuf,
    /// The run: its id, or the beginning of it.
    pub run: String,
    /// Whether anything is written.
    pub mode: RevertMode,
    /// What to do with rows that were changed since.
    pub policy: RevertPolicy,
    /// Whether the database is copied first.
    pub backup: BackupPolicy,
    /// How many conflicts are listed; all are counted.
    pub limit: usize,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevertMode {
    /// Plan, and apply the plan.
    Apply,
    /// Plan, and stop.
    DryRun,
}

/// Undoes a run.
///
/// # Errors
/// When something fails; nothing is committed then. Conflicts are in the outcome, with a status that says that nothing
/// was written.
pub fn revert(
    options: &RevertOptions,
    run: &RunContext,
    around: Surroundings<'_>,
) -> Result<RevertOutcome, OperationError> {
    let ended = match options.mode {
        RevertMode::DryRun => {
            let mut database = open(options, Access::Read)?;
            database.snapshot(|database| {
                let undone = undone(database, &options.run)?;
                Ok(planned(database, options, &undone, around)?.0)
            })
        }
        RevertMode::Apply => apply(options, run, around),
    };
    around.progress.end();
    ended
}

fn open(options: &RevertOptions, access: Access) -> Result<Database, OperationError> {
    Ok(Database::open(&options.database, access, options.wait)?)
}

/// The run that is to be undone.
fn undone(database: &mut Database, name: &str) -> Result<RunRecord, OperationError> {
    require_seals(database)?;
    let runs = database.runs()?;
    let id = run_named(name, runs.iter().map(|run| run.id.clone()))?;
    let run = runs.into_iter().find(|run| run.id == id);
    let run = run.ok_or_else(|| OperationError::UnknownRun(name.to_owned()))?;
    // Rows that `enable` noted were there before it; `disable` wrote none.
    if matches!(run.kind.as_str(), "enable" | "disable") {
        let (run, kind) = (run.id, run.kind);
        return Err(OperationError::NotRevertible { run, kind });
    }
    Ok(run)
}

/// What would be done, and how it would end.
fn planned<'a>(
    database: &mut Database,
    options: &'a RevertOptions,
    undone: &'a RunRecord,
    around: Surroundings<'a>,
) -> Result<(RevertOutcome, Reverting<'a>), OperationError> {
    around.progress.begin(Stage::Plan, None);
    let mut reverting = Reverting::begin(database, options, undone, around)?;
    reverting.walk(database, Apply::Nothing)?;
    let status = if reverting.conflicts() > 0 && options.policy == RevertPolicy::Report {
        RevertStatus::Conflict
    } else if reverting.changes() == 0 && reverting.is_undone {
        RevertStatus::NothingToDo
    } else {
        RevertStatus::Planned
    };
    Ok((reverting.outcome(status), reverting))
}

/// Rolls the transaction back without being a failure.
enum Rollback {
    Refused(Box<RevertOutcome>),
    Failed(OperationError),
}

impl<E: Into<OperationError>> From<E> for Rollback {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn apply(
    options: &RevertOptions,
    run: &RunContext,
    around: Surroundings<'_>,
) -> Result<RevertOutcome, OperationError> {
    let mut database = open(options, Access::Write)?;
    let mut backup = None;
    let done = database.transaction(|database| {
        let undone = undone(database, &options.run)?;
        let (outcome, mut reverting) = planned(database, options, &undone, around)?;
        if outcome.status != RevertStatus::Planned {
            return Err(Rollback::Refused(Box::new(outcome)));
        }
        if let (Some(path), BackupPolicy::Always) = (options.database.file(), options.backup) {
            around.progress.begin(Stage::Backup, None);
            let directory = options.archive.join(BACKUPS);
            backup = Some(Backup::make(path, &directory, &run.id.to_string())?);
        }
        around.progress.begin(Stage::Revert, None);
        let seal = write(database, &mut reverting, &undone, run, around)?;
        around.check_interrupt()?;
        let mut outcome = reverting.outcome(RevertStatus::Reverted);
        outcome.run = Some(RevertRun {
            id: run.id.to_string(),
            backup: backup
                .as_ref()
                .map(|backup| backup.path().display().to_string()),
            seal,
        });
        Ok(outcome)
    });
    match done {
        Ok(mut outcome) => {
            if let Some(backup) = backup {
                backup.keep();
            }
            let seal = outcome.run.as_ref().map(|run| &run.seal);
            let warning = seal.and_then(|seal| log_seal(&options.database, &options.archive, seal));
            outcome.findings.extend(warning);
            Ok(outcome)
        }
        Err(Rollback::Refused(outcome)) => Ok(*outcome),
        Err(Rollback::Failed(error)) => Err(error),
    }
}

/// Everything between the plan and COMMIT.
fn write(
    database: &mut Database,
    reverting: &mut Reverting<'_>,
    undone: &RunRecord,
    run: &RunContext,
    around: Surroundings<'_>,
) -> Result<crate::database::ledger::NewSeal, OperationError> {
    let header = RunHeader {
        kind: "revert",
        layout: undone.layout.clone(),
        layout_digest: Sha256::from_hex(&undone.layout_digest).unwrap_or(Sha256([0; 32])),
        source: undone.source.clone(),
        archive: undone.archive.clone(),
        parent: Some(undone.id.clone()),
    };
    let before = database.last_entry_id()?;
    database.begin_rows_run(&header, run)?;
    reverting.walk(database, Apply::Everything)?;
    let id = run.id.to_string();
    // Once is enough: rows may have been changed back since, but what the ledger knew was put back then.
    if !reverting.is_undone {
        database.undo_row_sources(&id, &undone.id, reverting.kept())?;
    }
    let finished_at = (around.clock)();
    database.end_rows_run(run, finished_at, &reverting.counts().to_string())?;
    let contents = database.contents_of_run(&id, before)?;
    let more = reverting.unplanned(&contents.entries.tables);
    if !more.is_empty() {
        return Err(OperationError::NotAsPlanned(more));
    }
    Ok(database.seal_run(&id, contents, RunFacts::default(), finished_at)?)
}

/// A table in which something else happened than was planned.
fn mismatch(table: &str, planned: u64, happened: u64) -> Mismatch {
    Mismatch {
        table: table.to_owned(),
        message: format!("{happened} rows changed, planned were {planned}"),
    }
}
