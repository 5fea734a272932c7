//! Whether records that are gone from their file still stand in another one, which is not read because it did not
//! change: the ledger knows one file per record.

use std::collections::{BTreeSet, HashSet};

use crate::database::TargetTables;
use crate::database::ledger::LedgerRow;
use crate::model::{Deferred, FileId, Fingerprint, Row};
use crate::operations::directory::{Consumer, Directory, InvalidPolicy, Reading, SharedDatabase};
use crate::operations::{OperationError, Stage};
use crate::plan::ConflictPolicy;

use super::Import;
use super::agenda::ImportAgenda;

impl<'l> Import<'l> {
    /// Leaves in `gone` what stands in no other file. Reads the unchanged files that may hold such records: usually
    /// there are none, because a table's records mostly come from one file.
    pub(super) fn remove_found_elsewhere(
        &self,
        database: &SharedDatabase<'_>,
        agenda: &ImportAgenda,
        gone: &mut Vec<LedgerRow>,
        seen: &dyn Fn(usize, &Fingerprint) -> bool,
    ) -> Result<(), OperationError> {
        let layout = self.directory.layout;
        let is_gone = |table: usize| {
            gone.iter()
                .any(|row| row.table == layout.tables[table].table.name)
        };
        let tables: BTreeSet<usize> = (0..layout.tables.len())
            .filter(|&table| is_gone(table))
            .collect();
        let may_hold = |id: &&FileId| {
            let file = &self.directory.survey.files[id.0 as usize];
            let rules = layout.sources[file.source].rules();
            rules.iter().any(|rule| tables.contains(&rule.table))
        };
        let files: Vec<FileId> = agenda
            .files
            .unchanged
            .iter()
            .filter(may_hold)
            .copied()
            .collect();
        if files.is_empty() {
            return Ok(());
        }
        let mut standing = Standing::new(&self.directory);
        self.directory
            .read(Stage::Import, Some(database), &files, &mut standing)?;
        let again = |(table, identity): &(usize, Fingerprint)| {
            seen(*table, identity) || gone.iter().any(|row| row.identity == *identity)
        };
        if !standing.identities.iter().any(again) {
            // No record stands in two files, and so none inside another does.
            return Ok(());
        }
        let holds = |row: &LedgerRow| {
            let table = layout
                .tables
                .iter()
                .position(|table| table.table.name == row.table);
            table.is_some_and(|table| {
                standing.unknown.contains(&table)
                    || standing.identities.contains(&(table, row.identity))
            })
        };
        gone.retain(|row| !holds(row));
        Ok(())
    }
}

/// The identities of the records of some files.
struct Standing<'l> {
    reading: Reading<'l>,
    identities: HashSet<(usize, Fingerprint)>,
    /// Tables whose records are known by the generated key of an enclosing row, which cannot be compared.
    unknown: HashSet<usize>,
}

impl<'l> Standing<'l> {
    fn new(directory: &Directory<'l>) -> Self {
        let target = TargetTables::absent(directory.layout);
        let policies = (ConflictPolicy::Report, InvalidPolicy::Skip);
        let now = (directory.around.clock)();
        Self {
            reading: Reading::new(directory, &target, policies, now),
            identities: HashSet::new(),
            unknown: HashSet::new(),
        }
    }
}

impl<'l> Consumer<'l> for Standing<'l> {
    fn reading(&mut self) -> &mut Reading<'l> {
        &mut self.reading
    }

    fn rows(
        &mut self,
        _database: Option<&SharedDatabase<'_>>,
        rows: Vec<Row>,
    ) -> Result<(), OperationError> {
        for row in rows {
            match row.deferred {
                Deferred::Nothing | Deferred::Digest => {
                    self.identities.insert((row.table, row.identity))
                }
                Deferred::Identity(_) => self.unknown.insert(row.table),
            };
        }
        Ok(())
    }
}
