//! Handles records that are no longer in the files.

mod messages;

use std::collections::{BTreeMap, HashSet};

use crate::database::ledger::LedgerRow;
use crate::database::{CurrentRows, FileRecord};
use crate::model::Fingerprint;
use crate::operations::OperationError;
use crate::operations::directory::{SharedDatabase, check_scratch, lock, remove_found_elsewhere};
use crate::plan::{Change, ConflictPolicy, Removal, RemovalPolicy, decide_removal};

use super::Import;
use super::agenda::ImportAgenda;
use super::plan::{PlanState, PlanStep, Sink};
use super::referrers::{Referrers, RowToDelete};

use messages::{conflict, shared, still_referred, still_there};

/// Removed records of one table, with the decision for each.
type Decided<'r> = Vec<(&'r LedgerRow, Removal)>;

impl<'l> Import<'l> {
    /// Plans the changes of records that were imported before and were removed from the files.
    pub(super) fn plan_removed(
        &self,
        database: &SharedDatabase<'_>,
        agenda: &ImportAgenda,
        state: &mut PlanState<'l>,
        sink: &mut dyn Sink,
    ) -> Result<(), OperationError> {
        for file in &agenda.files.vanished {
            sink.take(PlanStep::BeginFile(FileRecord {
                path: file.path.clone(),
                sha256: None,
                bytes: 0,
                modified: None,
            }))?;
            let (records, rejected) = (0, 0);
            sink.take(PlanStep::EndFile { records, rejected })?;
        }
        // A directory that was never imported has no removed records.
        if !state.ownership.knows_rows {
            return Ok(());
        }
        let removed = self.removed(database, agenda, state)?;
        let mut referrers = Referrers::new(self.directory.layout, self.options.conflict);
        // Children before parents.
        for (index, table) in self.directory.layout.tables.iter().enumerate().rev() {
            let rows: Vec<&LedgerRow> = removed
                .iter()
                .filter(|row| row.table == table.table.name)
                .collect();
            let current = match self.options.removed {
                RemovalPolicy::Keep => CurrentRows::new(),
                RemovalPolicy::Prune => {
                    let asked: Vec<_> = rows.iter().map(|row| (row.identity, &row.known)).collect();
                    lock(database).rows_by_record_id(table, &asked)?
                }
            };
            let mut decided = self.decide_table(state, index, &rows, &current);
            self.keep_others(database, state, (index, &mut decided))?;
            self.keep_referred(
                database,
                state,
                (index, &mut decided, &current),
                &mut referrers,
            )?;
            self.carry_out(state, sink, (index, decided))?;
        }
        check_scratch(&state.planner)
    }

    /// The ledger entries of the removed records.
    fn removed(
        &self,
        database: &SharedDatabase<'_>,
        agenda: &ImportAgenda,
        state: &PlanState<'l>,
    ) -> Result<Vec<LedgerRow>, OperationError> {
        let directory = &self.directory;
        let read = state.read.files.iter().map(|file| &file.path);
        let vanished = agenda.files.vanished.iter().map(|file| &file.path);
        let paths: Vec<&String> = read.chain(vanished).collect();
        // A record whose row now belongs to another record is not affected.
        let saw = |table: usize, identity: &Fingerprint| {
            state.planner.saw(table, identity) || state.ownership.succeeded(table, identity)
        };
        let seen = |table: &str, identity: &Fingerprint| {
            let table = directory.table_named(table);
            table.is_some_and(|table| saw(table, identity))
        };
        let mut removed = Vec::new();
        for path in &paths {
            if !state.read.incomplete.contains(*path) {
                removed.extend(lock(database).unseen_rows_of_file(
                    &directory.source,
                    path,
                    &seen,
                )?);
            }
        }
        if agenda.prune_earlier {
            let mut earlier = lock(database).rows_removed(&directory.source)?;
            earlier.retain(|row| {
                !paths.contains(&&row.known.path) && !seen(&row.table, &row.identity)
            });
            removed.extend(earlier);
        }
        let unread = (database, agenda.files.unchanged.as_slice());
        remove_found_elsewhere(directory, unread, &mut removed, &saw)?;
        Ok(removed)
    }

