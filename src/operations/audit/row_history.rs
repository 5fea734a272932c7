//! The entries of one row, including those under record ids that it had before its key changed.

use std::collections::HashMap;
use std::ops::ControlFlow;

use crate::audit::{Action, RowState};
use crate::database::Database;
use crate::database::audit_log::{AuditEntry, Choice, EntryField, EntryFilter, EntryOrder};
use crate::operations::OperationError;

use super::replayer::{apply, new_id, take_step};

/// An entry without its values, which may be large: they are read again when they are needed.
pub(super) struct RowEntry {
    pub(super) entry: AuditEntry,
    /// The row's new record id, if the entry changed it.
    pub(super) moved_to: Option<String>,
}

impl RowEntry {
    /// The record id after the entry.
    fn name_after(&self) -> &str {
        self.moved_to.as_ref().unwrap_or(&self.entry.record_id)
    }

    fn is(&self, action: Action) -> bool {
        self.entry.action == action.name()
    }

    fn is_insert(&self) -> bool {
        self.is(Action::Insert)
    }
}

/// All entries of the row that has or had the record id `record`, by number.
pub(super) fn entries_of_row(
    database: &mut Database,
    table: &str,
    record: &str,
) -> Result<Vec<RowEntry>, OperationError> {
    entries_before(database, table, record, i64::MAX)
}

/// Reads entries again, with their values.
pub(super) fn each_with_values<'e>(
    database: &mut Database,
    entries: impl IntoIterator<Item = &'e RowEntry>,
    visit: &mut dyn FnMut(AuditEntry) -> ControlFlow<()>,
) -> Result<(), OperationError> {
    let ids: Vec<i64> = entries.into_iter().map(|one| one.entry.id).collect();
    Ok(database.audit_log().each_entry_of_ids(&ids, visit)?)
}

/// The entries of the row that had the record id last, without those of earlier rows with the same id: from its INSERT
/// on, under all its record ids. If a deleted row is changed, another row was inserted without an entry.
pub(super) fn of_last_row(entries: Vec<RowEntry>, record: &str) -> Vec<RowEntry> {
    let (rows, named) = rows_of(&entries);
    let is_named = |one: &RowEntry| one.entry.record_id == record || one.name_after() == record;
    let mentions = entries.iter().zip(&rows);
    let mut mentions = mentions.filter_map(|(one, row)| is_named(one).then_some(*row));
    let last = named.get(record).copied().or_else(|| mentions.next_back());
    drop(named);
    let its = entries.into_iter().zip(rows);
    let its = its.filter(|(_, row)| Some(*row) == last);
    its.map(|(one, _)| one).collect()
}

/// Which row each entry is about, by a number, and the rows that are there after the entries, by their record ids. If
/// rows swap their ids, two have the same one until the last entry of the statement.
fn rows_of(entries: &[RowEntry]) -> (Vec<usize>, HashMap<&str, usize>) {
    let (mut named, mut displaced) = (HashMap::new(), HashMap::new());
    let rows = entries.iter().enumerate().map(|(new, one)| {
        let name = one.entry.record_id.as_str();
        let leaves = one.moved_to.is_some() || one.is(Action::Delete);
        let row = leaves.then(|| displaced.remove(name)).flatten();
        let row = match row {
            Some(row) => row,
            None if one.is_insert() => new,
            None if leaves => named.remove(name).unwrap_or(new),
            None => named.get(name).copied().unwrap_or(new),
        };
        if !one.is(Action::Delete) {
            let there = named.insert(one.name_after(), row);
            if let (Some(there), true) = (there, one.moved_to.is_some()) {
                displaced.insert(one.name_after(), there);
            }
        }
        row
    });
    let rows = rows.collect();
    (rows, named)
}

fn entries_before(
    database: &mut Database,
    table: &str,
    record: &str,
    end: i64,
) -> Result<Vec<RowEntry>, OperationError> {
    let mut entries = Vec::new();
    let rule = database.key_rule();
    // Entries that include the INSERT of a row that still exists are all there are.
    let (mut state, mut is_clean) = (RowState::Absent, true);
    let filter = EntryFilter::of_row(table, record);
    database
        .audit_log()
        .each_entry(&filter, EntryOrder::OldestFirst, &mut |mut entry| {
            if entry.id >= end {
                return ControlFlow::Break(());
            }
            let step = take_step(&mut entry);
            let applied = apply(&mut state, &entry.record_id, &step, rule);
            let moved_to = applied.moved_to;
            is_clean &= applied.problem.is_none() && moved_to.is_none();
            entries.push(RowEntry { entry, moved_to });
            ControlFlow::Continue(())
        })?;
    if is_clean && state.exists() == Some(true) {
        return Ok(entries);
    }
    drop(state);
    for arrival in arrivals(database, table, record, end)? {
        let (record_id, id) = (&arrival.entry.record_id, arrival.entry.id);
        let earlier = entries_before(database, table, record_id, id)?;
        // If several rows had this record id before, only the last one is the row that changed its key.
        let begins = earlier
            .iter()
            .rposition(|one| one.is_insert() || one.entry.record_id != *record_id);
        let begins = begins.map_or(0, |at| match earlier[at].is_insert() {
            true => at,
            // The key changed more than once: all earlier entries belong to the row as well.
            false => 0,
        });
        entries.extend(earlier.into_iter().skip(begins));
        entries.push(arrival);
    }
    entries.sort_by_key(|one| one.entry.id);
    entries.dedup_by_key(|one| one.entry.id);
    Ok(entries)
}

/// The entries before `end` by which rows got this record id. There is no index for them: all updates of the table are
/// read.
fn arrivals(
    database: &mut Database,
    table: &str,
    record: &str,
    end: i64,
) -> Result<Vec<RowEntry>, OperationError> {
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
    database
        .audit_log()
        .each_entry(&filter, EntryOrder::OldestFirst, &mut |mut entry| {
            if entry.id >= end {
                return ControlFlow::Break(());
            }
            let new = entry.new_value.as_deref();
            let may_be = entry.record_id != record
                && (!is_plain || new.is_some_and(|new| new.contains(record)));
            if may_be && let Ok(step) = take_step(&mut entry) {
                let moved_to = new_id(&step, &entry.record_id, rule);
                if moved_to.as_deref() == Some(record) {
                    found.push(RowEntry { entry, moved_to });
                }
            }
            ControlFlow::Continue(())
        })?;
    Ok(found)
}
