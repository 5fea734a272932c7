//! Records that are no longer in the files.

mod told;

use std::collections::{BTreeMap, HashSet};

use crate::database::ledger::LedgerRow;
use crate::database::{CurrentRows, FileRecord};
use crate::model::Fingerprint;
use crate::operations::OperationError;
use crate::operations::directory::{SharedDatabase, lock};
use crate::plan::{Change, ConflictPolicy, Gone, GonePolicy, decide_gone};

use super::Import;
use super::agenda::ImportAgenda;
use super::gather::Gathered;
use super::referrers::{Going, Referrers};
use super::sink::{FileEnd, Sink};

use told::{conflict, shared, still_referred, still_there};

/// Gone records of one table, and what becomes of them.
type Decided<'r> = Vec<(&'r LedgerRow, Gone)>;

impl<'l> Import<'l> {
    /// Finds what was imported before and is gone now, and sends what becomes of it to `sink`.
    pub(super) fn gone(
        &self,
        database: &SharedDatabase<'_>,
        agenda: &ImportAgenda,
        gathered: &mut Gathered<'l>,
        sink: &mut dyn Sink,
    ) -> Result<(), OperationError> {
        for file in &agenda.files.vanished {
            let path = file.path.clone();
            sink.begin_file(FileRecord {
                path,
                sha256: None,
                bytes: 0,
                modified: None,
            })?;
            sink.end_file(FileEnd {
                records: 0,
                rejected: 0,
            })?;
        }
        let read = gathered.reading.files.iter().map(|file| file.path.clone());
        let paths: Vec<String> = read
            .chain(agenda.files.vanished.iter().map(|file| file.path.clone()))
            .collect();
        let tables = &self.directory.layout.tables;
        let planner = &gathered.reading.planner;
        // A record whose row is another's now has nothing to lose.
        let saw = |table: usize, identity: &Fingerprint| {
            planner.saw(table, identity) || planner.succeeded(table, identity)
        };
        let seen = |table: &str, identity: &Fingerprint| {
            let index = tables.iter().position(|known| known.table.name == table);
            index.is_some_and(|index| saw(index, identity))
        };
        let mut gone: Vec<LedgerRow> = Vec::new();
        let complete = paths
            .iter()
            .filter(|path| !gathered.reading.incomplete.contains(*path));
        // A directory that was never imported has lost nothing.
        for path in complete.filter(|_| gathered.reading.knows_rows) {
            gone.extend(lock(database).unseen_rows_of_file(&self.directory.source, path, &seen)?);
        }
        if agenda.prune_earlier {
            let earlier = lock(database).rows_gone(&self.directory.source)?;
            let elsewhere = |row: &LedgerRow| !paths.contains(&row.known.path);
            let unseen = |row: &LedgerRow| !seen(&row.table, &row.identity);
            gone.extend(
                earlier
                    .into_iter()
                    .filter(|row| elsewhere(row) && unseen(row)),
            );
        }
        self.remove_found_elsewhere(database, agenda, &mut gone, &saw)?;
        let mut referrers = Referrers::new(self.directory.layout, self.options.conflict);
        // Children before their parents.
        for (index, table) in self.directory.layout.tables.iter().enumerate().rev() {
            let rows: Vec<&LedgerRow> = gone
                .iter()
                .filter(|row| row.table == table.table.name)
                .collect();
            let current = match self.options.gone {
                GonePolicy::Keep => CurrentRows::new(),
                GonePolicy::Prune => {
                    let asked: Vec<_> = rows.iter().map(|row| (row.identity, &row.known)).collect();
                    lock(database).rows_by_record_id(table, &asked)?
                }
            };
            let mut decided = self.decide_table(gathered, index, &rows, &current);
            self.keep_others(database, gathered, (index, &mut decided))?;
            self.keep_referred(
                database,
                gathered,
                (index, &mut decided, &current),
                &mut referrers,
            )?;
            self.carry_out(gathered, sink, (index, decided))?;
        }
        gathered.reading.check_scratch()
    }

