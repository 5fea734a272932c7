//! Secondary indexes of empty tables are dropped before a load and made again after it, from the same statements:
//! building an index once over sorted keys is several times faster than keeping it while rows arrive.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::audit::sqlite::identifier;

use super::{AnyConnection, DatabaseError};

/// `CREATE INDEX` statements to be executed after a load.
#[derive(Debug, Default)]
pub(super) struct DeferredIndexes {
    statements: Vec<String>,
}

#[derive(QueryableByName)]
struct StoredIndex {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

impl DeferredIndexes {
    /// Drops the secondary indexes of `table`, which must be empty, and remembers how they are made.
    pub(super) fn defer(
        &mut self,
        connection: &mut AnyConnection,
        table: &str,
    ) -> Result<(), DatabaseError> {
        let AnyConnection::Sqlite(connection) = connection;
        let stored: Vec<StoredIndex> = diesel::sql_query(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL ORDER BY rowid",
        )
        .bind::<Text, _>(table)
        .load(connection)?;
        for index in stored {
            connection.batch_execute(&format!("DROP INDEX {}", identifier(&index.name)))?;
            self.statements.push(index.sql);
        }
        Ok(())
    }

    /// Makes the indexes again.
    pub(super) fn create(self, connection: &mut AnyConnection) -> Result<(), DatabaseError> {
        for statement in self.statements {
            connection.batch_execute(&statement)?;
        }
        Ok(())
    }
}
