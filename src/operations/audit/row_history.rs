//! The entries of one row, including those under record ids that it had before its key changed.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use crate::audit::{Action, RowState};
use crate::database::ReadTransaction;
use crate::database::audit_log::{AuditEntry, Choice, EntryField, EntryFilter, EntryOrder};
use crate::model::{EntryId, RecordId};
use crate::operations::OperationError;

use super::replayer::{apply, new_id, take_step};

/// An entry without its values, which may be large: they are read again when they are needed.
pub(super) struct RowEntry {
    pub(super) entry: AuditEntry,
    /// The row's new record id, if the entry changed it.
    pub(super) moved_to: Option<RecordId>,
}

impl RowEntry {
    /// The record id after the entry.
    fn name_after(&self) -> &RecordId {
        self.moved_to.as_ref().unwrap_or(&self.entry.record_id)
    }

    /// Whether the row had this record id before or after the entry.
    fn is_named(&self, record: &RecordId) -> bool {
        self.entry.record_id == *record || self.name_after() == record
    }

    fn is(&self, action: Action) -> bool {
        self.entry.action == action.name()
    }

    pub(super) fn is_insert(&self) -> bool {
        self.is(Action::Insert)
    }
}

/// All entries of the rows that have or had the record id `record`, by number. Those from after such a row got another
/// id are among them only if a row with that id got this one later.
pub(super) fn entries_of_row(
    database: &mut ReadTransaction,
    table: &str,
    record: &RecordId,
) -> Result<Vec<RowEntry>, OperationError> {
    let (mut entries, is_complete) = entries_with_id(database, table, record)?;
    if is_complete {
        return Ok(entries);
    }
    let mut origins: HashMap<RecordId, Vec<RecordId>> = HashMap::new();
    each_moved(database, table, &mut |entry, to| {
        origins.entry(to).or_default().push(entry.record_id);
    })?;
    let (mut names, mut next) = (HashSet::from([record.clone()]), vec![record.clone()]);
    while let Some(name) = next.pop() {
        for origin in origins.remove(&name).unwrap_or_default() {
            if names.insert(origin.clone()) {
                entries.extend(entries_with_id(database, table, &origin)?.0);
                next.push(origin);
            }
        }
    }
    entries.sort_by_key(|one| one.entry.id);
    let rows = rows_of(&entries).0;
    let named = entries.iter().zip(&rows);
    let named = named.filter_map(|(one, row)| one.is_named(record).then_some(*row));
    let named: HashSet<usize> = named.collect();
    let its = entries.into_iter().zip(rows);
    let its = its.filter(|(_, row)| named.contains(row));
    Ok(its.map(|(one, _)| one).collect())
}

/// Visits the entries of a table by which rows got other record ids, with these ids.
pub(super) fn each_moved(
    database: &mut ReadTransaction,
    table: &str,
    visit: &mut dyn FnMut(AuditEntry, RecordId),
) -> Result<(), OperationError> {
    let only = |field, value: &str| (field, Choice::Only, value.to_owned());
    let filter = EntryFilter {
        fields: vec![
            only(EntryField::Table, table),
            only(EntryField::Action, Action::Update.name()),
        ],
        ..EntryFilter::default()
    };
    let rule = database.key_rule();
    Ok(database
        .audit_log()
        .each_entry(&filter, EntryOrder::OldestFirst, &mut |mut entry| {
            let step = take_step(&mut entry).ok();
            if let Some(to) = step.and_then(|step| new_id(&step, &entry.record_id, rule)) {
                visit(entry, to);
            }
            ControlFlow::Continue(())
        })?)
}

/// Reads entries again, with their values.
pub(super) fn each_with_values<'e>(
    database: &mut ReadTransaction,
    entries: impl IntoIterator<Item = &'e RowEntry>,
    visit: &mut dyn FnMut(AuditEntry) -> ControlFlow<()>,
) -> Result<(), OperationError> {
    let ids: Vec<EntryId> = entries.into_iter().map(|one| one.entry.id).collect();
    Ok(database.audit_log().each_entry_of_ids(&ids, visit)?)
}

/// The entries of the row that had the record id last, without those of earlier rows with the same id: from its INSERT
/// on, under all its record ids. If a deleted row is changed, another row was inserted without an entry.
pub(super) fn of_last_row(entries: Vec<RowEntry>, record: &RecordId) -> Vec<RowEntry> {
    let (rows, named) = rows_of(&entries);
    let mentions = entries.iter().zip(&rows);
    let mut mentions = mentions.filter_map(|(one, row)| one.is_named(record).then_some(*row));
    let last = named.get(record).copied().or_else(|| mentions.next_back());
    drop(named);
    let its = entries.into_iter().zip(rows);
    let its = its.filter(|(_, row)| Some(*row) == last);
    its.map(|(one, _)| one).collect()
}

/// Which row each entry is about, by a number, and the rows that are there after the entries, by their record ids. If
/// rows swap their ids, two have the same one until the last entry of the statement.
fn rows_of(entries: &[RowEntry]) -> (Vec<usize>, HashMap<&RecordId, usize>) {
    let (mut named, mut displaced) = (HashMap::new(), HashMap::new());
    let rows = entries.iter().enumerate().map(|(new, one)| {
        let name = &one.entry.record_id;
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

/// The entries with this record id, and whether they are all entries of its rows: then they include the INSERT of a row
/// that still exists.
fn entries_with_id(
    database: &mut ReadTransaction,
    table: &str,
    record: &RecordId,
) -> Result<(Vec<RowEntry>, bool), OperationError> {
    let mut entries = Vec::new();
    let rule = database.key_rule();
    let (mut state, mut is_clean) = (RowState::Absent, true);
    let filter = EntryFilter::of_row(table, record);
    database
        .audit_log()
        .each_entry(&filter, EntryOrder::OldestFirst, &mut |mut entry| {
            let step = take_step(&mut entry);
            let applied = apply(&mut state, &entry.record_id, &step, rule);
            let moved_to = applied.moved_to;
            is_clean &= applied.problem.is_none() && moved_to.is_none();
            entries.push(RowEntry { entry, moved_to });
            ControlFlow::Continue(())
        })?;
    Ok((entries, is_clean && state.exists() == Some(true)))
}
