//! Handles records that are no longer in the files.

mod messages;

use std::collections::{BTreeMap, HashSet};

use crate::database::ledger::LedgerRow;
use crate::database::{CurrentRows, FileRecord};
use crate::model::{Fingerprint, TableIndex};
use crate::operations::OperationError;
use crate::operations::directory::{
    SharedTransaction, check_scratch, lock, remove_found_elsewhere,
};
use crate::plan::{Change, ConflictPolicy, Removal, RemovalPolicy, decide_removal};

use super::agenda::ImportAgenda;
use super::plan::{PlanState, PlanStep, Sink};
use super::referrers::{Referrers, RowToDelete};
use super::{Import, ImportOptions};

use messages::{Cause, conflict, shared, still_referred, still_there};

/// The removed records of one table.
struct RemovedRecords<'r> {
    table: TableIndex,
    /// The decision for each.
    decided: Vec<(&'r LedgerRow, Removal)>,
    /// Their rows, if they may be deleted.
    current: CurrentRows,
}

/// Those of the records whose rows are to be deleted.
fn to_delete<'d, 'r>(
    decided: &'d mut [(&'r LedgerRow, Removal)],
) -> Vec<&'d mut (&'r LedgerRow, Removal)> {
    let is_deleted = |(_, removal): &&mut (_, Removal)| matches!(removal, Removal::Deleted(_));
    decided.iter_mut().filter(is_deleted).collect()
}

impl<'l> Import<'l> {
    /// Plans the changes of records that were imported before and were removed from the files.
    pub(super) fn plan_removed(
        &self,
        database: &SharedTransaction<'_>,
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
        for (index, table) in self.directory.layout.tables.enumerated().rev() {
            let rows: Vec<&LedgerRow> = removed
                .iter()
                .filter(|row| row.table == table.table.name)
                .collect();
            let current = match self.options.removed {
                RemovalPolicy::Keep => CurrentRows::new(),
                RemovalPolicy::Prune => {
                    let asked: Vec<_> = rows.iter().map(|row| (row.identity, &row.known)).collect();
                    lock(database).tables().rows_by_record_id(table, &asked)?
                }
            };
            let mut records = self.decide_table(state, index, &rows, current);
            self.keep_others(database, agenda, state, &mut records)?;
            self.keep_referred(database, agenda, state, &mut records, &mut referrers)?;
            self.carry_out(agenda, state, sink, records)?;
        }
        check_scratch(&state.planner)
    }

    /// The ledger entries of the removed records.
    fn removed(
        &self,
        database: &SharedTransaction<'_>,
        agenda: &ImportAgenda,
        state: &PlanState<'l>,
    ) -> Result<Vec<LedgerRow>, OperationError> {
        let directory = &self.directory;
        let read = state.read.files.iter().map(|file| &file.path);
        let vanished = agenda.files.vanished.iter().map(|file| &file.path);
        let paths: Vec<&String> = read.chain(vanished).collect();
        // A record whose row now belongs to another record is not affected.
        let saw = |table: TableIndex, identity: &Fingerprint| {
            state.planner.saw(table, identity) || state.ownership.succeeded(table, identity)
        };
        let seen = |table: &str, identity: &Fingerprint| {
            let table = directory.table_named(table);
            table.is_some_and(|table| saw(table, identity))
        };
        let mut removed = Vec::new();
        for path in &paths {
            if !state.read.incomplete.contains(*path) {
                removed.extend(lock(database).ledger().unseen_rows_of_file(
                    &directory.source,
                    path,
                    &seen,
                )?);
            }
        }
        if agenda.prune_earlier {
            let mut earlier = lock(database).ledger().rows_removed(&directory.source)?;
            earlier.retain(|row| {
                !paths.contains(&&row.known.path) && !seen(&row.table, &row.identity)
            });
            removed.extend(earlier);
        }
        let unread = agenda.files.unchanged.as_slice();
        remove_found_elsewhere(directory, database, unread, &mut removed, &saw)?;
        Ok(removed)
    }

