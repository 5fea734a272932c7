//! Applies a plan: rows in multi-row statements, parents first, with their ledger entries.
//!
//! Rows wait in one buffer per table until a statement is full. All rows of a statement come from one file, because
//! the audit context names one. The writer never decides; it fails on what the database refuses.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use crate::layout::Layout;
use crate::model::{Fingerprint, Row, RunContext, Sha256, TableDigest, Timestamp, Value};
use crate::plan::{Change, LedgerKey, TableCounts};

use super::indexes::DeferredIndexes;
use super::layout_tables::TargetTables;
use super::ledger::tables::{rejects, row_sources, source_files};
use super::ledger::{InsertConversions, InsertEntries, NewConversion, NewEntry, RunHeader};
use super::statement::{DeleteRow, InsertRows, UpdateRow};
use super::{AnyConnection, Database, DatabaseError, Mismatch, RowRange};

/// Rows per statement: more gain nothing, fewer cost (measured; see `benches/`).
const BATCH: usize = 500;

/// Writes one run.
pub struct Writer<'l> {
    layout: &'l Layout,
    run: RunContext,
    columns: Vec<Vec<usize>>,
    names: Vec<Vec<&'l str>>,
    batch: Vec<usize>,
    rows: Vec<Vec<(Row, String)>>,
    entries: Vec<Entry>,
    changed: Vec<ChangedValue>,
    deferred: DeferredIndexes,
    file: Option<i64>,
    position: i64,
    /// Per table: which rows to read back before commit.
    written: Vec<RowRange>,
    before: Vec<u64>,
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
    /// JSON Pointer.
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
        let mut deferred = DeferredIndexes::default();
        database
            .connection
            .batch_execute("PRAGMA defer_foreign_keys = ON")?;
        database.prepare_tables(layout, target)?;
        for (table, found) in layout.tables.iter().zip(&target.tables) {
            if found.state.rows == 0 {
                deferred.defer(&mut database.connection, &table.table.name)?;
            }
        }
        for table in ["row_sources", "audit_log", "conversions"] {
            if database.is_empty(table)? {
                deferred.defer(&mut database.connection, table)?;
            }
        }
        database.begin_run(header, run)?;
        let columns: Vec<Vec<usize>> = target
            .tables
            .iter()
            .map(|table| table.columns.clone())
            .collect();
        let names = columns.iter().zip(&layout.tables).map(|(columns, table)| {
            columns
                .iter()
                .map(|&column| table.table.columns[column].name.as_str())
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
            names: names.collect(),
            columns,
            rows: (0..count).map(|_| Vec::new()).collect(),
            entries: Vec::new(),
            changed: Vec::new(),
            deferred,
            file: None,
            position: 0,
            written: target
                .tables
                .iter()
                .map(|table| RowRange::of(table.state.rows))
                .collect(),
            before: target.tables.iter().map(|table| table.state.rows).collect(),
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
        let new = (
            source_files::run_id.eq(self.run.id.to_string()),
            source_files::path.eq(&file.path),
            source_files::sha256.eq(file.sha256.map(|sha256| sha256.to_string())),
            source_files::bytes.eq(signed(file.bytes)),
            source_files::modified_at.eq(file.modified.map(|modified| modified.to_string())),
            source_files::records.eq(0),
            source_files::rejected.eq(0),
        );
        let AnyConnection::Sqlite(connection) = &mut database.connection;
        let id = diesel::insert_into(source_files::table)
            .values(new)
            .returning(source_files::id)
            .get_result(connection)?;
        self.file = Some(id);
        self.position = 0;
        database.set_context_file(Some(id))
    }

    /// Leaves the file, noting how many records it has and how many were left out.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn end_file(
        &mut self,
        database: &mut Database,
        records: u64,
        rejected_records: u64,
        rejected: &[Reject],
    ) -> Result<(), DatabaseError> {
        self.flush(database)?;
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        diesel::update(source_files::table.find(file))
            .set((
                source_files::records.eq(signed(records)),
                source_files::rejected.eq(signed(rejected_records)),
            ))
            .execute(&mut database.connection)?;
        for reject in rejected {
            diesel::insert_into(rejects::table)
                .values((
                    rejects::source_file_id.eq(file),
                    rejects::pointer.eq(reject.pointer.as_deref()),
                    rejects::line.eq(reject.line.map(signed)),
                    rejects::column.eq(reject.column.map(signed)),
                    rejects::rule.eq(reject.rule),
                    rejects::message.eq(&reject.message),
                ))
                .execute(&mut database.connection)?;
        }
        database.set_context_file(None)
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
                    self.rows[table].push((row, record_id));
                    if self.rows[table].len() >= self.batch[table] {
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
                    self.forget(database, known)?;
                    self.enter(row, record_id);
                }
                Change::Record {
                    mut row,
                    record_id,
                    known,
                } => {
                    self.forget(database, known)?;
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
                    let AnyConnection::Sqlite(connection) = &mut database.connection;
                    delete.execute(connection)?;
                    self.forget(database, Some(known))?;
                }
                Change::MarkGone { known } => {
                    diesel::update(row_sources::table.find((known.source_file_id, known.position)))
                        .set(row_sources::gone_run_id.eq(self.run.id.to_string()))
                        .execute(&mut database.connection)?;
                }
                Change::Forget { known } => self.forget(database, Some(known))?,
            }
        }
        Ok(())
    }

    /// Writes what is still buffered, makes the indexes, compares with the plan, and completes the run.
    ///
    /// # Errors
    /// When the database refuses; the mismatches when it does not hold what was planned.
    pub fn finish(
        mut self,
        database: &mut Database,
        planned: &[(TableCounts, TableDigest)],
        finish: impl FnOnce() -> (Timestamp, String),
    ) -> Result<Vec<Mismatch>, DatabaseError> {
        self.flush(database)?;
        std::mem::take(&mut self.deferred).create(&mut database.connection)?;

        let mismatches =
            database.compare_with_plan(self.layout, &self.before, &self.written, planned)?;

        if mismatches.is_empty() {
            let (finished_at, counts) = finish();
            database.end_run(&self.run, finished_at, &counts)?;
        }
        Ok(mismatches)
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
            .map(|&column| (table.columns[column].name.as_str(), &row.values[column]))
            .collect();
        let update = UpdateRow {
            table: &table.name,
            set: &set,
            key: &table.named_key(record_id),
        };
        let AnyConnection::Sqlite(connection) = &mut database.connection;
        update.execute(connection)?;
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

    fn forget(
        &mut self,
        database: &mut Database,
        known: Option<LedgerKey>,
    ) -> Result<(), DatabaseError> {
        if let Some(known) = known {
            diesel::delete(row_sources::table.find((known.source_file_id, known.position)))
                .execute(&mut database.connection)?;
        }
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

    fn flush(&mut self, database: &mut Database) -> Result<(), DatabaseError> {
        self.flush_through(database, self.rows.len() - 1)?;
        self.flush_entries(database)
    }

    /// Writes the buffered rows of `last` and of the tables before it, which may be its parents.
    fn flush_through(&mut self, database: &mut Database, last: usize) -> Result<(), DatabaseError> {
        for table in 0..=last {
            let rows = std::mem::take(&mut self.rows[table]);
            let name = self.layout.tables[table].table.name.as_str();
            let AnyConnection::Sqlite(connection) = &mut database.connection;
            for rows in batches(&rows, self.batch[table]) {
                let columns = &self.columns[table];
                let values: Vec<&Value> = rows
                    .iter()
                    .flat_map(|(row, _)| columns.iter().map(|&column| &row.values[column]))
                    .collect();
                InsertRows {
                    table: name,
                    columns: &self.names[table],
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

    fn flush_entries(&mut self, database: &mut Database) -> Result<(), DatabaseError> {
        let AnyConnection::Sqlite(connection) = &mut database.connection;
        let source_file_id = self.file.unwrap_or_default();
        for entries in batches(&self.entries, BATCH) {
            let new: Vec<NewEntry<'_>> = entries
                .iter()
                .map(|entry| NewEntry {
                    source_file_id,
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
}

/// Cuts `items` into full batches and, for the rest, powers of two: few different statements to prepare.
fn batches<T>(items: &[T], full: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let size = match rest.len() {
            0 => return None,
            length if length >= full => full,
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
