//! Creates tables with many columns.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::Error;

use super::MysqlConnection;
use super::failure::number;

/// Row size too large.
const TOO_BIG_ROW: u16 = 1118;

/// Executes `CREATE TABLE` or `CREATE INDEX`. In strict mode InnoDB rejects a table if one row could be too long;
/// without, it rejects such a row only
/// (<https://mariadb.com/kb/en/troubleshooting-row-size-too-large-errors-with-innodb/>). The setting of the session is
/// the same afterwards. Where a user may not change it, the first error remains.
pub(super) fn make_table(connection: &mut MysqlConnection, statement: &str) -> QueryResult<()> {
    const RELAX: &str =
        "SET @accession_strict = @@SESSION.innodb_strict_mode, SESSION innodb_strict_mode = OFF";
    const RESTORE: &str =
        "SET SESSION innodb_strict_mode = @accession_strict, @accession_strict = NULL";
    match connection.batch_execute(statement) {
        Err(error) if is_too_big(&error) && connection.batch_execute(RELAX).is_ok() => {
            let made = connection.batch_execute(statement);
            connection.batch_execute(RESTORE)?;
            made
        }
        made => made,
    }
}

fn is_too_big(error: &Error) -> bool {
    let Error::DatabaseError(_, information) = error else {
        return false;
    };
    number(information.message()) == Some(TOO_BIG_ROW)
}
