//! Reverts changes of a run: inserts, deletes and updates rows according to the audit log.

use diesel::QueryResult;
use diesel::connection::{DefaultLoadingMode, SimpleConnection as _};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment};
use diesel::sql_types::Text;

use crate::audit::Image;
use crate::audit::revert::Undo;
use crate::database::engine::Values;
use crate::database::ledger::RunHeader;
use crate::database::pages::Room;
use crate::database::select::Which;
use crate::database::statement::{InsertRows, UpdateRow, dynamic_statement};
use crate::database::stored_text::StoredText;
use crate::database::{DatabaseError, LiveRow, WriteTransaction, Writing};
use crate::model::Value;

use super::Tables;
use super::restored_table::RestoredTable;

/// Rows per statement.
const BATCH: usize = 200;

/// The change that reverts one row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowUndo {
    /// Primary key before the change.
    pub key: Vec<Value>,
    /// The row before the change, as far as it is known.
    pub before: Image,
    /// The change.
    pub undo: Undo,
}

/// When a run that reverts rows checks foreign keys, if the database can defer that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignKeyChecks {
    /// Rows are written in reverse order of the reverted run, and may refer to each other meanwhile.
    AtCommit,
    /// With each statement, which shows the row that is rejected.
    AtOnce,
}

impl WriteTransaction {
    /// Inserts a run that reverts rows.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn begin_rows_run(
        &mut self,
        header: &RunHeader,
        run: &crate::model::RunContext,
        checks: ForeignKeyChecks,
    ) -> Result<(), DatabaseError> {
        let engine = self.connection.engine_mut();
        match checks {
            ForeignKeyChecks::AtCommit => engine.defer_foreign_keys()?,
            ForeignKeyChecks::AtOnce => engine.check_foreign_keys()?,
        }
        if let Some(settings) = self.connection.dialect().restore_settings() {
            self.connection.batch_execute(&settings)?;
        }
        self.ledger().begin_run(header, run)
    }
}

impl Tables<'_> {
    /// The current rows with these keys, formatted as by the triggers; `None` if there is no room for them.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn live_rows(
        &mut self,
        table: &RestoredTable,
        keys: &[Vec<Value>],
        room: &mut Room,
    ) -> Result<Option<Vec<LiveRow>>, DatabaseError> {
        let select = self.database.connection.select_images(table.table())?;
        let columns = table.key_slots();
        let mut found = Vec::new();
        self.database.connection.with_image_settings(|connection| {
            for keys in keys.chunks(BATCH) {
                let query = SelectImages {
                    select: &select,
                    which: Which::Keys {
                        columns: &columns,
                        keys,
                    },
                };
                let rows =
                    query.load_iter::<(StoredText, StoredText), DefaultLoadingMode>(connection)?;
                for row in rows {
                    let (record_id, image) = row?;
                    let row = LiveRow {
                        record_id: record_id.into(),
                        image: image.into(),
                    };
                    if !room.take(&row) {
                        return Ok(None);
                    }
                    found.push(row);
                }
            }
            Ok(Some(found))
        })
    }

    /// The primary key in an image.
    #[must_use]
    pub fn key_of_image(&self, table: &RestoredTable, image: &Image) -> Vec<Value> {
        let dialect = self.database.connection.dialect();
        let key = table.table().primary_key.iter();
        key.map(|&column| table.value(image, column, &*dialect))
            .collect()
    }
}

