//! Changes the schema: in a transaction if the database can roll schema changes back, otherwise step by step under a
//! lock.

use std::error::Error;

use super::connect::repeat;
use super::{Database, DatabaseError, ReadTransaction, WriteTransaction};

impl Database {
    /// Whether each change of the schema commits immediately, with everything that was written before it.
    #[must_use]
    pub fn commits_schema_changes(&self) -> bool {
        self.transaction.commits_schema_changes()
    }

    /// Runs `work`, which changes the schema: in a transaction if the database can roll such changes back, otherwise
    /// under the lock of runs, where each change commits.
    ///
    /// # Errors
    /// Those of `work`, and when the lock is unavailable for too long.
    pub fn change_schema<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut WriteTransaction) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.commits_schema_changes() {
            false => self.transaction(work),
            true => self.transaction.under_lock(work),
        }
    }

    /// Runs `change`, which changes the schema, then `work` with its result: in one transaction if the database can
    /// roll such changes back. Otherwise the lock of runs is held throughout, and `work` is a separate transaction,
    /// which is repeated while its failure `is_passing`; `change` must record that `work` is pending.
    ///
    /// # Errors
    /// Those of `change` and `work`, and when the lock is unavailable for too long or the commit fails.
    pub fn change_schema_then<P, T, E: From<DatabaseError> + Error + 'static>(
        &mut self,
        change: impl FnOnce(&mut WriteTransaction) -> Result<P, E>,
        work: impl Fn(&mut WriteTransaction, &P) -> Result<T, E>,
        is_passing: fn(&E) -> bool,
    ) -> Result<T, E> {
        match self.commits_schema_changes() {
            false => self.transaction(|transaction| {
                let prepared = change(transaction)?;
                work(transaction, &prepared)
            }),
            true => self.transaction.under_lock(|transaction| {
                let prepared = change(transaction)?;
                let place = transaction.place.clone();
                let once = || transaction.run(|transaction| work(transaction, &prepared));
                repeat(&place, is_passing, once)
            }),
        }
    }
}

impl ReadTransaction {
    /// Whether each change of the schema commits immediately, with everything that was written before it.
    #[must_use]
    pub fn commits_schema_changes(&self) -> bool {
        self.connection.engine().commits_schema_changes()
    }
}

impl WriteTransaction {
    /// Runs `work`, which is one step of a change of the schema: in a transaction of its own if each change commits,
    /// otherwise within this one.
    ///
    /// # Errors
    /// Those of `work`, and when the commit fails.
    pub fn step<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.commits_schema_changes() {
            false => work(self),
            true => self.run(work),
        }
    }

    fn under_lock<T, E: From<DatabaseError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let locked = self.reading.connection.engine_mut().lock(self.reading.wait);
        locked.map_err(|error| self.explain(error))?;
        let done = work(self);
        self.connection.engine_mut().after_transaction();
        done
    }
}
