//! The order of SQLite's audit triggers: they fire in the reverse order of their creation, and share one namespace.

use diesel::QueryResult;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::Connection;
use super::recipe::SqliteDialect;
use super::staged_rows::discard;
use super::triggers::names;
use crate::audit::Trigger;
use crate::database::DatabaseError;
use crate::database::audited_tables::triggers::fault;
use crate::database::engine::Dialect as _;
use crate::database::engine::Name;
use crate::database::engine::StoredTrigger;

/// Triggers of the application on the bound table that were created after the first audit trigger.
const LATER: &str = concat!(
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE AND NOT ",
    is_ours!(),
    " AND rowid > (SELECT min(rowid) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE AND ",
    is_ours!(),
    ") ORDER BY name"
);

const TABLE_OF: &str = "SELECT tbl_name AS name FROM sqlite_master WHERE type = 'trigger' AND name = ?1 COLLATE NOCASE";

#[derive(QueryableByName)]
struct Later {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// Recreates all audit triggers of a table, because of their order, if any of them is missing, different, or fires too
/// late; drops those with other names.
pub(super) fn replace_triggers(
    connection: &mut Connection,
    table: &str,
    stored: &[StoredTrigger],
    triggers: &[Trigger],
) -> Result<(), DatabaseError> {
    let is_wanted = |stored: &StoredTrigger| {
        let mut triggers = triggers.iter();
        triggers.any(|trigger| trigger.name == stored.name)
    };
    let mut ours: Vec<&StoredTrigger> = stored.iter().collect();
    ours.retain(|stored| {
        is_wanted(stored) || SqliteDialect.writes_entries_of(&stored.definition, table)
    });
    if triggers
        .iter()
        .all(|trigger| fault(&SqliteDialect, stored, trigger).is_none())
        && ours.len() == triggers.len()
        && triggers_that_fire_first(connection, table)?.is_empty()
    {
        return Ok(());
    }
    for trigger in triggers {
        let of: Option<Name> = diesel::sql_query(TABLE_OF)
            .bind::<Text, _>(&trigger.name)
            .get_result(connection)
            .optional()?;
        if let Some(of) = of.filter(|of| !of.name.eq_ignore_ascii_case(table)) {
            return Err(DatabaseError::TriggerOfAnotherTable {
                trigger: trigger.name.clone(),
                table: of.name,
            });
        }
    }
    for trigger in ours {
        connection.batch_execute(&trigger.drop_statement)?;
    }
    for trigger in triggers {
        connection.batch_execute(&trigger.definition)?;
    }
    Ok(discard(connection, Some(table))?)
}

/// Triggers of the application that fire before the audit triggers AFTER the same event, because they were created
/// later: they can write to the table, and can end the statement before its entry (`RAISE(IGNORE)`, or a constraint
/// under `OR FAIL`).
pub(super) fn triggers_that_fire_first(
    connection: &mut Connection,
    table: &str,
) -> QueryResult<Vec<String>> {
    let later: Vec<Later> = diesel::sql_query(LATER)
        .bind::<Text, _>(table)
        .load(connection)?;
    let is_after =
        |trigger: &Later| names(&trigger.sql).any(|word| word.eq_ignore_ascii_case("AFTER"));
    let later = later.into_iter().filter(is_after);
    Ok(later.map(|trigger| trigger.name).collect())
}
