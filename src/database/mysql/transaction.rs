//! Transactions on MySQL and MariaDB.

use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection as _, TransactionManager};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Nullable};

use super::MysqlConnection;
use crate::database::context::MYSQL_NOBODY;
use crate::database::transaction::for_another_run;

type Transactions = <MysqlConnection as Connection>::TransactionManager;

/// The lock that runs wait for, one per database; names have at most 64 characters.
const LOCK: &str = "CONCAT('accession ', MD5(DATABASE()))";

#[derive(QueryableByName)]
struct Got {
    #[diesel(sql_type = Nullable<BigInt>)]
    got: Option<i64>,
}

/// Runs are written one after another: they wait for a named lock. What a run reads nobody else changes before it is
/// written (SERIALIZABLE). Every wait for a lock is bounded.
pub(in crate::database) fn begin_write(
    connection: &mut MysqlConnection,
    wait: Duration,
) -> QueryResult<()> {
    lock(connection, wait)?;
    connection.batch_execute(&format!(
        "SET SESSION innodb_lock_wait_timeout = {}; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        wait.as_secs().max(1)
    ))?;
    Transactions::begin_transaction(connection)
}

/// Takes the lock that runs wait for; [`after_transaction`] gives it back.
pub(in crate::database) fn lock(
    connection: &mut MysqlConnection,
    wait: Duration,
) -> QueryResult<()> {
    let seconds = for_another_run(wait).as_secs();
    let query = format!("SELECT CAST(GET_LOCK({LOCK}, {seconds}) AS SIGNED) AS got");
    let got: Got = diesel::sql_query(query).get_result(connection)?;
    if got.got == Some(1) {
        return Ok(());
    }
    let message = "Lock wait timeout exceeded for the lock of this program".to_owned();
    Err(Error::DatabaseError(
        DatabaseErrorKind::Unknown,
        Box::new(message),
    ))
}

/// One state of the database for all statements.
pub(in crate::database) fn begin_read(connection: &mut MysqlConnection) -> QueryResult<()> {
    connection.batch_execute(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION READ ONLY",
    )?;
    Transactions::begin_transaction(connection)
}

/// The lock and the session's variables outlive a transaction. If the connection is lost, so are they.
pub(in crate::database) fn after_transaction(connection: &mut MysqlConnection) {
    let _ = connection.batch_execute(&format!("{MYSQL_NOBODY}; DO RELEASE_LOCK({LOCK})"));
}