impl Writing<Tables<'_>> {
    /// Applies these changes, in order.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn undo_rows(
        &mut self,
        table: &RestoredTable,
        undos: &[RowUndo],
    ) -> Result<(), DatabaseError> {
        let same = |a: &RowUndo, b: &RowUndo| match (&a.undo, &b.undo) {
            (Undo::Delete, Undo::Delete) => true,
            (Undo::Insert(a), Undo::Insert(b)) => a.keys().eq(b.keys()),
            (Undo::Delete | Undo::Insert(_) | Undo::Update(_), _) => false,
        };
        for undos in undos.chunk_by(same).flat_map(|alike| alike.chunks(BATCH)) {
            match &undos[0].undo {
                Undo::Insert(image) => {
                    let columns = table.insertable(image);
                    self.undo_deletes(table, undos, &columns)?;
                }
                Undo::Delete => self.undo_inserts(table, undos)?,
                Undo::Update(image) => {
                    let columns = table.updatable(image, &undos[0].before);
                    self.undo_update(table, &undos[0], image, &columns)?;
                }
            }
        }
        Ok(())
    }

    /// Inserts these columns of deleted rows.
    pub(in crate::database) fn undo_deletes(
        &mut self,
        table: &RestoredTable,
        undos: &[RowUndo],
        columns: &[usize],
    ) -> Result<(), DatabaseError> {
        let images = undos.iter().filter_map(|undo| match &undo.undo {
            Undo::Insert(image) => Some(image),
            Undo::Update(_) | Undo::Delete => None,
        });
        let dialect = self.database.connection.dialect();
        let value = |image, column: &usize| table.value(image, *column, &*dialect);
        let values: Vec<Value> = images
            .flat_map(|image| columns.iter().map(move |column| value(image, column)))
            .collect();
        let slots: Vec<_> = columns.iter().map(|&column| table.slot(column)).collect();
        let rows = (dialect.max_binds() / columns.len().max(1)).clamp(1, BATCH);
        for values in values.chunks(rows * columns.len().max(1)) {
            let insert = InsertRows {
                table: &table.table().name,
                columns: &slots,
                values: &values.iter().collect::<Vec<_>>(),
            };
            let connection = &mut self.database.connection;
            connection
                .in_any_order(table.table(), |connection| insert.execute(connection))
                .map_err(|error| DatabaseError::of_row(&table.table().name, error))?;
        }
        Ok(())
    }

    fn undo_inserts(
        &mut self,
        table: &RestoredTable,
        undos: &[RowUndo],
    ) -> Result<(), DatabaseError> {
        let keys: Vec<Vec<Value>> = undos.iter().map(|undo| undo.key.clone()).collect();
        let delete = DeleteRows {
            table: &table.table().name,
            which: Which::Keys {
                columns: &table.key_slots(),
                keys: &keys,
            },
        };
        let deleted = delete.execute(&mut self.database.connection);
        deleted.map_err(|error| DatabaseError::of_deleted_row(&table.table().name, error))?;
        Ok(())
    }

    /// Restores these columns of a row.
    pub(in crate::database) fn undo_update(
        &mut self,
        table: &RestoredTable,
        row: &RowUndo,
        image: &Image,
        columns: &[usize],
    ) -> Result<(), DatabaseError> {
        if columns.is_empty() {
            return Ok(());
        }
        let dialect = self.database.connection.dialect();
        let values: Vec<Value> = columns
            .iter()
            .map(|&column| table.value(image, column, &*dialect))
            .collect();
        let slots = columns.iter().map(|&column| table.slot(column));
        let update = UpdateRow {
            table: &table.table().name,
            set: &slots.zip(&values).collect::<Vec<_>>(),
            kept: &table.kept(columns),
            key: &table
                .key_slots()
                .into_iter()
                .zip(row.key.iter().cloned())
                .collect::<Vec<_>>(),
        };
        let connection = &mut self.database.connection;
        connection
            .in_any_order(table.table(), |connection| update.execute(connection))
            .map_err(|error| DatabaseError::of_row(&table.table().name, error))?;
        Ok(())
    }
}

/// The query of [`Dialect::select_images`] for some rows.
pub(in crate::database) struct SelectImages<'a> {
    pub(in crate::database) select: &'a str,
    pub(in crate::database) which: Which<'a>,
}

/// `DELETE FROM table WHERE key = ANY of keys`.
struct DeleteRows<'a> {
    table: &'a str,
    which: Which<'a>,
}

impl<DB: Values> QueryFragment<DB> for SelectImages<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.select);
        self.which.push(&mut out)
    }
}

impl<DB: Values> QueryFragment<DB> for DeleteRows<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        out.push_identifier(self.table)?;
        self.which.push(&mut out)
    }
}

impl Query for SelectImages<'_> {
    type SqlType = (Text, Text);
}
dynamic_statement!(SelectImages, DeleteRows);
