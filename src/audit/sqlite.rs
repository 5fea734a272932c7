//! Audit triggers for SQLite.
//!
//! They run in the library of whichever program writes, so they use nothing newer than SQLite 3.38 and no function
//! of ours. Reals are printed with `%!.17g`, which every version renders exactly, while `json_object` rounded them
//! before 3.53.2; BLOBs, which `json_object` would refuse, become `{"$blob": hex}`; JSON columns are kept as the
//! text they are. The context is read with scalar subqueries, which are NULL when `audit_context` is empty: that means
//! another program.

use crate::model::Table;

/// The beginning of the name of every trigger made here.
pub const TRIGGER_PREFIX: &str = "accession_";

/// Name and `CREATE TRIGGER` statement of each of the three triggers of `table`.
#[must_use]
pub fn triggers(table: &Table) -> Vec<(String, String)> {
    let columns: Vec<&str> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let key: Vec<&str> = table
        .primary_key
        .iter()
        .map(|&column| columns[column])
        .collect();
    let rowid = table.generated_key().map(|column| columns[column]);
    let image = |side: &str| image(side, &columns, rowid);
    let changed = columns
        .iter()
        .map(|column| differs(column))
        .collect::<Vec<_>>()
        .join(" OR ");
    [
        ("insert", "AFTER INSERT", String::new(), "NEW", "NULL".to_owned(), image("NEW")),
        ("delete", "AFTER DELETE", String::new(), "OLD", image("OLD"), "NULL".to_owned()),
        (
            "update",
            "AFTER UPDATE",
            format!("WHEN {changed} "),
            "OLD",
            changed_image("OLD", &columns, &key),
            changed_image("NEW", &columns, &key),
        ),
    ]
    .into_iter()
    .map(|(event, timing, condition, side, old, new)| {
        let name = format!("{TRIGGER_PREFIX}{}_{event}", table.name);
        // VALUES, not SELECT: with a trigger on `audit_log`, rows of a SELECT would go through a temporary table.
        let statement = format!(
            "CREATE TRIGGER {} {timing} ON {} {condition}BEGIN\n  \
             INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id)\n  \
             VALUES ({}, {}, '{}', {old}, {new},\n    \
             COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),\n    \
             COALESCE((SELECT changed_by FROM audit_context), 'external'),\n    \
             (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context));\nEND",
            identifier(&name),
            identifier(&table.name),
            literal(&table.name),
            record_id(side, &key),
            event.to_uppercase(),
        );
        (name, statement)
    })
    .collect()
}

/// The whole row as a JSON object. An integer primary key is an integer always, whatever is written.
fn image(side: &str, columns: &[&str], rowid: Option<&str>) -> String {
    let members: Vec<_> = columns
        .iter()
        .map(|column| {
            let value = format!("{side}.{}", identifier(column));
            let value = if rowid == Some(column) {
                value
            } else {
                json_value(&value)
            };
            format!("{}, {value}", literal(column))
        })
        .collect();
    format!("json_object({})", members.join(", "))
}

/// An SQL expression that `json_object` embeds exactly.
fn json_value(value: &str) -> String {
    format!(
        "CASE typeof({value}) WHEN 'real' THEN json({}) WHEN 'blob' THEN {} ELSE {value} END",
        real(value),
        blob(value)
    )
}

/// Key and changed columns as JSON text, put together piece by piece because `json_object` cannot leave members out.
fn changed_image(side: &str, columns: &[&str], key: &[&str]) -> String {
    let member = |column: &str| {
        let value = format!("{side}.{}", identifier(column));
        let name = literal(&format!("{}:", serde_json::Value::from(column)));
        format!(
            "{name} || CASE typeof({value}) WHEN 'real' THEN {} WHEN 'blob' THEN {} ELSE json_quote({value}) END",
            real(&value),
            blob(&value)
        )
    };
    let mut pieces: Vec<String> = key
        .iter()
        .map(|column| format!("',' || {}", member(column)))
        .collect();
    pieces.extend(
        columns
            .iter()
            .filter(|column| !key.contains(column))
            .map(|column| {
                format!(
                    "CASE WHEN {} THEN ',' || {} ELSE '' END",
                    differs(column),
                    member(column)
                )
            }),
    );
    format!("'{{' || substr({}, 2) || '}}'", pieces.join(" || "))
}

/// Exact text of a real; infinities, which JSON cannot write, as an object.
fn real(value: &str) -> String {
    format!(
        "CASE WHEN abs({value}) <= 1.7976931348623157e308 THEN format('%!.17g', {value}) \
         ELSE json_object('$real', CASE WHEN {value} > 0 THEN 'Infinity' ELSE '-Infinity' END) END"
    )
}

fn blob(value: &str) -> String {
    format!("json_object('$blob', hex({value}))")
}

/// NULL-safe, blind to the column's collation, and aware of a change of storage class (1 to 1.0).
fn differs(column: &str) -> String {
    let column = identifier(column);
    format!(
        "(OLD.{column} IS NOT NEW.{column} COLLATE BINARY OR typeof(OLD.{column}) <> typeof(NEW.{column}))"
    )
}

fn record_id(side: &str, key: &[&str]) -> String {
    let text = |column: &&str| format!("CAST({side}.{} AS TEXT)", identifier(column));
    match key {
        [] => format!("CAST({side}.rowid AS TEXT)"),
        [column] => text(column),
        columns => format!(
            "json_array({})",
            columns.iter().map(text).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// A quoted SQL identifier.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A quoted SQL text literal.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
