//! Which records some files have, by what they are known by: for what must be known before the files are read, or
//! without reading them as an import does.

use std::collections::HashSet;

use crate::database::TargetTables;
use crate::model::{Deferred, FileId, Fingerprint, Row};
use crate::operations::directory::{Consumer, Directory, InvalidPolicy, Reading, SharedDatabase};
use crate::operations::{OperationError, Stage};
use crate::plan::ConflictPolicy;

/// The identities of the records of some files.
pub(super) struct Standing<'l> {
    reading: Reading<'l>,
    identities: HashSet<(usize, Fingerprint)>,
    /// Tables whose records are known by the generated key of an enclosing row, which cannot be compared.
    unknown: HashSet<usize>,
}

impl<'l> Standing<'l> {
    /// Reads the files.
    pub(super) fn of(
        directory: &Directory<'l>,
        database: &SharedDatabase<'_>,
        files: &[FileId],
    ) -> Result<Self, OperationError> {
        let target = TargetTables::absent(directory.layout);
        let policies = (ConflictPolicy::Report, InvalidPolicy::Skip);
        let now = (directory.around.clock)();
        let mut standing = Self {
            reading: Reading::new(directory, &target, policies, now),
            identities: HashSet::new(),
            unknown: HashSet::new(),
        };
        directory.read(Stage::Import, Some(database), files, &mut standing)?;
        Ok(standing)
    }

    /// Whether some records of this file could not be read.
    pub(super) fn is_incomplete(&self, path: &str) -> bool {
        self.reading.incomplete.contains(path)
    }

    /// Whether one of the files has this record, as far as can be told.
    pub(super) fn has(&self, table: usize, identity: Fingerprint) -> bool {
        self.unknown.contains(&table) || self.identities.contains(&(table, identity))
    }

    /// Whether one of the files has, for certain, a record of which `is_meant` is true.
    pub(super) fn has_any(&self, is_meant: impl Fn(usize, &Fingerprint) -> bool) -> bool {
        let mut records = self.identities.iter();
        records.any(|(table, identity)| is_meant(*table, identity))
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
