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

/// As [`Engine::is_interrupted`](crate::database::engine::Engine::is_interrupted).
pub(super) fn is_interrupted(connection: &mut MysqlConnection, table: &str) -> QueryResult<bool> {
    let found: Option<Name> = diesel::sql_query(names_as(IS_INCOMPLETE, connection.name_case()))
        .bind::<Text, _>(table)
        .bind::<Text, _>(INCOMPLETE)
        .get_result(connection)
        .optional()?;
    Ok(found.is_some())
}

/// As [`Engine::named_indexes`](crate::database::engine::Engine::named_indexes).
pub(super) fn named_indexes(
    connection: &mut MysqlConnection,
    table: &str,
) -> QueryResult<Vec<String>> {
    let indexes: Vec<Name> = connection.about(INDEXES, table).load(connection)?;
    let named = |index: Name| format!("INDEX {} ON ", identifier(&index.name));
    Ok(indexes.into_iter().map(named).collect())
}
