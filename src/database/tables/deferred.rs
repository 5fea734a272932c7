//! Indexes and triggers that slow a load down: they are dropped before the load and recreated after it.
//!
//! These are secondary indexes, because building an index over sorted keys is several times faster than updating it for
//! each row; the trigger that rejects REPLACE on the audit log, which looks up the id of every new entry; and, for
//! tables that get many rows, the part of the audit triggers that finds rows which REPLACE deletes. A load never
//! replaces rows, and no other program can write meanwhile. The engine determines which of them exist.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use crate::layout::Layout;
use crate::model::Table;

use super::target::TargetTables;
use crate::database::{AnyConnection, DatabaseError, WriteTransaction};

/// Number of new rows of a table from which reducing its triggers pays off.
const MANY: usize = 200;

/// Statements to be executed after a load.
#[derive(Debug, Default)]
pub(in crate::database) struct Deferred {
    statements: Vec<String>,
    /// Number of new rows per table, until its triggers were reduced.
    rows: BTreeMap<String, usize>,
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
    #[diesel(sql_type = Integer)]
    is_unique: i32,
}

/// Which of them are dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dropped {
    All,
    /// The application can have unique indexes that the plan has not checked. If they are kept, the error names the
    /// record.
    NotUnique,
}

impl Deferred {
    /// Drops the indexes of empty tables of the layout and the ledger.
    pub(in crate::database) fn of_empty_tables(
        database: &mut WriteTransaction,
        layout: &Layout,
        target: &TargetTables,
    ) -> Result<Self, DatabaseError> {
        let mut deferred = Self::default();
        for (table, found) in layout.tables.iter().zip(&target.tables) {
            if found.state.rows == 0 {
                let which = match found.existed {
                    true => Dropped::NotUnique,
                    false => Dropped::All,
                };
                deferred.indexes(&mut database.connection, &table.table.name, which)?;
            }
        }
        for table in ["row_sources", "audit_log", "conversions"] {
            if database.tables().is_empty(table)? {
                deferred.indexes(&mut database.connection, table, Dropped::All)?;
            }
        }
        if database.tables().is_empty("audit_log")? {
            deferred.trigger(&mut database.connection, "accession_audit_log_no_replace")?;
        }
        Ok(deferred)
    }

    /// Drops the secondary indexes of `table`, which must be empty, and keeps the statements that create them.
    ///
    /// A unique index that a foreign key refers to is kept: no row of the child can be written without it
    /// (<https://sqlite.org/foreignkeys.html#fk_indexes>).
    fn indexes(
        &mut self,
        connection: &mut AnyConnection,
        table: &str,
        which: Dropped,
    ) -> Result<(), DatabaseError> {
        match connection.catalog().deferred_indexes {
            None => Ok(()),
            Some(query) => self.drop_all(connection, "INDEX", which, query, table),
        }
    }

    /// Drops a trigger and keeps the statement that creates it.
    fn trigger(&mut self, connection: &mut AnyConnection, name: &str) -> Result<(), DatabaseError> {
        match connection.catalog().deferred_trigger {
            None => Ok(()),
            Some(query) => self.drop_all(connection, "TRIGGER", Dropped::All, query, name),
        }
    }

    /// Reduces the audit triggers of a table, if it has them, when it gets many rows. `rows` are still to come.
    pub(in crate::database) fn triggers(
        &mut self,
        connection: &mut AnyConnection,
        table: &Table,
        more: usize,
    ) -> Result<(), DatabaseError> {
        let dialect = connection.dialect();
        let Some(lighter_insert) = dialect.lighter_insert() else {
            return Ok(());
        };
        let rows = self.rows.entry(table.name.clone()).or_default();
        let before = std::mem::replace(rows, *rows + more);
        if before > MANY || *rows <= MANY {
            return Ok(());
        }
        // The stored text: the unique indexes from which it would be derived may be dropped, too.
        let (lighter, instead_of) = lighter_insert(&connection.audited(table)?);
        let mut heavier = connection.stored_triggers(&table.name)?;
        heavier.retain(|stored| instead_of.contains(&stored.name));
        if heavier.len() < instead_of.len() {
            return Ok(());
        }
        for trigger in &heavier {
            let name = dialect.identifier(&trigger.name);
            connection.batch_execute(&format!("DROP TRIGGER {name}"))?;
        }
        connection.batch_execute(&lighter.definition)?;
        self.statements.push(lighter.drop);
        self.statements
            .extend(heavier.into_iter().map(|trigger| trigger.definition));
        Ok(())
    }

    /// Recreates everything.
    pub(in crate::database) fn create(
        self,
        connection: &mut AnyConnection,
    ) -> Result<(), DatabaseError> {
        for statement in self.statements {
            connection.batch_execute(&statement)?;
        }
        Ok(())
    }

    fn drop_all(
        &mut self,
        connection: &mut AnyConnection,
        kind: &str,
        which: Dropped,
        query: &str,
        name: &str,
    ) -> Result<(), DatabaseError> {
        let stored: Vec<Stored> = diesel::sql_query(query)
            .bind::<Text, _>(name)
            .load(connection)?;
        let dialect = connection.dialect();
        let is_dropped = |one: &Stored| which == Dropped::All || one.is_unique == 0;
        for one in stored.into_iter().filter(is_dropped) {
            let name = dialect.identifier(&one.name);
            connection.batch_execute(&format!("DROP {kind} {name}"))?;
            self.statements.push(one.sql);
        }
        Ok(())
    }
}
