//! Applies a plan: rows in multi-row statements, parents first, with their ledger entries.
//!
//! Rows wait in one buffer per table until a statement is full. All rows of a statement come from one file, because
//! the audit context names one; ledger entries name their file, and wait for each other whatever file they are of. The
//! writer never decides; it fails on what the database refuses.

use diesel::dsl::max;
use diesel::prelude::*;

use crate::layout::Layout;
use crate::model::{Column, Fingerprint, Row, RunContext, Sha256, TableDigest, Timestamp, Value};
use crate::plan::{Change, LedgerKey, TableCounts};

use super::deferred::Deferred;
use super::ledger::tables::{rejects, row_sources, source_files};
use super::ledger::{
    InsertConversions, InsertEntries, InsertFiles, NewConversion, NewEntry, NewFile, NewSeal,
    RunFacts, RunHeader,
};
use super::statement::{DeleteRow, InsertRows, UpdateRow};
use super::target_tables::TargetTables;
use super::{Database, DatabaseError, Mismatch, RowRange};

/// Rows per statement: more gain nothing, fewer cost (measured; see `benches/`).
const BATCH: usize = 500;
/// Up to so many rows are one statement, whatever their number.
const SMALL: usize = 32;

/// Bytes of values per statement, beyond which it is sent with fewer rows: records may hold pictures.
const BATCH_BYTES: usize = 4 << 20;

/// Writes one run.
pub struct Writer<'l> {
    layout: &'l Layout,
    run: RunContext,
    columns: Vec<Vec<usize>>,
    stored: Vec<Vec<&'l Column>>,
    batch: Vec<usize>,
    rows: Vec<Vec<(Row, String)>>,
    /// Bytes of the values in each of these buffers.
    bytes: Vec<usize>,
    entries: Vec<Entry>,
    /// Entries that others take the place of, or that nothing stands for any more.
    forgotten: Vec<LedgerKey>,
    /// Entries whose records are no longer in their files.
    gone: Vec<LedgerKey>,
    changed: Vec<ChangedValue>,
    files: Vec<NewFile>,
    deferred: Deferred,
    file: Option<NewFile>,
    /// The file that was entered already because records of it are left out.
    entered: Option<i64>,
    /// The file that the audit context names.
    context: Option<i64>,
    next_file: i64,
    position: i64,
    /// Per table: which rows to read back before commit.
    written: Vec<RowRange>,
    before: Vec<u64>,
    /// The last entry of the trail before the run.
    entries_before: i64,
}

/// What a run has to say when it ends.
#[derive(Debug)]
pub struct RunEnd {
    /// When.
    pub at: Timestamp,
    /// Counts for the ledger, as JSON.
    pub counts: String,
    /// What the seal tells besides.
    pub facts: RunFacts,
}

/// How a run ended that the database did not refuse.
#[derive(Debug)]
pub enum Finished {
    /// The rows are what was planned; to be committed.
    Sealed(NewSeal),
    /// The database does not hold what was planned; to be rolled back.
    NotAsPlanned(Vec<Mismatch>),
}

/// A source file as the ledger keeps it.
#[derive(Debug, Clone)]
pub struct FileRecord {
    /// Relative path.
    pub path: String,
    /// SHA-256; `None` when the file is gone.
    pub sha256: Option<Sha256>,
    /// Size.
    pub bytes: u64,
    /// Modification time.
    pub modified: Option<Timestamp>,
}

/// A record left out by `--skip-invalid`.
#[derive(Debug, Clone)]
pub struct Reject {
    /// JSON Pointer to the record; `None` for all that stands behind a fault of the file.
    pub record: Option<String>,
    /// JSON Pointer to what is wrong.
    pub pointer: Option<String>,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Column, from 1.
    pub column: Option<u64>,
    /// Code of the rule.
    pub rule: &'static str,
    /// What was found.
    pub message: String,
}

/// A ledger entry to be written.
struct Entry {
    source_file_id: i64,
    position: i64,
    table: usize,
    identity: Fingerprint,
    record_id: String,
    pointer: std::sync::Arc<str>,
    part: Option<u32>,
    digest: [u8; 16],
}

/// A conversion to be written.
struct ChangedValue {
    table: usize,
    record_id: String,
    conversion: crate::model::Conversion,
}

