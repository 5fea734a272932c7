//! Decides what to do with the rows of a round.

use crate::model::{MappedRow, RecordId, Rule, Value};
use crate::plan::change::{Change, ConflictPolicy, KnownRow, RowProblem};
use crate::plan::decide::{Resolution, Situation, decide};
use crate::plan::limits::check_row;

use super::moving::{Waiting, contradiction, taken};
use super::row_batch::{ConflictingRow, SlotState};
use super::{Lookup, Planner, Round, RowBatch};

/// What exists for one record: its ledger entry, and the row with its record id.
#[derive(Clone, Copy)]
pub(super) struct Existing<'a> {
    pub(super) known: Option<&'a KnownRow>,
    row: Option<&'a (RecordId, Vec<Value>)>,
}

impl<'a> Existing<'a> {
    pub(super) fn values(self) -> Option<&'a [Value]> {
        self.row.map(|(_, values)| values.as_slice())
    }

    /// According to the ledger, if it has the record.
    pub(super) fn record_id(self) -> &'a str {
        let known = self.known.map(|known| &known.record_id);
        let record_id = known.or(self.row.map(|(record_id, _)| record_id));
        record_id.map_or("", RecordId::as_str)
    }
}

impl Planner<'_> {
    /// Decides on the rows of a round.
    pub fn decide(
        &mut self,
        batch: &mut RowBatch,
        round: &Round,
        lookup: &Lookup,
        changes: &mut Vec<Change>,
        problems: &mut Vec<RowProblem>,
    ) {
        self.foreign_keys.looked_up(&lookup.parents);
        self.record_deleted(batch, round, lookup);
        for &at in &round.rows {
            let Some(row) = self.take_undecided(batch, at, lookup) else {
                continue;
            };
            let slot = &mut batch.rows[at];
            let existing = Existing {
                known: lookup.known.get(&row.identity),
                row: lookup.current.get(&row.identity),
            };
            match self.decide_row(&row, existing, lookup) {
                Ok((resolution, conflicting)) => {
                    let (generated, change) = self.change(row, resolution, existing);
                    slot.generated = generated;
                    slot.state = SlotState::Planned;
                    match change {
                        Some(change) if !conflicting.is_empty() => self.waiting.push(Waiting {
                            change,
                            conflicting,
                        }),
                        change => changes.extend(change),
                    }
                }
                Err(problem) => {
                    if problem.rule == Rule::Conflict {
                        slot.state = SlotState::Conflict;
                    } else {
                        slot.state = SlotState::Rejected;
                        self.withdraw_record(&row, lookup);
                    }
                    problems.push(problem);
                }
            }
        }
    }

    /// Records rows that were deleted from the database and are not inserted again: no new row may refer to them.
    fn record_deleted(&mut self, batch: &RowBatch, round: &Round, lookup: &Lookup) {
        for row in batch.round(round) {
            let Some(known) = lookup.known.get(&row.identity) else {
                continue;
            };
            let stays = known.digest == row.digest || self.policy == ConflictPolicy::KeepDatabase;
            let there = lookup.current.contains_key(&row.identity);
            if stays && !there && self.has_children(row.table) {
                let mut values = row.values.clone();
                let key = self.layout.tables[row.table].table.generated_key();
                if let (Some(column), Ok(number)) = (key, known.record_id.parse()) {
                    values[column] = Value::Integer(number);
                }
                self.foreign_keys.deleted(row.table, &values);
            }
        }
    }

    /// Decides on one row. Returns the rows that its change waits for, too.
    fn decide_row(
        &mut self,
        row: &MappedRow,
        existing: Existing<'_>,
        lookup: &Lookup,
    ) -> Result<(Resolution, Vec<ConflictingRow>), RowProblem> {
        self.check_late(row)?;
        self.check_parents(row)?;
        self.check_ownership(row, existing, lookup)?;
        let resolution = self.resolve(row, existing, lookup)?;
        let mut conflicting = Vec::new();
        if resolution.decision.writes() {
            self.check_written(row, existing)?;
            let holder = existing.row.map(|(record_id, _)| record_id);
            conflicting = self.order_unique_moves(row, &resolution.decision, holder, lookup)?;
        }
        Ok((resolution, conflicting))
    }

    /// The rows that the row refers to exist, or will exist.
    fn check_parents(&self, row: &MappedRow) -> Result<(), RowProblem> {
        let missing = self.foreign_keys.missing_parent(row.table, &row.values);
        missing.map_or(Ok(()), |dangling| {
            Err(dangling.problem(self.layout, row.origin.clone()))
        })
    }

    /// No unchanged file has the record with other values, and no other record of this run has adopted its row.
    fn check_ownership(
        &self,
        row: &MappedRow,
        existing: Existing<'_>,
        lookup: &Lookup,
    ) -> Result<(), RowProblem> {
        let table = &self.layout.tables[row.table].table;
        if let Some(path) = lookup.contradicted.get(&row.identity) {
            return Err(contradiction(table, row, path));
        }
        if let (None, Some((record_id, _))) = (existing.known, existing.row)
            && self.tables[row.table].adopted.contains(record_id)
        {
            let conflict = ConflictingRow {
                record_id: record_id.clone(),
                columns: table.primary_key.clone(),
                path: None,
            };
            return Err(taken(table, row.table, &row.origin, &conflict));
        }
        Ok(())
    }

    /// The three-way decision.
    fn resolve(
        &self,
        row: &MappedRow,
        existing: Existing<'_>,
        lookup: &Lookup,
    ) -> Result<Resolution, RowProblem> {
        let table = &self.layout.tables[row.table];
        let renamed = lookup.referred.contains(&row.identity)
            || lookup.successors.contains(&row.identity)
                && self.has_children(row.table)
                && existing
                    .values()
                    .is_some_and(|values| row.changes(&table.table.primary_key, values));
        let is_silent = lookup.silently_referred.contains(&row.identity);
        let policy = match self.policy {
            ConflictPolicy::TakeFile if is_silent => ConflictPolicy::Report,
            policy => policy,
        };
        let resolution = decide(&Situation {
            table,
            renamed,
            hasher: self.hasher(row.table),
            policy,
            wanted: &row.values,
            digest: row.digest,
            known: existing.known,
            untouched: lookup.untouched.contains(&row.identity),
            same_file: self.reread.contains(&row.origin.file),
            current: existing.values(),
        });
        resolution.map_err(|why| RowProblem {
            origin: row.origin.clone(),
            columns: None,
            shared: None,
            cause: None,
            rule: Rule::Conflict,
            message: format!("`{}` {}: {why}", table.table.name, existing.record_id()),
            hint: match is_silent {
                true => "`--on-conflict keep-database` keeps the value: a foreign key would change other rows without an entry in the audit log",
                false => "choose with `--on-conflict keep-database` or `--on-conflict take-file`",
            }
            .to_owned(),
        })
    }

    /// The database can store a row that is to be written, and no other program deleted a row that it refers to.
    fn check_written(&self, row: &MappedRow, existing: Existing<'_>) -> Result<(), RowProblem> {
        if let Some(dangling) = self.foreign_keys.deleted_parent(row.table, &row.values) {
            return Err(dangling.problem(self.layout, row.origin.clone()));
        }
        let Some(limit) = &self.tables[row.table].limits.row else {
            return Ok(());
        };
        let values = self.stored_values(row, existing.values());
        let table = &self.layout.tables[row.table];
        check_row(table, limit, &row.origin, &values)
    }
}
