//! What SQLite says of its tables.

use crate::audit::Form;
use crate::audit::sqlite::STORED;
use crate::database::catalog::Catalog;
use crate::model::ColumnType;
use crate::plan::ColumnLimit;

pub(in crate::database) const CATALOG: Catalog = Catalog {
    has_table: "SELECT count(*) AS count FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE",
    // Virtual tables have no triggers, and the tables that hold their contents are their own business.
    tables: "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    definitions: "SELECT type AS kind, name, tbl_name AS of_table, sql AS definition FROM sqlite_master \
                  WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name",
    columns: "SELECT name, type AS declared, \"notnull\" AS required, dflt_value AS default_value, pk AS key \
              FROM pragma_table_info(?)",
    last_number: "SELECT seq AS value FROM sqlite_sequence WHERE name = ?",
    triggers: STORED,
    sees_triggers: "SELECT 1 AS count",
    drop_triggers: "SELECT name, 'DROP TRIGGER \"' || replace(name, '\"', '\"\"') || '\"' AS statement \
                    FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'accession\\_%' ESCAPE '\\' ORDER BY name",
    longest_value: "SELECT CAST(NULL AS INTEGER) AS value",
    facts: "SELECT sqlite_version() AS version, encoding, 'UTC' AS time_zone, \
            strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') AS now FROM pragma_encoding",
    missing_rights: "SELECT '' AS name WHERE 1 = 0",
    silent_cascades: "SELECT '' AS name WHERE 1 = 0",
    form: |_declared, wanted| wanted.map_or(Form::Text, Form::of),
    can_hold,
    limit: |_declared| ColumnLimit::default(),
};

/// Whether SQLite's type affinity (<https://www.sqlite.org/datatype3.html>) leaves our values as they are. What
/// NUMERIC affinity does to a single value is caught when the rows are read back before commit.
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
