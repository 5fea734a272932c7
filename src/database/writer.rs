//! Applies a plan: writes rows by multi-row statements, parents first, with their ledger entries.
//!
//! Rows wait in one buffer per table until a statement is full. All rows of a statement come from one file, because the
//! audit context refers to one; ledger entries contain their file, so they are batched across files. The writer makes
//! no decisions; it fails if the database reports an error.

mod applied;
mod batches;
mod files;
mod finish;
mod inserts;
mod pending;
mod records;
mod updates;

use std::collections::BTreeSet;

use crate::audit::Action;
use crate::layout::Layout;
use crate::model::{EntryId, PerTable, RunContext, RunId, TableIndex, Value};
use crate::plan::{Change, PlannedRow};

use super::ledger::{NewFile, RunHeader};
use super::statement::Slot;
use super::statement_text::StatementTexts;
use super::tables::deferred::Deferred;
use super::tables::target::TargetTables;
use super::{DatabaseError, RowRange, WriteTransaction};

use applied::Applied;
use batches::{BATCH, batches};
use files::next_file;
use pending::Pending;

pub use finish::{RunEnd, Verified};
pub use records::{FileRecord, Reject};

/// Bytes of values per statement, beyond which it is sent with fewer rows: records may contain pictures.
const BATCH_BYTES: usize = 4 << 20;

/// Writes one run.
pub struct Writer<'l> {
    layout: &'l Layout,
    run: RunContext,
    run_id: RunId,
    columns: PerTable<Vec<usize>>,
    /// Whether each table existed before the run.
    existed: PerTable<bool>,
    stored: PerTable<Vec<Slot<'l>>>,
    batch: PerTable<usize>,
    /// Per table, the texts of its INSERT statements.
    texts: PerTable<StatementTexts>,
    rows: PerTable<Vec<PlannedRow>>,
    /// Bytes of the values in each buffer.
    bytes: PerTable<usize>,
    pending: Pending,
    deferred: Deferred,
    file: Option<NewFile>,
    /// The file that was already inserted because records of it are rejected.
    entered: Option<i64>,
    /// The file that the audit context refers to.
    context: Option<i64>,
    first_file: i64,
    next_file: i64,
    position: i64,
    /// Per table, the rows to read back before commit.
    written: PerTable<RowRange>,
    before: PerTable<u64>,
    applied: Applied,
    /// The id of the last entry of the audit log before the run.
    entries_before: EntryId,
}

