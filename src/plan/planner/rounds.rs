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
            let row = slot
                .row
                .as_mut()
                .expect("a waiting row was not planned yet");
            let is_deferred = row.deferred != Deferred::Nothing;
            match parent.map(|parent| parent.state) {
                Some(SlotState::Rejected) => {
                    slot.state = SlotState::Rejected;
                    self.record_invalid(row);
                    continue;
                }
                Some(SlotState::Waiting) => {
                    batch.waiting.push(at);
                    continue;
                }
                Some(SlotState::Undecided | SlotState::Repetition) if is_deferred => {
                    batch.waiting.push(at);
                    continue;
                }
                // The key of the enclosing row is not known.
                Some(SlotState::Conflict) if is_deferred => {
                    slot.state = SlotState::Conflict;
                    continue;
                }
                Some(_) | None => {}
            }
            if is_deferred {
                let hasher = &self.tables[row.table].hasher;
                complete(self.layout, hasher, row, before, slot.parent);
            }
            let limits = &self.tables[row.table].limits.columns;
            let fits = limits::check(self.layout, limits, row);
            match fits.and_then(|()| self.check_duplicate(row)) {
                Ok(check) => {
                    slot.state = match check {
                        DuplicateCheck::First => SlotState::Undecided,
                        DuplicateCheck::Repetition | DuplicateCheck::Contradiction => {
                            SlotState::Repetition
                        }
                    };
                    round.rows.push(at);
                }
                Err(problem) => {
                    self.record_invalid(row);
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
        let plan = &mut self.tables[row.table];
        match observe(&mut plan.seen, row.identity, row.digest) {
            DuplicateCheck::Repetition => match plan.rejected.remove(&row.identity) {
                None => return Ok(DuplicateCheck::Repetition),
                Some(true) => {
                    self.foreign_keys.add(row.table, &row.values, &row.origin);
                    return Ok(DuplicateCheck::First);
                }
                Some(false) => {}
            },
            DuplicateCheck::Contradiction => {
                return Err(RowProblem {
                    origin: row.origin.clone(),
                    columns: None,
                    shared: Some(Box::new(SharedKey {
                        table: row.table,
                        columns: None,
                        key: row.identity,
                    })),
                    cause: None,
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
        for unique in &mut plan.unique {
            let values = unique.columns.iter().map(|&column| &row.values[column]);
            if values.clone().any(Value::is_null) {
                continue;
            }
            let key = Value::fingerprint(values);
            if observe(&mut unique.seen, key, key) != DuplicateCheck::First {
                plan.rejected.insert(row.identity, false);
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
                    cause: None,
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
