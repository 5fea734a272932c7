//! A batch of rows that are planned in rounds, and the data looked up for them.

use std::collections::{HashMap, HashSet};

use crate::layout::Layout;
use crate::model::{Deferred, Fingerprint, Hasher, MappedRow, RecordId, RowHasher, Value};
use crate::plan::change::KnownRow;
use crate::plan::foreign_keys::ParentKey;

/// A batch of rows that are planned in rounds.
#[derive(Debug)]
pub struct RowBatch {
    pub(super) rows: Vec<Slot>,
    /// Indexes of rows that were not in a round yet.
    pub(super) waiting: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) row: Option<MappedRow>,
    pub(super) parent: Option<usize>,
    pub(super) generated: Option<i64>,
    pub(super) state: SlotState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlotState {
    /// In no round yet.
    Waiting,
    /// In the current round.
    Undecided,
    /// In the current round, and equal to an earlier record.
    Repetition,
    Planned,
    /// Rejected with the rows nested in it.
    Rejected,
    /// Its record and its row both changed, so nothing is written.
    Conflict,
}

/// The rows of a batch that can be decided now.
#[derive(Debug, Default)]
pub struct Round {
    /// Their indexes in the batch.
    pub(super) rows: Vec<usize>,
    /// Parents to look up in the database.
    pub parents: Vec<ParentKey>,
}

/// The ledger entries and database rows of the rows of a round, by identity.
#[derive(Debug, Default)]
pub struct Lookup {
    /// Ledger entries.
    pub known: HashMap<Fingerprint, KnownRow>,
    /// Rows in the database: those of records whose digest differs, and those that new records found by a unique key.
    pub current: HashMap<Fingerprint, (RecordId, Vec<Value>)>,
    /// The parents of [`Round::parents`] that exist.
    pub parents: Vec<ParentKey>,
    /// Records whose rows have not changed since the last import according to the audit log. Used where the ledger's
    /// digest does not show because the mapped columns changed.
    pub untouched: HashSet<Fingerprint>,
    /// Rows of other records that hold unique values of these records.
    pub conflicting: HashMap<Fingerprint, Vec<ConflictingRow>>,
    /// New records whose ledger entry in `known` is that of the removed record they replace.
    pub successors: HashSet<Fingerprint>,
    /// Records that would change a value of their row to which rows refer by a foreign key that the layout does not have.
    pub referred: HashSet<Fingerprint>,
    /// Those of them of which the foreign key would change rows without an entry in the audit log.
    pub silently_referred: HashSet<Fingerprint>,
    /// Records that an unchanged file has with different values, with its path.
    pub contradicted: HashMap<Fingerprint, String>,
}

/// A row in the database that holds a unique value of another record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictingRow {
    /// Primary key as text.
    pub record_id: RecordId,
    /// The columns of the key or UNIQUE constraint.
    pub columns: Vec<usize>,
    /// The file of the record that the row belongs to, if any.
    pub path: Option<String>,
}

impl RowBatch {
    /// Creates a batch of mapped rows, parents before children.
    #[must_use]
    pub fn new(rows: Vec<MappedRow>) -> Self {
        let waiting = (0..rows.len()).collect();
        let slot = |row: MappedRow| Slot {
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
    pub fn round<'w>(&'w self, round: &'w Round) -> impl Iterator<Item = &'w MappedRow> {
        let slots = round.rows.iter().map(|&at| &self.rows[at]);
        slots
            .filter(|slot| slot.state == SlotState::Undecided)
            .filter_map(|slot| slot.row.as_ref())
    }
}

/// Fills in the keys of enclosing rows and the values that depend on them.
pub(super) fn complete(
    layout: &Layout,
    hasher: &RowHasher,
    row: &mut MappedRow,
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
    row.digest = table.digest(hasher, &row.values);
    row.deferred = Deferred::Nothing;
}

/// Replaces defaults with the current values of the row.
pub(super) fn keep_defaults(values: &mut [Value], current: &[Value]) {
    for (value, current) in values.iter_mut().zip(current) {
        if *value == Value::Default {
            *value = current.clone();
        }
    }
}
