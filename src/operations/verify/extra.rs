//! Finds the owners of rows that no record of the files accounts for.
//!
//! Only tables with rows besides those that were compared are searched. Memory: one fingerprint per ledger entry of one
//! table, which is less than reading keeps per record.

use std::collections::HashMap;

use crate::database::ReadTransaction;
use crate::database::ledger::ClaimedFile;
use crate::model::{Fingerprint, Place, RecordId, TableDigest, TableIndex};
use crate::operations::OperationError;
use crate::operations::directory::check_scratch;
use crate::plan::{TableComparison, record_fingerprint};

use super::Comparing;
use super::outcome::{Difference, DifferenceKind, ExtraRows};

/// The owner of a row; of several, the greatest applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RowOwner {
    /// A record of another directory.
    OtherSource,
    /// A record of this directory that is no longer in its file.
    Removed,
    /// A record of a file of this directory that could not be read completely.
    Unread,
    /// A record of the files.
    InFiles,
}

/// The files of the ledger, read once for all tables.
pub(super) struct Extra<'c, 'l> {
    comparing: &'c Comparing<'c, 'l>,
    files: Option<HashMap<i64, ClaimedFile>>,
    /// How many more differences may be listed.
    room: usize,
}

impl<'c, 'l> Extra<'c, 'l> {
    pub(super) fn new(comparing: &'c Comparing<'c, 'l>, room: usize) -> Self {
        Self {
            comparing,
            files: None,
            room,
        }
    }

    /// Counts the rows of a table that the files do not have, and lists the first of those whose records were removed.
    pub(super) fn rows(
        &mut self,
        database: &mut ReadTransaction,
        index: TableIndex,
        compared: &TableComparison,
    ) -> Result<(ExtraRows, Vec<Difference>), OperationError> {
        let table = &self.comparing.directory.layout.tables[index];
        let mut all = TableDigest::default();
        database.tables().each_record_id(table, &mut |record_id| {
            all.add(record_fingerprint(&record_id));
        })?;
        let mut extra = ExtraRows::default();
        if all == compared.record_ids {
            return Ok((extra, Vec::new()));
        }
        let owners = self.owners(database, index)?;
        let limit = self.comparing.limit;
        let mut removed: HashMap<RecordId, Option<Difference>> = HashMap::new();
        database.tables().each_record_id(table, &mut |record_id| {
            let fingerprint = record_fingerprint(&record_id);
            if compared.relocated.contains(&fingerprint) {
                return;
            }
            match owners.get(&fingerprint) {
                Some(RowOwner::InFiles) => {}
                Some(RowOwner::Unread) => extra.unread += 1,
                Some(RowOwner::OtherSource) => extra.other_sources += 1,
                Some(RowOwner::Removed) => {
                    extra.removed += 1;
                    if removed.len() < self.room {
                        removed.insert(record_id, None);
                    }
                }
                None => {
                    extra.foreign += 1;
                    if extra.foreign_record_ids.len() < limit {
                        extra.foreign_record_ids.push(record_id);
                    }
                }
            }
        })?;
        self.room -= removed.len();
        let removed = self.removed(database, index, removed)?;
        Ok((extra, removed))
    }

    fn files(
        &mut self,
        database: &mut ReadTransaction,
    ) -> Result<&HashMap<i64, ClaimedFile>, OperationError> {
        Ok(match &mut self.files {
            Some(files) => files,
            none => none.insert(database.ledger().claimed_files()?),
        })
    }

    /// The owners of the rows of a table, by fingerprint of the record id.
    fn owners(
        &mut self,
        database: &mut ReadTransaction,
        index: TableIndex,
    ) -> Result<HashMap<Fingerprint, RowOwner>, OperationError> {
        let Comparing {
            directory,
            state,
            planner,
            ..
        } = self.comparing;
        let files = self.files(database)?;
        let mut owners: HashMap<Fingerprint, RowOwner> = HashMap::new();
        let table = &directory.layout.tables[index].table;
        database.ledger().each_claim(&table.name, &mut |claim| {
            let file = files.get(&claim.source_file_id);
            let owner = match file.filter(|file| file.source == directory.source) {
                None => RowOwner::OtherSource,
                Some(_) if planner.saw(index, &claim.identity) => RowOwner::InFiles,
                Some(file) if state.incomplete.contains(&file.path) => RowOwner::Unread,
                Some(_) => RowOwner::Removed,
            };
            let held = owners
                .entry(record_fingerprint(&claim.record_id))
                .or_insert(owner);
            *held = owner.max(*held);
        })?;
        check_scratch(planner)?;
        Ok(owners)
    }

    /// The locations of the removed records of these rows.
    fn removed(
        &mut self,
        database: &mut ReadTransaction,
        index: TableIndex,
        mut rows: HashMap<RecordId, Option<Difference>>,
    ) -> Result<Vec<Difference>, OperationError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let directory = &self.comparing.directory;
        let files = self.files(database)?;
        let table = &directory.layout.tables[index].table;
        database.ledger().each_claim(&table.name, &mut |claim| {
            let ours = files
                .get(&claim.source_file_id)
                .filter(|file| file.source == directory.source);
            if let (Some(file), Some(row)) = (ours, rows.get_mut(&claim.record_id)) {
                let kind = match directory.survey.has_other_file(&file.path) {
                    true => DifferenceKind::Unread,
                    false => DifferenceKind::Removed,
                };
                *row = Some(Difference {
                    kind,
                    table: table.name.clone(),
                    record_id: Some(claim.record_id),
                    place: Place {
                        pointer: Some(claim.pointer),
                        ..Place::file(&file.path)
                    },
                    part: claim.part,
                });
            }
        })?;
        let mut removed: Vec<Difference> = rows.into_values().flatten().collect();
        let key = |row: &Difference| (row.place.path.clone(), row.record_id.clone());
        removed.sort_by_key(key);
        Ok(removed)
    }
}
