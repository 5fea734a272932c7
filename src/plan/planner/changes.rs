//! Turns decisions into changes: completes the values of rows to be written, and counts.

use crate::model::{MappedRow, RecordId};
use crate::plan::change::{Change, PlannedRow};
use crate::plan::decide::{Decision, Resolution};

use super::Planner;
use super::deciding::Existing;
use super::row_batch::keep_defaults;

impl Planner<'_> {
    /// Turns the decision into a change, and counts it.
    pub(super) fn change(
        &mut self,
        mut row: MappedRow,
        resolution: Resolution,
        existing: Existing<'_>,
    ) -> (Option<i64>, Option<Change>) {
        let Resolution { decision, conflict } = resolution;
        self.tables[row.table].counts.conflicts += u64::from(conflict);
        self.returned += u64::from(existing.known.is_some_and(|known| known.removed));
        let record_id = match &decision {
            Decision::Insert => self.insert(&mut row),
            Decision::Update(_) => self.update(&mut row, existing),
            Decision::Record | Decision::Unchanged => self.keep(&row, existing),
        };
        self.remember(row.table, &row.values);
        let generated = self.generated_key(&row, &record_id);
        let mut row = PlannedRow {
            table: row.table,
            origin: row.origin,
            identity: row.identity,
            digest: row.digest,
            values: row.values,
            conversions: row.conversions,
            record_id,
            known: existing.known.map(|known| known.key),
        };
        let change = match decision {
            Decision::Insert => Change::Insert(row),
            Decision::Update(columns) => Change::Update { row, columns },
            // Or the record is back in its file.
            Decision::Unchanged if existing.known.is_none_or(|known| !known.removed) => {
                return (generated, None);
            }
            Decision::Record | Decision::Unchanged => {
                row.conversions.clear();
                Change::Record(row)
            }
        };
        (generated, Some(change))
    }

    /// Completes a new row; returns its record id.
    fn insert(&mut self, row: &mut MappedRow) -> RecordId {
        let table = &self.layout.tables[row.table];
        let timed = self.fill_defaults(row);
        let plan = &mut self.tables[row.table];
        plan.counts.inserted += 1;
        plan.counts.converted += row.conversions.len() as u64;
        plan.written.add(match timed {
            true => table.digest(&plan.hasher, &row.values),
            false => row.digest,
        });
        if table.table.generated_key().is_some() {
            self.foreign_keys.place(row.table, &row.values);
        }
        table.table.record_id(&row.values)
    }

    /// Completes a row that changes; returns its record id.
    fn update(&mut self, row: &mut MappedRow, existing: Existing<'_>) -> RecordId {
        let table = &self.layout.tables[row.table];
        let record_id = RecordId::from(existing.record_id());
        let current = existing.values();
        keep_defaults(
            &mut row.values,
            current.expect("only a row of the database is updated"),
        );
        let plan = &mut self.tables[row.table];
        plan.counts.updated += 1;
        plan.counts.converted += row.conversions.len() as u64;
        plan.written.add(table.digest(&plan.hasher, &row.values));
        if !table.table.foreign_keys.is_empty() {
            plan.updated.insert(record_id.clone());
        }
        record_id
    }

    /// Counts a row that stays as it is; returns its record id.
    fn keep(&mut self, row: &MappedRow, existing: Existing<'_>) -> RecordId {
        let record_id = RecordId::from(existing.record_id());
        let plan = &mut self.tables[row.table];
        if existing.known.is_some() {
            plan.counts.unchanged += 1;
        } else {
            plan.counts.adopted += 1;
            if !plan.unique.is_empty() {
                plan.adopted.insert(record_id.clone());
            }
        }
        record_id
    }

    /// The row's generated key, remembered if children may need it.
    fn generated_key(&mut self, row: &MappedRow, record_id: &str) -> Option<i64> {
        if !self.tables[row.table].keys_wanted {
            return None;
        }
        let key = record_id.parse().ok()?;
        self.generated.insert(row.identity, key);
        Some(key)
    }
}
