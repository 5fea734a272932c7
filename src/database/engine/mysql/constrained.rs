//! Determines the columns of a table that constraints depend on, and whether it is versioned.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::triggers::{CONSTRAINED, VERSIONED};
use super::{MysqlConnection, names_as};
use crate::audit::AuditedTable;
use crate::database::engine::{Count, Name};

/// Sets which columns of `table` a constraint depends on, and whether it is versioned.
pub(super) fn add_constrained(
    connection: &mut MysqlConnection,
    table: &mut AuditedTable,
) -> QueryResult<()> {
    let names: Vec<Name> = diesel::sql_query(names_as(CONSTRAINED, connection.name_case()))
        .bind::<Text, _>(&table.name)
        .bind::<Text, _>(&table.name)
        .bind::<Text, _>(&table.name)
        .bind::<Text, _>(&table.name)
        .load(connection)?;
    let is_named = |column: &str| {
        names
            .iter()
            .any(|found| found.name.eq_ignore_ascii_case(column))
    };
    let columns = table.columns.iter().enumerate();
    let columns = columns.filter(|(_, column)| is_named(&column.name));
    table.constrained = columns.map(|(index, _)| index).collect();
    let found: Count = diesel::sql_query(names_as(VERSIONED, connection.name_case()))
        .bind::<Text, _>(&table.name)
        .get_result(connection)?;
    table.versioned = found.count > 0;
    Ok(())
}