impl<'l> Writer<'l> {
    /// Begins a run inside an open transaction: ledger, tables and triggers are made where missing, the run is
    /// entered, and the indexes of empty tables wait for the end.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn begin(
        database: &mut Database,
        layout: &'l Layout,
        target: &TargetTables,
        header: &RunHeader,
        run: &RunContext,
    ) -> Result<Self, DatabaseError> {
        let mut deferred = Deferred::default();
        database.connection.defer_foreign_keys()?;
        database.prepare_tables(layout, target)?;
        for (table, found) in layout.tables.iter().zip(&target.tables) {
            if found.state.rows == 0 {
                deferred.indexes(&mut database.connection, &table.table.name)?;
            }
        }
        for table in ["row_sources", "audit_log", "conversions"] {
            if database.is_empty(table)? {
                deferred.indexes(&mut database.connection, table)?;
            }
        }
        if database.is_empty("audit_log")? {
            deferred.trigger(&mut database.connection, "accession_audit_log_no_replace")?;
        }
        let entries_before = database.last_entry_id()?;
        database.begin_run(header, run)?;
        let columns: Vec<Vec<usize>> = target
            .tables
            .iter()
            .map(|table| table.columns.clone())
            .collect();
        let stored = columns.iter().zip(&layout.tables).map(|(columns, table)| {
            columns
                .iter()
                .map(|&column| &table.table.columns[column])
                .collect::<Vec<_>>()
        });
        let max_binds = database.connection.dialect().max_binds();
        let count = layout.tables.len();
        Ok(Self {
            layout,
            run: run.clone(),
            batch: columns
                .iter()
                .map(|columns| BATCH.min(max_binds / columns.len().max(1)))
                .collect(),
            stored: stored.collect(),
            columns,
            rows: (0..count).map(|_| Vec::new()).collect(),
            bytes: vec![0; count],
            entries: Vec::new(),
            forgotten: Vec::new(),
            gone: Vec::new(),
            changed: Vec::new(),
            files: Vec::new(),
            deferred,
            file: None,
            entered: None,
            context: None,
            next_file: next_file(database)?,
            position: 0,
            written: target
                .tables
                .iter()
                .map(|table| RowRange::of(table.state.rows))
                .collect(),
            before: target.tables.iter().map(|table| table.state.rows).collect(),
            entries_before,
        })
    }

    /// Enters a file; the changes that follow come from it.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn begin_file(
        &mut self,
        database: &mut Database,
        file: &FileRecord,
    ) -> Result<(), DatabaseError> {
        self.flush(database)?;
        self.file = Some(NewFile {
            id: self.next_file,
            path: file.path.clone(),
            sha256: file.sha256.map(|sha256| sha256.to_string()),
            bytes: signed(file.bytes),
            modified_at: file.modified.map(|modified| modified.to_string()),
            records: 0,
            rejected: 0,
        });
        self.next_file += 1;
        self.position = 0;
        Ok(())
    }

    /// Leaves the file, noting how many records it has and how many were left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn end_file(
        &mut self,
        database: &mut Database,
        records: u64,
        rejected: u64,
    ) -> Result<(), DatabaseError> {
        self.flush(database)?;
        let Some(mut new) = self.file.take() else {
            return Ok(());
        };
        new.records = signed(records);
        new.rejected = signed(rejected);
        if self.entered == Some(new.id) {
            diesel::update(source_files::table.find(new.id))
                .set((
                    source_files::records.eq(new.records),
                    source_files::rejected.eq(new.rejected),
                ))
                .execute(&mut database.connection)?;
            return Ok(());
        }
        self.files.push(new);
        if self.files.len() >= BATCH {
            self.flush_files(database)?;
        }
        Ok(())
    }

    /// Remembers records of the file that are left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn rejects(
        &mut self,
        database: &mut Database,
        rejected: &[Reject],
    ) -> Result<(), DatabaseError> {
        let Some(new) = &self.file else {
            return Ok(());
        };
        let file = new.id;
        // They refer to the file, which is entered before its end is known.
        if self.entered != Some(file) {
            InsertFiles {
                run_id: &self.run.id.to_string(),
                files: std::slice::from_ref(new),
            }
            .execute(&mut database.connection)?;
            self.entered = Some(file);
        }
        for reject in rejected {
            diesel::insert_into(rejects::table)
                .values((
                    rejects::source_file_id.eq(file),
                    rejects::record.eq(reject.record.as_deref()),
                    rejects::pointer.eq(reject.pointer.as_deref()),
                    rejects::line.eq(reject.line.map(signed)),
                    rejects::column.eq(reject.column.map(signed)),
                    rejects::rule.eq(reject.rule),
                    rejects::message.eq(&reject.message),
                ))
                .execute(&mut database.connection)?;
        }
        Ok(())
    }

    /// Applies changes in their order.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn apply(
        &mut self,
        database: &mut Database,
        changes: Vec<Change>,
    ) -> Result<(), DatabaseError> {
        for change in changes {
            match change {
                Change::Insert { row, record_id } => {
                    let table = row.table;
                    self.written[table]
                        .note(|| self.layout.tables[table].table.key_values(&row.values));
                    self.bytes[table] += row.values.iter().map(Value::bytes).sum::<usize>();
                    self.rows[table].push((row, record_id));
                    if self.rows[table].len() >= self.batch[table]
                        || self.bytes[table] >= BATCH_BYTES
                    {
                        self.flush_through(database, table)?;
                    }
                }
                Change::Update {
                    row,
                    record_id,
                    columns,
                    known,
                } => {
                    self.flush(database)?;
                    self.update(database, &row, &record_id, &columns)?;
                    self.forgotten.extend(known);
                    self.enter(row, record_id);
                }
                Change::Record {
                    mut row,
                    record_id,
                    known,
                } => {
                    self.forgotten.extend(known);
                    row.conversions.clear();
                    self.enter(row, record_id);
                }
                Change::Delete {
                    table,
                    record_id,
                    known,
                } => {
                    self.flush(database)?;
                    let table = &self.layout.tables[table].table;
                    let delete = DeleteRow {
                        table: &table.name,
                        key: &table.named_key(&record_id),
                    };
                    self.set_context(database)?;
                    delete.execute(&mut database.connection)?;
                    self.forgotten.push(known);
                }
                Change::MarkGone { known } => self.gone.push(known),
                Change::Forget { known } => self.forgotten.push(known),
            }
        }
        Ok(())
    }

    /// Writes what is still buffered, makes the indexes, compares with the plan, completes and seals the run.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn finish(
        mut self,
        database: &mut Database,
        planned: &[(TableCounts, TableDigest)],
        finish: impl FnOnce() -> RunEnd,
    ) -> Result<Finished, DatabaseError> {
        self.flush(database)?;
        self.flush_entries(database)?;
        self.flush_files(database)?;
        let deferred = std::mem::take(&mut self.deferred);
        let run = self.run.id.to_string();
        let (mismatches, entries) = database.change_while_reading(
            |connection| deferred.create(connection),
            |rows| {
                let mismatches =
                    rows.compare_with_plan(self.layout, &self.before, &self.written, planned)?;
                Ok((mismatches, rows.contents_of_run(&run, self.entries_before)?))
            },
        )?;
        if !mismatches.is_empty() {
            return Ok(Finished::NotAsPlanned(mismatches));
        }
        database.refresh_statistics(self.layout, entries.entries.count)?;
        database.note_numbers(self.layout, planned)?;
        let end = finish();
        database.end_run(&self.run, end.at, &end.counts)?;
        let seal = database.seal_run(&run, entries, end.facts, end.at)?;
        Ok(Finished::Sealed(seal))
    }

    fn update(
        &mut self,
        database: &mut Database,
        row: &Row,
        record_id: &str,
        columns: &[usize],
    ) -> Result<(), DatabaseError> {
        let table = &self.layout.tables[row.table].table;
        let set: Vec<_> = columns
            .iter()
            .map(|&column| (&table.columns[column], &row.values[column]))
            .collect();
        let update = UpdateRow {
            table: &table.name,
            set: &set,
            key: &table.named_key(record_id),
        };
        self.set_context(database)?;
        update.execute(&mut database.connection)?;
        // The key itself may have been among the columns.
        let own = table.key_from_record_id(record_id);
        let key = table.primary_key.iter().zip(own).map(|(&column, own)| {
            if columns.contains(&column) {
                row.values[column].clone()
            } else {
                own
            }
        });
        self.written[row.table].note(|| key.collect());
        Ok(())
    }

    /// Buffers the ledger entry and the conversions of a row.
    fn enter(&mut self, row: Row, record_id: String) {
        let Row {
            table,
            origin,
            identity,
            digest,
            conversions,
            ..
        } = row;
        self.changed
            .extend(conversions.into_iter().map(|conversion| ChangedValue {
                table,
                record_id: record_id.clone(),
                conversion,
            }));
        self.entries.push(Entry {
            source_file_id: self.file.as_ref().map_or(0, |file| file.id),
            position: self.position,
            table,
            identity,
            record_id,
            pointer: origin.pointer,
            part: origin.part,
            digest: digest.0,
        });
        self.position += 1;
    }

    /// Sees to it that the audit context names the file at hand.
    fn set_context(&mut self, database: &mut Database) -> Result<(), DatabaseError> {
        let file = self.file.as_ref().map(|file| file.id);
        if self.context != file {
            database.connection.set_context_file(file)?;
            self.context = file;
        }
        Ok(())
    }

    /// Writes the buffered rows: what comes next may refer to them. Their ledger entries can wait.
    fn flush(&mut self, database: &mut Database) -> Result<(), DatabaseError> {
        self.flush_through(database, self.rows.len() - 1)
    }

    /// Writes the buffered rows of `last` and of the tables before it, which may be its parents.
    fn flush_through(&mut self, database: &mut Database, last: usize) -> Result<(), DatabaseError> {
        for table in 0..=last {
            let rows = std::mem::take(&mut self.rows[table]);
            self.bytes[table] = 0;
            if rows.is_empty() {
                continue;
            }
            self.set_context(database)?;
            let name = self.layout.tables[table].table.name.as_str();
            let connection = &mut database.connection;
            for rows in batches(&rows, self.batch[table]) {
                let columns = &self.columns[table];
                let values: Vec<&Value> = rows
                    .iter()
                    .flat_map(|(row, _)| columns.iter().map(|&column| &row.values[column]))
                    .collect();
                InsertRows {
                    table: name,
                    columns: &self.stored[table],
                    values: &values,
                }
                .execute(connection)?;
            }
            for (row, record_id) in rows {
                self.enter(row, record_id);
            }
        }
        if self.entries.len() >= BATCH {
            self.flush_entries(database)
        } else {
            Ok(())
        }
    }

    /// Entries of earlier runs are forgotten, or marked, by many at once.
    fn flush_earlier(&mut self, database: &mut Database) -> Result<(), DatabaseError> {
        let run = self.run.id.to_string();
        for (file, positions) in by_file(&std::mem::take(&mut self.forgotten)) {
            database.note_removed(&run, file, &positions)?;
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
                .set(row_sources::gone_run_id.eq(&run))
                .execute(&mut database.connection)?;
        }
        Ok(())
    }

    fn flush_entries(&mut self, database: &mut Database) -> Result<(), DatabaseError> {
        self.flush_earlier(database)?;
        let connection = &mut database.connection;
        for entries in batches(&self.entries, BATCH) {
            let new: Vec<NewEntry<'_>> = entries
                .iter()
                .map(|entry| NewEntry {
                    source_file_id: entry.source_file_id,
                    position: entry.position,
                    table_name: &self.layout.tables[entry.table].table.name,
                    identity: &entry.identity.0,
                    identity_start: entry.identity.start(),
                    record_id: &entry.record_id,
                    pointer: &entry.pointer,
                    part: entry.part.and_then(|part| i32::try_from(part).ok()),
                    digest: &entry.digest,
                })
                .collect();
            InsertEntries(&new).execute(connection)?;
        }
        self.entries.clear();
        let run_id = self.run.id.to_string();
        for changed in batches(&self.changed, BATCH) {
            let new: Vec<NewConversion<'_>> = changed
                .iter()
                .map(|changed| NewConversion {
                    run_id: &run_id,
                    table_name: &self.layout.tables[changed.table].table.name,
                    record_id: &changed.record_id,
                    column_name: &self.layout.tables[changed.table].table.columns
                        [changed.conversion.column]
                        .name,
                    rule: changed.conversion.rule.name(),
                    source_text: &changed.conversion.source_text,
                    stored_text: &changed.conversion.stored_text,
                })
                .collect();
            InsertConversions(&new).execute(connection)?;
        }
        self.changed.clear();
        Ok(())
    }

    fn flush_files(&mut self, database: &mut Database) -> Result<(), DatabaseError> {
        let run_id = self.run.id.to_string();
        for files in batches(&self.files, BATCH) {
            InsertFiles {
                run_id: &run_id,
                files,
            }
            .execute(&mut database.connection)?;
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

/// Not every database gives back what it numbered. Runs are written one after another, so nobody else counts.
fn next_file(database: &mut Database) -> Result<i64, DatabaseError> {
    let last: Option<i64> = source_files::table
        .select(max(source_files::id))
        .get_result(&mut database.connection)?;
    Ok(last.unwrap_or(0) + 1)
}

/// Cuts `items` into full batches and the rest into powers of two, or one batch if it is small: few different statements
/// to prepare, and few to execute for the many small files.
fn batches<T>(items: &[T], full: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let size = match rest.len() {
            0 => return None,
            length if length >= full => full,
            length if length <= SMALL => length,
            length => 1 << length.ilog2(),
        };
        let (batch, later) = rest.split_at(size);
        rest = later;
        Some(batch)
    })
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
