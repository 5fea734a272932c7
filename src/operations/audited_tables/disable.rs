//! Removes tables from the audit log.

use std::time::Duration;

use serde_json::json;

use crate::database::seals::NewSeal;
use crate::database::{
    Access, DISABLED_AFTER, Database, DatabaseUrl, Phase, ReadTransaction, TriggerState,
};
use crate::model::{FindingList, RunContext, RunId, RunKind, Table, shell_word};
use crate::operations::proof::{SealPlace, log_seal};
use crate::operations::{Context, OperationError};

use super::named::{named, unsuitable};
use super::run::{Entered, begin_change, finish};
use super::unfinished::make_ready_without;

/// Which tables to remove from the audit log, and how.
#[derive(Debug, Clone)]
pub struct DisableOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// The archive whose `seals.log` records the seal.
    pub archive: SealPlace,
    /// The tables.
    pub tables: Vec<String>,
}

/// The result of disabling tables.
#[derive(Debug, Clone, Default)]
pub struct DisableOutcome {
    /// The run that records it, with its seal; `None` if none of the tables was audited.
    pub run: Option<(RunId, NewSeal)>,
    /// Tables that were disabled.
    pub tables: Vec<String>,
    /// Names of the triggers that were dropped.
    pub dropped: Vec<String>,
    /// Findings of the operation.
    pub findings: FindingList,
}

/// Removes tables from the audit log; their existing entries stay. A run records that this was done on purpose, by whom
/// and why. An interrupted run that was enabling them is completed without them, so that a table whose rows cannot be
/// recorded does not keep the run from being completed.
///
/// # Errors
/// When the application has no such table, or the database reports an error; as for
/// [`enable_tables`](super::enable_tables).
pub fn disable_tables(
    options: &DisableOptions,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<DisableOutcome, OperationError> {
    let mut database = Database::open(&options.database, Access::Write, options.wait)?;
    database.snapshot(|database| database.ledger().require_ledger())?;
    let now = (ctx.clock)();
    let completed = make_ready_without(&mut database, &options.archive, &options.tables, run, now)?;
    let elsewhere = options.archive.elsewhere(&mut database)?;
    let run = &run.after(database.snapshot(|database| database.ledger().latest_run())?);
    let entered = Entered::at(&options.archive);
    let done = database.change_schema_then(
        |database| {
            database.ledger().require_ledger()?;
            database.migrate()?;
            let watched = watched(database, &options.tables)?;
            let mut outcome = DisableOutcome::default();
            if watched.tables.is_empty() && watched.removed.is_empty() {
                return Ok(outcome);
            }
            let tables = watched.tables.iter().map(|(table, _)| table);
            outcome.dropped = begin_change(
                database,
                RunKind::Disable,
                run,
                &entered,
                tables,
                |database| {
                    let mut dropped = Vec::new();
                    let renamed = watched.tables.iter().filter_map(|(table, before)| {
                        before.clone().map(|before| (table.clone(), before))
                    });
                    let renamed: Vec<(Table, String)> = renamed.collect();
                    database
                        .audited_tables()
                        .drop_triggers_of_former_names(&renamed, Phase::Only)?;
                    for (table, _) in &watched.tables {
                        dropped.extend(database.audited_tables().stop_recording(table)?);
                    }
                    for table in &watched.removed {
                        database.audited_tables().drop_functions(table)?;
                    }
                    Ok(dropped)
                },
            )?;
            outcome.tables = watched.names();
            Ok(outcome)
        },
        |database, outcome| {
            if outcome.tables.is_empty() {
                return Ok((outcome.clone(), None));
            }
            let after = database.seals().last_entry_id()?;
            let entry = |table: &String| (table.clone(), json!({ DISABLED_AFTER: after }));
            let counts = outcome.tables.iter().map(entry).collect();
            ctx.check_interrupt()?;
            let seal = finish(database, run, after, counts, (ctx.clock)())?;
            Ok((outcome.clone(), Some(seal)))
        },
        OperationError::is_retryable,
    );
    let (mut outcome, seal) =
        done.map_err(|error| entered.abandoned_after(&mut database, &options.archive, run, error))?;
    outcome.findings.extend(completed);
    if let Some(seal) = seal {
        outcome.findings.extend(elsewhere);
        let archive = options.archive.archive(&mut database)?;
        let findings = log_seal(&options.database, &archive, &seal);
        outcome.findings.extend(findings);
        outcome.run = Some((run.id.into(), seal));
    }
    Ok(outcome)
}

/// Tables that are audited, or were before another program dropped some of their triggers.
#[derive(Default)]
struct Watched {
    /// The tables, with the table name of their entries if that is different.
    tables: Vec<(Table, Option<String>)>,
    /// Names of tables that no longer exist.
    removed: Vec<String>,
}

impl Watched {
    /// The names under which no more entries are recorded.
    fn names(self) -> Vec<String> {
        let tables = self.tables.into_iter();
        let names = tables.flat_map(|(table, before)| before.into_iter().chain([table.name]));
        names.chain(self.removed).collect()
    }
}

fn watched(database: &mut ReadTransaction, names: &[String]) -> Result<Watched, OperationError> {
    let states = database.audited_tables().table_triggers()?;
    let mut watched = Watched::default();
    for state in named(database, &states, names)? {
        let mut others = states.iter();
        if let Some(other) = others.find(|other| {
            other.state == TriggerState::Renamed && other.before.as_ref() == Some(&state.table)
        }) {
            let why = format!(
                "changes of table `{0}` are recorded under this name, which it had before: run `accession audit enable {1}` first",
                other.table,
                shell_word(&other.table)
            );
            return Err(unsuitable(&state.table, why));
        }
        match state.state {
            TriggerState::NotRecorded
            | TriggerState::NoKey
            | TriggerState::NoTriggers
            | TriggerState::Disabled
            | TriggerState::Foreign
            | TriggerState::LedgerTable => {}
            TriggerState::Recorded
            | TriggerState::Unseen
            | TriggerState::Unfinished
            | TriggerState::KeyLost
            | TriggerState::Missing
            | TriggerState::Outdated
            | TriggerState::Renamed
            | TriggerState::Detached => {
                if let Some(table) = database.tables().defined_table(&state.table)? {
                    let is_former = state.state == TriggerState::Renamed
                        || state.state == TriggerState::Detached;
                    let before = state.before.clone().filter(|_| is_former);
                    watched.tables.push((table, before));
                }
            }
            // A table of this name is not there: the run alone records that it was removed permanently.
            TriggerState::Removed => watched.removed.push(state.table.clone()),
        }
    }
    Ok(watched)
}
