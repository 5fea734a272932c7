//! Records rows that already exist when an import adds their table to the audit log.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::database::ledger::NewSeal;
use crate::database::{Database, TargetTables, TriggerFault};
use crate::layout::Layout;
use crate::model::{Finding, Level, Rule, RunContext, Table, shell_word};
use crate::operations::proof::SealPlace;
use crate::operations::{Context, OperationError};

use super::account::account_for;
use super::accounted::{Accounted, rows};
use super::changed::refuse_renamed;
use super::run::{Entered, begin, begin_change, finish};
use super::unfinished::bypassed_finding;

/// Rows that were recorded before an import.
#[derive(Debug, Clone)]
pub(in crate::operations) struct Baseline {
    /// The run that recorded them.
    pub(in crate::operations) run: String,
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
    /// Findings about missing triggers.
    findings: Vec<Finding>,
}

/// Tables of the layout that the audit log does not account for.
#[derive(Clone, Default)]
struct Unaccounted {
    /// Tables that were never audited, were disabled on purpose, or have rows but no entry.
    tables: Vec<Table>,
    /// Those of them that had entries before they get their triggers back.
    known: BTreeSet<String>,
    /// Tables that lost triggers in another way, with the names of the triggers.
    lost: Vec<(String, Vec<String>)>,
    /// Tables with columns that were added, renamed or dropped after the triggers were created, with these columns.
    altered: Vec<(String, Vec<String>)>,
    /// Tables that became partitions, past whose triggers rows can have been inserted.
    bypassed: BTreeSet<String>,
    /// Findings about tables without rows that lack indexes or triggers of the layout.
    half_made: Vec<Finding>,
}

impl Unaccounted {
    fn of(
        database: &mut Database,
        (layout, target): (&Layout, &TargetTables),
    ) -> Result<Self, OperationError> {
        let mut found = Self::default();
        let sees = database.sees_triggers()?;
        let mut suspect = BTreeSet::new();
        for (table, target) in layout.tables.iter().zip(&target.tables) {
            let table = &table.table;
            let is_empty = target.state.rows == 0;
            if !target.existed || is_empty && target.is_incomplete {
                suspect.insert(table.name.as_str());
                continue;
            }
            if is_empty && !database.has_row_sources(&table.name)? {
                let half_made = database.half_made_table(table)?;
                let finding = half_made.map(|found| half_made_finding(&table.name, &found));
                found.half_made.extend(finding);
            }
            let faults = database.trigger_faults(table)?;
            if !faults.is_empty() {
                suspect.insert(table.name.as_str());
                let columns = database.columns_altered_since(&table.name)?;
                found
                    .altered
                    .extend((!columns.is_empty()).then(|| (table.name.clone(), columns)));
            }
            let is_lost = |fault| match fault {
                TriggerFault::Missing | TriggerFault::SwitchedOff => sees,
                TriggerFault::Different | TriggerFault::Surplus => false,
            };
            let missing = faults.into_iter().filter(|(_, fault)| is_lost(*fault));
            let missing: Vec<String> = missing.map(|(name, _)| name).collect();
            let is_traced = database.is_traced(&table.name)?;
            let is_new = !is_traced && (target.state.rows > 0 || !missing.is_empty());
            // Disabled tables are read from all runs, so only if it matters.
            let is_back = !missing.is_empty() && !database.is_recorded(&table.name)?;
            if is_new || is_back {
                found.tables.push(table.clone());
                found.known.extend(is_traced.then(|| table.name.clone()));
            } else if !missing.is_empty() {
                found.lost.push((table.name.clone(), missing));
            }
        }
        refuse_renamed(database, &suspect)?;
        let tables = layout.tables.iter().zip(&target.tables);
        let existing = tables.filter(|(_, target)| target.existed);
        found.bypassed = database.bypassed_tables(existing.map(|(table, _)| &table.table))?;
        Ok(found)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().map(|table| table.name.as_str())
    }

