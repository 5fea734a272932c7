//! Records the deletion of rows by REPLACE.
//!
//! `REPLACE`, `INSERT OR REPLACE`, `UPDATE OR REPLACE` and `ON CONFLICT REPLACE` delete the rows that have a unique
//! value of the new row. No DELETE trigger fires then, unless the writer switched `recursive_triggers` on, which is off
//! by default. So a trigger BEFORE each insert, and before each update of a unique value, stages the conflicting rows
//! in `audit_replaced`; the trigger AFTER it finds that they do not exist any more, and records their deletion.
//!
//! An insert that is ignored or becomes an update fires no trigger AFTER it. Between our two triggers, triggers of the
//! application and actions of foreign keys can write to the same table, and fire our triggers for those rows. Hence:
//!
//! - A staged row counts only in the statement that staged it. `moment` identifies it: `'now'` is the same throughout a
//!   statement (<https://sqlite.org/lang_datefunc.html>), and differs from that of statements more than a millisecond
//!   earlier. Rows staged by other statements are never read, and are deleted by the next one that stages rows.
//! - A staged row is recorded as deleted only if it does not exist, or the new row is in its place.
//! - Staged rows are kept as the audit log has them: an update changes the staged row, a deletion removes it.
//! - Rows that were recorded here stay staged (`state`) until the statement ends, so that a DELETE trigger that fires for
//!   the same deletion after all (`recursive_triggers`) does not record it again.
//!
//! Nothing in `audit_replaced` is unique or required: a write of the application must not fail because of it.

use std::collections::BTreeSet;

use super::conflict::{conflict, stored};
use super::converted::{kept, replaced_only, value};
use super::image::{differs, whole};
use super::key::record_id;
use super::{COLUMNS, context, identifier, literal};
use crate::audit::AuditedTable;
use crate::database::engine::balanced::joined;

/// What identifies the statement that is being executed.
pub(super) const MOMENT: &str = "julianday('now')";

/// Columns of `audit_replaced` for the primary key of a table without row numbers. The record id decides where a key
/// has more columns.
pub(super) const KEY_COLUMNS: usize = 8;

/// Statements that may be waiting for others within them, for which staged rows are kept. Ignored inserts leave theirs,
/// and a statement may ignore millions.
pub(super) const NESTED: usize = 16;

/// Statements of the trigger BEFORE an insert.
pub(super) fn before_insert(table: &AuditedTable) -> String {
    format!("{}{}", discard(table), stage(table, ""))
}

/// Condition and statements of the trigger BEFORE an update.
pub(super) fn before_update(table: &AuditedTable) -> (String, String) {
    let (_, side) = stored(table);
    let others = match &table.row_number {
        Some(number) => format!(" AND {side}.{number} <> OLD.{number}"),
        None => {
            let same = table.key_columns().map(|column| {
                let column = identifier(&column.name);
                format!("{side}.{column} IS OLD.{column} COLLATE BINARY")
            });
            format!(" AND NOT ({})", joined(same.collect(), " AND "))
        }
    };
    let statements = format!("{}{}", discard(table), stage(table, &others));
    (moves(table), statements)
}

/// Statements that begin the trigger AFTER an insert.
pub(super) fn after_insert(table: &AuditedTable) -> String {
    if table.has_no_unique_values() {
        return String::new();
    }
    let (new, exists) = (is_staged(table, "NEW"), exists(table));
    format!(
        "{}{}",
        record(table, &format!("state = 0 AND ({new} OR NOT {exists})")),
        mark(table, &new, &format!("{new} OR state = 0 AND NOT {exists}"))
    )
}

