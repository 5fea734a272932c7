//! The entries of one row, including those under record ids that it had before its key changed.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use crate::audit::{Action, Key, KeyRule, ReplayError, ReplayStep, RowState};
use crate::database::audit_log::{AuditEntry, Choice, EntryField, EntryFilter, EntryOrder};
use crate::database::{Baseline, Database};
use crate::operations::OperationError;

/// Replays entries of one table, in the order of their numbers.
pub(super) struct Replayer {
    pub(super) rows: HashMap<String, RowState>,
    rule: KeyRule,
    baselines: Vec<Baseline>,
}

/// The result of applying an entry.
pub(super) struct Applied {
    /// Why the entry is inconsistent with the entries before it.
    pub(super) problem: Option<ReplayError>,
    /// The row's new record id, if it changed.
    pub(super) moved_to: Option<String>,
}

impl Replayer {
    /// A replay of this table.
    pub(super) fn of(database: &mut Database, table: &str) -> Result<Self, OperationError> {
        Ok(Self {
            rows: HashMap::new(),
            rule: database.key_rule(),
            baselines: database.audited_tables().baselines_of(table)?,
        })
    }

    /// The rows by record id, sorted.
    pub(super) fn into_rows(self) -> BTreeMap<String, RowState> {
        self.rows.into_iter().collect()
    }

    /// Applies an entry of a row. The values of an inconsistent entry are used nevertheless.
    pub(super) fn apply(
        &mut self,
        entry: &AuditEntry,
        step: &Result<ReplayStep, ReplayError>,
    ) -> Applied {
        let record_id = entry.record_id.as_str();
        let mut state = self.rows.remove(record_id).unwrap_or_default();
        let is_new = step
            .as_ref()
            .is_ok_and(|step| is_of_unknown_row(&state, step, entry.id, &self.baselines));
        let mut applied = apply(&mut state, record_id, step, self.rule);
        if is_new {
            applied.problem.get_or_insert(ReplayError::NotInserted);
        }
        match &applied.moved_to {
            Some(id) => {
                self.rows.insert(record_id.to_owned(), RowState::Absent);
                self.rows.insert(id.clone(), state);
            }
            None => {
                self.rows.insert(record_id.to_owned(), state);
            }
        }
        applied
    }
}

/// Whether an entry changes a row that was inserted without an entry, after the audit log had accounted for every row of
/// its table.
pub(super) fn is_of_unknown_row(
    state: &RowState,
    step: &ReplayStep,
    entry: i64,
    baselines: &[Baseline],
) -> bool {
    let is_insert = matches!(step, ReplayStep::Insert { .. });
    let first = baselines.first();
    *state == RowState::Unknown && !is_insert && first.is_some_and(|first| entry > first.until)
}

/// Takes the values out of an entry.
pub(super) fn take_step(entry: &mut AuditEntry) -> Result<ReplayStep, ReplayError> {
    ReplayStep::take(
        &entry.action,
        entry.old_value.take(),
        entry.new_value.take(),
    )
}

/// Applies an entry to the state of its row.
pub(super) fn apply(
    state: &mut RowState,
    record_id: &str,
    step: &Result<ReplayStep, ReplayError>,
    rule: KeyRule,
) -> Applied {
    match step {
        Ok(step) => Applied {
            moved_to: new_id(step, record_id, rule),
            problem: state.apply_or_claim(step),
        },
        Err(problem) => Applied {
            problem: Some(problem.clone()),
            moved_to: None,
        },
    }
}

/// The record id of the row after a change of its key.
pub(super) fn new_id(step: &ReplayStep, record_id: &str, rule: KeyRule) -> Option<String> {
    step.new_record_id(record_id, &Key::find(step.row(), record_id, rule)?)
}

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
    let named = |one: &&RowEntry| one.entry.record_id == record || one.name_after() == record;
    let last = entries.iter().rev().find(named);
    let mut name = last.map(|last| last.name_after().to_owned());
    let last = last.map_or(0, |last| last.entry.id);
    let mut its = Vec::new();
    for one in entries.into_iter().rev() {
        if one.entry.id > last || name.as_deref() != Some(one.name_after()) {
            continue;
        }
        if one.is(Action::Delete) && !its.is_empty() {
            break;
        }
        let begins = one.is_insert();
        name = Some(one.entry.record_id.clone());
        its.push(one);
        if begins {
            break;
        }
    }
    its.reverse();
    its
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
