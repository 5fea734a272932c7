//! Shows all rows of a table at an earlier time.
//!
//! Entries are replayed row by row, so that memory does not depend on the size of the table. Rows whose own entries are
//! not sufficient (a row got or left their record id, several have it, or they are older than the audit log) are
//! replayed at the end, all at once.

use std::collections::HashSet;
use std::ops::ControlFlow;

use crate::audit::{Action, KeyRule, RowState};
use crate::database::ReadTransaction;
use crate::database::audit_log::AuditEntry;
use crate::model::{EntryId, RecordId};
use crate::operations::OperationError;
use crate::operations::audit::replayer::{apply, new_id, take_step};
use crate::operations::audit::row_history::each_moved;

use super::super::names::unknown_table;
use super::older::Older;
use super::visible::Visible;
use super::{Rows, replay_rows};

/// The state collected while entries are read. Entries are kept by their numbers, and read again: their values may be
/// large.
struct TableReplay<'v> {
    rule: KeyRule,
    table: &'v str,
    visible: &'v Visible,
    /// The row whose entries are being read.
    row: Option<RowReplay>,
    /// Record ids that rows got or left.
    shared: HashSet<RecordId>,
    /// Entries of rows that are replayed at the end.
    waiting: Vec<EntryId>,
    /// Later entries of the same rows.
    later: Vec<EntryId>,
    /// Rows that may be older than the audit log.
    older: Older,
    /// Number of inserted rows minus deleted rows, over all entries.
    born: i64,
}

/// The entries of one record id.
struct RowReplay {
    record_id: RecordId,
    /// Entries that were committed at the point in time.
    now: Vec<EntryId>,
    later: Vec<EntryId>,
    /// The action of the first of the later entries.
    first_later: Option<String>,
    state: RowState,
    /// Whether other entries are needed, too: other rows had the record id, or an entry is inconsistent with those
    /// before it.
    is_waiting: bool,
}

/// Visits all rows of `table`.
pub(super) fn all_rows(
    database: &mut ReadTransaction,
    table: &str,
    visible: &Visible,
    rows: &mut Rows<'_>,
) -> Result<(), OperationError> {
    let rule = database.key_rule();
    let mut reading = TableReplay {
        rule,
        visible,
        row: None,
        shared: shared(database, table, visible)?,
        waiting: Vec::new(),
        later: Vec::new(),
        older: Older::of(database, table)?,
        table,
        born: 0,
    };
    let mut is_known = false;
    database
        .audit_log()
        .each_entry_by_row(table, &mut |entry| {
            is_known = true;
            reading.entry(entry, rows);
            match rows.is_stopped {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
    if !is_known && !Older::is_complete(database, table)? {
        return Err(unknown_table(database, table)?);
    }
    reading.end_row(rows);
    let born = reading.born;
    let mut older = reading.replay_waiting(database, rows)?;
    if database
        .tables()
        .count_live_rows(table)?
        .is_some_and(|live| live > born)
    {
        older.untouched(touched(database, table)?);
    }
    older.complete(database, table, rows)
}

/// Record ids that rows got or left until the point in time.
fn shared(
    database: &mut ReadTransaction,
    table: &str,
    visible: &Visible,
) -> Result<HashSet<RecordId>, OperationError> {
    let mut shared = HashSet::new();
    each_moved(database, table, &mut |entry, to| {
        if visible.includes(&entry) {
            shared.extend([entry.record_id, to]);
        }
    })?;
    Ok(shared)
}

/// Record ids of the rows with entries.
fn touched(
    database: &mut ReadTransaction,
    table: &str,
) -> Result<HashSet<RecordId>, OperationError> {
    let (mut touched, rule) = (HashSet::new(), database.key_rule());
    database
        .audit_log()
        .each_entry_by_row(table, &mut |mut entry| {
            if let Ok(step) = take_step(&mut entry) {
                touched.extend(new_id(&step, &entry.record_id, rule));
            }
            touched.insert(entry.record_id);
            ControlFlow::Continue(())
        })?;
    Ok(touched)
}

impl TableReplay<'_> {
    /// Processes the next entry; those of one record id follow each other.
    fn entry(&mut self, mut entry: AuditEntry, rows: &mut Rows<'_>) {
        self.born += match Action::of_name(&entry.action) {
            Some(Action::Insert) => 1,
            Some(Action::Delete) => -1,
            Some(Action::Update) | None => 0,
        };
        if self
            .row
            .as_ref()
            .is_some_and(|row| row.record_id != entry.record_id)
        {
            self.end_row(rows);
        }
        let row = self.row.get_or_insert_with(|| RowReplay {
            record_id: entry.record_id.clone(),
            now: Vec::new(),
            later: Vec::new(),
            first_later: None,
            state: RowState::Absent,
            is_waiting: self.shared.contains(&entry.record_id),
        });
        if !self.visible.includes(&entry) {
            row.later.push(entry.id);
            row.first_later.get_or_insert_with(|| entry.action.clone());
            self.older.moves(entry);
            return;
        }
        row.now.push(entry.id);
        if row.is_waiting {
            return;
        }
        let step = take_step(&mut entry);
        let applied = apply(&mut row.state, &entry.record_id, &step, self.rule);
        if applied.problem.is_some() {
            row.is_waiting = true;
            row.state = RowState::Absent;
        }
    }

    /// Processes a row after its last entry.
    fn end_row(&mut self, rows: &mut Rows<'_>) {
        let Some(row) = self.row.take() else {
            return;
        };
        if row.now.is_empty() {
            let first = row.later.first().copied().unwrap_or_default();
            if self
                .older
                .begins_with(row.record_id, first, row.first_later.as_deref())
            {
                self.later.extend(row.later);
            }
        } else if row.is_waiting {
            self.waiting.extend(row.now);
            self.later.extend(row.later);
        } else {
            rows.give(row.record_id, row.state);
        }
    }

    /// Replays the rows that waited.
    fn replay_waiting(
        mut self,
        database: &mut ReadTransaction,
        rows: &mut Rows<'_>,
    ) -> Result<Older, OperationError> {
        self.waiting.sort_unstable();
        self.later.sort_unstable();
        replay_rows(
            database,
            self.table,
            [&self.waiting, &self.later],
            &mut self.older,
            rows,
        )?;
        Ok(self.older)
    }
}
