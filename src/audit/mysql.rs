//! Audit triggers for MySQL and MariaDB: row by row, since there are no others.
//!
//! They run with the rights of whoever made them, so that a writer needs none on the trail. The context is read from
//! session variables, which are NULL when another program writes. Two things fire no trigger here: TRUNCATE, and what
//! foreign keys do by themselves. Against the second the recipe makes foreign keys RESTRICT, and [`cascade`] does
//! their work by statements that do fire triggers.
//!
//! An image that is longer than `max_allowed_packet` becomes NULL; the trail's CHECK constraints then refuse the write.

use super::table::{AuditedColumn, AuditedTable, Form};
use super::trigger::{EXTERNAL, TRIGGER_PREFIX, Trigger, bounded, member_name};
use crate::model::ColumnType;

/// MySQL refuses longer names; it counts characters.
pub const LONGEST_NAME: usize = 64;

/// Name and definition of each trigger made by this program on the table `?` of the current database.
pub const STORED: &str = "SELECT TRIGGER_NAME AS name, \
     CONCAT_WS(' ', ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT) AS definition \
     FROM information_schema.TRIGGERS \
     WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = ? AND TRIGGER_NAME LIKE 'accession\\_%' ORDER BY 1";

const NOW: &str = "DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')";

/// The three triggers of `table`.
#[must_use]
pub fn triggers(table: &AuditedTable) -> Vec<Trigger> {
    let changed: Vec<_> = table.columns.iter().map(differs).collect();
    let null = || "NULL".to_owned();
    let insert = entry(table, "INSERT", "NEW", &null(), &image(table, "NEW"));
    let delete = entry(table, "DELETE", "OLD", &image(table, "OLD"), &null());
    let (old, new) = (changed_image(table, "OLD"), changed_image(table, "NEW"));
    let update = format!(
        "BEGIN IF {} THEN\n{};\nEND IF; END",
        changed.join(" OR "),
        entry(table, "UPDATE", "OLD", &old, &new),
    );
    [("INSERT", insert), ("DELETE", delete), ("UPDATE", update)]
        .into_iter()
        .map(|(event, body)| {
            let name = format!("{TRIGGER_PREFIX}{}_{}", table.name, event.to_lowercase());
            trigger(&name, "AFTER", event, &table.name, &body)
        })
        .collect()
}

/// A foreign key of the table `child`, whose `columns` refer to `references` of `parent`.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a> {
    /// The referring table.
    pub child: &'a str,
    /// Its columns.
    pub columns: &'a [&'a str],
    /// The referred table, another one: a trigger cannot write to its own table.
    pub parent: &'a str,
    /// The columns referred to, in the same order.
    pub references: &'a [&'a str],
}

/// A trigger that deletes the rows that refer to a row before it is deleted, as ON DELETE CASCADE would.
#[must_use]
pub fn cascade(reference: &Reference<'_>) -> Trigger {
    let body = format!(
        "DELETE FROM {} WHERE {}",
        identifier(reference.child),
        refers(reference)
    );
    before_delete(reference, "cascade", &body)
}

/// A trigger that takes the reference out of the rows that refer to a row before it is deleted, as ON DELETE SET NULL
/// would.
#[must_use]
pub fn set_null(reference: &Reference<'_>) -> Trigger {
    let nothing: Vec<_> = reference
        .columns
        .iter()
        .map(|column| format!("{} = NULL", identifier(column)))
        .collect();
    let body = format!(
        "UPDATE {} SET {} WHERE {}",
        identifier(reference.child),
        nothing.join(", "),
        refers(reference)
    );
    before_delete(reference, "set_null", &body)
}

fn refers(reference: &Reference<'_>) -> String {
    let pairs = reference.columns.iter().zip(reference.references);
    let equal: Vec<_> = pairs
        .map(|(column, referred)| format!("{} = OLD.{}", identifier(column), identifier(referred)))
        .collect();
    equal.join(" AND ")
}

fn before_delete(reference: &Reference<'_>, action: &str, body: &str) -> Trigger {
    let columns = reference.columns.join("_");
    let name = format!("{TRIGGER_PREFIX}{}_{columns}_{action}", reference.child);
    trigger(&name, "BEFORE", "DELETE", reference.parent, body)
}

fn trigger(name: &str, timing: &str, event: &str, table: &str, body: &str) -> Trigger {
    let name = bounded(name, LONGEST_NAME);
    let drop = format!("DROP TRIGGER IF EXISTS {}", identifier(&name));
    Trigger {
        create: format!(
            "{drop};\nCREATE TRIGGER {} {timing} {event} ON {} FOR EACH ROW {body}",
            identifier(&name),
            identifier(table)
        ),
        definition: format!("{timing} {event} {body}"),
        drop,
        name,
    }
}

