//! Which rows of a batch can be decided now: those whose parents are, and that were not among the run's rows before.

use crate::model::{Deferred, Hasher, Row, Rule, Value};
use crate::plan::change::{Problem, TableColumns};
use crate::plan::limits;
use crate::plan::seen::{SeenIdentities, Sighting};

use super::wanted::{SlotState, complete};
use super::{Planner, Round, Wanted};

impl Planner<'_> {
    /// Completes the rows whose parents are decided, drops repetitions, and gives the next rows to look up.
    pub fn next_round(
        &mut self,
        wanted: &mut Wanted,
        problems: &mut Vec<Problem>,
    ) -> Option<Round> {
        let mut round = Round::default();
        let waiting = std::mem::take(&mut wanted.waiting);
        for at in waiting {
            let (before, from) = wanted.rows.split_at_mut(at);
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
                    wanted.waiting.push(at);
                    continue;
                }
                complete(self.layout, &self.hashers, row, before, slot.parent);
            }
            let fits = limits::check(self.layout, &self.limits[row.table], row);
            match fits.and_then(|()| self.sight(row)) {
                Ok(Sighting::First) => round.rows.push(at),
                Ok(Sighting::Repetition | Sighting::Contradiction) => {
                    self.counts[row.table].merged += 1;
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
        if round.rows.is_empty() && wanted.waiting.is_empty() {
            return None;
        }
        round.parents = self.foreign_keys.unresolved();
        Some(round)
    }

    /// Notes a row among those of the run.
    fn sight(&mut self, row: &Row) -> Result<Sighting, Problem> {
        let table = &self.layout.tables[row.table].table;
        let scratch = self.scratch.as_deref();
        let failure = &self.failure;
        let note = |seen: &mut SeenIdentities, identity, digest| {
            let sighting = seen.see(identity, digest, scratch);
            sighting.unwrap_or_else(|error| {
                let _ = failure.set(error);
                Sighting::First
            })
        };
        match note(&mut self.seen[row.table], row.identity, row.digest) {
            Sighting::Repetition => return Ok(Sighting::Repetition),
            Sighting::Contradiction => {
                return Err(Problem {
                    origin: row.origin.clone(),
                    columns: None,
                    rule: Rule::DuplicateRecord,
                    message: format!(
                        "another record of `{}` has the same identity and other values",
                        table.name
                    ),
                    remedy: "decide which of the two is right and remove the other".to_owned(),
                });
            }
            Sighting::First => {}
        }
        for unique in &mut self.unique[row.table] {
            let values = unique.columns.iter().map(|&column| &row.values[column]);
            if values.clone().any(Value::is_null) {
                continue;
            }
            let mut hasher = Hasher::new();
            values.for_each(|value| value.hash_into(&mut hasher));
            let key = hasher.fingerprint();
            if note(&mut unique.seen, key, key) != Sighting::First {
                let columns = unique.columns.clone();
                let names = table.names(&columns);
                return Err(Problem {
                    origin: row.origin.clone(),
                    columns: Some(TableColumns {
                        table: row.table,
                        columns,
                    }),
                    rule: Rule::NotUnique,
                    message: format!("another record has the same {names} of `{}`", table.name),
                    remedy: "make the value different in one of the two records".to_owned(),
                });
            }
        }
        self.foreign_keys.note(row.table, &row.values, &row.origin);
        Ok(Sighting::First)
    }
}
