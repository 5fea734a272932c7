//! Transactions on MySQL and MariaDB.

use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection as _, TransactionManager};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Nullable};

use super::failure::numbered;
use super::triggers::{NUMBERING, RUN_LOCK as LOCK};
use super::{MysqlConnection, identifier};
use crate::database::engine::for_another_run;

/// Takes the audit context away, also after a transaction that failed.
pub(super) const CLEAR_CONTEXT: &str = "SET @accession_run_id = NULL, @accession_changed_by = NULL, \
                                        @accession_changed_at = NULL, @accession_source_file_id = NULL";

type Transactions = <MysqlConnection as Connection>::TransactionManager;

#[derive(QueryableByName)]
struct Got {
    #[diesel(sql_type = Nullable<BigInt>)]
    got: Option<i64>,
}

/// Runs are written one after another: they wait for a named lock. No other program changes what a run reads before it
/// is written (SERIALIZABLE). Every wait for a lock is bounded.
pub(super) fn begin_write(connection: &mut MysqlConnection, wait: Duration) -> QueryResult<()> {
    lock(connection, wait)?;
    connection.batch_execute("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")?;
    Transactions::begin_transaction(connection)
}

/// Takes the lock of runs, which is counted; [`after_transaction`] releases it once. From here on the session waits for
/// locks of other programs, on rows and on tables that it changes, for at most `wait`.
pub(super) fn lock(connection: &mut MysqlConnection, wait: Duration) -> QueryResult<()> {
    let others = wait.as_secs().max(1);
    connection.batch_execute(&format!(
        "SET SESSION innodb_lock_wait_timeout = {others}, lock_wait_timeout = {others}"
    ))?;
    let seconds = for_another_run(wait).as_secs();
    let query = format!("SELECT CAST(GET_LOCK({LOCK}, {seconds}) AS SIGNED) AS got");
    let got: Got = diesel::sql_query(query).get_result(connection)?;
    if got.got == Some(1) {
        return Ok(());
    }
    // The error that a row lock would be reported with.
    let message = numbered("another run holds the lock", 1205);
    Err(Error::DatabaseError(
        DatabaseErrorKind::Unknown,
        Box::new(message),
    ))
}

/// Makes other programs wait if a trigger requests the same lock
/// ([`numbering`](crate::database::engine::mysql::triggers::numbering)), and waits for those that have already numbered
/// rows. Must be called before the next number is read.
pub(super) fn lock_sequences(connection: &mut MysqlConnection) -> QueryResult<()> {
    diesel::sql_query(format!("SELECT version FROM {NUMBERING} FOR UPDATE")).execute(connection)?;
    Ok(())
}

/// Reads all rows of the tables by their primary keys, which locks them and the gaps between them.
pub(super) fn lock_rows(connection: &mut MysqlConnection, tables: &[&str]) -> QueryResult<()> {
    for table in tables {
        let table = identifier(table);
        diesel::sql_query(format!(
            "SELECT count(*) FROM {table} FORCE INDEX (PRIMARY) LOCK IN SHARE MODE"
        ))
        .execute(connection)?;
    }
    Ok(())
}

/// All statements see one state of the database. The isolation level is set for the session, which proxies preserve.
pub(super) fn begin_read(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection.batch_execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
    Transactions::begin_transaction_sql(connection, "START TRANSACTION READ ONLY")
}

/// The lock and the session's variables outlive a transaction. If the connection is lost, so are they.
pub(super) fn after_transaction(connection: &mut MysqlConnection) {
    let _ = connection.batch_execute(&format!("{CLEAR_CONTEXT}; DO RELEASE_LOCK({LOCK})"));
}
