//! The rows that SQLite's audit triggers stage in a table, because REPLACE may delete them.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Text};

use super::Connection;
use super::triggers;
use crate::audit::{AuditedTable, readable};
use crate::database::engine::Count;

/// The number of staged rows that are examined.
const STAGED: i64 = 200;

const HAS_TABLE: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'audit_replaced') AS count";

const TABLES: &str = "SELECT DISTINCT CAST(COALESCE(table_name, '') AS BLOB) AS table_name, x'' AS record_id FROM audit_replaced";

/// Read as bytes, because another program may have written invalid UTF-8.
#[derive(QueryableByName)]
struct Staged {
    #[diesel(sql_type = Binary)]
    table_name: Vec<u8>,
    #[diesel(sql_type = Binary)]
    record_id: Vec<u8>,
}

fn is_true(connection: &mut Connection, query: &str) -> QueryResult<bool> {
    let found: Count = diesel::sql_query(query).get_result(connection)?;
    Ok(found.count > 0)
}

/// Deletes the staged rows of a table, or of all.
pub(super) fn discard(connection: &mut Connection, table: Option<&str>) -> QueryResult<()> {
    // Not one prepared statement: usually there is nothing to delete.
    let any = "SELECT EXISTS (SELECT 1 FROM audit_replaced) AS count";
    if !is_true(connection, HAS_TABLE)? || !is_true(connection, any)? {
        return Ok(());
    }
    match table {
        Some(table) => {
            diesel::sql_query("DELETE FROM audit_replaced WHERE table_name = ? COLLATE NOCASE")
                .bind::<Text, _>(table)
                .execute(connection)?
        }
        None => diesel::sql_query("DELETE FROM audit_replaced").execute(connection)?,
    };
    Ok(())
}

/// The tables with staged rows.
pub(super) fn tables(connection: &mut Connection) -> QueryResult<Vec<String>> {
    if !is_true(connection, HAS_TABLE)? {
        return Ok(Vec::new());
    }
    let staged: Vec<Staged> = diesel::sql_query(TABLES).load(connection)?;
    let staged = staged.into_iter();
    Ok(staged.map(|row| readable(row.table_name)).collect())
}

/// Table and record of the staged rows of a table that no statement can have staged.
pub(super) fn unexplained(
    connection: &mut Connection,
    table: &str,
    audited: &AuditedTable,
) -> QueryResult<Vec<(String, String)>> {
    let query = triggers::unexplained(audited);
    let rows: Vec<Staged> = diesel::sql_query(format!(
        "SELECT CAST(table_name AS BLOB) AS table_name, CAST(record_id AS BLOB) AS record_id \
         FROM ({query} LIMIT {STAGED})"
    ))
    .bind::<Text, _>(table)
    .load(connection)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| (readable(row.table_name), readable(row.record_id)))
        .collect())
}