    /// What becomes of the rows of one table, whatever refers to them.
    fn decide_table<'r>(
        &self,
        gathered: &Gathered<'l>,
        index: usize,
        rows: &[&'r LedgerRow],
        current: &CurrentRows,
    ) -> Decided<'r> {
        let table = &self.directory.layout.tables[index];
        let hasher = gathered.reading.planner.hasher(index);
        let decide = |row: &&'r LedgerRow| {
            let values = current
                .get(&row.identity)
                .map(|(_, values)| values.as_slice());
            let policy = (self.options.gone, self.options.conflict);
            (
                *row,
                decide_gone((index, table, hasher), &row.known, values, policy),
            )
        };
        rows.iter().map(decide).collect()
    }

    /// Rows that records of other directories became too are theirs as well.
    fn keep_others(
        &self,
        database: &SharedDatabase<'_>,
        gathered: &mut Gathered<'l>,
        (index, decided): (usize, &mut Decided<'_>),
    ) -> Result<(), OperationError> {
        let deleted = decided
            .iter_mut()
            .filter(|(_, gone)| matches!(gone, Gone::Deleted(_)));
        let mut deleted: Vec<_> = deleted.collect();
        let record_ids = deleted.iter().map(|(row, _)| row.known.record_id.as_str());
        let record_ids: HashSet<&str> = record_ids.collect();
        if record_ids.is_empty() {
            return Ok(());
        }
        let table = &self.directory.layout.tables[index].table.name;
        let source = &self.directory.source;
        let others = lock(database).rows_of_others(source, table, &record_ids)?;
        for (row, gone) in &mut deleted {
            let known = &row.known;
            if let Some(other) = others.get(&known.record_id) {
                *gone = Gone::Forgotten(Change::Forget { known: known.key });
                let finding = shared(table, row, other);
                gathered.reading.findings.push(finding);
            }
        }
        Ok(())
    }

    /// Rows that something else still refers to are not deleted.
    fn keep_referred(
        &self,
        database: &SharedDatabase<'_>,
        gathered: &mut Gathered<'l>,
        (index, decided, current): (usize, &mut Decided<'_>, &CurrentRows),
        referrers: &mut Referrers<'_>,
    ) -> Result<(), OperationError> {
        let policy = self.options.conflict;
        let deleted = decided
            .iter_mut()
            .filter(|(_, gone)| matches!(gone, Gone::Deleted(_)));
        let mut deleted: Vec<_> = deleted.collect();
        let going: Vec<Going<'_>> = deleted
            .iter()
            .filter_map(|(row, _)| {
                let (_, values) = current.get(&row.identity)?;
                Some((row.known.record_id.as_str(), values.as_slice()))
            })
            .collect();
        let found = referrers.of(database, &gathered.reading.planner, (index, &going))?;
        for (place, referrer) in found {
            let (row, gone) = &mut deleted[place];
            if !referrer.yields(policy) {
                *gone = match policy {
                    ConflictPolicy::KeepDatabase => Gone::Kept(row.known.mark_gone()),
                    ConflictPolicy::Report | ConflictPolicy::TakeFile => Gone::Referred,
                };
            }
            let finding = still_referred(&self.directory, (index, row, gone), &referrer);
            gathered.reading.findings.push(finding);
        }
        Ok(())
    }

    /// Sends the changes on.
    fn carry_out(
        &self,
        gathered: &mut Gathered<'l>,
        sink: &mut dyn Sink,
        (index, decided): (usize, Decided<'_>),
    ) -> Result<(), OperationError> {
        let table = &self.directory.layout.tables[index];
        let mut changes: Vec<Change> = Vec::new();
        let mut kept: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
        let reading = &mut gathered.reading;
        let counts = &mut reading.planner.counts()[index];
        for (row, gone) in decided {
            match gone {
                Gone::Kept(change) => {
                    counts.gone += 1;
                    let known = &row.known;
                    kept.entry(&known.path).or_insert((0, &known.record_id)).0 += 1;
                    changes.extend(change);
                }
                Gone::Deleted(change) => {
                    counts.deleted += 1;
                    changes.push(change);
                }
                Gone::Forgotten(change) => changes.push(change),
                Gone::Conflict => {
                    gathered.conflicts += 1;
                    reading.findings.push(conflict(&table.table.name, row));
                }
                Gone::Referred => gathered.conflicts += 1,
            }
        }
        for (path, (count, record_id)) in kept {
            let finding = still_there(&table.table.name, path, count, record_id);
            reading.findings.push(finding);
        }
        if gathered.refuses() {
            return Ok(());
        }
        sink.apply(changes)
    }
}