    /// Decides on the rows of one table, regardless of references to them.
    fn decide_table<'r>(
        &self,
        state: &PlanState<'l>,
        index: TableIndex,
        rows: &[&'r LedgerRow],
        current: CurrentRows,
    ) -> RemovedRecords<'r> {
        let table = &self.directory.layout.tables[index];
        let hasher = state.planner.hasher(index);
        let decide = |row: &&'r LedgerRow| {
            let values = current
                .get(&row.identity)
                .map(|(_, values)| values.as_slice());
            let ImportOptions {
                removed, conflict, ..
            } = *self.options;
            let known = &row.known;
            let removal = decide_removal(index, table, hasher, known, values, removed, conflict);
            (*row, removal)
        };
        let decided = rows.iter().map(decide).collect();
        RemovedRecords {
            table: index,
            decided,
            current,
        }
    }

    /// Keeps rows that belong to records of other directories too.
    fn keep_others(
        &self,
        database: &SharedTransaction<'_>,
        agenda: &ImportAgenda,
        state: &mut PlanState<'l>,
        records: &mut RemovedRecords<'_>,
    ) -> Result<(), OperationError> {
        let table = &self.directory.layout.tables[records.table].table.name;
        let mut deleted = to_delete(&mut records.decided);
        let record_ids = deleted.iter().map(|(row, _)| row.known.record_id.as_str());
        let record_ids: HashSet<&str> = record_ids.collect();
        if record_ids.is_empty() {
            return Ok(());
        }
        let source = &self.directory.source;
        let others = lock(database)
            .ledger()
            .rows_of_others(source, table, &record_ids)?;
        for (row, removed) in &mut deleted {
            let known = &row.known;
            if let Some(other) = others.get(&known.record_id) {
                *removed = Removal::Forgotten(Change::Forget { known: known.key });
                let finding = shared(table, row, other, self.cause(agenda, &row.known.path));
                state.read.findings.push(finding);
            }
        }
        Ok(())
    }

    /// Keeps rows that other rows still refer to.
    fn keep_referred(
        &self,
        database: &SharedTransaction<'_>,
        agenda: &ImportAgenda,
        state: &mut PlanState<'l>,
        records: &mut RemovedRecords<'_>,
        referrers: &mut Referrers<'_>,
    ) -> Result<(), OperationError> {
        let (policy, table) = (self.options.conflict, records.table);
        let mut deleted = to_delete(&mut records.decided);
        let going: Vec<RowToDelete<'_>> = deleted
            .iter()
            .filter_map(|(row, _)| {
                let (_, values) = records.current.get(&row.identity)?;
                Some((row.known.record_id.as_str(), values.as_slice()))
            })
            .collect();
        let found = referrers.of(database, &state.planner, table, &going)?;
        for (place, referrer) in found {
            let (row, removed) = &mut deleted[place];
            if !referrer.allows_deletion_under(policy) {
                *removed = match policy {
                    ConflictPolicy::KeepDatabase => Removal::Kept(row.known.mark_removed()),
                    ConflictPolicy::Report | ConflictPolicy::TakeFile => Removal::Referred,
                };
            }
            let cause = self.cause(agenda, &row.known.path);
            let finding = still_referred(&self.directory, table, row, removed, &referrer, cause);
            state.read.findings.push(finding);
        }
        Ok(())
    }

    /// Why the records of this file that were not found count as removed.
    fn cause(&self, agenda: &ImportAgenda, path: &str) -> Cause {
        match self.directory.file_named(path) {
            Some(file) if agenda.files.reread.contains(&file.id) => Cause::Layout,
            None if self.directory.survey.has_other_file(path) => Cause::Unread,
            Some(_) | None => Cause::File,
        }
    }

    /// Sends the changes to the sink.
    fn carry_out(
        &self,
        agenda: &ImportAgenda,
        state: &mut PlanState<'l>,
        sink: &mut dyn Sink,
        records: RemovedRecords<'_>,
    ) -> Result<(), OperationError> {
        let table = &self.directory.layout.tables[records.table].table;
        let mut changes: Vec<Change> = Vec::new();
        let mut kept: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
        let findings = &mut state.read.findings;
        let counts = state.planner.counts_of(records.table);
        for (row, removed) in records.decided {
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
                    let cause = self.cause(agenda, &row.known.path);
                    findings.push(conflict(&table.name, row, cause));
                }
                Removal::Referred => state.conflicts += 1,
            }
        }
        for (path, (count, record_id)) in kept {
            let cause = self.cause(agenda, path);
            let policy = self.options.removed;
            findings.push(still_there(
                &table.name,
                path,
                count,
                record_id,
                policy,
                cause,
            ));
        }
        if state.prevents_writing() {
            return Ok(());
        }
        sink.take(PlanStep::Change(changes, None))
    }
}
