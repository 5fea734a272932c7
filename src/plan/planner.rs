//! The planner: takes batches of rows from the files and returns changes.
//!
//! A batch is planned in rounds, because a row that contains the generated key of its parent can be looked up only
//! after its parent. Without such keys there is one round.

mod changes;
mod compare;
mod deciding;
mod defaults;
mod keys;
mod late_rejects;
mod moving;
mod rejecting;
mod rounds;
mod row_batch;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::sync::OnceLock;

use crate::layout::Layout;
use crate::model::{
    FileId, Fingerprint, Origin, PerTable, RecordId, RowHasher, TableDigest, TableIndex, Timestamp,
    Value,
};

use super::Scratch;
use super::change::{ConflictPolicy, RowProblem, TableCounts};
use super::dangling::Dangling;
use super::foreign_keys::ForeignKeys;
use super::limits::TableLimits;
use super::seen::SeenIdentities;

use keys::{UniqueKey, keys_wanted, unique_keys};
use moving::Waiting;

pub use compare::{Comparison, Discrepancy, DiscrepancyKind, TableComparison, record_fingerprint};
pub use late_rejects::LateRejects;
pub use row_batch::{ConflictingRow, Lookup, Round, RowBatch};

/// The state of a table before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableState {
    /// Number of rows.
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
    policy: ConflictPolicy,
    now: Timestamp,
    tables: PerTable<TablePlan>,
    foreign_keys: ForeignKeys,
    /// Generated keys by identity, for tables whose children need them.
    generated: HashMap<Fingerprint, i64>,
    /// Number of records that earlier runs found removed, and that are back.
    returned: u64,
    /// Changes that wait until other rows release unique values.
    waiting: Vec<Waiting>,
    /// Values of columns that parameters and references take from rows of this run.
    watched: HashMap<(TableIndex, Vec<usize>), Vec<Vec<Value>>>,
    /// Likewise, from rejected records, with their places. Values that are not known are left to the default.
    invalid: HashMap<(TableIndex, Vec<usize>), Vec<rejecting::InvalidKey>>,
    /// Records that an earlier plan of this run had to reject after it had planned them.
    late_rejects: LateRejects,
    /// Files whose bytes are as they were in the last run.
    reread: BTreeSet<FileId>,
    scratch: Option<Box<dyn Scratch>>,
    /// The first error of the scratch files.
    failure: OnceLock<io::Error>,
}

/// The state of planning one table.
struct TablePlan {
    hasher: RowHasher,
    /// The table before the run; its next key advances.
    state: TableState,
    /// The limits of the database.
    limits: TableLimits,
    /// The records of this run.
    seen: SeenIdentities,
    /// Those of them that are rejected, so that an equal record is not merged into them, and whether each was checked
    /// for unique values before, which it holds then.
    rejected: HashMap<Fingerprint, bool>,
    unique: Vec<UniqueKey>,
    /// Whether nested records need the generated keys of this table.
    keys_wanted: bool,
    counts: TableCounts,
    /// Digest of all rows that are inserted or updated.
    written: TableDigest,
    /// Record ids of updated rows; only if the table has foreign keys.
    updated: HashSet<RecordId>,
    /// Record ids of rows that release a unique value.
    released: HashSet<RecordId>,
    /// Record ids of existing rows that new records adopted; only if the table has more than one key.
    adopted: HashSet<RecordId>,
}

impl<'l> Planner<'l> {
    /// A planner for a database whose tables are in the state `tables`.
    #[must_use]
    pub fn new(
        layout: &'l Layout,
        tables: PerTable<TableState>,
        policy: ConflictPolicy,
        now: Timestamp,
    ) -> Self {
        let keys_wanted = keys_wanted(layout);
        let tables = tables.enumerated().map(|(table, &state)| TablePlan {
            hasher: layout.tables[table].row_hasher(),
            state,
            limits: TableLimits::default(),
            seen: SeenIdentities::default(),
            rejected: HashMap::new(),
            unique: unique_keys(layout, table),
            keys_wanted: keys_wanted[table],
            counts: TableCounts::default(),
            written: TableDigest::default(),
            updated: HashSet::new(),
            released: HashSet::new(),
            adopted: HashSet::new(),
        });
        Self {
            layout,
            policy,
            now,
            tables: tables.collect(),
            foreign_keys: ForeignKeys::new(layout),
            generated: HashMap::new(),
            returned: 0,
            waiting: Vec::new(),
            watched: HashMap::new(),
            invalid: HashMap::new(),
            late_rejects: LateRejects::default(),
            reread: BTreeSet::new(),
            scratch: None,
            failure: OnceLock::new(),
        }
    }

