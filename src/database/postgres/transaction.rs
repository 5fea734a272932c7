//! Transactions on PostgreSQL.

use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection as _, TransactionManager};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{BigInt, Text};

use crate::database::statement::cached_by_text;
use crate::database::transaction::for_another_run;

use super::PostgresConnection;

type Transactions = <PostgresConnection as Connection>::TransactionManager;

/// Runs are written one after another: they wait for an advisory lock of this database and schema, which ends with the
/// transaction, so that it also works behind a pooler. Every wait for a lock is bounded.
pub(in crate::database) fn begin_write(
    connection: &mut PostgresConnection,
    wait: Duration,
) -> QueryResult<()> {
    Transactions::begin_transaction(connection)?;
    // 0 would mean for ever, and more than 32 bits are refused.
    let [own, others] =
        [for_another_run(wait), wait].map(|wait| wait.as_millis().clamp(1, i32::MAX as u128));
    let begun = connection.batch_execute(&format!(
        "SET LOCAL lock_timeout = {own}; \
         SELECT pg_advisory_xact_lock(hashtextextended('accession ' || current_schema(), 0)); \
         SET LOCAL lock_timeout = {others}"
    ));
    if begun.is_err() {
        let _ = Transactions::rollback_transaction(connection);
    }
    begun
}

/// One state of the database for all statements.
pub(in crate::database) fn begin_read(connection: &mut PostgresConnection) -> QueryResult<()> {
    Transactions::begin_transaction(connection)?;
    connection.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
}

/// A statement over several tables: what stands before their names, and after.
struct OverTables<'a>(&'static str, &'a [&'a str], &'static str);

impl QueryFragment<Pg> for OverTables<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (i, table) in self.1.iter().enumerate() {
            out.push_sql(if i == 0 { self.0 } else { ", " });
            out.push_identifier(table)?;
        }
        out.push_sql(self.2);
        Ok(())
    }
}
cached_by_text!(OverTables);

/// Keeps other programs from changing these tables until the transaction ends.
pub(in crate::database) fn hold_tables(
    connection: &mut PostgresConnection,
    tables: &[&str],
) -> QueryResult<()> {
    if !tables.is_empty() {
        // Nobody else changes the tables, everybody may read them.
        OverTables("LOCK TABLE ", tables, " IN SHARE ROW EXCLUSIVE MODE").execute(connection)?;
    }
    Ok(())
}

/// Takes samples of the tables for the planner; those of other owners are passed over.
pub(in crate::database) fn analyze(
    connection: &mut PostgresConnection,
    tables: &[&str],
) -> QueryResult<()> {
    OverTables("ANALYZE ", tables, "").execute(connection)?;
    Ok(())
}

/// Numbers up to `last` were given to rows of the table; its sequence, if it has one, goes on from there.
pub(in crate::database) fn note_number(
    connection: &mut PostgresConnection,
    (table, column): (&str, &str),
    last: i64,
) -> QueryResult<()> {
    diesel::sql_query(
        "SELECT setval(s.name, GREATEST($3, COALESCE(pg_sequence_last_value(s.name::regclass), 0))) \
         FROM (SELECT pg_get_serial_sequence(quote_ident($1), $2) AS name) AS s WHERE s.name IS NOT NULL",
    )
    .bind::<Text, _>(table)
    .bind::<Text, _>(column)
    .bind::<BigInt, _>(last)
    .execute(connection)?;
    Ok(())
}
