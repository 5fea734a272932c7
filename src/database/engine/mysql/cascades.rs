//! The triggers that implement the actions of foreign keys, after the referring table was renamed, or its parent created
//! again.
//!
//! The foreign key follows a rename and its trigger does not: it would change rows of the table that has the former name
//! now, or fail.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::triggers::{Reference, STORED, cascade, set_null};
use super::{MysqlConnection, names_as};
use crate::audit::Trigger;
use crate::database::engine::{RestrictingKey, StoredTrigger};

/// The columns of the foreign keys of the table `?`, with the table and columns that they refer to.
const FOREIGN_KEYS: &str = "SELECT constraint_name AS constraint_name, column_name AS child_column, \
     referenced_table_name AS parent, referenced_column_name AS parent_column FROM information_schema.key_column_usage \
     WHERE table_schema = DATABASE() AND table_name = CAST(? AS BINARY) AND referenced_table_schema = DATABASE() \
     ORDER BY constraint_name, ordinal_position";

/// The same of those without an action, if an import created the table: it has the collation of such tables.
const RESTRICTING: &str = "SELECT k.constraint_name AS constraint_name, k.column_name AS child_column, \
     k.referenced_table_name AS parent, k.referenced_column_name AS parent_column FROM information_schema.key_column_usage k \
     JOIN information_schema.referential_constraints r ON r.constraint_schema = k.table_schema \
       AND r.table_name = k.table_name AND r.constraint_name = k.constraint_name \
     WHERE k.table_schema = DATABASE() AND k.table_name = CAST(? AS BINARY) AND k.referenced_table_schema = DATABASE() \
     AND r.delete_rule IN ('RESTRICT', 'NO ACTION') AND EXISTS (SELECT 1 FROM information_schema.tables t \
       WHERE t.table_schema = DATABASE() AND t.table_name = CAST(? AS BINARY) \
       AND t.table_collation IN ('utf8mb4_nopad_bin', 'utf8mb4_0900_bin')) \
     ORDER BY k.constraint_name, k.ordinal_position";

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

/// As [`Engine::restricting_keys`](crate::database::engine::Engine::restricting_keys).
pub(super) fn restricting_keys(
    connection: &mut MysqlConnection,
    table: &str,
) -> QueryResult<Vec<RestrictingKey>> {
    let columns: Vec<ForeignKeyColumn> = connection.about(RESTRICTING, table).load(connection)?;
    let keys = columns.chunk_by(|one, next| one.constraint_name == next.constraint_name);
    let pair = |part: &ForeignKeyColumn| (part.child_column.clone(), part.parent_column.clone());
    Ok(keys
        .map(|key| RestrictingKey {
            parent: key[0].parent.clone(),
            columns: key.iter().map(pair).collect(),
        })
        .collect())
}
