//! Audit triggers for SQLite.
//!
//! They run in the library of whichever program writes, so they use nothing newer than SQLite 3.38 and no function
//! of ours. Reals are printed with `%!.17g`, which every version renders exactly, while `json_object` rounded them
//! before 3.53.2; BLOBs, which `json_object` rejects, become `{"$blob": hex}`; JSON columns are kept as the
//! text they are. The context is read with scalar subqueries, which are NULL when `audit_context` is empty: that means
//! another program. Booleans, which are stored as 0 and 1, are written as `true` and `false`, as other databases do.

mod conflict;
mod converted;
mod generated_text;
mod image;
mod index_text;
mod key;
mod replaced;

pub(in crate::database) use converted::converted_columns;
pub(super) use generated_text::generated_columns;
pub(in crate::database) use image::written_as_truth;
pub(super) use index_text::{IndexText, compares, names};
pub(in crate::database) use key::KEYS;

use super::{identifier, literal};
use crate::audit::{AuditedTable, EXTERNAL, Form, TRIGGER_PREFIX, Trigger, structure_mark};

/// Name, definition and DROP statement of each trigger made by accession on the table `?1`. One that another program
/// created again with the same text, under another name, is one, too.
pub(in crate::database) const STORED: &str = concat!(
    "SELECT name, sql AS definition, 'DROP TRIGGER IF EXISTS \"' || replace(name, '\"', '\"\"') || '\"' AS drop_statement \
     FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE AND ",
    is_ours!(),
    " ORDER BY name"
);

/// The columns of `audit_log` that triggers fill.
const COLUMNS: &str = "table_name, record_id, action, old_value, new_value, changed_at, changed_by, run_id, source_file_id";

const BEFORE_INSERT: &str = "before-insert";

/// The names of the rowid, of which a column of the same name takes one.
pub(super) const ROW_NUMBERS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// The triggers of `table`: three that record its changes, and those that find the rows that REPLACE deletes.
pub(in crate::database) fn triggers(table: &AuditedTable) -> Vec<Trigger> {
    let mut triggers = vec![
        insert(table, &replaced::after_insert(table)),
        delete(table),
        update(table),
    ];
    if !table.has_no_unique_values() {
        let staged = replaced::before_insert(table);
        triggers.push(trigger(table, BEFORE_INSERT, "BEFORE INSERT", "", &staged));
        let (changes, staged) = replaced::before_update(table);
        let condition = format!("WHEN {changes} ");
        triggers.push(trigger(
            table,
            "before-update",
            "BEFORE UPDATE",
            &condition,
            &staged,
        ));
    }
    triggers.extend(renumbered(table));
    let before = converted::before(table);
    triggers.extend(before.map(|(event, timing, condition, statements)| {
        trigger(table, event, timing, &condition, &statements)
    }));
    triggers
}

/// Records which row is replaced by one of which only the rowid changes, if the rowid is not recorded itself. It fires
/// only for statements that set the rowid: SQLite compares their names of it with those in UPDATE OF.
fn renumbered(table: &AuditedTable) -> Option<Trigger> {
    let number = table
        .row_number
        .as_ref()
        .filter(|_| table.rowid.is_none())?;
    let condition = format!(
        "WHEN OLD.{number} <> NEW.{number} AND NOT ({}) ",
        image::any_differs(table)
    );
    let event = format!("AFTER UPDATE OF {}", ROW_NUMBERS.join(", "));
    let statements = replaced::after_update(table);
    Some(trigger(table, "rowid", &event, &condition, &statements))
}

/// The trigger for inserts without what finds rows that are replaced, which would cost a load a quarter of its time,
/// and the names of the triggers that it replaces. For a writer that replaces nothing, within a transaction.
pub(in crate::database) fn lighter_insert(table: &AuditedTable) -> (Trigger, [String; 2]) {
    let lighter = insert(table, "");
    let instead_of = [lighter.name.clone(), name(table, BEFORE_INSERT)];
    (lighter, instead_of)
}

/// A query of all rows of `table` with the record id and the image that the triggers would write for an INSERT.
pub(in crate::database) fn select_images(table: &AuditedTable) -> String {
    format!(
        "SELECT {} AS record_id, {} AS image FROM {} AS live",
        key::record_id(table, "live"),
        image::whole(table, "live"),
        identifier(&table.name)
    )
}

