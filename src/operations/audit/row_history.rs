//! The entries of one row, including those under record ids that it had before its key changed.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use crate::audit::{Action, Key, KeyRule, ReplayError, RowState, Step};
use crate::database::Database;
use crate::database::ledger::{AuditEntry, Choice, EntryField, EntryFilter, EntryOrder};
use crate::operations::OperationError;

/// Replays entries of one table, in the order of their numbers.
pub(super) struct Replayer {
    pub(super) rows: HashMap<String, RowState>,
    rule: KeyRule,
}

/// The result of applying an entry.
pub(super) struct Applied {
    /// Why the entry is inconsistent with the entries before it.
    pub(super) problem: Option<ReplayError>,
    /// The row's new record id, if it changed.
    pub(super) moved_to: Option<String>,
}

impl Replayer {
    /// A replay of a table of a database with this rule.
    pub(super) fn of(rule: KeyRule) -> Self {
        let rows = HashMap::new();
        Self { rows, rule }
    }

    /// The rows by record id, sorted.
    pub(super) fn into_rows(self) -> BTreeMap<String, RowState> {
        self.rows.into_iter().collect()
    }

    /// Applies an entry. The values of an inconsistent entry are used nevertheless.
    pub(super) fn apply(&mut self, entry: &AuditEntry) -> Applied {
        let mut state = self.rows.remove(&entry.record_id).unwrap_or_default();
        let applied = apply(&mut state, entry, self.rule);
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
pub(super) fn apply(state: &mut RowState, entry: &AuditEntry, rule: KeyRule) -> Applied {
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
    let moved_to = new_id(&step, &entry.record_id, rule);
    let claimed = step.clone();
    let problem = state.apply(step).err();
    if problem.is_some() {
        *state = RowState::claimed(claimed);
    }
    Applied { problem, moved_to }
}

/// The record id of the row after a change of its key.
pub(super) fn new_id(step: &Step, record_id: &str, rule: KeyRule) -> Option<String> {
    step.new_record_id(&Key::find(step.row(), record_id, rule)?)
}

/// All entries of the row that has or had the record id `record`, by number.
pub(super) fn entries_of_row(
    database: &mut Database,
    table: &str,
    record: &str,
) -> Result<Vec<AuditEntry>, OperationError> {
    entries_before(database, table, record, i64::MAX)
}

fn entries_before(
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
    if is_whole(&entries, database.key_rule()) {
        return Ok(entries);
    }
    for arrival in arrivals(database, table, record, end)? {
        let earlier = entries_before(database, table, &arrival.record_id, arrival.id)?;
        // If several rows had this record id before, only the last one is the row that changed its key.
        let begins = earlier.iter().rposition(|entry| {
            entry.action == Action::Insert.name() || entry.record_id != arrival.record_id
        });
        let begins = begins.map_or(0, |at| match earlier[at].action == Action::Insert.name() {
            true => at,
            // The key changed more than once: all earlier entries belong to the row as well.
            false => 0,
        });
        entries.extend(earlier.into_iter().skip(begins));
        entries.push(arrival);
    }
    entries.sort_by_key(|entry| entry.id);
    entries.dedup_by_key(|entry| entry.id);
    Ok(entries)
}

/// Whether the entries include the INSERT of a row that still exists; then no other entries are needed.
fn is_whole(entries: &[AuditEntry], rule: KeyRule) -> bool {
    let mut state = RowState::Absent;
    let clean = entries.iter().all(|entry| {
        let applied = apply(&mut state, entry, rule);
        applied.problem.is_none() && applied.moved_to.is_none()
    });
    clean && state.exists() == Some(true)
}

/// The entries before `end` by which rows got this record id. There is no index for them: all updates of the table are
/// read.
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
    // A record id of ASCII letters and digits is the same in JSON, except for booleans and reals.
    let is_plain = record.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && match record.parse::<f64>() {
            Ok(_) => record.len() > 1 && record.bytes().all(|byte| byte.is_ascii_digit()),
            Err(_) => true,
        };
    let rule = database.key_rule();
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
                .is_ok_and(|step| new_id(&step, &entry.record_id, rule).as_deref() == Some(record))
        {
            found.push(entry);
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}
