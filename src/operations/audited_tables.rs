//! Adds tables of the database to the audit log, and removes them.
//!
//! Existing rows are recorded once, by a run of kind `enable`, so that the audit log has every row. Otherwise a row
//! without an entry could be older than the log or inserted without an entry, and the two cases could not be
//! distinguished.

mod account;
mod accounted;
mod altered;
mod baseline;
mod changed;
mod chosen;
mod disable;
mod moved;
mod named;
mod run;
mod unaccounted;
mod unfinished;

use std::time::Duration;

use serde_json::json;

use crate::database::ledger::NewSeal;
use crate::database::{
    Access, DISABLED_AFTER, Database, DatabaseUrl, RENAMED_TO, Renewal, TableTriggers,
};
use crate::model::{Finding, FindingList, Level, Rule, RunContext};

use account::account_for;
use chosen::Chosen;
use run::{Entered, begin, begin_change, finish};

pub use altered::{altered, is_complete, never_rolled_back};
pub(super) use baseline::{Prepared, prepare_tables, record_baseline};
pub(super) use changed::{
    ensure_not_altered, ensure_not_dropped, ensure_not_emptied, ensure_not_renamed,
};
pub use chosen::is_faulty;
pub use disable::{DisableOptions, DisableOutcome, disable_tables};
pub(super) use moved::ensure_not_moved;
pub(super) use unfinished::{
    lost_guards_finding, make_ready, unfinished_findings, words as unfinished_words,
};

use super::proof::{SealPlace, log_seal};
use super::{Context, OperationError};

/// Which tables to enable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichTables {
    /// All tables that can be audited.
    All,
    /// Audited tables with missing or changed triggers.
    Faulty,
    /// The tables with these names.
    Named(Vec<String>),
}

/// Which tables to add to the audit log, and how.
#[derive(Debug, Clone)]
pub struct EnableOptions {
    /// The database.
    pub database: DatabaseUrl,
    /// How long to wait for other programs that write.
    pub wait: Duration,
    /// The archive whose `seals.log` records the seal.
    pub archive: SealPlace,
    /// Which tables.
    pub tables: WhichTables,
}

/// The result of enabling tables.
#[derive(Debug, Clone, Default)]
pub struct EnableOutcome {
    /// The run that recorded existing rows, and its seal.
    pub run: Option<(String, NewSeal)>,
    /// Tables whose triggers were created.
    pub tables: Vec<String>,
    /// Tables that cannot be audited, and why.
    pub unsuitable: Vec<(String, String)>,
    /// The entries of that run.
    pub entries: EnabledEntries,
    /// Findings of the operation.
    pub findings: FindingList,
}

/// Numbers of the entries by which a run of kind `enable` made the audit log account for all rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EnabledEntries {
    /// Rows of tables that had no entries.
    pub recorded: u64,
    /// Rows that had changed without an entry.
    pub differences: u64,
    /// Rows of a renamed table that differ from those of the table that had its name before.
    pub replaced: u64,
    /// Rows with values in columns that were added or renamed later, which no entry had.
    pub completed: u64,
}

/// Lists every table of the application and whether the audit log records its changes.
///
/// # Errors
/// When the database cannot be read.
pub fn table_states(
    url: &DatabaseUrl,
    wait: Duration,
) -> Result<Vec<TableTriggers>, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    Ok(database.snapshot(Database::table_triggers)?)
}

