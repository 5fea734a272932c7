//! A batch of rows on its way through the rounds, and what is known of them.

use std::collections::{HashMap, HashSet};

use crate::layout::Layout;
use crate::model::{Deferred, Fingerprint, Hasher, Row, RowHasher, Value};
use crate::plan::change::KnownRow;
use crate::plan::foreign_keys::ParentKey;

/// A batch of rows on its way through the rounds.
#[derive(Debug)]
pub struct Wanted {
    pub(super) rows: Vec<Slot>,
    /// Rows not yet in a round.
    pub(super) waiting: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) row: Option<Row>,
    pub(super) parent: Option<usize>,
    pub(super) generated: Option<i64>,
    pub(super) state: SlotState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlotState {
    Waiting,
    Planned,
    Rejected,
}

/// The rows of a batch that can be decided now.
#[derive(Debug, Default)]
pub struct Round {
    /// Their places in the batch.
    pub(super) rows: Vec<usize>,
    /// Parents to be looked up in the database.
    pub parents: Vec<ParentKey>,
}

/// What the ledger and the database know of the rows of a round, by identity.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// Ledger entries.
    pub known: HashMap<Fingerprint, KnownRow>,
    /// Rows now in the database, of records whose digest differs, or of new records found by a unique key.
    pub current: HashMap<Fingerprint, (String, Vec<Value>)>,
    /// Which of [`Round::parents`] exist.
    pub parents: Vec<ParentKey>,
    /// Records whose rows nobody changed since the last import, by the trail: where the ledger's digest cannot tell,
    /// because other columns are mapped now.
    pub untouched: HashSet<Fingerprint>,
    /// Rows of others that have what these records want, and what may stand once.
    pub holders: HashMap<Fingerprint, Vec<Holder>>,
    /// New records that found a row by a key, which another record of the directory became.
    pub contested: Vec<Contested>,
    /// Of the known ones, new records that take the place of one that is gone.
    pub successors: HashSet<Fingerprint>,
    /// Records that a file which did not change has with other values: its path.
    pub contradicted: HashMap<Fingerprint, String>,
}

/// A row now in the database that has what another record wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Primary key as text.
    pub record_id: String,
    /// The columns of the key or UNIQUE constraint.
    pub columns: Vec<usize>,
    /// The file of the record that the row is of, if it is of one.
    pub path: Option<String>,
}

/// A row that a new record found by a key, and that another record became.
#[derive(Debug, Clone)]
pub struct Contested {
    /// Table index.
    pub table: usize,
    /// The new record.
    pub identity: Fingerprint,
    /// The record that became the row.
    pub owner: Fingerprint,
    /// The ledger's entry of that record.
    pub known: KnownRow,
    /// The row.
    pub values: Vec<Value>,
    /// The columns of the key or UNIQUE constraint.
    pub columns: Vec<usize>,
}

impl Knowledge {
    /// The new record takes the place of the row's own, which is in no file any more.
    pub fn succeed(&mut self, contested: Contested) {
        let Contested {
            identity,
            known,
            values,
            ..
        } = contested;
        self.current
            .insert(identity, (known.record_id.clone(), values));
        self.successors.insert(identity);
        // As of a record that is back: the ledger is told of it even if nothing changes.
        let known = KnownRow {
            gone: true,
            ..known
        };
        self.known.insert(identity, known);
    }

    /// The row's own record is in the files: the row is not the new one's.
    pub fn yield_to_owner(&mut self, contested: Contested) {
        let holder = Holder {
            record_id: contested.known.record_id,
            columns: contested.columns,
            path: Some(contested.known.path),
        };
        self.holders
            .entry(contested.identity)
            .or_default()
            .push(holder);
    }
}

impl Wanted {
    /// A batch of mapped rows, parents before children.
    #[must_use]
    pub fn new(rows: Vec<Row>) -> Self {
        let waiting = (0..rows.len()).collect();
        let slot = |row: Row| Slot {
            parent: row.parent,
            row: Some(row),
            generated: None,
            state: SlotState::Waiting,
        };
        Self {
            rows: rows.into_iter().map(slot).collect(),
            waiting,
        }
    }

    /// The rows of a round.
    pub fn round<'w>(&'w self, round: &'w Round) -> impl Iterator<Item = &'w Row> {
        round
            .rows
            .iter()
            .filter_map(|&at| self.rows[at].row.as_ref())
    }
}

/// Fills in the keys of enclosing rows, then what depends on them.
pub(super) fn complete(
    layout: &Layout,
    hashers: &[RowHasher],
    row: &mut Row,
    before: &[Slot],
    parent: Option<usize>,
) {
    for value in &mut row.values {
        if let Value::ParentKey(levels) = value {
            let ancestor = (1..*levels).fold(parent, |at, _| at.and_then(|at| before[at].parent));
            let key = ancestor.and_then(|at| before[at].generated);
            *value = Value::Integer(key.expect("a planned parent has its generated key"));
        }
    }
    let table = &layout.tables[row.table];
    if let Deferred::Identity(columns) = &row.deferred {
        let mut hasher = Hasher::new();
        hasher.bytes(table.table.name.as_bytes());
        columns
            .iter()
            .for_each(|&column| row.values[column].hash_into(&mut hasher));
        row.identity = hasher.fingerprint();
    }
    row.digest = table.digest(&hashers[row.table], &row.values);
    row.deferred = Deferred::Nothing;
}

/// What the file leaves to the default stays what the row has.
pub(super) fn keep_defaults(values: &mut [Value], current: &[Value]) {
    for (value, current) in values.iter_mut().zip(current) {
        if *value == Value::Default {
            *value = current.clone();
        }
    }
}
