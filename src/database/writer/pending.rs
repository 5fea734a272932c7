//! Pending changes of the ledger for the rows that are written. They wait until a statement is full, across files.

use std::sync::Arc;

use diesel::prelude::*;

use crate::audit::seal::{LedgerRowBytes, LedgerSum, LedgerSums, LedgerTable};
use crate::database::ledger::tables::row_sources;
use crate::database::ledger::{
    InsertConversions, InsertEntries, InsertFiles, NewConversion, NewEntry, NewFile,
};
use crate::database::statement_text::StatementTexts;
use crate::database::{DatabaseError, WriteTransaction};
use crate::layout::Layout;
use crate::model::{Conversion, Fingerprint, RecordId, RunId, TableIndex};
use crate::plan::{LedgerKey, PlannedRow};

use super::batches::{BATCH, batches};

/// The pending changes of the ledger.
pub(super) struct Pending {
    /// The sums of the ledger's tables, including everything written so far.
    pub(super) sums: LedgerSums,
    /// The bytes of rows that are hashed for the sums, and the length of the prefix that all rows of a table share.
    hashed: [(LedgerRowBytes, usize); 2],
    entries: Vec<Entry>,
    /// Entries that are replaced or removed.
    forgotten: Vec<LedgerKey>,
    /// Entries whose records were removed from their files.
    removed: Vec<LedgerKey>,
    conversions: Vec<Converted>,
    files: Vec<NewFile>,
    texts: Texts,
}

/// The texts of the INSERT statements.
#[derive(Default)]
struct Texts {
    entries: StatementTexts,
    conversions: StatementTexts,
    files: StatementTexts,
}

/// Maps a record to the row that it became.
struct Entry {
    source_file_id: i64,
    position: i64,
    table: TableIndex,
    identity: Fingerprint,
    record_id: RecordId,
    pointer: Arc<str>,
    part: Option<u32>,
    digest: [u8; 16],
}

/// A value that is stored differently from how it is written in the file.
struct Converted {
    table: TableIndex,
    record_id: RecordId,
    conversion: Conversion,
}

impl Pending {
    pub(super) fn new(sums: LedgerSums) -> Self {
        let hashed = [LedgerTable::RowSources, LedgerTable::Conversions].map(|table| {
            let bytes = LedgerRowBytes::of(table);
            let beginning = bytes.len();
            (bytes, beginning)
        });
        Self {
            sums,
            hashed,
            entries: Vec::new(),
            forgotten: Vec::new(),
            removed: Vec::new(),
            conversions: Vec::new(),
            files: Vec::new(),
            texts: Texts::default(),
        }
    }

