//! Replays the entries of a table, as the commands that show rows and their history need it.

use crate::audit::{Image, Key, KeyRule, ReplayError, ReplayStep, ReplayedRows, RowState};
use crate::database::audit_log::AuditEntry;
use crate::database::{Baseline, ReadTransaction};
use crate::model::{EntryId, RecordId};
use crate::operations::OperationError;

/// Replays entries of one table, in the order of their numbers.
pub(super) struct Replayer {
    rows: ReplayedRows,
    rule: KeyRule,
    /// The columns of the table's primary key now.
    key: Vec<String>,
    baselines: Vec<Baseline>,
}

/// The result of applying an entry.
pub(super) struct Applied {
    /// Why the entry is inconsistent with the entries before it.
    pub(super) problem: Option<ReplayError>,
    /// The row's new record id, if it changed.
    pub(super) moved_to: Option<RecordId>,
}

impl Replayer {
    /// A replay of this table.
    pub(super) fn of(database: &mut ReadTransaction, table: &str) -> Result<Self, OperationError> {
        let (now, rule) = (database.tables().defined_table(table)?, database.key_rule());
        let key = now.as_ref().map(|now| Key::of_table(now, rule));
        let key = key.iter().flat_map(Key::columns);
        Ok(Self {
            rows: ReplayedRows::default(),
            rule,
            key: key.map(|&column| column.to_owned()).collect(),
            baselines: database.audited_tables().baselines_of(table)?,
        })
    }

    /// The rows by record id, sorted, and the entries that gave the ids of rows that were still there to other rows.
    pub(super) fn into_rows(self) -> (Vec<(RecordId, RowState)>, Vec<EntryId>) {
        let displaced = self.rows.displaced().map(|(entry, _)| entry).collect();
        let mut rows: Vec<_> = self.rows.into_rows().collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        (rows, displaced)
    }

    /// Applies an entry of a row. The values of an inconsistent entry are used nevertheless.
    pub(super) fn apply(
        &mut self,
        entry: &AuditEntry,
        step: &Result<ReplayStep, ReplayError>,
    ) -> Applied {
        let record_id = &entry.record_id;
        let step = match step {
            Ok(step) => step,
            Err(problem) => {
                return Applied {
                    problem: Some(problem.clone()),
                    moved_to: None,
                };
            }
        };
        let key = key_of(&self.key, step.row(), record_id, self.rule);
        let mut row = self.rows.take(record_id, step, &key);
        let is_new = is_of_unknown_row(&row.state, step, entry.id, &self.baselines);
        let problem = row.state.apply_or_claim(step);
        let applied = Applied {
            problem: problem.or(is_new.then_some(ReplayError::NotInserted)),
            moved_to: row.moved_to.clone(),
        };
        self.rows.put(entry.id, record_id, row, &key);
        applied
    }
}

/// The key of a row: that of the table now, or the one when the entry was written. If it is not found, rows are
/// distinguished by their record ids alone.
fn key_of<'k>(now: &'k [String], image: &'k Image, record_id: &str, rule: KeyRule) -> Key<'k> {
    let now = Key::of(now.iter().map(String::as_str).collect(), rule);
    match now.is_of_row(record_id, image) {
        true => now,
        false => Key::find(image, record_id, rule).unwrap_or_else(|| Key::of(Vec::new(), rule)),
    }
}

/// Whether an entry changes a row that was inserted without an entry, after the audit log had accounted for every row of
/// its table.
pub(super) fn is_of_unknown_row(
    state: &RowState,
    step: &ReplayStep,
    entry: EntryId,
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
pub(super) fn new_id(step: &ReplayStep, record_id: &str, rule: KeyRule) -> Option<RecordId> {
    step.new_record_id(record_id, &Key::find(step.row(), record_id, rule)?)
}
