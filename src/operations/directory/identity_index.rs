//! The identities of the records of some files, for rules of ownership that apply before the files are read, or to
//! files that the import does not read.

use std::collections::{BTreeSet, HashSet};

use crate::model::{Deferred, FileId, Fingerprint, MappedRow, TableIndex};
use crate::operations::{OperationError, Stage};

use super::events::ReadEvent;
use super::read_state::{InvalidPolicy, ReadState};
use super::{Directory, SharedTransaction};

/// The identities of the records of some files.
#[derive(Default)]
pub(super) struct IdentityIndex {
    identities: HashSet<(TableIndex, Fingerprint)>,
    /// Tables whose identities contain the generated key of an enclosing row, so that they cannot be compared.
    unknown: HashSet<TableIndex>,
    /// Files with records that could not be read.
    incomplete: BTreeSet<String>,
}

impl IdentityIndex {
    /// Reads the files.
    ///
    /// # Errors
    /// When the database cannot be read or the run is interrupted.
    pub(super) fn of(
        directory: &Directory<'_>,
        database: &SharedTransaction<'_>,
        files: &[FileId],
    ) -> Result<Self, OperationError> {
        let mut index = Self::default();
        let mut state = ReadState::new(directory, InvalidPolicy::Skip);
        for wave in directory.waves(Stage::Import, files) {
            let resolved = directory.resolve(&wave, None, Some(database))?;
            directory.read(&wave.files, &resolved, |events| {
                for event in events {
                    match event? {
                        ReadEvent::Begin(_) => {}
                        ReadEvent::Records(file, records) => {
                            let rows = state.records(file, records);
                            rows.into_iter().for_each(|(rows, _)| index.add(rows));
                        }
                        ReadEvent::End(file, findings) => {
                            state.end(directory, file, findings);
                        }
                    }
                }
                Ok(())
            })?;
        }
        index.incomplete = state.incomplete;
        Ok(index)
    }

    fn add(&mut self, rows: Vec<MappedRow>) {
        for row in rows {
            match row.deferred {
                Deferred::Nothing | Deferred::Digest => {
                    self.identities.insert((row.table, row.identity))
                }
                Deferred::Identity(_) => self.unknown.insert(row.table),
            };
        }
    }

    /// Whether some records of this file could not be read.
    pub(super) fn is_incomplete(&self, path: &str) -> bool {
        self.incomplete.contains(path)
    }

    /// Whether one of the files has this record, as far as can be determined.
    pub(super) fn has(&self, table: TableIndex, identity: Fingerprint) -> bool {
        self.unknown.contains(&table) || self.identities.contains(&(table, identity))
    }

    /// Whether one of the files certainly has a record for which `is_meant` returns true.
    pub(super) fn has_any(&self, is_meant: impl Fn(TableIndex, &Fingerprint) -> bool) -> bool {
        let mut records = self.identities.iter();
        records.any(|(table, identity)| is_meant(*table, identity))
    }
}
