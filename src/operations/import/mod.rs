//! Imports a directory into a database, and updates the database when the files change.
//!
//! The steps, in their order:
//!
//! 1. **Survey**: finds and hashes the files (`Directory::survey`).
//! 2. **Agenda**: compares the survey with the ledger (`agenda.rs`). If no file changed, the import ends here, without
//!    having waited for other programs that write.
//! 3. **Prepare**: a new database is built aside; an existing one is locked and copied (`transaction.rs`, `change.rs`).
//! 4. **Plan** (`plan.rs`): pulls the records of the files, which worker threads read, parse, validate and map
//!    (`Directory::read`); looks up their ledger entries and rows, and the record that owns each row; and decides what to change. Then it
//!    decides on the records that were removed from the files (`removed.rs`). A dry run ends here (`dry_run.rs`).
//! 5. **Apply** (`apply.rs`): writes the steps of the plan while it is made.
//! 6. **Archive** (`originals.rs`): stores the originals.
//! 7. **Verify** (`Writer::verify`): reads the rows back and compares them with the plan; rows that differ are named
//!    (`not_as_planned.rs`).
//! 8. **Seal** (`Writer::seal`): completes the run. Then the transaction commits.
//!
//! `Import::run` and `Import::write` read as these steps.

mod agenda;
mod apply;
mod change;
mod changed_keys;
mod dry_run;
mod not_as_planned;
mod options;
mod originals;
mod outcome;
mod plan;
mod referrers;
mod removed;
mod repair;
mod summary;
mod transaction;
mod unavailable;

use std::ops::ControlFlow;
use std::sync::Mutex;

use crate::archive::Stored;
use crate::database::ledger::{MOUNTS, RunHeader};
use crate::database::seals::NewSeal;
use crate::database::{
    Access, Database, DatabaseError, NewDatabase, Opened, RunEnd, WriteTransaction, Writer, repeat,
};
use crate::layout::Layout;
use crate::model::{Level, RunContext, RunKind};
use crate::plan::LateRejects;

use super::audited_tables::{
    Imported, ensure_importable, record_baseline, taken_number_finding, unfinished_findings,
};
use super::directory::{Directory, Writable};
use super::{Context, OperationError, Stage};

use agenda::ImportAgenda;
use originals::AwaitedManifest;
use plan::PlanState;
use repair::MissingObjects;
use transaction::TransactionOutcome;

pub use super::directory::{FileOutcome, InvalidPolicy};
pub use options::{BackupPolicy, ImportMode, ImportOptions, UnchangedPolicy};
pub use outcome::{ConversionCount, ImportOutcome, ImportStatus, PlannedChange, RunOutcome};

/// An import in progress: the data that is constant while it runs.
struct Import<'a> {
    options: &'a ImportOptions,
    run: RunContext,
    directory: Directory<'a>,
    late_rejects: Mutex<LateRejects>,
}

