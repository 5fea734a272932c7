//! Compares the rows of the files with the rows in the database, for `verify`.
//!
//! Rows are processed in the same rounds as in a plan; differences are listed, and nothing is changed. Pure.

use std::collections::HashSet;

use crate::layout::Layout;
use crate::model::{Fingerprint, Hasher, MappedRow, PerTable, RecordId, TableDigest, Value};
use crate::plan::change::{RowProblem, same};

use super::row_batch::{SlotState, keep_defaults};
use super::{Lookup, Planner, Round, RowBatch};

/// The result of comparing so far.
#[derive(Debug)]
pub struct Comparison {
    /// One per table of the layout.
    pub tables: PerTable<TableComparison>,
    /// The first missing or different rows, in the order of the files.
    pub discrepancies: Vec<Discrepancy>,
    keep: usize,
}

/// Counts and digests of one table's rows.
#[derive(Debug, Clone, Default)]
pub struct TableComparison {
    /// Rows whose mapped columns all have the values of the files.
    pub equal: u64,
    /// Rows of the files that the database does not have.
    pub missing: u64,
    /// Rows with different values in some columns.
    pub different: u64,
    /// For each column of the table, the number of rows with a different value.
    pub columns: Vec<u64>,
    /// Digest of the rows of the files.
    pub wanted: TableDigest,
    /// Digest of the matching rows in the database. A column for which any value is acceptable counts as its default.
    pub found: TableDigest,
    /// Digest of the record ids of these rows (see [`record_fingerprint`]).
    pub record_ids: TableDigest,
    /// Record ids of matching rows to which the ledger entry of their record does not point.
    pub relocated: HashSet<Fingerprint>,
}

/// A row that differs from the files.
#[derive(Debug, Clone, PartialEq)]
pub struct Discrepancy {
    /// The row according to the files.
    pub row: MappedRow,
    /// Primary key as text, if the row exists or the ledger has its record.
    pub record_id: Option<RecordId>,
    /// The kind of difference.
    pub kind: DiscrepancyKind,
}

/// How a row differs.
#[derive(Debug, Clone, PartialEq)]
pub enum DiscrepancyKind {
    /// The database does not have the row.
    Missing,
    /// These columns have these values instead.
    Different(Vec<(usize, Value)>),
}

impl Comparison {
    /// An empty comparison that will list the first `keep` different rows.
    #[must_use]
    pub fn new(layout: &Layout, keep: usize) -> Self {
        let tables = layout.tables.iter().map(|table| TableComparison {
            columns: vec![0; table.table.columns.len()],
            ..TableComparison::default()
        });
        Self {
            tables: tables.collect(),
            discrepancies: Vec::new(),
            keep,
        }
    }

    fn add(&mut self, row: MappedRow, record_id: Option<RecordId>, kind: DiscrepancyKind) {
        if self.discrepancies.len() < self.keep {
            self.discrepancies.push(Discrepancy {
                row,
                record_id,
                kind,
            });
        }
    }
}

/// The fingerprint of a record id, as added to [`TableComparison::record_ids`].
#[must_use]
pub fn record_fingerprint(record_id: &str) -> Fingerprint {
    let mut hasher = Hasher::new();
    hasher.bytes(record_id.as_bytes());
    hasher.fingerprint()
}

impl Planner<'_> {
    /// Compares the rows of a round with those in the database, instead of [`Self::decide`].
    ///
    /// `lookup.current` must contain the rows of all records, including unchanged ones.
    pub fn compare(
        &mut self,
        batch: &mut RowBatch,
        round: &Round,
        lookup: &Lookup,
        comparison: &mut Comparison,
        problems: &mut Vec<RowProblem>,
    ) {
        self.foreign_keys.looked_up(&lookup.parents);
        for &at in &round.rows {
            let Some(row) = self.take_undecided(batch, at, lookup) else {
                continue;
            };
            let slot = &mut batch.rows[at];
            match self.foreign_keys.missing_parent(row.table, &row.values) {
                Some(dangling) => {
                    slot.state = SlotState::Rejected;
                    self.withdraw_record(&row, lookup);
                    problems.push(dangling.problem(self.layout, row.origin));
                }
                None => {
                    slot.generated = self.compare_row(row, lookup, comparison);
                    slot.state = SlotState::Planned;
                }
            }
        }
    }

    /// Compares one row and returns its generated key, if children may need it.
    fn compare_row(
        &mut self,
        row: MappedRow,
        lookup: &Lookup,
        comparison: &mut Comparison,
    ) -> Option<i64> {
        let index = row.table;
        let table = &self.layout.tables[index];
        let known = lookup.known.get(&row.identity);
        let current = lookup.current.get(&row.identity);
        let record_id = current
            .map(|(record_id, _)| record_id)
            .or(known.map(|known| &known.record_id));
        let generated =
            self.remember_compared(&row, record_id, current.map(|(_, values)| &values[..]));
        let counts = &mut comparison.tables[index];
        counts.wanted.add(row.digest);
        let Some((record_id, values)) = current else {
            counts.missing += 1;
            comparison.add(row, record_id.cloned(), DiscrepancyKind::Missing);
            return generated;
        };
        let fingerprint = record_fingerprint(record_id);
        counts.record_ids.add(fingerprint);
        if known.is_none_or(|known| known.record_id != *record_id) {
            counts.relocated.insert(fingerprint);
        }
        let differing: Vec<_> = table
            .mapped_columns()
            .filter(|&column| !same(&row.values[column], &values[column]))
            .map(|column| (column, values[column].clone()))
            .collect();
        if differing.is_empty() {
            counts.equal += 1;
            // Equal values have equal digests.
            counts.found.add(row.digest);
            return generated;
        }
        counts.different += 1;
        let mut found = row.values.clone();
        for (column, value) in &differing {
            counts.columns[*column] += 1;
            found[*column] = value.clone();
        }
        counts
            .found
            .add(table.digest(&self.tables[index].hasher, &found));
        let kind = DiscrepancyKind::Different(differing);
        comparison.add(row, Some(record_id.clone()), kind);
        generated
    }

    /// Remembers the values that children and later waves need. A row that is missing from the database gets the key
    /// that an import would assign; no row has that key, so its children are reported as missing too.
    fn remember_compared(
        &mut self,
        row: &MappedRow,
        record_id: Option<&RecordId>,
        current: Option<&[Value]>,
    ) -> Option<i64> {
        let watched = self.watched.keys().any(|(table, _)| *table == row.table);
        if !watched && !self.tables[row.table].keys_wanted {
            return None;
        }
        let mut values = row.values.clone();
        if let Some(current) = current {
            keep_defaults(&mut values, current);
        }
        let mut generated = None;
        if let Some(column) = self.layout.tables[row.table].table.generated_key() {
            let key = if let Value::Integer(key) = values[column] {
                key
            } else {
                let known = record_id.and_then(|record_id| record_id.parse().ok());
                known.unwrap_or_else(|| self.tables[row.table].state.take_key())
            };
            values[column] = Value::Integer(key);
            if self.tables[row.table].keys_wanted {
                self.generated.insert(row.identity, key);
                generated = Some(key);
            }
        }
        self.remember(row.table, &values);
        generated
    }
}
