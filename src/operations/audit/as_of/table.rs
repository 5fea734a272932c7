//! Shows all rows of a table at an earlier time.
//!
//! Entries are replayed row by row, so that memory does not depend on the size of the table. Rows whose own entries are
//! not sufficient (their key changed, or they are older than the audit log) are replayed at the end, when all changes
//! of keys are known.

use std::collections::HashSet;
use std::ops::ControlFlow;

use crate::audit::{Action, KeyRule, RowState};
use crate::database::Database;
use crate::database::ledger::AuditEntry;
use crate::operations::OperationError;
use crate::operations::audit::row_history::{Replayer, apply};

use super::Rows;
use super::older::Older;
use super::visible::Visible;

/// The state collected while entries are read.
struct TableReplay {
    rule: KeyRule,
    /// Entries of rows that are replayed at the end.
    waiting: Vec<AuditEntry>,
    /// Later entries of the same rows.
    later: Vec<AuditEntry>,
    /// Rows that got another record id: the number of the entry, the record id, and the row.
    moved: Vec<(i64, String, RowState)>,
    /// Rows that may be older than the audit log.
    older: Older,
    /// Number of inserted rows minus deleted rows, over all entries.
    born: i64,
}

/// Visits all rows of `table`.
pub(super) fn all_rows(
    database: &mut Database,
    table: &str,
    visible: &Visible,
    rows: &mut Rows<'_>,
) -> Result<(), OperationError> {
    let rule = database.key_rule();
    let mut reading = TableReplay {
        rule,
        waiting: Vec::new(),
        later: Vec::new(),
        moved: Vec::new(),
        older: Older::of(rule),
        born: 0,
    };
    let mut row: Vec<AuditEntry> = Vec::new();
    let mut is_known = false;
    database.each_entry_by_row(table, &mut |entry| {
        is_known = true;
        reading.born += match Action::of_name(&entry.action) {
            Some(Action::Insert) => 1,
            Some(Action::Delete) => -1,
            Some(Action::Update) | None => 0,
        };
        if row
            .first()
            .is_some_and(|first| first.record_id != entry.record_id)
        {
            reading.row(std::mem::take(&mut row), visible, rows);
        }
        row.push(entry);
        match rows.is_stopped {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    if !is_known {
        return Err(OperationError::UnknownTable(table.to_owned()));
    }
    reading.row(row, visible, rows);
    let born = reading.born;
    let mut older = reading.replay_waiting(rows);
    if database
        .count_live_rows(table)?
        .is_some_and(|live| live > born)
    {
        older.untouched(touched(database, table)?);
    }
    older.complete(database, table, rows)
}

/// Record ids of the rows with entries.
fn touched(database: &mut Database, table: &str) -> Result<HashSet<String>, OperationError> {
    let (mut touched, rule) = (HashSet::new(), database.key_rule());
    database.each_entry_by_row(table, &mut |entry| {
        let mut state = RowState::Unknown;
        touched.extend(apply(&mut state, &entry, rule).moved_to);
        touched.insert(entry.record_id);
        ControlFlow::Continue(())
    })?;
    Ok(touched)
}

impl TableReplay {
    /// Processes all entries of one record id.
    fn row(&mut self, entries: Vec<AuditEntry>, visible: &Visible, rows: &mut Rows<'_>) {
        let Some(record_id) = entries.first().map(|first| first.record_id.clone()) else {
            return;
        };
        let (now, later): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| visible.includes(entry));
        if now.is_empty() {
            if self.older.begins_with(record_id, &later) {
                self.later.extend(later);
            } else {
                self.older.moves(&later);
            }
            return;
        }
        let mut state = RowState::Absent;
        let mut moved = Vec::new();
        for entry in &now {
            let applied = apply(&mut state, entry, self.rule);
            if applied.problem.is_some() {
                self.waiting.extend(now);
                self.later.extend(later);
                return;
            }
            if let Some(id) = applied.moved_to {
                moved.push((
                    entry.id,
                    id,
                    std::mem::replace(&mut state, RowState::Absent),
                ));
            }
        }
        self.older.moves(&later);
        self.moved.extend(moved);
        rows.give(record_id, state);
    }

    /// Replays the rows that waited, now that all changes of keys are known.
    fn replay_waiting(mut self, rows: &mut Rows<'_>) -> Older {
        self.waiting.sort_by_key(|entry| entry.id);
        self.moved.sort_by_key(|(id, ..)| *id);
        let mut replayer = Replayer::of(self.rule);
        let mut moved = self.moved.into_iter().peekable();
        for entry in self.waiting {
            while let Some((_, id, state)) = moved.next_if(|(at, ..)| *at < entry.id) {
                replayer.rows.insert(id, state);
            }
            if replayer.apply(&entry).problem.is_some() {
                rows.outcome.problems.push(entry.id);
            }
        }
        replayer
            .rows
            .extend(moved.map(|(_, id, state)| (id, state)));
        for (id, state) in replayer.into_rows() {
            match state {
                RowState::Partial(image) => self.older.is_partly_known(id, image),
                state => {
                    self.older.is_known(&id);
                    rows.give(id, state);
                }
            }
        }
        self.later.sort_by_key(|entry| entry.id);
        self.older.undo(self.later);
        self.older
    }
}
