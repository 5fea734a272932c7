//! Inserts rows by multi-row statements, and finds the record of a row that the database rejects.

use diesel::QueryResult;
use diesel::connection::{Connection, TransactionManager};

use crate::database::statement::InsertRows;
use crate::database::{AnyConnection, DatabaseError, WriteTransaction};
use crate::model::{TableIndex, Value};
use crate::plan::PlannedRow;

use super::Writer;

type Transactions = <AnyConnection as Connection>::TransactionManager;

impl Writer<'_> {
    /// Inserts rows of a table by one statement. The error of a rejected row names its record.
    ///
    /// A table that the run created has only constraints that the plan has checked. Another one can have constraints
    /// and triggers of the application, so a savepoint allows to repeat the statement row by row.
    pub(super) fn insert_batch(
        &mut self,
        database: &mut WriteTransaction,
        table: TableIndex,
        rows: &[PlannedRow],
    ) -> Result<(), DatabaseError> {
        let connection = &mut database.connection;
        let needs_savepoint = self.existed[table] && connection.engine().aborts_after_error();
        if needs_savepoint {
            Transactions::begin_transaction(connection)?;
        }
        let Err(error) = self.insert_rows(connection, table, rows) else {
            if needs_savepoint {
                Transactions::commit_transaction(connection)?;
            }
            return Ok(());
        };
        if needs_savepoint {
            // If the connection is lost, the first error is the one to report.
            let _ = Transactions::rollback_transaction(connection);
        }
        let name = &self.layout.tables[table].table.name;
        let mut error = DatabaseError::of_row(name, error);
        if let DatabaseError::Rejected(rejection) = &mut error {
            let row = match rows {
                [row] => Some(row),
                rows if self.existed[table] => self.rejected_row(connection, table, rows),
                _ => None,
            };
            rejection.origin = row.map(|row| row.origin.clone());
        }
        Err(error.completed(connection))
    }

    /// The row that the database rejects if rows are inserted one by one. Nothing is left of them.
    fn rejected_row<'r>(
        &mut self,
        connection: &mut AnyConnection,
        table: TableIndex,
        rows: &'r [PlannedRow],
    ) -> Option<&'r PlannedRow> {
        Transactions::begin_transaction(connection).ok()?;
        let rejected = rows.iter().find(|row| {
            let one = std::slice::from_ref(*row);
            self.insert_rows(connection, table, one).is_err()
        });
        let _ = Transactions::rollback_transaction(connection);
        rejected
    }

    fn insert_rows(
        &mut self,
        connection: &mut AnyConnection,
        table: TableIndex,
        rows: &[PlannedRow],
    ) -> QueryResult<()> {
        let model = &self.layout.tables[table].table;
        let columns = &self.columns[table];
        let values: Vec<&Value> = rows
            .iter()
            .flat_map(|row| columns.iter().map(|&column| &row.values[column]))
            .collect();
        let insert = InsertRows {
            table: &model.name,
            columns: &self.stored[table],
            values: &values,
        };
        let texts = &mut self.texts[table];
        connection.in_any_order(model, |connection| {
            connection.trusting_long_json(model, &values, |connection| {
                texts.execute(connection, rows.len(), &insert)
            })
        })?;
        Ok(())
    }
}
