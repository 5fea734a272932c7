//! Transactions on PostgreSQL.

use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection as _, TransactionManager};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Text};

use crate::database::engine::error_kind::ErrorKind;
use crate::database::engine::{Name, for_another_run};
use crate::database::statement::cached_by_text;

use super::PostgresConnection;
use super::failure::{code, error_kind};

type Transactions = <PostgresConnection as Connection>::TransactionManager;

/// Independent of the default: commits of another run are visible as soon as the lock is acquired.
const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE";

/// All statements see one state of the database.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/// Runs are written one after another: they wait for an advisory lock of this database and schema, which ends with the
/// transaction, so that it also works with a pooler. Every wait for a lock is bounded.
pub(super) fn begin_write(connection: &mut PostgresConnection, wait: Duration) -> QueryResult<()> {
    let begun = Transactions::begin_transaction_sql(connection, BEGIN_WRITE);
    begun.map_err(read_only_replica)?;
    // 0 would mean no limit, and the server rejects more than 32 bits.
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

/// A replica has no transaction that writes: feature_not_supported.
fn read_only_replica(error: Error) -> Error {
    match error {
        Error::DatabaseError(_, said) if code(said.message()) == Some("0A000") => {
            Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, said)
        }
        other => other,
    }
}

/// Begins a transaction that reads.
pub(super) fn begin_read(connection: &mut PostgresConnection) -> QueryResult<()> {
    Transactions::begin_transaction_sql(connection, BEGIN_READ)
}

/// A statement over several tables: the text before their names, and after.
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
pub(super) fn lock_tables(connection: &mut PostgresConnection, tables: &[&str]) -> QueryResult<()> {
    if !tables.is_empty() {
        // Other sessions can read the tables, but not change them.
        OverTables("LOCK TABLE ", tables, " IN SHARE ROW EXCLUSIVE MODE").execute(connection)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Statement {
    #[diesel(sql_type = Text)]
    statement: String,
}

/// How long a sequence is waited for while the tables are locked, in milliseconds. Less than the server's
/// `deadlock_timeout`, after which it would end one of the two transactions.
const SEQUENCE_WAIT: i64 = 200;

#[derive(QueryableByName)]
struct LockTimeout {
    #[diesel(sql_type = BigInt)]
    milliseconds: i64,
}

/// Locks these tables and the sequences of these columns. Most programs lock the table first, by inserting a row, and
/// some the sequence, by taking a number for it, so no order of the two is free of deadlocks: if a sequence is not free
/// soon, the tables are released for its holder, and locked again.
pub(super) fn lock_numbered_tables(
    connection: &mut PostgresConnection,
    tables: &[&str],
    columns: &[(&str, &str)],
) -> QueryResult<()> {
    if columns.is_empty() {
        return lock_tables(connection, tables);
    }
    let query =
        "SELECT setting::bigint AS milliseconds FROM pg_settings WHERE name = 'lock_timeout'";
    let LockTimeout { milliseconds } = diesel::sql_query(query).get_result(connection)?;
    let short = milliseconds.min(SEQUENCE_WAIT);
    let mut attempts = milliseconds / SEQUENCE_WAIT;
    loop {
        // A savepoint: rolling back to it releases what was locked since.
        Transactions::begin_transaction(connection)?;
        let mut has_tables = false;
        let locked = lock_tables(connection, tables).and_then(|()| {
            has_tables = true;
            connection.batch_execute(&format!("SET LOCAL lock_timeout = {short}"))?;
            lock_sequences(connection, columns)
        });
        match locked {
            Ok(()) => {
                connection.batch_execute(&format!("SET LOCAL lock_timeout = {milliseconds}"))?;
                return Transactions::commit_transaction(connection);
            }
            Err(error) => {
                // A lost connection has no savepoint any more.
                let released = Transactions::rollback_transaction(connection);
                if released.is_err() || !has_tables || attempts <= 0 || !is_locked(&error) {
                    return Err(error);
                }
                attempts -= 1;
            }
        }
    }
}

/// Whether `lock_timeout` has passed.
fn is_locked(error: &Error) -> bool {
    match error {
        Error::DatabaseError(_, said) => error_kind(said.message()) == Some(ErrorKind::Locked),
        _ => false,
    }
}

/// Keeps others from taking numbers of the columns' sequences until the transaction ends, also those who take one
/// before they write: changing a sequence locks it, and this changes nothing. Only its owner may.
fn lock_sequences(
    connection: &mut PostgresConnection,
    columns: &[(&str, &str)],
) -> QueryResult<()> {
    for (table, column) in columns {
        let held: Vec<Statement> = diesel::sql_query(
            "SELECT format('ALTER SEQUENCE %s CACHE %s', q.seqrelid::regclass, q.seqcache) AS statement \
             FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid \
             WHERE q.seqrelid = pg_get_serial_sequence(quote_ident($1), $2)::regclass \
             AND pg_has_role(c.relowner, 'USAGE')",
        )
        .bind::<Text, _>(table)
        .bind::<Text, _>(column)
        .load(connection)?;
        for Statement { statement } in held {
            connection.batch_execute(&statement)?;
        }
    }
    Ok(())
}

/// Updates the planner's statistics of the tables; those of other owners are skipped.
pub(super) fn analyze(connection: &mut PostgresConnection, tables: &[&str]) -> QueryResult<()> {
    OverTables("ANALYZE ", tables, "").execute(connection)?;
    Ok(())
}

/// Advances the sequence of the table, if it has one, past `last`, the last number given to a row.
pub(super) fn advance_sequence(
    connection: &mut PostgresConnection,
    table: &str,
    column: &str,
    last: i64,
) -> QueryResult<()> {
    // A sequence begins at 1, and takes no smaller number.
    if last < 1 {
        return Ok(());
    }
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

#[derive(QueryableByName)]
struct NextNumber {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// The number that the sequence of a column gives next; `None` without the right to read it.
pub(super) fn next_number(
    connection: &mut PostgresConnection,
    table: &str,
    column: &str,
) -> QueryResult<Option<i64>> {
    let sequence: Option<Name> = diesel::sql_query(
        "SELECT s.name FROM (SELECT pg_get_serial_sequence(quote_ident($1), $2) AS name) AS s \
         WHERE has_sequence_privilege(s.name, 'SELECT')",
    )
    .bind::<Text, _>(table)
    .bind::<Text, _>(column)
    .get_result(connection)
    .optional()?;
    let Some(Name { name }) = sequence else {
        return Ok(None);
    };
    // The name is quoted already.
    let query = format!("SELECT last_value + is_called::integer AS value FROM {name}");
    let next: NextNumber = diesel::sql_query(query).get_result(connection)?;
    Ok(Some(next.value))
}