/// Statements that begin the trigger AFTER an update. The row itself may be staged, by a statement that is waiting.
pub(super) fn after_update(table: &AuditedTable) -> String {
    if table.has_no_unique_values() {
        return String::new();
    }
    let (old, new) = (is_staged(table, "OLD"), is_staged(table, "NEW"));
    let exists = exists(table);
    let another = format!("NOT ({old})");
    let keep = match &table.row_number {
        Some(number) => format!("row_number = NEW.{number}"),
        None => keys(table)
            .map(|(key, column)| format!("{key} = {}", value(table, "NEW", column)))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let name = literal(&table.name);
    format!(
        "{}{}\n  UPDATE audit_replaced SET record_id = {}, {keep}, old_value = {}\n    \
         WHERE table_name = {name} AND moment = {MOMENT} AND state = 0 AND {old};",
        record(
            table,
            &format!("state = 0 AND {another} AND ({new} OR NOT {exists})")
        ),
        mark(
            table,
            &new,
            &format!("{another} AND ({new} OR state = 0 AND NOT {exists})")
        ),
        record_id(table, "NEW"),
        whole(table, "NEW"),
    )
}

/// Condition and first statements of the trigger AFTER a deletion. Where `recursive_triggers` is on, it fires for rows
/// that are replaced, also after their deletion was recorded.
pub(super) fn after_delete(table: &AuditedTable) -> (String, String) {
    if table.has_no_unique_values() {
        return Default::default();
    }
    let name = literal(&table.name);
    let old = is_staged(table, "OLD");
    let condition = format!(
        "WHEN NOT EXISTS (SELECT 1 FROM audit_replaced WHERE table_name = {name} AND moment = {MOMENT} AND {old} \
         AND (state = 1 OR state = 2 AND {})) ",
        exists(table)
    );
    let forget = format!(
        "\n  DELETE FROM audit_replaced WHERE table_name = {name} AND {old}{};",
        replaced_only(table)
    );
    (condition, forget)
}

/// Whether an update changes a unique value, so that it can conflict with another row.
fn moves(table: &AuditedTable) -> String {
    let keys = table.unique.iter().flat_map(|key| &key.columns);
    let mut columns = BTreeSet::new();
    keys.for_each(|name| add_written(table, name, &mut columns));
    let number = table.row_number.iter();
    let number = number.map(|number| format!("OLD.{number} <> NEW.{number}"));
    let columns = columns.into_iter().map(differs);
    joined(number.chain(columns).collect(), " OR ")
}

/// Adds the column, or those from which it is generated.
fn add_written<'t>(table: &'t AuditedTable, name: &'t str, columns: &mut BTreeSet<&'t str>) {
    match table.generated_column(name) {
        Some(generated) => {
            let from = generated.columns.iter();
            from.for_each(|name| add_written(table, name, columns));
        }
        None => {
            columns.insert(name);
        }
    }
}

/// Deletes the rows staged by other statements, and the oldest of those staged by this one.
pub(super) fn discard(table: &AuditedTable) -> String {
    let name = literal(&table.name);
    let kept = kept(table, NESTED * (table.unique.len() + 1));
    format!(
        "\n  DELETE FROM audit_replaced WHERE table_name = {name} AND (moment IS NOT {MOMENT}\n    \
         OR number < (SELECT max(number) FROM audit_replaced WHERE table_name = {name}) - {kept});"
    )
}

/// Records the deletion of staged rows.
fn record(table: &AuditedTable, which: &str) -> String {
    let name = literal(&table.name);
    format!(
        "\n  INSERT INTO audit_log ({COLUMNS})\n  \
         SELECT {name}, record_id, 'DELETE', old_value, NULL,\n    {}\n    \
         FROM audit_replaced WHERE table_name = {name} AND moment = {MOMENT} AND {which};",
        context()
    )
}

/// Marks staged rows as recorded: 1, or 2 if a new row is in their place.
fn mark(table: &AuditedTable, is_new: &str, which: &str) -> String {
    format!(
        "\n  UPDATE audit_replaced SET state = CASE WHEN {is_new} THEN 2 ELSE 1 END\n    \
         WHERE table_name = {} AND moment = {MOMENT} AND ({which}){};",
        literal(&table.name),
        replaced_only(table)
    )
}

