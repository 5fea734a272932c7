//! Shows a table, or one row of it, at an earlier time: from the audit log, and from the current rows for values older
//! than the log.

mod older;
mod table;
mod visible;

use std::ops::ControlFlow;
use std::time::Duration;

use crate::audit::{Image, RowState};
use crate::database::{Access, Database, DatabaseUrl, NotRecorded, ReadTransaction};
use crate::model::{EntryId, RecordId, RunId, Timestamp};
use crate::operations::OperationError;

use super::history::entries_named;
use super::names::{first_entry, row_named};
use super::replayer::{Replayer, take_step};
use super::row_history::RowEntry;
use older::Older;
use serde::Serialize;
use visible::Visible;

/// The point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// At this timestamp: everything that was committed by then.
    Time(Timestamp),
    /// Directly after this run.
    Run(String),
}

/// What to show.
#[derive(Debug, Clone)]
pub struct AsOfOptions {
    /// The table.
    pub table: String,
    /// Only this row.
    pub record: Option<String>,
    /// The point in time.
    pub at: Moment,
}

/// A row at an earlier time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AsOfRow {
    /// Its record id at that time.
    pub record_id: RecordId,
    /// Whether all columns are known; some may be unknown if the row is older than the audit log.
    pub is_whole: bool,
    /// Its columns.
    pub values: Image,
}

/// Summary of the visited rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AsOf {
    /// Rows that were visited.
    #[serde(rename = "count")]
    pub rows: u64,
    /// Rows with unknown columns.
    pub incomplete: u64,
    /// Numbers of entries that are inconsistent with the entries before them.
    pub problems: Vec<EntryId>,
    /// Rows of the table that were inserted, or got their key, without an entry: they are not shown, because the time
    /// is unknown.
    pub unrecorded: u64,
    /// The record ids of the first of them.
    pub unrecorded_ids: Vec<RecordId>,
    /// Why changes until the point in time may have no entry under the name of the table; `null` if they should have.
    pub not_recorded: Option<NotRecorded>,
    /// The full id of the run, if the point in time is a run.
    pub run: Option<RunId>,
    /// If there are no rows: when the table has its first entry.
    #[serde(skip)]
    pub first_entry: Option<String>,
}

/// Visits the rows of a table at an earlier time, until `visit` breaks.
///
/// # Errors
/// When the database has no ledger or cannot be read, there is no such run, or the audit log has no such table or row.
pub fn as_of(
    url: &DatabaseUrl,
    wait: Duration,
    options: &AsOfOptions,
    visit: &mut dyn FnMut(AsOfRow) -> ControlFlow<()>,
) -> Result<AsOf, OperationError> {
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let (visible, run) = Visible::at(database, &options.at)?;
        let mut rows = Rows {
            visit,
            is_stopped: false,
            outcome: AsOf {
                rows: 0,
                incomplete: 0,
                problems: Vec::new(),
                unrecorded: 0,
                unrecorded_ids: Vec::new(),
                not_recorded: None,
                run,
                first_entry: None,
            },
        };
        match &options.record {
            Some(record) => one_row(database, &options.table, record, &visible, &mut rows)?,
            None => table::all_rows(database, &options.table, &visible, &mut rows)?,
        }
        let mut outcome = rows.outcome;
        let missing = database.audited_tables().not_recorded(&options.table)?;
        outcome.not_recorded = missing.filter(|missing| visible.is_after(missing));
        if outcome.rows == 0 {
            outcome.first_entry = first_entry(database, &options.table)?;
        }
        Ok(outcome)
    })
}

struct Rows<'v> {
    visit: &'v mut dyn FnMut(AsOfRow) -> ControlFlow<()>,
    is_stopped: bool,
    outcome: AsOf,
}

/// How many record ids of rows without an entry are listed.
const LISTED: usize = 20;

