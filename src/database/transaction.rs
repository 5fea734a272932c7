//! Beginning and ending transactions: what each database is told at which point.

use std::time::Duration;

use diesel::QueryResult;
use diesel::connection::{
    AnsiTransactionManager, Connection, SimpleConnection as _, TransactionManager,
};

use crate::layout::Layout;
use crate::model::Table;

use super::AnyConnection;

type Transactions = <AnyConnection as Connection>::TransactionManager;

/// What becomes of a change of the schema when its transaction is rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SchemaChanges {
    /// It is undone too.
    Undone,
    /// It stays, with all that was written before it.
    #[cfg_attr(not(feature = "mysql"), expect(dead_code, reason = "only MySQL is so"))]
    Committed,
}

/// Another run may take minutes, where the lock of another program is a matter of seconds.
#[cfg(feature = "servers")]
pub(super) fn for_another_run(wait: Duration) -> Duration {
    wait.saturating_mul(20)
}

impl AnyConnection {
    /// What rolling back does to changes of the schema.
    pub(super) fn schema_changes(&self) -> SchemaChanges {
        match self {
            Self::Sqlite(_) => SchemaChanges::Undone,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => SchemaChanges::Undone,
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => SchemaChanges::Committed,
        }
    }

    /// Takes the lock that runs wait for, without beginning a transaction; given back by [`Self::after_transaction`].
    #[cfg_attr(
        not(feature = "mysql"),
        expect(
            unused_variables,
            reason = "elsewhere the lock comes with the transaction"
        )
    )]
    pub(super) fn lock(&mut self, wait: Duration) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Ok(()),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => super::mysql::lock(connection, wait),
        }
    }

    /// Keeps other programs from changing these tables until the transaction ends; they can go on reading. On SQLite
    /// nobody else writes; on MySQL the rows that are read are kept from being changed.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "only PostgreSQL has such locks")
    )]
    pub(super) fn hold_tables(&mut self, tables: &[&str]) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => super::postgres::hold_tables(connection, tables),
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => Ok(()),
        }
    }

    /// Lets a foreign key be broken until the commit, where the database can: rows of a plan may refer to each other.
    pub(super) fn defer_foreign_keys(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => connection.batch_execute("PRAGMA defer_foreign_keys = ON"),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection.batch_execute("SET CONSTRAINTS ALL DEFERRED"),
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => Ok(()),
        }
    }

    /// As [`defer_foreign_keys`](Self::defer_foreign_keys), for an import. PostgreSQL notes every row that it is to look
    /// at later, so it waits only if a table refers to itself: other rows are written parents first.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "only PostgreSQL has to be told")
    )]
    pub(super) fn defer_foreign_keys_of(&mut self, layout: &Layout) -> QueryResult<()> {
        let waits = match self {
            Self::Sqlite(_) => true,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                let mut tables = layout.tables.iter();
                tables.any(|table| refers_to_itself(&table.table))
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => false,
        };
        match waits {
            true => self.defer_foreign_keys(),
            false => Ok(()),
        }
    }

    /// Looks at the foreign keys that were let be: PostgreSQL makes no index of a table while it has still to look.
    pub(super) fn check_foreign_keys(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => connection.batch_execute("SET CONSTRAINTS ALL IMMEDIATE"),
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => Ok(()),
        }
    }

    /// Runs `work`, which writes rows of this table. Where they refer to each other, one may come before the one that it
    /// refers to; whoever planned them knows that it comes. MySQL cannot wait with its look
    /// (<https://dev.mysql.com/doc/refman/8.4/en/ansi-diff-foreign-keys.html>), only do without.
    #[cfg_attr(
        not(feature = "mysql"),
        expect(unused_variables, reason = "only MySQL has to be told")
    )]
    pub(super) fn in_any_order<T>(
        &mut self,
        table: &Table,
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> QueryResult<T> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(_) if refers_to_itself(table) => {
                self.batch_execute("SET SESSION foreign_key_checks = 0")?;
                let done = work(self);
                self.batch_execute("SET SESSION foreign_key_checks = 1")?;
                done
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => work(self),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => work(self),
            Self::Sqlite(_) => work(self),
        }
    }

    /// Numbers that this run gave rows of a table are not given again by the database.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "only PostgreSQL has to be told")
    )]
    pub(super) fn note_number(
        &mut self,
        (table, column): (&str, &str),
        last: i64,
    ) -> QueryResult<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => {
                super::postgres::note_number(connection, (table, column), last)
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => Ok(()),
        }
    }

    /// Begins a transaction that writes. From here on nobody else runs one of this program: on SQLite nobody writes at
    /// all, on a server the others wait for the same lock, at most `wait`.
    #[cfg_attr(
        not(feature = "servers"),
        expect(
            unused_variables,
            reason = "only servers are told how long to wait here"
        )
    )]
    pub(super) fn begin_write(&mut self, wait: Duration) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => {
                // SQLite was told how long to wait when it was opened.
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => super::postgres::begin_write(connection, wait),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => super::mysql::begin_write(connection, wait),
        }
    }

    /// Begins a transaction that sees one state of the database.
    pub(super) fn begin_read(&mut self) -> QueryResult<()> {
        match self {
            Self::Sqlite(connection) => {
                AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN")
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => super::postgres::begin_read(connection),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => super::mysql::begin_read(connection),
        }
    }

    /// Makes the transaction's changes last.
    pub(super) fn commit(&mut self) -> QueryResult<()> {
        let committed = Transactions::commit_transaction(self);
        self.after_transaction();
        committed
    }

    /// Undoes the transaction.
    pub(super) fn rollback(&mut self) -> QueryResult<()> {
        let undone = Transactions::rollback_transaction(self);
        self.after_transaction();
        undone
    }

    /// Takes back what outlives a transaction.
    pub(super) fn after_transaction(&mut self) {
        match self {
            Self::Sqlite(_) => {}
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {}
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => super::mysql::after_transaction(connection),
        }
    }
}

#[cfg(feature = "servers")]
fn refers_to_itself(table: &Table) -> bool {
    table.foreign_keys.iter().any(|key| key.table == table.name)
}
