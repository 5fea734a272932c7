//! Values that foreign keys convert before the triggers AFTER a change see them
//! ([`converted_columns`](super::super::referring_columns)).
//!
//! Triggers BEFORE the change see them as they are. So these stage them in `audit_replaced`, one row for each eight
//! columns, and only if a value can be converted; the trigger AFTER the change takes the last one. `state` distinguishes
//! them from rows that REPLACE deletes. New values are read from the row, except in WITHOUT ROWID tables, where the key
//! that finds the row may be converted itself.
//!
//! If none is staged, because a trigger of the application ended the change, for example, the value is taken as it is.

use super::conflict::stored;
use super::replaced::{KEY_COLUMNS, MOMENT, NESTED, discard};
use super::{identifier, literal};
use crate::audit::{AuditedColumn, AuditedTable};
use crate::database::engine::balanced::joined;

/// The first `state` of staged values.
const FIRST_STATE: usize = 3;

/// The sides of a change, in the order of their states.
const SIDES: [&str; 2] = ["OLD", "NEW"];

/// A column of a row: of OLD and NEW in a trigger AFTER a change, as it was before it could be converted.
pub(super) fn value(table: &AuditedTable, side: &str, column: &str) -> String {
    let seen = format!("{side}.{}", identifier(column));
    let mut converted = table.converted.iter();
    let at = converted.position(|&index| table.columns[index].name == column);
    let Some(at) = at.filter(|_| SIDES.contains(&side)) else {
        return seen;
    };
    let actual = match &table.row_number {
        Some(number) if side == "NEW" => {
            let (from, row) = stored(table);
            let actual = format!("{row}.{}", identifier(column));
            format!(
                "SELECT {actual} FROM {from} WHERE {row}.{number} = NEW.{number} AND CAST({actual} AS NUMERIC) = {seen}"
            )
        }
        Some(_) | None => {
            let key = at % KEY_COLUMNS + 1;
            let state = state(at / KEY_COLUMNS, side);
            format!(
                "SELECT key_{key} FROM audit_replaced WHERE {} AND CAST(key_{key} AS NUMERIC) = {seen} \
                 ORDER BY number DESC LIMIT 1",
                staged(table, side, state)
            )
        }
    };
    format!(
        "CASE WHEN typeof({seen}) IN ('integer', 'real') THEN COALESCE(({actual}), {seen}) ELSE {seen} END"
    )
}

/// Event, timing, condition and statements of the triggers that stage values.
pub(super) fn before(
    table: &AuditedTable,
) -> impl Iterator<Item = (&'static str, &'static str, String, String)> {
    let is_staged = !table.converted.is_empty();
    let reads_new = table.row_number.is_none();
    let both: &[&str] = if reads_new { &SIDES } else { &SIDES[..1] };
    let deletes = ("before-delete", "BEFORE DELETE", &SIDES[..1]);
    let updates = ("before-update-values", "BEFORE UPDATE", both);
    let inserts = ("before-insert-values", "BEFORE INSERT", &SIDES[1..]);
    let inserts = reads_new.then_some(inserts);
    let all = [deletes, updates].into_iter().chain(inserts);
    let all = all.filter(move |_| is_staged);
    all.map(|(event, timing, sides)| {
        let conditions = sides.iter().flat_map(|side| {
            table
                .converted
                .iter()
                .map(|&at| can_be_converted(table, side, at))
        });
        let condition = format!("WHEN {} ", joined(conditions.collect(), " OR "));
        let staged: String = sides.iter().map(|side| stage(table, side)).collect();
        (
            event,
            timing,
            condition,
            format!("{}{staged}", discard(table)),
        )
    })
}