/// The statement that enters a change.
fn entry(table: &AuditedTable, action: &str, side: &str, old: &str, new: &str) -> String {
    format!(
        "INSERT INTO audit_log (table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id, db_user)\n\
         VALUES ({}, {}, '{action}',\n  {old},\n  {new},\n  \
         COALESCE(@accession_changed_at, {NOW}), COALESCE(@accession_changed_by, '{EXTERNAL}'), @accession_run_id, @accession_source_file_id, USER())",
        literal(&table.name),
        record_id(table, side),
    )
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

/// The whole row as a JSON object.
fn image(table: &AuditedTable, side: &str) -> String {
    let members: Vec<_> = table
        .columns
        .iter()
        .map(|column| member(column, side))
        .collect();
    format!("CONCAT('{{',\n    {}, '}}')", members.join(", ',',\n    "))
}

/// Key and changed columns as a JSON object; `CONCAT_WS` leaves out what is NULL.
fn changed_image(table: &AuditedTable, side: &str) -> String {
    let key = table
        .key_columns()
        .map(|column| format!("CONCAT({})", member(column, side)));
    let others = table.other_columns().map(|column| {
        format!(
            "IF({}, CONCAT({}), NULL)",
            differs(column),
            member(column, side)
        )
    });
    let members: Vec<_> = key.chain(others).collect();
    format!(
        "CONCAT('{{', CONCAT_WS(',',\n    {}), '}}')",
        members.join(",\n    ")
    )
}

/// Name and value, separated by a comma: arguments of `CONCAT`.
fn member(column: &AuditedColumn, side: &str) -> String {
    let value = format!("{side}.{}", identifier(&column.name));
    let json = match column.form {
        Form::Text => format!("JSON_QUOTE({})", text(&value)),
        Form::Integer | Form::Real | Form::SingleReal => number(&value, column.form),
        Form::Boolean => {
            format!(
                "CASE {value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE CAST({value} AS CHAR) END"
            )
        }
        Form::Timestamp | Form::SessionTimestamp => {
            format!("JSON_QUOTE({})", rfc3339(&value, column.form))
        }
        Form::Blob => format!("CONCAT('{{\"$blob\":\"', HEX({value}), '\"}}')"),
    };
    format!(
        "{}, COALESCE({json}, 'null')",
        literal(&member_name(&column.name))
    )
}

fn rfc3339(value: &str, form: Form) -> String {
    let value = match form {
        Form::SessionTimestamp => {
            format!("CONVERT_TZ({value}, @@session.time_zone, '+00:00')")
        }
        Form::Timestamp
        | Form::Text
        | Form::Integer
        | Form::SingleReal
        | Form::Real
        | Form::Boolean
        | Form::Blob => value.to_owned(),
    };
    format!("DATE_FORMAT({value}, '%Y-%m-%dT%H:%i:%s.%fZ')")
}

/// All digits of a DOUBLE. Of a FLOAT there would be six: the sum is a DOUBLE, and shows fifteen, more than enough.
fn number(value: &str, form: Form) -> String {
    match form {
        Form::SingleReal => format!("CAST({value} + 0e0 AS CHAR)"),
        Form::Integer
        | Form::Real
        | Form::Text
        | Form::Boolean
        | Form::Timestamp
        | Form::SessionTimestamp
        | Form::Blob => format!("CAST({value} AS CHAR)"),
    }
}

fn text(value: &str) -> String {
    format!("CONVERT({value} USING utf8mb4)")
}

/// NULL-safe and blind to the column's collation.
fn differs(column: &AuditedColumn) -> String {
    let name = identifier(&column.name);
    match column.form {
        Form::Text => {
            format!("NOT (CAST(OLD.{name} AS BINARY) <=> CAST(NEW.{name} AS BINARY))")
        }
        Form::Integer
        | Form::Real
        | Form::SingleReal
        | Form::Boolean
        | Form::Timestamp
        | Form::SessionTimestamp
        | Form::Blob => format!("NOT (OLD.{name} <=> NEW.{name})"),
    }
}

/// The primary key as text; several columns as a JSON array of texts.
fn record_id(table: &AuditedTable, side: &str) -> String {
    let texts: Vec<_> = table
        .key_columns()
        .map(|column| {
            let value = format!("{side}.{}", identifier(&column.name));
            match column.form {
                Form::Text | Form::Integer | Form::Boolean => text(&value),
                Form::Real | Form::SingleReal => number(&value, column.form),
                Form::Timestamp | Form::SessionTimestamp => rfc3339(&value, column.form),
                Form::Blob => format!("HEX({value})"),
            }
        })
        .collect();
    match &texts[..] {
        [text] => text.clone(),
        texts => {
            let texts: Vec<_> = texts
                .iter()
                .map(|text| format!("JSON_QUOTE({text})"))
                .collect();
            format!("CONCAT('[', CONCAT_WS(',', {}), ']')", texts.join(", "))
        }
    }
}

/// How a column of MySQL's type `declared` (`information_schema.COLUMNS.COLUMN_TYPE`) is written, which the layout takes
/// for a `wanted`. Everything that is not one of ours keeps MySQL's own text.
#[must_use]
pub fn form(declared: &str, wanted: Option<ColumnType>) -> Form {
    let declared = declared.to_lowercase();
    let name = declared
        .split(['(', ' '])
        .next()
        .unwrap_or(declared.as_str());
    match name {
        "tinyint" if wanted == Some(ColumnType::Boolean) => Form::Boolean,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => Form::Integer,
        "float" => Form::SingleReal,
        "double" => Form::Real,
        "timestamp" => Form::SessionTimestamp,
        // Civil time of nobody knows where, unless the layout says that it is an instant.
        "datetime" if wanted == Some(ColumnType::Timestamp) => Form::Timestamp,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "bit"
        | "geometry" => Form::Blob,
        _ => Form::Text,
    }
}

/// A quoted SQL identifier.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A quoted SQL text literal. Whether a backslash stands for itself depends on `sql_mode`: texts that have one are written
/// in hexadecimal.
#[must_use]
pub fn literal(text: &str) -> String {
    if text.contains('\\') {
        format!(
            "CONVERT(X'{}' USING utf8mb4)",
            data_encoding::HEXUPPER.encode(text.as_bytes())
        )
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}
