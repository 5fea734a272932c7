//! Reverts a committed run by a new run: plans first, then writes in one transaction.

mod found_rows;
mod not_restorable;
mod outcome;
mod plan;
mod progress;
mod referrers;
mod tables;
mod tally;
mod waiting;

use std::path::PathBuf;
use std::time::Duration;

use crate::archive::BACKUPS;
use crate::audit::revert::RevertPolicy;
use crate::database::ledger::{RunHeader, RunRecord};
use crate::database::seals::{NewSeal, RunFacts};
use crate::database::{
    Access, Backup, Database, DatabaseError, DatabaseUrl, ForeignKeyChecks, ReadTransaction,
    WriteTransaction,
};
use crate::model::{RunContext, RunId, RunKind, Sha256};

use super::audited_tables::make_ready;
use super::import::BackupPolicy;
use super::proof::{SealPlace, log_seal, require_seals};
use super::{Context, OperationError, Stage, run_named};

pub use outcome::{
    Referrer, RevertConflictAt, RevertOutcome, RevertRun, RevertStatus, RevertedTable,
};
use plan::{Reverting, Transaction};

/// Which run to revert, and how.
#[derive(Debug, Clone)]
pub struct RevertOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// The archive for backups and the seal.
    pub archive: PathBuf,
    /// The run: its id, or a prefix of it.
    pub run: String,
    /// Whether anything is written.
    pub mode: RevertMode,
    /// How to handle rows that were changed after the run.
    pub policy: RevertPolicy,
    /// Whether the database is copied first.
    pub backup: BackupPolicy,
    /// How many conflicts to list; all are counted.
    pub limit: usize,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevertMode {
    /// Plan and apply.
    Apply,
    /// Plan only.
    DryRun,
}

/// Reverts a run.
///
/// # Errors
/// When an operation fails; nothing is committed then. Conflicts are in the outcome, with a status that shows that
/// nothing was written.
pub fn revert(
    options: &RevertOptions,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<RevertOutcome, OperationError> {
    let ended = match options.mode {
        RevertMode::DryRun => {
            let mut database = open(options, Access::Read)?;
            database.snapshot(|database| {
                let undone = undone(database, &options.run)?;
                let database = &mut Transaction::Read(database);
                Ok(planned(database, options, &undone, ctx)?.0)
            })
        }
        RevertMode::Apply => apply(options, run, ctx),
    };
    ctx.progress.end();
    ended
}

fn open(options: &RevertOptions, access: Access) -> Result<Database, OperationError> {
    Ok(Database::open(&options.database, access, options.wait)?)
}

/// The run to revert.
fn undone(database: &mut ReadTransaction, name: &str) -> Result<RunRecord, OperationError> {
    require_seals(database)?;
    let runs = database.ledger().runs()?;
    let id = run_named(name, runs.iter().map(|run| run.id.clone()))?;
    let run = runs.into_iter().find(|run| run.id == id);
    let run = run.ok_or_else(|| OperationError::UnknownRun(name.to_owned()))?;
    // Rows recorded by `enable` existed before it; `disable` changed no rows.
    if run.is(RunKind::Enable) || run.is(RunKind::Disable) {
        let (run, kind) = (run.id, run.kind);
        return Err(OperationError::NotRevertible { run, kind });
    }
    Ok(run)
}

/// The plan and the resulting status.
fn planned<'a>(
    database: &mut Transaction<'_>,
    options: &'a RevertOptions,
    undone: &'a RunRecord,
    ctx: Context<'a>,
) -> Result<(RevertOutcome, Reverting<'a>), OperationError> {
    let _span = tracing::info_span!("plan").entered();
    ctx.progress.begin(Stage::Plan, None);
    let mut reverting = Reverting::begin(database, options, undone, ctx)?;
    reverting.plan(database)?;
    let status = match reverting.blocked() {
        Some(status) => status,
        None if reverting.tally.changes() == 0 && reverting.is_undone() => {
            RevertStatus::NothingToDo
        }
        None => RevertStatus::Planned,
    };
    Ok((reverting.outcome(status), reverting))
}

/// Why the transaction is rolled back.
enum RevertRollback {
    Aborted(Box<RevertOutcome>),
    Failed(OperationError),
}

