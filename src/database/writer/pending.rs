//! What the ledger is still to be told of the rows that are written: it waits until a statement is full, whatever files
//! it is of.

use std::sync::Arc;

use diesel::prelude::*;

use crate::database::ledger::tables::row_sources;
use crate::database::ledger::{
    InsertConversions, InsertEntries, InsertFiles, NewConversion, NewEntry, NewFile,
};
use crate::database::{Database, DatabaseError};
use crate::layout::Layout;
use crate::model::{Conversion, Fingerprint, Row};
use crate::plan::LedgerKey;

use super::batches::{BATCH, batches};

/// Parts of the ledger that wait.
#[derive(Default)]
pub(super) struct Pending {
    entries: Vec<Entry>,
    /// Entries that others take the place of, or that nothing stands for any more.
    forgotten: Vec<LedgerKey>,
    /// Entries whose records are no longer in their files.
    gone: Vec<LedgerKey>,
    conversions: Vec<Converted>,
    files: Vec<NewFile>,
}

/// That a row is what a record became.
struct Entry {
    source_file_id: i64,
    position: i64,
    table: usize,
    identity: Fingerprint,
    record_id: String,
    pointer: Arc<str>,
    part: Option<u32>,
    digest: [u8; 16],
}

/// A value that is stored otherwise than it was written.
struct Converted {
    table: usize,
    record_id: String,
    conversion: Conversion,
}

impl Pending {
    /// A row and its conversions; the record is the one at this position of the file.
    pub(super) fn enter(
        &mut self,
        (source_file_id, position): (i64, i64),
        row: Row,
        record_id: String,
    ) {
        let Row {
            table,
            origin,
            identity,
            digest,
            conversions,
            ..
        } = row;
        let converted = conversions.into_iter().map(|conversion| Converted {
            table,
            record_id: record_id.clone(),
            conversion,
        });
        self.conversions.extend(converted);
        self.entries.push(Entry {
            source_file_id,
            position,
            table,
            identity,
            record_id,
            pointer: origin.pointer,
            part: origin.part,
            digest: digest.0,
        });
    }

    /// An entry of an earlier run that nothing stands for any more, or another one.
    pub(super) fn forget(&mut self, known: impl IntoIterator<Item = LedgerKey>) {
        self.forgotten.extend(known);
    }

    /// An entry of an earlier run whose record is no longer in its file.
    pub(super) fn mark_gone(&mut self, known: LedgerKey) {
        self.gone.push(known);
    }

    /// A file that was read to its end.
    pub(super) fn file(&mut self, file: NewFile) {
        self.files.push(file);
    }

    /// Writes what there is much of.
    pub(super) fn flush_full(
        &mut self,
        database: &mut Database,
        (layout, run): (&Layout, &str),
    ) -> Result<(), DatabaseError> {
        if self.entries.len() >= BATCH {
            self.flush_entries(database, (layout, run))?;
        }
        if self.files.len() >= BATCH {
            self.flush_files(database, run)?;
        }
        Ok(())
    }

    /// Writes everything.
    pub(super) fn flush(
        &mut self,
        database: &mut Database,
        (layout, run): (&Layout, &str),
    ) -> Result<(), DatabaseError> {
        self.flush_entries(database, (layout, run))?;
        self.flush_files(database, run)
    }

    fn flush_entries(
        &mut self,
        database: &mut Database,
        (layout, run): (&Layout, &str),
    ) -> Result<(), DatabaseError> {
        self.flush_earlier(database, run)?;
        let table = |index: usize| &layout.tables[index].table;
        let connection = &mut database.connection;
        for entries in batches(&self.entries, BATCH) {
            let new = entries.iter().map(|entry| NewEntry {
                source_file_id: entry.source_file_id,
                position: entry.position,
                table_name: &table(entry.table).name,
                identity: &entry.identity.0,
                identity_start: entry.identity.start(),
                record_id: &entry.record_id,
                pointer: &entry.pointer,
                part: entry.part.and_then(|part| i32::try_from(part).ok()),
                digest: &entry.digest,
            });
            InsertEntries(&new.collect::<Vec<_>>()).execute(connection)?;
        }
        self.entries.clear();
        for conversions in batches(&self.conversions, BATCH) {
            let new = conversions.iter().map(|converted| NewConversion {
                run_id: run,
                table_name: &table(converted.table).name,
                record_id: &converted.record_id,
                column_name: &table(converted.table).columns[converted.conversion.column].name,
                rule: converted.conversion.rule.name(),
                source_text: &converted.conversion.source_text,
                stored_text: &converted.conversion.stored_text,
            });
            InsertConversions(&new.collect::<Vec<_>>()).execute(connection)?;
        }
        self.conversions.clear();
        Ok(())
    }

    /// Entries of earlier runs are forgotten, or marked, by many at once.
    fn flush_earlier(&mut self, database: &mut Database, run: &str) -> Result<(), DatabaseError> {
        for (file, positions) in by_file(&std::mem::take(&mut self.forgotten)) {
            database.note_removed(run, file, &positions)?;
            let entries = row_sources::table
                .filter(row_sources::source_file_id.eq(file))
                .filter(row_sources::position.eq_any(positions));
            diesel::delete(entries).execute(&mut database.connection)?;
        }
        for (file, positions) in by_file(&std::mem::take(&mut self.gone)) {
            let entries = row_sources::table
                .filter(row_sources::source_file_id.eq(file))
                .filter(row_sources::position.eq_any(positions));
            diesel::update(entries)
                .set(row_sources::gone_run_id.eq(run))
                .execute(&mut database.connection)?;
        }
        Ok(())
    }

    fn flush_files(&mut self, database: &mut Database, run_id: &str) -> Result<(), DatabaseError> {
        for files in batches(&self.files, BATCH) {
            InsertFiles { run_id, files }.execute(&mut database.connection)?;
        }
        self.files.clear();
        Ok(())
    }
}

/// Entries as files and some of their positions each.
fn by_file(keys: &[LedgerKey]) -> impl Iterator<Item = (i64, Vec<i64>)> {
    let of_one_file = keys.chunk_by(|a, b| a.source_file_id == b.source_file_id);
    of_one_file.flat_map(|keys| {
        keys.chunks(BATCH).map(|some| {
            let positions = some.iter().map(|key| key.position).collect();
            (some[0].source_file_id, positions)
        })
    })
}