    /// Adds a row and its conversions, which replace an entry of an earlier run; the record has this position in the
    /// file.
    pub(super) fn enter(&mut self, source_file_id: i64, position: i64, row: PlannedRow) {
        let PlannedRow {
            table,
            origin,
            identity,
            digest,
            conversions,
            record_id,
            known,
            values: _,
        } = row;
        self.forget(known);
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

    /// Removes an entry of an earlier run that is replaced or no longer valid.
    pub(super) fn forget(&mut self, known: impl IntoIterator<Item = LedgerKey>) {
        self.forgotten.extend(known);
    }

    /// Marks an entry of an earlier run whose record was removed from its file.
    pub(super) fn mark_removed(&mut self, known: LedgerKey) {
        self.removed.push(known);
    }

    /// Adds a file that was read to its end.
    pub(super) fn file(&mut self, file: NewFile) {
        self.files.push(file);
    }

    /// Writes full batches.
    pub(super) fn flush_full(
        &mut self,
        database: &mut WriteTransaction,
        layout: &Layout,
        run: &RunId,
    ) -> Result<(), DatabaseError> {
        if self.entries.len() >= BATCH {
            self.flush_entries(database, layout, run)?;
        }
        if self.files.len() >= BATCH {
            self.flush_files(database, run)?;
        }
        Ok(())
    }

    /// Writes everything.
    pub(super) fn flush(
        &mut self,
        database: &mut WriteTransaction,
        layout: &Layout,
        run: &RunId,
    ) -> Result<(), DatabaseError> {
        self.flush_entries(database, layout, run)?;
        self.flush_files(database, run)
    }

    fn flush_entries(
        &mut self,
        database: &mut WriteTransaction,
        layout: &Layout,
        run: &RunId,
    ) -> Result<(), DatabaseError> {
        self.flush_earlier(database, run)?;
        let table = |index: TableIndex| &layout.tables[index].table;
        let connection = &mut database.connection;
        let [(bytes, beginning), (converted_bytes, converted_beginning)] = &mut self.hashed;
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
            let new: Vec<_> = new.collect();
            let sum = self.sums.of_mut(LedgerTable::RowSources);
            for entry in &new {
                bytes.truncate(*beginning);
                entry.hash_into(bytes);
                sum.add(bytes.hash());
            }
            let texts = &mut self.texts.entries;
            texts.execute(connection, new.len(), &InsertEntries(&new))?;
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
            let new: Vec<_> = new.collect();
            let sum = self.sums.of_mut(LedgerTable::Conversions);
            for converted in &new {
                converted_bytes.truncate(*converted_beginning);
                converted.hash_into(converted_bytes);
                sum.add(converted_bytes.hash());
            }
            let texts = &mut self.texts.conversions;
            texts.execute(connection, new.len(), &InsertConversions(&new))?;
        }
        self.conversions.clear();
        Ok(())
    }

    /// Removes or marks entries of earlier runs, many at once.
    fn flush_earlier(
        &mut self,
        database: &mut WriteTransaction,
        run: &RunId,
    ) -> Result<(), DatabaseError> {
        let none = LedgerSum::default();
        for (file, positions) in by_file(&std::mem::take(&mut self.forgotten)) {
            let removed = database.seals().sum_origins_at(file, &positions)?;
            let sum = self.sums.of_mut(LedgerTable::RowSources);
            sum.follow(removed, none);
            database.ledger().record_removed(run, file, &positions)?;
            let entries = row_sources::table
                .filter(row_sources::source_file_id.eq(file))
                .filter(row_sources::position.eq_any(positions));
            diesel::delete(entries).execute(&mut database.connection)?;
        }
        for (file, positions) in by_file(&std::mem::take(&mut self.removed)) {
            let before = database.seals().sum_origins_at(file, &positions)?;
            let entries = row_sources::table
                .filter(row_sources::source_file_id.eq(file))
                .filter(row_sources::position.eq_any(&positions));
            diesel::update(entries)
                .set(row_sources::gone_run_id.eq(run))
                .execute(&mut database.connection)?;
            let after = database.seals().sum_origins_at(file, &positions)?;
            let sum = self.sums.of_mut(LedgerTable::RowSources);
            sum.follow(before, after);
        }
        Ok(())
    }

    fn flush_files(
        &mut self,
        database: &mut WriteTransaction,
        run_id: &RunId,
    ) -> Result<(), DatabaseError> {
        for files in batches(&self.files, BATCH) {
            let texts = &mut self.texts.files;
            let insert = InsertFiles { run_id, files };
            texts.execute(&mut database.connection, files.len(), &insert)?;
        }
        self.files.clear();
        Ok(())
    }
}

/// Groups entries by file, with batches of their positions.
fn by_file(keys: &[LedgerKey]) -> impl Iterator<Item = (i64, Vec<i64>)> {
    let of_one_file = keys.chunk_by(|a, b| a.source_file_id == b.source_file_id);
    of_one_file.flat_map(|keys| {
        keys.chunks(BATCH).map(|some| {
            let positions = some.iter().map(|key| key.position).collect();
            (some[0].source_file_id, positions)
        })
    })
}
