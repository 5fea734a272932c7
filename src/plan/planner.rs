//! The planner: takes batches of wanted rows, answers with changes.
//!
//! A batch goes through rounds, because a row that holds the generated key of its parent can be looked up only after
//! the parent was. Without such keys there is one round.

mod compare;
mod keys;
mod wanted;

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::OnceLock;

use crate::layout::Layout;
use crate::model::{
    DefaultValue, Deferred, Fingerprint, Hasher, Origin, Row, RowHasher, Rule, TableDigest,
    Timestamp, Value,
};

use super::Scratch;
use super::change::{Change, ConflictPolicy, Counts, Problem, TableColumns, TableCounts};
use super::dangling::Dangling;
use super::decide::{Decision, Situation, decide};
use super::foreign_keys::ForeignKeys;
use super::limits::{self, ColumnLimit};
use super::seen::{SeenIdentities, Sighting};

use keys::{UniqueKey, keys_wanted, unique_keys};
use wanted::{SlotState, complete, keep_defaults};

pub use compare::{Comparison, Discrepancy, DiscrepancyKind, TableComparison, record_fingerprint};
pub use wanted::{Knowledge, Round, Wanted};

/// What a table is like before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableState {
    /// Rows it has.
    pub rows: u64,
    /// The next generated key.
    pub next_key: i64,
}

impl TableState {
    fn take_key(&mut self) -> i64 {
        self.next_key += 1;
        self.next_key - 1
    }
}

/// Plans one run.
pub struct Planner<'l> {
    layout: &'l Layout,
    hashers: Vec<RowHasher>,
    policy: ConflictPolicy,
    now: Timestamp,
    tables: Vec<TableState>,
    seen: Vec<SeenIdentities>,
    scratch: Option<Box<dyn Scratch>>,
    /// The first failure of the scratch files.
    failure: OnceLock<io::Error>,
    unique: Vec<Vec<UniqueKey>>,
    foreign_keys: ForeignKeys,
    /// Generated keys by identity, for tables whose children wait for them.
    generated: HashMap<Fingerprint, i64>,
    keys_wanted: Vec<bool>,
    counts: Counts,
    written: Vec<TableDigest>,
    /// Record ids of the rows that are updated, by table; only where there are foreign keys.
    updated: Vec<HashSet<String>>,
    watched: HashMap<(usize, Vec<usize>), Vec<Vec<Value>>>,
    /// Per table, what its columns take; empty where nothing is bounded.
    limits: Vec<Vec<ColumnLimit>>,
}

impl<'l> Planner<'l> {
    /// A planner for a database whose tables are in the state `tables`.
    #[must_use]
    pub fn new(
        layout: &'l Layout,
        tables: Vec<TableState>,
        policy: ConflictPolicy,
        now: Timestamp,
    ) -> Self {
        let count = layout.tables.len();
        Self {
            layout,
            hashers: layout
                .tables
                .iter()
                .map(crate::layout::LayoutTable::row_hasher)
                .collect(),
            policy,
            now,
            tables,
            seen: (0..count).map(|_| SeenIdentities::default()).collect(),
            scratch: None,
            failure: OnceLock::new(),
            unique: (0..count).map(|table| unique_keys(layout, table)).collect(),
            foreign_keys: ForeignKeys::new(layout),
            generated: HashMap::new(),
            keys_wanted: keys_wanted(layout),
            counts: vec![TableCounts::default(); count],
            written: vec![TableDigest::default(); count],
            updated: vec![HashSet::new(); count],
            watched: HashMap::new(),
            limits: vec![Vec::new(); count],
        }
    }

    /// Rows that the columns of the database cannot take are problems.
    pub fn limit(&mut self, limits: Vec<Vec<ColumnLimit>>) {
        self.limits = limits;
    }

    /// Lets the planner put aside what does not fit in memory; it keeps everything otherwise.
    #[must_use]
    pub fn with_scratch(self, scratch: Box<dyn Scratch>) -> Self {
        Self {
            scratch: Some(scratch),
            ..self
        }
    }

