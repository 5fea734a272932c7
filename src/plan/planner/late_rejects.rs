//! Records that can be rejected only by planning again: they were planned before the record of their own table to which
//! they refer was rejected, or turned out to be missing.

use std::collections::HashMap;

use crate::model::{MappedRow, Origin, TableIndex};
use crate::plan::RowProblem;
use crate::plan::dangling::Dangling;

use super::Planner;

/// The records, by table and place, with the foreign key of each.
#[derive(Debug, Clone, Default)]
pub struct LateRejects(HashMap<(TableIndex, Origin), Dangling>);

impl LateRejects {
    /// Adds `more`; returns whether there was a record that was not known.
    pub fn add(&mut self, more: Self) -> bool {
        let before = self.0.len();
        for (record, dangling) in more.0 {
            self.0.entry(record).or_insert(dangling);
        }
        self.0.len() > before
    }
}

impl Planner<'_> {
    /// Rejects these records when they are decided on.
    pub fn reject(&mut self, records: LateRejects) {
        self.late_rejects = records;
    }

    /// After all rows: the records to [reject](Self::reject) in the next plan. If the database has rows of the table, a
    /// record that refers to one of these is found by that plan: the row may exist.
    pub fn late_rejects(&mut self) -> LateRejects {
        let tables = &self.tables;
        let missing = self
            .foreign_keys
            .never_came(|table| tables[table].state.rows == 0);
        let records = missing.into_iter().flat_map(|(dangling, children)| {
            let table = dangling.columns.table;
            let record = move |child| ((table, child), dangling.clone());
            children.into_iter().map(record)
        });
        LateRejects(records.collect())
    }

    /// The problem of a record that an earlier plan found.
    pub(super) fn check_late(&self, row: &MappedRow) -> Result<(), RowProblem> {
        if self.late_rejects.0.is_empty() {
            return Ok(());
        }
        let found = self.late_rejects.0.get(&(row.table, row.origin.clone()));
        found.map_or(Ok(()), |dangling| {
            Err(dangling.clone().problem(self.layout, row.origin.clone()))
        })
    }
}
