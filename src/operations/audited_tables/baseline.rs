//! Records rows that already exist when an import adds their table to the audit log.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::database::seals::NewSeal;
use crate::database::{Database, TargetTables, WriteTransaction};
use crate::layout::Layout;
use crate::model::{Finding, Level, Rule, RunContext, RunId, RunKind, Table, plural};
use crate::operations::proof::SealPlace;
use crate::operations::{Context, OperationError};

use super::account::account_for;
use super::accounted::Accounted;
use super::gaps::record_gaps;
use super::run::{Entered, begin, begin_change, finish};
use super::unaccounted::Unaccounted;

/// Rows that were recorded before an import.
#[derive(Debug, Clone)]
pub(in crate::operations) struct Baseline {
    /// The run that recorded them.
    pub(in crate::operations) run: RunId,
    /// Its seal.
    pub(in crate::operations) seal: NewSeal,
    /// By table: what it recorded, and whether the table had entries before.
    tables: Vec<(String, Accounted, bool)>,
}

/// The results of preparing the audit log before an import.
#[derive(Debug, Clone, Default)]
pub(in crate::operations) struct Prepared {
    /// Rows that were recorded.
    pub(in crate::operations) baseline: Option<Baseline>,
    /// The seals of runs that recorded gaps.
    pub(in crate::operations) gaps: Vec<NewSeal>,
    /// Findings about missing triggers.
    findings: Vec<Finding>,
}

/// Creates ledger, tables and triggers before the transaction that fills them, on databases where schema changes end a
/// transaction. Rows that already exist are recorded by a separate run.
///
/// # Errors
/// When existing tables do not match the layout, or the database reports an error. The next command that writes
/// completes an interrupted run.
pub(in crate::operations) fn prepare_tables(
    database: &mut Database,
    place: &SealPlace,
    layout: &Layout,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<Prepared, OperationError> {
    if !database.commits_schema_changes() {
        return Ok(Prepared::default());
    }
    let (importing, run) = (run, &before(run, 2));
    let entered = Entered::default();
    let done = database.change_schema_then(
        |database| {
            let target = database.tables().inspect_tables(layout)?;
            database.migrate()?;
            let found = Unaccounted::of(database, layout, &target)?;
            let gap = record_gaps(database, found.gaps(), importing, 3, (ctx.clock)())?;
            entered.has_committed(gap.as_ref());
            let make = |database: &mut WriteTransaction| -> Result<(), OperationError> {
                Ok(database
                    .tables()
                    .prepare_tables(layout, &target, &BTreeSet::new())?)
            };
            match found.tables.is_empty() {
                true => make(database)?,
                false => begin_change(
                    database,
                    RunKind::Enable,
                    run,
                    &entered,
                    found.tables.iter(),
                    make,
                )?,
            }
            Ok((found, gap))
        },
        |database, (found, gap)| {
            Ok(Prepared {
                gaps: gap.iter().cloned().collect(),
                baseline: match found.tables.is_empty() {
                    true => None,
                    false => Some(record(database, found, run, ctx)?),
                },
                findings: found.findings(),
            })
        },
        OperationError::is_retryable,
    );
    done.map_err(|error| entered.abandoned_after(database, place, run, error))
}

/// Records, by a separate run before `run` and in the same transaction, the rows that the audit log does not account
/// for.
pub(in crate::operations) fn record_baseline(
    database: &mut WriteTransaction,
    layout: &Layout,
    target: &TargetTables,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<Prepared, OperationError> {
    let found = Unaccounted::of(database, layout, target)?;
    // A table without rows that had entries may have lost its rows.
    let needs_entries = |table: &Table| {
        let mut tables = layout.tables.iter().zip(&target.tables);
        found.known.contains(&table.name)
            || tables.any(|(one, target)| one.table.name == table.name && target.state.rows > 0)
    };
    let gap = record_gaps(database, found.gaps(), run, 3, (ctx.clock)())?;
    let run = &before(run, 1);
    let (gaps, findings) = (gap.into_iter().collect(), found.findings());
    if !found.tables.iter().any(needs_entries) {
        return Ok(Prepared {
            baseline: None,
            gaps,
            findings,
        });
    }
    begin(database, RunKind::Enable, run, found.names(), None)?;
    Ok(Prepared {
        baseline: Some(record(database, &found, run, ctx)?),
        gaps,
        findings,
    })
}

fn record(
    database: &mut WriteTransaction,
    found: &Unaccounted,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<Baseline, OperationError> {
    database.audited_tables().lock_whole_tables(found.names())?;
    let before = database.seals().last_entry_id()?;
    let (mut tables, mut counts) = (Vec::new(), Vec::new());
    for table in &found.tables {
        let accounted = account_for(database, table, run, ctx)?;
        counts.push((table.name.clone(), accounted.counts(table)));
        // Another program may have written since the triggers were made: its entry does not make the table a known one.
        let was_known = found.known.contains(&table.name);
        tables.push((table.name.clone(), accounted, was_known));
    }
    ctx.check_interrupt()?;
    Ok(Baseline {
        run: run.id.into(),
        seal: finish(database, run, before, counts, (ctx.clock)())?,
        tables,
    })
}

/// A run directly before `run`: ids of runs sort by time.
pub(super) fn before(run: &RunContext, by: u128) -> RunContext {
    RunContext {
        id: Uuid::from_u128(run.id.as_u128() - by),
        ..run.clone()
    }
}

impl Prepared {
    /// Combines the results of two attempts.
    pub(in crate::operations) fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        self.gaps.extend(other.gaps);
        self.baseline = self.baseline.or(other.baseline);
        self
    }

    /// The seals of the runs that were written, oldest first.
    pub(in crate::operations) fn seals(&self) -> impl Iterator<Item = &NewSeal> {
        let baseline = self.baseline.iter().map(|baseline| &baseline.seal);
        self.gaps.iter().chain(baseline)
    }

    /// The findings to report.
    pub(in crate::operations) fn findings(&self) -> impl Iterator<Item = Finding> {
        let baseline = self.baseline.iter().flat_map(Baseline::findings);
        self.findings.iter().cloned().chain(baseline)
    }
}

impl Baseline {
    fn findings(&self) -> impl Iterator<Item = Finding> {
        let run = &self.run;
        self.tables.iter().flat_map(move |(table, found, was_known)| {
            let completed = found.completion(table, run).filter(|_| *was_known);
            let (level, rule, message) = match (*was_known, found.is_surprising()) {
                (true, true) => (
                    Level::Warning,
                    Rule::IncompleteAuditLog,
                    format!(
                        "`{table}`: {} changed while it was not recorded; run {run} recorded their current values",
                        plural(found.changed(), "row")
                    ),
                ),
                (true, false) if completed.is_some() => return vec![completed],
                (true | false, _) => (
                    Level::Notice,
                    Rule::ForeignRow,
                    format!(
                        "`{table}`: existing rows ({}) were recorded in the audit log by run {run}",
                        found.entries()
                    ),
                ),
            };
            let gap = found.gap(table, run).filter(|_| *was_known);
            vec![Some(Finding::new(level, rule, None, message)), completed, gap]
        }).flatten()
    }
}
