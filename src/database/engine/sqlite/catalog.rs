//! Catalog queries for SQLite.

use crate::audit::Form;
use crate::database::engine::Catalog;
use crate::model::ColumnType;
use crate::plan::ColumnLimit;

pub(super) static CATALOG: Catalog = Catalog {
    has_table: "SELECT count(*) AS count FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE",
    // Virtual tables have no triggers, and their shadow tables must not be audited.
    tables: "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    without_triggers: Some(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%' ORDER BY name",
    ),
    partitions: None,
    views: "SELECT name FROM sqlite_master WHERE type = 'view'",
    definitions: "SELECT type AS kind, name, tbl_name AS of_table, sql AS definition FROM sqlite_master \
                  WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name",
    // Generated columns are not listed.
    columns: "SELECT name, type AS declared, '' AS type_name, CAST(NULL AS TEXT) AS equals, '' AS filled, \"notnull\" AS required, dflt_value AS default_value, pk AS key \
              FROM pragma_table_info(?)",
    columns_of_tables: Some(
        "SELECT t.name AS of_table, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c \
         WHERE t.type = 'table' AND instr(',' || ? || ',', ',' || lower(t.name) || ',') > 0",
    ),
    // Without the columns, the primary key is meant.
    references: "SELECT child.name AS child, CAST(NULL AS TEXT) AS child_schema, \
                 CAST(key.id AS TEXT) AS name, key.on_delete, key.on_update, 0 AS is_silent, key.\"from\" AS child_column, \
                 COALESCE(key.\"to\", (SELECT own.name FROM pragma_table_info(key.\"table\") AS own \
                 WHERE own.pk = key.seq + 1)) AS parent_column, CAST(NULL AS TEXT) AS comparison \
                 FROM sqlite_master AS child JOIN pragma_foreign_key_list(child.name) AS key \
                 WHERE child.type = 'table' AND key.\"table\" = ? COLLATE NOCASE ORDER BY child.name, key.id, key.seq",
    references_from_elsewhere: None,
    last_number: "SELECT seq AS value FROM sqlite_sequence WHERE name = ?",
    sees_triggers: "SELECT 1 AS count",
    drop_triggers: "SELECT name, 'DROP TRIGGER \"' || replace(name, '\"', '\"\"') || '\"' AS statement \
                    FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'accession\\_%' ESCAPE '\\' ORDER BY name",
    longest_value: "SELECT CAST(NULL AS INTEGER) AS value",
    facts: "SELECT sqlite_version() AS version, encoding, 'UTC' AS time_zone, \
            strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') AS now FROM pragma_encoding",
    missing_rights: "SELECT '' AS name, '' AS child, '' AS parent WHERE 1 = 0",
    silent_cascades: "SELECT '' AS name WHERE 1 = 0",
    hidden_rows: None,
    earlier_triggers: None,
    without_transactions: None,
    emptied_by_crash: None,
    unrecorded_columns: Some("SELECT name FROM pragma_table_xinfo(?) WHERE hidden IN (2, 3)"),
    shadowing_accounts: None,
    settable_clock: None,
    // Without those that a foreign key refers to.
    deferred_indexes: Some(
        "SELECT name, sql, (SELECT \"unique\" FROM pragma_index_list(own.tbl_name) WHERE name = own.name) AS is_unique \
         FROM sqlite_master AS own \
         WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM sqlite_master AS child \
         JOIN pragma_foreign_key_list(child.name) AS key \
         JOIN pragma_index_list(own.tbl_name) AS kept \
         JOIN pragma_index_info(kept.name) AS part WHERE child.type = 'table' \
         AND key.\"table\" = own.tbl_name COLLATE NOCASE AND kept.name = own.name \
         AND kept.\"unique\" AND part.name = key.\"to\" COLLATE NOCASE) ORDER BY rowid",
    ),
    deferred_trigger: Some(
        "SELECT name, sql, 0 AS is_unique FROM sqlite_master WHERE type = 'trigger' AND name = ?",
    ),
    rules: "SELECT name, tbl_name AS of_table FROM sqlite_master WHERE type = 'trigger' ORDER BY tbl_name, name",
    form: |_declared, wanted| wanted.map_or(Form::Text, Form::of),
    can_hold,
    limit: |_declared| ColumnLimit::default(),
    page_size: "SELECT CAST(NULL AS INTEGER) AS value WHERE ? <> ''",
    row_limit: |_columns, _page| None,
};

/// Whether SQLite's type affinity (<https://www.sqlite.org/datatype3.html>) stores values unchanged.
/// Changes of single values by NUMERIC affinity are found when the rows are read back before commit.
fn can_hold(declared: &str, ty: ColumnType) -> bool {
    let declared = declared.to_uppercase();
    let integer = declared.contains("INT");
    let text = !integer
        && ["CHAR", "CLOB", "TEXT"]
            .iter()
            .any(|word| declared.contains(word));
    let real = !integer
        && !text
        && ["REAL", "FLOA", "DOUB"]
            .iter()
            .any(|word| declared.contains(word));
    match ty {
        ColumnType::Text { .. } => !integer && !real,
        ColumnType::Json | ColumnType::Timestamp | ColumnType::Date | ColumnType::Uuid => {
            !integer && !real
        }
        ColumnType::Integer | ColumnType::Boolean => !text && !real,
        ColumnType::Real => !text && !integer,
        ColumnType::Blob => true,
    }
}
