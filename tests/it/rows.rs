//! Reads a database as any program would, without the library under test.

use rusqlite::Connection;
use rusqlite::types::Value;

/// A row as column names and values.
pub(crate) type Row = Vec<(String, Value)>;

/// Returns all rows of a query.
pub(crate) fn query(connection: &Connection, sql: &str) -> Vec<Row> {
    let mut statement = connection.prepare(sql).expect(sql);
    let names: Vec<String> = statement
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let rows = statement.query_map([], |row| {
        names
            .iter()
            .enumerate()
            .map(|(index, name)| Ok((name.clone(), row.get::<_, Value>(index)?)))
            .collect::<Result<Row, _>>()
    });
    rows.expect(sql)
        .map(|row| row.expect("a row is read"))
        .collect()
}

/// Returns the only value of a query.
pub(crate) fn value<T: rusqlite::types::FromSql>(connection: &Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).expect(sql)
}

pub(crate) fn count(connection: &Connection, table: &str) -> i64 {
    value(connection, &format!("SELECT count(*) FROM \"{table}\""))
}

/// Returns the values of one text column, in order.
pub(crate) fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).expect(sql);
    let rows = statement.query_map([], |row| row.get(0)).expect(sql);
    rows.map(|row| row.expect("a row is read")).collect()
}

/// Returns the value of a column of a row.
pub(crate) fn of<'r>(row: &'r Row, name: &str) -> &'r Value {
    let found = row.iter().find(|(column, _)| column == name);
    &found.unwrap_or_else(|| panic!("no column `{name}`")).1
}

/// Returns the names of the application's tables: all except those of the ledger and of SQLite.
pub(crate) fn application_tables(connection: &Connection) -> Vec<String> {
    const LEDGER: [&str; 12] = [
        "__diesel_schema_migrations",
        "audit_context",
        "audit_log",
        "audit_replaced",
        "audit_seal_blocks",
        "audit_seals",
        "conversions",
        "import_runs",
        "rejects",
        "row_sources",
        "row_sources_replaced",
        "source_files",
    ];
    let all = texts(
        connection,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    );
    all.into_iter()
        .filter(|name| !LEDGER.contains(&name.as_str()))
        .collect()
}

/// Checks invariants of any database that a command wrote.
#[track_caller]
pub(crate) fn assert_sound(connection: &Connection) {
    assert_eq!(texts(connection, "PRAGMA integrity_check"), ["ok"]);
    assert!(query(connection, "PRAGMA foreign_key_check").is_empty());
    assert_eq!(count(connection, "audit_context"), 0);
    let unfinished: i64 = value(
        connection,
        "SELECT count(*) FROM import_runs WHERE status <> 'complete'",
    );
    assert_eq!(unfinished, 0);
    assert_audit_log_reproduces_rows(connection);
}

/// Replays the audit log from the beginning and compares the result with the existing rows.
///
/// Only for tables whose rows were all created after the triggers.
#[track_caller]
pub(crate) fn assert_audit_log_reproduces_rows(connection: &Connection) {
    use std::collections::BTreeMap;
    for table in application_tables(connection) {
        let mut replayed: BTreeMap<String, serde_json::Map<String, serde_json::Value>> =
            BTreeMap::new();
        let entries = query(
            connection,
            &format!("SELECT * FROM audit_log WHERE table_name = '{table}' ORDER BY id"),
        );
        for entry in &entries {
            let id = text(of(entry, "record_id"));
            match text(of(entry, "action")).as_str() {
                "INSERT" => {
                    let row = crate::json::object(&text(of(entry, "new_value")));
                    assert!(
                        replayed.insert(id, row).is_none(),
                        "inserted twice: {table}"
                    );
                }
                "DELETE" => {
                    let last = replayed
                        .remove(&id)
                        .expect("only what was there is deleted");
                    assert_eq!(last, crate::json::object(&text(of(entry, "old_value"))));
                }
                "UPDATE" => {
                    let mut row = replayed
                        .remove(&id)
                        .expect("only what was there is updated");
                    let old = crate::json::object(&text(of(entry, "old_value")));
                    let new = crate::json::object(&text(of(entry, "new_value")));
                    assert!(old.keys().eq(new.keys()), "{table} {id}");
                    for (name, value) in old {
                        assert_eq!(row[&name], value, "{table} {id}");
                    }
                    row.extend(new);
                    let id = row_key(connection, &table, &row).unwrap_or(id);
                    replayed.insert(id, row);
                }
                other => panic!("an action that is none: {other}"),
            }
        }
        let rows = query(connection, &format!("SELECT * FROM \"{table}\""));
        let mut live: Vec<_> = rows.iter().map(crate::json::image).collect();
        // The audit log has `true` and `false`, as on other databases.
        for value in replayed.values_mut().flat_map(|row| row.values_mut()) {
            if let serde_json::Value::Bool(truth) = value {
                *value = i32::from(*truth).into();
            }
        }
        let mut replayed: Vec<_> = replayed.into_values().collect();
        live.sort_by_key(|row| format!("{row:?}"));
        replayed.sort_by_key(|row| format!("{row:?}"));
        assert_eq!(live, replayed, "`{table}` differs from the audit log");
    }
}

/// Returns the record ID of a row in the audit log, for single-column keys.
fn row_key(
    connection: &Connection,
    table: &str,
    row: &serde_json::Map<String, serde_json::Value>,
) -> Option<String> {
    let keys = texts(
        connection,
        &format!("SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk"),
    );
    match &keys[..] {
        [key] => Some(match &row[key] {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        }),
        _ => None,
    }
}

pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => panic!("not a text: {other:?}"),
    }
}

/// Returns all rows of a query in the notation of the servers' command-line clients: strings, with NULL as `NULL`.
pub(crate) fn table(connection: &Connection, sql: &str) -> Vec<Vec<String>> {
    let cell = |(_, value): (String, Value)| match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => data_encoding::HEXUPPER.encode(&bytes),
    };
    let rows = query(connection, sql).into_iter();
    rows.map(|row| row.into_iter().map(cell).collect())
        .collect()
}