/// Whether the staged row is the row `side`.
fn is_staged(table: &AuditedTable, side: &str) -> String {
    if let Some(number) = &table.row_number {
        return format!("audit_replaced.row_number = {side}.{number}");
    }
    let same = keys(table).map(|(key, column)| {
        let value = value(table, side, column);
        format!(
            "typeof(audit_replaced.{key}) = typeof({value}) AND audit_replaced.{key} IS {value} COLLATE BINARY"
        )
    });
    let further = further_keys(table, side);
    format!("({})", joined(same.chain(further).collect(), " AND "))
}

/// Whether there is a row in the place of the staged one. Looked up by the row number or the primary key.
fn exists(table: &AuditedTable) -> String {
    let (from, side) = stored(table);
    let conditions = match &table.row_number {
        Some(number) => format!("{side}.{number} = audit_replaced.row_number"),
        None => {
            // `1` and `1.0` are equal in a column without a type, but another row.
            let found = keys(table).map(|(key, column)| {
                let column = format!("{side}.{}", identifier(column));
                format!(
                    "{column} IS audit_replaced.{key} AND audit_replaced.{key} IS {column} COLLATE BINARY \
                     AND typeof(audit_replaced.{key}) = typeof({column})"
                )
            });
            let further = further_keys(table, &side);
            joined(found.chain(further).collect(), " AND ")
        }
    };
    format!("EXISTS (SELECT 1 FROM {from} WHERE {conditions})")
}

/// The columns of the primary key, and those of `audit_replaced` that hold them.
fn keys(table: &AuditedTable) -> impl Iterator<Item = (String, &str)> {
    let columns = table.key_columns().take(KEY_COLUMNS).enumerate();
    columns.map(|(at, column)| (format!("key_{}", at + 1), column.name.as_str()))
}

fn further_keys(table: &AuditedTable, side: &str) -> Option<String> {
    (table.key.len() > KEY_COLUMNS)
        .then(|| format!("audit_replaced.record_id = {}", record_id(table, side)))
}

/// Stages the rows that conflict with NEW. Each key is a SELECT of its own, which uses its index.
fn stage(table: &AuditedTable, and: &str) -> String {
    let (from, side) = stored(table);
    let (columns, key): (Vec<_>, Vec<_>) = match &table.row_number {
        Some(number) => (vec!["row_number".to_owned()], vec![number.clone()]),
        None => {
            let columns = keys(table).map(|(key, _)| key);
            let key = table.key_columns().map(|column| identifier(&column.name));
            (columns.collect(), key.collect())
        }
    };
    let key: Vec<_> = key
        .iter()
        .map(|column| format!("{side}.{column}"))
        .collect();
    let values = key[..columns.len()].join(", ");
    let key = key.join(", ");
    let by_number = table.row_number.iter();
    let by_number = by_number.map(|number| format!("{side}.{number} = NEW.{number}"));
    let by_key = table.unique.iter().map(|key| conflict(table, key));
    let conflicts: Vec<_> = by_number
        .chain(by_key)
        .map(|conflict| format!("SELECT {key} FROM {from} WHERE {conflict}{and}"))
        .collect();
    let name = literal(&table.name);
    format!(
        "\n  INSERT INTO audit_replaced (table_name, record_id, {}, old_value, moment, state)\n  \
         SELECT {name}, {}, {values}, {}, {MOMENT}, 0\n    FROM {from} WHERE ({key}) IN (\n    {})\n    \
         AND NOT EXISTS (SELECT 1 FROM audit_replaced WHERE table_name = {name} AND moment = {MOMENT} AND state = 0 AND {});",
        columns.join(", "),
        record_id(table, &side),
        whole(table, &side),
        conflicts.join("\n    UNION ALL "),
        is_staged(table, &side),
    )
}
