//! What happened, newest first: run by run, or entry by entry.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::database::ledger::{AuditEntry, EntryOrder, EntryTotal, RunRecord};
use crate::database::{Access, Database, DatabaseUrl};
use crate::operations::OperationError;

use super::entry::Signer;
use super::report::totals;
use super::{AuditQuery, Signature};

/// A run, or what another program did on one day.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// The run; `None` for other programs.
    pub run: Option<RunRecord>,
    /// Id of the run; also of one that the ledger does not know.
    pub run_id: Option<String>,
    /// The run's actor, or `external`.
    pub actor: String,
    /// The database's user.
    pub db_user: Option<String>,
    /// The first instant, and the last.
    pub instants: (String, String),
    /// Entries by table and action.
    pub tables: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Some of the lines.
#[derive(Debug, Clone)]
pub struct Log {
    /// The newest.
    pub lines: Vec<LogLine>,
    /// How many there are.
    pub count: u64,
}

/// Some of the entries.
#[derive(Debug, Clone)]
pub struct LogEntries {
    /// The newest, newest first; or, after a given entry, those that follow it.
    pub entries: Vec<(AuditEntry, Signature)>,
    /// How many there are.
    pub count: u64,
}

/// One line per run, and per day and author of other changes; the newest `limit` of them.
///
/// What runs say of themselves is believed if it adds up to the number of entries, and nothing else was asked than which
/// runs. Otherwise the entries are counted, which takes longer.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the query names no run.
pub fn log(
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
    limit: usize,
) -> Result<Log, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let runs = database.runs()?;
        let resolved = query.resolve(&runs)?;
        let mut all = if resolved.is_by_run() && adds_up(database, &runs)? {
            let own = |run: &RunRecord| LogLine {
                run_id: Some(run.id.clone()),
                actor: run.actor.clone(),
                db_user: run.db_user.clone(),
                instants: (run.started_at.clone(), run.started_at.clone()),
                tables: run.row_changes(),
                run: Some(run.clone()),
            };
            let wanted = runs.iter().filter(|run| resolved.accepts_run(run));
            let mut all: Vec<LogLine> = wanted.map(own).collect();
            all.extend(lines(
                database.entry_totals_of_others(&resolved.filter)?,
                &runs,
            ));
            all
        } else {
            lines(totals(database, &resolved)?, &runs)
        };
        all.sort_by(|a, b| (&b.instants.1, &b.run_id).cmp(&(&a.instants.1, &a.run_id)));
        let count = all.len() as u64;
        all.truncate(limit);
        Ok(Log { lines: all, count })
    })
}

/// Whether the runs say that they made as many entries as there are that other programs did not make.
fn adds_up(database: &mut Database, runs: &[RunRecord]) -> Result<bool, OperationError> {
    let said: u64 = runs
        .iter()
        .flat_map(|run| run.row_changes().into_values())
        .flat_map(BTreeMap::into_values)
        .sum();
    Ok(database.count_entries_of_runs()? == said)
}

fn lines(totals: Vec<EntryTotal>, runs: &[RunRecord]) -> Vec<LogLine> {
    type Author = (Option<String>, String, String, Option<String>);
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
                instants: total.instants.clone(),
                tables: BTreeMap::new(),
            }
        });
        let (first, last) = total.instants;
        line.instants.0 = first.min(std::mem::take(&mut line.instants.0));
        line.instants.1 = last.max(std::mem::take(&mut line.instants.1));
        let actions = line.tables.entry(total.table).or_default();
        *actions.entry(total.action).or_default() += total.count;
    }
    by_author.into_values().collect()
}

/// At most `limit` of the entries that `query` wants: the newest, or the next after [`AuditQuery::after`].
///
/// # Errors
/// When the database has no ledger or cannot be read, or the query names no run.
pub fn log_entries(
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
    limit: usize,
) -> Result<LogEntries, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let resolved = query.resolve(&database.runs()?)?;
        let signer = Signer::new(database)?;
        let order = match query.after {
            Some(_) => EntryOrder::OldestFirst,
            None => EntryOrder::NewestFirst,
        };
        let (mut entries, mut count) = (Vec::new(), 0);
        // Where the database can count, nothing is read that is not shown.
        let counts_itself = resolved.content.is_empty();
        database.each_entry(&resolved.filter, order, &mut |entry| {
            if resolved.accepts(&entry) {
                count += 1;
                if entries.len() < limit {
                    let signature = signer.sign(&entry);
                    entries.push((entry, signature));
                }
            }
            match counts_itself && entries.len() >= limit {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
        if counts_itself {
            count = database.count_entries(&resolved.filter)?;
        }
        Ok(LogEntries { entries, count })
    })
}

/// Visits every entry that `query` wants, oldest first, until `visit` breaks; gives how many were visited.
///
/// # Errors
/// When the database has no ledger or cannot be read, or the query names no run.
pub fn each_entry(
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
    visit: &mut dyn FnMut(&AuditEntry, &Signature) -> ControlFlow<()>,
) -> Result<u64, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let resolved = query.resolve(&database.runs()?)?;
        let signer = Signer::new(database)?;
        let mut count = 0;
        database.each_entry(&resolved.filter, EntryOrder::OldestFirst, &mut |entry| {
            if !resolved.accepts(&entry) {
                return ControlFlow::Continue(());
            }
            count += 1;
            visit(&entry, &signer.sign(&entry))
        })?;
        Ok(count)
    })
}
