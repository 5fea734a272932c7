//! The audit log, newest first: by run or by entry.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::database::audit_log::{AuditEntry, EntryOrder, EntryTotal};
use crate::database::ledger::RunRecord;
use crate::database::{Access, Database, DatabaseUrl, ReadTransaction};
use crate::model::{EntryId, RunId};
use crate::operations::OperationError;

use super::entry::AttributionIndex;
use super::query::ResolvedQuery;
use super::report::totals;
use super::{Attribution, AuditQuery};

/// The changes of a run, or of another program on one day.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// The run; `None` for other programs.
    pub run: Option<RunRecord>,
    /// Id of the run; also set for a run that is not in the ledger.
    pub run_id: Option<RunId>,
    /// The run's actor, or `external`.
    pub actor: String,
    /// The database's user.
    pub db_user: Option<String>,
    /// The first and the last timestamp.
    pub timestamps: (String, String),
    /// Entries by table and action.
    pub tables: BTreeMap<String, BTreeMap<String, u64>>,
}

/// A page of the log.
#[derive(Debug, Clone)]
pub struct Log {
    /// The newest lines.
    pub lines: Vec<LogLine>,
    /// Total number of lines.
    pub count: u64,
}

/// A page of entries, without the entries themselves.
#[derive(Debug, Clone, Copy)]
pub struct LogEntries {
    /// Number of entries on the page.
    pub shown: usize,
    /// Total number of entries.
    pub count: u64,
    /// The highest number among the entries on the page.
    pub last_entry: Option<EntryId>,
}

/// Returns one line per run, and per day and author of other changes; the newest `limit` of them.
///
/// The counts that runs recorded are used if they add up to the number of entries and the query selects only runs.
/// Otherwise the entries are counted, which takes longer.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the query matches no run.
pub fn log(
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
    limit: usize,
) -> Result<Log, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let runs = database.ledger().runs()?;
        let resolved = query.resolve(&runs)?;
        let own = |run: &RunRecord| LogLine {
            run_id: Some(run.id.clone()),
            actor: run.actor.clone(),
            db_user: run.db_user.clone(),
            timestamps: (run.started_at.clone(), run.started_at.clone()),
            tables: BTreeMap::new(),
            run: Some(run.clone()),
        };
        let mut all = if resolved.is_by_run() && adds_up(database, &runs)? {
            let wanted = runs.iter().filter(|run| resolved.accepts_run(run));
            let with_changes = |run: &RunRecord| LogLine {
                tables: run.row_changes(),
                ..own(run)
            };
            let mut all: Vec<LogLine> = wanted.map(with_changes).collect();
            all.extend(lines(
                database
                    .audit_log()
                    .entry_totals_of_others(&resolved.filter)?,
                &runs,
            ));
            all
        } else {
            let mut all = lines(totals(database, &resolved)?, &runs);
            // Runs without entries, mostly those that disabled tables.
            if resolved.is_by_run_and_table() {
                let listed =
                    |run: &RunRecord| all.iter().any(|l| l.run_id.as_ref() == Some(&run.id));
                let without: Vec<LogLine> = (runs.iter())
                    .filter(|run| resolved.accepts_run(run) && !listed(run))
                    .filter(|run| resolved.is_by_run() || changes_recording(run, &resolved))
                    .map(own)
                    .collect();
                all.extend(without);
            }
            all
        };
        if resolved.is_by_run_and_table() {
            all.iter_mut().for_each(|line| name_tables(line, &resolved));
        }
        all.sort_by(|a, b| (&b.timestamps.1, &b.run_id).cmp(&(&a.timestamps.1, &a.run_id)));
        let count = all.len() as u64;
        all.truncate(limit);
        Ok(Log { lines: all, count })
    })
}

/// Whether the run enabled or disabled a table that the query selects.
fn changes_recording(run: &RunRecord, query: &ResolvedQuery) -> bool {
    !run.read_directory() && run.tables().iter().any(|table| query.accepts_table(table))
}

/// Adds the selected tables that the run enabled or disabled, which may have no entries of it.
fn name_tables(line: &mut LogLine, query: &ResolvedQuery) {
    let runs = line.run.iter().filter(|run| !run.read_directory());
    let tables = runs.flat_map(RunRecord::tables);
    for table in tables.filter(|table| query.accepts_table(table)) {
        line.tables.entry(table).or_default();
    }
}

