//! Tables whose creation was interrupted between its statements, each of which commits.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::recipe::INCOMPLETE;
use super::{MysqlConnection, identifier, names_as};
use crate::database::engine::Name;

const IS_INCOMPLETE: &str = "SELECT table_name AS name FROM information_schema.tables \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND table_comment = ?";

const INDEXES: &str = "SELECT DISTINCT index_name AS name FROM information_schema.statistics \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY)";

/// As [`Engine::interrupted_table`](crate::database::engine::Engine::interrupted_table).
pub(super) fn interrupted_table(
    connection: &mut MysqlConnection,
    table: &str,
) -> QueryResult<Option<Vec<String>>> {
    let case = connection.name_case();
    let found: Option<Name> = diesel::sql_query(names_as(IS_INCOMPLETE, case))
        .bind::<Text, _>(table)
        .bind::<Text, _>(INCOMPLETE)
        .get_result(connection)
        .optional()?;
    if found.is_none() {
        return Ok(None);
    }
    let indexes: Vec<Name> = diesel::sql_query(names_as(INDEXES, case))
        .bind::<Text, _>(table)
        .load(connection)?;
    let named = |index: Name| format!("INDEX {} ON ", identifier(&index.name));
    Ok(Some(indexes.into_iter().map(named).collect()))
}
