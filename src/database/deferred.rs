//! What empty tables are better off without while they are filled: it is dropped before a load and made again after it,
//! from the same statements.
//!
//! Secondary indexes, because building one over sorted keys is several times faster than keeping it while rows arrive.
//! On PostgreSQL only those of tables that this transaction made, which nobody else can see: to drop one takes a lock that
//! would keep readers out. On MySQL none, because there each statement would commit.
//! And the trigger that refuses REPLACE on the trail, which looks for every new entry whether its id is there: this
//! program never replaces, and no other can write meanwhile.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::audit::sqlite::identifier;
use crate::layout::Layout;

use super::target_tables::TargetTables;
use super::{AnyConnection, Database, DatabaseError};

/// Statements to be executed after a load.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    statements: Vec<String>,
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// Without those that a foreign key refers to.
const SQLITE_INDEXES: &str = "SELECT name, sql FROM sqlite_master AS own \
    WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM sqlite_master AS child \
    JOIN pragma_foreign_key_list(child.name) AS key \
    JOIN pragma_index_list(own.tbl_name) AS kept \
    JOIN pragma_index_info(kept.name) AS part WHERE child.type = 'table' \
    AND key.\"table\" = own.tbl_name COLLATE NOCASE AND kept.name = own.name \
    AND kept.\"unique\" AND part.name = key.\"to\" COLLATE NOCASE) ORDER BY rowid";

const SQLITE_TRIGGER: &str =
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name = ?";

/// Without those that a constraint rests on: a primary key, or a foreign key of another table. A table that this
/// transaction made is one that it has to itself.
#[cfg(feature = "postgres")]
const POSTGRES_INDEXES: &str = "SELECT c.relname::text AS name, pg_get_indexdef(c.oid) AS sql \
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
    WHERE i.indrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) \
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid) \
    AND EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation = i.indrelid \
                AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                AND l.pid = pg_backend_pid() AND l.mode = 'AccessExclusiveLock' AND l.granted) \
    ORDER BY c.oid";

impl Deferred {
    /// Drops the indexes of those of the layout's and the ledger's tables that are empty.
    pub(super) fn of_empty_tables(
        database: &mut Database,
        (layout, target): (&Layout, &TargetTables),
    ) -> Result<Self, DatabaseError> {
        let mut deferred = Self::default();
        for (table, found) in layout.tables.iter().zip(&target.tables) {
            if found.state.rows == 0 {
                deferred.indexes(&mut database.connection, &table.table.name)?;
            }
        }
        for table in ["row_sources", "audit_log", "conversions"] {
            if database.is_empty(table)? {
                deferred.indexes(&mut database.connection, table)?;
            }
        }
        if database.is_empty("audit_log")? {
            deferred.trigger(&mut database.connection, "accession_audit_log_no_replace")?;
        }
        Ok(deferred)
    }

    /// Drops the secondary indexes of `table`, which must be empty, and remembers how they are made.
    ///
    /// A unique index that a foreign key refers to stays: without it SQLite takes no row of the child
    /// (<https://sqlite.org/foreignkeys.html#fk_indexes>).
    fn indexes(
        &mut self,
        connection: &mut AnyConnection,
        table: &str,
    ) -> Result<(), DatabaseError> {
        let query = match connection {
            AnyConnection::Sqlite(_) => SQLITE_INDEXES,
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres(_) => POSTGRES_INDEXES,
            #[cfg(feature = "mysql")]
            AnyConnection::Mysql(_) => return Ok(()),
        };
        self.drop_all(connection, "INDEX", (query, table))
    }

    /// Drops a trigger and remembers how it is made.
    fn trigger(&mut self, connection: &mut AnyConnection, name: &str) -> Result<(), DatabaseError> {
        let query = match connection {
            AnyConnection::Sqlite(_) => SQLITE_TRIGGER,
            #[cfg(feature = "postgres")]
            AnyConnection::Postgres(_) => return Ok(()),
            #[cfg(feature = "mysql")]
            AnyConnection::Mysql(_) => return Ok(()),
        };
        self.drop_all(connection, "TRIGGER", (query, name))
    }

    /// Makes everything again.
    pub(super) fn create(self, connection: &mut AnyConnection) -> Result<(), DatabaseError> {
        for statement in self.statements {
            connection.batch_execute(&statement)?;
        }
        Ok(())
    }

    fn drop_all(
        &mut self,
        connection: &mut AnyConnection,
        kind: &str,
        (query, name): (&str, &str),
    ) -> Result<(), DatabaseError> {
        let stored: Vec<Stored> = diesel::sql_query(query)
            .bind::<Text, _>(name)
            .load(connection)?;
        for one in stored {
            // SQLite and PostgreSQL quote names alike.
            connection.batch_execute(&format!("DROP {kind} {}", identifier(&one.name)))?;
            self.statements.push(one.sql);
        }
        Ok(())
    }
}
