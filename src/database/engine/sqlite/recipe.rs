//! SQLite's DDL for the portable table model.

use super::json_checks::json_check;
use super::triggers::{KEYS, lighter_insert, select_images, triggers, written_as_truth};
use super::{identifier, literal};
use crate::audit::{AuditedTable, KeyRule, Trigger};
use crate::database::engine::names::{list, unnamed_unique};
use crate::database::engine::{Dialect, GuardStatement, LighterInsert};
use crate::model::{Column, ColumnType, DefaultValue, OnDelete, Table, Value};

/// SQLite's recipe.
pub(in crate::database) struct SqliteDialect;

impl Dialect for SqliteDialect {
    fn create_table(&self, table: &Table) -> String {
        let mut lines: Vec<String> = table
            .columns
            .iter()
            .map(|column| self.column(table, column))
            .collect();
        if table.generated_key().is_none() && !table.primary_key.is_empty() {
            lines.push(format!(
                "PRIMARY KEY ({})",
                list(table, &table.primary_key, identifier)
            ));
        }
        for key in &table.foreign_keys {
            let references: Vec<_> = key.references.iter().map(|name| identifier(name)).collect();
            lines.push(format!(
                "FOREIGN KEY ({}) REFERENCES {} ({}){}",
                list(table, &key.columns, identifier),
                identifier(&key.table),
                references.join(", "),
                match key.on_delete {
                    OnDelete::Restrict => "",
                    OnDelete::Cascade => " ON DELETE CASCADE",
                    OnDelete::SetNull => " ON DELETE SET NULL",
                }
            ));
        }
        format!(
            "CREATE TABLE {} (\n  {}\n)",
            identifier(&table.name),
            lines.join(",\n  ")
        )
    }

    /// UNIQUE constraints become unique indexes, which enforce the same and can be built after the rows are in: at a
    /// first load that is most of the time saved.
    fn create_indexes(&self, table: &Table) -> Vec<String> {
        let constraints = unnamed_unique(table).map(|(name, columns)| {
            create_index(table, &name, "UNIQUE ", &list(table, columns, identifier))
        });
        let indexes = table.indexes.iter().map(|index| {
            let columns = index.columns.iter().map(|column| {
                let order = if column.descending { " DESC" } else { "" };
                format!("{}{order}", identifier(&table.columns[column.column].name))
            });
            let unique = if index.unique { "UNIQUE " } else { "" };
            create_index(
                table,
                &index.name,
                unique,
                &columns.collect::<Vec<_>>().join(", "),
            )
        });
        constraints.chain(indexes).collect()
    }

    fn audit_triggers(&self, table: &AuditedTable) -> Vec<Trigger> {
        triggers(table)
    }

    fn lighter_insert(&self) -> Option<LighterInsert> {
        Some(lighter_insert)
    }

    /// The whole statement is kept.
    fn guard(&self, statement: &GuardStatement<'_>) -> Trigger {
        Trigger {
            name: statement.name.to_owned(),
            create: statement.text.to_owned(),
            drop: format!("DROP TRIGGER IF EXISTS {}", statement.name),
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

impl SqliteDialect {
    fn column(&self, table: &Table, column: &Column) -> String {
        let name = identifier(&column.name);
        if table
            .generated_key()
            .is_some_and(|key| table.columns[key].name == column.name)
        {
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

fn create_index(table: &Table, name: &str, unique: &str, columns: &str) -> String {
    format!(
        "CREATE {unique}INDEX {} ON {} ({columns})",
        identifier(name),
        identifier(&table.name)
    )
}
