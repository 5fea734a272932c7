//! SQLite's DDL for the portable table model.

use super::json_checks::json_check;
use super::triggers::{
    KEYS, converted_columns, lighter_insert, select_images, triggers, written_as_truth,
};
use super::{identifier, literal};
use crate::audit::{AuditedColumn, AuditedTable, KeyRule, Trigger};
use crate::database::engine::{Dialect, GuardStatement, LighterInsert};
use crate::model::{ColumnType, DefaultValue, Table, Value};

/// SQLite's recipe.
pub(in crate::database) struct SqliteDialect;

impl Dialect for SqliteDialect {
    fn define_column(&self, table: &Table, column: usize) -> String {
        define(table, column)
    }

    fn has_key_clause(&self, table: &Table) -> bool {
        table.generated_key().is_none() && !table.primary_key.is_empty()
    }

    fn requires_unique_references(&self) -> bool {
        false
    }

    fn audit_triggers(&self, table: &AuditedTable) -> Vec<Trigger> {
        triggers(table)
    }

    fn lighter_insert(&self) -> Option<LighterInsert> {
        Some(lighter_insert)
    }

    /// The whole statement is kept.
    fn guard(&self, statement: &GuardStatement<'_>) -> Trigger {
        let drop = format!("DROP TRIGGER IF EXISTS {}", statement.name);
        Trigger {
            name: statement.name.to_owned(),
            create: format!("{drop};\n{}", statement.text),
            drop,
            definition: statement.text.to_owned(),
        }
    }

    /// The whole statement is kept, with the name.
    fn is_renamed(&self, stored: &str, wanted: &Trigger) -> bool {
        let named = format!("CREATE TRIGGER {} ", identifier(&wanted.name));
        let work = wanted.definition.strip_prefix(&named);
        work.is_some_and(|work| stored.ends_with(work))
    }

    fn types_columns(&self) -> bool {
        false
    }

    fn booleans(&self, trigger: &str) -> Vec<String> {
        written_as_truth(trigger)
    }

    fn converted_columns(&self, trigger: &str, columns: &[AuditedColumn]) -> Vec<usize> {
        converted_columns(trigger, columns)
    }

    fn key_rule(&self) -> KeyRule {
        KEYS
    }

    fn select_images(&self, table: &AuditedTable) -> String {
        select_images(table)
    }

    fn identifier(&self, name: &str) -> String {
        identifier(name)
    }

    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    /// `SQLITE_MAX_VARIABLE_NUMBER`.
    fn max_binds(&self) -> usize {
        32_766
    }
}

fn define(table: &Table, index: usize) -> String {
    let column = &table.columns[index];
    let name = identifier(&column.name);
    if table.generated_key() == Some(index) {
        return format!("{name} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL");
    }
    let mut line = format!("{name} {}", type_name(column.ty));
    if !column.nullable {
        line.push_str(" NOT NULL");
    }
    match &column.default {
        None => {}
        Some(DefaultValue::CurrentTimestamp) => {
            line.push_str(" DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))");
        }
        Some(DefaultValue::Value(value)) => {
            line.push_str(" DEFAULT ");
            line.push_str(&default_literal(value));
        }
    }
    if column.ty == ColumnType::Json {
        line.push(' ');
        line.push_str(&json_check(&column.name));
    }
    line
}

fn type_name(ty: ColumnType) -> &'static str {
    match ty {
        ColumnType::Text { .. }
        | ColumnType::Json
        | ColumnType::Timestamp
        | ColumnType::Date
        | ColumnType::Uuid => "TEXT",
        ColumnType::Integer | ColumnType::Boolean => "INTEGER",
        ColumnType::Real => "REAL",
        ColumnType::Blob => "BLOB",
    }
}

fn default_literal(value: &Value) -> String {
    match value {
        Value::Null | Value::Default | Value::ParentKey(_) => "NULL".to_owned(),
        Value::Boolean(value) => i32::from(*value).to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => format!("{value:?}"),
        Value::Blob(bytes) | Value::InvalidText(bytes) => {
            format!("X'{}'", data_encoding::HEXUPPER.encode(bytes))
        }
        Value::Text(_) | Value::Json(_) | Value::Timestamp(_) | Value::Date(_) | Value::Uuid(_) => {
            literal(&value.key_text())
        }
    }
}
