//! Shows all rows of a table at an earlier time.
//!
//! Entries are replayed row by row, so that memory does not depend on the size of the table. Rows whose own entries are
//! not sufficient (their key changed, or they are older than the audit log) are replayed at the end, when all changes
//! of keys are known.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use crate::audit::{Action, KeyRule, ReplayStep, RowState};
use crate::database::Database;
use crate::database::audit_log::AuditEntry;
use crate::operations::OperationError;
use crate::operations::audit::replayer::{Replayer, apply, new_id, take_step};

use super::super::names::unknown_table;
use super::Rows;
use super::older::Older;
use super::visible::Visible;

/// The state collected while entries are read. Entries are kept by their numbers, and read again: their values may be
/// large.
struct TableReplay<'v> {
    rule: KeyRule,
    table: &'v str,
    visible: &'v Visible,
    /// The row whose entries are being read.
    row: Option<RowReplay>,
    /// Entries of rows that are replayed at the end.
    waiting: Vec<i64>,
    /// Later entries of the same rows.
    later: Vec<i64>,
    /// Rows that got another record id: the number of the entry, the record id, and the row.
    moved: Vec<(i64, String, RowState)>,
    /// Rows that may be older than the audit log.
    older: Older,
    /// Number of inserted rows minus deleted rows, over all entries.
    born: i64,
}

/// The entries of one record id.
struct RowReplay {
    record_id: String,
    /// Entries that were committed at the point in time.
    now: Vec<i64>,
    later: Vec<i64>,
    /// The action of the first of the later entries.
    first_later: Option<String>,
    state: RowState,
    moved: Vec<(i64, String, RowState)>,
    /// Whether an entry is inconsistent with the entries before it.
    is_broken: bool,
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
        visible,
        row: None,
        waiting: Vec::new(),
        later: Vec::new(),
        moved: Vec::new(),
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
    if !is_known {
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

/// Record ids of the rows with entries.
fn touched(database: &mut Database, table: &str) -> Result<HashSet<String>, OperationError> {
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
            moved: Vec::new(),
            is_broken: false,
        });
        if !self.visible.includes(&entry) {
            row.later.push(entry.id);
            row.first_later.get_or_insert_with(|| entry.action.clone());
            self.older.moves(entry);
            return;
        }
        row.now.push(entry.id);
        if row.is_broken {
            return;
        }
        let step = take_step(&mut entry);
        let applied = apply(&mut row.state, &entry.record_id, &step, self.rule);
        if applied.problem.is_some() {
            row.is_broken = true;
            row.moved.clear();
            row.state = RowState::Absent;
        } else if let Some(id) = applied.moved_to {
            let state = std::mem::replace(&mut row.state, RowState::Absent);
            row.moved.push((entry.id, id, state));
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
        } else if row.is_broken {
            self.waiting.extend(row.now);
            self.later.extend(row.later);
        } else {
            self.moved.extend(row.moved);
            rows.give(row.record_id, row.state);
        }
    }

    /// Replays the rows that waited, now that all changes of keys are known.
    fn replay_waiting(
        mut self,
        database: &mut Database,
        rows: &mut Rows<'_>,
    ) -> Result<Older, OperationError> {
        self.waiting.sort_unstable();
        self.moved.sort_by_key(|(id, ..)| *id);
        self.drop_replaced(database, rows)?;
        let mut replayer = Replayer::of(database, self.table)?;
        let mut moved = self.moved.into_iter().peekable();
        database
            .audit_log()
            .each_entry_of_ids(&self.waiting, &mut |mut entry| {
                while let Some((at, id, state)) = moved.next_if(|(at, ..)| *at < entry.id) {
                    replayer.arrive(at, id, state);
                }
                let step = take_step(&mut entry);
                if replayer.apply(&entry, &step).problem.is_some() {
                    rows.outcome.problems.push(entry.id);
                }
                ControlFlow::Continue(())
            })?;
        moved.for_each(|(at, id, state)| replayer.arrive(at, id, state));
        let (states, displaced) = replayer.into_rows();
        rows.outcome.problems.extend(displaced);
        for (id, state) in states {
            match state {
                RowState::Partial(image) => self.older.is_partly_known(id, image),
                state => {
                    self.older.is_known(&id);
                    rows.give(id, state);
                }
            }
        }
        self.later.sort_unstable();
        database
            .audit_log()
            .each_entry_of_ids(&self.later, &mut |entry| {
                self.older.undo(entry);
                ControlFlow::Continue(())
            })?;
        Ok(self.older)
    }

    /// Looks for rows with the new record ids of others. If such a row was inserted after the other one got its id, the
    /// other one was deleted without an entry, and is dropped; else the row itself was.
    fn drop_replaced(
        &mut self,
        database: &mut Database,
        rows: &mut Rows<'_>,
    ) -> Result<(), OperationError> {
        if self.moved.is_empty() {
            return Ok(());
        }
        let arrivals = self.moved.iter();
        let arrivals: HashMap<&str, i64> = arrivals.map(|(at, id, _)| (id.as_str(), *at)).collect();
        let (mut occupied, mut replaced) = (HashSet::new(), HashSet::new());
        database
            .audit_log()
            .each_entry_by_row(self.table, &mut |mut entry| {
                let arrival = arrivals.get(entry.record_id.as_str());
                if let Some(&arrival) = arrival
                    && self.visible.includes(&entry)
                    && self.waiting.binary_search(&entry.id).is_err()
                {
                    let step = take_step(&mut entry);
                    let leaves = step.is_ok_and(|step| {
                        matches!(step, ReplayStep::Delete { .. })
                            || new_id(&step, &entry.record_id, self.rule).is_some()
                    });
                    match leaves {
                        true => occupied.remove(&arrival),
                        false => occupied.insert(arrival),
                    };
                    if !leaves && entry.id > arrival {
                        replaced.insert(arrival);
                    }
                }
                ControlFlow::Continue(())
            })?;
        rows.outcome.problems.extend(occupied.union(&replaced));
        self.moved.retain(|(at, ..)| !replaced.contains(at));
        Ok(())
    }
}
