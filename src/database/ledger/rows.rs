//! The imported rows recorded in the ledger.

use std::collections::{HashMap, HashSet};

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::database::DatabaseError;
use crate::model::{Fingerprint, RecordId};
use crate::plan::{KnownRow, LedgerKey};

use super::Ledger;
use super::tables::{import_runs, row_sources, source_files};

/// A ledger entry as stored.
type StoredEntry = (i64, i64, String, Vec<u8>, RecordId, Vec<u8>, Option<String>);
/// A ledger entry with the path of its file.
type StoredRow = (StoredEntry, String);

/// A ledger entry with its table and identity.
#[derive(Debug, Clone)]
pub struct LedgerRow {
    /// Name of the table.
    pub table: String,
    /// Identity of the record.
    pub identity: Fingerprint,
    /// The entry.
    pub known: KnownRow,
}

/// The columns of [`StoredEntry`].
macro_rules! entry {
    () => {
        (
            row_sources::source_file_id,
            row_sources::position,
            row_sources::table_name,
            row_sources::identity,
            row_sources::record_id,
            row_sources::digest,
            row_sources::gone_run_id,
        )
    };
}

/// Ledger entries, joined with their files and runs.
macro_rules! entries_of {
    ($source:expr) => {
        row_sources::table
            .inner_join(source_files::table.inner_join(import_runs::table))
            .filter(import_runs::source.eq($source))
            .select((entry!(), source_files::path))
    };
}