    fn findings(&self) -> Vec<Finding> {
        let finding = |(table, triggers): &(String, Vec<String>)| {
            let triggers = triggers.join("`, `");
            let message = format!("`{table}` lacked the triggers `{triggers}`; recreated");
            let hint = format!(
                "changes made meanwhile may be missing from the audit log: `accession audit reconcile` lists them, `accession audit enable {}` records them",
                shell_word(table)
            );
            Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(hint)
        };
        let altered = |(table, columns): &(String, Vec<String>)| {
            let message = format!(
                "columns of `{table}` were added, renamed or dropped after its triggers were created (`{}`); they were recreated",
                columns.join("`, `")
            );
            let hint = format!(
                "`accession audit reconcile` lists values that have no entry, `accession audit enable {}` records them",
                shell_word(table)
            );
            Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(hint)
        };
        let bypassed = self.bypassed.iter();
        let bypassed = bypassed.map(|table| bypassed_finding(table));
        let altered = self.altered.iter().map(altered);
        let findings = self.lost.iter().map(finding).chain(altered);
        let findings = findings.chain(bypassed);
        findings.chain(self.half_made.iter().cloned()).collect()
    }
}

/// Earlier versions did not mark tables that they had not completed.
fn half_made_finding(table: &str, (missing, mark): &(usize, String)) -> Finding {
    let message = format!(
        "`{table}` has no rows, and lacks {missing} of the indexes and triggers of foreign keys that an import creates with it: an import by an earlier version was interrupted, or another program created the table"
    );
    let hint =
        format!("in the first case run `{mark}`: the next import that writes rows completes it");
    Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(hint)
}

/// Creates ledger, tables and triggers before the transaction that fills them, on databases where schema changes end a
/// transaction. Rows that already exist are recorded by a separate run.
///
/// # Errors
/// When existing tables do not match the layout, or the database reports an error. The next command that writes
/// completes an interrupted run.
pub(in crate::operations) fn prepare_tables(
    (database, place): (&mut Database, &SealPlace),
    layout: &Layout,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<Prepared, OperationError> {
    if !database.commits_schema_changes() {
        return Ok(Prepared::default());
    }
    let run = &before(run, 2);
    let entered = Entered::default();
    let done = database.change_schema_then(
        |database| {
            let target = database.inspect_tables(layout)?;
            database.migrate()?;
            let found = Unaccounted::of(database, (layout, &target))?;
            let make = |database: &mut Database| -> Result<(), OperationError> {
                Ok(database.prepare_tables(layout, &target, &BTreeSet::new())?)
            };
            match found.tables.is_empty() {
                true => make(database)?,
                false => {
                    let begun = ("enable", run, &entered);
                    begin_change(database, begun, found.tables.iter(), make)?;
                }
            }
            Ok(found)
        },
        |database, found| {
            Ok(Prepared {
                baseline: match found.tables.is_empty() {
                    true => None,
                    false => Some(record(database, found, run, ctx)?),
                },
                findings: found.findings(),
            })
        },
        OperationError::is_retryable,
    );
    done.map_err(|error| entered.settle((database, place), run, error))
}

/// Records, by a separate run before `run` and in the same transaction, the rows that the audit log does not account
/// for.
pub(in crate::operations) fn record_baseline(
    database: &mut Database,
    (layout, target): (&Layout, &TargetTables),
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<Prepared, OperationError> {
    let found = Unaccounted::of(database, (layout, target))?;
    let with_rows = |table: &Table| {
        let mut tables = layout.tables.iter().zip(&target.tables);
        tables.any(|(one, target)| one.table.name == table.name && target.state.rows > 0)
    };
    let run = &before(run, 1);
    let findings = found.findings();
    if !found.tables.iter().any(with_rows) {
        return Ok(Prepared {
            baseline: None,
            findings,
        });
    }
    begin(database, ("enable", run), found.names())?;
    Ok(Prepared {
        baseline: Some(record(database, &found, run, ctx)?),
        findings,
    })
}

fn record(
    database: &mut Database,
    found: &Unaccounted,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<Baseline, OperationError> {
    database.lock_whole_tables(found.names())?;
    let before = database.last_entry_id()?;
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
        run: run.id.to_string(),
        seal: finish(database, run, before, (counts, (ctx.clock)()))?,
        tables,
    })
}

/// A run directly before `run`: ids of runs sort by time.
fn before(run: &RunContext, by: u128) -> RunContext {
    RunContext {
        id: Uuid::from_u128(run.id.as_u128() - by),
        ..run.clone()
    }
}

impl Prepared {
    /// Combines the results of two attempts.
    pub(in crate::operations) fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        self.baseline = self.baseline.or(other.baseline);
        self
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
                        rows(found.changed())
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
            vec![Some(Finding::new(level, rule, None, message)), completed]
        }).flatten()
    }
}