/// A query of the staged rows of the bound table that no statement can have left there, `table_name` and `record_id`:
/// they are not rows of `table`, and the audit log does not have their deletion either.
pub(in crate::database) fn unexplained(table: &AuditedTable) -> String {
    let by_number = table.row_number.iter();
    let by_number = by_number.map(|number| format!("live.{number} = audit_replaced.row_number"));
    let by_id = format!(
        "{} = audit_replaced.record_id",
        key::record_id(table, "live")
    );
    let rows = by_number.chain([by_id]).map(|condition| {
        format!(
            " AND NOT EXISTS (SELECT 1 FROM {} AS live WHERE {condition})",
            identifier(&table.name)
        )
    });
    format!(
        "SELECT table_name, COALESCE(record_id, '') AS record_id FROM audit_replaced WHERE table_name = ? \
         AND COALESCE(state, 0) < 3 AND NOT (COALESCE(state, 0) > 0 AND EXISTS (SELECT 1 FROM audit_log AS entry WHERE entry.table_name = {} \
         AND entry.record_id = audit_replaced.record_id AND entry.action = 'DELETE')){}",
        literal(&table.name),
        rows.collect::<String>()
    )
}

fn insert(table: &AuditedTable, first: &str) -> Trigger {
    let new = image::whole(table, "NEW");
    let entry = entry(
        "INSERT",
        [
            &literal(&table.name),
            &key::record_id(table, "NEW"),
            "NULL",
            &new,
        ],
    );
    trigger(
        table,
        "insert",
        "AFTER INSERT",
        "",
        &format!("{first}{entry}{}", converted::forget(table, &["NEW"])),
    )
}

fn delete(table: &AuditedTable) -> Trigger {
    let old = image::whole(table, "OLD");
    let entry = entry(
        "DELETE",
        [
            &literal(&table.name),
            &key::record_id(table, "OLD"),
            &old,
            "NULL",
        ],
    );
    let (condition, first) = replaced::after_delete(table);
    trigger(
        table,
        "delete",
        "AFTER DELETE",
        &condition,
        &format!("{first}{entry}{}", converted::forget(table, &["OLD"])),
    )
}

fn update(table: &AuditedTable) -> Trigger {
    let first = replaced::after_update(table);
    let condition = format!("WHEN {} ", image::any_differs(table));
    let (old, new) = (image::changed(table, "OLD"), image::changed(table, "NEW"));
    let entry = entry(
        "UPDATE",
        [
            &literal(&table.name),
            &key::record_id(table, "OLD"),
            &old,
            &new,
        ],
    );
    trigger(
        table,
        "update",
        "AFTER UPDATE",
        &condition,
        &format!(
            "{first}{entry}{}",
            converted::forget(table, &["OLD", "NEW"])
        ),
    )
}

/// The event comes after a blank and has none in it, so no two tables have a name in common. The guards of the ledger,
/// and the triggers of earlier versions, end with an underscore and the event.
fn name(table: &AuditedTable, event: &str) -> String {
    format!("{TRIGGER_PREFIX}{} {event}", table.name)
}

fn trigger(
    table: &AuditedTable,
    event: &str,
    timing: &str,
    condition: &str,
    statements: &str,
) -> Trigger {
    let name = name(table, event);
    let definition = format!(
        "CREATE TRIGGER {} {timing} ON {} {condition}BEGIN /* {} */{statements}\nEND",
        identifier(&name),
        identifier(&table.name),
        structure_mark(table, |column| {
            // All others are written as what they are.
            let is_declared = column.form == Form::Boolean;
            if is_declared { column.form.name() } else { "" }
        }),
    );
    let drop = format!("DROP TRIGGER IF EXISTS {}", identifier(&name));
    Trigger {
        create: format!("{drop};\n{definition}"),
        drop,
        name,
        definition,
    }
}

/// The statement that records a change. VALUES, not SELECT: with a trigger on `audit_log`, rows of a SELECT would go
/// through a temporary table.
fn entry(action: &str, [table, record, old, new]: [&str; 4]) -> String {
    format!(
        "\n  INSERT INTO audit_log ({COLUMNS})\n  VALUES ({table}, {record}, '{action}', {old}, {new},\n    {});",
        context()
    )
}

/// Time, actor, run and file.
fn context() -> String {
    format!(
        "COALESCE((SELECT changed_at FROM audit_context), strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),\n    \
         COALESCE((SELECT changed_by FROM audit_context), '{EXTERNAL}'),\n    \
         (SELECT run_id FROM audit_context), (SELECT source_file_id FROM audit_context)"
    )
}
