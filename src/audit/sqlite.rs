//! Audit triggers for SQLite.
//!
//! They run in the library of whichever program writes, so they use nothing newer than SQLite 3.38 and no function
//! of ours. Reals are printed with `%!.17g`, which every version renders exactly, while `json_object` rounded them
//! before 3.53.2; BLOBs, which `json_object` would refuse, become `{"$blob": hex}`; JSON columns are kept as the
//! text they are. The context is read with scalar subqueries, which are NULL when `audit_context` is empty: that means
//! another program. Booleans, which are stored as 0 and 1, are written as `true` and `false`, as other databases do.

use super::table::{AuditedColumn, AuditedTable, Form};
use super::trigger::{EXTERNAL, TRIGGER_PREFIX, Trigger, member_name};

/// Name and definition of each trigger made by this program on the table `?1`.
pub const STORED: &str = "SELECT name, sql AS definition FROM sqlite_master \
                          WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE AND name LIKE 'accession\\_%' ESCAPE '\\' \
                          ORDER BY name";

/// The three triggers of `table`.
#[must_use]
pub fn triggers(table: &AuditedTable) -> Vec<Trigger> {
    let changed = table
        .columns
        .iter()
        .map(differs)
        .collect::<Vec<_>>()
        .join(" OR ");
    [
        ("insert", "AFTER INSERT", String::new(), "NEW", "NULL".to_owned(), image(table, "NEW")),
        ("delete", "AFTER DELETE", String::new(), "OLD", image(table, "OLD"), "NULL".to_owned()),
        (
            "update",
            "AFTER UPDATE",
            format!("WHEN {changed} "),
            "OLD",
            changed_image(table, "OLD"),
            changed_image(table, "NEW"),
        ),
    ]
    .into_iter()
    .map(|(event, timing, condition, side, old, new)| {
        let name = format!("{TRIGGER_PREFIX}{}_{event}", table.name);
        // VALUES, not SELECT: with a trigger on `audit_log`, rows of a SELECT would go through a temporary table.
        let definition = format!(
            "CREATE TRIGGER {} {timing} ON {} {condition}BEGIN\n  \
             INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id)\n  \
             VALUES ({}, {}, '{}', {old}, {new},\n    \
             COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),\n    \
             COALESCE((SELECT changed_by FROM audit_context), '{EXTERNAL}'),\n    \
             (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context));\nEND",
            identifier(&name),
            identifier(&table.name),
            literal(&table.name),
            record_id(table, side),
            event.to_uppercase(),
        );
        let drop = format!("DROP TRIGGER IF EXISTS {}", identifier(&name));
        Trigger {
            create: format!("{drop};\n{definition}"),
            drop,
            name,
            definition,
        }
    })
    .collect()
}

/// A query of all rows of `table` with the record id and the image that the triggers would write for an INSERT.
#[must_use]
pub fn select_images(table: &AuditedTable) -> String {
    format!(
        "SELECT {} AS record_id, {} AS image FROM {} AS live",
        record_id(table, "live"),
        image(table, "live"),
        identifier(&table.name)
    )
}

/// Whether a trigger writes the values of `column` as booleans: the declared types of SQLite do not tell.
#[must_use]
pub fn writes_truth(trigger: &str, column: &str) -> bool {
    let value = format!("NEW.{}", identifier(column));
    trigger.contains(truth(&value, Form::Boolean, "json").as_str())
}

/// The whole row as a JSON object. An integer primary key is an integer always, whatever is written.
fn image(table: &AuditedTable, side: &str) -> String {
    let members: Vec<_> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let value = format!("{side}.{}", identifier(&column.name));
            let value = if table.rowid == Some(index) {
                value
            } else {
                json_value(&value, column.form)
            };
            format!("{}, {value}", literal(&column.name))
        })
        .collect();
    format!("json_object({})", members.join(", "))
}

/// An SQL expression that `json_object` embeds exactly.
fn json_value(value: &str, form: Form) -> String {
    format!(
        "CASE typeof({value}) WHEN 'real' THEN json({}) WHEN 'blob' THEN {}{} ELSE {value} END",
        real(value),
        blob(value),
        truth(value, form, "json"),
    )
}

/// Key and changed columns as JSON text, put together piece by piece because `json_object` cannot leave members out.
fn changed_image(table: &AuditedTable, side: &str) -> String {
    let member = |column: &AuditedColumn| {
        let value = format!("{side}.{}", identifier(&column.name));
        format!(
            "{} || CASE typeof({value}) WHEN 'real' THEN {} WHEN 'blob' THEN {}{} ELSE json_quote({value}) END",
            literal(&member_name(&column.name)),
            real(&value),
            blob(&value),
            truth(&value, column.form, ""),
        )
    };
    let key = table
        .key_columns()
        .map(|column| format!("',' || {}", member(column)));
    let others = table.other_columns().map(|column| {
        format!(
            "CASE WHEN {} THEN ',' || {} ELSE '' END",
            differs(column),
            member(column)
        )
    });
    let pieces: Vec<_> = key.chain(others).collect();
    format!("'{{' || substr({}, 2) || '}}'", pieces.join(" || "))
}

/// The branch for booleans, which SQLite stores as 0 and 1; other integers stay what they are.
fn truth(value: &str, form: Form, embedded: &str) -> String {
    match form {
        Form::Boolean => format!(
            " WHEN 'integer' THEN {embedded}(CASE {value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE {value} END)"
        ),
        Form::Text
        | Form::Integer
        | Form::Real
        | Form::SingleReal
        | Form::Timestamp
        | Form::SessionTimestamp
        | Form::Blob => String::new(),
    }
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
fn differs(column: &AuditedColumn) -> String {
    let column = identifier(&column.name);
    format!(
        "(OLD.{column} IS NOT NEW.{column} COLLATE BINARY OR typeof(OLD.{column}) <> typeof(NEW.{column}))"
    )
}

fn record_id(table: &AuditedTable, side: &str) -> String {
    let texts: Vec<_> = table
        .key_columns()
        .map(|column| format!("CAST({side}.{} AS TEXT)", identifier(&column.name)))
        .collect();
    match &texts[..] {
        [] => format!("CAST({side}.rowid AS TEXT)"),
        [text] => text.clone(),
        texts => format!("json_array({})", texts.join(", ")),
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
