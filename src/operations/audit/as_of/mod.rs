//! A table, or one row of it, as it was: by the trail, and, for rows that are older than it, by what is there now.

mod older;
mod table;
mod visible;

use std::ops::ControlFlow;
use std::time::Duration;

use crate::audit::{Image, RowState};
use crate::database::{Access, Database, DatabaseUrl};
use crate::model::Timestamp;
use crate::operations::OperationError;

use super::lives::{Replayer, life};
use super::names::row_named;
use older::Older;
use visible::Visible;

/// When.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// At this instant: with what was committed by then.
    Time(Timestamp),
    /// Right after this run.
    Run(String),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct AsOfOptions {
    /// The table.
    pub table: String,
    /// Only this row.
    pub record: Option<String>,
    /// When.
    pub at: Moment,
}

/// A row as it was.
#[derive(Debug, Clone, PartialEq)]
pub struct AsOfRow {
    /// What it was called.
    pub record_id: String,
    /// Its columns.
    pub values: Image,
    /// Whether these are all columns; of a row that is older than the trail, some may be known to nobody any more.
    pub is_whole: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsOf {
    /// Rows that were visited.
    pub rows: u64,
    /// Rows of which only some columns are known.
    pub incomplete: u64,
    /// Numbers of entries that do not follow from those before them.
    pub problems: Vec<i64>,
    /// The run, with its whole id, if one was asked for.
    pub run: Option<String>,
}

/// Visits the rows of a table as they were, until `visit` breaks.
///
/// # Errors
/// When the database has no ledger or cannot be read, there is no such run, or the trail knows no such table or row.
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
                run,
            },
        };
        match &options.record {
            Some(record) => one_row(database, &options.table, record, &visible, &mut rows)?,
            None => table::all_rows(database, &options.table, &visible, &mut rows)?,
        }
        Ok(rows.outcome)
    })
}

struct Rows<'v> {
    visit: &'v mut dyn FnMut(AsOfRow) -> ControlFlow<()>,
    is_stopped: bool,
    outcome: AsOf,
}

impl Rows<'_> {
    fn give(&mut self, record_id: String, state: RowState) {
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
    database: &mut Database,
    table: &str,
    record: &str,
    visible: &Visible,
    rows: &mut Rows<'_>,
) -> Result<(), OperationError> {
    let record = &row_named(database, table, record)?;
    let entries = life(database, table, record)?;
    if entries.is_empty() {
        return Err(OperationError::UnknownRow {
            table: table.to_owned(),
            record: record.to_owned(),
        });
    }
    let mut replayer = Replayer::default();
    let (now, later): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|entry| visible.includes(entry));
    for entry in &now {
        if replayer.apply(entry).problem.is_some() {
            rows.outcome.problems.push(entry.id);
        }
    }
    let mut older = Older::default();
    if now.is_empty() {
        older.begins_with(record.to_owned(), &later);
    }
    // It may have been called otherwise at the time.
    for (id, state) in replayer.into_rows() {
        match state {
            RowState::Partial(image) => older.is_partly_known(id, image),
            state => rows.give(id, state),
        }
    }
    older.undo(later);
    older.complete(database, table, rows)?;
    Ok(())
}