/// Imports a directory.
///
/// # Errors
/// When an operation fails; nothing is committed then. Errors of the input are in the outcome's findings, with a status
/// that shows that nothing was written.
pub fn import(
    options: &ImportOptions,
    layout: &Layout,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<ImportOutcome, OperationError> {
    options.check_paths()?;
    let mut import = Import {
        options,
        run: run.clone(),
        directory: Directory::survey(options.read(), layout, ctx)?,
        late_rejects: Mutex::default(),
    };
    let outcome = loop {
        match import.run() {
            Err(OperationError::RejectedLate) => {}
            outcome => break outcome,
        }
    };
    ctx.progress.end();
    outcome
}

impl<'l> Import<'l> {
    /// The steps of an import after the survey.
    fn run(&mut self) -> Result<ImportOutcome, OperationError> {
        if self.directory.survey.files.is_empty() {
            // Otherwise all rows would be reported as removed, and deleted with `--prune`.
            return Ok(self.nothing_to_do(&self.agenda(None)?));
        }
        let (place, wait) = (&self.options.database, self.options.wait);
        let agenda = match Database::open(place, Access::Read, wait) {
            Ok(mut database) => {
                // Another first import may be creating tables; what is read here must be older than that.
                let look = || self.without_writing(&mut database);
                match repeat(place, OperationError::is_retryable, look)? {
                    ControlFlow::Break(outcome) => return Ok(outcome),
                    ControlFlow::Continue(agenda) => {
                        let latest = database.snapshot(|read| read.ledger().latest_run())?;
                        self.run = self.run.after(latest);
                        agenda
                    }
                }
            }
            Err(DatabaseError::Missing(_)) => self.agenda(None)?,
            Err(error) => return Err(error.into()),
        };
        if self.options.mode == ImportMode::DryRun {
            return self.dry_run(None, &agenda);
        }
        match place.file() {
            None => self.change(&agenda),
            Some(path) => match NewDatabase::begin(path, wait, self.options.file_mode)? {
                Opened::New(aside) => self.build(aside, &agenda),
                Opened::Existing => self.change(&agenda),
            },
        }
    }

    /// Compares the survey with the ledger. The outcome of a dry run, or of an import with nothing to do; otherwise the
    /// agenda.
    fn without_writing(
        &self,
        database: &mut Database,
    ) -> Result<ControlFlow<ImportOutcome, ImportAgenda>, OperationError> {
        let mut missing = MissingObjects::default();
        let mut unfinished = Vec::new();
        let looked = database.snapshot(|database| {
            // A newer ledger is not read at all: its tables may have another meaning.
            database.migration_states()?;
            let agenda = self.agenda(Some(database))?;
            let layout = self.directory.layout;
            let imported = Imported {
                source: &self.directory.source,
                layout_changed: agenda.layout_changed,
                has_unchanged_files: !agenda.files.unchanged.is_empty(),
            };
            let triggers = ensure_importable(database, layout, &imported)?;
            unfinished = unfinished_findings(database, Level::Warning)?;
            unfinished.extend(taken_number_finding(database)?);
            let looked = match self.options.mode {
                _ if agenda.nothing_to_do() => {
                    missing = MissingObjects::of(database, layout, triggers.as_ref())?;
                    ControlFlow::Break(self.nothing_to_do(&agenda))
                }
                ImportMode::DryRun => ControlFlow::Break(self.dry_run(Some(database), &agenda)?),
                ImportMode::Apply => ControlFlow::Continue(agenda),
            };
            Ok::<_, OperationError>(looked)
        })?;
        if let ControlFlow::Break(outcome) = looked {
            let outcome = self.completed(outcome, unfinished)?;
            return Ok(ControlFlow::Break(self.repaired(outcome, missing)));
        }
        Ok(looked)
    }

    /// Everything between BEGIN and COMMIT.
    fn write(
        &self,
        database: &mut WriteTransaction,
        agenda: &ImportAgenda,
        backup: Option<String>,
    ) -> Result<(ImportOutcome, Stored), TransactionOutcome> {
        let layout = self.directory.layout;
        let ctx = self.directory.ctx;
        database.tables().lock_tables(layout)?;
        let target = database.tables().inspect_tables(layout)?;
        if !database.commits_schema_changes() {
            database.migrate()?;
        }
        let prepared = record_baseline(database, layout, &target, &self.run, ctx)?;
        let mut writer = Writer::begin(database, layout, &target, &self.header(), &self.run)?;
        let mut state = self.start(Some(database), &target, agenda)?;
        let ((mut outcome, seal), stored) = match database.access() {
            // The new database is not visible to others yet, so its archive can stay locked for this long; and the
            // second processor has little else to do.
            Access::Build => self.while_archiving(agenda, |manifest| {
                self.plan_and_apply(database, agenda, &mut state, &mut writer)?;
                self.verify_and_seal(database, agenda, state, writer, manifest)
            }),
            Access::Read | Access::Write => {
                let changed = self.plan_and_apply(database, agenda, &mut state, &mut writer)?;
                if !changed && agenda.reads_nothing() && !state.prevents_writing() {
                    // Only rows kept by earlier runs were processed, and they stay.
                    let outcome = self.outcome(agenda, state, ImportStatus::NothingToDo);
                    return Err(TransactionOutcome::Aborted(Box::new(outcome)));
                }
                self.while_archiving(agenda, |manifest| {
                    self.verify_and_seal(database, agenda, state, writer, manifest)
                })
            }
        }?;
        ctx.check_interrupt()?;
        outcome.run = Some(RunOutcome {
            id: self.run.id.into(),
            archive: self.options.archive.display().to_string(),
            backup,
            seal,
            baseline: prepared.baseline.as_ref().map(|one| one.seal.clone()),
            gaps: prepared.gaps.clone(),
        });
        outcome.findings.extend(prepared.findings());
        Ok((outcome, stored))
    }

    /// Plans on this thread while another one applies the plan. Returns whether there was any change.
    fn plan_and_apply(
        &self,
        database: &mut WriteTransaction,
        agenda: &ImportAgenda,
        state: &mut PlanState<'l>,
        writer: &mut Writer<'l>,
    ) -> Result<bool, OperationError> {
        let database = &Mutex::new(Writable(database));
        std::thread::scope(|scope| {
            let (mut queue, steps) = apply::queue();
            let applying = scope.spawn(move || steps.apply(writer, database));
            let planned = self
                .plan(Some(database), agenda, state, &mut queue)
                .and_then(|()| queue.flush());
            let changed = queue.changed;
            drop(queue);
            let applied = applying.join().expect("the writing thread does not panic");
            match planned {
                Err(OperationError::WriterStopped) => applied,
                planned => planned.and(applied),
            }
            .map_err(|error| self.directory.located(error))?;
            Ok(changed)
        })
    }

    /// Everything after the last row: builds indexes, compares with the plan, completes and seals the run.
    fn verify_and_seal(
        &self,
        database: &mut WriteTransaction,
        agenda: &ImportAgenda,
        state: PlanState<'l>,
        mut writer: Writer<'l>,
        manifest: &AwaitedManifest<'_>,
    ) -> Result<(ImportOutcome, NewSeal), TransactionOutcome> {
        if state.prevents_writing() {
            let aborted = self.outcome(agenda, state, ImportStatus::Invalid);
            return Err(TransactionOutcome::Aborted(Box::new(aborted)));
        }
        let planned = state.planner.planned();
        let outcome = self.outcome(agenda, state, ImportStatus::Imported);
        let ctx = &self.directory.ctx;
        ctx.progress.begin(Stage::Check, None);
        let verified = writer.verify(database, &planned)?;
        if !verified.mismatches.is_empty() {
            return Err(self.not_as_planned(database, verified.mismatches).into());
        }
        let mut counts = outcome.counts();
        if !agenda.mounts.is_empty() {
            counts[MOUNTS] = agenda.mounts.iter().cloned().collect();
        }
        let end = RunEnd {
            at: (ctx.clock)(),
            counts: ctx.recorded_counts(counts),
            facts: outcome.facts(&planned, manifest.digest()),
        };
        let seal = writer.seal(database, verified, end)?;
        Ok((outcome, seal))
    }

    /// The run as the ledger records it.
    fn header(&self) -> RunHeader {
        RunHeader {
            kind: RunKind::Import,
            layout: self.directory.layout.name.clone(),
            layout_digest: self.directory.layout.digest,
            source: self.directory.source.clone(),
            archive: Some(self.options.archive.display().to_string()),
            parent: None,
        }
    }
}
