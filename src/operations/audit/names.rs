//! Matches names of rows, tables and columns given by users with those in the audit log.

use std::time::Duration;

use crate::audit::rewritten_record_id;
use crate::database::ledger::{EntryField, EntryFilter};
use crate::database::{Access, Database, DatabaseUrl};
use crate::operations::OperationError;

use super::{AuditQuery, Criterion};

/// A name in a query that no entry can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownName {
    /// The audit log has no entry for this table.
    Table {
        /// The name.
        name: String,
        /// Tables that have entries.
        tables: Vec<String>,
    },
    /// None of the tables currently has this column.
    Column {
        /// The name.
        name: String,
        /// The tables that the query selects, with their columns.
        tables: Vec<(String, Vec<String>)>,
    },
}

/// Returns the unknown tables and columns of `query`; used when a query found nothing.
///
/// # Errors
/// When the database has no ledger or cannot be read.
pub fn unknown_names(
    url: &DatabaseUrl,
    wait: Duration,
    query: &AuditQuery,
) -> Result<Vec<UnknownName>, OperationError> {
    let is_name = |criterion: &Criterion| match criterion {
        Criterion::Field(EntryField::Table, _) | Criterion::Column(_) => true,
        Criterion::Field(
            EntryField::Record | EntryField::Action | EntryField::Run | EntryField::Actor,
            _,
        ) => false,
    };
    if !query.only.iter().any(is_name) {
        return Ok(Vec::new());
    }
    let mut database = Database::open(url, Access::Read, wait)?;
    database.snapshot(|database| {
        let (mut named, mut columns, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for criterion in &query.only {
            match criterion {
                Criterion::Field(EntryField::Table, name) if database.is_traced(name)? => {
                    named.push(name.clone());
                }
                Criterion::Field(EntryField::Table, name) => {
                    let tables = database.traced_tables()?.into_iter().collect();
                    let name = name.clone();
                    unknown.push(UnknownName::Table { name, tables });
                }
                Criterion::Field(
                    EntryField::Record | EntryField::Action | EntryField::Run | EntryField::Actor,
                    _,
                ) => {}
                Criterion::Column(name) => columns.push(name.clone()),
            }
        }
        if columns.is_empty() || !unknown.is_empty() {
            return Ok(unknown);
        }
        let tables = match named.is_empty() {
            true => database.traced_tables()?.into_iter().collect(),
            false => named.clone(),
        };
        let mut there = Vec::with_capacity(tables.len());
        for table in tables {
            let defined = database.defined_table(&table)?;
            let defined = defined.map_or_else(Vec::new, |table| table.columns);
            let names = defined.into_iter().map(|column| column.name);
            there.push((table, names.collect::<Vec<String>>()));
        }
        let is_there = |name: &String| there.iter().any(|(_, columns)| columns.contains(name));
        columns.retain(|name| !is_there(name));
        there.retain(|(table, _)| named.contains(table));
        let column = |name| UnknownName::Column {
            name,
            tables: there.clone(),
        };
        Ok(columns.into_iter().map(column).collect())
    })
}

/// The row that a user named: the name as given, or, if there is no such row, normalized as the audit log writes keys
/// of several columns.
pub(in crate::operations) fn row_named(
    database: &mut Database,
    table: &str,
    record: &str,
) -> Result<String, OperationError> {
    Ok(match rewritten_record_id(record) {
        Some(rewritten) if database.count_entries(&EntryFilter::of_row(table, record))? == 0 => {
            rewritten
        }
        Some(_) | None => record.to_owned(),
    })
}
