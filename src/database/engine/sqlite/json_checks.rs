//! Determines whether the CHECK constraints of a table are only those of its JSON columns.
//!
//! `json_valid` makes three copies of a value, which SQLite keeps until the statement ends. A long value of accession
//! is known to be valid JSON, so its rows are written without the check, unless that would disable other checks.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;

use super::identifier;
use crate::model::{ColumnType, Table};

#[derive(QueryableByName)]
struct Definition {
    #[diesel(sql_type = Text)]
    sql: String,
    /// Triggers that an insertion fires and that do not belong to accession.
    #[diesel(sql_type = BigInt)]
    other_triggers: i64,
}

const DEFINITION: &str = "SELECT sql, (SELECT count(*) FROM sqlite_master WHERE type = 'trigger' \
    AND lower(tbl_name) IN (lower(own.name), 'audit_log', 'audit_replaced') AND name NOT GLOB 'accession_*') \
    AS other_triggers FROM sqlite_master AS own WHERE type = 'table' AND name = ? COLLATE NOCASE";

/// The CHECK constraint of a JSON column.
pub(super) fn json_check(column: &str) -> String {
    let name = identifier(column);
    // `json_valid(NULL)` is 0, not NULL, before SQLite 3.45.
    format!("CHECK ({name} IS NULL OR json_valid({name}))")
}

/// Whether rows of `table` can be inserted without CHECK constraints, because the only ones check that JSON is valid.
pub(super) fn only_json_checks(
    connection: &mut SqliteConnection,
    table: &Table,
) -> QueryResult<bool> {
    let query = diesel::sql_query(DEFINITION).bind::<Text, _>(&table.name);
    let Some(found) = query.get_result::<Definition>(connection).optional()? else {
        return Ok(false);
    };
    let columns = table.columns.iter();
    let json = columns.filter(|column| column.ty == ColumnType::Json);
    let rest = json.fold(found.sql, |sql, column| {
        sql.replacen(&json_check(&column.name), "", 1)
    });
    Ok(found.other_triggers == 0 && !rest.to_ascii_lowercase().contains("check"))
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection as _;

    use super::*;
    use crate::database::engine::Dialect as _;
    use crate::database::engine::sqlite::SqliteDialect;
    use crate::model::Column;

    fn table() -> Table {
        let column = |name: &str, ty| Column {
            name: name.to_owned(),
            ty,
            nullable: true,
            default: None,
        };
        Table {
            name: "items".to_owned(),
            columns: vec![
                column("a \"json\"", ColumnType::Json),
                column("b", ColumnType::Json),
                column("c", ColumnType::Text { max_chars: None }),
            ],
            primary_key: Vec::new(),
            autoincrement: false,
            unique: Vec::new(),
            foreign_keys: Vec::new(),
            indexes: Vec::new(),
        }
    }

    #[test]
    fn other_checks_and_other_triggers_are_kept() {
        let table = table();
        let created = SqliteDialect.create_table(&table);
        let with_check = created.replacen("\"c\" TEXT", "\"c\" TEXT CHECK (c <> '')", 1);
        assert_ne!(created, with_check);
        let trigger = |name: &str, on: &str| {
            let audit_log = "CREATE TABLE audit_log (a)";
            format!(
                "{created}; {audit_log}; CREATE TRIGGER {name} AFTER INSERT ON {on} BEGIN SELECT 1; END"
            )
        };
        for (schema, expected) in [
            (created.clone(), true),
            (with_check, false),
            (trigger("accession_items_insert", "ITEMS"), true),
            (trigger("theirs", "ITEMS"), false),
            (trigger("theirs", "audit_log"), false),
            (String::new(), false),
        ] {
            let mut connection = SqliteConnection::establish(":memory:").expect("a connection");
            connection.batch_execute(&schema).expect("a schema");
            let only = only_json_checks(&mut connection, &table).expect("an answer");
            assert_eq!(only, expected, "{schema}");
        }
    }
}