    /// Reports rows that exceed these limits, one per table, as problems.
    pub fn limit(&mut self, limits: impl IntoIterator<Item = TableLimits>) {
        for (table, limits) in self.tables.iter_mut().zip(limits) {
            table.limits = limits;
        }
    }

    /// Lets the planner write to scratch files what does not fit in memory. Otherwise it keeps everything in memory.
    #[must_use]
    pub fn with_scratch(self, scratch: Box<dyn Scratch>) -> Self {
        Self {
            scratch: Some(scratch),
            ..self
        }
    }

    /// The first error of the scratch files. If there is one, the plan is not valid.
    #[must_use]
    pub fn failure(&self) -> Option<&io::Error> {
        self.failure.get()
    }

    /// Names the files whose bytes are as they were in the last run, for the messages of conflicts.
    pub fn reread(&mut self, files: BTreeSet<FileId>) {
        self.reread = files;
    }

    /// Records the values of these columns of every row of the table from now on.
    pub fn watch(&mut self, table: TableIndex, columns: &[usize]) {
        self.watched.entry((table, columns.to_vec())).or_default();
        self.invalid.entry((table, columns.to_vec())).or_default();
    }

    /// The recorded values of these columns.
    #[must_use]
    pub fn watched(&self, table: TableIndex, columns: &[usize]) -> &[Vec<Value>] {
        self.watched
            .get(&(table, columns.to_vec()))
            .map_or(&[], Vec::as_slice)
    }

    /// A row that takes some values from the database is not known completely here. It needs no entry: references are
    /// also looked up in the database, which has it.
    fn remember(&mut self, of: TableIndex, values: &[Value]) {
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

    /// Whether rows of any table refer to rows of this one.
    #[must_use]
    pub fn has_children(&self, table: TableIndex) -> bool {
        self.foreign_keys.has_children(table)
    }

    /// The table and location of the first record that refers to this row, if the row is in the database but not among
    /// the run's rows.
    #[must_use]
    pub fn asked_for(&self, table: TableIndex, values: &[Value]) -> Option<&(TableIndex, Origin)> {
        self.foreign_keys.asked_for(table, values)
    }

    /// Whether the run updates this row of a table with foreign keys.
    #[must_use]
    pub fn updates(&self, table: TableIndex, record_id: &str) -> bool {
        self.tables[table].updated.contains(record_id)
    }

    /// Whether new records of this table may match rows that are in the database already.
    #[must_use]
    pub fn occupied(&self, table: TableIndex) -> bool {
        self.tables[table].state.rows > 0
    }

    /// Whether rows of this table have unique values besides their identity.
    #[must_use]
    pub fn has_unique_keys(&self, table: TableIndex) -> bool {
        !self.tables[table].unique.is_empty()
    }

    /// Whether this record was among the run's rows.
    #[must_use]
    pub fn saw(&self, table: TableIndex, identity: &Fingerprint) -> bool {
        let seen = self.tables[table].seen.contains(identity);
        seen.unwrap_or_else(|error| {
            let _ = self.failure.set(error);
            true
        })
    }

    /// Reports rows that refer to a missing row of their own table.
    pub fn finish(&mut self) -> Vec<RowProblem> {
        let missing = self.foreign_keys.never_came(|_| false).into_iter();
        let first = |(dangling, children): (Dangling, Vec<Origin>)| {
            let child = children.into_iter().next()?;
            Some(dangling.problem(self.layout, child))
        };
        missing.filter_map(first).collect()
    }

    /// The number of records that earlier runs found removed, and that are in the files again.
    #[must_use]
    pub fn returned(&self) -> u64 {
        self.returned
    }

    /// The counts per table.
    pub fn counts(&self) -> impl Iterator<Item = &TableCounts> {
        self.tables.iter().map(|table| &table.counts)
    }

    /// The counts of a table, to which the caller adds those of removed records.
    pub fn counts_of(&mut self, table: TableIndex) -> &mut TableCounts {
        &mut self.tables[table].counts
    }

    /// The counts per table, and the digest of all rows that are inserted or updated.
    #[must_use]
    pub fn planned(&self) -> PerTable<(TableCounts, TableDigest)> {
        let tables = self.tables.iter();
        tables.map(|table| (table.counts, table.written)).collect()
    }

    /// The hasher of a table's rows.
    #[must_use]
    pub fn hasher(&self, table: TableIndex) -> &RowHasher {
        &self.tables[table].hasher
    }
}
