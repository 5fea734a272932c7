//! Before commit, the rows are read back and compared with the plan: counts, and digests of every mapped value.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use crate::layout::{Layout, LayoutTable};
use crate::model::{Column, ColumnType, TableDigest, Value};
use crate::plan::TableCounts;

use super::select::{CountRows, SelectRows, Which};
use super::stored_row::StoredRow;
use super::{Database, DatabaseError};

/// Which rows of a table a run wrote.
#[derive(Debug)]
pub enum RowRange {
    /// All: the table was empty.
    All,
    /// Those with these keys.
    Keys(Vec<Vec<Value>>),
}

/// A table that does not hold what was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The table.
    pub table: String,
    /// What differs.
    pub message: String,
}

impl RowRange {
    /// For a table that had `rows` rows before.
    pub(super) fn of(rows: u64) -> Self {
        if rows == 0 {
            Self::All
        } else {
            Self::Keys(Vec::new())
        }
    }

    /// Notes a written row.
    pub(super) fn note(&mut self, key: impl FnOnce() -> Vec<Value>) {
        match self {
            Self::All => {}
            Self::Keys(keys) => keys.push(key()),
        }
    }
}

impl Database {
    /// Compares every table with what was planned for it.
    pub(super) fn compare_with_plan(
        &mut self,
        layout: &Layout,
        before: &[u64],
        written: &[RowRange],
        planned: &[(TableCounts, TableDigest)],
    ) -> Result<Vec<Mismatch>, DatabaseError> {
        let mut mismatches = Vec::new();
        for (index, table) in layout.tables.iter().enumerate() {
            let (counts, digest) = &planned[index];
            let name = table.table.name.as_str();
            let rows: i64 = CountRows { table: name }.get_result(&mut self.connection)?;
            let expected = before[index] + counts.inserted
                - counts.deleted.min(before[index] + counts.inserted);
            if u64::try_from(rows) != Ok(expected) {
                let message = format!("it has {rows} rows, planned were {expected}");
                mismatches.push(Mismatch {
                    table: name.to_owned(),
                    message,
                });
            }
            let read = self.digest_rows(table, &written[index])?;
            if read != *digest {
                let message = format!(
                    "{} written rows read back with another digest than planned",
                    digest.rows.max(read.rows)
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

    /// The digest of a whole table: one thread reads, another hashes.
    fn digest_table(&mut self, table: &LayoutTable) -> Result<TableDigest, DatabaseError> {
        /// Rows that are handed over at once.
        const HANDED_OVER: usize = 500;
        let mapped: Vec<usize> = table.mapped_columns().collect();
        let columns: Vec<&Column> = mapped.iter().map(|&at| &table.table.columns[at]).collect();
        if columns.is_empty() {
            // Nothing fills the table.
            return Ok(TableDigest::default());
        }
        let types: Vec<ColumnType> = columns.iter().map(|column| column.ty).collect();
        let dialect = self.connection.dialect();
        let connection = &mut self.connection;
        let select = SelectRows {
            table: &table.table.name,
            columns: &columns,
            which: Which::All,
        };
        std::thread::scope(|scope| {
            let (rows, work) = crossbeam_channel::bounded::<Vec<StoredRow>>(8);
            let hashing = scope.spawn(move || {
                let hasher = table.row_hasher();
                let mut digest = TableDigest::default();
                for StoredRow(stored) in work.into_iter().flatten() {
                    let values: Vec<Value> = stored
                        .into_iter()
                        .zip(&types)
                        .map(|(value, &ty)| dialect.decode(value, ty))
                        .collect();
                    digest.add(hasher.row(&values));
                }
                digest
            });
            let mut batch = Vec::with_capacity(HANDED_OVER);
            for row in select.load_iter::<StoredRow, DefaultLoadingMode>(connection)? {
                batch.push(row?);
                if batch.len() == HANDED_OVER {
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(HANDED_OVER));
                    rows.send(full).expect("the hashing thread takes all rows");
                }
            }
            rows.send(batch).expect("the hashing thread takes all rows");
            drop(rows);
            Ok(hashing.join().expect("the hashing thread does not panic"))
        })
    }

    /// Reads rows, all or those with the given keys, one value per column of the layout's table. Columns that
    /// nothing maps, and are not part of the key, are left [`Value::Default`].
    pub(super) fn each_row(
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
    pub(super) fn rows_where(
        &mut self,
        table: &LayoutTable,
        columns: &[usize],
        keys: &[Vec<Value>],
        visit: &mut dyn FnMut(Vec<Value>),
    ) -> Result<(), DatabaseError> {
        let columns: Vec<&Column> = columns
            .iter()
            .map(|&column| &table.table.columns[column])
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

    /// Reads the primary keys of all rows; the other columns are left [`Value::Default`].
    pub(super) fn each_key(
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
        let dialect = self.connection.dialect();
        let connection = &mut self.connection;
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
    pub(super) fn is_empty(&mut self, table: &str) -> Result<bool, DatabaseError> {
        let rows: i64 = CountRows { table }.get_result(&mut self.connection)?;
        Ok(rows == 0)
    }
}
