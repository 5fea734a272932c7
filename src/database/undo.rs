//! Reverts changes of a run: inserts, deletes and updates rows according to the audit log.

use diesel::QueryResult;
use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment};
use diesel::sql_types::Text;
use serde_json::Value as Json;

use crate::audit::Image;
use crate::audit::revert::Undo;
use crate::model::{Column, ColumnType, Table, Value};

use super::engine::{Dialect, Values};
use super::ledger::RunHeader;
use super::pages::Room;
use super::select::Which;
use super::statement::{InsertRows, UpdateRow, dynamic_statement};
use super::stored_text::StoredText;
use super::{Database, DatabaseError, LiveRow};

/// Rows per statement.
const BATCH: usize = 200;

/// The change that reverts one row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowUndo {
    /// Primary key before the change.
    pub key: Vec<Value>,
    /// The change.
    pub undo: Undo,
}

impl Database {
    /// Inserts a run that reverts rows, within a transaction.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn begin_rows_run(
        &mut self,
        header: &RunHeader,
        run: &crate::model::RunContext,
    ) -> Result<(), DatabaseError> {
        // Rows are written in reverse order of the reverted run, so foreign keys are checked at the end.
        self.connection.engine_mut().defer_foreign_keys()?;
        self.begin_run(header, run)
    }

    /// Completes the run.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn end_rows_run(
        &mut self,
        run: &crate::model::RunContext,
        finished_at: crate::model::Timestamp,
        counts: &str,
    ) -> Result<(), DatabaseError> {
        self.end_run(run, finished_at, counts)
    }

    /// The current rows with these keys, formatted as by the triggers; `None` if there is no room for them.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn live_rows(
        &mut self,
        table: &Table,
        keys: &[Vec<Value>],
        room: &mut Room,
    ) -> Result<Option<Vec<LiveRow>>, DatabaseError> {
        let select = self.connection.select_images(table)?;
        let columns: Vec<&Column> = key_columns(table).collect();
        let mut found = Vec::new();
        self.connection.with_image_settings(|connection| {
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
    pub fn key_of_image(&self, table: &Table, image: &Image) -> Vec<Value> {
        let dialect = self.connection.dialect();
        let value = |column: &Column| match image.get(&column.name) {
            Some(json) => from_image(json, column.ty, &*dialect),
            None => Value::Null,
        };
        key_columns(table).map(value).collect()
    }

    /// Applies these changes, in order.
    ///
    /// # Errors
    /// When the database reports an error.
    pub fn undo_rows(&mut self, table: &Table, undos: &[RowUndo]) -> Result<(), DatabaseError> {
        let same = |a: &RowUndo, b: &RowUndo| match (&a.undo, &b.undo) {
            (Undo::Delete, Undo::Delete) => true,
            (Undo::Insert(a), Undo::Insert(b)) => a.keys().eq(b.keys()),
            (Undo::Delete | Undo::Insert(_) | Undo::Update(_), _) => false,
        };
        for undos in undos.chunk_by(same).flat_map(|alike| alike.chunks(BATCH)) {
            match &undos[0].undo {
                Undo::Insert(_) => self.undo_deletes(table, undos)?,
                Undo::Delete => self.undo_inserts(table, undos)?,
                Undo::Update(image) => self.undo_update(table, &undos[0].key, image)?,
            }
        }
        Ok(())
    }

    fn undo_deletes(&mut self, table: &Table, undos: &[RowUndo]) -> Result<(), DatabaseError> {
        let images = undos.iter().filter_map(|undo| match &undo.undo {
            Undo::Insert(image) => Some(image),
            Undo::Update(_) | Undo::Delete => None,
        });
        let images: Vec<&Image> = images.collect();
        // A column that was dropped since cannot be restored.
        let has_image = |column: &&Column| images[0].contains_key(&column.name);
        let columns: Vec<&Column> = table.columns.iter().filter(has_image).collect();
        let dialect = self.connection.dialect();
        let value = |image: &Image, column: &Column| match image.get(&column.name) {
            Some(json) => from_image(json, column.ty, &*dialect),
            None => Value::Null,
        };
        let values: Vec<Value> = images
            .iter()
            .flat_map(|image| columns.iter().map(|column| value(image, column)))
            .collect();
        let rows = (dialect.max_binds() / columns.len().max(1)).clamp(1, BATCH);
        for values in values.chunks(rows * columns.len().max(1)) {
            let insert = InsertRows {
                table: &table.name,
                columns: &columns,
                values: &values.iter().collect::<Vec<_>>(),
            };
            let connection = &mut self.connection;
            connection
                .in_any_order(table, |connection| insert.execute(connection))
                .map_err(|error| DatabaseError::of_table(&table.name, error))?;
        }
        Ok(())
    }

    fn undo_inserts(&mut self, table: &Table, undos: &[RowUndo]) -> Result<(), DatabaseError> {
        let columns: Vec<&Column> = key_columns(table).collect();
        let keys: Vec<Vec<Value>> = undos.iter().map(|undo| undo.key.clone()).collect();
        let delete = DeleteRows {
            table: &table.name,
            which: Which::Keys {
                columns: &columns,
                keys: &keys,
            },
        };
        delete.execute(&mut self.connection)?;
        Ok(())
    }

    fn undo_update(
        &mut self,
        table: &Table,
        key: &[Value],
        image: &Image,
    ) -> Result<(), DatabaseError> {
        let dialect = self.connection.dialect();
        let values: Vec<(&Column, Value)> = table
            .columns
            .iter()
            .filter_map(|column| {
                let json = image.get(&column.name)?;
                Some((column, from_image(json, column.ty, &*dialect)))
            })
            .collect();
        let set: Vec<(&Column, &Value)> = values
            .iter()
            .map(|(column, value)| (*column, value))
            .collect();
        let update = UpdateRow {
            table: &table.name,
            set: &set,
            key: &key_columns(table)
                .zip(key.iter().cloned())
                .collect::<Vec<_>>(),
        };
        let connection = &mut self.connection;
        connection
            .in_any_order(table, |connection| update.execute(connection))
            .map_err(|error| DatabaseError::of_table(&table.name, error))?;
        Ok(())
    }
}

fn key_columns(table: &Table) -> impl Iterator<Item = &Column> {
    table.primary_key.iter().map(|&at| &table.columns[at])
}

/// Converts a member of an image to a value, exactly: reals are written with all digits, and values that JSON lacks as
/// an object.
fn from_image(json: &Json, ty: ColumnType, dialect: &dyn Dialect) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Boolean(*value),
        Json::String(text) => dialect.decode(Value::text(text.as_str()), ty),
        Json::Number(number) => {
            let text = number.to_string();
            let integer = text.parse().ok().filter(|_| ty != ColumnType::Real);
            match (integer, text.parse()) {
                (Some(integer), _) => Value::Integer(integer),
                (None, Ok(real)) => Value::Real(real),
                (None, Err(_)) => Value::text(text),
            }
        }
        Json::Object(members) => special(members).unwrap_or_else(|| Value::text(json.to_string())),
        Json::Array(_) => Value::text(json.to_string()),
    }
}

fn special(members: &Image) -> Option<Value> {
    let text = |name: &str| members.get(name)?.as_str();
    if let Some(hex) = text("$blob") {
        // MySQL's BIT is a number, whose first digit may be missing.
        let hex = format!("{}{hex}", "0".repeat(hex.len() % 2));
        let bytes = data_encoding::HEXUPPER_PERMISSIVE.decode(hex.as_bytes());
        return bytes.ok().map(|bytes| Value::Blob(bytes.into()));
    }
    Some(Value::Real(match text("$real")? {
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => f64::NAN,
    }))
}

/// The query of [`Dialect::select_images`] for some rows.
struct SelectImages<'a> {
    select: &'a str,
    which: Which<'a>,
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
