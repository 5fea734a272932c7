//! Reads rows back before commit and compares them with the plan: counts, and digests of every mapped value.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::database::DatabaseError;
use crate::database::select::{CountRows, SelectRows, Which};
use crate::database::statement::Slot;
use crate::database::stored_row::StoredRow;
use crate::layout::{Layout, LayoutTable};
use crate::model::{Column, ColumnType, PerTable, TableDigest, Value, plural};
use crate::plan::TableCounts;

use super::Tables;

/// The rows of a table that a run wrote.
#[derive(Debug)]
pub enum RowRange {
    /// All rows: the table was empty.
    All,
    /// The rows with these keys.
    Keys(Vec<Vec<Value>>),
}

/// A table that differs from the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The table.
    pub table: String,
    /// The difference.
    pub message: String,
}

impl RowRange {
    /// The range for a table that had `rows` rows before.
    pub(in crate::database) fn of(rows: u64) -> Self {
        if rows == 0 {
            Self::All
        } else {
            Self::Keys(Vec::new())
        }
    }

    /// Adds a written row.
    pub(in crate::database) fn add(&mut self, key: impl FnOnce() -> Vec<Value>) {
        match self {
            Self::All => {}
            Self::Keys(keys) => keys.push(key()),
        }
    }
}

impl Tables<'_> {
    /// Compares every table with its plan.
    pub(in crate::database) fn compare_with_plan(
        &mut self,
        layout: &Layout,
        before: &PerTable<u64>,
        written: &PerTable<RowRange>,
        planned: &PerTable<(TableCounts, TableDigest)>,
    ) -> Result<Vec<Mismatch>, DatabaseError> {
        let mut mismatches = Vec::new();
        for (index, table) in layout.tables.enumerated() {
            let (counts, digest) = &planned[index];
            let name = table.table.name.as_str();
            let rows: i64 = CountRows { table: name }.get_result(&mut self.database.connection)?;
            let expected = before[index] + counts.inserted
                - counts.deleted.min(before[index] + counts.inserted);
            if u64::try_from(rows) != Ok(expected) {
                let expected = plural(expected, "row");
                let message = format!("expected {expected}, found {rows}");
                mismatches.push(Mismatch {
                    table: name.to_owned(),
                    message,
                });
            }
            let read = self.digest_rows(table, &written[index])?;
            if read != *digest {
                let message = format!(
                    "the digest of {} read back differs from the plan",
                    plural(digest.rows.max(read.rows), "row")
                );
                mismatches.push(Mismatch {
                    table: name.to_owned(),
                    message,
                });
            }
        }
        Ok(mismatches)
    }

    /// The digest of the mapped columns of some rows.
    fn digest_rows(
        &mut self,
        table: &LayoutTable,
        rows: &RowRange,
    ) -> Result<TableDigest, DatabaseError> {
        match rows {
            RowRange::All => self.digest_table(table),
            RowRange::Keys(keys) => {
                let hasher = table.row_hasher();
                let mut digest = TableDigest::default();
                for some in keys.chunks(500) {
                    self.each_row(table, Some(some), &mut |values| {
                        digest.add(table.digest(&hasher, &values));
                    })?;
                }
                Ok(digest)
            }
        }
    }

    /// The digest of a whole table: one thread reads, another one hashes.
    fn digest_table(&mut self, table: &LayoutTable) -> Result<TableDigest, DatabaseError> {
        /// Number of rows that are passed on at once.
        const HANDED_OVER: usize = 500;
        /// Number of bytes that are passed on at once.
        const BYTES: usize = 1 << 20;
        let mapped: Vec<usize> = table.mapped_columns().collect();
        let columns: Vec<&Column> = mapped.iter().map(|&at| &table.table.columns[at]).collect();
        if columns.is_empty() {
            // The layout does not fill the table.
            return Ok(TableDigest::default());
        }
        let types: Vec<ColumnType> = columns.iter().map(|column| column.ty).collect();
        let dialect = self.database.connection.dialect();
        let connection = &mut self.database.connection;
        let select = SelectRows {
            table: &table.table.name,
            columns: &columns,
            which: Which::All,
        };
        let hasher = table.row_hasher();
        let hash = |StoredRow(stored): StoredRow| {
            let values = stored.into_iter().zip(&types);
            let values: Vec<Value> = values
                .map(|(value, &ty)| dialect.decode(value, ty))
                .collect();
            hasher.row(&values)
        };
        std::thread::scope(|scope| {
            let (rows, work) = crossbeam_channel::bounded::<Vec<StoredRow>>(8);
            let hashing = scope.spawn(move || {
                let mut digest = TableDigest::default();
                let rows = work.into_iter().flatten();
                rows.for_each(|row| digest.add(hash(row)));
                digest
            });
            // Large rows are hashed here, so that they do not accumulate in memory.
            let mut large = TableDigest::default();
            let mut bytes = 0;
            let mut batch = Vec::with_capacity(HANDED_OVER);
            for row in select.load_iter::<StoredRow, DefaultLoadingMode>(connection)? {
                let row = row?;
                let size: usize = row.0.iter().map(Value::bytes).sum();
                if size > BYTES {
                    large.add(hash(row));
                    continue;
                }
                bytes += size;
                batch.push(row);
                if batch.len() == HANDED_OVER || bytes > BYTES {
                    bytes = 0;
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(HANDED_OVER));
                    rows.send(full).expect("the hashing thread takes all rows");
                }
            }
            rows.send(batch).expect("the hashing thread takes all rows");
            drop(rows);
            let mut digest = hashing.join().expect("the hashing thread does not panic");
            digest.merge(large);
            Ok(digest)
        })
    }

    /// Reads rows, all or those with the given keys, with one value per column of the layout's table. Columns that are
    /// neither mapped nor part of the key are [`Value::Default`].
    pub(in crate::database) fn each_row(
        &mut self,
        table: &LayoutTable,
        keys: Option<&[Vec<Value>]>,
        visit: &mut dyn FnMut(Vec<Value>),
    ) -> Result<(), DatabaseError> {
        match keys {
            None => self.select_rows(table, Which::All, visit),
            Some(keys) => self.rows_where(table, &table.table.primary_key, keys, visit),
        }
    }

    /// Like [`Self::each_row`], for the rows whose `columns` have one of these combinations of values.
    pub(in crate::database) fn rows_where(
        &mut self,
        table: &LayoutTable,
        columns: &[usize],
        keys: &[Vec<Value>],
        visit: &mut dyn FnMut(Vec<Value>),
    ) -> Result<(), DatabaseError> {
        let columns: Vec<Slot<'_>> = columns
            .iter()
            .map(|&column| (&table.table.columns[column]).into())
            .collect();
        match keys {
            [] => Ok(()),
            keys => self.select_rows(
                table,
                Which::Keys {
                    columns: &columns,
                    keys,
                },
                visit,
            ),
        }
    }

    /// Reads the primary keys of all rows; the other columns are [`Value::Default`].
    pub(in crate::database) fn each_key(
        &mut self,
        table: &LayoutTable,
        visit: &mut dyn FnMut(Vec<Value>),
    ) -> Result<(), DatabaseError> {
        self.select_columns(table, &table.table.primary_key, Which::All, visit)
    }

    fn select_rows(
        &mut self,
        table: &LayoutTable,
        which: Which<'_>,
        visit: &mut dyn FnMut(Vec<Value>),
    ) -> Result<(), DatabaseError> {
        let wanted: Vec<usize> = (0..table.table.columns.len())
            .filter(|column| table.mapped[*column] || table.table.primary_key.contains(column))
            .collect();
        self.select_columns(table, &wanted, which, visit)
    }

    fn select_columns(
        &mut self,
        table: &LayoutTable,
        wanted: &[usize],
        which: Which<'_>,
        visit: &mut dyn FnMut(Vec<Value>),
    ) -> Result<(), DatabaseError> {
        let model = &table.table;
        let columns: Vec<&Column> = wanted
            .iter()
            .map(|&column| &model.columns[column])
            .collect();
        let select = SelectRows {
            table: &model.name,
            columns: &columns,
            which,
        };
        let dialect = self.database.connection.dialect();
        let connection = &mut self.database.connection;
        for row in select.load_iter::<StoredRow, DefaultLoadingMode>(connection)? {
            let mut values = vec![Value::Default; model.columns.len()];
            for (&column, stored) in wanted.iter().zip(row?.0) {
                values[column] = dialect.decode(stored, model.columns[column].ty);
            }
            visit(values);
        }
        Ok(())
    }

    /// Whether a table has no rows.
    pub(in crate::database) fn is_empty(&mut self, table: &str) -> Result<bool, DatabaseError> {
        let rows: i64 = CountRows { table }.get_result(&mut self.database.connection)?;
        Ok(rows == 0)
    }
}