impl Ledger<'_> {
    /// Whether any row was imported from `source` before.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn knows_rows_of(&mut self, source: &str) -> Result<bool, DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(false);
        }
        let first: Option<StoredRow> = entries_of!(source)
            .first(&mut self.database.connection)
            .optional()?;
        Ok(first.is_some())
    }

    /// The ledger entries of records with these identities.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn known_rows(
        &mut self,
        source: &str,
        identities: &[Fingerprint],
    ) -> Result<HashMap<Fingerprint, KnownRow>, DatabaseError> {
        let mut known = HashMap::new();
        // Queries entries, then their files, then the runs of these, instead of a join: soon after a large load a
        // server lacks statistics, starts the join at the runs, and reads all entries for every few identities.
        for some in identities.chunks(500) {
            let starts = some.iter().map(|identity| identity.start());
            let stored: Vec<StoredEntry> = row_sources::table
                .filter(row_sources::identity_start.eq_any(starts))
                .select(entry!())
                .load(&mut self.database.connection)?;
            let paths = self.paths_of(source, stored.iter().map(|entry| entry.0).collect())?;
            // Other entries with the same prefix do no harm: entries are compared by the whole identity.
            let rows = stored.into_iter().filter_map(|entry| {
                let path = paths.get(&entry.0)?.clone();
                ledger_row((entry, path))
            });
            known.extend(rows.map(|row| (row.identity, row.known)));
        }
        Ok(known)
    }

    /// The paths of those of these files that were read from `source`.
    fn paths_of(
        &mut self,
        source: &str,
        files: HashSet<i64>,
    ) -> Result<HashMap<i64, String>, DatabaseError> {
        if files.is_empty() {
            return Ok(HashMap::new());
        }
        let stored: Vec<(i64, String, String)> = source_files::table
            .filter(source_files::id.eq_any(files))
            .select((source_files::id, source_files::run_id, source_files::path))
            .load(&mut self.database.connection)?;
        let runs: HashSet<&str> = stored.iter().map(|(_, run, _)| run.as_str()).collect();
        let runs: HashSet<String> = import_runs::table
            .filter(import_runs::id.eq_any(runs))
            .filter(import_runs::source.eq(source))
            .select(import_runs::id)
            .load_iter::<String, DefaultLoadingMode>(&mut self.database.connection)?
            .collect::<Result<_, _>>()?;
        let ours = stored.into_iter().filter(|(_, run, _)| runs.contains(run));
        Ok(ours.map(|(file, _, path)| (file, path)).collect())
    }

    /// The ledger entries of records that came from one file and for which `seen`, called with table name and identity,
    /// returns false.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn unseen_rows_of_file(
        &mut self,
        source: &str,
        path: &str,
        seen: &dyn Fn(&str, &Fingerprint) -> bool,
    ) -> Result<Vec<LedgerRow>, DatabaseError> {
        let stored = entries_of!(source)
            .filter(source_files::path.eq(path))
            .order((row_sources::source_file_id, row_sources::position))
            .load_iter::<StoredRow, DefaultLoadingMode>(&mut self.database.connection)?;
        let mut unseen = Vec::new();
        for row in stored {
            unseen.extend(ledger_row(row?).filter(|row| !seen(&row.table, &row.identity)));
        }
        Ok(unseen)
    }

    /// Visits the ledger entries of a table's rows: key of the entry, record id of the row, and whether the record was
    /// found removed.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn each_entry_of_table(
        &mut self,
        source: &str,
        table: &str,
        visit: &mut dyn FnMut(LedgerKey, &str, bool),
    ) -> Result<(), DatabaseError> {
        let stored = entries_of!(source)
            .filter(row_sources::table_name.eq(table))
            .load_iter::<StoredRow, DefaultLoadingMode>(&mut self.database.connection)?;
        for row in stored {
            let (source_file_id, position, _, _, record_id, _, removed) = row?.0;
            let key = LedgerKey {
                source_file_id,
                position,
            };
            visit(key, &record_id, removed.is_some());
        }
        Ok(())
    }

    /// Those of these rows of a table that also belong to records of other directories, with the name of one of these.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn rows_of_others(
        &mut self,
        source: &str,
        table: &str,
        record_ids: &HashSet<&str>,
    ) -> Result<HashMap<RecordId, String>, DatabaseError> {
        let others: Vec<String> = import_runs::table
            .filter(import_runs::source.ne_all([source, ""]))
            .select(import_runs::source)
            .distinct()
            .load(&mut self.database.connection)?;
        let mut found = HashMap::new();
        for other in others {
            self.each_entry_of_table(&other, table, &mut |_, record_id, removed| {
                if !removed && record_ids.contains(record_id) {
                    found.insert(RecordId::from(record_id), other.clone());
                }
            })?;
        }
        Ok(found)
    }

    /// The ledger entry with this key.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn entry_at(
        &mut self,
        source: &str,
        key: LedgerKey,
    ) -> Result<Option<LedgerRow>, DatabaseError> {
        let stored: Option<StoredRow> = entries_of!(source)
            .filter(row_sources::source_file_id.eq(key.source_file_id))
            .filter(row_sources::position.eq(key.position))
            .first(&mut self.database.connection)
            .optional()?;
        Ok(stored.and_then(ledger_row))
    }

    /// The ledger entries of records that earlier runs found removed from their files, and whose rows were kept.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn rows_removed(&mut self, source: &str) -> Result<Vec<LedgerRow>, DatabaseError> {
        if !self.database.has_ledger()? {
            return Ok(Vec::new());
        }
        let stored: Vec<StoredRow> = entries_of!(source)
            .filter(row_sources::gone_run_id.is_not_null())
            .order((row_sources::source_file_id, row_sources::position))
            .load(&mut self.database.connection)?;
        Ok(stored.into_iter().filter_map(ledger_row).collect())
    }
}

/// An entry with digests of the wrong length was not written by accession; it is treated as unknown.
fn ledger_row((entry, path): StoredRow) -> Option<LedgerRow> {
    let (source_file_id, position, table, identity, record_id, digest, removed) = entry;
    Some(LedgerRow {
        table,
        identity: Fingerprint(identity.try_into().ok()?),
        known: KnownRow {
            key: LedgerKey {
                source_file_id,
                position,
            },
            path,
            record_id,
            digest: Fingerprint(digest.try_into().ok()?),
            removed: removed.is_some(),
        },
    })
}
