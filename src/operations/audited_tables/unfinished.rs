//! Completes interrupted runs of kind `enable` and `disable`. Commands that write complete them; commands that read
//! report them.

use serde_json::{Value, json};

use crate::database::ledger::RunRecord;
use crate::database::{
    DISABLED_AFTER, Database, DatabaseError, Phase, ReadTransaction, Renewal, WriteTransaction,
};
use crate::model::{
    Finding, Level, Rule, RunContext, RunKind, Table, Timestamp, plural, shell_word,
};
use crate::operations::proof::{SealPlace, log_seal};
use crate::operations::unfinished_run::unfinished_words;
use crate::operations::{Context, OperationError, Silent};

use super::account::account_for;
use super::entry_numbers::advance_entry_numbers;
use super::gaps::record_gaps;
use super::run::finish;
use super::unaccounted::faulty_triggers;

/// The findings about runs that are not complete.
pub(in crate::operations) fn unfinished_findings(
    database: &mut ReadTransaction,
    level: Level,
) -> Result<Vec<Finding>, OperationError> {
    let runs = database.ledger().unfinished_runs()?;
    let finding = |run: RunRecord| {
        Finding::new(
            level,
            Rule::IncompleteAuditLog,
            None,
            unfinished_words(&run),
        )
        .hint(HINT)
    };
    Ok(runs.into_iter().map(finding).collect())
}

const HINT: &str =
    "the next command that writes completes it, for example `accession doctor --fix`";

/// Prepares the database for a command that writes: completes interrupted runs in the name of the users who started
/// them, and updates ledger and triggers that can be updated without being asked. `run` is the command's own.
///
/// # Errors
/// When the database reports an error; the work then remains to be done.
pub(in crate::operations) fn make_ready(
    database: &mut Database,
    place: &SealPlace,
    run: &RunContext,
    now: Timestamp,
) -> Result<Vec<Finding>, OperationError> {
    make_ready_without(database, place, &[], run, now)
}

/// The same, but does not add the tables called `abandoned` to the audit log if a run was adding them.
///
/// # Errors
/// As for [`make_ready`].
pub(super) fn make_ready_without(
    database: &mut Database,
    place: &SealPlace,
    abandoned: &[String],
    run: &RunContext,
    now: Timestamp,
) -> Result<Vec<Finding>, OperationError> {
    let mut findings: Vec<Finding> = advance_entry_numbers(database)?.into_iter().collect();
    findings.extend(complete_unfinished(database, place, abandoned, now)?);
    let renewal = database.snapshot(|database| {
        let is_needed = database.has_ledger()? && database.audited_tables().needs_renewal()?;
        is_needed.then(|| lost_guards_finding(database)).transpose()
    })?;
    if let Some(lost) = renewal {
        findings.extend(lost);
        let (bypassed, seal) = database.change_schema(|database| {
            database.migrate()?;
            let renewals = database.audited_tables().renewals()?;
            let mut bypassed = Vec::new();
            for (table, renewal) in &renewals {
                if *renewal == Renewal::Bypassed {
                    bypassed.push((table.name.clone(), faulty_triggers(database, table)?));
                }
            }
            let seal = record_gaps(database, bypassed.clone(), run, 4, now)?;
            database.audited_tables().renew_triggers(&renewals)?;
            Ok::<_, OperationError>((bypassed, seal))
        })?;
        findings.extend(bypassed.iter().map(|(table, _)| bypassed_finding(table)));
        if let Some(seal) = seal {
            let archive = place.archive(database)?;
            findings.extend(log_seal(database.place(), &archive, &seal));
        }
    }
    Ok(findings)
}

/// A finding about triggers, tables and foreign keys that protect the ledger or hold no data, and that another program
/// dropped or altered. The migration that follows recreates them.
///
/// # Errors
/// When the schema cannot be read.
pub(in crate::operations) fn lost_guards_finding(
    database: &mut ReadTransaction,
) -> Result<Option<Finding>, DatabaseError> {
    let lost = database.lost_guards()?.join("`, `");
    if lost.is_empty() {
        return Ok(None);
    }
    let message = format!(
        "triggers, tables or foreign keys of the ledger were dropped, disabled or altered (`{lost}`); recreated"
    );
    let hint = "entries can have been changed meanwhile: `accession audit verify` compares them with their seals, and with a copy of `seals.log` (`--anchor FILE`) also the seals";
    let finding = Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message);
    Ok(Some(finding.hint(hint)))
}

/// Rows may have been inserted into a partition that had the triggers of an ordinary table.
pub(super) fn bypassed_finding(table: &str) -> Finding {
    let message = format!(
        "`{table}` became a partition: rows that were inserted through the table that it is a part of have no entry; from now on they have"
    );
    let hint = format!(
        "`accession audit reconcile` lists them, `accession audit enable {}` records them",
        shell_word(table)
    );
    Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message).hint(hint)
}

/// Completes the interrupted runs, and reports them.
fn complete_unfinished(
    database: &mut Database,
    place: &SealPlace,
    abandoned: &[String],
    now: Timestamp,
) -> Result<Vec<Finding>, OperationError> {
    let mut findings = Vec::new();
    // One at a time, searching again under the lock: another process may be completing it.
    let unfinished = |database: &mut ReadTransaction| database.ledger().unfinished_runs();
    while let Some(first) = database.snapshot(unfinished)?.into_iter().next() {
        let completed = complete_one(database, abandoned, now).map_err(|source| {
            OperationError::Unfinished {
                tables: first.tables(),
                run: first.id,
                source: Box::new(source),
            }
        })?;
        let Some((run, seal, counts)) = completed else {
            break;
        };
        let archive = place.archive(database)?;
        findings.extend(log_seal(database.place(), &archive, &seal));
        let (id, kind, by) = (&run.id, &run.kind, &run.actor);
        let message = format!(
            "run {id} of kind `{kind}`, begun by {by} at {}, was interrupted and has been completed: {counts}",
            run.started_at
        );
        let finding = Finding::new(Level::Warning, Rule::IncompleteAuditLog, None, message);
        let hint = "no action is needed; `accession audit reconcile` compares entries and rows";
        findings.push(finding.hint(hint));
    }
    Ok(findings)
}