/// Statements at the end of the trigger AFTER a change that delete what was staged for it.
pub(super) fn forget(table: &AuditedTable, sides: &[&str]) -> String {
    let sides = sides
        .iter()
        .filter(|side| **side == "OLD" || table.row_number.is_none());
    let chunks = sides.flat_map(|side| {
        let chunks = table.converted.chunks(KEY_COLUMNS).enumerate();
        chunks.map(move |(chunk, columns)| {
            let staged = staged(table, side, state(chunk, side));
            let same = columns.iter().enumerate().map(|(at, &column)| {
                let seen = format!("{side}.{}", identifier(&table.columns[column].name));
                let key = format!("key_{}", at + 1);
                format!("({key} IS {seen} OR CAST({key} AS NUMERIC) = {seen})")
            });
            format!(
                "\n  DELETE FROM audit_replaced WHERE number = (SELECT max(number) FROM audit_replaced WHERE {staged} AND {});",
                joined(same.collect(), " AND ")
            )
        })
    });
    chunks.collect()
}

/// The condition for rows that REPLACE deletes, where other rows are staged, too.
pub(super) fn replaced_only(table: &AuditedTable) -> String {
    match table.converted.is_empty() {
        true => String::new(),
        false => format!(" AND state < {FIRST_STATE}"),
    }
}

/// How many times as many staged values are kept as rows that REPLACE deletes: each change that a foreign key makes in
/// turn has its own, and there can be a thousand.
pub(super) fn kept(table: &AuditedTable, rows: usize) -> String {
    match table.converted.is_empty() {
        true => rows.to_string(),
        false => format!(
            "CASE WHEN state < {FIRST_STATE} THEN {rows} ELSE {} END",
            rows * 1024 / NESTED
        ),
    }
}

/// The columns whose values a trigger with this text reads from staged rows.
pub(in crate::database) fn converted_columns(
    trigger: &str,
    columns: &[AuditedColumn],
) -> Vec<usize> {
    // The text is read once: it can have thousands of columns.
    let read: Vec<&str> = trigger.split(" AS NUMERIC) = OLD.").skip(1).collect();
    let is_read = |column: &AuditedColumn| {
        let name = identifier(&column.name);
        read.iter().any(|rest| rest.starts_with(&name))
    };
    let columns = columns.iter().enumerate();
    columns
        .filter_map(|(at, column)| is_read(column).then_some(at))
        .collect()
}

fn state(chunk: usize, side: &str) -> usize {
    FIRST_STATE + SIDES.len() * chunk + usize::from(side == "NEW")
}

/// The condition for what was staged for a row.
fn staged(table: &AuditedTable, side: &str, state: usize) -> String {
    let row = table.row_number.iter();
    let row = row.map(|number| format!(" AND row_number = {side}.{number}"));
    format!(
        "table_name = {} AND moment = {MOMENT} AND state = {state}{}",
        literal(&table.name),
        row.collect::<String>()
    )
}

/// Whether a value is a string that reads as a number, or a real, which may be an integer.
fn can_be_converted(table: &AuditedTable, side: &str, column: usize) -> String {
    let value = format!("{side}.{}", identifier(&table.columns[column].name));
    format!("(typeof({value}) IN ('text', 'real') AND {value} = CAST({value} AS NUMERIC))")
}

fn stage(table: &AuditedTable, side: &str) -> String {
    let name = literal(&table.name);
    let number = match &table.row_number {
        Some(number) => format!("{side}.{number}"),
        None => "NULL".to_owned(),
    };
    let chunks = table.converted.chunks(KEY_COLUMNS).enumerate();
    let statements = chunks.map(|(chunk, columns)| {
        let keys = (1..=columns.len()).map(|key| format!(", key_{key}"));
        let values = columns
            .iter()
            .map(|&column| format!(", {side}.{}", identifier(&table.columns[column].name)));
        format!(
            "\n  INSERT INTO audit_replaced (table_name, record_id, row_number{}, moment, state)\n  \
             VALUES ({name}, NULL, {number}{}, {MOMENT}, {});",
            keys.collect::<String>(),
            values.collect::<String>(),
            state(chunk, side)
        )
    });
    statements.collect()
}