impl Rows<'_> {
    /// Counts a row that was inserted, or got its key, without an entry.
    fn unrecorded(&mut self, record_id: RecordId) {
        self.outcome.unrecorded += 1;
        if self.outcome.unrecorded_ids.len() < LISTED {
            self.outcome.unrecorded_ids.push(record_id);
        }
    }

    fn give(&mut self, record_id: RecordId, state: RowState) {
        let is_whole = match &state {
            RowState::Unknown | RowState::Absent => return,
            RowState::Present(_) => true,
            RowState::Partial(_) => false,
        };
        if let (RowState::Present(values) | RowState::Partial(values), false) =
            (state, self.is_stopped)
        {
            self.outcome.rows += 1;
            self.outcome.incomplete += u64::from(!is_whole);
            let row = AsOfRow {
                record_id,
                values,
                is_whole,
            };
            self.is_stopped = (self.visit)(row).is_break();
        }
    }
}

fn one_row(
    database: &mut ReadTransaction,
    table: &str,
    record: &str,
    visible: &Visible,
    rows: &mut Rows<'_>,
) -> Result<(), OperationError> {
    let named = match entries_named(database, table, record) {
        Err(error @ OperationError::UnknownRow { .. }) => {
            return match without_entry(database, table, record, rows)? {
                true => Ok(()),
                false => Err(error),
            };
        }
        named => named?,
    };
    let (record, entries) = named;
    replay_row(database, table, record, entries, visible, rows)
}

/// Looks for a row without entries in the table; returns whether it is there.
fn without_entry(
    database: &mut ReadTransaction,
    table: &str,
    record: &str,
    rows: &mut Rows<'_>,
) -> Result<bool, OperationError> {
    let record = row_named(database, table, record)?;
    let Some(defined) = database.tables().defined_table(table)? else {
        return Ok(false);
    };
    if defined.primary_key.is_empty() {
        return Ok(false);
    }
    let is_complete = Older::is_complete(database, table)?;
    let mut is_found = false;
    database.tables().each_live_row(&defined, &mut |live| {
        if live.record_id == record {
            is_found = true;
            match serde_json::from_str::<Image>(&live.image) {
                Ok(now) if !is_complete => rows.give(live.record_id, RowState::Present(now)),
                Ok(_) | Err(_) => rows.unrecorded(live.record_id),
            }
        }
        Ok::<_, OperationError>(())
    })?;
    Ok(is_found)
}

fn replay_row(
    database: &mut ReadTransaction,
    table: &str,
    record: RecordId,
    entries: Vec<RowEntry>,
    visible: &Visible,
    rows: &mut Rows<'_>,
) -> Result<(), OperationError> {
    let (now, later): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|one| visible.includes(&one.entry));
    let mut older = Older::of(database, table)?;
    if let (true, Some(first)) = (now.is_empty(), later.first()) {
        older.begins_with(record, first.entry.id, Some(&first.entry.action));
    }
    let ids = |entries: &[RowEntry]| entries.iter().map(|one| one.entry.id).collect::<Vec<_>>();
    replay_rows(
        database,
        table,
        [&ids(&now), &ids(&later)],
        &mut older,
        rows,
    )?;
    older.complete(database, table, rows)
}

/// Gives the rows as their entries of `now` leave them, under the record ids that they had then. Rows that are not
/// wholly known, and the old values of the `later` entries, are added to those that are older than the audit log.
fn replay_rows(
    database: &mut ReadTransaction,
    table: &str,
    [now, later]: [&[EntryId]; 2],
    older: &mut Older,
    rows: &mut Rows<'_>,
) -> Result<(), OperationError> {
    let mut replayer = Replayer::of(database, table)?;
    let mut log = database.audit_log();
    log.each_entry_of_ids(now, &mut |mut entry| {
        let step = take_step(&mut entry);
        if replayer.apply(&entry, &step).problem.is_some() {
            rows.outcome.problems.push(entry.id);
        }
        ControlFlow::Continue(())
    })?;
    let (states, displaced) = replayer.into_rows();
    rows.outcome.problems.extend(displaced);
    for (id, state) in states {
        match state {
            RowState::Partial(image) => older.is_partly_known(id, image),
            state => {
                older.is_known(&id);
                rows.give(id, state);
            }
        }
    }
    Ok(log.each_entry_of_ids(later, &mut |entry| {
        older.undo(entry);
        ControlFlow::Continue(())
    })?)
}
