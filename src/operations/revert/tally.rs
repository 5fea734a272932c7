//! Counts what a revert does with each table, and collects its conflicts.

use std::collections::{BTreeMap, HashSet};

use crate::audit::revert::{Reversal, Undo};
use crate::audit::seal::TableActions;
use crate::database::Mismatch;
use crate::model::{RecordId, plural};

use super::outcome::{RevertConflictAt, RevertedTable};

#[derive(Default)]
pub(super) struct Tally {
    pub(super) counts: BTreeMap<String, RevertedTable>,
    /// The first ones.
    pub(super) conflicts: Vec<RevertConflictAt>,
    pub(super) conflicts_not_kept: u64,
    /// Rows that are kept as they are, by table and record id, as the ledger may spell it.
    pub(super) kept: HashSet<(String, RecordId)>,
    /// Rows that are changed, likewise; collected for a second revert of a run only.
    pub(super) changed: HashSet<(String, RecordId)>,
}

impl Tally {
    /// Counts the decision on an entry.
    pub(super) fn count(&mut self, table: &str, reversal: &Reversal) {
        let counts = self.counts.entry(table.to_owned()).or_default();
        let count = match reversal {
            Reversal::Undo(Undo::Insert(_)) | Reversal::Forced(Undo::Insert(_)) => {
                &mut counts.inserted
            }
            Reversal::Undo(Undo::Update(_)) | Reversal::Forced(Undo::Update(_)) => {
                &mut counts.updated
            }
            Reversal::Undo(Undo::Delete) | Reversal::Forced(Undo::Delete) => &mut counts.deleted,
            Reversal::AlreadyUndone | Reversal::AlreadyRestored => &mut counts.unchanged,
            Reversal::Conflict(_) => &mut counts.skipped,
        };
        *count += 1;
    }

    /// Lists a conflict, unless there are `limit` of them.
    pub(super) fn conflict(&mut self, conflict: RevertConflictAt, limit: usize) {
        if self.conflicts.len() < limit {
            self.conflicts.push(conflict);
        } else {
            self.conflicts_not_kept += 1;
        }
    }

    pub(super) fn conflicts(&self) -> u64 {
        self.conflicts.len() as u64 + self.conflicts_not_kept
    }

    pub(super) fn changes(&self) -> u64 {
        self.counts.values().map(RevertedTable::changes).sum()
    }

    /// The tables that change.
    pub(super) fn changed_tables(&self) -> impl Iterator<Item = &str> {
        let changed = self
            .counts
            .iter()
            .filter(|(_, counts)| counts.changes() > 0);
        changed.map(|(table, _)| table.as_str())
    }

    /// The counts that the ledger stores with the run.
    pub(super) fn for_ledger(&self) -> serde_json::Value {
        let table = |(name, counts): (&String, &RevertedTable)| {
            let counts = counts.named().into_iter();
            let counts = counts.map(|(name, count)| (name.to_owned(), count.into()));
            (name.clone(), serde_json::Value::Object(counts.collect()))
        };
        let tables: serde_json::Map<_, _> = self.counts.iter().map(table).collect();
        serde_json::json!({ "tables": tables })
    }

    /// Tables with more or fewer changes than planned, because of a trigger of the application or a cascade.
    pub(super) fn unplanned(&self, happened: &BTreeMap<Box<str>, TableActions>) -> Vec<Mismatch> {
        let count = |table: &str| {
            happened
                .get(table)
                .map_or(0, |actions| actions.values().sum())
        };
        let planned = |table: &str| self.counts.get(table).map_or(0, RevertedTable::changes);
        let mut tables: Vec<&str> = self.counts.keys().map(String::as_str).collect();
        tables.extend(happened.keys().map(AsRef::as_ref));
        tables.sort_unstable();
        tables.dedup();
        tables
            .into_iter()
            .map(|table| (table, planned(table), count(table)))
            .filter(|(_, planned, count)| planned != count)
            .map(|(table, planned, count)| Mismatch {
                table: table.to_owned(),
                message: format!("expected {}, found {count}", plural(planned, "changed row")),
            })
            .collect()
    }
}
