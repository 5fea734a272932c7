//! The tables of the application, as the database defines them. Any of them can be audited, whichever program created
//! it.

use std::collections::{BTreeSet, HashSet};

use diesel::prelude::*;

use crate::audit::Form;
use crate::database::engine::Name;
use crate::database::engine::StoredColumn;
use crate::database::{AnyConnection, DatabaseError};
use crate::model::{Column, ColumnType, Table};

use super::Tables;

/// Tables of accession, and of Diesel, which are never in the audit log.
const OWN: [&str; 13] = [
    "__diesel_schema_migrations",
    "audit_context",
    "audit_log",
    "audit_log_guard",
    "audit_replaced",
    "audit_seal_blocks",
    "audit_seals",
    "conversions",
    "import_runs",
    "rejects",
    "row_sources",
    "row_sources_replaced",
    "source_files",
];

/// The types that a column can have, in the order in which they are tried: values are bound as the first type that the
/// column can hold.
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

pub(in crate::database) fn is_own(table: &str) -> bool {
    OWN.iter().any(|own| own.eq_ignore_ascii_case(table))
}

impl Tables<'_> {
    /// Names of all tables except accession's own, sorted. A partition is a table if it has triggers or entries of its
    /// own, or a trigger of a table that it was detached from, and not those of a table that it is a part of.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn application_tables(&mut self) -> Result<Vec<String>, DatabaseError> {
        let query = self.database.connection.catalog().tables;
        let tables: Vec<Name> = diesel::sql_query(query).load(&mut self.database.connection)?;
        let names = tables.into_iter().map(|table| table.name);
        let mut names: Vec<String> = names.filter(|name| !is_own(name)).collect();
        let shared = self.shared_partitions()?;
        let mut partitions = self.database.connection.partitions()?;
        partitions.retain(|part| part.is_whole && !shared.contains(&part.name));
        let has_log = !partitions.is_empty() && self.database.connection.has_table("audit_log")?;
        let logged = match has_log {
            true => self.database.audited_tables().logged_tables()?,
            false => BTreeSet::new(),
        };
        partitions.retain(|part| part.own || part.moved || logged.contains(&part.name));
        names.extend(partitions.into_iter().map(|part| part.name));
        names.sort();
        Ok(names)
    }

    /// Whether there is a view with this name.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn is_view(&mut self, name: &str) -> Result<bool, DatabaseError> {
        let query = self.database.connection.catalog().views;
        let views: Vec<Name> = diesel::sql_query(query).load(&mut self.database.connection)?;
        Ok(views.iter().any(|view| view.name == name))
    }

    /// The table with the columns it has, and types as which their values are bound; `None` if there is no such table,
    /// also if a view has its name.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub fn defined_table(&mut self, name: &str) -> Result<Option<Table>, DatabaseError> {
        let stored = self.database.connection.stored_columns(name)?;
        if stored.is_empty() || !self.database.connection.has_table(name)? {
            return Ok(None);
        }
        let mut key: Vec<usize> = (0..stored.len()).filter(|&at| stored[at].key > 0).collect();
        key.sort_by_key(|&at| stored[at].key);
        let rowid = match key[..] {
            [at] => {
                stored[at].declared.eq_ignore_ascii_case("INTEGER")
                    && self
                        .database
                        .connection
                        .engine_mut()
                        .numbers_integer_keys(name)?
            }
            _ => false,
        };
        let booleans = self.booleans(name)?;
        let column = |stored: StoredColumn| {
            let declared = self.database.connection.type_declared(&stored.declared);
            Column {
                ty: match booleans.contains(&stored.name) {
                    true => ColumnType::Boolean,
                    false => declared.unwrap_or(ColumnType::Text { max_chars: None }),
                },
                nullable: stored.required == 0,
                name: stored.name,
                default: None,
            }
        };
        let columns = stored.into_iter().map(column).collect();
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

    /// Where columns have no types, the triggers show which of them hold booleans.
    fn booleans(&mut self, table: &str) -> Result<HashSet<String>, DatabaseError> {
        let dialect = self.database.connection.dialect();
        if dialect.types_columns() {
            return Ok(HashSet::new());
        }
        let triggers = self.database.connection.stored_triggers(table)?;
        let booleans = triggers
            .iter()
            .flat_map(|trigger| dialect.booleans(&trigger.definition));
        Ok(booleans.collect())
    }
}

impl AnyConnection {
    /// The type as which the values of a column with this declaration are bound and recorded, if no layout states it.
    pub(in crate::database) fn type_declared(&self, declared: &str) -> Option<ColumnType> {
        if !self.dialect().types_columns() {
            return None;
        }
        let can_hold = self.catalog().can_hold;
        let mut types = TYPES.into_iter();
        let form = self.catalog().form;
        let is_timestamp = form(declared, None) == Form::SessionTimestamp;
        let held = types.find(|&ty| can_hold(declared, ty));
        // Its entries are timestamps, also if it has fewer digits than ours.
        held.or(is_timestamp.then_some(ColumnType::Timestamp))
    }
}
