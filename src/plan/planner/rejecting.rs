//! Rejects records with the rows nested in them, and decides again on equal records.

use crate::model::{MappedRow, Origin, TableIndex, Value};

use super::row_batch::SlotState;
use super::{Lookup, Planner, RowBatch};

/// Values of a rejected record, and its place.
pub(super) type InvalidKey = (Vec<Value>, Origin);

impl Planner<'_> {
    /// The recorded values of these columns in rejected records.
    #[must_use]
    pub fn invalid(&self, table: TableIndex, columns: &[usize]) -> &[InvalidKey] {
        self.invalid
            .get(&(table, columns.to_vec()))
            .map_or(&[], Vec::as_slice)
    }

    /// Records the row of a rejected record, for the messages about records that refer to it. A value that is not known
    /// is left to the default.
    pub fn record_invalid(&mut self, row: &MappedRow) {
        self.foreign_keys
            .record_invalid(row.table, &row.origin, &row.values);
        for ((table, columns), rows) in &mut self.invalid {
            if *table == row.table {
                let values = columns.iter().map(|&column| row.values[column].clone());
                rows.push((values.collect(), row.origin.clone()));
            }
        }
    }

    /// Takes a row of the round that is to be decided on; `None` if it is not: a row nested in a rejected record is
    /// rejected too, and a repetition is merged into the equal record before it, or decided on in its place if that one
    /// was rejected.
    pub(super) fn take_undecided(
        &mut self,
        batch: &mut RowBatch,
        at: usize,
        lookup: &Lookup,
    ) -> Option<MappedRow> {
        let (before, from) = batch.rows.split_at_mut(at);
        let slot = &mut from[0];
        let row = slot.row.as_ref()?;
        let parent = slot.parent.map(|parent| before[parent].state);
        let is_repetition = slot.state == SlotState::Repetition;
        let plan = &mut self.tables[row.table];
        match parent {
            Some(SlotState::Rejected) => {
                slot.state = SlotState::Rejected;
                if !is_repetition {
                    let row = slot.row.take()?;
                    self.withdraw_record(&row, lookup);
                }
                return None;
            }
            // The record that the parent repeats was rejected.
            Some(SlotState::Waiting) => {
                if !is_repetition {
                    plan.rejected.insert(row.identity, true);
                    self.foreign_keys
                        .retract(row.table, &row.origin, &row.values);
                }
            }
            Some(
                SlotState::Undecided
                | SlotState::Repetition
                | SlotState::Planned
                | SlotState::Conflict,
            )
            | None => match is_repetition {
                false => return slot.row.take(),
                true if plan.rejected.contains_key(&row.identity) => {}
                true => {
                    plan.counts.merged += 1;
                    slot.generated = self.generated.get(&row.identity).copied();
                    slot.state = SlotState::Planned;
                    slot.row = None;
                    return None;
                }
            },
        }
        slot.state = SlotState::Waiting;
        batch.waiting.push(at);
        None
    }

    /// The record is rejected: its row is not written, and records that refer to it are rejected too, unless the
    /// database has the row that they refer to.
    pub(super) fn withdraw_record(&mut self, row: &MappedRow, lookup: &Lookup) {
        self.tables[row.table].rejected.insert(row.identity, true);
        self.record_invalid(row);
        let known = lookup.known.get(&row.identity);
        let is_unchanged = known.is_some_and(|known| known.digest == row.digest);
        let current = lookup.current.get(&row.identity);
        let current = match is_unchanged {
            true => Some(&row.values[..]),
            false => current.map(|(_, values)| &values[..]),
        };
        self.foreign_keys
            .withdraw(row.table, &row.origin, &row.values, current);
    }
}
