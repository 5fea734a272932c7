//! The planner's other question: not what to do so that the database holds what the files say, but whether it does.
//!
//! Rows go through the same rounds as in a plan; what differs is listed, and nothing is changed. Pure.

use std::collections::HashSet;

use crate::model::{Fingerprint, Hasher, Row, TableDigest, Value};
use crate::plan::change::{Problem, same};

use super::wanted::{SlotState, keep_defaults};
use super::{Knowledge, Planner, Round, Wanted};

/// What comparing gave so far.
#[derive(Debug)]
pub struct Comparison {
    /// One per table of the layout.
    pub tables: Vec<TableComparison>,
    /// The first rows that are missing or different, in the order of the files.
    pub discrepancies: Vec<Discrepancy>,
    keep: usize,
}

/// How the rows of one table compare.
#[derive(Debug, Clone, Default)]
pub struct TableComparison {
    /// Rows whose mapped columns all hold what the files say.
    pub equal: u64,
    /// Rows that the files want and the database does not have.
    pub missing: u64,
    /// Rows of which some columns hold something else.
    pub different: u64,
    /// For each column of the table, in how many rows it holds something else.
    pub columns: Vec<u64>,
    /// Digest of the rows the files want.
    pub wanted: TableDigest,
    /// Digest of the rows found for them. A column whose default is as good as any value counts as the default.
    pub found: TableDigest,
    /// Digest of the record ids of the rows found (see [`record_fingerprint`]).
    pub record_ids: TableDigest,
    /// Record ids of rows found, to which the ledger's entry of their record does not lead.
    pub strays: HashSet<Fingerprint>,
}

/// A row that is not as the files want it.
#[derive(Debug, Clone, PartialEq)]
pub struct Discrepancy {
    /// The row the files want.
    pub row: Row,
    /// Primary key as text, if the row exists or the ledger knows where it was.
    pub record_id: Option<String>,
    /// What is wrong.
    pub kind: DiscrepancyKind,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq)]
pub enum DiscrepancyKind {
    /// The database does not have it.
    Missing,
    /// These columns hold these values instead.
    Different(Vec<(usize, Value)>),
}

impl Comparison {
    /// Nothing was compared yet; of what differs, the first `keep` rows will be listed.
    #[must_use]
    pub fn new(planner: &Planner<'_>, keep: usize) -> Self {
        let tables = planner.layout.tables.iter().map(|table| TableComparison {
            columns: vec![0; table.table.columns.len()],
            ..TableComparison::default()
        });
        Self {
            tables: tables.collect(),
            discrepancies: Vec::new(),
            keep,
        }
    }

    fn note(&mut self, row: Row, record_id: Option<String>, kind: DiscrepancyKind) {
        if self.discrepancies.len() < self.keep {
            self.discrepancies.push(Discrepancy {
                row,
                record_id,
                kind,
            });
        }
    }
}

/// The fingerprint of a record id, as it is summed in [`TableComparison::record_ids`].
#[must_use]
pub fn record_fingerprint(record_id: &str) -> Fingerprint {
    let mut hasher = Hasher::new();
    hasher.bytes(record_id.as_bytes());
    hasher.fingerprint()
}

impl Planner<'_> {
    /// Compares the rows of a round with those in the database; takes the place of [`Self::decide`].
    ///
    /// `knowledge.current` must hold the rows of all records, also of those that did not change since their import.
    pub fn compare(
        &mut self,
        wanted: &mut Wanted,
        round: &Round,
        knowledge: &Knowledge,
        comparison: &mut Comparison,
        problems: &mut Vec<Problem>,
    ) {
        self.foreign_keys.looked_up(&knowledge.parents);
        for &at in &round.rows {
            let slot = &mut wanted.rows[at];
            let Some(row) = slot.row.take() else { continue };
            match self.foreign_keys.missing_parent(row.table, &row.values) {
                Some(dangling) => {
                    slot.state = SlotState::Rejected;
                    problems.push(dangling.problem(self.layout, row.origin));
                }
                None => {
                    slot.generated = self.compare_row(row, knowledge, comparison);
                    slot.state = SlotState::Planned;
                }
            }
        }
    }

    /// Compares one row and gives its generated key, if children may ask for it.
    fn compare_row(
        &mut self,
        row: Row,
        knowledge: &Knowledge,
        comparison: &mut Comparison,
    ) -> Option<i64> {
        let index = row.table;
        let table = &self.layout.tables[index];
        let known = knowledge.known.get(&row.identity);
        let current = knowledge.current.get(&row.identity);
        let record_id = current
            .map(|(record_id, _)| record_id)
            .or(known.map(|known| &known.record_id));
        let generated =
            self.remember_compared(&row, record_id, current.map(|(_, values)| &values[..]));
        let counts = &mut comparison.tables[index];
        counts.wanted.add(row.digest);
        let Some((record_id, values)) = current else {
            counts.missing += 1;
            comparison.note(row, record_id.cloned(), DiscrepancyKind::Missing);
            return generated;
        };
        let fingerprint = record_fingerprint(record_id);
        counts.record_ids.add(fingerprint);
        if known.is_none_or(|known| known.record_id != *record_id) {
            counts.strays.insert(fingerprint);
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
        counts.found.add(table.digest(&self.hashers[index], &found));
        let kind = DiscrepancyKind::Different(differing);
        comparison.note(row, Some(record_id.clone()), kind);
        generated
    }

    /// Remembers of a row what children and later waves will ask for. A row that never was in the database gets the
    /// key that an import would give it, which no row has: its children will be found missing too.
    fn remember_compared(
        &mut self,
        row: &Row,
        record_id: Option<&String>,
        current: Option<&[Value]>,
    ) -> Option<i64> {
        let watched = self.watched.keys().any(|(table, _)| *table == row.table);
        if !watched && !self.keys_wanted[row.table] {
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
                known.unwrap_or_else(|| self.tables[row.table].take_key())
            };
            values[column] = Value::Integer(key);
            if self.keys_wanted[row.table] {
                self.generated.insert(row.identity, key);
                generated = Some(key);
            }
        }
        self.remember(row.table, &values);
        generated
    }
}
