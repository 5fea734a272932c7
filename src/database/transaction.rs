//! Begins and ends transactions, and writes rows that refer to each other.

use std::time::Duration;

use diesel::QueryResult;
use diesel::connection::{Connection, SimpleConnection as _, TransactionManager};

use crate::layout::Layout;
use crate::model::{Table, Value};

use super::AnyConnection;

type Transactions = <AnyConnection as Connection>::TransactionManager;

impl AnyConnection {
    /// Begins a transaction that writes.
    pub(super) fn begin_write(&mut self, wait: Duration) -> QueryResult<()> {
        self.engine_mut().begin_write(wait)
    }

    /// Begins a transaction that sees one state of the database.
    pub(super) fn begin_read(&mut self) -> QueryResult<()> {
        self.engine_mut().begin_read()?;
        self.remember_tables(true);
        Ok(())
    }

    /// Commits the transaction.
    pub(super) fn commit(&mut self) -> QueryResult<()> {
        let committed = Transactions::commit_transaction(self);
        self.remember_tables(false);
        self.engine_mut().after_transaction();
        committed
    }

    /// Rolls the transaction back.
    pub(super) fn rollback(&mut self) -> QueryResult<()> {
        let undone = Transactions::rollback_transaction(self);
        self.remember_tables(false);
        self.engine_mut().after_transaction();
        undone
    }

    /// Defers foreign keys for an import, if a table of the layout refers to itself: other rows are written parents
    /// first. A foreign key that is not deferred costs no memory per row, and its error names the record.
    pub(super) fn defer_foreign_keys_of(&mut self, layout: &Layout) -> QueryResult<()> {
        let mut tables = layout.tables.iter();
        match tables.any(|table| table.table.refers_to_itself()) {
            true => self.engine_mut().defer_foreign_keys(),
            false => Ok(()),
        }
    }

    /// Runs `work`, which writes rows of this table. If they refer to each other, a row may be written before the row
    /// that it refers to, because the plan contains both.
    pub(super) fn in_any_order<T>(
        &mut self,
        table: &Table,
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> QueryResult<T> {
        let switch = self.engine().foreign_key_switch();
        match switch.filter(|_| table.refers_to_itself()) {
            None => work(self),
            Some([off, on]) => {
                self.batch_execute(off)?;
                let done = work(self);
                self.batch_execute(on)?;
                done
            }
        }
    }

    /// Runs `work`, which inserts these values into `table`. The database does not check long JSON values again if the
    /// check would copy them.
    pub(super) fn trusting_long_json<T>(
        &mut self,
        table: &Table,
        values: &[&Value],
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> QueryResult<T> {
        /// Length in bytes from which the copies cost more than preparing the statement again.
        const LONG: usize = 1 << 20;
        let long = |value: &&Value| matches!(value, Value::Json(text) if text.len() >= LONG);
        let switch = match values.iter().any(long) {
            true => self.engine_mut().json_check_switch(table)?,
            false => None,
        };
        let Some([off, on]) = switch else {
            return work(self);
        };
        self.batch_execute(off)?;
        let done = work(self);
        self.batch_execute(on)?;
        done
    }

    /// Executes a statement that creates a table or an index of one.
    pub(super) fn make_table(&mut self, statement: &str) -> QueryResult<()> {
        self.engine_mut().make_table(statement)
    }
}
