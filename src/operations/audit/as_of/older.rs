//! Rows that are older than the audit log. Values that are not in the log come from the old values of later entries,
//! and otherwise from the current row.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Map;

use crate::audit::{Action, Image, KeyRule, ReplayStep, RowState};
use crate::database::audit_log::AuditEntry;
use crate::database::{LiveRow, ReadTransaction};
use crate::model::{EntryId, RecordId};
use crate::operations::OperationError;
use crate::operations::audit::replayer::{new_id, take_step};

use super::Rows;

/// Rows that are older than the audit log, as far as they are known.
pub(super) struct Older {
    rule: KeyRule,
    /// By record id: the known columns, and whether there are others.
    rows: BTreeMap<RecordId, (Image, Completeness)>,
    /// Record ids that rows got later.
    later_names: HashSet<RecordId>,
    /// Record ids of all rows with entries; set if rows without entries are needed.
    touched: Option<HashSet<RecordId>>,
    /// The last entry when the audit log first accounted for every row of the table, if it did: only up to this entry
    /// a row may be older than its first entry.
    until: Option<EntryId>,
    /// Rows that are not older than the audit log, unless another row got their record id: with their first entry,
    /// before which they were inserted without an entry.
    too_new: HashMap<RecordId, EntryId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Completeness {
    /// A later entry has the whole row.
    Whole,
    /// Columns without an entry have the current values.
    FromNow,
    /// The row has another record id now.
    Lost,
}

impl Older {
    /// No rows yet, of this table.
    pub(super) fn of(database: &mut ReadTransaction, table: &str) -> Result<Self, OperationError> {
        let baselines = database.audited_tables().baselines_of(table)?;
        Ok(Self {
            rule: database.key_rule(),
            rows: BTreeMap::new(),
            later_names: HashSet::new(),
            touched: None,
            until: baselines.first().map(|first| first.until),
            too_new: HashMap::new(),
        })
    }

    /// Whether the audit log has accounted for every row of the table: a row without entries is not older than the log.
    pub(super) fn is_complete(
        database: &mut ReadTransaction,
        table: &str,
    ) -> Result<bool, OperationError> {
        Ok(!database.audited_tables().baselines_of(table)?.is_empty())
    }

    /// Adds a row that has only later entries, the first of which has this number and action; returns whether it
    /// existed before them.
    pub(super) fn begins_with(
        &mut self,
        record_id: RecordId,
        entry: EntryId,
        action: Option<&str>,
    ) -> bool {
        let action = action.and_then(Action::of_name);
        let was_there = matches!(action, Some(Action::Update | Action::Delete));
        if was_there {
            if self.until.is_some_and(|until| entry > until) {
                self.too_new.insert(record_id.clone(), entry);
            }
            self.rows
                .insert(record_id, (Map::new(), Completeness::FromNow));
        }
        was_there
    }

    /// Adds a row with some known columns.
    pub(super) fn is_partly_known(&mut self, record_id: RecordId, image: Image) {
        self.too_new.remove(&record_id);
        self.rows.insert(record_id, (image, Completeness::FromNow));
    }

    /// Marks a row that the audit log covers.
    pub(super) fn is_known(&mut self, record_id: &str) {
        self.rows.remove(record_id);
    }

    /// Includes rows without entries, which have their current values; `touched` are all the others.
    pub(super) fn untouched(&mut self, touched: HashSet<RecordId>) {
        self.touched = Some(touched);
    }

    /// Records the record id that a later entry gave to a row: a row that has it now is not older than the log.
    pub(super) fn moves(&mut self, mut later: AuditEntry) {
        if let Ok(step) = take_step(&mut later) {
            let moved_to = new_id(&step, &later.record_id, self.rule);
            self.later_names.extend(moved_to);
        }
    }

    /// Takes the old values of a later entry; the oldest comes first.
    pub(super) fn undo(&mut self, mut later: AuditEntry) {
        let Ok(step) = take_step(&mut later) else {
            return;
        };
        let moved_to = new_id(&step, &later.record_id, self.rule);
        let is_moved = moved_to.is_some();
        self.later_names.extend(moved_to);
        let Some((image, completeness)) = self.rows.get_mut(&later.record_id) else {
            return;
        };
        if *completeness != Completeness::FromNow {
            return;
        }
        let before = match step {
            ReplayStep::Update { old, .. } => old,
            ReplayStep::Delete { old } => {
                *completeness = Completeness::Whole;
                old
            }
            ReplayStep::Insert { .. } => return,
        };
        if is_moved {
            *completeness = Completeness::Lost;
        }
        // The old values of an earlier entry are closer to the point in time.
        for (column, value) in before {
            image.entry(column).or_insert(value);
        }
    }

    /// Visits the rows, with current values for columns that no entry has.
    pub(super) fn complete(
        mut self,
        database: &mut ReadTransaction,
        table: &str,
        rows: &mut Rows<'_>,
    ) -> Result<(), OperationError> {
        let later_names = std::mem::take(&mut self.later_names);
        self.rows
            .retain(|name, (image, _)| !image.is_empty() && !later_names.contains(name));
        let too_new = std::mem::take(&mut self.too_new).into_iter();
        let problems = too_new.filter_map(|(name, entry)| self.rows.remove(&name).and(Some(entry)));
        rows.outcome.problems.extend(problems);
        rows.outcome.problems.sort_unstable();
        let asks = self
            .rows
            .values()
            .any(|(_, how)| *how == Completeness::FromNow);
        if (asks || self.touched.is_some())
            && !rows.is_stopped
            && let Some(defined) = database.tables().defined_table(table)?
            // Without a key its rows cannot be matched with their entries.
            && !defined.primary_key.is_empty()
        {
            database
                .tables()
                .each_live_row(&defined, &mut |live| self.live(live, rows))?;
        }
        for (name, (image, completeness)) in self.rows {
            rows.give(
                name,
                match completeness {
                    Completeness::Whole => RowState::Present(image),
                    Completeness::FromNow | Completeness::Lost => RowState::Partial(image),
                },
            );
        }
        Ok(())
    }

    /// Adds a row with its current values.
    fn live(&mut self, live: LiveRow, rows: &mut Rows<'_>) -> Result<(), OperationError> {
        let Ok(now) = serde_json::from_str::<Image>(&live.image) else {
            return Ok(());
        };
        match self.rows.get_mut(&live.record_id) {
            Some((image, completeness @ Completeness::FromNow)) => {
                *completeness = Completeness::Whole;
                // Keeps the columns in the order of the table.
                let known = std::mem::replace(image, now);
                image.extend(known);
            }
            Some(_) => {}
            None => {
                let is_untouched = |touched: &HashSet<RecordId>| !touched.contains(&live.record_id);
                if !self.touched.as_ref().is_some_and(is_untouched) {
                    return Ok(());
                }
                match self.until {
                    Some(_) => rows.unrecorded(live.record_id),
                    None => rows.give(live.record_id, RowState::Present(now)),
                }
            }
        }
        Ok(())
    }
}