/// Whether the counts of the runs add up to the number of entries that no other program made.
fn adds_up(database: &mut ReadTransaction, runs: &[RunRecord]) -> Result<bool, OperationError> {
    let counted: u64 = runs
        .iter()
        .flat_map(|run| run.row_changes().into_values())
        .flat_map(BTreeMap::into_values)
        .sum();
    Ok(database.audit_log().count_entries_of_runs()? == counted)
}

fn lines(totals: Vec<EntryTotal>, runs: &[RunRecord]) -> Vec<LogLine> {
    type Author = (Option<RunId>, String, String, Option<String>);
    let mut by_author: BTreeMap<Author, LogLine> = BTreeMap::new();
    for total in totals {
        let (actor, db_user) = (total.changed_by, total.db_user);
        let author = (total.run_id, total.day, actor.clone(), db_user.clone());
        let line = by_author.entry(author).or_insert_with_key(|(run_id, ..)| {
            let run = runs.iter().find(|run| Some(&run.id) == run_id.as_ref());
            LogLine {
                run: run.cloned(),
                run_id: run_id.clone(),
                actor,
                db_user,
                timestamps: total.timestamps.clone(),
                tables: BTreeMap::new(),
            }
        });
        let (first, last) = total.timestamps;
        line.timestamps.0 = first.min(std::mem::take(&mut line.timestamps.0));
        line.timestamps.1 = last.max(std::mem::take(&mut line.timestamps.1));
        let actions = line.tables.entry(total.table).or_default();
        *actions.entry(total.action).or_default() += total.count;
    }
    by_author.into_values().collect()
}

/// Visits at most `limit` entries that match `query`: the newest, newest first; or the next after
/// [`AuditQuery::after`], oldest first. Ends when `visit` breaks.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the query matches no run.
pub fn log_entries(
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
    limit: usize,
    visit: &mut dyn FnMut(&AuditEntry, &Attribution) -> ControlFlow<()>,
) -> Result<LogEntries, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let resolved = query.resolve(&database.ledger().runs()?)?;
        let attributions = AttributionIndex::new(database)?;
        let order = match query.after {
            Some(_) => EntryOrder::OldestFirst,
            None => EntryOrder::NewestFirst,
        };
        let mut log = LogEntries {
            shown: 0,
            count: 0,
            last_entry: None,
        };
        // If the database can count, only entries that are shown are read.
        let counts_itself = resolved.content.is_empty();
        database
            .audit_log()
            .each_entry(&resolved.filter, order, &mut |entry| {
                if counts_itself && log.shown >= limit {
                    return ControlFlow::Break(());
                }
                if !resolved.accepts(&entry) {
                    return ControlFlow::Continue(());
                }
                log.count += 1;
                if log.shown >= limit {
                    return ControlFlow::Continue(());
                }
                log.shown += 1;
                log.last_entry = log.last_entry.max(Some(entry.id));
                let visited = visit(&entry, &attributions.attribution_of(&entry));
                match counts_itself && log.shown >= limit {
                    true => ControlFlow::Break(()),
                    false => visited,
                }
            })?;
        if counts_itself {
            log.count = database.audit_log().count_entries(&resolved.filter)?;
        }
        Ok(log)
    })
}

/// Visits every entry that matches `query`, oldest first, until `visit` breaks; returns the number of visited entries.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the query matches no run.
pub fn each_entry(
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
    visit: &mut dyn FnMut(&AuditEntry, &Attribution) -> ControlFlow<()>,
) -> Result<u64, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let resolved = query.resolve(&database.ledger().runs()?)?;
        let attributions = AttributionIndex::new(database)?;
        let mut count = 0;
        database.audit_log().each_entry(
            &resolved.filter,
            EntryOrder::OldestFirst,
            &mut |entry| {
                if !resolved.accepts(&entry) {
                    return ControlFlow::Continue(());
                }
                count += 1;
                visit(&entry, &attributions.attribution_of(&entry))
            },
        )?;
        Ok(count)
    })
}
