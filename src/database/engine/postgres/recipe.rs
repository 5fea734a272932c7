//! PostgreSQL's DDL for the portable table model. Every name is written with its schema.

use super::triggers::{
    LONGEST_NAME, after_images, drop_functions, image_settings, is_bypassed, is_switched_off,
    restore_settings, select_images, triggers, writes_entries_of,
};
use super::{identifier, literal};
use crate::audit::{AuditedTable, Trigger};
use crate::database::engine::names::bounded;
use crate::database::engine::{Cast, Dialect, GuardStatement, StoredColumn};
use crate::model::{ColumnType, DefaultValue, OnDelete, Table, Value};

/// PostgreSQL's recipe.
#[derive(Debug, Clone)]
pub(in crate::database) struct PostgresDialect {
    /// The schema of the layout's tables and the ledger.
    pub(in crate::database) schema: String,
}

/// The columns that a table can have (<https://www.postgresql.org/docs/current/limits.html>).
const MOST_COLUMNS: usize = 1600;

impl Dialect for PostgresDialect {
    fn table_name(&self, table: &str) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(table))
    }

    /// An index is in its table's schema, and is named without it.
    fn index_name(&self, name: &str) -> String {
        bounded(name, LONGEST_NAME)
    }

    fn define_column(&self, table: &Table, column: usize) -> String {
        define(table, column)
    }

    fn foreign_key_action(&self, action: OnDelete) -> String {
        format!("{} DEFERRABLE", action.clause())
    }

    fn audit_triggers(&self, table: &AuditedTable) -> Vec<Trigger> {
        triggers(&self.schema, table)
    }

    /// Of a trigger the catalog has bits (`src/include/catalog/pg_trigger.h`) and the function, which all guards have
    /// in common.
    fn guard(&self, statement: &GuardStatement<'_>) -> Trigger {
        let (head, body) = reject_function();
        let bits = [
            ("FOR EACH ROW", 1),
            ("BEFORE", 2),
            ("DELETE", 8),
            ("UPDATE", 16),
            ("TRUNCATE", 32),
        ];
        let has = |word: &str| statement.when.contains(word) || statement.rest.contains(word);
        let kind: u8 = bits
            .iter()
            .filter(|(word, _)| has(word))
            .map(|bit| bit.1)
            .sum();
        let condition = match statement.rest.contains(" WHEN ") {
            true => "t",
            false => "f",
        };
        let (name, table) = (statement.name, statement.table);
        let drop = format!("DROP TRIGGER IF EXISTS {name} ON {table}");
        Trigger {
            name: name.to_owned(),
            create: format!(
                "{drop};\nCREATE OR REPLACE FUNCTION accession_refuse(){head}$${body}$$;\n{};\n\
                 ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}",
                statement.text
            ),
            drop,
            definition: format!(
                "A {kind} {condition} accession_refuse f search_path=pg_catalog, pg_temp {body}"
            ),
        }
    }

    fn select_images(&self, table: &AuditedTable) -> String {
        select_images(&self.schema, table)
    }

    fn image_settings(&self) -> Option<String> {
        Some(image_settings())
    }

    /// Images contain the text of every value. A type with a length is cast to without it: the cast would truncate, and
    /// the assignment to the column rejects what is too long.
    fn cast(&self, column: &StoredColumn) -> Cast {
        Cast {
            is_text: true,
            before: "",
            after: format!("::{}", column.type_name),
            equals: column.equals.clone(),
        }
    }

    fn restore_settings(&self) -> Option<String> {
        Some(restore_settings())
    }

    fn identifier(&self, name: &str) -> String {
        identifier(name)
    }

    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    fn writes_entries_of(&self, definition: &str, table: &str) -> bool {
        writes_entries_of(definition, table)
    }

    fn drop_functions(&self, table: &str) -> Vec<String> {
        drop_functions(&self.schema, table)
    }

    fn names_another_schema(&self, definition: &str) -> bool {
        let here = format!("{}.audit_log (", identifier(&self.schema));
        definition.contains("\".audit_log (") && !definition.contains(&here)
    }

    fn is_of_another_schema(&self, definition: &str) -> bool {
        let rest = definition.split_once(' ').map(|(_, rest)| rest);
        rest.is_some_and(|rest| rest.starts_with("of another schema "))
    }

    fn is_bypassed(&self, stored: &str, wanted: &str) -> bool {
        is_bypassed(stored, wanted)
    }

    fn is_switched_off(&self, definition: &str) -> bool {
        is_switched_off(definition)
    }

    fn after_images(&self) -> Option<String> {
        Some(after_images(&self.schema))
    }

    fn unsupported(&self, table: &Table) -> Vec<String> {
        let columns = table.columns.len();
        let most = MOST_COLUMNS;
        let message = format!("it has {columns} columns, and PostgreSQL's limit is {most}");
        (columns > most).then_some(message).into_iter().collect()
    }

    fn column_type(&self, table: &Table, column: usize) -> String {
        type_name(table.columns[column].ty)
    }

    /// The number of parameters is sent as 16 bits.
    fn max_binds(&self) -> usize {
        65_535
    }
}

