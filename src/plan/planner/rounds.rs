//! Selects the rows of a batch that can be decided: those whose parents are decided and that are not duplicates.

use crate::model::{Deferred, MappedRow, Rule, SharedKey, Value};
use crate::plan::change::{RowProblem, TableColumns};
use crate::plan::limits;
use crate::plan::seen::{DuplicateCheck, SeenIdentities};

use super::row_batch::{SlotState, complete};
use super::{Planner, Round, RowBatch};

impl Planner<'_> {
    /// Completes the rows whose parents are decided, drops repetitions, and returns the next rows to look up.
    pub fn next_round(
        &mut self,
        batch: &mut RowBatch,
        problems: &mut Vec<RowProblem>,
    ) -> Option<Round> {
        let mut round = Round::default();
        let waiting = std::mem::take(&mut batch.waiting);
        for at in waiting {
            let (before, from) = batch.rows.split_at_mut(at);
            let slot = &mut from[0];
            let parent = slot.parent.map(|parent| &before[parent]);
            if parent.is_some_and(|parent| parent.state == SlotState::Rejected) {
                slot.state = SlotState::Rejected;
                continue;
            }
            let row = slot
                .row
                .as_mut()
                .expect("a waiting row was not planned yet");
            if row.deferred != Deferred::Nothing {
                if parent.is_some_and(|parent| parent.state == SlotState::Waiting) {
                    batch.waiting.push(at);
                    continue;
                }
                let hasher = &self.tables[row.table].hasher;
                complete((self.layout, hasher), row, before, slot.parent);
            }
            let limits = &self.tables[row.table].limits.columns;
            let fits = limits::check(self.layout, limits, row);
            match fits.and_then(|()| self.check_duplicate(row)) {
                Ok(DuplicateCheck::First) => round.rows.push(at),
                Ok(DuplicateCheck::Repetition | DuplicateCheck::Contradiction) => {
                    self.tables[row.table].counts.merged += 1;
                    slot.generated = self.generated.get(&row.identity).copied();
                    slot.state = SlotState::Planned;
                    slot.row = None;
                }
                Err(problem) => {
                    problems.push(problem);
                    slot.state = SlotState::Rejected;
                }
            }
        }
        if round.rows.is_empty() && batch.waiting.is_empty() {
            return None;
        }
        round.parents = self.foreign_keys.unresolved();
        Some(round)
    }

    /// Checks whether the row duplicates an earlier row of the run, and records it.
    fn check_duplicate(&mut self, row: &MappedRow) -> Result<DuplicateCheck, RowProblem> {
        let table = &self.layout.tables[row.table].table;
        let scratch = self.scratch.as_deref();
        let failure = &self.failure;
        let observe = |seen: &mut SeenIdentities, identity, digest| {
            let check = seen.see(identity, digest, scratch);
            check.unwrap_or_else(|error| {
                let _ = failure.set(error);
                DuplicateCheck::First
            })
        };
        match observe(&mut self.tables[row.table].seen, row.identity, row.digest) {
            DuplicateCheck::Repetition => return Ok(DuplicateCheck::Repetition),
            DuplicateCheck::Contradiction => {
                return Err(RowProblem {
                    origin: row.origin.clone(),
                    columns: None,
                    shared: Some(Box::new(SharedKey {
                        table: row.table,
                        columns: None,
                        key: row.identity,
                    })),
                    rule: Rule::DuplicateRecord,
                    message: format!(
                        "another record of `{}` has the same identity but different values",
                        table.name
                    ),
                    hint: "keep the correct record and remove the other".to_owned(),
                });
            }
            DuplicateCheck::First => {}
        }
        for unique in &mut self.tables[row.table].unique {
            let values = unique.columns.iter().map(|&column| &row.values[column]);
            if values.clone().any(Value::is_null) {
                continue;
            }
            let key = Value::fingerprint(values);
            if observe(&mut unique.seen, key, key) != DuplicateCheck::First {
                let columns = unique.columns.clone();
                let names = table.names(&columns);
                return Err(RowProblem {
                    origin: row.origin.clone(),
                    columns: Some(Box::new(TableColumns {
                        table: row.table,
                        columns,
                    })),
                    shared: Some(Box::new(SharedKey {
                        table: row.table,
                        columns: Some(unique.columns.clone()),
                        key,
                    })),
                    rule: Rule::NotUnique,
                    message: format!("another record has the same {names} of `{}`", table.name),
                    hint: "give one of the two records a different value".to_owned(),
                });
            }
        }
        self.foreign_keys.add(row.table, &row.values, &row.origin);
        Ok(DuplicateCheck::First)
    }
}
