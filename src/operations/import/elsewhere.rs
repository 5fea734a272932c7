//! Whether records that are gone from their file still stand in another one, which is not read because it did not
//! change: the ledger knows one file per record.

use std::collections::BTreeSet;

use crate::database::ledger::LedgerRow;
use crate::model::{FileId, Fingerprint};
use crate::operations::OperationError;
use crate::operations::directory::SharedDatabase;

use super::Import;
use super::agenda::ImportAgenda;
use super::standing::Standing;

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
        let standing = Standing::of(&self.directory, database, &files)?;
        let again = |table: usize, identity: &Fingerprint| {
            seen(table, identity) || gone.iter().any(|row| row.identity == *identity)
        };
        if !standing.has_any(again) {
            // No record stands in two files, and so none inside another does.
            return Ok(());
        }
        let holds = |row: &LedgerRow| {
            let table = layout
                .tables
                .iter()
                .position(|table| table.table.name == row.table);
            table.is_some_and(|table| standing.has(table, row.identity))
        };
        gone.retain(|row| !holds(row));
        Ok(())
    }
}