/// Adds tables to the audit log, and updates outdated triggers.
///
/// Afterwards the audit log accounts for every row of each added or named table: rows that no entry accounts for get
/// one, by a run of kind `enable`.
///
/// # Errors
/// When a named table cannot be audited, or the database reports an error. Nothing is committed then; where schema
/// changes are committed at once, the ledger records what remains to be done ([`OperationError::Unfinished`]).
pub fn enable_tables(
    options: &EnableOptions,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<EnableOutcome, OperationError> {
    let mut database = Database::open(&options.database, Access::Write, options.wait)?;
    // Without a ledger no table is audited, so none can be faulty, and nothing has to be created.
    if options.tables == WhichTables::Faulty && !database.has_ledger()? {
        return Ok(EnableOutcome::default());
    }
    // Their rows are recorded below, although `make_ready` makes their triggers.
    let mut bypassed = Vec::new();
    if options.tables == WhichTables::Faulty {
        let mut renewals = database.renewals()?;
        renewals.retain(|(_, renewal)| *renewal == Renewal::Bypassed);
        bypassed.extend(renewals.into_iter().map(|(table, _)| table.name));
    }
    let now = (ctx.clock)();
    let completed = make_ready(&mut database, &options.archive, now)?;
    let run = &run.after(database.latest_run()?);
    let entered = Entered::default();
    let done = database.change_schema_then(
        |database| {
            database.migrate()?;
            let chosen = Chosen::of(database, &options.tables, &bypassed)?;
            if !database.commits_schema_changes() {
                database.lock_whole_tables(chosen.all().map(|table| table.name.as_str()))?;
            }
            let unwatched = chosen.unwatched.iter().map(|(table, _)| table);
            if !chosen.unwatched.is_empty() {
                let begun = ("enable", run, &entered);
                begin_change(database, begun, unwatched.clone(), |database| {
                    database.drop_triggers_of_former_names(&chosen.former)?;
                    for table in unwatched {
                        chosen.drop_triggers_of_partitions(database, table)?;
                        database.record_changes_of(table)?;
                    }
                    Ok(())
                })?;
            }
            for partition in &chosen.detached {
                database.stop_recording(partition)?;
            }
            Ok(chosen)
        },
        |database, chosen| {
            let recorded = record(database, chosen, run, ctx)?;
            Ok((chosen.clone(), recorded))
        },
        OperationError::is_retryable,
    );
    let (chosen, recorded) = done
        .map_err(|error| entered.abandoned_after((&mut database, &options.archive), run, error))?;
    let mut outcome = EnableOutcome {
        tables: chosen.unwatched.into_iter().map(|(t, _)| t.name).collect(),
        unsuitable: chosen.unsuitable,
        ..EnableOutcome::default()
    };
    outcome.findings.extend(completed);
    outcome
        .findings
        .extend(engine_warnings(&mut database, &outcome.tables)?);
    if let Some((seal, found)) = recorded {
        outcome.entries = found.entries;
        outcome.findings.extend(found.findings);
        let archive = options.archive.archive(&mut database)?;
        let warning = log_seal(&options.database, &archive, &seal);
        outcome.findings.extend(warning);
        outcome.run = Some((run.id.to_string(), seal));
    }
    Ok(outcome)
}

/// Warnings for recorded tables whose engine has no transactions.
fn engine_warnings(
    database: &mut Database,
    tables: &[String],
) -> Result<Vec<Finding>, OperationError> {
    if database
        .tables_without_transactions()?
        .is_none_or(|tables| tables.is_empty())
    {
        return Ok(Vec::new());
    }
    let states = database.snapshot(Database::table_triggers)?;
    let states = states.iter().filter(|state| tables.contains(&state.table));
    let warning = |message| Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message);
    Ok(states.filter_map(never_rolled_back).map(warning).collect())
}

/// The result of recording existing rows.
#[derive(Default)]
struct Recorded {
    entries: EnabledEntries,
    findings: Vec<Finding>,
}

/// Records rows that no entry accounts for, and completes the run; returns `None` if there is nothing to record and no
/// trigger was created.
fn record(
    database: &mut Database,
    chosen: &Chosen,
    run: &RunContext,
    ctx: Context<'_>,
) -> Result<Option<(NewSeal, Recorded)>, OperationError> {
    database.lock_whole_tables(chosen.all().map(|table| table.name.as_str()))?;
    let before = database.last_entry_id()?;
    let mut counts = Vec::new();
    let mut recorded = Recorded::default();
    for table in chosen.all() {
        let accounted = account_for(database, table, run, ctx)?;
        let watched = chosen.watched.contains(table);
        let entries = &mut recorded.entries;
        // While a table's first entries are recorded another program may write already: its entry makes the table a
        // known one.
        if chosen.is_new(table) || !accounted.was_known {
            entries.recorded += accounted.entries();
        } else {
            entries.completed += accounted.completed;
            let changed = accounted.is_surprising();
            let finding = match chosen.former_name(table) {
                Some(before) => {
                    entries.replaced += accounted.changed();
                    changed.then(|| accounted.renamed(table, before, run))
                }
                None => {
                    entries.differences += accounted.changed();
                    changed.then(|| accounted.surprise(table, run))
                }
            };
            let completion = accounted.completion(&table.name, run.id);
            recorded
                .findings
                .extend(finding.into_iter().chain(completion));
        }
        if !watched || accounted.changes_anything() {
            let mut counted = accounted.counts(table);
            // Another table had its name.
            if let Some(now) = chosen.renamed_to(&table.name) {
                counted[RENAMED_TO] = json!(now);
            }
            counts.push((table.name.clone(), counted));
        }
    }
    for (old, new) in &chosen.renamed {
        if !chosen.all().any(|table| table.name == *old) {
            // A new table with the old name is not disabled: it has yet to be recorded.
            let is_new = !chosen.is_absorbed(old) && database.defined_table(old)?.is_some();
            let mut counted = json!({ RENAMED_TO: new });
            if !is_new {
                counted[DISABLED_AFTER] = json!(before);
            }
            counts.push((old.clone(), counted));
        }
    }
    if counts.is_empty() {
        return Ok(None);
    }
    if chosen.unwatched.is_empty() {
        begin(database, ("enable", run), [])?;
    }
    ctx.check_interrupt()?;
    let seal = finish(database, run, before, (counts, (ctx.clock)()))?;
    Ok(Some((seal, recorded)))
}
