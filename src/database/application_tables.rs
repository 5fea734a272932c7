//! The tables of the application, as the database defines them: whoever made them, they can be under the trail.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::audit::sqlite::writes_truth;
use crate::model::{Column, ColumnType, Table};

use super::catalog::StoredColumn;
use super::{AnyConnection, Database, DatabaseError};

/// Tables of this program, and of Diesel, which are never under the trail.
const OWN: [&str; 12] = [
    "__diesel_schema_migrations",
    "audit_context",
    "audit_log",
    "audit_log_guard",
    "audit_seal_blocks",
    "audit_seals",
    "conversions",
    "import_runs",
    "rejects",
    "row_sources",
    "row_sources_replaced",
    "source_files",
];

/// Types that a column may have, in the order in which they are tried: what is bound to it is bound as the first that
/// it can hold.
const TYPES: [ColumnType; 9] = [
    ColumnType::Boolean,
    ColumnType::Integer,
    ColumnType::Real,
    ColumnType::Timestamp,
    ColumnType::Date,
    ColumnType::Blob,
    ColumnType::Text { max_chars: None },
    ColumnType::Uuid,
    ColumnType::Json,
];

#[derive(QueryableByName)]
struct TableName {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Database {
    /// Names of all tables but our own, sorted.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn application_tables(&mut self) -> Result<Vec<String>, DatabaseError> {
        let query = self.connection.catalog().tables;
        let tables: Vec<TableName> = diesel::sql_query(query).load(&mut self.connection)?;
        let names = tables.into_iter().map(|table| table.name);
        let is_own = |name: &String| OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
        Ok(names.filter(|name| !is_own(name)).collect())
    }

    /// The table with the columns it has, and types as which their values are bound; `None` if there is no such table.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn defined_table(&mut self, name: &str) -> Result<Option<Table>, DatabaseError> {
        let stored = self.connection.stored_columns(name)?;
        if stored.is_empty() {
            return Ok(None);
        }
        let mut key: Vec<usize> = (0..stored.len()).filter(|&at| stored[at].key > 0).collect();
        key.sort_by_key(|&at| stored[at].key);
        let rowid = match key[..] {
            [at] => stored[at].declared.eq_ignore_ascii_case("INTEGER") && self.has_rowid(name)?,
            _ => false,
        };
        let mut columns = Vec::with_capacity(stored.len());
        for stored in stored {
            columns.push(Column {
                ty: self.type_of(name, &stored)?,
                nullable: stored.required == 0,
                name: stored.name,
                default: None,
            });
        }
        Ok(Some(Table {
            name: name.to_owned(),
            columns,
            primary_key: key,
            autoincrement: rowid,
            unique: Vec::new(),
            foreign_keys: Vec::new(),
            indexes: Vec::new(),
        }))
    }

    /// SQLite takes any value in any column; only its triggers tell that a column holds booleans.
    #[cfg_attr(
        not(feature = "servers"),
        expect(irrefutable_let_patterns, reason = "SQLite may be alone")
    )]
    fn type_of(&mut self, table: &str, column: &StoredColumn) -> Result<ColumnType, DatabaseError> {
        if let AnyConnection::Sqlite(_) = self.connection {
            let triggers = self.connection.stored_triggers(table)?;
            let mut triggers = triggers.iter();
            return Ok(
                if triggers.any(|trigger| writes_truth(&trigger.definition, &column.name)) {
                    ColumnType::Boolean
                } else {
                    ColumnType::Text { max_chars: None }
                },
            );
        }
        let ty = self.connection.type_declared(&column.declared);
        Ok(ty.unwrap_or(ColumnType::Text { max_chars: None }))
    }

    /// Whether a table of SQLite has a rowid, for which an INTEGER PRIMARY KEY is another name.
    #[cfg_attr(
        not(feature = "servers"),
        expect(irrefutable_let_patterns, reason = "SQLite may be alone")
    )]
    fn has_rowid(&mut self, name: &str) -> Result<bool, DatabaseError> {
        let AnyConnection::Sqlite(connection) = &mut self.connection else {
            return Ok(false);
        };
        let query = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr = 1 AND name = ? COLLATE NOCASE";
        let without: Option<TableName> = diesel::sql_query(query)
            .bind::<Text, _>(name)
            .get_result(connection)
            .optional()?;
        Ok(without.is_none())
    }
}

impl AnyConnection {
    /// As what the values of a column declared so are bound, and written into the trail, where no layout says it. SQLite
    /// takes any value in any column: there it says nothing.
    pub(super) fn type_declared(&self, declared: &str) -> Option<ColumnType> {
        if matches!(self, Self::Sqlite(_)) {
            return None;
        }
        let can_hold = self.catalog().can_hold;
        let mut types = TYPES.into_iter();
        types.find(|&ty| can_hold(declared, ty))
    }
}
