//! What becomes of the rows of a round.

use crate::model::{DefaultValue, Row, Rule, Value};
use crate::plan::change::{Change, ConflictPolicy, Problem};
use crate::plan::dangling::Dangling;
use crate::plan::decide::{Decision, Situation, decide};

use super::moving::{Waiting, contradiction, taken};
use super::wanted::{Holder, SlotState, keep_defaults};
use super::{Knowledge, Planner, Round, Wanted};

impl Planner<'_> {
    /// Decides the rows of a round.
    pub fn decide(
        &mut self,
        wanted: &mut Wanted,
        round: &Round,
        knowledge: &Knowledge,
        changes: &mut Vec<Change>,
        problems: &mut Vec<Problem>,
    ) {
        self.foreign_keys.looked_up(&knowledge.parents);
        self.note_deleted(wanted, round, knowledge);
        for &at in &round.rows {
            let slot = &mut wanted.rows[at];
            let Some(row) = slot.row.take() else { continue };
            match self.decide_row(row, knowledge) {
                Ok((generated, change)) => {
                    slot.generated = generated;
                    slot.state = SlotState::Planned;
                    changes.extend(change);
                }
                Err(problem) => {
                    slot.state = SlotState::Rejected;
                    problems.push(problem);
                }
            }
        }
    }

    /// Notes whose rows are gone from the database and stay so: nothing new may refer to them.
    fn note_deleted(&mut self, wanted: &Wanted, round: &Round, knowledge: &Knowledge) {
        for row in wanted.round(round) {
            let Some(known) = knowledge.known.get(&row.identity) else {
                continue;
            };
            let stays = known.digest == row.digest || self.policy == ConflictPolicy::KeepDatabase;
            let there = knowledge.current.contains_key(&row.identity);
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

    fn decide_row(
        &mut self,
        mut row: Row,
        knowledge: &Knowledge,
    ) -> Result<(Option<i64>, Option<Change>), Problem> {
        let index = row.table;
        let layout = self.layout;
        let table = &layout.tables[index];
        let missing = self.foreign_keys.missing_parent(index, &row.values);
        if let Some(dangling) = missing {
            return Err(self.refuse(&row, dangling, knowledge));
        }
        if let Some(path) = knowledge.contradicted.get(&row.identity) {
            return Err(contradiction(&table.table, &row, path));
        }
        let known = knowledge.known.get(&row.identity);
        let current = knowledge.current.get(&row.identity);
        if known.is_none()
            && let Some((record_id, _)) = current
            && self.adopted[index].contains(record_id)
        {
            let holder = Holder {
                record_id: record_id.clone(),
                columns: table.table.primary_key.clone(),
                path: None,
            };
            return Err(taken(&table.table, &row, &holder));
        }
        let renamed = knowledge.successors.contains(&row.identity)
            && self.has_children(index)
            && current.is_some_and(|(_, values)| {
                let mut key = table.table.primary_key.iter();
                key.any(|&column| {
                    row.values[column] != Value::Default && row.values[column] != values[column]
                })
            });
        let settled = decide(&Situation {
            table,
            renamed,
            hasher: &self.hashers[index],
            policy: self.policy,
            wanted: &row.values,
            digest: row.digest,
            known,
            untouched: knowledge.untouched.contains(&row.identity),
            current: current.map(|(_, values)| values.as_slice()),
        });
        if let Decision::Insert | Decision::Update(_) = settled.decision
            && let Some(dangling) = self.foreign_keys.deleted_parent(index, &row.values)
        {
            return Err(self.refuse(&row, dangling, knowledge));
        }
        let mut holders = Vec::new();
        if let Decision::Insert | Decision::Update(_) = settled.decision {
            holders = self.unreleased(index, knowledge.holders.get(&row.identity));
        }
        // What refers to a new row comes right after it, so that it cannot wait.
        let may_wait = settled.decision != Decision::Insert || !self.has_children(index);
        if let Some(holder) = holders.first().filter(|_| !may_wait) {
            self.foreign_keys.withdraw(index, &row.values);
            return Err(taken(&table.table, &row, holder));
        }
        if let Decision::Update(columns) = &settled.decision
            && holders.is_empty()
        {
            self.release(index, columns, current.map(|(id, _)| id));
        }
        let counts = &mut self.counts[index];
        let record_id = known
            .map(|known| &known.record_id)
            .or(current.map(|(id, _)| id))
            .cloned();
        if !matches!(settled.decision, Decision::Conflict(_)) {
            counts.conflicts += u64::from(settled.conflict);
        }
        let key = known.map(|known| known.key);
        let change = match settled.decision {
            Decision::Conflict(why) => {
                return Err(Problem {
                    origin: row.origin,
                    columns: None,
                    rule: Rule::Conflict,
                    message: format!(
                        "`{}` {}: {why}",
                        table.table.name,
                        record_id.unwrap_or_default()
                    ),
                    remedy:
                        "choose with `--on-conflict keep-database` or `--on-conflict take-file`"
                            .to_owned(),
                });
            }
            Decision::Unchanged => {
                counts.unchanged += 1;
                let known = known.expect("only a known record is unchanged");
                let record_id = known.record_id.clone();
                let generated = self.generated_key(&row, &record_id);
                self.remember(index, &row.values);
                let back = known.gone.then_some(Change::Record {
                    row,
                    record_id,
                    known: key,
                });
                return Ok((generated, back));
            }
            Decision::Record => {
                let record_id = record_id.unwrap_or_default();
                match known {
                    Some(_) => counts.unchanged += 1,
                    None => counts.adopted += 1,
                }
                if !self.unique[index].is_empty() {
                    self.adopted[index].insert(record_id.clone());
                }
                Change::Record {
                    row,
                    record_id,
                    known: key,
                }
            }
            Decision::Update(columns) => {
                counts.updated += 1;
                counts.converted += row.conversions.len() as u64;
                let (_, current) = current.expect("only a row of the database is updated");
                keep_defaults(&mut row.values, current);
                let written = &mut self.written[index];
                written.add(table.digest(&self.hashers[index], &row.values));
                let record_id = record_id.unwrap_or_default();
                if !table.table.foreign_keys.is_empty() {
                    self.updated[index].insert(record_id.clone());
                }
                Change::Update {
                    row,
                    record_id,
                    columns,
                    known: key,
                }
            }
            Decision::Insert => {
                counts.inserted += 1;
                counts.converted += row.conversions.len() as u64;
                let timed = self.fill_defaults(&mut row);
                let digest = if timed {
                    table.digest(&self.hashers[index], &row.values)
                } else {
                    row.digest
                };
                self.written[index].add(digest);
                if table.table.generated_key().is_some() {
                    self.foreign_keys.place(index, &row.values);
                }
                let record_id = table.table.record_id(&row.values);
                Change::Insert {
                    row,
                    record_id,
                    known: key,
                }
            }
        };
        let generated = match &change {
            Change::Insert { row, record_id, .. }
            | Change::Update { row, record_id, .. }
            | Change::Record { row, record_id, .. } => {
                self.remember(index, &row.values);
                self.generated_key(row, record_id)
            }
            Change::Vacate { .. }
            | Change::Delete { .. }
            | Change::MarkGone { .. }
            | Change::Forget { .. } => None,
        };
        if holders.is_empty() {
            return Ok((generated, Some(change)));
        }
        self.waiting.push(Waiting { change, holders });
        Ok((generated, None))
    }

    /// Why the row cannot be: it refers to a row that is not there. What refers to it cannot be either.
    fn refuse(&mut self, row: &Row, dangling: Dangling, knowledge: &Knowledge) -> Problem {
        if !knowledge.current.contains_key(&row.identity) {
            self.foreign_keys.withdraw(row.table, &row.values);
        }
        dangling.problem(self.layout, row.origin.clone())
    }

    /// The row's generated key, remembered if children may ask for it.
    fn generated_key(&mut self, row: &Row, record_id: &str) -> Option<i64> {
        if !self.keys_wanted[row.table] {
            return None;
        }
        let key = record_id.parse().ok()?;
        self.generated.insert(row.identity, key);
        Some(key)
    }

    /// Replaces [`Value::Default`]; tells whether a mapped column was among them.
    fn fill_defaults(&mut self, row: &mut Row) -> bool {
        let table = &self.layout.tables[row.table];
        let generated = table.table.generated_key();
        let mut timed = false;
        for (column, value) in row.values.iter_mut().enumerate() {
            if *value != Value::Default {
                continue;
            }
            timed |= table.mapped[column];
            *value = if generated == Some(column) {
                Value::Integer(self.tables[row.table].take_key())
            } else {
                match &table.table.columns[column].default {
                    Some(DefaultValue::Value(value)) => value.clone(),
                    Some(DefaultValue::CurrentTimestamp) => Value::Timestamp(self.now),
                    None => Value::Null,
                }
            };
        }
        timed
    }
}
