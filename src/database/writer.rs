//! Applies a plan: rows in multi-row statements, parents first, with their ledger entries.
//!
//! Rows wait in one buffer per table until a statement is full. All rows of a statement come from one file, because
//! the audit context names one; ledger entries name their file, and wait for each other whatever file they are of. The
//! writer never decides; it fails on what the database refuses.

mod batches;
mod files;
mod pending;
mod records;
mod updates;

use diesel::prelude::*;

use crate::layout::Layout;
use crate::model::{Column, Row, RunContext, TableDigest, Value};
use crate::plan::{Change, TableCounts};

use super::deferred::Deferred;
use super::ledger::{NewFile, RunHeader};
use super::statement::{DeleteRow, InsertRows};
use super::target_tables::TargetTables;
use super::{Database, DatabaseError, RowRange};

use batches::{BATCH, batches};
use files::next_file;
use pending::Pending;

pub use records::{FileRecord, Finished, Reject, RunEnd};

/// Bytes of values per statement, beyond which it is sent with fewer rows: records may hold pictures.
const BATCH_BYTES: usize = 4 << 20;

/// Writes one run.
pub struct Writer<'l> {
    layout: &'l Layout,
    run: RunContext,
    run_id: String,
    columns: Vec<Vec<usize>>,
    stored: Vec<Vec<&'l Column>>,
    batch: Vec<usize>,
    rows: Vec<Vec<(Row, String)>>,
    /// Bytes of the values in each of these buffers.
    bytes: Vec<usize>,
    pending: Pending,
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
        database.connection.defer_foreign_keys_of(layout)?;
        database.prepare_tables(layout, target)?;
        let deferred = Deferred::of_empty_tables(database, (layout, target))?;
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
            run_id: run.id.to_string(),
            batch: columns
                .iter()
                .map(|columns| BATCH.min(max_binds / columns.len().max(1)))
                .collect(),
            stored: stored.collect(),
            columns,
            rows: (0..count).map(|_| Vec::new()).collect(),
            bytes: vec![0; count],
            pending: Pending::default(),
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
                Change::Insert {
                    row,
                    record_id,
                    known,
                } => {
                    self.pending.forget(known);
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
                    self.pending.forget(known);
                    let table = &self.layout.tables[row.table].table;
                    let renamed = table.primary_key.iter().any(|key| columns.contains(key));
                    let record_id = match renamed {
                        true => table.record_id(&row.values),
                        false => record_id,
                    };
                    self.enter(row, record_id);
                }
                Change::Vacate {
                    table,
                    record_id,
                    column,
                } => {
                    self.flush(database)?;
                    self.vacate(database, (table, column), &record_id)?;
                }
                Change::Record {
                    mut row,
                    record_id,
                    known,
                } => {
                    self.pending.forget(known);
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
                    self.pending.forget([known]);
                }
                Change::MarkGone { known } => self.pending.mark_gone(known),
                Change::Forget { known } => self.pending.forget([known]),
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
        let run = self.run_id.as_str();
        self.pending.flush(database, (self.layout, run))?;
        database.connection.check_foreign_keys()?;
        let deferred = std::mem::take(&mut self.deferred);
        let (mismatches, entries) = database.change_while_reading(
            |connection| deferred.create(connection),
            |rows| {
                let mismatches =
                    rows.compare_with_plan(self.layout, &self.before, &self.written, planned)?;
                Ok((mismatches, rows.contents_of_run(run, self.entries_before)?))
            },
        )?;
        if !mismatches.is_empty() {
            return Ok(Finished::NotAsPlanned(mismatches));
        }
        database.refresh_statistics(self.layout, entries.entries.count)?;
        database.note_numbers(self.layout, planned)?;
        let end = finish();
        database.end_run(&self.run, end.at, &end.counts)?;
        let seal = database.seal_run(run, entries, end.facts, end.at)?;
        Ok(Finished::Sealed(seal))
    }

    /// Notes for the ledger what record a row is of.
    fn enter(&mut self, row: Row, record_id: String) {
        let file = self.file.as_ref().map_or(0, |file| file.id);
        self.pending.enter((file, self.position), row, record_id);
        self.position += 1;
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
            let model = &self.layout.tables[table].table;
            for rows in batches(&rows, self.batch[table]) {
                let columns = &self.columns[table];
                let values: Vec<&Value> = rows
                    .iter()
                    .flat_map(|(row, _)| columns.iter().map(|&column| &row.values[column]))
                    .collect();
                let insert = InsertRows {
                    table: &model.name,
                    columns: &self.stored[table],
                    values: &values,
                };
                let connection = &mut database.connection;
                connection.in_any_order(model, |connection| insert.execute(connection))?;
            }
            for (row, record_id) in rows {
                self.enter(row, record_id);
            }
        }
        self.pending
            .flush_full(database, (self.layout, &self.run_id))
    }
}
