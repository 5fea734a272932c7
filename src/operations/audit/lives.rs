//! The entries of one row through its life, also under the names it had before its key changed.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use crate::audit::{Action, ReplayError, RowState, Step};
use crate::database::Database;
use crate::database::ledger::{AuditEntry, Choice, EntryField, EntryFilter, EntryOrder};
use crate::operations::OperationError;

/// Replays entries of one table, in the order of their numbers.
#[derive(Default)]
pub(super) struct Replayer {
    pub(super) rows: HashMap<String, RowState>,
}

/// What became of an entry.
pub(super) struct Applied {
    /// Why it does not follow from the entries before it.
    pub(super) problem: Option<ReplayError>,
    /// What the row is called from now on, if that changed.
    pub(super) moved_to: Option<String>,
}

impl Replayer {
    /// The rows by their names, sorted.
    pub(super) fn into_rows(self) -> BTreeMap<String, RowState> {
        self.rows.into_iter().collect()
    }

    /// Applies an entry; one that does not follow is believed nevertheless.
    pub(super) fn apply(&mut self, entry: &AuditEntry) -> Applied {
        let mut state = self.rows.remove(&entry.record_id).unwrap_or_default();
        let applied = apply(&mut state, entry);
        match &applied.moved_to {
            Some(id) => {
                self.rows.insert(entry.record_id.clone(), RowState::Absent);
                self.rows.insert(id.clone(), state);
            }
            None => {
                self.rows.insert(entry.record_id.clone(), state);
            }
        }
        applied
    }
}

/// Applies an entry to the state of its row.
pub(super) fn apply(state: &mut RowState, entry: &AuditEntry) -> Applied {
    let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
    let step = match Step::read(&entry.action, old, new) {
        Ok(step) => step,
        Err(problem) => {
            return Applied {
                problem: Some(problem),
                moved_to: None,
            };
        }
    };
    let moved_to = new_id(&step, &entry.record_id);
    let claimed = step.clone();
    let problem = state.apply(step).err();
    if problem.is_some() {
        *state = RowState::claimed(claimed);
    }
    Applied { problem, moved_to }
}

/// What the row is called after a change of its key.
pub(super) fn new_id(step: &Step, record_id: &str) -> Option<String> {
    let key = step.key(record_id)?;
    step.new_record_id(&key)
}

/// All entries of the row that is or was called `record`, by their numbers.
pub(super) fn life(
    database: &mut Database,
    table: &str,
    record: &str,
) -> Result<Vec<AuditEntry>, OperationError> {
    life_before(database, table, record, i64::MAX)
}

fn life_before(
    database: &mut Database,
    table: &str,
    record: &str,
    end: i64,
) -> Result<Vec<AuditEntry>, OperationError> {
    let mut entries = Vec::new();
    let filter = EntryFilter::of_row(table, record);
    database.each_entry(&filter, EntryOrder::OldestFirst, &mut |entry| {
        if entry.id >= end {
            return ControlFlow::Break(());
        }
        entries.push(entry);
        ControlFlow::Continue(())
    })?;
    if is_whole(&entries) {
        return Ok(entries);
    }
    for arrival in arrivals(database, table, record, end)? {
        let earlier = life_before(database, table, &arrival.record_id, arrival.id)?;
        // Of rows that had this name before, only the last is the one that moved.
        let begins = earlier.iter().rposition(|entry| {
            entry.action == Action::Insert.name() || entry.record_id != arrival.record_id
        });
        let begins = begins.map_or(0, |at| match earlier[at].action == Action::Insert.name() {
            true => at,
            // It moved more than once: everything before belongs to it as well.
            false => 0,
        });
        entries.extend(earlier.into_iter().skip(begins));
        entries.push(arrival);
    }
    entries.sort_by_key(|entry| entry.id);
    entries.dedup_by_key(|entry| entry.id);
    Ok(entries)
}

/// Whether the entries tell of a row that came by an INSERT and is there: then nothing else is to be looked for.
fn is_whole(entries: &[AuditEntry]) -> bool {
    let mut state = RowState::Absent;
    let clean = entries.iter().all(|entry| {
        let applied = apply(&mut state, entry);
        applied.problem.is_none() && applied.moved_to.is_none()
    });
    clean && state.exists() == Some(true)
}

/// The entries before `end` by which rows got this name. No index knows them: all updates of the table are looked at.
fn arrivals(
    database: &mut Database,
    table: &str,
    record: &str,
    end: i64,
) -> Result<Vec<AuditEntry>, OperationError> {
    let only = |field, value: &str| (field, Choice::Only, value.to_owned());
    let filter = EntryFilter {
        fields: vec![
            only(EntryField::Table, table),
            only(EntryField::Action, Action::Update.name()),
        ],
        ..EntryFilter::default()
    };
    // A name of letters and digits stands in the JSON as it is.
    let is_plain = record.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut found = Vec::new();
    database.each_entry(&filter, EntryOrder::OldestFirst, &mut |entry| {
        if entry.id >= end {
            return ControlFlow::Break(());
        }
        let (old, new) = (entry.old_value.as_deref(), entry.new_value.as_deref());
        let may_be =
            entry.record_id != record && (!is_plain || new.is_some_and(|new| new.contains(record)));
        if may_be
            && Step::read(&entry.action, old, new)
                .is_ok_and(|step| new_id(&step, &entry.record_id).as_deref() == Some(record))
        {
            found.push(entry);
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}
