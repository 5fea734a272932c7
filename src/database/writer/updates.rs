//! Updates and deletions of existing rows.

use diesel::prelude::*;

use crate::audit::Action;
use crate::database::statement::{DeleteRow, UpdateRow, named_key};
use crate::database::{DatabaseError, WriteTransaction};
use crate::model::{TableIndex, Value};
use crate::plan::PlannedRow;

use super::Writer;

impl Writer<'_> {
    /// Updates these columns of a row.
    pub(super) fn update(
        &mut self,
        database: &mut WriteTransaction,
        row: &PlannedRow,
        columns: &[usize],
    ) -> Result<(), DatabaseError> {
        let table = &self.layout.tables[row.table].table;
        let set: Vec<_> = columns
            .iter()
            .map(|&column| ((&table.columns[column]).into(), &row.values[column]))
            .collect();
        let update = UpdateRow {
            table: &table.name,
            set: &set,
            kept: &[],
            key: &named_key(table, &row.record_id),
        };
        self.set_context(database)?;
        let connection = &mut database.connection;
        let updated = connection
            .in_any_order(table, |connection| update.execute(connection))
            .map_err(|error| {
                let mut error = DatabaseError::of_row(&table.name, error);
                if let DatabaseError::Rejected(rejection) = &mut error {
                    rejection.origin = Some(row.origin.clone());
                }
                error.completed(connection)
            })?;
        self.applied.add(row.table, Action::Update, updated);
        // The key itself may be among the columns.
        let own = table.key_from_record_id(&row.record_id);
        let key = table.primary_key.iter().zip(own).map(|(&column, own)| {
            if columns.contains(&column) {
                row.values[column].clone()
            } else {
                own
            }
        });
        self.written[row.table].add(|| key.collect());
        Ok(())
    }

    /// Deletes a row.
    pub(super) fn delete(
        &mut self,
        database: &mut WriteTransaction,
        table: TableIndex,
        record_id: &str,
    ) -> Result<(), DatabaseError> {
        let model = &self.layout.tables[table].table;
        let delete = DeleteRow {
            table: &model.name,
            key: &named_key(model, record_id),
        };
        self.set_context(database)?;
        let connection = &mut database.connection;
        let deleted = delete.execute(connection).map_err(|error| {
            DatabaseError::of_deleted_row(&model.name, error).completed(connection)
        })?;
        self.applied.add(table, Action::Delete, deleted);
        Ok(())
    }

    /// Sets a column to NULL for a moment.
    pub(super) fn vacate(
        &mut self,
        database: &mut WriteTransaction,
        table: TableIndex,
        column: usize,
        record_id: &str,
    ) -> Result<(), DatabaseError> {
        let table = &self.layout.tables[table].table;
        let vacate = UpdateRow {
            table: &table.name,
            set: &[((&table.columns[column]).into(), &Value::Null)],
            kept: &[],
            key: &named_key(table, record_id),
        };
        self.set_context(database)?;
        let vacated = vacate.execute(&mut database.connection);
        vacated.map_err(|error| DatabaseError::of_row(&table.name, error))?;
        Ok(())
    }
}
