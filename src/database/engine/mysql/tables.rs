//! Creates tables with many columns and replaces triggers, and finds out whether a table exists that the catalog does not show.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::Error;

use super::MysqlConnection;
use super::failure::number;
use super::quote::identifier;
use crate::audit::Trigger;
use crate::database::engine::Count;

/// Whether there is a view of this name. The server opens this one alone.
const IS_VIEW: &str = "SELECT count(*) AS count FROM information_schema.tables \
    WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND table_type LIKE '%VIEW'";

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

/// Creates a trigger in place of the one of this name. MariaDB does both in one statement ([`CREATE`](super::triggers::CREATE)). MySQL has none,
/// and neither has MariaDB if the other one is on another table: it is dropped first, and a change in between has no
/// entry.
pub(super) fn replace_trigger(
    connection: &mut MysqlConnection,
    trigger: &Trigger,
) -> QueryResult<()> {
    const EXISTS: u16 = 1359;
    const NOT_ON_THIS_TABLE: u16 = 1360;
    match connection.batch_execute(&trigger.create) {
        Err(error) if matches!(number_of(&error), Some(EXISTS | NOT_ON_THIS_TABLE)) => {
            connection.batch_execute(&trigger.drop)?;
            connection.batch_execute(&trigger.create)
        }
        made => made,
    }
}

/// Whether the account lacks the rights to know whether a table with these columns exists. The catalog shows no table
/// and no column without a right on it; a statement is rejected for one reason or the other. A view is no table.
pub(super) fn is_hidden(
    connection: &mut MysqlConnection,
    table: &str,
    columns: &[&str],
) -> QueryResult<bool> {
    const NO_SUCH_COLUMN: u16 = 1054;
    const NO_SUCH_TABLE: u16 = 1146;
    let columns: Vec<String> = columns.iter().map(|column| identifier(column)).collect();
    let query = format!(
        "SELECT {} FROM {} LIMIT 0",
        columns.join(", "),
        identifier(table)
    );
    Ok(match diesel::sql_query(query).execute(connection) {
        Ok(_) => {
            let views: Count = connection.about(IS_VIEW, table).get_result(connection)?;
            views.count == 0
        }
        Err(error) => !matches!(number_of(&error), Some(NO_SUCH_COLUMN | NO_SUCH_TABLE)),
    })
}

fn is_too_big(error: &Error) -> bool {
    number_of(error) == Some(TOO_BIG_ROW)
}

fn number_of(error: &Error) -> Option<u16> {
    match error {
        Error::DatabaseError(_, information) => number(information.message()),
        _ => None,
    }
}
