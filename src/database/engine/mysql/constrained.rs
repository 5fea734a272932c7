//! Determines the columns of a table that constraints depend on, whether it is versioned, and how the server quotes.

use diesel::QueryResult;
use diesel::prelude::*;

use super::MysqlConnection;
use super::triggers::{CONSTRAINED, VERSIONED};
use crate::audit::AuditedTable;
use crate::database::engine::{Count, Name};

/// Sets which columns of `table` a constraint depends on, and whether it is versioned.
pub(super) fn add_constrained(
    connection: &mut MysqlConnection,
    table: &mut AuditedTable,
) -> QueryResult<()> {
    let names: Vec<Name> = connection
        .about(CONSTRAINED, &table.name)
        .load(connection)?;
    let is_named = |column: &str| {
        names
            .iter()
            .any(|found| found.name.eq_ignore_ascii_case(column))
    };
    let columns = table.columns.iter().enumerate();
    let columns = columns.filter(|(_, column)| is_named(&column.name));
    table.constrained = columns.map(|(index, _)| index).collect();
    let found: Count = connection
        .about(VERSIONED, &table.name)
        .get_result(connection)?;
    table.versioned = found.count > 0;
    table.quotes_strings_only = connection.is_mariadb();
    Ok(())
}