    /// Decides on the rows of one table, regardless of references to them.
    fn decide_table<'r>(
        &self,
        state: &PlanState<'l>,
        index: usize,
        rows: &[&'r LedgerRow],
        current: &CurrentRows,
    ) -> Decided<'r> {
        let table = &self.directory.layout.tables[index];
        let hasher = state.planner.hasher(index);
        let decide = |row: &&'r LedgerRow| {
            let values = current
                .get(&row.identity)
                .map(|(_, values)| values.as_slice());
            let policy = (self.options.removed, self.options.conflict);
            (
                *row,
                decide_removal((index, table, hasher), &row.known, values, policy),
            )
        };
        rows.iter().map(decide).collect()
    }

    /// Keeps rows that belong to records of other directories too.
    fn keep_others(
        &self,
        database: &SharedDatabase<'_>,
        state: &mut PlanState<'l>,
        (index, decided): (usize, &mut Decided<'_>),
    ) -> Result<(), OperationError> {
        let deleted = decided
            .iter_mut()
            .filter(|(_, removed)| matches!(removed, Removal::Deleted(_)));
        let mut deleted: Vec<_> = deleted.collect();
        let record_ids = deleted.iter().map(|(row, _)| row.known.record_id.as_str());
        let record_ids: HashSet<&str> = record_ids.collect();
        if record_ids.is_empty() {
            return Ok(());
        }
        let table = &self.directory.layout.tables[index].table.name;
        let source = &self.directory.source;
        let others = lock(database).rows_of_others(source, table, &record_ids)?;
        for (row, removed) in &mut deleted {
            let known = &row.known;
            if let Some(other) = others.get(&known.record_id) {
                *removed = Removal::Forgotten(Change::Forget { known: known.key });
                let finding = shared(table, row, other);
                state.read.findings.push(finding);
            }
        }
        Ok(())
    }

    /// Keeps rows that other rows still refer to.
    fn keep_referred(
        &self,
        database: &SharedDatabase<'_>,
        state: &mut PlanState<'l>,
        (index, decided, current): (usize, &mut Decided<'_>, &CurrentRows),
        referrers: &mut Referrers<'_>,
    ) -> Result<(), OperationError> {
        let policy = self.options.conflict;
        let deleted = decided
            .iter_mut()
            .filter(|(_, removed)| matches!(removed, Removal::Deleted(_)));
        let mut deleted: Vec<_> = deleted.collect();
        let going: Vec<RowToDelete<'_>> = deleted
            .iter()
            .filter_map(|(row, _)| {
                let (_, values) = current.get(&row.identity)?;
                Some((row.known.record_id.as_str(), values.as_slice()))
            })
            .collect();
        let found = referrers.of(database, &state.planner, (index, &going))?;
        for (place, referrer) in found {
            let (row, removed) = &mut deleted[place];
            if !referrer.allows_deletion_under(policy) {
                *removed = match policy {
                    ConflictPolicy::KeepDatabase => Removal::Kept(row.known.mark_removed()),
                    ConflictPolicy::Report | ConflictPolicy::TakeFile => Removal::Referred,
                };
            }
            let finding = still_referred(&self.directory, (index, row, removed), &referrer);
            state.read.findings.push(finding);
        }
        Ok(())
    }

    /// Sends the changes to the sink.
    fn carry_out(
        &self,
        state: &mut PlanState<'l>,
        sink: &mut dyn Sink,
        (index, decided): (usize, Decided<'_>),
    ) -> Result<(), OperationError> {
        let table = &self.directory.layout.tables[index];
        let mut changes: Vec<Change> = Vec::new();
        let mut kept: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
        let findings = &mut state.read.findings;
        let counts = state.planner.counts_of(index);
        for (row, removed) in decided {
            match removed {
                Removal::Kept(change) => {
                    counts.removed += 1;
                    let known = &row.known;
                    kept.entry(&known.path).or_insert((0, &known.record_id)).0 += 1;
                    changes.extend(change);
                }
                Removal::Deleted(change) => {
                    counts.deleted += 1;
                    changes.push(change);
                }
                Removal::Forgotten(change) => changes.push(change),
                Removal::Conflict => {
                    state.conflicts += 1;
                    findings.push(conflict(&table.table.name, row));
                }
                Removal::Referred => state.conflicts += 1,
            }
        }
        for (path, (count, record_id)) in kept {
            let finding = still_there(&table.table.name, path, count, record_id);
            findings.push(finding);
        }
        if state.prevents_writing() {
            return Ok(());
        }
        sink.take(PlanStep::Change(changes, None))
    }
}