/// The head and the body of the function that guards call, as the first migration has it.
fn reject_function() -> (&'static str, &'static str) {
    const FIRST: &str =
        include_str!("../../../../migrations/postgres/accession-0001_ledger/up.sql");
    let function = FIRST.split_once("CREATE FUNCTION accession_refuse()");
    let (_, function) = function.expect("the first migration has the function");
    let mut parts = function.splitn(3, "$$");
    let mut next = || parts.next().unwrap_or_default();
    (next(), next())
}

fn define(table: &Table, index: usize) -> String {
    let column = &table.columns[index];
    let name = identifier(&column.name);
    if table.generated_key() == Some(index) {
        return format!("{name} BIGINT GENERATED BY DEFAULT AS IDENTITY");
    }
    let mut line = format!("{name} {}", type_name(column.ty));
    if !column.nullable {
        line.push_str(" NOT NULL");
    }
    match &column.default {
        None => {}
        Some(DefaultValue::CurrentTimestamp) => line.push_str(" DEFAULT CURRENT_TIMESTAMP"),
        Some(DefaultValue::Value(value)) => {
            line.push_str(" DEFAULT ");
            line.push_str(&default_literal(value));
        }
    }
    line
}

fn type_name(ty: ColumnType) -> String {
    match ty {
        ColumnType::Text {
            max_chars: Some(chars),
        } => format!("VARCHAR({chars})"),
        ColumnType::Text { max_chars: None } => "TEXT".to_owned(),
        ColumnType::Integer => "BIGINT".to_owned(),
        ColumnType::Real => "DOUBLE PRECISION".to_owned(),
        ColumnType::Boolean => "BOOLEAN".to_owned(),
        ColumnType::Json => "JSONB".to_owned(),
        ColumnType::Timestamp => "TIMESTAMPTZ".to_owned(),
        ColumnType::Date => "DATE".to_owned(),
        ColumnType::Uuid => "UUID".to_owned(),
        ColumnType::Blob => "BYTEA".to_owned(),
    }
}

fn default_literal(value: &Value) -> String {
    match value {
        Value::Null | Value::Default | Value::ParentKey(_) => "NULL".to_owned(),
        Value::Boolean(true) => "TRUE".to_owned(),
        Value::Boolean(false) => "FALSE".to_owned(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => format!("{value:?}"),
        Value::Blob(bytes) | Value::InvalidText(bytes) => {
            literal(&format!("\\x{}", data_encoding::HEXLOWER.encode(bytes)))
        }
        Value::Text(_) | Value::Json(_) | Value::Timestamp(_) | Value::Date(_) | Value::Uuid(_) => {
            literal(&value.key_text())
        }
    }
}
