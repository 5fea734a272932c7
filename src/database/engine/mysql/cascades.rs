//! The triggers that implement the actions of foreign keys, after the referring table was renamed.
//!
//! The foreign key follows the rename and its trigger does not: it would change rows of the table that has the former
//! name now, or fail.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::triggers::{Reference, STORED, cascade, set_null};
use super::{MysqlConnection, names_as};
use crate::audit::Trigger;
use crate::database::engine::StoredTrigger;

/// The columns of the foreign keys of the table `?`, with the table and columns that they refer to.
const FOREIGN_KEYS: &str = "SELECT constraint_name AS constraint_name, column_name AS child_column, \
     referenced_table_name AS parent, referenced_column_name AS parent_column FROM information_schema.key_column_usage \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND referenced_table_schema = DATABASE() \
     ORDER BY constraint_name, ordinal_position";

#[derive(QueryableByName)]
struct ForeignKeyColumn {
    #[diesel(sql_type = Text)]
    constraint_name: String,
    #[diesel(sql_type = Text)]
    child_column: String,
    #[diesel(sql_type = Text)]
    parent: String,
    #[diesel(sql_type = Text)]
    parent_column: String,
}

/// The triggers for actions of the foreign keys of `table` that were created when it was called `before`, each with the
/// one that replaces it.
pub(super) fn former(
    connection: &mut MysqlConnection,
    table: &str,
    before: &str,
) -> QueryResult<Vec<(Trigger, Trigger)>> {
    let case = connection.name_case();
    let columns: Vec<ForeignKeyColumn> = connection.about(FOREIGN_KEYS, table).load(connection)?;
    let mut former = Vec::new();
    for key in columns.chunk_by(|one, next| one.constraint_name == next.constraint_name) {
        let stored: Vec<StoredTrigger> = diesel::sql_query(names_as(STORED, case))
            .bind::<Text, _>(&key[0].parent)
            .load(connection)?;
        let child_columns: Vec<&str> = key.iter().map(|part| part.child_column.as_str()).collect();
        let references: Vec<&str> = key.iter().map(|part| part.parent_column.as_str()).collect();
        let of = |child| Reference {
            child,
            columns: &child_columns,
            parent: &key[0].parent,
            references: &references,
        };
        let is_stored = |trigger: &Trigger| {
            let mut stored = stored.iter();
            stored.any(|one| one.name == trigger.name && one.definition == trigger.definition)
        };
        for action in [cascade, set_null] {
            let old = action(&of(before));
            if is_stored(&old) {
                former.push((old, action(&of(table))));
            }
        }
    }
    Ok(former)
}
