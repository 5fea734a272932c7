//! Queries of MariaDB's catalog, which leaves out a table while another session changes its definition.
//!
//! It waits for that session instead if the reading one holds no lock. A run holds the lock of runs, and a transaction
//! those of the tables that it read, so that waiting could be a deadlock: the server skips the table, with a warning.

use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Row};

use super::failure::{failed, numbered};
use crate::database::connect::runtime::wait_for;

/// `ER_WARN_I_S_SKIPPED_TABLE`: "Table … was skipped since its definition is being modified by concurrent DDL statement".
const SKIPPED: u16 = 1684;

/// Statements such as RENAME TABLE keep a definition locked only until they are written.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// Whether a statement reads the catalog.
pub(super) fn reads_catalog(statement: &str) -> bool {
    statement.contains("information_schema.")
}

/// The rows of a query of the catalog, of every table.
///
/// # Errors
/// If the definition of a table is still being changed after [`PATIENCE`]. The run is then to be begun again: the other
/// session may be waiting for its locks.
pub(super) fn catalog_rows(
    driver: &mut Conn,
    query: &str,
    values: &Params,
) -> QueryResult<Vec<Row>> {
    let begun = Instant::now();
    loop {
        let rows = wait_for(driver.exec(query, values.clone())).map_err(failed)?;
        match skipped_table(driver)? {
            None => return Ok(rows),
            Some(message) if begun.elapsed() > PATIENCE => {
                let message = Box::new(numbered(&message, SKIPPED));
                return Err(Error::DatabaseError(DatabaseErrorKind::Unknown, message));
            }
            Some(_) => sleep(PAUSE),
        }
    }
}

/// The server's message about a table that the last query did not read.
fn skipped_table(driver: &mut Conn) -> QueryResult<Option<String>> {
    if driver.get_warnings() == 0 {
        return Ok(None);
    }
    let warnings: Vec<(String, u16, String)> =
        wait_for(driver.query("SHOW WARNINGS")).map_err(failed)?;
    let mut skipped = warnings.into_iter().filter(|(_, code, _)| *code == SKIPPED);
    Ok(skipped.next().map(|(_, _, message)| message))
}
