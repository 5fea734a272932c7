//! Rows that no record of the files accounts for: whose they are.
//!
//! Looked for only in tables that have other rows than those that were found. What is kept meanwhile is one
//! fingerprint per ledger entry of one table, less than what reading keeps of every record.

use std::collections::HashMap;

use crate::database::Database;
use crate::database::ledger::ClaimedFile;
use crate::model::{Fingerprint, Place, TableDigest};
use crate::operations::OperationError;
use crate::plan::{TableComparison, record_fingerprint};

use super::Comparing;
use super::outcome::{Difference, DifferenceKind, ExtraRows};

/// Who accounts for a row; the greatest of several wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    /// A record of another directory.
    OtherSource,
    /// A record of this directory that is no longer in its file.
    Gone,
    /// A record of a file of this directory that could not be read as a whole.
    Unread,
    /// A record of the files.
    InFiles,
}

/// The ledger's files, read once for all tables.
pub(super) struct Extra<'c, 'l> {
    comparing: &'c Comparing<'c, 'l>,
    files: Option<HashMap<i64, ClaimedFile>>,
    /// How many differences may still be listed.
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

    /// Counts the rows of a table that the files do not want, and lists the first that are gone from them.
    pub(super) fn rows(
        &mut self,
        database: &mut Database,
        index: usize,
        compared: &TableComparison,
    ) -> Result<(ExtraRows, Vec<Difference>), OperationError> {
        let table = &self.comparing.directory.layout.tables[index];
        let mut all = TableDigest::default();
        database.each_record_id(table, &mut |record_id| {
            all.add(record_fingerprint(&record_id));
        })?;
        let mut extra = ExtraRows::default();
        if all == compared.record_ids {
            return Ok((extra, Vec::new()));
        }
        let holders = self.holders(database, index)?;
        let limit = self.comparing.limit;
        let mut gone: HashMap<String, Option<Difference>> = HashMap::new();
        database.each_record_id(table, &mut |record_id| {
            let fingerprint = record_fingerprint(&record_id);
            if compared.strays.contains(&fingerprint) {
                return;
            }
            match holders.get(&fingerprint) {
                Some(Holder::InFiles) => {}
                Some(Holder::Unread) => extra.unread += 1,
                Some(Holder::OtherSource) => extra.other_sources += 1,
                Some(Holder::Gone) => {
                    extra.gone += 1;
                    if gone.len() < self.room {
                        gone.insert(record_id, None);
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
        self.room -= gone.len();
        let gone = self.gone(database, index, gone)?;
        Ok((extra, gone))
    }

    fn files(
        &mut self,
        database: &mut Database,
    ) -> Result<&HashMap<i64, ClaimedFile>, OperationError> {
        Ok(match &mut self.files {
            Some(files) => files,
            none => none.insert(database.claimed_files()?),
        })
    }

    /// By fingerprint of the record id, who accounts for the rows of a table.
    fn holders(
        &mut self,
        database: &mut Database,
        index: usize,
    ) -> Result<HashMap<Fingerprint, Holder>, OperationError> {
        let Comparing {
            directory, reading, ..
        } = self.comparing;
        let files = self.files(database)?;
        let mut holders: HashMap<Fingerprint, Holder> = HashMap::new();
        let table = &directory.layout.tables[index].table;
        database.each_claim(&table.name, &mut |claim| {
            let file = files.get(&claim.source_file_id);
            let holder = match file.filter(|file| file.source == directory.source) {
                None => Holder::OtherSource,
                Some(_) if reading.planner.saw(index, &claim.identity) => Holder::InFiles,
                Some(file) if reading.incomplete.contains(&file.path) => Holder::Unread,
                Some(_) => Holder::Gone,
            };
            let held = holders
                .entry(record_fingerprint(&claim.record_id))
                .or_insert(holder);
            *held = holder.max(*held);
        })?;
        reading.check_scratch()?;
        Ok(holders)
    }

    /// Where the records of these rows stood.
    fn gone(
        &mut self,
        database: &mut Database,
        index: usize,
        mut rows: HashMap<String, Option<Difference>>,
    ) -> Result<Vec<Difference>, OperationError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let directory = &self.comparing.directory;
        let files = self.files(database)?;
        let table = &directory.layout.tables[index].table;
        database.each_claim(&table.name, &mut |claim| {
            let ours = files
                .get(&claim.source_file_id)
                .filter(|file| file.source == directory.source);
            if let (Some(file), Some(row)) = (ours, rows.get_mut(&claim.record_id)) {
                *row = Some(Difference {
                    kind: DifferenceKind::Gone,
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
        let mut gone: Vec<Difference> = rows.into_values().flatten().collect();
        let key = |row: &Difference| (row.place.path.clone(), row.record_id.clone());
        gone.sort_by_key(key);
        Ok(gone)
    }
}
