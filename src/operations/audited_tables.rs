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
mod create_triggers;
mod disable;
mod entry_numbers;
mod gaps;
mod importable;
mod moved;
mod named;
mod run;
mod unaccounted;
mod unfinished;

use std::time::Duration;

use serde_json::json;

use crate::database::seals::NewSeal;
use crate::database::{
    Access, DISABLED_AFTER, Database, DatabaseUrl, RENAMED_TO, ReadTransaction, TableTriggers,
    WriteTransaction,
};
use crate::model::{Finding, FindingList, Level, Rule, RunContext, RunId, RunKind};

use account::account_for;
use chosen::{Chosen, nothing_to_create};
use run::{Entered, begin, begin_change, finish};

pub(in crate::operations) use altered::is_recorded;
pub use altered::{altered, is_complete, never_rolled_back, silently_changed};
pub(in crate::operations) use altered::{faulty_audit_triggers, overtaken};
pub(super) use baseline::{Prepared, prepare_tables, record_baseline};
pub(super) use changed::ensure_not_renamed;
pub use chosen::is_faulty;
pub use disable::{DisableOptions, DisableOutcome, disable_tables};
pub(in crate::operations) use entry_numbers::{taken_number, taken_number_finding};
pub use gaps::gap_message;
pub(super) use gaps::repair_tables;
pub(super) use importable::{Imported, ensure_importable};
pub(super) use unaccounted::WITHOUT_CASCADES;
pub(super) use unfinished::{lost_guards_finding, make_ready, unfinished_findings};

use super::proof::{SealPlace, log_seal};
use super::{Context, OperationError};

/// Which tables to enable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichTables {
    /// All tables that can be audited.
    All,
    /// Audited tables with missing or changed triggers, or of which changes may have no entry.
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
    pub run: Option<(RunId, NewSeal)>,
    /// Tables whose triggers were created.
    pub tables: Vec<String>,
    /// Those of `tables` that were recorded before: their triggers were missing, outdated, or under another name.
    pub renewed: Vec<String>,
    /// Partitions that were detached from recorded tables, and are tables of their own now.
    pub detached: Vec<String>,
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
/// When the database has no ledger or cannot be read.
pub fn table_states(
    url: &DatabaseUrl,
    wait: Duration,
) -> Result<Vec<TableTriggers>, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        database.ledger().require_ledger()?;
        Ok(database.audited_tables().table_triggers()?)
    })
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
    if let Some(outcome) =
        database.snapshot(|database| nothing_to_create(database, &options.tables))?
    {
        return Ok(outcome);
    }
    let now = (ctx.clock)();
    let completed = make_ready(&mut database, &options.archive, run, now)?;
    let elsewhere = options.archive.elsewhere(&mut database)?;
    let run = &run.after(database.snapshot(|database| database.ledger().latest_run())?);
    let entered = Entered::at(&options.archive);
    let done = database.change_schema_then(
        |database| {
            database.migrate()?;
            let chosen = Chosen::of(database, &options.tables)?;
            if !database.commits_schema_changes() {
                chosen.lock(database)?;
            }
            let unwatched = chosen.unwatched.iter().map(|(table, _)| table);
            if !chosen.unwatched.is_empty() {
                let create =
                    |database: &mut WriteTransaction| Ok(chosen.create_triggers(database)?);
                begin_change(database, RunKind::Enable, run, &entered, unwatched, create)?;
            }
            for partition in &chosen.detached {
                database.audited_tables().forget_detached(partition)?;
            }
            Ok(chosen)
        },
        |database, chosen| {
            let recorded = record(database, chosen, run, entered.archive.as_deref(), ctx)?;
            Ok((chosen.clone(), recorded))
        },
        OperationError::is_retryable,
    );
    let (chosen, recorded) =
        done.map_err(|error| entered.abandoned_after(&mut database, &options.archive, run, error))?;
    let renewed = chosen
        .unwatched
        .iter()
        .filter(|(_, state)| state.was_recorded());
    let mut outcome = EnableOutcome {
        renewed: renewed.map(|(table, _)| table.name.clone()).collect(),
        tables: chosen.unwatched.into_iter().map(|(t, _)| t.name).collect(),
        detached: chosen.detached,
        unsuitable: chosen.unsuitable,
        ..EnableOutcome::default()
    };
    outcome.findings.extend(completed);
    outcome
        .findings
        .extend(database.snapshot(|database| warnings(database, &outcome.tables))?);
    if let Some((seal, found)) = recorded {
        outcome.entries = found.entries;
        outcome.findings.extend(found.findings);
        outcome.findings.extend(elsewhere);
        let archive = options.archive.archive(&mut database)?;
        let warning = log_seal(&options.database, &archive, &seal);
        outcome.findings.extend(warning);
        outcome.run = Some((run.id.into(), seal));
    }
    Ok(outcome)
}

/// Warnings for recorded tables of which the database takes back or makes changes without firing triggers.
fn warnings(
    database: &mut ReadTransaction,
    tables: &[String],
) -> Result<Vec<Finding>, OperationError> {
    let without_transactions = database.tables_without_transactions()?.unwrap_or_default();
    if without_transactions.is_empty() && database.silent_cascades()?.is_empty() {
        return Ok(Vec::new());
    }
    let states = database.audited_tables().table_triggers()?;
    let states = states.iter().filter(|state| tables.contains(&state.table));
    let warning = |message| Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message);
    let messages = states.flat_map(|state| {
        let messages = never_rolled_back(state).into_iter();
        messages.chain(silently_changed(state))
    });
    Ok(messages.map(warning).collect())
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
    database: &mut WriteTransaction,
    chosen: &Chosen,
    run: &RunContext,
    archive: Option<&str>,
    ctx: Context<'_>,
) -> Result<Option<(NewSeal, Recorded)>, OperationError> {
    chosen.lock(database)?;
    let before = database.seals().last_entry_id()?;
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
            let finding = match chosen.former_name(table) {
                Some(before) => {
                    entries.replaced += accounted.changed();
                    let changed = accounted.is_surprising();
                    changed.then(|| accounted.renamed(table, before, run))
                }
                None => {
                    entries.differences += accounted.changed();
                    accounted.surprise(table, run)
                }
            };
            let gap = accounted.gap(&table.name, run.id);
            let finding = finding.into_iter().chain(gap);
            let completion = accounted.completion(&table.name, run.id);
            recorded.findings.extend(finding.chain(completion));
        }
        if !watched || accounted.changes_anything() || chosen.gaps.contains(&table.name) {
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
            let is_new =
                !chosen.is_absorbed(old) && database.tables().defined_table(old)?.is_some();
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
        begin(database, RunKind::Enable, run, [], archive)?;
    }
    ctx.check_interrupt()?;
    let seal = finish(database, run, before, counts, (ctx.clock)())?;
    Ok(Some((seal, recorded)))
}