impl<'l> Writer<'l> {
    /// Begins a run within an open transaction: creates missing tables and triggers, inserts the run, and postpones the
    /// indexes of empty tables to the end.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn begin(
        database: &mut WriteTransaction,
        layout: &'l Layout,
        target: &TargetTables,
        header: &RunHeader,
        run: &RunContext,
    ) -> Result<Self, DatabaseError> {
        let sums = database.seals().carried_ledger_sums()?;
        database.seals().check_row_sources(&sums)?;
        database.connection.defer_foreign_keys_of(layout)?;
        // Where creating them would commit, they were created before.
        if !database.commits_schema_changes() {
            database
                .tables()
                .prepare_tables(layout, target, &BTreeSet::new())?;
        }
        let deferred = Deferred::of_empty_tables(database, layout, target)?;
        let entries_before = database.seals().last_entry_id()?;
        database.ledger().begin_run(header, run)?;
        let found = target.tables.iter();
        let columns: PerTable<Vec<usize>> = found.map(|table| table.columns.clone()).collect();
        let stored = columns.iter().zip(&layout.tables).map(|(columns, table)| {
            columns
                .iter()
                .map(|&column| Slot::from(&table.table.columns[column]))
                .collect::<Vec<_>>()
        });
        let max_binds = database.connection.dialect().max_binds();
        let first_file = next_file(database)?;
        let count = layout.tables.len();
        Ok(Self {
            layout,
            run: run.clone(),
            run_id: run.id.into(),
            batch: columns
                .iter()
                .map(|columns| BATCH.min(max_binds / columns.len().max(1)))
                .collect(),
            stored: stored.collect(),
            existed: target.tables.iter().map(|table| table.existed).collect(),
            columns,
            texts: (0..count).map(|_| StatementTexts::default()).collect(),
            rows: (0..count).map(|_| Vec::new()).collect(),
            bytes: vec![0; count].into(),
            pending: Pending::new(sums),
            deferred,
            file: None,
            entered: None,
            context: None,
            first_file,
            next_file: first_file,
            position: 0,
            written: target
                .tables
                .iter()
                .map(|table| RowRange::of(table.state.rows))
                .collect(),
            before: target.tables.iter().map(|table| table.state.rows).collect(),
            applied: Applied::default(),
            entries_before,
        })
    }

    /// Applies changes in order.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn apply(
        &mut self,
        database: &mut WriteTransaction,
        changes: Vec<Change>,
    ) -> Result<(), DatabaseError> {
        for change in changes {
            match change {
                Change::Insert(row) => self.insert(database, row)?,
                Change::Update { mut row, columns } => {
                    self.flush(database)?;
                    self.update(database, &row, &columns)?;
                    let table = &self.layout.tables[row.table].table;
                    if table.primary_key.iter().any(|key| columns.contains(key)) {
                        row.record_id = table.record_id(&row.values);
                    }
                    self.enter(row);
                }
                Change::ClearColumn {
                    table,
                    record_id,
                    column,
                } => {
                    self.flush(database)?;
                    self.vacate(database, table, column, &record_id)?;
                }
                Change::Record(row) => self.enter(row),
                Change::Delete {
                    table,
                    record_id,
                    known,
                } => {
                    self.flush(database)?;
                    self.delete(database, table, &record_id)?;
                    self.pending.forget([known]);
                }
                Change::MarkRemoved { known } => self.pending.mark_removed(known),
                Change::Forget { known } => self.pending.forget([known]),
            }
        }
        Ok(())
    }

    /// Buffers a new row.
    fn insert(
        &mut self,
        database: &mut WriteTransaction,
        row: PlannedRow,
    ) -> Result<(), DatabaseError> {
        let table = row.table;
        self.written[table].add(|| self.layout.tables[table].table.key_values(&row.values));
        self.bytes[table] += row.values.iter().map(Value::bytes).sum::<usize>();
        self.rows[table].push(row);
        if self.rows[table].len() >= self.batch[table] || self.bytes[table] >= BATCH_BYTES {
            let parents = self.rows.indexes().take_while(move |other| *other <= table);
            self.flush_tables(database, parents)?;
        }
        Ok(())
    }

    /// Records the record that a row came from, for the ledger.
    fn enter(&mut self, row: PlannedRow) {
        let file = self.file.as_ref().map_or(0, |file| file.id);
        self.pending.enter(file, self.position, row);
        self.position += 1;
    }

    /// Writes the buffered rows: later ones may refer to them. Their ledger entries can wait.
    fn flush(&mut self, database: &mut WriteTransaction) -> Result<(), DatabaseError> {
        let all = self.rows.indexes();
        self.flush_tables(database, all)
    }

    /// Writes the buffered rows of these tables, parents first.
    fn flush_tables(
        &mut self,
        database: &mut WriteTransaction,
        tables: impl Iterator<Item = TableIndex>,
    ) -> Result<(), DatabaseError> {
        for table in tables {
            let rows = std::mem::take(&mut self.rows[table]);
            self.bytes[table] = 0;
            if rows.is_empty() {
                continue;
            }
            self.set_context(database)?;
            let model = &self.layout.tables[table].table;
            let connection = &mut database.connection;
            self.deferred.triggers(connection, model, rows.len())?;
            for rows in batches(&rows, self.batch[table]) {
                self.insert_batch(database, table, rows)?;
            }
            self.applied.add(table, Action::Insert, rows.len());
            rows.into_iter().for_each(|row| self.enter(row));
        }
        self.pending.flush_full(database, self.layout, &self.run_id)
    }
}