impl<E: Into<OperationError>> From<E> for RevertRollback {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn apply(
    options: &RevertOptions,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<RevertOutcome, OperationError> {
    let mut database = open(options, Access::Write)?;
    let place = SealPlace {
        named: Some(options.archive.clone()),
        usual: options.archive.clone(),
    };
    let completed = make_ready(&mut database, &place, run, (ctx.clock)())?;
    let run = &run.after(database.snapshot(|database| database.ledger().latest_run())?);
    let mut backup = None;
    let mut attempt =
        |checks| in_transaction(&mut database, options, run, ctx, checks, &mut backup);
    let done = match attempt(ForeignKeyChecks::AtCommit) {
        // The commit shows neither row nor column. If a row is rejected at once, it is reported.
        Err(RevertRollback::Failed(OperationError::Database(
            error @ DatabaseError::ForeignKey(_),
        ))) => match attempt(ForeignKeyChecks::AtOnce) {
            Err(RevertRollback::Failed(_)) => Err(RevertRollback::from(error)),
            done => done,
        },
        done => done,
    };
    let ended = match done {
        Ok(mut outcome) => {
            if let Some(backup) = backup {
                backup.keep();
            }
            let seal = outcome.run.as_ref().map(|run| &run.seal);
            let warning = seal.and_then(|seal| log_seal(&options.database, &options.archive, seal));
            outcome.findings.extend(warning);
            Ok(outcome)
        }
        Err(RevertRollback::Aborted(outcome)) => Ok(*outcome),
        Err(RevertRollback::Failed(error)) => Err(error),
    };
    ended.map(|mut outcome| {
        outcome.findings.extend(completed);
        outcome
    })
}

/// The transaction of a revert.
fn in_transaction(
    database: &mut Database,
    options: &RevertOptions,
    run: &RunContext,
    ctx: Context<'_>,
    checks: ForeignKeyChecks,
    backup: &mut Option<Backup>,
) -> Result<RevertOutcome, RevertRollback> {
    // That of an earlier attempt is removed first: it has the same name.
    *backup = None;
    database.transaction(|database| {
        let undone = undone(database, &options.run)?;
        let writing = &mut Transaction::Write(database);
        let (outcome, mut reverting) = planned(writing, options, &undone, ctx)?;
        if outcome.status != RevertStatus::Planned {
            return Err(RevertRollback::Aborted(Box::new(outcome)));
        }
        if let (Some(path), BackupPolicy::Always) = (options.database.file(), options.backup) {
            ctx.progress.begin(Stage::Backup, None);
            let _span = tracing::info_span!("backup").entered();
            let directory = options.archive.join(BACKUPS);
            *backup = Some(Backup::make(path, &directory, &run.id.to_string())?);
        }
        ctx.progress.begin(Stage::Revert, None);
        let _span = tracing::info_span!("apply").entered();
        let seal = write(database, &mut reverting, &undone, run, ctx, checks)?;
        let seal = match seal {
            Ok(seal) => seal,
            Err(status) => {
                let outcome = reverting.outcome(status);
                return Err(RevertRollback::Aborted(Box::new(outcome)));
            }
        };
        ctx.check_interrupt()?;
        let mut outcome = reverting.outcome(RevertStatus::Reverted);
        outcome.run = Some(RevertRun {
            id: run.id.into(),
            backup: backup
                .as_ref()
                .map(|backup| backup.path().display().to_string()),
            seal,
        });
        Ok(outcome)
    })
}

/// Everything between the plan and COMMIT; the status if the database does not accept a value.
fn write(
    database: &mut WriteTransaction,
    reverting: &mut Reverting<'_>,
    undone: &RunRecord,
    run: &RunContext,
    ctx: Context<'_>,
    checks: ForeignKeyChecks,
) -> Result<Result<NewSeal, RevertStatus>, OperationError> {
    let header = RunHeader {
        kind: RunKind::Revert,
        layout: undone.layout.clone(),
        layout_digest: Sha256::from_hex(&undone.layout_digest).unwrap_or(Sha256([0; 32])),
        source: undone.source.clone(),
        archive: undone.archive.clone(),
        parent: Some(undone.id.clone()),
    };
    let before = database.seals().last_entry_id()?;
    database.begin_rows_run(&header, run, checks)?;
    reverting.walk(&mut Transaction::Write(database))?;
    if let Some(status) = reverting.blocked() {
        return Ok(Err(status));
    }
    let id = RunId::from(run.id);
    let mut facts = RunFacts::default();
    let restored = reverting.restored_entries();
    facts.ledger = Some(
        database
            .ledger()
            .undo_row_sources(&id, &undone.id, restored)?,
    );
    let finished_at = (ctx.clock)();
    let counts = ctx.recorded_counts(reverting.tally.for_ledger());
    database.ledger().end_run(run, finished_at, &counts)?;
    let contents = database.seals().contents_of_run(&id, before)?;
    let more = reverting.tally.unplanned(&contents.entries.tables);
    if !more.is_empty() {
        return Err(OperationError::NotAsPlanned(more));
    }
    Ok(Ok(database.seals().seal_run(
        &id,
        contents,
        facts,
        finished_at,
    )?))
}