/// A table of an interrupted run.
enum UnfinishedTable {
    Removed,
    /// It has no primary key any more, so its rows cannot have entries.
    Keyless,
    /// It has its triggers, and entries are missing.
    Enabled(Table),
    /// It has no triggers any more.
    Disabled(Table),
}

impl UnfinishedTable {
    fn table(&self) -> Option<&Table> {
        match self {
            Self::Removed | Self::Keyless => None,
            Self::Enabled(table) | Self::Disabled(table) => Some(table),
        }
    }
}

type Completed = (RunRecord, crate::database::seals::NewSeal, String);

fn complete_one(
    database: &mut Database,
    abandoned: &[String],
    now: Timestamp,
) -> Result<Option<Completed>, OperationError> {
    database.change_schema_then(
        |database| {
            let run = database.ledger().unfinished_runs()?.into_iter().next();
            let Some(run) = run else { return Ok(None) };
            database.migrate()?;
            let mut renamed = Vec::new();
            for name in run.tables() {
                if let Some(table) = database.tables().defined_table(&name)? {
                    let former = database.audited_tables().former_names(&name)?.into_iter();
                    renamed.extend(former.map(|before| (table.clone(), before)));
                }
            }
            let mut audited = database.audited_tables();
            audited.drop_triggers_of_former_names(&renamed, Phase::Before)?;
            let mut tables = Vec::new();
            for name in run.tables() {
                let is_recorded = !run.is(RunKind::Disable) && !abandoned.contains(&name);
                let table = match (database.tables().defined_table(&name)?, is_recorded) {
                    (None, _) => UnfinishedTable::Removed,
                    (Some(table), true) if table.primary_key.is_empty() => UnfinishedTable::Keyless,
                    (Some(table), true) => {
                        let recorded = database.audited_tables().record_changes_of(&table);
                        recorded.map_err(|error| OperationError::of_table(&name, error.into()))?;
                        UnfinishedTable::Enabled(table)
                    }
                    (Some(table), false) => {
                        database.audited_tables().stop_recording(&table)?;
                        UnfinishedTable::Disabled(table)
                    }
                };
                tables.push((name, table));
            }
            let mut audited = database.audited_tables();
            audited.drop_triggers_of_former_names(&renamed, Phase::After)?;
            Ok(Some((run, tables)))
        },
        |database, found| match found {
            None => Ok(None),
            Some((run, tables)) => complete(database, run, tables, now).map(Some),
        },
        OperationError::is_retryable,
    )
}

/// Records what the run still had to record.
fn complete(
    database: &mut WriteTransaction,
    record: &RunRecord,
    tables: &[(String, UnfinishedTable)],
    now: Timestamp,
) -> Result<Completed, OperationError> {
    let run = record
        .context()
        .ok_or_else(|| OperationError::UnknownRun(record.id.to_string()))?;
    let there = tables.iter().filter_map(|(_, found)| found.table());
    database
        .audited_tables()
        .lock_whole_tables(there.map(|table| table.name.as_str()))?;
    let before = database.seals().last_entry_id()?;
    let mut counts = Vec::new();
    let mut summaries = Vec::new();
    for (name, found) in tables {
        let (count, words) = match found {
            UnfinishedTable::Removed => (json!({ "gone": true }), removed(database, name)?),
            UnfinishedTable::Keyless => (json!({ "no_key": true }), NO_KEY_ANY_MORE.to_owned()),
            UnfinishedTable::Disabled(_) => {
                (json!({ DISABLED_AFTER: before }), "not recorded".to_owned())
            }
            UnfinishedTable::Enabled(table) => entered(database, table, &run, now)?,
        };
        summaries.push(format!("`{name}`: {words}"));
        counts.push((name.clone(), count));
    }
    let seal = finish(database, &run, before, counts, now)?;
    Ok((record.clone(), seal, summaries.join("; ")))
}

const NO_KEY_ANY_MORE: &str = "the table has no primary key any more, so its rows have no entries";

/// The message about a table that was removed or renamed.
fn removed(database: &mut ReadTransaction, name: &str) -> Result<String, OperationError> {
    Ok(match database.audited_tables().table_recorded_as(name)? {
        None => "the table no longer exists".to_owned(),
        Some(now) => format!(
            "it is called `{now}` now, and its rows have no entries: `accession audit enable {}` records them",
            shell_word(&now)
        ),
    })
}

fn entered(
    database: &mut WriteTransaction,
    table: &Table,
    run: &RunContext,
    now: Timestamp,
) -> Result<(Value, String), OperationError> {
    let clock = move || now;
    let ctx = Context {
        interrupted: &std::sync::atomic::AtomicBool::new(false),
        progress: &Silent,
        clock: &clock,
        timings: &crate::operations::not_measured,
    };
    let accounted = account_for(database, table, run, ctx)?;
    let words = format!("{} recorded", plural(accounted.entries(), "row"));
    Ok((accounted.counts(table), words))
}
