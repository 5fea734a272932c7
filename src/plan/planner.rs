//! The planner: takes batches of wanted rows, answers with changes.
//!
//! A batch goes through rounds, because a row that holds the generated key of its parent can be looked up only after
//! the parent was. Without such keys there is one round.

mod compare;
mod deciding;
mod keys;
mod moving;
mod rounds;
mod wanted;

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::OnceLock;

use crate::layout::Layout;
use crate::model::{Fingerprint, Origin, RowHasher, TableDigest, Timestamp, Value};

use super::Scratch;
use super::change::{ConflictPolicy, Counts, Problem, TableCounts};
use super::foreign_keys::ForeignKeys;
use super::limits::ColumnLimit;
use super::seen::SeenIdentities;

use keys::{UniqueKey, keys_wanted, unique_keys};
use moving::Waiting;

pub use compare::{Comparison, Discrepancy, DiscrepancyKind, TableComparison, record_fingerprint};
pub use wanted::{Contested, Holder, Knowledge, Round, Wanted};

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
    /// Record ids of the rows that give up a value which may stand once, by table.
    released: Vec<HashSet<String>>,
    /// Changes that wait for values which other rows still have.
    waiting: Vec<Waiting>,
    /// Record ids of the rows that new records took for theirs, by table; only where there is more than one key.
    adopted: Vec<HashSet<String>>,
    /// Records whose rows are others' now.
    succeeded: HashSet<(usize, Fingerprint)>,
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
            released: vec![HashSet::new(); count],
            waiting: Vec::new(),
            adopted: vec![HashSet::new(); count],
            succeeded: HashSet::new(),
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

    /// Whether values of this table's rows may stand once, besides what records are known by.
    #[must_use]
    pub fn has_unique_keys(&self, table: usize) -> bool {
        !self.unique[table].is_empty()
    }

    /// The row of this record, which is in no file any more, becomes another record's.
    pub fn succeed(&mut self, table: usize, owner: Fingerprint) {
        self.succeeded.insert((table, owner));
    }

    /// Whether the row of this record became another record's.
    #[must_use]
    pub fn succeeded(&self, table: usize, owner: &Fingerprint) -> bool {
        self.succeeded.contains(&(table, *owner))
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