    /// Why what the planner says is not to be believed: its scratch files failed.
    #[must_use]
    pub fn failure(&self) -> Option<&io::Error> {
        self.failure.get()
    }

    /// From now on, remembers the values of these columns of every row of the table.
    pub fn watch(&mut self, table: usize, columns: &[usize]) {
        self.watched.entry((table, columns.to_vec())).or_default();
    }

    /// What was remembered of these columns.
    #[must_use]
    pub fn watched(&self, table: usize, columns: &[usize]) -> &[Vec<Value>] {
        self.watched
            .get(&(table, columns.to_vec()))
            .map_or(&[], Vec::as_slice)
    }

    /// A row that is in the database and keeps what the file says nothing about is not known here as a whole; the
    /// database is asked for what is watched too, and has it.
    fn remember(&mut self, of: usize, values: &[Value]) {
        for ((table, columns), rows) in &mut self.watched {
            let mut wanted = columns.iter().map(|&column| &values[column]);
            if *table == of && wanted.all(|value| *value != Value::Default) {
                rows.push(
                    columns
                        .iter()
                        .map(|&column| values[column].clone())
                        .collect(),
                );
            }
        }
    }

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
        let known = knowledge.known.get(&row.identity);
        let current = knowledge.current.get(&row.identity);
        let settled = decide(&Situation {
            table,
            hasher: &self.hashers[index],
            policy: self.policy,
            wanted: &row.values,
            digest: row.digest,
            known,
            current: current.map(|(_, values)| values.as_slice()),
        });
        if let Decision::Insert | Decision::Update(_) = settled.decision
            && let Some(dangling) = self.foreign_keys.deleted_parent(index, &row.values)
        {
            return Err(self.refuse(&row, dangling, knowledge));
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
                Change::Insert { row, record_id }
            }
        };
        let generated = match &change {
            Change::Insert { row, record_id }
            | Change::Update { row, record_id, .. }
            | Change::Record { row, record_id, .. } => {
                self.remember(index, &row.values);
                self.generated_key(row, record_id)
            }
            Change::Delete { .. } | Change::MarkGone { .. } | Change::Forget { .. } => None,
        };
        Ok((generated, Some(change)))
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

    /// Whether rows of other tables, or of its own, refer to rows of this one.
    #[must_use]
    pub fn has_children(&self, table: usize) -> bool {
        self.foreign_keys.has_children(table)
    }

    /// The table and place of the first record, if any, that refers to this row, which is in the database and not among
    /// the run's rows.
    #[must_use]
    pub fn asked_for(&self, table: usize, values: &[Value]) -> Option<&(usize, Origin)> {
        self.foreign_keys.asked_for(table, values)
    }

    /// Whether the run changes this row of a table with foreign keys.
    #[must_use]
    pub fn updates(&self, table: usize, record_id: &str) -> bool {
        self.updated[table].contains(record_id)
    }

    /// Whether new records of this table may meet rows that are in the database already.
    #[must_use]
    pub fn occupied(&self, table: usize) -> bool {
        self.tables[table].rows > 0
    }

    /// Whether this record was among the run's rows.
    #[must_use]
    pub fn saw(&self, table: usize, identity: &Fingerprint) -> bool {
        let seen = self.seen[table].contains(identity);
        seen.unwrap_or_else(|error| {
            let _ = self.failure.set(error);
            true
        })
    }

    /// Rows that refer to a row of their own table that never came.
    pub fn finish(&mut self) -> Vec<Problem> {
        let missing = self.foreign_keys.never_came().into_iter();
        missing
            .map(|(dangling, origin)| dangling.problem(self.layout, origin))
            .collect()
    }

    /// Rows per table, by what becomes of them; for the driver to add what it decides about gone records.
    pub fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    /// Per table, the digest of all rows that are inserted or updated.
    #[must_use]
    pub fn written(&self) -> &[TableDigest] {
        &self.written
    }

    /// The hasher of a table's rows.
    #[must_use]
    pub fn hasher(&self, table: usize) -> &RowHasher {
        &self.hashers[table]
    }
}
